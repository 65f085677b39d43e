//! A small answer as a tree.
//!
//! Takes: the JSON of one object or a short list: a repository, labels, a user. Gives: its [`tree`],
//! where what is missing or of another type counts as absent, as everywhere in this room.

use serde_json::Value;

use crate::forge::loose;

/// Reads JSON; what is none is null.
pub(super) fn tree(json: &[u8]) -> Value {
    loose::read(json).unwrap_or_default()
}

/// A value that may be of any type.
pub(super) trait JsonNode {
    /// The entries, if it is a list.
    fn entries(&self) -> &[Value];

    /// The text, empty where it is none.
    fn text(&self) -> &str;
}

impl JsonNode for Value {
    fn entries(&self) -> &[Value] {
        self.as_array().map(Vec::as_slice).unwrap_or_default()
    }

    fn text(&self) -> &str {
        self.as_str().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_of_another_type_is_absent() {
        let json = br#"{"a": {"b": [1, "x\ud800", null]}, "n": -2, "f": false, "a2": "t", "a2": 3}"#;
        let node = tree(json);
        let list = node["a"]["b"].entries();
        assert_eq!((list.len(), list[0].as_u64(), list[1].text()), (3, Some(1), "x\u{fffd}"));
        assert!(node["n"].as_i64().is_some_and(i64::is_negative) && node.is_object() && node["a2"].as_u64() == Some(3));
        assert_eq!((node["f"].as_bool(), node["n"].as_bool()), (Some(false), None));
        assert_eq!((node["x"]["y"].text(), node.text(), node["f"].entries().len()), ("", "", 0));
        assert!(!tree(b"<html>").is_object());
    }
}
