//! Vocabulary and templates that nothing uses.
//!
//! Takes: a [`Policy`] with what stands beside it in its files, rules over counted facts too. Gives: a warning for each keyword set,
//! pattern, threshold, agent, label, action and own template that nothing names. A rule with
//! `enabled: false` still uses what it names: it is switched off, not removed.

use std::collections::BTreeSet;

use super::check::{CheckedPolicy, Warnings};
use crate::advise::AdviceRules;
use crate::engine::expr::{Expr, NameRef};
use crate::engine::policy::Policy;
use crate::engine::rules::Person;
use crate::engine::source::Span;
use crate::engine::value::Value;
use crate::language::LoadResult;
use crate::language::diag::Severity;
use crate::language::sinks::SinkKind;

/// Everything that expressions name.
struct NamesInUse {
    names: BTreeSet<NameRef>,
    /// Texts that they are compared with, which may be names of labels.
    texts: BTreeSet<String>,
}

impl NamesInUse {
    fn new(policy: &Policy, loaded: &LoadResult) -> Self {
        let mut named = NamesInUse { names: BTreeSet::new(), texts: BTreeSet::new() };
        policy.expressions().for_each(|expr| named.see(expr));
        loaded.advice.sections.iter().flat_map(AdviceRules::expressions).for_each(|expr| named.see(expr));
        for rule in &loaded.aside.disabled {
            rule.when.iter().for_each(|when| named.see(&when.expr));
            rule.reason.iter().flat_map(|reason| reason.expressions()).for_each(|expr| named.see(expr));
        }
        named
    }

    fn see(&mut self, expr: &Expr) {
        expr.walk(&mut |part| match part {
            Expr::Name(name) => {
                self.names.insert(*name);
            }
            Expr::Literal(Value::Text(text)) => {
                self.texts.insert(text.to_string());
            }
            _ => {}
        });
    }
}

/// Warns of vocabulary and actions.
pub fn vocabulary(policy: &Policy, loaded: &LoadResult, found: &mut Warnings<'_>) {
    let aside = &loaded.aside;
    let named = NamesInUse::new(policy, loaded);
    let has = |name: NameRef| named.names.contains(&name);
    let in_texts = |group: &str, name: &str| {
        let path = format!("{group}.{name}");
        let inside = format!("{path}.");
        aside.used.iter().any(|used| used == group || *used == path || used.starts_with(&inside))
    };
    for (index, set) in policy.keywords.sets.iter().enumerate() {
        if !has(NameRef::Tagged(index)) && !has(NameRef::Labelled(index)) {
            let name = &set.name;
            let message = format!("no rule asks for the keyword set `{name}`");
            found.warn(set.at, message, format!("ask for it as `tagged.{name}` or `labelled.{name}`, or remove it"));
        }
    }
    for (index, pattern) in policy.patterns.iter().enumerate() {
        if ![NameRef::Count(index), NameRef::Distinct(index), NameRef::LabelsWith(index)].into_iter().any(has) {
            let name = &pattern.name;
            let message = format!("no rule asks for the pattern `{name}`");
            found.warn(pattern.at, message, format!("ask for it, as in `count.{name} > 0`, or remove it"));
        }
    }
    for (index, threshold) in policy.thresholds.iter().enumerate() {
        let name = &threshold.name;
        if !has(NameRef::Threshold(index)) && !in_texts("thresholds", name) {
            let message = format!("nothing compares with the threshold `{name}`");
            found.warn(
                threshold.at,
                message,
                format!("write `thresholds.{name}` where the number is meant, or remove it"),
            );
        }
    }
    let rules = || policy.decide.iter().chain(&aside.disabled);
    for (index, action) in policy.actions.iter().enumerate() {
        // No login begins with a dash: there is nobody yet, and its rules wait for somebody.
        let nobody = action.agent.is_some_and(|agent| policy.agents[agent].login.starts_with('-'));
        if !nobody && !rules().any(|rule| rule.action == Some(index)) {
            let message = format!("no rule asks for the action `{}`", action.name);
            found.warn(action.at, message, format!("name it in a rule, `action: {}`, or remove it", action.name));
        }
    }
    let of_action = |index: usize| {
        policy.actions.iter().any(|action| {
            let of_issue = action.create_issue.iter().flat_map(|issue| &issue.assign);
            let mut people = action.assign.iter().chain(&action.unassign).chain(&action.mention).chain(of_issue);
            action.agent == Some(index) || people.any(|person| *person == Person::Agent(index))
        })
    };
    for (index, agent) in policy.agents.iter().enumerate() {
        if !of_action(index) && !has(NameRef::Login(index)) && !in_texts("agents", &agent.name) {
            let message = format!("no action and no condition names the agent `{}`", agent.name);
            found.warn(agent.at, message, format!("name it in an action, `agent: {}`, or remove it", agent.name));
        }
    }
    for label in &policy.labels {
        let name = &label.name;
        let put_on = policy.actions.iter().any(|action| {
            let of_issue = action.create_issue.iter().flat_map(|issue| &issue.labels);
            action.add_labels.iter().chain(&action.remove_labels).chain(of_issue).any(|label| label == name)
        });
        let of_summary = policy.summary.as_ref().is_some_and(|summary| summary.label == *name);
        let of_sink = loaded.sinks.iter().any(|sink| match &sink.kind {
            SinkKind::Issue(issue) => issue.label.as_ref() == Some(name),
            _ => false,
        });
        if !put_on && !of_summary && !of_sink && !named.texts.contains(name) {
            let message = format!("no action puts on the label `{name}`");
            found.warn(label.at, message, "name it in `add_labels` of an action, or remove it");
        }
    }
}

/// Warns of the folder's own templates.
pub fn templates(checked: &CheckedPolicy<'_>, found: &mut Warnings<'_>) {
    for (name, problems) in &checked.loaded.aside.unread {
        let Some(source) = checked.input.templates.get(name).filter(|_| checked.own.contains(name)) else { continue };
        let help = format!("name it in an action, `comment: {name}`, include it in another one, or remove it");
        found.warn_in(source, Span::default(), format!("nothing uses the template `{name}`"), help);
        // What is wrong with it does no harm yet.
        let problems = problems.iter().cloned();
        found.list.extend(problems.map(|mut problem| {
            problem.severity = Severity::Warning;
            problem
        }));
    }
}
