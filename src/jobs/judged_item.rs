//! What is kept of a judged item, to be asked what any expression of the rules comes to.
//!
//! Takes: a row with its judgement and what writing to it needs. Gives: [`JudgedItem`]: the same answers as
//! when it was judged, without the item's texts, which a run does not keep.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::engine::eval::{NameValues, eval};
use crate::engine::expr::{Expr, NameRef};
use crate::engine::facts::{self, Fact, FactSources, ItemFacts};
use crate::engine::rules::Policy;
use crate::engine::text::TitleTags;
use crate::engine::value::{Estimate, Tiers, Value};
use crate::forge::Repo;
use crate::plan::ItemSubject;
use crate::report::ItemRow;

/// A judged item.
#[derive(Debug)]
pub struct JudgedItem<'a> {
    policy: &'a Policy,
    row: &'a ItemRow<'a>,
    item: ItemFacts<'a>,
    /// For each set of words whether a tag is in it, and whether one from a label is.
    tagged: Vec<bool>,
    labelled: Vec<bool>,
    now: i64,
}

impl<'a> JudgedItem<'a> {
    /// From a row. `now` is in microseconds since 1970 UTC.
    #[must_use]
    pub fn new(policy: &'a Policy, repo: &'a Repo, row: &'a ItemRow<'a>, subject: &'a ItemSubject, now: i64) -> Self {
        let micros = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp_micros());
        let item = ItemFacts {
            repo: &repo.name,
            kind: row.kind.name(),
            number: row.number,
            title: &row.judgement.title,
            body: "",
            labels: super::facts::labels(policy, repo, subject.labels.iter().map(String::as_str)),
            assignees: row.assignees.iter().map(String::as_str).collect(),
            author: subject.author.as_ref().map(|author| author.login.as_str()),
            bot: subject.author.as_ref().is_some_and(|author| author.bot),
            own_report: subject.own_report,
            open: subject.open,
            locked: subject.locked,
            draft: subject.draft,
            private: repo.private,
            milestone: subject.milestone.as_deref(),
            comments: subject.comments,
            closed_as: None,
            recent_comments: 0,
            recent: false,
            created: micros(subject.created_at),
            updated: micros(subject.updated_at),
            last_activity: subject.last_activity,
        };
        let from_labels =
            TitleTags::read("", &item.labels, policy.tags, |word| policy.keywords.knows(word)).from_labels;
        let tagged = policy.keywords.in_sets(&row.judgement.tags);
        let labelled = policy.keywords.in_sets(&from_labels);
        JudgedItem { policy, row, item, tagged, labelled, now }
    }

    /// The value of a fact.
    #[must_use]
    pub fn fact(&self, fact: Fact) -> Estimate<'_> {
        let judgement = &self.row.judgement;
        let (title, tags) = (&judgement.title, &judgement.tags);
        facts::value(fact, FactSources { item: &self.item, title, tags, now: self.now, ages: self.policy.ages })
    }

    /// What a name comes to.
    #[must_use]
    pub fn value(&self, name: NameRef) -> Estimate<'_> {
        JudgedNames(self).value(name)
    }

    /// What an expression of the policy comes to.
    #[must_use]
    pub fn answer(&self, expr: &Expr) -> Estimate<'static> {
        eval(expr, &JudgedNames(self)).into_owned()
    }
}

/// Names bound to what is kept, so that values can borrow from it.
struct JudgedNames<'v, 'a>(&'v JudgedItem<'a>);

impl<'v> NameValues<'v> for JudgedNames<'v, '_> {
    fn value(&self, name: NameRef) -> Estimate<'v> {
        let kept = self.0;
        let (policy, judgement) = (kept.policy, &kept.row.judgement);
        let found = |pattern: usize| judgement.hits.get(pattern).copied().flatten();
        let known = |value: &Value<'static>| match value {
            Value::None => Estimate::Lacks(Tiers::default()),
            value => Estimate::Is(value.clone()),
        };
        let yes = |yes: Option<bool>| yes.map_or(Estimate::Lacks(Tiers::default()), |yes| Estimate::Is(yes.into()));
        let count = |count: Option<u16>| {
            count.map_or(Estimate::Lacks(Tiers::default()), |n| Estimate::Is(Value::Int(n.into())))
        };
        match name {
            NameRef::Fact(fact) => kept.fact(fact),
            NameRef::Tagged(set) => Estimate::Is(kept.tagged[set].into()),
            NameRef::Labelled(set) => Estimate::Is(kept.labelled[set].into()),
            NameRef::Count(pattern) => count(found(pattern).map(|(count, _)| count)),
            NameRef::Distinct(pattern) => count(found(pattern).map(|(_, distinct)| distinct)),
            NameRef::LabelsWith(pattern) => {
                let with = |label: &&&str| policy.patterns[pattern].matches(label);
                let number = kept.item.labels.iter().filter(with).count();
                Estimate::Is(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)))
            }
            NameRef::Threshold(index) => Estimate::Is(policy.thresholds[index].value.clone()),
            NameRef::Login(index) => Estimate::Is(Value::Text(Cow::Borrowed(&policy.agents[index].login))),
            NameRef::Slot(_) => Estimate::Is(Value::None),
            NameRef::Component(index) => known(&judgement.scores[index]),
            NameRef::Score => known(&judgement.score),
            NameRef::Flag(flag) => yes(judgement.flags.get(flag).copied().flatten()),
            NameRef::Type => {
                judgement.ty.map_or(Estimate::Lacks(Tiers::default()), |ty| Estimate::Is(Value::Text(ty.into())))
            }
        }
    }
}
