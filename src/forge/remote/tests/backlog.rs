//! Lists of issues under each forge's paging.
//!
//! Takes: lists that are long, short, shifting, broken, endless. Gives: every item once, or an
//! error that says so.

use std::time::{Duration, Instant};

use super::*;

fn issue(number: usize) -> String {
    let pull = if number.is_multiple_of(7) { "{\"merged\": false}" } else { "null" };
    format!("{{\"id\": {number}, \"number\": {number}, \"title\": \"t\", \"pull_request\": {pull}}}")
}

/// The page of a list that counts down from `total`, as Gitea serves it, with `Link` on another
/// host (fact 6).
fn page(path: &str, total: usize, size: usize) -> TestAnswer {
    let page: usize = parameter(path, "page").unwrap().parse().unwrap();
    let first = total.saturating_sub((page - 1) * size);
    let list: Vec<String> = (first.saturating_sub(size)..first).rev().map(|n| issue(n + 1)).collect();
    let answer = with(ok(&format!("[{}]", list.join(","))), "x-total-count", &total.to_string());
    let last = total.div_ceil(size);
    if page >= last {
        return answer;
    }
    let url = "https://public.example/api/v1/repos/a/b/issues?limit=50&page=";
    with(answer, "link", &format!("<{url}{}>; rel=\"next\",<{url}{last}>; rel=\"last\"", page + 1))
}

fn numbers(range: std::ops::RangeInclusive<usize>) -> Vec<String> {
    let kind = |n: usize| if n.is_multiple_of(7) { "pull" } else { "issue" };
    range.rev().map(|n| format!("{} {n}", kind(n))).collect()
}

#[test]
fn pages_that_are_announced_are_read_at_once_and_in_order_facts_1_2_6() {
    // The instance gives 20 a page, whatever is asked for.
    let (server, forge) = gitea(|_, path| page(path, 110, 20));
    for threads in [1, 4] {
        assert_eq!(all(&forge, States::OPEN, threads), (numbers(1..=110), Ok(vec![])));
    }
    let lines = server.lines();
    let lists: Vec<_> = lines.iter().filter(|line| line.contains("/issues")).collect();
    assert_eq!(lists.len(), 12);
    assert_eq!(lists[0], "GET /api/v1/repos/a/b/issues?state=open&limit=50&page=1");
    assert!(server.requests().iter().all(|seen| seen.header("authorization") == Some("token s3cret")));
}

#[test]
fn a_count_alone_tells_the_pages_too_and_states_are_named_fact_11() {
    let (server, forge) = gitea(|_, path| {
        let mut answer = page(path, 95, 30);
        answer.1.retain(|(name, _)| *name != "link");
        answer
    });
    assert_eq!(all(&forge, States::ALL, 3).0, numbers(1..=95));
    assert_eq!(all(&forge, States { open: false, ..States::ALL }, 3).0.len(), 95);
    assert_eq!(all(&forge, States { open: false, ..States::OPEN }, 3), (vec![], Ok(vec![])));
    let lines = server.lines();
    assert!(lines.iter().any(|line| line.contains("state=all")) && lines.iter().any(|l| l.contains("state=closed")));
}

#[test]
fn an_empty_list_and_entries_that_are_no_issue_facts_8_29() {
    let (_server, forge) = gitea(|_, path| match parameter(path, "type") {
        Some(_) => ok("[]"),
        None => with(ok("null"), "x-total-count", "0"),
    });
    assert_eq!(all(&forge, States::OPEN, 4), (vec![], Ok(vec![])));
    let list = format!("[{}, {{\"id\": 0, \"number\": 0, \"title\": \"\"}}, null, {}]", issue(1), issue(7));
    let (_server, forge) = gitea(move |_, _| ok(&list));
    let (items, unreadable) = all(&forge, States::OPEN, 1);
    assert_eq!((items, unreadable.unwrap().len()), (vec!["issue 1".to_owned(), "pull 7".to_owned()], 2));
}

#[test]
fn a_new_issue_while_the_list_is_read_hides_none_fact_7() {
    let asked = shared(0);
    let (_server, forge) = gitea(move |_, path| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        page(path, if *asked > 2 { 103 } else { 100 }, 50)
    });
    // The first page knew 100 of two pages; what has come since pushes three to a third one.
    let (items, _) = all(&forge, States::OPEN, 1);
    assert_eq!(items.len(), 100);
    let asked = shared(0);
    let (_server, forge) = gitea(move |_, path| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        page(path, if *asked > 1 { 103 } else { 100 }, 50)
    });
    // Numbers 51 to 53 are given twice, and the last three stand on a page that only the last knows.
    let (items, _) = all(&forge, States::OPEN, 1);
    assert_eq!(items, numbers(1..=100));
}

#[test]
fn an_issue_closed_while_the_list_is_read_hides_none_fact_7() {
    let asked = shared(0);
    let (_server, forge) = gitea(move |_, path| {
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        // The newest is closed after the first page was read: 50 moves up to it, unseen.
        page(path, if *asked > 1 { 99 } else { 100 }, 50)
    });
    let (mut items, listed) = all(&forge, States::OPEN, 2);
    items.sort();
    let mut expected = numbers(1..=100);
    expected.sort();
    assert_eq!((items, listed), (expected, Ok(vec![])));
}

#[test]
fn a_list_that_never_ends_is_stopped() {
    let (server, forge) = gitea(|_, _| {
        let next = "<https://x/?page=2>; rel=\"next\"";
        with(ok(&format!("[{}]", issue(1))), "link", next)
    });
    let (items, listed) = all(&forge, States::OPEN, 2);
    assert_eq!(items, ["issue 1"]);
    let error = listed.unwrap_err();
    assert!(error.contains("reading the issues of a/b: the list never ends"), "{error}");
    assert!(server.requests().len() < 10);
    // The count says how many pages there are, and each is the first again; or says too many.
    for (total, most) in [(2_000, 30), (900_000, 4)] {
        let (server, forge) = gitea(move |_, path| match parameter(path, "page") {
            Some(_) => with(ok(&page("?page=1", 50, 50).2), "x-total-count", &total.to_string()),
            None => json(404, ""),
        });
        let error = all(&forge, States::OPEN, 4).1.unwrap_err();
        assert!(error.contains("the list never ends") && server.requests().len() <= most, "{error}");
    }
}

#[test]
fn a_page_that_comes_after_itself_ends_a_list_though_it_brings_nothing() {
    let (server, forge) = github(|_, path| match path.starts_with("issues/1/comments") || path.starts_with("/x?") {
        true => with(ok("[]"), "link", "</x?page=2>; rel=\"next\""),
        false => json(404, ""),
    });
    let before = server.requests().len();
    let error = forge.comments(0, 1).unwrap_err();
    assert!(format!("{error:#}").contains("a page of it says that it comes after itself"), "{error:#}");
    assert_eq!(server.requests().len(), before + 2);
}

#[test]
fn a_page_that_fails_is_an_error_behind_which_nothing_comes() {
    for broken in [json(500, ""), json(404, ""), ok("{\"message\": \"no list\"}"), json(502, "<html>"), ok("[{")] {
        let failing = broken.clone();
        let (_server, forge) = gitea(move |_, path| match parameter(path, "page").as_deref() {
            Some("3") => failing.clone(),
            _ => page(path, 200, 20),
        });
        let (items, listed) = all(&forge, States::OPEN, 4);
        let error = listed.unwrap_err();
        assert_eq!(items, numbers(161..=200), "{error}");
        assert!(error.contains("/api/v1/repos/a/b/issues?state=open&limit=50&page=3"), "{error}");
        assert!(!error.contains("s3cret") && error.contains(';'), "{error}");
    }
}

#[test]
fn a_kind_that_the_token_may_not_read_is_no_empty_backlog_fact_10() {
    let none = |refused: &'static str| {
        gitea(move |_, path| match parameter(path, "type") {
            Some(kind) if kind == refused => json(404, "{\"message\": \"not found\"}"),
            _ => with(ok("[]"), "x-total-count", "0"),
        })
    };
    let (_server, forge) = none("issues");
    let error = all(&forge, States::OPEN, 1).1.unwrap_err();
    assert!(error.contains("the forge refuses to list them alone") && error.contains("404"), "{error}");
    // Beside issues it is told; alone it is an error; unwanted it is not even asked for.
    let (_server, forge) = none("pulls");
    let told = "a/b: the token may not read pull requests, so none are looked at";
    assert_eq!(all(&forge, States::OPEN, 1), (vec![], Ok(vec![told.to_owned()])));
    let error = all(&forge, States::OPEN.of(&[ItemKind::Pull]), 1).1.unwrap_err();
    assert!(error.contains("the forge refuses to list them alone") && error.contains("404"), "{error}");
    for (kind, other) in [(ItemKind::Issue, "pulls"), (ItemKind::Pull, "issues")] {
        let (server, forge) = none(other);
        assert_eq!(all(&forge, States::OPEN.of(&[kind]), 1), (vec![], Ok(vec![])));
        assert!(server.requests().iter().all(|seen| parameter(&seen.path, "type").as_deref() != Some(other)));
    }
}

/// A GitHub list of `total` with addresses as it makes them: by id of the repository (fact 63).
fn github_page(seen: &TestRequest, total: usize, cursor: bool) -> TestAnswer {
    let page: usize = parameter(&seen.path, "page").unwrap().parse().unwrap();
    let first = total.saturating_sub((page - 1) * 100);
    let list: Vec<String> = (first.saturating_sub(100)..first).rev().map(|n| issue(n + 1)).collect();
    let url = format!("http://{}/api/v3/repositories/5/issues?state=open&per_page=100", seen.header("host").unwrap());
    let last = total.div_ceil(100);
    let mut answer = ok(&format!("[{}]", list.join(",")));
    if page < last {
        let more = if cursor { "&after=abc" } else { "" };
        let next = format!("<{url}{more}&page={}>; rel=\"next\"", page + 1);
        let last = if cursor { String::new() } else { format!(", <{url}&page={last}>; rel=\"last\"") };
        answer = with(answer, "link", &format!("{next}{last}"));
    }
    answer
}

#[test]
fn addresses_of_pages_are_taken_as_they_are_given_facts_63_65() {
    for (total, cursor) in [(250, false), (250, true), (100, false)] {
        let (server, forge) = github(move |seen, _| github_page(seen, total, cursor));
        assert_eq!(all(&forge, States::OPEN, 3), (numbers(1..=total), Ok(vec![])));
        let lines = server.lines();
        let mut lists: Vec<_> = lines.iter().filter(|line| line.contains("/issues")).collect();
        assert_eq!(lists[0], "GET /api/v3/repos/a/b/issues?state=open&per_page=100&page=1");
        lists.remove(0);
        assert!(lists.iter().all(|line| line.contains("/repositories/5/") && line.contains("after=abc") == cursor));
        assert_eq!(lists.len(), total.div_ceil(100) - 1);
        let seen = server.requests();
        let last = seen.last().unwrap();
        assert_eq!(last.header("authorization"), Some("Bearer s3cret"));
        assert_eq!(last.header("x-github-api-version"), Some("2022-11-28"));
        assert_eq!(last.header("accept"), Some("application/vnd.github+json"));
    }
}

#[test]
fn a_next_page_on_another_host_is_not_asked_for_with_the_token() {
    let (server, forge) = github(|_, _| {
        with(ok(&format!("[{}]", issue(1))), "link", "<https://evil.example/issues?page=2>; rel=\"next\"")
    });
    let error = all(&forge, States::OPEN, 1).1.unwrap_err();
    assert!(error.contains("another host") && error.contains("https://evil.example/issues?page=2"), "{error}");
    assert_eq!(server.requests().len(), 3);
    // A list may have links that are no pages (fact 64).
    let (_server, forge) = github(|_, _| with(ok("[]"), "link", "<https://x.example>; rel=\"deprecation\""));
    assert_eq!(all(&forge, States::OPEN, 1), (vec![], Ok(vec![])));
}

#[test]
fn ten_thousand_issues_over_a_slow_line_take_seconds() {
    let (server, forge) = gitea(|_, path| {
        std::thread::sleep(Duration::from_millis(50));
        page(path, 10_000, 50)
    });
    let started = Instant::now();
    let (items, listed) = all(&forge, States::OPEN, 4);
    let took = started.elapsed();
    assert_eq!((items.len(), listed), (10_000, Ok(vec![])));
    assert_eq!(server.requests().len(), 203);
    assert!(took < Duration::from_secs(4), "{took:?}");
}
