//! The files of the loop: `.loop`, or wherever `--loop-dir` says.
//!
//! Takes: paths within it, and what is to stand there. Gives: JSON lines that any number of programs
//! append to at once and that outlive a kill ([`append_line`], [`read_lines`]), the blocks of a [`Log`]
//! of any size that was rotated, files that are replaced as a whole ([`replace`]), and the [`RunLock`]
//! by which runs with one folder wait for each other. Knows nothing of what the lines mean.

mod lines;
mod parallel;
mod parts;

use std::path::Path;

use anyhow::Result;

use crate::files::Lock;
pub use crate::files::{Patience, replace};

pub use self::lines::{Bad, Lines, TOLD, append_line, read_lines};
pub use self::parallel::each_block;
pub use self::parts::{Block, Log};

/// Held by the one live run that works with a folder.
#[derive(Debug)]
pub struct RunLock {
    _lock: Lock,
}

impl RunLock {
    /// Takes the lock of the folder `dir`, which is made where it is missing. It ends when this is
    /// dropped and when the run ends, in whatever way; its file stays.
    ///
    /// # Errors
    /// The lock cannot be taken, or another run holds it for longer than is waited.
    pub fn take(dir: &Path, patience: &Patience<'_>) -> Result<RunLock> {
        let what = format!("the loop folder {}", dir.display());
        Lock::take(&dir.join("lock"), &what, patience).map(|lock| RunLock { _lock: lock })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn one_run_at_a_time_has_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, other) = (folder.path().join("a/.loop"), folder.path().join("b/.loop"));
        let short = Patience { most: Duration::from_millis(30), tell: &|_| {} };
        let held = RunLock::take(&ours, &short).unwrap();
        RunLock::take(&other, &short).unwrap();
        let error = RunLock::take(&ours, &short).unwrap_err().to_string();
        assert!(error.starts_with(&format!("the loop folder {} is in use", ours.display())), "{error}");
        drop(held);
        RunLock::take(&ours, &short).unwrap();
    }
}
