//! Rules over collections: from what a job has counted to the records that its rules make of it.
//!
//! Takes: a job's tables of facts and record fields ([`Section`], [`Param`]), the checked [`Rules`] of a
//! policy, the counted [`Facts`]. Gives: [`Judged`], every record that a rule made, in order, and the one
//! that is picked. Pure: what a rule asks of memory comes through a function of the job.
//!
//! - `spec` the tables a job declares, `rules` what the file says, `measure` the parameters of counting
//! - [`judge`] one pass over the rules

mod facts;
mod judge;
mod measure;
mod rules;
mod spec;

pub use facts::Facts;
pub use judge::{Answers, Finding, Judged, Looked, judge};
pub use measure::{Given, Measure, Replacement};
pub use rules::{Advice, Each, Group, Made, Pick, Rule, Rules};
pub use spec::{Ask, Collection, Fact, FactTy, Field, FieldKind, Kind, Param, Preset, Section, Slots};
