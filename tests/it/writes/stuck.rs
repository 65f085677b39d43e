//! Work in an agent's hands is stuck when nothing has happened for long since it was handed over.

use serde_json::{Value, json};

use super::{Bench, names, world_of};
use crate::support::{issue, record};

const READY: &str = "Change `src/run.rs`: fn start() must return early, and a call should verify it.\n\n\
    ```rust\nfn start() {}\n```\n\n## Problem\n\ntest_start hangs under pytest.";

/// An old issue that nobody has touched for years.
fn old(title: &str) -> Value {
    let long_ago = "2024-01-01T12:00:00Z";
    issue(1, title, json!({ "body": READY, "created_at": long_ago, "updated_at": long_ago }))
}

fn rule(report: &Value) -> String {
    record(report, 1)["decision"]["rule"].as_str().unwrap().to_owned()
}

#[test]
fn what_was_handed_out_yesterday_is_not_stuck_however_old_it_is() {
    for kind in ["gitea", "github"] {
        for (title, by, meanwhile) in
            [("[bug] Lost on save", "assignees", "assigned"), ("[research] Other parsers", "labels", "research")]
        {
            let bench = Bench::shipped(&world_of(kind, &[old(title)]));
            assert_eq!(bench.live_at("2026-11-01T12:00:00Z").json(0)["totals"]["acted"], 1);
            assert_eq!(names(&bench.issue(1), by, if by == "labels" { "name" } else { "login" }).len(), 1);
            for day in ["02", "14"] {
                let report = bench.run_with(&format!("2026-11-{day}T12:00:00Z"), &["--dry-run"]).json(0);
                assert_eq!(rule(&report), meanwhile, "{kind} {title} on {day}");
                assert_ne!(record(&report, 1)["decision"]["state"], "planned", "{report}");
            }
            // Our own comments, edits and looks do not start it again.
            let report = bench.live_at("2026-11-15T12:00:00Z").json(0);
            assert_eq!((rule(&report).as_str(), &report["totals"]["acted"]), ("stuck", &json!(1)), "{kind} {title}");
            assert!(bench.comments(1).last().unwrap().1.contains("nothing has happened for at least 14 days"));
            let report = bench.live_at("2026-11-20T12:00:00Z").json(0);
            assert_eq!((rule(&report).as_str(), &report["totals"]["acted"]), ("stuck", &json!(0)), "flagged once");
        }
    }
}

#[test]
fn a_person_starts_the_clock_again() {
    let bench = Bench::shipped(&world_of("gitea", &[old("[bug] Lost on save")]));
    bench.live_at("2026-11-01T12:00:00Z").json(0);
    bench.edit(|repo| {
        let event =
            json!({ "id": 99, "type": "comment", "user": { "login": "mira" }, "created_at": "2026-11-10T12:00:00Z" });
        repo["events"]["1"].as_array_mut().unwrap().push(event);
    });
    bench.edit_issue(1, json!({ "updated_at": "2026-11-10T12:00:00Z" }));
    let at = |day: &str| rule(&bench.run_with(&format!("2026-11-{day}T12:00:00Z"), &["--dry-run"]).json(0));
    assert_eq!((at("20").as_str(), at("24").as_str()), ("assigned", "stuck"));
}
