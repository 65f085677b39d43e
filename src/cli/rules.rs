//! `kaizen rules`: what can be asked of rules.
//!
//! Takes: nothing, these are the types that the arguments fill. Gives: [`Rules`] and its options.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::shared::{Common, Shown};
use crate::jobs;

/// What can be asked of rules.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// Tell every problem of rules and templates, and what in them is probably not meant.
    ///
    /// Errors: what a run would refuse. Warnings: rules that are never reached, conditions that always
    /// or never hold, vocabulary and templates that nothing uses, words in two sets, thresholds written
    /// out in texts. Ends with 78 on errors, with 3 on warnings under --deny-warnings.
    Check(Check),
    /// List what the rules of a job can ask for: names, types, what has to be read for them.
    Facts(Facts),
    /// Print the JSON Schema of rule files, for editors.
    Schema,
    /// Print the rules of a job as they are in force, each value with the file and line it comes from.
    Show(Show),
}

/// Options of `rules check`.
#[derive(Debug, Args)]
pub struct Check {
    /// A folder of rules, or one file of it [default: the rules that the jobs would take].
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Ask the forge too, and write nothing: do labels and logins exist, has it what the actions ask for?
    #[arg(long)]
    pub live: bool,
    /// End with 3 where there are warnings.
    #[arg(long)]
    pub deny_warnings: bool,
    #[command(flatten)]
    /// Options that jobs share; those of a forge count with --live.
    pub common: Common,
}

/// Options of `rules facts`.
#[derive(Debug, Args)]
pub struct Facts {
    /// The job.
    #[arg(value_name = "JOB", value_parser = PossibleValuesParser::new(jobs::NAMES))]
    pub job: String,
    #[command(flatten)]
    /// How it is shown.
    pub shown: Shown,
}

/// Options of `rules show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The job.
    #[arg(value_name = "JOB", default_value = jobs::NAMES[0], value_parser = PossibleValuesParser::new(jobs::NAMES))]
    pub job: String,
    /// The folder with the rules [default: .kaizen/rules, else rules, else the built-in rules].
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// The folder with the templates [default: `templates` beside the rules folder, else built-in].
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
}
