//! Pages of a list that are read at once, and in halves where a whole one takes too long.
//!
//! Takes: a page that could not be read, or the first of a list. Gives: the same entries in two smaller
//! pages; the pages that the first announces, read on several threads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use serde_json::Value;

use super::api::{Api, Next, PAGES, page_number};
use crate::http::{Answer, Error, Kind, Url};

/// The smallest page that is asked for instead of a larger one.
const LEAST: u64 = 25;
/// Pages that GitHub is asked for at once: beyond, its own addresses are followed (fact 63).
pub(super) const AT_ONCE: u64 = 100;

impl Api {
    /// A page that GitHub did not give in the time it allows itself (fact 76), as two pages of half the
    /// size: page 3 of 100 holds what pages 5 and 6 of 50 hold, so that none is lost and none is doubled.
    /// `None` where there are no such halves: the address has a cursor, or the page is small already.
    ///
    /// # Errors
    /// A half could not be read either.
    pub(super) fn halves(&self, url: &Url, failed: &Error) -> Result<Option<Answer>> {
        let tired = matches!(failed.kind, Kind::Lost(_)) || matches!(failed.status(), Some(502..=504));
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
        let second = match first.link("next") {
            Some(_) => Some(self.page("", &Next::At(half(2 * page)))?),
            None => None,
        };
        let last = second.as_ref().unwrap_or(&first);
        let mut links = Vec::new();
        if last.link("next").is_some() {
            links.push(format!("<{}>; rel=\"next\"", with(url, size, page + 1)));
        }
        if let Some(end) = first.link("last").as_ref().and_then(page_number) {
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
    pub(super) fn announced(&self, path: &str, first: &Answer, count: u64, threads: usize) -> Ready {
        let last = first.link("last");
        let number = last.as_ref().and_then(page_number);
        let pages = match (self.dialect.is_github(), number) {
            (true, number) => number.filter(|number| *number < AT_ONCE),
            (false, Some(number)) => Some(number),
            (false, None) => first.number("x-total-count").map(|total| total.div_ceil(count.max(1))),
        };
        let pages = pages.filter(|pages| threads > 1 && count > 0 && *pages <= PAGES).unwrap_or(1);
        let wanted: Vec<(u64, Next)> = (2..=pages)
            .map(|page| match (&last, self.dialect.is_github()) {
                (Some(last), true) => (page, Next::At(paged(last, page))),
                _ => (page, Next::Page(page)),
            })
            .collect();
        let (next, read) = (AtomicUsize::new(0), Mutex::new(HashMap::new()));
        let work = || {
            while let Some((number, page)) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                let answer = self.page(path, page);
                read.lock().unwrap_or_else(PoisonError::into_inner).insert(*number, answer);
            }
        };
        thread::scope(|scope| {
            for _ in 1..threads.min(wanted.len()) {
                // Where no more threads are to be had, this one does their work.
                let _ = thread::Builder::new().spawn_scoped(scope, work);
            }
            work();
        });
        read.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pages that were read before their turn, by number.
pub(super) type Ready = HashMap<u64, Result<Answer>>;

/// The same address with another page.
pub(super) fn paged(url: &Url, page: u64) -> Url {
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
