//! Tests of issues and pull requests with members of every kind.

use super::*;
use crate::forge::{Account, time};

/// The one entry of a list, read and shown again.
fn entry(json: &str) -> Result<Item<'static>, NoItem> {
    let list = format!("[{json}]").into_bytes();
    let mut entries = items(list.leak()).unwrap();
    assert_eq!(entries.len(), 1);
    entries.remove(0)
}

#[test]
fn a_whole_issue_is_read() {
    let item = entry(
        r#"{"id": 9, "number": 7, "title": "T\u00e9", "body": "b", "state": "closed",
        "labels": [{"name": "bug"}, {"name": ""}, "bare", null, {"name": 5}],
        "assignees": [{"login": "a"}, {"login": null}, "x", {"login": "b"}],
        "user": {"id": -2, "login": "gitea-actions"}, "is_locked": true,
        "milestone": {"title": "1.0"}, "comments": 3, "x": [[{}]],
        "pull_request": {"draft": true, "merged_at": null},
        "created_at": "2026-05-01T08:34:08+02:00", "updated_at": "nonsense",
        "closed_at": "2026-05-01T06:34:09Z", "state_reason": "not_planned", "additions": 31,
        "deletions": 9}"#,
    );
    let expected = Item {
        kind: ItemKind::Pull,
        number: 7,
        title: "Té".into(),
        body: "b".into(),
        labels: vec!["bug".into(), "".into()],
        assignees: vec!["a".into(), "b".into()],
        author: Some(Account { login: "gitea-actions".into(), bot: true }),
        open: false,
        locked: true,
        draft: true,
        milestone: Some("1.0".into()),
        comments: 3,
        created_at: time::parse("2026-05-01T06:34:08Z"),
        updated_at: None,
        closed_at: time::parse("2026-05-01T06:34:09Z"),
        merged: false,
        lines: Some((31, 9)),
        state_reason: Some("not_planned".into()),
    };
    assert_eq!(item, Ok(expected));
}

#[test]
fn members_of_any_type_count_as_absent() {
    let bare = entry(r#"{"number": 1}"#).unwrap();
    let members = "title body labels assignees assignee user state locked is_locked draft \
        merged merged_at milestone comments created_at updated_at closed_at state_reason additions deletions pull_request";
    for name in members.split_whitespace() {
        for odd in ["null", "-1", "1.5", "1e999", "[[]]", "[1, {}]", "{}", r#""\ud800""#] {
            // These two are texts, and this is one.
            let text = odd.starts_with('"') && matches!(name, "title" | "body" | "state_reason");
            let mut item = entry(&format!(r#"{{"{name}": {odd}, "number": 1}}"#)).unwrap();
            if text {
                item.title = "".into();
                item.body = "".into();
                item.state_reason = None;
            }
            assert_eq!(item, bare, "{name} {odd}");
        }
    }
}

#[test]
fn a_lone_assignee_stands_in_for_a_null_list_only() {
    let logins = |json: &str| entry(json).unwrap().assignees;
    let one = r#""number": 1, "assignee": {"login": "a"}"#;
    assert_eq!(logins(&format!("{{{one}}}")), ["a"]);
    assert_eq!(logins(&format!(r#"{{{one}, "assignees": 3}}"#)), ["a"]);
    assert!(logins(&format!(r#"{{{one}, "assignees": []}}"#)).is_empty());
}

#[test]
fn a_pull_request_of_nulls_is_an_issue_and_the_last_of_two_members_holds() {
    let item = entry(
        r#"{"number": 1, "title": "a", "title": null, "state": "odd",
        "pull_request": {"url": null}, "user": {"login": "d", "type": "bot"}}"#,
    )
    .unwrap();
    assert_eq!((item.kind, &*item.title, item.open), (ItemKind::Issue, "", true));
    assert!(item.author.unwrap().bot);
    let merged = entry(r#"{"number": 1, "merged": true, "user": {"login": ""}}"#).unwrap();
    assert_eq!((merged.open, merged.author), (false, None));
}

/// Lists of issues say of a pull request when it was merged within `pull_request`, lists of pull requests beside it.
#[test]
fn a_closed_item_says_when_and_a_merged_one_that_it_is() {
    let (at, later) = ("2026-05-01T06:00:00Z", "2026-05-01T07:00:00Z");
    let seen = |json: &str| {
        let item = entry(json).unwrap();
        (item.merged, item.closed_at.map(time::rfc3339))
    };
    let ended = format!(r#""number": 1, "state": "closed", "closed_at": "{later}""#);
    for (more, merged, when) in [
        ("", false, later),
        (r#", "pull_request": {"merged": false, "merged_at": null}"#, false, later),
        (&format!(r#", "pull_request": {{"merged": true, "merged_at": "{at}"}}"#), true, at),
        (&format!(r#", "pull_request": {{"merged_at": "{at}"}}"#), true, at),
        (r#", "pull_request": {"merged": true, "merged_at": "soon"}"#, true, later),
        (&format!(r#", "merged": true, "merged_at": "{at}""#), true, at),
    ] {
        assert_eq!(seen(&format!("{{{ended}{more}}}")), (merged, Some(when.to_owned())), "{more}");
    }
    assert_eq!(seen(&format!(r#"{{"number": 1, "state": "open", "closed_at": "{at}"}}"#)), (false, None));
    assert_eq!(seen(r#"{"number": 1, "state": "closed", "closed_at": "soon"}"#), (false, None));
}

#[test]
fn an_entry_without_a_number_is_no_item() {
    for (json, why) in [
        ("null", "is null, not an object"),
        ("\"x\"", "is a text, not an object"),
        ("[1]", "is a list, not an object"),
        ("{}", "has no number"),
        (r#"{"number": 0}"#, "has a number that is no whole number above 0"),
        (r#"{"number": -4}"#, "has a number that is no whole number above 0"),
        (r#"{"number": "7"}"#, "has a number that is no whole number above 0"),
        (r#"{"number": 1.0}"#, "has a number that is no whole number above 0"),
    ] {
        assert_eq!(entry(json).unwrap_err().to_string(), why, "{json}");
    }
}
