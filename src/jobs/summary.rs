//! The daily summary: one issue a repository, or one for all.
//!
//! Takes: a run, the summaries that are already there, a template. Gives: planned items that create
//! an issue or replace its text. Each summary is made of the rows of its own repositories only, so
//! that many repositories cost no more than their rows.

use std::collections::HashMap;
use std::sync::Arc;

use minijinja::{Value as Text, context};

use super::backlog::{BacklogQuery, OldSummary};
use super::items;
use super::texts::{RunNames, value};
use crate::engine::rules::SummarySpec;
use crate::engine::template::Templates;
use crate::forge::Item;
use crate::plan::choice::{ItemState, compare};
use crate::plan::{self, PlannedItem, days};
use crate::report::{ItemRow, RunTotals, SkipGroup, TriageRun, by_rule};

/// Issues that a summary lists as ready.
const TOP: usize = 10;

/// The summaries of a run. One that somebody closed is switched off; under `--only` none is written, nor where
/// nothing can be.
pub(super) fn plan(
    asked: &BacklogQuery<'_>,
    templates: &Templates,
    (name, fixed): (&str, &Arc<RunNames>),
    old: &[OldSummary],
    run: &mut TriageRun<'_>,
) -> Vec<PlannedItem> {
    let Some(summary) = asked.policy.summary.as_ref().filter(|_| asked.only.is_none()) else { return Vec::new() };
    let day = asked.now.with_timezone(&asked.policy.timezone).format("%Y-%m-%d").to_string();
    let mut items = Vec::new();
    let (mut failed, mut told) = (Vec::new(), Vec::new());
    let repos = asked.forge.repos();
    for subject in subjects(asked, summary, run) {
        let at = repos.iter().position(|known| known.name == subject.repo);
        if let Some((at, why)) = at.and_then(|at| Some((at, asked.forge.closed(at)?))) {
            // Of those that are read it is said already.
            if !asked.repos.contains(&at) {
                told.push(format!("{} {why}: no summary is written there", subject.repo));
            }
            continue;
        }
        let one = || -> Result<Option<PlannedItem>, String> {
            let there = newest(asked, summary, subject.repo, old).map_err(|error| format!("{error:#}"))?;
            // Somebody who closes it has switched it off; once a day is enough.
            let done = |there: &OldSummary| !there.open || days::day_of(&there.body).as_deref() == Some(&day);
            if there.as_ref().is_some_and(done) {
                return Ok(None);
            }
            // Over many repositories only those get one in which there is something to do.
            if there.is_none() && summary.repo.is_none() && asked.repos.len() > 1 && subject.is_quiet() {
                return Ok(None);
            }
            let text = templates.render(name, subject.names(asked, run, fixed))?;
            let text = days::fold(&text, there.as_ref().map(|there| there.body.as_str()), summary.days);
            let title = format!("Backlog summary ({})", asked.policy.mark);
            let written = plan::DailySummary { title: &title, text: &text, label: &summary.label };
            Ok(Some(plan::summary(asked.policy, subject.repo, &day, written, there.map(|there| there.number))))
        };
        match one() {
            Ok(item) => items.extend(item),
            Err(error) => failed.push(format!("the summary for {} failed: {error}", subject.repo)),
        }
    }
    run.why_incomplete.extend(failed);
    run.warnings.extend(told);
    items
}

/// The newest summary of ours in a repository. A server lists open issues only: where none is among
/// them, those with its label are asked for, because a closed one counts.
fn newest(
    asked: &BacklogQuery<'_>,
    summary: &SummarySpec,
    repo: &str,
    old: &[OldSummary],
) -> anyhow::Result<Option<OldSummary>> {
    let repos = asked.forge.repos();
    let of_repo = old.iter().filter(|old| repos[old.repo].name == repo);
    let listed = of_repo.max_by_key(|old| old.number).cloned();
    if listed.is_some() || !asked.forge.is_remote() {
        return Ok(listed);
    }
    let Some(index) = repos.iter().position(|known| known.name == repo) else { return Ok(None) };
    let ours = |item: &Item<'_>| item.author.as_ref().is_some_and(|author| asked.us().is(&author.login));
    let labelled = asked.forge.labelled(index, &summary.label)?;
    let of_policy = |item: &Item<'_>| ours(item) && items::is_summary(asked.policy, &item.body);
    Ok(labelled.iter().filter(|item| of_policy(item)).max_by_key(|item| item.number).map(|item| OldSummary {
        repo: index,
        number: item.number,
        open: item.open,
        body: item.body.to_string(),
    }))
}

/// What one summary is about.
struct SummarySubject<'r, 'p> {
    /// Where it stands.
    repo: &'r str,
    /// Open items of its repositories.
    open: usize,
    /// Its rows in the forge's order, and those acted on in the order of acting.
    rows: Vec<&'r ItemRow<'p>>,
    acted: Vec<&'r ItemRow<'p>>,
}

fn subjects<'r, 'p>(
    asked: &BacklogQuery<'_>,
    summary: &'r SummarySpec,
    run: &'r TriageRun<'p>,
) -> Vec<SummarySubject<'r, 'p>> {
    let all = |repo: &'r str| SummarySubject { repo, open: 0, rows: Vec::new(), acted: Vec::new() };
    let mut subjects: Vec<SummarySubject<'r, 'p>> = match &summary.repo {
        // One for all is made of all: a part of the repositories would overwrite it with a part.
        Some(_) if asked.repos.len() != run.repos.len() => Vec::new(),
        Some(repo) => {
            let there = run.repos.iter().find(|name| name.eq_ignore_ascii_case(repo));
            vec![all(there.unwrap_or(repo))]
        }
        None => asked.repos.iter().map(|repo| all(&run.repos[*repo])).collect(),
    };
    if subjects.is_empty() {
        return subjects;
    }
    let one = summary.repo.is_some();
    let place: HashMap<usize, usize> =
        asked.repos.iter().enumerate().map(|(place, repo)| (*repo, if one { 0 } else { place })).collect();
    for (repo, open) in &run.open {
        if let Some(place) = place.get(repo) {
            subjects[*place].open += open;
        }
    }
    for row in &run.rows {
        if let Some(place) = place.get(&row.repo) {
            subjects[*place].rows.push(row);
        }
    }
    for row in run.order.iter().map(|index| &run.rows[*index]).filter(|row| row.state == ItemState::Planned) {
        if let Some(place) = place.get(&row.repo) {
            subjects[*place].acted.push(row);
        }
    }
    subjects
}

impl<'p> SummarySubject<'_, 'p> {
    /// Whether there is nothing to say: the rules leave all of it alone.
    fn is_quiet(&self) -> bool {
        self.rows.iter().all(|row| row.state == ItemState::Skipped)
    }

    /// What the template may name.
    fn names(&self, asked: &BacklogQuery<'_>, run: &TriageRun<'p>, fixed: &RunNames) -> Text {
        let policy = asked.policy;
        let ready = |row: &ItemRow<'_>| row.flag(policy, "ready") == Some(true);
        let mut totals = RunTotals { open: self.open, ..RunTotals::default() };
        self.rows.iter().for_each(|row| totals.count(row.state, ready(row)));
        // What is private stays out of a public place: it is counted, not named.
        let forge = asked.forge.repos();
        let public = forge.iter().find(|known| known.name == self.repo).is_none_or(|known| !known.private);
        let named = |row: &ItemRow<'_>| {
            !public || policy.publish_private || !forge[row.repo].private || run.repos[row.repo] == self.repo
        };
        let link = |row: &ItemRow<'_>| {
            let full = run.repos[row.repo] != self.repo;
            Text::from_safe_string(asked.forge.quiet_link(row.repo, row.number, full))
        };
        // What the rules leave alone is no work, however high it scores.
        let work = |row: &&ItemRow<'_>| row.state != ItemState::Skipped && ready(row) && named(row);
        let top = best(self.rows.iter().copied().filter(work).collect(), &policy.descending());
        let top = top.into_iter().map(|row| {
            let urgent = row.flag(policy, "urgent") == Some(true);
            let (score, age_days) = (value(&row.judgement.score), value(&row.judgement.age_days));
            let title = row.judgement.title.as_str();
            context! { link => link(row), title, score, type => row.judgement.ty, age_days, urgent }
        });
        let actions = self.acted.iter().copied().filter(|row| named(row)).map(|row| {
            let (action, agent) = (row.action(policy), row.agent(policy));
            let title = row.judgement.title.as_str();
            context! { link => link(row), title, action, agent, reason => row.why() }
        });
        let groups = by_rule(run, self.rows.iter().copied().filter(|row| named(row)));
        let skip =
            |group: SkipGroup<'_>| context! { rule => group.rule, count => group.count, reason => group.reason() };
        let skips = groups.into_iter().map(skip);
        context! {
            totals => Text::from_pairs(totals.named()),
            top => top.collect::<Vec<_>>(),
            actions => actions.collect::<Vec<_>>(),
            skips => skips.collect::<Vec<_>>(),
            ..fixed.context()
        }
    }
}

/// The first few by the order of the policy, then by the forge's.
fn best<'r, 'p>(rows: Vec<&'r ItemRow<'p>>, descending: &[bool]) -> Vec<&'r ItemRow<'p>> {
    let mut rows: Vec<(usize, &ItemRow<'p>)> = rows.into_iter().enumerate().collect();
    let order = |(at, a): &(usize, &ItemRow<'_>), (bt, b): &(usize, &ItemRow<'_>)| {
        compare(&a.judgement.keys, &b.judgement.keys, descending).then(at.cmp(bt))
    };
    if rows.len() > TOP {
        rows.select_nth_unstable_by(TOP, order);
        rows.truncate(TOP);
    }
    rows.sort_by(order);
    rows.into_iter().map(|(_, row)| row).collect()
}
