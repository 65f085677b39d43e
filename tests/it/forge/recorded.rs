//! Pages that a real server sent, served again as they were.
//!
//! Takes: `tests/forge/live/gitea-1.26.4-world.json` and the bodies in
//! `tests/recorded/gitea-1.26.4-world.json`. Gives: a [`World`] whose server answers those paths and
//! queries with those statuses, headers and bodies, and everything else as an empty Gitea.

use std::collections::HashMap;

use serde_json::Value;

use super::client::Client;
use super::http::Response;
use super::server::Server;
use super::world::World;
use crate::support::root;

fn file(path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(root().join(path)).unwrap()).unwrap()
}

impl World {
    /// One organisation of a Gitea 1.26.4: 324 issues, 25 pull requests, some 550 comments. Whoever
    /// asks sees them; no token is looked at.
    pub fn recorded() -> World {
        let mut world = World::gitea("1.26.4");
        let bodies = file("tests/recorded/gitea-1.26.4-world.json");
        let bodies: HashMap<&str, &Value> = bodies["answers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|answer| (answer["path"].as_str().unwrap(), &answer["body"]))
            .collect();
        let pages = file("tests/forge/live/gitea-1.26.4-world.json");
        for page in pages.as_array().unwrap() {
            let path = page["path"].as_str().unwrap();
            let body = page.get("body").unwrap_or_else(|| bodies[path]);
            let mut answer = Response::json(u16::try_from(page["status"].as_u64().unwrap()).unwrap(), body);
            for (name, value) in page["headers"].as_object().unwrap() {
                answer = answer.with(name, value.as_str().unwrap());
            }
            world.recorded.insert(path.to_owned(), answer);
        }
        world
    }
}

#[test]
fn the_recorded_organisation_is_read_to_its_end() {
    let server = Server::start(World::recorded());
    let mut client = Client::new(&server.url(), "");
    let mut path = "/api/v1/repos/acme/app/issues?state=all&limit=50&page=1".to_owned();
    let (mut issues, mut pulls, mut pages) = (0, 0, 0);
    loop {
        let page = client.get(&path);
        assert_eq!((page.status, page.header("x-total-count")), (200, Some("349")));
        for item in page.json().as_array().unwrap() {
            *if item["pull_request"].is_null() { &mut issues } else { &mut pulls } += 1;
        }
        pages += 1;
        let Some(next) = page.link("next") else { break };
        // Fact 6: the link names ROOT_URL, and only its page is of use.
        assert!(next.starts_with("http://forge.example.test:3926/api/v1/repos/acme/app/issues?"), "{next}");
        let number = next.split("page=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        path = format!("/api/v1/repos/acme/app/issues?state=all&limit=50&page={number}");
    }
    assert_eq!((issues, pulls, pages), (324, 25, 7));
    assert_eq!(client.get("/api/v1/repos/acme/app").json()["full_name"], "acme/app");
    assert_eq!(client.get("/api/v1/repos/acme/app/issues/3/comments").json().as_array().unwrap().len(), 72);
    assert_eq!(client.get("/api/v1/version").json()["version"], "1.26.4", "what was not recorded is served too");
}
