//! Expressions: from a checked tree to a value.
//!
//! Takes: an [`Expr`] and what its names stand for. Gives: an [`Estimate`]. Three values: yes, no and
//! not read; `no and not-read` is no, `yes or not-read` is yes, and a number of which only bounds
//! are known decides the comparisons that the bounds decide. Nothing here fails: the checker has
//! refused what has no answer, division by zero is infinite, overflow goes on as a float.

use std::borrow::Cow;

use super::expr::{Arith, Compare, Expr, Filter, NameRef};
use super::facts::Fact;
use super::text::same_tag;
use super::value::{Estimate, Tiers, Value};

/// What names stand for, for one item.
pub trait NameValues<'v> {
    /// The value of a name.
    fn value(&self, name: NameRef) -> Estimate<'v>;
}

/// Evaluates an expression.
pub fn eval<'v>(expr: &'v Expr, names: &dyn NameValues<'v>) -> Estimate<'v> {
    match expr {
        Expr::Literal(value) => Estimate::Is(borrowed(value)),
        Expr::Name(name) => names.value(*name),
        Expr::List(parts) => all(parts, names).map_or_else(Estimate::Lacks, |values| Estimate::Is(Value::List(values))),
        Expr::Not(inner) => match eval(inner, names) {
            Estimate::Is(Value::Bool(value)) => Estimate::Is(Value::Bool(!value)),
            other => other,
        },
        Expr::And(parts) => junction(parts, false, names),
        Expr::Or(parts) => junction(parts, true, names),
        Expr::IsNone(inner) => match eval(inner, names) {
            Estimate::Is(value) => Estimate::Is(Value::Bool(matches!(value, Value::None))),
            // A number with bounds is a number.
            Estimate::Within(..) => Estimate::Is(Value::Bool(false)),
            Estimate::Lacks(tiers) => Estimate::Lacks(tiers),
        },
        Expr::Compare(Compare::Gt, a, b) => more(a, b, names),
        Expr::Compare(Compare::Lt, a, b) => more(b, a, names),
        Expr::Compare(op, a, b) => compare(*op, eval(a, names), eval(b, names)),
        Expr::In(needle, hay) if matches!(**hay, Expr::Name(NameRef::Fact(Fact::Tags))) => {
            both(needle, hay, names, |needle, tags| Value::Bool(is_tag(&needle, &tags)))
        }
        Expr::In(needle, hay) => both(needle, hay, names, |needle, hay| Value::Bool(contains(&needle, &hay))),
        Expr::Negate(inner) => one(inner, names, |value| match value {
            Value::Int(number) => number.checked_neg().map_or(Value::Float(-(number as f64)), Value::Int),
            other => Value::Float(-other.number().unwrap_or(f64::NAN)),
        }),
        Expr::Arith(op, a, b) => both(a, b, names, |a, b| arith(*op, &a, &b)),
        Expr::If(test, yes, no) => match eval(test, names) {
            Estimate::Is(Value::Bool(true)) => eval(yes, names),
            Estimate::Is(_) => eval(no, names),
            other => Estimate::Lacks(other.lacks()),
        },
        Expr::Filter(kind, inner, argument) => match argument {
            None => one(inner, names, |value| filter(*kind, value, None)),
            Some(argument) => both(inner, argument, names, |value, argument| filter(*kind, value, Some(argument))),
        },
    }
}

fn borrowed<'v>(value: &'v Value<'static>) -> Value<'v> {
    match value {
        Value::Text(text) => Value::Text(Cow::Borrowed(text)),
        other => other.clone(),
    }
}

fn all<'v>(parts: &'v [Expr], names: &dyn NameValues<'v>) -> Result<Vec<Value<'v>>, Tiers> {
    let mut values = Vec::with_capacity(parts.len());
    let mut lacks = Tiers::default();
    for part in parts {
        match eval(part, names) {
            Estimate::Is(value) => values.push(value),
            other => lacks = lacks.and(other.lacks()),
        }
    }
    if lacks.is_empty() { Ok(values) } else { Err(lacks) }
}

fn one<'v>(inner: &'v Expr, names: &dyn NameValues<'v>, then: impl FnOnce(Value<'v>) -> Value<'v>) -> Estimate<'v> {
    match eval(inner, names) {
        Estimate::Is(value) => Estimate::Is(then(value)),
        other => Estimate::Lacks(other.lacks()),
    }
}

fn both<'v>(
    a: &'v Expr,
    b: &'v Expr,
    names: &dyn NameValues<'v>,
    then: impl FnOnce(Value<'v>, Value<'v>) -> Value<'v>,
) -> Estimate<'v> {
    match (eval(a, names), eval(b, names)) {
        (Estimate::Is(a), Estimate::Is(b)) => Estimate::Is(then(a, b)),
        (a, b) => Estimate::Lacks(a.lacks().and(b.lacks())),
    }
}

/// `and` (decided by a no) or `or` (decided by a yes), from left to right.
fn junction<'v>(parts: &'v [Expr], decides: bool, names: &dyn NameValues<'v>) -> Estimate<'v> {
    let mut lacks = Tiers::default();
    for part in parts {
        let out = eval(part, names);
        match out.truth() {
            Some(value) if value == decides => return Estimate::Is(Value::Bool(decides)),
            Some(_) => {}
            None => lacks = lacks.and(out.lacks()),
        }
    }
    if lacks.is_empty() { Estimate::Is(Value::Bool(!decides)) } else { Estimate::Lacks(lacks) }
}

/// `more > less`. No count is below zero: where `more` is zero, what `less` counts need not be searched.
fn more<'v>(more: &'v Expr, less: &'v Expr, names: &dyn NameValues<'v>) -> Estimate<'v> {
    let more = eval(more, names);
    match (&more, less) {
        (Estimate::Is(Value::Int(..=0)), Expr::Name(NameRef::Count(_) | NameRef::Distinct(_))) => {
            Estimate::Is(Value::Bool(false))
        }
        _ => compare(Compare::Gt, more, eval(less, names)),
    }
}

fn compare<'v>(op: Compare, a: Estimate<'v>, b: Estimate<'v>) -> Estimate<'v> {
    let decided = match (&a, &b) {
        (Estimate::Is(a), Estimate::Is(b)) => Some(holds(op, a, b)),
        (Estimate::Within(low, high, _), Estimate::Is(b)) => b.number().and_then(|b| within(op, *low, *high, b)),
        (Estimate::Is(a), Estimate::Within(low, high, _)) => {
            a.number().and_then(|a| within(op.mirrored(), *low, *high, a))
        }
        _ => None,
    };
    decided.map_or_else(|| Estimate::Lacks(a.lacks().and(b.lacks())), |value| Estimate::Is(Value::Bool(value)))
}

fn holds(op: Compare, a: &Value<'_>, b: &Value<'_>) -> bool {
    match op {
        Compare::Eq => a.same(b),
        Compare::Ne => !a.same(b),
        _ => match (a, b) {
            (Value::Int(a), Value::Int(b)) => ordered(op, a.partial_cmp(b)),
            _ => ordered(op, a.number().partial_cmp(&b.number())),
        },
    }
}

fn ordered(op: Compare, order: Option<std::cmp::Ordering>) -> bool {
    order.is_some_and(|order| match op {
        Compare::Lt => order.is_lt(),
        Compare::Le => order.is_le(),
        Compare::Gt => order.is_gt(),
        Compare::Ge => order.is_ge(),
        Compare::Eq | Compare::Ne => false,
    })
}

/// Whether a number between `low` and `high` compares with `limit` so: decided only where both
/// ends agree and, for equality, where it lies outside.
fn within(op: Compare, low: f64, high: f64, limit: f64) -> Option<bool> {
    if matches!(op, Compare::Eq | Compare::Ne) {
        let outside = limit < low || limit > high;
        let same = low == high && low == limit;
        return (outside || same).then_some(same == (op == Compare::Eq));
    }
    let (at_low, at_high) = (ordered(op, low.partial_cmp(&limit)), ordered(op, high.partial_cmp(&limit)));
    (at_low == at_high).then_some(at_low)
}

/// Whether a text is one of these tags, as tags are compared.
fn is_tag(needle: &Value<'_>, tags: &Value<'_>) -> bool {
    let Value::Text(needle) = needle else { return false };
    tags.elements().is_some_and(|tags| tags.iter().any(|tag| matches!(tag, Value::Text(tag) if same_tag(tag, needle))))
}

fn contains(needle: &Value<'_>, hay: &Value<'_>) -> bool {
    match (needle, hay) {
        (Value::Text(needle), Value::Texts(texts)) => texts.contains(&&**needle),
        (Value::Text(needle), Value::Text(text)) => text.contains(&**needle),
        (needle, Value::List(items)) => items.iter().any(|item| item.same(needle)),
        _ => false,
    }
}

fn arith<'v>(op: Arith, a: &Value<'_>, b: &Value<'_>) -> Value<'v> {
    if let (Value::Int(x), Value::Int(y)) = (a, b) {
        let exact = match op {
            Arith::Add => x.checked_add(*y),
            Arith::Sub => x.checked_sub(*y),
            Arith::Mul => x.checked_mul(*y),
            Arith::FloorDiv => x.checked_div_euclid(*y),
            Arith::Rem => x.checked_rem_euclid(*y),
            Arith::Div => None,
        };
        if let Some(exact) = exact {
            return Value::Int(exact);
        }
    }
    let (x, y) = (a.number().unwrap_or(f64::NAN), b.number().unwrap_or(f64::NAN));
    Value::Float(match op {
        Arith::Add => x + y,
        Arith::Sub => x - y,
        Arith::Mul => x * y,
        Arith::Div => x / y,
        Arith::FloorDiv => x.div_euclid(y),
        Arith::Rem => x.rem_euclid(y),
    })
}

/// The sum of two numbers.
#[must_use]
pub fn add(a: &Value<'_>, b: &Value<'_>) -> Value<'static> {
    arith(Arith::Add, a, b)
}

/// A number kept within 0 and `max`.
#[must_use]
pub fn clamp(number: Value<'static>, max: &Value<'static>) -> Value<'static> {
    if number.number() < Some(0.0) {
        Value::Int(0)
    } else if number.number() > max.number() {
        max.clone()
    } else {
        number
    }
}

fn filter<'v>(kind: Filter, value: Value<'v>, argument: Option<Value<'v>>) -> Value<'v> {
    match (kind, value) {
        (Filter::Length, Value::Text(text)) => count(text.chars().count()),
        (Filter::Length, Value::Texts(texts)) => count(texts.len()),
        (Filter::Length, Value::List(items)) => count(items.len()),
        (Filter::Lower, Value::Text(text)) => Value::Text(Cow::Owned(text.to_lowercase())),
        (Filter::Abs, Value::Int(number)) => {
            number.checked_abs().map_or(Value::Float((number as f64).abs()), Value::Int)
        }
        (Filter::Abs, number) => Value::Float(number.number().unwrap_or(f64::NAN).abs()),
        (Filter::Round, Value::Int(number)) => Value::Int(number),
        (Filter::Round, number) => {
            let digits = match argument {
                Some(Value::Int(digits)) => digits.clamp(0, 15),
                _ => 0,
            };
            Value::Float(round(number.number().unwrap_or(f64::NAN), usize::try_from(digits).unwrap_or(0)))
        }
        (kind, list) => {
            let items = list.elements().unwrap_or_default();
            match kind {
                Filter::Join => {
                    let between = argument.map_or(String::new(), |text| text.to_string());
                    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
                    Value::Text(Cow::Owned(texts.join(&between)))
                }
                Filter::Last => items.into_iter().last().unwrap_or(Value::None),
                Filter::Min => items.into_iter().min_by(Value::order).unwrap_or(Value::None),
                Filter::Max => items.into_iter().max_by(Value::order).unwrap_or(Value::None),
                Filter::Sum => items.iter().fold(Value::Int(0), |sum, item| arith(Arith::Add, &sum, item)),
                _ => items.into_iter().next().unwrap_or(Value::None),
            }
        }
    }
}

fn count<'v>(length: usize) -> Value<'v> {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

/// Rounds as Python does: correctly from the exact binary value, ties to even. The standard
/// library prints decimals in just that way.
#[must_use]
pub fn round(number: f64, digits: usize) -> f64 {
    if !number.is_finite() {
        return number;
    }
    format!("{number:.digits$}").parse().unwrap_or(number)
}
