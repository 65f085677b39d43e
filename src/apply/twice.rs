//! Two runs at once on two machines: nothing between them is atomic, so each looks back at its end.
//!
//! Takes: what this run has posted and created. Gives: one comment of each decision and one issue of each
//! place: of two comments with one key and one digest on one item, both posted since this run began, the
//! later is deleted; of two such issues the later loses its marker and is closed.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use anyhow::Result;
use chrono::{DateTime, Duration, Utc};

use super::preflight::Repository;
use super::{Applied, Created, Posted, Run};
use crate::forge::change::{Change, Failure};
use crate::forge::{Comment, Item, Kind};
use crate::plan::marker::{self, Marker};

/// Clocks of a runner and a forge differ by less.
pub(super) const CLOCKS: i64 = 10;

/// Issues of ours, by repository and label.
type Lists = HashMap<(usize, Option<String>), Vec<Item<'static>>>;

impl Run<'_, '_> {
    /// Looks back at every repository that this run has posted in: one list of comments each.
    pub(super) fn look_back(&self, repositories: &HashMap<&str, Result<Repository, String>>, applied: &mut Applied) {
        let posted = self.posted.take();
        let mut by_repo: BTreeMap<usize, Vec<&Posted>> = BTreeMap::new();
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
    pub(super) fn look_back_at_issues(&self, applied: &mut Applied) {
        let mut lists = HashMap::new();
        for mine in self.created.take() {
            if let Err(error) = self.keep_one_issue(&mine, &mut lists) {
                let name = self.apply.forge.repos().get(mine.repo).map_or("", |repo| &repo.name);
                applied.warnings.push(format!(
                    "{name}: looking for an issue like #{} of a run at the same time failed: {error:#}",
                    mine.number
                ));
            }
        }
    }

    fn keep_one_issue(&self, mine: &Created, lists: &mut Lists) -> Result<()> {
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
        for later in all.into_iter().skip(1) {
            self.close_second(mine.repo, later.number)?;
        }
        Ok(())
    }

    /// Without its marker it is no issue of ours any more: one that is closed with it would count as
    /// closed by a person.
    fn close_second(&self, repo: usize, number: u64) -> Result<()> {
        let forge = self.apply.forge;
        let Some(fresh) = forge.item(repo, Kind::Issue, number)? else { return Ok(()) };
        let plain = marker::without(&fresh.item.body);
        for change in [Change::EditBody { body: plain }, Change::Close { reason: Some("not_planned") }] {
            self.pause();
            match forge.change(repo, &fresh, change) {
                // The other run was quicker.
                Ok(_) | Err(Failure::Stale(_)) => {}
                Err(failure) => return Err(anyhow::anyhow!("{failure}")),
            }
            self.last.set(Some(Instant::now()));
        }
        forge.item_done()
    }

    fn keep_one(&self, repo: usize, posted: &[&Posted]) -> Result<()> {
        let since = self.apply.started - Duration::minutes(CLOCKS);
        let recent = self.apply.forge.comments_since(repo, since)?;
        for mine in posted {
            let same = |comment: &Comment| {
                self.us().marker(comment).is_some_and(|marker| {
                    let is = |name: &str, value: &str| marker.get(name) == Some(value);
                    is("policy", &mine.policy) && is("key", &mine.key) && is("did", &mine.did)
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
        let Some(fresh) = self.apply.forge.item(repo, Kind::Issue, number)? else { return Ok(()) };
        self.pause();
        match self.apply.forge.change(repo, &fresh, Change::DeleteComment { id }) {
            // The other run was quicker.
            Ok(_) | Err(Failure::Refused(_)) => self.apply.forge.item_done(),
            Err(failure) => Err(anyhow::anyhow!("{failure}")),
        }
    }
}

/// Whether something was written when ours was; what cannot be told was.
fn near(at: Option<DateTime<Utc>>, ours: Option<DateTime<Utc>>) -> bool {
    at.zip(ours).is_none_or(|(at, ours)| (ours - at).abs() < Duration::minutes(CLOCKS))
}
