//! Decisions and texts to finished writes.
//!
//! Takes: an action of a policy, the item it is for, the rendered comment. Gives: [`Plan`], a
//! list of writes with every text in it, as `--plan-out` saves it and apply carries it out. Pure:
//! the same decisions give the same plan, whether anything is written or not.

mod ask;
mod daily;
pub mod days;
pub mod marker;
pub mod memory;
mod subject;
mod write;

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::digest;
use crate::engine::rules::Policy;
use crate::forge::change::Label;
use crate::forge::{Item, Kind};
use marker::Marker;

pub use ask::{Asked, ask};
pub use daily::{Summary, summary};
pub use subject::{Earlier, Subject, Was};
pub use write::{Args, Op, Write};

/// The place of a decision's comment on its item.
pub const DECISION: &str = "decision";
/// The place of the daily summary.
pub const SUMMARY: &str = "summary";
/// The place of what takes an earlier write back, whatever its own place was.
pub const UNDO: &str = "undo";
/// The version of the format of plans.
pub const VERSION: u32 = 1;

/// A finished plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan<'p> {
    /// Version of this format: [`VERSION`].
    pub version: u32,
    /// Version of the program that made it.
    pub kaizen: Cow<'p, str>,
    /// The job.
    pub job: Cow<'p, str>,
    /// The forge it is for.
    pub forge: Cow<'p, str>,
    /// When it was made, RFC 3339.
    pub created_at: Cow<'p, str>,
    /// The instant that ages were counted to, RFC 3339.
    pub now: Cow<'p, str>,
    /// Digest of the rules.
    pub rules_hash: Cow<'p, str>,
    /// Everything was read and nothing was left undone.
    pub complete: bool,
    /// What writing keeps to, as the rules have it.
    #[serde(default)]
    pub manners: Manners,
    /// What to write, in the order of writing.
    pub items: Cow<'p, [PlannedItem]>,
}

/// What writing keeps to, whatever it writes. Apply reads no rules: it is all here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Manners {
    /// Milliseconds between two writes to a server.
    pub pause_ms: u64,
    /// The command by which a person has an item left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_command: Option<String>,
    /// Further logins that our comments have carried.
    pub bots: Vec<String>,
    /// Labels as they are made where they are missing.
    pub labels: Vec<Label>,
}

/// What is written to one item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlannedItem {
    /// `owner/name`.
    pub repo: Arc<str>,
    /// Issue or pull request.
    pub kind: Kind,
    /// Its number; `None` for an issue that is created and for a label of the repository.
    pub number: Option<u64>,
    /// Digest of what the rules read of it.
    pub seen: Option<String>,
    /// What of it writes change, as the rules read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<Was>,
    /// What its rules ask for.
    pub effects: Vec<Effect>,
}

/// What one rule of one policy asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
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

/// The effect of a decision: its comment (new, or instead of an earlier one of ours) and the
/// other writes in their order. `replaced` is what an earlier comment says where a new one is posted.
#[must_use]
pub fn effect(
    policy: &Policy,
    rule: &str,
    asked: Asked,
    comment: Option<&str>,
    (earlier, replaced): (Option<u64>, &str),
) -> Effect {
    let mut writes = Vec::with_capacity(2 + asked.writes.len());
    if let Some(text) = comment {
        let marker = Marker::default()
            .with("policy", &policy.name)
            .with("key", DECISION)
            .with("did", &asked.did)
            .with("run", "-")
            .with("rule", rule)
            .with("writes", &asked.asked.join(","))
            .with("text", &digest(text));
        let body = Some([text, "\n\n", &marker.line()].concat());
        // An edit reaches nobody (fact 104): who is mentioned gets a new comment, and the old one then
        // points down, without a marker.
        match earlier {
            Some(id) if asked.mention.is_empty() => {
                writes.push(Write::of(Op::EditComment, Args { id: Some(id), body, ..Args::default() }));
            }
            earlier => {
                writes.push(Write::of(Op::Comment, Args { body, ..Args::default() }));
                let body = Some(replaced.to_owned());
                writes.extend(
                    earlier.map(|id| Write::of(Op::EditComment, Args { id: Some(id), body, ..Args::default() })),
                );
            }
        }
    }
    writes.extend(asked.writes);
    Effect { policy: policy.name.as_str().into(), rule: Some(rule.into()), did: asked.did, writes }
}

/// What an item looked like to the rules. Our own later writes and replies do not change it:
/// `updated_at` and the number of comments are left out, and so is the order of lists.
#[must_use]
pub fn seen(item: &Item<'_>) -> String {
    let mut labels: Vec<&str> = item.labels.iter().map(|label| &**label).collect();
    let mut assignees: Vec<&str> = item.assignees.iter().map(|login| &**login).collect();
    labels.sort_unstable();
    assignees.sort_unstable();
    let state = if item.open { "open" } else { "closed" };
    let lock = if item.locked { "locked" } else { "" };
    let mut digest = crate::engine::Digest::default();
    let milestone = item.milestone.as_deref().unwrap_or("");
    [state, lock, &item.title, &item.body, milestone].into_iter().for_each(|part| digest.part(part));
    for list in [&labels, &assignees] {
        digest.part(&list.len().to_string());
        list.iter().for_each(|part| digest.part(part));
    }
    digest.finish()
}
