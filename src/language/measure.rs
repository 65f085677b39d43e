//! `measure`: the parameters of what a job counts.
//!
//! Takes: the section, the job's table of parameters. Gives: [`JobParams`], with the table's values where
//! the file says nothing.

use regex::RegexBuilder;

use super::RuleChecker;
use super::advice_keys::REPLACEMENT;
use super::reader::{Fields, NodeReader};
use super::yaml::{Node, NodeKind};
use crate::advise::{JobParams, Param, ParamKind, ParamValue, Preset, Replacement};
use crate::engine::value::Value;

/// Bytes of a compiled regular expression.
const REGEX_BYTES: usize = 1 << 20;

pub(super) fn read(check: &mut RuleChecker<'_>, root: Fields<'_>, params: &[Param]) -> JobParams {
    let main = check.files.main();
    let names: Vec<&str> = params.iter().map(|param| param.name).collect();
    let mut reader = check.reader(main);
    let fields = root.get("measure").and_then(|node| reader.keyed(node, "`measure`", &names));
    let read = params.iter().map(|param| {
        let node = fields.and_then(|fields| fields.get(param.name));
        let given = node.and_then(|node| one(&mut reader, node, param));
        (param.name, given.unwrap_or_else(|| preset(param)))
    });
    JobParams::new(read.collect())
}

fn preset(param: &Param) -> ParamValue {
    match (param.default, param.kind) {
        (Preset::Int(number), _) => ParamValue::One(Value::Int(number)),
        (Preset::Float(number), _) => ParamValue::One(Value::Float(number)),
        (Preset::Word(word), _) => ParamValue::One(Value::Text(word.into())),
        (Preset::Flag(flag), _) => ParamValue::One(Value::Bool(flag)),
        (Preset::Empty, ParamKind::Replacements) => ParamValue::Replacements(Vec::new()),
        (Preset::Empty, _) => ParamValue::Texts(Vec::new()),
    }
}

fn one(reader: &mut NodeReader<'_>, node: &Node, param: &Param) -> Option<ParamValue> {
    let what = format!("`{}`", param.name);
    match param.kind {
        ParamKind::Whole(least) => reader.whole(node, &what, least).map(|number| ParamValue::One(Value::Int(number))),
        ParamKind::Number(least) => {
            let number = reader.number(node, &what)?;
            if number.number().is_none_or(|number| number.is_nan() || number < least) {
                reader.sink.error(node.span, format!("{what} is at least {least}, this is {number}"), None);
                return None;
            }
            Some(ParamValue::One(number))
        }
        ParamKind::Word(words) => {
            let choices: Vec<(&str, &str)> = words.iter().map(|word| (*word, *word)).collect();
            reader.one_of(node, &what, &choices).map(|word| ParamValue::One(Value::Text(word.to_owned().into())))
        }
        ParamKind::Flag => reader.flag(node, &what).map(|flag| ParamValue::One(Value::Bool(flag))),
        ParamKind::Texts => Some(ParamValue::Texts(reader.texts(node, &what))),
        ParamKind::Replacements => {
            let items = reader.list(node, &what)?;
            let read: Vec<Option<Replacement>> = items.iter().map(|item| replacement(reader, item, &what)).collect();
            read.into_iter().collect::<Option<Vec<_>>>().map(ParamValue::Replacements)
        }
    }
}

fn replacement(reader: &mut NodeReader<'_>, node: &Node, what: &str) -> Option<Replacement> {
    let fields = reader.map(node, &format!("an entry of {what}"), &REPLACEMENT)?;
    let (Some(regex), Some(with)) = (fields.get("regex"), fields.get("with")) else {
        reader.missing(fields, node.span, format!("an entry of {what} has `regex` and `with`"), "");
        return None;
    };
    // What stands there instead may be nothing at all.
    let with = match &with.kind {
        NodeKind::Text(text) => text.clone(),
        _ => reader.text(with, "`with`")?.to_owned(),
    };
    let text = reader.text(regex, "`regex`")?;
    match RegexBuilder::new(text).case_insensitive(true).size_limit(REGEX_BYTES).build() {
        Ok(regex) => Some(Replacement { regex, with }),
        Err(error) => {
            super::patterns::refused(reader, regex, text, &error.to_string());
            None
        }
    }
}
