//! The grammar of expressions: from characters to a tree whose parts know their place.
//!
//! Takes: a stretch of a text. Gives: a [`Term`], or the [`Slip`] that says what is wrong and where. Every
//! character belongs to a lexeme or is a slip at its place; names and types are checked by whoever takes the
//! tree. Wherever minijinja reads the same text, it reads the same tree.

use std::borrow::Cow;
use std::ops::Range;

use crate::engine::expr::{Arith, Compare};
use crate::engine::source::Span;
use crate::engine::value::Value;

/// Brackets and signs within each other up to which an expression is read: each costs the stack of this program.
const MAX_NESTING: u16 = 30;
/// Levels that a tree may have, as a long sum has.
const MAX_LEVELS: u16 = 200;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slip {
    /// In bytes of the text, on characters.
    pub(super) span: Span,
    /// One sentence without a full stop.
    pub(super) message: String,
    /// What to do about it.
    pub(super) help: Option<String>,
}

impl Slip {
    /// A slip with its help.
    pub(super) fn new(span: Span, message: impl Into<String>, help: impl Into<String>) -> Self {
        Slip { span, message: message.into(), help: Some(help.into()) }
    }
}

/// A part of an expression.
#[derive(Debug, Clone)]
pub(super) struct Term {
    /// In bytes of the text, brackets included.
    pub(super) span: Span,
    /// What it is.
    pub(super) kind: TermKind,
    depth: u16,
}

/// What a part of an expression is.
#[derive(Debug, Clone)]
pub(super) enum TermKind {
    /// A value as it is written.
    Literal(Value<'static>),
    /// A name with its parts: `thresholds.ready`.
    Name(String),
    List(Vec<Term>),
    Not(Box<Term>),
    Negate(Box<Term>),
    And(Vec<Term>),
    Or(Vec<Term>),
    /// `a < b < c`: at least one comparison.
    Compare(Box<Term>, Vec<(Compare, Term)>),
    In(Box<Term>, Box<Term>),
    IsNone(Box<Term>),
    Arith(Arith, Box<Term>, Box<Term>),
    /// The condition, what it is then, what it is otherwise.
    If(Box<Term>, Box<Term>, Box<Term>),
    /// The name of the filter with its place, and its arguments.
    Filter(Box<Term>, (String, Span), Vec<Term>),
    Call(String, Vec<Term>),
    /// `list[from:to]`.
    Slice(Box<Term>, Option<Box<Term>>, Option<Box<Term>>),
}

impl Term {
    /// Hands what it is made of to `see`, in the order of the text.
    pub(super) fn parts<'t>(&'t self, see: &mut dyn FnMut(&'t Term)) {
        match &self.kind {
            TermKind::Literal(_) | TermKind::Name(_) => {}
            TermKind::List(parts) | TermKind::And(parts) | TermKind::Or(parts) | TermKind::Call(_, parts) => {
                parts.iter().for_each(see);
            }
            TermKind::Not(a) | TermKind::Negate(a) | TermKind::IsNone(a) => see(a),
            TermKind::Compare(first, rest) => {
                see(first);
                rest.iter().for_each(|(_, next)| see(next));
            }
            TermKind::In(a, b) | TermKind::Arith(_, a, b) => [a, b].into_iter().for_each(|part| see(part)),
            TermKind::If(a, b, c) => [b, a, c].into_iter().for_each(|part| see(part)),
            TermKind::Filter(inner, _, arguments) => {
                see(inner);
                arguments.iter().for_each(see);
            }
            TermKind::Slice(inner, from, to) => {
                see(inner);
                [from, to].into_iter().flatten().for_each(|part| see(part));
            }
        }
    }

    /// The name, where it is one.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.kind {
            TermKind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// Names that are not none where this, as a condition, is `truth`.
    pub(super) fn known_if(&self, truth: bool, into: &mut Vec<String>) {
        match &self.kind {
            TermKind::Name(name) if truth => into.push(name.clone()),
            TermKind::Not(inner) => inner.known_if(!truth, into),
            TermKind::IsNone(inner) if !truth => into.extend(inner.name().map(str::to_owned)),
            TermKind::And(parts) if truth => parts.iter().for_each(|part| part.known_if(true, into)),
            TermKind::Or(parts) if !truth => parts.iter().for_each(|part| part.known_if(false, into)),
            _ => {}
        }
    }
}

/// The smallest unit of the text.
#[derive(Debug, Clone)]
struct Lexeme<'t> {
    span: Span,
    what: TokenKind<'t>,
}

#[derive(Debug, Clone)]
enum TokenKind<'t> {
    /// A name or a word of the language.
    Word(&'t str),
    Value(Value<'static>),
    Sign(&'static str),
}

/// Signs, the longer first.
const SIGNS: [&str; 23] = [
    "==", "!=", "<=", ">=", "**", "//", "<", ">", "=", "+", "-", "*", "/", "%", "~", "|", "(", ")", "[", "]", ",", ".",
    ":",
];

/// Words that are no names.
const WORDS: [&str; 7] = ["and", "or", "not", "in", "is", "if", "else"];

/// Reads one whole expression.
pub(super) fn parse(text: &str, within: Range<usize>) -> Result<Term, Slip> {
    let mut parser = Parser::new(text, within)?;
    let term = parser.expression()?;
    parser.end()?;
    Ok(term)
}

/// Where a tag that begins at `from` ends: the place of `close` outside quotes.
pub(super) fn end_of_tag(text: &str, from: usize, close: &str) -> Option<usize> {
    let mut quote = None;
    let mut chars = text.get(from..)?.char_indices();
    while let Some((at, c)) = chars.next() {
        match quote {
            Some(_) if c == '\\' => drop(chars.next()),
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '\'' || c == '"' => quote = Some(c),
            None if text[from + at..].starts_with(close) => return Some(from + at),
            None => {}
        }
    }
    None
}

/// Cuts a stretch of the text into lexemes.
fn lex(text: &str, within: Range<usize>) -> Result<Vec<Lexeme<'_>>, Slip> {
    let mut lexemes = Vec::new();
    let Range { start: mut at, end } = within;
    while let Some(c) = text.get(at..end).and_then(|rest| rest.chars().next()) {
        let rest = &text[at..end];
        if matches!(c, ' ' | '\t' | '\n' | '\r') {
            at += 1;
            continue;
        }
        let (length, what) = if c.is_alphanumeric() && !c.is_ascii_digit() || c == '_' {
            let word = leading(rest, |c| c.is_alphanumeric() || c == '_');
            if !word.is_ascii() {
                let message = format!("`{word}` is no name");
                let help = "names are of a to z, digits and `_`; a text stands in quotes";
                return Err(Slip::new(Span::new(at, at + word.len()), message, help));
            }
            (word.len(), TokenKind::Word(word))
        } else if c.is_ascii_digit() {
            let (length, value) = number(rest, at)?;
            (length, TokenKind::Value(value))
        } else if c == '\'' || c == '"' {
            let (length, value) = quoted(rest, at, c)?;
            (length, TokenKind::Value(Value::Text(Cow::Owned(value))))
        } else {
            // `=!=`, `<>` and `&&` are told as one.
            let run = ["{{", "}}"].into_iter().find(|braces| rest.starts_with(braces));
            let run = run.unwrap_or_else(|| leading(rest, |c| "=!<>&|".contains(c)));
            let whole = if run.is_empty() { &rest[..c.len_utf8()] } else { run };
            let sign = SIGNS.iter().find(|sign| if run.is_empty() { rest.starts_with(**sign) } else { **sign == run });
            let Some(sign) = sign else { return Err(foreign(whole, at)) };
            (sign.len(), TokenKind::Sign(sign))
        };
        lexemes.push(Lexeme { span: Span::new(at, at + length), what });
        at += length;
    }
    Ok(lexemes)
}

fn leading(text: &str, good: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !good(c)).unwrap_or(text.len());
    &text[..end]
}

/// Digits, perhaps with a fraction and an exponent.
fn number(rest: &str, at: usize) -> Result<(usize, Value<'static>), Slip> {
    let digits = |from: usize| leading(&rest[from..], |c| c.is_ascii_digit() || c == '_').len();
    let mut length = digits(0);
    let whole = length;
    if rest[length..].starts_with('.') && rest[length + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        length += 1 + digits(length + 1);
    }
    if rest[length..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[length + 1..].starts_with(['+', '-']));
        let exponent = digits(length + 1 + sign);
        length += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    let tail = leading(&rest[length..], |c| c.is_alphanumeric() || c == '_');
    if !tail.is_empty() {
        let span = Span::new(at, at + length + tail.len());
        let help = "separate the two, or quote a text; names begin with a letter";
        return Err(Slip::new(
            span,
            format!("`{}` is neither a number nor a name", &rest[..length + tail.len()]),
            help,
        ));
    }
    let plain = rest[..length].replace('_', "");
    let value = if length == whole {
        plain.parse().ok().map(Value::Int)
    } else {
        plain.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float)
    };
    match value {
        Some(value) => Ok((length, value)),
        None => {
            Err(Slip { span: Span::new(at, at + length), message: "this number is too large".to_owned(), help: None })
        }
    }
}

/// A text in quotes: its length with them, and what it says.
fn quoted(rest: &str, at: usize, quote: char) -> Result<(usize, String), Slip> {
    let mut said = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((index, c)) = chars.next() {
        if c == quote {
            return Ok((index + 1, said));
        }
        if c != '\\' {
            said.push(c);
            continue;
        }
        let Some((_, escaped)) = chars.next() else { break };
        said.push(match escaped {
            '\\' | '\'' | '"' | '/' => escaped,
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let digits: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 4);
                match code.and_then(char::from_u32) {
                    Some(c) => c,
                    None => {
                        let end = index + 2 + digits.len();
                        let span = Span::new(at + index, at + end);
                        let help = "four digits from 0 to f name a character: `\\u00e4`; or write the character itself";
                        return Err(Slip::new(span, format!("`\\u{digits}` names no character"), help));
                    }
                }
            }
            other => {
                let span = Span::new(at + index, at + index + 1 + other.len_utf8());
                let help = "for a backslash write two of them: `\\\\`";
                return Err(Slip::new(span, format!("a text has no escape `\\{}`", visible(other)), help));
            }
        });
    }
    let help = format!("end the text with {quote}");
    Err(Slip::new(Span::new(at, at + 1), format!("the text that begins with {quote} is not closed"), help))
}

/// A character as a message can show it.
fn visible(c: char) -> String {
    let hidden = c.is_control() || c.is_whitespace() || is_invisible(c);
    if hidden { format!("U+{:04X}", u32::from(c)) } else { c.to_string() }
}

/// Characters that take no room and change how the text around them is shown.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// What stands in no expression, with what was probably meant.
fn foreign(text: &str, at: usize) -> Slip {
    let span = Span::new(at, at + text.len());
    let c = text.chars().next().unwrap_or(' ');
    let help = match text {
        "&" | "&&" | "∧" => "write `and`",
        "||" | "∨" => "write `or`",
        "!" | "¬" => "write `not`",
        "===" => "write `==`",
        "!==" | "<>" | "≠" | "=!" | "=!=" => "write `!=`",
        "≥" | "=>" => "write `>=`",
        "≤" | "=<" => "write `<=`",
        "∈" => "write `in`",
        "×" | "·" => "write `*`",
        "÷" => "write `/`",
        "−" | "–" | "—" => "write `-`",
        "“" | "”" | "„" | "‟" | "«" | "»" | "‘" | "’" | "‚" | "‛" | "‹" | "›" | "`" | "´" => {
            "write straight quotes: `'…'`"
        }
        "{" | "}" | "{{" | "}}" => "an expression stands without `{{ }}`, a list in `[ ]`",
        "?" => "choose with `a if condition else b`",
        ";" => "an expression is one thing: join two with `and` or `or`",
        "#" => "an expression has no comments, and a text stands in quotes",
        "$" | "@" => "a name stands by itself, a text in quotes",
        "^" => "there is no such operator; numbers have `+ - * / // %`",
        "\\" => "a backslash stands within quotes only",
        _ if c.is_whitespace() => "write an ordinary space",
        _ if is_invisible(c) || c.is_control() => "delete it",
        _ if text.len() > c.len_utf8() => "comparisons are `==`, `!=`, `<`, `<=`, `>`, `>=`",
        _ => "a text stands in quotes: `'…'`",
    };
    let message = match c {
        '\u{a0}' => "a no-break space (U+00A0) stands here".to_owned(),
        '\u{200b}' => "a zero-width space (U+200B) stands here".to_owned(),
        '\u{feff}' => "a byte order mark (U+FEFF) stands here".to_owned(),
        _ if c.is_whitespace() => format!("a space of another kind ({}) stands here", visible(c)),
        _ if is_invisible(c) || c.is_control() => format!("an invisible character ({}) stands here", visible(c)),
        '`' => "an expression has no backtick".to_owned(),
        _ => format!("an expression has no `{text}`"),
    };
    Slip::new(span, message, help)
}

/// Reads lexemes from left to right.
#[derive(Debug)]
pub(super) struct Parser<'t> {
    text: &'t str,
    lexemes: Vec<Lexeme<'t>>,
    at: usize,
    depth: u16,
    end: usize,
}

type ParseResult = Result<Term, Slip>;

impl<'t> Parser<'t> {
    /// Over a stretch of the text.
    pub(super) fn new(text: &'t str, within: Range<usize>) -> Result<Self, Slip> {
        let end = within.end;
        Ok(Parser { text, lexemes: lex(text, within)?, at: 0, depth: 0, end })
    }

    fn peek(&self) -> Option<&Lexeme<'t>> {
        self.lexemes.get(self.at)
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Lexeme { what: TokenKind::Sign(found), .. }) if *found == sign)
    }

    fn is_word(&self, ahead: usize, word: &str) -> bool {
        matches!(self.lexemes.get(self.at + ahead), Some(Lexeme { what: TokenKind::Word(found), .. }) if *found == word)
    }

    /// Steps over this sign, if it comes next; gives its place.
    pub(super) fn sign(&mut self, sign: &str) -> Option<Span> {
        self.is_sign(sign).then(|| self.step())
    }

    /// Steps over this word, if it comes next.
    pub(super) fn word(&mut self, word: &str) -> bool {
        let next = self.is_word(0, word);
        self.at += usize::from(next);
        next
    }

    /// Steps over a word of any kind; gives it with its place.
    pub(super) fn any_word(&mut self) -> Option<(&'t str, Span)> {
        match self.peek() {
            Some(Lexeme { what: TokenKind::Word(word), span }) => {
                let found = (*word, *span);
                self.at += 1;
                Some(found)
            }
            _ => None,
        }
    }

    /// Steps over a text in quotes; gives it with its place.
    pub(super) fn quoted(&mut self) -> Option<(String, Span)> {
        match self.peek() {
            Some(Lexeme { what: TokenKind::Value(Value::Text(text)), span }) => {
                let found = (text.to_string(), *span);
                self.at += 1;
                Some(found)
            }
            _ => None,
        }
    }

    fn step(&mut self) -> Span {
        let span = self.here();
        self.at += 1;
        span
    }

    /// The place of what comes next: after the last lexeme an empty one.
    pub(super) fn here(&self) -> Span {
        self.peek().map_or(Span::new(self.end, self.end), |lexeme| lexeme.span)
    }

    fn before(&self) -> Option<&Lexeme<'t>> {
        self.lexemes.get(self.at.checked_sub(1)?)
    }

    fn text_at(&self, span: Span) -> &'t str {
        self.text.get(span.start..span.end).unwrap_or("")
    }

    /// Nothing follows.
    pub(super) fn end(&self) -> Result<(), Slip> {
        let Some(Lexeme { span, what }) = self.peek() else { return Ok(()) };
        let shown = self.text_at(*span);
        let missing = |help: &str| Err(Slip::new(*span, format!("an operator is missing before `{shown}`"), help));
        match what {
            TokenKind::Word(word) => {
                missing(word_help(word).unwrap_or("join two conditions with `and` or `or`; a text stands in quotes"))
            }
            TokenKind::Value(_) | TokenKind::Sign("(" | "[") => {
                missing("join two conditions with `and` or `or`; a text stands in quotes")
            }
            TokenKind::Sign("=") => Err(Slip::new(*span, "an expression has no `=`", "equality is `==`")),
            TokenKind::Sign(")" | "]") => {
                Err(Slip::new(*span, format!("`{shown}` closes nothing"), "remove it, or open a bracket before it"))
            }
            TokenKind::Sign(",") => {
                Err(Slip::new(*span, "a comma joins nothing here", "join conditions with `and`; a list is `[a, b]`"))
            }
            TokenKind::Sign("**") => Err(Slip::new(*span, "an expression has no `**`", "numbers have `+ - * / // %`")),
            TokenKind::Sign("~") => {
                let help = "texts are put together in sentences and templates: `{{ a }}{{ b }}`";
                Err(Slip::new(*span, "an expression has no `~`", help))
            }
            TokenKind::Sign(".") => {
                Err(Slip::new(*span, "only names have parts", "write a name, such as `thresholds.ready`"))
            }
            TokenKind::Sign(_) => Err(Slip::new(*span, format!("`{shown}` does not belong here"), "remove it")),
        }
    }

    /// A value is missing where one must stand.
    fn missing(&self) -> Slip {
        let help = "a value is a name, a number, a text in quotes, `true`, `false` or a list in `[ ]`";
        match (self.peek(), self.before()) {
            (
                Some(Lexeme { what: TokenKind::Sign("="), span }),
                Some(Lexeme { what: TokenKind::Sign(sign @ (">" | "<")), .. }),
            ) => Slip::new(*span, format!("`{sign}` and `=` stand apart"), format!("write `{sign}=`")),
            (Some(Lexeme { what: TokenKind::Sign("="), span }), _) => {
                Slip::new(*span, "an expression has no `=`", "equality is `==`")
            }
            (Some(next), _) => {
                Slip::new(next.span, format!("a value is missing before `{}`", self.text_at(next.span)), help)
            }
            (None, Some(last)) => {
                Slip::new(last.span, format!("a value is missing after `{}`", self.text_at(last.span)), help)
            }
            (None, None) => Slip::new(Span::new(self.end, self.end), "nothing stands here", help),
        }
    }

    fn make(&self, start: usize, kind: TermKind) -> ParseResult {
        let end = self.before().map_or(self.end, |last| last.span.end).max(start);
        let mut term = Term { span: Span::new(start, end), kind, depth: 0 };
        let mut deepest = 0;
        term.parts(&mut |part| deepest = deepest.max(part.depth));
        term.depth = deepest + 1;
        if term.depth > MAX_LEVELS {
            return Err(too_deep(term.span));
        }
        Ok(term)
    }

    /// What opens a bracket or stands before its value goes one level down.
    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> ParseResult) -> ParseResult {
        if self.depth >= MAX_NESTING {
            return Err(too_deep(self.here()));
        }
        self.depth += 1;
        let term = read(self);
        self.depth -= 1;
        term
    }

    /// An expression, a choice among them.
    pub(super) fn expression(&mut self) -> ParseResult {
        let mut yes = self.condition()?;
        while self.is_word(0, "if") {
            let start = yes.span.start;
            self.at += 1;
            let test = self.condition()?;
            if !self.word("else") {
                let span = Span::new(start, test.span.end);
                return Err(Slip::new(span, "`if` without `else`", "say what it is otherwise: `a if c else b`"));
            }
            let no = self.deeper(Self::expression)?;
            yes = self.make(start, TermKind::If(Box::new(test), Box::new(yes), Box::new(no)))?;
        }
        Ok(yes)
    }

    /// An expression that is no choice.
    pub(super) fn condition(&mut self) -> ParseResult {
        self.joined("or", |parser| parser.joined("and", Self::negation, TermKind::And), TermKind::Or)
    }

    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> ParseResult,
        kind: fn(Vec<Term>) -> TermKind,
    ) -> ParseResult {
        let first = part(self)?;
        if !self.is_word(0, word) {
            return Ok(first);
        }
        let start = first.span.start;
        let mut parts = vec![first];
        while self.word(word) {
            parts.push(part(self)?);
        }
        self.make(start, kind(parts))
    }

    fn negation(&mut self) -> ParseResult {
        if !self.is_word(0, "not") {
            return self.comparison();
        }
        let start = self.step().start;
        let inner = self.deeper(Self::negation)?;
        self.make(start, TermKind::Not(Box::new(inner)))
    }

    fn comparison(&mut self) -> ParseResult {
        let first = self.sum()?;
        let start = first.span.start;
        let mut rest = Vec::new();
        let mut within = None;
        loop {
            let negated = self.is_word(0, "not") && self.is_word(1, "in");
            if negated || self.is_word(0, "in") {
                self.at += if negated { 2 } else { 1 };
                within = Some(negated);
                // Joined with others it is told below.
                rest.push((Compare::Eq, self.sum()?));
                continue;
            }
            let Some(op) = COMPARISONS.iter().find(|(sign, _)| self.is_sign(sign)).map(|(_, op)| *op) else { break };
            self.at += 1;
            rest.push((op, self.sum()?));
        }
        match (within, rest.len()) {
            (_, 0) => Ok(first),
            (None, _) => self.make(start, TermKind::Compare(Box::new(first), rest)),
            (Some(negated), 1) => {
                let (_, hay) = rest.swap_remove(0);
                let inner = self.make(start, TermKind::In(Box::new(first), Box::new(hay)))?;
                if negated { self.make(start, TermKind::Not(Box::new(inner))) } else { Ok(inner) }
            }
            (Some(_), _) => {
                let end = self.before().map_or(start, |last| last.span.end);
                let message = "`in` does not stand in a chain of comparisons";
                Err(Slip::new(Span::new(start, end), message, "join the two with `and`"))
            }
        }
    }

    fn sum(&mut self) -> ParseResult {
        self.arithmetic(&[("+", Arith::Add), ("-", Arith::Sub)], |parser| {
            let product = [("*", Arith::Mul), ("/", Arith::Div), ("//", Arith::FloorDiv), ("%", Arith::Rem)];
            parser.arithmetic(&product, Self::filtered)
        })
    }

    fn arithmetic(&mut self, signs: &[(&str, Arith)], part: fn(&mut Self) -> ParseResult) -> ParseResult {
        let mut left = part(self)?;
        while let Some((_, op)) = signs.iter().find(|(sign, _)| self.is_sign(sign)) {
            self.at += 1;
            let right = part(self)?;
            left = self.make(left.span.start, TermKind::Arith(*op, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    /// A value with the filters and tests behind it, which take it with its sign: `-a | abs` is `(-a) | abs`.
    fn filtered(&mut self) -> ParseResult {
        let mut term = self.signed()?;
        loop {
            let start = term.span.start;
            if let Some(bar) = self.sign("|") {
                let Some((name, span)) = self.any_word() else {
                    let help = "write one, such as `| length`; for either-or write `or`";
                    return Err(Slip::new(bar, "the name of a filter is missing after `|`", help));
                };
                let arguments = if self.is_sign("(") { self.arguments()? } else { Vec::new() };
                term = self.make(start, TermKind::Filter(Box::new(term), (name.to_owned(), span), arguments))?;
            } else if self.word("is") {
                let negated = self.word("not");
                let (name, span) = self.any_word().unwrap_or_else(|| (self.text_at(self.here()), self.here()));
                if name != "none" {
                    let help = "the only one is `is none` (and `is not none`); equality is `==`";
                    return Err(Slip::new(span, format!("there is no test `is {name}`"), help));
                }
                term = self.make(start, TermKind::IsNone(Box::new(term)))?;
                if negated {
                    term = self.make(start, TermKind::Not(Box::new(term)))?;
                }
            } else {
                return Ok(term);
            }
        }
    }

    fn signed(&mut self) -> ParseResult {
        let Some(minus) = self.sign("-") else { return self.sliced() };
        let inner = self.deeper(Self::signed)?;
        self.make(minus.start, TermKind::Negate(Box::new(inner)))
    }

    fn sliced(&mut self) -> ParseResult {
        let mut term = self.value()?;
        while let Some(open) = self.sign("[") {
            let start = term.span.start;
            let from = if self.is_sign(":") { None } else { Some(Box::new(self.deeper(Self::expression)?)) };
            if self.sign(":").is_none() {
                let span = Span::new(start, self.sign("]").unwrap_or(open).end);
                return Err(Slip::new(span, "expressions have no subscripts", "use `| first`, `| last` or `in`"));
            }
            let to = if self.is_sign("]") { None } else { Some(Box::new(self.deeper(Self::expression)?)) };
            self.close("]", open)?;
            term = self.make(start, TermKind::Slice(Box::new(term), from, to))?;
        }
        Ok(term)
    }

    fn value(&mut self) -> ParseResult {
        let Some(Lexeme { span, what }) = self.peek().cloned() else { return Err(self.missing()) };
        match what {
            TokenKind::Value(value) => {
                self.at += 1;
                self.make(span.start, TermKind::Literal(value))
            }
            TokenKind::Word(word) if !WORDS.contains(&word) => {
                self.at += 1;
                self.named(word, span)
            }
            TokenKind::Sign("(") => {
                self.at += 1;
                let mut inner = self.deeper(Self::expression)?;
                if self.is_sign(",") {
                    return Err(Slip::new(self.here(), "a comma joins nothing here", "a list is written `[a, b]`"));
                }
                inner.span = Span::new(span.start, self.close(")", span)?.end);
                Ok(inner)
            }
            TokenKind::Sign("[") => {
                self.at += 1;
                let parts = self.listed("]", span)?;
                self.make(span.start, TermKind::List(parts))
            }
            _ => Err(self.missing()),
        }
    }

    fn named(&mut self, word: &str, span: Span) -> ParseResult {
        let literal = match word {
            "true" | "True" => Some(Value::Bool(true)),
            "false" | "False" => Some(Value::Bool(false)),
            "none" | "None" => Some(Value::None),
            _ => None,
        };
        if let Some(value) = literal {
            return self.make(span.start, TermKind::Literal(value));
        }
        let mut path = word.to_owned();
        while let Some(dot) = self.sign(".") {
            let Some((part, _)) = self.any_word() else {
                return Err(Slip::new(
                    dot,
                    "a name is missing after `.`",
                    format!("write a part of `{path}`, or remove the dot"),
                ));
            };
            path = format!("{path}.{part}");
        }
        if !self.is_sign("(") {
            return self.make(span.start, TermKind::Name(path));
        }
        let arguments = self.arguments()?;
        self.make(span.start, TermKind::Call(path, arguments))
    }

    fn arguments(&mut self) -> Result<Vec<Term>, Slip> {
        let open = self.step();
        self.listed(")", open)
    }

    /// Expressions with commas between them, up to what closes the bracket.
    fn listed(&mut self, close: &str, open: Span) -> Result<Vec<Term>, Slip> {
        let mut parts = Vec::new();
        while !self.is_sign(close) {
            if self.peek().is_none() {
                return Err(self.unclosed(open));
            }
            parts.push(self.deeper(Self::expression)?);
            if self.is_sign("=") && close == ")" {
                return Err(Slip::new(self.here(), "an argument has no name", "write its value alone"));
            }
            if self.sign(",").is_none() {
                break;
            }
        }
        self.close(close, open)?;
        Ok(parts)
    }

    fn close(&mut self, close: &str, open: Span) -> Result<Span, Slip> {
        match self.sign(close) {
            Some(span) => Ok(span),
            None => Err(self.end().err().unwrap_or_else(|| self.unclosed(open))),
        }
    }

    fn unclosed(&self, open: Span) -> Slip {
        let shown = self.text_at(open);
        let close = if shown == "(" { ")" } else { "]" };
        Slip::new(open, format!("`{shown}` is not closed"), format!("add `{close}`"))
    }
}

const COMPARISONS: [(&str, Compare); 6] = [
    ("==", Compare::Eq),
    ("!=", Compare::Ne),
    ("<", Compare::Lt),
    ("<=", Compare::Le),
    (">", Compare::Gt),
    (">=", Compare::Ge),
];

fn too_deep(span: Span) -> Slip {
    Slip::new(span, "this expression is nested too deeply", "give a part of it a name of its own")
}

/// What people write where an operator is missing, and what was meant.
fn word_help(word: &str) -> Option<&'static str> {
    Some(match word.to_ascii_lowercase().as_str() {
        "and" => "write `and`",
        "or" => "write `or`",
        "not" => "write `not` before the condition, or `not in`",
        "in" => "write `in`",
        "is" => "write `is`",
        "eq" | "equals" => "equality is `==`",
        "ne" | "neq" => "write `!=`",
        "gt" => "write `>`",
        "lt" => "write `<`",
        "ge" | "gte" => "write `>=`",
        "le" | "lte" => "write `<=`",
        "contains" | "includes" | "has" => "write it the other way round: `'text' in name`",
        "matches" | "like" | "startswith" | "endswith" => {
            "look for a text with `'text' in name`, for a pattern with `count.NAME`"
        }
        "if" | "then" | "else" | "unless" => "choose with `a if condition else b`",
        _ => return None,
    })
}
