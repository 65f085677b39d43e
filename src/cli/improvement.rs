//! Options of `improvement-proposals` and `merge`.
//!
//! Takes: nothing, these are the types that the arguments fill. Gives: [`Improvement`], [`Merge`].

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::shared::Common;

/// Options of `improvement-proposals`.
#[derive(Debug, Args)]
pub struct Improvement {
    /// Recorded sessions: a file, a folder, a pattern such as 'logs/**/*.jsonl', or - for stdin; may be given
    /// more than once. JSON, JSON lines and Claude Code's transcripts are known, gzip too.
    #[arg(long = "input", value_name = "FILE", required = true)]
    pub inputs: Vec<String>,
    /// Read this part of the sessions only, and print what `kaizen merge` puts together.
    #[arg(long, value_name = "I/N", value_parser = shard, conflicts_with = "issue")]
    pub shard: Option<(u32, u32)>,
    #[command(flatten)]
    /// What is made of the sessions.
    pub report: ProposalOptions,
}

/// Options of `merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// What every `--shard` of one reading has printed.
    #[arg(value_name = "PART", required = true)]
    pub parts: Vec<PathBuf>,
    #[command(flatten)]
    /// What is made of the sessions.
    pub report: ProposalOptions,
}

/// What is made of counted sessions.
#[derive(Debug, Args)]
pub struct ProposalOptions {
    /// Hours a month from which a proposal is made [default: the rules' own].
    #[arg(long, value_name = "HOURS", value_parser = amount)]
    pub threshold: Option<f64>,
    /// What an hour costs [default: the rules' own].
    #[arg(long, value_name = "MONEY", value_parser = amount)]
    pub hourly_rate: Option<f64>,
    /// Write the result to this file instead of stdout.
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Keep an issue for each proposal of at least --issue-from.
    #[arg(long)]
    pub issue: bool,
    /// The lowest priority that gets an issue.
    #[arg(long, value_enum, value_name = "PRIORITY", default_value_t = Priority::High, requires = "issue")]
    pub issue_from: Priority,
    /// Write nothing: neither issues nor the record of what was proposed.
    #[arg(long)]
    pub dry_run: bool,
    /// Write into a file by the built-in rules too: else a live run there wants rules of your own.
    #[arg(long, conflicts_with = "dry_run")]
    pub write: bool,
    /// Save the plan: every write, with every text in it.
    #[arg(long, value_name = "FILE", requires = "issue")]
    pub plan_out: Option<PathBuf>,
    /// End with 0 where work was left only because of the rules' own limits.
    #[arg(long)]
    pub allow_deferred: bool,
    #[command(flatten)]
    /// Options that jobs share.
    pub common: Common,
}

/// How urgent a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Priority {
    /// The least.
    Low,
    /// More than low.
    Medium,
    /// More than medium.
    High,
    /// The most.
    Critical,
}

impl Priority {
    /// The priority that a rule's word names; what is no such word is the least.
    #[must_use]
    pub fn of(word: &str) -> Priority {
        match word {
            "critical" => Priority::Critical,
            "high" => Priority::High,
            "medium" => Priority::Medium,
            _ => Priority::Low,
        }
    }
}

/// `2/4`: the second of four.
fn shard(text: &str) -> Result<(u32, u32), String> {
    let help = || "write I/N, for example 2/4, the second of four".to_owned();
    let (index, of) = text.split_once('/').ok_or_else(help)?;
    let (index, of) = (index.parse::<u32>().map_err(|_| help())?, of.parse::<u32>().map_err(|_| help())?);
    if (1..=1_000).contains(&of) && (1..=of).contains(&index) { Ok((index, of)) } else { Err(help()) }
}

/// A number that is not below zero.
fn amount(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "write a number, zero or more".to_owned())
}
