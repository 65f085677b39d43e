//! Changes, and answers that say yes to what they drop.
//!
//! Takes: a small forge that keeps what it is sent, and answers that refuse, drop or break off.
//! Gives: the requests in each dialect, and what is certain of each.

use super::*;
use crate::forge::ItemKind;
use crate::forge::change::{Change, ChangeFailure, ForgeWriter, Fresh, NewIssue};

const LABELS: &str = r#"[{"id": 11, "name": "bug"}, {"id": 12, "name": "Kind/Bug & x"}]"#;

/// Answers by method and path; labels, an organisation's labels and milestones are there.
pub(super) fn canned(
    answers: Vec<(&'static str, TestAnswer)>,
) -> impl Fn(&TestRequest, &str) -> TestAnswer + Send + Sync {
    move |seen, path| {
        let line = format!("{} {path}", seen.method);
        let found = answers.iter().find(|(known, _)| *known == line).map(|(_, answer)| answer.clone());
        found.unwrap_or_else(|| match path.split('?').next().unwrap() {
            "labels" => ok(LABELS),
            "milestones" => ok(r#"[{"id": 31, "number": 2, "title": "2.0"}]"#),
            _ if path.contains("/orgs/") => ok(r#"[{"id": 21, "name": "org/urgent"}, {"id": 22, "name": "bug"}]"#),
            _ => json(404, "{\"message\": \"not found\"}"),
        })
    }
}

pub(super) fn fresh(assignees: &[&str], content_version: Option<u64>) -> Fresh {
    let list = assignees.iter().map(|login| format!("{{\"login\": \"{login}\"}}")).collect::<Vec<_>>().join(",");
    let json = format!("[{{\"number\": 3, \"assignees\": [{list}]}}]");
    let item = crate::forge::object::items(json.as_bytes()).unwrap().remove(0).unwrap().into_owned();
    Fresh { item, content_version }
}

/// Writes that the server was sent: method, path, body.
pub(super) fn writes(server: &Server) -> Vec<String> {
    let writes = server.requests().into_iter().filter(|seen| seen.method != "GET");
    let shown =
        writes.map(|seen| format!("{} {} {}", seen.method, seen.path.split_once("/a/b/").unwrap().1, seen.body));
    shown.map(|line| line.trim_end().to_owned()).collect()
}

/// The kind of a failure with its sentence.
pub(super) fn told<T: std::fmt::Debug>(result: Result<T, ChangeFailure>) -> String {
    let failure = result.unwrap_err();
    let kind = match failure {
        ChangeFailure::Token(_) => "token",
        ChangeFailure::Refused(_) => "refused",
        ChangeFailure::Stale(_) => "stale",
        ChangeFailure::Ignored(_) => "ignored",
        ChangeFailure::Unknown(_) => "unknown",
    };
    format!("{kind}: {failure}")
}

pub(super) fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn comments_are_held_against_what_was_sent_fact_90() {
    let (server, forge) = gitea(canned(vec![
        ("POST issues/3/comments", json(201, "{\"id\": 77, \"body\": \"hello\\r\\nyou\\n\"}")),
        ("PATCH issues/comments/77", ok("{\"id\": 77, \"body\": \"hello\"}")),
        ("PATCH issues/comments/78", json(204, "")),
        ("DELETE issues/comments/77", json(204, "")),
        ("DELETE issues/comments/78", json(400, "")),
    ]));
    let item = fresh(&[], None);
    let done = forge.change(0, &item, Change::Comment { body: "hello\nyou" }).unwrap();
    assert_eq!((done.id, done.number), (Some(77), None));
    forge.change(0, &item, Change::EditComment { id: 77, body: "hello" }).unwrap();
    let error = told(forge.change(0, &item, Change::EditComment { id: 77, body: "else" }));
    assert!(error.starts_with("ignored: ") && error.contains("another text"), "{error}");
    let error = told(forge.change(0, &item, Change::EditComment { id: 78, body: "x" }));
    assert!(error.starts_with("unknown: editing comment 78 of a/b#3: ") && error.contains("status 204"), "{error}");
    forge.change(0, &item, Change::DeleteComment { id: 77 }).unwrap();
    assert!(told(forge.change(0, &item, Change::DeleteComment { id: 78 })).starts_with("refused: "));
    // Gone already, or not to be seen any more: another look tells.
    assert!(told(forge.change(0, &item, Change::DeleteComment { id: 79 })).starts_with("unknown: "));
    assert_eq!(writes(&server)[0], r#"POST issues/3/comments {"body":"hello\nyou"}"#);
}

#[test]
fn every_refusal_says_what_is_certain_facts_51_to_56_71() {
    let moved = (301, vec![("location", "/api/v1/repos/a/new/issues/3/comments".to_owned())], String::new());
    for (answer, expected, help) in [
        (json(401, "{\"message\": \"token is required\"}"), "token", "set KAIZEN_TOKEN"),
        (json(403, ""), "refused", "permissions: {contents: read"),
        (json(404, ""), "refused", "may not see it"),
        (json(409, "{}"), "stale", "changed meanwhile"),
        (json(410, "{}"), "refused", "it was deleted"),
        (json(412, "{}"), "refused", "blocks it"),
        (json(413, "{}"), "refused", "quota"),
        (json(422, "{\"message\": \"empty\"}"), "refused", "(empty)"),
        (json(423, "{\"message\": \"a/b is archived\"}"), "refused", "is archived"),
        (moved, "refused", "moved to /api/v1/repos/a/new/issues/3/comments; nothing was written"),
        (json(500, ""), "unknown", "whether it was written is not known"),
        (json(502, ""), "unknown", "whether it was written is not known"),
        ((0, vec![], String::new()), "unknown", "whether it was written is not known"),
        ((1, vec![], "{\"id\"".into()), "unknown", "whether it was written is not known"),
        (json(201, "{\"id\": 7"), "unknown", "holds no comment"),
        (json(201, "{}"), "unknown", "holds no comment"),
        (json(429, ""), "refused", "the server's limit on requests is reached"),
    ] {
        let limit = answer.0 == 429;
        let (server, forge) = gitea(canned(vec![("POST issues/3/comments", answer)]));
        let error = told(forge.change(0, &fresh(&[], None), Change::Comment { body: "x" }));
        assert!(error.starts_with(&format!("{expected}: commenting on a/b#3: ")) && error.contains(help), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
        // Never twice, but for a limit: behind that nothing was done.
        assert_eq!(writes(&server).len(), if limit { 5 } else { 1 });
    }
}

#[test]
fn states_milestones_and_texts_facts_38_45_54_67() {
    let closed = r#"{"number": 3, "state": "closed", "milestone": {"title": "2.0"}, "body": "new"}"#;
    let (server, forge) = gitea(canned(vec![("PATCH issues/3", json(201, closed))]));
    let item = fresh(&[], Some(4));
    forge.change(0, &item, Change::Close { reason: Some("completed") }).unwrap();
    forge.change(0, &item, Change::SetMilestone(Some("2.0"))).unwrap();
    forge.change(0, &item, Change::EditBody { body: "new" }).unwrap();
    let error = told(forge.change(0, &item, Change::Reopen));
    assert!(error.starts_with("ignored: reopening a/b#3: ") && error.contains("still closed"), "{error}");
    assert!(told(forge.change(0, &item, Change::EditBody { body: "other" })).contains("the text is another"));
    assert!(told(forge.change(0, &item, Change::SetMilestone(Some("3.0")))).contains("no open milestone 3.0"));
    let sent = writes(&server);
    let expected = [
        r#"PATCH issues/3 {"state":"closed"}"#,
        r#"PATCH issues/3 {"milestone":31}"#,
        r#"PATCH issues/3 {"body":"new","content_version":4}"#,
    ];
    assert_eq!(sent[..3], expected);
    let (server, forge) = github(canned(vec![("PATCH issues/3", ok(closed))]));
    forge.change(0, &item, Change::Close { reason: Some("not_planned") }).unwrap();
    forge.change(0, &item, Change::SetMilestone(Some("2.0"))).unwrap();
    let mut pull = fresh(&[], None);
    pull.item.kind = ItemKind::Pull;
    forge.change(0, &pull, Change::Close { reason: Some("not_planned") }).unwrap();
    let expected = [
        r#"PATCH issues/3 {"state":"closed","state_reason":"not_planned"}"#,
        r#"PATCH issues/3 {"milestone":2}"#,
        r#"PATCH issues/3 {"state":"closed"}"#,
    ];
    assert_eq!(writes(&server), expected);
    // With a version our own repetition would be refused: it is tried once.
    for (version, tries) in [(Some(4), 1), (None, 5)] {
        let (server, forge) = gitea(canned(vec![("PATCH issues/3", json(502, ""))]));
        let error = told(forge.change(0, &fresh(&[], version), Change::EditBody { body: "x" }));
        assert_eq!((writes(&server).len(), error.starts_with("unknown: ")), (tries, true), "{error}");
    }
}

#[test]
fn an_issue_is_created_with_labels_that_are_there_facts_39_41() {
    let made = r#"{"number": 50, "title": "t", "body": "b", "labels": [{"name": "bug"}]}"#;
    let (server, forge) = gitea(canned(vec![("POST issues", json(201, made))]));
    let done =
        forge.create_issue(0, NewIssue { title: "t", body: "b", labels: &strings(&["bug"]), assignees: &[] }).unwrap();
    assert_eq!((done.number, done.id), (Some(50), None));
    let error =
        told(forge.create_issue(
            0,
            NewIssue { title: "t", body: "b", labels: &strings(&["bug", "org/urgent"]), assignees: &[] },
        ));
    assert!(
        error.starts_with("ignored: creating an issue in a/b: ") && error.contains("#50 is there without"),
        "{error}"
    );
    assert_eq!(writes(&server)[0], r#"POST issues {"title":"t","body":"b","labels":[11]}"#);
    let (server, forge) = github(canned(vec![("POST issues", json(201, made))]));
    forge.create_issue(0, NewIssue { title: "t", body: "b", labels: &strings(&["bug"]), assignees: &[] }).unwrap();
    assert_eq!(writes(&server), [r#"POST issues {"title":"t","body":"b","labels":["bug"]}"#]);
    let (server, forge) = gitea(canned(vec![("POST issues", (0, vec![], String::new()))]));
    assert!(
        told(forge.create_issue(0, NewIssue { title: "t", body: "b", labels: &[], assignees: &[] }))
            .starts_with("unknown: ")
    );
    assert_eq!(writes(&server).len(), 1);
}
