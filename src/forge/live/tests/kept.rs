//! How the file of a forge is kept: as a whole, by one at a time, with everything in it.
//!
//! Takes: made-up documents. Gives: what stands in their files, and when.

use std::time::Duration;

use super::*;

#[test]
fn the_file_changes_only_when_an_item_is_done_and_keeps_all_else() {
    let world = LiveTestWorld::new("gitea", json!({}));
    let before = fs::read_to_string(&world.path).unwrap();
    let live = world.open();
    let fresh = live.item(0, ItemKind::Issue, 9).unwrap().unwrap();
    live.change(0, &fresh, Change::Comment { body: "x" }).unwrap();
    assert_eq!(fs::read_to_string(&world.path).unwrap(), before);
    live.item_done().unwrap();
    let after = fs::read_to_string(&world.path).unwrap();
    let lost: Vec<&str> = before.lines().filter(|line| !after.contains(line.trim_end_matches(','))).collect();
    assert_eq!(lost, [r#"          "comments": 1,"#, r#"          "updated_at": "2026-01-01T00:00:00Z""#]);
    assert!(after.ends_with("}\n"));

    let stamp = || fs::metadata(&world.path).unwrap().modified().unwrap();
    let saved = stamp();
    live.change(0, &fresh, Change::Reopen).unwrap();
    live.item_done().unwrap();
    assert_eq!(stamp(), saved, "nothing changed, so nothing was written");

    live.change(0, &fresh, Change::Close { reason: None }).unwrap();
    fs::write(&world.path, &before).unwrap();
    let error = live.item_done().unwrap_err().to_string();
    assert!(error.contains("was changed by something else while this run had it"), "{error}");
    assert_eq!(fs::read_to_string(&world.path).unwrap(), before);
}

#[test]
fn a_reader_never_sees_half_a_document() {
    let world = LiveTestWorld::new("gitea", json!({}));
    let live = world.open();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let fresh = live.item(0, ItemKind::Issue, 9).unwrap().unwrap();
            for body in 0..40 {
                let body = format!("{body}").repeat(2000);
                live.change(0, &fresh, Change::Comment { body: &body }).unwrap();
                live.item_done().unwrap();
            }
        });
        while !writer.is_finished() {
            let comments = FileForge::open(&world.path).unwrap().comments(0, 9).unwrap();
            assert!(comments.len() <= 41);
        }
        writer.join().unwrap();
    });
}

#[test]
fn two_that_write_wait_for_one_another_by_whatever_name() {
    let world = LiveTestWorld::new("gitea", json!({}));
    let first = world.open();
    change(&world, &first, 9, Change::Comment { body: "first" }).unwrap();
    let short = Patience { most: Duration::from_millis(40), tell: &|_| {} };
    let other = world.path.parent().unwrap().join("./world.json");
    let error = LiveFile::open(&other, DateTime::default(), &short).unwrap_err().to_string();
    assert!(error.starts_with(&format!("the forge file {} is in use", other.display())), "{error}");
    std::thread::scope(|scope| {
        let second = scope.spawn(|| {
            let second = world.open();
            change(&world, &second, 9, Change::Comment { body: "second" }).map(|_| ()).unwrap();
        });
        change(&world, &first, 9, Change::Comment { body: "first again" }).unwrap();
        drop(first);
        second.join().unwrap();
    });
    let comments = FileForge::open(&world.path).unwrap().comments(0, 9).unwrap();
    let bodies: Vec<&str> = comments.iter().map(|comment| &*comment.body).collect();
    assert_eq!(bodies, ["hi", "first", "first again", "second"]);
}
