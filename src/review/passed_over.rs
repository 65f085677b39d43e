//! Rules over counted facts that are never picked, and conditions of theirs that never matter.
//!
//! Takes: the rules of a job. Gives: a warning for each, at its place. Only what is certain is said: that a
//! list is not empty is not, and a rule that asks whether it fired lately is like no other.

use std::collections::BTreeMap;

use super::book::{RuleBook, RuleSeat};
use super::check::Warnings;
use super::formula::Formula;
use super::logic::Terms;
use super::solve::never;
use crate::advise::{AdviceRule, Pick};
use crate::engine::expr::{Expr, NameRef};
use crate::engine::rules::Condition;

/// Statements that are looked at for all questions of a file.
const BUDGET: usize = 500_000;

/// What rules look at: a list or the whole; and the group, where it looks at its list in a way of its own.
type RuleScope = (usize, Option<usize>, Option<usize>);

/// Warns of rules and conditions.
pub fn rules(book: RuleBook<'_>, found: &mut Warnings<'_>) {
    let mut budget = BUDGET;
    for of in book.seated() {
        if let Some(when) = of.rule.when.as_ref().filter(|_| !found.full()) {
            twice(book, of, when, found);
            settled(book, when, &mut budget, found);
        }
    }
    let mut always: Option<(usize, &AdviceRule)> = None;
    let mut looks: BTreeMap<RuleScope, Vec<(&AdviceRule, &Expr)>> = BTreeMap::new();
    let of_first = |of: &RuleSeat<'_>| of.rules.pick == Pick::First && !of.rule.observe;
    for of in book.seated().filter(of_first) {
        if found.full() {
            return;
        }
        let rule = of.rule;
        if let Some((_, before)) = always.filter(|(section, _)| *section == of.seat.section) {
            passed_over(book, rule, before, "always holds", found);
            continue;
        }
        let plain = of.group.each.as_ref().is_none_or(|each| each.sort.is_empty() && each.limit.is_none());
        let own = !plain || !of.group.lets.is_empty();
        let list = of.group.each.as_ref().map(|each| each.collection);
        match &rule.when {
            None if list.is_none() => always = Some((of.seat.section, rule)),
            Some(when) if comparable(book, of, &when.expr) => {
                let look = (of.seat.section, list, own.then_some(of.seat.group));
                looks.entry(look).or_default().push((rule, &when.expr));
            }
            _ => {}
        }
    }
    looks.values().for_each(|rules| shadowed(book, rules, &mut budget, found));
}

/// Of rules that look at the same in the same order those that an earlier one passes over.
fn shadowed(book: RuleBook<'_>, rules: &[(&AdviceRule, &Expr)], budget: &mut usize, found: &mut Warnings<'_>) {
    let mut terms = Terms::new(book.policy);
    let formulas: Vec<Formula> = rules.iter().map(|(_, expr)| terms.formula(expr)).collect();
    terms.relate();
    for (nth, ((rule, _), formula)) in rules.iter().zip(&formulas).enumerate() {
        let mut before = rules.iter().zip(&formulas[..nth]);
        let holds = before.find(|(_, earlier)| {
            let opposite = earlier.not();
            !found.full() && *budget > 0 && never(&[formula, &opposite], &terms, budget)
        });
        if let Some(((before, _), earlier)) = holds {
            let why = if earlier == formula { "asks for the same" } else { "holds wherever it does" };
            passed_over(book, rule, before, why, found);
        }
    }
}

fn passed_over(book: RuleBook<'_>, rule: &AdviceRule, before: &AdviceRule, why: &str, found: &mut Warnings<'_>) {
    let message = format!("the rule `{}` is never picked: `{}` before it {why}", rule.id, before.id);
    let line = book.policy.line(before.at);
    let help = format!("the first rule that holds is picked: move this one up, or ask for something else ({line})");
    found.warn(rule.at, message, help);
}

/// The condition says the same wherever its text is the same: it names nothing of this rule alone.
fn comparable(book: RuleBook<'_>, of: RuleSeat<'_>, when: &Expr) -> bool {
    let at = of.rules.section.slots(book.spec.measure.len());
    let mut names = Vec::new();
    when.names(&mut names);
    let ask = |name: &NameRef| matches!(name, NameRef::Slot(slot) if (at.asks..at.element).contains(slot));
    of.rule.lets.is_empty() && !names.iter().any(ask)
}

/// A condition that always or never holds.
fn settled(book: RuleBook<'_>, when: &Condition, budget: &mut usize, found: &mut Warnings<'_>) {
    let mut terms = Terms::new(book.policy);
    let formula = terms.formula(&when.expr);
    terms.relate();
    // `when: true` says so on purpose, as a threshold does that is compared with a number.
    if terms.constant(&when.expr).is_some() || *budget == 0 {
        return;
    }
    if never(&[&formula], &terms, budget) {
        let help = "its parts cannot hold together: mend one of them, or remove it";
        found.warn(when.at, "this condition never holds", help);
    } else if never(&[&formula.not()], &terms, budget) {
        found.warn(when.at, "this condition always holds", "leave it out, or mend what it asks for");
    }
}

/// What stands twice in an `and` or `or`.
fn twice(book: RuleBook<'_>, of: RuleSeat<'_>, when: &Condition, found: &mut Warnings<'_>) {
    let mut doubled: Vec<String> = Vec::new();
    when.expr.walk(&mut |part| {
        if let Expr::And(parts) | Expr::Or(parts) = part {
            let texts: Vec<String> = parts.iter().map(|part| book.print(of, part)).collect();
            let again = (1..texts.len()).filter(|nth| texts[..*nth].contains(&texts[*nth]));
            doubled.extend(again.map(|nth| texts[nth].clone()));
        }
    });
    for text in doubled {
        found.warn(when.at, format!("`{text}` stands twice in this condition"), "once is enough: mend one of the two");
    }
}
