//! The planned write of a daily summary.
//!
//! Takes: its text, its day, the number of the issue there is. Gives: a [`PlannedItem`] that creates the
//! issue or replaces its text. Pure.

use serde_json::json;

use super::marker::Marker;
use super::{Args, Effect, Op, PlannedItem, SUMMARY, Write};
use crate::engine::digest;
use crate::engine::rules::Policy;
use crate::forge::ItemKind;

/// The daily summary: an issue that is created, or the text of the one there is.
#[must_use]
pub fn summary(policy: &Policy, repo: &str, day: &str, written: DailySummary<'_>, there: Option<u64>) -> PlannedItem {
    let DailySummary { title, text, label } = written;
    let did = digest(&json!(["summary", repo]).to_string());
    let marker = Marker::default()
        .with("policy", &policy.mark)
        .with("key", SUMMARY)
        .with("did", &did)
        .with("run", "-")
        .with("day", day)
        .with("text", &digest(text));
    let body = Some([text, "\n\n", &marker.line()].concat());
    let (op, args) = match there {
        Some(_) => (Op::EditBody, Args { body, ..Args::default() }),
        None => {
            let (title, labels) = (Some(super::one_line(title)), vec![label.to_owned()]);
            (Op::CreateIssue, Args { title, body, labels, ..Args::default() })
        }
    };
    let write = Write { op, key: SUMMARY.into(), args };
    let effect = Effect { policy: policy.mark.as_str().into(), rule: None, did, writes: vec![write] };
    PlannedItem {
        repo: repo.into(),
        kind: ItemKind::Issue,
        number: there,
        seen: None,
        turned_on: None,
        effects: vec![effect],
    }
}

/// What a daily summary says.
#[derive(Debug, Clone, Copy)]
pub struct DailySummary<'s> {
    /// The title, where the issue is created.
    pub title: &'s str,
    /// The text.
    pub text: &'s str,
    /// The label by which it is found again.
    pub label: &'s str,
}
