//! A text with its formatting beside it.
//!
//! Takes: a text and which stretches of it are bold, code, a link. Gives: [`Rich`], which every
//! channel's markup is written from, and of any stretch of it the [`RichPiece`]s that are formatted
//! alike, so that a stretch can be cut anywhere and is still whole markup.

use std::ops::Range;

/// How a stretch of text looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RichStyle {
    /// Bold.
    Bold,
    /// Italic.
    Italic,
    /// Struck through.
    Strike,
    /// Code within a line.
    Code,
    /// Lines of code; the language, letters and digits alone, empty where there is none.
    Pre(String),
    /// Leads to this http, https or mailto address.
    Link(String),
}

/// A formatted stretch, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RichSpan {
    pub(super) at: Range<usize>,
    pub(super) style: RichStyle,
}

/// A text with its formatting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rich {
    pub(super) text: String,
    /// Sorted by start, the outer one first; of two, one holds the other or they do not touch.
    pub(super) spans: Vec<RichSpan>,
}

/// Text that is formatted alike.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RichPiece<'a> {
    pub(super) text: &'a str,
    /// From the outermost to the innermost.
    pub(super) spans: Vec<&'a RichSpan>,
}

impl Rich {
    /// A stretch, in pieces.
    pub(super) fn pieces(&self, at: Range<usize>) -> Vec<RichPiece<'_>> {
        let touching: Vec<&RichSpan> =
            self.spans.iter().filter(|span| span.at.start < at.end && span.at.end > at.start).collect();
        let mut borders = vec![at.start, at.end];
        borders.extend(touching.iter().flat_map(|span| [span.at.start, span.at.end]));
        borders.retain(|border| at.contains(border) || *border == at.end);
        borders.sort_unstable();
        borders.dedup();
        let (mut next, mut open, mut pieces) = (touching.into_iter().peekable(), Vec::new(), Vec::new());
        for (from, to) in borders.iter().zip(borders.iter().skip(1)) {
            open.retain(|span: &&RichSpan| span.at.end > *from);
            while let Some(span) = next.next_if(|span| span.at.start <= *from) {
                open.push(span);
            }
            pieces.push(RichPiece { text: &self.text[*from..*to], spans: allowed(&open) });
        }
        pieces
    }

    /// Adds another text at the end.
    pub(super) fn add(&mut self, other: &Rich) {
        let by = self.text.len();
        self.text.push_str(&other.text);
        let moved = |span: &RichSpan| RichSpan { at: span.at.start + by..span.at.end + by, style: span.style.clone() };
        self.spans.extend(other.spans.iter().map(moved));
    }
}

/// What of the formatting the strictest channel takes together: code stands alone, a link is more
/// than the code in it, and nothing is said twice.
fn allowed<'a>(open: &[&'a RichSpan]) -> Vec<&'a RichSpan> {
    let is = |wanted: fn(&RichStyle) -> bool| open.iter().find(|span| wanted(&span.style)).copied();
    if let Some(pre) = is(|style| matches!(style, RichStyle::Pre(_))) {
        return vec![pre];
    }
    let linked = is(|style| matches!(style, RichStyle::Link(_))).is_some();
    if !linked && let Some(code) = is(|style| *style == RichStyle::Code) {
        return vec![code];
    }
    let mut kept: Vec<&RichSpan> = Vec::new();
    for span in open.iter().filter(|span| span.style != RichStyle::Code) {
        if !kept.iter().any(|known| known.style == span.style) {
            kept.push(span);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_cut_where_the_formatting_changes() {
        let span = |at, style| RichSpan { at, style };
        let spans = vec![span(0..9, RichStyle::Bold), span(2..6, RichStyle::Italic), span(4..6, RichStyle::Code)];
        let rich = Rich { text: "abcdefghijk".to_owned(), spans };
        let shown = |at: Range<usize>| {
            let pieces = rich.pieces(at);
            let styles = |piece: &RichPiece<'_>| piece.spans.iter().map(|span| span.style.clone()).collect::<Vec<_>>();
            pieces.iter().map(|piece| (piece.text.to_owned(), styles(piece))).collect::<Vec<_>>()
        };
        assert_eq!(
            shown(1..10),
            [
                ("b".to_owned(), vec![RichStyle::Bold]),
                ("cd".to_owned(), vec![RichStyle::Bold, RichStyle::Italic]),
                ("ef".to_owned(), vec![RichStyle::Code]),
                ("ghi".to_owned(), vec![RichStyle::Bold]),
                ("j".to_owned(), vec![]),
            ]
        );
        assert_eq!(shown(5..5), []);
        assert_eq!(shown(9..11), [("jk".to_owned(), vec![])]);
    }
}
