//! What is refused, before anything is written or in the middle, and what is said of it.

use super::backlog::{REPO, ours, small, wrong};
use super::counts::NO_SUMMARY;
use super::kaizen::Place;
use super::scenario::everywhere;
use crate::forge::{Access, Fault, Server, Trouble, World};

fn gitea() -> World {
    World::gitea("1.26.4")
}

fn scopes(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn without_a_token_a_dry_run_reads_and_a_live_run_is_refused() {
    everywhere(|name, dialect| {
        let server = Server::start(small(dialect));
        let place = Place::new(&[]);
        let live = place.finish(&place.triage(&server, &[]), &[("KAIZEN_TOKEN", "")]);
        live.ended(2).says("KAIZEN_TOKEN");
        let dry =
            place.finish(&place.triage(&server, &["--dry-run", "--plan-out", "plan.json"]), &[("KAIZEN_TOKEN", "")]);
        dry.ended(0);
        assert!(server.requests().iter().all(|asked| asked.token.is_none() && !asked.is_write()), "{name}");
        let apply: Vec<String> = ["apply", "plan.json"].map(str::to_owned).into();
        place.finish(&apply, &[("KAIZEN_TOKEN", "")]).ended(2).says("KAIZEN_TOKEN");
        // A file with a token will do, and an empty variable is none.
        std::fs::write(place.path("token"), format!("{}\n", super::kaizen::TOKEN)).unwrap();
        let args = place.triage(&server, &["--token-file", "token", "--dry-run"]);
        let output =
            place.command(&args.iter().map(String::as_str).collect::<Vec<_>>()).env("KAIZEN_TOKEN", "").output();
        assert_eq!(output.unwrap().status.code(), Some(0), "{name}");
        std::fs::remove_file(place.path("token")).unwrap();
    });
}

#[test]
fn a_live_run_that_cannot_know_itself_or_has_no_rules_of_its_own_is_refused() {
    let mut world = small(gitea);
    world.tokens.get_mut(super::kaizen::TOKEN).unwrap().scopes = scopes(&["write:issue", "read:repository"]);
    let server = Server::start(world);
    let place = Place::new(&[]);
    place.run(&server, &[]).ended(2).says("read:user");
    place.run(&server, &["--dry-run", "--plan-out", "plan.json"]).ended(0);
    place.apply("plan.json", &[]).ended(2).says("read:user");
    std::fs::remove_dir_all(place.path("rules")).unwrap();
    let mut args = place.triage(&server, &[]);
    args.retain(|arg| arg != "--rules" && arg != "rules");
    place.finish(&args, &[]).ended(2).says("kaizen init");
    assert_eq!(server.writes(), [""; 0]);
    assert!(!place.path("loop").exists(), "what was refused leaves no record of a run");
}

#[test]
fn an_expired_token_ends_a_run_at_once_or_in_the_middle() {
    everywhere(|name, dialect| {
        let server = Server::start(small(dialect));
        let mut place = Place::new(&[NO_SUMMARY]);
        server.world().tokens.get_mut(super::kaizen::TOKEN).unwrap().expired = true;
        place.run(&server, &[]).ended(1).says("the token is refused");
        assert_eq!(server.writes(), [""; 0], "{name}");
        server.world().tokens.get_mut(super::kaizen::TOKEN).unwrap().expired = false;
        // In the middle: the second comment.
        server.fault(Fault::on("POST", "/repos/*/*/issues/*/comments", Trouble::expired()).nth(2));
        let ran = place.run(&server, &["--format", "json"]);
        ran.ended(1).says("the token is refused").says("nothing was written before it").says("Not reached");
        let totals = &ran.json()["totals"];
        assert_eq!(
            (&totals["acted"], &totals["failed"], &totals["deferred"]),
            (&1.into(), &1.into(), &1.into()),
            "{name}"
        );
        assert_eq!(ran.json()["complete"], false);
        // The record says how it ended.
        let runs = place.lines("runs.jsonl");
        assert_eq!(runs.last().unwrap()["exit"], 1, "{runs:?}");
        place.forget();
        place.run(&server, &[]).ended(0);
        assert_eq!(wrong(&server, false), [""; 0], "{name}");
    });
}

#[test]
fn an_archived_repository_is_not_written_to() {
    everywhere(|name, dialect| {
        let mut world = small(dialect);
        world.repo(REPO).archived = true;
        let server = Server::start(world);
        let place = Place::new(&[]);
        place.run(&server, &[]).ended(0).says("acme/app is archived: nothing is written to it");
        assert_eq!(server.writes(), [""; 0], "{name}");
        // A dry run plans nothing there, the summary neither, says why and ends as the live run does.
        let ran = place.run(&server, &["--dry-run", "--plan-out", "plan.json", "--format", "json"]);
        let report = ran.ended(0).json();
        assert_eq!(report["totals"]["dropped"], 3, "{name}");
        let plan: serde_json::Value = serde_json::from_slice(&std::fs::read(place.path("plan.json")).unwrap()).unwrap();
        assert_eq!((&plan["items"], &report["writes"]), (&serde_json::json!([]), &serde_json::json!([])), "{name}");
        assert_eq!(report["warnings"], serde_json::json!(["acme/app is archived: nothing is written to it"]), "{name}");
        // A plan of before it was archived.
        server.world().repo(REPO).archived = false;
        place.run(&server, &["--dry-run", "--plan-out", "plan.json"]).ended(0);
        server.world().repo(REPO).archived = true;
        place.apply("plan.json", &[]).ended(0).says("is archived");
        assert_eq!(server.writes(), [""; 0], "{name}");
        // Where no rule wants anything there, nothing fails.
        for number in [1, 2, 3] {
            server.world().close(0, number, "maria", None);
        }
        let ran = place.run(&server, &["--dry-run", "--format", "json"]);
        assert_eq!(ran.ended(0).json()["writes"], serde_json::json!([]), "{name}");
        place.run(&server, &[]).ended(0).says("acme/app is archived: nothing is written to it");
        assert_eq!(server.writes(), [""; 0], "{name}");
    });
}

#[test]
fn an_undo_plans_nothing_in_a_repository_that_was_archived_since() {
    everywhere(|name, dialect| {
        let server = Server::start(small(dialect));
        let place = Place::new(&[NO_SUMMARY]);
        place.run(&server, &[]).ended(0);
        server.world().repo(REPO).archived = true;
        server.forget_requests();
        let dry = place.undo(&server, &["--dry-run", "--plan-out", "plan.json", "--format", "json"]).ended(0).json();
        assert_eq!(dry["totals"]["planned"], 0, "{name}: {dry}");
        let plan: serde_json::Value = serde_json::from_slice(&std::fs::read(place.path("plan.json")).unwrap()).unwrap();
        assert_eq!(plan["items"], serde_json::json!([]), "{name}");
        let left = dry["left"].as_array().unwrap();
        assert!(left.len() > 3, "{name}: {dry}");
        for one in left {
            assert_eq!(one["reason"], "acme/app is archived: nothing is written to it.", "{name}: {one}");
        }
        place.undo(&server, &[]).ended(0).says("acme/app is archived: nothing is written to it");
        assert_eq!(server.writes(), [""; 0], "{name}");
        // Later it can be taken back after all.
        server.world().repo(REPO).archived = false;
        place.undo(&server, &[]).ended(0);
        assert!(ours(server.world().item(REPO, 1)).is_empty(), "{name}");
    });
}

#[test]
fn a_login_that_cannot_be_assigned_is_said_before_anything_and_others_go_on() {
    everywhere(|name, dialect| {
        let server = Server::start(small(dialect));
        let place = Place::new(&[NO_SUMMARY, ("{login: claude,", "{login: nobody-there,")]);
        let ran = place.run(&server, &[]);
        ran.ended(1).says("nobody-there cannot be assigned").says("mend the login in the rules");
        let mut world = server.world();
        let posted = [1, 2, 3].map(|number| ours(world.item(REPO, number)).len());
        assert_eq!(posted, [0, 1, 1], "{name}");
        assert!(world.assignees_of(REPO, 1).is_empty());
    });
}

#[test]
fn a_locked_item_is_failed_or_written_and_others_go_on() {
    everywhere(|name, dialect| {
        let mut world = small(dialect);
        world.item(REPO, 2).locked = Some(String::new());
        let server = Server::start(world);
        server.fault(Fault::on("POST", "/repos/acme/app/issues/2/comments", Trouble::forbidden()));
        let place = Place::new(&[NO_SUMMARY]);
        let ran = place.run(&server, &[]);
        let mut world = server.world();
        let posted = [1, 2, 3].map(|number| ours(world.item(REPO, number)).len());
        match ran.code {
            // It may be that rules or the guard leave what is locked alone.
            0 => assert_eq!(posted, [1, 0, 1], "{name}: {}", ran.all()),
            _ => {
                assert_eq!(posted, [1, 0, 1], "{name}: {}", ran.all());
                ran.ended(1).says("`comment` failed").says("nothing was written before it").says("locked");
            }
        }
        assert!(world.labels_of(REPO, 2).is_empty(), "{name}: labelled without its comment");
    });
}

#[test]
fn nobody_there_is_said() {
    let server = Server::start(small(gitea));
    let place = Place::new(&[]);
    let args = place.triage(&server, &[]);
    drop(server);
    place.finish(&args, &[]).ended(1).says("no connection");
    // No repository of that name, or one that may not be seen.
    let mut world = small(gitea);
    world.add_repo("other/hidden").private = true;
    let server = Server::start(world);
    for repo in ["acme/nowhere", "other/hidden"] {
        let mut args = place.triage(&server, &[]);
        args.iter_mut().filter(|arg| *arg == REPO).for_each(|arg| *arg = repo.to_owned());
        let ran = place.finish(&args, &[]);
        assert!([1, 2].contains(&ran.code), "{}", ran.all());
        ran.says(repo);
    }
    assert_eq!(server.writes(), [""; 0]);
}

#[test]
fn a_summary_that_cannot_be_written_is_a_failure() {
    for trouble in [Trouble::forbidden(), Trouble::expired()] {
        let server = Server::start(small(gitea));
        server.fault(Fault::on("POST", "/repos/*/*/issues", trouble));
        let place = Place::new(&[]);
        place.run(&server, &[]).ended(1).says("writing the summary of acme/app failed");
        assert_eq!(wrong(&server, false), [""; 0]);
    }
}

#[test]
fn a_run_that_is_refused_half_way_is_on_record_as_ended() {
    let server = Server::start(small(gitea));
    let place = Place::new(&[]);
    place.run(&server, &["--only", "99"]).ended(2).says("no item #99");
    let runs = place.lines("runs.jsonl");
    assert_eq!((runs.len(), &runs[1]["exit"]), (2, &2.into()), "{runs:?}");
    assert_eq!(server.writes(), [""; 0]);
}

#[test]
fn a_repository_without_issues_is_no_failure_alone_or_among_others() {
    everywhere(|name, dialect| {
        let mut world = small(dialect);
        world.add_repo("acme/off").issues_off = true;
        world.add_member("acme/off", "kaizen-bot", Access::Write);
        world.add_repo("gone/old").archived = true;
        world.add_member("gone/old", "kaizen-bot", Access::Write);
        let server = Server::start(world);
        let place = Place::new(&[]);
        let url = server.api_url();
        let run = |target: &[&str]| {
            let base = ["backlog-triage", "--rules", "rules", "--forge", &url, "--loop-dir", "loop"];
            place.finish(&base.iter().chain(target).map(|arg| (*arg).to_owned()).collect::<Vec<_>>(), &[])
        };
        run(&["--repo", "acme/off"]).ended(0).says("acme/off has its issues switched off");
        run(&["--org", "gone"]).ended(0).says("gone/old is left out: archived");
        assert_eq!(server.writes(), [""; 0], "{name}");
        run(&["--repo", "acme/off", "--repo", REPO]).ended(0).says("acme/off has its issues switched off");
        assert_eq!(wrong(&server, true), [""; 0], "{name}");
    });
}
