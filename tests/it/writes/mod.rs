//! Live runs of the built binary on a forge file, and what stands in the file afterwards.
//!
//! Takes: worlds, rules of the tests' own or the shipped ones. Gives: [`Bench`], a forge file with
//! rules and a loop folder beside it, on which runs, people and kills follow each other.

mod actions;
mod caps;
mod comment;
mod folder;
mod guard;
mod killed;
mod markers;
mod plan;
mod repos;
mod silent;
mod stuck;
mod summary;
mod texts;
mod undo;
mod undo_texts;

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Kaizen, NOW, Ran, root};

/// An hour after [`NOW`].
const LATER: &str = "2026-11-20T13:00:00Z";

/// The action that most tests take: a comment and one of everything after it.
const ALL: &str = "{agent: claude, add_labels: [taken], assign: [claude], comment: decision.md.j2}";

/// A forge file with rules and a loop folder beside it.
struct Bench {
    folder: TempDir,
}

impl Bench {
    /// This world under the shipped rules.
    fn shipped(world: &Value) -> Bench {
        let bench = Bench { folder: tempfile::tempdir().unwrap() };
        for name in ["backlog-triage", "common"] {
            bench.rules(name, &std::fs::read_to_string(root().join(format!("rules/{name}.yaml"))).unwrap());
        }
        bench.write(world);
        bench
    }

    /// This world under rules of the test's own.
    fn new(world: &Value, rules: &str) -> Bench {
        let bench = Bench { folder: tempfile::tempdir().unwrap() };
        bench.rules("backlog-triage", rules);
        bench.write(world);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn rules(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.path("rules")).unwrap();
        std::fs::write(self.path(&format!("rules/{name}.yaml")), text).unwrap();
    }

    fn write(&self, world: &Value) {
        std::fs::write(self.path("world.json"), world.to_string()).unwrap();
    }

    /// The file as it stands.
    fn text(&self) -> String {
        std::fs::read_to_string(self.path("world.json")).unwrap()
    }

    fn world(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// The first repository.
    fn repo(&self) -> Value {
        self.world()["repos"][0].clone()
    }

    /// An issue of the first repository.
    fn issue(&self, number: u64) -> Value {
        let repo = self.repo();
        let issues = repo["issues"].as_array().unwrap();
        issues.iter().find(|issue| issue["number"] == number).unwrap_or_else(|| panic!("no #{number}")).clone()
    }

    /// The comments of an issue: who and what.
    fn comments(&self, number: u64) -> Vec<(String, String)> {
        let repo = self.repo();
        let list = repo["comments"][number.to_string()].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        list.iter().map(|comment| (text(&comment["user"]["login"]), text(&comment["body"]))).collect()
    }

    /// What somebody does to the first repository.
    fn edit(&self, what: impl FnOnce(&mut Value)) {
        let mut world = self.world();
        what(&mut world["repos"][0]);
        self.write(&world);
    }

    /// What somebody does to an issue.
    fn edit_issue(&self, number: u64, with: Value) {
        self.edit(|repo| {
            let issues = repo["issues"].as_array_mut().unwrap();
            let issue = issues.iter_mut().find(|issue| issue["number"] == number).unwrap();
            for (name, value) in with.as_object().unwrap() {
                issue[name] = value.clone();
            }
        });
    }

    /// Somebody comments, after what is there.
    fn say(&self, number: u64, login: &str, body: &str, at: &str) {
        self.edit(|repo| {
            let list = &mut repo["comments"][number.to_string()];
            if list.is_null() {
                *list = json!([]);
            }
            let id = 7_000 + list.as_array().unwrap().len();
            let user = json!({ "id": 77, "login": login });
            let comment = json!({ "id": id, "user": user, "body": body, "created_at": at, "updated_at": at });
            list.as_array_mut().unwrap().push(comment);
        });
    }

    /// The runner is gone, and its loop folder with it.
    fn forget(&self) {
        let _ = std::fs::remove_dir_all(self.path("loop"));
    }

    fn command(&self, job: &[&str], now: &str) -> Kaizen {
        let forge = format!("file:{}", self.path("world.json").display());
        Kaizen::bare().args(job).args(["--forge", &forge, "--now", now, "--loop-dir"]).args([self.path("loop")])
    }

    /// A run of the job with further arguments.
    fn run_with(&self, now: &str, more: &[&str]) -> Ran {
        self.triage(now).format("json").args(more).run()
    }

    fn triage(&self, now: &str) -> Kaizen {
        self.command(&["backlog-triage"], now).args(["--rules"]).args([self.path("rules")])
    }

    /// What a dry run shows a person.
    fn shown(&self, now: &str) -> String {
        self.triage(now).format("text").args(["--dry-run"]).run().stdout
    }

    /// A live run.
    fn live(&self) -> Ran {
        self.run_with(NOW, &[])
    }

    /// A live run at another time.
    fn live_at(&self, now: &str) -> Ran {
        self.run_with(now, &[])
    }

    /// A dry run that saves its plan.
    fn plan(&self) {
        let path = self.path("plan.json");
        self.run_with(NOW, &["--dry-run", "--plan-out", path.to_str().unwrap()]).json(0);
    }

    fn apply_at(&self, now: &str, more: &[&str]) -> Ran {
        self.command(&["apply"], now).format("json").args(more).args([self.path("plan.json")]).run()
    }

    /// Carries out the saved plan.
    fn apply(&self) -> Ran {
        self.apply_at(NOW, &[])
    }

    /// A live run that must change nothing.
    fn nothing(&self, now: &str, what: &str) -> Value {
        let before = self.text();
        let report = self.live_at(now).json(0);
        assert!(self.text() == before, "{what}: the file was changed: {report}");
        assert_eq!(report["totals"]["acted"], 0, "{what}");
        report
    }
}

/// Rules of one action for whatever has no label `done-with`; what stands in `more` comes before.
fn rules(action: &str, more: &str) -> String {
    format!(
        "version: 1\njob: backlog-triage\nskip: {{command: /kaizen ignore}}\nthresholds: {{ready: 5}}\n\
         flags: {{urgent: false, ready: true, blocked: false}}\n\
         agents:\n  claude: {{login: claude}}\n  kimi: {{login: kimi}}\n  owner: {{login: owner}}\n\
         labels:\n  taken: {{color: 00aa00, description: In hand.}}\n  other: {{color: 0000aa, description: Other.}}\n\
         actions:\n  act: {action}\n  tell: {{agent: owner, mention: [owner], comment: decision.md.j2}}\n\
         \x20 label: {{add_labels: [other], comment: decision.md.j2}}\n\
         {more}\
         decide:\n  - {{id: leave, when: \"'leave' in labels or own_report\", action: skip, reason: Left.}}\n\
         \x20 - {{id: ping, when: \"'ping' in labels\", action: tell, reason: Told.}}\n\
         \x20 - {{id: other, when: \"'switch' in labels\", action: label, reason: Another.}}\n\
         \x20 - {{id: rest, action: act, reason: Chosen.}}\n"
    )
}

/// A world of this kind with these issues; their timelines are recorded.
fn world_of(kind: &str, issues: &[Value]) -> Value {
    let events: serde_json::Map<String, Value> =
        issues.iter().map(|issue| (issue["number"].to_string(), json!([]))).collect();
    json!({ "version": 1, "kind": kind, "user": "kaizen", "repos": [{
        "full_name": "acme/app", "issues": issues, "events": events,
        "labels": [{ "id": 1, "name": "bug" }, { "id": 2, "name": "leave" }],
        "milestones": [{ "id": 3, "title": "1.0", "state": "open" }],
    }] })
}

/// Whatever stands in a name's place in `run=…` of markers, so that two runs can be compared.
fn without_run(text: &str) -> String {
    let mut parts = text.split(" run=");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        out.push_str(" run=-");
        out.push_str(&part[part.find(' ').unwrap()..]);
    }
    out
}

/// Names of the labels or logins of the assignees of an issue.
fn names(issue: &Value, list: &str, member: &str) -> Vec<String> {
    let entries = issue[list].as_array().cloned().unwrap_or_default();
    entries.iter().map(|entry| entry[member].as_str().unwrap().to_owned()).collect()
}

/// State and note of an issue in a report.
fn fate(report: &Value, number: u64) -> (String, String) {
    let decision = &crate::support::record(report, number)["decision"];
    let text = |name: &str| decision[name].as_str().unwrap_or("").to_owned();
    (text("state"), text("note"))
}

/// What became of the first item of a plan.
fn applied(ran: &Ran) -> (String, String) {
    let item = ran.json(0)["items"][0].clone();
    let text = |name: &str| item[name].as_str().unwrap_or("").to_owned();
    (text("state"), text("note"))
}
