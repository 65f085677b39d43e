//! A body taken apart: what a person says, code, headings.
//!
//! Takes: Markdown (CommonMark without extensions). Gives: [`Markdown`]. Prose is the source with
//! code, quotes and HTML taken out, so that every word of it stands in the body as it is. Most
//! bodies hold nothing but paragraphs, lists, headings, fences and code spans; those are read line
//! by line, several times faster than by the parser, which reads all others. A test
//! holds the two to the same answer.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// Stands in prose where something was taken out of a line: the words on both sides are not
/// neighbours, and a line that held more than its words is seen to.
const OBJECT: char = '\u{fffc}';

/// A body taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markdown {
    /// What a person says: no code, quotes, HTML or comments.
    pub prose: String,
    /// Code spans and blocks, each on lines of its own.
    pub code: String,
    /// Headings, one a line.
    pub headings: String,
}

impl Markdown {
    /// Reads a body.
    #[must_use]
    pub fn read(body: &str) -> Self {
        plain(body).unwrap_or_else(|| parsed(body))
    }

    fn take_code(&mut self, code: &str) {
        self.code.push_str(code);
        self.code.push('\n');
    }

    fn take_heading(&mut self, heading: &str) {
        self.headings.push_str(heading.trim().trim_matches('#').trim());
        self.headings.push('\n');
    }
}

/// Any body, by the parser.
fn parsed(body: &str) -> Markdown {
    let mut parts = Markdown { prose: String::with_capacity(body.len()), ..Markdown::default() };
    // What is taken out so far ends here; a hole in a hole is none.
    let mut taken = 0;
    let mut in_code = false;
    for (event, at) in Parser::new(body).into_offset_iter() {
        match &event {
            Event::Code(code) => parts.take_code(code),
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(text) if in_code => text.lines().for_each(|line| parts.take_code(line)),
            Event::Start(Tag::Heading { .. }) => parts.take_heading(&body[at.clone()]),
            _ => {}
        }
        let hole = matches!(
            event,
            Event::Start(Tag::CodeBlock(_) | Tag::BlockQuote(_) | Tag::HtmlBlock)
                | Event::Code(_)
                | Event::InlineHtml(_)
                | Event::Html(_)
        );
        if hole && at.start >= taken {
            parts.prose.push_str(&body[taken..at.start]);
            parts.prose.push(OBJECT);
            taken = at.end;
        }
    }
    parts.prose.push_str(&body[taken..]);
    parts
}

/// A body of paragraphs, lists, headings, fences and code spans, read line by line; `None` where
/// anything else could be meant.
fn plain(body: &str) -> Option<Markdown> {
    if body.contains(['\\', '\0']) || has_html(body) || body.contains("]:") || has_odd_link(body) {
        return None;
    }
    let mut parts = Markdown { prose: String::with_capacity(body.len() + 16), ..Markdown::default() };
    // The paragraph that is open, and the fence.
    let mut block: Option<Range<usize>> = None;
    let mut fence: Option<&str> = None;
    let mut at = 0;
    for whole in body.split_inclusive('\n') {
        let start = at;
        at += whole.len();
        let line = whole.trim_end_matches('\n').trim_end_matches('\r');
        if line.contains('\r') {
            return None;
        }
        if let Some(open) = fence {
            if closes(line, open) {
                fence = None;
            } else {
                parts.take_code(line);
            }
            continue;
        }
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        // A tab between words is a space; where a line begins it can be more.
        if line.split(|c: char| c.is_alphabetic()).next().is_some_and(|begin| begin.contains('\t')) {
            return None;
        }
        if text.is_empty() {
            parts.end_block(body, &mut block);
            parts.prose.push_str(whole);
            continue;
        }
        if indent > 3 || text.starts_with('>') {
            return None;
        }
        if let Some(open) = opens(text) {
            if indent > 0 {
                return None;
            }
            parts.end_block(body, &mut block);
            parts.prose.extend([OBJECT, '\n']);
            fence = Some(open);
            continue;
        }
        if is_heading(text) {
            parts.end_block(body, &mut block);
            parts.take_heading(text);
            parts.end_block(body, &mut Some(start..at));
            continue;
        }
        if let Some(item) = list_item(text) {
            // Inside an item anything can begin, and not every item ends a paragraph.
            let odd = item.is_empty() || item.starts_with([' ', '>', '#', '`', '~']) || list_item(item).is_some();
            if odd || (block.is_some() && text.starts_with(|c: char| c.is_ascii_digit())) {
                return None;
            }
            parts.end_block(body, &mut block);
        } else if text.starts_with(['-', '=', '*', '_', '+']) && text.bytes().all(|byte| b"-=*_+ ".contains(&byte)) {
            return None; // a rule, or the line under a heading
        }
        let from = block.map_or(start, |block| block.start);
        block = Some(from..at);
    }
    parts.end_block(body, &mut block);
    Some(parts)
}

/// A `<` that could begin a tag, a comment or an address.
fn has_html(body: &str) -> bool {
    body.split('<')
        .skip(1)
        .any(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')))
}

/// A link whose address or title holds a backtick: it is no code there.
fn has_odd_link(body: &str) -> bool {
    body.split("](").skip(1).any(|rest| rest.split([')', '\n']).next().is_some_and(|address| address.contains('`')))
}

impl Markdown {
    /// Takes the code spans out of a paragraph and the rest into prose.
    fn end_block(&mut self, body: &str, block: &mut Option<Range<usize>>) {
        let Some(text) = block.take().map(|block| &body[block]) else { return };
        let mut taken = 0;
        let mut at = 0;
        while let Some(open) = text[at..].find('`').map(|found| at + found) {
            let run = run_length(&text[open..]);
            at = open + run;
            if let Some(close) = closing_run(text, at, run) {
                self.prose.push_str(&text[taken..open]);
                self.prose.push(OBJECT);
                self.take_code(&span_text(&text[at..close]));
                at = close + run;
                taken = at;
            }
        }
        self.prose.push_str(&text[taken..]);
    }
}

/// How many backticks a text begins with.
fn run_length(text: &str) -> usize {
    text.len() - text.trim_start_matches('`').len()
}

/// Where the next run of just so many backticks begins.
fn closing_run(text: &str, from: usize, run: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = text[at..].find('`').map(|found| at + found) {
        let length = run_length(&text[found..]);
        if length == run {
            return Some(found);
        }
        at = found + length;
    }
    None
}

/// The text of a code span: line breaks are spaces, and one space on both sides is no part of it.
fn span_text(inner: &str) -> String {
    let text = inner.replace("\r\n", " ").replace('\n', " ");
    let stripped = text.strip_prefix(' ').and_then(|text| text.strip_suffix(' '));
    stripped.filter(|_| !text.trim_matches(' ').is_empty()).map_or_else(|| text.clone(), str::to_owned)
}

/// The fence that a line opens: its run of backticks or tildes.
fn opens(text: &str) -> Option<&str> {
    let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let run = text.len() - text.trim_start_matches(mark).len();
    let info = &text[run..];
    (run >= 3 && !(mark == '`' && info.contains('`'))).then_some(&text[..run])
}

fn closes(line: &str, open: &str) -> bool {
    let text = line.trim_start_matches(' ');
    let rest = text.trim_start_matches(open.chars().next().unwrap_or('`'));
    line.len() - text.len() <= 3 && text.len() - rest.len() >= open.len() && rest.trim_matches(' ').is_empty()
}

fn is_heading(text: &str) -> bool {
    let rest = text.trim_start_matches('#');
    (1..=6).contains(&(text.len() - rest.len())) && (rest.is_empty() || rest.starts_with(' '))
}

/// What follows the marker of a list item.
fn list_item(text: &str) -> Option<&str> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let rest = match digits {
        0 => text.strip_prefix(['-', '+', '*'])?,
        1..=9 => text[digits..].strip_prefix(['.', ')'])?,
        _ => return None,
    };
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::{Strategy, prop_assert_eq, proptest};

    #[test]
    fn prose_is_what_is_neither_code_nor_quoted_nor_html() {
        let body = "A `b` c\n\n> quoted\n\n```\nd\n```\n\n<!-- e --> f\n\n# G `h`\n\n- i\n\n    j\n";
        let parts = Markdown::read(body);
        for word in ["A ", " c", "G", "i"] {
            assert!(parts.prose.contains(word), "{word}: {:?}", parts.prose);
        }
        for word in ["b", "quoted", "d", "<!-- e", "h"] {
            assert!(!parts.prose.contains(word), "{word}: {:?}", parts.prose);
        }
        assert_eq!(parts.headings, "G `h`\n");
        assert!(parts.code.starts_with("b\n"), "{:?}", parts.code);
    }

    #[test]
    fn plain_bodies_are_read_line_by_line_and_others_by_the_parser() {
        for body in ["", "a\nb `c`\n\n- d\n- e\n\n1. f\n\n## g\n```rust\nh\n```\ni\r\n", "a `b\nc` d", "~~~\n`x`"] {
            assert!(plain(body).is_some(), "{body:?}");
        }
        for body in [
            "<b>",
            "    code",
            "> a",
            "a\n---",
            "- - a",
            "- ```\n  a",
            " ```\na",
            "\ta",
            "-\ta",
            "\\`a`",
            "a\n2. b",
            "-",
        ] {
            assert_eq!(plain(body), None, "{body:?}");
        }
    }

    /// Bodies put together from pieces; those that only the parser reads are few, so that most
    /// bodies can be read both ways.
    fn bodies() -> impl Strategy<Value = String> {
        let common = [
            "a",
            "must ",
            "`",
            "``",
            "```",
            "~~~",
            "\n",
            "\n\n",
            "\r\n",
            " ",
            "  ",
            "- ",
            "* ",
            "1. ",
            "# ",
            "## b",
            "#",
            "######",
            "#######",
            "[x](y)",
            "**",
            "é",
            "|",
            "rust",
            ":",
            "http://x.test",
            "*",
            "_",
        ];
        let rare = [
            "    ",
            "+ ",
            "2) ",
            "a\tb",
            "< 3",
            "1.\t",
            "-",
            "---",
            "===",
            "> ",
            "![z](`q`)",
            "<b>",
            "<!--",
            "-->",
            "&amp;",
            "\\",
            "\t",
            "[k]: l",
            "10. ",
            "1234567890. ",
        ];
        let pieces = [common.repeat(12), rare.to_vec()].concat();
        proptest::collection::vec(proptest::sample::select(pieces), 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 20_000, ..Default::default() })]

        #[test]
        fn the_quick_way_reads_what_the_parser_reads(body in bodies()) {
            if let Some(quick) = plain(&body) {
                let slow = parsed(&body);
                let words = |text: &str| text.split([' ', '\n', '\r', '\t']).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
                prop_assert_eq!(words(&quick.prose), words(&slow.prose), "prose of {:?}", body);
                prop_assert_eq!(words(&quick.code), words(&slow.code), "code of {:?}", body);
                prop_assert_eq!(words(&quick.headings), words(&slow.headings), "headings of {:?}", body);
            }
        }
    }
}
