//! A run as JSON, with the field names of the contract.
//!
//! Takes: a [`TriageRun`]. Gives: one JSON document, valid for every reader. It may be shown in a
//! terminal or a CI log, so what either would obey is written as an escape; a JSON reader sees
//! the same text.

use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};
use serde_json::json;
use serde_json::ser::{CompactFormatter, Formatter};

use super::unmatched::UnmatchedNames;
use super::{ItemRow, TriageRun, pieces};
use crate::engine::rules::Policy;
use crate::plan::choice::ItemState;
use crate::plan::{self, PlannedItem};

/// Entries that one thread writes at a time: few enough that their text stays in a processor's cache.
const CHUNK: usize = 200;
/// Bytes that an entry takes, more or less: room that need not grow.
const ENTRY: usize = 640;

/// Writes the document and a line break. Long lists are put into text by `threads` threads and
/// written in their order.
///
/// # Errors
/// What writing gives.
pub fn write(run: &TriageRun<'_>, threads: usize, mut out: impl Write) -> io::Result<()> {
    let mut head = text(&ReportHead(run))?;
    head.pop(); // the brace that closes it
    out.write_all(&head)?;
    let rows: Vec<IssueJson<'_, '_>> = run.rows.iter().map(|row| IssueJson { run, row }).collect();
    list(&mut out, "issues", &rows, threads)?;
    let writes: Vec<OneWrite<'_>> =
        run.stated().map(|(item, effect, write, state)| OneWrite { item, effect, write, state }).collect();
    list(&mut out, "writes", &writes, threads)?;
    out.write_all(b"}\n")
}

/// Writes the document of one run, or, of several, one of this job that holds the document of each.
///
/// # Errors
/// What writing gives.
pub fn write_all(job: &str, runs: &[TriageRun<'_>], threads: usize, mut out: impl Write) -> io::Result<()> {
    if let [run] = runs {
        return write(run, threads, out);
    }
    let (generated_at, complete) = (runs.first().map(|run| &run.generated_at), runs.iter().all(|run| run.complete));
    let mut head = text(&json!({"job": job, "generated_at": generated_at, "complete": complete}))?;
    head.pop(); // the brace that closes it
    out.write_all(&head)?;
    for (place, run) in runs.iter().enumerate() {
        out.write_all(if place == 0 { b",\"policies\":[" } else { b"," })?;
        write(run, threads, &mut out)?;
    }
    out.write_all(b"]}\n")
}

/// A value as compact JSON in which no terminal or CI runner finds anything to obey.
///
/// # Errors
/// What serializing gives.
pub fn text(value: &impl Serialize) -> io::Result<Vec<u8>> {
    into(value, Vec::new())
}

fn into(value: &impl Serialize, mut text: Vec<u8>) -> io::Result<Vec<u8>> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut text, QuietFormatter))?;
    Ok(text)
}

/// A list behind other members, `,"name":[…]`, put into text by several threads.
///
/// # Errors
/// What serializing and writing give.
pub fn list<T: Serialize + Sync>(out: &mut impl Write, name: &str, items: &[T], threads: usize) -> io::Result<()> {
    write!(out, ",\"{name}\":[")?;
    let chunks: Vec<&[T]> = items.chunks(CHUNK).collect();
    let text = |place: usize| {
        let chunk = chunks.get(place).copied().unwrap_or_default();
        let mut text = into(&chunk, Vec::with_capacity(chunk.len() * ENTRY))?;
        // The brackets around each chunk become the commas between them.
        text.pop();
        match text.first_mut() {
            Some(first) if place > 0 => *first = b',',
            _ => drop(text.drain(..1)),
        }
        Ok(text)
    };
    pieces::write(chunks.len(), threads, text, out)?;
    out.write_all(b"]")
}

/// Compact JSON in which no terminal or CI runner finds anything to obey.
struct QuietFormatter;

impl Formatter for QuietFormatter {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        // Without a way out of the loop, many bytes are looked at at once.
        let odd = fragment.bytes().fold(false, |odd, byte| odd | (byte >= 0x7f) | (byte == b'#'));
        if !odd {
            return CompactFormatter.write_string_fragment(out, fragment);
        }
        spell(fragment, out)
    }
}

/// Writes JSON, or a part of a string in it, with an escape for each character that a terminal or a runner obeys. They
/// stand in strings only.
///
/// # Errors
/// What writing gives.
pub fn spell(json: &str, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
    let mut start = 0;
    for (at, c) in json.char_indices() {
        // `##[` is a command to some runners; a control or bidirectional character to a terminal.
        let command = c == '#' && json[at + 1..].starts_with("#[");
        if command || hidden(c) {
            out.write_all(&json.as_bytes()[start..at])?;
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                write!(out, "\\u{unit:04x}")?;
            }
            start = at + c.len_utf8();
        }
    }
    out.write_all(&json.as_bytes()[start..])
}

/// Characters that act and are not seen: DEL and C1, and the marks that turn the direction of text.
fn hidden(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Everything but the long lists.
struct ReportHead<'r, 'p>(&'r TriageRun<'p>);

impl Serialize for ReportHead<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let run = self.0;
        let mut out = serializer.serialize_struct("Head", 10)?;
        out.serialize_field("job", &run.policy.job)?;
        out.serialize_field("generated_at", &run.generated_at)?;
        out.serialize_field("complete", &run.complete)?;
        out.serialize_field("why_incomplete", &run.why_incomplete)?;
        out.serialize_field("warnings", &run.warnings)?;
        out.serialize_field("forge", &run.forge)?;
        out.serialize_field("policy", &run.policy.name)?;
        out.serialize_field("rules_hash", &run.policy.hash)?;
        out.serialize_field("totals", &run.totals)?;
        out.serialize_field("unmatched", &UnmatchedNames::of(run))?;
        out.end()
    }
}

/// A list that is made while it is written.
struct LazyList<F>(F);

impl<T: Serialize, I: Iterator<Item = T>, F: Fn() -> I> Serialize for LazyList<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// A map that is made while it is written.
struct Map<F>(F);

impl<K: Serialize, V: Serialize, I: Iterator<Item = (K, V)>, F: Fn() -> I> Serialize for Map<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (key, value) in (self.0)() {
            map.serialize_entry(&key, &value)?;
        }
        map.end()
    }
}

struct IssueJson<'r, 'p> {
    run: &'r TriageRun<'p>,
    row: &'r ItemRow<'p>,
}

impl Serialize for IssueJson<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (policy, row): (&Policy, _) = (self.run.policy, self.row);
        let judgement = &row.judgement;
        let mut out = serializer.serialize_struct("Issue", 15)?;
        out.serialize_field("repo", &self.run.repos[row.repo])?;
        out.serialize_field("kind", &row.kind)?;
        out.serialize_field("number", &row.number)?;
        out.serialize_field("title", &judgement.title)?;
        out.serialize_field("type", &judgement.ty)?;
        out.serialize_field("tags", &judgement.tags)?;
        out.serialize_field(
            "scores",
            &Map(|| policy.components.iter().map(|component| &component.name).zip(&judgement.scores)),
        )?;
        out.serialize_field("score", &judgement.score)?;
        for flag in ["ready", "urgent", "blocked"] {
            out.serialize_field(flag, &row.flag(policy, flag))?;
        }
        out.serialize_field("age_days", &judgement.age_days)?;
        out.serialize_field("assignees", &row.assignees)?;
        out.serialize_field("decision", &Decision(self))?;
        let effect = judgement.action.map(|_| EffectJson(self));
        out.serialize_field("effects", &LazyList(|| effect.iter()))?;
        out.end()
    }
}

struct Decision<'i>(&'i IssueJson<'i, 'i>);

impl Serialize for Decision<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (policy, row) = (self.0.run.policy, self.0.row);
        let mut out = serializer.serialize_struct("Decision", 6)?;
        out.serialize_field("rule", &row.rule(policy))?;
        out.serialize_field("action", row.action(policy))?;
        out.serialize_field("agent", &row.agent(policy))?;
        out.serialize_field("reason", &row.judgement.reason)?;
        out.serialize_field("state", &row.state)?;
        out.serialize_field("note", &row.note)?;
        out.end()
    }
}

struct EffectJson<'i>(&'i IssueJson<'i, 'i>);

impl Serialize for EffectJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (policy, row) = (self.0.run.policy, self.0.row);
        let mut out = serializer.serialize_struct("Effect", 3)?;
        out.serialize_field("rule", &row.rule(policy))?;
        out.serialize_field("action", row.action(policy))?;
        out.serialize_field("state", &row.state)?;
        out.end()
    }
}

struct OneWrite<'r> {
    item: &'r PlannedItem,
    effect: &'r plan::Effect,
    write: &'r plan::Write,
    state: ItemState,
}

impl Serialize for OneWrite<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Write", 8)?;
        out.serialize_field("op", &self.write.op)?;
        out.serialize_field("repo", &*self.item.repo)?;
        out.serialize_field("kind", &self.item.kind)?;
        out.serialize_field("number", &self.item.number)?;
        out.serialize_field("policy", &*self.effect.policy)?;
        out.serialize_field("key", &self.write.key)?;
        out.serialize_field("args", &self.write.args)?;
        out.serialize_field("state", &self.state)?;
        out.end()
    }
}
