//! Reports on their way to people, where that is no forge: Telegram, webhooks, files, the summary
//! of a CI job.
//!
//! Takes: a [`Publication`] and a [`Sink`], whose settings are checked. Gives: an [`DeliveryOutcome`] that says
//! what was delivered, what was not and what nobody knows, and a [`DeliveryProgress`] that the caller keeps,
//! so that a report which broke off goes on where it did and no part of it is sent twice. One sink
//! knows nothing of another. In reading order:
//!
//! - `sink` where a report goes; `deliver` how it gets there; `message` one message of it
//! - `convert` Markdown to `rich` text by a `builder`, with `table`, `chart` and `tags` in it
//! - `split` parts that a channel takes, `write` in its markup
//! - `local` files
//!
//! Sending is no write to a forge: what a report says on one goes through a plan.

mod builder;
mod chart;
mod convert;
#[cfg(test)]
mod convert_tests;
mod deliver;
#[cfg(test)]
mod deliver_tests;
mod local;
mod message;
mod rich;
mod sink;
mod split;
mod table;
mod tags;
mod write;

use chrono::{DateTime, Utc};

pub use deliver::{DeliveryOutcome, DeliveryProgress, send};
pub use sink::{Sink, TELEGRAM, WebhookShape};

/// What is published. Names, titles and the like in it are escaped for Markdown.
#[derive(Debug, Clone)]
pub struct Publication {
    /// The job that wrote it.
    pub job: String,
    /// One report a key is delivered to one place, once: `retro-2026-11-20`.
    pub key: String,
    /// One line, not escaped.
    pub title: String,
    /// For messages and the summary.
    pub markdown: String,
    /// For a terminal.
    pub text: String,
    /// For programs.
    pub json: serde_json::Value,
    /// When it was written.
    pub generated_at: DateTime<Utc>,
}

/// A report's Markdown as plain text for a terminal: what a message says when its markup is taken away, with tables
/// of so many columns at most. What keeps a forge from seeing a name or a link is not in it.
#[must_use]
pub fn plain(markdown: &str, widest: usize) -> String {
    let rich = convert::rich_within(markdown, widest);
    write::write(&rich, 0..rich.text.len(), write::Markup::Plain).replace(write::JOINER, "")
}

impl Publication {
    /// The text of its messages: where they have no other place for its title, that, unless the
    /// Markdown begins with it, and the Markdown.
    fn rich(&self, titled: bool) -> rich::Rich {
        let body = convert::rich(&self.markdown);
        let title = self.title.trim();
        if !titled || title.is_empty() || body.text.lines().next() == Some(title) {
            return body;
        }
        let mut builder = builder::Builder::default();
        builder.start(rich::RichStyle::Bold);
        builder.push(title);
        builder.end();
        builder.gap(2);
        builder.add(&body);
        builder.rich()
    }
}
