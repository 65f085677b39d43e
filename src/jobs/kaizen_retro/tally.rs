//! Counts by name, in the order in which the names were met.
//!
//! Takes: nothing, [`metrics`](super::metrics) fills them. Gives: [`RetroTally`], [`Tallies`].

use std::collections::HashMap;

/// Counts of an agent, a repository, a type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetroTally {
    /// What it is called.
    pub name: String,
    /// Issues closed with the flag `success`.
    pub successes: usize,
    /// Open issues with the flag `failure`.
    pub failures: usize,
    /// Issues closed in the window.
    pub closed: usize,
    /// Issues that are open.
    pub open: usize,
    /// Of those, with the flag `attention`.
    pub attention: usize,
    /// Pull requests merged.
    pub merged_prs: usize,
    /// Pull requests closed without a merge.
    pub closed_prs: usize,
    /// Repositories in which it closed or holds a failure, sorted.
    pub repos: Vec<String>,
}

impl RetroTally {
    /// Successes and failures.
    #[must_use]
    pub fn total(&self) -> usize {
        self.successes + self.failures
    }

    /// Successes of all; `None` of none.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        // Counts of issues are exact as floats.
        (self.total() > 0).then(|| self.successes as f64 / self.total() as f64)
    }

    /// Notes a repository, once.
    pub fn add_repo(&mut self, name: &str) {
        if let Err(place) = self.repos.binary_search_by(|known| known.as_str().cmp(name)) {
            self.repos.insert(place, name.to_owned());
        }
    }
}

/// Tallies in the order in which they were first met.
#[derive(Debug, Clone, Default)]
pub struct Tallies {
    all: Vec<RetroTally>,
    places: HashMap<String, usize>,
}

impl Tallies {
    /// The tally of this name, a new one where there is none.
    pub fn of(&mut self, name: &str) -> &mut RetroTally {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => {
                self.places.insert(name.to_owned(), self.all.len());
                self.all.push(RetroTally { name: name.to_owned(), ..RetroTally::default() });
                self.all.len() - 1
            }
        };
        &mut self.all[place]
    }

    /// All, in order.
    #[must_use]
    pub fn all(&self) -> &[RetroTally] {
        &self.all
    }

    /// The tally of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&RetroTally> {
        self.places.get(name).map(|place| &self.all[*place])
    }
}
