//! Every policy of a folder of rules, for a check of the whole folder.
//!
//! Takes: a folder, here or at a commit, the jobs there are. Gives: [`Folder`]: one [`Pack`] for each file that is a job's,
//! with the job, and what is wrong with the folder itself. A file is a job's if it says so, or if it
//! has the job's name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::files::{template_files, yaml_files};
use super::tree::{self, Tree};
use super::{Pack, SHARED, beside, builtin, is_policy_name, not_utf8, strays};
use crate::engine::source::{Source, Span};
use crate::language::diag::{Diagnostic, ProblemSink};
use crate::language::{RUN, RuleInput};

/// A folder of rules.
#[derive(Debug)]
pub struct Folder {
    /// Each with the job that reads it, or the policy that it is; a folder of shared vocabulary alone has none.
    pub policies: Vec<(String, Pack)>,
    /// The folder itself: files that nothing reads, names that no job looks for.
    pub diagnostics: Vec<Diagnostic>,
    /// Every file of it that was looked at, by the name that messages call it.
    pub files: BTreeSet<String>,
}

/// Reads a folder of rules, and the templates beside it or in `templates`.
///
/// # Errors
/// It does not exist or cannot be read, or holds no rule files.
pub fn read(jobs: &[&'static str], folder: &Path, templates: Option<&Path>) -> Result<Folder> {
    let files = yaml_files(folder)?;
    if files.is_empty() {
        bail!("checking rules: {} holds no .yaml file", folder.display());
    }
    let texts: PathBuf = templates.map_or_else(|| beside(folder), Path::to_owned);
    if templates.is_some() && !texts.is_dir() {
        bail!("reading templates: {} is not a folder", texts.display());
    }
    policies(jobs, folder, &files, &|job| template_files(&texts, job))
}

/// Reads the folders of rules at a commit: for each job the first that has some for it. None where no
/// folder has.
///
/// # Errors
/// What was being read, where, and what was found.
pub fn of_tree(jobs: &[&'static str], tree: &dyn Tree, folders: &[String]) -> Result<Vec<Folder>> {
    let mut seen = BTreeSet::new();
    for job in jobs {
        seen.extend(tree::folder(tree, folders, job)?);
    }
    for folder in folders {
        let policies = || tree::policies(tree, std::slice::from_ref(folder), jobs);
        if !seen.contains(folder.as_str()) && !policies()?.is_empty() {
            seen.insert(folder);
        }
    }
    let read = |folder: &str| {
        let name = PathBuf::from(format!("{}:{folder}", tree.name()));
        policies(jobs, &name, &tree::rules(tree, folder)?, &|job| tree::templates(tree, folder, job))
    };
    seen.into_iter().map(read).collect()
}

/// What reads the templates of a job.
type TemplateReader<'t> = &'t dyn Fn(&str) -> Result<BTreeMap<String, Source>>;

/// The policies among the files of a folder.
fn policies(
    jobs: &[&'static str],
    folder: &Path,
    files: &BTreeMap<String, Source>,
    texts: TemplateReader<'_>,
) -> Result<Folder> {
    let mut found = Folder { policies: Vec::new(), diagnostics: Vec::new(), files: BTreeSet::new() };
    found.files.extend(files.values().map(|source| source.name.to_string()));
    let mut read: BTreeMap<String, BTreeMap<String, Source>> = BTreeMap::new();
    for (name, source) in files {
        let Some(job) = job_of(jobs, name, source) else { continue };
        if *name != format!("{job}.yaml") {
            let (message, help) = super::misplaced_told(jobs, name, &job);
            let at = super::job_key(source).map_or_else(Span::default, |(at, _)| at);
            ProblemSink { source, found: &mut found.diagnostics }.error(at, message, Some(help));
        }
        let own = match read.get(&job) {
            Some(own) => own.clone(),
            None => read.entry(job.clone()).or_insert(texts(&job)?).clone(),
        };
        found.files.extend(own.values().map(|source| source.name.to_string()));
        let names = own.keys().cloned().collect();
        let mut templates = builtin::templates(&job);
        templates.extend(own);
        let mut others = files.clone();
        others.remove(name);
        let not_utf8 = not_utf8([source].into_iter().chain(others.values()).chain(templates.values()));
        let input = RuleInput { file: source.clone(), folder: others, templates };
        let folder = Some(folder.to_owned());
        found.policies.push((job, Pack { input, folder, not_utf8, strays: Vec::new(), own: names }));
    }
    // What no policy is, is read by one or is a stray.
    let rest: BTreeMap<String, Source> =
        files.iter().filter(|(name, source)| job_of(jobs, name, source).is_none()).map(owned).collect();
    let policies: BTreeMap<String, Source> =
        files.iter().filter(|(name, _)| !rest.contains_key(*name)).map(owned).collect();
    found.diagnostics.extend(strays(jobs, policies.values(), &rest));
    Ok(found)
}

/// The built-in rules of a job, as a folder.
///
/// # Errors
/// None in practice: they are built in.
pub fn built_in(job: &'static str, jobs: &[&str]) -> Result<Folder> {
    let pack = super::gather(job, jobs, None, builtin::rules(), BTreeMap::new())?;
    let mut files = BTreeSet::from([pack.input.file.name.to_string()]);
    files.extend(pack.input.folder.values().map(|source| source.name.to_string()));
    Ok(Folder { policies: vec![(job.to_owned(), pack)], diagnostics: Vec::new(), files })
}

fn owned((name, source): (&String, &Source)) -> (String, Source) {
    (name.clone(), source.clone())
}

/// The job that a file is for, or the policy that it is.
fn job_of(jobs: &[&'static str], name: &str, source: &Source) -> Option<String> {
    let stem = name.trim_end_matches(".yaml").trim_end_matches(".yml");
    let named = jobs.iter().find(|job| **job == stem);
    if named.is_some() || SHARED.contains(&stem) {
        return named.map(|job| (*job).to_owned());
    }
    let (_, job) = super::job_key(source)?;
    let policy = job == RUN && name.ends_with(".yaml") && is_policy_name(jobs, stem);
    if policy { Some(stem.to_owned()) } else { jobs.iter().find(|known| **known == job).map(|job| (*job).to_owned()) }
}
