//! What of the rules no case exercises.
//!
//! Takes: the rules of a job, their cases. Gives: [`RulePart`]s: rules that decided nothing, points that never held,
//! words and entries of patterns that matched nothing, patterns of which none did; of rules over counted facts
//! parts of conditions, and thresholds in them, that did not both hold and fail. That a part is
//! exercised says that a case would run into it, and not that one would notice: see `mutate`.

use std::collections::BTreeSet;

use super::{Case, CaseItem, CaseSubject, probe};
use crate::engine::areas::Areas;
use crate::engine::evaluate::Evaluation;
use crate::engine::examine::Examination;
use crate::engine::policy::Policy;
use crate::engine::source::Location;
use crate::engine::text::{TitleTags, same_tag};
use crate::language::print;
use crate::review::book::{RuleBook, Seat};

/// What a part of the rules is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PartKind {
    /// A rule of `decide`, or one over what was counted.
    Rule,
    /// A rule of `classify`.
    Type,
    /// A point of a component.
    Point,
    /// A part of the condition of a rule over what was counted.
    Part,
    /// A threshold that such a condition names.
    Threshold,
    /// A pattern, none of whose entries matched.
    Pattern,
    /// A keyword, or a form of an entry of a pattern.
    Word,
}

/// A part of the rules that can be exercised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePart {
    /// What it is.
    pub kind: PartKind,
    /// Its name: `decide.meta`, `keywords.bug crash`.
    pub name: String,
    /// Where it stands.
    pub at: Location,
}

/// The parts of the rules, and which of them no case exercises.
#[derive(Debug, Default)]
pub struct Coverage {
    /// For each kind how many there are.
    pub all: Vec<(PartKind, usize)>,
    /// Those that no case exercises, in the order of their kinds and of the files.
    pub missed: Vec<RulePart>,
}

/// Places of parts: indices into the policy's own lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PartPlace {
    Rule(usize),
    /// Over what was counted.
    Seated(Seat),
    /// A part of its condition.
    Part(Seat, usize),
    Threshold(usize),
    Type(usize),
    Point(usize, usize),
    Pattern(usize),
    Word(usize, usize),
    Form(usize, usize, usize),
}

/// Looks at what each case exercises.
#[must_use]
pub fn coverage(book: RuleBook<'_>, cases: &[Case]) -> Coverage {
    let mut seen = BTreeSet::new();
    let mut probes = probe::Probes::new(book);
    for case in cases {
        match &case.given {
            CaseSubject::Item(given) => exercised(book.policy, case, given, &mut seen),
            CaseSubject::Counted(counted) => probes.look(counted),
        }
    }
    seen.extend(probes.exercised());
    let mut coverage = Coverage::default();
    for (at, part) in parts(book, &probes) {
        match coverage.all.last_mut() {
            Some((kind, count)) if *kind == part.kind => *count += 1,
            _ => coverage.all.push((part.kind, 1)),
        }
        if !seen.contains(&at) {
            coverage.missed.push(part);
        }
    }
    coverage
}

fn exercised(policy: &Policy, case: &Case, given: &CaseItem, seen: &mut BTreeSet<PartPlace>) {
    let item = given.facts(policy);
    let examined = Examination::new(policy, &item, case.now.timestamp_micros());
    if let Evaluation::Judged(judgement) = examined.judgement() {
        seen.extend(judgement.rule.map(PartPlace::Rule));
    }
    let types = policy.classify.rules.iter();
    let holds = types.map(|rule| rule.when.as_ref().is_none_or(|when| examined.holds(&when.expr) == Ok(true)));
    // Under `pick: first` those after the first are not reached.
    let reached = if policy.classify.highest { usize::MAX } else { 1 };
    seen.extend(holds.enumerate().filter(|(_, holds)| *holds).take(reached).map(|(index, _)| PartPlace::Type(index)));
    for hit in examined.points() {
        seen.insert(PartPlace::Point(hit.component as usize, hit.point as usize));
    }
    let tagged = TitleTags::read(item.title, &item.labels, policy.tags, |word| policy.keywords.knows(word));
    for (set, index) in policy.keywords.sets.iter().zip(0..) {
        let words =
            set.words.iter().enumerate().filter(|(_, word)| tagged.tags.iter().any(|tag| same_tag(tag, &word.text)));
        seen.extend(words.map(|(word, _)| PartPlace::Word(index, word)));
    }
    let areas = Areas::new(item.title, item.body, &item.labels);
    for (pattern, index) in policy.patterns.iter().zip(0..) {
        for (entry, place) in pattern.places(&areas) {
            seen.insert(PartPlace::Pattern(index));
            let found = areas.text(pattern.area)[place].to_lowercase();
            let forms = pattern.entries[entry].forms.iter();
            let form = forms.clone().position(|form| pattern.is_regex() || form.to_lowercase() == found);
            seen.extend(form.map(|form| PartPlace::Form(index, entry, form)));
        }
    }
}

/// Every part that can be exercised.
fn parts(book: RuleBook<'_>, probes: &probe::Probes<'_>) -> Vec<(PartPlace, RulePart)> {
    let policy = book.policy;
    let mut parts = Vec::new();
    let mut add = |at, kind, name: String, place| parts.push((at, RulePart { kind, name, at: place }));
    for (rule, index) in policy.decide.iter().zip(0..) {
        add(PartPlace::Rule(index), PartKind::Rule, format!("decide.{}", rule.id), rule.at);
    }
    for of in book.seated() {
        add(PartPlace::Seated(of.seat), PartKind::Rule, of.name(), of.rule.at);
    }
    for (rule, index) in policy.classify.rules.iter().zip(0..) {
        add(PartPlace::Type(index), PartKind::Type, format!("classify.{}", rule.ty), rule.at);
    }
    for (component, index) in policy.components.iter().zip(0..) {
        for (point, number) in component.points.iter().zip(0..) {
            let when = point.when.as_ref().map_or_else(String::new, |when| print::of_policy(policy, &when.expr));
            add(
                PartPlace::Point(index, number),
                PartKind::Point,
                format!("score.{}[{when}]", component.name),
                point.at,
            );
        }
    }
    for (of, parts) in probes.parts() {
        let at = of.rule.when.as_ref().map_or(of.rule.at, |when| when.at);
        for (part, index) in parts.iter().zip(0..) {
            let name = format!("{}[{}]", of.name(), book.print(*of, part));
            add(PartPlace::Part(of.seat, index), PartKind::Part, name, at);
        }
    }
    for index in probes.thresholds() {
        let threshold = &policy.thresholds[index];
        add(PartPlace::Threshold(index), PartKind::Threshold, format!("thresholds.{}", threshold.name), threshold.at);
    }
    for (pattern, index) in policy.patterns.iter().zip(0..) {
        add(PartPlace::Pattern(index), PartKind::Pattern, format!("patterns.{}", pattern.name), pattern.at);
    }
    for (set, index) in policy.keywords.sets.iter().zip(0..) {
        for (word, number) in set.words.iter().zip(0..) {
            add(
                PartPlace::Word(index, number),
                PartKind::Word,
                format!("keywords.{} {}", set.name, word.text),
                word.at,
            );
        }
    }
    for (pattern, index) in policy.patterns.iter().zip(0..) {
        for (entry, number) in pattern.entries.iter().zip(0..) {
            for (form, which) in entry.forms.iter().zip(0..) {
                let name = format!("patterns.{} {form}", pattern.name);
                add(PartPlace::Form(index, number, which), PartKind::Word, name, entry.at);
            }
        }
    }
    parts
}
