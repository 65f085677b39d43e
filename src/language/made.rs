//! What a rule over counted facts writes, and what it is sorted by.
//!
//! Takes: a field of a rule, the names in scope. Gives: a checked [`FieldSource`], or diagnostics.

use super::keys;
use super::reader::NodeReader;
use super::scope::Scope;
use super::yaml::{Node, NodeKind};
use crate::advise::{FieldKind, FieldSource};
use crate::engine::expr::Expr;
use crate::engine::sentence::Sentence;
use crate::engine::value::{Base, Ty, Value};

impl NodeReader<'_> {
    /// What a rule writes into a field.
    pub(super) fn field_source(
        &mut self,
        scope: &Scope,
        node: &Node,
        what: &str,
        kind: FieldKind,
    ) -> Option<FieldSource> {
        match kind {
            FieldKind::Sentence => self.sentence(scope, node, what).map(FieldSource::Said),
            FieldKind::Sentences => {
                let items = self.list(node, what)?;
                let said: Vec<Option<Sentence>> = items.iter().map(|item| self.sentence(scope, item, what)).collect();
                said.into_iter().collect::<Option<Vec<_>>>().map(FieldSource::SaidAll)
            }
            FieldKind::Number => self.number_expr(scope, node, what).map(FieldSource::Of),
            FieldKind::Text => {
                let (expr, ty) = self.any_expr(scope, node, what)?;
                self.of_base(node, what, &ty, matches!(ty.base, Base::Text | Base::OneOf(_)), "a text")?;
                Some(FieldSource::Of(expr))
            }
            FieldKind::Texts => {
                let (expr, ty) = self.any_expr(scope, node, what)?;
                let texts = matches!(&ty.base, Base::List(base, _) if matches!(**base, Base::Text | Base::OneOf(_)));
                self.of_base(node, what, &ty, texts, "a list of texts")?;
                Some(FieldSource::Of(expr))
            }
            FieldKind::Word(words) => {
                let choices: Vec<(&str, &str)> = words.iter().map(|word| (*word, *word)).collect();
                let word = self.one_of(node, what, &choices)?;
                Some(FieldSource::Is(Value::Text(word.to_owned().into())))
            }
            FieldKind::Literal => {
                self.text(node, what).map(|text| FieldSource::Is(Value::Text(text.to_owned().into())))
            }
        }
    }

    fn of_base(&mut self, node: &Node, what: &str, ty: &Ty, fits: bool, wanted: &str) -> Option<()> {
        if fits && !ty.maybe {
            return Some(());
        }
        self.sink.error(node.span, format!("{what} is {wanted}, this is {ty}"), None);
        None
    }

    /// Any expression, or a number as it stands.
    pub(super) fn number_or_any(&mut self, scope: &Scope, node: &Node, what: &str) -> Option<(Expr, Ty)> {
        match node.kind {
            NodeKind::Int(number) => Some((Expr::Literal(Value::Int(number)), Ty::of(Base::Number))),
            NodeKind::Float(number) => Some((Expr::Literal(Value::Float(number)), Ty::of(Base::Number))),
            NodeKind::Bool(flag) => Some((Expr::Literal(Value::Bool(flag)), Ty::of(Base::Bool))),
            _ => self.any_expr(scope, node, what),
        }
    }

    /// `{asc: …}` or `{desc: …}`: whether it descends, and the key.
    pub(super) fn sort_key(&mut self, scope: &Scope, node: &Node, what: &str) -> Option<(bool, Expr)> {
        let fields = self.map(node, what, &keys::ORDER)?;
        let (descending, node) = match (fields.get("asc"), fields.get("desc")) {
            (Some(node), None) => (false, node),
            (None, Some(node)) => (true, node),
            _ => {
                self.missing(fields, node.span, format!("{what} has `asc` or `desc`, one of the two"), "");
                return None;
            }
        };
        let (expr, ty) = self.any_expr(scope, node, "a sort key")?;
        if matches!(ty.base, Base::List(..)) {
            let help = Some("sort by its length: `… | length`".to_owned());
            self.sink.error(node.span, "a list is no sort key", help);
        }
        Some((descending, expr))
    }
}
