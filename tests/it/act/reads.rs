//! Lists: pages that take too long, and an owner that is a person.

use super::backlog::{REPO, empty};
use super::kaizen::Place;
use super::scenario::everywhere;
use crate::forge::{Fault, Server, Trouble, World, issue};

/// How often a request is tried.
const TRIES: usize = 5;

#[test]
fn a_page_that_takes_too_long_comes_in_halves_and_nothing_is_lost_or_doubled() {
    for trouble in [Trouble::bad_gateway(), Trouble::ResetBefore] {
        // Each page in turn, then also the halves of it.
        for (page, times) in [(1, TRIES), (2, TRIES), (3, TRIES), (1, 2 * TRIES), (2, 2 * TRIES)] {
            let mut world = empty(World::github_enterprise);
            for _ in 0..230 {
                world.add_issue(REPO, issue("Vague").by("ada"));
            }
            let server = Server::start(world);
            server.fault(Fault::on("GET", "/repos/*/*/issues", trouble.clone()).from(page).times(times));
            let ran = Place::new(&[]).run(&server, &["--dry-run", "--format", "json", "--concurrency", "1"]);
            let report = ran.ended(0).json();
            let mut numbers: Vec<u64> =
                report["issues"].as_array().unwrap().iter().map(|issue| issue["number"].as_u64().unwrap()).collect();
            numbers.sort_unstable();
            assert_eq!(numbers, (1..=230).collect::<Vec<u64>>(), "page {page}, {times} times");
            let least = if times > TRIES { "per_page=25" } else { "per_page=50" };
            let asked: Vec<String> = server.requests().iter().map(|asked| asked.query.clone()).collect();
            assert!(asked.iter().any(|query| query.contains(least)), "page {page}: {asked:?}");
        }
    }
    // It fails for good: that is said.
    let server = Server::start(empty(World::github_enterprise));
    server.fault(Fault::on("GET", "/repos/*/*/issues", Trouble::bad_gateway()));
    Place::new(&[]).run(&server, &["--dry-run"]).ended(1).says("overloaded");
}

#[test]
fn an_owner_that_is_a_person_is_read_as_an_organisation_is() {
    everywhere(|_, dialect| {
        let mut world = empty(dialect);
        world.add_repo("ada/boat");
        world.add_repo("ada/old").archived = true;
        world.add_issue("ada/boat", issue("Vague").by("ada"));
        let server = Server::start(world);
        let place = Place::new(&[]);
        let of = |org: &str| {
            let url = server.api_url();
            let args = ["backlog-triage", "--org", org, "--rules", "rules", "--forge", &url, "--dry-run", "-v"];
            place.finish(&args.map(str::to_owned), &[])
        };
        of("ada").ended(0).says("ada/boat").says("ada/old");
        of("nobody").ended(1).says("reading the repositories of nobody");
    });
}
