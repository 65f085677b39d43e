//! Templates: the texts that people read on the forge.
//!
//! Takes: checked template sources, a context. Gives: rendered text. What templates may use is an
//! explicit list; every value they print is escaped as untrusted Markdown, unless it is ours.
//! Steps are bounded by fuel, `range` by [`RANGE`], the text by [`MAX_CHARS`], while it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, ValueIter, ValueKind};
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
    /// What minijinja cannot compile.
    pub fn new<'t>(
        texts: impl IntoIterator<Item = (&'t str, &'t str)>,
        used: BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Self, Fault> {
        let mut env = environment();
        for (name, text) in texts {
            let added = env.add_template_owned(name.to_owned(), text.to_owned());
            added.map_err(|error| Fault::of(name, &error))?;
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
        let mut text = Vec::new();
        // Of what is far too long no more is kept than shows it.
        let written = self.write(name, context, Bounded { out: &mut text, left: MAX_CHARS * 4 + VALUE_CHARS });
        let length = String::from_utf8_lossy(&text).chars().count();
        if length <= MAX_CHARS {
            written.map_err(|fault| {
                let place = fault.line.map_or_else(String::new, |line| format!(":{line}"));
                format!("the template {}{place} cannot be rendered: {}", fault.template, fault.message)
            })?;
        }
        let mut text = String::from_utf8(text).unwrap_or_default();
        text.truncate(text.trim_end().len());
        if text.chars().count() > MAX_CHARS || length > MAX_CHARS {
            return Err(format!(
                "the template {name} gives {length} characters, {MAX_CHARS} is the most: list less, or `cut` what it lists"
            ));
        }
        Ok(text)
    }

    /// Renders a text for nobody, to see whether it can be.
    ///
    /// # Errors
    /// What the template did.
    pub fn try_out(&self, name: &str, context: serde_json::Value) -> Result<(), Fault> {
        self.write(name, Value::from(Serde(context)), io::sink())
    }

    fn write(&self, name: &str, context: Value, out: impl io::Write) -> Result<(), Fault> {
        let template = self.env.get_template(name).map_err(|error| Fault::of(name, &error))?;
        template.render_captured_to(context, out).map(drop).map_err(|error| Fault::of(name, &error))
    }
}

/// What a template did wrong.
#[derive(Debug)]
pub struct Fault {
    /// The template in which it happened.
    pub template: String,
    /// Where, in bytes of its text.
    pub range: Range<usize>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// What happened.
    pub message: String,
    /// It took too many steps.
    pub steps: bool,
}

impl Fault {
    fn of(name: &str, error: &Error) -> Self {
        let steps = error.kind() == ErrorKind::OutOfFuel;
        let told = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        Fault {
            template: error.name().unwrap_or(name).to_owned(),
            range: error.range().unwrap_or(0..0),
            line: error.line(),
            message: if steps { format!("it takes more than {FUEL} steps") } else { told },
            steps,
        }
    }
}

/// Takes so many bytes and no more.
struct Bounded<'b> {
    out: &'b mut Vec<u8>,
    left: usize,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.left {
            return Err(io::Error::other("the text is too long"));
        }
        self.left -= bytes.len();
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
    env.add_filter("length", filters::length);
    env.add_filter("lower", filters::lower);
    env.add_filter("max", |list: Value| pick(&list, Iterator::max));
    env.add_filter("min", |list: Value| pick(&list, Iterator::min));
    env.add_filter("reverse", filters::reverse);
    env.add_filter("round", filters::round);
    env.add_filter("sort", filters::sort);
    env.add_filter("trim", filters::trim);
    env.add_filter("upper", filters::upper);
    env.add_test("none", |value: Value| value.is_none());
    env.add_function("range", |to: i64| (0..to.clamp(0, RANGE)).collect::<Vec<_>>());
    env
}

/// One entry of a list.
fn pick(list: &Value, one: impl FnOnce(ValueIter) -> Option<Value>) -> Result<Value, Error> {
    list.try_iter().map(|entries| one(entries).unwrap_or(Value::from(())))
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
