//! Which window a retrospective looks at, what is in it, and what could not be read.

use serde_json::{Value, json};

use super::{closed, people, retro, rules_with_sinks};
use crate::support::{Kaizen, issue, labels};

fn one_repo(issues: Value) -> Value {
    json!({"version": 1, "kind": "gitea", "user": "kaizen", "repos": [{"full_name": "acme/app", "issues": issues}]})
}

fn shipped(world: &Value) -> Value {
    retro(world).rules("rules").args(["--dry-run"]).at("2026-11-20T12:00:00Z").run().json(0)
}

#[test]
fn what_was_closed_in_the_window_counts_and_what_was_only_touched_does_not_r01() {
    let touched = closed(1, "Old", "2026-01-05T00:00:00Z", json!({"updated_at": "2026-11-20T11:00:00Z"}));
    let report = shipped(&one_repo(json!([touched, closed(2, "New", "2026-11-20T11:00:00Z", json!({}))])));
    let numbers: Vec<&Value> =
        report["metrics"]["closed_issues"].as_array().unwrap().iter().map(|it| &it["number"]).collect();
    assert_eq!(numbers, [2]);
    assert_eq!(report["since"], "2026-11-19T12:00:00Z");
}

#[test]
fn rejected_issues_are_closed_and_no_success_r21() {
    let rejected = closed(1, "Not this", "2026-11-20T11:00:00Z", json!({"labels": labels(&["wontfix"])}));
    let given_up = closed(3, "Given up", "2026-11-20T11:00:00Z", json!({"state_reason": "not_planned"}));
    let done = closed(2, "This", "2026-11-20T11:00:00Z", json!({"state_reason": "completed"}));
    let mut world = one_repo(json!([rejected, done, given_up]));
    world["kind"] = json!("github");
    let report = shipped(&world);
    let repo = &report["metrics"]["by_repo"]["acme/app"];
    assert_eq!((&repo["closed"], &repo["successes"]), (&json!(3), &json!(1)));
}

#[test]
fn every_assignee_counts_under_the_shipped_rules_and_the_first_under_the_reference_r20() {
    let both = closed(1, "Pair", "2026-11-20T11:00:00Z", json!({"assignees": people(&["ada", "bo"])}));
    let world = one_repo(json!([both]));
    let names = |report: &Value| report["metrics"]["by_agent"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&shipped(&world)), ["ada", "bo"]);
    let reference = retro(&world).reference().args(["--dry-run"]).at("2026-11-20T12:00:00Z").run().json(0);
    assert_eq!(names(&reference), ["ada"]);
}

#[test]
fn an_old_issue_with_fresh_activity_needs_no_attention_r10_and_bots_make_no_attempts_r11() {
    let fresh =
        issue(1, "Old and alive", json!({"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-11-20T11:00:00Z"}));
    let idle = issue(2, "Left lying", json!({"updated_at": "2026-11-01T11:00:00Z"}));
    let busy = issue(3, "In circles", json!({"comments": 6, "updated_at": "2026-11-20T11:00:00Z"}));
    let flagged = issue(4, "Flagged by a bot", json!({"comments": 6, "updated_at": "2026-11-20T11:00:00Z"}));
    let said = |by: Value| {
        (0..6).map(|nth| json!({
        "id": 50 + nth, "body": "again", "created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:00Z", "user": by,
    })).collect::<Vec<_>>()
    };
    let mut world = one_repo(json!([fresh, idle, busy, flagged]));
    world["repos"][0]["comments"] = json!({
        "3": said(json!({"id": 9, "login": "bo"})), "4": said(json!({"id": -2, "login": "gitea-actions"})),
    });
    let report = shipped(&world);
    let stuck = report["metrics"]["max_attempts_issues"].as_array().unwrap();
    let reasons: Vec<Value> = stuck.iter().map(|it| json!([it["number"], it["reasons"]])).collect();
    assert_eq!(reasons, [json!([2, ["idle"]]), json!([3, ["in_circles"]])]);
    assert_eq!(report["metrics"]["by_repo"]["acme/app"]["failures"], 1, "one window for both (R09)");
}

#[test]
fn comments_that_cannot_be_counted_are_told_and_the_rest_goes_on() {
    let comment = |id: u64| {
        json!({
            "id": id, "body": "again", "created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:00Z",
            "user": {"id": 9, "login": "bo"},
        })
    };
    let busy: Vec<Value> = (50..55).map(comment).collect();
    let open = |number| issue(number, "Open", json!({"updated_at": "2026-11-20T11:00:00Z"}));
    let mut world = one_repo(json!([open(3), open(4), open(5), open(6)]));
    let timeless = json!({"id": 60, "body": "when?", "created_at": "yesterday", "user": {"id": 9, "login": "bo"}});
    let torn: Vec<Value> = [json!(null), comment(61), json!("x"), timeless].into();
    world["repos"][0]["comments"] = json!({"3": busy, "4": torn, "5": [7], "6": []});
    let stuck = |report: &Value| {
        let stuck = report["metrics"]["max_attempts_issues"].as_array().unwrap().clone();
        stuck.iter().map(|it| it["number"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let told = |of: &str, what: &str| format!("world.json: acme/app#{of} of its comments {what}");
    let expected = [
        told("4: entries 1, 3, 4", "are no comments whose time can be read: they are left out"),
        told("5: entry 1", "is no comment whose time can be read: it is left out"),
    ];
    let rules = rules_with_sinks("    - {id: file, file: {path: reports/latest.md}}\n");
    // Read in pieces, and as it is written to.
    for live in [false, true] {
        let kaizen = retro(&world).at("2026-11-20T12:00:00Z");
        let folder = kaizen.file("rules/kaizen-retro.yaml", &rules).parent().unwrap().to_owned();
        let loop_dir = folder.with_file_name("loop");
        let kaizen = kaizen.args(["--rules"]).args([folder]).args(["--loop-dir"]).args([loop_dir]);
        let ran = if live { kaizen.run() } else { kaizen.args(["--dry-run"]).run() };
        assert_eq!(stuck(&ran.json(0)), [3], "{}", ran.stderr);
        for told in &expected {
            assert_eq!(ran.stderr.matches(told.as_str()).count(), 1, "{live} {told}: {}", ran.stderr);
        }
        assert_eq!(ran.stderr.matches("of its comments").count(), 2, "{}", ran.stderr);
    }
    // What is no JSON at all is told with its line.
    let kaizen = Kaizen::bare();
    let text = world.to_string().replace("[7]", "[{\"id\": nope}]");
    let path = kaizen.file("world.json", &text);
    let kaizen = kaizen.args(["kaizen-retro", "--dry-run", "--forge"]).args([format!("file:{}", path.display())]);
    let ran = kaizen.format("json").rules("rules").at("2026-11-20T12:00:00Z").run();
    assert_eq!(stuck(&ran.json(0)), [3], "{}", ran.stderr);
    assert!(ran.stderr.contains("acme/app#5: its comments are left out: reading the forge file"), "{}", ran.stderr);
}

#[test]
fn agents_with_open_issues_are_not_idle_r06_and_nobody_is_no_agent_r05() {
    let held = issue(1, "Fresh", json!({"assignees": people(&["claude"])}));
    let lying = (2..=5)
        .map(|n| issue(n, "Crash", json!({"labels": labels(&["blocked"]), "updated_at": "2026-11-20T11:00:00Z"})));
    let world = one_repo(json!(std::iter::once(held).chain(lying).collect::<Vec<_>>()));
    let kaizen = retro(&world).rules("rules").args(["--dry-run"]).at("2026-11-20T12:00:00Z");
    let fleet = ["claude", "kimi", "ezra", "asleep"].map(|name| json!({"name": name, "active": name != "asleep"}));
    let fleet = kaizen.file("fleet.json", &json!({"agents": fleet}).to_string());
    let report = kaizen.args(["--fleet"]).args([fleet]).run().json(0);
    let all: Vec<&Value> = report["others"].as_array().unwrap().iter().chain([&report["suggestion"]]).collect();
    let idle = all.iter().find(|one| one["rule"] == "idle-agents").unwrap();
    assert_eq!(idle["subject"], json!(["ezra", "kimi"]));
    assert!(all.iter().all(|one| one["subject"] != "unassigned"), "{all:?}");
}

#[test]
fn usage_and_fleets_that_cannot_be_read_are_told() {
    let world = one_repo(json!([]));
    let base = || retro(&world).rules("rules").args(["--dry-run"]).at("2026-11-20T12:00:00Z");
    let empty = base().args(["--since", "2026-11-21T00:00:00Z"]).run();
    assert_eq!(empty.code, 2, "{}", empty.stderr);
    assert!(empty.stderr.contains("the window is empty"), "{}", empty.stderr);
    let kaizen = base();
    for no_fleet in ["[1]", "{\"version\": 1, \"repos\": []}", "{\"agents\": 3}"] {
        let fleet = kaizen.file("fleet.json", no_fleet);
        let bad = base().args(["--fleet"]).args([fleet]).run();
        assert_eq!(bad.code, 2, "{}", bad.stderr);
        assert!(bad.stderr.contains("expected {\"agents\""), "{}", bad.stderr);
    }
    let kaizen = base();
    let fleet = kaizen.file("fleet.json", r#"{"agents": [{"active": true}, 5, {"name": "ada", "active": "yes"}]}"#);
    let odd = kaizen.args(["--fleet"]).args([fleet]).run();
    assert_eq!(odd.code, 0, "{}", odd.stderr);
    assert_eq!(odd.stderr.matches("has no name and is left out").count(), 2, "{}", odd.stderr);
    assert_eq!(odd.json(0)["suggestion"]["rule"], "low-activity");
}
