//! A session as examples and counts name it.
//!
//! Takes: its name, where it has one, and its place. Gives: [`Who`]; [`shorten`], a name as far as it is kept.

use std::cell::OnceCell;
use std::sync::Arc;

use super::bounded::hash;
use super::session::SessionPlace;

/// Characters of a name that are kept.
const NAME: usize = 200;

/// Who a session is.
#[derive(Debug)]
pub struct Who<'s> {
    /// Its name as examples have it.
    pub id: Arc<str>,
    name: Option<&'s str>,
    place: SessionPlace,
    hash: OnceCell<u64>,
}

impl<'s> Who<'s> {
    /// The session of this name, or the one without a name that stands there.
    #[must_use]
    pub fn new(name: Option<&'s str>, place: SessionPlace) -> Self {
        Who { id: shorten(name.unwrap_or("unknown")).into(), name, place, hash: OnceCell::new() }
    }

    /// What it is told apart from others by. A session without a name is one of its own.
    pub fn hash(&self) -> u64 {
        let SessionPlace(input, at, _) = self.place;
        let hashed = || self.name.map_or_else(|| hash(&format!("{input} {at}")), hash) as u64;
        *self.hash.get_or_init(hashed)
    }
}

/// A name as far as it is kept.
#[must_use]
pub fn shorten(name: &str) -> &str {
    if name.len() <= NAME {
        return name;
    }
    name.char_indices().nth(NAME).map_or(name, |(at, _)| &name[..at])
}
