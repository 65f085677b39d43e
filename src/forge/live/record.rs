//! What a change leaves behind, as the forge would have written it: comments, entries of timelines,
//! labels, issues.
//!
//! Takes: a [`LiveRepo`] and what was done. Gives: API objects in the dialect of its forge.

use serde_json::{Map, Value, json};

use super::document::{LiveRepo, list_begun, objects, talk, talk_begun, talk_mut, text, whole};
use super::refuse::{self, is_writer};
use crate::forge::change::{ChangeFailure, NewLabel};

/// An entry of a timeline, before it has an id.
pub(super) enum TimelineEntry<'a> {
    /// A label was put on or taken off.
    Label(&'a Value, bool),
    /// Somebody was assigned or taken off.
    Assignee(&'a str, bool),
    /// The milestone that came and the one that went.
    Milestone(&'a Value, &'a Value),
    /// It was closed or opened again, for a reason.
    Open(bool, Option<&'a str>),
}

impl LiveRepo<'_> {
    /// Writes what was done to the item into its timeline, if its timeline was recorded.
    ///
    /// Where it was not, nothing is begun: a list that holds our own changes and nobody else's would
    /// be taken for the whole timeline, and what a person did in it for never done, which is worse
    /// than not knowing. Our own memory loses nothing by that: a change comes to the file together
    /// with all others of its item, so that what a comment of ours announces is there if the comment
    /// is.
    pub(super) fn record(&mut self, number: u64, entry: &TimelineEntry<'_>) {
        if talk(self.repo, "events", number).is_none() {
            return;
        }
        let (id, now, actor) = (self.id(), self.now, self.people.ours());
        let written = if self.github {
            let mut written = json!({"id": id, "event": "", "actor": actor, "created_at": now});
            let (word, more) = match entry {
                TimelineEntry::Label(label, put) => {
                    let of = |name: &str| label.get(name).cloned().unwrap_or_default();
                    let label = json!({"name": of("name"), "color": of("color")});
                    (if *put { "labeled" } else { "unlabeled" }, json!({"label": label}))
                }
                TimelineEntry::Assignee(login, put) => {
                    let more = json!({"assignee": self.people.account(login), "assigner": actor});
                    (if *put { "assigned" } else { "unassigned" }, more)
                }
                TimelineEntry::Milestone(new, old) => {
                    let (word, of) = if new.is_null() { ("demilestoned", old) } else { ("milestoned", new) };
                    (word, json!({"milestone": {"title": of.get("title").cloned().unwrap_or_default()}}))
                }
                TimelineEntry::Open(true, _) => ("reopened", json!({"state_reason": "reopened"})),
                TimelineEntry::Open(false, reason) => ("closed", json!({"state_reason": reason})),
            };
            add(&mut written, json!({"event": word}));
            add(&mut written, more);
            written
        } else {
            let mut written = self.entry(number, id, "");
            add(&mut written, json!({"label": null, "assignee": null, "removed_assignee": false}));
            let (word, more) = match entry {
                TimelineEntry::Label(label, put) => {
                    ("label", json!({"label": label, "body": if *put { "1" } else { "" }}))
                }
                TimelineEntry::Assignee(login, put) => {
                    ("assignees", json!({"assignee": self.people.account(login), "removed_assignee": !put}))
                }
                TimelineEntry::Milestone(new, old) => ("milestone", json!({"milestone": new, "old_milestone": old})),
                TimelineEntry::Open(open, _) => (if *open { "reopen" } else { "close" }, json!({})),
            };
            add(&mut written, json!({"type": word}));
            add(&mut written, more);
            written
        };
        if let Some(events) = talk_mut(self.repo, "events", number) {
            events.push(written);
        }
    }

    /// What comments and entries of timelines have in common on Gitea and Forgejo.
    fn entry(&self, number: u64, id: u64, body: &str) -> Value {
        let item = self.first(number);
        let address = item.and_then(|item| text(item, "html_url")).unwrap_or_default();
        // Exactly one of the two addresses is the item's (fact 33).
        let pull = address.rsplit('/').nth(1) == Some("pulls");
        json!({
            "id": id, "type": "comment",
            "html_url": if address.is_empty() { String::new() } else { format!("{address}#issuecomment-{id}") },
            "pull_request_url": if pull { address } else { "" },
            "issue_url": if pull { "" } else { address },
            "user": self.people.ours(), "body": body, "created_at": self.now, "updated_at": self.now,
        })
    }

    /// Puts a new comment under the item, and into its timeline if that was recorded.
    pub(super) fn write_comment(&mut self, number: u64, body: &str) -> u64 {
        let id = self.id();
        let (mut comment, entry);
        if self.github {
            let item = self.first(number);
            let of = |name: &str| item.and_then(|item| text(item, name));
            comment = json!({
                "id": id, "user": self.people.ours(), "body": body,
                "created_at": self.now, "updated_at": self.now,
                "author_association": if is_writer(self) { "COLLABORATOR" } else { "NONE" },
            });
            if let Some(address) = of("html_url") {
                add(&mut comment, json!({"html_url": format!("{address}#issuecomment-{id}")}));
            }
            if let Some(address) = of("url") {
                add(&mut comment, json!({"issue_url": address}));
            }
            let mut same = comment.clone();
            add(&mut same, json!({"event": "commented", "actor": self.people.ours()}));
            entry = same;
        } else {
            entry = self.entry(number, id, body);
            comment = entry.clone();
            if let Some(members) = comment.as_object_mut() {
                members.shift_remove("type");
            }
            add(&mut comment, json!({"original_author": "", "original_author_id": 0, "assets": []}));
        }
        if let Some(comments) = talk_begun(self.repo, "comments", number) {
            comments.push(comment);
        }
        if let Some(events) = talk_mut(self.repo, "events", number) {
            events.push(entry);
        }
        id
    }

    /// Makes a label of the repository and gives it whole.
    pub(super) fn write_label(&mut self, name: &str, color: &str, description: &str) -> Value {
        let mut label = json!({"id": self.id(), "name": name, "color": color, "description": description});
        let more = match self.github {
            true => json!({"default": false}),
            false => json!({"exclusive": false, "is_archived": false}),
        };
        add(&mut label, more);
        if let Some(labels) = list_begun(self.repo, "labels") {
            labels.push(label.clone());
        }
        label
    }

    /// Takes a label of the repository away, where it looks as it was made; false where there is none.
    pub(super) fn delete_label(&mut self, label: &NewLabel) -> Result<bool, ChangeFailure> {
        refuse::label(self, label)?;
        let github = self.github;
        let same = |it: &Value| {
            let name = it.get("name").and_then(Value::as_str).unwrap_or_default();
            name == label.name || (github && name.to_lowercase() == label.name.to_lowercase())
        };
        let Some(there) = self.label(&label.name) else { return Ok(false) };
        let of = |name: &str| there.get(name).and_then(Value::as_str).unwrap_or_default();
        label.still(of("color"), of("description"))?;
        if let Some(labels) = list_begun(self.repo, "labels") {
            labels.retain(|it| !same(it));
        }
        *self.changed = true;
        Ok(true)
    }

    /// Makes an issue without labels and gives its number.
    pub(super) fn write_issue(&mut self, title: &str, body: &str) -> u64 {
        let numbers = ["issues", "pulls"].into_iter().flat_map(|list| objects(self.repo, list));
        let number = numbers.filter_map(|entry| whole(entry, "number")).max().unwrap_or(0).saturating_add(1);
        let mut issue = json!({
            "id": self.id(), "number": number, "user": self.people.ours(), "title": title, "body": body, "labels": [],
            "milestone": null, "assignee": null, "assignees": null, "state": "open", "comments": 0,
            "created_at": self.now, "updated_at": self.now, "closed_at": null,
        });
        let more = match self.github {
            true => json!({
                "assignees": [], "locked": false, "state_reason": null,
                "author_association": if is_writer(self) { "COLLABORATOR" } else { "NONE" },
            }),
            false => json!({"is_locked": false, "due_date": null, "pull_request": null}),
        };
        add(&mut issue, more);
        if let Some(root) = text(self.repo, "html_url") {
            add(&mut issue, json!({"html_url": format!("{root}/issues/{number}")}));
        }
        if let Some(issues) = list_begun(self.repo, "issues") {
            // A forge lists the newest first; a document that was recorded so stays so.
            let of = |entry: Option<&Value>| entry.and_then(|entry| entry.get("number")?.as_u64());
            let newest_first = of(issues.first()) > of(issues.last());
            issues.insert(if newest_first { 0 } else { issues.len() }, issue);
        }
        // All that ever happens to it is written down from here on: this timeline is whole.
        talk_begun(self.repo, "events", number);
        number
    }
}

/// Sets members of an object.
fn add(to: &mut Value, members: Value) {
    if let (Some(to), Value::Object(members)) = (to.as_object_mut(), members) {
        to.extend(members);
    }
}

/// Whether an entry is a comment, and not something else that happened; a comment of a list of
/// comments has neither name.
pub(super) fn is_comment(entry: &Map<String, Value>) -> bool {
    matches!(text(entry, "type"), None | Some("comment")) && matches!(text(entry, "event"), None | Some("commented"))
}
