//! The jobs, one file each: which facts a job reads and what it makes of them.
//!
//! Takes: a forge, a policy, the instant of the run. Gives: a plan and the record that reports
//! print. [`items`] is what every policy over issues and pull requests shares.

use crate::language::JobSpec;

pub mod backfill_retro;
pub mod backlog;
pub mod backlog_triage;
pub mod cycle_retro;
pub mod facts;
pub mod improvement_proposals;
pub mod items;
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

/// What the job of this name asks of its rule file.
#[must_use]
pub fn spec(name: &str) -> Option<&'static JobSpec> {
    SPECS.iter().find(|spec| spec.job == name)
}
