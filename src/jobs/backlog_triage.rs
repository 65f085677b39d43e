//! `backlog-triage`: which open issue is worth handing to whom.
//!
//! Reads: open issues with what their list gives; the timeline of those whose rules ask for how
//! long they have been idle; the comments of those that would be written to. Leaves: a plan of
//! comments, labels, assignments and the daily summary, and the record of the run.
//!
//! Lacks: a workflow; it comes when the job writes to a forge.

use std::sync::Arc;

use minijinja::{Value as Text, context};

use super::items::{self, Asked, Backlog, OldSummary};
use super::texts::{About, Fixed, ItemText, value};
use crate::engine::choice::{State, compare};
use crate::engine::rules::Summary;
use crate::engine::template::Templates;
use crate::forge::time::rfc3339;
use crate::language::JobSpec;
use crate::plan::{self, Effect, PlannedItem};
use crate::report::{Row, Run, Totals, by_rule};

/// What this job asks of its rule file.
pub const SPEC: JobSpec = JobSpec {
    job: "backlog-triage",
    flags: &["urgent", "ready", "blocked"],
    summary: (
        "summary.md.j2",
        &[
            "when",
            "version",
            "day",
            "totals.open",
            "totals.scored",
            "totals.ready",
            "totals.acted",
            "totals.unchanged",
            "totals.waiting",
            "totals.skipped",
            "totals.deferred",
            "totals.dropped",
            "totals.failed",
            "totals.timelines",
            "top[].link",
            "top[].title",
            "top[].score",
            "top[].type",
            "top[].age_days",
            "top[].urgent",
            "actions[].link",
            "actions[].title",
            "actions[].action",
            "actions[].agent",
            "actions[].reason",
            "skips[].rule",
            "skips[].count",
            "skips[].reason",
        ],
    ),
};

/// Issues that the summary lists.
const TOP: usize = 10;

/// Judges the backlog and makes the plan.
///
/// # Errors
/// What the forge could not read.
pub fn triage<'p>(asked: &Asked<'p>, templates: &Templates, version: &str) -> anyhow::Result<Run<'p>> {
    let mut backlog = items::judge(asked)?;
    let order = items::decide_states(asked, &mut backlog);
    let fixed = Arc::new(Fixed::new(asked.policy, asked.now, version));
    let effects = render(asked, templates, &fixed, &mut backlog, &order);
    let old = std::mem::take(&mut backlog.summaries);
    let mut run = record(asked, backlog, order);
    run.planned = planned_items(&run, effects);
    let summaries = summaries(asked, templates, &fixed, &old, &mut run);
    run.planned.extend(summaries);
    run.complete = run.why_incomplete.is_empty();
    Ok(run)
}

/// The finished effects of all planned rows, by index. An row whose text cannot be rendered
/// is failed; the others go on.
fn render(
    asked: &Asked<'_>,
    templates: &Templates,
    fixed: &Arc<Fixed>,
    backlog: &mut Backlog<'_>,
    order: &[usize],
) -> Vec<(usize, Effect)> {
    let rows = &backlog.rows;
    let planned: Vec<usize> = order.iter().copied().filter(|index| rows[*index].state == State::Planned).collect();
    let one = |index: &usize| (*index, effect(asked, templates, fixed, &rows[*index]));
    let rendered: Vec<(usize, Result<Effect, String>)> = std::thread::scope(|scope| {
        let chunks = planned.chunks(planned.len().div_ceil(asked.threads.max(1)).max(1));
        let threads: Vec<_> =
            chunks.map(|chunk| scope.spawn(move || chunk.iter().map(one).collect::<Vec<_>>())).collect();
        // A thread that panicked has no effects to give: its panic goes on here.
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let mut effects = Vec::with_capacity(rendered.len());
    for (index, result) in rendered {
        match result {
            Ok(effect) => effects.push((index, effect)),
            Err(error) => {
                backlog.rows[index].state = State::Failed;
                backlog.rows[index].note = Some(error);
            }
        }
    }
    effects
}

fn effect(asked: &Asked<'_>, templates: &Templates, fixed: &Arc<Fixed>, row: &Row<'_>) -> Result<Effect, String> {
    let policy = asked.policy;
    let (Some(action), Some(rule), Some(subject)) = (row.judgement.action, row.judgement.rule, &row.subject) else {
        return Err("no action was decided".to_owned());
    };
    let action = &policy.actions[action];
    let wanted = plan::ask(policy, action, subject, &row.assignees);
    let text = match &action.comment {
        None => None,
        Some(name) => {
            let about = About { policy, repo: &asked.forge.repos()[row.repo], row, subject, mention: &wanted.mention };
            let used = templates.names(name).ok_or_else(|| format!("the template {name} was not checked"))?;
            Some(templates.render(name, ItemText::new(fixed, about, used).into_value())?)
        }
    };
    Ok(plan::effect(policy, &policy.decide[rule].id, wanted, text.as_deref(), subject.earlier))
}

fn record<'p>(asked: &Asked<'p>, backlog: Backlog<'p>, order: Vec<usize>) -> Run<'p> {
    let policy = asked.policy;
    let mut totals = Totals { open: backlog.open, timelines: backlog.timelines, ..Totals::default() };
    for row in &backlog.rows {
        totals.count(row.state, row.flag(policy, "ready") == Some(true));
    }
    let mut run = Run {
        policy,
        forge: asked.forge.name(),
        generated_at: rfc3339(asked.now),
        repos: asked.forge.repos().iter().map(|repo| repo.name.clone()).collect(),
        asked: asked.repos.clone(),
        complete: true,
        why_incomplete: Vec::new(),
        warnings: backlog.unreadable,
        totals,
        rows: backlog.rows,
        order,
        planned: Vec::new(),
    };
    for (count, what) in
        [(totals.deferred, "deferred: the cap `limits.items_per_run` was reached"), (totals.failed, "failed")]
    {
        if count > 0 {
            run.why_incomplete.push(
                format!("{count} {} {what}", if count == 1 { "item was" } else { "items were" })
                    .replace("were failed", "failed")
                    .replace("was failed", "failed"),
            );
        }
    }
    run
}

fn planned_items(run: &Run<'_>, effects: Vec<(usize, Effect)>) -> Vec<PlannedItem> {
    let names: Vec<Arc<str>> = run.repos.iter().map(|name| name.as_str().into()).collect();
    let item = |(index, effect): (usize, Effect)| {
        let row = &run.rows[index];
        PlannedItem {
            repo: names[row.repo].clone(),
            kind: row.kind,
            number: Some(row.number),
            seen: row.subject.as_ref().map(|subject| subject.seen.clone()),
            effects: vec![effect],
        }
    };
    effects.into_iter().map(item).collect()
}

/// One summary for each repository, or one for all. A summary that somebody closed is switched
/// off; under `--only` none is written.
fn summaries(
    asked: &Asked<'_>,
    templates: &Templates,
    fixed: &Arc<Fixed>,
    old: &[OldSummary],
    run: &mut Run<'_>,
) -> Vec<PlannedItem> {
    let Some(summary) = asked.policy.summary.as_ref().filter(|_| asked.only.is_none()) else { return Vec::new() };
    let wanted: Vec<(String, Vec<usize>)> = match &summary.repo {
        Some(repo) => vec![(repo.clone(), asked.repos.clone())],
        None => asked.repos.iter().map(|repo| (run.repos[*repo].clone(), vec![*repo])).collect(),
    };
    let mut items = Vec::new();
    for (repo, of) in wanted {
        match summarise(asked, templates, fixed, old, run, summary, &repo, &of) {
            Ok(item) => items.extend(item),
            Err(error) => run.why_incomplete.push(format!("the summary for {repo} failed: {error}")),
        }
    }
    items
}

#[allow(clippy::too_many_arguments, reason = "one summary is made of the whole run")]
fn summarise(
    asked: &Asked<'_>,
    templates: &Templates,
    fixed: &Arc<Fixed>,
    old: &[OldSummary],
    run: &Run<'_>,
    summary: &Summary,
    repo: &str,
    of: &[usize],
) -> Result<Option<PlannedItem>, String> {
    let there = old.iter().filter(|old| run.repos[old.repo] == repo).max_by_key(|old| old.number);
    if there.is_some_and(|there| !there.open) {
        return Ok(None);
    }
    // What is private stays out of a public place: it is counted, not named.
    let public = asked.forge.repos().iter().find(|known| known.name == repo).is_none_or(|known| !known.private);
    let named = |row: &&Row<'_>| {
        of.contains(&row.repo)
            && (!public
                || asked.policy.publish_private
                || !asked.forge.repos()[row.repo].private
                || run.repos[row.repo] == repo)
    };
    let mut totals = Totals::default();
    for row in run.rows.iter().filter(|row| of.contains(&row.repo)) {
        totals.count(row.state, row.flag(asked.policy, "ready") == Some(true));
    }
    totals.open = if of.len() == asked.repos.len() { run.totals.open } else { totals.scored };
    let link = |row: &Row<'_>| {
        Text::from_safe_string(asked.forge.quiet_link(row.repo, row.number, run.repos[row.repo] != repo))
    };
    let descending = asked.policy.descending();
    // What the rules leave alone is no work, however high it scores.
    let open_work = |row: &&Row<'_>| row.state != State::Skipped && row.flag(asked.policy, "ready") == Some(true);
    let mut ready: Vec<&Row<'_>> = run.rows.iter().filter(named).filter(open_work).collect();
    let better = |a: &&Row<'_>, b: &&Row<'_>| compare(&a.judgement.keys, &b.judgement.keys, &descending);
    if ready.len() > TOP {
        ready
            .select_nth_unstable_by(TOP, |a, b| better(a, b).then_with(|| (a.repo, a.number).cmp(&(b.repo, b.number))));
        ready.truncate(TOP);
    }
    ready.sort_by(better);
    let top = |row: &&Row<'_>| {
        context! {
            link => link(row), title => row.judgement.title.as_str(), score => value(&row.judgement.score), type => row.judgement.ty,
            age_days => value(&row.judgement.age_days), urgent => row.flag(asked.policy, "urgent") == Some(true),
        }
    };
    let acted = run.order.iter().map(|index| &run.rows[*index]).filter(named).filter(|row| row.state == State::Planned);
    let action = |row: &Row<'_>| {
        context! {
            link => link(row), title => row.judgement.title.as_str(), action => row.action(asked.policy), agent => row.agent(asked.policy), reason => row.why(),
        }
    };
    let skips = by_rule(run, &|row| named(&row));
    let skip =
        |group: crate::report::Group<'_>| context! { rule => group.rule, count => group.count, reason => group.why };
    let names = context! {
        totals => Text::from_pairs(totals.named()),
        top => ready.iter().take(TOP).map(top).collect::<Vec<_>>(),
        actions => acted.map(action).collect::<Vec<_>>(),
        skips => skips.into_iter().map(skip).collect::<Vec<_>>(),
        ..fixed.context()
    };
    let text = templates.render(SPEC.summary.0, names)?;
    let title = format!("Backlog summary ({})", asked.policy.name);
    Ok(Some(plan::summary(asked.policy, repo, &title, &text, &summary.label, there.map(|there| there.number))))
}
