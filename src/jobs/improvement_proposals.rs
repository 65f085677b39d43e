//! `improvement-proposals`: what agents waste their sessions on, and what mending it would return.
//!
//! Reads: recorded sessions, counted. Leaves: patterns and proposals, and, where it is asked to, an issue
//! for each proposal; the record of what was promised and what came of it.
//!
//! - `tables` what rules may name, `facts` what was counted, as they name it
//! - `kept` what was promised and came of it, `issues` the issues that are kept
//! - `report` the result as JSON and text, `texts` what templates are given

pub mod facts;
pub mod follow_up;
pub mod issues;
pub mod report;
mod tables;
pub mod texts;

use serde::Serialize;

use crate::advise::{Advice, Finding, judge};
use crate::engine::digest;
use crate::engine::eval::round;
use crate::engine::policy::Policy;
use crate::engine::value::Value;
use crate::language::{JobSpec, JobText};
use crate::sessions::count::SessionCounts;
use crate::sessions::measure::SessionMeasure;
use facts::CostOptions;

/// What this job asks of its rule file.
pub const SPEC: JobSpec = JobSpec {
    job: "improvement-proposals",
    declares: "improvement-proposals",
    items: None,
    publishes: false,
    owns_issues: true,
    texts: &[
        JobText { template: texts::REPORT, names: &texts::REPORT_NAMES, summary: false },
        JobText { template: texts::GONE, names: &texts::GONE_NAMES, summary: false },
        JobText { template: texts::ISSUE, names: &texts::ISSUE_NAMES, summary: false },
    ],
    measure: &tables::MEASURE,
    sections: &[tables::DETECT, tables::PROPOSE],
};

/// Something that wastes time.
#[derive(Debug, Clone, Serialize)]
pub struct WastePattern {
    /// The rule that found it.
    pub rule: String,
    /// What it is about: the same in every run.
    pub subject: String,
    /// What kind it is.
    pub pattern_type: String,
    /// What it is called, shortly.
    pub name: String,
    /// What it is.
    pub description: String,
    /// How often it was met.
    pub occurrences: Value<'static>,
    /// In how many sessions, 0 where its rule does not say.
    pub sessions: Value<'static>,
    /// Hours that it cost.
    pub total_time_hours: Value<'static>,
    /// Where.
    pub affected_repos: Vec<String>,
    /// Some of its sessions.
    pub example_sessions: Vec<String>,
}

/// What to do about it. Figures are as the rules give them; they are rounded where they are shown.
#[derive(Debug, Clone, Serialize)]
pub struct Proposal {
    /// The rule that makes it.
    pub rule: String,
    /// By what it is known again: the rule and what it is about.
    pub key: String,
    /// In a line.
    pub title: String,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub proposed_solution: String,
    /// Hours it returns a week.
    pub estimated_weekly_hours_saved: Value<'static>,
    /// Hours it returns a month.
    pub estimated_monthly_hours_saved: Value<'static>,
    /// Hours it takes.
    pub implementation_hours: Value<'static>,
    /// Weeks until it has paid for itself.
    pub roi_weeks: Value<'static>,
    /// critical, high, medium or low.
    pub priority: String,
    /// What it makes better.
    pub affected_area: String,
    /// What it returns a month, in money; null where its rule does not say.
    pub monthly_saving: Value<'static>,
    /// What shows it.
    pub supporting_evidence: Vec<String>,
}

/// What the rules came to.
#[derive(Debug, Clone)]
pub struct ProposalAdvice {
    /// Everything that was found, the most hours first.
    pub patterns: Vec<WastePattern>,
    /// What is proposed, the most hours a month first.
    pub proposals: Vec<Proposal>,
    /// What returns less than the threshold, in the same order.
    pub below: Vec<Proposal>,
}

/// What the counting needs of the rules.
#[must_use]
pub fn measure(advice: &Advice) -> SessionMeasure {
    let given = &advice.measure;
    let whole = |name| usize::try_from(given.whole(name)).unwrap_or_default();
    let replace = given.replacements("replace");
    let lower_tools = given.word("tool_case") == "lower";
    let name = |name: &String| if lower_tools { name.to_lowercase() } else { name.clone() };
    SessionMeasure {
        lower: given.flag("lower"),
        replace: replace.iter().map(|one| (one.regex.clone(), one.with.clone())).collect(),
        cut: whole("cut"),
        lower_tools,
        unnamed_apart: given.word("unnamed_tools") == "apart",
        slow_ms: given.number("slow_ms"),
        waits: given.texts("waits").iter().map(name).collect(),
        streak: whole("streak"),
        manual_calls: whole("manual_calls"),
        manual_tools: whole("manual_tools"),
        error_minutes: given.number("error_minutes"),
        retry_minutes: given.number("retry_minutes"),
        idle_minutes: given.number("idle_minutes"),
        most_entries: whole("kept"),
    }
}

/// What the rules say where the call does not.
#[must_use]
pub fn costs(advice: &Advice, hourly_rate: Option<f64>, threshold: Option<f64>) -> CostOptions {
    CostOptions {
        hourly_rate: hourly_rate.unwrap_or_else(|| advice.measure.number("hourly_rate")),
        threshold: threshold.unwrap_or_else(|| advice.measure.number("threshold")),
    }
}

/// Patterns, then proposals. Both are in the order of their hours as they are given, those with most
/// first; of equals the order of the rules, and within a rule that of what it looks at.
///
/// # Errors
/// Facts that are not what the tables say: a fault of this program.
pub fn advise(
    policy: &Policy,
    advice: &Advice,
    counts: &SessionCounts,
    costs: CostOptions,
) -> Result<ProposalAdvice, String> {
    let [detect, propose] = advice.sections.as_slice() else {
        return Err("the rules were loaded without `detect` and `propose`".to_owned());
    };
    let facts = facts::detect_facts(counts, costs);
    let found = judge(policy, &advice.measure, detect, &facts, &|_, _, _| false)?;
    let counted = found.findings.iter().filter(|finding| !finding.rule.observe);
    let mut patterns: Vec<WastePattern> = counted.map(pattern).collect();
    most_first(&mut patterns, |pattern| &pattern.total_time_hours);
    let facts = facts::with_patterns(facts, &patterns);
    let made = judge(policy, &advice.measure, propose, &facts, &|_, _, _| false)?;
    let counted = made.findings.iter().filter(|finding| !finding.rule.observe);
    let mut proposals: Vec<Proposal> = counted.map(proposal).collect();
    most_first(&mut proposals, |proposal| &proposal.estimated_monthly_hours_saved);
    let enough = |proposal: &Proposal| {
        proposal.estimated_monthly_hours_saved.number().is_some_and(|hours| hours >= costs.threshold)
    };
    let (proposals, below) = proposals.into_iter().partition(enough);
    Ok(ProposalAdvice { patterns, proposals, below })
}

fn most_first<T>(all: &mut [T], hours: impl Fn(&T) -> &Value<'static>) {
    let hours = |one: &T| hours(one).number().unwrap_or(0.0);
    all.sort_by(|a, b| hours(b).partial_cmp(&hours(a)).unwrap_or(std::cmp::Ordering::Equal));
}

fn texts_of(finding: &Finding<'_>, field: usize) -> Vec<String> {
    let list = finding.fields.get(field).and_then(Option::as_ref).and_then(Value::elements).unwrap_or_default();
    list.iter().map(ToString::to_string).collect()
}

fn number_of(finding: &Finding<'_>, field: usize, without: Value<'static>) -> Value<'static> {
    finding.fields.get(field).cloned().flatten().unwrap_or(without)
}

fn subject_of(finding: &Finding<'_>) -> String {
    match &finding.subject {
        Value::None => String::new(),
        subject => subject.to_string(),
    }
}

fn pattern(finding: &Finding<'_>) -> WastePattern {
    WastePattern {
        rule: finding.rule.id.clone(),
        subject: subject_of(finding),
        pattern_type: finding.text(0),
        name: finding.text(1),
        description: finding.text(2),
        occurrences: number_of(finding, 3, Value::Int(0)),
        sessions: number_of(finding, 4, Value::Int(0)),
        total_time_hours: number_of(finding, 5, Value::Int(0)),
        affected_repos: texts_of(finding, 6),
        example_sessions: texts_of(finding, 7),
    }
}

fn proposal(finding: &Finding<'_>) -> Proposal {
    let rule = &finding.rule.id;
    let subject = subject_of(finding);
    let key = if subject.is_empty() { rule.clone() } else { format!("{rule}-{}", digest(&subject)) };
    let number = |field| number_of(finding, field, Value::None);
    Proposal {
        rule: rule.clone(),
        key,
        title: finding.text(0),
        problem: finding.text(1),
        proposed_solution: finding.text(2),
        estimated_weekly_hours_saved: number(3),
        estimated_monthly_hours_saved: number(4),
        implementation_hours: number(5),
        roi_weeks: number(6),
        priority: finding.text(7),
        affected_area: finding.text(8),
        monthly_saving: number(9),
        supporting_evidence: texts_of(finding, 10),
    }
}

/// A figure as it is shown: with at most so many decimals.
#[must_use]
pub fn rounded(value: &Value<'static>, digits: usize) -> Value<'static> {
    match value {
        Value::Float(number) => Value::Float(round(*number, digits)),
        other => other.clone(),
    }
}
