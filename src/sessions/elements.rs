//! A JSON document cut into the elements of its lists of sessions.
//!
//! Takes: bytes as they come. Gives: [`RecordBlock`](super::blocks::RecordBlock)s of whole elements. Only brackets, texts
//! and the keys of the outer object are looked at; what an element holds is read by others.

use std::io::Read;

use super::adapters::document::OWN;
use super::blocks::{BLOCK, Buffer, Cut, LONGEST, RecordBlock, lines};
use super::problems::Problems;
use super::session::SessionPlace;

/// Brackets within brackets; what is deeper was made to break readers.
const DEEPEST: usize = 500;

/// Cuts a document into the elements of its lists of sessions.
#[derive(Debug)]
pub(super) struct Elements {
    buffer: Buffer,
    /// Bytes of the buffer that have been looked at.
    scanned: usize,
    /// Open brackets around elements, or around what is none.
    open: Vec<u8>,
    /// How many are open in the element that is being passed over.
    inner: usize,
    /// How many are open around an element, in a list of sessions.
    list: Option<usize>,
    in_text: bool,
    escaped: bool,
    /// Where the element begins, in the buffer.
    element: Option<usize>,
    /// In the outer object: a key is expected; where it begins; the last one is `sessions`.
    key_next: bool,
    key_from: Option<usize>,
    sessions: bool,
    /// The outer object has a key of a session.
    own: bool,
    /// The outer object has a list of sessions.
    listed: bool,
    /// The element is too long to be kept.
    long: bool,
    /// Nothing can be read any more.
    broken: bool,
    /// Something was there at all.
    any: bool,
}

impl Elements {
    /// For the input with this number.
    pub(super) fn new(input: u32) -> Self {
        Elements {
            buffer: Buffer::new(input),
            scanned: 0,
            open: Vec::new(),
            inner: 0,
            list: None,
            in_text: false,
            escaped: false,
            element: None,
            key_next: false,
            key_from: None,
            sessions: false,
            own: false,
            listed: false,
            long: false,
            broken: false,
            any: false,
        }
    }

    /// Right inside a list of sessions.
    fn in_list(&self) -> bool {
        self.list == Some(self.open.len())
    }

    fn in_object(&self) -> bool {
        self.list.is_none() && self.open == [b'{']
    }

    /// Looks at what is new in the buffer.
    fn look(&mut self, records: &mut Vec<(usize, usize)>, problems: &mut Problems) {
        let bytes = std::mem::take(&mut self.buffer.bytes);
        let mut at = self.scanned;
        while at < bytes.len() && !self.broken {
            let byte = bytes[at];
            if self.escaped {
                self.escaped = false;
            } else if self.in_text {
                let Some(length) = memchr::memchr2(b'"', b'\\', &bytes[at..]) else {
                    at = bytes.len();
                    break;
                };
                at += length;
                if bytes[at] == b'\\' {
                    self.escaped = true;
                } else {
                    self.in_text = false;
                    self.key(&bytes, at);
                }
            } else if self.inner > 0 {
                match byte {
                    b'"' => self.in_text = true,
                    b'{' | b'[' if self.inner == DEEPEST => {
                        self.break_off(at + 1, &bytes, problems, "brackets are nested too deeply");
                    }
                    b'{' | b'[' => self.inner += 1,
                    b'}' | b']' => {
                        self.inner -= 1;
                        if self.inner == 0 {
                            self.finish(at + 1, records, problems, &bytes);
                        }
                    }
                    _ => {}
                }
            } else if matches!(byte, b'"' | b'{' | b'}' | b'[' | b']' | b',' | b':') {
                self.mark(byte, at, records, problems, &bytes);
            } else if !byte.is_ascii_whitespace() {
                if self.in_list() && self.element.is_none() {
                    self.element = Some(at);
                } else if self.open.is_empty() {
                    self.break_off(at, &bytes, problems, "neither a list nor an object begins here");
                }
            } else if self.in_list() && self.element.is_some() {
                // A bare word has ended; an object has ended before.
                self.finish(at, records, problems, &bytes);
            }
            at += 1;
        }
        self.scanned = if self.broken { bytes.len() } else { at };
        self.buffer.bytes = bytes;
    }

    /// A text has ended that may be a key of the outer object.
    fn key(&mut self, bytes: &[u8], at: usize) {
        let Some(from) = self.key_from.take() else { return };
        let key = bytes.get(from..at).unwrap_or_default();
        self.sessions = key == b"sessions";
        self.own |= OWN.iter().any(|own| own.as_bytes() == key);
    }

    fn mark(&mut self, byte: u8, at: usize, records: &mut Vec<(usize, usize)>, problems: &mut Problems, bytes: &[u8]) {
        match byte {
            b'"' => {
                if self.in_list() && self.element.is_none() {
                    self.element = Some(at);
                }
                if self.open.is_empty() {
                    self.break_off(at, bytes, problems, "a text stands outside of a list");
                }
                self.key_from = (self.in_object() && self.key_next).then_some(at + 1);
                self.in_text = true;
            }
            b'{' | b'[' => {
                if self.in_list() && self.element.is_none() {
                    (self.element, self.inner) = (Some(at), 1);
                    return;
                } else if self.open.is_empty() {
                    (self.key_next, self.own, self.listed, self.any) = (true, false, false, true);
                    self.list = (byte == b'[').then_some(1);
                    self.element = (byte == b'{').then_some(at);
                } else if self.in_object() && byte == b'[' && self.sessions && !self.key_next {
                    (self.list, self.element, self.listed) = (Some(2), None, true);
                }
                self.open.push(byte);
                if self.open.len() > DEEPEST {
                    self.break_off(at, bytes, problems, "brackets are nested too deeply");
                }
            }
            b'}' | b']' => {
                let opens = if byte == b'}' { b'{' } else { b'[' };
                if self.in_list() && self.element.is_some() {
                    self.finish(at, records, problems, bytes);
                }
                if self.open.last() != Some(&opens) {
                    self.break_off(at, bytes, problems, "a bracket closes that was not opened");
                    return;
                }
                if self.in_list() {
                    self.list = None;
                }
                self.open.pop();
                if self.open.is_empty() && byte == b'}' && !self.listed {
                    self.outer(at + 1, records, problems, bytes);
                }
            }
            b',' => {
                if self.in_list() && self.element.is_some() {
                    self.finish(at, records, problems, bytes);
                }
                self.key_next |= self.in_object();
            }
            _ => self.key_next &= !self.in_object(),
        }
    }

    /// An element ends before `at`.
    fn finish(&mut self, at: usize, records: &mut Vec<(usize, usize)>, problems: &mut Problems, bytes: &[u8]) {
        let Some(start) = self.element.take() else { return };
        if std::mem::take(&mut self.long) {
            let what = format!("the session is longer than {LONGEST} bytes and is skipped");
            problems.skip(self.place(start), self.line(start, bytes), what);
        } else {
            records.push((start, at));
        }
    }

    /// An outer object without a list of sessions ends.
    fn outer(&mut self, at: usize, records: &mut Vec<(usize, usize)>, problems: &mut Problems, bytes: &[u8]) {
        if self.own {
            self.finish(at, records, problems, bytes);
        } else if let Some(start) = self.element.take() {
            let what = "the object has no list `sessions`, and is no session; it is skipped".to_owned();
            problems.foreign += 1;
            problems.skip(self.place(start), self.line(start, bytes), what);
        }
    }

    fn place(&self, at: usize) -> SessionPlace {
        SessionPlace(self.buffer.input, self.buffer.at + at as u64, 0)
    }

    fn line(&self, at: usize, bytes: &[u8]) -> u64 {
        self.buffer.line + lines(&bytes[..at.min(bytes.len())])
    }

    fn break_off(&mut self, at: usize, bytes: &[u8], problems: &mut Problems, what: &str) {
        let what = format!("{what}; the rest of the file is not read");
        problems.unread(self.place(at), self.line(at, bytes), what);
        self.broken = true;
        self.element = None;
    }
}

impl Cut for Elements {
    fn reuse(&mut self, bytes: Vec<u8>) {
        self.buffer.reuse(bytes);
    }

    fn next(&mut self, from: &mut dyn Read) -> Option<RecordBlock> {
        let mut problems = Problems::default();
        let mut records = Vec::new();
        loop {
            if self.broken || self.buffer.ended {
                return None;
            }
            self.buffer.more(from, &mut problems);
            self.look(&mut records, &mut problems);
            if self.buffer.ended {
                self.close(&mut problems);
            }
            if let Some((_, end)) = records.last() {
                let end = *end;
                let block = self.buffer.block(end, records, problems);
                self.scanned -= end;
                self.element = self.element.map(|at| at - end);
                self.key_from = self.key_from.map(|at| at.saturating_sub(end));
                return Some(block);
            }
            if problems != Problems::default() {
                return Some(RecordBlock { input: self.buffer.input, problems, ..RecordBlock::default() });
            }
            // What is no part of an element is not kept, nor is an element that is too long.
            let keep = match self.element {
                Some(start) if self.buffer.bytes.len() - start > LONGEST => {
                    self.long = true;
                    self.buffer.bytes.len()
                }
                Some(start) => start,
                None => self.key_from.map_or(self.buffer.bytes.len(), |from| from - 1),
            };
            if keep >= BLOCK || self.element.is_none() || self.long {
                self.buffer.drop_first(keep);
                self.scanned -= keep;
                self.element = self.element.map(|at| at.saturating_sub(keep));
                self.key_from = self.key_from.map(|at| at.saturating_sub(keep));
            }
        }
    }
}

impl Elements {
    /// The input has ended.
    fn close(&mut self, problems: &mut Problems) {
        let bytes = std::mem::take(&mut self.buffer.bytes);
        if !self.open.is_empty() && !self.broken {
            let at = self.element.unwrap_or(bytes.len());
            let what = if self.element.is_some() { "in the middle of a session" } else { "before its list is closed" };
            let what = format!("the file ends {what}; what came before is counted");
            problems.unread(self.place(at), self.line(at, &bytes), what);
        }
        self.buffer.bytes = bytes;
    }
}
