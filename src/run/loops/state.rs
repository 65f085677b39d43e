//! `loop-state`: the memory of the loop on a branch of the repository.
//!
//! Takes: [`LoopState`]. Gives: the folder with what the branch holds taken in, or the branch with what the folder
//! holds. The branch is one commit without a past, replaced only where it stands as it was read: who was faster
//! is never overwritten, both versions are put together and pushed again. A memory that cannot be read or kept
//! is warned of and fails nothing: the jobs have done their work.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chrono::Utc;

use super::merge::take_in;
use crate::cli::{LoopState, StateStep};
use crate::engine::untrusted;
use crate::forge::Forge;
use crate::forge::remote::{Branch, PushResult, Remote};
use crate::loop_dir::{holds, memory};
use crate::run::forge::{ForgeRequest, check, remote};
use crate::run::{EarlyEnd, Exit, output, say, usage};

/// Pushes that are tried where others are faster.
const TRIES: u32 = 5;
/// The message of the commit.
const MESSAGE: &str = "The memory of the loop";

/// Loads or saves.
pub(in crate::run) fn run(args: &LoopState) -> Result<Exit, EarlyEnd> {
    let target = &args.target;
    if target.forge.as_deref().is_some_and(|forge| forge.starts_with("file:")) {
        return Err(usage(anyhow!("--forge: a forge in a file has no branches; name a server")));
    }
    check(target, &args.repos, None)?;
    let now = target.now.unwrap_or_else(Utc::now);
    let wanted = ForgeRequest { target, repos: &args.repos, org: None, live: false, now };
    let branch = &args.branch;
    let done = remote(&wanted).and_then(|forge| {
        let repo = match forge.repos() {
            [repo] => repo.name.clone(),
            many => {
                return Err(usage(anyhow!(
                    "--repo: the memory is kept in one repository, and {} are named",
                    many.len()
                )));
            }
        };
        let done = match args.step {
            StateStep::Load => load(args, &forge, &repo),
            StateStep::Save => save(args, &forge, &repo, now.timestamp()),
        };
        done.map_err(EarlyEnd::from)
    });
    match done {
        Ok(()) => {}
        Err(stop) if stop.exit == Exit::Usage => return Err(stop),
        Err(stop) => match args.step {
            StateStep::Load => warn(&format!(
                "the branch {branch} cannot be read, and this run begins without the memory of the loop: {:#}",
                stop.error
            ))?,
            StateStep::Save => warn(&format!("the memory of this run is not kept: {:#}", stop.error))?,
        },
    }
    Ok(Exit::Done)
}

fn load(args: &LoopState, forge: &Remote, repo: &str) -> Result<()> {
    let branch = forge.branch(repo, &args.branch, false)?;
    take_branch(args, forge, &branch)
}

/// Puts what the branch holds together with the folder.
fn take_branch(args: &LoopState, forge: &Remote, branch: &Branch) -> Result<()> {
    let theirs = forge.branch_files(branch, &|path| holds(path).is_some())?;
    // Also where the branch holds nothing yet: the jobs then begin an empty memory.
    let folder = &args.target.loop_dir;
    std::fs::create_dir_all(folder).with_context(|| format!("making the folder {}", folder.display()))?;
    take_in(&args.target.loop_dir, &theirs)
}

fn save(args: &LoopState, forge: &Remote, repo: &str, at: i64) -> Result<()> {
    let folder = &args.target.loop_dir;
    if memory(folder)?.is_empty() {
        say(&format!("{} holds no memory: there is nothing to save", folder.display()));
        return Ok(());
    }
    for nth in 1..=TRIES {
        let branch = forge.branch(repo, &args.branch, true)?;
        take_branch(args, forge, &branch)?;
        match forge.push(&branch, &memory(folder)?, MESSAGE, at)? {
            PushResult::Done | PushResult::Unchanged => return Ok(()),
            PushResult::Overtaken => {
                // A wait that two runs do not share.
                let wait = Duration::from_millis(args.target.retry_wait).saturating_mul(nth);
                std::thread::sleep(wait.mul_f64(0.2 + fastrand::f64()));
            }
            PushResult::Refused(why) => {
                return Err(anyhow!(
                    "the push to {} was refused ({why}); the job needs `contents: write`, and the branch must not be \
                     protected",
                    args.branch
                ));
            }
        }
    }
    Err(anyhow!("{TRIES} others were faster"))
}

/// A warning, which a CI shows beside its job.
fn warn(text: &str) -> Result<()> {
    if output::in_ci() {
        output::print_raw(&format!("::warning::{}\n", untrusted::ci_log(text)))
    } else {
        say(&format!("warning: {text}"));
        Ok(())
    }
}
