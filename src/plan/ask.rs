//! What an action asks for on one item.
//!
//! Takes: an action of a policy, an item, who is assigned. Gives: [`ActionRequest`], the digest of the decision and
//! the writes beside its comment, without what already holds. Pure.

use std::borrow::Cow;

use serde_json::json;

use super::{Args, ItemSubject, Op, Write, marker, memory};
use crate::engine::digest;
use crate::engine::rules::{Action, Close, Person, Policy};

/// What an action asks for on one item.
#[derive(Debug, Clone)]
pub struct ActionRequest {
    /// Name of the action.
    pub action: String,
    /// Digest of the action and its arguments.
    pub did: String,
    /// Logins that the comment mentions.
    pub mention: Vec<String>,
    /// The writes beside the comment, without what already holds.
    pub writes: Vec<Write>,
    /// What stands there already of the labels and people that they put on.
    pub held: Vec<Write>,
    /// For the marker: `op:argument` for each thing asked for.
    pub(super) for_marker: Vec<String>,
}

impl ActionRequest {
    /// Whether such a write is left.
    #[must_use]
    pub fn asks(&self, op: Op) -> bool {
        self.writes.iter().any(|write| write.op == op)
    }
}

/// Works out what an action asks for on an item.
#[must_use]
pub fn ask(policy: &Policy, action: &Action, subject: &ItemSubject, assignees: &[String]) -> ActionRequest {
    let (mut writes, mention) = meant(policy, action, subject, assignees);
    let asked = marker::writes(&writes);
    // Who is assigned changes with what the action does: it is still the same decision.
    let (same, told) = meant(policy, action, subject, &["assignees".to_owned()]);
    let mut said = vec![json!(action.name), json!(marker::writes(&same)), json!(told)];
    if let Some(issue) = &action.create_issue {
        said.extend([json!(issue.labels), json!(logins(policy, &issue.assign, subject, &["assignees".to_owned()]))]);
    }
    let did = digest(&json!(said).to_string());
    let held = writes.iter().filter_map(|write| part_in_place(write, &subject.state(assignees))).collect();
    writes.retain_mut(|write| match write.op {
        // What somebody has changed in it is theirs.
        Op::EditBody => subject.section.as_ref().is_none_or(|there| there.did != did && !there.edited),
        Op::CreateIssue => !subject.created,
        _ => memory::take_out_done(write, &subject.state(assignees)),
    });
    writes.iter_mut().for_each(|write| memory::puts_aside(write, &subject.state(assignees)));
    ActionRequest { action: action.name.clone(), did, mention, writes, held, for_marker: asked }
}

/// The part of a write that puts something on which is there; `None` where nothing is.
fn part_in_place(write: &Write, state: &memory::ItemStanding<'_>) -> Option<Write> {
    if !matches!(write.op, Op::AddLabels | Op::Assign) {
        return None;
    }
    let (mut left, mut there) = (write.clone(), write.clone());
    memory::take_out_done(&mut left, state);
    there.args.labels.retain(|label| !left.args.labels.contains(label));
    there.args.assignees.retain(|login| !left.args.assignees.contains(login));
    (!(there.args.labels.is_empty() && there.args.assignees.is_empty())).then_some(there)
}

/// The same for who only compares: whom its comment mentions, and the writes beside it without what
/// already holds.
#[must_use]
pub fn without_texts(
    policy: &Policy,
    action: &Action,
    subject: &ItemSubject,
    assignees: &[String],
) -> (Vec<String>, Vec<Write>) {
    let (mut writes, mention) = meant(policy, action, subject, assignees);
    writes.retain_mut(|write| match write.op {
        Op::CreateIssue => !subject.created,
        _ => memory::take_out_done(write, &subject.state(assignees)),
    });
    (mention, writes)
}

/// All writes of an action beside its comment, and whom it mentions, with these as the assignees.
fn meant(policy: &Policy, action: &Action, subject: &ItemSubject, assignees: &[String]) -> (Vec<Write>, Vec<String>) {
    let people = |people: &[Person]| logins(policy, people, subject, assignees);
    let (assign, unassign) = (people(&action.assign), people(&action.unassign));
    let mut mention = people(&action.mention);
    mention.retain(|login| is_login(login));
    let mut writes = Vec::new();
    let mut add = |op, args: Args| {
        if args != Args::default() {
            writes.push(Write::of(op, args));
        }
    };
    if action.edit_body.is_some() {
        add(Op::EditBody, Args { section: Some(String::new()), ..Args::default() });
    }
    if let Some(issue) = &action.create_issue {
        let (labels, assignees) = (issue.labels.clone(), people(&issue.assign));
        add(Op::CreateIssue, Args { title: Some(String::new()), labels, assignees, ..Args::default() });
    }
    let of_labels = |labels: &[String]| Args { labels: labels.to_vec(), ..Args::default() };
    let of_people = |assignees: &[String]| Args { assignees: assignees.to_vec(), ..Args::default() };
    add(Op::AddLabels, of_labels(&action.add_labels));
    add(Op::RemoveLabels, of_labels(&action.remove_labels));
    add(Op::Assign, of_people(&assign));
    add(Op::Unassign, of_people(&unassign));
    add(Op::SetMilestone, Args { milestone: action.set_milestone.clone(), ..Args::default() });
    if let Some(close) = action.close {
        let reason = Some(close_reason(close)).filter(|reason| !reason.is_empty()).map(Cow::Borrowed);
        writes.push(Write::of(Op::Close, Args { reason, ..Args::default() }));
    } else if action.reopen {
        writes.push(Write::of(Op::Reopen, Args::default()));
    }
    (writes, mention)
}

/// What every forge takes for a login. Anything else is not mentioned at all: a part of it could be
/// somebody else's.
fn is_login(login: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    login.starts_with(char::is_alphanumeric) && login.ends_with(char::is_alphanumeric) && login.chars().all(inner)
}

fn close_reason(close: Close) -> &'static str {
    match close {
        Close::Completed => "completed",
        Close::NotPlanned => "not_planned",
        Close::Plain => "",
    }
}

fn logins(policy: &Policy, people: &[Person], subject: &ItemSubject, assignees: &[String]) -> Vec<String> {
    let mut logins: Vec<String> = Vec::new();
    for person in people {
        let more: Vec<String> = match person {
            Person::Agent(index) => vec![policy.agents[*index].login.clone()],
            Person::Author => subject.author.iter().map(|author| author.login.clone()).collect(),
            Person::Assignees => assignees.to_vec(),
        };
        for login in more {
            if !logins.contains(&login) {
                logins.push(login);
            }
        }
    }
    logins
}

impl ItemSubject {
    /// What writes are held against.
    fn state<'s>(&'s self, assignees: &'s [String]) -> memory::ItemStanding<'s> {
        memory::ItemStanding {
            labels: self.labels.iter().map(String::as_str).collect(),
            names: self.label_names,
            assignees: assignees.iter().map(String::as_str).collect(),
            milestone: self.milestone.as_deref(),
            open: self.open,
        }
    }
}
