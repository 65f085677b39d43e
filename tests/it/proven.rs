//! A write counts as done if, and only if, it is: whatever stands between us and the forge answers.
//!
//! Takes: every operation, in every dialect, on the forge of the tests; answers of login pages, caches and
//! proxies in place of the forge's own, with and without the write having been done. Gives: what the one writer
//! says of it, held against what stands in the world.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chrono::Utc;
use kaizen::apply::journal::Journal;
use kaizen::apply::{Applier, ItemFate};
use kaizen::forge::ItemKind;
use kaizen::forge::change::{ForgeWriter as _, NewLabel};
use kaizen::forge::remote::Remote;
use kaizen::plan::marker::Marker;
use kaizen::plan::{self, Args, Effect, Manners, Op, Plan, PlannedItem, Write, section};

use crate::forge::http::Response;
use crate::forge::{Fault, Server, Trouble, World, issue};
use crate::remote::{client, peopled, strings, worlds};

const REPO: &str = "acme/app";

/// What a write does, where it is sent, and whether it stands in a world; more than once is a failure of its own.
struct Operation {
    op: Op,
    method: &'static str,
    path: &'static str,
    times: fn(&mut World) -> usize,
}

const OPERATIONS: [Operation; 14] = [
    operation(Op::Comment, "POST", "/repos/*/*/issues/2/comments", |world| commented(world, "A new comment")),
    operation(Op::EditComment, "PATCH", "/repos/*/*/issues/comments/*", |world| commented(world, "Another text")),
    operation(Op::DeleteComment, "DELETE", "/repos/*/*/issues/comments/*", |world| 1 - commented(world, "An old one")),
    operation(Op::AddLabels, "POST", "/repos/*/*/issues/1/labels", |world| has(world.labels_of(REPO, 1), "bug")),
    operation(Op::RemoveLabels, "DELETE", "/repos/*/*/issues/1/labels/*", |world| {
        1 - has(world.labels_of(REPO, 1), "Kind/Bug & x")
    }),
    operation(Op::Assign, "*", "/repos/*/*/issues/1/**", |world| has(world.assignees_of(REPO, 1), "kaizen-bot")),
    operation(Op::Unassign, "*", "/repos/*/*/issues/1/**", |world| 1 - has(world.assignees_of(REPO, 1), "claude")),
    operation(Op::SetMilestone, "PATCH", "/repos/*/*/issues/1", |world| {
        usize::from(world.item(REPO, 1).milestone.is_some())
    }),
    operation(Op::Close, "PATCH", "/repos/*/*/issues/1", |world| usize::from(!world.item(REPO, 1).open)),
    operation(Op::Reopen, "PATCH", "/repos/*/*/issues/2", |world| usize::from(world.item(REPO, 2).open)),
    operation(Op::EditBody, "PATCH", "/repos/*/*/issues/1", |world| {
        usize::from(world.item(REPO, 1).body.contains("A section"))
    }),
    operation(Op::CreateIssue, "POST", "/repos/*/*/issues", |world| {
        world.repo(REPO).items.values().filter(|item| item.title == "A new issue").count()
    }),
    operation(Op::CreateLabel, "POST", "/repos/*/*/labels", |world| labelled(world, "new label")),
    operation(Op::DeleteLabel, "DELETE", "/repos/*/*/labels/*", |world| 1 - labelled(world, "spare")),
];

const fn operation(op: Op, method: &'static str, path: &'static str, times: fn(&mut World) -> usize) -> Operation {
    Operation { op, method, path, times }
}

fn commented(world: &mut World, text: &str) -> usize {
    [1, 2].iter().flat_map(|number| world.comments(REPO, *number)).filter(|body| body.starts_with(text)).count()
}

fn has(names: Vec<String>, name: &str) -> usize {
    names.iter().filter(|known| *known == name).count()
}

fn labelled(world: &mut World, name: &str) -> usize {
    world.repo(REPO).labels.iter().filter(|label| label.name == name).count()
}

fn marked(text: &str, key: &str, did: &str) -> String {
    let marker = Marker::default().with("policy", "test").with("key", key).with("did", did).with("run", "-");
    format!("{text}\n\n{}", marker.line())
}

fn world(world: World) -> World {
    let mut world = peopled(world);
    world.add_label(REPO, "spare", false);
    let first = issue("First").body("A text").labels(&["Kind/Bug & x"]).assignees(&["claude"]);
    world.add_issue(REPO, first);
    world.add_issue(REPO, issue("Second").closed());
    world.add_comment(REPO, 1, "kaizen-bot", &marked("An old one", "decision", "old"), "2026-11-19T10:00:00Z");
    world
}

/// The plan of one operation.
fn planned(op: Op, forge: &Remote, world: &mut World) -> Plan<'static> {
    let id = world.item(REPO, 1).comments().next().map(|(entry, _)| u64::try_from(entry.id).unwrap());
    let over = Some(marked("An old one", "decision", "old"));
    let one = |name: &str| strings(&[name]);
    let with_text = |text: &str| Some(marked(text, "decision", "new"));
    let (key, args) = match op {
        Op::Comment => ("decision", Args { body: with_text("A new comment"), ..Args::default() }),
        Op::EditComment => ("decision", Args { id, body: with_text("Another text"), ..Args::default() }),
        Op::DeleteComment => ("undo", Args { id, over, ..Args::default() }),
        Op::AddLabels => ("decision", Args { labels: one("bug"), ..Args::default() }),
        Op::RemoveLabels => ("undo", Args { labels: one("Kind/Bug & x"), ..Args::default() }),
        Op::Assign => ("decision", Args { assignees: one("kaizen-bot"), ..Args::default() }),
        Op::Unassign => ("undo", Args { assignees: one("claude"), ..Args::default() }),
        Op::SetMilestone => ("decision", Args { milestone: Some("2.0".to_owned()), ..Args::default() }),
        Op::Close => ("decision", Args { reason: Some("completed".into()), ..Args::default() }),
        Op::Reopen => ("decision", Args::default()),
        Op::EditBody => {
            let marker = Marker::default().with("policy", "test").with("did", "new").with("run", "-");
            ("decision", Args { section: Some(section::with_marks(&marker, "A section")), ..Args::default() })
        }
        Op::CreateIssue => {
            let body = Some(marked("What it is about", "issue", "new"));
            let (labels, assignees) = (one("bug"), one("claude"));
            ("issue", Args { title: Some("A new issue".to_owned()), body, labels, assignees, ..Args::default() })
        }
        Op::CreateLabel => ("undo", Args { labels: one("new label"), ..Args::default() }),
        Op::DeleteLabel => {
            let spare = world.repo(REPO).labels.iter().find(|label| label.name == "spare").unwrap().clone();
            let (color, body) = (Some(spare.color), Some(spare.description));
            ("undo", Args { labels: one("spare"), color, body, ..Args::default() })
        }
    };
    let number = match op {
        Op::CreateIssue | Op::CreateLabel | Op::DeleteLabel => None,
        Op::Comment | Op::Reopen => Some(2),
        _ => Some(1),
    };
    let writes = vec![Write { op, key: key.into(), args }];
    let effect = Effect { policy: "test".into(), rule: None, did: "new".to_owned(), writes };
    let item = PlannedItem {
        repo: REPO.into(),
        kind: ItemKind::Issue,
        number,
        seen: None,
        turned_on: None,
        effects: vec![effect],
    };
    let label = NewLabel { name: "new label".into(), color: "00ff00".into(), description: String::new() };
    Plan {
        version: plan::VERSION,
        kaizen: "test".into(),
        job: "test".into(),
        forge: kaizen::forge::Forge::name(forge).into(),
        created_at: "2026-11-20T12:00:00Z".into(),
        now: "2026-11-20T12:00:00Z".into(),
        rules_hash: "".into(),
        complete: true,
        manners: Manners { labels: vec![label], ..Manners::default() },
        items: vec![item].into(),
        digest: "".into(),
    }
}

/// What may come in place of the forge's own answer. `other` is an item that is not the one at hand.
fn answers(other: &Response) -> Vec<(String, Response)> {
    let page = "<!DOCTYPE html><title>Sign In</title><form></form>";
    let json =
        |status: u16, body: &str| (format!("{status} and `{body}`"), Response::text(status, "application/json", body));
    let mut all = vec![
        ("200 and a login page".to_owned(), Response::text(200, "text/html", page)),
        ("204".to_owned(), Response::empty(204)),
        ("302".to_owned(), Response::empty(302).with("Location", "/login")),
        json(200, page),
        json(200, ""),
        json(200, "[]"),
    ];
    for status in [200, 201] {
        all.push(json(status, "{}"));
        all.push((format!("{status} and another item"), Response { status, ..other.clone() }));
    }
    all
}

/// An answer that is just what this operation gives, for the little that it gives: nothing tells it from the
/// forge's own.
fn is_proof(op: Op, github: bool, answer: &str) -> bool {
    match op {
        Op::RemoveLabels if github => answer == "200 and `[]`",
        Op::RemoveLabels | Op::DeleteComment | Op::DeleteLabel => answer == "204",
        _ => false,
    }
}

/// One operation under one trouble.
fn try_one(dialect: usize, operation: &Operation, (name, trouble): (&str, Trouble), always: bool) {
    let server = Server::start(world(worlds().swap_remove(dialect)));
    let forge = client(&server);
    let singly = forge.kind().is_github() || forge.kind().version().is_some_and(|version| version.starts_with("1.27"));
    let plan = planned(operation.op, &forge, &mut server.world());
    let (method, path) = match (operation.op, singly) {
        (Op::Assign, true) => ("POST", "/repos/*/*/issues/1/assignees"),
        (Op::Unassign, true) => ("DELETE", "/repos/*/*/issues/1/assignees"),
        (Op::Assign | Op::Unassign, false) => ("PATCH", "/repos/*/*/issues/1"),
        _ => (operation.method, operation.path),
    };
    let fault = Fault::on(method, path, trouble);
    server.fault(if always { fault } else { fault.times(1) });
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(folder.path(), Utc::now(), &plan.forge).unwrap();
    let apply = Applier {
        forge: &forge,
        journal: &journal,
        run: "20261120T120000Z-0a1b2c",
        started: Utc::now(),
        comments: std::collections::HashMap::new(),
        stop: &AtomicBool::new(false),
        progress: &|_| {},
        clock: &Utc::now,
    };
    let applied = apply.carry_out(&plan);
    let (fate, note) = (applied.outcomes[0].fate, applied.outcomes[0].note.clone().unwrap_or_default());
    let times = (operation.times)(&mut server.world());
    let told = format!(
        "{} on {:?}: {name}, always: {always}: {fate:?} ({note}), there {times} times; {:?}",
        operation.op.name(),
        forge.kind(),
        server.writes()
    );
    assert!(server.count(method, path) > 0, "the trouble was not met: {told}");
    assert!(times < 2, "{told}");
    assert_eq!(fate == ItemFate::Done, times == 1, "{told}");
    assert!(matches!(fate, ItemFate::Done | ItemFate::Failed), "{told}");
    let lines = std::fs::read_to_string(folder.path().join("journal.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!((&last["op"], last["state"] == "done"), (&operation.op.name().into(), times == 1), "{told}: {lines}");
}

#[test]
fn a_write_is_done_if_and_only_if_it_is_whatever_answers() {
    let mut cases = Vec::new();
    for dialect in 0..worlds().len() {
        let server = Server::start(world(worlds().swap_remove(dialect)));
        let forge = client(&server);
        let other = forge.item(0, ItemKind::Issue, 2).unwrap().unwrap();
        let text = serde_json::json!({"number": other.item.number, "title": other.item.title, "body": "", "state": "closed",
            "id": 5, "labels": [], "assignees": [], "name": "bug"});
        let github = forge.kind().is_github();
        for operation in &OPERATIONS {
            for (name, answer) in answers(&Response::json(200, &text)) {
                if !is_proof(operation.op, github, &name) {
                    cases.push((dialect, operation, format!("{name}, not done"), Trouble::Answer(answer.clone())));
                }
                cases.push((dialect, operation, format!("{name}, done"), Trouble::Instead(answer)));
            }
            // Where the address of a write cannot be read, a cache holds a 404, which is a refusal.
            let cached = if operation.op == Op::Assign { &[false][..] } else { &[true, false] };
            for &done in cached {
                cases.push((dialect, operation, format!("cached, done: {done}"), Trouble::Cached { done }));
            }
        }
    }
    // Once and for good take turns, so that each dialect and operation meets both.
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((dialect, operation, name, trouble)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let always = (name.len() + dialect + operation.path.len()) % 2 == 0;
                    let tried = || try_one(*dialect, operation, (name, trouble.clone()), always);
                    if let Err(panic) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(tried)) {
                        let said = panic.downcast_ref::<String>().cloned();
                        failures.lock().unwrap().push(said.unwrap_or_default());
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        cases.len(),
        failures[..failures.len().min(20)].join("\n")
    );
}
