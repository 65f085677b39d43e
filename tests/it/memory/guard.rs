//! `loop-guard`: go or idle, and for how long.

use serde_json::json;

use super::{command, json as file, kaizen};
use crate::support::{issue, world};

fn at(seconds: i64) -> String {
    let start = chrono::DateTime::parse_from_rfc3339("2026-11-20T12:00:00Z").unwrap();
    (start + chrono::Duration::seconds(seconds)).to_rfc3339()
}

#[test]
fn waits_double_and_begin_anew_when_work_appears() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let gone = kaizen(here, &["loop-guard", "--now", &at(0)]);
    assert!(gone.code == 2 && gone.stderr.contains("there is no loop folder .loop"), "{}", gone.stderr);
    std::fs::create_dir(here.join(".loop")).unwrap();
    let (mut now, mut waits) = (0, Vec::new());
    for _ in 0..6 {
        let ran = kaizen(here, &["loop-guard", "--now", &at(now)]);
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        let wait: i64 = ran.stdout.trim().parse().unwrap();
        waits.push(wait);
        now += wait;
    }
    assert_eq!(waits, [60, 120, 240, 480, 600, 600]);
    assert_eq!(file(here, "guard.json")["idle_runs"], 6);
    let queue = json!({"generated_at": at(0), "items": [{"repo": "acme/app", "number": 7, "ready": true}]});
    std::fs::write(here.join(".loop/queue.json"), queue.to_string()).unwrap();
    let ran = kaizen(here, &["loop-guard", "--now", &at(now), "--format", "json"]);
    let report = ran.json(0);
    assert_eq!(
        (&report["ready"], &report["wait_seconds"], &report["totals"]["ready"]),
        (&json!(true), &json!(0), &json!(1))
    );
    std::fs::write(here.join(".loop/queue.json"), "half").unwrap();
    let ran = kaizen(here, &["loop-guard", "--now", &at(now)]);
    assert_eq!((ran.code, ran.stdout.as_str()), (3, "60\n"), "it begins anew");
    assert!(ran.stderr.contains("queue.json is no JSON"), "{}", ran.stderr);
}

#[test]
fn two_at_once_do_not_double_the_wait() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir(here.join(".loop")).unwrap();
    let run = || command(here, &["loop-guard", "--now", &at(0)]).spawn().unwrap();
    let both: Vec<_> = (0..4).map(|_| run()).collect();
    for child in both {
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(3), &b"60\n"[..]));
    }
    assert_eq!(file(here, "guard.json")["idle_runs"], 1);
    assert_eq!(kaizen(here, &["loop-guard", "--now", &at(45)]).stdout, "15\n", "what is left of it");
}

#[test]
fn later_steps_read_it_and_it_sleeps_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir(here.join("rules")).unwrap();
    std::fs::write(here.join("rules/loop-guard.yaml"), "version: 1\njob: loop-guard\nmeasure: {base_s: 1, max_s: 1}\n")
        .unwrap();
    std::fs::create_dir(here.join(".loop")).unwrap();
    let output = here.join("output");
    let began = std::time::Instant::now();
    let ran =
        command(here, &["loop-guard", "--rules", "rules", "--wait"]).env("GITHUB_OUTPUT", &output).output().unwrap();
    assert_eq!(ran.status.code(), Some(3));
    assert!(began.elapsed().as_millis() >= 1000, "{:?}", began.elapsed());
    let text = std::fs::read_to_string(output).unwrap();
    assert!(
        text.contains("ready<<")
            && text.contains("\nfalse\n")
            && text.contains("wait_seconds<<")
            && text.contains("\n1\n"),
        "{text}"
    );
    assert_eq!(kaizen(here, &["loop-guard", "--dry-run", "--now", &at(0)]).code, 3);
}

#[test]
fn a_queue_of_long_ago_does_not_say_whether_there_is_work() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    std::fs::create_dir(here.join(".loop")).unwrap();
    let write = |generated_at: serde_json::Value, items: serde_json::Value| {
        let queue = json!({"generated_at": generated_at, "items": items});
        std::fs::write(here.join(".loop/queue.json"), queue.to_string()).unwrap();
    };
    let work = json!([{"repo": "acme/app", "number": 7, "ready": true}]);
    write(json!(at(0)), work.clone());
    assert_eq!(kaizen(here, &["loop-guard", "--now", &at(86_400)]).code, 0);
    for (generated_at, items, says) in [
        (json!(at(0)), work.clone(), "it is 254 days 15 h old"),
        (json!(at(0)), json!([]), "it is 254 days 15 h old"),
        (json!(null), work, "it does not say of when it is"),
    ] {
        write(generated_at, items);
        let output = here.join("output");
        let ran =
            command(here, &["loop-guard", "--now", &at(22_000_000)]).env("GITHUB_OUTPUT", &output).output().unwrap();
        let stderr = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(4), "{stderr}");
        assert!(ran.stdout.is_empty() && stderr.contains(says) && stderr.contains("kaizen triage-score"), "{stderr}");
        assert!(std::fs::read_to_string(output).unwrap().contains("\nfalse\n"));
        assert!(!here.join(".loop/guard.json").exists() || super::json(here, "guard.json")["idle_runs"] == 0);
    }
    // How old is too old is for the rules to say.
    std::fs::create_dir(here.join("rules")).unwrap();
    std::fs::write(here.join("rules/loop-guard.yaml"), "version: 1\njob: loop-guard\nmeasure: {queue_hours: 1}\n")
        .unwrap();
    write(json!(at(0)), json!([]));
    for (seconds, code) in [(3_600, 3), (3_601, 4)] {
        assert_eq!(kaizen(here, &["loop-guard", "--rules", "rules", "--now", &at(seconds)]).code, code, "{seconds}");
    }
}

#[test]
fn it_can_ask_the_forge_itself() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let ready = "## Problem\nIt must not fail. It should return the value.\n`src/main.rs` is where `parse()` is.";
    for (title, code) in [("[bug] Parser fails", 0), ("Thoughts", 3)] {
        let world = world(json!([issue(7, title, json!({"body": if code == 0 { ready } else { "" }}))]));
        std::fs::write(here.join("world.json"), world.to_string()).unwrap();
        let ran = kaizen(here, &["loop-guard", "--ask-forge", "--forge", "file:world.json", "--now", &at(0)]);
        assert_eq!(ran.code, code, "{title}: {}", ran.stderr);
    }
}
