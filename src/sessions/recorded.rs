//! A recorded session, read whatever stands in it.
//!
//! Takes: the bytes of one JSON value: `{"session_id", "repo", "errors": [{"message"}], "tool_calls":
//! [{"tool", "latency_ms"}], "duration_minutes"}`, and beside those, where a recorder knows more,
//! `started_at` and `ended_at`, and `success`, `is_error`, `error` or `exit_code` of a call. Gives: a
//! [`Session`], and what of it had to be left out.

mod calls;
mod quick;

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::loose::{Loose, LooseSeed, LooseText, TextSeed};
use super::session::{LONGEST_MS, Session};
use calls::Calls;

/// How the reason begins that a record is one of something else.
pub(super) const NO_SESSION: &str = "it is no session";

/// Members by which a session is known as one.
pub(super) const MEMBERS: [&str; 4] = ["session_id", "tool_calls", "errors", "duration_minutes"];

/// Parts that are named one by one.
const NAMED: usize = 20;

/// Reads a session.
///
/// # Errors
/// What is wrong with the JSON, or that it is no object.
pub fn session(bytes: &[u8]) -> Result<(Session<'_>, Vec<String>), String> {
    read(serde_json::Deserializer::from_slice(bytes))
}

/// The same of a text, of which no part must be looked at for being one.
///
/// # Errors
/// As [`session`].
pub fn session_of(text: &str) -> Result<(Session<'_>, Vec<String>), String> {
    quick::session(text).map_or_else(|| long(text), |session| Ok((session, Vec::new())))
}

/// Whatever stands in it.
fn long(text: &str) -> Result<(Session<'_>, Vec<String>), String> {
    read(serde_json::Deserializer::from_str(text))
}

fn read<'a, R: serde_json::de::Read<'a>>(
    mut reader: serde_json::Deserializer<R>,
) -> Result<(Session<'a>, Vec<String>), String> {
    let mut left_out = Vec::new();
    let session = SessionSeed(&mut left_out).deserialize(&mut reader).and_then(|session| {
        reader.end()?;
        Ok(session)
    });
    session.map(|session| (session, left_out)).map_err(|error| {
        let text = error.to_string();
        text.split(" at line ").next().unwrap_or_default().to_owned()
    })
}

fn leave_out(left_out: &mut Vec<String>, what: impl FnOnce() -> String) {
    // The rest is counted by its length alone.
    left_out.push(if left_out.len() < NAMED { what() } else { String::new() });
}

/// The visitor of something that is an object or a list and nothing else, and says what else it found.
macro_rules! others {
    ($what:literal, $wrong:expr) => {
        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str($what)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            $wrong(self, Loose::Null)
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
            $wrong(self, Loose::Bool(value))
        }

        fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
            $wrong(self, Loose::Number(value))
        }

        fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
            $wrong(self, Loose::Number(value as f64))
        }

        fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
            $wrong(self, Loose::Number(value as f64))
        }

        fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
            $wrong(self, Loose::Text(Cow::Borrowed(value)))
        }

        fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
            $wrong(self, Loose::Text(Cow::Owned(value.to_owned())))
        }
    };
}
use others;

struct SessionSeed<'l>(&'l mut Vec<String>);

impl<'de> DeserializeSeed<'de> for SessionSeed<'_> {
    type Value = Session<'de>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Session<'de>, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for SessionSeed<'_> {
    type Value = Session<'de>;

    others!("a session, which is an object", |_, found: Loose<'_>| {
        Err(E::custom(format!("a session is an object, and this is {}", found.kind())))
    });

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Session<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Err(A::Error::custom("a session is an object, and this is a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Session<'de>, A::Error> {
        let mut session = Session::default();
        let left_out = self.0;
        let (mut empty, mut known) = (true, false);
        while let Some(LooseText(key)) = map.next_key_seed(TextSeed)? {
            empty = false;
            known |= MEMBERS.contains(&&*key);
            match &*key {
                "session_id" => session.id = name(map.next_value_seed(LooseSeed)?, "session_id", left_out),
                "repo" => session.repo = name(map.next_value_seed(LooseSeed)?, "repo", left_out),
                "errors" => session.errors = map.next_value_seed(Errors(left_out))?,
                "tool_calls" => session.calls = map.next_value_seed(Calls(left_out))?,
                "duration_minutes" => {
                    session.took_ms = match map.next_value_seed(LooseSeed)? {
                        Loose::Number(minutes) => span(minutes * 60_000.0, "duration_minutes", left_out),
                        Loose::Null => None,
                        other => {
                            leave_out(left_out, || format!("duration_minutes is {}", other.kind()));
                            None
                        }
                    }
                }
                "started_at" | "timestamp" => session.began = instant(map.next_value_seed(LooseSeed)?, left_out),
                "ended_at" => session.ended = instant(map.next_value_seed(LooseSeed)?, left_out),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        // Lines of some other log are no sessions that nothing happened in.
        if empty || known {
            return Ok(session);
        }
        Err(A::Error::custom(format!("{NO_SESSION}: it has none of {}", MEMBERS.join(", "))))
    }
}

/// A name: a text, or a number as it is written.
fn name<'a>(value: Loose<'a>, what: &str, left_out: &mut Vec<String>) -> Option<Cow<'a, str>> {
    match value {
        Loose::Text(text) => Some(text),
        Loose::Number(number) => Some(Cow::Owned(number.to_string())),
        Loose::Null => None,
        other => {
            leave_out(left_out, || format!("{what} is {}", other.kind()));
            None
        }
    }
}

/// Milliseconds that can have passed.
fn span(ms: f64, what: &str, left_out: &mut Vec<String>) -> Option<f64> {
    let fits = (0.0..=LONGEST_MS).contains(&ms);
    if !fits {
        let why = if ms < 0.0 { "is below zero" } else { "is longer than a year" };
        leave_out(left_out, || format!("{what} {why}"));
    }
    fits.then_some(ms)
}

fn instant(value: Loose<'_>, left_out: &mut Vec<String>) -> Option<i64> {
    match value {
        Loose::Null => None,
        Loose::Text(text) => {
            let read = crate::forge::time::parse(&text).map(|at| at.timestamp());
            if read.is_none() {
                leave_out(left_out, || "a time cannot be read".to_owned());
            }
            read
        }
        other => {
            leave_out(left_out, || format!("a time is {}", other.kind()));
            None
        }
    }
}

/// The errors of a session.
struct Errors<'l>(&'l mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Errors<'_> {
    type Value = Vec<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Errors<'_> {
    type Value = Vec<Cow<'de, str>>;

    others!("a list of errors", |seed: Self, found: Loose<'_>| {
        leave_out(seed.0, || format!("errors is {}", found.kind()));
        Ok(Vec::new())
    });

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        leave_out(self.0, || "errors is an object".to_owned());
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut errors = Vec::new();
        while let Some(error) = list.next_element_seed(OneError(&mut *self.0, errors.len()))? {
            errors.extend(error);
        }
        Ok(errors)
    }
}

/// One error; `None` where it has no message.
struct OneError<'l>(&'l mut Vec<String>, usize);

impl<'de> DeserializeSeed<'de> for OneError<'_> {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneError<'_> {
    type Value = Option<Cow<'de, str>>;

    others!("an error", |seed: Self, found| match found {
        // The message without an object around it.
        Loose::Text(text) => Ok(Some(Cow::Owned(text.into_owned()))),
        other => {
            leave_out(seed.0, || format!("errors[{}] is {}", seed.1, other.kind()));
            Ok(None)
        }
    });

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        leave_out(self.0, || format!("errors[{}] is a list", self.1));
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut message = None;
        while let Some(LooseText(key)) = map.next_key_seed(TextSeed)? {
            if key == "message" {
                message = match map.next_value_seed(LooseSeed)? {
                    Loose::Text(text) => Some(text),
                    Loose::Null => None,
                    other => {
                        leave_out(self.0, || format!("errors[{}].message is {}", self.1, other.kind()));
                        None
                    }
                };
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(message.filter(|text| !text.is_empty()))
    }
}
