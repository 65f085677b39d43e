//! Manual sessions: many calls of few tools.
//!
//! Takes: each of them. Gives: [`Manual`]: the longest thousand, how long all took, and the sequences
//! they consist of.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bounded::{BoundedCounts, Ids, KeyTally};
use super::session::SessionPlace;
use super::tools::Sightings;
use crate::engine::eval::round;

/// Manual sessions that are kept one by one.
pub const LONGEST: usize = 1_000;
/// Tools of a sequence that is shown as one.
const STEPS: usize = 8;

/// One manual session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ManualSession {
    /// Its hours, rounded to tenths, in tenths.
    pub tenths: u64,
    /// Where it stands.
    pub place: SessionPlace,
    /// Its name.
    pub id: Arc<str>,
    /// Where it worked.
    pub repo: Arc<str>,
    /// Its calls.
    pub calls: u64,
    /// Its different tools.
    pub tools: u64,
    /// How long it took, in minutes.
    pub minutes: f64,
    /// The sequence it consists of.
    pub sequence: Box<str>,
}

/// A sequence over all manual sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SequenceTally {
    /// How it is written.
    pub name: Box<str>,
    /// Where it was met first.
    pub first: SessionPlace,
    /// Records of sessions.
    pub times: u64,
    /// Their calls.
    pub calls: u64,
    /// Their time, in microseconds, as far as no other waste is charged for it.
    pub micros: u64,
    /// Where it was seen.
    pub sightings: Sightings,
}

impl KeyTally for SequenceTally {
    fn join(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.times += other.times;
        self.calls += other.calls;
        self.micros = self.micros.saturating_add(other.micros);
        self.sightings.join(&other.sightings);
    }

    fn weight(&self) -> u64 {
        self.times
    }

    fn ids(&mut self) -> Vec<&mut Ids> {
        vec![&mut self.sightings.sessions]
    }
}

/// All manual sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manual {
    /// How many there are.
    pub count: u64,
    /// How many took so many tenths of an hour.
    pub tenths: BTreeMap<u64, u64>,
    /// The longest, the longest first, then by place.
    pub longest: Vec<ManualSession>,
    /// What they consist of.
    pub sequences: BoundedCounts<SequenceTally>,
}

impl Manual {
    /// None yet; so many sequences are kept.
    #[must_use]
    pub fn new(kept: usize) -> Self {
        Manual { count: 0, tenths: BTreeMap::new(), longest: Vec::new(), sequences: BoundedCounts::new(kept) }
    }

    /// One more.
    pub fn add(&mut self, session: ManualSession) {
        self.count += 1;
        *self.tenths.entry(session.tenths).or_default() += 1;
        self.keep(session);
    }

    fn keep(&mut self, session: ManualSession) {
        let before = |there: &ManualSession| {
            (std::cmp::Reverse(there.tenths), there.place) < (std::cmp::Reverse(session.tenths), session.place)
        };
        if self.longest.len() < LONGEST || self.longest.last().is_some_and(|last| !before(last)) {
            let at = self.longest.partition_point(before);
            self.longest.insert(at, session);
            self.longest.truncate(LONGEST);
        }
    }

    /// Takes those of another part.
    pub fn join(&mut self, other: Manual) {
        self.count += other.count;
        for (tenths, count) in other.tenths {
            *self.tenths.entry(tenths).or_default() += count;
        }
        other.longest.into_iter().for_each(|session| self.keep(session));
        self.sequences.join(other.sequences);
    }

    /// The hours of all, each rounded to tenths first, added from the longest down.
    #[must_use]
    pub fn rounded_hours(&self) -> f64 {
        let mut sum = 0.0;
        for (tenths, count) in self.tenths.iter().rev() {
            let hours = *tenths as f64 / 10.0;
            for _ in 0..*count {
                sum += hours;
            }
        }
        sum
    }
}

/// Minutes as hours rounded to tenths, in tenths.
#[must_use]
pub fn tenths(minutes: f64) -> u64 {
    (round(minutes / 60.0, 1) * 10.0).round().max(0.0) as u64
}

/// How a sequence of tools is written: its smallest repeated part where it has one, else its tools.
/// Repeats of one tool in a row are one step, so that how often does not matter.
#[must_use]
pub fn sequence(tools: &[&str]) -> String {
    let mut steps: Vec<&str> = tools.to_vec();
    steps.dedup();
    let period =
        (1..=STEPS.min(steps.len())).find(|length| steps.iter().skip(*length).eq(&steps[..steps.len() - length]));
    match period {
        Some(length) if length * 2 <= steps.len() || steps.len() <= 2 => steps[..length].join(" → "),
        _ if steps.is_empty() => String::new(),
        _ => {
            let mut names: Vec<&str> = steps;
            names.sort_unstable();
            names.dedup();
            format!("{} in changing order", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_is_what_repeats() {
        assert_eq!(sequence(&["p", "q", "p", "q", "p"]), "p → q");
        assert_eq!(sequence(&["a", "a", "a"]), "a");
        assert_eq!(sequence(&["a", "a", "b", "a", "b", "b"]), "a → b");
        assert_eq!(sequence(&["a", "b", "c", "b", "a", "c", "b"]), "a, b, c in changing order");
        assert_eq!(sequence(&["a", "b", "c", "a", "b", "c", "a"]), "a → b → c");
    }

    #[test]
    fn hours_are_rounded_as_they_are_shown() {
        assert_eq!([tenths(0.0), tenths(2.9), tenths(3.0), tenths(9.0), tenths(600.0)], [0, 0, 1, 1, 100]);
    }
}
