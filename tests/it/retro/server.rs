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
    let reports = issue("Reports").by("mara").labels(&["kaizen-retro"]).created("2026-01-01T00:00:00Z");
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
