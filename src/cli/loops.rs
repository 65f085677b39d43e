//! Options of the jobs that keep the memory of the loop.
//!
//! Takes: nothing, these are the types that the arguments fill. Gives: [`CycleRetro`], [`Backfill`], [`LoopGuard`],
//! [`TriageScore`], [`Introspect`], [`LoopMerge`], [`LoopState`], and [`InLoop`] for those that need no
//! forge.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use serde_json::Value;

use super::shared::{Common, OutputOptions, Target};
use super::values::{branch, field, instant, repo_name, window};

/// Options of a job that works in the folder of the loop alone.
#[derive(Debug, Args)]
pub struct InLoop {
    /// The folder of the loop.
    #[arg(long, value_name = "DIR", default_value = ".loop")]
    pub loop_dir: PathBuf,
    /// The instant of the run [default: the clock].
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub now: Option<DateTime<Utc>>,
    /// The folder with the rules [default: .kaizen/rules, else rules, else the built-in rules].
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// The folder with the templates [default: `templates` beside the rules folder, else built-in].
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    #[command(flatten)]
    /// How it is shown.
    pub screen: OutputOptions,
}

impl InLoop {
    /// The same as options of a job that could have a forge: what finds rules asks for those.
    #[must_use]
    pub fn common(&self) -> Common {
        Common {
            repos: Vec::new(),
            org: None,
            target: Target {
                forge: None,
                destination: None,
                token_file: None,
                insecure: false,
                loop_dir: self.loop_dir.clone(),
                now: self.now,
                retry_wait: 1000,
            },
            rules: self.rules.clone(),
            templates: self.templates.clone(),
            concurrency: 1,
            screen: self.screen.clone(),
        }
    }
}

/// Options of `loop-introspect`.
#[derive(Debug, Args)]
pub struct Introspect {
    /// The length of the two windows that are compared: 12h, 7d, 2w [default: the rules' own].
    #[arg(long, value_name = "TIME", value_parser = window)]
    pub window: Option<Duration>,
    /// Count cycles from this instant on only, in rotated files too.
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub since: Option<DateTime<Utc>>,
    /// Print the insights, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    /// Where, by which rules.
    pub place: InLoop,
}

/// Options of `cycle-retro`.
#[derive(Debug, Args)]
pub struct CycleRetro {
    /// The cycle's number [default: the next one].
    #[arg(long, value_name = "N")]
    pub cycle: Option<u64>,
    /// The issue it worked on.
    #[arg(long, value_name = "NUMBER")]
    pub issue: Option<u64>,
    /// The type of that issue.
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// Whether it came to what was wanted; without a value, it did.
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true", conflicts_with = "failed")]
    pub success: Option<bool>,
    /// It did not come to what was wanted.
    #[arg(long)]
    pub failed: bool,
    /// How long it took, in seconds.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub duration: Option<f64>,
    /// Why it ended as it did.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Lines added.
    #[arg(long, value_name = "N")]
    pub lines_added: Option<u64>,
    /// Lines removed.
    #[arg(long, value_name = "N")]
    pub lines_removed: Option<u64>,
    /// The pull request that came of it.
    #[arg(long, value_name = "NUMBER")]
    pub pr: Option<u64>,
    /// The epoch of the loop.
    #[arg(long, value_name = "TEXT")]
    pub epoch: Option<String>,
    /// Who worked.
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// When it ended [default: the instant of the run].
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub timestamp: Option<DateTime<Utc>>,
    /// Another member; may be given more than once. A value that reads as JSON is taken as such.
    #[arg(long = "field", value_name = "NAME=VALUE", value_parser = field)]
    pub fields: Vec<(String, Value)>,
    /// Read JSON objects from stdin, each a cycle; done without this too where no other option says
    /// anything of a cycle.
    #[arg(long)]
    pub stdin: bool,
    /// Take members from this pull request: type, linked issue, size, merged or not, time from open to end.
    #[arg(long, value_name = "NUMBER")]
    pub from_pr: Option<u64>,
    /// Print the cycle, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    /// Options that jobs share; those of a forge count with --from-pr.
    pub common: Common,
}

/// Options of `backfill-retro`.
#[derive(Debug, Args)]
pub struct Backfill {
    /// Leave out what ended before this instant.
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub since: Option<DateTime<Utc>>,
    /// Print what would be recorded, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    /// Options that jobs share. The types are those of the rules of backlog-triage.
    pub common: Common,
}

/// Options of `loop-guard`.
#[derive(Debug, Args)]
pub struct LoopGuard {
    /// Ask the forge for open issues, by the rules of backlog-triage, instead of reading queue.json.
    #[arg(long)]
    pub ask_forge: bool,
    /// Where there is no work, sleep as long as it says.
    #[arg(long)]
    pub wait: bool,
    /// Print what it would say, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    /// Options that jobs share; those of a forge count with --ask-forge.
    pub common: Common,
}

/// Options of `triage-score`.
#[derive(Debug, Args)]
pub struct TriageScore {
    /// Take this issue out of quarantine; may be given more than once.
    #[arg(long, value_name = "NUMBER")]
    pub release: Vec<u64>,
    /// Print the queue, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    /// Options that jobs share.
    pub common: Common,
}

/// What `loop-state` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StateStep {
    /// Before the jobs: take in what the branch holds.
    Load,
    /// After them, in a step that always runs: put the folder on the branch.
    Save,
}

/// Options of `loop-state`.
#[derive(Debug, Args)]
pub struct LoopState {
    /// Load or save.
    #[arg(value_enum, value_name = "load|save")]
    pub step: StateStep,
    /// The branch.
    #[arg(long, value_name = "NAME", default_value = "loop-state", value_parser = branch)]
    pub branch: String,
    /// The repository [default: GITHUB_REPOSITORY in Actions, else the git remote's].
    #[arg(long = "repo", value_name = "OWNER/NAME", value_parser = repo_name)]
    pub repos: Vec<String>,
    #[command(flatten)]
    /// The server and the folder.
    pub target: Target,
}

/// Options of `loop-merge`.
#[derive(Debug, Args)]
pub struct LoopMerge {
    /// A file or folder of the loop: what both have comes to stand here.
    #[arg(value_name = "OURS")]
    pub ours: PathBuf,
    /// The same, as somebody else left it.
    #[arg(value_name = "THEIRS")]
    pub theirs: PathBuf,
}
