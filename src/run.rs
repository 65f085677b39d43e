//! The pipeline: from arguments to a result and an exit code.
//!
//! Takes: [`Cli`], the environment. Gives: the report on stdout, everything else on stderr, an
//! [`Exit`]. One stage a line in [`backlog_triage`].

mod init;
mod output;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, anyhow};
use chrono::Utc;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::{Cli, Common, Job, Triage};
use crate::engine::rules::Policy;
use crate::engine::template::Templates;
use crate::engine::untrusted;
use crate::forge::Forge;
use crate::forge::file::FileForge;
use crate::jobs::items::Asked;
use crate::jobs::{self, backlog_triage};
use crate::language::diag::{Diagnostic, Severity};
use crate::language::{JobSpec, load};
use crate::pack;
use crate::report::Run;

/// The version of this program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done,
    /// Something failed.
    Failed,
    /// Wrong usage, or refused.
    Usage,
    /// Work was deferred.
    Incomplete,
    /// Rules or templates have errors.
    BadRules,
}

impl Exit {
    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Incomplete => 4,
            Exit::BadRules => 78,
        }
    }
}

/// A run that ends early: how, and what is said about it.
#[derive(Debug)]
struct Stop {
    exit: Exit,
    error: anyhow::Error,
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Stop { exit: Exit::Failed, error }
    }
}

fn usage(error: impl Into<anyhow::Error>) -> Stop {
    Stop { exit: Exit::Usage, error: error.into() }
}

/// Runs a command. Errors have been printed when it returns.
#[must_use]
pub fn run(cli: &Cli) -> Exit {
    let ended = match &cli.job {
        Job::BacklogTriage(args) => backlog_triage(args),
        Job::Init(args) => init::init(args),
    };
    match ended {
        Ok(exit) => exit,
        Err(stop) => {
            say(&format!("error: {:#}", stop.error));
            stop.exit
        }
    }
}

fn backlog_triage(args: &Triage) -> Result<Exit, Stop> {
    let common = &args.common;
    let now = common.now.unwrap_or_else(Utc::now);
    let path = forge_path(common)?;
    if !args.dry_run {
        let help = "run it with --dry-run, and save the plan with --plan-out FILE";
        return Err(usage(anyhow!("this version plans and writes nothing: {help}")));
    }
    let (policy, templates) = match rules(common, &backlog_triage::SPEC)? {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(exit),
    };
    let forge = FileForge::open(path).context("opening the forge")?;
    let repos = repos(common, &forge)?;
    let progress = Progress::new(common);
    let more = |items| progress.more(items);
    let threads = usize::from(common.concurrency);
    let asked = Asked { forge: &forge, repos, policy: &policy, now, threads, only: args.only, progress: &more };
    let run = backlog_triage::triage(&asked, &templates, VERSION)?;
    progress.done();
    if let Some(only) = args.only.filter(|_| run.rows.is_empty()) {
        return Err(usage(anyhow!(
            "no item #{only} is in scope of the rules: it does not exist, is closed, or `scope` leaves it out"
        )));
    }
    if let Some(path) = &args.plan_out {
        output::save_plan(path, &run.plan(VERSION))?;
    }
    output::print(&run, common)?;
    output::for_ci(&run)?;
    let exit = exit(&run, args.allow_deferred);
    // The program ends here: giving back a hundred thousand records one by one serves nobody.
    std::mem::forget(run);
    Ok(exit)
}

/// Finds, checks and loads the rules. The inner error is an exit whose reasons have been printed.
fn rules(common: &Common, spec: &JobSpec) -> Result<Result<(Policy, Templates), Exit>, Stop> {
    let pack =
        pack::read(spec.job, &jobs::NAMES, common.rules.as_deref(), common.templates.as_deref()).map_err(usage)?;
    let mut loaded = load(spec, &pack.input);
    // One mistake in `extends` can make both: what the check of the rules says is nearer.
    if loaded.policy.is_some() {
        loaded.diagnostics.extend(pack.strays);
    }
    loaded.diagnostics.extend(pack.not_utf8);
    tell(&loaded.diagnostics, output::color(common, std::io::stderr().is_terminal()));
    let errors = loaded.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    match loaded.policy {
        Some(loaded) if errors == 0 => Ok(Ok(loaded)),
        _ => {
            say(&format!(
                "error: the rules have {errors} {}; nothing was read or written",
                if errors == 1 { "error" } else { "errors" }
            ));
            Ok(Err(Exit::BadRules))
        }
    }
}

/// Prints problems of rules and templates.
fn tell(diagnostics: &[Diagnostic], color: bool) {
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
fn annotate(diagnostic: &Diagnostic) {
    if output::in_ci() {
        let (line, column) = diagnostic.line_column();
        let kind = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
        let escape = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
        let file = escape(&diagnostic.source.name).replace(':', "%3A").replace(',', "%2C");
        let line = format!(
            "::{kind} file={file},line={line},col={column}::{}",
            escape(&untrusted::ci_log(&diagnostic.message))
        );
        output::write_stderr(&line);
    }
}

/// The file of the forge that was asked for.
fn forge_path(common: &Common) -> Result<&Path, Stop> {
    let Some(forge) = &common.forge else {
        return Err(usage(anyhow!("no forge is named: give --forge file:PATH, a forge recorded in one JSON document")));
    };
    let Some(path) = forge.strip_prefix("file:").map(Path::new) else {
        return Err(usage(anyhow!("--forge: this version reads forges recorded in a file; write file:PATH")));
    };
    if !path.exists() {
        return Err(usage(anyhow!("--forge: there is no file {}", path.display())));
    }
    Ok(path)
}

/// Indices of the repositories that were asked for.
fn repos(common: &Common, forge: &dyn Forge) -> Result<Vec<usize>, Stop> {
    let there = forge.repos();
    if let Some(org) = &common.org {
        let of_org = |name: &str| name.split_once('/').is_some_and(|(owner, _)| owner.eq_ignore_ascii_case(org));
        let found: Vec<usize> = (0..there.len()).filter(|index| of_org(&there[*index].name)).collect();
        return if found.is_empty() {
            Err(usage(anyhow!("{} holds no repository of {org}", forge.name())))
        } else {
            Ok(found)
        };
    }
    if common.repos.is_empty() {
        return Ok((0..there.len()).collect());
    }
    let mut found = Vec::new();
    for name in &common.repos {
        // Forges do not tell names apart by case.
        let Some(index) = there.iter().position(|repo| repo.name.eq_ignore_ascii_case(name)) else {
            let known: Vec<&str> = there.iter().take(10).map(|repo| repo.name.as_str()).collect();
            return Err(usage(anyhow!(
                "--repo: {} has no repository {name}; it has {}",
                forge.name(),
                known.join(", ")
            )));
        };
        if !found.contains(&index) {
            found.push(index);
        }
    }
    Ok(found)
}

fn exit(run: &Run<'_>, allow_deferred: bool) -> Exit {
    let totals = run.totals;
    let only_deferred = run.why_incomplete.len() == usize::from(totals.deferred > 0);
    if totals.failed > 0 {
        Exit::Failed
    } else if allow_deferred && only_deferred {
        if totals.deferred > 0 {
            say(&format!("warning: {} items were deferred by the rules' own limits", totals.deferred));
        }
        Exit::Done
    } else if run.complete {
        Exit::Done
    } else {
        Exit::Incomplete
    }
}

/// One line for people on stderr.
fn say(text: &str) {
    output::write_stderr(&untrusted::ci_block(text));
}

/// Progress: a bar on a terminal, a line now and then elsewhere, nothing with `-q`.
struct Progress {
    bar: ProgressBar,
    read: AtomicUsize,
    plain: bool,
}

/// A line of progress each so many items, where there is no terminal.
const EVERY: usize = 25_000;

impl Progress {
    fn new(common: &Common) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::new_spinner();
        bar.set_style(
            ProgressStyle::with_template("{spinner} {pos} items read ({per_sec})")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        if common.quiet || !terminal {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Progress { bar, read: AtomicUsize::new(0), plain: !common.quiet && !terminal }
    }

    fn more(&self, items: usize) {
        self.bar.inc(items as u64);
        let before = self.read.fetch_add(items, Ordering::Relaxed);
        if self.plain && before / EVERY != (before + items) / EVERY {
            say(&format!("{} items read", (before + items) / EVERY * EVERY));
        }
    }

    fn done(&self) {
        self.bar.finish_and_clear();
    }
}

/// Flushes what was written to stdout; a reader that went away is no error.
pub(crate) fn finish(out: &mut impl Write, result: std::io::Result<()>) -> Result<()> {
    match result.and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("writing the result to stdout"),
    }
}
