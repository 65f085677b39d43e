//! `kaizen init`: rules with real logins and the workflows, written into a checkout.
//!
//! Takes: the top of a checkout, the answers, a way to ask for those that are missing. Gives: what
//! became of each file. A file is written only if it is not there or is as `init` wrote it; nothing
//! is written before the rules, as they will stand there, have been loaded without an error.

pub mod git;
mod record;
mod rules;
mod workflow;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path};

use anyhow::anyhow;

use crate::files;
use crate::language::diag::{Diagnostic, Severity, did_you_mean};
use crate::language::{JobSpec, load};
use crate::pack;
use record::Record;
pub use rules::Logins;

/// Where rules and templates go.
const FOLDER: &str = ".kaizen";

/// What is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wish {
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
    /// Write the workflow that reviews changes of the rules: as before, if nothing is said, else yes.
    pub review: Option<bool>,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
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
pub struct Done {
    /// Each file below the top of the checkout.
    pub files: Vec<(String, Fate)>,
    /// What else one should know.
    pub notes: Vec<String>,
    /// The folder of the rules that will be read.
    pub rules: String,
}

/// Why nothing was done.
#[derive(Debug)]
pub enum Refused {
    /// Wrong usage, or refused.
    Usage(anyhow::Error),
    /// The rules would not load.
    BadRules(Vec<Diagnostic>),
    /// Something could not be read or written.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Refused {
    fn from(error: anyhow::Error) -> Self {
        Refused::Failed(error)
    }
}

/// Asks a person for the login of an agent. The outer `None`: nobody is there to answer.
pub type Ask<'a> = &'a dyn Fn(&str) -> Option<Option<String>>;

/// Sets a checkout up for a job.
///
/// # Errors
/// [`Refused`]; nothing was written unless it is [`Refused::Failed`].
pub fn set_up(top: &Path, spec: &JobSpec, jobs: &[&str], wish: &Wish, ask: Ask<'_>) -> Result<Done, Refused> {
    let before = record::read(top).map_err(Refused::Usage)?;
    let mut after = before.clone();
    let mut done = Done::default();
    let mut wanted = BTreeMap::new();
    let mut theirs = false;
    let main = format!("{}.yaml", spec.job);
    let in_folder = |folder: &str| top.join(folder).join(&main).is_file();
    // Rules of one's own in `rules` are in use; a file in `.kaizen/rules` would switch them off.
    let own = in_folder("rules") && !in_folder(&format!("{FOLDER}/rules"));
    let prefix = if own { String::new() } else { format!("{FOLDER}/") };
    done.rules = format!("{prefix}rules");

    let shipped = pack::shipped(spec.job);
    let names = shipped.get(&format!("rules/{main}")).map(|text| rules::agents(text)).unwrap_or_default();
    known(&names, &wish.logins)?;
    for (path, text) in shipped {
        let to = format!("{prefix}{path}");
        if path.starts_with("templates/") {
            if wish.templates || before.files.contains_key(&to) {
                wanted.insert(to, text);
            }
        } else if own {
            if top.join(&to).is_file() {
                done.files.push((to, Fate::LeftAlone("these rules are in use")));
            }
        } else if path.ends_with(&main) {
            let found = there(top, &to)?.filter(|found| !is_ours(&before, &to, found));
            let given = before.agents.iter().chain(&wish.logins).map(|(name, login)| (name.clone(), login.clone()));
            let given: Logins = given.filter(|(name, _)| names.contains(name)).collect();
            let all = given.len() == names.len();
            let same = |found: &String| all && record::mark(found) == record::mark(&rules::fill(&text, &given));
            match found.filter(|found| !same(found)) {
                Some(_) => {
                    done.files.push((to.clone(), Fate::LeftAlone(why(&before, &to))));
                    theirs = true;
                }
                None => {
                    let logins = answered(&names, given, ask)?;
                    wanted.insert(to, rules::fill(&text, &logins));
                    after.agents = logins;
                }
            }
        } else {
            wanted.insert(to, text);
        }
    }
    // What they have no need of is not put beside rules that are a person's.
    wanted.retain(|path, _| !theirs || before.files.contains_key(path) || !path.starts_with(&done.rules));
    let found = workflow::of(top, spec.job, !own, wish, &mut after);
    wanted.extend(found.texts);
    done.notes.extend(found.notes);
    let mut done = write(top, spec, jobs, wanted, &before, after, done)?;
    let told = wish.logins.iter().all(|(name, login)| before.agents.get(name) == Some(login));
    if !told && (theirs || own) {
        done.notes.push("the logins were not put into rules that are a person's: edit `agents` there".to_owned());
    }
    Ok(done)
}

/// Decides about each file, checks the rules as they will stand, and writes.
fn write(
    top: &Path,
    spec: &JobSpec,
    jobs: &[&str],
    wanted: BTreeMap<String, String>,
    before: &Record,
    mut after: Record,
    mut done: Done,
) -> Result<Done, Refused> {
    let mut new = BTreeMap::new();
    for (path, text) in wanted {
        let fate = match there(top, &path)? {
            None => Fate::Written,
            Some(there) if record::mark(&there) == record::mark(&text) => Fate::Unchanged,
            Some(there) if is_ours(before, &path, &there) => Fate::Updated,
            Some(_) => Fate::LeftAlone(why(before, &path)),
        };
        if !matches!(fate, Fate::LeftAlone(_)) {
            after.files.insert(path.clone(), record::mark(&text));
        }
        if matches!(fate, Fate::Written | Fate::Updated) {
            new.insert(path.clone(), text);
        }
        done.files.push((path, fate));
    }
    done.files.sort_by(|one, other| one.0.cmp(&other.0));
    let folder = format!("{FOLDER}/");
    let inner: BTreeMap<String, String> =
        new.iter().filter_map(|(path, text)| Some((path.strip_prefix(&folder)?.to_owned(), text.clone()))).collect();
    if !inner.is_empty()
        && let Some(pack) = pack::overlaid(spec.job, jobs, &top.join(FOLDER), &inner)?
    {
        let mut found = load(spec, &pack.input).diagnostics;
        found.extend(pack.strays);
        found.retain(|problem| problem.severity == Severity::Error);
        if !found.is_empty() {
            return Err(Refused::BadRules(found));
        }
    }
    for (path, text) in &new {
        files::replace(&top.join(path), text.as_bytes())?;
    }
    record::save(top, before, &after)?;
    Ok(done)
}

/// Every name is one of the rules' agents.
fn known(names: &[String], logins: &Logins) -> Result<(), Refused> {
    for name in logins.keys() {
        if !names.contains(name) {
            let help = did_you_mean(name, names.iter().map(String::as_str)).unwrap_or_default();
            return Err(Refused::Usage(anyhow!("the rules have no agent `{name}`; {help}")));
        }
    }
    Ok(())
}

/// A login or nobody for every agent: as given, else as a person answers.
fn answered(names: &[String], mut logins: Logins, ask: Ask<'_>) -> Result<Logins, Refused> {
    let mut missing = Vec::new();
    for name in names.iter().filter(|name| !logins.contains_key(*name)).cloned().collect::<Vec<_>>() {
        match ask(&name) {
            Some(login) => {
                logins.insert(name, login);
            }
            None => missing.push(name),
        }
    }
    if !missing.is_empty() {
        let flags: Vec<String> = missing.iter().map(|name| format!("--agent {name}=LOGIN")).collect();
        return Err(Refused::Usage(anyhow!(
            "who is {}? Nothing was written. Give {}, or --without NAME where there is nobody",
            missing.join(", "),
            flags.join(" ")
        )));
    }
    if logins.values().all(Option::is_none) {
        return Err(Refused::Usage(anyhow!(
            "with nobody behind any agent the rules would do nothing; give one: --agent NAME=LOGIN"
        )));
    }
    Ok(logins)
}

fn is_ours(before: &Record, path: &str, text: &str) -> bool {
    before.files.get(path).is_some_and(|digest| *digest == record::mark(text))
}

fn why(before: &Record, path: &str) -> &'static str {
    if before.files.contains_key(path) { "edited since init wrote it" } else { "not written by init" }
}

/// The text of a file, where it is there. No link leads out of the checkout.
fn there(top: &Path, path: &str) -> Result<Option<String>, Refused> {
    let mut at = top.to_owned();
    for part in Path::new(path).components() {
        let Component::Normal(part) = part else {
            return Err(Refused::Usage(anyhow!("{path} is no path inside the checkout")));
        };
        at.push(part);
        if fs::symlink_metadata(&at).is_ok_and(|about| about.is_symlink()) {
            return Err(Refused::Usage(anyhow!("{} is a link, and init writes through none", at.display())));
        }
    }
    match fs::read(&at) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Refused::Failed(anyhow!(error).context(format!("reading {path}")))),
    }
}
