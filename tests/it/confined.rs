//! Rules of a stranger do nothing but produce an error, in little time and little memory.
//!
//! Takes: rules, templates and cases that double texts, never end, nest, expand, look for files and ask for
//! the environment. Gives: an error of the checks that names what was judged, a time and an amount of
//! memory that are bounded by the system, no process and no file but those of the rules.

use std::time::Instant;

use crate::support::{Kaizen, NOW, Ran, root};

/// The most seconds that a hostile folder takes.
const SECONDS: u64 = 30;

fn shipped(file: &str) -> String {
    std::fs::read_to_string(root().join("rules").join(file)).unwrap()
}

/// `rules <command>` over the shipped rules with one file changed or added.
fn judged(command: &[&str], file: &str, text: &str) -> Ran {
    let kaizen = Kaizen::bare();
    for name in ["backlog-triage.yaml", "common.yaml"] {
        kaizen.file(&format!("rules/{name}"), &shipped(name));
    }
    kaizen.file(file, text);
    let started = Instant::now();
    let ran = kaizen.args(["rules"]).args(command).env("KAIZEN_TOKEN", "s3cret").run();
    // A bound that a machine under load keeps too: what is limited is time of the processor.
    assert!(started.elapsed().as_secs() < SECONDS, "{command:?} on {file}: {:?}", started.elapsed());
    assert!(!ran.stdout.contains("s3cret") && !ran.stderr.contains("s3cret"), "{}{}", ran.stdout, ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran
}

const CASE: &str = "version: 1\nnow: 2026-11-20T12:00:00Z\ncases:\n  - name: handed out\n    given: {title: \"[bug] src/a.rs fails\", body: \"It should return and must pass.\"}\n    expect: {text: [Handed]}\n";

/// The decision's template, with a case that renders it.
fn rendered(template: &str) -> Ran {
    let kaizen = Kaizen::bare();
    for name in ["backlog-triage.yaml", "common.yaml"] {
        kaizen.file(&format!("rules/{name}"), &shipped(name));
    }
    kaizen.file("rules/tests/backlog-triage.yaml", CASE);
    kaizen.file("templates/backlog-triage/decision.md.j2", template);
    kaizen.args(["rules", "test"]).env("KAIZEN_TOKEN", "s3cret").run()
}

#[test]
fn a_template_that_doubles_a_text_is_refused_or_cut() {
    let doubling = "{% set text = 'x' %}{% for n in range(60) %}{% set text = text ~ text %}{% endfor %}{{ text }}";
    let nested = format!("{{% set a = 'xxxxxxxx' %}}{}{{{{ a }}}}", "{% set a = a ~ a %}".repeat(40));
    let joined = format!("{{% set a = 'xxxxxxxx' %}}{}{{{{ a }}}}", "{% set a = [a, a] | join %}".repeat(60));
    for template in [doubling, &nested] {
        let ran = rendered(template);
        assert_eq!(ran.code, 78, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stderr.contains("has no `~`"), "{}", ran.stderr);
    }
    // What is joined is cut, so that the case only fails.
    let ran = rendered(&joined);
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_template_that_never_ends_runs_out_of_steps() {
    let endless = "{% for a in range(10000) %}{% for b in range(10000) %}{{ a }}{% endfor %}{% endfor %}";
    let ran = rendered(endless);
    assert!(ran.code == 3 || ran.code == 78, "{}: {}{}", ran.code, ran.stdout, ran.stderr);
}

#[test]
fn a_template_reads_no_environment_and_no_other_file() {
    for template in [
        "{{ env }}",
        "{{ environment('KAIZEN_TOKEN') }}",
        "{{ debug() }}",
        "{% include '/etc/passwd' %}",
        "{% include '../../rules/common.yaml' %}",
        "{% import 'shared/footer.md.j2' as f %}",
    ] {
        let ran = rendered(template);
        assert_eq!(ran.code, 78, "{template}: {}{}", ran.stdout, ran.stderr);
        let told = ran.stdout.clone() + &ran.stderr;
        assert!(told.contains("decision.md.j2") && !told.contains("root:x:") && !told.contains("s3cret"), "{told}");
    }
}

#[test]
fn hostile_rule_files_are_errors() {
    let deep = format!("version: 1\njob: backlog-triage\nflags: {}\n", "[".repeat(100_000));
    let aliases = format!(
        "version: 1\njob: backlog-triage\nkeywords:\n  a0: &a0 [x, y, z]\n{}",
        (1..40).map(|n| format!("  a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1)).collect::<String>()
    );
    let regexes = format!(
        "version: 1\nextends: []\nkeywords: {{}}\npatterns:\n{}",
        (0..2_000)
            .map(|n| format!("  p{n}: {{regex: '(?:\\pL{{1,900}}\\w{{1,90}}){{1,9}}{n}'}}\n"))
            .collect::<String>()
    );
    let long = format!("version: 1\njob: backlog-triage\nflags:\n  a: {}true\n", "not ".repeat(400_000));
    let shipped = shipped("backlog-triage.yaml");
    let outside = shipped.replace("extends: [common.yaml]", "extends: [../../../../etc/passwd]");
    for text in [&deep, &aliases, &regexes, &long, &outside] {
        for command in [&["check"][..], &["test"]] {
            let ran = judged(command, "rules/backlog-triage.yaml", text);
            assert_eq!(ran.code, 78, "{command:?} {:.60}: {:.2000}{:.2000}", text, ran.stdout, ran.stderr);
        }
    }
}

#[test]
#[cfg(unix)]
fn a_link_out_of_the_folders_is_not_followed() {
    let kaizen = Kaizen::bare();
    let secret = kaizen.file("elsewhere/secret.yaml", "hidden: s3cret\n");
    kaizen.file("set/rules/backlog-triage.yaml", &shipped("backlog-triage.yaml"));
    kaizen.file("set/rules/common.yaml", &shipped("common.yaml"));
    std::os::unix::fs::symlink(&secret, kaizen.folder().join("set/rules/other.yaml")).unwrap();
    let ran = kaizen.args(["rules", "check", "set/rules"]).run();
    assert_ne!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let told = ran.stdout.clone() + &ran.stderr;
    assert!(told.contains("other.yaml") && !told.contains("s3cret") && !told.contains("hidden"), "{told}");
}

/// The child is the same program: what it prints and how it ends reach the caller as they are.
#[test]
fn an_honest_folder_is_judged_as_before() {
    let ran = judged(&["check", "rules"], "rules/tests/backlog-triage.yaml", CASE);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let ran = judged(&["test", "--now", NOW], "rules/tests/backlog-triage.yaml", CASE);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}
