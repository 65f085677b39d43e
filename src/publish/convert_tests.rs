//! Markdown as formatted text.
//!
//! Takes: Markdown. Gives: the text that people read of it.

use super::convert::{LONGEST_ADDRESS, rich};
use super::rich::RichStyle;

fn text(markdown: &str) -> String {
    rich(markdown).text
}

#[test]
fn blocks_stand_apart_and_lists_are_indented() {
    let markdown = "# Title\n\nOne\ntwo.\n\n- a\n- b\n  1. c\n  2. d\n\n     e\n- [x] f\n\n> q\n> r\n\n---\nlast";
    let expected = "Title\n\nOne\ntwo.\n\n• a\n• b\n  1. c\n\n  2. d\n\n    e\n\n• ☑ f\n\n│ q\n│ r\n\n———\n\nlast";
    assert_eq!(text(markdown), expected);
    assert_eq!(text("1. a\n\n   b\n2. c"), "1. a\n\n  b\n\n2. c");
}

#[test]
fn html_and_markers_are_left_out() {
    let markdown = "<details><summary>More &amp; more</summary>\n\nInside.\n\n</details>\n\na<br>b <sub>c</sub>\n\n\
                    <!-- kaizen:v1 key=x -->";
    assert_eq!(text(markdown), "More & more\n\nInside.\n\na\nb c");
}

#[test]
fn a_link_that_no_message_holds_is_text() {
    let long = format!("https://h.example/{}", "x".repeat(LONGEST_ADDRESS));
    let rich = rich(&format!("[**a**]({long}) [b](/c) [d](javascript:e)"));
    assert_eq!(rich.text, format!("a ({long}) b d"));
    assert!(rich.spans.iter().all(|span| span.style == RichStyle::Bold), "{:?}", rich.spans);
}

#[test]
fn what_a_channel_would_strip_or_obey_is_gone() {
    assert_eq!(text("a@b \u{202e}c\u{1b}[0m @\u{2060}d"), "a@\u{2060}b c [0m @\u{2060}d");
}

#[test]
fn code_keeps_its_lines() {
    assert_eq!(text("- x\n\n  ```\n  a\n    b\n  ```\n- y"), "• x\n\na\n  b\n\n• y");
}
