//! What is judged, and what comes of it.
//!
//! Takes: nothing, these are the types between reading, deciding and writing. Gives: [`BacklogQuery`], what a
//! run was asked for, and [`Backlog`], every item in scope.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::unfinished::UnfinishedItem;
use crate::apply::journal::Journal;
use crate::engine::rules::Policy;
use crate::forge::{Account, Forge};
use crate::plan::memory::Us;
use crate::report::ItemRow;

/// Markers in texts of others that are named one by one.
const STRANGERS: usize = 5;

/// What to judge.
#[allow(missing_debug_implementations, reason = "it holds a forge and a callback")]
#[derive(Clone)]
pub struct BacklogQuery<'a> {
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
    /// A plan will be saved or carried out: the items that a rule acts on are digested, by which the one
    /// that writes tells whether they have changed.
    pub plans: bool,
    /// What earlier runs wrote.
    pub journal: &'a Journal,
    /// Told how many more items have been read, from any thread.
    pub progress: &'a (dyn Fn(usize) + Sync),
}

impl<'a> BacklogQuery<'a> {
    /// Who we are.
    #[must_use]
    pub fn us(&self) -> Us<'a> {
        Us { user: self.forge.user(), bots: &self.policy.bots }
    }
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
    /// Its text.
    pub body: String,
}

/// Every item in scope.
#[derive(Debug, Default)]
pub struct Backlog<'p> {
    /// By repository: open items of the kinds in scope, also those that are left out.
    pub open: Vec<(usize, usize)>,
    /// The items, repositories in the order asked for, items in the forge's order.
    pub rows: Vec<ItemRow<'p>>,
    /// How often the timeline was read.
    pub timelines: usize,
    /// Entries of the forge that were no item, kinds that the token may not see, repositories that take no
    /// writes: one sentence each.
    pub unreadable: Vec<String>,
    /// Summaries of ours, open and closed.
    pub summaries: Vec<OldSummary>,
    /// Repositories that could not be read to the end, with what was found.
    pub unread: Vec<String>,
    /// What a killed run left, to be finished first.
    pub unfinished: Vec<UnfinishedItem>,
    /// Markers in what others wrote: repository, number, who wrote it.
    pub(super) strangers: BTreeSet<(usize, u64, Account)>,
    /// One an agent: open items in its hands that `scope` leaves out.
    pub(super) held_outside: Vec<Vec<HeldItem>>,
}

/// An item: the index of its repository, its number.
pub type HeldItem = (usize, u64);

impl Backlog<'_> {
    /// The account of the forge's jobs among those who wrote such markers.
    pub(super) fn job_account(&self) -> Option<String> {
        self.strangers.iter().find(|(.., account)| account.is_of_jobs()).map(|(.., account)| account.login.clone())
    }

    /// One sentence a repository about markers in what others wrote.
    pub(super) fn told_strangers(&self, asked: &BacklogQuery<'_>) -> Vec<String> {
        let mut by_repo: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (repo, number, Account { login, .. }) in &self.strangers {
            by_repo.entry(*repo).or_default().push(format!("{login} on #{number}"));
        }
        let sentence = |(repo, all): (usize, Vec<String>)| {
            let (name, more) = (&asked.forge.repos()[repo].name, all.len().saturating_sub(STRANGERS));
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let all = all.into_iter().take(STRANGERS).collect::<Vec<_>>().join(", ");
            format!(
                "{name}: texts of others end with a marker of ours ({all}{more}); they are only texts, and if such \
                 an account is ours, the rules name it under `bots`"
            )
        };
        by_repo.into_iter().map(sentence).collect()
    }

    /// The open items that an agent has in hand, with those whose handing over is being finished.
    pub(super) fn in_hand(&self, policy: &Policy, agent: usize) -> BTreeSet<HeldItem> {
        let outside = self.held_outside.get(agent).into_iter().flatten().copied();
        let held = self.rows.iter().filter(|row| row.judgement.held[agent]).map(|row| (row.repo, row.number));
        let coming = self.unfinished.iter().filter(|left| left.agent(policy) == Some(agent));
        outside.chain(held).chain(coming.map(|left| (left.repo, left.number))).collect()
    }
}
