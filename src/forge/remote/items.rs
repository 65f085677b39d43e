//! The backlog of a repository.
//!
//! Takes: a repository, the states wanted, a number of threads. Gives: every item, page by page,
//! each number once. Pages that the first one announces are read at once; what a list that shifts
//! under the reading hides is read for.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, anyhow};

use super::api::{Next, PAGES, REPEATS};
use super::failure::FailureHelp;
use super::pages::{ENDLESS, Rest, at_once};
use super::{Item, Listing, PageHandler, Remote, States};
use crate::forge::ranges::ByteRun;
use crate::forge::turns::Turns;
use crate::forge::{ItemKind, object};
use crate::http::Answer;

/// One reading of a list.
struct ListReading<'a> {
    remote: &'a Remote,
    path: String,
    name: &'a str,
    turns: Turns,
    page: &'a (dyn Fn(usize, &[Item<'_>]) + Sync),
    /// Entries that a page holds.
    size: AtomicU64,
    /// The largest and the last total that the forge told.
    totals: Mutex<Option<(u64, u64)>>,
    issues: AtomicBool,
    pulls: AtomicBool,
    /// This is the second pass, in which every page repeats what came before.
    again: AtomicBool,
}

impl Remote {
    pub(super) fn read_items(
        &self,
        repo: usize,
        states: States,
        threads: usize,
        page: PageHandler<'_>,
    ) -> Result<Listing> {
        let (path, name, _) = self.at(repo)?;
        let state = match (states.open, states.closed) {
            (true, true) => "all",
            (true, false) => "open",
            (false, true) => "closed",
            (false, false) => return Ok(Listing::default()),
        };
        let reading = ListReading {
            remote: self,
            // Without `type`: issues and pull requests in one walk (facts 9, 65).
            path: format!("{path}/issues?state={state}"),
            name,
            turns: Turns::default(),
            page,
            size: AtomicU64::new(0),
            totals: Mutex::default(),
            issues: AtomicBool::new(false),
            pulls: AtomicBool::new(false),
            again: AtomicBool::new(false),
        };
        let told = || format!("reading the issues of {name}");
        let places = reading.pass(0, threads);
        if let Some(places) = places
            && reading.shrank()
        {
            // What was closed meanwhile moved others to a page that had been read: once more.
            reading.again.store(true, Ordering::Relaxed);
            reading.pass(places, threads);
        }
        let ListReading { turns, issues, pulls, .. } = reading;
        let mut listed = turns.result().with_context(told)?;
        if !self.api.dialect.is_github() {
            let came = (issues.into_inner(), pulls.into_inner());
            listed.unreadable.extend(self.both_kinds(repo, states, came).with_context(told)?);
        }
        Ok(listed)
    }

    /// A token that may not read one of the two kinds is given the other without a word (fact 10): where
    /// none came of a kind that is wanted, this is asked for. Gives what is said of pull requests that may
    /// not be read beside the issues.
    fn both_kinds(&self, repo: usize, wanted: States, came: (bool, bool)) -> Result<Option<String>> {
        let (path, name, _) = self.at(repo)?;
        let details = self.details.get(repo);
        let refuses = "none came, and the forge refuses to list them alone";
        if wanted.issues && !came.0 && details.is_some_and(|details| details.issues) {
            self.first_page(&format!("{path}/issues?state=open&type=issues")).context(refuses)?;
        }
        if wanted.pulls && !came.1 && details.is_some_and(|details| details.pulls) {
            match self.first_page(&format!("{path}/issues?state=open&type=pulls")) {
                Err(error) if wanted.issues && matches!(FailureHelp::status(&error), Some(403 | 404)) => {
                    return Ok(Some(format!("{name}: the token may not read pull requests, so none are looked at")));
                }
                other => other.context(refuses).map(drop)?,
            }
        }
        Ok(None)
    }
}

impl ListReading<'_> {
    /// Reads the whole list, its pages at places from `place` on. Gives the place after the last;
    /// `None` after a failure, which the turns hold.
    fn pass(&self, place: usize, threads: usize) -> Option<usize> {
        let first = self.remote.api.page(&self.path, &Next::Page(1));
        let rest = match &first {
            Ok(answer) => self.remote.api.rest(answer, self.size.load(Ordering::Relaxed).max(self.count(answer))),
            Err(_) => Ok(Rest::Told(None)),
        };
        self.take(place, first)?;
        match rest {
            Ok(Rest::Told(next)) => self.follow(place + 1, next),
            Ok(Rest::Known(pages)) => {
                let after = self.at_once(place + 1, &pages, threads)?;
                self.follow(place + 1 + pages.len(), after)
            }
            Err(error) => {
                self.take(place + 1, Err(error));
                None
            }
        }
    }

    fn count(&self, answer: &Answer) -> u64 {
        object::items(&answer.body).map_or(0, |entries| entries.len() as u64)
    }

    /// Reads these pages on several threads; gives what the last of them says is next.
    fn at_once(&self, place: usize, pages: &[Next], threads: usize) -> Option<Option<Next>> {
        let (next, repeats) = (AtomicUsize::new(0), AtomicU32::new(0));
        let after = Mutex::new(Some(None));
        let work = || {
            while self.again.load(Ordering::Relaxed) || repeats.load(Ordering::Relaxed) <= REPEATS {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                let Some(page) = pages.get(nth) else { return };
                let answer = self.remote.api.page(&self.path, page);
                let then = answer.as_ref().ok().map(|answer| self.remote.api.next(answer));
                let taken = self.take(place + nth, answer);
                let last = nth + 1 == pages.len();
                if matches!(taken, Some((1.., 0))) {
                    repeats.fetch_add(1, Ordering::Relaxed);
                }
                let mut after = after.lock().unwrap_or_else(PoisonError::into_inner);
                match (taken, then) {
                    (None, _) => {
                        *after = None;
                        return;
                    }
                    (Some(_), Some(Ok(then))) if last => *after = Some(then),
                    (Some(_), Some(Err(error))) if last => {
                        self.take(place + nth + 1, Err(error));
                        *after = None;
                    }
                    (Some(_), _) => {}
                }
            }
        };
        at_once(threads.min(pages.len()), work);
        // Every page that was begun has had its turn.
        let begun = next.into_inner();
        if begun < pages.len() {
            self.take(place + begun, Err(anyhow!("{ENDLESS}: its pages repeat what came before")));
            return None;
        }
        after.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads one page after the other from `next` on, as far as the forge says that there are more.
    fn follow(&self, mut place: usize, mut next: Option<Next>) -> Option<usize> {
        let (mut repeats, mut pages) = (0, 0);
        while let Some(page) = next {
            let answer = self.remote.api.page(&self.path, &page);
            next = match answer.as_ref().map(|answer| self.remote.api.next(answer)) {
                Ok(Ok(next)) => next,
                Ok(Err(error)) => {
                    self.take(place, Err(error));
                    return None;
                }
                Err(_) => None,
            };
            let (entries, new) = self.take(place, answer)?;
            place += 1;
            pages += 1;
            repeats = if entries > 0 && new == 0 { repeats + 1 } else { 0 };
            let repeats = if self.again.load(Ordering::Relaxed) { 0 } else { repeats };
            if next.is_some() && (repeats >= REPEATS || pages > PAGES) {
                self.take(place, Err(anyhow!("{ENDLESS}: its pages repeat what came before")));
                return None;
            }
        }
        Some(place)
    }

    /// Hands the items of a page over; gives its entries and how many of them are new.
    fn take(&self, place: usize, answer: Result<Answer>) -> Option<(usize, usize)> {
        let (bytes, total, error) = match answer {
            Ok(answer) => {
                let total = answer.number("x-total-count");
                (answer.body, total, None)
            }
            Err(error) => (Vec::new(), None, Some(error)),
        };
        let entries = match error {
            Some(error) => Err(error),
            None => object::items(&bytes).context("reading a page"),
        };
        let count = entries.as_ref().map_or(0, Vec::len);
        let size = self.size.fetch_max(count as u64, Ordering::Relaxed).max(count as u64);
        if let Some(total) = total {
            let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
            let largest = totals.map_or(total, |(largest, _)| largest.max(total));
            *totals = Some((largest, total));
        }
        let run = ByteRun { offset: 0, length: 0, before: place as u64 * size, pulls: false };
        let items = self.turns.take(place, self.name, &run, entries)?;
        for item in &items {
            let seen = if item.kind == ItemKind::Issue { &self.issues } else { &self.pulls };
            seen.store(true, Ordering::Relaxed);
        }
        (self.page)(place, &items);
        Some((count, items.len()))
    }

    /// The list is shorter at its end than it was before (fact 7).
    fn shrank(&self) -> bool {
        let totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        totals.is_some_and(|(largest, last)| last < largest)
    }
}
