//! Which runs there were.
//!
//! Takes: the lines of `runs.jsonl`, what was written. Gives: [`PastRun`]s, oldest first; a run without its
//! second line began and never ended. Pure.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{JOB, RunWrite, WriteCertainty};

/// A line of the record, as far as it is read; what is missing is unknown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RunLine {
    run: String,
    job: Option<String>,
    started: Option<String>,
    ended: Option<String>,
    exit: Option<u8>,
    complete: Option<bool>,
    why_incomplete: Option<Vec<String>>,
    totals: Option<Value>,
    trigger: Option<String>,
    forge: Option<String>,
    undoes: Option<String>,
}

/// A run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PastRun {
    /// Its name.
    pub run: String,
    /// Its job.
    pub job: Option<String>,
    /// The forge that it worked with.
    pub forge: Option<String>,
    /// What started it, in CI.
    pub trigger: Option<String>,
    /// When it began, RFC 3339.
    pub started: Option<String>,
    /// When it ended; `None`: it never did.
    pub ended: Option<String>,
    /// How.
    pub exit: Option<u8>,
    /// Nothing was left undone.
    pub complete: Option<bool>,
    /// Why something was.
    pub why_incomplete: Vec<String>,
    /// Its figures, as its job counts.
    pub totals: Option<Value>,
    /// Writes that the journal holds of it.
    pub writes: usize,
    /// The run that it took back.
    pub undoes: Option<String>,
    /// Runs that took it back, or a part of it.
    pub undone_by: Vec<String>,
}

/// Puts the two lines of each run together; runs of which only the journal knows are among them.
#[must_use]
pub fn runs(lines: Vec<RunLine>, history: &[RunWrite]) -> Vec<PastRun> {
    let mut all: Vec<PastRun> = Vec::new();
    let mut place: HashMap<String, usize> = HashMap::new();
    for line in lines.into_iter().filter(|line| !line.run.is_empty()) {
        let index = *place.entry(line.run.clone()).or_insert_with(|| {
            all.push(PastRun { run: line.run.clone(), ..PastRun::default() });
            all.len() - 1
        });
        let Some(run) = all.get_mut(index) else { continue };
        run.job = line.job.or(run.job.take());
        run.forge = line.forge.or(run.forge.take());
        run.trigger = line.trigger.or(run.trigger.take());
        run.started = line.started.or(run.started.take());
        run.ended = line.ended.or(run.ended.take());
        run.exit = line.exit.or(run.exit);
        run.complete = line.complete.or(run.complete);
        run.why_incomplete = line.why_incomplete.unwrap_or_else(|| std::mem::take(&mut run.why_incomplete));
        run.totals = line.totals.or(run.totals.take());
        run.undoes = line.undoes.or(run.undoes.take());
    }
    for written in history.iter().filter(|written| written.done != WriteCertainty::Failed) {
        let index = *place.entry(written.run.clone()).or_insert_with(|| {
            let (run, job) = (written.run.clone(), Some(written.job.clone()));
            all.push(PastRun { run, job, ..PastRun::default() });
            all.len() - 1
        });
        if let Some(run) = all.get_mut(index) {
            run.writes += 1;
        }
    }
    let undone: Vec<(String, String)> = all
        .iter()
        .filter(|run| run.job.as_deref() == Some(JOB) && run.writes > 0)
        .filter_map(|run| Some((run.undoes.clone()?, run.run.clone())))
        .collect();
    for run in &mut all {
        run.undone_by = undone.iter().filter(|(of, _)| *of == run.run).map(|(_, by)| by.clone()).collect();
    }
    all
}
