//! The jobs, one file each: which facts a job reads and what it makes of them.
//!
//! Takes: a forge, a policy, the instant of the run. Gives: a plan and the record that reports
//! print. [`items`] is what every policy over issues and pull requests shares.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::engine::policy::Policy;
use crate::language::{JobSpec, OfItems, RUN};

pub mod backfill_retro;
pub mod backlog;
pub mod backlog_triage;
pub mod cycle_retro;
pub mod facts;
pub mod improvement_proposals;
pub mod items;
pub mod joint;
pub mod judged_item;
pub mod kaizen_retro;
pub mod loop_guard;
pub mod loop_introspect;
pub mod states;
mod summary;
pub mod texts;
pub mod timeline;
pub mod triage_score;
pub mod unfinished;
pub mod window;

/// What every job asks of its rule file.
pub const SPECS: [JobSpec; 7] = [
    backlog_triage::SPEC,
    cycle_retro::SPEC,
    improvement_proposals::SPEC,
    kaizen_retro::SPEC,
    loop_guard::SPEC,
    loop_introspect::SPEC,
    triage_score::SPEC,
];

/// The name of every job with rules of its own, as the command line, rule files and records call it.
pub const NAMES: [&str; SPECS.len()] = {
    let mut names = [""; SPECS.len()];
    let mut at = 0;
    while at < SPECS.len() {
        names[at] = SPECS[at].job;
        at += 1;
    }
    names
};

/// Jobs that go by the rules of others.
pub const PLAIN: [&str; 1] = [backfill_retro::JOB];

/// What every policy asks of its rule file; each has the name of its file.
pub const POLICY: JobSpec = JobSpec {
    job: RUN,
    declares: RUN,
    items: Some(OfItems { flags: &[], decides: true, window: false }),
    ..backlog_triage::SPEC
};

/// What every file of rules is asked for that can be written, for the schema.
#[must_use]
pub fn schemas() -> Vec<JobSpec> {
    SPECS.into_iter().chain([POLICY]).collect()
}

/// What the policy of this name asks of its rule file. The name lives as long as the program, as those of jobs do;
/// there are as many as files that it is asked to read.
#[must_use]
pub fn policy(name: &str) -> &'static JobSpec {
    static KNOWN: Mutex<BTreeMap<String, &'static JobSpec>> = Mutex::new(BTreeMap::new());
    if let Some(spec) = spec(name) {
        return spec;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(name.to_owned()).or_insert_with(|| {
        let job: &'static str = Box::leak(name.to_owned().into_boxed_str());
        Box::leak(Box::new(JobSpec { job, ..POLICY }))
    })
}

/// What the rules of a policy that was read are asked for.
#[must_use]
pub fn spec_of(read: &Policy) -> &'static JobSpec {
    spec(&read.job).unwrap_or_else(|| policy(&read.name))
}

/// What the job of this name asks of its rule file.
#[must_use]
pub fn spec(name: &str) -> Option<&'static JobSpec> {
    SPECS.iter().find(|spec| spec.job == name)
}
