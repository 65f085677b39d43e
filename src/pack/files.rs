//! The files of folders of rules and templates.
//!
//! Takes: a folder. Gives: its texts by name. No link out of the folder is followed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::engine::source::Source;

pub(super) fn yaml_files(folder: &Path) -> Result<BTreeMap<String, Source>> {
    let paths = list(folder).with_context(|| format!("reading the rules in {}", folder.display()))?;
    let of_rules = paths.into_iter().filter(|path| is_yaml(path));
    of_rules.map(|path| read_named(&path, &file_name(&path))).collect()
}

pub(super) fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
}

pub(super) fn template_files(folder: &Path, job: &str) -> Result<BTreeMap<String, Source>> {
    let mut texts = BTreeMap::new();
    for (inner, prefix) in [(job, ""), ("shared", "shared/")] {
        let folder = folder.join(inner);
        if folder.is_dir() {
            let paths = list(&folder).with_context(|| format!("reading the templates in {}", folder.display()))?;
            for path in paths.iter().filter(|path| path.extension().is_some_and(|ending| ending == "j2")) {
                let (name, source) = read_named(path, &format!("{prefix}{}", file_name(path)))?;
                texts.insert(name, source);
            }
        }
    }
    Ok(texts)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    if folder.is_file() {
        bail!("it is a file: name the folder that it stands in");
    }
    if !folder.exists() {
        bail!("there is no such folder");
    }
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.retain(|path| path.is_file());
    paths.sort();
    let inside = folder.canonicalize()?;
    // What a stranger's link points to would be shown in messages.
    for path in paths.iter().filter(|path| path.is_symlink()) {
        if !path.canonicalize()?.starts_with(&inside) {
            bail!("{} is a link out of its folder: put the file itself there", path.display());
        }
    }
    Ok(paths)
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Bytes of a file of rules or templates that are read, to say of a larger one that it is too large.
const LARGEST: u64 = 16 << 20;

pub(super) fn read_named(path: &Path, name: &str) -> Result<(String, Source)> {
    let bytes = crate::files::read(path, LARGEST).with_context(|| format!("reading {}", path.display()))?;
    Ok((name.to_owned(), Source::new(path.display().to_string(), utf8(bytes))))
}

/// What is no UTF-8 becomes a character that [`not_utf8`] finds and reports at its place.
pub(super) fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
