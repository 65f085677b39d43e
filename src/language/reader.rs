//! Reads checked values out of YAML nodes, one problem after another.
//!
//! Takes: nodes of one file. Gives: texts, numbers, lists and maps, or diagnostics that say what
//! was expected, what was found and what to write instead. A method that gives `None` has said why.

use super::diag::ProblemSink;
use super::keys::KeySpec;
use super::scope::ExprPlace;
use super::yaml::{MapKey, Node, NodeKind, quoted};
use crate::engine::source::{Location, Span};
use crate::engine::value::Value;

/// Words of expressions, which are no names.
pub(super) const RESERVED: [&str; 10] = ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none"];

/// Bytes of the longest login that a forge takes.
const MOST_LOGIN: usize = 255;

/// Reads the nodes of one file.
#[derive(Debug)]
pub struct NodeReader<'d> {
    /// Where problems go.
    pub sink: ProblemSink<'d>,
    /// Which file of the policy it is.
    pub file: usize,
}

/// A map whose keys have been checked.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'n> {
    entries: &'n [(MapKey, Node)],
    /// Some keys are not known: what seems to be missing is probably one of them.
    strange: bool,
}

impl<'n> Fields<'n> {
    /// The keys of a whole file, which have been checked when it was read.
    #[must_use]
    pub fn of(root: &'n Node) -> Self {
        match &root.kind {
            NodeKind::Map(entries) => Fields { entries, strange: true },
            _ => Fields { entries: &[], strange: true },
        }
    }

    /// The keys of a map that has been checked elsewhere.
    #[must_use]
    pub fn quietly(node: &'n Node) -> Option<Self> {
        matches!(node.kind, NodeKind::Map(_)).then(|| Fields::of(node))
    }

    /// Some keys of the map are not known, and have been reported.
    #[must_use]
    pub fn is_strange(&self) -> bool {
        self.strange
    }

    /// Where a key stands.
    #[must_use]
    pub fn key(&self, name: &str) -> Option<Span> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(key, _)| key.span)
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'n Node> {
        self.entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }
}

/// A list or map that a text begins with, from bracket to bracket on its line.
fn bracketed(text: &str) -> Option<&str> {
    let line = text.lines().next().filter(|line| line.starts_with(['[', '{']))?;
    let mut depth = 0_usize;
    for (at, c) in line.char_indices() {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' if depth == 1 => return line.get(..=at),
            ']' | '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

impl NodeReader<'_> {
    /// Says that a node is not what was expected.
    pub fn wrong(&mut self, node: &Node, what: &str, expected: &str) {
        let help = match &node.kind {
            NodeKind::Text(text) if expected.contains("number") && text.trim().parse::<f64>().is_ok() => {
                Some(format!("write {} without quotes", text.trim()))
            }
            NodeKind::Text(text) if expected.contains("true or false") => match text.to_lowercase().as_str() {
                "yes" | "on" | "y" => Some("write `true`".to_owned()),
                "no" | "off" | "n" => Some("write `false`".to_owned()),
                _ => None,
            },
            NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_)
                if expected == "a word" || expected == "a sentence" =>
            {
                Some(format!(
                    "quote it: \"{}\"",
                    self.sink.source.text.get(node.span.start..node.span.end).unwrap_or("…")
                ))
            }
            NodeKind::Null => {
                Some("write a value, or leave the key out; quote a value that begins with `!` or `#`".to_owned())
            }
            NodeKind::Map(entries) if expected.contains("text") && entries.is_empty() => {
                Some("quote a value that begins with `{`".to_owned())
            }
            NodeKind::List(_) | NodeKind::Map(_) if ["a text", "a word", "a sentence"].contains(&expected) => {
                bracketed(self.sink.source.text.get(node.span.start..).unwrap_or(""))
                    .map(|raw| format!("quote it: {}", quoted(raw)))
            }
            NodeKind::Text(text) if expected.contains("list") => Some(format!("write `[{text}]`")),
            _ => None,
        };
        let found = match &node.kind {
            NodeKind::Float(number) if expected.contains("whole") => number.to_string(),
            kind => kind.name().to_owned(),
        };
        self.sink.error(node.span, format!("{what} is {expected}, this is {found}"), help);
    }

    /// A map whose keys are among `allowed`.
    pub fn map<'n>(&mut self, node: &'n Node, what: &str, allowed: &[KeySpec]) -> Option<Fields<'n>> {
        let names: Vec<&str> = allowed.iter().map(|member| member.name).collect();
        self.keyed(node, what, &names)
    }

    /// The same by their names alone.
    pub fn keyed<'n>(&mut self, node: &'n Node, what: &str, allowed: &[&str]) -> Option<Fields<'n>> {
        let entries = self.entries(node, what)?;
        let mut strange = false;
        for (key, _) in entries.iter().filter(|(key, _)| !allowed.contains(&key.name.as_str())) {
            strange = true;
            let help = self.sink.nearest(&key.name, allowed.iter().copied());
            self.sink.error(key.span, format!("{what} does not know the key `{}`", key.name), help);
        }
        Some(Fields { entries, strange })
    }

    /// Says that a key is missing; not where an unknown key of the same map has been reported,
    /// which is most often this one misspelt.
    pub fn missing(&mut self, fields: Fields<'_>, span: Span, message: impl Into<String>, help: &str) {
        if !fields.strange {
            self.sink.error(span, message, Some(help.to_owned()).filter(|help| !help.is_empty()));
        }
    }

    /// A map with names of the author's own.
    pub fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(MapKey, Node)]> {
        match &node.kind {
            NodeKind::Map(entries) => Some(entries),
            NodeKind::Null => Some(&[]),
            _ => {
                self.wrong(node, what, "a map");
                None
            }
        }
    }

    /// A name that rules and templates can write: letters, digits, `_`; `-` where `dashes`.
    pub fn name(&mut self, key: &MapKey, dashes: bool) -> bool {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_' || (dashes && c == '-');
        let reserved = RESERVED.contains(&key.name.as_str());
        let starts = key.name.starts_with(|c: char| c.is_ascii_alphabetic() || (dashes && c.is_ascii_digit()));
        if starts && key.name.chars().all(good) && !reserved {
            return true;
        }
        let help = if reserved {
            "expressions use this word".to_owned()
        } else {
            format!("letters, digits{} and `_`, a letter first", if dashes { ", `-`" } else { "" })
        };
        self.sink.error(key.span, format!("`{}` is not a name", key.name), Some(help));
        false
    }

    /// A list.
    pub fn list<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.kind {
            NodeKind::List(items) => Some(items),
            NodeKind::Null => Some(&[]),
            _ => {
                self.wrong(node, what, "a list");
                None
            }
        }
    }

    /// A text that is not empty.
    pub fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match &node.kind {
            NodeKind::Text(text) if !text.trim().is_empty() => Some(text),
            NodeKind::Text(_) => {
                self.sink.error(
                    node.span,
                    format!("{what} is empty"),
                    Some("write a text, or leave the key out".to_owned()),
                );
                None
            }
            _ => {
                self.wrong(node, what, "a text");
                None
            }
        }
    }

    /// A login: of an account, not of a team. One that begins with `-` is nobody's, which stands for an agent that
    /// there is not yet.
    pub fn login<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        let text = self.text(node, what)?;
        let name = text.strip_suffix("[bot]").unwrap_or(text);
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if !plain || name.is_empty() || text.len() > MOST_LOGIN {
            let help = match text.strip_prefix('@') {
                Some(name) => format!("write `{name}`, without `@`"),
                None if text.contains('/') => "a team has no login of its own: name one account".to_owned(),
                None => "a login has letters, digits, `-`, `_` and `.`".to_owned(),
            };
            self.sink.error(node.span, format!("{what} is not `{text}`: no account is called so"), Some(help));
        }
        Some(text)
    }

    /// A list of logins; those that are none are reported and left out.
    pub fn logins(&mut self, node: &Node, what: &str) -> Vec<String> {
        let what = format!("an entry of {what}");
        let items = self.list(node, &what).unwrap_or_default();
        items.iter().filter_map(|item| self.login(item, &what).map(str::to_owned)).collect()
    }

    /// A list of texts; those that are none are reported and left out.
    pub fn texts(&mut self, node: &Node, what: &str) -> Vec<String> {
        self.placed_texts(node, what).into_iter().map(|(text, _)| text).collect()
    }

    /// The same, each with where it stands.
    pub fn placed_texts(&mut self, node: &Node, what: &str) -> Vec<(String, Span)> {
        let items = self.list(node, what).unwrap_or_default();
        let mut texts = Vec::new();
        for item in items {
            match &item.kind {
                NodeKind::Text(text) if !text.trim().is_empty() => texts.push((text.clone(), item.span)),
                NodeKind::Text(_) => self.sink.error(item.span, format!("an entry of {what} is empty"), None),
                _ => self.wrong(item, &format!("an entry of {what}"), "a word"),
            }
        }
        texts
    }

    /// One of a few words.
    pub fn one_of<'a, T: Copy>(&mut self, node: &Node, what: &str, choices: &'a [(&'a str, T)]) -> Option<T> {
        let text = self.text(node, what)?;
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let help = self.sink.nearest(text, choices.iter().map(|(name, _)| *name));
            self.sink.error(node.span, format!("{what} is not `{text}`"), help);
        }
        found.map(|(_, value)| *value)
    }

    /// True or false.
    pub fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        match node.kind {
            NodeKind::Bool(value) => Some(value),
            _ => {
                self.wrong(node, what, "true or false");
                None
            }
        }
    }

    /// A number.
    pub fn number(&mut self, node: &Node, what: &str) -> Option<Value<'static>> {
        match node.kind {
            NodeKind::Int(value) => Some(Value::Int(value)),
            NodeKind::Float(value) => Some(Value::Float(value)),
            _ => {
                self.wrong(node, what, "a number");
                None
            }
        }
    }

    /// A whole number, at least `least`.
    pub fn whole(&mut self, node: &Node, what: &str, least: i64) -> Option<i64> {
        match node.kind {
            NodeKind::Int(value) if value >= least => Some(value),
            NodeKind::Int(value) => {
                self.sink.error(node.span, format!("{what} is at least {least}, this is {value}"), None);
                None
            }
            _ => {
                self.wrong(node, what, "a whole number");
                None
            }
        }
    }

    /// Where the text of a value stands, if source and value agree byte by byte.
    #[must_use]
    pub fn place(&self, node: &Node, text: &str) -> ExprPlace {
        let raw = self.sink.source.text.get(node.span.start..node.span.end).unwrap_or("");
        let at = if raw == text {
            Some(node.span.start)
        } else {
            let inner = raw.get(1..raw.len().saturating_sub(1));
            (inner == Some(text)).then_some(node.span.start + 1)
        };
        ExprPlace { whole: node.span, text: at }
    }

    /// Where a stretch of this file is.
    pub fn at(&self, span: Span) -> Location {
        Location { file: self.file, span }
    }
}
