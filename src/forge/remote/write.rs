//! Changes to a forge.
//!
//! Takes: an item just read and one change to it. Gives: what was done, or what is certain of what
//! was not. Every answer is held against what was asked, because a forge says yes to what it drops
//! (facts 39, 42, 90).

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::failure::{failed, ignored, refused, unproven, unread};
use super::node::{JsonNode, tree};
use super::read::one;
use super::{Item, Remote};
use crate::forge::ItemKind;
use crate::forge::change::{Change, ChangeFailure, ForgeWriter, Fresh, NewIssue, NewLabel, Preflight, WriteAnswer};
use crate::http::{Answer, Method, Request};

/// One write as it is about to be sent.
pub(super) struct Order<'a> {
    pub(super) method: Method,
    /// Below the API.
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// Once more does no more.
    pub(super) repeatable: bool,
    /// The status by which the forge says that this is done. A page of a proxy or a cached answer has another one.
    pub(super) done: u16,
    /// What is done, for people: `closing a/b#3`.
    pub(super) what: &'a str,
}

impl Remote {
    /// Sends a write. An answer of another status than the one for "done" proves nothing: whoever sent it
    /// reads again what is there.
    pub(super) fn order(&self, order: Order<'_>) -> Result<Answer, ChangeFailure> {
        let Order { method, path, body, repeatable, done, what } = order;
        let removes = method == Method::Delete;
        let request: Request = self.api.request(method, &path).map_err(ChangeFailure::Refused)?;
        let request = if repeatable { request.repeatable() } else { request };
        match self.api.write(request, body.as_ref()) {
            Ok(answer) if answer.status == done => Ok(answer),
            Ok(answer) => Err(unproven(what, &format!("the answer has the status {}, not {done}", answer.status))),
            // It may be gone, which is what was wanted, or may not be seen any more (fact 52).
            Err(error) if removes && matches!(error.status(), Some(404 | 410)) => {
                Err(unproven(what, &error.to_string()))
            }
            Err(error) => Err(failed(what, error)),
        }
    }

    /// Sends a change of the item itself; gives the item as the forge answers it. Gitea answers 201
    /// there, GitHub 200 (fact 37).
    pub(super) fn patch(
        &self,
        at: &WriteTarget<'_>,
        body: Value,
        repeatable: bool,
    ) -> Result<Item<'static>, ChangeFailure> {
        let done = if self.api.dialect.is_github() { 200 } else { 201 };
        let (method, path, body, what) = (Method::Patch, at.path.clone(), Some(body), at.what);
        at.item_of(&self.order(Order { method, path, body, repeatable, done, what })?)
    }

    fn comment(&self, at: &WriteTarget<'_>, body: &str) -> Result<WriteAnswer, ChangeFailure> {
        let (method, path, text) = (Method::Post, format!("{}/comments", at.path), Some(json!({ "body": body })));
        let answer = self.order(Order { method, path, body: text, repeatable: false, done: 201, what: at.what })?;
        let id = held_comment(&answer, at.what, body)?;
        Ok(WriteAnswer { id: Some(id), number: None })
    }

    fn edit_comment(&self, repo: &str, id: u64, what: &str, body: &str) -> Result<WriteAnswer, ChangeFailure> {
        let (method, path) = (Method::Patch, format!("{repo}/issues/comments/{id}"));
        let text = Some(json!({ "body": body }));
        // An entry of the timeline that is no comment answers 204 and nothing is done (fact 90).
        let answer = self.order(Order { method, path, body: text, repeatable: true, done: 200, what })?;
        match held_comment(&answer, what, body)? {
            held if held == id => Ok(WriteAnswer { id: Some(id), number: None }),
            held => Err(unproven(what, &format!("the answer holds comment {held}"))),
        }
    }

    fn delete_comment(&self, repo: &str, id: u64, what: &str) -> Result<WriteAnswer, ChangeFailure> {
        let (method, path) = (Method::Delete, format!("{repo}/issues/comments/{id}"));
        let order = Order { method, path, body: None, repeatable: true, done: 204, what };
        self.order(order).map(|_| WriteAnswer::default())
    }

    fn set_milestone(
        &self,
        repo: usize,
        at: &WriteTarget<'_>,
        title: Option<&str>,
    ) -> Result<WriteAnswer, ChangeFailure> {
        let what = at.what;
        let id = match title {
            Some(title) => {
                let known = self.known_milestones(repo).map_err(ChangeFailure::Refused)?;
                let found = known.iter().find(|(known, _)| known == title).map(|(_, id)| json!(id));
                found.ok_or_else(|| refused(what, &format!("there is no open milestone {title}")))?
            }
            None if self.api.dialect.is_github() => Value::Null,
            None => json!(0),
        };
        let item = self.patch(at, json!({ "milestone": id }), true)?;
        if item.milestone.as_deref() == title {
            return Ok(WriteAnswer::default());
        }
        Err(ignored(what, if title.is_some() { "the milestone is not set" } else { "the milestone is still set" }))
    }

    fn set_state(
        &self,
        at: &WriteTarget<'_>,
        fresh: &Fresh,
        open: bool,
        reason: Option<&str>,
    ) -> Result<WriteAnswer, ChangeFailure> {
        let mut body = json!({ "state": if open { "open" } else { "closed" } });
        // Reasons are GitHub's, and of issues alone (fact 67).
        if let Some(reason) = reason
            && self.api.dialect.is_github()
            && fresh.item.kind == ItemKind::Issue
            && let Some(members) = body.as_object_mut()
        {
            members.insert("state_reason".to_owned(), json!(reason));
        }
        // An unknown word is taken and changes nothing on old versions (fact 54): the answer tells.
        let item = self.patch(at, body, true)?;
        if item.open == open {
            return Ok(WriteAnswer::default());
        }
        Err(ignored(at.what, if open { "it is still closed" } else { "it is still open" }))
    }

    fn edit_body(&self, at: &WriteTarget<'_>, fresh: &Fresh, text: &str) -> Result<WriteAnswer, ChangeFailure> {
        let body = match fresh.content_version {
            // A change in between is refused (fact 45); so would a repetition of ours be.
            Some(version) => json!({ "body": text, "content_version": version }),
            None => json!({ "body": text }),
        };
        let item = self.patch(at, body, fresh.content_version.is_none())?;
        if same_text(&item.body, text) {
            return Ok(WriteAnswer::default());
        }
        Err(ignored(at.what, "the text is another"))
    }
}

/// github.com asks for a second between two writes, one after the other (fact 73); an own server does not.
fn pace(host: Option<&str>) -> Duration {
    Duration::from_secs(u64::from(host == Some("api.github.com")))
}

impl ForgeWriter for Remote {
    fn pace(&self) -> Duration {
        pace(self.api.base.host_str())
    }

    fn preflight(&self, repo: usize, milestones: bool) -> Result<Preflight> {
        self.look(repo, milestones)
    }

    fn keeps_close_reasons(&self) -> bool {
        self.api.dialect.is_github()
    }

    fn assignable(&self, repo: usize, login: &str) -> Result<bool> {
        self.can_be_assigned(repo, login)
    }

    fn item(&self, repo: usize, kind: ItemKind, number: u64) -> Result<Option<Fresh>> {
        self.read_item(repo, kind, number)
    }

    fn change(&self, repo: usize, fresh: &Fresh, change: Change<'_>) -> Result<WriteAnswer, ChangeFailure> {
        let (base, name, _) = self.at(repo).map_err(ChangeFailure::Refused)?;
        let number = fresh.item.number;
        let what = |doing: &str| format!("{doing} {name}#{number}");
        let what = match change {
            Change::Comment { .. } => what("commenting on"),
            Change::EditComment { id, .. } => what(&format!("editing comment {id} of")),
            Change::DeleteComment { id } => what(&format!("deleting comment {id} of")),
            Change::AddLabels(_) => what("labelling"),
            Change::RemoveLabels(_) => what("taking labels off"),
            Change::Assign(_) => what("assigning"),
            Change::Unassign(_) => what("unassigning"),
            Change::SetMilestone(_) => what("setting the milestone of"),
            Change::Close { .. } => what("closing"),
            Change::Reopen => what("reopening"),
            Change::EditBody { .. } => what("editing the text of"),
        };
        let at = WriteTarget { path: format!("{base}/issues/{number}"), number, what: &what };
        match change {
            Change::Comment { body } => self.comment(&at, body),
            Change::EditComment { id, body } => self.edit_comment(&base, id, &what, body),
            Change::DeleteComment { id } => self.delete_comment(&base, id, &what),
            Change::AddLabels(labels) => self.add_labels(repo, &at, labels),
            Change::RemoveLabels(labels) => self.remove_labels(repo, &at, labels),
            Change::Assign(logins) => self.assign(&at, fresh, logins),
            Change::Unassign(logins) => self.unassign(&at, fresh, logins),
            Change::SetMilestone(title) => self.set_milestone(repo, &at, title),
            Change::Close { reason } => self.set_state(&at, fresh, false, reason),
            Change::Reopen => self.set_state(&at, fresh, true, None),
            Change::EditBody { body } => self.edit_body(&at, fresh, body),
        }
    }

    fn create_issue(&self, repo: usize, issue: NewIssue<'_>) -> Result<WriteAnswer, ChangeFailure> {
        let NewIssue { title, body, labels, assignees } = issue;
        let (path, name, _) = self.at(repo).map_err(ChangeFailure::Refused)?;
        let what = format!("creating an issue in {name}");
        // By id in every version of Gitea, by name on GitHub (facts 41, 67).
        let named = if self.api.dialect.is_github() { json!(labels) } else { json!(self.ids(repo, &what, labels)?) };
        let mut text = json!({ "title": title, "body": body, "labels": named });
        if let Some(members) = text.as_object_mut().filter(|_| !assignees.is_empty()) {
            members.insert("assignees".to_owned(), json!(assignees));
        }
        let text = Some(text);
        let (method, path) = (Method::Post, format!("{path}/issues"));
        let answer = self.order(Order { method, path, body: text, repeatable: false, done: 201, what: &what })?;
        let item = one(&answer).map_err(|error| unread(&what, error))?;
        let number = item.number;
        if number == 0 || item.title.trim() != title.trim() || !same_text(&item.body, body) {
            return Err(unproven(&what, &format!("the answer holds another issue, #{number}")));
        }
        // Labels of someone who may not write are dropped without a word (fact 39).
        let missing: Vec<&String> =
            labels.iter().filter(|label| !item.labels.iter().any(|found| self.same_label(found, label))).collect();
        if !missing.is_empty() {
            return Err(ignored(&what, &format!("#{number} is there without the labels {missing:?}")));
        }
        let assigned = |login: &String| item.assignees.iter().any(|found| found.eq_ignore_ascii_case(login));
        if let Some(login) = assignees.iter().find(|login| !assigned(login)) {
            return Err(ignored(&what, &format!("#{number} is there and not assigned to {login}")));
        }
        Ok(WriteAnswer { id: None, number: Some(number) })
    }

    fn create_label(&self, repo: usize, label: &NewLabel) -> Result<(), ChangeFailure> {
        self.make_label(repo, label)
    }

    fn delete_label(&self, repo: usize, label: &NewLabel) -> Result<bool, ChangeFailure> {
        self.drop_label(repo, label)
    }

    fn item_done(&self) -> Result<()> {
        // The forge has kept it.
        Ok(())
    }
}

/// The id of the comment that an answer holds, if its text is the one that was sent.
fn held_comment(answer: &Answer, what: &str, body: &str) -> Result<u64, ChangeFailure> {
    let comment = tree(&answer.body);
    match comment["id"].as_u64() {
        Some(id) if same_text(comment["body"].text(), body) => Ok(id),
        Some(_) => Err(ignored(what, "the comment has another text")),
        None => Err(unproven(what, "the answer holds no comment")),
    }
}

/// The same but for ends of lines and of the text, which a forge may change.
fn same_text(one: &str, other: &str) -> bool {
    let lines = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    lines(one) == lines(other)
}

/// An item that is written to.
pub(super) struct WriteTarget<'a> {
    /// Below the API.
    pub(super) path: String,
    pub(super) number: u64,
    /// What is done to it, for people.
    pub(super) what: &'a str,
}

impl WriteTarget<'_> {
    /// The item that an answer holds, which must be this one.
    pub(super) fn item_of(&self, answer: &Answer) -> Result<Item<'static>, ChangeFailure> {
        let item = one(answer).map_err(|error| unread(self.what, error))?;
        match item.number == self.number {
            true => Ok(item),
            false => Err(unproven(self.what, &format!("the answer holds another item, #{}", item.number))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_forge_is_given_a_second_a_write() {
        assert_eq!(pace(Some("api.github.com")), Duration::from_secs(1));
        assert_eq!(pace(Some("git.example.org")), Duration::ZERO);
        assert_eq!(pace(None), Duration::ZERO);
    }
}
