//! What happened in windows of time, read from every kind of forge.
//!
//! Takes: one made-up history in each dialect, and the same in a file. Gives: one account of it,
//! whoever tells it; the requests that it took.

mod file;
mod many;

use std::collections::BTreeSet;

use kaizen::forge::{Forge, ItemKind};
use kaizen::jobs::window::{ActiveItem, Activity, RepoWindow, Window, WindowQuery, read};

use crate::forge::world::{What, instant};
use crate::forge::{Server, World as Place, issue, pull};
use crate::remote::{client, peopled, worlds};

/// The window, the one before it and the same a week ago, in seconds.
const SINCE: &str = "2026-11-19T12:00:00Z";
const UNTIL: &str = "2026-11-20T12:00:00Z";
const BEFORE: [&str; 2] = ["2026-11-18T12:00:00Z", "2026-11-12T12:00:00Z"];

fn micros(time: &str) -> i64 {
    instant(time) * 1_000_000
}

/// What happened in these repositories of a forge in the windows above.
pub fn happened(forge: &dyn Forge, repos: Vec<usize>, threads: usize) -> Activity {
    let asked = WindowQuery {
        forge,
        repos,
        since: micros(SINCE),
        until: micros(UNTIL),
        before: BEFORE.map(micros).to_vec(),
        bots: &["helper".to_owned()],
        threads,
        progress: &|_| (),
    };
    read(&asked)
}

/// Closes an item that is there.
pub fn end(place: &mut Place, number: u64, closed: &str, updated: &str) {
    let item = place.item("acme/app", number);
    item.open = false;
    item.closed = Some(instant(closed));
    item.updated = instant(updated);
}

pub fn merge(place: &mut Place, number: u64, merged: &str, updated: &str) {
    end(place, number, merged, updated);
    place.item("acme/app", number).pull.as_mut().unwrap().merged = Some(instant(merged));
}

/// The history. Whose turn it is stands beside each.
pub fn history(place: Place) -> Place {
    let mut place = peopled(place);
    for login in ["ann", "bob", "helper"] {
        place.add_user(login);
    }
    place.add_user("ci[bot]");
    let issue = |by: &str, created: &str| issue("t").by(by).created(created).updated(created);
    let pull = |created: &str| pull("p").by("ann").created(created).updated(created);
    let today = "2026-11-20T11:00:00Z";
    // 1: open for long; 2: closed in the window; 3: closed in January, touched today.
    place.add_issue("acme/app", issue("ann", "2026-02-01T00:00:00Z").labels(&["bug"]).assignees(&["claude"]));
    place.add_issue("acme/app", issue("ann", "2026-11-10T00:00:00Z"));
    end(&mut place, 2, "2026-11-20T01:00:00Z", today);
    place.add_issue("acme/app", issue("ann", "2026-01-01T00:00:00Z"));
    end(&mut place, 3, "2026-01-02T00:00:00Z", today);
    // 4: closed in the first second; 5: in the first one after.
    place.add_issue("acme/app", issue("ann", "2026-11-10T00:00:00Z"));
    end(&mut place, 4, SINCE, SINCE);
    place.add_issue("acme/app", issue("ann", "2026-11-10T00:00:00Z"));
    end(&mut place, 5, UNTIL, UNTIL);
    // 6: opened and closed a week ago; 7: opened then, closed in no window; 8: opened in the window.
    place.add_issue("acme/app", issue("ann", "2026-11-12T12:30:00Z"));
    end(&mut place, 6, "2026-11-12T13:30:00Z", "2026-11-12T13:30:00Z");
    place.add_issue("acme/app", issue("ann", "2026-11-13T01:00:00Z"));
    end(&mut place, 7, "2026-11-16T00:00:00Z", "2026-11-16T00:00:00Z");
    place.add_issue("acme/app", issue("bob", "2026-11-20T00:00:00Z"));
    // 9: merged; 10: closed the day before; 11: merged in January, touched today; 12: open.
    for created in ["2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-11-20T00:00:00Z"] {
        place.add_issue("acme/app", pull(created));
    }
    merge(&mut place, 9, "2026-11-20T02:00:00Z", today);
    end(&mut place, 10, "2026-11-19T02:00:00Z", "2026-11-19T02:00:00Z");
    merge(&mut place, 11, "2026-01-02T00:00:00Z", today);
    // 13: closed and opened again.
    place.add_issue("acme/app", issue("ann", "2026-11-01T00:00:00Z").updated(today));
    let job = place.dialect.job_login();
    let marked = "Done.\n\n<!-- kaizen:v1 policy=p key=k did=d run=r rule=r writes= text=t -->";
    for (number, by, body, at) in [
        (8, job, "automatic", "2026-11-20T00:10:00Z"),
        (8, "bob", "the author", "2026-11-20T00:20:00Z"),
        (8, "Helper", "named under bots", "2026-11-20T00:30:00Z"),
        (8, "kaizen-bot", marked, "2026-11-20T00:40:00Z"),
        (8, "claude", "the first response", "2026-11-20T00:50:00Z"),
        (8, "ann", "the second", "2026-11-20T01:00:00Z"),
        // Seven days late for the window it was opened in, and the first response all the same.
        (6, "bob", "at last", "2026-11-19T13:00:00Z"),
        (7, "bob", "soon", "2026-11-13T03:00:00Z"),
        (7, "ann", "thanks", "2026-11-13T03:01:00Z"),
        (1, "ann", "long ago", "2026-03-01T00:00:00Z"),
        (1, "kaizen-bot", "a person behind the same account", "2026-11-19T12:00:00Z"),
        (1, "ann", "the day before", "2026-11-19T11:59:59Z"),
        (9, "bob", "on a pull request", "2026-11-20T01:30:00Z"),
        // Answered before all windows: what comes in one is no first response.
        (13, "bob", "at once", "2026-11-01T00:05:00Z"),
        (13, "bob", "again", "2026-11-20T03:00:00Z"),
    ] {
        let login = if by == "Helper" { "helper" } else { by };
        place.add_comment("acme/app", number, login, body, at);
    }
    // On Gitea only ids below 0 tell; on GitHub the type too.
    if place.dialect.is_github() {
        place.add_comment("acme/app", 8, "ci[bot]", "a bot", "2026-11-20T00:05:00Z");
    }
    // An edit makes no new comment.
    let edited = place
        .item("acme/app", 1)
        .timeline
        .iter_mut()
        .find(|entry| matches!(&entry.what, What::Comment(body) if body == "long ago"));
    edited.unwrap().updated = instant(today);
    place
}

fn numbers<'a>(seen: impl Iterator<Item = &'a ActiveItem>) -> Vec<u64> {
    seen.map(|seen| seen.item.number).collect()
}

/// An account of the one repository.
pub fn told(world: &Activity) -> String {
    let [app] = &world.repos[..] else { panic!("{world:?}") };
    let minutes = |times: Vec<i64>| times.into_iter().map(|time| time / 60_000_000).collect::<Vec<_>>();
    let mut lines = vec![
        format!("{} private {}", app.repo.name, app.repo.private),
        format!("open {:?}", sorted(numbers(app.open.iter()))),
        format!("kept {:?}", sorted(numbers(app.closed.iter()))),
        format!("pulls {:?}", sorted(numbers(app.pulls.iter()))),
    ];
    for window in &world.windows {
        lines.push(format!(
            "closed {:?} opened {:?} pulls {:?} answered after {:?} closed after {:?}",
            sorted(numbers(app.closed_in(*window))),
            sorted(numbers(app.opened_in(*window))),
            pulls(app, *window),
            sorted(minutes(app.first_responses(*window))),
            sorted(minutes(app.times_to_close(*window))),
        ));
        let mut said: Vec<(u64, usize)> = app
            .open
            .iter()
            .chain(&app.closed)
            .chain(&app.pulls)
            .map(|seen| (seen.item.number, seen.comments_in(*window)))
            .filter(|(_, count)| *count > 0)
            .collect();
        said.sort_unstable();
        lines.push(format!("said {said:?}"));
    }
    lines.join("\n")
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort();
    all
}

fn pulls(app: &RepoWindow, window: Window) -> BTreeSet<(u64, &str)> {
    let login = |seen: &ActiveItem| seen.item.author.as_ref().unwrap().login.as_str().to_owned();
    assert!(app.pulls.iter().all(|seen| seen.item.kind == ItemKind::Pull && login(seen) == "ann"));
    let shown = |seen: &ActiveItem| if seen.item.merged { "merged" } else { "closed" };
    app.pulls_in(window).map(|seen| (seen.item.number, shown(seen))).collect()
}

/// What any forge must say.
pub const TOLD: &str = "\
acme/app private false
open [1, 8, 13]
kept [2, 4, 6, 7]
pulls [9, 10]
closed [2, 4] opened [8] pulls {(9, \"merged\")} answered after [50, 10110, 419760] closed after [13680, 14460]
said [(1, 1), (6, 1), (8, 3), (9, 1), (13, 1)]
closed [] opened [] pulls {(10, \"closed\")} answered after [] closed after []
said [(1, 1)]
closed [6] opened [6, 7] pulls {} answered after [120] closed after [60]
said [(7, 2)]";

#[test]
fn every_dialect_tells_one_history() {
    for place in worlds() {
        let server = Server::start(history(place));
        let forge = client(&server);
        for threads in [1, 16] {
            server.forget_requests();
            let world = happened(&forge, vec![0], threads);
            assert_eq!(told(&world), TOLD, "{}", forge.kind().name());
            assert!(world.unread.is_empty() && world.unreadable.is_empty());
            // Open ones, closed ones, comments; of single items only those that were answered and may have been
            // before.
            let paths: Vec<String> =
                server.requests().iter().map(|asked| format!("{}?{}", asked.path, asked.query)).collect();
            let single = paths.iter().filter(|path| ["/1/", "/13/"].iter().any(|number| path.contains(number)));
            assert_eq!((paths.len(), single.count()), (5, 2), "{paths:?}");
        }
        let world = happened(&forge, vec![0], 4);
        let [app] = &world.repos[..] else { panic!() };
        let old = app.open.iter().find(|seen| seen.item.number == 1).unwrap();
        assert_eq!((&*old.item.labels, &*old.item.assignees), (&["bug".into()][..], &["claude".into()][..]));
        assert!(old.item.comments >= 3 && old.item.created_at.is_some() && old.item.updated_at.is_some());
    }
}
