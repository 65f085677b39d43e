//! What the reviewer of a change of rules is shown. Pure.
//!
//! Takes: policies, items, what jobs make of them. Gives: [`diff`], what a change does to everything
//! that the rules judge; [`sticky`], the comment that keeps it on a pull request.

pub mod diff;
pub mod sticky;
