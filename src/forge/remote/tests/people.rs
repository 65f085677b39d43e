//! Labels and people.
//!
//! Takes: a forge that adds, drops and keeps. Gives: the requests in each dialect, and what the
//! answers say became of them.

use super::writing::{canned, fresh, strings, told, writes};
use super::*;
use crate::forge::change::{Change, ForgeWriter};

#[test]
fn gitea_takes_labels_by_id_whoever_owns_them_facts_41_42_43() {
    let added = r#"[{"name": "bug"}, {"name": "org/urgent"}, {"name": "other"}]"#;
    let (server, forge) = gitea(canned(vec![
        ("POST issues/3/labels", ok(added)),
        ("DELETE issues/3/labels/11", json(204, "")),
        ("DELETE issues/3/labels/12", json(422, "{}")),
        ("GET issues/3", ok(r#"{"number": 3, "labels": []}"#)),
        ("DELETE issues/3/labels/22", json(204, "")),
    ]));
    let item = fresh(&[], None);
    let both = strings(&["bug", "org/urgent"]);
    forge.change(0, &item, Change::AddLabels(&both)).unwrap();
    forge.change(0, &item, Change::RemoveLabels(&strings(&["bug", "nowhere", "Kind/Bug & x"]))).unwrap();
    // The organisation has a `bug` of its own: whichever is on it comes off.
    let expected = [
        r#"POST issues/3/labels {"labels":[11,21]}"#,
        "DELETE issues/3/labels/11",
        "DELETE issues/3/labels/22",
        "DELETE issues/3/labels/12",
    ];
    assert_eq!(writes(&server), expected);
    let error = told(forge.change(0, &item, Change::AddLabels(&strings(&["bug", "Kind/Bug & x"]))));
    assert!(
        error.starts_with("ignored: labelling a/b#3: ") && error.contains("`Kind/Bug & x` is not on it"),
        "{error}"
    );
    let error = told(forge.change(0, &item, Change::AddLabels(&strings(&["nosuch"]))));
    assert_eq!(error, "refused: labelling a/b#3: there is no label `nosuch`; create it; nothing was written");
}

#[test]
fn github_takes_labels_by_name_facts_43_67() {
    let (server, forge) = github(canned(vec![
        ("POST issues/3/labels", ok(r#"[{"name": "Bug"}]"#)),
        ("DELETE issues/3/labels/Kind%2FBug%20%26%20x", ok("[]")),
        ("DELETE issues/3/labels/stuck", ok(r#"[{"name": "stuck"}]"#)),
        ("GET issues/3", ok(r#"{"number": 3, "labels": []}"#)),
    ]));
    let item = fresh(&[], None);
    forge.change(0, &item, Change::AddLabels(&strings(&["bug"]))).unwrap();
    // The second is not on it: 404, and another look says so.
    forge.change(0, &item, Change::RemoveLabels(&strings(&["Kind/Bug & x", "off"]))).unwrap();
    assert_eq!(
        writes(&server)[..2],
        [r#"POST issues/3/labels {"labels":["bug"]}"#, "DELETE issues/3/labels/Kind%2FBug%20%26%20x"]
    );
    let error = told(forge.change(0, &item, Change::RemoveLabels(&strings(&["stuck"]))));
    assert!(error.starts_with("ignored: ") && error.contains("`stuck` is still on it"), "{error}");
    let before = writes(&server).len();
    for name in ["", ".", ".."] {
        // Sent, these would take off every label.
        assert!(told(forge.change(0, &item, Change::RemoveLabels(&strings(&[name])))).starts_with("refused: "));
    }
    assert_eq!(writes(&server).len(), before);
}

#[test]
fn gitea_replaces_the_set_of_assignees_fact_40() {
    // The list is read anew before each: what the last look saw may be gone.
    let now = r#"{"number": 3, "assignees": [{"login": "Maria"}]}"#;
    let (server, forge) = gitea(|seen, _| {
        if seen.method == "GET" {
            return ok(now);
        }
        let body =
            seen.body.replace("\"maria\"", "{\"login\": \"Maria\"}").replace("\"claude\"", "{\"login\": \"claude\"}");
        json(201, &body.replace("{\"assignees\"", "{\"number\": 3, \"assignees\""))
    });
    let item = fresh(&["Maria"], None);
    forge.change(0, &item, Change::Assign(&strings(&["claude", "maria"]))).unwrap();
    forge.change(0, &item, Change::Unassign(&strings(&["maria", "kimi"]))).unwrap();
    // Nothing to do is nothing to send.
    forge.change(0, &item, Change::Assign(&strings(&["maria"]))).unwrap();
    forge.change(0, &item, Change::Unassign(&strings(&["kimi"]))).unwrap();
    let expected = [r#"PATCH issues/3 {"assignees":["Maria","claude"]}"#, r#"PATCH issues/3 {"assignees":[]}"#];
    assert_eq!(writes(&server), expected);
    // An unknown login: the old ones may be gone already.
    let (_server, forge) =
        gitea(|seen, _| if seen.method == "GET" { ok(now) } else { json(500, "{\"message\": \"\"}") });
    let error = told(forge.change(0, &item, Change::Assign(&strings(&["nosuch"]))));
    assert!(error.starts_with("unknown: assigning a/b#3: ") && error.contains("one of the names"), "{error}");
    // A poster without the right is answered 201 (fact 39).
    let (_server, forge) = gitea(|_, _| json(201, "{\"number\": 3, \"assignees\": null}"));
    let error = told(forge.change(0, &item, Change::Assign(&strings(&["claude"]))));
    assert!(error.starts_with("ignored: ") && error.contains("claude is not assigned"), "{error}");
}

#[test]
fn github_adds_and_removes_assignees_fact_67() {
    let one = r#"{"number": 3, "assignees": [{"login": "claude"}]}"#;
    let (server, forge) =
        github(canned(vec![("POST issues/3/assignees", json(201, one)), ("DELETE issues/3/assignees", ok(one))]));
    let item = fresh(&["maria"], None);
    forge.change(0, &item, Change::Assign(&strings(&["claude"]))).unwrap();
    forge.change(0, &item, Change::Unassign(&strings(&["maria"]))).unwrap();
    let error = told(forge.change(0, &item, Change::Assign(&strings(&["stranger"]))));
    assert!(error.contains("stranger is not assigned"), "{error}");
    assert_eq!(writes(&server)[1], r#"DELETE issues/3/assignees {"assignees":["maria"]}"#);
}
