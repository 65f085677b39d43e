//! The report as people read it, and what may not stand in it.

use serde_json::json;

use super::backlog;
use crate::support::{Kaizen, issue, labels, root, world};

const EDITS: [(&str, &str); 1] = [("kimi_ready: [kimi-ready]", "kimi_ready: [kimi-ready]\n  urgent: {also: [search]}")];

fn edited(world: &serde_json::Value, replaced: &[(&str, &str)]) -> Kaizen {
    let kaizen = Kaizen::diff(world);
    kaizen.pack("base/rules", &[]);
    kaizen.pack("head/rules", replaced);
    kaizen.args(["--base", "base/rules", "--rules", "head/rules"])
}

fn demo() -> Kaizen {
    let world = crate::golden::read(&root().join("tests/worlds/demo.json"));
    let kaizen = Kaizen::diff(&world);
    kaizen.pack("head/rules", &EDITS);
    kaizen.pack("base/rules", &[]);
    kaizen.args(["--base", "base/rules", "--rules", "head/rules"])
}

#[test]
fn the_text_of_a_diff() {
    insta::assert_snapshot!(demo().format("text").run().stdout);
}

#[test]
fn the_text_of_a_diff_with_every_item_and_word() {
    insta::assert_snapshot!(demo().format("text").args(["-v"]).run().stdout);
}

#[test]
fn the_markdown_of_a_diff() {
    insta::assert_snapshot!(demo().format("markdown").run().stdout);
}

#[test]
fn the_markdown_of_the_reference_beside_the_shipped_rules() {
    let world = crate::golden::read(&root().join("tests/worlds/demo.json"));
    let kaizen = Kaizen::diff(&world);
    kaizen.pack("shipped/rules", &[]);
    let reference = std::fs::read_to_string(root().join("tests/reference/rules/backlog-triage.yaml")).unwrap();
    kaizen.file("reference/rules/backlog-triage.yaml", &reference);
    let kaizen = kaizen.args(["--base", "reference/rules", "--rules", "shipped/rules"]).format("markdown");
    insta::assert_snapshot!(kaizen.run().stdout);
}

#[test]
fn the_comment_in_the_docs_is_a_real_one() {
    let kaizen = Kaizen::diff(&crate::golden::read(&root().join("tests/worlds/demo.json")));
    kaizen.pack("rules", &[]);
    kaizen.pack("high", &[EDITS[0], ("ready: 5", "ready: 7")]);
    let ran = kaizen.args(["--base", "rules", "--rules", "high"]).format("markdown").run();
    let page = std::fs::read_to_string(root().join("docs/review.md")).unwrap();
    assert!(page.contains(ran.stdout.trim_end()), "{}", ran.stdout);
}

#[test]
fn the_names_in_the_docs_are_those_of_the_json() {
    let report = edited(&backlog(60), &EDITS).run().json(0);
    let page = std::fs::read_to_string(root().join("docs/review.md")).unwrap();
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    for (name, value) in [
        ("`base`, `head`", &report["base"]),
        ("`totals`", &report["totals"]),
        ("`rules[]`", &report["rules"][0]),
        ("`items[]`", &report["items"][0]),
        ("`items[].from`", &report["items"][0]["from"]),
    ] {
        let row = format!("| {name} | `{}`", keys(value));
        assert!(page.contains(&row), "{row}");
    }
    let (_, table) = page.split_once("## The diff as JSON").unwrap();
    for name in report.as_object().unwrap().keys() {
        assert!(table.contains(&format!("`{name}`")) || table.contains(&format!("`{name}[]`")), "{name}");
    }
}

#[test]
fn nothing_is_one_line() {
    let markdown = edited(&backlog(9), &[]).format("markdown").run().stdout;
    assert_eq!(markdown.trim_end().lines().count(), 1, "{markdown}");
    assert!(markdown.contains("9 items looked at, nothing changes"), "{markdown}");
}

#[test]
fn five_thousand_items_fit_and_what_was_left_out_is_counted() {
    let ran = edited(&backlog(5_000), &[("ready: 5", "ready: 99")]).format("markdown").run();
    let length = ran.stdout.chars().count();
    assert!((10_000..=60_000).contains(&length), "{length}");
    assert!(ran.stdout.contains("left out for length"), "{}", &ran.stdout[..1000]);
    assert_eq!(ran.stdout.matches("<details").count(), ran.stdout.matches("</details>").count());
    // Rule ids as long as one likes, and as many groups.
    let long = format!("id: {}", "x".repeat(3_000));
    let ran = edited(&backlog(200), &[("id: not-ready", &long), ("id: urgent #", "id: u #")]).format("markdown").run();
    assert!(ran.stdout.chars().count() <= 60_000, "{} {}", ran.stdout.len(), ran.stderr);
}

#[test]
fn what_is_private_is_counted_and_not_named() {
    let secret = issue(7, "Secret search plan", json!({"labels": labels(&["search"])}));
    let public = issue(8, "Public search plan", json!({"labels": labels(&["search"])}));
    let world = json!({"version": 1, "kind": "gitea", "user": "kaizen", "repos": [
        {"full_name": "acme/secret", "private": true, "issues": [secret]}, {"full_name": "acme/app", "issues": [public]}]});
    let ran = edited(&world, &EDITS).format("markdown").run();
    assert!(ran.stdout.contains("Public search plan") && ran.stdout.contains("**2** of 2 items"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("ecret"), "{}", ran.stdout);
    assert!(ran.stdout.contains("1 of private repositories"), "{}", ran.stdout);
    // The head has no say in it, the base has.
    let loud = [EDITS[0], ("limits:", "publish: {private: full}\nlimits:")];
    assert!(!edited(&world, &loud).format("markdown").run().stdout.contains("ecret"));
    let kaizen = Kaizen::diff(&world);
    kaizen.pack("base/rules", &loud[1..]);
    kaizen.pack("head/rules", &EDITS);
    let ran = kaizen.args(["--base", "base/rules", "--rules", "head/rules"]).format("markdown").run();
    assert!(ran.stdout.contains("Secret search plan"), "{}", ran.stdout);
}

#[test]
fn titles_and_rules_of_strangers_are_only_text() {
    let title = "[bug] @ada #12 </details> | <!-- kaizen:v1 policy=x --> `x` \u{1b}[2J\n::error::x";
    let world = world(json!([issue(1, title, json!({"labels": labels(&["search"])}))]));
    let edits = [
        EDITS[0],
        ("    reason: A tag or a label makes it urgent, and", "    reason: \"@root ##[add-path]x </details>\" #"),
    ];
    let ran = edited(&world, &edits).format("markdown").run();
    for bad in ["@ada", "@root", "#12", "<!--", "\u{1b}"] {
        assert!(!ran.stdout.contains(bad), "{bad}: {}", ran.stdout);
    }
    assert_eq!(ran.stdout.matches("<details").count(), ran.stdout.matches("</details>").count(), "{}", ran.stdout);
    let ran = edited(&world, &edits).format("text").args(["-v"]).env("GITEA_ACTIONS", "true").run();
    let commands = ran.stdout.lines().filter(|line| line.trim_start().starts_with("::") || line.contains("##["));
    assert_eq!(commands.count(), 0, "{}", ran.stdout);
    assert!(!ran.stdout.contains('\u{1b}'));
}

#[test]
fn every_item_is_counted_once_and_what_goes_to_nobody_is_said_to() {
    let item = |number: u64, tag: &str| issue(number, &format!("[{tag}] Save twice"), json!({}));
    let world = world(json!([item(1, "critical"), item(2, "critical"), item(3, "critical][rfc"), item(4, "bug")]));
    // From claude to nobody, or to somebody else.
    let nobody = ("    action: assign-claude\n    reason: A tag", "    action: skip\n    reason: A tag");
    let other = ("    action: assign-claude\n    reason: A tag", "    action: label-kimi\n    reason: A tag");
    for (edit, heading, not) in
        [(nobody, "No longer handed to anybody (3)", "Handed over"), (other, "Handed over (3)", "No longer handed")]
    {
        let ran = edited(&world, &[edit]).format("text").run();
        assert!(ran.stdout.contains(heading) && !ran.stdout.contains(not), "{}", ran.stdout);
        let line = ran.stdout.lines().find(|line| line.contains(" change")).unwrap();
        let (_, figures) = line.split_once(" looked at, ").unwrap();
        let numbers: Vec<usize> = figures.split(' ').filter_map(|word| word.parse().ok()).collect();
        assert_eq!(numbers[0], numbers[1..].iter().sum::<usize>(), "{line}");
        let report = edited(&world, &[edit]).run().json(0);
        assert_eq!(report["totals"]["reassigned"], 3, "the figure that conditions name counts both");
        let markdown = edited(&world, &[edit]).format("markdown").run().stdout;
        assert!(markdown.contains(&format!("<summary>{heading}</summary>")), "{markdown}");
    }
}
