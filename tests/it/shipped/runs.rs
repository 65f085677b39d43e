//! What spans runs and issues: acting once, leaving our own reports, order and room (T02, T07, T09).

use std::path::Path;

use serde_json::{Value, json};

use super::READY;
use crate::support::{Kaizen, issue, labels, record, repo_world, world};

const PACKS: [&str; 2] = ["tests/reference/rules", "rules"];

/// Runs with `--plan-out`; gives the report and the plan.
fn planned(world: &Value, pack: &str) -> (Value, Value) {
    let kaizen = Kaizen::triage(world).rules(pack);
    let path = kaizen.folder().join("plan.json");
    let (ran, _folder) = kaizen.args([Path::new("--plan-out"), &path]).run_in();
    let plan = std::fs::read_to_string(path).unwrap();
    (ran.json(0), serde_json::from_str(&plan).unwrap())
}

/// The planned writes of an issue.
fn writes(plan: &Value, number: u64) -> Vec<Value> {
    let item = plan["items"].as_array().unwrap().iter().find(|item| item["number"] == number);
    item.map(|item| item["effects"][0]["writes"].as_array().unwrap().clone()).unwrap_or_default()
}

/// A world of these issues, the first of which has this comment.
fn commented(issues: &[Value], login: &str, body: &Value) -> Value {
    let comment = json!({ "id": 55, "body": body, "user": { "login": login }, "created_at": "2026-11-20T11:00:00Z" });
    repo_world(json!({ "full_name": "acme/app", "issues": issues, "comments": { "1": [comment] } }))
}

#[test]
fn t02_a_decision_is_acted_on_once() {
    for (title, with, action) in [
        ("[research] Other parsers", json!({ "body": READY }), "label-kimi"),
        ("[feature] Save twice", json!({ "body": format!("This is blocked by #3. {READY}") }), "flag-owner"),
        ("[feature] Save twice", json!({ "body": READY }), "assign-claude"),
    ] {
        let issues = [issue(1, title, with)];
        for pack in PACKS {
            let what = format!("{action} under {pack}");
            let (report, plan) = planned(&world(json!(issues)), pack);
            assert_eq!(record(&report, 1)["decision"]["action"], action, "{what}");
            assert_eq!(record(&report, 1)["decision"]["state"], "planned", "{what}");
            let first = writes(&plan, 1);
            assert_eq!(first[0]["op"], "comment", "{what}");
            let body = &first[0]["args"]["body"];

            // Once our comment is there, nothing more is written: neither the comment again nor a
            // label or an assignee that somebody has taken off since.
            let (report, plan) = planned(&commented(&issues, "kaizen", body), pack);
            assert_eq!(record(&report, 1)["decision"]["state"], "unchanged", "{what}");
            assert_eq!(writes(&plan, 1), Vec::<Value>::new(), "{what}");
            assert_eq!(json!([report["totals"]["acted"], report["totals"]["unchanged"]]), json!([0, 1]), "{what}");

            // A copy of it in another's comment says nothing about us.
            let (report, plan) = planned(&commented(&issues, "mallory", body), pack);
            assert_eq!(record(&report, 1)["decision"]["state"], "planned", "{what}");
            assert_eq!(writes(&plan, 1).len(), first.len(), "{what}");
        }
    }
}

#[test]
fn t02_another_decision_is_acted_on_again_and_our_comment_is_edited() {
    let before = [issue(1, "[research] Other parsers", json!({ "body": READY }))];
    let (_, plan) = planned(&world(json!(before)), "rules");
    let body = &writes(&plan, 1)[0]["args"]["body"];

    let urgent = [issue(1, "[research][p0] Other parsers", json!({ "body": READY }))];
    let (report, plan) = planned(&commented(&urgent, "kaizen", body), "rules");
    assert_eq!(record(&report, 1)["decision"]["state"], "planned");
    let ops: Vec<Value> = writes(&plan, 1).iter().map(|write| write["op"].clone()).collect();
    assert_eq!(ops, ["edit_comment", "assign"]);
    assert_eq!(writes(&plan, 1)[0]["args"]["id"], 55);

    // Who has to be told is told anew: an edit reaches nobody.
    let text = format!("This is blocked by #3. {READY}");
    let blocked = [issue(1, "[research] Other parsers", json!({ "body": text }))];
    let (_, plan) = planned(&commented(&blocked, "kaizen", body), "rules");
    assert_eq!(writes(&plan, 1)[0]["op"], "comment");
}

/// The summary that a run under the shipped pack would create, as the issue it becomes.
fn own_summary(login: &str) -> Value {
    let ready = issue(1, "[feature] src/ should not be blocked", json!({ "body": READY }));
    let (_, plan) = planned(&world(json!([ready])), "rules");
    let items = plan["items"].as_array().unwrap();
    let write = items.iter().find(|item| item["number"].is_null()).unwrap()["effects"][0]["writes"][0].clone();
    assert_eq!(write["op"], "create_issue");
    assert_eq!(write["args"]["labels"], json!(["kaizen-summary"]));
    issue(
        2,
        write["args"]["title"].as_str().unwrap(),
        json!({
            "body": write["args"]["body"], "user": { "id": 9, "login": login },
            "labels": labels(&["kaizen-summary"]),
        }),
    )
}

#[test]
fn t07_our_own_reports_are_no_work() {
    // What the reference writes: titles and reasons quoted, which make it ready and blocked.
    let theirs = "## Top\n\n1. #4 src/ should return (def save)\n2. #5 tests/ must pass\n\n\
        ## Steps\n\n- #6: Issue appears blocked. test_save fails";
    let report = issue(
        1,
        "[feature] Backlog of today",
        json!({
            "body": theirs, "user": { "id": 9, "login": "kaizen" }, "labels": labels(&["kaizen-summary"]),
        }),
    );
    let both = super::both_of(&[report]).remove(0);
    assert_eq!(both.rules(), ("blocked".to_owned(), "own-report".to_owned()));
    assert_eq!(both.of("/decision/action"), (json!("flag-owner"), json!("skip")));
}

#[test]
fn t07_a_summary_is_known_by_its_marker_and_written_over_and_not_made_twice() {
    let mut summary = own_summary("kaizen");
    summary["labels"] = json!([]); // somebody took its label off
    let both = super::both_of(&[summary.clone()]).remove(0);
    assert_ne!(both.rules().0, "own-report");
    assert_eq!(both.rules().1, "own-report");

    let ops = |summary: &Value| -> Vec<Value> {
        let (_, plan) = planned(&world(json!([summary])), "rules");
        let items = plan["items"].as_array().unwrap().iter();
        items.map(|item| item["effects"][0]["writes"][0]["op"].clone()).collect()
    };
    assert_eq!(ops(&summary), Vec::<Value>::new(), "today's is written");
    let body = summary["body"].as_str().unwrap();
    let (before, after) = body.split_once(" day=").unwrap();
    summary["body"] = format!("{before} day=2026-01-02{}", &after[10..]).into();
    assert_eq!(ops(&summary), ["edit_body"]);
}

#[test]
fn t07_a_copied_marker_excuses_nobody() {
    let mut summary = own_summary("mallory");
    summary["labels"] = json!([]);
    let both = super::both_of(&[summary]).remove(0);
    assert_ne!(both.rules().1, "own-report");
}

/// Newest first, as forges list them; the urgent one has the least score.
fn backlog() -> Vec<Value> {
    vec![
        issue(9, "[feature] Save twice", json!({ "body": READY })),
        issue(8, "[p0] Down", json!({})),
        issue(7, "[loop-generated] Save", json!({ "body": READY })),
        issue(6, "[bug] Lost", json!({ "body": READY })),
        issue(5, "[bug] Found", json!({ "body": READY })),
    ]
}

/// Numbers of the issues that get a comment, in the order of writing.
fn order(report: &Value) -> Vec<u64> {
    let writes = report["writes"].as_array().unwrap().iter();
    writes.filter(|write| write["op"] == "comment").map(|write| write["number"].as_u64().unwrap()).collect()
}

fn states(report: &Value) -> Vec<(u64, String)> {
    let issues = report["issues"].as_array().unwrap().iter();
    let state = |issue: &Value| issue["decision"]["state"].as_str().unwrap().to_owned();
    issues.map(|issue| (issue["number"].as_u64().unwrap(), state(issue))).collect()
}

#[test]
fn t09_the_urgent_go_first_then_the_score_then_the_oldest() {
    let backlog = backlog();
    let score = |pack: &str, number: u64| {
        let report = Kaizen::triage(&world(json!(backlog))).rules(pack).run().json(0);
        record(&report, number)["score"].as_u64().unwrap()
    };
    assert!(score("rules", 8) < score("rules", 7) && score("rules", 7) < score("rules", 9));

    // The reference has no notion of room and leaves the terse one lying (T10).
    let reference = Kaizen::triage(&world(json!(backlog))).reference().run().json(0);
    assert_eq!(order(&reference), [5, 6, 9, 7]);
    assert_eq!(reference["totals"]["waiting"], 0);

    // Here three go to the agent, and the order says which.
    let shipped = Kaizen::triage(&world(json!(backlog))).rules("rules").run().json(0);
    assert_eq!(order(&shipped), [8, 5, 6]);
    assert_eq!(json!([shipped["totals"]["acted"], shipped["totals"]["waiting"]]), json!([3, 2]));
    for (number, state) in states(&shipped) {
        assert_eq!(state, if [7, 9].contains(&number) { "waiting" } else { "planned" }, "#{number}");
    }
    // Policy, not a shortcoming: what waits keeps its rule and action, and the run is complete.
    assert_eq!(record(&shipped, 9)["decision"]["action"], "assign-claude");
    assert_eq!(shipped["complete"], true);
}

#[test]
fn t09_work_in_hand_takes_room_and_what_is_stuck_does_not() {
    let held = |number: u64, updated: &str| {
        issue(
            number,
            "[feature] In hand",
            json!({
                "assignees": [{ "id": 4, "login": "claude" }], "updated_at": updated, "created_at": "2026-10-01T12:00:00Z",
            }),
        )
    };
    let run = |held: Vec<Value>| {
        let issues: Vec<Value> = backlog().into_iter().chain(held).collect();
        // What is recorded of #2 and #3 is a word of today.
        let today = json!([{ "type": "comment", "user": { "login": "ada" }, "created_at": "2026-11-20T08:00:00Z" }]);
        let events = json!({ "2": today, "3": today });
        let world = repo_world(json!({ "full_name": "acme/app", "issues": issues, "events": events }));
        Kaizen::triage(&world).rules("rules").run().json(0)
    };
    let today = "2026-11-20T08:00:00Z";
    let two = run(vec![held(2, today), held(3, today)]);
    assert_eq!(order(&two), [8]);
    assert_eq!(two["totals"]["waiting"], 4);
    assert_eq!(record(&two, 2)["decision"]["rule"], "assigned");

    // The other has lain since the middle of October: it is flagged, and its room is free again.
    let one = run(vec![held(2, today), held(4, "2026-10-15T12:00:00Z")]);
    assert_eq!(record(&one, 4)["decision"]["rule"], "stuck");
    assert_eq!(record(&one, 4)["decision"]["action"], "flag-owner");
    let to_claude: Vec<u64> = order(&one).into_iter().filter(|number| *number != 4).collect();
    assert_eq!(to_claude, [8, 5]);
    assert_eq!(one["totals"]["waiting"], 3);
}
