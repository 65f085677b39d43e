//! What a session is, whoever recorded it.
//!
//! Takes: what an adapter understood. Gives: [`Session`] with its [`Call`]s, borrowed from the bytes
//! that were read; [`SessionPlace`], where in the inputs something stands, which gives everything an order
//! that does not depend on which thread or machine read it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The longest latency and the longest session that are believed, in milliseconds: a year. What is longer
/// was not measured.
pub const LONGEST_MS: f64 = 365.0 * 24.0 * 3_600_000.0;

/// Where a session or a part of it stands: the input, the byte in it where the session begins, and the
/// part's number within the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SessionPlace(pub u32, pub u64, pub u32);

/// One session of an agent: what it called, what failed, how long it took.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Session<'a> {
    /// Its name, where it has one.
    pub id: Option<Cow<'a, str>>,
    /// The repository it worked in, where that is known.
    pub repo: Option<Cow<'a, str>>,
    /// Messages of its errors, in their order.
    pub errors: Vec<Cow<'a, str>>,
    /// Its calls of tools, in their order.
    pub calls: Vec<Call<'a>>,
    /// How long it took, in milliseconds; never negative.
    pub took_ms: Option<f64>,
    /// When it began, in seconds since 1970.
    pub began: Option<i64>,
    /// When it ended, in seconds since 1970.
    pub ended: Option<i64>,
}

/// One call of a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Call<'a> {
    /// Which.
    pub tool: Tool<'a>,
    /// How long it took, in milliseconds; zero where that is not known.
    pub ms: f64,
    /// Whether it failed, where its result is known.
    pub failed: Option<bool>,
}

/// The tool that was called.
#[derive(Debug, Clone, PartialEq)]
pub enum Tool<'a> {
    /// The call says nothing of a tool.
    Absent,
    /// The call says that there is none.
    Null,
    /// Its name.
    Named(Cow<'a, str>),
}
