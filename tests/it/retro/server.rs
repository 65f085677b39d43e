//! The retrospective on a server: ten repositories of which one fails, the report as one comment a day.

use crate::forge::{Access, Fault, Server, Trouble, World, issue};
use crate::support::{Kaizen, Ran, root};

/// Ten repositories with an issue each, and one more with the issue that holds the reports.
fn crowd(mut world: World) -> World {
    for n in 0..10 {
        let name = format!("acme/r{n:02}");
        world.add_repo(&name);
        world.add_member(&name, "kaizen", Access::Write);
        world.add_issue(&name, issue("A title").by("mara").created("2026-11-19T20:00:00Z"));
    }
    world.add_repo("acme/ops");
    world.add_member("acme/ops", "kaizen", Access::Write);
    world.add_label("acme/ops", "kaizen-retro", false);
    let reports = issue("Reports").by("kaizen").labels(&["kaizen-retro"]).created("2026-01-01T00:00:00Z");
    world.add_issue("acme/ops", reports);
    world.add_token("t0ken", "kaizen");
    world
}

fn run(server: &Server, folder: &std::path::Path, now: &str) -> Ran {
    let rules = std::fs::read_to_string(root().join("rules/kaizen-retro.yaml")).unwrap();
    let rules = rules.replace("issue: {label", "issue: {repo: acme/ops, label");
    std::fs::create_dir_all(folder.join("rules")).unwrap();
    std::fs::write(folder.join("rules/kaizen-retro.yaml"), rules).unwrap();
    let repos: Vec<String> = (0..10).flat_map(|n| ["--repo".to_owned(), format!("acme/r{n:02}")]).collect();
    Kaizen::bare()
        .args(["kaizen-retro", "-q", "--retry-wait", "1", "--concurrency", "16", "--forge", &server.api_url()])
        .args(repos)
        .args([
            std::path::Path::new("--rules"),
            &folder.join("rules"),
            std::path::Path::new("--loop-dir"),
            &folder.join("loop"),
        ])
        .env("KAIZEN_TOKEN", "t0ken")
        .format("json")
        .at(now)
        .run()
}

#[test]
fn nine_of_ten_are_reported_and_the_tenth_is_named() {
    for (world, status) in [(World::gitea("1.26.4"), 500), (World::forgejo(), 404), (World::github_enterprise(), 500)] {
        let server = Server::start(crowd(world));
        server.fault(Fault::on("GET", "/repos/acme/r07/issues", Trouble::status(status)));
        let folder = tempfile::tempdir().unwrap();
        let ran = run(&server, folder.path(), "2026-11-20T12:00:00Z");
        let report = ran.json(4);
        assert_eq!(report["metrics"]["by_repo"].as_object().unwrap().len(), 9, "{}", ran.stderr);
        assert_eq!(report["unread"][0]["repo"], "acme/r07", "{report}");
        assert_eq!(report["complete"], false);
        let text = report["report_markdown"].as_str().unwrap();
        assert!(text.contains("Not everything could be read") && text.contains("acme/r07"), "{text}");
        let world = server.world();
        let at = world.place("acme/ops").unwrap();
        let said: Vec<String> =
            world.repos[at].items.values().flat_map(|item| item.comments().map(|(_, said)| said.to_owned())).collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("Retrospective of 2026-11-20"), "{}", said[0]);
    }
}

#[test]
fn the_same_day_has_one_comment_and_the_next_one_another() {
    for world in [World::gitea("1.27.3"), World::forgejo(), World::github_enterprise()] {
        let server = Server::start(crowd(world));
        let folder = tempfile::tempdir().unwrap();
        let comments = || {
            let world = server.world();
            let at = world.place("acme/ops").unwrap();
            world.repos[at].items.values().map(|item| item.comments().count()).sum::<usize>()
        };
        for (now, count) in [("2026-11-20T12:00:00Z", 1), ("2026-11-20T15:00:00Z", 1), ("2026-11-21T05:00:00Z", 2)] {
            let ran = run(&server, folder.path(), now);
            assert_eq!((ran.code, comments()), (0, count), "{now}: {}", ran.stderr);
        }
        // A runner that starts empty knows the last report from the forge.
        let ran = run(&server, tempfile::tempdir().unwrap().path(), "2026-11-22T05:00:00Z");
        let report = ran.json(0);
        assert_eq!(report["since"], "2026-11-21T05:00:00Z");
        assert_eq!(report["outcomes"].as_array().unwrap().len(), 2, "{report}");
    }
}

#[path = "../../../benches/measure/mod.rs"]
#[allow(dead_code, clippy::print_stdout, reason = "the benchmarks use and print the rest")]
mod measure;

/// The most memory that a retrospective of three repositories takes, in KiB, each with so many issues that ended
/// long ago; `None` where the system does not tell.
fn peak(history: u64) -> Option<u64> {
    let mut world = World::gitea("1.26.4");
    for name in ["acme/r0", "acme/r1", "acme/r2"] {
        world.add_repo(name);
        world.add_member(name, "kaizen", Access::Write);
        for n in 0..20 + history {
            let draft = issue("A title").by("mara").created("2026-01-19T20:00:00Z");
            let old = draft.updated("2026-02-01T00:00:00Z").body(&"A long story. ".repeat(100)).closed();
            let new = issue("Another").by("mara").created("2026-11-19T20:00:00Z");
            world.add_issue(name, if n < 20 { new } else { old });
        }
    }
    world.add_token("t0ken", "kaizen");
    let server = Server::start(world);
    let folder = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kaizen"));
    command.args(["kaizen-retro", "--dry-run", "-q", "--format", "json", "--now", "2026-11-20T12:00:00Z"]);
    command.args(["--repo", "acme/r0", "--repo", "acme/r1", "--repo", "acme/r2", "--forge", &server.api_url()]);
    command.arg("--rules").arg(root().join("rules")).arg("--loop-dir").arg(folder.path());
    command.env("KAIZEN_TOKEN", "t0ken").current_dir(folder.path());
    measure::run(command, &folder.path().join("out.json")).peak
}

#[test]
fn memory_is_that_of_the_window_and_not_of_history() {
    // One history has 13 MB of texts, the other next to none.
    let (Some(short), Some(long)) = (peak(10), peak(3_000)) else { return };
    assert!(long < short + 4 * 1024, "{short} and {long} KiB");
}

#[test]
fn which_repository_holds_the_issue_is_asked_before_anything_is_read() {
    let server = Server::start(crowd(World::gitea("1.26.4")));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("rules")).unwrap();
    std::fs::copy(root().join("rules/kaizen-retro.yaml"), folder.path().join("rules/kaizen-retro.yaml")).unwrap();
    let ran = Kaizen::bare()
        .args(["kaizen-retro", "-q", "--repo", "acme/r00", "--repo", "acme/r01", "--forge", &server.api_url()])
        .args([std::path::Path::new("--rules"), &folder.path().join("rules")])
        .args([std::path::Path::new("--loop-dir"), &folder.path().join("loop")])
        .env("KAIZEN_TOKEN", "t0ken")
        .at("2026-11-20T12:00:00Z")
        .run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("the sink `issue` does not say") && ran.stderr.contains("`repo: OWNER/NAME`"),
        "{}",
        ran.stderr
    );
    assert_eq!(server.count("GET", "/repos/*/*/issues"), 0);
}

#[test]
fn the_issue_of_a_job_that_ran_without_a_token_stops_the_next_run() {
    for world in [World::gitea("1.26.4"), World::forgejo(), World::github_enterprise()] {
        let mut world = crowd(world);
        world.repo("acme/ops").items.clear();
        let account = world.dialect.job_login().to_owned();
        let text = "Reports\n\n<!-- kaizen:v1 policy=kaizen-retro key=retro did=1 run=x -->";
        let label = issue("Retrospective").by(&account).body(text).labels(&["kaizen-retro"]);
        world.add_issue("acme/ops", label);
        let server = Server::start(world);
        let folder = tempfile::tempdir().unwrap();
        let ran = run(&server, folder.path(), "2026-11-20T12:00:00Z");
        assert_eq!((ran.code, server.writes().len()), (2, 0), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("bots: [\"{account}\"]")), "{}", ran.stderr);
    }
}
