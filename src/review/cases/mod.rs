//! Cases: items, and what the rules are to make of them.
//!
//! Takes: a case file (`rules/tests/<job>.yaml`) and the policy that it tests. Gives: [`Suite`], its
//! cases with every name resolved. In reading order:
//!
//! - `read` the file, with `given` and `expect`; all problems at their place
//! - [`judge`] a case to what differs, [`coverage`] what no case exercises
//! - [`report`] the result for people and programs, [`mod@write`] a case as YAML

pub mod coverage;
mod expect;
mod given;
pub mod judge;
mod read;
pub mod report;
pub mod write;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::engine::facts::Reading;
use crate::engine::policy::Policy;
use crate::engine::source::{Source, Span};
use crate::forge::{Item, Repo};
pub use read::read;

/// The cases of one job.
#[derive(Debug)]
pub struct Suite {
    /// The file.
    pub source: Source,
    /// Its cases, in their order; a case with `each` is one for every entry.
    pub cases: Vec<Case>,
    /// Changes of the rules that are known to change nothing.
    pub equivalent: Vec<Equivalent>,
}

/// An item, and what the rules are to make of it.
#[derive(Debug)]
pub struct Case {
    /// `group: name [entry]`; no two cases have the same.
    pub name: String,
    /// Where it stands: its name, or its entry of `each`.
    pub at: Span,
    /// The instant that ages are counted to.
    pub now: DateTime<Utc>,
    /// The item.
    pub given: Given,
    /// What it is to come to; never empty.
    pub expected: Vec<Expected>,
}

/// An item as a run would have read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// Its repository.
    pub repo: Repo,
    /// The item itself.
    pub item: Item<'static>,
    /// A report that we wrote ourselves.
    pub own_report: bool,
    /// The last activity that counts, in microseconds since 1970 UTC, where its timeline was read.
    pub last_activity: Reading<Option<i64>>,
}

/// One thing that a case expects.
#[derive(Debug, Clone)]
pub struct Expected {
    /// What it is about.
    pub member: Member,
    /// What it is to be; of [`Member::Text`] a part of it.
    pub value: Value,
    /// Where that stands.
    pub at: Span,
}

/// What of a judgement is looked at. Numbers are indices into the policy's own lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Member {
    Type,
    Score,
    Component(usize),
    Flag(usize),
    Tags,
    Held,
    Rule,
    Action,
    Agent,
    Reason,
    Text,
}

impl Member {
    /// Its name in a case file: `scores.scope`.
    #[must_use]
    pub fn name(self, policy: &Policy) -> String {
        match self {
            Member::Type => "type".to_owned(),
            Member::Score => "score".to_owned(),
            Member::Component(index) => format!("scores.{}", policy.components[index].name),
            Member::Flag(index) => format!("flags.{}", policy.flags[index].name),
            Member::Tags => "tags".to_owned(),
            Member::Held => "held".to_owned(),
            Member::Rule => "rule".to_owned(),
            Member::Action => "action".to_owned(),
            Member::Agent => "agent".to_owned(),
            Member::Reason => "reason".to_owned(),
            Member::Text => "text".to_owned(),
        }
    }
}

/// A change of the rules that no input can tell apart, says the case file.
#[derive(Debug, Clone)]
pub struct Equivalent {
    /// The name of the change.
    pub mutant: String,
    /// Where that stands.
    pub at: Span,
    /// Why nothing can tell it apart.
    pub reason: String,
}

/// `file:line` of a place in a case file.
#[must_use]
pub fn line(source: &Source, at: Span) -> String {
    format!("{}:{}", source.name, source.line_column(at.start).0)
}
