//! The objects within an API's objects: users, labels, milestones, signatures of commits, marks of
//! pull requests.
//!
//! Takes: JSON of any type. Gives: the few members that items, comments and timelines need.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::de::{IgnoredAny, MapAccess, SeqAccess};

use super::loose::{LooseShape, Scalar, key, value};
use super::{Account, time};

/// The instant that a value names.
pub(super) fn instant(found: &Scalar<'_>) -> Option<DateTime<Utc>> {
    match found {
        Scalar::Text(text) => time::parse(text),
        _ => None,
    }
}

/// An object within an object: a label, a milestone, a user; `Option`, for it may be anything.
#[derive(Debug, Default)]
pub(super) struct NestedObject<'a> {
    id: Scalar<'a>,
    kind: Scalar<'a>,
    /// Of a label.
    pub(super) name: Scalar<'a>,
    login: Scalar<'a>,
    /// Of a milestone.
    pub(super) title: Scalar<'a>,
    /// Of who wrote or committed a commit; that is a name and an address, and no account.
    pub(super) date: Scalar<'a>,
}

impl<'a> NestedObject<'a> {
    /// The login; a failed sub-load has an empty one, which is none (fact 29).
    pub(super) fn login(self) -> Option<Cow<'a, str>> {
        self.login.text().filter(|login| !login.is_empty())
    }

    /// The account, if it has a login. An id below 0 is a deleted account or the forge's own
    /// (fact 30).
    pub(super) fn account(self) -> Option<Account> {
        let bot = matches!(self.id, Scalar::Below(_)) || self.kind.is_word("bot");
        let login = self.login()?.into_owned();
        Some(Account { login, bot })
    }
}

impl<'de> LooseShape<'de> for Option<NestedObject<'de>> {
    fn scalar(_: Scalar<'de>) -> Self {
        None
    }

    fn object<A: MapAccess<'de>>(mut from: A) -> Result<Self, A::Error> {
        let mut part = NestedObject::default();
        while let Some(name) = key(&mut from)? {
            match &*name {
                "id" => part.id = value(&mut from)?,
                "type" => part.kind = value(&mut from)?,
                "name" => part.name = value(&mut from)?,
                "login" => part.login = value(&mut from)?,
                "title" => part.title = value(&mut from)?,
                "date" => part.date = value(&mut from)?,
                _ => {
                    from.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(part))
    }
}

/// What `pull_request` of an issue says: null, missing or all null is no pull request (facts 9,
/// 65).
#[derive(Debug, Default)]
pub(super) struct PullMark {
    /// It is one.
    pub(super) is_pull: bool,
    /// It is not finished.
    pub(super) draft: bool,
    /// It was merged: the mark says so, or when.
    pub(super) merged: bool,
    /// When.
    pub(super) merged_at: Option<DateTime<Utc>>,
}

impl<'de> LooseShape<'de> for PullMark {
    fn scalar(_: Scalar<'de>) -> Self {
        Self::default()
    }

    fn object<A: MapAccess<'de>>(mut from: A) -> Result<Self, A::Error> {
        let mut mark = Self::default();
        while let Some(name) = key(&mut from)? {
            let Presence { is_there: given, is_true, at } = value(&mut from)?;
            mark.is_pull |= given;
            match &*name {
                "draft" => mark.draft = is_true,
                "merged" => mark.merged |= is_true,
                "merged_at" => {
                    mark.merged |= at.is_some();
                    mark.merged_at = at;
                }
                _ => {}
            }
        }
        Ok(mark)
    }
}

/// Whether a value is anything but null, whether it is `true`, and the instant that it names.
struct Presence {
    is_there: bool,
    is_true: bool,
    at: Option<DateTime<Utc>>,
}

impl<'de> LooseShape<'de> for Presence {
    fn scalar(found: Scalar<'de>) -> Self {
        Presence { is_there: found != Scalar::Absent, is_true: found.is_true(), at: instant(&found) }
    }

    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Presence { is_there: true, is_true: false, at: None })
    }

    fn object<A: MapAccess<'de>>(mut from: A) -> Result<Self, A::Error> {
        while from.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Presence { is_there: true, is_true: false, at: None })
    }
}
