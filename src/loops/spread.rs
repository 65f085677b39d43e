//! How durations are spread: mean, median, how far they lie from it.
//!
//! Takes: durations one by one, in seconds, above 0. Gives: their mean and greatest value, median,
//! median absolute deviation, and how many are above a limit.
//!
//! Bounded: durations are counted by value, exactly, as long as there are no more than so many
//! different ones; whole seconds of cycles that take up to a day never are. Beyond that
//! neighbouring values fall together, in steps that are the same part of the value everywhere (65,536
//! bins: less than a thousandth), and medians are right to such a step. Means are exact always.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The most bins of a spread that stands for the whole log.
pub const BINS: usize = 1 << 16;

/// Whole seconds below this have a place of their own.
const SMALL: u32 = 1 << 12;

/// Durations.
#[derive(Debug, Clone)]
pub struct Spread {
    /// How many.
    pub count: u64,
    /// The greatest, 0 without any.
    pub greatest: f64,
    sum: f64,
    /// What the sum has lost to rounding so far.
    lost: f64,
    /// How many of each number of whole seconds below [`SMALL`], as long as no values fall together.
    small: Vec<u64>,
    /// How many of these are there at all.
    different: usize,
    /// By the high bits of the value, which have the order of the values: how many.
    bins: HashMap<u64, u64, BuildHasherDefault<Mixer>>,
    /// Bits of a value that are left out.
    shift: u32,
    most: usize,
}

/// Spreads the high bits of a value over the table; nobody can choose them to any harm worse than a
/// slow run of their own log.
#[derive(Debug, Default, Clone)]
pub struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }

    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Values in order, each with how many there are.
type ValueCounts = Vec<(f64, u64)>;

impl Spread {
    /// No durations; at most `most` bins.
    #[must_use]
    pub fn new(most: usize) -> Spread {
        Spread {
            count: 0,
            greatest: 0.0,
            sum: 0.0,
            lost: 0.0,
            small: Vec::new(),
            different: 0,
            bins: HashMap::default(),
            shift: 0,
            most,
        }
    }

    /// Adds one that is above 0 and finite.
    pub fn add(&mut self, seconds: f64) {
        self.count += 1;
        self.greatest = self.greatest.max(seconds);
        let sum = self.sum + seconds;
        self.lost += if self.sum >= seconds { (self.sum - sum) + seconds } else { (seconds - sum) + self.sum };
        self.sum = sum;
        let whole = seconds as u32;
        if self.shift == 0 && whole < SMALL && f64::from(whole) == seconds {
            let place = whole as usize;
            if self.small.len() <= place {
                self.small.resize((place + 1).next_power_of_two(), 0);
            }
            self.different += usize::from(self.small[place] == 0);
            self.small[place] += 1;
        } else {
            *self.bins.entry(seconds.to_bits() >> self.shift).or_default() += 1;
        }
        while self.bins.len() + self.different > self.most {
            self.join_bins();
        }
    }

    /// Twice as wide bins.
    fn join_bins(&mut self) {
        let small = self.small().collect::<Vec<_>>();
        (self.small, self.different) = (Vec::new(), 0);
        self.bins.extend(small.into_iter().map(|(seconds, count)| (seconds.to_bits(), count)));
        self.shift = self.shift.max(28) + 1;
        let finer = std::mem::take(&mut self.bins);
        for (bin, count) in finer {
            // The first time the lower half of the digits goes at once: they tell nothing.
            let bin = if self.shift == 29 { bin >> 29 } else { bin >> 1 };
            *self.bins.entry(bin).or_default() += count;
        }
    }

    fn small(&self) -> impl Iterator<Item = (f64, u64)> {
        (0_u32..).zip(&self.small).filter(|(_, count)| **count > 0).map(|(whole, count)| (f64::from(whole), *count))
    }

    /// The sum of all.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.sum + self.lost
    }

    /// The mean, where there are any.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum() / self.count as f64)
    }

    /// The median, where there are any: of an even number the mean of the two in the middle.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        middle(&self.value_counts())
    }

    /// The median of the distances from `centre`. Where more than half of all are equal to it, that is
    /// 0 and says nothing: then the mean distance, in the same measure (both come to the standard
    /// deviation of a normal distribution, times 0.6745).
    #[must_use]
    pub fn deviation(&self, centre: f64) -> Option<f64> {
        let mut distances: ValueCounts =
            self.value_counts().into_iter().map(|(value, count)| ((value - centre).abs(), count)).collect();
        distances.sort_by(|one, other| one.0.total_cmp(&other.0));
        let sum: f64 = distances.iter().map(|(distance, count)| distance * *count as f64).sum();
        match middle(&distances)? {
            0.0 => Some(sum / self.count as f64 * (1.253_314 / 1.482_602)),
            median => Some(median),
        }
    }

    /// How many are above `limit`.
    #[must_use]
    pub fn above(&self, limit: f64) -> u64 {
        self.each().filter(|(value, _)| *value > limit).map(|(_, count)| count).sum()
    }

    /// Values in order.
    #[must_use]
    pub fn value_counts(&self) -> ValueCounts {
        let mut counted: ValueCounts = self.each().collect();
        counted.sort_by(|one, other| one.0.total_cmp(&other.0));
        counted
    }

    fn each(&self) -> impl Iterator<Item = (f64, u64)> {
        self.small().chain(self.bins.iter().map(|(bin, count)| (self.value(*bin), *count)))
    }

    /// The value that a bin stands for: the least in it.
    fn value(&self, bin: u64) -> f64 {
        f64::from_bits(bin << self.shift)
    }
}

/// The median of values in order.
fn middle(counted: &[(f64, u64)]) -> Option<f64> {
    let all: u64 = counted.iter().map(|(_, count)| count).sum();
    let nth = |wanted: u64| {
        let mut before = 0;
        let at = counted.iter().find(|(_, count)| {
            before += count;
            before > wanted
        });
        at.map(|(value, _)| *value)
    };
    let upper = nth(all / 2)?;
    let lower = if all.is_multiple_of(2) { nth(all / 2 - 1)? } else { upper };
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn spread(values: impl IntoIterator<Item = f64>, most: usize) -> Spread {
        let mut spread = Spread::new(most);
        values.into_iter().for_each(|value| spread.add(value));
        spread
    }

    #[test]
    fn small_samples_are_exact() {
        let none = Spread::new(9);
        assert_eq!((none.mean(), none.median(), none.deviation(1.0), none.greatest), (None, None, None, 0.0));
        let odd = spread([9.0, 1.0, 2.5], 9);
        assert_eq!((odd.mean(), odd.median(), odd.greatest), (Some(12.5 / 3.0), Some(2.5), 9.0));
        let even = spread([4.0, 1.0, 2.0, 3.0], 9);
        assert_eq!((even.median(), even.deviation(2.5)), (Some(2.5), Some(1.0)));
        assert_eq!((even.above(2.0), even.above(4.0), even.above(0.0)), (2, 0, 4));
        assert_eq!(spread([0.1; 10], 9).sum(), 1.0, "nothing is lost to rounding");
    }

    #[test]
    fn where_most_are_equal_the_mean_distance_stands_in() {
        let spread = spread([60.0, 60.0, 60.0, 60.0, 600.0], 9);
        let deviation = spread.deviation(60.0).unwrap();
        assert!((deviation - 108.0 * 0.845_35).abs() < 0.01, "{deviation}");
        assert_eq!(self::spread([60.0; 5], 9).deviation(60.0), Some(0.0));
    }

    #[test]
    fn memory_has_an_end_and_medians_stay_near() {
        let values = (1..=200_000).map(|n| f64::from(n) * 1.37);
        for most in [512, BINS] {
            let bounded = spread(values.clone(), most);
            assert!(bounded.bins.len() <= most && bounded.bins.len() > most / 3, "{}", bounded.bins.len());
            let (median, mean) = (bounded.median().unwrap(), bounded.mean().unwrap());
            let off = (median / (100_000.5 * 1.37) - 1.0).abs();
            assert!(off < if most == BINS { 0.000_2 } else { 0.03 }, "{median}");
            assert!((mean - 100_000.5 * 1.37).abs() < 1e-6);
        }
        let seconds = spread((1..=60_000).map(f64::from), BINS);
        assert_eq!((seconds.shift, seconds.median(), seconds.above(59_990.0)), (0, Some(30_000.5), 10));
    }
}
