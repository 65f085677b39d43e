//! What Gitea and Forgejo do on POST, PATCH, PUT and DELETE.
//!
//! Takes: a request that may ask. Gives: a changed world and the answer, with what is silently left
//! out (facts 39 and 42), done by half (fact 40) or refused without a word (fact 51).

use serde_json::{Map, Value, json};

use super::super::http::Response;
use super::super::world::{Access, Item, Label, What};
use super::{Answer, Ask};

impl Ask<'_> {
    /// The body as an object whose members have these types; other members are ignored (fact 54).
    fn form(&self, option: &str, types: &[(&str, &str)]) -> Result<Map<String, Value>, Response> {
        let body = if self.request.body.is_empty() { Value::Null } else { self.request.json() };
        let form = match body {
            Value::Object(form) => form,
            Value::Null => Map::new(),
            _ => return Err(self.error(422, "[]: json: cannot unmarshal array into Go value")),
        };
        for (name, kind) in types {
            let wrong = match form.get(*name).filter(|value| !value.is_null()) {
                Some(value) if *kind == "string" && !value.is_string() => Some((value, "string")),
                Some(value) if *kind == "bool" && !value.is_boolean() => Some((value, "bool")),
                Some(value) if *kind == "int64" && !value.is_i64() => Some((value, "int64")),
                Some(Value::Array(items)) if *kind == "[]string" => {
                    items.iter().find(|item| !item.is_string()).map(|item| (item, "string"))
                }
                Some(Value::Array(items)) if *kind == "[]int64" => {
                    items.iter().find(|item| !item.is_i64()).map(|item| (item, "int64"))
                }
                Some(value) if kind.starts_with("[]") && !value.is_array() => Some((value, *kind)),
                _ => None,
            };
            if let Some((value, wanted)) = wrong {
                let seen = match value {
                    Value::String(_) => "string",
                    Value::Array(_) => "array",
                    Value::Bool(_) => "bool",
                    Value::Number(_) => "number",
                    _ => "object",
                };
                return Err(self.error(
                    422,
                    &format!("[]: json: cannot unmarshal {seen} into Go struct field {option}.{name} of type {wanted}"),
                ));
            }
        }
        Ok(form)
    }

    /// Fact 54: 423, on Gitea 1.21 404.
    fn not_archived(&self, at: usize) -> Result<(), Response> {
        let repo = &self.world.repos[at];
        if !repo.archived {
            return Ok(());
        }
        match self.world.dialect.archived_status() {
            404 => Err(self.missing()),
            status => Err(self.error(status, &format!("{} is archived", repo.full_name()))),
        }
    }

    fn writes(&self, at: usize) -> bool {
        self.rights(at) >= Access::Write
    }

    fn by(&self) -> String {
        self.who.login.clone()
    }

    /// Fact 40: wider than `GET assignees`; never a job's own user.
    fn assignable(&self, at: usize, login: &str) -> bool {
        let exists = self.world.user(login).is_some_and(|user| !user.org);
        exists && self.world.access(login, at) > Access::None
    }

    pub fn create_issue(&mut self, at: usize) -> Answer {
        self.must_sign_in()?;
        self.not_archived(at)?;
        if self.world.repos[at].issues_off {
            return Err(self.missing());
        }
        // Fact 41: ids only, in every version.
        let types = [
            ("title", "string"),
            ("body", "string"),
            ("assignee", "string"),
            ("assignees", "[]string"),
            ("labels", "[]int64"),
            ("milestone", "int64"),
            ("closed", "bool"),
            ("due_date", "string"),
        ];
        let form = self.form("CreateIssueOption", &types)?;
        let title = form.get("title").and_then(Value::as_str).unwrap_or_default();
        if title.is_empty() {
            return Err(self.error(422, "[Title]: Required"));
        }
        let (by, writes) = (self.by(), self.writes(at));
        let assignees = self.logins(&form);
        if writes && assignees.iter().any(|login| !self.assignable(at, login)) {
            return Err(self.error(422, "assignee does not exist")); // fact 40
        }
        let number = self.world.open(at, &by, title, form.get("body").and_then(Value::as_str).unwrap_or_default());
        // Fact 39: what a reader may not set is dropped, and 201 answered.
        if writes {
            let ids: Vec<i64> =
                form.get("labels").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64).collect();
            let labels = self.world.labels(at, &ids);
            self.world.add_labels(at, number, &by, labels);
            for login in assignees {
                self.world.assign(at, number, &by, &login);
            }
            let milestone = form
                .get("milestone")
                .and_then(Value::as_i64)
                .filter(|id| self.world.repos[at].milestones.iter().any(|known| known.id == *id));
            if milestone.is_some() {
                self.world.set_milestone(at, number, &by, milestone);
            }
            if form.get("closed") == Some(&json!(true)) {
                self.world.close(at, number, &by, None);
            }
        }
        self.issue(at, number, 201)
    }

    fn logins(&self, form: &Map<String, Value>) -> Vec<String> {
        let list = form.get("assignees").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let one = form.get("assignee").and_then(Value::as_str).filter(|login| !login.is_empty());
        list.chain(one).map(str::to_owned).collect()
    }

    fn issue(&self, at: usize, number: u64, status: u16) -> Answer {
        Ok(Response::json(status, &self.world.gitea_issue(at, self.item(at, number)?)))
    }

    pub fn edit_issue(&mut self, at: usize, number: u64) -> Answer {
        self.must_sign_in()?;
        let types = [
            ("title", "string"),
            ("body", "string"),
            ("state", "string"),
            ("assignee", "string"),
            ("assignees", "[]string"),
            ("milestone", "int64"),
            ("content_version", "int64"),
            ("due_date", "string"),
            ("updated_at", "string"),
        ];
        let form = self.form("EditIssueOption", &types)?;
        self.edit(at, number, &form)?;
        self.issue(at, number, 201) // fact 37
    }

    /// Fact 38: works on issues and pull requests; labels are a pull request's only.
    pub fn edit_pull(&mut self, at: usize, number: u64) -> Answer {
        self.must_sign_in()?;
        self.pull(at, number)?;
        let types = [
            ("title", "string"),
            ("body", "string"),
            ("state", "string"),
            ("assignee", "string"),
            ("assignees", "[]string"),
            ("labels", "[]int64"),
            ("milestone", "int64"),
            ("content_version", "int64"),
        ];
        let form = self.form("EditPullRequestOption", &types)?;
        self.edit(at, number, &form)?;
        if let Some(ids) = form.get("labels").and_then(Value::as_array).filter(|_| self.writes(at)) {
            let ids: Vec<i64> = ids.iter().filter_map(Value::as_i64).collect();
            self.replace(at, number, &ids);
        }
        Ok(Response::json(201, &self.world.gitea_pull(at, self.item(at, number)?, false, self.rights(at))))
    }

    fn edit(&mut self, at: usize, number: u64, form: &Map<String, Value>) -> Result<(), Response> {
        let text = |name: &str| form.get(name).and_then(Value::as_str);
        let (by, writes) = (self.by(), self.writes(at));
        let item: &Item = self.item(at, number)?;
        if !writes && item.author != by {
            return Err(Response::empty(403)); // fact 51: a bare status
        }
        // Fact 45: a stale version refuses whatever is asked; older servers do not know it.
        let version =
            form.get("content_version").and_then(Value::as_i64).filter(|_| self.world.dialect.content_version());
        if version.is_some_and(|version| version != item.content_version) {
            return Err(self.error(409, "the issue is already changed"));
        }
        // Fact 47: Forgejo lets an admin say when it was.
        let backdated = text("updated_at").filter(|_| self.world.dialect.is_forgejo());
        if backdated.is_some() && self.rights(at) < Access::Admin {
            return Err(self.error(403, "user needs to have admin or owner right"));
        }
        if let Some(title) = text("title").filter(|title| !title.is_empty()) {
            self.world.retitle(at, number, &by, title); // fact 38: an empty one is ignored
        }
        if let Some(body) = text("body") {
            self.world.rewrite(at, number, &by, body);
        }
        if writes {
            // Fact 39: without the right to write these are ignored.
            if form.get("assignees").is_some_and(Value::is_array)
                || text("assignee").is_some_and(|login| !login.is_empty())
            {
                self.replace_assignees(at, number, &self.logins(form))?;
            }
            if let Some(id) = form.get("milestone").and_then(Value::as_i64) {
                let known = self.world.repos[at].milestones.iter().any(|milestone| milestone.id == id);
                if id != 0 && !known {
                    return Err(self.missing());
                }
                self.world.set_milestone(at, number, &by, Some(id).filter(|id| *id != 0));
            }
        }
        if let Some(state) = text("state") {
            let merged = self.item(at, number)?.pull.as_ref().is_some_and(|pull| pull.merged.is_some());
            match state {
                _ if merged && state != "closed" => {
                    return Err(self.error(412, "cannot change state of this pull request, it was already merged"));
                }
                "closed" => self.world.close(at, number, &by, None),
                "open" => self.world.reopen(at, number, &by),
                _ if self.world.dialect.checks_state() => {
                    return Err(self.error(412, &format!("unknown state: {state}")));
                }
                _ => {} // fact 54: 1.21 and Forgejo take it and change nothing
            }
        }
        if let Some(time) = backdated {
            self.world.repos[at].items.get_mut(&number).unwrap().updated = super::super::world::instant(time);
        }
        Ok(())
    }

    /// Fact 40: an unknown login stops it before anything; one that may not be assigned stops it half
    /// way, with the old ones gone and those before it there. Both are 500.
    fn replace_assignees(&mut self, at: usize, number: u64, logins: &[String]) -> Result<(), Response> {
        if logins.iter().any(|login| self.world.user(login).is_none()) {
            return Err(self.broken());
        }
        let by = self.by();
        for old in self.item(at, number)?.assignees.clone() {
            if !logins.iter().any(|login| login.eq_ignore_ascii_case(&old)) {
                self.world.unassign(at, number, &by, &old);
            }
        }
        for login in logins {
            if !self.assignable(at, login) {
                return Err(self.broken());
            }
            self.world.assign(at, number, &by, login);
        }
        Ok(())
    }

    /// Fact 40, from 1.27: added or taken off, all of them or none, and nobody else is touched.
    pub fn change_assignees(&mut self, at: usize, number: u64, add: bool) -> Answer {
        self.must_sign_in()?;
        self.item(at, number)?;
        if !self.writes(at) {
            return Err(Response::empty(403));
        }
        let form = self.form("IssueAssigneesOption", &[("assignees", "[]string")])?;
        let logins = self.logins(&form);
        if let Some(login) = logins.iter().find(|login| self.world.user(login).is_none()) {
            return Err(self.error(422, &format!("user does not exist [uid: 0, name: {login}]")));
        }
        if let Some(login) = logins.iter().find(|login| add && !self.assignable(at, login)) {
            let org = self.world.user(login).is_some_and(|user| user.org);
            return Err(match org {
                true => self.error(400, "organization can't be added as assignee"),
                false => self.error(403, "user doesn't have access to repo"),
            });
        }
        let by = self.by();
        for login in &logins {
            let there = self.item(at, number)?.assignees.iter().any(|old| old.eq_ignore_ascii_case(login));
            match add {
                true if !there => self.world.assign(at, number, &by, login),
                false if there => self.world.unassign(at, number, &by, login),
                _ => {}
            }
        }
        self.issue(at, number, if add { 201 } else { 200 })
    }

    /// Fact 40, from 1.27: 204, 404, and 400 for an organisation.
    pub fn check_assignee(&self, at: usize, login: &str) -> Answer {
        self.must_sign_in()?;
        if self.assignable(at, login) {
            return Ok(Response::empty(204));
        }
        Err(match self.world.user(login) {
            Some(user) if user.org => self.error(400, "organization can't be added as assignee"),
            _ => self.missing(),
        })
    }

    pub fn create_comment(&mut self, at: usize, number: u64) -> Answer {
        self.must_sign_in()?;
        self.not_archived(at)?;
        let form = self.form("CreateIssueCommentOption", &[("body", "string")])?;
        let body = form.get("body").and_then(Value::as_str).unwrap_or_default();
        if body.is_empty() {
            return Err(self.error(422, "[Body]: Required")); // fact 100
        }
        let item = self.item(at, number).map_err(|_| self.broken())?; // fact 53
        if item.locked.is_some() && !self.writes(at) {
            return Err(self.error(403, "You cannot comment on a locked issue.")); // fact 55
        }
        let id = self.world.say(at, number, &self.by(), body);
        let (item, entry) = self.entry(at, &id.to_string())?;
        Ok(Response::json(201, &self.world.gitea_comment(at, item, entry)))
    }

    pub fn edit_comment(&mut self, at: usize, id: &str) -> Answer {
        self.must_sign_in()?;
        self.not_archived(at)?;
        let form = self.form("EditIssueCommentOption", &[("body", "string"), ("updated_at", "string")])?;
        let (_, entry) = self.entry(at, id)?;
        // Fact 90: an entry of the timeline that is no comment: 204, and nothing happens.
        let What::Comment(_) = entry.what else { return Ok(Response::empty(204)) };
        if entry.by != self.who.login && !self.writes(at) {
            return Err(Response::empty(403)); // fact 51
        }
        let Some(body) = form.get("body").and_then(Value::as_str).filter(|body| !body.is_empty()) else {
            return Err(self.error(422, "[Body]: Required"));
        };
        let number = entry.id;
        self.world.edit_comment(number, body);
        let (item, entry) = self.entry(at, id)?;
        Ok(Response::json(200, &self.world.gitea_comment(at, item, entry)))
    }

    pub fn delete_comment(&mut self, at: usize, id: &str) -> Answer {
        self.must_sign_in()?;
        let (_, entry) = self.entry(at, id)?;
        if entry.by != self.who.login && !self.writes(at) {
            return Err(Response::empty(403));
        }
        let What::Comment(_) = entry.what else { return Err(Response::empty(400)) }; // fact 90
        let id = entry.id;
        self.world.delete_comment(id);
        Ok(Response::empty(204))
    }

    /// Facts 41 and 42: ids or names by version; unknown ones are silently left out.
    fn label_ids(&self, at: usize) -> Result<Vec<i64>, Response> {
        let names = self.world.dialect.labels_by_name();
        let form = self.form("IssueLabelsOption", &[("labels", if names { "[]" } else { "[]int64" })])?;
        let given: Vec<Value> = form.get("labels").and_then(Value::as_array).cloned().unwrap_or_default();
        let ids: Vec<i64> = given.iter().filter_map(Value::as_i64).collect();
        let words: Vec<&str> = given.iter().filter_map(Value::as_str).collect();
        if !ids.is_empty() && !words.is_empty() {
            return Err(self.error(400, "labels should be an array of strings or integers"));
        }
        let orgs = self.world.dialect.org_labels_by_name();
        let named = |label: &&Label| words.contains(&label.name.as_str()) && (!label.org || orgs);
        let known = self.world.known_labels(at).filter(|label| ids.contains(&label.id) || named(label));
        Ok(known.map(|label| label.id).collect())
    }

    fn may_label(&self, at: usize, number: u64) -> Result<(), Response> {
        self.must_sign_in()?;
        self.item(at, number)?;
        if self.writes(at) { Ok(()) } else { Err(self.error(403, "write permission is required")) }
    }

    fn replace(&mut self, at: usize, number: u64, ids: &[i64]) {
        let by = self.by();
        let old: Vec<i64> =
            self.world.repos[at].items[&number].labels.iter().copied().filter(|id| !ids.contains(id)).collect();
        let (old, new) = (self.world.labels(at, &old), self.world.labels(at, ids));
        self.world.remove_labels(at, number, &by, old);
        self.world.add_labels(at, number, &by, new);
    }

    /// Fact 37: 200 with all labels. Not guarded by the archived check (fact 54).
    pub fn put_labels(&mut self, at: usize, number: u64, replace: bool) -> Answer {
        self.must_sign_in()?;
        let ids = self.label_ids(at)?;
        self.may_label(at, number)?;
        if replace {
            self.replace(at, number, &ids);
        } else {
            let labels = self.world.labels(at, &ids);
            self.world.add_labels(at, number, &self.by(), labels);
        }
        self.labels_of(at, number)
    }

    pub fn clear_labels(&mut self, at: usize, number: u64) -> Answer {
        self.may_label(at, number)
            .map_err(|refused| if refused.status == 403 { Response::empty(403) } else { refused })?;
        self.replace(at, number, &[]);
        Ok(Response::empty(204))
    }

    /// Facts 43 and 102: an id, also of the organisation's; 204 for one that is not set.
    pub fn remove_label(&mut self, at: usize, number: u64, label: &str) -> Answer {
        self.may_label(at, number)
            .map_err(|refused| if refused.status == 403 { Response::empty(403) } else { refused })?;
        let id: i64 = label.parse().unwrap_or(0);
        let known = self.world.labels(at, &[id]);
        if known.is_empty() {
            let status = self.world.dialect.no_label_status();
            return Err(self.error(status, "label does not exist [label_id: 0]"));
        }
        self.world.remove_labels(at, number, &self.by(), known);
        Ok(Response::empty(204))
    }

    fn new_label(&mut self, org: bool) -> Result<Label, Response> {
        let types = [("name", "string"), ("color", "string"), ("description", "string"), ("exclusive", "bool")];
        let form = self.form("CreateLabelOption", &types)?;
        let text = |name: &str| form.get(name).and_then(Value::as_str).unwrap_or_default();
        let (name, color) = (text("name"), text("color").trim_start_matches('#').to_lowercase());
        if name.is_empty() || text("color").is_empty() {
            return Err(self.error(422, "[Name]: Required"));
        }
        // Fact 32: with or without `#`, six digits (three are taken too).
        if ![3, 6].contains(&color.len()) || !color.chars().all(|digit| digit.is_ascii_hexdigit()) {
            let words = if self.world.dialect.since(25, false) { "invalid color" } else { "bad color code" };
            return Err(self.error(422, &format!("{words}: {}", text("color"))));
        }
        let exclusive = form.get("exclusive") == Some(&json!(true));
        let mut label = self.world.label(name, &color, exclusive, org);
        label.description = text("description").to_owned();
        Ok(label)
    }

    /// Fact 48: a second one of that name is made.
    pub fn create_label(&mut self, at: usize) -> Answer {
        self.must_sign_in()?;
        self.must_write(at)?;
        let label = self.new_label(false)?;
        let value = self.world.gitea_label(at, &label);
        self.world.repos[at].labels.push(label);
        Ok(Response::json(201, &value))
    }

    /// Fact 48: gone from every item too; 204 for one that is gone already.
    pub fn delete_label(&mut self, at: usize, id: &str) -> Answer {
        self.must_sign_in()?;
        self.must_write(at)?;
        self.world.drop_label(at, id.parse().unwrap_or(0));
        Ok(Response::empty(204))
    }

    pub fn create_org_label(&mut self, org: &str) -> Answer {
        self.must_sign_in()?;
        self.world.user(org).filter(|user| user.org).ok_or_else(|| self.missing())?;
        if !self.world.user(&self.who.login).is_some_and(|user| user.site_admin) {
            return Err(self.error(403, "Must be an organization owner"));
        }
        let label = self.new_label(true)?;
        let value = self.world.gitea_label_at(&format!("orgs/{org}"), &label);
        self.world.org_labels.entry(org.to_owned()).or_default().push(label);
        Ok(Response::json(201, &value))
    }

    /// Fact 46: a repository's admin only.
    pub fn lock(&mut self, at: usize, number: u64, lock: bool) -> Answer {
        self.must_sign_in()?;
        self.item(at, number)?;
        if self.rights(at) < Access::Admin {
            return Err(self.error(403, "user should be an owner or a collaborator with admin write of a repository"));
        }
        let form = self.form("LockIssueOption", &[("lock_reason", "string")])?;
        let reason = form.get("lock_reason").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.world.set_lock(at, number, &self.by(), lock.then_some(reason.as_str()));
        Ok(Response::empty(204))
    }
}
