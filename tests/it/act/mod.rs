//! The built binary against the forge of the tests: what it writes, what it never writes twice, what
//! it says when a forge fails.
//!
//! Takes: worlds of every dialect, served over HTTP in this process. Gives: tests, one file a matter.
//! Whatever a run prints or leaves is searched for the token.

use std::iter::StepBy;
use std::ops::RangeFrom;

mod accounts;
pub mod backlog;
mod counts;
mod faults;
pub mod kaizen;
mod killed;
mod names;
mod people;
mod pulls;
mod reads;
mod refused;
mod rights;
mod scenario;
mod seeds;
mod signals;
mod texts;
mod theirs;
mod twice;
mod undo;

/// Of so many moments, faults and seeds one is tried: all at night, where `KAIZEN_THOROUGH` is set, since each takes
/// a server and two runs or more.
pub fn one_of() -> usize {
    if std::env::var_os("KAIZEN_THOROUGH").is_some() { 1 } else { 4 }
}

/// The requests at which a run is killed, from the first. Each `turn` takes others, so that four turns take all.
pub fn moments(turn: usize) -> StepBy<RangeFrom<usize>> {
    (1 + turn % one_of()..).step_by(one_of())
}
