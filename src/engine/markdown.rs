//! A body taken apart: what a person says, code, headings.
//!
//! Takes: Markdown (CommonMark without extensions). Gives: [`Markdown`]. Prose is the source with
//! code, quotes and HTML taken out, so that every word of it stands in the body as it is. Most
//! bodies hold little but paragraphs, lists, headings, fences and code spans; those are read line
//! by line, several times faster than by the parser. What else stands between two blank lines
//! (a quote, tags, a nested list) goes to the parser by itself; only a body whose parts hang
//! together in another way goes there whole. A test holds both ways to the same answer.

mod quick;

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
        quick::plain(body).unwrap_or_else(|| parsed(body))
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
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::quick::plain;
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
