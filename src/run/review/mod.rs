//! `kaizen rules`: what a reviewer of rules asks for.
//!
//! Takes: [`Rules`], the files. Gives: an answer on stdout, an [`Exit`]. What is said is worked out in
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

use super::{Exit, Stop};
use crate::cli::Rules;
pub(super) use broken::ended;

/// Runs `kaizen rules …`.
pub(super) fn run(what: &Rules) -> Result<Exit, Stop> {
    match what {
        Rules::Capture(args) => capture::run(args),
        Rules::Check(args) => check::run(args),
        Rules::Diff(args) => diff::run(args),
        Rules::Facts(args) => show::facts(args),
        Rules::Schema => show::schema(),
        Rules::Show(args) => show::effective(args),
        Rules::Test(args) => test::run(args),
    }
}
