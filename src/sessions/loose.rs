//! Any JSON value, kept as what it is.
//!
//! Takes: a reader of JSON. Gives: [`Loose`], in which a value of another kind than is expected is no error of the
//! whole record; [`LooseMembers`], an object of which some members matter.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Any JSON value. `Object` is what an object is read as, `Element` what the elements of a list are read as.
#[derive(Debug, Default)]
pub(super) enum Loose<'a, Object = IgnoredAny, Element = IgnoredAny> {
    /// There is no such member.
    #[default]
    Absent,
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Element>),
    Object(Object),
}

/// An object. A member that stands in it twice counts as it stands the last time.
pub(super) trait LooseMembers<'de>: Default {
    /// Reads the value of the member with this key.
    fn member<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

impl<'de> LooseMembers<'de> for IgnoredAny {
    fn member<A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
        map.next_value::<IgnoredAny>().map(drop)
    }
}

impl<Object, Element> Loose<'_, Object, Element> {
    /// What it is, for a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Loose::Absent => "missing",
            Loose::Null => "null",
            Loose::Bool(_) => "true or false",
            Loose::Number(_) => "a number",
            Loose::Text(_) => "a text",
            Loose::List(_) => "a list",
            Loose::Object(_) => "an object",
        }
    }
}

/// A key, borrowed where nothing in it is escaped.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct LooseKey<'a>(#[serde(borrow)] Cow<'a, str>);

struct LooseVisitor<Object, Element>(PhantomData<(Object, Element)>);

impl<'de, Object: LooseMembers<'de>, Element: Deserialize<'de>> Deserialize<'de> for Loose<'de, Object, Element> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(LooseVisitor(PhantomData))
    }
}

impl<'de, Object: LooseMembers<'de>, Element: Deserialize<'de>> Visitor<'de> for LooseVisitor<Object, Element> {
    type Value = Loose<'de, Object, Element>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Loose::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Loose::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Loose::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Loose::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object::default();
        while let Some(LooseKey(key)) = map.next_key()? {
            object.member(&key, &mut map)?;
        }
        Ok(Loose::Object(object))
    }
}
