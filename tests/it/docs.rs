//! What the code cites stands in `docs/`.
//!
//! Takes: the texts of `src`, `tests/it`, `rules` and the workflows. Gives: a failure that names
//! the file and the number of a fact, or the id of a deviation, that `docs/` does not hold.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::root;

/// Files with one of these endings below a folder.
fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|one| ending == *one)) {
                found.push(path);
            }
        }
    }
    found
}

fn cited(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = regex::Regex::new(pattern).unwrap();
    let number = regex::Regex::new("[A-Z]?[0-9]+").unwrap();
    let each = pattern.captures_iter(text).flat_map(|found| {
        let all = found.get(1).unwrap().as_str().to_owned();
        number.find_iter(&all).map(|one| one.as_str().to_owned()).collect::<Vec<_>>()
    });
    each.collect()
}

/// Facts about forges: `fact 40`, `facts 39, 42`, `facts 2 to 4`.
const FACTS: &str = r"\bfacts? ((?:[0-9]+(?:, | and | to )?)+)";
/// Ids of deviations in parentheses or a list of them: `(T12)`, `R04, R05`.
const IDS: &str = r"\b([TRIPG][0-9]{2})\b(?:[^:\-0-9]|$)";

#[test]
fn citations_are_recognised_in_every_form() {
    let facts = cited(FACTS, "see fact 40 and facts 39, 42; facts 2 to 4. A factor 9, artefacts 7.");
    assert_eq!(facts.into_iter().collect::<Vec<_>>(), ["2", "39", "4", "40", "42"]);
    let ids = cited(IDS, "(T12) R04, P08\nat 2026-01-01T06:00:00Z");
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["P08", "R04", "T12"]);
}

#[test]
fn every_fact_and_every_deviation_that_is_cited_is_in_the_docs() {
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let (facts, ids) = (read(&root().join("docs/forges.md")), read(&root().join("docs/deviations.md")));
    let ids = cited(r"(?m)^\| ((?:[A-Z][0-9]{2}(?:, )?)+)", &ids);
    let (mut missing, mut count) = (Vec::new(), 0);
    for folder in ["src", "tests/it", "tests/reference", "rules", "templates", ".gitea"] {
        for path in files(folder, &["rs", "yaml", "yml", "j2"]) {
            let text = read(&path);
            // The examples above are none.
            if path.ends_with("it/docs.rs") {
                continue;
            }
            for fact in cited(FACTS, &text) {
                count += 1;
                if !facts.contains(&format!("\n**{fact}.** ")) {
                    missing.push(format!("{}: fact {fact}", path.display()));
                }
            }
            for id in cited(IDS, &text) {
                count += 1;
                if !ids.contains(&id) {
                    missing.push(format!("{}: {id}", path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "not in docs/:\n{}", missing.join("\n"));
    assert!(count > 100, "only {count} citations were seen");
}

#[test]
fn what_the_page_of_the_architecture_names_is_there() {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let path = regex::Regex::new(r"`([a-z_]+(?:/[a-z_]+)*\.rs)`").unwrap();
    let below = |path: &str| ["src", ""].iter().any(|folder| root().join(folder).join(path).exists());
    let named: Vec<String> = path.captures_iter(&page).map(|found| found[1].to_owned()).collect();
    // A file is named by itself where the one before it stands in the same folder.
    let mut folder = String::new();
    let mut missing = Vec::new();
    for name in &named {
        let beside = format!("{folder}/{name}");
        if !below(name) && !below(&beside) {
            missing.push(name.clone());
        }
        if let Some((before, _)) = name.rsplit_once('/') {
            folder = before.to_owned();
        }
    }
    assert!(missing.is_empty(), "docs/architecture.md names {missing:?}");
    assert!(named.len() > 30, "only {} paths were seen", named.len());
}
