//! More different errors than are kept: parts still add up to the whole, and what is not kept is said.

use serde_json::{Value, json};

use super::session;
use crate::support::Kaizen;

/// A reading with this cap, of one part of so many.
fn part(sessions: &Value, kept: usize, shard: &str) -> Value {
    let rules = std::fs::read_to_string(crate::support::root().join("rules/improvement-proposals.yaml")).unwrap();
    let kaizen = Kaizen::bare();
    kaizen.file("own/improvement-proposals.yaml", &rules.replace("measure:\n", &format!("measure:\n  kept: {kept}\n")));
    kaizen.file("sessions.json", &sessions.to_string());
    let args = ["improvement-proposals", "--dry-run", "--input", "sessions.json", "--rules", "own"];
    let shard = if shard.is_empty() { Vec::new() } else { vec!["--shard", shard] };
    kaizen.args(args).args(shard).format("json").run().json(0)
}

/// Sessions of which every one has an error of its own beside one that all have.
fn sessions(count: usize) -> Value {
    let one = |index: usize| {
        let own = format!("the {} broke", "x".repeat(index + 1));
        session(&format!("s{index}"), &[], &[&own, "disk full"], 60.0)
    };
    (0..count).map(one).collect()
}

#[test]
fn what_is_not_kept_is_counted_and_what_is_kept_is_exact() {
    let sessions = sessions(400);
    let whole = part(&sessions, 1000, "")["totals"].clone();
    assert_eq!(whole["errors_not_kept"], 0);
    let report = part(&sessions, 50, "");
    let (met, beyond) = (&report["totals"]["errors"], report["totals"]["errors_not_kept"].as_u64().unwrap());
    assert_eq!(met, 800);
    // 401 different ones, of which 50 are kept: the rest is told from how dense those are.
    assert!((200..=550).contains(&beyond), "{beyond}");
    let counts = part(&sessions, 50, "1/1")["counts"].clone();
    let kept = counts["errors"]["entries"].as_object().unwrap();
    assert_eq!(kept.len(), 50);
    for error in kept.values() {
        let expected = if error["text"] == "disk full" { 400 } else { 1 };
        assert_eq!(error["occurrences"], expected, "{error}");
    }
}

#[test]
fn the_same_is_kept_whichever_part_met_it() {
    let sessions = sessions(400);
    let whole = part(&sessions, 20, "1/1");
    let keys = |part: &Value| -> Vec<String> {
        part["counts"]["errors"]["entries"].as_object().unwrap().keys().cloned().collect()
    };
    // Backwards, all is met in another order.
    let backwards: Value = sessions.as_array().unwrap().iter().rev().cloned().collect();
    assert_eq!(keys(&whole), keys(&part(&backwards, 20, "1/1")));
    assert_eq!(whole["counts"]["errors"]["below"], part(&backwards, 20, "1/1")["counts"]["errors"]["below"]);
    assert_eq!(json!(keys(&whole).len()), json!(20));
}
