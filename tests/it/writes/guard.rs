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

#[test]
fn what_a_write_of_ours_put_aside_is_no_change() {
    let action = "{add_labels: [area/x], assign: [claude], set_milestone: \"1.0\", comment: decision.md.j2}";
    let rules = rules(action, "").replace("labels:\n", "labels:\n  area/x: {}\n");
    let of_scope = |id: u64, name: &str| json!({ "id": id, "name": name, "exclusive": true });
    let old = json!([{ "id": 1, "name": "bug" }, of_scope(12, "area/y")]);
    let earlier = json!({ "id": 4, "title": "0.9", "state": "open" });
    for kept in 0..4 {
        for journal in [false, true] {
            let before = issue(1, "A", json!({ "labels": old, "milestone": earlier }));
            let mut world = world_of("gitea", std::slice::from_ref(&before));
            world["repos"][0]["labels"]
                .as_array_mut()
                .unwrap()
                .extend([of_scope(11, "area/x"), of_scope(12, "area/y")]);
            let bench = Bench::new(&world, &rules);
            bench.plan();
            assert_eq!(applied(&bench.apply()).0, "done");
            let whole = bench.issue(1);
            assert_eq!(names(&whole, "labels", "name"), ["bug", "area/x"], "one of a scope");
            if journal {
                tear_journal(&bench, 1 + kept.min(2));
            } else {
                bench.forget();
            }
            let was = |from: usize, name: &str| if kept >= from { whole[name].clone() } else { before[name].clone() };
            bench.edit_issue(
                1,
                json!({
                    "labels": was(1, "labels"), "assignees": was(2, "assignees"), "assignee": was(2, "assignee"),
                    "milestone": was(3, "milestone"),
                }),
            );
            // A label put on and another taken off are two entries.
            bench.edit(|repo| repo["events"]["1"].as_array_mut().unwrap().truncate([1, 3, 4, 5][kept]));
            let ran = bench.apply();
            assert_eq!(
                applied(&ran).0,
                if kept < 3 { "done" } else { "unchanged" },
                "{kept} {journal}: {}",
                ran.stdout
            );
            for name in ["milestone", "assignees", "labels", "comments"] {
                assert_eq!(bench.issue(1)[name], whole[name], "{name} after {kept}, journal {journal}");
            }
            // What somebody else changed beside is a change.
            let bench = Bench::new(&world, &rules);
            bench.plan();
            bench.apply();
            bench.edit_issue(1, json!({ "labels": [of_scope(11, "area/x")], "milestone": null }));
            assert_eq!(applied(&bench.apply()).0, "dropped", "{kept}");
        }
    }
}

#[test]
fn what_a_person_puts_aside_is_a_change_though_no_comment_stands_there() {
    let silent = "{add_labels: [area/x], set_milestone: \"1.0\"}";
    let rules = rules(silent, "").replace("labels:\n", "labels:\n  area/x: {}\n");
    let labelled = labels(&["area/y", "bug"]);
    for with in [json!({ "labels": labels(&["bug"]) }), json!({ "milestone": { "id": 5, "title": "2.0" } })] {
        let before = issue(1, "A", json!({ "labels": labelled, "milestone": { "id": 4, "title": "0.9" } }));
        let bench = Bench::new(&world_of("gitea", &[before]), &rules);
        bench.plan();
        bench.edit_issue(1, with.clone());
        assert_eq!(applied(&bench.apply()).0, "dropped", "{with}");
    }
}

/// The journal as a run on a server leaves it that dies while it does the write after `done`: one write after
/// another. On a file all are done at once, when it is saved.
fn tear_journal(bench: &Bench, done: usize) {
    let text = std::fs::read_to_string(bench.path("loop/journal.jsonl")).unwrap();
    let of = |state: &str| text.lines().filter(|line| line.contains(state)).map(str::to_owned).collect::<Vec<_>>();
    let (begun, ended) = (of("\"state\":\"begun\""), of("\"state\":\"done\""));
    assert!(begun.len() > done && ended.len() >= done, "{text}");
    let pairs = begun.iter().zip(&ended).take(done).flat_map(|(begun, ended)| [begun, ended]);
    let lines: Vec<&str> = pairs.chain([&begun[done]]).map(String::as_str).collect();
    std::fs::write(bench.path("loop/journal.jsonl"), lines.join("\n") + "\n").unwrap();
}
