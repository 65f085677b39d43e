//! Issues and pull requests under a policy: read and judged.
//!
//! Takes: a forge, repositories, a policy, the instant of the run. Gives: [`Backlog`], every item
//! in scope with its judgement and state. Items are judged where their page is read, on several
//! threads; a tier of facts is read for the items that cannot be judged without it, no others.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};

use super::backlog::{Asked, Backlog, OldSummary};
use super::unfinished::{Recent, Unfinished};
use crate::engine::choice::State;
use crate::engine::evaluate::{Evaluation, evaluate};
use crate::engine::facts::{self, Reading};
use crate::engine::rules::Policy;
use crate::forge::{Event, Item, LabelNames, States, What};
use crate::plan::marker::Marker;
use crate::plan::{self, SUMMARY, Subject};
use crate::report::Row;

/// Reads and judges.
///
/// # Errors
/// What the forge could not read.
pub fn judge<'p>(asked: &Asked<'p>) -> Result<Backlog<'p>> {
    let mut backlog = Backlog::default();
    for &repo in &asked.repos {
        let name = &asked.forge.repos()[repo].name;
        let read = judge_repo(asked, repo, &mut backlog).with_context(|| format!("reading the backlog of {name}"));
        match read {
            Ok(()) => {}
            Err(error) if asked.repos.len() == 1 => return Err(error),
            // The others go on; this one is not written to.
            Err(error) => backlog.unread.push(format!("{error:#}")),
        }
    }
    if backlog.unread.len() == asked.repos.len() && !asked.repos.is_empty() {
        anyhow::bail!("no repository could be read: {}", backlog.unread.join("; "));
    }
    Ok(backlog)
}

/// What the pages of one repository come to; shared by the threads that read them.
#[derive(Default)]
struct Pages<'p> {
    rows: Vec<(usize, Vec<Row<'p>>)>,
    open: usize,
    summaries: Vec<OldSummary>,
    held_outside: Vec<usize>,
    unfinished: Vec<Unfinished>,
    strangers: Vec<(u64, String)>,
}

fn judge_repo<'p>(asked: &Asked<'p>, repo: usize, backlog: &mut Backlog<'p>) -> Result<()> {
    let recent = Recent::read(asked, repo)?;
    let pages = Mutex::new(Pages::default());
    let timelines = AtomicUsize::new(0);
    // Open ones always: work in hand is counted over all of them.
    let states = States { open: true, closed: asked.policy.scope.closed };
    let listed = asked.forge.items(repo, states, asked.threads, &|place, items| {
        let mut page = Pages::default();
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            let stranger = asked.us().stranger(item.author.as_ref(), &item.body);
            page.strangers.extend(stranger.map(|login| (item.number, login.to_owned())));
            page.unfinished.extend(recent.unfinished(asked, repo, item));
            rows.extend(judge_item(asked, repo, item, &mut page, &timelines));
        }
        (asked.progress)(items.len());
        // A thread that panicked has ended the run; what it left is not used.
        let Ok(mut all) = pages.lock() else { return };
        all.rows.push((place, rows));
        all.open += page.open;
        all.summaries.extend(page.summaries);
        all.unfinished.extend(page.unfinished);
        all.strangers.extend(page.strangers);
        add(&mut all.held_outside, &page.held_outside);
    })?;
    let mut pages = pages.into_inner().map_err(|_| anyhow::anyhow!("a thread that read pages ended early"))?;
    add(&mut backlog.held_outside, &pages.held_outside);
    pages.rows.sort_by_key(|(place, _)| *place);
    backlog.rows.reserve(pages.rows.iter().map(|(_, rows)| rows.len()).sum());
    backlog.rows.extend(pages.rows.into_iter().flat_map(|(_, rows)| rows));
    backlog.open.push((repo, pages.open));
    backlog.timelines += timelines.into_inner();
    backlog.unreadable.extend(listed.unreadable);
    pages.summaries.sort_by_key(|summary| summary.number);
    pages.unfinished.sort_by_key(|left| left.number);
    backlog.unfinished.extend(pages.unfinished);
    let strangers = recent.strangers.into_iter().chain(pages.strangers);
    backlog.strangers.extend(strangers.map(|(number, login)| (repo, number, login)));
    backlog.summaries.extend(pages.summaries);
    Ok(())
}

fn judge_item<'p>(
    asked: &Asked<'p>,
    repo: usize,
    item: &Item<'_>,
    page: &mut Pages<'p>,
    timelines: &AtomicUsize,
) -> Option<Row<'p>> {
    let (forge, policy) = (asked.forge, asked.policy);
    let ours = item.author.as_ref().is_some_and(|author| is_ours(asked, &author.login));
    let marker = if ours { Marker::ending(&item.body) } else { None };
    if ours && is_summary(policy, &item.body) {
        page.summaries.push(OldSummary { repo, number: item.number, open: item.open, body: item.body.to_string() });
    }
    if !policy.scope.kinds.iter().any(|kind| kind == item.kind.name()) {
        return None;
    }
    page.open += usize::from(item.open);
    // Under `--only` the others matter for the work in hand, where that is capped.
    let capped = policy.agents.iter().any(|agent| agent.at_once.is_some());
    if asked.only.is_some_and(|only| only != item.number) && !capped {
        return None;
    }
    // What `scope` leaves out is not judged, but it can be work in hand.
    let outside = !in_scope(policy, item, forge.label_names(), asked.now);
    if outside && !(capped && item.open) {
        return None;
    }
    let mut seen = facts::Item {
        repo: &forge.repos()[repo].name,
        kind: item.kind.name(),
        number: item.number,
        title: &item.title,
        body: &item.body,
        labels: item.labels.iter().map(|label| &**label).collect(),
        assignees: item.assignees.iter().map(|login| spelled(policy, login)).collect(),
        author: item.author.as_ref().map(|author| author.login.as_str()),
        bot: item.author.as_ref().is_some_and(|author| author.bot),
        own_report: marker.is_some(),
        open: item.open,
        locked: item.locked,
        draft: item.draft,
        private: forge.repos()[repo].private,
        milestone: item.milestone.as_deref(),
        comments: item.comments,
        created: item.created_at.map(|at| at.timestamp_micros()),
        updated: item.updated_at.map(|at| at.timestamp_micros()),
        last_activity: Reading::NotRead,
    };
    let now = asked.now.timestamp_micros();
    let mut failed = None;
    let mut evaluation = evaluate(policy, &seen, now);
    if let Evaluation::Lacks(_) = evaluation {
        seen.last_activity = last_activity(asked, repo, item.number, timelines).unwrap_or_else(|error| {
            failed = Some(format!("{error:#}"));
            Reading::Unrecorded
        });
        evaluation = evaluate(policy, &seen, now);
    }
    // With its timeline read or known to be unrecorded, nothing is lacking.
    let Evaluation::Judged(mut judgement) = evaluation else { return None };
    if !item.open {
        judgement.held.fill(false);
    }
    if outside {
        add(&mut page.held_outside, &judgement.held.iter().map(|held| usize::from(*held)).collect::<Vec<_>>());
        return None;
    }
    let acts = judgement.action.is_some() && !judgement.observed && failed.is_none();
    let subject = acts.then(|| Box::new(subject(item, forge.label_names())));
    let assignees = item.assignees.iter().map(|login| login.to_string()).collect();
    let state = if failed.is_some() { State::Failed } else { State::Skipped };
    Some(Row { repo, kind: item.kind, number: item.number, assignees, judgement, state, note: failed, subject })
}

/// Whether a text is that of this policy's summary.
#[must_use]
pub fn is_summary(policy: &Policy, body: &str) -> bool {
    Marker::ending(body)
        .is_some_and(|marker| marker.get("policy") == Some(&policy.name) && marker.get("key") == Some(SUMMARY))
}

/// The last activity on an item that counts, as its timeline tells: whatever others did, and of what we
/// did handing it over, by assigning or labelling it. Our comments move nothing.
fn last_activity(asked: &Asked<'_>, repo: usize, number: u64, timelines: &AtomicUsize) -> Result<Reading<Option<i64>>> {
    let Some(events) = asked.forge.timeline(repo, number)? else { return Ok(Reading::Unrecorded) };
    timelines.fetch_add(1, Ordering::Relaxed);
    let ours = |event: &Event| event.actor.as_ref().is_some_and(|actor| is_ours(asked, &actor.login));
    let handed = |event: &Event| matches!(event.what, What::Assigned(_) | What::Labeled(_));
    let counted = events.iter().filter(|event| !ours(event) || handed(event));
    Ok(Reading::Is(counted.filter_map(|event| event.at).max().map(|at| at.timestamp_micros())))
}

/// Adds counts one by one.
fn add(to: &mut Vec<usize>, counts: &[usize]) {
    to.resize(to.len().max(counts.len()), 0);
    to.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}

fn subject(item: &Item<'_>, label_names: LabelNames) -> Subject {
    Subject {
        seen: plan::seen(item),
        labels: item.labels.iter().map(|label| label.to_string()).collect(),
        label_names,
        author: item.author.clone(),
        milestone: item.milestone.as_ref().map(ToString::to_string),
        open: item.open,
        locked: item.locked,
        draft: item.draft,
        comments: item.comments,
        created_at: item.created_at,
        updated_at: item.updated_at,
        earlier: None,
        commented: false,
    }
}

/// A login as the rules spell it, where it is an agent's: rules compare texts, and forges tell logins apart
/// by no case.
fn spelled<'a>(policy: &'a Policy, login: &'a str) -> &'a str {
    policy
        .agents
        .iter()
        .map(|agent| agent.login.as_str())
        .find(|known| known.eq_ignore_ascii_case(login))
        .unwrap_or(login)
}

/// Our own account, or one that our comments have carried.
fn is_ours(asked: &Asked<'_>, login: &str) -> bool {
    asked.us().is(login)
}

fn in_scope(policy: &Policy, item: &Item<'_>, names: LabelNames, now: DateTime<Utc>) -> bool {
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
