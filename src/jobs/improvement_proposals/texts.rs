//! What the templates of `improvement-proposals` are given.
//!
//! Takes: a finished report, or one proposal. Gives: the names of `report.md.j2` and `issue.md.j2`.

use minijinja::{Value as Text, context};

use super::follow_up::ProposalState;
use super::report::ProposalReport;
use super::{Proposal, WastePattern, rounded};
use crate::advise::FactTy;
use crate::engine::value::Value;

/// The report.
pub const REPORT: &str = "report.md.j2";
/// The text of the issue of a proposal.
pub const ISSUE: &str = "issue.md.j2";

/// What the issue says when its pattern is gone.
pub const GONE: &str = "gone.md.j2";

/// Proposals and patterns that a text lists.
const LISTED: usize = 20;
/// Findings in the inputs that a text lists.
const PROBLEMS: usize = 20;

/// Names that the report may use.
pub const REPORT_NAMES: [(&str, FactTy); 46] = [
    ("when", FactTy::Text),
    ("version", FactTy::Text),
    ("complete", FactTy::Bool),
    ("hourly_rate", FactTy::Number),
    ("threshold", FactTy::Number),
    ("totals.inputs", FactTy::Number),
    ("totals.sessions", FactTy::Number),
    ("totals.calls", FactTy::Number),
    ("totals.errors", FactTy::Number),
    ("totals.skipped", FactTy::Number),
    ("totals.left_out", FactTy::Number),
    ("totals.unread", FactTy::Number),
    ("totals.patterns", FactTy::Number),
    ("totals.proposals", FactTy::Number),
    ("totals.below_threshold", FactTy::Number),
    ("totals.weekly_hours", FactTy::Number),
    ("totals.monthly_hours", FactTy::Number),
    ("totals.implementation_hours", FactTy::Number),
    ("totals.monthly_saving", FactTy::Number),
    ("proposals[].title", FactTy::Text),
    ("proposals[].problem", FactTy::Text),
    ("proposals[].solution", FactTy::Text),
    ("proposals[].weekly", FactTy::MaybeNumber),
    ("proposals[].monthly", FactTy::MaybeNumber),
    ("proposals[].implementation", FactTy::MaybeNumber),
    ("proposals[].roi", FactTy::MaybeNumber),
    ("proposals[].priority", FactTy::Text),
    ("proposals[].area", FactTy::Text),
    ("proposals[].money", FactTy::MaybeNumber),
    ("proposals[].evidence[]", FactTy::Text),
    ("more_proposals", FactTy::Number),
    ("patterns[].type", FactTy::Text),
    ("patterns[].description", FactTy::Text),
    ("patterns[].occurrences", FactTy::MaybeNumber),
    ("patterns[].hours", FactTy::MaybeNumber),
    ("more_patterns", FactTy::Number),
    ("followed[].title", FactTy::Text),
    ("followed[].promised", FactTy::Number),
    ("followed[].realised", FactTy::Number),
    ("followed[].gone", FactTy::Bool),
    ("problems[].place", FactTy::Text),
    ("problems[].what", FactTy::Text),
    ("more_problems", FactTy::Number),
    ("beyond[]", FactTy::Text),
    ("strange[].kind", FactTy::Text),
    ("strange[].count", FactTy::Number),
];

/// Names that the text of an issue whose pattern is gone may use.
pub const GONE_NAMES: [(&str, FactTy); 3] =
    [("when", FactTy::Text), ("version", FactTy::Text), ("promised", FactTy::MaybeNumber)];

/// Names that the text of an issue may use.
pub const ISSUE_NAMES: [(&str, FactTy); 12] = [
    ("when", FactTy::Text),
    ("version", FactTy::Text),
    ("title", FactTy::Text),
    ("problem", FactTy::Text),
    ("solution", FactTy::Text),
    ("weekly", FactTy::MaybeNumber),
    ("monthly", FactTy::MaybeNumber),
    ("implementation", FactTy::MaybeNumber),
    ("roi", FactTy::MaybeNumber),
    ("priority", FactTy::Text),
    ("area", FactTy::Text),
    ("evidence[]", FactTy::Text),
];

fn figure(value: &Value<'static>, digits: usize) -> Text {
    match rounded(value, digits) {
        Value::Int(number) => Text::from(number),
        Value::Float(number) if number.is_finite() => Text::from(number),
        _ => Text::from(()),
    }
}

/// Figures of a proposal as texts show them.
fn figures_for_text(proposal: &Proposal) -> Text {
    context! {
        title => proposal.title.clone(), problem => proposal.problem.clone(),
        solution => proposal.proposed_solution.clone(),
        weekly => figure(&proposal.estimated_weekly_hours_saved, 1),
        monthly => figure(&proposal.estimated_monthly_hours_saved, 1),
        implementation => figure(&proposal.implementation_hours, 1), roi => figure(&proposal.roi_weeks, 1),
        priority => proposal.priority.clone(), area => proposal.affected_area.clone(),
        money => figure(&proposal.monthly_saving, 0), evidence => proposal.supporting_evidence.clone(),
    }
}

/// The totals, all of them numbers.
fn totals(report: &ProposalReport<'_>) -> Text {
    let all = report.totals();
    let named = all.as_object().into_iter().flatten();
    Text::from_pairs(named.map(|(name, number)| {
        let whole = number.as_u64().map(Text::from);
        (name.clone(), whole.unwrap_or_else(|| Text::from(number.as_f64().unwrap_or_default())))
    }))
}

/// What the report may name.
#[must_use]
pub fn report(report: &ProposalReport<'_>) -> Text {
    let advised = report.advised;
    let patterns = advised.patterns.iter().take(LISTED).map(|pattern: &WastePattern| {
        context! {
            type => pattern.pattern_type.clone(), description => pattern.description.clone(),
            occurrences => figure(&pattern.occurrences, 0), hours => figure(&pattern.total_time_hours, 1),
        }
    });
    let followed = report.followed.iter().take(LISTED).map(|one| {
        context! {
            title => one.title.clone(), promised => one.promised_weekly_hours,
            realised => one.realised_weekly_hours, gone => one.state == ProposalState::Closed,
        }
    });
    let told = &report.problems.first;
    let problems = told.iter().take(PROBLEMS).map(|problem| {
        context! { place => report.place(problem), what => problem.what.clone() }
    });
    let all_problems = report.problems.skipped + report.problems.left_out + report.problems.unread;
    let told_here = told.len().min(PROBLEMS) as u64;
    let strange =
        report.problems.strange.iter().map(|(kind, count)| context! { kind => kind.clone(), count => *count });
    context! {
        when => report.when, version => report.version, complete => report.complete(),
        hourly_rate => report.costs.hourly_rate, threshold => report.costs.threshold,
        totals => totals(report),
        proposals => advised.proposals.iter().take(LISTED).map(figures_for_text).collect::<Vec<_>>(),
        more_proposals => advised.proposals.len().saturating_sub(LISTED),
        patterns => patterns.collect::<Vec<_>>(),
        more_patterns => advised.patterns.len().saturating_sub(LISTED),
        followed => followed.collect::<Vec<_>>(),
        problems => problems.collect::<Vec<_>>(), more_problems => all_problems.saturating_sub(told_here),
        beyond => report.beyond(), strange => strange.collect::<Vec<_>>(),
    }
}

/// What the text of an issue may name.
#[must_use]
pub fn issue(proposal: &Proposal, when: &str, version: &str) -> Text {
    context! { when => when, version => version, ..figures_for_text(proposal) }
}
