//! The hidden last line of what we write: how a later run knows its own work.
//!
//! Takes: the fields of a marker, or a text. Gives: the line, or the fields of a text's last
//! line. Anyone can copy a marker, so whose text it stands in is for the caller to ask.

use std::fmt::Write as _;

use super::{Args, Op, Write};

/// How every marker begins.
const OPEN: &str = "<!-- kaizen:v1 ";
/// How every marker ends.
const CLOSE: &str = " -->";

/// A marker: names with values, in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marker(Vec<(String, String)>);

impl Marker {
    /// Adds a field. A list is one value with commas.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The value of a field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every field with its value, in the order of the text.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The line, as it ends a text.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{OPEN}{}{CLOSE}", encoded(self))
    }

    /// The marker that ends a text; a marker anywhere else is only text.
    #[must_use]
    pub fn ending(text: &str) -> Option<Self> {
        let line = text.trim_end().rsplit('\n').next()?.trim_end();
        fields(line.strip_prefix(OPEN)?.strip_suffix(CLOSE)?)
    }
}

/// The fields of a marker as its line has them.
pub(super) fn encoded(marker: &Marker) -> String {
    let fields: Vec<String> = marker.0.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    fields.join(" ")
}

/// What such a line says; `None` where it is no marker.
pub(super) fn fields(line: &str) -> Option<Marker> {
    let mut marker = Marker::default();
    for field in line.split(' ').filter(|field| !field.is_empty()) {
        let (name, value) = field.split_once('=')?;
        marker.0.push((name.to_owned(), decode(value)?));
    }
    Some(marker)
}

/// A text without the marker that ends it.
#[must_use]
pub fn without(text: &str) -> &str {
    let trimmed = text.trim_end();
    let start = trimmed.rfind('\n').map_or(0, |at| at + 1);
    if Marker::ending(text).is_some() { trimmed[..start].trim_end() } else { trimmed }
}

/// What writes ask for, as a marker's `writes` lists it: `op:argument` for each thing.
#[must_use]
pub fn writes(writes: &[Write]) -> Vec<String> {
    let mut all = Vec::new();
    for Write { op, args, .. } in writes {
        let mut one = |value: &str| all.push(format!("{}:{}", op.name(), element(value)));
        // These stand whole where they were written, and are told from nothing by a list.
        if matches!(op, Op::EditBody | Op::CreateIssue) {
            one("");
            continue;
        }
        args.labels.iter().chain(&args.assignees).chain(&args.milestone).for_each(|value| one(value));
        match op {
            Op::Close => one(args.reason.as_deref().unwrap_or("")),
            Op::Reopen => one(""),
            _ => {}
        }
    }
    all
}

/// The writes that a marker's `writes` lists; what this version does not know is left out.
#[must_use]
pub fn listed(list: &str) -> Vec<Write> {
    let mut all: Vec<Write> = Vec::new();
    for (op, value) in list.split(',').filter_map(|entry| entry.split_once(':')) {
        let Some(value) = decode(value) else { continue };
        let Some((op, _)) = Op::ALL.into_iter().find(|(_, name)| *name == op) else { continue };
        let same = all.iter().position(|write| write.op == op);
        let at = same.unwrap_or_else(|| {
            all.push(Write::of(op, Args::default()));
            all.len() - 1
        });
        let args = &mut all[at].args;
        match op {
            Op::AddLabels | Op::RemoveLabels => args.labels.push(value),
            Op::Assign | Op::Unassign => args.assignees.push(value),
            Op::SetMilestone => args.milestone = Some(value),
            Op::Close if !value.is_empty() => args.reason = Some(value.into()),
            _ => {}
        }
    }
    all
}

/// An element of a list in a value: without commas and colons of its own, so that a name cannot
/// add an element.
#[must_use]
pub fn element(text: &str) -> String {
    text.replace('%', "%25").replace(',', "%2C").replace(':', "%3A")
}

/// Percent-encoded, so that a value holds no space, no `=` and cannot end the comment.
fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"_.:,/".contains(&byte) || (byte == b'-' && !out.ends_with('-'));
        if plain {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}"); // writing to a String cannot fail
        }
    }
    out
}

fn decode(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first == b'%' {
            let (digits, after) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_reads_back_what_was_written() {
        let hostile = "a b=c --> <!-- é%\n--";
        let marker =
            Marker::default().with("policy", "backlog-triage").with("rule", hostile).with("writes", "assign:claude");
        let line = marker.line();
        assert!(!line.contains('\n') && !line[4..line.len() - 3].contains("--"), "{line}");
        assert_eq!(Marker::ending(&format!("text\n\n{line}\n")).unwrap(), marker);
        assert_eq!(Marker::ending(&line).unwrap().get("rule"), Some(hostile));
    }

    #[test]
    fn a_marker_counts_only_at_the_end() {
        let line = Marker::default().with("policy", "x").line();
        assert_eq!(Marker::ending(&format!("{line}\nmore")), None);
        assert_eq!(Marker::ending(&format!("> {line}")), None);
        assert_eq!(Marker::ending("<!-- kaizen:v1 broken -->"), None);
        assert_eq!(Marker::ending(""), None);
        assert_eq!(without(&format!("text\n\n{line}")), "text");
        assert_eq!(without("text\n"), "text");
    }
}
