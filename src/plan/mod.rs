//! Decisions and texts to finished writes.
//!
//! Takes: an action of a policy, the item it is for, the rendered comment. Gives: [`Plan`], a
//! list of writes with every text in it, as `--plan-out` saves it and apply carries it out. Pure:
//! the same decisions give the same plan, whether anything is written or not.

mod ask;
pub mod choice;
mod daily;
pub mod days;
pub mod keyed_issues;
pub mod marker;
pub mod memory;
pub mod section;
mod subject;
mod words;
mod write;

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::rules::Policy;
use crate::engine::{digest, untrusted};
use crate::forge::change::NewLabel;
use crate::forge::{Item, ItemKind};
use marker::Marker;

pub use ask::{ActionRequest, ask, without_texts};
pub use daily::{DailySummary, summary};
pub use subject::{Earlier, ItemSubject};
pub use words::Words;
pub use write::{Args, Op, Write};

/// The place of a decision's comment on its item.
pub const DECISION: &str = "decision";
/// The place of the answer to somebody who did not write the command as it is heard.
pub const COMMAND: &str = "command";
/// The place of an issue that an action creates.
pub const ISSUE: &str = "issue";
/// The place of the daily summary.
pub const SUMMARY: &str = "summary";
/// The place of an issue that a job keeps for something it proposes.
pub const PROPOSAL: &str = "proposal";
/// The place of what takes an earlier write back, whatever its own place was.
pub const UNDO: &str = "undo";
/// Whether the issue of this place is one that we keep: found again by its label, its text replaced as a whole.
#[must_use]
pub fn is_kept(place: &str) -> bool {
    place == SUMMARY || place == PROPOSAL
}

/// The version of the format of plans.
pub const VERSION: u32 = 2;
/// The longest title of an issue, in characters: the least that a forge takes is 255.
const TITLE: usize = 250;

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
    /// Digest of all the rest, where it was saved: what somebody changed in it by hand is told from it.
    #[serde(default)]
    pub digest: Cow<'p, str>,
}

impl Plan<'_> {
    /// The digest of all but the digest.
    ///
    /// # Errors
    /// It cannot be written as JSON.
    pub fn sum(&self) -> serde_json::Result<String> {
        let Plan { version, complete, .. } = *self;
        let plan = Plan {
            version,
            kaizen: Cow::Borrowed(&self.kaizen),
            job: Cow::Borrowed(&self.job),
            forge: Cow::Borrowed(&self.forge),
            created_at: Cow::Borrowed(&self.created_at),
            now: Cow::Borrowed(&self.now),
            rules_hash: Cow::Borrowed(&self.rules_hash),
            complete,
            manners: self.manners.clone(),
            items: Cow::Borrowed(&self.items),
            digest: Cow::Borrowed(""),
        };
        serde_json::to_string(&plan).map(|text| digest(&text))
    }
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
    /// Those of further policies, where they have others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub more_skip_commands: Vec<String>,
    /// Further logins that our comments have carried.
    pub bots: Vec<String>,
    /// Labels as they are made where they are missing.
    pub labels: Vec<NewLabel>,
}

impl Manners {
    /// Every command by which a person has an item left alone.
    pub fn skip_commands(&self) -> impl Iterator<Item = &String> {
        self.skip_command.iter().chain(&self.more_skip_commands)
    }

    /// Keeps to those of another policy too: the longer pause, the commands, logins and labels of both.
    pub fn join(&mut self, other: Manners) {
        self.pause_ms = self.pause_ms.max(other.pause_ms);
        for command in other.skip_commands() {
            if !self.skip_commands().any(|known| known == command) {
                self.more_skip_commands.push(command.clone());
            }
        }
        for login in other.bots {
            if !self.bots.contains(&login) {
                self.bots.push(login);
            }
        }
        for label in other.labels {
            if !self.labels.iter().any(|known| known.name == label.name) {
                self.labels.push(label);
            }
        }
    }
}

/// What is written to one item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlannedItem {
    /// `owner/name`.
    pub repo: Arc<str>,
    /// Issue or pull request.
    pub kind: ItemKind,
    /// Its number; `None` for an issue that is created and for a label of the repository.
    pub number: Option<u64>,
    /// Digest of what the rules read of it.
    pub seen: Option<String>,
    /// What else the decision turned on, where that moves.
    #[serde(default)]
    pub turned_on: Option<Basis>,
    /// What its rules ask for.
    pub effects: Vec<Effect>,
}

/// What a decision turned on beside what [`digest`] digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Names of the facts: `idle_days`.
    pub facts: Vec<Cow<'static, str>>,
    /// RFC 3339: what somebody else said or did later, the decision does not know.
    pub since: String,
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

/// The texts of an effect, rendered.
#[derive(Debug, Clone, Copy, Default)]
pub struct EffectTexts<'t> {
    /// Of its comment.
    pub comment: Option<&'t str>,
    /// What an earlier comment says where a new one is posted, or was by a run that died before it could
    /// say so.
    pub replaced: &'t str,
    /// Of the section in the item's text.
    pub section: Option<&'t str>,
    /// Title and text of the issue that is created.
    pub issue: Option<(&'t str, &'t str)>,
}

/// The effect of a decision: its comment (new, or instead of an earlier one of ours) and the
/// other writes in their order.
#[must_use]
pub fn effect(
    policy: &Policy,
    rule: &str,
    number: u64,
    asked: ActionRequest,
    texts: EffectTexts<'_>,
    earlier: Option<u64>,
) -> Effect {
    let replaced = texts.replaced;
    // A write is large, and a plan of all items holds many: no room that is not used.
    let comments = usize::from(texts.comment.is_some()) + usize::from(earlier.is_some());
    let mut writes = Vec::with_capacity(comments + asked.writes.len());
    // What no timeline tells of comes before the comment: where that is there, these were too.
    let (before, after): (Vec<Write>, Vec<Write>) = asked.writes.into_iter().partition(Write::leaves_no_trace);
    for mut write in before {
        let marker = Marker::default().with("policy", &policy.mark);
        if write.op == Op::EditBody {
            let marker = marker.with("key", DECISION).with("did", &asked.did).with("run", "-");
            write.args.section = texts.section.map(|text| section::with_marks(&marker, text));
        } else if let Some((title, text)) = texts.issue {
            let action = policy.actions.iter().find(|action| action.name == asked.action);
            let marker = created(&policy.mark, number, action.map_or("", |action| &action.name));
            // Where the journal is gone, undo knows by this that nobody else has handed it out.
            let assigned = write.args.assignees.join(",");
            let marker = if assigned.is_empty() { marker } else { marker.with("assign", &assigned) };
            let marker = marker.with("did", &asked.did).with("run", "-").with("rule", rule).with("text", &digest(text));
            write.args.title = Some(one_line(title));
            write.args.body = Some([text, "\n\n", &marker.line()].concat());
        }
        writes.push(write);
    }
    if let Some(text) = texts.comment {
        let marker = Marker::default()
            .with("policy", &policy.mark)
            .with("key", DECISION)
            .with("did", &asked.did)
            .with("run", "-")
            .with("rule", rule)
            .with("writes", &asked.for_marker.join(","))
            .with("text", &digest(text));
        let anew = earlier.filter(|_| !asked.mention.is_empty());
        // By this the next run finds the one that is to be reduced, however old that is.
        let marker = anew.map_or(marker.clone(), |id| marker.with("replaces", &id.to_string()));
        let body = Some([text, "\n\n", &marker.line()].concat());
        // An edit reaches nobody (fact 104): who is mentioned gets a new comment, and the old one then
        // points down, without a marker.
        match earlier {
            Some(id) if asked.mention.is_empty() => {
                writes.push(Write::of(Op::EditComment, Args { id: Some(id), body, ..Args::default() }));
            }
            earlier => {
                writes.push(Write::of(Op::Comment, Args { body, ..Args::default() }));
                writes.extend(earlier.map(|id| reduced(id, replaced)));
            }
        }
    } else if let Some(id) = earlier.filter(|_| !replaced.is_empty()) {
        writes.push(reduced(id, replaced));
    }
    writes.extend(after);
    Effect { policy: policy.mark.as_str().into(), rule: Some(rule.into()), did: asked.did, writes }
}

/// The effect that answers somebody who meant the command by which an item is left alone.
#[must_use]
pub fn answer(policy: &Policy, rule: &str, text: &str) -> Effect {
    let did = digest(COMMAND);
    let marker = Marker::default()
        .with("policy", &policy.mark)
        .with("key", COMMAND)
        .with("did", &did)
        .with("run", "-")
        .with("text", &digest(text));
    let body = Some([text, "\n\n", &marker.line()].concat());
    let write = Write { op: Op::Comment, key: COMMAND.into(), args: Args { body, ..Args::default() } };
    Effect { policy: policy.mark.as_str().into(), rule: Some(rule.into()), did, writes: vec![write] }
}

/// The marker of the issue that an action creates for an item, as far as it tells which one it is.
#[must_use]
pub fn created(policy: &str, number: u64, action: &str) -> Marker {
    let marker = Marker::default().with("policy", policy).with("key", ISSUE);
    marker.with("of", &number.to_string()).with("action", action)
}

/// Whether a text by us is an issue that this marker tells of.
#[must_use]
pub fn is_created(text: &str, wanted: &Marker) -> bool {
    let same = |marker: &Marker| {
        ["policy", "key", "of", "action"].into_iter().all(|name| marker.get(name) == wanted.get(name))
    };
    Marker::ending(text).is_some_and(|marker| same(&marker))
}

/// The title of an issue of ours: one line, as long as every forge takes it, in which nothing becomes a link.
#[must_use]
pub fn one_line(title: &str) -> String {
    let words: Vec<&str> =
        title.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    untrusted::title(&words.join(" ")).chars().take(TITLE).collect()
}

/// The write that leaves one line of an earlier comment, without a marker.
#[must_use]
pub fn reduced(id: u64, line: &str) -> Write {
    Write::of(Op::EditComment, Args { id: Some(id), body: Some(line.to_owned()), ..Args::default() })
}

/// What an item looked like to the rules. Our own later writes and replies do not change it:
/// `updated_at` and the number of comments are left out, and so is the order of lists.
#[must_use]
pub fn item_digest(item: &Item<'_>) -> String {
    let mut labels: Vec<&str> = item.labels.iter().map(|label| &**label).collect();
    let mut assignees: Vec<&str> = item.assignees.iter().map(|login| &**login).collect();
    labels.sort_unstable();
    assignees.sort_unstable();
    let state = if item.open { "open" } else { "closed" };
    let lock = if item.locked { "locked" } else { "" };
    let mut digest = crate::engine::Digest::default();
    let milestone = item.milestone.as_deref().unwrap_or("");
    // A section of ours is no text of theirs.
    let body = section::without(&item.body);
    [state, lock, &item.title, body.trim_end(), milestone].into_iter().for_each(|part| digest.part(part));
    for list in [&labels, &assignees] {
        digest.part(&list.len().to_string());
        list.iter().for_each(|part| digest.part(part));
    }
    digest.finish()
}
