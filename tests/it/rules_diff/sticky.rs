//! The comment on the pull request: one, whatever is pushed.

use super::away::{BASE, HEAD, REPO, forge, job, put};
use crate::act::backlog::{DIALECTS, MARKER};
use crate::forge::{Fault, Server, Trouble, World, issue, pull};
use crate::support::Kaizen;

/// A forge with the pull request #4, by somebody.
fn with_pull(world: World) -> World {
    let mut world = forge(world, "rules");
    assert_eq!(world.add_issue(REPO, pull("Change the rules").by("maria")), 4);
    world
}

fn comments(server: &Server, number: u64) -> Vec<String> {
    server.world().item(REPO, number).comments().map(|(_, body)| body.to_owned()).collect()
}

fn sticky(server: &Server) -> Kaizen {
    job(server).args(["--comment", "4"])
}

#[test]
fn it_is_one_comment_after_ten_pushes_in_every_dialect() {
    for (name, dialect) in DIALECTS.into_iter().filter(|(name, _)| *name != "GitHub") {
        let server = Server::start(with_pull(dialect()));
        let before: Vec<i64> = (1..=3).map(|number| server.world().item(REPO, number).updated).collect();
        for push in 1..=10 {
            let threshold = format!("ready: {}", push % 5);
            let edit = [("ready: 5", threshold.as_str())];
            // The last takes it all back.
            put(&mut server.world(), "rules", HEAD, if push == 10 { &[] } else { &edit });
            let ran = sticky(&server).run();
            assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
            let all = comments(&server, 4);
            assert_eq!(all.len(), 1, "{name}, push {push}: {all:?}");
            assert!(all[0].contains(MARKER) && all[0].contains("policy=rules-diff key=rules-diff"), "{}", all[0]);
            assert_eq!(all[0].contains("nothing changes"), push == 10, "{name}: {}", all[0]);
        }
        // Folded to a line, and written once more by nobody.
        let last = comments(&server, 4).remove(0);
        assert_eq!(last.lines().filter(|line| !line.is_empty() && !line.contains(MARKER)).count(), 1, "{last}");
        server.forget_requests();
        assert_eq!(sticky(&server).run().code, 0);
        assert_eq!(server.writes(), [""; 0], "{name}");
        // Listing items moves none of them.
        let after: Vec<i64> = (1..=3).map(|number| server.world().item(REPO, number).updated).collect();
        assert_eq!(before, after, "{name}");
        assert!((1..=3).all(|number| server.world().item(REPO, number).timeline.is_empty()), "{name}: referred to");
    }
}

#[test]
fn a_copy_of_it_by_somebody_else_is_only_a_text() {
    let server = Server::start(with_pull(World::gitea("1.26.4")));
    assert_eq!(sticky(&server).run().code, 0);
    let body = comments(&server, 4).remove(0);
    server.world().add_comment(REPO, 4, "maria", &body, "2026-11-20T12:00:00Z");
    put(&mut server.world(), "rules", HEAD, &[("ready: 5", "ready: 2")]);
    assert_eq!(sticky(&server).run().code, 0);
    let all = comments(&server, 4);
    assert!(all.len() == 2 && all[1] == body && all[0] != body, "{all:?}");
}

#[test]
fn a_token_that_may_not_comment_leaves_the_report_in_the_summary_and_the_log() {
    for (name, dialect) in DIALECTS.into_iter().filter(|(name, _)| *name != "GitHub") {
        let server = Server::start(with_pull(dialect()));
        server.fault(Fault::on("POST", "/repos/acme/app/issues/4/comments", Trouble::forbidden()).times(9));
        let kaizen = sticky(&server);
        let summary = kaizen.file("summary.md", "");
        let (ran, _folder) = kaizen.env("GITHUB_STEP_SUMMARY", &summary).run_in();
        assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains("warning: the report could not be put on #4"), "{name}: {}", ran.stderr);
        let summary = std::fs::read_to_string(summary).unwrap();
        assert!(summary.contains("Login fails") && ran.stdout.contains("Login fails"), "{name}: {summary}");
        assert_eq!(comments(&server, 4).len(), 0, "{name}");
    }
}

#[test]
fn a_server_that_fails_is_no_fork() {
    let server = Server::start(with_pull(World::gitea("1.26.4")));
    server.fault(Fault::on("POST", "/repos/acme/app/issues/4/comments", Trouble::status(422)).times(9));
    let ran = sticky(&server).run();
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let gone = job(&server).args(["--comment", "77"]).run();
    assert_eq!(gone.code, 1, "{}", gone.stderr);
}

#[test]
fn five_thousand_items_fit_into_it() {
    let mut world = with_pull(World::github_enterprise());
    for number in 0..5_000 {
        world.add_issue(
            REPO,
            issue(&format!("[bug] Login fails for the {number}th time, and nobody knows why")).by("maria"),
        );
    }
    put(&mut world, "rules", HEAD, &[("ready: 5", "ready: 1")]);
    let server = Server::start(world);
    let ran = sticky(&server).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let all = comments(&server, 4);
    let length = all[0].chars().count();
    assert!((10_000..65_536).contains(&length) && all[0].contains("left out for length"), "{length}");
    assert!(all[0].contains("of 5003 items change"), "{}", &all[0][..300]);
}

#[test]
fn a_file_forge_keeps_it_too() {
    let kaizen = Kaizen::bare();
    let issue = crate::support::issue(1, "Unclear", serde_json::json!({}));
    let pull = crate::support::issue(2, "Change", serde_json::json!({"pull_request": {}}));
    let world = serde_json::json!({"version": 1, "kind": "gitea", "user": "kaizen", "repos": [{"full_name": REPO, "issues": [issue], "pulls": [pull]}]});
    let path = kaizen.file("world.json", &world.to_string());
    kaizen.pack("base", &[]);
    kaizen.pack("head", &[("ready: 5", "ready: 0")]);
    let forge = format!("file:{}", path.display());
    let (ran, _folder) = kaizen
        .args(["rules", "diff", "--base", "base", "--rules", "head", "--comment", "2", "--forge", &forge])
        .run_in();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let after = crate::golden::read(&path);
    let written = after["repos"][0]["comments"]["2"].as_array().unwrap();
    assert!(written.len() == 1 && written[0]["body"].as_str().unwrap().contains("key=rules-diff"), "{written:?}");
}

#[test]
fn rules_that_are_broken_are_told_in_the_same_comment_until_they_are_mended() {
    let hostile = ("version: 1\n", "version: 1\n\"@ada #12 <!-- kaizen:v1 policy=x --> </details>\": 1\n");
    for (name, dialect) in DIALECTS.into_iter().filter(|(name, _)| *name != "GitHub") {
        let server = Server::start(with_pull(dialect()));
        assert_eq!(sticky(&server).run().code, 0, "{name}");
        let report = comments(&server, 4).remove(0);
        put(&mut server.world(), "rules", HEAD, &[("not ready\n", "not raedy\n"), hostile]);
        let kaizen = sticky(&server);
        let summary = kaizen.file("summary.md", "");
        let (ran, _folder) = kaizen.env("GITHUB_STEP_SUMMARY", &summary).run_in();
        assert_eq!(ran.code, 78, "{name}: {}", ran.stderr);
        let all = comments(&server, 4);
        assert_eq!(all.len(), 1, "{name}: {all:?}");
        assert!(all[0].contains("backlog-triage cannot be told") && all[0].contains("have 2 errors"), "{}", all[0]);
        assert!(all[0].contains("raedy") && all[0].contains("did you mean"), "{}", all[0]);
        assert!(!all[0].contains("Login fails"), "what is no longer so is gone: {}", all[0]);
        for bad in ["@ada", "#12", "policy=x -->", "</details>"] {
            assert!(!all[0].contains(bad), "{name}, {bad}: {}", all[0]);
        }
        assert!(std::fs::read_to_string(summary).unwrap().contains("cannot be told"), "{name}");
        // The same errors write nothing more; a mended head is compared again.
        server.forget_requests();
        assert_eq!(sticky(&server).run().code, 78);
        assert_eq!(server.writes(), [""; 0], "{name}");
        put(&mut server.world(), "rules", HEAD, &[("ready: 5", "ready: 1")]);
        assert_eq!(sticky(&server).run().code, 0, "{name}");
        let text = |comment: &str| comment.split("<!--").next().unwrap().to_owned();
        assert_eq!(comments(&server, 4).iter().map(|it| text(it)).collect::<Vec<_>>(), [text(&report)], "{name}");
    }
}

#[test]
fn broken_rules_stay_bad_rules_where_nobody_may_comment() {
    let mut world = with_pull(World::gitea("1.26.4"));
    put(&mut world, "rules", HEAD, &[("not ready\n", "not raedy\n")]);
    let server = Server::start(world);
    server.fault(Fault::on("POST", "/repos/acme/app/issues/4/comments", Trouble::forbidden()).times(9));
    let ran = sticky(&server).run();
    assert_eq!(ran.code, 78, "{}", ran.stderr);
    assert!(ran.stderr.contains("warning: the report could not be put on #4"), "{}", ran.stderr);
    let failing = Server::start(with_pull(World::gitea("1.26.4")));
    put(&mut failing.world(), "rules", HEAD, &[("not ready\n", "not raedy\n")]);
    failing.fault(Fault::on("POST", "/repos/acme/app/issues/4/comments", Trouble::status(422)).times(9));
    assert_eq!(sticky(&failing).run().code, 78, "bad rules go before a failure");
}

#[test]
fn rules_that_have_to_be_ended_are_told_there_too() {
    let mut world = with_pull(World::gitea("1.26.4"));
    put(&mut world, "rules", HEAD, &[("ready: 5", "ready: 1")]);
    let server = Server::start(world);
    assert_eq!(sticky(&server).run().code, 0);
    // Each of them is as large as a regular expression may be, in both versions.
    let large: String = (0..240).map(|n| format!("  p{n}: {{regex: '\\w{{1,20}}x{n}'}}\n")).collect();
    let large = ("patterns:\n", format!("patterns:\n{large}"));
    for revision in [BASE, HEAD] {
        put(&mut server.world(), "rules", revision, &[(large.0, &large.1)]);
    }
    let ran = sticky(&server).run();
    assert_eq!(ran.code, 78, "{}", ran.stderr);
    assert!(ran.stderr.contains("it needed more than 512 MiB"), "{}", ran.stderr);
    let all = comments(&server, 4);
    assert!(all.len() == 1 && all[0].contains("cannot be told") && all[0].contains("512 MiB"), "{all:?}");
}
