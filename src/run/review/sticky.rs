//! `--comment`: the report as one comment on a pull request.
//!
//! Takes: the report, the number of the pull request, the rules of the base. Gives: [`StickyResult`]. In a job of
//! the forge's CI the pull request is of its own repository, elsewhere of the one that is asked for.
//! The comment goes through the one writer.

use std::collections::HashMap;

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, Utc};
use serde_json::json;

use super::super::forge::{ForgeRequest, OpenForge, repos};
use super::super::live::{self, Live, RunEnding, RunSubject};
use super::super::output::variable;
use super::super::{EarlyEnd, Exit, VERSION, say, usage};
use super::revision::Away;
use crate::apply::{ApplyResult, ItemFate};
use crate::cli::Common;
use crate::engine::policy::Policy;
use crate::forge::change::ForgeWriter;
use crate::forge::remote::address::Runner;
use crate::forge::time::rfc3339;
use crate::plan::Plan;
use crate::plan::memory::Us;
use crate::review::sticky::{MARKER, NAME, Sticky};

/// What became of the comment.
pub(super) enum StickyResult {
    /// It says what the report says, or a person wants none.
    There,
    /// This token may not comment; why.
    Denied(String),
}

/// What the comment is to say.
#[derive(Clone, Copy)]
pub(super) struct StickyText<'s> {
    /// The text, for a repository where it is shown and with room for this many characters beside it.
    pub(super) text: &'s dyn Fn(Option<&str>, usize) -> String,
    /// Digest of the rules that it is about.
    pub(super) rules_hash: &'s str,
}

/// Keeps the comment on a pull request.
pub(super) fn keep(
    common: &Common,
    number: u64,
    said: StickyText<'_>,
    base: Option<&Policy>,
    now: DateTime<Utc>,
) -> Result<StickyResult, EarlyEnd> {
    let opened = match place(common, now)? {
        Ok(opened) => opened,
        Err(why) => return Ok(StickyResult::Denied(why)),
    };
    let (forge, index) = opened;
    let Some(write) = forge.write() else { return Err(usage(anyhow!("this forge cannot be written to"))) };
    let repo = write.repos()[index].name.clone();
    if let Some(why) = write.preflight(index, false)?.refused {
        return Ok(StickyResult::Denied(why));
    }
    let told = || format!("reading the comments of the pull request {repo}#{number}");
    let comments = write.comments(index, number).with_context(told)?;
    let text = (said.text)(Some(&repo), MARKER);
    let bots = base.map_or(&[][..], |policy| &policy.bots);
    let us = Us { user: write.user(), bots };
    live::other_account(us, true, comments.iter().map(|one| (one.author.as_ref(), one.body.as_str())))?;
    let sticky = Sticky {
        forge: &write.name(),
        repo: &repo,
        number,
        text: &text,
        now: &rfc3339(now),
        version: VERSION,
        rules_hash: said.rules_hash,
    };
    let command = base.and_then(|policy| policy.skip_command.as_deref());
    let plan = sticky.plan(&comments, us, command);
    if plan.items.is_empty() {
        return Ok(StickyResult::There);
    }
    let applied = carry_out(common, write, &plan, now)?;
    let Some(outcome) = applied.outcomes.first() else { return Ok(StickyResult::There) };
    let note = outcome.note.clone().unwrap_or_default();
    match outcome.fate {
        ItemFate::Done | ItemFate::Unchanged => Ok(StickyResult::There),
        ItemFate::Dropped => {
            say(&format!("warning: nothing was written to {repo}#{number}: {note}"));
            Ok(StickyResult::There)
        }
        ItemFate::Failed if outcome.denied => Ok(StickyResult::Denied(note)),
        ItemFate::Failed | ItemFate::NotReached => Err(anyhow!("commenting on {repo}#{number}: {note}").into()),
    }
}

/// The forge and the repository of the pull request; the inner error says why nothing can be written.
fn place(common: &Common, now: DateTime<Utc>) -> Result<Result<(OpenForge, usize), String>, EarlyEnd> {
    if let Some(away) = Away::find(common) {
        let remote = away.open()?;
        if let Err(why) = remote.user_known() {
            let in_ci = Runner::of(&variable).is_some();
            return if in_ci { Ok(Err(why)) } else { Err(usage(anyhow!("--comment: {why}"))) };
        }
        return Ok(Ok((OpenForge::Remote(Box::new(remote)), 0)));
    }
    let org = common.org.as_deref();
    let wanted = ForgeRequest { target: &common.target, repos: &common.repos, org, live: true, now };
    let forge = OpenForge::new(&wanted)?;
    match repos(forge.read(), &common.repos, org)?.as_slice() {
        [index] => Ok(Ok((forge, *index))),
        _ => Err(usage(anyhow!("--comment: of which repository is the pull request? Name it with --repo"))),
    }
}

/// One write, recorded as every live run is.
fn carry_out(
    common: &Common,
    forge: &dyn ForgeWriter,
    plan: &Plan<'_>,
    now: DateTime<Utc>,
) -> Result<ApplyResult, EarlyEnd> {
    let clock = || common.target.now.unwrap_or_else(Utc::now);
    let stop = live::stop()?;
    let about = RunSubject { forge: &plan.forge, policies: &[], undoes: None };
    let live = Live::begin(&common.target.loop_dir, NAME, now, VERSION, about)?;
    let applied = live.carry_out(forge, plan, HashMap::new(), (&stop, &common.screen), &clock);
    let done = applied.outcomes.iter().all(|outcome| !matches!(outcome.fate, ItemFate::Failed | ItemFate::NotReached));
    let why: Vec<String> = applied.outcomes.iter().filter(|_| !done).filter_map(|it| it.note.clone()).collect();
    let ended = RunEnding {
        exit: if done { Exit::Done } else { Exit::Failed }.code(),
        complete: done,
        why_incomplete: &why,
        totals: json!({ "acted": usize::from(done) }),
        rules: HashMap::new(),
        counts: Default::default(),
        rules_hash: &plan.rules_hash,
    };
    live.end(&ended, clock(), VERSION)?;
    Ok(applied)
}
