//! A YAML document as a tree in which every key and value knows its place.
//!
//! Takes: a [`Source`]. Gives: [`Node`], or the one diagnostic of a document that is not YAML.
//! Input is limited in size, depth, number of nodes and replay of aliases, so that a hostile
//! file is refused and not expanded. YAML 1.2: `no` and `on` are words.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::Spanned;

use super::diag::ProblemSink;
use crate::engine::source::{Source, Span};

/// The largest rule file that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// The deepest nesting that is read.
const MAX_DEPTH: usize = 32;
/// The most nodes that a file may have, aliases counted as often as they are used.
const MAX_NODES: usize = 100_000;

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// From the first to the last byte; empty for lists and maps in block style.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// A key of a map with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapKey {
    /// Where it stands.
    pub span: Span,
    /// The key itself.
    pub name: String,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction or exponent.
    Float(f64),
    /// Anything else in one piece.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<(MapKey, Node)>),
}

impl NodeKind {
    /// What a person calls it in a message.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            NodeKind::Null => "nothing",
            NodeKind::Bool(_) => "true or false",
            NodeKind::Int(_) | NodeKind::Float(_) => "a number",
            NodeKind::Text(_) => "a text",
            NodeKind::List(_) => "a list",
            NodeKind::Map(_) => "a map",
        }
    }
}

/// Reads one document. `None` means that a diagnostic says why not.
pub fn read(sink: &mut ProblemSink<'_>) -> Option<Node> {
    let source = sink.source.clone();
    if source.text.len() > MAX_BYTES {
        let found = source.text.len();
        sink.error(
            Span::default(),
            format!("this file has {found} bytes; at most {MAX_BYTES} are read"),
            Some("split the vocabulary into files that `extends` names".to_owned()),
        );
        return None;
    }
    let options = serde_yaml::options! {
        strict_booleans: true,
        with_snippet: false,
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            flow_nesting_limit: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_events: 3 * MAX_NODES,
            max_aliases: 1_000,
            max_anchors: 1_000,
            max_documents: 1,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: MAX_NODES,
            max_replay_stack_depth: 8,
        },
    };
    match serde_yaml::from_str_with_options::<Spanned<YamlValue>>(&source.text, options) {
        Ok(root) => Some(node(root, &source)),
        Err(error) => {
            let place = error.location().map_or(0, |at| {
                source.offset(usize::try_from(at.line()).unwrap_or(1), usize::try_from(at.column()).unwrap_or(1))
            });
            // The library ends its message with its own line and column; ours come with the snippet.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or(&message).trim();
            let problem = plainly(&source, place, message);
            sink.error(problem.span, problem.message, Some(problem.help));
            None
        }
    }
}

/// A document that is not YAML, in our words.
struct YamlProblem {
    span: Span,
    message: String,
    help: String,
}

/// What the library found, in our words, and help for the usual slips, told from the line.
fn plainly(source: &Source, place: usize, message: &str) -> YamlProblem {
    let (line, _) = source.line_column(place);
    let start = source.offset(line, 1);
    let text = source.text[start..].split('\n').next().unwrap_or("");
    let end = source.text[place..].chars().next().map_or(place, |c| place + c.len_utf8());
    let has = |part: &str| message.contains(part);
    let problem = |span: Span, message: &str, help: &str| YamlProblem {
        span,
        message: message.to_owned(),
        help: help.to_owned(),
    };
    let here = |message: &str, help: &str| problem(Span::new(place, end), message, help);
    if has("duplicate mapping key") {
        here("a key stands here a second time", "a key stands once in a map: merge the two or remove one")
    } else if has("multiple YAML documents") || has("Documents") {
        here("a second document begins here", "a rule file is one document: remove `---`")
    } else if text.contains(": {{") || text.contains("- {{") {
        let help = "quote a value that begins with `{{`: \"{{ … }}\"";
        here("this is not YAML: a value begins with `{{`", help)
    } else if let Some(tab) = tab(&source.text, start, has("tab")) {
        problem(tab, "this is not YAML: a tab", "indent with spaces, YAML allows no tabs")
    } else if has("unknown anchor") {
        let rest = &source.text[place..];
        let name = &rest[..rest.find(|c: char| c.is_whitespace() || ",]}".contains(c)).unwrap_or(rest.len())];
        let whole = unquoted(text, place - start).map_or(name, |value| value.text);
        let message = format!("`{name}` names an anchor that is not there");
        let help = format!(
            "quote the whole text: {}; or set the anchor before, with `&{}`",
            quoted(whole),
            name.trim_start_matches('*')
        );
        problem(Span::new(place, place + name.len()), &message, &help)
    } else if has("alias") || has("Alias") || has("anchor") && has("limit") {
        here("the aliases of this file say too much", "write the values out, or use fewer aliases")
    } else if has("recursion") || has("Depth") || has("nesting") {
        here("this file is nested too deeply", "rules need no more than 32 levels")
    } else if has("budget") {
        here("this file has too many values", "split the vocabulary into files that `extends` names")
    } else if let Some(value) = unquoted(text, place - start) {
        let (at, whole) = (start + value.at, value.text);
        let message = format!("this is not YAML: a text begins with `{}`", value.mark);
        let help = format!("quote the whole text: {}", quoted(whole));
        problem(Span::new(at, at + whole.len()), &message, &help)
    } else if has("string scalar") {
        here("a key is a text", "quote a value that begins with `{`, `[` or `*`")
    } else if has("trailing content")
        || has("unexpected") && text.contains(": '")
        || text.contains(": \"") && has("expected")
    {
        let help = "quote the whole value: \"'a' in labels\"";
        here("this is not YAML: something follows the closing quote", help)
    } else if has("escape") {
        let help = "write it in single quotes, so that YAML keeps every backslash";
        here("this is not YAML: an unknown escape", help)
    } else if has("mapping values are not allowed") || has("placement of ':'") {
        let help = "quote a text that holds `: `, and close every `[` and `{` above";
        here("this is not YAML: `:` cannot stand here", help)
    } else {
        let message = message.strip_prefix("while parsing").map_or(message, |_| "it cannot be read here");
        let help = "look for an unclosed quote or bracket, and for lines indented differently";
        here(&format!("this is not YAML: {message}"), help)
    }
}

/// The tab that a line is indented with: of the line that begins at `start` or the next one, or of any
/// after it where the library speaks of a tab.
fn tab(text: &str, start: usize, said: bool) -> Option<Span> {
    let mut at = start;
    for line in text[start..].split_inclusive('\n').take(if said { usize::MAX } else { 2 }) {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..indent].find('\t') {
            return Some(Span::new(at + tab, at + tab + 1));
        }
        at += line.len();
    }
    None
}

/// A text that YAML takes for something else because of the character that it begins with.
struct UnquotedText<'t> {
    mark: char,
    /// Offset in the line.
    at: usize,
    text: &'t str,
}

/// The value of this line that ends the reading at `fault`: what follows the last `: ` or `- ` before, where it
/// begins with a character that YAML keeps for itself and is more than a list or a map.
fn unquoted(line: &str, fault: usize) -> Option<UnquotedText<'_>> {
    let line = line.trim_end();
    let before = line.get(..fault.min(line.len()))?;
    let at = [": ", "- "].iter().filter_map(|mark| before.rfind(mark)).max()? + 2;
    let at = at + line[at..].len() - line[at..].trim_start().len();
    let value = &line[at..];
    let mark = value.chars().next()?;
    // Inside `{…}` and `[…]` a value ends with the next comma or bracket that is not its own.
    let inside = line[..at].matches(['{', '[']).count() > line[..at].matches(['}', ']']).count();
    let mut depth = 0_usize;
    let end = value.char_indices().find(|(_, c)| {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' if depth > 0 => depth -= 1,
            ',' | ']' | '}' => return inside && depth == 0,
            _ => {}
        }
        false
    });
    let text = value[..end.map_or(value.len(), |(end, _)| end)].trim_end();
    let more = match mark {
        // A list or a map alone is one: it is a text where something follows its end.
        '[' | '{' => {
            let close = text.rfind(if mark == '[' { ']' } else { '}' })?;
            fault >= at + close && text[close + 1..].starts_with(|c: char| c.is_whitespace() || c.is_alphanumeric())
        }
        '*' | '@' | '`' | '%' | '&' | '!' | '|' | '>' | ',' | '?' | '-' => fault <= at + text.len(),
        _ => false,
    };
    more.then_some(UnquotedText { mark, at, text })
}

/// A text in quotes that need no escapes.
#[must_use]
pub fn quoted(text: &str) -> String {
    if text.contains(['"', '\\']) { format!("'{}'", text.replace('\'', "''")) } else { format!("\"{text}\"") }
}

fn node(raw: Spanned<YamlValue>, source: &Source) -> Node {
    let span = span_of(&raw, source);
    let kind = match raw.value {
        YamlValue::Null => NodeKind::Null,
        YamlValue::Bool(value) => NodeKind::Bool(value),
        YamlValue::Int(value) => NodeKind::Int(value),
        YamlValue::Float(value) => NodeKind::Float(value),
        YamlValue::Text(value) => NodeKind::Text(value),
        YamlValue::List(items) => NodeKind::List(items.into_iter().map(|item| node(item, source)).collect()),
        YamlValue::Map(entries) => NodeKind::Map(
            entries
                .into_iter()
                .map(|(key, value)| (MapKey { span: span_of(&key, source), name: key.value }, node(value, source)))
                .collect(),
        ),
    };
    Node { span, kind }
}

fn span_of<T>(value: &Spanned<T>, source: &Source) -> Span {
    let at = value.referenced.span();
    let start = usize::try_from(at.byte_offset().unwrap_or(0)).unwrap_or(0);
    let length = usize::try_from(at.byte_len().unwrap_or(0)).unwrap_or(0);
    source.whole(Span::new(start, start + length))
}

/// What the YAML library hands over, before places are turned into ours.
enum YamlValue {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Spanned<YamlValue>>),
    Map(Vec<(Spanned<String>, Spanned<YamlValue>)>),
}

impl<'de> Deserialize<'de> for YamlValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = YamlValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<YamlValue, E> {
        Ok(YamlValue::Null)
    }

    fn visit_none<E>(self) -> Result<YamlValue, E> {
        Ok(YamlValue::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<YamlValue, E> {
        Ok(YamlValue::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<YamlValue, E> {
        Ok(YamlValue::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<YamlValue, E> {
        Ok(i64::try_from(value).map_or(YamlValue::Float(value as f64), YamlValue::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<YamlValue, E> {
        Ok(YamlValue::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<YamlValue, E> {
        Ok(YamlValue::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<YamlValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(YamlValue::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<YamlValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key()? {
            entries.push((key, map.next_value()?));
        }
        Ok(YamlValue::Map(entries))
    }
}
