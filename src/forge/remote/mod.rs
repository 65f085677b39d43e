//! Gitea, Forgejo and GitHub over their APIs.
//!
//! Takes: an address, tokens, repositories. Gives: [`Remote`], a [`Forge`] that is also a
//! [`ForgeWriter`](super::change::ForgeWriter). Where the three differ stands beside each request, with the
//! number of the fact that it minds.
//!
//! [`connect()`] finds out who is there, `items` reads backlogs, `happened` what came to pass in many
//! repositories, `read` what stands on an item, `preflight` looks before the first write, `write` makes
//! changes, `files` reads rules without a checkout, `branch` keeps files of ours on a branch, with what `pack`
//! makes of them, [`address`] says which forge and token are meant.

mod activity_pages;
pub mod address;
mod api;
mod branch;
mod connect;
mod dialect;
mod edit;
mod failure;
mod files;
mod items;
mod lists;
mod node;
mod pack;
mod pages;
mod preflight;
mod queue;
mod read;
mod record;
mod repos;
#[cfg(test)]
mod tests;
mod write;

use std::sync::{Mutex, OnceLock};

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};

pub use branch::{Branch, PushResult};
pub use connect::{ConnectOptions, Tokens, connect};
pub use dialect::Dialect;
pub use failure::token_refused;

use super::quiet::QuietForm;
use super::{
    Comment, Event, Forge, Item, ItemKind, LabelNames, Listing, PageHandler, PlacedComment, Repo, States, Take,
};
use crate::http::RequestCounts;
use api::{Api, parts};
use preflight::RemoteLabel;
use repos::{Details, RepoSelection};

/// A forge on a server.
#[derive(Debug)]
pub struct Remote {
    api: Api,
    user: User,
    repos: Vec<Repo>,
    details: Vec<Details>,
    memory: Vec<RepoCache>,
    left_out: Vec<(String, &'static str)>,
    notes: Vec<String>,
    unread: Vec<(String, String)>,
}

/// Who we are there.
#[derive(Debug)]
struct User {
    /// Empty where it is not known.
    login: String,
    /// The account of a job, which cannot be assigned (fact 40).
    robot: bool,
    /// Why the login is not known.
    unknown: Option<String>,
}

/// What was asked about a repository and holds for the run.
#[derive(Debug, Default)]
struct RepoCache {
    /// `None`: the token may not ask.
    writers: OnceLock<Option<Vec<String>>>,
    labels: Mutex<Option<Vec<RemoteLabel>>>,
    milestones: Mutex<Option<Vec<(String, u64)>>>,
}

impl Remote {
    fn new(api: Api, user: User, found: RepoSelection) -> Remote {
        let label_names = LabelNames::of(api.dialect.is_github());
        let repos = found.repos.iter().map(|details| Repo { label_names, ..details.repo.clone() });
        let repos: Vec<Repo> = repos.collect();
        let memory = repos.iter().map(|_| RepoCache::default()).collect();
        let RepoSelection { repos: details, left_out, notes, unread } = found;
        Remote { api, user, repos, memory, details, left_out, notes, unread }
    }

    /// Which forge it is.
    #[must_use]
    pub fn kind(&self) -> &Dialect {
        &self.api.dialect
    }

    /// Whether our own account is known, without which no live run can tell its own comments.
    ///
    /// # Errors
    /// Why it is not: a sentence that says what to do.
    pub fn user_known(&self) -> Result<(), String> {
        self.user.unknown.clone().map_or(Ok(()), Err)
    }

    /// Repositories of the organisation that are not read, with the reason: `archived`, `a fork`.
    #[must_use]
    pub fn left_out(&self) -> &[(String, &'static str)] {
        &self.left_out
    }

    /// What people should be told: a repository that is called otherwise now.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Requests sent so far.
    #[must_use]
    pub fn counts(&self) -> RequestCounts {
        self.api.client.counts()
    }

    /// The path of a repository below the API, its name and what is remembered of it.
    fn at(&self, repo: usize) -> Result<(String, &str, &RepoCache)> {
        let found = self.repos.get(repo).zip(self.memory.get(repo));
        let path = found.and_then(|(repo, _)| parts(&repo.name));
        let ((repo, memory), path) = found.zip(path).ok_or_else(|| {
            anyhow!("{} has {} repositories, and none at index {repo}", self.name(), self.repos.len())
        })?;
        Ok((format!("repos/{path}"), &repo.name, memory))
    }
}

impl Forge for Remote {
    fn name(&self) -> String {
        crate::http::display(&self.api.base).trim_end_matches('/').to_owned()
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn user(&self) -> &str {
        &self.user.login
    }

    fn repos(&self) -> &[Repo] {
        &self.repos
    }

    fn closed(&self, repo: usize) -> Option<&'static str> {
        self.details.get(repo).and_then(|details| super::closed(details.archived, !details.issues))
    }

    fn label_names(&self) -> LabelNames {
        LabelNames::of(self.api.dialect.is_github())
    }

    fn quiet_link(&self, repo: usize, number: u64, full: bool) -> String {
        let name = self.repos.get(repo).map_or("", |repo| &repo.name);
        let quiet = match self.api.dialect {
            Dialect::GitHub { cloud: true } => QuietForm::Redirect,
            // The redirecting host serves github.com only.
            Dialect::GitHub { cloud: false } => QuietForm::Code,
            Dialect::Gitea(_) | Dialect::Forgejo(_) => QuietForm::Entity,
        };
        quiet.link(name, number, full)
    }

    fn items(&self, repo: usize, states: States, threads: usize, page: PageHandler<'_>) -> Result<Listing> {
        self.read_items(repo, states, threads, page)
    }

    fn find(&self, repo: usize, number: u64) -> Result<Option<Item<'static>>> {
        Ok(self.read_item(repo, ItemKind::Issue, number)?.map(|fresh| fresh.item))
    }

    fn pull(&self, repo: usize, number: u64) -> Result<Option<Item<'static>>> {
        self.read_pull(repo, number)
    }

    fn labelled(&self, repo: usize, label: &str) -> Result<Vec<Item<'static>>> {
        self.read_carrying(repo, label, false)
    }

    fn carriers(&self, repo: usize, label: &str) -> Result<Vec<u64>> {
        Ok(self.read_carrying(repo, label, true)?.iter().map(|item| item.number).collect())
    }

    fn opened_by(&self, repo: usize, login: &str) -> Result<Vec<Item<'static>>> {
        self.read_opened_by(repo, login)
    }

    fn writers(&self, repo: usize) -> Result<Option<&[String]>> {
        self.read_writers(repo)
    }

    fn comments(&self, repo: usize, number: u64) -> Result<Vec<Comment>> {
        self.read_comments(repo, number)
    }

    fn comments_since(&self, repo: usize, since: DateTime<Utc>) -> Result<Vec<PlacedComment>> {
        self.read_comments_since(repo, since)
    }

    fn activity(&self, repos: &[usize], since: DateTime<Utc>, threads: usize, take: Take<'_>) -> Vec<Result<Listing>> {
        self.read_happened(repos, since, threads, take)
    }

    fn unread(&self) -> &[(String, String)] {
        &self.unread
    }

    fn timeline(&self, repo: usize, number: u64) -> Result<Option<Vec<Event>>> {
        self.read_timeline(repo, number).map(Some)
    }
}
