//! The issue of the forge that holds the reports.
//!
//! Takes: a forge, which issue the rules mean. Gives: [`Place`], what its comments remember, and the report
//! on it, one comment a day, through the one writer.

use std::collections::HashMap;

use anyhow::{Context, Result, anyhow};
use chrono::Utc;

use super::super::live::{self, Live};
use super::super::output::variable;
use super::super::{Stop, VERSION};
use super::Run;
use crate::apply::{Applied, Fate};
use crate::forge::time::rfc3339;
use crate::forge::{Comment, Forge, Item, Kind, States, seek};
use crate::jobs::kaizen_retro::memory::Memory;
use crate::jobs::kaizen_retro::post::{Post, Wanted, choose, remember};
use crate::jobs::kaizen_retro::{Asked, Retro};
use crate::plan::Plan;
use crate::plan::memory::Us;

/// An issue, or where one is to be created.
pub(super) struct Place {
    /// `owner/name`.
    pub(super) repo: String,
    index: usize,
    number: Option<u64>,
    comments: Vec<Comment>,
    /// Label and title, where it may be created.
    create: Option<(String, String)>,
}

impl Place {
    /// Finds it. The inner error says why there is none; what the forge could not read is one too, because
    /// the report is worth having without it.
    pub(super) fn find(
        forge: &dyn Forge,
        repos: &[usize],
        repo: Option<&str>,
        (label, title, create): (Option<String>, Option<String>, bool),
    ) -> Result<Result<Place, String>, Stop> {
        let there = forge.repos();
        let of_job = variable("GITHUB_REPOSITORY");
        let index = match (repo.or(of_job.as_deref()), repos) {
            (Some(name), _) => there.iter().position(|known| known.name.eq_ignore_ascii_case(name)),
            (None, [one]) => Some(*one),
            (None, _) => None,
        };
        let index = match (index, repo, repos) {
            (Some(index), _, _) => index,
            // The job's own repository may be none of those that are looked at.
            (None, None, [one]) => *one,
            (None, Some(name), _) => {
                return Ok(Err(format!(
                    "{name} is not among the repositories that are looked at; name it with --repo"
                )));
            }
            (None, None, _) => {
                return Ok(Err("which repository is it in? Name it: `issue: {repo: owner/name, …}`".to_owned()));
            }
        };
        let wanted = Wanted { label: label.as_deref(), title: title.as_deref() };
        let found = find(forge, index, wanted);
        let name = there[index].name.clone();
        let (number, comments) = match found {
            Ok(Some((number, comments))) => (Some(number), comments),
            Ok(None) => (None, Vec::new()),
            Err(error) => return Ok(Err(format!("looking for it in {name}: {error:#}"))),
        };
        if number.is_none() && !create {
            return Ok(Err(format!("{name} has no issue with that label or title, and `create` is not true")));
        }
        let create = label.zip(title).filter(|_| create);
        Ok(Ok(Place { repo: name, index, number, comments, create }))
    }

    /// What earlier reports on it tell.
    pub(super) fn remember(&self, forge: &dyn Forge, bots: &[String], memory: &mut Memory) {
        remember(&self.comments, Us { user: forge.user(), bots }, memory);
    }

    /// Makes it say the report.
    pub(super) fn post(
        &self,
        run: &Run<'_>,
        live: &Live,
        asked: &Asked<'_>,
        (retro, memory): (&Retro<'_>, &Memory),
    ) -> Result<String> {
        let write = run.forge.write().ok_or_else(|| anyhow!("this forge cannot be written to"))?;
        let (name, now, verdicts) = (write.name(), rfc3339(run.now), memory.told());
        let suggested = retro.suggested(asked);
        let post = Post {
            forge: &name,
            repo: &self.repo,
            key: retro.key,
            text: &retro.markdown,
            suggested: suggested.as_ref(),
            verdicts: &verdicts,
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
                created.ok_or_else(|| anyhow!("creating the issue for the reports: {}", said(&applied)))?
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
            Some(Fate::Done) => Ok(format!("a comment on {at}")),
            Some(Fate::Unchanged) => Ok(format!("{at} says it already")),
            _ => Err(anyhow!("commenting on {at}: {}", said(&applied))),
        }
    }

    fn carry_out(&self, run: &Run<'_>, live: &Live, plan: &Plan<'_>) -> Result<Applied> {
        let write = run.forge.write().ok_or_else(|| anyhow!("this forge cannot be written to"))?;
        let target = &run.args.common.target;
        let clock = || target.now.unwrap_or_else(Utc::now);
        let stop = live::stop()?;
        let comments = self.number.map(|number| ((self.index, number), self.comments.clone()));
        let comments: HashMap<_, _> = comments.into_iter().collect();
        Ok(live.carry_out(write, plan, comments, (&stop, &run.args.common.shown), &clock))
    }
}

fn find(forge: &dyn Forge, index: usize, wanted: Wanted<'_>) -> Result<Option<(u64, Vec<Comment>)>> {
    let labelled = match wanted.label {
        Some(label) => forge.labelled(index, label).with_context(|| format!("reading the issues labelled {label}"))?,
        None => Vec::new(),
    };
    // The others are read only where the label does not tell: with `title` alone, or where nobody carries it.
    let open = labelled.iter().any(|item| item.open);
    let begins = wanted.title.map(str::to_lowercase).unwrap_or_default();
    let titled = |item: &Item<'_>| item.title.trim_start().to_lowercase().starts_with(&begins);
    let all = match wanted.title {
        Some(_) if !open => {
            let found = seek::those(|page| forge.items(index, States::OPEN.of(&[Kind::Issue]), 1, page), titled)?;
            if found.is_empty() && labelled.is_empty() {
                seek::those(|page| forge.items(index, States::ALL.of(&[Kind::Issue]), 1, page), titled)?
            } else {
                found
            }
        }
        _ => Vec::new(),
    };
    let Some(number) = choose(wanted, &labelled, &all).map(|item| item.number) else { return Ok(None) };
    let comments = forge.comments(index, number).with_context(|| format!("reading the comments of #{number}"))?;
    Ok(Some((number, comments)))
}

/// What became of a plan, in words.
fn said(applied: &Applied) -> String {
    let notes = applied.outcomes.iter().filter_map(|outcome| outcome.note.clone());
    let all: Vec<String> = notes.chain(applied.ended.clone()).collect();
    if all.is_empty() { "the forge does not say why".to_owned() } else { all.join("; ") }
}
