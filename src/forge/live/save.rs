//! The file behind a document that is being changed.
//!
//! Takes: the document. Gives: the file replaced by it as a whole, in the form it had, unless
//! something else has changed the file meanwhile.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::Value;
use serde_json::ser::PrettyFormatter;

use crate::files;

/// A file, and how it was left.
#[derive(Debug)]
pub(super) struct SavedFile {
    /// Without links.
    path: PathBuf,
    state: Option<(u64, SystemTime)>,
    /// What stands before a member of the outermost object, where each has a line of its own.
    indent: Option<Vec<u8>>,
    /// What stands after the document.
    end: &'static [u8],
}

impl SavedFile {
    /// The file at `path` as it is now.
    pub(super) fn new(path: PathBuf) -> SavedFile {
        SavedFile { state: state(&path), path, indent: None, end: b"" }
    }

    /// Notes how the document is laid out, so that what people keep under version control stays
    /// readable there.
    pub(super) fn looks_like(&mut self, bytes: &[u8]) {
        let lines = bytes.trim_ascii_start().strip_prefix(b"{").and_then(|rest| {
            let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
            rest.strip_prefix(b"\n")
        });
        let blank = |rest: &[u8]| rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).copied().collect();
        self.indent = lines.map(blank).filter(|indent: &Vec<u8>| !indent.is_empty());
        self.end = if bytes.ends_with(b"\n") { b"\n" } else { b"" };
    }

    /// Replaces the file.
    pub(super) fn save(&mut self, root: &Value) -> Result<()> {
        let shown = self.path.display();
        if state(&self.path) != self.state {
            bail!(
                "the forge file {shown} was changed by something else while this run had it, and is left as it is \
                 now; what this run changed since it last saved is not in it: run this again"
            );
        }
        let mut bytes = Vec::new();
        match &self.indent {
            Some(indent) => {
                let form = PrettyFormatter::with_indent(indent);
                root.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, form))
            }
            None => serde_json::to_writer(&mut bytes, root),
        }
        .with_context(|| format!("the forge file {shown} cannot be made into JSON again"))?;
        bytes.extend_from_slice(self.end);
        files::replace(&self.path, &bytes, files::Access::Usual)?;
        self.state = state(&self.path);
        Ok(())
    }
}

/// Length and time of change of a file, where the system tells.
fn state(path: &Path) -> Option<(u64, SystemTime)> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.len(), about.modified().ok()?))
}
