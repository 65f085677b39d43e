//! The diff says what running the job under each version says, item by item.
//!
//! Takes: every recorded world, the demo, 10,000 made-up issues. Gives: equal rule, action, score and
//! text for each item that changes, and equal ones on both sides for each that does not. How long
//! a diff takes beside one run is printed, not asserted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::backlog;
use crate::golden::read;
use crate::recorded::worlds;
use crate::support::{Kaizen, root};

/// What a run says of each item: rule, action, score, and the text where it would write one.
type Said = BTreeMap<(String, u64), (Value, Value, Value, Option<String>)>;

/// Caps that let every item through, so that each text is seen.
const UNCAPPED: [(&str, &str); 3] =
    [("at_once: 3", "at_once: 100000"), ("at_once: 5", "at_once: 100000"), ("items_per_run: 50, ", "")];

fn without_marker(body: &str) -> String {
    body.rsplit_once("\n\n<!-- kaizen:v1 ").map_or(body, |(text, _)| text).to_owned()
}

/// Runs the job. A text that tells of an earlier decision has what no diff reads, and is left out.
fn said(world: &Value, rules: &std::path::Path, templates: &std::path::Path) -> (Said, Duration) {
    let kaizen = Kaizen::triage(world).args([
        std::path::Path::new("--rules"),
        rules,
        std::path::Path::new("--templates"),
        templates,
    ]);
    let begun = Instant::now();
    let ran = kaizen.run();
    let took = begun.elapsed();
    let report = ran.json(if ran.code == 4 { 4 } else { 0 });
    let mut texts: BTreeMap<(String, u64), String> = BTreeMap::new();
    for write in report["writes"].as_array().unwrap() {
        let comment = write["op"] == "comment" || write["op"] == "edit_comment";
        if let (true, Some(number), Some(body)) = (comment, write["number"].as_u64(), write["args"]["body"].as_str()) {
            let key = (write["repo"].as_str().unwrap().to_owned(), number);
            texts.entry(key).or_insert_with(|| without_marker(body));
        }
    }
    let of = |issue: &Value| {
        let key = (issue["repo"].as_str().unwrap().to_owned(), issue["number"].as_u64().unwrap());
        let text = texts.get(&key).filter(|text| !text.contains("earlier decision")).cloned();
        let decision = &issue["decision"];
        (key, (decision["rule"].clone(), decision["action"].clone(), issue["score"].clone(), text))
    };
    (report["issues"].as_array().unwrap().iter().map(of).collect(), took)
}

/// Compares a diff with two runs; gives how often texts were compared, and the times.
fn agrees(world: &Value, what: &str, base: &std::path::Path, head: &std::path::Path) -> (usize, Duration, Duration) {
    let templates = root().join("templates");
    let (before, took) = said(world, base, &templates);
    let (after, _) = said(world, head, &templates);
    let args: [&std::path::Path; 4] = ["--base".as_ref(), base, "--rules".as_ref(), head];
    let kaizen = Kaizen::diff(world).args(args);
    let begun = Instant::now();
    let ran = kaizen.run();
    let whole = begun.elapsed();
    let diff = ran.json(0);
    let mut changed: BTreeMap<(String, u64), &Value> = BTreeMap::new();
    for item in diff["items"].as_array().unwrap() {
        let key = (item["repo"].as_str().unwrap().to_owned(), item["number"].as_u64().unwrap());
        assert_eq!(item["key"], format!("{}#{}", key.0, key.1), "{what}");
        assert!(changed.insert(key, item).is_none(), "{what}: an item is there twice");
    }
    let mut texts = 0;
    let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    assert_eq!(diff["evaluated"], keys.len(), "{what}");
    assert_eq!(diff["changed"], changed.len(), "{what}");
    for key in keys {
        let (old, new) = (before.get(key), after.get(key));
        let Some(item) = changed.get(key) else {
            let bare = |side: Option<&(Value, Value, Value, Option<String>)>| {
                side.map(|it| (it.0.clone(), it.1.clone(), it.2.clone()))
            };
            assert_eq!(bare(old), bare(new), "{what}: {key:?} changes, and the diff has it not");
            if let (Some(Some(old)), Some(Some(new))) = (old.map(|it| &it.3), new.map(|it| &it.3)) {
                assert_eq!(old, new, "{what}: the text of {key:?} changes, and the diff has it not");
                texts += 1;
            }
            continue;
        };
        for (side, said) in [("from", old), ("to", new)] {
            let Some((rule, action, score, text)) = said else {
                assert_eq!(item[side], Value::Null, "{what}: {key:?} {side}");
                continue;
            };
            let told = &item[side];
            assert_eq!(
                (&told["rule"], &told["action"], &told["score"]),
                (rule, action, score),
                "{what}: {key:?} {side}"
            );
            if let Some(text) = text {
                assert_eq!(told["text"], json!(text), "{what}: {key:?} {side}");
                texts += 1;
            }
        }
    }
    (texts, took, whole)
}

#[test]
fn it_agrees_on_every_recorded_world_and_the_demo() {
    let (shipped, reference) = (root().join("rules"), root().join("tests/reference/rules"));
    let demo = read(&root().join("tests/worlds/demo.json"));
    let mut texts = 0;
    for (name, world) in worlds().chain([("demo", demo)]) {
        texts += agrees(&world, name, &reference, &shipped).0;
        texts += agrees(&world, name, &shipped, &reference).0;
    }
    assert!(texts > 20, "only {texts} texts were compared");
}

#[test]
fn what_is_said_of_an_item_does_not_turn_on_the_items_before_it() {
    // Sentences that many items share are put together once a run.
    let all = backlog(84);
    let kaizen = Kaizen::bare();
    let (rules, templates) = (kaizen.pack("base/rules", &UNCAPPED), root().join("templates"));
    let together = said(&all, &rules, &templates).0;
    let mut texts = 0;
    for issue in all["repos"][0]["issues"].as_array().unwrap() {
        let mut alone = all.clone();
        alone["repos"][0]["issues"] = json!([issue]);
        for (key, one) in said(&alone, &rules, &templates).0 {
            assert_eq!(together.get(&key), Some(&one), "{key:?}");
            texts += usize::from(one.3.is_some());
        }
    }
    assert!(texts > 40, "only {texts} texts were compared");
}

#[test]
#[allow(clippy::print_stdout, reason = "the ratio is wanted where output is shown")]
fn it_agrees_on_ten_thousand_issues() {
    let world = backlog(10_000);
    let kaizen = Kaizen::bare();
    let base = kaizen.pack("base/rules", &UNCAPPED);
    let edits = [
        ("ready: 5", "ready: 6"),
        ("kimi_ready: [kimi-ready]", "kimi_ready: [kimi-ready]\n  urgent: {also: [search]}"),
    ];
    let head = kaizen.pack("head/rules", &[&UNCAPPED[..], &edits].concat());
    let (texts, one, both) = agrees(&world, "10,000", &base, &head);
    assert!(texts > 5_000, "only {texts} texts were compared");
    println!("one run {one:?}, the diff {both:?}: {:.2} times", both.as_secs_f64() / one.as_secs_f64());
}
