//! Revisions of a clone: what is read, what it is called, what is said where it is not there.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{backlog, item};
use crate::support::{Kaizen, Ran};

/// A repository in the folder of a run, with the shipped rules on `main`.
struct Clone(Kaizen);

pub fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"])
        .args(["-c", "protocol.file.allow=always", "-c", "init.defaultBranch=main"])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

const HIGH: (&str, &str) = ("ready: 5", "ready: 6");

impl Clone {
    /// One commit on `main`, then `topic` with a higher threshold, then another commit on `main`.
    fn new(folder: &str) -> Clone {
        let kaizen = Kaizen::diff(&backlog(30));
        let clone = Clone(kaizen.env("PATH", std::env::var_os("PATH").unwrap()));
        clone.git(&["init", "-q"]);
        clone.commit(folder, &[]);
        clone.git(&["checkout", "-q", "-b", "topic"]);
        clone.commit(folder, &[HIGH]);
        clone.git(&["checkout", "-q", "main"]);
        clone.commit(folder, &[("short_title: 80", "short_title: 8")]);
        clone.git(&["checkout", "-q", "topic"]);
        clone
    }

    fn git(&self, args: &[&str]) -> String {
        git(self.0.folder(), args)
    }

    fn commit(&self, folder: &str, replaced: &[(&str, &str)]) {
        self.0.pack(folder, replaced);
        self.git(&["add", folder]);
        self.git(&["commit", "-q", "-m", "x"]);
    }

    fn run(self, args: &[&str]) -> Ran {
        self.0.args(args).run()
    }
}

fn thresholds(report: &Value) -> String {
    item(report, 1)["why"].to_string()
}

#[test]
fn a_branch_is_compared_from_where_both_come_from() {
    for folder in ["rules", ".kaizen/rules"] {
        let clone = Clone::new(folder);
        let base = clone.git(&["merge-base", "main", "topic"]);
        let report = clone.run(&["--base", "main"]).json(0);
        assert_eq!(report["base"]["commit"], base.as_str(), "{folder}");
        assert!(report["base"]["name"].as_str().unwrap().contains("merge base with HEAD"), "{report}");
        let why: String = report["items"].as_array().unwrap().iter().map(|it| it["why"].to_string()).collect();
        // What `main` has done since is no part of it.
        assert!(report["changed"].as_u64() > Some(0) && !why.contains("short_title"), "{why}");
    }
}

#[test]
fn two_revisions_are_compared_without_a_checkout() {
    let clone = Clone::new("rules");
    clone.git(&["checkout", "-q", "main"]);
    std::fs::remove_dir_all(clone.0.folder().join("rules")).unwrap();
    let head = clone.git(&["rev-parse", "topic"]);
    let report = clone.run(&["--base", "main", "--head", "topic"]).json(0);
    assert_eq!(report["head"]["commit"], head.as_str());
    assert!(report["base"]["name"].as_str().unwrap().contains("merge base with topic"));
    assert!(report["changed"].as_u64() > Some(0), "{}", thresholds(&report));
}

#[test]
fn below_the_top_and_in_a_folder_that_is_named() {
    let clone = Clone::new("team/policy");
    clone.0.pack("team/policy", &[("ready: 5", "ready: 99")]);
    let report = clone.run(&["--base", "HEAD", "--rules", "team/policy"]).json(0);
    assert!(report["base"]["name"].as_str().unwrap().contains("HEAD"), "{report}");
    assert!(report["changed"].as_u64() > Some(5), "{report}");
}

#[test]
fn a_shallow_clone_says_how_to_get_what_it_lacks() {
    let clone = Clone::new("rules");
    let (old, topic) = (clone.git(&["rev-parse", "main~1"]), clone.git(&["rev-parse", "topic"]));
    let origin = format!("file://{}", clone.0.folder().display());
    let shallow = Kaizen::diff(&backlog(30)).env("PATH", std::env::var_os("PATH").unwrap());
    git(shallow.folder(), &["clone", "-q", "--depth=1", "--branch", "topic", &origin, "copy"]);
    let copy = shallow.folder().join("copy");
    let run = |args: &[&str]| {
        let world = shallow.folder().join("world.json");
        let output = Command::new(env!("CARGO_BIN_EXE_kaizen"))
            .args(["rules", "diff", "--format", "json", "--now", crate::support::NOW, "--forge"])
            .arg(format!("file:{}", world.display()))
            .args(args)
            .current_dir(&copy)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    };
    for revision in ["main", &old] {
        let ran = run(&["--base", revision]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        let mend = format!("git fetch --depth=1 origin {revision}");
        assert!(ran.stderr.contains("shallow") && ran.stderr.contains(&mend), "{}", ran.stderr);
        // What it says helps.
        let said = ran.stderr.split('`').nth(1).unwrap().to_owned();
        git(&copy, &said.split(' ').skip(1).collect::<Vec<_>>());
        let report = run(&["--base", revision]).json(0);
        let name = report["base"]["name"].as_str().unwrap();
        assert!(name.contains("itself: this clone holds no merge base"), "{name}");
        assert!(report["changed"].as_u64() > Some(0), "{report}");
    }
    assert!(run(&["--base", &topic]).json(0)["changed"] == 0);
}

#[test]
fn rules_that_the_working_tree_has_not_any_more_are_gone() {
    let clone = Clone::new("rules");
    std::fs::remove_dir_all(clone.0.folder().join("rules")).unwrap();
    let report = clone.run(&["--base", "main"]).json(0);
    assert_eq!((&report["head"]["rules_hash"], &report["totals"]["lost"]), (&Value::Null, &Value::from(30)));
    assert!(report["warnings"][0].as_str().unwrap().contains("the job is gone"), "{report}");
}

#[test]
fn broken_rules_of_a_revision_are_told_under_its_name() {
    let clone = Clone::new("rules");
    clone.commit("rules", &[("not ready\n", "not raedy\n")]);
    clone.0.pack("rules", &[]);
    let ran = clone.run(&["--base", "HEAD"]);
    assert_eq!(ran.code, 78, "{}", ran.stderr);
    assert!(ran.stderr.contains("HEAD@") && ran.stderr.contains(":rules/backlog-triage.yaml:"), "{}", ran.stderr);
}

#[cfg(unix)]
#[test]
fn links_options_and_settings_of_a_clone_lead_nowhere() {
    let clone = Clone::new("rules");
    let outside = clone.0.file("outside.yaml", "keywords: {secret: [hunter2]}\n");
    let link = clone.0.folder().join("rules/linked.yaml");
    std::os::unix::fs::symlink(outside, &link).unwrap();
    clone.git(&["add", "rules/linked.yaml"]);
    clone.git(&["commit", "-q", "-m", "link"]);
    std::fs::remove_file(&link).unwrap();
    // A pager, a filter and a textconv that would leave a trace.
    let trace = clone.0.folder().join("trace");
    let touch = format!("touch {}", trace.display());
    for name in ["core.pager", "core.fsmonitor", "diff.x.textconv", "filter.x.smudge"] {
        clone.git(&["config", name, &touch]);
    }
    clone.0.file(".git/info/attributes", "*.yaml diff=x filter=x\n");
    let (folder, path) = (clone.0.folder().to_owned(), trace);
    let report = clone.run(&["--base", "HEAD"]);
    assert_eq!(report.json(0)["changed"], 0, "{}", report.stderr);
    assert!(!path.exists(), "git started something in {}", folder.display());
    let ran = Clone::new("rules").run(&["--base=--output=x"]);
    assert!(ran.code == 2 && ran.stderr.contains("no name of a revision"), "{}", ran.stderr);
}
