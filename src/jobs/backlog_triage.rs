//! `backlog-triage`: which open issue is worth handing to whom.
//!
//! Reads: open issues with what their list gives; the timeline of those whose rules ask for how
//! long they have been idle; the comments of those that would be written to. Leaves: a plan of
//! comments, labels, assignments and the daily summary, and the record of the run.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::Duration;

use super::backlog::{Backlog, BacklogQuery};
use super::facts;
use super::items;
use super::states::{self, SharedWork};
use super::summary;
use super::texts::{ItemNames, ItemText, Miss, RunNames, Telling};
use crate::advise::FactTy;
use crate::apply::CLOCKS;
use crate::apply::doubt::Doubt;
use crate::engine::facts::{Availability, FACTS};
use crate::engine::rules::Action;
use crate::engine::template::Templates;
use crate::forge::time::rfc3339;
use crate::language::{JobSpec, JobText, OfItems, REPLACED, UNHEARD};
use crate::plan::choice::ItemState;
use crate::plan::{self, Basis, Effect, EffectTexts, ItemSubject, Op, PlannedItem, Words, section};
use crate::report::{ItemRow, RunTotals, TriageRun};

/// What this job asks of its rule file.
pub const SPEC: JobSpec = JobSpec {
    job: "backlog-triage",
    declares: "backlog-triage",
    items: Some(OfItems { flags: &["urgent", "ready", "blocked"], decides: true, window: false }),
    texts: &[JobText {
        template: "summary.md.j2",
        names: &[
            ("when", FactTy::Text),
            ("version", FactTy::Text),
            ("day", FactTy::Text),
            ("totals.open", FactTy::Number),
            ("totals.scored", FactTy::Number),
            ("totals.ready", FactTy::Number),
            ("totals.acted", FactTy::Number),
            ("totals.unchanged", FactTy::Number),
            ("totals.waiting", FactTy::Number),
            ("totals.skipped", FactTy::Number),
            ("totals.deferred", FactTy::Number),
            ("totals.dropped", FactTy::Number),
            ("totals.failed", FactTy::Number),
            ("totals.timelines", FactTy::Number),
            ("top[].link", FactTy::Text),
            ("top[].title", FactTy::Text),
            ("top[].score", FactTy::MaybeNumber),
            ("top[].type", FactTy::MaybeText),
            ("top[].age_days", FactTy::MaybeNumber),
            ("top[].urgent", FactTy::Bool),
            ("actions[].link", FactTy::Text),
            ("actions[].title", FactTy::Text),
            ("actions[].action", FactTy::Text),
            ("actions[].agent", FactTy::MaybeText),
            ("actions[].reason", FactTy::Text),
            ("skips[].rule", FactTy::Text),
            ("skips[].count", FactTy::Number),
            ("skips[].reason", FactTy::Text),
        ],
        summary: true,
    }],
    measure: &[],
    sections: &[],
    publishes: false,
    owns_issues: false,
};

/// Judges one reading of the backlog by each policy, with its templates. One run a policy; the comments that were
/// read are in the first.
///
/// # Errors
/// What the forge could not read.
pub fn triage<'p>(
    queries: &[BacklogQuery<'p>],
    templates: &[&Templates],
    version: &str,
) -> anyhow::Result<Vec<TriageRun<'p>>> {
    let mut backlogs = items::judge_all(queries)?;
    for (asked, backlog) in queries.iter().zip(&mut backlogs) {
        states::close(asked, backlog);
        settle(asked, backlog);
    }
    let mut shared = SharedWork::of(queries, &backlogs);
    let mut runs = Vec::with_capacity(queries.len());
    for (place, ((asked, templates), mut backlog)) in queries.iter().zip(templates).zip(backlogs).enumerate() {
        let order = states::decide(asked, &mut backlog, (place, &mut shared));
        runs.push(one(asked, templates, version, (backlog, order))?);
    }
    runs.iter_mut().take(1).for_each(|run| run.comments = std::mem::take(&mut shared.comments));
    Ok(runs)
}

/// The run of one policy, of what it decided.
fn one<'p>(
    asked: &BacklogQuery<'p>,
    templates: &Templates,
    version: &str,
    (mut backlog, mut order): (Backlog<'p>, Vec<usize>),
) -> anyhow::Result<TriageRun<'p>> {
    read_for_texts(asked, templates, &mut backlog);
    let rows = || backlog.rows.iter().enumerate();
    let unfinished = rows().filter(|(_, row)| backlog.unfinished.iter().any(|left| left.is(row)));
    order.splice(0..0, unfinished.map(|(index, _)| index).collect::<Vec<_>>());
    let fixed = Arc::new(RunNames::new(asked.policy, asked.now, version));
    let effects = render(asked, templates, &fixed, &mut backlog, &order);
    let old = std::mem::take(&mut backlog.summaries);
    let unfinished = std::mem::take(&mut backlog.unfinished);
    let mut run = record(asked, backlog, order);
    // Rules without comments have no such line: then nothing is reduced.
    let replaced = templates.names(REPLACED).map(|_| templates.render(REPLACED, fixed.context()));
    let replaced = replaced.transpose().map_err(|error| anyhow::anyhow!("rendering {REPLACED}: {error}"))?;
    run.planned = unfinished.into_iter().map(|left| left.planned(asked, replaced.as_deref())).collect();
    run.planned.extend(planned_items(asked, &run, effects));
    let summaries = summary::plan(asked, templates, (SPEC.texts[0].template, &fixed), &old, &mut run);
    run.planned.extend(summaries);
    run.complete = run.why_incomplete.is_empty();
    Ok(run)
}

/// Of what runs seem to have left, what they did leave: a person's will stands. The rows of what is to
/// be finished say so.
fn settle(asked: &BacklogQuery<'_>, backlog: &mut Backlog<'_>) {
    let found = std::mem::take(&mut backlog.unfinished);
    for mut left in found.into_iter().filter(|left| asked.only.is_none_or(|only| only == left.number)) {
        let row = backlog.rows.iter_mut().find(|row| left.is(row));
        let (state, note) = match left.decide(asked) {
            // What another rule of ours took off since is no longer to be finished.
            Ok(None | Some(Doubt::Reversed)) => continue,
            Ok(Some(Doubt::Person(why))) => {
                // Where a rule acts, looking at it says so.
                if let Some(row) = row.filter(|row| row.subject.is_none()) {
                    row.note = Some(why);
                }
                continue;
            }
            Ok(Some(Doubt::Unfinished)) => {
                (ItemState::Planned, "An earlier run ended half-way: the rest follows.".to_owned())
            }
            Err(error) => (ItemState::Failed, format!("{error:#}")),
        };
        if let Some(row) = row {
            (row.state, row.note) = (state, Some(note));
        }
        if state == ItemState::Planned {
            backlog.unfinished.push(left);
        }
    }
}

/// Reads the timeline of what is planned where a text tells a figure of it and no rule asked.
fn read_for_texts(asked: &BacklogQuery<'_>, templates: &Templates, backlog: &mut Backlog<'_>) {
    let costly = |name: &str| FACTS.iter().any(|(known, fact, _)| *known == name && !fact.tiers().is_empty());
    let tells = |action: &Action| {
        let issue = action.create_issue.as_ref().map(|issue| &issue.body);
        let texts = action.comment.iter().chain(&action.edit_body).chain(issue);
        texts.filter_map(|text| templates.names(text)).flatten().any(|name| costly(name))
    };
    let tells: Vec<bool> = asked.policy.actions.iter().map(tells).collect();
    for row in backlog.rows.iter_mut().filter(|row| row.state == ItemState::Planned) {
        let told = row.judgement.action.is_some_and(|action| tells[action]);
        let Some(subject) =
            row.subject.as_mut().filter(|subject| told && subject.last_activity == Availability::NotRead)
        else {
            continue;
        };
        match facts::last_activity(asked.policy, asked.forge, &asked.us(), row.repo, row.number) {
            Ok(last) => {
                backlog.timelines += usize::from(last != Availability::Unrecorded);
                subject.last_activity = last;
            }
            Err(error) => (row.state, row.note) = (ItemState::Failed, Some(format!("{error:#}"))),
        }
    }
}

/// The finished effects of all planned rows, by index. A row whose text cannot be rendered
/// is failed; the others go on.
fn render(
    asked: &BacklogQuery<'_>,
    templates: &Templates,
    fixed: &Arc<RunNames>,
    backlog: &mut Backlog<'_>,
    order: &[usize],
) -> Vec<(usize, Effect)> {
    let rows = &backlog.rows;
    let unfinished = |row: &ItemRow<'_>| backlog.unfinished.iter().any(|left| left.is(row));
    let mut planned = order.to_vec();
    planned.retain(|index| rows[*index].state == ItemState::Planned && !unfinished(&rows[*index]));
    let one = |index: &usize| (*index, effect(asked, templates, fixed, &rows[*index]));
    // More threads than processors only take memory: nothing here waits.
    let threads = asked.threads.min(std::thread::available_parallelism().map_or(1, usize::from)).max(1);
    let rendered: Vec<(usize, Result<Effect, String>)> = std::thread::scope(|scope| {
        let chunks = planned.chunks(planned.len().div_ceil(threads).max(1));
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
                backlog.rows[index].state = ItemState::Failed;
                backlog.rows[index].note = Some(error);
            }
        }
    }
    effects
}

fn effect(
    asked: &BacklogQuery<'_>,
    templates: &Templates,
    fixed: &Arc<RunNames>,
    row: &ItemRow<'_>,
) -> Result<Effect, String> {
    let policy = asked.policy;
    let (Some(action), Some(rule), Some(subject)) = (row.judgement.action, row.judgement.rule, &row.subject) else {
        return Err("no action was decided".to_owned());
    };
    let id = &policy.decide[rule].id;
    if subject.unheard {
        let about = ItemNames { policy, repo: &asked.forge.repos()[row.repo], row, subject, mention: &[] };
        let text = render_one(templates, UNHEARD, &Telling::new(fixed, about))?;
        return Ok(plan::answer(policy, id, &text));
    }
    let action = &policy.actions[action];
    let wanted = plan::ask(policy, action, subject, &row.assignees);
    let about = ItemNames { policy, repo: &asked.forge.repos()[row.repo], row, subject, mention: &wanted.mention };
    let telling = Telling::new(fixed, about);
    let rendered = |name: &str| render_one(templates, name, &telling);
    let text = action.comment.as_deref().filter(|_| !subject.commented).map(rendered).transpose()?;
    let earlier = subject.earlier.as_ref().map(|earlier| earlier.id);
    let replaced = match earlier.filter(|_| subject.commented || !wanted.mention.is_empty()) {
        Some(_) => templates.render(REPLACED, fixed.context())?,
        None => String::new(),
    };
    let issue = action.create_issue.as_ref().filter(|_| wanted.asks(Op::CreateIssue));
    let body = issue.map(|issue| rendered(&issue.body)).transpose()?;
    let section = if wanted.asks(Op::EditBody) { section_of(templates, action, &telling)? } else { None };
    let texts = EffectTexts {
        comment: text.as_deref(),
        replaced: &replaced,
        section: section.as_deref(),
        issue: row.judgement.issue_title.as_deref().zip(body.as_deref()),
    };
    Ok(plan::effect(policy, id, row.number, wanted, texts, earlier))
}

/// The comment that an action leaves on an item, where it leaves one.
///
/// # Errors
/// What the template did, with its name and line.
pub fn comment(templates: &Templates, action: &Action, telling: &Telling<'_>) -> Result<Option<String>, String> {
    action.comment.as_deref().map(|name| render_one(templates, name, telling)).transpose()
}

/// The section that an action writes into an item's text, where it writes one.
fn section_of(templates: &Templates, action: &Action, telling: &Telling<'_>) -> Result<Option<String>, String> {
    let section = action.edit_body.as_deref().map(|name| render_one(templates, name, telling)).transpose()?;
    if section.as_deref().is_some_and(section::breaks) {
        return Err("the template of `edit_body` gives a hidden line of ours: leave it out".to_owned());
    }
    Ok(section)
}

fn render_one(templates: &Templates, name: &str, telling: &Telling<'_>) -> Result<String, String> {
    let used = templates.names(name).ok_or_else(|| format!("the template {name} was not checked"))?;
    templates.render(name, ItemText::new(telling, used).into_value())
}

/// The texts about a row whose rule asks for some, with whom the comment mentions; and the nearest miss
/// where one tells it.
///
/// # Errors
/// A text cannot be rendered.
pub fn words(
    asked: &BacklogQuery<'_>,
    templates: &Templates,
    fixed: &Arc<RunNames>,
    (row, mention): (&ItemRow<'_>, &[String]),
) -> Result<(Words, Option<Miss>), String> {
    let policy = asked.policy;
    let (Some(action), Some(subject)) = (row.judgement.action, &row.subject) else { return Ok(Default::default()) };
    let about = ItemNames { policy, repo: &asked.forge.repos()[row.repo], row, subject, mention };
    let (action, telling) = (&policy.actions[action], Telling::new(fixed, about));
    let body = action.create_issue.as_ref().filter(|_| !subject.created);
    let body = body.map(|issue| render_one(templates, &issue.body, &telling)).transpose()?;
    let words = Words {
        comment: comment(templates, action, &telling)?,
        section: section_of(templates, action, &telling)?,
        issue: row.judgement.issue_title.clone().zip(body),
    };
    Ok((words, telling.into_miss()))
}

fn record<'p>(asked: &BacklogQuery<'p>, backlog: Backlog<'p>, order: Vec<usize>) -> TriageRun<'p> {
    let policy = asked.policy;
    let mut totals = RunTotals {
        open: backlog.open.iter().map(|(_, open)| open).sum(),
        timelines: backlog.timelines,
        ..RunTotals::default()
    };
    for row in &backlog.rows {
        totals.count(row.state, row.flag(policy, "ready") == Some(true));
    }
    let mut warnings = backlog.told_strangers(asked);
    let job_account = backlog.job_account();
    warnings.extend(backlog.unreadable);
    let mut run = TriageRun {
        policy,
        forge: asked.forge.name(),
        generated_at: rfc3339(asked.now),
        repos: asked.forge.repos().iter().map(|repo| repo.name.clone()).collect(),
        repos_in_scope: asked.repos.clone(),
        only: asked.only.is_some(),
        complete: true,
        why_incomplete: backlog.unread,
        warnings,
        comments: HashMap::new(),
        job_account,
        outcomes: None,
        totals,
        open: backlog.open,
        rows: backlog.rows,
        order,
        planned: Vec::new(),
    };
    let mut undone = |count, one: &str, more: &str| match count {
        0 => {}
        1 => run.why_incomplete.push(format!("1 item {one}")),
        _ => run.why_incomplete.push(format!("{count} items {more}")),
    };
    let cap = "deferred: the cap `limits.items_per_run` was reached";
    undone(totals.deferred, &format!("was {cap}"), &format!("were {cap}"));
    undone(totals.failed, "failed", "failed");
    run
}

/// What the decision about an item turned on and may have moved by the time that it is carried out. The forge's own
/// clock says what was known: `updated_at` as it was read. What moves no `updated_at` (fact 105) is known too,
/// but for what came while the run began.
fn basis(asked: &BacklogQuery<'_>, row: &ItemRow<'_>, subject: &ItemSubject) -> Option<Basis> {
    let facts: Vec<_> = row.judgement.turned_on.moving().map(Cow::Borrowed).collect();
    let began = asked.now - Duration::minutes(CLOCKS);
    let since = subject.updated_at.map_or(began, |updated| updated.max(began));
    (!facts.is_empty()).then(|| Basis { facts, since: rfc3339(since) })
}

fn planned_items(asked: &BacklogQuery<'_>, run: &TriageRun<'_>, effects: Vec<(usize, Effect)>) -> Vec<PlannedItem> {
    let names: Vec<Arc<str>> = run.repos.iter().map(|name| name.as_str().into()).collect();
    let item = |(index, effect): (usize, Effect)| {
        let row = &run.rows[index];
        PlannedItem {
            repo: names[row.repo].clone(),
            kind: row.kind,
            number: Some(row.number),
            seen: row.subject.as_ref().and_then(|subject| subject.digest.clone()),
            turned_on: row.subject.as_ref().and_then(|subject| basis(asked, row, subject)),
            effects: vec![effect],
        }
    };
    effects.into_iter().map(item).collect()
}
