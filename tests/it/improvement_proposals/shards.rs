//! Shards and `kaizen merge`: the same bytes as one run.

use serde_json::{Value, json};

use super::session;
use crate::support::{Kaizen, NOW};

/// Enough sessions that every shard has some of each file.
fn sessions(from: usize, count: usize) -> Vec<Value> {
    let one = |index: usize| {
        let tools = ["git", "web", "read_file", "patch", "search"];
        let latency = [0.1, 1200.5, 5000.0, 7000.3, 60000.0];
        let calls: Vec<(&str, f64, Option<bool>)> = (0..40)
            .map(|nth| {
                let tool = tools[(index / 3 + nth / 4) % if index.is_multiple_of(4) { 2 } else { 5 }];
                (tool, latency[(index + nth) % 5], index.is_multiple_of(3).then_some(nth % 5 == 0))
            })
            .collect();
        let error = format!("no such file /srv/{index}: line {nth} of {kind}", nth = index * 7, kind = index % 11);
        let mut one = session(&format!("s{}", index % 700), &calls, &[&error, "disk full"], (index % 90) as f64);
        one["started_at"] = json!(format!("2026-10-{:02}T08:00:00Z", 1 + index % 28));
        one["repo"] = json!(format!("acme/{}", index % 5));
        one
    };
    (from..from + count).map(one).collect()
}

#[test]
fn four_shards_merged_are_one_run_byte_for_byte() {
    let kaizen = Kaizen::bare();
    let lines: String = sessions(0, 900).iter().map(|session| format!("{session}\n")).collect();
    kaizen.file("a.jsonl", &format!("{lines}broken\n"));
    kaizen.file("b.json", &json!({ "sessions": sessions(900, 900) }).to_string()[..2_000_000]);
    kaizen.file("c.json", &json!(sessions(1800, 20)).to_string());
    let folder = kaizen.folder().to_owned();
    let inputs = ["--input", "a.jsonl", "--input", "b.json", "--input", "c.json", "--input", "none.json"];
    let run = |args: &[&str], format: &'static str, code: i32| {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_kaizen"));
        let output =
            command.env_clear().current_dir(&folder).args(args).args(["--format", format, "--now", NOW]).output();
        let output = output.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        (String::from_utf8(output.stdout).unwrap(), said)
    };
    for nth in 1..=4 {
        let (shard, part) = (format!("{nth}/4"), format!("part-{nth}"));
        run(&[&["improvement-proposals", "--shard", &shard, "--output", &part], &inputs[..]].concat(), "json", 0);
        let text = std::fs::read_to_string(folder.join(&part)).unwrap();
        let part: Value = serde_json::from_str(&text).unwrap();
        assert!(part["counts"]["sessions"].as_u64().unwrap() > 100, "shard {nth} has its share");
    }
    for rules in [&[][..], &["--rules", "reference"]] {
        if !rules.is_empty() {
            let from = crate::support::root().join("tests/reference/rules");
            std::fs::create_dir_all(folder.join("reference")).unwrap();
            std::fs::copy(from.join("improvement-proposals.yaml"), folder.join("reference/improvement-proposals.yaml"))
                .unwrap();
            for nth in 1..=4 {
                let (shard, part) = (format!("{nth}/4"), format!("part-{nth}"));
                let all =
                    [&["improvement-proposals", "--shard", &shard, "--output", &part], rules, &inputs[..]].concat();
                run(&all, "json", 0);
            }
        }
        for format in ["json", "markdown", "text"] {
            let whole = [&["improvement-proposals", "--dry-run", "--threshold", "0"], rules, &inputs[..]].concat();
            let merged =
                [&["merge", "--dry-run", "--threshold", "0", "part-3", "part-1", "part-4", "part-2"], rules].concat();
            let (one, told) = run(&whole, format, 4);
            let (other, told_too) = run(&merged, format, 4);
            assert!(one == other, "{format}: the merged report differs");
            assert_eq!(told, told_too);
            assert!(one.len() > 1_000, "{one}");
        }
    }
    // A part less would be figures too low.
    let (_, said) = run(&["merge", "part-1", "part-2", "part-4", "--rules", "reference"], "json", 2);
    assert!(said.contains("of 4 parts 3/4 missing"), "{said}");
    let (_, said) = run(&["merge", "part-1", "part-1", "--rules", "reference"], "json", 2);
    assert!(said.contains("are both part 1 of 4"), "{said}");
    let (_, said) = run(&["merge", "part-1", "part-2", "part-3", "part-4"], "json", 2);
    assert!(said.contains("was counted under other rules"), "{said}");
    let (_, said) = run(&["merge", "c.json"], "json", 2);
    assert!(said.contains("is no part that --shard has printed"), "{said}");
}
