//! JSON values as the members of a cycle want them.
//!
//! Takes: a value, as far as its reader has looked at it. Gives: the text or number that it is, or `None`.

use std::borrow::Cow;

/// Digits of a number that is exact as it is read.
pub(super) const EXACT: usize = 15;

/// A value.
#[derive(Debug, Clone, Copy)]
pub(super) enum CycleValue<'a> {
    /// A text without escapes: what stands between its quotes.
    Plain(&'a str),
    /// A whole number of at most [`EXACT`] digits.
    Digits(u64),
    /// Any JSON.
    Json(&'a str),
}

impl<'a> CycleValue<'a> {
    /// Whether it is this word or empty list.
    pub(super) fn is(self, word: &str) -> bool {
        matches!(self, CycleValue::Json(json) if json == word)
    }

    /// 0, in any way of writing it, or an empty text.
    pub(super) fn is_empty(self) -> bool {
        match self {
            CycleValue::Plain(text) => text.is_empty(),
            CycleValue::Json("\"\"") => true,
            _ => self.number() == Some(0.0),
        }
    }

    /// A JSON string.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            CycleValue::Plain(text) => Some(Cow::Borrowed(text)),
            CycleValue::Digits(_) => None,
            CycleValue::Json(json) => match unquoted(json)? {
                plain if memchr::memchr(b'\\', plain.as_bytes()).is_none() => Some(Cow::Borrowed(plain)),
                _ => serde_json::from_str(json).ok().map(Cow::Owned),
            },
        }
    }

    /// A JSON number that is finite.
    pub(super) fn number(self) -> Option<f64> {
        match self {
            CycleValue::Plain(_) => None,
            CycleValue::Digits(number) => Some(number as f64),
            CycleValue::Json(json) => number(json),
        }
    }

    /// A whole number that is not negative: `42`, `42.0`, `"42"`.
    pub(super) fn whole(self) -> Option<u64> {
        match self {
            CycleValue::Digits(number) => Some(number),
            CycleValue::Plain(text) => whole(text),
            CycleValue::Json(json) => whole(unquoted(json).unwrap_or(json)),
        }
    }
}

fn unquoted(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

fn number(json: &str) -> Option<f64> {
    let first = json.bytes().next()?;
    if first != b'-' && !first.is_ascii_digit() {
        return None;
    }
    json.parse().ok().filter(|number: &f64| number.is_finite())
}

fn whole(text: &str) -> Option<u64> {
    if !text.is_empty() && text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    // Beyond this, neighbours are one number.
    number(text).filter(|number| *number >= 0.0 && *number < 9e15 && number.fract() == 0.0).map(|number| number as u64)
}
