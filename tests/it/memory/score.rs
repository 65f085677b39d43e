//! `triage-score`: the queue, and who is kept out of it.

use serde_json::{Value, json};

use super::{json as file, kaizen, lines, with_stdin};
use crate::support::{Ran, issue, repo_world, world};

const READY: &str = "## Problem\nIt must not fail. It should return the value.\n`src/main.rs` is where `parse()` is.";

fn write(folder: &std::path::Path, issues: Value) {
    std::fs::write(folder.join("world.json"), world(issues).to_string()).unwrap();
}

fn score(folder: &std::path::Path, now: &str, more: &[&str]) -> Ran {
    let args = ["triage-score", "--forge", "file:world.json", "--format", "json", "--now", now];
    kaizen(folder, &[&args[..], more].concat())
}

fn numbers(report: &Value, list: &str) -> Vec<u64> {
    report[list].as_array().unwrap().iter().map(|entry| entry["number"].as_u64().unwrap()).collect()
}

fn fail(folder: &std::path::Path, issue: u64, at: &[&str]) {
    let cycle = |at: &&str| {
        json!({"timestamp": at, "issue": issue, "success": false, "reason": "tests failed"}).to_string() + "\n"
    };
    let sent: String = at.iter().map(cycle).collect();
    assert_eq!(with_stdin(folder, &["cycle-retro"], &sent).code, 0);
}

fn backlog() -> Value {
    json!([
        issue(1, "[feature] Export", json!({"body": READY})),
        issue(2, "[bug] Parser fails", json!({"body": READY})),
        issue(3, "Thoughts", json!({})),
        issue(4, "[bug] Security hole", json!({"body": READY, "labels": [{"name": "security"}]})),
        issue(5, "[bug] Waits", json!({"body": READY, "labels": [{"name": "blocked"}]})),
        issue(6, "[bug] Gone", json!({"body": READY, "state": "closed"})),
    ])
}

#[test]
fn ready_issues_stand_in_the_queue_best_first() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, backlog());
    let report = score(here, "2026-11-20T12:00:00Z", &[]).json(0);
    assert_eq!(numbers(&report, "queue"), [4, 2, 1]);
    let queue = file(here, "queue.json");
    assert_eq!((&queue["generated_at"], &queue["items"]), (&json!("2026-11-20T12:00:00Z"), &report["queue"]));
    let best = &queue["items"][0];
    assert_eq!(
        (&best["repo"], &best["title"], &best["type"], &best["ready"]),
        (&json!("acme/app"), &json!("Security hole"), &json!("bug"), &json!(true))
    );
    assert!(best["score"].as_u64().unwrap() >= 5 && best["reasons"].as_array().unwrap().len() == 4, "{best}");
    let line = &lines(here, "retro/triage.jsonl")[0];
    assert_eq!(
        (&line["timestamp"], &line["ready"], &line["scored"]),
        (&json!("2026-11-20T12:00:00Z"), &json!(3), &json!(5))
    );
    assert_eq!(line["top"], json!(["acme/app#4", "acme/app#2", "acme/app#1"]));
}

#[test]
fn who_is_to_be_left_alone_is_in_no_queue() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let ready = |number: u64, with: Value| {
        let mut all = json!({"body": READY});
        all.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        issue(number, "[bug] Parser fails", all)
    };
    let issues = json!([
        ready(1, json!({})),
        ready(2, json!({"labels": [{"name": "kaizen-ignore"}]})),
        ready(3, json!({"assignees": [{"id": 9, "login": "tomas"}]})),
        ready(4, json!({"is_locked": true, "locked": true})),
        ready(5, json!({"comments": 1})),
        ready(6, json!({"comments": 1})),
        ready(7, json!({"comments": 2})),
    ]);
    let comment = |id: u64, by: &str, body: &str| json!({"id": id, "user": {"id": 40 + id, "login": by}, "body": body, "created_at": "2026-11-19T12:00:00Z"});
    let comments = json!({
        "5": [comment(1, "ada", "/kaizen ignore")],
        "6": [comment(2, "stranger", "/kaizen ignore")],
        "7": [comment(3, "ada", "/kaizen ignore"), comment(4, "ada", "/kaizen resume")],
    });
    let world = repo_world(json!({"full_name": "acme/app", "issues": issues, "comments": comments, "assignees": []}));
    std::fs::write(here.join("world.json"), world.to_string()).unwrap();
    let report = score(here, "2026-11-20T12:00:00Z", &[]).json(0);
    assert_eq!(numbers(&report, "queue"), [1, 6, 7], "{report:#}");
    let only = json!([world["repos"][0]["issues"][4]]);
    let world = repo_world(json!({"full_name": "acme/app", "issues": only, "comments": comments, "assignees": []}));
    std::fs::write(here.join("world.json"), world.to_string()).unwrap();
    let args = ["loop-guard", "--ask-forge", "--forge", "file:world.json", "--now", "2026-11-20T12:00:00Z"];
    assert_eq!(kaizen(here, &args).code, 3, "the guard hears it too");
}

#[test]
fn who_fails_too_often_is_kept_out_until_time_an_edit_or_a_hand_lets_it_out() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, backlog());
    fail(here, 2, &["2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z"]);
    fail(here, 1, &["2026-11-20T10:30:00Z"]);
    fail(here, 4, &["2026-10-01T10:00:00Z", "2026-10-01T11:00:00Z"]);
    let report = score(here, "2026-11-20T12:00:00Z", &[]).json(0);
    assert_eq!((numbers(&report, "queue"), numbers(&report, "quarantine")), (vec![4, 1], vec![2]));
    let kept = &file(here, "quarantine.json")["items"][0];
    let members = ["repo", "number", "since", "failures", "reasons", "until"].map(|name| kept[name].clone());
    let expected = json!(["acme/app", 2, "2026-11-20T12:00:00Z", 2, ["tests failed"], "2026-11-27T12:00:00Z"]);
    assert_eq!(json!(members), expected);

    // By hand; and the failures of before do not put it in again.
    assert_eq!(score(here, "2026-11-20T13:00:00Z", &["--release", "1"]).code, 2);
    let report = score(here, "2026-11-20T13:00:00Z", &["--release", "2"]).json(0);
    assert_eq!((numbers(&report, "quarantine"), &report["totals"]["released"][0]["why"]), (vec![], &json!("by hand")));
    assert_eq!(numbers(&score(here, "2026-11-20T13:01:00Z", &[]).json(0), "queue"), [4, 2, 1]);

    // New failures do; and an edit lets it out, a comment does not.
    fail(here, 2, &["2026-11-20T14:00:00Z", "2026-11-20T14:10:00Z"]);
    assert_eq!(numbers(&score(here, "2026-11-20T15:00:00Z", &[]).json(0), "quarantine"), [2]);
    let mut issues = backlog();
    issues[1]["comments"] = json!(5);
    issues[1]["updated_at"] = json!("2026-11-20T15:30:00Z");
    write(here, issues.clone());
    assert_eq!(numbers(&score(here, "2026-11-20T16:00:00Z", &[]).json(0), "quarantine"), [2]);
    issues[1]["body"] = json!(format!("{READY}\n\nNow with steps."));
    write(here, issues);
    let report = score(here, "2026-11-20T17:00:00Z", &[]).json(0);
    assert_eq!(
        (numbers(&report, "quarantine"), &report["totals"]["released"][0]["why"]),
        (vec![], &json!("it was edited"))
    );

    // Time.
    fail(here, 1, &["2026-11-20T18:00:00Z"]);
    assert_eq!(numbers(&score(here, "2026-11-20T19:00:00Z", &[]).json(0), "quarantine"), [1]);
    assert_eq!(numbers(&score(here, "2026-11-27T18:59:59Z", &[]).json(0), "quarantine"), [1]);
    assert_eq!(numbers(&score(here, "2026-11-27T19:00:00Z", &[]).json(0), "quarantine"), [0; 0]);
}

#[test]
fn a_dry_run_writes_nothing_and_people_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write(here, backlog());
    fail(here, 2, &["2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z"]);
    for format in ["text", "markdown"] {
        let ran = kaizen(
            here,
            &[
                "triage-score",
                "--dry-run",
                "--forge",
                "file:world.json",
                "--now",
                "2026-11-20T12:00:00Z",
                "--format",
                format,
            ],
        );
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains("Security hole") && ran.stdout.contains("2026-11-27T12:00:00Z"), "{}", ran.stdout);
    }
    assert!(!here.join(".loop/queue.json").exists() && !here.join(".loop/quarantine.json").exists());
}
