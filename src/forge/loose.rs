//! JSON whose values may be of any type.
//!
//! Takes: the bytes of a JSON value, or a value. Gives: what was asked for, where a value of another type
//! counts as absent instead of failing the whole. Texts without escapes are borrowed. What is
//! well-formed JSON is always read: a half of a surrogate pair and bytes that are no UTF-8
//! become U+FFFD, a number past every range becomes null, of a member given twice the last holds.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

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

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Shape::<IgnoredAny>::deserialize(from).map(|found| match found {
            Shape::Scalar(scalar) => scalar,
            Shape::List(_) | Shape::Object(_) => Scalar::Absent,
        })
    }
}

/// A value of any type: an object is read as `O`, the entries of a list as `E`.
#[derive(Debug)]
pub(super) enum Shape<'a, O, E = IgnoredAny> {
    /// Anything else.
    Scalar(Scalar<'a>),
    /// A list.
    List(Vec<E>),
    /// An object.
    Object(O),
}

impl<'de: 'a, 'a, O: Deserialize<'de>, E: Deserialize<'de>> Deserialize<'de> for Shape<'a, O, E> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ShapeVisitor(PhantomData))
    }
}

impl<O, E> Shape<'_, O, E> {
    fn object(self) -> Option<O> {
        match self {
            Shape::Object(object) => Some(object),
            Shape::Scalar(_) | Shape::List(_) => None,
        }
    }
}

/// An object; anything else is `None`.
#[derive(Debug, Default)]
pub(super) struct LooseObject<O>(pub(super) Option<O>);

impl<'de, O: Deserialize<'de>> Deserialize<'de> for LooseObject<O> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Shape::<O>::deserialize(from).map(|found| LooseObject(found.object()))
    }
}

/// A list of objects, `None` for an entry that is none; anything else is `None`.
#[derive(Debug, Default)]
pub(super) struct LooseList<O>(pub(super) Option<Vec<Option<O>>>);

impl<O> LooseList<O> {
    /// The objects.
    pub(super) fn objects(self) -> Vec<O> {
        self.0.into_iter().flatten().flatten().collect()
    }
}

impl<'de, O: Deserialize<'de>> Deserialize<'de> for LooseList<O> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(LooseList(match Shape::<IgnoredAny, LooseObject<O>>::deserialize(from)? {
            Shape::List(entries) => Some(entries.into_iter().map(|entry| entry.0).collect()),
            Shape::Scalar(_) | Shape::Object(_) => None,
        }))
    }
}

struct ShapeVisitor<'a, O, E>(PhantomData<Shape<'a, O, E>>);

impl<'de: 'a, 'a, O: Deserialize<'de>, E: Deserialize<'de>> Visitor<'de> for ShapeVisitor<'a, O, E> {
    type Value = Shape<'a, O, E>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a JSON value")
    }

    fn visit_unit<F>(self) -> Result<Self::Value, F> {
        Ok(Shape::Scalar(Scalar::Absent))
    }

    fn visit_bool<F>(self, found: bool) -> Result<Self::Value, F> {
        Ok(Shape::Scalar(Scalar::Bool(found)))
    }

    fn visit_u64<F>(self, found: u64) -> Result<Self::Value, F> {
        Ok(Shape::Scalar(Scalar::Whole(found)))
    }

    fn visit_i64<F>(self, found: i64) -> Result<Self::Value, F> {
        Ok(Shape::Scalar(u64::try_from(found).map_or(Scalar::Below(found), Scalar::Whole)))
    }

    fn visit_f64<F>(self, found: f64) -> Result<Self::Value, F> {
        Ok(Shape::Scalar(Scalar::Broken(found)))
    }

    fn visit_borrowed_str<F>(self, found: &'de str) -> Result<Self::Value, F> {
        Ok(Shape::Scalar(Scalar::Text(Cow::Borrowed(found))))
    }

    fn visit_str<F>(self, found: &str) -> Result<Self::Value, F> {
        Ok(Shape::Scalar(Scalar::Text(Cow::Owned(found.to_owned()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            entries.push(entry);
        }
        Ok(Shape::List(entries))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        O::deserialize(MapAccessDeserializer::new(object)).map(Shape::Object)
    }
}

/// Reads the one JSON value that `bytes` are.
///
/// # Errors
/// `bytes` are no JSON; line and column count within `bytes`.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> serde_json::Result<T> {
    strict(bytes).map_or_else(|| T::deserialize(mended(bytes)?), Ok)
}

/// The same, borrowed; `None` where the value has to be [`mended`] first.
pub(super) fn strict<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    serde_json::from_str(str::from_utf8(bytes).ok()?).ok()
}

/// Well-formed JSON that a strict reader does not take, as a value.
///
/// # Errors
/// As [`read`].
pub(super) fn mended(bytes: &[u8]) -> serde_json::Result<Value> {
    // Skipping looks at no code points and no ranges: what fails here is no JSON at all.
    serde_json::from_slice::<IgnoredAny>(bytes)?;
    serde_json::from_str(&mended_text(bytes))
}

/// A copy of well-formed JSON that a strict reader takes.
fn mended_text(bytes: &[u8]) -> String {
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
        read::<Value>(bytes).unwrap().as_str().map(str::to_owned)
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
        let value: Scalar<'_> = strict(b"\"caf\xc3\xa9\"").unwrap();
        assert!(matches!(value.text(), Some(Cow::Borrowed("café"))));
    }

    #[test]
    fn a_number_past_every_range_is_absent_and_loses_nothing_beside_it() {
        let list: Value = read(br#"[-1e999, "x", -3, 18446744073709551616]"#).unwrap();
        let expected =
            [Scalar::Absent, Scalar::Text("x".into()), Scalar::Below(-3), Scalar::Broken(18_446_744_073_709_551_616.0)];
        assert_eq!(Vec::<Scalar<'_>>::deserialize(&list).unwrap(), expected);
    }

    #[test]
    fn what_is_no_json_is_an_error_where_it_stands() {
        let error = read::<Value>(br#"{"a\ud800": nope}"#).unwrap_err();
        assert_eq!((error.line(), error.column()), (1, 14));
    }
}
