//! Expressions: from text to a checked tree.
//!
//! Takes: the text of an expression, the names in scope with their types. Gives: [`Expr`], in
//! which every name is resolved and every comparison makes sense, or diagnostics. `Checker` gives
//! the types of expressions in templates too, which have more filters and no conditions proper.

use super::diag::{ProblemSink, listed, names_help};
use super::grammar::{self, Slip, Term, TermKind};
use super::scope::{ExprPlace, Scope};
use crate::engine::expr::{Compare, Expr, Filter, NameRef};
use crate::engine::source::Span;
use crate::engine::value::{Base, Ty, Value, comparable};

/// The filters of expressions.
pub const FILTERS: [(&str, Filter); 10] = [
    ("length", Filter::Length),
    ("lower", Filter::Lower),
    ("join", Filter::Join),
    ("first", Filter::First),
    ("last", Filter::Last),
    ("min", Filter::Min),
    ("max", Filter::Max),
    ("sum", Filter::Sum),
    ("abs", Filter::Abs),
    ("round", Filter::Round),
];

/// The longest expression, in bytes.
pub const MAX_EXPRESSION: usize = 2_000;

/// Checks one expression. `place` is where its text stands in the source, `known` the names that
/// conditions before it have shown not to be none (it is extended by what this one shows).
pub fn check(
    sink: &mut ProblemSink<'_>,
    scope: &Scope,
    place: ExprPlace,
    text: &str,
    known: &mut Vec<NameRef>,
) -> Option<(Expr, Ty)> {
    if text.len() > MAX_EXPRESSION {
        let message = format!("this expression has {} bytes, {MAX_EXPRESSION} is the most", text.len());
        sink.error(place.whole, message, Some("give a part of it a name under `flags`".to_owned()));
        return None;
    }
    let term = match grammar::parse(text, 0..text.len()) {
        Ok(term) => term,
        Err(Slip { span, message, help }) => {
            sink.error(place.of(span.start, span.end), message, help);
            return None;
        }
    };
    let names = OfRules { scope, known };
    let mut checker = Checker { sink, names: &names, place, text, known: Vec::new(), templates: false };
    let ty = checker.ty(&term)?;
    let expr = lower(&term, scope)?;
    expr.known_if(true, known);
    Some((expr, ty))
}

/// Checks one condition: an expression that is yes or no.
pub fn condition(
    sink: &mut ProblemSink<'_>,
    scope: &Scope,
    place: ExprPlace,
    text: &str,
    known: &mut Vec<NameRef>,
) -> Option<Expr> {
    let (expr, ty) = check(sink, scope, place, text, known)?;
    if ty.is_condition() {
        return Some(expr);
    }
    let help = match ty.base {
        Base::Number => Some(format!("compare it: `{} > 0`", text.trim())),
        Base::List(..) => Some(format!("ask how many: `{} | length > 0`", text.trim())),
        _ => None,
    };
    sink.error(place.of(0, text.len()), format!("a condition is yes or no, this is {ty}"), help);
    None
}

/// What names stand for where an expression is.
pub(super) trait NameTypes {
    /// The type of a name: none where it is not known, an error where that has been told elsewhere.
    fn find(&self, path: &str) -> Result<Option<Ty>, ()>;

    /// The help for a name that is not known.
    fn help(&self, sink: &ProblemSink<'_>, path: &str) -> Option<String>;
}

struct OfRules<'s> {
    scope: &'s Scope,
    known: &'s [NameRef],
}

impl NameTypes for OfRules<'_> {
    fn find(&self, path: &str) -> Result<Option<Ty>, ()> {
        match self.scope.find(path) {
            Some((name, ty)) => Ok(Some(Ty { maybe: ty.maybe && !self.known.contains(&name), ..ty.clone() })),
            None if self.scope.may_be_unread(path) => Err(()),
            None => Ok(None),
        }
    }

    fn help(&self, sink: &ProblemSink<'_>, path: &str) -> Option<String> {
        if let Some(when) = self.scope.later(path) {
            return Some(format!("it is known {when}"));
        }
        // Within a group the group's names are what was meant: `thresholds.redy`.
        let group = path.split_once('.').map(|(group, _)| format!("{group}."));
        let inside: Vec<&str> =
            self.scope.paths().filter(|known| group.as_deref().is_some_and(|group| known.starts_with(group))).collect();
        let near = if inside.is_empty() { sink.nearest(path, self.scope.paths()) } else { sink.nearest(path, inside) };
        names_help(near, self.scope.listed_by())
    }
}

/// Names that other languages give our filters.
fn filter_help(sink: &ProblemSink<'_>, name: &str) -> Option<String> {
    match name {
        "len" | "size" | "count" => Some("write `length`".to_owned()),
        _ => sink.nearest(name, FILTERS.map(|(name, _)| name)),
    }
}

/// Gives the types of expressions, and tells what does not fit.
pub(super) struct Checker<'c, 'd> {
    pub(super) sink: &'c mut ProblemSink<'d>,
    pub(super) names: &'c dyn NameTypes,
    pub(super) place: ExprPlace,
    /// The text in which the terms lie.
    pub(super) text: &'c str,
    /// Names that are not none here, as conditions have shown.
    pub(super) known: Vec<String>,
    /// In a template anything is a condition, and there are other filters.
    pub(super) templates: bool,
}

impl Checker<'_, '_> {
    pub(super) fn fail(&mut self, span: Span, message: impl Into<String>, help: Option<String>) -> Option<Ty> {
        self.sink.error(self.place.of(span.start, span.end), message, help);
        None
    }

    /// The type of an expression, or nothing where diagnostics say why not.
    pub(super) fn ty(&mut self, term: &Term) -> Option<Ty> {
        match &term.kind {
            TermKind::Literal(value) => Some(match value {
                Value::None => Ty::maybe(Base::Nothing),
                Value::Bool(_) => Ty::of(Base::Bool),
                Value::Text(text) => Ty::of(Base::OneOf(vec![text.to_string()])),
                _ => Ty::of(Base::Number),
            }),
            TermKind::Name(path) => self.name(term.span, path),
            TermKind::List(items) => self.list(term.span, items),
            TermKind::Not(inner) => {
                self.condition(inner)?;
                Some(Ty::of(Base::Bool))
            }
            TermKind::Negate(inner) => self.number(inner),
            TermKind::And(parts) => self.junction(parts, true),
            TermKind::Or(parts) => self.junction(parts, false),
            TermKind::Compare(first, rest) => {
                let mut left = &**first;
                for (op, right) in rest {
                    self.compare(*op, left, right)?;
                    left = right;
                }
                Some(Ty::of(Base::Bool))
            }
            TermKind::In(needle, hay) => self.contains(term.span, needle, hay),
            TermKind::IsNone(inner) => {
                self.ty(inner)?;
                Some(Ty::of(Base::Bool))
            }
            TermKind::Arith(_, left, right) => {
                self.number(left)?;
                self.number(right)
            }
            TermKind::If(test, yes, no) => self.choice(term.span, test, yes, no),
            TermKind::Filter(inner, (name, at), arguments) => self.filter(inner, name, *at, arguments),
            TermKind::Call(name, arguments) => self.call(term.span, name, arguments),
            TermKind::Slice(inner, from, to) => {
                if !self.templates {
                    let help = "use `| first`, `| last` or `in`".to_owned();
                    return self.fail(term.span, "expressions have no subscripts", Some(help));
                }
                let ty = self.ty(inner)?;
                for bound in [from, to].into_iter().flatten() {
                    self.number(bound)?;
                }
                if matches!(ty, Ty { base: Base::List(..), maybe: false }) {
                    return Some(emptied(ty));
                }
                let help = matches!(ty.base, Base::Text | Base::OneOf(_)).then(|| "write `| cut(20)`".to_owned());
                self.fail(inner.span, format!("a part is taken of a list, this is {ty}"), help)
            }
        }
    }

    fn name(&mut self, span: Span, path: &str) -> Option<Ty> {
        match self.names.find(path) {
            Ok(Some(mut ty)) => {
                ty.maybe &= !self.known.iter().any(|known| known == path);
                return Some(ty);
            }
            Ok(None) => {}
            Err(()) => return None,
        }
        let help = match path {
            "no" | "off" => Some("write `false`".to_owned()),
            "yes" | "on" => Some("write `true`".to_owned()),
            "null" | "nil" | "undefined" => Some("write `none`".to_owned()),
            _ => self.names.help(self.sink, path),
        };
        self.fail(span, format!("unknown name `{path}`"), help)
    }

    fn list(&mut self, at: Span, items: &[Term]) -> Option<Ty> {
        let mut base: Option<Base> = None;
        for item in items {
            let ty = self.ty(item)?;
            if ty.maybe {
                return self.fail(item.span, format!("an element of a list is known, this is {ty}"), None);
            }
            if self.templates && matches!(ty.base, Base::List(..) | Base::Group) {
                return self.fail(item.span, format!("an element of a list is a single value, this is {ty}"), None);
            }
            match &base {
                Some(first) if !comparable(first, &ty.base) => {
                    return self.fail(at, "the elements of a list are of one type", None);
                }
                _ => base = Some(if matches!(ty.base, Base::OneOf(_)) { Base::Text } else { ty.base }),
            }
        }
        Some(Ty::of(Base::List(Box::new(base.unwrap_or(Base::Text)), !items.is_empty())))
    }

    /// `and` (each part sees what those before it have shown) or `or` (what those before it have not shown).
    fn junction(&mut self, parts: &[Term], both: bool) -> Option<Ty> {
        let before = self.known.len();
        let mut types = Vec::new();
        for part in parts {
            types.push(self.condition(part));
            part.known_if(both, &mut self.known);
        }
        self.known.truncate(before);
        let mut types = types.into_iter();
        let first = types.next()??;
        // `a or b` of a template is one of the two.
        types.try_fold(first, |all, ty| Some(joined(&all, &ty?).unwrap_or_else(|| Ty::of(Base::Bool))))
    }

    /// Something that is yes or no, in a template anything; its type.
    pub(super) fn condition(&mut self, term: &Term) -> Option<Ty> {
        let ty = self.ty(term)?;
        if ty.is_condition() || self.templates {
            return Some(ty);
        }
        let help = match ty.base {
            Base::Number => Some("compare it: `… > 0`".to_owned()),
            Base::List(..) => Some("ask how many: `… | length > 0`".to_owned()),
            _ => None,
        };
        self.fail(term.span, format!("`and`, `or`, `not` and `if` take yes or no, this is {ty}"), help)
    }

    fn number(&mut self, term: &Term) -> Option<Ty> {
        let ty = self.ty(term)?;
        if ty == Ty::of(Base::Number) {
            return Some(ty);
        }
        let help = match ty.base {
            Base::Number if self.templates => Some("say what it is where it is unknown: `(… | default(0))`".to_owned()),
            _ if ty.maybe => Some("say what it is where it is unknown: `(… if … is not none else 0)`".to_owned()),
            Base::Text | Base::OneOf(_) if self.templates => {
                Some("two texts stand one behind the other: `{{ a }}{{ b }}`".to_owned())
            }
            _ => None,
        };
        self.fail(term.span, format!("a number is needed here, this is {ty}"), help)
    }

    fn compare(&mut self, op: Compare, left: &Term, right: &Term) -> Option<Ty> {
        let at = Span::new(left.span.start, right.span.end);
        let (a_ty, b_ty) = (self.side(left, right), self.side(right, left));
        let (a_ty, b_ty) = (a_ty?, b_ty?);
        if a_ty.base == Base::Nothing || b_ty.base == Base::Nothing {
            return self.fail(at, "`none` is not compared", Some("write `is none` or `is not none`".to_owned()));
        }
        let equality = matches!(op, Compare::Eq | Compare::Ne);
        // What is unknown equals nothing, which in a text is all there is to say.
        for (side, ty) in [(left, &a_ty), (right, &b_ty)].into_iter().filter(|_| !(self.templates && equality)) {
            if ty.maybe {
                let name = side.name().unwrap_or("it");
                let simple = !self.templates && !self.text.contains(" and ") && !self.text.contains(" or ");
                let mend = if simple {
                    format!("say what holds where it is unknown: `{name} is not none and {}`", self.text.trim())
                } else {
                    format!("ask `{name} is not none and …` first")
                };
                return self.fail(side.span, format!("`{name}` may be unknown, and is compared here"), Some(mend));
            }
        }
        if !comparable(&a_ty.base, &b_ty.base) {
            let quoted = matches!(right.kind, TermKind::Literal(_)) && b_ty.base != Base::Number;
            let help = (quoted && a_ty.base == Base::Number).then(|| "write the number without quotes".to_owned());
            return self.fail(at, format!("{a_ty} is compared with {b_ty}"), help);
        }
        if !equality && a_ty.base != Base::Number {
            return self.fail(at, format!("only numbers are larger or smaller, this is {a_ty}"), None);
        }
        self.possible(right, &a_ty, &b_ty)?;
        self.possible(left, &b_ty, &a_ty)?;
        Some(Ty::of(Base::Bool))
    }

    /// One side of a comparison: a name that is unknown beside a text is a text without its quotes.
    fn side(&mut self, term: &Term, other: &Term) -> Option<Ty> {
        if let Some(path) = term.name().filter(|path| !path.contains('.') && self.names.find(path) == Ok(None)) {
            let other = other.name().and_then(|other| self.names.find(other).ok().flatten());
            let base = other.map(|ty| if let Base::List(base, _) = ty.base { *base } else { ty.base });
            let fits = match base {
                Some(Base::Text) => self.names.help(self.sink, path).is_none_or(|help| !help.starts_with("did you")),
                Some(Base::OneOf(values)) => values.iter().any(|value| value == path),
                _ => false,
            };
            if fits {
                let help = format!("a text stands in quotes: `'{path}'`");
                return self.fail(term.span, format!("unknown name `{path}`"), Some(help));
            }
        }
        self.ty(term)
    }

    /// A literal that the other side can never be: `type == 'philosphy'`.
    fn possible(&mut self, side: &Term, other: &Ty, literal: &Ty) -> Option<()> {
        let (TermKind::Literal(_), Base::OneOf(values), Base::OneOf(known)) = (&side.kind, &literal.base, &other.base)
        else {
            return Some(());
        };
        let strange = values.iter().find(|value| !known.contains(value));
        if let Some(value) = strange {
            let help = self.sink.nearest(value, known.iter().map(String::as_str));
            self.fail(side.span, format!("this is never `{value}`"), help);
            return None;
        }
        Some(())
    }

    fn contains(&mut self, at: Span, needle: &Term, hay: &Term) -> Option<Ty> {
        let (needle_ty, hay_ty) = (self.side(needle, hay), self.ty(hay));
        let (needle_ty, hay_ty) = (needle_ty?, hay_ty?);
        if needle_ty.maybe || hay_ty.maybe {
            return self.fail(at, "one side of `in` may be unknown", Some("ask `is not none` first".to_owned()));
        }
        match &hay_ty.base {
            Base::List(base, _) if comparable(base, &needle_ty.base) => {}
            Base::Text | Base::OneOf(_) if matches!(needle_ty.base, Base::Text | Base::OneOf(_)) => {}
            _ => return self.fail(at, format!("{needle_ty} is never in {hay_ty}"), None),
        }
        Some(Ty::of(Base::Bool))
    }

    fn choice(&mut self, at: Span, test: &Term, yes: &Term, no: &Term) -> Option<Ty> {
        self.condition(test)?;
        let before = self.known.len();
        test.known_if(true, &mut self.known);
        let yes = self.ty(yes);
        self.known.truncate(before);
        test.known_if(false, &mut self.known);
        let no = self.ty(no);
        self.known.truncate(before);
        let (yes, no) = (yes?, no?);
        match joined(&yes, &no) {
            Some(ty) => Some(ty),
            None => self.fail(at, format!("one branch is {yes}, the other {no}"), None),
        }
    }

    fn filter(&mut self, input: &Term, name: &str, at: Span, arguments: &[Term]) -> Option<Ty> {
        if self.templates {
            return self.template_filter(input, name, at, arguments);
        }
        let kind = FILTERS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
        let Some(kind) = kind else {
            return self.fail(at, format!("there is no filter `{name}` in expressions"), filter_help(self.sink, name));
        };
        let ty = self.ty(input)?;
        if ty.maybe {
            let message = format!("`{name}` works on what is known, this is {ty}");
            return self.fail(input.span, message, Some("ask `is not none` first".to_owned()));
        }
        let fits = match (kind, &ty.base) {
            (Filter::Length, Base::Text | Base::OneOf(_) | Base::List(..)) => Some(Ty::of(Base::Number)),
            (Filter::Lower, Base::Text | Base::OneOf(_)) | (Filter::Join, Base::List(..)) => Some(Ty::of(Base::Text)),
            (Filter::First | Filter::Last, Base::List(base, filled)) => {
                Some(Ty { base: (**base).clone(), maybe: !filled })
            }
            (Filter::Min | Filter::Max, Base::List(base, filled)) if **base == Base::Number => {
                Some(Ty { base: Base::Number, maybe: !filled })
            }
            (Filter::Sum, Base::List(base, _)) if **base == Base::Number => Some(Ty::of(Base::Number)),
            (Filter::Abs | Filter::Round, Base::Number) => Some(Ty::of(Base::Number)),
            _ => None,
        };
        let Some(result) = fits else { return self.fail(at, format!("`{name}` does not work on {ty}"), None) };
        match (kind, arguments) {
            (_, []) => {}
            (Filter::Join, [argument]) => {
                let ty = self.ty(argument)?;
                if !matches!(ty.base, Base::Text | Base::OneOf(_)) || ty.maybe {
                    return self.fail(argument.span, "`join` takes a text", None);
                }
            }
            (Filter::Round, [argument]) => drop(self.number(argument)?),
            _ => return self.fail(at, format!("`{name}` takes no such argument"), None),
        }
        Some(result)
    }

    fn call(&mut self, at: Span, name: &str, arguments: &[Term]) -> Option<Ty> {
        if self.templates {
            return self.template_call(at, name, arguments);
        }
        let help = match name.rsplit_once('.') {
            Some((text, "contains" | "includes")) => format!("write it the other way round: `'…' in {text}`"),
            _ => format!("filters are written with a bar: {}", listed(FILTERS.map(|(name, _)| name))),
        };
        self.fail(at, "expressions call nothing", Some(help))
    }
}

/// The type of what is one or the other.
pub(super) fn joined(a: &Ty, b: &Ty) -> Option<Ty> {
    let base = match (&a.base, &b.base) {
        (Base::Nothing, other) | (other, Base::Nothing) => other.clone(),
        (Base::OneOf(a), Base::OneOf(b)) => Base::OneOf(a.iter().chain(b).cloned().collect()),
        (Base::OneOf(_), Base::Text) => Base::Text,
        (Base::List(a, one), Base::List(b, other)) if comparable(a, b) => Base::List(a.clone(), *one && *other),
        (a, b) if comparable(a, b) => a.clone(),
        _ => return None,
    };
    Some(Ty { base, maybe: a.maybe || b.maybe })
}

/// A list that may be empty.
fn emptied(ty: Ty) -> Ty {
    match ty.base {
        Base::List(base, _) => Ty { base: Base::List(base, false), ..ty },
        _ => ty,
    }
}

/// The tree of a term whose types fit.
fn lower(term: &Term, scope: &Scope) -> Option<Expr> {
    let one = |term: &Term| lower(term, scope).map(Box::new);
    let all = |terms: &[Term]| terms.iter().map(|term| lower(term, scope)).collect::<Option<Vec<_>>>();
    // `(a and b) and c` is one list, so that each part can be named, dropped or moved.
    let junction = |terms: &[Term], both: bool| {
        let mut parts = all(terms)?;
        let first = match (both, parts.remove(0)) {
            (true, Expr::And(inner)) | (false, Expr::Or(inner)) => inner,
            (_, other) => vec![other],
        };
        Some(first.into_iter().chain(parts).collect())
    };
    Some(match &term.kind {
        TermKind::Literal(value) => Expr::Literal(value.clone()),
        TermKind::Name(path) => Expr::Name(scope.find(path)?.0),
        TermKind::List(items) => Expr::List(all(items)?),
        TermKind::Not(inner) => Expr::Not(one(inner)?),
        TermKind::Negate(inner) => Expr::Negate(one(inner)?),
        TermKind::And(parts) => Expr::And(junction(parts, true)?),
        TermKind::Or(parts) => Expr::Or(junction(parts, false)?),
        TermKind::Compare(first, rest) => {
            let mut parts = Vec::new();
            let mut left = &**first;
            for (op, right) in rest {
                parts.push(Expr::Compare(*op, one(left)?, one(right)?));
                left = right;
            }
            if parts.len() == 1 { parts.remove(0) } else { Expr::And(parts) }
        }
        TermKind::In(needle, hay) => Expr::In(one(needle)?, one(hay)?),
        TermKind::IsNone(inner) => Expr::IsNone(one(inner)?),
        TermKind::Arith(op, a, b) => Expr::Arith(*op, one(a)?, one(b)?),
        TermKind::If(test, yes, no) => Expr::If(one(test)?, one(yes)?, one(no)?),
        TermKind::Filter(inner, (name, _), arguments) => {
            let kind = FILTERS.iter().find(|(known, _)| known == name)?.1;
            let argument = match arguments.first() {
                Some(argument) => Some(one(argument)?),
                None => None,
            };
            Expr::Filter(kind, one(inner)?, argument)
        }
        // Rules have neither, which their types have told.
        TermKind::Call(..) | TermKind::Slice(..) => return None,
    })
}
