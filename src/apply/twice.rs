//! Two runs at once on two machines: nothing between them is atomic, so each looks back at its end.
//!
//! Takes: what this run has posted and created. Gives: one comment of each decision: of two with one key
//! and one digest on one item, both posted since this run began, the later is deleted. And one open
//! issue of each kind: of two the earlier is closed, because later runs go on with the newest.

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use chrono::{DateTime, Duration, Utc};

use super::preflight::Repository;
use super::{Applied, Created, Posted, Run};
use crate::forge::change::{Change, Failure};
use crate::forge::{Comment, Item, Kind};
use crate::plan::marker::Marker;

/// Clocks of a runner and a forge differ by less.
const CLOCKS: i64 = 10;

impl Run<'_, '_> {
    /// Looks back at every repository that this run has posted in: one list of comments each.
    pub(super) fn look_back(&self, repositories: &HashMap<&str, Result<Repository, String>>, applied: &mut Applied) {
        let name_of = |repo| {
            let name = repositories.iter().find(|(_, found)| found.as_ref().is_ok_and(|found| found.index == repo));
            name.map_or("", |(name, _)| *name)
        };
        for created in self.created.take() {
            if let Err(error) = self.keep_newest(&created) {
                let name = name_of(created.repo);
                applied
                    .warnings
                    .push(format!("{name}: looking for an issue of a run at the same time failed: {error:#}"));
            }
        }
        let posted = self.posted.take();
        let mut by_repo: BTreeMap<usize, Vec<&Posted>> = BTreeMap::new();
        posted.iter().for_each(|one| by_repo.entry(one.repo).or_default().push(one));
        for (repo, posted) in by_repo {
            let name = name_of(repo);
            if let Err(error) = self.keep_one(repo, &posted) {
                applied
                    .warnings
                    .push(format!("{name}: looking for comments of a run at the same time failed: {error:#}"));
            }
        }
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
            let near = |at: Option<DateTime<Utc>>| {
                at.zip(began).is_none_or(|(at, ours)| (ours - at).abs() < Duration::minutes(CLOCKS))
            };
            for later in all.iter().filter(|comment| near(comment.created_at)).skip(1) {
                self.delete(repo, mine.number, later.id)?;
            }
        }
        Ok(())
    }

    /// Closes what another run created a moment before ours of the same kind, or ours where that came later.
    fn keep_newest(&self, created: &Created) -> Result<()> {
        let field = |item: &Item<'_>, name: &str| {
            Marker::ending(&item.body).and_then(|marker| marker.get(name).map(str::to_owned))
        };
        let same = |item: &&Item<'_>| {
            let ours = item.author.as_ref().is_some_and(|author| self.us().is(&author.login));
            ours && item.open
                && ["policy", "key", "did"].iter().zip(&created.marks).all(|(name, mark)| field(item, name) == *mark)
        };
        let there = self.apply.forge.labelled(created.repo, &created.label)?;
        let mut twins: Vec<&Item<'_>> = there.iter().filter(same).collect();
        twins.sort_by_key(|item| item.number);
        let began = twins.iter().find(|item| item.number == created.number).and_then(|item| item.created_at);
        let near = |at: Option<DateTime<Utc>>| {
            at.zip(began).is_some_and(|(at, ours)| (ours - at).abs() < Duration::minutes(CLOCKS))
        };
        twins.pop();
        for earlier in twins.into_iter().filter(|item| near(item.created_at)) {
            let Some(fresh) = self.apply.forge.item(created.repo, Kind::Issue, earlier.number)? else { continue };
            self.pause();
            match self.apply.forge.change(created.repo, &fresh, Change::Close { reason: Some("not_planned") }) {
                Ok(_) => self.apply.forge.item_done()?,
                Err(failure) => return Err(anyhow::anyhow!("{failure}")),
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
