//! The planned writes of issues that a job keeps: one a key, as long as there is something to say.
//!
//! Takes: what shall be said under each key, the issues of ours that are there. Gives: a [`PlannedItem`] that
//! creates an issue, replaces its text, or closes it. What a person closed, edited, took, locked or wants left alone
//! stays as it is.
//! Pure.

use serde_json::json;

use super::marker::{self, Marker};
use super::{Args, Effect, Op, PROPOSAL, PlannedItem, Write, one_line};
use crate::engine::digest;
use crate::engine::rules::Policy;
use crate::forge::ItemKind;

/// An issue of ours that keeps a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct There {
    /// Its number.
    pub number: u64,
    /// It is open.
    pub open: bool,
    /// Its text.
    pub body: String,
    /// Somebody has taken or locked it, or asked to leave it alone.
    pub taken: bool,
}

/// What shall be said under a key.
#[derive(Debug, Clone, Copy)]
pub struct KeptText<'s> {
    /// The key.
    pub key: &'s str,
    /// The rule that asks for it.
    pub rule: &'s str,
    /// The title, where the issue is created.
    pub title: &'s str,
    /// The text.
    pub text: &'s str,
    /// A digest of what it says, without when: the same says nothing new.
    pub figures: &'s str,
    /// Labels, where the issue is created; by the first it is found again.
    pub labels: &'s [String],
}

/// What is done about a key.
#[derive(Debug, Clone)]
pub enum Keep {
    /// Something is written.
    Write(Box<PlannedItem>),
    /// The issue says it already.
    Same(u64),
    /// A person closed or edited the issue, took or locked it, or wants it left alone.
    Person(u64),
}

/// The key that an issue of ours keeps.
#[must_use]
pub fn key_of(policy: &Policy, body: &str) -> Option<String> {
    let marker = Marker::ending(body)?;
    let ours = marker.get("policy") == Some(&policy.name) && marker.get("key") == Some(PROPOSAL);
    if ours { marker.get("of").map(str::to_owned) } else { None }
}

/// The newest of the issues that keep a key.
fn newest(there: &[There]) -> Option<&There> {
    there.iter().max_by_key(|issue| issue.number)
}

/// Whether somebody has written in the text of such an issue since we did.
#[must_use]
pub fn is_edited(body: &str) -> bool {
    Marker::ending(body).is_none_or(|marker| marker.get("text") != Some(&digest(marker::without(body))))
}

fn gone(issue: &There) -> bool {
    Marker::ending(&issue.body).is_some_and(|marker| marker.get("state") == Some("gone"))
}

/// Says it: in the issue that is there, or in a new one. `when` is an instant that sorts as text.
#[must_use]
pub fn say(policy: &Policy, repo: &str, when: &str, said: &KeptText<'_>, there: &[There]) -> Keep {
    // Those that we closed were about what is gone: what has come back is a new matter.
    let before = there.iter().filter(|issue| gone(issue)).count();
    match newest(there).filter(|issue| issue.open || !gone(issue)) {
        Some(issue) if !issue.open || issue.taken || is_edited(&issue.body) => Keep::Person(issue.number),
        Some(issue) => {
            let marker = Marker::ending(&issue.body).unwrap_or_default();
            if marker.get("figures") == Some(said.figures) {
                return Keep::Same(issue.number);
            }
            let did = marker.get("did").unwrap_or_default().to_owned();
            let body = body(policy, when, said, (&did, ""));
            let write = Write { op: Op::EditBody, key: PROPOSAL.into(), args: Args { body, ..Args::default() } };
            Keep::Write(Box::new(item(policy, repo, (said.rule, did), Some(issue.number), vec![write])))
        }
        None => {
            let did = digest(&json!(["proposal", repo, said.key, before]).to_string());
            let body = body(policy, when, said, (&did, ""));
            let args =
                Args { title: Some(one_line(said.title)), body, labels: said.labels.to_vec(), ..Args::default() };
            let write = Write { op: Op::CreateIssue, key: PROPOSAL.into(), args };
            Keep::Write(Box::new(item(policy, repo, (said.rule, did), None, vec![write])))
        }
    }
}

/// Closes the issue of a key about which there is nothing more to say; `None` where none is open.
#[must_use]
pub fn close(policy: &Policy, repo: &str, when: &str, said: &KeptText<'_>, there: &[There]) -> Option<Keep> {
    let issue = newest(there).filter(|issue| issue.open)?;
    if issue.taken || is_edited(&issue.body) {
        return Some(Keep::Person(issue.number));
    }
    let did = Marker::ending(&issue.body)?.get("did").unwrap_or_default().to_owned();
    let args = Args { body: body(policy, when, said, (&did, "gone")), ..Args::default() };
    let edit = Write { op: Op::EditBody, key: PROPOSAL.into(), args };
    let args = Args { reason: Some("completed".into()), ..Args::default() };
    let close = Write { op: Op::Close, key: PROPOSAL.into(), args };
    Some(Keep::Write(Box::new(item(policy, repo, (said.rule, did), Some(issue.number), vec![edit, close]))))
}

fn body(policy: &Policy, when: &str, said: &KeptText<'_>, (did, state): (&str, &str)) -> Option<String> {
    let marker = Marker::default()
        .with("policy", &policy.name)
        .with("key", PROPOSAL)
        .with("of", said.key)
        .with("did", did)
        .with("run", "-")
        .with("rule", said.rule)
        .with("day", when)
        .with("figures", said.figures);
    let marker = if state.is_empty() { marker } else { marker.with("state", state) };
    Some([said.text, "\n\n", &marker.with("text", &digest(said.text)).line()].concat())
}

fn item(
    policy: &Policy,
    repo: &str,
    (rule, did): (&str, String),
    number: Option<u64>,
    writes: Vec<Write>,
) -> PlannedItem {
    let effect = Effect { policy: policy.name.as_str().into(), rule: Some(rule.into()), did, writes };
    PlannedItem { repo: repo.into(), kind: ItemKind::Issue, number, seen: None, turned_on: None, effects: vec![effect] }
}
