//! The parts of conditions: what `and` and `or` join.
//!
//! Takes: the conditions of a job's rules. Gives: [`Junction`]s with a way to each, and a condition without
//! one of their parts.

use super::MutantRules;
use crate::advise::FieldSource;
use crate::engine::expr::{Expr, NameRef};
use crate::engine::rules::Condition;
use crate::engine::sentence::Sentence;
use crate::review::book::{RuleBook, Seat};

/// Which condition. Numbers are indices into the policy's own lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    Component(usize),
    Point(usize, usize),
    Type(usize),
    Flag(usize),
    Agent(usize),
    Rule(usize),
    /// Of a rule over what was counted.
    Seated(Seat),
}

/// An `and` or `or` with more than one part.
pub(super) struct Junction<'e> {
    /// The way to it: which child of which child.
    pub(super) way: Vec<usize>,
    /// What it joins.
    pub(super) parts: &'e [Expr],
    /// It is an `and`.
    pub(super) and: bool,
}

/// Every condition of a job's rules.
pub(super) fn sites(book: RuleBook<'_>) -> Vec<Site> {
    let policy = book.policy;
    let mut sites = Vec::new();
    for (component, index) in policy.components.iter().zip(0..) {
        sites.push(Site::Component(index));
        sites.extend((0..component.points.len()).map(|point| Site::Point(index, point)));
    }
    sites.extend((0..policy.classify.rules.len()).map(Site::Type));
    sites.extend((0..policy.flags.len()).map(Site::Flag));
    sites.extend((0..policy.agents.len()).map(Site::Agent));
    sites.extend((0..policy.decide.len()).map(Site::Rule));
    sites.extend(book.seated().map(|of| Site::Seated(of.seat)));
    sites
}

impl Site {
    /// The condition, where there is one.
    pub(super) fn condition(self, book: RuleBook<'_>) -> Option<&Condition> {
        let policy = book.policy;
        match self {
            Site::Component(index) => policy.components[index].when.as_ref(),
            Site::Point(component, point) => policy.components[component].points[point].when.as_ref(),
            Site::Type(index) => policy.classify.rules[index].when.as_ref(),
            Site::Flag(index) => Some(&policy.flags[index].when),
            Site::Agent(index) => policy.agents[index].holds.as_ref(),
            Site::Rule(index) => policy.decide[index].when.as_ref(),
            Site::Seated(seat) => seat.of(book.advice).when.as_ref(),
        }
    }

    fn condition_mut(self, changed: &mut MutantRules) -> Option<&mut Condition> {
        let policy = &mut changed.policy;
        match self {
            Site::Component(index) => policy.components[index].when.as_mut(),
            Site::Point(component, point) => policy.components[component].points[point].when.as_mut(),
            Site::Type(index) => policy.classify.rules[index].when.as_mut(),
            Site::Flag(index) => Some(&mut policy.flags[index].when),
            Site::Agent(index) => policy.agents[index].holds.as_mut(),
            Site::Rule(index) => policy.decide[index].when.as_mut(),
            Site::Seated(seat) => seat.of_mut(&mut changed.advice).when.as_mut(),
        }
    }
}

/// Every junction in an expression, the outer ones first.
pub(super) fn junctions<'e>(expr: &'e Expr, way: &mut Vec<usize>, found: &mut Vec<Junction<'e>>) {
    if let Expr::And(parts) | Expr::Or(parts) = expr
        && parts.len() > 1
    {
        found.push(Junction { way: way.clone(), parts, and: matches!(expr, Expr::And(_)) });
    }
    for (child, index) in children(expr).into_iter().zip(0..) {
        way.push(index);
        junctions(child, way, found);
        way.pop();
    }
}

/// Whether the rest may name something that only this part of a junction makes known: without it the
/// condition could not be loaded.
pub(super) fn guards(book: RuleBook<'_>, site: Site, whole: &Expr, junction: &Junction<'_>, part: usize) -> bool {
    let mut known = Vec::new();
    junction.parts[part].known_if(junction.and, &mut known);
    // A value of counted facts that is asked for may be unknown: else nobody would ask.
    known.retain(|name| match name {
        NameRef::Fact(fact) => fact.ty(book.policy.ages).maybe,
        name => matches!(name, NameRef::Slot(_)),
    });
    let uses = |expr: &Expr, name: NameRef| {
        let mut names = Vec::new();
        expr.names(&mut names);
        names.into_iter().filter(|used| *used == name).count()
    };
    // What a rule writes rests on its condition too.
    let written: Vec<&Expr> = match site {
        Site::Seated(seat) => seat.of(book.advice).fields.iter().flatten().flat_map(field_exprs).collect(),
        _ => Vec::new(),
    };
    known.into_iter().any(|name| {
        uses(whole, name) > uses(&junction.parts[part], name) || written.iter().any(|expr| uses(expr, name) > 0)
    })
}

/// The expressions of a field that need what they name to be known. A text says of a name alone that it is unknown.
fn field_exprs(made: &FieldSource) -> Vec<&Expr> {
    let said = |sentence| Sentence::expressions(sentence).filter(|expr| !matches!(expr, Expr::Name(_)));
    match made {
        FieldSource::Is(_) => Vec::new(),
        FieldSource::Of(expr) => vec![expr],
        FieldSource::Said(sentence) => said(sentence).collect(),
        FieldSource::SaidAll(list) => list.iter().flat_map(said).collect(),
    }
}

/// Takes a part out of a junction; one part that is left stands for itself.
pub(super) fn drop_part(changed: &mut MutantRules, site: Site, way: &[usize], part: usize) {
    let Some(condition) = site.condition_mut(changed) else { return };
    let Some(at) = at_mut(&mut condition.expr, way) else { return };
    if let Expr::And(parts) | Expr::Or(parts) = at {
        parts.remove(part);
        if let [_] = parts.as_slice()
            && let Some(left) = parts.pop()
        {
            *at = left;
        }
    }
}

/// What this way leads to.
pub(super) fn at_mut<'e>(expr: &'e mut Expr, way: &[usize]) -> Option<&'e mut Expr> {
    way.iter().try_fold(expr, |at, step| children_mut(at).into_iter().nth(*step))
}

pub(super) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Literal(_) | Expr::Name(_) => Vec::new(),
        Expr::List(parts) | Expr::And(parts) | Expr::Or(parts) => parts.iter().collect(),
        Expr::Not(a) | Expr::IsNone(a) | Expr::Negate(a) => vec![a],
        Expr::Compare(_, a, b) | Expr::In(a, b) | Expr::Arith(_, a, b) => vec![a, b],
        Expr::If(a, b, c) => vec![a, b, c],
        Expr::Filter(_, a, b) => std::iter::once(a).chain(b).map(|part| &**part).collect(),
    }
}

fn children_mut(expr: &mut Expr) -> Vec<&mut Expr> {
    match expr {
        Expr::Literal(_) | Expr::Name(_) => Vec::new(),
        Expr::List(parts) | Expr::And(parts) | Expr::Or(parts) => parts.iter_mut().collect(),
        Expr::Not(a) | Expr::IsNone(a) | Expr::Negate(a) => vec![a],
        Expr::Compare(_, a, b) | Expr::In(a, b) | Expr::Arith(_, a, b) => vec![a, b],
        Expr::If(a, b, c) => vec![a, b, c],
        Expr::Filter(_, a, b) => std::iter::once(a).chain(b).map(|part| &mut **part).collect(),
    }
}
