//! One try of a request.
//!
//! Takes: the connections, a request, where it goes now. Gives: the answer read to its end, of
//! whatever status, or what broke; and what an answer means: no JSON, sent elsewhere.

use std::io::Read;
use std::time::Instant;

use reqwest::blocking;
use reqwest::header::{HeaderName, HeaderValue};

use super::address::{Url, named_by};
use super::answer::Answer;
use super::config::Config;
use super::error::{self, ErrorKind, span};
use super::request::Request;

/// Redirects that one request follows.
const HOPS: u32 = 5;

/// One try.
pub(super) fn once(
    inner: &blocking::Client,
    config: &Config,
    request: &Request,
    url: &Url,
) -> Result<Answer, ErrorKind> {
    let method = reqwest::Method::from_bytes(request.method.name().as_bytes());
    let method = method.map_err(|error| ErrorKind::Unsendable(error.to_string()))?;
    let mut builder = inner.request(method, url.clone());
    let header = |name: &'static str, value: &str| {
        let value = HeaderValue::from_str(value).map_err(|_| {
            ErrorKind::Unsendable(format!("the value of its header `{name}` holds a line break or the like"))
        })?;
        Ok((HeaderName::from_static(name), value))
    };
    for (name, value) in &request.headers {
        let (name, value) = header(name, value)?;
        builder = builder.header(name, value);
    }
    if let Some((scheme, credential)) = &request.credential {
        let token = credential.token_for(url).map_err(ErrorKind::Unsendable)?;
        let (name, mut value) = header("authorization", &format!("{scheme} {}", token.reveal()))?;
        value.set_sensitive(true);
        builder = builder.header(name, value);
    }
    if let Some(body) = &request.body {
        builder = builder.body(body.clone());
    }
    let started = Instant::now();
    let mut response = builder.send().map_err(|error| {
        if error.is_builder() {
            ErrorKind::Unsendable(chain(error))
        } else if error.is_connect() {
            ErrorKind::NotSent(chain(error))
        } else if error.is_timeout() {
            ErrorKind::Lost(format!("no answer within {}", span(config.read)))
        } else {
            ErrorKind::Lost(format!("the connection broke off: {}", chain(error)))
        }
    })?;
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let most = config.largest_body;
    let mut body = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match response.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => body.extend_from_slice(buffer.get(..read).unwrap_or_default()),
            Err(error) => return Err(ErrorKind::Lost(format!("the answer broke off: {}", describe(error)))),
        }
        if body.len() as u64 > most {
            return Err(ErrorKind::TooLarge(most));
        }
        if started.elapsed() > config.whole {
            return Err(ErrorKind::TooSlow(config.whole));
        }
    }
    Ok(Answer { status, body, url: url.clone(), headers })
}

/// The host of an address, as messages name it.
pub(super) fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// Why a success cannot be used, where JSON was asked for.
pub(super) fn unusable(request: &Request, answer: &Answer) -> Option<ErrorKind> {
    if !request.json || answer.status == 204 {
        return None;
    }
    if answer.is_page() {
        let found =
            "answered with a web page, not JSON: this is the page of a login or a proxy, or no address of an API";
        return Some(ErrorKind::NotJson(format!("{found}; check the address and the token")));
    }
    let broken = serde_json::from_slice::<serde::de::IgnoredAny>(&answer.body).err()?;
    // A cut answer is as good as none: it is asked for again.
    Some(ErrorKind::Lost(format!(
        "answered {} with broken JSON of {} bytes: {broken}",
        answer.status,
        answer.body.len()
    )))
}

/// Where a redirect leads, if it may be followed (fact 56): reading, within the same origin.
pub(super) fn follow(request: &Request, url: &Url, answer: &Answer, hops: u32) -> Result<Url, ErrorKind> {
    let status = answer.status;
    let Some(target) = answer.header("location") else {
        let message = "a redirect without an address".to_owned();
        return Err(ErrorKind::Status { status, message });
    };
    let target = named_by(url, target);
    let moved = |why| {
        let to = match &target {
            _ if request.display == host(url) => "another address".to_owned(),
            Ok(target) => target.path().to_owned(),
            Err(elsewhere) => elsewhere.to_string(),
        };
        Err(ErrorKind::Moved { status, to: error::plain(&to), why })
    };
    if !request.reads() {
        return moved("nothing was written: a write is not sent on; use the new name");
    }
    if hops >= HOPS {
        return moved("it was sent on too often");
    }
    match target {
        Ok(target) => Ok(target),
        Err(_) => moved("another scheme, host or port is not followed with a token; give that address if it is right"),
    }
}

/// An error of the library with its causes, without the address.
pub(super) fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut said = Vec::new();
    let mut next: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = next {
        let words = error.to_string();
        if !said.last().is_some_and(|last: &String| last.ends_with(&words)) {
            said.push(words);
        }
        next = error.source();
    }
    error::plain(&said.join(": "))
}

fn describe(error: std::io::Error) -> String {
    match error.downcast::<reqwest::Error>() {
        Ok(error) => chain(error),
        Err(error) => error::plain(&error.to_string()),
    }
}
