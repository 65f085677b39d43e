//! What the fuzzer begins with: small pieces of what lies in the repository.
//!
//! Takes: folders and files of the repository. Gives: their texts, cut down to what is read thousands of times
//! a second.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The largest seed, in bytes.
const LARGEST: usize = 3_000;
/// Lines of a piece of a longer text, and of its beginning, which each piece has.
const LINES: usize = 40;
const HEAD: usize = 4;
/// Entries that a list of a document keeps.
const ENTRIES: usize = 2;

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder whose name ends so, in order.
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} holds nothing that ends with {ending}");
    found
}

/// The texts of files, long ones in pieces that begin as the whole does.
pub fn texts(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let one = |path: PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        if text.len() <= LARGEST {
            return vec![text.into_bytes()];
        }
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let (head, rest) = lines.split_at(HEAD);
        rest.chunks(LINES).map(|piece| [head, piece].concat().concat().into_bytes()).collect()
    };
    files(folder, ending).into_iter().flat_map(one).filter(|seed| seed.len() <= 2 * LARGEST).collect()
}

/// A document of which lists keep their first entries.
pub fn shortened(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().take(ENTRIES).map(shortened).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(key, value)| (key.clone(), shortened(value))).collect())
        }
        other => other.clone(),
    }
}

/// A document of the repository.
pub fn document(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What recorded servers answered, shortened: bodies of each kind of answer, small ones.
pub fn answers() -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    for path in files("tests/forge/live", ".json") {
        let Value::Array(talk) = document(&path) else { continue };
        for body in talk.iter().filter_map(|one| one["response"].get("json")) {
            let body = shortened(body).to_string().into_bytes();
            if body.len() <= LARGEST && body.len() > 2 {
                found.push(body);
            }
        }
    }
    found.sort();
    found.dedup();
    assert!(found.len() > 50, "only {} answers", found.len());
    found
}
