//! What a case expects, with every name resolved.
//!
//! Takes: the node of `expect`, the rules of the job, what the case is about. Gives: one [`Expectation`] a
//! member, or problems with their place: a rule, type or action that is not there is told, with the nearest that is.

use serde_json::{Value, json};

use super::counted::subject;
use super::{CaseMember, Expectation};
use crate::advise::{AdviceRules, Field, FieldKind, Pick};
use crate::engine::policy::Policy;
use crate::engine::source::Span;
use crate::language::reader::NodeReader;
use crate::language::yaml::{Node, NodeKind};
use crate::review::book::RuleBook;

/// What every job says of an item, and what one that decides about it.
const JUDGED: [&str; 6] = ["type", "score", "scores", "flags", "tags", "held"];
const DECIDED: [&str; 5] = ["rule", "action", "agent", "reason", "text"];

/// What is said of records; their fields come to it, and where rules are weighed their score.
const RECORDS: [&str; 4] = ["rule", "rules", "observed", "subject"];

/// What stands for no rule and for no agent.
const NONE: &str = "none";

/// Reads `expect` of a case about an item.
pub(super) fn of_item(reader: &mut NodeReader<'_>, book: RuleBook<'_>, node: &Node) -> Vec<Expectation> {
    let decides = book.spec.items.is_some_and(|items| items.decides);
    let members: Vec<&str> = JUDGED.into_iter().chain(DECIDED.into_iter().filter(|_| decides)).collect();
    read(reader, &members, node, |reader, name, node| member(reader, book.policy, name, node))
}

/// Reads `expect` of a case about counted facts.
pub(super) fn of_records(reader: &mut NodeReader<'_>, rules: &AdviceRules, node: &Node) -> Vec<Expectation> {
    let fields = rules.section.fields;
    let weighed = (rules.pick == Pick::Highest).then_some("score");
    let members: Vec<&str> = RECORDS.into_iter().chain(weighed).chain(fields.iter().map(|field| field.name)).collect();
    read(reader, &members, node, |reader, name, node| record(reader, rules, name, node))
}

fn read(
    reader: &mut NodeReader<'_>,
    members: &[&str],
    node: &Node,
    one: impl Fn(&mut NodeReader<'_>, &str, &Node) -> Vec<Expectation>,
) -> Vec<Expectation> {
    let mut expected = Vec::new();
    if reader.keyed(node, "`expect`", members).is_none() {
        return expected;
    }
    let NodeKind::Map(entries) = &node.kind else { return expected };
    if entries.is_empty() {
        let example = if members.contains(&"action") { "{rule: …, action: …}" } else { "{rule: …}" };
        reader.sink.error(node.span, "`expect` is empty", Some(format!("write `expect: {example}`")));
    }
    for (key, node) in entries.iter().filter(|(key, _)| members.contains(&key.name.as_str())) {
        expected.extend(one(reader, &key.name, node));
    }
    expected
}

/// A member of a record, or of all of them.
fn record(reader: &mut NodeReader<'_>, rules: &AdviceRules, name: &str, node: &Node) -> Vec<Expectation> {
    let ids: Vec<&str> = rules.all().map(|rule| rule.id.as_str()).collect();
    let one = |member: CaseMember, value: Option<Value>| {
        value.map(|value| Expectation { member, value, at: node.span }).into_iter().collect()
    };
    let list = |reader: &mut NodeReader<'_>, member: CaseMember, what: &str| {
        reader.list(node, what)?;
        let texts = reader.placed_texts(node, what);
        let known = |(id, at): (String, Span)| check_name(reader, at, "rule", &id, &ids).map(|index| ids[index]);
        let value = texts.into_iter().filter_map(known).collect();
        Some(Expectation { member, value, at: node.span })
    };
    match name {
        "rule" => one(CaseMember::Rule, id(reader, node, &ids)),
        "rules" => list(reader, CaseMember::Rules, "`rules`").into_iter().collect(),
        "observed" => list(reader, CaseMember::Observed, "`observed`").into_iter().collect(),
        "subject" => one(CaseMember::Subject, subject(reader, node)),
        "score" => one(CaseMember::Score, reader.number(node, "`score`").map(|value| number(value.number()))),
        _ => {
            let place = rules.section.fields.iter().position(|field| field.name == name);
            place.map_or_else(Vec::new, |index| field(reader, index, &rules.section.fields[index], node))
        }
    }
}

/// A field of a record: of a text for people one part or several.
fn field(reader: &mut NodeReader<'_>, index: usize, field: &Field, node: &Node) -> Vec<Expectation> {
    let part = matches!(field.kind, FieldKind::Sentence | FieldKind::Sentences);
    let member = CaseMember::Field { index, name: field.name, part };
    let what = format!("`{}`", field.name);
    let none = match &node.kind {
        NodeKind::Null => true,
        NodeKind::Text(text) => text == NONE && !matches!(field.kind, FieldKind::Word(words) if words.contains(&NONE)),
        _ => false,
    };
    let value = match (field.kind, &node.kind) {
        _ if none && !field.needed => Some(Value::Null),
        (FieldKind::Sentence | FieldKind::Sentences, NodeKind::List(_)) => {
            let parts = reader.placed_texts(node, &what).into_iter();
            return parts.map(|(text, at)| Expectation { member, value: text.into(), at }).collect();
        }
        (FieldKind::Number, _) if none => Some(Value::Null),
        (FieldKind::Number, _) => reader.number(node, &what).map(|value| number(value.number())),
        (FieldKind::Texts, _) => reader.list(node, &what).is_some().then(|| reader.texts(node, &what).into()),
        (FieldKind::Word(words), _) => {
            let choices: Vec<(&str, &str)> = words.iter().map(|word| (*word, *word)).collect();
            reader.one_of(node, &what, &choices).map(Value::from)
        }
        _ => reader.text(node, &what).map(Value::from),
    };
    value.map(|value| Expectation { member, value, at: node.span }).into_iter().collect()
}

fn member(reader: &mut NodeReader<'_>, policy: &Policy, name: &str, node: &Node) -> Vec<Expectation> {
    let one = |member: CaseMember, value: Option<Value>| {
        value.map(|value| Expectation { member, value, at: node.span }).into_iter().collect()
    };
    match name {
        "type" => one(CaseMember::Type, ty(reader, policy, node)),
        "score" => one(CaseMember::Score, reader.number(node, "`score`").map(|value| number(value.number()))),
        "scores" => {
            let names: Vec<&str> = policy.components.iter().map(|component| component.name.as_str()).collect();
            each(reader, node, ("`scores`", "component"), &names, |reader, index, node, what| {
                Some((CaseMember::Component(index), number(reader.number(node, what)?.number())))
            })
        }
        "flags" => {
            let names: Vec<&str> = policy.flags.iter().map(|flag| flag.name.as_str()).collect();
            each(reader, node, ("`flags`", "flag"), &names, |reader, index, node, what| {
                Some((CaseMember::Flag(index), reader.flag(node, what)?.into()))
            })
        }
        "tags" => one(CaseMember::Tags, sorted(reader, node, "`tags`", |_, text, _| Some(text.to_lowercase()))),
        "held" => {
            let names: Vec<&str> = policy.agents.iter().map(|agent| agent.name.as_str()).collect();
            let known = |reader: &mut NodeReader<'_>, text: &str, at| {
                check_name(reader, at, "agent", text, &names).map(|index| names[index].to_owned())
            };
            one(CaseMember::Held, sorted(reader, node, "`held`", known))
        }
        "rule" => one(CaseMember::Rule, rule(reader, policy, node)),
        "action" => {
            let names: Vec<&str> = policy.actions.iter().map(|action| action.name.as_str()).chain(["skip"]).collect();
            one(CaseMember::Action, word(reader, node, "`action`", "action", &names))
        }
        "agent" => one(CaseMember::Agent, agent(reader, policy, node)),
        "reason" => one(CaseMember::Reason, reader.text(node, "`reason`").map(Value::from)),
        "text" => match node.kind {
            NodeKind::List(_) => {
                let parts = reader.placed_texts(node, "`text`").into_iter();
                parts.map(|(text, at)| Expectation { member: CaseMember::Text, value: text.into(), at }).collect()
            }
            _ => one(CaseMember::Text, reader.text(node, "`text`").map(Value::from)),
        },
        // It has been reported.
        _ => Vec::new(),
    }
}

/// A number as it is compared: 5 and 5.0 are the same.
pub(super) fn number(number: Option<f64>) -> Value {
    match number {
        Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => json!(number as i64),
        number => json!(number),
    }
}

/// Whether what the rules say is what a case says. Numbers with a fraction are the same up to a billionth: nobody
/// writes 13.049999999999999 where three times 4.35 is meant.
pub(super) fn same(got: &Value, expected: &Value) -> bool {
    match (got.as_f64(), expected.as_f64()) {
        (Some(a), Some(b)) if got.is_f64() || expected.is_f64() => {
            (a - b).abs() <= a.abs().max(b.abs()).max(1.0) * 1e-9
        }
        _ => got == expected,
    }
}

/// A map from names to what is expected of each.
fn each(
    reader: &mut NodeReader<'_>,
    node: &Node,
    (what, one): (&str, &str),
    names: &[&str],
    read: impl Fn(&mut NodeReader<'_>, usize, &Node, &str) -> Option<(CaseMember, Value)>,
) -> Vec<Expectation> {
    let mut expected = Vec::new();
    for (key, node) in reader.entries(node, what).unwrap_or_default() {
        let Some(index) = check_name(reader, key.span, one, &key.name, names) else { continue };
        if let Some((member, value)) = read(reader, index, node, &format!("the {one} `{}`", key.name)) {
            expected.push(Expectation { member, value, at: node.span });
        }
    }
    expected
}

fn check_name(reader: &mut NodeReader<'_>, at: Span, what: &str, name: &str, names: &[&str]) -> Option<usize> {
    let found = names.iter().position(|known| *known == name);
    if found.is_none() {
        let help = reader.sink.nearest(name, names.iter().copied());
        reader.sink.error(at, format!("the rules have no {what} `{name}`"), help);
    }
    found
}

fn word(reader: &mut NodeReader<'_>, node: &Node, member: &str, what: &str, names: &[&str]) -> Option<Value> {
    let name = reader.text(node, member)?;
    check_name(reader, node.span, what, name, names).map(|index| names[index].into())
}

fn ty(reader: &mut NodeReader<'_>, policy: &Policy, node: &Node) -> Option<Value> {
    let classify = &policy.classify;
    let mut names: Vec<&str> = classify.rules.iter().map(|rule| rule.ty.as_str()).collect();
    names.push(&classify.default);
    names.dedup();
    word(reader, node, "`type`", "type", &names)
}

fn rule(reader: &mut NodeReader<'_>, policy: &Policy, node: &Node) -> Option<Value> {
    let names: Vec<&str> = policy.decide.iter().map(|rule| rule.id.as_str()).collect();
    id(reader, node, &names)
}

/// The id of a rule, or none.
fn id(reader: &mut NodeReader<'_>, node: &Node, names: &[&str]) -> Option<Value> {
    match &node.kind {
        NodeKind::Null => Some(Value::Null),
        NodeKind::Text(text) if text == NONE && !names.contains(&NONE) => Some(Value::Null),
        _ => word(reader, node, "`rule`", "rule", names),
    }
}

/// An agent by the name in the rules or by the login.
fn agent(reader: &mut NodeReader<'_>, policy: &Policy, node: &Node) -> Option<Value> {
    let names: Vec<&str> = policy.agents.iter().map(|agent| agent.name.as_str()).collect();
    match &node.kind {
        NodeKind::Null => Some(Value::Null),
        NodeKind::Text(text) if text == NONE && !names.contains(&NONE) => Some(Value::Null),
        NodeKind::Text(text) if policy.agents.iter().any(|agent| agent.login == *text) => Some(text.as_str().into()),
        _ => {
            let name = reader.text(node, "`agent`")?;
            let index = check_name(reader, node.span, "agent", name, &names)?;
            Some(policy.agents[index].login.as_str().into())
        }
    }
}

/// A list of texts in the order that they are compared in.
fn sorted(
    reader: &mut NodeReader<'_>,
    node: &Node,
    what: &str,
    read: impl Fn(&mut NodeReader<'_>, &str, Span) -> Option<String>,
) -> Option<Value> {
    reader.list(node, what)?;
    let texts = reader.placed_texts(node, what);
    let mut texts: Vec<String> = texts.into_iter().filter_map(|(text, at)| read(reader, &text, at)).collect();
    texts.sort_unstable();
    texts.dedup();
    Some(texts.into())
}
