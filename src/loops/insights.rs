//! `retro/insights.json`: the figures and what is recommended, as JSON.
//!
//! Takes: [`LoopFigures`], runs of deep triage, recommendations. Gives: a value whose member names are a
//! contract; those of the reference program keep its names, also under another window than seven days,
//! whose length stands beside them. Unknown is null; a text that is missing is "".

use chrono::DateTime;
use serde_json::{Map, Value, json};

use super::count::LoopCounts;
use super::cycle::NAMES;
use super::deep::Deep;
use super::figures::{LoopFigures, WindowFigures};
use super::measure::{LoopMeasure, SECOND};
use super::tally::round;
use crate::forge::time::{self, rfc3339};

/// What a rule recommends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommendation {
    /// The rule's id.
    pub rule: String,
    /// What it is about, where it is about one of several.
    pub subject: Option<String>,
    /// `high`, `medium`, `low` or `info`.
    pub severity: String,
    /// What kind of matter it is.
    pub category: String,
    /// What was found.
    pub finding: String,
    /// What to do.
    pub recommendation: String,
}

/// What is said of the log itself.
#[derive(Debug, Default)]
pub struct LogSource {
    /// Its files.
    pub files: usize,
    /// Lines of them.
    pub lines: u64,
    /// Lines that cannot be read.
    pub bad: u64,
    /// Of those: last lines without an end.
    pub torn: u64,
    /// Lines of the log of deep triage that cannot be read.
    pub deep_bad: u64,
}

/// The members of the insights, in order.
#[must_use]
pub fn members(
    figures: &LoopFigures,
    deep: &Deep,
    recommended: &[Recommendation],
    counts: &LoopCounts,
    measure: &LoopMeasure,
    source: &LogSource,
) -> Map<String, Value> {
    let mut members = Map::new();
    let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
    put("total_cycles_analyzed", json!(figures.cycles));
    put("epoch", json!(counts.epoch));
    put("trends", trends(figures, measure));
    let kinds = figures.kinds.iter().map(|kind| {
        let figures = json!({
            "count": kind.of.count,
            "success_rate": kind.of.success_rate.unwrap_or(0.0),
            "avg_duration": number(kind.of.avg_duration.unwrap_or(0.0)),
            "median_duration": number(kind.of.median_duration.unwrap_or(0.0)),
            "max_duration": number(kind.max_duration),
        });
        (kind.name.clone(), figures)
    });
    put("by_type", Value::Object(kinds.collect()));
    let repeats = figures.repeats.iter().map(|repeat| {
        let attempts = repeat.attempts.iter().map(
            |attempt| json!({ "cycle": attempt.cycle, "reason": attempt.reason, "duration": number(attempt.duration) }),
        );
        json!({
            "issue": repeat.issue,
            "repo": repeat.repo,
            "failure_count": repeat.failures,
            "attempts": attempts.collect::<Value>(),
        })
    });
    put("repeat_failures", repeats.collect());
    put("repeat_failures_total", json!(figures.repeats_total));
    let centre = figures.limit.as_ref().map_or(0.0, |limit| limit.centre);
    let outliers = figures.outliers.iter().map(|one| {
        json!({
            "cycle": one.cycle,
            "issue": one.issue,
            "type": one.kind,
            "duration": number(one.duration),
            "avg_duration": number(round(centre, 0)),
            "multiple": if centre > 0.0 { round(one.duration / centre, 1) } else { 0.0 },
            "reason": one.reason,
        })
    });
    put("duration_outliers", outliers.collect());
    put("duration_outliers_total", json!(figures.limit.as_ref().map_or(0, |limit| limit.count)));
    put("triage_effectiveness", triage(deep));
    let recommended = recommended.iter().map(|one| {
        json!({
            "severity": one.severity,
            "category": one.category,
            "finding": one.finding,
            "recommendation": one.recommendation,
            "rule": one.rule,
            "subject": one.subject,
        })
    });
    put("recommendations", recommended.collect());
    put("log", log(counts, source));
    members
}

fn trends(figures: &LoopFigures, measure: &LoopMeasure) -> Value {
    let changes = &figures.changes;
    let p = |p: Option<f64>| p.map(|p| round(p, 4));
    let at = |micros: i64| DateTime::from_timestamp_micros(micros).map(rfc3339);
    json!({
        "recent_7d": window(&figures.recent),
        "previous_7d": window(&figures.previous),
        "velocity_change": changes.velocity.map(number),
        "success_rate_change": changes.success_rate,
        "duration_change": changes.duration.map(number),
        "median_duration_change": changes.median.map(number),
        "significance": {
            "velocity": p(changes.velocity_p),
            "success_rate": p(changes.success_rate_p),
            "duration": p(changes.duration_p),
        },
        "window_days": number(measure.window as f64 / (86_400 * SECOND) as f64),
        "from": at(measure.now - measure.window),
        "to": at(measure.now),
    })
}

fn window(window: &WindowFigures) -> Value {
    json!({
        "count": window.count,
        "success_rate": window.success_rate,
        "avg_duration": window.avg_duration.map(number),
        "median_duration": window.median_duration.map(number),
        "lines_net": number(window.lines_net),
        "lines_changed": number(window.lines_changed),
        "prs_merged": window.prs_merged,
        "timed": window.timed,
        "per_day": window.per_day,
    })
}

fn triage(deep: &Deep) -> Value {
    if deep.runs == 0 {
        return json!({ "runs": 0, "note": "No run of deep triage is on record." });
    }
    json!({
        "runs": deep.runs,
        "total_reviewed": number(deep.reviewed),
        "total_refined": deep.refined,
        "total_created": deep.created,
        "total_closed": deep.closed,
        "timmy_consultation_rate": round(deep.consulted as f64 / deep.runs as f64, 2),
        "timmy_recent_feedback": deep.feedback.back().map_or("", String::as_str),
        "timmy_feedback_history": deep.feedback,
        "last_run": deep.last.and_then(DateTime::from_timestamp_micros).map(rfc3339),
    })
}

fn log(counts: &LoopCounts, source: &LogSource) -> Value {
    let named = |of: &[u64]| -> Map<String, Value> {
        let all = NAMES.into_iter().zip(of).filter(|(_, lines)| **lines > 0);
        all.map(|(name, lines)| (name.to_owned(), json!(lines))).collect()
    };
    json!({
        "files": source.files,
        "lines": source.lines,
        "bad_lines": source.bad,
        "torn": source.torn,
        "duplicates": counts.again,
        "duplicates_complete": !counts.forgot,
        "future": counts.future,
        "without_zone": counts.notes.zoneless,
        "missing": named(&counts.notes.missing),
        "unreadable": named(&counts.notes.unreadable),
        "cycles_of_further_types": counts.kinds_beyond,
        "failures_of_further_issues": counts.repeats.beyond,
        "deep_triage_bad_lines": source.deep_bad,
    })
}

/// The instant that a JSON text names, microseconds since 1970.
#[must_use]
pub fn instant_of(value: &Value) -> Option<i64> {
    value.as_str().and_then(time::parse).map(|at| at.timestamp_micros())
}

/// A number as JSON: without a fraction where it has none, null where it is not finite.
#[must_use]
pub fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) }
}
