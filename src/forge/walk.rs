//! The way over one JSON value, to its end.
//!
//! Takes: the bytes of a document in windows of any size. Gives: where the value that begins the
//! first of them ends. Only strings and brackets are looked at, so that most bytes are passed at
//! the speed of memory.

use crate::bytes::marks::{Brackets, MANY, TextMask};

/// Lists and objects within each other that are still stepped over.
const DEEPEST: u32 = 120;

/// What came of a window: how many of its bytes were stepped over, and why no more.
pub(super) enum WalkStep {
    /// All of them; the value goes on.
    More(usize),
    /// The value ends after these.
    Done(usize),
    /// What follows these cannot be part of the value, and why.
    Bad(usize, String),
}

/// The way over one value, which may lie in several windows.
#[derive(Default)]
pub(super) struct ValueWalk {
    /// Lists and objects open.
    depth: u32,
    /// Which of them are objects: a bit each, the innermost last.
    objects: u128,
    /// Within a string.
    text: bool,
    /// The last byte of the window before was a backslash that escapes the first of this one.
    escaped: bool,
    /// The value is a number, `true`, `false` or `null`, which end where something else begins.
    pub(super) word: bool,
}

impl ValueWalk {
    /// Steps over as much of `window` as belongs to the value.
    pub(super) fn over(&mut self, window: &[u8]) -> WalkStep {
        let mut at = 0;
        loop {
            if self.depth > 0 {
                return self.inside(window, at);
            }
            if self.text {
                return self.string_end(window, at).map_or(WalkStep::More(window.len()), WalkStep::Done);
            }
            let Some(byte) = window.get(at) else { return WalkStep::More(window.len()) };
            at += 1;
            match byte {
                b'"' if !self.word => self.text = true,
                b'[' | b'{' if !self.word => self.open(*byte),
                b' ' | b'\n' | b'\r' | b'\t' | b',' | b':' | b']' | b'}' | b'"' | b'[' | b'{' => {
                    return WalkStep::Done(at - 1);
                }
                _ => self.word = true,
            }
        }
    }

    fn open(&mut self, bracket: u8) {
        self.depth += 1;
        self.objects = self.objects << 1 | u128::from(bracket == b'{');
    }

    /// Within a list or an object, from `at` in the window.
    fn inside(&mut self, window: &[u8], mut at: usize) -> WalkStep {
        let mut texts = TextMask { within: self.text, escaped: self.escaped };
        for piece in window.get(at..).unwrap_or_default().chunks(MANY) {
            let Brackets { opens, closes, .. } = texts.brackets(piece);
            let mut brackets = opens | closes;
            while brackets != 0 {
                let bit = brackets & brackets.wrapping_neg();
                let place = bit.trailing_zeros() as usize;
                let byte = piece[place];
                if opens & bit == 0 {
                    if (self.objects & 1 == 1) != (byte == b'}') {
                        let what = format!("found `{}`, which closes nothing", char::from(byte));
                        return WalkStep::Bad(at + place, what);
                    }
                    self.depth -= 1;
                    self.objects >>= 1;
                    if self.depth == 0 {
                        return WalkStep::Done(at + place + 1);
                    }
                } else if self.depth == DEEPEST {
                    return WalkStep::Bad(at + place, format!("lists and objects nested deeper than {DEEPEST}"));
                } else {
                    self.open(byte);
                }
                brackets ^= bit;
            }
            at += piece.len();
        }
        (self.text, self.escaped) = (texts.within, texts.escaped);
        WalkStep::More(window.len())
    }

    /// The place after the closing quote of the string that `window` is within from `at`.
    fn string_end(&mut self, window: &[u8], mut at: usize) -> Option<usize> {
        loop {
            let rest = window.get(at..).unwrap_or_default();
            // Quotes are rare and backslashes are not: an odd run of these before a quote makes
            // it one of the text, and no other needs a look.
            let quote = memchr::memchr(b'"', rest);
            let text = rest.get(..quote.unwrap_or(rest.len())).unwrap_or(rest);
            let slashes = text.iter().rev().take_while(|b| **b == b'\\').count();
            let escaped = (slashes % 2 == 1) != (self.escaped && slashes == text.len());
            self.escaped = escaped && quote.is_none();
            at += quote? + 1;
            if !escaped {
                self.text = false;
                return Some(at);
            }
        }
    }
}
