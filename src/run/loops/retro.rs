//! `cycle-retro`, from its arguments to its end.
//!
//! Takes: [`CycleRetro`]. Gives: lines in `retro/cycles.jsonl` for cycles that it does not hold yet,
//! `retro/summary.json`. Several at once take turns: who finds whether a cycle is there also writes it.

use std::io::{IsTerminal, Read};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{LoopRun, backfill, replace_json};
use crate::cli::{CycleRetro, Format};
use crate::files::{Lock, Patience};
use crate::forge::time::rfc3339;
use crate::http::RequestCounts;
use crate::jobs::backlog_triage;
use crate::jobs::cycle_retro::{JOB, SPEC};
use crate::loop_dir::{Log, append_line, each_block};
use crate::loops::block;
use crate::loops::record::{CycleFate, CycleRecord, KnownCycles, Last};
use crate::run::forge::{ForgeRequest, OpenForge, check, repos};
use crate::run::{EarlyEnd, Exit, output, rules, say, usage};

/// Cycles that are recorded in one turn: so many are in memory.
const TURN: usize = 10_000;

/// Cycles with the number of another that are named one by one.
const TOLD: usize = 10;

/// What became of the cycles that were sent.
#[derive(Default)]
struct CycleResult {
    recorded: Vec<Value>,
    sent: usize,
    new: usize,
    /// New ones with the number of another.
    renumbered: usize,
    summary: Value,
}

/// Runs the job.
pub(in crate::run) fn run(args: &CycleRetro) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    let found = match rules::find(common, &SPEC)? {
        Ok(rules) => rules,
        Err(exit) => return Ok(exit),
    };
    let window = usize::try_from(found.advice.measure.whole("summary_window")).unwrap_or(1);
    let folder = &common.target.loop_dir;
    let clock = || common.target.now.unwrap_or_else(Utc::now);
    let told = members(args);
    let silent = told.is_empty() && args.from_pr.is_none();
    let from_stdin = args.stdin || silent && !std::io::stdin().is_terminal();
    if silent && !from_stdin && args.fields.is_empty() {
        return Err(usage(anyhow!("nothing is said of the cycle: see `kaizen cycle-retro --help`")));
    }
    let (pull, counts) = match args.from_pr {
        None => (Map::new(), RequestCounts::default()),
        Some(number) => match from_pr(args, number, clock())? {
            Ok(read) => read,
            Err(exit) => return Ok(exit),
        },
    };
    let noted = LoopRun::begin(folder, JOB, clock(), (args.dry_run, ""))?;
    let mut done = CycleResult::default();
    let now = rfc3339(clock());
    let mut turn = Vec::new();
    let take = |given: Map<String, Value>, turn: &mut Vec<CycleRecord>| {
        let mut all = pull.clone();
        all.extend(given);
        let mut given = all;
        given.extend(args.fields.iter().cloned());
        given.extend(told.clone());
        let (record, odd) = CycleRecord::new(given, &now);
        odd.iter().for_each(|odd| say(&format!("warning: of a cycle {odd}")));
        turn.push(record);
    };
    if from_stdin {
        // A line is a cycle, and one object may also stand on several lines.
        let mut input = std::io::BufReader::new(std::io::stdin().lock());
        let mut first = String::new();
        input.by_ref().take(3).read_to_string(&mut first).context("reading stdin")?;
        let first = first.trim_start_matches('\u{feff}').to_owned();
        let objects =
            serde_json::Deserializer::from_reader(first.as_bytes().chain(input)).into_iter::<Map<String, Value>>();
        for object in objects {
            let object =
                object.map_err(|error| usage(anyhow!("stdin holds something that is no JSON object: {error}")));
            match object {
                Ok(object) => take(object, &mut turn),
                Err(stop) => {
                    // What came before it is recorded.
                    record(args, &mut turn, window, &mut done)?;
                    return Err(stop);
                }
            }
            if turn.len() == TURN {
                record(args, &mut turn, window, &mut done)?;
            }
        }
    } else {
        take(Map::new(), &mut turn);
    }
    record(args, &mut turn, window, &mut done)?;
    if done.renumbered > TOLD {
        say(&format!("note: {} more cycles have the number of another", done.renumbered - TOLD));
    }
    let totals = json!({ "sent": done.sent, "recorded": done.new, "known": done.sent - done.new });
    print(args, &now, &done, &totals)?;
    noted.end(Exit::Done, &[], (totals, counts, &found.policy.hash), clock())?;
    Ok(Exit::Done)
}

/// A cycle's fields and the requests that they took, or how the run ends.
type CycleFields = Result<(Map<String, Value>, RequestCounts), Exit>;

/// What the forge holds of a pull request that has ended, and the requests that it took.
fn from_pr(args: &CycleRetro, number: u64, now: DateTime<Utc>) -> Result<CycleFields, EarlyEnd> {
    let common = &args.common;
    check(&common.target, &common.repos, common.org.as_deref())?;
    let found = match rules::find(common, &backlog_triage::SPEC)? {
        Ok(rules) => rules,
        Err(exit) => return Ok(Err(exit)),
    };
    let wanted =
        ForgeRequest { target: &common.target, repos: &common.repos, org: common.org.as_deref(), live: false, now };
    let forge = OpenForge::new(&wanted)?;
    let asked_for = repos(forge.read(), &common.repos, common.org.as_deref())?;
    let [repo] = asked_for[..] else {
        return Err(usage(anyhow!("--from-pr: name the repository with --repo, there are {}", asked_for.len())));
    };
    let read = backfill::one(forge.read(), &found.policy, repo, number)?;
    let name = &forge.read().repos()[repo].name;
    let read = read.ok_or_else(|| usage(anyhow!("--from-pr: {name} has no pull request {number} that has ended")))?;
    Ok(Ok((read, forge.counts())))
}

/// The members that options give.
fn members(args: &CycleRetro) -> Map<String, Value> {
    let success = args.success.or(args.failed.then_some(false));
    let members = [
        ("timestamp", args.timestamp.map(|at| json!(rfc3339(at)))),
        ("cycle", args.cycle.map(|number| json!(number))),
        ("issue", args.issue.map(|number| json!(number))),
        ("type", args.kind.as_ref().map(|kind| json!(kind))),
        ("success", success.map(|success| json!(success))),
        ("duration", args.duration.map(crate::loops::insights::number)),
        ("reason", args.reason.as_ref().map(|reason| json!(reason))),
        ("lines_added", args.lines_added.map(|lines| json!(lines))),
        ("lines_removed", args.lines_removed.map(|lines| json!(lines))),
        ("pr", args.pr.map(|number| json!(number))),
        ("epoch", args.epoch.as_ref().map(|epoch| json!(epoch))),
        ("agent", args.agent.as_ref().map(|agent| json!(agent))),
    ];
    let mut told: Map<String, Value> =
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    // Which repository it is says nothing of a cycle by itself, but tells it from others.
    if let (false, Some(repo)) = (told.is_empty(), args.common.repos.first()) {
        told.insert("repo".to_owned(), json!(repo));
    }
    told
}

/// Records what is new of a turn.
fn record(args: &CycleRetro, turn: &mut Vec<CycleRecord>, window: usize, done: &mut CycleResult) -> Result<()> {
    let folder = &args.common.target.loop_dir;
    let path = folder.join("retro/cycles.jsonl");
    let held = match args.dry_run {
        true => None,
        false => Some(lock(folder)?),
    };
    let (mut known, mut last) = (KnownCycles::new(turn), Last::new(window));
    let mut log = Log::open(&path)?;
    each_block(
        &mut log,
        1,
        |block| block::read(block.bytes),
        |rows| {
            known.take(&rows);
            last.take(&rows);
        },
    )?;
    for mut record in turn.drain(..) {
        done.sent += 1;
        let fate = known.add(&mut record);
        let new = fate != CycleFate::Known;
        if fate == CycleFate::Renumbered {
            done.renumbered += 1;
            if done.renumbered <= TOLD {
                let (number, at) = (record.number().unwrap_or_default(), record.value()["timestamp"].to_string());
                say(&format!(
                    "note: the log has another cycle {number}; that of {at} is one of a counter that has begun again"
                ));
            }
        }
        if new {
            if !args.dry_run {
                append_line(&path, &record.value())?;
            }
            last.add(&record);
            done.new += 1;
        }
        if done.recorded.len() < TURN {
            let mut value = record.value();
            value["recorded"] = json!(new);
            done.recorded.push(value);
        }
    }
    let now = args.common.target.now.unwrap_or_else(Utc::now);
    done.summary = last.summary(&rfc3339(now));
    if !args.dry_run {
        replace_json(&folder.join("retro/summary.json"), &done.summary)?;
    }
    drop(held);
    Ok(())
}

/// The turn of one who records cycles.
pub(super) fn lock(folder: &Path) -> Result<Lock> {
    Lock::take(&folder.join("retro/cycles.lock"), "the log of cycles", &Patience::minute(&say))
}

fn print(args: &CycleRetro, now: &str, done: &CycleResult, totals: &Value) -> Result<()> {
    if args.common.screen.format == Format::Json {
        let report = json!({
            "job": JOB, "generated_at": now, "complete": true, "totals": totals, "cycles": done.recorded,
            "summary": done.summary,
        });
        return output::print_raw(&format!("{report:#}\n"));
    }
    let text = match done.recorded.as_slice() {
        [one] if one["recorded"] == true => format!("cycle {} is recorded\n", one["cycle"]),
        [_] => "the cycle is on record already\n".to_owned(),
        _ => format!("{} cycles are recorded, {} were already\n", done.new, done.sent - done.new),
    };
    output::print_prose(&text)
}
