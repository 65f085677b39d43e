//! Texts of every kind are compared: comments, sections in somebody's text, issues that are created.

use serde_json::{Value, json};

use super::item;
use crate::support::{Kaizen, issue, world};

/// Both texts beside the comment.
const BOTH: (&str, &str) = (
    "  assign-claude: {",
    "  assign-claude: {edit_body: section.md.j2, create_issue: {title: \"Follow up: {{ title }}\", body: follow.md.j2, labels: [kimi-ready]}, ",
);
const SECTION: &str = "## Plan\n\nScore {{ score }}.\n";
const FOLLOW: &str = "From number {{ number }}.\n";

fn one() -> Value {
    world(json!([issue(1, "[bug] Login fails", json!({"body": "src/a.rs should and must return and verify"}))]))
}

fn templates(kaizen: &Kaizen, side: &str, section: &str, follow: &str) {
    for (name, text) in [("section", section), ("follow", follow)] {
        kaizen.file(&format!("{side}/templates/backlog-triage/{name}.md.j2"), text);
    }
}

/// The rules of both sides with these edits, and the templates of the head.
fn edited(base: &[(&str, &str)], head: &[(&str, &str)], (section, follow): (&str, &str)) -> Kaizen {
    let kaizen = Kaizen::diff(&one());
    kaizen.pack("base/rules", base);
    kaizen.pack("head/rules", head);
    templates(&kaizen, "base", SECTION, FOLLOW);
    templates(&kaizen, "head", section, follow);
    kaizen.args(["--base", "base/rules", "--rules", "head/rules"])
}

#[test]
fn the_same_texts_change_nothing() {
    let report = edited(&[BOTH], &[BOTH], (SECTION, FOLLOW)).run().json(0);
    assert_eq!(report["changed"], 0, "{report}");
}

#[test]
fn another_section_body_or_title_alone_is_told_as_other_words() {
    let title = (BOTH.0, &*BOTH.1.replace("Follow up", "After that"));
    for (edits, texts, says) in [
        (BOTH, ("## Steps\n\nScore {{ score }}.\n", FOLLOW), "section: \"## Steps\", was \"## Plan\""),
        (BOTH, (SECTION, "After number {{ number }}.\n"), "body: \"After number 1.\", was \"From number 1.\""),
        (title, (SECTION, FOLLOW), "title: \"After that: Login fails\", was \"Follow up: Login fails\""),
    ] {
        let report = edited(&[BOTH], &[edits], texts).run().json(0);
        assert_eq!((&report["totals"]["text"], &report["changed"]), (&json!(1), &json!(1)), "{report}");
        let one = item(&report, 1);
        assert_eq!((&one["class"], &one["writes"]), (&json!("text"), &json!({"added": [], "removed": []})), "{one}");
        assert_eq!(one["from"]["section"], "## Plan\n\nScore 7.", "{one}");
        assert_eq!(one["from"]["issue"], json!({"title": "Follow up: Login fails", "body": "From number 1."}), "{one}");
        let told = ["section", "issue"].map(|name| one["from"][name] != one["to"][name]);
        assert_eq!(told.iter().filter(|differs| **differs).count(), 1, "{one}");
        let text = edited(&[BOTH], &[edits], texts).format("text").run().stdout;
        assert!(text.contains(says), "{says}: {text}");
    }
}

#[test]
fn every_line_of_them_is_shown_where_it_is_asked_for_and_strangers_text_stays_text() {
    let head = ("## Steps @ada\n\nScore {{ score }}.\n", "<b>#12</b> {{ number }}");
    let text = edited(&[BOTH], &[BOTH], head).format("text").args(["-v"]).run().stdout;
    for line in ["- section | ## Plan", "+ section | ## Steps @ada", "- body | From number 1.", "+ body | <b>#12</b> 1"]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("| Score"), "lines that both have are left out: {text}");
    let markdown = edited(&[BOTH], &[BOTH], head).format("markdown").run().stdout;
    assert!(markdown.contains("Steps") && !markdown.contains("@ada") && !markdown.contains("<b>"), "{markdown}");
}

#[test]
fn a_section_and_an_issue_that_are_new_are_writes() {
    let report = edited(&[], &[BOTH], (SECTION, FOLLOW)).run().json(0);
    let one = item(&report, 1);
    let added = json!([{"op": "edit_body", "what": ""}, {"op": "create_issue", "what": "kimi-ready"}]);
    assert_eq!((&one["class"], &one["writes"]["added"]), (&json!("writes"), &added), "{one}");
    assert_eq!((&one["from"]["section"], &one["from"]["issue"]), (&Value::Null, &Value::Null), "{one}");
    assert_eq!(one["to"]["issue"]["body"], "From number 1.");
}

#[test]
fn where_a_point_stands_is_no_word_of_a_text() {
    // The comment tells which point would bring it to a rule before, and in which file that point is.
    let splendid = ("  - id: ready\n", "  - {id: splendid, when: score >= 9, action: flag-owner}\n  - id: ready\n");
    let moved = ("version: 1\n", "# one line more\nversion: 1\n");
    let other = ("short_title: 80", "short_title: 79");
    let body = json!({"body": "It must and should."});
    let issues = world(json!([issue(1, "[bug] Login fails, and nobody knows why", body)]));
    let run = |head: &[(&str, &str)], footer: &str| {
        let kaizen = Kaizen::diff(&issues);
        kaizen.pack("base/rules", &[splendid, ("ready: 5", "ready: 2")]);
        kaizen.pack("head/rules", &[&[splendid, ("ready: 5", "ready: 2")], head].concat());
        for (side, footer) in [("base", ""), ("head", footer)] {
            let text = format!("{{{{ nearest }}}}\n\n{footer}");
            kaizen.file(&format!("{side}/templates/backlog-triage/decision.md.j2"), &text);
        }
        kaizen.args(["--base", "base/rules", "--rules", "head/rules"]).run().json(0)
    };
    let report = run(&[other], "Another.");
    let text = item(&report, 1)["from"]["text"].as_str().unwrap().to_owned();
    assert!(text.contains("base/rules/backlog-triage.yaml:"), "{text}");
    let report = run(&[moved, other], "");
    assert_eq!(report["changed"], 0, "{report}");
}
