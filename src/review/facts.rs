//! The vocabulary that rules can use: facts of items, counted facts, groups of names, parameters, filters.
//!
//! Takes: the tables of the engine, the language and the job. Gives: [`NameLine`]s with names, types, prices and
//! meanings, as text, Markdown and JSON.

use serde::Serialize;

use crate::advise::{FactSpec, FactTy, Field, FieldKind, Param, ParamKind, Preset, SectionSpec};
use crate::engine::facts::{Ages, FACTS, Fact};
use crate::engine::value::{Base, Ty};
use crate::language::{ITEM_NAMES, JobSpec, OfItems, expressions};

/// A name that rules can use.
#[derive(Debug, Clone, Serialize)]
pub struct NameLine {
    /// As expressions write it.
    pub name: String,
    /// What it is: `number or none`.
    #[serde(rename = "type")]
    pub ty: String,
    /// Where it is known: everywhere, from a stage on, in a section.
    pub known: String,
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

/// Where a flag is known in a job that decides nothing about single items.
const FLAG_KNOWN: &str = "in later flags";

/// The facts of an item that rules of this job can name, in the order of their table.
#[must_use]
pub fn facts(spec: &JobSpec) -> Vec<NameLine> {
    let ages = Ages { unknown: None, future: Some(0) };
    let line = |(name, fact, meaning): &(&str, Fact, &str)| NameLine {
        name: (*name).to_owned(),
        ty: type_name(&fact.ty(ages)),
        known: "everywhere".to_owned(),
        tiers: fact.tiers().names(),
        meaning: (*meaning).to_owned(),
    };
    let known = |items: OfItems| FACTS.iter().filter(move |(_, fact, _)| items.window || !fact.of_window());
    spec.items.into_iter().flat_map(known).map(line).collect()
}

/// What stands beside the facts.
#[must_use]
pub fn groups(spec: &JobSpec) -> Vec<NameLine> {
    let decides = spec.items.is_some_and(|items| items.decides);
    // Thresholds and agents are vocabulary of every job.
    let of_all = |name: &str| name.starts_with("thresholds.") || name.starts_with("agents.");
    let known = GROUPS.into_iter().filter(|(name, ..)| spec.items.is_some() || of_all(name));
    let line = |(name, ty, known, meaning): (&str, &str, &'static str, &str)| {
        line(name, ty, if name == "FLAG" && !decides { FLAG_KNOWN } else { known }, meaning)
    };
    known.map(line).collect()
}

fn line(name: impl Into<String>, ty: impl Into<String>, known: impl Into<String>, meaning: &str) -> NameLine {
    let meaning = meaning.to_owned();
    NameLine { name: name.into(), ty: ty.into(), known: known.into(), tiers: Vec::new(), meaning }
}

/// What rules over counted facts can name, section by section.
#[must_use]
pub fn counted_names(spec: &JobSpec) -> Vec<NameLine> {
    let mut lines = Vec::new();
    for section in spec.sections {
        let known = format!("in `{}`", section.name);
        let fact = |fact: &FactSpec| line(fact.name, type_name(&fact.ty.ty()), known.as_str(), fact.about);
        lines.extend(section.facts.iter().map(fact));
        lines.push(line("fired", "number", known.as_str(), "records that rules before this one made"));
        lines.extend(section.asks.iter().map(|ask| line(ask.name, "yes or no", known.as_str(), ask.about)));
        for list in section.collections {
            let known = format!("{known} with `each: {}`", list.name);
            lines.extend(list.facts.iter().map(|fact| {
                let name = format!("{}.{}", list.element, fact.name);
                line(name, type_name(&fact.ty.ty()), known.as_str(), fact.about)
            }));
        }
    }
    lines
}

/// The parameters of the counting, which rules over counted facts can name too.
#[must_use]
pub fn measure(spec: &JobSpec) -> Vec<NameLine> {
    let one = |param: &Param| {
        let (ty, default) = (kind(param.kind), preset(param.default));
        line(format!("measure.{}", param.name), ty, format!("in `measure`, {default} by default"), param.about)
    };
    spec.measure.iter().map(one).collect()
}

fn kind(kind: ParamKind) -> String {
    match kind {
        ParamKind::Whole(least) => format!("whole number from {least}"),
        ParamKind::Number(least) => format!("number from {least}"),
        ParamKind::Word(words) => words.join(" or "),
        ParamKind::Flag => "yes or no".to_owned(),
        ParamKind::Texts => "list of texts".to_owned(),
        ParamKind::Replacements => "list of {regex, with}".to_owned(),
    }
}

fn preset(preset: Preset) -> String {
    match preset {
        Preset::Int(number) => number.to_string(),
        Preset::Float(number) => format!("{number:?}"),
        Preset::Word(word) => word.to_owned(),
        Preset::Flag(flag) => flag.to_string(),
        Preset::Empty => "empty".to_owned(),
    }
}

/// The fields that rules over counted facts write, beside `id`, `when`, `subject` and `score`.
#[must_use]
pub fn fields(spec: &JobSpec) -> Vec<NameLine> {
    let field = |section: &SectionSpec, field: &Field| {
        let needed = if field.needed { "every rule has it" } else { "may be left out" };
        line(field.name, kind_text(field.kind), format!("a field of `{}`, {needed}", section.name), field.about)
    };
    spec.sections.iter().flat_map(|section| section.fields.iter().map(move |one| field(section, one))).collect()
}

fn kind_text(kind: FieldKind) -> String {
    match kind {
        FieldKind::Sentence => "text with `{{ }}`".to_owned(),
        FieldKind::Sentences => "list of texts with `{{ }}`".to_owned(),
        FieldKind::Number => "expression: number".to_owned(),
        FieldKind::Text => "expression: text".to_owned(),
        FieldKind::Texts => "expression: list of texts".to_owned(),
        FieldKind::Word(words) => words.join(" or "),
        FieldKind::Literal => "text as it stands".to_owned(),
    }
}

/// Everything that rules of this job can name and write, in the order of the report.
fn all(spec: &JobSpec) -> Vec<NameLine> {
    let lists = [facts(spec), groups(spec), counted_names(spec), measure(spec), fields(spec)];
    lists.into_iter().flatten().collect()
}

/// The filters of expressions.
#[must_use]
pub fn filters() -> Vec<&'static str> {
    expressions::FILTERS.iter().map(|(name, _)| *name).collect()
}

/// A text that people read: whose template, and its names with their types.
type TextVocabulary = (String, Vec<(&'static str, String)>);

/// What templates can name, by template; beside it all know thresholds and logins of agents.
fn templates(spec: &JobSpec) -> Vec<TextVocabulary> {
    let typed = |names: &'static [(&'static str, FactTy)]| {
        names.iter().map(|(name, ty)| (*name, type_name(&ty.ty()))).collect::<Vec<_>>()
    };
    let of_items = spec.items.filter(|items| items.decides);
    let of_items = of_items.map(|_| ("a template of an action, beside the facts".to_owned(), typed(&ITEM_NAMES)));
    let own = spec.texts.iter().map(|text| (format!("`{}`", text.template), typed(text.names)));
    of_items.into_iter().chain(own).collect()
}

/// What templates can name, a line a template; `[]` stands for the entries of a list.
fn template_lines(spec: &JobSpec) -> impl Iterator<Item = String> {
    templates(spec).into_iter().map(|(whose, names)| {
        let names: Vec<String> = names.into_iter().map(|(name, ty)| format!("{name} ({ty})")).collect();
        format!("Names in {whose}: {}", names.join(", "))
    })
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
        Base::Group => "group".to_owned(),
    };
    if ty.maybe { format!("{base} or none") } else { base }
}

/// As a table of Markdown.
#[must_use]
pub fn markdown(spec: &JobSpec) -> String {
    let mut out = vec![
        format!("## What the rules of `{}` can ask for", spec.job),
        String::new(),
        "| name | type | known | reads | meaning |".to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
    ];
    for line in all(spec) {
        let reads = if line.tiers.is_empty() { "the list".to_owned() } else { line.tiers.join(", ") };
        out.push(format!("| `{}` | {} | {} | {reads} | {} |", line.name, line.ty, line.known, line.meaning));
    }
    out.push(String::new());
    let filters: Vec<String> = filters().into_iter().map(|name| format!("`{name}`")).collect();
    out.push(format!("Filters: {}.", filters.join(", ")));
    for line in template_lines(spec) {
        out.extend([String::new(), format!("{line}.")]);
    }
    out.push(String::new());
    out.join("\n")
}

/// As columns of text.
#[must_use]
pub fn text(spec: &JobSpec) -> String {
    let lines = all(spec);
    let width = |of: fn(&NameLine) -> &str| lines.iter().map(|line| of(line).len()).max().unwrap_or(0);
    let (names, types) = (width(|line| &line.name), width(|line| &line.ty));
    let mut out = vec![format!("What the rules of {} can ask for", spec.job)];
    for line in &lines {
        let known = if line.known == "everywhere" { String::new() } else { format!("; {}", line.known) };
        let reads =
            if line.tiers.is_empty() { String::new() } else { format!("; reads the {}", line.tiers.join(", ")) };
        let meaning = line.meaning.trim_end_matches(" (reads the timeline)");
        out.push(format!("{:names$}  {:types$}  {meaning}{known}{reads}", line.name, line.ty));
    }
    out.push(format!("Filters: {}", filters().join(" ")));
    out.extend(template_lines(spec));
    out.push(String::new());
    out.join("\n")
}

/// As JSON.
#[must_use]
pub fn json(spec: &JobSpec) -> serde_json::Value {
    let sections: Vec<serde_json::Value> = spec.sections.iter().map(section).collect();
    let (facts, names) = (facts(spec), groups(spec));
    let measure: Vec<serde_json::Value> = spec.measure.iter().map(param).collect();
    let templates = templates(spec).into_iter().map(|(whose, names)| {
        let names = names.into_iter().map(|(name, ty)| serde_json::json!({"name": name, "type": ty}));
        serde_json::json!({"template": whose.trim_matches('`'), "names": names.collect::<Vec<_>>()})
    });
    let templates: Vec<serde_json::Value> = templates.collect();
    serde_json::json!({
        "job": spec.job, "facts": facts, "names": names, "measure": measure, "sections": sections,
        "filters": filters(), "templates": templates,
    })
}

fn param(param: &Param) -> serde_json::Value {
    let default = match param.default {
        Preset::Int(number) => number.into(),
        Preset::Float(number) => number.into(),
        Preset::Word(word) => word.into(),
        Preset::Flag(flag) => flag.into(),
        Preset::Empty => serde_json::json!([]),
    };
    serde_json::json!({"name": param.name, "type": kind(param.kind), "default": default, "meaning": param.about})
}

/// A section with what its rules name and write.
fn section(section: &SectionSpec) -> serde_json::Value {
    let facts = |facts: &[FactSpec]| -> serde_json::Value {
        let one = |fact: &FactSpec| serde_json::json!({"name": fact.name, "type": type_name(&fact.ty.ty()), "meaning": fact.about});
        facts.iter().map(one).collect()
    };
    let lists = section.collections.iter().map(|list| {
        serde_json::json!({"name": list.name, "element": list.element, "meaning": list.about, "facts": facts(list.facts)})
    });
    let asks = section.asks.iter().map(|ask| serde_json::json!({"name": ask.name, "meaning": ask.about}));
    let fields = section.fields.iter().map(|field| {
        serde_json::json!({"name": field.name, "type": kind_text(field.kind), "needed": field.needed, "meaning": field.about})
    });
    serde_json::json!({
        "name": section.name,
        "facts": facts(section.facts),
        "lists": lists.collect::<serde_json::Value>(),
        "asks": asks.collect::<serde_json::Value>(),
        "fields": fields.collect::<serde_json::Value>(),
    })
}
