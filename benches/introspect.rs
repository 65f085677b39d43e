//! How fast `loop-introspect` is: seconds, cycles a second, peak memory, at several sizes of the log.
//!
//! Takes: `cargo bench --bench introspect -- [--quick] [--cycles N] [--runs N] [--huge] [--keep DIR]`, and in
//! `KAIZEN_COMPARE_LOOP` the command of another program, started in the folder that holds `.loop`. Gives: a
//! report on stdout; no time is ever asserted. The log is made up, the same on every machine.

#![allow(clippy::expect_used, clippy::print_stdout, clippy::unwrap_used, missing_docs)]

mod measure;

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use measure::Measured;

const NOW: &str = "2026-11-20T12:00:00+00:00";
const PACKS: [(&str, &str); 2] = [("shipped", "rules"), ("reference", "tests/reference/rules")];

fn main() {
    let mut options = (1_000_000_u64, 5_usize, false, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--quick" => (options.0, options.1) = (10_000, 1),
            "--cycles" => options.0 = args.next().and_then(|value| value.parse().ok()).expect("a number"),
            "--runs" => options.1 = args.next().and_then(|value| value.parse().ok()).expect("a number"),
            "--huge" => options.2 = true,
            "--keep" => options.3 = Some(PathBuf::from(args.next().expect("a folder after --keep"))),
            // cargo's own, such as `--bench`.
            _ => {}
        }
    }
    let (cycles, runs, huge, keep) = options;
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = keep.as_deref().unwrap_or(temporary.path());
    let compare = measure::other("KAIZEN_COMPARE_LOOP");
    // Memory is the same from a tenth to ten times as many.
    let sizes = if huge { vec![cycles / 10, cycles, cycles * 10] } else { vec![cycles / 10, cycles] };
    for size in sizes {
        write_log(size, &folder.join(".loop/retro/cycles.jsonl"));
        println!("{size} cycles, {runs} runs each, medians");
        let mut of_packs: Vec<Vec<Measured>> = vec![Vec::new(); PACKS.len()];
        let mut of_other = Vec::new();
        // In turn, so that a busy machine is busy for all of them.
        for _ in 0..runs {
            for ((_, rules), measured) in PACKS.iter().zip(&mut of_packs) {
                measured.push(measure::run(kaizen(folder, rules), &folder.join("out")));
            }
            if let Some(other) = compare.as_ref().filter(|_| size == cycles) {
                let mut other = other();
                other.current_dir(folder);
                of_other.push(measure::run(other, &folder.join("out")));
            }
        }
        let theirs = Measured::median(&of_other);
        let many = usize::try_from(size).expect("so many cycles");
        if let Some(theirs) = theirs {
            theirs.show("compared", many, "cycles");
        }
        for ((name, _), measured) in PACKS.iter().zip(&of_packs) {
            let ours = Measured::median(measured).expect("at least one run");
            ours.show(name, many, "cycles");
            if let Some(theirs) = theirs {
                println!("compared / {name}: {:.1} times the time", theirs.wall / ours.wall);
            }
        }
    }
}

fn kaizen(folder: &Path, rules: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    command.current_dir(folder);
    command.args(["loop-introspect", "--dry-run", "--quiet", "--format", "json", "--now", NOW, "--loop-dir"]);
    command.arg(folder.join(".loop")).arg("--rules").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(rules));
    command
}

/// A log over sixty days, some 220 bytes a cycle.
fn write_log(cycles: u64, path: &Path) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for the log");
    let mut to = BufWriter::with_capacity(1 << 20, File::create(path).expect("a file for the log"));
    let end = chrono::DateTime::parse_from_rfc3339(NOW).expect("an instant");
    // Numbers that look random and are the same everywhere (xorshift).
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |limit: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) % limit
    };
    for cycle in 1..=cycles {
        let before = (cycles - cycle) as f64 / cycles as f64 * 60.0 * 86_400_000.0;
        let at = (end - chrono::Duration::milliseconds(before as i64)).to_rfc3339();
        let (success, kind) = (below(5) > 0, ["bug", "feature", "docs", "refactor", "research"][below(5) as usize]);
        let reason = if success { "" } else { ["tests failed", "timeout", "merge conflict"][below(3) as usize] };
        let duration = if below(1_000) == 0 { 20_000 + below(9_999) } else { 20 + below(1_780) };
        let pr = if success { below(90_000).to_string() } else { "null".to_owned() };
        writeln!(
            to,
            r#"{{"timestamp": "{at}", "cycle": {cycle}, "issue": {}, "type": "{kind}", "success": {success}, "duration": {duration}, "reason": "{reason}", "lines_added": {}, "lines_removed": {}, "pr": {pr}, "epoch": "e{}"}}"#,
            1 + below(20_000),
            below(300),
            below(200),
            cycle / 100_000
        )
        .expect("a line");
    }
    to.flush().expect("the log");
}
