//! A run as Markdown: for `GITHUB_STEP_SUMMARY`, a comment, a file.
//!
//! Takes: a [`TriageRun`]. Gives: Markdown that renders alike on Gitea, Forgejo and GitHub. Other
//! people's text can neither ping nor link in it, and items are named so that naming them leaves
//! no trace on them (fact 105).

use super::unmatched::UnmatchedNames;
use super::{ItemRow, TriageRun, by_rule};
use crate::engine::untrusted::{cut, markdown};
use crate::plan::choice::ItemState;

/// Rows of a section at most: a step summary holds 1 MiB.
const ROWS: usize = 50;

/// Characters of the words of one set that matched nothing.
const WORDS: usize = 2_000;

/// The whole report.
#[must_use]
pub fn render(run: &TriageRun<'_>) -> String {
    let totals = run.totals;
    let mut out = vec![
        format!("## {}: {} at {}", run.policy.name, run.name(), run.generated_at),
        String::new(),
        format!(
            "| open | looked at | ready | {} | unchanged | waiting | left alone | deferred | dropped | failed |",
            if run.outcomes.is_some() { "acted on" } else { "to act on" }
        ),
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |".to_owned(),
        format!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            totals.open,
            totals.scored,
            totals.ready,
            totals.acted,
            totals.unchanged,
            totals.waiting,
            totals.skipped,
            totals.deferred,
            totals.dropped,
            totals.failed
        ),
    ];
    let sections = [
        ("Acted", ItemState::Done),
        ("Would act", ItemState::Planned),
        ("Waiting for an agent to finish something", ItemState::Waiting),
        ("Deferred to the next run", ItemState::Deferred),
        ("Unchanged: done before", ItemState::Unchanged),
        ("Dropped", ItemState::Dropped),
        ("Failed", ItemState::Failed),
    ];
    for (title, state) in sections {
        let rows: Vec<&ItemRow<'_>> =
            run.order.iter().map(|index| &run.rows[*index]).filter(|row| row.state == state).collect();
        if rows.is_empty() {
            continue;
        }
        let folded = !matches!(state, ItemState::Planned | ItemState::Done | ItemState::Failed);
        open(&mut out, &format!("{title} ({})", rows.len()), folded);
        out.push("| item | score | type | decision | title | why |".to_owned());
        out.push("| --- | ---: | --- | --- | --- | --- |".to_owned());
        out.extend(rows.iter().take(ROWS).map(|row| line(run, row)));
        if rows.len() > ROWS {
            out.push(String::new());
            out.push(format!("… and {} more.", rows.len() - ROWS));
        }
        close(&mut out, folded);
    }
    let groups = by_rule(run, &run.rows);
    if !groups.is_empty() {
        open(&mut out, &format!("Left alone ({})", totals.skipped), true);
        out.push("| rule | items | for example |".to_owned());
        out.push("| --- | ---: | --- |".to_owned());
        for group in groups {
            out.push(format!(
                "| `{}` | {} | {}: {} |",
                group.rule,
                group.count,
                quiet(&group.item),
                markdown(&cut(group.whys.first().unwrap_or(&""), 100))
            ));
        }
        close(&mut out, true);
    }
    if let Some((unmatched, sentence)) = UnmatchedNames::of(run).and_then(|it| it.sentence().map(|told| (it, told))) {
        open(&mut out, &sentence, true);
        let rules = unmatched.rules.iter().map(|rule| format!("`{rule}`")).collect::<Vec<_>>().join(", ");
        out.extend((!rules.is_empty()).then(|| format!("- rules: {rules}")));
        let words =
            |(set, words): (&&str, &Vec<&str>)| format!("- {set}: {}", markdown(&cut(&words.join(", "), WORDS)));
        out.extend(unmatched.words.iter().map(words));
        close(&mut out, true);
    }
    let notes: Vec<String> =
        run.warnings.iter().chain(&run.why_incomplete).map(|sentence| format!("- {}", markdown(sentence))).collect();
    if !notes.is_empty() {
        out.push(String::new());
        out.push("### Notes".to_owned());
        out.push(String::new());
        out.extend(notes);
    }
    out.push(String::new());
    out.join("\n")
}

fn open(out: &mut Vec<String>, title: &str, folded: bool) {
    out.push(String::new());
    out.push(if folded { format!("<details><summary>{title}</summary>") } else { format!("### {title}") });
    out.push(String::new());
}

fn close(out: &mut Vec<String>, folded: bool) {
    if folded {
        out.push(String::new());
        out.push("</details>".to_owned());
    }
}

fn line(run: &TriageRun<'_>, row: &ItemRow<'_>) -> String {
    let policy = run.policy;
    let agent = row.agent(policy).map(|agent| format!(" → {}", markdown(agent))).unwrap_or_default();
    let urgent = if row.flag(policy, "urgent") == Some(true) { " **urgent**" } else { "" };
    format!(
        "| {} | {} | {}{urgent} | {}{agent} | {} | {} |",
        quiet(&run.item(row)),
        row.judgement.score,
        markdown(row.judgement.ty.unwrap_or("unknown")),
        markdown(row.action(policy)),
        markdown(&cut(&row.judgement.title, 80)),
        markdown(&cut(row.why(), 100)),
    )
}

/// `#12` or `owner/name#12` as plain text that is no reference.
fn quiet(item: &str) -> String {
    markdown(item)
}
