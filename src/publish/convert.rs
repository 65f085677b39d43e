//! A report's Markdown as formatted text.
//!
//! Takes: Markdown as forges show it (tables, struck text, task lists, HTML that folds, charts in
//! Mermaid). Gives: [`Rich`] text that reads well where none of that exists: headings are bold,
//! tables are aligned or one paragraph a row, charts are lists of their values, HTML is left out.
//! Nobody is called by it: behind each `@` stands a character that takes no room.

use std::iter::Peekable;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::builder::Builder;
use super::rich::{Rich, RichStyle};
use super::{chart, table, tags};

/// Bytes of an address that is kept as one; a longer one leaves too little room beside it.
pub(super) const LONGEST_ADDRESS: usize = 500;

/// The formatted text of a report.
pub(super) fn rich(markdown: &str) -> Rich {
    rich_within(markdown, 0)
}

/// The same, with tables of so many columns at most.
pub(super) fn rich_within(markdown: &str, widest: usize) -> Rich {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut builder = Builder::default();
    builder.widest = widest;
    let mut events = Parser::new_ext(markdown, options).peekable();
    while let Some(event) = events.next() {
        builder.take(event, &mut events);
    }
    builder.rich()
}

impl Builder {
    fn take<'a>(&mut self, event: Event<'a>, events: &mut Peekable<Parser<'a>>) {
        match event {
            Event::Start(tag) => self.begin(tag, events),
            Event::End(tag) => self.finish(tag),
            Event::Text(text) => self.push(&text),
            Event::Code(code) => {
                self.start(RichStyle::Code);
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
                self.start(RichStyle::Bold);
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
            Tag::Emphasis => self.start(RichStyle::Italic),
            Tag::Strong => self.start(RichStyle::Bold),
            Tag::Strikethrough => self.start(RichStyle::Strike),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                if leads(&dest_url) && !self.linked() {
                    self.start(RichStyle::Link(dest_url.into_string()));
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
        styles.into_iter().any(|span| matches!(span.style, RichStyle::Link(_)))
    }

    /// Ends a link. An address that is too long to be one stands in the text.
    fn linked_to(&mut self) {
        let place = self.open.last().copied().flatten();
        if let Some(RichStyle::Link(url)) = self.end()
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
                    self.start(RichStyle::Bold);
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
