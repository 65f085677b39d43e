//! The names that templates may use, and what they are.
//!
//! Takes: the names of the rules, those of the job's own texts. Gives: [`TemplateNames`]: full paths,
//! `points[].add` for a part of each entry of a list.

use std::collections::BTreeMap;

use super::JobText;
use super::scope::Scope;
use crate::advise::FactTy;
use crate::engine::value::{Base, Ty};

/// What an earlier comment says when a new one was posted, because an edit pings nobody.
pub const REPLACED: &str = "shared/replaced.md.j2";

/// What is said to somebody who seems to have meant the command by which an item is left alone.
pub const UNHEARD: &str = "shared/unheard.md.j2";

/// Names that a text about one item may use, beside those in scope of `decide`.
pub const ITEM_NAMES: [(&str, FactTy); 22] = [
    ("decision.rule", FactTy::Text),
    ("decision.action", FactTy::Text),
    ("decision.agent", FactTy::MaybeText),
    ("decision.reason", FactTy::Text),
    ("mention", FactTy::Text),
    ("command", FactTy::Text),
    ("earlier[]", FactTy::Text),
    ("when", FactTy::Text),
    ("version", FactTy::Text),
    ("parts[].component", FactTy::Text),
    ("parts[].score", FactTy::Number),
    ("parts[].max", FactTy::Number),
    ("parts[].because", FactTy::Text),
    ("points[].component", FactTy::Text),
    ("points[].add", FactTy::Number),
    ("points[].condition", FactTy::Text),
    ("points[].matched", FactTy::MaybeText),
    ("points[].line", FactTy::Number),
    ("passed[].rule", FactTy::Text),
    ("passed[].line", FactTy::Text),
    ("passed[].why", FactTy::Text),
    ("nearest", FactTy::MaybeText),
];

/// Names of one text with their types.
pub(super) type TypedNames = BTreeMap<String, Ty>;

/// The names that templates may use.
#[derive(Debug, Clone)]
pub(super) struct TemplateNames {
    /// In a text about one item.
    pub(super) item: TypedNames,
    /// In each of the job's own texts.
    pub(super) texts: Vec<TypedNames>,
    /// The command that lists them.
    pub(super) listed_by: String,
}

impl TemplateNames {
    /// Names from the scope of the rules of a job; `texts` are the job's own.
    #[must_use]
    pub(super) fn new(scope: &Scope, job: &str, texts: &[JobText]) -> Self {
        let typed = |path: &str| scope.find(path).map(|(_, ty)| (path.to_owned(), ty.clone()));
        let own = |names: &[(&str, FactTy)]| -> Vec<(String, Ty)> {
            names.iter().map(|(path, ty)| ((*path).to_owned(), ty.ty())).collect()
        };
        let searched = ["tagged.", "labelled.", "count.", "distinct.", "labels_with."];
        let of_rules = scope.paths().filter(|path| !searched.iter().any(|group| path.starts_with(group)));
        let mut item: TypedNames = of_rules.filter_map(typed).chain(own(&ITEM_NAMES)).collect();
        // What was not classified has the type `unknown` there.
        item.entry("type".to_owned()).and_modify(|ty| {
            if let Base::OneOf(types) = &mut ty.base {
                types.push("unknown".to_owned());
            }
        });
        let fixed = || scope.paths().filter(|path| path.starts_with("thresholds.") || path.starts_with("agents."));
        let of = |text: &JobText| fixed().filter_map(typed).chain(own(text.names)).collect();
        TemplateNames { item, texts: texts.iter().map(of).collect(), listed_by: format!("kaizen rules facts {job}") }
    }

    /// The names of a text: one about an item, or one of the job's own.
    pub(super) fn of(&self, text: Option<usize>) -> &TypedNames {
        text.and_then(|index| self.texts.get(index)).unwrap_or(&self.item)
    }
}
