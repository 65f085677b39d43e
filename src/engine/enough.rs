//! How far each pattern has to be counted.
//!
//! Takes: a policy with all its expressions. Gives: [`Enough`] of every pattern: where a count is
//! only ever compared with numbers, nothing past the largest of them can change a decision, and
//! most searches end after a match or three.

use super::expr::{Compare, Expr, NameRef};
use super::rules::{Policy, Threshold};
use super::words::{Enough, MAX_MATCHES};

/// Sets [`Enough`] on every pattern of the policy.
pub fn mark(policy: &mut Policy) {
    let mut needs =
        Needs { of: vec![Enough { count: 0, distinct: 0 }; policy.patterns.len()], thresholds: &policy.thresholds };
    policy.expressions().for_each(|expr| needs.walk(expr));
    // What is said of a count is said exactly.
    let mut said = Vec::new();
    policy.sentences().for_each(|sentence| sentence.names(&mut said));
    said.into_iter().for_each(|name| needs.need(name, MAX_MATCHES));
    let of = needs.of;
    for (pattern, enough) in policy.patterns.iter_mut().zip(of) {
        pattern.enough = enough;
    }
}

struct Needs<'n> {
    of: Vec<Enough>,
    thresholds: &'n [Threshold],
}

impl Needs<'_> {
    fn walk(&mut self, expr: &Expr) {
        match expr {
            Expr::Compare(op, a, b) => match (&**a, &**b) {
                (Expr::Name(name), limit) if self.limit(limit).is_some() => self.compared(*name, *op, limit),
                (limit, Expr::Name(name)) if self.limit(limit).is_some() => self.compared(*name, op.mirrored(), limit),
                _ => expr.parts(&mut |part| self.walk(part)),
            },
            Expr::Name(name) => self.need(*name, MAX_MATCHES),
            _ => expr.parts(&mut |part| self.walk(part)),
        }
    }

    /// `>= 3` and `< 3` are decided by three, all others by one more than the number.
    fn compared(&mut self, name: NameRef, op: Compare, limit: &Expr) {
        let Some(limit) = self.limit(limit) else { return };
        let whole = if matches!(op, Compare::Ge | Compare::Lt) { limit.ceil() } else { limit.floor() + 1.0 };
        self.need(name, whole.max(0.0) as usize);
    }

    fn need(&mut self, name: NameRef, needed: usize) {
        match name {
            NameRef::Count(pattern) => self.of[pattern].count = self.of[pattern].count.max(needed),
            NameRef::Distinct(pattern) => self.of[pattern].distinct = self.of[pattern].distinct.max(needed),
            _ => {}
        }
    }

    fn limit(&self, expr: &Expr) -> Option<f64> {
        match expr {
            Expr::Literal(value) => value.number(),
            Expr::Name(NameRef::Threshold(index)) => self.thresholds[*index].value.number(),
            _ => None,
        }
    }
}
