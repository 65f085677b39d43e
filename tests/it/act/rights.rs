//! Tokens that may do less than all: what is asked for, what is told, and that the rest goes on.

use super::backlog::{READY, REPO, empty, states};
use super::kaizen::{Place, TOKEN};
use crate::forge::{Server, World, issue};

fn gitea() -> World {
    World::gitea("1.26.4")
}

/// The words of a kind that may not be seen.
const NO_PULLS: &str = "the token may not read pull requests";

#[test]
fn pull_requests_that_a_job_may_not_see_are_told_of_where_the_rules_ask_for_them_fact_83() {
    let mut world = empty(gitea);
    world.add_issue(REPO, issue("[bug] Login fails").by("ada").body(READY));
    world.add_issue(REPO, crate::forge::pull("A pull").by("ada"));
    world.add_job_token(TOKEN, REPO);
    world.tokens.get_mut(TOKEN).unwrap().no_pulls = true;
    let server = Server::start(world);
    let asked = || server.requests().iter().filter(|asked| asked.query.contains("type=pulls")).count();
    // As the shipped rules have it.
    let issues = Place::new(&[("kinds: [issue, pull]", "kinds: [issue]")]);
    for job in [issues.triage(&server, &[]), with_job("triage-score", issues.triage(&server, &[]))] {
        let ran = issues.finish(&job, &[]);
        assert!(!ran.ended(0).all().contains(NO_PULLS), "{}", ran.all());
        assert_eq!(asked(), 0, "a question that nothing turns on");
    }
    let both = Place::new(&[]);
    let report = both.run(&server, &["--dry-run", "--format", "json"]).ended(0).json();
    let told = format!("{REPO}: {NO_PULLS}, so none are looked at");
    assert_eq!((&report["warnings"], asked()), (&serde_json::json!([told]), 1));
    let ran = both.finish(&with_job("triage-score", both.triage(&server, &[])), &[]);
    assert_eq!(ran.ended(0).stderr.matches(NO_PULLS).count(), 1, "{}", ran.all());
}

/// The same arguments for another job, which has no rules there.
fn with_job(job: &str, mut args: Vec<String>) -> Vec<String> {
    args[0] = job.to_owned();
    args.retain(|arg| !["--rules", "rules"].contains(&arg.as_str()));
    args
}

#[test]
fn who_may_write_is_asked_once_by_a_token_that_may_not_ask_fact_58() {
    let mut world = empty(gitea);
    for title in ["[bug] One", "[bug] Two", "[bug] Three", "[bug] Four", "[bug] Five"] {
        world.add_issue(REPO, issue(title).by("ada").body(READY));
    }
    world.add_user("eve");
    let said = [(1, "maria", "/kaizen ignore"), (2, "eve", "/kaizen ignore"), (3, "eve", "/kaizen resume")];
    for (number, login, text) in said.into_iter().chain([(4, "ada", "/kaizen ignore"), (4, "eve", "/kaizen resume")]) {
        world.add_comment(REPO, number, login, text, "2026-11-19T10:00:00Z");
    }
    let scopes = ["read:issue", "read:organization", "read:user"].map(str::to_owned);
    world.tokens.get_mut(TOKEN).unwrap().scopes = Some(scopes.to_vec());
    let server = Server::start(world);
    let place = Place::new(&[]);
    let url = server.api_url();
    let args =
        ["backlog-triage", "--org", "acme", "--rules", "rules", "--forge", &url, "--dry-run", "--format", "json"];
    let ran = place.finish(&args.map(str::to_owned), &[]);
    // Heeded, whoever it is; what the author said stands whoever takes it back; the rest goes on.
    let expected = [(1, "dropped"), (2, "dropped"), (3, "planned"), (4, "dropped"), (5, "planned")];
    assert_eq!(states(&ran.ended(0).json()), expected.map(|(number, state)| (number, state.to_owned())));
    assert_eq!(server.count("GET", "/repos/*/*/assignees"), 1);
    assert_eq!(ran.stderr.matches("may not ask who may write there").count(), 1, "{}", ran.stderr);
}
