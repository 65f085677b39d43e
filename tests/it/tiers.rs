//! What reading costs: the timeline of an item is read where nothing cheaper decides, and only there.
//!
//! Takes: worlds with and without recorded timelines, the shipped rule `stuck` and rules of the
//! test's own. Gives: decisions, and `totals.timelines`, which counts the timelines that were read.
//! The clock stands at noon of 20 November 2026, so that "20 days ago" is the last of October.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use crate::support::{Kaizen, NOW, issue, record, repo_world};

/// An instant so many days before the run.
fn ago(days: i64) -> String {
    let now: DateTime<Utc> = NOW.parse().unwrap();
    (now - Duration::days(days)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// An issue created and last updated so many days ago, with these members beside.
fn aged(number: u64, created: i64, updated: i64, with: Value) -> Value {
    let mut issue = issue(number, "Broken door", with);
    issue["created_at"] = json!(ago(created));
    issue["updated_at"] = json!(ago(updated));
    issue
}

/// The same in the hands of the agent `claude`.
fn held(number: u64, created: i64, updated: i64) -> Value {
    aged(number, created, updated, json!({ "assignees": [{ "login": "claude" }] }))
}

fn event(login: &str, days: i64) -> Value {
    json!({ "id": 1, "type": "comment", "user": { "login": login }, "created_at": ago(days) })
}

fn with_events(issues: Value, events: Value) -> Value {
    repo_world(json!({ "full_name": "acme/app", "issues": issues, "events": events }))
}

fn timelines(report: &Value) -> u64 {
    report["totals"]["timelines"].as_u64().unwrap()
}

/// The rule that decided, and the state.
fn rule(report: &Value, number: u64) -> (String, String) {
    let record = record(report, number);
    let text = |value: &Value| value.as_str().unwrap_or("null").to_owned();
    (text(&record["decision"]["rule"]), text(&record["decision"]["state"]))
}

fn reason(report: &Value, number: u64) -> String {
    record(report, number)["decision"]["reason"].as_str().unwrap_or("null").to_owned()
}

fn shipped(world: &Value) -> Value {
    Kaizen::triage(world).rules("rules").run().json(0)
}

/// Two rules: what a label says first, then what has been idle for ten days. `condition` joins them.
fn own(condition: &str) -> String {
    format!(
        "version: 1\njob: backlog-triage\nextends: [common.yaml]\n\
         flags: {{urgent: false, ready: false, blocked: false}}\n\
         decide:\n\
         \x20 - {{id: parked, when: \"'parked' in labels\", action: skip, reason: Parked.}}\n\
         \x20 - {{id: idle, when: \"{condition}\", action: skip, reason: 'Idle for {{{{ idle_days }}}} days.'}}\n\
         \x20 - {{id: rest, action: skip, reason: Fresh.}}\n"
    )
}

const IDLE: &str = "idle_days is not none and idle_days >= 10";

fn own_run(world: &Value, condition: &str) -> Value {
    Kaizen::triage(world).rule_file(&own(condition)).run().json(0)
}

#[test]
fn what_an_earlier_rule_decides_costs_no_timeline() {
    let parked = aged(1, 40, 1, json!({ "labels": [{ "name": "parked" }] }));
    let report = own_run(&with_events(json!([parked]), json!({ "1": [event("ada", 1)] })), IDLE);
    assert_eq!((rule(&report, 1).0.as_str(), timelines(&report)), ("parked", 0));
}

#[test]
fn what_the_dates_of_the_list_decide_costs_no_timeline() {
    // Untouched for longer than ten days by anyone; younger than ten days; ten days to the hour.
    let issues = json!([aged(1, 40, 20, json!({})), aged(2, 5, 1, json!({})), aged(3, 40, 10, json!({}))]);
    let events = json!({ "1": [event("ada", 20)], "2": [event("ada", 1)], "3": [event("ada", 10)] });
    let report = own_run(&with_events(issues, events), IDLE);
    let rules = [1, 2, 3].map(|number| rule(&report, number).0);
    assert_eq!((rules, timelines(&report)), (["idle", "rest", "idle"].map(str::to_owned), 0));
    assert_eq!(reason(&report, 1), "Idle for at least 20 days.");
}

#[test]
fn an_item_between_the_bounds_costs_one_timeline() {
    let issues = json!([aged(1, 40, 1, json!({})), aged(2, 40, 1, json!({}))]);
    let events = json!({ "1": [event("ada", 30), event("ada", 1)], "2": [event("ada", 30), event("kaizen", 1)] });
    let report = own_run(&with_events(issues, events), IDLE);
    assert_eq!([rule(&report, 1).0, rule(&report, 2).0], ["rest", "idle"]);
    assert_eq!(timelines(&report), 2, "one each");
    assert_eq!(reason(&report, 2), "Idle for 30 days.");
}

#[test]
fn a_timeline_that_two_rules_ask_for_is_read_once() {
    let rules = own(IDLE).replace(
        "{id: rest,",
        "{id: warm, when: idle_days is not none and idle_days >= 5, action: skip}\n  - {id: rest,",
    );
    let world = with_events(json!([aged(1, 40, 1, json!({}))]), json!({ "1": [event("ada", 7)] }));
    let report = Kaizen::triage(&world).rule_file(&rules).run().json(0);
    assert_eq!((rule(&report, 1).0.as_str(), timelines(&report)), ("warm", 1));
}

#[test]
fn our_own_writes_are_no_activity() {
    let world = with_events(
        json!([aged(1, 40, 0, json!({})), aged(2, 40, 0, json!({})), aged(3, 40, 0, json!({}))]),
        json!({
            "1": [event("kaizen", 12), event("kaizen", 0)], // nobody but us since it was opened
            "2": [event("ada", 12), event("kaizen", 0)],
            "3": [event("kaizen", 12), event("helper-bot", 1)], // an account that `bots` names
        }),
    );
    let rules = own(IDLE).replace("flags:", "bots: [helper-bot]\nflags:");
    let report = Kaizen::triage(&world).rule_file(&rules).run().json(0);
    let reasons = [1, 2, 3].map(|number| reason(&report, number));
    assert_eq!(reasons, ["Idle for 40 days.", "Idle for 12 days.", "Idle for 40 days."]);
}

#[test]
fn without_a_recorded_timeline_the_item_is_skipped_and_says_why() {
    // 1 turns on its timeline; 2 and 3 are decided by their dates, 4 was recorded as empty.
    let issues = json!([
        aged(1, 40, 1, json!({})),
        aged(2, 40, 20, json!({})),
        aged(3, 5, 1, json!({})),
        aged(4, 40, 1, json!({})),
    ]);
    let report = own_run(&with_events(issues, json!({ "4": [] })), IDLE);
    let unknown = &record(&report, 1)["decision"];
    assert_eq!(unknown["rule"], Value::Null);
    assert_eq!((unknown["action"].as_str(), unknown["state"].as_str()), (Some("skip"), Some("skipped")));
    assert_eq!(unknown["agent"], Value::Null);
    let why = reason(&report, 1);
    assert!(why.contains("timeline") && why.contains("not recorded"), "{why}");
    assert_eq!([2, 3, 4].map(|number| rule(&report, number).0), ["idle", "rest", "idle"]);
    assert_eq!(reason(&report, 4), "Idle for 40 days.", "an empty timeline says that nothing happened since");
    assert_eq!(report["complete"], true);
}

#[test]
fn an_unknown_decision_is_not_false_so_later_rules_do_not_act() {
    let rules = "version: 1\njob: backlog-triage\nextends: [common.yaml]\n\
                 flags: {urgent: false, ready: false, blocked: false}\n\
                 agents: {owner: {login: owner}}\nactions: {hand-out: {agent: owner, assign: [owner]}}\n\
                 decide:\n\
                 \x20 - {id: fresh, when: idle_days is not none and idle_days < 10, action: skip}\n\
                 \x20 - {id: old, action: hand-out}\n";
    let world = with_events(json!([aged(1, 40, 1, json!({}))]), json!({}));
    let report = Kaizen::triage(&world).rule_file(rules).run().json(0);
    assert_eq!(rule(&report, 1), ("null".to_owned(), "skipped".to_owned()));
    assert_eq!(report["writes"], json!([]));
}

#[test]
fn no_and_not_read_is_no_and_yes_or_not_read_is_yes() {
    let plain = aged(1, 40, 1, json!({}));
    let locked = aged(2, 40, 1, json!({ "is_locked": true, "labels": [{ "name": "old" }] }));
    let world = with_events(json!([plain, locked]), json!({ "1": [event("ada", 1)], "2": [event("ada", 1)] }));
    for (condition, expected, reads) in [
        // The cheap half says no for 1, so only 2 is read; the order of the halves does not matter.
        (format!("'old' in labels and {IDLE}"), ["rest", "rest"], 1),
        (format!("{IDLE} and 'old' in labels"), ["rest", "rest"], 1),
        // The cheap half says yes for 2, so only 1 is read.
        (format!("'old' in labels or ({IDLE})"), ["rest", "idle"], 1),
        (format!("({IDLE}) or 'old' in labels"), ["rest", "idle"], 1),
        // `not` keeps what is not read; a branch that is not taken is not read.
        (format!("not ('old' in labels or ({IDLE}))"), ["idle", "rest"], 1),
        (format!("({IDLE}) if 'old' in labels else false"), ["rest", "rest"], 1),
    ] {
        // A reason that names `idle_days` costs nothing more: what is certain is said.
        let report = own_run(&world, &condition);
        let rules = [rule(&report, 1).0, rule(&report, 2).0];
        assert_eq!((rules.each_ref().map(String::as_str), timelines(&report)), (expected, reads), "{condition}");
    }
}

#[test]
fn a_date_that_cannot_be_read_leaves_the_other_bound() {
    let mut no_update = aged(1, 5, 1, json!({}));
    no_update["updated_at"] = json!(null);
    let mut no_creation = aged(2, 5, 20, json!({}));
    no_creation["created_at"] = json!("yesterday");
    let world =
        with_events(json!([no_update, no_creation]), json!({ "1": [event("ada", 1)], "2": [event("ada", 20)] }));
    let report = own_run(&world, IDLE);
    assert_eq!(rule(&report, 1).0, "rest", "five days old: never idle for ten");
    assert_eq!(rule(&report, 2).0, "idle");
    assert!(timelines(&report) <= 1, "only the second may need its timeline");
}

#[test]
fn under_only_other_timelines_are_left_alone_where_nothing_counts_them() {
    let issues = json!([aged(1, 40, 1, json!({})), aged(2, 40, 1, json!({})), aged(3, 40, 1, json!({}))]);
    let events = json!({ "1": [event("ada", 1)], "2": [event("ada", 30)], "3": [event("ada", 1)] });
    let world = with_events(issues, events);
    let report = Kaizen::triage(&world).rule_file(&own(IDLE)).args(["--only", "2"]).run().json(0);
    assert_eq!(report["issues"].as_array().unwrap().len(), 1);
    assert_eq!((rule(&report, 2).0.as_str(), timelines(&report)), ("idle", 1));
}

#[test]
fn the_shipped_rule_stuck_reads_what_is_held_and_between_the_bounds() {
    let world = with_events(
        json!([
            held(1, 40, 20),           // untouched for 20 days: stuck, whatever its timeline says
            held(2, 10, 1),            // ten days old: not stuck
            held(3, 40, 1),            // between: its author wrote yesterday
            held(4, 40, 1),            // between: only we wrote since 30 days ago
            aged(5, 40, 1, json!({})), // in nobody's hands
            aged(
                6,
                40,
                1,
                json!({ "title": "[rfc] Doors", "labels": [{ "name": "kaizen-ignore" }],
                "assignees": [{ "login": "claude" }] })
            ), // an earlier rule decides
        ]),
        json!({
            "1": [event("ada", 20)], "2": [event("ada", 1)], "3": [event("ada", 1)],
            "4": [event("claude", 30), event("kaizen", 1)], "5": [event("ada", 1)], "6": [event("ada", 1)],
        }),
    );
    let report = shipped(&world);
    let rules: Vec<String> = (1..=6).map(|number| rule(&report, number).0).collect();
    assert_eq!(rules, ["stuck", "assigned", "assigned", "stuck", "not-ready", "opted-out"]);
    assert_eq!(timelines(&report), 2, "of 3 and 4");
    assert_eq!(reason(&report, 4), "An agent has this, and nothing has happened for 30 days. Is somebody still on it?");
    assert!(reason(&report, 1).contains("at least 20 days"), "{}", reason(&report, 1));
}

#[test]
fn under_the_shipped_rules_an_unrecorded_timeline_is_said_and_nothing_is_written() {
    let report = shipped(&repo_world(json!({ "full_name": "acme/app", "issues": [held(1, 40, 1), held(2, 40, 20)] })));
    assert_eq!(rule(&report, 1), ("null".to_owned(), "skipped".to_owned()));
    assert!(reason(&report, 1).contains("timeline"), "{}", reason(&report, 1));
    assert_eq!(rule(&report, 2), ("stuck".to_owned(), "planned".to_owned()));
    let writes = report["writes"].as_array().unwrap();
    assert!(!writes.iter().any(|write| write["number"] == 1), "{writes:?}");
}

#[test]
fn under_only_work_in_hand_is_counted_as_in_a_full_run() {
    // Three in hand fill the agent's cap; the urgent fourth waits. Is one of the three stuck, it goes.
    let urgent = aged(4, 2, 1, json!({ "title": "[security] Door open" }));
    let issues = json!([held(1, 40, 1), held(2, 10, 1), held(3, 10, 1), urgent]);
    for (last, expected) in [(1, "waiting"), (30, "planned")] {
        let events = json!({ "1": [event("ada", last), event("kaizen", 1)] });
        let world = with_events(issues.clone(), events);
        let full = shipped(&world);
        let only = Kaizen::triage(&world).rules("rules").args(["--only", "4"]).run().json(0);
        assert_eq!(rule(&full, 4), ("urgent".to_owned(), expected.to_owned()), "activity {last} days ago");
        assert_eq!(rule(&only, 4), rule(&full, 4), "--only, activity {last} days ago");
    }
}
