//! Our comment is there and its effect is not: did a run die, or did a person undo it?
//!
//! Takes: the comment, what is left of its effect, the journal, the item's timeline. Gives:
//! [`Doubt`]. What no record tells counts as a person's will: a person always wins.

use anyhow::Result;

use super::journal::{Journal, Step};
use crate::forge::{Comment, Event, Forge, LabelNames, What};
use crate::plan::marker::Marker;
use crate::plan::memory::Us;
use crate::plan::{Op, Write};

/// Why something that we wrote is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The run that wrote the comment ended before the rest: it is to be finished.
    Unfinished,
    /// A person took it back, or nobody knows: it stays as it is. The sentence says which.
    Person(String),
}

/// Where the item stands.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    /// Index of the repository.
    pub repo: usize,
    /// Its name.
    pub name: &'a str,
    /// The number.
    pub number: u64,
}

/// Decides about what is left of the effect that a comment of ours announced.
///
/// # Errors
/// The timeline could not be read.
pub fn decide(
    forge: &dyn Forge,
    journal: &Journal,
    at: At<'_>,
    (comment, marker): (&Comment, &Marker),
    left: &[Write],
) -> Result<Doubt> {
    if left.iter().any(Write::leaves_no_trace) {
        // These were written before the comment was.
        return Ok(Doubt::Person("What goes with its comment was taken away since.".to_owned()));
    }
    let field = |name: &str| marker.get(name).unwrap_or("");
    let steps = journal.steps(field("run"), field("policy"), at.name, at.number);
    let last = |write: &Write| steps.iter().rev().find(|(op, _)| *op == write.op).map(|(_, step)| *step);
    if let Some(write) = left.iter().find(|write| last(write) == Some(Step::Done)) {
        let text = format!("The journal says that `{}` was done: since then it was undone.", write.op.name());
        return Ok(Doubt::Person(text));
    }
    // A run that died may have written more than it could note, and its marker names what was there
    // before it too: the timeline is asked in any case.
    let Some(events) = forge.timeline(at.repo, at.number)? else {
        return Ok(match steps.is_empty() {
            true => Doubt::Person("Its comment is there and its effect is not; no record says why.".to_owned()),
            false => Doubt::Unfinished,
        });
    };
    // A time that cannot be read may be later.
    let later = |event: &&Event| event.at.is_none_or(|then| comment.at().is_none_or(|ours| then >= ours));
    let names = forge.label_names();
    let undone = events.iter().filter(later).find(|event| left.iter().any(|write| undoes(event, write, names)));
    Ok(undone.map_or(Doubt::Unfinished, |event| Doubt::Person(said(event))))
}

/// Whether somebody else took back what an action without a comment would write again: its memory is
/// the timeline alone.
///
/// # Errors
/// The timeline could not be read.
pub fn taken_back(forge: &dyn Forge, us: Us<'_>, at: At<'_>, left: &[Write]) -> Result<Option<String>> {
    let Some(events) = forge.timeline(at.repo, at.number)? else { return Ok(None) };
    let names = forge.label_names();
    let others = |event: &&Event| event.actor.as_ref().is_none_or(|actor| !us.is(&actor.login));
    let last = |write: &Write| {
        let about = |event: &&Event| undoes(event, write, names) || does(event, write, names);
        events.iter().rev().find(about).filter(|event| undoes(event, write, names)).filter(others)
    };
    Ok(left.iter().find_map(last).map(said))
}

/// Whether a comment of ours that is not there was there once: what stands on the item is what an action does
/// beside its comment, and we did it. The comment comes first, so that somebody has taken it away since.
///
/// # Errors
/// The timeline could not be read.
pub fn comment_taken_away(forge: &dyn Forge, us: Us<'_>, at: At<'_>, held: &[Write]) -> Result<Option<String>> {
    if held.is_empty() {
        return Ok(None);
    }
    let Some(events) = forge.timeline(at.repo, at.number)? else { return Ok(None) };
    let names = forge.label_names();
    let ours = |event: &Event| event.actor.as_ref().is_some_and(|actor| us.is(&actor.login));
    let by_us = |write: &Write| {
        let about = |event: &&Event| undoes(event, write, names) || does(event, write, names);
        events.iter().rev().find(about).is_some_and(|event| does(event, write, names) && ours(event))
    };
    Ok(held.iter().any(by_us).then(|| "Its comment was taken away since; what went with it still stands.".to_owned()))
}

/// Who did what, as a sentence.
#[must_use]
pub fn said(event: &Event) -> String {
    let who = event.actor.as_ref().map_or("Somebody", |actor| actor.login.as_str());
    match &event.what {
        What::Unlabeled(name) => format!("{who} took the label {name} off."),
        What::Labeled(name) => format!("{who} put the label {name} back."),
        What::Unassigned(login) => format!("{who} took {login} off it."),
        What::Assigned(login) => format!("{who} assigned {login} again."),
        What::Milestone(Some(title)) => format!("{who} set the milestone {title}."),
        What::Milestone(None) => format!("{who} took the milestone off."),
        What::Reopened => format!("{who} opened it again."),
        What::Closed => format!("{who} closed it again."),
        What::Commented | What::Other => format!("{who} changed it."),
    }
}

/// Whether an event is the opposite of a write.
#[must_use]
pub fn undoes(event: &Event, write: &Write, names: LabelNames) -> bool {
    matches(event, write, names, true)
}

/// Whether an event is what a write does.
#[must_use]
pub fn does(event: &Event, write: &Write, names: LabelNames) -> bool {
    matches(event, write, names, false)
}

/// Whether an event is the opposite of a write, or the write itself.
fn matches(event: &Event, write: &Write, names: LabelNames, opposite: bool) -> bool {
    let label = |name: &String| write.args.labels.iter().any(|label| names.same(label, name));
    let login = |name: &String| write.args.assignees.iter().any(|login| login.eq_ignore_ascii_case(name));
    match (&event.what, write.op) {
        (What::Unlabeled(name), Op::AddLabels) | (What::Labeled(name), Op::RemoveLabels) => opposite && label(name),
        (What::Labeled(name), Op::AddLabels) | (What::Unlabeled(name), Op::RemoveLabels) => !opposite && label(name),
        (What::Unassigned(name), Op::Assign) | (What::Assigned(name), Op::Unassign) => opposite && login(name),
        (What::Assigned(name), Op::Assign) | (What::Unassigned(name), Op::Unassign) => !opposite && login(name),
        (What::Milestone(title), Op::SetMilestone) => opposite == (*title != write.args.milestone),
        (What::Reopened, Op::Close) | (What::Closed, Op::Reopen) => opposite,
        (What::Closed, Op::Close) | (What::Reopened, Op::Reopen) => !opposite,
        _ => false,
    }
}
