//! What a number can be: from where to where, only whole ones, any but a few.
//!
//! Takes: a name of a [`Policy`], comparisons with numbers. Gives: [`Range`], narrowed by each, and
//! whether anything is left.

use crate::engine::eval;
use crate::engine::expr::{Compare, NameRef};
use crate::engine::facts::Fact;
use crate::engine::policy::Policy;
use crate::engine::rules::Component;
use crate::engine::value::Value;

use super::logic::EXACT;

/// Single numbers that are kept in mind as left out.
const EXCLUDED: usize = 64;

/// What a number can be. A value that is unknown lies below every number, as comparisons have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    low: f64,
    high: f64,
    low_open: bool,
    high_open: bool,
    /// Only whole numbers.
    whole: bool,
    /// It may not be a number, such as 0 / 0: then every comparison but `!=` fails.
    undefined: bool,
    /// Numbers that it is not.
    not: Vec<f64>,
}

impl Range {
    /// Nothing is known of it.
    pub const ANY: Range = Range {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
        low_open: false,
        high_open: false,
        whole: false,
        undefined: true,
        not: Vec::new(),
    };
    /// A count: 0, 1, 2, …
    pub const COUNT: Range = Range {
        low: 0.0,
        high: f64::INFINITY,
        low_open: false,
        high_open: false,
        whole: true,
        undefined: false,
        not: Vec::new(),
    };

    /// From `low` to `high`.
    fn between(low: f64, high: f64, whole: bool) -> Range {
        Range { low, high, whole, undefined: false, ..Range::ANY }
    }

    /// Both ends, where there are two.
    #[must_use]
    pub fn ends(&self) -> Option<(f64, f64)> {
        (self.low.is_finite() && self.high.is_finite()).then_some((self.low, self.high))
    }

    /// The smallest that it can be, where there is one.
    #[must_use]
    pub fn least(&self) -> Option<f64> {
        self.low.is_finite().then_some(self.low)
    }

    /// Keeps what compares so with a number; without `truth` what does not.
    pub fn narrow(&mut self, op: Compare, with: f64, truth: bool) {
        // What is undefined differs from everything, and compares with nothing.
        self.undefined &= (op == Compare::Ne) == truth;
        match (op, truth) {
            (Compare::Eq, true) | (Compare::Ne, false) => {
                self.above(with, false);
                self.below(with, false);
            }
            // What is left out of a long list is taken to be possible.
            (Compare::Eq, false) | (Compare::Ne, true) if self.not.len() < EXCLUDED => self.not.push(with),
            (Compare::Eq, false) | (Compare::Ne, true) => {}
            (Compare::Gt, true) | (Compare::Le, false) => self.above(with, true),
            (Compare::Ge, true) | (Compare::Lt, false) => self.above(with, false),
            (Compare::Lt, true) | (Compare::Ge, false) => self.below(with, true),
            (Compare::Le, true) | (Compare::Gt, false) => self.below(with, false),
        }
    }

    /// It is unknown: below every number.
    pub fn unknown(&mut self) {
        self.undefined = false;
        self.below(f64::NEG_INFINITY, false);
    }

    fn above(&mut self, low: f64, open: bool) {
        let (low, open) = match (self.whole, open) {
            (true, true) => (low.floor() + 1.0, false),
            (true, false) => (low.ceil(), false),
            other => (low, other.1),
        };
        if low > self.low || low == self.low && open {
            (self.low, self.low_open) = (low, open);
        }
    }

    fn below(&mut self, high: f64, open: bool) {
        let (high, open) = match (self.whole, open) {
            (true, true) => (high.ceil() - 1.0, false),
            (true, false) => (high.floor(), false),
            other => (high, other.1),
        };
        if high < self.high || high == self.high && open {
            (self.high, self.high_open) = (high, open);
        }
    }

    /// Nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        if self.undefined {
            return false;
        }
        let (mut low, mut high) = (self.low, self.high);
        if self.whole {
            while low <= high && self.not.contains(&low) && low.is_finite() {
                low += 1.0;
            }
            while low <= high && self.not.contains(&high) && high.is_finite() {
                high -= 1.0;
            }
            return low > high;
        }
        low > high || low == high && (self.low_open || self.high_open || self.not.contains(&low))
    }
}

/// What a name of the policy can be as a number.
#[must_use]
pub fn of_name(policy: &Policy, name: NameRef) -> Range {
    match name {
        NameRef::Fact(Fact::Number | Fact::Comments)
        | NameRef::Count(_)
        | NameRef::Distinct(_)
        | NameRef::LabelsWith(_) => Range::COUNT,
        NameRef::Fact(Fact::AgeDays | Fact::AgeHours | Fact::UpdatedDays | Fact::IdleDays) => {
            let ages = policy.ages;
            let least = if ages.future >= Some(0) && ages.unknown >= Some(0) { 0.0 } else { f64::NEG_INFINITY };
            Range::between(least, f64::INFINITY, true)
        }
        NameRef::Component(index) => of_component(&policy.components[index]).unwrap_or(Range::ANY),
        NameRef::Score => {
            let mut sum = (Value::Int(0), Value::Int(0));
            let mut whole = true;
            for component in &policy.components {
                let Some(range) = of_component(component) else { return Range::ANY };
                // Added in the order in which they are for an item, so that rounding is the same.
                sum = (eval::add(&sum.0, &Value::Float(range.low)), eval::add(&sum.1, &Value::Float(range.high)));
                whole &= range.whole;
            }
            let end = |value: &Value<'_>| value.number().unwrap_or(f64::NAN);
            let (low, high) = (end(&sum.0), end(&sum.1));
            if low.abs() <= EXACT && high.abs() <= EXACT { Range::between(low, high, whole) } else { Range::ANY }
        }
        _ => Range::ANY,
    }
}

/// A component is kept within 0 and `max`; where its points are whole, within their sum too. `None`
/// where its numbers are too large to be sure.
fn of_component(component: &Component) -> Option<Range> {
    let numbers = || component.points.iter().map(|point| &point.add).chain([&component.max]);
    let sure = numbers().all(|value| value.number().is_some_and(|number| number.abs() <= EXACT / 1e6));
    if !sure || component.points.len() > 10_000 {
        return None;
    }
    let whole = numbers().all(|value| matches!(value, Value::Int(_)));
    let max = component.max.number()?;
    let adds = component.points.iter().filter_map(|point| point.add.number());
    let most = if whole { adds.filter(|add| *add > 0.0).sum::<f64>().min(max) } else { max };
    Some(Range::between(max.min(0.0), most.max(0.0), whole))
}
