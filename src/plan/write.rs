//! One write of a plan.
//!
//! Takes: nothing, these are the words. Gives: [`Write`]: what it does ([`Op`]), where, with what ([`Args`]).
//! Pure.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{DECISION, UNDO};

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
    DeleteComment,
    CreateLabel,
    DeleteLabel,
}

impl Op {
    /// Every one with its name in plans, JSON and markers.
    pub const ALL: [(Op, &'static str); 14] = [
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
        (Op::DeleteComment, "delete_comment"),
        (Op::CreateLabel, "create_label"),
        (Op::DeleteLabel, "delete_label"),
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
    /// The place it belongs to: `decision`, `summary`; `undo` for what takes an earlier write back.
    pub key: Cow<'static, str>,
    /// What to write.
    pub args: Args,
}

impl Write {
    /// A write of a decision.
    pub(super) fn of(op: Op, args: Args) -> Self {
        Write { op, key: DECISION.into(), args }
    }

    /// The same as several writes, each of one name.
    pub fn singly(&self) -> impl Iterator<Item = Write> + '_ {
        let Args { labels, assignees, .. } = &self.args;
        // A new issue is one thing, whatever it carries.
        let many = self.op != Op::CreateIssue && !(labels.is_empty() && assignees.is_empty());
        let of = move |labels: &[String], assignees: &[String]| {
            let args = Args { labels: labels.to_vec(), assignees: assignees.to_vec(), ..self.args.clone() };
            Write { args, ..self.clone() }
        };
        let whole = (!many).then(|| self.clone());
        let labels = labels.iter().filter(move |_| many).map(move |label| of(std::slice::from_ref(label), &[]));
        let assignees = assignees.iter().filter(move |_| many).map(move |login| of(&[], std::slice::from_ref(login)));
        labels.chain(assignees).chain(whole)
    }

    /// Whether nothing but what it wrote tells that it was done: no forge's timeline has an entry for it.
    #[must_use]
    pub fn leaves_no_trace(&self) -> bool {
        matches!(self.op, Op::EditBody | Op::CreateIssue)
    }

    /// Whether it takes an earlier write back: its guard is another, see `apply`.
    #[must_use]
    pub fn is_undo(&self) -> bool {
        self.key == UNDO
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
    /// The comment that is edited or deleted; in the journal also the one that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The title of a new issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The text, with its marker; what a label means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// A section of ours that goes into the item's text, with its two lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// The text that is replaced or deleted: where another one stands nothing is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// The colour of a label: six hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Exact names of labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// What stands where the write goes and is gone after it: the milestone before, labels that may be of the
    /// same exclusive scope. A plan that is carried out again after a kill tells by it what is its own doing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<String>,
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
