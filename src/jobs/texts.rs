//! What a template is given about one item.
//!
//! Takes: a policy, a judgement, who is mentioned. Gives: the names that the template checker
//! allows in a text about an item, each turned into a template value when it is asked for.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use minijinja::value::{Enumerator, Object};
use minijinja::{Value as Text, context};

use super::kept::Kept;
use crate::engine::evaluate::PointHit;
use crate::engine::facts::{FACTS, Fact};
use crate::engine::rules::{Component, Point, Policy};
use crate::engine::untrusted;
use crate::engine::value::{Out, Value};
use crate::explain::{self, nearest};
use crate::forge::Repo;
use crate::plan::Subject;
use crate::report::Row;

/// What is the same in every text of a run.
#[derive(Debug, Clone)]
pub struct Fixed {
    thresholds: Text,
    agents: Text,
    when: Text,
    day: Text,
    version: Text,
    now: i64,
    /// For each component its points, as far as they are the same for every item.
    points: Vec<Vec<Arc<PointText>>>,
    /// Each rule's id, and where it stands.
    rules: Vec<(Text, Text)>,
    /// Texts say where in the file points and rules stand.
    lines: bool,
}

impl Fixed {
    /// From the policy, the instant of the run, and the version of the program.
    #[must_use]
    pub fn new(policy: &Policy, now: DateTime<Utc>, version: &str) -> Self {
        let local = now.with_timezone(&policy.timezone);
        Fixed {
            thresholds: Text::from_pairs(
                policy.thresholds.iter().map(|threshold| (threshold.name.as_str(), value(&threshold.value))),
            ),
            agents: Text::from_pairs(
                policy.agents.iter().map(|agent| (agent.name.as_str(), context! { login => agent.login.as_str() })),
            ),
            when: Text::from(local.format("%Y-%m-%d %H:%M %Z").to_string()),
            day: Text::from(local.format("%Y-%m-%d").to_string()),
            version: Text::from(version),
            now: now.timestamp_micros(),
            points: point_texts(policy),
            rules: policy.decide.iter().map(|it| (Text::from(&*it.id), Text::from(policy.line(it.at)))).collect(),
            lines: true,
        }
    }

    /// The same without where points and rules stand: that moves with every edit above them, and every
    /// version of the rules has its own name.
    #[must_use]
    pub fn without_lines(&self) -> Self {
        let bare = |point: &Arc<PointText>| Arc::new(PointText { line: Text::from(0), ..PointText::clone(point) });
        let points = self.points.iter().map(|points| points.iter().map(bare).collect()).collect();
        let rules = self.rules.iter().map(|(id, _)| (id.clone(), Text::from(""))).collect();
        Fixed { points, rules, lines: false, ..self.clone() }
    }

    /// As a context of its own.
    #[must_use]
    pub fn context(&self) -> Text {
        let Fixed { thresholds, agents, when, day, version, .. } = self;
        context! { thresholds, agents, when, day, version }
    }
}

/// The names of a text about one item.
#[derive(Debug)]
pub struct ItemText {
    fixed: Arc<Fixed>,
    named: Vec<(String, Text)>,
}

/// Where the values of an item's names come from.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The rules.
    pub policy: &'a Policy,
    /// The repository.
    pub repo: &'a Repo,
    /// The item and its judgement.
    pub row: &'a Row<'a>,
    /// What writing to it needs.
    pub subject: &'a Subject,
    /// Logins that the text mentions.
    pub mention: &'a [String],
}

impl ItemText {
    /// Gathers the names that the text uses. A mention is the one value that is printed as it is.
    #[must_use]
    pub fn new(fixed: &Arc<Fixed>, about: About<'_>, used: &BTreeSet<String>) -> Self {
        let mut named: Vec<(String, Text)> = Vec::with_capacity(used.len());
        let kept = OnceCell::new();
        let kept = || kept.get_or_init(|| about.kept(fixed));
        for name in used {
            named.extend(about.value(name, fixed, &kept).map(|value| (name.clone(), value)));
        }
        ItemText { fixed: Arc::clone(fixed), named }
    }

    /// As the context of a template.
    #[must_use]
    pub fn into_value(self) -> Text {
        Text::from_object(self)
    }
}

impl<'a> About<'a> {
    fn value<'k>(&self, name: &str, fixed: &Fixed, kept: &dyn Fn() -> &'k Kept<'a>) -> Option<Text>
    where
        'a: 'k,
    {
        let About { policy, row, .. } = *self;
        let judgement = &row.judgement;
        Some(match name {
            "decision" => {
                let reason = judgement.reason.as_deref().unwrap_or("");
                context! { rule => row.rule(policy), action => row.action(policy), agent => row.agent(policy), reason }
            }
            "mention" => Text::from_safe_string(
                self.mention.iter().map(|login| format!("@{login}")).collect::<Vec<_>>().join(" "),
            ),
            "earlier" => {
                let earlier = self.subject.earlier.as_ref();
                earlier.into_iter().flat_map(|earlier| &earlier.writes).map(|write| readable(write)).collect()
            }
            "passed" => self.passed(fixed, kept()),
            "nearest" => self.nearest(fixed, kept()),
            "points" => judgement.points.iter().map(|hit| Text::from_object(fixed.point(hit))).collect(),
            "score" => value(&judgement.score),
            "scores" => {
                let scores = policy.components.iter().zip(&judgement.scores);
                Text::from_pairs(scores.map(|(component, score)| (component.name.as_str(), value(score))))
            }
            "type" => Text::from(judgement.ty.unwrap_or("unknown")),
            _ => match policy.flags.iter().position(|flag| flag.name == name) {
                Some(flag) => Text::from(judgement.flags.get(flag).copied().flatten()),
                None => fact(FACTS.iter().find(|(fact, _, _)| *fact == name)?.1, kept()),
            },
        })
    }

    fn kept(&self, fixed: &Fixed) -> Kept<'a> {
        Kept::new(self.policy, self.repo, self.row, self.subject, fixed.now)
    }

    /// The rules before the one that decided, with why they did not hold.
    fn passed(&self, fixed: &Fixed, kept: &Kept<'_>) -> Text {
        let before = self.row.judgement.rule.unwrap_or(self.policy.decide.len());
        let passed = self.policy.decide[..before].iter().zip(&fixed.rules);
        let passed = passed.map(|(rule, (id, line))| {
            let why = explain::why(self.policy, rule, &|expr| kept.answer(expr));
            context! { rule => id, line => line, why => why }
        });
        passed.collect()
    }

    /// The least that would change the decision, in a sentence.
    fn nearest(&self, fixed: &Fixed, kept: &Kept<'_>) -> Text {
        let miss = nearest::nearest(self.policy, &self.row.judgement, &|expr| kept.answer(expr));
        Text::from(miss.map(|miss| explain::show::nearest(&miss, fixed.lines)))
    }
}

fn fact(fact: Fact, kept: &Kept<'_>) -> Text {
    match kept.fact(fact) {
        Out::Is(fact) => value(&fact),
        Out::Within(..) | Out::Lacks(_) => Text::from(()),
    }
}

/// What is the same for every item of a point: texts of the rule file, put into values once.
#[derive(Debug, Clone)]
struct PointText {
    component: Text,
    add: Text,
    condition: Text,
    line: Text,
}

fn point_texts(policy: &Policy) -> Vec<Vec<Arc<PointText>>> {
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
struct HeldPoint {
    same: Option<Arc<PointText>>,
    matched: Text,
}

impl Fixed {
    fn point(&self, hit: &PointHit) -> HeldPoint {
        let same = self.points.get(hit.component as usize).and_then(|points| points.get(hit.point as usize));
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

impl Object for ItemText {
    fn get_value(self: &Arc<Self>, key: &Text) -> Option<Text> {
        match key.as_str()? {
            "thresholds" => Some(self.fixed.thresholds.clone()),
            "agents" => Some(self.fixed.agents.clone()),
            "when" => Some(self.fixed.when.clone()),
            "version" => Some(self.fixed.version.clone()),
            key => self.named.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone()),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// A value of an expression as a template has it.
#[must_use]
pub fn value(value: &Value<'_>) -> Text {
    match value {
        Value::None => Text::from(()),
        Value::Bool(value) => Text::from(*value),
        Value::Int(value) => Text::from(*value),
        Value::Float(value) => Text::from(*value),
        Value::Text(text) => Text::from(text.as_ref()),
        Value::Texts(_) | Value::List(_) => {
            Text::from(value.elements().unwrap_or_default().iter().map(self::value).collect::<Vec<_>>())
        }
    }
}

/// A write of an earlier decision, as its marker has it, for people: `assign:claude`.
fn readable(write: &str) -> Text {
    let (op, what) = write.split_once(':').unwrap_or((write, ""));
    Text::from(format!("{} {what}", op.replace('_', " ")).trim())
}
