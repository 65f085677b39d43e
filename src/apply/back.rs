//! The last look before what an earlier run wrote is taken back.
//!
//! Takes: a planned effect whose place is `undo`, the item as it is now. Gives: what is left to do, or why
//! nothing is done. Nobody who can have an item left alone is asked here: less of us is what they want.

use anyhow::Result;

use super::guard::{Readiness, dropped};
use super::preflight::Repository;
use super::{ItemFate, ItemOutcome, PlanRun};
use crate::forge::Comment;
use crate::forge::change::Fresh;
use crate::plan::memory::{self, ItemStanding, same_text};
use crate::plan::{Effect, Op, PlannedItem, Write, section};

impl PlanRun<'_, '_> {
    /// Holds every write against what stands there; one that does not fit stops them all.
    pub(super) fn look_back_once(
        &self,
        repository: &Repository,
        item: &PlannedItem,
        (fresh, same): (Fresh, bool),
        effect: &Effect,
    ) -> Result<Readiness> {
        if !same && !self.as_seen(item, effect, &fresh.item, true) {
            return Ok(dropped("It changed since the undo was planned; undo once more."));
        }
        let texts = |write: &Write| matches!(write.op, Op::Comment | Op::EditComment | Op::DeleteComment);
        let comments = match effect.writes.iter().any(texts) {
            true => self.apply.forge.comments(repository.index, fresh.item.number)?,
            false => Vec::new(),
        };
        let state = ItemStanding::of(&fresh.item, self.apply.forge.label_names());
        let mut writes = Vec::new();
        for write in &effect.writes {
            let mut write = write.clone();
            let gone = |id| !comments.iter().any(|comment| Some(comment.id) == id);
            // What is gone already is as it should be.
            if !(write.op == Op::DeleteComment && gone(write.args.id))
                && let Some(not) = self.not_ours(effect, &write, &comments)
            {
                return Ok(not);
            }
            let ours = fresh.item.author.as_ref().is_some_and(|author| self.us().is(&author.login));
            let body = write.args.body.as_deref().unwrap_or("");
            // In a text of others only sections are ours, and the gaps that were made for them.
            let outside = |text: &str| section::without(text).split_whitespace().collect::<Vec<_>>().join(" ");
            if write.op == Op::EditBody && !ours && outside(body) != outside(&fresh.item.body) {
                let why = "Nothing was written: it would change more of the text than a section of ours.";
                return Ok(Readiness::Not(ItemOutcome::new(ItemFate::Failed, why.to_owned())));
            }
            match self.fits(&write, &fresh, &comments) {
                Fits::Yes if memory::take_out_done(&mut write, &state) => writes.push(write),
                Fits::Yes | Fits::Done => {}
                Fits::No(why) => return Ok(Readiness::Not(ItemOutcome::new(ItemFate::Dropped, why.to_owned()))),
            }
        }
        Ok(Readiness::Write { fresh: Box::new(fresh), comments, writes })
    }

    fn fits(&self, write: &Write, fresh: &Fresh, comments: &[Comment]) -> Fits {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (body, over) = (text(&write.args.body), text(&write.args.over));
        let ours = |comment: &&Comment| comment.author.as_ref().is_some_and(|author| self.us().is(&author.login));
        let at = comments.iter().position(|comment| Some(comment.id) == write.args.id);
        let now = at.and_then(|at| comments.get(at));
        match write.op {
            // A comment that was taken away is written anew: once.
            Op::Comment if comments.iter().filter(ours).any(|comment| same_text(&comment.body, &body)) => Fits::Done,
            Op::EditComment if now.is_some_and(|now| same_text(&now.body, &body)) => Fits::Done,
            Op::EditComment if now.is_some_and(|now| same_text(&now.body, &over)) => Fits::Yes,
            Op::EditComment => Fits::No("Its comment has another text by now; undo once more."),
            Op::DeleteComment => match (now, at) {
                (Some(now), Some(at)) if same_text(&now.body, &over) => {
                    let answered = comments.iter().skip(at + 1).any(|comment| !ours(&comment));
                    if answered { Fits::No("Somebody answered the comment; undo once more.") } else { Fits::Yes }
                }
                (Some(_), _) => Fits::No("Its comment has another text by now; undo once more."),
                (None, _) => Fits::Done,
            },
            Op::EditBody if same_text(&fresh.item.body, &body) => Fits::Done,
            Op::EditBody if !same_text(&fresh.item.body, &over) => {
                Fits::No("Its text is another by now; undo once more.")
            }
            _ => Fits::Yes,
        }
    }
}

/// Whether a write still fits what stands there.
enum Fits {
    Yes,
    /// It is so already.
    Done,
    No(&'static str),
}
