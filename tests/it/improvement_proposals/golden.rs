//! The reference pack against recorded figures, and inputs that stopped the reference.

use serde_json::{Value, json};

use super::job;
use crate::golden::{files, read};

/// The figures of a pattern, by our names.
fn pattern(theirs: &Value) -> Value {
    json!([theirs["type"], theirs["occurrences"], theirs["hours"], theirs["repos"], theirs["example_sessions"]])
}

fn own_pattern(ours: &Value) -> Value {
    json!([
        ours["pattern_type"],
        ours["occurrences"],
        ours["total_time_hours"],
        ours["affected_repos"],
        ours["example_sessions"]
    ])
}

/// The figures of a proposal, by our names; an infinite one is null.
fn proposal(theirs: &Value) -> Value {
    let roi = if theirs["roi_weeks"] == "inf" { &Value::Null } else { &theirs["roi_weeks"] };
    let names = ["area", "priority", "weekly_hours", "monthly_hours", "implementation_hours"];
    names.iter().map(|name| theirs[*name].clone()).chain([roi.clone()]).collect()
}

fn own_proposal(ours: &Value) -> Value {
    let names = [
        "affected_area",
        "priority",
        "estimated_weekly_hours_saved",
        "estimated_monthly_hours_saved",
        "implementation_hours",
        "roi_weeks",
    ];
    names.iter().map(|name| ours[*name].clone()).collect()
}

fn all(list: &Value, one: fn(&Value) -> Value) -> Vec<Value> {
    list.as_array().unwrap().iter().map(one).collect()
}

#[test]
fn the_reference_pack_finds_and_proposes_what_the_reference_does() {
    let mut proposals = 0;
    for path in files("proposals-") {
        let name = path.display();
        let (input, theirs) = (read(&path), read(&path.with_extension("expected.json")));
        let threshold = input["threshold"].to_string();
        let report = job(&input).reference().args(["--threshold", &threshold]).run().json(0);
        assert_eq!(all(&report["patterns"], own_pattern), all(&theirs["patterns"], pattern), "{name}");
        assert_eq!(all(&report["proposals"], own_proposal), all(&theirs["proposals"], proposal), "{name}");
        let below = theirs["proposals_all"].as_array().unwrap().len() - theirs["proposals"].as_array().unwrap().len();
        assert_eq!(report["totals"]["below_threshold"], json!(below), "{name}");
        let critical = all(&report["proposals"], |ours| ours["priority"].clone());
        let critical = critical.iter().filter(|priority| *priority == "critical").count();
        assert_eq!(json!(critical), theirs["summary"]["critical"], "{name}");
        proposals += report["proposals"].as_array().unwrap().len();
    }
    assert!(proposals > 50, "only {proposals} proposals were compared");
}

#[test]
fn what_stopped_the_reference_stops_nobody_here() {
    let mut seen = 0;
    for path in files("crashes") {
        for case in read(&path)["cases"].as_array().unwrap().iter().filter(|case| case["program"] == "proposals") {
            let report = job(&case["input"]).reference().args(["--threshold", "0"]).run().json(0);
            let totals = &report["totals"];
            let told = totals["skipped"].as_u64().unwrap() + totals["left_out"].as_u64().unwrap();
            // What is null, or is a number where a name is, says enough.
            let plain = ["null", "session_id is a number", "error entry is a string"];
            let plain = plain.iter().any(|word| case["note"].as_str().unwrap().contains(word));
            assert!(plain || told == 1, "{}: {report}", case["note"]);
            assert_eq!(report["problems"].as_array().unwrap().len() as u64, told, "{report}");
            seen += 1;
        }
    }
    assert!(seen >= 15, "only {seen} cases");
}
