//! Sessions, counted in one pass.
//!
//! Takes: one session after another, whoever read it. Gives: [`SessionCounts`]. Those of several parts of the
//! inputs, joined, are those of the whole, to the last bit. Each hour is charged once: what a session
//! wasted is charged first to its errors, then to retries, to slow calls, and what is left of a manual
//! session to its sequence; together never more than the session took.

mod by_hand;
mod uses;

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bounded::{BoundedCounts, hash};
use super::errors::ErrorTally;
use super::manual::Manual;
use super::measure::SessionMeasure;
use super::problems::Problems;
use super::session::{Session, SessionPlace};
use super::tools::ToolTally;
use super::who::{Who, shorten};

/// Bytes of raw messages and names that are remembered, so that one met again costs nothing.
const REMEMBERED: usize = 2 << 20;
const MICROS_A_MS: f64 = 1_000.0;
const MICROS_A_MINUTE: f64 = 60_000_000.0;

/// What was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionCounts {
    /// Records of sessions.
    pub sessions: u64,
    /// Calls in them.
    pub calls: u64,
    /// Errors in them.
    pub errors_met: u64,
    /// When the first began and the last ended, in seconds since 1970; `None` where no session says.
    pub span: Option<(i64, i64)>,
    /// Errors.
    pub errors: BoundedCounts<ErrorTally>,
    /// Tools.
    pub tools: BoundedCounts<ToolTally>,
    /// Manual sessions.
    pub manual: Manual,
    /// What could not be read.
    pub problems: Problems,
}

impl SessionCounts {
    /// Nothing yet.
    #[must_use]
    pub fn new(measure: &SessionMeasure) -> Self {
        SessionCounts {
            sessions: 0,
            calls: 0,
            errors_met: 0,
            span: None,
            errors: BoundedCounts::new(measure.most_entries),
            tools: BoundedCounts::new(measure.most_entries),
            manual: Manual::new(measure.most_entries),
            problems: Problems::default(),
        }
    }

    /// Takes those of another part.
    pub fn join(&mut self, other: SessionCounts) {
        self.sessions += other.sessions;
        self.calls += other.calls;
        self.errors_met += other.errors_met;
        self.widen(other.span);
        self.errors.join(other.errors);
        self.tools.join(other.tools);
        self.manual.join(other.manual);
        self.problems.add(other.problems);
    }

    /// Ends the counting: what is written is the same whoever counted.
    pub fn settle(&mut self) {
        self.errors.settle();
        self.tools.settle();
        self.manual.sequences.settle();
    }

    fn widen(&mut self, span: Option<(i64, i64)>) {
        self.span = match (self.span, span) {
            (Some((from, to)), Some((other_from, other_to))) => Some((from.min(other_from), to.max(other_to))),
            (one, other) => one.or(other),
        };
    }
}

/// Counts sessions; remembers what messages and names came to.
#[derive(Debug)]
pub struct Counter<'m> {
    measure: &'m SessionMeasure,
    /// What was counted.
    pub counts: SessionCounts,
    /// Raw messages, and the key and the normal text of each; no key where nothing is left of it.
    messages: HashMap<Box<str>, Option<(u128, Box<str>)>>,
    message_bytes: usize,
    /// Names of tools and sequences, and their keys.
    names: HashMap<Box<str>, u128>,
    name_bytes: usize,
    repos: HashMap<Box<str>, Arc<str>>,
}

/// What is left of a session's time, in microseconds.
struct Budget(u64);

impl Budget {
    fn charge(&mut self, micros: f64) -> u64 {
        // None is below zero; a cast keeps what is too large within bounds.
        let charged = ((micros + 0.5) as u64).min(self.0);
        self.0 -= charged;
        charged
    }
}

impl<'m> Counter<'m> {
    /// Nothing yet.
    #[must_use]
    pub fn new(measure: &'m SessionMeasure) -> Self {
        Counter {
            measure,
            counts: SessionCounts::new(measure),
            messages: HashMap::new(),
            message_bytes: 0,
            names: HashMap::new(),
            name_bytes: 0,
            repos: HashMap::new(),
        }
    }

    /// Milliseconds between two lines of a transcript after which nobody worked.
    #[must_use]
    pub fn idle_ms(&self) -> f64 {
        self.measure.idle_minutes * 60_000.0
    }

    /// Counts a session.
    pub fn add(&mut self, session: &Session<'_>, SessionPlace(input, at, _): SessionPlace) {
        let place = SessionPlace(input, at, 0);
        self.counts.sessions += 1;
        self.counts.calls += session.calls.len() as u64;
        self.counts.errors_met += session.errors.len() as u64;
        let times = session.began.into_iter().chain(session.ended);
        self.counts.widen(times.clone().min().zip(times.max()));
        let who = &Who::new(session.id.as_deref(), place);
        let repo = self.repo(session.repo.as_deref().unwrap_or("global"));
        // Where it is not known how long a session took, nothing bounds what is charged to it.
        let mut budget = Budget(match session.took_ms {
            Some(ms) if ms > 0.0 => (ms * MICROS_A_MS).round() as u64,
            _ => u64::MAX,
        });
        self.errors(session, place, who, &repo, &mut budget);
        let tools = self.tools(session, place, who, &repo, &mut budget);
        if budget.0 == u64::MAX {
            budget.0 = 0;
        }
        // One more where a call that names no tool is told apart from one that says it has none.
        if session.calls.len() >= self.measure.manual_calls && tools <= self.measure.manual_tools + 1 {
            self.manual(session, place, who, &repo, budget.0);
        }
    }

    fn errors(
        &mut self,
        session: &Session<'_>,
        SessionPlace(input, at, _): SessionPlace,
        who: &Who<'_>,
        repo: &Arc<str>,
        budget: &mut Budget,
    ) {
        // Once a session: the repeated ones of a session stand in it in their order.
        let mut met: Vec<u128> = Vec::new();
        for (index, message) in session.errors.iter().enumerate() {
            let Some(key) = self.message(message) else { continue };
            let place = SessionPlace(input, at, u32::try_from(index).unwrap_or(u32::MAX));
            let micros = budget.charge(self.measure.error_minutes * MICROS_A_MINUTE);
            let new = met.len() < 64 && !met.contains(&key);
            if new {
                met.push(key);
            }
            let text = || self.messages.get(&**message).and_then(Option::as_ref).map_or("", |(_, text)| text);
            if let Some(error) = self.counts.errors.of(key, 1, || ErrorTally::new(text(), place)) {
                error.add(place, who, repo, micros, new);
            }
        }
    }

    /// The key of an error's normal text.
    fn message(&mut self, raw: &str) -> Option<u128> {
        if let Some(known) = self.messages.get(raw) {
            return known.as_ref().map(|(key, _)| *key);
        }
        let normal = self.measure.normal(raw);
        let key = (!normal.is_empty()).then(|| hash(&normal));
        if self.message_bytes > REMEMBERED {
            self.messages.clear();
            self.message_bytes = 0;
        }
        self.message_bytes += raw.len() + 64;
        let text: String = normal.chars().take(super::errors::KEPT_CHARS).collect();
        self.messages.insert(raw.into(), key.map(|key| (key, text.into_boxed_str())));
        key
    }

    fn name(&mut self, name: &str) -> u128 {
        if let Some(key) = self.names.get(name) {
            return *key;
        }
        if self.name_bytes > REMEMBERED {
            self.names.clear();
            self.name_bytes = 0;
        }
        self.name_bytes += name.len() + 64;
        let key = hash(name);
        self.names.insert(name.into(), key);
        key
    }

    fn repo(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.repos.get(name) {
            return Arc::clone(known);
        }
        let repo: Arc<str> = shorten(name).into();
        if self.repos.len() < 1_000 {
            self.repos.insert(name.into(), Arc::clone(&repo));
        }
        repo
    }
}
