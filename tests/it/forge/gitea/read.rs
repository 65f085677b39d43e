//! What Gitea and Forgejo answer to GET.
//!
//! Takes: a request that may ask. Gives: lists with their pages, filters and headers, and single
//! objects.

use serde_json::{Value, json};

use super::super::http::Response;
use super::super::page::Page;
use super::super::world::{Access, Entry, Item, Label, Time, User};
use super::render::sha;
use super::{Answer, Ask};

/// A list with its total, and with `Link` where this list has one (fact 3).
fn list(ask: &Ask, page: Page, total: usize, link: bool, items: Vec<Value>) -> Response {
    let response = Response::json(200, &Value::Array(items)).with("X-Total-Count", total);
    if link { page.gitea_link(ask.world, ask.request, total, response) } else { response }
}

impl Ask<'_> {
    pub fn settings(&self) -> Response {
        let world = &self.world;
        let mut value = json!({
            "max_response_items": world.max_page, "default_paging_num": world.default_page, "default_git_trees_per_page": 1000,
            "default_max_blob_size": 10_485_760,
        });
        if world.dialect.since(24, false) {
            value["default_max_response_size"] = json!(104_857_600);
        }
        Response::json(200, &value)
    }

    fn time_param(&self, name: &str) -> Result<Option<Time>, Response> {
        let Some(text) = self.request.param(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        // Fact 13: a raw `+` has become a space by now, and is refused.
        let parsed = chrono::DateTime::parse_from_rfc3339(text);
        let parsed = parsed.ok().filter(|_| !text.contains(' '));
        let layout = "2006-01-02T15:04:05Z07:00";
        let refused = || {
            self.error(422, &format!("parsing time \"{text}\" as \"{layout}\": cannot parse \"{text}\" as \"2006\""))
        };
        parsed.map(|time| Some(time.timestamp())).ok_or_else(refused)
    }

    fn user_param(&self, name: &str) -> Result<Option<User>, Response> {
        let Some(login) = self.request.param(name).filter(|login| !login.is_empty()) else { return Ok(None) };
        // Fact 16: 404 for the whole list.
        let unknown = || self.no_user(login);
        self.world.user(login).cloned().map(Some).ok_or_else(unknown)
    }

    fn words(&self, name: &str) -> Vec<String> {
        self.request
            .param(name)
            .unwrap_or_default()
            .split(',')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Fact 11: default open; unknown values behave as open.
    fn state_fits(&self, item: &Item) -> bool {
        match self.request.param("state") {
            Some("all") => true,
            Some("closed") => !item.open,
            _ => item.open,
        }
    }

    pub fn list_issues(&self, at: usize) -> Answer {
        let repo = &self.world.repos[at];
        let kind = self.request.param("type");
        // Fact 10: what is switched off is 404 with that type and left out without.
        if (kind == Some("issues") && repo.issues_off) || (kind == Some("pulls") && self.pulls_hidden(at)) {
            return Err(self.missing());
        }
        let (since, before) = (self.time_param("since")?, self.time_param("before")?);
        let (author, assignee) = (self.user_param("created_by")?, self.user_param("assigned_by")?);
        self.user_param("mentioned_by")?;
        // Fact 14: names that the repository lacks are dropped, its organisation's too; of the others
        // all are demanded, both of two labels of one name; with none left there is no filter.
        let names = self.words("labels");
        let labels: Vec<i64> =
            repo.labels.iter().filter(|label| names.contains(&label.name)).map(|label| label.id).collect();
        // Fact 17: titles, then ids; unknown ones are dropped.
        let milestones: Vec<i64> = self
            .words("milestones")
            .iter()
            .filter_map(|word| {
                let known = || repo.milestones.iter();
                known()
                    .find(|milestone| milestone.title == *word)
                    .or_else(|| known().find(|milestone| milestone.id.to_string() == *word))
            })
            .map(|milestone| milestone.id)
            .collect();
        let text = self.request.param("q").unwrap_or_default().to_lowercase();
        let held = |item: &&Item| {
            // Fact 9: both kinds unless one is asked for.
            let fits = match item.pull.is_some() {
                true => kind != Some("issues") && !self.pulls_hidden(at),
                false => kind != Some("pulls") && !repo.issues_off,
            };
            fits && !item.deleted
                && self.state_fits(item)
                // Fact 13: on `updated_at`, inclusive.
                && since.is_none_or(|since| item.updated >= since)
                && before.is_none_or(|before| item.updated <= before)
                && author.as_ref().is_none_or(|user| item.author.eq_ignore_ascii_case(&user.login))
                && assignee.as_ref().is_none_or(|user| item.assignees.contains(&user.login))
                && labels.iter().all(|id| item.labels.contains(id))
                && (milestones.is_empty() || item.milestone.is_some_and(|id| milestones.contains(&id)))
                && (text.is_empty() || item.title.to_lowercase().contains(&text) || item.body.to_lowercase().contains(&text))
        };
        let mut items: Vec<&Item> = repo.items.values().filter(held).collect();
        // Facts 7, 12 and 102: created descending, id descending; `sort` is no parameter.
        items.sort_by_key(|item| std::cmp::Reverse((item.created, item.id)));
        let (page, total) = (Page::of(self.world, self.request), items.len());
        let items = page.cut(items).into_iter().map(|item| self.world.gitea_issue(at, item)).collect();
        Ok(list(self, page, total, true, items))
    }

    /// Fact 15: any of the labels, by name across repositories; created descending.
    pub fn search(&self) -> Answer {
        let (since, before, names) = (self.time_param("since")?, self.time_param("before")?, self.words("labels"));
        let owner = self.request.param("owner").filter(|owner| !owner.is_empty());
        if owner.is_some_and(|owner| self.world.user(owner).is_none()) {
            return Err(self.error(400, "Owner not found"));
        }
        let kind = self.request.param("type");
        let mut found: Vec<(usize, &Item)> = Vec::new();
        for (at, repo) in self.world.repos.iter().enumerate() {
            let asked = owner.is_none_or(|owner| repo.owner.eq_ignore_ascii_case(owner));
            if !asked || self.rights(at) == Access::None {
                continue;
            }
            let labeled =
                |item: &Item| self.world.labels(at, &item.labels).iter().any(|label| names.contains(&label.name));
            found.extend(
                repo.items
                    .values()
                    .filter(|item| {
                        let hidden = if item.pull.is_some() {
                            kind == Some("issues") || repo.pulls_off
                        } else {
                            kind == Some("pulls") || repo.issues_off
                        };
                        !hidden
                            && self.state_fits(item)
                            && (names.is_empty() || labeled(item))
                            && since.is_none_or(|since| item.updated >= since)
                            && before.is_none_or(|before| item.updated <= before)
                    })
                    .map(|item| (at, item)),
            );
        }
        found.sort_by_key(|(_, item)| std::cmp::Reverse((item.created, item.id)));
        let (page, total) = (Page::of_search(self.world, self.request), found.len());
        let items = page.cut(found).into_iter().map(|(at, item)| self.world.gitea_issue(at, item)).collect();
        Ok(list(self, page, total, true, items))
    }

    /// The item of a number; pull requests are issues too (fact 38).
    pub fn item(&self, at: usize, number: u64) -> Result<&Item, Response> {
        self.world.repos[at].items.get(&number).filter(|item| !item.deleted).ok_or_else(|| self.missing())
    }

    pub fn get_issue(&self, at: usize, number: u64) -> Answer {
        let item = self.item(at, number)?;
        Ok(Response::json(200, &self.world.gitea_issue(at, item)))
    }

    /// Facts 3, 4 and 53: never paged, its total said; 500 where there is no such issue.
    pub fn list_comments(&self, at: usize, number: u64) -> Answer {
        let item = self.item(at, number).map_err(|_| self.broken())?;
        let (since, before) = (self.time_param("since")?, self.time_param("before")?);
        let comments = item.comments().map(|(entry, _)| entry).filter(|entry| within(entry, since, before));
        let comments: Vec<Value> = comments.map(|entry| self.world.gitea_comment(at, item, entry)).collect();
        let total = comments.len();
        Ok(Response::json(200, &Value::Array(comments)).with("X-Total-Count", total))
    }

    /// Facts 3 and 36: `since` looks at the comment's update; by creation.
    pub fn list_repo_comments(&self, at: usize) -> Answer {
        let (since, before) = (self.time_param("since")?, self.time_param("before")?);
        let repo = &self.world.repos[at];
        let of = |item| -> Vec<(&Item, &Entry)> { Item::comments(item).map(|(entry, _)| (item, entry)).collect() };
        let mut found: Vec<(&Item, &Entry)> =
            repo.items.values().flat_map(of).filter(|(_, entry)| within(entry, since, before)).collect();
        found.sort_by_key(|(_, entry)| (entry.at, entry.id));
        let (page, total) = (Page::of_short_list(self.world, self.request), found.len());
        let found =
            page.cut(found).into_iter().map(|(item, entry)| self.world.gitea_comment(at, item, entry)).collect();
        Ok(list(self, page, total, false, found))
    }

    /// Fact 90: an id of the timeline that is no comment is empty.
    pub fn get_comment(&self, at: usize, id: &str) -> Answer {
        let (item, entry) = self.entry(at, id)?;
        match entry.what {
            super::super::world::What::Comment(_) => {
                Ok(Response::json(200, &self.world.gitea_comment(at, item, entry)))
            }
            _ => Ok(Response::empty(204)),
        }
    }

    pub fn entry(&self, at: usize, id: &str) -> Result<(&Item, &Entry), Response> {
        let id: i64 = id.parse().map_err(|_| self.missing())?;
        let place = self.world.entries.get(&id).filter(|(repo, _)| *repo == at).ok_or_else(|| self.missing())?;
        let item = &self.world.repos[at].items[&place.1];
        let entry = item.timeline.iter().find(|entry| entry.id == id).ok_or_else(|| self.missing())?;
        Ok((item, entry))
    }

    /// Facts 3 and 8: null where there is nothing; the total is this page's.
    pub fn timeline(&self, at: usize, number: u64) -> Answer {
        let item = self.item(at, number)?;
        let (since, before) = (self.time_param("since")?, self.time_param("before")?);
        let entries: Vec<&Entry> = item.timeline.iter().filter(|entry| within(entry, since, before)).collect();
        let page = Page::of_short_list(self.world, self.request);
        let entries: Vec<Value> =
            page.cut(entries).into_iter().map(|entry| self.world.gitea_entry(at, item, entry)).collect();
        let total = entries.len();
        let body = if entries.is_empty() { Value::Null } else { Value::Array(entries) };
        Ok(Response::json(200, &body).with("X-Total-Count", total))
    }

    /// Fact 3: no pages, no total.
    pub fn labels_of(&self, at: usize, number: u64) -> Answer {
        let item = self.item(at, number)?;
        Ok(Response::json(200, &self.world.gitea_labels(at, &item.labels)))
    }

    pub fn list_labels(&self, at: usize) -> Answer {
        let mut labels: Vec<&Label> = self.world.repos[at].labels.iter().collect();
        labels.sort_by_key(|label| (&label.name, label.id));
        let (page, total) = (Page::of_short_list(self.world, self.request), labels.len());
        let labels = page.cut(labels).into_iter().map(|label| self.world.gitea_label(at, label)).collect();
        Ok(list(self, page, total, false, labels))
    }

    pub fn get_org(&self, org: &str) -> Answer {
        let found = self.world.user(org).filter(|user| user.org).ok_or_else(|| self.missing())?;
        Ok(Response::json(200, &json!({ "id": found.id, "name": found.login, "username": found.login })))
    }

    pub fn list_org_labels(&self, org: &str) -> Answer {
        self.world.user(org).filter(|user| user.org).ok_or_else(|| self.missing())?;
        let labels: Vec<&Label> = self.world.org_labels.get(org).into_iter().flatten().collect();
        let (page, total) = (Page::of_short_list(self.world, self.request), labels.len());
        let labels = page
            .cut(labels)
            .into_iter()
            .map(|label| self.world.gitea_label_at(&format!("orgs/{org}"), label))
            .collect();
        Ok(list(self, page, total, false, labels))
    }

    /// By the day they are due; newer ones put those without a day first (as recorded).
    pub fn list_milestones(&self, at: usize) -> Answer {
        let mut found: Vec<_> = self.world.repos[at]
            .milestones
            .iter()
            .filter(|milestone| match self.request.param("state") {
                Some("all") => true,
                Some("closed") => !milestone.open,
                _ => milestone.open,
            })
            .collect();
        let none = if self.world.dialect.since(24, false) { Time::MIN } else { Time::MAX };
        found.sort_by_key(|milestone| (milestone.due.unwrap_or(none), milestone.id));
        let (page, total) = (Page::of_short_list(self.world, self.request), found.len());
        let found = page.cut(found).into_iter().map(|milestone| self.world.gitea_milestone(at, milestone)).collect();
        Ok(list(self, page, total, false, found))
    }

    /// Fact 5: what the asker may not read is dropped; here before the pages are made.
    pub fn list_repos(&self, owner: &str, org: bool) -> Answer {
        self.world.user(owner).filter(|user| user.org || !org).ok_or_else(|| self.missing())?;
        let of =
            |at: &usize| self.world.repos[*at].owner.eq_ignore_ascii_case(owner) && self.rights(*at) > Access::None;
        let found: Vec<usize> = (0..self.world.repos.len()).filter(of).collect();
        let (page, total) = (Page::of(self.world, self.request), found.len());
        let found = page.cut(found).into_iter().map(|at| self.world.gitea_repo(at, self.rights(at))).collect();
        Ok(list(self, page, total, true, found))
    }

    fn people(&self, at: usize, least: Access, owners: bool) -> Vec<String> {
        let of = |user: &&User| {
            let listed = self.world.repos[at].access.get(&user.login).is_some_and(|access| *access >= least);
            !user.org && (listed || (owners && self.world.access(&user.login, at) == Access::Admin))
        };
        let mut found: Vec<String> = self.world.users.iter().filter(of).map(|user| user.login.clone()).collect();
        found.sort();
        found
    }

    /// Fact 89: those who may write, owners included.
    pub fn list_assignees(&self, at: usize) -> Answer {
        let people = self.people(at, Access::Write, true);
        Ok(Response::json(200, &people.iter().map(|login| self.world.gitea_user(login)).collect()))
    }

    /// Fact 89: readers too.
    pub fn list_collaborators(&self, at: usize) -> Answer {
        let (people, page) = (self.people(at, Access::Read, false), Page::of(self.world, self.request));
        let total = people.len();
        let people = page.cut(people).iter().map(|login| self.world.gitea_user(login)).collect();
        Ok(list(self, page, total, false, people))
    }

    /// Fact 89: who may write cannot be asked about others.
    pub fn permission(&self, at: usize, login: &str) -> Answer {
        if self.who.login != login && self.rights(at) < Access::Admin {
            return Err(self.error(403, "Only admins can query all permissions, repo admins can query all repo permissions, collaborators can query only their own"));
        }
        let word = match self.world.access(login, at) {
            Access::None => "none",
            Access::Read => "read",
            Access::Write => "write",
            Access::Admin => "admin",
        };
        Ok(Response::json(200, &json!({ "permission": word, "role_name": word, "user": self.world.gitea_user(login) })))
    }

    pub fn list_pulls(&self, at: usize) -> Answer {
        let repo = &self.world.repos[at];
        if self.pulls_hidden(at) {
            return Err(self.missing());
        }
        // Fact 20: without `state` all of them; there is no `since` (fact 19).
        let stated = |item: &&Item| self.request.param("state").is_none() || self.state_fits(item);
        let found = repo.items.values().filter(|item| item.pull.is_some() && !item.deleted).filter(stated);
        let mut found: Vec<&Item> = found.collect();
        // Fact 21: ids, any of them, and one that carries two appears twice.
        let mut labels = Vec::new();
        for (_, id) in self.request.query.iter().filter(|(name, _)| name == "labels") {
            labels.push(id.parse::<i64>().map_err(|_| self.broken())?);
        }
        if !labels.is_empty() {
            let times = |item: &&Item| item.labels.iter().filter(|id| labels.contains(id)).count();
            found = found.into_iter().flat_map(|item| vec![item; times(&item)]).collect();
        }
        found.sort_by_key(|item| std::cmp::Reverse((item.created, item.id)));
        match self.request.param("sort") {
            Some("oldest") => found.reverse(),
            Some("recentupdate") => found.sort_by_key(|item| std::cmp::Reverse((item.updated, item.id))),
            Some("leastupdate") => found.sort_by_key(|item| (item.updated, item.id)),
            Some("mostcomment") => found.sort_by_key(|item| std::cmp::Reverse(item.comments().count())),
            Some("leastcomment") => found.sort_by_key(|item| item.comments().count()),
            _ => {}
        }
        let (page, total) = (Page::of(self.world, self.request), found.len());
        let rights = self.rights(at);
        let found = page.cut(found).into_iter().map(|item| self.world.gitea_pull(at, item, true, rights)).collect();
        Ok(list(self, page, total, true, found))
    }

    pub fn pull(&self, at: usize, number: u64) -> Result<&Item, Response> {
        let item = self.item(at, number)?;
        if item.pull.is_some() && !self.pulls_hidden(at) { Ok(item) } else { Err(self.missing()) }
    }

    pub fn get_pull(&self, at: usize, number: u64) -> Answer {
        let item = self.pull(at, number)?;
        Ok(Response::json(200, &self.world.gitea_pull(at, item, false, self.rights(at))))
    }

    pub fn reviews(&self, at: usize, number: u64) -> Answer {
        let item = self.pull(at, number)?;
        let reviews = item.pull.as_ref().unwrap().reviews.iter();
        let reviews: Vec<Value> = reviews.map(|review| self.world.gitea_review(at, item, review)).collect();
        let (page, total) = (Page::of(self.world, self.request), reviews.len());
        Ok(list(self, page, total, false, page.cut(reviews)))
    }

    /// The files at `?ref=` or on the default branch; a file is shown whole, a folder one level deep.
    fn files(&self, at: usize) -> Result<(String, &std::collections::BTreeMap<String, Vec<u8>>), Response> {
        let repo = &self.world.repos[at];
        let name = self.request.param("ref").filter(|name| !name.is_empty()).unwrap_or(&repo.default_branch);
        // Fact 110: a name such as refs/pull/N/head is not portable, and not known here.
        repo.files.get(name).map(|files| (name.to_owned(), files)).ok_or_else(|| self.missing())
    }

    /// Facts 34 and 106.
    pub fn contents(&self, at: usize, path: &str) -> Answer {
        let (name, files) = self.files(at)?;
        if let Some(text) = files.get(path) {
            return Ok(Response::json(200, &self.world.gitea_content(at, &name, path, Some(text), true)));
        }
        let inside = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut names: Vec<String> = Vec::new();
        for file in files.keys().filter_map(|file| file.strip_prefix(&inside)) {
            let first = file.split('/').next().unwrap().to_owned();
            if !names.contains(&first) {
                names.push(first);
            }
        }
        if names.is_empty() && !path.is_empty() {
            return Err(self.missing());
        }
        let entry = |first: String| {
            let path = format!("{inside}{first}");
            self.world.gitea_content(at, &name, &path, files.get(&path).map(Vec::as_slice), false)
        };
        Ok(Response::json(200, &names.into_iter().map(entry).collect()))
    }

    /// Fact 34: bytes with an ETag, and 304.
    pub fn raw(&self, at: usize, path: &str) -> Answer {
        let pushed = self.world.repos[at].pushed(self.request.param("ref"), path);
        let found = match &pushed {
            Some(_) => None,
            None => Some(self.files(at)?.1),
        };
        let text = pushed.as_ref().or_else(|| found?.get(path)).ok_or_else(|| self.missing())?;
        let tag = format!("\"{}\"", sha(text));
        if self.request.header("if-none-match") == Some(&tag) {
            return Ok(Response::empty(304).with("ETag", tag));
        }
        let response = Response { status: 200, body: text.clone(), ..Response::default() };
        Ok(response
            .with("Content-Type", "text/plain; charset=utf-8")
            .with("ETag", tag)
            .with("X-Gitea-Object-Type", "blob"))
    }

    /// Fact 110: the base serves both sides of a pull request by commit.
    pub fn tree(&self, at: usize, name: &str) -> Answer {
        let url = format!("{}/repos/{}", self.world.api(), self.world.repos[at].full_name());
        if let Some(tree) = self.world.repos[at].pushed_tree(name, &url) {
            let total = tree.len();
            let answer = json!({ "sha": name, "url": format!("{url}/git/trees/{name}"), "tree": tree, "truncated": false, "page": 1, "total_count": total });
            return Ok(Response::json(200, &answer));
        }
        let files = self.world.repos[at].files.get(name).ok_or_else(|| self.missing())?;
        let deep = matches!(self.request.param("recursive"), Some("1" | "true"));
        let files = files.iter().filter(|(path, _)| deep || !path.contains('/'));
        let tree: Vec<Value> = files
            .map(|(path, text)| json!({ "path": path, "mode": "100644", "type": "blob", "size": text.len(), "sha": sha(text), "url": format!("{}/repos/{}/git/blobs/{}", self.world.api(), self.world.repos[at].full_name(), sha(text)) }))
            .collect();
        let total = tree.len();
        Ok(Response::json(
            200,
            &json!({ "sha": name, "url": format!("{}/repos/{}/git/trees/{name}", self.world.api(), self.world.repos[at].full_name()), "tree": tree, "truncated": false, "page": 1, "total_count": total }),
        ))
    }
}

/// Whether a comment's last change lies in a span (fact 36).
fn within(entry: &Entry, since: Option<Time>, before: Option<Time>) -> bool {
    since.is_none_or(|since| entry.updated >= since) && before.is_none_or(|before| entry.updated <= before)
}
