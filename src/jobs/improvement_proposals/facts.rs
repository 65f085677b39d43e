//! What was counted, as the rules name it.
//!
//! Takes: [`SessionCounts`], or the patterns that `detect` found. Gives: [`FactValues`] in the order of the tables.

use std::cmp::Reverse;

use super::WastePattern;
use crate::advise::FactValues;
use crate::engine::value::Value;
use crate::sessions::count::SessionCounts;
use crate::sessions::manual::ManualSession;
use crate::sessions::session::SessionPlace;

const MICROS_AN_HOUR: f64 = 3_600_000_000.0;
const SECONDS_A_WEEK: f64 = 604_800.0;

/// Money and hours that the call may give instead of the rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CostOptions {
    /// What an hour costs.
    pub hourly_rate: f64,
    /// Hours a month from which a proposal is made.
    pub threshold: f64,
}

fn text(text: &str) -> Value<'static> {
    Value::Text(text.to_owned().into())
}

fn texts(texts: Vec<String>) -> Value<'static> {
    Value::List(texts.into_iter().map(|text| Value::Text(text.into())).collect())
}

fn whole(number: u64) -> Value<'static> {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

fn hours(micros: u64) -> Value<'static> {
    Value::Float(micros as f64 / MICROS_AN_HOUR)
}

/// What `detect` sees.
#[must_use]
pub fn detect_facts(counts: &SessionCounts, asked: CostOptions) -> FactValues {
    let weeks = counts.span.filter(|(from, to)| to > from).map(|(from, to)| (to - from) as f64 / SECONDS_A_WEEK);
    let globals = vec![
        whole(counts.sessions),
        whole(counts.calls),
        whole(counts.errors_met),
        weeks.map_or(Value::None, Value::Float),
        whole(counts.manual.count),
        Value::Float(counts.manual.rounded_hours()),
        Value::Float(asked.hourly_rate),
        Value::Float(asked.threshold),
    ];
    let collections =
        vec![errors(counts), tools(counts), sequences(counts), counts.manual.longest.iter().map(manual).collect()];
    FactValues { globals, collections }
}

/// What `propose` sees beside that: the patterns.
#[must_use]
pub fn with_patterns(mut facts: FactValues, patterns: &[WastePattern]) -> FactValues {
    let pattern = |pattern: &WastePattern| {
        vec![
            text(&pattern.pattern_type),
            text(&pattern.rule),
            text(&pattern.subject),
            text(&pattern.name),
            text(&pattern.description),
            pattern.occurrences.clone(),
            pattern.sessions.clone(),
            pattern.total_time_hours.clone(),
            texts(pattern.affected_repos.clone()),
            texts(pattern.example_sessions.clone()),
        ]
    };
    facts.collections.insert(0, patterns.iter().map(pattern).collect());
    facts
}

fn errors(counts: &SessionCounts) -> Vec<Vec<Value<'static>>> {
    let mut all: Vec<_> = counts.errors.iter().collect();
    all.sort_by_key(|(_, error)| error.first);
    let one = |(key, error): (&u128, &crate::sessions::errors::ErrorTally)| {
        vec![
            text(&format!("{:016x}", key >> 64)),
            text(&error.text),
            whole(error.occurrences),
            whole(error.sessions.count()),
            hours(error.micros),
            texts(error.repos.list()),
            texts(error.first_times.names()),
            texts(error.first_sessions.names()),
        ]
    };
    all.into_iter().map(one).collect()
}

/// The place of each among those that have one.
fn ranks(places: &[Option<SessionPlace>]) -> Vec<Value<'static>> {
    let mut order: Vec<usize> = (0..places.len()).filter(|index| places[*index].is_some()).collect();
    order.sort_by_key(|index| places[*index]);
    let mut ranks = vec![Value::None; places.len()];
    for (rank, index) in order.into_iter().enumerate() {
        ranks[index] = whole(rank as u64);
    }
    ranks
}

fn tools(counts: &SessionCounts) -> Vec<Vec<Value<'static>>> {
    let mut all: Vec<_> = counts.tools.iter().map(|(_, tool)| tool).collect();
    all.sort_by_key(|tool| (tool.first, tool.all.first, tool.name.clone()));
    let timed = ranks(&all.iter().map(|tool| tool.all.first).collect::<Vec<_>>());
    let streaks = ranks(&all.iter().map(|tool| tool.all.first_streak).collect::<Vec<_>>());
    let one = |(tool, (timed, streak)): (&crate::sessions::tools::ToolTally, (Value<'static>, Value<'static>))| {
        let all = &tool.all;
        vec![
            text(&tool.name),
            whole(all.calls),
            whole(all.timed),
            Value::Float(all.ms.value()),
            timed,
            whole(all.slow),
            hours(all.slow_micros),
            whole(tool.slow.sessions.count()),
            texts(tool.slow.repos.list()),
            texts(tool.slow.examples.names()),
            whole(all.judged),
            whole(all.failed),
            whole(all.streaks),
            streak,
            whole(all.failed_streaks),
            hours(all.retry_micros),
            whole(tool.retried.sessions.count()),
            texts(tool.retried.repos.list()),
            texts(tool.retried.examples.names()),
        ]
    };
    all.into_iter().zip(timed.into_iter().zip(streaks)).map(one).collect()
}

fn sequences(counts: &SessionCounts) -> Vec<Vec<Value<'static>>> {
    let mut all: Vec<_> = counts.manual.sequences.iter().map(|(_, sequence)| sequence).collect();
    all.sort_by_key(|sequence| (sequence.first, Reverse(sequence.times)));
    let one = |sequence: &crate::sessions::manual::SequenceTally| {
        vec![
            text(&sequence.name),
            whole(sequence.sightings.sessions.count()),
            whole(sequence.calls),
            hours(sequence.micros),
            texts(sequence.sightings.repos.list()),
            texts(sequence.sightings.examples.names()),
        ]
    };
    all.into_iter().map(one).collect()
}

fn manual(session: &ManualSession) -> Vec<Value<'static>> {
    vec![
        text(&session.id),
        text(&session.repo),
        whole(session.calls),
        whole(session.tools),
        Value::Float(session.minutes),
        text(&session.sequence),
    ]
}
