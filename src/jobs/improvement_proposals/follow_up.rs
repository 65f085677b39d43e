//! What was promised, and what came of it.
//!
//! Takes: the lines of `retro/proposals.jsonl`, what is proposed now. Gives: [`EarlierProposal`], each proposal of
//! an earlier run with what its pattern costs now, and the lines to add. A pattern that is gone closes its
//! line; one that comes back begins anew.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Proposal, ProposalAdvice};
use crate::engine::eval::round;

/// Hours a week that are no change.
const SAME: f64 = 0.005;

/// A line of the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposalLine {
    /// When, as RFC 3339.
    pub ts: String,
    /// What happened.
    pub state: ProposalState,
    /// By what the proposal is known again.
    pub key: String,
    /// The rule that made it.
    #[serde(default)]
    pub rule: String,
    /// In a line.
    #[serde(default)]
    pub title: String,
    /// critical, high, medium or low.
    #[serde(default)]
    pub priority: String,
    /// Hours a week that mending it was to return.
    pub promised_weekly_hours: f64,
    /// Hours a week that mending it would return still.
    pub weekly_hours: f64,
    /// Hours that it takes.
    #[serde(default)]
    pub implementation_hours: f64,
}

/// What happened to a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// It was made.
    Proposed,
    /// Its pattern costs more or less than before.
    Measured,
    /// Its pattern is gone.
    Closed,
}

/// A proposal of an earlier run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EarlierProposal {
    /// By what it is known again.
    pub key: String,
    /// In a line.
    pub title: String,
    /// When it was made, as RFC 3339.
    pub since: String,
    /// What is happening to it.
    pub state: ProposalState,
    /// Hours a week that mending it was to return.
    pub promised_weekly_hours: f64,
    /// Hours a week that mending it would return still.
    pub weekly_hours: f64,
    /// What came of it: the difference.
    pub realised_weekly_hours: f64,
}

/// What the record says of one key.
struct ProposalHistory {
    first: ProposalLine,
    last: ProposalLine,
}

fn hours(value: &crate::engine::value::Value<'static>) -> f64 {
    round(value.number().filter(|hours| hours.is_finite()).unwrap_or(0.0), 2)
}

/// Follows what was proposed. `believed`: enough was read that what is not found is gone.
#[must_use]
pub fn follow(
    lines: Vec<ProposalLine>,
    advised: &ProposalAdvice,
    when: &str,
    believed: bool,
) -> (Vec<EarlierProposal>, Vec<ProposalLine>) {
    let mut order: Vec<String> = Vec::new();
    let mut known: HashMap<String, ProposalHistory> = HashMap::new();
    for line in lines {
        match known.get_mut(&line.key) {
            Some(there) if line.state == ProposalState::Proposed => {
                *there = ProposalHistory { first: line.clone(), last: line }
            }
            Some(there) => there.last = line,
            None => {
                order.push(line.key.clone());
                known.insert(line.key.clone(), ProposalHistory { first: line.clone(), last: line });
            }
        }
    }
    let found: HashMap<&str, &Proposal> =
        advised.proposals.iter().chain(&advised.below).map(|proposal| (proposal.key.as_str(), proposal)).collect();
    let (mut followed, mut added) = (Vec::new(), Vec::new());
    for key in &order {
        let Some(ProposalHistory { first, last }) = known.get(key) else { continue };
        let now = found.get(key.as_str()).map(|proposal| hours(&proposal.estimated_weekly_hours_saved));
        if last.state == ProposalState::Closed || now.is_none() && !believed {
            continue;
        }
        let weekly_hours = now.unwrap_or(0.0);
        let promised = first.promised_weekly_hours;
        let state = if now.is_none() { ProposalState::Closed } else { ProposalState::Measured };
        followed.push(EarlierProposal {
            key: key.clone(),
            title: first.title.clone(),
            since: first.ts.clone(),
            state,
            promised_weekly_hours: promised,
            weekly_hours,
            realised_weekly_hours: round(promised - weekly_hours, 2),
        });
        if state == ProposalState::Closed || (last.weekly_hours - weekly_hours).abs() > SAME {
            added.push(ProposalLine { ts: when.to_owned(), state, weekly_hours, ..first.clone() });
        }
    }
    for proposal in &advised.proposals {
        if known.get(&proposal.key).is_none_or(|known| known.last.state == ProposalState::Closed) {
            let weekly = hours(&proposal.estimated_weekly_hours_saved);
            added.push(ProposalLine {
                ts: when.to_owned(),
                state: ProposalState::Proposed,
                key: proposal.key.clone(),
                rule: proposal.rule.clone(),
                title: proposal.title.clone(),
                priority: proposal.priority.clone(),
                promised_weekly_hours: weekly,
                weekly_hours: weekly,
                implementation_hours: hours(&proposal.implementation_hours),
            });
        }
    }
    (followed, added)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::value::Value;

    fn proposal(key: &str, weekly: f64) -> Proposal {
        Proposal {
            rule: "fix-error".to_owned(),
            key: key.to_owned(),
            title: format!("Mend {key}"),
            problem: String::new(),
            proposed_solution: String::new(),
            estimated_weekly_hours_saved: Value::Float(weekly),
            estimated_monthly_hours_saved: Value::Float(weekly * 4.0),
            implementation_hours: Value::Int(3),
            roi_weeks: Value::Float(f64::INFINITY),
            priority: "low".to_owned(),
            affected_area: String::new(),
            monthly_saving: Value::None,
            supporting_evidence: Vec::new(),
        }
    }

    fn advised(proposals: Vec<Proposal>, below: Vec<Proposal>) -> ProposalAdvice {
        ProposalAdvice { patterns: Vec::new(), proposals, below }
    }

    #[test]
    fn what_was_promised_is_held_against_what_is_left() {
        let (followed, first) =
            follow(Vec::new(), &advised(vec![proposal("a", 2.0), proposal("b", 1.0)], vec![]), "t1", true);
        assert_eq!((followed.len(), first.len()), (0, 2));
        // Half of `a` is left, below the threshold; `b` is as it was.
        let now = advised(vec![proposal("b", 1.0)], vec![proposal("a", 0.5)]);
        let (followed, second) = follow(first.clone(), &now, "t2", true);
        let realised: Vec<f64> = followed.iter().map(|one| one.realised_weekly_hours).collect();
        assert_eq!(realised, [1.5, 0.0]);
        assert_eq!(
            second.iter().map(|line| (line.key.as_str(), line.state)).collect::<Vec<_>>(),
            [("a", ProposalState::Measured)]
        );
        // Now `a` is gone, and stays so.
        let mut all = [first, second].concat();
        let now = advised(vec![proposal("b", 1.0)], vec![]);
        assert_eq!(follow(all.clone(), &now, "t3", false).1, [], "too little was read to say so");
        let (followed, third) = follow(all.clone(), &now, "t3", true);
        assert_eq!((followed[0].state, followed[0].realised_weekly_hours), (ProposalState::Closed, 2.0));
        all.extend(third);
        let (followed, fourth) = follow(all.clone(), &now, "t4", true);
        assert_eq!((followed.len(), fourth), (1, Vec::new()));
        // It comes back: a new promise.
        let (_, again) = follow(all, &advised(vec![proposal("a", 3.0), proposal("b", 1.0)], vec![]), "t5", true);
        assert_eq!((again[0].state, again[0].promised_weekly_hours), (ProposalState::Proposed, 3.0));
    }
}
