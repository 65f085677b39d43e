//! A section in an issue's text and an issue created beside it, on every dialect: once, whatever kills the
//! run, and nobody's edit is lost.

use std::time::Duration;

use super::backlog::{READY, REPO, empty, ours};
use super::counts::NO_SUMMARY;
use super::kaizen::Place;
use super::killed::{HELD, killed};
use super::moments;
use super::scenario::everywhere;
use super::signals::until;
use crate::forge::{Fault, Server, Trouble, World, issue};

/// Both beside the assignment.
const ACTION: (&str, &str) = (
    "assign: [claude]",
    "assign: [claude], edit_body: section.md.j2, create_issue: {title: \"Look at {{ title }}\", body: follow.md.j2, \
     labels: [kimi-ready], assign: [kimi]}",
);

pub(super) fn place() -> Place {
    let place = Place::new(&[NO_SUMMARY, ACTION]);
    std::fs::create_dir_all(place.path("templates/backlog-triage")).unwrap();
    std::fs::write(place.path("templates/backlog-triage/section.md.j2"), "Type {{ type }}.").unwrap();
    std::fs::write(place.path("templates/backlog-triage/follow.md.j2"), "A look at {{ title }}.").unwrap();
    place
}

fn world(dialect: fn() -> World) -> World {
    let mut world = empty(dialect);
    world.add_issue(REPO, issue("[bug] Login fails").by("ada").body(READY));
    world
}

/// What is wrong after all was done.
fn wrong(server: &Server) -> Vec<String> {
    let mut world = server.world();
    let mut wrong = Vec::new();
    let made: Vec<u64> = world.repo(REPO).items.keys().copied().filter(|number| *number > 1).collect();
    if made != [2] {
        wrong.push(format!("the issues created are {made:?}"));
    } else if world.labels_of(REPO, 2) != ["kimi-ready"] || world.assignees_of(REPO, 2) != ["kimi"] {
        wrong.push(format!("#2 has {:?} {:?}", world.labels_of(REPO, 2), world.assignees_of(REPO, 2)));
    }
    let item = world.item(REPO, 1);
    let body = item.body.clone();
    if !body.starts_with(&format!("{READY}\n\n<!-- kaizen:section ")) || body.matches("Type bug.").count() != 1 {
        wrong.push(format!("the text is {body:?}"));
    }
    let (comments, assignees) = (ours(item).len(), item.assignees.clone());
    if comments != 1 || assignees != ["claude"] {
        wrong.push(format!("{comments} comments, {assignees:?}"));
    }
    wrong
}

#[test]
fn a_section_and_an_issue_are_written_once_in_every_dialect() {
    everywhere(|name, dialect| {
        let server = Server::start(world(dialect));
        let mut place = place();
        place.run(&server, &[]).ended(0);
        assert_eq!(wrong(&server), [""; 0], "{name}");
        for _ in 0..2 {
            server.forget_requests();
            place.run(&server, &[]).ended(0);
            assert_eq!(server.writes(), [""; 0], "{name}");
            place.forget();
        }
    });
}

#[test]
fn a_section_and_an_issue_survive_a_kill_at_any_moment() {
    for dialect in [|| World::gitea("1.26.4"), World::github_enterprise as fn() -> World] {
        for (turn, (landed, forget)) in [(true, true), (false, true), (true, false)].into_iter().enumerate() {
            for nth in moments(turn) {
                let server = Server::start(world(dialect));
                let mut place = place();
                let trouble = if landed { Trouble::Slow(HELD) } else { Trouble::Hang(HELD) };
                if !killed(&server, &place, nth, trouble) {
                    assert!(nth > 12, "a run has only {nth} requests");
                    break;
                }
                if forget {
                    place.forget();
                }
                let ran = place.run(&server, &[]);
                assert_eq!(ran.code, 0, "{}", ran.all());
                assert_eq!(wrong(&server), [""; 0], "killed at {nth}, landed: {landed}: {}", ran.all());
            }
        }
    }
}

#[test]
fn an_edit_between_reading_and_writing_is_not_lost_where_texts_have_versions() {
    let server = Server::start(world(|| World::gitea("1.26.4")));
    // The item has been read for the last time when its texts are looked for.
    server.fault(Fault::on("GET", "/repos/*/*/issues", Trouble::Slow(Duration::from_millis(500))).nth(2));
    let place = place();
    let run = place.start(&server, &[]);
    until("the issues are listed again", || server.count("GET", "/repos/*/*/issues") > 1);
    server.world().rewrite(0, 1, "ada", "Another text of hers.");
    let ran = place.wait(run);
    ran.ended(0);
    assert!(server.world().item(REPO, 1).body.starts_with("Another text of hers."), "{}", ran.all());
    server.no_faults();
    place.run(&server, &[]).ended(0);
    assert!(server.world().item(REPO, 1).body.starts_with("Another text of hers."));
}
