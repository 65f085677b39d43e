//! One run, taken back: a plan for the one writer, and what is left alone.
//!
//! Takes: all that was written, the run, what the forge holds. Gives: [`UndoPlan`]. The newest write is taken
//! back first; within an item the comment goes last, so that a run that dies half-way still says what it
//! was about. Pure.

use std::collections::HashMap;

use serde_json::json;

use super::{
    ItemOnForge, RunWrite, UndoContext, UndoVerdict, WriteCertainty, WriteSubject, back, history, state, texts,
};
use crate::engine::digest;
use crate::forge::change::NewLabel;
use crate::plan::{self, Effect, Op, PlannedItem, Write};

/// Key of an item: its repository in small letters, its number.
pub type ItemKey = (String, u64);

/// The key of an item.
#[must_use]
pub fn at(repo: &str, number: u64) -> ItemKey {
    (repo.to_lowercase(), number)
}

/// What the forge holds now of what a run wrote.
#[derive(Debug, Default)]
pub struct Holdings {
    /// By item.
    pub items: HashMap<ItemKey, ItemOnForge>,
    /// Items that could not be read, with the reason.
    pub unread: HashMap<ItemKey, String>,
    /// Numbers of what carries a label, by repository in small letters and name.
    pub carriers: HashMap<(String, String), Vec<u64>>,
}

/// What becomes of a run.
#[derive(Debug, Default)]
pub struct UndoPlan {
    /// What to write, in order.
    pub items: Vec<PlannedItem>,
    /// Labels that are made anew where they are put back.
    pub labels: Vec<NewLabel>,
    /// What stays as it is, with the reason.
    pub untouched: Vec<(RunWrite, String)>,
    /// What was taken back before, with the run that did.
    pub already: Vec<(RunWrite, Option<String>)>,
    /// What could not be read, with the reason.
    pub unread: Vec<(RunWrite, String)>,
}

/// Plans to take a run back.
#[must_use]
pub fn plan(run: &str, history: &[RunWrite], held: &Holdings, known: &UndoContext<'_>) -> UndoPlan {
    let mut undo = UndoPlan::default();
    let mut own_labels = Vec::new();
    for (index, written) in history.iter().enumerate().rev().filter(|(_, written)| written.run == run) {
        if WriteSubject::of(written.op) == WriteSubject::OwnLabel {
            own_labels.push((index, written));
            continue;
        }
        let later = history::later(history, index, known.names);
        match verdict(written, later, held, known) {
            UndoVerdict::Undo(writes) => match (known.closed)(&written.repo) {
                Some(why) => undo.untouched.push((written.clone(), why)),
                None => undo.add(written, writes, held, run),
            },
            UndoVerdict::Already(by) => undo.already.push((written.clone(), by)),
            UndoVerdict::Left(why) if held_back(written, held) => undo.unread.push((written.clone(), why)),
            UndoVerdict::Left(why) => undo.untouched.push((written.clone(), why)),
            UndoVerdict::Nothing => {}
        }
    }
    for effect in undo.items.iter_mut().flat_map(|item| &mut item.effects) {
        effect.writes.sort_by_key(|write| WriteSubject::of(write.op) == WriteSubject::Comment);
    }
    for (index, written) in own_labels {
        let later = history::later(history, index, known.names);
        match (known.closed)(&written.repo) {
            Some(why) => undo.untouched.push((written.clone(), why)),
            None => undo.label(written, later, held, known),
        }
    }
    undo
}

fn held_back(written: &RunWrite, held: &Holdings) -> bool {
    written.number.is_some_and(|number| held.unread.contains_key(&at(&written.repo, number)))
}

fn verdict(written: &RunWrite, later: Option<&RunWrite>, held: &Holdings, known: &UndoContext<'_>) -> UndoVerdict {
    let Some(number) = written.number else {
        return match written.done {
            WriteCertainty::Yes => UndoVerdict::Left("Nobody noted its number.".to_owned()),
            _ => UndoVerdict::Nothing,
        };
    };
    let key = at(&written.repo, number);
    if let Some(why) = held.unread.get(&key) {
        return UndoVerdict::Left(why.clone());
    }
    let gone = ItemOnForge::default();
    let held = held.items.get(&key).unwrap_or(&gone);
    match WriteSubject::of(written.op) {
        WriteSubject::Comment | WriteSubject::Text => texts::verdict(written, later, held, known),
        _ => state::verdict(written, later, held, known),
    }
}

impl UndoPlan {
    /// Writes planned.
    #[must_use]
    pub fn writes(&self) -> usize {
        self.items.iter().flat_map(|item| &item.effects).map(|effect| effect.writes.len()).sum()
    }

    fn add(&mut self, written: &RunWrite, writes: Vec<Write>, held: &Holdings, run: &str) {
        let Some(number) = written.number else { return };
        let same = |item: &PlannedItem| item.repo.as_ref() == written.repo && item.number == Some(number);
        let item = match self.items.iter().position(same) {
            Some(index) => &mut self.items[index],
            None => {
                let now = held.items.get(&at(&written.repo, number)).and_then(|held| held.item.as_ref());
                self.items.push(PlannedItem {
                    repo: written.repo.as_str().into(),
                    kind: now.map_or(written.kind, |item| item.kind),
                    number: Some(number),
                    seen: now.map(plan::item_digest),
                    turned_on: None,
                    effects: Vec::new(),
                });
                let last = self.items.len() - 1;
                &mut self.items[last]
            }
        };
        let rule = written.rule.as_deref();
        let of_rule = |effect: &Effect| effect.policy.as_ref() == written.policy && effect.rule.as_deref() == rule;
        let effect = match item.effects.iter().position(of_rule) {
            Some(index) => &mut item.effects[index],
            None => {
                item.effects.push(effect(written, run));
                // The second one of an item finds it changed by the first.
                if item.effects.len() > 1 {
                    item.seen = None;
                }
                let last = item.effects.len() - 1;
                &mut item.effects[last]
            }
        };
        writes.into_iter().for_each(|write| join(&mut effect.writes, write));
    }

    /// A label of the repository: one that the run made goes where nothing will carry it; one that an undo
    /// took away comes back before anything is to carry it.
    fn label(&mut self, written: &RunWrite, later: Option<&RunWrite>, held: &Holdings, known: &UndoContext<'_>) {
        let Some(name) = written.args.labels.first() else { return };
        let opposite = later.is_some_and(|later| later.op != written.op);
        if written.done == WriteCertainty::Failed {
            return;
        }
        if let Some(later) = later.filter(|_| opposite) {
            if later.done == WriteCertainty::Yes && (known.ended)(&later.run) {
                self.already.push((written.clone(), Some(later.run.clone())));
                return;
            }
        } else if let Some(later) = later {
            self.untouched.push((written.clone(), super::later_run(later)));
            return;
        }
        let own = |op| {
            let mut effect = effect(written, &written.run);
            effect.writes.push(back(op, written.args.clone()));
            let (repo, kind) = (written.repo.as_str().into(), written.kind);
            PlannedItem { repo, kind, number: None, seen: None, turned_on: None, effects: vec![effect] }
        };
        if written.op == Op::DeleteLabel {
            let text = |text: &Option<String>| text.clone().unwrap_or_default();
            let (color, description) = (text(&written.args.color), text(&written.args.body));
            self.labels.push(NewLabel { name: name.clone(), color, description });
            self.items.insert(0, own(Op::CreateLabel));
            return;
        }
        let taken = |number: u64| {
            let item = self
                .items
                .iter()
                .find(|item| item.repo.eq_ignore_ascii_case(&written.repo) && item.number == Some(number));
            let mut writes = item.into_iter().flat_map(|item| &item.effects).flat_map(|effect| &effect.writes);
            writes.any(|write| {
                write.op == Op::RemoveLabels && write.args.labels.iter().any(|label| known.names.same(label, name))
            })
        };
        let carriers = held.carriers.get(&(written.repo.to_lowercase(), name.clone()));
        match carriers.and_then(|numbers| numbers.iter().find(|number| !taken(**number))) {
            Some(number) => self.untouched.push((written.clone(), format!("#{number} carries it."))),
            None => self.items.push(own(Op::DeleteLabel)),
        }
    }
}

fn effect(written: &RunWrite, run: &str) -> Effect {
    Effect {
        policy: written.policy.as_str().into(),
        rule: written.rule.as_deref().map(Into::into),
        did: digest(&json!([plan::UNDO, run, written.repo, written.number]).to_string()),
        writes: Vec::new(),
    }
}

/// Adds a write; names that one request can take are put together.
fn join(writes: &mut Vec<Write>, write: Write) {
    let lists = matches!(write.op, Op::AddLabels | Op::RemoveLabels | Op::Assign | Op::Unassign);
    let Some(same) = writes.iter_mut().rfind(|known| lists && known.op == write.op) else {
        writes.push(write);
        return;
    };
    for (to, from) in [(&mut same.args.labels, write.args.labels), (&mut same.args.assignees, write.args.assignees)] {
        for name in from {
            if !to.contains(&name) {
                to.push(name);
            }
        }
    }
}
