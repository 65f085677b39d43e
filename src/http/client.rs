//! Sending, waiting and sending again.
//!
//! Takes: a [`Config`] and requests, from any thread. Gives: an answer of status 2xx, or an
//! [`Error`]. What may be repeated is repeated after a failure that may pass; a refusal by a limit
//! is waited for, whatever the request, because the server has not acted on it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use reqwest::blocking;

use super::address::Url;
use super::answer::Answer;
use super::config::Config;
use super::error::{self, Error, ErrorKind, span};
use super::limit;
use super::once::{chain, follow, host, once, unusable};
use super::request::Request;
use super::tls;

/// The longest wait between two tries that no server asked for.
const LONGEST_STEP: Duration = Duration::from_secs(30);
/// A wait looks this often whether the run is to end.
const LOOK: Duration = Duration::from_millis(50);

/// What was sent so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestCounts {
    /// Requests sent, repeated ones and redirects included.
    pub requests: u64,
    /// How many of them were repetitions.
    pub retries: u64,
}

/// The client. One serves all threads; connections are kept open between requests.
#[derive(Debug)]
pub struct Client {
    inner: blocking::Client,
    config: Config,
    requests: AtomicU64,
    retries: AtomicU64,
    /// Hosts that asked to be left alone, until when: one answer tells all threads.
    closed: Mutex<HashMap<String, Instant>>,
}

/// How far one request has come.
#[derive(Default)]
struct RequestProgress {
    /// Tries that were not refused by a limit.
    tries: u32,
    /// Refusals by a limit.
    limits: u32,
    waited: Duration,
    /// A try was lost that may have landed.
    doubt: bool,
}

impl Client {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    /// TLS or a proxy cannot be set up; a sentence.
    pub fn new(config: Config) -> Result<Client, String> {
        let mut builder = blocking::Client::builder()
            .tls_backend_preconfigured(tls::config()?)
            .user_agent(concat!("kaizen/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(config.connect)
            .timeout(config.read)
            .tcp_nodelay(true);
        if !config.proxies {
            builder = builder.no_proxy();
        }
        let inner = builder.build().map_err(|error| format!("the HTTP client cannot be set up: {}", chain(error)))?;
        Ok(Client { inner, config, requests: AtomicU64::new(0), retries: AtomicU64::new(0), closed: Mutex::default() })
    }

    /// What was sent so far.
    #[must_use]
    pub fn counts(&self) -> RequestCounts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RequestCounts { requests: read(&self.requests), retries: read(&self.retries) }
    }

    /// Tells people something, as waits are told.
    pub fn say(&self, what: &str) {
        (self.config.say)(what);
    }

    /// Sends a request and reads the answer to its end. The status is 2xx, or any where the request
    /// asked for that.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    pub fn send(&self, request: &Request) -> Result<Answer, Error> {
        let mut progress = RequestProgress::default();
        let result = self.tries(request, &mut progress);
        result.map_err(|kind| Error {
            method: request.method.name(),
            url: request.display.clone(),
            kind,
            doubt: progress.doubt,
        })
    }

    fn tries(&self, request: &Request, progress: &mut RequestProgress) -> Result<Answer, ErrorKind> {
        let mut url = request.url.clone();
        let mut hops = 0;
        loop {
            self.wait_for_host(&url)?;
            self.requests.fetch_add(1, Ordering::Relaxed);
            let tried = once(&self.inner, &self.config, request, &url);
            progress.tries += 1;
            let last = progress.tries >= self.config.tries.max(1);
            let (kind, asked) = match tried {
                // Whatever the status, but for what says "not now".
                Ok(answer) if (200..300).contains(&answer.status) || request.any_status && !passes(&answer) => {
                    match unusable(request, &answer) {
                        None => return Ok(answer),
                        Some(kind) => (kind, None),
                    }
                }
                Ok(answer) if matches!(answer.status, 301 | 302 | 303 | 307 | 308) => {
                    url = follow(request, &url, &answer, hops)?;
                    hops += 1;
                    progress.tries -= 1;
                    continue;
                }
                Ok(answer) => {
                    if let Some(limit) = limit::limit(&answer) {
                        progress.tries -= 1;
                        progress.limits += 1;
                        self.limited(request, &url, answer.status, &limit, progress)?;
                        continue;
                    }
                    let kind = ErrorKind::Status { status: answer.status, message: error::message(request, &answer) };
                    if !passes(&answer) {
                        return Err(kind);
                    }
                    (kind, limit::retry_after(&answer))
                }
                Err(kind) => (kind, None),
            };
            let again = match &kind {
                // Nothing of it was sent: once more does no harm, whatever it is.
                ErrorKind::NotSent(why) => !why.contains("certificate"),
                ErrorKind::Lost(_) | ErrorKind::Status { .. } => {
                    progress.doubt |= !request.reads();
                    request.repeatable
                }
                _ => false,
            };
            if !again || last {
                return Err(kind);
            }
            let wait = asked.unwrap_or_else(|| self.step(self.config.base_wait, progress.tries));
            if progress.waited.saturating_add(wait) > self.config.longest_wait {
                return Err(kind);
            }
            progress.waited += wait;
            let what = match &kind {
                ErrorKind::Status { status, .. } => format!("answered {status}"),
                ErrorKind::NotSent(_) => "cannot be reached".to_owned(),
                _ => "broke off its answer".to_owned(),
            };
            self.say(&format!("waiting {}: {} {what}", span(wait), host(&url)));
            self.pause(Instant::now() + wait)?;
            self.retries.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits for the end of a limit, as far as it is worth it (facts 60, 72, 73).
    fn limited(
        &self,
        request: &Request,
        url: &Url,
        status: u16,
        limit: &limit::RateLimit,
        progress: &mut RequestProgress,
    ) -> Result<(), ErrorKind> {
        let base = if limit.secondary { self.config.secondary_wait } else { self.config.base_wait };
        let wait = limit.wait.unwrap_or_else(|| base.saturating_mul(1 << (progress.limits - 1).min(10)));
        let longest = self.config.longest_wait;
        if progress.waited.saturating_add(wait) > longest || progress.limits >= self.config.tries.max(1) {
            return Err(ErrorKind::Limited { status, wait: limit.wait, longest });
        }
        progress.waited += wait;
        self.say(&format!(
            "waiting {}: {} limits requests ({} {status})",
            span(wait),
            host(url),
            request.method.name()
        ));
        // A moment more, and not the same for all: who waited together shall not come back so.
        let until = Instant::now() + wait + self.config.base_wait.mul_f64(fastrand::f64() / 4.0);
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).insert(host(url), until);
        self.retries.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Waits until a host that asked for it may be called again.
    fn wait_for_host(&self, url: &Url) -> Result<(), ErrorKind> {
        let until = self.closed.lock().unwrap_or_else(PoisonError::into_inner).get(&host(url)).copied();
        until.map_or(Ok(()), |until| self.pause(until))
    }

    /// The wait before the next try: doubled each time, half of it by chance.
    fn step(&self, base: Duration, tries: u32) -> Duration {
        let whole = base.saturating_mul(1 << (tries.max(1) - 1).min(10)).min(LONGEST_STEP);
        whole.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    fn pause(&self, until: Instant) -> Result<(), ErrorKind> {
        loop {
            if self.config.stopped.load(Ordering::Relaxed) {
                return Err(ErrorKind::Stopped);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(LOOK));
        }
    }
}

/// Whether an answer says that the same request may do better later.
fn passes(answer: &Answer) -> bool {
    matches!(answer.status, 502..=504) || limit::limit(answer).is_some()
}
