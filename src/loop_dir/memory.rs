//! Which files of the folder are the memory of the loop.
//!
//! Takes: a folder. Gives: [`memory`], the files by their names below it. Nothing else is taken: a folder that
//! comes from a branch or a checkout is what somebody else has put there, and may hold links.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::read;
use crate::files::is_link;

/// Files that hold lines; those that were rotated beside them too.
const LINES: [&str; 8] = [
    "journal.jsonl",
    "runs.jsonl",
    "tokens.jsonl",
    "retro/cycles.jsonl",
    "retro/deep-triage.jsonl",
    "retro/triage.jsonl",
    "retro/suggestions.jsonl",
    "retro/proposals.jsonl",
];
/// Files that hold one JSON document.
const DOCUMENTS: [&str; 7] = [
    "queue.json",
    "quarantine.json",
    "guard.json",
    "automation_state.json",
    "retro/insights.json",
    "retro/summary.json",
    "retro/published.json",
];
/// The folder of reports, whose names are for rules to choose.
const REPORTS: &str = "reports/";
/// Folders of the memory.
const FOLDERS: [&str; 2] = ["retro", "reports"];
/// Folders within one another that reports lie in.
const DEEPEST: usize = 4;

/// What a file of the memory holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// JSON lines.
    Lines,
    /// One JSON document.
    Document,
    /// A report, or a log that was compressed: it is never changed by halves.
    Whole,
}

/// What the file of this name below the folder holds; `None` where it is no memory.
#[must_use]
pub fn holds(name: &str) -> Option<Holds> {
    if DOCUMENTS.contains(&name) {
        return Some(Holds::Document);
    }
    let rotated = LINES.iter().find_map(|lines| name.strip_prefix(lines));
    if let Some(rest) = rotated {
        let (age, packed) = rest.strip_suffix(".gz").map_or((rest, false), |age| (age, true));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let known = age.is_empty() && !packed || age.strip_prefix(['.', '-']).is_some_and(digits);
        return known.then_some(if packed { Holds::Whole } else { Holds::Lines });
    }
    let parts: Vec<&str> = name.strip_prefix(REPORTS)?.split('/').collect();
    let plain = |part: &&str| {
        let letters = part.chars().all(|c| c.is_alphanumeric() || "._- ".contains(c));
        letters && !part.is_empty() && !part.starts_with('.') && !part.ends_with("lock")
    };
    (parts.len() < DEEPEST && parts.iter().all(plain)).then_some(Holds::Whole)
}

/// Sees to it that the folder and those within it are no links: what is written below a link lands wherever it
/// leads. Gives the names of the files of the memory that are links: they are not followed, and the next write
/// replaces them.
///
/// # Errors
/// A folder is a link, or cannot be read.
pub fn check_links(dir: &Path) -> Result<Vec<String>> {
    let (_, links) = if is_link(dir) { (Vec::new(), vec![String::new()]) } else { names(dir)? };
    let (folders, files): (Vec<String>, Vec<String>) = links.into_iter().partition(|name| holds(name).is_none());
    if let Some(name) = folders.first() {
        bail!(
            "{} is a link, and links in the loop folder are not followed; remove it, or name the folder that it leads \
             to with --loop-dir",
            if name.is_empty() { dir.to_owned() } else { dir.join(name) }.display()
        );
    }
    Ok(files)
}

/// The files of the memory below `dir`, by name; none where there is no such folder. Links are left out.
///
/// # Errors
/// A file or a folder cannot be read.
pub fn memory(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for name in names(dir)?.0 {
        if let Some(bytes) = read(&dir.join(&name))? {
            files.insert(name, bytes);
        }
    }
    Ok(files)
}

/// The names of the files of the memory, and of the links where one or a folder of them could be.
fn names(dir: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let (mut files, mut links) = (Vec::new(), Vec::new());
    let mut open = vec![String::new()];
    while let Some(below) = open.pop() {
        let folder = if below.is_empty() { dir.to_owned() } else { dir.join(&below) };
        let failed = || {
            let shown = folder.display();
            format!(
                "reading {shown} failed; check that it is a folder and may be read, or name another with --loop-dir"
            )
        };
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other.with_context(failed)?,
        };
        for entry in entries {
            let entry = entry.with_context(failed)?;
            let Some(name) = entry.file_name().to_str().map(|name| format!("{below}{name}")) else { continue };
            let kind = entry.file_type().with_context(failed)?;
            let known = holds(&name);
            let folder = FOLDERS.contains(&name.as_str());
            if kind.is_symlink() && (folder || known.is_some()) {
                links.push(name);
            } else if kind.is_dir() && (folder || known == Some(Holds::Whole)) {
                open.push(format!("{name}/"));
            } else if kind.is_file() && known.is_some() {
                files.push(name);
            }
        }
    }
    links.sort();
    Ok((files, links))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_are_memory() {
        for (name, expected) in [
            ("queue.json", Some(Holds::Document)),
            ("retro/summary.json", Some(Holds::Document)),
            ("journal.jsonl", Some(Holds::Lines)),
            ("retro/cycles.jsonl.12", Some(Holds::Lines)),
            ("retro/cycles.jsonl-20260101", Some(Holds::Lines)),
            ("retro/cycles.jsonl.2.gz", Some(Holds::Whole)),
            ("reports/kaizen-retro-20261120.json", Some(Holds::Whole)),
            ("reports/of a day/x.md", Some(Holds::Whole)),
        ] {
            assert_eq!(holds(name), expected, "{name}");
        }
        for name in [
            "",
            "lock",
            "guard.lock",
            "README.md",
            "config",
            "../queue.json",
            "./queue.json",
            "/queue.json",
            "retro",
            "retro/../queue.json",
            "retro/x.json",
            "retro/cycles.jsonl.gz",
            "retro/cycles.jsonl.x",
            "retro/cycles.lock",
            "cycles.jsonl",
            ".queue.json.abc.tmp",
            "reports/",
            "reports/../queue.json",
            "reports/.git/config",
            "reports/a//b",
            "reports/a/b/c/d",
            "reports/x\\y",
            "reports/x\ny",
            "reports/a.lock",
            "QUEUE.JSON",
        ] {
            assert_eq!(holds(name), None, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_left_out_and_named() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join(".loop");
        fs::create_dir_all(dir.join("reports/day")).unwrap();
        fs::write(folder.path().join("precious"), "token").unwrap();
        fs::write(dir.join("reports/day/a.md"), "a").unwrap();
        fs::write(dir.join("config"), "x").unwrap();
        symlink("../precious", dir.join("queue.json")).unwrap();
        symlink("..", dir.join("retro")).unwrap();
        symlink("../../precious", dir.join("reports/b.md")).unwrap();
        let files = memory(&dir).unwrap();
        assert_eq!(files.into_keys().collect::<Vec<_>>(), ["reports/day/a.md"]);
        let error = check_links(&dir).unwrap_err().to_string();
        assert!(error.contains("retro is a link"), "{error}");
        fs::remove_file(dir.join("retro")).unwrap();
        assert_eq!(check_links(&dir).unwrap(), ["queue.json", "reports/b.md"]);
        assert!(memory(&folder.path().join("none")).unwrap().is_empty());
        symlink(".loop", folder.path().join("link")).unwrap();
        assert!(check_links(&folder.path().join("link")).is_err());
    }
}
