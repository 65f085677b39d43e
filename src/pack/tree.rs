//! Rules and templates of a repository at one commit, wherever the commit is read from.
//!
//! Takes: a [`Tree`] (a clone, a forge), the folders to look into, the job. Gives: [`Texts`], as a
//! folder on this machine would give them. What is read is data: links are not followed, and
//! nothing outside the two folders is looked at.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;

use super::Texts;

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

/// The rules and templates of a job, from the first of these folders of rules that has some; `None`
/// where none has.
///
/// # Errors
/// As [`Tree::folder`].
pub fn texts(tree: &dyn Tree, folders: &[String], job: &str) -> Result<Option<Texts>> {
    for folder in folders {
        if !tree.folder(folder)?.contains(&format!("{job}.yaml")) {
            continue;
        }
        let templates = beside(folder);
        let mut own = files(tree, &format!("{templates}/{job}"), &[".j2"], "")?;
        own.extend(files(tree, &format!("{templates}/shared"), &[".j2"], "shared/")?);
        return Ok(Some(Texts {
            folder: PathBuf::from(format!("{}:{folder}", tree.name())),
            rules: files(tree, folder, &[".yaml", ".yml"], "")?,
            templates: own,
        }));
    }
    Ok(None)
}

/// The folder of templates beside a folder of rules.
fn beside(rules: &str) -> String {
    rules.rsplit_once('/').map_or_else(|| "templates".to_owned(), |(parent, _)| format!("{parent}/templates"))
}

fn files(tree: &dyn Tree, folder: &str, endings: &[&str], prefix: &str) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for name in tree.folder(folder)? {
        let wanted = endings.iter().any(|ending| name.ends_with(ending));
        if let Some(bytes) = if wanted { tree.file(&format!("{folder}/{name}"))? } else { None } {
            found.insert(format!("{prefix}{name}"), bytes);
        }
    }
    Ok(found)
}
