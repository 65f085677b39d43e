//! Conditions that never matter: repeated, implied by an earlier one, always so, never so.
//!
//! Takes: a [`Policy`]. Gives: a warning for each, at its place. In a list of which the first that
//! holds decides, a rule is dead if whatever it asks for is taken before it. Only what is certain is
//! said.

use super::check::Warnings;
use super::formula::{Formula, Says, Statement};
use super::logic::Terms;
use super::solve::never;
use crate::engine::expr::{Expr, NameRef};
use crate::engine::policy::Policy;
use crate::engine::rules::Condition;
use crate::engine::source::Location;
use crate::language::print;

/// Statements that are looked at for all questions of a file: under a second.
const BUDGET: usize = 2_000_000;

/// One entry of a list of which the first that holds decides.
struct ShadowEntry<'p> {
    /// As messages call it: the rule `meta`.
    name: String,
    when: Option<&'p Condition>,
    at: Location,
}

/// Warns of the conditions of a policy.
pub fn conditions(policy: &Policy, found: &mut Warnings<'_>) {
    let terms = Terms::new(policy);
    let mut shadow = Shadow { policy, terms, budget: BUDGET };
    let decide: Vec<ShadowEntry<'_>> = (policy.decide.iter())
        .map(|rule| ShadowEntry { name: format!("the rule `{}`", rule.id), when: rule.when.as_ref(), at: rule.at })
        .collect();
    let classify: Vec<ShadowEntry<'_>> = (policy.classify.rules.iter())
        .map(|rule| ShadowEntry {
            name: format!("the rule for the type `{}`", rule.ty),
            when: rule.when.as_ref(),
            at: rule.at,
        })
        .collect();
    let first = !policy.classify.highest;
    shadow.list(&classify, first, "the first rule that holds gives the type", found);
    shadow.list(&decide, true, "the first rule that holds decides", found);
    let points =
        policy.components.iter().flat_map(|one| one.when.iter().chain(one.points.iter().flat_map(|point| &point.when)));
    let others = points
        .chain(policy.flags.iter().map(|flag| &flag.when))
        .chain(policy.agents.iter().flat_map(|agent| &agent.holds));
    let others: Vec<(&Condition, Formula)> =
        others.map(|condition| (condition, shadow.terms.formula(&condition.expr))).collect();
    shadow.terms.relate();
    for (condition, formula) in others {
        if !found.full() {
            shadow.settled(condition, condition.at, &formula, true, found);
        }
    }
}

struct Shadow<'p> {
    policy: &'p Policy,
    terms: Terms<'p>,
    budget: usize,
}

impl<'p> Shadow<'p> {
    fn never(&mut self, formulas: &[&Formula]) -> bool {
        self.budget > 0 && never(formulas, &self.terms, &mut self.budget)
    }

    fn list(&mut self, entries: &[ShadowEntry<'p>], first: bool, why: &str, found: &mut Warnings<'_>) {
        let formulas: Vec<Formula> = entries
            .iter()
            .map(|entry| entry.when.map_or(Formula::Is(true), |when| self.terms.formula(&when.expr)))
            .collect();
        self.terms.relate();
        // Negations of the conditions before, without those that never hold.
        let mut before: Vec<(usize, Formula)> = Vec::new();
        for (index, (entry, formula)) in entries.iter().zip(&formulas).enumerate() {
            if found.full() {
                return;
            }
            let at = place(entry);
            if let Some(when) = entry.when {
                let last = !first || index + 1 == entries.len();
                match self.settled(when, at, formula, last, found) {
                    Some(true) if !last => return,
                    Some(false) => continue,
                    _ => {}
                }
            }
            if first && let Some((earlier, same)) = self.taken(formula, &before) {
                self.dead(entry, at, earlier.map(|index| (&entries[index], same)), why, found);
            }
            before.push((index, formula.not()));
        }
    }

    /// What takes everything that a condition asks for: an earlier one, or several together.
    fn taken(&mut self, formula: &Formula, before: &[(usize, Formula)]) -> Option<(Option<usize>, bool)> {
        let opposite = formula.not();
        if let Some((index, _)) = before.iter().find(|(_, not)| *not == opposite) {
            return Some((Some(*index), true));
        }
        let mut together: Vec<&Formula> = vec![formula];
        together.extend(before.iter().map(|(_, not)| not));
        if before.is_empty() || !self.never(&together) {
            return None;
        }
        let alone = before.iter().find(|(_, not)| self.never(&[formula, not]));
        // The same in other words: each holds wherever the other does.
        let same = alone.is_some_and(|(_, not)| self.never(&[&not.not(), &opposite]));
        Some((alone.map(|(index, _)| *index), same))
    }

    fn dead(
        &self,
        entry: &ShadowEntry<'_>,
        at: Location,
        by: Option<(&ShadowEntry<'_>, bool)>,
        why: &str,
        found: &mut Warnings<'_>,
    ) {
        let name = &entry.name;
        let (message, help) = match by {
            Some((earlier, same)) => {
                let line = self.policy.line(place(earlier));
                let asks = earlier.when.map_or("", |when| self.policy.text(when.at)).trim();
                let asks = if asks.is_empty() || asks.contains('\n') { String::new() } else { format!(", `{asks}`") };
                if same {
                    let message = format!("{name} is never reached: {} before it asks for the same", earlier.name);
                    (message, format!("{why}: ask for something else, or remove one of the two ({line}{asks})"))
                } else {
                    let message =
                        format!("{name} is never reached: wherever it holds, {} before it holds too", earlier.name);
                    (
                        message,
                        format!("{why}: move this one before it ({line}{asks}), ask for something else, or remove it"),
                    )
                }
            }
            None => (
                format!("{name} is never reached: those before it take all that it asks for"),
                format!("{why}: move this one up, ask for something else, or remove it"),
            ),
        };
        found.warn(at, message, help);
    }

    /// Whether a condition is the same for every item, which is told; else of its parts. It is the
    /// `last` that is tried, or others come after it.
    fn settled(
        &mut self,
        when: &'p Condition,
        at: Location,
        formula: &Formula,
        last: bool,
        found: &mut Warnings<'_>,
    ) -> Option<bool> {
        // `urgent: false` says so on purpose, as a threshold does that is compared with a number.
        let fixed = self.terms.constant(&when.expr).is_some();
        let settled = match formula {
            Formula::Is(value) if fixed => Some(*value),
            formula if self.never(&[formula]) => Some(false),
            formula if self.never(&[&formula.not()]) => Some(true),
            _ => None,
        };
        match settled {
            Some(true) if !last => {
                let message = "this condition always holds: the rules after it are never reached";
                let help = "mend what it asks for; the last rule needs no `when`";
                found.warn(at, message, help);
            }
            Some(_) if fixed => {}
            Some(value) => self.tell(&when.expr, value, at, "this condition", found),
            None => self.parts(when, at, found),
        }
        settled
    }

    /// Comparisons inside a condition that are the same for every item.
    fn parts(&mut self, when: &'p Condition, at: Location, found: &mut Warnings<'_>) {
        let mut comparisons = Vec::new();
        when.expr.walk(&mut |part| {
            if let Expr::Compare(_, a, b) = part {
                comparisons.push((part, &**a, &**b));
            }
        });
        for (part, a, b) in comparisons {
            // Of two fixed values one is a switch that a threshold turns.
            if found.full() || self.terms.constant(a).is_some() && self.terms.constant(b).is_some() {
                continue;
            }
            let formula = self.terms.formula(part);
            let value = match &formula {
                formula if self.never(&[formula]) => false,
                formula if self.never(&[&formula.not()]) => true,
                _ => continue,
            };
            let name = format!("`{}`", print::of_policy(self.policy, part));
            self.tell(part, value, at, &name, found);
        }
    }

    fn tell(&mut self, expr: &'p Expr, value: bool, at: Location, name: &str, found: &mut Warnings<'_>) {
        let mut numbers = Vec::new();
        let formula = self.terms.formula(expr);
        describe_ranges(&self.terms, &formula, &mut numbers);
        let mut help = match numbers.first() {
            Some(told) => told.clone(),
            None if value => "leave it out, or mend what it asks for".to_owned(),
            None => "its parts cannot hold together: mend one of them, or remove it".to_owned(),
        };
        let mut names = Vec::new();
        expr.names(&mut names);
        if let Some(NameRef::Threshold(index)) = names.iter().find(|name| matches!(name, NameRef::Threshold(_))) {
            let threshold = &self.policy.thresholds[*index];
            let line = self.policy.line(threshold.at);
            help.push_str(&format!(" (`thresholds.{}` is {}, {line})", threshold.name, threshold.value));
        }
        let message = format!("{name} {} holds", if value { "always" } else { "never" });
        found.warn(at, message, help);
    }
}

/// What the numbers of a formula can be, of the statements that are settled by that alone.
fn describe_ranges(terms: &Terms<'_>, formula: &Formula, into: &mut Vec<String>) {
    match formula {
        Formula::One(Statement { term, says: Says::Number(op, with), .. }) => {
            let about = terms.about(*term);
            let settled = [true, false].into_iter().any(|truth| {
                let mut range = about.range.clone();
                range.narrow(*op, *with, truth);
                range.is_empty()
            });
            let mend = "mend the number, or what it is compared with";
            into.extend(match (about.range.ends(), about.range.least()) {
                (Some((low, high)), _) if settled => {
                    Some(format!("`{}` is from {low} to {high} here: {mend}", about.text))
                }
                (None, Some(low)) if settled => Some(format!("`{}` is never below {low}: {mend}", about.text)),
                _ => None,
            });
        }
        Formula::All(parts) | Formula::Any(parts) => parts.iter().for_each(|part| describe_ranges(terms, part, into)),
        _ => {}
    }
}

/// A condition written as a block of lines has no stretch of its own.
fn place(entry: &ShadowEntry<'_>) -> Location {
    let at = entry.when.map_or(entry.at, |when| when.at);
    if at.span.start < at.span.end { at } else { entry.at }
}
