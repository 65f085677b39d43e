//! The command line.
//!
//! Takes: arguments. Gives: [`Cli`]. A link named after a job (`backlog-triage -> kaizen`) is
//! that job: the program's own file name is put before the arguments.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::jobs;

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
    /// Set a repository up: rules with your logins in .kaizen, a workflow that runs them.
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
    Apply(Apply),
    /// Record a forge into a file that --forge file:PATH reads back.
    ///
    /// Issues, pull requests, comments, labels, who may write, and the timelines that the rules ask
    /// for. With --mask it can be shown and committed, and the rules decide the same on it.
    #[command(after_help = EXIT_CODES)]
    Snapshot(Snapshot),
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
    /// The folder for the workflow [default: the one that the forge reads].
    #[arg(long, value_name = "DIR")]
    pub workflows: Option<String>,
    /// The label of the runner that the workflow asks for [default: ubuntu-latest].
    #[arg(long, value_name = "LABEL", value_parser = label)]
    pub runs_on: Option<String>,
    /// The forge, or file:PATH to try the rules on a recorded one [default: the git remote].
    #[arg(long, value_name = "URL")]
    pub forge: Option<String>,
    /// The repository [default: the git remote].
    #[arg(long, value_name = "OWNER/NAME", value_parser = repo_name)]
    pub repo: Option<String>,
}

/// Options of `apply`.
#[derive(Debug, Args)]
pub struct Apply {
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
    pub shown: Shown,
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

/// Options that jobs share.
#[derive(Debug, Args)]
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
    pub shown: Shown,
}

/// The forge, and what a run there needs.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// The forge: an address, or file:PATH, a forge recorded in one JSON document [default:
    /// GITHUB_API_URL in Actions, else the git remote's].
    #[arg(long, value_name = "URL|file:PATH")]
    pub forge: Option<String>,
    /// A file with the token for this forge [default: KAIZEN_TOKEN, else the variables of its kind].
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
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
#[derive(Debug, Args)]
pub struct Shown {
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
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub color: When,
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
pub enum When {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

fn repo_name(text: &str) -> Result<String, String> {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    match text.split_once('/') {
        Some((owner, name)) if !owner.is_empty() && !name.is_empty() && !name.contains('/') && !text.contains(odd) => {
            Ok(text.to_owned())
        }
        _ => Err("write owner/name".to_owned()),
    }
}

fn agent(text: &str) -> Result<(String, String), String> {
    let (name, login) = text.split_once('=').ok_or("write NAME=LOGIN, for example owner=mara")?;
    Ok((name.to_owned(), login_name(login)?))
}

/// A login as forges allow them; an `@` before it is taken off.
pub(crate) fn login_name(text: &str) -> Result<String, String> {
    let login = text.trim().trim_start_matches('@');
    let name = login.strip_suffix("[bot]").unwrap_or(login);
    let plain = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        && login.len() <= 255;
    if plain { Ok(login.to_owned()) } else { Err("a login has letters, digits, `-`, `_` and `.`".to_owned()) }
}

fn label(text: &str) -> Result<String, String> {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        && !["true", "false", "null"].contains(&text.to_lowercase().as_str());
    if plain { Ok(text.to_owned()) } else { Err("write one label of a runner, such as ubuntu-latest".to_owned()) }
}

fn instant(text: &str) -> Result<chrono::DateTime<chrono::Utc>, String> {
    crate::forge::time::parse(text).ok_or_else(|| "write an instant such as 2026-11-21T06:00:00Z".to_owned())
}

/// `90s`, `15m`, `2h`: whole numbers, at least a second.
fn span(text: &str) -> Result<std::time::Duration, String> {
    let unit = text.chars().next_back().ok_or("write a time such as 15m")?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err("write a time with its unit: 90s, 15m, 2h".to_owned()),
    };
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| "write a time such as 15m")?;
    let whole = number.checked_mul(seconds).filter(|whole| (1..=31_536_000).contains(whole));
    whole.map(std::time::Duration::from_secs).ok_or_else(|| "write between one second and a year".to_owned())
}

/// The arguments as they are read: the name of a job, if the program is called by one, comes first.
#[must_use]
pub fn arguments(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    let called = args.first().and_then(|program| Path::new(program).file_stem()).and_then(|name| name.to_str());
    if let Some(job) = called.and_then(|called| jobs::NAMES.into_iter().find(|job| *job == called)) {
        args.insert(1, OsString::from(job));
    }
    args
}
