//! Decisions and texts to finished writes.
//!
//! Takes: an action of a policy, the item it is for, the rendered comment. Gives: [`Plan`], a
//! list of writes with every text in it, as `--plan-out` saves it and apply carries it out. Pure:
//! the same decisions give the same plan, whether anything is written or not.

mod ask;
mod daily;
pub mod days;
pub mod marker;
pub mod memory;

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::engine::digest;
use crate::engine::rules::Policy;
use crate::forge::change::Label;
use crate::forge::{Account, Item, Kind};
use marker::Marker;

pub use ask::{Asked, ask, wanted};
pub use daily::{Summary, summary};

/// The place of a decision's comment on its item.
pub const DECISION: &str = "decision";
/// The place of the daily summary.
pub const SUMMARY: &str = "summary";
/// The version of the format of plans.
pub const VERSION: u32 = 1;

/// A finished plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan<'p> {
    /// Version of this format: [`VERSION`].
    pub version: u32,
    /// Version of the program that made it.
    pub kaizen: Cow<'p, str>,
    /// The job.
    pub job: Cow<'p, str>,
    /// The forge it is for.
    pub forge: Cow<'p, str>,
    /// When it was made, RFC 3339.
    pub created_at: Cow<'p, str>,
    /// The instant that ages were counted to, RFC 3339.
    pub now: Cow<'p, str>,
    /// Digest of the rules.
    pub rules_hash: Cow<'p, str>,
    /// Everything was read and nothing was left undone.
    pub complete: bool,
    /// What writing keeps to, as the rules have it.
    #[serde(default)]
    pub manners: Manners,
    /// What to write, in the order of writing.
    pub items: Cow<'p, [PlannedItem]>,
}

/// What writing keeps to, whatever it writes. Apply reads no rules: it is all here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manners {
    /// Milliseconds between two writes to a server.
    pub pause_ms: u64,
    /// The command by which a person has an item left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_command: Option<String>,
    /// Further logins that our comments have carried.
    pub bots: Vec<String>,
    /// Labels as they are made where they are missing.
    pub labels: Vec<Label>,
}

/// What is written to one item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlannedItem {
    /// `owner/name`.
    pub repo: Arc<str>,
    /// Issue or pull request.
    pub kind: Kind,
    /// Its number; `None` for an issue that is created.
    pub number: Option<u64>,
    /// Digest of what the rules read of it.
    pub seen: Option<String>,
    /// What its rules ask for.
    pub effects: Vec<Effect>,
}

/// What one rule of one policy asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Effect {
    /// The policy.
    pub policy: Arc<str>,
    /// The rule.
    pub rule: Option<Arc<str>>,
    /// Digest of the decision: action and arguments, not the words.
    pub did: String,
    /// The writes, in order: comment, labels, assignees, state.
    pub writes: Vec<Write>,
}

/// What a write does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Op {
    Comment,
    EditComment,
    AddLabels,
    RemoveLabels,
    Assign,
    Unassign,
    SetMilestone,
    Close,
    Reopen,
    CreateIssue,
    EditBody,
}

impl Op {
    /// Every one with its name in plans, JSON and markers.
    pub const ALL: [(Op, &'static str); 11] = [
        (Op::Comment, "comment"),
        (Op::EditComment, "edit_comment"),
        (Op::AddLabels, "add_labels"),
        (Op::RemoveLabels, "remove_labels"),
        (Op::Assign, "assign"),
        (Op::Unassign, "unassign"),
        (Op::SetMilestone, "set_milestone"),
        (Op::Close, "close"),
        (Op::Reopen, "reopen"),
        (Op::CreateIssue, "create_issue"),
        (Op::EditBody, "edit_body"),
    ];

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Op::ALL.iter().find(|(op, _)| *op == self).map_or("", |(_, name)| name)
    }
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// What it does.
    pub op: Op,
    /// The place it belongs to: `decision`, `summary`.
    pub key: Cow<'static, str>,
    /// What to write.
    pub args: Args,
}

impl Write {
    /// A write of a decision.
    fn of(op: Op, args: Args) -> Self {
        Write { op, key: DECISION.into(), args }
    }

    /// Whether it writes a comment.
    #[must_use]
    pub fn is_comment(&self) -> bool {
        matches!(self.op, Op::Comment | Op::EditComment)
    }
}

/// What a write writes; a member that its `op` does not have is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Args {
    /// The comment that is edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The title of a new issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The text, with its marker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Exact names of labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Logins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
    /// The title of a milestone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone: Option<String>,
    /// Why an item is closed: `completed` or `not_planned`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'static, str>>,
}

/// What writing to an item needs to know of it beside its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Digest of what the rules read of it.
    pub seen: String,
    /// Exact names of its labels.
    pub labels: Vec<String>,
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

/// The effect of a decision: its comment (new, or instead of an earlier one of ours) and the
/// other writes in their order. `replaced` is what an earlier comment says where a new one is posted.
#[must_use]
pub fn effect(
    policy: &Policy,
    rule: &str,
    asked: Asked,
    comment: Option<&str>,
    (earlier, replaced): (Option<u64>, &str),
) -> Effect {
    let mut writes = Vec::with_capacity(2 + asked.writes.len());
    if let Some(text) = comment {
        let marker = Marker::default()
            .with("policy", &policy.name)
            .with("key", DECISION)
            .with("did", &asked.did)
            .with("run", "-")
            .with("rule", rule)
            .with("writes", &asked.asked.join(","))
            .with("text", &digest(text));
        let body = Some([text, "\n\n", &marker.line()].concat());
        // An edit reaches nobody (fact 104): who is mentioned gets a new comment, and the old one then
        // points down, without a marker.
        match earlier {
            Some(id) if asked.mention.is_empty() => {
                writes.push(Write::of(Op::EditComment, Args { id: Some(id), body, ..Args::default() }));
            }
            earlier => {
                writes.push(Write::of(Op::Comment, Args { body, ..Args::default() }));
                let body = Some(replaced.to_owned());
                writes.extend(
                    earlier.map(|id| Write::of(Op::EditComment, Args { id: Some(id), body, ..Args::default() })),
                );
            }
        }
    }
    writes.extend(asked.writes);
    Effect { policy: policy.name.as_str().into(), rule: Some(rule.into()), did: asked.did, writes }
}

/// What an item looked like to the rules. Our own later writes and replies do not change it:
/// `updated_at` and the number of comments are left out, and so is the order of lists.
#[must_use]
pub fn seen(item: &Item<'_>) -> String {
    let mut labels: Vec<&str> = item.labels.iter().map(|label| &**label).collect();
    let mut assignees: Vec<&str> = item.assignees.iter().map(|login| &**login).collect();
    labels.sort_unstable();
    assignees.sort_unstable();
    let state = if item.open { "open" } else { "closed" };
    let lock = if item.locked { "locked" } else { "" };
    let mut digest = crate::engine::Digest::default();
    let milestone = item.milestone.as_deref().unwrap_or("");
    [state, lock, &item.title, &item.body, milestone].into_iter().for_each(|part| digest.part(part));
    for list in [&labels, &assignees] {
        digest.part(&list.len().to_string());
        list.iter().for_each(|part| digest.part(part));
    }
    digest.finish()
}
