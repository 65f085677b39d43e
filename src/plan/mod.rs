//! Decisions and texts to finished writes.
//!
//! Takes: an action of a policy, the item it is for, the rendered comment. Gives: [`Plan`], a
//! list of writes with every text in it, as `--plan-out` saves it and apply carries it out. Pure:
//! the same decisions give the same plan, whether anything is written or not.

pub mod marker;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

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
pub struct Plan {
    /// Version of this format.
    pub version: u32,
    /// Version of the program that made it.
    pub kaizen: String,
    /// The job.
    pub job: String,
    /// The forge it is for.
    pub forge: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// The instant that ages were counted to, RFC 3339.
    pub now: String,
    /// Digest of the rules.
    pub rules_hash: String,
    /// Everything was read and nothing was left undone.
    pub complete: bool,
    /// What to write, in the order of writing.
    pub items: Vec<PlannedItem>,
}

/// What is written to one item.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedItem {
    /// `owner/name`.
    pub repo: String,
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
    pub policy: String,
    /// The rule.
    pub rule: Option<String>,
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
    pub args: Value,
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
    let mention = people(&action.mention);
    let mut asked: Vec<String> = Vec::new();
    let mut note = |op: &str, values: &[String]| asked.extend(values.iter().map(|value| format!("{op}:{value}")));
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

    let missing = |wanted: &[String], there: &[String]| -> Vec<String> {
        wanted.iter().filter(|name| !there.contains(name)).cloned().collect()
    };
    let present = |wanted: &[String], there: &[String]| -> Vec<String> {
        wanted.iter().filter(|name| there.contains(name)).cloned().collect()
    };
    let mut writes = Vec::new();
    let mut add = |op: &'static str, name: &str, values: Vec<String>| {
        if !values.is_empty() {
            writes.push(Write { op, key: DECISION, args: json!({ name: values }) });
        }
    };
    add("add_labels", "labels", missing(&action.add_labels, &subject.labels));
    add("remove_labels", "labels", present(&action.remove_labels, &subject.labels));
    add("assign", "assignees", missing(&assign, assignees));
    add("unassign", "assignees", present(&unassign, assignees));
    let mut one = |op: &'static str, args: Value| writes.push(Write { op, key: DECISION, args });
    if let Some(milestone) =
        action.set_milestone.as_deref().filter(|wanted| subject.milestone.as_deref() != Some(*wanted))
    {
        one("set_milestone", json!({ "milestone": milestone }));
    }
    match action.close {
        Some(close) if subject.open => one("close", json!({ "reason": close_reason(close) })),
        _ if action.reopen && !subject.open => one("reopen", json!({})),
        _ => {}
    }
    Asked { did, mention, writes, asked }
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
    let mut writes = Vec::new();
    if let Some(text) = comment {
        let marker = Marker::default()
            .with("policy", &policy.name)
            .with("key", DECISION)
            .with("did", &asked.did)
            .with("run", "-")
            .with("rule", rule)
            .with("writes", &asked.asked.join(","))
            .with("text", &digest(text));
        let body = format!("{text}\n\n{}", marker.line());
        // An edit reaches nobody (fact 104): who is mentioned gets a new comment.
        writes.push(match earlier.filter(|_| asked.mention.is_empty()) {
            Some(id) => Write { op: "edit_comment", key: DECISION, args: json!({ "id": id, "body": body }) },
            None => Write { op: "comment", key: DECISION, args: json!({ "body": body }) },
        });
    }
    writes.extend(asked.writes);
    Effect { policy: policy.name.clone(), rule: Some(rule.to_owned()), did: asked.did, writes }
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
    let body = format!("{text}\n\n{}", marker.line());
    let write = match there {
        Some(_) => Write { op: "edit_body", key: SUMMARY, args: json!({ "body": body }) },
        None => {
            Write { op: "create_issue", key: SUMMARY, args: json!({ "title": title, "body": body, "labels": [label] }) }
        }
    };
    let effect = Effect { policy: policy.name.clone(), rule: None, did, writes: vec![write] };
    PlannedItem { repo: repo.to_owned(), kind: "issue", number: there, seen: None, effects: vec![effect] }
}
