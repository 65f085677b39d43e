//! A masked forge says nothing and is judged as before.
//!
//! Takes: the demo world, every recorded forge, the golden inputs and texts put together by chance,
//! under both packs. Gives: the same rule, action, score, type, flags and state for each item, and in
//! the masked document no word of four letters or more that the rules do not look for.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use kaizen::engine::rules::Policy;
use kaizen::forge::file::FileForge;
use kaizen::jobs::{self, backlog_triage};
use kaizen::snapshot::{MaskResult, check, mask};
use kaizen::{language, pack};
use proptest::prelude::{ProptestConfig, Strategy, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

use crate::golden::{files, golden_world, read};
use crate::recorded::worlds;
use crate::support::{NOW, issue, labels, repo_world, root, world};

/// A pack, of issues and pull requests in every state.
fn pack_in(folder: &Path) -> Policy {
    let pack = pack::read(backlog_triage::SPEC.job, &jobs::NAMES, Some(folder), None).unwrap();
    let loaded = language::load(&backlog_triage::SPEC, &pack.input);
    let (mut policy, _) = loaded
        .policy
        .unwrap_or_else(|| panic!("{:?}", loaded.diagnostics.iter().map(|one| &one.message).collect::<Vec<_>>()));
    policy.scope.kinds = vec!["issue".to_owned(), "pull".to_owned()];
    policy.scope.closed = true;
    policy
}

fn packs() -> Vec<Policy> {
    ["rules", "tests/reference/rules"].map(|folder| pack_in(&root().join(folder))).into()
}

/// The shipped rules with these lines added.
fn rules_with(sections: &[(&str, &str)]) -> Policy {
    let folder = tempfile::tempdir().unwrap();
    let mut text = std::fs::read_to_string(root().join("rules/backlog-triage.yaml")).unwrap();
    for (section, lines) in sections {
        assert_eq!(text.matches(&format!("\n{section}:\n")).count(), 1, "{section}");
        text = text.replace(&format!("\n{section}:\n"), &format!("\n{section}:\n{lines}\n"));
    }
    std::fs::write(folder.path().join("backlog-triage.yaml"), text).unwrap();
    std::fs::copy(root().join("rules/common.yaml"), folder.path().join("common.yaml")).unwrap();
    pack_in(folder.path())
}

fn masked(world: &Value, policies: &[Policy]) -> MaskResult {
    mask(world, &policies.iter().collect::<Vec<_>>())
}

fn forge(world: &Value) -> FileForge {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(world.to_string().as_bytes()).unwrap();
    FileForge::open(file.path()).unwrap()
}

/// What is judged in another way once it is masked.
fn differences(world: &Value, masked: &Value, policies: &[Policy], now: &str) -> Vec<String> {
    let now: DateTime<Utc> = now.parse().unwrap();
    let found = check(&forge(world), &forge(masked), &policies.iter().collect::<Vec<_>>(), now).unwrap();
    found.iter().map(ToString::to_string).collect()
}

/// Runs of letters.
fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.map(|word| word.to_lowercase().replace('ſ', "s"))
}

/// A word made of letters that stand for any, and of words that may stay: rules may look within words.
fn made_of(word: &str, allowed: &BTreeSet<String>) -> bool {
    let mut reached = vec![false; word.len() + 1];
    reached[0] = true;
    for at in 0..word.len() {
        if !reached[at] {
            continue;
        }
        for filler in ["x", "ẋ", "ㄨ", "q"].iter().filter(|filler| word[at..].starts_with(**filler)) {
            reached[at + filler.len()] = true;
        }
        for known in allowed.iter().filter(|known| known.chars().count() > 1 && word[at..].starts_with(known.as_str()))
        {
            reached[at + known.len()] = true;
        }
    }
    reached[word.len()]
}

/// Words that may stay: those of the rule files, of what stands for names, and of formats.
fn allowed() -> BTreeSet<String> {
    let mut allowed: BTreeSet<String> = BTreeSet::new();
    for file in ["rules/backlog-triage.yaml", "rules/common.yaml", "tests/reference/rules/backlog-triage.yaml"] {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        let says = |line: &&str| !line.trim().starts_with('#') && !line.trim().starts_with("reason:");
        let lines = text.lines().filter(says).map(|line| line.split(" # ").next().unwrap());
        for line in lines.map(|line| line.split("reason:").next().unwrap().split("description:").next().unwrap()) {
            // An escape such as \s is no letter of a word.
            let line = ["\\s", "\\w", "\\b", "\\W", "\\d"]
                .iter()
                .fold(line.to_owned(), |line, escape| line.replace(escape, " "));
            allowed.extend(words(&line));
        }
    }
    // What the expressions of the reference pack come to.
    allowed.extend(words("passes passing fails failing returns raises testcase blocked blocks blocking tests"));
    allowed.extend(words(
        "user owner repo group label kaizen policy key decision summary did run rule writes text assign",
    ));
    allowed
}

/// Members that hold a word of the forge's own.
const OWN_WORDS: [&str; 9] =
    ["kind", "state", "state_reason", "type", "event", "author_association", "color", "created_at", "user"];

/// Words of a masked document that should not have stayed.
fn left(value: &Value, member: &str, allowed: &BTreeSet<String>, into: &mut Vec<String>) {
    match value {
        Value::Array(entries) => entries.iter().for_each(|entry| left(entry, member, allowed, into)),
        Value::Object(members) => members.iter().for_each(|(name, value)| left(value, name, allowed, into)),
        Value::String(text) if !OWN_WORDS.contains(&member) => {
            // Names of elements are structure, and digests in a marker are no words.
            let fields =
                text.split(' ').filter(|field| !["did=", "run=", "text="].iter().any(|name| field.starts_with(name)));
            let mut text = fields.collect::<Vec<_>>().join(" ").replace("</", "<");
            while let Some(at) = text.find('<') {
                let name = text[at + 1..].chars().take_while(char::is_ascii_alphanumeric).count();
                text.replace_range(at..=at + name, " ");
            }
            for word in words(&text) {
                if word.chars().count() >= 4 && !made_of(&word, allowed) {
                    into.push(format!("{word} in {text:?}"));
                }
            }
        }
        _ => {}
    }
}

fn leftovers(masked: &Value, allowed: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    left(masked, "", allowed, &mut found);
    found.sort();
    found.dedup();
    found
}

/// Everything that must hold of a world once it is masked.
fn hold(name: &str, world: &Value, policies: &[Policy], now: &str) -> Value {
    let masked = masked(world, policies);
    assert_eq!(masked.unequal, [], "{name}");
    assert_eq!(differences(world, &masked.document, policies, now), [""; 0], "{name}");
    let left = leftovers(&masked.document, &allowed());
    assert!(left.is_empty(), "{name}: {} words are left:\n{}", left.len(), left[..left.len().min(40)].join("\n"));
    masked.document
}

#[test]
fn the_demo_world_is_judged_as_before() {
    let world = read(&root().join("tests/worlds/demo.json"));
    let masked = hold("demo", &world, &packs(), NOW);
    let text = masked.to_string();
    for name in ["ferry", "wen", "tomas", "refund", "bank"] {
        assert!(world.to_string().contains(name) && !text.contains(name), "{name}");
    }
    assert!(
        text.contains("owner-1/repo-1")
            && text.contains("/Security")
            && !text.contains("Kind/")
            && text.contains("/kaizen ignore")
    );
    // A mask leaves what is masked as it is.
    assert_eq!(self::masked(&masked, &packs()).document["repos"][0]["issues"], masked["repos"][0]["issues"]);
}

#[test]
fn recorded_forges_are_judged_as_before() {
    for (name, world) in worlds() {
        let masked = hold(name, &world, &packs(), "2026-11-22T00:00:00Z");
        for private in ["http", "@example", "avatar", "node_id", "sha"] {
            assert!(!masked.to_string().contains(private), "{name}: {private}");
        }
    }
}

#[test]
fn golden_inputs_are_judged_as_before() {
    for path in files("triage-") {
        let input = read(&path);
        let (world, now) = golden_world(&input);
        hold(&path.display().to_string(), &world, &packs(), now);
    }
}

#[test]
fn what_is_no_issue_is_still_none_and_says_nothing() {
    for path in files("crashes") {
        for (at, case) in read(&path)["cases"].as_array().unwrap().iter().enumerate() {
            if case["program"] == "triage" {
                let world = world(json!([case["input"]["issue"]]));
                let now = case["input"]["now"].as_str().unwrap();
                hold(&format!("{} case {at}", path.display()), &world, &packs(), now);
            }
        }
    }
    let odd = json!({ "version": 1, "kind": "gitea", "secret": "Hush", "repos": [
        { "full_name": "a/b", "description": "Hush", "issues": [null, "Hush", ["Hush"], {"number": "Hush"},
            {"number": 1, "title": ["Hush"], "body": {"Hush": 1}, "labels": ["Hush", {"name": ["Hush"]}],
            "user": "Hush", "assignees": [{"login": ["Hush"]}, "Hush"], "state": "Hush it", "created_at": "Hush",
            "milestone": "Hush", "pull_request": {"url": "Hush"}, "Hush": 1}],
            "comments": {"1": [null, "Hush", {"body": ["Hush"]}], "Hush": []}, "events": {"1": ["Hush"]} }] });
    let masked = masked(&odd, &packs()).document;
    assert!(!masked.to_string().to_lowercase().contains("hush"), "{masked}");
    assert_eq!(differences(&odd, &masked, &packs(), NOW), [""; 0]);
    assert_eq!(masked["repos"][0]["issues"].as_array().unwrap().len(), 5);
}

/// One issue masked under the shipped rules with these lines added, and found to be judged as before.
fn one(issue: Value, sections: &[(&str, &str)]) -> Value {
    let (world, policies) = (world(json!([issue])), [rules_with(sections)]);
    let masked = masked(&world, &policies);
    assert_eq!(masked.unequal, []);
    assert_eq!(differences(&world, &masked.document, &policies, NOW), [""; 0]);
    masked.document["repos"][0]["issues"][0].clone()
}

#[test]
fn of_a_match_only_what_it_needs_is_kept() {
    let body = "Broken in `src/payments/refund.rs`, see docs/secret/plan.md. fn hidden() must hold; \
        test_hidden_thing fails. Depends on #12, blocked by Hush.\n\n```rust\nfn hidden() {}\n```\n## Expected steps";
    let masked = one(issue(1, "[Bug] [Hush] Lösung für Ålesund", json!({"body": body})), &[]);
    assert_eq!(masked["title"], "[Bug] [xxxx] xxxxxx xxx xxxxxxx");
    let expected = "xxxxxx xx `src/xxxxxxxx/xxxxxx.rs`, xxx docs/xxxxxx/xxxx.md. fn xxxxxx() must xxxx; \
        test_xxxxxx_xxxxx fails. Depends on #12, blocked by xxxx.\n\n```xxxx\nfn xxxxxx() {}\n```\n## Expected steps";
    assert_eq!(masked["body"], expected);
}

#[test]
fn masks_make_no_matches_of_their_own() {
    // Words of x alone, and expressions that tell classes of letters apart.
    let patterns = "  exes: {words: [xxx, x], in: text}\n  upper: {regex: '(?-i)\\b[A-Z]{4}-\\d', in: text}\n  \
        ascii: {regex: '(?-i)\\b[a-z]+\\d', in: body}\n  kept: {regex: '[a-m]{3}@', in: text}";
    let score = "  exes: {max: 9, points: [{add: 1, when: count.exes >= 1}, {add: 2, when: count.upper >= 2}, \
        {add: 3, when: count.ascii > 0}, {add: 1, when: count.kept == 1}]}";
    let sections = [("patterns", patterns), ("score", score)];
    for body in ["one two six", "JIRA-1 and ABCD-2", "Größe é1", "ab1", "abc@", "xyz@", "x y", "xxx", ""] {
        let masked = one(issue(1, "Ask for it", json!({"body": body})), &sections);
        assert!(body.is_empty() || masked["body"] != body || body.trim_matches('x').is_empty(), "{masked}");
    }
}

#[test]
fn html_keeps_its_elements_and_markdown_its_structure() {
    let body = "<details><summary>Open</summary>\n\nshould\n\n</details>\n\n<script>\nmust\n\nmust\n</script>\n\n<é> expect\n\n\
        <b>must</b> <!-- should --> [ref]: x\n\n[one]\n\n[two]: http://a.test\n> raise\n\n    fails\n";
    let masked = one(issue(1, "Ask for it", json!({"body": body})), &[]);
    let body = masked["body"].as_str().unwrap();
    assert!(body.contains("<ẋ> expect"), "an element that is none stays none: {body}");
    assert!(body.starts_with("<details><summary>xxxx</summary>\n\nshould\n\n</details>"), "{body}");
}

#[test]
fn people_and_repositories_get_names_and_ours_stay() {
    let patterns = [(
        "decide",
        "  - {id: by-app, when: \"author is not none and 'bot' in author\", action: skip}\n  \
        - {id: by-ada, when: \"author is not none and author == 'ada'\", action: skip}",
    )];
    let marker = "<!-- kaizen:v1 policy=backlog-triage key=decision did=0 run=- writes=assign:wen,assign:claude text=0 note=Hush -->";
    let user = |login: &str, id: i64| json!({"login": login, "id": id, "email": "hush@example.test"});
    let mut world = repo_world(json!({ "full_name": "acme/app", "issues": [
            issue(1, "Hush @wen, acme/app", json!({"user": user("wen", 77), "assignees": [user("claude", 8), user("wen", 77)],
                "body": "@wen, @WEN. and @claude, @nobody; mail wen@acme.test; acme/app#12 http://h.test/acme/app/issues/1"})),
            issue(2, "Hush", json!({"user": user("build-bot", 4)})), issue(3, "Hush", json!({"user": user("ada", 5)})),
            issue(4, "Hush", json!({"user": user("gone", -1)})), issue(5, "Hush", json!({"user": user("kaizen", 9), "body": format!("Hush\n\n{marker}")}))],
        "comments": {"1": [{"id": 3, "user": user("kaizen", 9), "body": format!("Hush @wen\n\n{marker}")},
            {"id": 4, "user": user("wen", 77), "body": format!("Hush\n/kaizen ignore\n> /kaizen ignore\n{marker}")}]} }));
    world["repos"].as_array_mut().unwrap().push(json!({"full_name": "acme/other", "issues": []}));
    let policies = [rules_with(&patterns)];
    let MaskResult { document, unequal } = masked(&world, &policies);
    assert_eq!(unequal, []);
    assert_eq!(differences(&world, &document, &policies, NOW), [""; 0]);
    let (repo, text) = (&document["repos"][0], document.to_string().to_lowercase());
    for gone in ["hush", "acme", "wen", "gone", "nobody", "email"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    assert_eq!([&repo["full_name"], &document["repos"][1]["full_name"]], ["owner-1/repo-1", "owner-1/repo-2"]);
    let issues = &repo["issues"];
    assert_eq!(issues[0]["title"], "xxxx @xxx, xxxx/xxx");
    assert_eq!(issues[0]["user"], json!({"login": "user-1", "id": 1}));
    assert_eq!(issues[0]["assignees"][0], json!({"login": "claude", "id": 0}));
    let expected = "@user-1, @user-1. xxx @claude, @xxxxxx; xxxx xxx@xxxx.xxxx; owner-1/repo-1#12 xxxx://x.xxxx/owner-1/repo-1/xxxxxx/1";
    assert_eq!(issues[0]["body"], expected);
    assert_eq!(issues[2]["user"]["login"], "ada", "a condition names it");
    let bot = issues[1]["user"]["login"].as_str().unwrap();
    assert!(bot.starts_with("user-") && bot.ends_with("-bot"), "{bot}");
    assert_eq!(issues[3]["user"]["id"], -1);
    let ours = "policy=backlog-triage key=decision did=0 run=- writes=assign:user-1,assign:claude text=0 note=xxxx -->";
    for body in [&issues[4]["body"], &repo["comments"]["1"][0]["body"]] {
        assert!(body.as_str().unwrap().ends_with(&format!("\n\n<!-- kaizen:v1 {ours}")), "{body}");
    }
    let theirs = repo["comments"]["1"][1]["body"].as_str().unwrap();
    assert!(theirs.starts_with("xxxx\n/kaizen ignore\n> ") && theirs.contains("<!-- xxxxxx:x1 "), "{theirs}");
}

/// Texts put together from what rules look for, what they nearly look for, and structure.
fn texts() -> impl Strategy<Value = String> {
    let pieces = [
        "Hush",
        "zeal",
        "ö",
        "修正",
        "İ",
        "ſ",
        " ",
        " ",
        " ",
        "\n",
        "\n\n",
        "`",
        "```",
        "\n```\n",
        "- ",
        "> ",
        "## ",
        "#12",
        "[",
        "]",
        "(",
        ")",
        "<",
        ">",
        "<b>",
        "</b>",
        "<!--",
        "-->",
        "<details>",
        "<pre>",
        "</pre>",
        "\\",
        "|",
        "*",
        "_",
        ".",
        ",",
        "/",
        ":",
        "@",
        "-",
        "    ",
        "\t",
        "\r\n",
        "must",
        "should",
        "shoulder",
        "bypassing",
        "test_",
        "assert ",
        "pytest",
        ".py",
        "src/",
        "refund.rs",
        "fn ",
        "class ",
        "run()",
        "depends on #1",
        "blocked by ",
        "unblocked",
        "Expected",
        "steps",
        "x",
        "X",
        "xx",
        "@wen",
        "@claude",
        "acme/app",
        "[bug]",
        "[Data-Loss]",
        "&amp;",
        "http://h.test/a.js",
        "[ref]: /u",
        "1. ",
        "===",
        "---",
        "<!-- kaizen:v1 policy=backlog-triage key=decision -->",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..30).prop_map(|pieces| pieces.concat())
}

#[test]
fn any_text_is_judged_as_before_and_says_nothing() {
    let policies = packs();
    let by = ["wen", "kaizen"];
    proptest!(ProptestConfig { cases: 1_500, failure_persistence: None, ..Default::default() }, |(title in texts(), body in texts(), label in texts(), ours in 0..2usize)| {
        // The search for leftovers takes `<x` for a tag.
        let label = label.replace('<', "");
        let with = json!({ "body": body, "labels": labels(&[&label]), "user": { "login": by[ours] } });
        let mut world = world(json!([issue(1, &title, with)]));
        world["repos"][0]["comments"] = json!({ "1": [{ "id": 1, "body": body, "user": { "login": by[1 - ours] } }] });
        let masked = masked(&world, &policies);
        prop_assert_eq!(&masked.unequal, &[]);
        prop_assert_eq!(differences(&world, &masked.document, &policies, NOW), [""; 0]);
        let of = |world: &Value| world["repos"][0]["issues"][0]["title"].as_str().unwrap().chars().count();
        prop_assert_eq!(of(&world), of(&masked.document));
        let said = masked.document.to_string().to_lowercase();
        for word in ["hush", "zeal", "refund", "wen", "acme"] {
            prop_assert!(!said.contains(word), "{} in {}", word, said);
        }
        let left = leftovers(&masked.document, &allowed());
        prop_assert!(left.is_empty(), "{:?}", left);
    });
}

#[test]
fn labels_that_the_rules_do_not_look_for_have_names_of_their_own_all_through() {
    let policies = packs();
    let names = [
        "customer: Hush & Zeal",
        "Hush/bug",
        "zeal/bug",
        "type: bug",
        "bug",
        "kimi-ready",
        "hush-4711",
        "Hush-4711",
        "P0",
        "zeal: hush-4711",
        "refund",
        "blocked",
        "team/blocked-hush",
    ];
    let issues: Vec<Value> = (1..=names.len() as u64)
        .map(|at| issue(at, "A title", json!({ "labels": labels(&[names[at as usize - 1], "refund"]) })))
        .collect();
    let mut world = world(Value::from(issues));
    world["repos"][0]["labels"] = labels(&names);
    world["repos"][0]["events"] =
        json!({ "1": [{ "id": 1, "type": "label", "label": { "name": "refund" }, "user": { "login": "wen" } }] });
    for (kind, spellings) in [("gitea", names.len()), ("github", names.len() - 1)] {
        world["kind"] = json!(kind);
        let masked = masked(&world, &policies);
        assert_eq!((&masked.unequal, differences(&world, &masked.document, &policies, NOW)), (&Vec::new(), Vec::new()));
        let repo = &masked.document["repos"][0];
        let said = repo.to_string().to_lowercase();
        for word in ["hush", "zeal", "refund", "customer", "team", "4711"] {
            assert!(!said.contains(word), "{word} in {said}");
        }
        let all: Vec<&str> = repo["labels"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
        let different: BTreeSet<&&str> = all.iter().collect();
        assert_eq!(different.len(), spellings, "each has a name of its own: {all:?}");
        // What the rules look for stays, whatever stands before it.
        for kept in ["bug", "kimi-ready", "P0", "blocked"] {
            assert!(all.contains(&kept), "{kept}: {all:?}");
        }
        assert!(all[1].ends_with("/bug") && all[3].ends_with(": bug") && all[1] != all[2], "{all:?}");
        // The same label has the same name wherever it stands.
        for (at, name) in all.iter().enumerate() {
            assert_eq!(repo["issues"][at]["labels"][0]["name"], *name);
            assert_eq!(repo["issues"][at]["labels"][1]["name"], all[10]);
        }
        assert_eq!(repo["events"]["1"][0]["label"]["name"], all[10]);
    }
}
