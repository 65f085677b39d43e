//! What a forge holds of an item, as the facts that rules name.
//!
//! Takes: an item as a forge gives it, its repository, who we are. Gives: [`facts::ItemFacts`]
//! and what its timeline adds; whether a policy judges it at all.

use anyhow::Result;
use chrono::{DateTime, Utc};

use super::timeline;
use crate::engine::facts::{self, Availability};
use crate::engine::rules::Policy;
use crate::forge::{Forge, Item, LabelNames, Repo};
use crate::plan::memory::Us;

/// The facts of an item that its list gives. `body` is its text without sections of ours; `own_report`: it
/// is ours and ends with our marker.
#[must_use]
pub fn facts<'a>(
    policy: &'a Policy,
    repo: &'a Repo,
    (item, body): (&'a Item<'_>, &'a str),
    own_report: bool,
) -> facts::ItemFacts<'a> {
    facts::ItemFacts {
        repo: &repo.name,
        kind: item.kind.name(),
        number: item.number,
        title: &item.title,
        body,
        labels: labels(policy, repo, item.labels.iter().map(|label| &**label)),
        assignees: item.assignees.iter().map(|login| spelled(policy, login)).collect(),
        author: item.author.as_ref().map(|author| author.login.as_str()),
        bot: item.author.as_ref().is_some_and(|author| author.bot),
        own_report,
        open: item.open,
        locked: item.locked,
        draft: item.draft,
        private: repo.private,
        milestone: item.milestone.as_deref(),
        comments: item.comments,
        closed_as: item.state_reason.as_deref(),
        recent_comments: 0,
        recent: false,
        created: item.created_at.map(|at| at.timestamp_micros()),
        updated: item.updated_at.map(|at| at.timestamp_micros()),
        last_activity: Availability::NotRead,
    }
}

/// Names of labels as the rules spell them, where the forge tells names apart by no case: rules compare texts.
#[must_use]
pub fn labels<'a>(policy: &'a Policy, repo: &Repo, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    if repo.label_names == LabelNames::Exact {
        return names.collect();
    }
    names.map(|name| policy.label_texts.get(&name.to_lowercase()).map_or(name, String::as_str)).collect()
}

/// Opened by our own account, or by one that our comments have carried.
#[must_use]
pub fn is_ours(us: &Us<'_>, item: &Item<'_>) -> bool {
    item.author.as_ref().is_some_and(|author| us.is(&author.login))
}

/// The last activity on an item that counts, read now.
///
/// # Errors
/// What the forge could not read.
pub fn last_activity(
    policy: &Policy,
    forge: &dyn Forge,
    us: &Us<'_>,
    repo: usize,
    number: u64,
) -> Result<Availability<Option<i64>>> {
    let last = |events: Vec<_>| timeline::last_activity(policy, us, forge.label_names(), &events);
    let events = forge.timeline(repo, number)?;
    Ok(events.map_or(Availability::Unrecorded, |events| Availability::Is(last(events))))
}

/// Whether `scope` lets the item be judged.
#[must_use]
pub fn in_scope(policy: &Policy, item: &Item<'_>, names: LabelNames, now: DateTime<Utc>) -> bool {
    let scope = &policy.scope;
    let state = if item.open { scope.open } else { scope.closed };
    let minutes = item.created_at.map(|at| (now - at).num_minutes());
    let old_enough = scope.min_age_minutes == 0 || minutes.is_none_or(|minutes| minutes >= scope.min_age_minutes);
    let left_out = item.labels.iter().any(|label| scope.leave_out_labels.iter().any(|name| names.same(name, label)))
        || item.milestone.as_ref().is_some_and(|title| scope.leave_out_milestones.iter().any(|name| name == title))
        || item.author.as_ref().is_some_and(|author| {
            scope.leave_out_authors.iter().any(|login| login.eq_ignore_ascii_case(&author.login))
        });
    state && old_enough && !left_out
}

/// A login as the rules spell it, where it is an agent's: rules compare texts, and forges tell logins apart
/// by no case.
fn spelled<'a>(policy: &'a Policy, login: &'a str) -> &'a str {
    let agents = policy.agents.iter().map(|agent| agent.login.as_str());
    agents.into_iter().find(|known| known.eq_ignore_ascii_case(login)).unwrap_or(login)
}
