//! What runs wrote, one line a step, so that the next run knows how far a killed one came.
//!
//! Takes: the folder of the loop. Gives: [`Journal`]: the steps of the last days, the comments that were written,
//! and a place to note new steps before and after each write. It is a help, not the memory: that is the forge.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::twice::CLOCKS;
use crate::forge::{ItemKind, time};
use crate::loop_dir::{self, LineSummary};
use crate::plan::marker::Marker;
use crate::plan::{Args, Op};

/// The journal in the folder of the loop.
const FILE: &str = "journal.jsonl";

/// The record of runs beside it, which says on what forge each was.
const RUNS: &str = "runs.jsonl";

/// How long a step is of use: after that the forge alone remembers.
const DAYS: i64 = 14;

/// How far a step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WriteStep {
    /// It is about to be sent.
    Begun,
    /// It was answered, and the answer holds what was asked.
    Done,
    /// It was refused, or nobody knows.
    Failed,
}

/// A line of the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When, RFC 3339.
    pub ts: String,
    /// The run.
    pub run: String,
    /// Its job.
    pub job: String,
    /// The policy.
    pub policy: String,
    /// `owner/name`.
    pub repo: String,
    /// Issue or pull request.
    pub kind: ItemKind,
    /// Its number; `None` before an issue is created.
    pub number: Option<u64>,
    /// The rule.
    pub rule: Option<String>,
    /// Digest of the rules.
    pub rules_hash: String,
    /// The write.
    pub op: Op,
    /// What it writes.
    pub args: Args,
    /// What stood there before, where the write replaces it.
    pub before: Option<String>,
    /// How far it came.
    pub state: WriteStep,
}

/// Hands every line of a folder's journal to `each`, oldest first, however old. What could not be read is
/// in [`LineSummary`]; it stops nothing.
///
/// # Errors
/// The file is there and cannot be opened or read.
pub fn read(folder: &Path, each: impl FnMut(JournalEntry)) -> Result<LineSummary> {
    loop_dir::read_lines(&folder.join(FILE), each)
}

/// A step of an earlier run.
#[derive(Debug)]
struct Past {
    run: String,
    step: (Op, WriteStep),
}

/// A line of the record of runs.
#[derive(Debug, Deserialize)]
struct Ran {
    run: String,
    #[serde(default)]
    forge: Option<String>,
}

/// A comment that runs wrote and none took back.
#[derive(Debug)]
struct JournalComment {
    id: Option<u64>,
    key: String,
    did: String,
    at: DateTime<Utc>,
}

/// A policy, a repository, a number.
type JournalPlace = (String, String, u64);

/// The journal of a folder.
#[derive(Debug, Default)]
pub struct Journal {
    path: Option<PathBuf>,
    /// Each with its run.
    past: HashMap<JournalPlace, Vec<Past>>,
    /// However old: a forge forgets what somebody deletes.
    comments: HashMap<JournalPlace, Vec<JournalComment>>,
}

impl Journal {
    /// Reads the steps of the last days, and the comments that were written on this forge. What could not be
    /// read is in [`LineSummary`]; it stops nothing.
    ///
    /// # Errors
    /// A file is there and cannot be opened or read.
    pub fn open(folder: &Path, now: DateTime<Utc>, forge: &str) -> Result<(Journal, LineSummary)> {
        let mut elsewhere = HashSet::new();
        loop_dir::read_lines(&folder.join(RUNS), |ran: Ran| {
            if ran.forge.is_some_and(|other| other != forge) {
                elsewhere.insert(ran.run);
            }
        })?;
        let path = folder.join(FILE);
        let mut journal = Journal { path: Some(path.clone()), ..Journal::default() };
        let lines = loop_dir::read_lines(&path, |entry: JournalEntry| {
            let (Some(number), Some(at)) = (entry.number, time::parse(&entry.ts)) else { return };
            let place = (entry.policy, entry.repo, number);
            if entry.state == WriteStep::Done && !elsewhere.contains(&entry.run) {
                journal.hear(&place, entry.op, &entry.args, at);
            }
            if now - at < Duration::days(DAYS) {
                let step = Past { run: entry.run, step: (entry.op, entry.state) };
                journal.past.entry(place).or_default().push(step);
            }
        })?;
        Ok((journal, lines))
    }

    /// Minds what was done with a comment.
    fn hear(&mut self, place: &JournalPlace, op: Op, args: &Args, at: DateTime<Utc>) {
        if !matches!(op, Op::Comment | Op::EditComment | Op::DeleteComment) {
            return;
        }
        let said = self.comments.entry(place.clone()).or_default();
        said.retain(|said| args.id.is_none() || said.id != args.id);
        // Without a marker it says nothing any more: it was reduced, or withdrawn.
        let marker = args.body.as_deref().and_then(Marker::ending).filter(|_| op != Op::DeleteComment);
        if let Some((key, did)) = marker.as_ref().and_then(|marker| marker.get("key").zip(marker.get("did"))) {
            said.push(JournalComment { id: args.id, key: key.to_owned(), did: did.to_owned(), at });
        }
    }

    /// The digest of the decision of which our last comment in a place of an item told, as far as runs have
    /// taken none back. `updated` is when the item last changed: writing a comment moves that (fact 35), so that
    /// an item which is older than the comment never had it, and is another's with its number.
    #[must_use]
    pub fn commented_digest(
        &self,
        policy: &str,
        repo: &str,
        number: u64,
        key: &str,
        updated: DateTime<Utc>,
    ) -> Option<&str> {
        let said = self.comments.get(&(policy.to_owned(), repo.to_owned(), number))?;
        let last = said.iter().rev().find(|said| said.key == key)?;
        (updated + Duration::minutes(CLOCKS) >= last.at).then_some(last.did.as_str())
    }

    /// Steps of a policy on an item from the first of `run` on, in order: a later run may have finished
    /// what that one began. Empty where this journal knows nothing of it.
    #[must_use]
    pub fn steps(&self, run: &str, policy: &str, repo: &str, number: u64) -> Vec<(Op, WriteStep)> {
        let all = self.past.get(&(policy.to_owned(), repo.to_owned(), number)).map_or(&[][..], Vec::as_slice);
        all.iter().skip_while(|past| past.run != run).map(|past| past.step).collect()
    }

    /// Notes a step. A journal without a folder notes nothing.
    ///
    /// # Errors
    /// The line could not be written.
    pub fn note(&self, entry: &JournalEntry) -> Result<()> {
        self.path.as_deref().map_or(Ok(()), |path| loop_dir::append_line(path, entry))
    }
}
