//! `backfill-retro`: the log of the loop, seeded with what was done before there was one.
//!
//! Reads: closed pull requests, judged by the rules of `backlog-triage` for their type; the log. Leaves:
//! a cycle a pull request in `retro/cycles.jsonl`, in the order in which they ended. Lacks: rules (the
//! types are those of `backlog-triage`), templates, a workflow (it is run once).

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::facts;
use crate::engine::evaluate::{Evaluation, evaluate};
use crate::engine::facts::Availability;
use crate::engine::rules::Policy;
use crate::forge::time::rfc3339;
use crate::forge::{Item, Repo};
use crate::plan::section;

/// The name of the job.
pub const JOB: &str = "backfill-retro";

/// What forges take for "this ends that issue": a word and the issue's number.
static ENDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\s*:?\s+(?:([\w.-]+/[\w.-]+))?#([0-9]{1,18})\b").ok()
});

/// The issue of the same repository that a pull request says it ends, the first.
#[must_use]
pub fn linked(repo: &str, title: &str, body: &str) -> Option<u64> {
    let found = [title, body].into_iter().flat_map(|text| ENDS.iter().flat_map(|ends| ends.captures_iter(text)));
    let mut here = found.filter(|found| found.get(1).is_none_or(|other| other.as_str().eq_ignore_ascii_case(repo)));
    here.find_map(|found| found.get(2)?.as_str().parse().ok().filter(|number| *number > 0))
}

/// A pull request that has ended, as a cycle of the loop without a number. `None` where it is open.
#[must_use]
pub fn cycle(policy: &Policy, repo: &Repo, pull: &Item<'_>) -> Option<Map<String, Value>> {
    let ended = pull.closed_at.filter(|_| !pull.open)?;
    let body = section::without(&pull.body);
    let mut seen = facts::facts(policy, repo, (pull, &body), false);
    // The type does not turn on it.
    seen.last_activity = Availability::Unrecorded;
    let kind = match evaluate(policy, &seen, ended.timestamp_micros()) {
        Evaluation::Judged(judgement) => judgement.ty.map(str::to_owned),
        Evaluation::Lacks(_) => None,
    };
    let duration = pull.created_at.map(|from| (ended - from).num_seconds().max(0));
    let agent = pull.assignees.first().map(ToString::to_string).or_else(|| Some(pull.author.as_ref()?.login.clone()));
    let members = [
        ("timestamp", json!(rfc3339(ended))),
        ("issue", json!(linked(&repo.name, &pull.title, &body))),
        ("type", json!(kind)),
        ("success", json!(pull.merged)),
        ("duration", json!(duration)),
        ("reason", json!(if pull.merged { "" } else { "closed without a merge" })),
        ("lines_added", json!(pull.lines.map(|(added, _)| added))),
        ("lines_removed", json!(pull.lines.map(|(_, removed)| removed))),
        ("pr", json!(pull.number)),
        ("repo", json!(repo.name)),
        ("agent", json!(agent)),
    ];
    Some(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pull_request_names_the_issue_that_it_ends() {
        for (title, body, issue) in [
            ("Parser", "Fixes #12.", Some(12)),
            ("fix: #7", "", Some(7)),
            ("x", "closes acme/app#3 and resolves #4", Some(3)),
            ("x", "closes acme/other#3, resolved #4", Some(4)),
            ("x", "prefixes #12, see #5, fix#6", None),
            ("x", "Fixes #0 fixed #99999999999999999999", None),
        ] {
            assert_eq!(linked("acme/app", title, body), issue, "{title} {body}");
        }
    }
}
