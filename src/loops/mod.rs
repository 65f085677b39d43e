//! What the log of the loop says, counted. Pure: bytes of the log in, figures out.
//!
//! Takes: blocks of lines, the instant of the run, [`LoopMeasure`](measure::LoopMeasure). Gives: one cycle a
//! line, read tolerantly ([`cycle`]); the figures of `loop-introspect` ([`count`]) with medians
//! ([`spread`]) and what chance would give ([`chance`]); runs of deep triage ([`deep`]); all of it as
//! JSON ([`insights`]); a cycle that is to be written ([`record`]), two versions of a file put together
//! ([`merge`]).
//!
//! Memory is bounded whatever the log's size: durations fall into at most [`spread::BINS`] bins, types,
//! repositories and failing issues have a cap each ([`count::KINDS`], [`count::REPOS`],
//! [`repeats::ISSUES`]), and what is beyond one is counted and said.

pub mod block;
pub mod chance;
pub mod count;
pub mod cycle;
pub mod deep;
pub mod figures;
pub mod insights;
pub mod key_set;
pub mod measure;
pub mod merge;
pub mod outliers;
pub mod record;
pub mod repeats;
pub mod spread;
pub mod tally;
