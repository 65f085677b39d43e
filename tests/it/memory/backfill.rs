//! `backfill-retro`, and `cycle-retro --from-pr`: pull requests as cycles.

use serde_json::{Value, json};

use super::{json as file, kaizen, lines};
use crate::support::repo_world;

const NOW: &str = "2026-11-20T12:00:00Z";

fn pull(number: u64, ended: &str, with: Value) -> Value {
    let mut pull = json!({
        "number": number, "title": "[bug] Mend the parser", "body": "Fixes #7", "state": "closed", "labels": [],
        "user": {"id": 7, "login": "ada"}, "assignees": [{"id": 8, "login": "claude"}], "merged": true,
        "created_at": "2026-11-01T12:00:00Z", "closed_at": ended, "merged_at": ended, "additions": 31, "deletions": 9,
    });
    for (name, value) in with.as_object().unwrap() {
        pull[name] = value.clone();
    }
    pull
}

fn world(folder: &std::path::Path) {
    let pulls = json!([
        pull(5, "2026-11-03T12:00:00Z", json!({})),
        pull(
            4,
            "2026-11-02T12:00:00Z",
            json!({"merged": false, "merged_at": null, "title": "x", "body": "", "assignees": []})
        ),
        pull(6, "2026-11-01T13:00:00Z", json!({"labels": [{"name": "feature"}], "title": "Export"})),
        pull(
            8,
            "2026-11-04T12:00:00Z",
            json!({"state": "open", "merged": false, "merged_at": null, "closed_at": null})
        ),
    ]);
    let repo = json!({ "full_name": "acme/app", "issues": [], "pulls": pulls });
    std::fs::write(folder.join("world.json"), repo_world(repo).to_string()).unwrap();
}

#[test]
fn pull_requests_that_ended_are_recorded_in_order_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    world(here);
    // One was recorded live, by another number of its own.
    kaizen(
        here,
        &[
            "cycle-retro",
            "--pr",
            "6",
            "--issue",
            "3",
            "--success",
            "--repo",
            "acme/app",
            "--now",
            "2026-11-01T13:00:05Z",
        ],
    );
    let args = ["backfill-retro", "--forge", "file:world.json", "--format", "json", "--now", NOW];
    let dry = kaizen(here, &[&args[..], &["--dry-run"]].concat()).json(0);
    assert_eq!((&dry["totals"], lines(here, "retro/cycles.jsonl").len()), (&json!({"recorded": 2, "known": 1}), 1));
    for nth in 0..2 {
        let report = kaizen(here, &args).json(0);
        assert_eq!(report["totals"]["recorded"], if nth == 0 { 2 } else { 0 });
    }
    let cycles = lines(here, "retro/cycles.jsonl");
    assert_eq!(cycles.iter().map(|cycle| cycle["pr"].as_u64().unwrap()).collect::<Vec<_>>(), [6, 4, 5]);
    let merged = json!({
        "timestamp": "2026-11-03T12:00:00Z", "cycle": null, "issue": 7, "type": "bug", "success": true, "duration": 172_800,
        "reason": "", "lines_added": 31, "lines_removed": 9, "pr": 5, "epoch": null, "repo": "acme/app", "agent": "claude",
    });
    assert_eq!(cycles[2], merged);
    let closed = ["issue", "success", "reason", "agent"].map(|name| cycles[1][name].clone());
    assert_eq!(json!(closed), json!([null, false, "closed without a merge", "ada"]));
    // What was left by an end in the middle follows.
    let text = std::fs::read_to_string(here.join(".loop/retro/cycles.jsonl")).unwrap();
    let first: String = text.lines().take(2).map(|line| format!("{line}\n")).collect();
    std::fs::write(here.join(".loop/retro/cycles.jsonl"), first + "{\"timestamp\": \"20").unwrap();
    assert_eq!(kaizen(here, &args).json(0)["totals"], json!({"recorded": 1, "known": 2}));
    let since = kaizen(here, &[&args[..], &["--since", "2026-11-03T00:00:00Z", "--dry-run"]].concat()).json(0);
    assert_eq!(since["totals"], json!({"recorded": 0, "known": 1}));
}

#[test]
fn a_cycle_can_be_taken_from_a_pull_request() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    world(here);
    let args = ["cycle-retro", "--from-pr", "5", "--forge", "file:world.json", "--now", NOW];
    for _ in 0..2 {
        assert_eq!(kaizen(here, &[&args[..], &["--epoch", "e1", "--type", "docs"]].concat()).code, 0);
    }
    let cycles = lines(here, "retro/cycles.jsonl");
    assert_eq!(cycles.len(), 1);
    let members = ["cycle", "issue", "type", "epoch", "lines_added", "timestamp"].map(|name| cycles[0][name].clone());
    assert_eq!(json!(members), json!([1, 7, "docs", "e1", 31, "2026-11-03T12:00:00Z"]), "options win");
    assert_eq!(file(here, "retro/summary.json")["lines_net"], 22);
    let open = kaizen(here, &["cycle-retro", "--from-pr", "8", "--forge", "file:world.json", "--now", NOW]);
    assert_eq!(open.code, 2, "{}", open.stderr);
    assert!(open.stderr.contains("no pull request 8 that has ended"), "{}", open.stderr);
}
