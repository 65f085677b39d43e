//! A block of the log as rows: what is counted of each cycle, without its texts.
//!
//! Takes: the bytes of whole lines. Gives: [`Rows`]: a [`CycleRow`] a cycle of fixed size, the texts that
//! many rows share once, the lines that cannot be read with why, and what was missing. The texts of one
//! cycle are read again from the bytes where they are wanted ([`Rows::cycle`]). Blocks are read by
//! several threads at once, and counted in their order.

use std::collections::HashMap;

use regex::bytes::Regex;

use super::cycle::{self, Cycle, EXPECTED, NAMES};

/// What is not known, where 0 would be something.
pub const NONE: u64 = u64::MAX;

/// Bad lines of one block that are told one by one.
const TOLD: usize = 100;

/// One cycle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CycleRow {
    /// Microseconds since 1970; `i64::MIN` where it is not known.
    pub at: i64,
    /// The number, or [`NONE`].
    pub cycle: u64,
    /// The issue's number, 0 where there is none.
    pub issue: u64,
    /// The pull request's number, 0 where there is none.
    pub pr: u64,
    /// Seconds; NaN where they are not known.
    pub duration: f64,
    /// Lines added less lines removed.
    pub net: f64,
    /// Lines added and lines removed.
    pub changed: f64,
    /// The type, by its place in [`Rows::kinds`].
    pub kind: u32,
    /// The repository, by its place in [`Rows::repos`].
    pub repo: u32,
    /// Where its line begins in the block, in bytes.
    pub start: u32,
    /// Success, where it is said with yes or no.
    pub success: Option<bool>,
    /// What is said of success is not empty.
    pub truthy: bool,
}

/// What lines lacked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// Lines without a member, or with null, by its place in [`NAMES`]; only of those that every cycle
    /// should have.
    pub missing: [u64; NAMES.len()],
    /// Lines with a member that cannot be read.
    pub unreadable: [u64; NAMES.len()],
    /// Timestamps without a zone, taken as UTC.
    pub zoneless: u64,
}

impl Notes {
    /// Adds those of another.
    pub fn add(&mut self, other: &Notes) {
        let pairs = self.missing.iter_mut().zip(other.missing);
        pairs.chain(self.unreadable.iter_mut().zip(other.unreadable)).for_each(|(all, more)| *all += more);
        self.zoneless += other.zoneless;
    }

    fn of(&mut self, cycle: &Cycle<'_>) {
        self.zoneless += u64::from(cycle.zoneless);
        // Most lines have all.
        for member in EXPECTED.iter().filter(|_| cycle.missing != 0) {
            self.missing[*member as usize] += u64::from(cycle.missing >> *member as u16 & 1);
        }
        for index in (0..NAMES.len()).filter(|_| cycle.unreadable != 0) {
            self.unreadable[index] += u64::from(cycle.unreadable >> index & 1);
        }
    }
}

/// A block, read.
#[derive(Debug, Default)]
pub struct Rows {
    bytes: Vec<u8>,
    /// The cycles, in order.
    pub rows: Vec<CycleRow>,
    /// Types, in the order of their first row; `unknown` where a line says none.
    pub kinds: Vec<String>,
    /// Repositories, in the order of their first row; empty where a line says none.
    pub repos: Vec<String>,
    /// The last epoch.
    pub epoch: Option<String>,
    /// Lines, empty ones too.
    pub lines: u64,
    /// Lines that cannot be read.
    pub bad: u64,
    /// The first hundred of them: which of the block, from 0, and why.
    pub first_bad: Vec<(u64, String)>,
    /// The last line is one of them and has no end: a kill or a full disk left it.
    pub torn: bool,
    /// What was missing.
    pub notes: Notes,
}

/// Texts that many rows share, each once.
#[derive(Default)]
struct SharedTexts {
    places: HashMap<String, u32>,
    names: Vec<String>,
}

impl SharedTexts {
    fn place(&mut self, name: &str) -> u32 {
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        place
    }
}

/// Lines that may be about one of some issues; the others are not read any further.
#[derive(Debug)]
pub struct IssueLines(Option<Regex>);

impl IssueLines {
    /// Of these issues.
    #[must_use]
    pub fn new(issues: &[u64]) -> IssueLines {
        let numbers: Vec<String> = issues.iter().map(u64::to_string).collect();
        // A number that is written in some other way (42.0, 4.2e1) is read, and so is a line whose names may have
        // escapes.
        let number = format!(r"0*(?:{})(?:[^0-9]|$)|[0-9]+[.eE]", numbers.join("|"));
        let pattern = format!(r#"(?-u)"issue"\s*:\s*"?(?:{number})|\\u00"#);
        // More issues than such a pattern has room for: every line is read.
        IssueLines(Regex::new(&pattern).ok())
    }

    fn may_hold(&self, line: &[u8]) -> bool {
        self.0.as_ref().is_none_or(|pattern| pattern.is_match(line))
    }
}

/// Reads a block.
#[must_use]
pub fn read(bytes: Vec<u8>) -> Rows {
    read_where(bytes, |_| true)
}

/// Reads those lines of a block that may be about some issues.
#[must_use]
pub fn read_of(bytes: Vec<u8>, issues: &IssueLines) -> Rows {
    read_where(bytes, |line| issues.may_hold(line))
}

fn read_where(bytes: Vec<u8>, wanted: impl Fn(&[u8]) -> bool) -> Rows {
    let mut found = Rows::default();
    let (mut kinds, mut repos) = (SharedTexts::default(), SharedTexts::default());
    let mut start = 0;
    while start < bytes.len() {
        let end = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |length| start + length);
        let line = bytes[start..end].trim_ascii();
        if !line.is_empty() && wanted(line) {
            let text = str::from_utf8(line).map_err(|error| format!("it is no UTF-8: {error}"));
            match text.and_then(cycle::read) {
                Ok(cycle) => {
                    found.notes.of(&cycle);
                    if let Some(epoch) = cycle.epoch.as_deref().filter(|epoch| !epoch.is_empty()) {
                        found.epoch = Some(epoch.to_owned());
                    }
                    let kind = kinds.place(cycle.kind.as_deref().unwrap_or("unknown"));
                    let repo = repos.place(cycle.repo.as_deref().unwrap_or_default());
                    found.rows.push(row(&cycle, (kind, repo), start));
                }
                Err(why) => {
                    found.bad += 1;
                    found.torn = end == bytes.len();
                    if found.first_bad.len() < TOLD {
                        found.first_bad.push((found.lines, why));
                    }
                }
            }
        }
        found.lines += 1;
        start = end + 1;
    }
    (found.kinds, found.repos) = (kinds.names, repos.names);
    found.bytes = bytes;
    found
}

/// The row of a single cycle, outside a block.
#[must_use]
pub fn row_of(cycle: &Cycle<'_>) -> CycleRow {
    row(cycle, (0, 0), 0)
}

fn row(cycle: &Cycle<'_>, (kind, repo): (u32, u32), start: usize) -> CycleRow {
    let (added, removed) = (cycle.added.unwrap_or(0.0), cycle.removed.unwrap_or(0.0));
    CycleRow {
        at: cycle.at.unwrap_or(i64::MIN),
        cycle: cycle.cycle.unwrap_or(NONE),
        issue: cycle.issue.unwrap_or(0),
        pr: cycle.pr.unwrap_or(0),
        duration: cycle.duration.unwrap_or(f64::NAN),
        net: added - removed,
        changed: added + removed,
        kind,
        repo,
        start: u32::try_from(start).unwrap_or(u32::MAX),
        success: cycle.success,
        truthy: cycle.truthy,
    }
}

impl Rows {
    /// A cycle with all its members, read once more.
    #[must_use]
    pub fn cycle(&self, row: &CycleRow) -> Cycle<'_> {
        let start = usize::try_from(row.start).unwrap_or(usize::MAX);
        let from = self.bytes.get(start..).unwrap_or_default();
        let line = &from[..memchr::memchr(b'\n', from).unwrap_or(from.len())];
        std::str::from_utf8(line).ok().and_then(|line| cycle::read(line.trim_ascii()).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
