//! Two runs at once on two machines: nothing between them is atomic, so each looks back at its end.
//!
//! Takes: what this run has posted and created. Gives: one comment of each decision and one issue of each
//! place: of two comments with one key and one digest on one item, both posted since this run began, the
//! later is deleted; of two such issues the later says so in a line, is nobody's any more and is closed.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use chrono::{DateTime, Duration, Utc};

use super::guard;
use super::preflight::Repository;
use super::{ApplyResult, CreatedIssue, ItemOutcome, PlanRun, PostedComment};
use crate::forge::change::Fresh;
use crate::forge::{Comment, Item, ItemKind};
use crate::plan::marker::Marker;
use crate::plan::memory::{self, ItemStanding};
use crate::plan::{Args, DECISION, Op, UNDO, Write};

/// Clocks of a runner and a forge differ by fewer minutes.
pub const CLOCKS: i64 = 10;

/// How an issue begins that was made twice and is closed.
pub(crate) const SECOND: &str = "<sub>Two runs made this at the same moment: ";

/// Issues of ours, by repository and label.
type Lists = HashMap<(usize, Option<String>), Vec<Item<'static>>>;

impl PlanRun<'_, '_> {
    /// Looks back at every repository that this run has posted in: one list of comments each.
    pub(super) fn look_back(
        &self,
        repositories: &HashMap<&str, Result<Repository, ItemOutcome>>,
        applied: &mut ApplyResult,
    ) {
        let posted = self.posted.take();
        let mut by_repo: BTreeMap<usize, Vec<&PostedComment>> = BTreeMap::new();
        posted.iter().for_each(|one| by_repo.entry(one.repo).or_default().push(one));
        for (repo, posted) in by_repo {
            let name = repositories.iter().find(|(_, found)| found.as_ref().is_ok_and(|found| found.index == repo));
            let name = name.map_or("", |(name, _)| name);
            if let Err(error) = self.keep_one(repo, &posted) {
                applied
                    .warnings
                    .push(format!("{name}: looking for comments of a run at the same time failed: {error:#}"));
            }
        }
    }

    /// Looks back at the issues that this run has created: one list by their label each.
    pub(super) fn look_back_at_issues(&self, applied: &mut ApplyResult) {
        let mut lists = HashMap::new();
        for mine in self.created.take() {
            let name = self.apply.forge.repos().get(mine.repo).map_or("", |repo| &repo.name);
            let number = mine.number;
            match self.keep_one_issue(&mine, &mut lists) {
                Ok(Some(first)) if first != number => {
                    let made = applied.outcomes.iter_mut().zip(self.plan.items.iter()).filter(|(outcome, item)| {
                        outcome.number == Some(number) && item.repo.eq_ignore_ascii_case(name)
                    });
                    for (outcome, _) in made {
                        outcome.number = Some(first);
                        outcome.note = Some(format!(
                            "A run at the same moment made #{first} for it; #{number} of this run is closed."
                        ));
                    }
                }
                Ok(_) => {}
                Err(error) => applied.warnings.push(format!(
                    "{name}: looking for an issue like #{number} of a run at the same time failed: {error:#}"
                )),
            }
        }
    }

    /// Gives the number of the one that stands.
    fn keep_one_issue(&self, mine: &CreatedIssue, lists: &mut Lists) -> Result<Option<u64>> {
        let same = |marker: &Marker| {
            ["policy", "key", "did", "of", "action"].into_iter().all(|name| marker.get(name) == mine.marker.get(name))
        };
        let ours = |item: &&Item<'_>| {
            item.open
                && item.author.as_ref().is_some_and(|author| self.us().is(&author.login))
                && Marker::ending(&item.body).is_some_and(|marker| same(&marker))
        };
        let there = match lists.entry((mine.repo, mine.label.clone())) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(free) => free.insert(match &mine.label {
                Some(label) => self.apply.forge.labelled(mine.repo, label)?,
                None => self.opened(mine.repo)?,
            }),
        };
        let began = there.iter().find(|item| item.number == mine.number).and_then(|item| item.created_at);
        let mut all: Vec<&Item<'_>> = there.iter().filter(ours).filter(|item| near(item.created_at, began)).collect();
        all.sort_by_key(|item| item.number);
        let mut all = all.into_iter();
        let Some(first) = all.next() else { return Ok(None) };
        for later in all {
            self.close_second(mine.repo, later.number, first.number)?;
        }
        Ok(Some(first.number))
    }

    /// Without its marker it is no issue of ours any more: one that is closed with it would count as
    /// closed by a person. Whoever it was assigned to has the other one. The run that made it closes it too: what
    /// is so already is no failure.
    fn close_second(&self, repo: usize, number: u64, first: u64) -> Result<()> {
        let forge = self.apply.forge;
        let Some(mut fresh) = forge.item(repo, ItemKind::Issue, number)? else { return Ok(()) };
        let other = forge.quiet_link(repo, first, false);
        let line = format!("{SECOND}{other} stands, this one is closed.</sub>");
        let assignees: Vec<String> = fresh.item.assignees.iter().map(ToString::to_string).collect();
        let closed = Some("not_planned".into());
        for (op, args) in [
            (Op::EditBody, Args { body: Some(line), ..Args::default() }),
            (Op::Unassign, Args { assignees, ..Args::default() }),
            (Op::Close, Args { reason: closed, ..Args::default() }),
        ] {
            let write = Write { op, key: UNDO.into(), args };
            let left = |fresh: &Fresh| match op {
                Op::EditBody => !memory::same_text(&fresh.item.body, write.args.body.as_deref().unwrap_or_default()),
                _ => memory::take_out_done(&mut write.clone(), &ItemStanding::of(&fresh.item, forge.label_names())),
            };
            if !left(&fresh) {
                continue;
            }
            if let Err(failure) = self.change(repo, &fresh, &write) {
                // The other run may have been quicker.
                let Some(now) = forge.item(repo, ItemKind::Issue, number)? else { return Ok(()) };
                if left(&now) {
                    return Err(anyhow::anyhow!("{failure}"));
                }
                fresh = now;
            }
            guard::put_on(&mut fresh.item, &write, forge.label_names());
        }
        forge.item_done()
    }

    fn keep_one(&self, repo: usize, posted: &[&PostedComment]) -> Result<()> {
        let since = self.apply.started - Duration::minutes(CLOCKS);
        let recent = self.apply.forge.comments_since(repo, since)?;
        for mine in posted {
            let same = |comment: &Comment| {
                self.us().marker(comment).is_some_and(|marker| {
                    let is = |name: &str, value: &str| marker.get(name) == Some(value);
                    // Of a decision two that differ are two decisions; any other place holds one comment.
                    let of_place = is("policy", &mine.policy) && is("key", &mine.key);
                    of_place && (mine.key != DECISION || is("did", &mine.did))
                })
            };
            let on_item = recent.iter().filter(|placed| placed.number == mine.number).map(|placed| &placed.comment);
            let mut all: Vec<&Comment> = on_item.filter(|comment| same(comment)).collect();
            all.sort_by_key(|comment| (comment.created_at, comment.id));
            // Written since this run began, as the forge's own clock tells: not before the first of ours.
            let began = all.iter().find(|comment| Some(comment.id) == mine.id).and_then(|comment| comment.created_at);
            for later in all.iter().filter(|comment| near(comment.created_at, began)).skip(1) {
                self.delete(repo, mine.number, later.id)?;
            }
        }
        Ok(())
    }

    fn delete(&self, repo: usize, number: u64, id: u64) -> Result<()> {
        let Some(fresh) = self.apply.forge.item(repo, ItemKind::Issue, number)? else { return Ok(()) };
        let args = Args { id: Some(id), ..Args::default() };
        let write = Write { op: Op::DeleteComment, key: UNDO.into(), args };
        match self.change(repo, &fresh, &write) {
            Ok(_) => self.apply.forge.item_done(),
            Err(failure) => {
                // The other run may have been quicker.
                let comments = self.apply.forge.comments(repo, number)?;
                let there = comments.iter().any(|comment| comment.id == id);
                if there { Err(anyhow::anyhow!("{failure}")) } else { Ok(()) }
            }
        }
    }
}

/// Whether something was written when ours was; what cannot be told was.
fn near(at: Option<DateTime<Utc>>, ours: Option<DateTime<Utc>>) -> bool {
    at.zip(ours).is_none_or(|(at, ours)| (ours - at).abs() < Duration::minutes(CLOCKS))
}
