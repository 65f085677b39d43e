//! `cycle-retro`: one cycle of the loop written down.
//!
//! Reads: what it is told, or a pull request; the log. Leaves: a line in `retro/cycles.jsonl`,
//! `retro/summary.json` over the last cycles. Lacks: templates, a workflow (the loop itself calls it).

use crate::advise::{Param, ParamKind, Preset};
use crate::language::JobSpec;

/// The name of the job.
pub const JOB: &str = "cycle-retro";

/// What this job asks of its rule file.
pub const SPEC: JobSpec = JobSpec {
    job: JOB,
    declares: JOB,
    items: None,
    texts: &[],
    measure: &[Param {
        name: "summary_window",
        kind: ParamKind::Whole(1),
        default: Preset::Int(50),
        about: "Cycles that the summary is about, the last ones.",
    }],
    sections: &[],
    publishes: false,
    owns_issues: false,
};
