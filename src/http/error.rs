//! Why a request has no answer that can be used.
//!
//! Takes: what was seen of a request. Gives: [`Error`], a sentence for people and, for the writer,
//! whether the request may have landed all the same.

use std::fmt;
use std::time::Duration;

use super::answer::Answer;
use super::request::Request;
use crate::secrets;

/// Characters of a server's own message that are shown.
const MESSAGE: usize = 300;

/// What is shown of a page.
const PAGE: &str = "a web page";

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// No connection was made: the server has not seen the request. Says why.
    NotSent(String),
    /// The connection or the answer broke off: nobody knows what became of the request. Says how.
    Lost(String),
    /// The server answered with a status that is no success. `message` is its own, cut, without
    /// control characters; it may be empty and is not to be trusted.
    Status {
        /// The status.
        status: u16,
        /// What the server said of it.
        message: String,
    },
    /// The server sends the request elsewhere, and it was not followed.
    Moved {
        /// The status.
        status: u16,
        /// The new address: the path alone where only that is new.
        to: String,
        /// Why it was not followed.
        why: &'static str,
    },
    /// The server's limit on requests lasts longer than is waited. The request was not acted on.
    Limited {
        /// The status.
        status: u16,
        /// How long the server asks to wait, where it says.
        wait: Option<Duration>,
        /// The longest wait that is kept.
        longest: Duration,
    },
    /// The body is larger than this many bytes.
    TooLarge(u64),
    /// The body was still coming after this long: asked for again, it would come no faster.
    TooSlow(Duration),
    /// A success that is no JSON where JSON was asked for. Says what it is.
    NotJson(String),
    /// The run was told to end while it waited to send this.
    Stopped,
    /// The request cannot be made at all. Says why.
    Unsendable(String),
}

/// Why a request has no answer that can be used. Prints as one sentence without secrets.
#[derive(Debug, Clone)]
pub struct Error {
    pub(super) method: &'static str,
    /// The address as it may be shown.
    pub(super) url: String,
    /// What went wrong at last.
    pub kind: ErrorKind,
    /// An earlier try of the same request was lost.
    pub(super) doubt: bool,
}

impl Error {
    /// The server's status, where it gave one that says what happened.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self.kind {
            ErrorKind::Status { status, .. } => Some(status),
            _ => None,
        }
    }

    /// The server says of the failure what it is: it comes from the program that was called, not
    /// from what stands before it.
    #[must_use]
    pub fn explained(&self) -> bool {
        matches!(&self.kind, ErrorKind::Status { message, .. } if !message.is_empty() && message != PAGE)
    }

    /// A write may have been carried out: the answer was lost, or the server failed in the middle.
    #[must_use]
    pub fn may_have_landed(&self) -> bool {
        self.doubt
            || match &self.kind {
                ErrorKind::Lost(_) | ErrorKind::TooLarge(_) | ErrorKind::TooSlow(_) | ErrorKind::NotJson(_) => true,
                ErrorKind::Status { status, .. } => *status >= 500,
                // To the page of a login, or to what was made: a forge that moved something answers otherwise.
                ErrorKind::Moved { status: 302 | 303, .. } => true,
                ErrorKind::NotSent(_)
                | ErrorKind::Moved { .. }
                | ErrorKind::Limited { .. }
                | ErrorKind::Stopped
                | ErrorKind::Unsendable(_) => false,
            }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} {}", self.method, self.url)?;
        match &self.kind {
            ErrorKind::NotSent(why) => {
                write!(to, ": no connection: {why}; check the address, the network and the proxy")
            }
            ErrorKind::Lost(how) => write!(to, ": {how}; run this again later"),
            ErrorKind::Status { status, message } => {
                write!(to, ": answered {status}{}", name(*status))?;
                if message.is_empty() { Ok(()) } else { write!(to, " ({message})") }
            }
            ErrorKind::Moved { status, to: new, why } => write!(to, ": answered {status}, moved to {new}; {why}"),
            ErrorKind::Limited { status, wait, longest } => {
                write!(to, ": answered {status}: the server's limit on requests is reached")?;
                match wait {
                    Some(wait) => write!(to, " and lasts {} more", span(*wait))?,
                    None => to.write_str(" and does not end")?,
                }
                let most = span(*longest);
                write!(to, "; {most} is the longest wait: run this again later, or with a token of a higher limit")
            }
            ErrorKind::TooLarge(most) => write!(to, ": the answer is larger than the {most} bytes that are read"),
            ErrorKind::TooSlow(most) => {
                write!(to, ": the answer was not complete within {}; run this again later", span(*most))
            }
            ErrorKind::NotJson(found) => write!(to, ": {found}"),
            ErrorKind::Stopped => to.write_str(": not sent, because this run was told to end"),
            ErrorKind::Unsendable(why) => write!(to, ": cannot be sent: {why}"),
        }
    }
}

/// A wait for people: `30 s`, `12 min 5 s`.
pub(super) fn span(wait: Duration) -> String {
    match wait.as_secs() {
        0 => format!("{} ms", wait.as_millis()),
        seconds @ 1..=119 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// ` Not Found` for 404.
fn name(status: u16) -> String {
    let status = reqwest::StatusCode::from_u16(status).ok();
    status.and_then(|status| status.canonical_reason()).map_or_else(String::new, |reason| format!(" {reason}"))
}

/// What the server says of its failure: `message` of a JSON body with what `errors` hold (facts
/// 50, 70), or the members that services which take messages have in its place; empty where there
/// is none (fact 51). What of the request's address is secret is left out.
pub(super) fn message(request: &Request, answer: &Answer) -> String {
    if answer.is_page() {
        return PAGE.to_owned();
    }
    let Ok(body) = serde_json::from_slice::<serde_json::Value>(&answer.body) else { return String::new() };
    let text = |value: &serde_json::Value, name: &str| {
        let text = value.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
        text.to_owned()
    };
    let said = ["message", "description", "error"].map(|name| text(&body, name));
    let mut said = said.into_iter().find(|said| !said.is_empty()).unwrap_or_default();
    for error in body.get("errors").and_then(serde_json::Value::as_array).into_iter().flatten().take(5) {
        let parts = [text(error, "resource"), text(error, "field"), text(error, "code"), text(error, "message")];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let line = error.as_str().map_or_else(|| parts.join(" "), str::to_owned);
        if !line.is_empty() {
            said.push_str(if said.is_empty() { "" } else { "; " });
            said.push_str(&line);
        }
    }
    plain(&secrets::hidden_text(&request.hide(&said)))
}

/// A stranger's text on one line of a bearable length.
pub(super) fn plain(text: &str) -> String {
    let mut out: String = text.chars().take(MESSAGE).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(MESSAGE).is_some() {
        out.push('…');
    }
    out.trim().to_owned()
}
