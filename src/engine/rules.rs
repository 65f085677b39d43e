//! The parts of a policy: conditions, points, types, flags, agents, actions, rules.
//!
//! Takes: nothing, these are the types that `language` fills and `evaluate` reads. Gives: what a
//! [`Policy`] is made of. Indices into a list of the policy stand where a file has a name.

use super::expr::Expr;
pub use super::policy::Policy;
use super::sentence::Sentence;
use super::source::Location;
use super::value::Value;

/// An expression that is yes or no, and where it stands.
#[derive(Debug, Clone)]
pub struct Condition {
    /// What it says.
    pub expr: Expr,
    /// Where.
    pub at: Location,
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
    /// Where it stands.
    pub at: Location,
}

/// A part of the score: the sum of its points, kept within 0 and `max`.
#[derive(Debug, Clone)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// Its largest value.
    pub max: Value<'static>,
    /// Where this fails it is 0.
    pub when: Option<Condition>,
    /// What adds up.
    pub points: Vec<Point>,
    /// Where its largest value stands.
    pub at: Location,
}

/// Points for something that holds.
#[derive(Debug, Clone)]
pub struct Point {
    /// How many, negative to take off.
    pub add: Value<'static>,
    /// When.
    pub when: Option<Condition>,
    /// What that means, in words for the people on the issue: `names a file`.
    pub because: Option<String>,
    /// Where it stands.
    pub at: Location,
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
    pub when: Option<Condition>,
    /// What it weighs under `pick: highest`.
    pub score: Option<Expr>,
    /// Where it stands.
    pub at: Location,
}

/// A named judgement.
#[derive(Debug, Clone)]
pub struct Flag {
    /// Its name.
    pub name: String,
    /// When it holds.
    pub when: Condition,
}

/// Someone who takes work.
#[derive(Debug, Clone)]
pub struct Agent {
    /// The name in rules.
    pub name: String,
    /// The login on the forge.
    pub login: String,
    /// When an open item is in this agent's hands.
    pub holds: Option<Condition>,
    /// How many items this agent has in hand at most.
    pub at_once: Option<usize>,
    /// Where it stands.
    pub at: Location,
}

/// A label that is created where it is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSpec {
    /// Its exact name.
    pub name: String,
    /// Six hexadecimal digits.
    pub color: Option<String>,
    /// What people read beside it.
    pub description: Option<String>,
    /// Where it stands.
    pub at: Location,
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
    /// Where it stands.
    pub at: Location,
    /// File name of the template of a section in the item's text.
    pub edit_body: Option<String>,
    /// An issue that is created, once an item.
    pub create_issue: Option<IssueSpec>,
}

/// A rule of `decide`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its name in tests, traces and logs.
    pub id: String,
    /// When it holds.
    pub when: Option<Condition>,
    /// What is done; `None` is `skip`.
    pub action: Option<usize>,
    /// Why, for people.
    pub reason: Option<Sentence>,
    /// It is only observed: decided and shown, never written.
    pub observe: bool,
    /// Where it stands.
    pub at: Location,
}

/// Caps of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLimits {
    /// Items that are written to; `None` is all.
    pub items_per_run: Option<usize>,
    /// Milliseconds between two writes to a server.
    pub pause_ms: u64,
}

/// The daily summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummarySpec {
    /// One summary for all repositories, kept in this one; `None`: one in each.
    pub repo: Option<String>,
    /// The label it carries.
    pub label: String,
    /// Days that are kept, folded.
    pub days: usize,
}

/// An issue that an action creates.
#[derive(Debug, Clone)]
pub struct IssueSpec {
    /// Its title.
    pub title: Sentence,
    /// File name of the template of its text.
    pub body: String,
    /// Labels that it gets.
    pub labels: Vec<String>,
    /// Who is assigned to it.
    pub assign: Vec<Person>,
}
