//! `kaizen rules`: what a reviewer of rules asks for.
//!
//! Takes: [`RulesCommand`], the files. Gives: an answer on stdout, an [`Exit`]. What is said is worked out in
//! [`review`](crate::review); here is what reads, asks and prints.
//!
//! - `check`, `test`, `diff`, `capture`, `show` one file a command; `live` what a check asks the forge
//! - `revision` where a version of the rules is read from, `git` a clone; `sticky` a report on its pull
//!   request, `broken` what stands there where rules cannot be judged

mod broken;
mod capture;
mod check;
mod diff;
mod git;
mod live;
mod revision;
mod show;
mod sticky;
mod test;

use super::{EarlyEnd, Exit};
use crate::cli::RulesCommand;
pub(super) use broken::ended;

/// Runs `kaizen rules …`.
pub(super) fn run(what: &RulesCommand) -> Result<Exit, EarlyEnd> {
    match what {
        RulesCommand::Capture(args) => capture::run(args),
        RulesCommand::Check(args) => check::run(args),
        RulesCommand::Diff(args) => diff::run(args),
        RulesCommand::Facts(args) => show::facts(args),
        RulesCommand::Schema => show::schema(),
        RulesCommand::Show(args) => show::effective(args),
        RulesCommand::Test(args) => test::run(args),
    }
}
