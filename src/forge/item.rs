//! Issues and pull requests, in one shape for every forge.
//!
//! Takes: nothing, these are the words. Gives: [`Item`], with [`ItemKind`] and [`Account`].

use std::borrow::Cow;

use chrono::{DateTime, Utc};

/// What an item is. Issues and pull requests share their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemKind {
    /// An issue.
    Issue,
    /// A pull request.
    Pull,
}

impl ItemKind {
    /// The name in rules, JSON and plans: `issue` or `pull`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ItemKind::Issue => "issue",
            ItemKind::Pull => "pull",
        }
    }
}

/// The accounts that jobs of a forge write with where they have no token of their own: on Gitea, Forgejo and
/// GitHub (facts 30, 85).
const JOB_ACCOUNTS: [&str; 3] = ["gitea-actions", "forgejo-actions", "github-actions[bot]"];

/// An account, as it stands beside an item or a comment.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// The login; never empty.
    pub login: String,
    /// The forge says that this is no person: type `Bot`, or an id below 0 (fact 30).
    pub bot: bool,
}

impl Account {
    /// The account of the forge's own jobs. Whoever has registered such a name is a person.
    #[must_use]
    pub fn is_of_jobs(&self) -> bool {
        self.bot && JOB_ACCOUNTS.iter().any(|known| known.eq_ignore_ascii_case(&self.login))
    }
}

/// An issue or a pull request as a list gives it. Times are instants in UTC; `None` where the
/// forge gave none or one that cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Item<'a> {
    /// Issue or pull request.
    pub kind: ItemKind,
    /// The number within its repository, at least 1.
    pub number: u64,
    /// The title, empty where the forge gave none.
    pub title: Cow<'a, str>,
    /// The text, empty where the forge gave none.
    pub body: Cow<'a, str>,
    /// Exact names of its labels, in the forge's order.
    pub labels: Vec<Cow<'a, str>>,
    /// Logins, in the forge's order.
    pub assignees: Vec<Cow<'a, str>>,
    /// Who opened it; `None` for a deleted app.
    pub author: Option<Account>,
    /// Open, as opposed to closed or merged. An unknown state word counts as open (fact 11).
    pub open: bool,
    /// Nobody but writers may comment.
    pub locked: bool,
    /// A pull request that says it is not finished.
    pub draft: bool,
    /// The title of its milestone.
    pub milestone: Option<Cow<'a, str>>,
    /// How many comments it has.
    pub comments: u64,
    /// When it was opened.
    pub created_at: Option<DateTime<Utc>>,
    /// When anything on it last changed, our own writes included (fact 35).
    pub updated_at: Option<DateTime<Utc>>,
    /// When it was merged, else closed; an open one that was closed before has none.
    pub closed_at: Option<DateTime<Utc>>,
    /// A pull request that was merged.
    pub merged: bool,
    /// Lines that a pull request adds and removes, where the object says it: the one of a pull request by
    /// itself does, the list of issues does not.
    pub lines: Option<(u64, u64)>,
    /// Why it is closed, in the forge's word (GitHub: `completed`, `not_planned`, `duplicate`).
    pub state_reason: Option<Cow<'a, str>>,
}

impl Item<'_> {
    /// The item with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Item<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Item {
            title: own(self.title),
            body: own(self.body),
            labels: self.labels.into_iter().map(own).collect(),
            assignees: self.assignees.into_iter().map(own).collect(),
            milestone: self.milestone.map(own),
            state_reason: self.state_reason.map(own),
            author: self.author,
            ..self
        }
    }
}
