//! What a killed run left behind, found on the forge alone.
//!
//! Takes: the comments of a repository of the last day, one request a page. Gives: for each item that
//! one of ours stands on the writes that its marker names and that are not there, if no person took
//! them back.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use chrono::Duration;

use super::backlog::BacklogQuery;
use crate::apply::doubt::{self, Doubt, ItemAddress};
use crate::engine::rules::Policy;
use crate::forge::{Account, Comment, Item, ItemKind, PlacedComment};
use crate::plan::marker::{self, Marker};
use crate::plan::memory::{self, ItemStanding};
use crate::plan::{self, DECISION, Effect, PlannedItem, Write};
use crate::report::ItemRow;

/// How far back is looked.
const HOURS: i64 = 24;

/// An item that a run did not finish.
#[derive(Debug, Clone)]
pub struct UnfinishedItem {
    /// Index of its repository.
    pub repo: usize,
    /// Issue or pull request.
    pub kind: ItemKind,
    /// Its number.
    pub number: u64,
    /// What it looks like now.
    digest: String,
    comment: Comment,
    marker: Marker,
    writes: Vec<Write>,
    /// An earlier comment of ours that this one replaced and that was not reduced to a line.
    reduce: Option<u64>,
}

/// The comments of the last day.
#[derive(Debug, Default)]
pub(super) struct RecentComments {
    /// Ours, by number: the newest of each item.
    ours: HashMap<u64, (Comment, Marker)>,
    /// Ids of those that are no longer ours: what was reduced has no marker.
    plain: HashSet<u64>,
    /// Markers in comments of others: the number and who wrote it.
    pub(super) strangers: Vec<(u64, Account)>,
}

impl RecentComments {
    /// Lists them, once for all who ask; one an asker, with what is of its policy.
    ///
    /// # Errors
    /// What the forge could not read.
    pub(super) fn read(queries: &[BacklogQuery<'_>], repo: usize) -> Result<Vec<Self>> {
        let Some(any) = queries.first() else { return Ok(Vec::new()) };
        let since = any.now - Duration::hours(HOURS);
        let all = any.forge.comments_since(repo, since).context("listing the comments of the last day")?;
        Ok(queries.iter().map(|asked| RecentComments::of(asked, &all)).collect())
    }

    fn of(asked: &BacklogQuery<'_>, all: &[PlacedComment]) -> Self {
        let mut recent = RecentComments::default();
        for placed in all {
            let stranger = asked.us().stranger(placed.comment.author.as_ref(), &placed.comment.body);
            recent.strangers.extend(stranger.map(|account| (placed.number, account)));
            let Some(marker) = asked.us().marker(&placed.comment) else {
                recent.plain.insert(placed.comment.id);
                continue;
            };
            if marker.get("policy") == Some(&asked.policy.mark) && marker.get("key") == Some(DECISION) {
                recent.ours.insert(placed.number, (placed.comment.clone(), marker));
            }
        }
        recent
    }

    /// What is not there of the effect that our comment on this item announced.
    pub(super) fn unfinished(&self, asked: &BacklogQuery<'_>, repo: usize, item: &Item<'_>) -> Option<UnfinishedItem> {
        // Whoever closed or locked it meanwhile wants it left alone.
        if item.locked || !(item.open || asked.policy.scope.closed) {
            return None;
        }
        let (comment, marker) = self.ours.get(&item.number)?;
        let mut left = marker::listed(marker.get("writes").unwrap_or(""));
        let state = ItemStanding::of(item, asked.forge.label_names());
        // What leaves no trace was done before the comment.
        left.retain_mut(|write| !write.leaves_no_trace() && memory::take_out_done(write, &state));
        left.iter_mut().for_each(|write| memory::puts_aside(write, &state));
        let (kind, number) = (item.kind, item.number);
        let replaces = marker.get("replaces").and_then(|id| id.parse().ok());
        let reduce = replaces.filter(|id| !self.plain.contains(id));
        let unfinished = !left.is_empty() || reduce.is_some();
        unfinished.then(|| UnfinishedItem {
            repo,
            kind,
            number,
            digest: plan::item_digest(item),
            comment: comment.clone(),
            marker: marker.clone(),
            writes: left,
            reduce,
        })
    }
}

impl UnfinishedItem {
    /// Whether this is the item of a row.
    #[must_use]
    pub fn is(&self, row: &ItemRow<'_>) -> bool {
        (self.repo, self.number) == (row.repo, row.number)
    }

    /// The agent whose work it becomes: its rule's, or whoever is assigned where there is no such rule now.
    #[must_use]
    pub fn agent(&self, policy: &Policy) -> Option<usize> {
        if self.writes.is_empty() {
            return None;
        }
        let rule = policy.decide.iter().find(|rule| self.marker.get("rule") == Some(&rule.id));
        let of_rule = rule.and_then(|rule| policy.actions[rule.action?].agent);
        let assigned = |login: &String| self.writes.iter().any(|write| write.args.assignees.contains(login));
        of_rule.or_else(|| policy.agents.iter().position(|agent| assigned(&agent.login)))
    }

    /// Whether a run died there, or a person took it back; `None`: nothing is left after all.
    ///
    /// # Errors
    /// The timeline or the comments could not be read.
    pub fn decide(&mut self, asked: &BacklogQuery<'_>) -> Result<Option<Doubt>> {
        if self.reduce.is_some() {
            // Somebody may have taken it away.
            let comments = asked.forge.comments(self.repo, self.number)?;
            let of_id = |comment: &&Comment| Some(comment.id) == self.reduce;
            let marked = comments.iter().find(of_id).is_some_and(|comment| asked.us().marker(comment).is_some());
            self.reduce = self.reduce.filter(|_| marked);
        }
        if self.writes.is_empty() {
            return Ok(self.reduce.map(|_| Doubt::Unfinished));
        }
        let at = ItemAddress { repo: self.repo, name: &asked.forge.repos()[self.repo].name, number: self.number };
        let announced = (&self.comment, &self.marker);
        doubt::decide(asked.forge, asked.journal, asked.us(), at, announced, &self.writes).map(Some)
    }

    /// The writes that finish it; `replaced` is what is left of a comment that was replaced.
    #[must_use]
    pub fn planned(self, asked: &BacklogQuery<'_>, replaced: Option<&str>) -> PlannedItem {
        let reduced = self.reduce.zip(replaced).map(|(id, line)| plan::reduced(id, line));
        let field = |name: &str| self.marker.get(name).unwrap_or("");
        let effect = Effect {
            policy: field("policy").into(),
            rule: Some(field("rule").into()),
            did: field("did").to_owned(),
            writes: reduced.into_iter().chain(self.writes.iter().cloned()).collect(),
        };
        let repo = asked.forge.repos()[self.repo].name.as_str().into();
        PlannedItem {
            repo,
            kind: self.kind,
            number: Some(self.number),
            seen: Some(self.digest),
            turned_on: None,
            effects: vec![effect],
        }
    }
}
