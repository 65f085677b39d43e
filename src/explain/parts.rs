//! Which parts of a condition decide it, in words.
//!
//! Takes: a condition and what its parts come to. Gives: one sentence that names only the parts that
//! matter: of an `and` that fails the first part that fails, of an `or` that holds the first that holds,
//! with the values of the names in them. What it quotes may come from others: it is untrusted.

use super::ExprAnswers;
use crate::engine::expr::{Expr, NameRef};
use crate::engine::rules::Policy;
use crate::engine::value::{Base, Estimate, Value};
use crate::language::print;

/// How deep flags are followed into their own conditions.
const DEEP: usize = 8;

/// Values longer than this are not told.
const LONG: usize = 80;

/// Why a condition holds or does not, in one line.
#[must_use]
pub fn why(policy: &Policy, expr: &Expr, answers: ExprAnswers<'_>) -> String {
    let mut leaves = Vec::new();
    deciding(policy, expr, answers, DEEP, &mut leaves);
    leaves.dedup();
    leaves.join("; ")
}

fn deciding(policy: &Policy, expr: &Expr, answers: ExprAnswers<'_>, deep: usize, into: &mut Vec<String>) {
    let truth = |part: &Expr| answers(part).truth();
    let holds = truth(expr);
    match expr {
        Expr::Not(inner) if !matches!(**inner, Expr::IsNone(_) | Expr::In(..)) => {
            deciding(policy, inner, answers, deep, into);
        }
        Expr::And(parts) | Expr::Or(parts) => {
            let decides = matches!(expr, Expr::Or(_));
            // One part is enough where it decides; else all of them are needed to see why.
            let one = parts.iter().find(|part| holds == Some(decides) && truth(part) == Some(decides));
            let unknown = || parts.iter().filter(|part| holds.is_some() || truth(part).is_none());
            let parts: Vec<&Expr> = one.map_or_else(|| unknown().collect(), |part| vec![part]);
            parts.into_iter().for_each(|part| deciding(policy, part, answers, deep, into));
        }
        Expr::Name(NameRef::Flag(flag)) if deep > 0 && holds.is_some() => {
            deciding(policy, &policy.flags[*flag].when.expr, answers, deep - 1, into);
        }
        _ => into.push(leaf(policy, expr, holds, answers)),
    }
}

/// One part without `and`, `or`, `not`.
fn leaf(policy: &Policy, expr: &Expr, holds: Option<bool>, answers: ExprAnswers<'_>) -> String {
    let set = |set: usize| format!("`{}`", policy.keywords.sets[set].name);
    match (expr, holds) {
        (Expr::Name(NameRef::Tagged(index)), Some(true)) => format!("a tag is in {}", set(*index)),
        (Expr::Name(NameRef::Tagged(index)), Some(false)) => format!("no tag is in {}", set(*index)),
        (Expr::Name(NameRef::Labelled(index)), Some(true)) => format!("a label is in {}", set(*index)),
        (Expr::Name(NameRef::Labelled(index)), Some(false)) => format!("no label is in {}", set(*index)),
        (Expr::Name(_), Some(holds)) => format!("{} is {}", text_of(policy, expr), if holds { "yes" } else { "no" }),
        (_, Some(holds)) => {
            let mut text = text_of(policy, expr);
            text.push_str(if holds { " holds" } else { " does not hold" });
            let values = values(policy, expr, answers);
            if !values.is_empty() {
                text.extend([" (", &values.join(", "), ")"]);
            }
            text
        }
        (_, None) => format!("{} is not known", text_of(policy, expr)),
    }
}

fn text_of(policy: &Policy, expr: &Expr) -> String {
    format!("`{}`", print::of_policy(policy, expr))
}

/// What the names of a part come to, each once: `score is 3`.
fn values(policy: &Policy, expr: &Expr, answers: ExprAnswers<'_>) -> Vec<String> {
    let mut names = Vec::new();
    expr.names(&mut names);
    let mut told = Vec::new();
    for name in names {
        let value = match answers(&Expr::Name(name)) {
            // Logins of agents are names to a reader already; a list of nothing is said.
            Estimate::Is(Value::List(items)) if items.is_empty() => "empty".to_owned(),
            Estimate::Is(value) => value.to_string(),
            Estimate::Within(low, _, _) => format!("at least {low}"),
            Estimate::Lacks(_) => continue,
        };
        let text = format!("{} is {value}", print::name(policy, name));
        if value.chars().count() <= LONG && !told.contains(&text) {
            told.push(text);
        }
    }
    told
}

/// Whether a fact is yes or no.
#[must_use]
pub fn is_flag(policy: &Policy, name: NameRef) -> bool {
    match name {
        NameRef::Fact(fact) => fact.ty(policy.ages).base == Base::Bool,
        NameRef::Flag(_) | NameRef::Tagged(_) | NameRef::Labelled(_) => true,
        _ => false,
    }
}
