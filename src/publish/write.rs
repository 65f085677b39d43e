//! Formatted text in the markup of a channel.
//!
//! Takes: a stretch of a [`Rich`] text. Gives: the same in a [`Markup`], whole by itself: what is
//! open at its start is opened, what is open at its end is closed, and no character of the text is
//! taken for markup.

use std::ops::Range;

use super::rich::{Rich, RichSpan, RichStyle};

/// WORD JOINER: takes no room.
pub(super) const JOINER: char = '\u{2060}';

/// How a channel writes formatting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    /// Telegram's HTML: three characters to escape, and tags that nest.
    Html,
    /// Discord's Markdown.
    Discord,
    /// Slack's mrkdwn.
    Slack,
    /// None: the address of a link stands behind it.
    Plain,
}

/// A stretch of a text in a markup.
pub(super) fn write(rich: &Rich, at: Range<usize>, markup: Markup) -> String {
    let mut out = String::with_capacity(at.len() + at.len() / 4);
    let mut open: Vec<&RichSpan> = Vec::new();
    for piece in rich.pieces(at.clone()) {
        let same = open.iter().zip(&piece.spans).take_while(|(one, other)| std::ptr::eq(**one, **other)).count();
        for span in open.drain(same..).rev() {
            close(&mut out, rich, span, &at, markup);
        }
        for span in &piece.spans[same..] {
            start(&mut out, rich, span, &at, markup);
        }
        let innermost = piece.spans.last().map(|span| &span.style);
        text(&mut out, piece.text, innermost, markup);
        open = piece.spans;
    }
    for span in open.into_iter().rev() {
        close(&mut out, rich, span, &at, markup);
    }
    out
}

fn start(out: &mut String, rich: &Rich, span: &RichSpan, at: &Range<usize>, markup: Markup) {
    match (markup, &span.style) {
        (Markup::Html, RichStyle::Bold) => out.push_str("<b>"),
        (Markup::Html, RichStyle::Italic) => out.push_str("<i>"),
        (Markup::Html, RichStyle::Strike) => out.push_str("<s>"),
        (Markup::Html, RichStyle::Code) => out.push_str("<code>"),
        (Markup::Html, RichStyle::Pre(language)) if language.is_empty() => out.push_str("<pre>"),
        (Markup::Html, RichStyle::Pre(language)) => {
            out.extend(["<pre><code class=\"language-", language, "\">"]);
        }
        (Markup::Html, RichStyle::Link(url)) => out.extend(["<a href=\"", &html(url).replace('"', "&quot;"), "\">"]),
        (Markup::Discord, RichStyle::Code) => out.push_str(ticks(rich, span, at)),
        (Markup::Discord, RichStyle::Pre(language)) => out.extend(["```", language, "\n"]),
        (Markup::Discord, RichStyle::Link(_)) => out.push('['),
        (Markup::Slack, RichStyle::Code) => out.push('`'),
        (Markup::Slack, RichStyle::Pre(_)) => out.push_str("```\n"),
        (Markup::Slack, RichStyle::Link(url)) => out.extend(["<", &slack(&bare(url)), "|"]),
        (Markup::Plain, _) => {}
        (_, style) => out.push_str(sign(markup, style)),
    }
}

fn close(out: &mut String, rich: &Rich, span: &RichSpan, at: &Range<usize>, markup: Markup) {
    match (markup, &span.style) {
        (Markup::Html, RichStyle::Bold) => out.push_str("</b>"),
        (Markup::Html, RichStyle::Italic) => out.push_str("</i>"),
        (Markup::Html, RichStyle::Strike) => out.push_str("</s>"),
        (Markup::Html, RichStyle::Code) => out.push_str("</code>"),
        (Markup::Html, RichStyle::Pre(language)) if language.is_empty() => out.push_str("</pre>"),
        (Markup::Html, RichStyle::Pre(_)) => out.push_str("</code></pre>"),
        (Markup::Html, RichStyle::Link(_)) => out.push_str("</a>"),
        (Markup::Discord, RichStyle::Code) => out.push_str(ticks(rich, span, at)),
        (Markup::Discord | Markup::Slack, RichStyle::Pre(_)) => out.push_str("\n```"),
        (Markup::Discord, RichStyle::Link(url)) => out.extend(["](<", &bare(url), ">)"]),
        (Markup::Slack, RichStyle::Code) => out.push('`'),
        (Markup::Slack, RichStyle::Link(_)) => out.push('>'),
        // Behind the whole of it, and not where it says so itself.
        (Markup::Plain, RichStyle::Link(url)) if span.at.end <= at.end && rich.text[span.at.clone()] != **url => {
            out.extend([" (", url, ")"]);
        }
        (Markup::Plain, _) => {}
        (_, style) => out.push_str(sign(markup, style)),
    }
}

fn sign(markup: Markup, style: &RichStyle) -> &'static str {
    match (markup, style) {
        (Markup::Discord, RichStyle::Bold) => "**",
        (Markup::Discord, RichStyle::Strike) => "~~",
        (Markup::Slack, RichStyle::Strike) => "~",
        (_, RichStyle::Bold) => "*",
        (_, RichStyle::Italic) => "_",
        _ => "",
    }
}

/// What code within a line stands between: a run that is not in it.
fn ticks(rich: &Rich, span: &RichSpan, at: &Range<usize>) -> &'static str {
    let inside = &rich.text[span.at.start.max(at.start)..span.at.end.min(at.end)];
    if inside.contains('`') { "``" } else { "`" }
}

/// The text itself, such that nothing in it is markup.
fn text(out: &mut String, text: &str, within: Option<&RichStyle>, markup: Markup) {
    match (markup, within) {
        (Markup::Plain, _) => out.push_str(text),
        (Markup::Html, Some(RichStyle::Code | RichStyle::Pre(_) | RichStyle::Link(_))) => out.push_str(&html(text)),
        (Markup::Html, _) => out.push_str(&html(&uncommanded(text))),
        (Markup::Slack, Some(RichStyle::Pre(_))) => out.push_str(&slack(&unfenced(text))),
        (Markup::Slack, _) => out.push_str(&slack(text)),
        (Markup::Discord, Some(RichStyle::Code | RichStyle::Pre(_))) => out.push_str(&unfenced(text)),
        (Markup::Discord, _) => discord(out, text),
    }
}

/// Without `/start`, which Telegram makes a link of that sends a command to a bot.
pub(super) fn uncommanded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        out.push(c);
        let named = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if c == '/' && named(&text[at + 1..]) && !before.is_alphanumeric() && !matches!(before, '/' | '_') {
            out.push(JOINER);
        }
        before = c;
    }
    out
}

/// Without a run of backticks that would end a block of code.
fn unfenced(text: &str) -> String {
    text.replace("``", &format!("`{JOINER}`"))
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
    }
    out
}

/// The three characters that Slack reads: without them there is no `<!channel>` and no link.
fn slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn discord(out: &mut String, text: &str) {
    for c in text.chars() {
        let first = out.is_empty() || out.ends_with('\n');
        match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '<' | '>' | '[' | ']' | '#' => out.extend(['\\', c]),
            '-' | '+' if first => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
}

/// An address without the characters that end one in a markup.
fn bare(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '|' => out.push_str("%7C"),
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::convert::rich;

    fn all(markdown: &str) -> [String; 4] {
        let rich = rich(markdown);
        [Markup::Html, Markup::Discord, Markup::Slack, Markup::Plain]
            .map(|markup| write(&rich, 0..rich.text.len(), markup))
    }

    #[test]
    fn no_text_is_a_command_of_telegram() {
        for (given, wanted) in [
            ("/start now, (/help) and 🦀/x", "/¦start now, (/¦help) and 🦀/¦x"),
            (
                "src/auth/login.py, 3/4, https://a.example/b, / and //",
                "src/auth/login.py, 3/4, https://a.example/b, / and //",
            ),
        ] {
            assert_eq!(uncommanded(given), wanted.replace('¦', "\u{2060}"));
        }
        let rich = rich("/start and `/usr/bin`");
        let html = write(&rich, 0..rich.text.len(), Markup::Html);
        assert_eq!(html, "/\u{2060}start and <code>/usr/bin</code>");
    }

    #[test]
    fn every_markup_says_the_same() {
        let [html, discord, slack, plain] =
            all("**a *b*** `c<d` ~~e~~ [f \"g\"](https://h.example/?i=1&j=(2)) & <k> x_y");
        assert_eq!(
            html,
            "<b>a <i>b</i></b> <code>c&lt;d</code> <s>e</s> \
             <a href=\"https://h.example/?i=1&amp;j=(2)\">f \"g\"</a> &amp;  x_y"
        );
        assert_eq!(discord, "**a _b_** `c<d` ~~e~~ [f \"g\"](<https://h.example/?i=1&j=%282%29>) &  x\\_y");
        assert_eq!(slack, "*a _b_* `c&lt;d` ~e~ <https://h.example/?i=1&amp;j=%282%29|f \"g\"> &amp;  x_y");
        assert_eq!(plain, "a b c<d e f \"g\" (https://h.example/?i=1&j=(2)) &  x_y");
    }

    #[test]
    fn nobody_is_called() {
        let text = "@everyone @here &lt;!channel&gt; &lt;@U123&gt; &lt;@&amp;1&gt; [x](tg://user?id=1) `@everyone`";
        for written in all(text) {
            assert!(!written.contains("@everyone") && !written.contains("@here"), "{written}");
            assert!(!written.contains("tg://"), "{written}");
        }
        let [html, discord, slack, _] = all(text);
        assert!(html.contains("&lt;!channel&gt;") && slack.contains("&lt;!channel&gt;"));
        assert!(discord.contains("\\<@"), "{discord}");
    }

    #[test]
    fn a_stretch_within_formatting_is_whole() {
        let rich = rich("**bold `code` [link](https://x.example)**\n\n```rust\nlet a;\nlet b;\n```\n");
        assert_eq!(rich.text, "bold code link\n\nlet a;\nlet b;");
        assert_eq!(write(&rich, 2..7, Markup::Html), "<b>ld </b><code>co</code>");
        assert_eq!(
            write(&rich, 11..20, Markup::Html),
            "<b><a href=\"https://x.example\">ink</a></b>\n\n<pre><code class=\"language-rust\">let </code></pre>"
        );
        assert_eq!(write(&rich, 20..25, Markup::Discord), "```rust\na;\nle\n```");
        // A link that is cut names its address once, at its end.
        assert_eq!(write(&rich, 10..12, Markup::Plain), "li");
        assert_eq!(write(&rich, 12..14, Markup::Plain), "nk (https://x.example)");
    }

    #[test]
    fn backticks_in_code_do_not_end_it() {
        let [_, discord, slack, _] = all("``a`b``\n\n````\n```\n````\n");
        assert_eq!(discord, "``a`b``\n\n```\n`\u{2060}``\n```");
        assert!(slack.ends_with("```\n`\u{2060}``\n```"), "{slack}");
    }
}
