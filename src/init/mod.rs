//! `kaizen init`: rules with real logins and the workflows, written into a checkout.
//!
//! Takes: the top of a checkout, the jobs, the answers, a way to ask for those that are missing. Gives: what
//! became of each file. A file is written only if it is not there or is as `init` wrote it; nothing
//! is written before the rules, as they will stand there, have been loaded without an error.

pub mod git;
mod job;
mod record;
mod rules;
mod workflow;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path};

use anyhow::anyhow;

use crate::files;
use crate::language::diag::{Diagnostic, Severity, nearest_argument};
use crate::language::{JobSpec, load};
use crate::pack;
use record::InitRecord;
pub use rules::Logins;

/// Where rules and templates go.
const FOLDER: &str = ".kaizen";

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct InitAnswers {
    /// The host of the forge, where it is known.
    pub host: Option<String>,
    /// For each agent its login, or `None` for nobody.
    pub logins: Logins,
    /// Write the templates too.
    pub templates: bool,
    /// The folder of the workflow.
    pub workflows: Option<String>,
    /// The label of the runner.
    pub runs_on: Option<String>,
    /// What a download has to be: `<sha256>`, or `<sha256>  <file>` for each machine.
    pub sha256: Vec<String>,
    /// The jobs that are to run, where they are named: else as before, or the triage alone.
    pub jobs: Option<Vec<String>>,
    /// Write the workflow that reviews changes of the rules: as before, if nothing is said, else yes.
    pub review: Option<bool>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFate {
    /// It was not there.
    Written,
    /// It was as `init` had written it, and is new now.
    Updated,
    /// It is as it is to be.
    Unchanged,
    /// It is a person's, and why that is known.
    LeftAlone(&'static str),
}

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct InitResult {
    /// Each file below the top of the checkout.
    pub files: Vec<(String, FileFate)>,
    /// What else one should know.
    pub notes: Vec<String>,
    /// The jobs, each with the folder of the rules that it will read.
    pub rules: BTreeMap<String, String>,
    /// The label of the runner that the workflows ask for.
    pub runs_on: String,
    /// Labels that the shipped rules of these jobs put on.
    pub labels: Vec<String>,
}

/// Why nothing was done.
#[derive(Debug)]
pub enum InitRefusal {
    /// Wrong usage, or refused.
    Usage(anyhow::Error),
    /// The rules would not load.
    BadRules(Vec<Diagnostic>),
    /// Something could not be read or written.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for InitRefusal {
    fn from(error: anyhow::Error) -> Self {
        InitRefusal::Failed(error)
    }
}

/// Asks a person for the login of an agent. The outer `None`: nobody is there to answer.
pub type LoginPrompt<'a> = &'a dyn Fn(&str) -> Option<Option<String>>;

/// Sets a checkout up for the jobs that are wished for; `all` are those that there are.
///
/// # Errors
/// [`InitRefusal`]; nothing was written unless it is [`InitRefusal::Failed`].
pub fn set_up(
    top: &Path,
    all: &[JobSpec],
    wish: &InitAnswers,
    ask: LoginPrompt<'_>,
) -> Result<InitResult, InitRefusal> {
    let before = record::read(top).map_err(InitRefusal::Usage)?;
    let mut after = before.clone();
    let jobs = workflow::jobs(wish, &mut after).map_err(InitRefusal::Usage)?;
    let specs: Vec<&JobSpec> = all.iter().filter(|spec| workflow::goes_by(&jobs, spec.job)).collect();
    check_names(&specs, &wish.logins)?;
    let mut done = InitResult::default();
    let mut wanted = BTreeMap::new();
    let mut theirs = false;
    for spec in &specs {
        let found = job::rules_of(top, spec.job, wish, &before, ask)?;
        theirs |= found.theirs && !found.names.is_empty();
        if let Some(logins) = found.logins {
            after.agents = logins;
        }
        wanted.extend(found.texts);
        done.files.extend(found.untouched);
        done.rules.insert(spec.job.to_owned(), found.folder.to_owned());
    }
    let inside = done.rules.values().all(|folder| folder.starts_with(FOLDER));
    let found = workflow::of(top, &jobs, inside, wish, &mut after);
    wanted.extend(found.texts);
    done.notes.extend(found.notes);
    done.rules.retain(|job, _| jobs.contains(job));
    done.labels = done.rules.keys().flat_map(|job| job::labels(job)).collect();
    done.runs_on = after.runs_on.clone().unwrap_or_else(|| workflow::RUNNER.to_owned());
    let mut done = write(top, (&specs, all), wanted, &before, after, done)?;
    let told = wish.logins.iter().all(|(name, login)| before.agents.get(name) == Some(login));
    if !told && theirs {
        done.notes.push("the logins were not put into rules that are a person's: edit `agents` there".to_owned());
    }
    Ok(done)
}

/// Decides about each file, checks the rules as they will stand, and writes.
fn write(
    top: &Path,
    (specs, all): (&[&JobSpec], &[JobSpec]),
    wanted: BTreeMap<String, String>,
    before: &InitRecord,
    mut after: InitRecord,
    mut done: InitResult,
) -> Result<InitResult, InitRefusal> {
    let mut new = BTreeMap::new();
    for (path, text) in wanted {
        let fate = match there(top, &path)? {
            None => FileFate::Written,
            Some(there) if record::mark(&there) == record::mark(&text) => FileFate::Unchanged,
            Some(there) if is_ours(before, &path, &there) => FileFate::Updated,
            Some(_) => FileFate::LeftAlone(why(before, &path)),
        };
        if !matches!(fate, FileFate::LeftAlone(_)) {
            after.files.insert(path.clone(), record::mark(&text));
        }
        if matches!(fate, FileFate::Written | FileFate::Updated) {
            new.insert(path.clone(), text);
        }
        done.files.push((path, fate));
    }
    done.files.sort_by(|one, other| one.0.cmp(&other.0));
    // What several jobs share is told once.
    done.files.dedup_by(|one, other| one.0 == other.0);
    let folder = format!("{FOLDER}/");
    let inner: BTreeMap<String, String> =
        new.iter().filter_map(|(path, text)| Some((path.strip_prefix(&folder)?.to_owned(), text.clone()))).collect();
    let names: Vec<&str> = all.iter().map(|spec| spec.job).collect();
    for spec in specs.iter().filter(|_| !inner.is_empty()) {
        let Some(pack) = pack::overlaid(spec.job, &names, &top.join(FOLDER), &inner)? else { continue };
        let mut found = load(spec, &pack.input).diagnostics;
        found.extend(pack.strays);
        found.retain(|problem| problem.severity == Severity::Error);
        if !found.is_empty() {
            return Err(InitRefusal::BadRules(found));
        }
    }
    for (path, text) in &new {
        files::replace(&top.join(path), text.as_bytes(), files::Access::Usual)?;
    }
    record::save(top, before, &after)?;
    Ok(done)
}

/// Every name is one of the rules' agents.
fn check_names(specs: &[&JobSpec], logins: &Logins) -> Result<(), InitRefusal> {
    let names: Vec<String> = specs.iter().flat_map(|spec| job::agents(spec.job)).collect();
    for name in logins.keys() {
        if !names.contains(name) {
            let help = nearest_argument(name, names.iter().map(String::as_str));
            let help = help.unwrap_or_else(|| "these jobs hand nothing to anybody".to_owned());
            return Err(InitRefusal::Usage(anyhow!("the rules have no agent `{name}`; {help}")));
        }
    }
    Ok(())
}

fn is_ours(before: &InitRecord, path: &str, text: &str) -> bool {
    before.files.get(path).is_some_and(|digest| *digest == record::mark(text))
}

fn why(before: &InitRecord, path: &str) -> &'static str {
    if before.files.contains_key(path) { "edited since init wrote it" } else { "not written by init" }
}

/// The text of a file, where it is there. No link leads out of the checkout.
fn there(top: &Path, path: &str) -> Result<Option<String>, InitRefusal> {
    let mut at = top.to_owned();
    for part in Path::new(path).components() {
        let Component::Normal(part) = part else {
            return Err(InitRefusal::Usage(anyhow!("{path} is no path inside the checkout")));
        };
        at.push(part);
        if fs::symlink_metadata(&at).is_ok_and(|about| about.is_symlink()) {
            return Err(InitRefusal::Usage(anyhow!("{} is a link, and init writes through none", at.display())));
        }
    }
    match fs::read(&at) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(InitRefusal::Failed(anyhow!(error).context(format!("reading {path}")))),
    }
}
