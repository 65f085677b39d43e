//! Labels of a repository: made where they are missing, taken away where a run that made them is undone.
//!
//! Takes: a label, the item or the effect that asks for it. Gives: what became of it; two lines of the
//! journal each, because a label that a run has made goes with that run.

use std::time::Instant;

use anyhow::bail;

use super::journal::WriteStep;
use super::preflight::Repository;
use super::send::WriteFailure;
use super::{ItemFate, ItemOutcome, PlanRun, RunEnd};
use crate::forge::change::{ChangeFailure, NewLabel, Preflight, WriteAnswer};
use crate::plan::{Args, Effect, Op, PlannedItem, UNDO, Write};

impl PlanRun<'_, '_> {
    /// Labels that were missing at the first look, made before they are first put on.
    pub(super) fn create_labels(
        &self,
        repository: &Repository,
        item: &PlannedItem,
        effect: &Effect,
        labels: &[String],
    ) -> Result<(), WriteFailure> {
        let wanted = |label: &&NewLabel| labels.contains(&label.name);
        let missing: Vec<NewLabel> = repository.missing.borrow().iter().filter(wanted).cloned().collect();
        for label in missing {
            let NewLabel { name, color, description } = label.clone();
            let args = Args { labels: vec![name], color: Some(color), body: Some(description), ..Args::default() };
            let write = Write { op: Op::CreateLabel, key: UNDO.into(), args };
            // It is the repository's, not the item's.
            let item = PlannedItem { number: None, ..item.clone() };
            self.note(&item, effect, &write, None, WriteStep::Begun)?;
            self.pause();
            let made = self.apply.forge.create_label(repository.index, &label);
            self.last.set(Some(Instant::now()));
            let step = if made.is_ok() { WriteStep::Done } else { WriteStep::Failed };
            self.note(&item, effect, &write, None, step)?;
            made?;
            repository.missing.borrow_mut().retain(|missing| missing.name != label.name);
        }
        Ok(())
    }

    /// A write that is about the repository alone.
    pub(super) fn of_repository(
        &self,
        repository: &Repository,
        item: &PlannedItem,
        effect: &Effect,
        write: &Write,
    ) -> Result<ItemOutcome, RunEnd> {
        let missing = || repository.missing.borrow().iter().any(|label| write.args.labels.contains(&label.name));
        let done = match write.op {
            Op::CreateLabel if !missing() => {
                return Ok(ItemOutcome::new(ItemFate::Unchanged, "The label is there already.".to_owned()));
            }
            Op::CreateLabel => self
                .create_labels(repository, item, effect, &write.args.labels)
                .map(|()| ItemOutcome::new(ItemFate::Done, None)),
            _ => self.delete_label(repository, item, effect, write),
        };
        done.or_else(|failed| {
            let text = format!("`{}` failed: {}.", write.op.name(), failed.text);
            if failed.ends_run { Err(RunEnd(text)) } else { Ok(ItemOutcome::new(ItemFate::Failed, text)) }
        })
    }

    /// Takes a label away that nothing carries.
    fn delete_label(
        &self,
        repository: &Repository,
        item: &PlannedItem,
        effect: &Effect,
        write: &Write,
    ) -> Result<ItemOutcome, WriteFailure> {
        let (forge, args) = (self.apply.forge, &write.args);
        let Some(name) = args.labels.first() else {
            return Ok(ItemOutcome::new(ItemFate::Failed, "The plan names no label.".to_owned()));
        };
        if let Some(number) = forge.carriers(repository.index, name)?.first() {
            return Ok(ItemOutcome::new(ItemFate::Dropped, format!("#{number} carries the label {name}.")));
        }
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let label = NewLabel { name: name.clone(), color: text(&args.color), description: text(&args.body) };
        self.note(item, effect, write, None, WriteStep::Begun)?;
        let there = std::cell::Cell::new(true);
        let sent = self.persist(
            || {
                there.set(forge.delete_label(repository.index, &label)?);
                Ok(WriteAnswer::default())
            },
            || {
                let Preflight { refused, labels: known, .. } = forge.preflight(repository.index, false)?;
                if let Some(why) = refused {
                    bail!("{why}");
                }
                let same = |known: &String| forge.label_names().same(known, name);
                Ok((!known.iter().any(same)).then(WriteAnswer::default))
            },
        );
        let step = if sent.is_ok() && there.get() { WriteStep::Done } else { WriteStep::Failed };
        self.note(item, effect, write, None, step)?;
        match sent {
            Ok(_) if there.get() => Ok(ItemOutcome::new(ItemFate::Done, None)),
            Ok(_) => Ok(ItemOutcome::new(ItemFate::Unchanged, format!("There is no label {name} any more."))),
            Err(ChangeFailure::Stale(why)) => Ok(ItemOutcome::new(ItemFate::Dropped, format!("{why:#}."))),
            Err(failure) => Err(failure.into()),
        }
    }
}
