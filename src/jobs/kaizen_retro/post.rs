//! The report as one comment on an issue of the forge, one a day.
//!
//! Takes: the issues that could be meant, the comments of the one that is, the report. Gives: which issue
//! ([`choose`]), and a [`Plan`] that makes it say the report. A later run the same day edits the comment. Pure.

use serde_json::json;

use crate::engine::digest;
use crate::forge::change::{GREY, NewLabel};
use crate::forge::{Comment, Item, ItemKind};
use crate::plan::marker::Marker;
use crate::plan::memory::{Us, newest};
use crate::plan::{self, Args, Effect, Manners, Op, Plan, PlannedItem, Write};

use super::memory::{PastSuggestion, RetroMemory};

/// The policy and job that plans and markers name.
pub const JOB: &str = "kaizen-retro";
/// The place of the issue that holds the reports, where this job created it.
pub const PLACE: &str = "retro";

/// Which issue a report goes to.
#[derive(Debug, Clone, Copy)]
pub struct ReportPlace<'w> {
    /// The label that it carries.
    pub label: Option<&'w str>,
    /// How its title begins.
    pub title: Option<&'w str>,
}

/// The newest open issue that carries the label, else the newest open one whose title begins so; where none
/// is open, the same of closed ones (R29).
#[must_use]
pub fn choose<'i, 'a>(wanted: ReportPlace<'_>, labelled: &'i [Item<'a>], all: &'i [Item<'a>]) -> Option<&'i Item<'a>> {
    let titled = |item: &&Item<'_>| {
        let begins = |start: &str| item.title.trim_start().to_lowercase().starts_with(&start.to_lowercase());
        item.kind == ItemKind::Issue && wanted.title.is_some_and(begins)
    };
    let newest = |open: bool| {
        let of_label = labelled.iter().filter(|item| item.kind == ItemKind::Issue && item.open == open);
        let of_label = of_label.max_by_key(|item| item.number).filter(|_| wanted.label.is_some());
        of_label.or_else(|| all.iter().filter(titled).filter(|item| item.open == open).max_by_key(|item| item.number))
    };
    newest(true).or_else(|| newest(false))
}

/// What earlier reports say in their markers.
pub fn remember(comments: &[Comment], us: Us<'_>, memory: &mut RetroMemory) {
    let ours = comments.iter().filter_map(|comment| us.marker(comment));
    ours.filter(|marker| marker.get("policy") == Some(JOB)).for_each(|marker| memory.add_marker(&marker));
}

/// What is said, and where.
#[derive(Debug, Clone, Copy)]
pub struct Post<'p> {
    /// The forge, by the name that plans hold.
    pub forge: &'p str,
    /// `owner/name`.
    pub repo: &'p str,
    /// What the report is called: `retro-2026-11-20`.
    pub key: &'p str,
    /// The report.
    pub text: &'p str,
    /// Its suggestion.
    pub suggested: Option<&'p PastSuggestion>,
    /// What was found of earlier ones, as [`RetroMemory::verdicts_for_marker`] gives it.
    pub verdicts: &'p str,
    /// Ids of the sinks elsewhere that have it whole, with commas: a runner that starts empty sends it to none again.
    pub sent: &'p str,
    /// The instant of the run, RFC 3339.
    pub now: &'p str,
    /// The version of the program.
    pub version: &'p str,
    /// Digest of the rules.
    pub rules_hash: &'p str,
    /// Further logins of ours.
    pub bots: &'p [String],
}

impl<'p> Post<'p> {
    /// The plan that makes an issue say it, once a day.
    #[must_use]
    pub fn comment(&self, number: u64, comments: &[Comment], us: Us<'_>) -> Plan<'p> {
        let did = digest(&json!([JOB, self.repo, number, self.key, self.text, self.sent]).to_string());
        let there = newest(comments, us, JOB, self.key);
        let said = there.as_ref().is_some_and(|(_, marker)| marker.get("did") == Some(&did));
        let there = there.map(|(comment, _)| comment.id);
        let items = if said { Vec::new() } else { vec![self.planned_item(Some(number), there, did)] };
        self.plan(items, Vec::new())
    }

    fn planned_item(&self, number: Option<u64>, there: Option<u64>, did: String) -> PlannedItem {
        let marker = Marker::default()
            .with("policy", JOB)
            .with("key", self.key)
            .with("did", &did)
            .with("run", "-")
            .with("text", &digest(self.text));
        let marker = self.suggested.map_or(marker.clone(), |suggested| suggested.mark(marker));
        let marker = if self.verdicts.is_empty() { marker } else { marker.with("verdicts", self.verdicts) };
        let marker = if self.sent.is_empty() { marker } else { marker.with("sent", self.sent) };
        let body = Some([self.text.trim_end(), "\n\n", &marker.line()].concat());
        let op = if there.is_some() { Op::EditComment } else { Op::Comment };
        let write = Write { op, key: self.key.to_owned().into(), args: Args { id: there, body, ..Args::default() } };
        self.item(number, did, write)
    }

    /// The plan that creates the issue for the reports.
    #[must_use]
    pub fn issue(&self, title: &str, label: &str) -> Plan<'p> {
        let text = "Each day's retrospective of Kaizen is a comment here. Close this issue to have the reports \
                    go to another open one with its label; take the sink out of the rules to have none.";
        let did = digest(&json!([PLACE, self.repo, title]).to_string());
        let marker = Marker::default()
            .with("policy", JOB)
            .with("key", PLACE)
            .with("did", &did)
            .with("run", "-")
            .with("text", &digest(text));
        let body = Some([text, "\n\n", &marker.line()].concat());
        let args = Args { title: Some(plan::one_line(title)), body, labels: vec![label.to_owned()], ..Args::default() };
        let item = self.item(None, did, Write { op: Op::CreateIssue, key: PLACE.into(), args });
        let label = NewLabel { name: label.to_owned(), color: GREY.to_owned(), description: String::new() };
        self.plan(vec![item], vec![label])
    }

    fn item(&self, number: Option<u64>, did: String, write: Write) -> PlannedItem {
        let effect = Effect { policy: JOB.into(), rule: None, did, writes: vec![write] };
        PlannedItem {
            repo: self.repo.into(),
            kind: ItemKind::Issue,
            number,
            seen: None,
            turned_on: None,
            effects: vec![effect],
        }
    }

    fn plan(&self, items: Vec<PlannedItem>, labels: Vec<NewLabel>) -> Plan<'p> {
        Plan {
            version: plan::VERSION,
            kaizen: self.version.into(),
            job: JOB.into(),
            forge: self.forge.into(),
            created_at: self.now.into(),
            now: self.now.into(),
            rules_hash: self.rules_hash.into(),
            complete: true,
            manners: Manners { bots: self.bots.to_vec(), labels, ..Manners::default() },
            items: items.into(),
            digest: "".into(),
        }
    }
}
