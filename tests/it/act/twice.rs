//! Two runs at once, each with a folder of the loop of its own.

use super::backlog::{DIALECTS, QUESTION, READY, REPO, empty, ours, summaries};
use super::counts::NO_SUMMARY;
use super::kaizen::Place;
use super::one_of;
use crate::forge::{Server, issue};

/// How often it is tried: often enough that they meet.
fn times() -> usize {
    200 / (1 + one_of())
}

#[test]
fn two_runs_at_once_leave_one_comment_each_time() {
    let (mut one, mut two) = (Place::new(&[NO_SUMMARY]), Place::new(&[NO_SUMMARY]));
    let mut both = 0;
    for time in 0..times() {
        // A server may get the port of an earlier one: what was written there is not to be known here.
        one.forget();
        two.forget();
        let (name, dialect) = DIALECTS[time % DIALECTS.len()];
        let mut world = empty(dialect);
        world.add_issue(REPO, issue("[bug] Login fails").by("ada").body(READY));
        world.add_issue(REPO, issue("[bug] Upload stops").by("ada").body(READY).labels(&["blocked"]));
        let server = Server::start(world);
        let runs = [(&one, one.start(&server, &["-q"])), (&two, two.start(&server, &["-q"]))];
        for (place, child) in runs {
            place.wait(child).ended(0);
        }
        both += usize::from(server.count("POST", "/repos/*/*/issues/*/comments") > 2);
        let mut world = server.world();
        for number in [1, 2] {
            assert_eq!(ours(world.item(REPO, number)).len(), 1, "{name}, time {time}: #{number}");
        }
        assert_eq!(world.assignees_of(REPO, 1), ["claude"], "{name}, time {time}");
    }
    assert!(both > 0, "they never met: this proves nothing");
}

#[test]
fn two_runs_at_once_leave_one_summary_and_one_label_each_time() {
    let (mut one, mut two) = (Place::new(&[]), Place::new(&[]));
    let (mut issues, mut labels) = (0, 0);
    for time in 0..times() {
        // A server may get the port of an earlier one: what was written there is not to be known here.
        one.forget();
        two.forget();
        let (name, dialect) = DIALECTS[time % DIALECTS.len()];
        let mut world = empty(dialect);
        world.add_issue(REPO, issue("[research] Compare queues").by("ada").body(QUESTION));
        let server = Server::start(world);
        let runs = [(&one, one.start(&server, &["-q"])), (&two, two.start(&server, &["-q"]))];
        for (place, child) in runs {
            place.wait(child).ended(0);
        }
        issues += usize::from(server.count("POST", "/repos/*/*/issues") > 1);
        labels += usize::from(server.count("DELETE", "/repos/*/*/labels/*") > 0);
        let open = {
            let mut world = server.world();
            let there = summaries(&mut world);
            assert_eq!(there.len(), 1, "{name}, time {time}: {there:?}");
            let mut names: Vec<String> = world.repo(REPO).labels.iter().map(|label| label.name.clone()).collect();
            names.sort();
            assert_eq!(names, ["blocked", "bug", "kaizen-summary", "kimi-ready"], "{name}, time {time}");
            assert_eq!(world.labels_of(REPO, 1), ["kimi-ready"], "{name}, time {time}");
            assert_eq!(ours(world.item(REPO, 1)).len(), 1, "{name}, time {time}");
            // The other one is closed, and a run after them keeps to the one that is open.
            let open: Vec<u64> =
                world.repo(REPO).items.values().filter(|item| item.open).map(|item| item.number).collect();
            assert_eq!(open, [1, there[0]], "{name}, time {time}");
            there[0]
        };
        server.forget_requests();
        one.run(&server, &["-q"]).ended(0);
        assert_eq!(server.writes(), [""; 0], "{name}, time {time}: #{open}");
    }
    assert!(issues > 0 && labels > 0, "they met {issues} and {labels} times: this proves nothing");
}

#[test]
fn of_two_issues_made_at_once_the_later_is_closed_is_nobodys_and_says_why() {
    let (mut one, mut two) = (super::texts::place(), super::texts::place());
    let mut both = 0;
    for time in 0..times() / 2 {
        one.forget();
        two.forget();
        let (name, dialect) = DIALECTS[time % DIALECTS.len()];
        let mut world = empty(dialect);
        world.add_issue(REPO, issue("[bug] Login fails").by("ada").body(READY));
        let server = Server::start(world);
        let runs = [(&one, one.start(&server, &["-q"])), (&two, two.start(&server, &["-q"]))];
        for (place, child) in runs {
            place.wait(child).ended(0);
        }
        let mut world = server.world();
        let made: Vec<_> = world.repo(REPO).items.values().filter(|item| item.number > 1).cloned().collect();
        both += usize::from(made.len() > 1);
        for item in &made[1..] {
            assert!(!item.open && item.assignees.is_empty(), "{name}, time {time}: {item:?}");
            assert!(item.body.starts_with("<sub>Two runs made this at the same moment: "), "{name}: {}", item.body);
        }
        let first = &made[0];
        assert!(first.open && first.assignees == ["kimi"], "{name}, time {time}: {first:?}");
        assert_eq!(ours(world.item(REPO, 1)).len(), 1, "{name}, time {time}");
    }
    assert!(both > 0, "they never met: this proves nothing");
}
