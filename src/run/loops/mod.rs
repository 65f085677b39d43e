//! The jobs that keep the memory of the loop: `.loop`.
//!
//! Takes: their arguments. Gives: each an [`Exit`](super::Exit); what they leave is in the folder of the
//! loop. They hold the folder's lock for the moment of a write only, so that a cycle is recorded while a
//! long run works.

pub(super) mod backfill;
pub(super) mod guard;
pub(super) mod introspect;
pub(super) mod merge;
pub(super) mod retro;
pub(super) mod score;
pub(super) mod state;

use std::path::Path;

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::record::{RunEnding, RunRecord, RunSubject};
use super::{EarlyEnd, Exit, VERSION, say, usage};
use crate::http::RequestCounts;
use crate::loop_dir::{read, replace};

/// A run of such a job, noted in `runs.jsonl` unless it is a dry one.
struct LoopRun {
    record: Option<RunRecord>,
}

impl LoopRun {
    fn begin(folder: &Path, job: &str, now: DateTime<Utc>, (dry_run, forge): (bool, &str)) -> Result<LoopRun> {
        let about = RunSubject { forge, policies: &[], undoes: None };
        let record = if dry_run { None } else { Some(RunRecord::begin(folder, job, now, VERSION, about)?) };
        Ok(LoopRun { record })
    }

    fn end(
        &self,
        exit: Exit,
        why_incomplete: &[String],
        (totals, counts, rules_hash): (Value, RequestCounts, &str),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let Some(record) = &self.record else { return Ok(()) };
        let (complete, rules) = (why_incomplete.is_empty(), Default::default());
        let ended = RunEnding { exit: exit.code(), complete, why_incomplete, totals, rules, counts, rules_hash };
        record.end(&ended, now, VERSION)
    }
}

/// Sees to it that there is a folder to read from: none at all is no empty memory.
pub(super) fn check_folder(folder: &Path) -> Result<(), EarlyEnd> {
    if folder.is_dir() {
        return Ok(());
    }
    Err(usage(anyhow!(
        "there is no loop folder {}, so nothing was read; name it with --loop-dir, or begin it with `kaizen cycle-retro` \
         or `kaizen triage-score`",
        folder.display()
    )))
}

/// A JSON file; one that is not there is null. What is no JSON is told and taken as null: it will be
/// replaced.
fn read_json(path: &Path) -> Result<Value> {
    let Some(bytes) = read(path)? else { return Ok(Value::Null) };
    Ok(serde_json::from_slice(&bytes).unwrap_or_else(|error| {
        say(&format!("warning: {} is no JSON and is left out: {error}", path.display()));
        Value::Null
    }))
}

/// Replaces a JSON file, whole or not at all.
fn replace_json(path: &Path, value: &Value) -> Result<()> {
    replace(path, format!("{value:#}\n").as_bytes())
}
