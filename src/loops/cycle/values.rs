//! JSON values as the members of a cycle want them.
//!
//! Takes: the JSON of a value. Gives: the text or number that it is, or `None`.

use std::borrow::Cow;

/// 0, in any way of writing it, or an empty text.
pub(super) fn is_empty(raw: &str) -> bool {
    raw == "\"\"" || number(raw) == Some(0.0)
}

/// A JSON string.
pub(super) fn text(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    serde_json::from_str(raw).ok().map(Cow::Owned)
}

/// A JSON number that is finite.
pub(super) fn number(raw: &str) -> Option<f64> {
    let first = raw.bytes().next()?;
    if first != b'-' && !first.is_ascii_digit() {
        return None;
    }
    // Fifteen digits are exact.
    if raw.len() <= 15 && raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(digits(raw) as f64);
    }
    raw.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A whole number that is not negative: `42`, `42.0`, `"42"`.
pub(super) fn whole(raw: &str) -> Option<u64> {
    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
    if !inner.is_empty() && inner.len() <= 18 && inner.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(digits(inner));
    }
    // Beyond this, neighbours are one number.
    number(inner).filter(|number| *number >= 0.0 && *number < 9e15 && number.fract() == 0.0).map(|number| number as u64)
}

fn digits(text: &str) -> u64 {
    text.bytes().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}
