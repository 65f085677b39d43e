//! Rules of strangers are judged in a process of their own, with little memory and little time.
//!
//! Takes: the arguments of a command that evaluates rules under review. Gives: its exit; where it was
//! ended, what it was at and why.
//!
//! Rules can ask for much within every limit of a single part: hundreds of large regular expressions, in two
//! versions at once. So `rules check`, `test`, `diff` and `capture` start themselves once more: the child limits itself
//! ([`enter`]) and tells what it begins ([`begin`]); the parent waits, and when the system ends the
//! child it names what was begun last. Memory is limited as the system counts it; time is that of the
//! processor, so that a slow network takes none of it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, Result, anyhow};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{EarlyEnd, Exit, say};

/// The most memory of a child, in bytes.
const MEMORY: u64 = 512 << 20;

/// Seconds of the processor for reading and checking rules, in all threads together.
const SECONDS: u64 = 4;

/// The argument that a child is told apart by.
const ARGUMENT: &str = "--confined";

/// Where a child tells what it begins.
static TOLD: OnceLock<Mutex<UnixStream>> = OnceLock::new();

/// Runs this program's own command line in a confined child, and ends as it does.
pub(super) fn supervise() -> Result<Exit, EarlyEnd> {
    let program = std::env::current_exe().context("finding this program's own file")?;
    let (ours, theirs) = UnixStream::pair().context("making a channel to the process that judges rules")?;
    let mut child = Command::new(program)
        .args(std::env::args_os().skip(1))
        .arg(ARGUMENT)
        // The allocator takes a gigabyte at once to be written to, which would count as used.
        .env("MIMALLOC_ARENA_EAGER_COMMIT", "0")
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .spawn()
        .context("starting the process that judges rules")?;
    // Read as it comes: a full channel would stop the child. It ends when the child does.
    let last = BufReader::new(ours).lines().map_while(Result::ok).last();
    let status = child.wait().context("waiting for the process that judges rules")?;
    ended(status, last.as_deref())
}

fn ended(status: ExitStatus, last: Option<&str>) -> Result<Exit, EarlyEnd> {
    if let Some(exit) = status.code().and_then(Exit::of) {
        return Ok(exit);
    }
    let why = match status.signal() {
        Some(signal) if signal == rustix::process::Signal::XCPU.as_raw() => {
            "it took more time of the processor than such rules may".to_owned()
        }
        Some(_) => format!("it needed more than {} MiB, or was ended from outside ({status})", MEMORY >> 20),
        None => format!("it ended with {status}"),
    };
    let at = last.map_or_else(String::new, |last| format!(" while {last}"));
    let help = "make the rules or templates named here cheaper; nothing was written";
    Err(EarlyEnd {
        exit: Exit::BadRules,
        error: anyhow!("judging the rules was ended{at}: {why}; {help}"),
        ends_loop: true,
    })
}

/// Limits this process, which is a child of [`supervise`].
///
/// # Errors
/// A limit cannot be set, or standard input is no channel.
pub(super) fn enter() -> Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .context("tying this process to its parent")?;
    limit(Resource::Data, MEMORY).context("limiting memory")?;
    limit(Resource::Cpu, SECONDS).context("limiting time")?;
    let channel = std::io::stdin().as_fd().try_clone_to_owned().context("opening the channel to the parent")?;
    // A second call finds the first one's channel.
    TOLD.get_or_init(|| Mutex::new(UnixStream::from(channel)));
    Ok(())
}

fn limit(resource: Resource, most: u64) -> rustix::io::Result<()> {
    let maximum = getrlimit(resource).maximum;
    let most = maximum.map_or(most, |maximum| maximum.min(most));
    setrlimit(resource, Rlimit { current: Some(most), maximum })
}

/// Tells the parent what begins: "rendering rules/x.yaml, rule y, item z". Nothing outside a child.
pub(super) fn begin(what: &str) {
    if let Some(told) = TOLD.get() {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        // The parent is gone: then this process ends with it.
        let _ = writeln!(told, "{}", what.replace('\n', " "));
    }
}

/// Grants a child time for this much work beyond what it has taken: seconds of the processor.
pub(super) fn grant(seconds: u64) {
    if TOLD.get().is_none() {
        return;
    }
    let taken = cpu_seconds();
    if let Err(error) = limit(Resource::Cpu, taken + SECONDS + seconds) {
        say(&format!("warning: more time could not be granted to this process: {error}"));
    }
}

/// Seconds of the processor that this process has taken, rounded up.
fn cpu_seconds() -> u64 {
    let taken = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    u64::try_from(taken.tv_sec).unwrap_or(0) + 1
}
