//! Where a report goes: an issue, a chat, a webhook, a file; each whatever becomes of the others.

use serde_json::{Value, json};

use super::{retro, rules_with_sinks};
use crate::support::{Kaizen, issue, labels, root};

fn with_sinks(world: &Value, sinks: &str) -> Kaizen {
    let kaizen = retro(world).at("2026-11-20T12:00:00Z");
    kaizen.file("rules/kaizen-retro.yaml", &rules_with_sinks(sinks));
    let rules = kaizen.folder().join("rules");
    kaizen.args([std::path::Path::new("--rules"), &rules])
}

fn world(issues: Value) -> Value {
    json!({"version": 1, "kind": "gitea", "user": "kaizen", "repos": [{"full_name": "acme/app", "issues": issues}]})
}

/// Numbers of the issues with comments, in the world that a run left.
fn commented(folder: &std::path::Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("world.json")).unwrap();
    let world: Value = serde_json::from_str(&text).unwrap();
    let comments = world["repos"][0]["comments"].as_object().cloned().unwrap_or_default();
    comments.into_iter().filter(|(_, list)| !list.as_array().unwrap().is_empty()).map(|(number, _)| number).collect()
}

#[test]
fn the_label_counts_more_than_the_title_and_open_more_than_closed_r29() {
    let sink = "    - id: report\n      issue: {label: morning, title: Morning report}\n";
    let ours = json!({"id": 1, "login": "kaizen"});
    let issue = |number, title: &str, with: Value| {
        let mut issue = issue(number, title, with);
        issue["user"] = ours.clone();
        issue
    };
    let (label, title) = (json!({"labels": labels(&["morning"])}), "Morning report of May");
    let both = world(json!([
        issue(1, "Any", label.clone()),
        issue(2, title, json!({})),
        issue(3, "Fix the morning report", json!({}))
    ]));
    let (ran, folder) = with_sinks(&both, sink).run_in();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(commented(folder.path()), ["1"]);
    let titled = world(json!([issue(2, title, json!({})), issue(3, "Fix the morning report", json!({}))]));
    let (ran, folder) = with_sinks(&titled, sink).run_in();
    assert_eq!((ran.code, commented(folder.path())), (0, vec!["2".to_owned()]), "{}", ran.stderr);
    let mut shut = issue(1, "Any", label);
    shut["state"] = json!("closed");
    let (ran, folder) = with_sinks(&world(json!([shut])), sink).run_in();
    assert_eq!((ran.code, commented(folder.path())), (0, vec!["1".to_owned()]), "{}", ran.stderr);
    let (ran, folder) = with_sinks(&world(json!([issue(3, "Fix the morning report", json!({}))])), sink).run_in();
    assert_eq!((ran.code, commented(folder.path())), (1, Vec::new()), "no such issue, and none is created");
    assert!(ran.stderr.contains("has no issue of ours with that label or title"), "{}", ran.stderr);
}

#[test]
fn an_issue_of_somebody_else_takes_no_report_unless_the_rules_name_its_number() {
    let label = json!({"labels": labels(&["morning"])});
    let theirs = world(json!([issue(1, "Morning report", label), issue(2, "Morning report of May", json!({}))]));
    let (ran, folder) = with_sinks(&theirs, "    - id: r\n      issue: {label: morning, title: Morning}\n").run_in();
    assert_eq!((ran.code, commented(folder.path())), (1, Vec::new()), "{}", ran.stderr);
    assert!(ran.stderr.contains("#2 is ada's: to use it, name it, `number: 2`"), "{}", ran.stderr);
    let sink = "    - id: r\n      issue: {label: morning, title: Morning, create: true}\n";
    let (ran, folder) = with_sinks(&theirs, sink).run_in();
    assert_eq!((ran.code, commented(folder.path())), (0, vec!["3".to_owned()]), "{}", ran.stderr);
    let (ran, folder) = with_sinks(&theirs, "    - id: r\n      issue: {number: 2}\n").run_in();
    assert_eq!((ran.code, commented(folder.path())), (0, vec!["2".to_owned()]), "{}", ran.stderr);
    let (ran, folder) = with_sinks(&theirs, "    - id: r\n      issue: {number: 9}\n").run_in();
    assert_eq!((ran.code, commented(folder.path())), (1, Vec::new()), "{}", ran.stderr);
    assert!(ran.stderr.contains("there is no issue #9"), "{}", ran.stderr);
}

#[test]
fn one_place_that_fails_keeps_no_other_from_its_report() {
    let sinks = "    - {id: team, telegram: {token_env: TELEGRAM_BOT_TOKEN, chat_env: TELEGRAM_CHAT}}\n    \
                 - {id: file, file: {path: reports/latest.md}}\n    - {id: summary, step_summary: true}\n";
    let kaizen = with_sinks(&world(json!([])), sinks);
    let summary = kaizen.folder().join("summary.md");
    let (ran, folder) = kaizen.env("GITHUB_STEP_SUMMARY", &summary).run_in();
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("the sink team failed: the variable"), "{}", ran.stderr);
    let file = std::fs::read_to_string(folder.path().join(".loop/reports/latest.md")).unwrap();
    let summary = std::fs::read_to_string(summary).unwrap();
    assert!(file.contains("Retrospective of 2026-11-20") && summary.contains("Retrospective of 2026-11-20"));
}

#[test]
fn no_sink_gets_the_forges_token_or_writes_outside_the_reports() {
    let bad = [
        "webhook: {url_env: KAIZEN_TOKEN}",
        "telegram: {token_env: BOT, chat_env: GITEA_TOKEN}",
        "telegram: {token_env: BOT, chat: \"5\", api_env: ACTIONS_RUNTIME_TOKEN}",
        "file: {path: queue.json}",
        "file: {path: reports/../queue.json}",
        "file: {path: /tmp/kaizen-outside.md}",
    ];
    for bad in bad {
        let sinks = format!("    - {{id: bad, {bad}}}\n    - {{id: good, file: {{path: reports/good.md}}}}\n");
        let kaizen = with_sinks(&world(json!([])), &sinks).env("BOT", "1:a");
        let queue = kaizen.file(".loop/queue.json", "{}");
        let kaizen = ["KAIZEN_TOKEN", "GITEA_TOKEN", "ACTIONS_RUNTIME_TOKEN"]
            .into_iter()
            .fold(kaizen, |kaizen, name| kaizen.env(name, "https://127.0.0.1:9/s3cret"));
        let (ran, folder) = kaizen.run_in();
        assert_eq!(ran.code, 1, "{bad}: {}", ran.stderr);
        assert!(ran.stderr.contains("the sink bad failed: "), "{bad}: {}", ran.stderr);
        assert!(!ran.stderr.contains("s3cret") && !ran.stderr.contains("127.0.0.1"), "{bad}: {}", ran.stderr);
        assert_eq!(std::fs::read_to_string(queue).unwrap(), "{}", "{bad}");
        assert!(folder.path().join(".loop/reports/good.md").is_file(), "{bad}: {}", ran.stderr);
        assert!(!std::path::Path::new("/tmp/kaizen-outside.md").exists());
    }
}

#[test]
fn secrets_and_odd_sinks_are_refused_at_load() {
    let sinks = "    - {id: a, telegram: {token_env: 123456:AAE-secret, chat: 5}}\n    - {id: b, webhook: {url: x}}\n    \
                 - {id: b, file: {path: x.md}}\n    - {id: c}\n    - {id: d, issue: {create: true}}\n    - {id: b, step_summary: true}\n";
    let ran = with_sinks(&world(json!([])), sinks).run();
    assert_eq!(ran.code, 78, "{}", ran.stderr);
    let folder = regex::Regex::new(r"--> \S+/rules/").unwrap();
    insta::assert_snapshot!(folder.replace_all(&ran.stderr, "--> rules/"));
    let dry = with_sinks(&world(json!([])), "    - {id: a, telegram: {token_env: T, chat_env: C}}\n")
        .args(["--dry-run"])
        .run();
    assert_eq!(dry.code, 0, "{}", dry.stderr);
}

#[test]
fn a_live_run_wants_rules_of_its_own_on_a_server() {
    let ran = Kaizen::bare().args(["kaizen-retro", "--forge", "http://127.0.0.1:9", "--repo", "a/b"]).run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("these are the built-in rules"), "{}", ran.stderr);
    assert!(root().join("rules/kaizen-retro.yaml").exists());
}
