//! Which rules a run goes by.
//!
//! Takes: the arguments, the environment. Gives: [`RulesInForce`], or an exit whose reasons have been printed.
//! They come from a folder; in a job of the forge's CI without a checkout from the same folders of its
//! own repository, by API (fact 106); else they are built in.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use super::forge::{ForgeRequest, forge_file, of_actions, remote};
use super::output::{self, variable};
use super::{EarlyEnd, Exit, say, usage};
use crate::advise::Advice;
use crate::cli::{Common, OutputOptions, RunPolicies, Target};
use crate::engine::rules::Policy;
use crate::engine::template::Templates;
use crate::engine::untrusted;
use crate::forge::remote::Remote;
use crate::forge::remote::address::Runner;
use crate::jobs;
use crate::language::diag::{Diagnostic, Severity, nearest_argument};
use crate::language::sinks::SinkSetting;
use crate::language::{JobSpec, LoadResult, RUN, load};
use crate::pack::tree::{self, Tree};
use crate::pack::{self, Pack, PackTexts};

/// Rules that were found and are right.
pub(super) struct RulesInForce {
    pub(super) policy: Policy,
    pub(super) templates: Templates,
    /// What the file says beside its judgement of items.
    pub(super) advice: Advice,
    /// Where its report goes.
    pub(super) sinks: Vec<SinkSetting>,
    /// They are one's own, not the built-in ones.
    pub(super) own: bool,
}

/// Finds, checks and loads the rules. The inner error is an exit whose reasons have been printed.
pub(super) fn find(common: &Common, spec: &JobSpec) -> Result<Result<RulesInForce, Exit>, EarlyEnd> {
    let pack = match away(common, spec.job)? {
        Some(texts) => pack::read_texts(spec.job, &jobs::NAMES, texts),
        None => pack::read(spec.job, &jobs::NAMES, common.rules.as_deref(), common.templates.as_deref()),
    };
    Ok(checked(spec, pack.map_err(usage)?, &common.screen, "the rules"))
}

/// The names of the policies that are to run, each once. With `--all` those of one's own; without any, the built-in one.
pub(super) fn names(args: &RunPolicies) -> Result<Vec<String>, EarlyEnd> {
    let common = &args.triage.common;
    let triage = jobs::backlog_triage::SPEC.job;
    let mut names: Vec<String> = Vec::new();
    if args.all {
        let mut own = pack::own_policies(&jobs::NAMES, common.rules.as_deref()).map_err(usage)?;
        let has = |folder: PathBuf| folder.join(format!("{triage}.yaml")).is_file();
        let mut found = pack::folder(triage, common.rules.as_deref()).is_some_and(has);
        if own.is_empty() && !found && common.rules.is_none() {
            let there = at_commit(common, |tree, folders| {
                let found = tree::folder(tree, folders, triage)?.is_some();
                Ok((tree::policies(tree, folders, &jobs::NAMES)?, found))
            })?;
            (own, found) = there.unwrap_or_default();
        }
        names.extend((found || own.is_empty() && common.rules.is_none()).then(|| triage.to_owned()));
        names.extend(own);
        if names.is_empty() {
            let folder = common.rules.as_deref().unwrap_or(Path::new("")).display();
            return Err(usage(anyhow!("{folder} holds no policy: a rule file that says `job: {RUN}` is one")));
        }
    }
    for name in &args.names {
        if let Some(job) = jobs::spec(name).filter(|spec| spec.job != triage) {
            let help = format!("`kaizen {}` runs it", job.job);
            return Err(usage(anyhow!("`{name}` is a job, and no policy over issues and pull requests: {help}")));
        }
        if name != triage && !pack::is_policy_name(&jobs::NAMES, name) {
            return Err(usage(anyhow!(
                "`{name}` is no name of a policy: a policy is called by its file, without .yaml"
            )));
        }
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    Ok(names)
}

/// What the rules of this job or policy are asked for. Of a policy there has to be a file, here or, where `elsewhere`
/// is read, there.
pub(super) fn spec(name: &str, rules: Option<&Path>, elsewhere: bool) -> Result<&'static JobSpec, EarlyEnd> {
    if let Some(spec) = jobs::spec(name) {
        return Ok(spec);
    }
    let own = pack::own_policies(&jobs::NAMES, rules).map_err(usage)?;
    if own.iter().any(|known| known == name) || elsewhere && pack::is_policy_name(&jobs::NAMES, name) {
        return Ok(jobs::policy(name));
    }
    let known = jobs::NAMES.into_iter().chain(own.iter().map(String::as_str));
    let help = nearest_argument(name, known).unwrap_or_default();
    Err(usage(anyhow!("there is no job and no policy `{name}`; {help}")))
}

/// The same of rules over items alone.
pub(super) fn policy(name: &str, rules: Option<&Path>) -> Result<&'static JobSpec, EarlyEnd> {
    let spec = spec(name, rules, false)?;
    match spec.items.is_some_and(|items| items.decides) {
        true => Ok(spec),
        false => Err(usage(anyhow!("`{name}` is a job that decides nothing about single issues and pull requests"))),
    }
}

/// Checks and loads what was read; the error is an exit whose reasons have been printed. `what` is what
/// messages call these rules.
pub(super) fn checked(spec: &JobSpec, pack: Pack, shown: &OutputOptions, what: &str) -> Result<RulesInForce, Exit> {
    check_pack(spec, pack, shown).map_err(|found| {
        say(&format!("error: {what} have {}; nothing was read or written", errors(&found)));
        Exit::BadRules
    })
}

/// The same; the error is what was found, which has been printed.
pub(super) fn check_pack(spec: &JobSpec, pack: Pack, shown: &OutputOptions) -> Result<RulesInForce, Vec<Diagnostic>> {
    let loaded = load(spec, &pack.input);
    accepted(loaded, pack, shown)
}

/// What came of loading, told, where there was no error.
pub(super) fn accepted(
    mut loaded: LoadResult,
    pack: Pack,
    shown: &OutputOptions,
) -> Result<RulesInForce, Vec<Diagnostic>> {
    // One mistake in `extends` can make both: what the check of the rules says is nearer.
    if loaded.policy.is_some() {
        loaded.diagnostics.extend(pack.strays);
    }
    loaded.diagnostics.extend(pack.not_utf8);
    tell(&loaded.diagnostics, output::color(shown, std::io::stderr().is_terminal()));
    let right = loaded.diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error);
    match loaded.policy {
        Some((mut policy, templates)) if right => {
            let own = pack.folder.as_deref().and_then(pack::folder_name);
            policy.mark = own.map_or_else(|| policy.name.clone(), |own| format!("{own}/{}", policy.name));
            Ok(RulesInForce {
                policy,
                templates,
                advice: loaded.advice,
                sinks: loaded.sinks,
                own: pack.folder.is_some(),
            })
        }
        _ => Err(loaded.diagnostics),
    }
}

/// Whether a live run may go by these rules. Built-in ones nobody here has looked at: a server wants one's own, and a
/// file one's own or `--write`.
pub(super) fn looked_at(rules: &RulesInForce, job: &str, target: &Target, write: bool) -> Result<(), EarlyEnd> {
    if rules.own {
        return Ok(());
    }
    let look = "--dry-run shows what they would do";
    let own = format!("`kaizen init --jobs {job}` writes rules of your own, --rules names a folder of them");
    match forge_file(target) {
        Some(_) if write => Ok(()),
        Some(file) => Err(usage(anyhow!(
            "a live run by the built-in rules would write to {}: {look}, --write lets it write; {own}",
            file.display()
        ))),
        None => Err(usage(anyhow!("these are the built-in rules, and a live run needs one's own: {own}; {look}"))),
    }
}

/// `1 error`, `3 errors`.
pub(super) fn errors(found: &[Diagnostic]) -> String {
    let errors = found.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    format!("{errors} {}", if errors == 1 { "error" } else { "errors" })
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
        // Of a file that was read at a commit, `acme/app@4f2a9c1d2e:rules/x.yaml`, the path is its place.
        let name = &*diagnostic.source.name;
        let path = name.split_once(':').filter(|(commit, _)| commit.contains('@')).map_or(name, |(_, path)| path);
        let file = escape(path).replace(':', "%3A").replace(',', "%2C");
        let help = diagnostic.help.iter().map(|help| format!(". Help: {help}"));
        let told = format!("{}{}", diagnostic.message, help.collect::<String>());
        let line = format!("::{kind} file={file},line={line},col={column}::{}", escape(&untrusted::ci_log(&told)));
        output::write_stderr(&line);
    }
}

/// The rules of this repository at the commit that the job runs for, where CI made no checkout.
fn away(common: &Common, job: &str) -> Result<Option<PackTexts>, EarlyEnd> {
    if common.rules.is_some() || pack::folder(job, None).is_some() {
        return Ok(None);
    }
    let found = at_commit(common, |tree, folders| Ok((tree::texts(tree, folders, job)?, tree.name())))?;
    Ok(found.and_then(|(texts, name)| {
        if texts.is_none() {
            let (repo, commit) = name.split_once('@').unwrap_or((&name, ""));
            say(&format!("{repo} holds no rules for {job} at {commit}: the built-in ones are taken"));
        }
        texts
    }))
}

/// The same repository at that commit, where this is such a job.
fn at_commit<T>(common: &Common, read: impl Fn(&dyn Tree, &[String]) -> Result<T>) -> Result<Option<T>, EarlyEnd> {
    let (repo, commit) = (variable("GITHUB_REPOSITORY"), commit()?);
    let (Some(repo), Some(commit)) = (repo, commit) else { return Ok(None) };
    if Runner::of(&variable).is_none() {
        return Ok(None);
    }
    // Its own forge and repository, whichever the job works on.
    let target = of_actions(&common.target);
    let repos = [repo.clone()];
    let wanted = ForgeRequest { target: &target, repos: &repos, org: None, live: false, now: chrono::Utc::now() };
    let forge = remote(&wanted)?;
    let tree = Commit { forge: &forge, repo: &repo, commit: &commit };
    let found = read(&tree, &pack::FOLDERS.map(str::to_owned));
    Ok(Some(found.context("reading the rules of this repository by API")?))
}

/// A commit of a repository on a server.
pub(super) struct Commit<'c> {
    pub(super) forge: &'c Remote,
    pub(super) repo: &'c str,
    pub(super) commit: &'c str,
}

impl Tree for Commit<'_> {
    fn name(&self) -> String {
        format!("{}@{:.10}", self.repo, self.commit)
    }

    fn folder(&self, path: &str) -> Result<Vec<String>> {
        self.forge.folder(self.repo, path, self.commit)
    }

    fn file(&self, path: &str) -> Result<Option<Vec<u8>>> {
        self.forge.file(self.repo, path, self.commit)
    }
}

/// The commit that rules are read at: in a pull request its base, never its head, which may be a
/// stranger's.
fn commit() -> Result<Option<String>, EarlyEnd> {
    match event()? {
        Some(event) => Ok(Some(event.base)),
        None => Ok(variable("GITHUB_SHA")),
    }
}

/// The two sides of the pull request that a job of the forge's CI runs for.
pub(super) struct PullSides {
    pub(super) base: String,
    /// What somebody, maybe a stranger, wants to merge: to be read as data, never to be run.
    pub(super) head: Option<String>,
}

/// The event of a pull request, where this is a job of one.
pub(super) fn event() -> Result<Option<PullSides>, EarlyEnd> {
    if !variable("GITHUB_EVENT_NAME").is_some_and(|name| name.starts_with("pull_request")) {
        return Ok(None);
    }
    let path = variable("GITHUB_EVENT_PATH").ok_or_else(|| usage(anyhow!("GITHUB_EVENT_PATH names no event")))?;
    let text = crate::files::read(path.as_ref(), 64 << 20).with_context(|| format!("reading the event {path}"))?;
    let event: Value = serde_json::from_slice(&text).with_context(|| format!("reading the event {path}"))?;
    let sha = |side: &str| {
        let pointer = format!("/pull_request/{side}/sha");
        event.pointer(&pointer).and_then(Value::as_str).filter(|sha| !sha.is_empty()).map(str::to_owned)
    };
    let base = sha("base").ok_or_else(|| usage(anyhow!("the event {path} names no base of its pull request")))?;
    Ok(Some(PullSides { base, head: sha("head") }))
}
