//! A case as YAML, and a case file with one more.
//!
//! Takes: an item, what is expected of it, the text of a case file. Gives: the text with the case at the
//! end of its cases; all else in it stays as it is. Lines are added and no tree is printed, so that
//! comments stay; the result is read again and held against what was to be written.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use super::{CaseItem, given};
use crate::engine::facts::Availability;
use crate::engine::policy::Policy;
use crate::engine::source::{Source, Span};
use crate::forge::ItemKind;
use crate::language::diag::ProblemSink;
use crate::language::yaml::{self, Node, NodeKind};

/// A case to be written.
#[derive(Debug)]
pub struct New {
    /// Its name.
    pub name: String,
    /// The instant that ages are counted to.
    pub now: DateTime<Utc>,
    /// The item.
    pub item: CaseItem,
    /// What it is to come to, by the names of `expect`.
    pub expect: Vec<(String, Value)>,
}

/// A case file with one more case.
#[derive(Debug)]
pub struct CaseFile {
    /// The whole text.
    pub text: String,
    /// The lines of the case in it.
    pub case: String,
    /// Where it begins.
    pub at: Span,
}

/// The text of a case file with this case at the end of its cases; of no text a new file.
///
/// # Errors
/// Why a case cannot be added to this text.
pub fn with_case(source: Option<&Source>, policy: &Policy, new: &New) -> Result<CaseFile, String> {
    let empty = Source::new("", format!("version: 1\njob: {}\n\ncases:\n", policy.job));
    let source = source.filter(|source| !source.text.trim().is_empty()).unwrap_or(&empty);
    let mut found = Vec::new();
    let root = yaml::read(&mut ProblemSink { source, found: &mut found });
    let Some(Node { kind: NodeKind::Map(entries), .. }) = root else {
        return Err(format!("{} is no case file: mend it first", source.name));
    };
    let mut base = given::empty();
    let cases = entries.iter().find(|(key, _)| key.name == "cases");
    if let Some((_, node)) = entries.iter().find(|(key, _)| key.name == "given") {
        let context = given::Context { policy, window: false, now: new.now, user: "", each: None };
        let mut reader =
            crate::language::reader::NodeReader { sink: ProblemSink { source, found: &mut found }, file: 0 };
        given::read(&mut reader, node, &context, &mut base);
    }
    let (at, indent, before) = match cases {
        None => (source.text.len(), 2, "cases:\n"),
        Some((key, node)) => {
            let indent = match &node.kind {
                NodeKind::Null => 2,
                NodeKind::List(items) => dash(source, items).ok_or_else(|| {
                    format!("`cases` of {} is written in brackets: write a case on lines of its own", source.name)
                })?,
                _ => return Err(format!("`cases` of {} is no list: mend it first", source.name)),
            };
            let next = entries.iter().map(|(other, _)| other.span.start).filter(|start| *start > key.span.start).min();
            (next.map_or(source.text.len(), |next| before_comments(&source.text, next)), indent, "")
        }
    };
    let (head, tail) = source.text.split_at(at);
    let line_break = if head.is_empty() || head.ends_with('\n') { "" } else { "\n" };
    let case = indented(&lines(policy, new, &base), indent);
    let start = head.len() + line_break.len() + before.len();
    let text = [head, line_break, before, &case, tail].concat();
    Ok(CaseFile { text, case, at: Span::new(start + indent, start + indent + 1) })
}

/// The column of the dashes of a list in block style.
fn dash(source: &Source, items: &[Node]) -> Option<usize> {
    let NodeKind::Map(members) = &items.first()?.kind else { return None };
    let key = members.first()?.0.span.start;
    let start = source.text[..key].rfind('\n').map_or(0, |at| at + 1);
    let before = &source.text[start..key];
    let dash = before.find('-')?;
    (before.trim() == "-").then_some(dash)
}

/// Where the line of a place begins, or the comments and empty lines right above it.
fn before_comments(text: &str, place: usize) -> usize {
    let mut at = text[..place].rfind('\n').map_or(0, |at| at + 1);
    while at > 0 {
        let start = text[..at - 1].rfind('\n').map_or(0, |at| at + 1);
        let line = &text[start..at];
        if !line.trim().is_empty() && !line.starts_with('#') {
            break;
        }
        at = start;
    }
    at
}

fn indented(lines: &[String], indent: usize) -> String {
    let pad = " ".repeat(indent);
    let line = |line: &String| if line.is_empty() { "\n".to_owned() } else { format!("{pad}{line}\n") };
    lines.iter().map(line).collect()
}

/// The lines of a case, those of a text in block style included.
fn lines(policy: &Policy, new: &New, base: &CaseItem) -> Vec<String> {
    let mut lines =
        vec![format!("- name: {}", scalar(&new.name)), format!("  now: {}", instant(new.now)), "  given:".to_owned()];
    let (given, item) = (&new.item, &new.item.item);
    let mut add = |name: &str, differs: bool, value: String| {
        if differs {
            lines.push(format!("    {name}: {value}"));
        }
    };
    add("repo", true, scalar(&given.repo.name));
    add("number", true, item.number.to_string());
    add("kind", item.kind != base.item.kind, if item.kind == ItemKind::Pull { "pull" } else { "issue" }.to_owned());
    add("title", true, quoted(&item.title));
    add("author", item.author != base.item.author, scalar(item.author.as_ref().map_or("", |author| &author.login)));
    let bot = |given: &CaseItem| given.item.author.as_ref().is_some_and(|author| author.bot);
    add("bot", bot(given) != bot(base), bot(given).to_string());
    add("own_report", given.own_report != base.own_report, given.own_report.to_string());
    add("state", item.open != base.item.open, if item.open { "open" } else { "closed" }.to_owned());
    add("locked", item.locked != base.item.locked, item.locked.to_string());
    add("draft", item.draft != base.item.draft, item.draft.to_string());
    add("private", given.repo.private != base.repo.private, given.repo.private.to_string());
    add("labels", item.labels != base.item.labels, list(item.labels.iter().map(AsRef::as_ref)));
    add("assignees", item.assignees != base.item.assignees, list(item.assignees.iter().map(AsRef::as_ref)));
    add("milestone", item.milestone != base.item.milestone, scalar(item.milestone.as_deref().unwrap_or("")));
    add("comments", item.comments != base.item.comments, item.comments.to_string());
    let date = |at: Option<DateTime<Utc>>| at.map_or_else(|| given::UNKNOWN.to_owned(), instant);
    add("created_at", item.created_at != base.item.created_at, date(item.created_at));
    add("updated_at", item.updated_at != base.item.updated_at, date(item.updated_at));
    let activity = match given.last_activity {
        Availability::NotRead => given::UNREAD.to_owned(),
        Availability::Unrecorded => given::UNRECORDED.to_owned(),
        Availability::Is(None) => given::NEVER.to_owned(),
        Availability::Is(Some(at)) => {
            DateTime::from_timestamp_micros(at).map_or_else(|| given::UNREAD.to_owned(), instant)
        }
    };
    add("last_activity", given.last_activity != base.last_activity, activity);
    if item.body != base.item.body {
        body(&mut lines, &item.body);
    }
    lines.push("  expect:".to_owned());
    let flags = policy.flags.iter().filter_map(|flag| {
        let (_, value) = new.expect.iter().find(|(name, _)| *name == format!("flags.{}", flag.name))?;
        Some(format!("{}: {value}", flag.name))
    });
    let flags: Vec<String> = flags.collect();
    for (name, value) in new.expect.iter().filter(|(name, _)| !name.starts_with("flags.")) {
        lines.push(format!("    {name}: {}", value.as_str().map_or_else(|| display(value), scalar)));
    }
    if !flags.is_empty() {
        lines.push(format!("    flags: {{{}}}", flags.join(", ")));
    }
    lines
}

fn display(value: &Value) -> String {
    if value.is_null() { "none".to_owned() } else { value.to_string() }
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    format!("[{}]", texts.map(scalar).collect::<Vec<_>>().join(", "))
}

/// The body: its own lines where YAML gives them back as they are, else one quoted text.
fn body(lines: &mut Vec<String>, body: &str) {
    let plain = |c: char| c == '\n' || c == ' ' || (!c.is_control() && !is_odd(c));
    let block = body.contains('\n') && body.chars().all(plain) && !body.starts_with('\n');
    if !block || body.trim().is_empty() {
        lines.push(format!("    body: {}", quoted(body)));
        return;
    }
    let text = body.trim_end_matches('\n');
    let chomp = match body.len() - text.len() {
        0 => "-",
        1 => "",
        _ => "+",
    };
    // The first line may begin with spaces of its own: the width is said.
    lines.push(format!("    body: |2{chomp}"));
    let body = body.strip_suffix('\n').unwrap_or(body);
    lines.extend(body.split('\n').map(|line| if line.is_empty() { String::new() } else { format!("      {line}") }));
}

/// A word as it is, anything else quoted.
fn scalar(text: &str) -> String {
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    let meant = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if word && !meant.contains(&text.to_lowercase().as_str()) { text.to_owned() } else { quoted(text) }
}

/// A text in double quotes on one line.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || is_odd(c) => out.push_str(&format!("\\U{:08X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Characters that YAML or an editor may take for something else: line breaks of other kinds, marks
/// that turn the direction of text, what cannot be seen.
fn is_odd(c: char) -> bool {
    matches!(c,
        '\u{85}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// What YAML makes of a body as it is written.
    fn back(text: &str) -> String {
        let mut written = vec!["case:".to_owned()];
        body(&mut written, text);
        let source = Source::new("x", indented(&written, 0));
        let root = yaml::read(&mut ProblemSink { source: &source, found: &mut Vec::new() }).unwrap();
        let NodeKind::Map(entries) = root.kind else { panic!("no map: {source:?}") };
        let NodeKind::Map(case) = &entries[0].1.kind else { panic!("no map: {source:?}") };
        let NodeKind::Text(text) = &case[0].1.kind else { panic!("no text: {source:?}") };
        text.clone()
    }

    #[test]
    fn every_body_comes_back_as_it_was() {
        for text in [
            "one line",
            "two\nlines",
            "ends\nwith one\n",
            "ends\nwith three\n\n\n",
            "  begins with spaces\nthen not",
            "\nbegins with a break",
            "\n\n",
            "spaces at the end  \nof a line  ",
            "a\r\nb\r\n",
            "tab\tin it\n\tand first",
            "---\nno: marker\n...\n# no comment",
            "\u{2028}odd\u{feff}\u{202e}\nlines\u{85}",
            "\u{7f}\u{0}\u{1b}[31m\n",
            "```yaml\nkey: |\n  x\n```\n\n    code",
            "'quotes' \"and\" \\slashes\\ é 😀",
            " \n ",
            "a\n \nb",
        ] {
            assert_eq!(back(text), text, "{text:?}");
        }
    }
}
