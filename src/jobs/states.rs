//! What becomes of each item in this run.
//!
//! Takes: judged items. Gives: their states: the order of the policy, work in hand, the cap of the run,
//! and, for those whose turn comes, what was done before and who opted out.

use anyhow::Result;

use super::backlog::{Asked, Backlog};
use crate::apply::doubt::{self, At, Doubt};
use crate::engine::choice::{Candidate, Caps, State, choose};
use crate::engine::rules::Policy;
use crate::forge::Comment;
use crate::plan::memory::{self, Concerned, Us};
use crate::plan::{self, DECISION, Earlier, marker};
use crate::report::Row;

/// Decides the state of every row. An item whose comments cannot be read is failed, others go on.
/// Gives the indices of the rows that a rule wants something done with, in the order of acting.
pub fn decide(asked: &Asked<'_>, backlog: &mut Backlog<'_>) -> Vec<usize> {
    let policy = asked.policy;
    let room = policy
        .agents
        .iter()
        .enumerate()
        .map(|(agent, who)| who.at_once.map(|most| most.saturating_sub(backlog.in_hand(policy, agent))))
        .collect();
    let caps = Caps { items_per_run: policy.limits.items_per_run, room };
    if let Some(only) = asked.only {
        backlog.rows.retain(|row| row.number == only);
        backlog.unfinished.retain(|left| left.number == only);
    }
    // What a killed run left is finished first, whatever the rules now say.
    let unfinished = |row: &Row<'_>| backlog.unfinished.iter().any(|left| left.is(row));
    let rows = 0..backlog.rows.len();
    let acting = rows.filter(|index| backlog.rows[*index].subject.is_some() && !unfinished(&backlog.rows[*index]));
    let acting: Vec<usize> = acting.collect();
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
    let mut read = Vec::new();
    let (states, order) = choose(&candidates, &policy.descending(), caps, |at| {
        let row = &backlog.rows[acting[at]];
        let look = look(asked, row, |comments| read.push(((row.repo, row.number), comments)))
            .unwrap_or_else(|error| Look::of(State::Failed, format!("{error:#}")));
        let state = look.state;
        looks[at] = Some(look);
        state
    });
    drop(candidates);
    for ((repo, number), comments) in &read {
        let strangers =
            comments.iter().filter_map(|comment| asked.us().stranger(comment.author.as_ref(), &comment.body));
        backlog.strangers.extend(strangers.map(|login| (*repo, *number, login.to_owned())));
    }
    backlog.comments.extend(read);
    let order = order.into_iter().map(|at| acting[at]).collect();
    for ((at, state), look) in acting.into_iter().zip(states).zip(looks) {
        let row = &mut backlog.rows[at];
        row.state = state;
        if let Some(look) = look {
            row.note = look.note;
            if let Some(subject) = &mut row.subject {
                subject.earlier = look.earlier;
                subject.commented = look.commented;
            }
        }
    }
    order
}

/// What the comments of an item say about acting on it.
#[derive(Default)]
struct Look {
    state: State,
    note: Option<String>,
    earlier: Option<Earlier>,
    commented: bool,
}

impl Look {
    fn of(state: State, note: impl Into<Option<String>>) -> Self {
        Look { state, note: note.into(), ..Look::default() }
    }
}

/// An earlier comment that a run has left as it was when it posted a newer one.
fn unreduced(policy: &Policy, action: usize, comments: &[Comment], us: Us<'_>) -> Option<Earlier> {
    policy.actions[action].comment.as_ref()?;
    let id = memory::unreduced(comments, us, &policy.name, DECISION)?;
    Some(Earlier { id, writes: Vec::new() })
}

/// Reads the comments of an item whose turn has come: what we did before, and who opted out.
fn look(asked: &Asked<'_>, row: &Row<'_>, keep: impl FnOnce(Vec<Comment>)) -> Result<Look> {
    let (policy, us): (_, Us<'_>) = (asked.policy, asked.us());
    let (Some(action), Some(subject)) = (row.judgement.action, &row.subject) else {
        return Ok(Look::of(State::Unchanged, None));
    };
    if subject.locked {
        return Ok(Look::of(State::Dropped, "It is locked.".to_owned()));
    }
    // A server counts its comments rightly; whoever wrote a file by hand may not have.
    let none = subject.comments == 0 && asked.forge.is_remote();
    let comments = if none { Vec::new() } else { asked.forge.comments(row.repo, row.number)? };
    let concerned = Concerned {
        author: subject.author.as_ref().map(|author| author.login.as_str()),
        assignees: row.assignees.iter().map(String::as_str).collect(),
        writers: &|| asked.forge.writers(row.repo),
    };
    if let Some(login) = memory::opted_out(&comments, policy.skip_command.as_deref(), &concerned)? {
        return Ok(Look::of(State::Dropped, format!("{login} asked to leave it alone.")));
    }
    let wanted = plan::ask(policy, &policy.actions[action], subject, &row.assignees);
    let at = At { repo: row.repo, name: &asked.forge.repos()[row.repo].name, number: row.number };
    let look = match memory::newest(&comments, us, &policy.name, DECISION) {
        Some((_, marker)) if marker.get("did") == Some(&wanted.did) && wanted.writes.is_empty() => {
            let earlier = unreduced(policy, action, &comments, us);
            let state = if earlier.is_some() { State::Planned } else { State::Unchanged };
            Look { commented: true, earlier, ..Look::of(state, None) }
        }
        Some((comment, marker)) if marker.get("did") == Some(&wanted.did) => {
            match doubt::decide(asked.forge, asked.journal, at, (comment, &marker), &wanted.writes)? {
                Doubt::Person(why) => Look::of(State::Unchanged, why),
                Doubt::Unfinished => {
                    let earlier = unreduced(policy, action, &comments, us);
                    Look { commented: true, earlier, ..Look::of(State::Planned, None) }
                }
            }
        }
        Some((comment, marker)) => {
            let writes = marker::listed(marker.get("writes").unwrap_or(""));
            let earlier = Some(Earlier { id: comment.id, writes: marker::writes(&writes) });
            Look { earlier, ..Look::of(State::Planned, None) }
        }
        // Without a comment the item's own state is the memory, and its timeline.
        None if policy.actions[action].comment.is_none() => match wanted.writes.as_slice() {
            [] => Look::of(State::Unchanged, None),
            left => match doubt::taken_back(asked.forge, us, at, left)? {
                Some(why) => Look::of(State::Unchanged, why),
                None => Look::of(State::Planned, None),
            },
        },
        None => Look::of(State::Planned, None),
    };
    keep(comments);
    Ok(look)
}
