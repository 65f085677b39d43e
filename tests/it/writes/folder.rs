//! What a live run leaves in the loop folder, and what it finds there.

use std::collections::BTreeSet;
use std::time::Duration;

use kaizen::loop_dir::{Patience, RunLock};
use serde_json::{Value, json};

use super::{ALL, Bench, LATER, rules, world_of};
use crate::support::{NOW, issue, labels};

fn bench() -> Bench {
    let left = issue(2, "B", json!({ "labels": labels(&["leave"]) }));
    Bench::new(&world_of("gitea", &[issue(1, "A", json!({})), left]), &rules(ALL, ""))
}

fn lines(bench: &Bench, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(bench.path("loop").join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn members(line: &Value) -> BTreeSet<&str> {
    line.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_run_is_two_lines_and_each_write_two() {
    let bench = bench();
    bench.live().json(0);
    let runs = lines(&bench, "runs.jsonl");
    assert_eq!(runs.len(), 2);
    let all = [
        "run",
        "job",
        "forge",
        "trigger",
        "started",
        "ended",
        "exit",
        "complete",
        "why_incomplete",
        "totals",
        "rules",
        "requests",
        "retries",
        "rules_hash",
        "kaizen",
        "ci",
    ];
    assert_eq!(members(&runs[1]), all.into());
    assert!(members(&runs[0]).is_subset(&all.into()) && runs[0]["ended"].is_null(), "{runs:?}");
    assert_eq!(runs[1]["rules"], json!({ "rest": 1, "leave": 1 }));
    assert_eq!(json!([runs[1]["exit"], runs[1]["complete"], runs[1]["totals"]["acted"]]), json!([0, true, 1]));
    assert_eq!((&runs[1]["started"], &runs[1]["ended"]), (&json!(NOW), &json!(NOW)));
    assert_eq!(runs[0]["run"], runs[1]["run"]);
    assert!(bench.comments(1)[0].1.contains(&format!(" run={} ", runs[0]["run"].as_str().unwrap())));

    let steps = lines(&bench, "journal.jsonl");
    let all =
        ["ts", "run", "job", "policy", "repo", "kind", "number", "rule", "rules_hash", "op", "args", "before", "state"];
    let told: Vec<String> = steps
        .iter()
        .map(|step| {
            assert_eq!(members(step), all.into());
            // A label of the repository is on no item.
            let number = if step["op"] == "create_label" { Value::Null } else { json!(1) };
            assert_eq!((&step["run"], &step["rule"], &step["number"]), (&runs[0]["run"], &json!("rest"), &number));
            format!("{} {}", step["op"].as_str().unwrap(), step["state"].as_str().unwrap())
        })
        .collect();
    let expected = ["comment", "create_label", "add_labels", "assign"];
    // A file is saved once an item: before that nothing is done.
    let expected: Vec<String> =
        ["begun", "done"].iter().flat_map(|state| expected.map(|op| format!("{op} {state}"))).collect();
    assert_eq!(told, expected);
    // An edit keeps what stood there before.
    let ours = bench.comments(1)[0].1.clone();
    bench.edit_issue(1, json!({ "labels": labels(&["switch"]) }));
    bench.live_at(LATER).json(0);
    let steps = lines(&bench, "journal.jsonl");
    assert_eq!((&steps[8]["op"], &steps[8]["before"]), (&json!("edit_comment"), &json!(ours)));
    assert_eq!(lines(&bench, "runs.jsonl").len(), 4);
}

#[test]
fn a_failed_run_has_its_second_line_too() {
    let bench = bench();
    bench.edit(|repo| repo["assignees"] = json!([{ "login": "kaizen" }]));
    assert_eq!(bench.live().code, 1);
    let runs = lines(&bench, "runs.jsonl");
    assert_eq!((runs.len(), &runs[1]["exit"], &runs[1]["totals"]["failed"]), (2, &json!(1), &json!(1)));
}

#[test]
fn lines_that_cannot_be_read_are_named_and_stop_nothing() {
    let bench = bench();
    bench.live().json(0);
    let path = bench.path("loop/journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    // A bad line in the middle, and a last one that a kill has torn.
    let torn = format!("{{\"op\": 3}}\n{text}{}", &text[..40]);
    std::fs::write(&path, &torn).unwrap();
    bench.edit_issue(1, json!({ "labels": labels(&["switch"]) }));
    let ran = bench.live_at(LATER);
    assert_eq!(ran.json(0)["totals"]["acted"], 1);
    assert!(ran.stderr.contains("2 of 10 lines"), "{}", ran.stderr);
    assert!(ran.stderr.contains("journal.jsonl:1:") && ran.stderr.contains("journal.jsonl:10:"), "{}", ran.stderr);
    let after = std::fs::read_to_string(&path).unwrap();
    let added: Vec<Value> =
        after.strip_prefix(&torn).unwrap().lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(added.len(), 6, "{after}");
}

#[test]
fn two_runs_with_one_folder_wait_for_each_other() {
    let bench = bench();
    let before = bench.text();
    let held = RunLock::take(&bench.path("loop"), &Patience { most: Duration::ZERO, tell: &|_| {} }).unwrap();
    std::thread::scope(|scope| {
        let other = scope.spawn(|| bench.live());
        std::thread::sleep(Duration::from_millis(700));
        assert!(!other.is_finished() && bench.text() == before);
        drop(held);
        let ran = other.join().unwrap();
        assert_eq!(ran.json(0)["totals"]["acted"], 1);
        assert!(ran.stderr.contains("in use"), "{}", ran.stderr);
    });
}
