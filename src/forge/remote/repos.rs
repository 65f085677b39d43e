//! Which repositories are read.
//!
//! Takes: names, or an organisation. Gives: [`RepoSelection`], each under the name that the forge uses for
//! it, what was left out and why, and what people should be told.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

use super::api::{Api, Ends, part, parts};
use super::failure::FailureHelp;
use super::node::{JsonNode, tree};
use super::pages::at_once;
use crate::forge::{LabelNames, Repo};
use crate::http::Answer;

/// A repository with what decides on writing to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Details {
    /// What the trait hands out.
    pub(super) repo: Repo,
    /// It takes no writes.
    pub(super) archived: bool,
    /// It has issues.
    pub(super) issues: bool,
    /// It has pull requests.
    pub(super) pulls: bool,
    fork: bool,
    mirror: bool,
    /// The token's user may push, administer or triage; `None` where the forge does not say.
    pub(super) may_write: Option<bool>,
}

/// What is to be read.
#[derive(Debug, Default)]
pub(super) struct RepoSelection {
    pub(super) repos: Vec<Details>,
    pub(super) left_out: Vec<(String, &'static str)>,
    pub(super) notes: Vec<String>,
    /// Names of those that cannot be read, with the reason.
    pub(super) unread: Vec<(String, String)>,
}

impl RepoSelection {
    fn add(&mut self, details: Details) {
        // Forges do not tell names apart by case.
        if !self.repos.iter().any(|known| known.repo.name.eq_ignore_ascii_case(&details.repo.name)) {
            self.repos.push(details);
        }
    }
}

/// Reads a repository's object.
pub(super) fn details(node: &Value) -> Option<Details> {
    let name = node["full_name"].text();
    parts(name).filter(|_| name.matches('/').count() == 1)?;
    let flag = |name| node[name].as_bool();
    let rights = &node["permissions"];
    let may = |right| rights[right].as_bool() == Some(true);
    let writes = ["push", "admin", "maintain", "triage"].into_iter().any(may);
    Some(Details {
        repo: Repo {
            name: name.to_owned(),
            private: flag("private") == Some(true) || flag("internal") == Some(true),
            label_names: LabelNames::default(),
        },
        archived: flag("archived") == Some(true) || flag("disabled") == Some(true),
        // Missing is no reason to leave it alone.
        issues: flag("has_issues") != Some(false),
        pulls: flag("has_pull_requests") != Some(false),
        fork: flag("fork") == Some(true),
        mirror: flag("mirror") == Some(true) || !node["mirror_url"].text().is_empty(),
        may_write: rights.is_object().then_some(writes),
    })
}

/// Reads the object of the repository of this name.
pub(super) fn read(api: &Api, name: &str) -> Result<Details> {
    let path = parts(name).filter(|_| name.matches('/').count() == 1);
    let Some(path) = path else { bail!("`{name}` is no name of a repository; write it as owner/name") };
    let answer = api.get(&format!("repos/{path}")).with_context(|| format!("reading the repository {name}"))?;
    details(&tree(&answer.body))
        .ok_or_else(|| anyhow!("reading the repository {name}: the answer names none; check the forge's address"))
}

/// The repositories of these names, in this order, each once; `threads` of them are asked for at once. With
/// `go_on` one that cannot be read is kept apart.
///
/// # Errors
/// One of them cannot be read; the sentence names it and what a 404 can mean (fact 52).
pub(super) fn by_name(
    api: &Api,
    names: &[String],
    threads: usize,
    go_on: bool,
    found: &mut RepoSelection,
) -> Result<()> {
    for (name, details) in names.iter().zip(read_all(api, names, threads, go_on)) {
        let details = match details {
            Ok(details) => details,
            Err(error) if go_on => {
                found.unread.push((name.clone(), format!("{error:#}")));
                continue;
            }
            Err(error) => return Err(error),
        };
        if !details.repo.name.eq_ignore_ascii_case(name) {
            // Redirected, and read under the new name from here on (fact 56).
            let new = &details.repo.name;
            found.notes.push(format!("{name} is called {new} now; name it so, because writes are not redirected"));
        }
        found.add(details);
    }
    Ok(())
}

/// What came of reading each of these, in their order; after a failure none that is behind it, unless the run goes on.
fn read_all(api: &Api, names: &[String], threads: usize, go_on: bool) -> Vec<Result<Details>> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let all = Mutex::new(Vec::with_capacity(names.len()));
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let Some(name) = names.get(nth) else { return };
            let details = read(api, name);
            stop.fetch_or(details.is_err() && !go_on, Ordering::Relaxed);
            all.lock().unwrap_or_else(PoisonError::into_inner).push((nth, details));
        }
    };
    at_once(threads.min(names.len()), work);
    let mut all = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    all.sort_by_key(|(nth, _)| *nth);
    all.into_iter().map(|(_, details)| details).collect()
}

/// The repositories of an organisation, or of a user where there is none of that name, that have a backlog of their own.
///
/// # Errors
/// The list cannot be read to its end.
pub(super) fn by_org(api: &Api, org: &str, found: &mut RepoSelection) -> Result<()> {
    if part(org).is_empty() || matches!(org, "." | "..") || org.contains('/') {
        bail!("`{org}` is no name of an organisation");
    }
    let mut seen = std::collections::HashSet::new();
    let mut page = |answer: &Answer| {
        let list = tree(&answer.body);
        let mut new = 0;
        for details in list.entries().iter().filter_map(details) {
            if !seen.insert(details.repo.name.to_ascii_lowercase()) {
                continue;
            }
            new += 1;
            let why = [
                (details.archived, "archived"),
                (details.fork, "a fork"),
                (details.mirror, "a mirror"),
                (!details.issues, "issues are switched off"),
            ];
            match why.into_iter().find(|(holds, _)| *holds) {
                Some((_, why)) => found.left_out.push((details.repo.name, why)),
                None => found.add(details),
            }
        }
        Ok((list.entries().len(), new))
    };
    match api.walk(&format!("orgs/{}/repos", part(org)), Ends::AtTotal, &mut page) {
        // There is no such organisation: then it may be a person.
        Err(error) if FailureHelp::status(&error) == Some(404) => {
            api.walk(&format!("users/{}/repos", part(org)), Ends::AtTotal, &mut page)
        }
        other => other,
    }
    .with_context(|| format!("reading the repositories of {org}"))
}
