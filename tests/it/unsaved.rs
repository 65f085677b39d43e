//! What becomes of a run whose results cannot be saved: a full disk, a path on which no file can be.
//!
//! Takes: jobs with a target below a file, on a full device, under a limit of the size of files (a file of a full
//! disk fails the same way). Gives: the path and what to do are named, the exit code is 1, what was worked out is
//! printed, what stood in the files stands there still, and the run is on record as ended.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{NOW, Ran, issue, root, world};

const READY: &str = "The handler in src/auth/login.py should answer. It must return 200.";

/// A folder with a forge of two issues, sessions, and a file in whose place nobody can put a folder.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let issues = json!([issue(1, "[bug] Login fails", json!({"body": READY})), issue(2, "Hm", json!({}))]);
    std::fs::write(folder.path().join("world.json"), world(issues).to_string()).unwrap();
    let session = |n: usize| {
        json!({"session_id": format!("s{n}"), "repo": "acme/app", "errors": [{"message": "disk full"}],
               "tool_calls": [], "duration_minutes": 60.0})
    };
    let sessions: Vec<Value> = (0..90).map(session).collect();
    std::fs::write(folder.path().join("sessions.json"), json!(sessions).to_string()).unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    folder
}

fn ended(mut command: Command) -> Ran {
    let output =
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap_or_else(|| panic!("a signal ended it"));
    let ran = Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) };
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    command.current_dir(folder).args(args).args(["--now", NOW]).arg("--rules").arg(root().join("rules"));
    command
}

fn run(folder: &Path, args: &[&str]) -> Ran {
    ended(command(folder, args))
}

/// The same where no file may get longer than so many blocks of 512 bytes: what is beyond fails as on a full disk.
fn limited(folder: &Path, blocks: u32, args: &[&str]) -> Ran {
    let plain = command(folder, args);
    let mut limited = Command::new("sh");
    // The signal of the limit would end the program, where a full disk gives an error.
    limited.args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\""]).arg(blocks.to_string());
    limited.current_dir(folder).arg(plain.get_program()).args(plain.get_args());
    ended(limited)
}

fn records(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(".loop/runs.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const TRIAGE: [&str; 3] = ["backlog-triage", "--forge", "file:world.json"];
const PROPOSALS: [&str; 3] = ["improvement-proposals", "--input", "sessions.json"];
const HELP: &str = "check that its folder may be written to";

#[test]
fn a_result_that_cannot_be_saved_is_printed_and_the_run_fails() {
    let issues = ["--issue", "--issue-from", "low", "--forge", "file:world.json"];
    let proposals = [&PROPOSALS[..], &issues, &["--plan-out"]].concat();
    let cases: [(&[&str], &str); 4] = [
        (&["backlog-triage", "--forge", "file:world.json", "--plan-out"], "Login fails"),
        (&proposals, "End the error: disk full"),
        (&["improvement-proposals", "--input", "sessions.json", "--output"], "End the error: disk full"),
        (&["improvement-proposals", "--input", "sessions.json", "--shard", "1/2", "--output"], "\"sessions\""),
    ];
    for (args, shows) in cases {
        for (path, limit) in [("file/out.json", None), ("/dev/full", None), ("out.json", Some(0))] {
            if path == "/dev/full" && !cfg!(target_os = "linux") {
                continue;
            }
            let folder = folder();
            let here = folder.path();
            let all = [args, &[path, "--dry-run"]].concat();
            let ran = match limit {
                Some(blocks) => limited(here, blocks, &all),
                None => run(here, &all),
            };
            assert_eq!(ran.code, 1, "{all:?}: {}", ran.stderr);
            assert!(ran.stderr.contains(path) && ran.stderr.contains(HELP), "{all:?}: {}", ran.stderr);
            assert!(ran.stdout.contains(shows), "{all:?}: what was found is lost: {}", ran.stdout);
            assert!(!here.join("out.json").exists() && !here.join(".loop").exists(), "{all:?}");
        }
    }
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::FileTypeExt;
        let about = std::fs::metadata("/dev/full").unwrap();
        assert!(about.file_type().is_char_device(), "a device is written to, not replaced");
    }
}

#[test]
fn a_plan_that_stood_there_stands_there_still() {
    let folder = folder();
    let here = folder.path();
    let args = [&TRIAGE[..], &["--dry-run", "--plan-out", "plan.json"]].concat();
    assert_eq!(run(here, &args).code, 0);
    let before = std::fs::read_to_string(here.join("plan.json")).unwrap();
    assert!(before.len() > 1024);
    let ran = limited(here, 2, &args);
    assert!(ran.code == 1 && ran.stderr.contains("plan.json"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(here.join("plan.json")).unwrap(), before);
}

#[test]
fn a_live_run_writes_nothing_without_the_plan_that_was_asked_for() {
    let proposals = [&PROPOSALS[..], &["--issue", "--issue-from", "low", "--forge", "file:world.json"]].concat();
    for args in [&TRIAGE[..], &proposals] {
        let folder = folder();
        let here = folder.path();
        let before = std::fs::read_to_string(here.join("world.json")).unwrap();
        let ran = run(here, &[args, &["--plan-out", "file/plan.json"]].concat());
        assert_eq!(ran.code, 1, "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("file/plan.json") && ran.stderr.contains(HELP), "{args:?}: {}", ran.stderr);
        assert_eq!(std::fs::read_to_string(here.join("world.json")).unwrap(), before, "{args:?}");
        let records = records(here);
        assert_eq!((records.len(), &records[1]["exit"]), (2, &json!(1)), "{args:?}: {records:?}");
        assert!(records[1]["why_incomplete"][0].as_str().unwrap().contains("file/plan.json"), "{records:?}");
    }
    // An undo neither.
    let folder = folder();
    let here = folder.path();
    assert_eq!(run(here, &TRIAGE).code, 0);
    let before = std::fs::read_to_string(here.join("world.json")).unwrap();
    let mut undo = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    undo.current_dir(here).args(["undo", "--forge", "file:world.json", "--now", NOW, "--plan-out", "file/plan.json"]);
    let ran = ended(undo);
    assert!(ran.code == 1 && ran.stderr.contains("file/plan.json"), "{}", ran.stderr);
    assert!(ran.stdout.contains("#1"), "{}", ran.stdout);
    assert_eq!(std::fs::read_to_string(here.join("world.json")).unwrap(), before);
}

#[test]
fn a_loop_folder_that_cannot_be_written_to_is_named_before_anything_is_done() {
    let jobs: [&[&str]; 5] = [
        &TRIAGE,
        &PROPOSALS,
        &["kaizen-retro", "--forge", "file:world.json"],
        &["triage-score", "--forge", "file:world.json"],
        &["cycle-retro", "--cycle", "1"],
    ];
    for args in jobs {
        let folder = folder();
        let here = folder.path();
        let before = std::fs::read_to_string(here.join("world.json")).unwrap();
        for path in ["file", "file/loop"] {
            let ran = run(here, &[args, &["--loop-dir", path]].concat());
            assert_eq!(ran.code, 2, "{args:?} {path}: {}", ran.stderr);
            assert!(ran.stderr.contains(&format!("reading {path} failed")), "{args:?}: {}", ran.stderr);
            assert!(ran.stderr.contains("name another with --loop-dir"), "{args:?} {path}: {}", ran.stderr);
        }
        assert_eq!(std::fs::read_to_string(here.join("world.json")).unwrap(), before, "{args:?}");
        assert_eq!(std::fs::read_to_string(here.join("file")).unwrap(), "");
    }
}

/// A log so long that no line more fits below the limit, and a folder in which others still do.
fn full(folder: &Path, name: &str, blocks: usize) -> String {
    let path = folder.join(".loop").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let line = format!("{}\n", json!({"timestamp": "2026-11-19T12:00:00Z", "cycle": 1, "success": true, "issue": 1}));
    let text = line.repeat(blocks * 512 / line.len());
    let text = format!("{text}{}\n", " ".repeat(blocks * 512 - text.len() - 1));
    std::fs::write(&path, &text).unwrap();
    text
}

#[test]
fn a_full_disk_tears_no_file_of_the_loop_and_what_was_found_is_printed() {
    // Of each job the file that has no room, and what it prints all the same.
    let jobs: [(&[&str], &str, &str); 3] = [
        (&["cycle-retro", "--cycle", "2"], "retro/cycles.jsonl", ""),
        (&["triage-score", "--forge", "file:world.json"], "retro/triage.jsonl", "Login fails"),
        (&TRIAGE, "journal.jsonl", "Login fails"),
    ];
    for (args, name, shows) in jobs {
        let folder = folder();
        let here = folder.path();
        let blocks = if args[0] == "backlog-triage" { 40 } else { 8 };
        let before = full(here, name, blocks);
        let forge = std::fs::read_to_string(here.join("world.json")).unwrap();
        let ran = limited(here, u32::try_from(blocks).unwrap(), args);
        assert_eq!(ran.code, 1, "{args:?}: {}{}", ran.stdout, ran.stderr);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        let (file, help) = (Path::new(name).file_name().unwrap().to_str().unwrap(), "check that it may be written to");
        assert!(said.contains(file) && said.contains(help), "{args:?}: {said}");
        assert!(ran.stdout.contains(shows), "{args:?}: {}", ran.stdout);
        assert_eq!(std::fs::read_to_string(here.join(".loop").join(name)).unwrap(), before, "{args:?}");
        // Nothing is written to a forge that could not be told of afterwards.
        assert_eq!(std::fs::read_to_string(here.join("world.json")).unwrap(), forge, "{args:?}");
        let records = records(here);
        assert_eq!(records.len(), 2, "{args:?}: {records:?}");
        assert!(!records[1]["ended"].is_null() && records[1]["complete"] == false, "{args:?}: {records:?}");
    }
    // The insights are printed though they cannot be kept; those of before are.
    let folder = folder();
    let here = folder.path();
    full(here, "retro/cycles.jsonl", 4);
    assert_eq!(run(here, &["loop-introspect"]).code, 0);
    let before = std::fs::read_to_string(here.join(".loop/retro/insights.json")).unwrap();
    let ran = limited(here, 4, &["loop-introspect", "--format", "json"]);
    assert!(ran.code == 1 && ran.stderr.contains("insights.json") && ran.stderr.contains(HELP), "{}", ran.stderr);
    assert_eq!(ran.stdout, format!("{}\n", before.trim_end()), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(here.join(".loop/retro/insights.json")).unwrap(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn a_live_run_that_cannot_print_is_on_record_with_what_it_did() {
    let jobs: [&[&str]; 4] = [
        &TRIAGE,
        &["triage-score", "--forge", "file:world.json"],
        &["cycle-retro", "--cycle", "1"],
        &["kaizen-retro", "--forge", "file:world.json", "--write"],
    ];
    for args in jobs {
        for variable in [None, Some("GITHUB_STEP_SUMMARY"), Some("GITHUB_OUTPUT")] {
            // These write neither.
            if variable.is_some() && args[0] != "backlog-triage" {
                continue;
            }
            let folder = folder();
            let mut command = command(folder.path(), args);
            command.env_clear().stdin(Stdio::null()).stderr(Stdio::piped());
            match variable {
                Some(name) => command.env(name, "/dev/full").stdout(Stdio::null()),
                None => command.stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap()),
            };
            let output = command.output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{args:?} {variable:?}: {said}");
            let place = if variable.is_some() { "/dev/full" } else { "stdout" };
            assert!(said.contains(place), "{args:?} {variable:?}: {said}");
            let records = records(folder.path());
            assert_eq!(records.len(), 2, "{args:?} {variable:?}: {records:?}");
            assert!(!records[1]["ended"].is_null(), "{args:?} {variable:?}: {records:?}");
            if args[0] == "backlog-triage" {
                assert_eq!(records[1]["totals"]["acted"], 1, "{variable:?}: {records:?}");
                let world = std::fs::read_to_string(folder.path().join("world.json")).unwrap();
                assert!(world.contains("Handed to **claude**"), "{variable:?}");
            }
        }
    }
}
