//! `kaizen why`: the explanation is the decision's own, and says what narrowly did not happen.
//!
//! Takes: the demo world, recorded items, made-up ones. Gives: what people read, as snapshots; and that
//! an explanation never disagrees with the run.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Kaizen, NOW, Ran, issue, root, world};

const DEMO: &str = "tests/worlds/demo.json";

fn demo() -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join(DEMO)).unwrap()).unwrap()
}

/// `why` over a world with the shipped rules.
fn why(world: &Value, args: &[&str]) -> Ran {
    let kaizen = Kaizen::bare();
    let path = kaizen.file("world.json", &world.to_string());
    let forge = format!("--forge=file:{}", path.display());
    kaizen.args(["why", "--now", NOW, &forge]).args(args).run()
}

fn explained(world: &Value, item: &str) -> Value {
    let ran = why(world, &[item, "--format", "json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn an_item_that_is_not_ready_is_told_what_it_lacks() {
    insta::assert_snapshot!(why(&demo(), &["ferry/api#203"]).stdout);
}

#[test]
fn all_points_and_flags_are_told_with_v() {
    insta::assert_snapshot!(why(&demo(), &["ferry/api#203", "-v"]).stdout);
}

#[test]
fn an_item_that_is_handed_out_is_told_which_rules_did_not_hold() {
    insta::assert_snapshot!(why(&demo(), &["ferry/api#229"]).stdout);
}

#[test]
fn markdown_has_every_point_in_a_table() {
    insta::assert_snapshot!(why(&demo(), &["ferry/app#77", "--format", "markdown"]).stdout);
}

/// Every item of the demo: the same rule, action, score and flags as in the run, the same number of points
/// as the score needs, and each rule before it with a reason.
#[test]
fn an_explanation_agrees_with_the_run() {
    let report = Kaizen::triage(&demo()).run().json(0);
    let mut rules = BTreeMap::new();
    for issue in report["issues"].as_array().unwrap() {
        let item = format!("{}#{}", issue["repo"].as_str().unwrap(), issue["number"]);
        let told = explained(&demo(), &item);
        for member in ["rule", "action", "agent", "reason"] {
            assert_eq!(told["decision"][member], issue["decision"][member], "{item}: {member}");
        }
        let explanation = &told["explanation"];
        assert_eq!(explanation["score"], issue["score"], "{item}");
        for flag in explanation["flags"].as_array().unwrap() {
            if let Some(known) = issue.get(flag["name"].as_str().unwrap()) {
                assert_eq!(&flag["holds"], known, "{item}: {}", flag["name"]);
            }
        }
        for component in explanation["components"].as_array().unwrap() {
            let held = component["points"].as_array().unwrap().iter().filter(|point| point["held"] == true);
            let sum: i64 = held.map(|point| point["add"].as_i64().unwrap()).sum();
            let max = component["max"].as_i64().unwrap();
            let sum = if component["off"].is_null() { sum.clamp(0, max) } else { 0 };
            assert_eq!(component["value"].as_i64(), Some(sum), "{item}: {}", component["name"]);
        }
        for passed in explanation["passed"].as_array().unwrap() {
            let why = passed["why"].as_str().unwrap();
            assert!(
                why.contains("does not hold") || why.contains("no ") || why.contains("holds") || why.contains("a tag"),
                "{item}: {why}"
            );
            assert!(passed["line"].as_str().unwrap().contains("backlog-triage.yaml:"), "{item}");
        }
        assert_eq!(explanation["decided"]["rule"], issue["decision"]["rule"], "{item}");
        *rules.entry(issue["decision"]["rule"].as_str().unwrap_or("-").to_owned()).or_insert(0) += 1;
    }
    assert!(rules.len() >= 7, "the demo shows too few rules: {rules:?}");
}

/// The comment is short; the rest is what `why` says.
#[test]
fn the_comment_names_the_rule_that_is_explained_and_how_to_ask_for_the_rest() {
    let report = Kaizen::triage(&demo()).run().json(0);
    let mut seen = 0;
    for write in report["writes"].as_array().unwrap().iter().filter(|write| write["op"] == "comment") {
        let item = format!("{}#{}", write["repo"].as_str().unwrap(), write["number"]);
        let text = write["args"]["body"].as_str().unwrap();
        let told = explained(&demo(), &item);
        let rule = told["decision"]["rule"].as_str().unwrap();
        assert!(text.contains(&format!("The first rule that fits is **{rule}**.")), "{item}: {text}");
        assert!(text.contains(&format!("sees every step with `kaizen why {}`.", write["number"])), "{item}: {text}");
        seen += 1;
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn points_short_of_ready_come_with_what_would_add_some() {
    let world = world(json!([issue(2, "[feature] Export", json!({"body": "It should end."}))]));
    let told = explained(&world, "2");
    let nearest = &told["explanation"]["nearest"];
    assert_eq!(nearest["rule"], "not-ready");
    assert_eq!(nearest["would_hold"], false);
    assert_eq!(nearest["missing"], json!(["1 point more"]));
    let could: Vec<&str> =
        nearest["could"].as_array().unwrap().iter().map(|one| one["missing"][0].as_str().unwrap()).collect();
    assert_eq!(could[0], "1 more match of `file`", "{could:?}");
    assert!(nearest["could"][0]["line"].as_str().unwrap().contains("backlog-triage.yaml:"));
}

#[test]
fn an_item_that_is_not_there_is_an_error_that_says_so() {
    let ran = why(&demo(), &["ferry/api#9999"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("there is no item ferry/api#9999"), "{}", ran.stderr);
    let ran = why(&demo(), &["ferry/none#1"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    for slip in ["", "0", "#", "api#x", "a/b#0", "-1"] {
        assert_eq!(why(&demo(), &[slip]).code, 2, "{slip}");
    }
}

#[test]
fn a_number_that_two_repositories_have_is_asked_about() {
    let mut world = world(json!([issue(1, "a", json!({}))]));
    let repos = world["repos"].as_array_mut().unwrap();
    repos.push(json!({"full_name": "acme/web", "issues": [issue(1, "b", json!({}))]}));
    let ran = why(&world, &["#1"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("name one of acme/app#1, acme/web#1"), "{}", ran.stderr);
    assert_eq!(why(&world, &["acme/web#1"]).code, 0);
}

#[test]
fn what_scope_leaves_out_is_explained_with_a_note() {
    let closed = issue(1, "Crash", json!({"state": "closed"}));
    let ran = why(&world(json!([closed])), &["1"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("`scope` leaves it out"), "{}", ran.stderr);
}

#[test]
fn what_a_hostile_item_holds_stays_text() {
    let title = "[bug] \u{1b}[31m::error::x `a` <!-- kaizen:v1 --> | @ines";
    let body = "should \u{202e}must src/a.rs\n\n## Steps\n::set-output::";
    let world = world(json!([issue(1, title, json!({ "body": body }))]));
    let text = why(&world, &["1", "-v"]).stdout;
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    let markdown = why(&world, &["1", "--format", "markdown"]).stdout;
    assert!(!markdown.contains("<!--") && !markdown.contains(" @ines"), "{markdown}");
}
