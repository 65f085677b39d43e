//! What an undo does, for people and programs.
//!
//! Takes: an [`UndoPlan`], what became of it. Gives: text, Markdown, JSON. Names and texts are other people's
//! words in each. Pure.

use serde_json::{Value, json};

use super::undo_plan::UndoPlan;
use super::{JOB, RunWrite};
use crate::apply::{ItemFate, ItemOutcome};
use crate::engine::untrusted::{cut, markdown, readable, terminal};
use crate::plan::{Args, Op, PlannedItem, Write};
use crate::report::table::{Alignment, lay_out};

/// Rows of a section in text, where not all are asked for.
const FEW: usize = 20;
/// Rows of a section in Markdown.
const MANY: usize = 50;
/// Characters of a text that is deleted or written.
const START: usize = 60;

/// Every fate of a planned write with its name in JSON; `planned` in a dry run.
const STATES: [(ItemFate, &str); 5] = [
    (ItemFate::Done, "done"),
    (ItemFate::Unchanged, "unchanged"),
    (ItemFate::Dropped, "dropped"),
    (ItemFate::Failed, "failed"),
    (ItemFate::NotReached, "deferred"),
];

/// An undo with what became of it.
#[derive(Debug, Clone, Copy)]
pub struct UndoView<'s> {
    /// What was planned.
    pub undo: &'s UndoPlan,
    /// The run that is taken back, and its job.
    pub run: (&'s str, &'s str),
    /// The name of this run; `None` in a dry run.
    pub own: Option<&'s str>,
    /// One an item of the plan; `None` in a dry run.
    pub outcomes: Option<&'s [ItemOutcome]>,
    /// The forge.
    pub forge: &'s str,
    /// The instant, RFC 3339.
    pub now: &'s str,
    /// It was found by our own comments, not by the journal.
    pub by_comments: bool,
    /// What one should know beside that.
    pub warnings: &'s [String],
    /// Why something was left undone that should have been done.
    pub why_incomplete: &'s [String],
}

/// A line about one write.
struct UndoRow {
    item: String,
    what: String,
    note: String,
}

impl UndoView<'_> {
    fn state(&self, index: usize) -> &'static str {
        let fate =
            self.outcomes.map(|outcomes| outcomes.get(index).map_or(ItemFate::NotReached, |outcome| outcome.fate));
        let name = |fate: ItemFate| STATES.iter().find(|(known, _)| *known == fate).map_or("", |(_, name)| name);
        fate.map_or("planned", name)
    }

    /// Planned writes in a state.
    #[must_use]
    pub fn count(&self, state: &str) -> usize {
        let items = self.undo.items.iter().enumerate().filter(|(index, _)| self.state(*index) == state);
        items.flat_map(|(_, item)| &item.effects).map(|effect| effect.writes.len()).sum()
    }

    fn totals(&self) -> Value {
        let mut totals = serde_json::Map::new();
        totals.insert("writes".to_owned(), json!(self.undo.writes()));
        for state in ["planned"].into_iter().chain(STATES.iter().map(|(_, name)| *name)) {
            totals.insert(state.to_owned(), json!(self.count(state)));
        }
        for (name, list) in [("left", self.undo.untouched.len()), ("already", self.undo.already.len())] {
            totals.insert(name.to_owned(), json!(list));
        }
        totals.insert("unread".to_owned(), json!(self.undo.unread.len()));
        totals.into()
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let of = |written: &RunWrite, more: Value| {
            let mut value = json!({
                "op": written.op, "repo": written.repo, "kind": written.kind, "number": written.number,
                "policy": written.policy, "rule": written.rule, "args": written.args,
            });
            if let (Some(to), Value::Object(more)) = (value.as_object_mut(), more) {
                to.extend(more);
            }
            value
        };
        let with_why = |list: &[(RunWrite, String)]| -> Vec<Value> {
            list.iter().map(|(written, why)| of(written, json!({"reason": why}))).collect()
        };
        let already: Vec<Value> =
            self.undo.already.iter().map(|(written, by)| of(written, json!({"undone_by": by}))).collect();
        let mut writes = Vec::new();
        for (index, item) in self.undo.items.iter().enumerate() {
            let note = self.outcomes.and_then(|outcomes| outcomes.get(index)).and_then(|outcome| outcome.note.clone());
            for effect in &item.effects {
                writes.extend(effect.writes.iter().map(|write| {
                    json!({
                        "op": write.op, "repo": &*item.repo, "kind": item.kind, "number": item.number,
                        "policy": &*effect.policy, "rule": effect.rule, "key": write.key, "args": write.args,
                        "state": self.state(index), "note": note,
                    })
                }));
            }
        }
        json!({
            "job": JOB, "generated_at": self.now, "forge": self.forge, "complete": self.why_incomplete.is_empty(),
            "why_incomplete": self.why_incomplete, "warnings": self.warnings, "run": self.own,
            "undoes": {"run": self.run.0, "job": self.run.1, "found_by": self.found_by()}, "totals": self.totals(),
            "writes": writes, "left": with_why(&self.undo.untouched), "already": already,
            "unread": with_why(&self.undo.unread),
        })
    }

    fn found_by(&self) -> &'static str {
        if self.by_comments { "comments" } else { "journal" }
    }

    fn sections(&self) -> Vec<(&'static str, Vec<UndoRow>)> {
        let titles = [
            ("Would take back", "planned"),
            ("Taken back", "done"),
            ("Dropped", "dropped"),
            ("Failed", "failed"),
            ("Not reached", "deferred"),
            ("So already", "unchanged"),
        ];
        let mut all: Vec<(&'static str, Vec<UndoRow>)> = Vec::new();
        for (title, state) in titles {
            let items = self.undo.items.iter().enumerate().filter(|(index, _)| self.state(*index) == state);
            all.push((title, items.flat_map(|(index, item)| self.rows(index, item)).collect()));
        }
        let row = |written: &RunWrite, note: String| UndoRow {
            item: name(&written.repo, written.number),
            what: what(written.op, &written.args),
            note,
        };
        let left = self.undo.untouched.iter().map(|(written, why)| row(written, why.clone()));
        all.push(("Left alone", left.collect()));
        let unread = self.undo.unread.iter().map(|(written, why)| row(written, why.clone()));
        all.push(("Could not be read", unread.collect()));
        let by = |by: &Option<String>| by.as_ref().map_or_else(String::new, |by| format!("by {by}"));
        let already = self.undo.already.iter().map(|(written, run)| row(written, by(run)));
        all.push(("Taken back before", already.collect()));
        all.retain(|(_, rows)| !rows.is_empty());
        all
    }

    fn rows(&self, index: usize, item: &PlannedItem) -> Vec<UndoRow> {
        let note = self.outcomes.and_then(|outcomes| outcomes.get(index)).and_then(|outcome| outcome.note.clone());
        let writes = item.effects.iter().flat_map(|effect| &effect.writes);
        let row = |write: &Write| UndoRow {
            item: name(&item.repo, item.number),
            what: what(write.op, &write.args),
            note: note.clone().unwrap_or_default(),
        };
        writes.map(row).collect()
    }

    fn head(&self) -> (String, String) {
        let how = match (self.own, self.outcomes) {
            (Some(own), _) => format!("run {own}"),
            (None, _) => "dry run".to_owned(),
        };
        let first = format!("undo of {} ({}) · {how} at {}", self.run.0, self.run.1, self.now);
        let (done, verb) = match self.outcomes {
            Some(_) => (self.count("done"), "taken back"),
            None => (self.undo.writes(), "to take back"),
        };
        let (left, already) = (self.undo.untouched.len(), self.undo.already.len());
        let writes = if done == 1 { "write" } else { "writes" };
        (first, format!("{done} {writes} {verb}, {left} left alone, {already} taken back before"))
    }

    /// What is to be known at the end.
    fn last(&self) -> Vec<String> {
        let mut last: Vec<String> = self.warnings.to_vec();
        if self.undo.items.is_empty() {
            let mut by: Vec<&String> = self.undo.already.iter().filter_map(|(_, by)| by.as_ref()).collect();
            by.dedup();
            last.push(match by.first() {
                Some(by) => format!("Nothing is left to undo: {by} did it. `kaizen undo {by}` takes that back."),
                None => "There is nothing to undo.".to_owned(),
            });
        } else if self.run.1 != JOB {
            last.push("The next run decides the same again, unless the rules or the items change.".to_owned());
        }
        if self.by_comments {
            last.push(
                "This was found by our own comments alone: what was written without a comment (an issue, a label of \
                 the repository, an action that has no comment) is not found."
                    .to_owned(),
            );
        }
        last
    }

    /// For a terminal.
    #[must_use]
    pub fn text(&self, verbose: bool) -> String {
        let (first, second) = self.head();
        let mut lines = vec![terminal(&first), second];
        for (title, rows) in self.sections() {
            lines.extend([String::new(), format!("{title} ({})", rows.len())]);
            let most = if verbose { rows.len() } else { FEW };
            let cells = |row: &UndoRow| vec![terminal(&row.item), terminal(&row.what), terminal(&row.note)];
            let cells: Vec<Vec<String>> = rows.iter().take(most).map(cells).collect();
            // A reason is read to its end, however wide.
            lines.extend(lay_out(&cells, &[Alignment::Left, Alignment::Left, Alignment::Left], usize::MAX));
            if rows.len() > most {
                lines.push(format!("… and {} more (-v shows all)", rows.len() - most));
            }
        }
        for line in self.last() {
            lines.extend([String::new(), terminal(&line)]);
        }
        lines.join("\n") + "\n"
    }

    /// For a summary, a comment, a file.
    #[must_use]
    pub fn markdown(&self) -> String {
        let (first, second) = self.head();
        let mut lines = vec![format!("## {}", markdown(&first)), String::new(), second];
        for (title, rows) in self.sections() {
            lines.extend([String::new(), format!("### {title} ({})", rows.len()), String::new()]);
            lines.extend(["| item | what | |".to_owned(), "| --- | --- | --- |".to_owned()]);
            let row = |row: &UndoRow| {
                format!("| {} | {} | {} |", markdown(&row.item), markdown(&row.what), markdown(&row.note))
            };
            lines.extend(rows.iter().take(MANY).map(row));
            if rows.len() > MANY {
                lines.extend([String::new(), format!("… and {} more", rows.len() - MANY)]);
            }
        }
        for line in self.last() {
            lines.extend([String::new(), markdown(&line)]);
        }
        lines.join("\n") + "\n"
    }
}

fn name(repo: &str, number: Option<u64>) -> String {
    number.map_or_else(|| repo.to_owned(), |number| format!("{repo}#{number}"))
}

/// A write in a few words.
fn what(op: Op, args: &Args) -> String {
    let names: Vec<&str> = args.labels.iter().chain(&args.assignees).map(String::as_str).collect();
    let start = |text: &Option<String>| {
        let text = text.as_deref().unwrap_or_default();
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        cut(&readable(line), START).into_owned()
    };
    let more = match op {
        Op::DeleteComment => start(&args.over),
        Op::Comment | Op::EditComment | Op::EditBody => start(&args.body),
        Op::CreateIssue => start(&args.title),
        Op::SetMilestone => args.milestone.clone().unwrap_or_else(|| "none".to_owned()),
        _ => names.join(", "),
    };
    let text = matches!(op, Op::DeleteComment | Op::Comment | Op::EditComment | Op::EditBody | Op::CreateIssue);
    let between = if text { ": " } else { " " };
    if more.is_empty() { op.name().to_owned() } else { format!("{}{between}{more}", op.name()) }
}
