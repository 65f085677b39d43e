//! How many requests a run costs, and how long a large backlog takes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::backlog::{REPO, empty, small};
use super::kaizen::Place;
use super::scenario::everywhere;
use crate::forge::{Server, World, issue, pull};

/// Rules without a summary.
pub const NO_SUMMARY: (&str, &str) = ("summary: {repo: null, label: kaizen-summary, days: 14}", "");

#[test]
fn a_page_is_asked_for_once_and_an_item_costs_two_reads_and_its_writes() {
    everywhere(|name, dialect| {
        let mut world = small(dialect);
        for n in 0..226 {
            world.add_issue(REPO, if n % 9 == 0 { pull("A pull") } else { issue("Vague") });
        }
        for number in [1, 2, 3] {
            world.add_comment(REPO, number, "ada", "Any news?", "2026-11-19T10:00:00Z");
        }
        let size = world.max_page;
        // Where a list of assignees replaces the one that is there, it is read just before.
        let github = world.dialect.is_github();
        let assigned = if github || world.dialect.assignees_apart() { 2 } else { 3 };
        let server = Server::start(world);
        let place = Place::new(&[NO_SUMMARY]);
        place.run(&server, &[]).ended(0);
        let lists: Vec<String> = server
            .requests()
            .iter()
            .filter(|asked| asked.method == "GET" && asked.path == format!("/repos/{REPO}/issues"))
            .map(|asked| asked.query.clone())
            .collect();
        assert_eq!(lists.len(), 230_usize.div_ceil(size), "{name}: {lists:?}");
        let mut items: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for asked in server.requests() {
            let Some(rest) = asked.path.strip_prefix(&format!("/repos/{REPO}/issues/")) else { continue };
            let number = rest.split('/').next().unwrap().to_owned();
            if number != "comments" {
                let counts = items.entry(number).or_default();
                if asked.is_write() { counts.1 += 1 } else { counts.0 += 1 }
            }
        }
        // The timeline of what gets more than a comment tells what people took off; on Gitea and Forgejo it is read
        // until a page is empty.
        let timeline = if github { 1 } else { 2 };
        let expected = [("1", (assigned + timeline, 2)), ("2", (2 + timeline, 2)), ("3", (2, 1))]
            .map(|(number, counts)| (number.to_owned(), counts));
        assert_eq!(items, BTreeMap::from(expected), "{name}");
        // An item that is unchanged costs one read, one that is assigned by now none.
        server.forget_requests();
        place.run(&server, &[]).ended(0);
        let reads = server.count("GET", "/repos/*/*/issues/*/comments") + server.count("GET", "/repos/*/*/issues/*");
        // The comments of the last day are one request of the second pattern.
        let asked: Vec<String> =
            server.requests().iter().map(|asked| format!("{} {}?{}", asked.method, asked.path, asked.query)).collect();
        assert_eq!(reads, 2 + 1, "{name}: {asked:#?}");
    });
}

#[test]
#[allow(clippy::print_stdout, reason = "the figure is wanted where output is shown")]
fn ten_thousand_issues_over_a_slow_line() {
    let mut world = empty(|| World::gitea("1.26.4"));
    for n in 0..10_000 {
        world.add_issue(REPO, if n % 100 == 0 { pull("A pull") } else { issue("Vague") });
    }
    let server = Server::start(world);
    server.latency(Duration::from_millis(50));
    let place = Place::new(&[]);
    let started = Instant::now();
    let ran = place.run(&server, &["--dry-run", "--format", "json"]);
    let took = started.elapsed();
    assert_eq!(ran.ended(0).json()["totals"]["open"], 10_000);
    assert!(server.peak() <= 4, "{} at once", server.peak());
    println!("10,000 issues over 50 ms: {:.2} s, {} requests", took.as_secs_f64(), server.requests().len());
    assert!(took < Duration::from_secs(20), "{took:?}");
}
