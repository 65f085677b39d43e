//! The one HTTP client: time-outs, retries, limits, redirects, secrets.
//!
//! Takes: a [`Config`] and [`Request`]s. Gives: [`Answer`]s, or an [`Error`] that tells what is
//! certain from what is not. Imports nothing of ours, reads no environment of its own (proxies are
//! the library's business) and never shows a token, a password or the query of an address that may
//! hold one.

mod address;
mod answer;
mod client;
#[cfg(test)]
mod client_tests;
mod config;
mod error;
mod limit;
mod once;
mod request;
mod secret;
#[cfg(test)]
pub mod test_server;
mod tls;

pub use address::{Elsewhere, Url, display, is_open, named_by, origin, page_number, same_origin};
pub use answer::Answer;
pub use client::{Client, RequestCounts};
pub use config::Config;
pub use error::{Error, ErrorKind};
pub use request::{Method, Request};
pub use secret::{Credential, Secret, SecretUrl};
