//! One write, noted before and after, and what became of it.
//!
//! Takes: a write whose item was just read. Gives: done, or what failed. Where the answer is lost the
//! forge is asked whether it landed, and only then is it sent again.

use std::time::{Duration, Instant};

use super::journal::{JournalEntry, WriteStep};
use super::preflight::Repository;
use super::{PlanRun, PostedComment};
use crate::forge::Comment;
use crate::forge::change::{Change, ChangeFailure, Fresh, WriteAnswer};
use crate::forge::time::rfc3339;
use crate::plan::marker::Marker;
use crate::plan::memory::{self, ItemStanding};
use crate::plan::{Effect, Op, PlannedItem, UNDO, Write, section};

/// How often a write is sent whose answer is lost.
const TRIES: u32 = 3;

/// Why a write was not done.
pub(super) struct WriteFailure {
    pub(super) text: String,
    pub(super) ends_run: bool,
    /// The text was changed since it was read, and nothing was written.
    pub(super) stale: bool,
    pub(super) denied: bool,
}

impl From<ChangeFailure> for WriteFailure {
    fn from(failure: ChangeFailure) -> Self {
        let certainty = match &failure {
            ChangeFailure::Unknown(_) => " (it may have been written: the answer never came)",
            ChangeFailure::Ignored(_) => " (the forge answered that all is well and did not do all of it)",
            ChangeFailure::Token(_) | ChangeFailure::Refused(_) | ChangeFailure::Stale(_) => "",
        };
        WriteFailure {
            text: format!("{failure}{certainty}"),
            ends_run: matches!(failure, ChangeFailure::Token(_)),
            stale: matches!(failure, ChangeFailure::Stale(_)),
            denied: failure.denied(),
        }
    }
}

impl From<anyhow::Error> for WriteFailure {
    fn from(error: anyhow::Error) -> Self {
        WriteFailure { text: format!("{error:#}"), ends_run: false, stale: false, denied: false }
    }
}

impl PlanRun<'_, '_> {
    /// Sends one write to an item.
    pub(super) fn write(
        &self,
        repository: &Repository,
        item: &PlannedItem,
        (fresh, comments): (&Fresh, &[Comment]),
        effect: &Effect,
        write: &Write,
    ) -> Result<(), WriteFailure> {
        if write.op == Op::CreateIssue {
            let mut write = write.clone();
            write.args.body = write.args.body.as_deref().map(|body| self.stamped(body));
            if self.apply.forge.is_remote() && self.created_by_now(repository, effect, &write)?.is_some() {
                return Ok(());
            }
            let done = self.create_one(repository, item, effect, &write)?;
            self.remember(repository.index, &write, &done);
            return Ok(());
        }
        if write.op == Op::AddLabels {
            self.create_labels(repository, item, effect, &write.args.labels)?;
        }
        let mut write = write.clone();
        let over = write.args.over.take();
        // What comes back comes back as it was.
        if let Some(body) = write.args.body.as_mut().filter(|_| write.key != UNDO) {
            *body = self.stamped(body);
        }
        if let Some(section) = &mut write.args.section {
            *section = section.replacen(" run=-", &format!(" run={}", self.apply.run), 1);
            write.args.body = Some(section::put(&fresh.item.body, section));
        }
        let before = match write.op {
            _ if over.is_some() => over,
            Op::EditComment => {
                let there = comments.iter().find(|comment| Some(comment.id) == write.args.id);
                there.map(|comment| comment.body.clone())
            }
            Op::EditBody => Some(fresh.item.body.to_string()),
            Op::SetMilestone => fresh.item.milestone.as_ref().map(ToString::to_string),
            _ => None,
        };
        self.note(item, effect, &write, before.clone(), WriteStep::Begun)?;
        let sent = self.change(repository.index, fresh, &write);
        let step = if sent.is_ok() { WriteStep::Done } else { WriteStep::Failed };
        if let (Ok(done), Op::Comment) = (&sent, write.op) {
            write.args.id = done.id;
        }
        self.note(item, effect, &write, before, step)?;
        let done = sent?;
        if write.op == Op::Comment
            && let Some(marker) = write.args.body.as_deref().and_then(Marker::ending)
        {
            let field = |name: &str| marker.get(name).unwrap_or("").to_owned();
            let (policy, key, did) = (field("policy"), field("key"), field("did"));
            let posted =
                PostedComment { repo: repository.index, number: fresh.item.number, id: done.id, policy, key, did };
            self.posted.borrow_mut().push(posted);
        }
        Ok(())
    }

    /// Makes a change to an item that was just read, and does not believe it before it is proven.
    pub(super) fn change(&self, repo: usize, fresh: &Fresh, write: &Write) -> Result<WriteAnswer, ChangeFailure> {
        self.persist(
            || match change(write) {
                Some(change) => self.apply.forge.change(repo, fresh, change),
                None => Err(ChangeFailure::Refused(anyhow::anyhow!("an item cannot be sent `{}`", write.op.name()))),
            },
            || self.landed(repo, fresh, write),
        )
    }

    /// Sends; where the answer is lost or proves nothing, asks whether it landed, and sends again only if not.
    /// Where the answer says that something was left out, another look decides: it may be an old answer.
    pub(super) fn persist(
        &self,
        send: impl Fn() -> Result<WriteAnswer, ChangeFailure>,
        landed: impl Fn() -> anyhow::Result<Option<WriteAnswer>>,
    ) -> Result<WriteAnswer, ChangeFailure> {
        let mut tries = 1;
        loop {
            self.pause();
            let sent = send();
            self.last.set(Some(Instant::now()));
            let error = match sent {
                Err(ChangeFailure::Ignored(error)) => {
                    return landed().ok().flatten().ok_or(ChangeFailure::Ignored(error));
                }
                Err(ChangeFailure::Unknown(error)) => error,
                sent => return sent,
            };
            match landed() {
                Ok(Some(done)) => return Ok(done),
                Ok(None) if tries < TRIES => {}
                // It is not there, and the forge keeps failing.
                Ok(None) => {
                    return Err(ChangeFailure::Refused(error.context("it was sent several times and is not there")));
                }
                Err(asking) => {
                    return Err(ChangeFailure::Unknown(
                        error.context(format!("asking whether it landed failed: {asking:#}")),
                    ));
                }
            }
            if self.apply.forge.is_remote() {
                std::thread::sleep(Duration::from_millis(self.plan.manners.pause_ms << tries));
            }
            tries += 1;
        }
    }

    /// Whether a write whose answer proves nothing is there.
    fn landed(&self, repo: usize, fresh: &Fresh, write: &Write) -> anyhow::Result<Option<WriteAnswer>> {
        let (forge, number) = (self.apply.forge, fresh.item.number);
        let body = write.args.body.as_deref().unwrap_or("");
        if matches!(write.op, Op::Comment | Op::EditComment | Op::DeleteComment) {
            let comments = forge.comments(repo, number)?;
            let of_write = |comment: &&Comment| Some(comment.id) == write.args.id;
            let found = match write.op {
                Op::Comment => {
                    // Its marker names this run; a text that has none is told by itself.
                    let wanted = Marker::ending(body);
                    let ours = |comment: &&Comment| match &wanted {
                        Some(_) => self.us().marker(comment) == wanted,
                        None => self.us().wrote(comment) && memory::same_text(&comment.body, body),
                    };
                    comments.iter().rev().find(ours).map(|comment| comment.id)
                }
                Op::EditComment => {
                    let there = comments.iter().find(of_write);
                    there.filter(|comment| memory::same_text(&comment.body, body)).map(|comment| comment.id)
                }
                _ => write.args.id.filter(|_| !comments.iter().any(|comment| of_write(&comment))),
            };
            return Ok(found.map(|id| WriteAnswer { id: Some(id), number: None }));
        }
        let Some(now) = forge.item(repo, fresh.item.kind, number)? else { return Ok(None) };
        let there = match write.op {
            Op::EditBody => memory::same_text(&now.item.body, body),
            _ => !memory::take_out_done(&mut write.clone(), &ItemStanding::of(&now.item, forge.label_names())),
        };
        Ok(there.then(WriteAnswer::default))
    }

    /// A text with the name of this run in its marker.
    pub(super) fn stamped(&self, body: &str) -> String {
        let Some(at) = body.rfind(" run=-") else { return body.to_owned() };
        if Marker::ending(body).is_none() {
            return body.to_owned();
        }
        format!("{} run={}{}", &body[..at], self.apply.run, &body[at + " run=-".len()..])
    }

    pub(super) fn note(
        &self,
        item: &PlannedItem,
        effect: &Effect,
        write: &Write,
        before: Option<String>,
        state: WriteStep,
    ) -> anyhow::Result<()> {
        let entry = JournalEntry {
            ts: rfc3339((self.apply.clock)()),
            run: self.apply.run.to_owned(),
            job: self.plan.job.to_string(),
            policy: effect.policy.to_string(),
            repo: item.repo.to_string(),
            kind: item.kind,
            number: item.number,
            rule: effect.rule.as_ref().map(ToString::to_string),
            rules_hash: self.plan.rules_hash.to_string(),
            op: write.op,
            args: write.args.clone(),
            before,
            state,
        };
        if state == WriteStep::Done && !self.apply.forge.is_remote() {
            self.unsaved.borrow_mut().push(entry);
            return Ok(());
        }
        self.apply.journal.note(&entry)
    }

    /// Notes the steps whose writes are saved by now, or could not be.
    pub(super) fn note_saved(&self, saved: bool) -> anyhow::Result<()> {
        let state = if saved { WriteStep::Done } else { WriteStep::Failed };
        self.unsaved.take().into_iter().try_for_each(|entry| self.apply.journal.note(&JournalEntry { state, ..entry }))
    }
}

/// The write as forges know it.
fn change(write: &Write) -> Option<Change<'_>> {
    let args = &write.args;
    let body = args.body.as_deref().unwrap_or("");
    Some(match write.op {
        Op::Comment => Change::Comment { body },
        Op::EditComment => Change::EditComment { id: args.id?, body },
        Op::DeleteComment => Change::DeleteComment { id: args.id? },
        Op::AddLabels => Change::AddLabels(&args.labels),
        Op::RemoveLabels => Change::RemoveLabels(&args.labels),
        Op::Assign => Change::Assign(&args.assignees),
        Op::Unassign => Change::Unassign(&args.assignees),
        Op::SetMilestone => Change::SetMilestone(args.milestone.as_deref()),
        Op::Close => Change::Close { reason: args.reason.as_deref() },
        Op::Reopen => Change::Reopen,
        Op::EditBody => Change::EditBody { body },
        Op::CreateIssue | Op::CreateLabel | Op::DeleteLabel => return None,
    })
}
