//! What was suggested before, and what became of it.
//!
//! Takes: records of earlier suggestions, from `retro/suggestions.jsonl` and from the markers of earlier
//! reports, so that a runner that starts empty knows them too; the metrics of now. Gives: an [`SuggestionOutcome`]
//! each, and how often each rule's suggestions helped. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plan::marker::Marker;

/// A suggestion as it was made. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PastSuggestion {
    /// When.
    pub ts: String,
    /// The report it stands in: `retro-2026-11-20`. A report that is written again replaces its suggestion.
    pub key: String,
    /// The rule.
    pub rule: String,
    /// What it is about: a name, a list of names, or null.
    pub subject: Value,
    /// The repository, where the metric needs one beside the subject.
    #[serde(default)]
    pub repo: Option<String>,
    /// The figure that it aims at.
    pub metric: String,
    /// `higher` or `lower`.
    pub better: String,
    /// The figure then.
    pub value: Option<f64>,
    /// Where the window of the report began.
    #[serde(default)]
    pub since: Option<String>,
    /// Where it ended.
    #[serde(default)]
    pub until: Option<String>,
}

/// A line of `retro/suggestions.jsonl`: a suggestion, or what was found of an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SuggestionLine {
    /// What became of a suggestion, as a later report found it.
    Outcome {
        /// When it was found.
        ts: String,
        /// The report of the suggestion.
        outcome_of: String,
        /// The rule of the suggestion.
        rule: String,
        /// What was found.
        verdict: SuggestionVerdict,
        /// The figure then found.
        value: Option<f64>,
    },
    /// A suggestion.
    Suggested(PastSuggestion),
}

/// What became of a suggestion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuggestionVerdict {
    /// The figure went where it should.
    Better,
    /// It went the other way.
    Worse,
    /// It did not move.
    Same,
    /// It rests on too little to tell.
    TooLittle,
}

impl SuggestionVerdict {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            SuggestionVerdict::Better => "better",
            SuggestionVerdict::Worse => "worse",
            SuggestionVerdict::Same => "the same",
            SuggestionVerdict::TooLittle => "too little data to tell",
        }
    }
}

/// An earlier suggestion, looked at again.
#[derive(Debug, Clone, PartialEq)]
pub struct SuggestionOutcome {
    /// The suggestion.
    pub of: PastSuggestion,
    /// The figure now.
    pub now: Option<f64>,
    /// What that says.
    pub verdict: SuggestionVerdict,
}

/// How often the suggestions of a rule helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Rate {
    /// Those after which the figure was better.
    pub helped: usize,
    /// Those of which it could be told.
    pub judged: usize,
}

/// Everything that is remembered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RetroMemory {
    /// Suggestions, the first first, one a report.
    pub suggested: Vec<PastSuggestion>,
    /// By report: rule and last verdict.
    verdicts: BTreeMap<String, (String, SuggestionVerdict)>,
    /// By report: ids of the sinks elsewhere that have it whole.
    sent: BTreeMap<String, BTreeSet<String>>,
}

impl RetroMemory {
    /// Adds a line of the file.
    pub fn add(&mut self, line: SuggestionLine) {
        match line {
            SuggestionLine::Suggested(one) => self.suggest(one),
            SuggestionLine::Outcome { outcome_of, rule, verdict, .. } => self.found(outcome_of, rule, verdict),
        }
    }

    fn suggest(&mut self, one: PastSuggestion) {
        match self.suggested.iter_mut().find(|known| known.key == one.key) {
            // The newer of two: a report that was written again.
            Some(known) if known.ts <= one.ts => *known = one,
            Some(_) => {}
            None => {
                let place = self.suggested.partition_point(|known| known.ts <= one.ts);
                self.suggested.insert(place, one);
            }
        }
    }

    /// Keeps what was found; that there was too little to tell takes back nothing that was told.
    fn found(&mut self, report: String, rule: String, verdict: SuggestionVerdict) {
        if verdict != SuggestionVerdict::TooLittle || !self.verdicts.contains_key(&report) {
            self.verdicts.insert(report, (rule, verdict));
        }
    }

    /// Adds what the marker of an earlier report tells.
    pub fn add_marker(&mut self, marker: &Marker) {
        let get = |name: &str| marker.get(name).map(str::to_owned);
        let subject = get("subject").and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null);
        let verdicts = get("verdicts").unwrap_or_default();
        for entry in verdicts.split(',').filter(|entry| !entry.is_empty()) {
            let mut parts = entry.splitn(3, ':');
            let (Some(report), Some(verdict), Some(rule)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let Ok(verdict) = serde_json::from_value(Value::String(verdict.to_owned())) else { continue };
            self.found(report.to_owned(), rule.to_owned(), verdict);
        }
        let sent = get("sent").unwrap_or_default();
        if let Some(key) = get("key").filter(|_| !sent.is_empty()) {
            self.sent.entry(key).or_default().extend(sent.split(',').map(str::to_owned));
        }
        let (Some(ts), Some(key), Some(rule)) = (get("ts"), get("key"), get("rule")) else { return };
        let (Some(metric), Some(better)) = (get("metric"), get("better")) else { return };
        let value = get("value").and_then(|text| text.parse().ok());
        let (repo, since, until) = (get("of_repo"), get("since"), get("until"));
        self.suggest(PastSuggestion { ts, key, rule, subject, repo, metric, better, value, since, until });
    }

    /// The sinks elsewhere, by id, that have a report whole, as its comment tells.
    #[must_use]
    pub fn sinks_with(&self, key: &str) -> BTreeSet<String> {
        self.sent.get(key).cloned().unwrap_or_default()
    }

    /// Where the last report before this one ended.
    #[must_use]
    pub fn last_end(&self, key: &str) -> Option<&str> {
        let earlier = self.suggested.iter().filter(|one| one.key.as_str() < key);
        earlier.filter_map(|one| one.until.as_deref()).max()
    }

    /// Where the window of this report began, where it was written before.
    #[must_use]
    pub fn window_start(&self, key: &str) -> Option<&str> {
        self.suggested.iter().find(|one| one.key == key)?.since.as_deref()
    }

    /// Whether a rule was suggested about a subject since an instant (RFC 3339, UTC) in another report.
    #[must_use]
    pub fn recently(&self, key: &str, since: &str, rule: &str, subject: &Value) -> bool {
        let same = |one: &&PastSuggestion| one.rule == rule && one.subject == *subject && one.key.as_str() < key;
        self.suggested.iter().filter(same).any(|one| one.ts.as_str() >= since)
    }

    /// What became of the suggestions made since an instant, in other reports than this one. `metric` gives a
    /// figure of now and how many issues it rests on.
    pub fn outcomes(
        &mut self,
        key: &str,
        since: &str,
        least: usize,
        metric: impl Fn(&PastSuggestion) -> (Option<f64>, usize),
    ) -> Vec<SuggestionOutcome> {
        let earlier = self.suggested.iter().filter(|one| one.key.as_str() < key && one.ts.as_str() >= since);
        let outcomes: Vec<SuggestionOutcome> = earlier
            .map(|one| {
                let (now, sample) = metric(one);
                SuggestionOutcome { of: one.clone(), now, verdict: verdict(one, now.filter(|_| sample >= least)) }
            })
            .collect();
        for outcome in &outcomes {
            self.found(outcome.of.key.clone(), outcome.of.rule.clone(), outcome.verdict);
        }
        outcomes
    }

    /// By rule: how many of its suggestions helped, of those of which it could be told.
    #[must_use]
    pub fn rates(&self) -> BTreeMap<&str, Rate> {
        let mut rates: BTreeMap<&str, Rate> = BTreeMap::new();
        for (rule, verdict) in self.verdicts.values().filter(|(_, verdict)| *verdict != SuggestionVerdict::TooLittle) {
            let rate = rates.entry(rule).or_default();
            rate.judged += 1;
            rate.helped += usize::from(*verdict == SuggestionVerdict::Better);
        }
        rates
    }

    /// The newest verdicts, as a marker carries them to a runner that starts empty.
    #[must_use]
    pub fn verdicts_for_marker(&self) -> String {
        let word = |verdict: &SuggestionVerdict| serde_json::to_value(verdict).ok()?.as_str().map(str::to_owned);
        let newest = self.verdicts.iter().rev().take(CARRIED);
        let all: Vec<String> =
            newest.filter_map(|(key, (rule, verdict))| Some(format!("{key}:{}:{rule}", word(verdict)?))).collect();
        all.join(",")
    }
}

/// Verdicts that a marker carries.
const CARRIED: usize = 60;

fn verdict(one: &PastSuggestion, now: Option<f64>) -> SuggestionVerdict {
    let (Some(then), Some(now)) = (one.value, now) else { return SuggestionVerdict::TooLittle };
    let higher = one.better == "higher";
    match now.partial_cmp(&then) {
        Some(std::cmp::Ordering::Equal) => SuggestionVerdict::Same,
        Some(order) if order.is_gt() == higher => SuggestionVerdict::Better,
        Some(_) => SuggestionVerdict::Worse,
        None => SuggestionVerdict::TooLittle,
    }
}

impl PastSuggestion {
    /// The fields of the marker that carries it.
    #[must_use]
    pub fn mark(&self, marker: Marker) -> Marker {
        let optional = [
            ("of_repo", self.repo.clone()),
            ("value", self.value.map(|value| value.to_string())),
            ("since", self.since.clone()),
            ("until", self.until.clone()),
        ];
        let marker = marker
            .with("rule", &self.rule)
            .with("ts", &self.ts)
            .with("subject", &self.subject.to_string())
            .with("metric", &self.metric)
            .with("better", &self.better);
        optional.into_iter().fold(marker, |marker, (name, value)| match value {
            Some(value) => marker.with(name, &value),
            None => marker,
        })
    }
}
