//! One record of a job, and what differs between two of one subject.
//!
//! Takes: what the rules said and say of a subject. Gives: [`Class`], the worst of what differs, and
//! the writes that are added and removed. A side without a record asks for nothing.

use crate::engine::value::Value;
use crate::plan::{Op, Words, Write};

/// What one version of the rules says of one subject.
#[derive(Debug, Clone)]
pub struct SideRecord {
    /// The rule that decided; `None` where none holds.
    pub rule: Option<String>,
    /// The action; `skip` is nothing.
    pub action: String,
    /// The score.
    pub score: Value<'static>,
    /// The texts that would be written, without hidden lines.
    pub words: Words,
    /// The same without what differs with every edit of the rules, where those are other texts.
    pub plain: Option<Words>,
    /// How the text is given: `comment` on an item, `report` where it stands in one.
    pub given: &'static str,
    /// The login of the agent whose work it becomes.
    pub agent: Option<String>,
    /// Logins that the text mentions.
    pub mention: Vec<String>,
    /// The writes beside the comment, without what already holds.
    pub writes: Vec<Write>,
}

impl SideRecord {
    fn agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// The rule and its action.
    #[must_use]
    pub fn decided(&self) -> (Option<&str>, &str) {
        (self.rule.as_deref(), &self.action)
    }

    /// The texts as two versions are compared by them.
    #[must_use]
    pub fn compared(&self) -> &Words {
        self.plain.as_ref().unwrap_or(&self.words)
    }
}

/// One thing that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WantedWrite {
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
    /// It goes to somebody, or to somebody else.
    Reassigned,
    /// It goes to nobody any more. In JSON it is of the class before: `reassigned` counts both.
    #[serde(rename = "reassigned")]
    Released,
    /// It gets other labels.
    Labels,
    /// Something else is written, or nothing any more.
    Writes,
    /// Another rule or action, and as much is written.
    Decision,
    /// Other words.
    Text,
    /// The score alone.
    Score,
}

impl Class {
    /// Every class with the heading of its part of a report.
    pub const ALL: [(Class, &'static str); 8] = [
        (Class::Closes, "Closed now"),
        (Class::Reassigned, "Handed over"),
        (Class::Released, "No longer handed to anybody"),
        (Class::Labels, "Other labels"),
        (Class::Writes, "Written otherwise"),
        (Class::Decision, "Decided otherwise"),
        (Class::Text, "Other words"),
        (Class::Score, "Another score alone"),
    ];

    /// What is said of so many items: `3 handed over`.
    #[must_use]
    pub(crate) fn in_a_sentence(self) -> &'static str {
        match self {
            Class::Closes => "closed now",
            Class::Reassigned => "handed over",
            Class::Released => "no longer handed to anybody",
            Class::Labels => "with other labels",
            Class::Writes => "written otherwise",
            Class::Decision => "decided otherwise",
            Class::Text => "in other words",
            Class::Score => "with another score alone",
        }
    }

    /// The heading.
    #[must_use]
    pub fn heading(self) -> &'static str {
        Class::ALL.iter().find(|(class, _)| *class == self).map_or("", |(_, heading)| heading)
    }
}

/// What differs between two records of one subject. A side without a record asks for nothing.
pub(super) struct RecordDifference {
    /// The worst of it; `None` where nothing does.
    pub(super) class: Option<Class>,
    /// What only the new side asks for.
    pub(super) added: Vec<WantedWrite>,
    /// What only the old side asks for.
    pub(super) removed: Vec<WantedWrite>,
    pub(super) closes: bool,
    pub(super) reassigned: bool,
    pub(super) relabelled: bool,
    pub(super) reworded: bool,
}

impl RecordDifference {
    pub(super) fn of(from: Option<&SideRecord>, to: Option<&SideRecord>) -> RecordDifference {
        let (before, after) = (requests(from), requests(to));
        let only = |these: &[(&'static str, &str)], those: &[(&'static str, &str)]| -> Vec<WantedWrite> {
            let only = these.iter().filter(|one| !those.contains(one));
            only.map(|(op, what)| WantedWrite { op, what: (*what).to_owned() }).collect()
        };
        let (added, removed) = (only(&after, &before), only(&before, &after));
        let differs = |ops: [Op; 2]| added.iter().chain(&removed).any(|one| ops.iter().any(|op| op.name() == one.op));
        let (old_agent, new_agent) = (from.and_then(SideRecord::agent), to.and_then(SideRecord::agent));
        let mut all = RecordDifference {
            class: None,
            closes: closes(from, to),
            reassigned: old_agent != new_agent || differs([Op::Assign, Op::Unassign]),
            relabelled: differs([Op::AddLabels, Op::RemoveLabels]),
            reworded: reworded(from, to),
            added,
            removed,
        };
        all.class = all.worst(from, to);
        all
    }

    fn worst(&self, from: Option<&SideRecord>, to: Option<&SideRecord>) -> Option<Class> {
        Some(if self.closes {
            Class::Closes
        } else if self.reassigned {
            let somebody = to.is_some_and(|to| to.agent.is_some() || any(Some(to), Op::Assign));
            if somebody { Class::Reassigned } else { Class::Released }
        } else if self.relabelled {
            Class::Labels
        } else if !(self.added.is_empty() && self.removed.is_empty()) {
            Class::Writes
        } else if from.map(SideRecord::decided) != to.map(SideRecord::decided) {
            Class::Decision
        } else if self.reworded {
            Class::Text
        } else if from.zip(to).is_some_and(|(from, to)| from.score.same(&to.score)) {
            return None;
        } else {
            Class::Score
        })
    }
}

/// Everything that a side asks for: the name of the write, and who or what.
fn requests(record: Option<&SideRecord>) -> Vec<(&'static str, &str)> {
    let Some(record) = record else { return Vec::new() };
    let mut all = Vec::new();
    if record.words.comment.is_some() {
        all.push((record.given, ""));
    }
    all.extend(record.mention.iter().map(|login| ("mention", login.as_str())));
    for Write { op, args, .. } in &record.writes {
        let before = all.len();
        let named = args.labels.iter().chain(&args.assignees).chain(&args.milestone);
        all.extend(named.map(|what| (op.name(), what.as_str())));
        if all.len() == before {
            all.push((op.name(), args.reason.as_deref().unwrap_or("")));
        }
    }
    all
}

fn any(record: Option<&SideRecord>, op: Op) -> bool {
    record.is_some_and(|record| record.writes.iter().any(|write| write.op == op))
}

fn closes(from: Option<&SideRecord>, to: Option<&SideRecord>) -> bool {
    any(to, Op::Close) && !any(from, Op::Close)
}

/// Both sides write a text of one kind, and not the same.
fn reworded(from: Option<&SideRecord>, to: Option<&SideRecord>) -> bool {
    let (Some(from), Some(to)) = (from, to) else { return false };
    let mut pairs = from.compared().parts().into_iter().zip(to.compared().parts());
    pairs.any(|((_, before), (_, after))| before.is_some() && after.is_some() && before != after)
}
