//! What the runs of deep triage came to.
//!
//! Takes: the lines of `retro/deep-triage.jsonl`. Gives: their sums, how often the agent was consulted
//! and its last feedbacks, cut to a length. A member of the wrong type is passed over. The names of the
//! two members about the agent are those of the logs that there are.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use super::measure::{CycleTime, LoopMeasure};
use crate::forge::time;

/// Feedbacks that are kept where the rules keep all.
const KEPT: usize = 10_000;

/// Sums over runs of deep triage.
#[derive(Debug, Default)]
pub struct Deep {
    /// Runs.
    pub runs: u64,
    /// Issues that were looked at.
    pub reviewed: f64,
    /// Issues that were written anew.
    pub refined: u64,
    /// Issues that were opened.
    pub created: u64,
    /// Issues that were closed.
    pub closed: u64,
    /// Runs in which the agent answered.
    pub consulted: u64,
    /// What it said, the last last.
    pub feedback: VecDeque<String>,
    /// The last run that is not after now, microseconds.
    pub last: Option<i64>,
}

impl Deep {
    /// Takes a run.
    pub fn take(&mut self, measure: &LoopMeasure, run: &Map<String, Value>) {
        let at = run.get("timestamp").and_then(Value::as_str).and_then(time::parse).map(|at| at.timestamp_micros());
        if matches!(measure.when(at.unwrap_or(i64::MIN)), CycleTime::Out | CycleTime::Future) {
            return;
        }
        let entries = |name: &str| match run.get(name) {
            Some(Value::Array(entries)) => entries.len() as u64,
            Some(Value::Object(entries)) => entries.len() as u64,
            _ => 0,
        };
        self.runs += 1;
        self.reviewed += run.get("issues_reviewed").and_then(Value::as_f64).unwrap_or(0.0);
        self.refined += entries("issues_refined");
        self.created += entries("issues_created");
        self.closed += entries("issues_closed");
        self.consulted += u64::from(run.get("timmy_available") == Some(&Value::Bool(true)));
        self.last = self.last.max(at.filter(|at| *at <= measure.now));
        if let Some(text) = run.get("timmy_feedback").and_then(Value::as_str).filter(|text| !text.is_empty()) {
            self.feedback.push_back(text.chars().take(measure.feedback_length).collect());
            let most = if measure.feedback_kept == 0 { KEPT } else { measure.feedback_kept };
            if self.feedback.len() > most {
                self.feedback.pop_front();
            }
        }
    }
}
