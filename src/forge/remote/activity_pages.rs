//! What happened in many repositories.
//!
//! Takes: repositories, an instant, a number of threads. Gives: their open issues, what was closed and
//! what was said since, a page at a time. One pool of threads reads the pages of all lists: a list's
//! first page says where its others are, and these are read beside those of the other repositories.

use std::sync::Mutex;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result, bail};
use chrono::{DateTime, Utc};

use super::api::{Next, PAGES, REPEATS};
use super::failure::FailureHelp;
use super::lists::{ListKind, RepoList, Whole, lock};
use super::pages::{ENDLESS, Rest};
use super::queue::work_off;
use super::read::placed;
use super::{Item, ItemKind, Listing, PlacedComment, Remote, Take};
use crate::forge::{ActivityPage, object};
use crate::http::Answer;

/// What is read next.
struct ActivityPiece {
    /// A place in `ActivityReading::lists`.
    list: usize,
    page: NextPage,
}

enum NextPage {
    /// The first of a list.
    First,
    /// One whose number is known, and whether it is the last of those.
    Known(Next, u64, bool),
    /// One that the page before it told of.
    Told(Next, u64),
    /// Whether pull requests may be seen at all.
    MayPulls,
}

struct ActivityReading<'a> {
    remote: &'a Remote,
    since: DateTime<Utc>,
    take: Take<'a>,
    repos: Vec<Result<Whole>>,
    lists: Vec<RepoList>,
}

impl Remote {
    pub(super) fn read_happened(
        &self,
        repos: &[usize],
        since: DateTime<Utc>,
        threads: usize,
        take: Take<'_>,
    ) -> Vec<Result<Listing>> {
        let mut reading = ActivityReading { remote: self, since, take, repos: Vec::new(), lists: Vec::new() };
        for (nth, &repo) in repos.iter().enumerate() {
            let whole = self.at(repo).map(|(path, name, _)| Whole::new(repo, path, name));
            if let Ok(whole) = &whole {
                let paths = self.paths(whole, since);
                reading.lists.extend(paths.into_iter().map(|(of, path)| RepoList {
                    nth,
                    of,
                    path,
                    state: Mutex::default(),
                }));
            }
            reading.repos.push(whole);
        }
        let firsts = (0..reading.lists.len()).map(|list| ActivityPiece { list, page: NextPage::First }).collect();
        work_off(firsts, threads, |piece| reading.read(piece));
        reading.repos.into_iter().map(|whole| whole?.result()).collect()
    }
}

impl ActivityReading<'_> {
    /// Reads a page; gives what is to be read besides.
    fn read(&self, piece: ActivityPiece) -> Vec<ActivityPiece> {
        let at = piece.list;
        let Some(list) = self.lists.get(at) else { return Vec::new() };
        let Some(Ok(whole)) = self.repos.get(list.nth) else { return Vec::new() };
        if whole.failed.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let read = self.page(list, whole, at, piece.page);
        match read.with_context(|| format!("reading the {} of {}", list.of.words(), whole.name)) {
            Ok(pages) => pages.into_iter().map(|page| ActivityPiece { list: at, page }).collect(),
            Err(error) => {
                whole.fail(at, error);
                Vec::new()
            }
        }
    }

    fn page(&self, list: &RepoList, whole: &Whole, at: usize, page: NextPage) -> Result<Vec<NextPage>> {
        let api = &self.remote.api;
        let (next, number) = match &page {
            NextPage::First => (&Next::Page(1), 1),
            NextPage::Known(next, number, _) | NextPage::Told(next, number) => (next, *number),
            NextPage::MayPulls => return self.may_pulls(at, whole).map(|()| Vec::new()),
        };
        let answer = api.page(&list.path, next)?;
        let (entries, new, old) = self.hand(list, whole, at, (number, &answer))?;
        let mut state = lock(&list.state);
        state.waiting = state.waiting.saturating_sub(1);
        state.note_total(&answer);
        if number > 1 && entries > 0 && new == 0 && !state.again {
            state.repeats += 1;
        } else if matches!(page, NextPage::Told(..)) {
            state.repeats = 0;
        }
        let mut more = match page {
            NextPage::First if list.of != ListKind::Pulls => match api.rest(&answer, state.size)? {
                Rest::Known(pages) => {
                    let count = pages.len();
                    let known = |(nth, next)| NextPage::Known(next, nth as u64 + 2, nth + 1 == count);
                    pages.into_iter().enumerate().map(known).collect()
                }
                Rest::Told(next) => next.map(|next| NextPage::Told(next, 2)).into_iter().collect(),
            },
            NextPage::Known(_, _, false) => Vec::new(),
            // Behind what is older than what is asked for, in their order, all is older still.
            _ if list.of == ListKind::Pulls && old => Vec::new(),
            _ => api.next(&answer)?.map(|next| NextPage::Told(next, number + 1)).into_iter().collect::<Vec<_>>(),
        };
        if state.repeats > REPEATS || (number > PAGES && !more.is_empty()) {
            bail!("{ENDLESS}: its pages repeat what came before");
        }
        state.waiting += more.len();
        if state.waiting > 0 {
            return Ok(more);
        }
        if !state.again && state.shrank() {
            // What was closed or deleted meanwhile moved others to a page that had been read: once more (fact 7).
            state.again = true;
            state.waiting = 1;
            more.push(NextPage::First);
        } else if list.of == ListKind::Closed && self.doubts_pulls(whole) {
            more.push(NextPage::MayPulls);
        }
        Ok(more)
    }

    /// Hands a page over; gives its entries, how many of them are new, and whether all were last updated
    /// before what is asked for.
    fn hand(
        &self,
        list: &RepoList,
        whole: &Whole,
        at: usize,
        (number, answer): (u64, &Answer),
    ) -> Result<(usize, usize, bool)> {
        if list.of == ListKind::Comments {
            let comments = placed(answer)?;
            let count = comments.len();
            let mut state = lock(&list.state);
            state.size = state.size.max(count as u64);
            let fresh = comments.into_iter().filter(|(comment, _)| state.numbers.insert(comment.id));
            let fresh: Vec<_> = fresh.collect();
            drop(state);
            let new = fresh.len();
            let with_number = |(comment, number): (_, Option<u64>)| Some(PlacedComment { number: number?, comment });
            let fresh: Vec<PlacedComment> = fresh.into_iter().filter_map(with_number).collect();
            (self.take)(list.nth, ActivityPage::Comments(&fresh));
            return Ok((count, new, false));
        }
        let entries = object::items(&answer.body).context("reading a page")?;
        let count = entries.len();
        let mut state = lock(&list.state);
        state.size = state.size.max(count as u64);
        let (size, again) = (state.size, state.again);
        let before = |item: &Item<'_>| item.updated_at.is_some_and(|at| at < self.since);
        let old = entries.iter().flatten().all(before);
        let (mut items, mut unreadable) = (Vec::with_capacity(count), Vec::new());
        for (entry, nth) in entries.into_iter().zip((number - 1) * size + 1..) {
            match entry {
                Ok(item) if state.numbers.insert(item.number) => items.push(item),
                Err(why) if !again => {
                    let sentence = format!("{}: entry {nth} of its {} {why}", whole.name, list.of.words());
                    unreadable.push((at, nth, sentence));
                }
                Ok(_) | Err(_) => {}
            }
        }
        drop(state);
        if list.of == ListKind::Pulls {
            // In a list of pull requests none of them says that it is one.
            items.iter_mut().for_each(|item| item.kind = ItemKind::Pull);
        }
        if items.iter().any(|item| item.kind == ItemKind::Pull) {
            whole.pulls.store(true, Ordering::Relaxed);
        }
        let mut told = lock(&whole.result);
        told.items += items.len() as u64;
        told.unreadable.append(&mut unreadable);
        drop(told);
        // What is found in a second pass comes behind all that was found in the first.
        let place = if again { PAGES + number } else { number };
        (self.take)(list.nth, ActivityPage::Items(usize::try_from(place).unwrap_or(usize::MAX), &items));
        Ok((count, items.len(), old))
    }

    /// A token that may not see pull requests is given the issues alone, without a word (fact 10).
    fn doubts_pulls(&self, whole: &Whole) -> bool {
        let has = self.remote.details.get(whole.repo).is_none_or(|details| details.pulls);
        has && !self.remote.api.dialect.is_github() && !whole.pulls.load(Ordering::Relaxed)
    }

    fn may_pulls(&self, at: usize, whole: &Whole) -> Result<()> {
        let path = format!("{}/issues?state=open&type=pulls&limit=1&page=1", whole.path);
        match self.remote.api.get(&path) {
            Err(error) if matches!(FailureHelp::status(&error), Some(403 | 404)) => {
                let sentence = format!("{}: the token may not read pull requests, so none are counted", whole.name);
                lock(&whole.result).unreadable.push((at, u64::MAX, sentence));
                Ok(())
            }
            other => other.map(drop),
        }
    }
}
