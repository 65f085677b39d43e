//! `kaizen rules …`: what is done with rules beside running them.
//!
//! Takes: nothing, these are the types that the arguments fill. Gives: [`RulesCommand`] and the options of
//! its commands.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::EXIT_CODES;
use super::shared::{Common, OutputOptions, Target};
use super::values::instant;
use crate::jobs;

/// What can be asked of rules.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// Make a case of an item: a wrong decision becomes a test that fails.
    ///
    /// The item is read and judged as in a run, and appended to the cases of the rules. Without
    /// --expect the case says what the rules decide now.
    #[command(after_help = EXIT_CODES)]
    Capture(Capture),
    /// Tell every problem of rules and templates, and what in them is probably not meant.
    ///
    /// Errors: what a run would refuse. Warnings: rules that are never reached, conditions that always
    /// or never hold, vocabulary and templates that nothing uses, words in two sets, thresholds written
    /// out in texts. Ends with 78 on errors, with 3 on warnings under --deny-warnings.
    Check(CheckOptions),
    /// Show what a change of the rules does to the whole backlog, item by item.
    ///
    /// Both versions judge one reading of the items at one instant. Nothing is written but, with
    /// --comment, one comment on a pull request. Caps are left out: they change when something is
    /// done, not what. Of the other jobs what they would report is compared: kaizen-retro over the
    /// forge, loop-introspect over the log in --loop-dir, improvement-proposals over the sessions of
    /// --input, the rest by their parameters.
    #[command(after_help = EXIT_CODES)]
    Diff(Box<DiffOptions>),
    /// List what the rules of a job can ask for: names, types, what has to be read for them.
    Facts(FactsOptions),
    /// Print the JSON Schema of rule files, for editors.
    Schema,
    /// Print the rules of a job as they are in force, each value with the file and line it comes from.
    Show(Show),
    /// Judge the rules' own cases, and say what differs.
    ///
    /// The cases are in tests/JOB.yaml below the folder of rules. Ends with 3 where one does not
    /// hold, and with --mutate where none notices a change of the rules.
    #[command(after_help = EXIT_CODES)]
    Test(Test),
}

/// Options of `rules check`.
#[derive(Debug, Args)]
pub struct CheckOptions {
    /// A folder of rules, or one file of it [default: in a job of a pull request without a checkout what
    /// the pull request brings, else the rules that the jobs would take].
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The revision that is checked, of this clone, or, without one, of the repository on the forge.
    #[arg(long, value_name = "REV", conflicts_with_all = ["paths", "rules", "templates"])]
    pub head: Option<String>,
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
pub struct FactsOptions {
    /// The job, the policy, or `run` for what every policy can ask for.
    #[arg(value_name = "JOB")]
    pub job: String,
    #[command(flatten)]
    /// How it is shown.
    pub screen: OutputOptions,
}

/// Options of `rules show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The job, or the policy.
    #[arg(value_name = "JOB", default_value = jobs::NAMES[0])]
    pub job: String,
    /// The folder with the rules [default: .kaizen/rules, else rules, else the built-in rules].
    #[arg(long, value_name = "DIR")]
    pub rules: Option<PathBuf>,
    /// The folder with the templates [default: `templates` beside the rules folder, else built-in].
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
}

impl RulesCommand {
    /// Rules or templates that may be a stranger's are judged: in a confined process.
    #[must_use]
    pub fn judges(&self) -> bool {
        matches!(
            self,
            RulesCommand::Capture(_) | RulesCommand::Check(_) | RulesCommand::Diff(_) | RulesCommand::Test(_)
        )
    }
}

/// Options of `rules test`.
#[derive(Debug, Args)]
pub struct Test {
    /// The jobs and policies whose rules are tested [default: those with rules of one's own; without any, all jobs].
    #[arg(value_name = "JOB")]
    pub jobs: Vec<String>,
    /// The revision that is tested, with its cases: of this clone, or, without one, of the repository on
    /// the forge [default: in a job of a pull request without a checkout what the pull request brings].
    #[arg(long, value_name = "REV", conflicts_with_all = ["rules", "templates"])]
    pub head: Option<String>,
    /// Say which rules, points, conditions, words and patterns no case exercises.
    #[arg(long)]
    pub coverage: bool,
    /// Change the rules a little, one change at a time, and say which changes no case notices.
    #[arg(long)]
    pub mutate: bool,
    /// Name rules that have no cases, instead of ending with 3 because nothing of them was tested.
    #[arg(long)]
    pub allow_untested: bool,
    #[command(flatten)]
    /// Options that jobs share; those of a forge count with --head. Cases have an instant of their own.
    pub common: Common,
}

/// Options of `rules capture`.
#[derive(Debug, Args)]
pub struct Capture {
    /// The item: OWNER/NAME#123; 123 or #123 in the repository that a job would take.
    #[arg(value_name = "OWNER/NAME#123")]
    pub item: String,
    /// The policy whose case it becomes.
    #[arg(long, value_name = "NAME", default_value = jobs::NAMES[0])]
    pub policy: String,
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
    pub screen: OutputOptions,
}

/// Options of `rules diff`.
#[derive(Debug, Args)]
pub struct DiffOptions {
    /// The jobs and policies whose rules are compared [default: backlog-triage].
    #[arg(value_name = "JOB")]
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
    /// Recorded sessions that the rules of improvement-proposals are compared over: a file, a folder or a
    /// pattern; may be given more than once.
    #[arg(long = "input", value_name = "FILE")]
    pub inputs: Vec<String>,
    /// Where the window of kaizen-retro begins, and from when on loop-introspect counts cycles.
    #[arg(long, value_name = "RFC3339", value_parser = instant)]
    pub since: Option<chrono::DateTime<chrono::Utc>>,
    /// The agents, for kaizen-retro, as JSON: {"agents": [{"name", "active"}]}.
    #[arg(long, value_name = "FILE")]
    pub fleet: Option<PathBuf>,
    #[command(flatten)]
    /// Options that jobs share.
    pub common: Common,
}
