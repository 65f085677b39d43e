//! Sums that do not depend on the order of what is added.
//!
//! Takes: numbers. Gives: [`Exact`], their exact sum as far as 2^-56, so that parts of a sum, added in
//! whatever order, come to the same number to the last bit.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One, in units of the sum.
const ONE: f64 = (1_u64 << 56) as f64;

/// A sum of numbers, each of which is smaller than 2^60.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exact(i128);

impl Exact {
    /// Adds a number. Scaling by a power of two is exact; what lies below 2^-56 is cut off.
    pub fn add(&mut self, number: f64) {
        self.0 = self.0.saturating_add((number * ONE) as i128);
    }

    /// Adds another sum.
    pub fn join(&mut self, other: Exact) {
        self.0 = self.0.saturating_add(other.0);
    }

    /// The sum, as the nearest number.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0 as f64 / ONE
    }
}

/// As text: JSON's numbers are too short.
impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Exact).map_err(|_| serde::de::Error::custom("a sum is a whole number as text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_the_same_in_every_order() {
        let numbers = [0.1, 1e9, 1200.5, 1e-9, 4999.0, 0.2, 3e10, 0.3];
        let (mut there, mut back) = (Exact::default(), Exact::default());
        numbers.iter().for_each(|number| there.add(*number));
        numbers.iter().rev().for_each(|number| back.add(*number));
        assert_eq!(there, back);
        assert_eq!(there.value(), 31_000_006_200.1);
        let mut few = Exact::default();
        [1200.5, 4999.0].into_iter().for_each(|number| few.add(number));
        assert_eq!(few.value(), 6199.5);
    }
}
