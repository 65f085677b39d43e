//! The document of a forge, read while it is being changed.
//!
//! Takes: a [`Document`]. Gives: what the streamed reader would give for the same document saved and
//! opened again, by the same readers of its objects.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::document::{talk, text};
use crate::forge::change::Fresh;
use crate::forge::comments_since::{self, CommentsSince};
use crate::forge::loose::LooseList;
use crate::forge::object::{ItemEntry, NoItem};
use crate::forge::ranges::ByteRun;
use crate::forge::turns::{Turns, share};
use crate::forge::{Comment, Event, Item, ItemKind, Listing, PageHandler};

/// What failed where a value of the document is read. Nothing that is JSON fails to be.
const UNREAD: &str = "reading an object of the forge file failed";

/// Entries that are handed over at once.
const RUN: usize = 100;

/// Every item of a repository, as [`crate::forge::Forge::items`] gives them.
pub(super) fn items(repo: &Map<String, Value>, name: &str, threads: usize, page: PageHandler<'_>) -> Result<Listing> {
    let mut runs: Vec<(ByteRun, &[Value])> = Vec::new();
    for (list, pulls) in [("issues", false), ("pulls", true)] {
        let entries = repo.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        runs.extend(entries.chunks(RUN).zip(0_u64..).map(|(chunk, nth)| {
            let before = nth * RUN as u64;
            (ByteRun { offset: before, length: chunk.len() as u64, before, pulls }, chunk)
        }));
    }
    let (next, turns) = (AtomicUsize::new(0), Turns::default());
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some((run, chunk)) = runs.get(place) else { return };
            let read: Result<Vec<_>> = chunk.iter().map(|value| item(value, run.pulls)).collect();
            let Some(items) = turns.take(place, name, run, read) else { return };
            page(place, &items);
        }
    };
    share(threads, runs.len(), work);
    turns.result()
}

fn item(value: &Value, pulls: bool) -> Result<Result<Item<'_>, NoItem>> {
    let mut read = ItemEntry::deserialize(value).context(UNREAD)?.0;
    if let Ok(item) = &mut read
        && pulls
    {
        // In a list of pull requests none of them says that it is one.
        item.kind = ItemKind::Pull;
    }
    Ok(read)
}

/// One item as it is now.
pub(super) fn fresh(repo: &Map<String, Value>, kind: ItemKind, number: u64) -> Result<Option<Fresh>> {
    for (list, pulls) in [("issues", false), ("pulls", true)] {
        let values = repo.get(list).and_then(Value::as_array).into_iter().flatten();
        let mut these = values.filter(|value| value.get("number").and_then(Value::as_u64) == Some(number));
        if let Some(value) = these.next() {
            let item = item(value, pulls)?.ok().filter(|item| item.kind == kind);
            let content_version = value.get("content_version").and_then(Value::as_u64);
            return Ok(item.map(|item| Fresh { item: Item::into_owned(item), content_version }));
        }
    }
    Ok(None)
}

/// The comments of an item; none where none were recorded.
pub(super) fn comments(repo: &Map<String, Value>, number: u64) -> Result<Vec<Comment>> {
    talk(repo, "comments", number).map_or(Ok(Vec::new()), |list| listed(list).map(LooseList::objects))
}

/// The timeline of an item; `None` where it was not recorded.
pub(super) fn timeline(repo: &Map<String, Value>, number: u64) -> Result<Option<Vec<Event>>> {
    talk(repo, "events", number).map(|list| listed(list).map(LooseList::objects)).transpose()
}

/// The entries of a list; null is an empty one (fact 8).
fn listed<'a, T: Deserialize<'a>>(list: &'a Value) -> Result<LooseList<T>> {
    LooseList::deserialize(list).context(UNREAD)
}

/// Every comment of the repository written or changed since, oldest first, and what of the lists of comments is
/// none. `file` names the document.
pub(super) fn said_since(repo: &Map<String, Value>, file: &str, since: DateTime<Utc>) -> Result<CommentsSince> {
    let (mut found, mut told) = (Vec::new(), Vec::new());
    for (key, list) in repo.get("comments").and_then(Value::as_object).into_iter().flatten() {
        let Ok(number) = key.parse() else { continue };
        let entries = listed::<Comment>(list)?.0.unwrap_or_default();
        let place = || format!("{file}: {}#{number}", text(repo, "full_name").unwrap_or_default());
        let (comments, torn) = comments_since::since(entries, number, since, place);
        found.extend(comments);
        told.extend(torn);
    }
    found.sort_by_key(|placed| (placed.comment.created_at, placed.comment.id));
    Ok((found, told))
}
