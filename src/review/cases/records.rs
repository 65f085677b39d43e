//! The records that rules over counted facts make of a case, held against what it expects.
//!
//! Takes: the rules of a job, a case with [`CountedFacts`] facts. Gives: [`CaseResult`]. What a case says of one record
//! is said of the one that is picked; under `pick: all` of the record of its rule that differs least.

use serde_json::Value as Json;

use super::expect::{number, same};
use super::judge::{By, CaseFailure, CaseResult};
use super::{CaseMember, CountedFacts, Expectation};
use crate::advise::{self, AdviceRule, Finding, Pick};
use crate::engine::value::Value;
use crate::review::book::RuleBook;

/// Everything that is not as expected.
pub(super) fn judge(book: RuleBook<'_>, counted: &CountedFacts, expected: &[Expectation]) -> CaseResult {
    let rules = &book.advice.sections[counted.section];
    let recently = |_: &str, rule: &AdviceRule, subject: &Value<'static>| counted.answer(rule, subject);
    let judged = match advise::judge(book.policy, &book.advice.measure, rules, &counted.facts, &recently) {
        Ok(judged) => judged,
        Err(got) => {
            let failure = CaseFailure { member: None, expected: "a decision".into(), got: got.into() };
            return CaseResult { by: None, failures: vec![failure] };
        }
    };
    let ids = |observed: bool| -> Json {
        let of = judged.findings.iter().filter(|finding| finding.rule.observe == observed);
        of.map(|finding| finding.rule.id.as_str()).collect()
    };
    let failed =
        |one: &Expectation, got: Json| CaseFailure { member: Some(one.member), expected: one.value.clone(), got };
    let (of_all, of_one): (Vec<&Expectation>, Vec<&Expectation>) =
        expected.iter().partition(|one| matches!(one.member, CaseMember::Rules | CaseMember::Observed));
    let mut failures: Vec<CaseFailure> = of_all
        .into_iter()
        .map(|one| failed(one, ids(one.member == CaseMember::Observed)))
        .filter(|failure| failure.expected != failure.got)
        .collect();
    let differs = |finding: Option<&Finding<'_>>| -> Vec<CaseFailure> {
        let one = |one: &&Expectation| got(one, finding).map(|got| failed(one, got));
        of_one.iter().filter_map(one).collect()
    };
    let candidates: Vec<&Finding<'_>> = match rules.pick {
        Pick::All => judged.findings.iter().filter(|finding| !finding.rule.observe).collect(),
        Pick::First | Pick::Highest => judged.picked.iter().map(|picked| &judged.findings[*picked]).collect(),
    };
    let of_another = |failure: &CaseFailure| failure.member == Some(CaseMember::Rule);
    let nearest = candidates.into_iter().map(|finding| (Some(finding), differs(Some(finding))));
    let (finding, differs) = nearest
        .min_by_key(|(_, failures)| (failures.iter().any(of_another), failures.len()))
        .unwrap_or_else(|| (None, differs(None)));
    failures.extend(differs);
    let by = finding.map(|finding| By { id: finding.rule.id.clone(), at: finding.rule.at });
    CaseResult { by, failures }
}

/// What a record has where it is not as expected.
fn got(one: &Expectation, finding: Option<&Finding<'_>>) -> Option<Json> {
    let Some(finding) = finding else { return (!one.value.is_null()).then_some(Json::Null) };
    let got = match one.member {
        CaseMember::Rule => finding.rule.id.as_str().into(),
        CaseMember::Subject => json(&finding.subject),
        CaseMember::Score => finding.score.as_ref().map_or(Json::Null, json),
        CaseMember::Field { index, .. } => finding.fields[index].as_ref().map_or(Json::Null, json),
        _ => Json::Null,
    };
    let part = one.value.as_str().filter(|_| one.member.is_part());
    let holds = |text: &Json| text.as_str().zip(part).is_some_and(|(text, part)| text.contains(part));
    let as_expected = match (&got, part) {
        (Json::Array(texts), Some(_)) => texts.iter().any(holds),
        (text, Some(_)) => holds(text),
        (got, None) => same(got, &one.value),
    };
    (!as_expected).then_some(got)
}

/// A value as a case says it: 5 and 5.0 are the same.
fn json(value: &Value<'_>) -> Json {
    match value {
        Value::Int(_) | Value::Float(_) => number(value.number().filter(|number| number.is_finite())),
        Value::List(items) => items.iter().map(json).collect(),
        other => serde_json::to_value(other).unwrap_or(Json::Null),
    }
}

impl CountedFacts {
    /// Whether the case says that this rule fired lately about this.
    #[must_use]
    pub fn answer(&self, rule: &AdviceRule, subject: &Value<'static>) -> bool {
        let about = |known: &Json| *known == json(subject);
        self.recently.iter().any(|recent| recent.rule == rule.id && recent.subject.as_ref().is_none_or(about))
    }
}
