//! What a forge of the tests holds: people, repositories, issues, their timelines.
//!
//! Takes: a dialect. Gives: [`World`], the state behind a server's `Mutex`, and questions to it. What
//! puts things in is in `build`; what changes them as a forge would, in `act`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, FixedOffset, Utc};

use super::dialect::Dialect;
use super::http::Response;

/// Seconds since 1970.
pub type Time = i64;

/// Rights in a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    None,
    Read,
    Write,
    Admin,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: i64,
    pub login: String,
    pub org: bool,
    pub site_admin: bool,
    /// On GitHub of the type `Bot`.
    pub bot: bool,
    pub created: Time,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub id: i64,
    pub name: String,
    pub color: String,
    pub description: String,
    pub exclusive: bool,
    /// Of an organisation.
    pub org: bool,
}

#[derive(Debug, Clone)]
pub struct Milestone {
    pub id: i64,
    pub title: String,
    pub due: Option<Time>,
    pub open: bool,
    pub created: Time,
}

/// One entry of a timeline; a comment is one too (fact 90).
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: i64,
    pub at: Time,
    pub updated: Time,
    pub by: String,
    pub what: What,
}

#[derive(Debug, Clone)]
pub enum What {
    Comment(String),
    Label {
        label: Label,
        added: bool,
    },
    Assignee {
        login: String,
        removed: bool,
    },
    Close(Option<String>),
    Reopen,
    Milestone {
        old: Option<i64>,
        new: Option<i64>,
    },
    Title {
        old: String,
        new: String,
    },
    Lock(String),
    Unlock,
    /// The repository, item and comment that named this one.
    Reference {
        repo: usize,
        number: u64,
        comment: Option<i64>,
    },
}

#[derive(Debug, Clone)]
pub struct Pull {
    pub id: i64,
    pub base: String,
    pub head: String,
    pub base_sha: String,
    pub head_sha: String,
    pub merged: Option<Time>,
    pub merged_by: String,
    pub reviewers: Vec<String>,
    pub reviews: Vec<Review>,
    /// Lines that it adds and removes.
    pub lines: (u64, u64),
    /// The fork is gone (fact 25).
    pub headless: bool,
}

#[derive(Debug, Clone)]
pub struct Review {
    pub id: i64,
    pub by: String,
    pub state: String,
    pub body: String,
    pub at: Time,
}

/// An issue or a pull request.
#[derive(Debug, Clone)]
pub struct Item {
    pub id: i64,
    pub number: u64,
    pub title: String,
    pub body: String,
    /// A login that nobody has is a deleted user (fact 30).
    pub author: String,
    pub labels: Vec<i64>,
    pub assignees: Vec<String>,
    pub milestone: Option<i64>,
    pub open: bool,
    pub state_reason: Option<String>,
    pub locked: Option<String>,
    pub due: Option<Time>,
    pub created: Time,
    pub updated: Time,
    pub closed: Option<Time>,
    pub closed_by: Option<String>,
    pub content_version: i64,
    pub timeline: Vec<Entry>,
    pub pull: Option<Pull>,
    /// Served as an object of zeroes (fact 29).
    pub hollow: bool,
    /// Deleted: 410 on GitHub, 404 elsewhere (fact 71).
    pub deleted: bool,
    /// What its texts already refer to, by the text: `title`, `body` or a comment's id.
    pub refers: Vec<(String, usize, u64)>,
}

impl Item {
    pub fn comments(&self) -> impl Iterator<Item = (&Entry, &str)> {
        self.timeline.iter().filter_map(|entry| match &entry.what {
            What::Comment(body) => Some((entry, body.as_str())),
            _ => None,
        })
    }
}

#[derive(Debug, Clone)]
pub struct Repo {
    pub id: i64,
    pub owner: String,
    pub name: String,
    pub private: bool,
    pub archived: bool,
    pub issues_off: bool,
    pub pulls_off: bool,
    pub empty: bool,
    /// GitHub: lists go by cursors, `page` is refused (fact 63).
    pub large: bool,
    pub access: BTreeMap<String, Access>,
    pub labels: Vec<Label>,
    pub milestones: Vec<Milestone>,
    pub items: BTreeMap<u64, Item>,
    pub last_number: u64,
    /// Names that it had (fact 56).
    pub old_names: Vec<String>,
    /// Files by ref, then path. A ref is a branch, a tag or a commit.
    pub files: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    /// Its repository of git, for what is pushed and fetched; commits of it are refs too.
    pub git: Option<super::git::Bare>,
    pub default_branch: String,
    pub created: Time,
    pub updated: Time,
}

impl Repo {
    /// A file of a commit of its git.
    pub fn pushed(&self, commit: Option<&str>, path: &str) -> Option<Vec<u8>> {
        self.git.as_ref()?.file(commit?, path)
    }

    /// The tree of a commit of its git, deep, as all three show it.
    pub fn pushed_tree(&self, commit: &str, url: &str) -> Option<Vec<serde_json::Value>> {
        let tree = self.git.as_ref()?.tree(commit)?;
        let entry = |entry: super::git::TreeEntry| {
            let at = format!("{url}/git/{}s/{}", entry.kind, entry.sha);
            serde_json::json!({ "path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha, "url": at })
        };
        Some(tree.into_iter().map(entry).collect())
    }

    pub fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }
}

/// Whom a token speaks for and what it may.
#[derive(Debug, Clone, Default)]
pub struct Token {
    pub login: String,
    /// Gitea's scopes (fact 58); `None`: all.
    pub scopes: Option<Vec<String>>,
    /// A job's own token, of this repository (fact 83).
    pub job: Option<String>,
    /// The job's `permissions:` name no pull requests: from Gitea 1.26 on it sees none (facts 10, 83).
    pub no_pulls: bool,
    pub expired: bool,
}

/// Somebody got a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    pub login: String,
    /// `mention` or `assigned`.
    pub why: &'static str,
    pub repo: String,
    pub number: u64,
    /// There is such a user.
    pub known: bool,
}

/// The time of a world: the system's in whole seconds, or what a test says.
#[derive(Debug, Clone)]
pub struct Clock(Arc<AtomicI64>);

impl Clock {
    pub fn now(&self) -> Time {
        match self.0.load(Ordering::SeqCst) {
            i64::MIN => Utc::now().timestamp(),
            set => set,
        }
    }

    pub fn set(&self, time: &str) {
        self.0.store(instant(time), Ordering::SeqCst);
    }

    pub fn advance(&self, seconds: i64) {
        let now = self.now();
        self.0.store(now + seconds, Ordering::SeqCst);
    }
}

/// An instant such as `2026-11-20T12:00:00Z`.
pub fn instant(time: &str) -> Time {
    DateTime::parse_from_rfc3339(time).unwrap_or_else(|error| panic!("{time}: {error}")).timestamp()
}

#[derive(Debug)]
pub struct World {
    pub dialect: Dialect,
    /// ROOT_URL without a slash at its end: on `Link` and on `url`s, whatever host was called (fact 6).
    pub root: String,
    /// The host that the request at hand was sent to.
    pub called: String,
    /// Who sent it; people are told more of themselves.
    pub asking: String,
    pub max_page: usize,
    pub default_page: usize,
    pub users: Vec<User>,
    pub repos: Vec<Repo>,
    pub org_labels: BTreeMap<String, Vec<Label>>,
    pub tokens: BTreeMap<String, Token>,
    pub pings: Vec<Ping>,
    pub clock: Clock,
    /// Hours east of Greenwich in which times are written (fact 31).
    pub offset: i32,
    /// Nobody may ask without a token (fact 61).
    pub sign_in: bool,
    /// GitHub: requests left in this hour (fact 72).
    pub rate: u64,
    pub rate_reset: Time,
    /// Answers by path and query, before anything else: what a server once said.
    pub recorded: HashMap<String, Response>,
    pub ids: BTreeMap<&'static str, i64>,
    /// Where each entry of a timeline is.
    pub entries: HashMap<i64, (usize, u64)>,
    /// Where each user is, by the login in lower case.
    pub logins: HashMap<String, usize>,
}

impl World {
    pub fn new(dialect: Dialect) -> Self {
        let (root, max_page) = match dialect.is_github() {
            true => ("https://github.example".to_owned(), 100),
            false => ("https://forge.example.test".to_owned(), 50),
        };
        let mut world = World {
            dialect,
            root,
            called: String::new(),
            asking: String::new(),
            max_page,
            default_page: 30,
            users: Vec::new(),
            repos: Vec::new(),
            org_labels: BTreeMap::new(),
            tokens: BTreeMap::new(),
            pings: Vec::new(),
            clock: Clock(Arc::new(AtomicI64::new(i64::MIN))),
            offset: 0,
            sign_in: false,
            rate: 5000,
            rate_reset: Utc::now().timestamp() + 3600,
            recorded: HashMap::new(),
            ids: BTreeMap::new(),
            entries: HashMap::new(),
            logins: HashMap::new(),
        };
        world.add_user("root1").site_admin = true;
        world
    }

    /// A Gitea of a version such as `1.26.4`.
    pub fn gitea(version: &str) -> Self {
        World::new(Dialect::gitea(version))
    }

    /// Forgejo 10.
    pub fn forgejo() -> Self {
        World::new(Dialect::forgejo())
    }

    /// api.github.com.
    pub fn github() -> Self {
        World::new(Dialect::github(""))
    }

    /// GitHub Enterprise: the same below `/api/v3`.
    pub fn github_enterprise() -> Self {
        World::new(Dialect::github("/api/v3"))
    }

    /// The next of a kind of id; GitHub's pass 2^32 (fact 68).
    pub fn next(&mut self, kind: &'static str) -> i64 {
        let start = if self.dialect.is_github() { 4_570_308_000 } else { 0 };
        let id = self.ids.entry(kind).or_insert(start);
        *id += 1;
        *id
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// A time as this forge writes it.
    pub fn time(&self, time: Time) -> String {
        let utc = DateTime::<Utc>::from_timestamp(time, 0).unwrap();
        if self.offset == 0 {
            return utc.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        }
        utc.with_timezone(&FixedOffset::east_opt(self.offset * 3600).unwrap()).to_rfc3339()
    }

    pub fn user(&self, login: &str) -> Option<&User> {
        self.logins.get(&login.to_lowercase()).map(|at| &self.users[*at])
    }

    /// A repository's place by `owner/name`.
    pub fn place(&self, full_name: &str) -> Option<usize> {
        self.repos.iter().position(|repo| repo.full_name().eq_ignore_ascii_case(full_name))
    }

    /// A repository that is there.
    pub fn repo(&mut self, full_name: &str) -> &mut Repo {
        let at = self.place(full_name).unwrap_or_else(|| panic!("no repository {full_name}"));
        &mut self.repos[at]
    }

    /// An item that is there.
    pub fn item(&mut self, full_name: &str, number: u64) -> &mut Item {
        self.repo(full_name).items.get_mut(&number).unwrap_or_else(|| panic!("no {full_name}#{number}"))
    }

    /// Texts of an item's comments, oldest first.
    pub fn comments(&mut self, full_name: &str, number: u64) -> Vec<String> {
        self.item(full_name, number).comments().map(|(_, body)| body.to_owned()).collect()
    }

    /// Names of an item's labels, by name.
    pub fn labels_of(&mut self, full_name: &str, number: u64) -> Vec<String> {
        let at = self.place(full_name).unwrap();
        self.labels(at, &self.repos[at].items[&number].labels).into_iter().map(|label| label.name).collect()
    }

    pub fn assignees_of(&mut self, full_name: &str, number: u64) -> Vec<String> {
        self.item(full_name, number).assignees.clone()
    }

    /// Labels by id, sorted by name, of a repository or its organisation.
    pub fn labels(&self, at: usize, ids: &[i64]) -> Vec<Label> {
        let mut found: Vec<Label> = self.known_labels(at).filter(|label| ids.contains(&label.id)).cloned().collect();
        found.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        found
    }

    /// The labels of a repository, then those of its organisation.
    pub fn known_labels(&self, at: usize) -> impl Iterator<Item = &Label> {
        let repo = &self.repos[at];
        repo.labels.iter().chain(self.org_labels.get(&repo.owner).into_iter().flatten())
    }

    /// What somebody may do in a repository. Everybody reads a public one.
    pub fn access(&self, login: &str, at: usize) -> Access {
        let repo = &self.repos[at];
        if repo.owner.eq_ignore_ascii_case(login) || self.user(login).is_some_and(|user| user.site_admin) {
            return Access::Admin;
        }
        let open = if repo.private { Access::None } else { Access::Read };
        repo.access.get(login).copied().unwrap_or(Access::None).max(open)
    }
}
