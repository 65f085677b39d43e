//! The one writer: nothing else sends a write to a forge.
//!
//! Takes: a finished [`Plan`], a forge that can be written to, the journal. Gives: one [`ItemOutcome`] an
//! item, in the order of the plan. Reads no rules. Each item is read once more before its first
//! write; whatever ends a run, doing the same plan again writes nothing twice.
//!
//! - [`journal`] the steps of this run and of earlier ones
//! - [`doubt`] whether a run died or a person undid it
//! - `guard` the last look before the first write, `back` where an earlier one is taken back
//! - `create` issues, `label` those of a repository
//! - `send` one write, and what became of it
//! - `ours` what we wrote that no timeline tells of
//! - `twice` the look back at the end: two runs at once

mod back;
mod create;
pub mod doubt;
mod guard;
pub mod journal;
mod label;
mod ours;
mod preflight;
mod send;
pub(crate) mod twice;

pub use twice::CLOCKS;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use self::guard::Readiness;
use self::journal::{Journal, JournalEntry};
use self::preflight::Repository;
use crate::forge::change::ForgeWriter;
use crate::forge::{Comment, Item, PlacedComment};
use crate::plan::marker::Marker;
use crate::plan::memory::Us;
use crate::plan::{Effect, Plan, PlannedItem, item_digest};

/// What writing needs beside the plan.
#[allow(missing_debug_implementations, reason = "it holds a forge and callbacks")]
pub struct Applier<'a> {
    /// The forge.
    pub forge: &'a dyn ForgeWriter,
    /// What was and is written.
    pub journal: &'a Journal,
    /// The name of this run, the same in its comments, its journal and its record.
    pub run: &'a str,
    /// When this run began.
    pub started: DateTime<Utc>,
    /// Comments that this run has read, by repository and number: not read again where the item says
    /// that none came or went.
    pub comments: HashMap<(usize, u64), Vec<Comment>>,
    /// Set from outside: the item at hand is finished, and no other begun.
    pub stop: &'a AtomicBool,
    /// Told after each item how many are finished.
    pub progress: &'a dyn Fn(usize),
    /// The clock, for the lines of the journal.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemFate {
    /// Written, all of it.
    Done,
    /// It was all there already, or a person undid it.
    Unchanged,
    /// It changed since the rules read it, or someone opted out: not written.
    Dropped,
    /// Something went wrong; what was and was not written is said.
    Failed,
    /// The run ended before it.
    NotReached,
}

/// What became of an item, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemOutcome {
    /// In one word.
    pub fate: ItemFate,
    /// In a sentence, where there is something to say.
    pub note: Option<String>,
    /// The number of the issue that was created.
    pub number: Option<u64>,
    /// It failed because the token may not do it.
    pub denied: bool,
    /// What became of each effect, in their order; empty where none was come to.
    pub effects: Vec<EffectOutcome>,
}

/// What became of one effect of an item, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectOutcome {
    /// In one word.
    pub fate: ItemFate,
    /// In a sentence, where there is something to say.
    pub note: Option<String>,
}

impl ItemOutcome {
    fn new(fate: ItemFate, note: impl Into<Option<String>>) -> Self {
        ItemOutcome { fate, note: note.into(), number: None, denied: false, effects: Vec::new() }
    }

    /// The same of one effect alone, by its place; where none was come to, that of the item.
    #[must_use]
    pub fn of_effect(&self, place: usize) -> ItemOutcome {
        let effect = self.effects.get(place);
        let (fate, note) = effect.map_or((self.fate, &self.note), |effect| (effect.fate, &effect.note));
        ItemOutcome { fate, note: note.clone(), effects: Vec::new(), ..*self }
    }
}

/// What a whole plan came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApplyResult {
    /// One an item of the plan.
    pub outcomes: Vec<ItemOutcome>,
    /// Why nothing more was written, where a token or a signal ended it.
    pub ended: Option<String>,
    /// What a person should know beside that.
    pub warnings: Vec<String>,
}

/// A write ended the run: the token is refused everywhere.
struct RunEnd(String);

impl Applier<'_> {
    /// Carries out a plan.
    pub fn carry_out(&self, plan: &Plan<'_>) -> ApplyResult {
        let run = PlanRun {
            apply: self,
            plan,
            last: Cell::new(None),
            posted: RefCell::default(),
            created: RefCell::default(),
            changed: RefCell::default(),
            unsaved: RefCell::default(),
            opened: RefCell::default(),
        };
        let mut applied = ApplyResult::default();
        let repositories = run.preflight(&mut applied);
        for (index, item) in plan.items.iter().enumerate() {
            if applied.ended.is_none() && self.stop.load(Ordering::Relaxed) {
                applied.ended = Some("a signal ended the run; what was begun is finished".to_owned());
            }
            let outcome = match &applied.ended {
                Some(why) => ItemOutcome::new(ItemFate::NotReached, format!("Not reached: {why}.")),
                None => match &repositories[item.repo.as_ref()] {
                    Err(outcome) => outcome.clone(),
                    Ok(repository) => run.item(repository, item).unwrap_or_else(|RunEnd(why)| {
                        applied.ended = Some(why.clone());
                        ItemOutcome::new(ItemFate::Failed, why)
                    }),
                },
            };
            applied.outcomes.push(outcome);
            (self.progress)(index + 1);
        }
        run.look_back(&repositories, &mut applied);
        run.look_back_at_issues(&mut applied);
        applied
    }
}

/// A plan that is being carried out.
struct PlanRun<'r, 'a> {
    apply: &'r Applier<'a>,
    plan: &'r Plan<'r>,
    /// When the last write was answered.
    last: Cell<Option<Instant>>,
    /// Comments that this run has posted.
    posted: RefCell<Vec<PostedComment>>,
    /// By repository: comments that changed since the run began, and when they were asked for.
    changed: RefCell<HashMap<usize, (Instant, Vec<PlacedComment>)>>,
    /// Steps that are done once what was written is saved: a server has kept it when it answers, a file has not.
    unsaved: RefCell<Vec<JournalEntry>>,
    /// By repository: the issues that we had opened before this run created one.
    opened: RefCell<HashMap<usize, Vec<Item<'static>>>>,
    /// Issues that this run has created.
    created: RefCell<Vec<CreatedIssue>>,
}

/// A comment that this run has posted.
struct PostedComment {
    repo: usize,
    number: u64,
    id: Option<u64>,
    policy: String,
    key: String,
    did: String,
}

/// An issue that this run has created.
struct CreatedIssue {
    repo: usize,
    number: u64,
    /// The label by which it is found again, where it has one for that.
    label: Option<String>,
    marker: Marker,
}

impl PlanRun<'_, '_> {
    fn us(&self) -> Us<'_> {
        Us { user: self.apply.forge.user(), bots: &self.plan.manners.bots }
    }

    /// Servers are spared, files are not. It stands before the look at an item, not between that and the write:
    /// of two runs at once the later one sees what the earlier has written. The first pause is of any length, so
    /// that two that began together do not go on side by side.
    fn pause(&self) {
        if !self.apply.forge.is_remote() {
            return;
        }
        let wanted = Duration::from_millis(self.plan.manners.pause_ms).max(self.apply.forge.pace());
        let first = || Instant::now().checked_sub(wanted.mul_f64(fastrand::f64()));
        let last = self.last.get().or_else(first);
        self.last.set(last);
        if let Some(rest) = last.and_then(|last| wanted.checked_sub(last.elapsed())) {
            std::thread::sleep(rest);
        }
    }

    /// Writes one item, all its effects. What becomes of one decides nothing about the next: each is looked at
    /// before it is written.
    fn item(&self, repository: &Repository, item: &PlannedItem) -> Result<ItemOutcome, RunEnd> {
        let mut outcome = ItemOutcome::new(ItemFate::Unchanged, None);
        let mut effects = Vec::with_capacity(item.effects.len());
        let mut seen = item.seen.clone();
        for effect in &item.effects {
            let one = match item.number {
                Some(number) => self.effect(repository, item, (number, &mut seen), effect)?,
                None => match effect.writes.iter().find(|write| write.is_undo()) {
                    Some(write) => self.of_repository(repository, item, effect, write)?,
                    None => self.create(repository, item, effect)?,
                },
            };
            effects.push(EffectOutcome { fate: one.fate, note: one.note.clone() });
            // The first that is more than nothing counts; what went wrong stays said.
            if outcome.fate == ItemFate::Unchanged || one.fate == ItemFate::Failed {
                outcome = one;
            }
        }
        outcome.effects = effects;
        let saved = self.apply.forge.item_done();
        let noted = self.note_saved(saved.is_ok());
        if let Err(error) = saved.and(noted) {
            outcome = ItemOutcome::new(ItemFate::Failed, format!("{error:#}"));
        }
        Ok(outcome)
    }

    fn effect(
        &self,
        repository: &Repository,
        item: &PlannedItem,
        (number, seen): (u64, &mut Option<String>),
        effect: &Effect,
    ) -> Result<ItemOutcome, RunEnd> {
        self.pause();
        let (mut fresh, comments, writes) = match self.look(repository, item, (number, seen), effect) {
            Ok(Readiness::Write { fresh, comments, writes }) => (fresh, comments, writes),
            Ok(Readiness::Not(outcome)) => return Ok(outcome),
            Err(error) => return Ok(ItemOutcome::new(ItemFate::Failed, format!("Nothing was written: {error:#}"))),
        };
        if writes.is_empty() {
            return Ok(ItemOutcome::new(ItemFate::Unchanged, None));
        }
        let mut done: Vec<&'static str> = Vec::new();
        for write in &writes {
            if let Err(failed) = self.write(repository, item, (&fresh, &comments), effect, write) {
                let before = match done.as_slice() {
                    [] => "nothing was written before it".to_owned(),
                    done => format!("written before it: {}", done.join(", ")),
                };
                if failed.stale && done.is_empty() {
                    return Ok(ItemOutcome::new(
                        ItemFate::Dropped,
                        "Its text changed while it was written to.".to_owned(),
                    ));
                }
                let text = format!("`{}` failed: {}; {before}.", write.op.name(), failed.text);
                let denied = failed.denied;
                let outcome = ItemOutcome { denied, ..ItemOutcome::new(ItemFate::Failed, text.clone()) };
                return if failed.ends_run { Err(RunEnd(text)) } else { Ok(outcome) };
            }
            guard::put_on(&mut fresh.item, write, self.apply.forge.label_names());
            seen.iter_mut().for_each(|seen| *seen = item_digest(&fresh.item));
            done.push(write.op.name());
        }
        Ok(ItemOutcome::new(ItemFate::Done, None))
    }
}
