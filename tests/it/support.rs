//! How the tests run the binary: `Kaizen::triage(&world).rules("rules").run()`.
//!
//! Takes: a world (a forge document as JSON), options. Gives: exit code, stdout, stderr, and the
//! report as JSON. The environment is empty but for what a test sets; the clock is frozen.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The instant of every test that does not say another.
pub const NOW: &str = "2026-11-20T12:00:00Z";

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A command that is being put together, with a folder of its own.
pub struct Kaizen {
    command: Command,
    folder: TempDir,
    format: &'static str,
    now: String,
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Kaizen {
    /// The program without arguments, in an empty folder.
    pub fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
        command.env_clear().current_dir(folder.path());
        Kaizen { command, folder, format: "", now: String::new() }
    }

    /// `backlog-triage --dry-run` over a world, with JSON as output and the shipped rules.
    pub fn triage(world: &Value) -> Self {
        let mut kaizen = Kaizen::bare();
        let path = kaizen.file("world.json", &world.to_string());
        kaizen.command.args(["backlog-triage", "--dry-run", "--forge"]).arg(format!("file:{}", path.display()));
        kaizen.format = "json";
        kaizen.now = NOW.to_owned();
        kaizen
    }

    /// `rules diff` over a world, with JSON as output.
    pub fn diff(world: &Value) -> Self {
        let mut kaizen = Kaizen::bare();
        let path = kaizen.file("world.json", &world.to_string());
        kaizen.command.args(["rules", "diff", "--forge"]).arg(format!("file:{}", path.display()));
        kaizen.format = "json";
        kaizen.now = NOW.to_owned();
        kaizen
    }

    /// A folder of rules of the test's own: the shipped ones with these words replaced.
    pub fn pack(&self, folder: &str, replaced: &[(&str, &str)]) -> PathBuf {
        self.file(
            &format!("{folder}/common.yaml"),
            &std::fs::read_to_string(root().join("rules/common.yaml")).unwrap(),
        );
        let path = self.file(&format!("{folder}/backlog-triage.yaml"), &shipped(replaced));
        path.parent().unwrap().to_owned()
    }

    /// Writes a file into the folder of the run.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The folder of the run.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Further arguments.
    pub fn args<S: AsRef<std::ffi::OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// A variable of the environment.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// A rules folder, relative to the checkout.
    pub fn rules(self, folder: &str) -> Self {
        let path = root().join(folder);
        self.args([Path::new("--rules"), &path])
    }

    /// The reference pack.
    pub fn reference(self) -> Self {
        self.rules("tests/reference/rules")
    }

    /// A rule file of the test's own, beside the shipped common.yaml.
    pub fn rule_file(self, text: &str) -> Self {
        self.file("rules/backlog-triage.yaml", text);
        self.file("rules/common.yaml", &std::fs::read_to_string(root().join("rules/common.yaml")).unwrap());
        let path = self.folder.path().join("rules");
        self.args([Path::new("--rules"), &path])
    }

    /// Another output format than JSON.
    pub fn format(mut self, format: &'static str) -> Self {
        self.format = format;
        self
    }

    /// Another instant.
    pub fn at(mut self, now: &str) -> Self {
        self.now = now.to_owned();
        self
    }

    /// Runs it. The folder goes with the value: read what a run wrote with [`Kaizen::run_in`].
    pub fn run(self) -> Ran {
        self.run_in().0
    }

    /// Runs it and keeps the folder.
    pub fn run_in(mut self) -> (Ran, TempDir) {
        if !self.format.is_empty() {
            self.command.args(["--format", self.format]);
        }
        if !self.now.is_empty() {
            self.command.args(["--now", &self.now]);
        }
        let output = self.command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
        let ran = Ran {
            code: output.status.code().expect("no signal ends it"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        (ran, self.folder)
    }
}

impl Ran {
    /// The report, of a run that ended with this code.
    pub fn json(&self, code: i32) -> Value {
        assert_eq!(self.code, code, "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// The shipped rules with these words replaced.
pub fn shipped(replaced: &[(&str, &str)]) -> String {
    let mut text = std::fs::read_to_string(root().join("rules/backlog-triage.yaml")).unwrap();
    for (from, to) in replaced {
        assert!(text.contains(from), "the rules have no `{from}`");
        text = text.replace(from, to);
    }
    text
}

/// A world of one repository, `acme/app`, with these issues.
pub fn world(issues: Value) -> Value {
    repo_world(json!({ "full_name": "acme/app", "issues": issues }))
}

/// A world of one repository with these members.
pub fn repo_world(repo: Value) -> Value {
    json!({ "version": 1, "kind": "gitea", "user": "kaizen", "repos": [repo] })
}

/// An open issue as Gitea gives it, with these members instead of the usual ones.
pub fn issue(number: u64, title: &str, with: Value) -> Value {
    let mut issue = json!({
        "id": 1000 + number, "number": number, "title": title, "body": "", "labels": [], "assignees": null, "state": "open",
        "created_at": "2026-11-01T12:00:00Z", "updated_at": "2026-11-19T12:00:00Z", "comments": 0, "pull_request": null,
        "user": { "id": 7, "login": "ada" },
    });
    for (name, value) in with.as_object().unwrap() {
        issue[name] = value.clone();
    }
    issue
}

/// Labels by name.
pub fn labels(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "name": name })).collect()
}

/// The record of an issue in a report.
pub fn record(report: &Value, number: u64) -> Value {
    let issues = report["issues"].as_array().unwrap();
    issues
        .iter()
        .find(|issue| issue["number"] == number)
        .unwrap_or_else(|| panic!("#{number} is not in the report"))
        .clone()
}

/// A plan that somebody changed, and who knows how its digest is made.
pub fn sealed(plan: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut plan: Value = serde_json::from_str(plan).unwrap();
    change(&mut plan);
    let parsed: kaizen::plan::Plan<'_> = serde_json::from_value(plan.clone()).unwrap();
    plan["digest"] = json!(parsed.sum().unwrap());
    plan.to_string()
}
