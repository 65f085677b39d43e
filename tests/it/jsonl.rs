//! Golden cases of the log: which lines a tolerant reader keeps.
//!
//! Takes: tests/golden/jsonl-*.json. Gives: a failure that names the case. A case with a quirk is one in
//! which the reference loses a line or keeps what is no cycle: there the right answer is made here.

use kaizen::loop_dir::{Log, read_lines};
use kaizen::loops::block;
use serde_json::{Map, Value};

use crate::golden::{files, read};

/// The rows that are objects, by a reader that ends lines at `\n` and knows the mark before UTF-8.
fn right(case: &Value, text: &str) -> Vec<Value> {
    let rows = case["rows"].as_array().unwrap();
    match case["quirk"].as_str() {
        Some("I08") => rows.iter().filter(|row| row.is_object()).cloned().collect(),
        Some("I09" | "I10") => {
            let lines = text.trim_start_matches('\u{feff}').split('\n').filter(|line| !line.is_empty());
            lines.map(|line| serde_json::from_str(line).unwrap()).collect()
        }
        Some(other) => panic!("a quirk that is not known: {other}"),
        None => rows.clone(),
    }
}

#[test]
fn every_line_that_holds_an_object_is_kept_and_the_others_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cycles.jsonl");
    let (mut quirks, mut bad) = (0, 0);
    for file in files("jsonl-") {
        let expected = read(&file.with_extension("expected.json"));
        let cases = read(&file)["cases"].as_array().unwrap().clone();
        for (case, expected) in cases.iter().zip(expected["cases"].as_array().unwrap()) {
            let text = case["text"].as_str().unwrap();
            std::fs::write(&path, text).unwrap();
            let mut objects = Vec::new();
            let lines = read_lines(&path, |row: Map<String, Value>| objects.push(Value::Object(row))).unwrap();
            assert_eq!(objects, right(expected, text), "{text:?}");

            let mut log = Log::open(&path).unwrap();
            let (mut rows, mut skipped) = (0, 0);
            while let Some(block) = log.block().unwrap() {
                let found = block::read(block.bytes);
                (rows, skipped) = (rows + found.rows.len(), skipped + found.bad);
            }
            assert_eq!((rows, skipped), (objects.len(), lines.bad), "{text:?}");
            quirks += usize::from(expected["quirk"].is_string());
            bad += lines.bad;
        }
    }
    assert!(quirks >= 8 && bad >= 20, "{quirks} {bad}");
}
