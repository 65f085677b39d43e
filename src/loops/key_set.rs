//! Cycles that a log holds twice: a step that was tried again, two logs that were put together.
//!
//! Takes: the key of each cycle in the order of the log. Gives: whether it came before. Two are the same
//! if repository, number and time are, or, without a number, repository, issue, pull request and time. A number
//! that comes again with another time is another cycle: the counter of a loop has begun again. These are
//! counted ([`KeySet::renumbered`]).
//!
//! Bounded: numbers are kept as ranges, so that a log in which they run on costs next to nothing, and
//! at most [`RANGES`] of them, the lowest forgotten first; of all cycles the last [`KEYS`] with their times. Where
//! more would have to be known, [`KeySet::forgot`] says so.

use std::collections::{BTreeMap, HashSet, VecDeque};

use super::block::{CycleRow, NONE};

/// Ranges of numbers that are kept, over all repositories, of which there are far fewer.
pub const RANGES: usize = 100_000;

/// Cycles that are kept with their times.
pub const KEYS: usize = 500_000;

/// What has been seen.
#[derive(Debug)]
pub struct KeySet {
    /// By repository: the last number of a range by its first.
    ranges: Vec<BTreeMap<u64, u64>>,
    count: usize,
    /// The keys of the last cycles and their times, the oldest first.
    order: VecDeque<(u64, i64)>,
    /// The same to be looked up, from when that was first needed: in most logs it never is.
    keys: Option<HashSet<u64>>,
    /// The latest time of a cycle whose key was forgotten.
    forgotten: Option<i64>,
    /// What nobody can foresee, so that no log can be written whose keys meet.
    seed: u64,
    /// Something was forgotten that would have been needed.
    pub forgot: bool,
    /// Cycles with the number of an earlier one and another time.
    pub renumbered: u64,
}

impl Default for KeySet {
    fn default() -> KeySet {
        let (ranges, order) = (Vec::new(), VecDeque::new());
        let seed = fastrand::u64(..);
        KeySet { ranges, count: 0, order, keys: None, forgotten: None, seed, forgot: false, renumbered: 0 }
    }
}

impl KeySet {
    /// Whether the cycle came before; it has from now on. `repo` is its repository in the whole log.
    pub fn again(&mut self, repo: u32, row: &CycleRow) -> bool {
        let numbered = row.cycle != NONE;
        // Of two cycles about which nothing is known nobody can say that they are one. Beyond the repositories that
        // are told apart nothing is known either.
        if numbered && repo == u32::MAX || !numbered && row.at == i64::MIN {
            return false;
        }
        let known = numbered && self.number(repo, row.cycle);
        if known && row.at == i64::MIN {
            return true;
        }
        let parts = match numbered {
            true => [u64::from(repo), row.cycle, NONE, row.at.cast_unsigned()],
            false => [u64::from(repo), row.issue, row.pr, row.at.cast_unsigned()],
        };
        let key = self.key(parts);
        if known || !numbered {
            let order = &self.order;
            let again = !self.keys.get_or_insert_with(|| order.iter().map(|(key, _)| *key).collect()).insert(key);
            if again {
                return true;
            }
            self.renumbered += u64::from(known);
            self.forgot |= self.forgotten.is_some_and(|latest| row.at <= latest);
        } else if let Some(keys) = &mut self.keys {
            keys.insert(key);
        }
        self.order.push_back((key, row.at));
        if self.order.len() > KEYS
            && let Some((oldest, at)) = self.order.pop_front()
        {
            self.forgotten = self.forgotten.max(Some(at));
            if let Some(keys) = &mut self.keys {
                keys.remove(&oldest);
            }
        }
        false
    }

    /// Four numbers mixed into one.
    fn key(&self, parts: [u64; 4]) -> u64 {
        parts.iter().fold(self.seed, |mixed, part| {
            let product = u128::from(mixed ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
            u64::try_from(product >> 64).unwrap_or_default() ^ mixed.rotate_left(29)
        })
    }

    /// Whether a cycle of this number came before.
    fn number(&mut self, repo: u32, number: u64) -> bool {
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

    fn row(cycle: u64, issue: u64, at: i64) -> CycleRow {
        CycleRow {
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
        let mut seen = KeySet::default();
        for number in [5, 1, 3, 2, 4, 0, 7] {
            assert!(!seen.again(0, &row(number, 1, 0)), "{number}");
        }
        assert_eq!(seen.count, 2);
        for number in [0, 1, 2, 3, 4, 5, 7] {
            assert!(seen.again(0, &row(number, 9, 0)), "{number}");
        }
        assert_eq!(seen.renumbered, 0);
        assert!(!seen.again(0, &row(6, 1, 0)));
        assert_eq!(seen.count, 1);
        assert!(!seen.again(1, &row(3, 1, 0)), "another repository");
        assert!(!seen.again(0, &row(NONE - 1, 1, 0)));
    }

    #[test]
    fn without_a_number_issue_pull_request_and_time_are_the_key() {
        let mut seen = KeySet::default();
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
    fn a_counter_that_begins_again_loses_no_cycle() {
        let mut seen = KeySet::default();
        for begun in 0..5 {
            for number in 1..=100 {
                let at = i64::try_from(begun * 1_000 + number).unwrap();
                assert!(!seen.again(0, &row(number, 1, at)), "{begun} {number}");
                assert!(seen.again(0, &row(number, 2, at)), "{begun} {number}");
            }
        }
        assert_eq!((seen.renumbered, seen.forgot), (400, false));
        assert!(seen.again(0, &row(7, 1, i64::MIN)), "without a time the number alone tells");
        assert!(seen.again(0, &row(7, 1, 7)), "however long ago");
    }

    #[test]
    fn memory_has_an_end_and_that_is_said() {
        let mut seen = KeySet::default();
        let many = KEYS as u64 + 1_000;
        for number in 0..many {
            assert!(!seen.again(0, &row(number, 1, i64::try_from(number).unwrap())));
        }
        assert!(!seen.forgot && seen.order.len() == KEYS && seen.keys.is_none(), "nothing was asked for");
        assert!(seen.again(0, &row(many - 1, 1, i64::try_from(many).unwrap() - 1)), "the newest are still known");
        assert!(!seen.forgot);
        assert!(!seen.again(0, &row(3, 1, 3)) && seen.forgot, "it may have been there");
        let mut seen = KeySet::default();
        for number in 0..=RANGES as u64 * 2 {
            assert!(!seen.again(0, &row(number * 2, 1, 0)));
        }
        assert!(seen.forgot && seen.count <= RANGES);
    }
}
