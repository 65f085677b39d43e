//! The issue of the forge that holds the reports.
//!
//! Takes: a forge, which issue the rules mean. Gives: [`RetroIssue`], what its comments remember, and the report
//! on it, one comment a day, through the one writer.

use std::collections::HashMap;

use anyhow::{Context, Result, anyhow};
use chrono::Utc;

use super::super::VERSION;
use super::super::live::{self, Live};
use super::super::output::variable;
use super::RetroRun;
use crate::apply::{ApplyResult, ItemFate};
use crate::forge::time::rfc3339;
use crate::forge::{Account, Comment, Forge, Item, ItemKind, States, seek};
use crate::jobs::kaizen_retro::memory::RetroMemory;
use crate::jobs::kaizen_retro::post::{Post, ReportPlace, choose, remember};
use crate::jobs::kaizen_retro::{Retro, RetroQuery};
use crate::language::sinks::IssueSink;
use crate::plan::Plan;
use crate::plan::memory::Us;

/// An issue, or where one is to be created.
pub(super) struct RetroIssue {
    /// `owner/name`.
    pub(super) repo: String,
    index: usize,
    number: Option<u64>,
    comments: Vec<Comment>,
    /// Others' issues with the label or the title.
    theirs: Vec<Item<'static>>,
    /// Label and title, where it may be created.
    create: Option<(String, String)>,
    /// Why nothing can be written there, whoever asks.
    closed: Option<&'static str>,
}

/// Why there is no such issue.
#[derive(Debug)]
pub(super) enum NoRetroIssue {
    /// Nothing says in which of several repositories it is.
    Repository,
    /// A sentence.
    Because(String),
}

impl std::fmt::Display for NoRetroIssue {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoRetroIssue::Repository => {
                to.write_str("which repository is it in? Name it: `issue: {repo: owner/name, …}`")
            }
            NoRetroIssue::Because(why) => to.write_str(why),
        }
    }
}

/// What is posted.
#[derive(Clone, Copy)]
pub(super) struct RetroPost<'t> {
    pub(super) retro: &'t Retro<'t>,
    pub(super) memory: &'t RetroMemory,
    /// Ids of the sinks elsewhere that have it, with commas.
    pub(super) sent: &'t str,
}

impl RetroIssue {
    /// Finds it. That it cannot be read keeps nobody from the report, which is worth having without it.
    pub(super) fn find(
        forge: &dyn Forge,
        repos: &[usize],
        sink: &IssueSink,
        us: Us<'_>,
    ) -> Result<RetroIssue, NoRetroIssue> {
        let there = forge.repos();
        let of_job = variable("GITHUB_REPOSITORY");
        let index = match (sink.repo.as_deref().or(of_job.as_deref()), repos) {
            (Some(name), _) => there.iter().position(|known| known.name.eq_ignore_ascii_case(name)),
            (None, [one]) => Some(*one),
            (None, _) => None,
        };
        let index = match (index, &sink.repo, repos) {
            (Some(index), _, _) => index,
            // The job's own repository may be none of those that are looked at.
            (None, None, [one]) => *one,
            (None, Some(name), _) => {
                return Err(NoRetroIssue::Because(format!(
                    "{name} is not among the repositories that are looked at; name it with --repo"
                )));
            }
            (None, None, _) => return Err(NoRetroIssue::Repository),
        };
        let name = there[index].name.clone();
        let mut place = RetroIssue {
            repo: name,
            index,
            number: sink.number,
            comments: Vec::new(),
            theirs: Vec::new(),
            create: sink.label.clone().zip(sink.title.clone()).filter(|_| sink.create && sink.number.is_none()),
            closed: forge.closed(index),
        };
        if place.closed.is_some() {
            return Ok(place);
        }
        let looked = place.look(forge, sink, us);
        looked.map_err(|error| NoRetroIssue::Because(format!("looking for it in {}: {error:#}", place.repo)))?;
        if place.number.is_none() && place.create.is_none() {
            let others = place.theirs.iter().max_by_key(|item| item.number);
            let others = others.map_or_else(String::new, |item| {
                let who = item.author.as_ref().map_or("somebody", |author| &author.login);
                format!("; #{} is {who}'s: to use it, name it, `number: {}`", item.number, item.number)
            });
            return Err(NoRetroIssue::Because(format!(
                "{} has no issue of ours with that label or title, and `create` is not true{others}",
                place.repo
            )));
        }
        Ok(place)
    }

    fn look(&mut self, forge: &dyn Forge, sink: &IssueSink, us: Us<'_>) -> Result<()> {
        if let Some(number) = sink.number {
            let found = forge.find(self.index, number)?.filter(|item| item.kind == ItemKind::Issue);
            found.ok_or_else(|| anyhow!("there is no issue #{number}"))?;
        } else {
            let wanted = ReportPlace { label: sink.label.as_deref(), title: sink.title.as_deref() };
            let ours = |item: &Item<'_>| item.author.as_ref().is_some_and(|author| us.is(&author.login));
            let (labelled, theirs) = labelled(forge, self.index, wanted)?.into_iter().partition(&ours);
            self.theirs = theirs;
            let (titled, theirs): (Vec<_>, Vec<_>) =
                titled(forge, self.index, wanted, &labelled)?.into_iter().partition(&ours);
            self.theirs.extend(theirs);
            self.number = choose(wanted, &labelled, &titled).map(|item| item.number);
        }
        if let Some(number) = self.number {
            let comments = forge.comments(self.index, number);
            self.comments = comments.with_context(|| format!("reading the comments of #{number}"))?;
        }
        Ok(())
    }

    /// What others may have written here in our form.
    pub(super) fn texts(&self) -> impl Iterator<Item = (Option<&Account>, &str)> {
        let comments = self.comments.iter().map(|comment| (comment.author.as_ref(), comment.body.as_str()));
        comments.chain(self.theirs.iter().map(|item| (item.author.as_ref(), &*item.body)))
    }

    /// What earlier reports on it tell.
    pub(super) fn remember(&self, forge: &dyn Forge, bots: &[String], memory: &mut RetroMemory) {
        remember(&self.comments, Us { user: forge.user(), bots }, memory);
    }

    /// Makes it say the report.
    pub(super) fn post(
        &self,
        run: &RetroRun<'_>,
        live: &Live,
        asked: &RetroQuery<'_>,
        told: RetroPost<'_>,
    ) -> Result<String> {
        if let Some(why) = self.closed {
            return Ok(format!("{} {why}: nothing is written to it", self.repo));
        }
        let RetroPost { retro, memory, sent } = told;
        let write = run.forge.write().ok_or_else(|| anyhow!("this forge cannot be written to"))?;
        let (name, now, verdicts) = (write.name(), rfc3339(run.now), memory.verdicts_for_marker());
        let suggested = retro.suggested(asked);
        let post = Post {
            forge: &name,
            repo: &self.repo,
            key: retro.key,
            text: &retro.markdown,
            suggested: suggested.as_ref(),
            verdicts: &verdicts,
            sent,
            now: &now,
            version: VERSION,
            rules_hash: &run.rules.policy.hash,
            bots: &run.rules.policy.bots,
        };
        let us = Us { user: write.user(), bots: &run.rules.policy.bots };
        let number = match (self.number, &self.create) {
            (Some(number), _) => number,
            (None, Some((label, title))) => {
                let applied = self.carry_out(run, live, &post.issue(title, label))?;
                let created = applied.outcomes.first().and_then(|outcome| outcome.number);
                created.ok_or_else(|| anyhow!("creating the issue for the reports: {}", describe(&applied)))?
            }
            (None, None) => return Err(anyhow!("there is no such issue")),
        };
        let plan = post.comment(number, &self.comments, us);
        let at = format!("{}#{number}", self.repo);
        if plan.items.is_empty() {
            return Ok(format!("{at} says it already"));
        }
        let applied = self.carry_out(run, live, &plan)?;
        match applied.outcomes.first().map(|outcome| outcome.fate) {
            Some(ItemFate::Done) => Ok(format!("a comment on {at}")),
            Some(ItemFate::Unchanged) => Ok(format!("{at} says it already")),
            _ => Err(anyhow!("commenting on {at}: {}", describe(&applied))),
        }
    }

    fn carry_out(&self, run: &RetroRun<'_>, live: &Live, plan: &Plan<'_>) -> Result<ApplyResult> {
        let write = run.forge.write().ok_or_else(|| anyhow!("this forge cannot be written to"))?;
        let target = &run.args.common.target;
        let clock = || target.now.unwrap_or_else(Utc::now);
        let stop = live::stop()?;
        let comments = self.number.map(|number| ((self.index, number), self.comments.clone()));
        let comments: HashMap<_, _> = comments.into_iter().collect();
        Ok(live.carry_out(write, plan, comments, (&stop, &run.args.common.screen), &clock))
    }
}

fn labelled(forge: &dyn Forge, index: usize, wanted: ReportPlace<'_>) -> Result<Vec<Item<'static>>> {
    let Some(label) = wanted.label else { return Ok(Vec::new()) };
    forge.labelled(index, label).with_context(|| format!("reading the issues labelled {label}"))
}

/// The others are read only where the label does not tell: with `title` alone, or where none of ours carries it.
fn titled(
    forge: &dyn Forge,
    index: usize,
    wanted: ReportPlace<'_>,
    labelled: &[Item<'_>],
) -> Result<Vec<Item<'static>>> {
    let Some(begins) = wanted.title.map(str::to_lowercase) else { return Ok(Vec::new()) };
    if labelled.iter().any(|item| item.open) {
        return Ok(Vec::new());
    }
    let titled = |item: &Item<'_>| item.title.trim_start().to_lowercase().starts_with(&begins);
    let open = seek::those(|page| forge.items(index, States::OPEN.of(&[ItemKind::Issue]), 1, page), titled)?;
    match open.is_empty() && labelled.is_empty() {
        true => seek::those(|page| forge.items(index, States::ALL.of(&[ItemKind::Issue]), 1, page), titled),
        false => Ok(open),
    }
}

/// What became of a plan, in words.
fn describe(applied: &ApplyResult) -> String {
    let notes = applied.outcomes.iter().filter_map(|outcome| outcome.note.clone());
    let all: Vec<String> = notes.chain(applied.ended.clone()).collect();
    if all.is_empty() { "the forge does not say why".to_owned() } else { all.join("; ") }
}
