//! One cycle of the loop, as its line says it.
//!
//! Takes: a line of `retro/cycles.jsonl`. Gives: [`Cycle`], whose members are each known or not: a
//! member of the wrong type or out of any range is passed over and named, and never costs the line.
//! Numbers may be written as text (`"42"`), whole numbers with a fraction (`42.0`); of two members with
//! one name the last counts.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::forge::time;

/// Members of a cycle, in the order of [`NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
pub enum CycleMember {
    /// When it ended.
    Timestamp,
    /// Its number.
    Cycle,
    /// The issue that it worked on.
    Issue,
    /// The type of that issue.
    Type,
    /// Whether it came to what was wanted.
    Success,
    /// Seconds.
    Duration,
    /// Why it ended as it did.
    Reason,
    /// Lines added.
    LinesAdded,
    /// Lines removed.
    LinesRemoved,
    /// The pull request that came of it.
    Pr,
    /// The epoch of the loop.
    Epoch,
    /// `owner/name`.
    Repo,
    /// Anything else.
    #[serde(other)]
    Other,
}

/// Names of members, in the order of [`CycleMember`].
pub const NAMES: [&str; 12] = [
    "timestamp",
    "cycle",
    "issue",
    "type",
    "success",
    "duration",
    "reason",
    "lines_added",
    "lines_removed",
    "pr",
    "epoch",
    "repo",
];

/// Members that every cycle should have: a line without one is counted.
pub const EXPECTED: [CycleMember; 8] = [
    CycleMember::Timestamp,
    CycleMember::Cycle,
    CycleMember::Issue,
    CycleMember::Type,
    CycleMember::Success,
    CycleMember::Duration,
    CycleMember::LinesAdded,
    CycleMember::LinesRemoved,
];

/// A cycle as far as its line says it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cycle<'a> {
    /// When it ended: microseconds since 1970.
    pub at: Option<i64>,
    /// Its number.
    pub cycle: Option<u64>,
    /// The issue's number, at least 1.
    pub issue: Option<u64>,
    /// The type.
    pub kind: Option<Cow<'a, str>>,
    /// Whether it succeeded, where that is said with yes or no.
    pub success: Option<bool>,
    /// What is said of success is neither nothing, null, no, 0 nor empty.
    pub truthy: bool,
    /// Seconds; may be 0 or less.
    pub duration: Option<f64>,
    /// The reason.
    pub reason: Option<Cow<'a, str>>,
    /// Lines added.
    pub added: Option<f64>,
    /// Lines removed.
    pub removed: Option<f64>,
    /// The pull request's number, at least 1.
    pub pr: Option<u64>,
    /// The epoch.
    pub epoch: Option<Cow<'a, str>>,
    /// The repository.
    pub repo: Option<Cow<'a, str>>,
    /// The timestamp has no zone: it is taken as UTC.
    pub zoneless: bool,
    /// Members that are not there or null, a bit each by [`CycleMember`].
    pub missing: u16,
    /// Members that are there and cannot be read.
    pub unreadable: u16,
}

/// Reads a line, without its end.
///
/// # Errors
/// It is no JSON object: what was found, with its column.
pub fn read(line: &str) -> Result<Cycle<'_>, String> {
    serde_json::from_str(line).map_err(|error| {
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        format!("{what} (column {})", error.column())
    })
}

impl<'de: 'a, 'a> Deserialize<'de> for Cycle<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(CycleVisitor)
    }
}

struct CycleVisitor;

impl<'de> Visitor<'de> for CycleVisitor {
    type Value = Cycle<'de>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cycle<'de>, A::Error> {
        let mut members = MemberValues::default();
        while let Some(member) = map.next_key::<CycleMember>()? {
            match members.json.get_mut(member as usize) {
                Some(json) => *json = Some(map.next_value::<&RawValue>()?.get()),
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(members.cycle())
    }
}

/// The members of a line as JSON, not looked into yet: a number past every range is JSON too, and must not cost the
/// line. Of two members with one name the last stays.
#[derive(Default)]
struct MemberValues<'a> {
    json: [Option<&'a str>; NAMES.len()],
    missing: u16,
    unreadable: u16,
}

impl<'a> MemberValues<'a> {
    /// What `read` makes of a member. Notes one that is missing or null, and one of which nothing can be made.
    fn value<T>(&mut self, member: CycleMember, read: impl FnOnce(&'a str) -> Option<T>) -> Option<T> {
        let bit = 1 << member as u16;
        let Some(json) = self.json[member as usize].filter(|json| *json != "null") else {
            self.missing |= bit;
            return None;
        };
        let value = read(json);
        if value.is_none() {
            self.unreadable |= bit;
        }
        value
    }

    fn cycle(mut self) -> Cycle<'a> {
        let timestamp = self.value(CycleMember::Timestamp, |json| {
            let text = text(json)?;
            Some((instant(&text)?, without_zone(&text)))
        });
        Cycle {
            at: timestamp.map(|(at, _)| at),
            zoneless: timestamp.is_some_and(|(_, zoneless)| zoneless),
            cycle: self.value(CycleMember::Cycle, whole),
            issue: self.value(CycleMember::Issue, reference).filter(|number| *number > 0),
            kind: self.value(CycleMember::Type, text),
            truthy: self.json[CycleMember::Success as usize].is_some_and(truthy),
            success: self.value(CycleMember::Success, |json| json.parse().ok()),
            duration: self.value(CycleMember::Duration, number),
            reason: self.value(CycleMember::Reason, text),
            added: self.value(CycleMember::LinesAdded, number),
            removed: self.value(CycleMember::LinesRemoved, number),
            pr: self.value(CycleMember::Pr, reference).filter(|number| *number > 0),
            epoch: self.value(CycleMember::Epoch, text),
            repo: self.value(CycleMember::Repo, text),
            missing: self.missing,
            unreadable: self.unreadable,
        }
    }
}

/// A JSON string; borrowed where it has no escapes.
fn text(json: &str) -> Option<Cow<'_, str>> {
    let borrowed = serde_json::from_str(json).map(Cow::Borrowed);
    borrowed.or_else(|_| serde_json::from_str(json).map(Cow::Owned)).ok()
}

/// A JSON number that is finite.
fn number(json: &str) -> Option<f64> {
    let is_number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    json.parse().ok().filter(|number: &f64| is_number && number.is_finite())
}

/// A whole number that is not negative: `42`, `42.0`, `"42"`.
fn whole(json: &str) -> Option<u64> {
    let text = json.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(json);
    // From 9e15 on, neighbours are one number.
    let exact = |number: &f64| *number >= 0.0 && *number < 9e15 && number.fract() == 0.0;
    let digits = text.parse().ok().filter(|_| text.len() <= 18 && !text.starts_with('+'));
    digits.or_else(|| number(text).filter(exact).map(|number| number as u64))
}

/// The number of an issue or a pull request; 0 and `""` are none: the loop worked on none.
fn reference(json: &str) -> Option<u64> {
    whole(json).or_else(|| is_empty(json).then_some(0))
}

/// 0, in any way of writing it, or an empty text.
fn is_empty(json: &str) -> bool {
    json == "\"\"" || number(json) == Some(0.0)
}

/// It is neither null, no, 0 nor empty.
fn truthy(json: &str) -> bool {
    !matches!(json, "null" | "false" | "[]" | "{}") && !is_empty(json)
}

fn instant(text: &str) -> Option<i64> {
    time::parse(text).map(|at| at.timestamp_micros())
}

/// A time without a zone; a bare date has none either.
fn without_zone(text: &str) -> bool {
    let clock = text.get(10..).unwrap_or_default();
    !clock.ends_with(['Z', 'z']) && !clock.contains(['+', '-'])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
