//! What texts list about one item: points that held, rules that did not.
//!
//! Takes: a policy, a judgement. Gives: [`HeldPoint`] and [`PassedRule`], of which a template asks for
//! single members; what is the same for every item is put into values once.

use std::sync::Arc;

use minijinja::Value as Text;
use minijinja::value::{Enumerator, Object};

use super::value;
use crate::engine::evaluate::PointHit;
use crate::engine::rules::{Component, Point, Policy};
use crate::engine::untrusted;

/// What is the same for every item of a point: texts of the rule file, put into values once.
#[derive(Debug, Clone)]
pub(super) struct PointText {
    component: Text,
    add: Text,
    condition: Text,
    line: Text,
}

impl PointText {
    /// The same without where it stands.
    pub(super) fn without_line(&self) -> Self {
        PointText { line: Text::from(0), ..self.clone() }
    }
}

/// Every point of a policy, by component.
pub(super) fn points(policy: &Policy) -> Vec<Vec<Arc<PointText>>> {
    let of_point = |component: &Component, point: &Point| {
        let at = point.when.as_ref().map_or(point.at, |when| when.at);
        let condition = policy.text(at);
        Arc::new(PointText {
            component: Text::from(component.name.as_str()),
            add: value(&point.add),
            condition: Text::from_safe_string(untrusted::markdown(condition)),
            line: Text::from(policy.source().line_column(at.span.start).0),
        })
    };
    let of_component =
        |component: &Component| component.points.iter().map(|point| of_point(component, point)).collect();
    policy.components.iter().map(of_component).collect()
}

/// A point that held for one item.
#[derive(Debug)]
pub(super) struct HeldPoint {
    same: Option<Arc<PointText>>,
    matched: Text,
}

impl HeldPoint {
    /// What an item's hit has in common with those of others comes from `points`.
    pub(super) fn of(points: &[Vec<Arc<PointText>>], hit: &PointHit) -> Self {
        let same = points.get(hit.component as usize).and_then(|points| points.get(hit.point as usize));
        HeldPoint { same: same.cloned(), matched: Text::from(hit.matched.as_deref().map(str::trim)) }
    }
}

impl Object for HeldPoint {
    fn get_value(self: &Arc<Self>, key: &Text) -> Option<Text> {
        let same = self.same.as_ref()?;
        Some(match key.as_str()? {
            "component" => same.component.clone(),
            "add" => same.add.clone(),
            "condition" => same.condition.clone(),
            "line" => same.line.clone(),
            "matched" => self.matched.clone(),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// A rule that did not hold for one item.
#[derive(Debug)]
pub(super) struct PassedRule {
    /// Its id.
    pub(super) rule: Text,
    /// `file:line`.
    pub(super) line: Text,
    /// Why it did not hold.
    pub(super) why: Text,
}

impl Object for PassedRule {
    fn get_value(self: &Arc<Self>, key: &Text) -> Option<Text> {
        Some(match key.as_str()? {
            "rule" => self.rule.clone(),
            "line" => self.line.clone(),
            "why" => self.why.clone(),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}
