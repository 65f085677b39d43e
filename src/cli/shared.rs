//! Options that several commands share.
//!
//! Takes: nothing, these are the types that the arguments fill. Gives: [`Common`], [`Target`],
//! [`OutputOptions`].

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{instant, repo_name};
use crate::forge::remote::address::Destination;

/// Options that jobs share.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// A repository; may be given more than once [default: GITHUB_REPOSITORY in Actions, else the git
    /// remote's; with a forge file, all of it].
    #[arg(long = "repo", value_name = "OWNER/NAME", value_parser = repo_name)]
    pub repos: Vec<String>,
    /// Every repository of this owner, an organisation or a person.
    #[arg(long, value_name = "NAME", conflicts_with = "repos")]
    pub org: Option<String>,
    #[command(flatten)]
    /// Where the issues are.
    pub target: Target,
    /// The folder with the rules [default: .kaizen/rules, else rules, else the built-in rules].
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// The folder with the templates [default: `templates` beside the rules folder, else built-in].
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// How many reads run at once.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub concurrency: u16,
    #[command(flatten)]
    /// How it is shown.
    pub screen: OutputOptions,
}

/// The forge, and what a run there needs.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// The forge: an address, or file:PATH, a forge recorded in one JSON document [default: KAIZEN_FORGE,
    /// else GITHUB_API_URL in Actions, else the git remote's].
    #[arg(long, value_name = "URL|file:PATH")]
    pub forge: Option<String>,
    /// A forge that something else names: a plan, the record of a run, the runner.
    #[arg(skip)]
    pub destination: Option<Destination>,
    /// A file with the token for this forge [default: KAIZEN_TOKEN, else the variables of its kind].
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Let a token go over http to another machine, where whoever is on the way can read it.
    #[arg(long)]
    pub insecure: bool,
    /// Where live runs are recorded.
    #[arg(long, value_name = "DIR", default_value = ".loop")]
    pub loop_dir: PathBuf,
    /// The instant to count ages to [default: the clock].
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub now: Option<chrono::DateTime<chrono::Utc>>,
    /// The wait before a failed request is sent again; it doubles from there.
    #[arg(long, value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=60_000))]
    pub retry_wait: u64,
}

/// How results are shown.
#[derive(Debug, Clone, Args)]
pub struct OutputOptions {
    /// How to print the result.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Print no progress.
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print every item and the full text of every write.
    #[arg(short, long)]
    pub verbose: bool,
    /// When to use colours.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
}

/// How to print the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For a comment, a summary, a file.
    Markdown,
    /// For programs.
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
