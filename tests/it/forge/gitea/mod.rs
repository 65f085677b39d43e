//! Gitea and Forgejo as a server: who asks, for what, and the way there.
//!
//! Takes: a request and the world. Gives: the answer of that dialect and version.

mod read;
pub mod render;
mod write;

use serde_json::{Value, json};

use super::http::{Request, Response};
use super::world::{Access, World};

const PLAIN: &str = "text/plain; charset=utf-8";

/// An answer, or the answer that says why not.
pub type Answer = Result<Response, Response>;

/// Who asks.
#[derive(Debug, Clone, Default)]
pub struct Who {
    pub login: String,
    pub signed_in: bool,
    pub job: Option<String>,
    no_pulls: bool,
    scopes: Option<Vec<String>>,
}

/// One request being answered.
pub struct Ask<'a> {
    pub world: &'a mut World,
    pub request: &'a Request,
    pub who: Who,
}

/// The token of a request: `token T`, `Bearer T`, or in the query (fact 57).
pub fn token(request: &Request) -> Option<String> {
    let header = request.header("authorization").and_then(|text| text.split_once(' '));
    let header = header.filter(|(kind, _)| ["token", "bearer"].contains(&kind.to_ascii_lowercase().as_str()));
    let query = || request.param("token").or_else(|| request.param("access_token"));
    header.map(|(_, token)| token.trim()).or_else(query).map(str::to_owned)
}

pub fn answer(world: &mut World, request: &Request) -> Response {
    let warn = request.header("authorization").is_none() && token(request).is_some();
    let mut ask = Ask { world, request, who: Who::default() };
    let mut response = ask.route().unwrap_or_else(|refused| refused);
    if response.header("content-type") != Some(PLAIN) || !ask.world.dialect.since(26, false) {
        let transform = if ask.world.dialect.since(27, false) { "" } else { ", no-transform" };
        response = response.with("Cache-Control", format!("max-age=0, private, must-revalidate{transform}"));
    }
    if warn {
        response.with("X-Gitea-Warning", "token and access_token API authentication is deprecated.")
    } else {
        response
    }
}

impl Ask<'_> {
    /// Fact 50: the members of an error.
    pub fn error(&self, status: u16, message: &str) -> Response {
        Response::json(status, &json!({ "message": message, "url": format!("{}/api/swagger", self.world.root) }))
    }

    /// Fact 50: 404 has `errors` besides, null or (Forgejo) empty; from 1.27 none.
    pub fn missing(&self) -> Response {
        let errors = if self.world.dialect.is_forgejo() { json!([]) } else { Value::Null };
        self.missing_because(errors)
    }

    /// As recorded: the second part is a text that tests must not read.
    pub fn no_user(&self, login: &str) -> Response {
        let key = if self.world.dialect.since(22, true) { "" } else { ", keyid: 0" };
        self.missing_because(json!([format!("user does not exist [uid: 0, name: {login}{key}]")]))
    }

    pub fn missing_because(&self, errors: Value) -> Response {
        let message = self.world.dialect.not_found();
        let url = format!("{}/api/swagger", self.world.root);
        match self.world.dialect.since(27, false) {
            true => self.error(404, message),
            false => Response::json(404, &json!({ "errors": errors, "message": message, "url": url })),
        }
    }

    /// Fact 53: what it says of itself when something inside failed.
    pub fn broken(&self) -> Response {
        self.error(500, "")
    }

    fn sign_in(&mut self) -> Result<(), Response> {
        self.world.asking.clear();
        let Some(token) = token(self.request) else {
            // Fact 61: REQUIRE_SIGNIN_VIEW.
            return match self.world.sign_in {
                true => Err(self.error(403, "Only signed in user is allowed to call APIs.")),
                false => Ok(()),
            };
        };
        // Facts 52 and 81: a wrong or expired token is refused on public reads too.
        let Some(known) = self.world.tokens.get(&token).filter(|token| !token.expired).cloned() else {
            return Err(self.error(
                401,
                match self.world.dialect.since(25, false) {
                    true => "invalid username, password or token",
                    false => "user does not exist [uid: 0, name: ]",
                },
            ));
        };
        self.world.asking = known.login.clone();
        self.who = Who {
            login: known.login,
            signed_in: true,
            job: known.job,
            no_pulls: known.no_pulls && self.world.dialect.since(26, false),
            scopes: known.scopes,
        };
        Ok(())
    }

    /// Fact 58: which scope a path takes.
    fn scoped(&self, parts: &[&str]) -> Result<(), Response> {
        let Some(scopes) = &self.who.scopes else { return Ok(()) };
        let kind = match parts {
            ["user", ..] | ["users", ..] => "user",
            ["orgs", ..] => "organization",
            ["repos", "issues", ..] | ["repos", _, _, "issues" | "labels" | "milestones", ..] => "issue",
            ["repos", ..] => "repository",
            _ => return Ok(()),
        };
        let write = self.request.method != "GET";
        let level = if write { "write" } else { "read" };
        let held = scopes
            .iter()
            .any(|scope| *scope == format!("write:{kind}") || (!write && *scope == format!("read:{kind}")));
        if held {
            return Ok(());
        }
        let wanted = "token does not have at least one of required scope(s)";
        Err(self.error(
            403,
            &match self.world.dialect.since(24, false) {
                true => format!("{wanted}, required=[{level}:{kind}], token scope={}", scopes.join(",")),
                false => format!("{wanted}: [{level}:{kind}]"),
            },
        ))
    }

    /// What the asker may do in a repository (fact 83).
    pub fn rights(&self, at: usize) -> Access {
        let repo = &self.world.repos[at];
        match &self.who.job {
            Some(own) if own.eq_ignore_ascii_case(&repo.full_name()) => Access::Write,
            Some(_) if repo.private || !self.world.dialect.job_reads_others() => Access::None,
            Some(_) => Access::Read,
            None => self.world.access(&self.who.login, at),
        }
    }

    /// Whether pull requests are not there for the asker (facts 10, 83).
    pub fn pulls_hidden(&self, at: usize) -> bool {
        self.world.repos[at].pulls_off || self.who.no_pulls
    }

    /// Fact 52: 401 for a write by nobody.
    pub fn must_sign_in(&self) -> Result<(), Response> {
        if self.who.signed_in { Ok(()) } else { Err(self.error(401, "token is required")) }
    }

    pub fn must_write(&self, at: usize) -> Result<(), Response> {
        match self.rights(at) >= Access::Write {
            true => Ok(()),
            false => Err(self.error(403, "user should have a permission to write to a repo")),
        }
    }

    /// The repository of a path; what the asker may not read is not there (fact 52), one that was
    /// renamed is elsewhere (fact 56).
    fn repo(&self, owner: &str, name: &str) -> Result<usize, Response> {
        if let Some(at) = self.world.place(&format!("{owner}/{name}")) {
            return if self.rights(at) > Access::None { Ok(at) } else { Err(self.missing()) };
        }
        let moved = self.world.repos.iter().find(|repo| {
            repo.owner.eq_ignore_ascii_case(owner) && repo.old_names.iter().any(|old| old.eq_ignore_ascii_case(name))
        });
        let Some(moved) = moved else { return Err(self.missing()) };
        let mut parts: Vec<&str> = self.request.path.split('/').collect();
        parts[5] = &moved.name;
        let query =
            if self.request.raw_query.is_empty() { String::new() } else { format!("?{}", self.request.raw_query) };
        let place = format!("{}{query}", parts.join("/"));
        let status = self.world.dialect.moved_status();
        let phrase = if status == 301 { "Moved Permanently" } else { "Temporary Redirect" };
        Err(match self.request.method.as_str() {
            "GET" => {
                let page = format!("<a href=\"{place}\">{phrase}</a>.\n\n");
                Response::text(status, "text/html; charset=utf-8", &page)
            }
            _ => Response::empty(status),
        }
        .with("Location", place))
    }

    fn route(&mut self) -> Answer {
        let Some(path) = self.request.path.strip_prefix("/api/v1/") else {
            return Ok(Response::text(200, "text/html; charset=utf-8", "<!DOCTYPE html><title>Gitea</title>"));
        };
        let parts: Vec<String> = path.split('/').map(super::http::decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let method = self.request.method.as_str();
        // Fact 61: the version is told before anything else is looked at, unless all must sign in.
        self.sign_in()?;
        self.scoped(&parts)?;
        match (method, parts.as_slice()) {
            ("GET", ["version"]) => Ok(Response::json(200, &json!({ "version": self.world.dialect.version }))),
            ("GET", ["settings", "api"]) => Ok(self.settings()),
            ("GET", ["user"]) => {
                self.must_sign_in()?;
                Ok(Response::json(200, &self.world.gitea_user(&self.who.login)))
            }
            ("GET", ["users", login]) => match self.world.user(login) {
                Some(user) => Ok(Response::json(200, &self.world.gitea_user(&user.login))),
                None => Err(self.no_user(login)),
            },
            ("GET", [kind @ ("orgs" | "users"), owner, "repos"]) => self.list_repos(owner, *kind == "orgs"),
            ("GET", ["orgs", org]) => self.get_org(org),
            ("GET", ["orgs", org, "labels"]) => self.list_org_labels(org),
            ("POST", ["orgs", org, "labels"]) => self.create_org_label(org),
            ("GET", ["repos", "issues", "search"]) => self.search(),
            (_, ["repos", owner, name, rest @ ..]) => {
                let at = self.repo(owner, name)?;
                self.route_repo(at, rest)
            }
            _ => Ok(unknown_route()),
        }
    }

    fn route_repo(&mut self, at: usize, rest: &[&str]) -> Answer {
        let method = self.request.method.clone();
        let number = |text: &str| text.parse::<u64>().map_err(|_| Response::empty(404));
        match (method.as_str(), rest) {
            ("GET", []) => Ok(Response::json(200, &self.world.gitea_repo(at, self.rights(at)))),
            ("GET", ["issues"]) => self.list_issues(at),
            ("POST", ["issues"]) => self.create_issue(at),
            ("GET", ["issues", "comments"]) => self.list_repo_comments(at),
            ("GET", ["issues", "comments", id]) => self.get_comment(at, id),
            ("PATCH", ["issues", "comments", id]) => self.edit_comment(at, id),
            ("DELETE", ["issues", "comments", id]) => self.delete_comment(at, id),
            ("GET", ["issues", n]) => self.get_issue(at, number(n)?),
            ("PATCH", ["issues", n]) => self.edit_issue(at, number(n)?),
            ("GET", ["issues", n, "comments"]) => self.list_comments(at, number(n)?),
            ("POST", ["issues", n, "comments"]) => self.create_comment(at, number(n)?),
            ("GET", ["issues", n, "timeline"]) => self.timeline(at, number(n)?),
            ("GET", ["issues", n, "labels"]) => self.labels_of(at, number(n)?),
            ("POST" | "PUT", ["issues", n, "labels"]) => self.put_labels(at, number(n)?, method == "PUT"),
            ("DELETE", ["issues", n, "labels"]) => self.clear_labels(at, number(n)?),
            ("DELETE", ["issues", n, "labels", label]) => self.remove_label(at, number(n)?, label),
            // Fact 46: from 1.24, and Forgejo has none.
            ("PUT" | "DELETE", ["issues", n, "lock"]) if self.world.dialect.can_lock() => {
                self.lock(at, number(n)?, method == "PUT")
            }
            ("GET", ["labels"]) => self.list_labels(at),
            ("POST", ["labels"]) => self.create_label(at),
            ("DELETE", ["labels", id]) => self.delete_label(at, id),
            ("GET", ["assignees"]) => self.list_assignees(at),
            // Fact 40: assignees have addresses of their own from 1.27 only.
            ("GET", ["assignees", login]) if self.world.dialect.assignees_apart() => self.check_assignee(at, login),
            ("POST" | "DELETE", ["issues", n, "assignees"]) if self.world.dialect.assignees_apart() => {
                self.change_assignees(at, number(n)?, method == "POST")
            }
            ("GET", ["collaborators"]) => self.list_collaborators(at),
            ("GET", ["collaborators", login, "permission"]) => self.permission(at, login),
            ("GET", ["milestones"]) => self.list_milestones(at),
            ("GET", ["pulls"]) => self.list_pulls(at),
            ("GET", ["pulls", n]) => self.get_pull(at, number(n)?),
            ("PATCH", ["pulls", n]) => self.edit_pull(at, number(n)?),
            ("GET", ["pulls", n, "reviews"]) => self.reviews(at, number(n)?),
            ("GET", ["contents", path @ ..]) => self.contents(at, &path.join("/")),
            ("GET", ["raw", path @ ..]) => self.raw(at, &path.join("/")),
            ("GET", ["git", "trees", sha]) => self.tree(at, sha),
            _ => Ok(unknown_route()),
        }
    }
}

/// Fact 51: no JSON.
pub fn unknown_route() -> Response {
    Response::text(404, PLAIN, "404 page not found\n")
}
