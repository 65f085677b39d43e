//! The command line.
//!
//! Takes: arguments. Gives: [`Cli`]. A link named after a job (`backlog-triage -> kaizen`) is
//! that job: the program's own file name is put before the arguments.
//!
//! - `improvement` the job over sessions
//! - `rules` what is done with rules beside running them, `undo` what looks back at runs
//! - `loops` the jobs of the loop's memory
//! - `shared` options of several commands, `values` what is written behind an option

mod improvement;
mod loops;
mod retro;
pub mod rules;
mod shared;
mod undo;
mod values;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand};

use crate::jobs;
pub use improvement::{Improvement, Merge, Priority, ProposalOptions};
pub use loops::{Backfill, CycleRetro, InLoop, Introspect, LoopGuard, LoopMerge, LoopState, StateStep, TriageScore};
pub use retro::RetroOptions;
pub use rules::{CheckOptions, DiffOptions, FactsOptions, RulesCommand, Show};
pub use shared::{ColorChoice, Common, Format, OutputOptions, Target};
pub use undo::{Runs, UndoOptions};
pub use values::ItemName;
pub(crate) use values::login_name;
use values::{agent, item, label, repo_name, sha256, span};

const EXIT_CODES: &str = "\
Exit codes:
  0   done
  1   failed; what was and was not written is said
  2   wrong usage, or refused
  3   a check found something
  4   incomplete: work was deferred
  78  bad rules or templates
When several hold: 2, 78, 1, 4, 3, 0.";

/// Scheduled jobs with declarative rules that keep a development loop healthy.
///
/// Kaizen reads issues, pull requests and loop logs of Gitea, Forgejo and GitHub, decides by YAML
/// rules, writes by Jinja templates, and says why.
#[derive(Debug, Parser)]
#[command(name = "kaizen", version, after_help = EXIT_CODES, max_term_width = 100, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub job: Job,
    /// This process judges rules for another, which limits it.
    #[arg(long, hide = true, global = true)]
    pub confined: bool,
}

/// The jobs, and what sets a repository up for them.
#[derive(Debug, Subcommand)]
pub enum Job {
    /// Score and classify the open issues, and hand the best to people and agents.
    ///
    /// The rules are rules/backlog-triage.yaml: words, points, thresholds, order, caps and texts.
    /// With --dry-run it prints what it would do, and writes nothing.
    #[command(after_help = EXIT_CODES)]
    BacklogTriage(Triage),
    /// Judge issues and pull requests by policies of your own, several of them over one reading.
    ///
    /// A policy is a file of the folder of rules that says `job: run`, called by its file: rules/stale-pulls.yaml
    /// is the policy stale-pulls. Each has its own comments, labels, summary, caps and tests. What several of them do
    /// to one item is one entry of the plan. `run backlog-triage` is `backlog-triage`.
    #[command(after_help = EXIT_CODES)]
    Run(Box<RunPolicies>),
    /// Seed the log of the loop with the merged and closed pull requests of repositories.
    ///
    /// In the order in which they ended, after what is there already; what the log has of a pull request
    /// stays as it is. Can be ended and run again.
    #[command(after_help = EXIT_CODES)]
    BackfillRetro(Box<Backfill>),
    /// Record one cycle of the loop in retro/cycles.jsonl, and sum up the last ones.
    ///
    /// Its members come from options, from a JSON object on stdin (--stdin), or, with --from-pr, from
    /// a pull request; of several the options win. A cycle is recorded once however often it is sent.
    #[command(after_help = EXIT_CODES)]
    CycleRetro(Box<CycleRetro>),
    /// Say whether there is work: 0 go, 3 idle, with the seconds to wait on stdout.
    ///
    /// Reads the queue that triage-score keeps, or, with --ask-forge, the open issues. Without work the
    /// wait doubles from run to run, up to a limit; with work it begins anew.
    #[command(after_help = EXIT_CODES)]
    LoopGuard(LoopGuard),
    /// Say what the log of the loop says: trends, types, repeated failures, outliers, what to do.
    ///
    /// Reads retro/cycles.jsonl, rotated files too, and retro/deep-triage.jsonl; writes
    /// retro/insights.json. Parameters, thresholds and texts are in rules/loop-introspect.yaml.
    #[command(after_help = EXIT_CODES)]
    LoopIntrospect(Introspect),
    /// Put two versions of a file of the loop together: the first takes in the second.
    ///
    /// Lines become the union of the lines of both, in the order of their times; of a JSON file the one
    /// with the newer `generated_at` stays. Folders are put together file by file.
    #[command(after_help = EXIT_CODES)]
    LoopMerge(LoopMerge),
    /// Keep the memory of the loop on a branch: load it before the jobs, save it after them.
    ///
    /// The branch is one commit without a past. What it holds and what the folder holds is put together, as
    /// loop-merge does it, so that of two who save at once nothing is lost. Where it cannot be read or written
    /// it warns and ends with 0: the jobs have done their work. Needs no git.
    #[command(after_help = EXIT_CODES)]
    LoopState(LoopState),
    /// Rank the open issues into queue.json, and keep those that failed too often in quarantine.json.
    #[command(after_help = EXIT_CODES)]
    TriageScore(TriageScore),
    /// Say what agents waste their sessions on, and what mending it would return.
    ///
    /// The rules are rules/improvement-proposals.yaml: what counts as waste, what it costs, what to do
    /// about it. Reads recorded sessions of any number and writes a report; with --issue it keeps an issue
    /// for each proposal that is worth one.
    #[command(after_help = EXIT_CODES)]
    ImprovementProposals(Improvement),
    /// Put together what every shard of `improvement-proposals` has counted, and report as one run would.
    #[command(after_help = EXIT_CODES)]
    Merge(Merge),
    /// Look back at the last day: figures, one improvement, and what became of the last one.
    ///
    /// The rules are rules/kaizen-retro.yaml: what counts as closed well or stuck, the suggestions, where
    /// the report goes. With --dry-run it prints the report, and publishes nothing.
    #[command(after_help = EXIT_CODES)]
    KaizenRetro(RetroOptions),
    /// Set a repository up: rules with your logins in .kaizen, workflows that run and review them.
    ///
    /// Run it anywhere in a git checkout. What a person wrote or edited is left alone. It asks for
    /// logins on a terminal, and nowhere else.
    #[command(after_help = EXIT_CODES)]
    Init(Init),
    /// Carry out a plan that --plan-out has saved: exactly that, and nothing else.
    ///
    /// Reads no rules. Every item is looked at once more; one that has changed since is left alone.
    /// Done twice, it writes nothing the second time.
    #[command(after_help = EXIT_CODES)]
    Apply(ApplyOptions),
    /// Check rules, test them, show them, see what a change of them does, make a case of an item.
    #[command(subcommand, after_help = EXIT_CODES)]
    Rules(RulesCommand),
    /// Record a forge into a file that --forge file:PATH reads back.
    ///
    /// Issues, pull requests, comments, labels, who may write, and the timelines that the rules ask
    /// for. With --mask it can be shown and committed, and the rules decide the same on it.
    #[command(after_help = EXIT_CODES)]
    Snapshot(Snapshot),
    /// Explain one item: each point and what it matched, the rule that decided, why the rules before
    /// it did not hold, and the nearest miss.
    ///
    /// Caps and what was done before are no part of it: they change when a decision is carried out,
    /// never the decision. Add -v for the points that did not hold.
    #[command(after_help = EXIT_CODES)]
    Why(Why),
    /// Take back what a run wrote, newest first, and leave alone what somebody has touched since.
    ///
    /// Labels, assignees, states, milestones, comments, texts and issues go back to what they were. It
    /// is a run of its own, which can be taken back too. With --dry-run it prints what it would do.
    #[command(after_help = EXIT_CODES)]
    Undo(UndoOptions),
    /// List the runs with what they did; one that began and never ended is named.
    #[command(after_help = EXIT_CODES)]
    Runs(Runs),
}

impl Job {
    /// The folder of the loop that the command works with, where it does.
    #[must_use]
    pub fn loop_dir(&self) -> Option<&Path> {
        Some(match self {
            Job::BacklogTriage(args) => &args.common.target.loop_dir,
            Job::Run(args) => &args.triage.common.target.loop_dir,
            Job::BackfillRetro(args) => &args.common.target.loop_dir,
            Job::CycleRetro(args) => &args.common.target.loop_dir,
            Job::LoopGuard(args) => &args.common.target.loop_dir,
            Job::LoopIntrospect(args) => &args.place.loop_dir,
            Job::LoopState(args) => &args.target.loop_dir,
            Job::TriageScore(args) => &args.common.target.loop_dir,
            Job::ImprovementProposals(args) => &args.report.common.target.loop_dir,
            Job::KaizenRetro(args) => &args.common.target.loop_dir,
            Job::Apply(args) => &args.target.loop_dir,
            Job::Undo(args) => &args.target.loop_dir,
            Job::Runs(args) => &args.loop_dir,
            Job::Rules(RulesCommand::Diff(args)) => &args.common.target.loop_dir,
            Job::Rules(_) | Job::Why(_) | Job::Snapshot(_) | Job::Init(_) | Job::Merge(_) | Job::LoopMerge(_) => {
                return None;
            }
        })
    }
}

/// Options of `why`.
#[derive(Debug, Args)]
pub struct Why {
    /// The item: OWNER/NAME#12, or #12 or 12 where one repository is meant.
    #[arg(value_name = "ITEM", value_parser = item)]
    pub item: ItemName,
    /// The policy that decides about it.
    #[arg(long, value_name = "NAME", default_value = jobs::NAMES[0])]
    pub policy: String,
    #[command(flatten)]
    /// Options that jobs share.
    pub common: Common,
}

/// Options of `snapshot`.
#[derive(Debug, Args)]
pub struct Snapshot {
    #[command(flatten)]
    /// Options that jobs share.
    pub common: Common,
    /// The file to write.
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Closed issues and pull requests too.
    #[arg(long)]
    pub closed: bool,
    /// Put x for every letter that the rules do not look for, and other names for people and
    /// repositories.
    #[arg(long)]
    pub mask: bool,
}

/// Options of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Who an agent of the rules is; may be given more than once, for example owner=mara.
    #[arg(long = "agent", value_name = "NAME=LOGIN", value_parser = agent)]
    pub agents: Vec<(String, String)>,
    /// There is nobody behind this agent: its rules do nothing.
    #[arg(long, value_name = "NAME")]
    pub without: Vec<String>,
    /// Write the templates too, to change the texts of comments.
    #[arg(long)]
    pub templates: bool,
    /// The jobs to set up: backlog-triage, improvement-proposals, kaizen-retro, loop-guard, loop-introspect
    /// [default: backlog-triage, or as it was said before].
    #[arg(long, value_name = "JOB,…", value_delimiter = ',')]
    pub jobs: Option<Vec<String>>,
    /// Write the workflow that shows on a pull request what its change of the rules does [default: yes, or
    /// as it was said before].
    #[arg(long, value_name = "yes|no", value_parser = BoolishValueParser::new(), hide_possible_values = true)]
    pub review: Option<bool>,
    /// The folder for the workflows [default: the one that the forge reads].
    #[arg(long, value_name = "DIR")]
    pub workflows: Option<String>,
    /// The label of the runner that the workflows ask for [default: ubuntu-latest].
    #[arg(long, value_name = "LABEL", value_parser = label)]
    pub runs_on: Option<String>,
    /// What a kaizen that the workflows download has to be; of several machines once for each, with its file.
    #[arg(long, value_name = "[FILE=]SHA256", value_parser = sha256)]
    pub sha256: Vec<String>,
    /// The forge, or file:PATH to try the rules on a recorded one [default: KAIZEN_FORGE, else the git remote].
    #[arg(long, value_name = "URL")]
    pub forge: Option<String>,
    /// Let a token go over http to another machine, where whoever is on the way can read it.
    #[arg(long)]
    pub insecure: bool,
    /// The repository [default: the git remote].
    #[arg(long, value_name = "OWNER/NAME", value_parser = repo_name)]
    pub repo: Option<String>,
}

/// Options of `apply`.
#[derive(Debug, Args)]
pub struct ApplyOptions {
    /// The plan.
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// The oldest plan that is carried out.
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_age: u32,
    #[command(flatten)]
    /// Where it goes.
    pub target: Target,
    #[command(flatten)]
    /// How it is shown.
    pub screen: OutputOptions,
}

/// Options of `backlog-triage`.
#[derive(Debug, Args)]
pub struct Triage {
    #[command(flatten)]
    /// Options that jobs share.
    pub common: Common,
    /// Look at this issue only; work in hand is still counted over all.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    pub only: Option<u64>,
    /// Print what would be done, and write nothing to the forge.
    #[arg(long)]
    pub dry_run: bool,
    /// Write into a file by the built-in rules too: else a live run there wants rules of your own.
    #[arg(long, conflicts_with = "dry_run")]
    pub write: bool,
    /// Run again and again, this long from start to start: 90s, 15m, 2h.
    #[arg(long, value_name = "TIME", value_parser = span, conflicts_with_all = ["now", "only", "plan_out"])]
    pub every: Option<std::time::Duration>,
    /// Save the plan: every write, with every text in it.
    #[arg(long, value_name = "FILE")]
    pub plan_out: Option<PathBuf>,
    /// End with 0 where work was left only because of the rules' own limits.
    #[arg(long)]
    pub allow_deferred: bool,
}

/// Options of `run`.
#[derive(Debug, Args)]
pub struct RunPolicies {
    /// The policies, in the order in which they decide.
    #[arg(value_name = "POLICY", required_unless_present = "all")]
    pub names: Vec<String>,
    /// Every policy of the folder of rules: backlog-triage first, if it is there, the others by name.
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    #[command(flatten)]
    /// Options that they share with `backlog-triage`.
    pub triage: Triage,
}

/// The arguments as they are read: the name of a job, if the program is called by one, comes first.
#[must_use]
pub fn arguments(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let called = args.first().and_then(|program| Path::new(program).file_stem()).and_then(|name| name.to_str());
    if let Some(job) = called.and_then(|called| jobs::NAMES.into_iter().chain(jobs::PLAIN).find(|job| *job == called)) {
        args.insert(1, OsString::from(job));
    }
    args
}
