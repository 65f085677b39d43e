//! The memory of the loop from outside: cycles written down, the guard, the queue and the quarantine.
//!
//! Takes: the built binary, a folder `.loop`. Gives: a failure that names what is not as it should be.

mod backfill;
mod day;
mod guard;
mod many;
mod merge;
mod retro;
mod score;
mod state;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Ran, root};

/// A run of the program in a folder, with the shipped rules unless others are named.
pub fn kaizen(folder: &Path, args: &[&str]) -> Ran {
    with_stdin(folder, args, "")
}

/// The same with something on stdin.
pub fn with_stdin(folder: &Path, args: &[&str], stdin: &str) -> Ran {
    let mut child = command(folder, args).stdin(Stdio::piped()).spawn().unwrap();
    let mut to = child.stdin.take().unwrap();
    let text = stdin.to_owned();
    // It may end before it has read all.
    let writer = std::thread::spawn(move || drop(to.write_all(text.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let ran = Ran { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) };
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

/// The command, with its output piped.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    command.env_clear().current_dir(folder).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    // These have no rules.
    if !args.contains(&"--rules") && !["loop-merge", "runs"].contains(&args[0]) {
        command.arg("--rules").arg(root().join("rules"));
    }
    command
}

/// A file of the loop as JSON.
pub fn json(folder: &Path, name: &str) -> Value {
    let path = folder.join(".loop").join(name);
    serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
}

/// The lines of a file of the loop.
pub fn lines(folder: &Path, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(".loop").join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}
