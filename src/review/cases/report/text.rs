//! A test of rules for a person at a terminal.
//!
//! Takes: [`TestReport`]. Gives: lines, all text of rule files and cases in them fit for a terminal. What
//! failed comes first, as a diff.

use serde_json::Value;

use super::{TestReport, number_of, of_kind};
use crate::engine::untrusted::terminal;
use crate::review::cases::judge::{CaseFailure, CaseResult};
use crate::review::cases::{Case, CaseMember, line};
use crate::review::mutate::MAX_MUTANTS;

/// Lines of a text that are shown of one that lacks what it should hold.
const LINES: usize = 40;

/// The whole report.
#[must_use]
pub fn render(tested: &TestReport, color: bool) -> String {
    let mut out = TestWriter { lines: Vec::new(), color };
    let (suite, failed) = (&tested.suite, tested.failed());
    let cases = number_of(suite.cases.len(), "case", "cases");
    let became = match (suite.cases.len(), failed) {
        (0, _) => "nothing is tested".to_owned(),
        (_, 0) => "all as expected".to_owned(),
        (_, failed) => format!("{failed} failed"),
    };
    let head = format!("{} · {cases} of {}: {became}", tested.policy.job, terminal(&suite.source.name));
    out.styled(if failed == 0 { "1" } else { "1;31" }, &head);
    for (case, judged) in suite.cases.iter().zip(&tested.judged).filter(|(_, judged)| !judged.failures.is_empty()) {
        failure(&mut out, tested, case, judged);
    }
    coverage(&mut out, tested);
    mutation(&mut out, tested);
    let mut text = out.lines.join("\n");
    text.push('\n');
    text
}

struct TestWriter {
    lines: Vec<String>,
    color: bool,
}

impl TestWriter {
    fn styled(&mut self, style: &str, text: &str) {
        self.lines.push(if self.color { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() });
    }

    fn heading(&mut self, text: &str) {
        self.lines.push(String::new());
        self.styled("1", text);
    }

    fn expected(&mut self, text: &str) {
        self.styled("31", &format!("  - {text}"));
    }

    fn got(&mut self, text: &str) {
        self.styled("32", format!("  + {text}").trim_end());
    }
}

fn failure(out: &mut TestWriter, tested: &TestReport, case: &Case, judged: &CaseResult) {
    let policy = &tested.policy;
    out.heading(&format!("FAILED {}", terminal(&case.name)));
    out.lines.push(format!("  case  {}", terminal(&line(&tested.suite.source, case.at))));
    if let Some(rule) = &judged.by {
        out.lines.push(format!("  rule  {}: {}", terminal(&policy.line(rule.at)), terminal(&rule.id)));
    }
    let mut texts: Vec<(String, &Value)> = Vec::new();
    for CaseFailure { member, expected, got } in &judged.failures {
        let name = member.map_or_else(|| "decision".to_owned(), |member| member.name(policy));
        if member.is_some_and(CaseMember::is_part) && !expected.is_null() {
            out.expected(&format!("{name}: … {} …", one_line(expected)));
            if texts.iter().all(|(known, _)| *known != name) {
                texts.push((name, got));
            }
        } else {
            out.expected(&format!("{name}: {}", one_line(expected)));
            out.got(&format!("{name}: {}", one_line(got)));
        }
    }
    // All parts that are missing of a text are missing from one.
    texts.iter().for_each(|(name, got)| whole(out, name, got));
}

/// A text that lacks what it should hold.
fn whole(out: &mut TestWriter, name: &str, got: &Value) {
    let texts: Vec<&str> = match got {
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).collect(),
        got => got.as_str().into_iter().collect(),
    };
    match texts.as_slice() {
        [] => out.got(&format!("{name}: none")),
        [""] => out.got(&format!("{name}: no comment is posted")),
        texts => {
            out.got(&format!("{name}:"));
            let lines: Vec<&str> = texts.iter().flat_map(|text| text.lines()).collect();
            lines.iter().take(LINES).for_each(|line| out.got(&format!("  {}", terminal(line))));
            if lines.len() > LINES {
                out.got(&format!("  … and {}", number_of(lines.len() - LINES, "more line", "more lines")));
            }
        }
    }
}

/// A value as a case file says it, on one line.
pub(super) fn one_line(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => terminal(text),
        Value::Array(values) => format!("[{}]", values.iter().map(one_line).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn coverage(out: &mut TestWriter, tested: &TestReport) {
    let Some(coverage) = &tested.coverage else { return };
    out.heading("Exercised by the cases");
    for (kind, all) in &coverage.all {
        let missed: Vec<_> = coverage.missed.iter().filter(|part| part.kind == *kind).collect();
        let (many, none) = of_kind(*kind);
        out.lines.push(format!("  {} of {all} {many}", all - missed.len()));
        if !missed.is_empty() {
            out.styled("33", &format!("    these {none}:"));
        }
        for part in missed {
            out.lines.push(format!("    {}  {}", terminal(&tested.policy.line(part.at)), terminal(&part.name)));
        }
    }
}

fn mutation(out: &mut TestWriter, tested: &TestReport) {
    let Some((mutants, found)) = &tested.mutation else {
        if tested.mutate {
            out.heading("No change of the rules was tried: the cases have to hold first");
        }
        return;
    };
    let survivors = found.survivors.len();
    let noticed = found.tried - survivors - found.equivalent;
    out.heading(&format!("{}: {noticed} noticed by a case", number_of(found.tried, "change tried", "changes tried")));
    if found.untried > 0 {
        let all = found.tried + found.untried;
        let left = found.untried;
        out.styled(
            "33",
            &format!(
                "  {left} of {all} changes were not tried: {MAX_MUTANTS} is the most, and nothing is said of them"
            ),
        );
    }
    if found.equivalent > 0 {
        out.lines.push(format!("  {} listed as changing nothing, and none does", found.equivalent));
    }
    if survivors > 0 {
        let these = number_of(survivors, "change that no case notices", "changes that no case notices");
        out.styled("31", &format!("  {these}: write a case, mend the rule, or list it under `equivalent:`"));
    }
    for mutant in found.survivors.iter().map(|index| &mutants.all[*index]) {
        let place = terminal(&tested.policy.line(mutant.at));
        out.lines.push(format!("    {place}  {} ({})", terminal(&mutant.name), mutant.what));
    }
    for (entry, case) in &found.noticed_after_all {
        let (entry, case) = (&tested.suite.equivalent[*entry], &tested.suite.cases[*case]);
        let (place, name) = (line(&tested.suite.source, entry.at), terminal(&entry.mutant));
        out.styled("31", &format!("  {}: `{name}` is listed as changing nothing", terminal(&place)));
        let place = terminal(&line(&tested.suite.source, case.at));
        out.lines.push(format!("    the case {} ({place}) notices it: take the entry out", terminal(&case.name)));
    }
}
