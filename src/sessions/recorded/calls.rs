//! The calls of a recorded session.
//!
//! Takes: the list `tool_calls`. Gives: each [`Call`] in it, and what of it had to be left out.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::super::loose::{Loose, LooseSeed, LooseText, TextSeed};
use super::super::session::{Call, LONGEST_MS, Tool};
use super::{leave_out, others};

/// The calls of a session.
pub(super) struct Calls<'l>(pub(super) &'l mut Vec<String>);

impl<'de> DeserializeSeed<'de> for Calls<'_> {
    type Value = Vec<Call<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Calls<'_> {
    type Value = Vec<Call<'de>>;

    others!("a list of calls", |seed: Self, found: Loose<'_>| {
        leave_out(seed.0, || format!("tool_calls is {}", found.kind()));
        Ok(Vec::new())
    });

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        leave_out(self.0, || "tool_calls is an object".to_owned());
        Ok(Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut calls = Vec::with_capacity(32);
        while let Some(call) = list.next_element_seed(OneCall(&mut *self.0, calls.len()))? {
            calls.extend(call);
        }
        Ok(calls)
    }
}

/// One call; `None` where it is none.
struct OneCall<'l>(&'l mut Vec<String>, usize);

impl<'de> DeserializeSeed<'de> for OneCall<'_> {
    type Value = Option<Call<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneCall<'_> {
    type Value = Option<Call<'de>>;

    others!("a call", |seed: Self, found: Loose<'_>| {
        leave_out(seed.0, || format!("tool_calls[{}] is {}", seed.1, found.kind()));
        Ok(None)
    });

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        leave_out(self.0, || format!("tool_calls[{}] is a list", self.1));
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (left_out, index) = (self.0, self.1);
        let mut call = Call { tool: Tool::Absent, ms: 0.0, failed: None };
        let mut fails = |failed| call.failed = Some(call.failed.unwrap_or(false) || failed);
        while let Some(LooseText(key)) = map.next_key_seed(TextSeed)? {
            match &*key {
                "tool" => {
                    call.tool = match map.next_value_seed(LooseSeed)? {
                        Loose::Text(text) => Tool::Named(text),
                        Loose::Null => Tool::Null,
                        other => {
                            leave_out(left_out, || format!("tool_calls[{index}].tool is {}", other.kind()));
                            Tool::Absent
                        }
                    };
                }
                "latency_ms" => match map.next_value_seed(LooseSeed)? {
                    // Below zero is no time, as zero is none.
                    Loose::Number(ms) if ms > LONGEST_MS => {
                        leave_out(left_out, || format!("tool_calls[{index}].latency_ms is longer than a year"));
                    }
                    Loose::Number(ms) => call.ms = ms.max(0.0),
                    Loose::Null => {}
                    other => {
                        leave_out(left_out, || format!("tool_calls[{index}].latency_ms is {}", other.kind()));
                    }
                },
                "success" => {
                    if let Loose::Bool(success) = map.next_value_seed(LooseSeed)? {
                        fails(!success);
                    }
                }
                "is_error" | "error" => match map.next_value_seed(LooseSeed)? {
                    Loose::Bool(failed) => fails(failed),
                    Loose::Text(text) => fails(!text.is_empty()),
                    Loose::Object => fails(true),
                    _ => {}
                },
                "exit_code" => {
                    if let Loose::Number(code) = map.next_value_seed(LooseSeed)? {
                        fails(code != 0.0);
                    }
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(call))
    }
}
