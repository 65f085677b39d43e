//! What GitHub does on POST, PATCH, PUT and DELETE.
//!
//! Takes: a request that may ask. Gives: a changed world and the answer, with what is silently left
//! out (facts 39 and 67).

use serde_json::{Map, Value};

use super::super::gitea::Answer;
use super::super::http::Response;
use super::super::world::{Access, Label};
use super::Ask;

/// Characters that a comment may have (fact 100).
const LONGEST: usize = 65_536;

impl Ask<'_> {
    fn must_sign_in(&self) -> Result<(), Response> {
        if self.signed_in { Ok(()) } else { Err(self.error(401, "Requires authentication")) }
    }

    /// Fact 71: 403 for a job's token, 404 or 403 for a person.
    fn must_push(&self, at: usize) -> Result<(), Response> {
        self.must_sign_in()?;
        match self.rights(at) >= Access::Write {
            true => Ok(()),
            false if self.job.is_some() => Err(self
                .error(403, "Resource not accessible by integration")
                .with("X-Accepted-GitHub-Permissions", "issues=write")),
            false => Err(self.error(403, "Must have admin rights to Repository.")),
        }
    }

    /// A job's token may only write in its own repository.
    fn may_speak(&self, at: usize) -> Result<(), Response> {
        if self.job.is_some() { self.must_push(at) } else { self.must_sign_in() }
    }

    fn pushes(&self, at: usize) -> bool {
        self.rights(at) >= Access::Write
    }

    fn form(&self) -> Result<Map<String, Value>, Response> {
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(form)) => Ok(form),
            _ if self.request.body.is_empty() => Ok(Map::new()),
            _ => Err(self.error(400, "Problems parsing JSON")),
        }
    }

    /// Texts of a list; an object stands for its `name`, a text alone for a list of one.
    fn texts(value: Option<&Value>) -> Vec<String> {
        let one = |value: &Value| {
            value.as_str().or_else(|| value["name"].as_str()).or_else(|| value["login"].as_str()).map(str::to_owned)
        };
        match value {
            Some(Value::Array(values)) => values.iter().filter_map(one).collect(),
            Some(value) => one(value).into_iter().collect(),
            None => Vec::new(),
        }
    }

    fn body(&self, form: &Map<String, Value>, resource: &str) -> Result<String, Response> {
        let body = form.get("body").and_then(Value::as_str).unwrap_or_default();
        if body.chars().count() > LONGEST {
            return Err(self.error(422, "Body is too long (maximum is 65536 characters)"));
        }
        if body.is_empty() && resource == "IssueComment" {
            return Err(self.invalid(resource, "body", "missing_field"));
        }
        Ok(body.to_owned())
    }

    /// Labels by name; those that the repository lacks are made, grey (recorded: octokit).
    fn labels(&mut self, at: usize, names: &[String]) -> Vec<Label> {
        let mut found = Vec::new();
        for name in names {
            let known = self.world.repos[at].labels.iter().find(|label| label.name.eq_ignore_ascii_case(name)).cloned();
            found.push(known.unwrap_or_else(|| {
                let label = self.world.label(name, "ededed", false, false);
                self.world.repos[at].labels.push(label.clone());
                label
            }));
        }
        found
    }

    fn issue(&self, at: usize, number: u64) -> Value {
        self.world.github_issue(at, &self.world.repos[at].items[&number])
    }

    pub fn create_issue(&mut self, at: usize) -> Answer {
        self.may_speak(at)?;
        let form = self.form()?;
        let title = form.get("title").and_then(Value::as_str).filter(|title| !title.is_empty());
        let title = title.ok_or_else(|| self.invalid("Issue", "title", "missing_field"))?.to_owned();
        let (body, by) = (self.body(&form, "Issue")?, self.login.clone());
        let number = self.world.open(at, &by, &title, &body);
        // Fact 39: without push these are dropped.
        if self.pushes(at) {
            self.set(at, number, &form)?;
        }
        Ok(self.made(&self.issue(at, number)))
    }

    /// Labels, assignees and milestone as a whole (fact 67).
    fn set(&mut self, at: usize, number: u64, form: &Map<String, Value>) -> Result<(), Response> {
        let by = self.login.clone();
        if let Some(names) = form.get("labels") {
            self.replace_labels(at, number, &Self::texts(Some(names)));
        }
        if let Some(logins) = form.get("assignees") {
            let wanted = Self::texts(Some(logins));
            for old in self.world.repos[at].items[&number].assignees.clone() {
                if !wanted.contains(&old) {
                    self.world.unassign(at, number, &by, &old);
                }
            }
            self.assign(at, number, &wanted);
        }
        match form.get("milestone") {
            Some(Value::Null) => self.world.set_milestone(at, number, &by, None),
            Some(wanted) => {
                let place = wanted.as_u64().and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
                let known =
                    place.and_then(|place| self.world.repos[at].milestones.get(place)).map(|milestone| milestone.id);
                let known = known.ok_or_else(|| self.invalid("Issue", "milestone", "invalid"))?;
                self.world.set_milestone(at, number, &by, Some(known));
            }
            None => {}
        }
        Ok(())
    }

    /// Fact 67: at most ten; who cannot be assigned is left out without a word.
    fn assign(&mut self, at: usize, number: u64, logins: &[String]) {
        let by = self.login.clone();
        for login in logins {
            if self.assignable(at, login) && self.world.repos[at].items[&number].assignees.len() < 10 {
                self.world.assign(at, number, &by, login);
            }
        }
    }

    pub fn edit_issue(&mut self, at: usize, number: u64, pull: bool) -> Answer {
        self.must_sign_in()?;
        let item = self.item(at, number)?;
        if pull && item.pull.is_none() {
            return Err(self.missing());
        }
        if item.author != self.login {
            self.must_push(at)?;
        }
        let (form, by) = (self.form()?, self.login.clone());
        if let Some(title) = form.get("title").and_then(Value::as_str) {
            self.world.retitle(at, number, &by, title);
        }
        if form.contains_key("body") {
            let body = self.body(&form, "Issue")?;
            self.world.rewrite(at, number, &by, &body);
        }
        if !pull && self.pushes(at) {
            self.set(at, number, &form)?;
        }
        let reason = form.get("state_reason").and_then(Value::as_str);
        if reason.is_some_and(|reason| !["completed", "not_planned", "duplicate", "reopened"].contains(&reason)) {
            return Err(self.invalid("Issue", "state_reason", "invalid"));
        }
        match form.get("state").and_then(Value::as_str) {
            Some("closed") if pull => self.world.close(at, number, &by, None),
            Some("closed") => self.world.close(at, number, &by, reason.or(Some("completed"))),
            Some("open") => self.world.reopen(at, number, &by),
            Some(_) => return Err(self.invalid("Issue", "state", "invalid")),
            None => {}
        }
        let item = &self.world.repos[at].items[&number];
        Ok(match pull {
            true => self.ok(&self.world.github_pull(at, item, false)),
            false => self.ok(&self.world.github_issue(at, item)), // fact 37: 200
        })
    }

    pub fn create_comment(&mut self, at: usize, number: u64) -> Answer {
        self.may_speak(at)?;
        let (form, by) = (self.form()?, self.login.clone());
        let body = self.body(&form, "IssueComment")?;
        // Fact 71: 403 on a locked one.
        if self.item(at, number)?.locked.is_some() && !self.pushes(at) {
            return Err(self.error(403, "Unable to create comment because issue is locked."));
        }
        let id = self.world.say(at, number, &by, &body);
        let (item, entry) = self.entry(at, &id.to_string())?;
        Ok(self.made(&self.world.github_comment(at, item, entry)))
    }

    fn own_comment(&self, at: usize, id: &str) -> Result<i64, Response> {
        self.must_sign_in()?;
        let (_, entry) = self.entry(at, id)?;
        if entry.by != self.login {
            self.must_push(at)?;
        }
        Ok(entry.id)
    }

    pub fn edit_comment(&mut self, at: usize, id: &str) -> Answer {
        let known = self.own_comment(at, id)?;
        let body = self.body(&self.form()?, "IssueComment")?;
        self.world.edit_comment(known, &body);
        self.get_comment(at, id)
    }

    pub fn delete_comment(&mut self, at: usize, id: &str) -> Answer {
        let known = self.own_comment(at, id)?;
        self.world.delete_comment(known);
        Ok(Response::empty(204))
    }

    fn replace_labels(&mut self, at: usize, number: u64, names: &[String]) {
        let (by, new) = (self.login.clone(), self.labels(at, names));
        let set = self.world.repos[at].items[&number].labels.clone();
        let mut old = self.world.labels(at, &set);
        old.retain(|label| !new.contains(label));
        self.world.remove_labels(at, number, &by, old);
        self.world.add_labels(at, number, &by, new);
    }

    /// A list of names, or an object with one (fact 67).
    pub fn put_labels(&mut self, at: usize, number: u64, replace: bool) -> Answer {
        self.must_push(at)?;
        self.item(at, number)?;
        let body = self.request.json();
        let names = Self::texts(Some(if body.is_object() { &body["labels"] } else { &body }));
        if replace {
            self.replace_labels(at, number, &names);
        } else {
            let (by, labels) = (self.login.clone(), self.labels(at, &names));
            self.world.add_labels(at, number, &by, labels);
        }
        self.labels_of(at, number)
    }

    pub fn clear_labels(&mut self, at: usize, number: u64) -> Answer {
        self.must_push(at)?;
        self.item(at, number)?;
        self.replace_labels(at, number, &[]);
        Ok(Response::empty(204))
    }

    /// Fact 43: by name; 404 when it is not set. Those that remain are the answer.
    pub fn remove_label(&mut self, at: usize, number: u64, name: &str) -> Answer {
        self.must_push(at)?;
        let set = self.item(at, number)?.labels.clone();
        let known = self.world.labels(at, &set).into_iter().find(|label| label.name.eq_ignore_ascii_case(name));
        let known = known.ok_or_else(|| self.error(404, "Label does not exist"))?;
        let by = self.login.clone();
        self.world.remove_labels(at, number, &by, vec![known]);
        self.labels_of(at, number)
    }

    pub fn change_assignees(&mut self, at: usize, number: u64, add: bool) -> Answer {
        self.must_sign_in()?;
        self.item(at, number)?;
        let logins = Self::texts(self.form()?.get("assignees"));
        let by = self.login.clone();
        // Fact 67: without push they are silently ignored.
        if self.pushes(at) && add {
            self.assign(at, number, &logins);
        } else if self.pushes(at) {
            for login in &logins {
                self.world.unassign(at, number, &by, login);
            }
        }
        let issue = self.issue(at, number);
        Ok(if add { self.made(&issue) } else { self.ok(&issue) })
    }

    pub fn lock(&mut self, at: usize, number: u64, lock: bool) -> Answer {
        self.must_push(at)?;
        self.item(at, number)?;
        let form = self.form()?;
        let reason = form.get("lock_reason").and_then(Value::as_str).unwrap_or_default();
        if !["", "off-topic", "too heated", "resolved", "spam"].contains(&reason) {
            return Err(self.invalid("Issue", "lock_reason", "invalid"));
        }
        let by = self.login.clone();
        self.world.set_lock(at, number, &by, lock.then_some(reason));
        Ok(Response::empty(204))
    }

    /// By its name; it goes off everything that carries it.
    pub fn delete_label(&mut self, at: usize, name: &str) -> Answer {
        self.must_push(at)?;
        let known = self.world.repos[at].labels.iter().find(|label| label.name.eq_ignore_ascii_case(name));
        let id = known.ok_or_else(|| self.missing())?.id;
        self.world.drop_label(at, id);
        Ok(Response::empty(204))
    }

    /// Fact 48: 422 where there is one of that name; recorded: 422 for a bad colour.
    pub fn create_label(&mut self, at: usize) -> Answer {
        self.must_push(at)?;
        let form = self.form()?;
        let text = |name: &str| form.get(name).and_then(Value::as_str).unwrap_or_default();
        let (name, color) =
            (text("name"), form.get("color").map_or("ededed", |color| color.as_str().unwrap_or_default()));
        if name.is_empty() {
            return Err(self.invalid("Label", "name", "missing_field"));
        }
        if color.len() != 6 || !color.chars().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(self.invalid("Label", "color", "invalid"));
        }
        if self.world.repos[at].labels.iter().any(|label| label.name.eq_ignore_ascii_case(name)) {
            return Err(self.invalid("Label", "name", "already_exists"));
        }
        let mut label = self.world.label(name, color, false, false);
        label.description = text("description").to_owned();
        let value = self.world.github_label(at, &label);
        self.world.repos[at].labels.push(label);
        Ok(self.made(&value))
    }
}
