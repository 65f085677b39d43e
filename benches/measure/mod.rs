//! A program, run to its end and measured: what every benchmark shares.
//!
//! Takes: a command and a file for its output. Gives: [`Measured`], and medians of several. A run that fails or
//! prints nothing would be fast for the wrong reason: it stops the benchmark.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What one run took.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    /// Seconds.
    pub(crate) wall: f64,
    /// The most memory it held, in KiB; `None` where the system does not tell.
    pub(crate) peak: Option<u64>,
}

impl Measured {
    /// The median of each; `None` of no runs.
    pub(crate) fn median(all: &[Measured]) -> Option<Measured> {
        let mut walls: Vec<f64> = all.iter().map(|one| one.wall).collect();
        let mut peaks: Vec<u64> = all.iter().filter_map(|one| one.peak).collect();
        walls.sort_by(f64::total_cmp);
        peaks.sort_unstable();
        Some(Measured { wall: *walls.get(walls.len() / 2)?, peak: peaks.get(peaks.len() / 2).copied() })
    }

    /// One line: how long it took for so many of what it worked on.
    pub(crate) fn show(self, name: &str, many: usize, of: &str) {
        let memory = self.peak.map_or("unknown".to_owned(), |peak| format!("{:.1} MiB", peak as f64 / 1024.0));
        println!("{name:>24}  {:.3} s  {:.0} {of}/s  peak {memory}", self.wall, many as f64 / self.wall);
    }
}

/// The command of another program in this variable, where it is set.
pub(crate) fn other(variable: &str) -> Option<impl Fn() -> Command> {
    let line = std::env::var(variable).ok().filter(|line| !line.trim().is_empty())?;
    Some(move || {
        let mut words = line.split_whitespace();
        let mut command = Command::new(words.next().expect("a program"));
        command.args(words);
        command
    })
}

/// Runs it to its end.
pub(crate) fn run(mut command: Command, out: &Path) -> Measured {
    let errors = out.with_extension("stderr");
    command.stdin(Stdio::null()).stdout(File::create(out).expect("a file for the output"));
    command.stderr(File::create(&errors).expect("a file for what it says beside that"));
    let started = Instant::now();
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (id, ended) = (child.id(), AtomicBool::new(false));
    let (status, wall, peak) = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = None;
            // The system keeps the highest, so that a look now and then is enough, and disturbs little.
            while !ended.load(Ordering::Relaxed) {
                peak = peak_of(id).max(peak);
                thread::sleep(Duration::from_millis(5));
            }
            peak
        });
        let status = child.wait().expect("the end of the run");
        let wall = started.elapsed().as_secs_f64();
        ended.store(true, Ordering::Relaxed);
        (status, wall, watch.join().expect("the memory watch"))
    });
    let said = std::fs::read_to_string(errors).unwrap_or_default();
    assert!(status.success(), "{command:?} ended with {status}: {said}");
    assert!(std::fs::metadata(out).expect("the output").len() > 0, "{command:?} printed nothing");
    Measured { wall, peak }
}

/// The most memory that a process has held so far, in KiB: Linux tells, others do not.
fn peak_of(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
