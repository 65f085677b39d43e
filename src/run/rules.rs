//! Which rules a run goes by.
//!
//! Takes: the arguments, the environment. Gives: [`Rules`], or an exit whose reasons have been printed.
//! They come from a folder; in a job of the forge's CI without a checkout from the same folders of its
//! own repository, by API (fact 106); else they are built in.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use super::forge::{Wanted, remote};
use super::output::{self, variable};
use super::{Exit, Stop, say, usage};
use crate::cli::{Common, Shown, Target};
use crate::engine::rules::Policy;
use crate::engine::template::Templates;
use crate::engine::untrusted;
use crate::forge::remote::Remote;
use crate::forge::remote::address::Runner;
use crate::jobs;
use crate::language::diag::{Diagnostic, Severity};
use crate::language::{JobSpec, load};
use crate::pack::{self, Pack, Texts};

/// Rules that were found and are right.
pub(super) struct Rules {
    pub(super) policy: Policy,
    pub(super) templates: Templates,
    /// They are one's own, not the built-in ones.
    pub(super) own: bool,
}

/// Finds, checks and loads the rules. The inner error is an exit whose reasons have been printed.
pub(super) fn find(common: &Common, spec: &JobSpec) -> Result<Result<Rules, Exit>, Stop> {
    let pack = match away(common, spec.job)? {
        Some(texts) => pack::read_texts(spec.job, &jobs::NAMES, texts),
        None => pack::read(spec.job, &jobs::NAMES, common.rules.as_deref(), common.templates.as_deref()),
    };
    Ok(checked(pack.map_err(usage)?, spec, &common.shown))
}

/// Checks rules that were read. The error is an exit whose reasons have been printed.
pub(super) fn checked(pack: Pack, spec: &JobSpec, shown: &Shown) -> Result<Rules, Exit> {
    let mut loaded = load(spec, &pack.input);
    // One mistake in `extends` can make both: what the check of the rules says is nearer.
    if loaded.policy.is_some() {
        loaded.diagnostics.extend(pack.strays);
    }
    loaded.diagnostics.extend(pack.not_utf8);
    tell(&loaded.diagnostics, output::color(shown, std::io::stderr().is_terminal()));
    let errors = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    match loaded.policy {
        Some((policy, templates)) if errors == 0 => Ok(Rules { policy, templates, own: pack.folder.is_some() }),
        _ => {
            say(&format!(
                "error: the rules have {errors} {}; nothing was read or written",
                if errors == 1 { "error" } else { "errors" }
            ));
            Err(Exit::BadRules)
        }
    }
}

/// Prints problems of rules and templates.
pub(super) fn tell(diagnostics: &[Diagnostic], color: bool) {
    let color = color && !output::in_ci();
    for diagnostic in diagnostics {
        let shown = diagnostic.render(color);
        // The renderer shows control characters itself; its colours are the only ones left.
        if color {
            output::write_stderr(&shown)
        } else {
            say(&shown)
        }
        annotate(diagnostic);
    }
}

/// A line that makes GitHub show the problem at its place in a pull request; other runners log it.
pub(super) fn annotate(diagnostic: &Diagnostic) {
    if output::in_ci() {
        let (line, column) = diagnostic.line_column();
        let kind = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
        let escape = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
        let file = escape(&diagnostic.source.name).replace(':', "%3A").replace(',', "%2C");
        let help = diagnostic.help.iter().map(|help| format!(". Help: {help}"));
        let told = format!("{}{}", diagnostic.message, help.collect::<String>());
        let line = format!("::{kind} file={file},line={line},col={column}::{}", escape(&untrusted::ci_log(&told)));
        output::write_stderr(&line);
    }
}

/// The rules of this repository at the commit that the job runs for, where CI made no checkout.
fn away(common: &Common, job: &str) -> Result<Option<Texts>, Stop> {
    let named = common.rules.is_some() || pack::folder(job, None).is_some();
    let (repo, commit) = (variable("GITHUB_REPOSITORY"), commit()?);
    let (Some(repo), Some(commit)) = (repo, commit) else { return Ok(None) };
    if named || Runner::of(&variable).is_none() {
        return Ok(None);
    }
    // Its own forge and repository, whichever the job works on.
    let target = Target { forge: variable("GITHUB_API_URL"), ..common.target.clone() };
    let repos = [repo.clone()];
    let wanted = Wanted { target: &target, repos: &repos, org: None, live: false, now: chrono::Utc::now() };
    let forge = remote(&wanted)?;
    let found = fetch(&forge, &repo, &commit, job).context("reading the rules of this repository by API")?;
    if found.is_none() {
        say(&format!("{repo} holds no rules for {job} at {commit:.10}: the built-in ones are taken"));
    }
    Ok(found)
}

/// The commit that rules are read at: in a pull request its base, never its head, which may be a
/// stranger's.
fn commit() -> Result<Option<String>, Stop> {
    let event = variable("GITHUB_EVENT_NAME").unwrap_or_default();
    if !event.starts_with("pull_request") {
        return Ok(variable("GITHUB_SHA"));
    }
    let path = variable("GITHUB_EVENT_PATH").ok_or_else(|| usage(anyhow!("GITHUB_EVENT_PATH names no event")))?;
    let text = std::fs::read(&path).with_context(|| format!("reading the event {path}"))?;
    let event: Value = serde_json::from_slice(&text).with_context(|| format!("reading the event {path}"))?;
    let base = event.pointer("/pull_request/base/sha").and_then(Value::as_str);
    Ok(Some(base.ok_or_else(|| usage(anyhow!("the event {path} names no base of its pull request")))?.to_owned()))
}

fn fetch(forge: &Remote, repo: &str, commit: &str, job: &str) -> Result<Option<Texts>> {
    for folder in pack::FOLDERS {
        let names = forge.folder(repo, folder, commit)?;
        if !names.contains(&format!("{job}.yaml")) {
            continue;
        }
        let read = |folder: &str, ending: &[&str], prefix: &str| -> Result<BTreeMap<String, Vec<u8>>> {
            let mut found = BTreeMap::new();
            for name in forge.folder(repo, folder, commit)? {
                let wanted = ending.iter().any(|ending| name.ends_with(ending));
                if let Some(bytes) = if wanted { forge.file(repo, &format!("{folder}/{name}"), commit)? } else { None }
                {
                    found.insert(format!("{prefix}{name}"), bytes);
                }
            }
            Ok(found)
        };
        let templates = folder.replace("rules", "templates");
        let mut own = read(&format!("{templates}/{job}"), &[".j2"], "")?;
        own.extend(read(&format!("{templates}/shared"), &[".j2"], "shared/")?);
        return Ok(Some(Texts {
            folder: PathBuf::from(format!("{repo}@{commit:.10}:{folder}")),
            rules: read(folder, &[".yaml", ".yml"], "")?,
            templates: own,
        }));
    }
    Ok(None)
}
