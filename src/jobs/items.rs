//! Issues and pull requests under a policy: read, judge, choose.
//!
//! Takes: a forge, repositories, a policy, the instant of the run. Gives: [`Backlog`], every item
//! in scope with its judgement and state. Items are judged where their page is read, on several
//! threads; a tier of facts is read for the items that cannot be judged without it, no others.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};

use crate::engine::Digest;
use crate::engine::choice::{Candidate, Caps, State, choose};
use crate::engine::evaluate::{Evaluation, evaluate};
use crate::engine::facts::{self, Reading};
use crate::engine::markdown::Markdown;
use crate::engine::rules::Policy;
use crate::forge::{Comment, Forge, Item, States};
use crate::plan::marker::Marker;
use crate::plan::{self, DECISION, SUMMARY, Subject};
use crate::report::Row;

/// What to judge.
#[allow(missing_debug_implementations, reason = "it holds a forge and a callback")]
pub struct Asked<'a> {
    /// Where the items are.
    pub forge: &'a dyn Forge,
    /// Which repositories, as indices into the forge's.
    pub repos: Vec<usize>,
    /// By which rules.
    pub policy: &'a Policy,
    /// The instant of the run.
    pub now: DateTime<Utc>,
    /// How many reads run at once.
    pub threads: usize,
    /// Only this number is looked at; work in hand is counted over all.
    pub only: Option<u64>,
    /// Told how many more items have been read, from any thread.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

/// A daily summary that is already there.
#[derive(Debug, Clone)]
pub struct OldSummary {
    /// Index of its repository.
    pub repo: usize,
    /// Its number.
    pub number: u64,
    /// It is open; closing one switches it off.
    pub open: bool,
}

/// Every item in scope.
#[derive(Debug, Default)]
pub struct Backlog<'p> {
    /// By repository: open items of the kinds in scope, also those that are left out.
    pub open: Vec<(usize, usize)>,
    /// The items, repositories in the order asked for, items in the forge's order.
    pub rows: Vec<Row<'p>>,
    /// How often the timeline was read.
    pub timelines: usize,
    /// Entries of the forge that were no item.
    pub unreadable: Vec<String>,
    /// Summaries of ours, open and closed.
    pub summaries: Vec<OldSummary>,
    /// Repositories that could not be read to the end, with what was found.
    pub unread: Vec<String>,
    /// One an agent: open items in its hands that `scope` leaves out.
    held_outside: Vec<usize>,
}

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
}

fn judge_repo<'p>(asked: &Asked<'p>, repo: usize, backlog: &mut Backlog<'p>) -> Result<()> {
    let pages = Mutex::new(Pages::default());
    let timelines = AtomicUsize::new(0);
    // Open ones always: work in hand is counted over all of them.
    let states = States { open: true, closed: asked.policy.scope.closed };
    let listed = asked.forge.items(repo, states, asked.threads, &|place, items| {
        let mut page = Pages::default();
        let mut rows = Vec::with_capacity(items.len());
        for item in items {
            rows.extend(judge_item(asked, repo, item, &mut page, &timelines));
        }
        (asked.progress)(items.len());
        // A thread that panicked has ended the run; what it left is not used.
        let Ok(mut all) = pages.lock() else { return };
        all.rows.push((place, rows));
        all.open += page.open;
        all.summaries.extend(page.summaries);
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
    if let Some(marker) = &marker
        && marker.get("policy") == Some(&policy.name)
        && marker.get("key") == Some(SUMMARY)
    {
        page.summaries.push(OldSummary { repo, number: item.number, open: item.open });
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
    let outside = !in_scope(policy, item, asked.now);
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
        assignees: item.assignees.iter().map(|login| &**login).collect(),
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
    let subject = acts.then(|| Box::new(subject(item)));
    let assignees = item.assignees.iter().map(|login| login.to_string()).collect();
    let state = if failed.is_some() { State::Failed } else { State::Skipped };
    Some(Row { repo, kind: item.kind.name(), number: item.number, assignees, judgement, state, note: failed, subject })
}

/// The last activity on an item that is not ours, as its timeline tells.
fn last_activity(asked: &Asked<'_>, repo: usize, number: u64, timelines: &AtomicUsize) -> Result<Reading<Option<i64>>> {
    let Some(events) = asked.forge.timeline(repo, number)? else { return Ok(Reading::Unrecorded) };
    timelines.fetch_add(1, Ordering::Relaxed);
    let others = events.iter().filter(|event| event.actor.as_ref().is_none_or(|actor| !is_ours(asked, &actor.login)));
    Ok(Reading::Is(others.filter_map(|event| event.at).max().map(|at| at.timestamp_micros())))
}

/// Adds counts one by one.
fn add(to: &mut Vec<usize>, counts: &[usize]) {
    to.resize(to.len().max(counts.len()), 0);
    to.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}

fn subject(item: &Item<'_>) -> Subject {
    Subject {
        seen: seen_digest(item),
        labels: item.labels.iter().map(|label| label.to_string()).collect(),
        author: item.author.clone(),
        milestone: item.milestone.as_ref().map(ToString::to_string),
        open: item.open,
        locked: item.locked,
        draft: item.draft,
        comments: item.comments,
        created_at: item.created_at,
        updated_at: item.updated_at,
        earlier: None,
    }
}

/// Our own account, or one that our comments have carried.
fn is_ours(asked: &Asked<'_>, login: &str) -> bool {
    login == asked.forge.user() || asked.policy.bots.iter().any(|bot| bot == login)
}

fn in_scope(policy: &Policy, item: &Item<'_>, now: DateTime<Utc>) -> bool {
    let scope = &policy.scope;
    let state = if item.open { scope.open } else { scope.closed };
    let minutes = item.created_at.map(|at| (now - at).num_minutes());
    let old_enough = scope.min_age_minutes == 0 || minutes.is_none_or(|minutes| minutes >= scope.min_age_minutes);
    let left_out = item.labels.iter().any(|label| scope.leave_out_labels.iter().any(|name| name == label))
        || item.milestone.as_ref().is_some_and(|title| scope.leave_out_milestones.iter().any(|name| name == title))
        || item.author.as_ref().is_some_and(|author| scope.leave_out_authors.contains(&author.login));
    state && old_enough && !left_out
}

/// What an item looked like to the rules. Our own later writes and replies do not change it:
/// `updated_at` and the number of comments are left out.
fn seen_digest(item: &Item<'_>) -> String {
    let state = if item.open { "open" } else { "closed" };
    let lock = if item.locked { "locked" } else { "" };
    let mut digest = Digest::default();
    let milestone = item.milestone.as_deref().unwrap_or("");
    [state, lock, &item.title, &item.body, milestone].into_iter().for_each(|part| digest.part(part));
    for list in [&item.labels, &item.assignees] {
        digest.part(&list.len().to_string());
        list.iter().for_each(|part| digest.part(part));
    }
    digest.finish()
}

/// Decides the state of every row: the order of the policy, work in hand, the cap of the run,
/// and, for those whose turn comes, what was done before and who opted out.
/// An item whose comments cannot be read is failed, others go on. Gives the indices of the rows
/// that a rule wants something done with, in the order of acting.
pub fn decide_states(asked: &Asked<'_>, backlog: &mut Backlog<'_>) -> Vec<usize> {
    let policy = asked.policy;
    let outside = |agent: usize| backlog.held_outside.get(agent).copied().unwrap_or(0);
    let in_hand = |agent: usize| outside(agent) + backlog.rows.iter().filter(|row| row.judgement.held[agent]).count();
    let room = policy
        .agents
        .iter()
        .enumerate()
        .map(|(agent, who)| who.at_once.map(|most| most.saturating_sub(in_hand(agent))))
        .collect();
    let caps = Caps { items_per_run: policy.limits.items_per_run, room };
    if let Some(only) = asked.only {
        backlog.rows.retain(|row| row.number == only);
    }
    let acting: Vec<usize> = (0..backlog.rows.len()).filter(|index| backlog.rows[*index].subject.is_some()).collect();
    let candidates: Vec<Candidate<'_>> = acting
        .iter()
        .map(|&index| {
            let row = &backlog.rows[index];
            let agent = row.judgement.action.and_then(|action| policy.actions[action].agent);
            Candidate {
                repo: row.repo,
                keys: &row.judgement.keys,
                agent: agent.filter(|agent| policy.agents[*agent].at_once.is_some() && !row.judgement.held[*agent]),
            }
        })
        .collect();
    let mut looks: Vec<Option<Look>> = acting.iter().map(|_| None).collect();
    let (states, order) = choose(&candidates, &policy.descending(), caps, |at| {
        let row = &backlog.rows[acting[at]];
        let look = look(asked, row);
        let state = look.state;
        looks[at] = Some(look);
        state
    });
    drop(candidates);
    let order = order.into_iter().map(|at| acting[at]).collect();
    for ((at, state), look) in acting.into_iter().zip(states).zip(looks) {
        let row = &mut backlog.rows[at];
        row.state = state;
        if let Some(look) = look {
            row.note = look.note;
            if let Some(subject) = &mut row.subject {
                subject.earlier = look.earlier;
            }
        }
    }
    order
}

/// What the comments of an item say about acting on it.
struct Look {
    state: State,
    note: Option<String>,
    earlier: Option<u64>,
}

/// Reads the comments of an item whose turn has come: what we did before, and who opted out.
fn look(asked: &Asked<'_>, row: &Row<'_>) -> Look {
    let comments = match asked.forge.comments(row.repo, row.number) {
        Ok(comments) => comments,
        Err(error) => return Look { state: State::Failed, note: Some(format!("{error:#}")), earlier: None },
    };
    let opted_out = match opted_out(asked, row, &comments) {
        Ok(opted_out) => opted_out,
        Err(error) => return Look { state: State::Failed, note: Some(format!("{error:#}")), earlier: None },
    };
    if let Some(login) = opted_out {
        return Look { state: State::Dropped, note: Some(format!("{login} asked to leave it alone.")), earlier: None };
    }
    let ours = comments
        .iter()
        .rev()
        .filter(|comment| comment.author.as_ref().is_some_and(|author| is_ours(asked, &author.login)));
    let marked = ours.filter_map(|comment| Marker::ending(&comment.body).map(|marker| (comment.id, marker)));
    let newest = marked
        .into_iter()
        .find(|(_, marker)| marker.get("policy") == Some(&asked.policy.name) && marker.get("key") == Some(DECISION));
    match newest {
        Some((id, marker)) if marker.get("did") == did(asked.policy, row).as_deref() => {
            Look { state: State::Unchanged, note: None, earlier: Some(id) }
        }
        // Without a comment the item's own state is the memory: all of it may hold already.
        None if nothing_to_do(asked.policy, row) => Look { state: State::Unchanged, note: None, earlier: None },
        newest => Look { state: State::Planned, note: None, earlier: newest.map(|(id, _)| id) },
    }
}

/// An action without a comment, all of whose writes already hold.
fn nothing_to_do(policy: &Policy, row: &Row<'_>) -> bool {
    let (Some(action), Some(subject)) = (row.judgement.action, &row.subject) else { return true };
    let action = &policy.actions[action];
    action.comment.is_none() && plan::ask(policy, action, subject, &row.assignees).writes.is_empty()
}

/// Digest of what is decided about an item now.
fn did(policy: &Policy, row: &Row<'_>) -> Option<String> {
    let action = &policy.actions[row.judgement.action?];
    Some(plan::ask(policy, action, row.subject.as_ref()?, &row.assignees).did)
}

/// Who asked last to leave the item alone, if that stands: the command alone on a line outside
/// quotes and code, from the author, an assignee or someone who may write. `resume` ends it.
fn opted_out(asked: &Asked<'_>, row: &Row<'_>, comments: &[Comment]) -> Result<Option<String>> {
    let Some(command) = asked.policy.skip_command.as_deref() else { return Ok(None) };
    let name = command.split_whitespace().next().unwrap_or(command);
    let resume = format!("{name} resume");
    let author = row.subject.as_ref().and_then(|subject| subject.author.as_ref()).map(|author| author.login.as_str());
    let mut stands = None;
    for comment in comments {
        let Some(login) = comment.author.as_ref().map(|author| author.login.as_str()) else { continue };
        if !comment.body.contains(name) {
            continue;
        }
        let may = comment.by_writer
            || author == Some(login)
            || row.assignees.iter().any(|assignee| assignee == login)
            || asked.forge.writers(row.repo)?.iter().any(|writer| writer == login);
        if !may {
            continue;
        }
        for line in Markdown::read(&comment.body).prose.lines().map(str::trim) {
            if line == command {
                stands = Some(login.to_owned());
            } else if line == resume {
                stands = None;
            }
        }
    }
    Ok(stands)
}
