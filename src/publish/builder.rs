//! Formatted text, written from its first character to its last.
//!
//! Takes: text, formatting that begins and ends, gaps between blocks. Gives: [`Rich`] text without a
//! line end too many, in which no name is called and nothing is left that a channel would strip.

use super::rich::{Rich, RichSpan, RichStyle};
use super::write::JOINER;

/// Columns before quoted and listed lines grow no further.
const DEEPEST: usize = 6;

/// The text so far, and what is open.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) rich: Rich,
    /// Places in `rich.spans` of what is open; `None` for what is not kept.
    pub(super) open: Vec<Option<usize>>,
    /// Line ends owed before the next text.
    owed: usize,
    /// What each line begins with: quotes, indents.
    pub(super) before: Vec<&'static str>,
    /// A list item's sign was written and nothing behind it yet.
    pub(super) fresh: bool,
    /// Columns that a table may take; 0: as many as a telephone shows.
    pub(super) widest: usize,
    /// Numbers of the lists that are open; `None` for bullets.
    pub(super) lists: Vec<Option<u64>>,
}

impl Builder {
    /// What was built. Formatting around nothing is dropped.
    pub(super) fn rich(mut self) -> Rich {
        self.rich.spans.retain(|span| !span.at.is_empty());
        self.rich
    }

    /// The next text stands this many lines lower.
    pub(super) fn gap(&mut self, lines: usize) {
        if !self.fresh {
            self.owed = self.owed.max(lines);
        }
    }

    /// Writes the line ends that are owed.
    fn settle(&mut self) {
        let begins = self.rich.text.is_empty();
        if begins || self.owed > 0 {
            self.rich.text.extend(std::iter::repeat_n('\n', if begins { 0 } else { self.owed }));
            let before = self.before.iter().take(DEEPEST).copied();
            self.rich.text.extend(before);
        }
        self.owed = 0;
        self.fresh = false;
    }

    /// Adds text; lines in it stay lines.
    pub(super) fn push(&mut self, text: &str) {
        for (nth, line) in text.split('\n').enumerate() {
            if nth > 0 {
                self.owed += 1;
            }
            if !line.is_empty() {
                self.settle();
                harmless(&mut self.rich.text, line);
            }
        }
    }

    /// Adds formatted text that was built apart.
    pub(super) fn add(&mut self, other: &Rich) {
        if !other.text.is_empty() {
            self.settle();
            self.rich.add(other);
        }
    }

    /// Begins a formatted stretch.
    pub(super) fn start(&mut self, style: RichStyle) {
        self.settle();
        let at = self.rich.text.len();
        self.open.push(Some(self.rich.spans.len()));
        self.rich.spans.push(RichSpan { at: at..at, style });
    }

    /// Ends the innermost stretch; gives its style.
    pub(super) fn end(&mut self) -> Option<RichStyle> {
        let span = self.open.pop().flatten().and_then(|place| self.rich.spans.get_mut(place))?;
        span.at.end = self.rich.text.len();
        Some(span.style.clone())
    }

    /// Lines of code, without the prefix of lists and quotes: it would stand in the code.
    pub(super) fn code(&mut self, code: &str, language: &str) {
        let code = code.trim_end_matches(['\n', '\r']);
        if code.trim().is_empty() {
            return;
        }
        self.gap(2);
        let before = std::mem::take(&mut self.before);
        self.fresh = false;
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let language: String = language.chars().take_while(|c| word(*c)).take(30).collect();
        self.start(RichStyle::Pre(language));
        harmless(&mut self.rich.text, code);
        self.end();
        self.before = before;
        self.gap(2);
    }
}

/// Adds text without what channels strip or obey: control characters, characters that turn text
/// round, a name behind an `@`.
fn harmless(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            '\u{2028}' | '\u{2029}' | '\u{85}' => out.push(' '),
            '@' => out.extend([c, JOINER]),
            JOINER if out.ends_with(JOINER) => {}
            c if c.is_control() => out.push(' '),
            _ => out.push(c),
        }
    }
}
