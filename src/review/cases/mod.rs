//! Cases: items or counted facts, and what the rules are to make of them.
//!
//! Takes: a case file (`rules/tests/<job>.yaml`) and the rules that it tests. Gives: [`Suite`], its
//! cases with every name resolved. In reading order:
//!
//! - `read` the file and its `layers`, with `given` (items), `counted` (facts) and `expect`; all problems at
//!   their place
//! - [`judge`] a case to what differs (`records` those that rules over facts make), [`coverage`] what no
//!   case exercises (`probe` of conditions over facts)
//! - [`report`] the result for people and programs, [`mod@write`] a case as YAML

mod counted;
pub mod coverage;
mod expect;
mod given;
pub mod judge;
mod layers;
mod probe;
mod read;
mod records;
pub mod report;
pub mod write;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::advise::FactValues;
use crate::engine::facts::Availability;
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

/// What is judged, and what the rules are to make of it.
#[derive(Debug)]
pub struct Case {
    /// `group: name [entry]`; no two cases have the same.
    pub name: String,
    /// Where it stands: its name, or its entry of `each`.
    pub at: Span,
    /// The instant that ages are counted to.
    pub now: DateTime<Utc>,
    /// What is judged.
    pub given: CaseSubject,
    /// What it is to come to; never empty.
    pub expected: Vec<Expectation>,
}

/// What a case is about.
#[derive(Debug)]
pub enum CaseSubject {
    /// An item.
    Item(Box<CaseItem>),
    /// What was counted.
    Counted(CountedFacts),
}

/// What a run would have counted.
#[derive(Debug)]
pub struct CountedFacts {
    /// Index in [`Advice::sections`](crate::advise::Advice::sections).
    pub section: usize,
    /// The facts; what a case does not say is nothing of its kind.
    pub facts: FactValues,
    /// What is answered yes where a rule asks whether it fired lately.
    pub recently: Vec<RecentRule>,
}

/// A rule that fired lately.
#[derive(Debug, Clone, PartialEq)]
pub struct RecentRule {
    /// Its id.
    pub rule: String,
    /// What it was about; `None`: whatever that is.
    pub subject: Option<Value>,
}

/// An item as a run would have read it.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseItem {
    /// Its repository.
    pub repo: Repo,
    /// The item itself.
    pub item: Item<'static>,
    /// A report that we wrote ourselves.
    pub own_report: bool,
    /// The last activity that counts, in microseconds since 1970 UTC, where its timeline was read.
    pub last_activity: Availability<Option<i64>>,
    /// Comments that people wrote on it in the window of a report.
    pub recent_comments: u64,
    /// Something on it changed in that window.
    pub recent: bool,
}

/// One thing that a case expects.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// What it is about.
    pub member: CaseMember,
    /// What it is to be, or a part of it ([`CaseMember::is_part`]).
    pub value: Value,
    /// Where that stands.
    pub at: Span,
}

/// What of a judgement is looked at. Numbers are indices into the policy's own lists; of [`CaseMember::Field`]
/// into the fields of the section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum CaseMember {
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
    Rules,
    Observed,
    Subject,
    Field { index: usize, name: &'static str, part: bool },
}

impl CaseMember {
    /// Its name in a case file: `scores.scope`.
    #[must_use]
    pub fn name(self, policy: &Policy) -> String {
        match self {
            CaseMember::Type => "type".to_owned(),
            CaseMember::Score => "score".to_owned(),
            CaseMember::Component(index) => format!("scores.{}", policy.components[index].name),
            CaseMember::Flag(index) => format!("flags.{}", policy.flags[index].name),
            CaseMember::Tags => "tags".to_owned(),
            CaseMember::Held => "held".to_owned(),
            CaseMember::Rule => "rule".to_owned(),
            CaseMember::Action => "action".to_owned(),
            CaseMember::Agent => "agent".to_owned(),
            CaseMember::Reason => "reason".to_owned(),
            CaseMember::Text => "text".to_owned(),
            CaseMember::Rules => "rules".to_owned(),
            CaseMember::Observed => "observed".to_owned(),
            CaseMember::Subject => "subject".to_owned(),
            CaseMember::Field { name, .. } => name.to_owned(),
        }
    }

    /// A case says a part of it: it is a text for people.
    #[must_use]
    pub fn is_part(self) -> bool {
        matches!(self, CaseMember::Text | CaseMember::Field { part: true, .. })
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
