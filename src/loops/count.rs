//! The figures of the loop, counted in one pass over its log.
//!
//! Takes: blocks of the log in their order, [`LoopMeasure`]. Gives: [`LoopCounts`]. What is told of single
//! cycles (the attempts at an issue) comes from a second pass over the few lines that matter.

use std::collections::HashMap;

use super::block::{CycleRow, NONE, Notes, Rows};
use super::key_set::KeySet;
use super::measure::{CycleTime, LoopMeasure, OutlierBy};
use super::outliers::{OutlierCandidate, Outliers};
use super::repeats::{AttemptStory, IssueKey, Repeats};
use super::spread::{BINS, Spread};
use super::tally::LoopTally;

/// Types that are told apart.
pub const KINDS: usize = 200;
/// Bins of the durations of one type.
const KIND_BINS: usize = 2_048;
/// Repositories that are told apart.
pub const REPOS: usize = 10_000;

/// What was counted.
#[derive(Debug)]
pub struct LoopCounts {
    /// Cycles that count.
    pub cycles: u64,
    /// Those of the last window.
    pub recent: LoopTally,
    /// Those of the window before it.
    pub previous: LoopTally,
    /// Figures by type, in the order of their first cycle.
    pub kinds: Vec<(String, LoopTally)>,
    /// Cycles of further types.
    pub kinds_beyond: u64,
    /// Failures by issue.
    pub repeats: Repeats,
    /// Repositories by their place in issues; empty where the log says none.
    pub repos: Vec<String>,
    /// Durations that outliers are found among.
    pub durations: Spread,
    outliers: Outliers,
    /// The last epoch.
    pub epoch: String,
    /// The first and the last instant of cycles that count, microseconds.
    pub span: Option<(i64, i64)>,
    /// Cycles that stand in the log again.
    pub again: u64,
    /// Cycles with the number of an earlier one and another time: they count.
    pub renumbered: u64,
    /// More than could be compared: some may have been counted again.
    pub forgot: bool,
    /// Cycles after now that are left out.
    pub future: u64,
    /// Cycles before `since`.
    pub before: u64,
    /// What lines lacked.
    pub notes: Notes,
    names: LogNames,
    cycles_seen: KeySet,
}

/// Names of the whole log by those of a block.
#[derive(Debug, Default)]
struct LogNames {
    kinds: HashMap<String, usize>,
    repos: HashMap<String, u32>,
}

/// What makes a cycle too long, and how many are.
#[derive(Debug, Clone, PartialEq)]
pub struct DurationLimit {
    /// What durations are compared with, seconds: mean or median.
    pub centre: f64,
    /// Longer is an outlier, seconds.
    pub limit: f64,
    /// How many there are.
    pub count: u64,
}

impl LoopCounts {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(measure: &LoopMeasure) -> LoopCounts {
        LoopCounts {
            cycles: 0,
            recent: LoopTally::new(BINS),
            previous: LoopTally::new(BINS),
            kinds: Vec::new(),
            kinds_beyond: 0,
            repeats: Repeats::default(),
            repos: Vec::new(),
            durations: Spread::new(BINS),
            outliers: Outliers::new(measure.outliers_listed),
            epoch: String::new(),
            span: None,
            again: 0,
            renumbered: 0,
            forgot: false,
            future: 0,
            before: 0,
            notes: Notes::default(),
            names: LogNames::default(),
            cycles_seen: KeySet::default(),
        }
    }

    /// Counts a block.
    pub fn take(&mut self, measure: &LoopMeasure, rows: &Rows) {
        let kinds: Vec<Option<usize>> = rows.kinds.iter().map(|kind| self.kind(kind)).collect();
        let repos: Vec<u32> = rows.repos.iter().map(|repo| self.repo(repo)).collect();
        self.notes.add(&rows.notes);
        if let Some(epoch) = &rows.epoch {
            self.epoch.clone_from(epoch);
        }
        for row in &rows.rows {
            let place = |places: &[Option<usize>]| places.get(row.kind as usize).copied().flatten();
            let repo = repos.get(row.repo as usize).copied().unwrap_or(u32::MAX);
            self.row(measure, rows, row, place(&kinds), repo);
        }
        self.forgot |= self.cycles_seen.forgot;
        self.renumbered = self.cycles_seen.renumbered;
    }

    fn row(&mut self, measure: &LoopMeasure, rows: &Rows, row: &CycleRow, kind: Option<usize>, repo: u32) {
        let when = measure.when(row.at);
        match when {
            CycleTime::Out => self.before += 1,
            CycleTime::Future => self.future += 1,
            _ if measure.once && self.cycles_seen.again(repo, row) => self.again += 1,
            _ => {
                self.cycles += 1;
                self.add_cycle(measure, (rows, row), when, kind, repo);
            }
        }
    }

    fn add_cycle(
        &mut self,
        measure: &LoopMeasure,
        (rows, row): (&Rows, &CycleRow),
        when: CycleTime,
        kind: Option<usize>,
        repo: u32,
    ) {
        if row.at != i64::MIN {
            let (first, last) = self.span.unwrap_or((row.at, row.at));
            self.span = Some((first.min(row.at), last.max(row.at)));
        }
        let success = succeeded(measure, row);
        match when {
            CycleTime::Recent => self.recent.add(row, success),
            CycleTime::Previous => self.previous.add(row, success),
            _ => {}
        }
        if measure.counts(measure.types, when) {
            match kind.and_then(|kind| self.kinds.get_mut(kind)) {
                Some((_, tally)) => tally.add(row, success),
                None => self.kinds_beyond += 1,
            }
        }
        if row.issue > 0
            && measure.counts(measure.repeats, when)
            && let Some(success) = success
        {
            self.repeats.take((repo, row.issue), row.at, !success, measure.forgive);
        }
        if row.duration > 0.0 && measure.counts(measure.outliers, when) {
            self.durations.add(row.duration);
            self.outliers.take(row.duration, || candidate(rows, row));
        }
    }

    /// The place of a type, where there is one for it.
    fn kind(&mut self, name: &str) -> Option<usize> {
        if let Some(place) = self.names.kinds.get(name) {
            return Some(*place);
        }
        let place = self.kinds.len();
        (place < KINDS).then(|| {
            self.kinds.push((name.to_owned(), LoopTally::new(KIND_BINS)));
            self.names.kinds.insert(name.to_owned(), place);
            place
        })
    }

    /// The number of a repository; beyond [`REPOS`] one for all others.
    fn repo(&mut self, name: &str) -> u32 {
        if let Some(place) = self.names.repos.get(name) {
            return *place;
        }
        let place = u32::try_from(self.repos.len()).unwrap_or(u32::MAX);
        if self.repos.len() >= REPOS {
            return u32::MAX;
        }
        self.repos.push(name.to_owned());
        self.names.repos.insert(name.to_owned(), place);
        place
    }

    /// What an outlier is in this log, and how many there are. `None` where there are too few durations.
    #[must_use]
    pub fn limit(&self, measure: &LoopMeasure) -> Option<DurationLimit> {
        let durations = &self.durations;
        if durations.count < measure.outlier_least.max(1) {
            return None;
        }
        let (centre, limit) = match measure.outlier_by {
            OutlierBy::Mean => durations.mean().map(|mean| (mean, mean * measure.outlier_times))?,
            OutlierBy::Median => durations.median().map(|median| (median, median * measure.outlier_times))?,
            OutlierBy::Mad => {
                let median = durations.median()?;
                let deviation = durations.deviation(median)? * 1.482_602;
                (median, median + deviation * measure.outlier_times)
            }
        };
        Some(DurationLimit { centre, limit, count: durations.above(limit) })
    }

    /// The outliers that are listed. Can be asked for once.
    pub fn outliers(&mut self, measure: &LoopMeasure, limit: Option<&DurationLimit>) -> Vec<OutlierCandidate> {
        let found = std::mem::replace(&mut self.outliers, Outliers::new(0));
        limit.map(|limit| found.above(limit.limit, measure.outliers_first)).unwrap_or_default()
    }

    /// A second pass: tells the attempts of the issues that `told` is about. `seen` holds the cycles of
    /// the second pass.
    pub fn tell(&self, measure: &LoopMeasure, rows: &Rows, told: &mut AttemptStory, seen: &mut SeenAgain) {
        for row in &rows.rows {
            let name = rows.repos.get(row.repo as usize).map_or("", String::as_str);
            let repo = self.names.repos.get(name).copied().unwrap_or(u32::MAX);
            let issue: IssueKey = (repo, row.issue);
            let when = measure.when(row.at);
            let counts = told.wants(issue) && measure.counts(measure.repeats, when);
            if !counts || measure.once && seen.0.again(repo, row) {
                continue;
            }
            if let Some(success) = succeeded(measure, row) {
                let reason = || rows.cycle(row).reason.unwrap_or_default().into_owned();
                told.take(issue, row, !success, measure.forgive, reason);
            }
        }
    }
}

/// Cycles of a second pass.
#[derive(Debug, Default)]
pub struct SeenAgain(KeySet);

/// Whether a cycle succeeded, as far as it counts.
fn succeeded(measure: &LoopMeasure, row: &CycleRow) -> Option<bool> {
    if measure.truthy { Some(row.truthy) } else { row.success }
}

fn candidate(rows: &Rows, row: &CycleRow) -> OutlierCandidate {
    let cycle = rows.cycle(row);
    OutlierCandidate {
        cycle: (row.cycle != NONE).then_some(row.cycle),
        issue: (row.issue > 0).then_some(row.issue),
        kind: cycle.kind.map(std::borrow::Cow::into_owned),
        duration: row.duration,
        reason: cycle.reason.unwrap_or_default().into_owned(),
    }
}
