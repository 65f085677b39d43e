//! `backlog-triage` and other policies over items, from their arguments to their end: one stage a line.
//!
//! Takes: [`Triage`], the names of policies. Gives: the report on stdout, an [`Exit`]; in a live run the writes. All
//! policies of a run judge one reading, and what they do to an item is one entry of one plan.

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
use crate::cli::{RunPolicies, Triage};
use crate::engine::template::Templates;
use crate::forge::remote::token_refused;
use crate::jobs::backlog::BacklogQuery;
use crate::jobs::joint::{self, JointPlan};
use crate::jobs::{self, backlog_triage, states};
use crate::language::RUN;
use crate::plan::choice::ItemState;
use crate::plan::{Plan, SUMMARY, memory};
use crate::report::{RunTotals, TriageRun};

/// How often a waiting loop looks whether it was asked to end.
const LOOK: Duration = Duration::from_millis(100);

/// Runs the policies that are named, or all there are.
pub(super) fn policies(args: &RunPolicies) -> Result<Exit, EarlyEnd> {
    run(&args.triage, &|| rules::names(args))
}

/// Runs the job `backlog-triage`.
pub(super) fn backlog(args: &Triage) -> Result<Exit, EarlyEnd> {
    run(args, &|| Ok(vec![backlog_triage::SPEC.job.to_owned()]))
}

/// Says which policies run; asked again before each round.
type PolicyChoice<'a> = &'a dyn Fn() -> Result<Vec<String>, EarlyEnd>;

/// Runs policies once, or again and again.
fn run(args: &Triage, names: PolicyChoice<'_>) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    check(&common.target, &common.repos, common.org.as_deref())?;
    let stop = if args.dry_run && args.every.is_none() { Arc::default() } else { live::stop()? };
    let Some(every) = args.every else {
        return match find(args, names)? {
            Ok(rules) => once(args, &rules, &stop),
            Err(exit) => Ok(exit),
        };
    };
    let mut good: Option<Vec<RulesInForce>> = None;
    loop {
        let begun = Instant::now();
        let last = again(args, names, &mut good, &stop)?;
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

/// The rules of every policy. All are read, so that all their errors are told; the inner error is an exit whose reasons
/// have been printed.
fn find(args: &Triage, names: PolicyChoice<'_>) -> Result<Result<Vec<RulesInForce>, Exit>, EarlyEnd> {
    let names = names()?;
    let found = names.iter().map(|name| rules::find(&args.common, jobs::policy(name)));
    let found: Vec<Result<RulesInForce, Exit>> = found.collect::<Result<_, _>>()?;
    Ok(found.into_iter().collect())
}

/// One round of a loop: rules are read anew, and a broken file keeps the last good ones.
fn again(
    args: &Triage,
    names: PolicyChoice<'_>,
    good: &mut Option<Vec<RulesInForce>>,
    stop: &Arc<AtomicBool>,
) -> Result<Exit, EarlyEnd> {
    let bad = match caught("reading the rules", || find(args, names)) {
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

fn once(args: &Triage, rules: &[RulesInForce], stop: &Arc<AtomicBool>) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    let clock = || common.target.now.unwrap_or_else(Utc::now);
    let now = clock();
    let live = !args.dry_run;
    for rules in rules.iter().filter(|_| live) {
        rules::looked_at(rules, &rules.policy.job, &common.target, args.write)?;
    }
    let wanted = ForgeRequest { target: &common.target, repos: &common.repos, org: common.org.as_deref(), live, now };
    let forge = OpenForge::new(&wanted)?;
    let asked_for = repos(forge.read(), &common.repos, common.org.as_deref())?;
    let policies: Vec<&str> = rules.iter().map(|rules| rules.policy.name.as_str()).collect();
    let job = match rules {
        [one] => one.policy.job.as_str(),
        _ => RUN,
    };
    let named = if job == RUN { policies.as_slice() } else { &[] };
    let about = RunSubject { forge: &forge.read().name(), policies: named, undoes: None };
    let begun = match live {
        true => Some(Live::begin(&common.target.loop_dir, job, now, VERSION, about)?),
        false => None,
    };
    let read =
        if live { Journal::default() } else { live::journal(&common.target.loop_dir, now, &forge.read().name())? };
    let progress = Progress::new(&common.screen);
    let more = |items| progress.more(items);
    let query = |policy| BacklogQuery {
        forge: forge.read(),
        repos: asked_for.clone(),
        policy,
        now,
        threads: usize::from(common.concurrency),
        only: args.only,
        plans: live || args.plan_out.is_some(),
        journal: begun.as_ref().map_or(&read, |live| &live.journal),
        progress: &more,
    };
    let queries: Vec<BacklogQuery<'_>> = rules.iter().map(|rules| query(&rules.policy)).collect();
    if let Some(any) = queries.first().filter(|_| live) {
        // Said before the first write, as the look before it says the rest.
        states::closed(any).iter().for_each(|(_, why)| say(&format!("warning: {why}")));
    }
    let templates: Vec<&Templates> = rules.iter().map(|rules| &rules.templates).collect();
    let judged = backlog_triage::triage(&queries, &templates, VERSION);
    progress.done();
    let mut runs = match judged {
        Ok(runs) => runs,
        Err(error) => {
            let why = [format!("{error:#}")];
            end(begun.as_ref(), &forge, &[], (Exit::Failed, &why), clock())?;
            return Err(error.into());
        }
    };
    runs.iter_mut().take(1).for_each(|run| run.warnings.extend(forge.unknown_user()));
    if let Some(only) = args.only.filter(|_| runs.iter().all(|run| run.rows.is_empty())) {
        let why =
            format!("no item #{only} is in scope of the rules: it does not exist, is closed, or `scope` leaves it out");
        end(begun.as_ref(), &forge, &runs, (Exit::Usage, std::slice::from_ref(&why)), clock())?;
        return Err(usage(anyhow!(why)));
    }
    let joint = (runs.len() > 1).then(|| JointPlan::of(&runs));
    let saved = args.plan_out.as_ref().map_or(Ok(()), |path| output::save_plan(path, &plan(&runs, joint.as_ref())));
    if let Err(error) = saved {
        // What was read and judged is shown all the same; nothing is written without the plan that was asked for.
        output::print(&runs, usize::from(common.concurrency), &common.screen)?;
        output::for_ci(&runs)?;
        end(begun.as_ref(), &forge, &runs, (Exit::Failed, &[format!("{error:#}")]), clock())?;
        return Err(error.into());
    }
    if let Some(login) = runs.iter().find_map(|run| run.job_account.as_ref()).filter(|_| live) {
        let why = memory::job_account_help(login, forge.read().user());
        end(begun.as_ref(), &forge, &runs, (Exit::Usage, std::slice::from_ref(&why)), clock())?;
        return Err(usage(anyhow!("nothing was written: {why}")));
    }
    let (mut token_refused, mut ended) = (None, false);
    if let (Some(live), Some(write)) = (&begun, forge.write()) {
        let comments = runs.first_mut().map(|run| std::mem::take(&mut run.comments)).unwrap_or_default();
        let applied = {
            let plan = plan(&runs, joint.as_ref());
            live.carry_out(write, &plan, comments, (stop, &common.screen), &clock)
        };
        token_refused = applied.ended.clone().filter(|_| !stop.load(Ordering::Relaxed));
        ended = applied.ended.is_some();
        for (place, run) in runs.iter_mut().enumerate() {
            let outcomes = joint
                .as_ref()
                .map_or_else(|| applied.outcomes.clone(), |joint| joint.outcomes(place, &applied.outcomes));
            // What is said of the whole is said once.
            let warnings = if place == 0 { applied.warnings.clone() } else { Vec::new() };
            take_outcomes(run, ApplyResult { outcomes, warnings, ended: applied.ended.clone() });
        }
    }
    let shown = output::print(&runs, usize::from(common.concurrency), &common.screen);
    let shown = shown.and_then(|()| output::for_ci(&runs));
    // What a signal or a token left is no limit of the rules' own.
    let exit = exit(&runs, args.allow_deferred && !ended);
    let why: Vec<String> = runs.iter().flat_map(|run| run.why_incomplete.iter().cloned()).collect();
    end(begun.as_ref(), &forge, &runs, (exit, &why), clock())?;
    shown?;
    // The program ends here: giving back a hundred thousand records one by one serves nobody.
    if args.every.is_none() {
        std::mem::forget(runs);
    }
    match token_refused.filter(|_| args.every.is_some()) {
        Some(why) => Err(EarlyEnd { exit: Exit::Failed, error: anyhow!("{why}"), ends_loop: true }),
        None => Ok(exit),
    }
}

/// The plan of a run; of several policies the joint one.
fn plan<'r>(runs: &'r [TriageRun<'_>], joint: Option<&'r JointPlan>) -> Plan<'r> {
    match joint {
        Some(joint) => joint.plan(runs, VERSION),
        None => runs[0].plan(VERSION),
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

/// The second line of a live run. Of several policies the figures are summed up, and a rule has its policy before it.
fn end(
    live: Option<&Live>,
    forge: &OpenForge,
    runs: &[TriageRun<'_>],
    (exit, why_incomplete): (Exit, &[String]),
    now: DateTime<Utc>,
) -> Result<()> {
    let Some(live) = live else { return Ok(()) };
    let mut rules: HashMap<String, usize> = HashMap::new();
    for run in runs {
        let before = if runs.len() > 1 { format!("{}/", run.policy.name) } else { String::new() };
        for rule in run.rows.iter().filter_map(|row| row.judgement.rule) {
            *rules.entry(format!("{before}{}", run.policy.decide[rule].id)).or_default() += 1;
        }
    }
    let totals = runs.iter().map(|run| run.totals).reduce(RunTotals::plus);
    let rules_hash = match runs {
        [] => String::new(),
        [one] => one.policy.hash.clone(),
        several => joint::rules_hash(several),
    };
    let ended = RunEnding {
        exit: exit.code(),
        complete: why_incomplete.is_empty(),
        why_incomplete,
        totals: serde_json::to_value(totals)?,
        rules: rules.iter().map(|(id, count)| (id.as_str(), *count)).collect(),
        counts: forge.counts(),
        rules_hash: &rules_hash,
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
