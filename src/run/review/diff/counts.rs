//! What both versions say of what is counted: a log, sessions, the activity of a window, or nothing but
//! their own parameters.
//!
//! Takes: the rules of both sides. Gives: [`DiffReading`], with what each says joined by key.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::anyhow;
use chrono::{DateTime, Utc};

use super::super::super::forge::{ForgeRequest, OpenForge, forge_file, repos};
use super::super::super::output::variable;
use super::super::super::rules::RulesInForce;
use super::super::super::{EarlyEnd, Progress, confined, improvement_proposals, loops, retro, usage};
use super::DiffReading;
use super::versions::SideRules;
use crate::cli::{DiffOptions, RetroOptions};
use crate::forge::remote::address::Runner;
use crate::language::JobSpec;
use crate::review::diff;
use crate::review::diff::backlog::BacklogDiff;
use crate::review::diff::keyed_records::{self, KeyedRecords};

/// Both sides, where they have rules for the job.
type LoadedSides<'l> = (Option<&'l SideRules>, Option<&'l SideRules>);

/// Seconds of the processor before anything is read, and how many sessions, and bytes, take one more at most.
const START: u64 = 6;
const COUNTED: u64 = 200;
const A_SECOND: u64 = 4 << 20;
/// Seconds for a repository.
const A_REPOSITORY: u64 = 5;
/// What a byte of a compressed file comes to.
const UNPACKED: u64 = 20;

/// The jobs that read something.
pub(super) const SESSIONS: &str = "improvement-proposals";
pub(super) const RETRO: &str = "kaizen-retro";
pub(super) const LOG: &str = "loop-introspect";

/// Nobody knows of sessions and logs whether they are private: where others read the report, what a version of
/// the rules says of them is counted.
fn unnamed(mut seen: DiffReading) -> DiffReading {
    seen.read.unnamed = true;
    seen
}

/// Reads what the job reads, and judges it under both.
pub(super) fn compare_counted(
    args: &DiffOptions,
    spec: &JobSpec,
    both: LoadedSides<'_>,
    now: DateTime<Utc>,
) -> Result<DiffReading, EarlyEnd> {
    match spec.job {
        SESSIONS => sessions(args, both).map(unnamed),
        RETRO => window(args, both, now),
        LOG => log(args, both, now).map(unnamed),
        _ => joined(both, String::new(), |rules| Ok((keyed_records::parameters(&rules.advice.measure), Vec::new()))),
    }
}

/// What each side says, joined; `said` gives it with what could not be read.
fn joined(
    (base, head): LoadedSides<'_>,
    place: String,
    mut said: impl FnMut(&RulesInForce) -> Result<(KeyedRecords, Vec<String>), EarlyEnd>,
) -> Result<DiffReading, EarlyEnd> {
    let mut failed = Vec::new();
    let [from, to] = [(base, "base"), (head, "head")].map(|(loaded, side)| {
        let Some(loaded) = loaded else { return Ok(KeyedRecords::new()) };
        confined::begin(&format!("judging under the rules of the {side}"));
        let (keyed, lost) = said(&loaded.rules)?;
        add_new(&mut failed, lost);
        Ok::<_, EarlyEnd>(keyed)
    });
    let read = BacklogDiff { diff: diff::Diff::join(from?, to?), failed, ..BacklogDiff::default() };
    Ok(DiffReading { place, repos: Vec::new(), read })
}

fn add_new(all: &mut Vec<String>, more: Vec<String>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

fn sessions(args: &DiffOptions, both: LoadedSides<'_>) -> Result<DiffReading, EarlyEnd> {
    if args.inputs.is_empty() {
        return Err(usage(anyhow!(
            "the rules of improvement-proposals are compared over sessions: name some with --input"
        )));
    }
    // Each version counts by its own parameters, so that both read them.
    let once = |name: &&String| *name == "-" || std::fs::metadata(name).is_ok_and(|it| !it.is_file() && !it.is_dir());
    if let Some(name) = args.inputs.iter().find(once) {
        let help = "keep it in a file, and name that with --input";
        return Err(usage(anyhow!("{name} can be read by one version of the rules only: {help}")));
    }
    let progress = Progress::new(&args.common.screen);
    // Time of the processor comes with the work: what was counted tells how much that is.
    let counted = AtomicU64::new(0);
    confined::grant(START);
    let more = |sessions: usize| {
        progress.more(sessions);
        let before = counted.fetch_add(sessions as u64, Ordering::Relaxed);
        confined::grant(START + (before + sessions as u64) / COUNTED);
    };
    let seen = joined(both, args.inputs.join(", "), |rules| {
        let (advised, lost) = improvement_proposals::advised(rules, &args.inputs, &more)?;
        Ok((keyed_records::proposals(&advised), lost))
    });
    progress.done();
    seen
}

fn log(args: &DiffOptions, both: LoadedSides<'_>, now: DateTime<Utc>) -> Result<DiffReading, EarlyEnd> {
    let folder = &args.common.target.loop_dir;
    loops::check_folder(folder)?;
    confined::grant(START + 2 * bytes(&folder.join("retro")) / A_SECOND);
    let place = folder.join("retro/cycles.jsonl").display().to_string();
    joined(both, place, |rules| {
        let judged = loops::introspect::judge_log(rules, folder, (now, None, args.since))?;
        Ok((keyed_records::recommendations(&judged.recommended), judged.lost_parts()))
    })
}

fn window(args: &DiffOptions, both: LoadedSides<'_>, now: DateTime<Utc>) -> Result<DiffReading, EarlyEnd> {
    let common = &args.common;
    let asked = RetroOptions {
        common: common.clone(),
        since: args.since,
        until: None,
        fleet: args.fleet.clone(),
        post_to: None,
        dry_run: true,
        write: false,
    };
    let org = common.org.as_deref();
    let wanted = ForgeRequest { target: &common.target, repos: &common.repos, org, live: false, now };
    let forge = OpenForge::over_many(&wanted, usize::from(common.concurrency))?;
    let asked_for = repos(forge.read(), &common.repos, org)?;
    // A report of a day is a few hundred items; a fleet of a hundred repositories still has its time.
    let file = forge_file(&common.target);
    let recorded = file.map_or(0, |file| 2 * bytes(&file) / A_SECOND);
    confined::grant(START + recorded + A_REPOSITORY * asked_for.len() as u64);
    // The base says what may be named where others read it: what a stranger wants to merge has no say in that.
    let read_by_others = args.comment.is_some() || Runner::of(&variable).is_some();
    let named = !read_by_others || both.0.is_some_and(|base| base.rules.policy.publish_private);
    let (mut happened, mut unreadable) = (None, Vec::<String>::new());
    let mut seen = joined(both, forge.read().name(), |rules| {
        let said = retro::suggested(&asked, rules, (&forge, asked_for.clone()), (now, named), &mut happened)?;
        add_new(&mut unreadable, said.unreadable);
        Ok((keyed_records::suggestions(said.picked.as_ref(), &said.others), said.why_incomplete))
    })?;
    seen.read.unreadable = unreadable;
    seen.repos = asked_for.iter().map(|repo| forge.read().repos()[*repo].name.clone()).collect();
    Ok(seen)
}

/// Bytes of a file, or of those of a folder and below, unpacked.
fn bytes(path: &Path) -> u64 {
    let Ok(found) = std::fs::symlink_metadata(path) else { return 0 };
    if found.is_dir() {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        return entries.map(|entry| bytes(&entry.path())).sum();
    }
    let packed = path.extension().is_some_and(|ending| ending == "gz");
    std::fs::metadata(path).map_or(0, |file| file.len() * if packed { UNPACKED } else { 1 })
}
