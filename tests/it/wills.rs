//! Worlds of `tests/cases`: whose will something was, and what came between a decision and its write.
//!
//! Takes: folders with a forge file, rules, templates, and `case.json`: what is right, and the steps that show it.
//! Gives: one test that walks through all of them, each twice: with the folder of the loop kept, and with an empty
//! one at every step.
//!
//! A step is one of
//! - `{"dry" | "live": NOW, "rules": FOLDER, "args": […], "writes": […], "notes": {NUMBER: TEXT}, "warns": TEXT}`
//! - `{"plan": NOW, "writes": […]}` and `{"apply": NOW, "states": […], "notes": […]}`, which carries it out
//! - `{"person": LOGIN, "at": NOW, "on": NUMBER, "does": "unlabel stale"}`, what somebody does on the forge
//! - `{"world": FILE}`, the forge as it is from here on

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Kaizen, Ran, root};

#[test]
fn every_case_ends_as_it_says() {
    let mut failed = Vec::new();
    let mut cases: Vec<PathBuf> =
        std::fs::read_dir(root().join("tests/cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    assert!(cases.len() > 15, "{}", cases.len());
    for folder in cases {
        for keeps in [true, false] {
            failed.extend(Walk::new(&folder, keeps).steps().err());
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// A case that is being walked through.
struct Walk<'c> {
    folder: &'c Path,
    /// A copy of the forge, the plan and the folder of the loop.
    place: TempDir,
    keeps: bool,
}

impl<'c> Walk<'c> {
    fn new(folder: &'c Path, keeps: bool) -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::copy(folder.join("forge.json"), place.path().join("forge.json")).unwrap();
        Walk { folder, place, keeps }
    }

    fn steps(&self) -> Result<(), String> {
        let case: Value = read(&self.folder.join("case.json"));
        assert!(case["right"].is_string(), "{}: say what is right", self.folder.display());
        for (index, step) in case["steps"].as_array().unwrap().iter().enumerate() {
            if !self.keeps {
                let _ = std::fs::remove_dir_all(self.place.path().join("loop"));
            }
            let name = self.folder.file_name().unwrap().to_string_lossy();
            self.step(step).map_err(|why| {
                format!("{name}, step {} (loop folder kept: {}): {step}\n{why}", index + 1, self.keeps)
            })?;
        }
        Ok(())
    }

    fn step(&self, step: &Value) -> Result<(), String> {
        let text = |name: &str| step[name].as_str();
        if let Some(file) = text("world") {
            std::fs::copy(self.folder.join(file), self.place.path().join("forge.json")).unwrap();
        } else if let Some(login) = text("person") {
            self.person(login, step);
        } else if let Some(now) = text("apply") {
            let ran = self.command(&["apply"], now).args([self.place.path().join("plan.json")]).run();
            let items = report(&ran)?["items"].clone();
            let list = |member: &str| items.as_array().unwrap().iter().map(|item| item[member].clone()).collect();
            same("states", &step["states"], list("state"), &ran)?;
            if !step["notes"].is_null() {
                same("notes", &step["notes"], list("note"), &ran)?;
            }
        } else {
            let (now, live) =
                text("live").map_or_else(|| (text("dry").or(text("plan")).unwrap(), false), |now| (now, true));
            let kaizen = self.command(&["backlog-triage"], now);
            copy(self.folder, kaizen.folder());
            // As people name them: from where they stand.
            let mut kaizen = kaizen.args(["--rules", text("rules").unwrap_or("rules")]);
            if !live {
                kaizen = kaizen.args(["--dry-run"]);
            }
            if text("plan").is_some() {
                kaizen = kaizen.args([Path::new("--plan-out"), &self.place.path().join("plan.json")]);
            }
            let more = step["args"].as_array().cloned().unwrap_or_default();
            let ran = kaizen.args(more.iter().map(|arg| arg.as_str().unwrap())).run();
            let report = report(&ran)?;
            same("writes", &step["writes"], writes(&report), &ran)?;
            for (number, wanted) in step["notes"].as_object().into_iter().flatten() {
                let issues = report["issues"].as_array().unwrap();
                let row = issues.iter().find(|row| row["number"].as_u64() == number.parse().ok());
                let note = row.map_or(Value::Null, |row| row["decision"]["note"].clone());
                if !note.as_str().unwrap_or_default().contains(wanted.as_str().unwrap()) {
                    return Err(format!("the note of #{number} is {note}"));
                }
            }
            if let Some(wanted) = text("warns")
                && !report["warnings"].to_string().contains(wanted)
            {
                return Err(format!("warnings: {}", report["warnings"]));
            }
        }
        Ok(())
    }

    fn command(&self, job: &[&str], now: &str) -> Kaizen {
        let forge = format!("file:{}", self.place.path().join("forge.json").display());
        let kaizen = Kaizen::bare().args(job).args(["--forge", &forge, "--loop-dir"]);
        kaizen.args([self.place.path().join("loop")]).format("json").at(now)
    }

    /// Somebody does something to an item of the first repository: it is as it is then, and its timeline has it.
    fn person(&self, login: &str, step: &Value) {
        let path = self.place.path().join("forge.json");
        let mut world = read(&path);
        let github = world["kind"] == "github";
        let (at, number) = (&step["at"], step["on"].to_string());
        let does = step["does"].as_str().unwrap();
        let (verb, what) = does.split_once(' ').unwrap_or((does, ""));
        let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
        let user = json!({ "id": 4711, "login": login, "type": kind });
        let repo = &mut world["repos"][0];
        let issues = repo["issues"].as_array_mut().unwrap();
        let item = issues.iter_mut().find(|issue| issue["number"].as_u64() == number.parse().ok()).unwrap();
        let mut event = json!({ "id": 900_000, "user": user, "actor": user, "created_at": at });
        let mut comment = Value::Null;
        let mut list = |name: &str, member: &str, add: bool| {
            let mut entries = item[name].as_array().cloned().unwrap_or_default();
            entries.retain(|entry| entry[member] != what);
            entries.extend(add.then(|| json!({ member: what })));
            item[name] = json!(entries);
        };
        let (on_github, on_gitea) = match verb {
            "label" | "unlabel" => {
                list("labels", "name", verb == "label");
                event["label"] = json!({ "name": what });
                event["body"] = json!(if verb == "label" { "1" } else { "" });
                (if verb == "label" { "labeled" } else { "unlabeled" }, "label")
            }
            "assign" | "unassign" => {
                list("assignees", "login", verb == "assign");
                event["assignee"] = json!({ "login": what });
                event["removed_assignee"] = json!(verb == "unassign");
                (if verb == "assign" { "assigned" } else { "unassigned" }, "assignees")
            }
            "milestone" | "demilestone" => {
                let title = (!what.is_empty()).then(|| json!({ "title": what }));
                item["milestone"] = json!(title);
                event["milestone"] = json!(title);
                (if verb == "milestone" { "milestoned" } else { "demilestoned" }, "milestone")
            }
            "close" | "reopen" => {
                item["state"] = json!(if verb == "close" { "closed" } else { "open" });
                (if verb == "close" { "closed" } else { "reopened" }, if verb == "close" { "close" } else { "reopen" })
            }
            "comment" => {
                item["comments"] = json!(item["comments"].as_u64().unwrap_or_default() + 1);
                event["body"] = json!(what);
                event["updated_at"] = at.clone();
                event["author_association"] = json!("NONE");
                comment = event.clone();
                ("commented", "comment")
            }
            "edit" => {
                item["body"] = json!(what);
                ("", "")
            }
            "lock" => {
                item["locked"] = json!(true);
                item["is_locked"] = json!(true);
                ("locked", "lock")
            }
            _ => panic!("{does}"),
        };
        item["updated_at"] = at.clone();
        event[if github { "event" } else { "type" }] = json!(if github { on_github } else { on_gitea });
        let mut push = |list: &str, entry: Value| {
            let entries = &mut repo[list][&number];
            if entries.is_null() {
                *entries = json!([]);
            }
            entries.as_array_mut().unwrap().push(entry);
        };
        if !on_github.is_empty() {
            push("events", event);
        }
        if !comment.is_null() {
            push("comments", comment);
        }
        std::fs::write(path, world.to_string()).unwrap();
    }
}

fn report(ran: &Ran) -> Result<Value, String> {
    if ran.code == 0 { Ok(ran.json(0)) } else { Err(format!("exit {}: {}", ran.code, ran.stderr)) }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &to) } else { std::fs::copy(path, to).map(drop).unwrap() }
    }
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Each write that a run plans or has made, in a word: `#1 add_labels stale`.
fn writes(report: &Value) -> Value {
    let one = |write: &Value| {
        let number = write["number"].as_u64().map_or_else(|| "new".to_owned(), |number| format!("#{number}"));
        let mut words = vec![number, write["op"].as_str().unwrap().to_owned()];
        for list in ["labels", "assignees"] {
            let names = write["args"][list].as_array().cloned().unwrap_or_default();
            words.extend(names.iter().map(|name| name.as_str().unwrap().to_owned()));
        }
        words.extend(write["args"]["milestone"].as_str().map(str::to_owned));
        json!(words.join(" "))
    };
    let made = |write: &&Value| write["state"] == "planned" || write["state"] == "done";
    report["writes"].as_array().unwrap().iter().filter(made).map(one).collect()
}

fn same(what: &str, wanted: &Value, found: Value, ran: &Ran) -> Result<(), String> {
    match *wanted == found {
        true => Ok(()),
        false => Err(format!("{what}: {found}, wanted {wanted}\n{}{}", ran.stdout, ran.stderr)),
    }
}
