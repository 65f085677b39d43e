//! Numbers in texts that are thresholds written out.
//!
//! Takes: a [`Policy`], its files. Gives: a warning for each number that stands in a reason, a template or
//! a text of a rule over counted facts outside `{{ }}`, where the rule's condition goes by a threshold of that value: once the
//! threshold is changed, the text is wrong.

use std::collections::BTreeSet;

use super::check::Warnings;
use crate::advise::{Advice, FieldKind};
use crate::engine::expr::{Expr, NameRef};
use crate::engine::policy::Policy;
use crate::engine::rules::Rule;
use crate::engine::source::{Source, Span};
use crate::language::RuleInput;
use crate::language::diag::ProblemSink;
use crate::language::yaml::{self, Node, NodeKind};

/// Flags are followed this deep.
const DEPTH: usize = 24;

/// Warns of the reasons of a policy and of the templates of its comments.
pub fn written_out(policy: &Policy, input: &RuleInput, found: &mut Warnings<'_>) {
    let source = policy.source();
    let root = yaml::read(&mut ProblemSink { source, found: &mut Vec::new() });
    let mut told: BTreeSet<(String, usize)> = BTreeSet::new();
    for rule in &policy.decide {
        let mut thresholds = BTreeSet::new();
        rule.when.iter().for_each(|when| named(policy, &when.expr, 0, &mut thresholds));
        if thresholds.is_empty() {
            continue;
        }
        if let Some(span) = root.as_ref().and_then(|root| reason(root, rule)) {
            tell(policy, source, span, &thresholds, &mut told, found);
        }
        let comment = rule.action.and_then(|action| policy.actions[action].comment.as_ref());
        if let Some(template) = comment.and_then(|name| input.templates.get(name)) {
            tell(policy, template, Span::new(0, template.text.len()), &thresholds, &mut told, found);
        }
    }
}

/// Warns of the texts that rules over counted facts write.
pub fn in_sections(policy: &Policy, advice: &Advice, found: &mut Warnings<'_>) {
    let source = policy.source();
    let Some(root) = yaml::read(&mut ProblemSink { source, found: &mut Vec::new() }) else { return };
    let mut told: BTreeSet<(String, usize)> = BTreeSet::new();
    for rules in &advice.sections {
        let texts = rules.section.fields.iter();
        let texts = texts.filter(|field| matches!(field.kind, FieldKind::Sentence | FieldKind::Sentences));
        let texts: Vec<&str> = texts.map(|field| field.name).collect();
        for (group, rule) in rules.groups.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule))) {
            let mut thresholds = BTreeSet::new();
            let lets = group.lets.iter().chain(&rule.lets).map(|(_, expr)| expr);
            let exprs = lets.chain(rule.when.iter().map(|when| &when.expr));
            exprs.for_each(|expr| named(policy, expr, 0, &mut thresholds));
            let section = member(&root, rules.section.name).and_then(|section| member(section, "rules"));
            let Some(node) = section.and_then(|node| with_id(node, rule.at.span)) else { continue };
            for text in texts.iter().filter_map(|name| member(node, name)) {
                tell(policy, source, text.span, &thresholds, &mut told, found);
            }
        }
    }
}

pub(super) fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    match &node.kind {
        NodeKind::Map(entries) => entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node),
        _ => None,
    }
}

/// The rule whose id stands here, of a list of rules and groups of them.
fn with_id(rules: &Node, at: Span) -> Option<&Node> {
    let NodeKind::List(rules) = &rules.kind else { return None };
    rules.iter().find_map(|node| match member(node, "rules") {
        Some(group) => with_id(group, at),
        None => member(node, "id").is_some_and(|id| id.span == at).then_some(node),
    })
}

/// The thresholds that a condition goes by, those of its flags too.
fn named(policy: &Policy, expr: &Expr, depth: usize, into: &mut BTreeSet<usize>) {
    let mut names = Vec::new();
    expr.names(&mut names);
    let names: BTreeSet<NameRef> = names.into_iter().collect();
    for name in names {
        match name {
            NameRef::Threshold(index) => {
                into.insert(index);
            }
            NameRef::Flag(flag) if depth < DEPTH => named(policy, &policy.flags[flag].when.expr, depth + 1, into),
            _ => {}
        }
    }
}

/// Where the reason of a rule stands.
fn reason(root: &Node, rule: &Rule) -> Option<Span> {
    with_id(member(root, "decide")?, rule.at.span).and_then(|rule| member(rule, "reason")).map(|reason| reason.span)
}

fn tell(
    policy: &Policy,
    source: &Source,
    within: Span,
    thresholds: &BTreeSet<usize>,
    told: &mut BTreeSet<(String, usize)>,
    found: &mut Warnings<'_>,
) {
    let text = source.text.get(within.start..within.end).unwrap_or("");
    for (start, end) in numbers(text) {
        let Ok(number) = text[start..end].parse::<f64>() else { continue };
        let same = |index: &&usize| policy.thresholds[**index].value.number() == Some(number);
        let Some(threshold) = thresholds.iter().find(same).map(|index| &policy.thresholds[*index]) else { continue };
        let span = Span::new(within.start + start, within.start + end);
        if told.insert((source.name.to_string(), span.start)) {
            let name = &threshold.name;
            let written = &text[start..end];
            found.warn_in(
                source,
                span,
                format!(
                    "{written} stands here as a number, and is the threshold `{name}` of a rule that uses this text"
                ),
                format!("write `{{{{ thresholds.{name} }}}}`, so that the text is right when the threshold is changed"),
            );
        }
    }
}

/// Numbers outside tags, as words of their own: no part of a word, a version, a date, a reference.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if let Some(close) = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")]
            .into_iter()
            .find_map(|(open, close)| bytes[at..].starts_with(open.as_bytes()).then_some(close))
        {
            at = text[at..].find(close).map_or(bytes.len(), |length| at + length + close.len());
            continue;
        }
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let start = at;
        at += digits(at);
        if bytes.get(at) == Some(&b'.') && digits(at + 1) > 0 {
            at += 1 + digits(at + 1);
        }
        let joins = |byte: Option<&u8>, with: &[u8]| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80 || with.contains(byte))
        };
        // `7.0.1` is a version, the end of a sentence is none.
        let version = bytes.get(at) == Some(&b'.') && digits(at + 1) > 0;
        let before = start.checked_sub(1).and_then(|before| bytes.get(before));
        let after = bytes.get(at);
        // `1. ` at the start of a line counts a list.
        let listed = matches!(after, Some(b'.' | b')'))
            && text[..start].rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
        if !joins(before, b"#._-/:=<&$\\") && !joins(after, b"_-/:=") && !listed && !version {
            found.push((start, at));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        numbers(text).into_iter().map(|(start, end)| &text[start..end]).collect()
    }

    #[test]
    fn numbers_are_words_outside_tags() {
        assert_eq!(words("Scores 5; {{ 7 }} of 10.5, {% if 3 %}9{% endif %}{# 4 #}."), ["5", "10.5", "9"]);
        assert_eq!(words("v1.2 7.0.1 #12 2026-01-02 h5 5m a/3 10:30 <h1> größe5 5größe"), [""; 0]);
        assert_eq!(words("1. first\n  2) second\n3 third {{ open"), ["3"]);
    }
}
