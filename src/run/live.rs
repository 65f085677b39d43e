//! What a live run needs before its first write, and what it leaves behind.
//!
//! Takes: the folder of the loop, a plan, a forge. Gives: the outcomes; two lines in `runs.jsonl`, the
//! steps in `journal.jsonl`. Signals end a run after the item at hand, a second one at once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::output::variable;
use super::{Progress, say};
use crate::apply::journal::Journal;
use crate::apply::{Applied, Apply};
use crate::cli::Shown;
use crate::forge::Comment;
use crate::forge::change::Write;
use crate::forge::time::rfc3339;
use crate::http::Counts;
use crate::loop_dir::{self, Lines, Patience, RunLock};
use crate::plan::Plan;

/// The exit code of a program that a signal ended at once: 128 and the number of SIGINT.
const KILLED: i32 = 130;

/// A live run.
#[derive(Debug)]
pub(super) struct Live {
    /// Its name.
    pub(super) run: String,
    /// What earlier runs wrote.
    pub(super) journal: Journal,
    started: DateTime<Utc>,
    /// For both lines of the record.
    about: serde_json::Map<String, serde_json::Value>,
    folder: PathBuf,
    job: String,
    _lock: RunLock,
}

/// What a run is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    /// The forge that it works with.
    pub(super) forge: &'a str,
    /// The run that it takes back.
    pub(super) undoes: Option<&'a str>,
}

/// A line of `runs.jsonl`.
#[derive(Debug, Serialize)]
pub(super) struct Ended<'a> {
    pub(super) exit: u8,
    pub(super) complete: bool,
    pub(super) why_incomplete: &'a [String],
    pub(super) totals: serde_json::Value,
    /// Items that each rule decided on.
    pub(super) rules: HashMap<&'a str, usize>,
    #[serde(skip)]
    pub(super) counts: Counts,
    pub(super) rules_hash: &'a str,
}

impl Live {
    /// Takes the folder's lock, reads the journal, notes that a run begins.
    pub(super) fn begin(folder: &Path, job: &str, now: DateTime<Utc>, version: &str, about: About<'_>) -> Result<Live> {
        let lock = RunLock::take(folder, &Patience::minute(&say))?;
        let journal = journal(folder, now)?;
        let run = format!("{}-{:06x}", now.format("%Y%m%dT%H%M%SZ"), fastrand::u32(..1 << 24));
        let undoes = about.undoes.map(|run| ("undoes".to_owned(), run.into()));
        let about = std::iter::once(("forge".to_owned(), about.forge.into())).chain(undoes).collect();
        let (folder, job) = (folder.to_owned(), job.to_owned());
        let live = Live { run, journal, started: now, about, folder, job, _lock: lock };
        let mut line = serde_json::json!({
            "run": live.run, "job": live.job, "trigger": variable("GITHUB_EVENT_NAME"), "started": rfc3339(now),
            "ended": null, "kaizen": version, "ci": variable("GITHUB_RUN_ID"),
        });
        if let Some(line) = line.as_object_mut() {
            line.extend(live.about.clone());
        }
        live.note(&line)?;
        Ok(live)
    }

    /// Carries out a plan.
    pub(super) fn carry_out(
        &self,
        forge: &dyn Write,
        plan: &Plan<'_>,
        comments: HashMap<(usize, u64), Vec<Comment>>,
        (stop, shown): (&AtomicBool, &Shown),
        clock: &dyn Fn() -> DateTime<Utc>,
    ) -> Applied {
        let progress = Progress::items(shown, plan.items.len());
        let told = |finished| progress.at(finished);
        let apply = Apply {
            forge,
            journal: &self.journal,
            run: &self.run,
            started: self.started,
            comments,
            stop,
            progress: &told,
            clock,
        };
        let applied = apply.carry_out(plan);
        progress.done();
        for text in &applied.warnings {
            say(&format!("warning: {text}"));
        }
        applied
    }

    /// Notes how the run ended.
    pub(super) fn end(&self, ended: &Ended<'_>, now: DateTime<Utc>, version: &str) -> Result<()> {
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

/// What earlier runs wrote; a dry run reads it too, so that it says what the live run would do.
pub(super) fn journal(folder: &Path, now: DateTime<Utc>) -> Result<Journal> {
    let (journal, lines) = Journal::open(folder, now)?;
    tell(&folder.join("journal.jsonl"), &lines);
    Ok(journal)
}

/// Lines that could not be read are named, and stop nothing.
pub(super) fn tell(path: &Path, lines: &Lines) {
    if lines.bad > 0 {
        say(&format!(
            "warning: {} of {} lines of {} cannot be read and are left out",
            lines.bad,
            lines.bad + lines.read,
            path.display()
        ));
        for bad in &lines.told {
            say(&format!("warning: {bad}"));
        }
    }
}

/// Set by SIGINT and SIGTERM; a second one ends the program at once.
pub(super) fn stop() -> Result<Arc<AtomicBool>> {
    static STOP: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    if let Some(stop) = STOP.get() {
        return Ok(Arc::clone(stop));
    }
    let stop = Arc::clone(STOP.get_or_init(Arc::default));
    let set = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if set.swap(true, Ordering::Relaxed) {
            #[allow(clippy::exit, reason = "whoever asks twice wants the end, not order")]
            std::process::exit(KILLED);
        }
        say("ending after the item at hand; ask again to end at once");
    })
    .context("listening for signals")?;
    Ok(stop)
}
