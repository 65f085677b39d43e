//! The jobs, one file each: which facts a job reads and what it makes of them.
//!
//! Takes: a forge, a policy, the instant of the run. Gives: a plan and the record that reports
//! print. [`items`] is what every policy over issues and pull requests shares.

pub mod backlog;
pub mod backlog_triage;
pub mod items;
pub mod states;
mod summary;
pub mod texts;
pub mod timeline;
pub mod unfinished;

/// The name of every job, as the command line, rule files and records call it.
pub const NAMES: [&str; 1] = [backlog_triage::SPEC.job];
