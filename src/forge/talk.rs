//! What was said and done on an item.
//!
//! Takes: the JSON of a list of comments or of a timeline. Gives: [`Comment`]s and [`Event`]s.
//! As for items, what is of another type than expected counts as absent.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};

use super::loose::{self, LooseList, LooseObject, Scalar};
use super::part::{NestedObject, instant};
use super::{Comment, Event, EventKind};

/// The comments of a list, in its order; entries that are no object are left out, `null` is an
/// empty list (fact 8). An id that is missing is 0.
///
/// # Errors
/// `list` is no JSON; line and column count within it.
pub fn comments(list: &[u8]) -> serde_json::Result<Vec<Comment>> {
    loose::read(list).map(LooseList::objects)
}

/// The same with `None` for each entry that is no object.
pub(super) fn entries(list: &[u8]) -> serde_json::Result<Vec<Option<Comment>>> {
    loose::read::<LooseList<Comment>>(list).map(|list| list.0.unwrap_or_default())
}

/// The entries of a timeline, in its order; entries that are no object are left out, `null` is
/// an empty timeline (fact 8).
///
/// # Errors
/// `list` is no JSON; line and column count within it.
pub fn events(list: &[u8]) -> serde_json::Result<Vec<Event>> {
    loose::read(list).map(LooseList::objects)
}

/// The members of a comment that are read, as they were found.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct CommentMembers<'a> {
    id: Scalar<'a>,
    body: Scalar<'a>,
    user: LooseObject<NestedObject<'a>>,
    author_association: Scalar<'a>,
    created_at: Scalar<'a>,
    updated_at: Scalar<'a>,
}

impl<'de> Deserialize<'de> for Comment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let found = CommentMembers::deserialize(from)?;
        let writers = ["OWNER", "MEMBER", "COLLABORATOR"];
        Ok(Comment {
            id: match found.id {
                Scalar::Whole(id) => id,
                _ => 0,
            },
            body: found.body.text().unwrap_or_default().into_owned(),
            author: found.user.0.and_then(NestedObject::account),
            by_writer: writers.iter().any(|word| found.author_association.is_word(word)),
            created_at: instant(&found.created_at),
            updated_at: instant(&found.updated_at),
        })
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        EventMembers::deserialize(from).map(EventMembers::event)
    }
}

/// The members of a timeline's entry that are read, as they were found.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct EventMembers<'a> {
    created_at: Scalar<'a>,
    /// When, of a review on GitHub.
    submitted_at: Scalar<'a>,
    user: LooseObject<NestedObject<'a>>,
    actor: LooseObject<NestedObject<'a>>,
    /// What it is, on Gitea and Forgejo.
    #[serde(rename = "type")]
    kind: Scalar<'a>,
    /// What it is, on GitHub.
    event: Scalar<'a>,
    body: Scalar<'a>,
    label: LooseObject<NestedObject<'a>>,
    assignee: LooseObject<NestedObject<'a>>,
    removed_assignee: Scalar<'a>,
    milestone: LooseObject<NestedObject<'a>>,
    author: LooseObject<NestedObject<'a>>,
    committer: LooseObject<NestedObject<'a>>,
}

impl EventMembers<'_> {
    fn event(self) -> Event {
        // A commit on GitHub has no time of its own. Of its two the committer's is the later one:
        // the author's stays what it was through every rebase.
        let signed = [&self.committer.0, &self.author.0].into_iter().flatten().find_map(|part| instant(&part.date));
        let label = |part: LooseObject<NestedObject<'_>>| part.0.and_then(|part| part.name.text()).map(Cow::into_owned);
        let login = |part: LooseObject<NestedObject<'_>>| part.0.and_then(NestedObject::login).map(Cow::into_owned);
        // Gitea gives the milestone that came, and none or an empty one where it was taken off.
        let title =
            |part: LooseObject<NestedObject<'_>>| part.0.and_then(|part| part.title.text()).map(Cow::into_owned);
        let title = |part| title(part).filter(|title| !title.is_empty());
        let word = match (&self.event, &self.kind) {
            (Scalar::Text(word), _) | (_, Scalar::Text(word)) => &**word,
            _ => "",
        };
        // An entry whose label or account was deleted says nothing that a name could be given to.
        let what = match word {
            // The body of a label's entry is "1" where it was put on, and empty where it was taken off.
            "label" if self.body.is_word("1") => label(self.label).map(EventKind::Labeled),
            "label" if self.body.is_word("") => label(self.label).map(EventKind::Unlabeled),
            "labeled" => label(self.label).map(EventKind::Labeled),
            "unlabeled" => label(self.label).map(EventKind::Unlabeled),
            "assignees" if self.removed_assignee.is_true() => login(self.assignee).map(EventKind::Unassigned),
            "assignees" | "assigned" => login(self.assignee).map(EventKind::Assigned),
            "unassigned" => login(self.assignee).map(EventKind::Unassigned),
            "milestone" | "milestoned" => Some(EventKind::Milestone(title(self.milestone))),
            "demilestoned" => Some(EventKind::Milestone(None)),
            // A merge is an entry of its own; GitHub writes `closed` beside it.
            "close" | "closed" | "merge_pull" | "merged" => Some(EventKind::Closed),
            "reopen" | "reopened" => Some(EventKind::Reopened),
            "comment" | "commented" => Some(EventKind::Commented),
            _ => None,
        };
        Event {
            at: instant(&self.created_at).or(instant(&self.submitted_at)).or(signed),
            actor: [self.user.0, self.actor.0].into_iter().flatten().find_map(NestedObject::account),
            what: what.unwrap_or_default(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::forge::time;

    #[test]
    fn comments_keep_what_is_there() {
        let list = br#"[null, "x", {"id": 5, "body": "hi \ud800", "user": null, "created_at":
            "2026-05-01T06:34:08Z", "author_association": "MEMBER"}, {"user": {"login": "a"}}]"#;
        let found = comments(list).unwrap();
        assert_eq!(found.len(), 2);
        let [first, second] = &found[..] else { return };
        assert_eq!((first.id, &*first.body), (5, "hi \u{fffd}"));
        assert!(first.by_writer && first.author.is_none() && first.created_at.is_some());
        assert!(!second.by_writer && second.id == 0 && second.author.is_some());
        assert_eq!(comments(b"null").unwrap(), []);
    }

    #[test]
    fn events_name_who_and_when() {
        let list = br#"[null, {"actor": {"login": "g", "type": "Bot"}, "created_at": "2026-05-01"},
            {"user": {"id": 1, "login": "t"}}, {"actor": null}]"#;
        let found = events(list).unwrap();
        let logins: Vec<_> = found.iter().map(|event| event.actor.as_ref().map(|a| (&*a.login, a.bot))).collect();
        assert_eq!(logins, [Some(("g", true)), Some(("t", false)), None]);
        assert!(found.first().unwrap().at.is_some());
    }
    /// What each entry of a timeline says was done, and when.
    fn done(list: &str) -> Vec<(EventKind, Option<String>)> {
        let shown = |event: Event| (event.what, event.at.map(time::rfc3339));
        events(list.as_bytes()).unwrap().into_iter().map(shown).collect()
    }

    /// Entries as Gitea 1.26.4 gave them, but for the members that nothing here reads.
    #[test]
    fn a_timeline_of_gitea_says_what_was_done() {
        let entry = |kind: &str, body: &str, more: &str| {
            format!(
                r#"{{"id": 7, "type": "{kind}", "html_url": "http://x/a/b/issues/3#issuecomment-7", "pull_request_url":
                "", "issue_url": "http://x/a/b/issues/3", "user": {{"id": 1, "login": "root1"}}, "body": "{body}",
                "created_at": "2026-11-21T01:08:08Z", "updated_at": "2026-11-21T01:08:09Z", "milestone": null,
                "old_title": "", "ref_issue": null, "ref_action": "none", "review_id": 0, "assignee_team": null,
                "resolve_doer": null, {more}}}"#
            )
        };
        let label = r#""label": {"id": 2, "name": "bug", "exclusive": false, "is_archived": false, "color":
            "ee0701", "description": "", "url": "http://x/labels/2"}, "assignee": null, "removed_assignee": false"#;
        let bare = r#""label": null, "assignee": null, "removed_assignee": false"#;
        let put = r#""label": null, "assignee": {"id": 4, "login": "claude"}, "removed_assignee": false"#;
        let off = r#""label": null, "assignee": {"id": 4, "login": "claude"}, "removed_assignee": true"#;
        for (kind, body, more, what) in [
            ("label", "1", label, EventKind::Labeled("bug".into())),
            ("label", "", label, EventKind::Unlabeled("bug".into())),
            ("label", "1", bare, EventKind::Other),
            ("assignees", "", put, EventKind::Assigned("claude".into())),
            ("assignees", "", off, EventKind::Unassigned("claude".into())),
            ("assignees", "", bare, EventKind::Other),
            ("close", "", bare, EventKind::Closed),
            ("merge_pull", "", bare, EventKind::Closed),
            ("reopen", "", bare, EventKind::Reopened),
            ("comment", "1", bare, EventKind::Commented),
            ("comment_ref", "", bare, EventKind::Other),
            ("milestone", "", bare, EventKind::Milestone(None)),
            ("change_title", "", bare, EventKind::Other),
        ] {
            let expected = (what, Some("2026-11-21T01:08:08Z".to_owned()));
            assert_eq!(done(&format!("[{}]", entry(kind, body, more))), [expected], "{kind} {body}");
        }
    }

    /// Entries as GitHub documents them, but for the members that nothing here reads.
    #[test]
    fn a_timeline_of_github_says_what_was_done() {
        let found = done(
            r#"[{"id": 1, "event": "labeled", "actor": {"login": "o"}, "commit_id": null, "created_at":
                "2026-05-01T06:00:00Z", "label": {"name": "bug", "color": "f29513"}, "performed_via_github_app": null},
            {"event": "unlabeled", "created_at": "2026-05-01T06:00:01Z", "label": {"name": "bug", "color": "f29513"}},
            {"event": "assigned", "created_at": "2026-05-01T06:00:02Z", "actor": {"login": "o"}, "assignee":
                {"login": "claude", "type": "User"}, "assigner": {"login": "o"}},
            {"event": "unassigned", "created_at": "2026-05-01T06:00:03Z", "assignee": {"login": "claude"}},
            {"event": "closed", "created_at": "2026-05-01T06:00:04Z", "commit_id": null, "state_reason": "completed"},
            {"event": "merged", "created_at": "2026-05-01T06:00:05Z", "commit_id": "6dcb09b"},
            {"event": "reopened", "created_at": "2026-05-01T06:00:06Z", "state_reason": "reopened"},
            {"event": "commented", "created_at": "2026-05-01T06:00:07Z", "actor": {"login": "o"}, "user":
                {"login": "o"}, "body": "1", "author_association": "MEMBER"},
            {"event": "reviewed", "submitted_at": "2026-05-01T06:00:08Z", "state": "approved", "user": {"login": "o"}},
            {"event": "committed", "sha": "7638417", "author": {"name": "Mona", "email": "m@x", "date":
                "2026-04-30T12:00:00Z"}, "committer": {"name": "Mona", "email": "m@x", "date": "2026-05-01T06:00:09Z"},
                "message": "Fix it"},
            {"event": "committed", "author": {"date": "2026-05-01T06:00:10Z"}, "committer": null},
            {"event": "labeled", "created_at": "2026-05-01T06:00:11Z", "label": null},
            {"event": "milestoned", "created_at": "2026-05-01T06:00:12Z", "milestone": {"title": "1.0"}},
            {"event": "demilestoned", "created_at": "2026-05-01T06:00:13Z", "milestone": {"title": "1.0"}}]"#,
        );
        let what = [
            EventKind::Labeled("bug".into()),
            EventKind::Unlabeled("bug".into()),
            EventKind::Assigned("claude".into()),
            EventKind::Unassigned("claude".into()),
            EventKind::Closed,
            EventKind::Closed,
            EventKind::Reopened,
            EventKind::Commented,
            EventKind::Other,
            EventKind::Other,
            EventKind::Other,
            EventKind::Other,
            EventKind::Milestone(Some("1.0".into())),
            EventKind::Milestone(None),
        ];
        let at = (0..).map(|second| Some(format!("2026-05-01T06:00:{second:02}Z")));
        assert_eq!(found, what.into_iter().zip(at).collect::<Vec<_>>());
    }

    #[test]
    fn members_of_any_type_count_as_absent_in_a_timeline() {
        for odd in ["null", "3", "true", "[1]", "{}"] {
            let list =
                format!(r#"[{{"type": {odd}, "event": {odd}, "body": {odd}, "label": {odd}, "author": {odd}}}]"#);
            assert_eq!(done(&list), [(EventKind::Other, None)], "{odd}");
            let list = format!(r#"[{{"type": "label", "body": {odd}, "label": {{"name": "bug"}}}}]"#);
            assert_eq!(done(&list), [(EventKind::Other, None)], "{odd}");
            let list = format!(r#"[{{"type": "assignees", "assignee": {{"login": {odd}}}}}]"#);
            assert_eq!(done(&list), [(EventKind::Other, None)], "{odd}");
        }
    }
}
