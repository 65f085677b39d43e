//! An item that was judged, to be asked about: what `why` and the diff of rules show.
//!
//! Takes: a [`Policy`], an [`ItemFacts`], the instant of the run. Gives: [`Examination`], which answers what
//! any expression of the policy comes to and which points held. It is the same reading that judges in a
//! run, so that an explanation cannot disagree with the decision.

use std::rc::Rc;

use super::areas::Areas;
use super::evaluate::{Evaluation, PointHit, StagedItem};
use super::expr::Expr;
use super::facts::ItemFacts;
use super::rules::Policy;
use super::value::{Estimate, Tiers};
use super::words::TextHits;

/// An item under a policy, all stages done.
#[allow(missing_debug_implementations, reason = "it holds lazily computed texts")]
pub struct Examination<'p, 'a> {
    reading: StagedItem<'p, 'a>,
    points: Vec<PointHit>,
}

impl<'p, 'a> Examination<'p, 'a> {
    /// Judges the item. `now` is in microseconds since 1970 UTC.
    #[must_use]
    pub fn new(policy: &'p Policy, item: &'a ItemFacts<'a>, now: i64) -> Self {
        let found = TextHits::new(Areas::new(item.title, item.body, &item.labels), 0);
        Examination::with(policy, (item, Rc::new(found)), now)
    }

    /// The same with what another policy may have found in the texts of the item.
    #[must_use]
    pub fn with(policy: &'p Policy, item: (&'a ItemFacts<'a>, Rc<TextHits<'a>>), now: i64) -> Self {
        let reading = StagedItem::new(policy, item, now);
        let points = reading.stages();
        Examination { reading, points }
    }

    /// The judgement, as a run has it.
    #[must_use]
    pub fn judgement(&self) -> Evaluation<'p> {
        self.reading.decide(self.points.clone())
    }

    /// Every point that held, with what it matched.
    #[must_use]
    pub fn points(&self) -> Vec<PointHit> {
        let matched = |hit: &PointHit| PointHit { matched: self.reading.matched(hit), ..hit.clone() };
        self.points.iter().map(matched).collect()
    }

    /// What an expression of the policy comes to.
    #[must_use]
    pub fn value<'v>(&'v self, expr: &'v Expr) -> Estimate<'v> {
        self.reading.eval(expr)
    }

    /// Whether a condition holds, or what must be read to know.
    ///
    /// # Errors
    /// The tiers that are lacking.
    pub fn holds(&self, expr: &Expr) -> Result<bool, Tiers> {
        let out = self.value(expr);
        out.truth().ok_or_else(|| out.lacks())
    }
}
