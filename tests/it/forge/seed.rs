//! The world in which five real servers were asked, built again.
//!
//! Takes: which of them. Gives: the same people, repositories, issues, comments and pull requests in
//! the same order, with what earlier rounds of questions had left there.

use super::world::{Access, Review, World, instant};

/// A recorded server, and what stood in it beside the seed when the recording began: earlier
/// rounds of questions had left issues, labels, comments and repositories.
pub struct Recorded {
    pub name: &'static str,
    pub world: fn() -> World,
    /// What its ROOT_URL was, and what it was called.
    pub port: u16,
    /// Each issue: `c` for one that was closed, `r` for a reader's, locked where that was possible,
    /// `o` for another.
    pub left: &'static str,
    pub labels: u64,
    pub comments: i64,
    pub repos: u64,
}

pub const SERVERS: [Recorded; 5] = [
    Recorded {
        name: "gitea-1.27.3",
        world: || World::gitea("1.27.3"),
        port: 3128,
        left: "",
        labels: 0,
        comments: 0,
        repos: 0,
    },
    Recorded {
        name: "gitea-1.26.4",
        world: || World::gitea("1.26.4"),
        port: 3926,
        left: "cr",
        labels: 2,
        comments: 3,
        repos: 1,
    },
    Recorded {
        name: "gitea-1.24.7",
        world: || World::gitea("1.24.7"),
        port: 3924,
        left: "crcrcr",
        labels: 6,
        comments: 9,
        repos: 3,
    },
    Recorded {
        name: "gitea-1.21.11",
        world: || World::gitea("1.21.11"),
        port: 3921,
        left: "croorcr",
        labels: 4,
        comments: 9,
        repos: 2,
    },
    Recorded {
        name: "forgejo-10.0.0-dev",
        world: World::forgejo,
        port: 3910,
        left: "orcr",
        labels: 4,
        comments: 8,
        repos: 2,
    },
];

const TITLES: [&str; 15] = [
    "[bug] Login fails after password reset",
    "Crash when the config file is empty",
    "Kind/Bug: upload stops at 2 GB",
    "feat: export to CSV",
    "[research] Compare queue back-ends",
    "docs: explain retries",
    "[philosophy] What is a good day for an agent?",
    "Refactor the session store",
    "type: bug - wrong total in the report",
    "Broken link in README",
    "[p0] Data loss on restart",
    "Improve startup time",
    "Question about limits",
    "ci: cache the toolchain",
    "Non-blocking writes for the log",
];

const BODIES: [&str; 7] = [
    "",
    "It breaks.",
    "## Problem\nThe call fails with `500`.\n\n## Expected\nIt should answer 200 within 1 s.\n\n## Steps\n1. start\n2. POST /login\n3. see src/auth/login.py",
    "The handler must verify the token. Expect a test in tests/test_auth.py. See also #3.",
    "We should discuss this first.\n\n```\nshould must expect verify\n```",
    "Depends on #7.\n\nAcceptance criteria:\n- [ ] it should not leak\n- [ ] must be covered by a test",
    "Zażółć gęślą jaźń — 漢字 🎉\n\n> quoted @claude should\n",
];

/// The world of the recordings, as the program that recorded them made it.
pub fn acme(recorded: &Recorded) -> World {
    let mut world = (recorded.world)();
    world.root = format!("http://forge.example.test:{}", recorded.port);
    world.clock.set("2026-11-21T01:00:00Z");
    for login in ["maria", "kaizen-bot", "claude", "kimi", "reader", "stranger", "gone"] {
        world.add_user(login);
    }
    world.add_org("acme");
    world.add_org_label("acme", "org/urgent", true);
    for name in ["app", "lib", "old", "empty", "noissues"] {
        let full_name = format!("acme/{name}");
        world.add_repo(&full_name);
        for login in ["maria", "kaizen-bot", "claude", "kimi"] {
            world.add_member(&full_name, login, Access::Write);
        }
        world.add_member(&full_name, "reader", Access::Read);
        if name != "empty" {
            world.add_file(&full_name, "main", "README.md", "# app\n\n");
        }
    }
    world.repo("acme/lib").private = true;
    world.repo("acme/empty").empty = true;
    world.repo("acme/noissues").issues_off = true;
    let app = world.place("acme/app").unwrap();
    let labels = [
        ("bug", "ee0701", false),
        ("Kind/Bug", "ee0701", true),
        ("Kind/Feature", "00aabb", true),
        ("blocked", "000000", false),
        ("kimi-ready", "006b75", false),
        ("p0", "b60205", false),
    ];
    for (name, color, exclusive) in labels {
        world.add_label("acme/app", name, exclusive);
        world.repo("acme/app").labels.last_mut().unwrap().color = color.to_owned();
    }
    // In the order that the list of labels gives.
    let ids: Vec<i64> = ["Kind/Bug", "Kind/Feature", "blocked", "bug", "kimi-ready", "p0"]
        .map(|name| world.repo("acme/app").labels.iter().find(|label| label.name == name).unwrap().id)
        .into();
    let one = world.add_milestone("acme/app", "1.0", Some("2027-01-31T00:00:00Z"));
    world.add_milestone("acme/app", "2.0", None);
    let people = ["maria", "reader", "gone", "claude", "root1"];
    for i in 0..320 {
        world.clock.advance(i64::from(i % 5 == 0));
        let number = world.open(app, people[i % 5], &format!("{} ({i})", TITLES[i % 15]), BODIES[i % 7]);
        if i % 9 == 0 || i % 40 == 0 {
            world.assign(app, number, "root1", "claude");
        }
        if i % 40 == 0 {
            world.assign(app, number, "root1", "kimi");
        }
        if i % 13 == 0 {
            world.set_milestone(app, number, "root1", Some(one));
        }
        if i % 17 == 0 {
            world.item("acme/app", number).due = Some(instant("2027-02-01T23:59:59Z"));
        }
        let set: Vec<i64> = ids.iter().enumerate().filter(|(j, _)| (i + j * 3) % 11 == 0).map(|(_, id)| *id).collect();
        let set = world.labels(app, &set);
        world.add_labels(app, number, "root1", set);
        for k in 0..i % 4 {
            world.say(app, number, people[(i + k) % 2], &format!("Comment {k} on {i}. {}.", BODIES[(i + k) % 7]));
        }
        if i % 8 == 7 {
            world.close(app, number, "maria", None);
        }
    }
    for i in 0..70 {
        world.say(app, 3, people[i % 2], &format!("long thread {i}"));
    }
    for i in 0..25 {
        world.clock.advance(1);
        let title = format!("{}fix: pull {i}", if i % 6 == 5 { "WIP: " } else { "" });
        let number = world.open_pull(app, "maria", &title, &format!("fixes #{}", i + 1));
        let id = world.next("review");
        let now = world.now();
        let pull = world.item("acme/app", number).pull.as_mut().unwrap();
        pull.head = format!("topic-{i}");
        if i % 3 == 0 {
            let state = ["APPROVED", "REQUEST_CHANGES", "COMMENT"][i / 3 % 3].to_owned();
            pull.reviews.push(Review { id, by: "claude".to_owned(), state, body: "seen".to_owned(), at: now });
        }
        if i % 5 == 0 {
            pull.reviewers.push("kimi".to_owned());
        }
        if i % 4 == 0 {
            world.add_file("acme/app", "main", &format!("file{i}.txt"), "x1\n");
            world.merge(app, number, "root1");
        } else if i % 7 == 0 {
            world.close(app, number, "root1", None);
        }
    }
    let lib = world.place("acme/lib").unwrap();
    for i in 0..40 {
        world.open(lib, "maria", &format!("Private {}", TITLES[i % 15]), BODIES[i % 7]);
    }
    let old = world.place("acme/old").unwrap();
    for title in &TITLES[..5] {
        world.open(old, "root1", title, "");
    }
    world.repo("acme/old").archived = true;
    world.remove_user("gone");
    earlier(&mut world, recorded, app);
    world
}

/// What earlier rounds of the same questions had left.
fn earlier(world: &mut World, recorded: &Recorded, app: usize) {
    world.clock.advance(60);
    let lock = world.dialect.can_lock();
    let mut comments = recorded.comments;
    let mut first = 0;
    for kind in recorded.left.chars() {
        world.clock.advance(10);
        if kind == 'r' {
            let number = world.open(app, "reader", "from a reader", "x");
            if lock {
                world.set_lock(app, number, "root1", Some(""));
            } else {
                world.say(app, number, "reader", "x");
            }
            world.say(app, number, "kaizen-bot", "x");
            comments -= if lock { 1 } else { 2 };
            continue;
        }
        let number = world.open(app, "root1", "untouched, now touched 1795223412", "");
        first = if first == 0 { number } else { first };
        if kind == 'c' {
            world.close(app, number, "kaizen-bot", None);
        }
    }
    for _ in 0..comments {
        world.say(app, first, "kaizen-bot", "hello");
    }
    for label in 0..recorded.labels {
        world.add_label("acme/app", &format!("twice {label}"), false);
    }
    for repo in 0..recorded.repos {
        world.add_repo(&format!("acme/after{repo}"));
    }
    world.clock.advance(60);
}
