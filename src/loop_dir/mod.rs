//! The files of the loop: `.loop`, or wherever `--loop-dir` says.
//!
//! Takes: paths within it, and what is to stand there. Gives: JSON lines that any number of programs
//! append to at once and that outlive a kill ([`append_line`], [`read_lines`]), the blocks of a [`Log`]
//! of any size that was rotated, files that are replaced as a whole ([`replace`]), the files that are the
//! [`memory`] of the loop, and the [`RunLock`] by which runs with one folder wait for each other. No link is
//! followed: whoever can put one there must not choose what is read, written or published. Knows nothing of
//! what the lines mean.

mod lines;
mod memory;
mod parallel;
mod parts;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use anyhow::{Context, Result};

pub use crate::files::Patience;
use crate::files::{self, Access, Lock, without_links};

pub use self::lines::{Bad, LineSummary, TOLD, append_line, merge_lines, read_lines};
pub use self::memory::{Holds, check_links, holds, memory};
pub use self::parallel::each_block;
pub use self::parts::{LineBlock, Log};

/// Bytes of a file of the folder that is read whole.
const LARGEST: u64 = 1 << 30;

/// Puts `bytes` where a file of the folder is or shall be, whole or not at all, for its owner alone. A link in its
/// place is replaced.
///
/// # Errors
/// What could not be done; the file is then what it was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    files::replace(path, bytes, Access::PrivateNoLink)
}

/// The bytes of a file of the folder, as its last writer left them; `None` where there is none, or a link.
///
/// # Errors
/// It is there and cannot be read.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let Some(mut file) = open(path)? else { return Ok(None) };
    // A line is being appended under this lock. A file system without locks is read as it is.
    let _ = file.lock_shared();
    let bytes = files::read_from(&mut file, LARGEST).with_context(|| format!("reading {}", path.display()))?;
    Ok(Some(bytes))
}

/// Opens a file of the folder for reading; `None` where there is none. A link is none: the next write replaces it.
fn open(path: &Path) -> Result<Option<File>> {
    match without_links(OpenOptions::new().read(true)).open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound || files::is_link(path) => Ok(None),
        Err(error) => Err(error).with_context(|| {
            format!("reading {} failed; check that it is a file and that you may read it", path.display())
        }),
    }
}

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
