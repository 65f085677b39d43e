//! What is kept of many, in bounded memory, so that parts add up to the whole.
//!
//! Takes: things with a place or a key. Gives: [`Firsts`], the first few by place; [`Ids`], how many
//! different ones there were; [`BoundedNames`], the names among them; [`BoundedCounts`], counts by key for a bounded
//! number of keys. Each gives the same whether everything came at once, in another order, or in parts.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::session::SessionPlace;

/// Examples that are kept of anything.
pub const EXAMPLES: usize = 5;
/// Different sessions that are told apart; from there on records are counted.
const TOLD_APART: usize = 16;
/// Names that are kept of anything.
pub const NAMES: usize = 100;

/// The first 128 bits of a SHA-256: what keys are kept by, whole texts being too long.
#[must_use]
pub fn hash(text: &str) -> u128 {
    let digest = Sha256::digest(text.as_bytes());
    digest[..16].iter().fold(0, |hash, byte| hash << 8 | u128::from(*byte))
}

/// The first few by place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Firsts(Vec<(SessionPlace, Arc<str>)>);

impl Firsts {
    /// Takes another.
    pub fn add(&mut self, place: SessionPlace, name: &Arc<str>) {
        if self.0.len() < EXAMPLES || self.0.last().is_some_and(|(last, _)| place < *last) {
            let at = self.0.partition_point(|(there, _)| *there < place);
            self.0.insert(at, (place, Arc::clone(name)));
            self.0.truncate(EXAMPLES);
        }
    }

    /// Takes another, of each name the first only.
    pub fn add_new(&mut self, place: SessionPlace, name: &Arc<str>) {
        // Most come after all that are kept.
        if self.0.len() >= EXAMPLES && self.0.last().is_some_and(|(last, _)| *last <= place) {
            return;
        }
        if let Some(at) = self.0.iter().position(|(_, there)| there == name) {
            if self.0[at].0 <= place {
                return;
            }
            self.0.remove(at);
        }
        self.add(place, name);
    }

    /// Takes those of another part, of each name the first only where `new`.
    pub fn join(&mut self, other: &Firsts, new: bool) {
        for (place, name) in &other.0 {
            if new { self.add_new(*place, name) } else { self.add(*place, name) }
        }
    }

    /// The names, the first first.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(_, name)| name.to_string()).collect()
    }
}

/// How many different sessions: exactly for a few, else at most as many as records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ids {
    /// Hashes of their names: the smallest, in order.
    told_apart: Vec<u64>,
    /// Records of sessions.
    records: u64,
}

impl Ids {
    /// Another record of the session with this hash, which is asked for while sessions are told apart.
    pub fn add(&mut self, id: impl FnOnce() -> u64) {
        self.records += 1;
        if self.told_apart.len() <= TOLD_APART {
            self.tell_apart(id());
        }
    }

    fn tell_apart(&mut self, id: u64) {
        if self.told_apart.len() <= TOLD_APART
            && let Err(at) = self.told_apart.binary_search(&id)
        {
            self.told_apart.insert(at, id);
        }
    }

    /// Takes those of another part.
    pub fn join(&mut self, other: &Ids) {
        self.records += other.records;
        other.told_apart.iter().for_each(|id| self.tell_apart(*id));
    }

    /// How many: exact up to sixteen different ones, then how many records there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        if self.told_apart.len() <= TOLD_APART { self.told_apart.len() as u64 } else { self.records }
    }

    /// As they are written: more than can be told apart says no more than that there are more.
    fn settle(&mut self) {
        if self.told_apart.len() > TOLD_APART {
            self.told_apart = (0..=TOLD_APART as u64).collect();
        }
    }
}

/// Different names, the first hundred in their order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BoundedNames(BTreeSet<Arc<str>>);

impl BoundedNames {
    /// Takes another.
    pub fn add(&mut self, name: &Arc<str>) {
        if !self.0.contains(name) {
            self.0.insert(Arc::clone(name));
            while self.0.len() > NAMES {
                self.0.pop_last();
            }
        }
    }

    /// Takes those of another part.
    pub fn join(&mut self, other: &BoundedNames) {
        other.0.iter().for_each(|name| self.add(name));
    }

    /// The names in their order.
    #[must_use]
    pub fn list(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

/// What is counted under a key.
pub trait KeyTally: Serialize + DeserializeOwned {
    /// Takes what another part counted under the same key.
    fn join(&mut self, other: Self);
    /// How often it was met.
    fn weight(&self) -> u64;
    /// Its sessions, as they are told apart.
    fn ids(&mut self) -> Vec<&mut Ids>;
}

/// Counts by key, for the `most` keys with the smallest hashes: which keys those are does not depend on
/// the order of what is read, and what is counted under a key that is kept is exact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "T: KeyTally")]
pub struct BoundedCounts<T> {
    most: usize,
    entries: BTreeMap<u128, T>,
    /// Keys from here on are not kept.
    below: Option<u128>,
    /// How often anything was met, kept or not.
    met: u64,
}

impl<T: KeyTally> BoundedCounts<T> {
    /// For so many keys.
    #[must_use]
    pub fn new(most: usize) -> Self {
        BoundedCounts { most: most.max(1), entries: BTreeMap::new(), below: None, met: 0 }
    }

    /// What is counted under a key, which was met `times` times; `None` where it is not kept.
    pub fn of(&mut self, key: u128, times: u64, new: impl FnOnce() -> T) -> Option<&mut T> {
        self.met += times;
        if self.below.is_some_and(|below| key >= below) {
            return None;
        }
        if self.entries.len() < self.most {
            return Some(self.entries.entry(key).or_insert_with(new));
        }
        if let Entry::Vacant(free) = self.entries.entry(key) {
            free.insert(new());
            if self.entries.len() > self.most
                && let Some((gone, _)) = self.entries.pop_last()
            {
                self.below = Some(gone);
            }
        }
        self.entries.get_mut(&key)
    }

    /// Takes those of another part.
    pub fn join(&mut self, other: BoundedCounts<T>) {
        self.met += other.met;
        self.below = [self.below, other.below].into_iter().flatten().min();
        for (key, tally) in other.entries {
            match self.entries.entry(key) {
                Entry::Occupied(mut there) => there.get_mut().join(tally),
                Entry::Vacant(free) => {
                    free.insert(tally);
                }
            }
        }
        if let Some(below) = self.below {
            self.entries.split_off(&below);
        }
        while self.entries.len() > self.most {
            self.below = self.entries.pop_last().map(|(gone, _)| gone);
        }
    }

    /// Ends the counting: what is written is the same whoever counted.
    pub fn settle(&mut self) {
        self.entries.values_mut().flat_map(KeyTally::ids).for_each(Ids::settle);
    }

    /// Those kept, by the hash of their key.
    pub fn iter(&self) -> impl Iterator<Item = (&u128, &T)> {
        self.entries.iter()
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// None is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How often one that is not kept was met.
    #[must_use]
    pub fn beyond(&self) -> u64 {
        self.met.saturating_sub(self.entries.values().map(KeyTally::weight).sum())
    }

    /// About how many keys are not kept. Hashes are spread evenly, so that those kept tell how many
    /// there are in all; exact where none is left out.
    #[must_use]
    pub fn keys_beyond(&self) -> u64 {
        let Some(below) = self.below else { return 0 };
        let share = below as f64 / u128::MAX as f64;
        let all = self.entries.len() as f64 / share.max(f64::MIN_POSITIVE);
        ((all - self.entries.len() as f64).round() as u64).max(1)
    }
}
