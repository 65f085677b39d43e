//! GitHub as a server: who asks, for what, and the way there.
//!
//! Takes: a request and the world. Gives: the answer of api.github.com, or of an Enterprise server.

mod read;
mod render;
mod write;

use serde_json::{Value, json};

use super::gitea::{Answer, token};
use super::http::{Request, Response, decode};
use super::page::Page;
use super::world::{Access, World};

/// Where errors are explained.
const DOCS: &str = "https://docs.github.com/rest";

/// One request being answered.
pub struct Ask<'a> {
    pub world: &'a mut World,
    pub request: &'a Request,
    pub login: String,
    pub signed_in: bool,
    pub job: Option<String>,
}

pub fn answer(world: &mut World, request: &Request) -> Response {
    // Fact 75: a request without a name is refused, and an unknown version of the API.
    if request.header("user-agent").is_none_or(|name| name.trim().is_empty()) {
        let text =
            "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.\n";
        return Response::text(403, "text/html", text);
    }
    let mut ask = Ask { world, request, login: String::new(), signed_in: false, job: None };
    let response = ask.limited().and_then(|()| ask.route()).unwrap_or_else(|refused| refused);
    let (world, left) = (&ask.world, ask.world.rate);
    let mut response = response
        .with("x-ratelimit-limit", 5000)
        .with("x-ratelimit-remaining", left)
        .with("x-ratelimit-reset", world.rate_reset)
        .with("x-ratelimit-resource", "core")
        .with("x-github-media-type", "github.v3; format=json");
    // Fact 74: an ETag on most answers to GET.
    if request.method == "GET" && response.status == 200 {
        let tag = format!("W/\"{}\"", super::gitea::render::sha(&response.body));
        if request.header("if-none-match") == Some(&tag) {
            response = Response { status: 304, body: Vec::new(), ..response };
        }
        response = response.with("ETag", tag);
    }
    response
}

impl Ask<'_> {
    /// Fact 70: the members of an error.
    pub fn error(&self, status: u16, message: &str) -> Response {
        Response::json(status, &json!({ "message": message, "documentation_url": DOCS, "status": status.to_string() }))
            .with("Content-Type", "application/json; charset=utf-8")
    }

    /// Fact 70: 422 says which field of what.
    pub fn invalid(&self, resource: &str, field: &str, code: &str) -> Response {
        let errors = json!([{ "resource": resource, "code": code, "field": field }]);
        Response::json(
            422,
            &json!({ "message": "Validation Failed", "errors": errors, "documentation_url": DOCS, "status": "422" }),
        )
    }

    pub fn ok(&self, value: &Value) -> Response {
        Response::json(200, value).with("Content-Type", "application/json; charset=utf-8")
    }

    pub fn made(&self, value: &Value) -> Response {
        let place = value["url"].as_str().unwrap_or_default().to_owned();
        Response::json(201, value).with("Content-Type", "application/json; charset=utf-8").with("Location", place)
    }

    pub fn missing(&self) -> Response {
        self.error(404, "Not Found")
    }

    /// Fact 72: the primary limit, as 403 with nothing remaining.
    fn limited(&mut self) -> Result<(), Response> {
        if self.request.path.ends_with("/rate_limit") {
            return Ok(());
        }
        if self.world.rate == 0 {
            return Err(self.error(403, "API rate limit exceeded for user ID 1."));
        }
        self.world.rate -= 1;
        Ok(())
    }

    fn sign_in(&mut self) -> Result<(), Response> {
        let version = self.request.header("x-github-api-version").unwrap_or("2022-11-28");
        if !["2022-11-28", "2026-03-10"].contains(&version) {
            return Err(self.error(400, "unknown API version")); // fact 75
        }
        let Some(token) = token(self.request) else { return Ok(()) };
        let known = self.world.tokens.get(&token).filter(|token| !token.expired).cloned();
        let known = known.ok_or_else(|| self.error(401, "Bad credentials"))?;
        (self.login, self.signed_in, self.job) = (known.login, true, known.job);
        Ok(())
    }

    pub fn rights(&self, at: usize) -> Access {
        let repo = &self.world.repos[at];
        match &self.job {
            Some(own) if own.eq_ignore_ascii_case(&repo.full_name()) => Access::Write,
            Some(_) if repo.private => Access::None,
            Some(_) => Access::Read,
            None => self.world.access(&self.login, at),
        }
    }

    /// Below what address the API is.
    pub fn api(&self) -> String {
        self.world.github_api()
    }

    /// The repository of a path, or the way to one that was renamed: 301 to GET, 307 to writes, at
    /// `/repositories/{id}` (fact 56).
    fn repo(&self, owner: &str, name: &str, rest: &str) -> Result<usize, Response> {
        if let Some(at) = self.world.place(&format!("{owner}/{name}")) {
            return if self.rights(at) > Access::None { Ok(at) } else { Err(self.missing()) };
        }
        let moved = self.world.repos.iter().find(|repo| {
            repo.owner.eq_ignore_ascii_case(owner) && repo.old_names.iter().any(|old| old.eq_ignore_ascii_case(name))
        });
        let moved = moved.ok_or_else(|| self.missing())?;
        let query =
            if self.request.raw_query.is_empty() { String::new() } else { format!("?{}", self.request.raw_query) };
        let place = format!("{}/repositories/{}{rest}{query}", self.api(), moved.id);
        let status = if self.request.method == "GET" { 301 } else { 307 };
        let body = json!({ "message": "Moved Permanently", "url": place, "documentation_url": "https://docs.github.com/v3/#http-redirects" });
        Err(Response::json(status, &body).with("Location", place))
    }

    fn route(&mut self) -> Answer {
        let prefix = self.world.dialect.prefix;
        let Some(path) = self.request.path.strip_prefix(prefix).and_then(|path| path.strip_prefix('/')) else {
            return Err(self.missing());
        };
        let raw: Vec<&str> = path.split('/').collect();
        let parts: Vec<String> = raw.iter().map(|part| decode(part)).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.sign_in()?;
        let rest = |from: usize| raw[from..].iter().map(|part| format!("/{part}")).collect::<String>();
        match (self.request.method.as_str(), parts.as_slice()) {
            ("GET", ["user"]) => self.me(),
            ("GET", ["users", login]) => match self.world.user(login) {
                Some(user) => Ok(self.ok(&self.world.github_user(&user.login))),
                None => Err(self.missing()),
            },
            ("GET", ["rate_limit"]) => Ok(self.rate_limit()),
            ("GET", [kind @ ("orgs" | "users"), owner, "repos"]) => self.list_repos(owner, *kind == "orgs"),
            (_, ["repos", owner, name, below @ ..]) => {
                let at = self.repo(owner, name, &rest(3))?;
                self.route_repo(at, below)
            }
            (_, ["repositories", id, below @ ..]) => {
                let at = self.world.repos.iter().position(|repo| repo.id.to_string() == *id);
                let at = at.filter(|at| self.rights(*at) > Access::None).ok_or_else(|| self.missing())?;
                self.route_repo(at, below)
            }
            _ => Err(self.missing()),
        }
    }

    fn route_repo(&mut self, at: usize, below: &[&str]) -> Answer {
        let method = self.request.method.clone();
        let number = |text: &str| text.parse::<u64>().map_err(|_| self.missing());
        // Fact 71: 410 where issues are switched off.
        if let ["issues", ..] = below
            && self.world.repos[at].issues_off
        {
            return Err(self.error(410, "Issues are disabled for this repo"));
        }
        if method != "GET" && self.world.repos[at].archived {
            return Err(self.error(403, "Repository was archived so is read-only."));
        }
        match (method.as_str(), below) {
            ("GET", []) => Ok(self.ok(&self.world.github_repo(at, self.rights(at)))),
            ("GET", ["issues"]) => self.list_issues(at),
            ("POST", ["issues"]) => self.create_issue(at),
            ("GET", ["issues", "comments"]) => self.list_repo_comments(at),
            ("GET", ["issues", "comments", id]) => self.get_comment(at, id),
            ("PATCH", ["issues", "comments", id]) => self.edit_comment(at, id),
            ("DELETE", ["issues", "comments", id]) => self.delete_comment(at, id),
            ("GET", ["issues", n]) => self.get_issue(at, number(n)?),
            ("PATCH", ["issues", n]) => self.edit_issue(at, number(n)?, false),
            ("GET", ["issues", n, "comments"]) => self.list_comments(at, number(n)?),
            ("POST", ["issues", n, "comments"]) => self.create_comment(at, number(n)?),
            ("GET", ["issues", n, "timeline"]) => self.timeline(at, number(n)?),
            ("GET", ["issues", n, "labels"]) => self.labels_of(at, number(n)?),
            ("POST" | "PUT", ["issues", n, "labels"]) => self.put_labels(at, number(n)?, method == "PUT"),
            ("DELETE", ["issues", n, "labels"]) => self.clear_labels(at, number(n)?),
            ("DELETE", ["issues", n, "labels", name]) => self.remove_label(at, number(n)?, name),
            ("POST" | "DELETE", ["issues", n, "assignees"]) => self.change_assignees(at, number(n)?, method == "POST"),
            ("PUT" | "DELETE", ["issues", n, "lock"]) => self.lock(at, number(n)?, method == "PUT"),
            ("GET", ["labels"]) => self.list_labels(at),
            ("POST", ["labels"]) => self.create_label(at),
            ("GET", ["labels", name]) => self.get_label(at, name),
            ("DELETE", ["labels", name]) => self.delete_label(at, name),
            ("GET", ["assignees"]) => self.list_assignees(at),
            ("GET", ["assignees", login]) => self.is_assignee(at, login),
            ("GET", ["milestones"]) => self.list_milestones(at),
            ("GET", ["pulls"]) => self.list_pulls(at),
            ("GET", ["pulls", n]) => self.get_pull(at, number(n)?),
            ("PATCH", ["pulls", n]) => self.edit_issue(at, number(n)?, true),
            ("GET", ["contents", path @ ..]) => self.contents(at, &path.join("/")),
            ("GET", ["git", "trees", sha]) => self.tree(at, sha),
            _ => Err(self.missing()),
        }
    }

    /// A page of a list of a repository, with GitHub's links (fact 63).
    pub fn page(&self, at: usize, all: Vec<Value>) -> Response {
        let (page, total) = (Page::of(self.world, self.request), all.len());
        let response = self.ok(&Value::Array(page.cut(all)));
        page.github_link(&self.link_path(at), self.request, total, response)
    }

    /// The address of this list below `/repositories/{id}`.
    pub fn link_path(&self, at: usize) -> String {
        let below = self.request.path.trim_start_matches(self.world.dialect.prefix);
        let skip = if below.starts_with("/repositories/") { 3 } else { 4 };
        let below: Vec<&str> = below.split('/').skip(skip).collect();
        format!("{}/repositories/{}/{}", self.api(), self.world.repos[at].id, below.join("/"))
    }
}
