//! What a failure of a request means on a forge, and what helps.
//!
//! Takes: errors of the client. Gives: errors of reading with a sentence that says what to do, and
//! [`ChangeFailure`]s of writing that tell what is certain from what is not.

use std::fmt;

use anyhow::{Error, anyhow};

use crate::forge::change::{ChangeFailure, TokenDenial};
use crate::http::{self, ErrorKind};

/// What to do about a status, whichever of the forges gave it.
fn help(status: u16) -> &'static str {
    match status {
        // Facts 52, 81.
        401 => {
            "the token is refused: it is wrong or expired, or the job that it belongs to has ended; set KAIZEN_TOKEN"
        }
        // Facts 52, 55, 58, 71, 84.
        403 => {
            "the token lacks the right, or this is locked or blocked for it: it needs to read the repository and to \
             write issues (in CI: `permissions: {contents: read, issues: write, pull-requests: write}`)"
        }
        // Facts 52, 54, 71.
        404 => {
            "it does not exist or this token may not see it: it is private, switched off or archived, or the token is \
             a job's own, which reaches no other repository"
        }
        409 => "it was changed meanwhile; run this again",
        // Fact 71.
        410 => "it was deleted, or issues are switched off for this repository",
        // Fact 54.
        412 => "its state cannot be changed: something open blocks it, or it is merged",
        413 => "the quota of this repository or its owner is used up",
        422 => "the forge does not take a value",
        423 => "the repository is archived",
        // Fact 53.
        500 => "the forge failed: it may be that this does not exist, or one of the names cannot be used here",
        502..=504 => "the forge or a proxy before it is overloaded; run this again later",
        _ => "the forge's administrator may know more",
    }
}

/// A failed request with what may help. Prints as one sentence.
#[derive(Debug)]
pub(super) struct FailureHelp(http::Error);

impl FailureHelp {
    /// The status of a failed reading, where it failed by one.
    pub(super) fn status(error: &Error) -> Option<u16> {
        error.downcast_ref::<FailureHelp>().and_then(|helped| helped.0.status())
    }
}

impl std::error::Error for FailureHelp {}

impl fmt::Display for FailureHelp {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}", self.0)?;
        self.0.status().map_or(Ok(()), |status| write!(to, "; {}", help(status)))
    }
}

/// Whether an error of reading says that the token is refused everywhere: trying again is of no use.
#[must_use]
pub fn token_refused(error: &Error) -> bool {
    FailureHelp::status(error) == Some(401)
}

/// The error of reading, with what may help.
pub(super) fn helped(error: http::Error) -> Error {
    Error::new(FailureHelp(error))
}

/// What a failed write means. `what` says it to people: `commenting on a/b#3`.
pub(super) fn failed(what: &str, error: http::Error) -> ChangeFailure {
    let status = error.status();
    let unknown = error.may_have_landed();
    let landed = if unknown { "; whether it was written is not known" } else { "; nothing was written" };
    let landed = if matches!(error.kind, ErrorKind::Moved { .. }) { "" } else { landed };
    let said = format!("{what}: {:#}{landed}", helped(error));
    let said = if status == Some(403) { Error::new(TokenDenial(said)) } else { anyhow!(said) };
    match status {
        // The last answer is certain of itself; a try before it is not.
        _ if unknown => ChangeFailure::Unknown(said),
        Some(401) => ChangeFailure::Token(said),
        Some(409) => ChangeFailure::Stale(said),
        _ => ChangeFailure::Refused(said),
    }
}

/// Nothing was sent, because it cannot be done.
pub(super) fn refused(what: &str, why: &str) -> ChangeFailure {
    ChangeFailure::Refused(anyhow!("{what}: {why}; nothing was written"))
}

/// The answer does not prove that the write was done: it may come from a proxy or a cache. Only another look at
/// what is there tells.
pub(super) fn unproven(what: &str, found: &str) -> ChangeFailure {
    ChangeFailure::Unknown(anyhow!("{what}: {found}; whether it was written is not known"))
}

/// As [`unproven`]: the answer is not what this request gives.
pub(super) fn unread(what: &str, error: Error) -> ChangeFailure {
    ChangeFailure::Unknown(error.context(format!("{what}: the answer cannot be read")))
}

/// The forge says yes, and its answer does not hold what was asked (facts 39, 42, 90).
pub(super) fn ignored(what: &str, found: &str) -> ChangeFailure {
    let help = "this token may not do it (its owner needs to write to the repository), or the forge does not know it";
    ChangeFailure::Ignored(anyhow!("{what}: the forge answered that all is well, and {found}; {help}"))
}
