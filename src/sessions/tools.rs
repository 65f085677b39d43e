//! Tools, counted.
//!
//! Takes: what one session did with a tool. Gives: [`ToolTally`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bounded::{BoundedNames, Firsts, Ids, KeyTally};
use super::exact::Exact;
use super::session::SessionPlace;
use super::who::Who;

/// What was done with a tool: in one session, or over all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Use {
    /// Calls, whatever is known of them.
    pub calls: u64,
    /// Calls whose latency is known.
    pub timed: u64,
    /// The first of those.
    pub first: Option<SessionPlace>,
    /// Their latencies, in milliseconds.
    pub ms: Exact,
    /// Calls that are slow.
    pub slow: u64,
    /// Time beyond what is not slow yet, in microseconds, as far as no other waste is charged for it.
    pub slow_micros: u64,
    /// Calls whose result is known.
    pub judged: u64,
    /// Calls that failed.
    pub failed: u64,
    /// Streaks: so many calls in a row, whatever came of them.
    pub streaks: u64,
    /// Where the first of them ended.
    pub first_streak: Option<SessionPlace>,
    /// Streaks of calls that failed, each but the last one perhaps.
    pub failed_streaks: u64,
    /// Time of those, in microseconds, as far as no other waste is charged for it.
    pub retry_micros: u64,
}

impl Use {
    /// Takes what was done elsewhere.
    pub fn join(&mut self, other: &Use) {
        self.calls += other.calls;
        self.timed += other.timed;
        self.first = earlier(self.first, other.first);
        self.ms.join(other.ms);
        self.slow += other.slow;
        self.slow_micros = self.slow_micros.saturating_add(other.slow_micros);
        self.judged += other.judged;
        self.failed += other.failed;
        self.streaks += other.streaks;
        self.first_streak = earlier(self.first_streak, other.first_streak);
        self.failed_streaks += other.failed_streaks;
        self.retry_micros = self.retry_micros.saturating_add(other.retry_micros);
    }
}

fn earlier(a: Option<SessionPlace>, b: Option<SessionPlace>) -> Option<SessionPlace> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// One tool over all sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolTally {
    /// Its name.
    pub name: Box<str>,
    /// Where it was called first.
    pub first: SessionPlace,
    /// What was done with it.
    pub all: Use,
    /// Sessions, repositories and examples of slow calls.
    pub slow: Sightings,
    /// Those of failed streaks.
    pub retried: Sightings,
}

/// Where something was seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sightings {
    /// In which sessions.
    pub sessions: Ids,
    /// In which repositories.
    pub repos: BoundedNames,
    /// The first few sessions.
    pub examples: Firsts,
}

impl Sightings {
    /// Seen in a session.
    pub fn add(&mut self, place: SessionPlace, who: &Who<'_>, repo: &Arc<str>) {
        self.sessions.add(|| who.hash());
        self.repos.add(repo);
        self.examples.add_new(place, &who.id);
    }

    /// Takes where it was seen elsewhere.
    pub fn join(&mut self, other: &Sightings) {
        self.sessions.join(&other.sessions);
        self.repos.join(&other.repos);
        self.examples.join(&other.examples, true);
    }
}

impl KeyTally for ToolTally {
    fn join(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.all.join(&other.all);
        self.slow.join(&other.slow);
        self.retried.join(&other.retried);
    }

    fn weight(&self) -> u64 {
        self.all.calls
    }

    fn ids(&mut self) -> Vec<&mut Ids> {
        vec![&mut self.slow.sessions, &mut self.retried.sessions]
    }
}
