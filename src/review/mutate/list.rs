//! Which small changes of the rules there are.
//!
//! Takes: the rules of a job. Gives: their [`Mutants`], in the order of the stages: thresholds, points,
//! conditions, rules, words, patterns. Names are made of what the rules say, not of where it stands. Words
//! come last: they are the many, and only so many changes are tried.

use std::collections::HashMap;

use super::parts::{self, Site};
use super::{MAX_MUTANTS, Mutant, Mutants, RuleMutation, advice};
use crate::engine::policy::Policy;
use crate::engine::rules::{Component, Point};
use crate::engine::source::Location;
use crate::engine::value::Value;
use crate::language::print;
use crate::review::book::RuleBook;

/// The changes of a policy: the first [`MAX_MUTANTS`], and how many more there are.
#[must_use]
pub fn list(book: RuleBook<'_>) -> Mutants {
    let policy = book.policy;
    let mut found = MutantList { mutants: Mutants::default(), names: HashMap::new() };
    thresholds(policy, &mut found);
    components(policy, &mut found);
    conditions(book, &mut found);
    rules(policy, &mut found);
    advice::list(book, &mut found);
    words(policy, &mut found);
    found.mutants
}

pub(super) struct MutantList {
    mutants: Mutants,
    names: HashMap<String, usize>,
}

impl MutantList {
    /// Of two changes with one name the second is called `… (2)`. What is not tried is only counted: a
    /// name may be as long as a condition.
    pub(super) fn add(&mut self, at: Location, made: impl FnOnce() -> (String, String, RuleMutation)) {
        if self.mutants.all.len() >= MAX_MUTANTS {
            self.mutants.untried += 1;
            return;
        }
        let (name, what, change) = made();
        let before = self.names.entry(name.clone()).or_default();
        *before += 1;
        let name = if *before == 1 { name } else { format!("{name} ({before})") };
        self.mutants.all.push(Mutant { name, at, what, change });
    }
}

fn thresholds(policy: &Policy, found: &mut MutantList) {
    for (threshold, index) in policy.thresholds.iter().zip(0..) {
        for (direction, up) in [("up", true), ("down", false)] {
            if let Some(value) = step(policy.text(threshold.at), &threshold.value, up) {
                let what = format!("{} becomes {value}", threshold.value);
                let name = format!("thresholds.{} {direction}", threshold.name);
                found.add(threshold.at, || (name, what, RuleMutation::Threshold(index, value)));
            }
        }
    }
}

/// A number one step up or down: 1, or the last digit written (0.25 is followed by 0.26).
fn step(written: &str, value: &Value<'static>, up: bool) -> Option<Value<'static>> {
    match value {
        Value::Int(number) => number.checked_add(if up { 1 } else { -1 }).map(Value::Int),
        Value::Float(number) if number.is_finite() => {
            let (digits, exponent) = written.split_once(['e', 'E']).unwrap_or((written, "0"));
            let decimals = digits.trim().split_once('.').map_or(0, |(_, after)| after.len());
            let decimals = i32::try_from(decimals).ok()?.checked_sub(exponent.trim().parse().ok()?)?;
            let size = 10f64.powi(decimals.checked_neg()?);
            let moved = if up { number + size } else { number - size };
            let rounded = format!("{moved:.*}", usize::try_from(decimals.clamp(0, 300)).ok()?);
            rounded.parse().ok().filter(|moved| moved != number).map(Value::Float)
        }
        _ => None,
    }
}

/// A number and one more or less.
pub(super) fn by_one(value: &Value<'static>, up: bool) -> Option<Value<'static>> {
    match value {
        Value::Float(number) if number.is_finite() => Some(Value::Float(if up { number + 1.0 } else { number - 1.0 })),
        value => step("", value, up),
    }
}

fn components(policy: &Policy, found: &mut MutantList) {
    for (component, index) in policy.components.iter().zip(0..) {
        for (point, number) in component.points.iter().zip(0..) {
            for (direction, up) in [("up", true), ("down", false)] {
                let Some(value) = by_one(&point.add, up) else { continue };
                found.add(point.at, || {
                    let what = format!("{} becomes {value}", point.add);
                    let name = format!("{} {direction}", point_name(policy, component, point));
                    (name, what, RuleMutation::Add(index, number, value))
                });
            }
        }
        if let Some(value) = by_one(&component.max, false) {
            let what = format!("{} becomes {value}", component.max);
            let name = format!("score.{}.max down", component.name);
            found.add(component.at, || (name, what, RuleMutation::Max(index, value)));
        }
    }
}

fn point_name(policy: &Policy, component: &Component, point: &Point) -> String {
    let when = point.when.as_ref().map_or_else(String::new, |when| print::of_policy(policy, &when.expr));
    format!("score.{}[{when}]", component.name)
}

fn words(policy: &Policy, found: &mut MutantList) {
    let taken_out = || "taken out".to_owned();
    for (set, index) in policy.keywords.sets.iter().zip(0..) {
        for (word, number) in set.words.iter().zip(0..) {
            let name = || format!("keywords.{} drop {}", set.name, word.text);
            found.add(word.at, || (name(), taken_out(), RuleMutation::Word(index, number)));
        }
    }
    for (pattern, index) in policy.patterns.iter().zip(0..) {
        for (entry, number) in pattern.entries.iter().zip(0..) {
            let name = || format!("patterns.{} drop {}", pattern.name, entry.forms.join(", "));
            found.add(entry.at, || (name(), taken_out(), RuleMutation::Entry(index, number)));
            if entry.forms.len() > 1 {
                for (form, which) in entry.forms.iter().zip(0..) {
                    let name = || format!("patterns.{} drop {form}", pattern.name);
                    found.add(entry.at, || (name(), taken_out(), RuleMutation::Form(index, number, which)));
                }
            }
        }
    }
}

fn conditions(book: RuleBook<'_>, found: &mut MutantList) {
    let policy = book.policy;
    for site in parts::sites(book) {
        let Some(condition) = site.condition(book) else { continue };
        let seated = book.seated().find(|of| site == Site::Seated(of.seat));
        let of_condition = seated.map_or_else(|| name(policy, site), |of| format!("{}.when", of.name()));
        let mut junctions = Vec::new();
        parts::junctions(&condition.expr, &mut Vec::new(), &mut junctions);
        for junction in &junctions {
            for (part, index) in junction.parts.iter().zip(0..) {
                if parts::guards(book, site, &condition.expr, junction, index) {
                    continue;
                }
                found.add(condition.at, || {
                    let part = seated.map_or_else(|| print::of_policy(policy, part), |of| book.print(of, part));
                    let name = format!("{of_condition} drop {part}");
                    let what = format!("this part of an `{}` taken out", if junction.and { "and" } else { "or" });
                    (name, what, RuleMutation::Part(site, junction.way.clone(), index))
                });
            }
        }
    }
}

/// What a condition is called in names of changes.
fn name(policy: &Policy, site: Site) -> String {
    match site {
        Site::Component(index) => format!("score.{}.when", policy.components[index].name),
        Site::Point(component, point) => {
            let component = &policy.components[component];
            point_name(policy, component, &component.points[point])
        }
        Site::Type(index) => format!("classify.{}.when", policy.classify.rules[index].ty),
        Site::Flag(index) => format!("flags.{}", policy.flags[index].name),
        Site::Agent(index) => format!("agents.{}.holds", policy.agents[index].name),
        Site::Rule(index) => format!("decide.{}.when", policy.decide[index].id),
        Site::Seated(_) => String::new(),
    }
}

fn rules(policy: &Policy, found: &mut MutantList) {
    let types = &policy.classify.rules;
    for (rule, index) in types.iter().zip(0..) {
        let name = || format!("classify.{} drop", rule.ty);
        found.add(rule.at, || (name(), "taken out".to_owned(), RuleMutation::DropType(index)));
        if let Some(next) = types.get(index + 1).filter(|next| next.ty != rule.ty) {
            let name = || format!("classify swap {}, {}", rule.ty, next.ty);
            found.add(rule.at, || (name(), "exchanged".to_owned(), RuleMutation::SwapTypes(index)));
        }
    }
    for (rule, index) in policy.decide.iter().zip(0..) {
        let name = || format!("decide.{} drop", rule.id);
        found.add(rule.at, || (name(), "taken out".to_owned(), RuleMutation::DropRule(index)));
        if let Some(next) = policy.decide.get(index + 1) {
            let name = || format!("decide swap {}, {}", rule.id, next.id);
            found.add(rule.at, || (name(), "exchanged".to_owned(), RuleMutation::SwapRules(index)));
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_one_or_the_last_digit_written() {
        let shown = |written: &str, value: Value<'static>| {
            [true, false].map(|up| step(written, &value, up).map_or_else(|| "-".to_owned(), |value| value.to_string()))
        };
        assert_eq!(shown("5", Value::Int(5)), ["6", "4"]);
        assert_eq!(shown("0", Value::Int(0)), ["1", "-1"]);
        assert_eq!(shown("0.25", Value::Float(0.25)), ["0.26", "0.24"]);
        assert_eq!(shown("3.0", Value::Float(3.0)), ["3.1", "2.9"]);
        assert_eq!(shown("0.29", Value::Float(0.29)), ["0.3", "0.28"]);
        assert_eq!(shown("2.5e-2", Value::Float(0.025)), ["0.026", "0.024"]);
        assert_eq!(shown("1e3", Value::Float(1000.0)), ["2000", "0"]);
        assert_eq!(shown(".inf", Value::Float(f64::INFINITY)), ["-", "-"]);
        assert_eq!(shown("9223372036854775807", Value::Int(i64::MAX)), ["-", "9223372036854775806"]);
    }
}
