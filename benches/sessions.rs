//! How fast `improvement-proposals` is: seconds, sessions a second, peak memory, flat in their number.
//!
//! Takes: `cargo bench --bench sessions -- [--quick] [--sessions N] [--runs N] [--keep DIR]`, and in
//! `KAIZEN_COMPARE` the command of another program, to which the path of the JSON document is added. Gives: a
//! report on stdout; no time is ever asserted. The sessions are made up, the same on every machine.

#![allow(clippy::expect_used, clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

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
    let compare = std::env::var("KAIZEN_COMPARE").ok().filter(|command| !command.trim().is_empty());
    let mut theirs = Vec::new();
    let mut ours: [Vec<(f64, Option<u64>)>; 3] = Default::default();
    // In turn, so that a busy machine is busy for all of them.
    for _ in 0..runs {
        for (path, measured) in [&document, &lines, &more].into_iter().zip(&mut ours) {
            measured.push(kaizen(path));
        }
        if let Some(command) = &compare {
            let mut words = command.split_whitespace();
            let mut command = Command::new(words.next().expect("a program in KAIZEN_COMPARE"));
            command.args(words).arg(&document);
            theirs.push(measure(command));
        }
    }
    let names = ["JSON document", "JSON lines", "four times as many lines"];
    for (name, measured) in names.iter().zip(&mut ours) {
        show(name, median(measured), if *name == names[2] { sessions * 4 } else { sessions });
    }
    if !theirs.is_empty() {
        let other = median(&mut theirs);
        show("compared", other, sessions);
        for (name, measured) in names.iter().zip(&mut ours).take(2) {
            println!("compared / {name}: {:.1} times the time", other.0 / median(measured).0);
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

fn kaizen(path: &Path) -> (f64, Option<u64>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["improvement-proposals", "--dry-run", "--quiet", "--format", "json", "--rules", "rules", "--input"]);
    command.arg(path);
    measure(command)
}

/// Seconds, and the peak of memory in KiB where the system tells.
fn measure(mut command: Command) -> (f64, Option<u64>) {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        if let Ok(text) = std::fs::read_to_string(&status)
            && let Some(line) = text.lines().find(|line| line.starts_with("VmHWM:"))
        {
            peak = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).or(peak);
        }
        if let Some(ended) = child.try_wait().expect("the program is waited for") {
            assert!(ended.success(), "the program failed: {ended}");
            return (begun.elapsed().as_secs_f64(), peak);
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

fn median(all: &mut [(f64, Option<u64>)]) -> (f64, Option<u64>) {
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    (all[all.len() / 2].0, all.iter().filter_map(|one| one.1).max())
}

fn show(name: &str, (seconds, peak): (f64, Option<u64>), sessions: usize) {
    let memory = peak.map_or("unknown".to_owned(), |peak| format!("{:.1} MiB", peak as f64 / 1024.0));
    println!("{name:>24}  {seconds:.3} s  {:.0} sessions/s  peak {memory}", sessions as f64 / seconds);
}
