//! The engine: checked rules and items in, decisions and texts out.
//!
//! Takes: a policy and templates that `language` has checked, items with their facts, the instant
//! of the run. Gives: scores, types, decisions with their trace, rendered texts. Pure: no file,
//! clock, environment or network, and no word of any job. In reading order:
//!
//! - [`source`] texts and places in them, [`value`] what expressions come to
//! - [`expr`] their checked trees, [`eval`] three-valued evaluation, [`sentence`] texts with them
//! - [`markdown`], [`text`], [`areas`] what patterns look in; [`words`], [`folding`] how, [`places`] where
//! - [`keywords`] which sets its tags are in, [`facts`] what is known of an item
//! - [`policy`] a checked rule file, [`rules`] its parts; [`enough`] how far its patterns need to count
//! - [`evaluate`] one item to one judgement, [`examine`] to be asked about it
//! - [`template`] the texts people read; [`untrusted`] other people's text, escaped for its place

pub mod areas;
pub mod enough;
pub mod eval;
pub mod evaluate;
pub mod examine;
pub mod expr;
pub mod facts;
pub mod folding;
pub mod keywords;
pub mod markdown;
pub mod places;
pub mod policy;
pub mod rules;
pub mod sentence;
pub mod source;
pub mod template;
pub mod text;
pub mod untrusted;
pub mod value;
pub mod words;

use sha2::{Digest as _, Sha256};

/// A digest as the formats write it: the first 16 hexadecimal digits of a SHA-256.
#[derive(Debug, Clone, Default)]
pub struct Digest(Sha256);

impl Digest {
    /// Adds a part; parts do not run into each other.
    pub fn part(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
    }

    /// The digest of all parts.
    #[must_use]
    pub fn finish(self) -> String {
        let first = self.0.finalize().iter().take(8).fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        format!("{first:016x}")
    }
}

/// The digest of one text.
#[must_use]
pub fn digest(text: &str) -> String {
    let mut digest = Digest::default();
    digest.part(text);
    digest.finish()
}
