//! Expressions: from text to a checked tree.
//!
//! Takes: the text of an expression, the names in scope with their types. Gives: [`Expr`], in
//! which every name is resolved and every comparison makes sense, or diagnostics. The syntax is
//! minijinja's (its parser gives the tree); the subset and the types are ours, because minijinja
//! compares anything with anything and an undefined name is empty to it.

use std::borrow::Cow;

use minijinja::machinery::ast::{self, BinOpKind, CompareOpKind, UnaryOpKind};
use minijinja::value::ValueKind;

use super::diag::{Sink, did_you_mean, listed};
use super::scope::{Place, Scope};
use crate::engine::expr::{Arith, Compare, Expr, Filter, Name};
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

/// The longest expression, in bytes: the parser goes as deep as an expression is long.
pub const MAX_EXPRESSION: usize = 2_000;

/// Checks one expression. `place` is where its text stands in the source, `known` the names that
/// conditions before it have shown not to be none (it is extended by what this one shows).
pub fn check(
    sink: &mut Sink<'_>,
    scope: &Scope,
    place: Place,
    text: &str,
    known: &mut Vec<Name>,
) -> Option<(Expr, Ty)> {
    if text.len() > MAX_EXPRESSION {
        let message = format!("this expression has {} bytes, {MAX_EXPRESSION} is the most", text.len());
        sink.error(place.whole, message, Some("give a part of it a name under `flags`".to_owned()));
        return None;
    }
    let tree = match minijinja::machinery::parse_expr(text) {
        Ok(tree) => tree,
        Err(error) => {
            let at = error.range().unwrap_or(0..text.len());
            let what = error.detail().unwrap_or("it cannot be read").to_owned();
            sink.error(
                place.of(at.start, at.end),
                format!("this expression does not parse: {what}"),
                syntax_help(text),
            );
            return None;
        }
    };
    let mut checker = Checker { sink, scope, place, text, known: known.clone() };
    let checked = checker.expr(&tree)?;
    checked.0.known_if(true, known);
    Some(checked)
}

/// Checks one condition: an expression that is yes or no.
pub fn condition(sink: &mut Sink<'_>, scope: &Scope, place: Place, text: &str, known: &mut Vec<Name>) -> Option<Expr> {
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

/// Names that other languages give our filters.
fn filter_help(name: &str) -> Option<String> {
    match name {
        "len" | "size" | "count" => Some("write `length`".to_owned()),
        _ => did_you_mean(name, FILTERS.map(|(name, _)| name)),
    }
}

fn syntax_help(text: &str) -> Option<String> {
    let help = if text.contains("&&") {
        "write `and`"
    } else if text.contains("||") {
        "write `or`"
    } else if text.contains('!') && !text.contains("!=") {
        "write `not`"
    } else if text.contains("{{") {
        "an expression stands without `{{ }}`"
    } else if text.contains(" = ") {
        "equality is `==`"
    } else {
        return None;
    };
    Some(help.to_owned())
}

struct Checker<'c, 'd> {
    sink: &'c mut Sink<'d>,
    scope: &'c Scope,
    place: Place,
    text: &'c str,
    known: Vec<Name>,
}

type Checked = Option<(Expr, Ty)>;

impl Checker<'_, '_> {
    fn fail(&mut self, at: &ast::Expr<'_>, message: impl Into<String>, help: Option<String>) -> Checked {
        let span = self.span(at);
        self.sink.error(span, message, help);
        None
    }

    /// The leaves carry exact places; what is made of parts spans from the first to the last leaf.
    fn span(&self, expr: &ast::Expr<'_>) -> Span {
        let span = expr.span();
        let (start, end) = (span.start_offset as usize, span.end_offset as usize);
        let start = if span.start_line == 0 { 0 } else { start };
        self.place.of(start.min(self.text.len()), end.min(self.text.len()))
    }

    fn expr(&mut self, expr: &ast::Expr<'_>) -> Checked {
        match expr {
            ast::Expr::Const(literal) => self.literal(expr, &literal.value),
            ast::Expr::Var(_) | ast::Expr::GetAttr(_) => self.name(expr),
            ast::Expr::List(list) => self.list(expr, &list.items),
            ast::Expr::UnaryOp(op) => match op.op {
                UnaryOpKind::Not => {
                    let inner = self.boolean(&op.expr)?;
                    Some((Expr::Not(Box::new(inner)), Ty::of(Base::Bool)))
                }
                UnaryOpKind::Neg => {
                    let inner = self.number(&op.expr)?;
                    Some((Expr::Negate(Box::new(inner)), Ty::of(Base::Number)))
                }
            },
            ast::Expr::BinOp(op) => self.binary(expr, op.op, &op.left, &op.right),
            ast::Expr::Compare(chain) => {
                let mut parts = Vec::new();
                let mut left = &chain.expr;
                for next in &chain.ops {
                    let Some(op) = chained(next.op) else {
                        return self.fail(
                            expr,
                            "`in` does not stand in a chain of comparisons",
                            Some("join the two with `and`".to_owned()),
                        );
                    };
                    parts.push(self.compare(expr, op, left, &next.expr)?.0);
                    left = &next.expr;
                }
                Some((Expr::And(parts), Ty::of(Base::Bool)))
            }
            ast::Expr::IfExpr(choice) => self.choice(expr, choice),
            ast::Expr::Filter(filter) => self.filter(expr, filter),
            ast::Expr::Test(test) => {
                if test.name != "none" || !test.args.is_empty() {
                    return self.fail(
                        expr,
                        format!("there is no test `is {}`", test.name),
                        Some("the only one is `is none` (and `is not none`)".to_owned()),
                    );
                }
                let (inner, _) = self.expr(&test.expr)?;
                Some((Expr::IsNone(Box::new(inner)), Ty::of(Base::Bool)))
            }
            ast::Expr::Call(_) => self.fail(
                expr,
                "expressions call nothing",
                Some(format!("filters are written with a bar: {}", listed(FILTERS.map(|(name, _)| name)))),
            ),
            ast::Expr::GetItem(_) | ast::Expr::Slice(_) => {
                self.fail(expr, "expressions have no subscripts", Some("use `| first`, `| last` or `in`".to_owned()))
            }
            ast::Expr::Tuple(_) | ast::Expr::Map(_) => {
                self.fail(expr, format!("expressions have no {}", expr.description()), None)
            }
        }
    }

    fn literal(&mut self, at: &ast::Expr<'_>, value: &minijinja::Value) -> Checked {
        let found = match value.kind() {
            ValueKind::None => (Value::None, Ty::maybe(Base::Nothing)),
            ValueKind::Bool => (Value::Bool(value.is_true()), Ty::of(Base::Bool)),
            ValueKind::Number if value.is_integer() => match i64::try_from(value.clone()) {
                Ok(number) => (Value::Int(number), Ty::of(Base::Number)),
                Err(_) => return self.fail(at, "this number is too large", None),
            },
            ValueKind::Number => (Value::Float(f64::try_from(value.clone()).unwrap_or(f64::NAN)), Ty::of(Base::Number)),
            ValueKind::String => {
                let text = value.as_str().unwrap_or_default().to_owned();
                (Value::Text(Cow::Owned(text.clone())), Ty::of(Base::OneOf(vec![text])))
            }
            _ => return self.fail(at, format!("expressions have no {}", value.kind()), None),
        };
        Some((Expr::Literal(found.0), found.1))
    }

    fn name(&mut self, expr: &ast::Expr<'_>) -> Checked {
        let Some((path, start)) = path(expr) else {
            return self.fail(
                expr,
                "only names have parts",
                Some("write a name, such as `thresholds.ready`".to_owned()),
            );
        };
        if let Some((name, ty)) = self.scope.find(&path) {
            let mut ty = ty.clone();
            ty.maybe &= !self.known.contains(&name);
            return Some((Expr::Name(name), ty));
        }
        if self.scope.may_be_unread(&path) {
            return None;
        }
        let span = self.place.of(start, (start + path.len()).min(self.text.len()));
        let help = self.scope.later(&path).map(|when| format!("it is known {when}"));
        let help = help.or_else(|| self.name_help(&path));
        self.sink.error(span, format!("unknown name `{path}`"), help);
        None
    }

    fn name_help(&self, path: &str) -> Option<String> {
        match path {
            "no" | "off" => return Some("write `false`".to_owned()),
            "yes" | "on" => return Some("write `true`".to_owned()),
            _ => {}
        }
        // Within a group the group's names are what was meant: `thresholds.redy`.
        let group = path.split_once('.').map(|(group, _)| format!("{group}."));
        let inside: Vec<&str> =
            self.scope.paths().filter(|known| group.as_deref().is_some_and(|group| known.starts_with(group))).collect();
        if inside.is_empty() { self.sink.nearest(path, self.scope.paths()) } else { self.sink.nearest(path, inside) }
    }

    fn list(&mut self, at: &ast::Expr<'_>, items: &[ast::Expr<'_>]) -> Checked {
        let mut parts = Vec::new();
        let mut base: Option<Base> = None;
        for item in items {
            let (part, ty) = self.expr(item)?;
            if ty.maybe {
                return self.fail(item, format!("an element of a list is known, this is {ty}"), None);
            }
            match &base {
                Some(first) if !comparable(first, &ty.base) => {
                    return self.fail(at, "the elements of a list are of one type", None);
                }
                _ => base = Some(if matches!(ty.base, Base::OneOf(_)) { Base::Text } else { ty.base }),
            }
            parts.push(part);
        }
        let filled = !parts.is_empty();
        Some((Expr::List(parts), Ty::of(Base::List(Box::new(base.unwrap_or(Base::Text)), filled))))
    }

    fn binary(&mut self, at: &ast::Expr<'_>, op: BinOpKind, left: &ast::Expr<'_>, right: &ast::Expr<'_>) -> Checked {
        let arith = |op| Some((op, Ty::of(Base::Number)));
        let (op, ty) = match op {
            BinOpKind::ScAnd | BinOpKind::ScOr => return self.logic(matches!(op, BinOpKind::ScAnd), left, right),
            BinOpKind::Eq => return self.compare(at, Compare::Eq, left, right),
            BinOpKind::Ne => return self.compare(at, Compare::Ne, left, right),
            BinOpKind::Lt => return self.compare(at, Compare::Lt, left, right),
            BinOpKind::Lte => return self.compare(at, Compare::Le, left, right),
            BinOpKind::Gt => return self.compare(at, Compare::Gt, left, right),
            BinOpKind::Gte => return self.compare(at, Compare::Ge, left, right),
            BinOpKind::In => return self.contains(at, left, right),
            BinOpKind::Add => arith(Arith::Add),
            BinOpKind::Sub => arith(Arith::Sub),
            BinOpKind::Mul => arith(Arith::Mul),
            BinOpKind::Div => arith(Arith::Div),
            BinOpKind::FloorDiv => arith(Arith::FloorDiv),
            BinOpKind::Rem => arith(Arith::Rem),
            BinOpKind::Pow | BinOpKind::Concat => None,
        }
        .or_else(|| {
            self.fail(
                at,
                "expressions have no `**` and no `~`",
                Some("texts are put together in sentences and templates".to_owned()),
            );
            None
        })?;
        let (a, b) = (self.number(left)?, self.number(right)?);
        Some((Expr::Arith(op, Box::new(a), Box::new(b)), ty))
    }

    fn logic(&mut self, both: bool, left: &ast::Expr<'_>, right: &ast::Expr<'_>) -> Checked {
        let before = self.known.len();
        let first = self.boolean(left);
        if let Some(first) = &first {
            first.known_if(both, &mut self.known);
        }
        let second = self.boolean(right);
        self.known.truncate(before);
        let (first, second) = (first?, second?);
        // `a and b and c` is one list, so that each part can be named, dropped or moved.
        let mut parts = match (both, first) {
            (true, Expr::And(parts)) | (false, Expr::Or(parts)) => parts,
            (_, other) => vec![other],
        };
        parts.push(second);
        Some((if both { Expr::And(parts) } else { Expr::Or(parts) }, Ty::of(Base::Bool)))
    }

    fn compare(&mut self, at: &ast::Expr<'_>, op: Compare, left: &ast::Expr<'_>, right: &ast::Expr<'_>) -> Checked {
        let (a, b) = (self.expr(left), self.expr(right));
        let ((a, a_ty), (b, b_ty)) = (a?, b?);
        if a_ty.base == Base::Nothing || b_ty.base == Base::Nothing {
            return self.fail(at, "`none` is not compared", Some("write `is none` or `is not none`".to_owned()));
        }
        for (side, ty) in [(left, &a_ty), (right, &b_ty)] {
            if ty.maybe {
                let name = path(side).map_or_else(|| "it".to_owned(), |(path, _)| path);
                let mend = format!("say what holds where it is unknown: `{name} is not none and {}`", self.text.trim());
                let mend = if self.text.contains(" and ") || self.text.contains(" or ") {
                    format!("ask `{name} is not none and …` first")
                } else {
                    mend
                };
                return self.fail(side, format!("`{name}` may be unknown, and is compared here"), Some(mend));
            }
        }
        if !comparable(&a_ty.base, &b_ty.base) {
            let help = match (left, right) {
                (_, ast::Expr::Const(_)) if b_ty.base != Base::Number && a_ty.base == Base::Number => {
                    Some("write the number without quotes".to_owned())
                }
                _ => None,
            };
            return self.fail(at, format!("{a_ty} is compared with {b_ty}"), help);
        }
        if !matches!(op, Compare::Eq | Compare::Ne) && a_ty.base != Base::Number {
            return self.fail(at, format!("only numbers are larger or smaller, this is {a_ty}"), None);
        }
        self.possible(right, &a_ty, &b_ty)?;
        self.possible(left, &b_ty, &a_ty)?;
        Some((Expr::Compare(op, Box::new(a), Box::new(b)), Ty::of(Base::Bool)))
    }

    /// A literal that the other side can never be: `type == 'philosphy'`.
    fn possible(&mut self, literal_side: &ast::Expr<'_>, other: &Ty, literal: &Ty) -> Option<()> {
        let (ast::Expr::Const(_), Base::OneOf(values), Base::OneOf(known)) = (literal_side, &literal.base, &other.base)
        else {
            return Some(());
        };
        let strange = values.iter().find(|value| !known.contains(value));
        if let Some(value) = strange {
            let help = did_you_mean(value, known.iter().map(String::as_str));
            self.fail(literal_side, format!("this is never `{value}`"), help);
            return None;
        }
        Some(())
    }

    fn contains(&mut self, at: &ast::Expr<'_>, left: &ast::Expr<'_>, right: &ast::Expr<'_>) -> Checked {
        let (needle, hay) = (self.expr(left), self.expr(right));
        let ((needle, needle_ty), (hay, hay_ty)) = (needle?, hay?);
        if needle_ty.maybe || hay_ty.maybe {
            return self.fail(at, "one side of `in` may be unknown", Some("ask `is not none` first".to_owned()));
        }
        match &hay_ty.base {
            Base::List(base, _) if comparable(base, &needle_ty.base) => {}
            Base::Text | Base::OneOf(_) if matches!(needle_ty.base, Base::Text | Base::OneOf(_)) => {}
            _ => return self.fail(at, format!("{needle_ty} is never in {hay_ty}"), None),
        }
        Some((Expr::In(Box::new(needle), Box::new(hay)), Ty::of(Base::Bool)))
    }

    fn choice(&mut self, at: &ast::Expr<'_>, choice: &ast::IfExpr<'_>) -> Checked {
        let test = self.boolean(&choice.test_expr)?;
        let before = self.known.len();
        test.known_if(true, &mut self.known);
        let yes = self.expr(&choice.true_expr);
        self.known.truncate(before);
        test.known_if(false, &mut self.known);
        let no = choice.false_expr.as_ref().map(|no| self.expr(no));
        self.known.truncate(before);
        let Some(no) = no else {
            return self.fail(at, "`if` without `else`", Some("say what it is otherwise: `a if c else b`".to_owned()));
        };
        let ((yes, yes_ty), (no, no_ty)) = (yes?, no?);
        let base = match (&yes_ty.base, &no_ty.base) {
            (Base::Nothing, other) | (other, Base::Nothing) => other.clone(),
            (Base::OneOf(a), Base::OneOf(b)) => Base::OneOf(a.iter().chain(b).cloned().collect()),
            (Base::OneOf(_), Base::Text) => Base::Text,
            (a, b) if comparable(a, b) => a.clone(),
            _ => return self.fail(at, format!("one branch is {yes_ty}, the other {no_ty}"), None),
        };
        let ty = Ty { base, maybe: yes_ty.maybe || no_ty.maybe };
        Some((Expr::If(Box::new(test), Box::new(yes), Box::new(no)), ty))
    }

    fn filter(&mut self, at: &ast::Expr<'_>, filter: &ast::Filter<'_>) -> Checked {
        let Some((_, kind)) = FILTERS.iter().find(|(name, _)| *name == filter.name) else {
            return self.fail(
                at,
                format!("there is no filter `{}` in expressions", filter.name),
                filter_help(filter.name),
            );
        };
        let Some(input) = &filter.expr else { return self.fail(at, "a filter has nothing to work on", None) };
        let (inner, ty) = self.expr(input)?;
        if ty.maybe {
            return self.fail(
                input,
                format!("`{}` works on what is known, this is {ty}", filter.name),
                Some("ask `is not none` first".to_owned()),
            );
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
        let Some(result) = fits else { return self.fail(at, format!("`{}` does not work on {ty}", filter.name), None) };
        let argument = match (kind, filter.args.as_slice()) {
            (_, []) => None,
            (Filter::Join, [ast::CallArg::Pos(argument)]) => {
                let (argument, ty) = self.expr(argument)?;
                if !matches!(ty.base, Base::Text | Base::OneOf(_)) || ty.maybe {
                    return self.fail(at, "`join` takes a text", None);
                }
                Some(Box::new(argument))
            }
            (Filter::Round, [ast::CallArg::Pos(argument)]) => Some(Box::new(self.number(argument)?)),
            _ => return self.fail(at, format!("`{}` takes no such argument", filter.name), None),
        };
        Some((Expr::Filter(*kind, Box::new(inner), argument), result))
    }

    fn boolean(&mut self, expr: &ast::Expr<'_>) -> Option<Expr> {
        let (inner, ty) = self.expr(expr)?;
        if ty.is_condition() {
            return Some(inner);
        }
        let help = match ty.base {
            Base::Number => Some("compare it: `… > 0`".to_owned()),
            Base::List(..) => Some("ask how many: `… | length > 0`".to_owned()),
            _ => None,
        };
        self.fail(expr, format!("`and`, `or`, `not` and `if` take yes or no, this is {ty}"), help);
        None
    }

    fn number(&mut self, expr: &ast::Expr<'_>) -> Option<Expr> {
        let (inner, ty) = self.expr(expr)?;
        if ty == Ty::of(Base::Number) {
            return Some(inner);
        }
        let help = ty.maybe.then(|| "say what it is where it is unknown: `(… if … is not none else 0)`".to_owned());
        self.fail(expr, format!("a number is needed here, this is {ty}"), help);
        None
    }
}

fn chained(op: CompareOpKind) -> Option<Compare> {
    match op {
        CompareOpKind::Eq => Some(Compare::Eq),
        CompareOpKind::Ne => Some(Compare::Ne),
        CompareOpKind::Lt => Some(Compare::Lt),
        CompareOpKind::Lte => Some(Compare::Le),
        CompareOpKind::Gt => Some(Compare::Gt),
        CompareOpKind::Gte => Some(Compare::Ge),
        CompareOpKind::In | CompareOpKind::NotIn => None,
    }
}

/// `a.b.c` and the offset of its first byte.
fn path(expr: &ast::Expr<'_>) -> Option<(String, usize)> {
    match expr {
        ast::Expr::Var(var) => Some((var.id.to_owned(), var.span().start_offset as usize)),
        ast::Expr::GetAttr(attr) => path(&attr.expr).map(|(path, start)| (format!("{path}.{}", attr.name), start)),
        _ => None,
    }
}
