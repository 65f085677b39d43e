//! Templates: the texts that people read on the forge.
//!
//! Takes: checked template sources, a context. Gives: rendered text. What templates may use is an
//! explicit list; every value they print is escaped as untrusted Markdown, unless it is ours.
//! Steps are bounded by fuel, `range` by [`RANGE`], the text by [`MAX_CHARS`], while it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::io;

use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind, Value};

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
    /// Templates by name and text, checked, with what they can call and the top-level names that each uses.
    ///
    /// # Errors
    /// What minijinja cannot compile, with the name of the template.
    pub fn new<'t>(
        mut env: Environment<'static>,
        texts: impl IntoIterator<Item = (&'t str, &'t str)>,
        used: BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Self, (String, Error)> {
        env.set_fuel(Some(FUEL));
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
        let mut text = Vec::new();
        let written = self.write(name, context, LimitedWriter(&mut text));
        let text = String::from_utf8_lossy(&text).trim_end().to_owned();
        let length = text.chars().count();
        if length > MAX_CHARS {
            return Err(format!(
                "the template {name} gives {length} characters, {MAX_CHARS} is the most: list less, or `cut` what it lists"
            ));
        }
        written.map(|()| text).map_err(|error| {
            let error = innermost(&error);
            let place = error.line().map_or_else(String::new, |line| format!(":{line}"));
            format!("the template {}{place} cannot be rendered: {}", error.name().unwrap_or(name), describe(error))
        })
    }

    /// Renders a text for nobody, to see whether it can be.
    ///
    /// # Errors
    /// What the template did.
    pub fn try_out(&self, name: &str, context: serde_json::Value) -> Result<(), Error> {
        self.write(name, Value::from(Serde(context)), io::sink())
    }

    fn write(&self, name: &str, context: Value, out: impl io::Write) -> Result<(), Error> {
        self.env.get_template(name).and_then(|it| it.render_captured_to(context, out).map(drop))
    }
}

/// What happened in an included file, which stands below what is said of the one that includes it.
#[must_use]
pub fn innermost(error: &Error) -> &Error {
    error.source().and_then(|inner| inner.downcast_ref()).map_or(error, innermost)
}

/// What happened, in words.
#[must_use]
pub fn describe(error: &Error) -> String {
    match error.kind() {
        ErrorKind::OutOfFuel => format!("it takes more than {FUEL} steps"),
        kind => error.detail().map_or_else(|| kind.to_string(), str::to_owned),
    }
}

/// Takes what a text may have, and no more.
struct LimitedWriter<'b>(&'b mut Vec<u8>);

impl io::Write for LimitedWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_CHARS * 4 + CODE_CHARS { Ok(0) } else { self.0.write(bytes) }
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
