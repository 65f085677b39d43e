//! Putting things into a world.
//!
//! Takes: builders' words. Gives: users, tokens, repositories, labels, files, issues and comments that
//! are there as if they had long been: nobody is told, nothing is referred to.

use std::collections::BTreeMap;

use super::world::{Access, Entry, Item, Label, Milestone, Pull, Repo, Time, Token, User, What, World, instant};

impl World {
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
            git: None,
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
            lines: (1, 0),
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
