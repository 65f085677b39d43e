//! The daily summary: one issue, a day after the other.

use serde_json::{Value, json};

use super::{ALL, Bench, applied, names, rules, world_of};
use crate::support::{NOW, issue, labels};

const DAILY: &str = "summary: {repo: null, label: kaizen-summary, days: 14}\n";

fn pack(summary: &str) -> String {
    let described = "labels:\n  kaizen-summary: {color: abcdef, description: Daily.}\n";
    rules(ALL, summary).replace("labels:\n", described)
}

fn bench() -> Bench {
    Bench::new(&world_of("gitea", &[issue(1, "A", json!({ "labels": labels(&["leave"]) }))]), &pack(DAILY))
}

fn day(day: u32) -> String {
    format!("2026-11-{day:02}T12:00:00Z")
}

/// The summaries of a repository.
fn summaries(bench: &Bench, repo: usize) -> Vec<Value> {
    let world = bench.world();
    let issues = world["repos"][repo]["issues"].as_array().unwrap();
    issues.iter().filter(|issue| issue["title"].as_str().unwrap().starts_with("Backlog summary")).cloned().collect()
}

fn body(bench: &Bench) -> String {
    let all = summaries(bench, 0);
    assert_eq!(all.len(), 1);
    all[0]["body"].as_str().unwrap().to_owned()
}

#[test]
fn it_is_created_with_its_label_and_replaced_day_by_day() {
    let bench = bench();
    bench.live_at(&day(1)).json(0);
    let one = summaries(&bench, 0).remove(0);
    assert_eq!(
        (names(&one, "labels", "name"), &one["user"]["login"]),
        (vec!["kaizen-summary".to_owned()], &json!("kaizen"))
    );
    let label = bench.repo()["labels"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&label["color"], &label["description"]), (&json!("abcdef"), &json!("Daily.")));
    bench.nothing("2026-11-01T23:59:59Z", "the same day");
    bench.forget();
    bench.nothing("2026-11-01T23:59:59Z", "the same day on another runner");

    bench.live_at(&day(2)).json(0);
    let text = body(&bench);
    assert_eq!(text.matches("<details><summary>2026-11-01</summary>").count(), 1, "{text}");
    assert!(text.lines().last().unwrap().contains(" day=2026-11-02 "), "{text}");
    for at in 3..=20 {
        bench.live_at(&day(at)).json(0);
    }
    let text = body(&bench);
    let kept: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("<details><summary>")).collect();
    assert_eq!(kept.len(), 13, "with today's there are fourteen: {kept:?}");
    assert!(kept[0].starts_with("2026-11-19") && kept[12].starts_with("2026-11-07"), "{kept:?}");
}

#[test]
fn whoever_closes_it_has_switched_it_off() {
    let bench = bench();
    bench.live_at(&day(1)).json(0);
    let number = summaries(&bench, 0)[0]["number"].as_u64().unwrap();
    bench.edit_issue(number, json!({ "state": "closed" }));
    bench.nothing(&day(2), "closed");
    bench.edit_issue(number, json!({ "state": "open" }));
    bench.live_at(&day(2)).json(0);
    assert!(body(&bench).contains("day=2026-11-02"));
}

#[test]
fn a_plan_of_it_is_carried_out_once() {
    let bench = bench();
    bench.plan();
    assert_eq!(applied(&bench.apply()).0, "done");
    let before = bench.text();
    for keeps in [true, false] {
        if !keeps {
            bench.forget();
        }
        assert_eq!(applied(&bench.apply()).0, "unchanged");
        assert!(bench.text() == before);
    }
    // Also where somebody closed it meanwhile.
    bench.edit_issue(2, json!({ "state": "closed" }));
    assert_eq!(applied(&bench.apply()).0, "unchanged");
    assert_eq!(summaries(&bench, 0).len(), 1);
    // A text with the same words by somebody else is none of ours.
    bench.edit_issue(2, json!({ "user": { "login": "mallory" } }));
    assert_eq!(applied(&bench.apply()).0, "done");
    assert_eq!(summaries(&bench, 0).len(), 2);
}

#[test]
fn one_for_all_stands_in_its_repository_and_needs_all() {
    let mut world = world_of("gitea", &[issue(1, "A", json!({}))]);
    let mut second = world_of("gitea", &[issue(5, "Fifth", json!({}))])["repos"][0].clone();
    second["full_name"] = json!("acme/lib");
    world["repos"].as_array_mut().unwrap().push(second);
    let rules = pack("summary: {repo: acme/lib, label: kaizen-summary, days: 14}\n");
    let part = Bench::new(&world, &rules);
    part.run_with(NOW, &["--repo", "acme/app"]).json(0);
    assert_eq!(summaries(&part, 0).len() + summaries(&part, 1).len(), 0);
    let bench = Bench::new(&world, &rules);
    bench.live().json(0);
    assert_eq!((summaries(&bench, 0).len(), summaries(&bench, 1).len()), (0, 1));
    let text = summaries(&bench, 1)[0]["body"].as_str().unwrap().to_owned();
    assert!(text.contains("**2** open") && text.contains("acme/app"), "{text}");
    // For each its own.
    let each = Bench::new(&world, &pack(DAILY));
    each.live().json(0);
    assert_eq!((summaries(&each, 0).len(), summaries(&each, 1).len()), (1, 1));
    each.nothing(NOW, "each its own, again");
}

#[test]
fn who_asks_to_leave_it_alone_is_heard_on_a_summary_too() {
    let bench = bench();
    bench.live_at(&day(1)).json(0);
    let number = summaries(&bench, 0)[0]["number"].as_u64().unwrap();
    bench.edit(|repo| repo["assignees"] = json!([{ "id": 77, "login": "mira" }]));
    bench.say(number, "mira", "/kaizen ignore", &day(1));
    let before = body(&bench);
    bench.live_at(&day(2)).json(0);
    assert_eq!(body(&bench), before);
    bench.say(number, "mira", "/kaizen resume", &day(2));
    bench.live_at(&day(3)).json(0);
    assert_ne!(body(&bench), before);
}
