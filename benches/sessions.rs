//! How fast `improvement-proposals` is: seconds, sessions a second, peak memory, flat in their number.
//!
//! Takes: `cargo bench --bench sessions -- [--quick] [--sessions N] [--runs N] [--keep DIR]`, and in
//! `KAIZEN_COMPARE` the command of another program, to which the path of the JSON document is added. Gives: a
//! report on stdout; no time is ever asserted. The sessions are made up, the same on every machine.

#![allow(clippy::expect_used, clippy::print_stdout, clippy::unwrap_used, missing_docs)]

mod measure;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use measure::Measured;

const TOOLS: [&str; 8] = ["read_file", "web", "browser", "patch", "search", "git", "vision", "terminal"];
const LATENCIES: [&str; 7] = ["0", "50", "1200.5", "4999", "5001", "9000", "60000"];
const CALLS: usize = 50;

fn main() {
    let (mut sessions, mut runs, mut keep) = (20_000_usize, 5_usize, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|value| value.parse().ok()).expect("a number after the option");
        match arg.as_str() {
            "--quick" => (sessions, runs) = (1_000, 1),
            "--sessions" => sessions = number(),
            "--runs" => runs = number(),
            "--keep" => keep = Some(PathBuf::from(args.next().expect("a folder after --keep"))),
            // Cargo's own, such as --bench.
            _ => {}
        }
    }
    assert!(sessions >= 4 && runs >= 1, "at least 4 sessions and 1 run");
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = keep.as_deref().unwrap_or(temporary.path());
    let (document, lines, more) =
        (folder.join("sessions.json"), folder.join("sessions.jsonl"), folder.join("four.jsonl"));
    write(&document, sessions, true);
    write(&lines, sessions, false);
    write(&more, sessions * 4, false);
    let bytes = std::fs::metadata(&document).expect("the document").len();
    println!("{sessions} sessions of {CALLS} calls, {:.0} MB, {runs} runs each, medians\n", bytes as f64 / 1e6);
    let compare = measure::other("KAIZEN_COMPARE");
    let out = folder.join("out");
    let mut theirs = Vec::new();
    let mut ours: [Vec<Measured>; 3] = Default::default();
    // In turn, so that a busy machine is busy for all of them.
    for _ in 0..runs {
        for (path, measured) in [&document, &lines, &more].into_iter().zip(&mut ours) {
            measured.push(kaizen(path, &out));
        }
        if let Some(other) = &compare {
            let mut other = other();
            other.arg(&document);
            theirs.push(measure::run(other, &out));
        }
    }
    let names = ["JSON document", "JSON lines", "four times as many lines"];
    let ours = ours.map(|measured| Measured::median(&measured).expect("at least one run"));
    for (name, median) in names.iter().zip(ours) {
        median.show(name, if *name == names[2] { sessions * 4 } else { sessions }, "sessions");
    }
    if let Some(theirs) = Measured::median(&theirs) {
        theirs.show("compared", sessions, "sessions");
        for (name, ours) in names.iter().zip(ours).take(2) {
            println!("compared / {name}: {:.1} times the time", theirs.wall / ours.wall);
        }
    }
}

/// Sessions as one document, or one a line.
fn write(path: &Path, sessions: usize, document: bool) {
    let mut out = BufWriter::new(File::create(path).expect("a file for the sessions"));
    // A generator of its own, so that every machine has the same sessions.
    let mut state = 7_u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    write!(out, "{}", if document { "{\"sessions\": [" } else { "" }).unwrap();
    for index in 0..sessions {
        let between = match (document, index) {
            (_, 0) => "",
            (true, _) => ", ",
            (false, _) => "\n",
        };
        write!(out, "{between}{{\"session_id\": \"sess-{index:06}\", \"repo\": \"repo-{}\", \"errors\": [", next(3))
            .unwrap();
        for nth in 0..next(4) {
            let comma = if nth > 0 { ", " } else { "" };
            write!(out, "{comma}{{\"message\": \"no such file /usr/lib/{}/x.py at 2026-04-02 10:00\"}}", next(100))
                .unwrap();
        }
        write!(out, "], \"tool_calls\": [").unwrap();
        let mut tool = next(TOOLS.len());
        for nth in 0..CALLS {
            if next(10) < 4 {
                tool = next(TOOLS.len());
            }
            let (comma, latency) = (if nth > 0 { ", " } else { "" }, LATENCIES[next(LATENCIES.len())]);
            write!(out, "{comma}{{\"tool\": \"{}\", \"latency_ms\": {latency}}}", TOOLS[tool]).unwrap();
        }
        write!(out, "], \"duration_minutes\": {}}}", next(200)).unwrap();
    }
    write!(out, "{}", if document { "]}" } else { "\n" }).unwrap();
    out.flush().unwrap();
}

fn kaizen(path: &Path, out: &Path) -> Measured {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["improvement-proposals", "--dry-run", "--quiet", "--format", "json", "--rules", "rules", "--input"]);
    command.arg(path);
    measure::run(command, out)
}
