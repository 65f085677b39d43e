//! The reference pack against recorded figures: it decides what the reference programs decide.
//!
//! Takes: every `tests/golden/triage-*.json` with its `.expected.json`, and the inputs of
//! `crashes*.json`, which stopped those programs. Gives: equal figures for each issue, and an
//! answer for each input that is no proper issue.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Kaizen, record, repo_world, root};

/// Files of tests/golden whose names begin with this, in the order of their names.
pub fn files(prefix: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("tests/golden")).unwrap();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            name.starts_with(prefix) && name.ends_with(".json") && !name.ends_with(".expected.json")
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no file tests/golden/{prefix}*.json");
    files
}

/// A JSON file.
pub fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A golden input as a world, and its instant.
pub fn golden_world(input: &Value) -> (Value, &str) {
    let world = repo_world(json!({ "full_name": input["repo"], "issues": input["issues"] }));
    (world, input["now"].as_str().unwrap())
}

/// Our word for an action of the reference.
fn action(theirs: &str) -> &str {
    match theirs {
        "assign_claude" => "assign-claude",
        "assign_kimi" => "label-kimi",
        "flag_alex" => "flag-owner",
        other => other,
    }
}

/// Our id for a reason of the reference.
fn rule(theirs: &str) -> &str {
    match theirs {
        "not_ready" => "not-ready",
        "p0" => "urgent",
        other => other,
    }
}

/// What we judge of an issue, by our names.
fn judged(ours: &Value) -> BTreeMap<&'static str, Value> {
    let mut fields = BTreeMap::new();
    for name in ["title", "tags", "type", "score", "ready", "urgent", "blocked", "age_days"] {
        fields.insert(name, ours[name].clone());
    }
    for name in ["scope", "acceptance", "alignment"] {
        fields.insert(name, ours["scores"][name].clone());
    }
    for name in ["rule", "action", "agent"] {
        fields.insert(name, ours["decision"][name].clone());
    }
    fields
}

/// What the reference says of an issue, by our names.
fn expected(theirs: &Value) -> BTreeMap<&'static str, Value> {
    let agent = Some(&theirs["agent"]).filter(|agent| *agent != "").cloned().unwrap_or_default();
    let names = [
        ("title", "clean_title"),
        ("tags", "tags"),
        ("type", "issue_type"),
        ("scope", "scope"),
        ("acceptance", "acceptance"),
        ("alignment", "alignment"),
        ("score", "score"),
        ("ready", "ready"),
        ("urgent", "is_p0"),
        ("blocked", "is_blocked"),
        ("age_days", "age_days"),
    ];
    let mut fields: BTreeMap<_, _> = names.into_iter().map(|(ours, name)| (ours, theirs[name].clone())).collect();
    fields.insert("action", json!(action(theirs["action"].as_str().unwrap())));
    fields.insert("rule", json!(rule(theirs["why"].as_str().unwrap())));
    fields.insert("agent", agent);
    fields
}

/// A line for each field that differs; nothing where all are equal.
fn differences(what: &str, ours: &BTreeMap<&str, Value>, theirs: &BTreeMap<&str, Value>) -> String {
    let mut lines = String::new();
    for (field, theirs) in theirs {
        if &ours[field] != theirs {
            writeln!(lines, "{what} {field}: {} instead of {theirs}", ours[field]).unwrap();
        }
    }
    lines
}

/// An issue that turns on one language's Unicode rules: it need not match.
fn is_free(expected: &Value) -> bool {
    expected["note"].as_str().is_some_and(|note| note.starts_with("unicode-"))
}

#[test]
fn the_reference_pack_judges_every_golden_issue_as_the_reference_does() {
    let mut wrong = String::new();
    for path in files("triage-") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (input, all) = (read(&path), read(&path.with_extension("expected.json")));
        let (world, now) = golden_world(&input);
        let report = Kaizen::triage(&world).reference().at(now).run().json(0);
        let ours = report["issues"].as_array().unwrap();
        let theirs = all["issues"].as_array().unwrap();
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert_eq!(ours["number"], theirs["number"], "{name}: issues keep the order of the file");
            if !is_free(theirs) {
                let issue = format!("{name} #{}", theirs["number"]);
                wrong += &differences(&issue, &judged(ours), &expected(theirs));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// Ready issues as the daily summary lists them, by score and then by number.
fn top_ten(issues: &[BTreeMap<&str, Value>], numbers: &[u64]) -> Vec<u64> {
    let ready = issues.iter().zip(numbers).filter(|(issue, _)| issue["ready"] == true);
    let mut ready: Vec<(i64, u64)> = ready.map(|(issue, number)| (issue["score"].as_i64().unwrap(), *number)).collect();
    ready.sort_by_key(|(score, number)| (-score, *number));
    ready.into_iter().take(10).map(|(_, number)| number).collect()
}

fn tally(issues: &[BTreeMap<&str, Value>], field: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for issue in issues {
        *counts.entry(issue[field].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

/// Counts of the reference under our names.
fn renamed(counts: &Value, name: fn(&str) -> &str) -> BTreeMap<String, u64> {
    let counts = counts.as_object().unwrap().iter();
    counts.map(|(theirs, count)| (name(theirs).to_owned(), count.as_u64().unwrap())).collect()
}

#[test]
fn the_counts_and_the_ten_best_are_those_of_the_reference() {
    for path in files("triage-") {
        let name = path.display();
        let (input, all) = (read(&path), read(&path.with_extension("expected.json")));
        let (world, now) = golden_world(&input);
        let report = Kaizen::triage(&world).reference().at(now).run().json(0);
        let theirs = all["issues"].as_array().unwrap();
        let ours = report["issues"].as_array().unwrap();
        let numbers: Vec<u64> = theirs.iter().map(|issue| issue["number"].as_u64().unwrap()).collect();

        // What is free to differ counts as the reference counts it, so that the sums can be held.
        let pairs = ours.iter().zip(theirs);
        let issues: Vec<_> =
            pairs.map(|(ours, theirs)| if is_free(theirs) { expected(theirs) } else { judged(ours) }).collect();
        let cycle = &all["cycle"];
        assert_eq!(json!(top_ten(&issues, &numbers)), all["top10_ready"], "{name}");
        assert_eq!(tally(&issues, "action"), renamed(&cycle["actions"], action), "{name}");
        assert_eq!(tally(&issues, "rule"), renamed(&cycle["why"], rule), "{name}");
        let ready = issues.iter().filter(|issue| issue["ready"] == true).count();
        let acting = issues.iter().filter(|issue| issue["action"] != "skip").count();
        assert_eq!(json!([ready, acting]), json!([cycle["ready"], cycle["would_act"]]), "{name}");

        // The totals of the report are the sums of its own records.
        let own: Vec<_> = ours.iter().map(judged).collect();
        let totals = &report["totals"];
        let skipped = own.iter().filter(|issue| issue["action"] == "skip").count();
        let ready = own.iter().filter(|issue| issue["ready"] == true).count();
        assert_eq!(json!([totals["open"], totals["scored"]]), json!([cycle["total_open"], cycle["scored"]]), "{name}");
        assert_eq!(
            json!([totals["ready"], totals["skipped"], totals["acted"]]),
            json!([ready, skipped, own.len() - skipped])
        );
    }
}

/// The triage cases of all crash files: where each is from, its instant, itself.
fn crashes() -> Vec<(String, String, Value)> {
    let mut cases = Vec::new();
    for path in files("crashes") {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for (at, case) in read(&path)["cases"].as_array().unwrap().iter().enumerate() {
            if case["program"] == "triage" {
                let now = case["input"]["now"].as_str().unwrap().to_owned();
                cases.push((format!("{name}/case-{at}"), now, case.clone()));
            }
        }
    }
    cases
}

/// An assignee that cannot be read: who has the issue in hand is then anybody's guess.
fn hides_an_assignee(issue: &Value) -> bool {
    let entries = issue["assignees"].as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().any(|entry| !entry["login"].is_string())
}

/// Checks one case against the record of its own repository; gives what is wrong.
fn check_crash(name: &str, case: &Value, report: &Value) -> String {
    let of_case: Vec<&Value> =
        report["issues"].as_array().unwrap().iter().filter(|issue| issue["repo"] == name).collect();
    let warned = report["warnings"].as_array().unwrap().iter().any(|warning| {
        let warning = warning.as_str().unwrap();
        warning.split(|c: char| c.is_whitespace() || ":,".contains(c)).any(|word| word == name)
    });
    let issue = &case["input"]["issue"];
    if !issue["number"].is_u64() {
        let named = of_case.is_empty() && warned;
        return if named { String::new() } else { format!("{name}: {} items, warned: {warned}\n", of_case.len()) };
    }
    let [ours] = of_case[..] else { return format!("{name}: {} items\n", of_case.len()) };
    let mut theirs = match &case["tolerant_expected"] {
        Value::Null => return check_open_case(name, ours),
        theirs => expected(theirs),
    };
    if hides_an_assignee(issue) {
        theirs.retain(|field, _| !matches!(*field, "rule" | "action" | "agent"));
    }
    differences(name, &judged(ours), &theirs)
}

/// A case without a right answer of its own: all of them are `[fix] parser` with one member that
/// is of no use, which leaves a bug that is ready or, without its title, one that is not.
fn check_open_case(name: &str, ours: &Value) -> String {
    let sensible = match ours["title"].as_str() {
        Some("") => ours["tags"] == json!([]) && ours["decision"]["rule"] == "not-ready",
        _ => ours["tags"] == json!(["fix"]) && ours["decision"]["rule"] == "urgent",
    };
    if sensible { String::new() } else { format!("{name}: {ours}\n") }
}

#[test]
fn what_stopped_the_reference_stops_nobody_here() {
    let mut by_instant: BTreeMap<String, Vec<(String, Value)>> = BTreeMap::new();
    for (name, now, case) in crashes() {
        by_instant.entry(now).or_default().push((name, case));
    }
    let mut wrong = String::new();
    for (now, cases) in by_instant {
        let repos: Vec<Value> =
            cases.iter().map(|(name, case)| json!({ "full_name": name, "issues": [case["input"]["issue"]] })).collect();
        let world = json!({ "version": 1, "kind": "gitea", "user": "kaizen", "repos": repos });
        let report = Kaizen::triage(&world).reference().at(&now).run().json(0);
        assert_eq!(report["totals"]["failed"], 0);
        for (name, case) in &cases {
            wrong += &check_crash(name, case, &report);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn an_entry_that_is_no_issue_is_named_and_the_others_go_on() {
    let cases = crashes();
    let mut issues: Vec<Value> = cases
        .iter()
        .map(|(_, _, case)| case["input"]["issue"].clone())
        .filter(|issue| !issue["number"].is_u64())
        .collect();
    let strange = issues.len();
    assert!(strange >= 4, "null, a text, a list, no number");
    issues.push(crate::support::issue(9, "[bug] The last one", json!({})));
    for rules in ["rules", "tests/reference/rules"] {
        let world = repo_world(json!({ "full_name": "acme/app", "issues": issues }));
        let report = Kaizen::triage(&world).rules(rules).run().json(0);
        let warnings = report["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), strange, "{warnings:?}");
        assert!(warnings.iter().all(|warning| warning.as_str().unwrap().contains("acme/app")), "{warnings:?}");
        assert_eq!(report["totals"]["scored"], 1);
        assert_eq!(record(&report, 9)["type"], "bug");
    }
}
