//! The three dialects against canned answers.
//!
//! Takes: answers as real servers give them, the recorded ones among them. Gives: what was asked
//! of the server and what was made of it.

#![allow(clippy::unwrap_used)]

mod addresses;
mod backlog;
mod connecting;
mod happened;
mod people;
mod preflight;
mod reading;
mod writing;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{ConnectOptions, Remote, Tokens, connect};
use crate::forge::{Forge, ItemKind, States};
use crate::http::test_server::{Server, TestAnswer, TestRequest, json};
use crate::http::{Config, Credential, Secret, Url};

/// A client that waits for nothing.
fn config() -> Config {
    let base_wait = Duration::from_millis(1);
    Config {
        base_wait,
        secondary_wait: base_wait,
        longest_wait: Duration::from_secs(1),
        proxies: false,
        ..Config::default()
    }
}

/// A token for the forge at this address.
fn token(url: &str) -> Tokens {
    Tokens::from(Url::parse(url).ok().map(|url| Credential::new(Secret::new("s3cret"), &url)))
}

/// An empty list's or any other answer without headers.
fn ok(body: &str) -> TestAnswer {
    json(200, body)
}

/// An answer with a header.
fn with(mut canned: TestAnswer, name: &'static str, value: &str) -> TestAnswer {
    canned.1.push((name, value.to_owned()));
    canned
}

/// What every server of a kind answers, before the test's own answers are asked for.
fn usual(seen: &TestRequest, version: &str) -> Option<TestAnswer> {
    let path = seen.path.trim_start_matches("/api/v1").trim_start_matches("/api/v3");
    Some(match path {
        "/version" => ok(&format!("{{\"version\": \"{version}\"}}")),
        "/user" => ok(r#"{"id": 3, "login": "kaizen-bot"}"#),
        "/repos/a/b" => ok(r#"{"full_name": "a/b", "has_issues": true, "permissions": {"push": true}}"#),
        _ => return None,
    })
}

/// A Gitea with the repository `a/b`; `answer` gives what is below it, by path without the API's
/// part.
fn gitea(answer: impl Fn(&TestRequest, &str) -> TestAnswer + Send + Sync + 'static) -> (Server, Remote) {
    let server = Server::start(move |seen| {
        usual(seen, "1.26.4").unwrap_or_else(|| answer(seen, seen.path.trim_start_matches("/api/v1/repos/a/b/")))
    });
    let remote = remote(&format!("{}/api/v1", server.url));
    (server, remote)
}

/// A GitHub Enterprise with the repository `a/b`.
fn github(answer: impl Fn(&TestRequest, &str) -> TestAnswer + Send + Sync + 'static) -> (Server, Remote) {
    let server = Server::start(move |seen| {
        usual(seen, "").unwrap_or_else(|| answer(seen, seen.path.trim_start_matches("/api/v3/repos/a/b/")))
    });
    let remote = remote(&format!("{}/api/v3", server.url));
    (server, remote)
}

fn remote(url: &str) -> Remote {
    let ask = ConnectOptions {
        url: url.to_owned(),
        tokens: token(url),
        repos: vec!["a/b".to_owned()],
        http: config(),
        ..ConnectOptions::default()
    };
    connect(ask).unwrap()
}

/// Every item of the first repository as `kind number`, in the list's order; and what it came to.
fn all(forge: &Remote, states: States, threads: usize) -> (Vec<String>, Result<Vec<String>, String>) {
    let pages = Mutex::new(Vec::new());
    let listed = forge.items(0, states, threads, &|place, items| {
        let shown: Vec<String> = items.iter().map(|item| format!("{} {}", item.kind.name(), item.number)).collect();
        pages.lock().unwrap().push((place, shown));
    });
    let mut pages = pages.into_inner().unwrap();
    pages.sort();
    assert!(listed.is_err() || pages.iter().map(|page| page.0).eq(0..pages.len()));
    let items: Vec<String> = pages.into_iter().flat_map(|page| page.1).collect();
    (items, listed.map(|listed| listed.unreadable).map_err(|error| format!("{error:#}")))
}

/// The value of a parameter of a path.
fn parameter(path: &str, name: &str) -> Option<String> {
    let (_, query) = path.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")).map(str::to_owned))
}

/// Something that changes while it is read.
fn shared<T>(value: T) -> Arc<Mutex<T>> {
    Arc::new(Mutex::new(value))
}
