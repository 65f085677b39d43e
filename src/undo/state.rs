//! Labels, people, milestone and state of an item, taken back.
//!
//! Takes: one such write, what a later run wrote on top of it, what the forge holds. Gives: a verdict. It
//! is taken back where it still stands and we were the last to touch it, as the timeline tells; where that
//! was not recorded, where it still stands. Pure.

use chrono::{DateTime, Duration, Utc};

use super::{CLOCKS, ItemOnForge, JOB, RunWrite, UndoContext, UndoVerdict, WriteCertainty, back, later_run};
use crate::apply::doubt::{describe, does, undoes};
use crate::forge::{Event, EventKind, Item};
use crate::plan::memory::{self, ItemStanding};
use crate::plan::{Args, Op, Write};

/// Decides about one.
pub(super) fn verdict(
    written: &RunWrite,
    later: Option<&RunWrite>,
    held: &ItemOnForge,
    known: &UndoContext<'_>,
) -> UndoVerdict {
    let Some(item) = &held.item else { return UndoVerdict::Left("The item is gone.".to_owned()) };
    let write = written.write();
    let stands = !memory::take_out_done(&mut write.clone(), &ItemStanding::of(item, known.names));
    let about = |event: &&Event| does(event, &write, known.names) || undoes(event, &write, known.names);
    let last = held.timeline.as_deref().and_then(|events| events.iter().rev().find(about));
    let by_us = |event: &Event| known.ours(event.actor.as_ref());
    if !stands {
        let last = last.filter(|event| undoes(event, &write, known.names));
        return match (later, last) {
            _ if written.done != WriteCertainty::Yes => UndoVerdict::Nothing,
            (Some(later), _) if later.job == JOB => UndoVerdict::Already(Some(later.run.clone())),
            (Some(later), _) => UndoVerdict::Left(later_run(later)),
            (None, Some(event)) if by_us(event) => UndoVerdict::Already(None),
            (None, Some(event)) => UndoVerdict::Left(describe(event)),
            (None, None) => UndoVerdict::Left(gone(&write)),
        };
    }
    if let Some(later) = later {
        let again = later.op == written.op && later.args.milestone == written.args.milestone;
        if again {
            return UndoVerdict::Left(later_run(later));
        }
        // It was taken back and is there again; unless the run that took it back died before it was kept.
        if later.done == WriteCertainty::Yes && (known.ended)(&later.run) {
            let who = last.filter(|event| !by_us(event));
            return UndoVerdict::Left(
                who.map_or_else(|| "It was taken back, and is there again.".to_owned(), describe),
            );
        }
    }
    match last {
        Some(event) if !by_us(event) => UndoVerdict::Left(describe(event)),
        Some(event) if written.done != WriteCertainty::Yes && before(event, written.at) => UndoVerdict::Nothing,
        None if written.done == WriteCertainty::Failed => UndoVerdict::Nothing,
        None if written.done == WriteCertainty::Perhaps => {
            UndoVerdict::Left("Nobody knows whether the run wrote it or it was there before.".to_owned())
        }
        _ if written.op == Op::SetMilestone && !written.before_known => {
            UndoVerdict::Left("Nobody knows which milestone was there before.".to_owned())
        }
        _ => UndoVerdict::Undo(inverse(written, item, held, known)),
    }
}

/// Whether an event was there before a run wrote.
fn before(event: &Event, at: Option<DateTime<Utc>>) -> bool {
    event.at.zip(at).is_some_and(|(event, at)| event < at - Duration::minutes(CLOCKS))
}

fn inverse(written: &RunWrite, item: &Item<'_>, held: &ItemOnForge, known: &UndoContext<'_>) -> Vec<Write> {
    let args = written.args.clone();
    match written.op {
        Op::AddLabels => {
            let others = displaced(written, item, held, known);
            let others = (!others.is_empty()).then(|| back(Op::AddLabels, Args { labels: others, ..Args::default() }));
            std::iter::once(back(Op::RemoveLabels, args)).chain(others).collect()
        }
        Op::RemoveLabels => vec![back(Op::AddLabels, args)],
        Op::Assign => vec![back(Op::Unassign, args)],
        Op::Unassign => vec![back(Op::Assign, args)],
        Op::SetMilestone => {
            // By what it puts aside the writer knows its own work.
            let replaces = item.milestone.iter().map(ToString::to_string).collect();
            vec![back(Op::SetMilestone, Args { milestone: written.before.clone(), replaces, ..Args::default() })]
        }
        Op::Close => vec![back(Op::Reopen, Args::default())],
        _ => vec![back(Op::Close, Args::default())],
    }
}

/// Labels of one scope that an exclusive one took off when it was put on (fact 44): its forge writes them
/// down as taken off by us.
fn displaced(written: &RunWrite, item: &Item<'_>, held: &ItemOnForge, known: &UndoContext<'_>) -> Vec<String> {
    let scope = |label: &str| label.rsplit_once('/').map(|(scope, _)| scope.to_owned());
    let Some(own) = written.args.labels.first() else { return Vec::new() };
    let (Some(events), Some(scope_of)) = (held.timeline.as_deref(), scope(own)) else { return Vec::new() };
    let mut found: Vec<String> = Vec::new();
    for (nth, event) in events.iter().enumerate() {
        let EventKind::Unlabeled(name) = &event.what else { continue };
        let near = event.at.zip(written.at).is_some_and(|(a, b)| (a - b).abs() <= Duration::minutes(CLOCKS));
        let touched = events.iter().skip(nth + 1).any(|later| {
            matches!(&later.what, EventKind::Labeled(other) | EventKind::Unlabeled(other) if known.names.same(other, name))
        });
        let on = item.labels.iter().any(|label| known.names.same(label, name));
        let other = !known.names.same(name, own) && scope(name).as_ref() == Some(&scope_of);
        if other && near && !touched && !on && known.ours(event.actor.as_ref()) {
            found.push(name.clone());
        }
    }
    found
}

fn gone(write: &Write) -> String {
    let name = || write.args.labels.iter().chain(&write.args.assignees).cloned().collect::<String>();
    match write.op {
        Op::AddLabels => format!("Somebody took the label {} off.", name()),
        Op::RemoveLabels => format!("Somebody put the label {} back.", name()),
        Op::Assign => format!("Somebody took {} off it.", name()),
        Op::Unassign => format!("Somebody assigned {} again.", name()),
        Op::SetMilestone => "It has another milestone by now.".to_owned(),
        Op::Close => "Somebody opened it again.".to_owned(),
        _ => "Somebody closed it again.".to_owned(),
    }
}
