//! The look before the first write, and who can be assigned.
//!
//! Takes: repositories that refuse writes, and some that do not. Gives: why not; and that no label
//! is made twice.

use super::writing::{canned, strings, writes};
use super::*;
use crate::forge::change::{ForgeWriter, NewLabel};

#[test]
fn a_label_is_never_made_twice_fact_48() {
    let label = |name: &str| NewLabel { name: name.into(), color: "#ee0701".into(), description: "d".into() };
    // Made by another run while the answer to ours is lost, refused, or on its way.
    for (answer, made, fine) in [
        (json(201, "{\"id\": 5, \"name\": \"new\"}"), true, true),
        (json(422, "{\"message\": \"Validation Failed\", \"errors\": [{\"code\": \"already_exists\"}]}"), true, true),
        ((0, vec![], String::new()), true, true),
        ((0, vec![], String::new()), false, false),
        (json(422, "{\"message\": \"invalid color\"}"), false, false),
    ] {
        let there = shared(false);
        let (server, forge) = gitea(move |seen, path| {
            if seen.method == "POST" {
                *there.lock().unwrap() = made;
                return answer.clone();
            }
            let new = if *there.lock().unwrap() { ", {\"id\": 5, \"name\": \"new\"}" } else { "" };
            if path.starts_with("labels") {
                ok(&format!("[{{\"id\": 1, \"name\": \"old\"}}{new}]"))
            } else {
                json(404, "")
            }
        });
        forge.create_label(0, &label("old")).unwrap();
        assert_eq!(writes(&server).len(), 0);
        assert_eq!(forge.create_label(0, &label("new")).is_ok(), fine);
        let sent = r##"POST labels {"name":"new","color":"#ee0701","description":"d"}"##;
        assert_eq!(writes(&server), [sent]);
    }
    let made = shared(false);
    let (server, forge) = github(move |seen, _| {
        *made.lock().unwrap() |= seen.method == "POST";
        let new = r#"{"id": 12, "name": "New"}"#;
        match (seen.method.as_str(), *made.lock().unwrap()) {
            ("POST", _) => json(201, new),
            (_, true) => ok(&format!(r#"[{{"id": 11, "name": "bug"}}, {new}]"#)),
            (_, false) => ok(r#"[{"id": 11, "name": "bug"}]"#),
        }
    });
    forge.create_label(0, &label("BUG")).unwrap();
    forge.create_label(0, &label("new")).unwrap();
    assert_eq!(writes(&server), [r#"POST labels {"name":"new","color":"ee0701","description":"d"}"#]);
}

#[test]
fn the_look_before_the_first_write_says_why_not() {
    let look = |repo: &'static str, assignees: &'static str| {
        let asked = shared(0);
        let (_server, forge) = {
            let server = Server::start(move |seen| {
                *asked.lock().unwrap() += 1;
                match seen.path.split('?').next().unwrap() {
                    "/api/v1/repos/a/b" => ok(repo),
                    "/api/v1/repos/a/b/assignees" => ok(assignees),
                    "/api/v1/orgs/a/labels" => json(403, ""),
                    path => usual(seen, "1.26.4")
                        .unwrap_or_else(|| canned(vec![])(seen, path.trim_start_matches("/api/v1/repos/a/b/"))),
                }
            });
            let forge = remote(&format!("{}/api/v1", server.url));
            (server, forge)
        };
        forge.preflight(0, true).unwrap()
    };
    let fine = look(r#"{"full_name": "a/b", "permissions": {"push": true}}"#, "[]");
    assert_eq!((fine.refused, fine.labels), (None, strings(&["bug", "Kind/Bug & x"])));
    assert_eq!(fine.milestones, ["2.0"]);
    for (repo, assignees, expected) in [
        (r#"{"full_name": "a/b", "archived": true}"#, "[]", Some("is archived")),
        (r#"{"full_name": "a/b", "has_issues": false}"#, "[]", Some("issues are switched off")),
        (r#"{"full_name": "a/b", "permissions": {"push": false, "pull": true}}"#, "[]", Some("may only read a/b")),
        // Rights on issues alone are no right to push.
        (r#"{"full_name": "a/b", "permissions": {"push": false}}"#, r#"[{"login": "Kaizen-Bot"}]"#, None),
    ] {
        let refused = look(repo, assignees).refused;
        assert_eq!(refused.is_some(), expected.is_some(), "{refused:?}");
        assert!(refused.unwrap_or_default().contains(expected.unwrap_or_default()));
    }
}

#[test]
fn more_can_be_assigned_than_are_listed_fact_40() {
    for private in [false, true] {
        let server = Server::start(move |seen| match seen.path.split('?').next().unwrap() {
            "/api/v1/user" => ok(r#"{"id": -2, "login": "gitea-actions"}"#),
            "/api/v1/repos/a/b" => ok(&format!("{{\"full_name\": \"a/b\", \"private\": {private}}}")),
            "/api/v1/repos/a/b/assignees" => ok(r#"[{"login": "claude"}]"#),
            "/api/v1/repos/a/b/collaborators" => ok(r#"[{"id": 1, "login": "reader"}]"#),
            "/api/v1/users/reader" | "/api/v1/users/stranger" => ok("{}"),
            _ => usual(seen, "1.26.4").unwrap_or_else(|| json(404, "")),
        });
        let forge = remote(&format!("{}/api/v1", server.url));
        let can = |login: &str| forge.assignable(0, login).unwrap();
        assert_eq!((can("Claude"), can("reader"), can("stranger")), (true, true, !private));
        assert!(!can("nosuch") && !can("gitea-actions") && !can("..") && !can("a/b") && !can(""));
    }
    let (server, forge) = github(canned(vec![("GET assignees/claude", json(204, ""))]));
    assert!(forge.assignable(0, "claude").unwrap() && !forge.assignable(0, "nosuch").unwrap());
    assert_eq!(server.lines().last().unwrap(), "GET /api/v3/repos/a/b/assignees/nosuch");
}
