//! Names in another case than the forge has them: labels are one on GitHub and two on the others, logins
//! are one everywhere.

use super::backlog::{QUESTION, READY, REPO, empty, ours};
use super::counts::NO_SUMMARY;
use super::kaizen::Place;
use super::scenario::everywhere;
use crate::forge::{Server, issue};

fn is_github(name: &str) -> bool {
    name.starts_with("GitHub")
}

#[test]
fn a_label_in_another_case_is_there_where_the_forge_says_so() {
    everywhere(|name, dialect| {
        for comment in [true, false] {
            let mut world = empty(dialect);
            world.add_label(REPO, "Kimi-Ready", false);
            world.add_issue(REPO, issue("[research] Compare queues").by("ada").body(QUESTION));
            let server = Server::start(world);
            let silent = ("add_labels: [kimi-ready], comment: decision.md.j2", "add_labels: [kimi-ready]");
            let replaced = [NO_SUMMARY, silent];
            let mut place = Place::new(if comment { &replaced[..1] } else { &replaced });
            place.run(&server, &[]).ended(0);
            let expected = if is_github(name) { "Kimi-Ready" } else { "kimi-ready" };
            assert_eq!(server.world().labels_of(REPO, 1), [expected], "{name}");
            let labels = server.world().repo(REPO).labels.len();
            assert_eq!(labels, if is_github(name) { 3 } else { 4 }, "{name}");
            assert_eq!(server.count("POST", "/repos/*/*/labels"), usize::from(!is_github(name)), "{name}");
            for _ in 0..2 {
                server.forget_requests();
                place.run(&server, &[]).ended(0);
                assert_eq!(server.writes(), [""; 0], "{name}: it is seen as missing");
                place.forget();
            }
            // A person takes it off: it stays off, whatever its case.
            let label = {
                let mut world = server.world();
                world.repo(REPO).labels.iter().find(|label| label.name == expected).unwrap().clone()
            };
            server.world().remove_labels(0, 1, "maria", vec![label]);
            server.forget_requests();
            place.run(&server, &[]).ended(0);
            assert_eq!(server.writes(), [""; 0], "{name}: a person took it off");
        }
    });
}

#[test]
fn a_label_is_taken_off_by_its_name_in_any_case_on_github_alone() {
    everywhere(|name, dialect| {
        let mut world = empty(dialect);
        world.add_label(REPO, "Needs-Work", false);
        world.add_issue(REPO, issue("[bug] Login fails").by("ada").body(READY).labels(&["Needs-Work"]));
        let server = Server::start(world);
        let place = Place::new(&[NO_SUMMARY, ("assign: [claude]", "remove_labels: [needs-work]")]);
        place.run(&server, &["--dry-run", "--plan-out", "plan.json"]).ended(0);
        // A run that is killed after its comment and the label: the plan is carried out to its end.
        place.apply("plan.json", &[]).ended(0);
        let left = if is_github(name) { &[][..] } else { &["Needs-Work"] };
        assert_eq!(server.world().labels_of(REPO, 1), left, "{name}");
        server.forget_requests();
        place.apply("plan.json", &[]).ended(0).says("unchanged");
        place.run(&server, &[]).ended(0);
        assert_eq!(server.writes(), [""; 0], "{name}");
        assert_eq!(ours(server.world().item(REPO, 1)).len(), 1, "{name}");
    });
}

#[test]
fn a_login_in_another_case_is_the_same_person() {
    everywhere(|name, dialect| {
        let mut world = empty(dialect);
        world.add_issue(REPO, issue("[bug] Login fails").by("ada").body(READY));
        for title in ["[bug] One", "[bug] Two", "[bug] Three"] {
            world.add_issue(REPO, issue(title).by("ada").body(READY).assignees(&["claude"]));
        }
        let server = Server::start(world);
        // Three in hand are enough, whatever the rules call who has them.
        let place = Place::new(&[NO_SUMMARY, ("claude: {login: claude", "claude: {login: Claude")]);
        let ran = place.run(&server, &["--format", "json"]);
        assert_eq!(ran.ended(0).json()["totals"]["waiting"], 1, "{name}: {}", ran.stdout);
        assert_eq!(server.writes(), [""; 0], "{name}");
    });
}
