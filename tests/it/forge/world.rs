//! What a forge of the tests holds: people, repositories, issues, their timelines.
//!
//! Takes: builders' words. Gives: [`World`], the state behind a server's `Mutex`. What changes it as
//! a forge would, with timelines, pings and references, is in `act`; what is put in here is simply
//! there, as if it had long been.

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
    pub default_branch: String,
    pub created: Time,
    pub updated: Time,
}

impl Repo {
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
    logins: HashMap<String, usize>,
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

    // What follows puts things in.

    pub fn add_user(&mut self, login: &str) -> &mut User {
        let id = self.next("user");
        let created = self.now();
        self.logins.insert(login.to_lowercase(), self.users.len());
        self.users.push(User {
            id,
            login: login.to_owned(),
            org: false,
            site_admin: false,
            bot: login.ends_with("[bot]"),
            created,
        });
        self.users.last_mut().unwrap()
    }

    /// Takes an account away; what it wrote stays (fact 30).
    pub fn remove_user(&mut self, login: &str) {
        self.logins.remove(&login.to_lowercase());
    }

    pub fn add_org(&mut self, login: &str) {
        self.add_user(login).org = true;
    }

    /// A token of somebody's own with every scope.
    pub fn add_token(&mut self, token: &str, login: &str) -> &mut Token {
        self.tokens.insert(token.to_owned(), Token { login: login.to_owned(), ..Token::default() });
        self.tokens.get_mut(token).unwrap()
    }

    /// The token of a job in a repository: user -2 on Gitea and Forgejo (facts 83 and 85).
    pub fn add_job_token(&mut self, token: &str, repo: &str) {
        let login = self.dialect.job_login().to_owned();
        let job = Some(repo.to_owned());
        self.tokens.insert(token.to_owned(), Token { login, job, ..Token::default() });
    }

    /// A public repository; the owner is added as an organisation where nobody has that name.
    pub fn add_repo(&mut self, full_name: &str) -> &mut Repo {
        let (owner, name) = full_name.split_once('/').expect("owner/name");
        if self.user(owner).is_none() {
            self.add_org(owner);
        }
        let (id, now) = (self.next("repo"), self.now());
        self.repos.push(Repo {
            id,
            owner: owner.to_owned(),
            name: name.to_owned(),
            private: false,
            archived: false,
            issues_off: false,
            pulls_off: false,
            empty: false,
            large: false,
            access: BTreeMap::new(),
            labels: Vec::new(),
            milestones: Vec::new(),
            items: BTreeMap::new(),
            last_number: 0,
            old_names: Vec::new(),
            files: BTreeMap::new(),
            default_branch: "main".to_owned(),
            created: now,
            updated: now,
        });
        self.repos.last_mut().unwrap()
    }

    /// Gives somebody rights; adds the user where there is none.
    pub fn add_member(&mut self, full_name: &str, login: &str, access: Access) {
        if self.user(login).is_none() {
            self.add_user(login);
        }
        self.repo(full_name).access.insert(login.to_owned(), access);
    }

    /// A file at a ref.
    pub fn add_file(&mut self, full_name: &str, at: &str, path: &str, text: &str) {
        let files = self.repo(full_name).files.entry(at.to_owned()).or_default();
        files.insert(path.to_owned(), text.as_bytes().to_vec());
    }

    pub fn add_label(&mut self, full_name: &str, name: &str, exclusive: bool) -> i64 {
        let label = self.label(name, "ee0701", exclusive, false);
        let id = label.id;
        self.repo(full_name).labels.push(label);
        id
    }

    pub fn add_org_label(&mut self, org: &str, name: &str, exclusive: bool) -> i64 {
        let label = self.label(name, "ff0000", exclusive, true);
        let id = label.id;
        self.org_labels.entry(org.to_owned()).or_default().push(label);
        id
    }

    pub fn label(&mut self, name: &str, color: &str, exclusive: bool, org: bool) -> Label {
        let id = self.next("label");
        Label { id, name: name.to_owned(), color: color.to_owned(), description: String::new(), exclusive, org }
    }

    pub fn add_milestone(&mut self, full_name: &str, title: &str, due: Option<&str>) -> i64 {
        let (id, created) = (self.next("milestone"), self.now());
        let milestone = Milestone { id, title: title.to_owned(), due: due.map(instant), open: true, created };
        self.repo(full_name).milestones.push(milestone);
        id
    }

    /// Puts a draft in, as if it had long been there: nobody is told, nothing is referred to.
    /// Labels that the repository lacks are made.
    pub fn add_issue(&mut self, full_name: &str, draft: Draft) -> u64 {
        let at = self.place(full_name).unwrap_or_else(|| panic!("no repository {full_name}"));
        let now = self.now();
        let created = draft.created.unwrap_or(now);
        let mut labels = Vec::new();
        for name in &draft.labels {
            let known = self.known_labels(at).find(|label| label.name == *name).map(|label| label.id);
            labels.push(known.unwrap_or_else(|| self.add_label(full_name, name, false)));
        }
        let id = self.next("issue");
        let number = self.repos[at].last_number + 1;
        self.repos[at].last_number = number;
        let milestone = draft.milestone.map(|title| {
            self.repos[at].milestones.iter().find(|known| known.title == title).expect("a known milestone").id
        });
        let pull = draft.pull.then(|| Pull {
            id: self.next("pull"),
            base: "main".to_owned(),
            head: format!("topic-{number}"),
            base_sha: format!("{:040x}", 0xb000_0000_u64),
            head_sha: format!("{number:040x}"),
            merged: None,
            merged_by: String::new(),
            reviewers: Vec::new(),
            reviews: Vec::new(),
            headless: false,
        });
        let updated = draft.updated.unwrap_or(created);
        self.repos[at].items.insert(
            number,
            Item {
                id,
                number,
                title: draft.title,
                body: draft.body,
                author: draft.author,
                labels: labels.clone(),
                assignees: draft.assignees.clone(),
                milestone,
                open: !draft.closed,
                state_reason: None,
                locked: None,
                due: None,
                created,
                updated,
                closed: draft.closed.then_some(updated),
                closed_by: None,
                content_version: 0,
                timeline: Vec::new(),
                pull,
                hollow: false,
                deleted: false,
                refers: Vec::new(),
            },
        );
        for label in self.labels(at, &labels) {
            self.push(at, number, "root1", created, What::Label { label, added: true });
        }
        for login in draft.assignees {
            self.push(at, number, "root1", created, What::Assignee { login, removed: false });
        }
        number
    }

    /// Puts a comment in that was there before; nobody is told and `updated_at` stays.
    pub fn add_comment(&mut self, full_name: &str, number: u64, login: &str, body: &str, at: &str) -> i64 {
        let repo = self.place(full_name).unwrap();
        self.push(repo, number, login, instant(at), What::Comment(body.to_owned()))
    }

    /// An entry of a timeline.
    pub fn push(&mut self, at: usize, number: u64, by: &str, time: Time, what: What) -> i64 {
        let id = self.next("entry");
        self.entries.insert(id, (at, number));
        let entry = Entry { id, at: time, updated: time, by: by.to_owned(), what };
        self.repos[at].items.get_mut(&number).expect("an item").timeline.push(entry);
        id
    }
}

/// An issue or a pull request that is to be put in.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    title: String,
    body: String,
    author: String,
    labels: Vec<String>,
    assignees: Vec<String>,
    milestone: Option<String>,
    created: Option<Time>,
    updated: Option<Time>,
    closed: bool,
    pull: bool,
}

/// An open issue by `root1`.
pub fn issue(title: &str) -> Draft {
    Draft { title: title.to_owned(), author: "root1".to_owned(), ..Draft::default() }
}

/// An open pull request by `root1`.
pub fn pull(title: &str) -> Draft {
    Draft { pull: true, ..issue(title) }
}

impl Draft {
    pub fn body(mut self, body: &str) -> Self {
        self.body = body.to_owned();
        self
    }

    pub fn by(mut self, login: &str) -> Self {
        self.author = login.to_owned();
        self
    }

    pub fn labels(mut self, names: &[&str]) -> Self {
        self.labels = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    pub fn assignees(mut self, logins: &[&str]) -> Self {
        self.assignees = logins.iter().map(|login| (*login).to_owned()).collect();
        self
    }

    pub fn milestone(mut self, title: &str) -> Self {
        self.milestone = Some(title.to_owned());
        self
    }

    pub fn created(mut self, time: &str) -> Self {
        self.created = Some(instant(time));
        self
    }

    pub fn updated(mut self, time: &str) -> Self {
        self.updated = Some(instant(time));
        self
    }

    pub fn closed(mut self) -> Self {
        self.closed = true;
        self
    }
}
