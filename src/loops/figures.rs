//! The figures of `loop-introspect` as rules and reports name them.
//!
//! Takes: [`LoopCounts`] after the last block, the runs of deep triage. Gives: [`LoopFigures`]: rounded as the
//! output rounds, with what is not rounded beside it where a rule may want it. Unknown is `None`.

use super::chance;
use super::count::{DurationLimit, LoopCounts};
use super::measure::{LoopMeasure, SECOND};
use super::outliers::OutlierCandidate;
use super::repeats::{Attempt, IssueKey};
use super::tally::{LoopTally, round};

const DAY: f64 = 86_400.0 * SECOND as f64;

/// One of the two windows.
#[derive(Debug, Clone)]
pub struct WindowFigures {
    /// Cycles.
    pub count: u64,
    /// Those of which it is known whether they succeeded.
    pub judged: u64,
    /// Those that succeeded.
    pub successes: u64,
    /// The share of these, three digits.
    pub success_rate: Option<f64>,
    /// Cycles with a duration above 0: what means and medians are of.
    pub timed: u64,
    /// The mean duration, whole seconds.
    pub avg_duration: Option<f64>,
    /// The median duration, whole seconds.
    pub median_duration: Option<f64>,
    /// Lines added less lines removed.
    pub lines_net: f64,
    /// Lines added and lines removed.
    pub lines_changed: f64,
    /// Cycles with a pull request.
    pub prs_merged: u64,
    /// Days of the window that the log covers.
    pub days: f64,
    /// Cycles a day, two digits; unknown where less than a day is covered.
    pub per_day: Option<f64>,
}

/// What has changed from the window before to the last one.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Cycles; unknown where one window has none.
    pub velocity: Option<f64>,
    /// Cycles a day, as a share of what they were: -0.5 is half; unknown where less than a day of the
    /// window before is covered.
    pub velocity_share: Option<f64>,
    /// Of the rounded rates, three digits.
    pub success_rate: Option<f64>,
    /// Of the rates as they are.
    pub success_rate_exact: Option<f64>,
    /// Of the rounded means, seconds.
    pub duration: Option<f64>,
    /// Of the rounded medians, seconds.
    pub median: Option<f64>,
    /// How likely chance alone gives so great a change of cycles a day, from 0 to 1.
    pub velocity_p: Option<f64>,
    /// The same of the rates.
    pub success_rate_p: Option<f64>,
    /// The same of the durations.
    pub duration_p: Option<f64>,
}

/// The figures of a type.
#[derive(Debug, Clone)]
pub struct KindFigures {
    /// Its name.
    pub name: String,
    /// Its figures.
    pub of: WindowFigures,
    /// The longest, seconds; 0 where none has a duration.
    pub max_duration: f64,
}

/// An issue that failed again and again.
#[derive(Debug, Clone)]
pub struct Repeat {
    /// Its repository, where the log says it.
    pub repo: Option<String>,
    /// Its number.
    pub issue: u64,
    /// How often it failed.
    pub failures: u64,
    /// Which attempts; filled in a second pass.
    pub attempts: Vec<Attempt>,
    /// Its key in the counts.
    pub key: IssueKey,
}

/// All figures of the cycles.
#[derive(Debug)]
pub struct LoopFigures {
    /// Cycles that count.
    pub cycles: u64,
    /// The last window.
    pub recent: WindowFigures,
    /// The one before it.
    pub previous: WindowFigures,
    /// What has changed.
    pub changes: Changes,
    /// By type, in the order of their first cycle.
    pub kinds: Vec<KindFigures>,
    /// Issues that failed again and again, the most failed first: those that are listed.
    pub repeats: Vec<Repeat>,
    /// How many there are.
    pub repeats_total: u64,
    /// What an outlier is.
    pub limit: Option<DurationLimit>,
    /// Those that are listed.
    pub outliers: Vec<OutlierCandidate>,
    /// Days since the last cycle.
    pub idle_days: Option<f64>,
    /// Days since the first cycle.
    pub age_days: Option<f64>,
}

impl LoopFigures {
    /// The figures of what was counted. Attempts are still missing.
    pub fn new(counts: &mut LoopCounts, measure: &LoopMeasure) -> LoopFigures {
        let days = |from: i64| (measure.now - from) as f64 / DAY;
        let window = measure.window as f64 / DAY;
        // A log that began within the window before covers only a part of it, and one that began within
        // the last window nothing.
        let covered = counts.span.map_or(0.0, |(first, _)| days(first));
        let recent = window_of(&counts.recent, covered.clamp(0.0, window));
        let previous = window_of(&counts.previous, (covered - window).clamp(0.0, window));
        let limit = counts.limit(measure);
        let outliers = counts.outliers(measure, limit.as_ref());
        let listed = counts.repeats.listed(measure.repeats_from);
        let kinds = counts.kinds.iter().filter(|(_, tally)| tally.count > 0).map(|(name, tally)| KindFigures {
            name: name.clone(),
            of: window_of(tally, 0.0),
            max_duration: tally.durations.greatest,
        });
        let repeats = listed.iter().take(measure.repeats_listed).map(|((repo, issue), failures)| Repeat {
            repo: counts.repos.get(*repo as usize).filter(|repo| !repo.is_empty()).cloned(),
            issue: *issue,
            failures: *failures,
            attempts: Vec::new(),
            key: (*repo, *issue),
        });
        LoopFigures {
            cycles: counts.cycles,
            changes: changes((&counts.recent, &recent), (&counts.previous, &previous)),
            kinds: kinds.collect(),
            repeats: repeats.collect(),
            repeats_total: listed.len() as u64,
            limit,
            outliers,
            idle_days: counts.span.map(|(_, last)| days(last).max(0.0)),
            age_days: counts.span.map(|(first, _)| days(first).max(0.0)),
            recent,
            previous,
        }
    }
}

fn window_of(tally: &LoopTally, days: f64) -> WindowFigures {
    WindowFigures {
        count: tally.count,
        judged: tally.judged,
        successes: tally.successes,
        success_rate: tally.rate().map(|rate| round(rate, 3)),
        timed: tally.durations.count,
        avg_duration: tally.durations.mean().map(|mean| round(mean, 0)),
        median_duration: tally.durations.median().map(|median| round(median, 0)),
        lines_net: tally.net,
        lines_changed: tally.changed,
        prs_merged: tally.prs,
        days,
        per_day: (days >= 1.0).then(|| round(tally.count as f64 / days, 2)),
    }
}

fn changes((recent, now): (&LoopTally, &WindowFigures), (previous, before): (&LoopTally, &WindowFigures)) -> Changes {
    // Both windows need cycles, else nothing is compared.
    let both = recent.count > 0 && previous.count > 0;
    let less = |now: Option<f64>, before: Option<f64>| Some(now? - before?).filter(|_| both);
    let per_day = |tally: &LoopTally, window: &WindowFigures| tally.count as f64 / window.days;
    let fair = now.days >= 1.0 && before.days >= 1.0 && previous.count > 0;
    Changes {
        velocity: both.then_some(recent.count as f64 - previous.count as f64),
        velocity_share: fair.then(|| per_day(recent, now) / per_day(previous, before) - 1.0),
        success_rate: less(now.success_rate, before.success_rate).map(|change| round(change, 3)),
        success_rate_exact: less(recent.rate(), previous.rate()),
        duration: less(now.avg_duration, before.avg_duration),
        median: less(now.median_duration, before.median_duration),
        velocity_p: chance::counts((recent.count, now.days), (previous.count, before.days)).filter(|_| fair),
        success_rate_p: chance::shares(recent.share(), previous.share()),
        duration_p: chance::values(&recent.durations.value_counts(), &previous.durations.value_counts()),
    }
}
