//! The list of runs, for people and programs.
//!
//! Takes: [`PastRun`]s, oldest first. Gives: text, Markdown, JSON. Names of jobs and forges are other people's
//! words in each. Pure.

use serde_json::{Value, json};

use super::runs::PastRun;
use crate::engine::untrusted::{markdown, terminal};
use crate::report::table::{Alignment, lay_out};

/// As JSON.
#[must_use]
pub fn json(runs: &[PastRun], generated_at: &str, warnings: &[String]) -> Value {
    json!({
        "job": "runs", "generated_at": generated_at, "complete": warnings.is_empty(), "warnings": warnings,
        "totals": {"runs": runs.len(), "unended": runs.iter().filter(|run| run.ended.is_none()).count()},
        "runs": runs,
    })
}

/// For a terminal.
#[must_use]
pub fn text(runs: &[PastRun]) -> String {
    if runs.is_empty() {
        return "No run is recorded.\n".to_owned();
    }
    let row = |run: &PastRun| {
        let word = |text: &Option<String>| terminal(text.as_deref().unwrap_or("?"));
        vec![
            terminal(&run.run),
            word(&run.job),
            word(&run.started),
            run.writes.to_string(),
            if run.writes == 1 { "write" } else { "writes" }.to_owned(),
            terminal(&describe(run)),
        ]
    };
    let rows: Vec<Vec<String>> = runs.iter().map(row).collect();
    let sides = [Alignment::Left, Alignment::Left, Alignment::Left, Alignment::Right, Alignment::Left, Alignment::Left];
    lay_out(&rows, &sides, usize::MAX).join("\n") + "\n"
}

/// For a comment or a file.
#[must_use]
pub fn in_markdown(runs: &[PastRun]) -> String {
    if runs.is_empty() {
        return "No run is recorded.\n".to_owned();
    }
    let mut out = "| run | job | started | writes | |\n| --- | --- | --- | ---: | --- |\n".to_owned();
    for run in runs {
        let word = |text: &Option<String>| markdown(text.as_deref().unwrap_or("?"));
        let cells = [&markdown(&run.run), &word(&run.job), &word(&run.started), &run.writes.to_string()];
        let cells: Vec<&str> = cells.into_iter().map(String::as_str).collect();
        out.push_str(&format!("| {} | {} |\n", cells.join(" | "), markdown(&describe(run))));
    }
    out
}

/// How a run ended, its figures that are not zero, and what became of it.
fn describe(run: &PastRun) -> String {
    let mut parts = Vec::new();
    match (&run.ended, run.exit) {
        (None, _) => parts.push("began and never ended".to_owned()),
        (Some(_), Some(0) | None) => {}
        (Some(_), Some(code)) => parts.push(format!("ended with {code}")),
    }
    parts.extend(run.undoes.as_ref().filter(|_| run.writes > 0).map(|of| format!("undid {of}")));
    parts.extend(run.undone_by.last().map(|by| format!("undone by {by}")));
    let totals = run.totals.as_ref().and_then(Value::as_object).into_iter().flatten();
    let counts: Vec<String> = totals
        .filter_map(|(name, count)| Some((name, count.as_u64()?)))
        .filter(|(name, count)| *count > 0 && name.as_str() != "timelines")
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    if !counts.is_empty() {
        parts.push(counts.join(", "));
    }
    parts.join("; ")
}
