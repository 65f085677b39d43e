//! Repositories and people that refuse: said, nothing half-written, the others go on.

use serde_json::{Value, json};

use super::{ALL, Bench, fate, rules, world_of};
use crate::support::{NOW, issue};

/// Two repositories, the first of which has these members.
fn two(with: &Value) -> Bench {
    let mut world = world_of("gitea", &[issue(1, "A", json!({}))]);
    let mut second = world["repos"][0].clone();
    second["full_name"] = json!("acme/lib");
    for (name, value) in with.as_object().unwrap() {
        world["repos"][0][name] = value.clone();
    }
    world["repos"].as_array_mut().unwrap().push(second);
    Bench::new(&world, &rules(ALL, ""))
}

#[test]
fn who_refuses_is_said_and_the_others_go_on() {
    for (with, says) in [
        (json!({ "archived": true }), "acme/app is archived"),
        (json!({ "has_issues": false }), "acme/app has its issues switched off"),
        (json!({ "permissions": { "push": false, "pull": true } }), "may only read"),
        (json!({ "assignees": [{ "login": "kaizen" }] }), "claude cannot be assigned"),
    ] {
        let bench = two(&with);
        let (before, first) = (bench.world(), bench.repo());
        let ran = bench.live();
        // Nobody may write there, which is no failure of this run.
        let closed = with["permissions"].is_null() && with["assignees"].is_null();
        let (code, fate) = if closed { (0, "dropped") } else { (1, "failed") };
        assert_eq!(ran.code, code, "{with}: {}", ran.stderr);
        assert!(ran.stderr.contains(says), "{with}: {}", ran.stderr);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(json!([report["totals"]["acted"], report["totals"][fate]]), json!([1, 1]), "{with}");
        assert_eq!(bench.repo(), first, "{with}: nothing is half-written");
        assert!(bench.world()["repos"][1]["comments"]["1"].is_array(), "{with}");
        // A dry run plans nothing where nobody may write.
        if closed {
            bench.write(&before);
            let ran = bench.run_with(NOW, &["--dry-run"]);
            let report = ran.json(0);
            let repos: Vec<&Value> = report["writes"].as_array().unwrap().iter().map(|write| &write["repo"]).collect();
            assert!(!repos.is_empty() && repos.iter().all(|repo| **repo == "acme/lib"), "{with}: {repos:?}");
            assert!(report["warnings"].to_string().contains(says), "{with}: {report}");
        }
        // Said before the first write of the run, and not again and again.
        assert_eq!(ran.stderr.matches(says).count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn a_locked_issue_is_left_alone() {
    for with in [json!({ "is_locked": true }), json!({ "locked": true })] {
        let kind = if with["locked"].is_null() { "gitea" } else { "github" };
        let bench = Bench::new(&world_of(kind, &[issue(1, "A", with), issue(2, "B", json!({}))]), &rules(ALL, ""));
        let report = bench.live().json(0);
        assert_eq!(fate(&report, 1), ("dropped".to_owned(), "It is locked.".to_owned()));
        assert_eq!(json!([report["totals"]["acted"], report["totals"]["dropped"]]), json!([1, 1]));
        assert_eq!(bench.comments(1), []);
    }
}
