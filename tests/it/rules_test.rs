//! `kaizen rules test`: the rules' own cases, what no case exercises, changes that no case notices.
//!
//! Takes: the shipped rules with their cases, copies of them with something taken out, small rules and
//! case files of the tests' own. Gives: exit codes, JSON, and texts that people read.

use std::fs;

use serde_json::Value;

use crate::support::{Kaizen, NOW, Ran, root};

const RULES: &str = "rules/backlog-triage.yaml";
const CASES: &str = "rules/tests/backlog-triage.yaml";

fn shipped(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// `rules test` in a folder with these rules and cases, beside the shipped common.yaml.
fn test(rules: &str, cases: &str, args: &[&str]) -> Ran {
    let kaizen = Kaizen::bare();
    kaizen.file(RULES, rules);
    kaizen.file("rules/common.yaml", &shipped("rules/common.yaml"));
    kaizen.file(CASES, cases);
    kaizen.args(["rules", "test"]).args(args).at(NOW).run()
}

fn strings(value: &Value, member: &str) -> Vec<String> {
    value.as_array().unwrap().iter().map(|one| one[member].as_str().unwrap().to_owned()).collect()
}

/// Names of the changes that no case notices.
fn survivors(rules: &str, cases: &str, code: i32) -> Vec<String> {
    let report = test(rules, cases, &["--mutate", "--format", "json"]).json(code);
    strings(&report["mutation"]["survivors"], "mutant")
}

#[test]
fn the_shipped_cases_hold_exercise_everything_and_notice_every_change() {
    let report = Kaizen::bare()
        .args(["rules", "test", "backlog-triage", "--mutate", "--coverage", "--format", "json"])
        .rules("rules")
        .run()
        .json(0);
    assert_eq!(report["mutation"]["survivors"], serde_json::json!([]), "no change goes unnoticed");
    assert_eq!(report["coverage"]["missed"], serde_json::json!([]), "everything is exercised");
    let totals = &report["totals"];
    assert_eq!((&totals["failed"], &totals["survivors"]), (&0.into(), &0.into()));
    assert!(totals["cases"].as_u64() > Some(150) && totals["mutants"].as_u64() > Some(150), "{totals}");
    // What is listed as changing nothing is little.
    assert!(totals["equivalent"].as_u64() <= Some(3), "{totals}");
}

#[test]
fn the_built_in_rules_have_the_same_cases() {
    let ran = Kaizen::bare().args(["rules", "test"]).run();
    let own = Kaizen::bare().args(["rules", "test"]).rules("rules").run();
    assert_eq!((ran.code, own.code), (0, 0), "{}{}", ran.stdout, own.stdout);
    let path = root().join("rules/tests").display().to_string();
    assert_eq!(ran.stdout, own.stdout.replace(&path, "(built-in) rules/tests"));
    let files = fs::read_dir(root().join("rules/tests")).unwrap().count();
    assert_eq!(ran.stdout.lines().count(), files, "{}", ran.stdout);
}

/// The shipped cases without one entry, or without the case of this name.
fn without(cases: &str, what: &str) -> String {
    let lines: Vec<&str> = cases.lines().collect();
    let at = lines.iter().position(|line| line.contains(what)).unwrap_or_else(|| panic!("no case `{what}`"));
    let indent = |line: &str| line.len() - line.trim_start().len();
    let more = lines[at + 1..].iter().take_while(|line| !line.is_empty() && indent(line) > indent(lines[at])).count();
    [&lines[..at], &lines[at + 1 + more..]].concat().join("\n") + "\n"
}

#[test]
fn a_case_less_and_a_change_is_noticed_no_more() {
    let (rules, cases) = (shipped(RULES), shipped(CASES));
    for (what, survivor) in [
        ("- verified", "patterns.acceptance drop verified"),
        ("- \"It was never blocked by #3\"", "patterns.freed drop never blocked"),
        ("- name: made by the loop", "score.alignment[tagged.loop] up"),
        ("- name: not with four", "thresholds.ready down"),
        (
            "- name: an empty title is not short",
            "score.scope[title | length > 0 and title | length < thresholds.short_title] drop title | length > 0",
        ),
        ("- {name: research for a feature", "classify swap research, feature"),
        ("- name: opted out goes before a discussion", "decide swap opted-out, meta"),
        ("- name: what has the research agent's label", "decide.research.when drop labelled.kimi_ready"),
        ("- name: a discussion that is urgent is not", "decide.meta.when drop not urgent"),
    ] {
        let left = without(&cases, what);
        assert_ne!(left, cases, "{what}");
        let survivors = survivors(&rules, &left, 3);
        assert!(survivors.iter().any(|name| name == survivor), "without `{what}`: {survivors:?}");
    }
    // A word that stands in a list on one line.
    let left = cases.replace("bugs, bugfix, bug-fix", "bugs, bug-fix");
    assert_eq!(survivors(&rules, &left, 3), ["keywords.bug drop bugfix"]);
}

/// Rules that hold one of everything that is changed.
const SMALL: &str = "version: 1
job: backlog-triage
keywords: {bug: [bug, crash]}
patterns:
  must: {words: [must, [verify, verifies]], in: body}
  path: {regex: ['src/', '\\.rs'], in: body}
thresholds: {ready: 2, share: 0.25}
score:
  a: {max: 2, points: [{add: 1, when: distinct.must >= 1}, {add: 0.5, when: 'tagged.bug and (count.path > 0 or locked)'}]}
classify: {rules: [{type: bug, when: tagged.bug}, {type: path, when: count.path > 0}]}
flags:
  urgent: [idle_days is not none and idle_days > 3, not locked]
  ready: score >= thresholds.ready or score > thresholds.share
  blocked: 'true'
agents: {claude: {login: claude, holds: \"'claude' in assignees or urgent\"}}
decide:
  - {id: first, when: ready, action: skip}
  - {id: rest, action: skip}
";

#[test]
fn these_are_the_changes_that_are_tried() {
    let ran = test(SMALL, "version: 1\n", &["--mutate"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout);
}

#[test]
fn a_case_that_does_not_hold_is_shown_as_a_difference() {
    let cases = "version: 1
now: 2026-11-20T12:00:00Z
cases:
  - name: urgent research
    given: {title: '[research][p0] Save', body: Look at src/save.rs}
    expect:
      {type: feature, score: 4, scores: {scope: 1}, flags: {urgent: false}, tags: [p0], held: [kimi], rule: research,
       action: label-kimi, agent: kimi, reason: Because., text: [Handed to, 'Handed to **kimi**', '@ada']}
  - name: nobody knows
    given: {title: '[bug] Save', assignees: [claude]}
    expect: {rule: assigned}
  - name: no comment
    given: {title: Save}
    expect: {rule: not-ready, text: Handed to}
  - name: right
    given: {title: Save}
    expect: {rule: not-ready}
  - name: closed
    given: {title: '[p0] Save', state: closed}
    expect: {rule: urgent}
";
    let ran = test(&shipped(RULES), cases, &[]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    insta::assert_snapshot!("failures", ran.stdout);
    let ran = test(&shipped(RULES), cases, &["--format", "markdown", "--coverage", "--mutate"]);
    insta::assert_snapshot!("failures_markdown", ran.stdout);
    let report = test(&shipped(RULES), cases, &["--format", "json", "--mutate"]).json(3);
    assert_eq!(report["totals"]["failed"], 4);
    assert_eq!(report["complete"], false, "changes were to be tried, and were not");
    let first = &report["cases"][0];
    assert_eq!((first["name"].as_str(), first["line"].as_u64()), (Some("urgent research"), Some(4)));
    assert_eq!(first["decided_by"]["rule"], "urgent");
    let failure = |member: &str| {
        let failures = first["failures"].as_array().unwrap();
        failures.iter().find(|failure| failure["member"] == member).unwrap_or_else(|| panic!("{member}")).clone()
    };
    assert_eq!(failure("score")["got"], 5);
    assert_eq!(failure("tags")["got"], serde_json::json!(["p0", "research"]));
    assert_eq!(failure("flags.urgent")["got"], true);
}

#[test]
fn every_mistake_in_a_case_file_is_told_at_its_place() {
    let head = "version: 1\nnow: 2026-11-20T12:00:00Z\n";
    let case = |inner: &str| format!("{head}cases:\n  - name: a\n    {inner}\n");
    let expect = |inner: &str| case(&format!("expect: {{{inner}}}"));
    let given = |inner: &str| case(&format!("given: {{{inner}}}\n    expect: {{rule: meta}}"));
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ncases: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n";
    let mut told = String::new();
    for text in [
        String::new(),
        "- a list\n".to_owned(),
        "version: 2\ncases: []\n".to_owned(),
        "cases: []\n".to_owned(),
        format!("{head}case: []\n"),
        format!("{head}job: backlog\ncases: []\n"),
        "version: 1\ncases:\n  - {name: a, expect: {rule: meta}}\n".to_owned(),
        "version: 1\nnow: yesterday\ncases:\n  - {name: a, expect: {rule: meta}}\n".to_owned(),
        format!("{head}cases: {{}}\n"),
        format!("{head}cases:\n  - {{expect: {{rule: meta}}}}\n"),
        format!("{head}cases:\n  - {{name: a}}\n"),
        format!("{head}cases:\n  - {{name: a, expect: {{rule: meta}}}}\n  - {{name: a, expect: {{rule: meta}}}}\n"),
        format!("{head}cases:\n  - name: a\n    cases: [{{name: b, cases: []}}]\n"),
        format!("{head}cases:\n  - name: a\n    each: [x]\n    cases: [{{name: b, expect: {{rule: meta}}}}]\n"),
        case("each: []\n    expect: {rule: meta}"),
        case("each: [1]\n    expect: {rule: meta}"),
        case("each: [{titel: x}]\n    expect: {rule: meta}"),
        case("each: [bug, crash]\n    given: {title: '[bug] x'}\n    expect: {rule: meta}"),
        case("given: {title: '[$each] x'}\n    expect: {rule: meta}"),
        case("given: {title: x}\n    expect: {reason: \"$each\"}"),
        case("item: {title: x}\n    expect: {rule: meta}"),
        case("item: [1]\n    expect: {rule: meta}"),
        given("titel: x"),
        given("title: 5"),
        given("title: [bug]"),
        given("title: [bug] Tickets are printed twice, again"),
        case("given:\n      title: [bug] Tickets are printed twice, again\n    expect: {rule: meta}"),
        format!("{head}cases:\n  - name: [bug] in brackets\n    expect: {{rule: meta}}\n"),
        given("labels: bug"),
        given("labels: [1]"),
        given("kind: pulls"),
        given("state: true"),
        given("locked: yes"),
        given("number: 0"),
        given("comments: 1.5"),
        given("created_at: 3 weeks ago"),
        given("updated_at: 2026-13-01"),
        given("last_activity: long ago"),
        case("expect: {}"),
        case("expect: [rule]"),
        expect("rule: metta"),
        expect("type: bugg"),
        expect("action: assign-cloude"),
        expect("agent: claud"),
        expect("scores: {skope: 1}"),
        expect("scores: {scope: one}"),
        expect("flags: {urgend: true}"),
        expect("flags: {urgent: yes}"),
        expect("held: [clude]"),
        expect("score: '5'"),
        expect("text: [1]"),
        expect("decision: meta"),
        format!("{head}equivalent:\n  - {{mutant: thresholds.ready upp, reason: none}}\n"),
        format!("{head}equivalent:\n  - {{mutant: thresholds.ready up}}\n"),
        format!("{head}equivalent:\n{}", "  - {mutant: thresholds.ready up, reason: none}\n".repeat(2)),
        format!("{head}cases: [\n"),
        format!("{head}cases: {}{}\n", "[".repeat(40), "]".repeat(40)),
        bomb.to_owned(),
    ] {
        let ran = test(&shipped(RULES), &text, &[]);
        assert_eq!((ran.code, ran.stdout.as_str()), (78, ""), "{text}\n{}", ran.stderr);
        assert!(ran.stderr.contains("rules/tests/backlog-triage.yaml:"), "{text}\n{}", ran.stderr);
        told += &format!("{}\n", ran.stderr);
    }
    insta::assert_snapshot!("mistakes", told);
}

#[test]
fn a_case_file_that_says_too_much_is_refused() {
    let head = "version: 1\nnow: 2026-11-20T12:00:00Z\n";
    let entries = "x, ".repeat(50_000);
    let huge = |given: &str, each: &str| {
        format!(
            "{head}given: {{body: '{given}'}}\ncases:\n  - name: a\n    each: [{each}]\n    expect: {{rule: meta}}\n"
        )
    };
    let distinct: String = (0..20_000).map(|number| format!("x{number}, ")).collect();
    let parts: String = (0..100).map(|number| format!("x{number}, ")).collect();
    for (cases, says) in [
        (huge("$each", &distinct), "these are too many cases"),
        (huge("$each", &entries), "a case before this one is also called"),
        (huge(&"long ".repeat(100_000), &parts), "these are too many cases"),
        (huge(&"$each".repeat(100_000), &format!("'{}'", "y".repeat(100_000))), "with `$each` this has more than"),
        (format!("{head}# {}\n", "x".repeat(1 << 20)), "at most 1048576 are read"),
        (format!("{head}given: {{body: &b '{}', labels: [{}]}}\n", "y".repeat(900_000), "*b, ".repeat(900)), ""),
    ] {
        let begun = std::time::Instant::now();
        let ran = test(&shipped(RULES), &cases, &["--mutate"]);
        assert_eq!(ran.code, 78, "{}", &ran.stderr[..ran.stderr.len().min(2_000)]);
        assert!(ran.stderr.contains(says), "{says}: {}", &ran.stderr[..ran.stderr.len().min(2_000)]);
        assert!(begun.elapsed().as_secs() < 20, "{says}: {:?}", begun.elapsed());
    }
}

#[test]
fn what_is_listed_as_changing_nothing_has_to() {
    let cases = shipped(CASES) + "  - mutant: thresholds.ready up\n    reason: It is said.\n";
    let ran = test(&shipped(RULES), &cases, &["--mutate"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stdout.contains("`thresholds.ready up` is listed as changing nothing"), "{}", ran.stdout);
    assert!(ran.stdout.contains("the case ready: from five points on"), "{}", ran.stdout);
    let report = test(&shipped(RULES), &cases, &["--mutate", "--format", "json"]).json(3);
    assert_eq!(report["mutation"]["noticed_after_all"][0]["mutant"], "thresholds.ready up");
    // Not listed, what changes nothing is told.
    let (before, _) = cases.split_once("equivalent:").unwrap();
    assert_eq!(
        survivors(&shipped(RULES), before, 3),
        ["score.alignment[tagged.bug] up", "score.alignment[tagged.urgent] up"]
    );
}

#[test]
fn an_object_as_a_forge_gives_it_is_an_item() {
    let cases = "version: 1
now: 2026-11-20T12:00:00Z
user: kaizen-bot
cases:
  - name: raw
    item:
      number: 7
      title: '[bug] Save twice'
      body: It must return from `fn save` in src/save.rs
      labels: [{name: Kind/Bug}]
      assignees: null
      user: {login: ada}
      created_at: 2026-11-01T12:00:00+01:00
      repository: {full_name: acme/api}
    expect: {rule: ready, score: 7, text: [Handed to]}
  - name: raw, with something else
    item: {number: 7, title: '[bug] Save twice', state: open}
    given: {assignees: [ada]}
    expect: {rule: assigned}
  - name: our own report
    item:
      number: 8
      title: A report
      user: {login: kaizen-bot}
      body: \"Hello\\n\\n<!-- kaizen:v1 policy=backlog-triage key=summary did=1 run=2 rule=- writes= text=3 -->\"
    expect: {rule: own-report}
";
    let ran = test(&shipped(RULES), cases, &[]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn files_of_the_folder_that_nothing_reads_are_told() {
    let kaizen = Kaizen::bare();
    kaizen.file(RULES, &shipped(RULES));
    kaizen.file("rules/common.yaml", &shipped("rules/common.yaml"));
    kaizen.file("rules/tests/backlog-triag.yaml", "version: 1\n");
    let ran = kaizen.args(["rules", "test"]).run();
    assert_eq!(ran.code, 78, "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `backlog-triage.yaml`?"), "{}", ran.stderr);
}

#[test]
fn rules_without_cases_are_not_tested_and_no_such_job_is() {
    let kaizen = || {
        let kaizen = Kaizen::bare();
        kaizen.file(RULES, SMALL);
        kaizen
    };
    let empty = || {
        let kaizen = kaizen();
        kaizen.file(CASES, "version: 1\ncases: []\n");
        kaizen
    };
    // Beside a job whose cases hold, one without any is as untested as alone.
    let beside = || {
        let kaizen = kaizen();
        kaizen.file("rules/loop-introspect.yaml", &shipped("rules/loop-introspect.yaml"));
        kaizen.file("rules/tests/loop-introspect.yaml", &shipped("rules/tests/loop-introspect.yaml"));
        kaizen
    };
    for (name, folder) in [("no file", &kaizen as &dyn Fn() -> Kaizen), ("no case", &empty), ("beside", &beside)] {
        for args in [&[][..], &["backlog-triage"], &["--mutate"], &["backlog-triage", "--mutate", "--coverage"]] {
            let ran = folder().args(["rules", "test"]).args(args).run();
            let said = format!("{}{}", ran.stderr, ran.stdout);
            assert_eq!(ran.code, 3, "{name} {args:?}: {said}");
            assert!(
                said.contains("nothing was tested") || said.contains("nothing is tested"),
                "{name} {args:?}: {said}"
            );
        }
        let ran = folder().args(["rules", "test", "--allow-untested"]).run();
        assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
    }
    let ran = kaizen().args(["rules", "test"]).run();
    assert!(ran.stderr.contains("`kaizen rules capture` begins rules/tests/backlog-triage.yaml"), "{}", ran.stderr);
    // Where nothing judges, a case could be about nothing.
    let ran = Kaizen::bare().args(["rules", "test", "loop-guard"]).run();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("parameters alone"), "{}", ran.stderr);
    let ran = kaizen().args(["rules", "test", "backlog-triag"]).run();
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `backlog-triage`?"), "{}", ran.stderr);
    let broken = Kaizen::bare();
    broken.file(RULES, &SMALL.replace("when: ready", "when: redy"));
    let ran = broken.args(["rules", "test"]).run();
    assert_eq!(ran.code, 78, "{}", ran.stderr);
}

#[test]
fn what_cases_say_cannot_speak_to_a_terminal_or_a_runner() {
    let cases = "version: 1
now: 2026-11-20T12:00:00Z
cases:
  - name: \"::error::\\e[31m @ada | <b> \\u202e\"
    given: {title: x}
    expect: {rule: meta, reason: \"::warning::\\e[2J\"}
";
    for args in [&[][..], &["--format", "markdown"]] {
        let kaizen = Kaizen::bare();
        kaizen.file(RULES, &shipped(RULES));
        kaizen.file("rules/common.yaml", &shipped("rules/common.yaml"));
        kaizen.file(CASES, cases);
        let ran = kaizen.args(["rules", "test"]).args(args).env("GITHUB_ACTIONS", "true").run();
        assert_eq!(ran.code, 3, "{}", ran.stderr);
        for bad in ["\u{1b}", "\u{202e}"] {
            assert!(!ran.stdout.contains(bad), "{args:?} {bad:?}: {}", ran.stdout);
        }
        assert!(!ran.stdout.lines().any(|line| line.trim_start().starts_with("::")), "{}", ran.stdout);
        let markdown = args.len() > 1;
        assert!(!markdown || !ran.stdout.contains("@ada") && !ran.stdout.contains("<b>"), "{}", ran.stdout);
    }
}

#[test]
fn more_changes_than_are_tried_are_counted_and_nothing_is_said_of_them() {
    let words: Vec<String> = (0..5_100).map(|n| format!("w{n}")).collect();
    let words = words.join(", ");
    let rules = format!(
        "version: 1\njob: backlog-triage\nkeywords: {{bug: [{words}]}}\n\
         classify: {{rules: [{{type: bug, when: tagged.bug}}]}}\n\
         flags: {{urgent: 'false', ready: 'false', blocked: 'false'}}\n\
         decide: [{{id: rest, action: skip}}]\n"
    );
    // One case of every word: each change that is tried is noticed.
    let cases = format!(
        "version: 1\nnow: 2026-11-20T12:00:00Z\ncases:\n  - name: a bug\n    given: {{title: '[$each] x'}}\n    \
         each: [{words}]\n    expect: {{type: bug, rule: rest}}\n"
    );
    let ran = test(&rules, &cases, &["--mutate", "--format", "json"]);
    // No survivor is known, and that is not "all noticed".
    let report = ran.json(4);
    assert_eq!(report["complete"], false);
    let totals = &report["totals"];
    let figures = ["mutants", "untried", "survivors"].map(|name| totals[name].as_u64().unwrap());
    assert_eq!(figures, [5_000, 102, 0], "{totals}");
    // One that is listed and was not tried may be right.
    let listed = "version: 1\nequivalent:\n  - {mutant: keywords.bug drop w5099, reason: it is said}\n";
    let ran = test(&rules, listed, &["--mutate"]);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stdout.contains("102 of 5102 changes were not tried: 5000 is the most"), "{:.600}", ran.stdout);
    let ran = test(&rules, "version: 1\n", &["--mutate", "--format", "markdown"]);
    assert!(ran.stdout.contains("**102 more were not tried**"), "{:.600}", ran.stdout);
}
