//! What changes, as reports list it.
//!
//! Takes: a [`Diff`], who it is told to. Gives: [`DiffReport`], a job's diff with what it was made of, and
//! its changes in groups from one rule to another, worst first. What a place may not show is only
//! counted.

use std::collections::BTreeMap;

use super::backlog::BacklogDiff;
use super::key_changes::KeyChange;
use super::{ChangedSubject, Class, Diff, SideRecord};
use crate::engine::value::Value;

/// A version of the rules, as reports name it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DiffVersion {
    /// What people call it.
    pub name: String,
    /// The commit.
    pub commit: Option<String>,
    /// Digest of its rules; `None` where it has none for this job.
    pub rules_hash: Option<String>,
}

/// The diff of one job.
#[derive(Debug, Clone)]
pub struct DiffReport {
    /// The job.
    pub job: String,
    /// The forge, by the name that plans hold.
    pub forge: String,
    /// The instant that both sides count ages to, RFC 3339.
    pub generated_at: String,
    /// Full names of the repositories that were read.
    pub repos: Vec<String>,
    /// What is compared with.
    pub base: DiffVersion,
    /// What is compared.
    pub head: DiffVersion,
    /// What reading and judging came to.
    pub read: BacklogDiff,
    /// The keys that say something else, what touches trust first.
    pub keys: Vec<KeyChange>,
    /// The base names private items in public places too.
    pub publish_private: bool,
}

impl DiffReport {
    /// What changes.
    #[must_use]
    pub fn diff(&self) -> &Diff {
        &self.read.diff
    }

    /// The keys that say something else: what touches trust, and the others.
    #[must_use]
    pub fn keys(&self) -> (&[KeyChange], &[KeyChange]) {
        self.keys.split_at(self.keys.partition_point(|change| change.trust))
    }

    /// It is about issues and pull requests, and not about what is found in figures.
    #[must_use]
    pub fn of_items(&self) -> bool {
        self.read.of_items
    }

    /// Everything was read and worded.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.read.failed.is_empty()
    }

    /// That the job is new, or gone; untrusted.
    #[must_use]
    pub fn new_or_gone(&self) -> Option<String> {
        let job = &self.job;
        match (&self.base.rules_hash, &self.head.rules_hash) {
            (None, Some(_)) => Some(format!("{} has no rules for {job}: the job is new", self.base.name)),
            (Some(_), None) => Some(format!("{} has no rules for {job}: the job is gone", self.head.name)),
            _ => None,
        }
    }

    /// What one should know beside the figures; untrusted.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        self.new_or_gone().into_iter().chain(self.read.unreadable.iter().cloned()).collect()
    }

    /// What was left undone, one sentence each; untrusted.
    #[must_use]
    pub fn why_incomplete(&self) -> Vec<String> {
        let more = self.read.failed_more;
        let rest = (more > 0).then(|| format!("{more} more items could not be read or worded"));
        self.read.failed.iter().cloned().chain(rest).collect()
    }

    /// Whether an item may be named in a place that belongs to a repository, or to nobody known: what is
    /// private is named only where it lies.
    #[must_use]
    pub fn names(&self, item: &ChangedSubject, place: Option<&str>) -> bool {
        if item.subject.is_none() && self.read.unnamed && place.is_some() {
            return self.publish_private;
        }
        item.subject.as_ref().is_none_or(|subject| {
            let at_home = place.is_some_and(|place| place.eq_ignore_ascii_case(&subject.repo));
            !subject.private || self.publish_private || at_home
        })
    }
}

/// What a side decided, for people.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DecisionText {
    /// A rule, or none, and its action.
    Rule(Option<String>, String),
    /// The item was not looked at.
    Nothing,
    /// No rule found it.
    NotFound,
}

impl DecisionText {
    fn of(item: &ChangedSubject, record: Option<&SideRecord>) -> DecisionText {
        match record {
            Some(record) => DecisionText::Rule(record.rule.clone(), record.action.clone()),
            None if item.subject.is_some() => DecisionText::Nothing,
            None => DecisionText::NotFound,
        }
    }
}

impl std::fmt::Display for DecisionText {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            DecisionText::Rule(Some(rule), action) => write!(to, "{rule} ({action})"),
            DecisionText::Rule(None, _) => to.write_str("no rule"),
            DecisionText::Nothing => to.write_str("not looked at"),
            DecisionText::NotFound => to.write_str("not found"),
        }
    }
}

/// Items that change in the same way.
#[derive(Debug, Clone)]
pub struct ChangeGroup<'d> {
    /// The worst of what changes.
    pub class: Class,
    /// What was decided.
    pub from: DecisionText,
    /// What is decided.
    pub to: DecisionText,
    /// The items.
    pub items: Vec<&'d ChangedSubject>,
}

/// The groups: the worst class first, in it the largest group first.
#[must_use]
pub fn groups(diff: &Diff) -> Vec<ChangeGroup<'_>> {
    let mut all: BTreeMap<(Class, DecisionText, DecisionText), Vec<&ChangedSubject>> = BTreeMap::new();
    for item in &diff.items {
        let key = (item.class, DecisionText::of(item, item.from.as_ref()), DecisionText::of(item, item.to.as_ref()));
        all.entry(key).or_default().push(item);
    }
    let mut groups: Vec<ChangeGroup<'_>> =
        all.into_iter().map(|((class, from, to), items)| ChangeGroup { class, from, to, items }).collect();
    groups.sort_by_key(|group| (group.class, usize::MAX - group.items.len()));
    groups
}

/// The score before and after, in short.
#[must_use]
pub fn score(item: &ChangedSubject) -> String {
    let score = |record: &Option<SideRecord>| record.as_ref().map_or_else(|| "-".to_owned(), |it| it.score.to_string());
    // Of what is found not everything is weighed.
    let weighed = [&item.from, &item.to].into_iter().flatten().any(|it| !matches!(it.score, Value::None));
    if item.subject.is_none() && !weighed {
        return String::new();
    }
    let (before, after) = (score(&item.from), score(&item.to));
    if before == after { after } else { format!("{before} → {after}") }
}

/// What an item is called beside its key: its title; of a finding the first line of what is said, where that is
/// not what differs. Untrusted.
#[must_use]
pub fn title(item: &ChangedSubject) -> String {
    if let Some(subject) = &item.subject {
        return subject.title.clone();
    }
    let first = |record: &'_ Option<SideRecord>| -> Option<String> {
        let words = &record.as_ref()?.words;
        words.comment.as_deref()?.lines().next().map(str::to_owned)
    };
    first(&item.to).filter(|line| first(&item.from).as_ref() == Some(line)).unwrap_or_default()
}

/// What made the difference, in one line; where only words differ the first line of them. Untrusted.
#[must_use]
pub fn because(item: &ChangedSubject) -> String {
    if !item.why.is_empty() {
        return item.why.join("; ");
    }
    let words =
        |record: &Option<SideRecord>| record.as_ref().map(|record| record.compared().clone()).unwrap_or_default();
    let (before, after) = (words(&item.from), words(&item.to));
    let parts = before.parts().into_iter().zip(after.parts());
    let said = parts.map(|((name, before), (_, after))| (name, differing(before.unwrap_or(""), after.unwrap_or(""))));
    let said = said.filter(|(_, said)| !said.is_empty()).map(|(name, said)| match name {
        "" => said,
        name => format!("{name}: {said}"),
    });
    said.take(2).collect::<Vec<_>>().join("; ")
}

/// The first lines that one of two texts has and the other has not.
fn differing(before: &str, after: &str) -> String {
    let only = |these: &str, those: &str| {
        let line = these.lines().find(|line| !line.trim().is_empty() && !those.lines().any(|other| other == *line));
        line.map(|line| crate::engine::untrusted::cut(line.trim(), 100).into_owned())
    };
    match (only(before, after), only(after, before)) {
        (Some(old), Some(new)) => format!("\"{new}\", was \"{old}\""),
        (None, Some(new)) => format!("new: \"{new}\""),
        (Some(old), None) => format!("gone: \"{old}\""),
        (None, None) => String::new(),
    }
}
