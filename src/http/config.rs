//! How the client behaves.
//!
//! Takes: nothing. Gives: [`Config`] with its defaults, which tests make small.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::error::span;

/// How the client behaves.
#[derive(Clone)]
pub struct Config {
    /// The longest way to a connection.
    pub connect: Duration,
    /// The longest silence of a server.
    pub read: Duration,
    /// The longest that one try takes in all.
    pub whole: Duration,
    /// Tries of one request, the first included; at least 1. Refusals by a limit are counted apart,
    /// up to as many.
    pub tries: u32,
    /// The wait before the second try; it doubles from there.
    pub base_wait: Duration,
    /// The wait after a limit that says neither how long nor when (fact 73); it doubles too.
    pub secondary_wait: Duration,
    /// The longest that one request waits for limits in all.
    pub longest_wait: Duration,
    /// Bytes of a body, unpacked, that are read.
    pub largest_body: u64,
    /// Proxies named by the environment are used.
    pub proxies: bool,
    /// Told of every wait, from any thread.
    pub say: Arc<dyn Fn(&str) + Send + Sync>,
    /// Set from outside to end waits: what waits then fails.
    pub stopped: Arc<AtomicBool>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(30),
            whole: Duration::from_secs(120),
            tries: 5,
            base_wait: Duration::from_secs(1),
            secondary_wait: Duration::from_secs(60),
            longest_wait: Duration::from_secs(15 * 60),
            largest_body: 32 * 1024 * 1024,
            proxies: true,
            say: Arc::new(|_| {}),
            stopped: Arc::default(),
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Config({} tries, {} at most)", self.tries, span(self.longest_wait))
    }
}
