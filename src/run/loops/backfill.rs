//! `backfill-retro`, from its arguments to its end.
//!
//! Takes: [`Backfill`]. Gives: a line in `retro/cycles.jsonl` for every pull request that has ended and
//! that the log does not have. What was recorded before an end is found and left out by the next run.

use std::cell::RefCell;
use std::collections::HashSet;

use anyhow::Result;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{LoopRun, retro};
use crate::cli::{Backfill, Format};
use crate::engine::rules::Policy;
use crate::forge::remote::token_refused;
use crate::forge::time::rfc3339;
use crate::forge::{Forge, ItemKind, States, seek};
use crate::jobs::backfill_retro::{JOB, cycle};
use crate::jobs::backlog_triage;
use crate::loop_dir::{Log, append_line, each_block};
use crate::loops::block;
use crate::loops::record::CycleRecord;
use crate::run::forge::{ForgeRequest, OpenForge, check, repos};
use crate::run::{EarlyEnd, Exit, live, output, rules, say};

/// When pull requests ended and their numbers, and what could not be read.
type EndedPulls = (Vec<(DateTime<Utc>, u64)>, Vec<String>);

/// Runs the job.
pub(in crate::run) fn run(args: &Backfill) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    check(&common.target, &common.repos, common.org.as_deref())?;
    let found = match rules::find(common, &backlog_triage::SPEC)? {
        Ok(rules) => rules,
        Err(exit) => return Ok(exit),
    };
    let folder = &common.target.loop_dir;
    let clock = || common.target.now.unwrap_or_else(Utc::now);
    let now = clock();
    let wanted =
        ForgeRequest { target: &common.target, repos: &common.repos, org: common.org.as_deref(), live: false, now };
    let forge = OpenForge::over_many(&wanted, usize::from(common.concurrency))?;
    let asked_for = repos(forge.read(), &common.repos, common.org.as_deref())?;
    let noted = LoopRun::begin(folder, JOB, now, (args.dry_run, &forge.read().name()))?;
    let (mut recorded, mut known) = (Vec::new(), 0);
    let mut why: Vec<String> = forge.read().unread().iter().map(|(name, why)| format!("{name}: {why}")).collect();
    let stop = live::stop()?;
    let (mut pulls, mut read) = (Vec::new(), 0);
    for repo in &asked_for {
        match ended(forge.read(), *repo, (args.since, usize::from(common.concurrency))) {
            Ok((found, unreadable)) => {
                read += 1;
                pulls.extend(found.into_iter().map(|(at, number)| (at, *repo, number)));
                unreadable.iter().for_each(|told| say(&format!("warning: {told}")));
            }
            Err(error) => why.push(format!("{error:#}")),
        }
    }
    let mut failed = read == 0 && !why.is_empty();
    // In the order in which they ended, whatever their repository.
    pulls.sort_unstable();
    let path = folder.join("retro/cycles.jsonl");
    let mut there = log(&path, only(forge.read(), &asked_for))?;
    for (_, repo, number) in pulls {
        if stop.load(std::sync::atomic::Ordering::Relaxed) {
            why.push("ended by a signal; run it again for the rest".to_owned());
            break;
        }
        let name = forge.read().repos()[repo].name.clone();
        if there.contains(&(name.clone(), number)) {
            known += 1;
            continue;
        }
        let given = match forge.read().pull(repo, number) {
            Ok(Some(pull)) => cycle(&found.policy, &forge.read().repos()[repo], &pull),
            Ok(None) => {
                why.push(format!("{name}#{number} has ended, and is not there to be read: this token may not see it"));
                continue;
            }
            Err(error) => {
                why.push(format!("{error:#}"));
                if token_refused(&error) {
                    // Every other would be refused too.
                    failed = true;
                    break;
                }
                continue;
            }
        };
        // Somebody has opened it again.
        let Some(given) = given else { continue };
        let (record, _) = CycleRecord::new(given, &rfc3339(now));
        if !args.dry_run {
            let held = retro::lock(folder)?;
            append_line(&path, &record.value())?;
            drop(held);
        }
        there.insert((name, number));
        recorded.push(record.value());
    }
    let totals = json!({ "recorded": recorded.len(), "known": known });
    let complete = why.is_empty();
    match common.screen.format {
        Format::Json => {
            let report = json!({
                "job": JOB, "generated_at": rfc3339(now), "complete": complete, "why_incomplete": why, "totals": totals,
                "cycles": recorded,
            });
            output::print_raw(&format!("{report:#}\n"))?;
        }
        Format::Text | Format::Markdown => {
            output::print_prose(&format!("{} pull requests are recorded, {known} were already\n", recorded.len()))?;
        }
    }
    why.iter().for_each(|why| say(&format!("warning: {why}")));
    let exit = match (failed, complete) {
        (true, _) => Exit::Failed,
        (false, false) => Exit::Incomplete,
        (false, true) => Exit::Done,
    };
    noted.end(exit, &why, (totals, forge.counts(), &found.policy.hash), clock())?;
    Ok(exit)
}

/// A pull request that has ended, as a cycle.
pub(super) fn one(forge: &dyn Forge, policy: &Policy, repo: usize, number: u64) -> Result<Option<Map<String, Value>>> {
    let pull = forge.pull(repo, number)?;
    Ok(pull.and_then(|pull| cycle(policy, &forge.repos()[repo], &pull)))
}

/// When each pull request of a repository ended, and its number; and entries that were no item.
fn ended(forge: &dyn Forge, repo: usize, (since, threads): (Option<DateTime<Utc>>, usize)) -> Result<EndedPulls> {
    let closed = States { open: false, ..States::ALL.of(&[ItemKind::Pull]) };
    let unreadable = RefCell::default();
    let read = |page: crate::forge::PageHandler<'_>| {
        let mut listed = forge.items(repo, closed, threads, page)?;
        unreadable.replace(std::mem::take(&mut listed.unreadable));
        Ok(listed)
    };
    let wanted = |item: &crate::forge::Item<'_>| {
        item.kind == ItemKind::Pull
            && !item.open
            && item.closed_at.is_some_and(|at| since.is_none_or(|since| at >= since))
    };
    let found = seek::those(read, wanted)?;
    let found = found.into_iter().filter_map(|item| Some((item.closed_at?, item.number))).collect();
    Ok((found, unreadable.into_inner()))
}

/// The repository, where it is one alone: cycles that name none are of it.
fn only<'f>(forge: &'f dyn Forge, asked_for: &[usize]) -> Option<&'f str> {
    if let [repo] = asked_for { Some(forge.repos()[*repo].name.as_str()) } else { None }
}

/// The pull requests that the log has.
fn log(path: &std::path::Path, only: Option<&str>) -> Result<HashSet<(String, u64)>> {
    let mut there = HashSet::new();
    each_block(
        &mut Log::open(path)?,
        1,
        |block| block::read(block.bytes),
        |rows| {
            for row in rows.rows.iter().filter(|row| row.pr > 0) {
                let named = rows.repos.get(row.repo as usize).map(String::as_str).filter(|name| !name.is_empty());
                if let Some(name) = named.or(only) {
                    there.insert((name.to_owned(), row.pr));
                }
            }
        },
    )?;
    Ok(there)
}
