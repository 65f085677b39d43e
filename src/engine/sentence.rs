//! Sentences: texts with expressions in `{{ }}`, such as the reason of a rule.
//!
//! Takes: a checked [`Sentence`] and what its names stand for. Gives: what it says of one item.
//! That is untrusted, because titles and names come from others: it is escaped where it is printed.

use super::eval::{NameValues, eval};
use super::expr::{Expr, NameRef};
use super::value::{Estimate, Tiers};

/// A checked sentence.
#[derive(Debug, Clone)]
pub struct Sentence(pub Vec<SentencePart>);

/// A part of a sentence.
#[derive(Debug, Clone)]
pub enum SentencePart {
    /// Said as it is.
    Text(String),
    /// Said as its value.
    Expr(Expr),
}

impl Sentence {
    /// What it says, or what must be read to say it. With `unread` it says that word instead.
    pub fn say<'v>(&'v self, names: &dyn NameValues<'v>, unread: Option<&str>) -> Result<String, Tiers> {
        let mut said = String::new();
        for piece in &self.0 {
            match piece {
                SentencePart::Text(text) => said.push_str(text),
                SentencePart::Expr(expr) => match (eval(expr, names), unread) {
                    (Estimate::Is(value), _) => said.push_str(&value.to_string()),
                    // The bounds decided: what is certain is said, and nothing is read for a word.
                    (Estimate::Within(low, _, _), _) => said.push_str(&format!("at least {low}")),
                    (_, Some(word)) => said.push_str(word),
                    (out, None) => return Err(out.lacks()),
                },
            }
        }
        Ok(said)
    }

    /// Every expression in it.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        self.0.iter().filter_map(|piece| match piece {
            SentencePart::Expr(expr) => Some(expr),
            SentencePart::Text(_) => None,
        })
    }

    /// Every name in it.
    pub fn names(&self, into: &mut Vec<NameRef>) {
        self.expressions().for_each(|expr| expr.names(into));
    }
}
