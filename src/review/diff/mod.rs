//! What a change of rules does to everything that they judge.
//!
//! Takes: for each subject (an item, a pattern, a rule with what it is about) what the rules said
//! before and say now, as [`SideRecord`]s that are joined by their keys, whichever job left them. Gives:
//! [`Diff`]: the subjects that change, grouped, with figures. Records are compared before any cap,
//! because caps change when something is done, never what.
//!
//! - [`backlog`] issues and pull requests, [`side`] what one version says of them, [`why`] the difference
//! - [`keyed_records`] what rules over counted figures say
//! - [`key_changes`] the keys that say something else, whether or not a subject shows it
//! - [`fail_on`] a condition over the figures; [`groups`] what reports list
//! - [`text`], [`markdown`], [`json`] the report, [`broken`] what stands in its place

pub mod backlog;
pub mod broken;
pub mod fail_on;
pub mod groups;
pub mod json;
pub mod key_changes;
pub mod keyed_records;
pub mod markdown;
mod record;
pub mod side;
pub mod text;
pub mod why;

use std::collections::{BTreeMap, HashMap};

use record::RecordDifference;
pub use record::{Class, SideRecord, WantedWrite};

/// What is known of an item that a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSubject {
    /// `owner/name`.
    pub repo: String,
    /// `issue` or `pull`.
    pub kind: &'static str,
    /// Its number.
    pub number: u64,
    /// Its title; untrusted.
    pub title: String,
    /// Only some people may read its repository.
    pub private: bool,
    /// Markdown that leads there and leaves no trace on it, with and without its repository.
    pub link: (String, String),
}

/// A subject that changes.
#[derive(Debug, Clone)]
pub struct ChangedSubject {
    /// What it is joined by: `owner/name#n`.
    pub key: String,
    /// The item, where it is one.
    pub subject: Option<RecordSubject>,
    /// What the rules said; `None` where they did not look at it.
    pub from: Option<SideRecord>,
    /// What they say.
    pub to: Option<SideRecord>,
    /// The worst of what changes.
    pub class: Class,
    /// What made the difference, one sentence each; untrusted.
    pub why: Vec<String>,
    /// Writes that only the new rules ask for.
    pub added: Vec<WantedWrite>,
    /// Writes that only the old ones ask for.
    pub removed: Vec<WantedWrite>,
}

/// The figures: subjects, and keys of the rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct DiffTotals {
    /// Looked at by either side.
    pub evaluated: usize,
    /// Rule, action, score or text differs.
    pub changed: usize,
    /// Closed now, and not before.
    pub closes: usize,
    /// Handed to somebody else, or to somebody at all, or no longer.
    pub reassigned: usize,
    /// Other labels are put on or taken off.
    pub labels: usize,
    /// Written about before and now, in other words.
    pub text: usize,
    /// Only the new rules look at it.
    pub gained: usize,
    /// Only the old ones did.
    pub lost: usize,
    /// Keys in force that say something else.
    pub keys: usize,
    /// Of these, those that touch trust.
    pub trust: usize,
}

impl DiffTotals {
    /// Every figure with its name.
    #[must_use]
    pub fn named(&self) -> [(&'static str, usize); 10] {
        [
            ("evaluated", self.evaluated),
            ("changed", self.changed),
            ("closes", self.closes),
            ("reassigned", self.reassigned),
            ("labels", self.labels),
            ("text", self.text),
            ("gained", self.gained),
            ("lost", self.lost),
            ("keys", self.keys),
            ("trust", self.trust),
        ]
    }
}

/// What one rule decides, before and now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Moves {
    /// Subjects that it decided on.
    pub before: usize,
    /// Subjects that it decides on.
    pub after: usize,
    /// Of these, those that another rule decided on, or none.
    pub gained: usize,
    /// Of the former, those that another rule decides on now, or none.
    pub lost: usize,
}

/// What a change comes to.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// The figures.
    pub totals: DiffTotals,
    /// What changes, in the order of the subjects.
    pub items: Vec<ChangedSubject>,
    /// By the id of the rule.
    pub rules: BTreeMap<String, Moves>,
    /// By the name of the write: how many are added and removed.
    pub writes: BTreeMap<&'static str, (usize, usize)>,
}

impl Diff {
    /// Looks at one subject; `more` is asked for the rest where it changes.
    pub fn see(
        &mut self,
        key: &dyn Fn() -> String,
        from: Option<SideRecord>,
        to: Option<SideRecord>,
        more: impl FnOnce() -> (Option<RecordSubject>, Vec<String>),
    ) {
        if from.is_none() && to.is_none() {
            return;
        }
        self.totals.evaluated += 1;
        self.count_rules(from.as_ref(), to.as_ref());
        let found = RecordDifference::of(from.as_ref(), to.as_ref());
        let Some(class) = found.class else { return };
        for one in &found.added {
            self.writes.entry(one.op).or_default().0 += 1;
        }
        for one in &found.removed {
            self.writes.entry(one.op).or_default().1 += 1;
        }
        let totals = &mut self.totals;
        totals.changed += 1;
        totals.closes += usize::from(found.closes);
        totals.reassigned += usize::from(found.reassigned);
        totals.labels += usize::from(found.relabelled);
        totals.text += usize::from(found.reworded);
        totals.gained += usize::from(from.is_none());
        totals.lost += usize::from(to.is_none());
        let (subject, why) = more();
        let RecordDifference { added, removed, .. } = found;
        self.items.push(ChangedSubject { key: key(), subject, from, to, class, why, added, removed });
    }

    fn count_rules(&mut self, from: Option<&SideRecord>, to: Option<&SideRecord>) {
        let from = from.and_then(|record| record.rule.as_deref());
        let to = to.and_then(|record| record.rule.as_deref());
        let same = from == to;
        let mut count = |rule: Option<&str>, one: fn(&mut Moves, bool)| {
            let Some(rule) = rule else { return };
            match self.rules.get_mut(rule) {
                Some(moves) => one(moves, same),
                None => one(self.rules.entry(rule.to_owned()).or_default(), same),
            }
        };
        count(from, |moves, same| {
            moves.before += 1;
            moves.lost += usize::from(!same);
        });
        count(to, |moves, same| {
            moves.after += 1;
            moves.gained += usize::from(!same);
        });
    }

    /// Adds what another thread found, whose subjects come after.
    pub fn add(&mut self, other: Diff) {
        let (totals, more) = (&mut self.totals, other.totals);
        totals.evaluated += more.evaluated;
        totals.changed += more.changed;
        totals.closes += more.closes;
        totals.reassigned += more.reassigned;
        totals.labels += more.labels;
        totals.text += more.text;
        totals.gained += more.gained;
        totals.lost += more.lost;
        totals.keys += more.keys;
        totals.trust += more.trust;
        self.items.extend(other.items);
        for (rule, more) in other.rules {
            let moves = self.rules.entry(rule).or_default();
            moves.before += more.before;
            moves.after += more.after;
            moves.gained += more.gained;
            moves.lost += more.lost;
        }
        for (op, (added, removed)) in other.writes {
            let count = self.writes.entry(op).or_default();
            count.0 += added;
            count.1 += removed;
        }
    }

    /// What two lists of records come to, joined by their keys: in the order of the new ones, then what
    /// only the old ones have.
    #[must_use]
    pub fn join(from: Vec<(String, SideRecord)>, to: Vec<(String, SideRecord)>) -> Diff {
        let mut diff = Diff::default();
        let order: Vec<String> = from.iter().map(|(key, _)| key.clone()).collect();
        let mut from: HashMap<String, SideRecord> = from.into_iter().collect();
        for (key, record) in to {
            diff.see(&|| key.clone(), from.remove(&key), Some(record), || (None, Vec::new()));
        }
        for key in order {
            let record = from.remove(&key);
            diff.see(&|| key.clone(), record, None, || (None, Vec::new()));
        }
        diff
    }

    /// Indices of what changes, the worst first, then in the order of the subjects.
    #[must_use]
    pub fn worst_first(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        order.sort_by_key(|index| self.items[*index].class);
        order
    }
}
