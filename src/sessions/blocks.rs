//! An input in blocks of whole records, each of which can be read alone.
//!
//! Takes: bytes as they come. Gives: [`RecordBlock`]s: the records of a JSON-lines file, or the elements of a
//! JSON document, with where each stands; which of them a shard is to read. A block is a few hundred
//! kilobytes, so that memory does not grow with the input.

use std::io::{self, Read};

use super::problems::Problems;
use super::session::SessionPlace;

/// Bytes of a block, as far as records allow.
pub const BLOCK: usize = 256 << 10;
/// Bytes of the longest record that is read.
pub const LONGEST: usize = 16 << 20;
/// Blocks whose bytes are kept to be used again.
const SPARE: usize = 16;
/// A shard reads records by the block of this many bits that they begin in.
const SHARD_BITS: u32 = 18;

/// Some records of an input.
#[derive(Debug, Default)]
pub struct RecordBlock {
    /// The number of the input, from 0.
    pub input: u32,
    /// Where its bytes begin in the input.
    pub at: u64,
    /// The line that they begin on, from 1.
    pub line: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// From where to where each record goes in them.
    pub records: Vec<(usize, usize)>,
    /// What could not be cut into records.
    pub problems: Problems,
}

impl RecordBlock {
    /// Where a record stands.
    #[must_use]
    pub fn place(&self, record: (usize, usize)) -> SessionPlace {
        SessionPlace(self.input, self.at + record.0 as u64, 0)
    }

    /// The line that a record begins on.
    #[must_use]
    pub fn line_of(&self, record: (usize, usize)) -> u64 {
        self.line + lines(&self.bytes[..record.0])
    }
}

/// Which part of the inputs is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// Its number, from 1.
    pub index: u32,
    /// How many there are.
    pub of: u32,
}

impl Shard {
    /// Everything.
    pub const ALL: Shard = Shard { index: 1, of: 1 };

    /// Whether it reads what begins there.
    #[must_use]
    pub fn reads(self, SessionPlace(input, at, _): SessionPlace) -> bool {
        (u64::from(input) + (at >> SHARD_BITS)) % u64::from(self.of.max(1)) + 1 == u64::from(self.index)
    }
}

/// Line ends in bytes.
#[must_use]
pub fn lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Something that cuts an input into blocks.
pub trait Cut {
    /// The next block; `None` at the end.
    fn next(&mut self, from: &mut dyn Read) -> Option<RecordBlock>;
    /// Takes the bytes of a block back that has been read, so that no new ones are needed.
    fn reuse(&mut self, bytes: Vec<u8>);
}

/// Bytes of an input that have been read and are not yet in a block.
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) input: u32,
    /// Where `bytes` begin, and on which line.
    pub(super) at: u64,
    pub(super) line: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) ended: bool,
    /// Bytes of blocks that have been read.
    spare: Vec<Vec<u8>>,
}

impl Buffer {
    pub(super) fn new(input: u32) -> Self {
        Buffer { input, at: 0, line: 1, bytes: Vec::new(), ended: false, spare: Vec::new() }
    }

    /// Reads as many bytes as a block has. What cannot be read ends the input, and is told.
    pub(super) fn more(&mut self, from: &mut dyn Read, problems: &mut Problems) {
        let before = self.bytes.len();
        self.bytes.reserve(BLOCK);
        let mut rest = from.take(BLOCK as u64);
        if let Err(error) = rest.read_to_end(&mut self.bytes)
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.ended = true;
            let place = SessionPlace(self.input, self.at + self.bytes.len() as u64, 0);
            problems.unread(place, self.line + lines(&self.bytes), format!("reading fails here: {error}"));
        }
        self.ended |= self.bytes.len() == before;
        if before == 0 && self.at == 0 && self.bytes.starts_with(b"\xef\xbb\xbf") {
            self.drop_first(3);
        }
    }

    /// Forgets the first bytes.
    pub(super) fn drop_first(&mut self, count: usize) {
        self.line += lines(&self.bytes[..count]);
        self.at += count as u64;
        self.bytes.drain(..count);
    }

    /// Keeps a few that are not larger than usual.
    pub(super) fn reuse(&mut self, bytes: Vec<u8>) {
        if self.spare.len() < SPARE && bytes.capacity() <= 4 * BLOCK {
            self.spare.push(bytes);
        }
    }

    /// The first bytes as a block.
    pub(super) fn block(&mut self, end: usize, records: Vec<(usize, usize)>, problems: Problems) -> RecordBlock {
        let mut rest = self.spare.pop().unwrap_or_default();
        rest.clear();
        rest.extend_from_slice(&self.bytes[end..]);
        self.bytes.truncate(end);
        let bytes = std::mem::replace(&mut self.bytes, rest);
        let block = RecordBlock { input: self.input, at: self.at, line: self.line, bytes, records, problems };
        self.at += end as u64;
        self.line += lines(&block.bytes);
        block
    }
}

/// Cuts a file of one record a line.
#[derive(Debug)]
pub struct LineCutter {
    buffer: Buffer,
    /// The rest of a line that is too long is left out.
    skipping: bool,
}

impl LineCutter {
    /// For the input with this number.
    #[must_use]
    pub fn new(input: u32) -> Self {
        LineCutter { buffer: Buffer::new(input), skipping: false }
    }
}

impl Cut for LineCutter {
    fn reuse(&mut self, bytes: Vec<u8>) {
        self.buffer.reuse(bytes);
    }

    fn next(&mut self, from: &mut dyn Read) -> Option<RecordBlock> {
        let mut problems = Problems::default();
        loop {
            if !self.buffer.ended {
                self.buffer.more(from, &mut problems);
            }
            let buffer = &mut self.buffer;
            if self.skipping {
                let end = memchr::memchr(b'\n', &buffer.bytes);
                buffer.drop_first(end.unwrap_or(buffer.bytes.len()));
                self.skipping = end.is_none() && !buffer.ended;
                if self.skipping {
                    continue;
                }
            }
            let end = match memchr::memrchr(b'\n', &buffer.bytes) {
                _ if buffer.ended => buffer.bytes.len(),
                Some(end) => end + 1,
                None if buffer.bytes.len() > LONGEST => {
                    let place = SessionPlace(buffer.input, buffer.at, 0);
                    problems.skip(
                        place,
                        buffer.line,
                        format!("the line is longer than {LONGEST} bytes and is skipped"),
                    );
                    let all = buffer.bytes.len();
                    buffer.drop_first(all);
                    self.skipping = true;
                    continue;
                }
                None => continue,
            };
            if end == 0 && problems == Problems::default() {
                return None;
            }
            let mut records = Vec::new();
            let mut start = 0;
            for stop in memchr::memchr_iter(b'\n', &buffer.bytes[..end]).chain([end]) {
                if start < stop && !buffer.bytes[start..stop].trim_ascii().is_empty() {
                    records.push((start, stop));
                }
                start = stop + 1;
            }
            return Some(buffer.block(end, records, problems));
        }
    }
}
