//! Cycles that a log holds twice: a step that was tried again, two logs that were put together.
//!
//! Takes: the key of each cycle in the order of the log. Gives: whether it came before. Two are the same
//! if repository and number are, or, without a number, repository, issue, pull request and timestamp.
//!
//! Bounded: numbers are kept as ranges, so that a log in which they run on costs next to nothing, and
//! at most [`RANGES`] of them; of cycles without a number the last [`KEYS`]. What is beyond is
//! forgotten, the lowest numbers and the oldest keys first, and [`Seen::forgot`] says so.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

use super::block::{NONE, Row};

/// Ranges of numbers that are kept, over all repositories, of which there are far fewer.
pub const RANGES: usize = 100_000;

/// Cycles without a number that are kept.
pub const KEYS: usize = 100_000;

/// What has been seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// By repository: the last number of a range by its first.
    ranges: Vec<BTreeMap<u64, u64>>,
    count: usize,
    keys: HashSet<u64>,
    order: VecDeque<u64>,
    hasher: RandomState,
    /// Something was forgotten.
    pub forgot: bool,
}

impl Seen {
    /// Whether the cycle came before; it has from now on. `repo` is its repository in the whole log.
    pub fn again(&mut self, repo: u32, row: &Row) -> bool {
        if row.cycle != NONE {
            return self.number(repo, row.cycle);
        }
        // Of two cycles about which nothing is known nobody can say that they are one.
        if row.at == i64::MIN {
            return false;
        }
        let key = self.hasher.hash_one((repo, row.issue, row.pr, row.at));
        if !self.keys.insert(key) {
            return true;
        }
        self.order.push_back(key);
        if self.order.len() > KEYS {
            self.forgot = true;
            if let Some(oldest) = self.order.pop_front() {
                self.keys.remove(&oldest);
            }
        }
        false
    }

    fn number(&mut self, repo: u32, number: u64) -> bool {
        // Beyond the repositories that are told apart nothing is known.
        if repo == u32::MAX {
            return false;
        }
        let place = repo as usize;
        if self.ranges.len() <= place {
            self.ranges.resize_with(place + 1, BTreeMap::new);
        }
        let ranges = &mut self.ranges[place];
        let before = ranges.range_mut(..=number).next_back();
        let next = number + 1;
        match before {
            Some((_, last)) if *last >= number => return true,
            Some((first, last)) if *last + 1 == number => {
                *last = number;
                let first = *first;
                if let Some(end) = ranges.remove(&next) {
                    ranges.insert(first, end);
                    self.count -= 1;
                }
            }
            _ => match ranges.remove(&next) {
                Some(end) => {
                    ranges.insert(number, end);
                }
                None => {
                    ranges.insert(number, number);
                    self.count += 1;
                }
            },
        }
        if self.count > RANGES {
            self.forgot = true;
            self.halve();
        }
        false
    }

    /// Forgets the lower half of the ranges of each repository.
    fn halve(&mut self) {
        for ranges in &mut self.ranges {
            if let Some(middle) = ranges.keys().nth(ranges.len() / 2).copied() {
                *ranges = ranges.split_off(&middle);
            }
        }
        self.count = self.ranges.iter().map(BTreeMap::len).sum();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn row(cycle: u64, issue: u64, at: i64) -> Row {
        Row {
            at,
            cycle,
            issue,
            pr: 0,
            duration: f64::NAN,
            net: 0.0,
            changed: 0.0,
            kind: 0,
            repo: 0,
            start: 0,
            success: None,
            truthy: false,
        }
    }

    #[test]
    fn numbers_in_any_order_become_one_range() {
        let mut seen = Seen::default();
        for number in [5, 1, 3, 2, 4, 0, 7] {
            assert!(!seen.again(0, &row(number, 1, 0)), "{number}");
        }
        assert_eq!(seen.count, 2);
        for number in [0, 1, 2, 3, 4, 5, 7] {
            assert!(seen.again(0, &row(number, 9, 9)), "{number}");
        }
        assert!(!seen.again(0, &row(6, 1, 0)));
        assert_eq!(seen.count, 1);
        assert!(!seen.again(1, &row(3, 1, 0)), "another repository");
        assert!(!seen.again(0, &row(NONE - 1, 1, 0)));
    }

    #[test]
    fn without_a_number_issue_pull_request_and_time_are_the_key() {
        let mut seen = Seen::default();
        assert!(!seen.again(0, &row(NONE, 1, 10)));
        assert!(seen.again(0, &row(NONE, 1, 10)));
        assert!(!seen.again(0, &row(NONE, 2, 10)));
        assert!(!seen.again(0, &row(NONE, 1, 11)));
        assert!(!seen.again(1, &row(NONE, 1, 10)));
        for _ in 0..2 {
            assert!(!seen.again(0, &row(NONE, 1, i64::MIN)), "nothing is known of it");
        }
    }

    #[test]
    fn memory_has_an_end_and_that_is_said() {
        let mut seen = Seen::default();
        let last = RANGES as u64 * 2;
        for number in 0..=last {
            assert!(!seen.again(0, &row(number * 2, 1, 0)));
            assert!(!seen.again(0, &row(NONE, 1, i64::try_from(number).unwrap())));
        }
        assert!(seen.forgot && seen.count <= RANGES && seen.keys.len() <= KEYS);
        assert!(seen.again(0, &row(last * 2, 1, 0)), "the newest are still known");
        assert!(seen.again(0, &row(NONE, 1, i64::try_from(last).unwrap())));
    }
}
