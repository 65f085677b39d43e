//! An explanation as a person reads it.
//!
//! Takes: an [`Explanation`]. Gives: lines for a terminal, or Markdown. What it quotes of an item is made
//! fit for the place here.

use super::nearest::{Could, Nearest};
use super::{Explanation, PointLine, RuleLine, ScoreLine};
use crate::engine::untrusted;
use crate::engine::value::Value;

/// The nearest miss as sentences, with or without where points stand. Untrusted words in it are names of
/// the rules only.
#[must_use]
pub fn nearest(nearest: &Nearest, lines: bool) -> String {
    let way = if nearest.would_hold { "would hold" } else { "would no longer hold" };
    let mut text = format!("{}, and `{}` {way}.", nearest.missing.join(", "), nearest.rule);
    for Could { add, missing, line } in &nearest.could {
        let line = if lines { format!(" ({line})") } else { String::new() };
        text.push_str(&format!(" {} would add {add}{line}.", capital(&missing.join(" and "))));
    }
    text
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What is printed of a value that may not have been read.
fn text_or_unread(value: &Value<'_>) -> String {
    if matches!(value, Value::None) { "unknown".to_owned() } else { value.to_string() }
}

fn signed(add: &Value<'_>) -> String {
    match add.number() {
        Some(number) if number >= 0.0 => format!("+{add}"),
        _ => add.to_string(),
    }
}

/// Lines for a terminal. Without `all`, points and flags that did not hold are left out.
#[must_use]
pub fn text(explanation: &Explanation, all: bool) -> String {
    let mut out = format!("Score {}\n", text_or_unread(&explanation.score));
    for ScoreLine { name, value, max, off, points } in &explanation.components {
        out.push_str(&format!("  {name} {} of {max}\n", text_or_unread(value)));
        if let Some(off) = off {
            out.push_str(&format!("    counts nothing unless {off}\n"));
        }
        for point in points.iter().filter(|point| all || point.held) {
            out.push_str(&text_point(point));
        }
        let missed = points.iter().filter(|point| !point.held).count();
        if !all && missed > 0 {
            let s = if missed == 1 { "" } else { "s" };
            out.push_str(&format!("    {missed} further point{s} did not hold\n"));
        }
    }
    let line = explanation.type_line.as_ref().map_or_else(|| "the default".to_owned(), Clone::clone);
    out.push_str(&format!("Type {} ({line})\n", explanation.ty.as_deref().unwrap_or("unknown")));
    if all {
        out.push_str("Flags\n");
        for flag in &explanation.flags {
            let holds = flag.holds.map_or("unknown", |holds| if holds { "yes" } else { "no" });
            out.push_str(&format!("  {} {holds} ({}): {}\n", flag.name, flag.line, terminal(&flag.why)));
        }
    } else {
        let held = explanation.flags.iter().filter(|flag| flag.holds == Some(true));
        let held: Vec<&str> = held.map(|flag| flag.name.as_str()).collect();
        out.push_str(&format!("Flags {}\n", if held.is_empty() { "none".to_owned() } else { held.join(", ") }));
    }
    out.push_str("Rules\n");
    for passed in &explanation.passed {
        out.push_str(&format!("  - {} ({}): {}\n", passed.rule, passed.line, terminal(&passed.why)));
    }
    match &explanation.decided {
        Some(RuleLine { rule, action, line, why }) => {
            out.push_str(&format!("  > {rule} ({line}): {}\n    it decides on {action}\n", terminal(why)));
        }
        None => out.push_str("  > no rule holds\n"),
    }
    if let Some(miss) = &explanation.nearest {
        out.push_str(&format!("Nearest miss: {}\n", terminal(&nearest(miss, true))));
    }
    out
}

fn text_point(point: &PointLine) -> String {
    let PointLine { add, condition, line, held, matched, why } = point;
    let mark = if *held { signed(add) } else { format!("({})", signed(add)) };
    let found = matched.as_deref().map(|text| format!(" found \"{}\"", terminal(&short(text))));
    let why = why.as_deref().map(|why| format!(": {}", terminal(why)));
    format!("    {mark:>5} {} ({line}){}{}\n", terminal(condition), found.unwrap_or_default(), why.unwrap_or_default())
}

/// A match in one line of a size that can be read.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MOST { line } else { line.chars().take(MOST).chain(['…']).collect() }
}

fn terminal(text: &str) -> String {
    untrusted::terminal(text)
}

/// Markdown, with headings of the third level.
#[must_use]
pub fn markdown(explanation: &Explanation) -> String {
    let mut out = format!("### Score {}\n\n", text_or_unread(&explanation.score));
    out.push_str("| points | in | because | found | rule |\n| ---: | --- | --- | --- | --- |\n");
    for component in &explanation.components {
        for point in &component.points {
            let add = if point.held { signed(&point.add) } else { "–".to_owned() };
            let found = point.matched.as_deref().map(|text| untrusted::markdown(&short(text)));
            let found = found.or_else(|| point.why.as_deref().map(untrusted::markdown)).unwrap_or_default();
            let (name, condition) = (untrusted::markdown(&component.name), untrusted::markdown(&point.condition));
            out.push_str(&format!("| {add} | {name} | {condition} | {found} | {} |\n", place(&point.line)));
        }
    }
    out.push_str("\n### Rules\n\n");
    for RuleLine { rule, line, why, .. } in &explanation.passed {
        out.push_str(&format!("- {rule} ({}): {}\n", place(line), untrusted::markdown(why)));
    }
    match &explanation.decided {
        Some(RuleLine { rule, action, line, why }) => out.push_str(&format!(
            "- **{rule}** ({}): {}. It decides on {action}.\n",
            place(line),
            untrusted::markdown(why)
        )),
        None => out.push_str("- No rule holds.\n"),
    }
    if let Some(miss) = &explanation.nearest {
        out.push_str(&format!("\n**Nearest miss:** {}\n", untrusted::markdown(&nearest(miss, true))));
    }
    out
}

fn place(line: &str) -> String {
    untrusted::markdown(line)
}
