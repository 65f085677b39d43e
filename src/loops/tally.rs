//! The figures of a set of cycles.
//!
//! Takes: rows one by one. Gives: [`LoopTally`]: how many, how many succeeded, durations, lines, pull
//! requests. Rates are rounded as the contract of the output wants it, by [`round`].

use super::block::CycleRow;
use super::spread::Spread;

/// Figures of some cycles.
#[derive(Debug, Clone)]
pub struct LoopTally {
    /// Cycles.
    pub count: u64,
    /// Those of which it is known whether they succeeded.
    pub judged: u64,
    /// Those that did.
    pub successes: u64,
    /// Lines added less lines removed.
    pub net: f64,
    /// Lines added and lines removed.
    pub changed: f64,
    /// Cycles that came to a pull request.
    pub prs: u64,
    /// Durations above 0, in seconds.
    pub durations: Spread,
}

impl LoopTally {
    /// Of no cycles; durations in at most `bins` bins.
    #[must_use]
    pub fn new(bins: usize) -> LoopTally {
        let durations = Spread::new(bins);
        LoopTally { count: 0, judged: 0, successes: 0, net: 0.0, changed: 0.0, prs: 0, durations }
    }

    /// Adds a cycle.
    pub fn add(&mut self, row: &CycleRow, success: Option<bool>) {
        self.count += 1;
        self.judged += u64::from(success.is_some());
        self.successes += u64::from(success == Some(true));
        self.net += row.net;
        self.changed += row.changed;
        self.prs += u64::from(row.pr > 0);
        if row.duration > 0.0 {
            self.durations.add(row.duration);
        }
    }

    /// The share that succeeded, not rounded.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        (self.judged > 0).then(|| self.successes as f64 / self.judged as f64)
    }

    /// Successes and what they are of.
    #[must_use]
    pub fn share(&self) -> (u64, u64) {
        (self.successes, self.judged)
    }
}

/// Rounded to so many digits, half to even on the exact binary value, as Python rounds.
#[must_use]
pub fn round(value: f64, digits: usize) -> f64 {
    if value.is_finite() { format!("{value:.digits$}").parse().unwrap_or(value) } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_to_even_on_the_exact_value() {
        for (value, digits, expected) in [
            (0.5, 0, 0.0),
            (1.5, 0, 2.0),
            (2.5, 0, 2.0),
            (2.675, 2, 2.67),
            (0.0625, 3, 0.062),
            (0.1875, 3, 0.188),
            (-0.0005, 3, -0.001),
            (1.0 / 3.0, 3, 0.333),
            (27.85, 1, 27.9),
            (1e300, 3, 1e300),
        ] {
            assert_eq!(round(value, digits), expected, "{value} to {digits}");
        }
    }
}
