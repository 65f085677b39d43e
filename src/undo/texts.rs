//! Comments, texts of issues and issues that a run created, taken back.
//!
//! Takes: one such write, what a later run wrote on top of it, what the forge holds. Gives: a verdict. A
//! text is ours as long as it is what we wrote; a comment that people answered is not deleted, because
//! their answers would stand alone. Pure.

use super::{ItemOnForge, JOB, RunWrite, UndoContext, UndoVerdict, WITHDRAWN, back, later_run};
use crate::apply::twice::SECOND;
use crate::forge::Comment;
use crate::plan::marker::{self, Marker};
use crate::plan::memory::same_text;
use crate::plan::{Args, Op, Write, section};

/// The place of an issue that was created and taken back: no place that a job looks in.
const NOWHERE: &str = "withdrawn";

/// Decides about one.
pub(super) fn verdict(
    written: &RunWrite,
    later: Option<&RunWrite>,
    held: &ItemOnForge,
    known: &UndoContext<'_>,
) -> UndoVerdict {
    if held.item.is_none() {
        return UndoVerdict::Left("The item is gone.".to_owned());
    }
    match written.op {
        Op::Comment => posted(written, later, held, known),
        Op::EditComment => edited(written, later, held, known),
        Op::DeleteComment => deleted(written, held, known),
        Op::CreateIssue => created(written, later, held),
        _ => body(written, later, held),
    }
}

fn undone(later: Option<&RunWrite>) -> Option<UndoVerdict> {
    later.filter(|later| later.job == JOB).map(|later| UndoVerdict::Already(Some(later.run.clone())))
}

fn leave(why: &str) -> UndoVerdict {
    UndoVerdict::Left(why.to_owned())
}

fn another_text(written: &RunWrite, later: Option<&RunWrite>, now: &str) -> UndoVerdict {
    let run = Marker::ending(now).and_then(|marker| marker.get("run").map(str::to_owned));
    match (later, run) {
        (Some(later), _) => UndoVerdict::Left(later_run(later)),
        (None, Some(run)) if run != written.run => UndoVerdict::Left(format!("A later run, {run}, wrote there.")),
        _ => leave("Its text is not what the run wrote."),
    }
}

fn posted(written: &RunWrite, later: Option<&RunWrite>, held: &ItemOnForge, known: &UndoContext<'_>) -> UndoVerdict {
    let body = written.args.body.clone().unwrap_or_default();
    let ours = |comment: &Comment| known.ours(comment.author.as_ref());
    let is = |comment: &Comment| match written.args.id {
        Some(id) => comment.id == id,
        None => ours(comment) && same_text(&comment.body, &body),
    };
    let Some(at) = held.comments.iter().position(is) else {
        return match written.done {
            super::WriteCertainty::Yes => undone(later).unwrap_or_else(|| leave("Somebody deleted the comment.")),
            _ => UndoVerdict::Nothing,
        };
    };
    let Some(comment) = held.comments.get(at).filter(|comment| ours(comment)) else {
        return leave("The comment is not ours.");
    };
    if same_text(&comment.body, WITHDRAWN) {
        return undone(later).unwrap_or(UndoVerdict::Already(None));
    }
    if !same_text(&comment.body, &body) || !(written.before_known || whole(&comment.body)) {
        return another_text(written, later, &comment.body);
    }
    let over = Some(comment.body.clone());
    let id = Some(comment.id);
    // Whose account is gone has answered too.
    let answered = held.comments.iter().skip(at + 1).any(|comment| !ours(comment));
    UndoVerdict::Undo(vec![match answered {
        true => {
            let body = Some(WITHDRAWN.to_owned());
            back(Op::EditComment, Args { id, body, over, ..Args::default() })
        }
        false => back(Op::DeleteComment, Args { id, over, ..Args::default() }),
    }])
}

/// Whether a text is what its own hidden line says was written: where no journal holds it.
fn whole(text: &str) -> bool {
    let said = Marker::ending(text).and_then(|marker| marker.get("text").map(str::to_owned));
    said.is_none_or(|said| said == crate::engine::digest(&marker::without(text).replace("\r\n", "\n")))
}

fn edited(written: &RunWrite, later: Option<&RunWrite>, held: &ItemOnForge, known: &UndoContext<'_>) -> UndoVerdict {
    let found = held.comments.iter().find(|comment| Some(comment.id) == written.args.id);
    let Some(comment) = found else { return undone(later).unwrap_or_else(|| leave("Somebody deleted the comment.")) };
    if !known.ours(comment.author.as_ref()) {
        return leave("The comment is not ours.");
    }
    let body = written.args.body.as_deref().unwrap_or_default();
    if written.before.as_deref().is_some_and(|before| same_text(&comment.body, before)) {
        return undone(later).unwrap_or(UndoVerdict::Already(None));
    }
    if !same_text(&comment.body, body) {
        return match written.done {
            super::WriteCertainty::Yes => another_text(written, later, &comment.body),
            _ => UndoVerdict::Nothing,
        };
    }
    let Some(before) = written.before.clone() else { return leave("Nobody noted its earlier text.") };
    let over = Some(comment.body.clone());
    let args = Args { id: Some(comment.id), body: Some(before), over, ..Args::default() };
    UndoVerdict::Undo(vec![back(Op::EditComment, args)])
}

/// A comment that an undo took away comes back, unless a run has written in its place since.
fn deleted(written: &RunWrite, held: &ItemOnForge, known: &UndoContext<'_>) -> UndoVerdict {
    let Some(before) = &written.before else { return leave("Nobody noted its text.") };
    let ours = |comment: &&Comment| known.ours(comment.author.as_ref());
    if held.comments.iter().filter(ours).any(|comment| same_text(&comment.body, before)) {
        return UndoVerdict::Already(None);
    }
    let place = |text: &str| {
        let marker = Marker::ending(text)?;
        Some((marker.get("policy")?.to_owned(), marker.get("key")?.to_owned(), marker.get("run")?.to_owned()))
    };
    if let Some((policy, key, _)) = place(before) {
        let mut there = held.comments.iter().filter(ours).filter_map(|comment| place(&comment.body));
        if let Some((.., run)) = there.find(|(other, at, _)| (other, at) == (&policy, &key)) {
            return UndoVerdict::Left(format!("A later run, {run}, wrote there."));
        }
    }
    UndoVerdict::Undo(vec![back(Op::Comment, Args { body: Some(before.clone()), ..Args::default() })])
}

fn body(written: &RunWrite, later: Option<&RunWrite>, held: &ItemOnForge) -> UndoVerdict {
    let now = held.item.as_ref().map(|item| item.body.to_string()).unwrap_or_default();
    let text = written.args.body.as_deref().unwrap_or_default();
    if !written.before_known && written.before.is_none() {
        return own_section(written, now);
    }
    let Some(before) = written.before.clone() else { return leave("Nobody noted its earlier text.") };
    if same_text(&now, &before) {
        return undone(later).unwrap_or(UndoVerdict::Already(None));
    }
    if same_text(&now, text) {
        return UndoVerdict::Undo(vec![other_body(before, now)]);
    }
    if let Some(own) = &written.args.section {
        return in_text(written, later, own, (&before, now));
    }
    match written.done {
        super::WriteCertainty::Yes => another_text(written, later, &now),
        _ => UndoVerdict::Nothing,
    }
}

/// Where the journal is gone: what stands between our own two lines and names the run is ours to the last character.
/// What a run before it had written there is not known, and stays away.
fn own_section(written: &RunWrite, now: String) -> UndoVerdict {
    let policy = &written.policy;
    match section::there(&now, policy) {
        Some(there) if there.run != written.run => {
            UndoVerdict::Left(format!("A later run, {}, wrote there.", there.run))
        }
        Some(there) if there.edited => leave("Its section is not what the run wrote."),
        Some(_) => UndoVerdict::Undo(vec![other_body(section::taken_out(&now, policy), now)]),
        None => UndoVerdict::Nothing,
    }
}

fn other_body(body: String, over: String) -> Write {
    back(Op::EditBody, Args { body: Some(body), over: Some(over), ..Args::default() })
}

/// A section of ours in a text that somebody has changed around it: it alone goes back to what it was.
fn in_text(written: &RunWrite, later: Option<&RunWrite>, own: &str, (before, now): (&str, String)) -> UndoVerdict {
    let policy = &written.policy;
    let earlier = section::whole(before, policy);
    match section::whole(&now, policy) {
        Some(there) if same_text(there, own) => {
            let body = earlier.map_or_else(|| section::taken_out(&now, policy), |earlier| section::put(&now, earlier));
            UndoVerdict::Undo(vec![other_body(body, now)])
        }
        _ if written.done != super::WriteCertainty::Yes => UndoVerdict::Nothing,
        there if there.map(str::trim_end) == earlier.map(str::trim_end) => {
            undone(later).unwrap_or(UndoVerdict::Already(None))
        }
        _ if later.is_some_and(|later| later.job != JOB) => {
            later.map_or(UndoVerdict::Nothing, |later| UndoVerdict::Left(later_run(later)))
        }
        Some(_) => leave("Its section is not what the run wrote."),
        None => leave("Somebody took its section out."),
    }
}

/// An issue is closed, and its hidden line says that it is no place of ours any more: closed as it was, it
/// would look as if a person had closed it, and the next run would never write it again.
fn created(written: &RunWrite, later: Option<&RunWrite>, held: &ItemOnForge) -> UndoVerdict {
    let Some(item) = &held.item else { return leave("The item is gone.") };
    let text = written.args.body.as_deref().unwrap_or_default();
    let withdrawn = withdrawn(text);
    let taken = withdrawn.as_deref().is_some_and(|withdrawn| same_text(&item.body, withdrawn));
    if !item.open {
        return match taken {
            true => undone(later).unwrap_or(UndoVerdict::Already(None)),
            false if item.body.starts_with(SECOND) => leave("A run at the same moment made the same one."),
            false => leave("Somebody closed it."),
        };
    }
    if !taken && !(same_text(&item.body, text) && (written.before_known || whole(text))) {
        return another_text(written, later, &item.body);
    }
    if written.args.title.as_deref().is_some_and(|title| title != item.title) {
        return leave("Somebody gave it another title.");
    }
    // Whom the run itself has assigned has not taken it up by that.
    let own = |login: &str| written.args.assignees.iter().any(|name| name.eq_ignore_ascii_case(login));
    if let Some(login) = item.assignees.iter().find(|login| !own(login)) {
        return UndoVerdict::Left(format!("It is in the hands of {login}."));
    }
    let edit = withdrawn.filter(|_| !taken).map(|body| other_body(body, item.body.to_string()));
    let close = back(Op::Close, Args { reason: Some("not_planned".into()), ..Args::default() });
    UndoVerdict::Undo(edit.into_iter().chain([close]).collect())
}

/// The text of an issue of ours with a hidden line that names no place; `None` where it has none.
fn withdrawn(text: &str) -> Option<String> {
    let marker = Marker::ending(text)?;
    let other = marker
        .fields()
        .fold(Marker::default(), |to, (name, value)| to.with(name, if name == "key" { NOWHERE } else { value }));
    Some([marker::without(text), "\n\n", &other.line()].concat())
}
