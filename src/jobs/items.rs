//! Issues and pull requests under a policy: read and judged.
//!
//! Takes: a forge, repositories, a policy, the instant of the run. Gives: [`Backlog`], every item
//! in scope with its judgement and state. Items are judged where their page is read, on several
//! threads; a tier of facts is read for the items that cannot be judged without it, no others.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Mutex;

use anyhow::{Context, Result};

use super::backlog::{Backlog, BacklogQuery, HeldItem, OldSummary};
use super::facts;
use super::timeline::Timeline;
use super::unfinished::{RecentComments, UnfinishedItem};
use crate::engine;
use crate::engine::areas::Areas;
use crate::engine::evaluate::{Evaluation, Judgement, evaluate};
use crate::engine::examine::Examination;
use crate::engine::expr::{Expr, NameRef};
use crate::engine::facts::Fact;
use crate::engine::rules::Policy;
use crate::engine::value::Value;
use crate::engine::words::TextHits;
use crate::forge::{Account, Forge, Item, ItemKind, LabelNames, States};
use crate::plan::choice::ItemState;
use crate::plan::marker::Marker;
use crate::plan::memory::{TrustedPeople, opted_out};
use crate::plan::{self, ItemSubject, SUMMARY, section};
use crate::report::ItemRow;

/// Reads and judges by one policy.
///
/// # Errors
/// What the forge could not read.
pub fn judge<'p>(asked: &BacklogQuery<'p>) -> Result<Backlog<'p>> {
    judge_all(std::slice::from_ref(asked)).map(|mut all| all.pop().unwrap_or_default())
}

/// Reads once and judges by each policy: what is asked differs in the policy alone. One backlog a policy.
///
/// # Errors
/// What the forge could not read.
pub fn judge_all<'p>(queries: &[BacklogQuery<'p>]) -> Result<Vec<Backlog<'p>>> {
    let mut backlogs: Vec<Backlog<'p>> = queries.iter().map(|_| Backlog::default()).collect();
    let Some(any) = queries.first() else { return Ok(backlogs) };
    let mut unread = Vec::new();
    for &repo in &any.repos {
        let name = &any.forge.repos()[repo].name;
        let read = judge_repo(queries, repo, &mut backlogs).with_context(|| format!("reading the backlog of {name}"));
        match read {
            Ok(()) => {}
            // Nothing can be done where nothing can be written: what is read there is of no use either.
            Err(_) if any.forge.closed(repo).is_some() => {}
            Err(error) if any.repos.len() == 1 => return Err(error),
            // The others go on; this one is not written to.
            Err(error) => unread.push(format!("{error:#}")),
        }
    }
    if unread.len() == any.repos.len() && !any.repos.is_empty() {
        anyhow::bail!("no repository could be read: {}", unread.join("; "));
    }
    backlogs.iter_mut().for_each(|backlog| backlog.unread.clone_from(&unread));
    Ok(backlogs)
}

/// What the pages of one repository come to under one policy; shared by the threads that read them.
#[derive(Default)]
struct BacklogPages<'p> {
    rows: Vec<(usize, Vec<ItemRow<'p>>)>,
    open: usize,
    summaries: Vec<OldSummary>,
    held_outside: Vec<Vec<HeldItem>>,
    unfinished: Vec<UnfinishedItem>,
    strangers: Vec<(u64, Account)>,
    timelines: usize,
}

fn judge_repo<'p>(queries: &[BacklogQuery<'p>], repo: usize, backlogs: &mut [Backlog<'p>]) -> Result<()> {
    let Some(any) = queries.first() else { return Ok(()) };
    let recent = RecentComments::read(queries, repo)?;
    let fresh = || queries.iter().map(|_| BacklogPages::default()).collect::<Vec<_>>();
    let pages = Mutex::new(fresh());
    // Open ones always: work in hand is counted over all of them.
    let states = queries.iter().map(|asked| states_of(asked.policy)).reduce(States::or).unwrap_or(States::OPEN);
    let listed = any.forge.items(repo, states, any.threads, &|place, items| {
        let mut read = fresh();
        let mut rows: Vec<Vec<ItemRow<'p>>> = queries.iter().map(|_| Vec::with_capacity(items.len())).collect();
        for item in items {
            let timeline = Timeline::default();
            for (((asked, recent), page), rows) in queries.iter().zip(&recent).zip(&mut read).zip(&mut rows) {
                let stranger = asked.us().stranger(item.author.as_ref(), &item.body);
                page.strangers.extend(stranger.map(|account| (item.number, account)));
                page.unfinished.extend(recent.unfinished(asked, repo, item));
                rows.extend(judge_item(asked, repo, item, page, &timeline));
            }
        }
        (any.progress)(items.len());
        // A thread that panicked has ended the run; what it left is not used.
        let Ok(mut all) = pages.lock() else { return };
        for ((all, page), rows) in all.iter_mut().zip(read).zip(rows) {
            all.rows.push((place, rows));
            all.open += page.open;
            all.timelines += page.timelines;
            all.summaries.extend(page.summaries);
            all.unfinished.extend(page.unfinished);
            all.strangers.extend(page.strangers);
            add(&mut all.held_outside, page.held_outside);
        }
    })?;
    let pages = pages.into_inner().map_err(|_| anyhow::anyhow!("a thread that read pages ended early"))?;
    for ((mut pages, recent), backlog) in pages.into_iter().zip(recent).zip(backlogs) {
        add(&mut backlog.held_outside, pages.held_outside);
        pages.rows.sort_by_key(|(place, _)| *place);
        backlog.rows.reserve(pages.rows.iter().map(|(_, rows)| rows.len()).sum());
        backlog.rows.extend(pages.rows.into_iter().flat_map(|(_, rows)| rows));
        backlog.open.push((repo, pages.open));
        backlog.timelines += pages.timelines;
        backlog.unreadable.extend(listed.unreadable.iter().cloned());
        pages.summaries.sort_by_key(|summary| summary.number);
        pages.unfinished.sort_by_key(|left| left.number);
        backlog.unfinished.extend(pages.unfinished);
        let strangers = recent.strangers.into_iter().chain(pages.strangers);
        backlog.strangers.extend(strangers.map(|(number, account)| (repo, number, account)));
        backlog.summaries.extend(pages.summaries);
    }
    Ok(())
}

/// The texts of an item that patterns look in.
#[derive(Debug)]
pub struct ItemTexts<'i> {
    title: &'i str,
    body: Cow<'i, str>,
    labels: Vec<&'i str>,
}

impl<'i> ItemTexts<'i> {
    /// A section of ours in its body is no text of theirs.
    #[must_use]
    pub fn of(item: &'i Item<'_>) -> Self {
        let labels = item.labels.iter().map(|label| &**label).collect();
        ItemTexts { title: &item.title, body: section::without(&item.body), labels }
    }

    /// Ready to be searched; so many patterns are common to the policies that ask.
    #[must_use]
    pub fn unsearched(&self, common: usize) -> Rc<TextHits<'_>> {
        Rc::new(TextHits::new(Areas::new(self.title, &self.body, &self.labels), common))
    }
}

/// Judges one item as [`judge`] does and hands it over to be asked about; nothing is counted. `None`
/// where it is out of scope.
pub fn examine<'p, T>(
    asked: &BacklogQuery<'p>,
    repo: usize,
    (item, found): (&Item<'_>, &Rc<TextHits<'_>>),
    timeline: &Timeline,
    then: impl FnOnce(&Examination<'p, '_>, &ItemRow<'p>) -> T,
) -> Option<T> {
    let policy = asked.policy;
    if !of_kind(policy, item) || !facts::in_scope(policy, item, asked.forge.label_names(), asked.now) {
        return None;
    }
    let now = asked.now.timestamp_micros();
    let body = section::without(&item.body);
    let own_report = facts::is_ours(&asked.us(), item) && Marker::ending(&item.body).is_some();
    let mut seen = facts::facts(policy, &asked.forge.repos()[repo], (item, &body), own_report);
    seen.last_activity = timeline.activity_so_far(asked);
    let examined = Examination::with(policy, (&seen, Rc::clone(found)), now);
    if let Evaluation::Judged(judgement) = examined.judgement() {
        return Some(then(&examined, &row(asked, (repo, item), (judgement, None), &seen)));
    }
    let failed = timeline.read(asked, repo, item.number).err();
    let seen = engine::facts::ItemFacts { last_activity: timeline.activity_so_far(asked), ..seen.clone() };
    let examined = Examination::with(policy, (&seen, Rc::clone(found)), now);
    let Evaluation::Judged(judgement) = examined.judgement() else { return None };
    Some(then(&examined, &row(asked, (repo, item), (judgement, failed), &seen)))
}

fn judge_item<'p>(
    asked: &BacklogQuery<'p>,
    repo: usize,
    item: &Item<'_>,
    page: &mut BacklogPages<'p>,
    timeline: &Timeline,
) -> Option<ItemRow<'p>> {
    let (forge, policy) = (asked.forge, asked.policy);
    let ours = facts::is_ours(&asked.us(), item);
    let marker = if ours { Marker::ending(&item.body) } else { None };
    if ours && is_summary(policy, &item.body) {
        page.summaries.push(OldSummary { repo, number: item.number, open: item.open, body: item.body.to_string() });
    }
    if !of_kind(policy, item) {
        return None;
    }
    page.open += usize::from(item.open);
    // Under `--only` the others matter for the work in hand, where that is capped.
    let capped = policy.agents.iter().any(|agent| agent.at_once.is_some());
    if asked.only.is_some_and(|only| only != item.number) && !capped {
        return None;
    }
    // What `scope` leaves out is not judged, but it can be work in hand.
    let outside = !facts::in_scope(policy, item, forge.label_names(), asked.now);
    if outside && !(capped && item.open) {
        return None;
    }
    // A section of ours is no text of theirs.
    let body = section::without(&item.body);
    let mut seen = facts::facts(policy, &forge.repos()[repo], (item, &body), marker.is_some());
    let now = asked.now.timestamp_micros();
    let mut failed = None;
    let mut evaluation = evaluate(policy, &seen, now);
    if let Evaluation::Lacks(_) = evaluation {
        failed = timeline.read(asked, repo, item.number).err();
        page.timelines += usize::from(timeline.was_read());
        seen.last_activity = timeline.activity_so_far(asked);
        evaluation = evaluate(policy, &seen, now);
    }
    // With its timeline read or known to be unrecorded, nothing is lacking.
    let Evaluation::Judged(mut judgement) = evaluation else { return None };
    if !item.open {
        judgement.held.fill(false);
    }
    if outside {
        let held = |held: &bool| held.then_some((repo, item.number)).into_iter().collect();
        add(&mut page.held_outside, judgement.held.iter().map(held).collect());
        return None;
    }
    Some(row(asked, (repo, item), (judgement, failed), &seen))
}

fn row<'p>(
    asked: &BacklogQuery<'p>,
    (repo, item): (usize, &Item<'_>),
    (judgement, failed): (Box<Judgement<'p>>, Option<String>),
    seen: &engine::facts::ItemFacts<'_>,
) -> ItemRow<'p> {
    let acts = judgement.action.is_some() && !judgement.observed && failed.is_none();
    // What we wrote ourselves is nobody's prey, unless the rule that decides is about it.
    let spared = acts && seen.own_report && !judgement.rule.is_some_and(|rule| is_about_ours(asked.policy, rule));
    let acts = acts && !spared;
    let note = failed.clone().or(spared.then(|| "Our own issue, and the rule does not name `own_report`.".to_owned()));
    let mut subject = acts.then(|| Box::new(subject(asked.policy, item, seen, asked.forge.label_names())));
    subject.iter_mut().for_each(|subject| {
        // An issue that we opened gets none opened for it: there would be no end.
        subject.created = seen.own_report;
        subject.digest = asked.plans.then(|| plan::item_digest(item));
    });
    let assignees = item.assignees.iter().map(|login| login.to_string()).collect();
    let state = if failed.is_some() { ItemState::Failed } else { ItemState::Skipped };
    ItemRow { repo, kind: item.kind, number: item.number, open: item.open, assignees, judgement, state, note, subject }
}

/// Whether a rule is about issues of ours: it asks for `own_report`, itself or in a flag, or for a label by its name
/// that only they get.
fn is_about_ours(policy: &Policy, rule: usize) -> bool {
    let created = policy.actions.iter().filter_map(|action| action.create_issue.as_ref());
    let labels: Vec<&str> = policy
        .summary
        .iter()
        .map(|summary| summary.label.as_str())
        .chain(created.flat_map(|issue| issue.labels.iter().map(String::as_str)))
        .collect();
    let mut found = false;
    let mut conditions: Vec<&Expr> = policy.decide[rule].when.iter().map(|when| &when.expr).collect();
    while let Some(condition) = conditions.pop() {
        condition.walk(&mut |part| match part {
            Expr::Name(NameRef::Fact(Fact::OwnReport)) => found = true,
            // A flag names only earlier ones.
            Expr::Name(NameRef::Flag(flag)) => conditions.push(&policy.flags[*flag].when.expr),
            Expr::Literal(Value::Text(text)) => found |= labels.contains(&text.as_ref()),
            _ => {}
        });
    }
    found
}

/// Whether a text is that of this policy's summary.
#[must_use]
pub fn is_summary(policy: &Policy, body: &str) -> bool {
    Marker::ending(body)
        .is_some_and(|marker| policy.is_marked(marker.get("policy")) && marker.get("key") == Some(SUMMARY))
}

/// Adds lists one by one.
fn add(to: &mut Vec<Vec<HeldItem>>, lists: Vec<Vec<HeldItem>>) {
    to.resize_with(to.len().max(lists.len()), Vec::new);
    to.iter_mut().zip(lists).for_each(|(all, more)| all.extend(more));
}

/// What a text and a plan need of an item that a rule acts on.
#[must_use]
pub fn subject(
    policy: &Policy,
    item: &Item<'_>,
    facts: &engine::facts::ItemFacts<'_>,
    label_names: LabelNames,
) -> ItemSubject {
    ItemSubject {
        digest: None,
        labels: item.labels.iter().map(|label| label.to_string()).collect(),
        label_names,
        author: item.author.clone(),
        milestone: item.milestone.as_ref().map(ToString::to_string),
        open: item.open,
        locked: item.locked,
        draft: item.draft,
        comments: item.comments,
        created_at: item.created_at,
        updated_at: item.updated_at,
        own_report: facts.own_report,
        last_activity: facts.last_activity,
        earlier: None,
        commented: false,
        unheard: false,
        section: section::there(&item.body, &policy.mark),
        created: false,
    }
}

/// Whether somebody whose word counts has asked in a comment that an item be left alone: its repository, its number,
/// how many comments it has.
///
/// # Errors
/// Its comments could not be read, or who may write.
pub fn is_opted_out(
    forge: &dyn Forge,
    policy: &Policy,
    (repo, number, comments): (usize, u64, u64),
    concerned: &TrustedPeople<'_>,
) -> Result<bool> {
    // A server counts its comments rightly; whoever wrote a file by hand may not have.
    if policy.skip_command.is_none() || comments == 0 && forge.is_remote() {
        return Ok(false);
    }
    Ok(opted_out(&forge.comments(repo, number)?, policy.skip_command.as_deref(), concerned)?.is_some())
}

/// What a policy looks at.
#[must_use]
pub fn states_of(policy: &Policy) -> States {
    let scope = |kind: &ItemKind| policy.scope.kinds.iter().any(|name| name == kind.name());
    let kinds: Vec<ItemKind> = [ItemKind::Issue, ItemKind::Pull].into_iter().filter(scope).collect();
    States { closed: policy.scope.closed, ..States::OPEN.of(&kinds) }
}

fn of_kind(policy: &Policy, item: &Item<'_>) -> bool {
    policy.scope.kinds.iter().any(|kind| kind == item.kind.name())
}
