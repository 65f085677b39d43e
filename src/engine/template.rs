//! Templates: the texts that people read on the forge.
//!
//! Takes: checked template sources, a context. Gives: rendered text. What templates may use is an
//! explicit list; every value they print is escaped as untrusted Markdown, unless it is ours.
//! Steps are bounded by fuel, `range` by [`RANGE`], the text by [`MAX_CHARS`].

use std::collections::{BTreeMap, BTreeSet};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, filters};

use super::untrusted;

/// Steps that one text may take.
const FUEL: u64 = 100_000;
/// The most that `range` counts to.
pub const RANGE: i64 = 1_000;
/// The longest text, in characters: GitHub takes 65,536 (fact 100).
pub const MAX_CHARS: usize = 60_000;
/// The longest value that is printed whole, as long as a title may be on GitHub: one of a megabyte
/// is no reason to fail.
pub const VALUE_CHARS: usize = 256;
/// The longest text that `code` prints whole.
pub const CODE_CHARS: usize = 4_000;

/// Checked templates, ready to render.
#[derive(Debug)]
pub struct Templates {
    env: Environment<'static>,
    /// For each template, the top-level names that it and its includes use.
    used: BTreeMap<String, BTreeSet<String>>,
}

impl Templates {
    /// Templates by name and text, checked, with the top-level names that each uses.
    ///
    /// # Errors
    /// What minijinja cannot compile, with the name of the template.
    pub fn new<'t>(
        texts: impl IntoIterator<Item = (&'t str, &'t str)>,
        used: BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Self, (String, Error)> {
        let mut env = environment();
        for (name, text) in texts {
            let added = env.add_template_owned(name.to_owned(), text.to_owned());
            added.map_err(|error| (name.to_owned(), error))?;
        }
        Ok(Templates { env, used })
    }

    /// The top-level names that a template uses, its includes too.
    #[must_use]
    pub fn names(&self, name: &str) -> Option<&BTreeSet<String>> {
        self.used.get(name)
    }

    /// Renders a text.
    ///
    /// # Errors
    /// What the template did, with its name and line: too many steps, an unknown name, a text
    /// past [`MAX_CHARS`]. It is not cut: what was opened would stay open.
    pub fn render(&self, name: &str, context: Value) -> Result<String, String> {
        let mut text = self.env.get_template(name).and_then(|template| template.render(context)).map_err(|error| {
            let place = error.line().map_or_else(String::new, |line| format!(":{line}"));
            let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
            format!("the template {}{place} cannot be rendered: {what}", error.name().unwrap_or(name))
        })?;
        text.truncate(text.trim_end().len());
        let length = text.chars().count();
        if length > MAX_CHARS {
            return Err(format!(
                "the template {name} gives {length} characters, {MAX_CHARS} is the most: list less, or `cut` what it lists"
            ));
        }
        Ok(text)
    }
}

/// A value that is no text of ours, as a template prints it.
#[must_use]
pub fn printed(value: &str) -> String {
    untrusted::markdown(&untrusted::cut(value, VALUE_CHARS))
}

fn environment() -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_syntax(syntax());
    env.set_fuel(Some(FUEL));
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
            None => out.write_str(&printed(&value.to_string())),
        };
        written.map_err(Error::from)
    });
    env.add_filter("abs", filters::abs);
    env.add_filter("code", |text: String| {
        Value::from_safe_string(untrusted::fence(&untrusted::cut(&text, CODE_CHARS), ""))
    });
    env.add_filter("cut", |text: String, max: usize| untrusted::cut(&text, max).into_owned());
    env.add_filter("default", filters::default);
    env.add_filter("first", filters::first);
    env.add_filter("int", filters::int);
    env.add_filter("join", filters::join);
    env.add_filter("last", filters::last);
    env.add_filter("length", filters::length);
    env.add_filter("lower", filters::lower);
    env.add_filter("max", filters::max);
    env.add_filter("min", filters::min);
    env.add_filter("reverse", filters::reverse);
    env.add_filter("round", filters::round);
    env.add_filter("sort", filters::sort);
    env.add_filter("trim", filters::trim);
    env.add_filter("upper", filters::upper);
    env.add_test("none", |value: Value| value.is_none());
    env.add_function("range", |to: i64| (0..to.clamp(0, RANGE)).collect::<Vec<_>>());
    env
}

/// A line that holds only a tag leaves no empty line behind.
#[must_use]
pub fn syntax() -> SyntaxConfig {
    let mut syntax = SyntaxConfig::builder();
    syntax.trim_blocks(true).lstrip_blocks(true);
    // Only delimiters can be refused, and these are the default ones.
    syntax.build().unwrap_or_default()
}
