//! The nearest miss: the least that would change a decision.
//!
//! Takes: a policy, a judgement, what the parts of its conditions come to. Gives: [`Nearest`]: which rule
//! would then hold or no longer hold, and the few things that are missing for it, each in words; where
//! points of the score are missing, which points could still be had and where they stand.
//!
//! Of a rule that leaves the item alone it is what would lift it; of one that acts, which of the rules
//! before it is closest to holding by a number that was judged (points, matches). Such numbers come
//! first, because an item can be made better and not relabelled into being good; then fewer missing
//! things, then the smaller gap.

use std::cell::OnceCell;

use serde::Serialize;

use super::ExprAnswers;
use crate::engine::evaluate::Judgement;
use crate::engine::expr::{Compare, Expr, NameRef};
use crate::engine::rules::{Point, Policy};
use crate::engine::value::{Estimate, Value};
use crate::language::print;

/// How deep flags are followed into their own conditions.
const DEEP: usize = 8;

/// Points that could still be had are named up to this many.
const COULD: usize = 3;

/// Words of a set or pattern that are named as examples.
const EXAMPLES: usize = 3;

/// The least that would change the decision.
#[derive(Debug, Clone, Serialize)]
pub struct Nearest {
    /// The rule that would change its mind.
    pub rule: String,
    /// It would hold; otherwise it would no longer hold.
    pub would_hold: bool,
    /// What is missing for that, in words.
    pub missing: Vec<String>,
    /// Where points of the score are missing: what would add some.
    pub could: Vec<Could>,
}

/// A point that could still be had.
#[derive(Debug, Clone, Serialize)]
pub struct Could {
    /// How many.
    pub add: Value<'static>,
    /// What is missing for it, in words.
    pub missing: Vec<String>,
    /// `file:line`.
    pub line: String,
}

/// One thing that would have to be otherwise.
#[derive(Debug, Clone)]
struct NearStep<'e> {
    /// How far it is away: a gap between numbers, 1 for yes or no.
    gap: f64,
    wants: Wants<'e>,
    /// It is about a number that was judged: points, matches.
    judged: bool,
    /// More of the score is wanted.
    score: bool,
    /// Put into words when it is told, which most steps are not.
    text: OnceCell<String>,
}

/// What a step asks for.
#[derive(Debug, Clone, Copy)]
enum Wants<'e> {
    /// A tag of a keyword set, or none.
    Tag(usize, bool),
    /// A label of one, or none.
    Label(usize, bool),
    /// A condition to hold, or not to.
    Holds(&'e Expr, bool),
    /// So much more of a number, or less, that a comparison turns.
    Gap { of: &'e Expr, compare: &'e Expr, gap: f64, more: bool },
}

impl<'e> NearStep<'e> {
    /// Something that is or is not.
    fn plain(wants: Wants<'e>) -> Self {
        NearStep { gap: 1.0, wants, judged: false, score: false, text: OnceCell::new() }
    }
}

/// The nearest miss of a judgement.
#[must_use]
pub fn nearest(policy: &Policy, judgement: &Judgement<'_>, answers: ExprAnswers<'_>) -> Option<Nearest> {
    let steps = Steps { policy, answers };
    let (rule, would_hold, found) = match judgement.rule {
        // What leaves it alone would have to let go.
        Some(rule) if judgement.action.is_none() => {
            (rule, false, steps.to(&policy.decide[rule].when.as_ref()?.expr, false, DEEP)?)
        }
        decided => {
            let before = decided.unwrap_or(policy.decide.len());
            let candidates = (0..before).filter_map(|rule| {
                let when = policy.decide[rule].when.as_ref()?;
                let found = steps.to(&when.expr, true, DEEP)?;
                judged(&found).then_some((rule, found))
            });
            let (rule, found) = candidates.min_by(|(_, a), (_, b)| weight(a).total_cmp(&weight(b)))?;
            (rule, true, found)
        }
    };
    if found.is_empty() {
        return None;
    }
    let could = if found.iter().any(|step| step.score) { steps.could(judgement) } else { Vec::new() };
    let missing = steps.describe(found);
    Some(Nearest { rule: policy.decide[rule].id.clone(), would_hold, missing, could })
}

/// Fewer things first, then the smaller gap.
fn weight(steps: &[NearStep<'_>]) -> f64 {
    let gaps: f64 = steps.iter().map(|step| step.gap / (1.0 + step.gap)).sum();
    steps.len() as f64 + gaps
}

/// Something that was judged by a number is among them.
fn judged(steps: &[NearStep<'_>]) -> bool {
    steps.iter().any(|step| step.judged)
}

struct Steps<'a> {
    policy: &'a Policy,
    answers: ExprAnswers<'a>,
}

impl<'e> Steps<'e> {
    /// The least that makes a condition come to `want`; `None` where that cannot be told.
    fn to(&self, expr: &'e Expr, want: bool, deep: usize) -> Option<Vec<NearStep<'e>>> {
        let truth = (self.answers)(expr).truth()?;
        if truth == want {
            return Some(Vec::new());
        }
        match expr {
            Expr::Literal(_) => None,
            Expr::Not(inner) => self.to(inner, !want, deep),
            Expr::And(parts) if want => self.all(parts, want, deep),
            Expr::Or(parts) if !want => self.all(parts, want, deep),
            Expr::And(parts) | Expr::Or(parts) => {
                let ways = parts.iter().filter_map(|part| self.to(part, want, deep));
                ways.min_by(|a, b| judged(b).cmp(&judged(a)).then(weight(a).total_cmp(&weight(b))))
            }
            Expr::Name(NameRef::Flag(flag)) if deep > 0 => self.to(&self.policy.flags[*flag].when.expr, want, deep - 1),
            other => Some(vec![self.step(other, want)]),
        }
    }

    fn all(&self, parts: &'e [Expr], want: bool, deep: usize) -> Option<Vec<NearStep<'e>>> {
        let parts: Option<Vec<Vec<NearStep<'e>>>> = parts.iter().map(|part| self.to(part, want, deep)).collect();
        let mut steps: Vec<NearStep<'e>> = Vec::new();
        for step in parts?.into_iter().flatten() {
            // What more than one part asks for is one thing; the larger gap serves both.
            match steps.iter_mut().find(|known| self.text(known) == self.text(&step)) {
                Some(known) => known.gap = known.gap.max(step.gap),
                None => steps.push(step),
            }
        }
        Some(steps)
    }

    /// One part without `and`, `or`, `not`.
    fn step(&self, expr: &'e Expr, want: bool) -> NearStep<'e> {
        match expr {
            Expr::Name(NameRef::Tagged(set)) => NearStep::plain(Wants::Tag(*set, want)),
            Expr::Name(NameRef::Labelled(set)) => NearStep::plain(Wants::Label(*set, want)),
            Expr::Compare(op, a, b) => self.compared(expr, (*op, a, b), want),
            _ => NearStep::plain(Wants::Holds(expr, want)),
        }
    }

    fn compared(&self, compare: &'e Expr, (op, a, b): (Compare, &'e Expr, &'e Expr), want: bool) -> NearStep<'e> {
        // The name on the left.
        let (op, a, b) = if matches!(b, Expr::Name(NameRef::Score | NameRef::Count(_) | NameRef::Distinct(_))) {
            (op.mirrored(), b, a)
        } else {
            (op, a, b)
        };
        let number = |side: &Expr| match (self.answers)(side) {
            Estimate::Is(value) => value.number(),
            _ => None,
        };
        let other = || NearStep::plain(Wants::Holds(compare, want));
        let (Some(have), Some(limit)) = (number(a), number(b)) else { return other() };
        // How much more (above 0) or less is needed; a strict limit takes one more.
        let (more, strict) = match (op, want) {
            (Compare::Ge, true) | (Compare::Lt, false) => (true, 0.0),
            (Compare::Gt, true) | (Compare::Le, false) => (true, 1.0),
            (Compare::Le, true) | (Compare::Gt, false) => (false, 0.0),
            (Compare::Lt, true) | (Compare::Ge, false) => (false, 1.0),
            (Compare::Eq | Compare::Ne, _) => return other(),
        };
        let gap = (limit - have).abs() + strict;
        let points = matches!(a, Expr::Name(NameRef::Score | NameRef::Component(_)));
        let judged = points || matches!(a, Expr::Name(NameRef::Count(_) | NameRef::Distinct(_)));
        let wants = Wants::Gap { of: a, compare, gap, more };
        NearStep { gap, wants, judged, score: more && points, text: OnceCell::new() }
    }

    /// A step in words.
    fn text<'s>(&self, step: &'s NearStep<'_>) -> &'s str {
        let printed = |expr| print::of_policy(self.policy, expr);
        let holds = |text: String, want| if want { format!("`{text}`") } else { format!("not `{text}`") };
        step.text.get_or_init(|| match step.wants {
            Wants::Tag(set, want) => format!("{} tag of {}", if want { "a" } else { "no" }, self.set(set)),
            Wants::Label(set, want) => format!("{} label of {}", if want { "a" } else { "no" }, self.set(set)),
            Wants::Holds(expr, want) => holds(printed(expr), want),
            Wants::Gap { of, compare, gap, more } => self.many(of, gap, more).unwrap_or_else(|| {
                let way = if more { "more" } else { "less" };
                format!("{} {way} of `{}` (`{}`)", round(gap), printed(of), printed(compare))
            }),
        })
    }

    fn describe(&self, steps: Vec<NearStep<'_>>) -> Vec<String> {
        steps.iter().map(|step| self.text(step).to_owned()).collect()
    }

    /// A gap of something that has a name of its own.
    fn many(&self, of: &Expr, gap: f64, more: bool) -> Option<String> {
        let (way, s) = (if more { "more" } else { "fewer" }, if gap == 1.0 { "" } else { "s" });
        let gap = round(gap);
        match of {
            Expr::Name(NameRef::Score) => Some(format!("{gap} point{s} {}", if more { "more" } else { "less" })),
            Expr::Name(NameRef::Count(pattern)) => {
                Some(format!("{gap} {way} match{} of {}", if s.is_empty() { "" } else { "es" }, self.pattern(*pattern)))
            }
            Expr::Name(NameRef::Distinct(pattern)) => {
                Some(format!("{gap} {way} of the words of {}", self.pattern(*pattern)))
            }
            _ => None,
        }
    }

    /// A set with a few of its words.
    fn set(&self, index: usize) -> String {
        let set = &self.policy.keywords.sets[index];
        examples(&set.name, set.words.iter().map(|word| word.text.as_str()))
    }

    fn pattern(&self, index: usize) -> String {
        let pattern = &self.policy.patterns[index];
        if pattern.is_regex() {
            return format!("`{}`", pattern.name);
        }
        examples(&pattern.name, pattern.entries.iter().filter_map(|entry| entry.forms.first()).map(String::as_str))
    }

    /// Points that did not hold, in components that have room: what can be written first, tags last.
    fn could(&self, judgement: &Judgement<'_>) -> Vec<Could> {
        let mut could = Vec::new();
        for (component, value) in self.policy.components.iter().zip(&judgement.scores) {
            let full = matches!((value.number(), component.max.number()), (Some(value), Some(max)) if value >= max);
            let off = component.when.as_ref().is_some_and(|when| (self.answers)(&when.expr).truth() == Some(false));
            if full || off {
                continue;
            }
            for point in component.points.iter().filter(|point| point.add.number().is_some_and(|add| add > 0.0)) {
                let steps = point.when.as_ref().and_then(|when| self.to(&when.expr, true, DEEP));
                if let Some(steps) = steps.filter(|steps| !steps.is_empty()) {
                    let (later, weight) = (!judged(&steps), weight(&steps));
                    could.push((later, weight, point, steps));
                }
            }
        }
        let add = |point: &Point| point.add.number().unwrap_or(0.0);
        could.sort_by(|(later_a, a, x, _), (later_b, b, y, _)| {
            later_a.cmp(later_b).then(a.total_cmp(b)).then(add(y).total_cmp(&add(x)))
        });
        // Where a point stands is counted in the file: only of those that are told.
        let told = |(_, _, point, steps): (bool, f64, &Point, Vec<NearStep<'_>>)| Could {
            add: point.add.clone(),
            missing: self.describe(steps),
            line: self.policy.line(point.at),
        };
        could.into_iter().take(COULD).map(told).collect()
    }
}

/// A name with a few words of it: "`bug` (bug, broken, crash, …)".
fn examples<'w>(name: &str, words: impl Iterator<Item = &'w str>) -> String {
    let words: Vec<&str> = words.collect();
    let more = if words.len() > EXAMPLES { ", …" } else { "" };
    let first = words.iter().take(EXAMPLES).copied().collect::<Vec<_>>().join(", ");
    if first.is_empty() { format!("`{name}`") } else { format!("`{name}` ({first}{more})") }
}

fn round(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
