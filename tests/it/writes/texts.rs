//! A section in somebody's text, and an issue created beside theirs: once, and no word of theirs touched.

use serde_json::{Value, json};

use super::{Bench, LATER, applied, fate, names, rules, world_of};
use crate::support::{NOW, issue, labels};

/// Both, a label, and a comment where one is asked for.
fn action(comment: bool) -> String {
    let told = if comment { ", comment: decision.md.j2" } else { "" };
    format!(
        "{{edit_body: section.md.j2, create_issue: {{title: \"Follow up: {{{{ title }}}}\", body: follow.md.j2, \
         labels: [taken], assign: [claude]}}, add_labels: [other]{told}}}"
    )
}

pub(super) const BODY: &str = "Text of hers  \r\n\r\n```\r\ncode\r\n```\r\n";

pub(super) fn bench(kind: &str, comment: bool, body: &str) -> Bench {
    let world = world_of(kind, &[issue(1, "A  @ada", json!({ "body": body }))]);
    let bench = Bench::new(&world, &rules(&action(comment), ""));
    for (name, text) in [
        ("section", "## Plan\n\nScore {{ score }}, {{ title }}. {{ version }}\n"),
        ("follow", "From number {{ number }}, {{ decision.rule }}."),
    ] {
        std::fs::create_dir_all(bench.path("templates/backlog-triage")).unwrap();
        std::fs::write(bench.path(&format!("templates/backlog-triage/{name}.md.j2")), text).unwrap();
    }
    bench
}

pub(super) fn body(bench: &Bench) -> String {
    bench.issue(1)["body"].as_str().unwrap().to_owned()
}

pub(super) fn issues(bench: &Bench) -> Vec<u64> {
    let repo = bench.repo();
    repo["issues"].as_array().unwrap().iter().map(|issue| issue["number"].as_u64().unwrap()).collect()
}

/// A journal of a run that died before its comment.
fn without_comment(bench: &Bench) {
    bench.edit(|repo| {
        repo["comments"]["1"] = json!([]);
        repo["events"]["1"] = json!([]);
    });
    bench.edit_issue(1, json!({ "labels": [], "comments": 0 }));
}

#[test]
fn both_are_written_once_and_the_rest_of_the_text_stays() {
    for kind in ["gitea", "forgejo", "github"] {
        for comment in [true, false] {
            let what = format!("{kind}, comment {comment}");
            let bench = bench(kind, comment, BODY);
            let report = bench.live().json(0);
            assert_eq!(report["totals"]["acted"], 1, "{what}: {report}");
            let text = body(&bench);
            let section = text.strip_prefix(BODY).unwrap_or_else(|| panic!("{what}: {text}"));
            assert!(section.starts_with("\n<!-- kaizen:section policy=backlog-triage "), "{what}: {section}");
            assert!(section.ends_with("\n<!-- kaizen:end -->") && section.contains("## Plan"), "{what}: {section}");
            assert!(!section.contains("run=- ") && !section.contains("@ada"), "{what}: {section}");
            assert_eq!(issues(&bench), [1, 2], "{what}");
            let made = bench.issue(2);
            assert_eq!(made["title"], "Follow up: A @ada", "{what}");
            assert_eq!(
                (names(&made, "labels", "name"), names(&made, "assignees", "login")),
                (vec!["taken".to_owned()], vec!["claude".to_owned()])
            );
            let last = made["body"].as_str().unwrap().lines().last().unwrap().to_owned();
            assert!(
                last.contains(" key=issue of=1 action=act ") && made["body"].as_str().unwrap().contains("number 1"),
                "{what}: {last}"
            );
            assert_eq!(bench.comments(1).len(), usize::from(comment), "{what}");
            // The issue of ours is left alone by these rules.
            for keeps in [true, false] {
                if !keeps {
                    bench.forget();
                }
                bench.nothing(LATER, &what);
            }
        }
    }
}

#[test]
fn what_people_do_to_them_stays() {
    for comment in [true, false] {
        let bench = bench("gitea", comment, "Text");
        bench.live().json(0);
        bench.forget();
        // Somebody writes around it and in it, closes the issue, takes its label off.
        let edited = format!("Up\n\n{}\n\nDown", body(&bench).replace("## Plan", "## My plan"));
        bench.edit_issue(1, json!({ "body": edited }));
        bench.edit_issue(2, json!({ "state": "closed", "labels": [] }));
        bench.nothing(LATER, "edited");
        // Another decision: what is theirs in the section stays theirs.
        let other = rules(&action(comment), "").replace("labels: [taken]", "labels: [other]");
        bench.rules("backlog-triage", &other);
        bench.live_at(LATER).json(0);
        assert_eq!(body(&bench), edited);
        assert_eq!(issues(&bench), [1, 2], "one an item");
    }
    // Taken out again: the comment remembers that it was there.
    let bench = bench("github", true, "Text");
    bench.live().json(0);
    bench.forget();
    bench.edit_issue(1, json!({ "body": "Text" }));
    let (state, note) = fate(&bench.nothing(LATER, "taken out"), 1);
    assert!(state == "unchanged" && note.contains("taken away"), "{state}: {note}");
}

#[test]
fn another_decision_replaces_the_section_and_nothing_else() {
    let bench = bench("gitea", true, "Text\n");
    bench.live().json(0);
    let around = format!("Up\r\n{}\r\nDown ", body(&bench));
    bench.edit_issue(1, json!({ "body": around, "labels": labels(&["other", "switch"]) }));
    let other = rules(&action(true), "")
        .replace("label: {add_labels: [other]", "label: {edit_body: section.md.j2, add_labels: [other]");
    bench.rules("backlog-triage", &other);
    std::fs::write(bench.path("templates/backlog-triage/section.md.j2"), "Another.").unwrap();
    bench.live_at(LATER).json(0);
    let now = body(&bench);
    assert!(
        now.starts_with("Up\r\nText\n\n<!-- kaizen:section ")
            && now.ends_with("\nAnother.\n<!-- kaizen:end -->\r\nDown "),
        "{now}"
    );
    assert_eq!(now.matches("kaizen:section").count(), 1, "{now}");
    assert!(bench.comments(1)[0].1.contains("edit body, create issue, add labels other"), "{:?}", bench.comments(1));
    bench.nothing(LATER, "once");
}

#[test]
fn a_section_is_no_text_of_the_issue_to_the_rules() {
    let more = "patterns:\n  plan: {words: [plan], in: body}\n";
    let bench = bench("gitea", true, "Text");
    bench.rules(
        "backlog-triage",
        &rules(&action(true), more).replace("id: leave, when: \"", "id: leave, when: \"count.plan > 0 or "),
    );
    bench.live().json(0);
    assert!(body(&bench).contains("## Plan"));
    assert_eq!(crate::support::record(&bench.nothing(LATER, "its own words"), 1)["decision"]["rule"], "rest");
}

#[test]
fn a_run_that_died_between_them_is_finished() {
    for (section, made) in [(true, false), (true, true)] {
        for planned in [true, false] {
            let bench = bench("gitea", true, BODY);
            bench.plan();
            assert_eq!(applied(&bench.apply()).0, "done");
            bench.forget();
            let (whole, both) = (body(&bench), bench.issue(2));
            without_comment(&bench);
            if !made {
                bench.edit(|repo| repo["issues"].as_array_mut().unwrap().retain(|issue| issue["number"] != 2));
            }
            if planned {
                assert_eq!(applied(&bench.apply()).0, "done")
            } else {
                drop(bench.live().json(0))
            }
            assert_eq!(body(&bench), whole, "{section} {made} {planned}");
            assert_eq!(issues(&bench), [1, 2], "{section} {made} {planned}");
            assert_eq!(bench.issue(2)["labels"], both["labels"]);
            assert_eq!(bench.comments(1).len(), 1);
            assert_eq!(names(&bench.issue(1), "labels", "name"), ["other"]);
        }
    }
}

#[test]
fn the_journal_keeps_the_text_that_was_there() {
    let bench = bench("gitea", true, BODY);
    bench.live().json(0);
    let journal = std::fs::read_to_string(bench.path("loop/journal.jsonl")).unwrap();
    let lines: Vec<Value> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let edit = lines.iter().find(|line| line["op"] == "edit_body" && line["state"] == "done").unwrap();
    assert_eq!(edit["before"], BODY);
    let ops: Vec<&str> =
        lines.iter().filter(|line| line["state"] == "done").map(|line| line["op"].as_str().unwrap()).collect();
    assert_eq!(ops, ["edit_body", "create_issue", "comment", "add_labels"]);
}

#[test]
fn an_issue_of_ours_begets_no_other() {
    let bench = bench("gitea", false, "Text");
    let all = rules(&action(false), "").replace(" or own_report", "");
    bench.rules("backlog-triage", &all);
    for at in [NOW, LATER, "2026-11-20T14:00:00Z"] {
        bench.live_at(at).json(0);
        assert_eq!(issues(&bench), [1, 2], "{at}");
    }
}
