//! A policy: one rule file, checked, with every name resolved.
//!
//! Takes: nothing, these are the types that `load` fills and `evaluate` reads. Gives: [`Policy`]
//! and its parts. Indices into a list of the policy stand where a file has a name.

use chrono_tz::Tz;

use super::expr::Expr;
use super::facts::Ages;
pub use super::new_issue::NewIssue;
use super::sentence::Sentence;
use super::source::{Source, Span};
use super::text::TagRules;
use super::value::Value;
use super::words::{Keywords, Pattern};

/// A checked rule file with all it extends.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The file's name without its ending: what markers call this policy.
    pub name: String,
    /// The job it belongs to.
    pub job: String,
    /// Digest of the rule texts, 16 hexadecimal digits.
    pub hash: String,
    /// The file itself, for places.
    pub source: Source,
    /// Further logins that our comments have carried.
    pub bots: Vec<String>,
    /// The command that makes us leave an item alone.
    pub skip_command: Option<String>,
    /// Which items are judged.
    pub scope: ItemScope,
    /// Where a day begins.
    pub timezone: Tz,
    /// How tags are made.
    pub tags: TagRules,
    /// What unknown and future ages are.
    pub ages: Ages,
    /// Keyword sets.
    pub keywords: Keywords,
    /// Patterns.
    pub patterns: Vec<Pattern>,
    /// Thresholds.
    pub thresholds: Vec<Threshold>,
    /// Score components.
    pub components: Vec<Component>,
    /// How the type is chosen.
    pub classify: Classify,
    /// Named judgements, in order.
    pub flags: Vec<Flag>,
    /// Sort keys; true is descending.
    pub order: Vec<(bool, Expr)>,
    /// Who work is handed to.
    pub agents: Vec<Agent>,
    /// Labels that actions may add.
    pub labels: Vec<Label>,
    /// What a rule may ask for.
    pub actions: Vec<Action>,
    /// The rules, in order; those with `enabled: false` are left out.
    pub decide: Vec<Rule>,
    /// Caps of a run.
    pub limits: Limits,
    /// The daily summary, where one is written.
    pub summary: Option<Summary>,
    /// What is private is named in public places too.
    pub publish_private: bool,
}

impl Policy {
    /// For each sort key, whether the largest comes first.
    #[must_use]
    pub fn descending(&self) -> Vec<bool> {
        self.order.iter().map(|(descending, _)| *descending).collect()
    }

    /// Every sentence of it.
    pub fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        let titles = self.actions.iter().filter_map(|action| Some(&action.create_issue.as_ref()?.title));
        self.decide.iter().filter_map(|rule| rule.reason.as_ref()).chain(titles)
    }

    /// Every expression of it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        let points = self.components.iter().flat_map(|one| one.points.iter().filter_map(|point| point.when.as_ref()));
        let types = self.classify.rules.iter().flat_map(|rule| rule.when.iter().chain(&rule.score));
        (self.components.iter().filter_map(|component| component.when.as_ref()))
            .chain(points)
            .chain(types)
            .chain(self.flags.iter().map(|flag| &flag.when))
            .chain(self.order.iter().map(|(_, key)| key))
            .chain(self.agents.iter().filter_map(|agent| agent.holds.as_ref()))
            .chain(self.decide.iter().filter_map(|rule| rule.when.as_ref()))
            .chain(self.sentences().flat_map(Sentence::expressions))
    }
}

/// Which items are judged at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemScope {
    /// `issue`, `pull`.
    pub kinds: Vec<String>,
    /// Open items are judged.
    pub open: bool,
    /// Closed items are judged.
    pub closed: bool,
    /// Younger items are left for the next run.
    pub min_age_minutes: i64,
    /// Items with any of these labels are left out.
    pub leave_out_labels: Vec<String>,
    /// Items of these milestones are left out.
    pub leave_out_milestones: Vec<String>,
    /// Items by these authors are left out.
    pub leave_out_authors: Vec<String>,
}

/// A named number.
#[derive(Debug, Clone)]
pub struct Threshold {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value<'static>,
}

/// A part of the score: the sum of its points, kept within 0 and `max`.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// Its largest value.
    pub max: Value<'static>,
    /// Where this fails it is 0.
    pub when: Option<Expr>,
    /// What adds up.
    pub points: Vec<Point>,
}

/// Points for something that holds.
#[derive(Debug, Clone)]
pub struct Point {
    /// How many, negative to take off.
    pub add: Value<'static>,
    /// When.
    pub when: Option<Expr>,
    /// Where it stands in the file.
    pub at: Span,
}

/// How the type of an item is chosen.
#[derive(Debug, Clone)]
pub struct Classify {
    /// The rule with the highest score, not the first that holds.
    pub highest: bool,
    /// The type where no rule holds.
    pub default: String,
    /// The rules.
    pub rules: Vec<TypeRule>,
}

/// A rule for one type.
#[derive(Debug, Clone)]
pub struct TypeRule {
    /// The type it gives.
    pub ty: String,
    /// When.
    pub when: Option<Expr>,
    /// What it weighs under `pick: highest`.
    pub score: Option<Expr>,
}

/// A named judgement.
#[derive(Debug, Clone)]
pub struct Flag {
    /// Its name.
    pub name: String,
    /// When it holds.
    pub when: Expr,
}

/// Someone who takes work.
#[derive(Debug, Clone)]
pub struct Agent {
    /// The name in rules.
    pub name: String,
    /// The login on the forge.
    pub login: String,
    /// When an open item is in this agent's hands.
    pub holds: Option<Expr>,
    /// How many items this agent has in hand at most.
    pub at_once: Option<usize>,
}

/// A label that is created where it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Its exact name.
    pub name: String,
    /// Six hexadecimal digits.
    pub color: Option<String>,
    /// What people read beside it.
    pub description: Option<String>,
}

/// Someone an action names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// An agent, by index.
    Agent(usize),
    /// Who opened the item.
    Author,
    /// Whoever it is assigned to.
    Assignees,
}

/// Why an item is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// The work is done.
    Completed,
    /// It will not be done.
    NotPlanned,
    /// No reason given.
    Plain,
}

/// What a rule asks for.
#[derive(Debug, Clone, Default)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// Whose work it becomes.
    pub agent: Option<usize>,
    /// File name of the template of its comment.
    pub comment: Option<String>,
    /// Who is mentioned in the comment.
    pub mention: Vec<Person>,
    /// Who is assigned.
    pub assign: Vec<Person>,
    /// Who is taken off.
    pub unassign: Vec<Person>,
    /// Labels put on.
    pub add_labels: Vec<String>,
    /// Labels taken off.
    pub remove_labels: Vec<String>,
    /// Milestone set.
    pub set_milestone: Option<String>,
    /// The item is closed.
    pub close: Option<Close>,
    /// The item is opened again.
    pub reopen: bool,
    /// File name of the template of a section in the item's text.
    pub edit_body: Option<String>,
    /// An issue that is created, once an item.
    pub create_issue: Option<NewIssue>,
}

/// A rule of `decide`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name in tests, traces and logs.
    pub id: String,
    /// When it holds.
    pub when: Option<Expr>,
    /// What is done; `None` is `skip`.
    pub action: Option<usize>,
    /// Why, for people.
    pub reason: Option<Sentence>,
    /// It is only observed: decided and shown, never written.
    pub observe: bool,
    /// Where it stands in the file.
    pub at: Span,
}

/// Caps of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Items that are written to; `None` is all.
    pub items_per_run: Option<usize>,
    /// Milliseconds between two writes to a server.
    pub pause_ms: u64,
}

/// The daily summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// One summary for all repositories, kept in this one; `None`: one in each.
    pub repo: Option<String>,
    /// The label it carries.
    pub label: String,
    /// Days that are kept, folded.
    pub days: usize,
}
