//! Requests to a forge's API and lists that come in pages.
//!
//! Takes: paths below the API's address. Gives: answers, whose failures say what may help; pages
//! of a list one after the other, under the rules of each forge's paging.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, anyhow, bail};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::dialect::Dialect;
use super::failure::helped;
use super::pages::{ENDLESS, PagesAhead};
use crate::http::{Answer, Client, Credential, Elsewhere, Method, Request, Url, page_number};

/// Entries of a page that Gitea and Forgejo are asked for; more is cut to this (fact 1).
const LIMIT: u64 = 50;
/// Entries of a page that GitHub gives at most (fact 63).
const PER_PAGE: u64 = 100;
/// Pages of one list: no list is that long.
pub(super) const PAGES: u64 = 5_000;
/// Bytes of all pages of one list. Its items are looked at page by page, so that this bounds time more than memory.
const LIST_BYTES: u64 = 4 << 30;
/// Pages in a row that may repeat what came before: a list shifts while it is read (fact 7).
pub(super) const REPEATS: u32 = 3;

/// What stays as it is in a part of a path or a query.
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A name as a part of a path or a query.
pub(super) fn part(text: &str) -> String {
    utf8_percent_encode(text, PART).to_string()
}

/// The names of a path as parts of one; `None` where one is empty or leads out of its folder.
pub(super) fn parts(path: &str) -> Option<String> {
    let names: Option<Vec<String>> =
        path.split('/').map(|name| (!matches!(name, "" | "." | "..")).then(|| part(name))).collect();
    names.map(|names| names.join("/"))
}

/// A forge's API.
#[derive(Debug)]
pub(super) struct Api {
    pub(super) client: Client,
    /// With a slash at the end.
    pub(super) base: Url,
    pub(super) dialect: Dialect,
    pub(super) token: Option<Credential>,
    /// Bytes that came of each list, by its path.
    pub(super) came: Mutex<HashMap<String, u64>>,
}

/// Which page of a list comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// The page of this number.
    Page(u64),
    /// This address, as the forge gave it (fact 63).
    At(Url),
}

/// How a list of Gitea or Forgejo ends where no `Link` says so (facts 3 and 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    /// When as many entries have come as `X-Total-Count` says.
    AtTotal,
    /// With a page that holds nothing or nothing new: the count is that of the page.
    Empty,
}

impl Api {
    /// A request to `path` below the API.
    pub(super) fn request(&self, method: Method, path: &str) -> Result<Request> {
        Ok(self.dressed(method, self.base.join(path)?))
    }

    /// A request with what this forge wants to see (facts 57, 75).
    fn dressed(&self, method: Method, url: Url) -> Request {
        let github = self.dialect.is_github();
        // What a cache between us and the forge still holds is no answer.
        let request = Request::new(method, url).header("cache-control", "no-cache");
        let request = match &self.token {
            Some(token) => request.authorized(if github { "Bearer" } else { "token" }, token),
            None => request,
        };
        if github {
            request.header("accept", "application/vnd.github+json").header("x-github-api-version", "2022-11-28")
        } else {
            request.header("accept", "application/json")
        }
    }

    /// Reads one thing.
    pub(super) fn get(&self, path: &str) -> Result<Answer> {
        self.client.send(&self.request(Method::Get, path)?).map_err(helped)
    }

    /// Reads one thing; `None` where it is not there, or may not be seen (fact 52), or is gone (fact
    /// 71).
    pub(super) fn find(&self, path: &str) -> Result<Option<Answer>> {
        match self.client.send(&self.request(Method::Get, path)?) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if matches!(error.status(), Some(404 | 410)) => Ok(None),
            Err(error) => Err(helped(error)),
        }
    }

    /// Reads one thing as anyone may, for a token whose scopes do not reach there (fact 58); `None` where anyone
    /// may not.
    pub(super) fn without_token(&self, path: &str) -> Result<Option<Answer>> {
        let request = Request::new(Method::Get, self.base.join(path)?).header("accept", "application/json");
        let answer = self.client.send(&request.any_status()).map_err(helped)?;
        Ok(Some(answer).filter(|answer| (200..300).contains(&answer.status)))
    }

    /// Sends a write.
    pub(super) fn write(&self, request: Request, body: Option<&Value>) -> Result<Answer, crate::http::Error> {
        self.client.send(&match body {
            Some(body) => request.body(body),
            None => request,
        })
    }

    /// Reads a page of the list at `path`, which may have a query.
    pub(super) fn page(&self, path: &str, next: &Next) -> Result<Answer> {
        let url = match next {
            Next::Page(number) => {
                let mark = if path.contains('?') { '&' } else { '?' };
                // Without `page` some versions ignore the limit (fact 3).
                let (name, size) = if self.dialect.is_github() { ("per_page", PER_PAGE) } else { ("limit", LIMIT) };
                self.base.join(&format!("{path}{mark}{name}={size}&page={number}"))?
            }
            Next::At(url) => url.clone(),
        };
        let answer = match self.client.send(&self.dressed(Method::Get, url.clone())) {
            Ok(answer) => answer,
            Err(error) => match self.halves(&url, &error)? {
                Some(answer) => answer,
                None => return Err(helped(error)),
            },
        };
        // Null is an empty list (fact 8).
        if !matches!(answer.body.trim_ascii_start().first(), Some(b'[' | b'n')) {
            bail!("{}: expected a list, found something else; check the address", crate::http::display(&answer.url));
        }
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        let of_list = came.entry(path.to_owned()).or_default();
        *of_list += answer.body.len() as u64;
        if *of_list > LIST_BYTES {
            bail!(
                "{path}: the pages of this list have more than {LIST_BYTES} bytes in all, which is the most that is read"
            );
        }
        Ok(answer)
    }

    /// The page that `Link` says comes after this one, and whether there is any `Link` at all.
    ///
    /// # Errors
    /// It leads to another host: the token does not go there. It leads to the page that it stands on.
    pub(super) fn next(&self, answer: &Answer) -> Result<Option<Next>> {
        let (next, same) = if self.dialect.is_github() {
            let next = answer.link("next").map_err(elsewhere)?;
            let same = next.as_ref() == Some(&answer.url);
            (next.map(Next::At), same)
        } else {
            // Made from the public address, not from the one called: only the number counts (fact 6).
            let next = answer.page("next");
            (next.map(Next::Page), next.is_some() && next == page_number(&answer.url))
        };
        if same {
            bail!("{ENDLESS}: a page of it says that it comes after itself");
        }
        Ok(next)
    }

    /// Reads a list page by page to its end. `page` says how many entries an answer holds and how
    /// many of them are new.
    pub(super) fn walk(
        &self,
        path: &str,
        ends: Ends,
        page: impl FnMut(&Answer) -> Result<(usize, usize)>,
    ) -> Result<()> {
        self.walk_at_once(path, ends, 1, page)
    }

    /// As [`Api::walk`], with the pages that the first one announces read on several threads.
    pub(super) fn walk_at_once(
        &self,
        path: &str,
        ends: Ends,
        threads: usize,
        mut page: impl FnMut(&Answer) -> Result<(usize, usize)>,
    ) -> Result<()> {
        let (mut next, mut number, mut seen, mut repeats) = (Next::Page(1), 1, 0, 0);
        let mut ready = PagesAhead::default();
        while number <= PAGES {
            let at = match &next {
                Next::Page(number) => Some(*number),
                Next::At(url) => page_number(url),
            };
            let answer = at.and_then(|at| ready.remove(&at)).unwrap_or_else(|| self.page(path, &next))?;
            let (entries, new) = page(&answer)?;
            if number == 1 && ends == Ends::AtTotal {
                ready = self.announced(path, &answer, entries as u64, threads)?;
            }
            seen += entries as u64;
            repeats = if entries > 0 && new == 0 { repeats + 1 } else { 0 };
            number += 1;
            next = if self.dialect.is_github() || answer.header("link").is_some() {
                match self.next(&answer)? {
                    Some(_) if repeats >= REPEATS => break,
                    Some(next) => next,
                    None => return Ok(()),
                }
            } else {
                let total = answer.number("x-total-count").filter(|_| ends == Ends::AtTotal);
                // Every page of a list without pages is the whole of it (fact 4).
                if entries == 0 || new == 0 || total.is_some_and(|total| seen >= total) {
                    return Ok(());
                }
                Next::Page(number)
            };
        }
        bail!("{path}: this list never ends: page {} repeats what came before; report it to the forge", number - 1)
    }
}

/// What is said of a page that is elsewhere.
pub(super) fn elsewhere(to: Elsewhere) -> anyhow::Error {
    anyhow!("another page is said to be at {to}, which is another host; give that host's address if it is right")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_their_part_of_a_path() {
        assert_eq!(part("Kind/Bug & x?#é"), "Kind%2FBug%20%26%20x%3F%23%C3%A9");
        assert_eq!(parts("rules/a b.yaml").as_deref(), Some("rules/a%20b.yaml"));
        for bad in ["", "/x", "a//b", "../x", "a/.", "a/"] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
