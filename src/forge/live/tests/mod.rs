//! Every change on both dialects, read back through the streamed reader.
//!
//! Takes: made-up documents in a folder of their own. Gives: what became of them.

#![allow(clippy::unwrap_used)]

mod kept;
mod refused;

use std::fs;
use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::forge::{EventKind, Item, States};

const NOW: &str = "2026-11-20T12:00:00Z";

/// A document in a folder of its own.
struct LiveTestWorld {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl LiveTestWorld {
    /// One repository `a/b` with these members beside what every test needs.
    fn new(kind: &str, more: Value) -> LiveTestWorld {
        let mut repo = json!({
            "full_name": "a/b", "html_url": "https://x/a/b", "odd": {"deep": [1, 2.5, null]},
            "labels": [
                {"id": 1, "name": "bug", "color": "ee0701"},
                {"id": 2, "name": "size/s", "exclusive": true}, {"id": 3, "name": "size/l", "exclusive": true}],
            "assignees": [{"id": 2, "login": "kaizen"}, {"id": 4, "login": "Claude", "full_name": "C"}],
            "milestones": [{"id": 6, "title": "1.0", "state": "open"}, {"title": "0.9", "state": "closed"}],
            "issues": [
                {"id": 90, "number": 9, "title": "nine", "html_url": "https://x/a/b/issues/9", "state": "open",
                 "labels": [{"id": 2, "name": "size/s", "exclusive": true}], "assignees": null, "comments": 1,
                 "content_version": 3, "kept": "as it is", "updated_at": "2026-01-01T00:00:00Z"},
                {"id": 80, "number": 8, "title": "eight", "state": "open", "assignee": {"login": "mira"}}],
            "pulls": [{"id": 70, "number": 7, "state": "closed", "merged": true}],
            "comments": {"9": [{"id": 500, "user": {"login": "mira"}, "body": "hi"}]},
            "events": {"9": [{"id": 501, "type": "close", "event": "closed"}]}
        });
        if let (Value::Object(repo), Value::Object(more)) = (&mut repo, more) {
            repo.extend(more);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("world.json");
        let world = json!({"version": 1, "kind": kind, "note": "kept", "repos": [repo]});
        fs::write(&path, format!("{world:#}\n")).unwrap();
        LiveTestWorld { _folder: folder, path }
    }

    fn open(&self) -> LiveFile {
        LiveFile::open(&self.path, time::parse(NOW).unwrap(), &Patience::minute(&|_| {})).unwrap()
    }

    /// The repository as the file has it.
    fn repo(&self) -> Value {
        let world: Value = serde_json::from_slice(&fs::read(&self.path).unwrap()).unwrap();
        world["repos"][0].clone()
    }
}

/// One item, its comments and its timeline.
type ItemSnapshot = (String, Vec<Comment>, Option<Vec<Event>>);

fn seen(forge: &impl Forge, number: u64) -> ItemSnapshot {
    let found = std::sync::Mutex::new(String::new());
    let page = |_: usize, items: &[Item<'_>]| {
        for item in items.iter().filter(|item| item.number == number) {
            *found.lock().unwrap() = format!("{item:?}");
        }
    };
    forge.items(0, States::ALL, 2, &page).unwrap();
    (found.into_inner().unwrap(), forge.comments(0, number).unwrap(), forge.timeline(0, number).unwrap())
}

/// Makes one change, saves it, and holds what is read from memory to what is read from the file.
fn change(
    world: &LiveTestWorld,
    live: &LiveFile,
    number: u64,
    change: Change<'_>,
) -> Result<WriteAnswer, ChangeFailure> {
    let fresh = [ItemKind::Issue, ItemKind::Pull].into_iter().find_map(|kind| live.item(0, kind, number).unwrap());
    let done = live.change(0, &fresh.unwrap(), change);
    live.item_done().unwrap();
    assert_eq!(seen(live, number), seen(&FileForge::open(&world.path).unwrap(), number), "{change:?}");
    done
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

/// What was not done, and why.
fn shown(done: Result<WriteAnswer, ChangeFailure>) -> String {
    match done.unwrap_err() {
        ChangeFailure::Refused(error) => format!("refused: {error}"),
        ChangeFailure::Ignored(error) => format!("ignored: {error}"),
        ChangeFailure::Stale(error) => format!("stale: {error}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_change_is_made_as_the_forge_makes_it_and_written_down() {
    for kind in ["gitea", "forgejo", "github"] {
        let (world, github) = (LiveTestWorld::new(kind, json!({})), kind == "github");
        let live = world.open();
        let make = |wanted: Change<'_>| change(&world, &live, 9, wanted).unwrap();
        let item = || live.item(0, ItemKind::Issue, 9).unwrap().unwrap().item;

        let id = make(Change::Comment { body: "hello" }).id.unwrap();
        assert_eq!((id, item().comments, item().updated_at), (502, 2, time::parse(NOW)));
        let comment = live.comments(0, 9).unwrap().pop().unwrap();
        assert_eq!((comment.id, &*comment.body, comment.by_writer), (id, "hello", github));
        assert_eq!((comment.author.unwrap().login.as_str(), comment.created_at), ("kaizen", time::parse(NOW)));
        assert_eq!(make(Change::EditComment { id, body: "better" }).id, Some(id));
        assert_eq!(live.comments(0, 9).unwrap()[1].body, "better");
        assert_eq!(world.repo()["events"]["9"][1]["body"], "better");
        let since = live.comments_since(0, time::parse(NOW).unwrap()).unwrap();
        assert_eq!(since.iter().map(|placed| (placed.number, placed.comment.id)).collect::<Vec<_>>(), [(9, id)]);

        make(Change::AddLabels(&names(&["bug", "size/l", "bug"])));
        // GitHub knows no exclusive labels; a document that names some is taken at its word.
        assert_eq!(item().labels, ["bug", "size/l"]);
        make(Change::RemoveLabels(&names(&["bug", "never there"])));
        make(Change::Assign(&names(&["claude", "kaizen", "CLAUDE"])));
        assert_eq!(item().assignees, ["Claude", "kaizen"]);
        assert_eq!(world.repo()["issues"][0]["assignee"]["full_name"], "C");
        make(Change::Unassign(&names(&["kaizen", "claude", "nobody"])));
        let none = if github { json!([]) } else { Value::Null };
        assert_eq!((&world.repo()["issues"][0]["assignees"], item().assignees.len()), (&none, 0));
        make(Change::SetMilestone(Some("1.0")));
        assert_eq!(item().milestone.as_deref(), Some("1.0"));
        make(Change::Close { reason: Some("not_planned") });
        let closed = world.repo()["issues"][0].clone();
        assert_eq!((item().open, closed["closed_at"].as_str()), (false, Some(NOW)));
        assert_eq!(closed.get("state_reason"), github.then_some(&json!("not_planned")));
        make(Change::Close { reason: None });
        make(Change::Reopen);
        make(Change::Reopen);
        make(Change::EditBody { body: "text" });
        let fresh = live.item(0, ItemKind::Issue, 9).unwrap().unwrap();
        assert_eq!((fresh.item.open, &*fresh.item.body, fresh.content_version), (true, "text", Some(4)));

        let events = live.timeline(0, 9).unwrap().unwrap();
        assert!(events[1..].iter().all(|event| event.at == time::parse(NOW)));
        assert!(events[1..].iter().all(|event| event.actor.as_ref().unwrap().login == "kaizen"));
        let whats: Vec<EventKind> = events.into_iter().map(|event| event.what).collect();
        let label = |put: bool, name: &str| {
            if put { EventKind::Labeled(name.into()) } else { EventKind::Unlabeled(name.into()) }
        };
        let expected = [
            EventKind::Closed,
            EventKind::Commented,
            label(true, "bug"),
            label(false, "size/s"),
            label(true, "size/l"),
            label(false, "bug"),
            EventKind::Assigned("Claude".into()),
            EventKind::Assigned("kaizen".into()),
            EventKind::Unassigned("kaizen".into()),
            EventKind::Unassigned("Claude".into()),
            EventKind::Milestone(Some("1.0".into())),
            EventKind::Closed,
            EventKind::Reopened,
        ];
        assert_eq!(whats, expected, "{kind}");
        let form = if github { "event" } else { "type" };
        assert!(world.repo()["events"]["9"].as_array().unwrap().iter().all(|entry| entry[form].is_string()));

        make(Change::DeleteComment { id });
        assert_eq!((live.comments(0, 9).unwrap().len(), item().comments), (1, 1));
        assert_eq!(live.timeline(0, 9).unwrap().unwrap().len(), expected.len() - 1);
    }
}

#[test]
fn a_timeline_is_begun_only_for_what_we_began() {
    let world = LiveTestWorld::new("gitea", json!({}));
    let live = world.open();
    change(&world, &live, 8, Change::Assign(&names(&["claude"]))).unwrap();
    // The lone assignee stood in for a missing list, and stays assigned.
    assert_eq!(live.item(0, ItemKind::Issue, 8).unwrap().unwrap().item.assignees, ["mira", "Claude"]);
    change(&world, &live, 8, Change::Comment { body: "x" }).unwrap();
    assert_eq!(live.timeline(0, 8).unwrap(), None);
    let number = live
        .create_issue(0, NewIssue { title: "new", body: "body", labels: &names(&["bug"]), assignees: &[] })
        .unwrap()
        .number
        .unwrap();
    live.item_done().unwrap();
    let file = FileForge::open(&world.path).unwrap();
    assert_eq!((number, seen(&live, 10)), (10, seen(&file, 10)));
    assert_eq!(world.repo()["issues"][0]["number"], 10, "the newest stays first where it was");
    let timeline = file.timeline(0, 10).unwrap().unwrap();
    assert_eq!(timeline.into_iter().map(|event| event.what).collect::<Vec<_>>(), [EventKind::Labeled("bug".into())]);
    change(&world, &live, 10, Change::Close { reason: None }).unwrap();
    assert_eq!(live.timeline(0, 10).unwrap().unwrap().len(), 2);
}

#[test]
fn labels_are_made_once_and_known_from_the_items_too() {
    let issues = json!([{"number": 9, "labels": [{"name": "seen"}, {"name": "bug"}], "milestone": {"title": "2.0"}}]);
    let world = LiveTestWorld::new("github", json!({"issues": issues}));
    let live = world.open();
    let look = live.preflight(0, true).unwrap();
    assert_eq!((look.refused, look.labels), (None, names(&["bug", "size/s", "size/l", "seen"])));
    assert_eq!((look.milestones, live.preflight(0, false).unwrap().milestones), (names(&["1.0", "2.0"]), vec![]));
    assert!(live.assignable(0, "CLAUDE").unwrap() && !live.assignable(0, "x").unwrap());
    let label = |name: &str, color: &str| NewLabel { name: name.into(), color: color.into(), description: "d".into() };
    live.create_label(0, &label("kind/new", "0099FF")).unwrap();
    live.create_label(0, &label("BUG", "0099FF")).unwrap();
    assert!(live.create_label(0, &label("other", "#0099F")).is_err());
    live.item_done().unwrap();
    let made = world.repo()["labels"].as_array().unwrap().last().unwrap().clone();
    let expected = json!({"id": 502, "name": "kind/new", "color": "0099FF", "description": "d", "default": false});
    assert_eq!((made, world.repo()["labels"].as_array().unwrap().len()), (expected, 4));
    change(&world, &live, 9, Change::AddLabels(&names(&["Kind/New", "made by use"]))).unwrap();
    let labels = live.item(0, ItemKind::Issue, 9).unwrap().unwrap().item.labels;
    assert_eq!(labels, ["seen", "bug", "kind/new", "made by use"]);
    assert_eq!(live.preflight(0, false).unwrap().labels.len(), 6);
    let archived = LiveTestWorld::new("gitea", json!({"archived": true}));
    assert!(archived.open().preflight(0, false).unwrap().refused.unwrap().contains("archived"));
}
