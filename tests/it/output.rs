//! What a run prints, saves and ends with.
//!
//! Takes: a small world of two repositories in which every state occurs. Gives: snapshots of the
//! report in each format, the exit codes, the plan file member by member, and the proof that a dry
//! run leaves nothing behind but what `--plan-out` names.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Kaizen, NOW, Ran, issue, labels, record, root, world};

/// Rules under which the world below comes to every state.
const RULES: &str = r#"
version: 1
job: backlog-triage
extends: [common.yaml]
skip: {command: /kaizen ignore}
patterns: {steps: {words: [steps], in: prose}}
thresholds: {ready: 2}
score:
  kind: {max: 2, points: [{add: 2, when: tagged.bug}]}
  detail: {max: 1, points: [{add: 1, when: count.steps >= 1}]}
classify: {pick: first, default: unknown, rules: [{type: bug, when: tagged.bug}]}
flags: {urgent: tagged.urgent, ready: score >= thresholds.ready or urgent, blocked: labelled.blocked}
order: [{desc: urgent}, {desc: score}, {asc: number}]
agents:
  claude: {login: claude, holds: agents.claude.login in assignees, at_once: 2}
  owner: {login: owner}
actions:
  hand: {agent: claude, assign: [claude], comment: note.md.j2}
  flag: {agent: owner, mention: [owner], comment: note.md.j2}
decide:
  - {id: assigned, when: assignees | length > 0, action: skip, reason: "In the hands of {{ assignees | join(', ') }}."}
  - {id: not-ready, when: not ready, action: skip, reason: "Scores {{ score }} of {{ thresholds.ready }}."}
  - {id: blocked, when: blocked, action: flag, reason: It waits for something else.}
  - {id: ready, action: hand, reason: "Ready: score {{ score }}."}
limits: {items_per_run: 3}
"#;

/// The comment of these rules.
const NOTE: &str = "{% if mention %}{{ mention }}: {% endif %}{{ decision.reason }}\n\nScore {{ score }}.\n";

/// A bug that waits for something, so that its owner is told.
fn waiting(number: u64, title: &str, more: Value) -> Value {
    let mut issue = issue(number, title, more);
    let mut all = labels(&["bug", "blocked"]);
    all.as_array_mut().unwrap().extend(issue["labels"].as_array().unwrap().clone());
    issue["labels"] = all;
    issue
}

/// Two repositories; of `acme/app` the first item carries a comment of ours with this digest.
fn two(did: &str) -> Value {
    let urgent = || json!({ "labels": labels(&["critical"]), "body": "The steps are known." });
    let ours =
        format!("Said before.\n\n<!-- kaizen:v1 policy=backlog-triage key=decision did={did} run=7 rule=old -->");
    let by =
        |id: u64, login: &str, body: &str| json!([{ "id": id, "user": { "id": id, "login": login }, "body": body }]);
    let bug = |more: Value| {
        let mut bug = json!({ "labels": labels(&["bug"]) });
        bug.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        bug
    };
    let app = json!({
        "full_name": "acme/app",
        "comments": { "1": by(50, "kaizen", &ours), "2": by(51, "ada", "/kaizen ignore") },
        "issues": [
            waiting(1, "The export | import loses rows", urgent()),
            waiting(2, "Leave this one alone", urgent()),
            issue(3, "[critical] Log in fails for names with 漢字", bug(json!({ "body": "Steps: type it." }))),
            issue(4, "A long title that goes on about the many ways in which the nightly import of the \
                warehouse breaks when a row is empty and nobody has looked", bug(json!({}))),
            waiting(5, "Wait for the schema", json!({})),
            issue(6, "Would be nice", json!({})),
            issue(7, "In work", bug(json!({ "assignees": [{ "id": 9, "login": "claude" }] }))),
            issue(8, "Closed", bug(json!({ "state": "closed" }))),
        ],
        "pulls": [issue(9, "A change", json!({}))],
    });
    let lib = json!({ "full_name": "acme/lib", "issues": [
        waiting(1, "Wait for a release", json!({})),
        waiting(2, "Wait for the parser", json!({ "body": "Steps to see it." })),
        waiting(3, "Wait for nothing much", json!({})),
    ] });
    json!({ "version": 1, "kind": "gitea", "user": "kaizen", "repos": [app, lib] })
}

/// A run under these rules, in a folder with their template.
fn under(rules: &str, world: &Value) -> Kaizen {
    let kaizen = Kaizen::triage(world).rule_file(rules);
    kaizen.file("templates/backlog-triage/note.md.j2", NOTE);
    kaizen
}

/// The small world as it is after the run that flagged its first item.
fn small() -> Kaizen {
    let first = plan_of(under(RULES, &two("none")).args(["--only", "1", "--repo", "acme/app"]));
    under(RULES, &two(first["items"][0]["effects"][0]["did"].as_str().unwrap()))
}

/// The plan that a run saves.
fn plan_of(kaizen: Kaizen) -> Value {
    let (ran, folder) = kaizen.args(["--plan-out", "plan.json"]).run_in();
    assert!([0, 4].contains(&ran.code), "{}", ran.stderr);
    serde_json::from_str(&std::fs::read_to_string(folder.path().join("plan.json")).unwrap()).unwrap()
}

/// The report, whose figures must add up.
fn report(ran: &Ran, code: i32) -> Value {
    let report = ran.json(code);
    let total = |name: &str| report["totals"][name].as_u64().unwrap_or_else(|| panic!("no total {name}"));
    let parts = ["acted", "unchanged", "waiting", "skipped", "deferred", "dropped", "failed"];
    assert_eq!(total("scored"), parts.map(total).iter().sum::<u64>(), "{}", report["totals"]);
    assert_eq!(total("scored"), report["issues"].as_array().unwrap().len() as u64);
    report
}

/// A snapshot without what differs from machine to machine.
macro_rules! snapshot {
    ($text:expr) => {
        insta::with_settings!({ filters => vec![
            (r"file:\S*?world\.json", "file:world.json"),
            (r#""rules_hash": "[0-9a-f]+""#, r#""rules_hash": "(hash)""#),
            // Also of the path of the forge.
            (r#""digest": "[0-9a-f]+""#, r#""digest": "(digest)""#),
            (r#""kaizen": "[^"]+""#, r#""kaizen": "(version)""#),
        ] }, { insta::assert_snapshot!($text) })
    };
}

#[test]
fn every_state_is_in_the_figures() {
    let report = report(&small().run(), 4);
    let expected = json!({ "open": 10, "scored": 10, "ready": 9, "acted": 3, "unchanged": 1, "waiting": 1,
        "skipped": 2, "deferred": 2, "dropped": 1, "failed": 0 });
    for (name, count) in expected.as_object().unwrap() {
        assert_eq!(&report["totals"][name], count, "{name} of {}", report["totals"]);
    }
    assert_eq!(report["complete"], false);
    let states = report["issues"].as_array().unwrap().iter().map(|issue| issue["decision"]["state"].as_str().unwrap());
    assert_eq!(
        states.collect::<Vec<_>>(),
        [
            "unchanged",
            "dropped",
            "planned",
            "waiting",
            "deferred",
            "skipped",
            "skipped",
            "planned",
            "planned",
            "deferred"
        ]
    );
}

#[test]
fn the_text_for_a_terminal() {
    snapshot!(small().format("text").run().stdout);
}

#[test]
fn the_text_with_every_item_and_write() {
    snapshot!(small().format("text").args(["-v"]).run().stdout);
}

#[test]
fn the_markdown() {
    snapshot!(small().format("markdown").run().stdout);
}

#[test]
fn the_json() {
    snapshot!(serde_json::to_string_pretty(&small().run().json(4)).unwrap());
}

#[test]
fn the_plan() {
    snapshot!(serde_json::to_string_pretty(&plan_of(small())).unwrap());
}

#[test]
fn help_of_the_program() {
    snapshot!(Kaizen::bare().args(["--help"]).env("COLUMNS", "80").run().stdout);
}

#[test]
fn help_of_the_job() {
    let ran = Kaizen::bare().args(["backlog-triage", "--help"]).env("COLUMNS", "80").run();
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
    snapshot!(ran.stdout);
}

#[test]
fn a_pipe_gets_whole_titles() {
    let text = small().format("text").run().stdout;
    let whole = "breaks when a row is empty and nobody has looked\n";
    assert!(text.contains(whole) && !text.contains("nightly import …"), "{text}");
}

/// A world of one item that something is done with.
fn one() -> Value {
    world(json!([issue(1, "x", json!({ "labels": labels(&["bug"]) }))]))
}

#[test]
fn a_run_that_did_everything_ends_with_0() {
    let report = report(&under(RULES, &one()).run(), 0);
    assert_eq!((&report["complete"], &report["totals"]["acted"]), (&json!(true), &json!(1)));
    self::report(&under(RULES, &world(json!([]))).run(), 0);
    self::report(&under(RULES, &json!({ "version": 1, "kind": "gitea", "repos": [] })).run(), 0);
}

#[test]
fn work_that_was_left_ends_with_4_unless_it_is_allowed() {
    assert_eq!(small().run().code, 4);
    let ran = small().args(["--allow-deferred"]).run();
    assert_eq!(report(&ran, 0)["complete"], false, "allowed, and still said");
    assert!(ran.stderr.contains("warning") && ran.stderr.contains('2'), "{}", ran.stderr);
    let held = json!({ "assignees": [{ "id": 9, "login": "claude" }] });
    let busy = world(json!([issue(1, "x", json!({ "labels": labels(&["bug"]) })), issue(2, "y", held)]));
    let waits = RULES.replace("at_once: 2", "at_once: 1");
    assert_eq!(report(&under(&waits, &busy).run(), 0)["totals"]["waiting"], 1, "waiting is policy");
}

#[test]
fn what_failed_ends_with_1_whatever_was_deferred() {
    for (options, deferred) in [(&[][..], 2), (&["--allow-deferred"], 2)] {
        let kaizen = under(RULES, &two("none"));
        let text = two("none").to_string().replacen("{\"1\":[", "{\"1\":[nope,", 1);
        kaizen.file("world.json", &text);
        let ran = kaizen.args(options).run();
        let report = report(&ran, 1);
        assert_eq!((&report["totals"]["failed"], &report["complete"]), (&json!(1), &json!(false)));
        assert!(report["totals"]["deferred"].as_u64().unwrap() >= deferred, "{}", report["totals"]);
        let failed = record(&report, 1)["decision"].clone();
        assert_eq!(failed["state"], "failed");
        assert!(failed["note"].as_str().unwrap().contains("world.json:1:"), "{failed}");
        assert_ne!(report["totals"]["acted"], 0, "the others go on");
    }
}

#[test]
fn bad_rules_end_with_78_and_a_wrong_call_with_2_before_them() {
    let bad = RULES.replace("not ready", "not redy");
    let ran = under(&bad, &one()).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (78, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean") && ran.stderr.contains("backlog-triage.yaml:"), "{}", ran.stderr);
    for args in [
        &["--dry-run"][..],
        &["--dry-run", "--forge", "http://git.example.org"],
        &["--dry-run", "--forge", "file:none.json"],
        &["--forge", "http://git.example.org"],
    ] {
        let kaizen = Kaizen::bare();
        kaizen.file("world.json", &one().to_string());
        let ran = kaizen.args(["backlog-triage"]).rule_file(&bad).args(args).run();
        assert_eq!(ran.code, 2, "{args:?}: 2 goes before 78: {}", ran.stderr);
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_to_write() {
    let bare = |args: &[&str]| Kaizen::bare().args(args).run();
    for (args, word) in [
        (&["backlog-triage", "--dry-run"][..], "--forge URL"),
        (&["backlog-triage", "--dry-run", "--forge", "https://git.example.org"], "--repo OWNER/NAME"),
        (&["backlog-triage", "--dry-run", "--forge", "ftp://git.example.org", "--repo", "a/b"], "http"),
        (&["backlog-triage", "--every", "15"], "15m"),
        (&["backlog-triage", "--every", "15m", "--only", "3"], "cannot be used with"),
        (&["apply", "none.json"], "none.json"),
        (&["apply"], "PLAN"),
        (&["backlog-triage", "--dry-run", "--forge", "file:none.json"], "none.json"),
        (&["backlog-triage", "--dry-run", "--rules", "none", "--forge", "file:none.json"], "none"),
        (&["backlog-triage", "--repo", "acme"], "owner/name"),
        (&["backlog-triage", "--only", "x"], "--only"),
        (&["backlog-triage", "--now", "yesterday"], "2026-11-21T06:00:00Z"),
        (&["backlog-triage", "--org", "a", "--repo", "a/b"], "cannot be used with"),
        (&["backlog-triage", "-q", "-v"], "cannot be used with"),
        (&["backlog-triage", "--format", "xml"], "markdown"),
        (&["backlog-trage"], "backlog-triage"),
        (&[], "Usage"),
    ] {
        let ran = bare(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(word), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn a_forge_file_that_breaks_off_ends_with_1_and_its_place() {
    for (text, place) in [
        ("{\"version\": 1,\n \"kind\": \"gitea\", nope", "world.json:2:"),
        ("", "world.json:1:"),
        (
            "{\"version\": 1, \"kind\": \"gitea\",\n\n\"repos\": [{\"full_name\": \"a/b\", \"issues\": [{\"number\": }]}]}",
            "world.json:3:",
        ),
    ] {
        let kaizen = under(RULES, &one());
        kaizen.file("world.json", text);
        let ran = kaizen.run();
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{text}: {}", ran.stderr);
        let after = ran.stderr.split_once(place).unwrap_or_else(|| panic!("no {place} in {}", ran.stderr)).1;
        assert!(after.starts_with(|c: char| c.is_ascii_digit()), "{}", ran.stderr);
    }
}

/// Every file below a folder with its text.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(inner) = open.pop() {
        for entry in std::fs::read_dir(&inner).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            if path.is_dir() {
                found.insert(format!("{name}/"), Vec::new());
                open.push(path);
            } else {
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_live_run_on_a_server_needs_rules_of_ones_own() {
    let kaizen = Kaizen::bare();
    let before = files(kaizen.folder());
    let args = ["backlog-triage", "--plan-out", "plan.json", "--forge", "http://127.0.0.1:9", "--repo", "a/b"];
    let (ran, folder) = kaizen.args(args).run_in();
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("kaizen init") && ran.stderr.contains("--dry-run"), "{}", ran.stderr);
    assert_eq!(files(folder.path()), before);
}

#[test]
fn a_dry_run_writes_the_plan_and_nothing_else() {
    for format in ["text", "markdown", "json"] {
        let kaizen = small().format(format);
        let before = files(kaizen.folder());
        let (ran, folder) = kaizen.run_in();
        assert_eq!(ran.code, 4, "{}", ran.stderr);
        assert_eq!(files(folder.path()), before);
    }
    let kaizen = small();
    let before = files(kaizen.folder());
    let (_, folder) = kaizen.args(["--plan-out", "plan.json", "--loop-dir", "loop"]).run_in();
    let mut after = files(folder.path());
    assert!(after.remove("plan.json").is_some_and(|plan| plan.ends_with(b"}\n")));
    assert_eq!(after, before);
}

#[test]
fn a_plan_that_cannot_be_saved_ends_with_1_and_its_path() {
    for path in ["/dev/null/plan.json", "."] {
        let ran = under(RULES, &one()).args(["--plan-out", path]).run();
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains(path) && ran.stderr.contains("plan"), "{}", ran.stderr);
    }
}

#[test]
fn a_plan_has_these_members_and_no_others() {
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let rules = format!("{RULES}summary: {{label: kaizen-summary}}\n");
    let plan = plan_of(under(&rules, &two("none")));
    let top = [
        "version",
        "kaizen",
        "job",
        "forge",
        "created_at",
        "now",
        "rules_hash",
        "complete",
        "manners",
        "items",
        "digest",
    ];
    assert_eq!(keys(&plan), top);
    assert_eq!(keys(&plan["manners"]), ["pause_ms", "skip_command", "bots", "labels"]);
    assert_eq!(
        (&plan["version"], &plan["job"], &plan["complete"]),
        (&json!(2), &json!("backlog-triage"), &json!(false))
    );
    assert_eq!(plan["now"], NOW);
    assert!(plan["forge"].as_str().unwrap().starts_with("file:"), "{}", plan["forge"]);
    let mut created = 0;
    for item in plan["items"].as_array().unwrap() {
        assert_eq!(keys(item), ["repo", "kind", "number", "seen", "turned_on", "effects"]);
        created += usize::from(item["number"].is_null());
        assert!(item["number"].is_null() || item["seen"].as_str().is_some_and(|seen| seen.len() >= 16), "{item}");
        for effect in item["effects"].as_array().unwrap() {
            assert_eq!(keys(effect), ["policy", "rule", "did", "writes"]);
            assert!(!effect["writes"].as_array().unwrap().is_empty(), "{effect}");
            for write in effect["writes"].as_array().unwrap() {
                assert_eq!(keys(write), ["op", "key", "args"]);
            }
        }
    }
    assert_eq!(created, 2, "a summary for each repository");
}

#[test]
fn the_json_lists_the_writes_of_the_plan() {
    let (ran, folder) = small().args(["--plan-out", "plan.json"]).run_in();
    let plan: Value = serde_json::from_slice(&std::fs::read(folder.path().join("plan.json")).unwrap()).unwrap();
    let mut planned = Vec::new();
    for item in plan["items"].as_array().unwrap() {
        for effect in item["effects"].as_array().unwrap() {
            for write in effect["writes"].as_array().unwrap() {
                planned.push(
                    json!({ "op": write["op"], "repo": item["repo"], "kind": item["kind"], "number": item["number"],
                    "policy": effect["policy"], "key": write["key"], "args": write["args"], "state": "planned" }),
                );
            }
        }
    }
    assert_eq!(ran.json(4)["writes"], Value::Array(planned));
}

#[test]
fn two_runs_give_one_plan_and_one_report() {
    let run = |threads: &str| {
        let kaizen = small().args(["--concurrency", threads, "--plan-out", "plan.json"]);
        let own = kaizen.folder().display().to_string();
        let (ran, folder) = kaizen.run_in();
        let plan = std::fs::read_to_string(folder.path().join("plan.json")).unwrap();
        // The digest is also of the path.
        let plan = plan.replace(&own, "");
        let plan = plan[..plan.rfind("\"digest\"").unwrap()].to_owned();
        (ran.stdout.replace(&own, ""), plan)
    };
    let first = run("4");
    assert_eq!(run("4"), first);
    assert_eq!(run("1"), first, "however many threads read");
}

/// The digest of each item's decision under changed rules or another comment.
fn dids(rules: &str, note: &str) -> BTreeMap<String, String> {
    let kaizen = under(
        &rules.replace("items_per_run: 3", "items_per_run: 30").replace("at_once: 2", "at_once: 20"),
        &two("none"),
    );
    kaizen.file("templates/backlog-triage/note.md.j2", note);
    let plan = plan_of(kaizen);
    let items = plan["items"].as_array().unwrap();
    let of = |item: &Value| (format!("{}#{}", item["repo"], item["number"]), item["effects"][0]["did"].to_string());
    items.iter().map(of).collect()
}

#[test]
fn the_digest_of_a_decision_is_of_what_is_done_and_not_of_the_words() {
    let before = dids(RULES, NOTE);
    assert_eq!(before.len(), 7, "{before:?}");
    for (from, to) in [
        ("id: ready", "id: renamed"),
        ("Ready: score", "Other words:"),
        ("{add: 2,", "{add: 1,"),
        ("ready: 2", "ready: 1"),
        ("{desc: urgent}, ", ""),
        ("type: bug", "type: defect"),
        ("blocked, when", "stopped, when"),
    ] {
        assert!(RULES.contains(from), "{from}");
        let changed =
            RULES.replace(from, to).replace("kind: {max: 2, points: [{add: 1,", "kind: {max: 2, points: [{add: 3,");
        assert_eq!(dids(&changed, NOTE), before, "{from} became {to}");
    }
    assert_eq!(dids(RULES, "Quite another text."), before);
    let differ = |rules: &str, what: &str| {
        let after = dids(rules, NOTE);
        assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "{what}");
        assert!(after.iter().any(|(item, did)| before[item] != *did), "{what}");
    };
    differ(&RULES.replace("claude: {login: claude", "claude: {login: robot"), "another agent's login");
    differ(&RULES.replace("owner: {login: owner", "owner: {login: boss"), "another login to mention");
    differ(
        &RULES.replace("hand: {agent: claude, assign: [claude]", "hand: {agent: claude, remove_labels: [bug]"),
        "another action",
    );
}

#[test]
fn repositories_are_chosen_by_name_in_the_order_asked_for() {
    let run = |args: &[&str]| {
        let ran = under(RULES, &two("none")).args(args).run();
        report(&ran, ran.code)
    };
    let repos = |report: &Value| {
        let mut names: Vec<String> = report["issues"]
            .as_array()
            .unwrap()
            .iter()
            .map(|issue| issue["repo"].as_str().unwrap().to_owned())
            .collect();
        names.dedup();
        names
    };
    assert_eq!(repos(&run(&[])), ["acme/app", "acme/lib"]);
    assert_eq!(repos(&run(&["--org", "ACME"])), ["acme/app", "acme/lib"]);
    assert_eq!(repos(&run(&["--repo", "Acme/App"])), ["acme/app"]);
    assert_eq!(
        repos(&run(&["--repo", "acme/lib", "--repo", "acme/app", "--repo", "acme/lib"])),
        ["acme/lib", "acme/app"]
    );
    for (args, word) in [(["--repo", "acme/none"], "acme/lib"), (["--org", "none"], "none")] {
        let ran = under(RULES, &two("none")).args(args).run();
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains(word), "{}", ran.stderr);
    }
}

#[test]
fn only_one_number_is_looked_at_and_work_in_hand_is_still_counted() {
    let rules = RULES.replace("at_once: 2", "at_once: 1");
    let run = |args: &[&str]| under(&rules, &two("none")).args(args).run();
    let numbers = |report: &Value| {
        report["issues"]
            .as_array()
            .unwrap()
            .iter()
            .map(|issue| (issue["repo"].as_str().unwrap().to_owned(), issue["number"].as_u64().unwrap()))
            .collect::<Vec<_>>()
    };
    let found = report(&run(&["--only", "4", "--repo", "acme/app"]), 0);
    assert_eq!(numbers(&found), [("acme/app".to_owned(), 4)]);
    assert_eq!(record(&found, 4)["decision"]["state"], "waiting", "#7 holds the agent");
    assert_eq!(numbers(&report(&run(&["--only", "1"]), 0)), [("acme/app".to_owned(), 1), ("acme/lib".to_owned(), 1)]);
    for number in ["77", "8", "9"] {
        let ran = run(&["--only", number]);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (2, ""),
            "#{number} is missing, closed, a pull request: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(&format!("#{number}")), "{}", ran.stderr);
    }
}

#[test]
fn repositories_take_turns_and_each_keeps_the_order() {
    let many = |name: &str, scores: &[u64]| {
        let one = |(score, number): (&u64, u64)| {
            let body = if *score > 2 { "steps" } else { "" };
            let more = labels(if *score > 3 { &["critical"] } else { &[] });
            waiting(number, "x", json!({ "body": body, "labels": more }))
        };
        let issues = scores.iter().zip(1..).map(one);
        json!({ "full_name": name, "issues": issues.collect::<Vec<_>>() })
    };
    let repos = [many("a/a", &[2, 3, 2, 4, 3]), many("a/b", &[2, 2, 3]), many("a/c", &[2])];
    let world = json!({ "version": 1, "kind": "gitea", "repos": repos });
    let order = |cap: &str| {
        let plan = plan_of(under(&RULES.replace("items_per_run: 3", cap), &world));
        let items = plan["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| format!("{}{}", &item["repo"].as_str().unwrap()[2..], item["number"]))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(order("items_per_run: 30"), "a4 b3 c1 a2 b1 a5 b2 a1 a3");
    assert_eq!(order("items_per_run: 5"), "a4 b3 c1 a2 b1");
    assert_eq!(order("items_per_run: 1"), "a4");
}

/// The program with its stdout as given, over a world that prints more than a pipe holds.
fn with_stdout(stdout: Stdio, args: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let issues: Vec<Value> =
        (1..3_000).map(|number| issue(number, "A title of some length, so that it adds up", json!({}))).collect();
    let path = folder.path().join("world.json");
    std::fs::write(&path, world(issues.into()).to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    command.env_clear().current_dir(folder.path()).args([
        "backlog-triage",
        "--dry-run",
        "--forge",
        "file:world.json",
        "--now",
        NOW,
    ]);
    command
        .arg("--rules")
        .arg(root().join("rules"))
        .args(args)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take()); // the reader goes away before anything is read
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_reader_that_goes_away_early_is_no_error() {
    for args in [&["--format", "json"][..], &["-v"], &["--format", "markdown"]] {
        let (code, stderr) = with_stdout(Stdio::piped(), args);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{args:?}");
    }
    let mut help = Command::new(env!("CARGO_BIN_EXE_kaizen"));
    let mut child = help.arg("--help").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let stderr = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_no_panic() {
    for args in [&["--format", "json"][..], &["-v"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (code, stderr) = with_stdout(full.into(), args);
        assert!(code == Some(1) && stderr.contains("stdout") && !stderr.contains("panicked"), "{code:?}: {stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_named_after_a_job_is_that_job() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("world.json"), one().to_string()).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_kaizen"));
    let call = |name: &str, args: &[&str]| {
        let link = folder.path().join(name);
        std::os::unix::fs::symlink(program, &link).unwrap();
        let output = Command::new(&link).env_clear().current_dir(folder.path()).args(args).output().unwrap();
        std::fs::remove_file(&link).unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let args = ["--dry-run", "--forge", "file:world.json", "--now", NOW, "--format", "json"];
    let by_link = call("backlog-triage", &args);
    let by_name = call("kaizen", &[&["backlog-triage"], &args[..]].concat());
    assert_eq!(by_link.0, Some(0));
    assert_eq!(by_link, by_name);
    assert_eq!(call("other", &args).0, Some(2), "another name says nothing");
    assert!(call("backlog-triage", &["--help"]).1.contains("--dry-run"));
}

#[test]
fn a_plan_without_writes_is_carried_out_and_ends_with_0() {
    for (format, expected) in
        [("text", "it holds nothing to write\n"), ("json", "\"items\":[]"), ("markdown", "nothing to write")]
    {
        let kaizen = under(RULES, &world(json!([]))).args(["--plan-out", "plan.json"]);
        let (ran, folder) = kaizen.run_in();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let mut apply = Command::new(env!("CARGO_BIN_EXE_kaizen"));
        let apply = apply.args(["apply", "plan.json", "--format", format, "--now", NOW]).current_dir(folder.path());
        let output = apply.env_clear().output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stdout}{}", String::from_utf8_lossy(&output.stderr));
        assert!(stdout.contains(expected), "{stdout}");
        // A plan that is too old, or of another version, stays refused.
        let mut late = Command::new(env!("CARGO_BIN_EXE_kaizen"));
        let late = late.args(["apply", "plan.json", "--now", "2026-11-25T12:00:00Z"]).current_dir(folder.path());
        assert_eq!(late.env_clear().status().unwrap().code(), Some(2));
    }
}

#[test]
fn built_in_rules_write_to_a_file_only_where_that_is_said() {
    let text = world(json!([issue(1, "[critical] Save twice", json!({}))])).to_string();
    for job in [&["backlog-triage"][..], &["kaizen-retro"]] {
        let run = |more: &[&str]| {
            let kaizen = Kaizen::bare().args(job).args(["--forge", "file:world.json"]).args(more).at(NOW);
            let path = kaizen.file("world.json", &text);
            let (ran, _folder) = kaizen.run_in();
            (ran.code, ran.stderr, std::fs::read_to_string(path).unwrap())
        };
        let (code, stderr, after) = run(&[]);
        assert_eq!((code, after.as_str()), (2, text.as_str()), "{job:?} {stderr}");
        assert!(stderr.contains("--write") && stderr.contains("--dry-run") && stderr.contains("--rules"), "{stderr}");
        let (code, stderr, after) = run(&["--dry-run"]);
        assert_eq!((code, after.as_str()), (0, text.as_str()), "{job:?} {stderr}");
        assert_eq!(run(&["--dry-run", "--write"]).0, 2);
        let (code, stderr, _) = run(&["--write"]);
        assert_eq!(code, 0, "{job:?} {stderr}");
    }
    let kaizen = Kaizen::bare().args(["backlog-triage", "--write", "--forge", "file:world.json"]).at(NOW);
    let path = kaizen.file("world.json", &text);
    let (ran, _folder) = kaizen.run_in();
    assert!(std::fs::read_to_string(path).unwrap().contains("Handed to **claude**"), "{}", ran.stderr);
}

#[test]
fn the_first_figures_add_up_in_every_world() {
    let numbers = |line: &str| -> Vec<usize> {
        line.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    let closed = RULES.replace("skip: {", "scope: {states: [open, closed]}\nskip: {");
    let young = RULES.replace("skip: {", "scope: {leave_out: {labels: [critical]}}\nskip: {");
    for (rules, options) in
        [(RULES, &[][..]), (&closed, &[]), (&young, &[]), (RULES, &["--only", "4", "--repo", "acme/app"])]
    {
        let json = under(rules, &two("none")).args(options).run();
        let report: Value = serde_json::from_str(&json.stdout).unwrap_or_else(|_| panic!("{}", json.stderr));
        let text = under(rules, &two("none")).args(options).format("text").run().stdout;
        let (total, lines) = (|name: &str| report["totals"][name].as_u64().unwrap() as usize, text.lines());
        let lines: Vec<&str> = lines.skip(1).take_while(|line| !line.is_empty()).collect();
        let open = numbers(lines[0].split(';').next().unwrap());
        assert_eq!(open[0], total("open"), "{text}");
        assert!(open.len() == 1 || open[0] == open[1] + open[2], "{text}");
        let mut scored = 0;
        for line in &lines[1..] {
            let parts = numbers(line);
            assert_eq!(parts[0], parts[1..].iter().sum::<usize>(), "{line}");
            scored += parts[0];
        }
        assert_eq!(scored, total("scored"), "{text}");
        let ready = lines[1..].iter().find(|line| line.contains(" ready:") && !line.contains("not ready"));
        assert_eq!(ready.map_or(0, |line| numbers(line)[0]), total("ready"), "{text}");
    }
}
