//! `kill -9` at the requests of a live run, before and after the server acted on it, then a second
//! run: with the journal of the first and with an empty folder of the loop.

use std::process::{Child, Stdio};
use std::time::Duration;

use super::backlog::{READY, REPO, empty, ours, small, wrong};
use super::counts::NO_SUMMARY;
use super::kaizen::Place;
use super::moments;
use super::signals::until;
use crate::forge::{Fault, Server, Trouble, World, issue};

/// Long enough for the kill to come first.
pub const HELD: Duration = Duration::from_millis(60);

/// Runs the job and kills it at its nth request; false where it ended before.
pub fn killed(server: &Server, place: &Place, nth: usize, trouble: Trouble) -> bool {
    killed_at(server, nth, trouble, || place.start(server, &["-q"]))
}

/// Starts a run and kills it at its nth request; false where it ended before.
fn killed_at(server: &Server, nth: usize, trouble: Trouble, start: impl Fn() -> Child) -> bool {
    server.fault(Fault::on("*", "/**", trouble).nth(nth));
    let mut child = start();
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

/// The moments of a run, each with a world of its own. `after` changes the world before the second
/// run and says what must then be wrong with it.
fn every_moment(dialect: fn() -> World, empty: bool, after: impl Fn(&Server) -> Vec<String>) {
    for landed in [true, false] {
        for nth in moments(2 * usize::from(landed) + usize::from(empty)) {
            let server = Server::start(small(dialect));
            let mut place = Place::new(&[]);
            let trouble = if landed { Trouble::Slow(HELD) } else { Trouble::Hang(HELD) };
            if !killed(&server, &place, nth, trouble) {
                assert!(nth > 20, "a run has only {nth} requests");
                break;
            }
            let at = server.requests().get(nth - 1).map(|asked| format!("{} {}", asked.method, asked.path));
            let expected = after(&server);
            if empty {
                place.forget();
            }
            let ran = place.run(&server, &[]);
            let told = || format!("killed at {nth} ({at:?}), landed: {landed}, empty: {empty}:\n{}", ran.all());
            assert_eq!(ran.code, 0, "{}", told());
            assert_eq!(wrong(&server, true), expected, "{}", told());
            // What the second run finished, a person may take back too.
            if !landed {
                taken_off(&server);
            }
            server.forget_requests();
            place.run(&server, &["-q"]).ended(0);
            assert_eq!(server.writes(), [""; 0], "a third run writes; {}", told());
        }
    }
}

/// A person takes off what the killed run has put on.
fn taken_off(server: &Server) -> Vec<String> {
    let mut world = server.world();
    let mut expected = Vec::new();
    if world.assignees_of(REPO, 1) == ["claude"] {
        world.unassign(0, 1, "maria", "claude");
        expected.push("#1 has [] [], not [] [\"claude\"]".to_owned());
    }
    if world.labels_of(REPO, 2) == ["kimi-ready"] {
        let label = world.repos[0].labels.iter().find(|label| label.name == "kimi-ready").unwrap().clone();
        world.remove_labels(0, 2, "maria", vec![label]);
        expected.push("#2 has [] [], not [\"kimi-ready\"] []".to_owned());
    }
    assert!(ours(world.item(REPO, 4)).is_empty());
    expected
}

fn both(dialect: fn() -> World, after: fn(&Server) -> Vec<String>) {
    std::thread::scope(|scope| {
        for empty in [false, true] {
            scope.spawn(move || every_moment(dialect, empty, after));
        }
    });
}

#[test]
fn killed_at_any_moment_nothing_is_missing_and_nothing_twice() {
    both(|| World::gitea("1.26.4"), |_| Vec::new());
}

#[test]
fn killed_at_any_moment_on_github_nothing_is_missing_and_nothing_twice() {
    both(World::github_enterprise, |_| Vec::new());
}

#[test]
fn killed_at_any_moment_what_a_person_took_off_stays_off() {
    both(|| World::gitea("1.26.4"), taken_off);
}

/// One item whose writes put an exclusive label and a milestone in the place of others.
fn replacing(dialect: fn() -> World) -> (Server, Place) {
    let mut world = empty(dialect);
    for name in ["area/x", "area/y"] {
        world.add_label(REPO, name, true);
    }
    for title in ["0.9", "1.0"] {
        world.add_milestone(REPO, title, None);
    }
    world.add_issue(REPO, issue("[bug] Login fails").by("ada").body(READY).labels(&["area/y"]).milestone("0.9"));
    let writes = "add_labels: [area/x], assign: [claude], set_milestone: \"1.0\"";
    let place = Place::new(&[NO_SUMMARY, ("assign: [claude]", writes), ("\nlabels:\n", "\nlabels:\n  area/x: {}\n")]);
    (Server::start(world), place)
}

#[test]
fn a_plan_killed_at_any_moment_is_finished_by_the_next_apply() {
    for dialect in [|| World::gitea("1.26.4"), World::github_enterprise as fn() -> World] {
        for (landed, forget) in [(true, true), (false, true), (true, false), (false, false)] {
            for nth in moments(2 * usize::from(landed) + usize::from(forget)) {
                let (server, mut place) = replacing(dialect);
                place.run(&server, &["--dry-run", "--plan-out", "plan.json"]).ended(0);
                server.forget_requests();
                let trouble = if landed { Trouble::Slow(HELD) } else { Trouble::Hang(HELD) };
                let start = || {
                    let args = ["apply", "plan.json", "--loop-dir", &place.loop_dir, "--retry-wait", "1", "-q"];
                    let mut command = place.command(&args);
                    command.env("KAIZEN_FORGE", server.api_url()).stdout(Stdio::null()).stderr(Stdio::null());
                    command.spawn().unwrap()
                };
                if !killed_at(&server, nth, trouble, start) {
                    assert!(nth > 8, "an apply has only {nth} requests");
                    break;
                }
                if forget {
                    place.forget();
                }
                let ran = place.apply("plan.json", &[]);
                let told = format!("killed at {nth}, landed: {landed}, empty: {forget}: {}", ran.all());
                assert_eq!(ran.code, 0, "{told}");
                let github = server.world().dialect.is_github();
                let mut world = server.world();
                let labels = if github { &["area/x", "area/y"][..] } else { &["area/x"] };
                assert_eq!(world.labels_of(REPO, 1), labels, "{told}");
                assert_eq!(world.assignees_of(REPO, 1), ["claude"], "{told}");
                assert_eq!(ours(world.item(REPO, 1)).len(), 1, "{told}");
                let set = world.item(REPO, 1).milestone;
                let wanted = world.repo(REPO).milestones.iter().find(|milestone| milestone.title == "1.0").unwrap().id;
                assert_eq!(set, Some(wanted), "{told}");
            }
        }
    }
}
