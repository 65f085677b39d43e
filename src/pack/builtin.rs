//! The rules and templates that are built into the program, so that it runs without any files.
//!
//! Takes: a job. Gives: its rule files and templates. A test holds this list to the folders.

use std::collections::BTreeMap;

use crate::engine::source::Source;
use crate::language::{RUN, schema};

const RULES: &[(&str, &str)] = &[
    ("backlog-triage.yaml", include_str!("../../rules/backlog-triage.yaml")),
    ("improvement-proposals.yaml", include_str!("../../rules/improvement-proposals.yaml")),
    ("common.yaml", include_str!("../../rules/common.yaml")),
    ("cycle-retro.yaml", include_str!("../../rules/cycle-retro.yaml")),
    ("kaizen-retro.yaml", include_str!("../../rules/kaizen-retro.yaml")),
    ("loop-guard.yaml", include_str!("../../rules/loop-guard.yaml")),
    ("loop-introspect.yaml", include_str!("../../rules/loop-introspect.yaml")),
    ("triage-score.yaml", include_str!("../../rules/triage-score.yaml")),
];

const SCHEMA: &str = include_str!("../../rules/kaizen.schema.json");

const TEMPLATES: &[(&str, &str)] = &[
    ("backlog-triage/decision.md.j2", include_str!("../../templates/backlog-triage/decision.md.j2")),
    ("backlog-triage/summary.md.j2", include_str!("../../templates/backlog-triage/summary.md.j2")),
    ("improvement-proposals/gone.md.j2", include_str!("../../templates/improvement-proposals/gone.md.j2")),
    ("improvement-proposals/issue.md.j2", include_str!("../../templates/improvement-proposals/issue.md.j2")),
    ("improvement-proposals/report.md.j2", include_str!("../../templates/improvement-proposals/report.md.j2")),
    ("kaizen-retro/report.md.j2", include_str!("../../templates/kaizen-retro/report.md.j2")),
    ("loop-introspect/summary.md.j2", include_str!("../../templates/loop-introspect/summary.md.j2")),
    ("run/reason.md.j2", include_str!("../../templates/run/reason.md.j2")),
    ("run/summary.md.j2", include_str!("../../templates/run/summary.md.j2")),
    ("shared/footer.md.j2", include_str!("../../templates/shared/footer.md.j2")),
    ("shared/replaced.md.j2", include_str!("../../templates/shared/replaced.md.j2")),
    ("shared/unheard.md.j2", include_str!("../../templates/shared/unheard.md.j2")),
];

const CASES: &[(&str, &str)] = &[
    ("backlog-triage.yaml", include_str!("../../rules/tests/backlog-triage.yaml")),
    ("improvement-proposals.yaml", include_str!("../../rules/tests/improvement-proposals.yaml")),
    ("kaizen-retro.yaml", include_str!("../../rules/tests/kaizen-retro.yaml")),
    ("loop-introspect.yaml", include_str!("../../rules/tests/loop-introspect.yaml")),
];

/// The built-in cases of a job.
pub(super) fn cases(job: &str) -> Option<Source> {
    let file = format!("{job}.yaml");
    let (name, text) = CASES.iter().find(|(name, _)| *name == file)?;
    Some(Source::new(format!("(built-in) rules/tests/{name}"), *text))
}

/// Every built-in rule file by name.
pub(super) fn rules() -> BTreeMap<String, Source> {
    RULES
        .iter()
        .map(|(name, text)| ((*name).to_owned(), Source::new(format!("(built-in) rules/{name}"), *text)))
        .collect()
}

/// The built-in templates of a job, and the shared ones. A policy has none of its own name: those of `run` are there
/// for each.
pub(super) fn templates(job: &str) -> BTreeMap<String, Source> {
    let known = RULES.iter().any(|(name, _)| name.strip_suffix(".yaml") == Some(job));
    let prefix = format!("{}/", if known { job } else { RUN });
    let own = TEMPLATES.iter().filter(|(name, _)| name.starts_with(&prefix) || name.starts_with("shared/"));
    own.map(|(name, text)| {
        let short = name.strip_prefix(&prefix).unwrap_or(name);
        (short.to_owned(), Source::new(format!("(built-in) templates/{name}"), *text))
    })
    .collect()
}

/// The rule files that a job reads and its templates, by their paths in the folders.
pub(super) fn paths(job: &str, shared: &[&str]) -> BTreeMap<String, String> {
    let of_job = |name: &str| name.strip_suffix(".yaml").is_some_and(|stem| stem == job || shared.contains(&stem));
    let rules = RULES.iter().filter(|(name, _)| of_job(name)).map(|(name, text)| (format!("rules/{name}"), *text));
    let prefix = format!("{job}/");
    let templates = TEMPLATES.iter().filter(|(name, _)| name.starts_with(&prefix) || name.starts_with("shared/"));
    let templates = templates.map(|(name, text)| (format!("templates/{name}"), *text));
    // The schema that the rule files name goes where they go.
    let schema = [(format!("rules/{}", schema::FILE_NAME), SCHEMA)];
    rules.chain(schema).chain(templates).map(|(path, text)| (path, text.to_owned())).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::Path;

    #[test]
    fn everything_in_the_folders_is_built_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut there = Vec::new();
        for folder in ["rules", "templates"] {
            let mut open = vec![root.join(folder)];
            while let Some(folder) = open.pop() {
                for entry in std::fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        open.push(path);
                    } else {
                        there.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
                    }
                }
            }
        }
        let rules = super::RULES.iter().map(|(name, _)| format!("rules/{name}"));
        let cases = super::CASES.iter().map(|(name, _)| format!("rules/tests/{name}"));
        let rules = rules.chain(cases).chain([format!("rules/{}", super::schema::FILE_NAME)]);
        let mut built_in: Vec<String> =
            rules.chain(super::TEMPLATES.iter().map(|(name, _)| format!("templates/{name}"))).collect();
        there.sort();
        built_in.sort();
        assert_eq!(there, built_in);
    }
}
