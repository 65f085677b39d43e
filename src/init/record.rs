//! What `init` wrote here before.
//!
//! Takes: `.kaizen/init.json`. Gives: [`InitRecord`], by which a file that a person edited is told from
//! one that is as it was written, and the answers that need not be asked for again.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::rules::Logins;
use crate::engine::digest;
use crate::files;

/// The file, below the top of the checkout.
pub(super) const PATH: &str = ".kaizen/init.json";

/// The version of this file.
const VERSION: u32 = 1;

/// What was written, and by which answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InitRecord {
    version: u32,
    /// The digest of each file as it was written.
    pub(super) files: BTreeMap<String, String>,
    /// For each agent of the rules its login; null is nobody.
    #[serde(default)]
    pub(super) agents: Logins,
    /// The folder of the workflow.
    #[serde(default)]
    pub(super) workflows: Option<String>,
    /// The label of the runner.
    #[serde(default)]
    pub(super) runs_on: Option<String>,
    /// What a download has to be, by the version of the program: a line for each machine.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) sha256: BTreeMap<String, Vec<String>>,
    /// The jobs that are to run, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) jobs: Option<Vec<String>>,
    /// Whether changes of the rules are reviewed, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) review: Option<bool>,
}

impl Default for InitRecord {
    fn default() -> Self {
        let (files, agents) = (BTreeMap::new(), Logins::new());
        let sha256 = BTreeMap::new();
        InitRecord { version: VERSION, files, agents, workflows: None, runs_on: None, sha256, jobs: None, review: None }
    }
}

/// Reads the record; an empty one where none is.
///
/// # Errors
/// A record that cannot be read, or of another version.
pub(super) fn read(top: &Path) -> Result<InitRecord> {
    let help = "mend it, or remove it: then what is there is left alone";
    let text = match fs::read_to_string(top.join(PATH)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(InitRecord::default()),
        Err(error) => return Err(error).with_context(|| format!("reading {PATH}; {help}")),
    };
    let record: InitRecord = serde_json::from_str(&text).with_context(|| format!("reading {PATH}; {help}"))?;
    if record.version != VERSION {
        bail!("{PATH} is of version {}, and this program knows {VERSION}: take a newer kaizen", record.version);
    }
    Ok(record)
}

/// Saves the record, if it says something new.
///
/// # Errors
/// It cannot be written.
pub(super) fn save(top: &Path, before: &InitRecord, record: &InitRecord) -> Result<()> {
    if before == record {
        return Ok(());
    }
    let mut text = serde_json::to_string_pretty(record).context("writing the record as JSON")?;
    text.push('\n');
    files::replace(&top.join(PATH), text.as_bytes(), files::Access::Usual)
}

/// The digest of a file's text; git may have changed the ends of its lines.
pub(super) fn mark(text: &str) -> String {
    digest(&text.replace("\r\n", "\n"))
}
