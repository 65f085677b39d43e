//! What judges: score, classify, flags, order, agents, actions, decide.
//!
//! Takes: the sections of the files, with the vocabulary in scope. Gives: the [`Policy`]. A stage
//! sees the names of the stages before it and none after, so nothing can refer in a circle.

use std::collections::BTreeMap;

use super::reader::Fields;
use super::yaml::NodeKind;
use super::{JobSpec, RuleChecker, act, keys, patterns, settings, vocabulary};
use crate::engine::expr::{Expr, NameRef};
use crate::engine::facts::{Ages, FACTS, Fact};
use crate::engine::rules::{Classify, Component, Condition, Flag, Point, Policy, TypeRule};
use crate::engine::value::{Base, Ty};

/// Builds the policy. Broken parts are reported and left out; what stands is still checked.
pub(super) fn policy(check: &mut RuleChecker<'_>, spec: &JobSpec, hash: &str) -> Policy {
    let files = check.files;
    let main = files.main();
    let root = Fields::of(&files.roots[main]);
    vocabulary::sections_are_maps(check, &keys::VOCABULARY);
    let mut reader = check.reader(main);
    let ages = settings::ages(&mut reader, root);
    let tags = settings::tags(&mut reader, root);
    let scope = settings::scope(&mut reader, root);
    let timezone = settings::timezone(&mut reader, root);
    let limits = settings::limits(&mut reader, root);
    let summary = settings::summary(&mut reader, root);
    let skip_command = settings::skip_command(&mut reader, root);
    let publish_private = settings::publish_private(&mut reader, root);
    let bots = root.get("bots").map(|node| reader.logins(node, "`bots`")).unwrap_or_default();
    let observe_all = root.get("observe").and_then(|node| reader.flag(node, "`observe`")).unwrap_or(false);
    facts(check, ages, spec.items.is_some_and(|items| items.window));
    announce(check, root);
    let keywords = vocabulary::keywords(check);
    let patterns = patterns::patterns(check);
    let thresholds = vocabulary::thresholds(check);
    let labels = vocabulary::labels(check);
    let mut agents = act::logins(check);
    let components = score(check, root);
    let classify = classify(check, root);
    let flags = flags(check, root, spec);
    act::holds(check, &mut agents);
    let order = order(check, root);
    let label_names: Vec<String> = labels.iter().map(|label| label.name.clone()).collect();
    let actions = act::actions(check, root, &agents, &label_names);
    let decides = spec.items.is_some_and(|items| items.decides);
    let mut decide = if decides { act::decide(check, root, &actions) } else { Vec::new() };
    decide.iter_mut().for_each(|rule| rule.observe |= observe_all);
    let name = std::path::Path::new(&*files.sources[main].name)
        .file_stem()
        .map_or_else(|| spec.job.to_owned(), |stem| stem.to_string_lossy().into_owned());
    let mut policy = Policy {
        mark: name.clone(),
        name,
        job: spec.declares.to_owned(),
        hash: hash.to_owned(),
        sources: files.sources.clone(),
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
        label_texts: BTreeMap::new(),
        actions,
        decide,
        limits,
        summary,
        publish_private,
    };
    let label_texts =
        vocabulary::texts_beside(&policy, Fact::Labels).into_iter().map(|text| (text.to_lowercase(), text.to_owned()));
    policy.label_texts = label_texts.collect();
    crate::engine::enough::mark(&mut policy);
    policy
}

fn facts(check: &mut RuleChecker<'_>, ages: Ages, window: bool) {
    for (name, fact, _) in FACTS.into_iter().filter(|(_, fact, _)| window || !fact.of_window()) {
        check.scope.add(name, NameRef::Fact(fact), fact.ty(ages));
    }
}

/// Names of later stages, so that using one too early is told from a slip of the pen.
fn announce(check: &mut RuleChecker<'_>, root: Fields<'_>) {
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

fn score(check: &mut RuleChecker<'_>, root: Fields<'_>) -> Vec<Component> {
    let main = check.files.main();
    let scope = check.scope.clone();
    let mut reader = check.reader(main);
    let entries = root.get("score").and_then(|node| reader.entries(node, "`score`")).unwrap_or_default();
    let mut components = Vec::new();
    for (key, node) in entries {
        reader.name(key, false);
        let what = format!("the component `{}`", key.name);
        let Some(fields) = reader.map(node, &what, &keys::COMPONENT) else { continue };
        let max = match fields.get("max") {
            Some(node) => reader.number(node, "`max`").unwrap_or_else(settings::zero),
            None => {
                reader.missing(
                    fields,
                    key.span,
                    format!("{what} has no `max`"),
                    "say the most that it can add: `max: 3`",
                );
                settings::zero()
            }
        };
        let when = fields.get("when").and_then(|node| reader.condition(&scope, node, "`when`"));
        let mut points = Vec::new();
        for item in fields.get("points").and_then(|node| reader.list(node, "`points`")).unwrap_or_default() {
            let Some(fields) = reader.map(item, "a point", &keys::POINT) else { continue };
            let add = match fields.get("add") {
                Some(node) => reader.number(node, "`add`"),
                None => {
                    reader.missing(fields, item.span, "a point has no `add`", "say how many points: `add: 1`");
                    None
                }
            };
            let when = fields.get("when").and_then(|node| reader.condition(&scope, node, "`when`"));
            let because = fields.get("because").and_then(|node| reader.text(node, "`because`")).map(str::to_owned);
            let (add, at) = (add.unwrap_or_else(settings::zero), reader.at(item.span));
            points.push(Point { add, when, because, at });
        }
        let at = reader.at(fields.get("max").map_or(key.span, |node| node.span));
        components.push(Component { name: key.name.clone(), max, when, points, at });
    }
    for (index, component) in components.iter().enumerate() {
        check.scope.add(format!("scores.{}", component.name), NameRef::Component(index), Ty::of(Base::Number));
    }
    check.scope.add("score", NameRef::Score, Ty::of(Base::Number));
    components
}

fn classify(check: &mut RuleChecker<'_>, root: Fields<'_>) -> Classify {
    let main = check.files.main();
    let scope = check.scope.clone();
    let mut reader = check.reader(main);
    let mut classify = Classify { highest: false, default: "unknown".to_owned(), rules: Vec::new() };
    let fields = root.get("classify").and_then(|node| reader.map(node, "`classify`", &keys::CLASSIFY));
    if let Some(fields) = fields {
        if let Some(highest) = fields.get("pick").and_then(|node| reader.one_of(node, "`pick`", &keys::PICKS)) {
            classify.highest = highest;
        }
        if let Some(default) = fields.get("default").and_then(|node| reader.text(node, "`default`")) {
            classify.default = default.to_owned();
        }
        for item in fields.get("rules").and_then(|node| reader.list(node, "`rules`")).unwrap_or_default() {
            let Some(fields) = reader.map(item, "a rule of `classify`", &keys::TYPE_RULE) else { continue };
            let when = fields.get("when").and_then(|node| reader.condition(&scope, node, "`when`"));
            let score = fields.get("score").and_then(|node| reader.number_expr(&scope, node, "`score`"));
            match fields.get("type").map(|node| reader.text(node, "`type`")) {
                Some(Some(ty)) => {
                    let at = reader.at(item.span);
                    classify.rules.push(TypeRule { ty: ty.to_owned(), when, score, at });
                }
                Some(None) => {}
                None => reader.missing(fields, item.span, "a rule of `classify` has no `type`", ""),
            }
            match (classify.highest, fields.get("score")) {
                (true, None) => reader.missing(fields, item.span, "under `pick: highest` every rule has a `score`", ""),
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
    check.scope.add("type", NameRef::Type, Ty::of(Base::OneOf(types)));
    classify
}

fn flags(check: &mut RuleChecker<'_>, root: Fields<'_>, spec: &JobSpec) -> Vec<Flag> {
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
                format!("`{}` is already the name of a fact", key.name),
                Some("give the flag another name".to_owned()),
            );
            continue;
        }
        check.scope.add(key.name.clone(), NameRef::Flag(flags.len()), Ty::of(Base::Bool));
        let at = check.reader(main).at(node.span);
        let when = when.unwrap_or(Condition { expr: Expr::Literal(false.into()), at });
        flags.push(Flag { name: key.name.clone(), when });
    }
    for name in spec.items.map_or(&[][..], |items| items.flags) {
        if !flags.iter().any(|flag| flag.name == *name) {
            let help = format!("add `{name}: …` under `flags`: reports of `{}` show it", spec.job);
            let at = root.key("flags").unwrap_or_default();
            check.reader(main).sink.error(at, format!("there is no flag `{name}`"), Some(help));
            // Known from here on, so that what names it is not reported too.
            check.scope.add(*name, NameRef::Flag(flags.len()), Ty::of(Base::Bool));
        }
    }
    flags
}

fn order(check: &mut RuleChecker<'_>, root: Fields<'_>) -> Vec<(bool, Expr)> {
    let main = check.files.main();
    let scope = check.scope.clone();
    let mut reader = check.reader(main);
    let items = root.get("order").and_then(|node| reader.list(node, "`order`")).unwrap_or_default();
    items.iter().filter_map(|item| reader.sort_key(&scope, item, "an entry of `order`")).collect()
}
