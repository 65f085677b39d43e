//! One scenario, the same in every dialect: a live run, a second one, the days after; a plan, carried out.

use super::backlog::{DIALECTS, MARKER, REPO, large, ours, states, summaries};
use super::kaizen::Place;
use crate::forge::world::What;
use crate::forge::{Server, World};

/// The days of the scenario.
const FIRST: &str = "2026-11-20T12:00:00Z";
const LATER: &str = "2026-11-20T18:00:00Z";
const SECOND: &str = "2026-11-21T12:00:00Z";
const THIRD: &str = "2026-11-22T12:00:00Z";

/// Does the same in every dialect at once.
pub fn everywhere(one: impl Fn(&'static str, fn() -> World) + Sync) {
    std::thread::scope(|scope| {
        for (name, dialect) in DIALECTS {
            let one = &one;
            std::thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, move || one(name, dialect)).unwrap();
        }
    });
}

fn at(server: &Server, now: &str) {
    server.world().clock.set(now);
    server.forget_requests();
}

/// What stands on every item, without the names of runs.
fn standing(world: &mut World) -> Vec<String> {
    let run = regex::Regex::new(" run=[^ ]+").unwrap();
    let numbers: Vec<u64> = world.repo(REPO).items.keys().copied().collect();
    let one = |number| {
        let (labels, assignees) = (world.labels_of(REPO, number), world.assignees_of(REPO, number));
        let item = world.item(REPO, number);
        let comments: Vec<&str> = item.comments().map(|(_, body)| body).collect();
        let text = format!("#{number} {} {} {labels:?} {assignees:?} {comments:?}", item.title, item.body);
        run.replace_all(&text, " run=-").into_owned()
    };
    numbers.into_iter().map(one).collect()
}

#[test]
fn a_live_run_does_all_kinds_of_decisions_once_and_keeps_the_summary() {
    everywhere(|name, dialect| {
        let world = large(dialect);
        world.clock.set(FIRST);
        let server = Server::start(world);
        let before: Vec<i64> = server.world().repo(REPO).items.values().map(|item| item.updated).collect();
        let mut place = Place::new(&[]);
        server.forget_requests();
        let ran = place.run(&server, &["--now", FIRST, "--format", "json"]);
        let expected = [
            (1, "done"),
            (2, "done"),
            (3, "done"),
            (4, "skipped"),
            (5, "done"),
            (6, "done"),
            (7, "dropped"),
            (8, "skipped"),
            (9, "waiting"),
            (11, "done"),
            (12, "skipped"),
            (13, "done"),
        ];
        let expected: Vec<(u64, String)> = expected.iter().map(|(n, state)| (*n, (*state).to_owned())).collect();
        assert_eq!(states(&ran.ended(0).json()), expected, "{name}: {}", ran.stderr);
        let summary = {
            let mut world = server.world();
            for (number, labels, assignees) in [
                (1, &[][..], &["claude"][..]),
                (2, &["kimi-ready"], &[]),
                (3, &["blocked"], &[]),
                (5, &[], &["claude"]),
                (6, &[], &["claude"]),
                (11, &[], &["claude"]),
                (13, &["kimi-ready"], &[]),
            ] {
                assert_eq!(ours(world.item(REPO, number)).len(), 1, "{name}: #{number}");
                assert_eq!(world.labels_of(REPO, number), labels, "{name}: #{number}");
                assert_eq!(world.assignees_of(REPO, number), assignees, "{name}: #{number}");
            }
            for (number, place) in [(4, 3), (7, 6), (8, 7), (9, 8), (10, 9), (12, 11)] {
                let item = world.item(REPO, number);
                assert!(ours(item).is_empty() && item.updated == before[place], "{name}: #{number} was touched");
            }
            // Who is flagged is called, once an item; nobody else by a mention.
            let mut called: Vec<_> = world.pings.iter().filter(|ping| ping.why == "mention").collect();
            called.sort_by_key(|ping| ping.number);
            let called: Vec<_> = called.iter().map(|ping| (ping.login.as_str(), ping.number)).collect();
            assert_eq!(called, [("maria", 3), ("maria", 11)], "{name}");
            // No text of ours refers to another item (fact 105).
            let refers = |item: &crate::forge::world::Item| {
                item.timeline.iter().any(|entry| matches!(entry.what, What::Reference { .. }))
            };
            assert!(!world.repo(REPO).items.values().any(refers), "{name}: an item was referred to");
            let label = world.repo(REPO).labels.iter().find(|label| label.name == "kimi-ready").unwrap();
            assert_eq!((label.color.as_str(), label.description.as_str()), ("006b75", "Waits for the research agent."));
            let found = summaries(&mut world);
            let [number] = found[..] else { panic!("{name}: the summaries are {found:?}") };
            assert_eq!(world.labels_of(REPO, number), ["kaizen-summary"], "{name}");
            assert!(world.item(REPO, number).body.contains("One too many"), "{name}");
            number
        };
        // Again, with and without the journal: nothing.
        at(&server, LATER);
        place.run(&server, &["--now", LATER]).ended(0);
        place.forget();
        place.run(&server, &["--now", LATER]).ended(0);
        assert_eq!(server.writes(), [""; 0], "{name}");
        // The next day replaces the summary and nothing else; the day before is folded.
        at(&server, SECOND);
        place.run(&server, &["--now", SECOND]).ended(0);
        assert_eq!(server.writes(), [format!("PATCH /repos/{REPO}/issues/{summary}")], "{name}");
        let body = server.world().item(REPO, summary).body.clone();
        assert!(body.contains("<details>") && body.contains("2026-11-20") && body.contains(MARKER), "{name}: {body}");
        at(&server, SECOND);
        place.run(&server, &["--now", SECOND]).ended(0);
        assert_eq!(server.writes(), [""; 0], "{name}");
        // Somebody closes it: it is off.
        server.world().close(0, summary, "maria", None);
        at(&server, THIRD);
        place.forget();
        place.run(&server, &["--now", THIRD]).ended(0);
        assert_eq!(server.writes(), [""; 0], "{name}");
        assert_eq!(summaries(&mut server.world()), [summary], "{name}");
    });
}

#[test]
fn a_plan_is_carried_out_as_it_is_and_twice_is_once() {
    everywhere(|name, dialect| {
        let lived = Server::start(large(dialect));
        lived.world().clock.set(FIRST);
        Place::new(&[]).run(&lived, &["--now", FIRST]).ended(0);
        let server = Server::start(large(dialect));
        server.world().clock.set(FIRST);
        let mut place = Place::new(&[]);
        let before = standing(&mut server.world());
        place.run(&server, &["--now", FIRST, "--dry-run", "--plan-out", "plan.json"]).ended(0);
        assert_eq!(server.writes(), [""; 0], "{name}: a dry run writes");
        assert_eq!(standing(&mut server.world()), before, "{name}");
        // The rules are not read again.
        std::fs::remove_dir_all(place.path("rules")).unwrap();
        place.apply("plan.json", &["--now", FIRST]).ended(0);
        assert_eq!(standing(&mut server.world()), standing(&mut lived.world()), "{name}");
        let plan: serde_json::Value = serde_json::from_slice(&std::fs::read(place.path("plan.json")).unwrap()).unwrap();
        let items = plan["items"].as_array().unwrap().iter();
        let planned: usize = items.map(|item| item["effects"][0]["writes"].as_array().unwrap().len()).sum();
        let labels = server.count("POST", "/repos/*/*/labels");
        assert_eq!((server.writes().len(), labels), (planned + 2, 2), "{name}: {:?}", server.writes());
        for _ in 0..2 {
            server.forget_requests();
            place.apply("plan.json", &["--now", LATER]).ended(0);
            assert_eq!(server.writes(), [""; 0], "{name}: twice is not once");
            place.forget();
        }
    });
}

#[test]
fn what_changed_since_the_plan_is_left_alone_and_said() {
    let server = Server::start(large(|| World::gitea("1.26.4")));
    let place = Place::new(&[]);
    place.run(&server, &["--dry-run", "--plan-out", "plan.json"]).ended(0);
    server.world().retitle(0, 1, "ada", "[bug] Login fails now and then");
    server.world().say(0, 2, "ada", "/kaizen ignore");
    server.world().say(0, 3, "ada", "Any reply changes nothing.");
    server.world().close(0, 6, "maria", None);
    let ran = place.apply("plan.json", &["--format", "json"]);
    let report = ran.ended(0).json();
    let state = |number: u64| {
        let found = report["items"].as_array().unwrap().iter().find(|item| item["number"] == number);
        found.unwrap()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!([1, 2, 3, 5, 6].map(state), ["dropped", "dropped", "done", "done", "dropped"]);
    for number in [1, 2, 6] {
        assert!(ours(server.world().item(REPO, number)).is_empty(), "#{number}");
    }
    ran.says("It changed since the rules read it").says("ada asked to leave it alone");
    // For another forge, and too old: refused.
    place.apply("plan.json", &["--now", "2030-01-01T00:00:00Z"]).ended(2).says("hours old");
    place.apply("plan.json", &["--forge", "http://127.0.0.1:9"]).ended(2).says("nothing was sent");
    let other = Server::start(large(|| World::gitea("1.26.4")));
    place.apply("plan.json", &["--forge", &other.api_url()]).ended(2).says("nothing was sent");
    assert_eq!(other.writes(), [""; 0]);
}
