//! Three retrospectives in a row over a changing world: the later ones say what became of the first.

use serde_json::{Value, json};

use super::{closed, people, retro};
use crate::support::{issue, labels, root};

/// A repository with so many issues that got stuck on a day, and issues closed at these instants.
fn world(day: u32, stuck: u64, closings: &[&str]) -> Value {
    let blocked = (1..=stuck).map(|number| {
        let with = json!({
            "labels": labels(&["blocked"]), "assignees": people(&["ada"]), "updated_at": format!("2026-11-{day}T09:00:00Z"),
        });
        issue(number, "Crash", with)
    });
    let done = closings.iter().enumerate().map(|(nth, at)| {
        closed(
            10 + nth as u64,
            "Fix it",
            at,
            json!({"assignees": people(&["ada"]), "created_at": "2026-11-17T00:00:00Z"}),
        )
    });
    // The issue that is created gets the number after this one, whatever else a day holds.
    let old = closed(500, "Old", "2026-01-01T00:00:00Z", json!({"created_at": "2026-01-01T00:00:00Z"}));
    json!({
        "version": 1, "kind": "gitea", "user": "kaizen",
        "repos": [{"full_name": "acme/app", "issues": blocked.chain(done).chain([old]).collect::<Vec<_>>()}],
    })
}

/// The report of one day in a folder that stays, or in one that is new each day.
fn day(folder: &std::path::Path, world: &Value, now: &str, more: &[&str]) -> Value {
    let loop_dir = folder.join("loop");
    let place = folder.join("world.json");
    let old: Option<Value> = std::fs::read_to_string(&place).ok().map(|text| serde_json::from_str(&text).unwrap());
    let mut world = world.clone();
    // What was written to the forge stays there: the issue that holds the reports, and its comments.
    if let Some(old) = old {
        let kept = old["repos"][0]["issues"].as_array().unwrap().iter().filter(|it| it["title"] == "Retrospective");
        world["repos"][0]["issues"].as_array_mut().unwrap().extend(kept.cloned());
        for member in ["comments", "events", "labels"] {
            if let Some(there) = old["repos"][0].get(member) {
                world["repos"][0][member] = there.clone();
            }
        }
    }
    std::fs::write(&place, world.to_string()).unwrap();
    let kaizen = crate::support::Kaizen::bare();
    let ran = kaizen
        .args(["kaizen-retro", "-q", "--forge"])
        .args([format!("file:{}", place.display())])
        .args([std::path::Path::new("--rules"), &root().join("rules"), std::path::Path::new("--loop-dir"), &loop_dir])
        .args(more)
        .format("json")
        .at(now)
        .run();
    ran.json(0)
}

fn outcome(report: &Value, nth: usize) -> Value {
    let one = &report["outcomes"][nth];
    json!([one["rule"], one["subject"], one["metric"], one["value_then"], one["value_now"], one["verdict"]])
}

#[test]
fn later_reports_say_what_became_of_a_suggestion() {
    for keeps in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let forget = || {
            if !keeps {
                std::fs::remove_dir_all(folder.path().join("loop")).unwrap();
            }
        };
        let first = day(folder.path(), &world(18, 4, &["2026-11-18T10:00:00Z"]), "2026-11-18T12:00:00Z", &[]);
        assert_eq!(first["suggestion"]["rule"], "repo-friction");
        assert_eq!((&first["suggestion"]["value"], &first["outcomes"]), (&json!(4.0), &json!([])));
        forget();
        let second = day(folder.path(), &world(19, 2, &["2026-11-19T10:00:00Z"; 6]), "2026-11-19T12:00:00Z", &[]);
        assert_eq!(second["since"], "2026-11-18T12:00:00Z", "where the last report ended ({keeps})");
        let better = json!(["repo-friction", "acme/app", "repo.failures", 4.0, 2.0, "better"]);
        assert_eq!(outcome(&second, 0), better, "{keeps}");
        assert_eq!(second["rates"], json!({"repo-friction": {"helped": 1, "judged": 1}}), "{keeps}");
        assert_eq!(second["suggestion"]["rule"], "strong-cycle");
        forget();
        let third = day(folder.path(), &world(20, 4, &[]), "2026-11-20T12:00:00Z", &[]);
        assert_eq!(third["outcomes"].as_array().unwrap().len(), 2, "{keeps}: {third}");
        assert_eq!(
            outcome(&third, 0),
            json!(["repo-friction", "acme/app", "repo.failures", 4.0, 4.0, "same"]),
            "{keeps}"
        );
        assert_eq!(outcome(&third, 1), json!(["strong-cycle", null, "closed", 6.0, 0.0, "worse"]), "{keeps}");
        let none = json!({"repo-friction": {"helped": 0, "judged": 1}, "strong-cycle": {"helped": 0, "judged": 1}});
        assert_eq!(third["rates"], none, "{keeps}");
        let text = third["report_markdown"].as_str().unwrap();
        assert!(text.contains("| 2026-11-18 | repo-friction | acme/app | stuck issues | 4 | 4 | the same |"), "{text}");
    }
}

#[test]
fn a_report_written_again_the_same_day_replaces_its_comment_and_its_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let first = day(folder.path(), &world(20, 4, &[]), "2026-11-20T12:00:00Z", &[]);
    let again = day(folder.path(), &world(20, 3, &[]), "2026-11-20T15:00:00Z", &[]);
    assert_eq!(again["since"], first["since"], "the day's window begins where it began");
    assert_eq!(again["suggestion"]["rule"], first["suggestion"]["rule"], "it is not called recent by itself");
    assert_eq!(again["outcomes"], json!([]));
    let forge: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("world.json")).unwrap()).unwrap();
    let comments = forge["repos"][0]["comments"].as_object().unwrap();
    let bodies: Vec<&str> =
        comments.values().flat_map(|list| list.as_array().unwrap()).map(|it| it["body"].as_str().unwrap()).collect();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies[0].contains("closed none of 3 issues"), "{}", bodies[0]);
    let lines = std::fs::read_to_string(folder.path().join("loop/retro/suggestions.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 2);
    let runs = std::fs::read_to_string(folder.path().join("loop/runs.jsonl")).unwrap();
    assert_eq!(runs.lines().count(), 4, "two lines a run");
    assert!(folder.path().join("loop/reports/kaizen-retro-20261120.json").exists());
}

#[test]
fn a_dry_run_writes_nothing() {
    let kaizen = retro(&world(20, 4, &[])).rules("rules").args(["--dry-run"]).at("2026-11-20T12:00:00Z");
    let before = std::fs::read_to_string(kaizen.folder().join("world.json")).unwrap();
    let (ran, folder) = kaizen.run_in();
    assert_eq!(ran.json(0)["suggestion"]["rule"], "agent-zero-rate");
    assert_eq!(std::fs::read_to_string(folder.path().join("world.json")).unwrap(), before);
    assert!(!folder.path().join(".loop").exists());
}
