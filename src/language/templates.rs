//! Templates: checked on their syntax trees before any item is seen.
//!
//! Takes: template sources by name, the names that a text may use. Gives: [`Templates`], or
//! diagnostics: unknown names and filters, missing and endless includes, statements that the
//! language does not have.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::machinery::ast::{self, Expr, Stmt};
use minijinja::machinery::{Span as TemplateSpan, parse};
use minijinja::{Error, Value};

use super::diag::{Diagnostic, Sink, did_you_mean, listed};
use super::expressions::MAX_EXPRESSION;
use super::template_names::TemplateNames;
use crate::engine::source::{Source, Span};
use crate::engine::template::{Templates, syntax};

/// Filters that templates may use.
const FILTERS: [&str; 17] = [
    "abs", "code", "cut", "default", "first", "int", "join", "last", "length", "lower", "max", "min", "reverse",
    "round", "sort", "trim", "upper",
];

/// What the texts use.
#[derive(Debug, Default)]
pub(super) struct Used {
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
) -> (Option<Templates>, Used) {
    let before = found.len();
    let mut checked: BTreeMap<(String, Option<usize>), Walked> = BTreeMap::new();
    let mut open: Vec<(String, Option<usize>)> = wanted.iter().map(|name| (name.clone(), None)).collect();
    open.extend(texts.iter().map(|(index, name)| ((*name).to_owned(), Some(*index))));
    while let Some((name, text)) = open.pop() {
        if checked.contains_key(&(name.clone(), text)) {
            continue;
        }
        let Some(source) = sources.get(&name) else {
            // Those that actions and includes name have been told where they are named.
            if text.is_some() && texts.contains(&(text.unwrap_or_default(), name.as_str())) {
                let help = did_you_mean(&name, sources.keys().map(String::as_str));
                Sink { source: file, found }.error(Span::default(), format!("there is no template `{name}`"), help);
            }
            continue;
        };
        let walked = check(source, names.of(text), found);
        for (include, span) in &walked.includes {
            if sources.contains_key(include) {
                open.push((include.clone(), text));
            } else {
                let help = did_you_mean(include, sources.keys().map(String::as_str));
                Sink { source, found }.error(*span, format!("there is no template `{include}`"), help);
            }
        }
        checked.insert((name, text), walked);
    }
    circles(sources, &checked, found);
    let mut all = Used::default();
    for ((name, _), walked) in &checked {
        all.templates.insert(name.clone());
        all.names.extend(walked.paths.iter().cloned());
    }
    if found.len() != before {
        return (None, all);
    }
    let texts = checked.keys().filter_map(|(name, _)| sources.get(name).map(|source| (name.as_str(), &*source.text)));
    let templates = Templates::new(texts, used(&checked)).map_err(|(name, error)| {
        sources.get(&name).into_iter().for_each(|source| report(source, &error, found));
    });
    (templates.ok(), all)
}

/// What is wrong with each template that nothing uses; it may name what any text may.
pub(super) fn unread(
    sources: &BTreeMap<String, Source>,
    used: &BTreeSet<String>,
    names: &TemplateNames,
) -> BTreeMap<String, Vec<Diagnostic>> {
    let names: BTreeSet<String> = names.texts.iter().fold(names.item.clone(), |all, text| &all | text);
    let rest = sources.iter().filter(|(name, _)| !used.contains(*name));
    let checked = rest.map(|(name, source)| {
        let mut found = Vec::new();
        check(source, &names, &mut found);
        (name.clone(), found)
    });
    checked.collect()
}

fn report(source: &Source, error: &Error, found: &mut Vec<Diagnostic>) {
    let at = error.range().unwrap_or(0..0);
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    let unknown = what.contains("unknown statement");
    let help = unknown.then(|| "there are `if`, `for`, `set`, `with`, `filter` and `include`".to_owned());
    Sink { source, found }.error(Span::new(at.start, at.end), format!("this template does not parse: {what}"), help);
}

/// What walking a template found.
#[derive(Debug, Default)]
struct Walked {
    includes: Vec<(String, Span)>,
    /// Top-level names, and names with their parts.
    used: BTreeSet<String>,
    paths: BTreeSet<String>,
}

/// A template that includes itself, at once or in a circle, would never end.
fn circles(
    sources: &BTreeMap<String, Source>,
    checked: &BTreeMap<(String, Option<usize>), Walked>,
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
                    Sink { source, found }.error(*span, message, Some("an include in a circle never ends".to_owned()));
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

fn used(checked: &BTreeMap<(String, Option<usize>), Walked>) -> BTreeMap<String, BTreeSet<String>> {
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

/// The largest template, in bytes: blocks are read as deep as they are nested.
const MAX_TEMPLATE: usize = 32_768;

/// A tag that is too long to be read safely, if there is one.
fn long_tag(text: &str) -> Option<Span> {
    let mut at = 0;
    while let Some(open) = text[at..].find('{').map(|found| at + found) {
        let rest = &text[open..];
        let close = if rest.starts_with("{{") {
            "}}"
        } else if rest.starts_with("{%") {
            "%}"
        } else {
            ""
        };
        let length = if close.is_empty() { 1 } else { rest.find(close).unwrap_or(rest.len()) };
        if length > MAX_EXPRESSION {
            return Some(Span::new(open, open + 2));
        }
        at = open + length;
    }
    None
}

/// Checks one template.
fn check(source: &Source, names: &BTreeSet<String>, found: &mut Vec<Diagnostic>) -> Walked {
    if let Some(at) = long_tag(&source.text) {
        let message = format!("a tag has more than {MAX_EXPRESSION} bytes");
        Sink { source, found }.error(
            at,
            message,
            Some("put a part of it into a variable: `{% set x = … %}`".to_owned()),
        );
        return Walked::default();
    }
    if source.text.len() > MAX_TEMPLATE {
        let message = format!("this template has {} bytes, {MAX_TEMPLATE} is the most", source.text.len());
        Sink { source, found }.error(Span::default(), message, Some("split it with `{% include %}`".to_owned()));
        return Walked::default();
    }
    let tree = match parse(&source.text, &source.name, syntax()) {
        Ok(tree) => tree,
        Err(error) => {
            report(source, &error, found);
            return Walked::default();
        }
    };
    let mut walk = Walk { sink: Sink { source, found }, names, bound: Vec::new(), walked: Walked::default() };
    walk.stmt(&tree);
    walk.walked
}

struct Walk<'w, 'd> {
    sink: Sink<'d>,
    names: &'w BTreeSet<String>,
    /// Variables of loops and `set`, with the path of names that their parts follow, if any.
    bound: Vec<(String, Option<String>)>,
    walked: Walked,
}

impl Walk<'_, '_> {
    fn refuse(&mut self, span: TemplateSpan, what: &str, help: &str) {
        self.sink.error(place(span), format!("templates have no {what}"), Some(help.to_owned()));
    }

    fn all(&mut self, body: &[Stmt<'_>]) {
        body.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt<'_>) {
        let include = "use `{% include %}` of a file of the same folder or of `shared/`";
        match stmt {
            Stmt::Template(template) => self.all(&template.children),
            Stmt::EmitRaw(_) => {}
            Stmt::EmitExpr(emit) => match &emit.expr {
                Expr::Filter(filter) if filter.name == "code" && self.begins_line(emit.span()) => {
                    filter.expr.iter().for_each(|inner| self.expr(inner));
                }
                other => self.expr(other),
            },
            Stmt::IfCond(cond) => {
                self.expr(&cond.expr);
                self.all(&cond.true_body);
                self.all(&cond.false_body);
            }
            Stmt::ForLoop(each) => {
                self.expr(&each.iter);
                let outer = self.bound.len();
                let element = list_path(&each.iter, &self.bound).map(|path| format!("{path}[]"));
                self.bind(&each.target, element);
                self.bound.push(("loop".to_owned(), None));
                if let Some(filter) = &each.filter_expr {
                    self.expr(filter);
                }
                self.all(&each.body);
                self.bound.truncate(outer);
                self.all(&each.else_body);
            }
            Stmt::Set(set) => {
                self.expr(&set.expr);
                self.bind(&set.target, None);
            }
            Stmt::SetBlock(set) => {
                self.all(&set.body);
                self.bind(&set.target, None);
            }
            Stmt::WithBlock(with) => {
                let outer = self.bound.len();
                for (target, value) in &with.assignments {
                    self.expr(value);
                    self.bind(target, None);
                }
                self.all(&with.body);
                self.bound.truncate(outer);
            }
            Stmt::FilterBlock(block) => {
                self.expr(&block.filter);
                self.all(&block.body);
            }
            Stmt::Include(include) => match include.name.as_const().as_ref().and_then(Value::as_str) {
                Some(name) => self.walked.includes.push((name.to_owned(), place(include.name.span()))),
                None => self.refuse(include.span(), "includes whose name is computed", "write the name of the file"),
            },
            Stmt::AutoEscape(block) => self.refuse(block.span(), "`autoescape`", "every value is escaped, always"),
            Stmt::Block(block) => self.refuse(block.span(), "blocks", include),
            Stmt::Import(import) => self.refuse(import.span(), "imports", include),
            Stmt::FromImport(import) => self.refuse(import.span(), "imports", include),
            Stmt::Extends(extends) => self.refuse(extends.span(), "`extends`", include),
            Stmt::Do(stmt) => self.refuse(stmt.span(), "`do`", "a template prints, it does nothing"),
        }
    }

    /// Nothing stands before the tag on its line: inside a list item a block of code would end
    /// with the item, and what follows would be read as Markdown.
    fn begins_line(&self, span: TemplateSpan) -> bool {
        let before = self.sink.source.text.get(..span.start_offset as usize).unwrap_or("");
        let line = before.rsplit('\n').next().unwrap_or("");
        line.is_empty() || line.strip_prefix("{{").is_some_and(|inside| inside.trim().is_empty())
    }

    fn bind(&mut self, target: &Expr<'_>, path: Option<String>) {
        match target {
            Expr::Var(var) => self.bound.push((var.id.to_owned(), path)),
            Expr::List(list) => list.items.iter().for_each(|item| self.bind(item, None)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.bind(item, None)),
            other => self.refuse(other.span(), "such a target", "assign to a plain name"),
        }
    }

    fn expr(&mut self, expr: &Expr<'_>) {
        match expr {
            Expr::Const(_) => {}
            Expr::Var(_) | Expr::GetAttr(_) => self.name(expr),
            Expr::UnaryOp(op) => self.expr(&op.expr),
            Expr::BinOp(op) => {
                self.expr(&op.left);
                self.expr(&op.right);
            }
            Expr::Compare(chain) => {
                self.expr(&chain.expr);
                chain.ops.iter().for_each(|next| self.expr(&next.expr));
            }
            Expr::IfExpr(choice) => {
                self.expr(&choice.test_expr);
                self.expr(&choice.true_expr);
                if let Some(no) = &choice.false_expr {
                    self.expr(no);
                }
            }
            Expr::Filter(filter) => {
                if filter.name == "code" {
                    let help = "write `{{ … | code }}` alone, at the very beginning of a line";
                    self.sink.error(place(filter.span()), "`code` makes a block of its own", Some(help.to_owned()));
                } else if !FILTERS.contains(&filter.name) {
                    let help =
                        did_you_mean(filter.name, FILTERS).unwrap_or_else(|| format!("there are {}", listed(FILTERS)));
                    self.sink.error(place(filter.span()), format!("there is no filter `{}`", filter.name), Some(help));
                }
                if let Some(inner) = &filter.expr {
                    self.expr(inner);
                }
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                if test.name != "none" {
                    self.sink.error(
                        place(test.span()),
                        format!("there is no test `is {}`", test.name),
                        Some("the only one is `is none` (and `is not none`)".to_owned()),
                    );
                }
                self.expr(&test.expr);
            }
            Expr::Call(call) => {
                if !matches!(&call.expr, Expr::Var(var) if var.id == "range") {
                    self.refuse(call.span(), "calls", "the only one is `range(n)`");
                }
                self.arguments(&call.args);
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.expr(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expr(item)),
            Expr::GetItem(item) => {
                self.expr(&item.expr);
                self.expr(&item.subscript_expr);
            }
            Expr::Slice(slice) => {
                self.expr(&slice.expr);
                [&slice.start, &slice.stop, &slice.step].into_iter().flatten().for_each(|part| self.expr(part));
            }
            Expr::Map(map) => map.values.iter().for_each(|value| self.expr(value)),
        }
    }

    fn arguments(&mut self, args: &[ast::CallArg<'_>]) {
        for arg in args {
            match arg {
                ast::CallArg::Pos(expr)
                | ast::CallArg::Kwarg(_, expr)
                | ast::CallArg::PosSplat(expr)
                | ast::CallArg::KwargSplat(expr) => self.expr(expr),
            }
        }
    }

    fn name(&mut self, expr: &Expr<'_>) {
        let (path, span) = match path(expr, &self.bound) {
            Path::Known(path, span) => (path, span),
            Path::Free => return,
            Path::Of(inner) => return self.expr(inner),
        };
        let root = path.split(['.', '[']).next().unwrap_or(&path);
        self.walked.used.insert(root.to_owned());
        self.walked.paths.insert(path.clone());
        let group = [format!("{path}."), format!("{path}[]")];
        let known = self.names.contains(&path)
            || self.names.iter().any(|name| group.iter().any(|group| name.starts_with(group.as_str())));
        if !known {
            let shown = path.replace("[]", "");
            let help = did_you_mean(&path, self.names.iter().map(String::as_str)).map(|help| help.replace("[]", ""));
            self.sink.error(place(span), format!("unknown name `{shown}`"), help);
        }
    }
}

enum Path<'e, 's> {
    Known(String, TemplateSpan),
    /// A variable of the template's own whose parts are not followed.
    Free,
    /// A part of something that is no name.
    Of(&'e Expr<'s>),
}

fn path<'e, 's>(expr: &'e Expr<'s>, bound: &[(String, Option<String>)]) -> Path<'e, 's> {
    match expr {
        Expr::Var(var) => match bound.iter().rev().find(|(name, _)| name == var.id) {
            Some((_, Some(path))) => Path::Known(path.clone(), var.span()),
            Some((_, None)) => Path::Free,
            None => Path::Known(var.id.to_owned(), var.span()),
        },
        Expr::GetAttr(attr) => match path(&attr.expr, bound) {
            Path::Known(path, _) => Path::Known(format!("{path}.{}", attr.name), attr.span()),
            other => other,
        },
        other => Path::Of(other),
    }
}

/// The path of a list, also through filters that keep its elements.
fn list_path(expr: &Expr<'_>, bound: &[(String, Option<String>)]) -> Option<String> {
    match expr {
        Expr::Filter(filter) if ["sort", "reverse"].contains(&filter.name) => list_path(filter.expr.as_ref()?, bound),
        Expr::Slice(slice) => list_path(&slice.expr, bound),
        _ => match path(expr, bound) {
            Path::Known(path, _) => Some(path),
            Path::Free | Path::Of(_) => None,
        },
    }
}

fn place(span: TemplateSpan) -> Span {
    Span::new(span.start_offset as usize, span.end_offset as usize)
}
