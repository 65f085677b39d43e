//! The areas that patterns look in, and the tags in an item's title and labels.
//!
//! Takes: a title and labels. Gives: [`Area`], [`TitleTags`]: the tags, and the title without them.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Where a pattern looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// The title, tags included.
    Title,
    /// The body as it is.
    Body,
    /// Title, a line break, body.
    Text,
    /// Title, a line break, and the body without code, quotes, HTML and comments.
    Prose,
    /// The body's code spans and blocks, each on lines of its own.
    Code,
    /// The body's headings, each on a line of its own.
    Headings,
    /// Title, body, and the names of the labels, each on a line of its own.
    Labelled,
}

impl Area {
    /// How many areas there are.
    pub const COUNT: usize = AREAS.len();
}

/// Every area with its name in rules.
pub const AREAS: [(&str, Area); 7] = [
    ("title", Area::Title),
    ("body", Area::Body),
    ("text", Area::Text),
    ("prose", Area::Prose),
    ("code", Area::Code),
    ("headings", Area::Headings),
    ("labelled", Area::Labelled),
];

/// How tags are made: `tags:` of a rule file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagRules {
    /// Any text in brackets is a tag; otherwise only words of a keyword set are.
    pub any_bracket: bool,
    /// A label as a whole is a tag.
    pub whole: bool,
    /// The last part of a scoped label is a tag: `Kind/Bug` and `type: bug` are `bug`.
    pub last_part: bool,
}

/// A tag as it is compared: spaces, hyphens and underscores are one. It is in lower case already.
#[must_use]
pub fn tag_key(tag: &str) -> Cow<'_, str> {
    if tag.contains([' ', '_']) { tag.replace([' ', '_'], "-").into() } else { tag.into() }
}

/// Whether two texts are one tag.
#[must_use]
pub fn same_tag(one: &str, other: &str) -> bool {
    one == other || tag_key(&one.to_lowercase()) == tag_key(&other.to_lowercase())
}

/// Tags and what is left of the title.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TitleTags {
    /// All tags in lower case, sorted, each once.
    pub tags: Vec<String>,
    /// Those that labels gave, likewise.
    pub from_labels: Vec<String>,
    /// The title without its tags, ends trimmed, inner spaces kept.
    pub title: String,
}

// A pattern that cannot fail to compile: a test builds it.
#[allow(clippy::expect_used)]
static ANY_BRACKET: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\[([^\]]+)\]").expect("a valid pattern"));
#[allow(clippy::expect_used)]
static INNER_BRACKET: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\[([^\[\]]+)\]").expect("a valid pattern"));

impl TitleTags {
    /// Reads tags from a title and labels; `known` says which words are in a keyword set.
    pub fn read(title: &str, labels: &[&str], rules: TagRules, known: impl Fn(&str) -> bool) -> Self {
        let mut found = TitleTags { title: title.to_owned(), ..TitleTags::default() };
        if title.contains('[') {
            found.take_brackets(title, rules, known);
        }
        found.title = found.title.trim().to_owned();
        for label in labels {
            let lower = label.trim().to_lowercase();
            if rules.last_part
                && let Some(at) = lower.rfind(['/', ':'])
            {
                found.from_labels.push(lower[at + 1..].trim().to_owned());
            }
            if rules.whole {
                found.from_labels.push(lower);
            }
        }
        if !rules.any_bracket {
            found.from_labels.retain(|tag| !tag.is_empty());
        }
        found.from_labels.sort_unstable();
        found.from_labels.dedup();
        found.tags.extend(found.from_labels.iter().cloned());
        found.tags.sort_unstable();
        found.tags.dedup();
        found
    }

    fn take_brackets(&mut self, title: &str, rules: TagRules, known: impl Fn(&str) -> bool) {
        let pattern = if rules.any_bracket { &*ANY_BRACKET } else { &*INNER_BRACKET };
        let mut rest = String::with_capacity(title.len());
        let mut end = 0;
        for found in pattern.captures_iter(title) {
            let (Some(whole), Some(inner)) = (found.get(0), found.get(1)) else { continue };
            let tag = inner.as_str().to_lowercase().trim().to_owned();
            // `[bug](https://…)` is a link, whatever its text.
            let is_link = title[whole.end()..].starts_with('(');
            if rules.any_bracket || (known(&tag) && !is_link) {
                rest.push_str(&title[end..whole.start()]);
                end = whole.end();
                // Forms write `[Bug]: title`; with any bracket a title stays as it is, as T37 has it.
                if !rules.any_bracket && title[end..].starts_with(':') {
                    end += 1;
                }
                self.tags.push(tag);
            }
        }
        rest.push_str(&title[end..]);
        self.title = rest;
    }
}
