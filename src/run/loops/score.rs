//! `triage-score`, from its arguments to its end; and how many issues are ready, for `loop-guard`.
//!
//! Takes: [`TriageScore`]. Gives: `queue.json`, `quarantine.json`, a line in `retro/triage.jsonl`, the
//! queue on stdout. Nothing is written to the forge.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{LoopRun, read_json, replace_json};
use crate::cli::{Common, Format, TriageScore};
use crate::engine::digest;
use crate::engine::untrusted::{markdown, terminal};
use crate::files::{Lock, Patience};
use crate::forge::time::rfc3339;
use crate::forge::{Forge, ItemKind, States};
use crate::jobs::backlog::{Backlog, BacklogQuery};
use crate::jobs::triage_score::quarantine::{Failures, OpenIssues, Quarantine, QuarantineLimits, log_members};
use crate::jobs::triage_score::{JOB, Queue, SPEC, queue};
use crate::jobs::{backlog_triage, items};
use crate::loop_dir::{Log, append_line, each_block};
use crate::loops::block;
use crate::plan::section;
use crate::run::forge::{ForgeRequest, OpenForge, check, repos};
use crate::run::rules::{self, RulesInForce};
use crate::run::{EarlyEnd, Exit, Progress, live, output, say, usage};

/// Runs the job.
pub(in crate::run) fn run(args: &TriageScore) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    check(&common.target, &common.repos, common.org.as_deref())?;
    let (own, scores) = match (rules::find(common, &SPEC)?, rules::find(common, &backlog_triage::SPEC)?) {
        (Ok(own), Ok(scores)) => (own, scores),
        (Err(exit), _) | (_, Err(exit)) => return Ok(exit),
    };
    let folder = &common.target.loop_dir;
    let now = common.target.now.unwrap_or_else(Utc::now);
    let wanted =
        ForgeRequest { target: &common.target, repos: &common.repos, org: common.org.as_deref(), live: false, now };
    let forge = OpenForge::new(&wanted)?;
    let noted = LoopRun::begin(folder, JOB, now, (args.dry_run, &forge.read().name()))?;
    read(common, forge.read(), &scores, now, |read| {
        let (totals, why) = settle(args, &own, &scores, (forge.read(), read), now)?;
        let exit = if why.is_empty() { Exit::Done } else { Exit::Incomplete };
        let end = (totals, forge.counts(), own.policy.hash.as_str());
        noted.end(exit, &why, end, common.target.now.unwrap_or_else(Utc::now))?;
        Ok(exit)
    })
}

/// Settles who is in quarantine and what the queue is, and writes both. Gives what it came to, and what was not read.
fn settle(
    args: &TriageScore,
    own: &RulesInForce,
    scores: &RulesInForce,
    (forge, read): (&dyn Forge, &ScoreReading<'_>),
    now: DateTime<Utc>,
) -> Result<(Value, Vec<String>), EarlyEnd> {
    let common = &args.common;
    let folder = &common.target.loop_dir;
    let held = match args.dry_run {
        true => None,
        false => Some(Lock::take(&folder.join("quarantine.lock"), "the quarantine", &Patience::minute(&say))?),
    };
    let path = folder.join("quarantine.json");
    let mut quarantine = Quarantine::read(&read_json(&path)?);
    if let Some(missing) =
        args.release.iter().find(|number| !(read.names.iter().any(|repo| quarantine.holds(repo, **number))))
    {
        return Err(usage(anyhow!("--release: issue {missing} is not in quarantine")));
    }
    let micros = now.timestamp_micros();
    let limits = QuarantineLimits::new(&own.advice.measure);
    quarantine.release(&read.open, &read.whole, &args.release, micros);
    let failures = failures(folder, read, &quarantine, &limits, micros)?;
    quarantine.admit(&read.open, &failures, &limits, micros);
    let Queue { items: queued, unread } =
        queue(forge, &scores.policy, &read.backlog, |repo, number| quarantine.holds(repo, number));
    let generated_at = rfc3339(now);
    let mut totals = Map::from_iter([
        ("open".to_owned(), json!(read.backlog.open.iter().map(|(_, open)| open).sum::<usize>())),
        ("scored".to_owned(), json!(read.backlog.rows.len())),
        ("ready".to_owned(), json!(queued.len())),
    ]);
    totals.extend(log_members(&quarantine));
    let file = json!({ "generated_at": generated_at, "items": queued });
    let kept = quarantine.json(&generated_at);
    let save = || {
        replace_json(&path, &kept)?;
        replace_json(&folder.join("queue.json"), &file)?;
        let mut line = Map::from_iter([("timestamp".to_owned(), json!(generated_at))]);
        line.extend(totals.clone());
        let top: Vec<String> = queued.iter().take(10).map(name).collect();
        line.insert("top".to_owned(), json!(top));
        line.insert("rules_hash".to_owned(), json!(scores.policy.hash));
        append_line(&folder.join("retro/triage.jsonl"), &Value::Object(line))
    };
    // Told after the queue: that is printed all the same.
    let saved = if args.dry_run { Ok(()) } else { save() };
    drop(held);
    let why: Vec<String> = read.backlog.unread.iter().cloned().chain(unread).collect();
    print(common, &generated_at, &totals, (&file["items"], &kept["items"]), &why)?;
    saved?;
    Ok((Value::Object(totals), why))
}

/// What was read of the forge.
struct ScoreReading<'p> {
    backlog: Backlog<'p>,
    open: OpenIssues,
    /// The repositories, and those that were read to the end.
    names: Vec<String>,
    whole: BTreeSet<String>,
}

/// Reads and judges the open issues, and hands them to `then`.
fn read<T>(
    common: &Common,
    forge: &dyn Forge,
    scores: &RulesInForce,
    now: DateTime<Utc>,
    then: impl FnOnce(&ScoreReading<'_>) -> Result<T, EarlyEnd>,
) -> Result<T, EarlyEnd> {
    let asked_for = repos(forge, &common.repos, common.org.as_deref())?;
    let journal = live::journal(&common.target.loop_dir, now, &forge.name())?;
    let progress = Progress::new(&common.screen);
    let more = |items| progress.more(items);
    let asked = BacklogQuery {
        forge,
        repos: asked_for.clone(),
        policy: &scores.policy,
        now,
        threads: usize::from(common.concurrency),
        only: None,
        plans: false,
        journal: &journal,
        progress: &more,
    };
    let backlog = items::judge(&asked);
    progress.done();
    let backlog = backlog?;
    backlog.unreadable.iter().for_each(|told| say(&format!("warning: {told}")));
    let name = |repo: &usize| forge.repos()[*repo].name.clone();
    let names: Vec<String> = asked_for.iter().map(name).collect();
    let whole: BTreeSet<String> = backlog.open.iter().map(|(repo, _)| name(repo)).collect();
    let open = Mutex::new(OpenIssues::new());
    for repo in asked_for.iter().filter(|repo| whole.contains(&name(repo))) {
        let of = name(repo);
        forge.items(*repo, States::OPEN.of(&[ItemKind::Issue]), asked.threads, &|_, items| {
            let Ok(mut open) = open.lock() else { return };
            for item in items.iter().filter(|item| item.open && item.kind == ItemKind::Issue) {
                // A section of ours is no edit of theirs.
                let text = digest(&format!("{}\n{}", item.title, section::without(&item.body)));
                open.insert((of.clone(), item.number), text);
            }
        })?;
    }
    let open = open.into_inner().map_err(|_| anyhow!("a thread that read pages ended early"))?;
    then(&ScoreReading { backlog, open, names, whole })
}

fn failures(
    folder: &Path,
    read: &ScoreReading<'_>,
    quarantine: &Quarantine,
    limits: &QuarantineLimits,
    now: i64,
) -> Result<Failures> {
    let mut log = Log::open(&folder.join("retro/cycles.jsonl"))?;
    let mut failures = Failures::default();
    let only = if let [only] = read.names.as_slice() { Some(only.as_str()) } else { None };
    each_block(
        &mut log,
        1,
        |block| block::read(block.bytes),
        |rows| {
            failures.take(&rows, (&read.open, only), quarantine, limits, now);
        },
    )?;
    Ok(failures)
}

/// How many issues are ready and not in quarantine.
pub(super) fn ready(common: &Common, now: DateTime<Utc>) -> Result<Result<usize, Exit>, EarlyEnd> {
    check(&common.target, &common.repos, common.org.as_deref())?;
    let scores = match rules::find(common, &backlog_triage::SPEC)? {
        Ok(scores) => scores,
        Err(exit) => return Ok(Err(exit)),
    };
    let wanted =
        ForgeRequest { target: &common.target, repos: &common.repos, org: common.org.as_deref(), live: false, now };
    let forge = OpenForge::new(&wanted)?;
    let quarantine = Quarantine::read(&read_json(&common.target.loop_dir.join("quarantine.json"))?);
    let kept_out = |repo: &str, number| quarantine.holds(repo, number);
    let queued = read(common, forge.read(), &scores, now, |read| {
        let queue = queue(forge.read(), &scores.policy, &read.backlog, kept_out);
        queue.unread.iter().for_each(|why| say(&format!("warning: {why}")));
        Ok(queue.items.len())
    })?;
    Ok(Ok(queued))
}

fn name(entry: &Value) -> String {
    format!("{}#{}", entry["repo"].as_str().unwrap_or(""), entry["number"])
}

fn print(
    common: &Common,
    generated_at: &str,
    totals: &Map<String, Value>,
    (queue, quarantine): (&Value, &Value),
    why: &[String],
) -> Result<()> {
    if common.screen.format == Format::Json {
        let report = json!({
            "job": JOB, "generated_at": generated_at, "complete": why.is_empty(), "why_incomplete": why,
            "totals": totals, "queue": queue, "quarantine": quarantine,
        });
        return output::print_raw(&format!("{report:#}\n"));
    }
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or("").to_owned();
    let list = |list: &Value| list.as_array().cloned().unwrap_or_default();
    let mut out = String::new();
    let (queue, quarantine) = (list(queue), list(quarantine));
    if common.screen.format == Format::Markdown {
        let _ = writeln!(out, "| issue | score | type | title |\n|:--|--:|:--|:--|");
        for entry in &queue {
            let title = markdown(&text(entry, "title"));
            let _ = writeln!(
                out,
                "| {} | {} | {} | {title} |",
                markdown(&name(entry)),
                entry["score"],
                markdown(&text(entry, "type"))
            );
        }
        for entry in &quarantine {
            let _ = writeln!(
                out,
                "\nIn quarantine until {}: {}, {} failures",
                text(entry, "until"),
                markdown(&name(entry)),
                entry["failures"]
            );
        }
        return output::print_text(&out);
    }
    let _ = writeln!(out, "{} ready, {} in quarantine", queue.len(), quarantine.len());
    for entry in &queue {
        let _ = writeln!(
            out,
            "  {:>3}  {:<24} {}",
            entry["score"].to_string(),
            terminal(&name(entry)),
            terminal(&text(entry, "title"))
        );
    }
    for entry in &quarantine {
        let reasons =
            list(&entry["reasons"]).iter().filter_map(Value::as_str).map(terminal).collect::<Vec<_>>().join(", ");
        let until = text(entry, "until");
        let _ = writeln!(
            out,
            "  out  {:<24} {} failures, until {until}: {reasons}",
            terminal(&name(entry)),
            entry["failures"]
        );
    }
    output::print_prose(&out)
}
