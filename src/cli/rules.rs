//! The options of `kaizen rules …`: what the reviewer of a change of rules runs.
//!
//! Takes: nothing, these are the types that the arguments fill. Gives: [`Rules`].

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::{Common, EXIT_CODES};
use crate::jobs;

/// Options of `rules`.
#[derive(Debug, Args)]
pub struct Rules {
    /// What to do with them.
    #[command(subcommand)]
    pub command: Review,
}

/// What can be done with rules.
#[derive(Debug, Subcommand)]
pub enum Review {
    /// Show what a change of the rules does to the whole backlog, item by item.
    ///
    /// Both versions judge one reading of the items at one instant. Nothing is written but, with
    /// --comment, one comment on a pull request. Caps are left out: they change when something is
    /// done, not what.
    #[command(after_help = EXIT_CODES)]
    Diff(Box<Diff>),
}

/// Options of `rules diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// The jobs whose rules are compared [default: all that have some].
    #[arg(value_name = "JOB", value_parser = PossibleValuesParser::new(jobs::NAMES))]
    pub jobs: Vec<String>,
    /// What to compare with: a folder of rules, or a revision of this clone (its merge base with the
    /// other side), or, without a clone, of the repository on the forge [default: in a job of a pull
    /// request its base].
    #[arg(long, value_name = "REV|DIR")]
    pub base: Option<String>,
    /// The revision that is compared [default: in a job of a pull request its head, else the working
    /// tree].
    #[arg(long, value_name = "REV", conflicts_with_all = ["rules", "templates"])]
    pub head: Option<String>,
    /// End with 3 where this holds for the totals of a job, for example 'changed > 20 or closes > 0'.
    #[arg(long, value_name = "EXPR")]
    pub fail_on: Option<String>,
    /// Keep the report as one comment on this pull request.
    #[arg(long, value_name = "PR", value_parser = clap::value_parser!(u64).range(1..))]
    pub comment: Option<u64>,
    #[command(flatten)]
    /// Options that jobs share.
    pub common: Common,
}
