//! What a live run needs before its first write, and what it leaves behind.
//!
//! Takes: the folder of the loop, a plan, a forge. Gives: the outcomes; two lines in `runs.jsonl`, the
//! steps in `journal.jsonl`. Signals end a run after the item at hand, a second one at once.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, Utc};

use super::record::RunRecord;
pub(super) use super::record::{RunEnding, RunSubject};
use super::{EarlyEnd, Progress, say, usage};
use crate::apply::journal::Journal;
use crate::apply::{Applier, ApplyResult};
use crate::cli::OutputOptions;
use crate::forge::change::ForgeWriter;
use crate::forge::{Account, Comment};
use crate::loop_dir::{LineSummary, Patience, RunLock};
use crate::plan::Plan;
use crate::plan::memory::{self, Us};

/// The exit code of a program that a signal ended at once: 128 and the number of SIGINT.
const KILLED: i32 = 130;

/// A live run.
#[derive(Debug)]
pub(super) struct Live {
    /// Its name.
    pub(super) run: String,
    /// What earlier runs wrote.
    pub(super) journal: Journal,
    record: RunRecord,
    _lock: RunLock,
}

impl Live {
    /// Takes the folder's lock, reads the journal, notes that a run begins.
    pub(super) fn begin(
        folder: &Path,
        job: &str,
        now: DateTime<Utc>,
        version: &str,
        about: RunSubject<'_>,
    ) -> Result<Live> {
        let lock = RunLock::take(folder, &Patience::minute(&say))?;
        let journal = journal(folder, now, about.forge)?;
        let record = RunRecord::begin(folder, job, now, version, about)?;
        Ok(Live { run: record.run.clone(), journal, record, _lock: lock })
    }

    /// Carries out a plan.
    pub(super) fn carry_out(
        &self,
        forge: &dyn ForgeWriter,
        plan: &Plan<'_>,
        comments: HashMap<(usize, u64), Vec<Comment>>,
        (stop, shown): (&AtomicBool, &OutputOptions),
        clock: &dyn Fn() -> DateTime<Utc>,
    ) -> ApplyResult {
        let progress = Progress::items(shown, plan.items.len());
        let told = |finished| progress.at(finished);
        let apply = Applier {
            forge,
            journal: &self.journal,
            run: &self.run,
            started: self.record.started,
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
    pub(super) fn end(&self, ended: &RunEnding<'_>, now: DateTime<Utc>, version: &str) -> Result<()> {
        self.record.end(ended, now, version)
    }
}

/// What earlier runs wrote; a dry run reads it too, so that it says what the live run would do.
pub(super) fn journal(folder: &Path, now: DateTime<Utc>, forge: &str) -> Result<Journal> {
    let (journal, lines) = Journal::open(folder, now, forge)?;
    tell(&folder.join("journal.jsonl"), &lines);
    Ok(journal)
}

/// Refuses a live run beside texts in our form by an account of the forge's jobs that is not ours.
pub(super) fn other_account<'t>(
    us: Us<'_>,
    live: bool,
    texts: impl IntoIterator<Item = (Option<&'t Account>, &'t str)>,
) -> Result<(), EarlyEnd> {
    match us.job_account(texts).filter(|_| live) {
        Some(login) => Err(usage(anyhow!("nothing was written: {}", memory::job_account_help(&login, us.user)))),
        None => Ok(()),
    }
}

/// Lines that could not be read are named, and stop nothing.
pub(super) fn tell(path: &Path, lines: &LineSummary) {
    if lines.bad > 0 {
        say(&format!(
            "warning: {} of {} lines of {} cannot be read and are left out",
            lines.bad,
            lines.bad + lines.read,
            path.display()
        ));
        for bad in &lines.first_bad {
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
