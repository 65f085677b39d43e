//! The JSON Schema of rule files, for editors.
//!
//! Takes: the tables of [`keys`](super::keys), what the jobs ask of their files. Gives: a schema of
//! draft 7, which editors read best. What a schema cannot say (names, types of expressions) stays
//! with the reader: a file that is right passes, a file that passes may still be wrong.

use serde_json::{Map, Value, json};

use super::JobSpec;
use super::advice_keys::REPLACEMENT;
use super::keys::{FILE, KeyShape, KeySpec, VOCABULARY};
use super::reader::RESERVED;
use crate::advise::{Param, ParamKind};

/// The name of the schema file in a folder of rules.
pub const FILE_NAME: &str = "kaizen.schema.json";

/// The schema of the rule files of these jobs, as text.
#[must_use]
pub fn text(jobs: &[JobSpec]) -> String {
    let mut text = serde_json::to_string_pretty(&schema(jobs)).unwrap_or_default();
    text.push('\n');
    text
}

/// The schema of the rule files of these jobs.
#[must_use]
pub fn schema(jobs: &[JobSpec]) -> Value {
    let names: Vec<&str> = jobs.iter().map(|spec| spec.declares).collect();
    let mut file = map(&FILE);
    file["properties"]["job"]["enum"] = json!(names);
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A rule file of Kaizen",
        "description": "Made by `kaizen rules schema`. `kaizen rules check` says what a schema cannot.",
    });
    let vocabulary: Vec<&str> = ["version"].into_iter().chain(VOCABULARY).collect();
    let of_jobs: Vec<Value> = jobs
        .iter()
        .map(|spec| {
            json!({
                "if": {"required": ["job"], "properties": {"job": {"const": spec.declares}}},
                "then": of_job(spec),
            })
        })
        .collect();
    for part in [
        file,
        json!({
            "if": {"required": ["job"]},
            "else": {"description": "A file that others extend: vocabulary only.", "propertyNames": {"enum": vocabulary}},
        }),
        json!({ "allOf": of_jobs }),
    ] {
        if let (Value::Object(into), Value::Object(part)) = (&mut schema, part) {
            into.extend(part);
        }
    }
    // The file itself is a map, and not nothing.
    schema["type"] = json!("object");
    schema
}

/// What the file of a job has beside what every file may have.
fn of_job(spec: &JobSpec) -> Value {
    let mut required: Vec<&str> = spec.sections.iter().map(|section| section.name).collect();
    let mut properties = Map::new();
    if let Some(items) = spec.items {
        if !items.flags.is_empty() {
            required.push("flags");
            properties.insert("flags".to_owned(), json!({"required": items.flags}));
        }
        if items.decides {
            required.push("decide");
            properties.insert("decide".to_owned(), json!({"type": "array", "minItems": 1}));
        }
    }
    if !spec.measure.is_empty() {
        let params: Map<String, Value> =
            spec.measure.iter().map(|param| (param.name.to_owned(), parameter(param))).collect();
        let measure = json!({"type": ["object", "null"], "additionalProperties": false, "properties": params});
        properties.insert("measure".to_owned(), measure);
    }
    json!({"required": required, "properties": properties})
}

fn parameter(param: &Param) -> Value {
    let mut schema = match param.kind {
        ParamKind::Whole(least) => shape(KeyShape::Whole(least)),
        ParamKind::Number(least) => json!({"type": "number", "minimum": least}),
        ParamKind::Word(words) => shape(KeyShape::Word(words)),
        ParamKind::Flag => shape(KeyShape::Flag),
        ParamKind::Texts => shape(KeyShape::List(&KeyShape::Text)),
        ParamKind::Replacements => json!({"type": ["array", "null"], "items": map(&REPLACEMENT)}),
    };
    schema["description"] = json!(param.about);
    schema
}

/// A map with these keys and no others; nothing stands for an empty one.
fn map(members: &[KeySpec]) -> Value {
    let properties: Map<String, Value> =
        members.iter().map(|member| (member.name.to_owned(), described(member))).collect();
    let needed: Vec<&str> = members.iter().filter(|member| member.needed).map(|member| member.name).collect();
    let mut map = json!({
        "type": if needed.is_empty() { json!(["object", "null"]) } else { json!("object") },
        "additionalProperties": false,
        "properties": properties,
    });
    if !needed.is_empty() {
        map["required"] = json!(needed);
    }
    map
}

fn described(member: &KeySpec) -> Value {
    let mut schema = shape(member.holds);
    schema["description"] = json!(member.says);
    schema
}

fn shape(shape: KeyShape) -> Value {
    let text = || json!({"type": "string", "pattern": "\\S"});
    match shape {
        KeyShape::Anything => json!({}),
        KeyShape::Nothing => json!({"type": "null"}),
        KeyShape::Flag => json!({"type": "boolean"}),
        KeyShape::Number => json!({"type": "number"}),
        KeyShape::Whole(i64::MIN) => json!({"type": "integer"}),
        KeyShape::Whole(least) => json!({"type": "integer", "minimum": least}),
        KeyShape::Version => json!({"const": 1}),
        KeyShape::Text | KeyShape::Sentence | KeyShape::Expression => text(),
        KeyShape::Like(pattern) => json!({"type": "string", "pattern": pattern}),
        KeyShape::Word(words) => json!({"enum": words}),
        KeyShape::Condition => {
            let one = json!([text(), {"type": "boolean"}]);
            let mut any = one.clone();
            if let Value::Array(any) = &mut any {
                any.push(json!({"type": "array", "minItems": 1, "items": {"anyOf": one}}));
            }
            json!({"anyOf": any})
        }
        KeyShape::List(inner) => json!({"type": ["array", "null"], "items": self::shape(*inner)}),
        KeyShape::Map(members) => map(members),
        KeyShape::Either(members, [one, other]) => {
            let mut schema = map(members);
            schema["type"] = json!("object");
            schema["oneOf"] = json!([{"required": [one]}, {"required": [other]}]);
            schema
        }
        KeyShape::Named(pattern, inner) => {
            let mut schema = json!({"type": ["object", "null"], "additionalProperties": self::shape(*inner)});
            if !pattern.is_empty() {
                schema["propertyNames"] = json!({"pattern": pattern, "not": {"enum": RESERVED}});
            }
            schema
        }
        KeyShape::Any(shapes) => json!({"anyOf": shapes.iter().map(|one| self::shape(*one)).collect::<Vec<_>>()}),
    }
}
