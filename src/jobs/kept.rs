//! What is kept of a judged item, to be asked what any expression of the rules comes to.
//!
//! Takes: a row with its judgement and what writing to it needs. Gives: [`Kept`]: the same answers as
//! when it was judged, without the item's texts, which a run does not keep.

use std::borrow::Cow;

use chrono::{DateTime, Utc};

use crate::engine::eval::{Names, eval};
use crate::engine::expr::{Expr, Name};
use crate::engine::facts::{self, Fact, Item, Seen};
use crate::engine::rules::Policy;
use crate::engine::text::Tagged;
use crate::engine::value::{Out, Tiers, Value};
use crate::forge::Repo;
use crate::plan::Subject;
use crate::report::Row;

/// A judged item.
#[derive(Debug)]
pub struct Kept<'a> {
    policy: &'a Policy,
    row: &'a Row<'a>,
    item: Item<'a>,
    /// For each set of words whether a tag is in it, and whether one from a label is.
    tagged: Vec<bool>,
    labelled: Vec<bool>,
    now: i64,
}

impl<'a> Kept<'a> {
    /// From a row. `now` is in microseconds since 1970 UTC.
    #[must_use]
    pub fn new(policy: &'a Policy, repo: &'a Repo, row: &'a Row<'a>, subject: &'a Subject, now: i64) -> Self {
        let micros = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp_micros());
        let item = Item {
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
        let from_labels = Tagged::read("", &item.labels, policy.tags, |word| policy.keywords.knows(word)).from_labels;
        let tagged = policy.keywords.in_sets(&row.judgement.tags);
        let labelled = policy.keywords.in_sets(&from_labels);
        Kept { policy, row, item, tagged, labelled, now }
    }

    /// The value of a fact.
    #[must_use]
    pub fn fact(&self, fact: Fact) -> Out<'_> {
        let judgement = &self.row.judgement;
        let (title, tags) = (&judgement.title, &judgement.tags);
        facts::value(fact, Seen { item: &self.item, title, tags, now: self.now, ages: self.policy.ages })
    }

    /// What a name comes to.
    #[must_use]
    pub fn value(&self, name: Name) -> Out<'_> {
        Bound(self).value(name)
    }

    /// What an expression of the policy comes to.
    #[must_use]
    pub fn answer(&self, expr: &Expr) -> Out<'static> {
        eval(expr, &Bound(self)).into_owned()
    }
}

/// Names bound to what is kept, so that values can borrow from it.
struct Bound<'v, 'a>(&'v Kept<'a>);

impl<'v> Names<'v> for Bound<'v, '_> {
    fn value(&self, name: Name) -> Out<'v> {
        let kept = self.0;
        let (policy, judgement) = (kept.policy, &kept.row.judgement);
        let found = |pattern: usize| judgement.hits.get(pattern).copied().flatten();
        let known = |value: &Value<'static>| match value {
            Value::None => Out::Lacks(Tiers::default()),
            value => Out::Is(value.clone()),
        };
        let yes = |yes: Option<bool>| yes.map_or(Out::Lacks(Tiers::default()), |yes| Out::Is(yes.into()));
        let count = |count: Option<u16>| count.map_or(Out::Lacks(Tiers::default()), |n| Out::Is(Value::Int(n.into())));
        match name {
            Name::Fact(fact) => kept.fact(fact),
            Name::Tagged(set) => Out::Is(kept.tagged[set].into()),
            Name::Labelled(set) => Out::Is(kept.labelled[set].into()),
            Name::Count(pattern) => count(found(pattern).map(|(count, _)| count)),
            Name::Distinct(pattern) => count(found(pattern).map(|(_, distinct)| distinct)),
            Name::LabelsWith(pattern) => {
                let with = |label: &&&str| policy.patterns[pattern].matches(label);
                let number = kept.item.labels.iter().filter(with).count();
                Out::Is(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)))
            }
            Name::Threshold(index) => Out::Is(policy.thresholds[index].value.clone()),
            Name::Login(index) => Out::Is(Value::Text(Cow::Borrowed(&policy.agents[index].login))),
            Name::Slot(_) => Out::Is(Value::None),
            Name::Component(index) => known(&judgement.scores[index]),
            Name::Score => known(&judgement.score),
            Name::Flag(flag) => yes(judgement.flags.get(flag).copied().flatten()),
            Name::Type => judgement.ty.map_or(Out::Lacks(Tiers::default()), |ty| Out::Is(Value::Text(ty.into()))),
        }
    }
}
