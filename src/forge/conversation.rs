//! What was said and done on items, in one shape for every forge.
//!
//! Takes: nothing, these are the words. Gives: [`Comment`], [`PlacedComment`], and [`Event`] for an entry of a timeline.

use chrono::{DateTime, Utc};

use super::Account;

/// One comment of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The forge's id of it.
    pub id: u64,
    /// Its text.
    pub body: String,
    /// Who wrote it.
    pub author: Option<Account>,
    /// The forge says that its author may write to the repository (fact 89).
    pub by_writer: bool,
    /// When it was written.
    pub created_at: Option<DateTime<Utc>>,
    /// When its text last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

impl Comment {
    /// The last that the forge says of it: when its text changed, else when it was written.
    #[must_use]
    pub fn at(&self) -> Option<DateTime<Utc>> {
        self.updated_at.max(self.created_at)
    }
}

/// A comment of a repository with the number of the item that it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedComment {
    /// The number of its issue or pull request.
    pub number: u64,
    /// The comment.
    pub comment: Comment,
}

/// One entry of an item's timeline: somebody did something to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened.
    pub at: Option<DateTime<Utc>>,
    /// Who did it.
    pub actor: Option<Account>,
    /// What was done.
    pub what: EventKind,
}

/// What an entry of a timeline says was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum EventKind {
    /// A label of this name was put on.
    Labeled(String),
    /// A label of this name was taken off.
    Unlabeled(String),
    /// This login was assigned.
    Assigned(String),
    /// This login was taken off.
    Unassigned(String),
    /// The milestone of this title was set, or none.
    Milestone(Option<String>),
    /// It was closed (or merged).
    Closed,
    /// It was opened again.
    Reopened,
    /// Somebody wrote a comment.
    Commented,
    /// Anything else.
    #[default]
    Other,
}
