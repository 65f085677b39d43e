//! The client against the forge of the tests, in every dialect.
//!
//! Takes: worlds of the five servers. Gives: what the client reads of them, what it leaves in them,
//! and what it says when they fail. The server fails a test by itself that asks for what no API
//! describes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kaizen::forge::change::{Change, ChangeFailure, ForgeWriter, Fresh, NewIssue, NewLabel};
use kaizen::forge::remote::{ConnectOptions, Remote, Tokens, connect};
use kaizen::forge::{Forge, ItemKind, States};
use kaizen::http::{Config, Credential, Secret, Url};

use crate::forge::{Access, Fault, Server, Trouble, World, issue, pull};

/// A world of each dialect.
pub fn worlds() -> Vec<World> {
    vec![
        World::gitea("1.21.11"),
        World::gitea("1.24.7"),
        World::gitea("1.26.4"),
        World::gitea("1.27.3"),
        World::forgejo(),
        World::github_enterprise(),
    ]
}

/// With a repository, people, labels and a token of somebody who may write.
pub fn peopled(mut world: World) -> World {
    world.add_repo("acme/app");
    world.add_member("acme/app", "kaizen-bot", Access::Write);
    world.add_member("acme/app", "claude", Access::Write);
    world.add_user("stranger");
    world.add_token("t0ken", "kaizen-bot");
    world.add_label("acme/app", "bug", false);
    world.add_label("acme/app", "Kind/Bug & x", false);
    if !world.dialect.is_github() {
        world.add_org_label("acme", "org/urgent", false);
    }
    world.add_milestone("acme/app", "2.0", None);
    world
}

fn config() -> Config {
    let base_wait = Duration::from_millis(1);
    Config {
        base_wait,
        secondary_wait: base_wait,
        longest_wait: Duration::from_secs(2),
        proxies: false,
        ..Config::default()
    }
}

fn token(server: &Server, token: &str) -> Tokens {
    let home = Url::parse(&server.url()).unwrap();
    Tokens::from(Some(Credential::new(Secret::new(token), &home)))
}

pub fn ask(server: &Server) -> ConnectOptions {
    ConnectOptions {
        url: server.api_url(),
        tokens: token(server, "t0ken"),
        repos: vec!["acme/app".to_owned()],
        http: config(),
        ..ConnectOptions::default()
    }
}

pub fn client(server: &Server) -> Remote {
    connect(ask(server)).unwrap()
}

/// Every item as `kind number open`, in the list's order.
fn listed(forge: &Remote, states: States, threads: usize) -> Result<Vec<String>, String> {
    let pages = Mutex::new(Vec::new());
    let listed = forge.items(0, states, threads, &|place, items| {
        let shown = items.iter().map(|item| format!("{} {} {}", item.kind.name(), item.number, item.open));
        pages.lock().unwrap().push((place, shown.collect::<Vec<_>>()));
    });
    let mut pages = pages.into_inner().unwrap();
    pages.sort();
    listed.map_err(|error| format!("{error:#}"))?;
    Ok(pages.into_iter().flat_map(|page| page.1).collect())
}

pub fn fresh(forge: &Remote, number: u64) -> Fresh {
    forge.item(0, ItemKind::Issue, number).unwrap().unwrap()
}

pub fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_backlog_is_read_whole_in_every_dialect() {
    for world in worlds() {
        let mut world = peopled(world);
        let mut open = Vec::new();
        for n in 1..=230 {
            let draft = if n % 5 == 0 { pull("p") } else { issue("i") };
            let number = world.add_issue("acme/app", if n % 3 == 0 { draft.closed() } else { draft });
            if n % 3 != 0 {
                open.insert(0, format!("{} {number} true", if n % 5 == 0 { "pull" } else { "issue" }));
            }
        }
        let server = Server::start(world);
        let forge = client(&server);
        for threads in [1, 4] {
            assert_eq!(listed(&forge, States::OPEN, threads).unwrap(), open);
            assert_eq!(listed(&forge, States::ALL, threads).unwrap().len(), 230);
        }
        assert!(forge.user_known().is_ok() && forge.user() == "kaizen-bot");
        assert!(server.requests().iter().all(|request| !request.is_write()));
    }
}

#[test]
fn every_change_lands_in_every_dialect() {
    for world in worlds() {
        let mut world = peopled(world);
        let github = world.dialect.is_github();
        world.add_issue("acme/app", issue("first").labels(&["bug"]).assignees(&["claude"]));
        let server = Server::start(world);
        let forge = client(&server);
        let look = forge.preflight(0, true).unwrap();
        assert_eq!((look.refused, look.milestones), (None, strings(&["2.0"])));
        assert_eq!(look.labels.contains(&"org/urgent".to_owned()), !github);
        assert!(forge.assignable(0, "claude").unwrap() && !forge.assignable(0, "nosuch").unwrap());
        assert_eq!(forge.assignable(0, "stranger").unwrap(), !github);
        let label = NewLabel { name: "new label".into(), color: "00ff00".into(), description: "d".into() };
        forge.create_label(0, &label).unwrap();
        forge.create_label(0, &label).unwrap();

        let change = |change: Change<'_>| forge.change(0, &fresh(&forge, 1), change);
        let since = chrono::Utc::now() - chrono::Duration::minutes(5);
        let id = change(Change::Comment { body: "hello" }).unwrap().id.unwrap();
        change(Change::EditComment { id, body: "hello again" }).unwrap();
        let more = if github { strings(&["new label"]) } else { strings(&["new label", "org/urgent"]) };
        change(Change::AddLabels(&more)).unwrap();
        change(Change::RemoveLabels(&strings(&["bug", "Kind/Bug & x"]))).unwrap();
        change(Change::Assign(&strings(&["kaizen-bot"]))).unwrap();
        change(Change::Unassign(&strings(&["claude"]))).unwrap();
        change(Change::SetMilestone(Some("2.0"))).unwrap();
        change(Change::EditBody { body: "text" }).unwrap();
        change(Change::Close { reason: Some("not_planned") }).unwrap();
        let now = fresh(&forge, 1).item;
        assert!(!now.open && now.body == "text" && now.milestone.as_deref() == Some("2.0"));
        assert_eq!(now.assignees, ["kaizen-bot"]);
        let mut labels = now.labels.iter().map(|label| label.to_string()).collect::<Vec<_>>();
        labels.sort();
        assert_eq!(labels, more);
        change(Change::Reopen).unwrap();
        assert_eq!(server.world().comments("acme/app", 1), ["hello again"]);
        assert_eq!(forge.comments(0, 1).unwrap()[0].body, "hello again");
        assert!(forge.timeline(0, 1).unwrap().unwrap().len() >= 8);
        let placed = forge.comments_since(0, since).unwrap();
        assert_eq!((placed.len(), placed[0].number, placed[0].comment.id), (1, 1, id));
        change(Change::DeleteComment { id }).unwrap();
        // Not there, or not to be seen: another look tells, which is the writer's.
        assert!(matches!(change(Change::DeleteComment { id }), Err(ChangeFailure::Unknown(_))));
        assert!(forge.comments(0, 1).unwrap().is_empty());

        let made = forge
            .create_issue(
                0,
                NewIssue { title: "summary", body: "today", labels: &strings(&["new label"]), assignees: &[] },
            )
            .unwrap()
            .number
            .unwrap();
        let found: Vec<u64> = forge.labelled(0, "new label").unwrap().iter().map(|item| item.number).collect();
        assert_eq!(found, [made, 1]);
        assert!(forge.labelled(0, "nowhere").unwrap().is_empty());
        assert!(forge.item(0, ItemKind::Issue, 99).unwrap().is_none());
    }
}

#[test]
fn a_write_whose_answer_is_lost_is_not_sent_again() {
    for world in worlds() {
        let mut world = peopled(world);
        world.add_issue("acme/app", issue("first"));
        let server = Server::start(world);
        let forge = client(&server);
        let item = fresh(&forge, 1);
        for (trouble, landed) in [
            (Trouble::ResetAfter, true),
            (Trouble::Truncated, true),
            (Trouble::CutJson, true),
            (Trouble::ResetBefore, false),
            (Trouble::bad_gateway(), false),
        ] {
            server.no_faults();
            server.forget_requests();
            server.fault(Fault::on("POST", "/repos/*/*/issues/*/comments", trouble));
            let before = server.world().comments("acme/app", 1).len();
            let failure = forge.change(0, &item, Change::Comment { body: "x" }).unwrap_err();
            assert!(matches!(failure, ChangeFailure::Unknown(_)), "{failure}");
            assert_eq!(server.world().comments("acme/app", 1).len(), before + usize::from(landed));
            assert_eq!(server.writes().len(), 1);
        }
        // A limit says that nothing was done: it is sent again, and lands once.
        server.no_faults();
        let before = server.world().comments("acme/app", 1).len();
        server.fault(Fault::on("POST", "/repos/**", Trouble::too_many(Some("0"))).times(1));
        forge.change(0, &item, Change::Comment { body: "x" }).unwrap();
        server.fault(Fault::on("POST", "/repos/**", Trouble::secondary_limit(None)).times(1));
        forge.change(0, &item, Change::Comment { body: "x" }).unwrap();
        assert_eq!(server.world().comments("acme/app", 1).len(), before + 2);
        // What does no more the second time is sent again.
        server.no_faults();
        server.fault(Fault::on("POST", "/repos/*/*/issues/*/labels", Trouble::ResetAfter).times(1));
        forge.change(0, &item, Change::AddLabels(&strings(&["bug"]))).unwrap();
        assert_eq!(server.world().labels_of("acme/app", 1), ["bug"]);
    }
}

#[test]
fn refusals_of_real_servers_are_told_apart() {
    for world in worlds() {
        let mut world = peopled(world);
        let github = world.dialect.is_github();
        // Nothing is done by half where assignees are added one by one.
        let singly = github || world.dialect.assignees_apart();
        world.add_issue("acme/app", issue("first"));
        world.add_token("reader", "stranger");
        let server = Server::start(world);
        let forge = client(&server);
        let item = fresh(&forge, 1);
        let reader = connect(ConnectOptions { tokens: token(&server, "reader"), ..ask(&server) }).unwrap();
        assert!(reader.preflight(0, false).unwrap().refused.unwrap().contains("may only read"));
        for change in [Change::Assign(&strings(&["claude"])), Change::Close { reason: None }] {
            let failure = reader.change(0, &item, change).unwrap_err();
            assert!(matches!(failure, ChangeFailure::Refused(_) | ChangeFailure::Ignored(_)), "{failure}");
        }
        let made = reader
            .create_issue(0, NewIssue { title: "t", body: "b", labels: &strings(&["bug"]), assignees: &[] })
            .unwrap_err();
        assert!(matches!(made, ChangeFailure::Ignored(_)), "{made}");
        let failure = forge.change(0, &item, Change::Assign(&strings(&["nosuch"]))).unwrap_err();
        assert!(matches!(failure, ChangeFailure::Unknown(_)) != singly, "{failure}");
        // An event of the timeline that is no comment.
        forge.change(0, &item, Change::AddLabels(&strings(&["bug"]))).unwrap();
        if !github {
            let event = server.world().item("acme/app", 1).timeline.last().unwrap().id;
            let id = u64::try_from(event).unwrap();
            let failure = forge.change(0, &item, Change::EditComment { id, body: "x" }).unwrap_err();
            assert!(matches!(failure, ChangeFailure::Unknown(_)), "{failure}");
        }
        server.world().repo("acme/app").archived = true;
        assert!(forge.preflight(0, false).unwrap().refused.unwrap().contains("is archived"));
        let failure = forge.change(0, &item, Change::Comment { body: "x" }).unwrap_err();
        assert!(matches!(failure, ChangeFailure::Refused(_)), "{failure}");
        server.world().repo("acme/app").archived = false;
        server.world().rename("acme/app", "moved");
        let failure = forge.change(0, &item, Change::Comment { body: "x" }).unwrap_err();
        let text = failure.to_string();
        assert!(matches!(failure, ChangeFailure::Refused(_)) && text.contains("nothing was written"), "{text}");
        // Reading finds the way, and says the new name.
        let again = client(&server);
        assert_eq!(again.repos()[0].name, "acme/moved");
        assert!(again.notes()[0].contains("acme/moved"));
        server.fault(Fault::on("POST", "/repos/**", Trouble::expired()));
        let failure = again.change(0, &item, Change::Comment { body: "x" }).unwrap_err();
        assert!(matches!(failure, ChangeFailure::Token(_)), "{failure}");
    }
}

#[test]
fn a_stale_text_is_not_overwritten() {
    let mut world = peopled(World::gitea("1.26.4"));
    world.add_issue("acme/app", issue("first"));
    let server = Server::start(world);
    let forge = client(&server);
    let item = fresh(&forge, 1);
    assert!(item.content_version.is_some());
    forge.change(0, &item, Change::EditBody { body: "one" }).unwrap();
    let failure = forge.change(0, &item, Change::EditBody { body: "two" }).unwrap_err();
    assert!(matches!(failure, ChangeFailure::Stale(_)), "{failure}");
}

#[test]
fn a_bad_line_changes_nothing_that_is_read() {
    for (seed, world) in worlds().into_iter().enumerate() {
        let mut world = peopled(world);
        for _ in 0..330 {
            world.add_issue("acme/app", issue("i"));
        }
        let server = Server::start(world);
        // Enough tries that chance alone does not end one.
        let http = Config { tries: 12, ..config() };
        let forge = connect(ConnectOptions { http, ..ask(&server) }).unwrap();
        let clean = listed(&forge, States::OPEN, 4).unwrap();
        let troubles = vec![
            Trouble::ResetBefore,
            Trouble::ResetAfter,
            Trouble::Truncated,
            Trouble::CutJson,
            Trouble::bad_gateway(),
            Trouble::too_many(Some("0")),
        ];
        server.random_faults(seed as u64, 150, troubles);
        assert_eq!(listed(&forge, States::OPEN, 4).unwrap(), clean);
        server.no_faults();
        for (trouble, expected) in [
            (Trouble::login_page(), "a web page, not JSON"),
            (Trouble::redirect("https://evil.example/x"), "another scheme, host or port is not followed"),
            (Trouble::forbidden(), "the token lacks the right"),
            (Trouble::status(500), "answered 500"),
            (Trouble::Endless { fresh: false }, "never ends"),
        ] {
            server.no_faults();
            server.fault(Fault::on("GET", "/repos/*/*/issues", trouble));
            let error = listed(&forge, States::OPEN, 4).unwrap_err();
            assert!(error.contains(expected) && !error.contains("t0ken"), "{error}");
        }
    }
}

#[test]
fn a_limit_that_lasts_is_said_and_one_that_passes_is_waited_for() {
    let mut world = peopled(World::github_enterprise());
    world.add_issue("acme/app", issue("first"));
    let server = Server::start(world);
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    let say = Arc::new(move |line: &str| heard.lock().unwrap().push(line.to_owned()));
    let forge = connect(ConnectOptions { http: Config { say, ..config() }, ..ask(&server) }).unwrap();
    let now = chrono::Utc::now().timestamp();
    server.fault(Fault::on("GET", "/repos/**", Trouble::primary_limit(now + 3600)));
    let error = listed(&forge, States::OPEN, 1).unwrap_err();
    assert!(error.contains("the server's limit on requests is reached and lasts"), "{error}");
    server.no_faults();
    server.fault(Fault::on("GET", "/repos/**", Trouble::primary_limit(now)).times(1));
    assert_eq!(listed(&forge, States::OPEN, 1).unwrap().len(), 1);
    assert!(said.lock().unwrap().iter().any(|line| line.contains("limits requests")));
}

#[test]
fn a_job_knows_itself_and_large_lists_go_by_cursors() {
    for world in worlds() {
        let mut world = peopled(world);
        let github = world.dialect.is_github();
        world.add_job_token("job", "acme/app");
        for _ in 0..250 {
            world.add_issue("acme/app", issue("i"));
        }
        world.repo("acme/app").large = github;
        let server = Server::start(world);
        let forge = connect(ConnectOptions { tokens: token(&server, "job"), ..ask(&server) }).unwrap();
        assert!(forge.user_known().is_ok());
        assert!(forge.user().ends_with(if github { "-actions[bot]" } else { "-actions" }), "{}", forge.user());
        assert_eq!(forge.preflight(0, false).unwrap().refused, None);
        assert!(!forge.assignable(0, forge.user()).unwrap());
        assert_eq!(listed(&forge, States::OPEN, 4).unwrap().len(), 250);
    }
}

#[test]
fn an_organisation_and_files_are_read() {
    for world in worlds() {
        let mut world = peopled(world);
        world.add_repo("acme/old").archived = true;
        world.add_repo("acme/off").issues_off = true;
        world.add_repo("acme/private").private = true;
        world.add_member("acme/private", "kaizen-bot", Access::Write);
        world.add_file("acme/app", "abc", "rules/x.yaml", "version: 1\n");
        let server = Server::start(world);
        let forge = connect(ConnectOptions { repos: Vec::new(), org: Some("acme".into()), ..ask(&server) }).unwrap();
        let mut names: Vec<&str> = forge.repos().iter().map(|repo| repo.name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["acme/app", "acme/private"]);
        assert_eq!(forge.left_out().len(), 2);
        assert_eq!(forge.file("acme/app", "rules/x.yaml", "abc").unwrap().as_deref(), Some(&b"version: 1\n"[..]));
        assert_eq!(forge.file("acme/app", "rules/y.yaml", "abc").unwrap(), None);
        assert_eq!(forge.folder("acme/app", "rules", "abc").unwrap(), ["x.yaml"]);
    }
}

#[test]
fn ten_thousand_issues_come_whole_over_a_slow_line() {
    let mut world = peopled(World::gitea("1.26.4"));
    for _ in 0..10_000 {
        world.add_issue("acme/app", issue("i"));
    }
    let server = Server::start(world);
    let forge = client(&server);
    server.latency(Duration::from_millis(50));
    assert_eq!(listed(&forge, States::OPEN, 4).unwrap().len(), 10_000);
    assert!(server.peak() <= 4 && server.connections() <= 5, "{} at once", server.peak());
}
