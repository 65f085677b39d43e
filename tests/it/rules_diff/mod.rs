//! `kaizen rules diff`: what a change of rules does to the whole backlog.
//!
//! Takes: worlds, two versions of the rules from folders, a clone, a forge. Gives: tests, one file a
//! matter: `agree` with runs of the job, `sides` that lack something, `texts` of every kind, `report` for
//! people, `clone` and `away` where versions are read from, `head` the same for `rules check` and `test`,
//! `sticky` the comment, `trust` keys that no item shows, `counted` the jobs about figures.

mod agree;
mod away;
mod clone;
mod counted;
mod head;
mod report;
mod sides;
mod sticky;
mod texts;
mod trust;

use serde_json::Value;

use crate::support::{issue, world};

/// A backlog of some size, of every kind of item that the rules tell apart.
pub fn backlog(count: u64) -> Value {
    let titles = [
        "[bug] Login fails",
        "[feature] Export",
        "[research] Which queue?",
        "[rfc] A good day",
        "Unclear",
        "[P0] Down",
    ];
    let bodies = [
        "The handler in src/auth/login.py should answer. It must return 200.",
        "## Problem\n\nLook at `fn queue()` in src/queue.rs: it should keep, must not lose, and test_queue verifies it.",
        "",
        "Blocked by the release. It must verify and assert and pass.",
    ];
    let one = |number: u64| {
        let at = usize::try_from(number).unwrap();
        let title = format!("{} {number}", titles[at % titles.len()]);
        let labels: Vec<Value> = match number % 7 {
            0 => vec![serde_json::json!({ "name": "bug" })],
            1 => vec![serde_json::json!({ "name": "blocked" })],
            2 => vec![serde_json::json!({ "name": "area: search" })],
            _ => Vec::new(),
        };
        let assignees = if number.is_multiple_of(11) { serde_json::json!([{ "login": "tomas" }]) } else { Value::Null };
        let with = serde_json::json!({ "body": bodies[at % bodies.len()], "labels": labels, "assignees": assignees });
        issue(number, &title, with)
    };
    world((1..=count).map(one).collect())
}

/// The item of a diff with this number.
pub fn item(report: &Value, number: u64) -> &Value {
    let items = report["items"].as_array().unwrap();
    items.iter().find(|item| item["number"] == number).unwrap_or_else(|| panic!("#{number} does not change: {report}"))
}
