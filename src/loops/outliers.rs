//! Cycles that took far longer than others.
//!
//! Takes: cycles in the order of the log, then the limit, which is known only after all of them. Gives:
//! the first few, or the longest few, above the limit.
//!
//! Bounded: a cycle can only be among the first so many above a limit, whichever it will be, if fewer
//! than so many before it were as long. Of a log in no order these are a handful; of one whose
//! durations only ever grow the last [`CANDIDATES`] are kept.

use super::measure::First;

/// Cycles that are kept.
pub const CANDIDATES: usize = 4_096;

/// A cycle that may be one.
#[derive(Debug, Clone, PartialEq)]
pub struct OutlierCandidate {
    /// The cycle's number.
    pub cycle: Option<u64>,
    /// The issue.
    pub issue: Option<u64>,
    /// The type, where the line says one.
    pub kind: Option<String>,
    /// Seconds.
    pub duration: f64,
    /// The reason, or nothing.
    pub reason: String,
}

/// The cycles that may be listed.
#[derive(Debug)]
pub struct Outliers {
    listed: usize,
    /// The durations of the longest so far, the longest first.
    longest: Vec<f64>,
    candidates: Vec<OutlierCandidate>,
}

impl Outliers {
    /// Of which so many will be listed.
    #[must_use]
    pub fn new(listed: usize) -> Outliers {
        Outliers { listed, longest: Vec::new(), candidates: Vec::new() }
    }

    /// Takes a cycle of so many seconds; what else is told of it is asked for only where it may be listed.
    pub fn take(&mut self, duration: f64, told: impl FnOnce() -> OutlierCandidate) {
        if self.longest.len() >= self.listed && self.longest.last().is_none_or(|least| duration <= *least) {
            return;
        }
        let place = self.longest.partition_point(|longer| *longer >= duration);
        self.longest.insert(place, duration);
        self.longest.truncate(self.listed);
        self.candidates.push(told());
        if self.candidates.len() >= 2 * CANDIDATES {
            self.candidates.drain(..CANDIDATES);
        }
    }

    /// Those above `limit`.
    #[must_use]
    pub fn above(mut self, limit: f64, first: First) -> Vec<OutlierCandidate> {
        self.candidates.retain(|one| one.duration > limit);
        if first == First::Longest {
            self.candidates.sort_by(|one, other| other.duration.total_cmp(&one.duration));
        }
        self.candidates.truncate(self.listed);
        self.candidates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycles(durations: &[f64]) -> Outliers {
        let mut outliers = Outliers::new(3);
        for (cycle, duration) in (0..).zip(durations.iter().copied()) {
            let one = OutlierCandidate { cycle: Some(cycle), issue: None, kind: None, duration, reason: String::new() };
            outliers.take(duration, || one);
        }
        outliers
    }

    #[test]
    fn the_first_and_the_longest_above_any_limit_are_those_of_the_whole_log() {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            f64::from((state >> 40) as u32 % 50)
        };
        for _ in 0..40 {
            let durations: Vec<f64> = (0..200).map(|_| next()).collect();
            for limit in [0.0, 10.0, 40.0, 48.0, 60.0] {
                let mut all: Vec<(u64, f64)> =
                    (0..).zip(durations.iter().copied()).filter(|(_, duration)| *duration > limit).collect();
                let found =
                    |first| cycles(&durations).above(limit, first).into_iter().map(|one| one.cycle.unwrap_or(0));
                assert!(found(First::Oldest).eq(all.iter().take(3).map(|(cycle, _)| *cycle)), "{limit} {durations:?}");
                all.sort_by(|one, other| other.1.total_cmp(&one.1));
                assert!(found(First::Longest).eq(all.iter().take(3).map(|(cycle, _)| *cycle)), "{limit} {durations:?}");
            }
        }
    }

    #[test]
    fn durations_that_only_grow_keep_the_last() {
        let growing: Vec<f64> = (0..50_000).map(f64::from).collect();
        let outliers = cycles(&growing);
        assert!(outliers.candidates.len() < 2 * CANDIDATES);
        assert_eq!(outliers.above(49_990.0, First::Oldest)[0].cycle, Some(49_991));
    }
}
