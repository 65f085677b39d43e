//! The orphan branch `loop-state`: `.gitea/loop-state.sh` on clones of one bare repository.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::json;

use super::{kaizen, lines};
use crate::support::root;

fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git").args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The script as a workflow starts it, with this program on the path.
fn state(clone: &Path, what: &str) -> Command {
    let bin = Path::new(env!("CARGO_BIN_EXE_kaizen")).parent().unwrap().display().to_string();
    let mut command = Command::new("sh");
    command.arg(root().join(".gitea/loop-state.sh")).arg(what).current_dir(clone);
    command.env_clear().env("PATH", format!("{bin}:{}", std::env::var("PATH").unwrap())).env("HOME", clone);
    command.env("GITHUB_ACTIONS", "true");
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    command
}

fn told(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A bare repository with one commit, and so many clones of it.
fn clones(count: usize) -> (tempfile::TempDir, Vec<std::path::PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    git(here, &["init", "--quiet", "--bare", "-b", "main", "origin.git"]);
    git(here, &["clone", "--quiet", "origin.git", "seed"]);
    std::fs::write(here.join("seed/README.md"), "x").unwrap();
    let seed = here.join("seed");
    git(&seed, &["add", "."]);
    git(&seed, &["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first"]);
    git(&seed, &["push", "--quiet", "origin", "HEAD:main"]);
    let clone = |nth: usize| {
        git(here, &["clone", "--quiet", "origin.git", &format!("clone-{nth}")]);
        here.join(format!("clone-{nth}"))
    };
    let clones = (0..count).map(clone).collect();
    (folder, clones)
}

fn record(clone: &Path, cycle: u64, second: u64) {
    let at = format!("2026-11-20T12:00:{second:02}Z");
    let ran = kaizen(clone, &["cycle-retro", "--cycle", &cycle.to_string(), "--now", &at]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
}

#[test]
fn two_that_run_at_once_keep_what_both_have_recorded() {
    let (folder, clones) = clones(3);
    for (nth, clone) in (0..).zip(&clones[..2]) {
        told(&state(clone, "load").output().unwrap());
        record(clone, 10 + nth, 20 + nth);
        record(clone, 20 + nth, 30 - nth);
    }
    let queue = |clone: &Path, second: u32| {
        let file = json!({"generated_at": format!("2026-11-20T12:00:{second:02}Z"), "items": [second]});
        std::fs::write(clone.join(".loop/queue.json"), file.to_string()).unwrap();
    };
    queue(&clones[0], 8);
    queue(&clones[1], 7);
    let both: Vec<_> = clones[..2].iter().map(|clone| state(clone, "save").spawn().unwrap()).collect();
    for child in both {
        let said = told(&child.wait_with_output().unwrap());
        assert_eq!(said, "", "nothing to warn of");
    }
    told(&state(&clones[2], "load").output().unwrap());
    let cycles: Vec<u64> =
        lines(&clones[2], "retro/cycles.jsonl").iter().map(|line| line["cycle"].as_u64().unwrap()).collect();
    assert_eq!(cycles, [10, 11, 21, 20], "all, in the order of their times");
    assert_eq!(super::json(&clones[2], "queue.json")["items"][0], 8, "the newer one");

    // One commit without a past, and no file but the memory's.
    let origin = folder.path().join("origin.git");
    assert_eq!(git(&origin, &["rev-list", "--count", "loop-state"]).trim(), "1");
    let files = git(&origin, &["ls-tree", "-r", "--name-only", "loop-state"]);
    assert!(files.lines().any(|name| name == "retro/cycles.jsonl") && !files.contains("lock"), "{files}");
    let before = git(&origin, &["rev-parse", "loop-state"]);
    told(&state(&clones[2], "save").output().unwrap());
    assert_eq!(git(&origin, &["rev-parse", "loop-state"]), before, "nothing new, no new commit");
    assert_eq!(git(&clones[2], &["status", "--porcelain", "--untracked-files=no"]), "", "the checkout is as it was");
}

#[test]
fn a_push_that_is_refused_warns_and_the_run_stays_right() {
    let (folder, clones) = clones(1);
    let hook = folder.path().join("origin.git/hooks/pre-receive");
    std::fs::write(&hook, "#!/bin/sh\necho no >&2\nexit 1\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    record(&clones[0], 1, 1);
    let said = told(&state(&clones[0], "save").output().unwrap());
    assert!(said.contains("::warning::the push to loop-state was refused"), "{said}");
    assert_eq!(lines(&clones[0], "retro/cycles.jsonl").len(), 1);
    let gone = state(&clones[0], "load").env("LOOP_REMOTE", folder.path().join("nowhere")).output().unwrap();
    assert!(told(&gone).contains("::warning::the branch loop-state cannot be read"));
    assert_eq!(state(&clones[0], "what").output().unwrap().status.code(), Some(2));
}
