//! One record of a job, and what differs between two of one subject.
//!
//! Takes: what the rules said and say of a subject. Gives: [`Class`], the worst of what differs, and
//! the writes that are added and removed. A side without a record asks for nothing.

use crate::engine::value::Value;
use crate::plan::{Op, Write};

/// What one version of the rules says of one subject.
#[derive(Debug, Clone)]
pub struct Record {
    /// The rule that decided; `None` where none holds.
    pub rule: Option<String>,
    /// The action; `skip` is nothing.
    pub action: String,
    /// The score.
    pub score: Value<'static>,
    /// The text that would be posted, without its hidden line; `None` where none would.
    pub text: Option<String>,
    /// The same without what differs with every edit of the rules, where that is another text.
    pub plain: Option<String>,
    /// The login of the agent whose work it becomes.
    pub agent: Option<String>,
    /// Logins that the text mentions.
    pub mention: Vec<String>,
    /// The writes beside the text, without what already holds.
    pub writes: Vec<Write>,
}

/// One thing that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The name of the write: `assign`; `mention` for somebody whom a comment calls.
    pub op: &'static str,
    /// Who or what: a login, a label; empty for a comment.
    pub what: String,
}

/// The worst of what changes for a subject, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It is closed now.
    Closes,
    /// It goes to somebody else.
    Reassigned,
    /// It gets other labels.
    Labels,
    /// Something else is written, or nothing any more.
    Writes,
    /// Another rule or action, and the same is written.
    Decision,
    /// Other words.
    Text,
    /// The score alone.
    Score,
}

impl Class {
    /// Every class with the heading of its part of a report.
    pub const ALL: [(Class, &'static str); 7] = [
        (Class::Closes, "Closed now"),
        (Class::Reassigned, "Handed to somebody else"),
        (Class::Labels, "Other labels"),
        (Class::Writes, "Written otherwise"),
        (Class::Decision, "Decided by another rule, to the same end"),
        (Class::Text, "Other words"),
        (Class::Score, "Another score alone"),
    ];

    /// The heading.
    #[must_use]
    pub fn heading(self) -> &'static str {
        Class::ALL.iter().find(|(class, _)| *class == self).map_or("", |(_, heading)| heading)
    }

    /// `None` where nothing changes.
    pub(super) fn of(from: Option<&Record>, to: Option<&Record>) -> Option<Class> {
        let same = |of: fn(&Record) -> (Option<&str>, &str)| from.map(of) == to.map(of);
        let (added, removed) = writes(from, to);
        Some(if closes(from, to) {
            Class::Closes
        } else if reassigned(from, to) {
            Class::Reassigned
        } else if relabelled(from, to) {
            Class::Labels
        } else if !(added.is_empty() && removed.is_empty()) {
            Class::Writes
        } else if !same(|record| (record.rule.as_deref(), &record.action)) {
            Class::Decision
        } else if reworded(from, to) {
            Class::Text
        } else if from.zip(to).is_some_and(|(from, to)| from.score.same(&to.score)) {
            return None;
        } else {
            Class::Score
        })
    }
}

/// Everything that a side asks for.
fn wanted(record: Option<&Record>) -> Vec<Wanted> {
    let Some(record) = record else { return Vec::new() };
    let mut all = Vec::new();
    if record.text.is_some() {
        all.push(Wanted { op: Op::Comment.name(), what: String::new() });
    }
    all.extend(record.mention.iter().map(|login| Wanted { op: "mention", what: login.clone() }));
    for Write { op, args, .. } in &record.writes {
        let mut one = |what: &str| all.push(Wanted { op: op.name(), what: what.to_owned() });
        let named: Vec<&String> = args.labels.iter().chain(&args.assignees).chain(&args.milestone).collect();
        match named.as_slice() {
            [] => one(args.reason.as_deref().unwrap_or("")),
            named => named.iter().for_each(|what| one(what)),
        }
    }
    all
}

/// What only the new side asks for, and what only the old one did.
pub(super) fn writes(from: Option<&Record>, to: Option<&Record>) -> (Vec<Wanted>, Vec<Wanted>) {
    let (before, after) = (wanted(from), wanted(to));
    let only = |these: &[Wanted], those: &[Wanted]| {
        these.iter().filter(|one| !those.contains(one)).cloned().collect::<Vec<_>>()
    };
    (only(&after, &before), only(&before, &after))
}

fn any(record: Option<&Record>, op: Op) -> bool {
    record.is_some_and(|record| record.writes.iter().any(|write| write.op == op))
}

/// What the sides ask for by these writes differs.
fn differs(from: Option<&Record>, to: Option<&Record>, ops: [Op; 2]) -> bool {
    let of = |record| wanted(record).into_iter().filter(|one| ops.iter().any(|op| op.name() == one.op));
    of(from).ne(of(to))
}

pub(super) fn closes(from: Option<&Record>, to: Option<&Record>) -> bool {
    any(to, Op::Close) && !any(from, Op::Close)
}

pub(super) fn reassigned(from: Option<&Record>, to: Option<&Record>) -> bool {
    let agent = |record: Option<&Record>| record.and_then(|record| record.agent.clone());
    agent(from) != agent(to) || differs(from, to, [Op::Assign, Op::Unassign])
}

pub(super) fn relabelled(from: Option<&Record>, to: Option<&Record>) -> bool {
    differs(from, to, [Op::AddLabels, Op::RemoveLabels])
}

/// Both sides write a text, and not the same.
pub(super) fn reworded(from: Option<&Record>, to: Option<&Record>) -> bool {
    let text = |record: &Record| record.plain.clone().or_else(|| record.text.clone());
    match (from.and_then(text), to.and_then(text)) {
        (Some(from), Some(to)) => from != to,
        _ => false,
    }
}
