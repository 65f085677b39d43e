//! `kaizen rules capture`: a real item becomes a case.
//!
//! Takes: worlds in files and on the forge of the tests, the shipped rules. Gives: the case file, what is
//! printed, and what `rules test` makes of it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::forge::{Access, Server, World, issue as on_forge};
use crate::support::{Kaizen, NOW, Ran, issue, labels, repo_world, root, world};

const CASES: &str = "rules/tests/backlog-triage.yaml";
const BODY: &str = "It must return what was saved, see src/save.rs.\n\n```rust\nfn save() {}\n```\n\n  - verify it\n";

/// A folder with the shipped rules, and with these cases of them.
fn folder(cases: Option<&str>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("rules/tests")).unwrap();
    for file in ["rules/backlog-triage.yaml", "rules/common.yaml"] {
        fs::copy(root().join(file), folder.path().join(file)).unwrap();
    }
    if let Some(cases) = cases {
        fs::write(folder.path().join(CASES), cases).unwrap();
    }
    folder
}

/// `kaizen rules …` with the rules of that folder.
fn rules(folder: &Path, args: &[&str]) -> Ran {
    let rules = folder.join("rules").display().to_string();
    Kaizen::bare().args(["rules"]).args(args).args(["--rules", &rules]).env("KAIZEN_TOKEN", "t0ken").run()
}

fn capture(folder: &Path, world: &Value, args: &[&str]) -> Ran {
    let path = folder.join("world.json");
    fs::write(&path, world.to_string()).unwrap();
    let forge = format!("file:{}", path.display());
    rules(folder, &[&["capture"], args, &["--forge", &forge, "--now", NOW]].concat())
}

fn cases(folder: &Path) -> String {
    fs::read_to_string(folder.join(CASES)).unwrap()
}

fn test(folder: &Path, code: i32) -> Value {
    rules(folder, &["test", "--format", "json"]).json(code)
}

fn ready() -> Value {
    let with = json!({ "body": BODY, "labels": labels(&["Kind/Bug", "area: x"]), "milestone": { "title": "1.0" } });
    world(json!([issue(7, "Saves \"twice\": yes # no", with), issue(8, "Unclear", json!({}))]))
}

#[test]
fn an_item_becomes_a_case_that_holds() {
    let folder = folder(None);
    let ran = capture(folder.path(), &ready(), &["acme/app#7"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    insta::assert_snapshot!("captured", cases(folder.path()));
    let path = folder.path().display().to_string();
    insta::assert_snapshot!("captured_told", ran.stdout.replace(&path, "FOLDER"));
    // A second one stands behind it; the same again has another name.
    for item in ["#8", "7"] {
        assert_eq!(capture(folder.path(), &ready(), &[item]).code, 0);
    }
    let report = test(folder.path(), 0);
    let names: Vec<&str> =
        report["cases"].as_array().unwrap().iter().map(|case| case["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["acme/app#7", "acme/app#8", "acme/app#7 (2)"]);
}

#[test]
fn a_wrong_decision_becomes_a_case_that_fails() {
    let folder = folder(None);
    let ran =
        capture(folder.path(), &ready(), &["#7", "--expect", "action=flag-owner,rule=blocked,urgent=false,score=8"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("the rules now decide: "), "{}", ran.stdout);
    let report = test(folder.path(), 3);
    let failures = report["cases"][0]["failures"].as_array().unwrap();
    let members: Vec<&str> = failures.iter().map(|failure| failure["member"].as_str().unwrap()).collect();
    assert_eq!(members, ["action", "rule"], "{report}");
    for (expect, says) in [
        ("action=flag-ovner", "did you mean `flag-owner`?"),
        ("rulle=meta", "did you mean `rule`?"),
        ("action", "write NAME=VALUE"),
        ("score=many", "a whole number"),
        ("urgent=yes", "true or false"),
    ] {
        let before = cases(folder.path());
        let ran = capture(folder.path(), &ready(), &["#7", "--expect", expect]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{expect}: {}", ran.stderr);
        assert_eq!(cases(folder.path()), before, "nothing is written");
    }
}

#[test]
fn comments_and_form_of_the_file_stay() {
    let head = "# Ours.\nversion: 1 # one\nnow: 2026-11-20T12:00:00Z\ngiven: {author: eve, created_at: 2 days ago, \
                milestone: x}\n\n";
    let case = "  -   name: first # kept\n      given: {title: x}\n      expect: {rule: not-ready}\n";
    let tail = "\n# Dead policy.\nequivalent: []\n";
    let deep = "cases:\n- name: first\n  expect: {rule: not-ready}\n";
    for (before, after) in [
        (format!("{head}cases:\n{case}"), String::new()),
        (format!("{head}cases:\n{case}"), tail.to_owned()),
        (format!("{head}cases: # of ours\n"), tail.to_owned()),
        (format!("{head}{deep}"), String::new()),
        (format!("{head}{deep}").trim_end().to_owned(), String::new()),
        (head.to_owned(), String::new()),
    ] {
        let folder = folder(Some(&format!("{before}{after}")));
        // Nobody opened it and it has no dates: what the file gives is not this item's.
        let item =
            issue(7, "Save", json!({ "user": null, "created_at": null, "updated_at": "2026-11-19T12:00:00.123456Z" }));
        let ran = capture(folder.path(), &world(json!([item])), &["#7"]);
        assert_eq!(ran.code, 0, "{}\n{before}{after}", ran.stderr);
        let text = cases(folder.path());
        assert!(text.starts_with(&before) && text.ends_with(&after), "{text}");
        test(folder.path(), 0);
    }
    for (odd, says) in [
        ("version: 1\nnow: 2026-11-20T12:00:00Z\ncases: [{name: a, expect: {rule: meta}}]\n", "in brackets"),
        ("version: 1\ncases: []\n", "in brackets"),
        ("version: 1\ncases:\n...\n", "nothing was written"),
    ] {
        let folder = folder(Some(odd));
        let ran = capture(folder.path(), &ready(), &["#7"]);
        assert_eq!(ran.code, 1, "{odd}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(says), "{odd}: {}", ran.stderr);
        assert_eq!(cases(folder.path()), odd, "nothing is written");
    }
    let broken = folder(Some("version: 1\ncase: []\n"));
    let ran = capture(broken.path(), &ready(), &["#7"]);
    assert_eq!(ran.code, 78, "{}", ran.stderr);
}

#[test]
fn a_timeline_is_read_where_the_rules_ask_for_it() {
    let with = json!({ "assignees": [{ "login": "claude" }], "created_at": "2026-01-01T00:00:00Z" });
    let items = json!([issue(7, "[bug] Save", with.clone()), issue(8, "[bug] Save", with)]);
    let event = json!([{ "type": "comment", "user": { "login": "ada" }, "created_at": "2026-10-01T12:00:00Z" }]);
    let world = repo_world(json!({ "full_name": "acme/app", "issues": items, "events": { "7": event } }));
    let folder = folder(None);
    assert_eq!(capture(folder.path(), &world, &["#7"]).code, 0);
    assert_eq!(capture(folder.path(), &world, &["#8"]).code, 0);
    let text = cases(folder.path());
    assert!(text.contains("last_activity: 2026-10-01T12:00:00Z"), "{text}");
    assert!(text.contains("rule: stuck"), "{text}");
    assert!(text.contains("last_activity: unrecorded") && text.contains("rule: none"), "{text}");
    test(folder.path(), 0);
}

#[test]
fn a_masked_case_says_nothing_and_is_decided_alike() {
    let body =
        "The secretary said it must return, and verify the Hamburg figures in src/harbour/secret.rs.\n\nAsk @maria.";
    let with = json!({ "body": body, "user": { "login": "maria" }, "labels": labels(&["Kind/Bug"]) });
    let world = world(json!([issue(7, "[bug] The secretary cannot sail", with)]));
    let folder = folder(None);
    let ran = capture(folder.path(), &world, &["#7", "--mask"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let text = cases(folder.path());
    for word in ["secretary", "Hamburg", "maria", "harbour", "acme"] {
        assert!(!text.contains(word) && !ran.stdout.contains(word), "{word}: {text}");
    }
    assert!(text.contains("must return") && text.contains("[bug]"), "{text}");
    let report = test(folder.path(), 0);
    assert_eq!(report["cases"][0]["decided_by"]["rule"], "ready", "{text}");
}

#[test]
fn odd_texts_come_back_as_they_were() {
    for body in [
        "a\r\nb must\r\n",
        "\u{202e}\u{feff}\u{0}\u{85}\n  x\t\n",
        "",
        "---\n...\n# c: d\n",
        "  first\n\n\n",
        "must\u{2028}return",
        "$each {{ x }} %{y}\n",
    ] {
        let world = world(json!([issue(7, "[bug] \u{1b}[31m '\"\\ \u{202e}", json!({ "body": body }))]));
        let folder = folder(None);
        let ran = capture(folder.path(), &world, &["#7"]);
        assert_eq!(ran.code, 0, "{body:?}: {}", ran.stderr);
        assert!(!ran.stdout.contains(['\u{1b}', '\u{202e}']), "{}", ran.stdout);
        test(folder.path(), 0);
    }
}

#[test]
fn what_cannot_be_captured_is_refused() {
    let folder = folder(None);
    let two = json!({ "version": 1, "kind": "gitea", "repos": [
        { "full_name": "acme/app", "issues": [] }, { "full_name": "acme/api", "issues": [] } ]});
    for (world, item, says) in [
        (ready(), "acme/app#9", "has no item #9"),
        (ready(), "acme/app", "names no item"),
        (ready(), "acme#7", "names no item"),
        (ready(), "#0", "names no item"),
        (ready(), "acme/other#7", "has no repository acme/other"),
        (two, "#7", "write OWNER/NAME#7"),
    ] {
        let ran = capture(folder.path(), &world, &[item]);
        assert_eq!(ran.code, 2, "{item}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains(says), "{item}: {}", ran.stderr);
    }
    assert!(!folder.path().join(CASES).exists());
    // The built-in rules have no folder that a case could go to; it can be printed.
    let (forge, kaizen) = (format!("file:{}/world.json", folder.path().display()), Kaizen::bare);
    let built_in = |more: &[&str]| {
        fs::write(folder.path().join("world.json"), ready().to_string()).unwrap();
        kaizen().args(["rules", "capture", "#7", "--now", NOW, "--forge", &forge]).args(more).run()
    };
    assert_eq!(built_in(&[]).code, 2);
    let printed = built_in(&["--output", "-"]);
    assert_eq!(printed.code, 0, "{}", printed.stderr);
    assert!(printed.stdout.trim_start().starts_with("- name: \"acme/app#7\""), "{}", printed.stdout);
}

#[test]
fn an_item_of_a_server_is_captured_too() {
    for world in [|| World::gitea("1.26.4"), World::forgejo, World::github_enterprise] {
        let mut world = world();
        world.clock.set("2026-11-19T08:00:00Z");
        world.add_repo("acme/app");
        for login in ["kaizen-bot", "claude"] {
            world.add_member("acme/app", login, Access::Write);
        }
        world.add_token("t0ken", "kaizen-bot");
        for _ in 0..3 {
            let item = on_forge("[bug] Tide table is wrong").by("maria").body(BODY).assignees(&["claude"]);
            world.add_issue("acme/app", item.created("2026-09-01T00:00:00Z").updated("2026-11-18T00:00:00Z"));
        }
        world.add_comment("acme/app", 2, "maria", "Any news?", "2026-09-18T00:00:00Z");
        let server = Server::start(world);
        let folder = folder(None);
        let args = ["capture", "acme/app#2", "--forge", &server.api_url(), "--now", NOW, "--retry-wait", "1"];
        let ran = rules(folder.path(), &args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let text = cases(folder.path());
        assert!(text.contains("number: 2") && text.contains("rule: stuck"), "{text}");
        test(folder.path(), 0);
    }
}
