//! The quarantine: issues that failed too often, kept away from the loop for a while.
//!
//! Takes: `quarantine.json` as it was, the open issues, the log of cycles. Gives: [`Quarantine`] as it is
//! to be, and who went in and came out. An issue comes out by time, by being edited (its title or its text;
//! a comment is no edit), by being closed, or when it is released by hand; failures before that moment
//! do not put it in again, which is why `released` remembers it as long as such failures count.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::advise;
use crate::loops::block::Rows;
use crate::loops::insights::instant_of;

const DAY: i64 = 86_400_000_000;

/// The parameters, as the rules give them.
#[derive(Debug, Clone, Copy)]
pub struct QuarantineLimits {
    /// Failures that put an issue in.
    pub failures: u64,
    /// Microseconds in which they count.
    pub window: i64,
    /// Microseconds that an issue stays.
    pub stay: i64,
    /// Reasons that are kept.
    pub reasons: usize,
}

impl QuarantineLimits {
    /// From the rules.
    #[must_use]
    pub fn new(measure: &advise::JobParams) -> QuarantineLimits {
        let days = |name: &str| measure.whole(name).saturating_mul(DAY);
        QuarantineLimits {
            failures: u64::try_from(measure.whole("quarantine_failures")).unwrap_or(1),
            window: days("failures_days"),
            stay: days("quarantine_days"),
            reasons: usize::try_from(measure.whole("reasons_kept")).unwrap_or(0),
        }
    }
}

/// An open issue: its repository and number, and what it says now.
pub type OpenIssues = BTreeMap<(String, u64), String>;

/// An issue in quarantine.
#[derive(Debug, Clone, PartialEq)]
struct Inside {
    /// Since when, microseconds.
    since: i64,
    until: i64,
    failures: u64,
    reasons: Vec<String>,
    /// A digest of what it said when it went in.
    text: String,
}

/// Who is in quarantine.
#[derive(Debug, Default)]
pub struct Quarantine {
    inside: BTreeMap<(String, u64), Inside>,
    released: BTreeMap<(String, u64), i64>,
    /// Who came out in this run, each with why.
    pub out: Vec<(String, u64, &'static str)>,
    /// Who went in.
    pub new: Vec<(String, u64)>,
}

impl Quarantine {
    /// From `quarantine.json`; what cannot be read in it is left out.
    #[must_use]
    pub fn read(file: &Value) -> Quarantine {
        let key = |entry: &Value| Some((entry["repo"].as_str()?.to_owned(), entry["number"].as_u64()?));
        let entries = |name: &str| file[name].as_array().map(Vec::as_slice).unwrap_or_default().iter();
        let inside = entries("items").filter_map(|entry| {
            let reasons = entry["reasons"].as_array().map(Vec::as_slice).unwrap_or_default();
            let inside = Inside {
                since: instant_of(&entry["since"])?,
                until: instant_of(&entry["until"])?,
                failures: entry["failures"].as_u64().unwrap_or(0),
                reasons: reasons.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                text: entry["text"].as_str().unwrap_or("").to_owned(),
            };
            Some((key(entry)?, inside))
        });
        let released = entries("released").filter_map(|entry| Some((key(entry)?, instant_of(&entry["at"])?)));
        Quarantine { inside: inside.collect(), released: released.collect(), ..Quarantine::default() }
    }

    /// Lets out who may go. `read` are the repositories whose issues are all known; `released` numbers that
    /// are let out by hand.
    pub fn release(&mut self, open: &OpenIssues, read: &BTreeSet<String>, released: &[u64], now: i64) {
        let mut out = Vec::new();
        for ((repo, number), inside) in &self.inside {
            let text = open.get(&(repo.clone(), *number));
            let why = if released.contains(number) {
                "by hand"
            } else if inside.until <= now {
                "its time is over"
            } else if text.is_none() && read.contains(repo) {
                "it is no longer open"
            } else if text.is_some_and(|text| !inside.text.is_empty() && *text != inside.text) {
                "it was edited"
            } else {
                continue;
            };
            out.push((repo.clone(), *number, why));
        }
        for (repo, number, _) in &out {
            let key = (repo.clone(), *number);
            self.inside.remove(&key);
            self.released.insert(key, now);
        }
        self.out.extend(out);
    }

    /// Puts in who failed as often as the rules say, and brings the others up to date.
    pub fn admit(&mut self, open: &OpenIssues, failures: &Failures, limits: &QuarantineLimits, now: i64) {
        for (key, text) in open {
            let Some(found) = failures.of.get(key) else { continue };
            let reasons = || found.reasons.clone();
            if let Some(inside) = self.inside.get_mut(key) {
                if found.count > inside.failures {
                    (inside.failures, inside.reasons) = (found.count, reasons());
                }
            } else if found.count >= limits.failures {
                let inside = Inside {
                    since: now,
                    until: now.saturating_add(limits.stay),
                    failures: found.count,
                    reasons: reasons(),
                    text: text.clone(),
                };
                self.inside.insert(key.clone(), inside);
                self.new.push(key.clone());
            }
        }
        self.released.retain(|key, at| *at > now.saturating_sub(limits.window) && !self.inside.contains_key(key));
    }

    /// Whether an issue is in quarantine.
    #[must_use]
    pub fn holds(&self, repo: &str, number: u64) -> bool {
        self.inside.contains_key(&(repo.to_owned(), number))
    }

    /// How many are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inside.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inside.is_empty()
    }

    /// As `quarantine.json` holds it.
    #[must_use]
    pub fn json(&self, generated_at: &str) -> Value {
        let at = |micros: i64| chrono::DateTime::from_timestamp_micros(micros).map(crate::forge::time::rfc3339);
        let items = self.inside.iter().map(|((repo, number), inside)| {
            json!({
                "repo": repo, "number": number, "since": at(inside.since), "failures": inside.failures,
                "reasons": inside.reasons, "until": at(inside.until), "text": inside.text,
            })
        });
        let released = self
            .released
            .iter()
            .map(|((repo, number), when)| json!({ "repo": repo, "number": number, "at": at(*when) }));
        json!({
            "generated_at": generated_at, "items": items.collect::<Value>(), "released": released.collect::<Value>(),
        })
    }
}

/// Failures of open issues since they last succeeded or were let out.
#[derive(Debug, Default)]
pub struct Failures {
    of: BTreeMap<(String, u64), FailureCount>,
}

#[derive(Debug, Default)]
struct FailureCount {
    count: u64,
    reasons: Vec<String>,
}

impl Failures {
    /// Takes a block of the log. Cycles that name no repository are of `only`, where there is one alone.
    pub fn take(
        &mut self,
        rows: &Rows,
        (open, only): (&OpenIssues, Option<&str>),
        quarantine: &Quarantine,
        limits: &QuarantineLimits,
        now: i64,
    ) {
        for row in rows.rows.iter().filter(|row| row.issue > 0 && row.success.is_some()) {
            let named = rows.repos.get(row.repo as usize).map(String::as_str).filter(|name| !name.is_empty());
            let Some(repo) = named.or(only) else { continue };
            let key = (repo.to_owned(), row.issue);
            if !open.contains_key(&key) || row.at < now.saturating_sub(limits.window) || row.at > now {
                continue;
            }
            if quarantine.released.get(&key).is_some_and(|at| row.at <= *at) {
                continue;
            }
            if row.success == Some(true) {
                self.of.remove(&key);
                continue;
            }
            let found = self.of.entry(key).or_default();
            found.count += 1;
            let reason = rows.cycle(row).reason.unwrap_or_default().into_owned();
            if !reason.is_empty() && limits.reasons > 0 {
                found.reasons.retain(|known| *known != reason);
                found.reasons.push(reason);
                if found.reasons.len() > limits.reasons {
                    found.reasons.remove(0);
                }
            }
        }
    }
}

/// What a line of `retro/triage.jsonl` says of the quarantine.
#[must_use]
pub fn log_members(quarantine: &Quarantine) -> Map<String, Value> {
    let name = |repo: &str, number: u64| format!("{repo}#{number}");
    let entered: Vec<String> = quarantine.new.iter().map(|(repo, number)| name(repo, *number)).collect();
    let released: Vec<Value> =
        quarantine.out.iter().map(|(repo, number, why)| json!({ "issue": name(repo, *number), "why": why })).collect();
    Map::from_iter([
        ("quarantined".to_owned(), json!(quarantine.len())),
        ("entered".to_owned(), json!(entered)),
        ("released".to_owned(), json!(released)),
    ])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
