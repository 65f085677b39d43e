//! A body taken apart: what a person says, code, headings.
//!
//! Takes: Markdown (CommonMark without extensions). Gives: [`Markdown`]. Prose is the source with
//! code, quotes and HTML taken out, so that every word of it stands in the body as it is. Most
//! bodies hold little but paragraphs, lists, headings, fences and code spans; those are read line
//! by line, several times faster than by the parser. What else stands between two blank lines
//! (a quote, tags, a nested list) goes to the parser by itself; only a body whose parts hang
//! together in another way goes there whole. A test holds both ways to the same answer.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2, memchr3};
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
    parts.parse(body);
    parts
}

impl Markdown {
    /// Adds what the parser reads.
    fn parse(&mut self, body: &str) {
        // What is taken out so far ends here; a hole in a hole is none.
        let mut taken = 0;
        let mut in_code = false;
        for (event, at) in Parser::new(body).into_offset_iter() {
            match &event {
                Event::Code(code) => self.take_code(code),
                Event::Start(Tag::CodeBlock(_)) => in_code = true,
                Event::End(TagEnd::CodeBlock) => in_code = false,
                Event::Text(text) if in_code => text.lines().for_each(|line| self.take_code(line)),
                Event::Start(Tag::Heading { .. }) => self.take_heading(&body[at.clone()]),
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
                self.prose.push_str(&body[taken..at.start]);
                self.prose.push(OBJECT);
                taken = at.end;
            }
        }
        self.prose.push_str(&body[taken..]);
    }

    /// Takes the code spans out of a paragraph and the rest into prose. False where a link's address
    /// or title holds a backtick: it is no code there.
    fn take_paragraph(&mut self, text: &str) -> bool {
        let Some(first) = memchr(b'`', text.as_bytes()) else {
            self.prose.push_str(text);
            return true;
        };
        let odd = |address: &str| address.split([')', '\n']).next().is_some_and(|address| address.contains('`'));
        if text.split("](").skip(1).any(odd) {
            return false;
        }
        let mut taken = 0;
        let mut next = Some(first);
        while let Some(open) = next {
            let run = run_length(&text[open..]);
            let mut at = open + run;
            if let Some(close) = closing_run(text, at, run) {
                self.prose.push_str(&text[taken..open]);
                self.prose.push(OBJECT);
                self.take_span(&text[at..close]);
                at = close + run;
                taken = at;
            }
            next = memchr(b'`', &text.as_bytes()[at..]).map(|found| at + found);
        }
        self.prose.push_str(&text[taken..]);
        true
    }

    /// A code span: line breaks are spaces, and one space on both sides is no part of it.
    fn take_span(&mut self, inner: &str) {
        let broken = memchr(b'\n', inner.as_bytes()).is_some();
        let text = if broken { Cow::Owned(inner.replace("\r\n", " ").replace('\n', " ")) } else { inner.into() };
        let stripped = text.strip_prefix(' ').and_then(|text| text.strip_suffix(' '));
        self.take_code(stripped.filter(|_| !text.trim_matches(' ').is_empty()).unwrap_or(&text));
    }
}

/// A body read line by line; `None` where its parts may hang together across a blank line.
fn plain(body: &str) -> Option<Markdown> {
    let bytes = body.as_bytes();
    let defines = |at: usize| bytes.get(at + 1) == Some(&b':');
    let lone = |at: usize| bytes.get(at + 1) != Some(&b'\n');
    if memchr_iter(b']', bytes).any(defines) || memchr_iter(b'\r', bytes).any(lone) {
        return None;
    }
    let mut quick = Quick {
        body,
        parts: Markdown { prose: String::with_capacity(body.len() + 16), ..Markdown::default() },
        begun: None,
        block: None,
        odd: false,
        marks: memchr3(b'\\', b'<', b'\t', bytes).is_some() || memchr(0, bytes).is_some(),
    };
    match quick.read() {
        Ok(()) => {}
        Err(Stop::Whole) => return None,
        Err(Stop::Rest(start)) => quick.parse(start, body.len()),
    }
    Some(quick.parts)
}
/// A body on its way. A chunk are the lines between two blank ones.
struct Quick<'b> {
    body: &'b str,
    parts: Markdown,
    /// Where the chunk begins, and how long the parts were then.
    begun: Option<(usize, [usize; 3])>,
    /// The paragraph or list item that is open.
    block: Option<Range<usize>>,
    /// The chunk goes to the parser.
    odd: bool,
    /// The body holds marks that need a look at each line.
    marks: bool,
}

/// What the parser has to read.
enum Stop {
    /// All of the body.
    Whole,
    /// What begins here.
    Rest(usize),
}

impl<'b> Quick<'b> {
    fn read(&mut self) -> Result<(), Stop> {
        let body = self.body;
        let mut fence: Option<&str> = None;
        let mut at = 0;
        while at < body.len() {
            let start = at;
            at = memchr(b'\n', &body.as_bytes()[at..]).map_or(body.len(), |end| start + end + 1);
            let whole = &body[start..at];
            let line = whole.strip_suffix('\n').unwrap_or(whole);
            let line = line.strip_suffix('\r').unwrap_or(line);
            match fence {
                Some(open) if closes(line, open) => fence = None,
                Some(_) => self.parts.take_code(line),
                None => fence = self.line(line, start..at)?,
            }
        }
        self.end_chunk(at)
    }

    /// Reads a line outside a fence; gives the fence that it opens.
    fn line(&mut self, line: &'b str, at: Range<usize>) -> Result<Option<&'b str>, Stop> {
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        if text.is_empty() {
            self.end_chunk(at.start)?;
            self.parts.prose.push_str(&self.body[at]);
            return Ok(None);
        }
        if self.begun.is_none() {
            let parts = &self.parts;
            self.begun = Some((at.start, [parts.prose.len(), parts.code.len(), parts.headings.len()]));
            // Code by its indent, or a part of the list item before it.
            if indent > 3 || text.starts_with('\t') {
                return Err(Stop::Whole);
            }
        }
        if self.odd {
            return Ok(None);
        }
        if indent > 3 || text.starts_with('>') || (self.marks && has_marks(line)) {
            self.odd = true;
        } else if let Some(open) = opens(text) {
            self.end_block();
            if indent > 0 || self.odd {
                return Err(self.rest());
            }
            self.begun = None;
            self.parts.prose.extend([OBJECT, '\n']);
            return Ok(Some(open));
        } else if is_heading(text) {
            self.end_block();
            self.parts.take_heading(text);
            self.block = Some(at);
            self.end_block();
        } else if let Some(item) = list_item(text) {
            // Inside an item anything can begin, and not every item ends a paragraph.
            let odd = item.is_empty() || item.starts_with([' ', '>', '#', '`', '~']) || list_item(item).is_some();
            self.odd = odd || (self.block.is_some() && text.starts_with(|c: char| c.is_ascii_digit()));
            self.end_block();
            self.block = Some(at);
        } else if text.starts_with(['-', '=', '*', '_', '+']) && text.bytes().all(|byte| b"-=*_+ ".contains(&byte)) {
            self.odd = true; // a rule, or the line under a heading
        } else {
            let from = self.block.take().map_or(at.start, |block| block.start);
            self.block = Some(from..at.end);
        }
        Ok(None)
    }

    fn end_block(&mut self) {
        if let Some(block) = self.block.take() {
            self.odd |= !self.parts.take_paragraph(&self.body[block]);
        }
    }

    /// Ends a chunk before a blank line or at the end.
    fn end_chunk(&mut self, end: usize) -> Result<(), Stop> {
        self.end_block();
        if std::mem::take(&mut self.odd) {
            match self.begun {
                Some((start, _)) if ends_with_itself(&self.body[start..end]) && !self.is_indented(start) => {
                    self.parse(start, end);
                }
                _ => return Err(self.rest()),
            }
        }
        self.begun = None;
        Ok(())
    }

    /// From the chunk on nothing is certain.
    fn rest(&self) -> Stop {
        match self.begun {
            Some((start, _)) if !self.is_indented(start) => Stop::Rest(start),
            _ => Stop::Whole,
        }
    }

    /// What begins here may belong to a list item before it.
    fn is_indented(&self, start: usize) -> bool {
        self.body[start..].starts_with(' ')
    }

    /// Forgets what was read of the chunk, and has the parser read from there to `end`.
    fn parse(&mut self, start: usize, end: usize) {
        if let Some((_, [prose, code, headings])) = self.begun {
            self.parts.prose.truncate(prose);
            self.parts.code.truncate(code);
            self.parts.headings.truncate(headings);
        }
        self.parts.parse(&self.body[start..end]);
    }
}

/// An escape, a NUL, what could begin a tag, a comment or an address, or a tab where the line begins: between
/// words a tab is a space, there it can be more.
fn has_marks(line: &str) -> bool {
    let html =
        |at: usize| line[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
    memchr2(b'\\', 0, line.as_bytes()).is_some()
        || memchr_iter(b'<', line.as_bytes()).any(html)
        || line.split(|c: char| c.is_alphabetic()).next().is_some_and(|begin| begin.contains('\t'))
}

/// Whether nothing in a chunk goes on behind the blank line that ends it, as fences do and those blocks
/// of HTML that only their own end closes.
fn ends_with_itself(chunk: &str) -> bool {
    const TAGS: [&str; 4] = ["script", "pre", "style", "textarea"];
    if chunk.contains("```") || chunk.contains("~~~") {
        return false;
    }
    memchr_iter(b'<', chunk.as_bytes()).all(|at| {
        let rest = &chunk[at + 1..];
        let tag = |tag: &&&str| rest.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag));
        if let Some(comment) = rest.strip_prefix("!--") {
            comment.contains("-->")
        } else if rest.starts_with('?') {
            rest.contains("?>")
        } else if rest.starts_with("![") {
            rest.contains("]]>")
        } else if rest.starts_with('!') {
            rest.contains('>')
        } else if let Some(tag) = TAGS.iter().find(tag) {
            rest.contains(&format!("</{tag}>")) // an end in capitals is left to the parser
        } else {
            true
        }
    })
}

/// How many backticks a text begins with.
fn run_length(text: &str) -> usize {
    text.len() - text.trim_start_matches('`').len()
}

/// Where the next run of just so many backticks begins.
fn closing_run(text: &str, from: usize, run: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = memchr(b'`', &text.as_bytes()[at..]).map(|found| at + found) {
        let length = run_length(&text[found..]);
        if length == run {
            return Some(found);
        }
        at = found + length;
    }
    None
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
            "a\n\n- ```\n  a",
            "a\n\n<!-- a\n\nb -->",
            "<pre>\n\n</pre>",
            "a\0b",
            "<b>c</b>",
            "> a\n\nb",
            "a\n---",
            "- - a",
            "-\ta\n\nb",
            "\\`a`",
            "a\n2. b",
            "<!-- a\nb -->\n\nc",
        ] {
            assert!(plain(body).is_some(), "{body:?}");
        }
        for body in ["    code", "\ta", " ```\na", "[a]: b", "a\rb"] {
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
            "\n\n",
            "\n",
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
            "</b>",
            "<details>",
            "<script>",
            "</SCRIPT>",
            "<pre>",
            "</pre>",
            "<?",
            "?>",
            "<!D",
            "<![CDATA[",
            "]]>",
            ">",
            "- [ ] ",
            "\n> ",
            "\n\n   ",
            "\\",
            "\0",
            "\t",
            "[k]: l",
            "10. ",
            "1234567890. ",
        ];
        let pieces = [common.repeat(4), rare.to_vec()].concat();
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
