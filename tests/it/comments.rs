//! The comments that the shipped rules leave on issues, as people read them there.
//!
//! Takes: the demo, what real forges answered, a hostile world; the shipped rules and templates. Gives: the comments
//! of the demo as a snapshot, and for every one: two or three sentences, a fold of at most ten lines, no condition.

use serde_json::{Value, json};

use crate::golden::read;
use crate::recorded;
use crate::support::{Kaizen, issue, labels, root, world};

/// What would be posted in a world, each with the place it goes to.
fn comments(world: &Value) -> Vec<(String, String)> {
    let report = Kaizen::triage(world).rules("rules").run();
    let report: Value = serde_json::from_str(&report.stdout).unwrap_or_else(|_| panic!("{}", report.stderr));
    let writes = report["writes"].as_array().unwrap().iter();
    let posted = writes.filter(|write| write["op"] == "comment" && write["key"] == "decision");
    posted
        .map(|write| {
            let place = format!("{}#{}", write["repo"].as_str().unwrap(), write["number"]);
            (place, write["args"]["body"].as_str().unwrap().to_owned())
        })
        .collect()
}

fn demo() -> Value {
    read(&root().join("tests/worlds/demo.json"))
}

/// Titles and texts of strangers that look like work.
fn hostile() -> Value {
    let texts = [
        "[bug] `count.file >= 1` and <details> in src/a_b.rs | must `x` #12 @ada",
        "[critical] ::error::x </details> score == 9",
        "[feature] snake_case `` ``` ~~~ must expect verify src/*.rs pytest",
    ];
    let body = |text: &str| {
        format!("## Expected\n\nIt must return `fn x()` in `src/{text}.rs`, see test_x and pytest.\n{text}")
    };
    let one =
        |(number, text): (u64, &&str)| issue(number, text, json!({ "body": body(text), "labels": labels(&[text]) }));
    world((1..).zip(&texts).map(one).collect())
}

#[test]
fn a_comment_is_short_and_in_words() {
    let worlds = recorded::worlds().chain([("demo", demo()), ("hostile", hostile())]);
    let mut count = 0;
    for (name, world) in worlds {
        for (place, body) in comments(&world) {
            let (open, fold) = body.split_once("<details><summary>Why</summary>").unwrap();
            let (fold, after) = fold.rsplit_once("</details>").unwrap();
            let sentences = open.matches(['.', '?']).count();
            assert!((1..=4).contains(&sentences) && open.chars().count() < 300, "{name} {place}: {open}");
            let lines = fold.lines().filter(|line| !line.trim().is_empty()).count();
            assert!(lines <= 10, "{name} {place}: {lines} lines: {fold}");
            // The one thing in backticks is what to type; what an issue says of itself is escaped.
            let ours = fold.replace("\\`", "");
            let code: Vec<&str> = ours.split('`').skip(1).step_by(2).collect();
            assert!(code.len() == 1 && code[0].starts_with("kaizen why "), "{name} {place}: {fold}");
            for condition in ["count.", "tagged.", "labelled.", ">= ", "| points |"] {
                assert!(!open.contains(condition), "{name} {place}: {open}");
                assert!(name == "hostile" || !fold.contains(condition), "{name} {place}: {fold}");
            }
            assert!(after.contains("/kaizen ignore"), "{name} {place}: how to be left alone is not said: {after}");
            count += 1;
        }
    }
    assert!(count >= 12, "{count} comments");
}

#[test]
fn the_comments_of_the_demo_read_well() {
    let all: Vec<String> = comments(&demo()).into_iter().map(|(place, body)| format!("=== {place}\n{body}")).collect();
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn what_a_rule_file_says_of_a_point_is_what_people_read() {
    let rules = crate::support::shipped(&[("because: is a bug", "because: 'somebody_called it *broken*, @ada'")]);
    let report =
        Kaizen::triage(&world(json!([issue(1, "[bug][critical] Save", json!({}))]))).rule_file(&rules).run().json(0);
    let body = report["writes"][0]["args"]["body"].as_str().map(str::to_owned);
    let mut bodies = report["writes"].as_array().unwrap().iter().filter_map(|write| write["args"]["body"].as_str());
    let body = bodies.rfind(|body| body.contains("alignment")).or(body.as_deref()).unwrap().to_owned();
    assert!(body.contains("somebody\\_called it \\*broken\\*, @\u{2060}ada, is urgent"), "{body}");
}

#[test]
fn the_summary_gives_every_reason_of_a_rule_or_says_that_there_are_more() {
    let held =
        |number: u64, login: &str| issue(number, "[bug] Save", json!({ "assignees": [{ "id": 9, "login": login }] }));
    let summary = |logins: &[&str]| {
        let issues: Vec<Value> = (1..).zip(logins).map(|(number, login)| held(number, login)).collect();
        let report = Kaizen::triage(&world(issues.into())).rules("rules").run().json(0);
        let writes = report["writes"].as_array().unwrap().iter();
        let bodies = writes.filter_map(|write| write["args"]["body"].as_str());
        let line = bodies.flat_map(str::lines).find(|line| line.contains("by the rule assigned")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{report}"))
    };
    let of = |login: &str| format!("In the hands of {login}.");
    assert_eq!(summary(&["ada", "ada"]), format!("- 2 by the rule assigned: {}", of("ada")));
    assert_eq!(summary(&["ada", "mem", "ada"]), format!("- 3 by the rule assigned: {} · {}", of("ada"), of("mem")));
    let many = summary(&["a", "b", "c", "d", "e"]);
    assert_eq!(many, format!("- 5 by the rule assigned: {} · {} · {} · …", of("a"), of("b"), of("c")));
}
