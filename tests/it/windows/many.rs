//! Windows of time over many repositories on a server.
//!
//! Takes: repositories by the dozen, long histories, one that fails. Gives: every page and no other, as
//! many at once as were allowed; the others, where one cannot be read.

use std::time::{Duration, Instant};

use kaizen::forge::Forge;
use kaizen::forge::remote::{ConnectOptions, Remote, connect};

use super::{end, happened, history};
use crate::forge::{Fault, Server, Trouble, World, issue, pull};
use crate::remote::{ask, client, peopled, worlds};

/// A world with `count` repositories of `items` issues and pull requests each: of ten, two are open, one was
/// closed and one merged in the window, and the rest is history.
fn crowd(world: World, count: usize, items: usize) -> World {
    let mut world = peopled(world);
    for n in 0..count {
        let name = format!("acme/r{n:02}");
        world.add_repo(&name);
        for nth in 0..items {
            let created = format!("2026-0{}-01T00:00:00Z", nth % 9 + 1);
            let (draft, ended) = match nth % 10 {
                0 | 1 => (issue("open"), None),
                2 => (issue("closed"), Some("2026-11-20T01:00:00Z")),
                3 => (pull("merged"), Some("2026-11-20T02:00:00Z")),
                4 => (pull("old"), Some("2026-10-02T00:00:00Z")),
                _ => (issue("old"), Some("2026-10-01T00:00:00Z")),
            };
            let draft = draft.created(&created).updated(ended.unwrap_or(&created));
            let number = world.add_issue(&name, if ended.is_some() { draft.closed() } else { draft });
            if nth % 10 == 3 {
                let at = world.item(&name, number).updated;
                world.item(&name, number).pull.as_mut().unwrap().merged = Some(at);
            }
        }
    }
    world
}

/// A client of every repository of the crowd.
fn joined(server: &Server, count: usize, threads: usize) -> Remote {
    let repos = (0..count).map(|n| format!("acme/r{n:02}")).collect();
    connect(ConnectOptions { repos, threads, go_on: true, ..ask(server) }).unwrap()
}

#[test]
fn every_page_is_read_and_no_history_facts_1_13_63() {
    for world in worlds() {
        let mut world = peopled(world);
        let github = world.dialect.is_github();
        for _ in 0..700 {
            world.add_issue("acme/app", issue("old").closed().updated("2026-10-01T00:00:00Z"));
        }
        for n in 0..230 {
            let number = world.add_issue("acme/app", issue("open").created("2026-11-19T13:00:00Z"));
            let at = "2026-11-19T14:00:00Z";
            world.add_comment("acme/app", number, "claude", "hello", at);
            world.add_comment("acme/app", number, "claude", "far too early", "2026-10-01T00:00:00Z");
            let number = world.add_issue("acme/app", if n % 2 == 0 { issue("new") } else { pull("new") });
            end(&mut world, number, at, at);
        }
        let server = Server::start(world);
        let forge = client(&server);
        for threads in [1, 16] {
            server.forget_requests();
            let world = happened(&forge, vec![0], threads);
            let [app] = &world.repos[..] else { panic!("{world:?}") };
            assert_eq!((app.open.len(), app.closed.len(), app.pulls.len()), (230, 115, 115));
            assert_eq!(app.first_responses(world.windows[0]), [3_600_000_000].repeat(230));
            // In the forge's order, the newest first.
            assert!(app.open.is_sorted_by(|one, next| one.item.number > next.item.number));
            let pages = if github { 3 } else { 5 };
            assert_eq!(server.count("GET", "/repos/acme/app/issues"), 2 * pages);
            assert_eq!(server.count("GET", "/repos/acme/app/issues/comments"), pages);
            assert_eq!(server.requests().len(), 3 * pages);
        }
    }
}

#[test]
fn sixteen_requests_at_once_over_fifty_repositories_and_no_more_of_them_than_one_by_one() {
    let server = Server::start(crowd(World::gitea("1.26.4"), 50, 20));
    let counts = [1, 16].map(|threads| {
        server.forget_requests();
        server.latency(Duration::from_millis(if threads == 1 { 0 } else { 30 }));
        let forge = joined(&server, 50, threads);
        let world = happened(&forge, (0..50).collect(), threads);
        assert_eq!(world.repos.len(), 50);
        for app in &world.repos {
            let window = world.windows[0];
            assert_eq!((app.open.len(), app.closed_in(window).count(), app.pulls_in(window).count()), (4, 2, 2));
        }
        server.requests().len()
    });
    // The version, who we are, and four of each repository: itself and three lists.
    assert_eq!(counts[0], counts[1]);
    assert!(counts[0] <= 2 + 4 * 50, "{counts:?}");
    assert_eq!(server.peak(), 16);
}

#[test]
fn one_large_repository_is_shared_by_all_threads() {
    let server = Server::start(crowd(World::gitea("1.26.4"), 1, 6_000));
    server.latency(Duration::from_millis(30));
    let world = happened(&joined(&server, 1, 8), vec![0], 8);
    assert_eq!((world.repos[0].open.len(), world.repos[0].closed.len()), (1_200, 600));
    assert_eq!(server.peak(), 8);
}

#[test]
fn one_of_ten_fails_and_the_others_are_read() {
    for (path, trouble) in [
        // Its own object, and each of its lists.
        ("/repos/acme/r07", Trouble::status(404)),
        ("/repos/acme/r07", Trouble::status(500)),
        ("/repos/acme/r07/issues", Trouble::status(500)),
        ("/repos/acme/r07/issues", Trouble::status(404)),
        ("/repos/acme/r07/issues", Trouble::login_page()),
        ("/repos/acme/r07/issues/comments", Trouble::status(500)),
    ] {
        for world in [World::gitea("1.26.4"), World::forgejo(), World::github_enterprise()] {
            let server = Server::start(crowd(world, 10, 20));
            server.fault(Fault::on("GET", path, trouble.clone()));
            let forge = joined(&server, 10, 4);
            let world = happened(&forge, (0..forge.repos().len()).collect(), 4);
            let names: Vec<&str> = world.repos.iter().map(|app| app.repo.name.as_str()).collect();
            let others: Vec<String> = (0..10).filter(|n| *n != 7).map(|n| format!("acme/r{n:02}")).collect();
            assert_eq!(names, others);
            let [(name, why)] = &world.unread[..] else { panic!("{:?}", world.unread) };
            assert!(name == "acme/r07" && why.contains("acme/r07"), "{why}");
            assert!(world.repos.iter().all(|app| app.open.len() == 4 && app.pulls.len() == 2));
            server.unchecked();
        }
    }
    // Without `go_on` the first of them ends it, as for a job that needs them all.
    let server = Server::start(crowd(World::gitea("1.26.4"), 10, 0));
    server.fault(Fault::on("GET", "/repos/acme/r07", Trouble::status(500)));
    let repos = (0..10).map(|n| format!("acme/r{n:02}")).collect();
    let error = connect(ConnectOptions { repos, threads: 4, ..ask(&server) }).unwrap_err();
    assert!(format!("{error:#}").contains("acme/r07"), "{error:#}");
}

#[test]
fn pull_requests_that_may_not_be_seen_are_named_fact_10() {
    let server = Server::start(crowd(World::gitea("1.26.4"), 1, 3));
    let forge = joined(&server, 1, 2);
    server.forget_requests();
    assert!(happened(&forge, vec![0], 2).unreadable.is_empty());
    assert_eq!(server.requests().len(), 4, "no pull request came: one question whether any may be seen");
    server.world().repo("acme/r00").pulls_off = true;
    let world = happened(&forge, vec![0], 2);
    assert_eq!(world.unreadable, ["acme/r00: the token may not read pull requests, so none are counted"]);
    assert_eq!((world.repos[0].open.len(), world.repos[0].closed.len()), (2, 1));
    server.world().repo("acme/r00").issues_off = true;
    let world = happened(&forge, vec![0], 2);
    assert!(world.repos.is_empty() && world.unread[0].1.contains("reading the open issues of acme/r00"));
}

/// Prints what the reading of a large organisation takes; run with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout, reason = "it is for a person to read")]
fn measured_over_fifty_repositories_of_twenty_thousand_issues() {
    let server = Server::start(crowd(World::gitea("1.26.4"), 50, 400));
    let mut first = Duration::ZERO;
    for threads in [1, 4, 16] {
        server.forget_requests();
        server.latency(Duration::from_millis(50));
        let start = Instant::now();
        let forge = joined(&server, 50, threads);
        let world = happened(&forge, (0..50).collect(), threads);
        let took = start.elapsed();
        if threads == 1 {
            first = took;
        }
        let times = first.as_secs_f64() / took.as_secs_f64();
        let open: usize = world.repos.iter().map(|app| app.open.len()).sum();
        println!("{threads} at once: {} requests, {took:.1?}, {times:.1} times; {open} open", server.requests().len());
    }
}

#[test]
fn lists_that_are_cut_or_endless_end_fact_4() {
    for trouble in [Trouble::Endless { fresh: false }, Trouble::bad_gateway()] {
        for world in [World::gitea("1.26.4"), World::github_enterprise()] {
            let server = Server::start(history(world));
            server.unchecked();
            let forge = client(&server);
            server.fault(Fault::on("GET", "/repos/acme/app/issues", trouble.clone()));
            let world = happened(&forge, vec![0], 4);
            assert!(world.repos.is_empty() && world.unread.len() == 1, "{world:?}");
            assert!(server.requests().len() < 60);
        }
    }
}
