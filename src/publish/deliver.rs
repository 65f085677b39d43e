//! A report brought to a place, part by part.
//!
//! Takes: a sink, a report, what an earlier run of the same report has left. Gives: an [`Outcome`].
//! The parts go in order, the next only when the one before is there. A message cannot be sent again
//! by the way: where an answer is lost, the part may be there, and it is said to be unknown and not
//! sent again. So that this holds for a run that is killed, what is about to be sent is kept before.

use std::fmt;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::engine::digest;
use crate::http::Client;

use super::message::{self, Fate};
use super::sink::{Kind, Sink};
use super::split::{Part, parts};
use super::{Report, local};

/// How far one report has come to one place. The caller keeps it, one a sink.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
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

impl Progress {
    /// The report of this key need not be sent any more.
    #[must_use]
    pub fn done(&self) -> bool {
        self.parts > 0 && self.sent >= self.parts
    }

    /// What an earlier run left of this report, as far as it goes on; says what was left behind.
    fn resume(&mut self, new: Progress) -> Option<String> {
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
pub struct Outcome {
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

impl Outcome {
    /// All of it arrived, in this run or before.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.error.is_none() && self.unknown.is_empty()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { sink, parts, before, sent, .. } = self;
        let there = before + sent;
        match (&self.error, sent) {
            (None, 0) if *before > 0 => write!(to, "{sink}: nothing to send, the report was delivered before")?,
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
    report: &Report,
    client: &Client,
    progress: &mut Progress,
    keep: &mut dyn FnMut(&Progress) -> Result<()>,
) -> Outcome {
    let mut outcome = Outcome { sink: sink.to_string(), parts: 1, ..Outcome::default() };
    let done = match &sink.0 {
        Kind::File(path) => local::replace(path, report).map(|()| true),
        Kind::Summary(path) => local::append(path, report),
        Kind::Telegram { .. } | Kind::Webhook { .. } => return deliver(sink, report, client, progress, keep, outcome),
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
    report: &Report,
    client: &Client,
    progress: &mut Progress,
    keep: &mut dyn FnMut(&Progress) -> Result<()>,
    mut outcome: Outcome,
) -> Outcome {
    let parts = match sink.messages() {
        Some((markup, limit)) => parts(&report.rich(), markup, limit),
        None => vec![Part { text: String::new(), plain: report.markdown.clone() }],
    };
    if parts.is_empty() {
        outcome.error = Some("the report is empty".to_owned());
        return outcome;
    }
    let texts: Vec<&str> = parts.iter().flat_map(|part| [part.text.as_str(), part.plain.as_str()]).collect();
    let new = Progress {
        key: report.key.clone(),
        to: sink.place(),
        digest: digest(&texts.join("\0")),
        parts: parts.len(),
        ..Progress::default()
    };
    outcome.note = progress.resume(new);
    outcome.parts = progress.parts;
    outcome.before = progress.sent - progress.unknown.len().min(progress.sent);
    let mut kept = Ok(());
    for (nth, part) in parts.iter().enumerate().skip(progress.sent) {
        progress.sending = Some(nth + 1);
        kept = keep(progress);
        let fate = if kept.is_ok() { post(sink, report, client, part, nth + 1, &mut outcome) } else { break };
        match fate {
            Fate::Arrived(number) => {
                progress.message_ids.extend(number);
                progress.sent = nth + 1;
                outcome.sent += 1;
            }
            Fate::Unknown(why) => {
                progress.unknown.push(nth + 1);
                progress.sent = nth + 1;
                outcome.error = Some(why);
            }
            Fate::Refused(why) | Fate::Unreadable(why) => outcome.error = Some(why),
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
fn post(sink: &Sink, report: &Report, client: &Client, part: &Part, number: usize, outcome: &mut Outcome) -> Fate {
    match &sink.0 {
        Kind::Telegram { url, chat } => match message::telegram(client, url, chat, part, true) {
            Fate::Unreadable(why) => {
                let fate = message::telegram(client, url, chat, part, false);
                if let Fate::Arrived(_) = fate {
                    outcome.as_plain.push(number);
                    client
                        .say(&format!("{sink}: part {number} goes without formatting, because it was refused: {why}"));
                }
                fate
            }
            fate => fate,
        },
        Kind::Webhook { url, shape, topic } => {
            message::webhook(client, url, &message::body(report, *shape, topic, &part.text))
        }
        Kind::File(_) | Kind::Summary(_) => Fate::Refused("it takes no messages".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;
    use crate::http::test_server::{Canned, Server, json};
    use crate::http::{Config, Secret};
    use crate::publish::Shape;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    pub(in crate::publish) fn client() -> Client {
        let base_wait = Duration::from_millis(1);
        let longest_wait = Duration::from_secs(2);
        Client::new(Config { base_wait, longest_wait, proxies: false, ..Config::default() }).unwrap()
    }

    pub(in crate::publish) fn report(markdown: &str) -> Report {
        Report {
            job: "kaizen-retro".to_owned(),
            key: "retro-2026-11-20".to_owned(),
            title: "T".to_owned(),
            markdown: markdown.to_owned(),
            text: "t".to_owned(),
            json: serde_json::json!({"n": 1}),
            generated_at: "2026-11-20T08:00:00Z".parse().unwrap(),
        }
    }

    /// A server that gives these answers one after the other, then the last for ever.
    fn canned(answers: Vec<Canned>) -> Server {
        let next = AtomicUsize::new(0);
        Server::start(move |_| {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            answers.get(nth).or(answers.last()).unwrap().clone()
        })
    }

    fn hook(server: &Server, shape: Shape) -> Sink {
        Sink::webhook(&Secret::new(&format!("{}/hooks/s3cretpart", server.url)), shape).unwrap()
    }

    fn once(sink: &Sink, markdown: &str, progress: &mut Progress) -> Outcome {
        send(sink, &report(markdown), &client(), progress, &mut |_| Ok(()))
    }

    #[test]
    fn each_shape_says_the_report_in_its_own_way() {
        let mut bodies = String::new();
        for shape in [Shape::Generic, Shape::Slack, Shape::Discord, Shape::Ntfy] {
            let server = canned(vec![json(204, "")]);
            let markdown = "# T\n\n**bold** & <!channel> &lt;!channel&gt; @everyone [a](https://h.example/1)\n";
            let outcome = once(&hook(&server, shape), markdown, &mut Progress::default());
            assert!(outcome.complete(), "{outcome}");
            let seen = server.seen();
            assert_eq!(seen.len(), 1);
            bodies.push_str(&format!("{} {}\n{}\n", shape.name(), seen[0].line(), seen[0].body));
        }
        insta::assert_snapshot!(bodies);
    }

    #[test]
    fn a_long_report_goes_in_parts_that_each_shape_takes() {
        let markdown = "- **word** & `code` 🦀 [link](https://h.example/x)\n".repeat(200);
        for (shape, member, most) in
            [(Shape::Slack, "text", 4_000), (Shape::Discord, "content", 2_000), (Shape::Ntfy, "message", 4_000)]
        {
            let server = canned(vec![json(200, "{}")]);
            let outcome = once(&hook(&server, shape), &markdown, &mut Progress::default());
            assert!(outcome.complete() && outcome.parts > 2 && outcome.sent == outcome.parts, "{outcome}");
            for (nth, seen) in server.seen().iter().enumerate() {
                let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
                let text = body[member].as_str().unwrap();
                assert!(text.starts_with(&format!("({}/{})\n", nth + 1, outcome.parts)), "{text}");
                assert!(text.encode_utf16().count() <= most, "{}", text.len());
            }
        }
    }

    #[test]
    fn what_was_delivered_is_not_delivered_again_but_elsewhere_it_is() {
        let server = canned(vec![json(200, "{}")]);
        let mut progress = Progress::default();
        assert!(once(&hook(&server, Shape::Slack), "a", &mut progress).complete());
        let again = once(&hook(&server, Shape::Slack), "another text", &mut progress);
        assert_eq!((again.sent, again.before, again.complete()), (0, 1, true));
        assert_eq!(again.to_string(), "slack webhook at 127.0.0.1: nothing to send, the report was delivered before");
        assert_eq!(server.seen().len(), 1);
        assert_eq!(once(&hook(&server, Shape::Discord), "a", &mut progress).sent, 1);
        assert_eq!(server.seen().len(), 2);
    }

    #[test]
    fn a_changed_report_begins_anew_and_says_so() {
        let server = canned(vec![json(200, ""), json(400, ""), json(200, "")]);
        let sink = hook(&server, Shape::Discord);
        let mut progress = Progress::default();
        let text = "word ".repeat(900);
        let outcome = once(&sink, &text, &mut progress);
        assert_eq!((outcome.sent, outcome.complete(), progress.sent), (1, false, 1), "{outcome}");
        let outcome = once(&sink, &format!("{text}more"), &mut progress);
        assert_eq!((outcome.sent, outcome.complete()), (3, true), "{outcome}");
        assert!(outcome.note.unwrap().starts_with("the report has changed since its first 1 of 3 parts"));
    }

    #[test]
    fn a_lost_answer_is_unknown_and_the_part_not_sent_again() {
        // Lost, half an answer, a gateway without words, a redirect, a refusal, a server that says that it failed.
        let lost =
            [(0, vec![], String::new()), (1, vec![], String::new()), json(502, ""), json(504, "{\"message\": \"x\"}")];
        for answer in lost {
            let server = canned(vec![answer.clone(), json(200, "{}")]);
            let sink = hook(&server, Shape::Generic);
            let mut progress = Progress::default();
            let outcome = once(&sink, "a", &mut progress);
            assert_eq!((outcome.sent, &outcome.unknown[..]), (0, &[1][..]), "{answer:?} {outcome}");
            assert!(outcome.to_string().contains("nobody knows whether part 1 arrived"), "{outcome}");
            let outcome = once(&sink, "a", &mut progress);
            assert_eq!((outcome.sent, outcome.complete(), server.seen().len()), (0, false, 1), "{outcome}");
        }
        let to = vec![("location", "/elsewhere".to_owned())];
        let refused = [(307, to, String::new()), json(404, "no_service"), json(500, "{\"message\": \"it broke\"}")];
        for answer in refused {
            let server = canned(vec![answer.clone(), json(200, "{}")]);
            let sink = hook(&server, Shape::Generic);
            let mut progress = Progress::default();
            let outcome = once(&sink, "a", &mut progress);
            assert!(outcome.unknown.is_empty() && outcome.error.is_some(), "{answer:?} {outcome}");
            assert!(once(&sink, "a", &mut progress).complete());
            assert_eq!(server.lines(), ["POST /hooks/s3cretpart"; 2]);
        }
    }

    #[test]
    fn what_cannot_be_kept_is_not_sent() {
        let server = canned(vec![json(200, "{}")]);
        let sink = hook(&server, Shape::Slack);
        let keep = &mut |_: &Progress| Err(anyhow::anyhow!("the disk is full"));
        let outcome = send(&sink, &report("a"), &client(), &mut Progress::default(), keep);
        assert!(outcome.error.unwrap().ends_with("the disk is full"));
        assert!(server.seen().is_empty());
    }

    #[test]
    fn a_run_that_was_killed_while_it_sent_leaves_the_part_unknown() {
        let server = canned(vec![json(200, "{}")]);
        let sink = hook(&server, Shape::Discord);
        let text = "word ".repeat(900);
        let mut kept = Vec::new();
        let mut progress = Progress::default();
        send(&sink, &report(&text), &client(), &mut progress, &mut |progress| {
            kept.push(serde_json::to_string(progress)?);
            Ok(())
        });
        // As the second part was on its way.
        let mut progress: Progress = serde_json::from_str(&kept[1]).unwrap();
        assert_eq!((progress.sent, progress.sending), (1, Some(2)));
        let outcome = once(&sink, &text, &mut progress);
        assert_eq!((outcome.before, outcome.sent, &outcome.unknown[..]), (1, 1, &[2][..]), "{outcome}");
        assert_eq!(server.seen().len(), 4);
    }

    #[test]
    fn secrets_are_not_repeated_whatever_the_server_says() {
        let server = canned(vec![json(404, "{\"message\": \"no route /hooks/s3cretpart\"}")]);
        let outcome = once(&hook(&server, Shape::Slack), "a", &mut Progress::default());
        let error = outcome.error.clone().unwrap();
        assert_eq!(error, "POST 127.0.0.1: answered 404 Not Found (no route /hooks/…)");
        assert!(!format!("{outcome:?} {outcome}").contains("s3cretpart"));
        // Nobody listens there.
        let sink = Sink::webhook(&Secret::new("http://127.0.0.1:1/hooks/s3cretpart"), Shape::Slack).unwrap();
        let outcome = once(&sink, "a", &mut Progress::default());
        assert!(outcome.unknown.is_empty() && !format!("{outcome:?}").contains("s3cretpart"), "{outcome:?}");
    }

    #[test]
    fn an_empty_report_is_not_sent() {
        let server = canned(vec![json(200, "{}")]);
        let mut report = report(" <!-- nothing --> ");
        report.title.clear();
        let outcome = send(&hook(&server, Shape::Slack), &report, &client(), &mut Progress::default(), &mut |_| Ok(()));
        assert_eq!(outcome.error.as_deref(), Some("the report is empty"));
        assert!(server.seen().is_empty());
    }
}
