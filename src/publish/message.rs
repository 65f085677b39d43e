//! One message, sent.
//!
//! Takes: a part of a report, or the whole of it. Gives: what became of it: it arrived, it did not
//! and why, or nobody knows.

use serde_json::{Value, json};

use crate::http::{Client, Error, Method, Request, SecretUrl};

use super::Publication;
use super::sink::{Chat, WebhookShape};
use super::split::MessagePart;
use super::write::JOINER;

/// What became of a message.
#[derive(Debug)]
pub(super) enum MessageFate {
    /// It arrived; its number, where the server gave one.
    Arrived(Option<i64>),
    /// The server does not take it for its markup.
    Unreadable(String),
    /// It did not arrive. Says why.
    Refused(String),
    /// It may have arrived. Says how that came.
    Unknown(String),
}

/// Sends a part to Telegram; `formatted`: with its markup.
pub(super) fn telegram(
    client: &Client,
    url: &SecretUrl,
    chat: &Chat,
    part: &MessagePart,
    formatted: bool,
) -> MessageFate {
    let chat = match chat {
        Chat::Number(number) => json!(number),
        Chat::Name(name) => json!(name),
    };
    let mut body = json!({"chat_id": chat, "text": part.plain, "link_preview_options": {"is_disabled": true}});
    if formatted {
        body["text"] = json!(part.text);
        body["parse_mode"] = json!("HTML");
    }
    match client.send(&Request::to_secret(Method::Post, url).body(&body)) {
        Ok(answer) => {
            let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            if said["ok"] == json!(true) {
                MessageFate::Arrived(said["result"]["message_id"].as_i64())
            } else {
                MessageFate::Unknown(format!("POST {url}: answered {} without saying that it is sent", answer.status))
            }
        }
        Err(error) if unreadable(&error) => MessageFate::Unreadable(error.to_string()),
        // Its own words say that it is not sent; a gateway in between has none.
        Err(error) => fate(&error, |_| true),
    }
}

/// Sends one message to a webhook.
pub(super) fn webhook(client: &Client, url: &SecretUrl, body: &Value) -> MessageFate {
    match client.send(&Request::to_secret(Method::Post, url).body(body)) {
        Ok(_) => MessageFate::Arrived(None),
        // A gateway may have words of its own.
        Err(error) => fate(&error, |status| !matches!(status, 502 | 504)),
    }
}

/// The body that a webhook gets for a part; for the shape that takes a report as a whole, of that.
pub(super) fn body(report: &Publication, shape: WebhookShape, topic: &str, text: &str) -> Value {
    match shape {
        WebhookShape::Generic => json!({
            "title": quiet(&report.title), "text": quiet(&report.text), "markdown": quiet(&report.markdown),
            "key": report.key,
            "job": report.job, "generated_at": report.generated_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            "report": report.json,
        }),
        WebhookShape::Slack => json!({"text": text, "unfurl_links": false, "unfurl_media": false}),
        // 4: without previews of what is linked.
        WebhookShape::Discord => json!({"content": text, "allowed_mentions": {"parse": []}, "flags": 4}),
        WebhookShape::Ntfy => json!({"topic": topic, "title": quiet(&report.title), "message": text}),
    }
}

/// A text in which no service finds a name to call, whichever way it writes them: `@name`,
/// `<!channel>`. A comment of HTML stays one.
fn quiet(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        out.push(c);
        let rest = &text[at + c.len_utf8()..];
        let calls = c == '@' || c == '<' && rest.starts_with('!') && !rest.starts_with("!--");
        if calls && !rest.starts_with(JOINER) {
            out.push(JOINER);
        }
    }
    out
}

fn unreadable(error: &Error) -> bool {
    error.status() == Some(400) && error.to_string().contains("can't parse entities")
}

/// What became of a message that was not accepted. A failure of the server that it explains itself
/// is a refusal, where `trusted` says so of its status.
fn fate(error: &Error, trusted: impl Fn(u16) -> bool) -> MessageFate {
    let explained = error.explained() && error.status().is_some_and(trusted);
    if error.may_have_landed() && !explained {
        MessageFate::Unknown(error.to_string())
    } else {
        MessageFate::Refused(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_by_a_quiet_text() {
        let text = "@all a@b <!channel> <@U1> <!-- marker --> @\u{2060}x";
        let expected = "@¦all a@¦b <¦!channel> <@¦U1> <!-- marker --> @¦x";
        assert_eq!(quiet(text), expected.replace('¦', "\u{2060}"));
    }
}
