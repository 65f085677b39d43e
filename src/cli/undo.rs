//! Options of what looks back at runs: `undo`, `runs`.
//!
//! Takes: nothing, these are the types that the arguments fill. Gives: [`UndoOptions`], [`Runs`].

use std::path::PathBuf;

use clap::Args;

use super::shared::{OutputOptions, Target};
use super::values::{instant, repo_name};

/// Options of `undo`.
#[derive(Debug, Args)]
pub struct UndoOptions {
    /// The run, as `kaizen runs` names it [default: the last one that wrote something and was no undo].
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Print what would be undone, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Save the plan: every write, with every text in it.
    #[arg(long, value_name = "FILE")]
    pub plan_out: Option<PathBuf>,
    /// Where the journal does not hold the run: look for it in our own comments since this instant.
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub since: Option<chrono::DateTime<chrono::Utc>>,
    /// A repository to look for comments in; may be given more than once [default: as for a job].
    #[arg(long = "repo", value_name = "OWNER/NAME", value_parser = repo_name)]
    pub repos: Vec<String>,
    /// Every repository of this owner.
    #[arg(long, value_name = "NAME", conflicts_with = "repos")]
    pub org: Option<String>,
    /// The pause between two writes to a server.
    #[arg(long, value_name = "MS", default_value_t = 500, value_parser = clap::value_parser!(u64).range(..=60_000))]
    pub pause: u64,
    #[command(flatten)]
    /// Where it goes; the forge is the run's own where none is named.
    pub target: Target,
    #[command(flatten)]
    /// How it is shown.
    pub screen: OutputOptions,
}

/// Options of `runs`.
#[derive(Debug, Args)]
pub struct Runs {
    /// Where live runs are recorded.
    #[arg(long, value_name = "DIR", default_value = ".loop")]
    pub loop_dir: PathBuf,
    /// The instant of the report [default: the clock].
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub now: Option<chrono::DateTime<chrono::Utc>>,
    #[command(flatten)]
    /// How it is shown.
    pub screen: OutputOptions,
}
