//! The lines that programs write: flat objects of short texts and numbers.
//!
//! Takes: a line. Gives: the same [`Cycle`] that the thorough reader gives, in a third of the time, or
//! `None` where the line is anything else: nested, escaped, or no JSON. A test holds the two equal.

use super::values::{CycleValue, EXACT};
use super::{Cycle, CycleMember};
use crate::bytes::marks::in_text;

/// Reads a line, if it is such a one.
pub(super) fn read(line: &str) -> Option<Cycle<'_>> {
    let bytes = line.as_bytes();
    let mut cycle = Cycle::blank();
    let mut at = space(bytes, 0);
    if bytes.get(at) != Some(&b'{') {
        return None;
    }
    at = space(bytes, at + 1);
    if bytes.get(at) == Some(&b'}') {
        return (space(bytes, at + 1) == bytes.len()).then_some(cycle);
    }
    let mut next = 0;
    loop {
        let name = at;
        at = text(bytes, name)?;
        let (member, after) = CycleMember::expected(bytes.get(name + 1..at - 1)?, next);
        next = after;
        at = space(bytes, at);
        if bytes.get(at) != Some(&b':') {
            return None;
        }
        let from = space(bytes, at + 1);
        let value;
        (at, value) = match bytes.get(from)? {
            b'"' => {
                let end = text(bytes, from)?;
                (end, CycleValue::Plain(line.get(from + 1..end - 1)?))
            }
            b't' => (word(bytes, from, b"true")?, CycleValue::Json("true")),
            b'f' => (word(bytes, from, b"false")?, CycleValue::Json("false")),
            b'n' => (word(bytes, from, b"null")?, CycleValue::Json("null")),
            _ => match whole(bytes, from) {
                Some((end, number)) => (end, CycleValue::Digits(number)),
                None => {
                    let end = number(bytes, from)?;
                    (end, CycleValue::Json(line.get(from..end)?))
                }
            },
        };
        if member != CycleMember::Other {
            cycle.set(member, value);
        }
        at = space(bytes, at);
        match bytes.get(at)? {
            b',' => at = space(bytes, at + 1),
            b'}' => return (space(bytes, at + 1) == bytes.len()).then_some(cycle),
            _ => return None,
        }
    }
}

fn space(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// Behind the text that begins at `at`; `None` if it holds an escape or a control character.
fn text(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'"') {
        return None;
    }
    let end = in_text(bytes, at + 1);
    (bytes.get(end) == Some(&b'"')).then_some(end + 1)
}

fn word<const N: usize>(bytes: &[u8], at: usize, word: &[u8; N]) -> Option<usize> {
    bytes.get(at..)?.starts_with(word).then_some(at + word.len())
}

/// Behind the number that begins at `at`, and the number, where it is whole and short.
fn whole(bytes: &[u8], at: usize) -> Option<(usize, u64)> {
    let rest = bytes.get(at..)?;
    let (mut number, mut length) = (0, 0);
    while let Some(byte @ b'0'..=b'9') = rest.get(length) {
        number = number * 10 + u64::from(byte - b'0');
        length += 1;
        if length > EXACT {
            return None;
        }
    }
    // 01 is no number, and neither 1. nor 1e is the end of one.
    let ends = length > 0 && !matches!(rest.get(length), Some(b'.' | b'e' | b'E'));
    (ends && (rest[0] != b'0' || length == 1)).then_some((at + length, number))
}

/// Behind the number that begins at `at`.
fn number(bytes: &[u8], mut at: usize) -> Option<usize> {
    let digits = |from: usize| {
        let count = bytes.get(from..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(from + count)
    };
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    let first = at;
    at = digits(at)?;
    // 01 is no number.
    if bytes[first] == b'0' && at > first + 1 {
        return None;
    }
    if bytes.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        if matches!(bytes.get(at), Some(b'+' | b'-')) {
            at += 1;
        }
        at = digits(at)?;
    }
    Some(at)
}
