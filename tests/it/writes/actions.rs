//! Every action on every kind of forge: what stands there, what its timeline says, and once only.

use serde_json::{Value, json};

use super::{Bench, LATER, names, rules, world_of};
use crate::support::{issue, labels};

/// What an action is for: the item before, what it is like after, what is recorded.
struct Case {
    action: &'static str,
    before: Value,
    /// Members of the issue afterwards.
    after: fn(&Value, bool) -> bool,
    /// Entries of the timeline, in the words of Gitea and of GitHub.
    events: (&'static [&'static str], &'static [&'static str]),
}

fn cases() -> Vec<Case> {
    let claude = json!({ "id": 4, "login": "claude" });
    let held = json!({ "assignees": [claude, { "id": 5, "login": "mira" }], "assignee": claude });
    let closed = json!({ "state": "closed", "closed_at": "2026-11-19T12:00:00Z" });
    vec![
        Case {
            action: "assign: [claude, author]",
            before: json!({}),
            after: |issue, _| {
                names(issue, "assignees", "login") == ["claude", "ada"] && issue["assignee"]["login"] == "claude"
            },
            events: (&["assignees", "assignees"], &["assigned", "assigned"]),
        },
        Case {
            action: "unassign: [claude]",
            before: held.clone(),
            after: |issue, _| names(issue, "assignees", "login") == ["mira"],
            events: (&["assignees"], &["unassigned"]),
        },
        Case {
            action: "unassign: [assignees]",
            before: held,
            after: |issue, github| issue["assignees"] == if github { json!([]) } else { Value::Null },
            events: (&["assignees", "assignees"], &["unassigned", "unassigned"]),
        },
        Case {
            action: "add_labels: [taken, other]",
            before: json!({ "labels": labels(&["bug"]) }),
            after: |issue, _| {
                let taken = issue["labels"][1].clone();
                names(issue, "labels", "name") == ["bug", "taken", "other"] && taken["color"] == "00aa00"
            },
            events: (&["label", "label"], &["labeled", "labeled"]),
        },
        Case {
            action: "remove_labels: [taken]",
            before: json!({ "labels": labels(&["bug", "taken"]) }),
            after: |issue, _| names(issue, "labels", "name") == ["bug"],
            events: (&["label"], &["unlabeled"]),
        },
        Case {
            action: "set_milestone: \"1.0\"",
            before: json!({}),
            after: |issue, _| issue["milestone"]["title"] == "1.0",
            events: (&["milestone"], &["milestoned"]),
        },
        Case {
            action: "close: completed",
            before: json!({}),
            after: |issue, github| issue["state"] == "closed" && (!github || issue["state_reason"] == "completed"),
            events: (&["close"], &["closed"]),
        },
        Case {
            action: "close: not_planned",
            before: json!({}),
            after: |issue, github| issue["state"] == "closed" && (!github || issue["state_reason"] == "not_planned"),
            events: (&["close"], &["closed"]),
        },
        Case {
            action: "close: true",
            before: json!({}),
            after: |issue, _| issue["state"] == "closed" && issue["closed_at"].is_string(),
            events: (&["close"], &["closed"]),
        },
        Case {
            action: "reopen: true",
            before: closed,
            after: |issue, github| issue["state"] == "open" && (!github || issue["state_reason"] == "reopened"),
            events: (&["reopen"], &["reopened"]),
        },
    ]
}

#[test]
fn every_action_is_done_recorded_and_not_done_again() {
    for kind in ["gitea", "forgejo", "github"] {
        let github = kind == "github";
        for Case { action, before, after, events } in cases() {
            for comment in [true, false] {
                let what = format!("{action} on {kind}, comment {comment}");
                let told = if comment { ", comment: decision.md.j2" } else { "" };
                let scope = "scope: {kinds: [issue], states: [open, closed]}\n";
                let bench = Bench::new(
                    &world_of(kind, &[issue(1, "A", before.clone())]),
                    &rules(&format!("{{{action}{told}}}"), scope),
                );
                let report = bench.live().json(0);
                assert_eq!(report["totals"]["acted"], 1, "{what}: {report}");
                let now = bench.issue(1);
                assert!(after(&now, github), "{what}: {now}");
                let entries = bench.repo()["events"]["1"].as_array().unwrap().clone();
                let word = |entry: &Value| entry[if github { "event" } else { "type" }].as_str().unwrap().to_owned();
                let words: Vec<String> = entries.iter().skip(usize::from(comment)).map(word).collect();
                assert_eq!(words, if github { events.1 } else { events.0 }, "{what}: {entries:?}");
                let who = |entry: &Value| entry[if github { "actor" } else { "user" }]["login"].clone();
                assert!(entries.iter().all(|entry| who(entry) == "kaizen"), "{what}: {entries:?}");
                assert_eq!(bench.comments(1).len(), usize::from(comment), "{what}");
                bench.nothing(LATER, &what);
                bench.forget();
                bench.nothing(LATER, &what);
            }
        }
    }
}

#[test]
fn a_milestone_that_is_not_there_is_said_before_anything_is_written() {
    let action = "{set_milestone: \"9.9\", comment: decision.md.j2}";
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(action, ""));
    let before = bench.text();
    let ran = bench.live();
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("no open milestone 9.9") && bench.text() == before, "{}", ran.stderr);
}
