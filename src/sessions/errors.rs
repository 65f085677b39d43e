//! Errors, counted.
//!
//! Takes: each error of a session with the time it is charged for. Gives: [`ErrorTally`].

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bounded::{BoundedNames, Firsts, Ids, KeyTally};
use super::session::SessionPlace;
use super::who::Who;

/// Characters of an error that are kept to be shown.
pub const KEPT_CHARS: usize = 300;

/// One error over all sessions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorTally {
    /// Its normal text, as far as it is shown.
    pub text: Box<str>,
    /// Where it was met first.
    pub first: SessionPlace,
    /// How often.
    pub occurrences: u64,
    /// In which sessions.
    pub sessions: Ids,
    /// Time it is charged for, in microseconds.
    pub micros: u64,
    /// In which repositories.
    pub repos: BoundedNames,
    /// Sessions of the first few times, a session as often as it had it.
    pub first_times: Firsts,
    /// The first few sessions.
    pub first_sessions: Firsts,
}

impl ErrorTally {
    /// One that has not been met yet.
    #[must_use]
    pub fn new(text: &str, first: SessionPlace) -> Self {
        ErrorTally {
            text: text.chars().take(KEPT_CHARS).collect::<String>().into_boxed_str(),
            first,
            occurrences: 0,
            sessions: Ids::default(),
            micros: 0,
            repos: BoundedNames::default(),
            first_times: Firsts::default(),
            first_sessions: Firsts::default(),
        }
    }

    /// Met in a session: once more, and in a session more where `new`.
    pub fn add(&mut self, place: SessionPlace, who: &Who<'_>, repo: &Arc<str>, micros: u64, new: bool) {
        self.occurrences += 1;
        self.micros = self.micros.saturating_add(micros);
        self.first = self.first.min(place);
        self.first_times.add(place, &who.id);
        if new {
            self.sessions.add(|| who.hash());
            self.repos.add(repo);
            self.first_sessions.add_new(place, &who.id);
        }
    }
}

impl KeyTally for ErrorTally {
    fn join(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.occurrences += other.occurrences;
        self.sessions.join(&other.sessions);
        self.micros = self.micros.saturating_add(other.micros);
        self.repos.join(&other.repos);
        self.first_times.join(&other.first_times, false);
        self.first_sessions.join(&other.first_sessions, true);
    }

    fn weight(&self) -> u64 {
        self.occurrences
    }

    fn ids(&mut self) -> Vec<&mut Ids> {
        vec![&mut self.sessions]
    }
}
