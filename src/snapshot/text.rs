//! Texts without what people said in them.
//!
//! Takes: a title and a body, or a comment, with what the rules need of them. Gives: texts of the same
//! length and structure, in which every letter that nothing asks for is an `x`. Logins after an `@` and
//! full names of repositories become the names that stand for them. What came of it is held against the
//! original, and where it is not equal another way is tried.

use std::ops::Range;

use super::keep::{ANY, Keeper, TextLetters, occurrences};
use super::names::NameMap;
use super::vocabulary::Vocabulary;
use crate::engine::digest;
use crate::engine::facts::Fact;
use crate::engine::markdown::Markdown;
use crate::plan::Args;
use crate::plan::marker::{self, Marker};

/// How letters that nothing asks for are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filler {
    /// All alike.
    One(char),
    /// Small ones, capitals, others and those beyond ASCII kept apart.
    Classes,
}

impl Filler {
    fn of(self, c: char) -> char {
        match self {
            // Invisible letters can spell, too.
            _ if ('\u{e0020}'..='\u{e007e}').contains(&c) => '\u{e0078}',
            _ if !c.is_alphabetic() => c,
            Filler::One(filler) => filler,
            Filler::Classes if c.is_ascii() => {
                if c.is_ascii_uppercase() {
                    'X'
                } else {
                    ANY
                }
            }
            Filler::Classes if c.is_uppercase() => 'Ẋ',
            Filler::Classes if c.is_lowercase() => 'ẋ',
            Filler::Classes => 'ㄨ',
        }
    }
}

/// The ways that are tried, the best first: how letters are written, whether names are put in, and
/// whether all of each match is kept.
const WAYS: [(Filler, bool, bool); 6] = [
    (Filler::One(ANY), true, false),
    (Filler::One(ANY), false, false),
    (Filler::Classes, false, false),
    (Filler::One('q'), false, false),
    (Filler::One('ㄨ'), false, false),
    (Filler::Classes, false, true),
];

/// Masks texts of one document.
#[derive(Debug)]
pub(super) struct Masker<'v, 'p> {
    vocabulary: &'v Vocabulary<'p>,
    names: &'v NameMap,
    keeper: Keeper<'v, 'p>,
}

/// A masked text, and whether the rules make of it what they made of the original.
pub(super) type Equal<T> = (T, bool);

impl<'v, 'p> Masker<'v, 'p> {
    pub(super) fn new(vocabulary: &'v Vocabulary<'p>, names: &'v NameMap) -> Self {
        Masker { vocabulary, names, keeper: Keeper::new(vocabulary) }
    }

    /// A title and a body; `ours` where our own account wrote them.
    pub(super) fn item(&mut self, title: &str, body: &str, labels: &[&str], ours: bool) -> Equal<(String, String)> {
        let found = self.vocabulary.found(title, body, labels);
        let masked_labels: Vec<&str> = labels.iter().map(|label| self.names.label(label).unwrap_or(label)).collect();
        let markdown = shape(body);
        let (mut second, mut last) = (None, None);
        let mut needed = (false, self.keeper.texts(title, body, labels, false));
        for (filler, named, whole) in WAYS {
            if needed.0 != whole {
                needed = (whole, self.keeper.texts(title, body, labels, whole));
            }
            let texts = &needed.1;
            let written = |named: bool| {
                let body = self.write_part(texts, texts.body..texts.chars.len(), filler, named);
                if ours { self.with_marker(texts, filler, body) } else { body }
            };
            let masked = (self.write_part(texts, 0..texts.body - 1, filler, false), written(named));
            if self.vocabulary.found(&masked.0, &masked.1, &masked_labels) != found {
                last.get_or_insert(masked);
                continue;
            }
            // Names have lengths of their own; what they stand in has to be the same.
            let alike = if named { shape(&written(false)) } else { shape(&masked.1) };
            if alike == markdown {
                return (masked, true);
            }
            second.get_or_insert(masked);
        }
        match second {
            Some(second) => (second, true),
            None => (last.unwrap_or_default(), false),
        }
    }

    /// A comment, of which the rules read only who is asked to leave an item alone, and our marker.
    pub(super) fn comment(&self, body: &str, ours: bool) -> Equal<String> {
        let mut texts = TextLetters::new("", body);
        texts.keep_markup();
        let mut line_start = texts.body;
        for line in body.split('\n') {
            let end = line_start + line.chars().count();
            if self.vocabulary.commands.iter().any(|command| line.trim() == command) {
                texts.keep(line_start..end);
            }
            line_start = end + 1;
        }
        let asked = self.commands(body);
        let mut last = None;
        for (filler, named, _) in WAYS {
            let masked = self.write_part(&texts, texts.body..texts.chars.len(), filler, named);
            let masked = if ours { self.with_marker(&texts, filler, masked) } else { masked };
            if self.commands(&masked) == asked {
                return (masked, true);
            }
            last.get_or_insert(masked);
        }
        (last.unwrap_or_default(), false)
    }

    /// The commands in a comment, in their order.
    fn commands(&self, body: &str) -> Vec<&'v str> {
        let mut found = Vec::new();
        if self.vocabulary.commands.iter().any(|command| body.contains(command.as_str())) {
            for line in Markdown::read(body).prose.lines() {
                found.extend(
                    self.vocabulary.commands.iter().find(|command| line.trim() == *command).map(String::as_str),
                );
            }
        }
        found
    }

    /// A text of which nothing but these parts has to stay.
    pub(super) fn plain<'t>(&self, text: &str, parts: impl Iterator<Item = &'t str>) -> String {
        let mut texts = TextLetters::new("", text);
        for part in parts {
            for at in occurrences(&texts.chars, part) {
                texts.keep(at);
            }
        }
        self.write_part(&texts, texts.body..texts.chars.len(), Filler::One(ANY), false)
    }

    /// A part of the texts, written.
    fn write_part(&self, texts: &TextLetters, part: Range<usize>, filler: Filler, named: bool) -> String {
        let mut out = String::with_capacity(part.len());
        let mut at = part.start;
        while at < part.end {
            if named && let Some((end, name)) = self.name_at(texts, at..part.end) {
                out.push_str(name);
                at = end;
                continue;
            }
            out.push(texts.needed[at].unwrap_or_else(|| filler.of(texts.chars[at])));
            at += 1;
        }
        out
    }

    /// A login behind an `@`, or the full name of a repository, that stands here alone: where it ends,
    /// and what replaces it. `None` also where the rules need one of its letters.
    fn name_at(&self, texts: &TextLetters, at: Range<usize>) -> Option<(usize, &str)> {
        let chars = &texts.chars[..at.end];
        let inner = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        let before = at.start.checked_sub(1).and_then(|before| chars.get(before));
        if !inner(&chars[at.start]) || before.is_some_and(inner) {
            return None;
        }
        let length = |from: usize| chars[from.min(chars.len())..].iter().take_while(|c| inner(c)).count();
        let first = at.start + length(at.start);
        let mut end = first;
        if before != Some(&'@') {
            if chars.get(first) != Some(&'/') {
                return None;
            }
            end = first + 1 + length(first + 1);
        }
        // A sentence may end behind it.
        while end > at.start && matches!(chars[end - 1], '.' | '-' | '_') {
            end -= 1;
        }
        let spelled: String = chars[at.start..end].iter().collect();
        let name = self.names.spelled(&spelled)?;
        let free = texts.needed[at.start..end].iter().all(Option::is_none);
        (free || name == spelled).then_some((end, name))
    }

    /// A masked text of ours with the marker that ends the original, where one does: names in it are
    /// those that stand for the original ones, and its digest is that of the masked text.
    fn with_marker(&self, texts: &TextLetters, filler: Filler, masked: String) -> String {
        let original: String = texts.chars[texts.body..].iter().collect();
        let Some(old) = Marker::ending(&original) else { return masked };
        let lines = |text: &str| text.trim_end().rfind('\n').map_or(0, |at| at + 1);
        let end = masked.len() - masked.trim_end().len();
        let (before, after) = (&masked[..lines(&masked)], &masked[masked.len() - end..]);
        let mut new = Marker::default();
        for (name, value) in old.fields() {
            let value = match name {
                "policy" | "key" | "did" | "run" | "rule" => value.to_owned(),
                "writes" => self.with_names(value),
                "text" if value == digest(marker::without(&original)) => digest(before.trim_end()),
                "text" => value.to_owned(),
                _ => value.chars().map(|c| filler.of(c)).collect(),
            };
            new = new.with(name, &value);
        }
        [before, &new.line(), after].concat()
    }

    /// The writes that a marker lists, with the names that stand for those in it.
    fn with_names(&self, listed: &str) -> String {
        let mut writes = marker::listed(listed);
        for Args { labels, assignees, milestone, .. } in writes.iter_mut().map(|write| &mut write.args) {
            let put = |names: &mut [String], masked: &dyn Fn(&str) -> Option<String>| {
                names.iter_mut().for_each(|name| *name = masked(name).unwrap_or_else(|| name.clone()));
            };
            put(assignees, &|login| self.names.login(login).map(str::to_owned));
            put(labels, &|label| self.names.label(label).map(str::to_owned).or_else(|| self.unknown_label(label)));
            if let Some(title) = milestone.as_mut().filter(|title| !self.vocabulary.keeps_milestone(title)) {
                *title = self.plain(title, self.vocabulary.within_title(Fact::Milestone));
            }
        }
        marker::writes(&writes).join(",")
    }

    /// A label that a marker alone names.
    fn unknown_label(&self, label: &str) -> Option<String> {
        (!self.vocabulary.keeps_label(label)).then(|| self.plain(label, std::iter::empty()))
    }
}

/// What Markdown makes of a text, whatever its letters.
#[derive(Debug, PartialEq, Eq)]
struct MarkdownShape(String, String, String);

fn shape(body: &str) -> MarkdownShape {
    let parts = Markdown::read(body);
    let same = |text: String| text.chars().map(|c| Filler::One(ANY).of(c)).collect();
    MarkdownShape(same(parts.prose), same(parts.code), same(parts.headings))
}
