//! Formulas: conditions as statements about terms.
//!
//! Takes: nothing, these are the types that [`logic`](super::logic) makes and [`solve`](super::solve)
//! reads. Gives: [`Formula`], in which `not` stands only before single statements.

use crate::engine::expr::Compare;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Formula {
    /// Always so, or never.
    Is(bool),
    /// One statement.
    One(Statement),
    /// All of them.
    All(Vec<Formula>),
    /// At least one of them.
    Any(Vec<Formula>),
}

/// A statement about a term, and whether it holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Index of the term.
    pub term: usize,
    /// What is said of it.
    pub says: Says,
    /// It is so.
    pub truth: bool,
}

/// What can be said of a term.
#[derive(Debug, Clone, PartialEq)]
pub enum Says {
    /// It is yes.
    Yes,
    /// It is unknown.
    Unknown,
    /// It is this text.
    Text(String),
    /// It compares so with this number.
    Number(Compare, f64),
}

impl Formula {
    /// The opposite.
    #[must_use]
    pub fn not(&self) -> Formula {
        match self {
            Formula::Is(value) => Formula::Is(!value),
            Formula::One(statement) => Formula::One(statement.not()),
            Formula::All(parts) => Formula::Any(parts.iter().map(Formula::not).collect()),
            Formula::Any(parts) => Formula::All(parts.iter().map(Formula::not).collect()),
        }
    }
}

impl Statement {
    /// The opposite.
    #[must_use]
    pub fn not(&self) -> Statement {
        Statement { truth: !self.truth, ..self.clone() }
    }
}
