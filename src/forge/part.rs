//! The objects within an API's objects: users, labels, milestones, signatures of commits, marks of
//! pull requests.
//!
//! Takes: JSON of any type. Gives: the few members that items, comments and timelines need.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::loose::Scalar;
use super::{Account, time};

/// The instant that a value names.
pub(super) fn instant(found: &Scalar<'_>) -> Option<DateTime<Utc>> {
    match found {
        Scalar::Text(text) => time::parse(text),
        _ => None,
    }
}

/// An object within an object: a label, a milestone, a user.
#[derive(Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
pub(super) struct NestedObject<'a> {
    id: Scalar<'a>,
    #[serde(rename = "type")]
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

impl PullMark {
    /// What a value of any type says.
    pub(super) fn of(value: &Value) -> PullMark {
        let mut members = value.as_object().into_iter().flat_map(|members| members.values());
        let merged_at = value["merged_at"].as_str().and_then(time::parse);
        PullMark {
            is_pull: members.any(|member| !member.is_null()),
            draft: value["draft"] == true,
            merged: value["merged"] == true || merged_at.is_some(),
            merged_at,
        }
    }
}
