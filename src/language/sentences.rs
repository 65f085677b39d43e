//! Sentences: from text to checked pieces.
//!
//! Takes: a text with expressions in `{{ }}`, the names in scope. Gives: a [`Sentence`], checked
//! like any expression, or diagnostics.

use super::diag::ProblemSink;
use super::expressions::check;
use super::grammar::end_of_tag;
use super::scope::{ExprPlace, Scope};
use crate::engine::sentence::{Sentence, SentencePart};

/// Checks a text. `None` means that diagnostics say why not.
pub(super) fn read(sink: &mut ProblemSink<'_>, scope: &Scope, place: ExprPlace, text: &str) -> Option<Sentence> {
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut good = true;
    while let Some(open) = text[at..].find('{').map(|found| at + found) {
        let rest = &text[open..];
        if rest.starts_with("{%") || rest.starts_with("{#") {
            let help = "a sentence holds `{{ … }}` only; choose with `{{ a if c else b }}`, or write a template";
            let message = "a sentence has no statements and no comments";
            sink.error(place.of(open, open + 2), message, Some(help.to_owned()));
            return None;
        }
        if !rest.starts_with("{{") {
            pieces.push(SentencePart::Text(text[at..=open].to_owned()));
            at = open + 1;
            continue;
        }
        let Some(close) = end_of_tag(text, open + 2, "}}") else {
            let help = "end it with `}}`, and close its quotes";
            sink.error(place.of(open, open + 2), "`{{` is not closed", Some(help.to_owned()));
            return None;
        };
        pieces.push(SentencePart::Text(text[at..open].to_owned()));
        let inside = &text[open + 2..close];
        match check(sink, scope, place.inner(open + 2), inside, &mut Vec::new()) {
            Some((expr, _)) => pieces.push(SentencePart::Expr(expr)),
            None => good = false,
        }
        at = close + 2;
    }
    pieces.push(SentencePart::Text(text[at..].to_owned()));
    pieces.retain(|piece| !matches!(piece, SentencePart::Text(text) if text.is_empty()));
    good.then_some(Sentence(pieces))
}
