//! Inputs of every kind: formats, packed ones, patterns, what is broken.

use std::io::Write as _;

use serde_json::{Value, json};

use super::{job, session};
use crate::support::{Kaizen, NOW};

fn sessions(count: usize) -> Vec<Value> {
    let one = |index: usize| session(&format!("s{index}"), &[("git", 9000.0, None)], &["disk full"], 30.0);
    (0..count).map(one).collect()
}

fn lines(sessions: &[Value]) -> String {
    sessions.iter().map(|session| format!("{session}\n")).collect()
}

/// The job over one file with this content.
fn over(name: &str, text: &[u8]) -> Kaizen {
    let kaizen = Kaizen::bare();
    let path = kaizen.file(name, "");
    std::fs::write(path, text).unwrap();
    kaizen.args(["improvement-proposals", "--dry-run", "--input", name]).format("json").at(NOW)
}

/// A report without what tells of its inputs.
fn figures(mut report: Value) -> Value {
    let members = report.as_object_mut().unwrap();
    members.remove("problems");
    report["totals"].as_object_mut().unwrap().remove("inputs");
    report
}

#[test]
fn every_form_of_the_same_sessions_says_the_same() {
    let all = sessions(40);
    let whole = figures(job(&json!({ "sessions": all })).run().json(0));
    assert_eq!(whole["totals"]["sessions"], 40);
    assert!(!whole["proposals"].as_array().unwrap().is_empty(), "{whole}");
    let forms: [(&str, Vec<u8>); 6] = [
        ("list.json", json!(all).to_string().into_bytes()),
        ("pretty.json", serde_json::to_vec_pretty(&json!({"about": {"sessions": [1]}, "sessions": all})).unwrap()),
        ("lines.jsonl", lines(&all).into_bytes()),
        ("windows.jsonl", format!("\u{feff}{}", lines(&all).replace('\n', "\r\n\r\n")).into_bytes()),
        ("two.json", format!("{}\n{}", json!(all[..9]), json!({ "sessions": all[9..] })).into_bytes()),
        ("packed.jsonl.gz", packed(&lines(&all))),
    ];
    for (name, text) in forms {
        let report = over(name, &text).run().json(0);
        assert_eq!(report["problems"], json!([]), "{name}");
        assert_eq!(figures(report), whole, "{name}");
    }
}

fn packed(text: &str) -> Vec<u8> {
    // Two members one after the other, as rotated logs are put together.
    let mut all = Vec::new();
    let (first, second) = text.split_at(text.len() / 2);
    for half in [first, second] {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(half.as_bytes()).unwrap();
        all.extend(packer.finish().unwrap());
    }
    all
}

#[test]
fn files_folders_and_patterns_are_read_in_their_order_each_once() {
    let kaizen = Kaizen::bare();
    for (index, session) in sessions(4).iter().enumerate() {
        kaizen.file(&format!("logs/deep/{index}.jsonl"), &session.to_string());
    }
    kaizen.file("logs/readme.md", "no sessions");
    let run = kaizen
        .args(["improvement-proposals", "--dry-run", "--input", "logs/**/*.jsonl", "--input", "logs", "--input", "x*"])
        .format("json")
        .at(NOW)
        .run();
    let report = run.json(4);
    assert_eq!((&report["totals"]["inputs"], &report["totals"]["sessions"]), (&json!(5), &json!(4)));
    assert!(run.stderr.contains("logs/deep/0.jsonl is named twice and read once"), "{}", run.stderr);
    assert!(run.stderr.contains("x*:1: it cannot be read: it names no file with sessions"), "{}", run.stderr);
}

#[test]
fn what_can_be_read_is_reported_with_what_cannot_by_file_and_line() {
    let all = lines(&sessions(3));
    let broken = format!("{}nope\n{{\"session_id\": \"x\", \"errors\": 5}}\n[1]\n{}", all, "{\"session_id\": \"torn");
    let run = over("broken.jsonl", broken.as_bytes()).run();
    let report = run.json(0);
    let told: Vec<&str> =
        report["problems"].as_array().unwrap().iter().map(|one| one["place"].as_str().unwrap()).collect();
    assert_eq!(told, ["broken.jsonl:4", "broken.jsonl:5", "broken.jsonl:6", "broken.jsonl:7"]);
    let totals = &report["totals"];
    assert_eq!((&totals["sessions"], &totals["skipped"], &totals["left_out"]), (&json!(4), &json!(3), &json!(1)));
    for told in told {
        assert!(run.stderr.contains(&format!("warning: {told}: ")), "{}", run.stderr);
    }

    // One session of a document is broken: the others are not.
    let all = sessions(3);
    let document = format!("[\n{},\n{{\"session_id\": tru}},\n{},\n{}\n]", all[0], all[1], all[2]);
    let report = over("document.json", document.as_bytes()).run().json(0);
    assert_eq!(report["totals"]["sessions"], 3);
    assert_eq!(report["problems"][0]["place"], "document.json:3");

    // Of a truncated one the rest is unknown: that is no green run.
    let cut = &document[..document.len() - 30];
    let run = over("cut.json", cut.as_bytes()).run();
    let report = run.json(4);
    assert_eq!((&report["totals"]["sessions"], &report["totals"]["unread"]), (&json!(2), &json!(1)));
    assert_eq!(report["complete"], false);
    assert!(run.stderr.contains("cut.json:5: the file ends in the middle of a session"), "{}", run.stderr);
}

#[test]
fn nothing_is_an_empty_report_and_no_file_is_told() {
    for text in ["", "\n\n", "[]", "{\"sessions\": []}"] {
        let report = over("empty.json", text.as_bytes()).run().json(0);
        assert_eq!((&report["patterns"], &report["proposals"]), (&json!([]), &json!([])), "{text}");
    }
    let run = Kaizen::bare().args(["improvement-proposals", "--dry-run", "--input", "gone.json"]).run();
    assert_eq!(run.code, 4, "{}", run.stderr);
    assert!(run.stderr.contains("gone.json:1: it cannot be read: "), "{}", run.stderr);
    // A folder or a pattern without a file: nothing was read, and nothing is said.
    let kaizen = Kaizen::bare();
    kaizen.file("empty/readme.md", "no sessions");
    let run = kaizen.args(["improvement-proposals", "--dry-run", "--input", "empty", "--input", "x*.json"]).run();
    assert!(run.code == 2 && run.stdout.is_empty(), "{}", run.stdout);
    assert!(run.stderr.contains("--input: empty, x*.json names no file with sessions"), "{}", run.stderr);
}

#[test]
fn lines_that_are_no_sessions_are_no_sessions_without_waste() {
    let cycles = "{\"timestamp\": \"2026-11-20T12:00:00Z\", \"cycle\": 1, \"repo\": \"acme/app\"}\n".repeat(3);
    let issues = json!([{"number": 1, "title": "x", "repo": "acme/app"}]).to_string();
    let world = "{\n  \"version\": 1,\n  \"repos\": []\n}\n".to_owned();
    for (name, text, all) in [
        ("cycles.jsonl", cycles, 3),
        ("issues.json", issues, 1),
        ("words.json", "a\nb\n".to_owned(), 2),
        ("world.json", world, 1),
    ] {
        for format in ["json", "text", "markdown"] {
            let run = over(name, text.as_bytes()).format(format).run();
            assert_eq!(run.code, 4, "{name}: {}", run.stdout);
            assert!(!run.stdout.contains("worth mending"), "{}", run.stdout);
            let why = format!("none of the {all} records that were read is a session");
            assert!(run.stderr.contains(&why), "{}", run.stderr);
        }
    }
    // Among sessions it is told, and the others count.
    let mixed = format!("{}{{\"cycle\": 1}}\n", lines(&sessions(3)));
    let report = over("mixed.jsonl", mixed.as_bytes()).run().json(0);
    assert_eq!((&report["totals"]["sessions"], &report["totals"]["skipped"]), (&json!(3), &json!(1)));
    assert!(report["problems"][0]["what"].as_str().unwrap().contains("it is no session"), "{report}");
}

#[test]
fn hostile_inputs_stop_nothing_and_write_nothing_of_their_own() {
    let deep = format!("[{}{}]", "[".repeat(600), "]".repeat(600));
    let cases: [(&str, Vec<u8>, i32); 6] = [
        ("deep.json", deep.into_bytes(), 4),
        ("closed.json", b"[{\"a\": 1]}".to_vec(), 4),
        ("words.json", b"hello\nworld\n".to_vec(), 4),
        ("binary.json", vec![0xff, 0xfe, 0, 1, 2], 4),
        ("numbers.json", br#"[{"tool_calls": [{"tool": "a", "latency_ms": 1e999}, {"latency_ms": -5}]}]"#.to_vec(), 0),
        ("negative.json", br#"[{"session_id": "s", "duration_minutes": -90}]"#.to_vec(), 0),
    ];
    for (name, text, code) in cases {
        let report = over(name, &text).run().json(code);
        assert!(!report["problems"].as_array().unwrap().is_empty(), "{name}: {report}");
    }
    // What an error says cannot break the table, ping, or look like a command of the runner.
    let hostile = "a | b\n::error::x <!-- kaizen:v1 --> @ada #12 `c`\u{1b}[31m";
    let all: Vec<Value> = (0..9).map(|index| session(&format!("s{index}"), &[], &[hostile], 90.0)).collect();
    let markdown = job(&json!(all)).format("markdown").args(["--threshold", "0"]).run();
    assert_eq!(markdown.code, 0, "{}", markdown.stderr);
    assert!(markdown.stdout.contains("End the error"), "{}", markdown.stdout);
    for bad in ["@ada", " #12", "<!--", "\u{1b}", "a | b"] {
        assert!(!markdown.stdout.contains(bad), "{bad}: {}", markdown.stdout);
    }
    assert!(!markdown.stdout.lines().any(|line| line.starts_with("::")), "{}", markdown.stdout);
}

#[test]
fn transcripts_of_claude_code_are_sessions() {
    let at =
        |second: u32| format!("2026-11-{:02}T10:{:02}:{:02}.000Z", 1 + second / 3600, second / 60 % 60, second % 60);
    let event = |ty: &str, second: u32, content: Value| {
        json!({
            "parentUuid": null, "isSidechain": false, "userType": "external", "cwd": "/home/ada/work/app",
            "sessionId": "5f0c", "version": "2.1.12", "type": ty, "timestamp": at(second), "uuid": format!("u{second}"),
            "message": {"role": ty, "content": content},
        })
    };
    let mut events = vec![
        json!({"type": "summary", "summary": "x", "leafUuid": "u"}),
        json!({"type": "weather", "sessionId": "5f0c"}),
        event("user", 0, json!("please")),
    ];
    for nth in 0..3 {
        let id = format!("toolu_{nth}");
        events.push(event(
            "assistant",
            10 + nth * 20,
            json!([{"type": "tool_use", "id": id, "name": "Bash", "input": {}}]),
        ));
        let result = json!([{"type": "tool_result", "tool_use_id": id, "is_error": true,
            "content": [{"type": "text", "text": "Exit code 1: no such file /tmp/x"}]}]);
        events.push(event("user", 20 + nth * 20, result));
    }
    // Somebody came back in the evening: nobody worked in between.
    events.push(event("user", 3600 * 9, json!("thanks")));
    let text: String = events.iter().map(|event| format!("{event}\n")).collect();
    let report = over("5f0c.jsonl", text.as_bytes()).args(["--shard", "1/1"]).run().json(0);
    let counts = &report["counts"];
    assert_eq!((&counts["sessions"], &counts["calls"], &counts["errors_met"]), (&json!(1), &json!(3), &json!(3)));
    let tools: Vec<&Value> = counts["tools"]["entries"].as_object().unwrap().values().collect();
    assert_eq!(tools[0]["name"], "bash");
    let all = &tools[0]["all"];
    assert_eq!((&all["timed"], &all["failed"], &all["failed_streaks"]), (&json!(3), &json!(3), &json!(1)));
    let errors: Vec<&Value> = counts["errors"]["entries"].as_object().unwrap().values().collect();
    assert_eq!(errors[0]["text"], "exit code 1: no such file <path>");
    assert_eq!(errors[0]["repos"], json!(["app"]));
    // Sixty seconds of work are all that can be charged: three errors at five minutes are not.
    assert_eq!(errors[0]["micros"], 60_000_000);
    assert_eq!(counts["problems"]["strange"], json!({"line type weather": 1}));
}

#[test]
fn a_session_that_is_too_long_is_named_and_those_around_it_count() {
    let mut all = sessions(3);
    // One text, longer than a session may be, that holds what means something outside of a text.
    all[1]["errors"][0]["message"] = json!("}] \" \\ x".repeat(3 << 20));
    for (name, text) in [("list.json", json!(all).to_string()), ("lines.jsonl", lines(&all))] {
        let report = over(name, text.as_bytes()).run().json(0);
        assert_eq!(report["totals"]["sessions"], 2, "{name}");
        let problems = report["problems"].as_array().unwrap();
        assert!(problems.len() == 1 && problems[0].to_string().contains("is longer than 16777216 bytes"), "{report}");
    }
}
