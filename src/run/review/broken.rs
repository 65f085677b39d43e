//! `kaizen rules diff` where a version of the rules cannot be judged.
//!
//! Takes: what is wrong. Gives: that, in the job's summary and, with `--comment`, in the place of what an
//! earlier run put on the pull request; 78.

use chrono::{DateTime, Utc};

use super::super::output::{self, variable};
use super::super::rules::errors;
use super::super::{Exit, Stop, say};
use super::sticky::{self, Kept, Said};
use crate::cli::{Diff, Rules};
use crate::engine::policy::Policy;
use crate::jobs::backlog_triage;
use crate::review::diff::broken::{self, Broken};

/// Keeps the comment where one is wanted.
pub(super) fn comment(args: &Diff, said: Said<'_>, base: Option<&Policy>, now: DateTime<Utc>) -> Result<(), Stop> {
    let Some(number) = args.comment else { return Ok(()) };
    if let Kept::Denied(why) = sticky::keep(&args.common, number, said, base, now)? {
        let place = if variable("GITHUB_STEP_SUMMARY").is_some() { "the job's summary and above" } else { "above" };
        say(&format!("warning: the report could not be put on #{number}: {why}; it stands {place}"));
    }
    Ok(())
}

/// Ends where a version cannot be read: the errors have been printed, and what an earlier run put on the
/// pull request is no longer so.
pub(super) fn cannot(args: &Diff, job: &str, all: &[Broken], base: Option<&Policy>) -> Result<Exit, Stop> {
    for Broken { side, name, found } in all {
        say(&format!("error: the rules of the {side}, {name}, have {}; nothing was judged", errors(found)));
    }
    let text = broken::render(job, all);
    let kept = told(args, &text, base);
    match kept {
        // Bad rules go before a failure, wrong usage before both.
        Err(stop) if stop.exit == Exit::Failed => Err(Stop { exit: Exit::BadRules, ..stop }),
        Err(stop) => Err(stop),
        Ok(()) => Ok(Exit::BadRules),
    }
}

/// The same where the process that judged the rules was ended: it could say nothing any more.
pub(in crate::run) fn ended(what: &Rules, stop: Stop) -> Stop {
    if let (Rules::Diff(args), Exit::BadRules) = (what, stop.exit) {
        let jobs = if args.jobs.is_empty() { backlog_triage::SPEC.job.to_owned() } else { args.jobs.join(", ") };
        let text = broken::ended(&jobs, &format!("{:#}", stop.error));
        if let Err(also) = told(args, &text, None) {
            say(&format!("error: {:#}", also.error));
        }
    }
    stop
}

/// Puts a text where the report would stand.
fn told(args: &Diff, text: &str, base: Option<&Policy>) -> Result<(), Stop> {
    output::summary(|| text.to_owned())?;
    let now = args.common.target.now.unwrap_or_else(Utc::now);
    comment(args, Said { text: &|_, _| text.to_owned(), rules_hash: "" }, base, now)
}
