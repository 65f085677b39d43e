//! Issues that failed again and again.
//!
//! Takes: the failures and successes of issues in the order of the log. Gives: how often each failed,
//! the most failed first, then the one that failed first; and, in a second reading of the log for the few
//! that are listed, each attempt.
//!
//! Bounded: at most [`ISSUES`] failing issues are told apart; failures of further ones are counted in
//! [`Repeats::beyond`]. Of an issue that is listed the last [`ATTEMPTS`] attempts are kept.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::block::{CycleRow, NONE};
use super::spread::Mixer;

/// Failing issues that are told apart.
pub const ISSUES: usize = 100_000;

/// Attempts of an issue that are listed.
pub const ATTEMPTS: usize = 1_000;

/// A failed attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// The cycle's number.
    pub cycle: Option<u64>,
    /// Why, as the log says it.
    pub reason: String,
    /// Seconds; 0 where they are not known.
    pub duration: f64,
}

/// An issue: its repository in the log, its number.
pub type IssueKey = (u32, u64);

/// Failures by issue.
#[derive(Debug, Default)]
pub struct Repeats {
    issues: HashMap<IssueKey, AttemptState, BuildHasherDefault<Mixer>>,
    /// Failures that are told of no issue, since too many issues failed.
    pub beyond: u64,
}

#[derive(Debug, Clone, Copy)]
struct AttemptState {
    failures: u64,
    /// Its place among the failing issues.
    first: u64,
    /// When it last failed and last succeeded, microseconds; `i64::MIN` unknown.
    failed: i64,
    succeeded: i64,
}

impl AttemptState {
    /// What an attempt makes of it. A success takes back the failures that came before it: in the log,
    /// unless its time says that it came earlier.
    fn take(&mut self, at: i64, failed: bool, forgive: bool) -> AttemptEffect {
        let known = at != i64::MIN;
        if failed {
            if forgive && known && at < self.succeeded {
                return AttemptEffect::Nothing;
            }
            (self.failures, self.failed) = (self.failures + 1, self.failed.max(at));
            return AttemptEffect::Failed;
        }
        self.succeeded = self.succeeded.max(at);
        if forgive && (!known || at >= self.failed) {
            self.failures = 0;
            return AttemptEffect::Forgiven;
        }
        AttemptEffect::Nothing
    }
}

#[derive(Debug, PartialEq, Eq)]
enum AttemptEffect {
    Nothing,
    Failed,
    Forgiven,
}

impl Repeats {
    /// Takes an attempt at an issue.
    pub fn take(&mut self, issue: IssueKey, at: i64, failed: bool, forgive: bool) {
        if let Some(state) = self.issues.get_mut(&issue) {
            state.take(at, failed, forgive);
        } else if failed && self.issues.len() < ISSUES {
            let first = self.issues.len() as u64;
            let mut state = AttemptState { failures: 0, first, failed: i64::MIN, succeeded: i64::MIN };
            state.take(at, failed, forgive);
            self.issues.insert(issue, state);
        } else if failed {
            self.beyond += 1;
        }
    }

    /// Issues that failed at least `from` times, with how often.
    #[must_use]
    pub fn listed(&self, from: u64) -> Vec<(IssueKey, u64)> {
        let mut found: Vec<(&IssueKey, &AttemptState)> =
            self.issues.iter().filter(|(_, state)| state.failures >= from).collect();
        found.sort_by_key(|(_, state)| (std::cmp::Reverse(state.failures), state.first));
        found.into_iter().map(|(issue, state)| (*issue, state.failures)).collect()
    }
}

/// The attempts of a few issues, told in a second reading.
#[derive(Debug)]
pub struct AttemptStory {
    of: HashMap<IssueKey, (AttemptState, Vec<Attempt>)>,
}

impl AttemptStory {
    /// Of these issues.
    #[must_use]
    pub fn new(issues: impl IntoIterator<Item = IssueKey>) -> AttemptStory {
        let state = AttemptState { failures: 0, first: 0, failed: i64::MIN, succeeded: i64::MIN };
        AttemptStory { of: issues.into_iter().map(|issue| (issue, (state, Vec::new()))).collect() }
    }

    /// Whether attempts at this issue are told.
    #[must_use]
    pub fn wants(&self, issue: IssueKey) -> bool {
        self.of.contains_key(&issue)
    }

    /// Takes an attempt, as [`Repeats::take`] did.
    pub fn take(
        &mut self,
        issue: IssueKey,
        row: &CycleRow,
        failed: bool,
        forgive: bool,
        reason: impl FnOnce() -> String,
    ) {
        let Some((state, attempts)) = self.of.get_mut(&issue) else { return };
        match state.take(row.at, failed, forgive) {
            AttemptEffect::Nothing => {}
            AttemptEffect::Forgiven => attempts.clear(),
            AttemptEffect::Failed => {
                let duration = if row.duration.is_nan() { 0.0 } else { row.duration };
                let cycle = (row.cycle != NONE).then_some(row.cycle);
                attempts.push(Attempt { cycle, reason: reason(), duration });
                if attempts.len() >= 2 * ATTEMPTS {
                    attempts.drain(..ATTEMPTS);
                }
            }
        }
    }

    /// The attempts at an issue, the last `most` and at most [`ATTEMPTS`].
    #[must_use]
    pub fn attempts(&self, issue: IssueKey, most: u64) -> &[Attempt] {
        let attempts = self.of.get(&issue).map_or(&[][..], |(_, attempts)| attempts);
        let most = usize::try_from(most).unwrap_or(ATTEMPTS).min(ATTEMPTS);
        &attempts[attempts.len().saturating_sub(most)..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_failed_come_first_and_equals_in_their_order() {
        let mut repeats = Repeats::default();
        for issue in [3, 1, 2, 2, 1, 3, 9, 2] {
            repeats.take((0, issue), i64::MIN, true, false);
        }
        repeats.take((1, 1), 5, true, false);
        repeats.take((0, 3), 5, false, false);
        assert_eq!(repeats.listed(2), [((0, 2), 3), ((0, 3), 2), ((0, 1), 2)]);
    }

    #[test]
    fn a_success_forgives_what_came_before_it() {
        let mut repeats = Repeats::default();
        for (at, failed) in [(1, true), (2, true), (3, false), (4, true)] {
            repeats.take((0, 1), at, failed, true);
            repeats.take((0, 2), at, failed, false);
            // Written out of order: the success was first, and then three failures.
            repeats.take((0, 3), at, at != 3, true);
        }
        assert_eq!(repeats.listed(1), [((0, 2), 3), ((0, 1), 1), ((0, 3), 1)]);
        repeats.take((0, 1), 2, true, true);
        repeats.take((0, 1), 3, false, true);
        assert_eq!(repeats.listed(1)[1], ((0, 1), 1), "older than the success, and a success older than the failure");
        repeats.take((0, 1), i64::MIN, false, true);
        assert_eq!(repeats.listed(1).len(), 2, "without a time the log's order counts");
    }

    #[test]
    fn issues_have_an_end_and_that_is_said() {
        let mut repeats = Repeats::default();
        for issue in 0..ISSUES as u64 + 5 {
            repeats.take((0, issue), 1, true, true);
        }
        assert_eq!((repeats.issues.len(), repeats.beyond), (ISSUES, 5));
    }
}
