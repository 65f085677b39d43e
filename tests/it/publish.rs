//! Reports to Telegram: whole, in order, once, whatever they hold and whatever goes wrong.
//!
//! Takes: a Telegram of this process that enforces the real one's limits. Gives: what a reader of
//! the chat sees, against what was to be said.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kaizen::http::{Client, Config, Secret};
use kaizen::publish::{DeliveryOutcome, DeliveryProgress, Publication, Sink, send};
use proptest::prelude::*;
use serde_json::json;

use crate::telegram::{CHAT, Fault, TOKEN, Telegram};

fn report(markdown: &str) -> Publication {
    Publication {
        job: "kaizen-retro".to_owned(),
        key: "retro-2026-11-20".to_owned(),
        title: String::new(),
        markdown: markdown.to_owned(),
        text: String::new(),
        json: json!({}),
        generated_at: "2026-11-20T08:00:00Z".parse().unwrap(),
    }
}

/// A client that waits at most this long, and what it says.
fn client(longest_wait: Duration) -> (Client, Arc<Mutex<Vec<String>>>) {
    let told = Arc::<Mutex<Vec<String>>>::default();
    let own = Arc::clone(&told);
    let say = Arc::new(move |text: &str| own.lock().unwrap().push(text.to_owned()));
    let config = Config { base_wait: Duration::from_millis(1), longest_wait, proxies: false, say, ..Config::default() };
    (Client::new(config).unwrap(), told)
}

fn publish(telegram: &Telegram, markdown: &str, progress: &mut DeliveryProgress) -> DeliveryOutcome {
    let sink = Sink::telegram(&Secret::new(TOKEN), &CHAT.to_string(), Some(&telegram.url())).unwrap();
    send(&sink, &report(markdown), &client(Duration::from_secs(5)).0, progress, &mut |_| Ok(()))
}

/// A report of more than 40,000 characters, and what a reader is to see of it.
fn long() -> (String, String) {
    let (mut markdown, mut text) = (String::new(), String::new());
    let mut line = |md: &str, seen: &str| {
        markdown.push_str(md);
        text.push_str(seen);
    };
    line("# Retrospective 🦀 2026\\_11\\_20\n\n", "Retrospective 🦀 2026_11_20\n\n");
    for n in 0..300 {
        let md = format!(
            "- **#{n}** [fix \\_the\\_ \\[parser\\] 🧵](https://git.example/a/b/issues/{n}?x=1&y={n}) `snake_{n} < *b*` _late_ & on\n"
        );
        line(&md, &format!("• #{n} fix _the_ [parser] 🧵 snake_{n} < *b* late & on\n"));
    }
    line(&format!("\n{}\n\n", "👩‍🚀word_".repeat(1_000)), &format!("\n{}\n\n", "👩‍🚀word_".repeat(1_000)));
    line("| Repository | Closed |\n|---|--:|\n| a/b | 3 |\n\n", "Repository  Closed\na/b         3\n\n");
    for n in 0..500 {
        let md = format!("Paragraph {n} says \\*nothing\\* much, **twice {n} over**.\n\n");
        line(&md, &format!("Paragraph {n} says *nothing* much, twice {n} over.\n\n"));
    }
    line(
        &format!("```rust\n{}```\n", "    let a = b < c && d > e;\n".repeat(300)),
        &"    let a = b < c && d > e;\n".repeat(300),
    );
    (markdown, text)
}

#[test]
fn a_report_of_forty_thousand_characters_arrives_whole_and_in_order() {
    let (markdown, text) = long();
    assert!(markdown.chars().count() > 40_000 && text.lines().any(|line| line.chars().count() > 7_000));
    let telegram = Telegram::start();
    let mut progress = DeliveryProgress::default();
    let outcome = publish(&telegram, &markdown, &mut progress);
    assert!(outcome.complete() && outcome.as_plain.is_empty(), "{outcome}");
    telegram.holds(1, &text);
    assert_eq!(telegram.messages().len(), outcome.parts);
    assert!(telegram.messages().iter().all(|message| message.formatted && message.chat == CHAT.to_string()));
    for (_, body) in telegram.log() {
        // Not even the markup exceeds the limit.
        assert!(body["text"].as_str().unwrap().encode_utf16().count() <= 4_096);
    }
    let kinds: Vec<String> =
        telegram.messages().into_iter().flat_map(|message| message.entities).map(|entity| entity.kind).collect();
    for kind in ["bold", "italic", "code", "pre", "text_link"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind}");
    }
    let ids: Vec<i64> = telegram.messages().iter().map(|message| message.id).collect();
    assert_eq!((progress.sent, progress.message_ids), (outcome.parts, ids));
}

#[test]
fn a_failure_at_part_3_resumes_at_part_3() {
    let (markdown, text) = long();
    let told = |code: u16, why: &str| {
        Fault::Answer(code, json!({"ok": false, "error_code": code, "description": why}).to_string())
    };
    for fault in [
        told(500, "Internal Server Error"),
        told(502, "Bad Gateway"),
        told(403, "Forbidden: bot was kicked from the supergroup chat"),
        told(400, "Bad Request: not enough rights to send text messages to the chat"),
        Fault::Limit { seconds: 3_600, header: true },
    ] {
        let telegram = Telegram::start();
        telegram.fail(3, fault.clone());
        let mut progress = DeliveryProgress::default();
        let first = publish(&telegram, &markdown, &mut progress);
        assert_eq!((first.sent, first.complete(), &first.unknown[..]), (2, false, &[][..]), "{fault:?} {first}");
        // Kept as a file between two runs.
        let mut progress: DeliveryProgress = serde_json::from_str(&serde_json::to_string(&progress).unwrap()).unwrap();
        let second = publish(&telegram, &markdown, &mut progress);
        assert_eq!((second.before, second.sent, second.complete()), (2, second.parts - 2, true), "{second}");
        telegram.holds(1, &text);
        let third = publish(&telegram, &markdown, &mut progress);
        assert_eq!((third.sent, third.complete()), (0, true), "{third}");
    }
}

#[test]
fn a_part_whose_answer_is_lost_is_unknown_and_arrives_once() {
    let (markdown, text) = long();
    for (fault, arrives) in [
        (Fault::LostAfter, true),
        (Fault::LostBefore, false),
        (Fault::Answer(504, "<html>Gateway Time-out</html>".to_owned()), false),
    ] {
        let telegram = Telegram::start();
        telegram.fail(3, fault);
        let mut progress = DeliveryProgress::default();
        let first = publish(&telegram, &markdown, &mut progress);
        assert_eq!((first.sent, &first.unknown[..]), (2, &[3][..]), "{first}");
        assert!(first.to_string().contains("nobody knows whether part 3 arrived"), "{first}");
        let second = publish(&telegram, &markdown, &mut progress);
        assert_eq!((second.sent, second.complete()), (second.parts - 3, false), "{second}");
        assert_eq!(telegram.messages().len(), second.parts - usize::from(!arrives));
        if arrives {
            telegram.holds(1, &text);
        }
    }
}

#[test]
fn a_limit_is_waited_for_and_told() {
    for header in [true, false] {
        let telegram = Telegram::start();
        telegram.fail(2, Fault::Limit { seconds: 1, header });
        let sink = Sink::telegram(&Secret::new(TOKEN), "@team", Some(&telegram.url())).unwrap();
        let (client, told) = client(Duration::from_secs(5));
        let markdown = "word ".repeat(1_000);
        let began = std::time::Instant::now();
        let outcome = send(&sink, &report(&markdown), &client, &mut DeliveryProgress::default(), &mut |_| Ok(()));
        assert!(outcome.complete(), "{outcome}");
        assert!(began.elapsed() >= Duration::from_secs(1));
        telegram.holds(1, &markdown);
        assert_eq!(*told.lock().unwrap(), ["waiting 1 s: 127.0.0.1 limits requests (POST 429)"]);
    }
}

#[test]
fn a_part_whose_markup_is_refused_goes_as_plain_text() {
    let telegram = Telegram::start();
    let why = "Bad Request: can't parse entities: Unsupported start tag \"b\" at byte offset 6";
    telegram.fail(2, Fault::Answer(400, json!({"ok": false, "error_code": 400, "description": why}).to_string()));
    let markdown = format!("**{}** [end](https://h.example/e)", "bold ".repeat(1_200).trim());
    let outcome = publish(&telegram, &markdown, &mut DeliveryProgress::default());
    assert!(outcome.complete(), "{outcome}");
    assert_eq!(outcome.as_plain, [2]);
    let messages = telegram.messages();
    assert_eq!(messages.iter().map(|message| message.formatted).collect::<Vec<_>>(), [true, false]);
    assert!(messages[1].text.ends_with("bold end (https://h.example/e)"), "{}", messages[1].text);
    telegram.holds(1, &format!("{} end (https://h.example/e)", "bold ".repeat(1_200)));
    let shown = outcome.to_string();
    assert!(shown.ends_with("delivered, 2 parts; without formatting, because it was refused: part 2"), "{shown}");
}

#[test]
fn the_token_shows_nowhere() {
    let telegram = Telegram::start();
    let echo = format!("Not Found: /bot{TOKEN}/sendMessage {TOKEN}");
    telegram.fail(1, Fault::Answer(404, json!({"ok": false, "error_code": 404, "description": echo}).to_string()));
    telegram.fail(1, Fault::LostBefore);
    let sink = Sink::telegram(&Secret::new(TOKEN), &CHAT.to_string(), Some(&telegram.url())).unwrap();
    let (client, told) = client(Duration::from_secs(5));
    let mut shown = format!("{sink} {sink:?} {client:?}");
    for _ in 0..2 {
        let mut progress = DeliveryProgress::default();
        let outcome = send(&sink, &report("a"), &client, &mut progress, &mut |_| Ok(()));
        assert!(!outcome.complete());
        write!(shown, "\n{outcome} {outcome:?} {progress:?} {}", serde_json::to_string(&progress).unwrap()).unwrap();
    }
    write!(shown, "{:?}", told.lock().unwrap()).unwrap();
    // What stands before the colon is the bot's public number.
    for part in ["AAE-x", "SecretOfTheBot"] {
        assert!(!shown.contains(part), "{shown}");
    }
    assert!(shown.contains("answered 404 Not Found (Not Found: /…:…/… 123456789:…)"), "{shown}");
    let wrong = Sink::telegram(&Secret::new("1:wrong"), &CHAT.to_string(), Some(&telegram.url())).unwrap();
    let outcome = send(&wrong, &report("a"), &client, &mut DeliveryProgress::default(), &mut |_| Ok(()));
    assert_eq!(outcome.error.as_deref(), Some("POST 127.0.0.1: answered 401 Unauthorized (Unauthorized)"));
}

/// Blocks of Markdown, and what a reader is to see of each.
fn blocks() -> impl Strategy<Value = Vec<(String, String)>> {
    let block = |md: &str, seen: &str| (md.to_owned(), seen.to_owned());
    let fixed = vec![
        block("## A \\_heading\\_ & <b>", "A _heading_ & "),
        block("- one **two _three_**\n- `four` ~~five~~\n", "• one two three\n• four five"),
        block("> quoted\n> \\[twice\\]", "│ quoted\n│ [twice]"),
        block("```\n<a> & **b**\n\n    c\n```", "<a> & **b**\n\n    c"),
        block("[**bold** link `code`](https://h.example/?a=1&b=\"2\")", "bold link code"),
        block("**bold `code` [x](https://h.example/y) more**", "bold code x more"),
        block("&lt;tag&gt; &amp;amp; \\`", "<tag> &amp; `"),
        // Two lists in a row would be one.
        block("First:\n\n1. a\n2. b", "First:\n\n1. a\n2. b"),
        block("# [all `in` *one*](https://h.example) ![i](https://h.example/i.png)", "all in one i"),
    ];
    let words = proptest::string::string_regex("[a-zé日🦀<>&\" ]{1,400}").unwrap().prop_map(|words| {
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let md: String =
            words.chars().map(|c| if c.is_ascii_punctuation() { format!("\\{c}") } else { c.into() }).collect();
        (format!("x{md}"), format!("x{words}"))
    });
    let word = (1usize..3_000, proptest::sample::select(vec!["a", "🦀", "👩‍🚀", "é", "\\_"]));
    let word = word.prop_map(|(times, what)| {
        (format!("**{}** x", what.repeat(times)), format!("{} x", what.replace('\\', "").repeat(times)))
    });
    let any = prop_oneof![6 => proptest::sample::select(fixed), 3 => words, 1 => word];
    proptest::collection::vec(any, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_part_is_valid_and_together_they_are_the_report(blocks in blocks()) {
        let telegram = Telegram::start();
        let markdown = blocks.iter().map(|(md, _)| md.as_str()).collect::<Vec<_>>().join("\n\n");
        let text = blocks.iter().map(|(_, seen)| seen.as_str()).collect::<Vec<_>>().join("\n\n");
        let outcome = publish(&telegram, &markdown, &mut DeliveryProgress::default());
        prop_assert!(outcome.complete() && outcome.as_plain.is_empty(), "{}", outcome);
        telegram.holds(1, &text);
    }
}
