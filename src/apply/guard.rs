//! The last look before the first write to an item.
//!
//! Takes: a planned effect. Gives: what of it is still to be written, or why nothing is: the item
//! changed since the rules read it, a person opted out, it is all there. What this effect itself has
//! written already is no change.

use std::borrow::Cow;

use anyhow::Result;

use super::doubt::{self, At, Doubt};
use super::preflight::Repository;
use super::{Fate, Outcome, Run};
use crate::forge::change::Fresh;
use crate::forge::{Comment, Item, LabelNames};
use crate::plan::marker::Marker;
use crate::plan::memory::{self, Concerned, State};
use crate::plan::{self, Effect, Op, PlannedItem, SUMMARY, Write};

/// What the look came to.
pub(super) enum Ready {
    /// These writes are left to do.
    Write {
        /// The item as it is now.
        fresh: Option<Fresh>,
        /// In order.
        writes: Vec<Write>,
    },
    /// Nothing is written.
    Not(Outcome),
}

pub(super) fn dropped(why: impl Into<String>) -> Ready {
    Ready::Not(Outcome::new(Fate::Dropped, why.into()))
}

impl Run<'_, '_> {
    /// Reads the item and its comments once more.
    pub(super) fn look(
        &self,
        repository: &Repository,
        item: &PlannedItem,
        number: u64,
        effect: &Effect,
    ) -> Result<Ready> {
        let forge = self.apply.forge;
        let unknown = |write: &Write| {
            let unknown = |login: &&String| write.op == Op::Assign && repository.unassignable.contains(login);
            write.args.assignees.iter().find(unknown).cloned()
        };
        if let Some(login) = effect.writes.iter().find_map(unknown) {
            let text = format!("Nothing was written: {login} cannot be assigned here.");
            return Ok(Ready::Not(Outcome::new(Fate::Failed, text)));
        }
        let Some(fresh) = forge.item(repository.index, item.kind, number)? else {
            return Ok(dropped("It is gone."));
        };
        if effect.writes.iter().any(Write::is_undo) {
            return self.look_back_once(repository, item, fresh, effect);
        }
        if effect.writes.iter().any(|write| write.op == Op::EditBody) {
            return Ok(self.summary(fresh, effect));
        }
        let comments = self.comments(repository.index, number, &fresh.item)?;
        let concerned = Concerned {
            author: fresh.item.author.as_ref().map(|author| author.login.as_str()),
            assignees: fresh.item.assignees.iter().map(|login| &**login).collect(),
            writers: &|| forge.writers(repository.index),
        };
        let command = self.plan.manners.skip_command.as_deref();
        if let Some(login) = memory::opted_out(&comments, command, &concerned)? {
            return Ok(dropped(format!("{login} asked to leave it alone.")));
        }
        let key = effect.writes.first().map_or(plan::DECISION, |write| &write.key);
        let newest = memory::newest(&comments, self.us(), &effect.policy, key);
        let posted = newest.as_ref().filter(|(_, marker)| marker.get("did") == Some(&effect.did));
        if !self.as_seen(repository, item, effect, &fresh.item, posted.is_some()) {
            return Ok(dropped("It changed since the rules read it."));
        }
        let has_comment = effect.writes.iter().any(Write::is_comment);
        let mut writes = effect.writes.clone();
        let state = State::of(&fresh.item, forge.label_names());
        writes.retain_mut(|write| memory::left(write, &state));
        if let Some((comment, marker)) = posted
            && has_comment
        {
            writes.retain(|write| !write.is_comment() || self.still_old(write, &comments));
            let left: Vec<Write> = writes.iter().filter(|write| !write.is_comment()).cloned().collect();
            if !left.is_empty() {
                let at = At { repo: repository.index, name: &item.repo, number };
                let decided = doubt::decide(forge, self.apply.journal, at, (comment, marker), &left)?;
                if let Doubt::Person(why) = decided {
                    return Ok(Ready::Not(Outcome::new(Fate::Unchanged, why)));
                }
            }
        } else if has_comment
            && let Some((comment, _)) = newest
            && !effect.writes.iter().any(|write| write.args.id == Some(comment.id))
        {
            // Another run has decided otherwise meanwhile.
            return Ok(dropped("A newer comment of ours stands there, about another decision."));
        } else if !has_comment && posted.is_none() && !writes.is_empty() {
            // Its memory is the timeline alone, also for a plan that is carried out again.
            let at = At { repo: repository.index, name: &item.repo, number };
            if let Some(why) = doubt::taken_back(forge, self.us(), at, &writes)? {
                return Ok(Ready::Not(Outcome::new(Fate::Unchanged, why)));
            }
        }
        Ok(Ready::Write { fresh: Some(fresh), writes })
    }

    /// The comments that this run has read of the item, where none came or went since; else as they are.
    fn comments(&self, repo: usize, number: u64, item: &Item<'_>) -> Result<Vec<Comment>> {
        match self.apply.comments.get(&(repo, number)) {
            Some(known) if known.len() as u64 == item.comments => Ok(known.clone()),
            _ => self.apply.forge.comments(repo, number),
        }
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
    pub(super) fn as_seen(
        &self,
        repository: &Repository,
        item: &PlannedItem,
        effect: &Effect,
        now: &Item<'static>,
        posted: bool,
    ) -> bool {
        let Some(seen) = &item.seen else { return true };
        if plan::seen(now) == *seen {
            return true;
        }
        let commented = effect.writes.iter().any(Write::is_comment);
        let Some(was) = item.was.as_ref().filter(|_| posted || !commented) else { return false };
        let mut step = was.put_back(now.clone());
        if plan::seen(&step) != *seen {
            // Its title, its text or its lock is another.
            return false;
        }
        let names = self.apply.forge.label_names();
        let writes = effect.writes.iter().filter(|write| !write.is_comment());
        // A list may have been written by half: some forges take its names one by one.
        writes.flat_map(Write::singly).any(|write| {
            put_on(&mut step, &write, &repository.exclusive, names);
            alike(&step, now, names)
        })
    }

    /// The issue that an earlier run with the same plan, or another one meanwhile, has created for this
    /// policy in this place.
    pub(super) fn created(&self, repository: &Repository, effect: &Effect, write: &Write) -> Result<Option<u64>> {
        let wanted = write.args.body.as_deref().and_then(Marker::ending);
        let (Some(label), Some(wanted)) = (write.args.labels.first(), wanted) else { return Ok(None) };
        let same = |marker: &Marker, name: &str| marker.get(name) == wanted.get(name);
        let ours = |item: &&Item<'_>| {
            let marker = Marker::ending(&item.body).filter(|marker| marker.get("policy") == Some(&effect.policy));
            item.author.as_ref().is_some_and(|author| self.us().is(&author.login))
                && marker.is_some_and(|marker| same(&marker, "key") && same(&marker, "did"))
        };
        let labelled = self.apply.forge.labelled(repository.index, label)?;
        Ok(labelled.iter().filter(ours).map(|item| item.number).max())
    }

    /// A summary is replaced where it is open, ours, and has our marker.
    fn summary(&self, fresh: Fresh, effect: &Effect) -> Ready {
        let ours = fresh.item.author.as_ref().is_some_and(|author| self.us().is(&author.login));
        let marker = Marker::ending(&fresh.item.body).filter(|_| ours);
        let of_policy =
            |marker: &Marker| marker.get("policy") == Some(&effect.policy) && marker.get("key") == Some(SUMMARY);
        if !fresh.item.open {
            return dropped("Somebody closed the summary: it is switched off.");
        }
        let Some(marker) = marker.filter(of_policy) else { return dropped("It is no summary of ours.") };
        let day = |body: &str| Marker::ending(body).and_then(|marker| marker.get("day").map(str::to_owned));
        let planned = effect.writes.first().and_then(|write| write.args.body.as_deref()).and_then(day);
        // Days sort as texts: an older plan does not replace a newer day.
        if planned.is_some() && marker.get("day") >= planned.as_deref() {
            return Ready::Not(Outcome::new(Fate::Unchanged, "Today's summary is written.".to_owned()));
        }
        Ready::Write { fresh: Some(fresh), writes: effect.writes.clone() }
    }
}

/// The item as it is after a write: the next one is sent on top of it, and on some forges a write replaces
/// a whole list (fact 40).
pub(super) fn put_on(item: &mut Item<'static>, write: &Write, exclusive: &[String], names: LabelNames) {
    let args = &write.args;
    let scope = |label: &str| {
        let (scope, _) = label.rsplit_once('/').filter(|_| exclusive.iter().any(|name| name == label))?;
        Some(scope.to_owned())
    };
    match write.op {
        Op::AddLabels => {
            for name in &args.labels {
                item.labels.retain(|label| scope(name).is_none_or(|own| scope(label) != Some(own)));
                item.labels.push(name.clone().into());
            }
        }
        Op::RemoveLabels => item.labels.retain(|label| !args.labels.iter().any(|name| names.same(name, label))),
        Op::Assign => item.assignees.extend(args.assignees.iter().map(|login| login.clone().into())),
        Op::Unassign => {
            item.assignees.retain(|login| !args.assignees.iter().any(|name| name.eq_ignore_ascii_case(login)));
        }
        Op::SetMilestone => item.milestone = args.milestone.clone().map(Into::into),
        Op::Close => item.open = false,
        Op::Reopen => item.open = true,
        Op::Comment | Op::EditComment | Op::DeleteComment | Op::EditBody => {}
        Op::CreateIssue | Op::CreateLabel | Op::DeleteLabel => {}
    }
}

/// Whether two items have the same of what writes change.
fn alike(one: &Item<'_>, other: &Item<'_>, names: LabelNames) -> bool {
    let label = |a: &str, b: &str| names.same(a, b);
    let login = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    (one.open, &one.milestone) == (other.open, &other.milestone)
        && same_set(&one.labels, &other.labels, label)
        && same_set(&one.assignees, &other.assignees, login)
}

fn same_set(one: &[Cow<'_, str>], other: &[Cow<'_, str>], same: impl Fn(&str, &str) -> bool) -> bool {
    let within = |a: &[Cow<'_, str>], b: &[Cow<'_, str>]| a.iter().all(|name| b.iter().any(|there| same(name, there)));
    within(one, other) && within(other, one)
}
