//! The names that templates may use.
//!
//! Takes: the names of the rules, those of the job's own texts. Gives: [`TemplateNames`]: full paths,
//! `points[].add` for a member of each element of a list.

use std::collections::BTreeSet;

use super::Text;
use super::scope::Scope;

/// What an earlier comment says when a new one was posted, because an edit pings nobody.
pub const REPLACED: &str = "shared/replaced.md.j2";

/// Names that a text about one item may use, beside those in scope of `decide`.
const ITEM_NAMES: [&str; 17] = [
    "decision.rule",
    "decision.action",
    "decision.agent",
    "decision.reason",
    "mention",
    "earlier[]",
    "when",
    "version",
    "points[].component",
    "points[].add",
    "points[].condition",
    "points[].matched",
    "points[].line",
    "passed[].rule",
    "passed[].line",
    "passed[].why",
    "nearest",
];

/// The names that templates may use.
#[derive(Debug, Clone)]
pub(super) struct TemplateNames {
    /// In a text about one item.
    pub(super) item: BTreeSet<String>,
    /// In each of the job's own texts.
    pub(super) texts: Vec<BTreeSet<String>>,
}

impl TemplateNames {
    /// Names from the scope of the rules; `texts` are the job's own.
    #[must_use]
    pub(super) fn new(scope: &Scope, texts: &[Text]) -> Self {
        let searched = ["tagged.", "labelled.", "count.", "distinct.", "labels_with."];
        let of_rules = scope.paths().filter(|path| !searched.iter().any(|group| path.starts_with(group)));
        let item = of_rules.map(str::to_owned).chain(ITEM_NAMES.map(str::to_owned)).collect();
        let fixed = || scope.paths().filter(|path| path.starts_with("thresholds.") || path.starts_with("agents."));
        let of = |text: &Text| fixed().chain(text.names.iter().copied()).map(str::to_owned).collect();
        TemplateNames { item, texts: texts.iter().map(of).collect() }
    }

    /// The names of a text: one about an item, or one of the job's own.
    pub(super) fn of(&self, text: Option<usize>) -> &BTreeSet<String> {
        text.and_then(|index| self.texts.get(index)).unwrap_or(&self.item)
    }
}
