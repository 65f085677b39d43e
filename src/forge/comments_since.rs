//! Comments of a recorded forge that cannot be counted.
//!
//! Takes: the entries of an item's list, an instant. Gives: the comments since, and a sentence about the entries
//! that are none: whoever counts comments leaves them out, and must not do so without a word.

use chrono::{DateTime, Utc};

use super::{Comment, PlacedComment};

/// Entries that are named one by one.
const NAMED: usize = 5;

/// Comments since, and one sentence about each list that is not whole.
pub(super) type CommentsSince = (Vec<PlacedComment>, Vec<String>);

/// The comments of an item that were written or changed since, and what is said of the entries that are no
/// object or have no time that can be read. `place` names the file and the item.
pub(super) fn since(
    entries: Vec<Option<Comment>>,
    number: u64,
    since: DateTime<Utc>,
    place: impl Fn() -> String,
) -> (Vec<PlacedComment>, Option<String>) {
    let of = |entry: &Option<Comment>| entry.as_ref().is_none_or(|comment| comment.at().is_none());
    let torn: Vec<usize> = (1..).zip(&entries).filter(|(_, entry)| of(entry)).map(|(nth, _)| nth).collect();
    let comments = entries.into_iter().flatten().filter(|comment| comment.at() >= Some(since));
    let placed = comments.map(|comment| PlacedComment { number, comment }).collect();
    (placed, describe(&torn).map(|told| format!("{}: {told}", place())))
}

fn describe(torn: &[usize]) -> Option<String> {
    let left = "no comments whose time can be read: they are left out";
    match torn {
        [] => None,
        [one] => Some(format!("entry {one} of its comments is no comment whose time can be read: it is left out")),
        all => {
            let named: Vec<String> = all.iter().take(NAMED).map(ToString::to_string).collect();
            let more = all.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Some(format!("entries {}{more} of its comments are {left}", named.join(", ")))
        }
    }
}
