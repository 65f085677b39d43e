//! `kaizen rules check`: every problem of rules and templates.
//!
//! Takes: [`CheckOptions`], folders, files or a revision. Gives: diagnostics on stdout as text, Markdown or JSON, as
//! annotations where a runner reads them, and an [`Exit`]: 78 on errors, 3 on warnings that are denied.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use serde_json::{Value, json};

use super::super::confined;
use super::super::rules::annotate;
use super::super::{EarlyEnd, Exit, forge, output, usage};
use super::live;
use super::revision::RuleVersion;
use crate::cli::{CheckOptions, Format};
use crate::engine::rules::Policy;
use crate::engine::untrusted;
use crate::jobs;
use crate::language::diag::{Diagnostic, Severity};
use crate::language::{LoadResult, load};
use crate::pack::folders::{self, Folder};
use crate::pack::{self, Pack};
use crate::review::check::{self, CheckedPolicy};

/// The most problems that are shown: a stranger's file may have a hundred thousand.
const SHOWN: usize = 500;

/// What a check came to.
struct CheckOutput {
    files: BTreeSet<String>,
    diagnostics: Vec<Diagnostic>,
}

/// Checks rules and prints what is found.
pub(super) fn run(args: &CheckOptions) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    if args.live {
        // Wrong usage goes before bad rules.
        forge::check(&common.target, &common.repos, common.org.as_deref())?;
    }
    let mut told = CheckOutput { files: BTreeSet::new(), diagnostics: Vec::new() };
    let mut asked = Vec::new();
    confined::begin("reading the rules");
    let named = !args.paths.is_empty() || common.rules.is_some() || common.templates.is_some();
    let found = match RuleVersion::of_options(args.head.as_deref(), named, common)? {
        Some(version) => revision(&version)?,
        None => folders(args)?,
    };
    for (folder, only) in found {
        let loaded: Vec<LoadResult> = folder.policies.iter().map(|(job, pack)| loaded(job, pack)).collect();
        told.diagnostics.extend(diagnostics(&folder, &loaded, only.as_deref()));
        let policies = loaded.into_iter().filter_map(|loaded| loaded.policy).map(|(policy, _)| policy);
        asked.extend(policies.filter(|policy| only.as_ref().is_none_or(|only| *policy.source().name == **only)));
        told.files.extend(match only {
            Some(only) => BTreeSet::from([only]),
            None => folder.files,
        });
    }
    let policies: Vec<&Policy> = asked.iter().collect();
    let failed = match args.live.then(|| live::ask(common, &policies)) {
        Some(Ok(found)) => {
            told.diagnostics.extend(found);
            None
        }
        Some(Err(stop)) => Some(stop),
        None => None,
    };
    show(args, &told)?;
    let count = |severity| told.diagnostics.iter().filter(|one| one.severity == severity).count();
    if let Some(stop) = failed {
        // What the files say stands, whatever the forge answers.
        let bad = stop.exit == Exit::Failed && count(Severity::Error) > 0;
        return Err(if bad { EarlyEnd { exit: Exit::BadRules, ..stop } } else { stop });
    }
    Ok(match (count(Severity::Error), count(Severity::Warning)) {
        (1.., _) => Exit::BadRules,
        (0, 1..) if args.deny_warnings => Exit::Found,
        _ => Exit::Done,
    })
}

/// The folders to check of a version.
fn revision(version: &RuleVersion) -> Result<Vec<(Folder, Option<String>)>, EarlyEnd> {
    confined::begin(&format!("reading the rules of {}", version.name));
    let found = version.folders()?;
    if found.is_empty() {
        version.without_rules()?;
    }
    Ok(found.into_iter().map(|folder| (folder, None)).collect())
}

/// The folders to check; with a file of one, only what concerns that file is told.
fn folders(args: &CheckOptions) -> Result<Vec<(Folder, Option<String>)>, EarlyEnd> {
    let read = |path: &Path| folders::read(&jobs::NAMES, path, args.common.templates.as_deref()).map_err(usage);
    let mut paths: Vec<PathBuf> = args.paths.clone();
    paths.extend(args.common.rules.clone().filter(|rules| !args.paths.contains(rules)));
    let mut found = Vec::new();
    for path in &paths {
        if path.is_file() {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let name = path.file_name().map(|name| parent.join(name).display().to_string());
            let folder = read(parent)?;
            if !name.as_ref().is_some_and(|name| folder.files.contains(name)) {
                return Err(usage(anyhow!("checking rules: {} is no rule file", path.display())));
            }
            found.push((folder, name));
        } else if path.is_dir() {
            found.push((read(path)?, None));
        } else {
            return Err(usage(anyhow!("checking rules: there is no {}", path.display())));
        }
    }
    if paths.is_empty() {
        let mut seen = BTreeSet::new();
        let of_jobs = jobs::NAMES.into_iter().filter_map(|job| pack::folder(job, None));
        let own = pack::own_policies(&jobs::NAMES, None).map_err(usage)?;
        for path in of_jobs.chain(own.iter().filter_map(|name| pack::folder(name, None))) {
            if seen.insert(path.clone()) {
                found.push((read(&path)?, None));
            }
        }
        // Beside rules of one's own the built-in ones of other jobs are no concern.
        if found.is_empty() {
            for job in jobs::NAMES {
                found.push((folders::built_in(job, &jobs::NAMES).map_err(usage)?, None));
            }
        }
    }
    Ok(found)
}

fn loaded(job: &str, pack: &Pack) -> LoadResult {
    confined::begin(&format!("checking {}", pack.input.file.name));
    let mut loaded = load(jobs::policy(job), &pack.input);
    loaded.diagnostics.extend(pack.not_utf8.iter().cloned());
    loaded
}

fn diagnostics(folder: &Folder, loaded: &[LoadResult], only: Option<&str>) -> Vec<Diagnostic> {
    let policies = || folder.policies.iter().map(|(_, pack)| pack).zip(loaded);
    let checked: Vec<CheckedPolicy<'_>> =
        policies().map(|(pack, loaded)| CheckedPolicy { input: &pack.input, loaded, own: &pack.own }).collect();
    // One mistake in `extends` makes a stray too: what the check of the rules says is nearer.
    let extends = loaded.iter().flat_map(|one| &one.diagnostics).any(|one| one.message.starts_with("`extends`"));
    let strays = folder.diagnostics.iter().filter(|one| !extends || one.severity == Severity::Warning);
    let mut all = check::folder(&checked, strays.cloned().collect());
    if let Some(only) = only {
        // What a policy extends and the texts it uses belong to it; shared vocabulary stands alone.
        let of_policy = policies().find(|(pack, _)| *pack.input.file.name == *only);
        let mut files = BTreeSet::from([only.to_owned()]);
        if let Some((pack, loaded)) = of_policy {
            let sources = loaded.policy.iter().flat_map(|(policy, _)| &policy.sources);
            let others = loaded.diagnostics.iter().map(|one| &one.source);
            let texts = pack.input.templates.values();
            files.extend(sources.chain(others).chain(texts).map(|source| source.name.to_string()));
        }
        all.retain(|one| files.contains(&*one.source.name));
    }
    all
}

fn show(args: &CheckOptions, told: &CheckOutput) -> Result<(), EarlyEnd> {
    let shown = &args.common.screen;
    let list = &told.diagnostics[..told.diagnostics.len().min(SHOWN)];
    list.iter().for_each(annotate);
    output::summary(|| as_markdown(told, list))?;
    match shown.format {
        Format::Json => output::print_raw(&format!("{}\n", as_json(told, list))),
        Format::Markdown => output::print_text(&as_markdown(told, list)),
        Format::Text => output::print_text(&as_text(told, list, output::style(shown).color)),
    }?;
    Ok(())
}

fn totals(told: &CheckOutput) -> (usize, usize, usize) {
    let count = |severity| told.diagnostics.iter().filter(|one| one.severity == severity).count();
    (told.files.len(), count(Severity::Error), count(Severity::Warning))
}

/// One sentence that sums it up.
fn summary(told: &CheckOutput) -> String {
    let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let (files, errors, warnings) = totals(told);
    match (errors, warnings) {
        (0, 0) => format!("{}, nothing to mend", many(files, "file")),
        _ => format!("{}, {} in {}", many(errors, "error"), many(warnings, "warning"), many(files, "file")),
    }
}

fn as_text(told: &CheckOutput, list: &[Diagnostic], color: bool) -> String {
    let color = color && !output::in_ci();
    let mut out: Vec<String> = list.iter().map(|one| format!("{}\n", one.render(color))).collect();
    if list.len() < told.diagnostics.len() {
        out.push(format!("… and {} more\n", told.diagnostics.len() - list.len()));
    }
    out.push(summary(told));
    out.push(String::new());
    out.join("\n")
}

fn as_markdown(told: &CheckOutput, list: &[Diagnostic]) -> String {
    let mut out = vec![format!("## rules check: {}", summary(told)), String::new()];
    for one in list {
        let (line, column) = one.line_column();
        let severity = severity(one);
        let place = untrusted::markdown(&format!("{}:{line}:{column}", one.source.name));
        let help = one.help.as_ref().map(|help| format!(". Help: {}", untrusted::markdown(help))).unwrap_or_default();
        out.push(format!("- **{severity}** {place}: {}{help}", untrusted::markdown(&one.message)));
    }
    if list.len() < told.diagnostics.len() {
        out.push(format!("- … and {} more", told.diagnostics.len() - list.len()));
    }
    out.push(String::new());
    out.join("\n")
}

fn severity(one: &Diagnostic) -> &'static str {
    match one.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn as_json(told: &CheckOutput, list: &[Diagnostic]) -> Value {
    let diagnostics: Vec<Value> = list
        .iter()
        .map(|one| {
            let (line, column) = one.line_column();
            let (end_line, end_column) = one.source.line_column(one.span.end);
            json!({
                "severity": severity(one), "file": &*one.source.name,
                "line": line, "column": column, "end_line": end_line, "end_column": end_column,
                "message": one.message, "help": one.help,
            })
        })
        .collect();
    let (files, errors, warnings) = totals(told);
    json!({
        "files": told.files, "diagnostics": diagnostics,
        "totals": {"files": files, "errors": errors, "warnings": warnings, "shown": list.len()},
    })
}
