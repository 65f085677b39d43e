//! Conditions, numbers and sentences: the values of a rule file that are expressions.
//!
//! Takes: nodes of one file, the names in scope. Gives: checked expressions with their place, or
//! diagnostics.

use super::expressions::condition;
use super::reader::NodeReader;
use super::scope::Scope;
use super::yaml::{Node, NodeKind};
use crate::engine::expr::Expr;
use crate::engine::rules::Condition;
use crate::engine::sentence::Sentence;
use crate::engine::value::{Base, Ty, Value};

impl NodeReader<'_> {
    /// A condition: one expression, or a list all of which must hold.
    pub(super) fn condition(&mut self, scope: &Scope, node: &Node, what: &str) -> Option<Condition> {
        let expr = self.whole_condition(scope, node, what)?;
        Some(Condition { expr, at: self.at(node.span) })
    }

    fn whole_condition(&mut self, scope: &Scope, node: &Node, what: &str) -> Option<Expr> {
        let mut known = Vec::new();
        let NodeKind::List(items) = &node.kind else { return self.one_condition(scope, node, what, &mut known) };
        if items.is_empty() {
            self.sink.error(
                node.span,
                format!("{what} is an empty list"),
                Some("leave the key out where there is no condition".to_owned()),
            );
            return None;
        }
        let parts: Vec<Option<Expr>> =
            items.iter().map(|item| self.one_condition(scope, item, what, &mut known)).collect();
        let mut flat = Vec::new();
        for part in parts {
            match part? {
                Expr::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        Some(Expr::And(flat))
    }

    fn one_condition(
        &mut self,
        scope: &Scope,
        node: &Node,
        what: &str,
        known: &mut Vec<crate::engine::expr::NameRef>,
    ) -> Option<Expr> {
        if let NodeKind::Bool(value) = node.kind {
            return Some(Expr::Literal(Value::Bool(value)));
        }
        let text = self.expression_text(node, what)?;
        let place = self.place(node, text);
        condition(&mut self.sink, scope, place, text, known)
    }

    /// An expression that is a number, always known.
    pub(super) fn number_expr(&mut self, scope: &Scope, node: &Node, what: &str) -> Option<Expr> {
        if let NodeKind::Int(_) | NodeKind::Float(_) = node.kind {
            return self.number(node, what).map(Expr::Literal);
        }
        let (expr, ty) = self.any_expr(scope, node, what)?;
        if ty == Ty::of(Base::Number) {
            return Some(expr);
        }
        self.sink.error(node.span, format!("{what} is a number, this is {ty}"), None);
        None
    }

    /// Any expression.
    pub(super) fn any_expr(&mut self, scope: &Scope, node: &Node, what: &str) -> Option<(Expr, Ty)> {
        let text = self.expression_text(node, what)?;
        let place = self.place(node, text);
        super::expressions::check(&mut self.sink, scope, place, text, &mut Vec::new())
    }

    fn expression_text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        if let NodeKind::Map(_) = node.kind {
            let help = "an expression stands without `{{ }}`, and quoted where it begins with `{`";
            self.sink.error(node.span, format!("{what} is an expression, this is a map"), Some(help.to_owned()));
            return None;
        }
        if node.kind == NodeKind::Null {
            let help =
                "write a condition, or leave the key out; for `!urgent`, which YAML reads as a tag, write `not urgent`";
            self.sink.error(
                node.span,
                format!("{what} is an expression, and nothing stands here"),
                Some(help.to_owned()),
            );
            return None;
        }
        self.text(node, what)
    }

    /// A sentence with expressions in it.
    pub(super) fn sentence(&mut self, scope: &Scope, node: &Node, what: &str) -> Option<Sentence> {
        if !matches!(node.kind, NodeKind::Text(_)) {
            self.wrong(node, what, "a sentence");
            return None;
        }
        let text = self.text(node, what)?;
        let place = self.place(node, text);
        super::sentences::read(&mut self.sink, scope, place, text)
    }
}
