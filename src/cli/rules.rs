//! `kaizen rules …`: what is done with rules beside running them.
//!
//! Takes: nothing, these are the types that the arguments fill. Gives: [`Rules`] and the options of
//! its commands.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::EXIT_CODES;
use super::shared::{Shown, Target};
use super::values::instant;

/// What is done with rules.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// Make a case of an item: a wrong decision becomes a test that fails.
    ///
    /// The item is read and judged as in a run, and appended to the cases of the rules. Without
    /// --expect the case says what the rules decide now.
    #[command(after_help = EXIT_CODES)]
    Capture(Capture),
    /// Judge the rules' own cases, and say what differs.
    ///
    /// The cases are in tests/JOB.yaml below the folder of rules. Ends with 3 where one does not
    /// hold, and with --mutate where none notices a change of the rules.
    #[command(after_help = EXIT_CODES)]
    Test(Test),
}

/// Options of `rules test`.
#[derive(Debug, Args)]
pub struct Test {
    /// The jobs whose rules are tested [default: all].
    #[arg(value_name = "JOB")]
    pub jobs: Vec<String>,
    /// The folder with the rules [default: .kaizen/rules, else rules, else the built-in rules].
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// The folder with the templates [default: `templates` beside the rules folder, else built-in].
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// Say which rules, points, words and patterns no case exercises.
    #[arg(long)]
    pub coverage: bool,
    /// Change the rules a little, one change at a time, and say which changes no case notices.
    #[arg(long)]
    pub mutate: bool,
    /// The instant that the report names [default: the clock]; cases have their own.
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub now: Option<chrono::DateTime<chrono::Utc>>,
    #[command(flatten)]
    /// How it is shown.
    pub shown: Shown,
}

/// Options of `rules capture`.
#[derive(Debug, Args)]
pub struct Capture {
    /// The item: OWNER/NAME#123; 123 or #123 in the repository that a job would take.
    #[arg(value_name = "OWNER/NAME#123")]
    pub item: String,
    #[command(flatten)]
    /// Where it is.
    pub target: Target,
    /// The folder with the rules [default: .kaizen/rules, else rules, else the built-in rules].
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// The folder with the templates [default: `templates` beside the rules folder, else built-in].
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    /// What the rules should decide: action=…, rule=…, type=…, score=…, agent=… or a flag
    /// (urgent=true), with commas between them [default: what they decide now].
    #[arg(long, value_name = "NAME=VALUE,…")]
    pub expect: Option<String>,
    /// Put x for every letter that the rules do not look for, and other names for people and
    /// repositories.
    #[arg(long)]
    pub mask: bool,
    /// The file that the case is appended to; - prints it only [default: the cases of the rules].
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    /// How it is shown.
    pub shown: Shown,
}
