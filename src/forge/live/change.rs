//! Changes of an item, made as its forge makes them.
//!
//! Takes: a [`LiveRepo`], an item that was read and a [`Change`]. Gives: the changed document and what
//! the forge would have answered. What is refused has changed nothing; what is so already is done and
//! moves nothing.

use anyhow::anyhow;
use serde_json::{Map, Value, json};

use super::document::{LiveRepo, holds, objects, talk_mut, text, whole};
use super::record::{TimelineEntry, is_comment};
use super::refuse::{self, may_be_assigned, name, refused};
use crate::forge::ItemKind;
use crate::forge::change::{Change, ChangeFailure, Fresh, WriteAnswer};

/// People on one item of GitHub (fact 67).
const ASSIGNEES: usize = 10;

impl LiveRepo<'_> {
    /// Makes one change.
    pub(super) fn change(&mut self, fresh: &Fresh, change: &Change<'_>) -> Result<WriteAnswer, ChangeFailure> {
        refuse::change(self, fresh, change)?;
        let number = fresh.item.number;
        match *change {
            Change::Comment { body } => {
                let id = self.write_comment(number, body);
                self.count(number, |count| count.saturating_add(1));
                self.touch(number);
                return Ok(WriteAnswer { id: Some(id), number: None });
            }
            Change::EditComment { id, body } => {
                self.edit_comment(refuse::comment(self, id)?, id, Some(body));
                return Ok(WriteAnswer { id: Some(id), number: None });
            }
            Change::DeleteComment { id } => {
                let of = refuse::comment(self, id)?;
                self.edit_comment(of, id, None);
                self.count(of, |count| count.saturating_sub(1));
            }
            Change::AddLabels(names) => self.add_labels(number, names)?,
            Change::RemoveLabels(names) => names.iter().for_each(|name| self.take_label(number, name)),
            Change::Assign(logins) => self.assign(number, logins)?,
            Change::Unassign(logins) => logins.iter().for_each(|login| self.unassign(number, login)),
            Change::SetMilestone(title) => self.set_milestone(number, title)?,
            Change::Close { reason } => self.close(number, fresh.item.kind, reason),
            Change::Reopen => self.reopen(number, fresh.item.kind),
            Change::EditBody { body } => self.edit_body(number, body),
        }
        Ok(WriteAnswer::default())
    }

    /// The item has moved.
    fn touch(&mut self, number: u64) {
        *self.changed = true;
        let now = json!(self.now);
        self.set(number, "updated_at", &now);
    }

    /// Counts the item's comments anew.
    fn count(&mut self, number: u64, count: impl Fn(u64) -> u64) {
        self.each(number, |entry| {
            let now = count(whole(entry, "comments").unwrap_or(0));
            entry.insert("comments".to_owned(), json!(now));
        });
    }

    /// Gives a comment another text, or takes it away. Neither moves the item (fact 35).
    fn edit_comment(&mut self, number: u64, id: u64, body: Option<&str>) {
        let now = self.now;
        *self.changed = true;
        for kind in ["comments", "events"] {
            let Some(list) = talk_mut(self.repo, kind, number) else { continue };
            let is = |entry: &Value| {
                entry.as_object().is_some_and(|entry| whole(entry, "id") == Some(id) && is_comment(entry))
            };
            let Some(body) = body else {
                list.retain(|entry| !is(entry));
                continue;
            };
            for entry in list.iter_mut().filter(|entry| is(entry)).filter_map(Value::as_object_mut) {
                entry.insert("body".to_owned(), json!(body));
                entry.insert("updated_at".to_owned(), json!(now));
            }
        }
    }

    /// Puts labels on. A name that the repository does not know is passed over in silence by Gitea
    /// (fact 42), and made into a label by GitHub.
    pub(super) fn add_labels(&mut self, number: u64, names: &[String]) -> Result<(), ChangeFailure> {
        let mut unknown = Vec::new();
        for name in names {
            let label = match self.label(name) {
                Some(label) => label,
                None if self.github => self.write_label(name, "ededed", ""),
                None => {
                    unknown.push(name.as_str());
                    continue;
                }
            };
            if !self.carried(number, name) {
                self.put_label(number, &label);
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let (unknown, shown) = (unknown.join(", "), name(self.repo));
        Err(ChangeFailure::Ignored(anyhow!("labels that {shown} does not have were not put on #{number}: {unknown}")))
    }

    /// Whether the item carries a label.
    fn carried(&self, number: u64, name: &str) -> bool {
        let item = self.first(number);
        item.is_some_and(|item| objects(item, "labels").any(|it| self.is_label(it, name)))
    }

    fn is_label(&self, label: &Map<String, Value>, name: &str) -> bool {
        text(label, "name").is_some_and(|it| self.same_label(it, name))
    }

    fn put_label(&mut self, number: u64, label: &Value) {
        // Of exclusive labels only one of a scope stays (fact 44).
        let exclusive = |label: &Map<String, Value>| match text(label, "name")?.rsplit_once('/') {
            Some((scope, _)) if holds(label, "exclusive") => Some(scope.to_owned()),
            _ => None,
        };
        if let Some(scope) = label.as_object().and_then(exclusive) {
            let carried = self.first(number).into_iter().flat_map(|item| objects(item, "labels"));
            let others = carried.filter(|other| exclusive(other).as_ref() == Some(&scope));
            let others: Vec<String> = others.filter_map(|other| text(other, "name")).map(str::to_owned).collect();
            others.iter().for_each(|other| self.take_label(number, other));
        }
        self.each(number, |entry| match entry.get_mut("labels").and_then(Value::as_array_mut) {
            Some(labels) => labels.push(label.clone()),
            None => {
                entry.insert("labels".to_owned(), json!([label]));
            }
        });
        self.record(number, &TimelineEntry::Label(label, true));
        self.touch(number);
    }

    fn take_label(&mut self, number: u64, name: &str) {
        let item = self.first(number);
        let of_name = |label: &&Map<String, Value>| self.is_label(label, name);
        let Some(label) = item.and_then(|item| objects(item, "labels").find(of_name)).cloned() else { return };
        let exact = text(&label, "name").map(str::to_owned);
        self.each(number, |entry| {
            if let Some(labels) = entry.get_mut("labels").and_then(Value::as_array_mut) {
                labels.retain(|it| it.get("name").and_then(Value::as_str) != exact.as_deref());
            }
        });
        self.record(number, &TimelineEntry::Label(&Value::Object(label), false));
        self.touch(number);
    }

    /// Assigns people beside those who are. GitHub passes over whom it cannot assign in silence, and
    /// whoever comes after the tenth; elsewhere such a change was refused before this.
    pub(super) fn assign(&mut self, number: u64, logins: &[String]) -> Result<(), ChangeFailure> {
        let mut ignored = Vec::new();
        for login in logins {
            let there = self.first(number).map(assigned).unwrap_or_default();
            let full = self.github && there.len() >= ASSIGNEES;
            if there.iter().any(|one| is_login(one, login)) {
                continue;
            }
            if full || !may_be_assigned(self.repo, login) {
                ignored.push(login.as_str());
                continue;
            }
            let account = self.people.account(login);
            self.set_assigned(number, |people| people.push(account.clone()));
            self.record(number, &TimelineEntry::Assignee(login, true));
        }
        if ignored.is_empty() {
            return Ok(());
        }
        let (ignored, shown) = (ignored.join(", "), name(self.repo));
        Err(ChangeFailure::Ignored(anyhow!("{shown} did not take as assignees of #{number}: {ignored}")))
    }

    fn unassign(&mut self, number: u64, login: &str) {
        let there = self.first(number).map(assigned).unwrap_or_default();
        if there.iter().any(|one| is_login(one, login)) {
            self.set_assigned(number, |people| people.retain(|one| !is_login(one, login)));
            self.record(number, &TimelineEntry::Assignee(login, false));
        }
    }

    fn set_assigned(&mut self, number: u64, change: impl Fn(&mut Vec<Value>)) {
        let github = self.github;
        self.each(number, |entry| {
            let mut people = assigned(entry);
            change(&mut people);
            entry.insert("assignee".to_owned(), people.first().cloned().unwrap_or_default());
            // Nobody is null on Gitea and an empty list on GitHub (fact 28).
            let nobody = people.is_empty() && !github;
            entry.insert("assignees".to_owned(), if nobody { Value::Null } else { Value::Array(people) });
        });
        self.touch(number);
    }

    fn set_milestone(&mut self, number: u64, title: Option<&str>) -> Result<(), ChangeFailure> {
        let milestone = match title {
            None => Value::Null,
            Some(title) => self
                .milestone(title)
                .ok_or_else(|| refused(format!("{} has no milestone \"{title}\"", name(self.repo))))?,
        };
        let old = self.first(number).and_then(|item| item.get("milestone")).cloned().unwrap_or_default();
        if old.get("title") == milestone.get("title") {
            return Ok(());
        }
        self.set(number, "milestone", &milestone);
        self.record(number, &TimelineEntry::Milestone(&milestone, &old));
        self.touch(number);
        Ok(())
    }

    fn is_closed(&self, number: u64) -> bool {
        self.first(number).and_then(|item| text(item, "state")) == Some("closed")
    }

    fn close(&mut self, number: u64, kind: ItemKind, reason: Option<&str>) {
        if self.is_closed(number) {
            return;
        }
        let now = json!(self.now);
        self.set(number, "state", &json!("closed"));
        self.set(number, "closed_at", &now);
        let mut why = None;
        if self.github {
            let ours = self.people.ours();
            self.set(number, "closed_by", &ours);
            // A pull request is closed for no reason; an issue without one is completed.
            why = (kind == ItemKind::Issue).then_some(reason.unwrap_or("completed"));
            self.set(number, "state_reason", &json!(why));
        }
        self.record(number, &TimelineEntry::Open(false, why));
        self.touch(number);
    }

    fn reopen(&mut self, number: u64, kind: ItemKind) {
        if !self.is_closed(number) {
            return;
        }
        self.set(number, "state", &json!("open"));
        self.set(number, "closed_at", &Value::Null);
        if self.github {
            self.set(number, "closed_by", &Value::Null);
            self.set(number, "state_reason", &json!((kind == ItemKind::Issue).then_some("reopened")));
        }
        self.record(number, &TimelineEntry::Open(true, None));
        self.touch(number);
    }

    fn edit_body(&mut self, number: u64, body: &str) {
        if self.first(number).and_then(|item| text(item, "body")) == Some(body) {
            return;
        }
        self.each(number, |entry| {
            entry.insert("body".to_owned(), json!(body));
            if let Some(version) = whole(entry, "content_version") {
                entry.insert("content_version".to_owned(), json!(version.saturating_add(1)));
            }
        });
        self.touch(number);
    }
}

/// Who is assigned, as a reader takes it: the lone assignee where the list is null (fact 28).
fn assigned(item: &Map<String, Value>) -> Vec<Value> {
    match item.get("assignees") {
        Some(Value::Array(people)) => people.clone(),
        _ => item.get("assignee").filter(|one| one.is_object()).cloned().into_iter().collect(),
    }
}

fn is_login(account: &Value, login: &str) -> bool {
    account.get("login").and_then(Value::as_str).is_some_and(|it| it.eq_ignore_ascii_case(login))
}
