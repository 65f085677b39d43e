//! The counted facts of a case: `facts`, the lists of the section by name, `recently`.
//!
//! Takes: nodes of a case file. Gives: [`CountedFacts`], in which later nodes are laid over earlier ones fact by
//! fact and list by list, or problems with their place. What is not said is nothing of its kind: 0, none,
//! empty, no.

use super::given::{text, texts};
use super::{CountedFacts, RecentRule};
use crate::advise::{AdviceRules, FactSpec, FactTy, FactValues, SectionSpec};
use crate::engine::value::Value;
use crate::language::JobSpec;
use crate::language::reader::NodeReader;
use crate::language::yaml::{Node, NodeKind};

/// The facts of the whole.
pub(super) const GLOBALS: &str = "facts";
/// Rules that fired lately.
pub(super) const RECENTLY: &str = "recently";
/// Which section, where a job has several.
pub(super) const SECTION: &str = "section";
/// What stands for nothing.
const NONE: &str = "none";

/// The keys with which a case says what was counted.
pub(super) fn keys(spec: &JobSpec) -> Vec<&'static str> {
    let mut keys = Vec::new();
    for section in spec.sections {
        keys.push(GLOBALS);
        keys.extend(section.collections.iter().map(|list| list.name));
        if !section.asks.is_empty() {
            keys.push(RECENTLY);
        }
    }
    if spec.sections.len() > 1 {
        keys.push(SECTION);
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Nothing at all was counted.
pub(super) fn empty(rules: &AdviceRules, section: usize) -> CountedFacts {
    let globals = rules.section.facts.iter().map(neutral).collect();
    let collections = rules.section.collections.iter().map(|_| Vec::new()).collect();
    CountedFacts { section, facts: FactValues { globals, collections }, recently: Vec::new() }
}

fn neutral(fact: &FactSpec) -> Value<'static> {
    match fact.ty {
        FactTy::Bool => Value::Bool(false),
        FactTy::Number => Value::Int(0),
        FactTy::Text => Value::Text("".into()),
        FactTy::MaybeNumber | FactTy::MaybeText => Value::None,
        FactTy::Texts | FactTy::Numbers => Value::List(Vec::new()),
    }
}

/// Lays what a case, a group, the file or an entry of `each` says over what is there. Other keys of the node
/// are somebody else's.
pub(super) fn read(
    reader: &mut NodeReader<'_>,
    node: &Node,
    rules: &AdviceRules,
    each: Option<&str>,
    into: &mut CountedFacts,
) {
    let NodeKind::Map(members) = &node.kind else { return };
    let section = rules.section;
    for (key, node) in members {
        let list = section.collections.iter().position(|list| list.name == key.name);
        match (key.name.as_str(), list) {
            (GLOBALS, _) => facts(reader, node, ("`facts`", section.facts), each, &mut into.facts.globals),
            (RECENTLY, _) => into.recently = recently(reader, node, rules),
            (_, Some(list)) => into.facts.collections[list] = elements(reader, node, section, list, each),
            _ => {}
        }
    }
}

/// The elements of a list, each with all its facts.
fn elements(
    reader: &mut NodeReader<'_>,
    node: &Node,
    section: &SectionSpec,
    list: usize,
    each: Option<&str>,
) -> Vec<Vec<Value<'static>>> {
    let list = &section.collections[list];
    let what = format!("an entry of `{}`", list.name);
    let nodes = reader.list(node, &format!("`{}`", list.name)).unwrap_or_default();
    let one = |node| {
        let mut values: Vec<Value<'static>> = list.facts.iter().map(neutral).collect();
        facts(reader, node, (&what, list.facts), each, &mut values);
        values
    };
    nodes.iter().map(one).collect()
}

fn facts(
    reader: &mut NodeReader<'_>,
    node: &Node,
    (what, known): (&str, &[FactSpec]),
    each: Option<&str>,
    values: &mut [Value<'static>],
) {
    let names: Vec<&str> = known.iter().map(|fact| fact.name).collect();
    if reader.keyed(node, what, &names).is_none() {
        return;
    }
    let NodeKind::Map(members) = &node.kind else { return };
    for (key, node) in members {
        let Some(at) = names.iter().position(|name| *name == key.name) else { continue };
        if let Some(value) = value(reader, node, &known[at], each) {
            values[at] = value;
        }
    }
}

fn value(reader: &mut NodeReader<'_>, node: &Node, fact: &FactSpec, each: Option<&str>) -> Option<Value<'static>> {
    let what = format!("`{}`", fact.name);
    let none = match &node.kind {
        NodeKind::Null => true,
        NodeKind::Text(text) => text == NONE,
        _ => false,
    };
    match fact.ty {
        FactTy::MaybeNumber | FactTy::MaybeText if none => Some(Value::None),
        FactTy::Bool => reader.flag(node, &what).map(Value::Bool),
        FactTy::Number | FactTy::MaybeNumber => reader.number(node, &what),
        FactTy::Text | FactTy::MaybeText => text(reader, node, &what, each).map(|text| Value::Text(text.into())),
        FactTy::Texts => {
            let texts = texts(reader, node, &what, each)?;
            Some(Value::List(texts.into_iter().map(|text| Value::Text(text.into())).collect()))
        }
        FactTy::Numbers => {
            let items = reader.list(node, &what)?;
            let what = format!("an entry of {what}");
            let numbers: Option<Vec<Value<'static>>> = items.iter().map(|item| reader.number(item, &what)).collect();
            numbers.map(Value::List)
        }
    }
}

fn recently(reader: &mut NodeReader<'_>, node: &Node, rules: &AdviceRules) -> Vec<RecentRule> {
    let ids: Vec<&str> = rules.all().map(|rule| rule.id.as_str()).collect();
    let mut found = Vec::new();
    for item in reader.list(node, "`recently`").unwrap_or_default() {
        let (rule, subject) = match &item.kind {
            NodeKind::Map(_) => {
                let Some(fields) = reader.keyed(item, "an entry of `recently`", &["rule", "subject"]) else { continue };
                let Some(rule) = fields.get("rule") else {
                    reader.missing(fields, item.span, "an entry of `recently` has no `rule`", "");
                    continue;
                };
                (rule, fields.get("subject").and_then(|node| subject(reader, node)))
            }
            _ => (item, None),
        };
        let Some(id) = reader.text(rule, "an entry of `recently`") else { continue };
        if ids.contains(&id) {
            found.push(RecentRule { rule: id.to_owned(), subject });
        } else {
            let help = reader.sink.nearest(id, ids.iter().copied());
            reader.sink.error(rule.span, format!("the rules have no rule `{id}`"), help);
        }
    }
    found
}

/// What a record is about: a text, a list of texts, a number, nothing.
pub(super) fn subject(reader: &mut NodeReader<'_>, node: &Node) -> Option<serde_json::Value> {
    match &node.kind {
        NodeKind::Null => Some(serde_json::Value::Null),
        NodeKind::Text(text) if text == NONE => Some(serde_json::Value::Null),
        NodeKind::List(_) => texts(reader, node, "`subject`", None).map(Into::into),
        NodeKind::Int(_) | NodeKind::Float(_) => {
            reader.number(node, "`subject`").map(|value| super::expect::number(value.number()))
        }
        _ => text(reader, node, "`subject`", None).map(Into::into),
    }
}

/// Bytes of its texts.
pub(super) fn bytes(counted: &CountedFacts) -> usize {
    fn of(value: &Value<'_>) -> usize {
        match value {
            Value::Text(text) => text.len() + 32,
            Value::List(items) => items.iter().map(of).sum::<usize>() + 32,
            _ => 32,
        }
    }
    let elements = counted.facts.collections.iter().flatten().flatten();
    counted.facts.globals.iter().chain(elements).map(of).sum()
}
