//! The file of a recorded forge.
//!
//! Takes: its path. Gives: its bytes, from several threads, and errors that name the line and
//! column of what was found in it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use anyhow::{Context, Error, Result, anyhow};

use super::scan::Fault;

/// Bytes that are read from the file at once while it is indexed.
const WINDOW: usize = 256 * 1024;

/// Bytes of a forge file that is written to: all of it is in memory then, as values.
const WHOLE: u64 = 256 << 20;

/// What to do about a document that cannot be read.
const MEND: &str = "mend it there, or record it again with `kaizen snapshot`";

/// An open file.
#[derive(Debug)]
pub(super) struct FileSource {
    path: PathBuf,
    file: Mutex<File>,
    /// Length and time of change when it was opened.
    state: Option<(u64, SystemTime)>,
}

impl FileSource {
    /// Opens the file at `path`.
    pub(super) fn open(path: &Path) -> Result<FileSource> {
        let file = File::open(path).with_context(|| {
            let path = path.display();
            format!(
                "opening the forge file {path} failed; check the path after `file:` and that you \
                 may read it"
            )
        })?;
        Ok(FileSource { path: path.to_owned(), state: state(&file), file: Mutex::new(file) })
    }

    /// The path as it was given.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A reader of the whole, for the first pass.
    pub(super) fn window(&mut self) -> BufReader<&mut File> {
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        BufReader::with_capacity(WINDOW, file)
    }

    fn file(&self) -> MutexGuard<'_, File> {
        // A reader that panicked leaves nothing behind that the next one's seek does not mend.
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The bytes of a range, appended to `to`.
    pub(super) fn read(&self, offset: u64, length: u64, to: &mut Vec<u8>) -> Result<()> {
        to.reserve(usize::try_from(length).unwrap_or(0));
        let mut file = self.file();
        let done = file.seek(SeekFrom::Start(offset)).and_then(|_| (&*file).take(length).read_to_end(to));
        match done {
            Ok(read) if read as u64 == length => Ok(()),
            Ok(_) => Err(self.changed()),
            Err(error) => Err(self.fault(&mut file, Fault::Read(error))),
        }
    }

    /// All of its bytes.
    pub(super) fn whole(&self) -> Result<Vec<u8>> {
        let mut file = self.file();
        if let Some((bytes, _)) = self.state.filter(|(bytes, _)| *bytes > WHOLE) {
            let path = self.path.display();
            return Err(anyhow!(
                "the forge file {path} has {bytes} bytes, and {WHOLE} are the most that is written to: try it with \
                 --dry-run, which reads it piece by piece, or record fewer repositories"
            ));
        }
        let mut bytes = Vec::new();
        let done = file.seek(SeekFrom::Start(0)).and_then(|_| (&*file).take(WHOLE).read_to_end(&mut bytes));
        match done {
            Ok(_) if state(&file) == self.state => Ok(bytes),
            Ok(_) => Err(self.changed()),
            Err(error) => Err(self.fault(&mut file, Fault::Read(error))),
        }
    }

    fn changed(&self) -> Error {
        let path = self.path.display();
        anyhow!("the forge file {path} was changed while it was being read; run this again")
    }

    /// The error that `bytes`, read from `offset`, are no JSON.
    pub(super) fn malformed(&self, offset: u64, bytes: &[u8], error: &serde_json::Error) -> Error {
        let mut file = self.file();
        if state(&file) != self.state {
            return self.changed();
        }
        // The lines before the error's own, and the bytes of its own up to the one it is about.
        let lines = bytes.split_inclusive(|b| *b == b'\n');
        let before: usize = lines.take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
        let at = before + error.column().saturating_sub(1);
        let what = error.to_string();
        let mut what = what.split(" at line ").next().unwrap_or_default().to_owned();
        if let Some(byte @ 0x21..=0x7E) = bytes.get(at) {
            what.push_str(&format!(" at `{}`", char::from(*byte)));
        }
        self.fault(&mut file, Fault::At(offset + at as u64, what))
    }

    /// The error of a fault, with its line and column (in characters).
    pub(super) fn located(&self, fault: Fault) -> Error {
        self.fault(&mut self.file(), fault)
    }

    fn fault(&self, file: &mut File, fault: Fault) -> Error {
        let path = self.path.display();
        match fault {
            Fault::Read(error) => {
                Error::new(error).context(format!("reading the forge file {path} failed; is it a regular file?"))
            }
            Fault::At(at, what) => match line_and_column(file, at) {
                Ok((line, column)) => {
                    anyhow!("reading the forge file failed: {path}:{line}:{column}: {what}; {MEND}")
                }
                Err(_) => {
                    anyhow!("reading the forge file failed: {path}, byte {at}: {what}; {MEND}")
                }
            },
        }
    }
}

/// Length and time of change of a file, where the system tells.
fn state(file: &File) -> Option<(u64, SystemTime)> {
    let about = file.metadata().ok()?;
    Some((about.len(), about.modified().ok()?))
}

/// The place after the first `bytes` of a file, from 1.
fn line_and_column(file: &mut File, bytes: u64) -> io::Result<(u64, u64)> {
    file.seek(SeekFrom::Start(0))?;
    let mut from = BufReader::with_capacity(WINDOW, file.take(bytes));
    let (mut line, mut column) = (1, 1);
    loop {
        let window = from.fill_buf()?;
        if window.is_empty() {
            return Ok((line, column));
        }
        for byte in window {
            match byte {
                b'\n' => (line, column) = (line + 1, 1),
                // The later bytes of a character begin with the bits 10.
                0x80..=0xBF => {}
                _ => column += 1,
            }
        }
        let read = window.len();
        from.consume(read);
    }
}
