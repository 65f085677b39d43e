//! A run and its undo on forge files: what stands there afterwards, what people touched, what is said.

use serde_json::{Value, json};

use super::{ALL, Bench, LATER, names, rules, world_of};
use crate::support::{Kaizen, NOW, Ran, issue, labels};

/// Two hours after [`NOW`].
pub(super) const LAST: &str = "2026-11-20T14:00:00Z";

impl Bench {
    pub(super) fn undo(&self, now: &str, more: &[&str]) -> Ran {
        self.command(&["undo"], now).format("json").args(more).run()
    }

    /// What a person reads of an undo.
    fn undo_text(&self, now: &str, more: &[&str]) -> String {
        let ran = self.command(&["undo"], now).args(more).run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran.stdout
    }

    /// The names of the runs, oldest first.
    pub(super) fn runs(&self) -> Vec<String> {
        let listed = Kaizen::bare().args(["runs", "--format", "json", "--loop-dir"]).args([self.path("loop")]).run();
        let runs = listed.json(0)["runs"].as_array().unwrap().clone();
        runs.iter().map(|run| run["run"].as_str().unwrap().to_owned()).collect()
    }

    /// The file without what an undo cannot bring back: times, timelines, ids, the order of lists.
    pub(super) fn bare(&self) -> Value {
        let mut world = self.world();
        for repo in world["repos"].as_array_mut().unwrap() {
            let members = repo.as_object_mut().unwrap();
            members.remove("events");
            for label in members["labels"].as_array_mut().unwrap() {
                label.as_object_mut().unwrap().remove("id");
            }
            if let Some(comments) = members.get_mut("comments").and_then(Value::as_object_mut) {
                comments.retain(|_, list| list.as_array().is_some_and(|list| !list.is_empty()));
                for comment in comments.values_mut().flat_map(|list| list.as_array_mut().unwrap()) {
                    *comment = json!([comment["user"]["login"], comment["body"]]);
                }
            }
            if members.get("comments").is_none_or(|comments| comments.as_object().is_some_and(|all| all.is_empty())) {
                members.remove("comments");
            }
            for issue in members["issues"].as_array_mut().unwrap() {
                let (mut on, mut who) = (names(issue, "labels", "name"), names(issue, "assignees", "login"));
                on.sort();
                who.sort();
                let issue = issue.as_object_mut().unwrap();
                for name in ["updated_at", "assignee", "closed_at", "closed_by", "state_reason"] {
                    issue.remove(name);
                }
                issue.insert("labels".to_owned(), json!(on));
                issue.insert("assignees".to_owned(), json!(who));
                issue.entry("milestone").or_insert(Value::Null);
            }
        }
        world
    }
}

pub(super) fn count(report: &Value, name: &str) -> u64 {
    report["totals"][name].as_u64().unwrap_or_else(|| panic!("no {name}: {report}"))
}

/// Reasons of what is left alone: the write and why.
pub(super) fn left(report: &Value) -> Vec<String> {
    let one = |left: &Value| format!("{} {}", left["op"].as_str().unwrap(), left["reason"].as_str().unwrap());
    let mut all: Vec<String> = report["left"].as_array().unwrap().iter().map(one).collect();
    all.sort();
    all
}

fn actions() -> Vec<(&'static str, Value)> {
    let claude = json!({ "id": 4, "login": "claude" });
    let held = json!({ "assignees": [claude, { "id": 5, "login": "mira" }], "assignee": claude });
    let closed = json!({ "state": "closed", "closed_at": "2026-11-19T12:00:00Z" });
    let milestone = json!({ "milestone": { "id": 4, "title": "0.9", "state": "open" } });
    vec![
        ("assign: [claude, author]", json!({})),
        ("unassign: [claude]", held.clone()),
        ("unassign: [assignees]", held),
        ("add_labels: [taken, other]", json!({ "labels": labels(&["other"]) })),
        ("remove_labels: [other]", json!({ "labels": labels(&["other"]) })),
        ("set_milestone: \"1.0\"", json!({})),
        ("set_milestone: \"1.0\"", milestone),
        ("close: completed", json!({})),
        ("close: not_planned, add_labels: [taken], assign: [kimi]", json!({})),
        ("reopen: true", closed),
    ]
}

#[test]
fn every_action_is_taken_back_once_and_done_again_by_an_undo_of_the_undo() {
    for kind in ["gitea", "forgejo", "github"] {
        for (action, before) in actions() {
            for comment in [true, false] {
                let what = format!("{action} on {kind}, comment {comment}");
                let told = if comment { ", comment: decision.md.j2" } else { "" };
                let scope = "scope: {kinds: [issue], states: [open, closed]}\n";
                let mut world = world_of(kind, &[issue(1, "A", before.clone())]);
                let other = json!({ "id": 5, "name": "other" });
                world["repos"][0]["labels"].as_array_mut().unwrap().push(other);
                let older = json!({ "id": 4, "title": "0.9", "state": "open" });
                world["repos"][0]["milestones"].as_array_mut().unwrap().push(older);
                let bench = Bench::new(&world, &rules(&format!("{{{action}{told}}}"), scope));
                let first = bench.bare();
                assert_eq!(bench.live().json(0)["totals"]["acted"], 1, "{what}");
                let (acted, text) = (bench.bare(), bench.text());
                assert_ne!(acted, first, "{what}");

                // A dry run says the same and writes nothing, nowhere.
                let journal = std::fs::read(bench.path("loop/journal.jsonl")).unwrap();
                let dry = bench.undo(LATER, &["--dry-run"]).json(0);
                assert_eq!(bench.text(), text, "{what}: a dry run writes");
                assert_eq!(std::fs::read(bench.path("loop/journal.jsonl")).unwrap(), journal, "{what}");
                assert_eq!(bench.runs().len(), 1, "{what}");

                let report = bench.undo(LATER, &[]).json(0);
                assert_eq!(bench.bare(), first, "{what}: {report}");
                assert_eq!(count(&report, "done"), count(&dry, "planned"), "{what}");
                assert_eq!((count(&report, "left"), count(&report, "already")), (0, 0), "{what}: {report}");

                let undone = bench.text();
                let again = bench.undo(LAST, &[]).json(0);
                assert_eq!(bench.text(), undone, "{what}: undone twice: {again}");
                assert_eq!((count(&again, "writes"), count(&again, "left")), (0, 0), "{what}: {again}");

                // The undo is a run too.
                let runs = bench.runs();
                let report = bench.undo(LAST, &[&runs[1]]).json(0);
                assert_eq!(bench.bare(), acted, "{what}: {report}");
            }
        }
    }
}

#[test]
fn the_next_run_decides_the_same_again() {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(ALL, ""));
    let decided = |bench: &Bench| {
        let (comments, now) = (bench.comments(1), bench.issue(1));
        let texts: Vec<String> = comments.iter().map(|(_, text)| super::without_run(text)).collect();
        (texts, names(&now, "labels", "name"), names(&now, "assignees", "login"))
    };
    bench.live().json(0);
    let acted = decided(&bench);
    let text = bench.undo_text(LATER, &[]);
    assert!(text.contains("The next run decides the same again"), "{text}");
    assert_eq!(bench.live().json(0)["totals"]["acted"], 1);
    assert_eq!(decided(&bench), acted);
}

#[test]
fn what_people_touched_since_stays_as_they_made_it() {
    for kind in ["gitea", "forgejo", "github"] {
        for recorded in [true, false] {
            let issues: Vec<Value> = (1..=6).map(|number| issue(number, "A", json!({}))).collect();
            let bench = Bench::new(&world_of(kind, &issues), &rules(ALL, ""));
            if !recorded {
                bench.edit(|repo| drop(repo.as_object_mut().unwrap().remove("events")));
            }
            assert_eq!(bench.live().json(0)["totals"]["acted"], 6);
            let mira = json!({ "id": 9, "login": "mira" });
            bench.edit_issue(1, json!({ "labels": labels(&["bug"]) }));
            bench.edit_issue(2, json!({ "assignees": [mira], "assignee": mira }));
            bench.say(3, "ada", "Why?", LATER);
            bench.edit(|repo| repo["comments"]["4"][0]["body"] = json!("Somebody wrote this."));
            bench.edit(|repo| repo["comments"]["5"] = json!([]));
            let report = bench.undo(LATER, &[]).json(0);
            let told = left(&report);
            for (op, why) in [
                ("add_labels", "took the label taken off"),
                ("assign", "took claude off"),
                ("comment", "Its text is not what the run wrote"),
                ("comment", "Somebody deleted the comment"),
            ] {
                let says = |line: &&String| line.starts_with(op) && line.contains(why);
                assert!(told.iter().any(|line| says(&line)), "{op} {why}: {told:?}");
            }
            // The label that the run made goes: nothing carries it.
            assert_eq!(told.len(), 4, "{told:?}");
            assert_eq!(names(&bench.repo(), "labels", "name"), ["bug", "leave"]);
            assert_eq!(names(&bench.issue(1), "labels", "name"), ["bug"]);
            assert_eq!(names(&bench.issue(2), "assignees", "login"), ["mira"]);
            // Answered: withdrawn in one line, and the answer stands.
            let comments = bench.comments(3);
            assert_eq!(comments.len(), 2);
            assert!(comments[0].1.contains("withdrawn") && comments[0].1.lines().count() == 1, "{comments:?}");
            assert_eq!(comments[1], ("ada".to_owned(), "Why?".to_owned()));
            assert_eq!(bench.comments(4)[0].1, "Somebody wrote this.");
            assert!(bench.comments(6).is_empty() && names(&bench.issue(6), "labels", "name").is_empty());
        }
    }
}

/// Somebody's entry of a timeline, in the words of Gitea.
fn event(bench: &Bench, more: &Value) {
    let mut event = json!({ "id": 990, "user": { "id": 9, "login": "mira" }, "created_at": LATER });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    bench.edit(|repo| repo["events"]["1"].as_array_mut().unwrap().push(event));
}

#[test]
fn what_a_person_took_off_and_put_on_again_is_theirs() {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(ALL, ""));
    bench.live().json(0);
    for body in ["", "1"] {
        event(&bench, &json!({ "type": "label", "body": body, "label": { "name": "taken" } }));
    }
    let report = bench.undo(LATER, &[]).json(0);
    assert_eq!(left(&report), ["add_labels mira put the label taken back.", "create_label #1 carries it."], "{report}");
    assert_eq!(names(&bench.issue(1), "labels", "name"), ["taken"]);
    assert!(names(&bench.issue(1), "assignees", "login").is_empty());
}

#[test]
fn a_label_that_the_run_made_goes_unless_somebody_carries_or_changed_it() {
    let two = [issue(1, "A", json!({})), issue(2, "B", json!({ "labels": labels(&["leave"]) }))];
    for (kind, carried) in [("gitea", true), ("github", true), ("gitea", false)] {
        let bench = Bench::new(&world_of(kind, &two), &rules(ALL, ""));
        bench.live().json(0);
        match carried {
            true => bench.edit_issue(2, json!({ "labels": labels(&["taken"]) })),
            false => bench.edit(|repo| repo["labels"][2]["color"] = json!("ff0000")),
        }
        let report = bench.undo(LATER, &[]).json(0);
        assert!(names(&bench.repo(), "labels", "name").contains(&"taken".to_owned()), "{report}");
        match carried {
            true => assert_eq!(left(&report), ["create_label #2 carries it."]),
            false => assert_eq!(count(&report, "dropped"), 1, "{report}"),
        }
        assert!(names(&bench.issue(1), "labels", "name").is_empty());
    }
}

#[test]
fn an_edited_comment_has_its_earlier_text_again() {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(ALL, ""));
    bench.live().json(0);
    bench.edit_issue(1, json!({ "labels": labels(&["switch", "taken"]) }));
    let before = bench.comments(1);
    bench.live_at(LATER).json(0);
    assert_ne!(bench.comments(1), before);
    bench.undo(LAST, &[]).json(0);
    assert_eq!(bench.comments(1), before);
    assert_eq!(names(&bench.issue(1), "labels", "name"), ["switch", "taken"]);
    // The first run's comment stands as it wrote it: it can be taken back now.
    let runs = bench.runs();
    bench.undo(LAST, &[&runs[0]]).json(0);
    assert!(bench.comments(1).is_empty());
}

#[test]
fn what_a_later_run_wrote_upon_stays() {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(ALL, ""));
    bench.live().json(0);
    bench.edit_issue(1, json!({ "labels": labels(&["switch", "taken"]) }));
    bench.live_at(LATER).json(0);
    let runs = bench.runs();
    let before = bench.comments(1);
    let report = bench.undo(LAST, &[&runs[0]]).json(0);
    assert_eq!(left(&report), [format!("comment A later run, {}, wrote there.", runs[1])], "{report}");
    assert_eq!(bench.comments(1), before);
    assert_eq!(
        names(&bench.issue(1), "labels", "name"),
        ["other", "switch"].map(str::to_owned).into_iter().rev().collect::<Vec<_>>()
    );
}

#[test]
fn a_comment_that_was_posted_anew_goes_and_the_one_before_comes_back() {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(ALL, ""));
    bench.live().json(0);
    bench.edit_issue(1, json!({ "labels": labels(&["ping", "taken"]) }));
    let before = bench.comments(1);
    bench.live_at(LATER).json(0);
    assert_eq!(bench.comments(1).len(), 2);
    bench.undo(LAST, &[]).json(0);
    assert_eq!(bench.comments(1), before);
}

#[test]
fn an_issue_that_the_run_created_is_closed_and_the_next_run_creates_another() {
    let bench = Bench::shipped(&world_of("gitea", &[issue(1, "Hm", json!({}))]));
    bench.live().json(0);
    let created = bench.issue(2);
    assert_eq!(created["state"], "open");
    let report = bench.undo(LATER, &[]).json(0);
    assert_eq!(bench.issue(2)["state"], "closed", "{report}");
    // Somebody who closes a summary switches it off: we are not somebody.
    bench.live_at(LAST).json(0);
    assert_eq!(bench.issue(3)["state"], "open");
    assert_eq!(bench.issue(3)["title"], created["title"]);
}

#[test]
fn a_text_that_the_run_replaced_comes_back() {
    let bench = Bench::shipped(&world_of("gitea", &[issue(1, "Hm", json!({}))]));
    bench.live().json(0);
    let first = bench.issue(2)["body"].clone();
    bench.live_at("2026-11-21T12:00:00Z").json(0);
    assert_ne!(bench.issue(2)["body"], first);
    let at = "2026-11-21T13:00:00Z";
    bench.undo(at, &[]).json(0);
    assert_eq!((&bench.issue(2)["body"], &bench.issue(2)["state"]), (&first, &json!("open")));
    // One that a person wrote into stays.
    bench.edit_issue(2, json!({ "body": "Mine now." }));
    let runs = bench.runs();
    let report = bench.undo(at, &[&runs[0]]).json(0);
    assert!(left(&report).iter().any(|line| line.starts_with("create_issue")), "{report}");
    assert_eq!((&bench.issue(2)["body"], &bench.issue(2)["state"]), (&json!("Mine now."), &json!("open")));
}

#[test]
fn an_undo_that_died_is_done_by_the_next() {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({})), issue(2, "B", json!({}))]), &rules(ALL, ""));
    let first = bench.bare();
    bench.live().json(0);
    let (acted, runs) = (bench.text(), bench.path("loop/runs.jsonl"));
    bench.undo(LATER, &[]).json(0);
    let record = std::fs::read_to_string(&runs).unwrap();
    let unended: Vec<&str> = record.lines().take(3).collect();
    std::fs::write(&runs, unended.join("\n") + "\n").unwrap();
    // The journal tells more than the file holds.
    std::fs::write(bench.path("world.json"), &acted).unwrap();
    let report = bench.undo(LAST, &[]).json(0);
    assert_eq!(bench.bare(), first, "{report}");
    let listed = Kaizen::bare().args(["runs", "--loop-dir"]).args([bench.path("loop")]).run();
    assert!(listed.stdout.contains("began and never ended"), "{}", listed.stdout);
}

#[test]
fn a_saved_plan_of_an_undo_is_carried_out_once() {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(ALL, ""));
    let first = bench.bare();
    bench.live().json(0);
    let acted = bench.text();
    let path = bench.path("plan.json");
    bench.undo(NOW, &["--dry-run", "--plan-out", path.to_str().unwrap()]).json(0);
    assert_eq!(bench.text(), acted);
    let report = bench.apply().json(0);
    assert_eq!(bench.bare(), first, "{report}");
    let after = bench.text();
    let report = bench.apply().json(0);
    assert!(bench.text() == after && report["totals"]["done"] == 0, "{report}");
    // Planned before somebody answered: left as it is.
    bench.write(&serde_json::from_str(&acted).unwrap());
    bench.say(1, "ada", "Why?", LATER);
    let report = bench.apply().json(0);
    // The label with it, which is still on.
    assert_eq!(report["totals"]["dropped"], 2, "{report}");
    assert_eq!(bench.comments(1).len(), 2);
}

#[test]
fn what_is_no_run_or_another_forges_is_refused() {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(ALL, ""));
    let ran = bench.undo(NOW, &[]);
    assert!(ran.code == 2 && ran.stderr.contains("--since"), "{}", ran.stderr);
    bench.live().json(0);
    let (before, runs) = (bench.text(), bench.runs());
    let refused = |ran: Ran, says: &[&str]| {
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        says.iter().for_each(|word| assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr));
        assert!(bench.text() == before && bench.runs() == runs, "{}", ran.stderr);
    };
    refused(bench.undo(LATER, &["20261120T120000Z-nobody"]), &["knows no run", "did you mean", &runs[0]]);
    std::fs::write(bench.path("copy.json"), &before).unwrap();
    let copy = format!("file:{}", bench.path("copy.json").display());
    let other = || Kaizen::bare().args(["undo", "--now", LATER, "--loop-dir"]).args([bench.path("loop")]);
    refused(other().args(["--forge", &copy]).run(), &["that run wrote to", "--forge"]);
    assert_eq!(std::fs::read_to_string(bench.path("copy.json")).unwrap(), before);
    // Without --forge it is the run's own.
    assert_eq!(other().run().code, 0);
    assert!(bench.comments(1).is_empty());
}

#[test]
fn bad_lines_of_the_journal_are_told_and_stop_nothing() {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(ALL, ""));
    let first = bench.bare();
    bench.live().json(0);
    let path = bench.path("loop/journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let torn: Vec<String> = text
        .lines()
        .map(|line| match line.contains("\"assign\"") && line.contains("\"done\"") {
            true => line[..line.len() / 2].to_owned(),
            false => line.to_owned(),
        })
        .collect();
    std::fs::write(&path, format!("nope\n{}\n", torn.join("\n"))).unwrap();
    let ran = bench.undo(LATER, &[]);
    assert!(ran.stderr.contains("2 of ") && ran.stderr.contains("journal.jsonl:1"), "{}", ran.stderr);
    let report = ran.json(0);
    assert!(report["warnings"].to_string().contains("2 of "), "{report}");
    // Who put the assignee on is told by the timeline.
    assert_eq!(bench.bare(), first, "{report}");
}

#[test]
fn without_a_journal_our_own_comments_tell() {
    for kind in ["gitea", "forgejo", "github"] {
        let on = issue(2, "B", json!({ "labels": labels(&["taken"]) }));
        let bench = Bench::new(&world_of(kind, &[issue(1, "A", json!({})), on]), &rules(ALL, ""));
        bench.live().json(0);
        bench.forget();
        let since = ["--since", "2026-11-20T11:00:00Z"];
        let text = bench.undo_text(LATER, &[&since[..], &["--dry-run"]].concat());
        assert!(text.contains("without a comment"), "{text}");
        let report = bench.undo(LATER, &since).json(0);
        assert_eq!(report["undoes"]["found_by"], "comments");
        for number in [1, 2] {
            assert!(bench.comments(number).is_empty(), "{report}");
            assert!(names(&bench.issue(number), "assignees", "login").is_empty());
        }
        // The comment names it, and it was there before.
        assert_eq!(names(&bench.issue(1), "labels", "name"), [""; 0]);
        assert_eq!(names(&bench.issue(2), "labels", "name"), ["taken"]);
        // Twice is once: this folder knows who did it.
        let run = report["undoes"]["run"].as_str().unwrap();
        let (before, again) = (bench.text(), bench.undo(LAST, &[&[run][..], &since].concat()));
        assert!(again.code == 0 && bench.text() == before, "{}", again.stderr);
        assert!(again.stderr.contains("took it back"), "{}", again.stderr);
        // Nothing of the kind, far back or not at all.
        let ran = bench.undo(LAST, &["20200101T000000Z-abcdef", "--since", "2026-11-20T11:00:00Z"]);
        assert!(ran.code == 2 && ran.stderr.contains("20200101T000000Z-abcdef"), "{}", ran.stderr);
    }
}

#[test]
fn without_timeline_and_journal_only_the_comment_goes() {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(ALL, ""));
    bench.edit(|repo| drop(repo.as_object_mut().unwrap().remove("events")));
    bench.live().json(0);
    bench.forget();
    let report = bench.undo(LATER, &["--since", "2026-11-20"]).json(0);
    assert_eq!(left(&report).len(), 2, "{report}");
    assert!(report["left"][0]["reason"].as_str().unwrap().contains("Nobody knows"), "{report}");
    assert_eq!(names(&bench.issue(1), "labels", "name"), ["taken"]);
    assert!(bench.comments(1).is_empty());
}

#[test]
fn an_exclusive_label_gives_its_place_back() {
    let mut world = world_of("gitea", &[issue(1, "A", json!({}))]);
    let both =
        json!([{ "id": 7, "name": "to/old", "exclusive": true }, { "id": 8, "name": "to/new", "exclusive": true }]);
    world["repos"][0]["labels"].as_array_mut().unwrap().extend(both.as_array().unwrap().clone());
    world["repos"][0]["issues"][0]["labels"] = json!([both[0]]);
    let text = rules("{add_labels: [to/new], comment: decision.md.j2}", "")
        .replace("labels:\n", "labels:\n  to/new: {color: 00aa00, description: New.}\n");
    let bench = Bench::new(&world, &text);
    let first = bench.bare();
    bench.live().json(0);
    assert_eq!(names(&bench.issue(1), "labels", "name"), ["to/new"]);
    let report = bench.undo(LATER, &[]).json(0);
    assert_eq!(bench.bare(), first, "{report}");
}

#[test]
fn people_read_what_was_taken_back_and_what_was_not() {
    let issues = [issue(1, "A", json!({})), issue(2, "B", json!({}))];
    let bench = Bench::new(&world_of("gitea", &issues), &rules(ALL, ""));
    bench.live().json(0);
    bench.edit_issue(2, json!({ "labels": labels(&["bug"]) }));
    let settings = || {
        let mut settings = insta::Settings::clone_current();
        settings.add_filter(r"\d{8}T\d{6}Z-[0-9a-f]{6}", "RUN");
        settings
    };
    let shown = |format: &str| bench.undo_text(LATER, &["--dry-run", "--format", format]);
    settings().bind(|| {
        insta::assert_snapshot!("undo_text", shown("text"));
        insta::assert_snapshot!("undo_markdown", shown("markdown"));
    });
    bench.undo(LATER, &[]).json(0);
    let again = bench.undo_text(LAST, &[]);
    let listed = |format: &str| {
        let kaizen = Kaizen::bare().args(["runs", "--format", format, "--now", LAST, "--loop-dir"]);
        kaizen.args([bench.path("loop")]).run().stdout
    };
    settings().bind(|| {
        insta::assert_snapshot!("undo_again", again);
        insta::assert_snapshot!("runs_text", listed("text"));
        insta::assert_snapshot!("runs_markdown", listed("markdown"));
    });
    let report: Value = serde_json::from_str(&listed("json")).unwrap();
    assert_eq!(report["totals"], json!({ "runs": 3, "unended": 0 }));
    assert_eq!(report["runs"][1]["undoes"], report["runs"][0]["run"]);
    assert_eq!(report["runs"][0]["undone_by"][0], report["runs"][1]["run"]);
}

#[test]
fn hostile_words_are_shown_and_obeyed_nowhere() {
    let text = rules("{add_labels: [\"::error::x\"], comment: decision.md.j2}", "")
        .replace("labels:\n", "labels:\n  \"::error::x\": {color: 00aa00, description: New.}\n");
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &text);
    bench.live().json(0);
    let ran = bench.command(&["undo"], LATER).args(["--dry-run"]).env("GITHUB_ACTIONS", "true").run();
    assert!(!ran.stdout.lines().any(|line| line.trim_start().starts_with("::")), "{}", ran.stdout);
    // A run by another name than ours writes into no terminal.
    let line = json!({ "run": "\u{1b}[2J", "job": "@ada", "started": "x", "totals": 3 });
    let path = bench.path("loop/runs.jsonl");
    let record = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{record}{line}\n{{\"run\": 7}}\n")).unwrap();
    let listed = Kaizen::bare().args(["runs", "--loop-dir"]).args([bench.path("loop")]).run();
    assert!(listed.code == 0 && !listed.stdout.contains('\u{1b}'), "{}", listed.stdout);
    assert!(listed.stderr.contains("runs.jsonl:4"), "{}", listed.stderr);
}
