//! What a template is given about one item.
//!
//! Takes: a policy, a judgement, who is mentioned. Gives: the names that the template checker
//! allows in a text about an item, each turned into a template value when it is asked for.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use minijinja::value::{Enumerator, Object};
use minijinja::{Value as Text, context};

use crate::engine::evaluate::Judgement;
use crate::engine::facts::{self, FACTS, Fact, Item, Reading, Seen};
use crate::engine::rules::Policy;
use crate::engine::value::{Out, Value};
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
        }
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
    fixed: Fixed,
    facts: Vec<(&'static str, Text)>,
    named: Vec<(String, Text)>,
}

impl ItemText {
    /// Gathers what a text may name. A mention is the one value that is printed as it is.
    #[must_use]
    pub fn new(
        policy: &Policy,
        fixed: &Fixed,
        repo: &Repo,
        row: &Row<'_>,
        subject: &Subject,
        mention: &[String],
    ) -> Self {
        let judgement = &row.judgement;
        let rule = judgement.rule.map(|rule| policy.decide[rule].id.as_str());
        let action = judgement.action.map(|action| &policy.actions[action]);
        let agent = action.and_then(|action| action.agent).map(|agent| policy.agents[agent].login.as_str());
        let decision = context! { rule => rule, action => action.map_or("skip", |action| action.name.as_str()), agent => agent, reason => judgement.reason.as_deref().unwrap_or("") };
        let mention: Vec<String> =
            mention.iter().map(|login| format!("@{}", login.replace(|c: char| !is_login(c), ""))).collect();
        let scores = policy
            .components
            .iter()
            .zip(&judgement.scores)
            .map(|(component, score)| (component.name.as_str(), value(score)));
        let mut named = vec![
            ("decision".to_owned(), decision),
            ("mention".to_owned(), Text::from_safe_string(mention.join(" "))),
            ("points".to_owned(), Text::from(points(policy, judgement))),
            ("score".to_owned(), value(&judgement.score)),
            ("scores".to_owned(), Text::from_pairs(scores)),
            ("type".to_owned(), Text::from(judgement.ty.unwrap_or("unknown"))),
        ];
        named.extend(
            policy.flags.iter().zip(&judgement.flags).map(|(flag, held)| (flag.name.clone(), Text::from(*held))),
        );
        ItemText { fixed: fixed.clone(), facts: facts_of(policy, fixed, repo, row, subject), named }
    }

    /// As the context of a template.
    #[must_use]
    pub fn into_value(self) -> Text {
        Text::from_object(self)
    }
}

/// A login holds nothing else on any forge; whatever else stands there is no part of a mention.
fn is_login(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// The facts of the item that a text may name: those that came with the list.
fn facts_of(
    policy: &Policy,
    fixed: &Fixed,
    repo: &Repo,
    row: &Row<'_>,
    subject: &Subject,
) -> Vec<(&'static str, Text)> {
    let micros = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp_micros());
    let item = Item {
        repo: &repo.name,
        kind: row.kind,
        number: row.number,
        title: &row.judgement.title,
        body: "",
        labels: subject.labels.iter().map(String::as_str).collect(),
        assignees: row.assignees.iter().map(String::as_str).collect(),
        author: subject.author.as_ref().map(|author| author.login.as_str()),
        bot: subject.author.as_ref().is_some_and(|author| author.bot),
        own_report: false,
        open: subject.open,
        locked: subject.locked,
        draft: subject.draft,
        private: repo.private,
        milestone: subject.milestone.as_deref(),
        comments: subject.comments,
        created: micros(subject.created_at),
        updated: micros(subject.updated_at),
        last_activity: Reading::Unrecorded,
    };
    let seen =
        Seen { item: &item, title: &row.judgement.title, tags: &row.judgement.tags, now: fixed.now, ages: policy.ages };
    let known = |(name, fact, _): (&'static str, Fact, &str)| match facts::value(fact, seen) {
        Out::Is(fact) => (name, value(&fact)),
        Out::Within(..) | Out::Lacks(_) => (name, Text::from(())),
    };
    FACTS.into_iter().map(known).collect()
}

fn points(policy: &Policy, judgement: &Judgement<'_>) -> Vec<Text> {
    let point = |hit: &crate::engine::evaluate::PointHit| {
        let (component, point) = hit.of(policy);
        let condition = policy.source.text.get(point.at.start..point.at.end).unwrap_or("");
        context! {
            component => component.name.as_str(), add => value(&point.add), condition => condition,
            matched => hit.matched.as_deref().map(str::trim), line => policy.source.line_column(point.at.start).0,
        }
    };
    judgement.points.iter().map(point).collect()
}

impl Object for ItemText {
    fn get_value(self: &Arc<Self>, key: &Text) -> Option<Text> {
        let key = key.as_str()?;
        let fixed = match key {
            "thresholds" => Some(&self.fixed.thresholds),
            "agents" => Some(&self.fixed.agents),
            "when" => Some(&self.fixed.when),
            "version" => Some(&self.fixed.version),
            _ => self.named.iter().find(|(name, _)| name == key).map(|(_, value)| value),
        };
        fixed.cloned().or_else(|| self.facts.iter().find(|(name, _)| *name == key).map(|(_, fact)| fact.clone()))
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
