//! A recorded forge, read back.
//!
//! Takes: documents that are right, torn, changed while they are read. Gives: what is read of them, and errors
//! that say where.

#![allow(clippy::unwrap_used)]

use super::*;
use std::io::Write;
use std::sync::Mutex;

/// A file forge of one repository with these members, and its file.
fn recorded(members: &str) -> (Result<FileForge>, tempfile::NamedTempFile) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let repo = format!(r#"{{"full_name": "a/b", {members}}}"#);
    write!(file, "{{\"version\": 1, \"kind\": \"gitea\",\n\"repos\": [{repo}]}}").unwrap();
    (FileForge::open(file.path()), file)
}

/// Every item as `number title`, in the list's order.
fn all(forge: &FileForge, threads: usize) -> (Vec<String>, Result<Listing>) {
    let pages = Mutex::new(Vec::new());
    let listed = forge.items(0, States::OPEN, threads, &|place, items| {
        let shown = items.iter().map(|item| {
            let kind = item.kind.name();
            format!("{kind} {} {:.9}", item.number, item.title)
        });
        pages.lock().unwrap().push((place, shown.collect::<Vec<_>>()));
    });
    let mut pages = pages.into_inner().unwrap();
    pages.sort();
    assert!(listed.is_err() || pages.iter().map(|page| page.0).eq(0..pages.len()));
    (pages.into_iter().flat_map(|page| page.1).collect(), listed)
}

#[test]
fn the_first_of_a_number_stands_and_what_is_no_item_is_named() {
    let (forge, _file) = recorded(
        r#""pulls": [{"number": 2, "title": "late"}, {"number": 3}, 7], "issues":
        [{"number": 1, "title": "a"}, null, {"number": 2, "title": "b\ud800"},
        {"number": 1, "title": "again"}, {"number": 0}]"#,
    );
    let (items, listed) = all(&forge.unwrap(), 4);
    assert_eq!(items, ["issue 1 a", "issue 2 b\u{fffd}", "pull 3 "]);
    let unreadable = [
        "a/b: entry 2 of issues is null, not an object",
        "a/b: entry 5 of issues has a number that is no whole number above 0",
        "a/b: entry 3 of pulls is a number, not an object",
    ];
    let unreadable = unreadable.map(str::to_owned).to_vec();
    assert_eq!(listed.unwrap(), Listing { items: 3, unreadable });
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let titles = "x".repeat(20_000);
    let entry = |n: usize| match n % 9 {
        8 => "{}".to_owned(),
        _ => format!(r#"{{"number": {}, "title": "{n:9} {titles}"}}"#, n % 70 + 1),
    };
    let list: Vec<_> = (0..200).map(entry).collect();
    let (forge, _file) = recorded(&format!(r#""issues": [{}]"#, list.join(",")));
    let forge = forge.unwrap();
    let (items, listed) = all(&forge, 1);
    let listed = listed.unwrap();
    assert_eq!((items.len(), listed.unreadable.len()), (70, 22));
    for threads in [2, 3, 16] {
        let again = all(&forge, threads);
        assert_eq!((again.0, again.1.unwrap()), (items.clone(), listed.clone()));
    }
}

#[test]
fn comments_and_timelines_are_there_or_not_recorded() {
    let (forge, _file) = recorded(
        r#""comments": {"1": [{"id": 5}, null]},
        "events": {"1": null, "2": [{"user": {"login": "x"}}], "3": [{]}"#,
    );
    assert!(forge.is_err());
    let (forge, _file) = recorded(
        r#""comments": {"1": [{"id": 5}, null]},
        "events": {"1": null, "2": [{"user": {"login": "x"}}], "3": [nope]}"#,
    );
    let forge = forge.unwrap();
    assert_eq!((forge.user(), forge.repos().len()), ("kaizen", 1));
    assert_eq!(forge.comments(0, 1).unwrap().len(), 1);
    assert_eq!(forge.comments(0, 2).unwrap(), []);
    let events = |n| forge.timeline(0, n).unwrap().map(|events| events.len());
    assert_eq!((events(1), events(2), events(4)), (Some(0), Some(1), None));
    assert!(forge.timeline(0, 3).is_err() && forge.timeline(1, 1).is_err());
    assert_eq!(all(&forge, 2).0, Vec::<String>::new());
}

#[test]
fn errors_say_where() {
    let (forge, file) = recorded("\"issues\": [{\"number\": 1},\n\n {\"title\": \"\u{e9}\u{e9}\", \"number\": }]");
    let (items, listed) = all(&forge.unwrap(), 2);
    let path = file.path().display();
    let expected = format!(
        "reading the forge file failed: {path}:4:28: expected value at `}}`; mend it there, \
         or record it again with `kaizen snapshot`"
    );
    assert_eq!((items.len(), format!("{:#}", listed.unwrap_err())), (0, expected));
    let (forge, _file) = recorded("\"issues\": 3");
    let error = format!("{:#}", forge.unwrap_err());
    assert!(error.contains(":2:42: expected the list `issues`, found `3`"), "{error}");
    let missing = Path::new("/nowhere/forge.json");
    let error = format!("{:#}", FileForge::open(missing).unwrap_err());
    assert!(error.starts_with("opening the forge file /nowhere/forge.json failed; check"));
    assert!(FileForge::open(Path::new("/")).is_err());
}

#[test]
fn a_file_that_changes_is_an_error_and_one_that_is_replaced_is_not() {
    let (forge, file) = recorded(r#""issues": [{"number": 1}]"#);
    let forge = forge.unwrap();
    std::fs::remove_file(file.path()).unwrap();
    std::fs::write(file.path(), "{}").unwrap();
    assert_eq!(all(&forge, 1).0.len(), 1);
    let (forge, file) = recorded(r#""issues": [{"number": 1}]"#);
    file.as_file().set_len(60).unwrap();
    let error = all(&forge.unwrap(), 1).1.unwrap_err().to_string();
    assert!(error.ends_with("was changed while it was being read; run this again"));
}
