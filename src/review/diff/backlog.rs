//! The backlog under two versions of its rules: each item read once and judged twice.
//!
//! Takes: for each side what a run is asked for, with its policy, and its templates. Gives: [`Read`]:
//! the [`Diff`], and what could not be read. An item is judged just as a run does; its timeline is
//! read once where either side needs it, no comments are read, and nothing is remembered: what an
//! earlier run wrote changes the state of an item, not what the rules say of it.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};

use super::why::{Names, Said, difference};
use super::{Diff, Record, Subject};
use crate::engine::choice::State;
use crate::engine::examine::Examined;
use crate::engine::template::Templates;
use crate::forge::{Item, States};
use crate::jobs::backlog::Asked;
use crate::jobs::backlog_triage::worded;
use crate::jobs::items::{self, Timeline};
use crate::jobs::texts::Fixed;
use crate::report::Row;

/// Sentences about what went wrong that are kept.
const KEPT: usize = 20;

/// One version of the rules.
#[allow(missing_debug_implementations, reason = "it holds a forge and a callback")]
pub struct Side<'a> {
    asked: &'a Asked<'a>,
    templates: &'a Templates,
    /// What texts are given, and the same without line numbers where a template prints them.
    fixed: (Arc<Fixed>, Option<Arc<Fixed>>),
    names: Names,
    /// `base`, `head`.
    name: &'static str,
}

impl<'a> Side<'a> {
    /// A side. `lines` says that a template prints the line that a point stands in, which moves with
    /// every edit above it.
    #[must_use]
    pub fn new(
        asked: &'a Asked<'a>,
        templates: &'a Templates,
        (lines, name): (bool, &'static str),
        version: &str,
    ) -> Self {
        let fixed = Fixed::new(asked.policy, asked.now, version);
        let bare = lines.then(|| Arc::new(fixed.without_lines()));
        Side { asked, templates, fixed: (Arc::new(fixed), bare), names: Names::of(asked.policy), name }
    }

    /// What this side says of an item, and the row it says it of.
    fn judge(&self, repo: usize, item: &Item<'_>, timeline: &Timeline) -> Option<Row<'a>> {
        items::judge_one(self.asked, repo, item, timeline)
    }

    fn record(&self, row: &Row<'_>, failed: &mut Vec<String>) -> Record {
        let policy = self.asked.policy;
        let mut record = Record {
            rule: row.rule(policy).map(str::to_owned),
            action: row.action(policy).to_owned(),
            score: row.judgement.score.clone(),
            text: None,
            plain: None,
            agent: row.agent(policy).filter(|_| row.subject.is_some()).map(str::to_owned),
            mention: Vec::new(),
            writes: Vec::new(),
        };
        match worded(self.asked, self.templates, &self.fixed.0, row) {
            Ok(Some((wanted, text))) => {
                (record.mention, record.writes, record.text) = (wanted.mention, wanted.writes, text);
            }
            Ok(None) => {}
            Err(error) => failed.push(format!("{} under the {}: {error}", self.key(row), self.name)),
        }
        if row.state == State::Failed {
            let why = row.note.as_deref().unwrap_or("it could not be read");
            failed.push(format!("{}: {why}", self.key(row)));
        }
        record
    }

    /// Its text without what differs with every edit.
    fn plain(&self, row: &Row<'_>) -> Option<String> {
        let bare = self.fixed.1.as_ref()?;
        worded(self.asked, self.templates, bare, row).ok().flatten()?.1
    }

    fn key(&self, row: &Row<'_>) -> String {
        format!("{}#{}", self.asked.forge.repos()[row.repo].name, row.number)
    }
}

/// What reading both came to.
#[derive(Debug, Clone, Default)]
pub struct Read {
    /// What changes.
    pub diff: Diff,
    /// Timelines that were read.
    pub timelines: usize,
    /// What could not be read or worded, one sentence each; untrusted.
    pub failed: Vec<String>,
    /// How many more there are.
    pub failed_more: usize,
    /// Entries of the forge that were no item.
    pub unreadable: Vec<String>,
}

impl Read {
    fn fail(&mut self, failed: Vec<String>) {
        let room = KEPT.saturating_sub(self.failed.len());
        self.failed_more += failed.len().saturating_sub(room);
        self.failed.extend(failed.into_iter().take(room));
    }
}

/// Reads every item once and judges it under both sides.
///
/// # Errors
/// Nothing could be read. Of several repositories those that could not are told.
pub fn compare(from: Option<&Side<'_>>, to: Option<&Side<'_>>) -> Result<Read> {
    let mut all = Read::default();
    let Some(either) = to.or(from).map(|side| side.asked) else { return Ok(all) };
    let mut failed = Vec::new();
    for &repo in &either.repos {
        let name = &either.forge.repos()[repo].name;
        match of_repo(from, to, either, repo, &mut all).with_context(|| format!("reading the backlog of {name}")) {
            Ok(()) => {}
            Err(error) if either.repos.len() == 1 => return Err(error),
            Err(error) => failed.push(format!("{error:#}")),
        }
    }
    if failed.len() == either.repos.len() && !failed.is_empty() {
        anyhow::bail!("no repository could be read: {}", failed.join("; "));
    }
    all.fail(failed);
    Ok(all)
}

fn of_repo(
    from: Option<&Side<'_>>,
    to: Option<&Side<'_>>,
    either: &Asked<'_>,
    repo: usize,
    all: &mut Read,
) -> Result<()> {
    let closed = [from, to].into_iter().flatten().any(|side| side.asked.policy.scope.closed);
    let pages: Mutex<Vec<(usize, Read)>> = Mutex::default();
    let listed = either.forge.items(repo, States { open: true, closed }, either.threads, &|place, items| {
        let mut page = Read::default();
        for item in items {
            one(from, to, (repo, item), &mut page);
        }
        (either.progress)(items.len());
        pages.lock().unwrap_or_else(PoisonError::into_inner).push((place, page));
    })?;
    let mut pages = pages.into_inner().unwrap_or_else(PoisonError::into_inner);
    pages.sort_by_key(|(place, _)| *place);
    for (_, page) in pages {
        all.diff.add(page.diff);
        all.timelines += page.timelines;
        all.failed_more += page.failed_more;
        all.fail(page.failed);
    }
    all.unreadable.extend(listed.unreadable);
    Ok(())
}

fn one(from: Option<&Side<'_>>, to: Option<&Side<'_>>, (repo, item): (usize, &Item<'_>), page: &mut Read) {
    let timeline = Timeline::default();
    let before = from.and_then(|side| side.judge(repo, item, &timeline));
    let after = to.and_then(|side| side.judge(repo, item, &timeline));
    let mut failed = Vec::new();
    let mut record = |side: Option<&Side<'_>>, row: &Option<Row<'_>>| {
        side.zip(row.as_ref()).map(|(side, row)| side.record(row, &mut failed))
    };
    let (mut old, mut new) = (record(from, &before), record(to, &after));
    if let (Some(old), Some(new)) = (&mut old, &mut new)
        && old.text != new.text
    {
        let plain = |side: Option<&Side<'_>>, row: &Option<Row<'_>>| side.zip(row.as_ref())?.0.plain(row.as_ref()?);
        (old.plain, new.plain) = (plain(from, &before), plain(to, &after));
    }
    page.timelines += usize::from(timeline.was_read());
    page.fail(failed);
    let key = || {
        let forge = from.or(to).map(|side| side.asked.forge);
        format!("{}#{}", forge.map_or("", |forge| &forge.repos()[repo].name), item.number)
    };
    page.diff.see(&key, old, new, || {
        let row = after.as_ref().or(before.as_ref());
        let subject = from.or(to).zip(row).map(|(side, row)| subject(side.asked, row));
        (subject, why(from.zip(before.as_ref()), to.zip(after.as_ref()), (repo, item), &timeline))
    });
}

fn subject(asked: &Asked<'_>, row: &Row<'_>) -> Subject {
    let repo = &asked.forge.repos()[row.repo];
    let link = |full| asked.forge.quiet_link(row.repo, row.number, full);
    Subject {
        repo: repo.name.clone(),
        kind: row.kind.name(),
        number: row.number,
        title: row.judgement.title.clone(),
        private: repo.private,
        link: (link(true), link(false)),
    }
}

/// What made the difference. The item is judged once more, to be asked.
fn why(
    from: Option<(&Side<'_>, &Row<'_>)>,
    to: Option<(&Side<'_>, &Row<'_>)>,
    (repo, item): (usize, &Item<'_>),
    timeline: &Timeline,
) -> Vec<String> {
    let (Some(from), Some(to)) = (from, to) else {
        return vec![match (from, to) {
            (None, _) => "only the new rules look at it".to_owned(),
            (_, None) => "the new rules no longer look at it".to_owned(),
            _ => String::new(),
        }];
    };
    let facts = |side: &'_ Side<'_>| timeline.known(side.asked);
    let old_facts = items::facts(from.0.asked, repo, item, facts(from.0));
    let new_facts = items::facts(to.0.asked, repo, item, facts(to.0));
    let now = from.0.asked.now.timestamp_micros();
    let old = Examined::new(from.0.asked.policy, &old_facts, now);
    let new = Examined::new(to.0.asked.policy, &new_facts, now);
    let (before, after) = (from.0.asked.policy, to.0.asked.policy);
    difference(
        &Said { policy: before, names: &from.0.names, examined: &old, judgement: &from.1.judgement },
        &Said { policy: after, names: &to.0.names, examined: &new, judgement: &to.1.judgement },
    )
}
