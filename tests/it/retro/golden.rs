//! The reference pack of the retrospective against recorded figures.
//!
//! Takes: `tests/golden/retro-*.json` and `suggest-*.json` with what the program that Kaizen replaces made of
//! them. Gives: equal figures, classes, and suggestions. Where that program looks at what was only touched
//! (R01) or at the first hundred (R02), the figures are those without it.

use std::collections::BTreeMap;

use kaizen::advise::{self, AdviceRule};
use kaizen::engine::value::Value as Fact;
use kaizen::jobs::kaizen_retro::facts::{FleetAgent, RetroCounts};
use kaizen::jobs::kaizen_retro::metrics::{Metrics, Pull, ReportIssue};
use kaizen::jobs::{NAMES, kaizen_retro};
use kaizen::{language, pack};
use serde_json::{Value, json};

use super::retro;
use crate::golden::{files, read};
use crate::support::root;

/// A golden input as a world.
pub fn world(input: &Value) -> Value {
    let list = |repo: &Value, name: &str| repo[name].as_array().cloned().unwrap_or_default();
    let repo = |repo: &Value| {
        let issues = [list(repo, "closed_issues"), list(repo, "open_issues")].concat();
        json!({"full_name": repo["full_name"], "issues": issues, "pulls": list(repo, "closed_pulls")})
    };
    let repos: Vec<Value> = input["repos"].as_array().unwrap().iter().map(repo).collect();
    json!({"version": 1, "kind": "gitea", "repos": repos})
}

/// The last part of a repository's name, by which the reference keys.
fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap()
}

fn by_short(map: &Value) -> BTreeMap<String, Value> {
    map.as_object().unwrap().iter().map(|(name, value)| (short(name).to_owned(), value.clone())).collect()
}

fn suggestion(ours: &Value) -> Value {
    let subject = match &ours["subject"] {
        Value::Null => json!(""),
        Value::String(name) => json!(short(name)),
        other => other.clone(),
    };
    json!([ours["rule"], subject])
}

#[test]
fn every_recorded_window_has_the_same_figures_and_suggestion() {
    let all = files("retro-");
    for path in &all {
        let (input, expected) = (read(path), read(&path.with_extension("expected.json")));
        let mended = ["if_closed_at", "if_not_capped"].into_iter().find_map(|name| expected.get(name));
        let theirs = mended.unwrap_or(&expected);
        let kaizen = retro(&world(&input)).args(["--dry-run", "--since", input["since"].as_str().unwrap()]);
        let fleet = kaizen.file("fleet.json", &input["fleet"].to_string());
        let ran = kaizen.reference().args(["--fleet"]).args([fleet]).at(input["now"].as_str().unwrap()).run();
        let report = ran.json(0);
        let (ours, counts) = (&report["metrics"], &theirs["metrics"]);
        let at = path.display();
        let length = |name: &str| ours[name].as_array().unwrap().len() as u64;
        for (name, theirs) in [
            ("closed_issues", "closed_issues"),
            ("merged_prs", "merged_prs"),
            ("closed_prs", "closed_prs"),
            ("max_attempts_issues", "max_attempts"),
        ] {
            assert_eq!(length(name), counts[theirs].as_u64().unwrap(), "{name} of {at}");
        }
        assert_eq!(by_short(&ours["by_repo"]), by_short(&counts["by_repo"]), "{at}");
        assert_eq!(ours["by_type"], counts["by_type"], "{at}");
        let agents: Vec<&String> = ours["by_agent"].as_object().unwrap().keys().collect();
        assert_eq!(json!(agents), counts["by_agent_order"], "{at}");
        for (name, agent) in ours["by_agent"].as_object().unwrap() {
            let theirs = &counts["by_agent"][name];
            for field in ["successes", "failures", "closed"] {
                assert_eq!(agent[field], theirs[field], "{field} of {name} in {at}");
            }
            let mut repos: Vec<&str> =
                agent["repos"].as_array().unwrap().iter().map(|repo| short(repo.as_str().unwrap())).collect();
            repos.sort_unstable();
            let mut named: Vec<&str> =
                theirs["repos"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
            named.sort_unstable();
            assert_eq!(repos, named, "{name} in {at}");
        }
        assert_eq!(
            suggestion(&report["suggestion"]),
            json!([theirs["suggestion"]["rule"], theirs["suggestion"]["subject"]]),
            "{at}"
        );
        if mended.is_none() {
            classes(&report, &expected, &at.to_string());
        }
    }
    assert!(all.len() >= 36, "{}", all.len());
}

/// The type of each issue, and who holds it.
fn classes(report: &Value, expected: &Value, at: &str) {
    for (ours, theirs) in [("closed_issues", "closed"), ("max_attempts_issues", "open")] {
        for issue in report["metrics"][ours].as_array().unwrap() {
            let reference = format!("{}#{}", short(issue["repo"].as_str().unwrap()), issue["number"]);
            let theirs = expected[theirs].as_array().unwrap().iter().find(|it| it["ref"] == *reference);
            let theirs = theirs.unwrap_or_else(|| panic!("{reference} is not in {at}"));
            assert_eq!(issue["type"], theirs["type"], "{reference} in {at}");
            if let Some(assignee) = theirs.get("assignee") {
                assert_eq!(issue["assignee"], *assignee, "{reference} in {at}");
            }
        }
    }
}

/// Metrics as the reference program holds them.
fn metrics(theirs: &Value) -> Metrics {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| theirs[name].as_array().cloned().unwrap_or_default();
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap_or(0)).unwrap();
    let issue = |issue: &Value| ReportIssue {
        repo: 0,
        number: 1,
        title: String::new(),
        ty: text(&issue["type"]),
        assignees: Vec::new(),
        reasons: Vec::new(),
    };
    let pull = |_: &Value| Pull { repo: 0, number: 1, title: String::new(), author: String::new() };
    let mut metrics = Metrics {
        closed: list("closed_issues").iter().map(issue).collect(),
        attention: list("max_attempts_issues").iter().map(issue).collect(),
        merged: list("merged_prs").iter().map(pull).collect(),
        closed_prs: list("closed_prs").iter().map(pull).collect(),
        ..Metrics::default()
    };
    for (name, tallies) in
        [("by_agent", &mut metrics.agents), ("by_repo", &mut metrics.repos), ("by_type", &mut metrics.types)]
    {
        for (name, counts) in theirs[name].as_object().unwrap() {
            let tally = tallies.of(name);
            tally.successes = number(&counts["successes"]);
            tally.failures = number(&counts["failures"]);
            tally.repos = counts["repos"].as_array().into_iter().flatten().map(text).collect();
        }
    }
    metrics
}

#[test]
fn every_recorded_case_has_the_same_suggestion() {
    let folder = root().join("tests/reference/rules");
    let pack = pack::read(kaizen_retro::SPEC.job, &NAMES, Some(&folder), None).unwrap();
    let loaded = language::load(&kaizen_retro::SPEC, &pack.input);
    let (policy, _) = loaded.policy.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
    let mut seen = BTreeMap::new();
    for path in files("suggest-") {
        let (input, expected) = (read(&path), read(&path.with_extension("expected.json")));
        let cases = input["cases"].as_array().unwrap().iter().zip(expected["cases"].as_array().unwrap());
        for (nth, (case, theirs)) in cases.enumerate() {
            let metrics = metrics(&case["metrics"]);
            let fleet: Vec<FleetAgent> = case["fleet"]["agents"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|agent| FleetAgent {
                    name: agent["name"].as_str().unwrap().to_owned(),
                    active: agent["active"] == json!(true),
                })
                .collect();
            let counted = RetroCounts { metrics: &metrics, figures: Default::default(), fleet: &fleet, hours: 24.0 };
            let never = |_: &str, _: &AdviceRule, _: &Fact<'static>| false;
            let rules = &loaded.advice.sections[0];
            let judged = advise::judge(&policy, &loaded.advice.measure, rules, &counted.facts(), &never).unwrap();
            let picked = &judged.findings[judged.picked.unwrap()];
            let subject = Some(json!(picked.subject)).filter(|subject| !subject.is_null()).unwrap_or(json!(""));
            let ours = json!({"rule": picked.rule.id, "subject": subject});
            let wanted = &theirs["suggestion"];
            assert_eq!(
                ours,
                json!({"rule": wanted["rule"], "subject": wanted["subject"]}),
                "{nth} of {}",
                path.display()
            );
            *seen.entry(picked.rule.id.clone()).or_insert(0) += 1;
        }
    }
    assert_eq!(seen.len(), 7, "{seen:?}");
}
