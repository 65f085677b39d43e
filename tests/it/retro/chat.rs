//! The report in a chat of Telegram, by the built binary.
//!
//! Takes: a Telegram of this process that enforces the real one's limits. Gives: what a reader sees.

use serde_json::{Value, json};

use super::rules_with_sinks;
use crate::support::{Kaizen, issue};
use crate::telegram::{CHAT, Fault, TOKEN, Telegram};

/// Repositories by the hundred, so that the report has several parts; names and titles that break markup.
fn world() -> Value {
    let repo = |nth: usize| {
        let title = format!("A_title *with* [odd] `signs` < & > 🦀 {nth}");
        json!({"full_name": format!("acme/a_repository.with-a-long-name-{nth}"), "issues": [issue(1, &title, json!({}))]})
    };
    let reports = json!({"full_name": "acme/reports", "issues": []});
    json!({"version": 1, "kind": "gitea", "user": "kaizen", "repos": (0..200).map(repo).chain([reports]).collect::<Vec<_>>()})
}

fn run(folder: &std::path::Path, telegram: &Telegram, now: &str, more: &[&str]) -> (i32, String) {
    let sinks = "    - {id: team, telegram: {token_env: BOT_TOKEN, chat_env: BOT_CHAT, api_env: BOT_API}}\n    - id: issue\n      \
                 issue: {repo: acme/reports, label: kaizen-retro, title: Retrospective, create: true}\n";
    let sinks = rules_with_sinks(sinks).replace("private: counted", "private: full");
    std::fs::create_dir_all(folder.join("rules")).unwrap();
    std::fs::write(folder.join("rules/kaizen-retro.yaml"), sinks).unwrap();
    if !folder.join("world.json").exists() {
        std::fs::write(folder.join("world.json"), world().to_string()).unwrap();
    }
    let at = |name: &str| folder.join(name).display().to_string();
    let ran = Kaizen::bare()
        .args(["kaizen-retro", "-q", "--retry-wait", "1", "--forge", &format!("file:{}", at("world.json"))])
        .args(["--rules", &at("rules"), "--loop-dir", &at("loop"), "--now", now])
        .args(more)
        .env("BOT_TOKEN", TOKEN)
        .env("BOT_CHAT", CHAT.to_string())
        .env("BOT_API", telegram.url())
        .run();
    assert!(!ran.stderr.contains(TOKEN) && !ran.stdout.contains(TOKEN), "{}", ran.stderr);
    (ran.code, ran.stderr)
}

#[test]
fn a_report_that_broke_off_goes_on_where_it_did_and_arrives_once() {
    let folder = tempfile::tempdir().unwrap();
    let telegram = Telegram::start();
    telegram.fail(
        3,
        Fault::Answer(403, r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was kicked"}"#.to_owned()),
    );
    let (code, said) = run(folder.path(), &telegram, "2026-11-20T08:00:00Z", &[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("2 of ") && said.contains("parts sent, then failed"), "{said}");
    // Later the same day the report says another time; the rest is of the one that was begun.
    let (code, said) = run(folder.path(), &telegram, "2026-11-20T09:30:00Z", &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("the first 2 before"), "{said}");
    let messages = telegram.messages();
    let text: String = messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n");
    assert_eq!(text.matches("Retrospective of 2026-11-20").count(), 1, "{text}");
    assert!(!text.contains("09:30"), "{text}");
    let repos = (0..200).filter(|nth| {
        text.matches(&format!("long-name-{nth}\n")).count() + text.matches(&format!("long-name-{nth} ")).count() > 0
    });
    assert_eq!(repos.count(), 200, "{text}");
    let sent = messages.len();
    let (code, said) = run(folder.path(), &telegram, "2026-11-20T10:00:00Z", &[]);
    assert_eq!((code, telegram.messages().len()), (0, sent), "once a day: {said}");
    assert!(said.contains("the report was sent before"), "{said}");
}

#[test]
fn another_chat_can_be_asked_for_and_a_dry_run_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let telegram = Telegram::start();
    let (code, said) = run(folder.path(), &telegram, "2026-11-20T08:00:00Z", &["--dry-run"]);
    assert_eq!((code, telegram.log().len()), (0, 0), "{said}");
    let (code, said) = run(folder.path(), &telegram, "2026-11-20T08:00:00Z", &["--post-to", "-1"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("chat not found"), "{said}");
}

#[test]
fn a_runner_that_starts_empty_sends_nothing_again_that_the_comment_tells_of() {
    let folder = tempfile::tempdir().unwrap();
    let telegram = Telegram::start();
    let forget = || std::fs::remove_dir_all(folder.path().join("loop")).unwrap();
    telegram.fail(1, Fault::Answer(403, r#"{"ok":false,"error_code":403,"description":"Forbidden"}"#.to_owned()));
    let (code, said) = run(folder.path(), &telegram, "2026-11-20T08:00:00Z", &[]);
    assert_eq!((code, telegram.messages().len()), (1, 0), "what failed was not sent: {said}");
    forget();
    let (code, said) = run(folder.path(), &telegram, "2026-11-20T09:00:00Z", &[]);
    let sent = telegram.messages().len();
    assert!(code == 0 && sent > 0, "{said}");
    for hour in 10..12 {
        forget();
        let (code, said) = run(folder.path(), &telegram, &format!("2026-11-20T{hour}:00:00Z"), &[]);
        assert_eq!((code, telegram.messages().len()), (0, sent), "{said}");
        assert!(said.contains("as its comment tells"), "{said}");
    }
    forget();
    let (code, said) = run(folder.path(), &telegram, "2026-11-21T08:00:00Z", &[]);
    assert!(code == 0 && telegram.messages().len() > sent, "the next day's is another: {said}");
}
