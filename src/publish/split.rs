//! A text in parts that a channel takes.
//!
//! Takes: [`Rich`] text, a markup, how much one message holds. Gives: the parts in order, each whole
//! markup by itself and within the limit with its markup and its number. Cut between paragraphs,
//! else between lines, else between words, else between two characters as people see them. What
//! falls out at a cut is the line end or the one space that it replaces, and nothing else.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::rich::Rich;
use super::write::{Markup, uncommanded, write};

/// How much one message holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct MessageLimit {
    /// In the units of `size`.
    pub(super) most: usize,
    pub(super) size: fn(&str) -> usize,
}

/// Telegram's and Discord's unit: what counts for one beyond the basic plane counts for two.
pub(super) fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MessagePart {
    /// In the markup.
    pub(super) text: String,
    /// The same without any.
    pub(super) plain: String,
}

/// The parts of a text; none of a text that is empty. Each of several begins with its number.
pub(super) fn parts(rich: &Rich, markup: Markup, limit: MessageLimit) -> Vec<MessagePart> {
    let mut digits = 1;
    let ranges = loop {
        let ranges = cut(rich, markup, limit, "(/)\n".len() + 2 * digits);
        // A number of more digits than expected needs more room.
        match ranges.len().to_string().len() {
            more if more > digits => digits = more,
            _ => break ranges,
        }
    };
    let count = ranges.len();
    let number = |nth: usize| if count > 1 { format!("({nth}/{count})\n") } else { String::new() };
    let part = |(nth, at): (usize, Range<usize>)| {
        let text = number(nth + 1) + &write(rich, at.clone(), markup);
        let plain = write(rich, at, Markup::Plain);
        // What is sent where the markup is not taken goes to the same channel.
        let plain = if markup == Markup::Html { uncommanded(&plain) } else { plain };
        MessagePart { text, plain: number(nth + 1) + &plain }
    };
    ranges.into_iter().enumerate().map(part).collect()
}

/// Where the parts are.
fn cut(rich: &Rich, markup: Markup, limit: MessageLimit, number: usize) -> Vec<Range<usize>> {
    let text = rich.text.as_str();
    let whole = text.trim_end().len();
    let room = |at: Range<usize>, number: usize| (limit.size)(&write(rich, at, markup)) + number <= limit.most;
    let mut start = whole - text[..whole].trim_start_matches('\n').len();
    if start < whole && room(start..whole, 0) {
        return vec![Range { start, end: whole }];
    }
    let mut ranges = Vec::new();
    while start < whole {
        let fits = |end: usize| room(start..end, number);
        // No character is smaller than one unit, none larger than four bytes.
        let far = whole.min(start + 4 * limit.most);
        let far = text.floor_char_boundary(far);
        if far == whole && fits(whole) {
            ranges.push(start..whole);
            break;
        }
        let (mut low, mut high) = (start, far);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let end = text.floor_char_boundary(middle);
            if end <= low {
                // Within one character: the next border above decides.
                let end = text.ceil_char_boundary(middle);
                if end >= high || !fits(end) {
                    break;
                }
                low = end;
            } else if fits(end) {
                low = end;
            } else {
                high = end;
            }
        }
        // At least one character, so that there is an end; its markup is far below any limit.
        let one = start + text[start..].chars().next().map_or(1, char::len_utf8);
        let (end, next) = border(text, start, low.max(one).min(whole));
        ranges.push(start..end);
        start = next + text[next..].len() - text[next..].trim_start_matches('\n').len();
    }
    ranges
}

/// The best place to end a part that begins at `start` and may reach to `most`, and where the next
/// one begins. A border that would leave the part almost empty is not taken.
fn border(text: &str, start: usize, most: usize) -> (usize, usize) {
    let least = start + (most - start) / 8;
    for between in ["\n\n", "\n"] {
        // It may stand right behind what fits.
        let reach = text.floor_char_boundary((most + between.len()).min(text.len()));
        if let Some(at) = text[start..reach].rfind(between).map(|at| start + at)
            && at > least
        {
            return (at, at + between.len());
        }
    }
    if text[most..].starts_with([' ', '\t']) {
        return (most, most + 1);
    }
    let words = text[start..most].char_indices().rev().find(|(_, c)| matches!(c, ' ' | '\t'));
    if let Some((at, _)) = words.filter(|(at, _)| start + at > least) {
        return (start + at, start + at + 1);
    }
    let graphemes = text[start..].grapheme_indices(true).map(|(at, _)| start + at);
    let last = graphemes.take_while(|at| *at <= most).last().filter(|at| *at > start);
    let end = last.unwrap_or(most);
    (end, end)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::publish::convert::rich;
    use proptest::prelude::*;

    fn limit(most: usize) -> MessageLimit {
        MessageLimit { most, size: utf16 }
    }

    fn cuts(text: &str, most: usize) -> Vec<String> {
        let rich = Rich { text: text.to_owned(), spans: Vec::new() };
        parts(&rich, Markup::Html, limit(most)).into_iter().map(|part| part.text).collect()
    }

    #[test]
    fn paragraphs_then_lines_then_words_then_characters() {
        assert_eq!(cuts("", 20), [""; 0]);
        assert_eq!(cuts(" \n\n ", 20), [""; 0]);
        assert_eq!(cuts("short", 5), ["short"]);
        assert_eq!(cuts("one two\n\nthree\nfour", 16), ["(1/2)\none two", "(2/2)\nthree\nfour"]);
        assert_eq!(cuts("one two\nthree four", 16), ["(1/2)\none two", "(2/2)\nthree four"]);
        assert_eq!(cuts("aaaa bbbb cccc dddd", 15), ["(1/2)\naaaa bbbb", "(2/2)\ncccc dddd"]);
        assert_eq!(cuts("aaaabbbbccccdddd", 14), ["(1/2)\naaaabbbb", "(2/2)\nccccdddd"]);
    }

    #[test]
    fn a_character_as_people_see_it_is_not_cut() {
        let family = "👨‍👩‍👧‍👦";
        let parts = cuts(&family.repeat(4), 6 + 2 * utf16(family) + 3);
        assert_eq!(parts, [format!("(1/2)\n{}", family.repeat(2)), format!("(2/2)\n{}", family.repeat(2))]);
        // One that is longer than a message is cut all the same.
        let accents = format!("a{}", "\u{301}".repeat(40));
        let parts = cuts(&accents, 30);
        assert!(parts.len() > 1 && parts.iter().all(|part| utf16(part) <= 30), "{parts:?}");
    }

    #[test]
    fn code_keeps_its_indent_across_a_cut() {
        let rich = rich("```rust\nfn a() {\n    let b;\n    let c;\n}\n```\n");
        let parts = parts(&rich, Markup::Html, limit(75));
        let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "(1/2)\n<pre><code class=\"language-rust\">fn a() {\n    let b;</code></pre>",
                "(2/2)\n<pre><code class=\"language-rust\">    let c;\n}</code></pre>"
            ]
        );
    }

    #[test]
    fn more_parts_need_longer_numbers() {
        let parts = cuts(&"abcdefghij".repeat(100), 17);
        assert!(parts.len() > 99, "{}", parts.len());
        assert!(parts.iter().all(|part| utf16(part) <= 17), "{parts:?}");
        let text: String = parts.iter().map(|part| part.split_once('\n').unwrap().1).collect();
        assert_eq!(text, "abcdefghij".repeat(100));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

        #[test]
        fn nothing_but_space_falls_out(
            pieces in proptest::collection::vec(proptest::sample::select(vec![
                "a", "word ", "\n", "\n\n", "    ", "é", "e\u{301}", "🦀", "👩‍🚀", "<", "&amp;", "**", "_", "`", "[x](https://h.example/y)",
                "\\*", "- ", "\n```\n", "> ", "# ", "|", "日本", "longwordlongwordlongword",
            ]), 0..120),
            most in 60usize..200,
        ) {
            let rich = rich(&pieces.concat());
            for markup in [Markup::Html, Markup::Discord, Markup::Slack, Markup::Plain] {
                let ranges = cut(&rich, markup, limit(most), 9);
                let mut at = 0;
                for range in &ranges {
                    prop_assert!(range.start >= at && range.end > range.start);
                    let gap = &rich.text[at..range.start];
                    prop_assert!(gap.chars().all(char::is_whitespace), "{:?} fell out", gap);
                    prop_assert!(utf16(&write(&rich, range.clone(), markup)) <= most, "{:?}", range);
                    at = range.end;
                }
                prop_assert!(rich.text[at..].trim().is_empty());
            }
        }
    }
}
