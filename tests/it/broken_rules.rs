//! What people read when a rule file or template is broken.
//!
//! Takes: the folders of `tests/broken`, each one mistake. Gives: the messages, compared with
//! `expected.snap` beside the mistake. A case is a folder with `rules/backlog-triage.yaml`, whose
//! first line says what is wrong, with whatever else the mistake needs: further files in `rules/`,
//! and `templates/backlog-triage/` or `templates/shared/`, which the program finds beside `rules/`.
//! To add one: make the folder, run these tests with `INSTA_UPDATE=always`, and read
//! `expected.snap` as if you had never seen the program: is the place right, the sentence clear,
//! the help true, and is one mistake told once?

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Kaizen, Ran, issue, root, world};

/// A rule file without any mistake, for tests that break one thing in it.
const GOOD: &str = "version: 1\njob: backlog-triage\nflags: {urgent: false, ready: false, blocked: false}\n\
                    decide:\n  - {id: rest, action: skip}\n";

fn tiny() -> Value {
    world(json!([issue(1, "Broken", json!({}))]))
}

fn cases() -> Vec<PathBuf> {
    let folder = root().join("tests/broken");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    cases
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Copies a folder into the run's own, so that messages show no path of this machine.
fn copy(from: &Path, kaizen: &Kaizen, to: &str) {
    for entry in fs::read_dir(from).into_iter().flatten() {
        let path = entry.unwrap().path();
        let to = format!("{to}/{}", name(&path));
        if path.is_dir() {
            copy(&path, kaizen, &to);
        } else {
            kaizen.file(&to, &fs::read_to_string(&path).unwrap());
        }
    }
}

fn run(case: &Path) -> Ran {
    let kaizen = Kaizen::triage(&tiny());
    copy(&case.join("rules"), &kaizen, "rules");
    copy(&case.join("templates"), &kaizen, "templates");
    kaizen.format("text").args(["--rules", "rules"]).run()
}

/// The run of a rules folder that the test fills itself.
fn with_rules(fill: impl FnOnce(&Kaizen)) -> Ran {
    let kaizen = Kaizen::triage(&tiny());
    fill(&kaizen);
    kaizen.format("text").args(["--rules", "rules"]).run()
}

#[test]
fn every_mistake_is_told_as_its_snapshot_says() {
    let cases = cases();
    assert!(cases.len() >= 55, "only {} cases in tests/broken", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let told = || {
            let ran = run(&case);
            assert_eq!(ran.code, 78, "{}", ran.stderr);
            assert_eq!(ran.stdout, "", "stdout is for results");
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(&case);
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| insta::assert_snapshot!("expected", ran.stderr));
        };
        // The others are compared too: a change of wording shows all its effects in one run.
        if catch_unwind(AssertUnwindSafe(told)).is_err() {
            wrong.push(name(&case));
        }
    }
    assert!(wrong.is_empty(), "{} cases are not as expected: {}", wrong.len(), wrong.join(", "));
}

#[test]
fn every_message_has_a_place_and_the_last_line_counts_them() {
    let mut wrong = Vec::new();
    for case in cases() {
        let ran = run(&case);
        let places = ran.stderr.lines().filter(|line| line.trim_start().starts_with("--> ")).count();
        let told = ran.stderr.lines().filter(|line| line.starts_with("error: ")).count().saturating_sub(1);
        let count = format!("error: the rules have {places} {}", if places == 1 { "error" } else { "errors" });
        if places == 0 || places != told || !ran.stderr.lines().last().unwrap_or("").starts_with(&count) {
            wrong.push(format!("{}: {told} messages, {places} places\n{}", name(&case), ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_mistake_is_told_once() {
    // Names of cases say how many mistakes they hold; all the others hold one.
    let more = [
        ("flags-missing", 3),
        ("limits-text", 2),
        ("many-at-once", 25),
        ("sentence-two-mistakes", 2),
        ("type-and-of-numbers", 2),
        ("yaml-quoted-number", 2),
    ];
    let mut wrong = Vec::new();
    for case in cases() {
        let expected = more.iter().find(|(case_name, _)| *case_name == name(&case)).map_or(1, |(_, count)| *count);
        let ran = run(&case);
        let told = ran.stderr.lines().filter(|line| line.trim_start().starts_with("--> ")).count();
        if told != expected {
            wrong.push(format!("{}: {expected} expected, {told} told\n{}", name(&case), ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_usual_slips_have_their_own_help() {
    let slips = [
        ("extends-itself", "itself"),
        ("extends-one-file-twice", "twice"),
        ("key-in-order", "did you mean `desc`?"),
        ("pattern-escape-in-double-quotes", "single quotes"),
        ("sentence-number", "quote it: \"42\""),
        ("syntax-braces-bare", "`{{"),
        ("syntax-braces-quoted", "without `{{ }}`"),
        ("syntax-double-ampersand", "write `and`"),
        ("syntax-double-bar", "write `or`"),
        ("syntax-exclamation", "write `not`"),
        ("syntax-exclamation-bare", "write `not urgent`"),
        ("syntax-single-equals", "`==`"),
        ("template-macro", "include"),
        ("type-may-be-unknown", "`age_days is not none and age_days > 30`"),
        ("type-equals-none", "`is none`"),
        ("yaml-alias", "quote the whole text: \"*wip\""),
        ("yaml-braces-in-a-reason", "quote a value that begins with `{{`"),
        ("yaml-bracket-at-the-start", "quote the whole text: \"[bug] Tickets are printed twice\""),
        ("yaml-colon-in-a-reason", "quote a text that holds `: `"),
        ("yaml-double-quote-at-the-start", "quote the whole"),
        ("yaml-duplicate-key", "once"),
        ("yaml-duplicate-key-in-rule", "once"),
        ("yaml-no", "write `false`"),
        ("yaml-on", "write `true`"),
        ("yaml-quote-at-the-start", "quote the whole"),
        ("yaml-quoted-number", "write 3 without quotes"),
        ("yaml-tab", "no tabs"),
        ("yaml-two-documents", "one document"),
        ("yaml-yes", "write `true`"),
        ("yaml-yes-as-flag", "write `false`"),
    ];
    let mut wrong = Vec::new();
    for (case, help) in slips {
        let ran = run(&root().join("tests/broken").join(case));
        // Help for another slip than the one that was made leads astray.
        if !ran.stderr.contains(help) || (ran.stderr.contains("no tabs") && case != "yaml-tab") {
            wrong.push(format!("{case} should say {help}\n{}", ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_text_that_yaml_takes_for_something_else_is_mended_by_the_help() {
    let head = GOOD.split("decide:").next().unwrap();
    let block = |text: &str| format!("{head}decide:\n  - id: rest\n    action: skip\n    reason: {text}\n");
    let listed = |text: &str| {
        format!("{head}scope:\n  leave_out:\n    labels:\n      - {text}\ndecide: [{{id: rest, action: skip}}]\n")
    };
    let inside = |text: &str| format!("{head}decide:\n  - {{id: rest, action: skip, reason: {text}, observe: true}}\n");
    let run = |text: &str| with_rules(|kaizen| drop(kaizen.file("rules/backlog-triage.yaml", text)));
    let shapes: [&dyn Fn(&str) -> String; 3] = [&block, &listed, &inside];
    for text in
        ["[bug] of it", "{bug} of it", "*bold* of it", "@ada decides", "`code` of it", "% of it", "| of it", "> of it"]
    {
        for shape in shapes {
            let ran = run(&shape(text));
            assert_eq!(ran.code, 78, "{text}: {}", ran.stderr);
            let help = ran.stderr.split("quote the whole text: ").nth(1).unwrap_or_else(|| panic!("{}", ran.stderr));
            let quoted = help.split(['\n', ';']).next().unwrap();
            assert_eq!(quoted.trim_matches('"'), text, "{}", ran.stderr);
            let mended = run(&shape(quoted));
            assert_eq!(mended.code, 0, "{quoted}: {}", mended.stderr);
        }
    }
}

#[test]
fn the_nearest_names_are_looked_for_of_a_limited_number_of_slips() {
    let many = |what: &dyn Fn(usize) -> String| (0..600).map(what).collect::<Vec<_>>().join(", ");
    let (keys, set) = (many(&|n| format!("kez{n}: 1")), many(&|n| format!("word{n}x")));
    let known = many(&|n| format!("word{n}"));
    let labels = many(&|n| format!("word{n}: {{}}"));
    let head = "version: 1\njob: backlog-triage\nflags: {urgent: false, ready: false, blocked: false}\n";
    let decide = "decide: [{id: rest, action: skip}]\n";
    for text in [
        format!("{head}{decide}limits: {{{keys}}}\n"),
        format!("{head}{decide}scope: {{kinds: [{set}]}}\n"),
        format!("{head}{decide}labels: {{{labels}}}\nactions: {{a: {{add_labels: [{set}]}}}}\n"),
        format!("{head}{decide}actions: {{a: {{assign: [{set}]}}}}\n"),
    ] {
        let ran = with_rules(|kaizen| drop(kaizen.file("rules/backlog-triage.yaml", &text)));
        assert_eq!(ran.code, 78, "{}", &ran.stderr[..ran.stderr.len().min(500)]);
        let told = ran.stderr.matches("did you mean").count() + ran.stderr.matches("known here").count();
        assert!(told <= 200, "{told} of 600 are compared with all that is known");
        assert!(ran.stderr.matches("error: ").count() > 600, "all of them are told");
    }
    // Each kind of unknown name in 10,000 conditions of one file, and in one template as many as it has room for.
    let conditions = |when: &dyn Fn(usize) -> String| {
        let rule = |n: usize| format!("  - {{id: r{n}, when: \"{}\", action: skip}}\n", when(n));
        format!("{head}decide:\n{}", (0..10_000).map(rule).collect::<String>())
    };
    let rooms = |tag: &dyn Fn(usize) -> String| (0..1_200).map(tag).collect::<String>();
    let say = format!("{head}actions: {{say: {{comment: say.md.j2}}}}\ndecide: [{{id: rest, action: say}}]\n");
    for (text, template, least) in [
        (conditions(&|n| format!("titel{n} == 'x'")), String::new(), 10_000),
        (conditions(&|n| format!("labels | lenght{n} > 1")), String::new(), 10_000),
        (conditions(&|n| format!("kind == 'isue{n}'")), String::new(), 10_000),
        (say.clone(), rooms(&|n| format!("{{{{ titel{n} }}}}")), 1_200),
        (say.clone(), rooms(&|n| format!("{{{{ title|uper{n} }}}}")), 1_200),
        (say.clone(), rooms(&|n| format!("{{% include 's{n}' %}}")), 1_200),
        (say, format!("{{% for x in labels %}}{}{{% endfor %}}", rooms(&|n| format!("{{{{ loop.frst{n} }}}}"))), 1_200),
    ] {
        let ran = with_rules(|kaizen| {
            kaizen.file("rules/backlog-triage.yaml", &text);
            kaizen.file("templates/backlog-triage/say.md.j2", &template);
        });
        let start: String = ran.stderr.chars().take(600).collect();
        assert_eq!(ran.code, 78, "{start}");
        let told = ran.stderr.matches("did you mean").count() + ran.stderr.matches("known here").count();
        assert!((1..=200).contains(&told), "{told} names are compared with all that is known: {start}");
        let problems = ran.stderr.matches("error: ").count();
        assert!(problems >= least, "{problems} of {least} are told: {start}");
    }
    // What is changed is in another file.
    let ran = with_rules(|kaizen| {
        kaizen.file("rules/words.yaml", &format!("version: 1\nkeywords: {{bug: [{known}]}}\n"));
        let text = format!("{head}{decide}extends: [words.yaml]\nkeywords: {{bug: {{except: [{set}]}}}}\n");
        kaizen.file("rules/backlog-triage.yaml", &text);
    });
    let told = ran.stderr.matches("did you mean").count();
    assert!(ran.code == 78 && (1..=200).contains(&told), "{told}: {}", &ran.stderr[..ran.stderr.len().min(500)]);
}

#[test]
fn no_help_repeats_what_the_file_already_does() {
    let not = [
        ("pattern-bad-regex", "single quotes"), // it stands in single quotes
        ("timezone-number", "quote it"),        // "2" is no zone either
        ("type-condition-is-42", "quote it"),   // "42" is no condition either
    ];
    let mut wrong = Vec::new();
    for (case, help) in not {
        let ran = run(&root().join("tests/broken").join(case));
        if ran.stderr.contains(help) {
            wrong.push(format!("{case} says {help}\n{}", ran.stderr));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_message_speaks_of_the_inside_of_a_library() {
    let inside = ["DuplicateKeyPolicy", "budget", "replay", "scalar", "recursion limit", "indicator", "Documents {"];
    let mut wrong = Vec::new();
    for case in cases() {
        let ran = run(&case);
        // The lines of the files themselves may say anything.
        let told = ran.stderr.lines().filter(|line| line.starts_with("error: ") || line.contains("= help: "));
        let found: Vec<&str> = told.filter(|line| inside.iter().any(|word| line.contains(word))).collect();
        if !found.is_empty() {
            wrong.push(format!("{}: {}", name(&case), found.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_snapshot_belongs_to_a_case() {
    for case in cases() {
        assert!(case.join("rules/backlog-triage.yaml").is_file(), "{} holds no rules", case.display());
        assert!(case.join("expected.snap").is_file(), "{} has no snapshot", case.display());
    }
}

#[test]
fn the_file_that_the_tests_break_is_good() {
    let ran = with_rules(|kaizen| {
        kaizen.file("rules/backlog-triage.yaml", GOOD);
    });
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn a_file_of_two_megabytes_is_refused_unread() {
    let ran = with_rules(|kaizen| {
        kaizen.file("rules/backlog-triage.yaml", &format!("{GOOD}# {}\n", "x".repeat(2 << 20)));
    });
    assert_eq!((ran.code, ran.stdout.as_str()), (78, ""), "{}", ran.stderr);
    assert!(ran.stderr.len() < 1_000, "the long line is not shown");
    insta::assert_snapshot!(ran.stderr);
}

#[test]
fn a_file_that_is_not_utf8_is_told_with_its_name() {
    let ran = with_rules(|kaizen| {
        kaizen.file("rules/backlog-triage.yaml", GOOD);
        let latin1 = [GOOD.as_bytes(), b"# gr\xf6\xdfer\n"].concat();
        fs::write(kaizen.folder().join("rules/backlog-triage.yaml"), latin1).unwrap();
    });
    assert_eq!((ran.code, ran.stdout.as_str()), (78, ""), "{}", ran.stderr);
    // The fault is in the sixth line, at its fifth character.
    assert!(ran.stderr.contains("rules/backlog-triage.yaml:6:5"), "{}", ran.stderr);
    assert!(ran.stderr.contains("UTF-8"), "{}", ran.stderr);
}

#[test]
fn a_rules_folder_that_does_not_exist_is_a_mistake_of_usage() {
    let ran = with_rules(|_| {});
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    insta::assert_snapshot!(ran.stderr);
}

#[test]
fn a_rules_folder_that_is_a_file_is_a_mistake_of_usage() {
    let ran = with_rules(|kaizen| {
        kaizen.file("rules", GOOD);
    });
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    insta::assert_snapshot!(ran.stderr);
}

#[test]
fn a_rules_folder_without_a_file_for_the_job_is_a_mistake_of_usage() {
    let ran = with_rules(|kaizen| {
        kaizen.file("rules/backlog-traige.yaml", GOOD);
        kaizen.file("rules/common.yaml", "version: 1\n");
    });
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    insta::assert_snapshot!(ran.stderr);
}

#[test]
fn an_empty_rules_folder_is_a_mistake_of_usage() {
    let ran = with_rules(|kaizen| fs::create_dir(kaizen.folder().join("rules")).unwrap());
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    insta::assert_snapshot!(ran.stderr);
}
