//! The grammar of templates: from a text to its tags.
//!
//! Takes: the text of a template. Gives: [`TagBlock`]s, whose expressions are [`Term`]s of the grammar that rules
//! have, or [`Slip`]s. It reads what minijinja reads, less what no text needs; that is refused at its place.

use std::ops::Range;

use super::expressions::MAX_EXPRESSION;
use super::grammar::{Parser, Slip, Term, end_of_tag};
use crate::engine::source::Span;

/// Tags within each other up to which a template is read.
const MAX_BLOCKS: usize = 30;

/// A part of a template that is more than text.
#[derive(Debug)]
pub(super) enum TagBlock {
    /// `{{ … }}`, and where it begins.
    Print(Term, usize),
    /// Conditions with what stands under each, and what stands otherwise, if anything.
    If(Vec<(Term, Vec<TagBlock>)>, Option<Vec<TagBlock>>),
    For(Loop),
    /// A name and its value.
    Set(String, Term),
    With(Vec<(String, Term)>, Vec<TagBlock>),
    /// A file, and where it is named.
    Include(String, Span),
}

/// `{% for name in list if filter %}body{% else %}otherwise{% endfor %}`.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) name: String,
    pub(super) list: Term,
    pub(super) filter: Option<Term>,
    pub(super) body: Vec<TagBlock>,
    pub(super) otherwise: Vec<TagBlock>,
}

/// Reads a template. The first slip of each tag is told.
pub(super) fn read(text: &str) -> Result<Vec<TagBlock>, Vec<Slip>> {
    let mut reader =
        TagReader { text, tags: Vec::new(), at: 0, open: Vec::new(), slips: Vec::new(), wrong_tags: Vec::new() };
    if let Err(slip) = reader.find() {
        // What follows an unclosed tag cannot be told apart.
        return Err(vec![slip]);
    }
    let blocks = reader.body();
    if reader.slips.is_empty() { Ok(blocks) } else { Err(reader.slips) }
}

/// A tag of the text, with what stands inside.
#[derive(Debug, Clone)]
struct Tag {
    print: bool,
    whole: Span,
    inside: Range<usize>,
}

struct TagReader<'t> {
    text: &'t str,
    tags: Vec<Tag>,
    at: usize,
    /// What ends the tags that are open, the innermost last.
    open: Vec<&'static str>,
    slips: Vec<Slip>,
    /// Tags that are none and have been told: what ends them is not told again.
    wrong_tags: Vec<&'t str>,
}

/// Tags that no text needs, and what to do instead.
const REFUSED: [(&str, &str); 10] = [
    ("macro", "write the text where it is needed, or `{% include %}` a file of the same folder or of `shared/`"),
    ("call", "use `{% include %}` of a file of the same folder or of `shared/`"),
    ("import", "use `{% include %}` of a file of the same folder or of `shared/`"),
    ("from", "use `{% include %}` of a file of the same folder or of `shared/`"),
    ("extends", "use `{% include %}` of a file of the same folder or of `shared/`"),
    ("block", "use `{% include %}` of a file of the same folder or of `shared/`"),
    ("do", "a template prints, it does nothing"),
    ("autoescape", "every value is escaped, always"),
    ("filter", "write the filter behind the value: `{{ … | upper }}`"),
    ("unless", "write `{% if not … %}`"),
];

impl<'t> TagReader<'t> {
    /// Finds the tags; comments and raw text hold none.
    fn find(&mut self) -> Result<(), Slip> {
        let mut at = 0;
        while let Some(open) = self.text[at..].find('{').map(|found| at + found) {
            let close = match self.text.as_bytes().get(open + 1) {
                Some(b'{') => "}}",
                Some(b'%') => "%}",
                Some(b'#') => "#}",
                _ => {
                    at = open + 1;
                    continue;
                }
            };
            let found = match close {
                "#}" => self.text[open + 2..].find(close).map(|found| open + 2 + found),
                _ => end_of_tag(self.text, open + 2, close),
            };
            let Some(end) = found else {
                let shown = &self.text[open..open + 2];
                let help = format!("end it with `{close}`, and close its quotes");
                return Err(Slip::new(Span::new(open, open + 2), format!("`{shown}` is not closed"), help));
            };
            at = end + 2;
            if close == "#}" {
                continue;
            }
            let inside = self.inside(open + 2..end);
            if inside.len() > MAX_EXPRESSION {
                let message = format!("a tag has more than {MAX_EXPRESSION} bytes");
                let help = "put a part of it into a variable: `{% set x = … %}`";
                return Err(Slip::new(Span::new(open, open + 2), message, help));
            }
            let tag = Tag { print: close == "}}", whole: Span::new(open, at), inside };
            if !tag.print && self.text[tag.inside.clone()].trim() == "raw" {
                at = self.end_of_raw(at).ok_or_else(|| unclosed("raw", tag.whole))?;
            } else {
                self.tags.push(tag);
            }
        }
        Ok(())
    }

    /// Without the signs that take the space around a tag away.
    fn inside(&self, within: Range<usize>) -> Range<usize> {
        let signed = |at: usize| matches!(self.text.as_bytes().get(at), Some(b'-' | b'+'));
        let start = within.start + usize::from(within.start < within.end && signed(within.start));
        let end = within.end - usize::from(start < within.end && signed(within.end - 1));
        start..end
    }

    fn end_of_raw(&self, from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let open = at + self.text[at..].find("{%")?;
            let close = open + 2 + self.text[open + 2..].find("%}")?;
            if self.text[self.inside(open + 2..close)].trim() == "endraw" {
                return Some(close + 2);
            }
            at = open + 2;
        }
    }

    /// Blocks up to a tag that ends or divides the innermost open one.
    fn body(&mut self) -> Vec<TagBlock> {
        let mut blocks = Vec::new();
        while let Some(tag) = self.tags.get(self.at).cloned() {
            let word = self.first_word(&tag);
            if !tag.print && self.open.contains(&word) {
                break;
            }
            let dividing = !tag.print && (word == "else" || word == "elif");
            if dividing && (self.open.last() == Some(&"endif") || self.open.last() == Some(&"endfor") && word == "else")
            {
                break;
            }
            self.at += 1;
            if !tag.print && word.strip_prefix("end").is_some_and(|word| self.wrong_tags.contains(&word)) {
                continue;
            }
            let block = if tag.print { self.print(&tag) } else { self.statement(&tag, word) };
            match block {
                Ok(block) => blocks.push(block),
                Err(slip) => self.slips.push(slip),
            }
        }
        blocks
    }

    fn first_word(&self, tag: &Tag) -> &'t str {
        let inside = self.text[tag.inside.clone()].trim_start();
        &inside[..inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len())]
    }

    fn print(&self, tag: &Tag) -> Result<TagBlock, Slip> {
        let mut parser = Parser::new(self.text, tag.inside.clone())?;
        let term = parser.expression()?;
        parser.end()?;
        Ok(TagBlock::Print(term, tag.whole.start))
    }

    /// What stands in a tag behind its first word.
    fn parser(&self, tag: &Tag) -> Result<Parser<'t>, Slip> {
        let mut parser = Parser::new(self.text, tag.inside.clone())?;
        parser.any_word();
        Ok(parser)
    }

    fn statement(&mut self, tag: &Tag, word: &'t str) -> Result<TagBlock, Slip> {
        match word {
            "if" => self.choice(tag),
            "for" => self.repetition(tag),
            "set" => {
                // A block of it is told as the tag without a value that it is.
                self.wrong_tags.push(word);
                let mut parser = self.parser(tag)?;
                let (name, value) = assignment(&mut parser, tag.whole, "set")?;
                parser.end()?;
                Ok(TagBlock::Set(name, value))
            }
            "with" => {
                let names = self.parser(tag).and_then(|mut parser| {
                    let mut names = vec![assignment(&mut parser, tag.whole, "with")?];
                    while parser.sign(",").is_some() {
                        names.push(assignment(&mut parser, tag.whole, "with")?);
                    }
                    parser.end()?;
                    Ok(names)
                });
                let body = self.within("endwith", tag.whole)?;
                self.end("with", "endwith", tag.whole)?;
                Ok(TagBlock::With(names?, body))
            }
            "include" => {
                let mut parser = self.parser(tag)?;
                let Some((name, at)) = parser.quoted() else {
                    let message = "templates have no includes whose name is computed";
                    return Err(Slip::new(tag.whole, message, "write the name of the file in quotes"));
                };
                parser.end()?;
                Ok(TagBlock::Include(name, at))
            }
            _ => {
                self.wrong_tags.push(word);
                Err(self.unknown(tag, word))
            }
        }
    }

    fn unknown(&self, tag: &Tag, word: &str) -> Slip {
        let at = self.text[tag.inside.clone()].find(word).map_or(tag.inside.start, |found| tag.inside.start + found);
        let span = if word.is_empty() { tag.whole } else { Span::new(at, at + word.len()) };
        if let Some((_, help)) = REFUSED.iter().find(|(refused, _)| *refused == word) {
            return Slip::new(span, format!("templates have no `{word}`"), *help);
        }
        match word {
            "elseif" | "elsif" => Slip::new(span, format!("there is no tag `{word}`"), "write `elif`"),
            "else" | "elif" => Slip::new(
                tag.whole,
                format!("`{word}` stands in no `if`"),
                "it stands between `{% if … %}` and `{% endif %}`",
            ),
            "endif" | "endfor" | "endwith" | "endraw" => Slip::new(
                tag.whole,
                format!("`{word}` ends nothing"),
                format!("remove it, or open it with `{{% {} … %}}`", &word[3..]),
            ),
            "end" => Slip::new(span, "there is no tag `end`", "write `endif`, `endfor` or `endwith`"),
            "" => Slip::new(span, "a tag says nothing", "remove it; a value is printed with `{{ … }}`"),
            _ => {
                let help =
                    "there are `if`, `for`, `set`, `with`, `raw` and `include`; a value is printed with `{{ … }}`";
                Slip::new(span, format!("there is no tag `{word}`"), help)
            }
        }
    }

    /// The blocks inside a tag.
    fn within(&mut self, end: &'static str, at: Span) -> Result<Vec<TagBlock>, Slip> {
        if self.open.len() >= MAX_BLOCKS {
            self.at = self.tags.len();
            return Err(Slip::new(
                at,
                "tags are nested too deeply",
                "put a part into a file of its own, and include it",
            ));
        }
        self.open.push(end);
        let body = self.body();
        self.open.pop();
        Ok(body)
    }

    /// Steps over the tag that ends this one.
    fn end(&mut self, name: &str, end: &str, at: Span) -> Result<(), Slip> {
        match self.tags.get(self.at).cloned().filter(|tag| !tag.print && self.first_word(tag) == end) {
            Some(tag) => {
                self.at += 1;
                self.parser(&tag)?.end()
            }
            None => Err(unclosed(name, at)),
        }
    }

    fn choice(&mut self, tag: &Tag) -> Result<TagBlock, Slip> {
        let (mut arms, mut otherwise, mut first) = (Vec::new(), None, None);
        let mut next = Some(tag.clone());
        while let Some(arm) = next.take() {
            let test = self.parser(&arm).and_then(|mut parser| {
                let test = parser.expression()?;
                parser.end().map(|()| test)
            });
            let body = self.within("endif", tag.whole)?;
            match test {
                Ok(test) => arms.push((test, body)),
                Err(slip) => first = first.or(Some(slip)),
            }
            let divides = self.tags.get(self.at).cloned().filter(|tag| !tag.print);
            match divides.map(|tag| (self.first_word(&tag), tag)) {
                Some(("elif", tag)) => {
                    self.at += 1;
                    next = Some(tag);
                }
                Some(("else", divider)) => {
                    self.at += 1;
                    let rest = self.parser(&divider).and_then(|parser| parser.end());
                    first = first.or(rest
                        .err()
                        .map(|slip| Slip { help: Some("write `elif`, or nothing behind `else`".to_owned()), ..slip }));
                    otherwise = Some(self.within("endif", tag.whole)?);
                }
                _ => {}
            }
        }
        self.end("if", "endif", tag.whole)?;
        first.map_or(Ok(TagBlock::If(arms, otherwise)), Err)
    }

    fn repetition(&mut self, tag: &Tag) -> Result<TagBlock, Slip> {
        let head = self.parser(tag).and_then(|mut parser| {
            let usage = "write `{% for one in list %}`";
            let Some((name, _)) = parser.any_word() else {
                return Err(Slip::new(tag.whole, "a loop has a name for each entry", usage));
            };
            if let Some(comma) = parser.sign(",") {
                return Err(Slip::new(comma, "a loop has one name", "its parts are `one.part`"));
            }
            if !parser.word("in") {
                return Err(Slip::new(parser.here(), "`in` is missing in a loop", usage));
            }
            let list = parser.condition()?;
            let filter = if parser.word("if") { Some(parser.expression()?) } else { None };
            parser.end()?;
            Ok((name.to_owned(), list, filter))
        });
        let body = self.within("endfor", tag.whole)?;
        let divider = self.tags.get(self.at).cloned().filter(|tag| !tag.print && self.first_word(tag) == "else");
        let mut otherwise = Vec::new();
        if let Some(divider) = divider {
            self.at += 1;
            self.parser(&divider)?.end()?;
            otherwise = self.within("endfor", tag.whole)?;
        }
        self.end("for", "endfor", tag.whole)?;
        let (name, list, filter) = head?;
        Ok(TagBlock::For(Loop { name, list, filter, body, otherwise }))
    }
}

/// `name = value`.
fn assignment(parser: &mut Parser<'_>, at: Span, tag: &str) -> Result<(String, Term), Slip> {
    let help = format!("write `{{% {tag} name = … %}}`");
    let Some((name, _)) = parser.any_word() else {
        return Err(Slip::new(at, format!("`{tag}` gives a value a name"), help));
    };
    if parser.sign("=").is_none() {
        let span = if parser.here().start >= at.end - 3 { at } else { parser.here() };
        return Err(Slip::new(span, format!("`=` is missing in `{tag}`"), help));
    }
    Ok((name.to_owned(), parser.expression()?))
}

fn unclosed(name: &str, at: Span) -> Slip {
    Slip::new(at, format!("`{name}` is not closed"), format!("end it with `{{% end{name} %}}`"))
}
