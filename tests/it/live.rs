//! A forge file opened to be written to reads as it does when it is only read.
//!
//! Takes: the demo world and every recorded one. Gives: items, comments, timelines and all else
//! through both readers, the same; and the file, untouched by a run that changed nothing.

use std::path::Path;
use std::sync::Mutex;

use kaizen::files::Patience;
use kaizen::forge::change::{Change, ForgeWriter};
use kaizen::forge::file::FileForge;
use kaizen::forge::live::LiveFile;
use kaizen::forge::{EventKind, Forge, States, time};
use serde_json::Value;

use crate::golden::read;
use crate::recorded;
use crate::support::root;

/// All that a forge tells, an entry a line.
fn told(forge: &impl Forge, threads: usize) -> Vec<String> {
    let mut told = vec![forge.user().to_owned(), format!("{:?}", forge.repos())];
    for repo in 0..forge.repos().len() {
        let pages = Mutex::new(Vec::new());
        let listed = forge.items(repo, States::ALL, threads, &|place, items| {
            let shown: Vec<_> = items.iter().map(|item| (item.number, format!("{item:?}"))).collect();
            pages.lock().unwrap().push((place, shown));
        });
        let mut pages = pages.into_inner().unwrap();
        pages.sort();
        assert!(pages.iter().map(|page| page.0).eq(0..pages.len()), "places without a gap");
        told.push(format!("{:?} {:?}", listed.unwrap(), forge.writers(repo).unwrap()));
        for (number, shown) in pages.into_iter().flat_map(|page| page.1) {
            told.push(shown);
            told.push(format!("{:?}", forge.comments(repo, number).unwrap()));
            told.push(format!("{:?}", forge.timeline(repo, number).unwrap()));
            told.push(forge.quiet_link(repo, number, true));
        }
    }
    told
}

fn open(path: &Path) -> LiveFile {
    LiveFile::open(path, time::parse("2026-11-22T00:00:00Z").unwrap(), &Patience::minute(&|_| {})).unwrap()
}

/// The worlds with their names.
fn worlds() -> impl Iterator<Item = (&'static str, Value)> {
    let demo = read(&root().join("tests/worlds/demo.json"));
    std::iter::once(("demo", demo)).chain(recorded::worlds())
}

#[test]
fn both_readers_of_a_file_tell_the_same_before_and_after_changes() {
    let folder = tempfile::tempdir().unwrap();
    for (name, world) in worlds() {
        let path = folder.path().join(format!("{name}.json"));
        std::fs::write(&path, world.to_string()).unwrap();
        let live = open(&path);
        let expected = told(&FileForge::open(&path).unwrap(), 1);
        assert!(expected.len() > 10, "{name}");
        for threads in [1, 4] {
            assert!(told(&live, threads) == expected, "{name} on {threads} threads");
        }
        live.item_done().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), world.to_string(), "{name} is untouched");

        let mut changed = 0;
        for repo in 0..live.repos().len() {
            let numbers = Mutex::new(Vec::new());
            let page = |_: usize, items: &[kaizen::forge::Item<'_>]| {
                numbers.lock().unwrap().extend(items.iter().map(|item| (item.kind, item.number)));
            };
            live.items(repo, States::ALL, 1, &page).unwrap();
            for (kind, number) in numbers.into_inner().unwrap().into_iter().take(20) {
                let fresh = live.item(repo, kind, number).unwrap().unwrap();
                let all = [Change::Comment { body: "By us." }, Change::Close { reason: None }];
                changed += all.into_iter().filter(|change| live.change(repo, &fresh, *change).is_ok()).count();
            }
        }
        live.item_done().unwrap();
        assert!(changed > 1, "{name}");
        let after = told(&live, 2);
        assert!(after != expected && after == told(&FileForge::open(&path).unwrap(), 2), "{name} after changes");
    }
}

#[test]
fn recorded_timelines_say_what_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut labelled = 0;
    for (name, world) in recorded::worlds() {
        let path = folder.path().join(name);
        std::fs::write(&path, world.to_string()).unwrap();
        let forge = FileForge::open(&path).unwrap();
        for (index, repo) in world["repos"].as_array().unwrap().iter().enumerate() {
            for (number, entries) in repo["events"].as_object().into_iter().flatten() {
                let events = forge.timeline(index, number.parse().unwrap()).unwrap().unwrap();
                for (entry, event) in entries.as_array().unwrap().iter().zip(events) {
                    let expected = match entry["type"].as_str().unwrap() {
                        "label" => EventKind::Labeled(entry["label"]["name"].as_str().unwrap().to_owned()),
                        "comment" => EventKind::Commented,
                        _ => EventKind::Other,
                    };
                    labelled += usize::from(matches!(event.what, EventKind::Labeled(_)));
                    assert_eq!(event.what, expected, "{name} #{number}: {entry}");
                }
            }
        }
    }
    assert!(labelled > 3, "{labelled}");
}
