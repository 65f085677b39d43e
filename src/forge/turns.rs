//! Runs of a list that several threads read, brought back into the list's order.
//!
//! Takes: what the runs were read as, from any thread at any time. Gives: the items of each that
//! no run before had, and what all of them came to: the same on one thread as on many.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Error, Result};

use super::object::NoItem;
use super::ranges::ByteRun;
use super::{Item, Listing};

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Turns {
    state: Mutex<TurnState>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct TurnState {
    /// The place of the run that comes next.
    next: usize,
    /// Numbers that an item was handed over for.
    handed_over: HashSet<u64>,
    listed: Listing,
    error: Option<Error>,
}

/// Does `work` on up to `threads` threads: it takes one of `pieces` after the other until none is left.
/// More threads than processors only take turns, because nothing here waits for a network.
pub(super) fn share(threads: usize, pieces: usize, work: impl Fn() + Sync) {
    let threads = threads.min(thread::available_parallelism().map_or(1, usize::from));
    let work = &work;
    thread::scope(|scope| {
        for _ in 1..threads.min(pieces) {
            // Where no more threads are to be had, this one does their work.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
}

impl Turns {
    /// Waits for the turn of the run at `place`, which is short where runs are begun in order,
    /// and gives its items without those whose number came before: lists that shift while they
    /// are paged repeat some, and a pull request can be among the issues too. `None` once any
    /// run before, or this one, could not be read. `repo` names the repository in sentences.
    pub(super) fn take<'a>(
        &self,
        place: usize,
        repo: &str,
        run: &ByteRun,
        entries: Result<Vec<Result<Item<'a>, NoItem>>>,
    ) -> Option<Vec<Item<'a>>> {
        let mut state = self.lock();
        while state.next != place && state.error.is_none() {
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.error.is_some() {
            return None;
        }
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                state.error = Some(error);
                self.moved.notify_all();
                return None;
            }
        };
        let mut items = Vec::with_capacity(entries.len());
        for (entry, nth) in entries.into_iter().zip(run.before + 1..) {
            match entry {
                Ok(item) if state.handed_over.insert(item.number) => items.push(item),
                Ok(_) => {}
                Err(why) => {
                    let list = if run.pulls { "pulls" } else { "issues" };
                    let sentence = format!("{repo}: entry {nth} of {list} {why}");
                    state.listed.unreadable.push(sentence);
                }
            }
        }
        state.listed.items += items.len() as u64;
        state.next += 1;
        self.moved.notify_all();
        Some(items)
    }

    /// What all runs came to.
    pub(super) fn result(self) -> Result<Listing> {
        let state = self.state.into_inner();
        let state = state.unwrap_or_else(PoisonError::into_inner);
        state.error.map_or(Ok(state.listed), Err)
    }

    fn lock(&self) -> MutexGuard<'_, TurnState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
