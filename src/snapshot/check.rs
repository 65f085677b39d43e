//! Whether two forges are judged alike.
//!
//! Takes: a forge, another with the same items in the same order, policies, an instant. Gives: what is
//! decided of an item in one way here and in another there.

use std::fmt;

use anyhow::{Result, ensure};
use chrono::{DateTime, Utc};

use crate::apply::journal::Journal;
use crate::engine::rules::Policy;
use crate::engine::value::Value;
use crate::forge::Forge;
use crate::jobs::backlog::{Backlog, BacklogQuery};
use crate::jobs::items;
use crate::jobs::states::{self, SharedWork};
use crate::report::ItemRow;

/// An item that is judged in two ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgementDifference {
    /// The policy.
    pub policy: String,
    /// Full name of its repository in the first forge.
    pub repo: String,
    /// Its number.
    pub number: u64,
    /// What differs: `rule`, `action`, `type`, `score`, `flags`, `held` or `state`.
    pub what: &'static str,
    /// What it is in the first forge.
    pub before: String,
    /// What it is in the second.
    pub after: String,
}

impl fmt::Display for JudgementDifference {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let JudgementDifference { policy, repo, number, what, before, after } = self;
        write!(to, "{repo}#{number}: {what} by {policy} is {after} instead of {before}")
    }
}

/// Judges both forges by each policy and compares: rule, action, type, scores, flags, work in hand, and
/// what would become of each item in a run.
///
/// # Errors
/// A forge could not be read, or they do not hold the same items.
pub fn check(
    original: &dyn Forge,
    masked: &dyn Forge,
    policies: &[&Policy],
    now: DateTime<Utc>,
) -> Result<Vec<JudgementDifference>> {
    let none = Journal::default();
    let mut found = Vec::new();
    for policy in policies {
        let (before, after) =
            (judge_policies(original, policy, now, &none)?, judge_policies(masked, policy, now, &none)?);
        let (count, other) = (before.rows.len(), after.rows.len());
        ensure!(count == other, "{} judges {count} items, and {other} once they are masked", policy.name);
        for (before, after) in before.rows.iter().zip(&after.rows) {
            let (repo, number) = (&original.repos()[before.repo].name, before.number);
            let same = (before.repo, before.kind, number) == (after.repo, after.kind, after.number);
            ensure!(same, "{repo}#{number} is not where it was once it is masked");
            let (before, after) = (facets(before, policy), facets(after, policy));
            for ((what, before), (_, after)) in before.into_iter().zip(after).filter(|((_, a), (_, b))| a != b) {
                let (policy, repo) = (policy.name.clone(), repo.clone());
                found.push(JudgementDifference { policy, repo, number, what, before, after });
            }
        }
    }
    Ok(found)
}

fn judge_policies<'p>(
    forge: &'p dyn Forge,
    policy: &'p Policy,
    now: DateTime<Utc>,
    journal: &'p Journal,
) -> Result<Backlog<'p>> {
    let repos = (0..forge.repos().len()).collect();
    let (threads, only, plans, progress) = (1, None, false, &|_| {});
    let asked = BacklogQuery { forge, repos, policy, now, threads, only, plans, journal, progress };
    let mut backlog = items::judge(&asked)?;
    states::decide(&asked, &mut backlog, (0, &mut SharedWork::default()));
    Ok(backlog)
}

/// Everything that is decided of an item, as texts.
fn facets(row: &ItemRow<'_>, policy: &Policy) -> [(&'static str, String); 7] {
    let judgement = &row.judgement;
    let named = |name: Option<&str>| name.unwrap_or("none").to_owned();
    let flags = policy.flags.iter().zip(&judgement.flags).map(|(flag, holds)| match holds {
        Some(holds) => format!("{}: {holds}", flag.name),
        None => format!("{}: unknown", flag.name),
    });
    let scores: Vec<String> = judgement.scores.iter().chain([&judgement.score]).map(Value::to_string).collect();
    [
        ("rule", named(judgement.rule.map(|rule| policy.decide[rule].id.as_str()))),
        ("action", named(judgement.action.map(|action| policy.actions[action].name.as_str()))),
        ("type", named(judgement.ty)),
        ("score", scores.join(" ")),
        ("flags", flags.collect::<Vec<_>>().join(", ")),
        ("held", format!("{:?}", judgement.held)),
        ("state", format!("{:?}", row.state)),
    ]
}
