//! Two runs at once, each with a folder of the loop of its own.

use super::backlog::{DIALECTS, READY, REPO, empty, ours};
use super::counts::NO_SUMMARY;
use super::kaizen::Place;
use crate::forge::{Server, issue};

/// How often it is tried.
const TIMES: usize = 100;

#[test]
fn two_runs_at_once_leave_one_comment_each_time() {
    let (one, two) = (Place::new(&[NO_SUMMARY]), Place::new(&[NO_SUMMARY]));
    let mut both = 0;
    for time in 0..TIMES {
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
