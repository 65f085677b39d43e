//! What the reviewer of a rule change uses.
//!
//! Takes: checked rules with what stands beside them in their files. Gives: what is probably not meant
//! in them, what they hold, what they do on items that stand beside them. Pure: no file, clock, network.
//!
//! - [`book`] the rules of a job, over items and over what was counted
//! - [`check`] all warnings of a folder: [`shadow`] conditions that never matter, by [`logic`], [`formula`],
//!   [`range`] and [`solve`]; [`passed_over`] of rules over counted facts; [`unused`]
//!   vocabulary, [`words`] in two sets, [`numbers`] that stand twice, what is written [`unheard`], rules that keep
//!   each other [`undone`]
//! - [`facts`] the vocabulary that rules can use
//! - [`cases`] the cases of `rules/tests`: read, judged, covered, written
//! - [`mutate`] the rules changed a little, to see whether a case notices
//! - [`diff`] what a change does to everything that the rules judge, [`sticky`] the comment that keeps it on
//!   a pull request

pub mod book;
pub mod cases;
pub mod check;
pub mod diff;
pub mod facts;
pub mod formula;
pub mod logic;
pub mod mutate;
pub mod numbers;
pub mod passed_over;
pub mod range;
pub mod shadow;
pub mod solve;
pub mod sticky;
pub mod undone;
pub mod unheard;
pub mod unused;
pub mod words;
