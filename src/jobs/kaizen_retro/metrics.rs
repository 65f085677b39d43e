//! What was closed, merged and left lying: by agent, by repository, by type.
//!
//! Takes: a [`Activity`] read from a forge, the policy whose flags judge each issue. Gives: [`Metrics`].
//! What an issue is (its type, whether closing it was a success, whether it needs attention) is said by
//! rules; this counts. Repository by repository, closed issues before open ones, the closed ones and pull requests
//! by their last change and the open ones by their opening, the newest first, whatever order a forge lists them in.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::engine::evaluate::{Evaluation, Judgement};
use crate::engine::examine::Examination;
use crate::engine::policy::Policy;
use crate::forge::Repo;
use crate::jobs::window::{ActiveItem, Activity, RepoWindow, Window};

pub use super::tally::{RetroTally, Tallies};

/// Who stands for an issue that nobody holds.
pub const NOBODY: &str = "unassigned";
/// Who stands for a pull request whose author the forge no longer knows.
pub const UNKNOWN: &str = "unknown";

/// An issue that the report names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportIssue {
    /// Index in [`Activity::repos`].
    pub repo: usize,
    /// Its number.
    pub number: u64,
    /// Its title without tags.
    pub title: String,
    /// Its type.
    pub ty: String,
    /// Who holds it; nobody is empty.
    pub assignees: Vec<String>,
    /// Other flags that hold, which say why.
    pub reasons: Vec<String>,
}

/// A pull request that the report names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Index in [`Activity::repos`].
    pub repo: usize,
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Login of who opened it.
    pub author: String,
}

/// What was counted.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    /// Issues closed in the window.
    pub closed: Vec<ReportIssue>,
    /// Open issues with the flag `attention`.
    pub attention: Vec<ReportIssue>,
    /// Pull requests merged in the window.
    pub merged: Vec<Pull>,
    /// Pull requests closed without a merge in the window.
    pub closed_prs: Vec<Pull>,
    /// Open issues.
    pub open: usize,
    /// By who holds them; those alone that closed or hold a failure.
    pub agents: Tallies,
    /// By who holds them and where, named `agent` and repository with a line break between.
    pub pairs: Tallies,
    /// By repository.
    pub repos: Tallies,
    /// By type.
    pub types: Tallies,
    /// Open issues by who holds them, everybody.
    pub open_by_holder: HashMap<String, usize>,
}

/// How issues are judged and counted.
#[derive(Debug, Clone, Copy)]
pub struct Counting<'a> {
    /// Whose flags and types.
    pub policy: &'a Policy,
    /// The window.
    pub window: Window,
    /// The instant of the run, in microseconds since 1970 UTC.
    pub now: i64,
    /// An issue counts for its first assignee alone.
    pub first_assignee: bool,
}

impl Counting<'_> {
    /// Counts what happened in the window, over the repositories that `wanted` lets through.
    #[must_use]
    pub fn count(&self, world: &Activity, wanted: impl Fn(&Repo) -> bool) -> Metrics {
        let mut metrics = Metrics::default();
        for (index, repo) in world.repos.iter().enumerate().filter(|(_, repo)| wanted(&repo.repo)) {
            metrics.repos.of(&repo.repo.name);
            self.closed(index, repo, &mut metrics);
            self.open(index, repo, &mut metrics);
            pulls(index, repo, self.window, &mut metrics);
        }
        metrics
    }

    fn judge<'s>(&'s self, repo: &'s Repo, seen: &'s ActiveItem) -> Option<IssueJudgement<'s>> {
        let mut item = seen.facts(self.policy, repo);
        item.recent_comments = u64::try_from(seen.comments_in(self.window)).unwrap_or(u64::MAX);
        item.recent = self.window.holds(item.updated);
        let examined = Examination::new(self.policy, &item, self.now);
        match examined.judgement() {
            Evaluation::Judged(judgement) => Some(IssueJudgement { policy: self.policy, judgement, seen }),
            // No rule of this job asks for what costs a request an item: the list has told all.
            Evaluation::Lacks(_) => None,
        }
    }

    fn closed(&self, index: usize, repo: &RepoWindow, metrics: &mut Metrics) {
        for seen in newest(repo.closed_in(self.window), |seen| seen.item.updated_at) {
            let Some(judged) = self.judge(&repo.repo, seen).filter(|judged| !judged.is("ignored")) else { continue };
            let success = judged.is("success");
            let name = &repo.repo.name;
            let of_repo = metrics.repos.of(name);
            of_repo.closed += 1;
            of_repo.successes += usize::from(success);
            metrics.types.of(judged.ty()).successes += usize::from(success);
            for holder in judged.holders(self.first_assignee) {
                for tally in [metrics.agents.of(holder), metrics.pairs.of(&pair(holder, name))] {
                    tally.closed += 1;
                    tally.successes += usize::from(success);
                    tally.add_repo(name);
                }
            }
            metrics.closed.push(judged.named(index));
        }
    }

    fn open(&self, index: usize, repo: &RepoWindow, metrics: &mut Metrics) {
        let name = &repo.repo.name;
        for seen in newest(repo.open.iter(), |seen| seen.item.created_at) {
            let Some(judged) = self.judge(&repo.repo, seen).filter(|judged| !judged.is("ignored")) else { continue };
            metrics.open += 1;
            metrics.repos.of(name).open += 1;
            for holder in judged.holders(false).into_iter().filter(|holder| *holder != NOBODY) {
                *metrics.open_by_holder.entry(holder.to_owned()).or_default() += 1;
            }
            if judged.is("attention") {
                metrics.repos.of(name).attention += 1;
                metrics.attention.push(judged.named(index));
            }
            if !judged.is("failure") {
                continue;
            }
            metrics.repos.of(name).failures += 1;
            metrics.types.of(judged.ty()).failures += 1;
            for holder in judged.holders(self.first_assignee) {
                for tally in [metrics.agents.of(holder), metrics.pairs.of(&pair(holder, name))] {
                    tally.failures += 1;
                    tally.add_repo(name);
                }
            }
        }
    }
}

/// The newest first; of equals as the forge lists them.
fn newest<'s>(
    item: impl Iterator<Item = &'s ActiveItem>,
    at: fn(&ActiveItem) -> Option<DateTime<Utc>>,
) -> Vec<&'s ActiveItem> {
    let mut all: Vec<&ActiveItem> = item.collect();
    all.sort_by_key(|seen| std::cmp::Reverse(at(seen)));
    all
}

/// The name of an agent in a repository.
#[must_use]
pub fn pair(agent: &str, repo: &str) -> String {
    format!("{agent}\n{repo}")
}

fn pulls(index: usize, repo: &RepoWindow, window: Window, metrics: &mut Metrics) {
    for seen in newest(repo.pulls_in(window), |seen| seen.item.updated_at) {
        let author = seen.item.author.as_ref().map_or(UNKNOWN, |author| author.login.as_str()).to_owned();
        let pull = Pull { repo: index, number: seen.item.number, title: seen.item.title.to_string(), author };
        let of_repo = metrics.repos.of(&repo.repo.name);
        if seen.item.merged {
            of_repo.merged_prs += 1;
            metrics.merged.push(pull);
        } else {
            of_repo.closed_prs += 1;
            metrics.closed_prs.push(pull);
        }
    }
}

struct IssueJudgement<'s> {
    policy: &'s Policy,
    judgement: Box<Judgement<'s>>,
    seen: &'s ActiveItem,
}

impl IssueJudgement<'_> {
    /// Whether a flag of this name holds; one that the rules do not have does not.
    fn is(&self, flag: &str) -> bool {
        let place = self.policy.flags.iter().position(|known| known.name == flag);
        place.is_some_and(|place| self.judgement.flags.get(place).copied().flatten() == Some(true))
    }

    fn ty(&self) -> &str {
        self.judgement.ty.unwrap_or("other")
    }

    /// Who holds it; [`NOBODY`] where none does.
    fn holders(&self, first: bool) -> Vec<&str> {
        let assignees = self.seen.item.assignees.iter().map(|login| &**login);
        let holders: Vec<&str> = assignees.take(if first { 1 } else { usize::MAX }).collect();
        if holders.is_empty() { vec![NOBODY] } else { holders }
    }

    fn named(&self, repo: usize) -> ReportIssue {
        let others = self.policy.flags.iter().map(|flag| flag.name.as_str());
        let others = others.filter(|name| !super::tables::FLAGS.contains(name) && self.is(name));
        ReportIssue {
            repo,
            number: self.seen.item.number,
            title: self.seen.item.title.to_string(),
            ty: self.ty().to_owned(),
            assignees: self.seen.item.assignees.iter().map(|login| login.to_string()).collect(),
            reasons: others.map(str::to_owned).collect(),
        }
    }
}
