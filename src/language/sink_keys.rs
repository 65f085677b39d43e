//! The keys of `publish.sinks`.
//!
//! Takes: nothing, these are tables. Gives: the same as [`keys`](super::keys), for where a report goes.

use super::keys::{KeyShape, KeySpec, may, must, words};

/// The kinds of sinks.
pub(super) const SINKS: [&str; 5] = ["issue", "telegram", "webhook", "file", "step_summary"];

pub(super) const SHAPES: [(&str, &str); 4] =
    [("generic", "generic"), ("slack", "slack"), ("discord", "discord"), ("ntfy", "ntfy")];
const SHAPE_WORDS: [&str; 4] = words(&SHAPES);

const VARIABLE: KeyShape = KeyShape::Like("^[A-Z][A-Z0-9_]*$");

pub(super) const SINK: [KeySpec; 6] = [
    must("id", KeyShape::Text, "What messages and the memory of a run call it."),
    may("issue", KeyShape::Map(&SINK_ISSUE), "A comment on an issue, one a day."),
    may("telegram", KeyShape::Map(&TELEGRAM), "A chat of Telegram."),
    may("webhook", KeyShape::Map(&WEBHOOK), "An address that takes JSON."),
    may("file", KeyShape::Map(&SINK_FILE), "A file, replaced as a whole."),
    may("step_summary", KeyShape::Flag, "The summary of the CI job."),
];

pub(super) const SINK_ISSUE: [KeySpec; 5] = [
    may("repo", KeyShape::Like("^[^/]+/[^/]+$"), "Its repository; absent: the one that is looked at."),
    may("number", KeyShape::Whole(1), "Its number, whoever opened it; absent: it is one that Kaizen has opened."),
    may("label", KeyShape::Text, "The label it carries: the newest open one counts."),
    may("title", KeyShape::Text, "How its title begins, where none carries the label."),
    may("create", KeyShape::Flag, "It is created where there is none."),
];

pub(super) const TELEGRAM: [KeySpec; 4] = [
    must("token_env", VARIABLE, "The variable that holds the bot's token."),
    may("chat", KeyShape::Any(&[KeyShape::Text, KeyShape::Whole(i64::MIN)]), "The chat: its number or @name."),
    may("chat_env", VARIABLE, "The variable that holds the chat."),
    may("api_env", VARIABLE, "The variable that holds the address of a Bot API server of your own."),
];

pub(super) const WEBHOOK: [KeySpec; 2] = [
    must("url_env", VARIABLE, "The variable that holds the address, which is a secret."),
    may("shape", KeyShape::Word(&SHAPE_WORDS), "What the server understands; generic if absent."),
];

pub(super) const SINK_FILE: [KeySpec; 1] = [must(
    "path",
    KeyShape::Text,
    "Below `reports/` in the loop's folder; its ending says what is written: .md, .json or text.",
)];
