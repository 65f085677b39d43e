//! The one comment that keeps a report on a pull request.
//!
//! Takes: the report, the comments that are there, who we are. Gives: a [`Plan`] with one write, or
//! with none where the comment says so already. A later run knows the comment by the hidden line that
//! ends it, and edits it: it is posted once, however often the branch is pushed to.

use serde_json::json;

use crate::engine::digest;
use crate::forge::{Comment, ItemKind};
use crate::plan::marker::Marker;
use crate::plan::memory::{Us, newest};
use crate::plan::{self, Args, Effect, Manners, Op, Plan, PlannedItem, Write};

/// The policy and the place of the comment, and the name of the job in the records of a run.
pub const NAME: &str = "rules-diff";

/// Characters that the hidden line takes at most.
pub const MARKER: usize = 400;

/// What is kept, and where.
#[derive(Debug, Clone, Copy)]
pub struct Sticky<'s> {
    /// The forge, by the name that plans hold.
    pub forge: &'s str,
    /// `owner/name`.
    pub repo: &'s str,
    /// The pull request.
    pub number: u64,
    /// The report.
    pub text: &'s str,
    /// The instant of the run, RFC 3339.
    pub now: &'s str,
    /// The version of the program.
    pub version: &'s str,
    /// Digest of the rules that the report is about.
    pub rules_hash: &'s str,
}

impl<'s> Sticky<'s> {
    /// The plan that makes the comment say it.
    #[must_use]
    pub fn plan(&self, comments: &[Comment], us: Us<'_>, skip_command: Option<&str>) -> Plan<'s> {
        let did = digest(&json!([NAME, self.repo, self.number, self.text]).to_string());
        let there = newest(comments, us, NAME, NAME);
        let said = there.as_ref().is_some_and(|(_, marker)| marker.get("did") == Some(&did));
        let items = if said { Vec::new() } else { vec![self.item(there.map(|(comment, _)| comment.id), did)] };
        let manners =
            Manners { skip_command: skip_command.map(str::to_owned), bots: us.bots.to_vec(), ..Manners::default() };
        Plan {
            version: plan::VERSION,
            kaizen: self.version.into(),
            job: NAME.into(),
            forge: self.forge.into(),
            created_at: self.now.into(),
            now: self.now.into(),
            rules_hash: self.rules_hash.into(),
            complete: true,
            manners,
            items: items.into(),
            digest: "".into(),
        }
    }

    fn item(&self, there: Option<u64>, did: String) -> PlannedItem {
        let marker = Marker::default()
            .with("policy", NAME)
            .with("key", NAME)
            .with("did", &did)
            .with("run", "-")
            .with("text", &digest(self.text));
        let body = Some([self.text.trim_end(), "\n\n", &marker.line()].concat());
        let op = if there.is_some() { Op::EditComment } else { Op::Comment };
        let write = Write { op, key: NAME.into(), args: Args { id: there, body, ..Args::default() } };
        let effect = Effect { policy: NAME.into(), rule: None, did, writes: vec![write] };
        PlannedItem {
            repo: self.repo.into(),
            kind: ItemKind::Pull,
            number: Some(self.number),
            seen: None,
            turned_on: None,
            effects: vec![effect],
        }
    }
}
