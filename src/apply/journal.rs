//! What runs wrote, one line a step, so that the next run knows how far a killed one came.
//!
//! Takes: the folder of the loop. Gives: [`Journal`]: the steps of the last days, and a place to note
//! new ones before and after each write. It is a help, not the memory: that is the forge.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::forge::{Kind, time};
use crate::loop_dir::{self, Lines};
use crate::plan::{Args, Op};

/// The journal in the folder of the loop.
const FILE: &str = "journal.jsonl";

/// How long a step is of use: after that the forge alone remembers.
const DAYS: i64 = 14;

/// How far a step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// It is about to be sent.
    Begun,
    /// It was answered, and the answer holds what was asked.
    Done,
    /// It was refused, or nobody knows.
    Failed,
}

/// A line of the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
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
    pub kind: Kind,
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
    pub state: Step,
}

/// Hands every line of a folder's journal to `each`, oldest first, however old. What could not be read is
/// in [`Lines`]; it stops nothing.
///
/// # Errors
/// The file is there and cannot be opened or read.
pub fn read(folder: &Path, each: impl FnMut(Entry)) -> Result<Lines> {
    loop_dir::read_lines(&folder.join(FILE), each)
}

/// A step of an earlier run.
#[derive(Debug)]
struct Past {
    run: String,
    step: (Op, Step),
}

/// The journal of a folder.
#[derive(Debug, Default)]
pub struct Journal {
    path: Option<PathBuf>,
    /// By policy, repository and number; each with its run.
    past: HashMap<(String, String, u64), Vec<Past>>,
}

impl Journal {
    /// Reads the steps of the last days. What could not be read is in [`Lines`]; it stops nothing.
    ///
    /// # Errors
    /// The file is there and cannot be opened or read.
    pub fn open(folder: &Path, now: DateTime<Utc>) -> Result<(Journal, Lines)> {
        let path = folder.join(FILE);
        let mut past: HashMap<_, Vec<_>> = HashMap::new();
        let lines = loop_dir::read_lines(&path, |entry: Entry| {
            let recent = time::parse(&entry.ts).is_some_and(|at| now - at < Duration::days(DAYS));
            if let Some(number) = entry.number.filter(|_| recent) {
                let step = Past { run: entry.run, step: (entry.op, entry.state) };
                past.entry((entry.policy, entry.repo, number)).or_default().push(step);
            }
        })?;
        Ok((Journal { path: Some(path), past }, lines))
    }

    /// Steps of a policy on an item from the first of `run` on, in order: a later run may have finished
    /// what that one began. Empty where this journal knows nothing of it.
    #[must_use]
    pub fn steps(&self, run: &str, policy: &str, repo: &str, number: u64) -> Vec<(Op, Step)> {
        let all = self.past.get(&(policy.to_owned(), repo.to_owned(), number)).map_or(&[][..], Vec::as_slice);
        all.iter().skip_while(|past| past.run != run).map(|past| past.step).collect()
    }

    /// Notes a step. A journal without a folder notes nothing.
    ///
    /// # Errors
    /// The line could not be written.
    pub fn note(&self, entry: &Entry) -> Result<()> {
        self.path.as_deref().map_or(Ok(()), |path| loop_dir::append_line(path, entry))
    }
}
