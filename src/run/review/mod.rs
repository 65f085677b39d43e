//! `kaizen rules …`: what is done with rules beside running them, one file a command.
//!
//! Takes: the arguments of a command. Gives: what it found on stdout, an [`Exit`].

mod capture;
mod test;

use super::{Exit, Stop};
use crate::cli::rules::Rules;

/// Runs a command.
pub(super) fn run(rules: &Rules) -> Result<Exit, Stop> {
    match rules {
        Rules::Capture(args) => capture::run(args),
        Rules::Test(args) => test::run(args),
    }
}
