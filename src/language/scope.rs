//! What an expression may name, and where its text stands.
//!
//! Takes: names with their types, as the stages of a rule file make them known. Gives: [`Scope`]
//! and [`ExprPlace`].

use std::collections::BTreeMap;

use crate::engine::expr::{Expr, NameRef};
use crate::engine::source::Span;
use crate::engine::value::Ty;

/// The names that an expression may use.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    names: BTreeMap<String, (NameRef, Ty)>,
    /// Names that are known only later, and when.
    later: BTreeMap<String, &'static str>,
    /// Some vocabulary could not be read, which has been reported: its names may be right.
    partial: bool,
    /// The command that lists the names.
    listed_by: Option<String>,
}

/// Groups of names that vocabulary brings.
const VOCABULARY: [&str; 7] = ["tagged.", "labelled.", "count.", "distinct.", "labels_with.", "thresholds.", "agents."];

impl Scope {
    /// An empty scope; `partial` where some vocabulary could not be read.
    #[must_use]
    pub fn new(partial: bool) -> Self {
        Scope { partial, ..Scope::default() }
    }

    /// Says which command lists the names, for the help of an error.
    pub fn list_by(&mut self, command: String) {
        self.listed_by = Some(command);
    }

    /// The command that lists the names.
    #[must_use]
    pub fn listed_by(&self) -> Option<&str> {
        self.listed_by.as_deref()
    }

    /// Makes a name known from here on.
    pub fn add(&mut self, path: impl Into<String>, name: NameRef, ty: Ty) {
        let path = path.into();
        self.later.remove(&path);
        self.names.insert(path, (name, ty));
    }

    /// The names of these groups alone.
    #[must_use]
    pub fn only(&self, groups: &[&str]) -> Scope {
        let kept = self.names.iter().filter(|(path, _)| groups.iter().any(|group| path.starts_with(group)));
        let names = kept.map(|(path, name)| (path.clone(), name.clone())).collect();
        Scope { names, later: BTreeMap::new(), partial: self.partial, listed_by: self.listed_by.clone() }
    }

    /// The same, with the names known that cannot be none where this condition holds.
    #[must_use]
    pub fn scope_where(&self, condition: &Expr) -> Scope {
        let mut known = Vec::new();
        condition.known_if(true, &mut known);
        let mut scope = self.clone();
        for (name, ty) in scope.names.values_mut() {
            ty.maybe &= !known.contains(name);
        }
        scope
    }

    /// Says that a name exists but is not known yet, for the help of an error.
    pub fn announce(&mut self, path: impl Into<String>, when: &'static str) {
        self.later.insert(path.into(), when);
    }

    /// When a name that is not known yet will be.
    #[must_use]
    pub fn later(&self, path: &str) -> Option<&'static str> {
        self.later.get(path).copied()
    }

    /// The name may come from vocabulary that could not be read.
    #[must_use]
    pub fn may_be_unread(&self, path: &str) -> bool {
        self.partial && VOCABULARY.iter().any(|group| path.starts_with(group))
    }

    /// What a name stands for.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<(NameRef, &Ty)> {
        self.names.get(path).map(|(name, ty)| (*name, ty))
    }

    /// Every name, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}

/// Where the text of an expression stands in its source, so that offsets in the one become
/// places in the other.
#[derive(Debug, Clone, Copy)]
pub struct ExprPlace {
    /// The span of the whole value, quotes included.
    pub whole: Span,
    /// Offset of the first byte of the text, where text and source agree byte by byte.
    pub text: Option<usize>,
}

impl ExprPlace {
    /// The place of a stretch of the text.
    #[must_use]
    pub fn of(self, start: usize, end: usize) -> Span {
        match self.text {
            Some(at) => Span::new(at + start, at + end),
            None => self.whole,
        }
    }

    /// The place of a part of this text that begins at `offset`.
    #[must_use]
    pub fn inner(self, offset: usize) -> ExprPlace {
        ExprPlace { whole: self.whole, text: self.text.map(|at| at + offset) }
    }
}
