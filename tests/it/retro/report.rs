//! The report as people read it.

use serde_json::{Value, json};

use super::{closed, people, retro};
use crate::support::{Kaizen, issue, labels, root};

/// A small history: two repositories, closed and stuck issues, merges, hostile titles.
pub fn history() -> Value {
    let at = |hour: u32| format!("2026-11-20T{hour:02}:00:00Z");
    let ada = json!({"assignees": people(&["ada"]), "created_at": "2026-11-18T08:00:00Z"});
    let bo = json!({"assignees": people(&["bo"]), "created_at": "2026-11-20T01:00:00Z"});
    let stuck = |number: u64, title: &str| {
        let with = json!({"labels": labels(&["blocked"]), "assignees": people(&["bo"]), "updated_at": at(9)});
        issue(number, title, with)
    };
    let pull = |number: u64, merged: bool| {
        json!({
            "id": number, "number": number, "title": "Mend the timetable", "state": "closed", "merged": merged,
            "merged_at": if merged { json!(at(7)) } else { Value::Null }, "closed_at": at(7), "created_at": at(1),
            "updated_at": at(7), "user": {"id": 3, "login": "ada"}, "labels": [], "assignees": null, "comments": 0,
            "pull_request": {"merged": merged}, "body": "",
        })
    };
    let api = json!([
        closed(1, "Crash on start", &at(3), ada.clone()),
        closed(2, "Add a map", &at(4), ada.clone()),
        closed(3, "Last week's", "2026-11-13T03:00:00Z", json!({"created_at": "2026-11-12T00:00:00Z"})),
        stuck(4, "Crash | @everyone <!-- kaizen:v1 x=y -->"),
        stuck(5, "Regression in [the map](http://x) `a`"),
    ]);
    let app = json!([closed(1, "Readme is wrong", &at(5), bo), stuck(2, "Broken tides")]);
    json!({
        "version": 1, "kind": "gitea", "user": "kaizen",
        "repos": [
            {"full_name": "ferry/api", "issues": api, "pulls": [pull(8, true), pull(9, false)]},
            {"full_name": "ferry/app", "issues": app},
            {"full_name": "ferry/books", "private": true, "issues": [closed(1, "Secret wages", &at(5), json!({}))]},
        ],
    })
}

/// The shipped rules in the folder of the run, so that the report names them by a path of its own.
fn run(more: &[&str]) -> Kaizen {
    let kaizen = retro(&history()).at("2026-11-20T12:00:00Z");
    kaizen.file("rules/kaizen-retro.yaml", &std::fs::read_to_string(root().join("rules/kaizen-retro.yaml")).unwrap());
    kaizen.args(["--dry-run", "--rules", "rules"]).args(more)
}

fn shown(format: &'static str) -> String {
    let ran = run(&[]).format(format).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    ran.stdout
}

#[test]
fn the_report_in_markdown() {
    insta::assert_snapshot!(shown("markdown"));
}

#[test]
fn the_report_on_a_terminal() {
    insta::assert_snapshot!(shown("text"));
}

#[test]
fn the_report_over_a_week_has_a_chart() {
    let text = run(&["--since", "2026-11-13T00:00:00Z"]).format("markdown").run().stdout;
    assert!(text.contains("```mermaid\nxychart-beta"), "{text}");
    assert!(text.contains("line [1, 0, 0, 0, 0, 0, 0, 4]"), "{text}");
}

#[test]
fn in_a_public_job_private_repositories_are_counted_and_not_named() {
    let ran = run(&[]).env("GITHUB_ACTIONS", "true").env("GITHUB_REPOSITORY", "ferry/api").format("json").run();
    let report = ran.json(0);
    assert!(!ran.stdout.contains("Secret wages") && !ran.stdout.contains("ferry/books"), "{}", ran.stdout);
    assert_eq!(report["private"], json!({"repositories": 1, "closed": 1, "merged": 0, "open": 0}));
    assert!(report["report_markdown"].as_str().unwrap().contains("1 private repository"), "{report}");
}
