//! Rules without a checkout: a job of the forge's CI reads them from its own repository by API.
//!
//! Takes: a repository with rules and templates at two commits. Gives: which of them a run goes by.

use serde_json::{Value, json};

use crate::forge::{Access, Server, World, issue};
use crate::support::{Kaizen, NOW, Ran, root};

const PUSHED: &str = "1111111111111111111111111111111111111111";
const BASE: &str = "2222222222222222222222222222222222222222";

/// The shipped rules with another reason in `not-ready`.
fn rules(reason: &str) -> String {
    let text = std::fs::read_to_string(root().join("rules/backlog-triage.yaml")).unwrap();
    let common = text.lines().position(|line| line.contains("id: not-ready")).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = (common..lines.len()).find(|at| lines[*at].trim_start().starts_with("reason:")).unwrap();
    lines[at] = format!("    reason: {reason}");
    lines.join("\n")
}

fn server(mut world: World, folder: &str) -> Server {
    world.add_repo("acme/app").private = true;
    world.add_member("acme/app", "maria", Access::Write);
    world.add_job_token("j0b", "acme/app");
    for (commit, reason) in [(PUSHED, "of the push"), (BASE, "of the base")] {
        world.add_file("acme/app", commit, &format!("{folder}/backlog-triage.yaml"), &rules(reason));
        let common = std::fs::read_to_string(root().join("rules/common.yaml")).unwrap();
        world.add_file("acme/app", commit, &format!("{folder}/common.yaml"), &common);
    }
    world.add_issue("acme/app", issue("Unclear").by("maria"));
    Server::start(world)
}

fn run(server: &Server, prepare: impl FnOnce(Kaizen) -> Kaizen) -> Ran {
    let kaizen = Kaizen::bare()
        .args(["backlog-triage", "--dry-run", "--format", "json", "--retry-wait", "1", "--now", NOW])
        .env("GITEA_ACTIONS", "true")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_API_URL", server.api_url())
        .env("GITHUB_REPOSITORY", "acme/app")
        .env("GITHUB_SHA", PUSHED)
        .env("GITHUB_TOKEN", "j0b");
    prepare(kaizen).run()
}

fn reason(ran: &Ran) -> String {
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    report["issues"][0]["decision"]["reason"].as_str().unwrap().to_owned()
}

#[test]
fn rules_are_read_at_the_commit_of_the_job_in_every_dialect() {
    let worlds: [fn() -> World; 4] =
        [|| World::gitea("1.21.11"), || World::gitea("1.26.4"), World::forgejo, World::github_enterprise];
    for world in worlds {
        for folder in [".kaizen/rules", "rules"] {
            let server = server(world(), folder);
            assert_eq!(reason(&run(&server, |kaizen| kaizen)), "of the push", "{folder}");
        }
    }
}

#[test]
fn a_pull_request_is_judged_by_the_rules_of_its_base() {
    let server = server(World::gitea("1.26.4"), ".kaizen/rules");
    let event = json!({"pull_request": {"head": {"sha": PUSHED}, "base": {"sha": BASE}}}).to_string();
    let ran = run(&server, |kaizen| {
        let path = kaizen.file("event.json", &event);
        kaizen.env("GITHUB_EVENT_NAME", "pull_request").env("GITHUB_EVENT_PATH", path)
    });
    assert_eq!(reason(&ran), "of the base");
    let ran = run(&server, |kaizen| {
        let path = kaizen.file("event.json", "{}");
        kaizen.env("GITHUB_EVENT_NAME", "pull_request").env("GITHUB_EVENT_PATH", path)
    });
    assert_eq!(ran.code, 2, "never the head: {}", ran.stderr);
}

#[test]
fn a_checkout_goes_before_and_nothing_is_the_built_in_file() {
    let server = server(World::gitea("1.26.4"), "elsewhere");
    let ran = run(&server, |kaizen| {
        kaizen.file("rules/backlog-triage.yaml", &rules("of the checkout"));
        kaizen.file("rules/common.yaml", &std::fs::read_to_string(root().join("rules/common.yaml")).unwrap());
        kaizen
    });
    assert_eq!(reason(&ran), "of the checkout");
    let ran = run(&server, |kaizen| kaizen);
    assert_eq!(reason(&ran), "Scores 1; 5 is ready.");
    assert!(ran.stderr.contains("holds no rules for backlog-triage"), "{}", ran.stderr);
}

#[test]
fn a_slip_in_rules_that_were_read_by_api_is_told_with_its_place() {
    let mut world = World::gitea("1.26.4");
    world.add_repo("acme/app");
    world.add_job_token("j0b", "acme/app");
    let slip = rules("x").replace("action: skip", "action: skipp");
    world.add_file("acme/app", PUSHED, ".kaizen/rules/backlog-triage.yaml", &slip);
    let common = std::fs::read_to_string(root().join("rules/common.yaml")).unwrap();
    world.add_file("acme/app", PUSHED, ".kaizen/rules/common.yaml", &common);
    let ran = run(&Server::start(world), |kaizen| kaizen);
    assert_eq!(ran.code, 78, "{}", ran.stderr);
    assert!(ran.stderr.contains("acme/app@1111111111:.kaizen/rules/backlog-triage.yaml:"), "{}", ran.stderr);
}
