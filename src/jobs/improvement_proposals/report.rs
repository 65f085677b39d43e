//! A finished run as programs and people read it.
//!
//! Takes: what was counted and what the rules made of it. Gives: [`ProposalReport`], as JSON or as text for a
//! terminal; templates write the Markdown.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::facts::CostOptions;
use super::follow_up::{EarlierProposal, ProposalState};
use super::issues::Issues;
use super::{Proposal, ProposalAdvice, WastePattern, rounded};
use crate::engine::untrusted::terminal;
use crate::engine::value::Value;
use crate::sessions::count::SessionCounts;
use crate::sessions::problems::{InputProblem, Problems};

/// Patterns that are given one by one.
const PATTERNS: usize = 1_000;
/// Decimals of a figure.
const DIGITS: usize = 2;
/// Proposals that a terminal is shown without `-v`.
const FEW: usize = 10;

/// A finished run.
#[derive(Debug, Clone, Copy)]
pub struct ProposalReport<'r> {
    /// What the inputs are called, by their number.
    pub inputs: &'r [String],
    /// What was counted.
    pub counts: &'r SessionCounts,
    /// What the rules made of it.
    pub advised: &'r ProposalAdvice,
    /// What could not be read.
    pub problems: &'r Problems,
    /// Proposals of earlier runs.
    pub followed: &'r [EarlierProposal],
    /// Issues that are kept for proposals; none where that was not asked for.
    pub issues: Option<&'r Issues>,
    /// Money and hours that were asked for.
    pub costs: CostOptions,
    /// When, as RFC 3339.
    pub when: &'r str,
    /// Of this program.
    pub version: &'r str,
}

fn sum(proposals: &[Proposal], of: impl Fn(&Proposal) -> &Value<'static>) -> f64 {
    let hours = proposals.iter().filter_map(|proposal| of(proposal).number()).filter(|hours| hours.is_finite());
    // The sum of nothing is 0, and not -0 as the standard library has it.
    let all = hours.fold(0.0, |all, hours| all + hours);
    crate::engine::eval::round(all, 1)
}

impl ProposalReport<'_> {
    /// All that the inputs hold was read, but for records that were skipped and told, and not all were.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.why_incomplete().is_empty()
    }

    /// Why not.
    #[must_use]
    pub fn why_incomplete(&self) -> Vec<String> {
        let mut why = match self.problems.unread {
            0 => Vec::new(),
            1 => vec!["1 input could not be read to its end".to_owned()],
            unread => vec![format!("{unread} inputs could not be read to their end")],
        };
        if self.counts.sessions == 0 && self.problems.foreign > 0 {
            why.push(format!("none of the {} records that were read is a session", self.problems.skipped));
        }
        why
    }

    /// Where a finding stands.
    #[must_use]
    pub fn place(&self, problem: &InputProblem) -> String {
        let name = usize::try_from(problem.place.0).ok().and_then(|input| self.inputs.get(input));
        format!("{}:{}", name.map_or("?", String::as_str), problem.line)
    }

    /// What is not kept one by one, in words; nothing where all is.
    #[must_use]
    pub fn beyond(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mut say = |what: &str, keys: u64, times: u64, of: &str| {
            if keys > 0 {
                all.push(format!("about {keys} more {what}, met {times} {of}"));
            }
        };
        let (counts, manual) = (self.counts, &self.counts.manual);
        say("errors", counts.errors.keys_beyond(), counts.errors.beyond(), "times");
        say("tools", counts.tools.keys_beyond(), counts.tools.beyond(), "times");
        say("sequences", manual.sequences.keys_beyond(), manual.sequences.beyond(), "times");
        let rest = manual.count.saturating_sub(manual.longest.len() as u64);
        if rest > 0 {
            all.push(format!("{rest} more manual sessions, none longer than those listed"));
        }
        all
    }

    /// How many of everything.
    #[must_use]
    pub fn totals(&self) -> Json {
        let (counts, advised, problems) = (self.counts, self.advised, self.problems);
        json!({
            "inputs": self.inputs.len(),
            "sessions": counts.sessions,
            "calls": counts.calls,
            "errors": counts.errors_met,
            "manual_sessions": counts.manual.count,
            "skipped": problems.skipped,
            "left_out": problems.left_out,
            "unread": problems.unread,
            "patterns": advised.patterns.len(),
            "patterns_given": advised.patterns.len().min(PATTERNS),
            "proposals": advised.proposals.len(),
            "below_threshold": advised.below.len(),
            "errors_not_kept": counts.errors.keys_beyond(),
            "tools_not_kept": counts.tools.keys_beyond(),
            "sequences_not_kept": counts.manual.sequences.keys_beyond(),
            "manual_sessions_not_kept": counts.manual.count.saturating_sub(counts.manual.longest.len() as u64),
            "weekly_hours": sum(&advised.proposals, |proposal| &proposal.estimated_weekly_hours_saved),
            "monthly_hours": sum(&advised.proposals, |proposal| &proposal.estimated_monthly_hours_saved),
            "implementation_hours": sum(&advised.proposals, |proposal| &proposal.implementation_hours),
            "monthly_saving": sum(&advised.proposals, |proposal| &proposal.monthly_saving),
        })
    }

    /// As JSON, without what a live run adds.
    #[must_use]
    pub fn json(&self) -> Json {
        let patterns: Vec<Json> = self.advised.patterns.iter().take(PATTERNS).map(pattern).collect();
        let proposals: Vec<Json> = self.advised.proposals.iter().map(proposal).collect();
        let problems: Vec<Json> = self
            .problems
            .first
            .iter()
            .map(|told| json!({"place": self.place(told), "kind": told.kind, "what": told.what}))
            .collect();
        json!({
            "job": super::SPEC.job,
            "generated_at": self.when,
            "complete": self.complete(),
            "why_incomplete": self.why_incomplete(),
            "totals": self.totals(),
            "hourly_rate": self.costs.hourly_rate,
            "threshold": self.costs.threshold,
            "patterns": patterns,
            "proposals": proposals,
            "followed": self.followed,
            "issues": self.issues.map(|issues| &issues.rows),
            "problems": problems,
            "not_understood": self.problems.strange,
        })
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self, verbose: bool) -> String {
        let (advised, counts) = (self.advised, self.counts);
        let mut out = format!(
            "{} sessions with {} calls and {} errors from {} inputs: {} patterns, {} proposals\n",
            counts.sessions,
            counts.calls,
            counts.errors_met,
            self.inputs.len(),
            advised.patterns.len(),
            advised.proposals.len()
        );
        if counts.sessions == 0 {
            out.push_str("\nNo session was read: nothing can be said.\n");
        }
        let most = if verbose { usize::MAX } else { FEW };
        for proposal in advised.proposals.iter().take(most) {
            let figure = |value: &Value<'static>| rounded(value, 1);
            let weeks = match proposal.roi_weeks.number() {
                Some(weeks) if weeks.is_finite() => format!("paid back in {} weeks", figure(&proposal.roi_weeks)),
                _ => "never paid back".to_owned(),
            };
            let _ = write!(
                out,
                "\n{}: {}\n  saves {} h a week, takes {} h, {weeks}\n  {}\n",
                terminal(&proposal.priority),
                terminal(&proposal.title),
                figure(&proposal.estimated_weekly_hours_saved),
                figure(&proposal.implementation_hours),
                terminal(&proposal.problem)
            );
            if verbose {
                for line in std::iter::once(&proposal.proposed_solution).chain(&proposal.supporting_evidence) {
                    let _ = writeln!(out, "  {}", terminal(line));
                }
            }
        }
        if advised.proposals.len() > most {
            let _ = writeln!(out, "\n… and {} more (-v shows all)", advised.proposals.len() - most);
        }
        if !advised.below.is_empty() {
            let least = self.costs.threshold;
            let _ = writeln!(out, "\n{} more return less than {least} hours a month", advised.below.len());
        }
        for one in self.followed {
            let now = if one.state == ProposalState::Closed { "it is gone" } else { "so far" };
            let (promised, realised) = (one.promised_weekly_hours, one.realised_weekly_hours);
            let _ =
                writeln!(out, "promised {promised} h a week, realised {realised} ({now}): {}", terminal(&one.title));
        }
        for row in self.issues.iter().flat_map(|issues| &issues.rows) {
            let number = row.number.map_or_else(|| "new".to_owned(), |number| format!("#{number}"));
            let note = row.note.as_deref().map_or_else(String::new, |note| format!(" ({})", terminal(note)));
            let _ = writeln!(out, "issue {number}: {} {}{note}", row.action, format!("{:?}", row.state).to_lowercase());
        }
        for what in self.beyond() {
            let _ = writeln!(out, "not kept one by one: {what}");
        }
        for (kind, count) in &self.problems.strange {
            let _ = writeln!(out, "not understood: {} ({count} times)", terminal(kind));
        }
        out
    }
}

fn pattern(pattern: &WastePattern) -> Json {
    json!({
        "rule": pattern.rule,
        "pattern_type": pattern.pattern_type,
        "name": pattern.name,
        "description": pattern.description,
        "occurrences": pattern.occurrences,
        "sessions": pattern.sessions,
        "total_time_hours": rounded(&pattern.total_time_hours, DIGITS),
        "affected_repos": pattern.affected_repos,
        "example_sessions": pattern.example_sessions,
    })
}

/// A proposal as JSON.
#[must_use]
pub fn proposal(proposal: &Proposal) -> Json {
    json!({
        "rule": proposal.rule,
        "key": proposal.key,
        "title": proposal.title,
        "problem": proposal.problem,
        "proposed_solution": proposal.proposed_solution,
        "estimated_weekly_hours_saved": rounded(&proposal.estimated_weekly_hours_saved, DIGITS),
        "estimated_monthly_hours_saved": rounded(&proposal.estimated_monthly_hours_saved, DIGITS),
        "implementation_hours": rounded(&proposal.implementation_hours, DIGITS),
        "roi_weeks": rounded(&proposal.roi_weeks, DIGITS),
        "priority": proposal.priority,
        "affected_area": proposal.affected_area,
        "monthly_saving": rounded(&proposal.monthly_saving, DIGITS),
        "supporting_evidence": proposal.supporting_evidence,
    })
}
