//! What the reviewer of a change of rules runs.
//!
//! Takes: the arguments of `kaizen rules …`. Gives: a report on stdout, an [`Exit`].
//!
//! - `diff` what a change does to the whole backlog, `sticky` its comment on the pull request
//! - `revision` where a version of the rules is read from, `git` a clone

mod diff;
mod git;
mod revision;
mod sticky;

use super::{Exit, Stop};
use crate::cli::{Review, Rules};

/// Runs one of them.
pub(super) fn run(args: &Rules) -> Result<Exit, Stop> {
    match &args.command {
        Review::Diff(args) => diff::run(args),
    }
}
