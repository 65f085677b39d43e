//! Backlogs to act on, in every dialect.
//!
//! Takes: a dialect. Gives: a small world of three items that are acted on, a large one with all
//! kinds of decisions, and what must be true of the small one after all is done.

use serde_json::Value;

use super::kaizen::TOKEN;
use crate::forge::world::Item;
use crate::forge::{Access, Server, World, issue, pull};

pub const REPO: &str = "acme/app";
/// Where our comments begin their last line.
pub const MARKER: &str = "<!-- kaizen:v1 ";

/// A dialect: its name, and a world of it.
type Dialect = (&'static str, fn() -> World);

/// Every dialect.
pub const DIALECTS: [Dialect; 7] = [
    ("Gitea 1.21", || World::gitea("1.21.11")),
    ("Gitea 1.24", || World::gitea("1.24.7")),
    ("Gitea 1.26", || World::gitea("1.26.4")),
    ("Gitea 1.27", || World::gitea("1.27.3")),
    ("Forgejo", World::forgejo),
    ("GitHub Enterprise", World::github_enterprise),
    // At an address that does not say so: found out by asking.
    ("GitHub", World::github),
];

/// What is ready, as a bug.
pub const READY: &str = "The handler in src/auth/login.py should answer. It must return 200.";
/// What is ready, as research.
pub const QUESTION: &str =
    "## Problem\n\nLook at `fn queue()` in src/queue.rs: it should keep, must not lose, and test_queue verifies it.";

/// The repository and its people, no items.
pub fn empty(dialect: fn() -> World) -> World {
    let mut world = dialect();
    world.add_repo(REPO);
    for login in ["kaizen-bot", "claude", "kimi", "maria"] {
        world.add_member(REPO, login, Access::Write);
    }
    world.add_user("ada");
    world.add_token(TOKEN, "kaizen-bot");
    for name in ["bug", "blocked"] {
        world.add_label(REPO, name, false);
    }
    world
}

/// Three items that are acted on (assign, label, flag) and one that is not.
pub fn small(dialect: fn() -> World) -> World {
    let mut world = empty(dialect);
    world.add_issue(REPO, issue("[bug] Login fails").by("ada").body(READY));
    world.add_issue(REPO, issue("[research] Compare queues").by("ada").body(QUESTION));
    world.add_issue(REPO, issue("[bug] Upload stops").by("ada").body(READY).labels(&["blocked"]));
    world.add_issue(REPO, issue("[rfc] What is a good day?").by("ada"));
    world
}

/// All kinds of decisions.
pub fn large(dialect: fn() -> World) -> World {
    let mut world = small(dialect);
    world.add_issue(REPO, pull("fix: broken upload [bug]").by("ada").body(READY)); // 5 assigned
    world.add_issue(REPO, issue("[p0] Data loss on restart").by("ada").body("Gone.")); // 6 assigned
    world.add_issue(REPO, issue("[p0] Left alone").by("ada").body(READY)); // 7 opted out
    world.add_comment(REPO, 7, "ada", "Please:\n\n/kaizen ignore\n", "2026-11-19T10:00:00Z");
    world.add_issue(REPO, issue("[bug] In hand").by("ada").body(READY).assignees(&["maria"])); // 8 skipped
    world.add_issue(REPO, issue("[bug] One too many").by("ada").body(READY)); // 9 waits
    world.add_issue(REPO, issue("[bug] Long done").by("ada").body(READY).closed()); // 10
    let stuck = issue("[bug] Stuck").by("ada").body(READY).assignees(&["claude"]);
    world.add_issue(REPO, stuck.created("2026-09-01T12:00:00Z").updated("2026-09-02T12:00:00Z")); // 11 flagged
    world.add_issue(REPO, issue("Vague").by("ada")); // 12 not ready
    world.add_issue(REPO, pull("Compare [research]").by("ada").body(QUESTION)); // 13 labelled
    world
}

/// Comments of ours with a marker on an item.
pub fn ours(item: &Item) -> Vec<&str> {
    let marked = item.comments().filter(|(entry, body)| entry.by == "kaizen-bot" && body.contains(MARKER));
    marked.map(|(_, body)| body).collect()
}

/// The summaries of ours, open or closed.
pub fn summaries(world: &mut World) -> Vec<u64> {
    let items = world.repo(REPO).items.values();
    items.filter(|item| item.author == "kaizen-bot" && item.body.contains(MARKER)).map(|item| item.number).collect()
}

/// What is wrong with the small backlog after all was done: each item has one comment of ours and
/// exactly what its decision asks for; `summary`: one summary stands there.
pub fn wrong(server: &Server, summary: bool) -> Vec<String> {
    let mut world = server.world();
    let mut wrong = Vec::new();
    let expected: [(u64, usize, &[&str], &[&str]); 4] =
        [(1, 1, &[], &["claude"]), (2, 1, &["kimi-ready"], &[]), (3, 1, &["blocked"], &[]), (4, 0, &[], &[])];
    for (number, comments, labels, assignees) in expected {
        let found = ours(world.item(REPO, number)).len();
        if found != comments {
            wrong.push(format!("#{number} has {found} comments of ours, not {comments}"));
        }
        let (has, who) = (world.labels_of(REPO, number), world.assignees_of(REPO, number));
        if has != labels || who != assignees {
            wrong.push(format!("#{number} has {has:?} {who:?}, not {labels:?} {assignees:?}"));
        }
    }
    let pings = world.pings.iter().filter(|ping| ping.login == "maria").count();
    if pings != 1 {
        wrong.push(format!("maria was called {pings} times"));
    }
    let kinds: Vec<&str> =
        world.repo(REPO).labels.iter().filter(|label| label.name == "kimi-ready").map(|_| "kimi-ready").collect();
    if kinds.len() != 1 {
        wrong.push(format!("there are {} labels kimi-ready", kinds.len()));
    }
    let there = summaries(&mut world);
    if there.len() != usize::from(summary) {
        wrong.push(format!("the summaries are {there:?}"));
    }
    wrong
}

/// The state of every item in a report.
pub fn states(report: &Value) -> Vec<(u64, String)> {
    let issues = report["issues"].as_array().unwrap();
    let state =
        |issue: &Value| (issue["number"].as_u64().unwrap(), issue["decision"]["state"].as_str().unwrap().to_owned());
    let mut all: Vec<_> = issues.iter().map(state).collect();
    all.sort();
    all
}
