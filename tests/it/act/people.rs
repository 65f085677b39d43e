//! People beside us: copied markers, what they took back.

use std::time::Duration;

use super::backlog::{MARKER, READY, REPO, empty, ours, small, wrong};
use super::counts::NO_SUMMARY;
use super::kaizen::Place;
use super::scenario::everywhere;
use super::signals::until;
use crate::forge::{Fault, Server, Trouble, World, issue};

#[test]
fn a_copied_marker_before_and_after_ours_is_neither_touched_nor_obeyed() {
    everywhere(|name, dialect| {
        // What a perfect marker looks like for this item: ours in another world.
        let other = Server::start(small(dialect));
        Place::new(&[NO_SUMMARY]).run(&other, &[]).ended(0);
        let perfect = [1, 2, 3].map(|number| ours(other.world().item(REPO, number))[0].to_owned());
        let greedy = perfect[1].replace("add_labels:kimi-ready", "add_labels:bug");
        assert!(perfect.iter().all(|text| text.contains(MARKER)) && greedy != perfect[1]);
        let server = Server::start(small(dialect));
        for (number, text) in [(1, &perfect[0]), (2, &perfect[1]), (3, &perfect[2])] {
            server.world().say(0, number, "ada", text);
        }
        server.world().pings.clear();
        let mut place = Place::new(&[NO_SUMMARY]);
        place.run(&server, &[]).ended(0);
        assert_eq!(wrong(&server, false), [""; 0], "{name}");
        // After ours, asking for more.
        for (number, text) in [(1, &perfect[0]), (2, &greedy), (3, &perfect[1]), (4, &greedy)] {
            server.world().say(0, number, "ada", text);
        }
        server.world().pings.retain(|ping| ping.number != 3 || ping.why != "mention" || ping.login != "x");
        for _ in 0..2 {
            server.forget_requests();
            place.run(&server, &[]).ended(0);
            assert_eq!(server.writes(), [""; 0], "{name}");
            place.forget();
        }
        let mut world = server.world();
        assert!(!world.labels_of(REPO, 2).contains(&"bug".to_owned()) && world.labels_of(REPO, 4).is_empty(), "{name}");
        for (number, texts) in [(1, [&perfect[0], &perfect[0]]), (2, [&perfect[1], &greedy])] {
            let item = world.item(REPO, number);
            let hers: Vec<&str> =
                item.comments().filter(|(entry, _)| entry.by == "ada").map(|(_, body)| body).collect();
            assert_eq!(hers, texts, "{name}");
        }
    });
}

#[test]
fn what_a_person_took_off_stays_off() {
    everywhere(|name, dialect| {
        let server = Server::start(small(dialect));
        let mut place = Place::new(&[NO_SUMMARY]);
        place.run(&server, &[]).ended(0);
        server.world().unassign(0, 1, "maria", "claude");
        let label = {
            let world = server.world();
            world.repos[0].labels.iter().find(|label| label.name == "kimi-ready").unwrap().clone()
        };
        server.world().remove_labels(0, 2, "maria", vec![label]);
        for _ in 0..2 {
            server.forget_requests();
            place.run(&server, &[]).ended(0);
            assert_eq!(server.writes(), [""; 0], "{name}");
            place.forget();
        }
    });
}

#[test]
fn one_who_comes_and_one_who_goes_are_both_written() {
    everywhere(|name, dialect| {
        let server = Server::start(empty(dialect));
        server.world().add_issue(REPO, issue("[bug] Handed on").by("ada").body(READY).assignees(&["kimi"]));
        let replaced = [
            NO_SUMMARY,
            ("- id: assigned\n", "- id: assigned\n    enabled: false\n"),
            ("assign: [claude]", "assign: [claude], unassign: [kimi]"),
        ];
        Place::new(&replaced).run(&server, &[]).ended(0);
        assert_eq!(server.world().assignees_of(REPO, 1), ["claude"], "{name}");
    });
}

#[test]
fn what_was_there_before_us_and_was_taken_off_since_stays_off() {
    everywhere(|name, dialect| {
        let server = Server::start(empty(dialect));
        server.world().add_issue(REPO, issue("[bug] Labelled").by("ada").body(READY).labels(&["bug"]));
        let replaced = [
            NO_SUMMARY,
            ("\nlabels:\n", "\nlabels:\n  bug: {color: ee0701}\n"),
            ("assign: [claude]", "assign: [claude], add_labels: [bug]"),
        ];
        let mut place = Place::new(&replaced);
        place.run(&server, &[]).ended(0);
        let label = {
            let world = server.world();
            world.repos[0].labels.iter().find(|label| label.name == "bug").unwrap().clone()
        };
        server.world().remove_labels(0, 1, "maria", vec![label]);
        for _ in 0..2 {
            place.run(&server, &[]).ended(0);
            assert_eq!(server.world().labels_of(REPO, 1), [""; 0], "{name}");
            place.forget();
        }
    });
}

#[test]
fn a_comment_edited_between_reading_and_writing_is_read_again() {
    everywhere(|name, dialect| {
        let server = Server::start(small(dialect));
        let comment = server.world().say(0, 1, "ada", "Any news?");
        server.world().say(0, 2, "ada", "Any news?");
        // The look at the repository comes after the comments were read and before anything is written.
        server.fault(Fault::on("GET", "/repos/*/*/labels", Trouble::Slow(Duration::from_millis(500))).times(1));
        let place = Place::new(&[NO_SUMMARY]);
        let run = place.start(&server, &["--format", "json"]);
        until("the repository is looked at", || server.count("GET", "/repos/*/*/labels") > 0);
        server.world().edit_comment(comment, "/kaizen ignore");
        let ran = place.wait(run);
        ran.ended(0).says("ada asked to leave it alone");
        assert!(ours(server.world().item(REPO, 1)).is_empty(), "{name}");
        assert_eq!(ours(server.world().item(REPO, 2)).len(), 1, "{name}");
        // What the second costs more is one list of the repository's comments, not one of its own.
        assert_eq!(server.count("GET", "/repos/*/*/issues/2/comments"), 1, "{name}");
    });
}

/// Somebody deletes our comments on these.
fn take_away(server: &Server, numbers: &[u64]) {
    let mut world = server.world();
    for number in numbers {
        let comments = world.item(REPO, *number).comments().filter(|(entry, _)| entry.by == "kaizen-bot");
        let ids: Vec<i64> = comments.map(|(entry, _)| entry.id).collect();
        ids.into_iter().for_each(|id| world.delete_comment(id));
    }
}

/// The rules judge what is assigned too.
const ALL_JUDGED: (&str, &str) = ("- id: assigned\n", "- id: assigned\n    enabled: false\n");

#[test]
fn a_comment_that_somebody_deleted_stays_away_while_anything_tells_of_it() {
    everywhere(|name, dialect| {
        let server = Server::start(small(dialect));
        let mut place = Place::new(&[NO_SUMMARY, ALL_JUDGED]);
        place.run(&server, &[]).ended(0);
        take_away(&server, &[1, 2, 3]);
        server.forget_requests();
        // The journal knows each of them.
        place.run(&server, &[]).ended(0);
        assert_eq!(server.writes(), [""; 0], "{name}");
        // Without it what the decision left beside the comment does: of the third nothing is left.
        place.forget();
        let report = place.run(&server, &["--format", "json"]).ended(0).json();
        assert_eq!(server.writes(), [format!("POST /repos/{REPO}/issues/3/comments")], "{name}");
        let note = |number: u64| {
            let issues = report["issues"].as_array().unwrap();
            let found = issues.iter().find(|issue| issue["number"] == number).unwrap();
            found["decision"]["note"].as_str().unwrap_or("").to_owned()
        };
        let expected = "Its comment was taken away since; what went with it still stands.";
        assert_eq!([1, 2, 3].map(note), [expected, expected, ""], "{name}");
        // One more read each, and of those alone.
        let mut asked: Vec<String> = server.requests().iter().map(|asked| asked.path.clone()).collect();
        asked.retain(|path| path.ends_with("/timeline"));
        asked.dedup();
        assert_eq!(asked, [1, 2].map(|number| format!("/repos/{REPO}/issues/{number}/timeline")), "{name}");
    });
}

#[test]
fn a_label_that_stands_there_without_our_doing_tells_of_no_comment() {
    everywhere(|name, dialect| {
        let mut world = small(dialect);
        world.add_label(REPO, "kimi-ready", false);
        let server = Server::start(world);
        let label = {
            let world = server.world();
            world.repos[0].labels.iter().find(|label| label.name == "kimi-ready").unwrap().clone()
        };
        server.world().add_labels(0, 2, "maria", vec![label]);
        let place = Place::new(&[NO_SUMMARY, ALL_JUDGED]);
        place.run(&server, &[]).ended(0);
        assert_eq!(wrong(&server, false), [""; 0], "{name}");
    });
}

#[test]
fn what_an_undo_took_away_is_told_again_and_so_is_another_decision() {
    let gitea = || World::gitea("1.26.4");
    let server = Server::start(small(gitea));
    let place = Place::new(&[NO_SUMMARY]);
    place.run(&server, &[]).ended(0);
    place.undo(&server, &[]).ended(0);
    server.world().pings.clear();
    place.run(&server, &[]).ended(0);
    assert_eq!(wrong(&server, false), [""; 0]);
    // Deleted, and by now something else is to be said.
    take_away(&server, &[3]);
    place.rules(&[NO_SUMMARY, ("mention: [owner], comment", "mention: [owner], add_labels: [kimi-ready], comment")]);
    place.run(&server, &[]).ended(0);
    assert_eq!(ours(server.world().item(REPO, 3)).len(), 1);
    // A journal of another forge says nothing of this one.
    let other = Server::start(small(gitea));
    place.run(&other, &[]).ended(0);
    assert_eq!(ours(other.world().item(REPO, 1)).len(), 1);
}
