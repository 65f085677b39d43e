//! One version of the rules over a backlog: what it says of an item.
//!
//! Takes: what a run is asked for, the checked templates. Gives: [`PolicySide`], which makes the record of a
//! row, puts it into words, and tells whether two versions could differ about it at all.

use std::collections::HashMap;
use std::sync::Arc;

use super::SideRecord;
use super::why::{ComparablePoint, PolicyNames};
use crate::engine::evaluate::PointHit;
use crate::engine::examine::Examination;
use crate::engine::rules::{Action, Component, Condition, Policy};
use crate::engine::source::{Location, Source};
use crate::engine::template::Templates;
use crate::engine::untrusted;
use crate::engine::value::Value;
use crate::engine::words::Pattern;
use crate::jobs::backlog::BacklogQuery;
use crate::jobs::backlog_triage::words;
use crate::jobs::texts::{Miss, RunNames};
use crate::language::print;
use crate::plan::choice::ItemState;
use crate::plan::{self, Op, Words};
use crate::report::ItemRow;

/// Marks the patterns that look for the same in both versions: what one finds the other need not search.
pub fn share(from: &mut Policy, to: &mut Policy) {
    let asks = |it: &Pattern| {
        let entries: Vec<_> = it.entries.iter().map(|entry| entry.forms.clone()).collect();
        (it.area as usize, it.is_regex(), (it.enough.count, it.enough.distinct), entries)
    };
    let mut there: HashMap<_, usize> = to.patterns.iter().map(asks).zip(0..).collect();
    let mut common = 0;
    for old in &mut from.patterns {
        if let Some(new) = there.remove(&asks(old)) {
            (old.common, to.patterns[new].common) = (Some(common), Some(common));
            common += 1;
        }
    }
}

/// One version of the rules.
#[allow(missing_debug_implementations, reason = "it holds a forge and a callback")]
pub struct PolicySide<'a> {
    pub(super) query: &'a BacklogQuery<'a>,
    templates: &'a Templates,
    /// What texts are given, and the same without where points and rules stand.
    fixed: (Arc<RunNames>, Arc<RunNames>),
    /// A template prints the line that something stands in.
    lines: bool,
    /// How texts call the files of this version.
    places: Vec<String>,
    pub(super) names: PolicyNames,
    /// How many patterns the other version has in common with it.
    pub(super) common: usize,
    /// What every text and write is made of beside the item and its judgement.
    made_of: String,
    /// `base`, `head`.
    name: &'static str,
}

impl<'a> PolicySide<'a> {
    /// A side. `texts` are the templates as one text, to tell whether they differ; `lines` says that a
    /// template prints the line that a point stands in, which moves with every edit above it.
    #[must_use]
    pub fn new(
        asked: &'a BacklogQuery<'a>,
        (templates, texts): (&'a Templates, &str),
        (lines, name): (bool, &'static str),
        version: &str,
    ) -> Self {
        let fixed = RunNames::new(asked.policy, asked.now, version);
        let bare = Arc::new(fixed.without_lines());
        let called = |source: &Source| [source.name.to_string(), untrusted::markdown(&source.name)];
        let places = asked.policy.sources.iter().flat_map(called).collect();
        let (names, made_of) = (PolicyNames::of(asked.policy), made_of(asked.policy, texts));
        let common = asked.policy.patterns.iter().filter(|pattern| pattern.common.is_some()).count();
        PolicySide {
            common,
            query: asked,
            templates,
            fixed: (Arc::new(fixed), bare),
            lines,
            places,
            names,
            made_of,
            name,
        }
    }

    /// What the rules say of an item, its words and writes left out.
    pub(super) fn record(&self, row: &ItemRow<'_>) -> SideRecord {
        let policy = self.query.policy;
        SideRecord {
            rule: row.rule(policy).map(str::to_owned),
            action: row.action(policy).to_owned(),
            score: row.judgement.score.clone(),
            words: Words::default(),
            plain: None,
            given: Op::Comment.name(),
            agent: row.agent(policy).filter(|_| row.subject.is_some()).map(str::to_owned),
            mention: Vec::new(),
            writes: Vec::new(),
        }
    }

    /// Adds what would be written; gives the nearest miss where a text tells it.
    pub(super) fn word(&self, row: &ItemRow<'_>, record: &mut SideRecord, failed: &mut Vec<String>) -> Option<Miss> {
        let (Some(action), Some(subject)) = (row.judgement.action, &row.subject) else { return None };
        let policy = self.query.policy;
        (record.mention, record.writes) = plan::without_texts(policy, &policy.actions[action], subject, &row.assignees);
        match words(self.query, self.templates, &self.fixed.0, (row, &record.mention)) {
            Ok((words, miss)) => {
                record.words = words;
                miss
            }
            Err(error) => {
                failed.push(format!("{} under the {}: {error}", self.key(row), self.name));
                None
            }
        }
    }

    pub(super) fn failed(&self, row: &ItemRow<'_>) -> Option<String> {
        let why = row.note.as_deref().unwrap_or("it could not be read");
        (row.state == ItemState::Failed).then(|| format!("{}: {why}", self.key(row)))
    }

    /// Its texts without what differs with every edit, where they have such.
    pub(super) fn plain(&self, row: &ItemRow<'_>, record: &SideRecord, miss: Option<&Miss>) -> Option<Words> {
        let tells = |words: &Words| {
            let tells = |text: &str| self.places.iter().any(|place| text.contains(place.as_str()));
            words.parts().into_iter().any(|(_, text)| text.is_some_and(tells))
        };
        if !self.lines {
            if !tells(&record.words) {
                return None;
            }
            // The nearest miss is nearly always all that tells a place, and printed as it is: then it is
            // replaced. To render again takes ten times as long.
            let replaced = miss.map(|miss| {
                let [lined, bare] = [true, false].map(|lines| miss.printed(lines));
                record.words.map(|text| text.replace(&lined, &bare))
            });
            if let Some(replaced) = replaced.filter(|words| !tells(words)) {
                return Some(replaced);
            }
        }
        words(self.query, self.templates, &self.fixed.1, (row, &record.mention)).ok().map(|(words, _)| words)
    }

    fn key(&self, row: &ItemRow<'_>) -> String {
        format!("{}#{}", self.query.forge.repos()[row.repo].name, row.number)
    }
}

/// Everything of a policy that its texts and writes are made of, for every item alike. Places in the
/// file are left out.
fn made_of(policy: &Policy, texts: &str) -> String {
    let thresholds: Vec<_> = policy.thresholds.iter().map(|it| (&it.name, it.value.to_string())).collect();
    let agents: Vec<_> = policy.agents.iter().map(|it| (&it.name, &it.login)).collect();
    let actions: Vec<_> = policy.actions.iter().map(|it| Action { at: Location::default(), ..it.clone() }).collect();
    let flags: Vec<_> = policy.flags.iter().map(|it| &it.name).collect();
    let components: Vec<_> = policy.components.iter().map(|it| &it.name).collect();
    // A text says why other rules did not hold, so every condition is a part of it, as written and as read.
    let condition = |it: &Condition| (policy.text(it.at).to_owned(), print::of_policy(policy, &it.expr));
    let conditions: Vec<_> = policy.conditions().map(condition).collect();
    let rules: Vec<_> = policy.decide.iter().map(|it| (&it.id, it.action, it.observe)).collect();
    let points =
        |it: &Component| (it.max.to_string(), it.points.iter().map(|it| it.add.to_string()).collect::<Vec<_>>());
    let points: Vec<_> = policy.components.iter().map(points).collect();
    let rest = (policy.timezone, policy.ages, texts);
    format!(
        "{thresholds:?} {agents:?} {actions:?} {flags:?} {components:?} {conditions:?} {rules:?} {points:?} {rest:?}"
    )
}

/// Whether nothing that a text or a write is made of differs: then neither does what is made of it.
pub(super) fn alike(
    (from, before, old_item): (&PolicySide<'_>, &ItemRow<'_>, &Examination<'_, '_>),
    (to, after, new_item): (&PolicySide<'_>, &ItemRow<'_>, &Examination<'_, '_>),
) -> bool {
    let (old, new) = (from.query.policy, to.query.policy);
    let (a, b) = (&before.judgement, &after.judgement);
    let values = |a: &[Value<'_>], b: &[Value<'_>]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b));
    let held = |side: &'_ PolicySide<'_>, hits: &[PointHit]| -> Vec<(Option<ComparablePoint>, Option<Box<str>>)> {
        hits.iter().map(|hit| (side.names.point(hit).cloned(), hit.matched.clone())).collect()
    };
    let same = before.subject.is_some() == after.subject.is_some()
        && before.rule(old) == after.rule(new)
        && before.action(old) == after.action(new)
        && a.reason == b.reason
        && a.issue_title == b.issue_title
        && a.ty == b.ty
        && a.flags == b.flags
        && a.tags == b.tags
        && a.title == b.title
        && a.score.same(&b.score)
        && a.age_days.same(&b.age_days)
        && values(&a.scores, &b.scores);
    // What is the same for every item has been compared once.
    let made = || {
        from.made_of == to.made_of
            && held(from, &a.points) == held(to, &b.points)
            && from.names.find_the_same(old_item, (&to.names, new_item))
    };
    same && (before.subject.is_none() || made())
}
