//! `triage-score`: the queue of the loop, and the issues that it keeps away from.
//!
//! Reads: open issues, judged by the rules of `backlog-triage` (scores, type, flags; what these rules
//! would do about an issue plays no part); the log of cycles; `quarantine.json`. Leaves: `queue.json`,
//! `quarantine.json`, a line in `retro/triage.jsonl`. Nothing is written to the forge. Lacks: templates, a
//! workflow (that of `loop-guard` runs it).
//!
//! - `quarantine` who goes in and who comes out

pub mod quarantine;

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::backlog::Backlog;
use crate::advise::{Kind, Param, Preset};
use crate::engine::rules::Policy;
use crate::forge::Forge;
use crate::language::JobSpec;
use crate::report::Row;

/// The name of the job.
pub const JOB: &str = "triage-score";

/// What this job asks of its rule file.
pub const SPEC: JobSpec = JobSpec {
    job: JOB,
    items: None,
    texts: &[],
    measure: &[
        Param {
            name: "quarantine_failures",
            kind: Kind::Whole(1),
            default: Preset::Int(2),
            about: "Failures, without a success after them, that put an issue into quarantine.",
        },
        Param {
            name: "failures_days",
            kind: Kind::Whole(1),
            default: Preset::Int(14),
            about: "Days in which failures count.",
        },
        Param {
            name: "quarantine_days",
            kind: Kind::Whole(1),
            default: Preset::Int(7),
            about: "Days after which an issue comes out by itself.",
        },
        Param {
            name: "reasons_kept",
            kind: Kind::Whole(0),
            default: Preset::Int(5),
            about: "Reasons of the last failures that are kept with an issue.",
        },
    ],
    sections: &[],
    publishes: false,
};

/// The ready issues of a backlog, best first, as `queue.json` holds them. `kept_out` are in quarantine.
#[must_use]
pub fn queue(
    forge: &dyn Forge,
    policy: &Policy,
    backlog: &Backlog<'_>,
    kept_out: impl Fn(&str, u64) -> bool,
) -> Vec<Value> {
    let flag = |row: &Row<'_>, name: &str| row.flag(policy, name) == Some(true);
    let name = |row: &Row<'_>| forge.repos()[row.repo].name.as_str();
    let mut ready: Vec<&Row<'_>> =
        backlog.rows.iter().filter(|row| flag(row, "ready") && !flag(row, "blocked")).collect();
    ready.retain(|row| !kept_out(name(row), row.number));
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
    let entry = |row: &&Row<'_>| {
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
    ready.iter().map(entry).collect()
}
