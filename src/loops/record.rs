//! A cycle that is to be written down, and the summary of the last ones.
//!
//! Takes: what is known of a cycle, the log. Gives: [`Record`] with its members in the order of the
//! contract; whether the log has it already ([`Known`]); [`Last`], the figures of the last so many.
//!
//! Two cycles are the same if `repo` and `cycle` are; where the sender gives no number, if `repo`,
//! `issue`, `pr` and `timestamp` are, whatever number was given to it when it was recorded.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Map, Value, json};

use super::block::{NONE, Row, Rows};
use super::cycle;
use super::insights::{instant_of, number};
use super::tally::{Tally, round};

/// Members in the order in which they are written: those that are counted, and who worked.
pub const MEMBERS: [&str; cycle::NAMES.len() + 1] = {
    let mut members = ["agent"; cycle::NAMES.len() + 1];
    let mut at = 0;
    while at < cycle::NAMES.len() {
        members[at] = cycle::NAMES[at];
        at += 1;
    }
    members
};

/// A cycle as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    members: Map<String, Value>,
    /// What the reader of the log makes of it.
    row: Row,
    repo: String,
}

/// What tells a cycle from others: repository; number, or issue, pull request and instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Number(String, u64),
    Matter(String, u64, u64, i64),
}

impl Record {
    /// From what is known. `now` is the timestamp where none is given or it cannot be read. The second is
    /// what could not be read: it is written as it came, and counts for nothing.
    #[must_use]
    pub fn new(mut given: Map<String, Value>, now: &str) -> (Record, Vec<String>) {
        let mut odd = Vec::new();
        let timestamp = given.remove("timestamp").filter(|value| !value.is_null());
        let at = timestamp.as_ref().and_then(instant_of);
        if let (Some(text), None) = (&timestamp, at) {
            odd.push(format!("`timestamp` is no time, {now} is taken: {text}"));
        }
        let at = at.and_then(chrono::DateTime::from_timestamp_micros);
        let at = at.map_or_else(|| now.to_owned(), |at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
        let mut members = Map::new();
        members.insert(MEMBERS[0].to_owned(), json!(at));
        for name in &MEMBERS[1..] {
            members.insert((*name).to_owned(), given.remove(*name).unwrap_or_default());
        }
        members.extend(given);
        let line = Value::Object(members.clone()).to_string();
        let read = cycle::read(&line).unwrap_or_default();
        let names = (0..cycle::NAMES.len()).filter(|index| read.unreadable & (1 << index) != 0);
        odd.extend(
            names.map(|index| format!("`{0}` cannot be read: {1}", cycle::NAMES[index], members[cycle::NAMES[index]])),
        );
        let repo = read.repo.as_deref().unwrap_or("").to_owned();
        let row = super::block::row_of(&read);
        (Record { members, row, repo }, odd)
    }

    /// Its members as JSON.
    #[must_use]
    pub fn value(&self) -> Value {
        Value::Object(self.members.clone())
    }

    /// Its number, where it has one.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        (self.row.cycle != NONE).then_some(self.row.cycle)
    }

    /// The repository, or nothing.
    #[must_use]
    pub fn repo(&self) -> &str {
        &self.repo
    }

    /// Gives it a number.
    pub fn assign(&mut self, number: u64) {
        self.members.insert("cycle".to_owned(), json!(number));
        self.row.cycle = number;
    }

    fn key(&self) -> Key {
        match self.number() {
            Some(number) => Key::Number(self.repo.clone(), number),
            None => matter(&self.repo, &self.row),
        }
    }
}

fn matter(repo: &str, row: &Row) -> Key {
    Key::Matter(repo.to_owned(), row.issue, row.pr, row.at)
}

/// Which of the cycles that are sent the log has, and its highest numbers.
#[derive(Debug, Default)]
pub struct Known {
    sent: HashSet<Key>,
    there: HashSet<Key>,
    highest: HashMap<String, u64>,
}

impl Known {
    /// Of these.
    #[must_use]
    pub fn new(sent: &[Record]) -> Known {
        Known { sent: sent.iter().map(Record::key).collect(), ..Known::default() }
    }

    /// Takes a block of the log.
    pub fn take(&mut self, rows: &Rows) {
        for row in &rows.rows {
            let repo = rows.repos.get(row.repo as usize).map_or("", String::as_str);
            self.seen(repo, row);
        }
    }

    fn seen(&mut self, repo: &str, row: &Row) {
        if row.cycle != NONE {
            match self.highest.get_mut(repo) {
                Some(highest) => *highest = row.cycle.max(*highest),
                None => {
                    self.highest.insert(repo.to_owned(), row.cycle);
                }
            }
            let key = Key::Number(repo.to_owned(), row.cycle);
            if self.sent.contains(&key) {
                self.there.insert(key);
            }
        }
        let key = matter(repo, row);
        if self.sent.contains(&key) {
            self.there.insert(key);
        }
    }

    /// Whether a cycle that was sent is new. It gets its number, and is known from now on.
    pub fn add(&mut self, record: &mut Record) -> bool {
        if !self.there.insert(record.key()) {
            return false;
        }
        if record.number().is_none() {
            record.assign(self.highest.get(&record.repo).map_or(1, |highest| highest.saturating_add(1)));
        }
        let (repo, row) = (record.repo.clone(), record.row);
        self.seen(&repo, &row);
        true
    }
}

/// The last cycles of the log.
#[derive(Debug)]
pub struct Last {
    most: usize,
    rows: VecDeque<(Row, String)>,
    epoch: String,
}

impl Last {
    /// At most so many.
    #[must_use]
    pub fn new(most: usize) -> Last {
        Last { most, rows: VecDeque::new(), epoch: String::new() }
    }

    /// Takes a block of the log.
    pub fn take(&mut self, rows: &Rows) {
        if let Some(epoch) = &rows.epoch {
            self.epoch.clone_from(epoch);
        }
        let from = rows.rows.len().saturating_sub(self.most);
        for row in &rows.rows[from..] {
            self.push(*row, rows.kinds.get(row.kind as usize).map_or("unknown", String::as_str));
        }
    }

    /// Takes a cycle that was recorded just now.
    pub fn add(&mut self, record: &Record) {
        let text = |name: &str| record.members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if let Some(epoch) = text("epoch") {
            epoch.clone_into(&mut self.epoch);
        }
        self.push(record.row, text("type").unwrap_or("unknown"));
    }

    fn push(&mut self, row: Row, kind: &str) {
        self.rows.push_back((row, kind.to_owned()));
        if self.rows.len() > self.most {
            self.rows.pop_front();
        }
    }

    /// Their figures.
    #[must_use]
    pub fn summary(&self, generated_at: &str) -> Value {
        let mut all = Tally::new(self.most.max(1));
        let mut kinds: Vec<(&str, Tally)> = Vec::new();
        for (row, kind) in &self.rows {
            all.add(row, row.success);
            let place = kinds.iter().position(|(name, _)| name == kind).unwrap_or_else(|| {
                kinds.push((kind, Tally::new(self.most.max(1))));
                kinds.len() - 1
            });
            kinds[place].1.add(row, row.success);
        }
        let by_type: Map<String, Value> =
            kinds.iter().map(|(name, tally)| ((*name).to_owned(), figures(tally))).collect();
        let mut summary = json!({ "generated_at": generated_at, "window": self.most, "epoch": self.epoch });
        if let (Value::Object(summary), Value::Object(figures)) = (&mut summary, figures(&all)) {
            summary.extend(figures);
            summary.insert("by_type".to_owned(), Value::Object(by_type));
            let last = self.rows.back().filter(|(row, _)| row.cycle != NONE).map(|(row, _)| row.cycle);
            summary.insert("last_cycle".to_owned(), json!(last));
        }
        summary
    }
}

fn figures(tally: &Tally) -> Value {
    json!({
        "cycles": tally.count,
        "successes": tally.successes,
        "failures": tally.judged - tally.successes,
        "success_rate": tally.rate().map(|rate| round(rate, 3)),
        "avg_duration": tally.durations.mean().map(|mean| number(round(mean, 0))),
        "median_duration": tally.durations.median().map(|median| number(round(median, 0))),
        "lines_net": number(tally.net),
        "prs": tally.prs,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
