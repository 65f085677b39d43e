//! What writing to an item needs to know of it.
//!
//! Takes: nothing, these are the words. Gives: [`ItemSubject`]. Pure.

use chrono::{DateTime, Utc};

use super::section::TextSection;
use crate::engine::facts::Availability;
use crate::forge::{Account, LabelNames};

/// What writing to an item needs to know of it beside its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemSubject {
    /// Digest of what the rules read of it, where a plan will be saved or carried out.
    pub digest: Option<String>,
    /// Exact names of its labels.
    pub labels: Vec<String>,
    /// How its forge tells names of labels apart.
    pub label_names: LabelNames,
    /// Who opened it.
    pub author: Option<Account>,
    /// Title of its milestone.
    pub milestone: Option<String>,
    /// It is open.
    pub open: bool,
    /// Only writers may comment.
    pub locked: bool,
    /// A pull request that is not finished.
    pub draft: bool,
    /// How many comments it has.
    pub comments: u64,
    /// When it was opened.
    pub created_at: Option<DateTime<Utc>>,
    /// When anything on it last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// A report that we wrote ourselves.
    pub own_report: bool,
    /// The last activity that counts, where the rules asked for it.
    pub last_activity: Availability<Option<i64>>,
    /// An earlier comment of ours about a decision.
    pub earlier: Option<Earlier>,
    /// The comment about this decision is there already: a run died after it.
    pub commented: bool,
    /// Somebody meant the command and is answered; nothing else is done.
    pub unheard: bool,
    /// The section of the policy in its text.
    pub section: Option<TextSection>,
    /// Whether the issue that its action creates is there already.
    pub created: bool,
}

/// A comment of ours about an earlier decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its id.
    pub id: u64,
    /// What its decision wrote beside it, as its marker tells: `assign:claude`.
    pub writes: Vec<String>,
}
