//! The parts of conditions: what `and` and `or` join.
//!
//! Takes: the conditions of a policy. Gives: [`Junction`]s with a way to each, and a condition without
//! one of their parts.

use crate::engine::expr::{Expr, Name};
use crate::engine::policy::Policy;
use crate::engine::rules::Condition;

/// Which condition. Numbers are indices into the policy's own lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    Component(usize),
    Point(usize, usize),
    Type(usize),
    Flag(usize),
    Agent(usize),
    Rule(usize),
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

/// Every condition of a policy.
pub(super) fn sites(policy: &Policy) -> Vec<Site> {
    let mut sites = Vec::new();
    for (component, index) in policy.components.iter().zip(0..) {
        sites.push(Site::Component(index));
        sites.extend((0..component.points.len()).map(|point| Site::Point(index, point)));
    }
    sites.extend((0..policy.classify.rules.len()).map(Site::Type));
    sites.extend((0..policy.flags.len()).map(Site::Flag));
    sites.extend((0..policy.agents.len()).map(Site::Agent));
    sites.extend((0..policy.decide.len()).map(Site::Rule));
    sites
}

impl Site {
    /// The condition, where there is one.
    pub(super) fn condition(self, policy: &Policy) -> Option<&Condition> {
        match self {
            Site::Component(index) => policy.components[index].when.as_ref(),
            Site::Point(component, point) => policy.components[component].points[point].when.as_ref(),
            Site::Type(index) => policy.classify.rules[index].when.as_ref(),
            Site::Flag(index) => Some(&policy.flags[index].when),
            Site::Agent(index) => policy.agents[index].holds.as_ref(),
            Site::Rule(index) => policy.decide[index].when.as_ref(),
        }
    }

    fn condition_mut(self, policy: &mut Policy) -> Option<&mut Condition> {
        match self {
            Site::Component(index) => policy.components[index].when.as_mut(),
            Site::Point(component, point) => policy.components[component].points[point].when.as_mut(),
            Site::Type(index) => policy.classify.rules[index].when.as_mut(),
            Site::Flag(index) => Some(&mut policy.flags[index].when),
            Site::Agent(index) => policy.agents[index].holds.as_mut(),
            Site::Rule(index) => policy.decide[index].when.as_mut(),
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
pub(super) fn guards(policy: &Policy, whole: &Expr, junction: &Junction<'_>, part: usize) -> bool {
    let mut known = Vec::new();
    junction.parts[part].known_if(junction.and, &mut known);
    known.retain(|name| matches!(name, Name::Fact(fact) if fact.ty(policy.ages).maybe));
    let uses = |expr: &Expr, name: Name| {
        let mut names = Vec::new();
        expr.names(&mut names);
        names.into_iter().filter(|used| *used == name).count()
    };
    known.into_iter().any(|name| uses(whole, name) > uses(&junction.parts[part], name))
}

/// Takes a part out of a junction; one part that is left stands for itself.
pub(super) fn drop_part(policy: &mut Policy, site: Site, way: &[usize], part: usize) {
    let Some(condition) = site.condition_mut(policy) else { return };
    let mut at = &mut condition.expr;
    for step in way {
        let Some(child) = children_mut(at).into_iter().nth(*step) else { return };
        at = child;
    }
    if let Expr::And(parts) | Expr::Or(parts) = at {
        parts.remove(part);
        if let [_] = parts.as_slice()
            && let Some(left) = parts.pop()
        {
            *at = left;
        }
    }
}

fn children(expr: &Expr) -> Vec<&Expr> {
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
