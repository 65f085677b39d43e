//! `kaizen snapshot`: a server recorded into a file that decides the same.
//!
//! Takes: worlds on the forge of the tests. Gives: the file, and the same report from it as from the
//! server; masked, the same decisions and no word of anybody's.

use serde_json::Value;

use crate::forge::{Access, Server, World, issue, pull};
use crate::support::{Kaizen, NOW, Ran, root};

const BODY: &str = "It must return what the secretary wrote; see src/save.rs. Expected: `fn save` works.";

fn server(mut world: World) -> Server {
    world.clock.set("2026-11-19T08:00:00Z");
    world.add_repo("acme/app").private = true;
    for login in ["kaizen-bot", "claude", "maria"] {
        world.add_member("acme/app", login, Access::Write);
    }
    world.add_token("t0ken", "kaizen-bot");
    world.add_label("acme/app", "bug", false);
    for title in ["[bug] Harbour lights stay dark", "Unclear", "[feature] Export the timetable"] {
        world.add_issue("acme/app", issue(title).by("maria").body(BODY).created("2026-10-01T00:00:00Z"));
    }
    // In an agent's hands: only its timeline tells how long nobody has touched it.
    let held = issue("[bug] Tide table is wrong").by("maria").body(BODY).assignees(&["claude"]);
    let held = world.add_issue("acme/app", held.created("2026-09-01T00:00:00Z").updated("2026-11-18T00:00:00Z"));
    world.add_issue("acme/app", pull("Mend the tide table").by("claude"));
    world.add_comment("acme/app", 1, "maria", "/kaizen ignore", "2026-11-01T00:00:00Z");
    world.add_comment("acme/app", held, "maria", "Any news of the secretary?", "2026-11-18T00:00:00Z");
    server_of(world)
}

fn server_of(world: World) -> Server {
    let server = Server::start(world);
    server.latency(std::time::Duration::from_millis(5));
    server
}

fn kaizen(server: &Server, args: &[&str]) -> Kaizen {
    Kaizen::bare()
        .args(args)
        .args(["--forge", &server.api_url(), "--repo", "acme/app", "--retry-wait", "1", "--now", NOW])
        .env("KAIZEN_TOKEN", "t0ken")
        .rules("rules")
}

/// The decisions of a report, item by item.
fn decisions(ran: &Ran) -> Vec<Value> {
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{}", ran.stderr));
    let of = |issue: &Value| {
        let mut decision = issue["decision"].clone();
        for member in ["reason", "note"] {
            decision[member] = Value::Null; // it may name what the mask hides
        }
        serde_json::json!([issue["number"], issue["score"], issue["type"], decision])
    };
    report["issues"].as_array().unwrap().iter().map(of).collect()
}

fn worlds() -> [fn() -> World; 4] {
    [|| World::gitea("1.21.11"), || World::gitea("1.26.4"), World::forgejo, World::github_enterprise]
}

#[test]
fn a_recording_decides_as_the_server_does_and_so_does_a_masked_one() {
    for world in worlds() {
        let server = server(world());
        let there = kaizen(&server, &["backlog-triage", "--dry-run", "--format", "json"]).run();
        let there = decisions(&there);
        assert!(there.iter().any(|item| item[3]["state"] == "planned"), "{there:?}");
        for mask in [&[][..], &["--mask"]] {
            let (ran, folder) = kaizen(&server, &[&["snapshot", "--output", "world.json"][..], mask].concat()).run_in();
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            assert!(ran.stderr.contains("5 items recorded"), "{}", ran.stderr);
            let text = std::fs::read_to_string(folder.path().join("world.json")).unwrap();
            let world: Value = serde_json::from_str(&text).unwrap();
            let events = world["repos"][0]["events"].as_object().map_or(0, serde_json::Map::len);
            assert_eq!(events, 3, "the one that the rules ask for, and those of what would be written to: {world}");
            for word in ["secretary", "Harbour", "timetable", "maria", "acme", "t0ken", "http"] {
                let kept = mask.is_empty() && word != "t0ken";
                assert_eq!(text.contains(word), kept, "{word} {mask:?}");
            }
            let here = Kaizen::triage(&world).rules("rules").run();
            assert_eq!(decisions(&here), there, "{mask:?}");
        }
    }
}

#[test]
fn closed_ones_are_recorded_where_they_are_asked_for() {
    let server = server(World::gitea("1.26.4"));
    {
        let mut world = server.world();
        let at = world.place("acme/app").unwrap();
        world.close(at, 2, "maria", None);
    }
    for (more, count) in [(&[][..], "4 items"), (&["--closed"], "5 items")] {
        let (ran, _) = kaizen(&server, &[&["snapshot", "--output", "world.json"][..], more].concat()).run_in();
        assert!(ran.stderr.contains(count), "{}", ran.stderr);
    }
}

#[test]
fn a_file_is_masked_too_and_a_forge_that_breaks_off_leaves_no_file() {
    let demo = root().join("tests/worlds/demo.json");
    let kaizen = Kaizen::bare().args(["snapshot", "--mask", "--output", "masked.json", "--now", NOW]).rules("rules");
    let (ran, folder) = kaizen.args(["--forge", &format!("file:{}", demo.display())]).run_in();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(folder.path().join("masked.json").exists());
    let server = server(World::gitea("1.26.4"));
    server.fault(crate::forge::Fault::on("GET", "/repos/*/*/labels", crate::forge::Trouble::forbidden()));
    let (ran, folder) = self::kaizen(&server, &["snapshot", "--output", "world.json"]).run_in();
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("labels of acme/app"), "{}", ran.stderr);
    assert!(!folder.path().join("world.json").exists());
}

#[test]
fn pages_are_recorded_at_once_and_in_their_order() {
    for world in worlds() {
        let mut world = world();
        world.clock.set("2026-11-19T08:00:00Z");
        world.add_repo("acme/app");
        world.add_member("acme/app", "kaizen-bot", Access::Write);
        world.add_token("t0ken", "kaizen-bot");
        for number in 1..=330 {
            world.add_issue("acme/app", issue("Unclear").by("kaizen-bot"));
            world.add_comment("acme/app", number, "kaizen-bot", "Noted.", "2026-11-01T00:00:00Z");
        }
        let server = server_of(world);
        let folder = tempfile::tempdir().unwrap();
        let recorded = |name: &str, threads: &str| {
            let path = folder.path().join(name);
            let output = path.to_str().unwrap();
            let ran = kaizen(&server, &["snapshot", "--output", output, "--concurrency", threads]).run();
            assert_eq!(ran.code, 0, "{}", ran.stderr);
            std::fs::read_to_string(&path).unwrap()
        };
        let one = recorded("one.json", "1");
        assert_eq!(server.peak(), 1);
        let requests = server.requests().len();
        let four = recorded("four.json", "4");
        assert!(server.peak() > 1, "one after the other");
        assert_eq!(server.requests().len(), 2 * requests, "no page is asked for twice");
        assert!(one == four);
        let read: Value = serde_json::from_str(&one).unwrap();
        let repo = &read["repos"][0];
        assert_eq!((repo["issues"].as_array().unwrap().len(), repo["comments"].as_object().unwrap().len()), (330, 330));
    }
}

#[test]
fn a_forge_file_is_not_recorded_onto_itself() {
    let folder = tempfile::tempdir().unwrap();
    let world = std::fs::read_to_string(root().join("tests/worlds/demo.json")).unwrap();
    let path = folder.path().join("demo.json");
    std::fs::write(&path, &world).unwrap();
    let forge = format!("file:{}", path.display());
    let ran =
        Kaizen::bare().args(["snapshot", "--mask", "--forge", &forge, "--output"]).args([&path]).rules("rules").run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("name another file with --output"), "{}", ran.stderr);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), world);
}
