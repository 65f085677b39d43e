//! Sentences: texts with expressions in `{{ }}`, such as the reason of a rule.
//!
//! Takes: the text and the names in scope. Gives: [`Sentence`], checked like any expression, and
//! what it says of one item. What it says is untrusted, because titles and names come from
//! others: it is escaped where it is printed.

use super::diag::Sink;
use super::eval::{Names, eval};
use super::expr::{Expr, Name, Place, Scope, check};
use super::value::{Out, Tiers};

/// A checked sentence.
#[derive(Debug, Clone)]
pub struct Sentence(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Expr(Expr),
}

impl Sentence {
    /// Checks a text. `None` means that diagnostics say why not.
    pub fn read(sink: &mut Sink<'_>, scope: &Scope, place: Place, text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut at = 0;
        let mut good = true;
        while let Some(open) = text[at..].find('{').map(|found| at + found) {
            let rest = &text[open..];
            if rest.starts_with("{%") || rest.starts_with("{#") {
                let help = "a sentence holds `{{ … }}` only; choose with `{{ a if c else b }}`, or write a template";
                sink.error(place.whole, "a sentence has no statements and no comments", Some(help.to_owned()));
                return None;
            }
            if !rest.starts_with("{{") {
                pieces.push(Piece::Text(text[at..=open].to_owned()));
                at = open + 1;
                continue;
            }
            let Some(close) = rest.find("}}").map(|found| open + found) else {
                sink.error(place.whole, "`{{` is not closed", Some("end it with `}}`".to_owned()));
                return None;
            };
            pieces.push(Piece::Text(text[at..open].to_owned()));
            let inside = &text[open + 2..close];
            match check(sink, scope, place.inner(open + 2), inside, &mut Vec::new()) {
                Some((expr, _)) => pieces.push(Piece::Expr(expr)),
                None => good = false,
            }
            at = close + 2;
        }
        pieces.push(Piece::Text(text[at..].to_owned()));
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        good.then_some(Sentence(pieces))
    }

    /// What it says, or what must be read to say it. With `unread` it says that word instead.
    pub fn say<'v>(&'v self, names: &dyn Names<'v>, unread: Option<&str>) -> Result<String, Tiers> {
        let mut said = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => said.push_str(text),
                Piece::Expr(expr) => match (eval(expr, names), unread) {
                    (Out::Is(value), _) => said.push_str(&value.to_string()),
                    // The bounds decided: what is certain is said, and nothing is read for a word.
                    (Out::Within(low, _, _), _) => said.push_str(&format!("at least {low}")),
                    (_, Some(word)) => said.push_str(word),
                    (out, None) => return Err(out.lacks()),
                },
            }
        }
        Ok(said)
    }

    /// Every name in it.
    pub fn names(&self, into: &mut Vec<Name>) {
        for piece in &self.0 {
            if let Piece::Expr(expr) = piece {
                expr.names(into);
            }
        }
    }
}
