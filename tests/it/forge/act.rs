//! What people and tokens do to a world, with everything that a forge does besides.
//!
//! Takes: who, where, what. Gives: a changed [`World`]: entries of timelines, `updated_at` moved
//! (fact 35), others' `updated_at` moved by references (fact 105), pings (fact 104).

use std::sync::OnceLock;

use regex::Regex;

use super::build::{Draft, issue};
use super::text;
use super::world::{Access, Label, Ping, Time, What, World};

impl World {
    fn touch(&mut self, at: usize, number: u64) -> Time {
        let now = self.now();
        let item = self.repos[at].items.get_mut(&number).unwrap();
        item.updated = now;
        now
    }

    /// An entry that moves `updated_at`.
    pub fn happen(&mut self, at: usize, number: u64, by: &str, what: What) -> i64 {
        let now = self.touch(at, number);
        self.push(at, number, by, now, what)
    }

    fn full_name(&self, at: usize) -> String {
        self.repos[at].full_name()
    }

    fn ping(&mut self, login: &str, why: &'static str, at: usize, number: u64) {
        let known = self.user(login).is_some();
        let repo = self.full_name(at);
        self.pings.push(Ping { login: login.to_owned(), why, repo, number, known });
    }

    /// Somebody opens an issue.
    pub fn open(&mut self, at: usize, by: &str, title: &str, body: &str) -> u64 {
        self.open_draft(at, issue(title).body(body).by(by), by)
    }

    /// Somebody opens a pull request.
    pub fn open_pull(&mut self, at: usize, by: &str, title: &str, body: &str) -> u64 {
        self.open_draft(at, super::build::pull(title).body(body).by(by), by)
    }

    fn open_draft(&mut self, at: usize, draft: Draft, by: &str) -> u64 {
        let name = self.full_name(at);
        let number = self.add_issue(&name, draft);
        let item = self.item(&name, number);
        let (title, body) = (item.title.clone(), item.body.clone());
        self.refer(at, number, "title", &title, None, by);
        self.refer(at, number, "body", &body, None, by);
        for login in text::mentions(&body) {
            self.ping(&login, "mention", at, number);
        }
        number
    }

    /// Somebody comments. Only this and a new issue's body call people (fact 104).
    pub fn say(&mut self, at: usize, number: u64, by: &str, body: &str) -> i64 {
        let id = self.happen(at, number, by, What::Comment(body.to_owned()));
        self.refer(at, number, &id.to_string(), body, Some(id), by);
        for login in text::mentions(body) {
            self.ping(&login, "mention", at, number);
        }
        id
    }

    /// A comment gets another text: the item's `updated_at` stays (fact 35), nobody is called
    /// (fact 104), but what the text newly refers to is touched (fact 105).
    pub fn edit_comment(&mut self, id: i64, body: &str) {
        let (at, number) = self.entries[&id];
        let now = self.now();
        let item = self.repos[at].items.get_mut(&number).unwrap();
        let entry = item.timeline.iter_mut().find(|entry| entry.id == id).unwrap();
        (entry.what, entry.updated) = (What::Comment(body.to_owned()), now);
        let by = entry.by.clone();
        self.refer(at, number, &id.to_string(), body, Some(id), &by);
    }

    /// A comment goes; `updated_at` stays (fact 35).
    pub fn delete_comment(&mut self, id: i64) {
        let (at, number) = self.entries.remove(&id).unwrap();
        self.repos[at].items.get_mut(&number).unwrap().timeline.retain(|entry| entry.id != id);
    }

    /// What a text names gets an entry and a new `updated_at`, once for each text (fact 105).
    fn refer(&mut self, at: usize, number: u64, source: &str, text: &str, comment: Option<i64>, by: &str) {
        let own = self.dialect.job_login();
        let roots = [self.root.as_str()];
        for (repo, target) in text::references(text, &roots, source != "title") {
            let place = repo.map_or(Some(at), |repo| self.place(&repo));
            let Some(place) = place.filter(|place| by == own || self.access(by, *place) > Access::None) else {
                continue;
            };
            let known = self.repos[place].items.contains_key(&target);
            let mark = (source.to_owned(), place, target);
            let item = self.repos[at].items.get_mut(&number).unwrap();
            if !known || (place, target) == (at, number) || item.refers.contains(&mark) {
                continue;
            }
            item.refers.push(mark);
            self.happen(place, target, by, What::Reference { repo: at, number, comment });
        }
    }

    /// Labels are put on; one of an exclusive scope takes its fellows off (fact 44).
    pub fn add_labels(&mut self, at: usize, number: u64, by: &str, labels: Vec<Label>) {
        for label in labels {
            if self.repos[at].items[&number].labels.contains(&label.id) {
                continue;
            }
            let scope = |label: &Label| label.name.rsplit_once('/').map(|(scope, _)| scope.to_owned());
            if let Some(own) = scope(&label).filter(|_| label.exclusive && !self.dialect.is_github()) {
                let set = self.repos[at].items[&number].labels.clone();
                let fellows = self.labels(at, &set).into_iter();
                let fellows = fellows.filter(|other| other.exclusive && scope(other).as_ref() == Some(&own)).collect();
                self.remove_labels(at, number, by, fellows);
            }
            self.repos[at].items.get_mut(&number).unwrap().labels.push(label.id);
            self.happen(at, number, by, What::Label { label, added: true });
        }
    }

    pub fn remove_labels(&mut self, at: usize, number: u64, by: &str, labels: Vec<Label>) {
        for label in labels {
            let item = self.repos[at].items.get_mut(&number).unwrap();
            if item.labels.contains(&label.id) {
                item.labels.retain(|id| *id != label.id);
                self.happen(at, number, by, What::Label { label, added: false });
            }
        }
    }

    /// A label of a repository goes, and off everything that carries it, without an entry anywhere.
    pub fn drop_label(&mut self, at: usize, id: i64) {
        self.repos[at].labels.retain(|label| label.id != id);
        self.repos[at].items.values_mut().for_each(|item| item.labels.retain(|label| *label != id));
    }

    /// Somebody is assigned, and told so (fact 104).
    pub fn assign(&mut self, at: usize, number: u64, by: &str, login: &str) {
        let login = self.user(login).map_or(login.to_owned(), |user| user.login.clone());
        let item = self.repos[at].items.get_mut(&number).unwrap();
        if !item.assignees.contains(&login) {
            item.assignees.push(login.clone());
            self.ping(&login, "assigned", at, number);
            self.happen(at, number, by, What::Assignee { login, removed: false });
        }
    }

    pub fn unassign(&mut self, at: usize, number: u64, by: &str, login: &str) {
        let item = self.repos[at].items.get_mut(&number).unwrap();
        if let Some(place) = item.assignees.iter().position(|set| set.eq_ignore_ascii_case(login)) {
            let login = item.assignees.remove(place);
            self.happen(at, number, by, What::Assignee { login, removed: true });
        }
    }

    pub fn close(&mut self, at: usize, number: u64, by: &str, reason: Option<&str>) {
        let now = self.now();
        let item = self.repos[at].items.get_mut(&number).unwrap();
        if item.open {
            (item.open, item.closed, item.closed_by) = (false, Some(now), Some(by.to_owned()));
            item.state_reason = reason.map(str::to_owned);
            self.happen(at, number, by, What::Close(reason.map(str::to_owned)));
        }
    }

    pub fn reopen(&mut self, at: usize, number: u64, by: &str) {
        let item = self.repos[at].items.get_mut(&number).unwrap();
        if !item.open {
            (item.open, item.closed, item.closed_by) = (true, None, None);
            item.state_reason = Some("reopened".to_owned());
            self.happen(at, number, by, What::Reopen);
        }
    }

    pub fn retitle(&mut self, at: usize, number: u64, by: &str, title: &str) {
        let item = self.repos[at].items.get_mut(&number).unwrap();
        let old = std::mem::replace(&mut item.title, title.to_owned());
        if old != title {
            self.happen(at, number, by, What::Title { old, new: title.to_owned() });
            self.refer(at, number, "title", title, None, by);
        }
    }

    /// Another text; the only thing that `content_version` counts (fact 45). Nobody is called.
    pub fn rewrite(&mut self, at: usize, number: u64, by: &str, body: &str) {
        self.touch(at, number);
        let item = self.repos[at].items.get_mut(&number).unwrap();
        item.body = body.to_owned();
        item.content_version += 1;
        self.refer(at, number, "body", body, None, by);
    }

    pub fn set_milestone(&mut self, at: usize, number: u64, by: &str, new: Option<i64>) {
        let item = self.repos[at].items.get_mut(&number).unwrap();
        let old = std::mem::replace(&mut item.milestone, new);
        if old != new {
            self.happen(at, number, by, What::Milestone { old, new });
        }
    }

    pub fn set_lock(&mut self, at: usize, number: u64, by: &str, reason: Option<&str>) {
        let item = self.repos[at].items.get_mut(&number).unwrap();
        let before = item.locked.is_some();
        item.locked = reason.map(str::to_owned);
        match reason {
            Some(reason) if !before => _ = self.happen(at, number, by, What::Lock(reason.to_owned())),
            None if before => _ = self.happen(at, number, by, What::Unlock),
            _ => {}
        }
    }

    /// A pull request is merged; what it says it fixes is closed.
    pub fn merge(&mut self, at: usize, number: u64, by: &str) {
        static FIXES: OnceLock<Regex> = OnceLock::new();
        let fixes =
            FIXES.get_or_init(|| Regex::new(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):? #(\d+)").unwrap());
        let now = self.now();
        self.close(at, number, by, None);
        let item = self.repos[at].items.get_mut(&number).unwrap();
        let body = item.body.clone();
        let pull = item.pull.as_mut().expect("a pull request");
        (pull.merged, pull.merged_by) = (Some(now), by.to_owned());
        for hit in fixes.captures_iter(&body) {
            let fixed: u64 = hit[1].parse().unwrap();
            if self.repos[at].items.contains_key(&fixed) {
                self.close(at, fixed, by, None);
            }
        }
    }

    /// The repository has another name; the old one leads to it (fact 56).
    pub fn rename(&mut self, full_name: &str, name: &str) {
        let repo = self.repo(full_name);
        let old = std::mem::replace(&mut repo.name, name.to_owned());
        repo.old_names.push(old);
    }
}
