//! The job `improvement-proposals`, and `merge`, which ends what its shards began.
//!
//! Takes: [`Improvement`] or [`Merge`]. Gives: the report on stdout or in a file, an [`Exit`].
//!
//! - `inputs` what is read, `read` read and counted on several threads
//! - `issues` proposals kept as issues, what they promised recorded

mod inputs;
mod issues;
mod read;

use std::io::IsTerminal as _;
use std::path::Path;

use anyhow::{Context, anyhow};
use chrono::{DateTime, Utc};

use super::rules::{self, RulesInForce};
use super::{EarlyEnd, Exit, Progress, VERSION, output, say, usage};
use crate::cli::{Format, Improvement, Merge, ProposalOptions};
use crate::files;
use crate::forge::time::rfc3339;
use crate::jobs::improvement_proposals::report::ProposalReport;
use crate::jobs::improvement_proposals::{self, ProposalAdvice, SPEC, texts};
use crate::plan::choice::ItemState;
use crate::sessions::blocks::Shard;
use crate::sessions::count::SessionCounts;
use crate::sessions::measure::SessionMeasure;
use crate::sessions::part::{self, CountPart};

/// Threads that count; one more cuts.
const THREADS: usize = 8;

/// Reads sessions and reports, or prints a part.
pub(super) fn run(args: &Improvement) -> Result<Exit, EarlyEnd> {
    let common = &args.report.common;
    let rules = match rules::find(common, &SPEC)? {
        Ok(rules) => rules,
        Err(exit) => return Ok(exit),
    };
    let inputs = inputs::inputs(&args.inputs)?;
    let kept = issues::open(&args.report, &rules, now(&args.report))?;
    let measure = improvement_proposals::measure(&rules.advice);
    let (index, of) = args.shard.unwrap_or((1, 1));
    let progress = Progress::new(&common.screen);
    let counts = count_inputs(&inputs, &measure, Shard { index, of }, &|sessions| progress.more(sessions));
    progress.done();
    let names: Vec<String> = inputs.into_iter().map(|input| input.name).collect();
    if args.shard.is_some() {
        let part = CountPart::new((index, of), names, &measure, counts);
        let mut text = serde_json::to_string(&part).context("writing the part as JSON")?;
        text.push('\n');
        give(args.report.output.as_deref(), &text, true)?;
        return Ok(Exit::Done);
    }
    finish(&args.report, &rules, kept.as_ref(), (&names, &counts))
}

fn count_inputs(
    inputs: &[inputs::SessionInput],
    measure: &SessionMeasure,
    shard: Shard,
    progress: &(dyn Fn(usize) + Sync),
) -> SessionCounts {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    read::SessionReading { inputs, measure, shard, threads, progress }.counts()
}

/// What rules make of sessions, nothing written: with what could not be read, one sentence each; untrusted.
pub(super) fn advised(
    rules: &RulesInForce,
    named: &[String],
    progress: &(dyn Fn(usize) + Sync),
) -> Result<(ProposalAdvice, Vec<String>), EarlyEnd> {
    let inputs = inputs::inputs(named)?;
    let counts = count_inputs(&inputs, &improvement_proposals::measure(&rules.advice), Shard::ALL, progress);
    let asked = improvement_proposals::costs(&rules.advice, None, None);
    let advised =
        improvement_proposals::advise(&rules.policy, &rules.advice, &counts, asked).map_err(|why| anyhow!(why))?;
    let inputs: Vec<String> = inputs.into_iter().map(|input| input.name).collect();
    let report = ProposalReport {
        inputs: &inputs,
        counts: &counts,
        advised: &advised,
        problems: &counts.problems,
        followed: &[],
        issues: None,
        costs: asked,
        when: "",
        version: VERSION,
    };
    let lost = report.why_incomplete();
    Ok((advised, lost))
}

/// Bytes of what one shard has counted.
const LARGEST_PART: u64 = 1 << 30;

/// Puts the parts of a reading together and reports.
pub(super) fn merge(args: &Merge) -> Result<Exit, EarlyEnd> {
    let rules = match rules::find(&args.report.common, &SPEC)? {
        Ok(rules) => rules,
        Err(exit) => return Ok(exit),
    };
    let measure = improvement_proposals::measure(&rules.advice);
    let mut parts = Vec::new();
    let mut names = Vec::new();
    for path in &args.parts {
        let shown = path.display();
        let text =
            files::read(path, LARGEST_PART).with_context(|| format!("reading the part {shown}")).map_err(usage)?;
        let part: CountPart = serde_json::from_slice(&text)
            .map_err(|error| usage(anyhow!("{shown} is no part that --shard has printed: {error}")))?;
        parts.push(part);
        names.push(shown.to_string());
    }
    let (inputs, counts) = part::join(parts, &names, &measure).map_err(|why| usage(anyhow!(why)))?;
    let kept = issues::open(&args.report, &rules, now(&args.report))?;
    finish(&args.report, &rules, kept.as_ref(), (&inputs, &counts))
}

/// What the rules make of counted sessions, and all that is done with it.
fn finish(
    args: &ProposalOptions,
    rules: &RulesInForce,
    kept: Option<&issues::IssueForge>,
    (inputs, counts): (&[String], &SessionCounts),
) -> Result<Exit, EarlyEnd> {
    let shown = &args.common.screen;
    let now = now(args);
    let when = rfc3339(now);
    let asked = improvement_proposals::costs(&rules.advice, args.hourly_rate, args.threshold);
    let advised =
        improvement_proposals::advise(&rules.policy, &rules.advice, counts, asked).map_err(|why| anyhow!(why))?;
    let mut report = ProposalReport {
        inputs,
        counts,
        advised: &advised,
        problems: &counts.problems,
        followed: &[],
        issues: None,
        costs: asked,
        when: &when,
        version: VERSION,
    };
    warn(&report);
    let left = issues::act(args, rules, kept, &report, now)?;
    left.why.iter().for_each(|why| say(&format!("warning: {why}")));
    (report.followed, report.issues) = (&left.followed, args.issue.then_some(&left.issues));
    let markdown = || {
        let text = rules.templates.render(texts::REPORT, texts::report(&report));
        text.map(|text| text + "\n").map_err(|why| anyhow!(why))
    };
    let text = match shown.format {
        Format::Json => serde_json::to_string_pretty(&report.json()).context("writing the report as JSON")? + "\n",
        Format::Markdown => markdown()?,
        Format::Text => report.text(shown.verbose),
    };
    give(args.output.as_deref(), &text, shown.format == Format::Json)?;
    let summary = markdown()?;
    output::summary(|| summary)?;
    let exit = issues::exit(args, &report, &left);
    output::step_outputs(
        left.issues.count(ItemState::Done) + left.issues.count(ItemState::Planned),
        exit == Exit::Done,
    )?;
    Ok(exit)
}

fn now(args: &ProposalOptions) -> DateTime<Utc> {
    args.common.target.now.unwrap_or_else(Utc::now)
}

/// What could not be read, on stderr.
fn warn(report: &ProposalReport<'_>) {
    let problems = report.problems;
    for problem in &problems.first {
        say(&format!("warning: {}: {}", report.place(problem), problem.what));
    }
    let all = problems.skipped + problems.left_out + problems.unread;
    let more = all.saturating_sub(problems.first.len() as u64);
    if more > 0 {
        say(&format!("warning: and {more} more"));
    }
    for why in report.why_incomplete() {
        say(&format!("warning: {why}: the figures are too low"));
    }
}

/// The result goes to a file, or to stdout; there also where the file cannot be written, because it may have taken
/// hours.
fn give(path: Option<&Path>, text: &str, json: bool) -> Result<(), EarlyEnd> {
    let print = || if json { output::print_raw(text) } else { output::print_text(text) };
    let Some(path) = path else { return Ok(print()?) };
    if let Err(error) = files::replace(path, text.as_bytes(), files::Access::Private) {
        print()?;
        return Err(error.context("the result is printed instead").into());
    }
    if std::io::stderr().is_terminal() {
        say(&format!("written to {}", path.display()));
    }
    Ok(())
}
