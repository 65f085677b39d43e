//! What a killed run left behind, found on the forge alone.
//!
//! Takes: the comments of a repository of the last day, one request a page. Gives: for each item that
//! one of ours stands on the writes that its marker names and that are not there, if no person took
//! them back.

use std::collections::HashMap;

use anyhow::{Context, Result};
use chrono::Duration;

use super::backlog::Asked;
use crate::apply::doubt::{self, At, Doubt};
use crate::engine::rules::Policy;
use crate::forge::{Comment, Item, Kind};
use crate::plan::marker::{self, Marker};
use crate::plan::memory::{self, State};
use crate::plan::{self, DECISION, Effect, PlannedItem, Was, Write};
use crate::report::Row;

/// How far back is looked.
const HOURS: i64 = 24;

/// An item that a run did not finish.
#[derive(Debug, Clone)]
pub struct Unfinished {
    /// Index of its repository.
    pub repo: usize,
    /// Issue or pull request.
    pub kind: Kind,
    /// Its number.
    pub number: u64,
    /// What it looks like now.
    seen: String,
    was: Was,
    comment: Comment,
    marker: Marker,
    left: Vec<Write>,
}

/// The comments of the last day.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// Ours, by number: the newest of each item.
    ours: HashMap<u64, (Comment, Marker)>,
    /// Markers in comments of others: the number and who wrote it.
    pub(super) strangers: Vec<(u64, String)>,
}

impl Recent {
    /// Lists them.
    ///
    /// # Errors
    /// What the forge could not read.
    pub(super) fn read(asked: &Asked<'_>, repo: usize) -> Result<Self> {
        let since = asked.now - Duration::hours(HOURS);
        let placed = asked.forge.comments_since(repo, since).context("listing the comments of the last day")?;
        let mut recent = Recent::default();
        for placed in placed {
            if let Some(login) = asked.us().stranger(placed.comment.author.as_ref(), &placed.comment.body) {
                recent.strangers.push((placed.number, login.to_owned()));
            }
            let Some(marker) = asked.us().marker(&placed.comment) else { continue };
            if marker.get("policy") == Some(&asked.policy.name) && marker.get("key") == Some(DECISION) {
                recent.ours.insert(placed.number, (placed.comment, marker));
            }
        }
        Ok(recent)
    }

    /// What is not there of the effect that our comment on this item announced.
    pub(super) fn unfinished(&self, asked: &Asked<'_>, repo: usize, item: &Item<'_>) -> Option<Unfinished> {
        // Whoever closed or locked it meanwhile wants it left alone.
        if item.locked || !(item.open || asked.policy.scope.closed) {
            return None;
        }
        let (comment, marker) = self.ours.get(&item.number)?;
        let mut left = marker::listed(marker.get("writes")?);
        let state = State::of(item, asked.forge.label_names());
        left.retain_mut(|write| memory::left(write, &state));
        let (kind, number) = (item.kind, item.number);
        let found = |left| Unfinished {
            repo,
            kind,
            number,
            seen: plan::seen(item),
            was: Was::from(item),
            comment: comment.clone(),
            marker: marker.clone(),
            left,
        };
        (!left.is_empty()).then(|| found(left))
    }
}

impl Unfinished {
    /// Whether this is the item of a row.
    #[must_use]
    pub fn is(&self, row: &Row<'_>) -> bool {
        (self.repo, self.number) == (row.repo, row.number)
    }

    /// The agent whose work it becomes: its rule's, or whoever is assigned where there is no such rule now.
    #[must_use]
    pub fn agent(&self, policy: &Policy) -> Option<usize> {
        let rule = policy.decide.iter().find(|rule| self.marker.get("rule") == Some(&rule.id));
        let of_rule = rule.and_then(|rule| policy.actions[rule.action?].agent);
        let assigned = |login: &String| self.left.iter().any(|write| write.args.assignees.contains(login));
        of_rule.or_else(|| policy.agents.iter().position(|agent| assigned(&agent.login)))
    }

    /// Whether a run died there, or a person took it back.
    ///
    /// # Errors
    /// The timeline could not be read.
    pub fn decide(&self, asked: &Asked<'_>) -> Result<Doubt> {
        let at = At { repo: self.repo, name: &asked.forge.repos()[self.repo].name, number: self.number };
        doubt::decide(asked.forge, asked.journal, at, (&self.comment, &self.marker), &self.left)
    }

    /// The writes that finish it.
    #[must_use]
    pub fn planned(self, asked: &Asked<'_>) -> PlannedItem {
        let field = |name: &str| self.marker.get(name).unwrap_or("");
        let effect = Effect {
            policy: field("policy").into(),
            rule: Some(field("rule").into()),
            did: field("did").to_owned(),
            writes: self.left.clone(),
        };
        let repo = asked.forge.repos()[self.repo].name.as_str().into();
        let (seen, was) = (Some(self.seen), Some(self.was));
        PlannedItem { repo, kind: self.kind, number: Some(self.number), seen, was, effects: vec![effect] }
    }
}
