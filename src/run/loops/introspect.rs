//! `loop-introspect`, from its arguments to its end.
//!
//! Takes: [`Introspect`]. Gives: the insights on stdout and in `retro/insights.json`. The log is read
//! once by all processors, and the lines about the issues that are listed once more.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{LoopRun, check_folder, replace_json};
use crate::cli::{Format, Introspect};
use crate::engine::untrusted;
use crate::forge::time::rfc3339;
use crate::http::RequestCounts;
use crate::jobs::loop_introspect::facts::OfLog;
use crate::jobs::loop_introspect::{self, JOB, params, view};
use crate::loop_dir::{self, Bad, Log, TOLD, each_block};
use crate::loops::block::{self, IssueLines, Rows};
use crate::loops::count::{LoopCounts, SeenAgain};
use crate::loops::cycle::NAMES;
use crate::loops::deep::Deep;
use crate::loops::figures::LoopFigures;
use crate::loops::insights::{LogSource, Recommendation, members};
use crate::loops::measure::{LoopMeasure, SECOND, span};
use crate::loops::repeats::AttemptStory;
use crate::run::rules::RulesInForce;
use crate::run::{EarlyEnd, Exit, VERSION, output, rules, say};

/// Threads that read the log, beside the one that counts.
const THREADS: usize = 4;

/// What reading the log came to.
struct LogReading {
    figures: LoopFigures,
    counts: LoopCounts,
    deep: Deep,
    source: LogSource,
    /// Parts of the log that are lost.
    lost: Vec<String>,
}

/// Runs the job.
pub(in crate::run) fn run(args: &Introspect) -> Result<Exit, EarlyEnd> {
    let common = args.place.common();
    let rules = match rules::find(&common, &loop_introspect::SPEC)? {
        Ok(rules) => rules,
        Err(exit) => return Ok(exit),
    };
    let now = args.place.now.unwrap_or_else(Utc::now);
    let folder = &args.place.loop_dir;
    check_folder(folder)?;
    let noted = LoopRun::begin(folder, JOB, now, (args.dry_run, ""))?;
    let LogJudgement { measure, read, recommended } = judge_log(&rules, folder, (now, args.window, args.since))?;
    let notes = notes(&read, measure.now, measure.window);
    let totals = json!({
        "cycles": read.figures.cycles, "recent": read.figures.recent.count, "previous": read.figures.previous.count,
        "recommendations": recommended.len(), "lines": read.source.lines, "bad_lines": read.source.bad,
        "duplicates": read.counts.again,
    });
    let mut insights = Map::new();
    insights.insert("job".to_owned(), json!(JOB));
    insights.insert("generated_at".to_owned(), json!(rfc3339(now)));
    insights.insert("complete".to_owned(), json!(read.lost.is_empty()));
    insights.insert("why_incomplete".to_owned(), json!(read.lost));
    insights.insert("totals".to_owned(), totals.clone());
    insights.insert("warnings".to_owned(), json!(notes));
    insights.extend(members(&read.figures, &read.deep, &recommended, &read.counts, &measure, &read.source));
    let insights = Value::Object(insights);
    // Told before it ends the run: what was found is printed all the same.
    let saved = if args.dry_run { Ok(()) } else { replace_json(&folder.join("retro/insights.json"), &insights) };
    let (when, window) = (rfc3339(now), shown_window(measure.window));
    let figures = view::IntrospectView {
        when: &when,
        window: &window,
        epoch: &read.counts.epoch,
        figures: &read.figures,
        deep: &read.deep,
        recommended: &recommended,
        notes: &notes,
    };
    let markdown =
        || rules.templates.render(loop_introspect::SPEC.texts[0].template, view::template(&figures, VERSION));
    let rendered = || markdown().map_err(|error| anyhow!("{error}"));
    match args.place.screen.format {
        Format::Json => output::print_raw(&format!("{insights:#}\n"))?,
        Format::Markdown => output::print_text(&format!("{}\n", rendered()?))?,
        Format::Text => output::print_prose(&view::text(&figures))?,
    }
    if output::variable("GITHUB_STEP_SUMMARY").is_some() {
        let summary = rendered()?;
        output::summary(|| format!("{summary}\n"))?;
    }
    saved?;
    let exit = if read.lost.is_empty() { Exit::Done } else { Exit::Incomplete };
    noted.end(
        exit,
        &read.lost,
        (totals, RequestCounts::default(), &rules.policy.hash),
        args.place.now.unwrap_or_else(Utc::now),
    )?;
    Ok(exit)
}

/// What the rules make of a log.
pub(in crate::run) struct LogJudgement {
    measure: LoopMeasure,
    read: LogReading,
    pub(in crate::run) recommended: Vec<Recommendation>,
}

impl LogJudgement {
    /// Parts of the log that are lost, one sentence each; untrusted.
    pub(in crate::run) fn lost_parts(self) -> Vec<String> {
        self.read.lost
    }
}

/// Reads the log of this folder and judges it, by cycles from an instant on, in windows of a length.
pub(in crate::run) fn judge_log(
    rules: &RulesInForce,
    folder: &Path,
    (now, window, since): (DateTime<Utc>, Option<Duration>, Option<DateTime<Utc>>),
) -> Result<LogJudgement> {
    let (window, since) = (window.map(|window| window.as_secs()), since.map(|since| since.timestamp_micros()));
    let measure = params::measure(&rules.advice.measure, now.timestamp_micros(), window, since);
    let read = read(folder, &measure)?;
    let log = OfLog { now: measure.now, window: measure.window, bad: read.source.bad, future: read.counts.future };
    let recommended = loop_introspect::recommend(&rules.policy, &rules.advice, &read.figures, &read.deep, log);
    let recommended = recommended.map_err(|error| anyhow!("judging the figures: {error}"))?;
    Ok(LogJudgement { measure, read, recommended })
}

/// Reads the log of cycles and that of deep triage.
fn read(folder: &Path, measure: &LoopMeasure) -> Result<LogReading> {
    let mut log = Log::open(&folder.join("retro/cycles.jsonl"))?;
    let mut counts = LoopCounts::new(measure);
    let mut source = LogSource { files: log.paths().len(), ..LogSource::default() };
    let names: Vec<String> = log.paths().iter().map(|path| path.display().to_string()).collect();
    let (mut lost, mut part, mut lines) = (Vec::new(), 0, 0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let parse = |block: loop_dir::LineBlock| (block.part, block.lost, block::read(block.bytes));
    each_block(&mut log, threads, parse, |(of, gone, rows)| {
        if of != part {
            (part, lines) = (of, 0);
        }
        tell(&names[part], lines, &rows, &mut source);
        lines += rows.lines;
        source.lines += rows.lines;
        counts.take(measure, &rows);
        if let Some(why) = gone {
            let bad = Bad { path: names[part].clone(), line: lines + 1, why };
            say(&format!("warning: {bad}"));
            source.bad += 1;
            lines += 1;
            // One line that is too long is a bad line; the rest of a broken file is an unknown number.
            if bad.why.starts_with("the rest") {
                lost.push(format!("{}: {}", bad.path, bad.why));
            }
        }
    })?;
    let mut figures = LoopFigures::new(&mut counts, measure);
    if !figures.repeats.is_empty() {
        let issues: Vec<u64> = figures.repeats.iter().map(|repeat| repeat.issue).collect();
        let issues = IssueLines::new(&issues);
        let mut told = AttemptStory::new(figures.repeats.iter().map(|repeat| repeat.key));
        let mut seen = SeenAgain::default();
        log.rewind();
        let parse = |block: loop_dir::LineBlock| block::read_of(block.bytes, &issues);
        each_block(&mut log, threads, parse, |rows: Rows| counts.tell(measure, &rows, &mut told, &mut seen))?;
        for repeat in &mut figures.repeats {
            repeat.attempts = told.attempts(repeat.key, repeat.failures).to_vec();
        }
    }
    let mut deep = Deep::default();
    let path = folder.join("retro/deep-triage.jsonl");
    let found = loop_dir::read_lines(&path, |run: Map<String, Value>| deep.take(measure, &run))?;
    found.first_bad.iter().for_each(|bad| say(&format!("warning: {bad}")));
    source.deep_bad = found.bad;
    Ok(LogReading { figures, counts, deep, source, lost })
}

/// Names the bad lines of a block, the first hundred of all.
fn tell(name: &str, before: u64, rows: &Rows, source: &mut LogSource) {
    let told = usize::try_from(source.bad).unwrap_or(TOLD).min(TOLD);
    for (line, why) in rows.first_bad.iter().take(TOLD - told) {
        let bad = Bad { path: name.to_owned(), line: before + line + 1, why: why.clone() };
        say(&format!("warning: {bad}"));
    }
    source.bad += rows.bad;
    source.torn += u64::from(rows.torn);
}

/// What is said of the log itself; `now` and the length of a window in microseconds.
fn notes(read: &LogReading, now: i64, window: i64) -> Vec<String> {
    let (counts, source) = (&read.counts, &read.source);
    let mut notes = Vec::new();
    let mut note = |count: u64, one: &str, more: &str| match count {
        0 => {}
        1 => notes.push(format!("1 {one}.")),
        count => notes.push(format!("{count} {more}.")),
    };
    note(
        source.bad,
        "line of the log cannot be read and is left out",
        "lines of the log cannot be read and are left out",
    );
    note(counts.again, "cycle was in the log before and counts once", "cycles were in the log before and count once");
    note(
        counts.renumbered,
        "cycle has the number of an earlier one and another time, and counts: a counter has begun again",
        "cycles have the number of an earlier one and another time, and count: a counter has begun again",
    );
    note(counts.future, "cycle lies after now and is left out", "cycles lie after now and are left out");
    note(
        counts.notes.zoneless,
        "timestamp without a zone is taken as UTC",
        "timestamps without a zone are taken as UTC",
    );
    note(
        source.deep_bad,
        "line of the log of deep triage cannot be read and is left out",
        "lines of the log of deep triage cannot be read and are left out",
    );
    note(
        counts.kinds_beyond,
        "cycle is of a type that is not told apart",
        "cycles are of types that are not told apart",
    );
    note(
        counts.repeats.beyond,
        "failure is of an issue that is not told apart",
        "failures are of issues that are not told apart",
    );
    for (what, lines) in
        [("lack a member", counts.notes.missing), ("have a member that cannot be read", counts.notes.unreadable)]
    {
        let named = NAMES.iter().zip(lines).filter(|(_, lines)| *lines > 0);
        let named: Vec<String> = named.map(|(name, lines)| format!("{name} {lines}")).collect();
        if !named.is_empty() {
            notes.push(format!("Cycles {what}: {}.", named.join(", ")));
        }
    }
    let last = counts.span.map(|(_, last)| last).filter(|last| *last < now.saturating_sub(window));
    if let Some(age) = last.map(|last| span((now.saturating_sub(last) / SECOND) as f64)) {
        notes.push(format!("The newest cycle is {age} old."));
    }
    if counts.forgot {
        notes.push("The log is too long to find every cycle that stands in it twice.".to_owned());
    }
    notes.iter_mut().for_each(|note| *note = untrusted::terminal(note));
    notes
}

/// A window as people write it: whole days where it is some.
fn shown_window(micros: i64) -> String {
    let hours = micros / 3_600_000_000;
    match (hours / 24, hours % 24) {
        (1, 0) => "day".to_owned(),
        (days, 0) => format!("{days} days"),
        _ => format!("{hours} hours"),
    }
}
