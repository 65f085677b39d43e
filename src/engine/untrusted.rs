//! Takes text that somebody else wrote (titles, bodies, names, what a model or a pull request
//! says) and gives it back fit for one named place: Markdown, a terminal, a CI log,
//! `GITHUB_OUTPUT`, HTML. There it cannot ping, leave a reference, break a table, hide, fake a
//! marker, open a fence or speak to the runner.
//!
//! Everything here is one pass or a fixed number of passes, so that hostile length costs no more
//! than its bytes. Shorten with [`cut`] before a writer, never after: a cut through an escape
//! would undo it.

use std::borrow::Cow;

/// WORD JOINER: takes no room and allows no line break. Behind an `@` it keeps the forge from
/// seeing a name (fact 104), inside a reference or an address it keeps it from seeing a link
/// (fact 105). In the input it is shown like every other invisible character, so each one in an
/// output is ours.
const JOINER: char = '\u{2060}';

/// A longer fence does not help: GitHub's parser counts its backticks up to 255 only, and then a
/// run of 255 in the text closes it. Longer runs are broken up instead.
const LONGEST_RUN: usize = 100;

/// Text that somebody else wrote, as they wrote it.
///
/// It has no `Display` on purpose: who prints it names the place by the writer it takes. As JSON
/// it is the raw string, because JSON escapes for itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize)]
#[serde(transparent)]
pub struct Untrusted(String);

impl Untrusted {
    /// Wraps the text unchanged.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as it came: for JSON and comparisons only, never for print.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// Whether nothing was written at all; text of spaces alone is not empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// See [`markdown`].
    pub fn markdown(&self) -> String {
        markdown(&self.0)
    }

    /// See [`terminal`].
    pub fn terminal(&self) -> String {
        terminal(&self.0)
    }

    /// See [`ci_log`].
    pub fn ci_log(&self) -> String {
        ci_log(&self.0)
    }

    /// See [`html`].
    pub fn html(&self) -> String {
        html(&self.0)
    }
}

/// A text that could begin a reference or an address which the next value on the line ends:
/// `see #` before `12`, `www` before `.example.org`.
fn goes_on(text: &str) -> bool {
    text.ends_with(['#', '!', '-', '/', ':'])
        || text.len() >= 3 && text.as_bytes()[text.len() - 3..].eq_ignore_ascii_case(b"www")
}

/// Inline Markdown in one line, fit for a table cell, a list item, a sentence or a line of its
/// own; it renders as what [`terminal`] prints.
///
/// `[x] fix @ada's a_b, see #12` becomes `&#91;x\] fix @ada's a\_b, see #12`, with a U+2060
/// behind the `@` (fact 104) and the last `#` (fact 105). No part of it becomes a link, and
/// `/kaizen` at its start does not count as a command.
pub fn markdown(text: &str) -> String {
    let line = line(text);
    let number = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut out = String::with_capacity(line.len() + line.len() / 8 + 8);
    // What is special is ASCII; what stands before it and is not is copied with the next of it.
    let (mut at, mut copied) = (0, 0);
    while let Some(found) = line.as_bytes()[at..].iter().position(|byte| is_special(*byte)) {
        at += found;
        let (c, before, rest) = (char::from(line.as_bytes()[at]), &line[..at], &line[at + 1..]);
        let instead = match c {
            '<' => "&lt;",
            '>' => "&gt;",
            '&' => "&amp;",
            // Gitea and Forgejo take `\[` at the start of a block for mathematics, up to `\]` or
            // the end of the comment.
            '[' if at == 0 => "&#91;",
            // Gitea takes any `|` behind a backslash for an escaped one, and ours may come next.
            '\\' if rest.is_empty() => "&#92;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => "\\",
            // Heading, list, rule, underline, definition (Gitea), column (`:-`), command.
            '#' | '+' | '-' | '=' | ':' | '/' if at == 0 => "\\",
            '.' | ')' if number > 0 && at == number && (rest.is_empty() || rest.starts_with(' ')) => "\\",
            _ => "",
        };
        if !instead.is_empty() {
            out.push_str(&line[copied..at]);
            out.push_str(instead);
            copied = if instead == "\\" { at } else { at + 1 };
        }
        at += 1;
        if starts_link(before, c, rest) {
            out.push_str(&line[copied..at]);
            out.push(JOINER);
            copied = at;
        }
    }
    out.push_str(&line[copied..]);
    if goes_on(&line) && !out.ends_with(JOINER) {
        out.push(JOINER);
    }
    out
}

/// The title of an issue: one line in which no reference or address becomes a link. Forges read no Markdown
/// there, but `#12`, which touches what it names (fact 105), and the digest of a commit.
///
/// `Look at #12 since 0a1b2c3` has a U+2060 behind the `#` and the `0`.
pub fn title(text: &str) -> String {
    let line = line(text);
    let mut out = String::with_capacity(line.len() + 8);
    let mut word = 0;
    for (at, c) in line.char_indices() {
        let (before, rest) = (&line[..at], &line[at + c.len_utf8()..]);
        if !c.is_alphanumeric() {
            word = at + c.len_utf8();
        }
        out.push(c);
        let begins = at == word && is_commit(&line[at..]);
        // A name calls nobody there (fact 104).
        if begins || c != '@' && starts_link(before, c, rest) {
            out.push(JOINER);
        }
    }
    out
}

/// Whether a text begins with what may be the digest of a commit: seven hexadecimal digits or more, and no other
/// letter behind them.
fn is_commit(text: &str) -> bool {
    let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit()) && word.bytes().any(|b| b.is_ascii_digit())
}

/// Whether a byte may mean something in Markdown or to [`starts_link`].
const fn is_special(byte: u8) -> bool {
    matches!(byte, b'!'..=b'/' | b':'..=b'@' | b'['..=b'`' | b'{'..=b'~' | b'w' | b'W')
}

/// One line for a terminal: breaks, tabs and spaces become one space, none at either end; control
/// characters and whatever else would hide or reorder text are shown, as `\u{1b}`.
///
/// Emoji sequences and Persian keep their joiners.
pub fn terminal(text: &str) -> String {
    line(text).into_owned()
}

fn line(text: &str) -> Cow<'_, str> {
    // Without ways out of the loop it looks at many bytes at once.
    let pairs = text.as_bytes().iter().zip(text.as_bytes().get(1..).unwrap_or_default());
    let bare = text.bytes().fold(true, |bare, byte| bare & matches!(byte, b' '..=b'~'))
        && pairs.fold(true, |bare, (one, next)| bare & (one | next != b' '));
    if bare && !text.starts_with(' ') && !text.ends_with(' ') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if matches!(c, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            gap = true;
            continue;
        }
        if gap && !out.is_empty() {
            out.push(' ');
        }
        gap = false;
        push_shown(&mut out, c);
    }
    Cow::Owned(out)
}

/// One line of our own Markdown for a terminal: what [`markdown`] put into other people's text, so that
/// nothing there means anything to a forge, is taken out again. Of what they wrote it gives what [`terminal`] does.
pub fn readable(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let (shown, left) = match c {
            JOINER => (None, after),
            '\\' if after.starts_with(|c: char| c.is_ascii_punctuation()) => (after.chars().next(), &after[1..]),
            '&' => entity(after).map_or((Some(c), after), |(c, left)| (Some(c), left)),
            _ => (Some(c), after),
        };
        out.extend(shown);
        rest = left;
    }
    terminal(&out)
}

/// What an entity of ours stands for, behind its `&`, and what follows it.
fn entity(after: &str) -> Option<(char, &str)> {
    let end = after.bytes().take(6).position(|byte| byte == b';')?;
    let c = match &after[..end] {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        code => code.strip_prefix('#')?.parse().ok().and_then(char::from_u32)?,
    };
    Some((c, &after[end + 1..]))
}

/// One line for a CI log, which is also fit for a terminal: as [`terminal`], and the runner finds
/// no command in it.
pub fn ci_log(text: &str) -> String {
    let line = terminal(text);
    let mut out = String::with_capacity(line.len() + 8);
    push_ci_line(&mut out, &line);
    out
}

/// One line of HTML, fit for an element or a quoted attribute; a browser shows what [`terminal`]
/// prints.
///
/// Names and references are written with entities, for HTML inside a comment: `@name` pings there
/// too, `&#64;name` does not (fact 104), and `&#35;12` leaves no trace (fact 105).
pub fn html(text: &str) -> String {
    let line = terminal(text);
    let mut out = String::with_capacity(line.len() + line.len() / 8 + 8);
    for (at, c) in line.char_indices() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ if starts_link(&line[..at], c, &line[at + c.len_utf8()..]) => {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            _ => out.push(c),
        }
    }
    out
}

/// One entry of `GITHUB_OUTPUT`: `name<<delimiter\nvalue\ndelimiter\n`, the value unchanged.
///
/// `delimiter_seed` is random text from the caller, since the engine has no randomness of its own.
/// Even with a seed that the value's author knew, no line of the value equals the delimiter.
pub fn github_output(name: &str, value: &str, delimiter_seed: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name: String = name.chars().map(|c| if word(c) { c } else { '_' }).collect();
    let mut delimiter = String::from("kaizen_");
    delimiter.extend(delimiter_seed.chars().filter(char::is_ascii_alphanumeric));
    // Some runners drop a CR before the LF, so both end a line here. Of all lines that are the
    // delimiter with a longer tail, one longer than the longest is none of them.
    let longest_tail = value
        .split(['\n', '\r'])
        .filter_map(|line| line.strip_prefix(delimiter.as_str()))
        .filter(|tail| tail.bytes().all(|b| b == b'_'))
        .map(|tail| tail.len() + 1)
        .max();
    delimiter.push_str(&"_".repeat(longest_tail.unwrap_or(0)));
    format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
}

/// Our own block Markdown (a whole report or comment) on its way into a CI log that reads
/// commands: newlines, tabs and the U+2060 of [`markdown`] stay, other control and hidden
/// characters are shown, and no line speaks to the runner.
pub fn ci_block(text: &str) -> String {
    let shown = block(text);
    let mut out = String::with_capacity(shown.len() + 8);
    for line in shown.split_inclusive('\n') {
        push_ci_line(&mut out, line);
    }
    out
}

/// The same where no runner reads it: only control and hidden characters are shown.
pub fn block(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' | JOINER => shown.push(c),
            _ => push_shown(&mut shown, c),
        }
    }
    shown
}

/// A fenced code block that holds the text and that nothing in the text can close. It starts at
/// the start of a line and ends in a newline, so that what follows starts on a line of its own.
///
/// Newlines (CR and CRLF become LF) and tabs stay, control and hidden characters are shown.
/// Nothing pings in there (fact 104), but who looks for a marker in the raw comment would find
/// one, so `<!--` gets a U+2060 behind `<!`. Of `info`, letters, digits and `+-_.#` are kept.
pub fn fence(text: &str, info: &str) -> String {
    let mut body = String::with_capacity(text.len() + 1);
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\n' | '\r' => body.push('\n'),
            '\t' => body.push('\t'),
            _ => push_shown(&mut body, c),
        }
    }
    if !body.is_empty() && !body.ends_with('\n') {
        body.push('\n');
    }
    let run = "`".repeat(LONGEST_RUN);
    let body = body.replace("<!--", &format!("<!{JOINER}--")).replace(&run, &format!("{run}{JOINER}"));
    let longest = body.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest.max(2) + 1);
    let info: String = info.chars().filter(|c| c.is_ascii_alphanumeric() || "+-_.#".contains(*c)).collect();
    format!("{ticks}{info}\n{body}{ticks}\n")
}

/// At most `max` characters of the text, the last of them `…` if anything was cut.
///
/// Still untrusted: it goes through a writer afterwards.
pub fn cut(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max || text.char_indices().nth(max).is_none() {
        return Cow::Borrowed(text);
    }
    let Some(keep) = max.checked_sub(1) else {
        return Cow::Borrowed("");
    };
    let kept: String = text.chars().take(keep).chain(['…']).collect();
    Cow::Owned(kept)
}

/// Whether a forge would start or complete a link, a ping or a reference across the point right
/// behind `c`.
fn starts_link(before: &str, c: char, rest: &str) -> bool {
    let digit_next = || rest.starts_with(|next: char| next.is_ascii_digit());
    match c {
        // At the end of the text too: the caller's next word would be the name (fact 104).
        '@' => true,
        // `#12`, Gitea's `!12` for a pull request, GitHub's `GH-12` (fact 105).
        '#' => rest.starts_with(char::is_alphanumeric),
        '!' => digit_next(),
        '-' => digit_next() && ends_with_ascii(before, "gh"),
        // Bare addresses; one below the forge's root is a reference as well (fact 105).
        ':' => rest.starts_with("//"),
        'w' | 'W' => rest.starts_with('.') && ends_with_ascii(before, "ww"),
        // Gitea links `[[page]]` after the Markdown is done, whatever was escaped.
        '[' => rest.starts_with('['),
        _ => false,
    }
}

fn ends_with_ascii(text: &str, end: &str) -> bool {
    let from = text.len().saturating_sub(end.len());
    text.as_bytes()[from..].eq_ignore_ascii_case(end.as_bytes())
}

/// Runners read `::` at the start of a line, behind whitespace of any kind, and `##[` anywhere.
/// A runner that compares by culture overlooks a U+2060, but then it also takes the character
/// behind it for part of the command's name and knows no such command.
fn push_ci_line(out: &mut String, line: &str) {
    let body = line.trim_start();
    out.push_str(&line[..line.len() - body.len()]);
    let body = match body.strip_prefix("::") {
        Some(rest) => {
            out.extend([':', JOINER, ':']);
            rest
        }
        None => body,
    };
    out.push_str(&body.replace("##[", &format!("##{JOINER}[")));
}

fn push_shown(out: &mut String, c: char) {
    if is_hidden(c) {
        out.extend(c.escape_unicode());
    } else {
        out.push(c);
    }
}

/// Characters that steer a terminal, reorder text or take no room. ZWNJ, ZWJ and the variation
/// selectors are not among them: Persian and emoji need them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Direction of text.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Line ends, for the writers that keep lines.
            | '\u{2028}' | '\u{2029}'
            // No room at all.
            | '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
            // Letters that look like a space.
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    /// Pairs of input and output; `¦` in the output stands for U+2060.
    fn check(write: fn(&str) -> String, cases: &[(&str, &str)]) {
        for (input, wanted) in cases {
            // A text that could begin a reference ends in one more, which these tables leave out.
            let written = write(input);
            let written = if goes_on(input.trim()) { written.trim_end_matches(JOINER) } else { &written };
            assert_eq!(
                written,
                wanted.replace('¦', "\u{2060}").trim_end_matches(if goes_on(input.trim()) { JOINER } else { '\0' }),
                "of {input:?}"
            );
        }
    }

    #[test]
    fn nothing_in_a_title_becomes_a_link() {
        for (given, wanted) in [
            ("Look at #12, !3 and a/b#4", "Look at #¦12, !¦3 and a/b#¦4"),
            (
                "since 0a1b2c3 (da39a3ee5e6b4b0d3255bfef95601890afd80709)",
                "since 0¦a1b2c3 (d¦a39a3ee5e6b4b0d3255bfef95601890afd80709)",
            ),
            ("effaced facade, 0a1b2cz, a `code` of 5*3", "effaced facade, 0a1b2cz, a `code` of 5*3"),
            ("@all see https://x.example", "@all see https:¦//x.example"),
        ] {
            assert_eq!(title(given), wanted.replace('¦', "\u{2060}"));
        }
        assert!(!title("a\u{202e}b\u{2066}c\nd").contains(is_hidden));
    }

    #[test]
    fn markdown_neither_pings_nor_refers_nor_links() {
        check(
            markdown,
            &[
                ("@ada", "@¦ada"),
                ("by @ada/team, @-x", "by @¦ada/team, @¦-x"),
                ("a@b.org", "a@¦b.org"),
                ("ends in @", "ends in @¦"),
                ("@@ada", "@¦@¦ada"),
                ("`@ada", "\\`@¦ada"),
                ("&#64;ada", "&amp;#¦64;ada"),
                ("see #12", "see #¦12"),
                ("#12", "\\#¦12"),
                ("o/r#12 and o/r!12", "o/r#¦12 and o/r!¦12"),
                ("##12", "\\##¦12"),
                ("gh-12, GH-3, Gh-x", "gh-¦12, GH-¦3, Gh-x"),
                ("C# works! No. 4!", "C# works! No. 4!"),
                ("https://x.org/a", "https:¦//x.org/a"),
                ("://x", "\\:¦//x"),
                ("go to www.x.org, WwW.x", "go to www¦.x.org, WwW¦.x"),
                ("wwww.x", "wwww¦.x"),
                ("[[page]]", "&#91;¦\\[page\\]\\]"),
                ("a [[page]]", "a \\[¦\\[page\\]\\]"),
            ],
        );
    }

    #[test]
    fn markdown_opens_nothing() {
        check(
            markdown,
            &[
                ("```rust", "\\`\\`\\`rust"),
                ("~~~", "\\~\\~\\~"),
                ("*a* __b__ snake_case", "\\*a\\* \\_\\_b\\_\\_ snake\\_case"),
                ("a | b", "a \\| b"),
                ("a \\| b", "a \\\\\\| b"),
                ("dir\\", "dir&#92;"),
                ("C:\\dir", "C:\\\\dir"),
                ("a [b](c) ![d](e)", "a \\[b\\](c) !\\[d\\](e)"),
                ("[bug] a", "&#91;bug\\] a"),
                ("[^1]: note", "&#91;^1\\]: note"),
                ("<b>", "&lt;b&gt;"),
                ("<!-- kaizen -->", "&lt;!-- kaizen --&gt;"),
                ("a -->", "a --&gt;"),
                ("&amp; AT&T", "&amp;amp; AT&amp;T"),
                ("$x$ and $$y$$", "\\$x\\$ and \\$\\$y\\$\\$"),
                ("# h", "\\# h"),
                ("- a-b - c", "\\- a-b - c"),
                ("+ a + b", "\\+ a + b"),
                ("---", "\\---"),
                ("=== a = b", "\\=== a = b"),
                ("> a", "&gt; a"),
                (": a: b", "\\: a: b"),
                ("1. a", "1\\. a"),
                ("12) a", "12\\) a"),
                ("12.", "12\\."),
                ("1.5 is 2. or 3) (4)", "1.5 is 2. or 3) (4)"),
                (". a", ". a"),
                ("/kaizen ignore", "\\/kaizen ignore"),
                ("a\n/kaizen ignore", "a /kaizen ignore"),
                ("    code", "code"),
                ("\tcode\t", "code"),
                ("a  \nb\\\nc", "a b\\\\ c"),
                ("a\r\n\u{b}\u{c}\u{85}\u{2028}\u{2029}b", "a b"),
                (":+1: done, (mostly). Really? \"yes\" it's 100%", "\\:+1: done, (mostly). Really? \"yes\" it's 100%"),
                ("", ""),
                (" \n ", ""),
            ],
        );
    }

    #[test]
    fn hidden_characters_are_shown_in_every_place() {
        let hidden = [
            '\0',
            '\u{7}',
            '\u{1b}',
            '\u{7f}',
            '\u{80}',
            '\u{9b}',
            '\u{ad}',
            '\u{61c}',
            '\u{180e}',
            '\u{200b}',
            '\u{200e}',
            '\u{200f}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2064}',
            '\u{2066}',
            '\u{2069}',
            '\u{feff}',
            '\u{fff9}',
            '\u{fffb}',
            '\u{e0000}',
            '\u{e0041}',
            '\u{e007f}',
            '\u{3164}',
        ];
        for c in hidden {
            let (input, shown) = (format!("a{c}b"), format!("a\\u{{{:x}}}b", u32::from(c)));
            assert_eq!(terminal(&input), shown);
            assert_eq!(ci_log(&input), shown);
            assert_eq!(html(&input), shown);
            assert_eq!(markdown(&input), shown.replace('\\', "\\\\"));
            assert_eq!(fence(&input, ""), format!("```\n{shown}\n```\n"));
            let in_block = if c == JOINER { input.clone() } else { shown };
            assert_eq!(ci_block(&input), in_block);
        }
        for kept in ["👩\u{200d}💻", "❤\u{fe0f}", "☎\u{fe0e}", "می\u{200c}خواهم", "日本\u{3000}語", "e\u{301}"]
        {
            for write in [markdown, terminal, ci_log, html, ci_block] {
                assert_eq!(write(kept), kept);
            }
        }
    }

    #[test]
    fn terminal_and_ci_log_are_one_quiet_line() {
        check(
            terminal,
            &[
                ("\u{1b}[31mred", "\\u{1b}[31mred"),
                (" a\tb\r\nc  d\u{85}", "a b c d"),
                ("::error::x ##[error]", "::error::x ##[error]"),
            ],
        );
        check(
            ci_log,
            &[
                ("::error::x", ":¦:error::x"),
                ("\n \t::add-mask::x", ":¦:add-mask::x"),
                ("\u{a0}\u{3000}::add-mask::x", "\u{a0}\u{3000}:¦:add-mask::x"),
                (":::", ":¦::"),
                ("std::vec is ::fine::", "std::vec is ::fine::"),
                ("##[error]x", "##¦[error]x"),
                ("a ###[group]##[b]", "a ###¦[group]##¦[b]"),
                ("a\n::error::x", "a ::error::x"),
                ("\u{1b}::x", "\\u{1b}::x"),
            ],
        );
    }

    #[test]
    fn ci_block_keeps_lines_and_our_joiners() {
        check(
            ci_block,
            &[
                ("# h\n\n\t::error::x\n::y\n a ##[b]\n", "# h\n\n\t:¦:error::x\n:¦:y\n a ##¦[b]\n"),
                ("a\r\n\u{2028}::b", "a\\u{d}\n\\u{2028}::b"),
                ("\n\u{a0}::b", "\n\u{a0}:¦:b"),
                ("by @¦ada", "by @¦ada"),
                ("", ""),
            ]
            .map(|(input, wanted)| (&*input.replace('¦', "\u{2060}").leak(), wanted)),
        );
    }

    #[test]
    fn html_is_text_in_an_element_or_an_attribute() {
        check(
            html,
            &[
                ("<a href=\"x\">&'", "&lt;a href=&quot;x&quot;&gt;&amp;&#39;"),
                ("<!-- kaizen -->", "&lt;!-- kaizen --&gt;"),
                ("@ada #12 !3 GH-4 C#", "&#64;ada &#35;12 &#33;3 GH&#45;4 C#"),
                ("https://x.org", "https&#58;//x.org"),
                ("a\n\n# b", "a # b"),
            ],
        );
    }

    #[test]
    fn github_output_never_meets_its_delimiter() {
        assert_eq!(github_output("items", "a\nb", "s33d"), "items<<kaizen_s33d\na\nb\nkaizen_s33d\n");
        assert_eq!(github_output("a=b\n<<", "", "\n é"), "a_b___<<kaizen_\n\nkaizen_\n");
        for value in ["kaizen_x", "a\nkaizen_x\r\nkaizen_x__", "kaizen_x_\nkaizen_x", "kaizen_x\n=1"] {
            let entry = github_output("n", value, "x");
            let delimiter = entry.lines().next().unwrap().strip_prefix("n<<").unwrap();
            assert!(value.split(['\n', '\r']).all(|line| line != delimiter), "{entry}");
            assert_eq!(entry, format!("n<<{delimiter}\n{value}\n{delimiter}\n"));
        }
    }

    #[test]
    fn fence_outgrows_its_text() {
        assert_eq!(fence("a", "rust"), "```rust\na\n```\n");
        assert_eq!(fence("", ""), "```\n```\n");
        assert_eq!(fence("a\r\n\tb\rc\n", "a`\n b<"), "```ab\na\n\tb\nc\n```\n");
        assert_eq!(fence("````\n@ada", "diff"), "`````diff\n````\n@ada\n`````\n");
        assert_eq!(fence("<!-- m -->", ""), "```\n<!\u{2060}-- m -->\n```\n");
        let long = fence(&"`".repeat(1000), "");
        assert!(long.lines().next().is_some_and(|line| line.len() == LONGEST_RUN + 1));
        assert!(long.lines().nth(1).is_some_and(|line| !line.contains(&"`".repeat(LONGEST_RUN + 1))));
    }

    #[test]
    fn cut_counts_characters() {
        for (text, max, wanted) in [
            ("héllo", 5, "héllo"),
            ("héllo", 4, "hél…"),
            ("héllo", 1, "…"),
            ("héllo", 0, ""),
            ("", 0, ""),
            ("日本語", 2, "日…"),
        ] {
            assert_eq!(cut(text, max), wanted);
        }
        assert!(matches!(cut("same", 4), Cow::Borrowed("same")));
    }

    #[test]
    fn the_type_keeps_its_text_and_names_the_place() {
        let text = Untrusted::new("@a <b>\n::c");
        assert_eq!(text.raw(), "@a <b>\n::c");
        assert_eq!(text.markdown(), markdown(text.raw()));
        assert_eq!(text.terminal(), "@a <b> ::c");
        assert_eq!(text.ci_log(), "@a <b> ::c");
        assert_eq!(text.html(), "&#64;a &lt;b&gt; ::c");
        assert_eq!(serde_json::to_string(&text).unwrap(), r#""@a <b>\n::c""#);
        assert!(Untrusted::default().is_empty() && !Untrusted::new(" ").is_empty());
    }

    #[test]
    fn a_megabyte_of_trouble_stays_in_proportion() {
        for piece in ["@", "`", "\\", "[", "&", "\0", " ", "\n", "::", "##[", "www.", "kaizen_\n", "1", "é"] {
            let text = piece.repeat((1 << 20) / piece.len());
            for write in [markdown, terminal, ci_log, html, ci_block] {
                assert!(write(&text).len() <= 8 * text.len());
            }
            assert!(fence(&text, "").len() <= 8 * text.len());
            assert!(github_output("n", &text, "").len() <= 2 * text.len());
        }
    }

    /// All text of a document, and the kinds of its blocks and spans but the plain ones.
    fn rendered(document: &str) -> (String, Vec<String>) {
        let (mut text, mut odd) = (String::new(), Vec::new());
        // No forge has these.
        let foreign = Options::ENABLE_SMART_PUNCTUATION | Options::ENABLE_SUPERSCRIPT | Options::ENABLE_SUBSCRIPT;
        for event in Parser::new_ext(document, Options::all() - foreign) {
            match event {
                Event::Text(part) => text.push_str(&part),
                Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => {}
                other => odd.push(format!("{other:?}")),
            }
        }
        (text, odd)
    }

    /// Text that is mostly what the writers look for.
    fn nasty() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "@", "#", "!", "1", "12", "gh-", "GH", "www.", "http", "://", ":", "::", "##[", "[", "]", "(", ")", "`",
            "```", "~~~", "*", "_", "|", "\\", "<", ">", "<!--", "-->", "&", "&#64;", ";", "$", "=", "-", "+", ".",
            " ", "  ", "    ", "\t", "\n", "\r", "\r\n", "\n\n", "\u{85}", "\u{2028}", "\u{a0}", "\u{1b}", "\0",
            "\u{202e}", "\u{200b}", "\u{200d}", "\u{2060}", "\u{fe0f}", "/kaizen", "a", "word", "é", "日", "👩", "{",
            "}", "\"", "'", "^", "%", "x",
        ]);
        prop_oneof![
            prop::collection::vec(pieces, 0..24).prop_map(|parts| parts.concat()),
            prop::collection::vec(any::<char>(), 0..24).prop_map(String::from_iter),
            "[ -~\n]{0,40}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn markdown_renders_as_the_terminal_line(text in nasty()) {
            let (shown, written) = (terminal(&text), markdown(&text));
            for (place, around) in [
                ("{}", ["", ""]),
                ("a {} b", ["a ", " b"]),
                ("a\n{}", ["a", ""]),
                ("a\n\n{}", ["a", ""]),
                ("- a\n- {}\n", ["a", ""]),
                ("> {}\n", ["", ""]),
                ("|a|b|\n|-|-|\n|c|{}|\n", ["abc", ""]),
            ] {
                let document = place.replace("{}", &written);
                let (seen, odd) = rendered(&document);
                // Without text there is no paragraph to compare.
                if !shown.is_empty() {
                    prop_assert_eq!(odd, rendered(&place.replace("{}", "x")).1, "{:?}", document);
                }
                // Spaces at the ends, which the parser trims by itself, are not the point here.
                let bare = |text: &str| text.replace('\u{2060}', "").trim().to_owned();
                prop_assert_eq!(bare(&seen), bare(&around.join(&shown)), "{:?}", document);
            }
        }

        #[test]
        fn markdown_holds_nothing_live(text in nasty()) {
            let written = markdown(&text);
            prop_assert!(!written.contains(['<', '>', '\n', '\r', '\t']));
            prop_assert!(!written.starts_with(['/', ' ', '-', '#']));
            prop_assert!(!written.contains("://") && !written.to_ascii_lowercase().contains("www."));
            let mut escaped = false;
            for (at, c) in written.char_indices() {
                prop_assert!(escaped || !"`*_[]|~$".contains(c), "{}", written);
                escaped = !escaped && c == '\\';
                let next = written[at + c.len_utf8()..].chars().next();
                prop_assert!(c != '@' || next == Some(JOINER));
                // The number of an entity of ours is the only one.
                let entity = written[..at].ends_with('&');
                prop_assert!(c != '#' || entity || !next.is_some_and(char::is_alphanumeric));
                prop_assert!(c != '!' || !next.is_some_and(|next| next.is_ascii_digit()));
            }
            prop_assert!(!escaped);
        }

        #[test]
        fn lines_hold_no_control_and_no_command(text in nasty()) {
            for line in [markdown(&text), terminal(&text), ci_log(&text), html(&text)] {
                let hidden = line.chars().filter(|c| is_hidden(*c) && *c != JOINER).count();
                prop_assert_eq!(hidden, 0);
            }
            let log = ci_log(&text);
            prop_assert!(!log.trim_start().starts_with("::") && !log.contains("##["));
            let block = ci_block(&text);
            prop_assert!(block.lines().all(|line| !line.trim_start().starts_with("::") && !line.contains("##[")));
            prop_assert!(block.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'));
            prop_assert_eq!(block.matches('\n').count(), text.matches('\n').count());
            prop_assert!(!html(&text).contains(['<', '>', '"', '\'', '@']));
        }

        #[test]
        fn fence_is_one_block(text in nasty(), info in nasty()) {
            let fenced = fence(&text, &info);
            let (seen, odd) = rendered(&format!("{fenced}after\n"));
            prop_assert_eq!(odd.len(), 2, "{:?}", odd);
            prop_assert!(seen.ends_with("after") && !fenced.contains("<!--"));
        }

        #[test]
        fn github_output_reads_back(value in nasty(), seed in "[a-b]{0,2}") {
            let entry = github_output("n", &value, &seed);
            let (head, rest) = entry.split_once('\n').unwrap();
            let delimiter = head.strip_prefix("n<<").unwrap();
            let lines: Vec<_> = rest.split('\n').take_while(|line| *line != delimiter).collect();
            prop_assert_eq!(lines.join("\n"), value);
        }

        #[test]
        fn what_was_put_in_is_taken_out_again(text in "(\\PC|[@#\\\\&;:/<>|`*_\\[\\]$~. 0-9lgtamp\u{2060}\u{1b}\n]){0,40}") {
            prop_assert_eq!(readable(&markdown(&text)), terminal(&text));
        }

        #[test]
        fn plain_words_stay(text in "[A-Za-z]{1,8}( [A-Za-z]{1,8}){0,6}") {
            // A word that could begin an address is no plain one.
            proptest::prop_assume!(!text.to_lowercase().contains("www"));
            for write in [markdown, terminal, ci_log, html, ci_block] {
                prop_assert_eq!(write(&text), text.clone());
            }
        }

        #[test]
        fn cut_is_never_longer(text in nasty(), max in 0usize..30) {
            let short = cut(&text, max);
            prop_assert!(short.chars().count() <= max);
            prop_assert!(short == text || short.is_empty() || short.ends_with('…'));
        }
    }
}
