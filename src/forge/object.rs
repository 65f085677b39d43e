//! Issues and pull requests as any of the three forges gives them.
//!
//! Takes: the JSON of a list as the API (or a recorded file) gives it. Gives: [`Item`]s. Every member may be null, missing or of any type (facts 27, 28, 68)
//! and then counts as absent; unknown members are skipped; of a member given twice the last
//! holds.

use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::loose::{self, LooseList, LooseObject, Scalar, Shape};
use super::part::{NestedObject, PullMark, instant};
use super::{Item, ItemKind};

/// Why an entry of a list is no item. Displays as a predicate: `has no number`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoItem {
    /// It is null, a text, a list, …: the words say which.
    NotAnObject(&'static str),
    /// It has no number at all.
    NoNumber,
    /// Its number is no whole number above 0; a failed sub-load has 0 (fact 29).
    BadNumber,
    /// Its texts have more than [`ITEM_TEXT`] bytes: how many.
    TooLong(usize),
}

/// Bytes of title and body of one item: what is longer is no text that anybody wrote, and would be copied and
/// searched many times.
pub const ITEM_TEXT: usize = 4 << 20;

impl fmt::Display for NoItem {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoItem::NotAnObject(found) => write!(to, "is {found}, not an object"),
            NoItem::NoNumber => to.write_str("has no number"),
            NoItem::TooLong(bytes) => {
                write!(to, "has texts of {bytes} bytes, and {ITEM_TEXT} are the most that are read")
            }
            NoItem::BadNumber => to.write_str("has a number that is no whole number above 0"),
        }
    }
}

/// The entries of a list of issues or pull requests, in its order; `null` is an empty list
/// (fact 8). A pull request from a list of pull requests alone does not say that it is one: its
/// kind here is [`ItemKind::Issue`], which the caller mends.
///
/// # Errors
/// `list` is no JSON; line and column count within it.
pub fn items(list: &[u8]) -> serde_json::Result<Vec<Result<Item<'_>, NoItem>>> {
    if let Some(entries) = loose::strict(list) {
        return Ok(items_of(entries));
    }
    let mended = loose::mended(list)?;
    let entries = items_of(Shape::deserialize(&mended)?);
    Ok(entries.into_iter().map(|entry| entry.map(Item::into_owned)).collect())
}

fn items_of<'a>(list: Shape<'a, IgnoredAny, ItemEntry<'a>>) -> Vec<Result<Item<'a>, NoItem>> {
    match list {
        Shape::List(entries) => entries.into_iter().map(|entry| entry.0).collect(),
        Shape::Scalar(_) | Shape::Object(_) => Vec::new(),
    }
}

/// An entry of a list of items.
pub(super) struct ItemEntry<'a>(pub(super) Result<Item<'a>, NoItem>);

impl<'de: 'a, 'a> Deserialize<'de> for ItemEntry<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(ItemEntry(match Shape::<ItemMembers<'a>>::deserialize(from)? {
            Shape::Object(members) => members.item(),
            Shape::List(_) => Err(NoItem::NotAnObject("a list")),
            Shape::Scalar(found) => Err(NoItem::NotAnObject(match found {
                Scalar::Absent => "null",
                Scalar::Bool(_) => "true or false",
                Scalar::Whole(_) | Scalar::Below(_) | Scalar::Broken(_) => "a number",
                Scalar::Text(_) => "a text",
            })),
        }))
    }
}

/// The text that a JSON value is; `None` for a value of another type.
///
/// # Errors
/// As [`items`].
pub fn text(json: &[u8]) -> serde_json::Result<Option<String>> {
    Ok(match loose::read(json)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// The members of an issue that are read, as they were found.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct ItemMembers<'a> {
    number: Scalar<'a>,
    title: Scalar<'a>,
    body: Scalar<'a>,
    labels: LooseList<NestedObject<'a>>,
    assignees: LooseList<NestedObject<'a>>,
    assignee: LooseObject<NestedObject<'a>>,
    user: LooseObject<NestedObject<'a>>,
    state: Scalar<'a>,
    locked: Scalar<'a>,
    is_locked: Scalar<'a>,
    draft: Scalar<'a>,
    merged: Scalar<'a>,
    merged_at: Scalar<'a>,
    milestone: LooseObject<NestedObject<'a>>,
    comments: Scalar<'a>,
    created_at: Scalar<'a>,
    updated_at: Scalar<'a>,
    closed_at: Scalar<'a>,
    #[serde(rename = "state_reason")]
    reason: Scalar<'a>,
    additions: Scalar<'a>,
    deletions: Scalar<'a>,
    pull_request: Value,
}

impl<'a> ItemMembers<'a> {
    fn item(self) -> Result<Item<'a>, NoItem> {
        let mark = PullMark::of(&self.pull_request);
        let number = match self.number {
            Scalar::Absent => return Err(NoItem::NoNumber),
            Scalar::Whole(number) if number > 0 => number,
            _ => return Err(NoItem::BadNumber),
        };
        let length = |text: &Scalar<'_>| if let Scalar::Text(text) = text { text.len() } else { 0 };
        match length(&self.title) + length(&self.body) {
            0..=ITEM_TEXT => {}
            bytes => return Err(NoItem::TooLong(bytes)),
        }
        let closed = matches!(&self.state, Scalar::Text(state) if state == "closed");
        let merged = self.merged.is_true() || instant(&self.merged_at).is_some();
        let open = !closed && !merged;
        let merged_at = instant(&self.merged_at).or(mark.merged_at);
        // Null, and not empty, is what may stand beside an assignee (fact 28).
        let assignees = self.assignees.0.unwrap_or_else(|| vec![self.assignee.0]);
        Ok(Item {
            kind: if mark.is_pull { ItemKind::Pull } else { ItemKind::Issue },
            number,
            title: self.title.text().unwrap_or_default(),
            body: self.body.text().unwrap_or_default(),
            labels: self.labels.objects().into_iter().filter_map(|label| label.name.text()).collect(),
            assignees: assignees.into_iter().flatten().filter_map(NestedObject::login).collect(),
            author: self.user.0.and_then(NestedObject::account),
            open,
            locked: self.locked.is_true() || self.is_locked.is_true(),
            draft: self.draft.is_true() || mark.draft,
            milestone: self.milestone.0.and_then(|part| part.title.text()),
            comments: match self.comments {
                Scalar::Whole(count) => count,
                _ => 0,
            },
            created_at: instant(&self.created_at),
            updated_at: instant(&self.updated_at),
            closed_at: merged_at.or_else(|| instant(&self.closed_at)).filter(|_| !open),
            merged: merged || mark.merged,
            lines: match (self.additions, self.deletions) {
                (Scalar::Whole(added), Scalar::Whole(removed)) => Some((added, removed)),
                _ => None,
            },
            state_reason: self.reason.text(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
