//! The last look before the first write to an item.
//!
//! Takes: a planned effect. Gives: what of it is still to be written, or why nothing is: the item
//! changed since the rules read it, a person opted out, it is all there. What this effect itself has
//! written already is no change.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use anyhow::Result;
use chrono::{DateTime, Utc};

use super::doubt::{self, Doubt, ItemAddress};
use super::preflight::Repository;
use super::twice::CLOCKS;
use super::{ItemFate, ItemOutcome, PlanRun};
use crate::forge::change::Fresh;
use crate::forge::{Account, Comment, EventKind, Item, LabelNames, time};
use crate::plan::marker::Marker;
use crate::plan::memory::{self, ItemStanding, TrustedPeople};
use crate::plan::{self, Effect, Op, PlannedItem, Write, section};

/// How long the list of changed comments of a repository is good for.
const FRESH: Duration = Duration::from_secs(5);

/// What the look came to.
pub(super) enum Readiness {
    /// These writes are left to do.
    Write {
        /// The item as it is now.
        fresh: Box<Fresh>,
        /// Its comments, where they matter.
        comments: Vec<Comment>,
        /// In order.
        writes: Vec<Write>,
    },
    /// Nothing is written.
    Not(ItemOutcome),
}

pub(super) fn dropped(why: impl Into<String>) -> Readiness {
    Readiness::Not(ItemOutcome::new(ItemFate::Dropped, why.into()))
}

impl PlanRun<'_, '_> {
    /// Reads the item and its comments once more. `seen` is the digest of what it looked like to the rules, or, after
    /// an earlier effect, of what it then looked like.
    pub(super) fn look(
        &self,
        repository: &Repository,
        item: &PlannedItem,
        (number, seen): (u64, &mut Option<String>),
        effect: &Effect,
    ) -> Result<Readiness> {
        let forge = self.apply.forge;
        let unknown = |write: &Write| {
            let assigns = matches!(write.op, Op::Assign | Op::CreateIssue);
            let unknown = |login: &&String| assigns && repository.unassignable.contains(login);
            write.args.assignees.iter().find(unknown).cloned()
        };
        if let Some(login) = effect.writes.iter().find_map(unknown) {
            let text = format!("Nothing was written: {login} cannot be assigned here.");
            return Ok(Readiness::Not(ItemOutcome::new(ItemFate::Failed, text)));
        }
        let Some(fresh) = forge.item(repository.index, item.kind, number)? else {
            return Ok(dropped("It is gone."));
        };
        if effect.writes.iter().any(Write::is_undo) {
            let same = seen.as_ref() == Some(&plan::item_digest(&fresh.item));
            return self.look_back_once(repository, item, (fresh, same), effect);
        }
        if effect.writes.iter().any(|write| plan::is_kept(&write.key)) {
            return self.look_at_own_issue(repository.index, fresh, effect);
        }
        let comments = self.comments(repository.index, number, &fresh.item)?;
        let texts = comments.iter().map(|comment| (comment.author.as_ref(), comment.body.as_str()));
        if let Some(login) = self.us().job_account(texts) {
            let text = format!("Nothing was written: {}.", memory::job_account_help(&login, forge.user()));
            return Ok(Readiness::Not(ItemOutcome::new(ItemFate::Failed, text)));
        }
        if let Some(dropped) = self.opted_out(repository.index, &fresh.item, &comments)? {
            return Ok(dropped);
        }
        let key = effect.writes.first().map_or(plan::DECISION, |write| &write.key);
        let newest = memory::newest(&comments, self.us(), &effect.policy, key);
        let posted = newest.as_ref().filter(|(_, marker)| marker.get("did") == Some(&effect.did));
        let now = plan::item_digest(&fresh.item);
        if seen.as_ref() != Some(&now)
            && !self.as_seen(item, effect, &fresh.item, posted.is_some())
            && !self.as_all_left(item, &fresh.item, &comments)
        {
            return Ok(dropped("It changed since the rules read it."));
        }
        seen.iter_mut().for_each(|seen| seen.clone_from(&now));
        if posted.is_none()
            && let Some(why) = self.moved(repository.index, item, number, &comments)?
        {
            return Ok(dropped(why));
        }
        let has_comment = effect.writes.iter().any(Write::is_comment);
        let mut writes = effect.writes.clone();
        let state = ItemStanding::of(&fresh.item, forge.label_names());
        writes.retain_mut(|write| memory::take_out_done(write, &state));
        let mut left = Vec::with_capacity(writes.len());
        for write in writes {
            if self.is_left(repository, &fresh.item, effect, &write)? {
                left.push(write);
            }
        }
        let mut writes = left;
        if let Some((comment, marker)) = posted
            && has_comment
        {
            writes.retain(|write| !write.is_comment() || self.still_old(write, &comments));
            let left: Vec<Write> = writes.iter().filter(|write| !write.is_comment()).cloned().collect();
            if !left.is_empty() {
                let at = ItemAddress { repo: repository.index, name: &item.repo, number };
                let decided = doubt::decide(forge, self.apply.journal, self.us(), at, (comment, marker), &left)?;
                if let Doubt::Person(why) = decided {
                    return Ok(Readiness::Not(ItemOutcome::new(ItemFate::Unchanged, why)));
                }
            }
        } else if has_comment
            && let Some((comment, _)) = newest
            && !effect.writes.iter().any(|write| write.args.id == Some(comment.id))
        {
            if key != plan::DECISION {
                let text = "Another run has said it there meanwhile.".to_owned();
                return Ok(Readiness::Not(ItemOutcome::new(ItemFate::Unchanged, text)));
            }
            // Another run has decided otherwise meanwhile.
            return Ok(dropped("A newer comment of ours stands there, about another decision."));
        } else if !has_comment && posted.is_none() && !writes.is_empty() {
            // Its memory is the timeline alone, also for a plan that is carried out again.
            let at = ItemAddress { repo: repository.index, name: &item.repo, number };
            if let Some(against) = doubt::against(forge, self.us(), at, fresh.item.updated_at, &writes)? {
                return Ok(Readiness::Not(ItemOutcome::new(ItemFate::Unchanged, against.why())));
            }
        }
        if let Some(not) = writes.iter().find_map(|write| self.not_ours(effect, write, &comments)) {
            return Ok(not);
        }
        Ok(Readiness::Write { fresh: Box::new(fresh), comments, writes })
    }

    /// Why nothing is written to an item that somebody asked to leave alone.
    fn opted_out(&self, repo: usize, item: &Item<'_>, comments: &[Comment]) -> Result<Option<Readiness>> {
        let concerned = TrustedPeople {
            author: item.author.as_ref().map(|author| author.login.as_str()),
            assignees: item.assignees.iter().map(|login| &**login).collect(),
            writers: &|| self.apply.forge.writers(repo),
        };
        for command in self.plan.manners.skip_commands() {
            if let Some(login) = memory::opted_out(comments, Some(command), &concerned)? {
                return Ok(Some(dropped(format!("{login} asked to leave it alone."))));
            }
        }
        Ok(None)
    }

    /// Why a write is not made that would change what is not ours, whatever plan asks for it: a comment counts as
    /// ours by its author and its marker, a part of a text by its section. One guard for every forge.
    pub(super) fn not_ours(&self, effect: &Effect, write: &Write, comments: &[Comment]) -> Option<Readiness> {
        let failed = |why: String| {
            Some(Readiness::Not(ItemOutcome::new(ItemFate::Failed, format!("Nothing was written: {why}."))))
        };
        let body = write.args.body.as_deref().unwrap_or("");
        match write.op {
            Op::EditComment | Op::DeleteComment => {
                let id = write.args.id.unwrap_or_default();
                let Some(comment) = comments.iter().find(|comment| comment.id == id) else {
                    return Some(dropped(format!("Its comment {id} is gone.")));
                };
                let marker = match self.us().marker(comment) {
                    // What was reduced to a line has its marker again after an undo.
                    None if write.is_undo() && write.op == Op::EditComment => Marker::ending(body),
                    marker => marker,
                };
                let author = comment.author.as_ref().map_or("nobody", |author| author.login.as_str());
                if !self.us().is(author) {
                    return failed(format!("the comment {id} is by {author}, and not ours"));
                }
                if marker.is_some_and(|marker| is_of(&marker, effect)) {
                    None
                } else {
                    failed(format!("the comment {id} is not one of `{}`", effect.policy))
                }
            }
            Op::EditBody if !write.is_undo() && !plan::is_kept(&write.key) => {
                let section = write.args.section.as_deref().unwrap_or("");
                let whole = section::whole(section, &effect.policy) == Some(section);
                if whole { None } else { failed("`edit_body` holds no section of ours".to_owned()) }
            }
            _ => None,
        }
    }

    /// What somebody else said or did since the decision, where it turned on such things.
    fn moved(&self, repo: usize, item: &PlannedItem, number: u64, comments: &[Comment]) -> Result<Option<String>> {
        let Some(basis) = &item.turned_on else { return Ok(None) };
        let since = time::parse(&basis.since);
        let later = |at: Option<DateTime<Utc>>| at.zip(since).is_none_or(|(at, since)| at > since);
        let other = |who: &Option<Account>| who.as_ref().is_none_or(|who| !self.us().is(&who.login));
        let said = comments.iter().find(|comment| later(comment.at()) && other(&comment.author));
        let done = match said {
            Some(_) => None,
            None => {
                let events = self.apply.forge.timeline(repo, number)?.unwrap_or_default();
                events.into_iter().find(|event| later(event.at) && other(&event.actor))
            }
        };
        let author = said.map(|comment| &comment.author).or(done.as_ref().map(|event| &event.actor));
        Ok(author.map(|who| {
            let who = who.as_ref().map_or("Somebody", |who| who.login.as_str());
            format!("{who} said or did something since it was decided, and that turned on {}.", basis.facts.join(", "))
        }))
    }

    /// The comments that this run has read of the item, where none came, went or was edited since; else as
    /// they are.
    fn comments(&self, repo: usize, number: u64, item: &Item<'_>) -> Result<Vec<Comment>> {
        match self.apply.comments.get(&(repo, number)) {
            Some(known) if known.len() as u64 == item.comments && !self.edited(repo, number, known)? => {
                Ok(known.clone())
            }
            _ => self.apply.forge.comments(repo, number),
        }
    }

    /// Whether a comment that was read has another text by now. An edit moves neither their number nor, on
    /// some forges, the item (fact 35): what changed in the whole repository since the run began is asked
    /// for, one request every few seconds, not one an item.
    fn edited(&self, repo: usize, number: u64, known: &[Comment]) -> Result<bool> {
        if !self.apply.forge.is_remote() {
            // A file is this run's alone.
            return Ok(false);
        }
        let mut changed = self.changed.borrow_mut();
        if changed.get(&repo).is_none_or(|(asked, _)| asked.elapsed() >= FRESH) {
            let since = self.apply.started - chrono::Duration::minutes(CLOCKS);
            let placed = self.apply.forge.comments_since(repo, since)?;
            changed.insert(repo, (Instant::now(), placed));
        }
        let now = changed.get(&repo).map_or(&[][..], |(_, placed)| placed.as_slice());
        let another = |then: &Comment| {
            let same = now.iter().find(|placed| placed.number == number && placed.comment.id == then.id);
            same.is_some_and(|placed| placed.comment.body != then.body)
        };
        Ok(known.iter().any(another))
    }

    /// An old comment that still has a marker: it was not reduced yet.
    fn still_old(&self, write: &Write, comments: &[Comment]) -> bool {
        let of_write = |comment: &&Comment| Some(comment.id) == write.args.id;
        let marked = |comment: &Comment| self.us().marker(comment);
        let body = write.args.body.as_deref().unwrap_or("");
        // Only the write that takes a marker away can be left: the other carries the digest that was found.
        Marker::ending(body).is_none() && comments.iter().find(of_write).and_then(marked).is_some()
    }

    /// Whether the item is as the rules read it, but for what this effect has written itself: its writes
    /// are made in order, so that some first ones of them may be there.
    pub(super) fn as_seen(&self, item: &PlannedItem, effect: &Effect, now: &Item<'static>, posted: bool) -> bool {
        let Some(seen) = &item.seen else { return true };
        if plan::item_digest(now) == *seen {
            return true;
        }
        let commented = effect.writes.iter().any(Write::is_comment);
        if commented && !posted {
            return false;
        }
        let mut before = now.clone();
        effect.writes.iter().filter(|write| !write.is_comment()).any(|write| {
            take_back(&mut before, write, self.apply.forge.label_names());
            plan::item_digest(&before) == *seen
        })
    }

    /// The same of all effects of the item: each may have been written by a run that died, or before this one.
    fn as_all_left(&self, item: &PlannedItem, now: &Item<'static>, comments: &[Comment]) -> bool {
        let Some(seen) = item.seen.as_ref().filter(|_| item.effects.len() > 1) else { return false };
        let may_be_there = |effect: &&Effect| {
            let key = effect.writes.first().map_or(plan::DECISION, |write| &write.key);
            let newest = || memory::newest(comments, self.us(), &effect.policy, key);
            let posted = || newest().is_some_and(|(_, marker)| marker.get("did") == Some(&effect.did));
            !effect.writes.iter().any(Write::is_comment) || posted()
        };
        let mut before = now.clone();
        let writes = item.effects.iter().filter(may_be_there).flat_map(|effect| &effect.writes);
        writes.filter(|write| !write.is_comment()).any(|write| {
            take_back(&mut before, write, self.apply.forge.label_names());
            plan::item_digest(&before) == *seen
        })
    }

    /// An issue that we keep, such as a summary, is replaced where it is open, ours, and has our marker.
    /// Nothing but its text and its state is written: what stands below it is not ours to change.
    fn look_at_own_issue(&self, repo: usize, fresh: Fresh, effect: &Effect) -> Result<Readiness> {
        let usual = |write: &&Write| plan::is_kept(&write.key) && matches!(write.op, Op::EditBody | Op::Close);
        if let Some(other) = effect.writes.iter().find(|write| !usual(write)) {
            let text = format!("Nothing was written: `{}` is no write to an issue that we keep.", other.op.name());
            return Ok(Readiness::Not(ItemOutcome::new(ItemFate::Failed, text)));
        }
        let ours = fresh.item.author.as_ref().is_some_and(|author| self.us().is(&author.login));
        let marker = Marker::ending(&fresh.item.body).filter(|_| ours);
        let key = effect.writes.first().map(|write| &*write.key);
        let same = |marker: &Marker| is_of(marker, effect) && marker.get("key") == key;
        if !fresh.item.open {
            return Ok(dropped(self.closed_by(repo, &fresh)?));
        }
        let Some(marker) = marker.filter(same) else { return Ok(dropped("It is no such issue of ours.")) };
        if self.plan.manners.skip_commands().next().is_some()
            && (fresh.item.comments > 0 || !self.apply.forge.is_remote())
        {
            let comments = self.apply.forge.comments(repo, fresh.item.number)?;
            if let Some(dropped) = self.opted_out(repo, &fresh.item, &comments)? {
                return Ok(dropped);
            }
        }
        // Of a summary all is ours; what is kept for a proposal is also talked about in its text.
        if key == Some(plan::PROPOSAL) && plan::keyed_issues::is_edited(&fresh.item.body) {
            return Ok(dropped("Somebody wrote in it since."));
        }
        let day = |body: &str| Marker::ending(body).and_then(|marker| marker.get("day").map(str::to_owned));
        let planned = effect.writes.first().and_then(|write| write.args.body.as_deref()).and_then(day);
        // Days sort as texts: an older plan does not replace a newer day.
        if planned.is_some() && marker.get("day") >= planned.as_deref() {
            return Ok(Readiness::Not(ItemOutcome::new(ItemFate::Unchanged, "What it says is as new.".to_owned())));
        }
        Ok(Readiness::Write { fresh: Box::new(fresh), comments: Vec::new(), writes: effect.writes.clone() })
    }

    /// Who switched an issue of ours off by closing it: what a rule of ours did is nobody else's.
    fn closed_by(&self, repo: usize, fresh: &Fresh) -> Result<&'static str> {
        let events = self.apply.forge.timeline(repo, fresh.item.number)?.unwrap_or_default();
        let last = events.iter().rfind(|event| event.what == EventKind::Closed);
        let ours = last.and_then(|event| event.actor.as_ref()).is_some_and(|actor| self.us().is(&actor.login));
        Ok(if ours {
            "A run of ours closed it: it is switched off."
        } else {
            "Somebody closed it: it is switched off."
        })
    }
}

/// Whether a marker is of the policy that an effect is of. Those of earlier days do not name the folder of its rules.
fn is_of(marker: &Marker, effect: &Effect) -> bool {
    let name = effect.policy.rsplit_once('/').map_or(&*effect.policy, |(_, name)| name);
    [Some(&*effect.policy), Some(name)].contains(&marker.get("policy"))
}

/// The item as it is after a write: the next one is sent on top of it, and on some forges a write replaces
/// a whole list (fact 40).
pub(super) fn put_on(item: &mut Item<'static>, write: &Write, names: LabelNames) {
    change(item, write, names, true);
    if write.op == Op::SetMilestone {
        item.milestone = write.args.milestone.clone().map(Into::into);
    }
}

/// The item as it was before a write, all of it or the part of it that was made.
fn take_back(item: &mut Item<'static>, write: &Write, names: LabelNames) {
    let args = &write.args;
    // What it puts aside is its own doing only where the write itself is there.
    let added = args.labels.iter().all(|name| item.labels.iter().any(|there| names.same(name, there)));
    let set = item.milestone.as_deref() == args.milestone.as_deref();
    change(item, write, names, false);
    match write.op {
        Op::SetMilestone if set => item.milestone = args.replaces.first().cloned().map(Into::into),
        Op::AddLabels if added => add(&mut item.labels, &args.replaces, |a, b| names.same(a, b)),
        _ => {}
    }
}

/// Labels, people and state of an item after a write, or before it.
fn change(item: &mut Item<'static>, write: &Write, names: LabelNames, done: bool) {
    let args = &write.args;
    let label = |a: &str, b: &str| names.same(a, b);
    let login = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    match (write.op, done) {
        (Op::AddLabels, true) | (Op::RemoveLabels, false) => add(&mut item.labels, &args.labels, label),
        (Op::AddLabels, false) | (Op::RemoveLabels, true) => {
            item.labels.retain(|there| !args.labels.iter().any(|name| label(name, there)));
        }
        (Op::Assign, true) | (Op::Unassign, false) => add(&mut item.assignees, &args.assignees, login),
        (Op::Assign, false) | (Op::Unassign, true) => {
            item.assignees.retain(|there| !args.assignees.iter().any(|name| login(name, there)));
        }
        (Op::Close, done) => item.open = !done,
        (Op::Reopen, done) => item.open = done,
        (Op::Comment | Op::EditComment | Op::DeleteComment | Op::EditBody | Op::SetMilestone, _) => {}
        (Op::CreateIssue | Op::CreateLabel | Op::DeleteLabel, _) => {}
    }
}

/// Adds the names that are not there yet.
fn add(list: &mut Vec<Cow<'static, str>>, names: &[String], same: impl Fn(&str, &str) -> bool) {
    for name in names {
        if !list.iter().any(|there| same(there, name)) {
            list.push(name.clone().into());
        }
    }
}
