//! What a run that died left behind, with a loop folder and without one.

use serde_json::{Value, json};

use super::{ALL, Bench, LATER, fate, names, rules, world_of};
use crate::support::{issue, labels};

/// How the loop folder is found by the run after the one that died.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Journal {
    /// It says that the first write after the comment was begun, and no more.
    Begun,
    /// It says that all was done.
    Done,
    /// There is none: the runner was new.
    None,
}

/// Our comment is there and its effect is not. The timeline holds our comment and `events`, or was
/// not recorded.
fn torn(kind: &str, journal: Journal, events: Option<Vec<Value>>) -> Bench {
    let bench = Bench::new(&world_of(kind, &[issue(1, "A", json!({}))]), &rules(ALL, ""));
    assert_eq!(bench.live().json(0)["totals"]["acted"], 1);
    bench.edit_issue(1, json!({ "labels": [], "assignees": [], "assignee": null }));
    bench.edit(|repo| match events {
        Some(events) => {
            let list = repo["events"]["1"].as_array_mut().unwrap();
            list.truncate(1);
            list.extend(events);
        }
        None => drop(repo.as_object_mut().unwrap().remove("events")),
    });
    let path = bench.path("loop/journal.jsonl");
    match journal {
        Journal::Begun => {
            let text = std::fs::read_to_string(&path).unwrap();
            // Its comment and the label of the repository are there.
            let there = |line: &&str| line.contains("\"op\":\"comment\"") || line.contains("\"op\":\"create_label\"");
            let begun = |line: &&str| line.contains("\"op\":\"add_labels\"") && line.contains("\"begun\"");
            let lines: Vec<&str> = text.lines().filter(|line| there(line) || begun(line)).collect();
            assert_eq!(lines.len(), 5, "{text}");
            std::fs::write(&path, lines.join("\n") + "\n").unwrap();
        }
        Journal::Done => {}
        Journal::None => bench.forget(),
    }
    bench
}

/// A person takes something off, in the words of this kind of forge.
fn taken_off(kind: &str, what: &str, at: &str) -> Value {
    let person = json!({ "id": 9, "login": "mira" });
    let mut event = json!({ "id": 990, "user": person, "actor": person, "created_at": at });
    let more = match (kind, what) {
        ("github", "label") => json!({ "event": "unlabeled", "label": { "name": "taken" } }),
        ("github", "assignee") => json!({ "event": "unassigned", "assignee": { "login": "claude" } }),
        (_, "label") => json!({ "type": "label", "body": "", "label": { "name": "taken" } }),
        _ => json!({ "type": "assignees", "removed_assignee": true, "assignee": { "login": "claude" } }),
    };
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

fn is_whole(bench: &Bench) -> bool {
    let now = bench.issue(1);
    (names(&now, "labels", "name"), names(&now, "assignees", "login"))
        == (vec!["taken".to_owned()], vec!["claude".to_owned()])
}

#[test]
fn a_run_that_died_is_finished_as_far_as_records_tell() {
    for kind in ["gitea", "forgejo", "github"] {
        let label = || vec![taken_off(kind, "label", LATER)];
        let person = || vec![taken_off(kind, "assignee", LATER)];
        // Before our comment somebody took the same off: our decision came later.
        let before = || vec![taken_off(kind, "assignee", "2026-11-20T11:00:00Z")];
        for (journal, events, finished) in [
            (Journal::Begun, Some(vec![]), true),
            (Journal::Begun, None, true),
            (Journal::Begun, Some(before()), true),
            (Journal::None, Some(vec![]), true),
            (Journal::None, Some(before()), true),
            (Journal::Done, Some(vec![]), false),
            (Journal::Done, None, false),
            (Journal::None, Some(label()), false),
            (Journal::None, Some(person()), false),
            // It died, and what it could not note was taken off again: a person wins.
            (Journal::Begun, Some(person()), false),
            (Journal::None, None, false),
        ] {
            let what = format!("{kind} {journal:?} {events:?}");
            let bench = torn(kind, journal, events.clone());
            let before = bench.text();
            let report = bench.live_at(LATER).json(0);
            let (state, note) = fate(&report, 1);
            if finished {
                assert!(is_whole(&bench), "{what}: {report}");
                assert_eq!((state.as_str(), bench.comments(1).len()), ("done", 1), "{what}");
                bench.nothing(LATER, &what);
                continue;
            }
            assert!(bench.text() == before, "{what}: {report}");
            assert_eq!(state, "unchanged", "{what}");
            let says = match (journal, &events) {
                (Journal::Done, _) => "The journal says",
                (_, None) => "no record says why",
                _ => "mira took",
            };
            assert!(note.contains(says), "{what}: {note}");
            // It is not only in the JSON.
            let text = bench.shown(LATER);
            assert!(text.contains(says), "{what}: {text}");
        }
    }
}

#[test]
fn what_a_marker_left_is_finished_whatever_the_rules_say_by_now() {
    for (more, rule) in [("leave", "leave"), ("switch", "other")] {
        for journal in [Journal::Begun, Journal::None] {
            let bench = torn("gitea", journal, Some(vec![]));
            bench.edit_issue(1, json!({ "labels": labels(&[more]) }));
            let report = bench.live_at(LATER).json(0);
            let now = bench.issue(1);
            assert_eq!(names(&now, "labels", "name"), [more, "taken"], "{report}");
            assert_eq!(names(&now, "assignees", "login"), ["claude"]);
            assert_eq!(crate::support::record(&report, 1)["decision"]["rule"], rule);
            // Then the rules have their turn.
            bench.live_at(LATER).json(0);
            let other = names(&bench.issue(1), "labels", "name").contains(&"other".to_owned());
            assert_eq!(other, rule == "other");
        }
        // What a person took off stays off, and that is said although the rules do nothing.
        let bench = torn("gitea", Journal::None, Some(vec![taken_off("gitea", "assignee", LATER)]));
        if rule == "leave" {
            bench.edit_issue(1, json!({ "labels": labels(&[more]) }));
            let (state, note) = fate(&bench.nothing(LATER, more), 1);
            assert!(state == "skipped" && note.contains("mira took claude off"), "{state}: {note}");
        }
    }
}

#[test]
fn nobody_is_finished_whom_a_person_closed_locked_or_had_left_alone() {
    for with in [json!({ "state": "closed" }), json!({ "is_locked": true })] {
        let bench = torn("gitea", Journal::None, Some(vec![]));
        bench.edit_issue(1, with.clone());
        bench.nothing(LATER, &with.to_string());
    }
    let bench = torn("gitea", Journal::None, Some(vec![]));
    bench.say(1, "ada", "/kaizen ignore", LATER);
    let (state, _) = fate(&bench.nothing(LATER, "ignored"), 1);
    assert_eq!(state, "dropped");
}

#[test]
fn what_a_later_run_finished_and_a_person_undid_stays_undone() {
    // The first run died, the second finished, and the journal knows both.
    let bench = torn("gitea", Journal::Begun, None);
    bench.live_at(LATER).json(0);
    assert!(is_whole(&bench));
    bench.edit_issue(1, json!({ "labels": [], "assignees": [], "assignee": null }));
    bench.nothing("2026-11-20T14:00:00Z", "undone after it was finished");
}

#[test]
fn a_milestone_taken_off_stays_off() {
    let action = "{set_milestone: \"1.0\", comment: decision.md.j2}";
    for kind in ["gitea", "github"] {
        let bench = Bench::new(&world_of(kind, &[issue(1, "A", json!({}))]), &rules(action, ""));
        bench.live().json(0);
        assert_eq!(bench.issue(1)["milestone"]["title"], "1.0");
        bench.forget();
        bench.edit_issue(1, json!({ "milestone": null }));
        let person = json!({ "id": 9, "login": "mira" });
        bench.edit(|repo| {
            let event = json!({
                "id": 991, "user": person, "actor": person, "created_at": LATER, "milestone": null,
                "old_milestone": { "title": "1.0" },
                (if kind == "github" { "event" } else { "type" }): if kind == "github" { "demilestoned" } else { "milestone" },
            });
            repo["events"]["1"].as_array_mut().unwrap().push(event);
        });
        let (state, note) = fate(&bench.nothing(LATER, kind), 1);
        assert_eq!((state.as_str(), note.as_str()), ("unchanged", "mira took the milestone off."));
    }
}

#[test]
fn what_a_person_opened_again_stays_open() {
    for kind in ["gitea", "github"] {
        let action = "{close: completed, comment: decision.md.j2}";
        let bench = Bench::new(&world_of(kind, &[issue(1, "A", json!({}))]), &rules(action, ""));
        bench.live().json(0);
        assert_eq!(bench.issue(1)["state"], "closed");
        bench.forget();
        bench.edit_issue(1, json!({ "state": "open", "closed_at": null }));
        let person = json!({ "id": 9, "login": "mira" });
        let event = json!({ "id": 992, "user": person, "actor": person, "created_at": LATER });
        let word = if kind == "github" { ("event", "reopened") } else { ("type", "reopen") };
        bench.edit(|repo| {
            let list = repo["events"]["1"].as_array_mut().unwrap();
            list.push(event);
            list.last_mut().unwrap()[word.0] = json!(word.1);
        });
        let (state, note) = fate(&bench.nothing(LATER, kind), 1);
        assert_eq!((state.as_str(), note.as_str()), ("unchanged", "mira opened it again."));
    }
}
