//! The lists of a repository that say what happened there.
//!
//! Takes: a repository, an instant. Gives: [`ListKind`] and the path of each list; [`RepoList`] and [`Whole`], how
//! far a list and a repository are read, for several threads.
//!
//! Three lists a repository, and no request an item. What was closed since was also updated since, and
//! the list of issues holds pull requests too, with when they were merged: so the list of closed ones with
//! `since` gives both kinds (facts 9, 13, 65), and the list of pull requests, which knows no `since` (facts 19,
//! 66), is walked only on a GitHub repository without issues.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Error, Result};
use chrono::{DateTime, Utc};

use super::api::part;
use super::{Listing, Remote};
use crate::forge::time;
use crate::http::Answer;

/// A list of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListKind {
    /// Its open issues; on GitHub pull requests are among them.
    Open,
    /// Issues and pull requests that were closed and updated since.
    Closed,
    /// Closed pull requests, the last updated first.
    Pulls,
    /// Comments since.
    Comments,
}

impl ListKind {
    pub(super) fn words(self) -> &'static str {
        match self {
            ListKind::Open => "open issues",
            ListKind::Closed => "closed issues",
            ListKind::Pulls => "closed pull requests",
            ListKind::Comments => "comments",
        }
    }
}

/// One list that is being read.
pub(super) struct RepoList {
    /// Whose it is: a place in `Reading::repos`.
    pub(super) nth: usize,
    pub(super) of: ListKind,
    pub(super) path: String,
    pub(super) state: Mutex<ListState>,
}

#[derive(Default)]
pub(super) struct ListState {
    /// Numbers of items, or ids of comments, that came.
    pub(super) numbers: HashSet<u64>,
    /// Entries that a page holds.
    pub(super) size: u64,
    /// The largest and the last total that the forge told.
    pub(super) totals: Option<(u64, u64)>,
    /// Pages that are asked for and not here.
    pub(super) waiting: usize,
    /// Pages in a row, or at all where they are read at once, that held nothing new.
    pub(super) repeats: u32,
    /// This is the second pass, in which every page repeats what came before.
    pub(super) again: bool,
}

impl ListState {
    /// Minds the count of all entries, where the forge tells it.
    pub(super) fn note_total(&mut self, answer: &Answer) {
        if let Some(total) = answer.number("x-total-count") {
            self.totals = Some((self.totals.map_or(total, |(largest, _)| largest.max(total)), total));
        }
    }

    /// The list is shorter at its end than it was before (fact 7).
    pub(super) fn shrank(&self) -> bool {
        self.totals.is_some_and(|(largest, last)| last < largest)
    }
}

/// What becomes of one repository.
pub(super) struct Whole {
    pub(super) repo: usize,
    pub(super) path: String,
    pub(super) name: String,
    pub(super) failed: AtomicBool,
    pub(super) pulls: AtomicBool,
    /// What could not be read, by list.
    error: Mutex<Option<(usize, Error)>>,
    pub(super) result: Mutex<RepoResult>,
}

/// What a repository has come to so far.
#[derive(Default)]
pub(super) struct RepoResult {
    /// Items handed over.
    pub(super) items: u64,
    /// A sentence for each entry that was no item, with its list and its place there.
    pub(super) unreadable: Vec<(usize, u64, String)>,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Remote {
    /// The lists of a repository that are read.
    pub(super) fn paths(&self, whole: &Whole, since: DateTime<Utc>) -> Vec<(ListKind, String)> {
        let path = &whole.path;
        let (issues, pulls) = self.details.get(whole.repo).map_or((true, true), |known| (known.issues, known.pulls));
        let comments = (ListKind::Comments, self.comments_path(path, since));
        let closed = (ListKind::Closed, format!("{path}/issues?state=closed&since={}", part(&time::rfc3339(since))));
        match (self.api.dialect.is_github(), issues) {
            // A kind of issue on GitHub (fact 65).
            (true, true) => vec![(ListKind::Open, format!("{path}/issues?state=open")), closed, comments],
            // Fact 71: 410 for all that is of issues.
            (true, false) => vec![(ListKind::Pulls, format!("{path}/pulls?state=closed&sort=updated&direction=desc"))],
            // With the type, so that it fails where issues may not be seen (fact 10).
            (false, true) => vec![(ListKind::Open, format!("{path}/issues?state=open&type=issues")), closed, comments],
            (false, false) if pulls => vec![closed, comments],
            (false, false) => Vec::new(),
        }
    }
}

impl Whole {
    pub(super) fn new(repo: usize, path: String, name: &str) -> Whole {
        Whole {
            repo,
            path,
            name: name.to_owned(),
            failed: AtomicBool::new(false),
            pulls: AtomicBool::new(false),
            error: Mutex::default(),
            result: Mutex::default(),
        }
    }

    /// Nothing more of it is read. Of several failures that of the first list is told.
    pub(super) fn fail(&self, list: usize, error: Error) {
        self.failed.store(true, Ordering::Relaxed);
        let mut told = lock(&self.error);
        if told.as_ref().is_none_or(|(first, _)| list < *first) {
            *told = Some((list, error));
        }
    }

    pub(super) fn result(self) -> Result<Listing> {
        if let Some((_, error)) = self.error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        let RepoResult { items, mut unreadable } = self.result.into_inner().unwrap_or_else(PoisonError::into_inner);
        unreadable.sort();
        Ok(Listing { items, unreadable: unreadable.into_iter().map(|(_, _, sentence)| sentence).collect() })
    }
}
