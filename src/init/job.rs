//! The rules and templates of one job.
//!
//! Takes: the job, the answers, what `init` wrote before. Gives: [`JobSetup`]: the texts to write, and what is left
//! alone because somebody's rules are in use there.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::anyhow;

use super::record::{self, InitRecord};
use super::rules::{self, Logins};
use super::{FOLDER, FileFate, InitAnswers, InitRefusal, LoginPrompt, is_ours, there, why, workflow};
use crate::pack;

/// What jobs share, for those that extend it.
const COMMON: &str = "rules/common.yaml";

/// What is to stand in a checkout for a job.
#[derive(Debug, Default)]
pub(super) struct JobSetup {
    /// The folder of rules that the job will read.
    pub(super) folder: &'static str,
    /// By path below the top of the checkout.
    pub(super) texts: BTreeMap<String, String>,
    /// Files that are a person's.
    pub(super) untouched: Vec<(String, FileFate)>,
    /// The agents of the rules.
    pub(super) names: Vec<String>,
    /// Their logins, where these rules are written.
    pub(super) logins: Option<Logins>,
    /// The rules of the job are a person's.
    pub(super) theirs: bool,
}

/// The agents of a job's shipped rules.
pub(super) fn agents(job: &str) -> Vec<String> {
    pack::shipped(job).get(&format!("rules/{job}.yaml")).map(|text| rules::agents(text)).unwrap_or_default()
}

/// The labels that a job's shipped rules put on.
pub(super) fn labels(job: &str) -> Vec<String> {
    pack::shipped(job).get(&format!("rules/{job}.yaml")).map(|text| rules::labels(text)).unwrap_or_default()
}

/// The rules of a job with their logins, and its templates where they are wanted.
///
/// # Errors
/// A login is missing, or what is there cannot be read.
pub(super) fn rules_of(
    top: &Path,
    job: &str,
    wish: &InitAnswers,
    before: &InitRecord,
    ask: LoginPrompt<'_>,
) -> Result<JobSetup, InitRefusal> {
    let main = format!("rules/{job}.yaml");
    // Rules of one's own in `rules` are in use; a file in `.kaizen/rules` would switch them off.
    let own = top.join(&main).is_file() && !top.join(FOLDER).join(&main).is_file();
    let prefix = if own { String::new() } else { format!("{FOLDER}/") };
    let folder = if own { "rules" } else { ".kaizen/rules" };
    let mut found = JobSetup { folder, names: agents(job), theirs: own, ..JobSetup::default() };
    let shipped = pack::shipped(job);
    let extends = shipped.get(&main).is_some_and(|text| text.contains("\nextends: [common.yaml]"));
    for (path, text) in shipped {
        let to = format!("{prefix}{path}");
        if path.starts_with("templates/") {
            if wish.templates || before.files.contains_key(&to) {
                found.texts.insert(to, text);
            }
        } else if path == COMMON && !extends {
            // Nothing there reads it.
        } else if own {
            if top.join(&to).is_file() {
                found.untouched.push((to, FileFate::LeftAlone("these rules are in use")));
            }
        } else if path == main {
            main_file(top, (to, &text), workflow::bot(top, job, wish, before), (wish, before, ask), &mut found)?;
        } else {
            found.texts.insert(to, text);
        }
    }
    // What they have no need of is not put beside rules that are a person's.
    let theirs = found.theirs;
    found.texts.retain(|path, _| !theirs || before.files.contains_key(path) || !path.starts_with(folder));
    Ok(found)
}

/// The rule file itself, unless a person has written or edited it.
fn main_file(
    top: &Path,
    (to, text): (String, &str),
    bot: Option<&str>,
    (wish, before, ask): (&InitAnswers, &InitRecord, LoginPrompt<'_>),
    found: &mut JobSetup,
) -> Result<(), InitRefusal> {
    let names = &found.names;
    let given = before.agents.iter().chain(&wish.logins).map(|(name, login)| (name.clone(), login.clone()));
    let given: Logins = given.filter(|(name, _)| names.contains(name)).collect();
    let all = given.len() == names.len();
    let same = |there: &String| all && record::mark(there) == record::mark(&rules::fill(text, &given, bot));
    let stands = there(top, &to)?.filter(|there| !is_ours(before, &to, there) && !same(there));
    if stands.is_some() {
        found.untouched.push((to.clone(), FileFate::LeftAlone(why(before, &to))));
        found.theirs = true;
        return Ok(());
    }
    let logins = if names.is_empty() { Logins::new() } else { answered(names, given, ask)? };
    found.texts.insert(to, rules::fill(text, &logins, bot));
    found.logins = Some(logins).filter(|_| !found.names.is_empty());
    Ok(())
}

/// A login or nobody for every agent: as given, else as a person answers.
fn answered(names: &[String], mut logins: Logins, ask: LoginPrompt<'_>) -> Result<Logins, InitRefusal> {
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
        return Err(InitRefusal::Usage(anyhow!(
            "who is {}? Nothing was written. Give {}, or --without NAME where there is nobody",
            missing.join(", "),
            flags.join(" ")
        )));
    }
    if logins.values().all(Option::is_none) {
        return Err(InitRefusal::Usage(anyhow!(
            "with nobody behind any agent the rules would do nothing; give one: --agent NAME=LOGIN"
        )));
    }
    Ok(logins)
}
