//! Issues that are created.
//!
//! Takes: a write. Gives: what became of it.

use anyhow::bail;

use super::journal::WriteStep;
use super::preflight::Repository;
use super::send::WriteFailure;
use super::{CreatedIssue, ItemFate, ItemOutcome, PlanRun, RunEnd};
use crate::forge::ItemKind;
use crate::forge::change::{NewIssue, WriteAnswer};
use crate::plan::marker::Marker;
use crate::plan::{Effect, Op, PlannedItem, Write, is_kept};

impl PlanRun<'_, '_> {
    /// Creates an issue: there is no item to look at first.
    pub(super) fn create(
        &self,
        repository: &Repository,
        item: &PlannedItem,
        effect: &Effect,
    ) -> Result<ItemOutcome, RunEnd> {
        let failed = |failed: WriteFailure| {
            let text = format!("`create_issue` failed: {}.", failed.text);
            if failed.ends_run { Err(RunEnd(text)) } else { Ok(ItemOutcome::new(ItemFate::Failed, text)) }
        };
        let Some(mut write) = effect.writes.iter().find(|write| write.op == Op::CreateIssue).cloned() else {
            return Ok(ItemOutcome::new(ItemFate::Failed, "The plan names no item to write to.".to_owned()));
        };
        if let Some(body) = &mut write.args.body {
            *body = self.stamped(body);
        }
        self.pause();
        match self.created_by_now(repository, effect, &write) {
            Ok(None) => {}
            Ok(Some(number)) => {
                let note = format!("#{number} is there already.");
                return Ok(ItemOutcome { number: Some(number), ..ItemOutcome::new(ItemFate::Unchanged, note) });
            }
            Err(error) => return failed(error.into()),
        }
        match self.create_one(repository, item, effect, &write) {
            Ok(done) => {
                self.remember(repository.index, &write, &done);
                Ok(ItemOutcome { number: done.number, ..ItemOutcome::new(ItemFate::Done, None) })
            }
            Err(why) => failed(why),
        }
    }

    /// An issue that was created is looked for once more at the end.
    pub(super) fn remember(&self, repo: usize, write: &Write, done: &WriteAnswer) {
        let marker = write.args.body.as_deref().and_then(Marker::ending);
        let label = write.args.labels.first().filter(|_| is_kept(&write.key)).cloned();
        if let Some((number, marker)) = done.number.zip(marker) {
            self.created.borrow_mut().push(CreatedIssue { repo, number, label, marker });
        }
    }

    pub(super) fn create_one(
        &self,
        repository: &Repository,
        item: &PlannedItem,
        effect: &Effect,
        write: &Write,
    ) -> Result<WriteAnswer, WriteFailure> {
        self.create_labels(repository, item, effect, &write.args.labels)?;
        // The lines are of the new issue: it has no number yet.
        let mut new = PlannedItem { number: None, kind: ItemKind::Issue, ..item.clone() };
        self.note(&new, effect, write, None, WriteStep::Begun)?;
        let args = &write.args;
        let (title, body) = (args.title.as_deref().unwrap_or(""), args.body.as_deref().unwrap_or(""));
        let forge = self.apply.forge;
        let sent = self.persist(
            || {
                let (labels, assignees) = (&args.labels, &args.assignees);
                forge.create_issue(repository.index, NewIssue { title, body, labels, assignees })
            },
            || {
                // It names this run, and what it is for. Looked for among all that we have opened: a label that it
                // should carry may not be on it.
                let wanted = Marker::ending(body);
                let ours = self.opened(repository.index)?;
                let found = ours.iter().find(|item| wanted.is_some() && Marker::ending(&item.body) == wanted);
                let Some(found) = found else { return Ok(None) };
                let names = forge.label_names();
                let labelled = |name: &&String| !found.labels.iter().any(|there| names.same(there, name));
                let assigned = |login: &&String| !found.assignees.iter().any(|there| there.eq_ignore_ascii_case(login));
                let missing = args.labels.iter().find(labelled).or_else(|| args.assignees.iter().find(assigned));
                match missing {
                    None => Ok(Some(WriteAnswer { id: None, number: Some(found.number) })),
                    Some(missing) => bail!("#{} is there without {missing}", found.number),
                }
            },
        );
        new.number = sent.as_ref().ok().and_then(|done| done.number);
        let step = if sent.is_ok() { WriteStep::Done } else { WriteStep::Failed };
        self.note(&new, effect, write, None, step)?;
        Ok(sent?)
    }
}
