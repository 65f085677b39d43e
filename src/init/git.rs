//! The git checkout that a folder is in.
//!
//! Takes: a folder. Gives: the top of its checkout and the text of git's configuration there. Reads
//! files and starts no git; a linked worktree and a submodule keep theirs elsewhere.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// Its top folder.
    pub top: PathBuf,
    /// The text of `.git/config`, which may hold passwords.
    pub config: String,
}

/// The checkout that a folder is in, if it is in one.
///
/// # Errors
/// A checkout is there and its configuration cannot be read.
pub fn find(from: &Path) -> Result<Option<Checkout>> {
    let Some(top) = from.ancestors().find(|folder| folder.join(".git").exists()) else { return Ok(None) };
    let mut git = top.join(".git");
    if git.is_file() {
        // `gitdir: PATH`; what a linked worktree shares with the others lies in `commondir` there.
        let text = read(&git)?;
        git = top.join(text.trim().strip_prefix("gitdir:").unwrap_or_default().trim());
        if let Ok(common) = fs::read_to_string(git.join("commondir")) {
            git = git.join(common.trim());
        }
    }
    Ok(Some(Checkout { top: top.to_owned(), config: read(&git.join("config"))? }))
}

fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_is_found_from_below_in_a_worktree_and_in_a_submodule() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("main/.git/config", "of main");
        write("main/.git/worktrees/side/commondir", "../..\n");
        write("main/.git/modules/sub/config", "of sub");
        write("main/deep/er/x", "");
        write("main/sub/.git", "gitdir: ../.git/modules/sub\n");
        write("side/.git", "gitdir: ../main/.git/worktrees/side\n");
        write("broken/.git", "nothing");
        for (from, top, config) in
            [("main/deep/er", "main", "of main"), ("main/sub", "main/sub", "of sub"), ("side", "side", "of main")]
        {
            let found = find(&folder.path().join(from)).unwrap().unwrap();
            assert_eq!((found.top, found.config.as_str()), (folder.path().join(top), config), "{from}");
        }
        assert!(find(&folder.path().join("broken")).is_err());
    }
}
