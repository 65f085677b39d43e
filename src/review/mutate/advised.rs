//! Changes of rules over counted facts.
//!
//! Takes: the sections of a job's rules. Gives: changes of what stands beside conditions: a rule taken out or
//! exchanged with the next, a number of `let`, `score` and `limit` by one, the order of `sort` turned round.

use super::Change as Any;
use super::list::{Found, by_one};
use super::parts::{at_mut, children};
use crate::advise::{Advice, Group};
use crate::engine::expr::Expr;
use crate::engine::value::Value;
use crate::review::book::{Book, Seat, Seated};

/// One change. The seat of a group is that of its first rule.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Drop(Seat),
    /// With the rule after it in its group.
    Swap(Seat),
    /// With the group after it.
    SwapGroups(Seat),
    Number(Seat, Of, Vec<usize>, Value<'static>),
    /// Which key descends that ascended, or the other way round.
    Turn(Seat, usize),
}

/// Which expression of a rule or its group.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Limit,
    GroupLet(usize),
    Let(usize),
    Score,
}

impl Of {
    fn all(of: Seated<'_>) -> Vec<Of> {
        let first = of.seat.rule == 0;
        let limit = of.group.each.iter().filter(|each| first && each.limit.is_some()).map(|_| Of::Limit);
        let group = (0..of.group.lets.len()).filter(|_| first).map(Of::GroupLet);
        let own = (0..of.rule.lets.len()).map(Of::Let);
        limit.chain(group).chain(own).chain(of.rule.score.iter().map(|_| Of::Score)).collect()
    }

    fn expr(self, group: &Group, rule: usize) -> Option<&Expr> {
        match self {
            Of::Limit => group.each.as_ref()?.limit.as_ref(),
            Of::GroupLet(index) => group.lets.get(index).map(|(_, expr)| expr),
            Of::Let(index) => group.rules[rule].lets.get(index).map(|(_, expr)| expr),
            Of::Score => group.rules[rule].score.as_ref(),
        }
    }

    fn expr_mut(self, group: &mut Group, rule: usize) -> Option<&mut Expr> {
        match self {
            Of::Limit => group.each.as_mut()?.limit.as_mut(),
            Of::GroupLet(index) => group.lets.get_mut(index).map(|(_, expr)| expr),
            Of::Let(index) => group.rules[rule].lets.get_mut(index).map(|(_, expr)| expr),
            Of::Score => group.rules[rule].score.as_mut(),
        }
    }

    fn name(self, of: Seated<'_>) -> String {
        match self {
            Of::Limit => format!("{}.limit", of.name()),
            Of::GroupLet(index) => format!("{}.let.{}", of.name(), of.group.lets[index].0),
            Of::Let(index) => format!("{}.let.{}", of.name(), of.rule.lets[index].0),
            Of::Score => format!("{}.score", of.name()),
        }
    }
}

impl Change {
    pub(super) fn apply(&self, advice: &mut Advice) {
        match self {
            Change::Drop(seat) => drop(group(advice, *seat).rules.remove(seat.rule)),
            Change::Swap(seat) => group(advice, *seat).rules.swap(seat.rule, seat.rule + 1),
            Change::SwapGroups(seat) => advice.sections[seat.section].groups.swap(seat.group, seat.group + 1),
            Change::Number(seat, of, way, value) => {
                let expr = of.expr_mut(group(advice, *seat), seat.rule);
                if let Some(at) = expr.and_then(|expr| at_mut(expr, way)) {
                    *at = Expr::Literal(value.clone());
                }
            }
            Change::Turn(seat, key) => {
                if let Some(each) = &mut group(advice, *seat).each {
                    each.sort[*key].0 ^= true;
                }
            }
        }
    }
}

fn group(advice: &mut Advice, seat: Seat) -> &mut Group {
    &mut advice.sections[seat.section].groups[seat.group]
}

/// Every change of this kind.
pub(super) fn list(book: Book<'_>, found: &mut Found) {
    for of in book.seated() {
        numbers(book, of, found);
        let (name, at, seat) = (of.name(), of.rule.at, of.seat);
        if seat.rule == 0 {
            for (key, (descending, expr)) in of.group.each.iter().flat_map(|each| &each.sort).enumerate() {
                let (now, then) = if *descending { ("desc", "asc") } else { ("asc", "desc") };
                let name = format!("{name}.sort {then} {}", book.print(of, expr));
                let what = format!("`{now}` becomes `{then}`");
                found.add(at, || (name, what, Any::Advised(Change::Turn(seat, key))));
            }
        }
        found.add(at, || (format!("{name} drop"), "taken out".to_owned(), Any::Advised(Change::Drop(seat))));
        let section = of.rules.section.name;
        let (id, exchanged) = (&of.rule.id, "exchanged".to_owned());
        if let Some(next) = of.group.rules.get(seat.rule + 1) {
            let name = format!("{section} swap {id}, {}", next.id);
            found.add(at, || (name, exchanged, Any::Advised(Change::Swap(seat))));
        } else if let Some(next) = of.rules.groups.get(seat.group + 1).and_then(|group| group.rules.first()) {
            // Of groups the whole is exchanged, as they look at different things.
            let name = format!("{section} swap {id}, {}", next.id);
            found.add(at, || (name, exchanged, Any::Advised(Change::SwapGroups(seat))));
        }
    }
}

fn numbers(book: Book<'_>, of: Seated<'_>, found: &mut Found) {
    for which in Of::all(of) {
        let Some(expr) = which.expr(of.group, of.seat.rule) else { continue };
        let mut literals = Vec::new();
        numbers_in(expr, &mut Vec::new(), &mut literals);
        let several = literals.len() > 1;
        for (way, number) in literals {
            for (direction, up) in [("up", true), ("down", false)] {
                let Some(value) = by_one(&number, up) else { continue };
                found.add(of.rule.at, || {
                    let part = if several { format!(" {number}") } else { String::new() };
                    let name = format!("{}{part} {direction}", which.name(of));
                    let what = format!("{number} becomes {value} in {}", book.print(of, expr));
                    (name, what, Any::Advised(Change::Number(of.seat, which, way.clone(), value)))
                });
            }
        }
    }
}

/// Every number in an expression, with the way to it.
fn numbers_in(expr: &Expr, way: &mut Vec<usize>, found: &mut Vec<(Vec<usize>, Value<'static>)>) {
    if let Expr::Literal(number @ (Value::Int(_) | Value::Float(_))) = expr {
        found.push((way.clone(), number.clone()));
    }
    for (child, index) in children(expr).into_iter().zip(0..) {
        way.push(index);
        numbers_in(child, way, found);
        way.pop();
    }
}
