//! Patterns: words and regular expressions, compiled.
//!
//! Takes: the sections of all files of a policy. Gives: the patterns of the policy, with the names
//! `count.…`, `distinct.…`, `labels_with.…` in scope, or diagnostics. How many are compiled is limited,
//! because each may take memory.

use super::vocabulary::distinct;
use super::yaml::{Node, NodeKind};
use super::{RuleChecker, SectionEntry, keys};
use crate::engine::expr::NameRef;
use crate::engine::folding::{CaseRegex, compile};
use crate::engine::text::{AREAS, Area};
use crate::engine::value::{Base, Ty};
use crate::engine::words::{self, Pattern};

/// Regular expressions, and lists of words, that one policy may look for: each may take a megabyte.
const MAX_SEARCHES: usize = 256;

/// Patterns.
pub(super) fn patterns(check: &mut RuleChecker<'_>) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    let mut room = Some(MAX_SEARCHES);
    for entry in distinct(check, "patterns", |_| false) {
        let name = &entry.key.name;
        if !check.reader(entry.file).name(entry.key, false) {
            continue;
        }
        let pattern = pattern(check, entry, &format!("the pattern `{name}`"), &mut room);
        // Its names are known even where it is broken: one mistake, one message.
        let index = patterns.len();
        for (group, kind) in [
            ("count", NameRef::Count(index)),
            ("distinct", NameRef::Distinct(index)),
            ("labels_with", NameRef::LabelsWith(index)),
        ] {
            check.scope.add(format!("{group}.{name}"), kind, Ty::of(Base::Number));
        }
        let mut pattern = pattern.unwrap_or_else(|| Pattern::regexes(name, Area::Text, Vec::new()));
        pattern.at = check.reader(entry.file).at(entry.key.span);
        patterns.push(pattern);
    }
    patterns
}

/// `room` is how many searches may still be made; `None` once there were too many, which is told once.
fn pattern(
    check: &mut RuleChecker<'_>,
    entry: SectionEntry<'_>,
    what: &str,
    room: &mut Option<usize>,
) -> Option<Pattern> {
    let name = &entry.key.name;
    let mut reader = check.reader(entry.file);
    let wanted = match super::root_value(entry.node, "regex").map(|node| &node.kind) {
        Some(NodeKind::List(items)) => items.len(),
        _ => 1,
    };
    let Some(left) = (*room)?.checked_sub(wanted) else {
        let message =
            format!("these patterns look for more than {MAX_SEARCHES} regular expressions and lists of words");
        let help = "join some of them with `|`, or list words under one pattern";
        reader.sink.error(entry.key.span, message, Some(help.to_owned()));
        *room = None;
        return None;
    };
    *room = Some(left);
    let fields = reader.map(entry.node, what, &keys::PATTERN)?;
    let area = match fields.get("in") {
        Some(node) => reader.one_of(node, "`in`", &AREAS)?,
        None => Area::Text,
    };
    match (fields.get("words"), fields.get("regex")) {
        (Some(node), None) => {
            let words = forms(&mut reader, node);
            if words.is_empty() {
                reader.sink.error(node.span, format!("{what} has no words"), None);
                return None;
            }
            let pattern = Pattern::words(name, area, words);
            if pattern.is_err() {
                reader.sink.error(
                    node.span,
                    format!("{what} has more words than can be searched for at once"),
                    Some("split it".to_owned()),
                );
            }
            pattern.ok()
        }
        (None, Some(node)) => {
            let entries: &[Node] = match &node.kind {
                NodeKind::List(items) => items,
                _ => std::slice::from_ref(node),
            };
            let regexes: Vec<_> = entries.iter().map(|entry| regex(&mut reader, entry)).collect();
            let regexes: Option<Vec<_>> = regexes.into_iter().collect();
            Some(Pattern::regexes(name, area, regexes?))
        }
        _ => {
            reader.missing(fields, entry.key.span, format!("{what} has `words` or `regex`, one of the two"), "");
            None
        }
    }
}

/// The entries of `words`: each a word, or a list of the forms of one word.
fn forms(reader: &mut super::reader::NodeReader<'_>, node: &Node) -> Vec<words::PatternEntry> {
    let mut entries = Vec::new();
    for item in reader.list(node, "`words`").unwrap_or_default() {
        let forms = match item.kind {
            NodeKind::List(_) => reader.texts(item, "the forms of a word"),
            _ => reader.text(item, "a word").map(str::to_owned).into_iter().collect(),
        };
        let at = reader.at(item.span);
        entries.extend((!forms.is_empty()).then_some(words::PatternEntry { forms, at }));
    }
    entries
}

fn regex(reader: &mut super::reader::NodeReader<'_>, node: &Node) -> Option<(words::PatternEntry, CaseRegex)> {
    let text = reader.text(node, "`regex`")?;
    match compile(text) {
        Ok(regex) => Some((words::PatternEntry { forms: vec![text.to_owned()], at: reader.at(node.span) }, regex)),
        Err(error) => {
            refused(reader, node, text, &error.to_string());
            None
        }
    }
}

/// Says why a regular expression does not compile, at the part of it that is wrong. `error` is said where all of
/// it is: it is too large.
pub(super) fn refused(reader: &mut super::reader::NodeReader<'_>, node: &Node, text: &str, error: &str) {
    let (span, message) = match fault(text) {
        Some((at, message)) => (reader.place(node, text).of(at.start, at.end), message),
        // The library's last line says what is wrong.
        None => (node.span, error.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned()),
    };
    let help = if message.contains("look-around") {
        "there is no look-around: time stays linear in the text. Say the rest in `when`"
    } else if message.contains("backreferences") {
        "there are no back-references: time stays linear in the text"
    } else if message.contains("size limit") || message.contains("exceeds") {
        "make the repetition smaller"
    } else {
        ""
    };
    let help = Some(help.to_owned()).filter(|help| !help.is_empty());
    reader.sink.error(span, format!("this regular expression does not compile: {message}"), help);
}

/// The bytes of an expression that keep it from being one, and what is wrong with them. `None` where it parses:
/// it is too large.
fn fault(pattern: &str) -> Option<(std::ops::Range<usize>, String)> {
    let (span, message) = match regex_syntax::ParserBuilder::new().build().parse(pattern).err()? {
        regex_syntax::Error::Parse(error) => (*error.span(), error.kind().to_string()),
        regex_syntax::Error::Translate(error) => (*error.span(), error.kind().to_string()),
        _ => return None,
    };
    Some((span.start.offset..span.end.offset, message))
}
