//! Pages of a list that are read at once, and in halves where a whole one takes too long.
//!
//! Takes: a page that could not be read, or the first of a list. Gives: the same entries in two smaller
//! pages; the pages that the first announces, read on several threads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::api::{Api, Next, PAGES, elsewhere};
use crate::http::{Answer, Error, ErrorKind, Url, page_number};

/// The smallest page that is asked for instead of a larger one.
const LEAST: u64 = 25;
/// Pages that GitHub is asked for at once: beyond, its own addresses are followed (fact 63).
const AT_ONCE: u64 = 100;

/// Bytes of pages that are read before their turn.
const AHEAD: usize = 64 << 20;

/// What is said of a list that has no end.
pub(super) const ENDLESS: &str = "the list never ends; report it to the forge";

/// Where the pages behind the first are.
pub(super) enum Rest {
    /// At these addresses, all of which may be asked for now.
    Known(Vec<Next>),
    /// Where each page says that the next one is.
    Told(Option<Next>),
}

impl Api {
    /// What the first page of a list says of the others. `size`: entries that a page holds.
    ///
    /// # Errors
    /// It announces more pages than a list can have, or leads to another host.
    pub(super) fn rest(&self, first: &Answer, size: u64) -> Result<Rest> {
        if self.dialect.is_github() {
            let last = first.link("last").map_err(elsewhere)?;
            let number = last.as_ref().and_then(page_number);
            let next = self.next(first)?;
            // A number, and not a cursor, on the page that is next too (fact 63).
            let numbered = matches!(&next, Some(Next::At(url)) if page_number(url) == Some(2));
            return Ok(match (last, number, next) {
                (Some(last), Some(number), Some(Next::At(_))) if numbered && number < AT_ONCE => {
                    Rest::Known((2..=number).map(|number| Next::At(paged(&last, number))).collect())
                }
                (_, _, next) => Rest::Told(next),
            });
        }
        // Only the number is taken from the address (fact 6); else the count tells it.
        let pages =
            first.page("last").or_else(|| first.number("x-total-count").map(|total| total.div_ceil(size.max(1))));
        Ok(match pages {
            Some(pages) if pages > PAGES => bail!("{ENDLESS}: it is said to have {pages} pages"),
            Some(pages) if size > 0 => Rest::Known((2..=pages).map(Next::Page).collect()),
            _ => Rest::Told(self.next(first)?),
        })
    }

    /// A page that GitHub did not give in the time it allows itself (fact 76), as two pages of half the
    /// size: page 3 of 100 holds what pages 5 and 6 of 50 hold, so that none is lost and none is doubled.
    /// `None` where there are no such halves: the address has a cursor, or the page is small already.
    ///
    /// # Errors
    /// A half could not be read either.
    pub(super) fn halves(&self, url: &Url, failed: &Error) -> Result<Option<Answer>> {
        let tired = matches!(failed.kind, ErrorKind::Lost(_)) || matches!(failed.status(), Some(502..=504));
        let number = |wanted: &str| {
            url.query_pairs().find(|(name, _)| name == wanted).and_then(|(_, value)| value.parse::<u64>().ok())
        };
        let (Some(page), Some(size)) = (number("page"), number("per_page")) else { return Ok(None) };
        if !self.dialect.is_github() || !tired || page == 0 || size % 2 == 1 || size / 2 < LEAST {
            return Ok(None);
        }
        let half = |page| with(url, size / 2, page);
        let first = self.page("", &Next::At(half(2 * page - 1)))?;
        // A list that ends in the first half has no second.
        let second = match self.next(&first)? {
            Some(_) => Some(self.page("", &Next::At(half(2 * page)))?),
            None => None,
        };
        let last = second.as_ref().unwrap_or(&first);
        let mut links = Vec::new();
        if self.next(last)?.is_some() {
            links.push(format!("<{}>; rel=\"next\"", with(url, size, page + 1)));
        }
        if let Some(end) = first.page("last") {
            links.push(format!("<{}>; rel=\"last\"", with(url, size, end.div_ceil(2))));
        }
        let body = [Some(&first), second.as_ref()].into_iter().flatten().map(|answer| entries(&answer.body));
        let body: Vec<Value> = body.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
        let body = serde_json::to_vec(&body).context("joining two halves of a page")?;
        let mut whole = last.clone().linked(&links.join(", "));
        whole.body = body;
        Ok(Some(whole))
    }

    /// The pages behind the first one that it announces, by number, read at once: by its last link, or by
    /// the count of all entries. Empty where it tells neither.
    ///
    /// # Errors
    /// It leads to another host.
    pub(super) fn announced(&self, path: &str, first: &Answer, count: u64, threads: usize) -> Result<PagesAhead> {
        let last = match self.dialect.is_github() {
            true => first.link("last").map_err(elsewhere)?,
            false => None,
        };
        let pages = match (&last, first.page("last")) {
            (Some(_), number) => number.filter(|number| *number < AT_ONCE),
            (None, _) if self.dialect.is_github() => None,
            (None, Some(number)) => Some(number),
            (None, None) => first.number("x-total-count").map(|total| total.div_ceil(count.max(1))),
        };
        let pages = pages.filter(|pages| threads > 1 && count > 0 && *pages <= PAGES).unwrap_or(1);
        let wanted: Vec<(u64, Next)> = (2..=pages)
            .map(|page| (page, last.as_ref().map_or(Next::Page(page), |last| Next::At(paged(last, page)))))
            .collect();
        let (next, read) = (AtomicUsize::new(0), Mutex::new(HashMap::new()));
        let ahead = AtomicUsize::new(first.body.len());
        let work = || {
            // They all wait in memory for their turn: large ones are read when it has come.
            while ahead.load(Ordering::Relaxed) < AHEAD
                && let Some((number, page)) = wanted.get(next.fetch_add(1, Ordering::Relaxed))
            {
                let answer = self.page(path, page);
                ahead.fetch_add(answer.as_ref().map_or(0, |answer| answer.body.len()), Ordering::Relaxed);
                read.lock().unwrap_or_else(PoisonError::into_inner).insert(*number, answer);
            }
        };
        at_once(threads.min(wanted.len()), work);
        Ok(read.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Does `work` on so many threads, this one among them. They wait for a network, so that there may be more of
/// them than processors.
pub(super) fn at_once(threads: usize, work: impl Fn() + Sync) {
    let work = &work;
    thread::scope(|scope| {
        for _ in 1..threads {
            // Where no more threads are to be had, this one does their work.
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
}

/// Pages that were read before their turn, by number.
pub(super) type PagesAhead = HashMap<u64, Result<Answer>>;

/// The same address with another page.
fn paged(url: &Url, page: u64) -> Url {
    changed(url, &[("page", page)])
}

fn with(url: &Url, size: u64, page: u64) -> Url {
    changed(url, &[("per_page", size), ("page", page)])
}

fn changed(url: &Url, to: &[(&str, u64)]) -> Url {
    let mut changed = url.clone();
    let others = url.query_pairs().filter(|(name, _)| !to.iter().any(|(known, _)| known == name));
    changed.query_pairs_mut().clear().extend_pairs(others);
    changed.query_pairs_mut().extend_pairs(to.iter().map(|(name, value)| (*name, value.to_string())));
    changed
}

/// The entries of a list as they are.
fn entries(body: &[u8]) -> Result<Vec<Value>> {
    let entries: Option<Vec<Value>> = serde_json::from_slice(body).context("reading half a page")?;
    Ok(entries.unwrap_or_default())
}
