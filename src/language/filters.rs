//! What templates can call, and how they print values.
//!
//! Takes: nothing. Gives: the environment in which [`Templates`](crate::engine::template::Templates) are rendered:
//! an explicit list of filters, one function; every value that is no text of ours is escaped where it is printed.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{ValueIter, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, filters};

use crate::engine::template::{CODE_CHARS, RANGE, printed};
use crate::engine::untrusted;

/// What templates are rendered with: their filters, their function, and how values are printed.
pub(super) fn environment() -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_syntax(syntax());
    env.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    env.set_formatter(|out, _, value| {
        if value.is_undefined() {
            return Err(Error::from(ErrorKind::UndefinedError));
        }
        let written = match value.as_str() {
            Some(text) if value.is_safe() => out.write_str(text),
            Some(text) => out.write_str(&printed(text)),
            None if value.is_none() => out.write_str("unknown"),
            None if matches!(value.kind(), ValueKind::Number | ValueKind::Bool) => write!(out, "{value}"),
            // A list as sentences have it.
            None => match value.try_iter() {
                Ok(entries) => {
                    let entries: Vec<String> = entries.map(|entry| entry.to_string()).collect();
                    out.write_str(&printed(&entries.join(", ")))
                }
                Err(_) => out.write_str(&printed(&value.to_string())),
            },
        };
        written.map_err(Error::from)
    });
    env.add_filter("abs", filters::abs);
    env.add_filter("code", |text: String| {
        Value::from_safe_string(untrusted::fence(&untrusted::cut(&text, CODE_CHARS), ""))
    });
    env.add_filter("cut", |text: String, max: usize| untrusted::cut(&text, max).into_owned());
    env.add_filter("default", |value: Value, instead: Value| if value.is_none() { instead } else { value });
    // An empty list has no first entry: it is unknown, as in rules, where minijinja would fail.
    env.add_filter("first", |list: Value| pick(&list, |mut entries| entries.next()));
    env.add_filter("int", filters::int);
    env.add_filter("join", join);
    env.add_filter("last", |list: Value| pick(&list, Iterator::last));
    env.add_filter("length", |value: Value| {
        value.as_str().map_or_else(|| value.len(), |text| Some(text.chars().count()))
    });
    // The library's own take a step for each byte: a title of a megabyte is no reason to fail.
    env.add_filter("lower", |text: String| text.to_lowercase());
    env.add_filter("max", |list: Value| pick(&list, Iterator::max));
    env.add_filter("min", |list: Value| pick(&list, Iterator::min));
    env.add_filter("reverse", filters::reverse);
    env.add_filter("round", filters::round);
    env.add_filter("sort", sort);
    env.add_filter("trim", |text: String| text.trim().to_owned());
    env.add_filter("upper", |text: String| text.to_uppercase());
    env.add_test("none", |value: Value| value.is_none());
    env.add_function("range", |to: i64| (0..to.clamp(0, RANGE)).collect::<Vec<_>>());
    env
}

/// One entry of a list.
fn pick(list: &Value, one: impl FnOnce(ValueIter) -> Option<Value>) -> Result<Value, Error> {
    list.try_iter().map(|entries| one(entries).unwrap_or(Value::from(())))
}

/// Numbers by size, texts whatever their case.
fn sort(list: Value) -> Result<Value, Error> {
    let mut entries: Vec<Value> = list.try_iter()?.collect();
    entries.sort_by(|a, b| match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => a.to_lowercase().cmp(&b.to_lowercase()),
        _ => a.cmp(b),
    });
    Ok(Value::from(entries))
}

/// Entries with a text between them, as much of it as `code` prints: a text that is joined with itself again
/// and again would fill the memory.
fn join(list: Value, between: Option<String>) -> Result<String, Error> {
    let mut text = String::new();
    for (index, entry) in list.try_iter()?.enumerate() {
        if text.len() > CODE_CHARS * 4 {
            break;
        }
        text.push_str(between.as_deref().filter(|_| index > 0).unwrap_or(""));
        text.push_str(&untrusted::cut(&entry.to_string(), CODE_CHARS));
    }
    Ok(untrusted::cut(&text, CODE_CHARS).into_owned())
}

/// A line that holds only a tag leaves no empty line behind.
fn syntax() -> SyntaxConfig {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    // Only delimiters can be refused, and these are the default ones.
    syntax.build().unwrap_or_default()
}
