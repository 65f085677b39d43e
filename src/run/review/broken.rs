//! `kaizen rules diff` where a version of the rules cannot be judged.
//!
//! Takes: what is wrong. Gives: that, in the job's summary and, with `--comment`, in the place of what an
//! earlier run put on the pull request; 78.

use chrono::{DateTime, Utc};

use super::super::output::{self, variable};
use super::super::rules::errors;
use super::super::{EarlyEnd, Exit, say};
use super::sticky::{self, StickyResult, StickyText};
use crate::cli::{DiffOptions, RulesCommand};
use crate::engine::policy::Policy;
use crate::jobs::backlog_triage;
use crate::review::diff::broken::{self, BrokenVersion};

/// Keeps the comment where one is wanted.
pub(super) fn comment(
    args: &DiffOptions,
    said: StickyText<'_>,
    base: Option<&Policy>,
    now: DateTime<Utc>,
) -> Result<(), EarlyEnd> {
    let Some(number) = args.comment else { return Ok(()) };
    if let StickyResult::Denied(why) = sticky::keep(&args.common, number, said, base, now)? {
        let place = if variable("GITHUB_STEP_SUMMARY").is_some() { "the job's summary and above" } else { "above" };
        say(&format!("warning: the report could not be put on #{number}: {why}; it stands {place}"));
    }
    Ok(())
}

/// Ends where a version cannot be read: the errors have been printed, and what an earlier run put on the
/// pull request is no longer so.
pub(super) fn cannot(
    args: &DiffOptions,
    job: &str,
    all: &[BrokenVersion],
    base: Option<&Policy>,
) -> Result<Exit, EarlyEnd> {
    for BrokenVersion { side, name, found } in all {
        say(&format!("error: the rules of the {side}, {name}, have {}; nothing was judged", errors(found)));
    }
    let text = broken::render(job, all);
    let kept = put_text(args, &text, base);
    match kept {
        // Bad rules go before a failure, wrong usage before both.
        Err(stop) if stop.exit == Exit::Failed => Err(EarlyEnd { exit: Exit::BadRules, ..stop }),
        Err(stop) => Err(stop),
        Ok(()) => Ok(Exit::BadRules),
    }
}

/// The same where the process that judged the rules was ended: it could say nothing any more.
pub(in crate::run) fn ended(what: &RulesCommand, stop: EarlyEnd) -> EarlyEnd {
    if let (RulesCommand::Diff(args), Exit::BadRules) = (what, stop.exit) {
        let jobs = if args.jobs.is_empty() { backlog_triage::SPEC.job.to_owned() } else { args.jobs.join(", ") };
        let text = broken::ended(&jobs, &format!("{:#}", stop.error));
        if let Err(also) = put_text(args, &text, None) {
            say(&format!("error: {:#}", also.error));
        }
    }
    stop
}

/// Puts a text where the report would stand.
fn put_text(args: &DiffOptions, text: &str, base: Option<&Policy>) -> Result<(), EarlyEnd> {
    output::summary(|| text.to_owned())?;
    let now = args.common.target.now.unwrap_or_else(Utc::now);
    comment(args, StickyText { text: &|_, _| text.to_owned(), rules_hash: "" }, base, now)
}
