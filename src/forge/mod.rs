//! What a forge holds, in one shape for every forge, and the trait that reads it.
//!
//! Takes: a forge's own objects (an API's answers, or a recorded file). Gives: [`Repo`],
//! [`Item`], [`Comment`], [`Event`] and nothing forge-specific. Whatever is null, missing or of
//! an unexpected type in an answer has become an empty value or `None` before it leaves here
//! (facts 8, 27 to 31, 68), so that one bad object never stops the others.

mod activity;
pub mod change;
mod comments_since;
mod conversation;
pub mod file;
mod index;
mod item;
pub mod live;
mod loose;
pub mod object;
mod part;
mod quiet;
mod ranges;
pub mod remote;
mod scan;
pub mod seek;
mod source;
pub mod talk;
pub mod time;
mod turns;
pub mod workflows;

use anyhow::Result;
use chrono::{DateTime, Utc};

pub use self::activity::{ActivityPage, Take};
pub use self::conversation::{Comment, Event, EventKind, PlacedComment};
pub use self::item::{Account, Item, ItemKind};

/// A repository as far as a run needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repo {
    /// `owner/name`.
    pub name: String,
    /// Only some people may read it.
    pub private: bool,
    /// How its forge tells names of labels apart.
    pub label_names: LabelNames,
}

/// Items of which states and kinds are wanted. A server lists the closed ones only where they are, because
/// there are many more of them. Issues and pull requests come in one list whatever is wanted; but only of a
/// kind that is, a server that gave none is asked whether the token may see them at all (fact 10).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct States {
    /// Open ones.
    pub open: bool,
    /// Closed and merged ones.
    pub closed: bool,
    /// Issues.
    pub issues: bool,
    /// Pull requests.
    pub pulls: bool,
}

impl States {
    /// Open ones alone.
    pub const OPEN: States = States { open: true, closed: false, issues: true, pulls: true };
    /// Open and closed ones.
    pub const ALL: States = States { closed: true, ..States::OPEN };

    /// The same of these kinds alone.
    #[must_use]
    pub fn of(self, kinds: &[ItemKind]) -> States {
        States { issues: kinds.contains(&ItemKind::Issue), pulls: kinds.contains(&ItemKind::Pull), ..self }
    }

    /// What either wants.
    #[must_use]
    pub fn or(self, other: States) -> States {
        States {
            open: self.open || other.open,
            closed: self.closed || other.closed,
            issues: self.issues || other.issues,
            pulls: self.pulls || other.pulls,
        }
    }
}

/// Why nothing can be written to a repository in such a state, as [`Forge::closed`] says it.
fn closed(archived: bool, no_issues: bool) -> Option<&'static str> {
    if archived { Some("is archived") } else { no_issues.then_some("has its issues switched off") }
}

/// How a forge tells names of labels apart. Logins are told apart by case on none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LabelNames {
    /// `Bug` and `bug` are two labels: Gitea and Forgejo, which even keep two of one name (fact 48).
    #[default]
    Exact,
    /// They are one: GitHub.
    AnyCase,
}

impl LabelNames {
    /// Those of a forge of this kind, as a forge file names it.
    #[must_use]
    pub fn of_kind(kind: &str) -> LabelNames {
        LabelNames::of(kind == "github")
    }

    /// Those of GitHub, or of the others.
    #[must_use]
    pub fn of(github: bool) -> Self {
        if github { LabelNames::AnyCase } else { LabelNames::Exact }
    }

    /// Whether two names are one label.
    #[must_use]
    pub fn same(self, one: &str, other: &str) -> bool {
        one == other || (self == LabelNames::AnyCase && one.to_lowercase() == other.to_lowercase())
    }
}

/// What reading the items of one repository came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Items handed over.
    pub items: u64,
    /// Entries that were no item (fact 29), and a kind that the token may not see beside one that it may: one
    /// sentence each, which says where.
    pub unreadable: Vec<String>,
}

/// Is handed a run of items with its place in the list, see [`Forge::items`].
pub type PageHandler<'p> = &'p (dyn Fn(usize, &[Item<'_>]) + Sync);

/// A forge that can be read. `Sync`, because pages are read by several threads.
pub trait Forge: Sync {
    /// The name that a plan holds and an apply compares, without secrets.
    fn name(&self) -> String;

    /// A server: it is spared by pauses between writes, and lists only the states that are asked for.
    fn is_remote(&self) -> bool {
        false
    }

    /// The login of our own account, whose comments and issues are ours.
    fn user(&self) -> &str;

    /// Every repository that is there to be read, in the forge's order.
    fn repos(&self) -> &[Repo];

    /// Why nothing can be written to a repository, whoever asks, as far as reading it told; a clause whose
    /// subject is the repository.
    fn closed(&self, _repo: usize) -> Option<&'static str> {
        None
    }

    /// How this forge tells names of labels apart.
    fn label_names(&self) -> LabelNames {
        LabelNames::Exact
    }

    /// A text that names an item on the forge and leaves no trace on it (fact 105): a plain
    /// reference moves the item's `updated_at`. `full` names the repository too.
    fn quiet_link(&self, repo: usize, number: u64, full: bool) -> String;

    /// Hands the issues and pull requests of `repo` (an index into [`Forge::repos`]) to `page`, at
    /// least those of the wanted `states`: a file hands over all. They come a run at a time with the
    /// run's place in the list. Pages come from up to `threads` threads at once and in any order;
    /// within a page the order is the forge's. Places are 0, 1, 2, … without a gap; a page may be
    /// empty. Each number comes once: where the forge gives one twice, the first in its order
    /// stands, issues before pull requests, whatever the number of threads.
    ///
    /// # Errors
    /// What was being read, where, and what was found: the first such place, whatever the number
    /// of threads. All pages before it were handed over, and none after it.
    fn items(&self, repo: usize, states: States, threads: usize, page: PageHandler<'_>) -> Result<Listing>;

    /// One item by its number; `None` where there is none.
    ///
    /// # Errors
    /// As [`Forge::items`].
    fn find(&self, repo: usize, number: u64) -> Result<Option<Item<'static>>> {
        Ok(seek::those(|page| self.items(repo, States::ALL, 1, page), |item| item.number == number)?.pop())
    }

    /// One pull request by its number, with the lines that it changes as far as the forge tells them;
    /// `None` where there is none.
    ///
    /// # Errors
    /// As [`Forge::items`].
    fn pull(&self, repo: usize, number: u64) -> Result<Option<Item<'static>>> {
        Ok(self.find(repo, number)?.filter(|item| item.kind == ItemKind::Pull))
    }

    /// The issues, open and closed, that carry a label of this name: how our own are found
    /// again without reading every closed one.
    ///
    /// # Errors
    /// As [`Forge::items`].
    fn labelled(&self, repo: usize, label: &str) -> Result<Vec<Item<'static>>> {
        let names = self.label_names();
        let has = |item: &Item<'_>| item.labels.iter().any(|found| names.same(found, label));
        let wanted = |item: &Item<'_>| item.kind == ItemKind::Issue && has(item);
        seek::those(|page| self.items(repo, States::ALL, 1, page), wanted)
    }

    /// Numbers of the issues and pull requests, open and closed, that carry a label of this name.
    ///
    /// # Errors
    /// As [`Forge::items`].
    fn carriers(&self, repo: usize, label: &str) -> Result<Vec<u64>> {
        let names = self.label_names();
        let has = |item: &Item<'_>| item.labels.iter().any(|found| names.same(found, label));
        let found = seek::those(|page| self.items(repo, States::ALL, 1, page), has)?;
        Ok(found.iter().map(|item| item.number).collect())
    }

    /// The issues, open and closed, that this login opened: how what we created is found again whatever
    /// label somebody has taken off it.
    ///
    /// # Errors
    /// As [`Forge::items`].
    fn opened_by(&self, repo: usize, login: &str) -> Result<Vec<Item<'static>>> {
        let by = |item: &Item<'_>| item.author.as_ref().is_some_and(|who| who.login.eq_ignore_ascii_case(login));
        let wanted = |item: &Item<'_>| item.kind == ItemKind::Issue && by(item);
        seek::those(|page| self.items(repo, States::ALL, 1, page), wanted)
    }

    /// Logins of those who may write to a repository, as far as the forge tells (fact 89); `None` where this
    /// token may not ask, which is told. Asked once a repository, when somebody first wants to know.
    ///
    /// # Errors
    /// As [`Forge::items`].
    fn writers(&self, repo: usize) -> Result<Option<&[String]>>;

    /// The comments of an item, oldest first; none where none were recorded.
    ///
    /// # Errors
    /// As [`Forge::items`].
    fn comments(&self, repo: usize, number: u64) -> Result<Vec<Comment>>;

    /// Every comment of the repository written or changed since, oldest first.
    ///
    /// # Errors
    /// As [`Forge::items`].
    fn comments_since(&self, repo: usize, since: DateTime<Utc>) -> Result<Vec<PlacedComment>>;

    /// What happened in these repositories (indices) since: every open issue, what was closed since,
    /// what was said since. Pages are handed to `take` from up to `threads` threads at once and in any
    /// order. Gives what each repository came to, in their order; of one that could not be read to the
    /// end pages may have been handed over.
    fn activity(&self, repos: &[usize], since: DateTime<Utc>, threads: usize, take: Take<'_>) -> Vec<Result<Listing>> {
        let said = |repo| Ok((self.comments_since(repo, since)?, Vec::new()));
        activity::one_by_one(self, repos, said, threads, take)
    }

    /// Repositories that were asked for and could not be read at all, by name, with the reason.
    fn unread(&self) -> &[(String, String)] {
        &[]
    }

    /// The timeline of an item, oldest first; `None`: not recorded, which is not empty.
    ///
    /// # Errors
    /// As [`Forge::items`].
    fn timeline(&self, repo: usize, number: u64) -> Result<Option<Vec<Event>>>;
}
