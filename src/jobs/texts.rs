//! What a template is given about one item.
//!
//! Takes: a policy, a judgement, who is mentioned. Gives: the names that the template checker
//! allows in a text about an item, each turned into a template value when it is asked for.
//! `listed` are those that a template goes through one by one.

mod lists;
mod whys;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use minijinja::value::{Enumerator, Object};
use minijinja::{Value as Text, context};

use self::lists::{HeldPoint, PassedRule, PointText};
use self::whys::Whys;
use super::judged_item::JudgedItem;
use crate::engine::facts::{FACTS, Fact};
use crate::engine::rules::{Component, Policy};
use crate::engine::template::{CODE_CHARS, printed};
use crate::engine::untrusted::cut;
use crate::engine::value::{Estimate, Value};
use crate::explain::{
    self,
    nearest::{self, Nearest},
};
use crate::forge::Repo;
use crate::plan::ItemSubject;
use crate::report::ItemRow;

/// Components that a text tells one by one: what people fold out stays short.
const PARTS: usize = 6;

/// What is the same in every text of a run.
#[derive(Debug, Clone)]
pub struct RunNames {
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
    whys: Arc<Whys>,
}

impl RunNames {
    /// From the policy, the instant of the run, and the version of the program.
    #[must_use]
    pub fn new(policy: &Policy, now: DateTime<Utc>, version: &str) -> Self {
        let local = now.with_timezone(&policy.timezone);
        RunNames {
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
            points: lists::points(policy),
            rules: policy.decide.iter().map(|it| (Text::from(&*it.id), Text::from(policy.line(it.at)))).collect(),
            lines: true,
            whys: Arc::new(Whys::new(policy)),
        }
    }

    /// The same without where points and rules stand: that moves with every edit above them, and every
    /// version of the rules has its own name.
    #[must_use]
    pub fn without_lines(&self) -> Self {
        let bare = |point: &Arc<PointText>| Arc::new(point.without_line());
        let points = self.points.iter().map(|points| points.iter().map(bare).collect()).collect();
        let rules = self.rules.iter().map(|(id, _)| (id.clone(), Text::from(""))).collect();
        RunNames { points, rules, lines: false, ..self.clone() }
    }

    /// As a context of its own.
    #[must_use]
    pub fn context(&self) -> Text {
        let RunNames { thresholds, agents, when, day, version, .. } = self;
        context! { thresholds, agents, when, day, version }
    }
}

/// The names of a text about one item.
#[derive(Debug)]
pub struct ItemText {
    fixed: Arc<RunNames>,
    named: Vec<(String, Text)>,
}

/// Where the values of an item's names come from.
#[derive(Debug, Clone, Copy)]
pub struct ItemNames<'a> {
    /// The rules.
    pub policy: &'a Policy,
    /// The repository.
    pub repo: &'a Repo,
    /// The item and its judgement.
    pub row: &'a ItemRow<'a>,
    /// What writing to it needs.
    pub subject: &'a ItemSubject,
    /// Logins that the text mentions.
    pub mention: &'a [String],
}

/// All texts about one item: what takes work to find out is found out once.
#[derive(Debug)]
pub struct Telling<'a> {
    fixed: &'a Arc<RunNames>,
    about: ItemNames<'a>,
    judged_item: OnceCell<JudgedItem<'a>>,
    nearest: OnceCell<Option<Nearest>>,
}

/// What a pattern found, without what stands around it: a pattern for a name often takes the next character too.
fn evidence(matched: &str) -> &str {
    let around = |c: char| c.is_whitespace() || "`'\"[],;:!".contains(c);
    let found = matched.trim_matches(around).trim_start_matches('(').trim_end_matches('.');
    if found.contains('(') { found } else { found.trim_end_matches(')') }
}

impl<'a> Telling<'a> {
    /// Nothing is worked out yet.
    #[must_use]
    pub fn new(fixed: &'a Arc<RunNames>, about: ItemNames<'a>) -> Self {
        Telling { fixed, about, judged_item: OnceCell::new(), nearest: OnceCell::new() }
    }

    /// The nearest miss, where a text asked for it.
    #[must_use]
    pub fn into_miss(self) -> Option<Miss> {
        self.nearest.into_inner().flatten().map(Miss)
    }
}

/// The nearest miss of an item that was told.
#[derive(Debug)]
pub struct Miss(Nearest);

impl Miss {
    /// As a template prints it, with or without where points stand.
    #[must_use]
    pub fn printed(&self, lines: bool) -> String {
        printed(&explain::show::nearest(&self.0, lines))
    }
}

impl ItemText {
    /// Gathers the names that the text uses. A mention is the one value that is printed as it is.
    #[must_use]
    pub fn new(telling: &Telling<'_>, used: &BTreeSet<String>) -> Self {
        let mut named: Vec<(String, Text)> = Vec::with_capacity(used.len());
        for name in used {
            named.extend(telling.value(name).map(|value| (name.clone(), value)));
        }
        ItemText { fixed: Arc::clone(telling.fixed), named }
    }

    /// As the context of a template.
    #[must_use]
    pub fn into_value(self) -> Text {
        Text::from_object(self)
    }
}

impl<'a> Telling<'a> {
    fn value(&self, name: &str) -> Option<Text> {
        let ItemNames { policy, row, mention, subject, .. } = self.about;
        let judgement = &row.judgement;
        Some(match name {
            "decision" => {
                let reason = &*cut(judgement.reason.as_deref().unwrap_or(""), CODE_CHARS);
                context! { rule => row.rule(policy), action => row.action(policy), agent => row.agent(policy), reason }
            }
            "mention" => {
                Text::from_safe_string(mention.iter().map(|login| format!("@{login}")).collect::<Vec<_>>().join(" "))
            }
            "command" => Text::from(policy.skip_command.as_deref().unwrap_or("")),
            "earlier" => {
                let earlier = subject.earlier.as_ref();
                earlier.into_iter().flat_map(|earlier| &earlier.writes).map(|write| readable(write)).collect()
            }
            "passed" => self.passed(),
            "nearest" => self.nearest(),
            "points" => {
                judgement.points.iter().map(|hit| Text::from_object(HeldPoint::of(&self.fixed.points, hit))).collect()
            }
            "parts" => self.parts(),
            "score" => value(&judgement.score),
            "scores" => {
                let scores = policy.components.iter().zip(&judgement.scores);
                Text::from_pairs(scores.map(|(component, score)| (component.name.as_str(), value(score))))
            }
            "type" => Text::from(judgement.ty.unwrap_or("unknown")),
            _ => match policy.flags.iter().position(|flag| flag.name == name) {
                Some(flag) => Text::from(judgement.flags.get(flag).copied().flatten()),
                None => fact(FACTS.iter().find(|(fact, _, _)| *fact == name)?.1, self.judged_item()),
            },
        })
    }

    fn judged_item(&self) -> &JudgedItem<'a> {
        let ItemNames { policy, repo, row, subject, .. } = self.about;
        self.judged_item.get_or_init(|| JudgedItem::new(policy, repo, row, subject, self.fixed.now))
    }

    /// What the score is made of, each component with the words of its points.
    fn parts(&self) -> Text {
        let ItemNames { policy, row, .. } = self.about;
        let judgement = &row.judgement;
        let parts = policy.components.iter().zip(&judgement.scores).enumerate().take(PARTS);
        let part = |(index, (component, score)): (usize, (&Component, &Value<'_>))| {
            let hits = judgement.points.iter().filter(|hit| hit.component as usize == index);
            let mut told: Vec<&str> = Vec::new();
            let words = hits.filter_map(|hit| {
                let because = component.points.get(hit.point as usize)?.because.as_deref()?;
                let found = evidence(hit.matched.as_deref().unwrap_or_default());
                let known = found.is_empty() || because.contains(found) || told.contains(&found);
                told.push(found);
                Some(if known { because.to_owned() } else { format!("{because} ({})", cut(found, 40)) })
            });
            let because = words.collect::<Vec<_>>().join(", ");
            context! {
                component => component.name.as_str(), score => value(score), max => value(&component.max), because
            }
        };
        parts.map(part).collect()
    }

    /// The rules before the one that decided, with why they did not hold.
    fn passed(&self) -> Text {
        let (ItemNames { policy, row, .. }, kept) = (self.about, self.judged_item());
        let before = row.judgement.rule.unwrap_or(policy.decide.len());
        let passed = policy.decide[..before].iter().zip(&self.fixed.rules).enumerate();
        let passed = passed.map(|(index, (rule, (id, line)))| {
            let why = || explain::why(policy, rule, &|expr| kept.answer(expr));
            let why = self.fixed.whys.of(index, kept, why);
            Text::from_object(PassedRule { rule: id.clone(), line: line.clone(), why })
        });
        passed.collect()
    }

    /// The least that would change the decision, in a sentence.
    fn nearest(&self) -> Text {
        let (ItemNames { policy, row, .. }, kept) = (self.about, self.judged_item());
        let miss = self.nearest.get_or_init(|| nearest::nearest(policy, &row.judgement, &|expr| kept.answer(expr)));
        Text::from(miss.as_ref().map(|miss| explain::show::nearest(miss, self.fixed.lines)))
    }
}

fn fact(fact: Fact, kept: &JudgedItem<'_>) -> Text {
    match kept.fact(fact) {
        Estimate::Is(fact) => value(&fact),
        // Days, which are whole.
        Estimate::Within(low, high, _) if low == high => Text::from(low as i64),
        Estimate::Within(low, ..) => Text::from(format!("at least {low}")),
        Estimate::Lacks(_) => Text::from(()),
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
        // Templates pay for the length of what they work on: no more goes in than can come out.
        Value::Text(text) => Text::from(&*cut(text, CODE_CHARS)),
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
