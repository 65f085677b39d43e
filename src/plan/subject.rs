//! What writing to an item needs to know of it.
//!
//! Takes: nothing, these are the words. Gives: [`Subject`] while it is planned, [`Was`] in the plan. Pure.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::forge::{Account, Item, LabelNames};

/// What writing to an item needs to know of it beside its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Digest of what the rules read of it.
    pub seen: String,
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
    /// An earlier comment of ours about a decision.
    pub earlier: Option<Earlier>,
    /// The comment about this decision is there already: a run died after it.
    pub commented: bool,
}

/// A comment of ours about an earlier decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its id.
    pub id: u64,
    /// What its decision wrote beside it, as its marker tells: `assign:claude`.
    pub writes: Vec<String>,
}

/// What of an item writes change, as the rules read it. A plan that is carried out again after a kill tells
/// its own writes from other people's by it: what stood in a milestone's place is told by nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Was {
    /// Exact names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Logins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone: Option<String>,
    /// Not closed.
    pub open: bool,
}

impl Was {
    /// The item with what it had then.
    #[must_use]
    pub fn put_back(&self, mut item: Item<'static>) -> Item<'static> {
        item.labels = self.labels.iter().map(|name| name.clone().into()).collect();
        item.assignees = self.assignees.iter().map(|login| login.clone().into()).collect();
        item.milestone = self.milestone.clone().map(Into::into);
        item.open = self.open;
        item
    }
}

impl From<&Item<'_>> for Was {
    fn from(item: &Item<'_>) -> Self {
        Was {
            labels: item.labels.iter().map(ToString::to_string).collect(),
            assignees: item.assignees.iter().map(ToString::to_string).collect(),
            milestone: item.milestone.as_ref().map(ToString::to_string),
            open: item.open,
        }
    }
}
