//! What a case expects, with every name resolved.
//!
//! Takes: the node of `expect`, the policy. Gives: one [`Expected`] a member, or problems with their
//! place: a rule, type or action that is not there is told, with the nearest that is.

use serde_json::{Value, json};

use super::{Expected, Member};
use crate::engine::policy::Policy;
use crate::engine::source::Span;
use crate::language::diag::did_you_mean;
use crate::language::reader::Reader;
use crate::language::yaml::{Node, NodeKind};

const MEMBERS: [&str; 11] =
    ["type", "score", "scores", "flags", "tags", "held", "rule", "action", "agent", "reason", "text"];

/// What stands for no rule and for no agent.
const NONE: &str = "none";

/// Reads `expect`.
pub(super) fn read(reader: &mut Reader<'_>, policy: &Policy, node: &Node) -> Vec<Expected> {
    let mut expected = Vec::new();
    if reader.keyed(node, "`expect`", &MEMBERS).is_none() {
        return expected;
    }
    let NodeKind::Map(members) = &node.kind else { return expected };
    if members.is_empty() {
        reader.sink.error(node.span, "`expect` is empty", Some("write `expect: {rule: …, action: …}`".to_owned()));
    }
    for (key, node) in members {
        expected.extend(member(reader, policy, &key.name, node));
    }
    expected
}

fn member(reader: &mut Reader<'_>, policy: &Policy, name: &str, node: &Node) -> Vec<Expected> {
    let one = |member: Member, value: Option<Value>| {
        value.map(|value| Expected { member, value, at: node.span }).into_iter().collect()
    };
    match name {
        "type" => one(Member::Type, ty(reader, policy, node)),
        "score" => one(Member::Score, reader.number(node, "`score`").map(|value| number(value.number()))),
        "scores" => {
            let names: Vec<&str> = policy.components.iter().map(|component| component.name.as_str()).collect();
            each(reader, node, ("`scores`", "component"), &names, |reader, index, node, what| {
                Some((Member::Component(index), number(reader.number(node, what)?.number())))
            })
        }
        "flags" => {
            let names: Vec<&str> = policy.flags.iter().map(|flag| flag.name.as_str()).collect();
            each(reader, node, ("`flags`", "flag"), &names, |reader, index, node, what| {
                Some((Member::Flag(index), reader.flag(node, what)?.into()))
            })
        }
        "tags" => one(Member::Tags, sorted(reader, node, "`tags`", |_, text, _| Some(text.to_lowercase()))),
        "held" => {
            let names: Vec<&str> = policy.agents.iter().map(|agent| agent.name.as_str()).collect();
            let known = |reader: &mut Reader<'_>, text: &str, at| {
                known(reader, at, "agent", text, &names).map(|index| names[index].to_owned())
            };
            one(Member::Held, sorted(reader, node, "`held`", known))
        }
        "rule" => one(Member::Rule, rule(reader, policy, node)),
        "action" => {
            let names: Vec<&str> = policy.actions.iter().map(|action| action.name.as_str()).chain(["skip"]).collect();
            one(Member::Action, word(reader, node, "`action`", "action", &names))
        }
        "agent" => one(Member::Agent, agent(reader, policy, node)),
        "reason" => one(Member::Reason, reader.text(node, "`reason`").map(Value::from)),
        "text" => match node.kind {
            NodeKind::List(_) => {
                let parts = reader.placed_texts(node, "`text`").into_iter();
                parts.map(|(text, at)| Expected { member: Member::Text, value: text.into(), at }).collect()
            }
            _ => one(Member::Text, reader.text(node, "`text`").map(Value::from)),
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

/// A map from names to what is expected of each.
fn each(
    reader: &mut Reader<'_>,
    node: &Node,
    (what, one): (&str, &str),
    names: &[&str],
    read: impl Fn(&mut Reader<'_>, usize, &Node, &str) -> Option<(Member, Value)>,
) -> Vec<Expected> {
    let mut expected = Vec::new();
    for (key, node) in reader.entries(node, what).unwrap_or_default() {
        let Some(index) = known(reader, key.span, one, &key.name, names) else { continue };
        if let Some((member, value)) = read(reader, index, node, &format!("the {one} `{}`", key.name)) {
            expected.push(Expected { member, value, at: node.span });
        }
    }
    expected
}

fn known(reader: &mut Reader<'_>, at: Span, what: &str, name: &str, names: &[&str]) -> Option<usize> {
    let found = names.iter().position(|known| *known == name);
    if found.is_none() {
        let help = did_you_mean(name, names.iter().copied());
        reader.sink.error(at, format!("the rules have no {what} `{name}`"), help);
    }
    found
}

fn word(reader: &mut Reader<'_>, node: &Node, member: &str, what: &str, names: &[&str]) -> Option<Value> {
    let name = reader.text(node, member)?;
    known(reader, node.span, what, name, names).map(|index| names[index].into())
}

fn ty(reader: &mut Reader<'_>, policy: &Policy, node: &Node) -> Option<Value> {
    let classify = &policy.classify;
    let mut names: Vec<&str> = classify.rules.iter().map(|rule| rule.ty.as_str()).collect();
    names.push(&classify.default);
    names.dedup();
    word(reader, node, "`type`", "type", &names)
}

fn rule(reader: &mut Reader<'_>, policy: &Policy, node: &Node) -> Option<Value> {
    let names: Vec<&str> = policy.decide.iter().map(|rule| rule.id.as_str()).collect();
    match &node.kind {
        NodeKind::Null => Some(Value::Null),
        NodeKind::Text(text) if text == NONE && !names.contains(&NONE) => Some(Value::Null),
        _ => word(reader, node, "`rule`", "rule", &names),
    }
}

/// An agent by the name in the rules or by the login.
fn agent(reader: &mut Reader<'_>, policy: &Policy, node: &Node) -> Option<Value> {
    let names: Vec<&str> = policy.agents.iter().map(|agent| agent.name.as_str()).collect();
    match &node.kind {
        NodeKind::Null => Some(Value::Null),
        NodeKind::Text(text) if text == NONE && !names.contains(&NONE) => Some(Value::Null),
        NodeKind::Text(text) if policy.agents.iter().any(|agent| agent.login == *text) => Some(text.as_str().into()),
        _ => {
            let name = reader.text(node, "`agent`")?;
            let index = known(reader, node.span, "agent", name, &names)?;
            Some(policy.agents[index].login.as_str().into())
        }
    }
}

/// A list of texts in the order that they are compared in.
fn sorted(
    reader: &mut Reader<'_>,
    node: &Node,
    what: &str,
    read: impl Fn(&mut Reader<'_>, &str, Span) -> Option<String>,
) -> Option<Value> {
    reader.list(node, what)?;
    let texts = reader.placed_texts(node, what);
    let mut texts: Vec<String> = texts.into_iter().filter_map(|(text, at)| read(reader, &text, at)).collect();
    texts.sort_unstable();
    texts.dedup();
    Some(texts.into())
}
