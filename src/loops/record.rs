//! A cycle that is to be written down, and the summary of the last ones.
//!
//! Takes: what is known of a cycle, the log. Gives: [`CycleRecord`] with its members in the order of the
//! contract; whether the log has it already ([`KnownCycles`]); [`Last`], the figures of the last so many.
//!
//! Two cycles are the same if `repo`, `cycle` and `timestamp` are; where the sender gives no number, if `repo`,
//! `issue`, `pr` and `timestamp` are, whatever number was given to it when it was recorded. Where the sender
//! gives a number and no time, one of that number that says the same and was recorded within the last
//! `RETRY` is the same, sent again; any other is a cycle of a counter that has begun again.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::{Map, Value, json};

use super::block::{CycleRow, NONE, Rows};
use super::cycle;
use super::insights::{instant_of, number};
use super::measure::SECOND;
use super::tally::{LoopTally, round};

/// How long a cycle that is sent without a time may be sent again, in microseconds: a step that is tried again.
const RETRY: i64 = 3_600 * SECOND;

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
pub struct CycleRecord {
    members: Map<String, Value>,
    /// What the reader of the log makes of it.
    row: CycleRow,
    repo: String,
    kind: String,
    /// The sender said when it ended.
    timed: bool,
}

/// What tells a cycle from others: repository; number and instant, or, where the sender gives no time, what is said
/// of it; without a number issue, pull request and instant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum CycleKey {
    Number(String, u64, i64),
    Untimed(String, u64, CycleContent),
    Matter(String, u64, u64, i64),
}

/// What is said of a cycle beside its number and its time. Numbers with a fraction by their bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct CycleContent {
    issue: u64,
    pr: u64,
    success: Option<bool>,
    duration: u64,
    net: u64,
    changed: u64,
    kind: String,
}

impl CycleContent {
    fn of(row: &CycleRow, kind: &str) -> CycleContent {
        let (duration, net, changed) = (row.duration.to_bits(), row.net.to_bits(), row.changed.to_bits());
        CycleContent {
            issue: row.issue,
            pr: row.pr,
            success: row.success,
            duration,
            net,
            changed,
            kind: kind.to_owned(),
        }
    }
}

/// What became of a cycle that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CycleFate {
    /// It is new.
    New,
    /// It is new, and has the number of one that is not the same.
    Renumbered,
    /// The log has it.
    Known,
}

impl CycleRecord {
    /// From what is known. `now` is the timestamp where none is given or it cannot be read. The second is
    /// what could not be read: it is written as it came, and counts for nothing.
    #[must_use]
    pub fn new(mut given: Map<String, Value>, now: &str) -> (CycleRecord, Vec<String>) {
        let mut odd = Vec::new();
        let timestamp = given.remove("timestamp").filter(|value| !value.is_null());
        let at = timestamp.as_ref().and_then(instant_of);
        let timed = at.is_some();
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
        let kind = read.kind.as_deref().unwrap_or("unknown").to_owned();
        let row = super::block::row_of(&read);
        (CycleRecord { members, row, repo, kind, timed }, odd)
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

    fn key(&self) -> CycleKey {
        match self.number() {
            Some(number) if self.timed => CycleKey::Number(self.repo.clone(), number, self.row.at),
            Some(number) => CycleKey::Untimed(self.repo.clone(), number, CycleContent::of(&self.row, &self.kind)),
            None => matter(&self.repo, &self.row),
        }
    }

    /// Whether a cycle of the log says the same as this one, which was sent without a time, and may be it.
    fn is_retry_of(&self, row: &CycleRow, kind: &str) -> bool {
        let lately = self.row.at.saturating_sub(RETRY)..=self.row.at.saturating_add(RETRY);
        lately.contains(&row.at) && CycleContent::of(row, kind) == CycleContent::of(&self.row, &self.kind)
    }
}

fn matter(repo: &str, row: &CycleRow) -> CycleKey {
    CycleKey::Matter(repo.to_owned(), row.issue, row.pr, row.at)
}

/// Which of the cycles that are sent the log has, and its highest numbers.
#[derive(Debug, Default)]
pub struct KnownCycles {
    sent: HashSet<CycleKey>,
    there: HashSet<CycleKey>,
    /// Those that were sent with a number and no time, by it.
    untimed: HashMap<u64, Vec<CycleRecord>>,
    /// Numbers that were sent, of any repository.
    numbers: HashSet<u64>,
    /// Those of them that are there with some time, by repository.
    taken: HashSet<(String, u64)>,
    highest: HashMap<String, u64>,
}

impl KnownCycles {
    /// Of these.
    #[must_use]
    pub fn new(sent: &[CycleRecord]) -> KnownCycles {
        let mut known = KnownCycles { sent: sent.iter().map(CycleRecord::key).collect(), ..KnownCycles::default() };
        for (record, number) in sent.iter().filter_map(|record| Some((record, record.number()?))) {
            known.numbers.insert(number);
            if !record.timed {
                known.untimed.entry(number).or_default().push(record.clone());
            }
        }
        known
    }

    /// Takes a block of the log.
    pub fn take(&mut self, rows: &Rows) {
        for row in &rows.rows {
            let repo = rows.repos.get(row.repo as usize).map_or("", String::as_str);
            let kind = rows.kinds.get(row.kind as usize).map_or("unknown", String::as_str);
            // What is sent at once has one time: among that what is said tells, and not the time.
            self.note_cycle(repo, row, &|record| record.row.at == row.at || record.is_retry_of(row, kind));
        }
    }

    /// `is_it` says whether a cycle that was sent without a time is this one.
    fn note_cycle(&mut self, repo: &str, row: &CycleRow, is_it: &dyn Fn(&CycleRecord) -> bool) {
        if row.cycle != NONE {
            match self.highest.get_mut(repo) {
                Some(highest) => *highest = row.cycle.max(*highest),
                None => {
                    self.highest.insert(repo.to_owned(), row.cycle);
                }
            }
            if self.numbers.contains(&row.cycle) {
                let key = CycleKey::Number(repo.to_owned(), row.cycle, row.at);
                if self.sent.contains(&key) {
                    self.there.insert(key);
                }
                let untimed = self.untimed.get(&row.cycle).into_iter().flatten();
                let same = untimed.filter(|record| record.repo == repo && is_it(record));
                self.there.extend(same.map(CycleRecord::key));
                self.taken.insert((repo.to_owned(), row.cycle));
            }
        }
        let key = matter(repo, row);
        if self.sent.contains(&key) {
            self.there.insert(key);
        }
    }

    /// What becomes of a cycle that was sent. A new one gets its number, and is known from now on.
    pub fn add(&mut self, record: &mut CycleRecord) -> CycleFate {
        if !self.there.insert(record.key()) {
            return CycleFate::Known;
        }
        let renumbered = record.number().is_some_and(|number| self.taken.contains(&(record.repo.clone(), number)));
        if record.number().is_none() {
            record.assign(self.highest.get(&record.repo).map_or(1, |highest| highest.saturating_add(1)));
        }
        let (repo, row, kind) = (record.repo.clone(), record.row, record.kind.clone());
        self.note_cycle(&repo, &row, &|record| record.is_retry_of(&row, &kind));
        if renumbered { CycleFate::Renumbered } else { CycleFate::New }
    }
}

/// The last cycles of the log.
#[derive(Debug)]
pub struct Last {
    most: usize,
    rows: VecDeque<(CycleRow, String)>,
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
    pub fn add(&mut self, record: &CycleRecord) {
        let text = |name: &str| record.members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if let Some(epoch) = text("epoch") {
            epoch.clone_into(&mut self.epoch);
        }
        self.push(record.row, text("type").unwrap_or("unknown"));
    }

    fn push(&mut self, row: CycleRow, kind: &str) {
        self.rows.push_back((row, kind.to_owned()));
        if self.rows.len() > self.most {
            self.rows.pop_front();
        }
    }

    /// Their figures.
    #[must_use]
    pub fn summary(&self, generated_at: &str) -> Value {
        let mut all = LoopTally::new(self.most.max(1));
        let mut kinds: Vec<(&str, LoopTally)> = Vec::new();
        for (row, kind) in &self.rows {
            all.add(row, row.success);
            let place = kinds.iter().position(|(name, _)| name == kind).unwrap_or_else(|| {
                kinds.push((kind, LoopTally::new(self.most.max(1))));
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

fn figures(tally: &LoopTally) -> Value {
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
