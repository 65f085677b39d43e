//! Faults at each endpoint: the right effect exactly once, or an error that says so.

use std::collections::BTreeSet;

use super::backlog::{small, wrong};
use super::kaizen::Place;
use super::one_of;
use crate::forge::{Fault, Server, Trouble, World};

/// Every fault with its name.
pub fn troubles() -> Vec<(&'static str, Trouble)> {
    vec![
        ("reset before", Trouble::ResetBefore),
        ("reset after", Trouble::ResetAfter),
        ("429", Trouble::too_many(None)),
        ("429 with Retry-After", Trouble::too_many(Some("0"))),
        ("403 as a limit", Trouble::secondary_limit(Some(0))),
        ("403", Trouble::forbidden()),
        ("500", Trouble::status(500)),
        ("502 of a proxy", Trouble::bad_gateway()),
        ("truncated", Trouble::Truncated),
        ("cut JSON", Trouble::CutJson),
        ("endless", Trouble::Endless { fresh: false }),
        ("endless with new ones", Trouble::Endless { fresh: true }),
        ("login page", Trouble::login_page()),
        ("expired token", Trouble::expired()),
    ]
}

/// The endpoints that a live run of the small backlog asks, as patterns.
fn endpoints(dialect: fn() -> World) -> BTreeSet<(String, String)> {
    let server = Server::start(small(dialect));
    Place::new(&[]).run(&server, &[]).ended(0);
    assert_eq!(wrong(&server, true), [""; 0]);
    let number = regex::Regex::new("/[0-9]+").unwrap();
    let pattern = |path: &str| number.replace_all(path, "/*").into_owned();
    server.requests().iter().map(|asked| (asked.method.clone(), pattern(&asked.path))).collect()
}

/// One fault at one endpoint, then a clean run.
fn one(dialect: fn() -> World, (method, path): &(String, String), (name, trouble): &(&str, Trouble), always: bool) {
    let server = Server::start(small(dialect));
    let mut place = Place::new(&[]);
    let fault = Fault::on(method, path, trouble.clone());
    server.fault(if always { fault } else { fault.times(1) });
    let ran = place.run(&server, &[]);
    let told = || format!("{name} at {method} {path}, always: {always}: exit {}\n{}", ran.code, ran.all());
    match ran.code {
        0 => assert_eq!(wrong(&server, true), [""; 0], "{}", told()),
        1 | 2 | 4 => assert!(ran.stderr.contains("error") || ran.all().contains("fail"), "{}", told()),
        _ => panic!("{}", told()),
    }
    assert!(!ran.all().contains("<html"), "{}", told());
    server.no_faults();
    // A list without an end has used up what GitHub allows in an hour.
    server.world().rate = 5000;
    if method.len() % 2 == 0 {
        place.forget();
    }
    let again = place.run(&server, &[]);
    assert_eq!(again.code, 0, "{}\nthen\n{}", told(), again.all());
    assert_eq!(wrong(&server, true), [""; 0], "{}\nthen\n{}", told(), again.all());
}

/// Each of them at night, on both cores.
fn all(dialect: fn() -> World, always: bool) {
    let endpoints = endpoints(dialect);
    assert!(endpoints.len() > 10, "{endpoints:?}");
    let mut troubles = troubles();
    // For good it is thousands of pages: once is enough, below.
    troubles.retain(|(name, _)| !always || *name != "endless with new ones");
    let cases = endpoints.iter().flat_map(|at| troubles.iter().map(move |trouble| (at, trouble)));
    let cases: Vec<_> = cases.step_by(one_of()).collect();
    std::thread::scope(|scope| {
        for half in cases.chunks(cases.len().div_ceil(2)) {
            scope.spawn(move || half.iter().for_each(|(at, trouble)| one(dialect, at, trouble, always)));
        }
    });
}

#[test]
fn each_fault_once_at_each_endpoint_of_gitea() {
    all(|| World::gitea("1.24.7"), false);
}

#[test]
fn each_fault_for_good_at_each_endpoint_of_github() {
    all(World::github_enterprise, true);
}

#[test]
fn refused_connections_are_tried_again_and_then_said() {
    let server = Server::start(small(|| World::gitea("1.26.4")));
    let place = Place::new(&[]);
    server.refuse(1000);
    let ran = place.run(&server, &[]);
    assert!(ran.code == 1 && ran.stderr.contains("error"), "{}", ran.all());
    assert_eq!(server.writes(), [""; 0]);
    server.refuse(2);
    place.run(&server, &[]).ended(0);
    assert_eq!(wrong(&server, true), [""; 0]);
}

#[test]
fn a_list_that_never_ends_is_said() {
    for fresh in [false, true] {
        let server = Server::start(small(|| World::gitea("1.26.4")));
        server.fault(Fault::on("GET", "/repos/*/*/issues", Trouble::Endless { fresh }));
        let place = Place::new(&[]);
        place.run(&server, &[]).ended(1).says("never ends");
        assert_eq!(server.writes(), [""; 0]);
    }
}
