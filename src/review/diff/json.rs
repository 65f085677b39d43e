//! A diff as JSON, with the names of the contract.
//!
//! Takes: the [`Report`]s of one or several jobs. Gives: one document: `{job, totals, evaluated,
//! changed, items: [{key, from: {rule, action, score, text}, to}]}`, or `{jobs: […]}`. It is the whole
//! diff, whoever reads it.

use serde_json::{Value, json};

use super::groups::Report;
use super::{Changed, Record, Wanted};

/// The document.
#[must_use]
pub fn document(reports: &[Report]) -> Value {
    match reports {
        [report] => one(report),
        reports => json!({ "jobs": reports.iter().map(one).collect::<Vec<_>>() }),
    }
}

fn one(report: &Report) -> Value {
    let diff = report.diff();
    let rules: Vec<Value> = diff
        .rules
        .iter()
        .map(|(rule, it)| {
            json!({ "rule": rule, "before": it.before, "after": it.after, "gained": it.gained, "lost": it.lost })
        })
        .collect();
    let writes: Vec<Value> = diff
        .writes
        .iter()
        .map(|(op, (added, removed))| json!({ "op": op, "added": added, "removed": removed }))
        .collect();
    let items: Vec<Value> = diff.worst_first().into_iter().map(|index| item(&diff.items[index])).collect();
    json!({
        "job": report.job,
        "generated_at": report.generated_at,
        "complete": report.complete(),
        "why_incomplete": report.why_incomplete(),
        "warnings": report.notes(),
        "forge": report.forge,
        "base": report.base,
        "head": report.head,
        "totals": diff.totals,
        "evaluated": diff.totals.evaluated,
        "changed": diff.totals.changed,
        "timelines": report.read.timelines,
        "rules": rules,
        "writes": writes,
        "items": items,
    })
}

fn item(item: &Changed) -> Value {
    let mut members = json!({ "key": item.key });
    if let (Some(members), Some(subject)) = (members.as_object_mut(), &item.subject) {
        members.insert("repo".to_owned(), json!(subject.repo));
        members.insert("kind".to_owned(), json!(subject.kind));
        members.insert("number".to_owned(), json!(subject.number));
        members.insert("title".to_owned(), json!(subject.title));
    }
    let rest = json!({
        "class": item.class,
        "why": item.why,
        "from": side(item.from.as_ref()),
        "to": side(item.to.as_ref()),
        "writes": { "added": wanted(&item.added), "removed": wanted(&item.removed) },
    });
    if let (Some(members), Value::Object(rest)) = (members.as_object_mut(), rest) {
        members.extend(rest);
    }
    members
}

fn side(record: Option<&Record>) -> Value {
    let Some(record) = record else { return Value::Null };
    let (rule, action) = (&record.rule, &record.action);
    let acts = rule.is_some() && action != "skip";
    let effects = if acts { json!([{ "rule": rule, "action": action }]) } else { json!([]) };
    json!({ "rule": rule, "action": action, "score": record.score, "text": record.text, "effects": effects })
}

fn wanted(writes: &[Wanted]) -> Vec<Value> {
    writes.iter().map(|one| json!({ "op": one.op, "what": one.what })).collect()
}
