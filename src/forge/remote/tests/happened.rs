//! What happened, under each forge's lists.
//!
//! Takes: lists that shift, that go by cursors, that are sorted, that lead elsewhere. Gives: every item, and no
//! page that is not needed.

use chrono::{DateTime, Utc};

use super::*;
use crate::forge::{ActivityPage, time};

fn since() -> DateTime<Utc> {
    time::parse("2026-11-20T00:00:00Z").unwrap()
}

/// Every item and comment of the first repository, sorted; and what it came to.
fn told(forge: &Remote, threads: usize) -> (Vec<String>, Result<Vec<String>, String>) {
    let all = Mutex::new(Vec::new());
    let mut came = forge.activity(&[0], since(), threads, &|nth, page| {
        assert_eq!(nth, 0);
        let told: Vec<String> = match page {
            ActivityPage::Items(_, items) => items
                .iter()
                .map(|item| {
                    format!("{} {:03} {}", item.kind.name(), item.number, if item.open { "open" } else { "closed" })
                })
                .collect(),
            ActivityPage::Comments(comments) => {
                comments.iter().map(|placed| format!("said {} on {}", placed.comment.id, placed.number)).collect()
            }
        };
        all.lock().unwrap().extend(told);
    });
    let came = came.pop().unwrap();
    let mut all = all.into_inner().unwrap();
    all.sort();
    (all, came.map(|listed| listed.unreadable).map_err(|error| format!("{error:#}")))
}

fn open(number: usize) -> String {
    format!("{{\"number\": {number}, \"state\": \"open\", \"pull_request\": null}}")
}

/// The lines of a server's log that ask for lists.
fn lists(server: &Server) -> Vec<String> {
    let below = |line: &String| Some(line.split_once("/repos/a/b/")?.1.to_owned());
    let mut lists: Vec<String> = server.lines().iter().filter_map(below).collect();
    lists.sort();
    lists
}

#[test]
fn a_list_that_shrinks_while_it_is_read_is_read_again_fact_7() {
    let closed = shared(false);
    let (server, forge) = gitea(move |_, path| {
        if !path.contains("state=open") || path.contains("type=pulls") {
            return with(ok("null"), "x-total-count", "0");
        }
        let page: usize = parameter(path, "page").unwrap().parse().unwrap();
        let mut closed = closed.lock().unwrap();
        *closed |= page == 3;
        let all: Vec<usize> = (1..=110).rev().filter(|n| !(*closed && *n == 105)).collect();
        let list: Vec<String> = all.iter().skip((page - 1) * 20).take(20).map(|n| open(*n)).collect();
        with(ok(&format!("[{}]", list.join(","))), "x-total-count", &all.len().to_string())
    });
    for threads in [1, 4] {
        let (all, unreadable) = told(&forge, threads);
        assert_eq!(unreadable, Ok(vec![]));
        let missing: Vec<usize> =
            (1..=110).filter(|n| !all.contains(&format!("issue {n:03} open"))).filter(|n| *n != 105).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
    // Twice six pages, then six once; the two other lists, and whether there are pull requests.
    assert_eq!(lists(&server).len(), 12 + 6 + 2 * 3);
}

#[test]
fn what_is_asked_of_each_forge_facts_9_13_65_71() {
    let (server, forge) = gitea(|_, path| match path.contains("state=closed") {
        true => ok(r#"[{"number": 4, "state": "closed", "pull_request": {"merged": true}}, {"number": 0}, null]"#),
        false => ok("[]"),
    });
    let unreadable = [
        "2 of its closed issues has a number that is no whole number above 0",
        "3 of its closed issues is null, not an object",
    ];
    let unreadable = unreadable.map(|what| format!("a/b: entry {what}")).to_vec();
    assert_eq!(told(&forge, 2), (vec!["pull 004 closed".to_owned()], Ok(unreadable)));
    let at = "since=2026-11-20T00%3A00%3A00Z";
    let pages = "limit=50&page=1";
    let asked = [
        format!("issues/comments?{at}&{pages}"),
        format!("issues?state=closed&{at}&{pages}"),
        format!("issues?state=open&type=issues&{pages}"),
    ];
    assert_eq!(lists(&server), asked);

    let (server, forge) = github(|_, path| match path.contains("comments") {
        true => {
            ok(r#"[{"id": 9, "issue_url": "https://x/repos/a/b/issues/7"}, {"id": 9, "issue_url": "https://x/7"}]"#)
        }
        false => ok("[]"),
    });
    assert_eq!(told(&forge, 1), (vec!["said 9 on 7".to_owned()], Ok(vec![])));
    let pages = "per_page=100&page=1";
    let asked = [
        format!("issues/comments?{at}&sort=created&direction=asc&{pages}"),
        format!("issues?state=closed&{at}&{pages}"),
        format!("issues?state=open&{pages}"),
    ];
    assert_eq!(lists(&server), asked);
}

#[test]
fn cursors_are_followed_and_another_host_is_not_fact_63() {
    for (host, expected) in [("", 3), ("https://elsewhere.example", 0)] {
        let (server, forge) = github(move |_, path| {
            if !path.contains("state=open") {
                return ok("[]");
            }
            let after: usize = parameter(path, "after").map_or(0, |after| after.parse().unwrap());
            let answer = ok(&format!("[{}]", open(after + 1)));
            let next = format!("<{host}/api/v3/repos/a/b/issues?state=open&after={}>; rel=\"next\"", after + 1);
            if after == 2 { answer } else { with(answer, "link", &next) }
        });
        let (all, came) = told(&forge, 4);
        if expected > 0 {
            assert_eq!((all.len(), came), (expected, Ok(vec![])));
        } else {
            assert!(came.unwrap_err().contains("another host"));
        }
        assert!(server.requests().iter().all(|seen| seen.path.starts_with("/api/v3/")));
    }
}

#[test]
fn without_issues_pull_requests_are_read_until_all_are_older_facts_66_71() {
    let server = Server::start(|seen| {
        if seen.path == "/api/v3/repos/a/b" {
            return ok(r#"{"full_name": "a/b", "has_issues": false}"#);
        }
        let Some(page) = parameter(&seen.path, "page") else { return usual(seen, "").unwrap() };
        let page: usize = page.parse().unwrap();
        let pull = |nth: usize, day: usize| {
            let number = page * 10 + nth;
            let at = format!("2026-11-{day:02}T01:00:00Z");
            format!(
                r#"{{"number": {number}, "state": "closed", "closed_at": "{at}", "merged_at": "{at}", "updated_at": "{at}"}}"#
            )
        };
        // The second page has one from before, the third and the fourth nothing else.
        let days = [(22, 21), (20, 19), (18, 17), (16, 15)][page - 1];
        let answer = ok(&format!("[{}, {}]", pull(1, days.0), pull(2, days.1)));
        let url = "/api/v3/repositories/1/pulls?state=closed&sort=updated&direction=desc&per_page=100&page=";
        with(answer, "link", &format!("<{url}{}>; rel=\"next\", <{url}4>; rel=\"last\"", page + 1))
    });
    let forge = remote(&format!("{}/api/v3", server.url));
    let (all, came) = told(&forge, 4);
    assert_eq!(came, Ok(vec![]));
    assert_eq!(all, [11, 12, 21, 22, 31, 32].map(|n| format!("pull {n:03} closed")));
    assert_eq!(server.lines().iter().filter(|line| line.contains("/pulls?")).count(), 3);
}

#[test]
fn a_repository_that_is_not_there_is_an_error_of_its_own() {
    let (_server, forge) = gitea(|_, _| ok("[]"));
    let came = forge.activity(&[3, 0], since(), 2, &|_, _| ());
    let ends: Vec<bool> = came.iter().map(|came| came.is_ok()).collect();
    assert_eq!(ends, [false, true]);
}
