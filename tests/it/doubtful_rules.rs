//! What people read when rules are right and probably not meant.
//!
//! Takes: the folders of `tests/doubtful`, each one doubt, made as those of `tests/broken` are. Gives:
//! the answers of `kaizen rules check`, compared with `expected.snap` beside the doubt. To add one:
//! make the folder, run these tests with `INSTA_UPDATE=always`, and read `expected.snap` as if you had
//! never seen the program.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::support::{Kaizen, Ran, root};

fn cases(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

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

fn check(case: &Path, args: &[&str]) -> Ran {
    let kaizen = Kaizen::bare();
    copy(&case.join("rules"), &kaizen, "rules");
    copy(&case.join("templates"), &kaizen, "templates");
    kaizen.args(["rules", "check", "rules"]).args(args.iter().copied()).run()
}

#[test]
fn every_doubt_is_told_as_its_snapshot_says() {
    let cases = cases("tests/doubtful");
    assert!(cases.len() >= 35, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let told = || {
            let ran = check(&case, &[]);
            assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(&case);
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| insta::assert_snapshot!("expected", ran.stdout));
        };
        if catch_unwind(AssertUnwindSafe(told)).is_err() {
            wrong.push(name(&case));
        }
    }
    assert!(wrong.is_empty(), "{} cases are not as expected: {}", wrong.len(), wrong.join(", "));
}

#[test]
fn one_doubt_is_told_once_with_a_place_and_help_and_can_be_denied() {
    let more = [
        ("unused-action", 1),
        ("unused-template-with-a-slip", 2),
        ("rule-behind-a-larger-set", 2),
        ("sink-with-the-forges-token", 4),
        ("sink-outside-the-reports", 4),
    ];
    let mut wrong = Vec::new();
    for case in cases("tests/doubtful") {
        let expected = more.iter().find(|(known, _)| *known == name(&case)).map_or(1, |(_, count)| *count);
        let ran = check(&case, &["--deny-warnings"]);
        let lines = |start: &str| ran.stdout.lines().filter(|line| line.trim_start().starts_with(start)).count();
        let found = (ran.code, lines("warning: "), lines("--> "), lines("= help: "));
        // The help of a name that nothing is like may be missing.
        if found.0 != 3 || found.1 != expected || found.2 != expected || found.3 != expected {
            wrong.push(format!("{}: {found:?}\n{}", name(&case), ran.stdout));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_run_refuses_the_check_tells_in_the_same_words() {
    let mut wrong = Vec::new();
    for case in cases("tests/broken") {
        let kaizen = Kaizen::bare();
        copy(&case.join("rules"), &kaizen, "rules");
        copy(&case.join("templates"), &kaizen, "templates");
        let ran = kaizen.args(["rules", "check", "rules"]).run();
        let told = fs::read_to_string(case.join("expected.snap")).unwrap();
        let (_, told) = told.split_once("\n---\n").unwrap();
        // All but the last line, which says what it means for a run.
        let told = told.trim_end().rsplit_once('\n').unwrap().0;
        let missing = told.split("\nerror: ").find(|part| {
            let part = part.trim_start_matches("error: ").trim_end();
            !ran.stdout.contains(part)
        });
        if ran.code != 78 || missing.is_some() {
            wrong.push(format!("{} ends with {}: {missing:?}\n{}", name(&case), ran.code, ran.stdout));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_shipped_rules_and_those_of_the_tests_leave_no_doubt() {
    for folder in ["rules", "tests/reference/rules"] {
        let path = root().join(folder);
        let ran = Kaizen::bare().args(["rules", "check", "--deny-warnings"]).args([&path]).run();
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{folder}\n{}", ran.stdout);
    }
    let ran = Kaizen::bare().args(["rules", "check", "--deny-warnings"]).run();
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "built in\n{}", ran.stdout);
}
