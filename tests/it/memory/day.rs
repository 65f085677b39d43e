//! A day of a loop: score, guard, cycle, two hundred times, with issues that never succeed.
//!
//! A second model of the loop stands here, as plain as can be: what is open, what has failed, what the
//! guard must say. The program must agree with it at every step.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{json as file, kaizen};
use crate::support::{issue, repo_world, root};

const READY: &str = "## Problem\nIt must not fail. It should return the value.\n`src/main.rs` is where `parse()` is.";

/// Issues that come every two hours.
const BATCH: u64 = 20;

fn at(seconds: i64) -> String {
    let start = chrono::DateTime::parse_from_rfc3339("2026-11-20T00:00:00Z").unwrap();
    (start + chrono::Duration::seconds(seconds)).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Three of a batch fail however often they are tried.
fn fails(number: u64) -> bool {
    number % 7 == 3
}

#[test]
fn two_hundred_cycles_agree_with_a_plain_model() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (mut now, mut cycles, mut made, mut idle) = (0_i64, 0_u64, 0_u64, 0_u32);
    let mut open: BTreeSet<u64> = BTreeSet::new();
    let mut closed: BTreeSet<u64> = BTreeSet::new();
    let mut failed: BTreeMap<u64, u64> = BTreeMap::new();
    let (mut waits, mut successes) = (0, 0);
    while cycles < 200 {
        while made < (u64::try_from(now).unwrap() / 7_200 + 1) * BATCH {
            made += 1;
            open.insert(made);
        }
        let state = |number: &u64| {
            issue(
                *number,
                "[bug] Parser fails",
                json!({
                    "body": READY, "state": if closed.contains(number) { "closed" } else { "open" },
                }),
            )
        };
        let issues: Vec<Value> = (1..=made).map(|number| state(&number)).collect();
        let world = repo_world(json!({ "full_name": "acme/app", "issues": issues }));
        std::fs::write(here.join("world.json"), world.to_string()).unwrap();
        let ran = kaizen(here, &["triage-score", "--forge", "file:world.json", "--now", &at(now)]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let numbers = |file: &Value| {
            file["items"].as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect::<Vec<_>>()
        };
        let out: Vec<u64> = open.iter().copied().filter(|number| failed.get(number) == Some(&2)).collect();
        assert_eq!(numbers(&file(here, "quarantine.json")), out, "after {cycles} cycles");
        let ready: Vec<u64> = open.iter().copied().filter(|number| !out.contains(number)).collect();
        assert_eq!(numbers(&file(here, "queue.json")), ready, "after {cycles} cycles");

        let ran = kaizen(here, &["loop-guard", "--now", &at(now)]);
        let Some(number) = ready.first().copied() else {
            let wait = (60_i64 << idle).min(600);
            assert_eq!((ran.code, ran.stdout.trim()), (3, wait.to_string().as_str()), "after {cycles} cycles");
            (idle, waits, now) = (idle + 1, waits + 1, now + wait);
            continue;
        };
        assert_eq!((ran.code, ran.stdout.as_str()), (0, "0\n"), "after {cycles} cycles");
        idle = 0;
        now += 300;
        let success = !fails(number);
        let reason = if success { "" } else { "tests failed" };
        let (issue, success_text, repo) = (number.to_string(), success.to_string(), "acme/app");
        let ran = kaizen(
            here,
            &[
                "cycle-retro",
                "--issue",
                &issue,
                "--type",
                "bug",
                "--success",
                &success_text,
                "--duration",
                "300",
                "--reason",
                reason,
                "--repo",
                repo,
                "--now",
                &at(now),
            ],
        );
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        cycles += 1;
        if success {
            successes += 1;
            open.remove(&number);
            closed.insert(number);
        } else {
            *failed.entry(number).or_default() += 1;
        }
    }
    assert!(waits >= 8 && failed.len() >= 20, "{waits} waits, {} failed", failed.len());

    let args = ["loop-introspect", "--format", "json", "--now", &at(now), "--rules"];
    let rules = root().join("tests/reference/rules");
    let insights = kaizen(here, &[&args[..], &[rules.to_str().unwrap()]].concat()).json(0);
    let rate = (f64::from(successes) / 200.0 * 1000.0).round() / 1000.0;
    assert_eq!(insights["total_cycles_analyzed"], 200);
    assert_eq!(insights["by_type"]["bug"]["success_rate"], rate);
    assert_eq!(
        (&insights["trends"]["recent_7d"]["avg_duration"], &insights["trends"]["velocity_change"]),
        (&json!(300), &Value::Null)
    );
    let repeated = failed.values().filter(|count| **count == 2).count();
    assert_eq!(insights["repeat_failures_total"], repeated);
    let first = &insights["repeat_failures"][0];
    assert_eq!(
        (&first["issue"], &first["failure_count"], first["attempts"].as_array().unwrap().len()),
        (&json!(3), &json!(2), 2)
    );
    let said: Vec<&str> =
        insights["recommendations"].as_array().unwrap().iter().map(|one| one["category"].as_str().unwrap()).collect();
    assert_eq!(said, ["repeat_failure", "repeat_failure", "repeat_failure", "triage"]);
}
