//! The numbered facts about Gitea and Forgejo that the recorded questions do not ask.

use serde_json::{Value, json};

use super::client::Client;
use super::world::{Ping, instant};
use super::{Access, Server, World, issue, pull};

/// A public and a private repository with a writer, a reader, a stranger and a job.
fn acme(world: World) -> (Server, impl Fn(&str) -> Client) {
    let mut world = world;
    world.clock.set("2026-11-20T12:00:00Z");
    for full_name in ["acme/app", "acme/lib"] {
        world.add_repo(full_name);
        world.add_member(full_name, "bot", Access::Write);
        world.add_member(full_name, "reader", Access::Read);
        world.add_label(full_name, "bug", false);
        world.add_label(full_name, "area/a", true);
        world.add_label(full_name, "area/b", true);
        world.add_milestone(full_name, "1.0", None);
        for title in ["first", "second"] {
            let draft = issue(title).by("reader").created("2026-11-01T00:00:00Z").updated("2026-11-02T00:00:00Z");
            world.add_issue(full_name, draft);
        }
    }
    world.repo("acme/lib").private = true;
    world.add_user("stranger");
    for login in ["bot", "reader", "stranger", "root1"] {
        world.add_token(login, login);
    }
    world.add_job_token("job", "acme/app");
    let prefix = world.dialect.prefix;
    let server = Server::start(world);
    let url = server.url();
    (server, move |token| Client::new(&url, prefix).with_token(token))
}

const APP: &str = "/repos/acme/app";

fn gitea() -> (Server, impl Fn(&str) -> Client) {
    acme(World::gitea("1.26.4"))
}

#[test]
fn comments_and_references_move_what_they_move() {
    for world in [World::gitea("1.26.4"), World::forgejo(), World::github()] {
        let (server, client) = acme(world);
        let mut bot = client("bot");
        let updated = |number| server.world().item("acme/app", number).updated;
        let then = (instant("2026-11-02T00:00:00Z"), instant("2026-11-20T12:00:00Z"));
        let said =
            bot.send("POST", &format!("{APP}/issues/1/comments"), &json!({ "body": "`#2` and &#35;2, @stranger" }));
        assert_eq!((updated(1), updated(2)), (then.1, then.0), "facts 35 and 105: code and an entity touch nothing");
        let pinged = Ping { login: "stranger".into(), why: "mention", repo: "acme/app".into(), number: 1, known: true };
        assert_eq!(server.world().pings, std::slice::from_ref(&pinged), "fact 104");
        server.world().clock.advance(60);
        let path = format!("{APP}/issues/comments/{}", said.json()["id"]);
        assert_eq!(bot.send("PATCH", &path, &json!({ "body": "see #2 and #2, @reader" })).status, 200);
        assert_eq!((updated(1), updated(2)), (then.1, then.1 + 60), "an edit moves not its own, but what it names");
        assert_eq!(server.world().pings.len(), 1, "fact 104: an edit calls nobody");
        assert_eq!(server.world().item("acme/app", 2).timeline.len(), 1, "once for each text");
        server.world().clock.advance(60);
        assert_eq!(bot.ask("DELETE", &path, None).unwrap().status, 204);
        assert_eq!(updated(1), then.1, "fact 35");
        server.world().assign(0, 1, "root1", "reader");
        assert_eq!(server.world().pings.last(), Some(&Ping { login: "reader".into(), why: "assigned", ..pinged }));
    }
}

#[test]
fn lists_are_filtered_as_they_are() {
    let (server, client) = gitea();
    let mut bot = client("bot");
    {
        let mut world = server.world();
        world.add_org_label("acme", "org/urgent", false);
        world.add_issue("acme/app", issue("third").labels(&["bug", "area/a"]).assignees(&["bot"]).milestone("1.0"));
        world.add_issue("acme/app", pull("WIP: fourth").labels(&["bug"]).closed());
        world.item("acme/app", 2).hollow = true;
    }
    let mut numbers = |query: &str| bot.get(&format!("{APP}/issues?{query}")).each("number").join(",");
    assert_eq!(numbers("state=all"), "4,3,0,1", "facts 9 and 29");
    assert_eq!((numbers("type=issues"), numbers("state=closed&type=pulls")), ("3,0,1".into(), "4".into()));
    assert_eq!(numbers("labels=bug,area/a&state=all"), "3", "fact 14: all of them");
    assert_eq!(numbers("labels=nosuch,bug&state=all"), "4,3", "fact 14: unknown ones are dropped");
    assert_eq!(numbers("labels=org/urgent&state=all"), "4,3,0,1", "fact 14: with none left, no filter");
    assert_eq!(numbers("milestones=nosuch&state=all"), "4,3,0,1", "fact 17");
    assert_eq!(numbers("milestones=1.0&state=all"), "3");
    assert_eq!((numbers("assigned_by=bot"), numbers("created_by=reader")), ("3".into(), "0,1".into()));
    assert_eq!(numbers("since=2026-11-02T00:00:00Z&before=2026-11-02T00:00:00Z"), "0,1", "fact 13: inclusive");
    assert_eq!(numbers("q=third"), "3");
    let refused = bot.get(&format!("{APP}/issues?since=2026-11-02T00:00:00%2B02:00")).status;
    assert_eq!(refused, 200, "fact 13: %2B");
    let pulls = bot.get(&format!("{APP}/pulls"));
    assert_eq!((pulls.each("number"), pulls.each("draft")), (vec!["4".into()], vec!["true".into()]), "facts 20 and 25");
    assert_eq!(bot.get(&format!("{APP}/pulls/3")).status, 404);
    server.world().repo("acme/app").pulls_off = true;
    assert_eq!(bot.get(&format!("{APP}/issues?type=pulls")).status, 404, "fact 10");
    assert_eq!(bot.get(&format!("{APP}/issues?state=all")).each("number").len(), 3, "fact 10");
}

#[test]
fn a_pull_request_with_two_of_the_labels_comes_twice() {
    let (server, client) = gitea();
    let mut world = server.world();
    world.add_issue("acme/app", pull("p").labels(&["bug", "area/a"]));
    let ids = world.item("acme/app", 3).labels.clone();
    drop(world);
    let listed = client("bot").get(&format!("{APP}/pulls?state=all&labels={}&labels={}", ids[0], ids[1]));
    assert_eq!(
        (listed.each("number"), listed.header("x-total-count")),
        (vec!["3".into(), "3".into()], Some("2")),
        "fact 21"
    );
}

#[test]
fn rights_say_404_401_and_403() {
    let (server, client) = gitea();
    let lib = "/repos/acme/lib/issues";
    let statuses = ["bot", "reader", "stranger", "job"].map(|token| client(token).get(lib).status);
    assert_eq!(statuses, [200, 200, 404, 404], "facts 52 and 92");
    server.world().tokens.get_mut("bot").unwrap().expired = true;
    assert_eq!(client("bot").get(&format!("{APP}/issues")).status, 401, "facts 52 and 81");
    let label =
        |token: &str| client(token).send("POST", &format!("{APP}/issues/1/labels"), &json!({ "labels": ["bug"] }));
    assert_eq!((label("reader").status, label("job").status), (403, 200));
    let removed = client("reader").ask("DELETE", &format!("{APP}/issues/1/labels/1"), None).unwrap();
    assert_eq!((removed.status, removed.body.len()), (403, 0), "fact 51: without a word");
    assert_eq!(client("job").get("/user").json()["id"], -2, "fact 85");
    assert_eq!(client("reader").get("/users/nosuch").status, 404, "fact 40");
    server.world().sign_in = true;
    assert_eq!(Client::new(&server.url(), "/api/v1").get("/version").status, 403, "fact 61");
}

#[test]
fn a_jobs_token_reads_other_public_repositories_from_1_26() {
    for (world, status) in [(World::gitea("1.26.4"), 200), (World::gitea("1.24.7"), 404), (World::forgejo(), 404)] {
        let (server, client) = acme(world);
        server.world().add_repo("other/one");
        assert_eq!(client("job").get("/repos/other/one").status, status, "fact 83");
        let made = client("job").send("POST", "/repos/other/one/issues", &json!({ "title": "x" }));
        assert_eq!(made.status, if status == 200 { 201 } else { 404 }, "fact 83");
    }
}

#[test]
fn assignees_are_changed_by_half() {
    let (server, client) = gitea();
    let mut bot = client("bot");
    server.world().assign(1, 1, "root1", "reader");
    let half =
        bot.send("PATCH", "/repos/acme/lib/issues/1", &json!({ "title": "new", "assignees": ["bot", "stranger"] }));
    let mut world = server.world();
    assert_eq!((half.status, world.assignees_of("acme/lib", 1)), (500, vec!["bot".to_owned()]), "fact 40");
    assert_eq!(world.item("acme/lib", 1).title, "new", "the rest is done");
    drop(world);
    assert_eq!(
        bot.send("PATCH", &format!("{APP}/issues/1"), &json!({ "assignees": ["gitea-actions"] })).status,
        500,
        "fact 40"
    );
    assert_eq!(
        bot.send("PATCH", &format!("{APP}/issues/1"), &json!({ "assignees": ["stranger"] })).status,
        201,
        "fact 40: public"
    );
    assert_eq!(
        bot.send("POST", &format!("{APP}/issues"), &json!({ "title": "x", "assignees": ["nosuch"] })).status,
        422,
        "fact 40"
    );
}

#[test]
fn exclusive_labels_milestones_titles_and_states_leave_entries() {
    let (server, client) = gitea();
    let mut bot = client("bot");
    let path = format!("{APP}/issues/1");
    bot.send("POST", &format!("{path}/labels"), &json!({ "labels": ["area/a"] }));
    bot.send("POST", &format!("{path}/labels"), &json!({ "labels": ["area/b"] }));
    for change in [
        json!({ "milestone": 1 }),
        json!({ "title": "new" }),
        json!({ "state": "closed" }),
        json!({ "state": "open" }),
        json!({ "assignees": ["bot"] }),
        json!({ "assignees": [] }),
    ] {
        assert_eq!(bot.send("PATCH", &path, &change).status, 201, "{change}");
    }
    assert_eq!(
        client("root1").send("PUT", &format!("{path}/lock"), &json!({ "lock_reason": "spam" })).status,
        204,
        "fact 46"
    );
    let entries = bot.get(&format!("{path}/timeline?page=1&limit=50")).json();
    let told = |entry: &Value| {
        let what = [
            &entry["label"]["name"],
            &entry["assignee"]["login"],
            &entry["milestone"]["title"],
            &entry["new_title"],
            &entry["body"],
        ];
        let what: Vec<&str> = what.into_iter().filter_map(Value::as_str).filter(|text| !text.is_empty()).collect();
        format!(
            "{} {}{}",
            entry["type"].as_str().unwrap(),
            what.join(" "),
            if entry["removed_assignee"] == true { " removed" } else { "" }
        )
    };
    let told: Vec<String> = entries.as_array().unwrap().iter().map(told).collect();
    let expected = [
        "label area/a 1",
        "label area/a",
        "label area/b 1",
        "milestone 1.0",
        "change_title new",
        "close ",
        "reopen ",
        "assignees bot",
        "assignees bot removed",
        "lock spam",
    ];
    assert_eq!(told, expected, "facts 35, 44 and 46");
    // Fact 90: an entry of the timeline is no comment.
    let comment = format!("{APP}/issues/comments/{}", entries[0]["id"]);
    let edited = bot.send("PATCH", &comment, &json!({ "body": "x" }));
    assert_eq!((edited.status, edited.body.len()), (204, 0));
    assert_eq!((bot.get(&comment).status, bot.ask("DELETE", &comment, None).unwrap().status), (204, 400));
    drop(server);
}

#[test]
fn pages_follow_their_lists() {
    for (world, whole) in [(World::gitea("1.26.4"), 5), (World::gitea("1.24.7"), 12), (World::forgejo(), 12)] {
        let (server, client) = acme(world);
        for number in 0..12 {
            server.world().add_comment("acme/app", 1, "reader", &format!("c{number}"), "2026-11-03T00:00:00Z");
        }
        let mut bot = client("bot");
        let mut length = |path: &str| bot.get(&format!("{APP}/{path}")).json().as_array().unwrap().len();
        assert_eq!((length("issues/1/comments"), length("issues/comments?limit=5&page=2")), (12, 5), "fact 4");
        assert_eq!(length("issues/comments?limit=5"), whole, "fact 3: `limit` alone");
        assert_eq!(length("issues/comments?since=2026-11-04T00:00:00Z"), 0, "fact 36");
        server.world().max_page = 2;
        assert_eq!(length("issues/comments?limit=50&page=1"), 2, "fact 1: clamped");
    }
}

#[test]
fn files_are_read_without_a_checkout() {
    for world in [World::gitea("1.21.11"), World::gitea("1.26.4"), World::forgejo(), World::github()] {
        let (server, client) = acme(world);
        let mut world = server.world();
        world.add_file("acme/lib", "abc123", "rules/common.yaml", "a: 1\n");
        let github = world.dialect.is_github();
        drop(world);
        let mut bot = client("bot");
        let content = bot.get("/repos/acme/lib/contents/rules/common.yaml?ref=abc123").json();
        assert_eq!(
            (content["encoding"].as_str(), content["content"].as_str().map(str::trim)),
            (Some("base64"), Some("YTogMQo="))
        );
        assert_eq!(bot.get("/repos/acme/lib/contents/rules?ref=abc123").each("path"), ["rules/common.yaml"], "fact 34");
        let tree = bot.get("/repos/acme/lib/git/trees/abc123?recursive=1").json();
        assert_eq!(tree["tree"][0]["path"], "rules/common.yaml", "fact 110");
        for missing in ["contents/nosuch?ref=abc123", "contents/rules?ref=nosuch", "git/trees/nosuch"] {
            assert_eq!(bot.get(&format!("/repos/acme/lib/{missing}")).status, 404, "{missing}");
        }
        let raw = match github {
            true => {
                bot.extra.push(("Accept".to_owned(), "application/vnd.github.raw+json".to_owned()));
                bot.get("/repos/acme/lib/contents/rules/common.yaml?ref=abc123")
            }
            false => bot.get("/repos/acme/lib/raw/rules/common.yaml?ref=abc123"),
        };
        assert_eq!(raw.body, b"a: 1\n");
        bot.extra.push(("If-None-Match".to_owned(), raw.header("etag").unwrap().to_owned()));
        let path = if github { "contents/rules/common.yaml" } else { "raw/rules/common.yaml" };
        assert_eq!(bot.get(&format!("/repos/acme/lib/{path}?ref=abc123")).status, 304, "facts 34 and 74");
    }
}

#[test]
fn forgejo_takes_a_time_from_admins_and_times_may_have_an_offset() {
    let (server, client) = acme(World::forgejo());
    let body = json!({ "body": "x", "updated_at": "2026-11-05T00:00:00Z" });
    assert_eq!(client("bot").send("PATCH", &format!("{APP}/issues/1"), &body).status, 403, "fact 47");
    assert_eq!(client("root1").send("PATCH", &format!("{APP}/issues/1"), &body).status, 201);
    server.world().offset = 2;
    let times = client("bot").get(&format!("{APP}/issues/1")).json();
    assert_eq!(times["updated_at"], "2026-11-05T02:00:00+02:00", "fact 31");
}

#[test]
#[should_panic(expected = "no query parameter `sort`")]
fn a_request_that_the_api_does_not_have_fails_its_test() {
    let (_server, client) = gitea();
    client("bot").get(&format!("{APP}/issues?sort=oldest"));
}
