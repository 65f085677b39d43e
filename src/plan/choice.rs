//! Which judgements are acted on now: order, work in hand, the cap of a run.
//!
//! Takes: what each item's rules decided, its sort keys, how much every agent has in hand. Gives:
//! a [`ItemState`] for each. Caps change the state, never the rule or the action. Within a repository
//! the order of the policy holds; repositories take turns, so that none starves another, but for what the
//! policy's order puts first by a yes or no, such as urgency: that goes first across all of them.

use std::cmp::Ordering;
use std::collections::{HashMap, VecDeque};

use crate::engine::value::Value;

/// An item that its rules want something done with.
#[derive(Debug, Clone)]
pub struct Candidate<'c> {
    /// Index of its repository.
    pub repo: usize,
    /// Its sort keys, one an entry of `order`.
    pub keys: &'c [Value<'static>],
    /// The agent whose work it becomes, where that agent's work is capped and the item is not
    /// already in its hands.
    pub agent: Option<usize>,
}

/// What becomes of an item in this run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemState {
    /// Nothing to do, by the rules; or only observed.
    #[default]
    Skipped,
    /// It will be written to.
    Planned,
    /// It was written to.
    Done,
    /// Everything that it asks for has been done before.
    Unchanged,
    /// Its agent has enough in hand.
    Waiting,
    /// The run's cap was reached before it.
    Deferred,
    /// It changed or someone opted out.
    Dropped,
    /// Something went wrong; others go on.
    Failed,
}

/// How much may be done.
#[derive(Debug, Clone)]
pub struct Caps {
    /// Items written to in this run; `None` is all.
    pub items_per_run: Option<usize>,
    /// For each agent, how many more items it may be handed; `None` is any number.
    pub room: Vec<Option<usize>>,
}

/// Decides the state of every candidate, and gives their indices in the order of acting.
/// `descending` is one an entry of `order`. `look` is asked in the order of acting: it reads what
/// has been done before, and answers [`ItemState::Planned`] or why not. It is not asked about those
/// whose agent has no room, nor once the run's cap has cut off one that would be written to.
pub fn choose(
    candidates: &[Candidate<'_>],
    descending: &[bool],
    mut caps: Caps,
    mut look: impl FnMut(usize) -> ItemState,
) -> (Vec<ItemState>, Vec<usize>) {
    let mut states = vec![ItemState::Deferred; candidates.len()];
    let mut left = caps.items_per_run;
    let mut full = false;
    let order = in_turn(candidates, descending);
    for &index in &order {
        let room = candidates[index].agent.and_then(|agent| caps.room.get_mut(agent)).and_then(Option::as_mut);
        states[index] = match (&room, left) {
            (Some(0), _) => ItemState::Waiting,
            (_, Some(0)) if full => ItemState::Deferred,
            _ => look(index),
        };
        // What was done before is unchanged, whatever the cap; the first that would be written to
        // past it is deferred, and all that come later unseen.
        if left == Some(0) && states[index] == ItemState::Planned {
            states[index] = ItemState::Deferred;
            full = true;
        }
        if states[index] == ItemState::Planned {
            left = left.map(|left| left - 1);
            if let Some(room) = room {
                *room -= 1;
            }
        }
    }
    (states, order)
}

/// Indices of the candidates in the order of acting.
#[must_use]
pub fn in_turn(candidates: &[Candidate<'_>], descending: &[bool]) -> Vec<usize> {
    let mut place: HashMap<usize, usize> = HashMap::new();
    let mut queues: Vec<VecDeque<usize>> = Vec::new();
    for (index, candidate) in candidates.iter().enumerate() {
        let queue = *place.entry(candidate.repo).or_insert(queues.len());
        if queue == queues.len() {
            queues.push(VecDeque::new());
        }
        queues[queue].push_back(index);
    }
    for queue in &mut queues {
        queue.make_contiguous().sort_by(|a, b| compare(candidates[*a].keys, candidates[*b].keys, descending));
    }
    let mut turn = Vec::with_capacity(candidates.len());
    while !queues.is_empty() {
        turn.extend(queues.iter_mut().filter_map(VecDeque::pop_front));
        queues.retain(|queue| !queue.is_empty());
    }
    // Taking turns stays as it is among those that no judgement tells apart.
    let judged = |keys: &[Value<'_>]| keys.iter().take_while(|key| matches!(key, Value::Bool(_) | Value::None)).count();
    let first = candidates.iter().map(|candidate| judged(candidate.keys)).min().unwrap_or(0);
    turn.sort_by(|a, b| compare(&candidates[*a].keys[..first], &candidates[*b].keys[..first], descending));
    turn
}

/// Order by sort keys; what is unknown comes last either way.
#[must_use]
pub fn compare(a: &[Value<'_>], b: &[Value<'_>], descending: &[bool]) -> Ordering {
    for ((a, b), descending) in a.iter().zip(b).zip(descending) {
        let unknown = matches!(a, Value::None) || matches!(b, Value::None);
        let order = if *descending && !unknown { b.order(a) } else { a.order(b) };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}
