//! Sessions of agents: read from whatever recorded them, counted in one pass.
//!
//! Takes: bytes, one after another, and what the rules measure. Gives: [`count::SessionCounts`], in memory that
//! many sessions do not fill, and which parts of the inputs, counted apart, add up to. Pure: whoever
//! calls reads the files. In reading order:
//!
//! - [`session`] what a session is, [`problems`] what could not be read
//! - [`blocks`] an input in blocks of whole records, `elements` the same for a document, [`adapters`] the formats that are known, a file each
//! - [`recorded`] one recorded session, `loose` any value in it
//! - [`measure`] what the rules measure, [`count`] sessions counted
//! - [`part`] what a part of a reading counted, and all parts as one
//! - [`who`] who a session is, [`errors`], [`tools`], [`manual`] what is counted, [`exact`], [`bounded`] sums and lists that add up

pub mod adapters;
pub mod blocks;
pub mod bounded;
pub mod count;
mod elements;
pub mod errors;
pub mod exact;
mod loose;
pub mod manual;
pub mod measure;
pub mod part;
pub mod problems;
pub mod recorded;
pub mod session;
pub mod tools;
pub mod who;
