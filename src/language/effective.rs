//! The effective rule file: everything of a policy in one file, each value with its origin.
//!
//! Takes: the rule file and what it extends, as [`load`](super::load) takes them, and the policy that
//! came of them. Gives: YAML that is read as the same policy, without `extends`; behind each value a
//! comment says the file and line that it comes from.

use super::diag::Sink;
use super::keys::VOCABULARY;
use super::yaml::{self, Node, NodeKind};
use super::{Entry, Files, Input};
use crate::engine::policy::Policy;
use crate::engine::source::Location;

/// The longest list that stands in one line, in characters.
const LINE: usize = 100;

/// The text of the effective file.
#[must_use]
pub fn text(policy: &Policy, input: &Input) -> String {
    let sources = &policy.sources;
    let root = |source| yaml::read(&mut Sink { source, found: &mut Vec::new() });
    // They were read before: a policy came of them.
    let roots: Vec<Node> = sources.iter().filter_map(root).collect();
    let files = Files { sources: sources.clone(), roots, whole: true };
    let mut out = Out { policy, lines: Vec::new() };
    let others = files.sources.len() - 1;
    let after = if others == 0 { String::new() } else { ", after `extends`".to_owned() };
    out.lines.push(format!("# The rules of {} as they are in force{after}.", input.file.name));
    let mut done = Vec::new();
    if let Some(NodeKind::Map(entries)) = files.roots.last().map(|root| &root.kind) {
        for (key, node) in entries.iter().filter(|(key, _)| key.name != "extends") {
            if VOCABULARY.contains(&key.name.as_str()) {
                out.section(&files, &key.name);
                done.push(key.name.as_str());
            } else {
                out.value(0, &format!("{}:", key.name), files.main(), node);
            }
        }
    }
    for section in VOCABULARY.into_iter().filter(|section| !done.contains(section)) {
        out.section(&files, section);
    }
    out.lines.push(String::new());
    out.lines.join("\n")
}

struct Out<'p> {
    policy: &'p Policy,
    lines: Vec<String>,
}

impl Out<'_> {
    /// A section of vocabulary, over all files.
    fn section(&mut self, files: &Files, section: &str) {
        let mut kept: Vec<Entry<'_>> = Vec::new();
        for entry in files.entries(section) {
            match kept.iter_mut().find(|kept| kept.key.name == entry.key.name) {
                // Only thresholds may stand in two files; sets are changed, which the policy holds.
                Some(earlier) => *earlier = entry,
                None => kept.push(entry),
            }
        }
        if kept.is_empty() {
            return;
        }
        self.lines.push(format!("{section}:"));
        for entry in kept {
            let key = format!("{}:", scalar(&entry.key.name));
            let set = self.policy.keywords.sets.iter().find(|set| set.name == entry.key.name);
            match set.filter(|_| section == "keywords") {
                Some(set) => {
                    let words = set.words.iter().map(|word| (scalar(&word.text), word.at)).collect();
                    self.list(2, &key, words);
                }
                None => self.value(2, &key, entry.file, entry.node),
            }
        }
    }

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
