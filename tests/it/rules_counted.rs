//! `kaizen rules check`, `facts` and `test` of rules over counted facts.
//!
//! Takes: the shipped rules of the retrospective with their cases, small rules of the tests' own. Gives: exit
//! codes, JSON, and texts that people read.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Kaizen, NOW, Ran, root};

const RULES: &str = "rules/kaizen-retro.yaml";
const CASES: &str = "rules/tests/kaizen-retro.yaml";

fn shipped(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// A command in a folder with these rules and cases.
fn with(rules: &str, cases: &str, args: &[&str]) -> Ran {
    let kaizen = Kaizen::bare();
    kaizen.file(RULES, rules);
    kaizen.file(CASES, cases);
    kaizen.args(["rules"]).args(args).run()
}

fn test(rules: &str, cases: &str, args: &[&str]) -> Ran {
    with(rules, cases, &[&["test", "--now", NOW], args].concat())
}

/// Names of the changes that no case notices.
fn survivors(rules: &str, cases: &str) -> Vec<String> {
    let report = test(rules, cases, &["--mutate", "--format", "json"]).json(3);
    let list = report["mutation"]["survivors"].as_array().unwrap();
    list.iter().map(|one| one["mutant"].as_str().unwrap().to_owned()).collect()
}

/// Rules that hold one of everything, of which the first that holds is picked.
const SMALL: &str = "version: 1
job: kaizen-retro
thresholds: {few: 2}
flags: {success: true, attention: comments > 3, failure: attention}
suggest:
  pick: first
  rules:
    - id: slow
      when: response_median_hours is not none and response_median_hours > thresholds.few * 12
      metric: response_median_hours
      better: lower
      text: \"Half wait {{ response_median_hours }} hours.\"
    - each: types
      as: kind
      sort: [{desc: kind.failures}, {asc: kind.name}]
      limit: 2
      let: {share: kind.failures / 2}
      rules:
        - {id: stuck, let: {half: kind.total / 2}, when: share >= half and not suggested_recently, subject: kind.name, metric: type.rate, better: higher, text: 'Half of {{ kind.name }}.'}
        - {id: none-closed, when: kind.successes == 0, subject: kind.name, metric: type.rate, better: higher, text: 'None of {{ kind.name }}.'}
    - {id: watched, observe: true, when: open > 9, metric: closed, better: higher, text: Many.}
    - {id: quiet, when: fired == 0, metric: closed, better: higher, text: 'Nothing; {{ opened }} opened.'}
";

#[test]
fn the_shipped_cases_hold_exercise_everything_and_notice_every_change() {
    // At least so many cases and changes, and how many of these are listed as changing nothing.
    for (job, cases, changes, equivalent) in
        [("kaizen-retro", 100, 150, 0), ("loop-introspect", 40, 70, 2), ("improvement-proposals", 60, 65, 0)]
    {
        let report = Kaizen::bare()
            .args(["rules", "test", job, "--mutate", "--coverage", "--format", "json"])
            .rules("rules")
            .run()
            .json(0);
        assert_eq!(report["mutation"]["survivors"], json!([]), "{job}: no change goes unnoticed");
        assert_eq!(report["coverage"]["missed"], json!([]), "{job}: everything is exercised");
        let totals = &report["totals"];
        assert_eq!((&totals["failed"], &totals["survivors"]), (&0.into(), &0.into()), "{job}");
        assert!(
            totals["cases"].as_u64() > Some(cases) && totals["mutants"].as_u64() > Some(changes),
            "{job}: {totals}"
        );
        assert_eq!(totals["equivalent"], equivalent, "{job}: {totals}");
    }
}

#[test]
fn every_shipped_file_with_something_to_change_has_cases() {
    let mut without = Vec::new();
    for entry in fs::read_dir(root().join("rules")).unwrap() {
        let path = entry.unwrap().path();
        let job = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|ending| ending != "yaml") || job == "common" {
            continue;
        }
        let kaizen = Kaizen::bare();
        kaizen.file(&format!("rules/{job}.yaml"), &shipped(&format!("rules/{job}.yaml")));
        kaizen.file("rules/common.yaml", &shipped("rules/common.yaml"));
        kaizen.file(&format!("rules/tests/{job}.yaml"), "version: 1\n");
        let ran = kaizen.args(["rules", "test", &job, "--mutate", "--format", "json", "--now", NOW]).run();
        let changes = serde_json::from_str::<Value>(&ran.stdout).unwrap()["totals"]["mutants"].as_u64().unwrap();
        let there = root().join(format!("rules/tests/{job}.yaml")).exists();
        assert_eq!(there, changes > 0, "{job} has {changes} changes");
        if !there {
            without.push(job);
        }
    }
    without.sort();
    // These say how to count, and judge nothing.
    assert_eq!(without, ["cycle-retro", "loop-guard", "triage-score"]);
}

#[test]
fn a_part_of_a_condition_on_which_a_text_rests_stays() {
    let found = |text: &str| {
        let rules = format!(
            "version: 1
job: kaizen-retro
flags: {{success: true, attention: false, failure: false}}
suggest:
  rules:
    - {{id: slow, when: merged > 1 and response_median_hours is not none, metric: closed, better: higher, text: '{text}'}}
"
        );
        survivors(&rules, "version: 1\n")
    };
    // Without it this text could not be written, and the rules not be loaded.
    let few = ["suggest.slow.when drop merged > 1", "suggest.slow drop"];
    assert_eq!(found("{{ response_median_hours | round }} hours."), few);
    // This one would say that it is unknown.
    let more = [few[0], "suggest.slow.when drop response_median_hours is not none", few[1]];
    assert_eq!(found("{{ response_median_hours }} hours."), more);
}

#[test]
fn figures_with_a_fraction_are_what_people_write() {
    let rules = "version: 1
job: kaizen-retro
flags: {success: true, attention: false, failure: false}
suggest:
  pick: highest
  rules:
    - {id: share, when: merged > 0, score: merged * 4.35, metric: closed, better: higher, text: Merged.}
    - {id: whole, score: opened, metric: closed, better: higher, text: Opened.}
";
    // 3 × 4.35 is 13.049999999999999 to a computer, and 20 × 4.35 is 87; whole numbers are exact.
    for (facts, score, code) in [
        ("merged: 3", "13.05", 0),
        ("merged: 3", "13.0500001", 3),
        ("merged: 3", "13", 3),
        ("merged: 20", "87", 0),
        ("opened: 5000000000", "5000000000", 0),
        ("opened: 5000000001", "5000000000", 3),
    ] {
        let cases = format!("version: 1\ncases: [{{name: a, facts: {{{facts}}}, expect: {{score: {score}}}}}]\n");
        let ran = test(rules, &cases, &[]);
        assert_eq!(ran.code, code, "{facts} {score}\n{}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn the_built_in_rules_are_tested_where_there_are_no_others() {
    let ran = Kaizen::bare().args(["rules", "test", "kaizen-retro"]).run();
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains("cases of (built-in) rules/tests/kaizen-retro.yaml: all as expected"),
        "{}",
        ran.stdout
    );
    // Where there are rules of one's own, only those of their jobs are.
    let ran = test(SMALL, "version: 1\ncases: [{name: a, facts: {}, expect: {rule: quiet}}]\n", &[]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 1), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_case_less_and_a_change_is_noticed_no_more() {
    let (rules, cases) = (shipped(RULES), shipped(CASES));
    for (gone, survivor) in [
        ("      - name: two are too few\n        pairs", "thresholds.pair_issues down"),
        ("      - name: nobody is no agent\n", "suggest.agent-zero-rate.when drop pair.assigned"),
        (
            "      - {name: three pull requests merged do too",
            "suggest.strong-cycle.when drop merged >= thresholds.strong_merged",
        ),
        ("      - {name: completed", "flags.success drop closed_as == 'completed'"),
    ] {
        let gone = if cases.contains(gone) { gone } else { gone.split(", facts").next().unwrap() };
        let at = cases.find(gone).unwrap_or_else(|| panic!("no case `{gone}`"));
        let rest = &cases[at + gone.len()..];
        let next = rest.find("\n      - ").into_iter().chain(rest.find("\n\n")).min().unwrap();
        let left = format!("{}{}", &cases[..at], &rest[next + 1..]);
        let survivors = survivors(&rules, &left);
        assert!(survivors.iter().any(|name| name == survivor), "without `{gone}`: {survivors:?}");
    }
}

#[test]
fn these_are_the_changes_that_are_tried() {
    let ran = test(SMALL, "version: 1\n", &["--mutate", "--coverage"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn a_case_that_does_not_hold_is_shown_as_a_difference() {
    let cases = "version: 1
cases:
  - name: what a group says
    facts: {response_median_hours: 24.5, opened: 2}
    cases:
      - name: slow
        expect: {rule: quiet, rules: [quiet], observed: [watched], subject: docs, metric: closed, text: [Half wait, Nothing]}
      - {name: not known, facts: {response_median_hours: none, open: 10}, expect: {rule: quiet, observed: [], text: 3 opened}}
      - {name: right, facts: {response_median_hours: ~, open: 10}, expect: {rules: [quiet], observed: [watched], text: 2 opened}}
  - name: an entry of each laid over
    types: [{name: docs, total: 5}]
    each:
      - {types: [{name: bug, failures: 2, total: 2}]}
      - {types: [{name: bug, failures: 2, total: 2}], recently: [{rule: stuck, subject: bug}]}
      - {facts: {closed: 1}}
    expect: {rule: stuck, subject: bug}
  - name: an entry of each put in
    types: [{name: \"a $each\", failures: 1, total: 1}]
    each: [bug, doc]
    expect: {rule: stuck, subject: a bug}
  - name: an issue
    now: 2026-11-20T12:00:00Z
    given: {comments: 4}
    expect: {flags: {attention: true, failure: false}}
";
    let ran = test(SMALL, cases, &[]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    insta::assert_snapshot!("counted_failures", ran.stdout);
    let ran = test(SMALL, cases, &["--format", "markdown"]);
    insta::assert_snapshot!("counted_failures_markdown", ran.stdout);
    let report = test(SMALL, cases, &["--format", "json"]).json(3);
    let first = &report["cases"][0];
    assert_eq!(first["decided_by"], json!({"rule": "slow", "file": RULES, "line": 8}));
    assert_eq!(first["failures"][0], json!({"member": "rules", "expected": ["quiet"], "got": ["slow"]}));
}

#[test]
fn all_records_can_be_what_is_expected() {
    let rules = SMALL.replace("pick: first", "pick: all");
    let types = "types: [{name: bug, failures: 2, total: 3}, {name: docs, total: 0}]";
    let case = |expect: &str| format!("version: 1\ncases: [{{name: a, {types}, expect: {{{expect}}}}}]\n");
    for (expect, code) in [
        ("rules: [none-closed, stuck, none-closed]", 0),
        ("rules: [none-closed, stuck, none-closed, stuck]", 3),
        ("rules: [none-closed, stuck]", 3),
        ("rules: [none-closed]", 3),
        // Of the records of a rule the one that is meant.
        ("rule: none-closed, subject: bug", 0),
        ("rule: none-closed, subject: docs", 0),
        ("rule: none-closed, subject: docs, text: None of bug", 3),
        ("rule: slow", 3),
        ("rule: none", 3),
    ] {
        let ran = test(&rules, &case(expect), &[]);
        assert_eq!(ran.code, code, "{expect}\n{}{}", ran.stdout, ran.stderr);
    }
    let ran = test(&rules, &case("rules: [quiet]"), &["--format", "json"]).json(3);
    assert_eq!(ran["cases"][0]["failures"][0]["got"], json!(["none-closed", "stuck", "none-closed"]));
}

#[test]
fn every_mistake_in_a_case_is_told_at_its_place() {
    let case = |inner: &str| format!("version: 1\ncases:\n  - name: a\n    {inner}\n");
    let mut told = String::new();
    for text in [
        case("expect: {}"),
        case("facts: {}"),
        case("facts: {closd: 1}\n    expect: {rule: slow}"),
        case("facts: {closed: one}\n    expect: {rule: slow}"),
        case("facts: {closed: '1'}\n    expect: {rule: slow}"),
        case("facts: {closed: none}\n    expect: {rule: slow}"),
        case("facts: {top_type: 1}\n    expect: {rule: slow}"),
        case("facts: {idle_agents: kimi}\n    expect: {rule: slow}"),
        case("facts: [closed]\n    expect: {rule: slow}"),
        case("typs: []\n    expect: {rule: slow}"),
        case("types: {name: docs}\n    expect: {rule: slow}"),
        case("types: [docs]\n    expect: {rule: slow}"),
        case("types: [{nam: docs}]\n    expect: {rule: slow}"),
        case("types: [{name: docs}]\n    given: {title: x}\n    expect: {rule: slow}"),
        case("agents: [{assigned: yes}]\n    expect: {rule: slow}"),
        case("recently: [slw]\n    expect: {rule: slow}"),
        case("recently: slow\n    expect: {rule: slow}"),
        case("recently: [{subject: docs}]\n    expect: {rule: slow}"),
        case("each: [{type: []}]\n    expect: {rule: slow}"),
        case("expect: {rule: slw}"),
        case("expect: {rules: slow}"),
        case("expect: {rules: [slw]}"),
        case("expect: {metric: agent.rat}"),
        case("expect: {better: none}"),
        case("expect: {score: 1}"),
        case("expect: {type: bug}"),
        case("expect: {text: 1}"),
        case("given: {title: x, recnt: true}\n    expect: {flags: {failure: true}}"),
        case("now: 2026-11-20\n    given: {title: x}\n    expect: {rule: slow}"),
        case("given: {title: x}\n    expect: {flags: {failure: true}}"),
    ] {
        let ran = test(SMALL, &text, &[]);
        assert_eq!((ran.code, ran.stdout.as_str()), (78, ""), "{text}\n{}", ran.stderr);
        assert!(ran.stderr.contains("rules/tests/kaizen-retro.yaml:"), "{text}\n{}", ran.stderr);
        told += &format!("{}\n", ran.stderr);
    }
    insta::assert_snapshot!("counted_mistakes", told);
    // What a job does not have, its cases do not.
    let kaizen = Kaizen::bare();
    kaizen.file("rules/backlog-triage.yaml", &shipped("rules/backlog-triage.yaml"));
    kaizen.file("rules/common.yaml", &shipped("rules/common.yaml"));
    let cases =
        "version: 1\nnow: 2026-11-20\ncases: [{name: a, facts: {}, given: {recent: true}, expect: {rule: meta}}]\n";
    kaizen.file("rules/tests/backlog-triage.yaml", cases);
    let ran = kaizen.args(["rules", "test"]).run();
    assert_eq!(ran.code, 78, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("a case does not know the key `facts`")
            && ran.stderr.contains("`given` does not know the key `recent`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_is_doubtful_in_such_rules_is_told() {
    let ran = with(SMALL, "version: 1\n", &["check", "rules", "--deny-warnings"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let doubtful = SMALL
        .replace("{few: 2}", "{few: 2, many: 7, told: 4, off: 1}\nkeywords: {odd: [odd]}\nlabels: {retro: {}, lost: {}}")
        .replace(
            "    - {id: quiet, when: fired == 0,",
            "    - {id: off, enabled: false, when: open > thresholds.off, metric: closed, better: higher, text: Off.}
    - {id: same, when: response_median_hours is not none and response_median_hours > thresholds.few * 12, metric: closed, better: higher, text: Same.}
    - {id: less, when: closed > thresholds.many and open > 3, metric: closed, better: higher, text: More than 7 of 12 are closed.}
    - {id: more, when: closed > thresholds.many and open > 4, metric: closed, better: higher, text: Told.}
    - {id: twice, when: open > 4 and merged > 1 and open > 4, metric: closed, better: higher, text: Twice.}
    - {id: never, when: open > 4 and open < 2, metric: closed, better: higher, text: Never.}
    - {id: lists, each: repos, when: repo.open > 3, metric: closed, better: higher, text: '{{ repo.name }}'}
    - {id: lists-more, each: repos, as: one, when: one.open > 5, metric: closed, better: higher, text: '{{ one.name }}'}
    - {id: listed, each: repos, limit: 1, when: repo.open > 5, metric: closed, better: higher, text: '{{ repo.name }}'}
    - {id: always, metric: closed, better: higher, text: Always.}
    - {id: quiet, when: fired == 0,",
        )
        + "publish: {sinks: [{id: issue, issue: {label: retro, title: Retro}}]}\n";
    let ran = with(&doubtful, "version: 1\n", &["check", "rules", "--deny-warnings"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (3, ""), "{}", ran.stdout);
    insta::assert_snapshot!("counted_doubts", ran.stdout);
    // Where all are picked, or the one that weighs most, none passes over another.
    let all = doubtful.replace("pick: first", "pick: all");
    let ran = with(&all, "version: 1\n", &["check", "rules"]);
    assert!(!ran.stdout.contains("is never picked") && ran.stdout.contains("stands twice"), "{}", ran.stdout);
}

#[test]
fn the_shipped_rules_and_those_of_the_reference_leave_no_doubt() {
    for folder in ["rules", "tests/reference/rules"] {
        let path = root().join(folder);
        let ran = Kaizen::bare().args(["rules", "check", "--deny-warnings"]).args([path]).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    }
}

#[test]
fn the_vocabulary_of_the_retrospective_is_told() {
    let facts = |format| Kaizen::bare().args(["rules", "facts", "kaizen-retro", "--format", format]).run();
    insta::assert_snapshot!("counted_vocabulary", facts("text").stdout);
    let report = facts("json").json(0);
    let names = |list: &Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert!(names(&report["facts"]).contains(&"recent_comments".to_owned()), "{}", report["facts"]);
    assert_eq!(report["measure"][0]["default"], 24);
    let section = &report["sections"][0];
    assert_eq!(section["name"], "suggest");
    assert_eq!(names(&section["lists"]), ["agents", "pairs", "repos", "types"]);
    assert_eq!(names(&section["asks"]), ["suggested_recently"]);
    assert_eq!(names(&section["fields"]), ["text", "metric", "better", "repo"]);
    let table = facts("markdown").stdout;
    assert!(table.contains("| `pair.agent` | text | in `suggest` with `each: pairs` |"), "{table}");
    // Facts of a window are of jobs that look at one.
    let triage = Kaizen::bare().args(["rules", "facts", "backlog-triage", "--format", "json"]).run().json(0);
    assert!(!names(&triage["facts"]).contains(&"recent".to_owned()), "{triage}");
    assert_eq!((&triage["measure"], &triage["sections"]), (&json!([]), &json!([])));
}
