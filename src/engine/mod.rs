//! The engine: rules in, decisions out.
//!
//! Takes: the texts of rule files and templates, items with their facts, the instant of the run.
//! Gives: checked policies, scores, types, decisions with their trace, rendered texts. Pure: no
//! file, clock, environment or network, and no word of any job. In reading order:
//!
//! - [`diag`] what is wrong and where; [`yaml`] a document in which every value knows its place
//! - [`value`] and [`expr`] typed expressions, [`eval`] their three-valued evaluation,
//!   [`sentence`] texts with expressions
//! - [`text`], [`words`] what patterns look in and how; [`facts`] what is known of an item
//! - [`rules`] a checked rule file, [`load`] how it is checked, [`template`] the texts beside it
//! - [`evaluate`] one item to one judgement; [`choice`] which judgements are acted on
//! - [`untrusted`] other people's text, escaped for the place it goes to

pub mod choice;
pub mod diag;
pub mod eval;
pub mod evaluate;
pub mod expr;
pub mod facts;
pub mod load;
pub mod rules;
pub mod sentence;
pub mod template;
pub mod text;
pub mod untrusted;
pub mod value;
pub mod words;
pub mod yaml;

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
        self.0.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The digest of one text.
#[must_use]
pub fn digest(text: &str) -> String {
    let mut digest = Digest::default();
    digest.part(text);
    digest.finish()
}
