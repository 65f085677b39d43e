//! What we have written that no timeline tells of: sections of texts, and issues.
//!
//! Takes: a write. Gives: whether it is there already, and where.

use std::collections::hash_map::Entry;

use anyhow::Result;

use super::PlanRun;
use super::preflight::Repository;
use crate::forge::Item;
use crate::plan::marker::Marker;
use crate::plan::{self, Effect, Op, Write, section};

impl PlanRun<'_, '_> {
    /// Whether what leaves no trace is still to be done: its own text tells.
    pub(super) fn is_left(
        &self,
        repository: &Repository,
        now: &Item<'_>,
        effect: &Effect,
        write: &Write,
    ) -> Result<bool> {
        Ok(match write.op {
            Op::EditBody => {
                section::there(&now.body, &effect.policy).is_none_or(|there| there.did != effect.did && !there.edited)
            }
            Op::CreateIssue => self.created(repository, effect, write)?.is_none(),
            _ => true,
        })
    }

    /// The issue that an earlier run with the same plan, or another one meanwhile, has created for this
    /// policy in this place.
    pub(super) fn created(&self, repository: &Repository, effect: &Effect, write: &Write) -> Result<Option<u64>> {
        let Some(wanted) = write.args.body.as_deref().and_then(Marker::ending) else { return Ok(None) };
        if !plan::is_kept(&write.key) {
            let mut known = self.opened.borrow_mut();
            let ours = match known.entry(repository.index) {
                Entry::Occupied(there) => there.into_mut(),
                Entry::Vacant(free) => free.insert(self.opened(repository.index)?),
            };
            return Ok(ours.iter().filter(|item| plan::is_created(&item.body, &wanted)).map(|item| item.number).max());
        }
        let Some(label) = write.args.labels.first() else { return Ok(None) };
        let same = |marker: &Marker, name: &str| marker.get(name) == wanted.get(name);
        let ours = |item: &&Item<'_>| {
            let marker = Marker::ending(&item.body).filter(|marker| marker.get("policy") == Some(&effect.policy));
            item.author.as_ref().is_some_and(|author| self.us().is(&author.login))
                && marker.is_some_and(|marker| same(&marker, "key") && same(&marker, "did"))
        };
        let labelled = self.apply.forge.labelled(repository.index, label)?;
        Ok(labelled.iter().filter(ours).map(|item| item.number).max())
    }

    /// The same, asked once more just before it is created: a run at the same time may have been quicker.
    pub(super) fn created_by_now(
        &self,
        repository: &Repository,
        effect: &Effect,
        write: &Write,
    ) -> Result<Option<u64>> {
        self.opened.borrow_mut().remove(&repository.index);
        self.created(repository, effect, write)
    }

    /// The issues that we have opened.
    pub(super) fn opened(&self, repo: usize) -> Result<Vec<Item<'static>>> {
        let mut all = Vec::new();
        for login in self.us().logins() {
            all.extend(self.apply.forge.opened_by(repo, login)?);
        }
        Ok(all)
    }
}
