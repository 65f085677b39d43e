//! What can be written to a forge, and what became of it.
//!
//! Takes: nothing; these are the words between the one writer and a forge. Gives: [`ForgeWriter`], the
//! trait of a forge that can be written to, [`Change`]s, and [`ChangeFailure`]s that tell what is certain
//! from what is not. A forge that is only [`Forge`] cannot be written to at all: that is what a dry
//! run holds.

use std::fmt;
use std::time::Duration;

use super::{Forge, Item, ItemKind};
use anyhow::Result;

/// The colour of a label that nobody described: a plain grey.
pub const GREY: &str = "ededed";

/// A label as it is made where it is missing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NewLabel {
    /// Its exact name.
    pub name: String,
    /// Six hexadecimal digits, without `#`.
    pub color: String,
    /// What it means; may be empty.
    pub description: String,
}

impl NewLabel {
    /// Whether a label of this name is still as it is described here: somebody who gave it another colour
    /// or meaning has made it their own.
    ///
    /// # Errors
    /// [`ChangeFailure::Stale`] where it is not.
    pub(super) fn still(&self, color: &str, description: &str) -> Result<(), ChangeFailure> {
        let plain = |color: &str| color.trim_start_matches('#').to_lowercase();
        if plain(color) == plain(&self.color) && description == self.description {
            return Ok(());
        }
        let name = &self.name;
        Err(ChangeFailure::Stale(anyhow::anyhow!("the label {name} has another colour or description by now")))
    }
}

/// One write. Each is one request, on a forge that has a request for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change<'a> {
    /// A new comment.
    Comment {
        /// Its text.
        body: &'a str,
    },
    /// Another text for a comment.
    EditComment {
        /// The comment.
        id: u64,
        /// Its new text.
        body: &'a str,
    },
    /// A comment is taken away.
    DeleteComment {
        /// The comment.
        id: u64,
    },
    /// Labels are put on; they exist in the repository.
    AddLabels(&'a [String]),
    /// Labels are taken off.
    RemoveLabels(&'a [String]),
    /// People are assigned, beside those who are.
    Assign(&'a [String]),
    /// People are taken off.
    Unassign(&'a [String]),
    /// The milestone of this title, which exists in the repository, or none.
    SetMilestone(Option<&'a str>),
    /// The item is closed, for a reason where the forge knows reasons.
    Close {
        /// `completed` or `not_planned`.
        reason: Option<&'a str>,
    },
    /// The item is opened again.
    Reopen,
    /// Another text for the item.
    EditBody {
        /// The text.
        body: &'a str,
    },
}

/// An issue that is about to be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewIssue<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its text.
    pub body: &'a str,
    /// Labels that exist in the repository.
    pub labels: &'a [String],
    /// Logins of whom it is assigned to.
    pub assignees: &'a [String],
}

/// An item as it is now, read for the guard.
#[derive(Debug, Clone, PartialEq)]
pub struct Fresh {
    /// The item.
    pub item: Item<'static>,
    /// The version of its text, where the forge has one (fact 45).
    pub content_version: Option<u64>,
}

/// What the forge answered to a write that was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteAnswer {
    /// The id of the comment written.
    pub id: Option<u64>,
    /// The number of the issue created.
    pub number: Option<u64>,
}

/// Why a write was not done, or is not known to be.
#[derive(Debug)]
pub enum ChangeFailure {
    /// The token is refused everywhere (401): nothing more can be written in this run.
    Token(anyhow::Error),
    /// The forge refused, and nothing was written.
    Refused(anyhow::Error),
    /// The text has changed since it was read (409): nothing was written.
    Stale(anyhow::Error),
    /// The forge answered that all is well, and the answer does not hold what was asked (facts 39,
    /// 42, 90): nothing, or a part, was written.
    Ignored(anyhow::Error),
    /// The connection ended, or the server failed, before it was told what became of the write: it
    /// may have landed.
    Unknown(anyhow::Error),
}

impl ChangeFailure {
    /// What happened.
    #[must_use]
    pub fn error(&self) -> &anyhow::Error {
        match self {
            ChangeFailure::Token(error)
            | ChangeFailure::Refused(error)
            | ChangeFailure::Stale(error)
            | ChangeFailure::Ignored(error)
            | ChangeFailure::Unknown(error) => error,
        }
    }

    /// The token may not do it, whatever is tried: it is refused, or lacks the right.
    #[must_use]
    pub fn denied(&self) -> bool {
        matches!(self, ChangeFailure::Token(_)) || self.error().is::<TokenDenial>()
    }
}

/// The error of a write that the token may not make.
#[derive(Debug)]
pub(super) struct TokenDenial(pub(super) String);

impl std::error::Error for TokenDenial {}

impl fmt::Display for TokenDenial {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl fmt::Display for ChangeFailure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{:#}", self.error())
    }
}

/// What a look before the first write tells about a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preflight {
    /// Why nothing may be written here, as far as a GET tells: archived, issues switched off, the
    /// token may only read.
    pub refused: Option<String>,
    /// Nobody may write here, whatever the token: archived, or issues switched off. That is no failure.
    pub closed: bool,
    /// Exact names of the labels that may be put on: the repository's, and its organisation's where
    /// this forge takes those.
    pub labels: Vec<String>,
    /// Titles of its open milestones, where they were asked for.
    pub milestones: Vec<String>,
}

/// A forge that can be written to.
pub trait ForgeWriter: Forge {
    /// One look at a repository before its first write, as few requests as tell it.
    ///
    /// # Errors
    /// What was being read, where, and what was found.
    fn preflight(&self, repo: usize, milestones: bool) -> Result<Preflight>;

    /// Whether an item can be closed for a reason that the forge keeps.
    fn keeps_close_reasons(&self) -> bool;

    /// Whether this login can be assigned to an item of the repository: it is listed, or it exists
    /// where that is enough (fact 40).
    ///
    /// # Errors
    /// As [`ForgeWriter::preflight`].
    fn assignable(&self, repo: usize, login: &str) -> Result<bool>;

    /// The item as it is now; `None` where it is gone (404, 410).
    ///
    /// # Errors
    /// As [`ForgeWriter::preflight`].
    fn item(&self, repo: usize, kind: ItemKind, number: u64) -> Result<Option<Fresh>>;

    /// Makes one change to an item that was just read. What is safe to repeat has been repeated when
    /// this fails; what is not was tried once.
    ///
    /// # Errors
    /// See [`ChangeFailure`].
    fn change(&self, repo: usize, fresh: &Fresh, change: Change<'_>) -> Result<WriteAnswer, ChangeFailure>;

    /// Creates an issue with labels that exist and people who can be assigned. Tried once.
    ///
    /// # Errors
    /// See [`ChangeFailure`].
    fn create_issue(&self, repo: usize, issue: NewIssue<'_>) -> Result<WriteAnswer, ChangeFailure>;

    /// Creates a label that was not there at the preflight; where another run has made it meanwhile,
    /// that is done too. Never makes a second of one name (fact 48).
    ///
    /// # Errors
    /// See [`ChangeFailure`].
    fn create_label(&self, repo: usize, label: &NewLabel) -> Result<(), ChangeFailure>;

    /// Deletes a label of the repository that looks as described; false where there is none of the name.
    ///
    /// # Errors
    /// See [`ChangeFailure`]; [`ChangeFailure::Stale`] where it has another colour or description by now.
    fn delete_label(&self, repo: usize, label: &NewLabel) -> Result<bool, ChangeFailure>;

    /// Called after the last write to an item: what is kept so far must survive a kill from here on.
    ///
    /// # Errors
    /// What was being saved, where, and what was found.
    fn item_done(&self) -> Result<()>;

    /// The shortest time from one write to the next that this server asks for, whatever the rules say.
    fn pace(&self) -> Duration {
        Duration::ZERO
    }
}
