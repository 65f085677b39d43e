//! A report brought to a place, part by part.
//!
//! Takes: a sink, a report, what an earlier run of the same report has left. Gives: an [`DeliveryOutcome`].
//! The parts go in order, the next only when the one before is there. A message cannot be sent again
//! by the way: where an answer is lost, the part may be there, and it is said to be unknown and not
//! sent again. So that this holds for a run that is killed, what is about to be sent is kept before.

use std::fmt;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::engine::digest;
use crate::http::Client;

use super::message::{self, MessageFate};
use super::sink::{Channel, Sink};
use super::split::{MessagePart, parts};
use super::write::Markup;
use super::{Publication, local};

/// How far one report has come to one place. The caller keeps it, one a sink.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryProgress {
    /// Of the report.
    pub key: String,
    /// A digest of the place.
    pub to: String,
    /// A digest of the parts.
    pub digest: String,
    /// How many there are.
    pub parts: usize,
    /// How many need not be sent any more, from the first.
    pub sent: usize,
    /// Numbers that the server gave them, as far as it does.
    pub message_ids: Vec<i64>,
    /// Parts, from 1, of which nobody knows whether they arrived.
    pub unknown: Vec<usize>,
    /// The part, from 1, that was being sent when this was kept.
    pub sending: Option<usize>,
}

impl DeliveryProgress {
    /// The report of this key need not be sent any more.
    #[must_use]
    pub fn done(&self) -> bool {
        self.parts > 0 && self.sent >= self.parts
    }

    /// What an earlier run left of this report, as far as it goes on; says what was left behind.
    fn resume(&mut self, new: DeliveryProgress) -> Option<String> {
        let same = self.key == new.key && self.to == new.to;
        if same && let Some(part) = self.sending.take() {
            // It was killed while it sent this part.
            self.unknown.push(part);
            self.sent = self.sent.max(part);
        }
        if same && (self.done() || self.digest == new.digest) {
            return None;
        }
        let left = (same && self.sent > 0).then(|| {
            format!("the report has changed since its first {} of {} parts; sent anew", self.sent, self.parts)
        });
        *self = new;
        left
    }
}

/// What became of a report in one place. Prints as one sentence without secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryOutcome {
    /// The place, for people.
    pub sink: String,
    /// Messages that the report is.
    pub parts: usize,
    /// How many of them earlier runs sent.
    pub before: usize,
    /// How many of them this run sent.
    pub sent: usize,
    /// Parts, from 1, that were sent without their markup, because it was refused.
    pub as_plain: Vec<usize>,
    /// Parts, from 1, of which nobody knows whether they arrived.
    pub unknown: Vec<usize>,
    /// Why it is not whole.
    pub error: Option<String>,
    /// What else is to be said.
    pub note: Option<String>,
}

impl DeliveryOutcome {
    /// All of it arrived, in this run or before.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.error.is_none() && self.unknown.is_empty()
    }
}

impl fmt::Display for DeliveryOutcome {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DeliveryOutcome { sink, parts, before, sent, .. } = self;
        let there = before + sent;
        match (&self.error, sent) {
            (None, 0) => write!(to, "{sink}: nothing to send, the report was sent before")?,
            (None, _) if *parts == 1 => write!(to, "{sink}: delivered")?,
            (None, _) if *before > 0 => write!(to, "{sink}: delivered, {parts} parts, the first {before} before")?,
            (None, _) => write!(to, "{sink}: delivered, {parts} parts")?,
            (Some(error), _) if *parts > 1 => {
                write!(to, "{sink}: {there} of {parts} parts sent, then failed: {error}")?
            }
            (Some(error), _) => write!(to, "{sink}: not delivered: {error}")?,
        }
        if !self.as_plain.is_empty() {
            write!(to, "; without formatting, because it was refused: part {}", list(&self.as_plain))?;
        }
        if !self.unknown.is_empty() {
            let parts = list(&self.unknown);
            write!(to, "; nobody knows whether part {parts} arrived, and it is not sent again")?;
        }
        self.note.iter().try_for_each(|note| write!(to, "; {note}"))
    }
}

fn list(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

/// Brings a report to a place. `progress` is what an earlier call left, or the default; `keep` is
/// told of each change that the next run must know, before it is needed: what it cannot keep is not
/// sent. Limits that the server sets are waited for as far as the client does, which says so.
pub fn send(
    sink: &Sink,
    report: &Publication,
    client: &Client,
    progress: &mut DeliveryProgress,
    keep: &mut dyn FnMut(&DeliveryProgress) -> Result<()>,
) -> DeliveryOutcome {
    let mut outcome = DeliveryOutcome { sink: sink.to_string(), parts: 1, ..DeliveryOutcome::default() };
    let done = match &sink.0 {
        Channel::File { path, folder } => local::replace(path, folder, report).map(|()| true),
        Channel::Summary(path) => local::append(path, report),
        Channel::Telegram { .. } | Channel::Webhook { .. } => {
            return deliver(sink, report, client, progress, keep, outcome);
        }
    };
    match done {
        Ok(true) => outcome.sent = 1,
        Ok(false) => outcome.error = Some("it was cut to what the runner takes".to_owned()),
        Err(error) => outcome.error = Some(format!("{error:#}")),
    }
    outcome
}

fn deliver(
    sink: &Sink,
    report: &Publication,
    client: &Client,
    progress: &mut DeliveryProgress,
    keep: &mut dyn FnMut(&DeliveryProgress) -> Result<()>,
    mut outcome: DeliveryOutcome,
) -> DeliveryOutcome {
    let parts = match sink.messages() {
        Some((markup, limit)) => parts(&report.rich(markup != Markup::Plain), markup, limit),
        None => vec![MessagePart { text: String::new(), plain: report.markdown.clone() }],
    };
    if parts.is_empty() {
        outcome.error = Some("the report is empty".to_owned());
        return outcome;
    }
    let texts: Vec<&str> = parts.iter().flat_map(|part| [part.text.as_str(), part.plain.as_str()]).collect();
    let new = DeliveryProgress {
        key: report.key.clone(),
        to: sink.place(),
        digest: digest(&texts.join("\0")),
        parts: parts.len(),
        ..DeliveryProgress::default()
    };
    outcome.note = progress.resume(new);
    outcome.parts = progress.parts;
    outcome.before = progress.sent - progress.unknown.len().min(progress.sent);
    let mut kept = Ok(());
    // What is done stays so, whatever the report says by now.
    let due = if progress.done() { 0 } else { parts.len() };
    for (nth, part) in parts.iter().enumerate().take(due).skip(progress.sent) {
        progress.sending = Some(nth + 1);
        kept = keep(progress);
        let fate = if kept.is_ok() { post(sink, report, client, part, nth + 1, &mut outcome) } else { break };
        match fate {
            MessageFate::Arrived(number) => {
                progress.message_ids.extend(number);
                progress.sent = nth + 1;
                outcome.sent += 1;
            }
            MessageFate::Unknown(why) => {
                progress.unknown.push(nth + 1);
                progress.sent = nth + 1;
                outcome.error = Some(why);
            }
            MessageFate::Refused(why) | MessageFate::Unreadable(why) => outcome.error = Some(why),
        }
        if outcome.error.is_some() {
            break;
        }
    }
    progress.sending = None;
    outcome.unknown.clone_from(&progress.unknown);
    if let Err(error) = kept.and_then(|()| keep(progress)) {
        let failed = outcome.error.take().map(|earlier| format!("{earlier}; ")).unwrap_or_default();
        outcome.error = Some(format!("{failed}how far it came cannot be kept, so no more is sent: {error:#}"));
    }
    outcome
}

/// Sends a part, without its markup where that is refused.
fn post(
    sink: &Sink,
    report: &Publication,
    client: &Client,
    part: &MessagePart,
    number: usize,
    outcome: &mut DeliveryOutcome,
) -> MessageFate {
    match &sink.0 {
        Channel::Telegram { url, chat } => match message::telegram(client, url, chat, part, true) {
            MessageFate::Unreadable(why) => {
                let fate = message::telegram(client, url, chat, part, false);
                if let MessageFate::Arrived(_) = fate {
                    outcome.as_plain.push(number);
                    client
                        .say(&format!("{sink}: part {number} goes without formatting, because it was refused: {why}"));
                }
                fate
            }
            fate => fate,
        },
        Channel::Webhook { url, shape, topic } => {
            message::webhook(client, url, &message::body(report, *shape, topic, &part.text))
        }
        Channel::File { .. } | Channel::Summary(_) => MessageFate::Refused("it takes no messages".to_owned()),
    }
}
