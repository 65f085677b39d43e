//! Versions that lack something: rules, items, a right expression, sense.

use serde_json::{Value, json};

use super::{backlog, item};
use crate::support::{Kaizen, issue, labels, repo_world, shipped, world};

fn paths(kaizen: Kaizen, base: &std::path::Path, head: &std::path::Path) -> Kaizen {
    let args: [&std::path::Path; 4] = ["--base".as_ref(), base, "--rules".as_ref(), head];
    kaizen.args(args)
}

/// A diff of the shipped rules with and without these changes.
fn edited(world: &Value, replaced: &[(&str, &str)]) -> Kaizen {
    let kaizen = Kaizen::diff(world);
    let (base, head) = (kaizen.pack("base/rules", &[]), kaizen.pack("head/rules", replaced));
    paths(kaizen, &base, &head)
}

#[test]
fn the_same_rules_change_nothing_however_their_lines_move() {
    let moved = [("version: 1\n", "# one line more\n\nversion: 1\n")];
    let kaizen = edited(&backlog(40), &moved);
    // A text that prints the lines of points differs with every edit, and is still the same.
    let text = "{% for point in points %}{{ point.condition }} in line {{ point.line }}\n{% endfor %}";
    for side in ["base", "head"] {
        kaizen.file(&format!("{side}/templates/backlog-triage/decision.md.j2"), text);
    }
    let report = kaizen.run().json(0);
    assert_eq!(
        report["totals"],
        json!({"evaluated": 40, "changed": 0, "closes": 0, "reassigned": 0, "labels": 0, "text": 0, "gained": 0, "lost": 0,
            "keys": 0, "trust": 0})
    );
    assert_eq!(report["items"], json!([]));
    assert_ne!(report["base"]["rules_hash"], report["head"]["rules_hash"]);
}

#[test]
fn another_text_alone_is_told_as_that() {
    let kaizen = edited(&backlog(40), &[]);
    kaizen.file("head/templates/shared/footer.md.j2", "<sub>Another footer.</sub>");
    let report = kaizen.run().json(0);
    let totals = &report["totals"];
    assert!(totals["text"].as_u64() > Some(5) && totals["text"] == totals["changed"], "{totals}");
    let first = &report["items"][0];
    assert_eq!(first["class"], "text");
    assert!(first["to"]["text"].as_str().unwrap().ends_with("Another footer.</sub>"), "{first}");
    assert_eq!(first["writes"], json!({"added": [], "removed": []}));
}

#[test]
fn a_text_that_says_why_another_rule_did_not_hold_differs_with_that_rule() {
    // The rule that decides is the same; what is told of one before it is not.
    let issues = json!([issue(1, "[bug] Login fails", json!({"body": "src/a.rs should and must return and verify"}))]);
    let kaizen = edited(&world(issues), &[("    when: blocked\n", "    when: number > 5 and blocked\n")]);
    for side in ["base", "head"] {
        let text = "{% for rule in passed %}{{ rule.rule }}: {{ rule.why }}\n{% endfor %}";
        kaizen.file(&format!("{side}/templates/backlog-triage/decision.md.j2"), text);
    }
    let report = kaizen.run().json(0);
    assert_eq!(report["totals"]["text"], 1, "{report}");
}

#[test]
fn closes_come_first_then_other_people_then_labels_and_each_is_counted() {
    let issues = json!([
        issue(1, "[rfc] A good day", json!({})),
        issue(2, "[bug] Login fails", json!({"body": "src/a.rs should and must return and verify"})),
        issue(
            3,
            "[research] Which queue?",
            json!({"body": "## Problem\n\nsrc/a.rs should and must return and verify"})
        ),
        issue(4, "Unclear", json!({})),
    ]);
    let edits = [
        ("  label-kimi:", "  shut: {close: not_planned}\n  label-kimi:"),
        (
            "    when: type == 'philosophy' and not urgent\n    action: skip",
            "    when: type == 'philosophy' and not urgent\n    action: shut",
        ),
        ("add_labels: [kimi-ready]", "add_labels: [kimi-ready, kaizen-summary]"),
        ("  - id: ready\n    action: assign-claude", "  - id: ready\n    action: flag-owner"),
    ];
    let report = edited(&world(issues.clone()), &edits).run().json(0);
    let classes: Vec<&str> =
        report["items"].as_array().unwrap().iter().map(|it| it["class"].as_str().unwrap()).collect();
    assert_eq!(classes, ["closes", "reassigned", "labels"]);
    let totals = json!({"evaluated": 4, "changed": 3, "closes": 1, "reassigned": 1, "labels": 1, "text": 1, "gained": 0, "lost": 0,
        "keys": 4, "trust": 0});
    assert_eq!(report["totals"], totals);
    assert_eq!(item(&report, 1)["writes"]["added"], json!([{"op": "close", "what": "not_planned"}]));
    let two = item(&report, 2)["writes"].clone();
    assert_eq!(two["added"], json!([{"op": "mention", "what": "owner"}]));
    assert_eq!(two["removed"], json!([{"op": "assign", "what": "claude"}]));
    assert_eq!(item(&report, 3)["writes"]["added"], json!([{"op": "add_labels", "what": "kaizen-summary"}]));
    // A condition over the totals.
    for (condition, code) in [("changed > 20 or closes > 0", 3), ("changed > 3", 0), ("text == 1 and labels == 1", 3)] {
        let ran = edited(&world(issues.clone()), &edits).args(["--fail-on", condition]).run();
        assert_eq!(ran.code, code, "{condition}: {}", ran.stderr);
    }
}

#[test]
fn a_condition_with_a_slip_is_told_at_its_place_before_anything_is_read() {
    let ran = edited(&backlog(3), &[]).args(["--fail-on", "changed > 20 or close > 0"]).run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("--fail-on:1:17") && ran.stderr.contains("did you mean `closes`?"), "{}", ran.stderr);
    assert!(ran.stdout.is_empty());
}

#[test]
fn what_made_the_difference_is_named_with_its_place() {
    let issues = json!([
        issue(1, "Search is slow", json!({"labels": labels(&["area: search"])})),
        issue(2, "[feature] Export", json!({"body": "It should work."})),
        issue(3, "Words", json!({"body": "It must and should. See src/a.rs and `fn a()`."})),
    ]);
    let edits = [
        ("kimi_ready: [kimi-ready]", "kimi_ready: [kimi-ready]\n  urgent: {also: [search]}"),
        ("ready: 5", "ready: 4"),
        (
            "{add: 1, when: count.code >= 1, because: shows code}",
            "{add: 2, when: count.code >= 1, because: shows code}",
        ),
    ];
    let report = edited(&world(issues), &edits).run().json(0);
    let why = |number| item(&report, number)["why"].to_string();
    assert_eq!(item(&report, 1)["to"]["rule"], "urgent");
    assert!(why(1).contains("tagged.urgent is true, was false (the tag search)"), "{}", why(1));
    assert!(why(2).contains("thresholds.ready is 4, was 5"), "{}", why(2));
    assert!(why(3).contains("+2 in scope: count.code >= 1, found"), "{}", why(3));
    assert!(why(3).contains("head/rules/backlog-triage.yaml:"), "{}", why(3));
}

#[test]
fn a_rule_that_is_new_gone_or_moved_is_named() {
    let issues = json!([issue(1, "[rfc] P0", json!({"labels": labels(&["p0"])})), issue(2, "Unclear", json!({}))]);
    let renamed = edited(&world(issues.clone()), &[("id: not-ready", "id: too-thin")]).run().json(0);
    let two = item(&renamed, 2);
    assert_eq!(
        (two["class"].as_str(), two["from"]["rule"].as_str(), two["to"]["rule"].as_str()),
        (Some("decision"), Some("not-ready"), Some("too-thin"))
    );
    let why = two["why"].to_string();
    assert!(why.contains("the rule too-thin is new") && why.contains("the rule not-ready is gone"), "{why}");
    let moved: Vec<&Value> =
        renamed["rules"].as_array().unwrap().iter().filter(|rule| rule["gained"] != rule["lost"]).collect();
    assert_eq!(moved[0], &json!({"rule": "not-ready", "before": 1, "after": 0, "gained": 0, "lost": 1}));
    assert_eq!(moved[1], &json!({"rule": "too-thin", "before": 0, "after": 1, "gained": 1, "lost": 0}));
    let reworded =
        edited(&world(issues), &[("type == 'philosophy' and not urgent", "type == 'philosophy' and number > 0")]);
    let why = item(&reworded.run().json(0), 1)["why"].to_string();
    assert!(!why.is_empty() && why.contains("meta"), "{why}");
}

#[test]
fn an_item_that_only_one_side_looks_at_has_null_on_the_other() {
    let issues = json!([
        issue(1, "[bug] Login fails", json!({})),
        issue(2, "Old", json!({"state": "closed", "labels": labels(&["bug"])}))
    ]);
    let wide = [("states: [open]", "states: [closed]")];
    let report = edited(&world(issues.clone()), &wide).run().json(0);
    assert_eq!((&report["totals"]["gained"], &report["totals"]["lost"]), (&json!(1), &json!(1)));
    assert_eq!((&item(&report, 1)["to"], &item(&report, 2)["from"]), (&Value::Null, &Value::Null));
    assert_eq!(item(&report, 1)["from"]["rule"], "ready");
    let kinds = [("scope: {kinds: [issue]", "scope: {kinds: [issue, pull]")];
    let with_pull = repo_world(
        json!({"full_name": "acme/app", "issues": issues, "pulls": [issue(7, "[bug] Mend", json!({"pull_request": {}}))]}),
    );
    let report = edited(&with_pull, &kinds).run().json(0);
    assert_eq!(report["totals"]["gained"], 1);
    assert_eq!(item(&report, 7)["kind"], "pull");
}

#[test]
fn a_job_that_is_new_is_said_to_be() {
    let world = backlog(5);
    let kaizen = Kaizen::diff(&world);
    kaizen.file("base/common.yaml", "keywords: {bug: [bug]}\n");
    let head = kaizen.pack("head/rules", &[]);
    let base = kaizen.folder().join("base");
    let report = paths(kaizen, &base, &head).run().json(0);
    assert_eq!((&report["base"]["rules_hash"], &report["totals"]["gained"]), (&Value::Null, &json!(5)));
    assert!(report["warnings"][0].as_str().unwrap().contains("the job is new"), "{report}");
    let kaizen = Kaizen::diff(&world);
    let (empty, other) = (kaizen.file("a/x.txt", ""), kaizen.file("b/x.txt", ""));
    let ran = paths(kaizen, empty.parent().unwrap(), other.parent().unwrap()).run();
    assert!(ran.code == 2 && ran.stderr.contains("neither"), "{}", ran.stderr);
}

#[test]
fn broken_rules_of_either_side_are_told_under_its_name() {
    let world = backlog(3);
    let slip = [("not ready\n", "not raedy\n")];
    for (side, base, head) in [("base", &slip[..], &[][..]), ("head", &[][..], &slip[..])] {
        let kaizen = Kaizen::diff(&world);
        let (base, head) = (kaizen.pack("base/rules", base), kaizen.pack("head/rules", head));
        let ran = paths(kaizen, &base, &head).run();
        assert_eq!(ran.code, 78, "{}", ran.stderr);
        let place = format!("{side}/rules/backlog-triage.yaml:");
        assert!(ran.stderr.contains(&place) && ran.stderr.contains("did you mean `ready`?"), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("the rules of the {side}, ")), "{}", ran.stderr);
        assert!(ran.stdout.is_empty());
    }
}

#[test]
fn a_timeline_is_asked_for_once_and_what_is_not_recorded_is_said() {
    // Held since long, so both sides turn on the timeline; it was not recorded.
    let held = |number| {
        issue(number, "[bug] Held", json!({"assignees": [{"login": "claude"}], "created_at": "2026-01-01T00:00:00Z"}))
    };
    let rules = [("stuck_days: 14", "stuck_days: 10")];
    let mut repo = json!({"full_name": "acme/app", "issues": [held(1), held(2)]});
    let report = edited(&repo_world(repo.clone()), &rules).run().json(0);
    assert_eq!(report["timelines"], 0, "{report}");
    repo["events"] = json!({"1": [], "2": [{"event": "labeled", "created_at": "2026-11-08T12:00:00Z", "actor": {"login": "ada"}, "label": {"name": "x"}}]});
    let report = edited(&repo_world(repo), &rules).run().json(0);
    assert!(report["timelines"].as_u64() <= Some(2), "each is read once: {report}");
    let two = item(&report, 2);
    assert_eq!((&two["from"]["rule"], &two["to"]["rule"]), (&json!("assigned"), &json!("stuck")), "{two}");
}

#[test]
fn usage_is_told() {
    let world = backlog(1);
    for (args, says) in [
        (vec!["rules"], "--base"),
        (vec!["rules", "--base", "nowhere-at-all"], "no folder nowhere-at-all, and here is no git clone"),
        (vec!["rules", "--base", "../none"], "the folder ../none is not there"),
        (vec!["rules", "--base", "none/"], "the folder none/ is not there"),
        (vec!["rules", "--base", "/none/rules"], "the folder /none/rules is not there"),
        (vec!["rules", "--base", "rules/common.yaml"], "is a file, and not a folder of rules"),
        (vec!["rules", "--base", "rules", "--head", "x"], "cannot be used with"),
        (vec!["rules", "--base", "rules", "no-such-job"], "backlog-triage"),
    ] {
        let kaizen = Kaizen::diff(&world);
        let folder = kaizen.pack("rules", &[]);
        assert!(folder.is_dir());
        let mut args = args;
        args[0] = "--rules=rules";
        let ran = kaizen.args(args).run();
        assert!(ran.code == 2 && ran.stderr.contains(says), "{says}: {}", ran.stderr);
    }
    assert!(shipped(&[]).contains("job: backlog-triage"));
}

#[test]
fn records_of_any_job_are_joined_by_their_keys() {
    use kaizen::engine::value::Value as Number;
    use kaizen::plan::Words;
    use kaizen::review::diff::{Class, Diff, SideRecord};

    let record = |rule: &str, text: Option<&str>| SideRecord {
        rule: Some(rule.to_owned()),
        action: "suggest".to_owned(),
        score: Number::None,
        words: Words::comment(text.map(str::to_owned)),
        plain: None,
        given: "report",
        agent: None,
        mention: Vec::new(),
        writes: Vec::new(),
    };
    let key = |rule: &str, subject: &str| format!("{rule} {subject}");
    let from = vec![
        (key("idle", "ada"), record("idle", Some("Ada is idle."))),
        (key("friction", "a/b"), record("friction", Some("a/b fails."))),
        (key("slow", "bug"), record("slow", Some("Bugs take long."))),
    ];
    let to = vec![
        (key("friction", "a/b"), record("friction", Some("a/b fails often."))),
        (key("friction", "a/c"), record("friction", Some("a/c fails."))),
        (key("slow", "bug"), record("slow", Some("Bugs take long."))),
    ];
    let diff = Diff::join(from, to);
    let changed: Vec<(&str, Class)> = diff.items.iter().map(|item| (item.key.as_str(), item.class)).collect();
    assert_eq!(changed, [("friction a/b", Class::Text), ("friction a/c", Class::Writes), ("idle ada", Class::Writes)]);
    let totals = diff.totals;
    assert_eq!((totals.evaluated, totals.changed, totals.text, totals.gained, totals.lost), (4, 3, 1, 1, 1));
    assert_eq!((diff.rules["friction"].before, diff.rules["friction"].after, diff.rules["friction"].gained), (1, 2, 1));
    assert_eq!(diff.worst_first(), [1, 2, 0]);
}
