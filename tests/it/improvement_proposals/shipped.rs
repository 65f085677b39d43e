//! The shipped rules: what the reference got wrong, and what holds instead.

use serde_json::{Value, json};

use super::{job, patterns, session};
use crate::support::Kaizen;

fn report(sessions: &[Value]) -> Value {
    job(&json!(sessions)).args(["--threshold", "0"]).run().json(0)
}

/// Sessions of an hour each, every one with one of these errors.
fn with_errors(errors: &[&str]) -> Vec<Value> {
    errors.iter().enumerate().map(|(index, error)| session(&format!("s{index}"), &[], &[error], 60.0)).collect()
}

#[test]
fn an_error_counts_by_sessions_that_differ() {
    // Three in one session, and one session exported thrice, are no three sessions (P04).
    let thrice = session("s", &[], &["boom", "boom", "boom"], 60.0);
    assert!(patterns(&report(&[thrice.clone(), thrice.clone(), thrice]), "repeated_error").is_empty());
    let report = report(&with_errors(&["boom", "Boom", "boom "]));
    let found = patterns(&report, "repeated_error");
    assert_eq!((&found[0]["sessions"], &found[0]["example_sessions"]), (&json!(3), &json!(["s0", "s1", "s2"])));
    // A quarter of an hour in all: three times five minutes.
    assert_eq!(found[0]["total_time_hours"], 0.25);
}

#[test]
fn errors_are_one_where_only_times_paths_ids_and_numbers_differ() {
    for same in [
        ["timeout at 2026-04-01 10:00:01.123Z", "timeout at 2026-04-02T11:59:59+02:00", "timeout at 2026-05-02 10:00"],
        ["no file /a/b c", "no file /usr/lib/x.so c", "no file ~/y c"],
        ["no file \"/a b/c\"", "no file \"C:\\Program Files\\x\"", "no file \"/q\""],
        ["open C:\\a\\b.txt: denied", "open D:\\c.txt: denied", "open c:\\x\\y: denied"],
        ["get https://x.test/a/b?c=1 failed", "get https://x.test/ failed", "get https://x.test/q failed"],
        [
            "run 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "run 6ba7b810-9dad-11d1-80b4-00c04fd430c8",
            "run 00000000-0000-0000-0000-000000000000",
        ],
        ["at 0xDEADBEEF", "at 0x1", "at 0xffff00"],
        ["commit 4f2a9c1 gone", "commit a1b2c3d4e5 gone", "commit 0a gone"],
        ["x.py:12:5 bad", "x.py:120:17 bad", "x.py:1:1 bad"],
        ["pid 77 died on line 3", "pid 12345 died on line 900", "pid 1 died on line 12"],
        ["took 12.5 s", "took 3 s", "took 900 s"],
        ["worker 123456 lost", "worker 999999 lost", "worker 1234 lost"],
    ] {
        let report = report(&with_errors(&same));
        assert_eq!(patterns(&report, "repeated_error").len(), 1, "{same:?}: {}", report["patterns"]);
    }
    let long = "x".repeat(400);
    for other in [
        ["either/or", "either/and", "neither/nor"],
        ["refused by http://a.test/x", "refused by http://b.test/x", "refused by http://c.test/x"],
        ["status 404", "status 500", "status 403"],
        ["deadline", "decade", "facade"],
        [&format!("{long}a"), &format!("{long}b"), &format!("{long}c")],
    ] {
        let report = report(&with_errors(&other));
        assert_eq!(patterns(&report, "repeated_error").len(), 0, "{other:?}: {}", report["patterns"]);
    }
}

#[test]
fn only_failures_are_retries_and_only_the_excess_of_a_call_is_slow() {
    // Three files read in a row, often (P05).
    let good = [("read", 100.0, Some(true)); 9];
    let unknown = [("read", 100.0, None); 9];
    let calm: Vec<Value> = (0..9)
        .map(|index| session(&format!("s{index}"), if index % 2 == 0 { &good } else { &unknown }, &[], 5.0))
        .collect();
    assert!(patterns(&report(&calm), "failed_retry").is_empty());
    let bad = [("web", 36_000.0, Some(false)), ("web", 36_000.0, Some(false)), ("web", 36_000.0, Some(true))];
    let all: Vec<Value> = (0..10).map(|index| session(&format!("s{index}"), &bad, &[], 60.0)).collect();
    let report = report(&all);
    let found = patterns(&report, "failed_retry");
    // Twenty failures of 36 s; the ten that went well were slow by 31 s each (P06, P07).
    assert_eq!((&found[0]["occurrences"], &found[0]["total_time_hours"]), (&json!(10), &json!(0.2)));
    let slow = patterns(&report, "slow_tool");
    assert_eq!((&slow[0]["occurrences"], &slow[0]["total_time_hours"]), (&json!(30), &json!(0.09)));
}

#[test]
fn no_hour_is_charged_twice() {
    let calls: Vec<(&str, f64, Option<bool>)> = (0..40).map(|nth| ("web", 30_000.0, Some(nth % 4 == 0))).collect();
    let errors = ["disk full"; 30];
    let all: Vec<Value> = (0..12).map(|index| session(&format!("s{index}"), &calls, &errors, 25.0)).collect();
    let report = report(&all);
    let hours: f64 =
        report["patterns"].as_array().unwrap().iter().map(|one| one["total_time_hours"].as_f64().unwrap()).sum();
    assert!(patterns(&report, "repeated_error").len() == 1 && hours <= 12.0 * 25.0 / 60.0 + 0.05, "{hours}: {report}");
}

#[test]
fn one_script_serves_every_session_that_was_worked_alike() {
    // The same two tools in turn, each a different number of times (P21).
    let all: Vec<Value> = (0..20)
        .map(|index| {
            let calls: Vec<(&str, f64, Option<bool>)> =
                (0..12 + index).map(|nth| (if nth % 2 == 0 { "Search" } else { "edit" }, 10.0, None)).collect();
            session(&format!("s{index}"), &calls, &[], 60.0)
        })
        .collect();
    let report = report(&all);
    let found = patterns(&report, "manual_process");
    assert_eq!((found.len(), &found[0]["name"], &found[0]["sessions"]), (1, &json!("search → edit"), &json!(20)));
    let proposals = report["proposals"].as_array().unwrap();
    assert_eq!((proposals.len(), &proposals[0]["implementation_hours"]), (1, &json!(4)));
    // Twenty hours in the four weeks that are taken where no session says when: half of five a week.
    assert_eq!((&proposals[0]["estimated_weekly_hours_saved"], &proposals[0]["roi_weeks"]), (&json!(2.5), &json!(1.6)));
    assert_eq!(proposals[0]["priority"], "high");
    assert_eq!(proposals[0]["monthly_saving"], 543.75);
}

#[test]
fn a_week_is_one_of_those_that_the_sessions_cover() {
    let mut all = with_errors(&["boom"; 40]);
    let first = report(&all)["proposals"][0]["estimated_weekly_hours_saved"].as_f64().unwrap();
    all[0]["started_at"] = json!("2026-10-01T00:00:00Z");
    all[39]["ended_at"] = json!("2026-11-26T00:00:00Z");
    let report = report(&all);
    // Eight weeks, not four (P13).
    assert_eq!(
        report["proposals"][0]["estimated_weekly_hours_saved"].as_f64().unwrap(),
        (first * 50.0).round() / 100.0
    );
    let money = job(&json!(all)).args(["--threshold", "0", "--hourly-rate", "100"]).run().json(0);
    let of = |report: &Value| report["proposals"][0]["monthly_saving"].as_f64().unwrap();
    assert!((of(&money) - 2.0 * of(&report)).abs() < 0.02, "{} {}", of(&money), of(&report));
}

#[test]
fn a_rule_can_add_a_pattern_without_a_compiler() {
    let rules = std::fs::read_to_string(crate::support::root().join("rules/improvement-proposals.yaml")).unwrap();
    let added = "detect:\n  rules:\n    - id: chatty\n      each: tools\n      when: tool.calls > 50 * sessions\n      \
                 subject: tool.name\n      pattern_type: chatty_tool\n      description: \"{{ tool.name }} is called all the time\"\n      \
                 occurrences: tool.calls\n      total_time_hours: tool.calls / 3600\n";
    let calls = [("ls", 1.0, None); 60];
    let kaizen = Kaizen::bare();
    kaizen.file("own/improvement-proposals.yaml", &rules.replace("detect:\n  rules:\n", added));
    kaizen.file("s.json", &json!([session("s", &calls, &[], 5.0)]).to_string());
    let run = kaizen.args(["improvement-proposals", "--dry-run", "--input", "s.json", "--rules", "own"]);
    let report = run.format("json").run().json(0);
    assert_eq!(patterns(&report, "chatty_tool")[0]["description"], "ls is called all the time");
}

#[test]
fn people_read_a_report() {
    let mut all = with_errors(&["connection to https://db.test/x refused at 2026-11-02 10:00:00"; 40]);
    let bad = [
        ("web_fetch", 40_000.0, Some(false)),
        ("web_fetch", 40_000.0, Some(false)),
        ("web_fetch", 9_000.0, Some(true)),
    ];
    all.extend((0..60).map(|index| session(&format!("w{index}"), &bad, &[], 45.0)));
    let text = job(&json!(all)).format("text").args(["--threshold", "0.1"]).run();
    insta::assert_snapshot!("proposals_text", text.stdout);
    let markdown = job(&json!(all)).format("markdown").args(["--threshold", "0.1"]).run();
    insta::assert_snapshot!("proposals_markdown", markdown.stdout);
}
