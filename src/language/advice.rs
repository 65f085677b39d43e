//! The sections whose rules look at what a job has counted: `detect`, `suggest`, `recommend`, `propose`.
//!
//! Takes: a section of the file, the job's tables for it, the vocabulary in scope. Gives: its checked
//! [`AdviceRules`]. A rule sees the facts of the whole, those of its element, what `let` before it names, the
//! thresholds and the parameters of the counting.

use super::reader::{Fields, NodeReader};
use super::scope::Scope;
use super::yaml::{Node, NodeKind};
use super::{JobSpec, RuleChecker, advice_keys, measure};
use crate::advise::{Advice, AdviceRule, AdviceRules, Each, Param, ParamKind, Pick, RuleGroup, SectionSpec, Slots};
use crate::engine::expr::{Expr, NameRef};
use crate::engine::source::Span;
use crate::engine::value::{Base, Ty, Value};

/// Reads what the file says beside its judgement of items.
pub(super) fn read(check: &mut RuleChecker<'_>, spec: &JobSpec) -> Advice {
    let files = check.files;
    let root = Fields::of(&files.roots[files.main()]);
    strangers(check, root, spec);
    let measure = measure::read(check, root, spec.measure);
    let sections = spec.sections.iter().map(|section| read_section(check, root, section, spec.measure)).collect();
    Advice { measure, sections }
}

/// Sections that the job does not have.
fn strangers(check: &mut RuleChecker<'_>, root: Fields<'_>, spec: &JobSpec) {
    let mut reader = check.reader(check.files.main());
    let mut refuse = |name: &str, span: Option<Span>, why: &str| {
        if let Some(span) = span {
            let message = format!("`{name}` does not stand in the rules of {}", spec.job);
            reader.sink.error(span, message, Some(why.to_owned()));
        }
    };
    // Logins and labels are vocabulary that any job may share.
    let of_items = advice_keys::OF_ITEMS.iter().filter(|name| !matches!(**name, "agents" | "labels"));
    let allowed = |name: &&&str| spec.owns_issues && **name == "skip";
    for name in of_items.filter(|name| spec.items.is_none() && !allowed(name)) {
        refuse(name, root.key(name), "this job judges no items");
    }
    if spec.items.is_some_and(|items| !items.decides) {
        for name in ["actions", "decide", "order", "scope", "skip", "summary"] {
            refuse(name, root.key(name), "this job decides nothing about single items");
        }
    }
    for name in advice_keys::SECTIONS {
        if !spec.sections.iter().any(|section| section.name == name) {
            refuse(name, root.key(name), "this job has no such rules");
        }
    }
    if spec.measure.is_empty() {
        refuse("measure", root.key("measure"), "what this job counts has no parameters");
    }
    if !spec.publishes {
        let publish = root.get("publish").and_then(Fields::quietly);
        refuse("sinks", publish.and_then(|publish| publish.key("sinks")), "this job writes no report");
    }
}

fn read_section(
    check: &mut RuleChecker<'_>,
    root: Fields<'_>,
    section: &'static SectionSpec,
    params: &[Param],
) -> AdviceRules {
    let main = check.files.main();
    let slots = section.slots(params.len());
    let scope = scope(&check.scope, section, params, slots);
    let mut reader = check.reader(main);
    let mut rules = AdviceRules { section, pick: Pick::All, groups: Vec::new(), disabled: Vec::new() };
    let what = format!("`{}`", section.name);
    let Some(node) = root.get(section.name) else {
        let help = format!("add `{}:` with at least one rule", section.name);
        reader.sink.error(Span::default(), format!("there is no {what}"), Some(help));
        return rules;
    };
    let Some(fields) = reader.map(node, &what, &advice_keys::SECTION) else { return rules };
    if let Some(pick) = fields.get("pick").and_then(|node| reader.one_of(node, "`pick`", &advice_keys::PICKED)) {
        rules.pick = pick;
    }
    let items = fields.get("rules").and_then(|node| reader.list(node, "`rules`"));
    if items.is_none_or(<[_]>::is_empty) {
        let help = "add `rules:` with at least one rule".to_owned();
        reader.sink.error(node.span, format!("{what} has no rules"), Some(help));
    }
    let mut read = SectionReader { reader, section, slots, scope, pick: rules.pick, ids: Vec::new(), off: Vec::new() };
    for item in items.unwrap_or_default() {
        if let Some((group, off)) = read.group(item) {
            let alone = |rule| RuleGroup { rules: vec![rule], ..group.clone() };
            rules.disabled.extend(off.into_iter().map(alone));
            rules.groups.extend((!group.rules.is_empty()).then_some(group));
        }
    }
    rules
}

/// What every rule of the section may name.
fn scope(all: &Scope, section: &SectionSpec, params: &[Param], slots: Slots) -> Scope {
    let mut scope = all.only(&["thresholds.", "agents."]);
    for (slot, fact) in section.facts.iter().enumerate() {
        scope.add(fact.name, NameRef::Slot(slot), fact.ty.ty());
    }
    scope.add("fired", NameRef::Slot(slots.fired), Ty::of(Base::Number));
    for (nth, param) in params.iter().enumerate() {
        let ty = match param.kind {
            ParamKind::Whole(_) | ParamKind::Number(_) => Ty::of(Base::Number),
            ParamKind::Word(words) => Ty::of(Base::OneOf(words.iter().map(|word| (*word).to_owned()).collect())),
            ParamKind::Flag => Ty::of(Base::Bool),
            ParamKind::Texts => Ty::of(Base::List(Box::new(Base::Text), false)),
            ParamKind::Replacements => continue,
        };
        scope.add(format!("measure.{}", param.name), NameRef::Slot(slots.measure + nth), ty);
    }
    for (nth, ask) in section.asks.iter().enumerate() {
        scope.add(ask.name, NameRef::Slot(slots.asks + nth), Ty::of(Base::Bool));
    }
    for collection in section.collections {
        for fact in collection.facts {
            scope.announce(format!("{}.{}", collection.element, fact.name), "in a rule with `each` over its list");
        }
    }
    scope
}

struct SectionReader<'d> {
    reader: NodeReader<'d>,
    section: &'static SectionSpec,
    slots: Slots,
    scope: Scope,
    pick: Pick,
    ids: Vec<String>,
    /// Rules of the group at hand with `enabled: false`.
    off: Vec<AdviceRule>,
}

impl SectionReader<'_> {
    /// A group of rules, or one rule by itself; and of those what has `enabled: false`.
    fn group(&mut self, node: &Node) -> Option<(RuleGroup, Vec<AdviceRule>)> {
        let NodeKind::Map(entries) = &node.kind else {
            self.reader.wrong(node, &format!("a rule of `{}`", self.section.name), "a map");
            return None;
        };
        let several = entries.iter().any(|(key, _)| key.name == "rules");
        let mut allowed: Vec<&str> = advice_keys::GROUP.to_vec();
        if several {
            allowed.push("rules");
        } else {
            allowed.extend(advice_keys::ADVICE_RULE);
            allowed.extend(self.section.fields.iter().map(|field| field.name));
        }
        let what = if several { "a group of rules" } else { "a rule" };
        let fields = self.reader.keyed(node, what, &allowed)?;
        let mut scope = self.scope.clone();
        let mut next = self.slots.element;
        let each = fields.get("each").and_then(|node| self.each(fields, node, &mut scope, &mut next));
        if fields.get("each").is_none() {
            for key in ["as", "sort", "limit"] {
                if let Some(span) = fields.key(key) {
                    let help = "name a list with `each`, or leave it out".to_owned();
                    self.reader.sink.error(span, format!("`{key}` stands beside `each`"), Some(help));
                }
            }
        }
        let mut lets = Vec::new();
        let mut rules = Vec::new();
        if several {
            lets = self.lets(fields, &mut scope, &mut next);
            for item in fields.get("rules").and_then(|node| self.reader.list(node, "`rules`")).unwrap_or_default() {
                let mut allowed: Vec<&str> = advice_keys::ADVICE_RULE.to_vec();
                allowed.extend(self.section.fields.iter().map(|field| field.name));
                let Some(fields) = self.reader.keyed(item, "a rule of a group", &allowed) else { continue };
                rules.extend(self.rule(item, fields, scope.clone(), next));
            }
        } else {
            rules.extend(self.rule(node, fields, scope, next));
        }
        Some((RuleGroup { each, lets, rules }, std::mem::take(&mut self.off)))
    }

    fn each(&mut self, fields: Fields<'_>, node: &Node, scope: &mut Scope, next: &mut usize) -> Option<Each> {
        let lists: Vec<(&str, usize)> =
            self.section.collections.iter().enumerate().map(|(index, list)| (list.name, index)).collect();
        let index = self.reader.one_of(node, "`each`", &lists)?;
        let list = &self.section.collections[index];
        let name = match fields.get("as") {
            Some(node) => {
                let name = self.reader.text(node, "`as`")?.to_owned();
                if scope.find(&name).is_some() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                    let help = Some("letters, digits and `_`, and no name of a fact".to_owned());
                    self.reader.sink.error(node.span, format!("`{name}` cannot name an element"), help);
                }
                name
            }
            None => list.element.to_owned(),
        };
        for fact in list.facts {
            scope.add(format!("{name}.{}", fact.name), NameRef::Slot(*next), fact.ty.ty());
            *next += 1;
        }
        let sort = fields.get("sort").map(|node| self.sort(node, scope)).unwrap_or_default();
        let (whole, reader) = (&self.scope, &mut self.reader);
        let limit = fields.get("limit").and_then(|node| reader.number_expr(whole, node, "`limit`"));
        Some(Each { collection: index, name, sort, limit })
    }

    fn sort(&mut self, node: &Node, scope: &Scope) -> Vec<(bool, Expr)> {
        let items = match &node.kind {
            NodeKind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        items.iter().filter_map(|item| self.reader.sort_key(scope, item, "a key of `sort`")).collect()
    }

    fn lets(&mut self, fields: Fields<'_>, scope: &mut Scope, next: &mut usize) -> Vec<(String, Expr)> {
        let mut lets = Vec::new();
        let entries = fields.get("let").and_then(|node| self.reader.entries(node, "`let`")).unwrap_or_default();
        for (key, node) in entries {
            self.reader.name(key, false);
            if scope.find(&key.name).is_some() {
                let help = Some("give it another name".to_owned());
                self.reader.sink.error(key.span, format!("`{}` is already a name here", key.name), help);
                continue;
            }
            let read = match self.reader.number_or_any(scope, node, &format!("`{}`", key.name)) {
                Some(read) => read,
                // What names it is not reported too: it is a slip that has been told.
                None => (Expr::Literal(Value::None), Ty::of(Base::Number)),
            };
            scope.add(key.name.clone(), NameRef::Slot(*next), read.1);
            *next += 1;
            lets.push((key.name.clone(), read.0));
        }
        lets
    }

    fn rule(&mut self, node: &Node, fields: Fields<'_>, mut scope: Scope, mut next: usize) -> Option<AdviceRule> {
        let id = self.id(node, fields);
        let lets = self.lets(fields, &mut scope, &mut next);
        let reader = &mut self.reader;
        let off = !fields.get("enabled").and_then(|node| reader.flag(node, "`enabled`")).unwrap_or(true);
        let observe = fields.get("observe").and_then(|node| reader.flag(node, "`observe`")).unwrap_or(false);
        let when = fields.get("when").and_then(|node| reader.condition(&scope, node, "`when`"));
        let subject =
            fields.get("subject").and_then(|node| reader.any_expr(&scope, node, "`subject`")).map(|(expr, _)| expr);
        let score = fields.get("score").and_then(|node| reader.number_expr(&scope, node, "`score`"));
        match (self.pick, fields.get("score")) {
            (Pick::Highest, None) => {
                reader.missing(fields, node.span, "under `pick: highest` every rule has a `score`", "");
            }
            (Pick::All | Pick::First, Some(node)) => {
                let help = Some("write `pick: highest`, or leave it out".to_owned());
                reader.sink.error(node.span, "only under `pick: highest` a rule has a `score`", help);
            }
            _ => {}
        }
        // A rule sees what its own condition has shown not to be unknown.
        let scope = when.as_ref().map_or_else(|| scope.clone(), |when| scope.scope_where(&when.expr));
        let made = self.section.fields.iter().map(|field| {
            let name = format!("`{}`", field.name);
            let Some(node) = fields.get(field.name) else {
                if field.needed {
                    self.reader.missing(fields, node.span, format!("the rule `{id}` has no {name}"), "");
                }
                return None;
            };
            self.reader.field_source(&scope, node, &name, field.kind)
        });
        let made = made.collect();
        let at = self.reader.at(fields.get("id").map_or(node.span, |node| node.span));
        let rule = AdviceRule { id, lets, when, subject, score, observe, fields: made, at };
        if off {
            self.off.push(rule);
            return None;
        }
        Some(rule)
    }

    fn id(&mut self, node: &Node, fields: Fields<'_>) -> String {
        let Some(found) = fields.get("id") else {
            let help = "tests, traces and logs go by it: `id: repo-friction`";
            self.reader.missing(fields, node.span, "a rule has no `id`", help);
            return String::new();
        };
        let id = self.reader.text(found, "`id`").unwrap_or_default().to_owned();
        if !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            let help = Some("letters, digits, `-` and `_`".to_owned());
            self.reader.sink.error(found.span, format!("`{id}` is not an id"), help);
        }
        if !id.is_empty() && self.ids.contains(&id) {
            let help = Some("an id names one rule: tests and logs go by it".to_owned());
            self.reader.sink.error(found.span, format!("there are two rules `{id}`"), help);
        }
        self.ids.push(id.clone());
        id
    }
}
