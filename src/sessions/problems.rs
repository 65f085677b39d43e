//! What could not be read, by file and line.
//!
//! Takes: each finding. Gives: [`Problems`]: the first hundred by their place, and how many there were
//! in all; what adapters met and do not understand, counted by kind. Those of several parts of the
//! inputs add up to those of the whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::session::SessionPlace;

/// Findings that are told one by one; the others are counted.
const TOLD: usize = 100;
/// Kinds of what is not understood that are counted by name; the others are counted together.
const KINDS: usize = 50;
/// The name of those others.
const OTHERS: &str = "other kinds";
/// Characters of a kind.
const KIND_CHARS: usize = 80;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InputProblem {
    /// Where.
    pub place: SessionPlace,
    /// The line of the input, from 1.
    pub line: u64,
    /// How much of the input it costs.
    pub kind: ProblemKind,
    /// What was found, and what was done about it.
    pub what: String,
}

/// How much of an input a finding costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// A record is skipped.
    Skipped,
    /// A part of a record is left out.
    LeftOut,
    /// The input, or the rest of it, cannot be read.
    Unread,
}

/// What could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problems {
    /// The first by place.
    pub first: Vec<InputProblem>,
    /// Records that were skipped.
    pub skipped: u64,
    /// Those of them that are records of something else: no JSON, or an object without a member of a session.
    #[serde(default, skip_serializing_if = "is_none")]
    pub foreign: u64,
    /// Parts of records that were left out.
    pub left_out: u64,
    /// Inputs, or rests of them, that could not be read: what they hold is not known.
    pub unread: u64,
    /// What adapters met and do not understand, by kind.
    pub strange: BTreeMap<String, u64>,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Problems {
    /// A record that is skipped.
    pub fn skip(&mut self, place: SessionPlace, line: u64, what: String) {
        self.count(InputProblem { place, line, kind: ProblemKind::Skipped, what });
    }

    /// A part of a record that is left out.
    pub fn leave_out(&mut self, place: SessionPlace, line: u64, what: String) {
        self.count(InputProblem { place, line, kind: ProblemKind::LeftOut, what });
    }

    /// An input, or the rest of one, that cannot be read.
    pub fn unread(&mut self, place: SessionPlace, line: u64, what: String) {
        self.count(InputProblem { place, line, kind: ProblemKind::Unread, what });
    }

    /// Those told of at certain places; made for the few findings of one block.
    pub fn only(&mut self, at: impl Fn(SessionPlace) -> bool) {
        let all = std::mem::take(self);
        for problem in all.first {
            if at(problem.place) {
                self.count(problem);
            }
        }
        self.foreign = all.foreign.min(self.skipped);
    }

    fn count(&mut self, problem: InputProblem) {
        *match problem.kind {
            ProblemKind::Skipped => &mut self.skipped,
            ProblemKind::LeftOut => &mut self.left_out,
            ProblemKind::Unread => &mut self.unread,
        } += 1;
        self.tell(problem);
    }

    /// Something of a kind that is not understood.
    pub fn strange(&mut self, kind: &str) {
        let kind: String = kind.chars().take(KIND_CHARS).collect();
        *self.strange.entry(kind).or_default() += 1;
        self.few_kinds();
    }

    /// Adds those of another part of the inputs.
    pub fn add(&mut self, other: Problems) {
        self.skipped += other.skipped;
        self.foreign += other.foreign;
        self.left_out += other.left_out;
        self.unread += other.unread;
        other.first.into_iter().for_each(|problem| self.tell(problem));
        for (kind, count) in other.strange {
            *self.strange.entry(kind).or_default() += count;
        }
        self.few_kinds();
    }

    /// The kinds that come first by name are kept, so that parts in any order come to the same.
    fn few_kinds(&mut self) {
        while self.strange.len() > KINDS + usize::from(self.strange.contains_key(OTHERS)) {
            let Some(last) = self.strange.keys().rev().find(|kind| *kind != OTHERS).cloned() else { return };
            let count = self.strange.remove(&last).unwrap_or_default();
            *self.strange.entry(OTHERS.to_owned()).or_default() += count;
        }
    }

    fn tell(&mut self, problem: InputProblem) {
        if self.first.len() >= TOLD && self.first.last().is_some_and(|last| *last <= problem) {
            return;
        }
        let at = self.first.partition_point(|told| *told < problem);
        self.first.insert(at, problem);
        self.first.truncate(TOLD);
    }
}
