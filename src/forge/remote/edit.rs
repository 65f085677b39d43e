//! Labels and people of an item.
//!
//! Takes: an item just read, names. Gives: the requests that put them on or take them off in each
//! dialect, and what the answers say became of it.

use anyhow::Result;
use serde_json::json;

use super::api::part;
use super::failure::{failed, ignored, refused};
use super::node::Node;
use super::preflight::Known;
use super::read::one;
use super::write::Order;
use super::{Item, Remote};
use crate::forge::change::{Done, Failure, Fresh, Label};
use crate::http::{Answer, Method};

impl Remote {
    /// The ids of labels that exist. Names are not sent to Gitea and Forgejo: which versions take
    /// them, and of which labels, differs, and an unknown one is dropped without a word (facts 41,
    /// 42).
    pub(super) fn ids(&self, repo: usize, what: &str, labels: &[String]) -> Result<Vec<u64>, Failure> {
        let id = |known: &[Known], name: &str| known.iter().find(|known| known.name == name).map(|known| known.id);
        let mut known = self.known_labels(repo, false).map_err(Failure::Refused)?;
        if labels.iter().any(|name| id(&known, name).is_none()) {
            known = self.known_labels(repo, true).map_err(Failure::Refused)?;
        }
        let found = labels.iter().map(|name| {
            id(&known, name).ok_or_else(|| refused(what, &format!("there is no label `{name}`; create it")))
        });
        found.collect()
    }

    pub(super) fn add_labels(&self, repo: usize, path: &str, what: &str, labels: &[String]) -> Result<Done, Failure> {
        let named = if self.api.dialect.is_github() { json!(labels) } else { json!(self.ids(repo, what, labels)?) };
        let (method, path, body) = (Method::Post, format!("{path}/labels"), Some(json!({ "labels": named })));
        let answer = self.order(Order { method, path, body, repeatable: true, what })?;
        let now = names(&answer);
        // Of two labels of one exclusive scope only the last stays (fact 44).
        let missing = labels.iter().find(|label| !now.iter().any(|found| self.same_label(found, label)));
        missing.map_or(Ok(Done::default()), |label| Err(ignored(what, &format!("`{label}` is not on it"))))
    }

    /// One request a label; what is off already is done.
    pub(super) fn remove_labels(
        &self,
        repo: usize,
        path: &str,
        what: &str,
        labels: &[String],
    ) -> Result<Done, Failure> {
        let github = self.api.dialect.is_github();
        let known = if github { Vec::new() } else { self.known_labels(repo, false).map_err(Failure::Refused)? };
        for label in labels {
            if github {
                // These would name the folder of all labels, and take off every one.
                if matches!(label.as_str(), "" | "." | "..") {
                    return Err(refused(what, &format!("`{label}` cannot be named in an address")));
                }
                // Not on it, or deleted meanwhile (fact 43).
                self.remove_label(path, what, label, &part(label), |status| status == 404)?;
                continue;
            }
            // By id (fact 43), and all of this name: there may be several (fact 48). A label that is nowhere is
            // on nothing.
            for id in known.iter().filter(|known| known.name == *label).map(|known| known.id) {
                // 422, from Gitea 1.27 on 404, which may also say that the item may not be seen any more.
                let gone = |status| {
                    let unknown = || self.known_labels(repo, true).is_ok_and(|now| now.iter().all(|now| now.id != id));
                    status == 422 || status == 404 && unknown()
                };
                self.remove_label(path, what, label, &id.to_string(), gone)?;
            }
        }
        Ok(Done::default())
    }

    /// Takes one label off; `key` names it in the address, `gone` says which status means that it is off.
    fn remove_label(
        &self,
        path: &str,
        what: &str,
        label: &str,
        key: &str,
        gone: impl Fn(u16) -> bool,
    ) -> Result<(), Failure> {
        let request = self.api.request(Method::Delete, &format!("{path}/labels/{key}")).map_err(Failure::Refused)?;
        match self.api.write(request.repeatable(), None) {
            Ok(answer) if names(&answer).iter().any(|found| self.same_label(found, label)) => {
                Err(ignored(what, &format!("`{label}` is still on it")))
            }
            Ok(_) => Ok(()),
            Err(error) if error.status().is_some_and(gone) => Ok(()),
            Err(error) => Err(failed(what, error)),
        }
    }

    pub(super) fn assign(&self, path: &str, what: &str, fresh: &Fresh, logins: &[String]) -> Result<Done, Failure> {
        let new: Vec<&String> = logins.iter().filter(|login| !is_among(&fresh.item, login)).collect();
        if new.is_empty() {
            return Ok(Done::default());
        }
        let item = if self.api.dialect.assigns_singly() {
            self.assignees(Method::Post, path, what, &new)?
        } else {
            self.replace_assignees(path, what, |there| {
                let known = |login: &&&String| there.iter().any(|there| there.eq_ignore_ascii_case(login));
                there.iter().chain(new.iter().copied().filter(|login| !known(&login))).cloned().collect()
            })?
        };
        let missing = new.iter().find(|login| !is_among(&item, login));
        missing.map_or(Ok(Done::default()), |login| Err(ignored(what, &format!("{login} is not assigned"))))
    }

    pub(super) fn unassign(&self, path: &str, what: &str, fresh: &Fresh, logins: &[String]) -> Result<Done, Failure> {
        let gone: Vec<&String> = logins.iter().filter(|login| is_among(&fresh.item, login)).collect();
        if gone.is_empty() {
            return Ok(Done::default());
        }
        let item = if self.api.dialect.assigns_singly() {
            self.assignees(Method::Delete, path, what, &gone)?
        } else {
            self.replace_assignees(path, what, |there| {
                let is_gone = |login: &&String| gone.iter().any(|gone| gone.eq_ignore_ascii_case(login));
                there.iter().filter(|login| !is_gone(login)).cloned().collect()
            })?
        };
        let left = gone.iter().find(|login| is_among(&item, login));
        left.map_or(Ok(Done::default()), |login| Err(ignored(what, &format!("{login} is still assigned"))))
    }

    /// The list replaces the one that is there (fact 40). So it is read just before: who was assigned since the
    /// last look, by a person most likely, would be taken off without a word.
    fn replace_assignees(
        &self,
        path: &str,
        what: &str,
        make: impl Fn(&[String]) -> Vec<String>,
    ) -> Result<Item<'static>, Failure> {
        let now = self.api.get(path).and_then(|answer| one(&answer)).map_err(|error| {
            Failure::Refused(error.context(format!("{what}: who is assigned cannot be read; nothing was written")))
        })?;
        let there: Vec<String> = now.assignees.iter().map(ToString::to_string).collect();
        self.patch(path, what, json!({ "assignees": make(&there) }), true)
    }

    /// Adds and removes. Who cannot be assigned is dropped by GitHub without a word (fact 67), and refused by
    /// Gitea together with all that were named (fact 40).
    fn assignees(&self, method: Method, path: &str, what: &str, logins: &[&String]) -> Result<Item<'static>, Failure> {
        let (path, body) = (format!("{path}/assignees"), Some(json!({ "assignees": logins })));
        let answer = self.order(Order { method, path, body, repeatable: true, what })?;
        one(&answer).map_err(|error| Failure::Unknown(error.context(format!("{what}: the answer cannot be read"))))
    }

    pub(super) fn make_label(&self, repo: usize, label: &Label) -> Result<(), Failure> {
        let (path, name, _) = self.at(repo).map_err(Failure::Refused)?;
        let what = format!("creating the label `{}` in {name}", label.name);
        let there = || -> Result<Option<u64>> {
            let known = self.known_labels(repo, true)?;
            Ok(known.iter().find(|known| self.same_label(&known.name, &label.name)).map(|known| known.id))
        };
        // A second one of a name would be made without a word (fact 48): look just before.
        if there().map_err(Failure::Refused)?.is_some() {
            return Ok(());
        }
        // Gitea takes it with and without the sign (fact 32), its description asks for it.
        let sign = if self.api.dialect.is_github() { "" } else { "#" };
        let color = format!("{sign}{}", label.color.trim_start_matches('#'));
        let body = Some(json!({ "name": label.name, "color": color, "description": label.description }));
        let (method, list) = (Method::Post, format!("{path}/labels"));
        let failure = match self.order(Order { method, path: list, body, repeatable: false, what: &what }) {
            Ok(answer) => {
                let mut spare = String::new();
                let made = Node::read(&answer.body, &mut spare);
                if self.same_label(made.get("name").text(), &label.name) {
                    // What is remembered lacks it.
                    there().map_err(Failure::Ignored)?;
                    return self.keep_first(repo, &what, made.get("id").whole(), label);
                }
                ignored(&what, "it is not there")
            }
            Err(failure @ (Failure::Refused(_) | Failure::Unknown(_))) => failure,
            Err(failure) => return Err(failure),
        };
        // Another run made it meanwhile (422 on GitHub), or the answer was lost: it is there or not.
        match there() {
            Ok(Some(_)) => Ok(()),
            _ => Err(failure),
        }
    }

    /// Deletes a label of the repository's own, by what a request names it by (fact 43).
    pub(super) fn drop_label(&self, repo: usize, label: &Label) -> Result<bool, Failure> {
        let (path, name, _) = self.at(repo).map_err(Failure::Refused)?;
        let what = format!("deleting the label `{}` of {name}", label.name);
        let known = self.known_labels(repo, true).map_err(Failure::Refused)?;
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

    fn delete_label_at(&self, path: &str, what: &str) -> Result<(), Failure> {
        let request = self.api.request(Method::Delete, path).map_err(Failure::Refused)?;
        match self.api.write(request.repeatable(), None) {
            Ok(_) => Ok(()),
            // It is gone, which is what was wanted.
            Err(error) if matches!(error.status(), Some(404 | 410)) => Ok(()),
            Err(error) => Err(failed(what, error)),
        }
    }

    /// Takes back a label just made where another run made one of that name a moment before (fact 48). Both
    /// take the first by id, so that nothing is on this one yet.
    fn keep_first(&self, repo: usize, what: &str, made: Option<u64>, label: &Label) -> Result<(), Failure> {
        let known = self.known_labels(repo, false).map_err(Failure::Ignored)?;
        let first = known.iter().find(|known| known.own && self.same_label(&known.name, &label.name));
        let Some((first, made)) = first.zip(made).filter(|(first, made)| first.id < *made) else { return Ok(()) };
        let (path, ..) = self.at(repo).map_err(Failure::Refused)?;
        let what = format!("{what}: taking back a second one beside {}", first.id);
        if let Err(failure) = self.delete_label_at(&format!("{path}/labels/{made}"), &what) {
            // A label of that name is there, which is what was asked for.
            self.api.client.say(&format!("warning: {failure}; take one of the two away"));
        }
        self.known_labels(repo, true).map(drop).map_err(Failure::Ignored)
    }
}

/// Whether a login is among the assignees, whatever the case.
fn is_among(item: &Item<'_>, login: &str) -> bool {
    item.assignees.iter().any(|assigned| assigned.eq_ignore_ascii_case(login))
}

/// The names of the labels that an answer lists; none where it lists none.
fn names(answer: &Answer) -> Vec<String> {
    let mut spare = String::new();
    let list = Node::read(&answer.body, &mut spare);
    list.entries().iter().map(|label| label.get("name").text().to_owned()).collect()
}
