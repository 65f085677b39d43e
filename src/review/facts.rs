//! The vocabulary that rules can use: facts, groups of names, filters.
//!
//! Takes: the tables of the engine and the language. Gives: [`Line`]s with names, types, prices and
//! meanings, as text, Markdown and JSON.

use serde::Serialize;

use crate::engine::facts::{Ages, FACTS, Fact};
use crate::engine::value::{Base, Ty};
use crate::language::expressions;

/// A name that rules can use.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// As expressions write it.
    pub name: String,
    /// What it is: `number or none`.
    #[serde(rename = "type")]
    pub ty: String,
    /// Where it is known: everywhere, or from a stage on.
    pub known: &'static str,
    /// What has to be read for each item to know it; nothing where the list of items gives it.
    pub tiers: Vec<&'static str>,
    /// What it says.
    pub meaning: String,
}

/// Names that are no facts of an item: name, type, where they are known, meaning.
const GROUPS: [(&str, &str, &str, &str); 11] = [
    ("tagged.SET", "yes or no", "everywhere", "a tag is in this keyword set"),
    ("labelled.SET", "yes or no", "everywhere", "a tag that a label gave is in this keyword set"),
    ("count.PATTERN", "number", "everywhere", "matches of this pattern"),
    ("distinct.PATTERN", "number", "everywhere", "entries of this pattern that match"),
    ("labels_with.PATTERN", "number", "everywhere", "labels that match this pattern"),
    ("thresholds.NAME", "number", "everywhere", "the number of this name"),
    ("agents.NAME.login", "text", "everywhere", "the login of this agent"),
    ("scores.COMPONENT", "number", "from `classify` on", "the value of this component"),
    ("score", "number", "from `classify` on", "the sum of the components"),
    ("type", "one of the types", "from `flags` on", "what it was classified as"),
    ("FLAG", "yes or no", "in later flags, `order`, `holds`, `decide`", "the flag of this name"),
];

/// The facts of an item, in the order of their table.
#[must_use]
pub fn facts() -> Vec<Line> {
    let ages = Ages { unknown: None, future: Some(0) };
    let line = |(name, fact, meaning): &(&str, Fact, &str)| Line {
        name: (*name).to_owned(),
        ty: type_name(&fact.ty(ages)),
        known: "everywhere",
        tiers: fact.tiers().names(),
        meaning: (*meaning).to_owned(),
    };
    FACTS.iter().map(line).collect()
}

/// What stands beside the facts.
#[must_use]
pub fn groups() -> Vec<Line> {
    let line = |(name, ty, known, meaning): (&str, &str, &'static str, &str)| Line {
        name: name.to_owned(),
        ty: ty.to_owned(),
        known,
        tiers: Vec::new(),
        meaning: meaning.to_owned(),
    };
    GROUPS.into_iter().map(line).collect()
}

/// The filters of expressions.
#[must_use]
pub fn filters() -> Vec<&'static str> {
    expressions::FILTERS.iter().map(|(name, _)| *name).collect()
}

/// A type as people read it.
fn type_name(ty: &Ty) -> String {
    let base = match &ty.base {
        Base::Bool => "yes or no".to_owned(),
        Base::Number => "number".to_owned(),
        Base::OneOf(values) => values.join(" or "),
        Base::Text => "text".to_owned(),
        Base::List(inner, _) => format!("list of {}s", type_name(&Ty::of((**inner).clone()))),
        Base::Nothing => "none".to_owned(),
    };
    if ty.maybe { format!("{base} or none") } else { base }
}

/// As a table of Markdown.
#[must_use]
pub fn markdown(job: &str) -> String {
    let mut out = vec![
        format!("## What the rules of `{job}` can ask for"),
        String::new(),
        "| name | type | known | reads | meaning |".to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
    ];
    for line in facts().into_iter().chain(groups()) {
        let reads = if line.tiers.is_empty() { "the list".to_owned() } else { line.tiers.join(", ") };
        out.push(format!("| `{}` | {} | {} | {reads} | {} |", line.name, line.ty, line.known, line.meaning));
    }
    out.push(String::new());
    let filters: Vec<String> = filters().into_iter().map(|name| format!("`{name}`")).collect();
    out.push(format!("Filters: {}.", filters.join(", ")));
    out.push(String::new());
    out.join("\n")
}

/// As columns of text.
#[must_use]
pub fn text(job: &str) -> String {
    let lines: Vec<Line> = facts().into_iter().chain(groups()).collect();
    let width = |of: fn(&Line) -> &str| lines.iter().map(|line| of(line).len()).max().unwrap_or(0);
    let (names, types) = (width(|line| &line.name), width(|line| &line.ty));
    let mut out = vec![format!("What the rules of {job} can ask for")];
    for line in &lines {
        let known = if line.known == "everywhere" { String::new() } else { format!("; {}", line.known) };
        let reads =
            if line.tiers.is_empty() { String::new() } else { format!("; reads the {}", line.tiers.join(", ")) };
        let meaning = line.meaning.trim_end_matches(" (reads the timeline)");
        out.push(format!("{:names$}  {:types$}  {meaning}{known}{reads}", line.name, line.ty));
    }
    out.push(format!("Filters: {}", filters().join(" ")));
    out.push(String::new());
    out.join("\n")
}

/// As JSON.
#[must_use]
pub fn json(job: &str) -> serde_json::Value {
    serde_json::json!({"job": job, "facts": facts(), "names": groups(), "filters": filters()})
}
