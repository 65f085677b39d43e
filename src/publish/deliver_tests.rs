//! Deliveries to a server of this process.
//!
//! Takes: canned answers. Gives: what was sent, what is said of it, what a second run does.

#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::{DeliveryOutcome, DeliveryProgress, Publication, Sink, WebhookShape, send};
use crate::http::test_server::{Server, TestAnswer, json};
use crate::http::{Client, Config, Secret};

pub(super) fn client() -> Client {
    let base_wait = Duration::from_millis(1);
    let longest_wait = Duration::from_secs(2);
    Client::new(Config { base_wait, longest_wait, proxies: false, ..Config::default() }).unwrap()
}

pub(super) fn report(markdown: &str) -> Publication {
    Publication {
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
fn canned(answers: Vec<TestAnswer>) -> Server {
    let next = AtomicUsize::new(0);
    Server::start(move |_| {
        let nth = next.fetch_add(1, Ordering::Relaxed);
        answers.get(nth).or(answers.last()).unwrap().clone()
    })
}

fn hook(server: &Server, shape: WebhookShape) -> Sink {
    Sink::webhook(&Secret::new(&format!("{}/hooks/hushedpart", server.url)), shape).unwrap()
}

fn once(sink: &Sink, markdown: &str, progress: &mut DeliveryProgress) -> DeliveryOutcome {
    send(sink, &report(markdown), &client(), progress, &mut |_| Ok(()))
}

#[test]
fn each_shape_says_the_report_in_its_own_way() {
    let mut bodies = String::new();
    for shape in [WebhookShape::Generic, WebhookShape::Slack, WebhookShape::Discord, WebhookShape::Ntfy] {
        let server = canned(vec![json(204, "")]);
        let markdown = "# T\n\n**bold** & <!channel> &lt;!channel&gt; @everyone [a](https://h.example/1)\n";
        let outcome = once(&hook(&server, shape), markdown, &mut DeliveryProgress::default());
        assert!(outcome.complete(), "{outcome}");
        let seen = server.requests();
        assert_eq!(seen.len(), 1);
        bodies.push_str(&format!("{} {}\n{}\n", shape.name(), seen[0].line(), seen[0].body));
    }
    insta::assert_snapshot!(bodies);
}

#[test]
fn a_long_report_goes_in_parts_that_each_shape_takes() {
    let markdown = "- **word** & `code` 🦀 [link](https://h.example/x)\n".repeat(200);
    for (shape, member, most) in [
        (WebhookShape::Slack, "text", 4_000),
        (WebhookShape::Discord, "content", 2_000),
        (WebhookShape::Ntfy, "message", 4_000),
    ] {
        let server = canned(vec![json(200, "{}")]);
        let outcome = once(&hook(&server, shape), &markdown, &mut DeliveryProgress::default());
        assert!(outcome.complete() && outcome.parts > 2 && outcome.sent == outcome.parts, "{outcome}");
        for (nth, seen) in server.requests().iter().enumerate() {
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
    let mut progress = DeliveryProgress::default();
    assert!(once(&hook(&server, WebhookShape::Slack), "a", &mut progress).complete());
    let again = once(&hook(&server, WebhookShape::Slack), &"another text ".repeat(900), &mut progress);
    assert_eq!((again.sent, again.before, again.complete()), (0, 1, true));
    assert_eq!(again.to_string(), "slack webhook at 127.0.0.1: nothing to send, the report was sent before");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(once(&hook(&server, WebhookShape::Discord), "a", &mut progress).sent, 1);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_changed_report_begins_anew_and_says_so() {
    let server = canned(vec![json(200, ""), json(400, ""), json(200, "")]);
    let sink = hook(&server, WebhookShape::Discord);
    let mut progress = DeliveryProgress::default();
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
        let sink = hook(&server, WebhookShape::Generic);
        let mut progress = DeliveryProgress::default();
        let outcome = once(&sink, "a", &mut progress);
        assert_eq!((outcome.sent, &outcome.unknown[..]), (0, &[1][..]), "{answer:?} {outcome}");
        assert!(outcome.to_string().contains("nobody knows whether part 1 arrived"), "{outcome}");
        let outcome = once(&sink, "a", &mut progress);
        assert_eq!((outcome.sent, outcome.complete(), server.requests().len()), (0, false, 1), "{outcome}");
    }
    let to = vec![("location", "/elsewhere".to_owned())];
    let refused = [(307, to, String::new()), json(404, "no_service"), json(500, "{\"message\": \"it broke\"}")];
    for answer in refused {
        let server = canned(vec![answer.clone(), json(200, "{}")]);
        let sink = hook(&server, WebhookShape::Generic);
        let mut progress = DeliveryProgress::default();
        let outcome = once(&sink, "a", &mut progress);
        assert!(outcome.unknown.is_empty() && outcome.error.is_some(), "{answer:?} {outcome}");
        assert!(once(&sink, "a", &mut progress).complete());
        assert_eq!(server.lines(), ["POST /hooks/hushedpart"; 2]);
    }
}

#[test]
fn what_cannot_be_kept_is_not_sent() {
    let server = canned(vec![json(200, "{}")]);
    let sink = hook(&server, WebhookShape::Slack);
    let keep = &mut |_: &DeliveryProgress| Err(anyhow::anyhow!("the disk is full"));
    let outcome = send(&sink, &report("a"), &client(), &mut DeliveryProgress::default(), keep);
    assert!(outcome.error.unwrap().ends_with("the disk is full"));
    assert!(server.requests().is_empty());
}

#[test]
fn a_run_that_was_killed_while_it_sent_leaves_the_part_unknown() {
    let server = canned(vec![json(200, "{}")]);
    let sink = hook(&server, WebhookShape::Discord);
    let text = "word ".repeat(900);
    let mut kept = Vec::new();
    let mut progress = DeliveryProgress::default();
    send(&sink, &report(&text), &client(), &mut progress, &mut |progress| {
        kept.push(serde_json::to_string(progress)?);
        Ok(())
    });
    // As the second part was on its way.
    let mut progress: DeliveryProgress = serde_json::from_str(&kept[1]).unwrap();
    assert_eq!((progress.sent, progress.sending), (1, Some(2)));
    let outcome = once(&sink, &text, &mut progress);
    assert_eq!((outcome.before, outcome.sent, &outcome.unknown[..]), (1, 1, &[2][..]), "{outcome}");
    assert_eq!(server.requests().len(), 4);
}

#[test]
fn secrets_are_not_repeated_whatever_the_server_says() {
    let server = canned(vec![json(404, "{\"message\": \"no route /hooks/hushedpart\"}")]);
    let outcome = once(&hook(&server, WebhookShape::Slack), "a", &mut DeliveryProgress::default());
    let error = outcome.error.clone().unwrap();
    assert_eq!(error, "POST 127.0.0.1: answered 404 Not Found (no route /hooks/…)");
    assert!(!format!("{outcome:?} {outcome}").contains("hushedpart"));
    // Nobody listens there.
    let sink = Sink::webhook(&Secret::new("http://127.0.0.1:1/hooks/hushedpart"), WebhookShape::Slack).unwrap();
    let outcome = once(&sink, "a", &mut DeliveryProgress::default());
    assert!(outcome.unknown.is_empty() && !format!("{outcome:?}").contains("hushedpart"), "{outcome:?}");
}

#[test]
fn an_empty_report_is_not_sent() {
    let server = canned(vec![json(200, "{}")]);
    let mut report = report(" <!-- nothing --> ");
    report.title.clear();
    let outcome = send(
        &hook(&server, WebhookShape::Slack),
        &report,
        &client(),
        &mut DeliveryProgress::default(),
        &mut |_| Ok(()),
    );
    assert_eq!(outcome.error.as_deref(), Some("the report is empty"));
    assert!(server.requests().is_empty());
}
