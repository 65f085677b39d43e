//! What GitHub answers with, as JSON.
//!
//! Takes: a world's objects. Gives: the members that a client reads, as recorded, with absences as
//! null where GitHub says null (fact 68).

use serde_json::{Value, json};

use super::super::gitea::render::{draft, state};
use super::super::world::{Access, Entry, Item, Label, Milestone, What, World};

impl World {
    pub fn github_api(&self) -> String {
        format!("{}{}", self.called, self.dialect.prefix)
    }

    /// A user; one that is gone is `ghost` (fact 68), an app is of the type `Bot`.
    pub fn github_user(&self, login: &str) -> Value {
        let known = self.user(login);
        let job = login == self.dialect.job_login();
        let login = known.map_or(if job { login } else { "ghost" }, |user| &user.login);
        let kind = match known {
            Some(user) if user.org => "Organization",
            Some(user) if user.bot => "Bot",
            None if job => "Bot",
            _ => "User",
        };
        json!({
            "login": login, "id": known.map_or(if job { 41_898_282 } else { 10137 }, |user| user.id), "node_id": "MDQ6VXNlcg==",
            "avatar_url": "https://avatars.githubusercontent.com/u/1?v=4", "gravatar_id": "",
            "url": format!("{}/users/{login}", self.github_api()), "html_url": format!("{}/{login}", self.root), "type": kind,
            "user_view_type": "public", "site_admin": known.is_some_and(|user| user.site_admin),
        })
    }

    fn url_of(&self, at: usize) -> String {
        format!("{}/repos/{}", self.github_api(), self.repos[at].full_name())
    }

    pub fn github_label(&self, at: usize, label: &Label) -> Value {
        json!({
            "id": label.id, "node_id": "MDU6TGFiZWw=", "url": format!("{}/labels/{}", self.url_of(at), label.name), "name": label.name,
            "color": label.color, "default": false,
            "description": Some(&label.description).filter(|text| !text.is_empty()),
        })
    }

    pub fn github_labels(&self, at: usize, ids: &[i64]) -> Value {
        self.labels(at, ids).iter().map(|label| self.github_label(at, label)).collect()
    }

    /// GitHub's have a number within the repository (facts 32 and 66).
    pub fn github_milestone(&self, at: usize, milestone: &Milestone) -> Value {
        let number = self.repos[at].milestones.iter().position(|known| known.id == milestone.id).unwrap() + 1;
        let held = || self.repos[at].items.values().filter(|item| item.milestone == Some(milestone.id));
        json!({
            "url": format!("{}/milestones/{number}", self.url_of(at)), "id": milestone.id, "node_id": "MDk6TWlsZXN0b25l", "number": number,
            "title": milestone.title, "description": null, "state": state(milestone.open), "creator": self.github_user("root1"),
            "open_issues": held().filter(|item| item.open).count(), "closed_issues": held().filter(|item| !item.open).count(),
            "created_at": self.time(milestone.created), "updated_at": self.time(milestone.created), "closed_at": null,
            "due_on": milestone.due.map(|due| self.time(due)),
        })
    }

    fn github_milestone_of(&self, at: usize, item: &Item) -> Value {
        let known = item.milestone.and_then(|id| self.repos[at].milestones.iter().find(|milestone| milestone.id == id));
        known.map_or(Value::Null, |milestone| self.github_milestone(at, milestone))
    }

    pub fn github_repo(&self, at: usize, rights: Access) -> Value {
        let repo = &self.repos[at];
        let (name, url) = (repo.full_name(), self.url_of(at));
        let open = repo.items.values().filter(|item| item.open).count();
        json!({
            "id": repo.id, "node_id": "MDEwOlJlcG9zaXRvcnk=", "name": repo.name, "full_name": name, "private": repo.private,
            "owner": self.github_user(&repo.owner), "html_url": format!("{}/{name}", self.root), "description": null, "fork": false, "url": url,
            "issues_url": format!("{url}/issues{{/number}}"), "labels_url": format!("{url}/labels{{/name}}"), "created_at": self.time(repo.created),
            "updated_at": self.time(repo.updated), "pushed_at": self.time(repo.updated), "size": 1, "stargazers_count": 0, "watchers_count": 0,
            "language": null, "has_issues": !repo.issues_off, "has_projects": true, "has_downloads": true, "has_wiki": true, "has_pages": false,
            "has_discussions": false, "forks_count": 0, "mirror_url": null, "archived": repo.archived, "disabled": false,
            "open_issues_count": open, "license": null, "allow_forking": true, "is_template": false, "topics": [],
            "visibility": if repo.private { "private" } else { "public" }, "forks": 0, "open_issues": open, "watchers": 0,
            "default_branch": repo.default_branch,
            "permissions": {
                "admin": rights >= Access::Admin, "maintain": rights >= Access::Admin, "push": rights >= Access::Write,
                "triage": rights >= Access::Write, "pull": rights >= Access::Read,
            },
        })
    }

    /// Fact 89: what its author is to the repository.
    fn association(&self, at: usize, login: &str) -> &'static str {
        let repo = &self.repos[at];
        if repo.owner.eq_ignore_ascii_case(login) {
            return "OWNER";
        }
        let org = self.user(&repo.owner).is_some_and(|owner| owner.org);
        let listed = repo.access.get(login).copied().unwrap_or(Access::None);
        match listed {
            Access::Write | Access::Admin if org => "MEMBER",
            Access::Write | Access::Admin => "COLLABORATOR",
            _ if self.user(login).is_some_and(|user| user.site_admin) => "MEMBER",
            _ => "NONE",
        }
    }

    /// An issue or a pull request in the list of issues: the key `pull_request` tells (fact 65).
    pub fn github_issue(&self, at: usize, item: &Item) -> Value {
        let repo_url = self.url_of(at);
        let url = format!("{repo_url}/issues/{}", item.number);
        let page = self.github_page(at, item);
        let body = Some(&item.body).filter(|body| !body.is_empty()); // fact 28: null, not ""
        let mut value = json!({
            "url": url, "repository_url": repo_url, "labels_url": format!("{url}/labels{{/name}}"), "comments_url": format!("{url}/comments"),
            "events_url": format!("{url}/events"), "html_url": page, "id": item.id, "node_id": "MDU6SXNzdWU=", "number": item.number,
            "title": item.title, "user": self.github_user(&item.author), "labels": self.github_labels(at, &item.labels),
            "state": state(item.open), "locked": item.locked.is_some(),
            "assignees": item.assignees.iter().map(|login| self.github_user(login)).collect::<Value>(),
            "milestone": self.github_milestone_of(at, item), "comments": item.comments().count(), "created_at": self.time(item.created),
            "updated_at": self.time(item.updated), "closed_at": item.closed.map(|time| self.time(time)),
            "assignee": item.assignees.first().map(|login| self.github_user(login)),
            "author_association": self.association(at, &item.author), "type": null,
            "active_lock_reason": item.locked.as_ref().filter(|reason| !reason.is_empty()), "body": body,
            "closed_by": item.closed_by.as_ref().map(|login| self.github_user(login)), "timeline_url": format!("{url}/timeline"),
            "performed_via_github_app": null, "state_reason": item.state_reason,
        });
        if let Some(pull) = &item.pull {
            let api = format!("{repo_url}/pulls/{}", item.number);
            value["draft"] = json!(draft(&item.title));
            value["pull_request"] = json!({
                "url": api, "html_url": page, "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
                "merged_at": pull.merged.map(|time| self.time(time)),
            });
        }
        value
    }

    fn github_page(&self, at: usize, item: &Item) -> String {
        let kind = if item.pull.is_some() { "pull" } else { "issues" };
        format!("{}/{}/{kind}/{}", self.root, self.repos[at].full_name(), item.number)
    }

    pub fn github_pull(&self, at: usize, item: &Item, listed: bool) -> Value {
        let pull = item.pull.as_ref().unwrap();
        let repo_url = self.url_of(at);
        let page = self.github_page(at, item);
        let owner = &self.repos[at].owner;
        let side = |name: &str, sha: &str, gone: bool| {
            let mut of = if gone { Value::Null } else { self.github_repo(at, Access::Read) };
            // As recorded: a side's repository does not say what one may do there.
            of.as_object_mut().map(|members| members.remove("permissions"));
            json!({ "label": format!("{owner}:{name}"), "ref": name, "sha": sha, "user": self.github_user(owner), "repo": of })
        };
        let mut value = json!({
            "url": format!("{repo_url}/pulls/{}", item.number), "id": pull.id, "node_id": "MDExOlB1bGxSZXF1ZXN0", "html_url": page,
            "diff_url": format!("{page}.diff"), "patch_url": format!("{page}.patch"),
            "issue_url": format!("{repo_url}/issues/{}", item.number), "number": item.number, "state": state(item.open),
            "locked": item.locked.is_some(), "title": item.title, "user": self.github_user(&item.author),
            "body": Some(&item.body).filter(|body| !body.is_empty()), "created_at": self.time(item.created),
            "updated_at": self.time(item.updated), "closed_at": item.closed.map(|time| self.time(time)),
            "merged_at": pull.merged.map(|time| self.time(time)), "merge_commit_sha": pull.merged.map(|_| &pull.head_sha),
            "assignee": item.assignees.first().map(|login| self.github_user(login)),
            "assignees": item.assignees.iter().map(|login| self.github_user(login)).collect::<Value>(),
            "requested_reviewers": pull.reviewers.iter().map(|login| self.github_user(login)).collect::<Value>(), "requested_teams": [],
            "labels": self.github_labels(at, &item.labels), "milestone": self.github_milestone_of(at, item), "draft": draft(&item.title),
            "head": side(&pull.head, &pull.head_sha, pull.headless), "base": side(&pull.base, &pull.base_sha, false),
            "author_association": self.association(at, &item.author), "auto_merge": null,
            "active_lock_reason": item.locked.as_ref().filter(|reason| !reason.is_empty()),
        });
        if !listed {
            value["merged"] = json!(pull.merged.is_some());
            value["mergeable"] = json!(true);
            value["comments"] = json!(item.comments().count());
            value["additions"] = json!(pull.lines.0);
            value["deletions"] = json!(pull.lines.1);
            value["changed_files"] = json!(1);
        }
        value
    }

    /// Fact 33: `issue_url` is the API's.
    pub fn github_comment(&self, at: usize, item: &Item, entry: &Entry) -> Value {
        let url = self.url_of(at);
        let What::Comment(body) = &entry.what else { unreachable!("{entry:?} is no comment") };
        json!({
            "url": format!("{url}/issues/comments/{}", entry.id), "html_url": format!("{}#issuecomment-{}", self.github_page(at, item), entry.id),
            "issue_url": format!("{url}/issues/{}", item.number), "id": entry.id, "node_id": "MDEyOklzc3VlQ29tbWVudA==",
            "user": self.github_user(&entry.by), "created_at": self.time(entry.at), "updated_at": self.time(entry.updated), "body": body,
            "author_association": self.association(at, &entry.by), "performed_via_github_app": null,
        })
    }

    pub fn github_entry(&self, at: usize, item: &Item, entry: &Entry) -> Value {
        let actor = self.github_user(&entry.by);
        if let What::Comment(_) = entry.what {
            let mut value = self.github_comment(at, item, entry);
            value["event"] = json!("commented");
            value["actor"] = actor;
            return value;
        }
        let time = self.time(entry.at);
        if let What::Reference { repo, number, .. } = &entry.what {
            let from = &self.repos[*repo].items[number];
            let source = json!({ "type": "issue", "issue": self.github_issue(*repo, from) });
            return json!({ "event": "cross-referenced", "actor": actor, "created_at": time, "updated_at": time, "source": source });
        }
        let mut value = json!({
            "id": entry.id, "node_id": "MDEyOkV2ZW50", "url": format!("{}/issues/events/{}", self.url_of(at), entry.id), "actor": actor, "event": "",
            "commit_id": null, "commit_url": null, "created_at": time, "performed_via_github_app": null,
        });
        let title = |id: &Option<i64>| {
            self.repos[at].milestones.iter().find(|known| Some(known.id) == *id).map(|known| known.title.clone())
        };
        value["event"] = json!(match &entry.what {
            What::Label { label, added } => {
                value["label"] = json!({ "name": label.name, "color": label.color });
                if *added { "labeled" } else { "unlabeled" }
            }
            What::Assignee { login, removed } => {
                value["assignee"] = self.github_user(login);
                if *removed { "unassigned" } else { "assigned" }
            }
            What::Close(reason) => {
                value["state_reason"] = json!(reason);
                "closed"
            }
            What::Reopen => "reopened",
            What::Milestone { old, new } => {
                value["milestone"] = json!({ "title": title(new).or_else(|| title(old)) });
                if new.is_some() { "milestoned" } else { "demilestoned" }
            }
            What::Title { old, new } => {
                value["rename"] = json!({ "from": old, "to": new });
                "renamed"
            }
            What::Lock(reason) => {
                value["lock_reason"] = json!(Some(reason).filter(|reason| !reason.is_empty()));
                "locked"
            }
            What::Unlock => "unlocked",
            What::Comment(_) | What::Reference { .. } => unreachable!(),
        });
        value
    }
}
