//! What GitHub answers to GET.
//!
//! Takes: a request that may ask. Gives: lists with `Link` and without totals (fact 63), and single
//! objects.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::super::gitea::Answer;
use super::super::gitea::render::base64_lite::encode;
use super::super::gitea::render::sha;
use super::super::http::Response;
use super::super::page::Page;
use super::super::world::{Access, Entry, Item, Time, What, instant};
use super::Ask;

impl Ask<'_> {
    /// Fact 85: a job's token is nobody who could be asked for.
    pub fn me(&self) -> Answer {
        if self.job.is_some() {
            return Err(self.error(403, "Resource not accessible by integration"));
        }
        if !self.signed_in {
            return Err(self.error(401, "Requires authentication"));
        }
        Ok(self.ok(&self.world.github_user(&self.login)))
    }

    pub fn rate_limit(&self) -> Response {
        let core = json!({ "limit": 5000, "used": 5000 - self.world.rate, "remaining": self.world.rate, "reset": self.world.rate_reset });
        self.ok(&json!({ "resources": { "core": core, "search": core }, "rate": core }))
    }

    /// One of these words, or 422 (fact 70).
    fn word<'a>(&'a self, name: &str, words: &[&'a str]) -> Result<&'a str, Response> {
        let Some(word) = self.request.param(name) else { return Ok(words[0]) };
        words.contains(&word).then_some(word).ok_or_else(|| self.invalid("Issue", name, "invalid"))
    }

    fn since(&self) -> Result<Option<Time>, Response> {
        let Some(text) = self.request.param("since") else { return Ok(None) };
        match chrono::DateTime::parse_from_rfc3339(text) {
            Ok(_) => Ok(Some(instant(text))),
            Err(_) => Err(self.invalid("Issue", "since", "invalid")),
        }
    }

    fn by_state(&self, at: usize, pulls: bool) -> Result<Vec<&Item>, Response> {
        let state = self.word("state", &["open", "closed", "all"])?;
        let fits = |item: &&Item| !item.deleted && (state == "all" || item.open == (state == "open"));
        Ok(self.world.repos[at].items.values().filter(fits).filter(|item| !pulls || item.pull.is_some()).collect())
    }

    /// Facts 63, 65 and 66: pull requests are among them; `type` is a type of issue, of which these
    /// have none; `labels` are names, all demanded.
    pub fn list_issues(&self, at: usize) -> Answer {
        let (since, world) = (self.since()?, &self.world);
        let mut found = self.by_state(at, false)?;
        let names: Vec<&str> = self
            .request
            .param("labels")
            .into_iter()
            .flat_map(|names| names.split(','))
            .filter(|name| !name.is_empty())
            .collect();
        let has = |item: &Item, name: &str| {
            world.labels(at, &item.labels).iter().any(|label| label.name.eq_ignore_ascii_case(name))
        };
        found.retain(|item| {
            since.is_none_or(|since| item.updated >= since)
                && names.iter().all(|name| has(item, name))
                && matches!(self.request.param("type"), None | Some("*" | "none"))
                && self.request.param("creator").is_none_or(|login| item.author.eq_ignore_ascii_case(login))
                && match self.request.param("assignee") {
                    None => true,
                    Some("*") => !item.assignees.is_empty(),
                    Some("none") => item.assignees.is_empty(),
                    Some(login) => item.assignees.iter().any(|set| set.eq_ignore_ascii_case(login)),
                }
                && match self.request.param("milestone") {
                    None => true,
                    Some("*") => item.milestone.is_some(),
                    Some("none") => item.milestone.is_none(),
                    Some(number) => {
                        let number = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
                        let wanted = number.and_then(|number| world.repos[at].milestones.get(number));
                        wanted.is_some_and(|wanted| item.milestone == Some(wanted.id))
                    }
                }
        });
        match self.word("sort", &["created", "updated", "comments"])? {
            "updated" => found.sort_by_key(|item| Reverse((item.updated, item.id))),
            "comments" => found.sort_by_key(|item| Reverse((item.comments().count(), item.id))),
            _ => found.sort_by_key(|item| Reverse((item.created, item.id))),
        }
        if self.word("direction", &["desc", "asc"])? == "asc" {
            found.reverse();
        }
        if world.repos[at].large {
            return self.by_cursor(at, found);
        }
        let (page, total) = (Page::of(world, self.request), found.len());
        let items: Vec<Value> = page.cut(found).into_iter().map(|item| world.github_issue(at, item)).collect();
        Ok(page.github_link(&self.link_path(at), self.request, total, self.ok(&Value::Array(items))))
    }

    /// Fact 63: `page` is refused, links have `after`.
    fn by_cursor(&self, at: usize, found: Vec<&Item>) -> Answer {
        if self.request.param("page").is_some_and(|page| page != "1") {
            let message = "Pagination with the page parameter is not supported for large datasets, please use cursor based pagination (after/before)";
            return Err(self.error(422, message));
        }
        let size = Page::of(self.world, self.request).size;
        let after = self.request.param("after").and_then(|cursor| cursor.strip_prefix("Y3Vyc29y")?.parse::<i64>().ok());
        let start = after.map_or(0, |id| found.iter().position(|item| item.id == id).map_or(found.len(), |at| at + 1));
        let items: Vec<&Item> = found.iter().skip(start).take(size).copied().collect();
        let response = self.ok(&items.iter().map(|item| self.world.github_issue(at, item)).collect());
        if start + items.len() >= found.len() {
            return Ok(response);
        }
        let mut query: Vec<&str> = self.request.raw_query.split('&').filter(|part| !part.is_empty()).collect();
        query.retain(|part| !part.starts_with("after=") && !part.starts_with("page="));
        let cursor = format!("after=Y3Vyc29y{}", items.last().unwrap().id);
        query.push(&cursor);
        Ok(response.with("Link", format!("<{}?{}>; rel=\"next\"", self.link_path(at), query.join("&"))))
    }

    /// Fact 71: 410 for one that was deleted.
    pub fn item(&self, at: usize, number: u64) -> Result<&Item, Response> {
        let item = self.world.repos[at].items.get(&number).ok_or_else(|| self.missing())?;
        if item.deleted { Err(self.error(410, "This issue was deleted")) } else { Ok(item) }
    }

    pub fn get_issue(&self, at: usize, number: u64) -> Answer {
        let item = self.item(at, number)?;
        Ok(self.ok(&self.world.github_issue(at, item)))
    }

    pub fn list_comments(&self, at: usize, number: u64) -> Answer {
        let (item, since) = (self.item(at, number)?, self.since()?);
        let found =
            item.comments().map(|(entry, _)| entry).filter(|entry| since.is_none_or(|since| entry.updated >= since));
        Ok(self.page(at, found.map(|entry| self.world.github_comment(at, item, entry)).collect()))
    }

    /// By id, or as `sort` and `direction` say.
    pub fn list_repo_comments(&self, at: usize) -> Answer {
        let since = self.since()?;
        let of = |item| -> Vec<(&Item, &Entry)> { Item::comments(item).map(|(entry, _)| (item, entry)).collect() };
        let mut found: Vec<(&Item, &Entry)> = self.world.repos[at].items.values().flat_map(of).collect();
        found.retain(|(_, entry)| since.is_none_or(|since| entry.updated >= since));
        match self.word("sort", &["created", "updated"])? {
            "updated" => found.sort_by_key(|(_, entry)| (entry.updated, entry.id)),
            _ => found.sort_by_key(|(_, entry)| entry.id),
        }
        if self.request.param("sort").is_some() && self.request.param("direction") != Some("asc") {
            found.reverse();
        }
        let (page, total) = (Page::of(self.world, self.request), found.len());
        let items: Vec<Value> =
            page.cut(found).into_iter().map(|(item, entry)| self.world.github_comment(at, item, entry)).collect();
        Ok(page.github_link(&self.link_path(at), self.request, total, self.ok(&Value::Array(items))))
    }

    pub fn entry(&self, at: usize, id: &str) -> Result<(&Item, &Entry), Response> {
        let id: i64 = id.parse().map_err(|_| self.missing())?;
        let place = self.world.entries.get(&id).filter(|(repo, _)| *repo == at).ok_or_else(|| self.missing())?;
        let item = &self.world.repos[at].items[&place.1];
        let comment = |entry: &&Entry| entry.id == id && matches!(entry.what, What::Comment(_));
        Ok((item, item.timeline.iter().find(comment).ok_or_else(|| self.missing())?))
    }

    pub fn get_comment(&self, at: usize, id: &str) -> Answer {
        let (item, entry) = self.entry(at, id)?;
        Ok(self.ok(&self.world.github_comment(at, item, entry)))
    }

    pub fn timeline(&self, at: usize, number: u64) -> Answer {
        let item = self.item(at, number)?;
        Ok(self.page(at, item.timeline.iter().map(|entry| self.world.github_entry(at, item, entry)).collect()))
    }

    pub fn labels_of(&self, at: usize, number: u64) -> Answer {
        let item = self.item(at, number)?;
        Ok(self.page(at, self.world.github_labels(at, &item.labels).as_array().unwrap().clone()))
    }

    pub fn list_labels(&self, at: usize) -> Answer {
        let labels = self.world.repos[at].labels.iter();
        Ok(self.page(at, labels.map(|label| self.world.github_label(at, label)).collect()))
    }

    pub fn get_label(&self, at: usize, name: &str) -> Answer {
        let known = self.world.repos[at].labels.iter().find(|label| label.name.eq_ignore_ascii_case(name));
        known.map(|label| self.ok(&self.world.github_label(at, label))).ok_or_else(|| self.missing())
    }

    pub fn list_milestones(&self, at: usize) -> Answer {
        let state = self.word("state", &["open", "closed", "all"])?;
        let found = self.world.repos[at]
            .milestones
            .iter()
            .filter(|milestone| state == "all" || milestone.open == (state == "open"));
        Ok(self.page(at, found.map(|milestone| self.world.github_milestone(at, milestone)).collect()))
    }

    pub fn assignable(&self, at: usize, login: &str) -> bool {
        self.world.user(login).is_some_and(|user| !user.org) && self.world.access(login, at) >= Access::Write
    }

    pub fn list_assignees(&self, at: usize) -> Answer {
        let people = self.world.users.iter().filter(|user| self.assignable(at, &user.login));
        Ok(self.page(at, people.map(|user| self.world.github_user(&user.login)).collect()))
    }

    pub fn is_assignee(&self, at: usize, login: &str) -> Answer {
        if self.assignable(at, login) { Ok(Response::empty(204)) } else { Err(self.missing()) }
    }

    pub fn list_repos(&self, owner: &str, org: bool) -> Answer {
        self.world.user(owner).filter(|user| user.org || !org).ok_or_else(|| self.missing())?;
        let of =
            |at: &usize| self.world.repos[*at].owner.eq_ignore_ascii_case(owner) && self.rights(*at) > Access::None;
        let found: Vec<usize> = (0..self.world.repos.len()).filter(of).collect();
        let (page, total) = (Page::of(self.world, self.request), found.len());
        let found: Vec<Value> =
            page.cut(found).into_iter().map(|at| self.world.github_repo(at, self.rights(at))).collect();
        let path = format!("{}/organizations/{}/repos", self.api(), self.world.user(owner).unwrap().id);
        Ok(page.github_link(&path, self.request, total, self.ok(&Value::Array(found))))
    }

    pub fn list_pulls(&self, at: usize) -> Answer {
        let mut found = self.by_state(at, true)?;
        match self.word("sort", &["created", "updated", "popularity", "long-running"])? {
            "updated" => found.sort_by_key(|item| Reverse((item.updated, item.id))),
            _ => found.sort_by_key(|item| Reverse((item.created, item.id))),
        }
        // Descending by creation, ascending by anything else, unless said.
        let ascending = if self.request.param("sort").is_some_and(|sort| sort != "created") { "asc" } else { "desc" };
        if self.request.param("direction").unwrap_or(ascending) == "asc" {
            found.reverse();
        }
        let (page, total) = (Page::of(self.world, self.request), found.len());
        let items: Vec<Value> =
            page.cut(found).into_iter().map(|item| self.world.github_pull(at, item, true)).collect();
        Ok(page.github_link(&self.link_path(at), self.request, total, self.ok(&Value::Array(items))))
    }

    pub fn get_pull(&self, at: usize, number: u64) -> Answer {
        let item = self.item(at, number).ok().filter(|item| item.pull.is_some()).ok_or_else(|| self.missing())?;
        Ok(self.ok(&self.world.github_pull(at, item, false)))
    }

    /// A file, raw where `Accept` asks for that, or a folder.
    pub fn contents(&self, at: usize, path: &str) -> Answer {
        let repo = &self.world.repos[at];
        let name = self.request.param("ref").unwrap_or(&repo.default_branch);
        if let Some(body) = repo.pushed(Some(name), path) {
            let response = Response { status: 200, body, ..Response::default() };
            return Ok(response.with("Content-Type", "application/vnd.github.raw+json; charset=utf-8"));
        }
        let files = repo.files.get(name).ok_or_else(|| self.missing())?;
        let raw = self.request.header("accept").is_some_and(|accept| accept.contains(".raw"));
        if let (Some(text), true) = (files.get(path), raw) {
            let response = Response { status: 200, body: text.clone(), ..Response::default() };
            return Ok(response.with("Content-Type", "application/vnd.github.raw+json; charset=utf-8"));
        }
        let api = format!("{}/repos/{}", self.api(), repo.full_name());
        let entry = |path: &str, text: Option<&[u8]>| {
            let url = format!("{api}/contents/{path}?ref={name}");
            let hash = sha(text.unwrap_or(path.as_bytes()));
            let html = format!("{}/{}/blob/{name}/{path}", self.world.root, repo.full_name());
            let git = format!("{api}/git/blobs/{hash}");
            let mut value = json!({
                "name": path.rsplit('/').next(), "path": path, "sha": hash, "size": text.map_or(0, <[u8]>::len), "url": url, "html_url": html,
                "git_url": git, "download_url": text.map(|_| html.clone()), "type": if text.is_some() { "file" } else { "dir" },
            });
            value["_links"] = json!({ "self": url, "git": git, "html": html });
            value
        };
        if let Some(text) = files.get(path) {
            let mut value = entry(path, Some(text));
            value["content"] = json!(encode(text) + "\n");
            value["encoding"] = json!("base64");
            return Ok(self.ok(&value));
        }
        let inside = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut firsts: Vec<&str> = files
            .keys()
            .filter_map(|file| file.strip_prefix(&inside))
            .map(|rest| rest.split('/').next().unwrap())
            .collect();
        firsts.dedup();
        if firsts.is_empty() {
            return Err(self.missing());
        }
        let each = |first: &&str| {
            let path = format!("{inside}{first}");
            entry(&path, files.get(&path).map(Vec::as_slice))
        };
        Ok(self.ok(&firsts.iter().map(each).collect()))
    }

    /// Fact 110.
    pub fn tree(&self, at: usize, name: &str) -> Answer {
        let repo = &self.world.repos[at];
        if let Some(tree) = repo.pushed_tree(name, &format!("{}/repos/{}", self.api(), repo.full_name())) {
            return Ok(self.ok(&json!({ "sha": name, "url": "", "tree": tree, "truncated": false })));
        }
        let files = repo.files.get(name).ok_or_else(|| self.missing())?;
        let deep = self.request.param("recursive").is_some();
        let url = format!("{}/repos/{}/git", self.api(), repo.full_name());
        let files = files.iter().filter(|(path, _)| deep || !path.contains('/'));
        let tree: Vec<Value> = files
            .map(|(path, text)| json!({ "path": path, "mode": "100644", "type": "blob", "size": text.len(), "sha": sha(text), "url": format!("{url}/blobs/{}", sha(text)) }))
            .collect();
        Ok(self.ok(&json!({ "sha": name, "url": format!("{url}/trees/{name}"), "tree": tree, "truncated": false })))
    }
}
