//! A log that was rotated: which files it is, and their text in blocks of whole lines.
//!
//! Takes: the path of the newest file. Gives: the files, oldest first (`x.jsonl-20260101.gz`,
//! `x.jsonl.2.gz`, `x.jsonl.1`, `x.jsonl`), and [`Log::block`], a stream over all of them that holds
//! one block at a time, whatever their size. Compressed files are told by their first bytes.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;

use super::lines::LONGEST;

/// Bytes that are read at once: a thousand lines, few enough to stay in a processor's cache.
const BLOCK: usize = 256 << 10;

/// The mark that some programs put before UTF-8.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// The files of a log as they were when it was opened: what is appended later is not read.
#[derive(Debug)]
pub struct Log {
    parts: Vec<FilePart>,
    /// The part that is read, and how far it is.
    at: usize,
    open: Option<OpenPart>,
}

#[derive(Debug)]
struct FilePart {
    path: PathBuf,
    file: File,
    /// Bytes when it was opened.
    length: u64,
}

struct OpenPart {
    from: Box<dyn Read + Send>,
    /// The start of a line whose end has not been read.
    rest: Vec<u8>,
    first: bool,
    /// The line that is read is too long: all of it is passed over.
    too_long: bool,
}

impl std::fmt::Debug for OpenPart {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "Open({} bytes begun)", self.rest.len())
    }
}

/// Whole lines of one file.
#[derive(Debug, Default)]
pub struct LineBlock {
    /// The file, by its place in [`Log::paths`].
    pub part: usize,
    /// Lines, each with its end but for the last one of a file.
    pub bytes: Vec<u8>,
    /// What stands after these lines and cannot be read: one line that is too long, or all the rest of a
    /// file that is broken.
    pub lost: Option<String>,
}

impl Log {
    /// Opens all files of the log at `path`. None of them is there: a log without lines.
    ///
    /// # Errors
    /// A file is there and cannot be opened.
    pub fn open(path: &Path) -> Result<Log> {
        let mut parts = Vec::new();
        for path in files(path) {
            let shown = path.display();
            let failed = || format!("opening {shown} failed; check that it is a file and that you may read it");
            // Where there is none it was rotated just now: its lines are in the next one.
            let Some(file) = super::open(&path)? else { continue };
            // A writer holds the lock for one write: its line is counted whole or not at all. A file
            // system without locks is read as it is.
            let locked = file.lock_shared().is_ok();
            let about = file.metadata().with_context(failed)?;
            if locked {
                let _ = file.unlock();
            }
            if about.is_dir() {
                return Err(io::Error::from(io::ErrorKind::IsADirectory)).with_context(failed);
            }
            parts.push(FilePart { length: about.len(), path, file });
        }
        Ok(Log { parts, at: 0, open: None })
    }

    /// The files, oldest first.
    #[must_use]
    pub fn paths(&self) -> Vec<&Path> {
        self.parts.iter().map(|part| part.path.as_path()).collect()
    }

    /// Begins again with the first line. The same lines come, though the files may have grown or been
    /// renamed.
    pub fn rewind(&mut self) {
        (self.at, self.open) = (0, None);
    }

    /// The next lines; `None` after the last one.
    ///
    /// # Errors
    /// A file cannot be read; what came before was handed over.
    pub fn block(&mut self) -> Result<Option<LineBlock>> {
        loop {
            let Some(part) = self.parts.get(self.at) else { return Ok(None) };
            if self.open.is_none() {
                let failed = || format!("reading {} failed", part.path.display());
                let from = text(part).with_context(failed)?;
                self.open = Some(OpenPart { from, rest: Vec::new(), first: true, too_long: false });
            }
            let Some(open) = self.open.as_mut() else { continue };
            let mut block = LineBlock { part: self.at, ..LineBlock::default() };
            let ended = open.fill(&mut block);
            if ended {
                (self.at, self.open) = (self.at + 1, None);
            }
            if !block.bytes.is_empty() || block.lost.is_some() {
                return Ok(Some(block));
            }
        }
    }
}

impl OpenPart {
    /// Reads whole lines into `block`; whether the file is at its end.
    fn fill(&mut self, block: &mut LineBlock) -> bool {
        let mut bytes = std::mem::take(&mut self.rest);
        loop {
            let before = bytes.len();
            bytes.reserve(BLOCK);
            // What came before an error stays, and counts up to its last whole line.
            if let Err(error) = (&mut self.from).take(BLOCK as u64).read_to_end(&mut bytes) {
                bytes.truncate(memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1));
                block.bytes = bytes;
                block.lost = Some(format!("the rest of the file cannot be read: {error}"));
                return true;
            }
            let ended = bytes.len() - before < BLOCK;
            if std::mem::take(&mut self.first) && bytes.starts_with(BOM) {
                bytes.drain(..BOM.len());
            }
            if self.too_long {
                let end = memchr::memchr(b'\n', &bytes);
                bytes.drain(..end.map_or(bytes.len(), |end| end + 1));
                self.too_long = end.is_none();
                if end.is_some() || ended {
                    self.rest = bytes;
                    block.lost = Some(format!("it is longer than {LONGEST} bytes"));
                    return ended && self.rest.is_empty();
                }
                continue;
            }
            if ended {
                block.bytes = bytes;
                return true;
            }
            if let Some(end) = memchr::memrchr(b'\n', &bytes) {
                self.rest = bytes.split_off(end + 1);
                block.bytes = bytes;
                return false;
            }
            if bytes.len() as u64 > LONGEST {
                self.too_long = true;
                bytes.clear();
            }
        }
    }
}

/// The text of a file, decompressed where it is compressed.
fn text(part: &FilePart) -> io::Result<Box<dyn Read + Send>> {
    let mut file = part.file.try_clone()?;
    file.seek(SeekFrom::Start(0))?;
    let mut magic = Vec::new();
    (&file).take(part.length.min(2)).read_to_end(&mut magic)?;
    let is_gzip = magic == [0x1f, 0x8b];
    file.seek(SeekFrom::Start(0))?;
    let bytes = file.take(part.length);
    Ok(if is_gzip { Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, bytes))) } else { Box::new(bytes) })
}

/// The files of a log by their names, oldest first, the newest always.
fn files(path: &Path) -> Vec<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(Age, bool, PathBuf)> = Vec::new();
    for entry in entries {
        let own = entry.file_name().to_string_lossy().into_owned();
        let Some(rest) = own.strip_prefix(&name) else { continue };
        let (plain, packed) = rest.strip_suffix(".gz").map_or((rest, false), |plain| (plain, true));
        if let Some(age) = age(plain) {
            found.push((age, packed, entry.path()));
        }
    }
    found.sort();
    // While one is being compressed it is there twice, and the compressed one is not whole.
    found.dedup_by(|later, kept| later.0 == kept.0);
    let mut files: Vec<PathBuf> = found.into_iter().map(|(.., path)| path).collect();
    files.push(path.to_owned());
    files
}

/// How old a rotated file is, the oldest first: dated ones, then the highest number.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    Dated(String),
    Number(std::cmp::Reverse<u32>),
}

fn age(rest: &str) -> Option<Age> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if let Some(number) = rest.strip_prefix('.') {
        return number.parse().ok().map(|number| Age::Number(std::cmp::Reverse(number)));
    }
    rest.strip_prefix('-').filter(|date| digits(date)).map(|date| Age::Dated(date.to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
