//! `--fail-on`: a condition over the figures of a diff.
//!
//! Takes: an expression of the rule language, which knows the names of [`DiffTotals`] alone. Gives:
//! [`FailOn`], or problems with their place.

use super::DiffTotals;
use crate::engine::eval::{self, eval};
use crate::engine::expr::{Expr, NameRef};
use crate::engine::source::{Source, Span};
use crate::engine::value::{Base, Estimate, Ty, Value};
use crate::language::diag::{Diagnostic, ProblemSink};
use crate::language::expressions::condition;
use crate::language::scope::{ExprPlace, Scope};

/// What problems are said to stand in.
const OPTION: &str = "--fail-on";

/// A checked condition.
#[derive(Debug, Clone)]
pub struct FailOn {
    expr: Expr,
    /// As it was written.
    pub text: String,
}

/// The figures as what names stand for. A figure is a number with a name, as a threshold is one.
struct TotalNames(DiffTotals);

impl<'v> eval::NameValues<'v> for TotalNames {
    fn value(&self, name: NameRef) -> Estimate<'v> {
        let figure = match name {
            NameRef::Threshold(index) => self.0.named().get(index).map(|(_, count)| *count),
            _ => None,
        };
        Estimate::Is(figure.map_or(Value::None, |count| Value::Int(i64::try_from(count).unwrap_or(i64::MAX))))
    }
}

impl FailOn {
    /// Checks a condition.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn read(text: &str) -> Result<FailOn, Vec<Diagnostic>> {
        let source = Source::new(OPTION, text);
        let mut scope = Scope::new(false);
        for (index, (name, _)) in DiffTotals::default().named().into_iter().enumerate() {
            scope.add(name, NameRef::Threshold(index), Ty::of(Base::Number));
        }
        let mut found = Vec::new();
        let place = ExprPlace { whole: Span::new(0, text.len()), text: Some(0) };
        let mut sink = ProblemSink { source: &source, found: &mut found };
        match condition(&mut sink, &scope, place, text, &mut Vec::new()) {
            Some(expr) if found.is_empty() => Ok(FailOn { expr, text: text.to_owned() }),
            _ => Err(found),
        }
    }

    /// Whether it holds.
    #[must_use]
    pub fn holds(&self, totals: DiffTotals) -> bool {
        eval(&self.expr, &TotalNames(totals)).truth() == Some(true)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_holds_or_not_and_a_slip_is_told_at_its_place() {
        let totals = DiffTotals { changed: 21, closes: 0, ..DiffTotals::default() };
        for (text, holds) in
            [("changed > 20 or closes > 0", true), ("changed > 21", false), ("closes + changed == 21", true)]
        {
            assert_eq!(FailOn::read(text).unwrap().holds(totals), holds, "{text}");
        }
        for (text, column, says) in [
            ("changed > 20 or close > 0", 17, "close"),
            ("changed", 1, "yes or no"),
            ("changed >", 9, "a value is missing"),
            ("score > 3", 1, "score"),
        ] {
            let found = FailOn::read(text).unwrap_err();
            assert_eq!(found.len(), 1, "{text}");
            assert!(found[0].message.contains(says), "{}", found[0].message);
            assert!(found[0].line_column().1 >= column, "{text}: {:?}", found[0].line_column());
        }
    }
}
