//! What can go wrong between a client and a forge.
//!
//! Takes: which requests and what befalls them, or a seed. Gives: the trouble of each request.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use super::http::Response;

/// What befalls a request.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// The connection ends before the server has done anything.
    ResetBefore,
    /// The server does it, and the connection ends before it says so.
    ResetAfter,
    /// Another answer; nothing is done.
    Answer(Response),
    /// It is done, and another answer comes.
    Instead(Response),
    /// What asking for the same address would have said before comes as the answer, from a cache; with `done` it
    /// is done all the same.
    Cached { done: bool },
    /// It is done, and half of the answer comes: `Content-Length` says more.
    Truncated,
    /// It is done, and the JSON of the answer is cut, with the right length.
    CutJson,
    /// Every page has a next one: always the first page again, or with `fresh` always new ids.
    Endless { fresh: bool },
    /// It is done, this much later.
    Slow(Duration),
    /// The connection ends this much later, and the server has done nothing.
    Hang(Duration),
}

impl Trouble {
    fn answer(response: Response) -> Self {
        Trouble::Answer(response)
    }

    fn said(status: u16, message: &str) -> Response {
        let docs = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";
        Response::json(status, &json!({ "message": message, "documentation_url": docs }))
    }

    /// 429, with `Retry-After` as given: seconds, an HTTP date, or none (fact 60).
    pub fn too_many(retry_after: Option<&str>) -> Self {
        let response = Response::text(429, "text/plain", "Too Many Requests");
        Trouble::answer(match retry_after {
            Some(after) => response.with("Retry-After", after),
            None => response,
        })
    }

    /// GitHub's primary limit, as 403 (fact 72).
    pub fn primary_limit(reset: i64) -> Self {
        let response = Trouble::said(403, "API rate limit exceeded for installation ID 1.");
        Trouble::answer(
            response.with("x-ratelimit-remaining", 0).with("x-ratelimit-limit", 1000).with("x-ratelimit-reset", reset),
        )
    }

    /// GitHub's secondary limit, as 403: with `retry-after` or with the message only (fact 73).
    pub fn secondary_limit(retry_after: Option<u64>) -> Self {
        let response = Trouble::said(
            403,
            "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        );
        let response = response.with("x-ratelimit-remaining", 4000);
        Trouble::answer(match retry_after {
            Some(after) => response.with("Retry-After", after),
            None => response,
        })
    }

    pub fn status(status: u16) -> Self {
        Trouble::answer(Response::json(status, &json!({ "message": "" })))
    }

    /// A proxy that speaks for the server (fact 51).
    pub fn bad_gateway() -> Self {
        Trouble::answer(Response::text(
            502,
            "text/html",
            "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>",
        ))
    }

    /// A login page where JSON was expected.
    pub fn login_page() -> Self {
        Trouble::answer(Response::text(
            200,
            "text/html; charset=utf-8",
            "<!DOCTYPE html><html><title>Sign In</title><form></form></html>",
        ))
    }

    /// The token is no longer good.
    pub fn expired() -> Self {
        Trouble::answer(Response::json(401, &json!({ "message": "invalid username, password or token" })))
    }

    /// 403 without a word (fact 51).
    pub fn forbidden() -> Self {
        Trouble::answer(Response::empty(403))
    }

    /// To another host, which must not see the token (fact 6).
    pub fn redirect(to: &str) -> Self {
        Trouble::answer(Response::empty(302).with("Location", to))
    }
}

/// Which requests are troubled, and how. A path is one below the API's prefix; in a pattern `*` is
/// one part of it and `**` any rest.
#[derive(Debug, Clone)]
pub struct Fault {
    method: String,
    path: String,
    first: usize,
    last: usize,
    trouble: Trouble,
    seen: usize,
}

impl Fault {
    /// Every request of a method (`*` is any) and a path.
    pub fn on(method: &str, path: &str, trouble: Trouble) -> Self {
        Fault { method: method.to_owned(), path: path.to_owned(), first: 1, last: usize::MAX, trouble, seen: 0 }
    }

    /// Only the nth of them, from 1.
    pub fn nth(self, nth: usize) -> Self {
        Fault { first: nth, last: nth, ..self }
    }

    /// From the nth on.
    pub fn from(self, nth: usize) -> Self {
        Fault { first: nth, last: usize::MAX, ..self }
    }

    /// The first so many of them.
    pub fn times(self, times: usize) -> Self {
        Fault { last: self.first.saturating_add(times - 1), ..self }
    }
}

/// Whether a pattern of [`Fault`] fits a path.
pub fn fits(pattern: &str, path: &str) -> bool {
    fn parts(pattern: &[&str], path: &[&str]) -> bool {
        match (pattern, path) {
            ([], []) | (["**"], _) => true,
            ([first, pattern @ ..], [part, path @ ..]) => (*first == "*" || first == part) && parts(pattern, path),
            _ => false,
        }
    }
    parts(&pattern.split('/').collect::<Vec<_>>(), &path.split('/').collect::<Vec<_>>())
}

#[derive(Debug)]
struct Dice {
    rng: fastrand::Rng,
    permille: u32,
    kinds: Vec<Trouble>,
}

/// The troubles of a server.
#[derive(Debug, Default)]
pub struct Faults {
    set: Mutex<Vec<Fault>>,
    dice: Mutex<Option<Dice>>,
}

impl Faults {
    pub fn add(&self, fault: Fault) {
        self.set.lock().unwrap().push(fault);
    }

    pub fn clear(&self) {
        self.set.lock().unwrap().clear();
        *self.dice.lock().unwrap() = None;
    }

    pub fn random(&self, seed: u64, permille: u32, kinds: Vec<Trouble>) {
        *self.dice.lock().unwrap() = Some(Dice { rng: fastrand::Rng::with_seed(seed), permille, kinds });
    }

    /// What befalls this request. Each fault counts the requests that it is about.
    pub fn take(&self, method: &str, path: &str) -> Option<Trouble> {
        let mut found = None;
        for fault in self.set.lock().unwrap().iter_mut() {
            if (fault.method == "*" || fault.method == method) && fits(&fault.path, path) {
                fault.seen += 1;
                if (fault.first..=fault.last).contains(&fault.seen) && found.is_none() {
                    found = Some(fault.trouble.clone());
                }
            }
        }
        found.or_else(|| {
            let mut dice = self.dice.lock().unwrap();
            let dice = dice.as_mut()?;
            let hit = dice.rng.u32(0..1000) < dice.permille;
            hit.then(|| dice.kinds[dice.rng.usize(0..dice.kinds.len())].clone())
        })
    }
}
