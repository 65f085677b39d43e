//! The server serves: one walk through each dialect.

use serde_json::json;

use super::client::Client;
use super::{Access, Server, World, issue};

#[test]
fn every_dialect_lists_and_takes_a_comment() {
    for (world, prefix) in [
        (World::gitea("1.21.11"), "/api/v1"),
        (World::gitea("1.26.4"), "/api/v1"),
        (World::forgejo(), "/api/v1"),
        (World::github(), ""),
        (World::github_enterprise(), "/api/v3"),
    ] {
        let mut world = world;
        world.add_repo("acme/app");
        world.add_member("acme/app", "bot", Access::Write);
        world.add_token("t", "bot");
        world.add_issue("acme/app", issue("first").labels(&["bug"]).assignees(&["bot"]));
        let server = Server::start(world);
        let mut client = Client::new(&server.url(), prefix).with_token("t");
        let listed = client.get("/repos/acme/app/issues?state=open");
        assert_eq!((listed.status, listed.each("title")), (200, vec!["first".to_owned()]));
        let made = client.send("POST", "/repos/acme/app/issues/1/comments", &json!({ "body": "hello @ada" }));
        assert_eq!((made.status, &made.json()["body"]), (201, &json!("hello @ada")));
        let entries = client.get("/repos/acme/app/issues/1/timeline?page=1");
        assert_eq!(entries.json().as_array().unwrap().len(), 3);
        assert_eq!(server.world().comments("acme/app", 1), ["hello @ada"]);
        assert_eq!((server.connections(), server.count("GET", "/repos/*/*/issues/**")), (1, 2));
        assert_eq!(server.writes(), ["POST /repos/acme/app/issues/1/comments"]);
    }
}

#[test]
#[allow(clippy::print_stdout)] // that is what it is for
#[ignore = "serves until it is stopped, for trials by hand: its addresses and the token `t` are printed"]
fn serve() {
    let worlds = [World::gitea("1.26.4"), World::gitea("1.21.11"), World::forgejo(), World::github()];
    let serve = |mut world: World| {
        world.add_repo("acme/app");
        world.add_member("acme/app", "bot", Access::Write);
        world.add_token("t", "bot");
        for number in 1..=100 {
            world.add_issue("acme/app", issue(&format!("issue {number}")));
        }
        let server = Server::start(world);
        println!("{:?}: {}", server.world().dialect, server.api_url());
        server
    };
    let _servers = worlds.map(serve);
    loop {
        std::thread::park();
    }
}
