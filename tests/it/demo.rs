//! The demo world: what a newcomer sees first.
//!
//! Takes: `tests/worlds/demo.json`, the shipped rules. Gives: the text that the README shows, as
//! a snapshot, and for each kind of issue in that world what becomes of it and why. Where the
//! digest of a decision changes on purpose, the comment on #207 is to be taken anew from the
//! plan of a run without it: `tests/worlds/README.md` says how.

use serde_json::Value;

use crate::support::{Kaizen, Ran, root};

/// A dry run over the demo world, as the README starts it.
fn demo(format: &'static str) -> Kaizen {
    let world = root().join("tests/worlds/demo.json");
    Kaizen::bare()
        .args(["backlog-triage", "--dry-run", "--forge"])
        .args([format!("file:{}", world.display())])
        .rules("rules")
        .format(format)
        .at("2026-11-20T12:00:00Z")
}

fn report() -> Value {
    demo("json").run().json(0)
}

/// Rule, state and note of an issue.
fn fate(report: &Value, repo: &str, number: u64) -> (String, String, String) {
    let issues = report["issues"].as_array().unwrap();
    let found = issues.iter().find(|issue| issue["repo"] == repo && issue["number"] == number);
    let decision = &found.unwrap_or_else(|| panic!("{repo}#{number} is not in the report"))["decision"];
    let text = |name: &str| decision[name].as_str().unwrap_or("").to_owned();
    (text("rule"), text("state"), text("note"))
}

/// Operations planned for an item, in their order.
fn planned<'r>(report: &'r Value, repo: &str, number: u64) -> Vec<&'r str> {
    let writes = report["writes"].as_array().unwrap().iter();
    writes
        .filter(|write| write["repo"] == repo && write["number"] == number)
        .map(|write| write["op"].as_str().unwrap())
        .collect()
}

#[test]
fn the_demo_fits_on_a_screen_and_says_what_would_happen() {
    let Ran { code, stdout, stderr } = demo("text").run();
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.lines().count() <= 45, "{stdout}");
    insta::assert_snapshot!(stdout);
}

#[test]
fn each_issue_of_the_demo_meets_the_fate_that_it_is_there_to_show() {
    let report = report();
    let expected = [
        // Terse and urgent: never left lying for want of detail.
        ("ferry/api", 231, "urgent", "planned"),
        ("ferry/api", 229, "urgent", "planned"),
        ("ferry/app", 88, "urgent", "planned"),
        // Ready work past what the agent may have in hand; "non-blocking" is no block.
        ("ferry/api", 228, "ready", "waiting"),
        ("ferry/api", 221, "ready", "waiting"),
        ("ferry/app", 86, "ready", "waiting"),
        // Blocked by its text, twice in other words; by its label, and said so before.
        ("ferry/api", 219, "blocked", "planned"),
        ("ferry/app", 77, "blocked", "planned"),
        ("ferry/api", 207, "blocked", "unchanged"),
        ("ferry/api", 217, "research", "planned"),
        ("ferry/app", 81, "research", "planned"),
        ("ferry/app", 79, "research", "dropped"),
        ("ferry/api", 214, "stuck", "planned"),
        ("ferry/api", 210, "meta", "skipped"),
        ("ferry/app", 74, "meta", "skipped"),
        ("ferry/api", 199, "assigned", "skipped"),
        ("ferry/api", 203, "not-ready", "skipped"),
        ("ferry/api", 195, "opted-out", "skipped"),
        ("ferry/api", 190, "own-report", "skipped"),
    ];
    for (repo, number, rule, state) in expected {
        let (by, became, _) = fate(&report, repo, number);
        assert_eq!((by.as_str(), became.as_str()), (rule, state), "{repo}#{number}");
    }
    assert_eq!(fate(&report, "ferry/app", 79).2, "ines asked to leave it alone.");
    let kinds = report["issues"].as_array().unwrap().iter().map(|issue| &issue["kind"]);
    assert!(kinds.clone().count() == 25 && kinds.into_iter().all(|kind| kind == "issue"));
}

#[test]
fn the_demo_plans_writes_only_where_it_acts() {
    let report = report();
    assert_eq!(planned(&report, "ferry/api", 231), ["comment", "assign"]);
    assert_eq!(planned(&report, "ferry/app", 81), ["comment", "add_labels"]);
    assert_eq!(planned(&report, "ferry/api", 214), ["comment"]);
    assert_eq!(planned(&report, "ferry/api", 190), ["edit_body"], "the summary is kept up to date");
    for (repo, number) in [("ferry/api", 207), ("ferry/app", 79), ("ferry/api", 228), ("ferry/api", 203)] {
        assert!(planned(&report, repo, number).is_empty(), "{repo}#{number}");
    }
    let new = report["writes"].as_array().unwrap().iter().filter(|write| write["number"].is_null());
    let new: Vec<_> = new.map(|write| (write["op"].as_str().unwrap(), write["repo"].as_str().unwrap())).collect();
    assert_eq!(new, [("create_issue", "ferry/app")], "where no summary is yet, one is opened");
}

#[test]
fn the_agent_gets_as_much_as_it_may_have_in_hand_and_its_stuck_work_does_not_count() {
    let report = report();
    let issues = report["issues"].as_array().unwrap();
    let of = |state: &str| {
        let handed = |issue: &&Value| issue["decision"]["agent"] == "claude" && issue["decision"]["state"] == state;
        issues.iter().filter(handed).count()
    };
    assert_eq!((of("planned"), of("waiting")), (3, 6));
    let held = issues.iter().filter(|issue| issue["assignees"] == serde_json::json!(["claude"]));
    assert_eq!(held.map(|issue| &issue["number"]).collect::<Vec<_>>(), [214]);
    assert_eq!(report["totals"]["timelines"], 1, "only what is in an agent's hands costs its timeline");
}

#[test]
fn a_forge_file_without_its_prefix_is_told_what_is_missing() {
    let commands: [&[&str]; 6] = [
        &["backlog-triage", "--dry-run"],
        &["why", "acme/app#1"],
        &["rules", "check", "--live"],
        &["kaizen-retro", "--dry-run"],
        &["snapshot", "--output", "out.json"],
        &["init", "--agent", "claude=bot"],
    ];
    for command in commands {
        // One that is there under any name, and one that ends as a file does.
        for forge in ["world", "none/demo.JSON"] {
            let kaizen = Kaizen::bare();
            kaizen.file("world", "{}");
            let ran = kaizen.args(command).args(["--forge", forge]).run();
            assert_eq!(ran.code, 2, "{command:?}: {}", ran.stderr);
            assert!(ran.stderr.contains(&format!("write --forge file:{forge}")), "{command:?}: {}", ran.stderr);
        }
    }
}
