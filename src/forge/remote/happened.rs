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
use super::failure::Helped;
use super::lists::{List, Of, Whole, lock};
use super::pages::{ENDLESS, Rest};
use super::queue::work_off;
use super::read::placed;
use super::{Item, Kind, Listed, Placed, Remote, Take};
use crate::forge::{Happened, object};
use crate::http::Answer;

/// What is read next.
struct Piece {
    /// A place in `Reading::lists`.
    list: usize,
    page: Page,
}

enum Page {
    /// The first of a list.
    First,
    /// One whose number is known, and whether it is the last of those.
    Known(Next, u64, bool),
    /// One that the page before it told of.
    Told(Next, u64),
    /// Whether pull requests may be seen at all.
    MayPulls,
}

struct Reading<'a> {
    remote: &'a Remote,
    since: DateTime<Utc>,
    take: Take<'a>,
    repos: Vec<Result<Whole>>,
    lists: Vec<List>,
}

impl Remote {
    pub(super) fn read_happened(
        &self,
        repos: &[usize],
        since: DateTime<Utc>,
        threads: usize,
        take: Take<'_>,
    ) -> Vec<Result<Listed>> {
        let mut reading = Reading { remote: self, since, take, repos: Vec::new(), lists: Vec::new() };
        for (nth, &repo) in repos.iter().enumerate() {
            let whole = self.at(repo).map(|(path, name, _)| Whole::new(repo, path, name));
            if let Ok(whole) = &whole {
                let paths = self.paths(whole, since);
                reading.lists.extend(paths.into_iter().map(|(of, path)| List {
                    nth,
                    of,
                    path,
                    state: Mutex::default(),
                }));
            }
            reading.repos.push(whole);
        }
        let firsts = (0..reading.lists.len()).map(|list| Piece { list, page: Page::First }).collect();
        work_off(firsts, threads, |piece| reading.read(piece));
        reading.repos.into_iter().map(|whole| whole?.result()).collect()
    }
}

impl Reading<'_> {
    /// Reads a page; gives what is to be read besides.
    fn read(&self, piece: Piece) -> Vec<Piece> {
        let at = piece.list;
        let Some(list) = self.lists.get(at) else { return Vec::new() };
        let Some(Ok(whole)) = self.repos.get(list.nth) else { return Vec::new() };
        if whole.failed.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let read = self.page(list, whole, at, piece.page);
        match read.with_context(|| format!("reading the {} of {}", list.of.words(), whole.name)) {
            Ok(pages) => pages.into_iter().map(|page| Piece { list: at, page }).collect(),
            Err(error) => {
                whole.fail(at, error);
                Vec::new()
            }
        }
    }

    fn page(&self, list: &List, whole: &Whole, at: usize, page: Page) -> Result<Vec<Page>> {
        let api = &self.remote.api;
        let (next, number) = match &page {
            Page::First => (&Next::Page(1), 1),
            Page::Known(next, number, _) | Page::Told(next, number) => (next, *number),
            Page::MayPulls => return self.may_pulls(at, whole).map(|()| Vec::new()),
        };
        let answer = api.page(&list.path, next)?;
        let (entries, new, old) = self.hand(list, whole, at, (number, &answer))?;
        let mut state = lock(&list.state);
        state.waiting = state.waiting.saturating_sub(1);
        state.told(&answer);
        if number > 1 && entries > 0 && new == 0 && !state.again {
            state.repeats += 1;
        } else if matches!(page, Page::Told(..)) {
            state.repeats = 0;
        }
        let mut more = match page {
            Page::First if list.of != Of::Pulls => match api.rest(&answer, state.size)? {
                Rest::Known(pages) => {
                    let count = pages.len();
                    let known = |(nth, next)| Page::Known(next, nth as u64 + 2, nth + 1 == count);
                    pages.into_iter().enumerate().map(known).collect()
                }
                Rest::Told(next) => next.map(|next| Page::Told(next, 2)).into_iter().collect(),
            },
            Page::Known(_, _, false) => Vec::new(),
            // Behind what is older than what is asked for, in their order, all is older still.
            _ if list.of == Of::Pulls && old => Vec::new(),
            _ => api.next(&answer)?.map(|next| Page::Told(next, number + 1)).into_iter().collect::<Vec<_>>(),
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
            more.push(Page::First);
        } else if list.of == Of::Closed && self.doubts_pulls(whole) {
            more.push(Page::MayPulls);
        }
        Ok(more)
    }

    /// Hands a page over; gives its entries, how many of them are new, and whether all were last updated
    /// before what is asked for.
    fn hand(
        &self,
        list: &List,
        whole: &Whole,
        at: usize,
        (number, answer): (u64, &Answer),
    ) -> Result<(usize, usize, bool)> {
        if list.of == Of::Comments {
            let comments = placed(answer)?;
            let count = comments.len();
            let mut state = lock(&list.state);
            state.size = state.size.max(count as u64);
            let fresh = comments.into_iter().filter(|(comment, _)| state.seen.insert(comment.id));
            let fresh: Vec<_> = fresh.collect();
            drop(state);
            let new = fresh.len();
            let with_number = |(comment, number): (_, Option<u64>)| Some(Placed { number: number?, comment });
            let fresh: Vec<Placed> = fresh.into_iter().filter_map(with_number).collect();
            (self.take)(list.nth, Happened::Comments(&fresh));
            return Ok((count, new, false));
        }
        let mut spare = String::new();
        let entries = object::items(&answer.body, &mut spare).context("reading a page")?;
        let count = entries.len();
        let mut state = lock(&list.state);
        state.size = state.size.max(count as u64);
        let (size, again) = (state.size, state.again);
        let before = |item: &Item<'_>| item.updated_at.is_some_and(|at| at < self.since);
        let old = entries.iter().flatten().all(before);
        let (mut items, mut unreadable) = (Vec::with_capacity(count), Vec::new());
        for (entry, nth) in entries.into_iter().zip((number - 1) * size + 1..) {
            match entry {
                Ok(item) if state.seen.insert(item.number) => items.push(item),
                Err(why) if !again => {
                    let sentence = format!("{}: entry {nth} of its {} {why}", whole.name, list.of.words());
                    unreadable.push((at, nth, sentence));
                }
                Ok(_) | Err(_) => {}
            }
        }
        drop(state);
        if list.of == Of::Pulls {
            // In a list of pull requests none of them says that it is one.
            items.iter_mut().for_each(|item| item.kind = Kind::Pull);
        }
        if items.iter().any(|item| item.kind == Kind::Pull) {
            whole.pulls.store(true, Ordering::Relaxed);
        }
        let mut told = lock(&whole.told);
        told.items += items.len() as u64;
        told.unreadable.append(&mut unreadable);
        drop(told);
        // What is found in a second pass comes behind all that was found in the first.
        let place = if again { PAGES + number } else { number };
        (self.take)(list.nth, Happened::Items(usize::try_from(place).unwrap_or(usize::MAX), &items));
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
            Err(error) if matches!(Helped::status(&error), Some(403 | 404)) => {
                let sentence = format!("{}: the token may not read pull requests, so none are counted", whole.name);
                lock(&whole.told).unreadable.push((at, u64::MAX, sentence));
                Ok(())
            }
            other => other.map(drop),
        }
    }
}
