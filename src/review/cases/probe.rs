//! Which parts of conditions over counted facts held and failed.
//!
//! Takes: the rules of a job, the counted facts of its cases. Gives: what of the rules they exercise. Beside
//! each rule the parts of its condition are looked at as rules that only observe: they see what it sees, and
//! change nothing of what it sees.

use std::collections::BTreeSet;

use super::CountedFacts;
use super::coverage::PartPlace;
use crate::advise::{self, AdviceRule, AdviceRules, RuleCounts};
use crate::engine::expr::{Expr, NameRef};
use crate::engine::rules::Condition;
use crate::engine::value::Value;
use crate::review::book::{RuleBook, RuleSeat};

/// A rule and the parts of its condition: what `and` and `or` join, whatever is in them.
type RuleParts<'b> = (RuleSeat<'b>, Vec<&'b Expr>);

/// The rules with probes beside them.
#[derive(Debug)]
pub(super) struct Probes<'b> {
    book: RuleBook<'b>,
    rules: Vec<RuleParts<'b>>,
    /// The sections with probes: for each rule those of its parts, then the rule.
    probing: Vec<AdviceRules>,
    /// For each rule of those how often it was looked at and held.
    counts: Vec<Vec<RuleCounts>>,
}

impl<'b> Probes<'b> {
    pub(super) fn new(book: RuleBook<'b>) -> Self {
        let rules: Vec<RuleParts<'b>> = book.seated().map(|of| (of, parts(of.rule))).collect();
        let mut probing = book.advice.sections.clone();
        for (of, parts) in rules.iter().rev() {
            let group = &mut probing[of.seat.section].groups[of.seat.group].rules;
            let probes: Vec<AdviceRule> = parts.iter().map(|part| probe(of.rule, part)).collect();
            group.splice(of.seat.rule..of.seat.rule, probes);
        }
        let looked = probing.iter().map(|rules| vec![RuleCounts::default(); rules.all().count()]).collect();
        Probes { book, rules, probing, counts: looked }
    }

    /// Looks at the facts of a case.
    pub(super) fn look(&mut self, counted: &CountedFacts) {
        let rules = &self.probing[counted.section];
        let recently = |_: &str, rule: &AdviceRule, subject: &Value<'static>| counted.answer(rule, subject);
        let judged = advise::judge(self.book.policy, &self.book.advice.measure, rules, &counted.facts, &recently);
        // Facts of a case are those of the tables.
        for (sum, one) in self.counts[counted.section].iter_mut().zip(judged.iter().flat_map(|judged| &judged.counts)) {
            sum.looks += one.looks;
            sum.held += one.held;
        }
    }

    /// Each rule with the parts of its condition.
    pub(super) fn parts(&self) -> &[RuleParts<'b>] {
        &self.rules
    }

    /// The thresholds that conditions name.
    pub(super) fn thresholds(&self) -> BTreeSet<usize> {
        self.rules.iter().flat_map(|(_, parts)| parts.iter().flat_map(|part| named(part))).collect()
    }

    /// What has been exercised: rules that held; parts that held and failed, and thresholds that they name.
    pub(super) fn exercised(&self) -> BTreeSet<PartPlace> {
        let mut found = BTreeSet::new();
        let mut looked = self.counts.iter().flatten();
        for (of, parts) in &self.rules {
            for (part, index) in parts.iter().zip(0..) {
                if looked.next().is_some_and(|one| 0 < one.held && one.held < one.looks) {
                    found.insert(PartPlace::Part(of.seat, index));
                    found.extend(named(part).into_iter().map(PartPlace::Threshold));
                }
            }
            if looked.next().is_some_and(|one| one.held > 0) {
                found.insert(PartPlace::Seated(of.seat));
            }
        }
        found
    }
}

fn named(expr: &Expr) -> Vec<usize> {
    let mut names = Vec::new();
    expr.names(&mut names);
    let threshold = |name| match name {
        NameRef::Threshold(index) => Some(index),
        _ => None,
    };
    names.into_iter().filter_map(threshold).collect()
}

fn parts(rule: &AdviceRule) -> Vec<&Expr> {
    let mut found = Vec::new();
    let mut open: Vec<&Expr> = rule.when.iter().map(|when| &when.expr).collect();
    while let Some(expr) = open.pop() {
        match expr {
            Expr::And(parts) | Expr::Or(parts) => open.extend(parts.iter().rev()),
            part => found.push(part),
        }
    }
    found
}

/// A rule that says whether a part of the condition of another holds.
fn probe(of: &AdviceRule, part: &Expr) -> AdviceRule {
    let when = of.when.as_ref().map(|when| Condition { expr: part.clone(), at: when.at });
    AdviceRule { when, observe: true, score: None, fields: vec![None; of.fields.len()], ..of.clone() }
}
