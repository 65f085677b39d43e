//! The look before the first write.
//!
//! Takes: a repository. Gives: whether it takes writes, which labels and milestones it has, who can
//! be assigned.

use std::sync::PoisonError;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Remote;
use super::api::{part, parts};
use super::failure::FailureHelp;
use super::node::{JsonNode, tree};
use super::repos;
use crate::forge::change::Preflight;

/// A label that may be put on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RemoteLabel {
    pub(super) id: u64,
    pub(super) name: String,
    /// It is the repository's own, not its organisation's.
    pub(super) own: bool,
    pub(super) color: String,
    pub(super) description: String,
}

impl Remote {
    pub(super) fn look(&self, repo: usize, milestones: bool) -> Result<Preflight> {
        let (_, name, _) = self.at(repo)?;
        let details = repos::read(&self.api, name)?;
        let mut refused = None;
        if self.api.token.is_none() {
            refused = Some(format!("there is no token for {name}: set KAIZEN_TOKEN"));
        } else if details.archived {
            // Labels could be changed there all the same (fact 54).
            refused = Some(format!("{name} is archived: nothing may be written to it"));
        } else if !details.issues {
            refused = Some(format!("issues are switched off for {name}: switch them on, or leave it out"));
        } else if details.may_write == Some(false) && !self.user.robot && !self.is_listed(repo, &self.user.login)? {
            // What a job's token may do is not told there: its rights are those of the job.
            let user = &self.user.login;
            refused = Some(format!("{user} may only read {name}: give this account the right to write issues"));
        }
        if refused.is_some() {
            let closed = details.archived || !details.issues;
            return Ok(Preflight { refused, closed, ..Preflight::default() });
        }
        let labels = self.known_labels(repo, true)?.into_iter().map(|label| label.name).collect();
        let milestones = match milestones {
            true => self.known_milestones(repo)?.into_iter().map(|(title, _)| title).collect(),
            false => Vec::new(),
        };
        Ok(Preflight { labels, milestones, ..Preflight::default() })
    }

    pub(super) fn can_be_assigned(&self, repo: usize, login: &str) -> Result<bool> {
        let (path, name, _) = self.at(repo)?;
        let told = || format!("asking whether {login} can be assigned in {name}");
        let Some(segment) = parts(login).filter(|_| !login.contains('/')) else { return Ok(false) };
        // The account of a job cannot be assigned (fact 40).
        if self.user.robot && login.eq_ignore_ascii_case(&self.user.login) {
            return Ok(false);
        }
        if self.api.dialect.assigns_singly() {
            return match self.api.find(&format!("{path}/assignees/{segment}")) {
                // An organisation.
                Err(error) if FailureHelp::status(&error) == Some(400) => Ok(false),
                found => Ok(found.with_context(told)?.is_some()),
            };
        }
        if self.is_listed(repo, login)? {
            return Ok(true);
        }
        // More can be assigned than are listed (fact 40): in a public repository whoever exists, in a
        // private one whoever may read it.
        if self.api.find(&format!("users/{segment}")).with_context(told)?.is_none() {
            return Ok(false);
        }
        // An organisation is found among the users too, and assigning it fails half-way.
        if self.api.without_token(&format!("orgs/{segment}"))?.is_some() {
            return Ok(false);
        }
        if !self.repos.get(repo).is_some_and(|repo| repo.private) {
            return Ok(true);
        }
        let mut reads = false;
        let each = self.each(&format!("{path}/collaborators"), |user| {
            reads |= user["login"].text().eq_ignore_ascii_case(login);
        });
        each.with_context(told)?;
        Ok(reads)
    }

    fn is_listed(&self, repo: usize, login: &str) -> Result<bool> {
        Ok(self.read_writers(repo)?.unwrap_or_default().iter().any(|writer| writer.eq_ignore_ascii_case(login)))
    }

    /// The labels of a repository and, on Gitea and Forgejo, of its organisation; read once unless
    /// `again`. Writes name them by id, which every version takes for both (facts 41, 43). Several may have one
    /// name (fact 48): the first is the one to take, the repository's before its organisation's.
    pub(super) fn known_labels(&self, repo: usize, again: bool) -> Result<Vec<RemoteLabel>> {
        let (path, name, memory) = self.at(repo)?;
        let remembered = || memory.labels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(labels) = remembered().clone().filter(|_| !again) {
            return Ok(labels);
        }
        let mut labels: Vec<RemoteLabel> = Vec::new();
        let mut add = |label: &Value, own| {
            let (id, name) = (label["id"].as_u64(), label["name"].text());
            let text = |member: &str| label[member].text().to_owned();
            let (color, description) = (text("color"), text("description"));
            labels.extend(id.map(|id| RemoteLabel { id, name: name.to_owned(), own, color, description }));
        };
        let own = self.each(&format!("{path}/labels"), |label| add(label, true));
        own.with_context(|| format!("reading the labels of {name}"))?;
        if !self.api.dialect.is_github()
            && let Some((owner, _)) = name.split_once('/')
        {
            let path = format!("orgs/{}/labels", part(owner));
            match self.each(&path, |label| add(label, false)) {
                // A user has none.
                Err(error) if FailureHelp::status(&error) == Some(404) => {}
                // A token without the scope may not ask (fact 58), and anyone may where it is public. Else a second
                // label of that name would be made, in the repository.
                Err(error) if FailureHelp::status(&error) == Some(403) => {
                    if let Some(answer) = self.api.without_token(&format!("{path}?limit=50&page=1"))? {
                        tree(&answer.body).entries().iter().for_each(|label| add(label, false));
                    }
                }
                other => other.with_context(|| format!("reading the labels of {owner}"))?,
            }
        }
        labels.sort_by_key(|label| (!label.own, label.id));
        *remembered() = Some(labels.clone());
        Ok(labels)
    }

    /// Titles of open milestones, with what a write names them by: an id, or GitHub's number.
    pub(super) fn known_milestones(&self, repo: usize) -> Result<Vec<(String, u64)>> {
        let (path, name, memory) = self.at(repo)?;
        let remembered = || memory.milestones.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(milestones) = remembered().clone() {
            return Ok(milestones);
        }
        let member = if self.api.dialect.is_github() { "number" } else { "id" };
        let mut found = Vec::new();
        let each = self.each(&format!("{path}/milestones?state=open"), |milestone| {
            let number = milestone[member].as_u64();
            found.extend(number.map(|number| (milestone["title"].text().to_owned(), number)));
        });
        each.with_context(|| format!("reading the milestones of {name}"))?;
        *remembered() = Some(found.clone());
        Ok(found)
    }
}
