//! Plans made by hand that would change what is somebody else's: one guard, on every forge.
//!
//! Takes: a plan with a right digest whose writes were exchanged. Gives: nothing is written, and the item says why.

use kaizen::plan::marker::Marker;
use serde_json::{Value, json};

use super::backlog::{MARKER, REPO, small};
use super::counts::NO_SUMMARY;
use super::kaizen::Place;
use super::scenario::everywhere;
use crate::forge::{Server, issue};
use crate::support::sealed;

const FOREIGN: &str = "is by ada, and not ours";
const NO_SECTION: &str = "holds no section of ours";
const NOT_KEPT: &str = "It is no such issue of ours.";

/// A text as a job keeps one.
fn own_text(key: &str, day: &str) -> String {
    let marker = Marker::default().with("policy", "backlog-triage").with("key", key).with("did", "d").with("run", "-");
    format!("Taken over.\n\n{}", marker.with("day", day).line())
}

#[test]
fn a_plan_changes_nothing_of_others_on_any_server() {
    everywhere(|name, dialect| {
        let mut world = small(dialect);
        let theirs = world.add_comment(REPO, 1, "ada", "Mine.", "2026-11-19T10:00:00Z");
        let plain =
            world.add_comment(REPO, 1, "kaizen-bot", "A person wrote this with our account.", "2026-11-19T11:00:00Z");
        let copied = issue("Backlog summary").by("ada").body(&own_text("summary", "2026-11-19"));
        let copied = world.add_issue(REPO, copied);
        let ours = issue("Backlog summary").by("kaizen-bot").body(&own_text("summary", "2026-11-19"));
        let ours = world.add_issue(REPO, ours);
        let below = world.add_comment(REPO, ours, "ada", "Mine too.", "2026-11-19T12:00:00Z");
        let server = Server::start(world);
        let place = Place::new(&[NO_SUMMARY]);
        place.run(&server, &["--dry-run", "--plan-out", "plan.json"]).ended(0);
        let good = std::fs::read_to_string(place.path("plan.json")).unwrap();
        let parsed: Value = serde_json::from_str(&good).unwrap();
        let first = parsed["items"].as_array().unwrap().iter().find(|item| item["number"] == 1).unwrap();

        let edit =
            |id: i64, key: &str| json!({"op": "edit_comment", "key": key, "args": {"id": id, "body": "Taken over."}});
        let delete = |id: i64, key: &str, over: &str| json!({"op": "delete_comment", "key": key, "args": {"id": id, "over": over}});
        let text = |key: &str, args: Value| json!({"op": "edit_body", "key": key, "args": args});
        let keep = |key: &str| text(key, json!({ "body": own_text(key, "2026-11-20") }));
        let close = |key: &str| json!({"op": "close", "key": key, "args": {"reason": "completed"}});
        let cases: Vec<(u64, Vec<Value>, &str)> = vec![
            (1, vec![edit(theirs, "decision")], FOREIGN),
            (1, vec![edit(theirs, "undo")], FOREIGN),
            (1, vec![delete(theirs, "decision", "Mine.")], FOREIGN),
            (1, vec![delete(theirs, "undo", "Mine.")], FOREIGN),
            (1, vec![edit(plain, "decision")], "is not one of `"),
            (1, vec![edit(plain, "undo")], "is not one of `"),
            (1, vec![delete(plain, "undo", "A person wrote this with our account.")], "is not one of `"),
            // A comment of another item is none of this one.
            (1, vec![edit(below, "decision")], "is gone"),
            (1, vec![text("decision", json!({"body": "Taken over."}))], NO_SECTION),
            (1, vec![text("decision", json!({"section": "Taken over."}))], NO_SECTION),
            (
                1,
                vec![text("undo", json!({"body": "Taken over.", "over": super::backlog::READY}))],
                "more of the text than a section",
            ),
            // What is kept is ours by its author and its marker, and nothing beside it is changed or closed.
            (4, vec![keep("summary")], NOT_KEPT),
            (4, vec![keep("proposal"), close("proposal")], NOT_KEPT),
            (4, vec![close("proposal"), keep("proposal")], NOT_KEPT),
            (copied, vec![keep("summary")], NOT_KEPT),
            (copied, vec![keep("summary"), close("summary")], NOT_KEPT),
            (ours, vec![keep("summary"), edit(below, "summary")], "`edit_comment`"),
            (ours, vec![keep("summary"), delete(below, "decision", "")], "`delete_comment`"),
        ];
        server.forget_requests();
        for (number, writes, says) in cases {
            let plan = sealed(&good, |plan| {
                let mut item = first.clone();
                item["number"] = json!(number);
                item["seen"] = if number == 1 { first["seen"].clone() } else { Value::Null };
                item["effects"][0]["writes"] = json!(writes);
                plan["items"] = json!([item]);
            });
            std::fs::write(place.path("plan.json"), plan).unwrap();
            let ran = place.apply("plan.json", &["--format", "json"]);
            assert_eq!(server.writes(), [""; 0], "{name}: {writes:?}: {}", ran.all());
            let item = &ran.json()["items"][0];
            let (state, note) = (item["state"].as_str().unwrap(), item["note"].as_str().unwrap_or_default());
            assert!(
                ["failed", "dropped"].contains(&state) && note.contains(says),
                "{name}: {writes:?}: {state} {note}"
            );
            assert_eq!(ran.code, i32::from(state == "failed"), "{name}: {writes:?}");
        }
        // With the same hand, what is ours is replaced: the guard is what stopped the others.
        let plan = sealed(&good, |plan| {
            let mut item = first.clone();
            (item["number"], item["seen"]) = (json!(ours), Value::Null);
            item["effects"][0]["writes"] = json!([keep("summary")]);
            plan["items"] = json!([item]);
        });
        std::fs::write(place.path("plan.json"), plan).unwrap();
        place.apply("plan.json", &[]).ended(0);
        assert!(server.world().item(REPO, ours).body.contains("2026-11-20"), "{name}");
        assert!(server.world().item(REPO, ours).body.contains(MARKER), "{name}");
    });
}
