//! Most bodies, read line by line.
//!
//! Takes: a body. Gives: its [`Markdown`], several times faster than the parser, which gets what is not
//! a paragraph, a list, a heading, a fence or a code span: a chunk between blank lines where that
//! stands by itself, else the rest of the body, else all of it.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2, memchr3};

use super::{Markdown, OBJECT};

impl Markdown {
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
pub(super) fn plain(body: &str) -> Option<Markdown> {
    let bytes = body.as_bytes();
    let defines = |at: usize| bytes.get(at + 1) == Some(&b':');
    let lone = |at: usize| bytes.get(at + 1) != Some(&b'\n');
    if memchr_iter(b']', bytes).any(defines) || memchr_iter(b'\r', bytes).any(lone) {
        return None;
    }
    let mut quick = QuickParser {
        body,
        parts: Markdown { prose: String::with_capacity(body.len() + 16), ..Markdown::default() },
        begun: None,
        block: None,
        odd: false,
        marks: memchr3(b'\\', b'<', b'\t', bytes).is_some() || memchr(0, bytes).is_some(),
    };
    match quick.read() {
        Ok(()) => {}
        Err(ParserNeed::Whole) => return None,
        Err(ParserNeed::Rest(start)) => quick.parse(start, body.len()),
    }
    Some(quick.parts)
}
/// A body on its way. A chunk are the lines between two blank ones.
struct QuickParser<'b> {
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
enum ParserNeed {
    /// All of the body.
    Whole,
    /// What begins here.
    Rest(usize),
}

impl<'b> QuickParser<'b> {
    fn read(&mut self) -> Result<(), ParserNeed> {
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
    fn line(&mut self, line: &'b str, at: Range<usize>) -> Result<Option<&'b str>, ParserNeed> {
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
                return Err(ParserNeed::Whole);
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
    fn end_chunk(&mut self, end: usize) -> Result<(), ParserNeed> {
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
    fn rest(&self) -> ParserNeed {
        match self.begun {
            Some((start, _)) if !self.is_indented(start) => ParserNeed::Rest(start),
            _ => ParserNeed::Whole,
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
