//! What people see at a terminal, and what is no terminal for people.
//!
//! Takes: the built binary on a pseudo-terminal of so many columns, the demo. Gives: the proof that no word is broken
//! and no title cut there, and that the job of a runner, which may have such a terminal too, a pipe and `TERM=dumb`
//! get neither colours nor cuts.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::support::{NOW, root};

/// Runs a command with stdin and stdout on a terminal; gives what it showed, with line ends as in a file.
fn at_terminal(columns: u16, words: &[&str], variables: &[(&str, &str)]) -> String {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    tcsetwinsize(&master, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    command.args(words).current_dir(root()).env_clear().envs(variables.iter().copied());
    // Progress is drawn on stderr, over and over.
    command.stdin(slave.try_clone().unwrap()).stderr(Stdio::null()).stdout(slave);
    let mut child = command.spawn().unwrap();
    // This side holds no end of the terminal any more: it ends with the command.
    drop(command);
    let mut shown = Vec::new();
    let mut buffer = [0; 4096];
    let mut master = File::from(master);
    // A terminal that nobody holds any more answers with an error.
    while let Ok(read @ 1..) = master.read(&mut buffer) {
        shown.extend_from_slice(&buffer[..read]);
    }
    child.wait().unwrap();
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}

const DEMO: [&str; 5] = ["backlog-triage", "--forge", "file:tests/worlds/demo.json", "--dry-run", "-q"];

fn demo<'w>(more: &[&'w str]) -> Vec<&'w str> {
    [&DEMO, &["--now", NOW][..], more].concat()
}

fn titles() -> Vec<String> {
    let mut kaizen = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    let output = kaizen.args(demo(&["--format", "json"])).current_dir(root()).env_clear().output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let issues = report["issues"].as_array().unwrap();
    let acting = issues.iter().filter(|issue| issue["decision"]["state"] == "planned");
    acting.map(|issue| issue["title"].as_str().unwrap().to_owned()).collect()
}

fn bare(text: &str) -> String {
    text.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "")
}

/// All words in their order, whatever stands between them.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn eighty_columns_break_no_word_and_cut_no_title() {
    for columns in [60, 80, 100, 120] {
        let shown = at_terminal(columns, &demo(&[]), &[]);
        let text = bare(&shown);
        assert!(
            shown.contains("\u{1b}[1m") && !text.contains('\u{1b}'),
            "headings are bold, and nothing else: {shown}"
        );
        let wide: Vec<&str> = text.lines().filter(|line| line.width() > usize::from(columns)).collect();
        assert!(wide.is_empty(), "{columns}: {wide:?}");
        for title in titles() {
            assert!(words(&text).contains(&title), "{columns}: {title} is not whole in {text}");
        }
    }
    insta::assert_snapshot!(bare(&at_terminal(80, &demo(&[]), &[])));
}

#[test]
fn every_command_for_people_fits_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let world = folder.path().join("world.json");
    std::fs::copy(root().join("tests/worlds/demo.json"), &world).unwrap();
    let (forge, memory) = (format!("file:{}", world.display()), folder.path().join("loop"));
    let memory = memory.to_str().unwrap();
    let on = |words: &[&'static str]| words.iter().copied().map(str::to_owned).collect::<Vec<_>>();
    let loops = ["--loop-dir", memory, "--now", NOW].map(str::to_owned);
    let forge = ["--forge".to_owned(), forge];
    let commands = [
        [on(&["backlog-triage"]), forge.to_vec(), loops.to_vec()].concat(),
        [on(&["backlog-triage", "--dry-run", "-v"]), forge.to_vec(), loops.to_vec()].concat(),
        [on(&["runs"]), loops.to_vec()].concat(),
        [on(&["undo", "--dry-run"]), loops.to_vec()].concat(),
        [on(&["why", "ferry/api#229", "-v"]), forge.to_vec(), loops.to_vec()].concat(),
    ];
    for command in commands {
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let text = bare(&at_terminal(80, &command, &[]));
        // A word that is wider than the terminal, such as a hidden line's digests, is left to it.
        let wide = |line: &&str| line.width() > 80 && line.split_whitespace().count() > 2;
        let wide: Vec<&str> = text.lines().filter(wide).collect();
        assert!(wide.is_empty() && text.lines().count() > 2, "{command:?}: {wide:?}");
    }
}

#[test]
fn the_terminal_of_a_runner_is_none_for_people() {
    let piped = Command::new(env!("CARGO_BIN_EXE_kaizen")).args(demo(&[])).current_dir(root()).env_clear().output();
    let piped = String::from_utf8(piped.unwrap().stdout).unwrap();
    for title in titles() {
        assert!(piped.contains(&title), "{title} is cut in a pipe: {piped}");
    }
    for variable in ["GITHUB_ACTIONS", "GITEA_ACTIONS", "FORGEJO_ACTIONS", "CI"] {
        assert_eq!(at_terminal(80, &demo(&[]), &[(variable, "true")]), piped, "{variable}");
        // Set and empty is absent.
        assert!(at_terminal(80, &demo(&[]), &[(variable, "")]).contains("\u{1b}[1m"), "{variable}");
    }
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let shown = at_terminal(80, &demo(&[]), &[variable]);
        assert!(!shown.contains('\u{1b}') && shown != piped, "{variable:?}: {shown}");
    }
}
