//! A run and its undo over HTTP, in every dialect: the forge is what it was, people keep what they did,
//! and an undo that was killed is done by the next.

use std::time::Duration;

use serde_json::Value;

use super::backlog::{MARKER, QUESTION, READY, REPO, empty, small};
use super::counts::NO_SUMMARY;
use super::kaizen::Place;
use super::moments;
use super::scenario::everywhere;
use super::signals::until;
use crate::forge::{Fault, Server, Trouble, World, issue, pull};

const NOW: &str = "2026-11-20T12:00:00Z";
const LATER: &str = "2026-11-20T13:00:00Z";

/// All that a run changes, of what an undo brings back: items, comments, labels of the repository.
fn standing(server: &Server) -> Vec<String> {
    let mut world = server.world();
    let numbers: Vec<u64> = world.repo(REPO).items.keys().copied().collect();
    let mut all = Vec::new();
    for number in numbers {
        let (labels, assignees) = (world.labels_of(REPO, number), world.assignees_of(REPO, number));
        let item = world.item(REPO, number);
        let comments: Vec<(&str, &str)> = item.comments().map(|(entry, body)| (entry.by.as_str(), body)).collect();
        all.push(format!(
            "#{number} {} {:?} {} {labels:?} {assignees:?} {:?} {comments:?}",
            item.title, item.body, item.open, item.milestone
        ));
    }
    let labels = world.repo(REPO).labels.iter().map(|label| format!("{} {}", label.name, label.color));
    let mut labels: Vec<String> = labels.collect();
    labels.sort();
    all.extend(labels);
    all
}

/// Rules that use every action, and no summary.
fn place() -> Place {
    Place::new(&[
        NO_SUMMARY,
        (
            "assign: [claude], comment",
            "assign: [claude], unassign: [kimi], remove_labels: [bug], add_labels: [area/new, taken], set_milestone: \
             \"1.0\", close: not_planned, comment",
        ),
        (
            "\nlabels:\n",
            "\nlabels:\n  taken: {color: \"00aa00\", description: In hand.}\n  area/new: {color: \"0000aa\"}\n",
        ),
        ("- id: assigned\n", "- id: assigned\n    enabled: false\n"),
    ])
}

fn backlog(dialect: fn() -> World) -> World {
    let mut world = empty(dialect);
    for name in ["area/old", "area/new"] {
        world.add_label(REPO, name, true);
    }
    for title in ["0.9", "1.0"] {
        world.add_milestone(REPO, title, None);
    }
    let bug = issue("[bug] Login fails").by("ada").body(READY).labels(&["bug", "area/old"]).assignees(&["kimi"]);
    world.add_issue(REPO, bug.milestone("0.9"));
    world.add_issue(REPO, issue("[research] Compare queues").by("ada").body(QUESTION));
    world.add_issue(REPO, issue("[bug] Upload stops").by("ada").body(READY).labels(&["blocked"]));
    world.add_issue(REPO, pull("fix: broken upload [bug]").by("ada").body(READY));
    world
}

#[test]
fn after_run_and_undo_the_forge_is_what_it_was_and_again_after_an_undo_of_the_undo() {
    everywhere(|name, dialect| {
        let world = backlog(dialect);
        world.clock.set(NOW);
        let server = Server::start(world);
        let place = place();
        let before = standing(&server);
        place.run(&server, &["--now", NOW]).ended(0);
        let acted = standing(&server);
        assert_ne!(before, acted, "{name}");
        server.world().clock.set(LATER);
        server.forget_requests();
        let dry = place.undo(&server, &["--now", LATER, "--dry-run", "--format", "json"]).ended(0).json();
        assert_eq!(server.writes(), [""; 0], "{name}: a dry run writes");
        let ran = place.undo(&server, &["--now", LATER, "--format", "json"]);
        let report = ran.ended(0).json();
        assert_eq!(standing(&server), before, "{name}: {}", ran.all());
        assert_eq!(report["totals"]["done"], dry["totals"]["planned"], "{name}");
        assert_eq!((&report["left"], &report["already"]), (&Value::from([""; 0]), &Value::from([""; 0])), "{name}");
        server.forget_requests();
        place.undo(&server, &["--now", LATER]).ended(0).says("Nothing is left to undo");
        assert_eq!(server.writes(), [""; 0], "{name}: undone twice");
        let undo = place.lines("runs.jsonl").iter().find(|line| line["job"] == "undo").unwrap()["run"].clone();
        let ran = place.undo(&server, &["--now", LATER, undo.as_str().unwrap()]);
        ran.ended(0);
        assert_eq!(standing(&server), acted, "{name}: {}", ran.all());
    });
}

#[test]
fn what_people_did_since_stays() {
    everywhere(|name, dialect| {
        let server = Server::start(small(dialect));
        let place = Place::new(&[NO_SUMMARY]);
        let before = standing(&server);
        place.run(&server, &[]).ended(0);
        {
            let mut world = server.world();
            world.unassign(0, 1, "maria", "claude");
            world.assign(0, 1, "maria", "maria");
            world.say(0, 2, "ada", "I would rather keep it.");
            let label = world.repos[0].labels.iter().find(|label| label.name == "kimi-ready").unwrap().clone();
            world.remove_labels(0, 2, "maria", vec![label.clone()]);
            world.add_labels(0, 2, "maria", vec![label]);
            world.close(0, 3, "maria", None);
        }
        let ran = place.undo(&server, &["--format", "json"]);
        let report = ran.ended(0).json();
        let left: Vec<&str> =
            report["left"].as_array().unwrap().iter().map(|left| left["reason"].as_str().unwrap()).collect();
        assert_eq!(left.len(), 3, "{name}: {left:?}");
        for why in ["maria took claude off it.", "maria put the label kimi-ready back.", "#2 carries it."] {
            assert!(left.contains(&why), "{name}: {why}: {left:?}");
        }
        let mut world = server.world();
        assert_eq!(world.assignees_of(REPO, 1), ["maria"], "{name}");
        assert!(world.comments(REPO, 1).is_empty() && world.comments(REPO, 3).is_empty(), "{name}");
        assert_eq!(world.labels_of(REPO, 2), ["kimi-ready"], "{name}");
        let comments = world.comments(REPO, 2);
        assert!(comments[0].contains("withdrawn") && !comments[0].contains(MARKER), "{name}: {comments:?}");
        assert_eq!(comments[1], "I would rather keep it.", "{name}");
        assert!(!world.item(REPO, 3).open, "{name}");
        drop(world);
        assert_eq!(standing(&server)[3], before[3], "{name}");
    });
}

#[test]
fn a_runner_that_started_empty_takes_back_what_our_comments_tell() {
    everywhere(|name, dialect| {
        let world = small(dialect);
        world.clock.set(NOW);
        let server = Server::start(world);
        let mut place = Place::new(&[NO_SUMMARY]);
        let before = standing(&server);
        place.run(&server, &["--now", NOW]).ended(0);
        place.forget();
        place.undo(&server, &["--repo", REPO]).ended(2).says("--since");
        let since = ["--repo", REPO, "--since", "2026-11-20T11:00:00Z", "--now", LATER];
        place.undo(&server, &since).ended(0).says("without a comment");
        let after = standing(&server);
        // The label that the run made in the repository is in no comment.
        assert_eq!(after[..before.len()], before, "{name}");
        assert_eq!(after.len(), before.len() + 1, "{name}");
    });
}

#[test]
fn an_undo_killed_at_any_moment_is_done_by_the_next() {
    let dialects: [fn() -> World; 2] = [|| World::gitea("1.26.4"), World::github_enterprise];
    std::thread::scope(|scope| {
        for dialect in dialects {
            scope.spawn(move || {
                for landed in [true, false] {
                    let github = dialect().dialect.is_github();
                    for nth in moments(2 * usize::from(landed) + usize::from(github)) {
                        let server = Server::start(small(dialect));
                        let place = Place::new(&[NO_SUMMARY]);
                        let before = standing(&server);
                        place.run(&server, &["-q"]).ended(0);
                        let run = place.lines("runs.jsonl")[0]["run"].as_str().unwrap().to_owned();
                        server.forget_requests();
                        if !killed(&server, &place, nth, landed) {
                            assert!(nth > 10, "an undo has only {nth} requests");
                            break;
                        }
                        let ran = place.undo(&server, &[&run]);
                        assert_eq!(ran.code, 0, "killed at {nth}, landed {landed}: {}", ran.all());
                        assert_eq!(standing(&server), before, "killed at {nth}, landed {landed}: {}", ran.all());
                        server.forget_requests();
                        place.undo(&server, &[&run]).ended(0);
                        assert_eq!(server.writes(), [""; 0], "killed at {nth}, landed {landed}");
                    }
                }
            });
        }
    });
}

/// Kills an undo at its nth request; false where it ended before.
fn killed(server: &Server, place: &Place, nth: usize, landed: bool) -> bool {
    let held = Duration::from_millis(60);
    let trouble = if landed { Trouble::Slow(held) } else { Trouble::Hang(held) };
    server.fault(Fault::on("*", "/**", trouble).nth(nth));
    let mut child = place.start_undo(server, &["-q"]);
    let came = loop {
        if server.count("*", "/**") >= nth {
            break true;
        }
        if child.try_wait().unwrap().is_some() {
            break false;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    _ = child.kill();
    _ = child.wait();
    until("the server is idle", || server.busy() == 0);
    server.no_faults();
    came
}

#[test]
fn lost_answers_of_an_undo_are_asked_for_and_nothing_is_done_twice() {
    everywhere(|name, dialect| {
        for (method, path) in [
            ("DELETE", "/repos/*/*/issues/comments/*"),
            ("DELETE", "/repos/*/*/labels/*"),
            ("*", "/repos/*/*/issues/2/**"),
        ] {
            let server = Server::start(small(dialect));
            let place = Place::new(&[NO_SUMMARY]);
            let before = standing(&server);
            place.run(&server, &[]).ended(0);
            server.fault(Fault::on(method, path, Trouble::ResetAfter).nth(1));
            let ran = place.undo(&server, &[]);
            ran.ended(0);
            assert_eq!(standing(&server), before, "{name} {method} {path}: {}", ran.all());
        }
    });
}
