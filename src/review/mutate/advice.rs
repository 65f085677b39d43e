//! Changes of rules over counted facts.
//!
//! Takes: the sections of a job's rules. Gives: changes of what stands beside conditions: a rule taken out or
//! exchanged with the next, a number of `let`, `score` and `limit` by one, the order of `sort` turned round.

use super::RuleMutation;
use super::list::{MutantList, by_one};
use super::parts::{at_mut, children};
use crate::advise::{Advice, RuleGroup};
use crate::engine::expr::Expr;
use crate::engine::value::Value;
use crate::review::book::{RuleBook, RuleSeat, Seat};

/// One change. The seat of a group is that of its first rule.
#[derive(Debug, Clone)]
pub(super) enum AdviceMutation {
    Drop(Seat),
    /// With the rule after it in its group.
    Swap(Seat),
    /// With the group after it.
    SwapGroups(Seat),
    Number(Seat, MutatedExpr, Vec<usize>, Value<'static>),
    /// Which key descends that ascended, or the other way round.
    Turn(Seat, usize),
}

/// Which expression of a rule or its group.
#[derive(Debug, Clone, Copy)]
pub(super) enum MutatedExpr {
    Limit,
    GroupLet(usize),
    Let(usize),
    Score,
}

impl MutatedExpr {
    fn all(of: RuleSeat<'_>) -> Vec<MutatedExpr> {
        let first = of.seat.rule == 0;
        let limit = of.group.each.iter().filter(|each| first && each.limit.is_some()).map(|_| MutatedExpr::Limit);
        let group = (0..of.group.lets.len()).filter(|_| first).map(MutatedExpr::GroupLet);
        let own = (0..of.rule.lets.len()).map(MutatedExpr::Let);
        limit.chain(group).chain(own).chain(of.rule.score.iter().map(|_| MutatedExpr::Score)).collect()
    }

    fn expr(self, group: &RuleGroup, rule: usize) -> Option<&Expr> {
        match self {
            MutatedExpr::Limit => group.each.as_ref()?.limit.as_ref(),
            MutatedExpr::GroupLet(index) => group.lets.get(index).map(|(_, expr)| expr),
            MutatedExpr::Let(index) => group.rules[rule].lets.get(index).map(|(_, expr)| expr),
            MutatedExpr::Score => group.rules[rule].score.as_ref(),
        }
    }

    fn expr_mut(self, group: &mut RuleGroup, rule: usize) -> Option<&mut Expr> {
        match self {
            MutatedExpr::Limit => group.each.as_mut()?.limit.as_mut(),
            MutatedExpr::GroupLet(index) => group.lets.get_mut(index).map(|(_, expr)| expr),
            MutatedExpr::Let(index) => group.rules[rule].lets.get_mut(index).map(|(_, expr)| expr),
            MutatedExpr::Score => group.rules[rule].score.as_mut(),
        }
    }

    fn name(self, of: RuleSeat<'_>) -> String {
        match self {
            MutatedExpr::Limit => format!("{}.limit", of.name()),
            MutatedExpr::GroupLet(index) => format!("{}.let.{}", of.name(), of.group.lets[index].0),
            MutatedExpr::Let(index) => format!("{}.let.{}", of.name(), of.rule.lets[index].0),
            MutatedExpr::Score => format!("{}.score", of.name()),
        }
    }
}

impl AdviceMutation {
    pub(super) fn apply(&self, advice: &mut Advice) {
        match self {
            AdviceMutation::Drop(seat) => drop(group(advice, *seat).rules.remove(seat.rule)),
            AdviceMutation::Swap(seat) => group(advice, *seat).rules.swap(seat.rule, seat.rule + 1),
            AdviceMutation::SwapGroups(seat) => advice.sections[seat.section].groups.swap(seat.group, seat.group + 1),
            AdviceMutation::Number(seat, of, way, value) => {
                let expr = of.expr_mut(group(advice, *seat), seat.rule);
                if let Some(at) = expr.and_then(|expr| at_mut(expr, way)) {
                    *at = Expr::Literal(value.clone());
                }
            }
            AdviceMutation::Turn(seat, key) => {
                if let Some(each) = &mut group(advice, *seat).each {
                    each.sort[*key].0 ^= true;
                }
            }
        }
    }
}

fn group(advice: &mut Advice, seat: Seat) -> &mut RuleGroup {
    &mut advice.sections[seat.section].groups[seat.group]
}

/// Every change of this kind.
pub(super) fn list(book: RuleBook<'_>, found: &mut MutantList) {
    for of in book.seated() {
        numbers(book, of, found);
        let (name, at, seat) = (of.name(), of.rule.at, of.seat);
        if seat.rule == 0 {
            for (key, (descending, expr)) in of.group.each.iter().flat_map(|each| &each.sort).enumerate() {
                let (now, then) = if *descending { ("desc", "asc") } else { ("asc", "desc") };
                let name = format!("{name}.sort {then} {}", book.print(of, expr));
                let what = format!("`{now}` becomes `{then}`");
                found.add(at, || (name, what, RuleMutation::Advised(AdviceMutation::Turn(seat, key))));
            }
        }
        found.add(at, || {
            (format!("{name} drop"), "taken out".to_owned(), RuleMutation::Advised(AdviceMutation::Drop(seat)))
        });
        let section = of.rules.section.name;
        let (id, exchanged) = (&of.rule.id, "exchanged".to_owned());
        if let Some(next) = of.group.rules.get(seat.rule + 1) {
            let name = format!("{section} swap {id}, {}", next.id);
            found.add(at, || (name, exchanged, RuleMutation::Advised(AdviceMutation::Swap(seat))));
        } else if let Some(next) = of.rules.groups.get(seat.group + 1).and_then(|group| group.rules.first()) {
            // Of groups the whole is exchanged, as they look at different things.
            let name = format!("{section} swap {id}, {}", next.id);
            found.add(at, || (name, exchanged, RuleMutation::Advised(AdviceMutation::SwapGroups(seat))));
        }
    }
}

fn numbers(book: RuleBook<'_>, of: RuleSeat<'_>, found: &mut MutantList) {
    for which in MutatedExpr::all(of) {
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
                    (name, what, RuleMutation::Advised(AdviceMutation::Number(of.seat, which, way.clone(), value)))
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
