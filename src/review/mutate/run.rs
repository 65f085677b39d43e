//! Whether a case notices each change of the rules.
//!
//! Takes: rules whose cases all hold, their cases, their changes. Gives: [`Mutation`]: the changes that no
//! case notices, and those that the case file wrongly calls equivalent. On several threads; a change
//! is done with the first case that notices it.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Mutant, Mutants};
use crate::engine::template::Templates;
use crate::review::book::RuleBook;
use crate::review::cases::judge::Judge;
use crate::review::cases::{Case, Suite};

/// What came of trying all changes. Numbers are indices into the list of changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mutation {
    /// Changes tried.
    pub tried: usize,
    /// Changes that were not: what no case notices of them is not known.
    pub untried: usize,
    /// No case notices these, and the case file does not say that none can.
    pub survivors: Vec<usize>,
    /// Known to change nothing, and no case notices them.
    pub equivalent: usize,
    /// Said to change nothing, and a case notices it: the entry of `equivalent`, the case.
    pub noticed_after_all: Vec<(usize, usize)>,
}

/// Tries every change. `progress` is told how many are done, from any thread.
#[must_use]
pub fn run(
    (book, templates, version): (RuleBook<'_>, &Templates, &str),
    suite: &Suite,
    listed: &Mutants,
    progress: &(dyn Fn(usize) + Sync),
) -> Mutation {
    let mutants = &listed.all;
    let listed_as_equal = |mutant: &Mutant| suite.equivalent.iter().position(|entry| entry.mutant == mutant.name);
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    // Nothing here waits: more threads than processors are of no use.
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(mutants.len().max(1));
    let work = || {
        let mut found = Vec::new();
        // The case that noticed the change before often notices the next one.
        let mut last = 0;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(mutant) = mutants.get(index) else { return found };
            // Of what the file calls equivalent the same case is told each time.
            let start = if listed_as_equal(mutant).is_some() { 0 } else { last };
            let noticed = noticed_by((book, templates, version), &suite.cases, mutant, start);
            last = noticed.unwrap_or(last);
            found.push((index, noticed));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    let mut all: Vec<(usize, Option<usize>)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        // A thread that panicked has nothing to give: its panic goes on here.
        let join = |thread: std::thread::ScopedJoinHandle<'_, Vec<_>>| {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().flat_map(join).collect()
    });
    all.sort_unstable();
    let mut mutation = Mutation { tried: all.len(), untried: listed.untried, ..Mutation::default() };
    for (index, noticed) in all {
        match (noticed, listed_as_equal(&mutants[index])) {
            (Some(case), Some(entry)) => mutation.noticed_after_all.push((entry, case)),
            (None, Some(_)) => mutation.equivalent += 1,
            (None, None) => mutation.survivors.push(index),
            (Some(_), None) => {}
        }
    }
    mutation
}

/// The first case from `start` on, round to it again, that notices the change.
fn noticed_by(
    (book, templates, version): (RuleBook<'_>, &Templates, &str),
    cases: &[Case],
    mutant: &Mutant,
    start: usize,
) -> Option<usize> {
    // What cannot be searched for is no rule that anybody could load: whoever drops it is told.
    let changed = mutant.apply(book).ok()?;
    let changed = RuleBook { policy: &changed.policy, advice: &changed.advice, ..book };
    let judge = Judge::new(changed, templates, version);
    let around = (start..cases.len()).chain(0..start);
    { around }.find(|index| judge.fails(&cases[*index]))
}
