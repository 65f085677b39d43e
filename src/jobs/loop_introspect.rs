//! `loop-introspect`: what the log of the loop says about the loop.
//!
//! Reads: `retro/cycles.jsonl` with its rotated files, `retro/deep-triage.jsonl`. Leaves:
//! `retro/insights.json`, a summary for people. What is counted is in [`loops`](crate::loops), what
//! is worth saying in the rules; here stand the names that rules have for the figures.
//!
//! - `params` the parameters of the counting, `facts` the figures as rules name them
//! - `shown` the figures as text and for the template

pub mod facts;
pub mod params;
pub mod view;

use crate::advise::{Advice, judge};
use crate::engine::policy::Policy;
use crate::language::{JobSpec, JobText};
use crate::loops::deep::Deep;
use crate::loops::figures::LoopFigures;
pub use crate::loops::insights::Recommendation;

/// The name of the job.
pub const JOB: &str = "loop-introspect";

/// What this job asks of its rule file.
pub const SPEC: JobSpec = JobSpec {
    job: JOB,
    declares: JOB,
    items: None,
    texts: &[JobText { template: "summary.md.j2", names: &view::NAMES, summary: false }],
    measure: &params::PARAMS,
    sections: &[facts::SECTION],
    publishes: false,
    owns_issues: false,
};

/// What the rules recommend, in order.
///
/// # Errors
/// The facts are not those of the tables: a mistake of this program.
pub fn recommend(
    policy: &Policy,
    advice: &Advice,
    figures: &LoopFigures,
    deep: &Deep,
    of_log: facts::OfLog,
) -> Result<Vec<Recommendation>, String> {
    let rules = advice.sections.first().ok_or("the rules have no section `recommend`")?;
    let facts = facts::facts(figures, deep, of_log);
    let judged = judge(policy, &advice.measure, rules, &facts, &|_, _, _| false)?;
    let counted = judged.findings.iter().filter(|finding| !finding.rule.observe);
    Ok(counted
        .map(|finding| Recommendation {
            rule: finding.rule.id.clone(),
            subject: finding.rule.subject.as_ref().map(|_| finding.subject.to_string()),
            severity: finding.text(0),
            category: finding.text(1),
            finding: finding.text(2),
            recommendation: finding.text(3),
        })
        .collect())
}
