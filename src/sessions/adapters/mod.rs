//! The formats of recorded sessions that are known.
//!
//! Takes: the first bytes of an input. Gives: the [`Adapter`] that reads it, a file each: [`document`]
//! one JSON document, [`lines`] one session a line, [`claude_code`] transcripts of an agent.

pub mod claude_code;
pub mod document;
pub mod lines;

use super::blocks::{Cut, RecordBlock, Shard};
use super::count::Counter;
use super::recorded;

/// Bytes of an input that its format is known by.
pub const HEAD: usize = 64 << 10;

/// One format.
pub trait Adapter: Sync {
    /// What it is called.
    fn name(&self) -> &'static str;
    /// The version of the format that it knows.
    fn knows(&self) -> &'static str;
    /// Whether an input that begins so is of this format.
    fn is(&self, head: &InputHead) -> bool;
    /// Cuts the input with this number into blocks.
    fn cut(&self, input: u32) -> Box<dyn Cut + Send>;
    /// Reads its blocks.
    fn reader(&self) -> Box<dyn SessionReader>;
    /// The blocks of an input belong together: one reader reads them in their order.
    fn whole(&self) -> bool {
        false
    }
}

/// Reads blocks into sessions that are counted.
pub trait SessionReader {
    /// Reads a block.
    fn block(&mut self, block: &mut RecordBlock, shard: Shard, to: &mut Counter<'_>);
    /// The input has ended.
    fn end(&mut self, _: &mut Counter<'_>) {}
}

/// Every format, in the order they are asked.
pub const ALL: [&dyn Adapter; 3] = [&document::JsonDocument, &claude_code::Transcript, &lines::JsonLines];

/// How an input begins.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct InputHead {
    /// Its first byte that is no space.
    pub first: Option<u8>,
    /// The keys of its first object, as far as they are in the head; none where it begins otherwise.
    pub keys: Vec<String>,
    /// That object goes over several lines.
    pub spread: bool,
}

impl InputHead {
    /// Looks at the first bytes.
    #[must_use]
    pub fn new(bytes: &[u8]) -> InputHead {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let first = bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        let mut head = InputHead { first, ..InputHead::default() };
        // A first line that is broken does not hide what the others are.
        let start = match first {
            Some(b'[') | None => return head,
            _ => bytes.iter().enumerate().position(|(at, byte)| {
                *byte == b'{' && bytes[..at].iter().rev().find(|byte| **byte != b' ').is_none_or(|byte| *byte == b'\n')
            }),
        };
        let Some(start) = start else { return head };
        let (mut depth, mut at, mut text, mut escaped) = (0_u32, start, None, false);
        let mut is_key = true;
        while let Some(byte) = bytes.get(at) {
            match (text, byte) {
                (Some(_), _) if escaped => escaped = false,
                (Some(_), b'\\') => escaped = true,
                (Some(from), b'"') => {
                    if depth == 1 && is_key {
                        head.keys.push(String::from_utf8_lossy(&bytes[from..at]).into_owned());
                    }
                    text = None;
                }
                (Some(_), _) => {}
                (None, b'"') => text = Some(at + 1),
                (None, b'{' | b'[') => depth += 1,
                (None, b'}' | b']') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return head;
                    }
                }
                (None, b',') if depth == 1 => is_key = true,
                (None, b':') if depth == 1 => is_key = false,
                (None, b'\n') => head.spread = true,
                _ => {}
            }
            at += 1;
        }
        head
    }

    /// One of these is among its keys.
    #[must_use]
    pub fn has(&self, keys: &[&str]) -> bool {
        self.keys.iter().any(|key| keys.contains(&key.as_str()))
    }
}

/// The format of an input that begins so; what is of none is read as lines, and what is wrong is told.
#[must_use]
pub fn of(head: &InputHead) -> &'static dyn Adapter {
    ALL.into_iter().find(|adapter| adapter.is(head)).unwrap_or(&lines::JsonLines)
}

/// Reads records that are recorded sessions.
#[derive(Debug)]
struct Records;

impl SessionReader for Records {
    fn block(&mut self, block: &mut RecordBlock, shard: Shard, to: &mut Counter<'_>) {
        block.problems.only(|place| shard.reads(place));
        to.counts.problems.add(std::mem::take(&mut block.problems));
        for record in &block.records {
            let place = block.place(*record);
            if !shard.reads(place) {
                continue;
            }
            match recorded::session(&block.bytes[record.0..record.1]) {
                Ok((session, left_out)) => {
                    for what in left_out {
                        let what = if what.is_empty() { what } else { format!("{what}; it is left out") };
                        to.counts.problems.leave_out(place, block.line_of(*record), what);
                    }
                    to.add(&session, place);
                }
                Err(what) => {
                    let first = block.bytes[record.0..record.1].trim_ascii_start().first();
                    let json = first.is_none_or(|byte| b"{[\"-0123456789tfn".contains(byte));
                    to.counts.problems.foreign += u64::from(!json || what.starts_with(recorded::NO_SESSION));
                    to.counts.problems.skip(place, block.line_of(*record), format!("{what}; the session is skipped"));
                }
            }
        }
    }
}
