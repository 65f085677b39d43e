//! A recorded session, read whatever stands in it.
//!
//! Takes: the bytes of one JSON value: `{"session_id", "repo", "errors": [{"message"}], "tool_calls":
//! [{"tool", "latency_ms"}], "duration_minutes"}`, and beside those, where a recorder knows more,
//! `started_at` and `ended_at`, and `success`, `is_error`, `error` or `exit_code` of a call. Gives: a
//! [`Session`], and what of it had to be left out.

use std::borrow::Cow;

use serde::de::{Deserialize, IgnoredAny, MapAccess};

use super::loose::{Loose, LooseMembers};
use super::session::{Call, LONGEST_MS, Session, Tool};

/// How the reason begins that a record is one of something else.
pub(super) const NO_SESSION: &str = "it is no session";

/// Members by which a session is known as one.
const MEMBERS: [&str; 4] = ["session_id", "tool_calls", "errors", "duration_minutes"];

/// Parts that are named one by one.
const NAMED: usize = 20;

/// A session as it is recorded.
#[derive(Debug, Default)]
struct SessionRecord<'a> {
    any_member: bool,
    known_member: bool,
    id: Loose<'a>,
    repo: Loose<'a>,
    errors: Loose<'a, IgnoredAny, Loose<'a, ErrorRecord<'a>>>,
    calls: Loose<'a, IgnoredAny, Loose<'a, CallRecord<'a>>>,
    minutes: Loose<'a>,
    began: Loose<'a>,
    ended: Loose<'a>,
}

impl<'de> LooseMembers<'de> for SessionRecord<'de> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        self.any_member = true;
        self.known_member |= MEMBERS.contains(&key);
        match key {
            "session_id" => self.id = map.next_value()?,
            "repo" => self.repo = map.next_value()?,
            "errors" => self.errors = map.next_value()?,
            "tool_calls" => self.calls = map.next_value()?,
            "duration_minutes" => self.minutes = map.next_value()?,
            "started_at" | "timestamp" => self.began = map.next_value()?,
            "ended_at" => self.ended = map.next_value()?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

/// One error of it.
#[derive(Debug, Default)]
struct ErrorRecord<'a> {
    message: Loose<'a>,
}

impl<'de> LooseMembers<'de> for ErrorRecord<'de> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "message" => self.message = map.next_value()?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

/// One call of a tool.
#[derive(Debug, Default)]
struct CallRecord<'a> {
    tool: Loose<'a>,
    latency_ms: Loose<'a>,
    /// It failed if any of its members says so; `None` where none says anything.
    failed: Option<bool>,
}

impl<'de> LooseMembers<'de> for CallRecord<'de> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let failed = match key {
            "tool" => {
                self.tool = map.next_value()?;
                None
            }
            "latency_ms" => {
                self.latency_ms = map.next_value()?;
                None
            }
            "success" => match map.next_value::<Loose<'de>>()? {
                Loose::Bool(success) => Some(!success),
                _ => None,
            },
            "is_error" | "error" => match map.next_value::<Loose<'de>>()? {
                Loose::Bool(failed) => Some(failed),
                Loose::Text(text) => Some(!text.is_empty()),
                Loose::Object(_) => Some(true),
                _ => None,
            },
            "exit_code" => match map.next_value::<Loose<'de>>()? {
                Loose::Number(code) => Some(code != 0.0),
                _ => None,
            },
            _ => {
                map.next_value::<IgnoredAny>()?;
                None
            }
        };
        // `None` is less than `Some(false)`, and that less than `Some(true)`.
        self.failed = self.failed.max(failed);
        Ok(())
    }
}

/// Reads a session.
///
/// # Errors
/// What is wrong with the JSON, or that it is no object, or one of something else.
pub fn session(bytes: &[u8]) -> Result<(Session<'_>, Vec<String>), String> {
    let wrong = |error: serde_json::Error| error.to_string().split(" at line ").next().unwrap_or_default().to_owned();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let record = match Loose::<SessionRecord<'_>>::deserialize(&mut reader).map_err(wrong)? {
        Loose::Object(record) => record,
        other => return Err(format!("a session is an object, and this is {}", other.kind())),
    };
    // Lines of some other log are no sessions that nothing happened in.
    if record.any_member && !record.known_member {
        return Err(format!("{NO_SESSION}: it has none of {}", MEMBERS.join(", ")));
    }
    reader.end().map_err(wrong)?;
    let mut left_out = LeftOut::default();
    let session = Session {
        id: left_out.name(record.id, "session_id"),
        repo: left_out.name(record.repo, "repo"),
        errors: left_out.errors(record.errors),
        calls: left_out.calls(record.calls),
        took_ms: left_out.took_ms(&record.minutes),
        began: left_out.instant(&record.began),
        ended: left_out.instant(&record.ended),
    };
    Ok((session, left_out.0))
}

/// Parts of a session that are left out; an empty text where so many are that this one is not named.
#[derive(Default)]
struct LeftOut(Vec<String>);

impl LeftOut {
    fn add<T>(&mut self, what: impl FnOnce() -> String) -> Option<T> {
        self.0.push(if self.0.len() < NAMED { what() } else { String::new() });
        None
    }

    /// A name: a text, or a number as it is written.
    fn name<'a>(&mut self, value: Loose<'a>, what: &str) -> Option<Cow<'a, str>> {
        match value {
            Loose::Text(text) => Some(text),
            Loose::Number(number) => Some(Cow::Owned(number.to_string())),
            Loose::Absent | Loose::Null => None,
            other => self.add(|| format!("{what} is {}", other.kind())),
        }
    }

    /// The elements of a list.
    fn list<E>(&mut self, value: Loose<'_, IgnoredAny, E>, what: &str) -> Vec<E> {
        match value {
            Loose::List(list) => list,
            Loose::Absent => Vec::new(),
            other => self.add(|| format!("{what} is {}", other.kind())).unwrap_or_default(),
        }
    }

    fn errors<'a>(&mut self, value: Loose<'a, IgnoredAny, Loose<'a, ErrorRecord<'a>>>) -> Vec<Cow<'a, str>> {
        let mut errors = Vec::new();
        // An error is called by the number of those before it that have a message.
        for error in self.list(value, "errors") {
            let index = errors.len();
            errors.extend(match error {
                // The message without an object around it.
                Loose::Text(text) => Some(text),
                Loose::Object(ErrorRecord { message }) => match message {
                    Loose::Text(text) => Some(text).filter(|text| !text.is_empty()),
                    Loose::Absent | Loose::Null => None,
                    other => self.add(|| format!("errors[{index}].message is {}", other.kind())),
                },
                other => self.add(|| format!("errors[{index}] is {}", other.kind())),
            });
        }
        errors
    }

    fn calls<'a>(&mut self, value: Loose<'a, IgnoredAny, Loose<'a, CallRecord<'a>>>) -> Vec<Call<'a>> {
        let list = self.list(value, "tool_calls");
        let mut calls = Vec::with_capacity(list.len());
        for call in list {
            let index = calls.len();
            match call {
                Loose::Object(call) => calls.push(self.call(call, index)),
                other => self.add(|| format!("tool_calls[{index}] is {}", other.kind())).unwrap_or_default(),
            }
        }
        calls
    }

    fn call<'a>(&mut self, record: CallRecord<'a>, index: usize) -> Call<'a> {
        let tool = match record.tool {
            Loose::Text(text) => Tool::Named(text),
            Loose::Null => Tool::Null,
            Loose::Absent => Tool::Absent,
            other => self.add(|| format!("tool_calls[{index}].tool is {}", other.kind())).unwrap_or(Tool::Absent),
        };
        let ms = match record.latency_ms {
            Loose::Number(ms) if ms > LONGEST_MS => {
                self.add(|| format!("tool_calls[{index}].latency_ms is longer than a year"))
            }
            // Below zero is no time, as zero is none.
            Loose::Number(ms) => Some(ms.max(0.0)),
            Loose::Absent | Loose::Null => None,
            other => self.add(|| format!("tool_calls[{index}].latency_ms is {}", other.kind())),
        };
        Call { tool, ms: ms.unwrap_or_default(), failed: record.failed }
    }

    fn took_ms(&mut self, minutes: &Loose<'_>) -> Option<f64> {
        match minutes {
            Loose::Number(minutes) if *minutes < 0.0 => self.add(|| "duration_minutes is below zero".to_owned()),
            Loose::Number(minutes) if minutes * 60_000.0 > LONGEST_MS => {
                self.add(|| "duration_minutes is longer than a year".to_owned())
            }
            Loose::Number(minutes) => Some(minutes * 60_000.0),
            Loose::Absent | Loose::Null => None,
            other => self.add(|| format!("duration_minutes is {}", other.kind())),
        }
    }

    /// A time, in seconds since 1970.
    fn instant(&mut self, value: &Loose<'_>) -> Option<i64> {
        match value {
            Loose::Absent | Loose::Null => None,
            Loose::Text(text) => crate::forge::time::parse(text)
                .map(|at| at.timestamp())
                .or_else(|| self.add(|| "a time cannot be read".to_owned())),
            other => self.add(|| format!("a time is {}", other.kind())),
        }
    }
}
