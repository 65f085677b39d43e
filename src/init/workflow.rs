//! The workflows that `init` writes.
//!
//! Takes: the jobs, where their rules lie, the answers. Gives: their paths and texts, and what one should
//! know about them. A job has one that runs it; the rules of the triage have one that shows on a pull request what
//! a change of them does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use super::InitAnswers;
use super::record::InitRecord;
use crate::forge::workflows;
use crate::language::diag::nearest_argument;

/// The job that is set up where none is named.
const TRIAGE: &str = "backlog-triage";
/// The jobs that a workflow runs, each with those whose rules it goes by.
const JOBS: [(&str, &[&str]); 5] = [
    (TRIAGE, &[TRIAGE]),
    ("improvement-proposals", &["improvement-proposals"]),
    ("kaizen-retro", &["kaizen-retro"]),
    ("loop-guard", &["loop-guard", "triage-score"]),
    ("loop-introspect", &["loop-introspect"]),
];
/// What else a job needs: told when its workflow is first written.
const NEEDS: [(&str, &str); 3] = [
    (
        "improvement-proposals",
        "improvement-proposals reads the sessions that lie where the variable KAIZEN_SESSIONS says: set it for the \
         repository or its owner",
    ),
    ("loop-guard", "loop-guard keeps its memory on the branch loop-state, and asks for `contents: write` for that"),
    (
        "loop-introspect",
        "loop-introspect reads the memory of the loop from the branch loop-state, and asks for `contents: write` to \
         leave its findings there",
    ),
];
/// The line of a workflow that says what a download has to be.
const SHA256: &str = "          KAIZEN_SHA256: \"\"\n";
/// The label of the runner that the workflows ask for, where no other is wanted.
pub(super) const RUNNER: &str = "ubuntu-latest";
/// The line of a workflow that names the runner.
const RUNS_ON: &str = "    runs-on: ubuntu-latest\n";
/// The review of a change of rules.
const REVIEW: &str = "rules-review";
/// What it looks at beside `.kaizen`, where rules may lie too.
const ELSEWHERE: &str = "      - \"rules/**\"\n      - \"templates/**\"\n";

/// Workflows to write.
#[derive(Debug, Default)]
pub(super) struct Workflows {
    /// By path below the top of the checkout.
    pub(super) texts: BTreeMap<String, String>,
    /// What one should know.
    pub(super) notes: Vec<String>,
}

/// The jobs that are to run: those that are named, else those of before, else the triage alone.
///
/// # Errors
/// A name that no workflow runs.
pub(super) fn jobs(wish: &InitAnswers, record: &mut InitRecord) -> Result<Vec<String>> {
    record.jobs = wish.jobs.clone().or_else(|| record.jobs.take());
    let jobs = record.jobs.clone().unwrap_or_else(|| vec![TRIAGE.to_owned()]);
    for job in &jobs {
        if !JOBS.iter().any(|(name, _)| name == job) {
            let all = JOBS.map(|(name, _)| name);
            let help = nearest_argument(job, all).map(|help| format!("{help}; ")).unwrap_or_default();
            bail!("--jobs: no workflow runs `{job}`; {help}there are {}", all.join(", "));
        }
    }
    Ok(jobs)
}

/// Whether the workflow of one of these jobs goes by the rules of this one.
pub(super) fn goes_by(jobs: &[String], rules: &str) -> bool {
    JOBS.iter().any(|(name, of)| of.contains(&rules) && jobs.iter().any(|job| job == name))
}

/// The workflows of these jobs. What was answered goes into the record; `inside` says that all rules lie in
/// `.kaizen`.
pub(super) fn of(top: &Path, jobs: &[String], inside: bool, wish: &InitAnswers, record: &mut InitRecord) -> Workflows {
    let mut all = Workflows::default();
    record.runs_on = wish.runs_on.clone().or_else(|| record.runs_on.take());
    record.review = wish.review.or(record.review);
    let (folder, note) = folder(top, wish, record);
    all.notes.extend(note);
    let runs_on = record.runs_on.as_ref().map(|label| format!("    runs-on: {label}\n"));
    if !wish.sha256.is_empty() {
        record.sha256 = BTreeMap::from([(env!("CARGO_PKG_VERSION").to_owned(), wish.sha256.clone())]);
    }
    // Those of another version are of no use to this one.
    let sha256 = record.sha256.get(env!("CARGO_PKG_VERSION"));
    if sha256.is_none() && !record.sha256.is_empty() {
        all.notes.push("the sha256 that was given is of another version: give --sha256 of this one".to_owned());
    }
    let sha256 = sha256.map(|sums| format!("          KAIZEN_SHA256: \"{}\"\n", sums.join("\\n")));
    let lines = [(RUNS_ON, runs_on), (SHA256, sha256)];
    for (job, _) in JOBS {
        let path = format!("{folder}/{job}.yml");
        if !jobs.iter().any(|wanted| wanted == job) {
            let ours = record.files.contains_key(&path) && top.join(&path).is_file();
            all.notes.extend(ours.then(|| format!("{path} still stands: remove it to end the job")));
            continue;
        }
        let Some(text) = workflows::text(job) else { continue };
        if !record.files.contains_key(&path) {
            all.notes.extend(NEEDS.iter().filter(|(of, _)| *of == job).map(|(_, note)| (*note).to_owned()));
        }
        all.add(path, text.to_owned(), &lines);
    }
    let path = format!("{folder}/{REVIEW}.yml");
    let reviewed = record.review != Some(false) && goes_by(jobs, TRIAGE);
    if let Some(text) = workflows::text(REVIEW).filter(|_| reviewed) {
        // Other people's folders of these names are none of ours.
        let text = if inside { text.replacen(ELSEWHERE, "", 1) } else { text.to_owned() };
        all.add(path, text, &lines);
    } else if record.review == Some(false) && top.join(&path).is_file() {
        all.notes.push(format!("{path} still stands: remove it to end the review of pull requests"));
    }
    record.workflows = Some(folder);
    all
}

/// The folder of the workflows, and what one should know about it.
fn folder(top: &Path, wish: &InitAnswers, record: &InitRecord) -> (String, Option<String>) {
    match wish.workflows.as_ref().or(record.workflows.as_ref()) {
        Some(folder) => (folder.clone(), None),
        None => {
            let (folder, note) = workflows::folder(wish.host.as_deref(), &|folder| in_use(&top.join(folder)));
            (folder.to_owned(), note)
        }
    }
}

/// The account whose lines the rules of a job have to know as ours: that of the forge's jobs, where the workflow
/// writes as it until the secret is set.
pub(super) fn bot(top: &Path, job: &str, wish: &InitAnswers, record: &InitRecord) -> Option<&'static str> {
    let writes = |text: &str| text.contains("secrets.KAIZEN_TOKEN") && text.contains("issues: write");
    workflows::text(job).filter(|text| writes(text))?;
    Some(workflows::job_account(wish.host.as_deref(), &folder(top, wish, record).0))
}

impl Workflows {
    /// Adds a workflow in which these lines say something else.
    fn add(&mut self, path: String, text: String, lines: &[(&str, Option<String>)]) {
        let text = lines.iter().fold(text, |text, (old, new)| match new {
            Some(new) => text.replacen(old, new, 1),
            None => text,
        });
        self.texts.insert(path, text);
    }
}

/// A folder of workflows is in use if it holds a file: git knows no empty ones.
fn in_use(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| entries.flatten().next().is_some())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_that_are_changed_are_there() {
        let text = workflows::text(REVIEW).unwrap();
        assert!(text.contains(ELSEWHERE) && text.contains("      - \".kaizen/**\"\n"), "{text}");
        for name in JOBS.map(|(name, _)| name).into_iter().chain([REVIEW]) {
            assert!(workflows::text(name).unwrap().contains(RUNS_ON), "{name}");
            assert_eq!(workflows::text(name).unwrap().matches(SHA256).count(), 1, "{name}");
        }
    }
}
