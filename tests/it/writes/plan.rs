//! Dry run, live run and a plan carried out: one and the same.

use serde_json::{Value, json};

use super::{Bench, applied, rules, without_run, world_of};
use crate::support::{NOW, issue, sealed};

const READY: &str = "Change `src/run.rs`: fn start() must return early, and a call should verify it.\n\n\
    ```rust\nfn start() {}\n```\n\n## Problem\n\ntest_start hangs under pytest.";

/// Something for every rule of the shipped pack that acts.
fn backlog(kind: &str) -> Value {
    world_of(
        kind,
        &[
            issue(1, "[research] Other parsers", json!({ "body": READY })),
            issue(2, "[feature] Save twice", json!({ "body": format!("This is blocked by #3. {READY}") })),
            issue(3, "[feature] Save twice", json!({ "body": READY })),
            issue(4, "[p0] Down", json!({})),
            issue(5, "Hm", json!({})),
        ],
    )
}

#[test]
fn a_live_run_and_an_applied_plan_write_the_same_and_again_nothing() {
    for kind in ["gitea", "github"] {
        for keeps in [true, false] {
            let (one, other) = (Bench::shipped(&backlog(kind)), Bench::shipped(&backlog(kind)));
            let before = one.text();
            one.plan();
            assert!(one.text() == before && !one.path("loop").exists(), "a dry run writes nothing");
            let live = other.live().json(0);
            let plan = one.apply().json(0);
            assert!(live["totals"]["acted"] == 4 && plan["totals"]["done"] == 5, "{live} {plan}");
            assert_ne!(one.text(), before);
            assert_eq!(without_run(&one.text()), without_run(&other.text()));

            for bench in [&one, &other] {
                if !keeps {
                    bench.forget();
                }
                bench.nothing(NOW, "a second live run");
            }
            let (after, again) = (one.text(), one.apply().json(0));
            assert_eq!((&again["totals"]["done"], &again["totals"]["unchanged"]), (&json!(0), &json!(5)), "{again}");
            assert!(one.text() == after, "applied again");
        }
    }
}

#[test]
fn a_plan_is_refused_where_it_does_not_fit() {
    let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(super::ALL, ""));
    bench.plan();
    let (before, good) = (bench.text(), std::fs::read_to_string(bench.path("plan.json")).unwrap());
    let refused = |ran: crate::support::Ran, says: &[&str]| {
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        says.iter().for_each(|word| assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr));
        assert!(bench.text() == before && !bench.path("loop").exists(), "{}", ran.stderr);
    };
    // Of another forge.
    std::fs::write(bench.path("copy.json"), &before).unwrap();
    let copy = format!("file:{}", bench.path("copy.json").display());
    let ran = crate::support::Kaizen::bare().args(["apply", "--forge", &copy, "--now", NOW, "--loop-dir"]);
    refused(ran.args([bench.path("loop"), bench.path("plan.json")]).run(), &["the plan is for file:", "plan again"]);
    assert_eq!(std::fs::read_to_string(bench.path("copy.json")).unwrap(), before);
    // Too old, unless that is allowed.
    let late = "2026-11-21T13:00:00Z";
    refused(bench.apply_at(late, &[]), &["25 hours old", "--max-age"]);
    // Made ahead of the clock.
    refused(bench.apply_at("2026-11-20T11:00:00Z", &[]), &["2026-11-20T12:00:00Z", "lies ahead"]);
    // Of another version, changed by hand, or with a blind spot.
    let changed = |member: &str, to: &Value| {
        let mut plan: Value = serde_json::from_str(&good).unwrap();
        plan[member] = to.clone();
        plan.to_string()
    };
    for version in [1, 3] {
        std::fs::write(bench.path("plan.json"), changed("version", &json!(version))).unwrap();
        refused(bench.apply(), &[&format!("version {version}"), "version 2", "plan again"]);
    }
    std::fs::write(bench.path("plan.json"), good.replacen("\"taken\"", "\"other\"", 1)).unwrap();
    refused(bench.apply(), &["was changed since it was saved", "plan again"]);
    std::fs::write(bench.path("plan.json"), sealed(&good, |plan| plan["items"][0]["seen"] = Value::Null)).unwrap();
    refused(bench.apply(), &["acme/app#1", "`seen` is null", "plan again"]);
    // Broken: where.
    for (text, says) in [
        (good[..good.len() / 2].to_owned(), "at line "),
        ("\n\n{".to_owned(), "line 3 column"),
        (good.replacen("\"add_labels\"", "\"add_lables\"", 1), "add_lables"),
        // Another document of ours, with a version of its own.
        (before.clone(), "it is no plan that --plan-out has saved"),
    ] {
        std::fs::write(bench.path("plan.json"), text).unwrap();
        refused(bench.apply(), &["plan.json", says]);
    }
    std::fs::remove_file(bench.path("plan.json")).unwrap();
    refused(bench.apply(), &["plan.json"]);
    std::fs::write(bench.path("plan.json"), &good).unwrap();
    assert_eq!(applied(&bench.apply_at(late, &["--max-age", "48"])).0, "done");
}

#[test]
fn a_plan_changes_nothing_that_is_not_ours() {
    // What a plan may name is ours by author and marker, on a server as in a file.
    let theirs = [
        ("edit_comment", json!({ "id": 7_000, "body": "Taken over." }), "is by mira, and not ours"),
        ("delete_comment", json!({ "id": 7_000 }), "is by mira, and not ours"),
        ("edit_comment", json!({ "id": 7_001, "body": "Taken over." }), "is not one of `backlog-triage`"),
        ("edit_comment", json!({ "id": 4_711, "body": "Taken over." }), "is gone"),
        ("edit_body", json!({ "body": "Taken over." }), "holds no section of ours"),
        ("edit_body", json!({ "section": "Taken over." }), "holds no section of ours"),
    ];
    for (op, args, says) in theirs {
        for key in ["decision", "undo"] {
            let bench = Bench::new(&world_of("gitea", &[issue(1, "A", json!({}))]), &rules(super::ALL, ""));
            bench.say(1, "mira", "Mine.", NOW);
            bench.say(1, "kaizen", "A person wrote this with our account.", NOW);
            bench.plan();
            let good = std::fs::read_to_string(bench.path("plan.json")).unwrap();
            let write = json!({ "op": op, "key": key, "args": args });
            let plan = sealed(&good, |plan| plan["items"][0]["effects"][0]["writes"] = json!([write]));
            std::fs::write(bench.path("plan.json"), plan).unwrap();
            let before = bench.text();
            let ran = bench.apply();
            assert!(bench.text() == before, "{op} {key}: {}", ran.stdout);
            if key == "decision" {
                assert!(ran.stdout.contains(says), "{op}: {}", ran.stdout);
            }
        }
    }
}
