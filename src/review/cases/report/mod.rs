//! What the cases of a job came to, for people and programs.
//!
//! Takes: [`TestReport`], the one record of a test of rules. Gives: lines for a terminal ([`text`]),
//! Markdown ([`markdown`]), JSON ([`json`]). Printing code decides nothing.

pub mod json;
pub mod markdown;
pub mod text;

use super::Suite;
use super::coverage::{Coverage, PartKind};
use super::judge::CaseResult;
use crate::engine::policy::Policy;
use crate::review::mutate::Mutants;
use crate::review::mutate::run::Mutation;

/// A test of the rules of one job.
#[derive(Debug)]
pub struct TestReport {
    /// When it ended, RFC 3339.
    pub generated_at: String,
    /// The rules.
    pub policy: Policy,
    /// Their cases.
    pub suite: Suite,
    /// One a case.
    pub judged: Vec<CaseResult>,
    /// What no case exercises, where it was asked for.
    pub coverage: Option<Coverage>,
    /// What became of changes of the rules, where it was asked for and all cases hold.
    pub mutation: Option<(Mutants, Mutation)>,
    /// It was asked for.
    pub mutate: bool,
}

impl TestReport {
    /// How many cases differ from what they expect.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.judged.iter().filter(|judged| !judged.failures.is_empty()).count()
    }

    /// Not every change that was asked for was tried.
    #[must_use]
    pub fn cut_short(&self) -> bool {
        self.mutation.as_ref().is_some_and(|(_, mutation)| mutation.untried > 0)
    }

    /// All is as it should be, as far as it was tried.
    #[must_use]
    pub fn passed(&self) -> bool {
        let mutation = self.mutation.as_ref().map(|(_, mutation)| mutation);
        self.failed() == 0
            && mutation.is_none_or(|found| found.survivors.is_empty() && found.noticed_after_all.is_empty())
    }
}

/// A number of things: `1 case`, `3 cases`.
fn number_of(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What parts of a kind are called, and what it is to exercise one.
fn of_kind(kind: PartKind) -> (&'static str, &'static str) {
    match kind {
        PartKind::Rule => ("rules", "decide no case"),
        PartKind::Type => ("types", "are of no case"),
        PartKind::Point => ("points", "hold in no case"),
        PartKind::Part => ("parts of conditions", "do not both hold and fail"),
        PartKind::Threshold => ("thresholds", "decide no condition"),
        PartKind::Pattern => ("patterns", "match in no case"),
        PartKind::Word => ("words", "are in no case"),
    }
}
