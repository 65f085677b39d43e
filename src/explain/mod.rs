//! Why a decision is what it is, and what it narrowly is not.
//!
//! Takes: a policy, the judgement of one item, an answer to what any expression of the policy comes to
//! for it. Gives: [`Explanation`]: every point with what it matched, the rule that decided, why each
//! rule before it did not hold, the nearest miss; each with `file:line`. Pure.
//!
//! - [`parts`] which parts of a condition decide it, in words
//! - [`nearest`] the least that would change the decision
//! - [`show`] the whole as a person reads it

pub mod nearest;
pub mod parts;
pub mod show;

use serde::Serialize;

use crate::engine::evaluate::{Judgement, PointHit};
use crate::engine::expr::Expr;
use crate::engine::rules::{Component, Policy, Rule};
use crate::engine::value::{Estimate, Value};
use crate::language::print;
use nearest::Nearest;

/// What is asked about an item: an expression of the policy to its value.
pub type ExprAnswers<'a> = &'a dyn Fn(&Expr) -> Estimate<'static>;

/// Why an item was decided on as it was.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// The components of the score.
    pub components: Vec<ScoreLine>,
    /// Their sum.
    pub score: Value<'static>,
    /// What the item was classified as, and the rule that said so; no rule: the default.
    #[serde(rename = "type")]
    pub ty: Option<String>,
    /// Where the rule of its type stands.
    pub type_line: Option<String>,
    /// Named judgements.
    pub flags: Vec<FlagLine>,
    /// The rule that decided; `None` where none holds.
    pub decided: Option<RuleLine>,
    /// The rules before it, in order.
    pub passed: Vec<RuleLine>,
    /// The least that would change the decision.
    pub nearest: Option<Nearest>,
}

/// A component of the score.
#[derive(Debug, Clone, Serialize)]
pub struct ScoreLine {
    /// Its name.
    pub name: String,
    /// Its value; null where it was not read.
    pub value: Value<'static>,
    /// Its largest value.
    pub max: Value<'static>,
    /// Why it is 0 whatever its points say.
    pub off: Option<String>,
    /// Its points.
    pub points: Vec<PointLine>,
}

/// A point of the score.
#[derive(Debug, Clone, Serialize)]
pub struct PointLine {
    /// How many.
    pub add: Value<'static>,
    /// Its condition, as the file has it.
    pub condition: String,
    /// `file:line`.
    pub line: String,
    /// Whether it held.
    pub held: bool,
    /// What a pattern of it matched first. Untrusted.
    pub matched: Option<String>,
    /// Why it did not hold. Untrusted.
    pub why: Option<String>,
}

/// A named judgement.
#[derive(Debug, Clone, Serialize)]
pub struct FlagLine {
    /// Its name.
    pub name: String,
    /// Its value; null where it was not read.
    pub holds: Option<bool>,
    /// Why. Untrusted.
    pub why: String,
    /// `file:line`.
    pub line: String,
}

/// A rule that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct RuleLine {
    /// Its id.
    pub rule: String,
    /// Its action; `skip` does nothing.
    pub action: String,
    /// `file:line`.
    pub line: String,
    /// Which part of its condition decided. Untrusted.
    pub why: String,
}

/// Explains a judgement. `points` are all points that held.
#[must_use]
pub fn explain(
    policy: &Policy,
    judgement: &Judgement<'_>,
    points: &[PointHit],
    answers: ExprAnswers<'_>,
) -> Explanation {
    let component = |(index, component)| scored(policy, (index, component), judgement, points, answers);
    let flags = policy.flags.iter().zip(&judgement.flags).map(|(flag, holds)| FlagLine {
        name: flag.name.clone(),
        holds: *holds,
        why: parts::why(policy, &flag.when.expr, answers),
        line: policy.line(flag.when.at),
    });
    let type_rule = policy.classify.rules.iter().find(|rule| Some(rule.ty.as_str()) == judgement.ty);
    let before = judgement.rule.unwrap_or(policy.decide.len());
    Explanation {
        components: policy.components.iter().enumerate().map(component).collect(),
        score: judgement.score.clone(),
        ty: judgement.ty.map(str::to_owned),
        type_line: type_rule.map(|rule| policy.line(rule.at)),
        flags: flags.collect(),
        decided: judgement.rule.map(|rule| passed(policy, &policy.decide[rule], answers)),
        passed: policy.decide[..before].iter().map(|rule| passed(policy, rule, answers)).collect(),
        nearest: nearest::nearest(policy, judgement, answers),
    }
}

/// Why a rule did not hold, or did.
#[must_use]
pub fn why(policy: &Policy, rule: &Rule, answers: ExprAnswers<'_>) -> String {
    let why = rule.when.as_ref().map(|when| parts::why(policy, &when.expr, answers));
    why.unwrap_or_else(|| "it has no condition".to_owned())
}

fn passed(policy: &Policy, rule: &Rule, answers: ExprAnswers<'_>) -> RuleLine {
    RuleLine {
        rule: rule.id.clone(),
        action: rule.action.map_or("skip", |action| policy.actions[action].name.as_str()).to_owned(),
        line: policy.line(rule.at),
        why: why(policy, rule, answers),
    }
}

fn scored(
    policy: &Policy,
    (index, component): (usize, &Component),
    judgement: &Judgement<'_>,
    points: &[PointHit],
    answers: ExprAnswers<'_>,
) -> ScoreLine {
    let off = component.when.as_ref().filter(|when| answers(&when.expr).truth() == Some(false));
    let pointed = component.points.iter().enumerate().map(|(number, point)| {
        let hit = points.iter().find(|hit| (hit.component as usize, hit.point as usize) == (index, number));
        let condition = point.when.as_ref();
        let text = condition.map_or("always", |when| policy.text(when.at));
        let missed = condition.filter(|_| hit.is_none());
        PointLine {
            add: point.add.clone(),
            condition: text.to_owned(),
            line: policy.line(point.at),
            held: hit.is_some(),
            matched: hit.and_then(|hit| hit.matched.as_deref()).map(|text| text.trim().to_owned()),
            why: missed.map(|when| parts::why(policy, &when.expr, answers)),
        }
    });
    ScoreLine {
        name: component.name.clone(),
        value: judgement.scores.get(index).cloned().unwrap_or(Value::None),
        max: component.max.clone(),
        off: off.map(|when| format!("{} ({})", print::of_policy(policy, &when.expr), policy.line(when.at))),
        points: pointed.collect(),
    }
}
