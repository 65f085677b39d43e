//! Templates: checked tag by tag before any item is seen.
//!
//! Takes: template sources by name, the names that a text may use with their types. Gives: [`Templates`], or
//! diagnostics: slips of the pen, unknown names and filters, what does not fit, missing and endless includes,
//! and what cannot be rendered with made-up values.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Error, ErrorKind};

use super::diag::{Diagnostic, ProblemSink, listed, names_help};
use super::expressions::{Checker, NameTypes, joined};
use super::filters::environment;
use super::grammar::{Slip, Term, TermKind};
use super::scope::ExprPlace;
use super::tags::{self, Loop, TagBlock};
use super::template_names::{TemplateNames, TypedNames};
use crate::engine::source::{Source, Span};
use crate::engine::template::{Templates, describe, innermost};
use crate::engine::value::{Base, Ty, comparable};

/// Filters that templates may use.
const FILTERS: [&str; 17] = [
    "abs", "code", "cut", "default", "first", "int", "join", "last", "length", "lower", "max", "min", "reverse",
    "round", "sort", "trim", "upper",
];

/// What `loop` knows, and whether it is a number.
const OF_LOOP: [(&str, bool); 7] = [
    ("index", true),
    ("index0", true),
    ("revindex", true),
    ("revindex0", true),
    ("length", true),
    ("first", false),
    ("last", false),
];

/// The largest template, in bytes.
const MAX_TEMPLATE: usize = 32_768;

/// What the texts use.
#[derive(Debug, Default)]
pub(super) struct UsedNames {
    /// Templates that are wanted, and all they include.
    pub(super) templates: BTreeSet<String>,
    /// Names with their parts.
    pub(super) names: BTreeSet<String>,
}

/// Checks the wanted templates and all they include, each with the names of where it is used.
/// No [`Templates`] means that diagnostics say why not.
pub(super) fn read(
    sources: &BTreeMap<String, Source>,
    wanted: &[String],
    (file, texts): (&Source, &[(usize, &str)]),
    names: &TemplateNames,
    found: &mut Vec<Diagnostic>,
) -> (Option<Templates>, UsedNames) {
    let before = found.len();
    let mut checked: BTreeMap<(String, Option<usize>), TemplateUse> = BTreeMap::new();
    let first: Vec<(String, Option<usize>)> = wanted
        .iter()
        .map(|name| (name.clone(), None))
        .chain(texts.iter().map(|(index, name)| ((*name).to_owned(), Some(*index))))
        .collect();
    let mut open = first.clone();
    while let Some((name, text)) = open.pop() {
        if checked.contains_key(&(name.clone(), text)) {
            continue;
        }
        let Some(source) = sources.get(&name) else {
            // Those that actions and includes name have been told where they are named.
            if text.is_some() && texts.contains(&(text.unwrap_or_default(), name.as_str())) {
                let mut sink = ProblemSink { source: file, found };
                let help = sink.nearest(&name, sources.keys().map(String::as_str));
                sink.error(Span::default(), format!("there is no template `{name}`"), help);
            }
            continue;
        };
        let walked = check(source, names.of(text), &names.listed_by, found);
        for (include, span) in &walked.includes {
            if sources.contains_key(include) {
                open.push((include.clone(), text));
            } else {
                let mut sink = ProblemSink { source, found };
                let help = sink.nearest(include, sources.keys().map(String::as_str));
                sink.error(*span, format!("there is no template `{include}`"), help);
            }
        }
        checked.insert((name, text), walked);
    }
    circles(sources, &checked, found);
    let mut all = UsedNames::default();
    for ((name, _), walked) in &checked {
        all.templates.insert(name.clone());
        all.names.extend(walked.paths.iter().cloned());
    }
    if found.len() != before {
        return (None, all);
    }
    let all_texts =
        checked.keys().filter_map(|(name, _)| sources.get(name).map(|source| (name.as_str(), &*source.text)));
    let templates = match Templates::new(environment(), all_texts, used(&checked)) {
        Ok(templates) => templates,
        Err((name, error)) => {
            tell(sources, (&name, &error), "cannot be read", found);
            return (None, all);
        }
    };
    for (name, text) in first.into_iter().collect::<BTreeSet<_>>() {
        if sources.contains_key(&name) {
            try_out(sources, &templates, &name, names.of(text), found);
        }
    }
    ((found.len() == before).then_some(templates), all)
}

/// Renders a template over made-up values: whatever fails there would fail in a run.
fn try_out(
    sources: &BTreeMap<String, Source>,
    templates: &Templates,
    name: &str,
    names: &TypedNames,
    found: &mut Vec<Diagnostic>,
) {
    let tries = [(true, "where each list has 100 entries"), (false, "where lists are empty and numbers are 0")];
    for (plenty, when) in tries {
        if let Err(error) = templates.try_out(name, made_up(names, plenty)) {
            return tell(sources, (name, &error), &format!("cannot be rendered {when}"), found);
        }
    }
}

/// Entries of a made-up list, and of one within its entries.
const ENTRIES: [usize; 2] = [100, 10];

/// Values of these types: many and large, or as few and as small as there can be.
fn made_up(names: &TypedNames, plenty: bool) -> serde_json::Value {
    use serde_json::{Map, Value};
    fn put(into: &mut Value, path: &str, value: Value) {
        let (part, rest) = path.split_once('.').map_or((path, None), |(part, rest)| (part, Some(rest)));
        let (name, is_list) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
        if !into.is_object() {
            *into = Value::Object(Map::new());
        }
        let place = &mut into[name];
        let place = if is_list {
            if !place.is_array() {
                *place = Value::Array(vec![Value::Null]);
            }
            &mut place[0]
        } else {
            place
        };
        match rest {
            Some(rest) => put(place, rest, value),
            None => *place = value,
        }
    }
    fn fill(value: &mut Value, depth: usize, plenty: bool) {
        match value {
            Value::Array(entries) => {
                let count = if plenty { ENTRIES.get(depth).copied().unwrap_or(1) } else { 0 };
                entries.iter_mut().for_each(|entry| fill(entry, depth + 1, plenty));
                let entry = entries.pop().unwrap_or_default();
                entries.resize(count, entry);
            }
            Value::Object(parts) => parts.values_mut().for_each(|part| fill(part, depth, plenty)),
            _ => {}
        }
    }
    fn one(base: &Base, plenty: bool) -> Value {
        match base {
            Base::Bool => Value::from(plenty),
            Base::Number => Value::from(if plenty { 7 } else { 0 }),
            Base::Text => Value::from(if plenty { "x" } else { "" }),
            Base::OneOf(values) => Value::from(values.first().map_or("", String::as_str)),
            Base::List(base, _) => Value::Array(vec![one(base, plenty)]),
            Base::Nothing | Base::Group => Value::Null,
        }
    }
    let mut all = Value::Object(Map::new());
    for (path, ty) in names {
        put(&mut all, path, if ty.maybe && !plenty { Value::Null } else { one(&ty.base, plenty) });
    }
    fill(&mut all, 0, plenty);
    all
}

/// Says what the library found, at its place.
fn tell(sources: &BTreeMap<String, Source>, (name, error): (&str, &Error), what: &str, found: &mut Vec<Diagnostic>) {
    let error = innermost(error);
    let Some(source) = sources.get(error.name().unwrap_or(name)) else { return };
    let range = error.range().unwrap_or(0..0);
    let span = source.whole(Span::new(range.start, range.end));
    let help = (error.kind() == ErrorKind::OutOfFuel).then(|| {
        "go through fewer lists within each other, or through a part of one: `{% for one in list[:20] %}`".to_owned()
    });
    ProblemSink { source, found }.error(span, format!("this template {what}: {}", describe(error)), help);
}

/// What is wrong with each template that nothing uses; it may name what any one text may.
pub(super) fn unread(
    sources: &BTreeMap<String, Source>,
    used: &BTreeSet<String>,
    names: &TemplateNames,
) -> BTreeMap<String, Vec<Diagnostic>> {
    let rest = sources.iter().filter(|(name, _)| !used.contains(*name));
    let checked = rest.map(|(name, source)| {
        let under = |names_of: &TypedNames| {
            let mut found = Vec::new();
            check(source, names_of, &names.listed_by, &mut found);
            found
        };
        let least = std::iter::once(&names.item).chain(&names.texts).map(under).min_by_key(Vec::len);
        (name.clone(), least.unwrap_or_default())
    });
    checked.collect()
}

/// What walking a template found.
#[derive(Debug, Default)]
struct TemplateUse {
    includes: Vec<(String, Span)>,
    /// Top-level names, and names with their parts.
    used: BTreeSet<String>,
    paths: BTreeSet<String>,
}

/// A template that includes itself, at once or in a circle, would never end.
fn circles(
    sources: &BTreeMap<String, Source>,
    checked: &BTreeMap<(String, Option<usize>), TemplateUse>,
    found: &mut Vec<Diagnostic>,
) {
    for (key, walked) in checked {
        for (include, span) in &walked.includes {
            let mut open = vec![include];
            let mut seen = BTreeSet::new();
            while let Some(inner) = open.pop() {
                if *inner == key.0 {
                    let Some(source) = sources.get(&key.0) else { continue };
                    let message = if *include == key.0 {
                        "a template includes itself".to_owned()
                    } else {
                        format!("`{include}` includes this template again")
                    };
                    ProblemSink { source, found }.error(
                        *span,
                        message,
                        Some("an include in a circle never ends".to_owned()),
                    );
                    // The others of the circle would say the same.
                    return;
                }
                if seen.insert(inner) {
                    let inner = checked.get(&(inner.clone(), key.1));
                    open.extend(inner.into_iter().flat_map(|walked| walked.includes.iter().map(|(name, _)| name)));
                }
            }
        }
    }
}

fn used(checked: &BTreeMap<(String, Option<usize>), TemplateUse>) -> BTreeMap<String, BTreeSet<String>> {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, _) in checked.keys() {
        let mut open = vec![name];
        let mut seen = BTreeSet::new();
        while let Some(inner) = open.pop().filter(|inner| seen.insert(inner.as_str())) {
            let uses = checked.range((inner.clone(), None)..).take_while(|((known, _), _)| known == inner);
            for (_, walked) in uses {
                used.entry(name.clone()).or_default().extend(walked.used.iter().cloned());
                open.extend(walked.includes.iter().map(|(include, _)| include));
            }
        }
    }
    used
}

/// Checks one template.
fn check(source: &Source, names: &TypedNames, listed_by: &str, found: &mut Vec<Diagnostic>) -> TemplateUse {
    let mut sink = ProblemSink { source, found };
    if source.text.len() > MAX_TEMPLATE {
        let message = format!("this template has {} bytes, {MAX_TEMPLATE} is the most", source.text.len());
        sink.error(Span::default(), message, Some("split it with `{% include %}`".to_owned()));
        return TemplateUse::default();
    }
    let blocks = match tags::read(&source.text) {
        Ok(blocks) => blocks,
        Err(slips) => {
            slips.into_iter().for_each(|Slip { span, message, help }| sink.error(span, message, help));
            return TemplateUse::default();
        }
    };
    let scope = TagNames { typed: names, bound: Vec::new(), listed_by };
    let mut walk = TemplateWalk { sink, scope, known: Vec::new(), walked: TemplateUse::default() };
    walk.all(&blocks);
    walk.walked
}

/// What a variable of the template's own stands for.
#[derive(Debug, Clone)]
enum LocalName {
    /// Whatever stands below this path: an entry of a list of groups.
    Path(String),
    /// A value of this type; of none where that has been told.
    Value(Option<Ty>),
    /// `loop`.
    Loop,
}

/// The names that a tag can use.
struct TagNames<'n> {
    typed: &'n TypedNames,
    bound: Vec<(String, LocalName)>,
    listed_by: &'n str,
}

/// What a name is in a template.
enum Meaning<'b> {
    /// A name of the text, with its full path.
    Given(String),
    /// A part of a variable.
    Own(&'b LocalName, &'b str),
}

impl TagNames<'_> {
    fn meaning<'b>(&'b self, path: &'b str) -> Meaning<'b> {
        let (root, rest) = path.split_once('.').unwrap_or((path, ""));
        match self.bound.iter().rev().find(|(name, _)| name == root) {
            Some((_, LocalName::Path(path))) if rest.is_empty() => Meaning::Given(path.clone()),
            Some((_, LocalName::Path(path))) => Meaning::Given(format!("{path}.{rest}")),
            Some((_, bound)) => Meaning::Own(bound, rest),
            None => Meaning::Given(path.to_owned()),
        }
    }

    /// The type of what stands at a full path.
    fn type_of_path(&self, path: &str) -> Option<Ty> {
        let list = |base: Base| Ty::of(Base::List(Box::new(base), false));
        let entry = format!("{path}[]");
        if let Some(ty) = self.typed.get(path) {
            return Some(ty.clone());
        }
        if let Some(ty) = self.typed.get(&entry) {
            return Some(list(ty.base.clone()));
        }
        let below = |prefix: &str| {
            self.typed.range(prefix.to_owned()..).next().is_some_and(|(name, _)| name.starts_with(prefix))
        };
        if below(&format!("{entry}.")) {
            return Some(list(Base::Group));
        }
        below(&format!("{path}.")).then(|| Ty::of(Base::Group))
    }

    /// Names as this place writes them: entries of a list by their variables.
    fn names_here(&self) -> Vec<String> {
        let of_entries = self.bound.iter().flat_map(|(name, bound)| {
            let prefix = match bound {
                LocalName::Path(path) => format!("{path}."),
                _ => String::new(),
            };
            let below = self
                .typed
                .keys()
                .filter_map(move |path| path.strip_prefix(&prefix))
                .filter(|_| matches!(bound, LocalName::Path(_)));
            let own = matches!(bound, LocalName::Value(_)).then(|| name.clone());
            below.map(move |part| format!("{name}.{part}")).chain(own)
        });
        let top = self.typed.keys().map(|path| path.split("[]").next().unwrap_or(path).to_owned());
        let mut all: Vec<String> = of_entries.map(|name| name.replace("[]", "")).chain(top).collect();
        all.sort();
        all.dedup();
        all
    }
}

impl NameTypes for TagNames<'_> {
    fn find(&self, path: &str) -> Result<Option<Ty>, ()> {
        match self.meaning(path) {
            Meaning::Given(path) => Ok(self.type_of_path(&path)),
            Meaning::Own(LocalName::Value(ty), "") => ty.clone().map(Some).ok_or(()),
            Meaning::Own(LocalName::Loop, part) => {
                let known = OF_LOOP.iter().find(|(name, _)| *name == part);
                Ok(known.map(|(_, number)| Ty::of(if *number { Base::Number } else { Base::Bool })))
            }
            Meaning::Own(..) => Ok(None),
        }
    }

    fn help(&self, sink: &ProblemSink<'_>, path: &str) -> Option<String> {
        match self.meaning(path) {
            Meaning::Own(LocalName::Loop, _) => sink.nearest(path, OF_LOOP.map(|(name, _)| name)),
            Meaning::Own(..) => {
                Some(format!("`{}` is a single value and has no parts", path.split('.').next().unwrap_or(path)))
            }
            Meaning::Given(_) => {
                let all = self.names_here();
                // Within a group the group's names are what was meant.
                let group = path.rsplit_once('.').map(|(group, _)| format!("{group}."));
                let inside = |name: &&&String| group.as_deref().is_some_and(|group| name.starts_with(group));
                let near: Vec<&str> = all.iter().filter(|name| inside(&name)).map(String::as_str).collect();
                let near = if near.is_empty() {
                    sink.nearest(path, all.iter().map(String::as_str))
                } else {
                    sink.nearest(path, near)
                };
                names_help(near, Some(self.listed_by))
            }
        }
    }
}

struct TemplateWalk<'w, 'd> {
    sink: ProblemSink<'d>,
    scope: TagNames<'w>,
    /// Names that are not none here, as conditions have shown.
    known: Vec<String>,
    walked: TemplateUse,
}

impl TemplateWalk<'_, '_> {
    fn all(&mut self, blocks: &[TagBlock]) {
        blocks.iter().for_each(|block| self.block(block));
    }

    fn block(&mut self, block: &TagBlock) {
        match block {
            TagBlock::Print(term, at) => self.print(term, *at),
            TagBlock::If(arms, otherwise) => self.choice(arms, otherwise.as_deref()),
            TagBlock::For(each) => self.repetition(each),
            TagBlock::Set(name, value) => {
                let bound = self.value(value);
                self.bind(name, bound);
            }
            TagBlock::With(names, body) => {
                let outer = (self.scope.bound.len(), self.known.len());
                for (name, value) in names {
                    let bound = self.value(value);
                    self.bind(name, bound);
                }
                self.all(body);
                self.leave(outer);
            }
            TagBlock::Include(name, at) => self.walked.includes.push((name.clone(), *at)),
        }
    }

    /// The type of an expression; its names are noted.
    fn ty(&mut self, term: &Term) -> Option<Ty> {
        self.note(term);
        let text = &*self.sink.source.text;
        let place = ExprPlace { whole: Span::default(), text: Some(0) };
        let known = std::mem::take(&mut self.known);
        let mut checker = Checker { sink: &mut self.sink, names: &self.scope, place, text, known, templates: true };
        let ty = checker.ty(term);
        self.known = checker.known;
        ty
    }

    fn note(&mut self, term: &Term) {
        if let (Some(Meaning::Given(path)), TermKind::Name(_)) =
            (term.name().map(|name| self.scope.meaning(name)), &term.kind)
        {
            let root = path.split(['.', '[']).next().unwrap_or(&path);
            self.walked.used.insert(root.to_owned());
            self.walked.paths.insert(path);
        }
        let mut parts = Vec::new();
        term.parts(&mut |part| parts.push(part));
        parts.into_iter().for_each(|part| self.note(part));
    }

    /// What a name is bound to: a name of the text keeps its parts.
    fn value(&mut self, term: &Term) -> LocalName {
        let ty = self.ty(term);
        match (&ty, term.name().map(|name| self.scope.meaning(name))) {
            (Some(Ty { base: Base::Group, .. }), Some(Meaning::Given(path))) => LocalName::Path(path),
            (Some(Ty { base: Base::List(base, _), .. }), Some(Meaning::Given(path))) if **base == Base::Group => {
                LocalName::Path(path)
            }
            _ => LocalName::Value(ty),
        }
    }

    fn bind(&mut self, name: &str, bound: LocalName) {
        // What was known of another of this name is not known of this one.
        self.known.retain(|known| known.split('.').next() != Some(name));
        self.scope.bound.push((name.to_owned(), bound));
    }

    fn leave(&mut self, (bound, known): (usize, usize)) {
        self.scope.bound.truncate(bound);
        self.known.truncate(known);
    }

    fn print(&mut self, term: &Term, at: usize) {
        let alone = self.begins_line(at);
        let printed = match &term.kind {
            TermKind::Filter(inner, (name, _), arguments) if name == "code" && alone && arguments.is_empty() => inner,
            _ => term,
        };
        let Some(ty) = self.ty(printed) else { return };
        let help = match &ty.base {
            Base::Group => "print one of its parts, such as `decision.reason`",
            Base::List(base, _) if matches!(**base, Base::Group | Base::List(..)) => {
                "go through it: `{% for one in … %}`"
            }
            Base::Text | Base::OneOf(_) => return,
            // A block of code is made of a text.
            _ if !std::ptr::eq(printed, term) => {
                let message = format!("`code` does not work on {ty}");
                return self.sink.error(term.span, message, None);
            }
            _ => return,
        };
        self.sink.error(printed.span, format!("{ty} is not printed"), Some(help.to_owned()));
    }

    /// Nothing stands before the tag on its line: inside a list item a block of code would end
    /// with the item, and what follows would be read as Markdown.
    fn begins_line(&self, at: usize) -> bool {
        let before = self.sink.source.text.get(..at).unwrap_or("");
        before.is_empty() || before.ends_with('\n')
    }

    fn choice(&mut self, arms: &[(Term, Vec<TagBlock>)], otherwise: Option<&[TagBlock]>) {
        let outer = (self.scope.bound.len(), self.known.len());
        let mut ends = Vec::new();
        let mut known = self.known.clone();
        for (test, body) in arms {
            self.known.clone_from(&known);
            self.ty(test);
            test.known_if(true, &mut self.known);
            self.all(body);
            ends.push(self.scope.bound.split_off(outer.0));
            test.known_if(false, &mut known);
        }
        self.known = known;
        self.all(otherwise.unwrap_or_default());
        ends.push(self.scope.bound.split_off(outer.0));
        self.known.truncate(outer.1);
        // A name that every way has set, or that was there before, is there afterwards.
        let names: BTreeSet<String> = ends.iter().flatten().map(|(name, _)| name.clone()).collect();
        for name in names {
            let last = |bound: &[(String, LocalName)]| {
                bound.iter().rev().find(|(known, _)| *known == name).map(|(_, bound)| bound.clone())
            };
            let before = last(&self.scope.bound);
            let all: Option<Vec<LocalName>> = ends.iter().map(|end| last(end).or_else(|| before.clone())).collect();
            let Some(all) = all else { continue };
            let one = all.into_iter().reduce(|a, b| match (a, b) {
                (LocalName::Path(a), LocalName::Path(b)) if a == b => LocalName::Path(a),
                (LocalName::Value(Some(a)), LocalName::Value(Some(b))) => LocalName::Value(joined(&a, &b)),
                _ => LocalName::Value(None),
            });
            self.bind(&name, one.unwrap_or(LocalName::Value(None)));
        }
    }

    fn repetition(&mut self, each: &Loop) {
        let ty = self.ty(&each.list);
        let entry = match ty {
            None => LocalName::Value(None),
            Some(Ty { base: Base::List(base, _), maybe: false }) if *base == Base::Group => {
                self.list_path(&each.list).map_or(LocalName::Value(None), |path| LocalName::Path(format!("{path}[]")))
            }
            Some(Ty { base: Base::List(base, _), maybe: false }) => LocalName::Value(Some(Ty::of(*base))),
            Some(ty) => {
                let help = matches!(ty.base, Base::Number).then(|| "count with `range(n)`".to_owned());
                self.sink.error(each.list.span, format!("a loop goes through a list, this is {ty}"), help);
                LocalName::Value(None)
            }
        };
        let outer = (self.scope.bound.len(), self.known.len());
        self.bind(&each.name, entry);
        if let Some(filter) = &each.filter {
            self.ty(filter);
            filter.known_if(true, &mut self.known);
        }
        self.bind("loop", LocalName::Loop);
        self.all(&each.body);
        self.leave(outer);
        self.all(&each.otherwise);
        self.leave(outer);
    }

    /// The path of a list, also through what keeps its entries.
    fn list_path(&self, term: &Term) -> Option<String> {
        match &term.kind {
            TermKind::Filter(inner, (name, _), _) if name == "reverse" => self.list_path(inner),
            TermKind::Slice(inner, ..) => self.list_path(inner),
            TermKind::Name(name) => match self.scope.meaning(name) {
                Meaning::Given(path) => Some(path),
                Meaning::Own(..) => None,
            },
            _ => None,
        }
    }
}

impl Checker<'_, '_> {
    /// The type of what a filter of templates gives.
    pub(super) fn template_filter(&mut self, input: &Term, name: &str, at: Span, arguments: &[Term]) -> Option<Ty> {
        if name == "code" {
            let help = "write `{{ … | code }}` alone, at the very beginning of a line".to_owned();
            return self.fail(at, "`code` makes a block of its own", Some(help));
        }
        if !FILTERS.contains(&name) {
            let help = self.sink.nearest(name, FILTERS).unwrap_or_else(|| format!("there are {}", listed(FILTERS)));
            return self.fail(at, format!("there is no filter `{name}`"), Some(help));
        }
        let ty = self.ty(input)?;
        let types = arguments.iter().map(|argument| self.ty(argument)).collect::<Option<Vec<_>>>()?;
        if name == "default" {
            let [instead] = types.as_slice() else {
                let help = "write `| default('none')`".to_owned();
                return self.fail(at, "`default` takes what stands where nothing is known", Some(help));
            };
            let known = Ty { maybe: false, ..ty };
            return Some(joined(&known, instead).unwrap_or_else(|| Ty::of(Base::Text)));
        }
        if ty.maybe {
            let message = format!("`{name}` works on what is known, this is {ty}");
            let help = "say what stands where it is unknown: `… | default(…)`".to_owned();
            return self.fail(input.span, message, Some(help));
        }
        let is_text = |base: &Base| matches!(base, Base::Text | Base::OneOf(_));
        let single = |base: &Base| !matches!(base, Base::Group | Base::List(..));
        let result = match (name, &ty.base) {
            ("length", base) if is_text(base) || matches!(base, Base::List(..)) => Some(Ty::of(Base::Number)),
            ("lower" | "upper" | "trim" | "cut", base) if is_text(base) => Some(Ty::of(Base::Text)),
            ("join", Base::List(base, _)) if single(base) => Some(Ty::of(Base::Text)),
            ("first" | "last", Base::List(base, filled)) => Some(Ty { base: (**base).clone(), maybe: !filled }),
            ("min" | "max", Base::List(base, filled)) if single(base) => {
                Some(Ty { base: (**base).clone(), maybe: !filled })
            }
            ("sort", Base::List(base, _)) if single(base) => Some(ty.clone()),
            ("reverse", Base::List(..)) => Some(ty.clone()),
            ("abs" | "round" | "int", Base::Number) => Some(Ty::of(Base::Number)),
            _ => None,
        };
        let Some(result) = result else { return self.fail(at, format!("`{name}` does not work on {ty}"), None) };
        let wanted = match name {
            "cut" => (1..=1, Some(Base::Number)),
            "round" => (0..=1, Some(Base::Number)),
            "join" => (0..=1, Some(Base::Text)),
            _ => (0..=0, None),
        };
        let fits = |ty: &Ty| !ty.maybe && wanted.1.as_ref().is_some_and(|base| comparable(base, &ty.base));
        if !wanted.0.contains(&types.len()) || !types.iter().all(fits) {
            let takes = match name {
                "cut" => "a number of characters: `| cut(80)`",
                "round" => "a number of digits at most: `| round(1)`",
                "join" => "what stands between: `| join(', ')`",
                _ => "nothing",
            };
            return self.fail(at, format!("`{name}` takes {takes}"), None);
        }
        Some(result)
    }

    /// The type of what a function of templates gives.
    pub(super) fn template_call(&mut self, at: Span, name: &str, arguments: &[Term]) -> Option<Ty> {
        let types = arguments.iter().map(|argument| self.ty(argument)).collect::<Option<Vec<_>>>()?;
        if name != "range" {
            return self.fail(at, "templates have no calls", Some("the only one is `range(n)`".to_owned()));
        }
        if types != [Ty::of(Base::Number)] {
            return self.fail(at, "`range` takes one number", Some("`range(3)` is 0, 1, 2".to_owned()));
        }
        Some(Ty::of(Base::List(Box::new(Base::Number), false)))
    }
}
