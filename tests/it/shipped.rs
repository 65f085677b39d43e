//! What the shipped pack mends: each deviation of the reference, as a difference between packs.
//!
//! Takes: issues, judged under the reference pack and under the shipped one. Gives: a test for
//! each mended id (T02, T07, T09 to T24), named after it. [`mended`] finds the same differences in
//! the golden files.

mod decisions;
mod mended;
mod runs;
mod scores;
mod tags;

use serde_json::{Value, json};

use crate::support::{Kaizen, issue, record, world};

/// A body that makes any issue ready under both packs, whatever it is tagged with.
const READY: &str = "Change `src/run.rs`: fn start() must return early, and a call should verify it.\n\n\
    ```rust\nfn start() {}\n```\n\n## Problem\n\ntest_start hangs under pytest.";

/// One issue under both packs.
struct Both {
    /// Its record under the reference pack.
    reference: Value,
    /// Its record under the shipped pack.
    shipped: Value,
}

/// Judges issues under both packs; gives the record of each, in their order.
fn both_of(issues: &[Value]) -> Vec<Both> {
    let world = world(json!(issues));
    let reference = Kaizen::triage(&world).reference().run().json(0);
    let shipped = Kaizen::triage(&world).rules("rules").run().json(0);
    let records = issues.iter().map(|issue| {
        let number = issue["number"].as_u64().unwrap();
        Both { reference: record(&reference, number), shipped: record(&shipped, number) }
    });
    records.collect()
}

/// One issue with these members, under both packs.
fn both(title: &str, with: Value) -> Both {
    both_of(&[issue(1, title, with)]).remove(0)
}

impl Both {
    /// A member under the reference pack and under the shipped one.
    fn of(&self, path: &str) -> (Value, Value) {
        let at = |record: &Value| record.pointer(path).unwrap_or_else(|| panic!("{path} of {record}")).clone();
        (at(&self.reference), at(&self.shipped))
    }

    /// The rule that decided, under either pack.
    fn rules(&self) -> (String, String) {
        let text = |value: Value| value.as_str().unwrap_or("no rule").to_owned();
        let (reference, shipped) = self.of("/decision/rule");
        (text(reference), text(shipped))
    }
}

/// Texts with what a member is under either pack. All of them are run as one backlog.
fn expect(path: &str, cases: &[(Value, Value, Value)]) {
    let issues: Vec<Value> = (1..)
        .zip(cases)
        .map(|(number, (with, ..))| issue(number, with["title"].as_str().unwrap_or("A title"), with.clone()))
        .collect();
    let mut wrong = String::new();
    for (both, (with, reference, shipped)) in both_of(&issues).iter().zip(cases) {
        let got = both.of(path);
        if got != (reference.clone(), shipped.clone()) {
            wrong += &format!("{with}: {path} is {} and {}, not {reference} and {shipped}\n", got.0, got.1);
        }
    }
    assert!(wrong.is_empty(), "reference and shipped:\n{wrong}");
}
