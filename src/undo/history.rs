//! The journal as single writes.
//!
//! Takes: the lines of the journal, oldest first. Gives: [`RunWrite`]s in their order: each write once,
//! with how far it came, and one for each label and each person. Pure.

use super::{RunWrite, WriteCertainty};
use crate::apply::journal::{JournalEntry, WriteStep};
use crate::forge::{LabelNames, time};
use crate::plan::{Op, UNDO, Write};

/// Puts the lines of each write together.
#[derive(Debug, Default)]
pub struct WriteHistory {
    steps: Vec<JournalEntry>,
}

impl WriteHistory {
    /// Takes the next line.
    pub fn add(&mut self, entry: JournalEntry) {
        if entry.state == WriteStep::Begun {
            self.steps.push(entry);
            return;
        }
        // A new comment and a new issue are told their names only when they are done.
        let same = |begun: &JournalEntry| {
            let placed = begun.number == entry.number || entry.op == Op::CreateIssue;
            let args = begun.args == entry.args || matches!(entry.op, Op::Comment | Op::CreateIssue);
            begun.state == WriteStep::Begun
                && (&begun.run, &begun.policy, &begun.repo, begun.op)
                    == (&entry.run, &entry.policy, &entry.repo, entry.op)
                && placed
                && args
        };
        match self.steps.iter_mut().rev().find(|begun| same(begun)) {
            Some(begun) => *begun = entry,
            // Its first line cannot be read.
            None => self.steps.push(entry),
        }
    }

    /// All of it.
    #[must_use]
    pub fn into_writes(self) -> Vec<RunWrite> {
        self.steps.into_iter().flat_map(singly).collect()
    }
}

fn singly(entry: JournalEntry) -> Vec<RunWrite> {
    let done = match entry.state {
        WriteStep::Begun => WriteCertainty::Perhaps,
        WriteStep::Done => WriteCertainty::Yes,
        WriteStep::Failed => WriteCertainty::Failed,
    };
    let whole = Write { op: entry.op, key: UNDO.into(), args: entry.args };
    let one = |write: Write| RunWrite {
        run: entry.run.clone(),
        job: entry.job.clone(),
        policy: entry.policy.clone(),
        rule: entry.rule.clone(),
        repo: entry.repo.clone(),
        kind: entry.kind,
        number: entry.number,
        op: write.op,
        args: write.args,
        before: entry.before.clone(),
        before_known: true,
        at: time::parse(&entry.ts),
        done,
    };
    whole.singly().map(one).collect()
}

/// The last run that wrote something, what takes back apart.
#[must_use]
pub fn last(history: &[RunWrite]) -> Option<&str> {
    let wrote = |written: &&RunWrite| written.job != super::JOB && written.done != WriteCertainty::Failed;
    history.iter().rev().find(wrote).map(|written| written.run.as_str())
}

/// The last that any other run wrote about the same thing after the one at `index`.
pub(super) fn later(history: &[RunWrite], index: usize, names: LabelNames) -> Option<&RunWrite> {
    let written = history.get(index)?;
    let about = |other: &&RunWrite| {
        other.run != written.run && other.done != WriteCertainty::Failed && written.same_thing(other, names)
    };
    history.get(index + 1..)?.iter().rev().find(about)
}
