//! Versions read by API: a job of a pull request without a checkout.

use serde_json::{Value, json};

use super::item;
use crate::forge::{Access, Server, World, issue};
use crate::support::{Kaizen, NOW, Ran, root, shipped};

pub const REPO: &str = "acme/app";
pub const BASE: &str = "2222222222222222222222222222222222222222";
pub const HEAD: &str = "1111111111111111111111111111111111111111";

/// Rules and what they extend at a commit.
pub fn put(world: &mut World, folder: &str, commit: &str, replaced: &[(&str, &str)]) {
    let common = std::fs::read_to_string(root().join("rules/common.yaml")).unwrap();
    world.add_file(REPO, commit, &format!("{folder}/common.yaml"), &common);
    world.add_file(REPO, commit, &format!("{folder}/backlog-triage.yaml"), &shipped(replaced));
}

/// A private repository with some issues, a job's token, and rules that differ on the two sides.
pub fn forge(mut world: World, folder: &str) -> World {
    world.add_repo(REPO).private = true;
    world.add_member(REPO, "maria", Access::Write);
    world.add_job_token("j0b", REPO);
    put(&mut world, folder, BASE, &[]);
    put(&mut world, folder, HEAD, &[("ready: 5", "ready: 1")]);
    for title in ["[bug] Login fails", "Unclear", "[rfc] A good day"] {
        world.add_issue(REPO, issue(title).by("maria"));
    }
    world
}

/// `rules diff` as a job of a pull request runs it.
pub fn job(server: &Server) -> Kaizen {
    job_of(server, "diff")
}

/// A command of `rules` as a job of a pull request runs it.
pub fn job_of(server: &Server, command: &str) -> Kaizen {
    let event = json!({"pull_request": {"number": 4, "head": {"sha": HEAD}, "base": {"sha": BASE}}}).to_string();
    let kaizen = Kaizen::bare().args(["rules", command, "--format", "json", "--retry-wait", "1", "--now", NOW]);
    let path = kaizen.file("event.json", &event);
    kaizen
        .env("GITEA_ACTIONS", "true")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_API_URL", server.api_url())
        .env("GITHUB_REPOSITORY", REPO)
        .env("GITHUB_EVENT_NAME", "pull_request")
        .env("GITHUB_EVENT_PATH", path)
        .env("GITHUB_TOKEN", "j0b")
}

fn report(ran: &Ran) -> Value {
    ran.json(0)
}

#[test]
fn both_sides_of_a_pull_request_are_read_at_the_commits_of_its_event() {
    let worlds: [fn() -> World; 4] =
        [|| World::gitea("1.21.11"), || World::gitea("1.26.4"), World::forgejo, World::github_enterprise];
    for world in worlds {
        for folder in [".kaizen/rules", "rules"] {
            let server = Server::start(forge(world(), folder));
            let report = report(&job(&server).run());
            assert_eq!((&report["base"]["commit"], &report["head"]["commit"]), (&json!(BASE), &json!(HEAD)));
            assert!(item(&report, 2)["why"].to_string().contains("thresholds.ready is 1, was 5"), "{report}");
            assert_eq!(server.writes(), [""; 0]);
        }
    }
}

#[test]
fn a_template_of_the_head_counts_and_a_branch_may_be_named() {
    let mut world = forge(World::gitea("1.26.4"), "rules");
    put(&mut world, "rules", "main", &[]);
    put(&mut world, "rules", "topic", &[]);
    world.add_file(REPO, "topic", "templates/backlog-triage/decision.md.j2", "In short: {{ decision.reason }}");
    world.add_issue(REPO, issue("[bug] P0").labels(&["p0"]).by("maria"));
    let server = Server::start(world);
    let report = report(&job(&server).args(["--base", "main", "--head", "topic"]).run());
    assert_eq!((&report["totals"]["text"], &report["changed"]), (&json!(2), &json!(2)), "{report}");
    // The same from a desk, without a clone.
    let desk =
        Kaizen::bare().args(["rules", "diff", "--format", "json", "--now", NOW, "--repo", REPO, "--base", "main"]);
    let desk = desk.args(["--head", "topic", "--forge", &server.api_url()]).env("KAIZEN_TOKEN", "j0b");
    assert_eq!(desk.run().json(0)["changed"], 2);
}

#[test]
fn the_head_is_only_read_and_its_slips_are_told_at_their_place() {
    let mut world = forge(World::gitea("1.26.4"), "rules");
    put(&mut world, "rules", HEAD, &[("not ready\n", "not raedy\n")]);
    let server = Server::start(world);
    let ran = job(&server).run();
    assert_eq!(ran.code, 78, "{}", ran.stderr);
    assert!(ran.stderr.contains("acme/app@1111111111:rules/backlog-triage.yaml:"), "{}", ran.stderr);
    assert!(ran.stderr.contains("::error file=rules/backlog-triage.yaml,line="), "{}", ran.stderr);
    assert_eq!(server.writes(), [""; 0]);
}

#[test]
fn a_head_without_rules_is_said_to_have_none_and_an_event_without_a_side_is_no_event() {
    let mut world = World::gitea("1.26.4");
    world.add_repo(REPO);
    world.add_job_token("j0b", REPO);
    put(&mut world, "rules", BASE, &[]);
    world.add_file(REPO, HEAD, "README.md", "nothing");
    world.add_issue(REPO, issue("Unclear").by("maria"));
    let server = Server::start(world);
    let report = report(&job(&server).run());
    assert_eq!((&report["totals"]["lost"], &report["head"]["rules_hash"]), (&json!(1), &Value::Null));
    let kaizen = job(&server);
    let path = kaizen.file("other.json", "{}");
    let ran = kaizen.env("GITHUB_EVENT_PATH", path).run();
    assert!(ran.code == 2 && ran.stderr.contains("names no base"), "{}", ran.stderr);
}
