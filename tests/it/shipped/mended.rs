//! The mends at work on real backlogs: each is taken out of the shipped rules alone, to see what
//! it changes in the golden files, and that what it changes is the reference's judgement.

use serde_json::{Value, json};

use crate::golden::{files, golden_world, read};
use crate::support::{Kaizen, root};

/// A rule file as a tree; YAML takes it back as JSON.
fn rules(folder: &str) -> Value {
    let text = std::fs::read_to_string(root().join(folder).join("backlog-triage.yaml")).unwrap();
    serde_yaml::from_str(&text).unwrap()
}

/// The golden backlogs, with a timeline for each issue, and their instants.
fn backlogs() -> Vec<(Value, String)> {
    let backlog = |path: std::path::PathBuf| {
        let input = read(&path);
        let (mut world, now) = golden_world(&input);
        let repo = &mut world["repos"][0];
        let mut events = serde_json::Map::new();
        for issue in repo["issues"].as_array().unwrap() {
            let event = json!({ "type": "comment", "user": { "login": "ada" }, "created_at": issue["updated_at"] });
            events.insert(issue["number"].to_string(), json!([event]));
        }
        repo["events"] = Value::Object(events);
        (world, now.to_owned())
    };
    files("triage-").into_iter().map(backlog).collect()
}

/// Records of all backlogs, under the rules that `with` adds to a run.
fn judged(backlogs: &[(Value, String)], with: impl Fn(Kaizen) -> Kaizen) -> Vec<Value> {
    let records = backlogs.iter().flat_map(|(world, now)| {
        let kaizen = with(Kaizen::triage(world)).at(now).args(["--allow-deferred"]);
        kaizen.run().json(0)["issues"].as_array().unwrap().clone()
    });
    records.collect()
}

/// What a mend replaces: members of the shipped rules, and what the reference has there.
struct Mend {
    id: &'static str,
    /// The member of a record that shows it.
    shows: &'static str,
    /// Puts the reference's way into the shipped rules.
    undo: fn(&mut Value, &Value),
}

/// Puts the reference's member at this place.
fn take(rules: &mut Value, reference: &Value, path: &str) {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let theirs = reference.pointer(path).unwrap_or_else(|| panic!("the reference has {path}")).clone();
    rules.pointer_mut(parent).unwrap_or_else(|| panic!("the shipped rules have {parent}"))[name] = theirs;
}

/// Puts this at a place that exists.
fn put(rules: &mut Value, path: &str, value: Value) {
    *rules.pointer_mut(path).unwrap_or_else(|| panic!("the shipped rules have {path}")) = value;
}

/// Where the rule of this id stands.
fn place(rules: &Value, id: &str) -> usize {
    rules["decide"].as_array().unwrap().iter().position(|rule| rule["id"] == id).unwrap()
}

const MENDS: [Mend; 16] = [
    Mend {
        id: "T09",
        shows: "/decision/state",
        undo: |rules, _| {
            rules["agents"]["claude"].as_object_mut().unwrap().remove("at_once");
            rules["agents"]["kimi"].as_object_mut().unwrap().remove("at_once");
            put(rules, "/limits/items_per_run", json!(100_000));
        },
    },
    Mend { id: "T10", shows: "/decision/rule", undo: |rules, reference| take(rules, reference, "/flags/ready") },
    Mend { id: "T10", shows: "/scores/alignment", undo: |rules, reference| take(rules, reference, "/score/alignment") },
    Mend { id: "T11", shows: "/urgent", undo: |rules, reference| take(rules, reference, "/flags/urgent") },
    Mend {
        id: "T12",
        shows: "/blocked",
        undo: |rules, reference| {
            take(rules, reference, "/patterns/blocked");
            put(rules, "/flags/blocked", json!("labelled.blocked or count.blocked >= 1"));
        },
    },
    Mend {
        id: "T13",
        shows: "/blocked",
        undo: |rules, _| put(rules, "/flags/blocked", json!("count.waits_for > 0 and count.waits_for > count.freed")),
    },
    Mend { id: "T14", shows: "/type", undo: |rules, reference| take(rules, reference, "/tags/labels") },
    Mend { id: "T15", shows: "/scores/scope", undo: |rules, reference| take(rules, reference, "/patterns/file") },
    Mend { id: "T16", shows: "/scores/scope", undo: |rules, reference| take(rules, reference, "/patterns/code") },
    Mend {
        id: "T17",
        shows: "/scores/acceptance",
        undo: |rules, reference| {
            take(rules, reference, "/patterns/acceptance");
            for point in ["0", "1"] {
                let theirs = reference.pointer(&format!("/score/acceptance/points/{point}")).unwrap().clone();
                put(rules, &format!("/score/acceptance/points/{point}"), theirs);
            }
        },
    },
    Mend {
        id: "T18",
        shows: "/scores/acceptance",
        undo: |rules, reference| put(rules, "/patterns/test_tool", reference["patterns"]["test"].clone()),
    },
    Mend {
        id: "T19",
        shows: "/scores/acceptance",
        undo: |rules, reference| take(rules, reference, "/patterns/heading"),
    },
    Mend {
        id: "T20",
        shows: "/scores/scope",
        undo: |rules, reference| {
            put(rules, "/score/scope/points/2", reference["score"]["scope"]["points"][2].clone());
        },
    },
    Mend { id: "T21", shows: "/tags", undo: |rules, reference| take(rules, reference, "/tags/brackets") },
    Mend { id: "T22", shows: "/type", undo: |rules, reference| take(rules, reference, "/classify/rules") },
    Mend { id: "T24", shows: "/age_days", undo: |rules, reference| take(rules, reference, "/ages") },
];

/// How many records the mend has changed from what the reference says, and those it has changed at all.
fn changed(mend: &Mend, shipped: &[Value], without: &[Value], reference: &[Value]) -> (usize, usize) {
    let at = |record: &Value| record.pointer(mend.shows).unwrap().clone();
    let (mut mended, mut all) = (0, 0);
    for ((shipped, without), reference) in shipped.iter().zip(without).zip(reference) {
        assert_eq!(shipped["number"], without["number"]);
        if at(shipped) != at(without) {
            all += 1;
            mended += usize::from(at(without) == at(reference));
        }
    }
    (mended, all)
}

#[test]
fn every_mend_changes_golden_issues_from_what_the_reference_says_of_them() {
    let backlogs = backlogs();
    let reference = judged(&backlogs, Kaizen::reference);
    let shipped = judged(&backlogs, |kaizen| kaizen.rules("rules"));
    let theirs = rules("tests/reference/rules");
    let mut none = Vec::new();
    for mend in &MENDS {
        let mut rules = rules("rules");
        (mend.undo)(&mut rules, &theirs);
        let text = rules.to_string();
        let without = judged(&backlogs, |kaizen| kaizen.rule_file(&text));
        let (mended, all) = changed(mend, &shipped, &without, &reference);
        if mended == 0 {
            none.push(format!("{} {}: {all} changed, none from what the reference says", mend.id, mend.shows));
        }
    }
    assert!(none.is_empty(), "{none:#?}");
}

#[test]
fn t23_what_the_reference_sends_to_research_is_urgent_in_the_golden_files() {
    let backlogs = backlogs();
    let reference = judged(&backlogs, Kaizen::reference);
    let shipped = judged(&backlogs, |kaizen| kaizen.rules("rules"));
    let mut swapped = rules("rules");
    let (urgent, research) = (place(&swapped, "urgent"), place(&swapped, "research"));
    assert!(urgent < research);
    swapped["decide"].as_array_mut().unwrap().swap(urgent, research);
    put(&mut swapped, &format!("/decide/{urgent}/when"), json!("tagged.research or labelled.kimi_ready"));
    let text = swapped.to_string();
    let without = judged(&backlogs, |kaizen| kaizen.rule_file(&text));
    let mended = (0..shipped.len()).filter(|at| {
        let rule = |records: &[Value]| records[*at]["decision"]["rule"].clone();
        rule(&shipped) == "urgent" && rule(&without) == "research" && rule(&reference) == "research"
    });
    assert!(mended.count() > 0);
}

#[test]
fn no_urgent_golden_issue_is_skipped_as_not_ready() {
    let shipped = judged(&backlogs(), |kaizen| kaizen.rules("rules"));
    let urgent: Vec<&Value> = shipped.iter().filter(|issue| issue["urgent"] == true).collect();
    assert!(urgent.len() > 50, "the files hold some: {}", urgent.len());
    for issue in urgent {
        assert_ne!(issue["decision"]["rule"], "not-ready", "{issue}");
        assert_ne!(issue["decision"]["rule"], "meta", "{issue}");
        assert_eq!(issue["ready"], true, "{issue}");
    }
}
