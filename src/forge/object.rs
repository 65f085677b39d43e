//! Issues and pull requests as any of the three forges gives them.
//!
//! Takes: the JSON of a list as the API (or a recorded file) gives it. Gives: [`Item`]s. Every member may be null, missing or of any type (facts 27, 28, 68)
//! and then counts as absent; unknown members are skipped; of a member given twice the last
//! holds.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::loose::{LooseShape, Scalar, key, read, value};
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
/// kind here is [`ItemKind::Issue`], which the caller mends. `spare` is room for what has to be
/// mended before it can be borrowed.
///
/// # Errors
/// `list` is no JSON; line and column count within it.
pub fn items<'a>(list: &'a [u8], spare: &'a mut String) -> serde_json::Result<Vec<Result<Item<'a>, NoItem>>> {
    read(list, spare).map(Option::unwrap_or_default)
}

/// The text that a JSON value is; `None` for a value of another type.
///
/// # Errors
/// As [`items`].
pub fn text(json: &[u8]) -> serde_json::Result<Option<String>> {
    let mut spare = String::new();
    let value: Scalar<'_> = read(json, &mut spare)?;
    Ok(value.text().map(Cow::into_owned))
}

impl<'de> LooseShape<'de> for Result<Item<'de>, NoItem> {
    fn scalar(found: Scalar<'de>) -> Self {
        Err(NoItem::NotAnObject(match found {
            Scalar::Absent => "null",
            Scalar::Bool(_) => "true or false",
            Scalar::Whole(_) | Scalar::Below(_) | Scalar::Broken(_) => "a number",
            Scalar::Text(_) => "a text",
        }))
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Err(NoItem::NotAnObject("a list")))
    }

    fn object<A: MapAccess<'de>>(mut from: A) -> Result<Self, A::Error> {
        let mut found = ItemMembers::default();
        while let Some(name) = key(&mut from)? {
            match &*name {
                "number" => found.number = value(&mut from)?,
                "title" => found.title = value(&mut from)?,
                "body" => found.body = value(&mut from)?,
                "labels" => found.labels = value(&mut from)?,
                "assignees" => found.assignees = value(&mut from)?,
                "assignee" => found.assignee = value(&mut from)?,
                "user" => found.user = value(&mut from)?,
                "state" => found.state = value(&mut from)?,
                "locked" => found.locked = value(&mut from)?,
                "is_locked" => found.is_locked = value(&mut from)?,
                "draft" => found.draft = value(&mut from)?,
                "merged" => found.merged = value(&mut from)?,
                "merged_at" => found.merged_at = value(&mut from)?,
                "milestone" => found.milestone = value(&mut from)?,
                "comments" => found.comments = value(&mut from)?,
                "created_at" => found.created_at = value(&mut from)?,
                "updated_at" => found.updated_at = value(&mut from)?,
                "closed_at" => found.closed_at = value(&mut from)?,
                "state_reason" => found.reason = value(&mut from)?,
                "additions" => found.additions = value(&mut from)?,
                "deletions" => found.deletions = value(&mut from)?,
                "pull_request" => found.pull = value(&mut from)?,
                _ => {
                    from.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found.item())
    }
}

/// The members of an issue that are read, as they were found.
#[derive(Default)]
struct ItemMembers<'a> {
    number: Scalar<'a>,
    title: Scalar<'a>,
    body: Scalar<'a>,
    labels: Option<Vec<Option<NestedObject<'a>>>>,
    assignees: Option<Vec<Option<NestedObject<'a>>>>,
    assignee: Option<NestedObject<'a>>,
    user: Option<NestedObject<'a>>,
    state: Scalar<'a>,
    locked: Scalar<'a>,
    is_locked: Scalar<'a>,
    draft: Scalar<'a>,
    merged: Scalar<'a>,
    merged_at: Scalar<'a>,
    milestone: Option<NestedObject<'a>>,
    comments: Scalar<'a>,
    created_at: Scalar<'a>,
    updated_at: Scalar<'a>,
    closed_at: Scalar<'a>,
    reason: Scalar<'a>,
    additions: Scalar<'a>,
    deletions: Scalar<'a>,
    pull: PullMark,
}

impl<'a> ItemMembers<'a> {
    fn item(self) -> Result<Item<'a>, NoItem> {
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
        let merged_at = instant(&self.merged_at).or(self.pull.merged_at);
        // Null, and not empty, is what may stand beside an assignee (fact 28).
        let assignees = self.assignees.unwrap_or_else(|| vec![self.assignee]);
        let labels = self.labels.into_iter().flatten().flatten();
        Ok(Item {
            kind: if self.pull.is_pull { ItemKind::Pull } else { ItemKind::Issue },
            number,
            title: self.title.text().unwrap_or_default(),
            body: self.body.text().unwrap_or_default(),
            labels: labels.filter_map(|label| label.name.text()).collect(),
            assignees: assignees.into_iter().flatten().filter_map(NestedObject::login).collect(),
            author: self.user.and_then(NestedObject::account),
            open,
            locked: self.locked.is_true() || self.is_locked.is_true(),
            draft: self.draft.is_true() || self.pull.draft,
            milestone: self.milestone.and_then(|part| part.title.text()),
            comments: match self.comments {
                Scalar::Whole(count) => count,
                _ => 0,
            },
            created_at: instant(&self.created_at),
            updated_at: instant(&self.updated_at),
            closed_at: merged_at.or_else(|| instant(&self.closed_at)).filter(|_| !open),
            merged: merged || self.pull.merged,
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
