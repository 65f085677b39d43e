//! The workflows that `init` writes.
//!
//! Takes: the job, where its rules lie, the answers. Gives: their paths and texts, and what one should
//! know about the folder. A job has one that runs it; its rules have one that shows on a pull request
//! what a change of them does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::Wish;
use super::record::Record;
use crate::forge::workflows;

/// The line of a workflow that names the runner.
const RUNS_ON: &str = "    runs-on: ubuntu-latest\n";
/// The review of a change of rules.
const REVIEW: &str = "rules-review";
/// What it looks at beside `.kaizen`, where rules may lie too.
const ELSEWHERE: &str = "      - \"rules/**\"\n      - \"templates/**\"\n";

/// Workflows to write.
#[derive(Debug, Default)]
pub(super) struct Workflows {
    /// By path below the top of the checkout.
    pub(super) texts: BTreeMap<String, String>,
    /// What one should know.
    pub(super) notes: Vec<String>,
}

/// The workflows of a job. What was answered goes into the record; `inside` says that its rules lie in
/// `.kaizen`.
pub(super) fn of(top: &Path, job: &str, inside: bool, wish: &Wish, record: &mut Record) -> Workflows {
    let mut all = Workflows::default();
    record.runs_on = wish.runs_on.clone().or_else(|| record.runs_on.take());
    record.review = wish.review.or(record.review);
    let Some(text) = workflows::text(job) else { return all };
    let folder = match wish.workflows.clone().or_else(|| record.workflows.take()) {
        Some(folder) => folder,
        None => {
            let (folder, note) = workflows::folder(wish.host.as_deref(), &|folder| in_use(&top.join(folder)));
            all.notes.extend(note);
            folder.to_owned()
        }
    };
    let runs_on = record.runs_on.as_ref().map(|label| format!("    runs-on: {label}\n"));
    let mut add = |name: &str, text: String| {
        let text = runs_on.as_ref().map_or(text.clone(), |line| text.replacen(RUNS_ON, line, 1));
        all.texts.insert(format!("{folder}/{name}.yml"), text);
    };
    add(job, text.to_owned());
    let review = workflows::text(REVIEW).filter(|_| record.review != Some(false));
    if let Some(text) = review {
        // Other people's folders of these names are none of ours.
        add(REVIEW, if inside { text.replacen(ELSEWHERE, "", 1) } else { text.to_owned() });
    } else if top.join(format!("{folder}/{REVIEW}.yml")).is_file() {
        all.notes.push(format!("{folder}/{REVIEW}.yml still stands: remove it to end the review of pull requests"));
    }
    record.workflows = Some(folder);
    all
}

/// A folder of workflows is in use if it holds a file: git knows no empty ones.
fn in_use(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| entries.flatten().next().is_some())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_that_are_changed_are_there() {
        let text = workflows::text(REVIEW).unwrap();
        assert!(text.contains(ELSEWHERE) && text.contains("      - \".kaizen/**\"\n"), "{text}");
        for name in ["backlog-triage", REVIEW] {
            assert!(workflows::text(name).unwrap().contains(RUNS_ON), "{name}");
        }
    }
}
