//! What an earlier run wrote, taken back: which writes, and which are left alone because somebody has
//! touched them since.
//!
//! Takes: the lines of the journal and of the record of runs (or our own comments, where those are gone),
//! and what the forge holds now. Gives: a [`Plan`](crate::plan::Plan) for the one writer, a list of what is
//! left alone with its reason, and the list of runs. Pure.
//!
//! - [`history`] the journal as single writes, `marked` our comments as such
//! - [`runs`] which runs there were, [`list`] how they are shown
//! - `state` labels, people, milestone and state of an item; `texts` comments, bodies, created issues
//! - [`undo_plan`] one run to a plan, [`view`] how that is shown

pub mod comment_trail;
pub mod history;
pub mod list;
pub mod runs;
mod state;
mod texts;
pub mod undo_plan;
pub mod view;

use chrono::{DateTime, Utc};

use crate::forge::{Account, Comment, Event, Item, ItemKind, LabelNames};
use crate::plan::{Args, Op, UNDO, Write};

/// The name of the job under which what is taken back is recorded: it can be taken back too.
pub const JOB: &str = "undo";

/// What is left of a comment of ours that people answered.
pub const WITHDRAWN: &str = "<sub>Kaizen has withdrawn this comment.</sub>";

/// Minutes by which the clocks of a runner and a forge may differ.
const CLOCKS: i64 = 10;

/// One thing that a run wrote: one label, one person, one text.
#[derive(Debug, Clone)]
pub struct RunWrite {
    /// The run.
    pub run: String,
    /// Its job.
    pub job: String,
    /// The policy.
    pub policy: String,
    /// The rule.
    pub rule: Option<String>,
    /// `owner/name`.
    pub repo: String,
    /// Issue or pull request.
    pub kind: ItemKind,
    /// The number; `None` for a label of the repository, and for an issue whose number nobody noted.
    pub number: Option<u64>,
    /// What was done.
    pub op: Op,
    /// With what.
    pub args: Args,
    /// What stood there before.
    pub before: Option<String>,
    /// What stood there before was noted, though it may be nothing.
    pub before_known: bool,
    /// When, as far as that is known.
    pub at: Option<DateTime<Utc>>,
    /// Whether it was done.
    pub done: WriteCertainty,
}

/// Whether a write was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteCertainty {
    /// The forge said so.
    Yes,
    /// The run ended before it was told, or only a comment announces it.
    Perhaps,
    /// It failed, or the answer never came.
    Failed,
}

impl RunWrite {
    /// As a write of a plan.
    fn write(&self) -> Write {
        Write { op: self.op, key: UNDO.into(), args: self.args.clone() }
    }

    /// Whether two writes are about one thing: one label on one item, one comment, one state.
    fn same_thing(&self, other: &RunWrite, names: LabelNames) -> bool {
        if !self.repo.eq_ignore_ascii_case(&other.repo) {
            return false;
        }
        let label = || {
            let of = |written: &RunWrite| written.args.labels.first().cloned().unwrap_or_default();
            names.same(&of(self), &of(other))
        };
        let login = || {
            let of = |written: &RunWrite| written.args.assignees.first().cloned().unwrap_or_default();
            of(self).eq_ignore_ascii_case(&of(other))
        };
        let thing = WriteSubject::of(self.op);
        if thing != WriteSubject::of(other.op) {
            return false;
        }
        let here = self.number.is_some() && self.number == other.number;
        match thing {
            WriteSubject::OwnLabel => label(),
            WriteSubject::Label => here && label(),
            WriteSubject::Person => here && login(),
            WriteSubject::Comment => here && self.args.id.is_some() && self.args.id == other.args.id,
            // Each policy has a section of its own; an issue that was created is one text.
            WriteSubject::Text => {
                here && (self.policy == other.policy || [self.op, other.op].contains(&Op::CreateIssue))
            }
            WriteSubject::Milestone | WriteSubject::State => here,
        }
    }
}

/// What a write is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WriteSubject {
    Label,
    Person,
    Milestone,
    State,
    Comment,
    Text,
    /// A label of the repository.
    OwnLabel,
}

impl WriteSubject {
    fn of(op: Op) -> WriteSubject {
        match op {
            Op::AddLabels | Op::RemoveLabels => WriteSubject::Label,
            Op::Assign | Op::Unassign => WriteSubject::Person,
            Op::SetMilestone => WriteSubject::Milestone,
            Op::Close | Op::Reopen => WriteSubject::State,
            Op::Comment | Op::EditComment | Op::DeleteComment => WriteSubject::Comment,
            Op::CreateIssue | Op::EditBody => WriteSubject::Text,
            Op::CreateLabel | Op::DeleteLabel => WriteSubject::OwnLabel,
        }
    }
}

/// What the forge holds of an item now.
#[derive(Debug, Clone, Default)]
pub struct ItemOnForge {
    /// The item; `None` where it is gone.
    pub item: Option<Item<'static>>,
    /// Its comments, oldest first.
    pub comments: Vec<Comment>,
    /// Its timeline; `None` where it was not recorded.
    pub timeline: Option<Vec<Event>>,
}

/// What is known beside that.
#[allow(missing_debug_implementations, reason = "it holds a callback")]
pub struct UndoContext<'k> {
    /// Our own login.
    pub us: &'k str,
    /// How the forge tells labels apart.
    pub names: LabelNames,
    /// Whether a run came to its end: one that did not may have noted more than it saved.
    pub ended: &'k dyn Fn(&str) -> bool,
    /// Why nothing can be written to a repository of this name, a sentence.
    pub closed: &'k dyn Fn(&str) -> Option<String>,
}

impl UndoContext<'_> {
    fn ours(&self, account: Option<&Account>) -> bool {
        account.is_some_and(|account| !self.us.is_empty() && account.login.eq_ignore_ascii_case(self.us))
    }
}

/// What becomes of one thing that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum UndoVerdict {
    /// These writes take it back, in this order.
    Undo(Vec<Write>),
    /// This run, or one that nobody noted, has taken it back.
    Already(Option<String>),
    /// It stays, for this reason.
    Left(String),
    /// It was never there.
    Nothing,
}

/// The sentence about a later run.
fn later_run(later: &RunWrite) -> String {
    format!("A later run, {}, wrote there.", later.run)
}

/// A write that takes something back.
fn back(op: Op, args: Args) -> Write {
    Write { op, key: UNDO.into(), args }
}
