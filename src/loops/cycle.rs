//! One cycle of the loop, as its line says it.
//!
//! Takes: a line of `retro/cycles.jsonl`. Gives: [`Cycle`], whose members are each known or not: a
//! member of the wrong type or out of any range is passed over and named, and never costs the line.
//! Numbers may be written as text (`"42"`), whole numbers with a fraction (`42.0`); of two members with
//! one name the last counts.

mod quick;
mod values;

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::bytes::name::Looks;
use crate::forge::time;
use values::CycleValue;

/// Members of a cycle, in the order of [`NAMES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    // Nearly every line is a flat object without escapes; what is not takes the long way.
    match quick::read(line) {
        Some(cycle) => Ok(cycle),
        None => thorough(line),
    }
}

/// Reads any line that is JSON, and says what is wrong with others.
fn thorough(line: &str) -> Result<Cycle<'_>, String> {
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
        let mut cycle = Cycle::blank();
        while let Some(member) = map.next_key::<CycleMember>()? {
            if member == CycleMember::Other {
                map.next_value::<IgnoredAny>()?;
            } else {
                let raw: &'de RawValue = map.next_value()?;
                cycle.set(member, CycleValue::Json(raw.get()));
            }
        }
        Ok(cycle)
    }
}

impl<'de> Deserialize<'de> for CycleMember {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct MemberName;
        impl Visitor<'_> for MemberName {
            type Value = CycleMember;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a name")
            }

            fn visit_str<E>(self, name: &str) -> Result<CycleMember, E> {
                Ok(CycleMember::named(name))
            }
        }
        from.deserialize_str(MemberName)
    }
}

/// Members in the order of [`NAMES`].
const MEMBERS: [CycleMember; NAMES.len()] = [
    CycleMember::Timestamp,
    CycleMember::Cycle,
    CycleMember::Issue,
    CycleMember::Type,
    CycleMember::Success,
    CycleMember::Duration,
    CycleMember::Reason,
    CycleMember::LinesAdded,
    CycleMember::LinesRemoved,
    CycleMember::Pr,
    CycleMember::Epoch,
    CycleMember::Repo,
];

/// What their names look like; none is too long to tell.
const LOOKS: [Looks; NAMES.len()] = {
    let mut looks = [Looks::of(b""); NAMES.len()];
    let mut at = 0;
    while at < NAMES.len() {
        looks[at] = Looks::of(NAMES[at].as_bytes());
        assert!(looks[at].tells());
        at += 1;
    }
    looks
};

impl CycleMember {
    fn named(name: &str) -> CycleMember {
        CycleMember::expected(name.as_bytes(), 0).0
    }

    /// The member, and the one that usually stands behind it, which is `next` for this one: lines of one program
    /// have their members in one order.
    fn expected(name: &[u8], next: usize) -> (CycleMember, usize) {
        let looks = Looks::of(name);
        if LOOKS.get(next) == Some(&looks) {
            return (MEMBERS[next], next + 1);
        }
        match LOOKS.iter().position(|known| *known == looks) {
            Some(at) => (MEMBERS[at], at + 1),
            None => (CycleMember::Other, next),
        }
    }
}

impl<'a> Cycle<'a> {
    /// A cycle of which nothing is known yet.
    fn blank() -> Cycle<'a> {
        Cycle { missing: (1 << NAMES.len()) - 1, ..Cycle::default() }
    }

    /// Takes a member.
    fn set(&mut self, member: CycleMember, raw: CycleValue<'a>) {
        let bit = 1 << member as u16;
        let is_null = raw.is("null");
        self.missing = if is_null { self.missing | bit } else { self.missing & !bit };
        let read = match member {
            CycleMember::Timestamp => {
                let text = raw.text();
                self.at = text.as_deref().and_then(instant);
                self.zoneless = self.at.is_some() && text.as_deref().is_some_and(without_zone);
                self.at.is_some()
            }
            CycleMember::Cycle => put(&mut self.cycle, raw.whole()),
            // 0 and "" are no issue: the loop worked on none.
            CycleMember::Issue => put(&mut self.issue, raw.whole().filter(|number| *number > 0)) || raw.is_empty(),
            CycleMember::Pr => put(&mut self.pr, raw.whole().filter(|number| *number > 0)) || raw.is_empty(),
            CycleMember::Type => put(&mut self.kind, raw.text()),
            CycleMember::Success => {
                self.success = if raw.is("true") { Some(true) } else { raw.is("false").then_some(false) };
                let nothing = is_null || self.success == Some(false) || raw.is_empty();
                self.truthy = !(nothing || raw.is("[]") || raw.is("{}"));
                self.success.is_some()
            }
            CycleMember::Duration => put(&mut self.duration, raw.number()),
            CycleMember::Reason => put(&mut self.reason, raw.text()),
            CycleMember::LinesAdded => put(&mut self.added, raw.number()),
            CycleMember::LinesRemoved => put(&mut self.removed, raw.number()),
            CycleMember::Epoch => put(&mut self.epoch, raw.text()),
            CycleMember::Repo => put(&mut self.repo, raw.text()),
            CycleMember::Other => true,
        };
        self.unreadable = if read || is_null { self.unreadable & !bit } else { self.unreadable | bit };
    }
}

fn put<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    *place = value;
    place.is_some()
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
