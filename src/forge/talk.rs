//! What was said and done on an item.
//!
//! Takes: the JSON of a list of comments or of a timeline. Gives: [`Comment`]s and [`Event`]s.
//! As for items, what is of another type than expected counts as absent.

use serde::de::{IgnoredAny, MapAccess};

use super::loose::{Scalar, Shape, key, read, value};
use super::part::{Part, instant};
use super::{Comment, Event, What};

/// The comments of a list, in its order; entries that are no object are left out, `null` is an
/// empty list (fact 8). An id that is missing is 0.
///
/// # Errors
/// `list` is no JSON; line and column count within it.
pub fn comments(list: &[u8]) -> serde_json::Result<Vec<Comment>> {
    let entries: Option<Vec<Option<Comment>>> = read(list, &mut String::new())?;
    Ok(entries.into_iter().flatten().flatten().collect())
}

/// The entries of a timeline, in its order; entries that are no object are left out, `null` is
/// an empty timeline (fact 8).
///
/// # Errors
/// `list` is no JSON; line and column count within it.
pub fn events(list: &[u8]) -> serde_json::Result<Vec<Event>> {
    let entries: Option<Vec<Option<Event>>> = read(list, &mut String::new())?;
    Ok(entries.into_iter().flatten().flatten().collect())
}

impl<'de> Shape<'de> for Option<Comment> {
    fn scalar(_: Scalar<'de>) -> Self {
        None
    }

    fn object<A: MapAccess<'de>>(mut from: A) -> Result<Self, A::Error> {
        let (mut id, mut body) = (Scalar::Absent, Scalar::Absent);
        let (mut association, mut created_at) = (Scalar::Absent, Scalar::Absent);
        let mut author: Option<Part<'_>> = None;
        while let Some(name) = key(&mut from)? {
            match &*name {
                "id" => id = value(&mut from)?,
                "body" => body = value(&mut from)?,
                "user" => author = value(&mut from)?,
                "author_association" => association = value(&mut from)?,
                "created_at" => created_at = value(&mut from)?,
                _ => {
                    from.next_value::<IgnoredAny>()?;
                }
            }
        }
        let writers = ["OWNER", "MEMBER", "COLLABORATOR"];
        Ok(Some(Comment {
            id: match id {
                Scalar::Whole(id) => id,
                _ => 0,
            },
            body: body.text().unwrap_or_default().into_owned(),
            author: author.and_then(Part::account),
            by_writer: writers.iter().any(|word| association.is_word(word)),
            created_at: instant(&created_at),
        }))
    }
}

impl<'de> Shape<'de> for Option<Event> {
    fn scalar(_: Scalar<'de>) -> Self {
        None
    }

    fn object<A: MapAccess<'de>>(mut from: A) -> Result<Self, A::Error> {
        let mut created_at = Scalar::Absent;
        let (mut user, mut actor): (Option<Part<'_>>, Option<Part<'_>>) = (None, None);
        while let Some(name) = key(&mut from)? {
            match &*name {
                // A review on GitHub has its time under a name of its own.
                "created_at" | "submitted_at" => created_at = value(&mut from)?,
                "user" => user = value(&mut from)?,
                "actor" => actor = value(&mut from)?,
                _ => {
                    from.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(Event {
            at: instant(&created_at),
            actor: [user, actor].into_iter().flatten().find_map(Part::account),
            what: What::Other,
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn comments_keep_what_is_there() {
        let list = br#"[null, "x", {"id": 5, "body": "hi \ud800", "user": null, "created_at":
            "2026-05-01T06:34:08Z", "author_association": "MEMBER"}, {"user": {"login": "a"}}]"#;
        let found = comments(list).unwrap();
        assert_eq!(found.len(), 2);
        let [first, second] = &found[..] else { return };
        assert_eq!((first.id, &*first.body), (5, "hi \u{fffd}"));
        assert!(first.by_writer && first.author.is_none() && first.created_at.is_some());
        assert!(!second.by_writer && second.id == 0 && second.author.is_some());
        assert_eq!(comments(b"null").unwrap(), []);
    }

    #[test]
    fn events_name_who_and_when() {
        let list = br#"[null, {"actor": {"login": "g", "type": "Bot"}, "created_at": "2026-05-01"},
            {"user": {"id": 1, "login": "t"}}, {"actor": null}]"#;
        let found = events(list).unwrap();
        let logins: Vec<_> = found.iter().map(|event| event.actor.as_ref().map(|a| (&*a.login, a.bot))).collect();
        assert_eq!(logins, [Some(("g", true)), Some(("t", false)), None]);
        assert!(found.first().unwrap().at.is_some());
    }
}
