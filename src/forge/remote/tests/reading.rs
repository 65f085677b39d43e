//! What stands on an item and in a repository.
//!
//! Takes: comments, timelines, single items, files, as each forge gives them. Gives: the words of
//! this room, and the requests that it took.

use super::*;
use crate::forge::ItemKind;
use crate::forge::change::ForgeWriter;

/// The lines of a server about the repository, without the API's address.
fn lines(server: &Server) -> Vec<String> {
    let lines = server.lines();
    let below = lines.iter().filter_map(|line| {
        let (method, path) = line.split_once(' ')?;
        let path = path.split_once("/repos/a/b/")?.1;
        Some(format!("{method} {path}"))
    });
    below.collect()
}

fn comment(id: usize, more: &str) -> String {
    format!("{{\"id\": {id}, \"body\": \"c{id}\", \"user\": {{\"login\": \"u\"}}{more}}}")
}

#[test]
fn comments_of_one_item_come_at_once_on_gitea_fact_4() {
    let list = format!("[{}, {}]", comment(5, ""), comment(6, ""));
    let (server, forge) = gitea(move |_, _| with(ok(&list), "x-total-count", "72"));
    let ids: Vec<u64> = forge.comments(0, 3).unwrap().iter().map(|comment| comment.id).collect();
    assert_eq!(ids, [5, 6]);
    assert_eq!(lines(&server), ["GET issues/3/comments"]);
    let (_server, forge) = gitea(|_, _| json(500, "{\"message\": \"\"}"));
    // Retrying a 500 is useless there (fact 53).
    let error = format!("{:#}", forge.comments(0, 3).unwrap_err());
    assert!(error.starts_with("reading the comments of a/b#3: GET ") && error.contains("does not exist"), "{error}");
    assert_eq!(forge.counts().retries, 0);
}

#[test]
fn comments_are_paged_on_github_and_say_who_may_write_facts_63_89() {
    let (server, forge) = github(|seen, _| {
        let member = comment(1, ", \"author_association\": \"MEMBER\"");
        match parameter(&seen.path, "page").unwrap().as_str() {
            "1" => {
                let host = seen.header("host").unwrap();
                let next = format!("<http://{host}/api/v3/repositories/5/issues/3/comments?page=2>; rel=\"next\"");
                with(ok(&format!("[{member}]")), "link", &next)
            }
            _ => ok(&format!("[{member}, {}]", comment(2, ""))),
        }
    });
    let comments = forge.comments(0, 3).unwrap();
    let shown: Vec<(u64, bool)> = comments.iter().map(|comment| (comment.id, comment.by_writer)).collect();
    assert_eq!(shown, [(1, true), (2, false)]);
    assert_eq!(lines(&server), ["GET issues/3/comments?per_page=100&page=1"]);
    assert_eq!(forge.writers(0).unwrap().unwrap(), [""; 0]);
}

#[test]
fn a_timeline_is_read_until_a_page_is_empty_facts_3_5_8() {
    let (server, forge) = gitea(|seen, _| {
        let page = parameter(&seen.path, "page").unwrap();
        let event =
            |id: usize| format!("{{\"id\": {id}, \"type\": \"label\", \"created_at\": \"2026-05-01T00:00:0{id}Z\"}}");
        match page.as_str() {
            "1" => with(ok(&format!("[{}, null, {}]", event(1), event(2))), "x-total-count", "2"),
            "2" => with(ok(&format!("[{}]", event(3))), "x-total-count", "1"),
            _ => with(ok("null"), "x-total-count", "0"),
        }
    });
    assert_eq!(forge.timeline(0, 3).unwrap().unwrap().len(), 3);
    let asked = ["1", "2", "3"].map(|page| format!("GET issues/3/timeline?limit=50&page={page}"));
    assert_eq!(lines(&server), asked);
    // A server that has no pages there gives all of it each time.
    let (server, forge) = gitea(|_, _| ok("[{\"id\": 1}, {\"id\": 2}]"));
    assert_eq!(forge.timeline(0, 3).unwrap().unwrap().len(), 2);
    assert_eq!(lines(&server).len(), 2);
    // An event of GitHub may have no id.
    let (_server, forge) = github(|_, _| ok("[{\"event\": \"committed\"}, {\"event\": \"committed\"}]"));
    assert_eq!(forge.timeline(0, 3).unwrap().unwrap().len(), 2);
}

#[test]
fn comments_of_a_repository_name_their_item_facts_3_13_33() {
    let since = crate::forge::time::parse("2026-05-01T08:00:00+02:00").unwrap();
    let place = |issue: &str, pull: &str| format!(", \"issue_url\": \"{issue}\", \"pull_request_url\": \"{pull}\"");
    let first = [
        comment(1, &place("http://h/a/b/issues/12", "")),
        comment(2, &place("", "http://h/a/b/pulls/13")),
        comment(3, &place("", "")),
    ];
    let second = [comment(2, &place("", "http://h/a/b/pulls/13")), comment(4, &place("http://h/a/b/issues/14", ""))];
    let (server, forge) = gitea(move |seen, _| {
        let list = if parameter(&seen.path, "page").unwrap() == "1" { first.join(",") } else { second.join(",") };
        with(ok(&format!("[{list}]")), "x-total-count", "5")
    });
    let placed = forge.comments_since(0, since).unwrap();
    let placed: Vec<(u64, u64)> = placed.iter().map(|placed| (placed.number, placed.comment.id)).collect();
    assert_eq!(placed, [(12, 1), (13, 2), (14, 4)]);
    let asked = "GET issues/comments?since=2026-05-01T06%3A00%3A00Z";
    assert_eq!(lines(&server), [format!("{asked}&limit=50&page=1"), format!("{asked}&limit=50&page=2")]);
    let (server, forge) =
        github(move |_, _| ok(&format!("[{}]", comment(1, ", \"issue_url\": \"https://api.h/repos/a/b/issues/7\""))));
    assert_eq!(forge.comments_since(0, since).unwrap()[0].number, 7);
    assert_eq!(lines(&server), [format!("{asked}&sort=created&direction=asc&per_page=100&page=1")]);
}

#[test]
fn writers_are_asked_for_once_fact_89() {
    let (server, forge) = gitea(|_, _| ok(r#"[{"login": "claude"}, {"login": ""}, null, {"login": "maria"}]"#));
    assert_eq!(forge.writers(0).unwrap().unwrap(), ["claude", "maria"]);
    assert_eq!(forge.writers(0).unwrap().unwrap().len(), 2);
    assert_eq!(lines(&server), ["GET assignees"]);
    assert!(forge.writers(1).is_err());
    // A refusal is remembered too, a failure is not.
    for status in [403, 404] {
        let (server, forge) = gitea(move |_, _| json(status, ""));
        assert_eq!((forge.writers(0).unwrap(), forge.writers(0).unwrap()), (None, None));
        assert_eq!(lines(&server), ["GET assignees"]);
    }
    let (_server, forge) = gitea(|_, _| json(422, ""));
    assert!(format!("{:#}", forge.writers(0).unwrap_err()).contains("reading who may write to a/b"));
}

#[test]
fn one_item_is_as_it_is_now_or_gone_facts_45_52_71() {
    let (_server, forge) = gitea(|_, path| match path {
        "issues/3" => ok(r#"{"number": 3, "title": "t", "content_version": 4, "is_locked": true, "assignees": null}"#),
        "issues/4" => ok(r#"{"id": 0, "number": 0}"#),
        "issues/5" => json(410, ""),
        _ => json(404, ""),
    });
    let fresh = forge.item(0, ItemKind::Issue, 3).unwrap().unwrap();
    assert_eq!((fresh.item.number, fresh.content_version, fresh.item.locked), (3, Some(4), true));
    let error = format!("{:#}", forge.item(0, ItemKind::Issue, 4).unwrap_err());
    assert!(error.starts_with("reading issue a/b#4: ") && error.contains("no whole number above 0"), "{error}");
    assert!(forge.item(0, ItemKind::Pull, 5).unwrap().is_none() && forge.item(0, ItemKind::Pull, 6).unwrap().is_none());
    // Transferred to another repository: the redirect leads there.
    let (_server, forge) = github(|seen, path| match path {
        "issues/3" => {
            let to = format!("http://{}/api/v3/repositories/9/issues/3", seen.header("host").unwrap());
            (301, vec![("location", to)], String::new())
        }
        "issues/4" => ok(r#"{"number": 4, "repository_url": "https://api.h/repos/A/B"}"#),
        _ => ok(r#"{"number": 3, "repository_url": "https://api.h/repos/a/other"}"#),
    });
    assert!(forge.item(0, ItemKind::Issue, 3).unwrap().is_none());
    let fresh = forge.item(0, ItemKind::Issue, 4).unwrap().unwrap();
    assert_eq!((fresh.item.number, fresh.content_version), (4, None));
}

#[test]
fn our_own_issues_are_found_by_label_and_filtered_again_fact_14() {
    let list = r#"[{"number": 9, "state": "closed", "labels": [{"name": "kaizen summary"}]},
        {"number": 8, "labels": [{"name": "Kaizen Summary"}]}, {"number": 7, "labels": []},
        {"number": 6, "labels": [{"name": "kaizen summary"}], "pull_request": {"merged": false}},
        {"number": 5, "labels": [{"name": "x,y"}, {"name": "of-org"}]}]"#;
    let (server, forge) = gitea(move |seen, path| match path.split('?').next().unwrap() {
        "labels" => ok(r#"[{"id": 1, "name": "kaizen summary"}, {"id": 2, "name": "x,y"}]"#),
        _ if seen.path.contains("/orgs/a/labels") => ok(r#"[{"id": 3, "name": "of-org"}]"#),
        _ => with(ok(list), "x-total-count", "5"),
    });
    let numbers =
        |label: &str| -> Vec<u64> { forge.labelled(0, label).unwrap().iter().map(|item| item.number).collect() };
    assert_eq!(numbers("kaizen summary"), [9]);
    // A filter that would fall away is not sent, and one for nothing would give the whole list.
    assert_eq!((numbers("x,y"), numbers("of-org"), numbers("nowhere")), (vec![5], vec![5], vec![]));
    let lists: Vec<String> = lines(&server).into_iter().filter(|line| line.starts_with("GET issues")).collect();
    let all = "GET issues?state=all&type=issues";
    let expected = [
        format!("{all}&labels=kaizen%20summary&limit=50&page=1"),
        format!("{all}&limit=50&page=1"),
        format!("{all}&limit=50&page=1"),
    ];
    assert_eq!(lists, expected);
    let (server, forge) = github(move |_, path| match path.split('?').next().unwrap() {
        "labels" => ok(r#"[{"id": 1, "name": "Kaizen summary"}]"#),
        _ => ok(list),
    });
    let found: Vec<u64> = forge.labelled(0, "kaizen summary").unwrap().iter().map(|item| item.number).collect();
    assert_eq!(found, [9, 8]);
    // `type` means something else there (fact 65).
    assert_eq!(lines(&server)[1], "GET issues?state=all&labels=kaizen%20summary&per_page=100&page=1");
}

#[test]
fn rules_are_read_without_a_checkout_facts_34_106() {
    let (server, forge) = gitea(|_, path| match path {
        "raw/.kaizen/rules/a%20b.yaml?ref=abc" => (200, vec![], "version: 1\n".to_owned()),
        "contents/.kaizen/rules?ref=abc" => {
            ok(r#"[{"name": "x.yaml", "type": "file", "content": null}, {"name": "tests", "type": "dir"}]"#)
        }
        _ => json(404, "{\"errors\": null}"),
    });
    let file = |path: &str| forge.file("a/b", path, "abc").unwrap();
    assert_eq!(file(".kaizen/rules/a b.yaml").as_deref(), Some(&b"version: 1\n"[..]));
    assert_eq!(file("none.yaml"), None);
    assert_eq!(forge.folder("a/b", ".kaizen/rules/", "abc").unwrap(), ["x.yaml", "tests/"]);
    assert_eq!(forge.folder("a/b", "", "abc").unwrap(), [""; 0]);
    assert!(lines(&server).contains(&"GET contents?ref=abc".to_owned()));
    for bad in ["../x", "a//b"] {
        assert!(forge.file("a/b", bad, "abc").is_err() && forge.folder("a/b", bad, "abc").is_err());
    }
    assert!(forge.file("a", "x", "abc").is_err());
    let (server, forge) = github(|_, path| match path {
        "contents/rules/x.yaml?ref=abc" => {
            (200, vec![("content-type", "application/vnd.github.raw+json".into())], "x".into())
        }
        _ => ok("[]"),
    });
    assert_eq!(forge.file("a/b", "rules/x.yaml", "abc").unwrap().as_deref(), Some(&b"x"[..]));
    assert_eq!(forge.file("a/b", "rules", "abc").unwrap(), None);
    assert_eq!(server.requests().last().unwrap().header("accept"), Some("application/vnd.github.raw+json"));
}
