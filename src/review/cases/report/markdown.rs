//! A test of rules as Markdown: for a step summary, a comment, a file.
//!
//! Takes: [`TestReport`]. Gives: Markdown in which what rules and cases say can neither ping nor link.

use super::{TestReport, number_of, of_kind, text};
use crate::engine::untrusted::{cut, markdown};
use crate::review::cases::line;
use crate::review::mutate::MAX_MUTANTS;

/// Rows of a list at most: a step summary holds 1 MiB.
const LISTED: usize = 50;
/// Characters of one value.
const VALUE: usize = 200;

/// The whole report.
#[must_use]
pub fn render(tested: &TestReport) -> String {
    let failed = tested.failed();
    let became = if failed == 0 { "all as expected".to_owned() } else { format!("**{failed} failed**") };
    let cases = number_of(tested.suite.cases.len(), "case", "cases");
    let mut out = vec![
        format!("## {}: the rules' own cases", tested.policy.job),
        String::new(),
        format!("{cases} of {}: {became}.", escape(&tested.suite.source.name)),
    ];
    failures(&mut out, tested);
    coverage(&mut out, tested);
    mutation(&mut out, tested);
    let mut text = out.join("\n");
    text.push('\n');
    text
}

fn escape(text: &str) -> String {
    markdown(&cut(text, VALUE))
}

/// A list that is cut with a count.
fn list(out: &mut Vec<String>, rows: Vec<String>) {
    let more = rows.len().saturating_sub(LISTED);
    out.extend(rows.into_iter().take(LISTED));
    if more > 0 {
        out.push(format!("- … and {more} more"));
    }
}

fn failures(out: &mut Vec<String>, tested: &TestReport) {
    let cases = tested.suite.cases.iter().zip(&tested.judged);
    let mut rows = Vec::new();
    for (case, judged) in cases.filter(|(_, judged)| !judged.failures.is_empty()) {
        let place = line(&tested.suite.source, case.at);
        let rule = judged.by.as_ref().map_or_else(String::new, |rule| {
            format!(", decided by {} ({})", escape(&rule.id), escape(&tested.policy.line(rule.at)))
        });
        for failure in &judged.failures {
            let name = failure.member.map_or_else(|| "decision".to_owned(), |member| member.name(&tested.policy));
            let (expected, got) = (escape(&text::one_line(&failure.expected)), escape(&text::one_line(&failure.got)));
            rows.push(format!(
                "| {} ({}){rule} | {} | {expected} | {got} |",
                escape(&case.name),
                escape(&place),
                escape(&name)
            ));
        }
    }
    if !rows.is_empty() {
        out.extend([
            String::new(),
            "| case | member | expected | got |".to_owned(),
            "| --- | --- | --- | --- |".to_owned(),
        ]);
        let more = rows.len().saturating_sub(LISTED);
        out.extend(rows.into_iter().take(LISTED));
        if more > 0 {
            out.extend([String::new(), format!("… and {more} more.")]);
        }
    }
}

fn coverage(out: &mut Vec<String>, tested: &TestReport) {
    let Some(coverage) = &tested.coverage else { return };
    out.extend([String::new(), "### Exercised by the cases".to_owned(), String::new()]);
    for (kind, all) in &coverage.all {
        let missed: Vec<_> = coverage.missed.iter().filter(|part| part.kind == *kind).collect();
        let (many, none) = of_kind(*kind);
        out.push(
            format!("- {} of {all} {many}{}", all - missed.len(), if missed.is_empty() { "" } else { "; these " })
                + if missed.is_empty() { "" } else { none },
        );
        let row = |part: &&crate::review::cases::coverage::RulePart| {
            format!("  - {} ({})", escape(&part.name), escape(&tested.policy.line(part.at)))
        };
        list(out, missed.iter().map(row).collect());
    }
}

fn mutation(out: &mut Vec<String>, tested: &TestReport) {
    if !tested.mutate {
        return;
    }
    out.extend([String::new(), "### Changes of the rules".to_owned(), String::new()]);
    let Some((mutants, found)) = &tested.mutation else {
        out.push("None was tried: the cases have to hold first.".to_owned());
        return;
    };
    let (survivors, equivalent) = (found.survivors.len(), found.equivalent);
    out.push(format!(
        "{} tried: {} noticed by a case, {equivalent} listed as changing nothing, **{survivors} not noticed**.",
        found.tried,
        found.tried - survivors - equivalent
    ));
    if found.untried > 0 {
        out.push(String::new());
        out.push(format!(
            "**{} more were not tried**, and nothing is said of them: {MAX_MUTANTS} is the most.",
            found.untried
        ));
    }
    out.push(String::new());
    let row = |mutant: &crate::review::mutate::Mutant| {
        format!("- {} ({}): {}", escape(&mutant.name), escape(&tested.policy.line(mutant.at)), escape(&mutant.what))
    };
    list(out, found.survivors.iter().map(|index| row(&mutants.all[*index])).collect());
    let row = |(entry, case): &(usize, usize)| {
        let (entry, case) = (&tested.suite.equivalent[*entry], &tested.suite.cases[*case]);
        format!(
            "- {} is listed as changing nothing ({}), and the case {} notices it",
            escape(&entry.mutant),
            escape(&line(&tested.suite.source, entry.at)),
            escape(&case.name)
        )
    };
    list(out, found.noticed_after_all.iter().map(row).collect());
}
