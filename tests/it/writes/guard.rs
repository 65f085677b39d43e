//! Between plan and apply: what counts as a change, and what does not.

use serde_json::{Value, json};

use super::{ALL, Bench, applied, names, rules, world_of};
use crate::support::{NOW, issue, labels};

/// A plan for one issue, made; the loop folder is empty.
fn planned(more: &str) -> Bench {
    let with = json!({ "labels": labels(&["bug"]), "body": "Text" });
    let mut world = world_of("gitea", &[issue(1, "A", with), issue(2, "B", json!({ "labels": labels(&["leave"]) }))]);
    world["repos"][0]["assignees"] = json!([{ "login": "claude" }, { "login": "kaizen" }, { "login": "mira" }]);
    let bench = Bench::new(&world, &rules(ALL, more));
    bench.plan();
    bench
}

#[test]
fn what_a_person_changed_meanwhile_is_left_alone_and_no_failure() {
    for with in [
        json!({ "title": "B" }),
        json!({ "body": "Text." }),
        json!({ "labels": [] }),
        json!({ "labels": labels(&["bug", "more"]) }),
        json!({ "assignees": [{ "login": "mira" }] }),
        json!({ "milestone": { "title": "1.0" } }),
        json!({ "is_locked": true }),
        json!({ "state": "closed" }),
        // What the effect itself would write, but without its comment: a person was quicker.
        json!({ "labels": labels(&["bug", "taken"]) }),
    ] {
        let bench = planned("");
        bench.edit_issue(1, with.clone());
        let before = bench.text();
        let ran = bench.apply();
        assert_eq!(applied(&ran).0, "dropped", "{with}: {}", ran.stdout);
        assert_eq!(ran.json(0)["complete"], true, "{with}");
        assert!(bench.text() == before, "{with}");
    }
}

#[test]
fn a_reply_is_no_change_and_the_command_is_one() {
    for (login, body, dropped) in [
        ("mira", "Nice.", false),
        ("mira", "/kaizen ignore", true),
        ("ada", "Please.\n\n/kaizen ignore\n", true), // who opened it
        ("mallory", "/kaizen ignore", false),
        ("mira", "> /kaizen ignore", false),
        ("mira", "```\n/kaizen ignore\n```", false),
        ("mira", "Do not say /kaizen ignore", false),
    ] {
        let bench = planned("");
        bench.say(1, login, body, NOW);
        bench.edit_issue(1, json!({ "comments": 1, "updated_at": NOW }));
        let ran = bench.apply();
        assert_eq!(applied(&ran).0, if dropped { "dropped" } else { "done" }, "{login}: {body}: {}", ran.stdout);
        assert_eq!(ran.stdout.contains(&format!("{login} asked to leave it alone")), dropped, "{}", ran.stdout);
        assert_eq!(bench.comments(1).len(), if dropped { 1 } else { 2 });
    }
    let bench = planned("");
    bench.say(1, "mira", "/kaizen ignore", NOW);
    bench.say(1, "mira", "/kaizen resume", NOW);
    assert_eq!(applied(&bench.apply()).0, "done");
}

#[test]
fn what_is_gone_is_dropped() {
    let bench = planned("");
    bench.edit(|repo| repo["issues"].as_array_mut().unwrap().retain(|issue| issue["number"] != 1));
    let ran = bench.apply();
    assert_eq!(applied(&ran), ("dropped".to_owned(), "It is gone.".to_owned()));
}

#[test]
fn what_this_effect_has_half_written_is_finished() {
    let action =
        "{assign: [claude], add_labels: [taken], set_milestone: \"1.0\", close: not_planned, comment: decision.md.j2}";
    // Order inside an item: comment, labels, assignees, milestone, state. `kept` of them were written.
    for kept in 0..4 {
        for journal in [false, true] {
            let with = json!({ "labels": labels(&["bug"]) });
            let bench = Bench::new(&world_of("gitea", &[issue(1, "A", with)]), &rules(action, ""));
            bench.plan();
            assert_eq!(applied(&bench.apply()).0, "done");
            let whole = bench.issue(1);
            assert_eq!(names(&whole, "assignees", "login"), ["claude"]);
            if journal {
                tear_journal(&bench, 1 + kept);
            } else {
                bench.forget();
            }
            let was = |from: usize, old: Value, name: &str| if kept >= from { whole[name].clone() } else { old };
            bench.edit_issue(
                1,
                json!({
                    "labels": was(1, labels(&["bug"]), "labels"), "assignees": was(2, Value::Null, "assignees"),
                    "assignee": was(2, Value::Null, "assignee"), "milestone": was(3, Value::Null, "milestone"),
                    "state": "open", "closed_at": null,
                }),
            );
            bench.edit(|repo| repo["events"]["1"].as_array_mut().unwrap().truncate(1 + kept));
            let ran = bench.apply();
            assert_eq!(applied(&ran).0, "done", "{kept} {journal}: {}", ran.stdout);
            let now = bench.issue(1);
            for name in ["state", "milestone", "assignees", "labels", "comments"] {
                assert_eq!(now[name], whole[name], "{name} after {kept}, journal {journal}");
            }
            assert_eq!(bench.comments(1).len(), 1);
        }
    }
}

/// The journal as a run leaves it that dies while it does the write after `done`.
fn tear_journal(bench: &Bench, done: usize) {
    let text = std::fs::read_to_string(bench.path("loop/journal.jsonl")).unwrap();
    let lines: Vec<&str> = text.lines().take(2 * done + 1).collect();
    assert!(lines.len() == 2 * done + 1 && lines[2 * done].contains("\"begun\""), "{text}");
    std::fs::write(bench.path("loop/journal.jsonl"), lines.join("\n") + "\n").unwrap();
}
