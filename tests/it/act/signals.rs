//! Signals, and a run again and again.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::backlog::{REPO, ours, small, wrong};
use super::counts::NO_SUMMARY;
use super::kaizen::Place;
use crate::forge::{Fault, Server, Trouble, World};

fn gitea() -> World {
    World::gitea("1.26.4")
}

/// Sends a signal to a child.
fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Waits until this holds.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn sigterm_ends_after_the_item_at_hand() {
    let server = Server::start(small(gitea));
    server.fault(Fault::on("POST", "/repos/*/*/issues/*/comments", Trouble::Slow(Duration::from_millis(700))).nth(1));
    let place = Place::new(&[]);
    let child = place.start(&server, &["--format", "json"]);
    until("the first comment", || server.count("POST", "/repos/*/*/issues/*/comments") > 0);
    signal(&child, "TERM");
    let ran = place.wait(child);
    ran.ended(4).says("ending after the item at hand").says("a signal ended the run");
    let report = ran.json();
    assert_eq!((&report["totals"]["acted"], &report["totals"]["deferred"]), (&1.into(), &2.into()), "{report}");
    assert_eq!(report["complete"], false);
    {
        // The first in order is whole.
        let mut world = server.world();
        let posted: Vec<u64> = (1..=3).filter(|number| !ours(world.item(REPO, *number)).is_empty()).collect();
        let [number] = posted[..] else { panic!("{posted:?}") };
        let whole = [&["claude"][..], &[], &[]][usize::try_from(number).unwrap() - 1];
        assert_eq!(world.assignees_of(REPO, number), whole);
    }
    let runs = place.lines("runs.jsonl");
    assert_eq!((runs.len(), &runs[1]["exit"]), (2, &4.into()), "{runs:?}");
    place.run(&server, &[]).ended(0);
    assert_eq!(wrong(&server, true), [""; 0]);
}

#[test]
fn a_loop_runs_again_keeps_the_last_good_rules_and_ends_by_a_signal() {
    let server = Server::start(small(gitea));
    let place = Place::new(&[NO_SUMMARY]);
    let child = place.start(&server, &["--every", "1s"]);
    let lists = || server.requests().iter().filter(|asked| asked.path == format!("/repos/{REPO}/issues")).count();
    until("a first run", || place.lines_so_far("runs.jsonl") == 2);
    std::fs::write(place.path("rules/backlog-triage.yaml"), "version: 1\njob: backlog-triage\nnonsense: [").unwrap();
    until("a second run", || place.lines_so_far("runs.jsonl") == 4);
    place.rules(&[NO_SUMMARY]);
    until("a third run", || place.lines_so_far("runs.jsonl") == 6);
    signal(&child, "TERM");
    let ended = Instant::now();
    let ran = place.wait(child);
    assert!(ended.elapsed() < Duration::from_millis(900), "it ends while it waits, at once");
    ran.ended(0).says("the last good ones are kept");
    assert!(lists() >= 3);
    assert_eq!(wrong(&server, false), [""; 0]);
    // A refused token ends it.
    let child = place.start(&server, &["--every", "1s"]);
    until("a run", || place.lines_so_far("runs.jsonl") == 8);
    server.world().tokens.get_mut(super::kaizen::TOKEN).unwrap().expired = true;
    place.wait(child).ended(1).says("the token is refused");
}
