//! `cycle-retro`: from options, from stdin; once however often it is sent.

use serde_json::json;

use super::{json as file, kaizen, lines, with_stdin};

const NOW: &str = "2026-11-20T12:00:00Z";

#[test]
fn options_make_a_cycle_with_the_next_number() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let ran =
        kaizen(at, &["cycle-retro", "--issue", "7", "--type", "bug", "--success", "--duration", "61.5", "--now", NOW]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "cycle 1 is recorded\n"), "{}", ran.stderr);
    let more =
        ["cycle-retro", "--issue", "8", "--failed", "--reason", "tests failed", "--lines-added", "3", "--pr", "9"];
    kaizen(at, &[&more[..], &["--field", "model=x", "--field", "tries=[1,2]", "--epoch", "e1", "--now", NOW]].concat());
    let cycles = lines(at, "retro/cycles.jsonl");
    assert_eq!(cycles.len(), 2);
    let first = json!({
        "timestamp": NOW, "cycle": 1, "issue": 7, "type": "bug", "success": true, "duration": 61.5, "reason": null,
        "lines_added": null, "lines_removed": null, "pr": null, "epoch": null, "repo": null, "agent": null,
    });
    assert_eq!(cycles[0], first);
    assert_eq!(
        (&cycles[1]["cycle"], &cycles[1]["success"], &cycles[1]["tries"]),
        (&json!(2), &json!(false), &json!([1, 2]))
    );
    let summary = file(at, "retro/summary.json");
    assert_eq!(
        (&summary["generated_at"], &summary["window"], &summary["cycles"]),
        (&json!(NOW), &json!(50), &json!(2))
    );
    assert_eq!(
        (&summary["success_rate"], &summary["last_cycle"], &summary["epoch"]),
        (&json!(0.5), &json!(2), &json!("e1"))
    );
}

#[test]
fn a_cycle_is_recorded_once_however_often_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for nth in 0..3 {
        let ran = kaizen(at, &["cycle-retro", "--cycle", "5", "--issue", "7", "--success", "false", "--now", NOW]);
        assert_eq!((ran.code, ran.stdout.contains("already")), (0, nth > 0));
        let line = "{\"issue\": 8, \"pr\": 3, \"timestamp\": \"2026-11-20T10:00:00\"}\n{\"cycle\":5}";
        let ran = with_stdin(at, &["cycle-retro", "--format", "json", "--now", NOW], line);
        let totals = &ran.json(0)["totals"];
        assert_eq!(totals["recorded"], i32::from(nth == 0), "{totals}");
    }
    assert_eq!(lines(at, "retro/cycles.jsonl").len(), 2);
    assert_eq!(lines(at, "retro/cycles.jsonl")[1]["cycle"], 6);
    let other = kaizen(at, &["cycle-retro", "--cycle", "5", "--repo", "acme/app", "--now", NOW]);
    assert!(
        other.stdout.contains("cycle 5 is recorded"),
        "another repository has numbers of its own: {}",
        other.stdout
    );
}

#[test]
fn a_counter_that_begins_again_loses_no_cycle_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for day in 1..=3 {
        for cycle in 1..=4 {
            let now = format!("2026-11-{day:02}T12:0{cycle}:00Z");
            let args = ["cycle-retro", "--cycle", &cycle.to_string(), "--issue", "7", "--failed", "--now", &now];
            // A step that is tried again a minute later records nothing more.
            let later = format!("2026-11-{day:02}T12:1{cycle}:00Z");
            let again = [&args[..7], &[later.as_str()]].concat();
            let (ran, second) = (kaizen(at, &args), kaizen(at, &again));
            assert_eq!(ran.stderr.contains("a counter that has begun again"), day > 1, "{}", ran.stderr);
            assert!(second.stdout.contains("already"), "{}", second.stdout);
        }
    }
    assert_eq!(lines(at, "retro/cycles.jsonl").len(), 12);
    let report = kaizen(at, &["loop-introspect", "--format", "json", "--now", "2026-11-04T12:00:00Z"]).json(0);
    assert_eq!(report["totals"]["cycles"], 12);
    let notes = report["warnings"].as_array().unwrap();
    assert!(
        notes.iter().any(|note| note.as_str().unwrap().starts_with("8 cycles have the number of an earlier")),
        "{notes:?}"
    );
    // The same with times of the sender's own, of any age.
    let sent: String =
        (1..=3).map(|day| format!("{{\"cycle\":1,\"timestamp\":\"2026-10-0{day}T00:00:00Z\"}}\n")).collect();
    for recorded in [3, 0] {
        let ran = with_stdin(at, &["cycle-retro", "--format", "json", "--now", NOW], &sent);
        assert_eq!(ran.json(0)["totals"]["recorded"], recorded);
    }
}

#[test]
fn bad_input_is_told_and_what_came_before_it_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let ran = with_stdin(at, &["cycle-retro", "--now", NOW], "{\"cycle\":1,\"duration\":\"long\"}\n[1]\n{\"cycle\":2}");
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(ran.stderr.contains("stdin holds something that is no JSON object"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`duration` cannot be read: \"long\""), "{}", ran.stderr);
    assert_eq!(lines(at, "retro/cycles.jsonl").len(), 1);
    assert_eq!(kaizen(at, &["cycle-retro", "--field", "no", "--now", NOW]).code, 2);
    let dry = kaizen(at, &["cycle-retro", "--cycle", "9", "--dry-run", "--now", NOW]);
    assert_eq!((dry.code, lines(at, "retro/cycles.jsonl").len()), (0, 1));
}

#[test]
fn the_summary_is_as_long_as_the_rules_say() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::create_dir(at.join("rules")).unwrap();
    std::fs::write(at.join("rules/cycle-retro.yaml"), "version: 1\njob: cycle-retro\nmeasure: {summary_window: 3}\n")
        .unwrap();
    let sent: String =
        (1..=9).map(|n| json!({"cycle": n, "success": n > 7, "duration": n}).to_string() + "\n").collect();
    with_stdin(at, &["cycle-retro", "--rules", "rules", "--now", NOW], &sent);
    let summary = file(at, "retro/summary.json");
    assert_eq!(
        (&summary["cycles"], &summary["successes"], &summary["median_duration"]),
        (&json!(3), &json!(2), &json!(8))
    );
}
