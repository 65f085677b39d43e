//! What is refused, as the forge of the document's kind refuses it.
//!
//! Takes: made-up documents and changes. Gives: the failure of each, and an unchanged file.

use super::*;

#[test]
fn what_a_forge_refuses_is_refused_and_changes_nothing() {
    let world = |kind: &str, more: Value| LiveTestWorld::new(kind, more);
    let mine = || json!({"comments": {"9": [{"id": 7, "user": {"login": "Kaizen"}}, {"id": 8, "user": null}]}});
    let long = "x".repeat(65_537);
    let unknown = names(&["bug", "nope"]);
    let stranger = names(&["stranger"]);
    let comment = Change::Comment { body: "x" };
    for (kind, more, number, wanted, expected) in [
        ("gitea", json!({"archived": true}), 9, comment, "refused: the repository a/b is archived"),
        ("gitea", json!({"archived": true}), 9, Change::Reopen, "refused: the repository a/b is archived"),
        ("github", json!({"has_issues": false}), 9, comment, "refused: issues are switched off"),
        ("gitea", json!({"permissions": {"push": false}}), 9, comment, "refused: the account may only read"),
        ("gitea", json!({"assignees": []}), 9, Change::Assign(&stranger), "refused: stranger cannot be assigned"),
        ("github", json!({}), 9, Change::Assign(&stranger), "ignored: a/b did not take as assignees of #9: stranger"),
        ("gitea", json!({}), 9, Change::Comment { body: "" }, "refused: the comment on a/b#9 would be empty"),
        ("github", json!({}), 9, Change::Comment { body: " \n" }, "refused: the comment on a/b#9 would be empty"),
        ("github", json!({}), 9, Change::Comment { body: &long }, "refused: the comment on a/b#9 has 65537 characters"),
        ("github", json!({}), 9, Change::EditBody { body: &long }, "refused: the text of a/b#9 has 65537"),
        ("gitea", mine(), 9, Change::EditComment { id: 8, body: "x" }, "refused: the comment 8 of a/b is by nobody"),
        ("gitea", mine(), 9, Change::EditComment { id: 7, body: "" }, "refused: the comment on a/b#9 would be empty"),
        ("gitea", json!({}), 9, Change::DeleteComment { id: 500 }, "refused: the comment 500 of a/b is by mira"),
        ("gitea", json!({}), 9, Change::EditComment { id: 501, body: "x" }, "ignored: the comment 501 of a/b is no"),
        ("github", json!({}), 9, Change::DeleteComment { id: 501 }, "refused: the comment 501 of a/b is not there"),
        ("gitea", json!({}), 7, Change::Reopen, "refused: a/b#7 is merged and cannot be opened again"),
        ("github", json!({}), 9, Change::Close { reason: Some("bored") }, "refused: a/b#9 cannot be closed as"),
        ("gitea", json!({}), 9, Change::SetMilestone(Some("2.0")), "refused: a/b has no milestone \"2.0\""),
        ("gitea", json!({}), 9, Change::AddLabels(&unknown), "ignored: labels that a/b does not have were not put"),
    ] {
        let world = world(kind, more);
        let before = world.repo();
        let live = world.open();
        let found = shown(change(&world, &live, number, wanted));
        assert!(found.starts_with(expected), "{wanted:?}: {found}");
        // Of labels those that are known are put on.
        let known = matches!(wanted, Change::AddLabels(_));
        assert_eq!(world.repo() != before, known, "{wanted:?}");
    }
    let world = world("gitea", mine());
    let live = world.open();
    change(&world, &live, 9, Change::EditComment { id: 7, body: "ours" }).unwrap();
    let mut fresh = live.item(0, ItemKind::Issue, 9).unwrap().unwrap();
    fresh.content_version = Some(2);
    let stale = "stale: the text of a/b#9 was changed meanwhile: it was read as version 2 and is at 3";
    assert_eq!(shown(live.change(0, &fresh, Change::EditBody { body: "x" })), stale);
    fresh.item.number = 99;
    assert_eq!(shown(live.change(0, &fresh, Change::Reopen)), "refused: a/b#99 is not there any more");
    assert_eq!((live.item(0, ItemKind::Issue, 99).unwrap(), live.item(0, ItemKind::Pull, 9).unwrap()), (None, None));
    assert!(
        shown(live.create_issue(0, NewIssue { title: " ", body: "", labels: &[], assignees: &[] }))
            .contains("would be empty")
    );
    assert!(
        shown(live.create_issue(0, NewIssue { title: "t", body: "", labels: &names(&["nope"]), assignees: &[] }))
            .contains("has no label \"nope\"")
    );
}

#[test]
fn a_locked_item_takes_comments_of_writers_only() {
    let issues = json!([{"number": 9, "locked": true}]);
    for (assignees, permissions, may) in [
        (json!([{"login": "mira"}]), Value::Null, false),
        (json!([{"login": "mira"}]), json!({"push": true}), true),
        (json!([{"login": "KAIZEN"}]), Value::Null, true),
        (Value::Null, Value::Null, true),
    ] {
        let world =
            LiveTestWorld::new("gitea", json!({"issues": issues, "assignees": assignees, "permissions": permissions}));
        assert_eq!(change(&world, &world.open(), 9, Change::Comment { body: "x" }).is_ok(), may);
    }
}
