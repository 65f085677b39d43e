//! The record of runs: two lines in `runs.jsonl`, when a run begins and when it ends.
//!
//! Takes: the folder of the loop, what the run is about, how it ended. Gives: the name of the run.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::output::variable;
use super::say;
use crate::forge::time::rfc3339;
use crate::http::RequestCounts;
use crate::loop_dir;

/// What a run is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunSubject<'a> {
    /// The forge that it works with; empty where it works with none.
    pub(super) forge: &'a str,
    /// The policies of a run of `run`; empty of any other.
    pub(super) policies: &'a [&'a str],
    /// The run that it takes back.
    pub(super) undoes: Option<&'a str>,
}

/// A line of `runs.jsonl`.
#[derive(Debug, Serialize)]
pub(super) struct RunEnding<'a> {
    pub(super) exit: u8,
    pub(super) complete: bool,
    pub(super) why_incomplete: &'a [String],
    pub(super) totals: serde_json::Value,
    /// Items that each rule decided on.
    pub(super) rules: HashMap<&'a str, usize>,
    #[serde(skip)]
    pub(super) counts: RequestCounts,
    pub(super) rules_hash: &'a str,
}

/// A run that has begun.
#[derive(Debug)]
pub(super) struct RunRecord {
    /// Its name.
    pub(super) run: String,
    pub(super) started: DateTime<Utc>,
    /// For both lines.
    about: serde_json::Map<String, serde_json::Value>,
    folder: PathBuf,
    job: String,
    /// It is on record how it ended, or was tried to be.
    ended: AtomicBool,
}

impl RunRecord {
    /// Notes that a run begins.
    pub(super) fn begin(
        folder: &Path,
        job: &str,
        now: DateTime<Utc>,
        version: &str,
        about: RunSubject<'_>,
    ) -> Result<RunRecord> {
        let run = format!("{}-{:06x}", now.format("%Y%m%dT%H%M%SZ"), fastrand::u32(..1 << 24));
        let undoes = about.undoes.map(|run| ("undoes".to_owned(), run.into()));
        let forge = Some(about.forge).filter(|forge| !forge.is_empty());
        let policies = (!about.policies.is_empty()).then(|| ("policies".to_owned(), about.policies.into()));
        let forge = forge.map(|forge| ("forge".to_owned(), forge.into()));
        let about = forge.into_iter().chain(policies).chain(undoes).collect();
        let (folder, job) = (folder.to_owned(), job.to_owned());
        let record = RunRecord { run, started: now, about, folder, job, ended: AtomicBool::new(false) };
        let mut line = serde_json::json!({
            "run": record.run, "job": record.job, "trigger": variable("GITHUB_EVENT_NAME"), "started": rfc3339(now),
            "ended": null, "kaizen": version, "ci": variable("GITHUB_RUN_ID"),
        });
        if let Some(line) = line.as_object_mut() {
            line.extend(record.about.clone());
        }
        record.note(&line)?;
        Ok(record)
    }

    /// Notes how the run ended.
    pub(super) fn end(&self, ended: &RunEnding<'_>, now: DateTime<Utc>, version: &str) -> Result<()> {
        self.ended.store(true, Ordering::Relaxed);
        let mut line = serde_json::to_value(ended).context("writing the record of the run as JSON")?;
        let more = serde_json::json!({
            "run": self.run, "job": self.job, "trigger": variable("GITHUB_EVENT_NAME"),
            "started": rfc3339(self.started), "ended": rfc3339(now), "requests": ended.counts.requests,
            "retries": ended.counts.retries, "kaizen": version, "ci": variable("GITHUB_RUN_ID"),
        });
        if let (Some(line), Some(more)) = (line.as_object_mut(), more.as_object()) {
            line.extend(more.clone());
            line.extend(self.about.clone());
        }
        self.note(&line)
    }

    fn note(&self, line: &serde_json::Value) -> Result<()> {
        loop_dir::append_line(&self.folder.join("runs.jsonl"), line)
    }
}

impl Drop for RunRecord {
    /// A run that an error ended before it could note how has ended all the same. One that panics has not come to
    /// its end: what it has noted in the journal may not be there.
    fn drop(&mut self) {
        if self.ended.load(Ordering::Relaxed) || std::thread::panicking() {
            return;
        }
        let mut line = serde_json::json!({
            "run": self.run, "job": self.job, "started": rfc3339(self.started),
            "ended": rfc3339(Utc::now().max(self.started)), "exit": null, "complete": false,
            "why_incomplete": ["an error ended it early, which it printed"],
        });
        if let Some(line) = line.as_object_mut() {
            line.extend(self.about.clone());
        }
        if let Err(error) = self.note(&line) {
            say(&format!("warning: the end of this run is not on record: {error:#}"));
        }
    }
}
