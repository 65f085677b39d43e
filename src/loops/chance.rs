//! Whether a change is more than chance would give.
//!
//! Takes: two samples. Gives: how likely a difference at least as great is if nothing has changed (p,
//! two-sided, from 0 to 1); `None` where a sample is empty. Rates are compared by Fisher's exact test,
//! counts over two spans of time by the exact binomial test, durations by the test of Mann, Whitney and
//! Wilcoxon, which asks nothing of their distribution.

/// p of two shares: `good` of `all`, in one sample and in the other.
#[must_use]
pub fn shares(one: (u64, u64), other: (u64, u64)) -> Option<f64> {
    if one.1 == 0 || other.1 == 0 {
        return None;
    }
    // Given the sums of the table, one cell says all of it.
    let (good, all) = (one.0 + other.0, one.1 + other.1);
    let (least, most) = (good.saturating_sub(other.1), good.min(one.1));
    let up = |cell: u64| {
        let (cell, good, drawn, all) = (cell as f64, good as f64, one.1 as f64, all as f64);
        (good - cell) * (drawn - cell) / ((cell + 1.0) * (all - good - drawn + cell + 1.0))
    };
    Some(two_sided(one.0, least, most, up))
}

/// p of two counts, each with the time that it was counted over, in any unit.
#[must_use]
pub fn counts(one: (u64, f64), other: (u64, f64)) -> Option<f64> {
    let (all, time) = (one.0 + other.0, one.1 + other.1);
    if all == 0 || one.1 <= 0.0 || other.1 <= 0.0 {
        return None;
    }
    let odds = (one.1 / time) / (other.1 / time);
    let up = |count: u64| (all - count) as f64 / (count + 1) as f64 * odds;
    Some(two_sided(one.0, 0, all, up))
}

/// The share of outcomes no more likely than `at`, by what each is to the one before it.
fn two_sided(at: u64, least: u64, most: u64, up: impl Fn(u64) -> f64) -> f64 {
    // Relative to what was observed; rounding must not tell equals apart.
    let (mut rare, mut all) = (1.0, 1.0);
    let mut weight = 1.0;
    for count in at..most {
        weight *= up(count);
        all += weight;
        rare += if weight <= 1.0 + 1e-7 { weight } else { 0.0 };
        if weight < 1e-18 {
            break;
        }
    }
    weight = 1.0;
    for count in (least..at).rev() {
        weight /= up(count);
        all += weight;
        rare += if weight <= 1.0 + 1e-7 { weight } else { 0.0 };
        if weight < 1e-18 {
            break;
        }
    }
    // What was observed may be so rare that the rest is infinite beside it.
    (rare / all).clamp(0.0, 1.0)
}

/// p of two samples of durations: values in order, each with how many there are.
#[must_use]
pub fn values(one: &[(f64, u64)], other: &[(f64, u64)]) -> Option<f64> {
    let size = |sample: &[(f64, u64)]| sample.iter().map(|(_, count)| count).sum::<u64>() as f64;
    let (n, m) = (size(one), size(other));
    if n == 0.0 || m == 0.0 {
        return None;
    }
    let (mut first, mut second) = (one.iter().peekable(), other.iter().peekable());
    let (mut rank, mut ties, mut below) = (0.0, 0.0, 0.0);
    while let Some(value) = match (first.peek(), second.peek()) {
        (Some(a), Some(b)) => Some(a.0.min(b.0)),
        (a, b) => a.or(b).map(|next| next.0),
    } {
        let here = |(at, _): &&(f64, u64)| *at == value;
        let ours = first.next_if(here).map_or(0.0, |next| next.1 as f64);
        let equal = ours + second.next_if(here).map_or(0.0, |next| next.1 as f64);
        // Equals share the mean of their ranks.
        below += ours * (rank + (equal + 1.0) / 2.0);
        ties += equal * (equal * equal - 1.0);
        rank += equal;
    }
    let all = n + m;
    let off = (below - n * (all + 1.0) / 2.0).abs();
    let spread = (n * m / 12.0 * ((all + 1.0) - ties / (all * (all - 1.0)))).max(0.0).sqrt();
    // No samples of these sizes can say more than that all of one lie on one side.
    let least = (2.0 / choose(all, n.min(m))).min(1.0);
    let p = if spread > 0.0 { complement((off - 0.5).max(0.0) / spread / std::f64::consts::SQRT_2) } else { 1.0 };
    Some(p.clamp(least, 1.0))
}

/// In how many ways `some` of `all` can be chosen.
fn choose(all: f64, some: f64) -> f64 {
    let (mut ways, mut step) = (1.0, 0.0);
    while step < some && ways < 1e18 {
        ways *= (all - step) / (step + 1.0);
        step += 1.0;
    }
    ways
}

/// The complementary error function from 0 up, right to seven digits (Numerical Recipes, erfcc).
fn complement(x: f64) -> f64 {
    const TERMS: [f64; 10] = [
        0.170_872_77,
        -0.822_152_23,
        1.488_515_87,
        -1.135_203_98,
        0.278_868_07,
        -0.186_288_06,
        0.096_784_18,
        0.374_091_96,
        1.000_023_68,
        -1.265_512_23,
    ];
    let t = 1.0 / (1.0 + 0.5 * x);
    t * (TERMS.iter().fold(0.0, |sum, term| sum * t + term) - x * x).exp()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn near(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 5e-5, "{found} instead of {expected}");
    }

    #[test]
    fn shares_are_compared_exactly() {
        // As the definition gives it.
        near(shares((1, 10), (11, 14)), 0.002_759);
        near(shares((4, 5), (1, 5)), 0.206_349);
        near(shares((0, 3), (3, 3)), 0.1);
        near(shares((5, 10), (5, 10)), 1.0);
        near(shares((3, 3), (4, 4)), 1.0);
        near(shares((1_000, 100_000), (3_000, 100_000)), 0.0);
        assert_eq!(shares((0, 0), (1, 2)), None);
    }

    #[test]
    fn counts_are_compared_over_their_time() {
        // As the definition gives it, with 1/2 and 1/3.
        near(counts((2, 7.0), (8, 7.0)), 0.109_375);
        near(counts((0, 7.0), (30, 7.0)), 0.0);
        near(counts((10, 7.0), (10, 7.0)), 1.0);
        near(counts((9, 1.0), (6, 2.0)), 0.050_239);
        assert_eq!(counts((0, 7.0), (0, 7.0)), None);
        assert_eq!(counts((1, 7.0), (1, 0.0)), None);
    }

    #[test]
    fn durations_are_compared_by_rank() {
        let sample = |values: &[f64]| values.iter().map(|value| (*value, 1)).collect::<Vec<_>>();
        let (low, high) = (sample(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), sample(&[7.0, 8.0, 9.0, 10.0, 11.0, 12.0]));
        // With ties, and with the correction for continuity.
        near(values(&low, &high), 0.005_075);
        near(values(&high, &low), 0.005_075);
        near(values(&[(1.0, 5), (2.0, 3)], &[(1.0, 2), (2.0, 6)]), 0.160_660);
        near(values(&[(60.0, 9)], &[(60.0, 4)]), 1.0);
        // Two of two say nothing, however far apart.
        near(values(&[(1.0, 1), (2.0, 1)], &[(900.0, 2)]), 1.0 / 3.0);
        near(values(&[(60.0, 500)], &[(90.0, 500)]), 0.0);
        assert_eq!(values(&[], &low), None);
    }
}
