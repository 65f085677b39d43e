//! What made the difference for one item.
//!
//! Takes: the item under both versions of the rules, ready to be asked. Gives: sentences: the points
//! that hold under one alone, the names that the deciding rules turn on and that come to something
//! else, and where neither explains it the rules themselves. Untrusted: they quote what the item and
//! the rules say.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::evaluate::{Judgement, PointHit};
use crate::engine::examine::Examination;
use crate::engine::expr::{Expr, NameRef};
use crate::engine::policy::Policy;
use crate::engine::rules::{self, Component, Condition};
use crate::engine::untrusted::cut;
use crate::engine::value::Estimate;
use crate::language::print;

/// Sentences at most.
const MOST: usize = 4;
/// Characters of a condition or of a text that was found.
const LONG: usize = 80;

/// What two versions of a policy can be compared by.
#[derive(Debug, Clone)]
pub struct PolicyNames {
    /// Names as they are written, with their places in the policy.
    names: BTreeMap<String, NameRef>,
    /// By component its points.
    points: Vec<Vec<ComparablePoint>>,
    /// The rules in their order.
    rules: Vec<ComparableRule>,
    /// What conditions ask of the vocabulary.
    vocabulary: BTreeMap<String, NameRef>,
}

/// A rule as two versions can be compared by it.
#[derive(Debug, Clone)]
struct ComparableRule {
    id: String,
    /// Its condition, cut.
    when: String,
    /// `file:line`.
    at: String,
    /// What it turns on, flags with what these turn on.
    turns_on: BTreeSet<String>,
}

impl PolicyNames {
    /// All of a policy's.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let mut all = vec![NameRef::Score, NameRef::Type];
        for set in 0..policy.keywords.sets.len() {
            all.extend([NameRef::Tagged(set), NameRef::Labelled(set)]);
        }
        for pattern in 0..policy.patterns.len() {
            all.extend([NameRef::Count(pattern), NameRef::Distinct(pattern), NameRef::LabelsWith(pattern)]);
        }
        all.extend((0..policy.thresholds.len()).map(NameRef::Threshold));
        all.extend((0..policy.components.len()).map(NameRef::Component));
        all.extend((0..policy.flags.len()).map(NameRef::Flag));
        all.extend((0..policy.agents.len()).map(NameRef::Login));
        let when = |when: &Option<Condition>| {
            when.as_ref().map_or_else(String::new, |when| print::of_policy(policy, &when.expr))
        };
        let of_component = |component: &Component| {
            let one = |point: &rules::Point| ComparablePoint {
                component: component.name.clone(),
                add: point.add.to_string(),
                when: when(&point.when),
            };
            component.points.iter().map(one).collect()
        };
        let rule = |rule: &rules::Rule| {
            let said = if rule.when.is_some() { when(&rule.when) } else { "always".to_owned() };
            let mut turns_on = BTreeSet::new();
            rule.when.iter().for_each(|when| gather(policy, &when.expr, &mut turns_on));
            let when = cut(&said, LONG).into_owned();
            ComparableRule { id: rule.id.clone(), when, at: policy.line(rule.at), turns_on }
        };
        let mut asked = Vec::new();
        policy.conditions().for_each(|condition| condition.expr.names(&mut asked));
        asked.retain(|name| {
            use NameRef::{Count, Distinct, Labelled, LabelsWith, Tagged};
            matches!(name, Tagged(_) | Labelled(_) | Count(_) | Distinct(_) | LabelsWith(_))
        });
        PolicyNames {
            vocabulary: asked.into_iter().map(|name| (print::name(policy, name), name)).collect(),
            rules: policy.decide.iter().map(rule).collect(),
            names: all.into_iter().map(|name| (print::name(policy, name), name)).collect(),
            points: policy.components.iter().map(of_component).collect(),
        }
    }

    /// Whether the vocabulary finds the same in an item under both.
    #[must_use]
    pub fn find_the_same(&self, own: &Examination<'_, '_>, other: (&PolicyNames, &Examination<'_, '_>)) -> bool {
        let (others, examined) = other;
        let same = |(old, new): (&NameRef, &NameRef)| match (
            own.value(&Expr::Name(*old)),
            examined.value(&Expr::Name(*new)),
        ) {
            (Estimate::Is(old), Estimate::Is(new)) => old.same(&new),
            _ => false,
        };
        self.vocabulary.keys().eq(others.vocabulary.keys())
            && self.vocabulary.values().zip(others.vocabulary.values()).all(same)
    }

    /// The point that held.
    #[must_use]
    pub fn point(&self, hit: &PointHit) -> Option<&ComparablePoint> {
        self.points.get(hit.component as usize)?.get(hit.point as usize)
    }
}

/// A point as two versions can be compared by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ComparablePoint {
    component: String,
    add: String,
    /// Its condition; empty where it has none.
    when: String,
}

/// An item under one version.
#[allow(missing_debug_implementations, reason = "it holds an item that can be asked")]
pub struct ItemVersion<'s, 'p, 'a> {
    /// The rules.
    pub policy: &'p Policy,
    /// Their names.
    pub names: &'s PolicyNames,
    /// The item.
    pub examined: &'s Examination<'p, 'a>,
    /// What they come to.
    pub judgement: &'s Judgement<'s>,
}

fn gather(policy: &Policy, expr: &Expr, found: &mut BTreeSet<String>) {
    let mut names = Vec::new();
    expr.names(&mut names);
    for name in names {
        // A flag turns on flags before it alone, so this ends.
        if found.insert(print::name(policy, name))
            && let NameRef::Flag(flag) = name
        {
            gather(policy, &policy.flags[flag].when.expr, found);
        }
    }
}

impl<'s> ItemVersion<'s, '_, '_> {
    fn rule(&self) -> Option<&'s ComparableRule> {
        self.names.rules.get(self.judgement.rule?)
    }

    fn points(&self) -> BTreeMap<&'s ComparablePoint, PointHit> {
        let held = self.examined.points().into_iter();
        held.filter_map(|hit| Some((self.names.point(&hit)?, hit))).collect()
    }

    /// What a name comes to, for people; `None` where these rules have none or it is not known.
    fn value(&self, path: &str) -> Option<String> {
        let name = *self.names.names.get(path)?;
        match self.examined.value(&Expr::Name(name)) {
            Estimate::Is(value) => Some(value.to_string()),
            Estimate::Within(..) | Estimate::Lacks(_) => None,
        }
    }

    /// The first tag that is in a keyword set, where a name asks for one.
    fn tag(&self, path: &str) -> Option<&str> {
        let Some(NameRef::Tagged(set)) = self.names.names.get(path) else { return None };
        let inside = |tag: &&String| self.policy.keywords.in_sets(std::slice::from_ref(*tag))[*set];
        self.judgement.tags.iter().find(inside).map(String::as_str)
    }

    /// How far a count is counted, where a name is one: two that stop at different numbers cannot be
    /// compared.
    fn count_limit(&self, path: &str) -> usize {
        match self.names.names.get(path) {
            Some(NameRef::Count(pattern)) => self.policy.patterns[*pattern].enough.count,
            Some(NameRef::Distinct(pattern)) => self.policy.patterns[*pattern].enough.distinct,
            _ => 0,
        }
    }
}

/// What made the difference between the two, the nearest first.
#[must_use]
pub fn difference(from: &ItemVersion<'_, '_, '_>, to: &ItemVersion<'_, '_, '_>) -> Vec<String> {
    let (old, new) = (from.rule(), to.rule());
    let same_rule = old.map(|rule| &rule.id) == new.map(|rule| &rule.id);
    let turns: BTreeSet<&str> =
        [old, new].into_iter().flatten().flat_map(|rule| &rule.turns_on).map(String::as_str).collect();
    let mut why = Vec::new();
    let fresh = if same_rule { Vec::new() } else { of_rules(from, to) };
    let (first, last): (Vec<_>, Vec<_>) = fresh.into_iter().partition(|(near, _)| *near);
    why.extend(first.into_iter().map(|(_, sentence)| sentence));
    let scored = |name: &&str| *name == "score" || name.starts_with("scores.");
    if same_rule || turns.iter().any(scored) {
        why.extend(points(from, to));
    }
    let mut values: Vec<(u8, String)> = Vec::new();
    for path in turns.into_iter().filter(|_| !same_rule) {
        let (Some(before), Some(after)) = (from.value(path), to.value(path)) else { continue };
        if before != after && from.count_limit(path) == to.count_limit(path) {
            let rank = match path.split('.').next().unwrap_or("") {
                "score" | "scores" => 2,
                "tagged" | "labelled" | "count" | "distinct" | "labels_with" | "thresholds" => 0,
                _ => 1,
            };
            let tag = to.tag(path).or_else(|| from.tag(path)).map(|tag| format!(" (the tag {tag})"));
            let (after, before, tag) = (cut(&after, LONG), cut(&before, LONG), tag.unwrap_or_default());
            values.push((rank, format!("{path} is {after}, was {before}{tag}")));
        }
    }
    values.sort();
    why.extend(values.into_iter().map(|(_, sentence)| sentence));
    why.extend(last.into_iter().map(|(_, sentence)| sentence));
    if !same_rule
        && why.is_empty()
        && let (Some(rule), Some(before)) = (new, old)
    {
        why.push(format!("the rule {} comes before {} now", rule.id, before.id));
    }
    if same_rule && why.is_empty() {
        why.extend(reasons(from.judgement, to.judgement));
    }
    why.truncate(MOST);
    why
}

/// What one rule says of an item, where it says something else.
#[must_use]
pub fn reasons(before: &Judgement<'_>, after: &Judgement<'_>) -> Option<String> {
    let said = |judgement: &Judgement<'_>| cut(judgement.reason.as_deref().unwrap_or(""), LONG).into_owned();
    let (before, after) = (said(before), said(after));
    (before != after).then(|| format!("the reason is \"{after}\", was \"{before}\""))
}

/// The points that hold under one version alone.
fn points(from: &ItemVersion<'_, '_, '_>, to: &ItemVersion<'_, '_, '_>) -> Vec<String> {
    let (before, after) = (from.points(), to.points());
    let told =
        |said: &ItemVersion<'_, '_, '_>, ComparablePoint { component, add, when }: &ComparablePoint, hit: &PointHit| {
            let sign = if add.starts_with('-') { "" } else { "+" };
            let when = if when.is_empty() { "always" } else { when.as_str() };
            let found = hit.matched.as_deref().map(str::trim).filter(|found| !found.is_empty());
            let found = found.map(|found| format!(", found \"{}\"", cut(found, LONG))).unwrap_or_default();
            let at = said.policy.line(hit.of(said.policy).1.at);
            format!("{sign}{add} in {component}: {}{found} ({at})", cut(when, LONG))
        };
    let mut all: Vec<String> = Vec::new();
    for (key, hit) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        all.push(told(to, key, hit));
    }
    for (key, hit) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
        all.push(format!("no longer {}", told(from, key, hit)));
    }
    for (index, component) in to.policy.components.iter().enumerate() {
        let Some(old) = from.policy.components.iter().position(|known| known.name == component.name) else { continue };
        let max = &from.policy.components[old].max;
        let value = |said: &ItemVersion<'_, '_, '_>, index: usize| match said
            .examined
            .value(&Expr::Name(NameRef::Component(index)))
        {
            Estimate::Is(value) => Some(value.to_string()),
            _ => None,
        };
        let limited = !max.same(&component.max) && value(from, old) != value(to, index);
        all.extend(limited.then(|| format!("{} is {} at most, was {max}", component.name, component.max)));
    }
    all
}

/// What is new about the two rules that decided, and whether that is explanation enough: a rule that was
/// not there, or is not any more. One that asks something else may have done so without effect here.
fn of_rules(from: &ItemVersion<'_, '_, '_>, to: &ItemVersion<'_, '_, '_>) -> Vec<(bool, String)> {
    let find = |said: &ItemVersion<'_, '_, '_>, id: &str| said.names.rules.iter().position(|rule| rule.id == id);
    let mut all = Vec::new();
    for rule in [to.rule(), from.rule()].into_iter().flatten() {
        let id = &rule.id;
        match (find(from, id), find(to, id)) {
            (None, Some(_)) => all.push((true, format!("the rule {id} is new: {} ({})", rule.when, rule.at))),
            (Some(_), None) => all.push((true, format!("the rule {id} is gone"))),
            (Some(old), Some(new)) => {
                let (old, new) = (&from.names.rules[old], &to.names.rules[new]);
                let reworded = old.when != new.when;
                let told = || format!("the rule {id} asks {}, was {} ({})", new.when, old.when, new.at);
                all.extend(reworded.then(|| (false, told())));
            }
            (None, None) => {}
        }
    }
    all
}
