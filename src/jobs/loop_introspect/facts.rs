//! The figures of the loop as its rules name them.
//!
//! Takes: [`LoopFigures`], runs of deep triage. Gives: the tables of names ([`SECTION`]) and their values, in
//! the same order. A rate is from 0 to 1, durations are seconds; `…_chance` is how likely chance alone
//! gives so great a change.

use crate::advise::{Collection, FactSpec, FactTy, FactValues, Field, FieldKind, SectionSpec};
use crate::engine::value::Value;
use crate::loops::deep::Deep;
use crate::loops::figures::{KindFigures, LoopFigures, Repeat, WindowFigures};
use crate::loops::outliers::OutlierCandidate;
use crate::loops::tally::round;

use FactTy::{MaybeNumber, MaybeText, Number, Text};

/// The rules of this job.
pub const SECTION: SectionSpec = SectionSpec {
    name: "recommend",
    facts: &[
        fact("cycles", Number, "Cycles that count."),
        fact("age_days", MaybeNumber, "Days since the first cycle."),
        fact("idle_days", MaybeNumber, "Days since the last cycle."),
        fact("window_days", Number, "Days of a window."),
        fact("recent_cycles", Number, "Cycles of the last window."),
        fact("recent_judged", Number, "Those of which it is known whether they succeeded."),
        fact("recent_success_rate", MaybeNumber, "The share of these that succeeded, three digits."),
        fact("recent_timed", Number, "Cycles of the last window with a duration above 0."),
        fact("recent_avg_duration", MaybeNumber, "Their mean duration, whole seconds."),
        fact("recent_median_duration", MaybeNumber, "Their median duration, whole seconds."),
        fact("recent_lines_net", Number, "Lines added less lines removed in the last window."),
        fact("recent_lines_changed", Number, "Lines added and lines removed in the last window."),
        fact("recent_prs", Number, "Cycles of the last window with a pull request."),
        fact("recent_per_day", MaybeNumber, "Cycles a day in the last window."),
        fact("previous_cycles", Number, "Cycles of the window before."),
        fact("previous_judged", Number, "Those of which it is known whether they succeeded."),
        fact("previous_success_rate", MaybeNumber, "The share of these that succeeded, three digits."),
        fact("previous_timed", Number, "Cycles of the window before with a duration above 0."),
        fact("previous_avg_duration", MaybeNumber, "Their mean duration, whole seconds."),
        fact("previous_median_duration", MaybeNumber, "Their median duration, whole seconds."),
        fact(
            "previous_per_day",
            MaybeNumber,
            "Cycles a day in the window before; unknown where the log covers less than a day of it.",
        ),
        fact(
            "velocity_change",
            MaybeNumber,
            "Cycles more than in the window before; unknown where one window has none.",
        ),
        fact("velocity_share", MaybeNumber, "Cycles a day more, as a share of what they were: -0.5 is half."),
        fact("velocity_chance", MaybeNumber, "How likely chance alone changes cycles a day so much."),
        fact("success_rate_change", MaybeNumber, "Of the rounded rates, three digits."),
        fact("success_rate_change_exact", MaybeNumber, "Of the rates as they are."),
        fact("success_rate_chance", MaybeNumber, "How likely chance alone changes the rate so much."),
        fact("duration_change", MaybeNumber, "Of the rounded means, seconds."),
        fact("median_change", MaybeNumber, "Of the rounded medians, seconds."),
        fact("duration_chance", MaybeNumber, "How likely chance alone changes durations so much."),
        fact("repeats_total", Number, "Issues that failed again and again."),
        fact("outliers_total", Number, "Cycles that took far longer than others."),
        fact("outlier_limit", MaybeNumber, "Longer is such a one, seconds."),
        fact("outlier_centre", MaybeNumber, "What durations are compared with, seconds."),
        fact("outlier_first", MaybeNumber, "The first outlier that is listed, seconds."),
        fact("deep_runs", Number, "Runs of deep triage."),
        fact("deep_days", MaybeNumber, "Days since the last of them."),
        fact("bad_lines", Number, "Lines of the log that cannot be read."),
        fact("future_cycles", Number, "Cycles after now that were left out."),
    ],
    collections: &[
        Collection {
            name: "types",
            element: "type",
            facts: &[
                fact("name", Text, "Its name."),
                fact("cycles", Number, "Cycles of it."),
                fact("judged", Number, "Those of which it is known whether they succeeded."),
                fact("success_rate", MaybeNumber, "The share of these that succeeded, three digits."),
                fact("timed", Number, "Cycles with a duration above 0."),
                fact("avg_duration", Number, "Their mean duration, whole seconds; 0 without any."),
                fact("median_duration", Number, "Their median duration, whole seconds; 0 without any."),
                fact("max_duration", Number, "The longest, seconds; 0 without any."),
            ],
            about: "The types of issues, in the order of their first cycle.",
        },
        Collection {
            name: "repeats",
            element: "repeat",
            facts: &[
                fact("issue", Number, "The issue's number."),
                fact("repo", MaybeText, "Its repository, where the log says it."),
                fact("failures", Number, "How often it failed."),
                fact("last_reason", Text, "Why it last failed, or nothing."),
            ],
            about: "The issues that are listed for having failed again and again, the most failed first.",
        },
        Collection {
            name: "outliers",
            element: "outlier",
            facts: &[
                fact("cycle", MaybeNumber, "The cycle's number."),
                fact("issue", MaybeNumber, "Its issue."),
                fact("type", MaybeText, "The type."),
                fact("duration", Number, "Seconds."),
                fact("reason", Text, "The reason, or nothing."),
            ],
            about: "The cycles that are listed for having taken far longer than others.",
        },
    ],
    fields: &[
        Field {
            name: "severity",
            kind: FieldKind::Word(&["high", "medium", "low", "info"]),
            needed: true,
            about: "How loud it is said.",
        },
        Field { name: "category", kind: FieldKind::Literal, needed: true, about: "What kind of matter it is." },
        Field { name: "finding", kind: FieldKind::Sentence, needed: true, about: "What was found." },
        Field { name: "recommendation", kind: FieldKind::Sentence, needed: true, about: "What to do about it." },
    ],
    asks: &[],
};

const fn fact(name: &'static str, ty: FactTy, about: &'static str) -> FactSpec {
    FactSpec { name, ty, about }
}

/// What rules may ask of the log itself.
#[derive(Debug, Clone, Copy)]
pub struct OfLog {
    /// Now, microseconds since 1970.
    pub now: i64,
    /// The length of a window, microseconds.
    pub window: i64,
    /// Lines that cannot be read.
    pub bad: u64,
    /// Cycles after now.
    pub future: u64,
}

const DAY: f64 = 86_400e6;

/// The values of the tables.
#[must_use]
pub fn facts(figures: &LoopFigures, deep: &Deep, log: OfLog) -> FactValues {
    let mut globals = vec![
        count(figures.cycles),
        maybe(figures.age_days.map(|days| round(days, 1))),
        maybe(figures.idle_days.map(|days| round(days, 1))),
        number(log.window as f64 / DAY),
    ];
    let (recent, previous, changes) = (&figures.recent, &figures.previous, &figures.changes);
    globals.extend(window(recent));
    globals.extend([number(recent.lines_net), number(recent.lines_changed), count(recent.prs_merged)]);
    globals.push(maybe(recent.per_day));
    globals.extend(window(previous));
    let limit = figures.limit.as_ref();
    globals.extend([
        maybe(previous.per_day),
        maybe(changes.velocity),
        maybe(changes.velocity_share),
        maybe(changes.velocity_p),
        maybe(changes.success_rate),
        maybe(changes.success_rate_exact),
        maybe(changes.success_rate_p),
        maybe(changes.duration),
        maybe(changes.median),
        maybe(changes.duration_p),
        count(figures.repeats_total),
        count(limit.map_or(0, |limit| limit.count)),
        maybe(limit.map(|limit| limit.limit)),
        maybe(limit.map(|limit| limit.centre)),
        maybe(figures.outliers.first().map(|one| one.duration)),
        count(deep.runs),
        maybe(deep.last.map(|last| round((log.now - last) as f64 / DAY, 1))),
        count(log.bad),
        count(log.future),
    ]);
    let collections = vec![
        figures.kinds.iter().map(kind).collect(),
        figures.repeats.iter().map(repeat).collect(),
        figures.outliers.iter().map(outlier).collect(),
    ];
    FactValues { globals, collections }
}

fn window(window: &WindowFigures) -> [Value<'static>; 6] {
    [
        count(window.count),
        count(window.judged),
        maybe(window.success_rate),
        count(window.timed),
        maybe(window.avg_duration),
        maybe(window.median_duration),
    ]
}

fn kind(kind: &KindFigures) -> Vec<Value<'static>> {
    vec![
        text(&kind.name),
        count(kind.of.count),
        count(kind.of.judged),
        maybe(kind.of.success_rate),
        count(kind.of.timed),
        number(kind.of.avg_duration.unwrap_or(0.0)),
        number(kind.of.median_duration.unwrap_or(0.0)),
        number(kind.max_duration),
    ]
}

fn repeat(repeat: &Repeat) -> Vec<Value<'static>> {
    vec![
        count(repeat.issue),
        repeat.repo.as_deref().map_or(Value::None, text),
        count(repeat.failures),
        text(repeat.attempts.last().map_or("", |attempt| &attempt.reason)),
    ]
}

fn outlier(one: &OutlierCandidate) -> Vec<Value<'static>> {
    vec![
        one.cycle.map_or(Value::None, count),
        one.issue.map_or(Value::None, count),
        one.kind.as_deref().map_or(Value::None, text),
        number(one.duration),
        text(&one.reason),
    ]
}

fn text(text: &str) -> Value<'static> {
    Value::Text(text.to_owned().into())
}

fn count(number: u64) -> Value<'static> {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn maybe(value: Option<f64>) -> Value<'static> {
    value.map_or(Value::None, number)
}

/// A number without a fraction is a whole one, as sentences print it.
fn number(value: f64) -> Value<'static> {
    if value.fract() == 0.0 && value.abs() < 9e15 { Value::Int(value as i64) } else { Value::Float(value) }
}
