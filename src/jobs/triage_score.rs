//! `triage-score`: the queue of the loop, and the issues that it keeps away from.
//!
//! Reads: open issues, judged by the rules of `backlog-triage` (scores, type, flags; what these rules would do
//! about an issue plays no part, but that they leave it alone does); comments of those that are ready, which may
//! ask for that too; the log of cycles; `quarantine.json`. Leaves: `queue.json`,
//! `quarantine.json`, a line in `retro/triage.jsonl`. Nothing is written to the forge. Lacks: templates, a
//! workflow (that of `loop-guard` runs it).
//!
//! - `quarantine` who goes in and who comes out

pub mod quarantine;

use std::cmp::Ordering;

use anyhow::Result;
use serde_json::{Value, json};

use super::backlog::Backlog;
use crate::advise::{Param, ParamKind, Preset};
use crate::engine::rules::Policy;
use crate::forge::Forge;
use crate::language::JobSpec;
use crate::plan::memory::TrustedPeople;
use crate::report::ItemRow;

/// The name of the job.
pub const JOB: &str = "triage-score";

/// What this job asks of its rule file.
pub const SPEC: JobSpec = JobSpec {
    job: JOB,
    declares: JOB,
    items: None,
    texts: &[],
    measure: &[
        Param {
            name: "quarantine_failures",
            kind: ParamKind::Whole(1),
            default: Preset::Int(2),
            about: "Failures, without a success after them, that put an issue into quarantine.",
        },
        Param {
            name: "failures_days",
            kind: ParamKind::Whole(1),
            default: Preset::Int(14),
            about: "Days in which failures count.",
        },
        Param {
            name: "quarantine_days",
            kind: ParamKind::Whole(1),
            default: Preset::Int(7),
            about: "Days after which an issue comes out by itself.",
        },
        Param {
            name: "reasons_kept",
            kind: ParamKind::Whole(0),
            default: Preset::Int(5),
            about: "Reasons of the last failures that are kept with an issue.",
        },
    ],
    sections: &[],
    publishes: false,
    owns_issues: false,
};

/// The queue, and what could not be found out about it.
#[derive(Debug, Default)]
pub struct Queue {
    /// The ready issues, best first, as `queue.json` holds them.
    pub items: Vec<Value>,
    /// Issues that are left out because their comments could not be read, one sentence each.
    pub unread: Vec<String>,
}

/// The ready issues of a backlog that are free: nobody has them, nobody and no rule wants them left alone.
/// `kept_out` are in quarantine.
#[must_use]
pub fn queue(forge: &dyn Forge, policy: &Policy, backlog: &Backlog<'_>, kept_out: impl Fn(&str, u64) -> bool) -> Queue {
    let flag = |row: &ItemRow<'_>, name: &str| row.flag(policy, name) == Some(true);
    let name = |row: &ItemRow<'_>| forge.repos()[row.repo].name.as_str();
    let mut ready: Vec<&ItemRow<'_>> =
        backlog.rows.iter().filter(|row| flag(row, "ready") && !flag(row, "blocked")).collect();
    ready.retain(|row| !kept_out(name(row), row.number) && is_free(row));
    let mut unread = Vec::new();
    ready.retain(|row| match is_left_alone(forge, policy, row) {
        Ok(alone) => !alone,
        Err(error) => {
            unread.push(format!("{}#{} is left out: {error:#}", name(row), row.number));
            false
        }
    });
    let descending = policy.descending();
    ready.sort_by(|one, other| {
        let keys = one.judgement.keys.iter().zip(&other.judgement.keys).zip(&descending);
        let compared =
            keys.map(|((one, other), descending)| if *descending { other.order(one) } else { one.order(other) });
        compared
            .fold(Ordering::Equal, Ordering::then)
            .then(one.repo.cmp(&other.repo))
            .then(one.number.cmp(&other.number))
    });
    let entry = |row: &&ItemRow<'_>| {
        let judgement = &row.judgement;
        let parts = policy.components.iter().zip(&judgement.scores);
        let mut reasons: Vec<String> =
            parts.map(|(component, value)| format!("{} {value} of {}", component.name, component.max)).collect();
        reasons.extend(flag(row, "urgent").then(|| "urgent".to_owned()));
        json!({
            "repo": name(row),
            "number": row.number,
            "title": judgement.title,
            "type": judgement.ty,
            "score": judgement.score,
            "ready": true,
            "reasons": reasons,
        })
    };
    Queue { items: ready.iter().map(entry).collect(), unread }
}

/// Whether an issue is nobody's, open to comments, and not one that the rules skip.
fn is_free(row: &ItemRow<'_>) -> bool {
    let skipped = row.judgement.rule.is_some() && row.judgement.action.is_none();
    let locked = row.subject.as_ref().is_some_and(|subject| subject.locked);
    row.assignees.is_empty() && !locked && !skipped
}

/// Whether somebody who may has asked in a comment that the issue be left alone.
fn is_left_alone(forge: &dyn Forge, policy: &Policy, row: &ItemRow<'_>) -> Result<bool> {
    let Some(subject) = &row.subject else { return Ok(false) };
    let concerned = TrustedPeople {
        author: subject.author.as_ref().map(|author| author.login.as_str()),
        assignees: row.assignees.iter().map(String::as_str).collect(),
        writers: &|| forge.writers(row.repo),
    };
    super::items::is_opted_out(forge, policy, (row.repo, row.number, subject.comments), &concerned)
}
