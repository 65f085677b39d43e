//! Pull requests as cycles of the loop, over HTTP in every dialect: `backfill-retro` and
//! `cycle-retro --from-pr`, what they read and in how many requests, and what fails in the middle.

use std::time::Duration;

use serde_json::{Value, json};

use super::backlog::{REPO, empty};
use super::kaizen::{Place, Ran, TOKEN};
use super::scenario::everywhere;
use super::signals::until;
use crate::forge::{Fault, Server, Trouble, World, issue, pull};
use crate::windows::{end, merge};

/// The log, below the folder of the loop.
const CYCLES: &str = "retro/cycles.jsonl";
const CREATED: &str = "2026-11-01T12:00:00Z";
/// Pull requests that have ended, in the order in which they did; uneven numbers were merged.
const ENDED: [u64; 11] = [12, 7, 2, 11, 6, 10, 5, 9, 4, 8, 3];

/// When the one of this place in [`ENDED`] did.
fn at(place: usize) -> String {
    format!("2026-11-{:02}T12:00:00Z", place + 2)
}

/// A repository with pages of four, eleven pull requests that have ended and one that has not, and issues.
fn world(dialect: fn() -> World) -> World {
    let mut world = empty(dialect);
    world.max_page = 4;
    world.add_issue(REPO, issue("[bug] The parser").by("ada"));
    for number in 2..=12 {
        let title = format!("[bug] Mend {number}");
        world.add_issue(REPO, pull(&title).by("ada").body("Fixes #1.").created(CREATED));
        world.item(REPO, number).pull.as_mut().unwrap().lines = (10 * number, number);
    }
    for (place, number) in ENDED.into_iter().enumerate() {
        let ended = at(place);
        if number % 2 == 1 {
            merge(&mut world, number, &ended, &ended)
        } else {
            end(&mut world, number, &ended, &ended)
        }
    }
    world.item(REPO, 3).assignees.push("claude".to_owned());
    world.add_issue(REPO, pull("Not yet").by("ada"));
    for _ in 14..=18 {
        world.add_issue(REPO, issue("Closed").by("ada").closed());
    }
    world
}

fn backfill(place: &Place, server: &Server, more: &[&str]) -> Ran {
    job(place, server, "backfill-retro", &[&["--repo", REPO, "--format", "json"], more].concat())
}

fn from_pr(place: &Place, server: &Server, number: u64, more: &[&str]) -> Ran {
    job(place, server, "cycle-retro", &[&["--from-pr", &number.to_string(), "--repo", REPO], more].concat())
}

fn args(place: &Place, server: &Server, name: &str, more: &[&str]) -> Vec<String> {
    let url = server.api_url();
    let base = [name, "--forge", &url, "--loop-dir", &place.loop_dir, "--retry-wait", "1"];
    base.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
}

fn job(place: &Place, server: &Server, name: &str, more: &[&str]) -> Ran {
    place.finish(&args(place, server, name, more), &[])
}

/// The pull requests of the log, in its order.
fn recorded(place: &Place) -> Vec<u64> {
    place.lines(CYCLES).iter().map(|cycle| cycle["pr"].as_u64().unwrap()).collect()
}

/// The same sorted: each once, whatever came in between.
fn all(place: &Place) -> Vec<u64> {
    let mut found = recorded(place);
    found.sort_unstable();
    found
}

fn of_pull(server: &Server) -> usize {
    server.count("GET", "/repos/*/*/pulls/*")
}

#[test]
fn every_pull_request_that_has_ended_is_recorded_in_order_and_once() {
    everywhere(|name, dialect| {
        let server = Server::start(world(dialect));
        // Gitea 1.21 tells the lines of none.
        let tells_lines = name != "Gitea 1.21";
        let place = Place::new(&[]);
        let report = backfill(&place, &server, &[]).ended(0).json();
        assert_eq!(report["totals"], json!({"recorded": 11, "known": 0}), "{name}");
        assert_eq!(recorded(&place), ENDED, "{name}");
        let lines = |number: u64| if tells_lines { json!([10 * number, number]) } else { json!([null, null]) };
        for (nth, cycle) in place.lines(CYCLES).iter().enumerate() {
            let (number, merged) = (ENDED[nth], ENDED[nth] % 2 == 1);
            let expected = json!({
                "timestamp": at(nth), "cycle": null, "issue": 1, "type": "bug", "success": merged,
                "duration": (nth as u64 + 1) * 86_400, "reason": if merged { "" } else { "closed without a merge" },
                "lines_added": lines(number)[0], "lines_removed": lines(number)[1], "pr": number, "epoch": null,
                "repo": REPO, "agent": if number == 3 { "claude" } else { "ada" },
            });
            assert_eq!(cycle, &expected, "{name}");
        }
        // A page each, and a request for each of those that have ended: of the others nothing is asked.
        let pages = server.requests().iter().filter(|asked| asked.path.ends_with("/issues")).count();
        assert_eq!((pages, of_pull(&server)), (16_usize.div_ceil(4), 11), "{name}");
        server.forget_requests();
        let again = backfill(&place, &server, &[]).ended(0).json();
        assert_eq!((&again["totals"], of_pull(&server)), (&json!({"recorded": 0, "known": 11}), 0), "{name}");
        assert_eq!(server.writes(), [""; 0], "{name}");
    });
}

#[test]
fn one_that_cannot_be_read_is_named_the_others_are_recorded_and_the_next_run_adds_it() {
    everywhere(|name, dialect| {
        let troubles =
            [Trouble::status(500), Trouble::forbidden(), Trouble::status(404), Trouble::CutJson, Trouble::login_page()];
        for trouble in troubles {
            let server = Server::start(world(dialect));
            server.fault(Fault::on("GET", "/repos/*/*/pulls/6", trouble.clone()));
            let place = Place::new(&[]);
            let report = backfill(&place, &server, &[]).ended(4).json();
            assert_eq!(report["totals"], json!({"recorded": 10, "known": 0}), "{name} {trouble:?}");
            let why = report["why_incomplete"].as_array().unwrap();
            assert!(why.len() == 1 && why[0].as_str().unwrap().contains("acme/app#6"), "{name} {trouble:?}: {why:?}");
            server.no_faults();
            server.forget_requests();
            let report = backfill(&place, &server, &[]).ended(0).json();
            assert_eq!(report["totals"], json!({"recorded": 1, "known": 10}), "{name} {trouble:?}");
            assert_eq!((all(&place), of_pull(&server)), ((2..=12).collect(), 1), "{name} {trouble:?}");
        }
    });
}

#[test]
fn a_list_that_breaks_off_records_nothing_and_a_refused_token_ends_it_at_once() {
    everywhere(|name, dialect| {
        let server = Server::start(world(dialect));
        let place = Place::new(&[]);
        for (trouble, says) in [
            (Trouble::status(500), "the forge failed"),
            (Trouble::forbidden(), "lacks the right"),
            (Trouble::status(404), "does not exist or this token may not see it"),
        ] {
            server.fault(Fault::on("GET", "/repos/*/*/issues", trouble).from(2));
            backfill(&place, &server, &[]).ended(1).says("reading the issues of acme/app").says(says);
            assert_eq!(of_pull(&server), 0, "{name}");
            server.no_faults();
        }
        assert!(place.lines(CYCLES).is_empty(), "{name}");
        server.fault(Fault::on("GET", "/repos/*/*/pulls/*", Trouble::expired()).from(4));
        backfill(&place, &server, &[]).ended(1).says("the token is refused");
        assert_eq!((recorded(&place), of_pull(&server)), (ENDED[..3].to_vec(), 4), "{name}");
        server.no_faults();
        backfill(&place, &server, &[]).ended(0);
        assert_eq!(recorded(&place), ENDED, "{name}");
        // Both lines of each run are there, and say how it ended.
        let exits: Vec<Value> = place.lines("runs.jsonl").iter().map(|line| line["exit"].clone()).collect();
        let ended: Vec<&Value> = exits.iter().filter(|exit| !exit.is_null()).collect();
        assert_eq!(ended, [1, 1, 1, 1, 0].map(Value::from).iter().collect::<Vec<_>>(), "{name}: {exits:?}");
    });
}

#[test]
fn a_killed_backfill_goes_on_where_it_was() {
    let server = Server::start(world(|| World::gitea("1.26.4")));
    let place = Place::new(&[]);
    server.latency(Duration::from_millis(30));
    let args = args(&place, &server, "backfill-retro", &["--repo", REPO]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut run = place.command(&args).spawn().unwrap();
    until("some are recorded", || place.lines_so_far(CYCLES) >= 3);
    run.kill().unwrap();
    run.wait().unwrap();
    server.latency(Duration::ZERO);
    let before = place.lines_so_far(CYCLES);
    assert!(before < 11, "it was over before it was killed");
    assert_eq!(
        backfill(&place, &server, &[]).ended(0).json()["totals"],
        json!({"recorded": 11 - before, "known": before})
    );
    assert_eq!(recorded(&place), ENDED);
}

#[test]
fn of_many_repositories_one_that_cannot_be_read_is_named() {
    everywhere(|name, dialect| {
        let mut world = world(dialect);
        world.add_repo("acme/lib");
        world.add_issue("acme/lib", pull("Other").by("ada").created(CREATED));
        let item = world.item("acme/lib", 1);
        (item.open, item.closed) = (false, Some(crate::forge::world::instant("2026-11-05T18:00:00Z")));
        let server = Server::start(world);
        let place = Place::new(&[]);
        let more = ["--repo", "acme/nowhere", "--repo", "acme/lib"];
        let report = backfill(&place, &server, &more).ended(4).json();
        let why = report["why_incomplete"].as_array().unwrap();
        assert!(why.len() == 1 && why[0].as_str().unwrap().starts_with("acme/nowhere: "), "{name}: {why:?}");
        // One log of both, by when they ended.
        let of: Vec<Value> = place.lines(CYCLES).iter().map(|cycle| cycle["repo"].clone()).collect();
        assert_eq!((of.len(), of.iter().position(|repo| repo == "acme/lib")), (12, Some(4)), "{name}: {of:?}");
        assert_eq!(backfill(&place, &server, &more[2..]).ended(0).json()["totals"]["recorded"], 0, "{name}");
    });
}

#[test]
fn a_cycle_is_taken_from_one_pull_request_and_not_recorded_twice() {
    everywhere(|name, dialect| {
        let server = Server::start(world(dialect));
        let place = Place::new(&[]);
        for _ in 0..2 {
            from_pr(&place, &server, 3, &["--epoch", "e1"]).ended(0);
        }
        let cycles = place.lines(CYCLES);
        let members = ["pr", "issue", "success", "agent", "epoch", "timestamp", "repo"];
        let found: Vec<Value> = members.iter().map(|member| cycles[0][*member].clone()).collect();
        assert_eq!(json!(found), json!([3, 1, true, "claude", "e1", at(10), REPO]), "{name}");
        let lines = if name == "Gitea 1.21" { Value::Null } else { json!(30) };
        assert_eq!((cycles.len(), &cycles[0]["lines_added"]), (1, &lines), "{name}");
        // Two requests beside those that find the repository: one a call.
        assert_eq!(of_pull(&server), 2, "{name}");
        // What was recorded live is not recorded again.
        assert_eq!(backfill(&place, &server, &[]).ended(0).json()["totals"], json!({"recorded": 10, "known": 1}));
        assert_eq!(all(&place), (2..=12).collect::<Vec<u64>>(), "{name}");
        assert_eq!(server.writes(), [""; 0], "{name}");
    });
}

#[test]
fn a_pull_request_that_is_none_is_wrong_usage_and_one_that_cannot_be_read_a_failure() {
    everywhere(|name, dialect| {
        let server = Server::start(world(dialect));
        let place = Place::new(&[]);
        // Open, an issue, nowhere.
        for number in [13, 14, 99] {
            let says = format!("acme/app has no pull request {number} that has ended");
            from_pr(&place, &server, number, &[]).ended(2).says(&says);
        }
        for (trouble, says) in [
            (Trouble::status(500), "the forge failed"),
            (Trouble::forbidden(), "lacks the right"),
            (Trouble::expired(), "the token is refused"),
            (Trouble::CutJson, "acme/app#3"),
        ] {
            server.fault(Fault::on("GET", "/repos/*/*/pulls/*", trouble));
            from_pr(&place, &server, 3, &[]).ended(1).says("reading the pull request acme/app#3").says(says);
            server.no_faults();
        }
        // One that answers in the end is recorded.
        server.fault(Fault::on("GET", "/repos/*/*/pulls/*", Trouble::bad_gateway()).times(2));
        from_pr(&place, &server, 3, &[]).ended(0);
        assert_eq!(recorded(&place), [3], "{name}");
        let missing = ["--from-pr", "3", "--repo", "acme/nowhere"];
        job(&place, &server, "cycle-retro", &missing).ended(1).says("acme/nowhere");
    });
}

#[test]
fn a_token_that_sees_no_pull_requests_seeds_nothing_without_a_word_fact_10() {
    let mut world = world(|| World::gitea("1.26.4"));
    world.add_job_token(TOKEN, REPO);
    world.tokens.get_mut(TOKEN).unwrap().no_pulls = true;
    let server = Server::start(world);
    let place = Place::new(&[]);
    backfill(&place, &server, &[]).ended(1).says("none came, and the forge refuses to list them alone");
    assert!(place.lines(CYCLES).is_empty());
}
