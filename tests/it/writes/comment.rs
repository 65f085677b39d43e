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
