//! Decisions and texts to finished writes.
//!
//! Takes: an action of a policy, the item it is for, the rendered comment. Gives: [`Plan`], a
//! list of writes with every text in it, as `--plan-out` saves it and apply carries it out. Pure:
//! the same decisions give the same plan, whether anything is written or not.

pub mod marker;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;

use crate::engine::digest;
use crate::engine::rules::{Action, Close, Person, Policy};
use crate::forge::Account;
use marker::Marker;

/// The place of a decision's comment on its item.
pub const DECISION: &str = "decision";
/// The place of the daily summary.
pub const SUMMARY: &str = "summary";

/// A finished plan.
#[derive(Debug, Clone, Serialize)]
pub struct Plan<'p> {
    /// Version of this format.
    pub version: u32,
    /// Version of the program that made it.
    pub kaizen: &'p str,
    /// The job.
    pub job: &'p str,
    /// The forge it is for.
    pub forge: &'p str,
    /// When it was made, RFC 3339.
    pub created_at: &'p str,
    /// The instant that ages were counted to, RFC 3339.
    pub now: &'p str,
    /// Digest of the rules.
    pub rules_hash: &'p str,
    /// Everything was read and nothing was left undone.
    pub complete: bool,
    /// What to write, in the order of writing.
    pub items: &'p [PlannedItem],
}

/// What is written to one item.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedItem {
    /// `owner/name`.
    pub repo: Arc<str>,
    /// `issue` or `pull`.
    pub kind: &'static str,
    /// Its number; `None` for an issue that is created.
    pub number: Option<u64>,
    /// Digest of what the rules read of it.
    pub seen: Option<String>,
    /// What its rules ask for.
    pub effects: Vec<Effect>,
}

/// What one rule of one policy asks for.
#[derive(Debug, Clone, Serialize)]
pub struct Effect {
    /// The policy.
    pub policy: Arc<str>,
    /// The rule.
    pub rule: Option<Arc<str>>,
    /// Digest of the decision: action and arguments, not the words.
    pub did: String,
    /// The writes, in order: comment, labels, assignees, state.
    pub writes: Vec<Write>,
}

/// One write.
#[derive(Debug, Clone, Serialize)]
pub struct Write {
    /// `comment`, `edit_comment`, `add_labels`, `remove_labels`, `assign`, `unassign`,
    /// `set_milestone`, `close`, `reopen`, `create_issue`, `edit_body`.
    pub op: &'static str,
    /// The place it belongs to: `decision`, `summary`.
    pub key: &'static str,
    /// What to write.
    pub args: Args,
}

/// What a write writes; a member that its `op` does not have is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Args {
    /// The comment that is edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The title of a new issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The text, with its marker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Exact names of labels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Logins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
    /// The title of a milestone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone: Option<String>,
    /// Why an item is closed: `completed` or `not_planned`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

/// What writing to an item needs to know of it beside its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Digest of what the rules read of it.
    pub seen: String,
    /// Exact names of its labels.
    pub labels: Vec<String>,
    /// Who opened it.
    pub author: Option<Account>,
    /// Title of its milestone.
    pub milestone: Option<String>,
    /// It is open.
    pub open: bool,
    /// Only writers may comment.
    pub locked: bool,
    /// A pull request that is not finished.
    pub draft: bool,
    /// How many comments it has.
    pub comments: u64,
    /// When it was opened.
    pub created_at: Option<DateTime<Utc>>,
    /// When anything on it last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// An earlier comment of ours about a decision: its id.
    pub earlier: Option<u64>,
}

/// What an action asks for on one item.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Digest of the action and its arguments.
    pub did: String,
    /// Logins that the comment mentions.
    pub mention: Vec<String>,
    /// The writes beside the comment, without what already holds.
    pub writes: Vec<Write>,
    /// For the marker: `op:argument` for each thing asked for.
    asked: Vec<String>,
}

/// Works out what an action asks for on an item.
#[must_use]
pub fn ask(policy: &Policy, action: &Action, subject: &Subject, assignees: &[String]) -> Asked {
    let people = |people: &[Person]| logins(policy, people, subject, assignees);
    let (assign, unassign) = (people(&action.assign), people(&action.unassign));
    let mut mention = people(&action.mention);
    mention.retain(|login| is_login(login));
    let mut asked: Vec<String> = Vec::new();
    let mut note = |op: &str, values: &[String]| {
        asked.extend(values.iter().map(|value| format!("{op}:{}", marker::element(value))))
    };
    note("add_labels", &action.add_labels);
    note("remove_labels", &action.remove_labels);
    note("assign", &assign);
    note("unassign", &unassign);
    note("set_milestone", action.set_milestone.as_slice());
    if let Some(close) = action.close {
        note("close", &[close_reason(close).to_owned()]);
    }
    if action.reopen {
        note("reopen", &[String::new()]);
    }
    let did = digest(&json!([action.name, asked, mention]).to_string());

    let pick = |wanted: &[String], there: &[String], present: bool| -> Vec<String> {
        wanted.iter().filter(|name| there.contains(name) == present).cloned().collect()
    };
    let mut writes = Vec::new();
    let mut add = |op, args: Args| {
        if args != Args::default() {
            writes.push(Write { op, key: DECISION, args });
        }
    };
    let of_labels = |labels| Args { labels, ..Args::default() };
    let of_people = |assignees| Args { assignees, ..Args::default() };
    add("add_labels", of_labels(pick(&action.add_labels, &subject.labels, false)));
    add("remove_labels", of_labels(pick(&action.remove_labels, &subject.labels, true)));
    add("assign", of_people(pick(&assign, assignees, false)));
    add("unassign", of_people(pick(&unassign, assignees, true)));
    let milestone = action.set_milestone.clone().filter(|_| subject.milestone != action.set_milestone);
    add("set_milestone", Args { milestone, ..Args::default() });
    match action.close {
        Some(close) if subject.open => {
            let reason = Some(close_reason(close)).filter(|reason| !reason.is_empty());
            writes.push(Write { op: "close", key: DECISION, args: Args { reason, ..Args::default() } });
        }
        _ if action.reopen && !subject.open => {
            writes.push(Write { op: "reopen", key: DECISION, args: Args::default() });
        }
        _ => {}
    }
    Asked { did, mention, writes, asked }
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

fn logins(policy: &Policy, people: &[Person], subject: &Subject, assignees: &[String]) -> Vec<String> {
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

/// The effect of a decision: its comment (new, or instead of an earlier one of ours) and the
/// other writes in their order.
#[must_use]
pub fn effect(policy: &Policy, rule: &str, asked: Asked, comment: Option<&str>, earlier: Option<u64>) -> Effect {
    let mut writes = Vec::with_capacity(1 + asked.writes.len());
    if let Some(text) = comment {
        let marker = Marker::default()
            .with("policy", &policy.name)
            .with("key", DECISION)
            .with("did", &asked.did)
            .with("run", "-")
            .with("rule", rule)
            .with("writes", &asked.asked.join(","))
            .with("text", &digest(text));
        let body = [text, "\n\n", &marker.line()].concat();
        // An edit reaches nobody (fact 104): who is mentioned gets a new comment.
        writes.push(match earlier.filter(|_| asked.mention.is_empty()) {
            Some(id) => Write {
                op: "edit_comment",
                key: DECISION,
                args: Args { id: Some(id), body: Some(body), ..Args::default() },
            },
            None => Write { op: "comment", key: DECISION, args: Args { body: Some(body), ..Args::default() } },
        });
    }
    writes.extend(asked.writes);
    Effect { policy: policy.name.as_str().into(), rule: Some(rule.into()), did: asked.did, writes }
}

/// The daily summary: an issue that is created, or the text of the one there is.
#[must_use]
pub fn summary(policy: &Policy, repo: &str, title: &str, text: &str, label: &str, there: Option<u64>) -> PlannedItem {
    let did = digest(&json!(["summary", repo]).to_string());
    let marker = Marker::default()
        .with("policy", &policy.name)
        .with("key", SUMMARY)
        .with("did", &did)
        .with("run", "-")
        .with("text", &digest(text));
    let body = [text, "\n\n", &marker.line()].concat();
    let write = match there {
        Some(_) => Write { op: "edit_body", key: SUMMARY, args: Args { body: Some(body), ..Args::default() } },
        None => Write {
            op: "create_issue",
            key: SUMMARY,
            args: Args {
                title: Some(title.to_owned()),
                body: Some(body),
                labels: vec![label.to_owned()],
                ..Args::default()
            },
        },
    };
    let effect = Effect { policy: policy.name.as_str().into(), rule: None, did, writes: vec![write] };
    PlannedItem { repo: repo.into(), kind: "issue", number: there, seen: None, effects: vec![effect] }
}
