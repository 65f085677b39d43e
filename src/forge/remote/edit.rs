//! Labels and people of an item.
//!
//! Takes: an item just read, names. Gives: the requests that put them on or take them off in each
//! dialect, and what the answers say became of it.

use anyhow::Result;
use serde_json::{Value, json};

use super::api::part;
use super::failure::{failed, ignored, refused, unproven, unread};
use super::node::{JsonNode, tree};
use super::preflight::RemoteLabel;
use super::write::{Order, WriteTarget};
use super::{Item, Remote};
use crate::forge::change::{ChangeFailure, Fresh, NewLabel, WriteAnswer};
use crate::http::{Answer, Method};

impl Remote {
    /// The ids of labels that exist. Names are not sent to Gitea and Forgejo: which versions take
    /// them, and of which labels, differs, and an unknown one is dropped without a word (facts 41,
    /// 42).
    pub(super) fn ids(&self, repo: usize, what: &str, labels: &[String]) -> Result<Vec<u64>, ChangeFailure> {
        let id =
            |known: &[RemoteLabel], name: &str| known.iter().find(|known| known.name == name).map(|known| known.id);
        let mut known = self.known_labels(repo, false).map_err(ChangeFailure::Refused)?;
        if labels.iter().any(|name| id(&known, name).is_none()) {
            known = self.known_labels(repo, true).map_err(ChangeFailure::Refused)?;
        }
        let found = labels.iter().map(|name| {
            id(&known, name).ok_or_else(|| refused(what, &format!("there is no label `{name}`; create it")))
        });
        found.collect()
    }

    pub(super) fn add_labels(
        &self,
        repo: usize,
        at: &WriteTarget<'_>,
        labels: &[String],
    ) -> Result<WriteAnswer, ChangeFailure> {
        let what = at.what;
        let named = if self.api.dialect.is_github() { json!(labels) } else { json!(self.ids(repo, what, labels)?) };
        let (method, path, body) = (Method::Post, format!("{}/labels", at.path), Some(json!({ "labels": named })));
        let answer = self.order(Order { method, path, body, repeatable: true, done: 200, what })?;
        let now = names(&answer, what)?;
        // Of two labels of one exclusive scope only the last stays (fact 44).
        let missing = labels.iter().find(|label| !now.iter().any(|found| self.same_label(found, label)));
        missing.map_or(Ok(WriteAnswer::default()), |label| Err(ignored(what, &format!("`{label}` is not on it"))))
    }

    /// One request a label; what is off already is done.
    pub(super) fn remove_labels(
        &self,
        repo: usize,
        at: &WriteTarget<'_>,
        labels: &[String],
    ) -> Result<WriteAnswer, ChangeFailure> {
        let github = self.api.dialect.is_github();
        let known = if github { Vec::new() } else { self.known_labels(repo, false).map_err(ChangeFailure::Refused)? };
        for label in labels {
            if github {
                // These would name the folder of all labels, and take off every one.
                if matches!(label.as_str(), "" | "." | "..") {
                    return Err(refused(at.what, &format!("`{label}` cannot be named in an address")));
                }
                self.remove_label(at, label, &part(label))?;
                continue;
            }
            // By id (fact 43), and all of this name: there may be several (fact 48). A label that is nowhere is
            // on nothing.
            for id in known.iter().filter(|known| known.name == *label).map(|known| known.id) {
                self.remove_label(at, label, &id.to_string())?;
            }
        }
        Ok(WriteAnswer::default())
    }

    /// Takes one label off; `key` names it in the address. What the forge does not find is looked for on the item:
    /// it is not on it, or deleted meanwhile (fact 43), or the item may not be seen any more (fact 52).
    fn remove_label(&self, at: &WriteTarget<'_>, label: &str, key: &str) -> Result<(), ChangeFailure> {
        let (method, path) = (Method::Delete, format!("{}/labels/{key}", at.path));
        let request = self.api.request(method, &path).map_err(ChangeFailure::Refused)?.repeatable();
        let done = if self.api.dialect.is_github() { 200 } else { 204 };
        let on = match self.api.write(request, None) {
            Ok(answer) if answer.status == done && done == 204 => return Ok(()),
            Ok(answer) if answer.status == done => {
                names(&answer, at.what)?.iter().any(|found| self.same_label(found, label))
            }
            Ok(answer) => {
                return Err(unproven(at.what, &format!("the answer has the status {}, not {done}", answer.status)));
            }
            Err(error) if matches!(error.status(), Some(404 | 410 | 422)) => {
                let now = self.api.get(&at.path).map_err(|error| unread(at.what, error))?;
                let now = at.item_of(&now)?;
                if now.labels.iter().any(|found| self.same_label(found, label)) {
                    return Err(failed(at.what, error));
                }
                return Ok(());
            }
            Err(error) => return Err(failed(at.what, error)),
        };
        if on { Err(ignored(at.what, &format!("`{label}` is still on it"))) } else { Ok(()) }
    }

    pub(super) fn assign(
        &self,
        at: &WriteTarget<'_>,
        fresh: &Fresh,
        logins: &[String],
    ) -> Result<WriteAnswer, ChangeFailure> {
        let new: Vec<&String> = logins.iter().filter(|login| !is_among(&fresh.item, login)).collect();
        if new.is_empty() {
            return Ok(WriteAnswer::default());
        }
        let item = if self.api.dialect.assigns_singly() {
            self.assignees(Method::Post, at, &new)?
        } else {
            self.replace_assignees(at, |there| {
                let known = |login: &&&String| there.iter().any(|there| there.eq_ignore_ascii_case(login));
                there.iter().chain(new.iter().copied().filter(|login| !known(&login))).cloned().collect()
            })?
        };
        let missing = new.iter().find(|login| !is_among(&item, login));
        missing.map_or(Ok(WriteAnswer::default()), |login| Err(ignored(at.what, &format!("{login} is not assigned"))))
    }

    pub(super) fn unassign(
        &self,
        at: &WriteTarget<'_>,
        fresh: &Fresh,
        logins: &[String],
    ) -> Result<WriteAnswer, ChangeFailure> {
        let gone: Vec<&String> = logins.iter().filter(|login| is_among(&fresh.item, login)).collect();
        if gone.is_empty() {
            return Ok(WriteAnswer::default());
        }
        let item = if self.api.dialect.assigns_singly() {
            self.assignees(Method::Delete, at, &gone)?
        } else {
            self.replace_assignees(at, |there| {
                let is_gone = |login: &&String| gone.iter().any(|gone| gone.eq_ignore_ascii_case(login));
                there.iter().filter(|login| !is_gone(login)).cloned().collect()
            })?
        };
        let left = gone.iter().find(|login| is_among(&item, login));
        left.map_or(Ok(WriteAnswer::default()), |login| Err(ignored(at.what, &format!("{login} is still assigned"))))
    }

    /// The list replaces the one that is there (fact 40). So it is read just before: who was assigned since the
    /// last look, by a person most likely, would be taken off without a word.
    fn replace_assignees(
        &self,
        at: &WriteTarget<'_>,
        make: impl Fn(&[String]) -> Vec<String>,
    ) -> Result<Item<'static>, ChangeFailure> {
        let unknown = |error: anyhow::Error| {
            ChangeFailure::Refused(
                error.context(format!("{}: who is assigned cannot be read; nothing was written", at.what)),
            )
        };
        let answer = self.api.get(&at.path).map_err(unknown)?;
        let now = at.item_of(&answer).map_err(|failure| unknown(anyhow::anyhow!("{failure}")))?;
        let there: Vec<String> = now.assignees.iter().map(ToString::to_string).collect();
        self.patch(at, json!({ "assignees": make(&there) }), true)
    }

    /// Adds and removes. Who cannot be assigned is dropped by GitHub without a word (fact 67), and refused by
    /// Gitea together with all that were named (fact 40).
    fn assignees(
        &self,
        method: Method,
        at: &WriteTarget<'_>,
        logins: &[&String],
    ) -> Result<Item<'static>, ChangeFailure> {
        let (path, body) = (format!("{}/assignees", at.path), Some(json!({ "assignees": logins })));
        let done = if method == Method::Post { 201 } else { 200 };
        at.item_of(&self.order(Order { method, path, body, repeatable: true, done, what: at.what })?)
    }

    pub(super) fn make_label(&self, repo: usize, label: &NewLabel) -> Result<(), ChangeFailure> {
        let (path, name, _) = self.at(repo).map_err(ChangeFailure::Refused)?;
        let what = format!("creating the label `{}` in {name}", label.name);
        let there = || -> Result<Option<u64>> {
            let known = self.known_labels(repo, true)?;
            Ok(known.iter().find(|known| self.same_label(&known.name, &label.name)).map(|known| known.id))
        };
        // A second one of a name would be made without a word (fact 48): look just before.
        if there().map_err(ChangeFailure::Refused)?.is_some() {
            return Ok(());
        }
        // Gitea takes it with and without the sign (fact 32), its description asks for it.
        let sign = if self.api.dialect.is_github() { "" } else { "#" };
        let color = format!("{sign}{}", label.color.trim_start_matches('#'));
        let body = Some(json!({ "name": label.name, "color": color, "description": label.description }));
        let (method, list) = (Method::Post, format!("{path}/labels"));
        let failure = match self.order(Order { method, path: list, body, repeatable: false, done: 201, what: &what }) {
            Ok(answer) => {
                let made = tree(&answer.body);
                // Whatever was answered: a label that is in the list is there.
                if there().map_err(ChangeFailure::Unknown)?.is_some() {
                    return self.keep_first(repo, &what, made["id"].as_u64(), label);
                }
                ignored(&what, "it is not there")
            }
            Err(failure @ (ChangeFailure::Refused(_) | ChangeFailure::Unknown(_))) => failure,
            Err(failure) => return Err(failure),
        };
        // Another run made it meanwhile (422 on GitHub), or the answer was lost: it is there or not.
        match there() {
            Ok(Some(_)) => Ok(()),
            _ => Err(failure),
        }
    }

    /// Deletes a label of the repository's own, by what a request names it by (fact 43).
    pub(super) fn drop_label(&self, repo: usize, label: &NewLabel) -> Result<bool, ChangeFailure> {
        let (path, name, _) = self.at(repo).map_err(ChangeFailure::Refused)?;
        let what = format!("deleting the label `{}` of {name}", label.name);
        let known = self.known_labels(repo, true).map_err(ChangeFailure::Refused)?;
        let Some(known) = known.iter().find(|known| known.own && self.same_label(&known.name, &label.name)) else {
            return Ok(false);
        };
        label.still(&known.color, &known.description)?;
        let key = if self.api.dialect.is_github() { part(&known.name) } else { known.id.to_string() };
        if matches!(key.as_str(), "" | "." | "..") {
            return Err(refused(&what, "it cannot be named in an address"));
        }
        self.delete_label_at(&format!("{path}/labels/{key}"), &what).map(|()| true)
    }

    fn delete_label_at(&self, path: &str, what: &str) -> Result<(), ChangeFailure> {
        let (method, path) = (Method::Delete, path.to_owned());
        let order = Order { method, path, body: None, repeatable: true, done: 204, what };
        self.order(order).map(drop)
    }

    /// Takes back a label just made where another run made one of that name a moment before (fact 48). Both
    /// take the first by id, so that nothing is on this one yet.
    fn keep_first(&self, repo: usize, what: &str, made: Option<u64>, label: &NewLabel) -> Result<(), ChangeFailure> {
        let known = self.known_labels(repo, false).map_err(ChangeFailure::Ignored)?;
        let first = known.iter().find(|known| known.own && self.same_label(&known.name, &label.name));
        // Only what the list itself calls so: an answer may hold another label.
        let so_called = |id: u64| known.iter().any(|known| known.id == id && self.same_label(&known.name, &label.name));
        let second = first.zip(made.filter(|made| so_called(*made))).filter(|(first, made)| first.id < *made);
        let Some((first, made)) = second else { return Ok(()) };
        let (path, ..) = self.at(repo).map_err(ChangeFailure::Refused)?;
        let what = format!("{what}: taking back a second one beside {}", first.id);
        if let Err(failure) = self.delete_label_at(&format!("{path}/labels/{made}"), &what) {
            // A label of that name is there, which is what was asked for.
            self.api.client.say(&format!("warning: {failure}; take one of the two away"));
        }
        self.known_labels(repo, true).map(drop).map_err(ChangeFailure::Ignored)
    }
}

/// Whether a login is among the assignees, whatever the case.
fn is_among(item: &Item<'_>, login: &str) -> bool {
    item.assignees.iter().any(|assigned| assigned.eq_ignore_ascii_case(login))
}

/// The names of the labels that an answer lists.
fn names(answer: &Answer, what: &str) -> Result<Vec<String>, ChangeFailure> {
    match tree(&answer.body) {
        Value::Array(list) => Ok(list.iter().map(|label| label["name"].text().to_owned()).collect()),
        _ => Err(unproven(what, "the answer is no list of labels")),
    }
}
