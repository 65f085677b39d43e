//! The built binary against the forge of the tests: what it writes, what it never writes twice, what
//! it says when a forge fails.
//!
//! Takes: worlds of every dialect, served over HTTP in this process. Gives: tests, one file a matter.
//! Whatever a run prints or leaves is searched for the token.

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
mod twice;
mod undo;
