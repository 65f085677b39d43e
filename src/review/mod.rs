//! What whoever reviews a change of the rules uses.
//!
//! Takes: checked rules, and texts that were read beside them. Gives: what the rules do, to be looked
//! at before they do it. Pure: nothing here reads a file, a clock or a forge.
//!
//! - [`cases`] the cases of `rules/tests`: read, judged, covered, written
//! - [`mutate`] the rules changed a little, to see whether a case notices

pub mod cases;
pub mod mutate;
