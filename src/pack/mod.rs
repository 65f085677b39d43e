//! Where rules and templates come from: a folder, or the ones built in.
//!
//! Takes: `--rules`, `--templates`, the job. Gives: the texts to check, as the engine's [`RuleInput`],
//! and whether they are one's own. Templates are looked up one by one, the folder first, then the
//! built-in ones. [`tree`] reads them of a commit, [`folders`] all that a folder holds.

mod builtin;
mod files;
pub mod folders;
pub mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::engine::source::{Source, Span};
use crate::language::diag::{Diagnostic, ProblemSink};
use crate::language::yaml::{self, Node, NodeKind};
use crate::language::{RUN, RuleInput};
use files::{is_yaml, template_files, yaml_files};

/// Rule files that belong to no job of their own name.
const SHARED: [&str; 2] = ["automations", "common"];

/// The texts of a rule folder.
#[derive(Debug)]
pub struct Pack {
    /// What the engine checks.
    pub input: RuleInput,
    /// The folder, or `None` for the built-in rules.
    pub folder: Option<PathBuf>,
    /// Bytes that are not UTF-8.
    pub not_utf8: Vec<Diagnostic>,
    /// Files of the folder that nothing reads.
    pub strays: Vec<Diagnostic>,
    /// Templates that are one's own, by name.
    pub own: BTreeSet<String>,
}

/// Texts that were read elsewhere, as a folder of rules and the one of templates beside it.
#[derive(Debug, Default)]
pub struct PackTexts {
    /// What the folder is called in messages: `acme/app@4f2a9c1:.kaizen/rules`.
    pub folder: PathBuf,
    /// Its YAML files by name.
    pub rules: BTreeMap<String, Source>,
    /// The templates of the job and the shared ones, by the name that rules call them.
    pub templates: BTreeMap<String, Source>,
}

/// The folders that are looked into where none is named, in this order.
pub const FOLDERS: [&str; 2] = [".kaizen/rules", "rules"];

/// The name of a folder of rules that stands beside the usual ones, the same wherever the checkout lies: its path from
/// where the program was started. None for the usual ones, and for one outside, whose path can be another in every run.
#[must_use]
pub fn folder_name(folder: &Path) -> Option<String> {
    let inside = match std::env::current_dir() {
        Ok(here) if folder.is_absolute() => folder.strip_prefix(here).ok()?.to_owned(),
        _ => folder.to_owned(),
    };
    let inside = inside.to_str()?;
    // At a commit: `acme/app@4f2a9c1:.kaizen/rules`.
    let inside = inside.split_once(':').filter(|(commit, _)| commit.contains('@')).map_or(inside, |(_, path)| path);
    let mut parts: Vec<&str> = inside.split(['/', '\\']).filter(|part| !matches!(*part, "" | ".")).collect();
    for usual in ["rules", ".kaizen"] {
        parts.pop_if(|last| *last == usual);
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Whether a policy can be called so: it is the name of a file and of a folder of templates, and of no job.
#[must_use]
pub fn is_policy_name(jobs: &[&str], name: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let taken = jobs.contains(&name) || SHARED.contains(&name) || matches!(name, RUN | "shared");
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(letter) && !taken
}

/// The policies among the files of a folder, by name: those that say `job: run`.
#[must_use]
pub fn policies(jobs: &[&str], files: &BTreeMap<String, Source>) -> Vec<String> {
    let named = |(name, source): (&String, &Source)| {
        let stem = name.strip_suffix(".yaml").filter(|stem| is_policy_name(jobs, stem))?;
        (job_key(source).is_some_and(|(_, job)| job == RUN)).then(|| stem.to_owned())
    };
    files.iter().filter_map(named).collect()
}

/// The policies of one's own: of the folder that is named, else of those that are looked into; of two of one name the
/// one that a run takes.
///
/// # Errors
/// A folder cannot be read.
pub fn own_policies(jobs: &[&str], rules: Option<&Path>) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    let folders = rules.map_or_else(|| FOLDERS.map(PathBuf::from).to_vec(), |rules| vec![rules.to_owned()]);
    for folder in folders.iter().filter(|folder| rules.is_some() || folder.is_dir()) {
        names.extend(policies(jobs, &yaml_files(folder)?));
    }
    Ok(names.into_iter().collect())
}

/// Whether a folder has rules for a job, or a policy.
#[must_use]
pub fn has_rules(jobs: &[&str], folder: &Path) -> bool {
    let of_job = |job: &&str| folder.join(format!("{job}.yaml")).is_file();
    jobs.iter().any(of_job) || folder.is_dir() && own_policies(jobs, Some(folder)).is_ok_and(|own| !own.is_empty())
}

/// What a file says behind `job:`, and where.
fn job_key(source: &Source) -> Option<(Span, String)> {
    // To read a file takes longer than to see that it has nothing to say here.
    if !source.text.contains("job") {
        return None;
    }
    match key(&quiet(source)?, "job")? {
        Node { span, kind: NodeKind::Text(job) } => Some((*span, job.clone())),
        _ => None,
    }
}

/// The folder of rules that a run takes: the one that is named, else the first that has rules for the job.
#[must_use]
pub fn folder(job: &str, rules: Option<&Path>) -> Option<PathBuf> {
    let has = |folder: &&Path| folder.join(format!("{job}.yaml")).is_file();
    rules.or_else(|| FOLDERS.map(Path::new).into_iter().find(has)).map(Path::to_owned)
}

/// Reads the rules and templates of a job.
///
/// # Errors
/// A folder that does not exist or cannot be read, or holds no rules for the job.
pub fn read(job: &str, jobs: &[&str], rules: Option<&Path>, templates: Option<&Path>) -> Result<Pack> {
    let folder = folder(job, rules);
    let files = match &folder {
        Some(folder) => yaml_files(folder)?,
        None => builtin::rules(),
    };
    let beside = folder.as_deref().map(beside);
    let templates = match templates {
        Some(folder) if !folder.is_dir() => bail!("reading templates: {} is not a folder", folder.display()),
        Some(folder) => Some(folder.to_owned()),
        None => beside.filter(|folder| folder.is_dir()),
    };
    let templates = templates.map_or_else(|| Ok(BTreeMap::new()), |folder| template_files(&folder, job))?;
    gather(job, jobs, folder, files, templates)
}

/// The same of texts that were read elsewhere.
///
/// # Errors
/// There are no rules for the job among them.
pub fn read_texts(job: &str, jobs: &[&str], texts: PackTexts) -> Result<Pack> {
    gather(job, jobs, Some(texts.folder), texts.rules, texts.templates)
}

/// `own` templates go before the built-in ones, one by one.
fn gather(
    job: &str,
    jobs: &[&str],
    folder: Option<PathBuf>,
    mut files: BTreeMap<String, Source>,
    own: BTreeMap<String, Source>,
) -> Result<Pack> {
    let name = format!("{job}.yaml");
    let Some(file) = files.remove(&name) else {
        let folder = folder.as_deref().unwrap_or(Path::new(""));
        let there: Vec<&str> = files.keys().map(String::as_str).collect();
        let help = if folder.as_os_str().is_empty() {
            format!("neither in {} nor built in", FOLDERS.join(" nor in "))
        } else if there.is_empty() {
            "it holds no .yaml file".to_owned()
        } else {
            format!("it holds {}", there.join(", "))
        };
        bail!("reading the rules of {job}: there is no {} ({help})", folder.join(&name).display());
    };
    let strays = if folder.is_some() { strays(jobs, [&file], &files) } else { Vec::new() };
    let mut texts = builtin::templates(job);
    let names = own.keys().cloned().collect();
    texts.extend(own);
    let not_utf8 = not_utf8([&file].into_iter().chain(files.values()).chain(texts.values()));
    Ok(Pack { input: RuleInput { file, folder: files, templates: texts }, folder, not_utf8, strays, own: names })
}

/// The folder of cases below a folder of rules.
pub const CASES: &str = "tests";

/// The cases of a job's rules: those below the folder in use, or the built-in ones of the built-in
/// rules. Beside them, what files of that folder belong to no job.
///
/// # Errors
/// What is there cannot be read.
pub fn cases(job: &str, jobs: &[&str], folder: Option<&Path>) -> Result<(Option<Source>, Vec<Diagnostic>)> {
    let Some(folder) = folder else { return Ok((builtin::cases(job), Vec::new())) };
    let mut known = jobs.to_vec();
    let own = own_policies(jobs, Some(folder))?;
    known.extend(own.iter().map(String::as_str));
    let folder = folder.join(CASES);
    let files = if folder.is_dir() { yaml_files(&folder)? } else { BTreeMap::new() };
    Ok(cases_of(job, &known, files))
}

/// The same of the files of a folder of cases, by name.
#[must_use]
pub fn cases_of(job: &str, jobs: &[&str], mut files: BTreeMap<String, Source>) -> (Option<Source>, Vec<Diagnostic>) {
    let cases = files.remove(&format!("{job}.yaml"));
    let mut found = not_utf8(cases.iter());
    for (name, source) in &files {
        let stem = name.trim_end_matches(".yaml").trim_end_matches(".yml");
        if !jobs.contains(&stem) || !name.ends_with(".yaml") {
            let known: Vec<String> = jobs.iter().map(|job| format!("{job}.yaml")).collect();
            let mut sink = ProblemSink { source, found: &mut found };
            let help = sink.nearest(name, known.iter().map(String::as_str));
            let message = format!("nothing reads {name}: cases are in a file with the name of their job or policy");
            sink.error(Span::default(), message, help);
        }
    }
    (cases, found)
}

/// The built-in rule files and templates of a job, by their paths: `rules/common.yaml`.
#[must_use]
pub fn shipped(job: &str) -> BTreeMap<String, String> {
    builtin::paths(job, &SHARED)
}

/// Rules and templates below a folder as they would be with these texts written there, by path.
/// `None` where the job would have no rule file there.
///
/// # Errors
/// What is there cannot be read.
pub fn overlaid(job: &str, jobs: &[&str], base: &Path, texts: &BTreeMap<String, String>) -> Result<Option<Pack>> {
    let folder = base.join("rules");
    let mut files = if folder.is_dir() { yaml_files(&folder)? } else { BTreeMap::new() };
    let mut templates = builtin::templates(job);
    let own = template_files(&base.join("templates"), job)?;
    let own_names = own.keys().cloned().collect();
    templates.extend(own);
    for (path, text) in texts {
        let source = Source::new(base.join(path).display().to_string(), text.as_str());
        if let Some(name) = path.strip_prefix("rules/") {
            if is_yaml(Path::new(name)) {
                files.insert(name.to_owned(), source);
            }
        } else if let Some(name) = path.strip_prefix("templates/") {
            templates.insert(name.strip_prefix(&format!("{job}/")).unwrap_or(name).to_owned(), source);
        }
    }
    let Some(file) = files.remove(&format!("{job}.yaml")) else { return Ok(None) };
    let strays = strays(jobs, [&file], &files);
    let not_utf8 = not_utf8([&file].into_iter().chain(files.values()).chain(templates.values()));
    let input = RuleInput { file, folder: files, templates };
    Ok(Some(Pack { input, folder: Some(folder), not_utf8, strays, own: own_names }))
}

/// The folder `templates` beside a folder of rules.
fn beside(rules: &Path) -> PathBuf {
    // `.` and `..` have no name: what is beside them is found by going up.
    let parent = rules.file_name().and(rules.parent()).map_or_else(|| rules.join(".."), Path::to_owned);
    parent.join("templates")
}

/// Texts that were not UTF-8, by the place of the first wrong byte.
fn not_utf8<'s>(sources: impl IntoIterator<Item = &'s Source>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for source in sources {
        if let Some(at) = source.text.find(char::REPLACEMENT_CHARACTER) {
            let span = Span::new(at, at + char::REPLACEMENT_CHARACTER.len_utf8());
            let help = "save the file as UTF-8".to_owned();
            ProblemSink { source, found: &mut found }.error(span, "a byte here is not UTF-8", Some(help));
        }
    }
    found
}

/// Files that no job reads and none extends: most often a slip in a name, and then rules that
/// somebody believes in do nothing.
fn strays<'s>(
    jobs: &[&str],
    main: impl IntoIterator<Item = &'s Source>,
    others: &'s BTreeMap<String, Source>,
) -> Vec<Diagnostic> {
    let mut extended = Vec::new();
    // To read a file takes longer than to see that it has nothing to say here.
    for source in others.values().chain(main).filter(|source| source.text.contains("extends")) {
        if let Some(NodeKind::List(names)) =
            quiet(source).and_then(|root| key(&root, "extends").map(|node| node.kind.clone()))
        {
            extended.extend(names.into_iter().filter_map(|name| match name.kind {
                NodeKind::Text(name) => Some(name),
                _ => None,
            }));
        }
    }
    let mut found = Vec::new();
    for (name, source) in others {
        let stem = name.trim_end_matches(".yaml").trim_end_matches(".yml");
        if extended.contains(name) || SHARED.contains(&stem) {
            continue;
        }
        let plain = |line: &str| line.strip_prefix("job:").is_some_and(|job| job.trim() == stem);
        if name.ends_with(".yaml") && jobs.contains(&stem) && source.text.lines().any(plain) {
            continue;
        }
        // A file that is not YAML belongs to another job, which reports it.
        let Some(root) = quiet(source) else { continue };
        let mut sink = ProblemSink { source, found: &mut found };
        match key(&root, "job") {
            Some(Node { span, kind: NodeKind::Text(job) }) if !jobs.contains(&job.as_str()) && job != RUN => {
                let jobs = jobs.iter().copied().chain([RUN]);
                let help = sink.nearest(job, jobs);
                sink.error(*span, format!("there is no job `{job}`"), help);
            }
            Some(Node { span, kind: NodeKind::Text(job) }) if misplaced(jobs, name, job) => {
                let (message, help) = misplaced_told(jobs, name, job);
                sink.error(*span, message, Some(help));
            }
            Some(_) => {}
            None => {
                let help = sink.nearest(stem, jobs.iter().copied()).unwrap_or_default();
                let help = format!(
                    "say `job: …` in it (`job: {RUN}` makes it a policy of that name), or name it in \
                     `extends: [{name}]`; {help}"
                );
                sink.error(
                    Span::default(),
                    format!("nothing reads {name}: it names no job, and no file extends it"),
                    Some(help),
                );
            }
        }
    }
    found
}

/// Whether a file of this name says that it is of a job, or a policy, and neither reads it there.
fn misplaced(jobs: &[&str], name: &str, job: &str) -> bool {
    match (job, name.strip_suffix(".yaml")) {
        (RUN, Some(stem)) => !is_policy_name(jobs, stem),
        (RUN, None) => true,
        (job, stem) => stem != Some(job),
    }
}

/// What is said of it, with what to do.
fn misplaced_told(jobs: &[&str], name: &str, job: &str) -> (String, String) {
    let stem = name.trim_end_matches(".yaml").trim_end_matches(".yml");
    let message = format!("no job and no policy reads {name}");
    let help = match (job, jobs.contains(&stem)) {
        (RUN, true) => format!("`{stem}` is the name of a job: give the policy another"),
        (RUN, false) => {
            "a policy is called by its file: letters, digits, `-`, `_` and `.`, then `.yaml`, as in stale-pulls.yaml"
                .to_owned()
        }
        (job, _) => format!(
            "`kaizen {job}` reads {job}.yaml of this folder: move the rules there, or say `job: {RUN}` to make them \
             a policy of their own"
        ),
    };
    (message, help)
}

fn quiet(source: &Source) -> Option<Node> {
    yaml::read(&mut ProblemSink { source, found: &mut Vec::new() })
}

fn key<'n>(root: &'n Node, name: &str) -> Option<&'n Node> {
    match &root.kind {
        NodeKind::Map(entries) => entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node),
        _ => None,
    }
}
