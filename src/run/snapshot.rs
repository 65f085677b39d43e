//! `kaizen snapshot`: a forge, recorded into a file.
//!
//! Takes: [`cli::Snapshot`]. Gives: the file, in the format that `--forge file:PATH` reads. The rules
//! say which timelines are wanted; with `--mask` they also say what may be shown.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::forge::{ForgeRequest, OpenForge, check, forge_file};
use super::rules;
use super::{EarlyEnd, Exit, Progress, say, usage};
use crate::apply::journal::Journal;
use crate::cli;
use crate::engine::rules::Policy;
use crate::files;
use crate::forge::file::FileForge;
use crate::forge::remote::Remote;
use crate::forge::{Comment, Event, Forge, LabelNames, Listing, PageHandler, PlacedComment, Repo, States};
use crate::jobs::backlog::BacklogQuery;
use crate::jobs::backlog_triage;
use crate::jobs::items;
use crate::jobs::states::{self, SharedWork};
use crate::snapshot;

/// Records.
pub(super) fn run(args: &cli::Snapshot) -> Result<Exit, EarlyEnd> {
    let common = &args.common;
    let (target, org) = (&common.target, common.org.as_deref());
    check(target, &common.repos, org)?;
    let same = |path: &Path| std::fs::canonicalize(path).ok().zip(std::fs::canonicalize(&args.output).ok());
    if forge_file(target).as_deref().and_then(same).is_some_and(|(forge, output)| forge == output) {
        let what = args.output.display();
        return Err(usage(anyhow!("{what} is the forge that is recorded; name another file with --output")));
    }
    let rules = match rules::find(common, &backlog_triage::SPEC)? {
        Ok(rules) => rules,
        Err(exit) => return Ok(exit),
    };
    let now = target.now.unwrap_or_else(Utc::now);
    let wanted = ForgeRequest { target, repos: &common.repos, org, live: false, now };
    let progress = Progress::new(&common.screen);
    let document = match OpenForge::new(&wanted)? {
        OpenForge::Remote(forge) => {
            let states = if args.closed { States::ALL } else { States::OPEN };
            recorded(&forge, &rules.policy, now, (states, usize::from(common.concurrency)), &progress)?
        }
        OpenForge::File(_) | OpenForge::Live(_) => read(&forge_file(target).unwrap_or_default())?,
    };
    progress.done();
    let (document, exit) = if args.mask { masked(&document, &rules.policy, now)? } else { (document, Exit::Done) };
    let mut text = serde_json::to_vec_pretty(&document).context("writing the snapshot as JSON")?;
    text.push(b'\n');
    files::replace(&args.output, &text, files::Access::Private)?;
    let count = |member: &str| {
        let repos = document["repos"].as_array().into_iter().flatten();
        repos.filter_map(|repo| repo[member].as_array()).map(Vec::len).sum::<usize>()
    };
    say(&format!("{} items recorded in {}", count("issues") + count("pulls"), args.output.display()));
    Ok(exit)
}

/// A forge that is a file already.
fn read(path: &Path) -> Result<Value, EarlyEnd> {
    let what = || format!("reading the forge file {}", path.display());
    let text = files::read(path, 1 << 30).with_context(what)?;
    Ok(serde_json::from_slice(&text).with_context(what)?)
}

fn recorded(
    forge: &Remote,
    policy: &Policy,
    now: DateTime<Utc>,
    (states, threads): (States, usize),
    progress: &Progress,
) -> Result<Value> {
    let mut repos: Vec<Map<String, Value>> = Vec::new();
    for index in 0..forge.repos().len() {
        let before = std::cell::Cell::new(0);
        repos.push(forge.record(index, states, threads, &|read| progress.more(read - before.replace(read)))?);
    }
    let document = |repos: &[Map<String, Value>]| {
        let user = Some(forge.user()).filter(|user| !user.is_empty());
        json!({"version": 1, "kind": forge.kind().name(), "user": user, "repos": repos})
    };
    let asked = timelines(&document(&repos), policy, now)?;
    for (repo, number) in asked {
        let timeline = forge.record_timeline(repo, number)?;
        let events = repos[repo].entry("events").or_insert_with(|| json!({}));
        events[number.to_string()] = timeline.into();
    }
    Ok(document(&repos))
}

/// A document as the forge that reads it.
fn opened(document: &Value) -> Result<(FileForge, tempfile::NamedTempFile)> {
    let mut file = tempfile::NamedTempFile::new().context("making a temporary file")?;
    file.write_all(document.to_string().as_bytes()).context("writing a temporary file")?;
    Ok((FileForge::open(file.path())?, file))
}

/// Which timelines the rules ask for: by repository and number.
fn timelines(document: &Value, policy: &Policy, now: DateTime<Utc>) -> Result<BTreeSet<(usize, u64)>> {
    let (forge, _file) = opened(document)?;
    let asking = Asking { forge, timelines: Mutex::default() };
    let journal = Journal::default();
    let repos = (0..asking.repos().len()).collect();
    let (forge, journal, progress) = (&asking, &journal, &|_| {});
    let asked = BacklogQuery { forge, repos, policy, now, threads: 1, only: None, plans: false, journal, progress };
    let mut backlog = items::judge(&asked)?;
    states::decide(&asked, &mut backlog, (0, &mut SharedWork::default()));
    Ok(asking.timelines.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// A forge that notes whose timeline is asked for.
struct Asking {
    forge: FileForge,
    timelines: Mutex<BTreeSet<(usize, u64)>>,
}

impl Forge for Asking {
    fn name(&self) -> String {
        self.forge.name()
    }

    fn user(&self) -> &str {
        self.forge.user()
    }

    fn repos(&self) -> &[Repo] {
        self.forge.repos()
    }

    fn closed(&self, repo: usize) -> Option<&'static str> {
        self.forge.closed(repo)
    }

    fn label_names(&self) -> LabelNames {
        self.forge.label_names()
    }

    fn quiet_link(&self, repo: usize, number: u64, full: bool) -> String {
        self.forge.quiet_link(repo, number, full)
    }

    fn items(&self, repo: usize, states: States, threads: usize, page: PageHandler<'_>) -> Result<Listing> {
        self.forge.items(repo, states, threads, page)
    }

    fn writers(&self, repo: usize) -> Result<Option<&[String]>> {
        self.forge.writers(repo)
    }

    fn comments(&self, repo: usize, number: u64) -> Result<Vec<Comment>> {
        self.forge.comments(repo, number)
    }

    fn comments_since(&self, repo: usize, since: DateTime<Utc>) -> Result<Vec<PlacedComment>> {
        self.forge.comments_since(repo, since)
    }

    fn timeline(&self, repo: usize, number: u64) -> Result<Option<Vec<Event>>> {
        self.timelines.lock().unwrap_or_else(PoisonError::into_inner).insert((repo, number));
        self.forge.timeline(repo, number)
    }
}

/// The document masked, and whether the rules decide the same on it.
fn masked(document: &Value, policy: &Policy, now: DateTime<Utc>) -> Result<(Value, Exit)> {
    let masked = snapshot::mask(document, &[policy]);
    for item in &masked.unequal {
        let number = item.number.map_or_else(String::new, |number| format!("#{number}"));
        say(&format!("warning: {}{number}: its {} is not found as before", item.repo, item.what));
    }
    let ((original, _kept), (shown, _also)) = (opened(document)?, opened(&masked.document)?);
    let differences = snapshot::check(&original, &shown, &[policy], now)?;
    for difference in &differences {
        say(&format!("warning: {difference}"));
    }
    Ok((masked.document, if differences.is_empty() { Exit::Done } else { Exit::Found }))
}
