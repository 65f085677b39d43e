//! Rules over collections: from what a job has counted to the records that its rules make of it.
//!
//! Takes: a job's tables of facts and record fields ([`SectionSpec`], [`Param`]), the checked [`AdviceRules`] of a
//! policy, the counted [`FactValues`]. Gives: [`AdviceResult`], every record that a rule made, in order, and the one
//! that is picked. Pure: what a rule asks of memory comes through a function of the job.
//!
//! - `spec` the tables a job declares, `rules` what the file says, `measure` the parameters of counting
//! - [`judge`] one pass over the rules

mod facts;
mod judge;
mod measure;
mod rules;
mod spec;

pub use facts::FactValues;
pub use judge::{AdviceResult, Finding, RuleAnswers, RuleCounts, judge};
pub use measure::{JobParams, ParamValue, Replacement};
pub use rules::{Advice, AdviceRule, AdviceRules, Each, FieldSource, Pick, RuleGroup};
pub use spec::{AskSpec, Collection, FactSpec, FactTy, Field, FieldKind, Param, ParamKind, Preset, SectionSpec, Slots};
