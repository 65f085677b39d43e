//! Rules and templates of a repository at one commit, wherever the commit is read from.
//!
//! Takes: a [`Tree`] (a clone, a forge), the folders to look into, the job. Gives: [`PackTexts`], as a
//! folder on this machine would give them, and the [`cases`] of its rules. What is read is data: links
//! are not followed, and nothing outside the two folders is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::files::utf8;
use super::{CASES, PackTexts};
use crate::engine::source::Source;

/// The most files of a folder that are read: each is a request, and a stranger may have put them there.
const MAX_FILES: usize = 500;

/// The files of a repository at one commit.
pub trait Tree {
    /// What messages call it: `acme/app@4f2a9c1d2e`.
    fn name(&self) -> String;

    /// The names in a folder; none where there is no such folder.
    ///
    /// # Errors
    /// What was being read, where, and what was found.
    fn folder(&self, path: &str) -> Result<Vec<String>>;

    /// The bytes of a file; `None` where there is none.
    ///
    /// # Errors
    /// As [`Tree::folder`].
    fn file(&self, path: &str) -> Result<Option<Vec<u8>>>;
}

/// The first of these folders of rules that has some for the job; `None` where none has.
///
/// # Errors
/// As [`Tree::folder`].
pub fn folder<'f>(tree: &dyn Tree, folders: &'f [String], job: &str) -> Result<Option<&'f str>> {
    for folder in folders {
        if tree.folder(folder)?.contains(&format!("{job}.yaml")) {
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

/// The policies of these folders of rules, by name.
///
/// # Errors
/// As [`Tree::folder`].
pub fn policies(tree: &dyn Tree, folders: &[String], jobs: &[&str]) -> Result<Vec<String>> {
    let mut names = BTreeSet::new();
    for folder in folders {
        names.extend(super::policies(jobs, &rules(tree, folder)?));
    }
    Ok(names.into_iter().collect())
}

/// The rules and templates of a job, from the first of these folders of rules that has some; `None`
/// where none has.
///
/// # Errors
/// As [`Tree::folder`].
pub fn texts(tree: &dyn Tree, folders: &[String], job: &str) -> Result<Option<PackTexts>> {
    let Some(folder) = folder(tree, folders, job)? else { return Ok(None) };
    Ok(Some(PackTexts {
        folder: PathBuf::from(format!("{}:{folder}", tree.name())),
        rules: rules(tree, folder)?,
        templates: templates(tree, folder, job)?,
    }))
}

/// The YAML files of a folder of rules, by name.
///
/// # Errors
/// As [`Tree::folder`].
pub fn rules(tree: &dyn Tree, folder: &str) -> Result<BTreeMap<String, Source>> {
    files(tree, folder, &[".yaml", ".yml"], "")
}

/// The templates of a job beside a folder of rules and the shared ones, by the name that rules call them.
///
/// # Errors
/// As [`Tree::folder`].
pub fn templates(tree: &dyn Tree, folder: &str, job: &str) -> Result<BTreeMap<String, Source>> {
    let beside = folder.rsplit_once('/').map_or_else(|| "templates".to_owned(), |(up, _)| format!("{up}/templates"));
    let mut own = files(tree, &format!("{beside}/{job}"), &[".j2"], "")?;
    own.extend(files(tree, &format!("{beside}/shared"), &[".j2"], "shared/")?);
    Ok(own)
}

/// The files of cases below a folder of rules, by name.
///
/// # Errors
/// As [`Tree::folder`].
pub fn cases(tree: &dyn Tree, folder: &str) -> Result<BTreeMap<String, Source>> {
    files(tree, &format!("{folder}/{CASES}"), &[".yaml", ".yml"], "")
}

fn files(tree: &dyn Tree, folder: &str, endings: &[&str], prefix: &str) -> Result<BTreeMap<String, Source>> {
    let mut names = tree.folder(folder)?;
    names.retain(|name| endings.iter().any(|ending| name.ends_with(ending)));
    if names.len() > MAX_FILES {
        bail!("{folder} of {} holds {} such files, {MAX_FILES} is the most", tree.name(), names.len());
    }
    let mut found = BTreeMap::new();
    for name in names {
        let path = format!("{folder}/{name}");
        if let Some(bytes) = tree.file(&path)? {
            let source = Source::new(format!("{}:{path}", tree.name()), utf8(bytes));
            found.insert(format!("{prefix}{name}"), source);
        }
    }
    Ok(found)
}
