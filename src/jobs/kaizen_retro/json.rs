//! The retrospective as programs read it.
//!
//! Takes: a finished [`Retro`]. Gives: JSON with the members that the design names; further ones beside
//! them. What is unknown is null.

use serde_json::{Map, Value, json};

use super::metrics::{Pull, ReportIssue, RetroTally};
use super::texts::instant;
use super::{Retro, RetroQuery, Suggestion};

/// The whole of it.
pub(super) fn write(asked: &RetroQuery<'_>, retro: &Retro<'_>) -> Value {
    let metrics = &retro.metrics;
    let repo = |index: usize| asked.world.repos.get(index).map_or("", |repo| repo.repo.name.as_str());
    let issue = |issue: &ReportIssue| {
        json!({
            "number": issue.number, "title": issue.title, "repo": repo(issue.repo), "type": issue.ty,
            "assignee": issue.assignees.first().map_or(super::metrics::NOBODY, String::as_str),
            "assignees": issue.assignees, "reasons": issue.reasons,
        })
    };
    let pull =
        |pull: &Pull| json!({"number": pull.number, "title": pull.title, "repo": repo(pull.repo), "user": pull.author});
    let issues = |list: &[ReportIssue]| list.iter().map(issue).collect::<Vec<_>>();
    let pulls = |list: &[Pull]| list.iter().map(pull).collect::<Vec<_>>();
    let named = |list: &[RetroTally], of: fn(&RetroTally) -> Value| -> Map<String, Value> {
        list.iter().map(|tally| (tally.name.clone(), of(tally))).collect()
    };
    let agent = |tally: &RetroTally| json!({"successes": tally.successes, "failures": tally.failures, "closed": tally.closed, "repos": tally.repos});
    let of_repo = |tally: &RetroTally| {
        json!({
            "closed": tally.closed, "merged_prs": tally.merged_prs, "closed_prs": tally.closed_prs, "open": tally.open,
            "max_attempts": tally.attention, "successes": tally.successes, "failures": tally.failures,
        })
    };
    let of_type =
        |tally: &RetroTally| json!({"successes": tally.successes, "failures": tally.failures, "total": tally.total()});
    let [now, before, week_ago] = &retro.figures;
    let outcomes = retro.outcomes.iter().map(|one| {
        json!({
            "key": one.of.key, "rule": one.of.rule, "subject": one.of.subject, "metric": one.of.metric,
            "better": one.of.better, "value_then": one.of.value, "value_now": one.now, "verdict": one.verdict,
        })
    });
    let unread = asked.world.unread.iter().map(|(repo, why)| json!({"repo": repo, "why": why}));
    json!({
        "job": super::SPEC.job,
        "generated_at": instant(asked.now),
        "complete": retro.why_incomplete.is_empty(),
        "why_incomplete": retro.why_incomplete,
        "since": instant(asked.window.since),
        "until": instant(asked.until),
        "totals": {
            "repositories": asked.world.repos.len(), "unread": asked.world.unread.len(),
            "closed": metrics.closed.len(), "merged": metrics.merged.len(), "closed_prs": metrics.closed_prs.len(),
            "open": metrics.open, "max_attempts": metrics.attention.len(), "opened": now.opened,
        },
        "metrics": {
            "closed_issues": issues(&metrics.closed),
            "merged_prs": pulls(&metrics.merged),
            "closed_prs": pulls(&metrics.closed_prs),
            "max_attempts_issues": issues(&metrics.attention),
            "by_agent": named(metrics.agents.all(), agent),
            "by_repo": named(metrics.repos.all(), of_repo),
            "by_type": named(metrics.types.all(), of_type),
        },
        "figures": {"window": now, "before": before, "week_ago": week_ago},
        "days": retro.days,
        "private": retro.private,
        "suggestion": retro.suggestion.as_ref().map(suggestion),
        "others": retro.others.iter().map(suggestion).collect::<Vec<_>>(),
        "outcomes": outcomes.collect::<Vec<_>>(),
        "rates": retro.rates,
        "unread": unread.collect::<Vec<_>>(),
        "rules_hash": asked.policy.hash,
        "report_markdown": retro.markdown,
    })
}

fn suggestion(one: &Suggestion) -> Value {
    json!({
        "rule": one.rule, "subject": one.subject, "text": one.text, "metric": one.metric, "better": one.better,
        "value": one.value, "repo": one.repo, "line": one.line,
    })
}
