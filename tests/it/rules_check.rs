//! `kaizen rules check` as a command: what is checked, how it is shown, how it ends, what the forge adds.
//!
//! Takes: folders and files of rules, forges. Gives: exit codes, the three formats, annotations; and
//! that a stranger's file costs little and says what is wrong.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::forge::{Access, Server, World};
use crate::support::{Kaizen, Ran, labels, repo_world, root};

const HEAD: &str = "version: 1\njob: backlog-triage\nflags: {urgent: false, ready: false, blocked: false}\n";
const GOOD: &str = "decide:\n  - {id: rest, action: skip}\n";
const DOUBTFUL: &str =
    "decide:\n  - {id: busy, when: comments > 3, action: skip}\n  - {id: very, when: comments > 5, action: skip}\n";

fn with(files: &[(&str, &str)], args: &[&str]) -> Ran {
    let kaizen = Kaizen::bare();
    for (path, text) in files {
        kaizen.file(path, text);
    }
    kaizen.args(["rules", "check"]).args(args.iter().copied()).run()
}

fn rules(rest: &str) -> String {
    format!("{HEAD}{rest}")
}

#[test]
fn errors_end_with_78_warnings_with_3_where_they_are_denied() {
    let file = "rules/backlog-triage.yaml";
    for (text, args, code) in [
        (rules(GOOD), vec![], 0),
        (rules(GOOD), vec!["--deny-warnings"], 0),
        (rules(DOUBTFUL), vec![], 0),
        (rules(DOUBTFUL), vec!["--deny-warnings"], 3),
        (rules("decide: []\n"), vec![], 78),
        (rules(&format!("{DOUBTFUL}decid: []\n")), vec!["--deny-warnings"], 78),
    ] {
        let ran = with(&[(file, &text)], &args);
        assert_eq!((ran.code, ran.stderr.as_str()), (code, ""), "{text}\n{}", ran.stdout);
    }
}

#[test]
fn a_folder_a_file_or_what_the_jobs_would_take_is_checked() {
    let (own, hidden) = ("rules/backlog-triage.yaml", ".kaizen/rules/backlog-triage.yaml");
    let good = rules(GOOD);
    let doubtful = rules(DOUBTFUL);
    let last = |ran: &Ran| ran.stdout.lines().last().unwrap_or_default().to_owned();
    // `.kaizen/rules` goes before `rules`.
    let files = [(own, doubtful.as_str()), (hidden, good.as_str())];
    assert_eq!(last(&with(&files, &[])), "1 file, nothing to mend");
    assert_eq!(last(&with(&files, &["rules"])), "0 errors, 1 warning in 1 file");
    assert_eq!(last(&with(&files, &["--rules", "rules"])), "0 errors, 1 warning in 1 file");
    assert_eq!(last(&with(&files, &["rules", ".kaizen/rules"])), "0 errors, 1 warning in 2 files");
    assert_eq!(last(&with(&files, &[own])), "0 errors, 1 warning in 1 file");
    // Of a file of a folder only what concerns it.
    let words = "version: 1\nkeywords: {odd: [odd]}\n";
    let doubtful = doubtful.replace("job: backlog-triage\n", "job: backlog-triage\nextends: [words.yaml]\n");
    let files = [(own, doubtful.as_str()), ("rules/words.yaml", words)];
    assert_eq!(last(&with(&files, &["rules/words.yaml"])), "0 errors, 1 warning in 1 file");
    assert_eq!(last(&with(&files, &["rules"])), "0 errors, 2 warnings in 2 files");
    for (args, told) in [
        (vec!["nowhere"], "there is no nowhere"),
        (vec!["rules/words.txt"], "no rule file"),
        (vec!["empty"], "holds no .yaml file"),
    ] {
        let files = [(own, good.as_str()), ("rules/words.txt", ""), ("empty/x.txt", "")];
        let ran = with(&files, &args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
}

#[test]
fn json_and_markdown_say_what_text_says() {
    let file = "rules/backlog-triage.yaml";
    let text = rules(DOUBTFUL);
    let report = with(&[(file, &text)], &["--format", "json"]).json(0);
    insta::assert_snapshot!(serde_json::to_string_pretty(&report).unwrap());
    let page = with(&[(file, &text)], &["--format", "markdown"]).stdout;
    insta::assert_snapshot!(page);
}

#[test]
fn runners_get_annotations_and_a_summary() {
    let kaizen = Kaizen::bare().env("GITHUB_ACTIONS", "true");
    kaizen.file("rules/backlog-triage.yaml", &rules(DOUBTFUL));
    let summary = kaizen.file("summary.md", "");
    let (ran, _folder) = kaizen.env("GITHUB_STEP_SUMMARY", &summary).args(["rules", "check"]).run_in();
    assert_eq!(ran.code, 0);
    let told = "::warning file=rules/backlog-triage.yaml,line=6,col=22::the rule `very` is never reached: wherever it holds, \
                the rule `busy` before it holds too. Help: the first rule that holds decides";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    let page = fs::read_to_string(summary).unwrap();
    assert!(page.starts_with("## rules check: 0 errors, 1 warning in 1 file\n"), "{page}");
}

#[test]
fn a_stranger_is_told_at_once_at_the_right_line_what_to_do() {
    let shipped = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let (main, common) = (shipped("rules/backlog-triage.yaml"), shipped("rules/common.yaml"));
    let decision = shipped("templates/backlog-triage/decision.md.j2");
    let check = |from: &str, to: &str, args: &[&str]| {
        assert!(main.contains(from), "{from}");
        let changed = main.replacen(from, to, 1);
        let line = changed.lines().position(|line| line.contains(to.lines().next().unwrap())).unwrap() + 1;
        let kaizen = Kaizen::bare();
        kaizen.file("rules/backlog-triage.yaml", &changed);
        kaizen.file("rules/common.yaml", &common);
        kaizen.file("templates/backlog-triage/decision.md.j2", &decision);
        (kaizen.args(["rules", "check"]).args(args.iter().copied()).run(), format!("rules/backlog-triage.yaml:{line}"))
    };
    for (from, to, code, told) in [
        (
            "kimi_ready: [kimi-ready]",
            "kimi_ready: [kimi-ready, spike]",
            3,
            "`spike` stands in two sets, `research` and `kimi_ready`",
        ),
        ("ready: 5,", "ready: 10,", 3, "`score` is from 0 to 9 here"),
        ("'\\btest_\\w+'", "'\\btest_\\w+('", 78, "does not compile"),
        ("count.heading >= 1", "count.headings >= 1", 78, "did you mean `count.heading`?"),
        ("when: own_report or", "when: own_reprot or", 78, "did you mean `own_report`?"),
        ("comment: decision.md.j2", "comment: decisions.md.j2", 78, "did you mean `decision.md.j2`?"),
        ("    when: urgent\n", "    when: urgent and not ready\n", 3, "`urgent and not ready` never holds"),
        ("when: labelled.opt_out or labelled.refused", "when: own_report and labelled.opt_out", 3, "is never reached"),
    ] {
        let (ran, place) = check(from, to, &["--deny-warnings"]);
        assert_eq!(ran.code, code, "{to}\n{}", ran.stdout);
        if told.starts_with("`urgent and") {
            assert!(ran.stdout.contains("this condition never holds"), "{}", ran.stdout);
        } else {
            assert!(ran.stdout.contains(told), "{told}\n{}", ran.stdout);
        }
        assert!(ran.stdout.contains(&place), "{place}\n{}", ran.stdout);
        assert!(ran.stdout.contains("= help: ") || told == "does not compile", "{}", ran.stdout);
    }
}

#[test]
fn what_is_meant_is_not_doubted() {
    let note = (
        "templates/backlog-triage/note.md.j2",
        "{{ mention }} {{ thresholds.told }} {{ agents.bo.login }}, 4th of 7.0.1\n",
    );
    let tell = "agents: {ada: {login: ada}, bo: {login: bo}}\nactions: {tell: {mention: [ada], comment: note.md.j2}}\n";
    for rest in [
        // A threshold as a switch.
        "thresholds: {strict: 0}\ndecide:\n  - {id: strict, when: thresholds.strict == 1, action: skip}\n  - {id: rest, when: locked or thresholds.strict == 0, action: skip}\n",
        // Switched off, not removed.
        "keywords: {odd: [odd]}\nactions: {end: {close: true}}\ndecide:\n  - {id: off, enabled: false, when: tagged.odd, action: end}\n  - {id: rest, action: skip}\n",
        // Close, and not the same.
        "decide:\n  - {id: a, when: comments > 5, action: skip}\n  - {id: b, when: comments >= 5, action: skip}\n  - {id: c, when: locked and draft, action: skip}\n  - {id: d, when: locked, action: skip}\n",
        "decide:\n  - {id: a, when: age_days is not none and age_days > 5, action: skip}\n  - {id: b, when: age_days is none or age_days <= 5, action: skip}\n",
        "keywords: {odd: [odd]}\ndecide:\n  - {id: a, when: labelled.odd, action: skip}\n  - {id: b, when: tagged.odd, action: skip}\n",
        // What an expression does not compute, it does not know.
        "decide:\n  - {id: a, when: comments / number > 1, action: skip}\n  - {id: b, when: comments / number <= 1, action: skip}\n  - {id: rest, action: skip}\n",
        // What one rule takes off the other does not put on again.
        "keywords: {old: [stale]}\nlabels: {stale: {}}\nactions: {mark: {add_labels: [stale]}, free: {remove_labels: [stale]}}\ndecide:\n  - {id: mark, when: not labelled.old and comments == 0, action: mark}\n  - {id: free, when: labelled.old and comments > 0, action: free}\n  - {id: rest, action: skip}\n",
        // A rule before them decides about what both would.
        "keywords: {old: [stale]}\nlabels: {stale: {}}\nactions: {mark: {add_labels: [stale]}, free: {remove_labels: [stale]}}\ndecide:\n  - {id: first, when: draft and comments > 3, action: skip}\n  - {id: mark, when: not labelled.old and comments > 3, action: mark}\n  - {id: free, when: labelled.old and draft, action: free}\n  - {id: rest, action: skip}\n",
        // Closed items are not judged: nothing is opened again.
        "actions: {end: {close: true}, again: {reopen: true}}\ndecide:\n  - {id: end, when: comments > 5, action: end}\n  - {id: again, when: locked, action: again}\n  - {id: rest, action: skip}\n",
        // An address, and a name in a sentence of a template, which may ping.
        "decide:\n  - {id: rest, action: skip, reason: 'Ask a@b.example, 5 @ 3, or {{ author }}@home'}\n",
        // A label that only a condition names.
        "labels: {wip: {}}\ndecide:\n  - {id: wip, when: \"'wip' in labels\", action: skip}\n",
        // The whole table of thresholds, and an agent, in a text alone.
        &format!(
            "thresholds: {{told: 3, many: 7}}\n{tell}decide:\n  - {{id: many, when: comments > thresholds.many, action: tell, reason: Has 70 or 7.5.}}\n"
        ),
    ] {
        let text = rules(rest);
        let mut files = vec![("rules/backlog-triage.yaml", text.as_str())];
        files.extend(rest.contains(note.0.rsplit('/').next().unwrap()).then_some(note));
        let ran = with(&files, &["--deny-warnings"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{rest}\n{}", ran.stdout);
    }
}

#[test]
fn the_example_of_create_issue_that_people_read_is_not_doubted() {
    let page = fs::read_to_string(root().join("docs/rules.md")).unwrap();
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let example = blocks.into_iter().find(|block| block.contains("create_issue:")).expect("an example of create_issue");
    let text = rules(&format!(
        "thresholds: {{ready: 5}}\nagents: {{claude: {{login: claude}}}}\n{example}decide:\n  - {{id: plan, when: locked, action: plan}}\n  \
         - {{id: split, action: split}}\n"
    ));
    let files = [
        ("rules/backlog-triage.yaml", text.as_str()),
        ("templates/backlog-triage/section.md.j2", "Score {{ score }}.\n"),
        ("templates/backlog-triage/follow-up.md.j2", "From {{ title }}.\n"),
    ];
    let ran = with(&files, &["--deny-warnings"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
}

#[test]
fn tags_are_compared_without_minding_spaces_hyphens_and_underscores() {
    let head = "version: 1\nnow: 2026-11-20T12:00:00Z\ncases:\n";
    let forms = ["good first issue", "good-first-issue", "Good_First issue", "kind/Good First-Issue"];
    for word in ["good-first-issue", "good first issue", "GOOD_FIRST_ISSUE"] {
        let text = rules(&format!(
            "keywords: {{easy: ['{word}']}}\ndecide:\n  - {{id: label, when: labelled.easy and '{word}' in tags, action: skip}}\n  \
             - {{id: title, when: tagged.easy, action: skip}}\n  - {{id: rest, action: skip}}\n"
        ));
        let mut cases = head.to_owned();
        for form in forms {
            cases += &format!("  - {{name: 'label {form}', given: {{labels: ['{form}']}}, expect: {{rule: label}}}}\n");
        }
        for form in &forms[..3] {
            cases +=
                &format!("  - {{name: 'title {form}', given: {{title: '[{form}] x'}}, expect: {{rule: label}}}}\n")
                    .replace("rule: label", "rule: title");
        }
        cases += "  - {name: other, given: {labels: [good first issues]}, expect: {rule: rest}}\n";
        let kaizen = Kaizen::bare();
        kaizen.file("rules/backlog-triage.yaml", &text);
        kaizen.file("rules/tests/backlog-triage.yaml", &cases);
        let ran = kaizen.args(["rules", "test", "--coverage"]).run();
        assert_eq!(ran.code, 0, "{word}: {}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("1 of 1 words"), "{}", ran.stdout);
    }
}

#[test]
fn names_of_labels_are_compared_as_the_forge_does() {
    let text = rules(
        "labels: {stale: {}}\nactions: {mark: {add_labels: [stale]}}\ndecide:\n  - {id: bug, when: \"'Kind/Bug' in labels\", action: mark, reason: \"{{ labels | join(' ') }}\"}\n  \
         - {id: first, when: \"labels == ['Only']\", action: mark}\n  - {id: rest, action: skip}\n",
    );
    for (kind, decided) in [("github", ["bug", "first", "rest"]), ("gitea", ["rest", "rest", "rest"])] {
        let issue = |number: u64, name: &str| crate::support::issue(number, "x", json!({"labels": labels(&[name])}));
        let issues = json!([issue(1, "kind/bug"), issue(2, "ONLY"), issue(3, "bug")]);
        let mut world = repo_world(json!({"full_name": "acme/app", "issues": issues}));
        world["kind"] = kind.into();
        let kaizen = Kaizen::triage(&world);
        kaizen.file("rules/backlog-triage.yaml", &text);
        let report = kaizen.args(["--rules", "rules"]).run().json(0);
        for (number, rule) in (1..).zip(decided) {
            assert_eq!(crate::support::record(&report, number)["decision"]["rule"], rule, "{kind} #{number}");
        }
    }
}

#[test]
fn a_forge_in_a_file_is_asked_and_left_as_it_is() {
    let repo = json!({"full_name": "acme/app", "issues": [], "labels": labels(&["kimi-ready"]), "assignees": [{"login": "claude"}]});
    let text = fs::read_to_string(root().join("rules/backlog-triage.yaml")).unwrap();
    let text =
        text.replace("comment: decision.md.j2}\n\ndecide", "comment: decision.md.j2, close: completed}\n\ndecide");
    let text = text.replace("assign: [claude]", "assign: [claude, kimi]");
    let kaizen = Kaizen::bare();
    kaizen.file("rules/backlog-triage.yaml", &text);
    kaizen.file("rules/common.yaml", &fs::read_to_string(root().join("rules/common.yaml")).unwrap());
    let world = repo_world(repo).to_string();
    kaizen.file("world.json", &world);
    let (ran, folder) = kaizen.args(["rules", "check", "--live", "--forge", "file:world.json"]).run_in();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    insta::assert_snapshot!(ran.stdout);
    assert_eq!(fs::read_to_string(folder.path().join("world.json")).unwrap(), world);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing was left beside it");
}

#[test]
fn a_server_is_asked_and_nothing_is_written_to_it() {
    for world in [World::gitea("1.26.4"), World::github_enterprise()] {
        let mut world = world;
        world.add_repo("acme/app");
        world.add_member("acme/app", "kaizen-bot", Access::Write);
        world.add_member("acme/app", "claude", Access::Write);
        world.add_token("t0ken", "kaizen-bot");
        world.add_label("acme/app", "kimi-ready", false);
        let github = world.dialect.is_github();
        let server = Server::start(world);
        let text = fs::read_to_string(root().join("rules/backlog-triage.yaml")).unwrap();
        let text = text.replace("{login: claude,", "{login: nobody-here,");
        let text =
            text.replace("comment: decision.md.j2}\n\ndecide", "comment: decision.md.j2, close: completed}\n\ndecide");
        let kaizen = Kaizen::bare();
        kaizen.file("rules/backlog-triage.yaml", &text);
        kaizen.file("rules/common.yaml", &fs::read_to_string(root().join("rules/common.yaml")).unwrap());
        let ran = kaizen
            .env("KAIZEN_TOKEN", "t0ken")
            .args(["rules", "check", "--live", "--deny-warnings", "--repo", "acme/app", "--forge", &server.api_url()])
            .run();
        assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("there is no label `kaizen-summary` in acme/app"), "{}", ran.stdout);
        assert!(!ran.stdout.contains("`kimi-ready`"), "{}", ran.stdout);
        assert!(ran.stdout.contains("nobody-here cannot be assigned in acme/app"), "{}", ran.stdout);
        assert!(ran.stdout.contains("owner is mentioned by name, and has no access in acme/app"), "{}", ran.stdout);
        assert_eq!(ran.stdout.contains("this forge keeps none"), !github, "{}", ran.stdout);
        let methods: Vec<String> = server.requests().iter().map(|request| request.method.clone()).collect();
        assert!(methods.len() > 2 && methods.iter().all(|method| method == "GET"), "{methods:?}");
    }
}

#[test]
fn what_the_files_say_is_told_though_the_forge_does_not_answer() {
    let text = rules(DOUBTFUL);
    let files = [("rules/backlog-triage.yaml", text.as_str()), ("world.json", "{")];
    let ran = with(&files, &["--live", "--forge", "file:world.json"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stdout.contains("the rule `very` is never reached"), "{}", ran.stdout);
    assert!(ran.stderr.contains("error: opening the forge"), "{}", ran.stderr);
    let ran = with(&files, &["--live", "--forge", "file:nowhere.json"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
}

/// Rules that were made to cost much: each an answer in little time.
#[test]
fn a_strangers_rules_cost_little() {
    let many = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let decide = |count: usize, when: &dyn Fn(usize) -> String| {
        rules(&format!(
            "decide:\n{}",
            many(count, &|n| format!("  - {{id: r{n}, when: '{}', action: skip}}\n", when(n)))
        ))
    };
    let flags =
        many(3_000, &|n| if n == 0 { String::new() } else { format!("  f{n}: f{} and f{0} or not f{0}\n", n - 1) });
    let one = format!(
        "version: 1\njob: backlog-triage\nflags:\n  urgent: false\n  ready: false\n  blocked: false\n  f0: locked\n{flags}decide:\n\
         \x20 - {{id: a, when: f2999, action: skip}}\n  - {{id: b, when: f2998, action: skip}}\n"
    );
    let sets = many(30, &|n| {
        format!("  s{n}: [{}]\n", (0..200).map(|word| format!("w{word}")).collect::<Vec<_>>().join(", "))
    });
    let hostile = [
        ("each rule behind the one before it", decide(5_000, &|n| format!("number > {n}")), 0),
        ("single numbers", decide(5_000, &|n| format!("number == {n}")), 0),
        ("unknown names", decide(3_000, &|n| format!("thresholds.b{n} > 1")), 78),
        ("flags of flags", one, 0),
        ("words in many sets", rules(&format!("keywords:\n{sets}{GOOD}")), 0),
        (
            "regular expressions",
            rules(&format!(
                "patterns:\n{}{GOOD}",
                many(300, &|n| format!("  p{n}: {{regex: '(?:a{{1,60}}){{1,60}}{n}'}}\n"))
            )),
            78,
        ),
        ("keys", rules(&format!("{}{GOOD}", many(20_000, &|n| format!("k{n}: 1\n")))), 78),
        ("depth", rules(&format!("x: {}", "[".repeat(100_000))), 78),
        ("not not", decide(1, &|_| format!("{}locked", "not ".repeat(20))), 0),
        ("not not not", decide(1, &|_| format!("{}locked", "not ".repeat(480))), 78),
        ("a path", rules(&format!("extends: [../../etc/passwd]\n{GOOD}")), 78),
    ];
    for (what, text, code) in hostile {
        let begun = Instant::now();
        let ran = with(&[("rules/backlog-triage.yaml", &text)], &[]);
        let took = begun.elapsed();
        assert_eq!(ran.code, code, "{what}\n{:.2000}\n{}", ran.stdout, ran.stderr);
        assert!(took < Duration::from_secs(30), "{what} took {took:?}");
        assert!(ran.stdout.len() < 400_000, "{what}: {} bytes", ran.stdout.len());
    }
}

#[test]
fn what_strangers_write_commands_neither_a_terminal_nor_a_runner() {
    let text = rules("\"::error::x\\u001b[31m\": 1\ndecide:\n  - {id: rest, action: skip, reason: \"##[x]\"}\n");
    let kaizen = Kaizen::bare().env("GITEA_ACTIONS", "true");
    kaizen.file("rules/backlog-triage.yaml", &text);
    let ran = kaizen.args(["rules", "check"]).run();
    assert_eq!(ran.code, 78);
    let all = format!("{}{}", ran.stdout, ran.stderr);
    assert!(!all.contains('\u{1b}'), "{all:?}");
    let commands: Vec<&str> = all.lines().filter(|line| line.trim_start().starts_with("::")).collect();
    assert!(commands.iter().all(|line| line.starts_with("::error file=rules/backlog-triage.yaml,")), "{commands:?}");
    let kept: Value = json!(all.contains("##["));
    assert_eq!(kept, json!(false), "{all}");
}

#[test]
fn a_folder_of_rules_that_is_none_is_told() {
    let files = [("rules/backlog-triage.yaml", rules(DOUBTFUL))];
    for (name, says) in [
        ("rules/backlog-triage.yaml", "it is a file: name the folder that it stands in"),
        ("rule", "there is no such folder"),
    ] {
        let kaizen = Kaizen::bare();
        kaizen.file(files[0].0, &files[0].1);
        let forge = format!("file:{}/tests/worlds/demo.json", root().display());
        let ran = kaizen.args(["backlog-triage", "--dry-run", "--forge", &forge, "--rules", name]).run();
        assert!(ran.code == 2 && ran.stderr.contains(says), "{} {}", ran.code, ran.stderr);
    }
}
