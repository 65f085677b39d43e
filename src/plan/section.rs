//! A section of ours in the text of an item, between two hidden lines.
//!
//! Takes: a text, whose section is meant. Gives: the section that stands there, the text with another one
//! in its place, the text as it is without any. Whatever stands outside is kept byte for byte. Pure.
//!
//! The text is somebody else's, and so could the two lines be: a section is no memory of what we did,
//! that is the comment beside it.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr_iter;

use super::marker::{Marker, encoded, fields};
use crate::engine::digest;

/// How the line before every section begins.
const OPEN: &str = "<!-- kaizen:section ";
/// The line after every section.
const CLOSE: &str = "<!-- kaizen:end -->";

/// A section that stands in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSection {
    /// Digest of the decision that wrote it.
    pub did: String,
    /// The run that wrote it.
    pub run: String,
    /// Somebody has changed what stands in it.
    pub edited: bool,
}

/// The section of a policy in a text; of several the last.
#[must_use]
pub fn there(text: &str, policy: &str) -> Option<TextSection> {
    let (range, marker) = last(text, policy)?;
    let inside = text[range].lines().skip(1);
    let mut inside: Vec<&str> = inside.collect();
    inside.pop();
    let edited = marker.get("text") != Some(&digest(inside.join("\n").trim()));
    let field = |name: &str| marker.get(name).unwrap_or("").to_owned();
    Some(TextSection { did: field("did"), run: field("run"), edited })
}

/// The section of a policy with its two lines; of several the last.
#[must_use]
pub fn whole<'t>(text: &'t str, policy: &str) -> Option<&'t str> {
    last(text, policy).and_then(|(range, _)| text.get(range))
}

/// A text with the section of a policy taken out, and with it the gap that was made for it.
#[must_use]
pub fn taken_out(text: &str, policy: &str) -> String {
    let Some((range, _)) = last(text, policy) else { return text.to_owned() };
    let (before, after) = (&text[..range.start], &text[range.end..]);
    match after.trim().is_empty() {
        true => [before.trim_end(), after].concat(),
        false => [before, after.trim_start_matches(['\r', '\n'])].concat(),
    }
}

/// A section, whole: its two lines and what stands between them.
#[must_use]
pub fn with_marks(marker: &Marker, text: &str) -> String {
    let marker = marker.clone().with("text", &digest(text.trim()));
    format!("{OPEN}{} -->\n{}\n{CLOSE}", encoded(&marker), text.trim())
}

/// A text with this section in the place of the policy's own, or after its end.
#[must_use]
pub fn put(text: &str, section: &str) -> String {
    let policy = all(section).into_iter().find_map(|(_, marker)| marker.get("policy").map(str::to_owned));
    let of_policy = |marker: &Marker| marker.get("policy") == policy.as_deref();
    match all(text).into_iter().rfind(|(_, marker)| of_policy(marker)) {
        Some((range, _)) => [&text[..range.start], section, &text[range.end..]].concat(),
        None if text.trim().is_empty() => [text, section].concat(),
        // A text of ours ends with its own line, by which it is known.
        None if Marker::ending(text).is_some() => {
            let end = text.trim_end().rfind('\n').map_or(0, |at| at + 1);
            [&text[..end], section, "\n\n", &text[end..]].concat()
        }
        None => {
            let gap = if text.ends_with("\n\n") {
                ""
            } else if text.ends_with('\n') {
                "\n"
            } else {
                "\n\n"
            };
            [text, gap, section].concat()
        }
    }
}

/// A text without any section of ours, as people wrote it.
#[must_use]
pub fn without(text: &str) -> Cow<'_, str> {
    if !may_hold(text) {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    for (range, _) in all(text) {
        kept.push_str(&text[at..range.start]);
        at = range.end;
        // The gap that was made before a line of ours goes with it.
        let rest = text[at..].trim_start();
        at += if Marker::ending(rest).is_some() && !rest.trim_end().contains('\n') {
            text[at..].len() - rest.len()
        } else {
            0
        };
    }
    kept.push_str(&text[at..]);
    Cow::Owned(kept)
}

/// Whether a text could end a section early or begin one.
#[must_use]
pub fn breaks(text: &str) -> bool {
    text.contains(OPEN.trim_end()) || text.contains(CLOSE)
}

/// Whether anything in a text begins as a section does. Every text is asked, and few hold a `<` at all.
fn may_hold(text: &str) -> bool {
    memchr_iter(b'<', text.as_bytes()).any(|at| text[at..].starts_with(OPEN))
}

fn last(text: &str, policy: &str) -> Option<(Range<usize>, Marker)> {
    all(text).into_iter().rfind(|(_, marker)| marker.get("policy") == Some(policy))
}

/// Every section: where it stands, what its first line says. One without its last line is only text.
fn all(text: &str) -> Vec<(Range<usize>, Marker)> {
    let mut found: Vec<(Range<usize>, Marker)> = Vec::new();
    if !may_hold(text) {
        return found;
    }
    let (mut at, mut open) = (0, None);
    for line in text.split_inclusive('\n') {
        let (start, plain) = (at, line.trim_end());
        at += line.len();
        if let Some(marker) = plain.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(" -->")).and_then(fields) {
            open = Some((start, marker));
        } else if plain == CLOSE
            && let Some((begin, marker)) = open.take()
        {
            found.push((begin..start + CLOSE.len(), marker));
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn section(policy: &str, did: &str, text: &str) -> String {
        with_marks(&Marker::default().with("policy", policy).with("did", did).with("run", "-"), text)
    }

    #[test]
    fn a_section_is_put_replaced_and_taken_out_and_the_rest_stays() {
        let (one, two) = (section("p", "1", "first\n\ntext\n"), section("p", "2", "second"));
        for (before, joined) in [("", ""), ("Text", "\n\n"), ("Text\r\n", "\n"), ("Text\n\n", ""), ("  \n", "")] {
            let with = put(before, &one);
            assert_eq!(with, [before, joined, one.as_str()].concat());
            assert_eq!(there(&with, "p").unwrap(), TextSection { did: "1".into(), run: "-".into(), edited: false });
            assert_eq!(there(&with, "other"), None);
            assert_eq!(without(&with).trim_end(), before.trim_end());
            // People write after it, and around it.
            let around = format!("Up\n{with}\r\n\r\nDown  \n");
            assert_eq!(put(&around, &two), around.replace(&one, &two));
            assert_eq!(there(&put(&around, &two), "p").unwrap().did, "2");
        }
    }

    #[test]
    fn a_section_is_taken_out_and_what_stands_around_it_stays() {
        let one = section("p", "1", "first\n\ntext\n");
        for before in ["", "Text", "Text\r\nmore", "Words\n\n<!-- kaizen:v1 policy=p key=issue -->"] {
            let with = put(before, &one);
            assert_eq!(whole(&with, "p"), Some(one.as_str()));
            assert_eq!((taken_out(&with, "p").as_str(), whole(before, "p")), (before, None));
            assert_eq!(taken_out(&with, "other"), with);
        }
        let around = format!("Up\n\n{}\r\n\r\nDown  \n", put("Text", &one));
        assert_eq!(taken_out(&around, "p"), "Up\n\nText\n\nDown  \n");
    }

    #[test]
    fn a_text_of_ours_keeps_its_own_line_at_its_end() {
        let ours = format!("Words\n\n{}", Marker::default().with("policy", "p").with("key", "issue").line());
        let with = put(&ours, &section("p", "1", "first"));
        assert_eq!(Marker::ending(&with), Marker::ending(&ours));
        assert_eq!((&*without(&with), there(&with, "p").unwrap().did), (ours.as_str(), "1".into()));
        assert_eq!(without(&put(&with, &section("p", "2", "second"))), ours);
    }

    #[test]
    fn what_somebody_changed_in_it_is_seen_and_ends_of_lines_are_no_change() {
        let with = put("Text", &section("p", "1", "a\nb"));
        assert!(!there(&with.replace('\n', "\r\n"), "p").unwrap().edited);
        assert!(there(&with.replace("a\nb", "a\nc"), "p").unwrap().edited);
        assert!(there(&with.replace("a\nb\n", ""), "p").unwrap().edited);
    }

    #[test]
    fn of_two_policies_each_has_its_own_and_half_a_section_is_text() {
        let both = put(&put("Text", &section("p", "1", "one")), &section("q", "2", "two"));
        assert_eq!((there(&both, "p").unwrap().did, there(&both, "q").unwrap().did), ("1".into(), "2".into()));
        assert_eq!(without(&both).trim_end(), "Text");
        let half = both.replace(CLOSE, "");
        assert_eq!((there(&half, "p"), &*without(&half)), (None, half.as_str()));
        assert_eq!(there(&format!("> {}", section("p", "1", "x")), "p"), None);
    }
}
