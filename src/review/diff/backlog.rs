//! The backlog under two versions of its rules: each item read once and judged twice.
//!
//! Takes: for each side what a run is asked for, with its policy, and its templates. Gives: [`BacklogDiff`]:
//! the [`Diff`], and what could not be read. An item is judged just as a run does; its timeline is
//! read once where either side needs it, no comments are read, and nothing is remembered: what an
//! earlier run wrote changes the state of an item, not what the rules say of it.

use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use super::side::{PolicySide, alike};
use super::why::{ItemVersion, difference, reasons};
use super::{Diff, RecordSubject, SideRecord};
use crate::engine::examine::Examination;
use crate::engine::words::TextHits;
use crate::forge::{Item, States};
use crate::jobs::backlog::BacklogQuery;
use crate::jobs::items::{self, ItemTexts};
use crate::jobs::timeline::Timeline;
use crate::report::ItemRow;

/// Sentences about what went wrong that are kept.
const KEPT: usize = 20;

/// What reading both came to.
#[derive(Debug, Clone, Default)]
pub struct BacklogDiff {
    /// What changes.
    pub diff: Diff,
    /// It is about issues and pull requests, and not about what is found in figures.
    pub of_items: bool,
    /// It is not known who may read what is found: in a place that others read it is counted.
    pub unnamed: bool,
    /// Timelines that were read.
    pub timelines: usize,
    /// What could not be read or worded, one sentence each; untrusted.
    pub failed: Vec<String>,
    /// How many more there are.
    pub failed_more: usize,
    /// Entries of the forge that were no item, and kinds that the token may not see: one sentence each; untrusted.
    pub unreadable: Vec<String>,
}

impl BacklogDiff {
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
pub fn compare(from: Option<&PolicySide<'_>>, to: Option<&PolicySide<'_>>) -> Result<BacklogDiff> {
    let mut all = BacklogDiff { of_items: true, ..BacklogDiff::default() };
    let Some(either) = to.or(from).map(|side| side.query) else { return Ok(all) };
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
    from: Option<&PolicySide<'_>>,
    to: Option<&PolicySide<'_>>,
    either: &BacklogQuery<'_>,
    repo: usize,
    all: &mut BacklogDiff,
) -> Result<()> {
    let sides = [from, to].into_iter().flatten().map(|side| items::states_of(side.query.policy));
    let wanted = sides.reduce(States::or).unwrap_or(States::OPEN);
    let pages: Mutex<Vec<(usize, BacklogDiff)>> = Mutex::default();
    let listed = either.forge.items(repo, wanted, either.threads, &|place, items| {
        let mut page = BacklogDiff::default();
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

/// An item as one side judges it, ready to be asked about.
#[derive(Clone, Copy)]
struct SideItem<'s, 'a, 'i> {
    side: &'s PolicySide<'a>,
    examined: &'s Examination<'a, 'i>,
    row: &'s ItemRow<'a>,
}

impl<'s> SideItem<'s, '_, '_> {
    fn row(self) -> (&'s BacklogQuery<'s>, &'s ItemRow<'s>) {
        (self.side.query, self.row)
    }
}

fn one(from: Option<&PolicySide<'_>>, to: Option<&PolicySide<'_>>, at: (usize, &Item<'_>), page: &mut BacklogDiff) {
    let timeline = Timeline::default();
    let common = from.zip(to).map_or(0, |(from, _)| from.common);
    let texts = ItemTexts::of(at.1);
    let at = (at.0, at.1, &texts.unsearched(common));
    judge_side(from, at, &timeline, |before| {
        judge_side(to, at, &timeline, |after| both(before, after, page));
    });
    page.timelines += usize::from(timeline.was_read());
}

fn judge_side<'a>(
    side: Option<&PolicySide<'a>>,
    (repo, item, found): (usize, &Item<'_>, &Rc<TextHits<'_>>),
    timeline: &Timeline,
    then: impl FnOnce(Option<SideItem<'_, 'a, '_>>),
) {
    // Whoever is out of scope is handed on as nothing.
    let mut then = Some(then);
    if let Some(side) = side {
        items::examine(side.query, repo, (item, found), timeline, |examined, row| {
            then.take().into_iter().for_each(|then| then(Some(SideItem { side, examined, row })));
        });
    }
    if let Some(then) = then {
        then(None);
    }
}

fn both(from: Option<SideItem<'_, '_, '_>>, to: Option<SideItem<'_, '_, '_>>, page: &mut BacklogDiff) {
    let (mut old, mut new) = (from.map(|it| it.side.record(it.row)), to.map(|it| it.side.record(it.row)));
    let mut failed: Vec<String> = Vec::new();
    // Most of a backlog is the same under both: what cannot differ is not put into words.
    let both_alike = from
        .zip(to)
        .is_some_and(|(from, to)| alike((from.side, from.row, from.examined), (to.side, to.row, to.examined)));
    if !both_alike {
        let mut word = |judged: Option<SideItem<'_, '_, '_>>, record: Option<&mut SideRecord>| {
            judged.zip(record).and_then(|(judged, record)| judged.side.word(judged.row, record, &mut failed))
        };
        let (old_miss, new_miss) = (word(from, old.as_mut()), word(to, new.as_mut()));
        if let (Some(old), Some(new), Some(from), Some(to)) = (&mut old, &mut new, from, to)
            && old.words != new.words
        {
            old.plain = from.side.plain(from.row, old, old_miss.as_ref());
            new.plain = to.side.plain(to.row, new, new_miss.as_ref());
        }
    }
    failed.extend(from.and_then(|it| it.side.failed(it.row)));
    failed.extend(to.and_then(|it| it.side.failed(it.row)));
    page.fail(failed);
    let Some((asked, row)) = to.map(SideItem::row).or(from.map(SideItem::row)) else { return };
    let key = || format!("{}#{}", asked.forge.repos()[row.repo].name, row.number);
    page.diff.see(&key, old, new, || (Some(subject(asked, row)), why(from, to)));
}

fn subject(asked: &BacklogQuery<'_>, row: &ItemRow<'_>) -> RecordSubject {
    let repo = &asked.forge.repos()[row.repo];
    let link = |full| asked.forge.quiet_link(row.repo, row.number, full);
    RecordSubject {
        repo: repo.name.clone(),
        kind: row.kind.name(),
        number: row.number,
        title: row.judgement.title.clone(),
        private: repo.private,
        link: (link(true), link(false)),
    }
}

/// What made the difference.
fn why(from: Option<SideItem<'_, '_, '_>>, to: Option<SideItem<'_, '_, '_>>) -> Vec<String> {
    let (from, to) = match (from, to) {
        (Some(from), Some(to)) => (from, to),
        (None, _) => return vec!["only the new rules look at it".to_owned()],
        (_, None) => return vec!["the new rules no longer look at it".to_owned()],
    };
    let (before, after) = (&from.row.judgement, &to.row.judgement);
    let mut scores = before.scores.iter().zip(&after.scores);
    let same_score = before.scores.len() == after.scores.len() && scores.all(|(before, after)| before.same(after));
    if same_score && from.row.rule(from.side.query.policy) == to.row.rule(to.side.query.policy) {
        return reasons(before, after).into_iter().collect();
    }
    difference(
        &ItemVersion {
            policy: from.side.query.policy,
            names: &from.side.names,
            examined: from.examined,
            judgement: before,
        },
        &ItemVersion { policy: to.side.query.policy, names: &to.side.names, examined: to.examined, judgement: after },
    )
}
