//! What a forge reads out of a text: whom it mentions and what it refers to (facts 104 and 105).
//!
//! Takes: Markdown as written. Gives: names and places. Where the facts are silent the text counts:
//! a ping or a reference too many makes a test fail, one too few hides a fault.

use std::sync::OnceLock;

use pulldown_cmark::{Event, LinkType, Options, Parser, Tag, TagEnd};
use regex::Regex;

/// The text with what is no plain text blanked: code spans, fences and HTML comments, and, with
/// `links`, links with their text.
fn plain(text: &str, links: bool) -> String {
    let mut out = text.as_bytes().to_vec();
    let mut blank = |range: std::ops::Range<usize>| out[range].iter_mut().for_each(|byte| *byte = b' ');
    let mut comment = None;
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        match event {
            Event::Code(_) => blank(range),
            Event::Start(Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Fenced(_))) => blank(range),
            Event::Start(Tag::Link { link_type, .. }) if links && !matches!(link_type, LinkType::Email) => blank(range),
            Event::Html(html) | Event::InlineHtml(html) => {
                let start = range.start;
                let mut from = 0;
                loop {
                    if comment.is_none() {
                        let Some(open) = html[from..].find("<!--") else { break };
                        comment = Some(());
                        from += open;
                    }
                    let close = html[from..].find("-->").map(|close| from + close + 3);
                    blank(start + from..start + close.unwrap_or(html.len()));
                    let Some(close) = close else { break };
                    comment = None;
                    from = close;
                }
            }
            Event::End(TagEnd::HtmlBlock) => comment = None,
            _ => {}
        }
    }
    String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Names that a new comment or the body of a new issue calls.
pub fn mentions(text: &str) -> Vec<String> {
    static PATTERN: OnceLock<Regex> = OnceLock::new();
    let pattern = PATTERN.get_or_init(|| Regex::new(r"(?:^|[^\w\\/@])@([A-Za-z0-9][A-Za-z0-9_.-]*)").unwrap());
    let text = plain(text, true);
    static URLS: OnceLock<Regex> = OnceLock::new();
    let text = URLS.get_or_init(|| Regex::new(r"https?://\S+").unwrap()).replace_all(&text, " ");
    let mut found: Vec<String> = Vec::new();
    for name in pattern.captures_iter(&text).map(|found| found[1].trim_end_matches(['.', '-', '_']).to_owned()) {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// What a text refers to: the repository where it says one, and the number. `roots` are the
/// addresses whose links count.
pub fn references(text: &str, roots: &[&str], markdown: bool) -> Vec<(Option<String>, u64)> {
    static PATTERN: OnceLock<Regex> = OnceLock::new();
    let short = PATTERN.get_or_init(|| {
        Regex::new(r"(?:^|[\s(\[{<>,;:.!?'\x22*_|-])((?:[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)?)#([0-9]+)\b").unwrap()
    });
    let text = if markdown { plain(text, false) } else { text.to_owned() };
    let mut found = Vec::new();
    for hit in short.captures_iter(&text) {
        // As recorded: `#3..` is none; a mark that ends a sentence may follow.
        let mut after = text[hit.get(2).unwrap().end()..].chars();
        if after.next().is_some_and(|mark| ":;,.?!".contains(mark))
            && after.next().is_some_and(|next| next.is_alphanumeric() || ":;,.?!".contains(next))
        {
            continue;
        }
        let repo = Some(hit[1].to_owned()).filter(|repo| !repo.is_empty());
        found.extend(hit[2].parse().ok().map(|number| (repo, number)));
    }
    static LINKS: OnceLock<Regex> = OnceLock::new();
    let links = LINKS
        .get_or_init(|| Regex::new(r"(https?://[^\s/]+)/([\w.-]+/[\w.-]+)/(?:issues|pulls|pull)/([0-9]+)\b").unwrap());
    for hit in links.captures_iter(&text).filter(|hit| roots.contains(&&hit[1])) {
        found.extend(hit[3].parse().ok().map(|number| (Some(hit[2].to_owned()), number)));
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn what_pings_and_what_does_not() {
    let called = |text: &str| !mentions(text).is_empty();
    for text in [
        "@ada",
        "hi @ada, look",
        "> @ada",
        "a | b\n- | -\n@ada | x",
        "<b>@ada</b>",
        "<b title=\"@ada\">x</b>",
        "`@ada",
        "(@ada)",
        "**@ada**",
    ] {
        assert!(called(text), "{text}");
    }
    for text in [
        "`@ada`",
        "```\n@ada\n```",
        "<!-- @ada -->",
        "x <!-- @ada --> y",
        "<!--\n@ada\n-->",
        "\\@ada",
        "&#64;ada",
        "@\u{200b}ada",
        "@\u{2060}ada",
        "[@ada](https://a.example)",
        "https://a.example/@ada",
        "a@ada.example",
    ] {
        assert!(!called(text), "{text}");
    }
    assert_eq!(mentions("@ada and @bob-1. @ada"), ["ada", "bob-1"]);
    assert_eq!(mentions("<!-- @x --> @ada"), ["ada"]);
}

#[test]
fn what_refers_and_what_does_not() {
    let root = "https://forge.example.test";
    let named = |text: &str| references(text, &[root], true);
    assert_eq!(named("see #12, and (#13) or acme/app#14"), [(None, 12), (None, 13), (Some("acme/app".into()), 14)]);
    assert_eq!(named("https://forge.example.test/acme/app/issues/7"), [(Some("acme/app".into()), 7)]);
    for text in [
        "&#35;12",
        "acme/app&#35;12",
        "`#12`",
        "```\n#12\n```",
        "https://other.example/acme/app/issues/7",
        "x#12y",
        "#12..",
        "#12.5",
        "#twelve",
    ] {
        assert_eq!(named(text), [], "{text}");
    }
}
