//! The keys of sections whose rules look at what was counted.
//!
//! Takes: nothing, these are tables. Gives: the same as [`keys`](super::keys), for `measure`, `detect`,
//! `suggest`, `recommend` and `propose`.

use super::keys::{KeyShape, KeySpec, may, must, words};
use crate::advise::Pick;

/// Keys that judge items, one by one.
pub(super) const OF_ITEMS: [&str; 15] = [
    "skip", "scope", "tags", "ages", "keywords", "patterns", "score", "classify", "flags", "order", "agents", "labels",
    "actions", "decide", "summary",
];

/// Keys that judge what was counted, apart from `measure`.
pub(super) const SECTIONS: [&str; 4] = ["detect", "suggest", "recommend", "propose"];

pub(super) const PICKED: [(&str, Pick); 3] = [("all", Pick::All), ("first", Pick::First), ("highest", Pick::Highest)];
const PICKED_WORDS: [&str; 3] = words(&PICKED);

pub(super) const SECTION: [KeySpec; 2] = [
    may("pick", KeyShape::Word(&PICKED_WORDS), "Which record counts: all, the first, the one with the highest score."),
    must("rules", KeyShape::List(&KeyShape::Anything), "Its rules; a group holds rules of its own."),
];

/// Keys of a group of rules over a list; a rule that stands alone has them too.
pub(super) const GROUP: [&str; 5] = ["each", "as", "sort", "limit", "let"];

/// Keys of a rule over what was counted, beside the fields of its record.
pub(super) const ADVICE_RULE: [&str; 7] = ["id", "when", "let", "subject", "score", "enabled", "observe"];

pub(super) const REPLACEMENT: [KeySpec; 2] = [
    must("regex", KeyShape::Text, "What is looked for; any case, unless it says (?-i)."),
    must("with", KeyShape::Text, "What stands there instead."),
];
