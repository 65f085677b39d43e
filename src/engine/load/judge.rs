//! What judges: score, classify, flags, order, agents, actions, decide.
//!
//! Takes: the sections of the files, with the vocabulary in scope. Gives: the [`Policy`]. A stage
//! sees the names of the stages before it and none after, so nothing can refer in a circle.

use super::reader::Fields;
use super::vocabulary::{self, index_of};
use super::{Check, JobSpec, enough, root_value, settings};
use crate::engine::diag::{Span, did_you_mean};
use crate::engine::expr::{Expr, Name};
use crate::engine::facts::{Ages, FACTS};
use crate::engine::rules::{Action, Agent, Classify, Close, Component, Flag, Person, Point, Policy, Rule, TypeRule};
use crate::engine::value::{Base, Ty};
use crate::engine::yaml::{Node, NodeKind};

/// Builds the policy. Broken parts are reported and left out; what stands is still checked.
pub(super) fn policy(check: &mut Check<'_>, spec: &JobSpec, hash: &str) -> Policy {
    let files = check.files;
    let main = files.main();
    let source = files.sources[main].clone();
    let root = Fields::of(&files.roots[main]);
    vocabulary::sections_are_maps(check, &super::VOCABULARY);
    let mut reader = check.reader(main);
    let ages = settings::ages(&mut reader, root);
    let tags = settings::tags(&mut reader, root);
    let scope = settings::scope(&mut reader, root);
    let timezone = settings::timezone(&mut reader, root);
    let limits = settings::limits(&mut reader, root);
    let summary = settings::summary(&mut reader, root);
    let skip_command = settings::skip_command(&mut reader, root);
    let publish_private = settings::publish_private(&mut reader, root);
    let bots = root.get("bots").map(|node| reader.texts(node, "`bots`")).unwrap_or_default();
    let observe_all = root.get("observe").and_then(|node| reader.flag(node, "`observe`")).unwrap_or(false);
    facts(check, ages);
    announce(check, root);
    let keywords = vocabulary::keywords(check);
    let patterns = vocabulary::patterns(check);
    let thresholds = vocabulary::thresholds(check);
    let labels = vocabulary::labels(check);
    let mut agents = logins(check);
    let components = score(check, root);
    let classify = classify(check, root);
    let flags = flags(check, root, spec);
    holds(check, &mut agents);
    let order = order(check, root);
    let label_names: Vec<String> = labels.iter().map(|label| label.name.clone()).collect();
    let actions = actions(check, root, &agents, &label_names);
    let mut decide = decide(check, root, &actions);
    decide.iter_mut().for_each(|rule| rule.observe |= observe_all);
    let name = std::path::Path::new(&*source.name)
        .file_stem()
        .map_or_else(|| spec.job.to_owned(), |stem| stem.to_string_lossy().into_owned());
    let mut policy = Policy {
        name,
        job: spec.job.to_owned(),
        hash: hash.to_owned(),
        source,
        bots,
        skip_command,
        scope,
        timezone,
        tags,
        ages,
        keywords,
        patterns,
        thresholds,
        components,
        classify,
        flags,
        order,
        agents,
        labels,
        actions,
        decide,
        limits,
        summary,
        publish_private,
    };
    enough::mark(&mut policy);
    policy
}

impl<'n> Fields<'n> {
    /// The keys of a whole file, which have been checked when it was read.
    fn of(root: &'n Node) -> Self {
        match &root.kind {
            NodeKind::Map(entries) => Fields(entries),
            _ => Fields(&[]),
        }
    }
}

fn facts(check: &mut Check<'_>, ages: Ages) {
    for (name, fact, _) in FACTS {
        check.scope.add(name, Name::Fact(fact), fact.ty(ages));
    }
}

/// Names of later stages, so that using one too early is told from a slip of the pen.
fn announce(check: &mut Check<'_>, root: Fields<'_>) {
    check.scope.announce("score", "after `score`, from `classify` on");
    check.scope.announce("type", "after `classify`, from `flags` on");
    for (section, prefix, when) in [
        ("score", "scores.", "after `score`, from `classify` on"),
        ("flags", "", "in the flags after it, in `order` and in `decide`"),
    ] {
        if let Some(NodeKind::Map(entries)) = root.get(section).map(|node| &node.kind) {
            entries.iter().for_each(|(key, _)| check.scope.announce(format!("{prefix}{}", key.name), when));
        }
    }
}

fn score(check: &mut Check<'_>, root: Fields<'_>) -> Vec<Component> {
    let main = check.files.main();
    let scope = check.scope.clone();
    let mut reader = check.reader(main);
    let entries = root.get("score").and_then(|node| reader.entries(node, "`score`")).unwrap_or_default();
    let mut components = Vec::new();
    for (key, node) in entries {
        reader.name(key, false);
        let what = format!("the component `{}`", key.name);
        let Some(fields) = reader.map(node, &what, &["max", "when", "points"]) else { continue };
        let max = match fields.get("max") {
            Some(node) => reader.number(node, "`max`").unwrap_or_else(settings::zero),
            None => {
                reader.sink.error(
                    key.span,
                    format!("{what} has no `max`"),
                    Some("say the most that it can add: `max: 3`".to_owned()),
                );
                settings::zero()
            }
        };
        let when = fields.get("when").and_then(|node| reader.condition(&scope, node, "`when`"));
        let mut points = Vec::new();
        for item in fields.get("points").and_then(|node| reader.list(node, "`points`")).unwrap_or_default() {
            let Some(fields) = reader.map(item, "a point", &["add", "when"]) else { continue };
            let add = match fields.get("add") {
                Some(node) => reader.number(node, "`add`"),
                None => {
                    reader.sink.error(
                        item.span,
                        "a point has no `add`",
                        Some("say how many points: `add: 1`".to_owned()),
                    );
                    None
                }
            };
            let when = fields.get("when").and_then(|node| reader.condition(&scope, node, "`when`"));
            let at = fields.get("when").map_or(item.span, |node| node.span);
            points.push(Point { add: add.unwrap_or_else(settings::zero), when, at });
        }
        components.push(Component { name: key.name.clone(), max, when, points });
    }
    for (index, component) in components.iter().enumerate() {
        check.scope.add(format!("scores.{}", component.name), Name::Component(index), Ty::of(Base::Number));
    }
    check.scope.add("score", Name::Score, Ty::of(Base::Number));
    components
}

fn classify(check: &mut Check<'_>, root: Fields<'_>) -> Classify {
    let main = check.files.main();
    let scope = check.scope.clone();
    let mut reader = check.reader(main);
    let mut classify = Classify { highest: false, default: "unknown".to_owned(), rules: Vec::new() };
    let fields = root.get("classify").and_then(|node| reader.map(node, "`classify`", &["pick", "default", "rules"]));
    if let Some(fields) = fields {
        if let Some(highest) =
            fields.get("pick").and_then(|node| reader.one_of(node, "`pick`", &[("first", false), ("highest", true)]))
        {
            classify.highest = highest;
        }
        if let Some(default) = fields.get("default").and_then(|node| reader.text(node, "`default`")) {
            classify.default = default.to_owned();
        }
        for item in fields.get("rules").and_then(|node| reader.list(node, "`rules`")).unwrap_or_default() {
            let Some(fields) = reader.map(item, "a rule of `classify`", &["type", "when", "score"]) else { continue };
            let when = fields.get("when").and_then(|node| reader.condition(&scope, node, "`when`"));
            let score = fields.get("score").and_then(|node| reader.number_expr(&scope, node, "`score`"));
            match fields.get("type").map(|node| reader.text(node, "`type`")) {
                Some(Some(ty)) => classify.rules.push(TypeRule { ty: ty.to_owned(), when, score }),
                Some(None) => {}
                None => reader.sink.error(item.span, "a rule of `classify` has no `type`", None),
            }
            match (classify.highest, fields.get("score")) {
                (true, None) => reader.sink.error(item.span, "under `pick: highest` every rule has a `score`", None),
                (false, Some(node)) => reader.sink.error(
                    node.span,
                    "under `pick: first` no rule has a `score`",
                    Some("write `pick: highest`, or leave it out".to_owned()),
                ),
                _ => {}
            }
        }
    }
    let mut types: Vec<String> = classify.rules.iter().map(|rule| rule.ty.clone()).collect();
    types.push(classify.default.clone());
    check.scope.add("type", Name::Type, Ty::of(Base::OneOf(types)));
    classify
}

fn flags(check: &mut Check<'_>, root: Fields<'_>, spec: &JobSpec) -> Vec<Flag> {
    let main = check.files.main();
    let entries = root.get("flags").and_then(|node| check.reader(main).entries(node, "`flags`")).unwrap_or_default();
    let mut flags = Vec::new();
    for (key, node) in entries {
        check.reader(main).name(key, false);
        let scope = check.scope.clone();
        let when = check.reader(main).condition(&scope, node, &format!("the flag `{}`", key.name));
        if check.scope.find(&key.name).is_some() {
            check.reader(main).sink.error(
                key.span,
                format!("`{}` is already something else", key.name),
                Some("give the flag another name".to_owned()),
            );
            continue;
        }
        check.scope.add(key.name.clone(), Name::Flag(flags.len()), Ty::of(Base::Bool));
        flags.push(Flag { name: key.name.clone(), when: when.unwrap_or(Expr::Literal(false.into())) });
    }
    for name in spec.flags {
        if !flags.iter().any(|flag| flag.name == *name) {
            let help = format!("add `{name}: …` under `flags`: reports of `{}` show it", spec.job);
            check.reader(main).sink.error(Span::default(), format!("there is no flag `{name}`"), Some(help));
        }
    }
    flags
}

/// Agents are read twice: their logins before anything judges, `holds` after all of it.
fn logins(check: &mut Check<'_>) -> Vec<Agent> {
    let mut agents = Vec::new();
    for entry in vocabulary::distinct(check, "agents", |_| false) {
        let name = entry.key.name.clone();
        let mut reader = check.reader(entry.file);
        if !reader.name(entry.key, false) {
            continue;
        }
        let Some(fields) = reader.map(entry.node, &format!("the agent `{name}`"), &["login", "holds", "at_once"])
        else {
            continue;
        };
        let login = match fields.get("login") {
            Some(node) => reader.text(node, "`login`").unwrap_or_default().to_owned(),
            None => {
                reader.sink.error(entry.key.span, format!("the agent `{name}` has no `login`"), None);
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
        check.scope.add(format!("agents.{name}.login"), Name::Login(agents.len()), Ty::of(Base::Text));
        agents.push(Agent { name, login, holds: None, at_once });
    }
    agents
}

fn holds(check: &mut Check<'_>, agents: &mut [Agent]) {
    for entry in check.files.entries("agents") {
        let Some(agent) = agents.iter_mut().find(|agent| agent.name == entry.key.name) else { continue };
        let Some(node) = root_value(entry.node, "holds") else { continue };
        let scope = check.scope.clone();
        agent.holds = check.reader(entry.file).condition(&scope, node, "`holds`");
    }
}

fn order(check: &mut Check<'_>, root: Fields<'_>) -> Vec<(bool, Expr)> {
    let main = check.files.main();
    let scope = check.scope.clone();
    let mut reader = check.reader(main);
    let mut order = Vec::new();
    for item in root.get("order").and_then(|node| reader.list(node, "`order`")).unwrap_or_default() {
        let Some(fields) = reader.map(item, "an entry of `order`", &["asc", "desc"]) else { continue };
        let (descending, node) = match (fields.get("asc"), fields.get("desc")) {
            (Some(node), None) => (false, node),
            (None, Some(node)) => (true, node),
            _ => {
                reader.sink.error(item.span, "an entry of `order` has `asc` or `desc`, one of the two", None);
                continue;
            }
        };
        if let Some((expr, ty)) = reader.any_expr(&scope, node, "a sort key") {
            if matches!(ty.base, Base::List(..)) {
                reader.sink.error(
                    node.span,
                    "a list is no sort key",
                    Some("sort by its length: `… | length`".to_owned()),
                );
            }
            order.push((descending, expr));
        }
    }
    order
}

const ACTION_KEYS: [&str; 10] = [
    "agent",
    "assign",
    "unassign",
    "add_labels",
    "remove_labels",
    "set_milestone",
    "close",
    "reopen",
    "comment",
    "mention",
];

fn actions(check: &mut Check<'_>, root: Fields<'_>, agents: &[Agent], labels: &[String]) -> Vec<Action> {
    let main = check.files.main();
    let templates = check.templates;
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
        let Some(fields) = reader.map(node, &what, &ACTION_KEYS) else { continue };
        let mut action = Action { name: key.name.clone(), ..Action::default() };
        if let Some(node) = fields.get("agent") {
            action.agent = reader
                .text(node, "`agent`")
                .and_then(|name| index_of(&mut reader, node.span, "agent", name, &agent_names));
        }
        let mut people = |key: &str| {
            let Some(node) = fields.get(key) else { return Vec::new() };
            let items = reader.list(node, &format!("`{key}`")).unwrap_or_default();
            let mut people = Vec::new();
            for item in items {
                people.extend(match reader.text(item, "a name") {
                    Some("author") => Some(Person::Author),
                    Some("assignees") => Some(Person::Assignees),
                    Some(name) => index_of(&mut reader, item.span, "agent", name, &agent_names).map(Person::Agent),
                    None => None,
                });
            }
            people
        };
        action.mention = people("mention");
        action.assign = people("assign");
        action.unassign = people("unassign");
        if let Some(node) = fields.get("add_labels") {
            action.add_labels = reader.texts(node, "`add_labels`");
            let strange: Vec<String> =
                action.add_labels.iter().filter(|name| !labels.contains(name)).cloned().collect();
            for name in strange {
                let help = did_you_mean(&name, labels.iter().map(String::as_str))
                    .unwrap_or_else(|| format!("add it: `labels: {{{name}: {{}}}}`"));
                reader.sink.error(node.span, format!("the label `{name}` is not in `labels`"), Some(help));
            }
        }
        action.remove_labels =
            fields.get("remove_labels").map(|node| reader.texts(node, "`remove_labels`")).unwrap_or_default();
        action.set_milestone =
            fields.get("set_milestone").and_then(|node| reader.text(node, "`set_milestone`")).map(str::to_owned);
        action.close = fields.get("close").and_then(|node| match node.kind {
            NodeKind::Bool(close) => close.then_some(Close::Plain),
            _ => reader.one_of(node, "`close`", &[("completed", Close::Completed), ("not_planned", Close::NotPlanned)]),
        });
        action.reopen = fields.get("reopen").and_then(|node| reader.flag(node, "`reopen`")).unwrap_or(false);
        action.comment = fields.get("comment").and_then(|node| {
            let name = reader.text(node, "`comment`")?;
            if !templates.contains_key(name) {
                let help = did_you_mean(name, templates.keys().map(String::as_str));
                reader.sink.error(node.span, format!("there is no template `{name}`"), help);
            }
            Some(name.to_owned())
        });
        if let (Some(node), None) = (fields.get("mention"), &action.comment) {
            reader.sink.error(
                node.span,
                "`mention` without `comment`",
                Some("a mention needs a comment to stand in".to_owned()),
            );
        }
        if fields.get("close").is_some() && action.reopen {
            reader.sink.error(key.span, format!("{what} closes and reopens"), None);
        }
        actions.push(action);
    }
    actions
}

fn decide(check: &mut Check<'_>, root: Fields<'_>, actions: &[Action]) -> Vec<Rule> {
    let main = check.files.main();
    let scope = check.scope.clone();
    let mut reader = check.reader(main);
    let names: Vec<String> = actions.iter().map(|action| action.name.clone()).chain(["skip".to_owned()]).collect();
    let mut rules: Vec<Rule> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    let mut always: Option<String> = None;
    let Some(node) = root.get("decide") else {
        reader.sink.error(
            Span::default(),
            "a rule file decides something",
            Some("add `decide:` with at least one rule".to_owned()),
        );
        return rules;
    };
    for item in reader.list(node, "`decide`").unwrap_or_default() {
        let Some(fields) = reader.map(item, "a rule", &["id", "when", "action", "reason", "enabled", "observe"]) else {
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
                reader.sink.error(
                    item.span,
                    "a rule has no `id`",
                    Some("tests, traces and logs go by it: `id: not-ready`".to_owned()),
                );
                String::new()
            }
        };
        ids.push(id.clone());
        let at = fields.get("id").map_or(item.span, |node| node.span);
        let enabled = fields.get("enabled").and_then(|node| reader.flag(node, "`enabled`")).unwrap_or(true);
        if let (Some(earlier), true) = (&always, enabled) {
            reader.sink.error(
                at,
                format!("the rule `{id}` is never reached: `{earlier}` before it has no `when`"),
                Some("move the rule without `when` to the end".to_owned()),
            );
        }
        if enabled && fields.get("when").is_none() {
            always = Some(id.clone());
        }
        let when = fields.get("when").and_then(|node| reader.condition(&scope, node, "`when`"));
        let action = match fields.get("action") {
            Some(node) => {
                reader.text(node, "`action`").and_then(|name| index_of(&mut reader, node.span, "action", name, &names))
            }
            None => {
                reader.sink.error(
                    at,
                    format!("the rule `{id}` has no `action`"),
                    Some("name one of `actions`, or `skip`".to_owned()),
                );
                None
            }
        };
        let reason = fields.get("reason").and_then(|node| reader.sentence(&scope, node, "`reason`"));
        let observe = fields.get("observe").and_then(|node| reader.flag(node, "`observe`")).unwrap_or(false);
        if enabled {
            rules.push(Rule { id, when, action: action.filter(|index| *index < actions.len()), reason, observe, at });
        }
    }
    rules
}
