//! A small answer as a tree.
//!
//! Takes: the JSON of one object or a short list: a repository, labels, a user. Gives: [`JsonNode`],
//! where what is missing or of another type counts as absent, as everywhere in this room.

use std::borrow::Cow;

use serde::de::{MapAccess, SeqAccess};

use crate::forge::loose::{LooseShape, Scalar, key, read, value};

/// A JSON value.
#[derive(Debug)]
pub(super) enum JsonNode<'a> {
    /// Neither a list nor an object.
    Scalar(Scalar<'a>),
    /// A list.
    List(Vec<JsonNode<'a>>),
    /// An object: names and values.
    Object(Vec<(Cow<'a, str>, JsonNode<'a>)>),
}

/// What a missing member is.
const NONE: JsonNode<'static> = JsonNode::Scalar(Scalar::Absent);

impl<'a> JsonNode<'a> {
    /// Reads JSON; what is none is absent.
    pub(super) fn read(json: &'a [u8], spare: &'a mut String) -> JsonNode<'a> {
        read(json, spare).unwrap_or(NONE)
    }

    /// The last member of this name.
    pub(super) fn get(&self, name: &str) -> &JsonNode<'a> {
        match self {
            JsonNode::Object(members) => {
                members.iter().rev().find(|(found, _)| found == name).map_or(&NONE, |(_, node)| node)
            }
            _ => &NONE,
        }
    }

    /// The entries, if it is a list.
    pub(super) fn entries(&self) -> &[JsonNode<'a>] {
        match self {
            JsonNode::List(entries) => entries,
            _ => &[],
        }
    }

    /// The text, empty where it is none.
    pub(super) fn text(&self) -> &str {
        match self {
            JsonNode::Scalar(Scalar::Text(text)) => text,
            _ => "",
        }
    }

    /// The whole number from 0.
    pub(super) fn whole(&self) -> Option<u64> {
        match self {
            JsonNode::Scalar(Scalar::Whole(number)) => Some(*number),
            _ => None,
        }
    }

    /// Whether it is `true`, or `false`; `None` for anything else.
    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            JsonNode::Scalar(Scalar::Bool(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// It is a whole number below 0.
    pub(super) fn is_below(&self) -> bool {
        matches!(self, JsonNode::Scalar(Scalar::Below(_)))
    }

    /// It is an object.
    pub(super) fn is_object(&self) -> bool {
        matches!(self, JsonNode::Object(_))
    }
}

impl<'de> LooseShape<'de> for JsonNode<'de> {
    fn scalar(found: Scalar<'de>) -> Self {
        JsonNode::Scalar(found)
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element::<crate::forge::loose::As<JsonNode<'de>>>()? {
            entries.push(entry.0);
        }
        Ok(JsonNode::List(entries))
    }

    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = key(&mut object)? {
            let member = value(&mut object)?;
            members.push((name, member));
        }
        Ok(JsonNode::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_of_another_type_is_absent() {
        let mut spare = String::new();
        let json = br#"{"a": {"b": [1, "x\ud800", null]}, "n": -2, "f": false, "a2": "t", "a2": 3}"#;
        let node = JsonNode::read(json, &mut spare);
        let list = node.get("a").get("b").entries();
        assert_eq!((list.len(), list[0].whole(), list[1].text()), (3, Some(1), "x\u{fffd}"));
        assert!(node.get("n").is_below() && node.is_object() && node.get("a2").whole() == Some(3));
        assert_eq!((node.get("f").flag(), node.get("n").flag()), (Some(false), None));
        assert_eq!((node.get("x").get("y").text(), node.text(), node.get("f").entries().len()), ("", "", 0));
        assert!(!JsonNode::read(b"<html>", &mut String::new()).is_object());
    }
}
