//! `--issue` and the record of what was promised, on a forge in a file.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::session;
use crate::support::{repo_world, root};

/// A checkout with rules of its own, a forge, and recorded sessions.
struct Shop(TempDir);

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join(".kaizen/rules")).unwrap();
        let rules = std::fs::read_to_string(root().join("rules/improvement-proposals.yaml")).unwrap();
        let shop = Shop(folder);
        shop.write(".kaizen/rules/improvement-proposals.yaml", &format!("{rules}\nlimits: {{items_per_run: 2}}\n"));
        shop.write("world.json", &repo_world(json!({"full_name": "acme/app", "issues": []})).to_string());
        shop
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Sessions with so many of each error.
    fn sessions(&self, errors: &[(&str, usize)]) {
        let all: Vec<Value> = errors
            .iter()
            .flat_map(|(error, count)| {
                (0..*count).map(move |index| session(&format!("{error}{index}"), &[], &[error], 60.0))
            })
            .collect();
        self.write("sessions.json", &json!(all).to_string());
    }

    /// A run; its report.
    fn run(&self, at: &str, more: &[&str], code: i32) -> Value {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_kaizen"));
        let args = ["improvement-proposals", "--input", "sessions.json", "--format", "json", "--issue"];
        let from = if more.contains(&"--issue-from") { &[][..] } else { &["--issue-from", "low"] };
        command
            .env_clear()
            .current_dir(&self.0)
            .args(args)
            .args(["--forge", "file:world.json", "--now", at])
            .args(from)
            .args(more);
        let output = command.output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    fn issues(&self) -> Vec<Value> {
        let world: Value = serde_json::from_slice(&std::fs::read(self.path("world.json")).unwrap()).unwrap();
        world["repos"][0]["issues"].as_array().unwrap().clone()
    }

    fn change(&self, change: impl Fn(&mut Value)) {
        self.change_repo(|repo| change(&mut repo["issues"][0]));
    }

    fn change_repo(&self, change: impl Fn(&mut Value)) {
        let mut world: Value = serde_json::from_slice(&std::fs::read(self.path("world.json")).unwrap()).unwrap();
        change(&mut world["repos"][0]);
        self.write("world.json", &world.to_string());
    }

    fn record(&self) -> Vec<Value> {
        lines(&self.path(".loop/retro/proposals.jsonl"))
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn states(report: &Value) -> Vec<(&str, &str)> {
    let rows = report["issues"].as_array().unwrap().iter();
    rows.map(|row| (row["action"].as_str().unwrap(), row["state"].as_str().unwrap())).collect()
}

#[test]
fn an_issue_is_opened_kept_and_closed_when_its_pattern_is_gone() {
    let shop = Shop::new();
    shop.sessions(&[("disk full", 90)]);
    let dry = shop.run("2026-11-02T06:00:00Z", &["--dry-run"], 0);
    assert_eq!(states(&dry), [("propose", "planned")]);
    assert_eq!((shop.issues().len(), shop.record().len()), (0, 0), "a dry run writes nothing");
    assert!(!shop.path(".loop").exists());

    let first = shop.run("2026-11-02T06:00:00Z", &[], 0);
    assert_eq!(states(&first), [("propose", "done")]);
    let issue = &shop.issues()[0];
    assert!(issue["title"].as_str().unwrap().contains("disk full"), "{issue}");
    assert_eq!(issue["labels"][0]["name"], "kaizen-proposal");
    let again = shop.run("2026-11-09T06:00:00Z", &[], 0);
    assert_eq!(states(&again), [("propose", "unchanged")]);
    assert_eq!(again["followed"][0]["realised_weekly_hours"], 0.0);

    // Half of it is left: the same issue says so.
    shop.sessions(&[("disk full", 45)]);
    let fewer = shop.run("2026-11-16T06:00:00Z", &[], 0);
    assert_eq!((states(&fewer), shop.issues().len()), (vec![("propose", "done")], 1));
    let followed = &fewer["followed"][0];
    assert_eq!((&followed["promised_weekly_hours"], &followed["realised_weekly_hours"]), (&json!(1.5), &json!(0.75)));

    // Gone: closed, and the record with it.
    shop.sessions(&[("something else", 1)]);
    let gone = shop.run("2026-11-23T06:00:00Z", &[], 0);
    assert_eq!(states(&gone), [("close", "done")]);
    assert_eq!((&shop.issues()[0]["state"], &gone["followed"][0]["state"]), (&json!("closed"), &json!("closed")));
    let told: Vec<Value> = shop.record().iter().map(|line| line["state"].clone()).collect();
    assert_eq!(json!(told), json!(["proposed", "measured", "closed"]));

    // It comes back: a new matter, a new issue.
    shop.sessions(&[("disk full", 90)]);
    let back = shop.run("2026-11-30T06:00:00Z", &[], 0);
    assert_eq!((states(&back), shop.issues().len()), (vec![("propose", "done")], 2));
    let runs = lines(&shop.path(".loop/runs.jsonl"));
    assert_eq!(runs.len(), 10, "two lines of every live run");
    assert_eq!(runs[1]["rules"], json!({"fix-error": 1}));
}

#[test]
fn what_a_person_closed_or_wrote_stays() {
    for change in [
        (|issue: &mut Value| issue["state"] = json!("closed")) as fn(&mut Value),
        |issue| issue["body"] = json!(issue["body"].as_str().unwrap().replacen("It was", "I say it was", 1)),
        |issue| issue["labels"].as_array_mut().unwrap().push(json!({"id": 9, "name": "kaizen-ignore"})),
        |issue| (issue["locked"], issue["is_locked"]) = (json!(true), json!(true)),
        |issue| issue["assignees"] = json!([{"id": 9, "login": "mira"}]),
    ] {
        let shop = Shop::new();
        shop.sessions(&[("disk full", 90)]);
        shop.run("2026-11-02T06:00:00Z", &[], 0);
        shop.change(change);
        let before = shop.issues();
        for (sessions, at) in [(45, "2026-11-09T06:00:00Z"), (120, "2026-11-16T06:00:00Z")] {
            shop.sessions(&[("disk full", sessions)]);
            assert_eq!(states(&shop.run(at, &[], 0)), [("propose", "skipped")]);
        }
        assert_eq!(shop.issues(), before);
        // Not even when its pattern is gone.
        shop.sessions(&[("something else", 1)]);
        let gone = shop.run("2026-11-23T06:00:00Z", &[], 0);
        assert!(states(&gone).iter().all(|row| *row == ("close", "skipped")), "{gone}");
        assert_eq!(shop.issues(), before);
    }
}

#[test]
fn who_asks_in_a_comment_to_leave_it_alone_is_heard_by_the_run_and_by_a_plan() {
    let comments = |all: &[(&str, &str)]| -> Value {
        let comment = |(id, (login, body)): (usize, &(&str, &str))| {
            json!({"id": 50 + id, "user": {"id": 30 + id, "login": login}, "body": body,
                   "created_at": "2026-11-03T06:00:00Z", "updated_at": "2026-11-03T06:00:00Z"})
        };
        all.iter().enumerate().map(comment).collect()
    };
    let shop = Shop::new();
    shop.sessions(&[("disk full", 90)]);
    shop.run("2026-11-02T06:00:00Z", &[], 0);
    let say = |all: &[(&str, &str)]| {
        shop.change_repo(|repo| {
            repo["assignees"] = json!([{"id": 30, "login": "mira"}]);
            repo["comments"] = json!({ "1": comments(all) });
        });
    };
    shop.sessions(&[("disk full", 45)]);
    // Whose word does not count is not heard, nor who went on.
    for all in [&[("stranger", "/kaizen ignore")][..], &[("mira", "/kaizen ignore"), ("mira", "/kaizen resume")]] {
        say(all);
        let dry = shop.run("2026-11-09T06:00:00Z", &["--dry-run", "--plan-out", "plan.json"], 0);
        assert_eq!(states(&dry), [("propose", "planned")], "{all:?}");
    }
    let before = shop.issues();
    say(&[("mira", "Please:\n\n/kaizen ignore")]);
    for more in [&["--dry-run"][..], &[]] {
        assert_eq!(states(&shop.run("2026-11-09T06:00:00Z", more, 0)), [("propose", "skipped")], "{more:?}");
    }
    // The plan was made before she said so.
    let mut apply = assert_cmd::Command::new(env!("CARGO_BIN_EXE_kaizen"));
    apply.env_clear().current_dir(&shop.0).args(["apply", "plan.json", "--format", "json"]);
    let output = apply.args(["--forge", "file:world.json", "--now", "2026-11-09T06:00:00Z"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["items"][0]["state"], &report["items"][0]["note"]),
        (&json!("dropped"), &json!("mira asked to leave it alone.")),
        "{report}"
    );
    assert_eq!(shop.issues(), before);
}

#[test]
fn nothing_is_planned_where_nothing_can_be_written() {
    for (closed, why) in [(("archived", true), "is archived"), (("has_issues", false), "has its issues switched off")] {
        let shop = Shop::new();
        shop.sessions(&[("disk full", 90)]);
        shop.change_repo(|repo| repo[closed.0] = json!(closed.1));
        for more in [&["--dry-run", "--plan-out", "plan.json"][..], &["--plan-out", "plan.json"]] {
            let report = shop.run("2026-11-02T06:00:00Z", more, 0);
            assert_eq!(states(&report), [("propose", "dropped")], "{more:?}");
            let note = report["issues"][0]["note"].as_str().unwrap();
            assert_eq!(note, format!("acme/app {why}: nothing is written to it."));
            let plan: Value = serde_json::from_slice(&std::fs::read(shop.path("plan.json")).unwrap()).unwrap();
            assert_eq!(plan["items"], json!([]), "{more:?}");
        }
        assert_eq!((shop.issues().len(), shop.record().len()), (0, 1), "what is proposed is recorded all the same");
    }
}

#[test]
fn limits_and_priorities_bound_what_is_opened() {
    let shop = Shop::new();
    shop.sessions(&[("a failed", 90), ("b failed", 80), ("c failed", 70)]);
    let report = shop.run("2026-11-02T06:00:00Z", &[], 4);
    assert_eq!(states(&report), [("propose", "done"), ("propose", "done"), ("propose", "deferred")]);
    // With an empty folder of the loop the forge remembers, and the third is opened now.
    std::fs::remove_dir_all(shop.path(".loop")).unwrap();
    let report = shop.run("2026-11-03T06:00:00Z", &[], 0);
    assert_eq!(states(&report), [("propose", "unchanged"), ("propose", "unchanged"), ("propose", "done")]);
    assert_eq!(shop.issues().len(), 3);
    let critical = shop.run("2026-11-04T06:00:00Z", &["--issue-from", "critical"], 0);
    assert_eq!((states(&critical), critical["proposals"].as_array().unwrap().len()), (Vec::new(), 3));
}
