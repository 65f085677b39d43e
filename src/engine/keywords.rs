//! Keyword sets: words that tags are compared with.
//!
//! Takes: the sets of a rule file, tags. Gives: for each set whether any of the tags is in it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::source::Location;
use super::text::tag_key;

/// A word of the rules, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// In lower case.
    pub text: String,
    /// Where it stands.
    pub at: Location,
}

impl Word {
    /// What it is compared by.
    #[must_use]
    pub fn key(&self) -> Cow<'_, str> {
        tag_key(&self.text)
    }
}

/// A keyword set.
#[derive(Debug, Clone)]
pub struct Set {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub at: Location,
    /// Its words.
    pub words: Vec<Word>,
}

/// Keyword sets: words that tags are compared with.
#[derive(Debug, Clone, Default)]
pub struct Keywords {
    /// The sets, in the order of the files.
    pub sets: Vec<Set>,
    /// For each word as it is compared, the sets it is in.
    words: HashMap<String, Vec<usize>>,
}

impl Keywords {
    /// These sets; their words are in lower case.
    #[must_use]
    pub fn new(sets: Vec<Set>) -> Self {
        let mut words: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, set) in sets.iter().enumerate() {
            set.words.iter().for_each(|word| words.entry(word.key().into_owned()).or_default().push(index));
        }
        Keywords { sets, words }
    }

    /// Whether the word is in any set.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.words.contains_key(&*tag_key(word))
    }

    /// One flag a set: whether any of the tags is in it.
    #[must_use]
    pub fn in_sets(&self, tags: &[String]) -> Vec<bool> {
        let mut found = vec![false; self.sets.len()];
        for index in tags.iter().filter_map(|tag| self.words.get(&*tag_key(tag))).flatten() {
            found[*index] = true;
        }
        found
    }
}
