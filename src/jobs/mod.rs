//! The jobs, one file each: which facts a job reads and what it makes of them.
//!
//! Takes: a forge, a policy, the instant of the run. Gives: a plan and the record that reports
//! print. [`items`] is what every policy over issues and pull requests shares.

use crate::language::JobSpec;

pub mod backlog;
pub mod backlog_triage;
pub mod facts;
pub mod improvement_proposals;
pub mod items;
pub mod kaizen_retro;
pub mod kept;
pub mod states;
mod summary;
pub mod texts;
pub mod timeline;
pub mod unfinished;
pub mod window;

/// What every job asks of its rule file.
pub const SPECS: [JobSpec; 3] = [backlog_triage::SPEC, improvement_proposals::SPEC, kaizen_retro::SPEC];

/// The name of every job, as the command line, rule files and records call it.
pub const NAMES: [&str; SPECS.len()] =
    [backlog_triage::SPEC.job, improvement_proposals::SPEC.job, kaizen_retro::SPEC.job];

/// What the job of this name asks of its rule file.
#[must_use]
pub fn spec(name: &str) -> Option<&'static JobSpec> {
    SPECS.iter().find(|spec| spec.job == name)
}
