//! A section in somebody's text and an issue created beside theirs, taken back.

use serde_json::json;

use super::texts::{self, BODY, body, issues};
use super::undo::{LAST, count, left};
use super::{Bench, LATER, names};

/// A bench whose labels are there already: none is made, and none to be taken back.
fn bench(kind: &str, comment: bool, body: &str) -> Bench {
    let bench = texts::bench(kind, comment, body);
    let label = |id: u64, name: &str| json!({ "id": id, "name": name, "color": "ededed", "description": "" });
    bench.edit(|repo| repo["labels"] = json!([label(1, "taken"), label(2, "other")]));
    bench
}

/// Whether issue 2 is closed and no issue of ours to a later run.
fn withdrawn(bench: &Bench) -> bool {
    let made = bench.issue(2);
    made["state"] == "closed" && made["body"].as_str().unwrap().contains(" key=withdrawn of=1 ")
}

#[test]
fn both_are_taken_back_and_the_next_run_writes_both_again() {
    for kind in ["gitea", "forgejo", "github"] {
        for comment in [true, false] {
            let what = format!("{kind}, comment {comment}");
            let bench = bench(kind, comment, BODY);
            bench.live().json(0);
            let acted = body(&bench);
            assert_ne!(acted, BODY, "{what}");
            let dry = bench.undo(LATER, &["--dry-run"]).json(0);
            let report = bench.undo(LATER, &[]).json(0);
            assert_eq!(body(&bench), BODY, "{what}: {report}");
            assert!(withdrawn(&bench), "{what}: {}", bench.issue(2));
            assert!(bench.comments(1).is_empty() && names(&bench.issue(1), "labels", "name").is_empty(), "{what}");
            assert_eq!(count(&report, "done"), count(&dry, "planned"), "{what}");
            assert_eq!((count(&report, "left"), count(&report, "already")), (0, 0), "{what}: {report}");
            let undone = bench.text();
            let again = bench.undo(LAST, &[]).json(0);
            assert_eq!((bench.text(), count(&again, "writes")), (undone, 0), "{what}: {again}");
            // An undo of the undo, and another one of that.
            let runs = bench.runs();
            bench.undo(LAST, &[&runs[1]]).json(0);
            assert_eq!(body(&bench), acted, "{what}");
            assert_eq!(bench.issue(2)["state"], "open", "{what}");
            let runs = bench.runs();
            bench.undo(LAST, &[runs.last().unwrap()]).json(0);
            assert_eq!(body(&bench), BODY, "{what}");
            assert!(withdrawn(&bench), "{what}");
        }
    }
    let bench = bench("gitea", true, BODY);
    bench.live().json(0);
    bench.undo(LATER, &[]).json(0);
    bench.live_at(LAST).json(0);
    assert!(body(&bench).contains("## Plan"));
    assert_eq!((issues(&bench), bench.issue(3)["state"].as_str().unwrap()), (vec![1, 2, 3], "open"));
}

#[test]
fn what_people_wrote_around_a_section_stays_and_what_they_wrote_in_it_too() {
    let around = bench("gitea", true, "Text\r\n");
    around.live().json(0);
    around.edit_issue(1, json!({ "body": format!("Up\n\n{}\n\nDown", body(&around)) }));
    let report = around.undo(LATER, &[]).json(0);
    assert_eq!(body(&around), "Up\n\nText\r\n\nDown", "{report}");
    assert_eq!(count(&report, "left"), 0, "{report}");

    let within = bench("github", true, "Text");
    within.live().json(0);
    let edited = body(&within).replace("## Plan", "## My plan");
    within.edit_issue(1, json!({ "body": edited }));
    let report = within.undo(LATER, &[]).json(0);
    assert_eq!(left(&report), ["edit_body Its section is not what the run wrote."], "{report}");
    assert_eq!(body(&within), edited);

    // Taken out, with a word beside it: there is nothing left of it to take back.
    let out = bench("gitea", true, "Text");
    out.live().json(0);
    out.edit_issue(1, json!({ "body": "Text, she says" }));
    let report = out.undo(LATER, &[]).json(0);
    assert_eq!((count(&report, "left"), count(&report, "already")), (0, 1), "{report}");
    assert_eq!(body(&out), "Text, she says");
}

#[test]
fn an_issue_that_somebody_took_up_stays_open() {
    let ada = json!({ "id": 3, "login": "ada" });
    for (change, why) in [
        (json!({ "assignees": [ada], "assignee": ada }), "create_issue It is in the hands of ada."),
        (json!({ "title": "Mine" }), "create_issue Somebody gave it another title."),
        (json!({ "body": "Mine" }), "create_issue Its text is not what the run wrote."),
    ] {
        let bench = bench("gitea", true, "Text");
        bench.live().json(0);
        bench.edit_issue(2, change);
        let report = bench.undo(LATER, &[]).json(0);
        assert_eq!(left(&report), [why], "{report}");
        assert_eq!((bench.issue(2)["state"].as_str().unwrap(), body(&bench).as_str()), ("open", "Text"));
    }
}

#[test]
fn an_issue_whose_number_nobody_noted_is_found_by_its_own_line() {
    let bench = bench("gitea", true, "Text");
    bench.live().json(0);
    let path = bench.path("loop/journal.jsonl");
    let journal = std::fs::read_to_string(&path).unwrap();
    let told = |line: &&str| !(line.contains("\"create_issue\"") && line.contains("\"done\""));
    let lines: Vec<&str> = journal.lines().filter(told).collect();
    assert_eq!(lines.len() + 1, journal.lines().count());
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    let report = bench.undo(LATER, &[]).json(0);
    assert!(withdrawn(&bench), "{report}");
    assert_eq!((count(&report, "left"), body(&bench).as_str()), (0, "Text"), "{report}");
}

#[test]
fn without_a_journal_our_own_lines_tell_what_is_ours() {
    let bench = bench("gitea", true, "Text");
    bench.live().json(0);
    bench.forget();
    let report = bench.undo(LATER, &["--since", "2026-11-20T11:00:00Z"]).json(0);
    // The section between our two lines goes, and the issue that the run itself assigned is closed.
    assert!(withdrawn(&bench), "{report}");
    assert_eq!((left(&report).len(), body(&bench).as_str()), (0, "Text"), "{report}");
    assert!(bench.comments(1).is_empty());
}

#[test]
fn without_a_journal_what_people_have_touched_stays() {
    let ada = json!({ "id": 3, "login": "ada" });
    let bench = bench("gitea", true, "Text");
    bench.live().json(0);
    bench.forget();
    bench.edit_issue(2, json!({ "assignees": [ada], "assignee": ada }));
    let edited = body(&bench).replace("## Plan", "## My plan");
    bench.edit_issue(1, json!({ "body": edited }));
    let report = bench.undo(LATER, &["--since", "2026-11-20T11:00:00Z"]).json(0);
    let reasons = ["create_issue It is in the hands of ada.", "edit_body Its section is not what the run wrote."];
    assert_eq!((left(&report), body(&bench)), (reasons.map(str::to_owned).to_vec(), edited), "{report}");
}
