//! What of the rules matched nothing is told to who asks for all of it.

use serde_json::{Value, json};

use crate::support::{Kaizen, issue, labels, world};

const RULES: &str = "version: 1\njob: backlog-triage\nkeywords: {bug: [bug, crash, defect], meta: [rfc]}\n\
    flags: {urgent: tagged.meta, ready: false, blocked: false}\ndecide:\n  - {id: bug, when: tagged.bug, action: skip}\n\
    \x20 - {id: locked, when: locked, action: skip}\n  - {id: rest, action: skip}\n";

fn backlog() -> Value {
    world(json!([issue(1, "[bug] One", json!({})), issue(2, "Two", json!({"labels": labels(&["kind/RFC", "odd"])}))]))
}

#[test]
fn rules_and_words_that_met_no_item_are_listed() {
    let report = Kaizen::triage(&backlog()).rule_file(RULES).run().json(0);
    assert_eq!(report["unmatched"], json!({"rules": ["locked"], "words": {"bug": ["crash", "defect"]}}));
    let text = Kaizen::triage(&backlog()).rule_file(RULES).format("text").run().stdout;
    assert!(!text.contains("matched nothing"), "no newcomer ends on that: {text}");
    let text = Kaizen::triage(&backlog()).rule_file(RULES).format("text").args(["-v"]).run().stdout;
    let told = "\n\n1 rule and 2 words matched nothing\nrules: locked\nbug: crash, defect\n";
    assert!(text.contains(told), "{text}");
    let page = Kaizen::triage(&backlog()).rule_file(RULES).format("markdown").run().stdout;
    assert!(page.contains("<details><summary>1 rule and 2 words matched nothing</summary>\n\n- rules: `locked`\n- bug: crash, defect\n"), "{page}");
}

#[test]
fn where_everything_met_something_nothing_is_told() {
    let rules = RULES.replace("[bug, crash, defect]", "[bug]").replace("when: locked", "when: tagged.meta");
    let ran = Kaizen::triage(&backlog()).rule_file(&rules);
    let (ran, text) =
        (ran.run(), Kaizen::triage(&backlog()).rule_file(&rules).format("text").args(["-v"]).run().stdout);
    // The last rule is for what no other takes.
    assert_eq!(ran.json(0)["unmatched"], json!({"rules": ["rest"], "words": {}}));
    assert!(text.contains("\n1 rule matched nothing\nrules: rest\n"), "{text}");
    let rules = rules.replace("  - {id: rest, action: skip}\n", "");
    let text = Kaizen::triage(&backlog()).rule_file(&rules).format("text").args(["-v"]).run().stdout;
    assert!(!text.contains("matched nothing"), "{text}");
}

#[test]
fn a_look_at_one_item_tells_nothing_about_the_rules() {
    let one = Kaizen::triage(&backlog()).rule_file(RULES).args(["--only", "1"]).run();
    assert_eq!(one.json(0)["unmatched"], Value::Null);
    let none = Kaizen::triage(&world(json!([]))).rule_file(RULES).run();
    assert_eq!(none.json(0)["unmatched"], Value::Null);
}
