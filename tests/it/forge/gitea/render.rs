//! What Gitea and Forgejo answer with, as JSON: users, repositories, issues, comments.
//!
//! Takes: a world's objects. Gives: the same members with the same types, nulls and absences as the
//! recorded answers of each version.

use base64_lite::encode;
use serde_json::{Value, json};

use super::super::world::{Access, Entry, Item, Label, Milestone, Repo, Review, User, What, World};

/// Base 64, as file contents are sent.
pub mod base64_lite {
    pub fn encode(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for chunk in bytes.chunks(3) {
            let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
            for place in 0..4 {
                let digit = (word >> (18 - 6 * place)) as usize & 63;
                out.push(if place <= chunk.len() { char::from(DIGITS[digit]) } else { '=' });
            }
        }
        out
    }
}

/// A made-up but steady hash.
pub fn sha(text: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text).iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}

impl World {
    /// Where pages for people are (fact 6).
    pub fn html(&self) -> &str {
        if self.dialect.html_on_called_host() { &self.called } else { &self.root }
    }

    pub fn api(&self) -> String {
        format!("{}/api/v1", self.root)
    }

    /// A user; one that is gone is Ghost with the id -1, a job's own user has -2 (fact 30).
    pub fn gitea_user(&self, login: &str) -> Value {
        let known = self.user(login).cloned();
        let user = known.unwrap_or_else(|| {
            let (id, login) = if login == self.dialect.job_login() { (-2, login) } else { (-1, "Ghost") };
            User { id, login: login.to_owned(), org: false, site_admin: false, bot: false, created: 0 }
        });
        let own = user.login == self.asking;
        let mut value = json!({
            "id": user.id, "login": user.login, "login_name": "", "source_id": 0, "full_name": "",
            "email": if user.org { String::new() } else { format!("{}@example.test", user.login) },
            "avatar_url": format!("{}/avatars/{}", self.html(), sha(user.login.as_bytes())),
            "html_url": format!("{}/{}", self.html(), user.login),
            "language": "", "is_admin": false, "last_login": if own { "1970-01-01T00:00:00Z" } else { "0001-01-01T00:00:00Z" }, "created": self.time(user.created),
            "restricted": false, "active": own, "prohibit_login": false, "location": "", "website": "", "description": "",
            "visibility": "public", "followers_count": 0, "following_count": 0, "starred_repos_count": 0, "username": user.login,
        });
        let members = value.as_object_mut().unwrap();
        if !self.dialect.since(22, true) {
            members.remove("source_id");
            members.remove("html_url");
        }
        if self.dialect.is_forgejo() {
            members.insert("pronouns".to_owned(), json!(""));
        }
        value
    }

    fn gitea_users(&self, logins: &[String]) -> Value {
        logins.iter().map(|login| self.gitea_user(login)).collect()
    }

    /// Fact 32: the colour has no `#`.
    pub fn gitea_label(&self, at: usize, label: &Label) -> Value {
        let place = match label.org {
            true => format!("orgs/{}", self.repos[at].owner),
            false => format!("repos/{}", self.repos[at].full_name()),
        };
        self.gitea_label_at(&place, label)
    }

    pub fn gitea_label_at(&self, place: &str, label: &Label) -> Value {
        json!({
            "id": label.id, "name": label.name, "exclusive": label.exclusive, "is_archived": false, "color": label.color,
            "description": label.description, "url": format!("{}/{place}/labels/{}", self.api(), label.id),
        })
    }

    pub fn gitea_labels(&self, at: usize, ids: &[i64]) -> Value {
        self.labels(at, ids).iter().map(|label| self.gitea_label(at, label)).collect()
    }

    /// Fact 32: `id` and no `number`.
    pub fn gitea_milestone(&self, at: usize, milestone: &Milestone) -> Value {
        let held = || self.repos[at].items.values().filter(|item| item.milestone == Some(milestone.id));
        json!({
            "id": milestone.id, "title": milestone.title, "description": "", "state": state(milestone.open),
            "open_issues": held().filter(|item| item.open).count(), "closed_issues": held().filter(|item| !item.open).count(),
            "created_at": self.time(milestone.created), "updated_at": self.time(milestone.created), "closed_at": null,
            "due_on": milestone.due.map(|due| self.time(due)),
        })
    }

    fn milestone_of(&self, at: usize, id: Option<i64>) -> Value {
        let known = id.and_then(|id| self.repos[at].milestones.iter().find(|milestone| milestone.id == id));
        known.map_or(Value::Null, |milestone| self.gitea_milestone(at, milestone))
    }

    pub fn gitea_repo(&self, at: usize, rights: Access) -> Value {
        let repo = &self.repos[at];
        let name = repo.full_name();
        let (root, html) = (&self.root, self.html());
        let host = root.split("://").nth(1).unwrap_or_default().split(':').next().unwrap_or_default();
        let open = |pulls: bool| repo.items.values().filter(|item| item.open && item.pull.is_some() == pulls).count();
        let mut value = json!({
            "id": repo.id, "owner": self.gitea_user(&repo.owner), "name": repo.name, "full_name": name, "description": "",
            "empty": repo.empty, "private": repo.private, "fork": false, "template": false, "mirror": false, "size": 45,
            "language": "", "languages_url": format!("{root}/api/v1/repos/{name}/languages"), "html_url": format!("{html}/{name}"),
            "url": format!("{root}/api/v1/repos/{name}"), "link": "", "ssh_url": format!("gituser@{host}:{name}.git"),
            "clone_url": format!("{html}/{name}.git"), "original_url": "", "website": "", "stars_count": 0, "forks_count": 0,
            "watchers_count": 1, "open_issues_count": open(false), "open_pr_counter": open(true), "release_counter": 0,
            "default_branch": repo.default_branch, "archived": repo.archived, "created_at": self.time(repo.created),
            "updated_at": self.time(repo.updated), "archived_at": "1970-01-01T00:00:00Z",
            "permissions": { "admin": rights >= Access::Admin, "push": rights >= Access::Write, "pull": rights >= Access::Read },
            "has_issues": !repo.issues_off,
            "internal_tracker": { "enable_time_tracker": true, "allow_only_contributors_to_track_time": true, "enable_issue_dependencies": true },
            "has_wiki": true, "has_pull_requests": !repo.pulls_off, "has_projects": true, "has_releases": true, "has_packages": true,
            "has_actions": self.dialect.since(22, true), "ignore_whitespace_conflicts": false, "allow_merge_commits": true, "allow_rebase": true,
            "allow_rebase_explicit": true, "allow_squash_merge": true, "allow_rebase_update": true,
            "default_delete_branch_after_merge": false, "default_merge_style": "merge", "default_allow_maintainer_edit": self.dialect.since(26, false),
            "avatar_url": "", "internal": false, "mirror_interval": "", "mirror_updated": "0001-01-01T00:00:00Z",
        });
        let members = value.as_object_mut().unwrap();
        if repo.issues_off {
            members.remove("internal_tracker");
        }
        let mut put = |wanted: bool, name: &str, value: Value| {
            if wanted {
                members.insert(name.to_owned(), value);
            }
        };
        let (dialect, forgejo) = (&self.dialect, self.dialect.is_forgejo());
        let old = forgejo || !dialect.since(24, false);
        put(old, "parent", Value::Null);
        put(old, "repo_transfer", Value::Null);
        put(dialect.since(22, true), "allow_fast_forward_only_merge", json!(true));
        put(dialect.since(22, true), "object_format_name", json!("sha1"));
        put(dialect.since(22, false), "projects_mode", json!("all"));
        put(dialect.since(22, true), "topics", if forgejo { Value::Null } else { json!([]) });
        put(dialect.since(23, false), "licenses", json!([]));
        put(dialect.since(26, false), "branch_count", json!(1));
        put(dialect.since(26, false), "has_code", json!(true));
        put(dialect.since(26, false), "allow_manual_merge", json!(false));
        put(dialect.since(26, false), "autodetect_manual_merge", json!(false));
        put(dialect.since(27, false), "allow_merge_update", json!(true));
        put(dialect.since(27, false), "default_update_style", json!("merge"));
        put(dialect.since(27, false), "mirror_last_sync_at", json!("0001-01-01T00:00:00Z"));
        put(forgejo, "wiki_branch", json!("main"));
        put(forgejo, "globally_editable_wiki", json!(false));
        value
    }

    /// Where people see an item.
    fn page_of(&self, at: usize, item: &Item) -> String {
        let kind = if item.pull.is_some() { "pulls" } else { "issues" };
        format!("{}/{}/{kind}/{}", self.html(), self.repos[at].full_name(), item.number)
    }

    /// An issue, or a pull request as the list of issues gives it (facts 9, 28 and 45).
    pub fn gitea_issue(&self, at: usize, item: &Item) -> Value {
        let repo = &self.repos[at];
        if item.hollow {
            return self.hollow(); // fact 29
        }
        let assignees = if item.assignees.is_empty() { Value::Null } else { self.gitea_users(&item.assignees) };
        let mut value = json!({
            "id": item.id, "url": format!("{}/repos/{}/issues/{}", self.api(), repo.full_name(), item.number),
            "html_url": self.page_of(at, item), "number": item.number, "user": self.gitea_user(&item.author),
            "original_author": "", "original_author_id": 0, "title": item.title, "body": item.body, "ref": "", "assets": [],
            "labels": self.gitea_labels(at, &item.labels), "milestone": self.milestone_of(at, item.milestone),
            "assignee": item.assignees.first().map(|login| self.gitea_user(login)), "assignees": assignees,
            "state": state(item.open), "is_locked": item.locked.is_some(), "comments": item.comments().count(),
            "created_at": self.time(item.created), "updated_at": self.time(item.updated),
            "closed_at": item.closed.map(|time| self.time(time)), "due_date": item.due.map(|time| self.time(time)),
            "pull_request": self.pull_meta(at, item),
            "repository": { "id": repo.id, "name": repo.name, "owner": repo.owner, "full_name": repo.full_name() },
            "pin_order": 0,
        });
        if self.dialect.since(25, false) {
            value["time_estimate"] = json!(0);
        }
        if self.dialect.content_version() {
            value["content_version"] = json!(item.content_version);
        }
        if self.dialect.since(27, false) {
            value["projects"] = Value::Null;
        }
        value
    }

    fn pull_meta(&self, at: usize, item: &Item) -> Value {
        let Some(pull) = &item.pull else { return Value::Null };
        let mut meta = json!({ "merged": pull.merged.is_some(), "merged_at": pull.merged.map(|time| self.time(time)) });
        if self.dialect.since(22, true) {
            meta["draft"] = json!(draft(&item.title));
            meta["html_url"] = json!(self.page_of(at, item));
        }
        meta
    }

    fn hollow(&self) -> Value {
        json!({
            "id": 0, "url": "", "html_url": "", "number": 0, "user": null, "original_author": "", "original_author_id": 0, "title": "",
            "body": "", "ref": "", "assets": null, "labels": null, "milestone": null, "assignee": null, "assignees": null, "state": "",
            "is_locked": false, "comments": 0, "created_at": "0001-01-01T00:00:00Z", "updated_at": "0001-01-01T00:00:00Z",
            "closed_at": null, "due_date": null, "pull_request": null, "repository": null, "pin_order": 0,
        })
    }

    /// A pull request; `listed` ones hold less (fact 24). Its id and the issue's differ (fact 23).
    pub fn gitea_pull(&self, at: usize, item: &Item, listed: bool, rights: Access) -> Value {
        let repo: &Repo = &self.repos[at];
        let pull = item.pull.as_ref().unwrap();
        let page = self.page_of(at, item);
        let path = format!("{}/{}/pulls/{}", self.root, repo.full_name(), item.number);
        let side = |name: &str, sha: &str, gone: bool| {
            let name = if gone { format!("refs/pull/{}/head", item.number) } else { name.to_owned() };
            let (id, of) = if gone { (-1, Value::Null) } else { (repo.id, self.gitea_repo(at, rights)) };
            json!({ "label": name, "ref": name, "sha": sha, "repo_id": id, "repo": of })
        };
        let null_when_none = listed || !self.dialect.since(22, false);
        let people = |logins: &[String]| match logins.is_empty() && null_when_none {
            true => Value::Null,
            false => self.gitea_users(logins),
        };
        // As recorded: lists leave out who only commented, newer ones name them for a single one.
        let counts = |review: &&Review| review.state != "COMMENT" || !null_when_none;
        let mut asked: Vec<String> = pull.reviews.iter().filter(counts).map(|review| review.by.clone()).collect();
        asked.extend(pull.reviewers.iter().filter(|login| !asked.contains(login)).cloned().collect::<Vec<_>>());
        let mut value = json!({
            "id": pull.id, "url": page, "number": item.number, "user": self.gitea_user(&item.author), "title": item.title,
            "body": item.body, "labels": self.gitea_labels(at, &item.labels), "milestone": self.milestone_of(at, item.milestone),
            "assignee": item.assignees.first().map(|login| self.gitea_user(login)), "assignees": people(&item.assignees),
            "requested_reviewers": people(&asked), "state": state(item.open), "is_locked": item.locked.is_some(),
            "comments": item.comments().count(), "html_url": page, "diff_url": format!("{path}.diff"), "patch_url": format!("{path}.patch"),
            "mergeable": true, "merged": pull.merged.is_some(), "merged_at": pull.merged.map(|time| self.time(time)),
            "merge_commit_sha": pull.merged.map(|_| sha(pull.head_sha.as_bytes())),
            "merged_by": pull.merged.filter(|_| !listed || !self.dialect.since(22, true)).map(|_| self.gitea_user(&pull.merged_by)), "allow_maintainer_edit": self.dialect.since(26, false),
            "base": side(&pull.base, &pull.base_sha, false), "head": side(&pull.head, &pull.head_sha, pull.headless),
            "merge_base": pull.base_sha, "due_date": item.due.map(|time| self.time(time)), "created_at": self.time(item.created),
            "updated_at": self.time(item.updated), "closed_at": item.closed.map(|time| self.time(time)), "pin_order": 0,
        });
        let forgejo = self.dialect.is_forgejo();
        let mut put = |wanted: bool, name: &str, member: Value| {
            if wanted {
                value[name] = member;
            }
        };
        put(self.dialect.since(22, true), "draft", json!(draft(&item.title)));
        put(self.dialect.since(22, true), "requested_reviewers_teams", people(&[]));
        put(
            forgejo || (self.dialect.since(22, false) && !pull.reviews.is_empty()),
            "review_comments",
            json!(pull.reviews.len()),
        );
        for (name, lines) in [("additions", pull.lines.0), ("deletions", pull.lines.1), ("changed_files", 1)] {
            put(forgejo || (self.dialect.since(22, false) && !listed), name, json!(lines));
        }
        put(self.dialect.content_version(), "content_version", json!(item.content_version));
        value
    }

    pub fn gitea_review(&self, at: usize, item: &Item, review: &Review) -> Value {
        let page = self.page_of(at, item);
        json!({
            "id": review.id, "user": self.gitea_user(&review.by), "team": null, "state": review.state, "body": review.body,
            "commit_id": item.pull.as_ref().unwrap().head_sha, "stale": false, "official": false, "dismissed": false, "comments_count": 0,
            "submitted_at": self.time(review.at), "updated_at": self.time(review.at),
            "html_url": format!("{page}#issuecomment-{}", review.id), "pull_request_url": page,
        })
    }

    /// A comment: exactly one of two addresses for people says where it stands (fact 33).
    pub fn gitea_comment(&self, at: usize, item: &Item, entry: &Entry) -> Value {
        let page = self.page_of(at, item);
        let (issue, pull) = if item.pull.is_some() { ("", page.as_str()) } else { (page.as_str(), "") };
        let What::Comment(body) = &entry.what else { unreachable!("{entry:?} is no comment") };
        json!({
            "id": entry.id, "html_url": format!("{page}#issuecomment-{}", entry.id), "pull_request_url": pull, "issue_url": issue,
            "user": self.gitea_user(&entry.by), "original_author": "", "original_author_id": 0, "body": body, "assets": [],
            "created_at": self.time(entry.at), "updated_at": self.time(entry.updated),
        })
    }

    pub fn gitea_entry(&self, at: usize, item: &Item, entry: &Entry) -> Value {
        let page = self.page_of(at, item);
        let (issue, pull) = if item.pull.is_some() { ("", page.as_str()) } else { (page.as_str(), "") };
        let mut value = json!({
            "id": entry.id, "type": "", "html_url": format!("{page}#issuecomment-{}", entry.id), "pull_request_url": pull, "issue_url": issue,
            "user": self.gitea_user(&entry.by), "body": "", "created_at": self.time(entry.at), "updated_at": self.time(entry.updated),
            "old_project_id": 0, "project_id": 0, "old_milestone": null, "milestone": null, "tracked_time": null, "old_title": "",
            "new_title": "", "old_ref": "", "new_ref": "", "ref_issue": null, "ref_comment": null, "ref_action": "none",
            "ref_commit_sha": "", "review_id": 0, "label": null, "assignee": null, "assignee_team": null, "removed_assignee": false,
            "resolve_doer": null, "dependent_issue": null,
        });
        value["type"] = json!(match &entry.what {
            What::Comment(body) => {
                value["body"] = json!(body);
                "comment"
            }
            What::Label { label, added } => {
                value["label"] = self.gitea_label(at, label);
                value["body"] = json!(if *added { "1" } else { "" });
                "label"
            }
            What::Assignee { login, removed } => {
                value["assignee"] = self.gitea_user(login);
                value["removed_assignee"] = json!(removed);
                "assignees"
            }
            What::Close(_) => "close",
            What::Reopen => "reopen",
            What::Milestone { old, new } => {
                value["old_milestone"] = self.milestone_of(at, *old);
                value["milestone"] = self.milestone_of(at, *new);
                "milestone"
            }
            What::Title { old, new } => {
                value["old_title"] = json!(old);
                value["new_title"] = json!(new);
                "change_title"
            }
            What::Lock(reason) => {
                value["body"] = json!(reason);
                "lock"
            }
            What::Unlock => "unlock",
            What::Reference { repo, number, comment } => {
                let from = &self.repos[*repo].items[number];
                value["ref_issue"] = self.gitea_issue(*repo, from);
                let said = from.comments().find(|(said, _)| Some(said.id) == *comment);
                value["ref_comment"] = said.map_or(Value::Null, |(said, _)| self.gitea_comment(*repo, from, said));
                match (comment, &from.pull) {
                    (Some(_), _) => "comment_ref",
                    (None, Some(_)) => "pull_ref",
                    (None, None) => "issue_ref",
                }
            }
        });
        value
    }

    /// A file or a folder (fact 34): contents are in base 64 for one file and null in a folder.
    pub fn gitea_content(&self, at: usize, sha_or_name: &str, path: &str, text: Option<&[u8]>, whole: bool) -> Value {
        let (root, api, name) = (&self.root, self.api(), self.repos[at].full_name());
        let hash = sha(text.unwrap_or(path.as_bytes()));
        let own = format!("{api}/repos/{name}/contents/{path}?ref={sha_or_name}");
        let html = format!("{root}/{name}/src/branch/{sha_or_name}/{path}");
        let git = format!("{api}/repos/{name}/git/{}/{hash}", if text.is_some() { "blobs" } else { "trees" });
        let mut value = json!({
            "name": path.rsplit('/').next(), "path": path, "sha": hash, "last_commit_sha": sha(b"commit"),
            "type": if text.is_some() { "file" } else { "dir" }, "size": text.map_or(0, <[u8]>::len),
            "encoding": whole.then_some("base64"), "content": text.filter(|_| whole).map(encode), "target": null, "url": own,
            "html_url": html, "git_url": git, "download_url": text.map(|_| format!("{root}/{name}/raw/branch/{sha_or_name}/{path}")),
            "submodule_git_url": null, "_links": { "self": own, "git": git, "html": html },
        });
        if self.dialect.since(24, false) {
            value["last_committer_date"] = json!(self.time(self.repos[at].created));
            value["last_author_date"] = json!(self.time(self.repos[at].created));
        }
        value
    }
}

pub fn state(open: bool) -> &'static str {
    if open { "open" } else { "closed" }
}

/// Fact 25.
pub fn draft(title: &str) -> bool {
    let title = title.to_uppercase();
    title.starts_with("WIP:") || title.starts_with("[WIP]")
}
