//! A test of rules as JSON, whose names are a contract.
//!
//! Takes: [`TestReport`]. Gives: one document.

use serde_json::{Value, json};

use super::TestReport;
use crate::engine::policy::Policy;
use crate::engine::source::{Location, Source, Span};
use crate::review::cases::Case;
use crate::review::cases::judge::{CaseFailure, CaseResult};

/// The document of one job.
#[must_use]
pub fn document(tested: &TestReport) -> Value {
    let (policy, suite) = (&tested.policy, &tested.suite);
    let failed = tested.failed();
    let mutation = tested.mutation.as_ref();
    let cases: Vec<Value> =
        suite.cases.iter().zip(&tested.judged).map(|(case, judged)| of_case(tested, case, judged)).collect();
    json!({
        "job": policy.job,
        "policy": policy.name,
        "rules_hash": policy.hash,
        "generated_at": tested.generated_at,
        "complete": !tested.mutate || mutation.is_some() && !tested.cut_short(),
        "file": &*suite.source.name,
        "totals": {
            "cases": suite.cases.len(),
            "passed": suite.cases.len() - failed,
            "failed": failed,
            "mutants": mutation.map(|(_, found)| found.tried),
            "untried": mutation.map(|(_, found)| found.untried),
            "survivors": mutation.map(|(_, found)| found.survivors.len()),
            "equivalent": mutation.map(|(_, found)| found.equivalent),
        },
        "cases": cases,
        "coverage": tested.coverage.as_ref().map(|coverage| json!({
            "all": coverage.all.iter().map(|(kind, count)| json!({"kind": kind, "count": count})).collect::<Value>(),
            "missed": coverage.missed.iter().map(|part| {
                let (file, line) = place(policy, part.at);
                json!({"kind": part.kind, "name": part.name, "file": file, "line": line})
            }).collect::<Value>(),
        })),
        "mutation": mutation.map(|(mutants, found)| json!({
            "survivors": found.survivors.iter().map(|index| {
                let mutant = &mutants.all[*index];
                let (file, line) = place(policy, mutant.at);
                json!({"mutant": mutant.name, "what": mutant.what, "file": file, "line": line})
            }).collect::<Value>(),
            "noticed_after_all": found.noticed_after_all.iter().map(|(entry, case)| {
                let (entry, case) = (&suite.equivalent[*entry], &suite.cases[*case]);
                json!({"mutant": entry.mutant, "line": line(&suite.source, entry.at), "case": case.name})
            }).collect::<Value>(),
        })),
    })
}

fn of_case(tested: &TestReport, case: &Case, judged: &CaseResult) -> Value {
    let policy = &tested.policy;
    let failures = judged.failures.iter().map(|CaseFailure { member, expected, got }| {
        let member = member.map_or_else(|| "decision".to_owned(), |member| member.name(policy));
        json!({"member": member, "expected": expected, "got": got})
    });
    json!({
        "name": case.name,
        "line": line(&tested.suite.source, case.at),
        "passed": judged.failures.is_empty(),
        "failures": failures.collect::<Value>(),
        "decided_by": judged.by.as_ref().map(|rule| {
            let (file, line) = place(policy, rule.at);
            json!({"rule": rule.id, "file": file, "line": line})
        }),
    })
}

fn place(policy: &Policy, at: Location) -> (&str, usize) {
    let source = &policy.sources[at.file];
    (&source.name, line(source, at.span))
}

fn line(source: &Source, at: Span) -> usize {
    source.line_column(at.start).0
}
