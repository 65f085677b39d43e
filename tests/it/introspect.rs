//! `kaizen loop-introspect` from outside: the golden figures, what stopped the reference, what is mended.
//!
//! Takes: tests/golden/introspect-*.json and crashes*.json, made-up logs. Gives: a failure that names the
//! case and the member.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::golden::{files, read};
use crate::support::{Kaizen, Ran, root};

/// A log as JSON lines.
fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

/// A run over a log, with these rules; its folder stays.
fn ran(rules: &str, now: &str, cycles: &str, deep: &str, args: &[&str]) -> (Ran, tempfile::TempDir) {
    let kaizen = Kaizen::bare();
    kaizen.file(".loop/retro/cycles.jsonl", cycles);
    kaizen.file(".loop/retro/deep-triage.jsonl", deep);
    kaizen.args(["loop-introspect"]).rules(rules).format("json").at(now).args(args).run_in()
}

fn insights(rules: &str, now: &str, cycles: &str, deep: &str) -> Value {
    let (ran, folder) = ran(rules, now, cycles, deep, &[]);
    let shown = ran.json(0);
    let written = std::fs::read(folder.path().join(".loop/retro/insights.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&written).unwrap(), shown, "what is shown is what is written");
    shown
}

const REFERENCE: &str = "tests/reference/rules";

/// Whether ours says what theirs says: members beside theirs are free, numbers are equal as numbers.
fn differs(at: &str, ours: &Value, theirs: &Value, out: &mut String) {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            for (name, value) in theirs {
                differs(&format!("{at}.{name}"), ours.get(name).unwrap_or(&json!("no such member")), value, out);
            }
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            for (nth, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                differs(&format!("{at}[{nth}]"), ours, theirs, out);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => {}
        (ours, theirs) if ours == theirs => {}
        _ => writeln!(out, "{at}: {ours} instead of {theirs}").unwrap(),
    }
}

/// Cycles whose times only one language's reader of dates accepts, or another than ours: RFC 3339 allows
/// a small `z`, and hours without seconds are no time.
fn is_free(cycle: &Value) -> bool {
    cycle["timestamp"].as_str().is_some_and(|text| text.ends_with('z'))
}

#[test]
fn the_reference_pack_finds_what_the_reference_finds() {
    let (mut wrong, mut compared) = (String::new(), 0);
    for path in files("introspect-") {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let (input, mut expected) = (read(&path), read(&path.with_extension("expected.json")));
        let quirks = expected["quirks"].as_array().unwrap();
        // Zone-less times in forms that are no RFC 3339 need not match.
        if quirks.contains(&json!("I06")) {
            continue;
        }
        let cycles = input["cycles"].as_array().unwrap();
        let ours = insights(
            REFERENCE,
            input["now"].as_str().unwrap(),
            &lines(cycles),
            &lines(input["deep_triage"].as_array().unwrap()),
        );
        let members = expected.as_object_mut().unwrap();
        let order = members.remove("by_type_order").unwrap();
        for name in ["recipe", "quirks", "writes_insights"] {
            members.remove(name);
        }
        if let Some(triage) = members["triage_effectiveness"].as_object_mut() {
            triage.remove("note");
        }
        // Of each recommendation severity and category are compared: its figures are in a text.
        for one in members["recommendations"].as_array_mut().unwrap() {
            *one = json!({ "severity": one["severity"], "category": one["category"] });
        }
        if cycles.iter().any(is_free) {
            members.remove("trends");
            members.remove("recommendations");
        } else {
            compared += 1;
        }
        let types: Vec<&String> = ours["by_type"].as_object().unwrap().keys().collect();
        differs(&format!("{name} by_type_order"), &json!(types), &order, &mut wrong);
        differs(&name, &ours, &expected, &mut wrong);
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(compared >= 90, "{compared}");
}

#[test]
fn what_stopped_the_reference_is_counted_and_named() {
    let mut seen = 0;
    for path in files("crashes") {
        for case in read(&path)["cases"].as_array().unwrap().iter().filter(|case| case["program"] == "introspect") {
            let (input, note) = (&case["input"], &case["note"]);
            let cycles = input["cycles"].as_array().unwrap();
            let deep = input["deep_triage"].as_array().unwrap();
            for rules in [REFERENCE, "rules"] {
                let ours = insights(rules, input["now"].as_str().unwrap(), &lines(cycles), &lines(deep));
                let objects = cycles.iter().filter(|cycle| cycle.is_object()).count();
                assert_eq!(ours["total_cycles_analyzed"], objects, "{note}");
                let log = &ours["log"];
                let odd = |name: &str| log[name].as_object().unwrap().len();
                let told = log["bad_lines"].as_u64().unwrap() + log["deep_triage_bad_lines"].as_u64().unwrap();
                let of_deep = note.as_str().unwrap().contains("issues_") || note.as_str().unwrap().contains("timmy");
                let fraction = note.as_str().unwrap().contains("fraction");
                assert!(told > 0 || odd("missing") + odd("unreadable") > 0 || of_deep || fraction, "{note}: {log}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 20, "{seen}");
}

/// A cycle so many days before the instant of these tests.
fn cycle(number: u64, days: f64, more: Value) -> Value {
    let at = chrono::DateTime::parse_from_rfc3339("2026-11-20T12:00:00Z").unwrap();
    let at = at - chrono::Duration::seconds((days * 86_400.0) as i64);
    let mut cycle = json!({
        "timestamp": at.to_rfc3339(), "cycle": number, "issue": 100 + number, "type": "bug", "success": true,
        "duration": 300, "reason": "", "lines_added": 10, "lines_removed": 8, "pr": 1000 + number, "epoch": "e1",
    });
    for (name, value) in more.as_object().unwrap() {
        cycle[name] = value.clone();
    }
    cycle
}

const DEEP: &str = "{\"timestamp\":\"2026-11-19T12:00:00Z\",\"issues_reviewed\":3}\n";

/// The rules that speak under the shipped pack.
fn said(cycles: &[Value]) -> (Vec<String>, Value) {
    let ours = insights("rules", crate::support::NOW, &lines(cycles), DEEP);
    let rules = ours["recommendations"].as_array().unwrap().iter();
    (rules.map(|one| one["rule"].as_str().unwrap().to_owned()).collect(), ours)
}

/// A steady loop: so many cycles a day in each of the two windows.
fn steady(a_day: u64) -> Vec<Value> {
    let duration = |nth: u64| json!({"duration": 280 + nth * 7 % 41});
    (0..a_day * 14).map(|nth| cycle(nth, 13.99 - nth as f64 / a_day as f64, duration(nth))).collect()
}

#[test]
fn a_stopped_loop_alarms_and_one_without_a_log_says_so() {
    let mut stopped: Vec<Value> = steady(4);
    stopped.retain(|cycle| cycle["cycle"].as_u64().unwrap() < 26);
    assert_eq!(said(&stopped).0, ["stalled"]);
    assert_eq!(said(&[]).0, ["no-data"]);
    assert_eq!(said(&steady(4)).0, ["healthy"]);
    assert_eq!(said(&steady(4)[54..]).0, ["too-little"], "one good cycle is no health");
}

#[test]
fn small_samples_do_not_shout_and_large_ones_do() {
    let failing = |a_day: u64, fail: u64| {
        let mut cycles = steady(a_day);
        let half = cycles.len() / 2;
        for (nth, cycle) in cycles.iter_mut().enumerate() {
            // Below half, so that the type itself is not at fault.
            cycle["success"] = json!(nth < half || nth as u64 % 5 >= fail);
        }
        said(&cycles)
    };
    let (rules, few) = failing(1, 2);
    assert!(few["trends"]["success_rate_change"].as_f64().unwrap() < -0.2, "the reference would cry");
    assert_eq!(rules, ["too-little"]);
    assert!(few["trends"]["significance"]["success_rate"].as_f64().unwrap() > 0.05);
    let (rules, many) = failing(10, 2);
    assert_eq!(rules, ["rate-drops"]);
    assert!(many["trends"]["significance"]["success_rate"].as_f64().unwrap() < 0.001);
    let three =
        [cycle(1, 1.0, json!({"success": false})), cycle(2, 1.1, json!({"success": false})), cycle(3, 1.2, json!({}))];
    assert_eq!(said(&three).0, ["too-little"], "two of three of a type are no finding");
}

#[test]
fn a_fixed_issue_is_forgiven_and_an_old_failure_is_over() {
    let mut cycles = steady(4);
    let failed = |number: u64, days: f64, issue: u64| {
        cycle(number, days, json!({"issue": issue, "success": false, "reason": "tests failed"}))
    };
    cycles.extend([failed(900, 3.0, 7), failed(901, 2.9, 7), cycle(902, 2.8, json!({"issue": 7}))]);
    cycles.extend([failed(903, 12.0, 8), failed(904, 11.0, 8), failed(905, 10.0, 8)]);
    let (rules, ours) = said(&cycles);
    assert_eq!((rules, &ours["repeat_failures"]), (vec!["healthy".to_owned()], &json!([])));
    cycles.extend([failed(906, 1.0, 9), failed(907, 0.9, 9), failed(908, 0.8, 9)]);
    let (rules, ours) = said(&cycles);
    assert_eq!(rules, ["fails-again"]);
    let one = &ours["repeat_failures"][0];
    assert_eq!(
        (&one["issue"], &one["failure_count"], one["attempts"].as_array().unwrap().len()),
        (&json!(9), &json!(3), 3)
    );
    assert_eq!(one["attempts"][2], json!({"cycle": 908, "reason": "tests failed", "duration": 300}));
}

#[test]
fn outliers_that_hide_each_other_in_a_mean_are_found_and_the_longest_comes_first() {
    let mut cycles = steady(4);
    for (number, seconds) in [(900, 5_000), (901, 90_000), (902, 80_000)] {
        cycles.push(cycle(number, 1.0, json!({"duration": seconds})));
    }
    let (rules, ours) = said(&cycles);
    assert_eq!(rules, ["outliers"]);
    let listed: Vec<&Value> = ours["duration_outliers"].as_array().unwrap().iter().map(|one| &one["cycle"]).collect();
    assert_eq!((listed, &ours["duration_outliers_total"]), (vec![&json!(901), &json!(902), &json!(900)], &json!(3)));
}

#[test]
fn clocks_that_are_ahead_and_cycles_sent_twice_are_told_and_do_not_count() {
    let mut cycles = steady(4);
    cycles.extend(cycles[50..].to_vec());
    cycles.push(cycle(990, -2.0, json!({})));
    cycles.push(json!({"cycle": 991, "issue": "7", "success": "yes", "duration": null}));
    let (_, ours) = said(&cycles);
    assert_eq!(
        (&ours["total_cycles_analyzed"], &ours["log"]["duplicates"], &ours["log"]["future"]),
        (&json!(57), &json!(6), &json!(1))
    );
    assert_eq!(ours["log"]["missing"]["timestamp"], 1);
    assert_eq!(ours["log"]["unreadable"], json!({"success": 1}));
    assert_eq!(
        ours["by_type"].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["bug"],
        "without a time it is in no window"
    );
}

#[test]
fn any_window_and_rotated_files_and_since() {
    use std::io::Write as _;
    let kaizen = Kaizen::bare();
    let cycles = steady(4);
    let mut gz = flate2_gz(&lines(&cycles[..20]));
    gz.extend(flate2_gz(&lines(&cycles[20..30])));
    let path = kaizen.file(".loop/retro/cycles.jsonl.2.gz", "");
    std::fs::File::create(path).unwrap().write_all(&gz).unwrap();
    kaizen.file(".loop/retro/cycles.jsonl.1", &lines(&cycles[30..40]));
    kaizen.file(".loop/retro/cycles.jsonl", &format!("\u{feff}{}{{\"cycle\": 99, \"ti", lines(&cycles[40..])));
    let (ran, _folder) = kaizen
        .args(["loop-introspect", "--window", "1d", "--since", "2026-11-10T00:00:00Z"])
        .format("json")
        .at(crate::support::NOW)
        .run_in();
    let ours = ran.json(0);
    assert_eq!(
        (&ours["trends"]["recent_7d"]["count"], &ours["trends"]["previous_7d"]["count"]),
        (&json!(4), &json!(4))
    );
    assert_eq!(
        (&ours["trends"]["window_days"], &ours["log"]["files"], &ours["log"]["torn"]),
        (&json!(1), &json!(3), &json!(1))
    );
    assert_eq!(ours["total_cycles_analyzed"], 42);
    assert!(ran.stderr.contains("cycles.jsonl:17: EOF while parsing"), "{}", ran.stderr);
}

fn flate2_gz(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_people_read() {
    let mut cycles = steady(6);
    for (nth, cycle) in cycles.iter_mut().enumerate() {
        cycle["type"] = json!(["bug", "feature", "docs|`x`\u{1b}[31m", "bug"][nth % 4]);
        cycle["success"] = json!(nth % 7 != 0);
        cycle["duration"] = json!(200 + nth * 13 % 300);
    }
    for number in 0..3 {
        cycles.push(cycle(
            900 + number,
            1.0 - number as f64 / 10.0,
            json!({"issue": 9, "success": false, "reason": "<b>tests</b> failed"}),
        ));
    }
    cycles.push(json!({"cycle": 1}));
    for (format, name) in [("text", "text"), ("markdown", "markdown")] {
        let kaizen = Kaizen::bare();
        kaizen.file(".loop/retro/cycles.jsonl", &format!("{}nope\n", lines(&cycles)));
        let ran = kaizen.args(["loop-introspect", "--dry-run"]).format(format).at(crate::support::NOW).run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        insta::assert_snapshot!(format!("insights_{name}"), ran.stdout);
    }
}

#[test]
fn a_dry_run_writes_nothing_and_a_live_one_is_on_record() {
    let (ran, folder) = ran("rules", crate::support::NOW, "", "", &["--dry-run"]);
    let shown: Map<String, Value> = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((shown["job"].as_str(), shown["complete"].as_bool()), (Some("loop-introspect"), Some(true)));
    let names = |folder: &tempfile::TempDir| std::fs::read_dir(folder.path().join(".loop")).unwrap().count();
    assert_eq!(names(&folder), 1, "retro alone");
    let (_, folder) = self::ran("rules", crate::support::NOW, "", "", &[]);
    let runs = std::fs::read_to_string(folder.path().join(".loop/runs.jsonl")).unwrap();
    let runs: Vec<Value> = runs.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((runs.len(), &runs[1]["job"], &runs[1]["exit"]), (2, &json!("loop-introspect"), &json!(0)));
    assert!(root().join("rules/loop-introspect.yaml").exists());
}
