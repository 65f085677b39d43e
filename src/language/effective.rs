//! The effective rule file: everything of a policy in one file, each value with its origin.
//!
//! Takes: the policy, with the texts that it was read from. Gives: [`text`], YAML that is read as the same
//! policy, without `extends`, in which a comment behind each value says the file and line that it comes from;
//! [`tree`], the same values without their places.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::diag::ProblemSink;
use super::keys::VOCABULARY;
use super::yaml::{self, Node, NodeKind};
use super::{Files, SectionEntry};
use crate::engine::keywords::Set as WordSet;
use crate::engine::policy::Policy;
use crate::engine::source::Location;

/// The longest list that stands in one line, in characters.
const LINE: usize = 100;

/// The text of the effective file.
#[must_use]
pub fn text(policy: &Policy) -> String {
    let files = files(policy);
    let mut out = EffectiveWriter { policy, lines: Vec::new() };
    let others = files.sources.len() - 1;
    let after = if others == 0 { String::new() } else { ", after `extends`".to_owned() };
    out.lines.push(format!("# The rules of {} as they are in force{after}.", policy.source().name));
    for (key, held) in sections(policy, &files) {
        match held {
            KeyContent::Node(node) => out.value(0, &format!("{key}:"), files.main(), node),
            KeyContent::Section(entries) => {
                out.lines.push(format!("{key}:"));
                for (name, file, entry) in entries {
                    let name = format!("{}:", scalar(name));
                    match entry {
                        VocabularyEntry::Node(node) => out.value(2, &name, file, node),
                        VocabularyEntry::Words(set) => {
                            let words = set.words.iter().map(|word| (scalar(&word.text), word.at)).collect();
                            out.list(2, &name, words);
                        }
                    }
                }
            }
        }
    }
    out.lines.push(String::new());
    out.lines.join("\n")
}

/// Every key in force with its value, as JSON: one object with the keys of a rule file, without `extends`.
/// What is not written is not there: defaults are left out.
#[must_use]
pub fn tree(policy: &Policy) -> Value {
    let files = files(policy);
    let named = |entry: VocabularyEntry<'_>| match entry {
        VocabularyEntry::Node(node) => json(node),
        VocabularyEntry::Words(set) => set.words.iter().map(|word| Value::from(word.text.as_str())).collect(),
    };
    let held = |held: KeyContent<'_>| match held {
        KeyContent::Node(node) => json(node),
        KeyContent::Section(entries) => {
            Value::Object(entries.into_iter().map(|(name, _, entry)| (name.to_owned(), named(entry))).collect())
        }
    };
    Value::Object(sections(policy, &files).into_iter().map(|(key, value)| (key.to_owned(), held(value))).collect())
}

fn json(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(value) => Value::from(*value),
        NodeKind::Int(value) => Value::from(*value),
        // JSON knows no infinite number: it is told as it is written.
        NodeKind::Float(value) if !value.is_finite() => Value::from(plain(node)),
        // 5.0 is 5 to every rule.
        NodeKind::Float(value) if value.fract() == 0.0 && value.abs() < 1e15 => Value::from(*value as i64),
        NodeKind::Float(value) => Value::from(*value),
        NodeKind::Text(text) => Value::from(text.as_str()),
        NodeKind::List(items) => items.iter().map(json).collect(),
        NodeKind::Map(entries) => {
            Value::Object(entries.iter().map(|(key, node)| (key.name.clone(), json(node))).collect::<Map<_, _>>())
        }
    }
}

/// What stands behind a key of the effective file.
enum KeyContent<'f> {
    /// A value of the main file.
    Node(&'f Node),
    /// Vocabulary over all files: each name with the file that its value stands in.
    Section(Vec<(&'f str, usize, VocabularyEntry<'f>)>),
}

/// A named entry of vocabulary.
enum VocabularyEntry<'f> {
    Node(&'f Node),
    /// A set of words, with what `also` and `except` made of it.
    Words(&'f WordSet),
}

/// The files of a policy, read once more: they were read before, a policy came of them.
fn files(policy: &Policy) -> Files {
    let sources = policy.sources.clone();
    let root = |source| yaml::read(&mut ProblemSink { source, found: &mut Vec::new() });
    let roots: Vec<Node> = sources.iter().filter_map(root).collect();
    Files { sources, roots, whole: true }
}

/// The keys of the main file in its order, then the vocabulary that only others bring.
fn sections<'f>(policy: &'f Policy, files: &'f Files) -> Vec<(&'f str, KeyContent<'f>)> {
    let mut all: Vec<(&str, KeyContent<'_>)> = Vec::new();
    let section = |section: &'f str| (section, KeyContent::Section(entries(policy, files, section)));
    if let Some(NodeKind::Map(keys)) = files.roots.last().map(|root| &root.kind) {
        for (key, node) in keys.iter().filter(|(key, _)| key.name != "extends") {
            let vocabulary = VOCABULARY.contains(&key.name.as_str());
            all.push(if vocabulary { section(&key.name) } else { (&key.name, KeyContent::Node(node)) });
        }
    }
    for name in VOCABULARY {
        if !all.iter().any(|(key, _)| *key == name) {
            all.push(section(name));
        }
    }
    all.retain(|(_, held)| !matches!(held, KeyContent::Section(entries) if entries.is_empty()));
    all
}

/// A section of vocabulary over all files.
fn entries<'f>(policy: &'f Policy, files: &'f Files, section: &str) -> Vec<(&'f str, usize, VocabularyEntry<'f>)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut last: Vec<SectionEntry<'_>> = Vec::new();
    for entry in files.entries(section) {
        // Only thresholds may stand in two files, the nearer wins; sets are changed, which the policy holds.
        match places.get(entry.key.name.as_str()) {
            Some(place) => last[*place] = entry,
            None => {
                places.insert(&entry.key.name, last.len());
                last.push(entry);
            }
        }
    }
    let sets: HashMap<&str, &WordSet> = match section {
        "keywords" => policy.keywords.sets.iter().map(|set| (set.name.as_str(), set)).collect(),
        _ => HashMap::new(),
    };
    let one = |entry: SectionEntry<'f>| {
        let name = entry.key.name.as_str();
        (name, entry.file, sets.get(name).map_or(VocabularyEntry::Node(entry.node), |set| VocabularyEntry::Words(set)))
    };
    last.into_iter().map(one).collect()
}

struct EffectiveWriter<'p> {
    policy: &'p Policy,
    lines: Vec<String>,
}

impl EffectiveWriter<'_> {
    /// A key with its value, which stands in a file.
    fn value(&mut self, indent: usize, key: &str, file: usize, node: &Node) {
        let pad = " ".repeat(indent);
        let at = |node: &Node| Location { file, span: node.span };
        match &node.kind {
            NodeKind::Map(entries) if entries.is_empty() => self.line(format!("{pad}{key} {{}}"), at(node)),
            NodeKind::List(items) if items.is_empty() => self.line(format!("{pad}{key} []"), at(node)),
            NodeKind::Map(entries) => {
                self.lines.push(format!("{pad}{key}"));
                for (inner, node) in entries {
                    self.value(indent + 2, &format!("{}:", scalar(&inner.name)), file, node);
                }
            }
            NodeKind::List(items) => match items.iter().map(|item| Some((plain(item)?, at(item)))).collect() {
                Some(words) => self.list(indent, key, words),
                None => {
                    self.lines.push(format!("{pad}{key}"));
                    items.iter().for_each(|item| self.item(indent + 2, file, item));
                }
            },
            _ => self.line(format!("{pad}{key} {}", plain(node).unwrap_or_default()), at(node)),
        }
    }

    /// An entry of a list of maps or lists.
    fn item(&mut self, indent: usize, file: usize, node: &Node) {
        let begin = self.lines.len();
        match &node.kind {
            NodeKind::Map(entries) if !entries.is_empty() => {
                for (inner, node) in entries {
                    self.value(indent + 2, &format!("{}:", scalar(&inner.name)), file, node);
                }
                // The dash stands before the first of them.
                if let Some(line) = self.lines.get_mut(begin) {
                    line.replace_range(indent..indent + 1, "-");
                }
            }
            // An entry in several forms, as one key less: the dash is the key.
            _ => self.value(indent, "-", file, node),
        }
    }

    /// A list of single values: in one line where all stand in one, else one a line.
    fn list(&mut self, indent: usize, key: &str, words: Vec<(String, Location)>) {
        let pad = " ".repeat(indent);
        let lines: Vec<String> = words.iter().map(|(_, at)| self.policy.line(*at)).collect();
        let all: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
        let all = format!("{pad}{key} [{}]", all.join(", "));
        match words.first() {
            Some((_, at)) if lines.iter().all(|line| *line == lines[0]) && all.chars().count() <= LINE => {
                self.line(all, *at);
            }
            Some(_) => {
                self.lines.push(format!("{pad}{key}"));
                words.into_iter().for_each(|(word, at)| self.line(format!("{pad}  - {word}"), at));
            }
            None => self.lines.push(all),
        }
    }

    fn line(&mut self, text: String, at: Location) {
        let origin = self.policy.line(at).replace(char::is_control, "?");
        self.lines.push(format!("{text} # {origin}"));
    }
}

/// A single value as YAML; `None` for a list or a map.
fn plain(node: &Node) -> Option<String> {
    match &node.kind {
        NodeKind::Null => Some("null".to_owned()),
        NodeKind::Bool(value) => Some(value.to_string()),
        NodeKind::Int(value) => Some(value.to_string()),
        NodeKind::Float(value) if value.is_nan() => Some(".nan".to_owned()),
        NodeKind::Float(value) if value.is_infinite() => Some(if *value > 0.0 { ".inf" } else { "-.inf" }.to_owned()),
        NodeKind::Float(value) => Some(format!("{value:?}")),
        NodeKind::Text(text) => Some(scalar(text)),
        NodeKind::List(_) | NodeKind::Map(_) => None,
    }
}

/// A text as YAML: as it is where nothing can read it otherwise, else in quotes.
fn scalar(text: &str) -> String {
    let word = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ' ' | '(' | ')' | '>' | '<' | '=' | '+' | '*')
    };
    let inner = |c: char| word(c) || c == '\'';
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(inner)
        && !text.ends_with(' ')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_lowercase().as_str());
    if plain {
        text.to_owned()
    } else if text.chars().any(hidden) {
        let written = text.chars().map(|c| match c {
            '"' | '\\' => format!("\\{c}"),
            '\n' => "\\n".to_owned(),
            c if hidden(c) => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        });
        format!("\"{}\"", written.collect::<String>())
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Characters that are not seen, or that YAML does not keep.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
