//! Whose will it is that something is not there: a run died, a person undid it, or another rule of ours did.
//!
//! Takes: what is to be written, the item's timeline, our comment about it, the journal. Gives: [`Doubt`] where
//! our comment is there and its effect is not, [`against`] for everything else. What no record tells counts as a
//! person's will: a person always wins, whatever the rule and the action are called.

use anyhow::Result;
use chrono::{DateTime, Duration, Utc};

use super::journal::{Journal, WriteStep};
use crate::forge::{Comment, Event, EventKind, Forge, LabelNames};
use crate::plan::marker::{self, Marker};
use crate::plan::memory::Us;
use crate::plan::{Op, Write};

/// Why something that we wrote is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The run that wrote the comment ended before the rest: it is to be finished.
    Unfinished,
    /// We took it off ourselves by another rule: the rules decide anew.
    Reversed,
    /// A person took it back, or nobody knows: it stays as it is. The sentence says which.
    Person(String),
}

/// Where the item stands.
#[derive(Debug, Clone, Copy)]
pub struct ItemAddress<'a> {
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
    us: Us<'_>,
    at: ItemAddress<'_>,
    (comment, marker): (&Comment, &Marker),
    left: &[Write],
) -> Result<Doubt> {
    if left.iter().any(Write::leaves_no_trace) {
        // These were written before the comment was.
        return Ok(Doubt::Person("What goes with its comment was taken away since.".to_owned()));
    }
    let field = |name: &str| marker.get(name).unwrap_or("");
    let steps = journal.steps(field("run"), field("policy"), at.name, at.number);
    let last = |write: &&Write| steps.iter().rev().find(|(op, _)| *op == write.op).map(|(_, step)| *step);
    let done = left.iter().find(|write| last(write) == Some(WriteStep::Done));
    let done = done.map(|write| {
        Doubt::Person(format!("The journal says that `{}` was done: since then it was undone.", write.op.name()))
    });
    // A run that died may have written more than it could note, and its marker names what was there
    // before it too: the timeline is asked in any case.
    let Some(events) = forge.timeline(at.repo, at.number)? else {
        return Ok(match (done, steps.is_empty()) {
            (Some(done), _) => done,
            (None, true) => Doubt::Person("Its comment is there and its effect is not; no record says why.".to_owned()),
            (None, false) => Doubt::Unfinished,
        });
    };
    let names = forge.label_names();
    // A time that cannot be read may be later.
    let later = |event: &Event| event.at.is_none_or(|then| comment.at().is_none_or(|ours| then >= ours));
    let undone: Vec<&Event> = left
        .iter()
        .flat_map(Write::singly)
        .filter_map(|write| {
            let history = WriteEvents::of(&events, &write, names);
            history.undone().filter(|event| later(event) || history.did(us))
        })
        .collect();
    Ok(match undone.iter().find(|event| !is_by(us, event)) {
        Some(event) => Doubt::Person(describe(event)),
        None if !undone.is_empty() => Doubt::Reversed,
        None => done.unwrap_or(Doubt::Unfinished),
    })
}

/// Why nothing of this is written, as the timeline tells: a person undid it or had the last word about it, or our
/// own rules undo each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// A person took it back. The sentence says who.
    Person(String),
    /// We wrote it and took it back, twice, and nobody else did anything between.
    Ourselves(String),
}

impl Against {
    /// The sentence.
    #[must_use]
    pub fn why(self) -> String {
        match self {
            Against::Person(why) | Against::Ourselves(why) => why,
        }
    }
}

/// Who is against what would be written. `updated` is when the item last changed: a change that no entry of the
/// timeline tells of, such as an edit of its text, is somebody else's.
///
/// # Errors
/// The timeline could not be read.
pub fn against(
    forge: &dyn Forge,
    us: Us<'_>,
    at: ItemAddress<'_>,
    updated: Option<DateTime<Utc>>,
    left: &[Write],
) -> Result<Option<Against>> {
    if left.iter().all(|write| write.leaves_no_trace() || write.is_comment()) {
        return Ok(None);
    }
    let Some(events) = forge.timeline(at.repo, at.number)? else { return Ok(None) };
    let names = forge.label_names();
    let person = |write: Write| {
        let history = WriteEvents::of(&events, &write, names);
        let by_person = history.undone().filter(|event| !is_by(us, event))?;
        history.is_will(us, &write).then(|| Against::Person(describe(by_person)))
    };
    if let Some(person) = left.iter().flat_map(Write::singly).find_map(person) {
        return Ok(Some(person));
    }
    let ours = since_others(us, &events, updated);
    let third = |write: &Write| {
        let history = WriteEvents::of(ours, write, names);
        let done = history.events.iter().filter(|(_, undoes)| !undoes).count();
        history.undone().is_some() && done >= TWICE
    };
    let loops = left.iter().flat_map(Write::singly).find(third);
    Ok(loops.map(|write| {
        Against::Ourselves(format!(
            "Two rules undo each other here: `{}` was written and taken back twice, and nobody else did anything \
             since; it is not written a third time.",
            marker::writes(&[write]).join("")
        ))
    }))
}

/// How often a pair of writes that take each other back is made before it stops.
const TWICE: usize = 2;

/// What entries of a timeline are later than the write that they tell of, at most.
const SLACK: i64 = 60;

/// The entries after the last that somebody else made, or none where the item changed after all of them.
fn since_others<'e>(us: Us<'_>, events: &'e [Event], updated: Option<DateTime<Utc>>) -> &'e [Event] {
    let last = events.iter().filter_map(|event| event.at).max();
    let edited = updated.zip(last).is_some_and(|(updated, last)| updated > last + Duration::seconds(SLACK));
    let from = events.iter().rposition(|event| !is_by(us, event)).map_or(0, |at| at + 1);
    if edited { &[] } else { &events[from..] }
}

fn is_by(us: Us<'_>, event: &Event) -> bool {
    event.actor.as_ref().is_some_and(|actor| us.is(&actor.login))
}

/// What a timeline tells of one write: each entry that is the write or its opposite, with whether it is the opposite.
struct WriteEvents<'e> {
    events: Vec<(&'e Event, bool)>,
}

impl<'e> WriteEvents<'e> {
    fn of(events: &'e [Event], write: &Write, names: LabelNames) -> Self {
        let about = |event: &'e Event| {
            let undoes = undoes(event, write, names);
            (undoes || does(event, write, names)).then_some((event, undoes))
        };
        WriteEvents { events: events.iter().filter_map(about).collect() }
    }

    /// The last entry, where it is the opposite.
    fn undone(&self) -> Option<&'e Event> {
        self.events.last().filter(|(_, undoes)| *undoes).map(|(event, _)| *event)
    }

    /// Whether we ever did it.
    fn did(&self, us: Us<'_>) -> bool {
        self.events.iter().any(|(event, undoes)| !undoes && is_by(us, event))
    }

    /// Whether its opposite, the last that a person did, is a word against the write. Taking off, unassigning and
    /// opening again are themselves the opposite of what people do: there it is one only where we did it before.
    fn is_will(&self, us: Us<'_>, write: &Write) -> bool {
        match write.op {
            Op::RemoveLabels | Op::Unassign | Op::Reopen => self.did(us),
            // A milestone is one place: who sets another one there is against ours.
            Op::SetMilestone => self.events.iter().any(|(event, undoes)| !undoes || is_by(us, event)),
            _ => true,
        }
    }
}

/// Whether a comment of ours that is not there was there once: what stands on the item is what an action does
/// beside its comment, and we did it. The comment comes first, so that somebody has taken it away since.
///
/// # Errors
/// The timeline could not be read.
pub fn comment_taken_away(
    forge: &dyn Forge,
    us: Us<'_>,
    at: ItemAddress<'_>,
    held: &[Write],
) -> Result<Option<String>> {
    if held.is_empty() {
        return Ok(None);
    }
    let Some(events) = forge.timeline(at.repo, at.number)? else { return Ok(None) };
    let names = forge.label_names();
    let by_us = |write: &Write| {
        let last = WriteEvents::of(&events, write, names).events.pop();
        last.is_some_and(|(event, undoes)| !undoes && is_by(us, event))
    };
    Ok(held.iter().any(by_us).then(|| "Its comment was taken away since; what went with it still stands.".to_owned()))
}

/// Who did what, as a sentence.
#[must_use]
pub fn describe(event: &Event) -> String {
    let who = event.actor.as_ref().map_or("Somebody", |actor| actor.login.as_str());
    match &event.what {
        EventKind::Unlabeled(name) => format!("{who} took the label {name} off."),
        EventKind::Labeled(name) => format!("{who} put the label {name} back."),
        EventKind::Unassigned(login) => format!("{who} took {login} off it."),
        EventKind::Assigned(login) => format!("{who} assigned {login} again."),
        EventKind::Milestone(Some(title)) => format!("{who} set the milestone {title}."),
        EventKind::Milestone(None) => format!("{who} took the milestone off."),
        EventKind::Reopened => format!("{who} opened it again."),
        EventKind::Closed => format!("{who} closed it again."),
        EventKind::Commented | EventKind::Other => format!("{who} changed it."),
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
        (EventKind::Unlabeled(name), Op::AddLabels) | (EventKind::Labeled(name), Op::RemoveLabels) => {
            opposite && label(name)
        }
        (EventKind::Labeled(name), Op::AddLabels) | (EventKind::Unlabeled(name), Op::RemoveLabels) => {
            !opposite && label(name)
        }
        (EventKind::Unassigned(name), Op::Assign) | (EventKind::Assigned(name), Op::Unassign) => {
            opposite && login(name)
        }
        (EventKind::Assigned(name), Op::Assign) | (EventKind::Unassigned(name), Op::Unassign) => {
            !opposite && login(name)
        }
        (EventKind::Milestone(title), Op::SetMilestone) => opposite == (*title != write.args.milestone),
        (EventKind::Reopened, Op::Close) | (EventKind::Closed, Op::Reopen) => opposite,
        (EventKind::Closed, Op::Close) | (EventKind::Reopened, Op::Reopen) => !opposite,
        _ => false,
    }
}
