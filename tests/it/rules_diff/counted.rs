//! What a change does to the jobs whose rules are about figures: it is what running the job under each
//! version says.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::{Kaizen, NOW, Ran, root};

/// Both versions in folders: the shipped rules of a job, and the same with these words replaced.
fn versions(job: &str, edits: &[(&str, &str)]) -> Kaizen {
    let kaizen = Kaizen::bare();
    for name in ["common", job] {
        let text = std::fs::read_to_string(root().join(format!("rules/{name}.yaml"))).unwrap();
        kaizen.file(&format!("base/{name}.yaml"), &text);
        let mut edited = text.clone();
        for (old, new) in edits {
            assert!(name != job || edited.contains(old), "{job} has no {old}");
            edited = edited.replace(old, new);
        }
        kaizen.file(&format!("head/{name}.yaml"), &edited);
    }
    kaizen
}

fn diff(kaizen: Kaizen, job: &str, args: &[&str]) -> Kaizen {
    kaizen.args(["rules", "diff", job, "--base", "base", "--rules", "head"]).args(args).at(NOW)
}

/// The job itself under one version.
fn run(kaizen: Kaizen, side: &str, args: &[&str]) -> Value {
    let templates = root().join("templates");
    let kaizen = kaizen.args(args).args(["--dry-run", "--rules", side, "--templates"]).args([templates]);
    let ran: Ran = kaizen.format("json").at(NOW).run();
    ran.json(0)
}

/// The items of a report by their keys.
fn items(report: &Value) -> BTreeMap<&str, &Value> {
    report["items"].as_array().unwrap().iter().map(|item| (item["key"].as_str().unwrap(), item)).collect()
}

/// Findings by their keys, with what a diff compares of each.
type Said = BTreeMap<String, (String, String, String)>;

/// Holds a diff to what both runs say.
fn agrees(report: &Value, before: &Said, after: &Said) {
    let all: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed: Vec<&&String> = all.iter().filter(|key| before.get(**key) != after.get(**key)).collect();
    assert!(!changed.is_empty() && changed.len() < all.len(), "the change is one to some of them: {changed:?}");
    assert_eq!((&report["evaluated"], &report["changed"]), (&json!(all.len()), &json!(changed.len())), "{report}");
    let items = items(report);
    for key in changed {
        let item = items.get(key.as_str()).unwrap_or_else(|| panic!("{key} is not in {report}"));
        for (side, said) in [("from", before.get(*key)), ("to", after.get(*key))] {
            let Some((rule, action, text)) = said else {
                assert_eq!(item[side], Value::Null, "{key}");
                continue;
            };
            let told = &item[side];
            assert_eq!((&told["rule"], &told["action"], &told["text"]), (&json!(rule), &json!(action), &json!(text)));
        }
    }
}

fn text(record: &Value, fields: &[&str]) -> String {
    fields.iter().map(|field| record[field].as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn proposals_and_their_patterns_are_compared() {
    let edits = [("  sessions: 3 ", "  sessions: 10 "), ("  threshold: 2 ", "  threshold: 5 ")];
    let job = "improvement-proposals";
    let sessions = root().join("tests/worlds/sessions.jsonl");
    let input = ["--input", sessions.to_str().unwrap()];
    let mut found: Vec<BTreeSet<[String; 3]>> = Vec::new();
    let mut said = |side: &str, threshold: f64| -> Said {
        // The job lists those below the threshold only where there is none.
        let report = run(versions(job, &edits), side, &[&[job, "--threshold", "0"], &input[..]].concat());
        let list = |name: &str| report[name].as_array().unwrap().clone();
        let of = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
        let patterns = list("patterns").into_iter();
        let pattern = |it: Value| [of(&it, "rule"), of(&it, "pattern_type"), text(&it, &["name", "description"])];
        found.push(patterns.map(pattern).collect());
        let proposals = list("proposals").into_iter().map(|it| {
            let enough = it["estimated_monthly_hours_saved"].as_f64().unwrap() >= threshold;
            let action = if enough { of(&it, "priority") } else { "below the threshold".to_owned() };
            (of(&it, "key"), (of(&it, "rule"), action, text(&it, &["title", "problem", "proposed_solution"])))
        });
        proposals.collect()
    };
    let (before, after) = (said("base", 2.0), said("head", 5.0));
    let mut report = diff(versions(job, &edits), job, &input).format("json").run().json(0);
    assert_eq!((&report["job"], &report["complete"]), (&json!(job), &json!(true)));
    // Patterns are known by what they are about, which the job's report does not name.
    let all = report["items"].as_array().unwrap().clone();
    let made = |item: &Value| {
        before.contains_key(item["key"].as_str().unwrap()) || after.contains_key(item["key"].as_str().unwrap())
    };
    let (proposals, patterns): (Vec<Value>, Vec<Value>) = all.into_iter().partition(made);
    let of_side = |side: &str| -> BTreeSet<[String; 3]> {
        let told = patterns.iter().map(|item| &item[side]).filter(|told| !told.is_null());
        told.map(|told| ["rule", "action", "text"].map(|name| told[name].as_str().unwrap().to_owned())).collect()
    };
    let only = |these: usize, those: usize| found[these].difference(&found[those]).cloned().collect::<BTreeSet<_>>();
    assert_eq!((of_side("from"), of_side("to")), (only(0, 1), only(1, 0)));
    assert!(!patterns.is_empty(), "{report}");
    report["evaluated"] = json!(report["evaluated"].as_u64().unwrap() - found[0].union(&found[1]).count() as u64);
    report["changed"] = json!(report["changed"].as_u64().unwrap() - patterns.len() as u64);
    report["items"] = json!(proposals);
    agrees(&report, &before, &after);
    let shown = diff(versions(job, &edits), job, &input).format("text").run();
    insta::assert_snapshot!("proposals", shown.stdout.replace(root().to_str().unwrap(), "."));
}

fn cycle(number: u64, days: u64, kind: &str, success: bool) -> Value {
    let at = chrono::DateTime::parse_from_rfc3339(NOW).unwrap() - chrono::Duration::days(i64::try_from(days).unwrap());
    json!({"cycle": number, "timestamp": at.to_rfc3339(), "type": kind, "success": success, "duration": 900,
           "lines_added": 10, "lines_removed": 3, "issue": 40 + number % 7})
}

fn with_log(kaizen: Kaizen) -> Kaizen {
    let cycle = |number: u64| {
        cycle(number, 1 + number / 4, ["bug", "docs"][usize::from(number.is_multiple_of(2))], number.is_multiple_of(3))
    };
    let lines: String = (0..40).map(|number| format!("{}\n", cycle(number))).collect();
    kaizen.file(".loop/retro/cycles.jsonl", &lines);
    kaizen
}

#[test]
fn what_is_recommended_about_the_loop_is_compared() {
    let job = "loop-introspect";
    let edits = [("type_long_s: 600", "type_long_s: 6000"), ("  deep_days: 14", "  deep_days: 15")];
    let said = |side: &str| -> Said {
        let insights = run(with_log(versions(job, &edits)), side, &[job]);
        let of = |it: &Value| {
            let subject = it["subject"].as_str().unwrap_or("");
            let key = format!("{} {subject}", it["rule"].as_str().unwrap()).trim().to_owned();
            let [rule, action] = ["rule", "severity"].map(|name| it[name].as_str().unwrap().to_owned());
            (key, (rule, action, text(it, &["finding", "recommendation"])))
        };
        insights["recommendations"].as_array().unwrap().iter().map(of).collect()
    };
    let report = diff(with_log(versions(job, &edits)), job, &[]).format("json").run().json(0);
    agrees(&report, &said("base"), &said("head"));
    assert_eq!(report["totals"]["lost"], report["changed"], "{report}");
    // The windows and the log are those of the job: from an instant on there is nothing to say.
    let since = diff(with_log(versions(job, &edits)), job, &["--since", NOW]).format("json").run().json(0);
    assert_ne!(since["evaluated"], report["evaluated"], "{since}");
    let shown = diff(with_log(versions(job, &edits)), job, &[]).format("text").run();
    insta::assert_snapshot!("recommendations", shown.stdout);
}

#[test]
fn what_a_retrospective_suggests_is_compared() {
    let job = "kaizen-retro";
    let edits = [("pair_issues: 3", "pair_issues: 30")];
    let forge = format!("file:{}", root().join("tests/worlds/history.json").display());
    let fleet = root().join("tests/worlds/fleet.json");
    let args = ["--forge", forge.as_str(), "--fleet", fleet.to_str().unwrap()];
    let said = |side: &str| -> Said {
        let report = run(versions(job, &edits), side, &[&[job], &args[..]].concat());
        let one = &report["suggestion"];
        let subject = match &one["subject"] {
            Value::Null => String::new(),
            Value::String(name) => name.clone(),
            other => other.to_string(),
        };
        let rule = one["rule"].as_str().unwrap();
        let repo = one["repo"].as_str().unwrap_or("");
        [(
            format!("{rule} {subject} {repo}").trim().to_owned(),
            (rule.to_owned(), "suggest".to_owned(), text(one, &["text"])),
        )]
        .into()
    };
    let report = diff(versions(job, &edits), job, &args).format("json").run().json(0);
    let (before, after) = (said("base"), said("head"));
    assert_ne!(before, after, "the change is one to the suggestion");
    let items = items(&report);
    for (side, said) in [("from", before), ("to", after)] {
        for (key, (rule, action, text)) in said {
            let told = &items.get(key.as_str()).unwrap_or_else(|| panic!("{key} is not in {report}"))[side];
            assert_eq!((&told["rule"], &told["action"], &told["text"]), (&json!(rule), &json!(action), &json!(text)));
        }
    }
    // What is not picked is compared too, and what is picked is one.
    let picked = |side: &str| items.values().filter(|item| item[side]["action"] == "suggest").count();
    assert!(picked("from") <= 1 && picked("to") <= 1, "{report}");
}

#[test]
fn rules_that_are_parameters_are_compared_as_such_and_jobs_stand_side_by_side() {
    let kaizen = versions("loop-guard", &[("base_s: 60", "base_s: 90")]);
    for side in ["base", "head"] {
        let text = std::fs::read_to_string(root().join("rules/triage-score.yaml")).unwrap();
        kaizen.file(&format!("{side}/triage-score.yaml"), &text);
    }
    let report = diff(kaizen, "loop-guard", &["triage-score", "loop-guard"]).format("json").run().json(0);
    let jobs = report["jobs"].as_array().unwrap();
    assert_eq!(jobs.iter().map(|job| &job["job"]).collect::<Vec<_>>(), ["loop-guard", "triage-score"]);
    assert_eq!((&jobs[0]["changed"], &jobs[1]["changed"]), (&json!(1), &json!(0)), "{report}");
    let item = &jobs[0]["items"][0];
    assert_eq!(
        (&item["key"], &item["from"]["score"], &item["to"]["score"]),
        (&json!("measure.base_s"), &json!(60), &json!(90))
    );
}

#[test]
fn what_cannot_be_compared_is_said() {
    let history = format!("file:{}", root().join("tests/worlds/history.json").display());
    for (job, args, code, says) in [
        ("improvement-proposals", &[][..], 2, "name some with --input"),
        ("improvement-proposals", &["--input", "-"], 2, "- can be read by one version"),
        ("improvement-proposals", &["--input", "no-such-file.json"], 4, "could not be read"),
        ("improvement-proposals", &["--input", "/dev/null"], 2, "can be read by one version"),
        ("kaizen-retro", &[], 2, "no forge is named"),
        ("kaizen-retro", &["--forge", "file:no-such-world.json"], 2, "there is no file no-such-world.json"),
        ("kaizen-retro", &["--forge", &history, "--fleet", "no-such-fleet.json"], 2, "no-such-fleet.json"),
        ("backlog-triage", &["--forge", "file:no-such-world.json"], 2, "there is no file no-such-world.json"),
        ("loop-introspect", &[], 2, "there is no loop folder .loop, so nothing was read"),
        ("loop-introspect", &["--loop-dir", "no-such-folder"], 2, "there is no loop folder no-such-folder"),
        ("loop-introspect", &["--loop-dir", "base/loop-introspect.yaml"], 2, "check that it is a folder"),
        ("loop-guard", &["--input", "sessions.json"], 2, "--input is for improvement-proposals"),
        (
            "improvement-proposals",
            &["--input", ".", "--since", NOW],
            2,
            "--since is for kaizen-retro and loop-introspect",
        ),
    ] {
        let ran = diff(versions(job, &[]), job, args).run();
        assert!(ran.code == code && ran.stderr.contains(says), "{job}: {} {}", ran.code, ran.stderr);
    }
}

#[test]
fn a_broken_file_of_any_job_is_told_before_anything_is_read() {
    let kaizen = versions("loop-guard", &[]);
    kaizen.file("head/triage-score.yaml", "version: 1\njob: triage-score\nnonsense: 1\n");
    let ran = diff(kaizen, "loop-guard", &["triage-score"]).format("json").run();
    assert!(ran.code == 78 && ran.stdout.is_empty() && ran.stderr.contains("nonsense"), "{} {}", ran.code, ran.stderr);
}

/// The activity of the demo, all of it in private repositories.
fn private() -> String {
    let mut world = crate::golden::read(&root().join("tests/worlds/history.json"));
    for repo in world["repos"].as_array_mut().unwrap() {
        repo["private"] = json!(true);
    }
    world.to_string()
}

#[test]
fn what_is_private_is_named_where_nobody_else_reads_it_and_the_base_decides_elsewhere() {
    let job = "kaizen-retro";
    let fleet = root().join("tests/worlds/fleet.json");
    let edits = [("pair_issues: 3", "pair_issues: 30"), ("private: counted", "private: full")];
    let report = |ci: bool| {
        let kaizen = versions(job, &edits);
        let world = kaizen.file("world.json", &private());
        let forge = format!("file:{}", world.display());
        let kaizen = diff(kaizen, job, &["--forge", &forge, "--fleet", fleet.to_str().unwrap()]).format("json");
        let kaizen =
            if ci { kaizen.env("GITHUB_ACTIONS", "true").env("GITHUB_REPOSITORY", "ferry/public") } else { kaizen };
        kaizen.run().stdout
    };
    assert!(report(false).contains("ferry/app"), "the demo names a private repository");
    let shown = report(true);
    assert!(shown.contains("\"evaluated\"") && !shown.contains("kimi closed none"), "{shown}");
}

#[test]
fn findings_in_sessions_are_counted_where_others_read_the_report() {
    let job = "improvement-proposals";
    let sessions = root().join("tests/worlds/sessions.jsonl");
    let kaizen = versions(job, &[("  sessions: 3 ", "  sessions: 10 ")]);
    let summary = kaizen.file("summary.md", "");
    let kaizen = diff(kaizen, job, &["--input", sessions.to_str().unwrap()]).format("json");
    let ci = [("GITHUB_ACTIONS", "true"), ("GITHUB_REPOSITORY", "ferry/public")];
    let kaizen = ci.into_iter().fold(kaizen, |kaizen, (name, value)| kaizen.env(name, value));
    let (ran, folder) = kaizen.env("GITHUB_STEP_SUMMARY", &summary).run_in();
    assert_eq!(ran.json(0)["changed"], 4);
    let text = std::fs::read_to_string(folder.path().join("summary.md")).unwrap();
    assert!(text.contains("… and 2 that may be private, not named here.") && !text.contains("timeout"), "{text}");
}

#[test]
fn suggestions_about_one_name_in_several_repositories_are_told_apart() {
    use kaizen::jobs::kaizen_retro::Suggestion;
    use kaizen::review::diff::Diff;
    use kaizen::review::diff::keyed_records::suggestions;

    let one = |repo: &str| Suggestion {
        rule: "agent-zero-rate".to_owned(),
        subject: json!("kimi"),
        text: format!("kimi closed nothing in {repo}."),
        metric: "pair_success_rate".to_owned(),
        better: "higher".to_owned(),
        value: Some(0.0),
        repo: Some(repo.to_owned()),
        line: "rules/kaizen-retro.yaml:75".to_owned(),
        score: Some(3.0),
        observe: false,
    };
    let [a, b, c] = ["ferry/a", "ferry/b", "ferry/c"].map(one);
    // Another one is picked, and one is no longer found: nothing is said of what stays as it is.
    let (before, after) =
        (suggestions(Some(&b), &[a.clone(), c.clone()]), suggestions(Some(&a), std::slice::from_ref(&c)));
    let diff = Diff::join(before, after);
    let changed: Vec<(&str, bool)> = diff.items.iter().map(|item| (item.key.as_str(), item.to.is_some())).collect();
    assert_eq!(changed, [("agent-zero-rate kimi ferry/a", true), ("agent-zero-rate kimi ferry/b", false)]);
    assert_eq!((diff.totals.text, diff.totals.evaluated), (0, 3));
}
