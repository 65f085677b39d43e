//! Expressions as a person writes them.
//!
//! Takes: a checked [`Expr`] and how its names are written ([`name`] for those of a policy). Gives:
//! its text, with no more brackets than it needs. What is shown of a part of a condition comes from
//! here, because the tree keeps no place of its parts.

use crate::engine::expr::{Arith, Compare, Expr, Filter, NameRef};
use crate::engine::facts::FACTS;
use crate::engine::policy::Policy;
use crate::engine::value::Value;

/// How names are written.
pub type NamePrinter<'n> = &'n dyn Fn(NameRef) -> String;

/// The text of an expression.
#[must_use]
pub fn print(expr: &Expr, names: NamePrinter<'_>) -> String {
    let mut out = String::new();
    whole(expr, names, &mut out);
    out
}

/// An expression of this policy as a person writes it.
#[must_use]
pub fn of_policy(policy: &Policy, expr: &Expr) -> String {
    print(expr, &|known| name(policy, known))
}

/// A name as the rules of this policy write it.
#[must_use]
pub fn name(policy: &Policy, name: NameRef) -> String {
    match name {
        NameRef::Fact(fact) => {
            FACTS.iter().find(|(_, known, _)| *known == fact).map_or("?", |(name, _, _)| name).to_owned()
        }
        NameRef::Tagged(set) => format!("tagged.{}", policy.keywords.sets[set].name),
        NameRef::Labelled(set) => format!("labelled.{}", policy.keywords.sets[set].name),
        NameRef::Count(pattern) => format!("count.{}", policy.patterns[pattern].name),
        NameRef::Distinct(pattern) => format!("distinct.{}", policy.patterns[pattern].name),
        NameRef::LabelsWith(pattern) => format!("labels_with.{}", policy.patterns[pattern].name),
        NameRef::Threshold(threshold) => format!("thresholds.{}", policy.thresholds[threshold].name),
        NameRef::Component(component) => format!("scores.{}", policy.components[component].name),
        NameRef::Score => "score".to_owned(),
        NameRef::Type => "type".to_owned(),
        NameRef::Flag(flag) => policy.flags[flag].name.clone(),
        NameRef::Login(agent) => format!("agents.{}.login", policy.agents[agent].name),
        // Their names are the section's: `advice` writes them.
        NameRef::Slot(slot) => format!("slot {slot}"),
    }
}

/// How tightly an expression binds, as in the syntax of the rules: the loosest first.
fn tightness(expr: &Expr) -> u8 {
    match expr {
        Expr::If(..) => 0,
        Expr::Or(_) => 1,
        Expr::And(_) => 2,
        Expr::Not(inner) if matches!(**inner, Expr::IsNone(_)) => 7,
        Expr::Not(inner) if matches!(**inner, Expr::In(..)) => 4,
        Expr::Not(_) => 3,
        Expr::Compare(..) | Expr::In(..) => 4,
        Expr::Arith(Arith::Add | Arith::Sub, ..) => 5,
        Expr::Arith(..) => 6,
        // A filter or a test takes what is negated: `-a | abs` is `(-a) | abs`.
        Expr::Filter(..) | Expr::IsNone(_) => 7,
        Expr::Negate(_) => 8,
        Expr::Literal(_) | Expr::Name(_) | Expr::List(_) => 9,
    }
}

fn whole(expr: &Expr, names: NamePrinter<'_>, out: &mut String) {
    at_least(expr, 0, names, out);
}

/// In brackets where it binds less tightly.
fn at_least(expr: &Expr, tight: u8, names: NamePrinter<'_>, out: &mut String) {
    let brackets = tightness(expr) < tight;
    out.push_str(if brackets { "(" } else { "" });
    plain(expr, names, out);
    out.push_str(if brackets { ")" } else { "" });
}

fn plain(expr: &Expr, names: NamePrinter<'_>, out: &mut String) {
    let own = tightness(expr);
    let side = |part: &Expr, out: &mut String| at_least(part, own + 1, names, out);
    let between = |a: &Expr, word: &str, b: &Expr, out: &mut String| {
        side(a, out);
        out.push_str(word);
        side(b, out);
    };
    match expr {
        Expr::Literal(value) => out.push_str(&literal(value)),
        Expr::Name(name) => out.push_str(&names(*name)),
        Expr::List(parts) => {
            out.push('[');
            joined(parts, ", ", &|part, out| whole(part, names, out), out);
            out.push(']');
        }
        Expr::Not(inner) => match &**inner {
            Expr::IsNone(inner) => {
                at_least(inner, own, names, out);
                out.push_str(" is not none");
            }
            Expr::In(needle, hay) => between(needle, " not in ", hay, out),
            inner => {
                out.push_str("not ");
                at_least(inner, own, names, out);
            }
        },
        Expr::And(parts) => joined(parts, " and ", &side, out),
        Expr::Or(parts) => joined(parts, " or ", &side, out),
        Expr::IsNone(inner) => {
            at_least(inner, own, names, out);
            out.push_str(" is none");
        }
        Expr::In(needle, hay) => between(needle, " in ", hay, out),
        Expr::Compare(op, a, b) => {
            side(a, out);
            out.extend([" ", sign(*op), " "]);
            side(b, out);
        }
        Expr::Negate(inner) => {
            out.push('-');
            at_least(inner, own, names, out);
        }
        // From left to right: what stands on the right of a minus keeps its brackets.
        Expr::Arith(op, a, b) => {
            at_least(a, own, names, out);
            out.extend([" ", arithmetic(*op), " "]);
            side(b, out);
        }
        Expr::If(test, yes, no) => {
            at_least(yes, 1, names, out);
            out.push_str(" if ");
            at_least(test, 1, names, out);
            out.push_str(" else ");
            whole(no, names, out);
        }
        Expr::Filter(kind, inner, argument) => {
            at_least(inner, own, names, out);
            out.extend([" | ", filter(*kind)]);
            if let Some(argument) = argument {
                out.push('(');
                whole(argument, names, out);
                out.push(')');
            }
        }
    }
}

fn joined(parts: &[Expr], word: &str, one: &dyn Fn(&Expr, &mut String), out: &mut String) {
    for (index, part) in parts.iter().enumerate() {
        out.push_str(if index > 0 { word } else { "" });
        one(part, out);
    }
}

fn literal(value: &Value<'_>) -> String {
    match value {
        Value::None => "none".to_owned(),
        Value::Text(text) => {
            let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
            let mut out = String::from(quote);
            for c in text.chars() {
                match c {
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    '\t' => out.push_str("\\t"),
                    c if c == quote || c == '\\' => out.extend(['\\', c]),
                    c => out.push(c),
                }
            }
            out.push(quote);
            out
        }
        // With its point, so that it is read as what it is.
        Value::Float(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}

/// The sign of a comparison.
#[must_use]
pub fn sign(op: Compare) -> &'static str {
    match op {
        Compare::Eq => "==",
        Compare::Ne => "!=",
        Compare::Lt => "<",
        Compare::Le => "<=",
        Compare::Gt => ">",
        Compare::Ge => ">=",
    }
}

fn arithmetic(op: Arith) -> &'static str {
    match op {
        Arith::Add => "+",
        Arith::Sub => "-",
        Arith::Mul => "*",
        Arith::Div => "/",
        Arith::FloorDiv => "//",
        Arith::Rem => "%",
    }
}

fn filter(kind: Filter) -> &'static str {
    match kind {
        Filter::Length => "length",
        Filter::Lower => "lower",
        Filter::Join => "join",
        Filter::First => "first",
        Filter::Last => "last",
        Filter::Min => "min",
        Filter::Max => "max",
        Filter::Sum => "sum",
        Filter::Abs => "abs",
        Filter::Round => "round",
    }
}
