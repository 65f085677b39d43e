//! One comment a policy and an item: kept, edited, or posted anew.

use serde_json::json;

use super::{ALL, Bench, LATER, names, rules, world_of};
use crate::support::{NOW, issue, labels};

fn one(with: serde_json::Value) -> Bench {
    Bench::new(&world_of("gitea", &[issue(1, "A", with)]), &rules(ALL, ""))
}

#[test]
fn the_same_decision_writes_nothing_whatever_its_rule_and_words_are() {
    let bench = one(json!({}));
    assert_eq!(bench.live().json(0)["totals"]["acted"], 1);
    let report = bench.nothing(NOW, "again");
    assert_eq!(report["totals"]["unchanged"], 1);
    let renamed = rules(ALL, "").replace("id: rest", "id: renamed").replace("Chosen.", "Other words.");
    bench.rules("backlog-triage", &renamed);
    bench.nothing("2026-12-24T12:00:00Z", "another name, other words, another age");
    bench.forget();
    bench.nothing(LATER, "without a loop folder");
    let comments = bench.comments(1);
    assert_eq!(comments.len(), 1);
    let last = comments[0].1.lines().last().unwrap();
    for field in [
        "policy=backlog-triage ",
        "key=decision ",
        " did=",
        " rule=rest ",
        " writes=add_labels:taken,assign:claude ",
        " text=",
    ] {
        assert!(last.starts_with("<!-- kaizen:v1 ") && last.contains(field), "{field}: {last}");
    }
    assert!(!last.contains("run=- "), "{last}");
}

#[test]
fn another_decision_edits_the_comment_and_what_was_done_stays() {
    let bench = one(json!({}));
    bench.live().json(0);
    bench.edit_issue(1, json!({ "labels": labels(&["taken", "switch"]) }));
    assert_eq!(bench.live_at(LATER).json(0)["totals"]["acted"], 1);
    let comments = bench.comments(1);
    assert_eq!(comments.len(), 1, "edited, not posted");
    assert!(
        comments[0].1.contains("What an earlier decision did stays: add labels taken, assign claude."),
        "{comments:?}"
    );
    assert!(comments[0].1.contains("rule=other writes=add_labels:other"), "{comments:?}");
    let now = bench.issue(1);
    assert_eq!(names(&now, "labels", "name"), ["taken", "switch", "other"]);
    assert_eq!(names(&now, "assignees", "login"), ["claude"]);
    bench.nothing(LATER, "the second decision again");
}

#[test]
fn who_is_mentioned_gets_a_new_comment_and_the_old_one_points_down() {
    let bench = one(json!({}));
    bench.live().json(0);
    bench.edit_issue(1, json!({ "labels": labels(&["taken", "ping"]) }));
    bench.forget();
    bench.live_at(LATER).json(0);
    let comments = bench.comments(1);
    assert_eq!(comments.len(), 2);
    assert!(!comments[0].1.contains("kaizen:v1") && comments[0].1.lines().count() == 1, "{comments:?}");
    assert!(
        comments[1].1.contains("@owner") && comments[1].1.contains("What an earlier decision did stays"),
        "{comments:?}"
    );
    assert_eq!(bench.issue(1)["comments"], 2);
    bench.nothing(LATER, "told once");
    // Back to the first decision: the newest of ours is edited, and nobody is told.
    bench.edit_issue(1, json!({ "labels": labels(&["taken"]) }));
    bench.live_at("2026-11-20T14:00:00Z").json(0);
    let comments = bench.comments(1);
    assert!(comments.len() == 2 && !comments[1].1.contains("@owner"), "{comments:?}");
    assert!(comments[1].1.contains("rule=rest"), "{comments:?}");
}

/// Somebody was mentioned in a new comment, and the run died before the old one was reduced.
fn not_reduced() -> Bench {
    let bench = one(json!({}));
    bench.live().json(0);
    let old = bench.comments(1)[0].1.clone();
    bench.edit_issue(1, json!({ "labels": labels(&["taken", "ping"]) }));
    bench.live_at(LATER).json(0);
    bench.edit(|repo| {
        repo["comments"]["1"][0]["body"] = json!(old);
        repo["comments"]["1"][0]["updated_at"] = json!(NOW);
    });
    bench
}

#[test]
fn an_old_comment_that_a_dead_run_did_not_reduce_is_reduced_by_the_next() {
    // Under the same rules, under others, and when the comments of the last day tell nothing any more.
    for (label, at) in [("ping", LATER), ("leave", LATER), ("ping", "2026-11-29T12:00:00Z")] {
        for keeps in [true, false] {
            let bench = not_reduced();
            let new = bench.comments(1)[1].clone();
            bench.edit_issue(1, json!({ "labels": labels(&["taken", label]) }));
            if !keeps {
                bench.forget();
            }
            let report = bench.live_at(at).json(0);
            let comments = bench.comments(1);
            assert!(!comments[0].1.contains("kaizen:v1") && comments[0].1.lines().count() == 1, "{label}: {report}");
            assert_eq!(comments[1..], [new], "{label}");
            bench.nothing(at, label);
        }
    }
    // Somebody took it away, or it is none of ours by now.
    for gone in [true, false] {
        let bench = not_reduced();
        bench.edit(|repo| match gone {
            true => drop(repo["comments"]["1"].as_array_mut().unwrap().remove(0)),
            false => repo["comments"]["1"][0]["user"] = json!({ "login": "mallory" }),
        });
        let (state, _) = super::fate(&bench.nothing(LATER, "gone"), 1);
        assert_eq!(state, "unchanged", "gone: {gone}");
    }
}

#[test]
fn the_journal_keeps_what_an_edit_put_aside_also_of_a_plan_carried_out() {
    let bench = one(json!({}));
    bench.live().json(0);
    let old = bench.comments(1)[0].1.clone();
    bench.edit_issue(1, json!({ "labels": labels(&["taken", "switch"]) }));
    bench.plan();
    bench.apply().json(0);
    let journal = std::fs::read_to_string(bench.path("loop/journal.jsonl")).unwrap();
    let lines = journal.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let edits: Vec<_> = lines.filter(|line| line["op"] == "edit_comment").collect();
    assert_eq!(edits.len(), 2, "{journal}");
    assert!(edits.iter().all(|line| line["before"] == old), "{journal}");
}
