//! The numbered facts about GitHub, and its objects held against recorded ones.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client::Client;
use super::{Access, Server, World, issue, pull};
use crate::support::root;

const APP: &str = "/repos/acme/app";

/// A repository with thirteen issues, a writer, a reader and a job.
fn acme() -> (Server, impl Fn(&str) -> Client) {
    let mut world = World::github();
    world.add_repo("acme/app");
    world.add_member("acme/app", "bot", Access::Write);
    world.add_member("acme/app", "reader", Access::Read);
    world.add_label("acme/app", "bug", false);
    world.add_milestone("acme/app", "1.0", None);
    for number in 1..=13 {
        world.add_issue("acme/app", issue(&format!("issue {number}")));
    }
    for login in ["bot", "reader"] {
        world.add_token(login, login);
    }
    world.add_job_token("job", "acme/app");
    let server = Server::start(world);
    let url = server.url();
    (server, move |token| Client::new(&url, "").with_token(token))
}

/// What `octokit/fixtures` recorded of thirteen issues by threes, and of a page past the end.
#[test]
fn links_are_written_as_recorded() {
    let (server, client) = acme();
    let list = format!("{}/repositories/{}/issues?per_page=3", server.url(), server.world().repo("acme/app").id);
    let mut bot = client("bot");
    let mut link = |page: &str| bot.get(&format!("{APP}/issues?per_page=3{page}")).header("link").map(str::to_owned);
    let part = |page: u32, rel: &str| format!("<{list}&page={page}>; rel=\"{rel}\"");
    assert_eq!(link(""), Some([part(2, "next"), part(5, "last")].join(", ")));
    let middle = [part(1, "prev"), part(3, "next"), part(5, "last"), part(1, "first")];
    assert_eq!(link("&page=2"), Some(middle.join(", ")));
    assert_eq!(link("&page=5"), Some([part(4, "prev"), part(1, "first")].join(", ")));
    assert_eq!(link("&page=7"), Some([part(5, "prev"), part(5, "last"), part(1, "first")].join(", ")));
    // Followed as it is, it leads to the same repository, with no total.
    let next = client("bot").get(&format!("/repositories/{}", list.split("/repositories/").nth(1).unwrap()));
    assert_eq!(
        (next.each("number"), next.header("x-total-count")),
        (vec!["13".into(), "12".into(), "11".into()], None),
        "fact 63"
    );
    assert_eq!(server.count("GET", "/repos/acme/app/issues"), 5, "the log names the repository");
    assert_eq!(client("bot").get(&format!("{APP}/issues?per_page=100")).header("link"), None);
}

#[test]
fn a_large_repository_goes_by_cursors() {
    let (server, client) = acme();
    server.world().repo("acme/app").large = true;
    let mut bot = client("bot");
    assert_eq!(bot.get(&format!("{APP}/issues?per_page=5&page=2")).status, 422, "fact 63");
    let mut path = format!("{APP}/issues?per_page=5");
    let mut seen = Vec::new();
    loop {
        let page = bot.get(&path);
        seen.extend(page.each("number"));
        assert!(page.link("last").is_none());
        let Some(next) = page.link("next") else { break };
        path = next.replace(&server.url(), "");
    }
    assert_eq!(seen, (1..=13).rev().map(|number| number.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_renamed_repository_is_at_its_id() {
    let (server, client) = acme();
    server.world().rename("acme/app", "new");
    let id = server.world().repo("acme/new").id;
    let mut bot = client("bot");
    let place = format!("{}/repositories/{id}/issues/1", server.url());
    let (read, write) =
        (bot.get(&format!("{APP}/issues/1")), bot.send("PATCH", &format!("{APP}/issues/1"), &json!({ "title": "t" })));
    assert_eq!((read.status, read.header("location")), (301, Some(place.as_str())), "fact 56");
    assert_eq!((write.status, write.header("location")), (307, Some(place.as_str())), "fact 56");
    assert_eq!(read.json()["message"], "Moved Permanently");
    let done = bot.send("PATCH", &format!("/repositories/{id}/issues/1"), &json!({ "title": "t" }));
    assert_eq!((done.status, &done.json()["title"]), (200, &json!("t")), "fact 37");
}

#[test]
fn who_asks_and_how_matters() {
    let (server, client) = acme();
    let mut nameless = client("bot");
    nameless.extra.clear();
    assert_eq!(nameless.get(&format!("{APP}/issues")).status, 403, "fact 75");
    let mut version = client("bot");
    version.extra.push(("X-GitHub-Api-Version".into(), "1999-01-01".into()));
    assert_eq!(version.get(&format!("{APP}/issues")).status, 400, "fact 75");
    assert_eq!((client("wrong").get("/user").status, client("job").get("/user").status), (401, 403), "fact 85");
    assert_eq!(client("bot").get("/user").json()["login"], "bot");
    let mut bot = client("bot");
    let first = bot.get(&format!("{APP}/issues"));
    bot.extra.push(("If-None-Match".into(), first.header("etag").unwrap().to_owned()));
    assert_eq!(bot.get(&format!("{APP}/issues")).status, 304, "fact 74");
    server.world().repo("acme/app").issues_off = true;
    assert_eq!(client("bot").get(&format!("{APP}/issues")).status, 410, "fact 71");
    let mut world = server.world();
    world.repo("acme/app").issues_off = false;
    world.item("acme/app", 1).deleted = true;
    drop(world);
    assert_eq!(client("bot").get(&format!("{APP}/issues/1")).status, 410, "fact 71");
    server.world().repo("acme/app").archived = true;
    assert_eq!(client("bot").send("POST", &format!("{APP}/issues/2/comments"), &json!({ "body": "x" })).status, 403);
}

#[test]
fn writes_do_what_they_do() {
    let (server, client) = acme();
    let (mut bot, path) = (client("bot"), format!("{APP}/issues/1"));
    let made = bot.send("POST", &format!("{path}/labels"), &json!({ "labels": ["bug", "new label"] }));
    assert_eq!(
        (made.status, made.each("color")),
        (200, vec!["ee0701".into(), "ededed".into()]),
        "recorded: what is missing is made"
    );
    let gone = bot.ask("DELETE", &format!("{path}/labels/new%20label"), None).unwrap();
    assert_eq!((gone.status, gone.each("name")), (200, vec!["bug".into()]), "facts 43 and 67");
    assert_eq!(bot.ask("DELETE", &format!("{path}/labels/new%20label"), None).unwrap().status, 404, "fact 43");
    let twice = bot.send("POST", &format!("{APP}/labels"), &json!({ "name": "bug", "color": "aabbcc" }));
    assert_eq!((twice.status, &twice.json()["errors"][0]["code"]), (422, &json!("already_exists")), "fact 48");
    assert_eq!(bot.send("POST", &format!("{APP}/labels"), &json!({ "name": "b", "color": "no" })).status, 422);
    let assigned = bot.send("POST", &format!("{path}/assignees"), &json!({ "assignees": ["bot", "nosuch", "reader"] }));
    assert_eq!((assigned.status, server.world().assignees_of("acme/app", 1)), (201, vec!["bot".to_owned()]), "fact 67");
    assert_eq!(bot.get(&format!("{APP}/assignees/nosuch")).status, 404);
    assert_eq!(bot.send("DELETE", &format!("{path}/assignees"), &json!({ "assignees": ["bot"] })).status, 200);
    let dropped = client("reader").send(
        "POST",
        &format!("{APP}/issues"),
        &json!({ "title": "x", "labels": ["bug"], "assignees": ["bot"] }),
    );
    assert_eq!(
        (dropped.status, &dropped.json()["labels"], &dropped.json()["body"]),
        (201, &json!([]), &Value::Null),
        "facts 39 and 68"
    );
    let closed = bot.send("PATCH", &path, &json!({ "state": "closed", "state_reason": "not_planned", "milestone": 1 }));
    assert_eq!(
        (closed.status, &closed.json()["state_reason"], &closed.json()["milestone"]["number"]),
        (200, &json!("not_planned"), &json!(1))
    );
    assert_eq!(bot.send("PATCH", &path, &json!({ "state": "open", "title": "new", "milestone": null })).status, 200);
    assert_eq!(bot.send("PUT", &format!("{path}/lock"), &json!({ "lock_reason": "spam" })).status, 204);
    assert_eq!(
        client("reader").send("POST", &format!("{path}/comments"), &json!({ "body": "x" })).status,
        403,
        "fact 71"
    );
    let long = json!({ "body": "x".repeat(65_537) });
    assert_eq!(bot.send("POST", &format!("{path}/comments"), &long).status, 422, "fact 100");
    assert_eq!(
        bot.send("POST", &format!("{path}/comments"), &json!({ "body": "x" })).json()["author_association"],
        "MEMBER",
        "fact 89"
    );
    let events = bot.get(&format!("{path}/timeline")).each("event");
    let expected = [
        "labeled",
        "labeled",
        "unlabeled",
        "assigned",
        "unassigned",
        "milestoned",
        "closed",
        "renamed",
        "demilestoned",
        "reopened",
        "locked",
        "commented",
    ];
    assert_eq!(events, expected);
}

#[test]
fn lists_are_filtered_and_sorted() {
    let (server, client) = acme();
    server.world().add_issue(
        "acme/app",
        pull("WIP: p").labels(&["bug"]).created("2026-11-01T00:00:00Z").updated("2099-01-01T00:00:00Z"),
    );
    let mut bot = client("bot");
    let mut numbers = |query: &str| bot.get(&format!("{APP}/issues?{query}")).each("number").join(",");
    assert_eq!(numbers("labels=bug"), "14", "fact 65: pull requests are among them");
    assert_eq!(
        (numbers("labels=bug,nosuch"), numbers("type=issues")),
        (String::new(), String::new()),
        "facts 65 and 66"
    );
    assert_eq!((numbers("sort=updated&per_page=1"), numbers("direction=asc&per_page=1")), ("14".into(), "14".into()));
    assert_eq!(numbers("since=2098-01-01T00:00:00Z"), "14");
    assert_eq!((numbers("milestone=1"), numbers("assignee=*")), (String::new(), String::new()));
    assert_eq!(bot.get(&format!("{APP}/pulls?state=open")).each("draft"), ["true"]);
}

/// Every member that we give, GitHub gave too, of the same type or null on either side.
#[test]
fn objects_have_the_members_of_recorded_ones() {
    let (server, client) = acme();
    server.world().add_issue("acme/app", pull("p").labels(&["bug"]).assignees(&["bot"]).milestone("1.0").body("x"));
    let mut bot = client("bot");
    bot.send("POST", &format!("{APP}/issues/14/comments"), &json!({ "body": "x" }));
    let path = root().join("tests/recorded/github-go-gitea-test_repo.json");
    let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let answers = recorded["answers"].as_array().unwrap();
    for (ours, theirs) in [("issues", "/issues?"), ("pulls", "/pulls?"), ("issues/14/comments", "/issues/2/comments?")]
    {
        let found = answers.iter().filter(|answer| answer["path"].as_str().unwrap().contains(theirs));
        let known: Vec<&Value> = found.flat_map(|answer| answer["body"].as_array().unwrap()).collect();
        assert!(!known.is_empty(), "{theirs}");
        let mut object = bot.get(&format!("{APP}/{ours}")).json()[0].clone();
        if ours == "issues" {
            // Fact 65; no recorded issue is a pull request.
            assert!(object["pull_request"].is_object());
            object.as_object_mut().unwrap().retain(|name, _| !["pull_request", "draft"].contains(&name.as_str()));
        }
        let mut wrong = BTreeSet::new();
        unlike(&object, &known, ours, &mut wrong);
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

fn unlike(ours: &Value, theirs: &[&Value], place: &str, wrong: &mut BTreeSet<String>) {
    let same = |theirs: &&&Value| std::mem::discriminant::<Value>(theirs) == std::mem::discriminant(ours);
    if theirs.iter().all(|theirs| theirs.is_null()) || ours.is_null() {
        return;
    }
    let like: Vec<&Value> = theirs.iter().filter(same).copied().collect();
    if like.is_empty() {
        wrong.insert(format!("{place} is {ours:.60}"));
    }
    for (name, value) in ours.as_object().into_iter().flatten() {
        let known: Vec<&Value> = like.iter().filter_map(|theirs| theirs.get(name)).collect();
        if known.is_empty() {
            wrong.insert(format!("{place}.{name} is not there"));
        }
        unlike(value, &known, &format!("{place}.{name}"), wrong);
    }
    for value in ours.as_array().into_iter().flatten() {
        let known: Vec<&Value> = like.iter().flat_map(|theirs| theirs.as_array().unwrap()).collect();
        if !known.is_empty() {
            unlike(value, &known, &format!("{place}[]"), wrong);
        }
    }
}
