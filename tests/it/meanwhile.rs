//! What others do to a forge between our look and our write, and what its servers tell apart only there.
//!
//! Takes: worlds of every dialect, with somebody acting in between. Gives: what stands there in the end.
//! Each was seen on a Gitea 1.26.4 or 1.27.3 first.

use std::time::Duration;

use kaizen::forge::Forge;
use kaizen::forge::change::{Change, ForgeWriter, NewLabel};

use crate::act::kaizen::Place;
use crate::forge::{Server, World, issue};
use crate::remote::{client, fresh, peopled, strings, worlds};

#[test]
fn who_is_assigned_meanwhile_stays_assigned() {
    for world in worlds() {
        let mut world = peopled(world);
        let version = world.dialect.version.clone();
        world.add_member("acme/app", "maria", crate::forge::Access::Write);
        world.add_issue("acme/app", issue("first"));
        world.add_issue("acme/app", issue("second").assignees(&["claude"]));
        let server = Server::start(world);
        let forge = client(&server);
        let (first, second) = (fresh(&forge, 1), fresh(&forge, 2));
        for number in [1, 2] {
            server.world().assign(0, number, "maria", "maria");
        }
        forge.change(0, &first, Change::Assign(&strings(&["claude"]))).unwrap();
        forge.change(0, &second, Change::Unassign(&strings(&["claude"]))).unwrap();
        let mut assigned = server.world().assignees_of("acme/app", 1);
        assigned.sort();
        assert_eq!(assigned, ["claude", "maria"], "{version}");
        assert_eq!(server.world().assignees_of("acme/app", 2), ["maria"], "{version}");
    }
}

#[test]
fn an_organisation_is_an_account_and_cannot_be_assigned() {
    for world in worlds() {
        let mut world = peopled(world);
        let version = world.dialect.version.clone();
        // Without the scope for organisations, as a token of few scopes is.
        let scopes = ["write:issue", "read:repository", "read:user"].map(str::to_owned).to_vec();
        if !world.dialect.is_github() {
            world.add_token("t0ken", "kaizen-bot").scopes = Some(scopes);
        }
        let server = Server::start(world);
        let forge = client(&server);
        assert!(!forge.assignable(0, "acme").unwrap(), "{version}");
        assert!(!forge.assignable(0, "nosuch").unwrap(), "{version}");
        assert!(forge.assignable(0, "claude").unwrap(), "{version}");
    }
}

#[test]
fn labels_of_an_organisation_are_seen_without_its_scope() {
    for version in ["1.21.11", "1.26.4", "1.27.3"] {
        let mut world = peopled(World::gitea(version));
        world.add_issue("acme/app", issue("first"));
        let scopes = ["write:issue", "read:repository", "read:user"].map(str::to_owned).to_vec();
        world.add_token("t0ken", "kaizen-bot").scopes = Some(scopes);
        let server = Server::start(world);
        let forge = client(&server);
        assert!(forge.preflight(0, false).unwrap().labels.contains(&"org/urgent".to_owned()), "{version}");
        forge.change(0, &fresh(&forge, 1), Change::AddLabels(&strings(&["org/urgent"]))).unwrap();
        assert_eq!(server.world().labels_of("acme/app", 1), ["org/urgent"], "{version}");
    }
}

#[test]
fn a_label_that_was_deleted_meanwhile_is_off() {
    for world in worlds() {
        let mut world = peopled(world);
        let version = world.dialect.version.clone();
        world.add_issue("acme/app", issue("first").labels(&["bug"]));
        let server = Server::start(world);
        let forge = client(&server);
        forge.preflight(0, false).unwrap();
        let first = fresh(&forge, 1);
        {
            let mut world = server.world();
            let gone = world.repo("acme/app").labels.iter().find(|label| label.name == "bug").unwrap().id;
            world.item("acme/app", 1).labels.clear();
            world.repo("acme/app").labels.retain(|label| label.id != gone);
        }
        let done = forge.change(0, &first, Change::RemoveLabels(&strings(&["bug"])));
        assert!(done.is_ok(), "{version}: {done:?}");
    }
}

#[test]
fn a_label_that_two_runs_make_at_once_is_one_in_the_end() {
    for world in worlds() {
        let server = Server::start(peopled(world));
        let label = NewLabel { name: "new label".into(), color: "00ff00".into(), description: "d".into() };
        server.latency(Duration::from_millis(40));
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| client(&server).create_label(0, &label).unwrap());
            }
        });
        let mut world = server.world();
        let version = world.dialect.version.clone();
        let made = world.repo("acme/app").labels.iter().filter(|label| label.name == "new label").count();
        assert_eq!(made, 1, "{version}");
    }
}

#[test]
fn of_two_labels_of_one_name_none_is_left_on() {
    for version in ["1.21.11", "1.26.4", "1.27.3"] {
        let mut world = peopled(World::gitea(version));
        world.add_label("acme/app", "twice", false);
        world.add_label("acme/app", "twice", false);
        let number = world.add_issue("acme/app", issue("first"));
        let second = world.repo("acme/app").labels.iter().rfind(|label| label.name == "twice").unwrap().id;
        world.item("acme/app", number).labels.push(second);
        let server = Server::start(world);
        let forge = client(&server);
        forge.change(0, &fresh(&forge, number), Change::RemoveLabels(&strings(&["twice"]))).unwrap();
        assert_eq!(server.world().labels_of("acme/app", number), [""; 0], "{version}");
        // A filter by a name that two have wants both of them: nothing would be found.
        server.world().item("acme/app", number).labels.push(second);
        assert_eq!(forge.labelled(0, "twice").unwrap().len(), 1, "{version}");
    }
}

#[test]
fn two_runs_at_once_leave_one_summary_open() {
    for world in [World::gitea("1.26.4"), World::gitea("1.27.3"), World::forgejo(), World::github()] {
        let mut world = world;
        let version = world.dialect.version.clone();
        world.add_repo(crate::act::backlog::REPO);
        world.add_member(crate::act::backlog::REPO, "kaizen-bot", crate::forge::Access::Write);
        world.add_token(crate::act::kaizen::TOKEN, "kaizen-bot");
        let server = Server::start(world);
        server.latency(Duration::from_millis(30));
        let (one, other) = (Place::new(&[]), Place::new(&[]));
        std::thread::scope(|scope| {
            for place in [&one, &other] {
                scope.spawn(|| {
                    place.run(&server, &[]).ended(0);
                });
            }
        });
        let found = crate::act::backlog::summaries(&mut server.world());
        let open = found.iter().filter(|n| server.world().item(crate::act::backlog::REPO, **n).closed.is_none());
        let open: Vec<u64> = open.copied().collect();
        assert_eq!(open, found[found.len() - 1..], "{version}: {found:?}");
        // The next day goes on with that one.
        one.run(&server, &["--now", "2030-01-01T00:00:00Z"]).ended(0);
        assert_eq!(crate::act::backlog::summaries(&mut server.world()), found, "{version}");
    }
}

#[test]
fn a_dry_run_that_does_not_know_its_account_says_what_it_cannot_know() {
    let mut world = peopled(World::gitea("1.26.4"));
    let scopes = ["write:issue", "read:repository"].map(str::to_owned).to_vec();
    world.add_token(crate::act::kaizen::TOKEN, "kaizen-bot").scopes = Some(scopes);
    let server = Server::start(world);
    let place = Place::new(&[]);
    let ran = place.run(&server, &["--dry-run", "--format", "json"]);
    let warnings = ran.ended(0).json()["warnings"].to_string();
    assert!(warnings.contains("read:user") && warnings.contains("was done before"), "{warnings}");
}
