//! `kaizen rules show`, `facts` and `schema`.
//!
//! Takes: the shipped rules, those of the tests, made-up ones. Gives: the effective file, read again as
//! the same policy; the vocabulary; the schema, kept current, which the good files pass and the broken
//! ones do not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use boon::{Compiler, SchemaIndex, Schemas};
use kaizen::engine::policy::Policy;
use kaizen::engine::source::Source;
use kaizen::jobs::backlog_triage::SPEC;
use kaizen::language::{RuleInput, load};
use regex::Regex;
use serde_json::Value;

use crate::support::{Kaizen, root};

/// A file with everything that YAML can say in several ways.
const ODD: &str = r##"version: 1
job: backlog-triage
extends: [words.yaml]
bots: ["yes", "12", a-b.c_d]
skip: {command: /kaizen ignore}
scope: {kinds: [issue, pull], states: [open, closed], min_age_minutes: 10, leave_out: {labels: ["it's", 'a "b"', "line\nbreak\u0007", "größe’", "# no comment", "- x", "a: b", "yes", "12", " lead"], milestones: [], authors: []}}
timezone: Europe/Berlin
ages: {unknown: 7, future: keep}
keywords:
  bug: {also: [outage, "p:0"], except: [glitch]}
  mine: [one]
patterns:
  acceptance: {words: [must, [verify, "it's"]], in: prose}
  quoted: {regex: ['"\s*''x''', "a\\d#"], in: title}
thresholds: {ready: 4, half: 2.5, most: 1e3}
score:
  size:
    max: 3.5
    when: [not draft, "'x' in labels or 'y: z' in labels"]
    points:
      - {add: 1.5, when: tagged.bug and count.quoted > 0}
      - add: -1
        when: >-
          tagged.mine
          or labelled.mine
classify: {pick: highest, default: none of them, rules: [{type: bug, when: tagged.bug, score: distinct.acceptance + 1}, {type: x, score: 2}]}
flags:
  urgent: true
  ready: score >= thresholds.ready and comments < thresholds.half * thresholds.most
  blocked: false
order: [{desc: urgent}, {asc: number}]
agents:
  ada: {login: "007", holds: agents.ada.login in assignees, at_once: 2}
labels:
  "type: wip": {color: "00ff00", description: "Not yet: wait."}
actions:
  tell: {agent: ada, assign: [ada, author], add_labels: ["type: wip"], close: not_planned, reopen: false}
decide:
  - id: off
    enabled: false
    action: tell
  - id: bug
    observe: true
    when: tagged.bug
    action: tell
    reason: |
      It is {{ type }}: "{{ score }}".
      Two lines.
  - {id: rest, action: skip, reason: "100% #1"}
limits: {items_per_run: 0, pause_ms: 1}
summary: {repo: null, label: s, days: 1}
publish: {private: full}
observe: false
"##;
const WORDS: &str =
    "version: 1\nkeywords:\n  bug: [bug, crash,\n    glitch]\nthresholds: {ready: 5, kept: 1}\nlabels: {far: {}}\n";

fn policy(text: &str, words: Option<&str>) -> Policy {
    let templates = [
        "backlog-triage/decision.md.j2",
        "backlog-triage/summary.md.j2",
        "shared/footer.md.j2",
        "shared/replaced.md.j2",
    ];
    let templates = templates.map(|path| {
        let text = fs::read_to_string(root().join("templates").join(path)).unwrap();
        (path.trim_start_matches("backlog-triage/").to_owned(), Source::new(path, text))
    });
    let common = fs::read_to_string(root().join("rules/common.yaml")).unwrap();
    let mut folder = BTreeMap::from([("common.yaml".to_owned(), Source::new("common.yaml", common))]);
    folder.extend(words.map(|words| ("words.yaml".to_owned(), Source::new("words.yaml", words))));
    let file = Source::new("backlog-triage.yaml", text);
    let loaded = load(&SPEC, &RuleInput { file, folder, templates: templates.into() });
    let problems: Vec<String> = loaded.diagnostics.iter().map(|one| one.render(false)).collect();
    loaded.policy.unwrap_or_else(|| panic!("{}\n{text}", problems.join("\n"))).0
}

/// Everything of a policy but where it stands.
fn said(policy: &Policy) -> String {
    let sets: Vec<_> = (policy.keywords.sets.iter())
        .map(|set| (&set.name, set.words.iter().map(|word| &word.text).collect::<Vec<_>>()))
        .collect();
    let patterns: Vec<_> = (policy.patterns.iter())
        .map(|one| (&one.name, one.area, one.enough, one.entries.iter().map(|entry| &entry.forms).collect::<Vec<_>>()))
        .collect();
    let Policy { bots, skip_command, scope, timezone, tags, ages, thresholds, components, classify, .. } = policy;
    let Policy { flags, order, agents, labels, actions, decide, limits, summary, publish_private, .. } = policy;
    let all = format!(
        "{sets:#?}{patterns:#?}{bots:?}{skip_command:?}{scope:?}{timezone:?}{tags:?}{ages:?}{thresholds:#?}{components:#?}\
         {classify:#?}{flags:#?}{order:?}{agents:#?}{labels:#?}{actions:#?}{decide:#?}{limits:?}{summary:?}{publish_private:?}"
    );
    let place = Regex::new(r"Location \{[^}]*\}[^}]*\}").unwrap();
    place.replace_all(&all, "somewhere").into_owned()
}

fn show(fill: impl FnOnce(&Kaizen)) -> String {
    let kaizen = Kaizen::bare();
    fill(&kaizen);
    let ran = kaizen.args(["rules", "show", "backlog-triage", "--rules", "rules"]).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    ran.stdout
}

#[test]
fn the_effective_file_is_read_as_the_same_policy() {
    let shipped = fs::read_to_string(root().join("rules/backlog-triage.yaml")).unwrap();
    let common = fs::read_to_string(root().join("rules/common.yaml")).unwrap();
    let reference = fs::read_to_string(root().join("tests/reference/rules/backlog-triage.yaml")).unwrap();
    for (text, words) in [(shipped.as_str(), None), (reference.as_str(), None), (ODD, Some(WORDS))] {
        let shown = show(|kaizen| {
            kaizen.file("rules/backlog-triage.yaml", text);
            kaizen.file("rules/common.yaml", &common);
            kaizen.file("rules/words.yaml", words.unwrap_or("version: 1\n"));
        });
        assert!(!shown.contains("\nextends:"), "{shown}");
        assert_eq!(said(&policy(&shown, None)), said(&policy(text, words)), "{shown}");
    }
}

#[test]
fn each_value_says_where_it_comes_from() {
    let shown = show(|kaizen| {
        kaizen.file("rules/backlog-triage.yaml", ODD);
        kaizen.file("rules/words.yaml", WORDS);
    });
    insta::assert_snapshot!(shown);
    let value =
        |line: &&str| !line.is_empty() && !line.starts_with('#') && !line.ends_with(':') && !line.ends_with("-");
    let without: Vec<&str> = shown.lines().filter(value).filter(|line| !line.contains(" # rules/")).collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn rules_with_errors_are_not_in_force() {
    let kaizen = Kaizen::bare();
    kaizen.file("rules/backlog-triage.yaml", "version: 1\njob: backlog-triage\nflag: {}\n");
    let ran = kaizen.args(["rules", "show", "--rules", "rules"]).run();
    assert_eq!((ran.code, ran.stdout.as_str()), (78, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `flags`?"), "{}", ran.stderr);
}

#[test]
fn the_vocabulary_is_told_with_types_and_prices() {
    let facts = |format| Kaizen::bare().args(["rules", "facts", "backlog-triage", "--format", format]).run();
    let report = facts("json").json(0);
    let known = kaizen::engine::facts::FACTS.into_iter().filter(|(_, fact, _)| !fact.of_window());
    let known: Vec<&str> = known.map(|(name, ..)| name).collect();
    let told: Vec<&str> =
        report["facts"].as_array().unwrap().iter().map(|fact| fact["name"].as_str().unwrap()).collect();
    assert_eq!(told, known);
    let idle = report["facts"].as_array().unwrap().last().unwrap();
    assert_eq!((&idle["type"], &idle["tiers"]), (&"number or none".into(), &serde_json::json!(["timeline"])));
    insta::assert_snapshot!(facts("text").stdout);
    // The page says the same: names, types, meanings.
    let page = fs::read_to_string(root().join("docs/rules.md")).unwrap();
    for fact in report["facts"].as_array().unwrap() {
        let told = |member: &str| fact[member].as_str().unwrap().to_owned();
        let plain = page.replace('`', "");
        let row = format!("| {} | {} | {} |", told("name"), told("type"), told("meaning").replace('`', ""));
        assert!(plain.contains(&row), "docs/rules.md lacks {row}");
    }
    let table = facts("markdown").stdout;
    assert!(table.contains("| `idle_days` | number or none | everywhere | timeline |"), "{table}");
    let unknown = Kaizen::bare().args(["rules", "facts", "backlog-traige"]).run();
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("backlog-triage"), "{}", unknown.stderr);
}

struct Schema(Schemas, SchemaIndex);

fn schema() -> Schema {
    let text = fs::read_to_string(root().join("rules/kaizen.schema.json")).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("https://kaizen.test/schema.json", serde_json::from_str(&text).unwrap()).unwrap();
    let index = compiler.compile("https://kaizen.test/schema.json", &mut schemas).unwrap();
    Schema(schemas, index)
}

impl Schema {
    fn problem(&self, path: &Path) -> Option<String> {
        let text = fs::read_to_string(path).unwrap();
        // What is no YAML at all is no matter of the schema.
        let options = serde_yaml::options! { strict_booleans: true };
        let file: Value = serde_yaml::from_str_with_options(&text, options).ok()?;
        self.0.validate(&file, self.1).err().map(|error| error.to_string())
    }
}

#[test]
fn the_schema_is_current_and_the_shipped_files_name_it() {
    let ran = Kaizen::bare().args(["rules", "schema"]).run();
    let kept = fs::read_to_string(root().join("rules/kaizen.schema.json")).unwrap();
    assert_eq!(ran.code, 0);
    assert!(ran.stdout == kept, "it is stale: `kaizen rules schema > rules/kaizen.schema.json`");
    for name in ["backlog-triage.yaml", "common.yaml", "kaizen-retro.yaml"] {
        let text = fs::read_to_string(root().join("rules").join(name)).unwrap();
        assert!(text.starts_with("# yaml-language-server: $schema=kaizen.schema.json\n"), "{name}");
    }
}

#[test]
fn good_files_pass_the_schema() {
    let schema = schema();
    let mut good = vec![
        root().join("rules/backlog-triage.yaml"),
        root().join("rules/common.yaml"),
        root().join("tests/reference/rules/backlog-triage.yaml"),
    ];
    let doubtful = fs::read_dir(root().join("tests/doubtful")).unwrap();
    let of_job =
        |rules: std::path::PathBuf, job: &str| Some(rules.join(format!("{job}.yaml"))).filter(|it| it.is_file());
    good.extend(doubtful.map(|case| {
        let rules = case.unwrap().path().join("rules");
        let found = kaizen::jobs::NAMES.iter().find_map(|job| of_job(rules.clone(), job));
        found.unwrap_or_else(|| panic!("{} holds no rules of a job", rules.display()))
    }));
    assert!(good.len() > 30);
    for path in good {
        assert_eq!(schema.problem(&path), None, "{}", path.display());
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("odd.yaml", ODD), ("words.yaml", WORDS)] {
        fs::write(folder.path().join(name), text).unwrap();
        assert_eq!(schema.problem(&folder.path().join(name)), None);
    }
}

#[test]
fn broken_files_do_not_pass_the_schema() {
    // What a schema can say: keys, shapes, words. Names, expressions and templates it cannot.
    let groups = [
        "action-assign-is-a-text",
        "action-close-unknown",
        "agent-at-once-zero",
        "agent-without-login",
        "ages-",
        "classify-pick-",
        "extends-a-text",
        "flag",
        "job-misspelt",
        "job-missing",
        "key-in-",
        "key-top-",
        "label-",
        "limits-",
        "order-without-direction",
        "pattern-area-unknown",
        "pattern-is-a-list",
        "pattern-neither",
        "pattern-words-and-regex",
        "point-without-add",
        "rule-id-with-a-space",
        "rule-is-a-text",
        "rule-without-",
        "rules-empty",
        "rules-missing",
        "scope-",
        "score-without-max",
        "sentence-number",
        "skip-without-slash",
        "summary-",
        "tags-",
        "threshold-is-a-text",
        "type-condition-is-42",
        "type-when-is-an-empty-list",
        "version-",
        "yaml-list-for-a-map",
        "yaml-map-for-a-list",
        "yaml-number-among-words",
        "yaml-quoted-number",
        "yaml-word-for-a-list",
        "name-with-a-dash",
        "name-is-a-word-of-the-language",
    ];
    let schema = schema();
    let (mut seen, mut passed) = (0, Vec::new());
    for case in fs::read_dir(root().join("tests/broken")).unwrap() {
        let case = case.unwrap().path();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        if !groups.iter().any(|group| name.starts_with(group)) {
            continue;
        }
        seen += 1;
        let files = fs::read_dir(case.join("rules")).unwrap().map(|entry| entry.unwrap().path());
        if !files.into_iter().any(|path| schema.problem(&path).is_some()) {
            passed.push(name);
        }
    }
    assert!(seen > 55, "only {seen} broken files are of a kind that a schema can tell");
    assert!(passed.is_empty(), "{passed:?}");
}
