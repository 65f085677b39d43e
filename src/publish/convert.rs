//! A report's Markdown as formatted text.
//!
//! Takes: Markdown as forges show it (tables, struck text, task lists, HTML that folds, charts in
//! Mermaid). Gives: [`Rich`] text that reads well where none of that exists: headings are bold,
//! tables are aligned or one paragraph a row, charts are lists of their values, HTML is left out.
//! Nobody is called by it: behind each `@` stands a character that takes no room.

use std::iter::Peekable;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::rich::{Rich, Span, Style};
use super::write::JOINER;
use super::{chart, table, tags};

/// Bytes of an address that is kept as one; a longer one leaves too little room beside it.
const LONGEST_ADDRESS: usize = 500;
/// Columns before quoted and listed lines grow no further.
const DEEPEST: usize = 6;

/// The formatted text of a report.
pub(super) fn rich(markdown: &str) -> Rich {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut builder = Builder::default();
    let mut events = Parser::new_ext(markdown, options).peekable();
    while let Some(event) = events.next() {
        builder.take(event, &mut events);
    }
    builder.rich()
}

/// The text so far, and what is open.
#[derive(Default)]
pub(super) struct Builder {
    rich: Rich,
    /// Places in `rich.spans` of what is open; `None` for what is not kept.
    open: Vec<Option<usize>>,
    /// Line ends owed before the next text.
    owed: usize,
    /// What each line begins with: quotes, indents.
    before: Vec<&'static str>,
    /// A list item's sign was written and nothing behind it yet.
    fresh: bool,
    /// Numbers of the lists that are open; `None` for bullets.
    lists: Vec<Option<u64>>,
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
    pub(super) fn start(&mut self, style: Style) {
        self.settle();
        let at = self.rich.text.len();
        self.open.push(Some(self.rich.spans.len()));
        self.rich.spans.push(Span { at: at..at, style });
    }

    /// Ends the innermost stretch; gives its style.
    pub(super) fn end(&mut self) -> Option<Style> {
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
        self.start(Style::Pre(language));
        harmless(&mut self.rich.text, code);
        self.end();
        self.before = before;
        self.gap(2);
    }

    fn take<'a>(&mut self, event: Event<'a>, events: &mut Peekable<Parser<'a>>) {
        match event {
            Event::Start(tag) => self.begin(tag, events),
            Event::End(tag) => self.finish(tag),
            Event::Text(text) => self.push(&text),
            Event::Code(code) => {
                self.start(Style::Code);
                self.push(&code);
                self.end();
            }
            Event::InlineHtml(html) if tags::breaks(&html) => self.push("\n"),
            // Forges show a line end in a paragraph as one.
            Event::SoftBreak | Event::HardBreak => self.push("\n"),
            Event::Rule => {
                self.gap(2);
                self.push("———");
                self.gap(2);
            }
            Event::TaskListMarker(done) => self.push(if done { "☑ " } else { "☐ " }),
            _ => {}
        }
    }

    fn begin<'a>(&mut self, tag: Tag<'a>, events: &mut Peekable<Parser<'a>>) {
        match tag {
            Tag::Paragraph => self.gap(2),
            Tag::Heading { .. } => {
                self.gap(2);
                self.start(Style::Bold);
            }
            Tag::BlockQuote(_) => {
                self.gap(2);
                self.before.push("│ ");
            }
            Tag::CodeBlock(kind) => self.block(&kind, events),
            Tag::HtmlBlock => {
                let html = inner(events, TagEnd::HtmlBlock);
                self.gap(2);
                self.push(&tags::text(&html));
                self.gap(2);
            }
            Tag::List(first) => {
                self.gap(if self.lists.is_empty() { 2 } else { 1 });
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::Table(_) => self.table(events),
            Tag::Emphasis => self.start(Style::Italic),
            Tag::Strong => self.start(Style::Bold),
            Tag::Strikethrough => self.start(Style::Strike),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                if leads(&dest_url) && !self.linked() {
                    self.start(Style::Link(dest_url.into_string()));
                } else {
                    self.open.push(None);
                }
            }
            _ => {}
        }
    }

    fn finish(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.gap(2),
            TagEnd::Heading(_) => {
                self.end();
                self.gap(2);
            }
            TagEnd::BlockQuote(_) => {
                self.before.pop();
                self.gap(2);
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.gap(if self.lists.is_empty() { 2 } else { 1 });
            }
            TagEnd::Item => {
                self.before.pop();
                self.fresh = false;
                self.gap(1);
            }
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => drop(self.end()),
            TagEnd::Link | TagEnd::Image => self.linked_to(),
            _ => {}
        }
    }

    fn linked(&self) -> bool {
        let styles = self.open.iter().flatten().filter_map(|place| self.rich.spans.get(*place));
        styles.into_iter().any(|span| matches!(span.style, Style::Link(_)))
    }

    /// Ends a link. An address that is too long to be one stands in the text.
    fn linked_to(&mut self) {
        let place = self.open.last().copied().flatten();
        if let Some(Style::Link(url)) = self.end()
            && url.len() > LONGEST_ADDRESS
        {
            if let Some(place) = place.filter(|place| *place + 1 == self.rich.spans.len()) {
                self.rich.spans.remove(place);
            } else if let Some(span) = place.and_then(|place| self.rich.spans.get_mut(place)) {
                span.at.end = span.at.start;
            }
            self.push(&format!(" ({url})"));
        }
    }

    fn item(&mut self) {
        self.fresh = false;
        self.gap(1);
        match self.lists.last_mut() {
            Some(Some(number)) => {
                let sign = format!("{number}. ");
                *number += 1;
                self.push(&sign);
            }
            _ => self.push("• "),
        }
        self.before.push("  ");
        self.fresh = true;
    }

    fn block<'a>(&mut self, kind: &CodeBlockKind<'a>, events: &mut Peekable<Parser<'a>>) {
        let code = inner(events, TagEnd::CodeBlock);
        let info = if let CodeBlockKind::Fenced(info) = kind { info.trim() } else { "" };
        match if info == "mermaid" { chart::read(&code) } else { None } {
            Some(chart) => {
                self.gap(2);
                if !chart.title.is_empty() {
                    self.start(Style::Bold);
                    self.push(&chart.title);
                    self.end();
                    self.gap(1);
                }
                self.code(&chart.lines.join("\n"), "");
            }
            None => self.code(&code, info),
        }
    }

    fn table(&mut self, events: &mut Peekable<Parser<'_>>) {
        let mut rows = vec![Vec::new()];
        while let Some(event) = events.next() {
            match event {
                Event::End(TagEnd::Table) => break,
                Event::Start(Tag::TableCell) => {
                    let mut cell = Builder::default();
                    while let Some(event) = events.next_if(|event| *event != Event::End(TagEnd::TableCell)) {
                        cell.take(event, events);
                    }
                    rows.last_mut().into_iter().for_each(|row| row.push(std::mem::take(&mut cell).rich()));
                }
                Event::Start(Tag::TableRow) => rows.push(Vec::new()),
                _ => {}
            }
        }
        let head = rows.remove(0);
        table::write(self, &head, &rows);
    }
}

/// The text up to an end.
fn inner(events: &mut Peekable<Parser<'_>>, end: TagEnd) -> String {
    let mut text = String::new();
    for event in events.by_ref() {
        match event {
            Event::Text(part) | Event::Html(part) => text.push_str(&part),
            Event::End(tag) if tag == end => break,
            _ => {}
        }
    }
    text
}

/// Whether an address leads somewhere from a message, and calls nobody on the way.
fn leads(url: &str) -> bool {
    let scheme = url.split(':').next().unwrap_or_default().to_ascii_lowercase();
    matches!(scheme.as_str(), "http" | "https" | "mailto") && !url.contains(char::is_whitespace)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(markdown: &str) -> String {
        rich(markdown).text
    }

    #[test]
    fn blocks_stand_apart_and_lists_are_indented() {
        let markdown = "# Title\n\nOne\ntwo.\n\n- a\n- b\n  1. c\n  2. d\n\n     e\n- [x] f\n\n> q\n> r\n\n---\nlast";
        let expected = "Title\n\nOne\ntwo.\n\n• a\n• b\n  1. c\n\n  2. d\n\n    e\n\n• ☑ f\n\n│ q\n│ r\n\n———\n\nlast";
        assert_eq!(text(markdown), expected);
        assert_eq!(text("1. a\n\n   b\n2. c"), "1. a\n\n  b\n2. c");
    }

    #[test]
    fn html_and_markers_are_left_out() {
        let markdown = "<details><summary>More &amp; more</summary>\n\nInside.\n\n</details>\n\na<br>b <sub>c</sub>\n\n\
                        <!-- kaizen:v1 key=x -->";
        assert_eq!(text(markdown), "More & more\n\nInside.\n\na\nb c");
    }

    #[test]
    fn a_link_that_no_message_holds_is_text() {
        let long = format!("https://h.example/{}", "x".repeat(LONGEST_ADDRESS));
        let rich = rich(&format!("[**a**]({long}) [b](/c) [d](javascript:e)"));
        assert_eq!(rich.text, format!("a ({long}) b d"));
        assert!(rich.spans.iter().all(|span| span.style == Style::Bold), "{:?}", rich.spans);
    }

    #[test]
    fn what_a_channel_would_strip_or_obey_is_gone() {
        assert_eq!(text("a@b \u{202e}c\u{1b}[0m @\u{2060}d"), "a@\u{2060}b c [0m @\u{2060}d");
    }

    #[test]
    fn code_keeps_its_lines() {
        assert_eq!(text("- x\n\n  ```\n  a\n    b\n  ```\n- y"), "• x\n\na\n  b\n\n• y");
    }
}
