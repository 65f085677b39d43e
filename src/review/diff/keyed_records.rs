//! What rules over counted figures say, as records that two versions are compared by.
//!
//! Takes: recommendations, proposals with the patterns behind them, suggestions, parameters. Gives: for each
//! its key, the same under both versions as long as it is about the same, and its [`SideRecord`].

use std::collections::HashMap;

use super::SideRecord;
use crate::advise::{JobParams, ParamValue};
use crate::engine::value::Value;
use crate::jobs::improvement_proposals::{Proposal, ProposalAdvice, WastePattern, rounded};
use crate::jobs::kaizen_retro::Suggestion;
use crate::jobs::loop_introspect::Recommendation;
use crate::plan::Words;

/// Records by their keys.
pub type KeyedRecords = Vec<(String, SideRecord)>;

/// How a text is given that stands in a report.
pub const REPORT: &str = "report";

/// Decimals of hours that are compared and shown.
const DIGITS: usize = 2;

/// What `loop-introspect` recommends: by rule and subject; the action is how severe it is.
#[must_use]
pub fn recommendations(all: &[Recommendation]) -> KeyedRecords {
    let one = |it: &Recommendation| {
        let text = [it.finding.as_str(), &it.recommendation].join("\n");
        (key(&it.rule, it.subject.as_deref()), record(&it.rule, &it.severity, Value::None, text))
    };
    apart(all.iter().map(one))
}

/// What `improvement-proposals` finds and proposes: patterns by rule and subject, proposals by their keys;
/// the score is hours, the action of a proposal its priority. Those below the threshold are among them.
#[must_use]
pub fn proposals(advised: &ProposalAdvice) -> KeyedRecords {
    let found = |it: &WastePattern| {
        let text = [it.name.as_str(), &it.description].join("\n");
        let hours = rounded(&it.total_time_hours, DIGITS);
        (key(&it.rule, Some(&it.subject)), record(&it.rule, &it.pattern_type, hours, text))
    };
    let proposed = |it: &Proposal, action: &str| {
        let text = [it.title.as_str(), &it.problem, &it.proposed_solution].join("\n");
        let hours = rounded(&it.estimated_monthly_hours_saved, DIGITS);
        (it.key.clone(), record(&it.rule, action, hours, text))
    };
    let patterns = advised.patterns.iter().map(found);
    let proposals = advised.proposals.iter().map(|it| proposed(it, &it.priority));
    let below = advised.below.iter().map(|it| proposed(it, "below the threshold"));
    apart(patterns.chain(proposals).chain(below))
}

/// What `kaizen-retro` suggests, and what it would have: by rule, subject and the repository of a pair; the score
/// is what the rule weighs.
#[must_use]
pub fn suggestions(picked: Option<&Suggestion>, others: &[Suggestion]) -> KeyedRecords {
    let one = |it: &Suggestion, action: &str| {
        let subject = match &it.subject {
            serde_json::Value::Null => None,
            serde_json::Value::String(name) => Some(name.clone()),
            other => Some(other.to_string()),
        };
        let key = key(&it.rule, subject.as_deref());
        let key = it.repo.as_ref().map_or(key.clone(), |repo| format!("{key} {repo}"));
        let score = it.score.map_or(Value::None, Value::Float);
        (key, record(&it.rule, action, rounded(&score, DIGITS), it.text.clone()))
    };
    let others = others.iter().filter(|it| !it.observe).map(|it| one(it, "not picked"));
    apart(picked.map(|it| one(it, "suggest")).into_iter().chain(others))
}

/// The parameters of a job whose rules are nothing else.
#[must_use]
pub fn parameters(measure: &JobParams) -> KeyedRecords {
    let one = |(name, given): (&'static str, &ParamValue)| {
        let (score, text) = match given {
            ParamValue::One(value) => (value.clone(), value.to_string()),
            ParamValue::Texts(texts) => (Value::None, texts.join(", ")),
            ParamValue::Replacements(all) => {
                let lines = all.iter().map(|one| format!("{} → {}", one.regex, one.with));
                (Value::None, lines.collect::<Vec<_>>().join("\n"))
            }
        };
        (format!("measure.{name}"), SideRecord { rule: None, ..record("", "measure", score, text) })
    };
    measure.all().map(one).collect()
}

fn key(rule: &str, subject: Option<&str>) -> String {
    match subject.unwrap_or("") {
        "" => rule.to_owned(),
        subject => format!("{rule} {subject}"),
    }
}

fn record(rule: &str, action: &str, score: Value<'static>, text: String) -> SideRecord {
    SideRecord {
        rule: Some(rule.to_owned()),
        action: action.to_owned(),
        score,
        words: Words::comment(Some(text)),
        plain: None,
        given: REPORT,
        agent: None,
        mention: Vec::new(),
        writes: Vec::new(),
    }
}

/// Several of one rule may be about the same: they are told apart by their order.
fn apart(all: impl Iterator<Item = (String, SideRecord)>) -> KeyedRecords {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let one = |(key, record): (String, SideRecord)| {
        let nth = seen.entry(key.clone()).or_default();
        *nth += 1;
        (if *nth > 1 { format!("{key} ({nth})") } else { key }, record)
    };
    all.map(one).collect()
}
