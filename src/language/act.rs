//! What is done and by whom: agents, actions, the rules of `decide`.
//!
//! Takes: the sections of the files, with everything that judges in scope. Gives: the lists of
//! the [`Policy`](crate::engine::rules::Policy), every name of theirs resolved.

use std::collections::BTreeMap;

use super::reader::{Fields, NodeReader};
use super::vocabulary::{self, index_of};
use super::yaml::NodeKind;
use super::{RuleChecker, keys, root_value};
use crate::engine::expr::NameRef;
use crate::engine::rules::{Action, Agent, Close, IssueSpec, Person, Rule};
use crate::engine::source::Source;
use crate::engine::value::{Base, Ty};

/// Agents are read twice: their logins before anything judges, `holds` after all of it.
pub(super) fn logins(check: &mut RuleChecker<'_>) -> Vec<Agent> {
    let mut agents = Vec::new();
    for entry in vocabulary::distinct(check, "agents", |_| false) {
        let name = entry.key.name.clone();
        let mut reader = check.reader(entry.file);
        if !reader.name(entry.key, false) {
            continue;
        }
        let Some(fields) = reader.map(entry.node, &format!("the agent `{name}`"), &keys::AGENT) else {
            continue;
        };
        let login = match fields.get("login") {
            Some(node) => reader.login(node, "`login`").unwrap_or_default().to_owned(),
            None => {
                reader.missing(fields, entry.key.span, format!("the agent `{name}` has no `login`"), "");
                String::new()
            }
        };
        let at_once = fields
            .get("at_once")
            .and_then(|node| reader.whole(node, "`at_once`", 1))
            .and_then(|number| usize::try_from(number).ok());
        if let (Some(node), None) = (fields.get("at_once"), fields.get("holds")) {
            reader.sink.error(
                node.span,
                "`at_once` without `holds`",
                Some("say when an open item is in this agent's hands".to_owned()),
            );
        }
        check.scope.add(format!("agents.{name}.login"), NameRef::Login(agents.len()), Ty::of(Base::Text));
        let at = check.reader(entry.file).at(entry.key.span);
        agents.push(Agent { name, login, holds: None, at_once, at });
    }
    agents
}

pub(super) fn holds(check: &mut RuleChecker<'_>, agents: &mut [Agent]) {
    for entry in check.files.entries("agents") {
        let Some(agent) = agents.iter_mut().find(|agent| agent.name == entry.key.name) else { continue };
        let Some(node) = root_value(entry.node, "holds") else { continue };
        let scope = check.scope.clone();
        agent.holds = check.reader(entry.file).condition(&scope, node, "`holds`");
    }
}

pub(super) fn actions(
    check: &mut RuleChecker<'_>,
    root: Fields<'_>,
    agents: &[Agent],
    labels: &[String],
) -> Vec<Action> {
    let main = check.files.main();
    let templates = check.templates;
    let scope = check.scope.clone();
    let mut reader = check.reader(main);
    let agent_names: Vec<String> = agents.iter().map(|agent| agent.name.clone()).collect();
    let mut actions = Vec::new();
    for (key, node) in root.get("actions").and_then(|node| reader.entries(node, "`actions`")).unwrap_or_default() {
        reader.name(key, true);
        if key.name == "skip" {
            reader.sink.error(
                key.span,
                "`skip` is built in: it does nothing",
                Some("give the action another name".to_owned()),
            );
            continue;
        }
        let what = format!("the action `{}`", key.name);
        let Some(fields) = reader.map(node, &what, &keys::ACTION) else { continue };
        let mut action = Action { name: key.name.clone(), at: reader.at(key.span), ..Action::default() };
        if let Some(node) = fields.get("agent") {
            action.agent = reader
                .text(node, "`agent`")
                .and_then(|name| index_of(&mut reader, node.span, "agent", name, &agent_names));
        }
        action.mention = people(&mut reader, fields, "mention", &agent_names);
        action.assign = people(&mut reader, fields, "assign", &agent_names);
        action.unassign = people(&mut reader, fields, "unassign", &agent_names);
        action.add_labels = put_on(&mut reader, fields, "add_labels", labels);
        action.remove_labels =
            fields.get("remove_labels").map(|node| reader.texts(node, "`remove_labels`")).unwrap_or_default();
        action.set_milestone =
            fields.get("set_milestone").and_then(|node| reader.text(node, "`set_milestone`")).map(str::to_owned);
        action.close = fields.get("close").and_then(|node| match node.kind {
            NodeKind::Bool(close) => close.then_some(Close::Plain),
            _ => reader.one_of(node, "`close`", &keys::CLOSES),
        });
        action.reopen = fields.get("reopen").and_then(|node| reader.flag(node, "`reopen`")).unwrap_or(false);
        action.comment = template(&mut reader, fields, "comment", templates);
        action.edit_body = template(&mut reader, fields, "edit_body", templates);
        if let Some(node) = fields.get("create_issue")
            && let Some(fields) = reader.map(node, "`create_issue`", &keys::NEW_ISSUE)
        {
            for key in ["title", "body"].into_iter().filter(|key| fields.get(key).is_none()) {
                let help = "`create_issue: {title: \"…\", body: template.md.j2}`, and `labels`, `assign` as wanted";
                reader.missing(fields, node.span, format!("`create_issue` has no `{key}`"), help);
            }
            let title = fields.get("title").and_then(|node| reader.sentence(&scope, node, "`title`"));
            let body = template(&mut reader, fields, "body", templates);
            let labels = put_on(&mut reader, fields, "labels", labels);
            let assign = people(&mut reader, fields, "assign", &agent_names);
            action.create_issue = title.zip(body).map(|(title, body)| IssueSpec { title, body, labels, assign });
        }
        if let (Some(at), None) = (fields.key("mention"), fields.get("comment")) {
            reader.missing(fields, at, "`mention` without `comment`", "a mention needs a comment to stand in");
        }
        if fields.get("close").is_some() && action.reopen {
            reader.sink.error(key.span, format!("{what} closes and reopens"), None);
        }
        actions.push(action);
    }
    actions
}

/// A list of people: names of agents, `author`, `assignees`.
fn people(reader: &mut NodeReader<'_>, fields: Fields<'_>, key: &str, agents: &[String]) -> Vec<Person> {
    let Some(node) = fields.get(key) else { return Vec::new() };
    let mut people = Vec::new();
    for item in reader.list(node, &format!("`{key}`")).unwrap_or_default() {
        people.extend(match reader.text(item, "a name") {
            Some("author") => Some(Person::Author),
            Some("assignees") => Some(Person::Assignees),
            Some(name) => index_of(reader, item.span, "agent", name, agents).map(Person::Agent),
            None => None,
        });
    }
    people
}

/// A list of labels that are made where they are missing: each is described in `labels`.
fn put_on(reader: &mut NodeReader<'_>, fields: Fields<'_>, key: &str, labels: &[String]) -> Vec<String> {
    let Some(node) = fields.get(key) else { return Vec::new() };
    let what = format!("`{key}`");
    for item in reader.list(node, &what).unwrap_or_default() {
        if let NodeKind::Text(name) = &item.kind
            && !labels.contains(name)
        {
            let help = (reader.sink.nearest(name, labels.iter().map(String::as_str)))
                .unwrap_or_else(|| format!("add it: `labels: {{{name}: {{}}}}`"));
            reader.sink.error(item.span, format!("the label `{name}` is not in `labels`"), Some(help));
        }
    }
    reader.texts(node, &what)
}

/// Names of all templates of an action.
pub(super) fn templates(action: &Action) -> impl Iterator<Item = &String> {
    let of_issue = action.create_issue.as_ref().map(|issue| &issue.body);
    action.comment.iter().chain(&action.edit_body).chain(of_issue)
}

/// The name of a template that is there.
fn template(
    reader: &mut NodeReader<'_>,
    fields: Fields<'_>,
    key: &str,
    templates: &BTreeMap<String, Source>,
) -> Option<String> {
    let node = fields.get(key)?;
    let name = reader.text(node, &format!("`{key}`"))?;
    if !templates.contains_key(name) {
        let help = reader.sink.nearest(name, templates.keys().map(String::as_str));
        reader.sink.error(node.span, format!("there is no template `{name}`"), help);
    }
    Some(name.to_owned())
}

pub(super) fn decide(check: &mut RuleChecker<'_>, root: Fields<'_>, actions: &[Action]) -> Vec<Rule> {
    let main = check.files.main();
    let scope = check.scope.clone();
    let mut reader = check.reader(main);
    let names: Vec<String> = actions.iter().map(|action| action.name.clone()).chain(["skip".to_owned()]).collect();
    let (mut rules, mut disabled): (Vec<Rule>, Vec<Rule>) = Default::default();
    let mut ids: Vec<String> = Vec::new();
    // A rule that always holds, and whether it has been said that it hides others.
    let mut always: Option<(String, bool)> = None;
    let items = match root.get("decide") {
        Some(node) => reader.list(node, "`decide`"),
        None => Some(&[][..]),
    };
    if items.is_some_and(<[_]>::is_empty) {
        let help = "add `decide:` with at least one rule";
        reader.sink.error(
            root.key("decide").unwrap_or_default(),
            "a rule file decides something",
            Some(help.to_owned()),
        );
    }
    for item in items.unwrap_or_default() {
        let Some(fields) = reader.map(item, "a rule", &keys::RULE) else {
            continue;
        };
        let id = match fields.get("id").map(|node| (node.span, reader.text(node, "`id`"))) {
            Some((span, Some(id))) => {
                let good = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
                if !good {
                    reader.sink.error(
                        span,
                        format!("`{id}` is not an id"),
                        Some("letters, digits, `-` and `_`".to_owned()),
                    );
                }
                if ids.iter().any(|known| known == id) {
                    reader.sink.error(
                        span,
                        format!("there are two rules `{id}`"),
                        Some("an id names one rule: tests and logs go by it".to_owned()),
                    );
                }
                id.to_owned()
            }
            Some((_, None)) => String::new(),
            None => {
                let help = "tests, traces and logs go by it: `id: not-ready`";
                reader.missing(fields, item.span, "a rule has no `id`", help);
                String::new()
            }
        };
        ids.push(id.clone());
        let at = fields.get("id").map_or(item.span, |node| node.span);
        let enabled = fields.get("enabled").and_then(|node| reader.flag(node, "`enabled`")).unwrap_or(true);
        match &always {
            Some((earlier, said)) if enabled && !said => {
                let message = format!("the rule `{id}` is never reached: `{earlier}` before it has no `when`");
                reader.sink.error(at, message, Some("move the rule without `when` to the end".to_owned()));
                always = Some((earlier.clone(), true));
            }
            None if enabled && fields.get("when").is_none() => always = Some((id.clone(), fields.is_strange())),
            _ => {}
        }
        let when = fields.get("when").and_then(|node| reader.condition(&scope, node, "`when`"));
        let action = match fields.get("action") {
            Some(node) => {
                reader.text(node, "`action`").and_then(|name| index_of(&mut reader, node.span, "action", name, &names))
            }
            None => {
                let help = "name one of `actions`, or `skip`";
                reader.missing(fields, at, format!("the rule `{id}` has no `action`"), help);
                None
            }
        };
        let reason = fields.get("reason").and_then(|node| reader.sentence(&scope, node, "`reason`"));
        let observe = fields.get("observe").and_then(|node| reader.flag(node, "`observe`")).unwrap_or(false);
        let at = reader.at(at);
        let rule = Rule { id, when, action: action.filter(|index| *index < actions.len()), reason, observe, at };
        if enabled { rules.push(rule) } else { disabled.push(rule) }
    }
    check.disabled = disabled;
    rules
}
