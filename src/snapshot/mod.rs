//! A recorded forge, masked: fit to be shown and committed, and still judged as before.
//!
//! Takes: the document of a file forge and the policies in use. Gives: [`mask`], the same document
//! without what people wrote, and [`check`], whether both are judged alike. Words that the rules look
//! for, the structure of Markdown, lengths, dates and numbers stay; every other letter becomes
//! an `x`; people, repositories and labels get names by their order; members that nothing reads are left out.

mod check;
mod keep;
mod names;
mod objects;
mod text;
mod vocabulary;

pub use check::{JudgementDifference, check};

use serde_json::Value;

use crate::engine::rules::Policy;
use names::NameMap;
use objects::ObjectMasker;
use vocabulary::Vocabulary;

/// Who we are, where a document does not say.
const USER: &str = "kaizen";

/// A masked document.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskResult {
    /// The document, in the format of the original.
    pub document: Value,
    /// Items that the rules may judge in another way than before; most often there are none.
    pub unequal: Vec<Unequal>,
}

/// An item of which no mask was found that leaves all that the rules find in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unequal {
    /// Full name of its repository in the original.
    pub repo: String,
    /// Its number, where it has one.
    pub number: Option<u64>,
    /// What of it: `item` or `comment`.
    pub what: &'static str,
}

/// Masks a document for these policies, which are all that it is meant to be judged by.
///
/// Stays: words of keyword sets in the brackets of titles, what words and expressions of patterns
/// match (of an expression only the letters that it cannot do without), texts that conditions compare
/// with, commands, our own markers, names of HTML elements, all that is no letter; of labels those that the
/// rules name and last parts that are tags; dates, numbers, states; the logins of `user`, agents, `bots` and those that the rules name. For an
/// item whose texts are then not found as before, other ways are tried: names in it become letters,
/// letters keep their class, another letter stands for all. Never is a text left as it was.
///
/// The document is not changed. What is no document of a forge is masked as well, as far as it goes.
#[must_use]
pub fn mask(document: &Value, policies: &[&Policy]) -> MaskResult {
    let user = document.get("user").and_then(Value::as_str).filter(|user| !user.is_empty()).unwrap_or(USER);
    let vocabulary = Vocabulary::new(policies, user);
    let names = NameMap::of(document, &vocabulary);
    let mut objects = ObjectMasker::new(&vocabulary, &names);
    let document = objects.document(document);
    MaskResult { document, unequal: objects.unequal }
}
