//! Markers in what others wrote: text, and told.

use serde_json::{Value, json};

use super::{ALL, Bench, LATER, rules, world_of};
use crate::support::issue;

/// Our comment, as a run wrote it, and the world that it was written in.
fn done() -> (Bench, String) {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(ALL, ""));
    bench.live().json(0);
    let ours = bench.comments(1).remove(0).1;
    (bench, ours)
}

fn warned(report: &Value) -> Vec<&str> {
    report["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .filter(|text| text.contains("marker"))
        .collect()
}

#[test]
fn a_copy_before_ours_is_not_obeyed_nor_touched_and_told_once() {
    let (_, ours) = done();
    let fresh = Bench::new(&world_of("gitea", &[issue(1, "A", json!({})), issue(2, "B", json!({}))]), &rules(ALL, ""));
    fresh.say(1, "mallory", &ours, "2026-11-20T11:00:00Z");
    fresh.say(2, "mallory", &ours, "2026-11-20T11:00:00Z");
    let report = fresh.live().json(0);
    assert_eq!(report["totals"]["acted"], 2);
    assert_eq!(warned(&report).len(), 1, "{report}");
    let said = warned(&report)[0];
    assert!(said.starts_with("acme/app: ") && said.contains("mallory on #1, mallory on #2"), "{said}");
    let comments = fresh.comments(1);
    assert_eq!((comments.len(), &comments[0].1), (2, &ours));
    assert_eq!(comments[1].0, "kaizen");
}

#[test]
fn a_copy_after_ours_changes_nothing() {
    for body in ["ours", "another"] {
        let (bench, ours) = done();
        let at = ours.find(" did=").unwrap() + 5;
        let copy = if body == "ours" {
            ours.clone()
        } else {
            format!("{}{}", &ours[..at], &ours[at..].replacen(|_: char| true, "f", 4))
        };
        bench.say(1, "mallory", &copy, LATER);
        bench.edit_issue(1, json!({ "comments": 2 }));
        let report = bench.nothing(LATER, body);
        assert_eq!(warned(&report).len(), 1, "{report}");
        assert_eq!(bench.comments(1)[1].1, copy);
    }
}

#[test]
fn nothing_is_told_of_our_own_of_quotes_and_of_further_logins_of_ours() {
    let (bench, ours) = done();
    let quoted: String = ours.lines().map(|line| format!("> {line}\n")).collect();
    bench.say(1, "mira", &quoted, LATER);
    bench.say(1, "mira", &format!("{ours}\n\nI do not agree."), LATER);
    assert_eq!(warned(&bench.nothing(LATER, "quotes")), [""; 0]);
    bench.say(1, "old-bot", &ours, LATER);
    assert_eq!(warned(&bench.nothing(LATER, "another login")).len(), 1);
    let named = rules(ALL, "").replace("skip:", "bots: [old-bot]\nskip:");
    bench.rules("backlog-triage", &named);
    assert_eq!(warned(&bench.nothing(LATER, "named under bots")), [""; 0]);
}

#[test]
fn a_marker_in_an_issue_of_another_is_told_too() {
    let (_, ours) = done();
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({ "body": ours }))]), &rules(ALL, ""));
    assert_eq!(warned(&bench.live().json(0)).len(), 1);
    assert_eq!(bench.issue(1)["body"], ours.as_str());
}
