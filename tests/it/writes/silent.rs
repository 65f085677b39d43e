//! Actions without a comment: what they remember is the item's state, and its timeline.

use serde_json::json;

use super::{Bench, LATER, applied, fate, names, rules, world_of};
use crate::support::issue;

const SILENT: &str = "{add_labels: [taken], assign: [claude]}";

#[test]
fn what_a_person_took_off_stays_off() {
    for applied_again in [false, true] {
        let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(SILENT, ""));
        bench.plan();
        assert_eq!(applied(&bench.apply()).0, "done");
        assert_eq!(names(&bench.issue(1), "labels", "name"), ["taken"]);
        assert_eq!(bench.comments(1), []);
        let report = bench.nothing(LATER, "all is as it should be");
        assert_eq!(fate(&report, 1).0, "unchanged");

        bench.forget();
        bench.edit_issue(1, json!({ "labels": [], "assignees": [], "assignee": null }));
        bench.edit(|repo| {
            let event = json!({
                "id": 991, "type": "label", "body": "", "label": { "name": "taken" }, "user": { "login": "mira" },
                "created_at": LATER,
            });
            repo["events"]["1"].as_array_mut().unwrap().push(event);
        });
        let before = bench.text();
        if applied_again {
            let (state, note) = applied(&bench.apply());
            assert_eq!((state.as_str(), note.as_str()), ("unchanged", "mira took the label taken off."));
        } else {
            let (state, note) = fate(&bench.nothing(LATER, "taken off"), 1);
            assert_eq!((state.as_str(), note.as_str()), ("unchanged", "mira took the label taken off."));
        }
        assert!(bench.text() == before);
    }
}

#[test]
fn what_was_taken_off_and_put_on_again_by_people_is_no_longer_off() {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules("{add_labels: [taken]}", ""));
    let entry = |id: u64, body: &str| json!({ "id": id, "type": "label", "body": body, "label": { "name": "taken" }, "user": { "login": "mira" } });
    bench.edit(|repo| repo["events"]["1"] = json!([entry(1, "1"), entry(2, "")]));
    bench.nothing(LATER, "a person took it off before we ever put it on");
    bench.edit(|repo| repo["events"]["1"] = json!([entry(1, ""), entry(2, "1")]));
    assert_eq!(bench.live_at(LATER).json(0)["totals"]["acted"], 1);
}
