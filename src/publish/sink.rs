//! Where a report goes, with its settings checked.
//!
//! Takes: settings as rules and variables give them. Gives: a [`Sink`], or a sentence that says
//! what is wrong with a setting and never repeats one that may be a secret. A sink prints as what
//! it is and where it leads, without what would let a reader write there.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use crate::engine::digest;
use crate::http::{Secret, SecretUrl};

use super::split::{MessageLimit, utf16};
use super::write::Markup;

/// Telegram's own server of the Bot API.
pub const TELEGRAM: &str = "https://api.telegram.org";

/// What a webhook's server understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookShape {
    /// One JSON object with everything: `title`, `text`, `markdown`, `key`, `job`, `generated_at`,
    /// `report`. Bridges to Matrix take its `text`.
    Generic,
    /// `{"text"}` in Slack's mrkdwn; Mattermost and Rocket.Chat take it too.
    Slack,
    /// `{"content"}` in Discord's Markdown.
    Discord,
    /// `{"topic", "title", "message"}`; the address is the topic's, as one would subscribe to it.
    Ntfy,
}

impl WebhookShape {
    /// The shape that rules call so.
    ///
    /// # Errors
    /// None is called so; a sentence.
    pub fn named(name: &str) -> Result<WebhookShape, String> {
        let all = [WebhookShape::Generic, WebhookShape::Slack, WebhookShape::Discord, WebhookShape::Ntfy];
        let names = all.map(WebhookShape::name);
        let found = all.into_iter().find(|shape| shape.name() == name);
        found.ok_or_else(|| {
            format!("`{}` is no shape of a webhook; there are {}", name.escape_debug(), names.join(", "))
        })
    }

    /// Its name in rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            WebhookShape::Generic => "generic",
            WebhookShape::Slack => "slack",
            WebhookShape::Discord => "discord",
            WebhookShape::Ntfy => "ntfy",
        }
    }
}

/// A chat of Telegram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Chat {
    Number(i64),
    /// With its `@`.
    Name(String),
}

#[derive(Debug, Clone)]
pub(super) enum Channel {
    /// `url` is the method's, with the token in it.
    Telegram {
        url: SecretUrl,
        chat: Chat,
    },
    /// `topic` is of [`WebhookShape::Ntfy`] alone.
    Webhook {
        url: SecretUrl,
        shape: WebhookShape,
        topic: String,
    },
    /// A file and the folder that it lies below.
    File {
        path: PathBuf,
        folder: PathBuf,
    },
    Summary(PathBuf),
}

/// Where a report goes.
#[derive(Debug, Clone)]
pub struct Sink(pub(super) Channel);

impl Sink {
    /// A chat of Telegram: a number or an `@name`, of a bot with this token, by the server at `api`
    /// ([`TELEGRAM`] where there is none).
    ///
    /// # Errors
    /// A setting is none of the kind; a sentence.
    pub fn telegram(token: &Secret, chat: &str, api: Option<&str>) -> Result<Sink, String> {
        let (number, rest) = token.reveal().split_once(':').unwrap_or_default();
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        if !digits(number) || rest.is_empty() || !rest.chars().all(word) {
            return Err(
                "the token of the Telegram bot is none: one reads `123456:ABC-xyz`, as @BotFather gives it".into()
            );
        }
        let name = chat.strip_prefix('@').filter(|name| !name.is_empty() && name.chars().all(word));
        let chat = match (chat.parse(), name) {
            (Ok(number), _) if number != 0 => Chat::Number(number),
            (_, Some(_)) => Chat::Name(chat.to_owned()),
            _ => {
                let found = chat.escape_debug();
                return Err(format!(
                    "`{found}` is no chat of Telegram: give its number (`-1001234567890`) or its `@name`"
                ));
            }
        };
        let api = address(api.unwrap_or(TELEGRAM), "the address of the Telegram API")?;
        let mut url = api.reveal().clone();
        let path = format!("{}/bot{}/sendMessage", url.path().trim_end_matches('/'), token.reveal());
        url.set_path(&path);
        url.set_query(None);
        Ok(Sink(Channel::Telegram { url: SecretUrl::parse(url.as_str())?, chat }))
    }

    /// A webhook at an address that is a secret.
    ///
    /// # Errors
    /// The address is none, or what is written there could be read on the way; a sentence.
    pub fn webhook(url: &Secret, shape: WebhookShape) -> Result<Sink, String> {
        let url = address(url.reveal(), "the address of the webhook")?;
        if shape != WebhookShape::Ntfy {
            return Ok(Sink(Channel::Webhook { url, shape, topic: String::new() }));
        }
        // JSON goes to the server's root and names the topic.
        let mut root = url.reveal().clone();
        let path = root.path().trim_end_matches('/').to_owned();
        let (above, topic) = path.rsplit_once('/').unwrap_or_default();
        if topic.is_empty() {
            return Err("the address of the ntfy webhook ends in no topic: one reads `https://ntfy.sh/my-topic`".into());
        }
        root.set_path(&format!("{above}/"));
        Ok(Sink(Channel::Webhook { url: SecretUrl::parse(root.as_str())?, shape, topic: topic.to_owned() }))
    }

    /// A file that holds the last report: its JSON, its Markdown, or else its plain text, by the
    /// path's ending. The path is below `folder`, and no part of it may be a link when it is written.
    ///
    /// # Errors
    /// The path names no file, or leads out of `folder`; a sentence.
    pub fn file(path: &Path, folder: &Path) -> Result<Sink, String> {
        let shown = path.display();
        let leads_out = path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
        if path.file_name().is_none() || path.to_string_lossy().ends_with('/') {
            return Err(format!("`{shown}` is no path of a file"));
        }
        if leads_out {
            return Err(format!("`{shown}` leads out of {}: write it without `..` and `/`", folder.display()));
        }
        Ok(Sink(Channel::File { path: folder.join(path), folder: folder.to_owned() }))
    }

    /// The summary of a CI job: a file that its runner names, which reports are added to.
    #[must_use]
    pub fn summary(path: &Path) -> Sink {
        Sink(Channel::Summary(path.to_owned()))
    }

    /// Tells one place from another, without saying which it is.
    pub(super) fn place(&self) -> String {
        match &self.0 {
            // Not the token: a new one reaches the same chat.
            Channel::Telegram { url, chat } => digest(&format!("telegram {url} {chat:?}")),
            Channel::Webhook { url, shape, topic } => digest(&format!("{} {} {topic}", shape.name(), url.reveal())),
            Channel::File { path, .. } | Channel::Summary(path) => digest(&path.to_string_lossy()),
        }
    }

    /// How it writes, and how much one message holds; `None` for what takes a report as a whole.
    pub(super) fn messages(&self) -> Option<(Markup, MessageLimit)> {
        let bytes: fn(&str) -> usize = str::len;
        let (markup, most, size) = match &self.0 {
            // Telegram's limit is on the text without its markup; with it is surely within.
            Channel::Telegram { .. } => (Markup::Html, 4_096, utf16 as fn(&str) -> usize),
            Channel::Webhook { shape: WebhookShape::Discord, .. } => {
                (Markup::Discord, 2_000, utf16 as fn(&str) -> usize)
            }
            // Beyond it Slack cuts a message itself, markup or not.
            Channel::Webhook { shape: WebhookShape::Slack, .. } => (Markup::Slack, 4_000, utf16 as fn(&str) -> usize),
            // A longer message becomes a file beside an empty one.
            Channel::Webhook { shape: WebhookShape::Ntfy, .. } => (Markup::Plain, 4_000, bytes),
            _ => return None,
        };
        Some((markup, MessageLimit { most, size }))
    }
}

impl fmt::Display for Sink {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Channel::Telegram { chat: Chat::Number(number), .. } => write!(to, "Telegram chat {number}"),
            Channel::Telegram { chat: Chat::Name(name), .. } => write!(to, "Telegram chat {name}"),
            Channel::Webhook { url, shape: WebhookShape::Generic, .. } => write!(to, "webhook at {url}"),
            Channel::Webhook { url, shape, .. } => write!(to, "{} webhook at {url}", shape.name()),
            Channel::File { path, .. } => write!(to, "{}", path.display()),
            Channel::Summary(_) => to.write_str("the job's summary"),
        }
    }
}

/// An address that nobody can listen in on.
fn address(text: &str, what: &str) -> Result<SecretUrl, String> {
    if text.is_empty() {
        return Err(format!("{what} is empty"));
    }
    let url = SecretUrl::parse(text).map_err(|error| format!("{what} is not usable: {error}"))?;
    if url.is_open() {
        return Err(format!("{what} at {url} is http: a secret goes only over https, or to this machine"));
    }
    Ok(url)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TOKEN: &str = "123456:AAE-secret_part";

    #[test]
    fn settings_are_checked_and_secrets_not_repeated() {
        let telegram = |token: &str, chat, api| Sink::telegram(&Secret::new(token), chat, api).unwrap_err();
        let hook = |url: &str, shape| Sink::webhook(&Secret::new(url), shape).unwrap_err();
        let errors = [
            telegram("", "1", None),
            telegram("AAE-secret_part", "1", None),
            telegram("123456:AAE-secret_part/x", "1", None),
            telegram(TOKEN, "", None),
            telegram(TOKEN, "0", None),
            telegram(TOKEN, "team", None),
            telegram(TOKEN, "@te am", None),
            telegram(TOKEN, "1", Some("http://bots.example/")),
            telegram(TOKEN, "1", Some("secret_part")),
            hook("", WebhookShape::Generic),
            hook("http://hooks.example/secret_part", WebhookShape::Slack),
            hook("secret_part", WebhookShape::Discord),
            hook("https://ntfy.example/", WebhookShape::Ntfy),
            WebhookShape::named("teams").unwrap_err(),
            Sink::file(Path::new("reports/"), Path::new(".loop")).unwrap_err(),
            Sink::file(Path::new("../x.md"), Path::new(".loop")).unwrap_err(),
            Sink::file(Path::new("/etc/x.md"), Path::new(".loop")).unwrap_err(),
        ];
        let all = errors.join("\n");
        assert!(!all.contains("secret_part"), "{all}");
        insta::assert_snapshot!(all);
    }

    #[test]
    fn a_sink_prints_without_its_secrets() {
        let secret = Secret::new("https://u:pw@ntfy.example:8443/base/my-topic?auth=abcdef");
        let sinks = [
            Sink::telegram(&Secret::new(TOKEN), "-100123", None).unwrap(),
            Sink::telegram(&Secret::new(TOKEN), "@team", Some("http://localhost:8081/base/")).unwrap(),
            Sink::webhook(&secret, WebhookShape::Generic).unwrap(),
            Sink::webhook(&secret, WebhookShape::Ntfy).unwrap(),
            Sink::file(Path::new("reports/x.md"), Path::new(".loop")).unwrap(),
            Sink::summary(Path::new("/tmp/s")),
        ];
        let shown: Vec<String> = sinks.iter().map(Sink::to_string).collect();
        assert_eq!(
            shown,
            [
                "Telegram chat -100123",
                "Telegram chat @team",
                "webhook at ntfy.example",
                "ntfy webhook at ntfy.example",
                ".loop/reports/x.md",
                "the job's summary"
            ]
        );
        let debug = format!("{sinks:?}");
        assert!(!["AAE-secret_part", "abcdef", "pw@"].iter().any(|secret| debug.contains(secret)), "{debug}");
        let Channel::Telegram { url, .. } = &sinks[1].0 else { panic!() };
        assert_eq!(url.reveal().as_str(), format!("http://localhost:8081/base/bot{TOKEN}/sendMessage"));
        let Channel::Webhook { url, topic, .. } = &sinks[3].0 else { panic!() };
        assert_eq!(url.reveal().as_str(), "https://u:pw@ntfy.example:8443/base/?auth=abcdef");
        assert_eq!(topic, "my-topic");
    }

    #[test]
    fn every_shape_has_its_name() {
        for shape in [WebhookShape::Generic, WebhookShape::Slack, WebhookShape::Discord, WebhookShape::Ntfy] {
            assert_eq!(WebhookShape::named(shape.name()), Ok(shape));
        }
    }
}
