//! JSON whose values may be of any type.
//!
//! Takes: the bytes of a JSON value. Gives: what was asked for, where a value of another type
//! counts as absent instead of failing the whole. Texts without escapes are borrowed. What is
//! well-formed JSON is always read: a half of a surrogate pair and bytes that are no UTF-8
//! become U+FFFD, a number past every range becomes null.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A value that is neither a list nor an object; these two count as [`Scalar::Absent`].
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Scalar<'a> {
    /// Null, missing, a list or an object.
    #[default]
    Absent,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from 0.
    Whole(u64),
    /// A whole number below 0.
    Below(i64),
    /// Any other number.
    Broken(f64),
    /// A text.
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// The text, if it is one.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Scalar::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is `true`.
    pub(super) fn is_true(&self) -> bool {
        *self == Scalar::Bool(true)
    }

    /// Whether it is the text `word`, whatever the case of ASCII letters.
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Scalar::Text(text) if text.eq_ignore_ascii_case(word))
    }
}

/// Something that can be made of a JSON value of any type.
pub(super) trait LooseShape<'de>: Sized {
    /// Of null, a boolean, a number or a text.
    fn scalar(found: Scalar<'de>) -> Self;

    /// Of a list; all of it must be taken.
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::scalar(Scalar::Absent))
    }

    /// Of an object; all of it must be taken.
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::scalar(Scalar::Absent))
    }
}

impl<'de> LooseShape<'de> for Scalar<'de> {
    fn scalar(found: Scalar<'de>) -> Self {
        found
    }
}

/// The entries of a list; anything else is `None`.
impl<'de, T: LooseShape<'de>> LooseShape<'de> for Option<Vec<T>> {
    fn scalar(_: Scalar<'de>) -> Self {
        None
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut entries = Vec::new();
        while let Some(As(entry)) = list.next_element()? {
            entries.push(entry);
        }
        Ok(Some(entries))
    }
}

/// Reads a [`LooseShape`] from any deserialiser.
pub(super) struct As<T>(pub(super) T);

impl<'de, T: LooseShape<'de>> Deserialize<'de> for As<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(LooseAny(PhantomData)).map(As)
    }
}

struct LooseAny<T>(PhantomData<T>);

impl<'de, T: LooseShape<'de>> Visitor<'de> for LooseAny<T> {
    type Value = T;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::scalar(Scalar::Absent))
    }

    fn visit_bool<E>(self, found: bool) -> Result<T, E> {
        Ok(T::scalar(Scalar::Bool(found)))
    }

    fn visit_u64<E>(self, found: u64) -> Result<T, E> {
        Ok(T::scalar(Scalar::Whole(found)))
    }

    fn visit_i64<E>(self, found: i64) -> Result<T, E> {
        Ok(T::scalar(u64::try_from(found).map_or(Scalar::Below(found), Scalar::Whole)))
    }

    fn visit_f64<E>(self, found: f64) -> Result<T, E> {
        Ok(T::scalar(Scalar::Broken(found)))
    }

    fn visit_borrowed_str<E>(self, found: &'de str) -> Result<T, E> {
        Ok(T::scalar(Scalar::Text(Cow::Borrowed(found))))
    }

    fn visit_str<E>(self, found: &str) -> Result<T, E> {
        Ok(T::scalar(Scalar::Text(Cow::Owned(found.to_owned()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::object(object)
    }
}

/// The name of the next member of an object.
pub(super) fn key<'de, A: MapAccess<'de>>(object: &mut A) -> Result<Option<Cow<'de, str>>, A::Error> {
    let key = object.next_key::<As<Scalar<'de>>>()?;
    Ok(key.map(|As(key)| key.text().unwrap_or_default()))
}

/// The value of the member whose name was just read.
pub(super) fn value<'de, T: LooseShape<'de>, A: MapAccess<'de>>(object: &mut A) -> Result<T, A::Error> {
    object.next_value().map(|As(value)| value)
}

/// Reads the one JSON value that `bytes` are. `spare` takes the mended copy where one is needed,
/// so that what is read can borrow from it.
///
/// # Errors
/// `bytes` are no JSON; line and column count within `bytes`.
pub(super) fn read<'a, T: LooseShape<'a>>(bytes: &'a [u8], spare: &'a mut String) -> serde_json::Result<T> {
    strict_or_mended(bytes, spare).map(|As(value)| value)
}

/// The whole of `bytes`, every member kept, mended as [`read`] mends it.
///
/// # Errors
/// As [`read`].
pub(super) fn whole(bytes: &[u8]) -> serde_json::Result<serde_json::Value> {
    strict_or_mended(bytes, &mut String::new())
}

/// What [`read`] would make of the value that `of` is.
pub(super) fn within<'a, T: LooseShape<'a>>(of: &'a serde_json::Value) -> serde_json::Result<T> {
    As::deserialize(of).map(|As(value)| value)
}

fn strict_or_mended<'a, T: Deserialize<'a>>(bytes: &'a [u8], spare: &'a mut String) -> serde_json::Result<T> {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    // Skipping looks at no code points and no ranges: what fails here is no JSON at all.
    serde_json::from_slice::<IgnoredAny>(bytes)?;
    *spare = mended(bytes);
    serde_json::from_str(spare)
}

/// A copy of well-formed JSON that a strict reader takes.
fn mended(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    let mut in_text = false;
    while let Some((&byte, after)) = rest.split_first() {
        let taken = match byte {
            b'"' => {
                in_text = !in_text;
                1
            }
            b'\\' => match (unit(rest), unit(after.get(5..).unwrap_or_default())) {
                (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
                (Some(0xD800..=0xDFFF), _) => {
                    out.extend_from_slice(b"\\ufffd");
                    rest = after.get(5..).unwrap_or_default();
                    continue;
                }
                _ => 2,
            },
            b'-' | b'0'..=b'9' if !in_text => {
                let length =
                    rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).count();
                let number = rest.get(..length).and_then(|digits| std::str::from_utf8(digits).ok());
                if number.is_some_and(|n| n.parse::<f64>().is_ok_and(f64::is_infinite)) {
                    out.extend_from_slice(b"null");
                    rest = rest.get(length..).unwrap_or_default();
                    continue;
                }
                length
            }
            _ => 1,
        };
        let (same, after) = rest.split_at_checked(taken).unwrap_or((rest, &[]));
        out.extend_from_slice(same);
        rest = after;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The UTF-16 unit of an escape `\uXXXX` at the start of `text`.
fn unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Option<String> {
        let mut spare = String::new();
        let value: Scalar<'_> = read(bytes, &mut spare).unwrap();
        value.text().map(Cow::into_owned)
    }

    #[test]
    fn a_half_of_a_pair_and_bad_bytes_become_the_replacement_character() {
        for (bytes, expected) in [
            (&br#""a\ud800b""#[..], "a\u{fffd}b"),
            (br#""\udc00\ud83d\udd25""#, "\u{fffd}\u{1f525}"),
            (br#""\ud800\ud83d\udd25""#, "\u{fffd}\u{1f525}"),
            (br#""\ud800\n\\ud800""#, "\u{fffd}\n\\ud800"),
            (br#""\ud800 1e999""#, "\u{fffd} 1e999"),
            (b"\"a\xff\\\"\xc3\"", "a\u{fffd}\"\u{fffd}"),
        ] {
            assert_eq!(text(bytes).as_deref(), Some(expected));
        }
    }

    #[test]
    fn plain_texts_are_borrowed() {
        let mut spare = String::new();
        let value: Scalar<'_> = read(b"\"caf\xc3\xa9\"", &mut spare).unwrap();
        assert!(matches!(value.text(), Some(Cow::Borrowed("café"))));
    }

    #[test]
    fn a_number_past_every_range_is_absent_and_loses_nothing_beside_it() {
        let mut spare = String::new();
        let list: Option<Vec<Scalar<'_>>> = read(br#"[-1e999, "x", -3, 18446744073709551616]"#, &mut spare).unwrap();
        let expected =
            [Scalar::Absent, Scalar::Text("x".into()), Scalar::Below(-3), Scalar::Broken(18_446_744_073_709_551_616.0)];
        assert_eq!(list.unwrap(), expected);
    }

    #[test]
    fn what_is_no_json_is_an_error_where_it_stands() {
        let mut spare = String::new();
        let error = read::<Scalar<'_>>(br#"{"a\ud800": nope}"#, &mut spare).unwrap_err();
        assert_eq!((error.line(), error.column()), (1, 14));
    }
}
