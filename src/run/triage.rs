//! The job `backlog-triage`, from its arguments to its end: one stage a line.
//!
//! Takes: [`Triage`]. Gives: the report on stdout, an [`Exit`]; in a live run the writes.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use chrono::{DateTime, Utc};

use super::forge::{ForgeRequest, OpenForge, check, repos};
use super::live::{self, Live, RunEnding, RunSubject};
use super::rules::{self, RulesInForce};
use super::{EarlyEnd, Exit, Progress, VERSION, exit, output, say, usage};
use crate::apply::journal::Journal;
use crate::apply::{ApplyResult, ItemFate};
use crate::cli::Triage;
use crate::forge::remote::token_refused;
use crate::jobs::backlog::BacklogQuery;
use crate::jobs::{backlog_triage, states};
use crate::plan::choice::ItemState;
use crate::plan::{SUMMARY, memory};
use crate::report::{RunTotals, TriageRun};

/// How often a waiting loop looks whether it was asked to end.
const LOOK: Duration = Duration::from_millis(100);

/// Runs the job once, or again and again.
pub(super) fn run(args: &Triage) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    check(&common.target, &common.repos, common.org.as_deref())?;
    let stop = if args.dry_run && args.every.is_none() { Arc::default() } else { live::stop()? };
    let Some(every) = args.every else {
        return match rules::find(&args.common, &backlog_triage::SPEC)? {
            Ok(rules) => once(args, &rules, &stop),
            Err(exit) => Ok(exit),
        };
    };
    let mut good: Option<RulesInForce> = None;
    loop {
        let begun = Instant::now();
        let last = again(args, &mut good, &stop)?;
        if stop.load(Ordering::Relaxed) {
            return Ok(last);
        }
        // Counted from the start of a run; one that took longer is followed at once.
        while begun.elapsed() < every {
            std::thread::sleep(LOOK.min(every - begun.elapsed().min(every)));
            if stop.load(Ordering::Relaxed) {
                return Ok(last);
            }
        }
    }
}

/// One round of a loop: rules are read anew, and a broken file keeps the last good ones.
fn again(args: &Triage, good: &mut Option<RulesInForce>, stop: &Arc<AtomicBool>) -> Result<Exit, EarlyEnd> {
    let bad = match caught("reading the rules", || rules::find(&args.common, &backlog_triage::SPEC)) {
        Ok(Ok(fresh)) => {
            *good = Some(fresh);
            None
        }
        Ok(Err(exit)) => Some(EarlyEnd { exit, error: anyhow!("the rules have errors"), ends_loop: false }),
        Err(stop) => Some(stop),
    };
    let Some(rules) = good.as_ref() else { return bad.map_or(Ok(Exit::Done), Err) };
    if let Some(bad) = bad {
        say(&format!("warning: {:#}; the last good ones are kept", bad.error));
    }
    match caught("this round", || once(args, rules, stop)) {
        // A refused token ends a loop, wrong usage too; other failures do not.
        Err(ended) if ended.ends_loop || token_refused(&ended.error) => Err(ended),
        Err(failed) => {
            say(&format!("error: {:#}", failed.error));
            Ok(failed.exit)
        }
        Ok(exit) => Ok(exit),
    }
}

/// Whatever happens in one round ends no loop: a fault of the program is told like any other failure.
fn caught<T>(what: &str, run: impl FnOnce() -> Result<T, EarlyEnd>) -> Result<T, EarlyEnd> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let error = anyhow!("{what} ended in a fault of this program, told above: please report it with the rules");
        Err(EarlyEnd { exit: Exit::Failed, error, ends_loop: false })
    })
}

fn once(args: &Triage, rules: &RulesInForce, stop: &Arc<AtomicBool>) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    let clock = || common.target.now.unwrap_or_else(Utc::now);
    let now = clock();
    let live = !args.dry_run;
    if live {
        rules::looked_at(rules, &rules.policy.job, &common.target, args.write)?;
    }
    let wanted = ForgeRequest { target: &common.target, repos: &common.repos, org: common.org.as_deref(), live, now };
    let forge = OpenForge::new(&wanted)?;
    let asked_for = repos(forge.read(), &common.repos, common.org.as_deref())?;
    let about = RunSubject { forge: &forge.read().name(), undoes: None };
    let begun = match live {
        true => Some(Live::begin(&common.target.loop_dir, &rules.policy.job, now, VERSION, about)?),
        false => None,
    };
    let read =
        if live { Journal::default() } else { live::journal(&common.target.loop_dir, now, &forge.read().name())? };
    let progress = Progress::new(&common.screen);
    let more = |items| progress.more(items);
    let asked = BacklogQuery {
        forge: forge.read(),
        repos: asked_for,
        policy: &rules.policy,
        now,
        threads: usize::from(common.concurrency),
        only: args.only,
        plans: live || args.plan_out.is_some(),
        journal: begun.as_ref().map_or(&read, |live| &live.journal),
        progress: &more,
    };
    if live {
        // Said before the first write, as the look before it says the rest.
        states::closed(&asked).iter().for_each(|(_, why)| say(&format!("warning: {why}")));
    }
    let judged = backlog_triage::triage(&asked, &rules.templates, VERSION);
    progress.done();
    let mut run = match judged {
        Ok(run) => run,
        Err(error) => {
            let why = [format!("{error:#}")];
            end(begun.as_ref(), &forge, None, (Exit::Failed, &why), clock())?;
            return Err(error.into());
        }
    };
    run.warnings.extend(forge.unknown_user());
    if let Some(only) = args.only.filter(|_| run.rows.is_empty()) {
        let why =
            format!("no item #{only} is in scope of the rules: it does not exist, is closed, or `scope` leaves it out");
        end(begun.as_ref(), &forge, Some(&run), (Exit::Usage, std::slice::from_ref(&why)), clock())?;
        return Err(usage(anyhow!(why)));
    }
    if let Some(path) = &args.plan_out {
        output::save_plan(path, &run.plan(VERSION))?;
    }
    if let Some(login) = run.job_account.as_ref().filter(|_| live) {
        let why = memory::job_account_help(login, forge.read().user());
        end(begun.as_ref(), &forge, Some(&run), (Exit::Usage, std::slice::from_ref(&why)), clock())?;
        return Err(usage(anyhow!("nothing was written: {why}")));
    }
    let (mut token_refused, mut ended) = (None, false);
    if let (Some(live), Some(write)) = (&begun, forge.write()) {
        let comments = std::mem::take(&mut run.comments);
        let applied = live.carry_out(write, &run.plan(VERSION), comments, (stop, &common.screen), &clock);
        token_refused = applied.ended.clone().filter(|_| !stop.load(Ordering::Relaxed));
        ended = applied.ended.is_some();
        take_outcomes(&mut run, applied);
    }
    output::print(&run, usize::from(common.concurrency), &common.screen)?;
    output::for_ci(&run)?;
    // What a signal or a token left is no limit of the rules' own.
    let exit = exit(&run, args.allow_deferred && !ended);
    end(begun.as_ref(), &forge, Some(&run), (exit, &run.why_incomplete), clock())?;
    // The program ends here: giving back a hundred thousand records one by one serves nobody.
    if args.every.is_none() {
        std::mem::forget(run);
    }
    match token_refused.filter(|_| args.every.is_some()) {
        Some(why) => Err(EarlyEnd { exit: Exit::Failed, error: anyhow!("{why}"), ends_loop: true }),
        None => Ok(exit),
    }
}

/// What became of each planned item, in the rows and the figures.
fn take_outcomes(run: &mut TriageRun<'_>, applied: ApplyResult) {
    let state = |fate| match fate {
        ItemFate::Done => ItemState::Done,
        ItemFate::Unchanged => ItemState::Unchanged,
        ItemFate::Dropped => ItemState::Dropped,
        ItemFate::Failed => ItemState::Failed,
        ItemFate::NotReached => ItemState::Deferred,
    };
    let mut rows: HashMap<(&str, u64), usize> = HashMap::new();
    for (index, row) in run.rows.iter().enumerate() {
        rows.insert((run.repos[row.repo].as_str(), row.number), index);
    }
    let mut of_rows = Vec::new();
    for (item, outcome) in run.planned.iter().zip(&applied.outcomes) {
        let row = item.number.and_then(|number| rows.get(&(item.repo.as_ref(), number)));
        // A summary of ours may be a row too, which its rules leave alone.
        let row = row.filter(|row| run.rows[**row].state == ItemState::Planned);
        match row {
            Some(row) => of_rows.push((*row, state(outcome.fate), outcome.note.clone())),
            // No row tells of it: a summary of ours, or what a run left on an item that is out of scope now.
            None if outcome.fate == ItemFate::Failed => {
                let note = outcome.note.as_deref().unwrap_or("it failed");
                let summary = item.effects.iter().flat_map(|effect| &effect.writes).any(|write| write.key == SUMMARY);
                let what = if summary { "writing the summary of" } else { "finishing what a run left in" };
                run.why_incomplete.push(format!("{what} {} failed: {note}", item.repo));
            }
            None => {}
        }
    }
    for (row, state, note) in of_rows {
        run.rows[row].state = state;
        run.rows[row].note = note.or(run.rows[row].note.take());
    }
    let before = run.totals;
    run.totals = RunTotals { open: before.open, timelines: before.timelines, ..RunTotals::default() };
    for row in &run.rows {
        run.totals.count(row.state, row.flag(run.policy, "ready") == Some(true));
    }
    if run.totals.failed > before.failed {
        run.why_incomplete.push(format!("{} items failed while they were written", run.totals.failed - before.failed));
    }
    run.why_incomplete.extend(applied.ended);
    run.warnings.extend(applied.warnings);
    run.outcomes = Some(applied.outcomes.iter().map(|outcome| state(outcome.fate)).collect());
    run.complete = run.why_incomplete.is_empty();
}

/// The second line of a live run.
fn end(
    live: Option<&Live>,
    forge: &OpenForge,
    run: Option<&TriageRun<'_>>,
    (exit, why_incomplete): (Exit, &[String]),
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(live) = live else { return Ok(()) };
    let mut rules: HashMap<&str, usize> = HashMap::new();
    for row in run.map(|run| run.rows.as_slice()).unwrap_or_default() {
        if let (Some(run), Some(rule)) = (run, row.judgement.rule) {
            *rules.entry(run.policy.decide[rule].id.as_str()).or_default() += 1;
        }
    }
    let ended = RunEnding {
        exit: exit.code(),
        complete: why_incomplete.is_empty(),
        why_incomplete,
        totals: serde_json::to_value(run.map(|run| run.totals))?,
        rules,
        counts: forge.counts(),
        rules_hash: run.map_or("", |run| &run.policy.hash),
    };
    live.end(&ended, now, VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_in_a_round_is_told_and_ends_no_loop() {
        let stop = caught("reading the rules", || -> Result<(), EarlyEnd> { panic!("made up") }).err();
        let told = stop.map(|stop| (stop.exit.code(), stop.ends_loop, format!("{:#}", stop.error)));
        assert!(matches!(told, Some((1, false, why)) if why.contains("reading the rules")));
        assert!(caught("reading the rules", || Ok(3)).is_ok_and(|rules| rules == 3));
    }
}
