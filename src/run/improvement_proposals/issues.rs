//! `--issue`: proposals kept as issues, and the record of what they promised.
//!
//! Takes: what was made of the sessions, a forge. Gives: what became of each issue; in a live run the writes
//! and the lines of `retro/proposals.jsonl`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, Utc};

use super::super::forge::{ForgeRequest, OpenForge, check, repos};
use super::super::live::{self, Live, RunEnding, RunSubject};
use super::super::rules::{RulesInForce, looked_at};
use super::super::{EarlyEnd, Exit, VERSION, output, say, usage};
use crate::apply::ItemFate;
use crate::cli::{Priority, ProposalOptions};
use crate::forge::change;
use crate::http::RequestCounts;
use crate::jobs::improvement_proposals::SPEC;
use crate::jobs::improvement_proposals::follow_up::{self, EarlierProposal, ProposalLine};
use crate::jobs::improvement_proposals::issues::{self, IssueStore, Issues};
use crate::jobs::improvement_proposals::report::ProposalReport;
use crate::jobs::items::is_opted_out;
use crate::loop_dir;
use crate::plan::choice::ItemState;
use crate::plan::keyed_issues::{There, key_of};
use crate::plan::memory::{TrustedPeople, Us};
use crate::plan::{self, Manners, Plan};

/// What no forge was asked for is recorded under.
const NO_FORGE: &str = "none";

/// What a run leaves behind.
#[derive(Debug, Default)]
pub(super) struct IssueResult {
    /// Proposals of earlier runs.
    pub(super) followed: Vec<EarlierProposal>,
    /// Issues.
    pub(super) issues: Issues,
    /// Why not everything was done.
    pub(super) why: Vec<String>,
    /// It was ended from outside, not by the rules' limits.
    pub(super) ended: bool,
    /// The plan could not be saved: nothing was written.
    pub(super) unsaved: bool,
}

/// The forge of the issues and the repository in it.
pub(super) struct IssueForge {
    opened: OpenForge,
    repo: usize,
}

/// Opens the forge, before anything is read.
pub(super) fn open(
    args: &ProposalOptions,
    rules: &RulesInForce,
    now: DateTime<Utc>,
) -> Result<Option<IssueForge>, EarlyEnd> {
    if !args.issue {
        return Ok(None);
    }
    let common = &args.common;
    let (target, org) = (&common.target, common.org.as_deref());
    let live = !args.dry_run;
    if live {
        looked_at(rules, &rules.policy.job, target, args.write)?;
    }
    check(target, &common.repos, org)?;
    let opened = OpenForge::new(&ForgeRequest { target, repos: &common.repos, org, live, now })?;
    match repos(opened.read(), &common.repos, org)?.as_slice() {
        [repo] => Ok(Some(IssueForge { repo: *repo, opened })),
        _ => Err(usage(anyhow!("--issue: in which repository shall the issues be? Name one with --repo"))),
    }
}

/// Follows what was proposed before, keeps the issues, records what is proposed.
pub(super) fn act(
    args: &ProposalOptions,
    rules: &RulesInForce,
    issue_forge: Option<&IssueForge>,
    report: &ProposalReport<'_>,
    now: DateTime<Utc>,
) -> Result<IssueResult, EarlyEnd> {
    let folder = &args.common.target.loop_dir;
    let clock = || args.common.target.now.unwrap_or_else(Utc::now);
    let forge = issue_forge.map_or_else(|| NO_FORGE.to_owned(), |issue_forge| issue_forge.opened.read().name());
    let live = if args.dry_run {
        None
    } else {
        Some(Live::begin(folder, SPEC.job, now, VERSION, RunSubject { forge: &forge, policies: &[], undoes: None })?)
    };
    let acted = work(args, rules, issue_forge, report, live.as_ref(), &clock);
    if let Some(live) = &live {
        let why = match &acted {
            Ok(left) => left.why.clone(),
            Err(stop) => vec![format!("{:#}", stop.error)],
        };
        let exit = acted.as_ref().map_or(Exit::Failed, |left| exit(args, report, left));
        let ended = RunEnding {
            exit: exit.code(),
            complete: why.is_empty() && report.complete(),
            why_incomplete: &why,
            totals: report.totals(),
            rules: hits(report),
            counts: issue_forge.map_or_else(RequestCounts::default, |issue_forge| issue_forge.opened.counts()),
            rules_hash: &rules.policy.hash,
        };
        live.end(&ended, clock(), VERSION)?;
    }
    acted
}

fn hits<'r>(report: &ProposalReport<'r>) -> HashMap<&'r str, usize> {
    let mut hits = HashMap::new();
    for proposal in &report.advised.proposals {
        *hits.entry(proposal.rule.as_str()).or_default() += 1;
    }
    hits
}

/// How the run ends.
pub(super) fn exit(args: &ProposalOptions, report: &ProposalReport<'_>, left: &IssueResult) -> Exit {
    let deferred = left.issues.count(ItemState::Deferred) > 0;
    if left.unsaved || left.issues.count(ItemState::Failed) > 0 {
        Exit::Failed
    } else if !report.complete() || left.ended || deferred && !args.allow_deferred {
        Exit::Incomplete
    } else {
        Exit::Done
    }
}

fn work(
    args: &ProposalOptions,
    rules: &RulesInForce,
    issue_forge: Option<&IssueForge>,
    report: &ProposalReport<'_>,
    live: Option<&Live>,
    clock: &dyn Fn() -> DateTime<Utc>,
) -> Result<IssueResult, EarlyEnd> {
    let path = args.common.target.loop_dir.join("retro/proposals.jsonl");
    // What was not read may hold what is not found.
    let believed = report.complete() && report.counts.sessions > 0;
    let (followed, added) = follow_up::follow(lines(&path)?, report.advised, report.when, believed);
    let mut left = IssueResult { followed, ..IssueResult::default() };
    if let Some(issue_forge) = issue_forge {
        issues(args, rules, issue_forge, (report, believed), live, clock, &mut left)?;
    }
    if live.is_some() {
        for line in &added {
            loop_dir::append_line(&path, line)?;
        }
    }
    Ok(left)
}

/// What earlier runs recorded.
fn lines(path: &Path) -> Result<Vec<ProposalLine>> {
    let mut lines = Vec::new();
    let read = loop_dir::read_lines(path, |line: ProposalLine| lines.push(line))?;
    live::tell(path, &read);
    Ok(lines)
}

fn issues(
    args: &ProposalOptions,
    rules: &RulesInForce,
    issue_forge: &IssueForge,
    (report, believed): (&ProposalReport<'_>, bool),
    live: Option<&Live>,
    clock: &dyn Fn() -> DateTime<Utc>,
    left: &mut IssueResult,
) -> Result<(), EarlyEnd> {
    let (policy, forge) = (&rules.policy, issue_forge.opened.read());
    let repo = &forge.repos()[issue_forge.repo].name;
    let us = Us { user: forge.user(), bots: &policy.bots };
    let mut there: BTreeMap<String, Vec<There>> = BTreeMap::new();
    let closed = forge.closed(issue_forge.repo);
    let opt_out = issues::opt_out_labels(&rules.advice);
    // Where nothing can be written, what is there changes nothing.
    for label in issues::labels(&rules.advice).iter().take(1).filter(|_| closed.is_none()) {
        let found = forge.labelled(issue_forge.repo, label);
        let found = found.with_context(|| format!("reading the issues of {repo} that are labelled {label}"))?;
        live::other_account(us, live.is_some(), found.iter().map(|item| (item.author.as_ref(), &*item.body)))?;
        for item in found {
            let ours = item.author.as_ref().is_some_and(|author| us.is(&author.login));
            if let Some(key) = key_of(policy, &item.body).filter(|_| ours) {
                let same = |name: &String| item.labels.iter().any(|label| forge.label_names().same(name, label));
                let author = item.author.as_ref().map(|author| author.login.as_str());
                let writers = || forge.writers(issue_forge.repo);
                let concerned = TrustedPeople { author, assignees: Vec::new(), writers: &writers };
                let at = (issue_forge.repo, item.number, item.comments);
                let taken = item.locked
                    || !item.assignees.is_empty()
                    || opt_out.iter().any(same)
                    || item.open
                        && is_opted_out(forge, policy, at, &concerned)
                            .with_context(|| format!("reading the comments of {repo}#{}", item.number))?;
                let issue = There { number: item.number, open: item.open, body: item.body.to_string(), taken };
                there.entry(key).or_default().push(issue);
            }
        }
    }
    let place = IssueStore { repo, there: &there, when: report.when, version: VERSION, believed };
    let worth = |priority: &str| Priority::of(priority) >= args.issue_from;
    let texts = (policy, &rules.advice, &rules.templates);
    left.issues = issues::plan(texts, place, report.advised, &left.followed, &worth)
        .map_err(|why| anyhow!("planning issues: {why}"))?;
    if let Some(why) = closed {
        let why = format!("{repo} {why}: nothing is written to it");
        say(&format!("warning: {why}"));
        left.issues.drop_all(&format!("{why}."));
    }
    let plan = finished(rules, &forge.name(), report, &left.issues);
    if let Some(Err(error)) = args.plan_out.as_ref().map(|path| output::save_plan(path, &plan)) {
        left.why.push(format!("nothing was written: {error:#}"));
        left.unsaved = true;
        return Ok(());
    }
    if let (Some(live), Some(write)) = (live, issue_forge.opened.write()) {
        let stop = live::stop()?;
        let applied = live.carry_out(write, &plan, HashMap::new(), (&stop, &args.common.screen), clock);
        drop(plan);
        for (index, outcome) in left.issues.of_items.clone().into_iter().zip(&applied.outcomes) {
            let row = &mut left.issues.rows[index];
            row.number = row.number.or(outcome.number);
            row.note.clone_from(&outcome.note);
            row.state = match outcome.fate {
                ItemFate::Done => ItemState::Done,
                ItemFate::Unchanged => ItemState::Unchanged,
                ItemFate::Dropped => ItemState::Dropped,
                ItemFate::Failed => ItemState::Failed,
                ItemFate::NotReached => ItemState::Deferred,
            };
        }
        left.ended = applied.ended.is_some();
        left.why.extend(applied.ended);
    }
    let deferred = left.issues.count(ItemState::Deferred);
    if deferred > 0 && !left.ended {
        left.why.push(format!("{deferred} issues were deferred by the rules' own limits"));
    }
    let failed = left.issues.count(ItemState::Failed);
    if failed > 0 {
        left.why.push(format!("{failed} issues failed while they were written"));
    }
    Ok(())
}

fn finished<'p>(rules: &'p RulesInForce, forge: &str, report: &ProposalReport<'p>, issues: &'p Issues) -> Plan<'p> {
    let policy = &rules.policy;
    let label = |label: &crate::engine::rules::LabelSpec| change::NewLabel {
        name: label.name.clone(),
        color: label.color.clone().unwrap_or_else(|| change::GREY.to_owned()),
        description: label.description.clone().unwrap_or_default(),
    };
    Plan {
        version: plan::VERSION,
        kaizen: VERSION.into(),
        job: SPEC.job.into(),
        forge: forge.to_owned().into(),
        created_at: report.when.into(),
        now: report.when.into(),
        rules_hash: policy.hash.as_str().into(),
        complete: report.complete(),
        manners: Manners {
            pause_ms: policy.limits.pause_ms,
            skip_command: policy.skip_command.clone(),
            more_skip_commands: Vec::new(),
            bots: policy.bots.clone(),
            labels: policy.labels.iter().map(label).collect(),
        },
        items: issues.items.as_slice().into(),
        digest: "".into(),
    }
}
