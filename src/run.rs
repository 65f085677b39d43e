//! The pipeline: from arguments to a result and an exit code.
//!
//! Takes: [`Cli`], the environment. Gives: the report on stdout, everything else on stderr, an
//! [`Exit`].
//!
//! - `triage`, `retro` and `improvement_proposals` the jobs, `apply` a saved plan, `undo` a run taken back,
//!   `runs` the list of them
//! - `why` one item explained, `snapshot` a recording, `init` a checkout set up
//! - `loops` the memory of the loop: its log, queue, quarantine, guard
//! - `rules` which rules, `forge` which forge, `live` what a live run needs and leaves, `record` of runs
//! - `review` what can be asked of rules, `confined` in a process with little memory and time
//! - `output` where results go

mod apply;
mod confined;
mod forge;
mod improvement_proposals;
mod init;
mod live;
mod loops;
mod output;
mod record;
mod retro;
mod review;
mod rules;
mod runs;
mod snapshot;
mod triage;
mod undo;
mod why;

use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::{Cli, Job, OutputOptions};
use crate::engine::untrusted;
use crate::loop_dir::check_links;
use crate::plan::choice::ItemState;
use crate::report::TriageRun;
use crate::secrets;

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
    /// A check found something.
    Found,
    /// Work was deferred.
    Incomplete,
    /// Rules or templates have errors.
    BadRules,
}

impl Exit {
    /// The exit of a code.
    #[must_use]
    pub fn of(code: i32) -> Option<Exit> {
        let all = [Exit::Done, Exit::Failed, Exit::Usage, Exit::Found, Exit::Incomplete, Exit::BadRules];
        all.into_iter().find(|exit| i32::from(exit.code()) == code)
    }

    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Found => 3,
            Exit::Incomplete => 4,
            Exit::BadRules => 78,
        }
    }
}

/// A run that ends early: how, and what is said about it.
#[derive(Debug)]
struct EarlyEnd {
    exit: Exit,
    error: anyhow::Error,
    /// Trying again later is of no use: the call is wrong, or the token refused.
    ends_loop: bool,
}

impl From<anyhow::Error> for EarlyEnd {
    fn from(error: anyhow::Error) -> Self {
        EarlyEnd { exit: Exit::Failed, error, ends_loop: false }
    }
}

fn usage(error: impl Into<anyhow::Error>) -> EarlyEnd {
    EarlyEnd { exit: Exit::Usage, error: error.into(), ends_loop: true }
}

/// Prints what is wrong with the arguments, or the help that they ask for. A workflow may put a title into an argument.
#[must_use]
pub fn misread(error: &clap::Error) -> Exit {
    if error.use_stderr() && output::in_ci() {
        say(error.to_string().trim_end());
    } else {
        // Where nobody listens any more nothing can be said.
        let _ = error.print();
    }
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// Runs a command. Errors have been printed when it returns.
#[must_use]
pub fn run(cli: &Cli) -> Exit {
    for name in ["KAIZEN_TOKEN", "GITHUB_TOKEN", "GITEA_TOKEN", "FORGEJO_TOKEN"] {
        output::variable(name).iter().for_each(|token| secrets::learn(token));
    }
    if cli.confined
        && let Err(error) = confined::enter()
    {
        say(&format!("error: {error:#}"));
        return Exit::Failed;
    }
    if let Some(folder) = cli.job.loop_dir() {
        match check_links(folder) {
            Ok(links) => links.iter().for_each(|name| {
                let path = folder.join(name);
                say(&format!("warning: {} is a link, and is not followed: the next write replaces it", path.display()));
            }),
            Err(error) => {
                say(&format!("error: {error:#}"));
                return Exit::Usage;
            }
        }
    }
    let ended = match &cli.job {
        Job::Rules(rules) if rules.judges() && !cli.confined => {
            confined::supervise().map_err(|stop| review::ended(rules, stop))
        }
        Job::BacklogTriage(args) => triage::backlog(args),
        Job::Run(args) => triage::policies(args),
        Job::ImprovementProposals(args) => improvement_proposals::run(args),
        Job::Merge(args) => improvement_proposals::merge(args),
        Job::KaizenRetro(args) => retro::run(args),
        Job::Init(args) => init::init(args),
        Job::Apply(args) => apply::run(args),
        Job::Rules(rules) => review::run(rules),
        Job::Snapshot(args) => snapshot::run(args),
        Job::Why(args) => why::run(args),
        Job::Undo(args) => undo::run(args),
        Job::Runs(args) => runs::run(args),
        Job::BackfillRetro(args) => loops::backfill::run(args),
        Job::CycleRetro(args) => loops::retro::run(args),
        Job::LoopGuard(args) => loops::guard::run(args),
        Job::LoopIntrospect(args) => loops::introspect::run(args),
        Job::LoopMerge(args) => loops::merge::run(args),
        Job::LoopState(args) => loops::state::run(args),
        Job::TriageScore(args) => loops::score::run(args),
    };
    ended.unwrap_or_else(|stop| {
        say(&format!("error: {:#}", stop.error));
        stop.exit
    })
}

/// How the runs of one reading ended: as the worst of them.
fn exit(runs: &[TriageRun<'_>], allow_deferred: bool) -> Exit {
    let exits: Vec<Exit> = runs.iter().map(|run| exit_of(run, allow_deferred)).collect();
    let worst = [Exit::Failed, Exit::Incomplete].into_iter().find(|exit| exits.contains(exit));
    worst.unwrap_or(Exit::Done)
}

fn exit_of(run: &TriageRun<'_>, allow_deferred: bool) -> Exit {
    let totals = run.totals;
    let only_deferred = run.why_incomplete.len() == usize::from(totals.deferred > 0);
    // The summary is no row.
    let failed = totals.failed > 0 || run.outcomes.iter().flatten().any(|state| *state == ItemState::Failed);
    if failed {
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
    output::write_stderr(&if output::in_ci() { untrusted::ci_block(text) } else { untrusted::block(text) });
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
    fn new(shown: &OutputOptions) -> Self {
        let draws = output::draws();
        let bar = ProgressBar::new_spinner();
        bar.set_style(
            ProgressStyle::with_template("{spinner} {pos} items read ({per_sec})")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        if shown.quiet || !draws {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Progress { bar, read: AtomicUsize::new(0), plain: !shown.quiet && !draws }
    }

    fn more(&self, items: usize) {
        self.bar.inc(items as u64);
        let before = self.read.fetch_add(items, Ordering::Relaxed);
        if self.plain && before / EVERY != (before + items) / EVERY {
            say(&format!("{} items read", (before + items) / EVERY * EVERY));
        }
    }

    /// For items that are written to: their number is known.
    fn items(shown: &OutputOptions, all: usize) -> Self {
        Progress::of(shown, all, "items written")
    }

    /// For things whose number is known.
    fn of(shown: &OutputOptions, all: usize, what: &str) -> Self {
        let progress = Progress::new(shown);
        progress.bar.set_length(all as u64);
        progress.bar.set_style(
            ProgressStyle::with_template(&format!("{{spinner}} {{pos}} of {{len}} {what}"))
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        progress
    }

    fn at(&self, finished: usize) {
        self.bar.set_position(finished as u64);
    }

    fn done(&self) {
        self.bar.finish_and_clear();
    }
}
