//! A revision of a clone, read by git.
//!
//! Takes: the folder that this runs in, the name of a revision. Gives: [`Clone`] and [`CommitPlace`], the
//! files of one commit. Git is started with a fixed list of arguments, no shell, no token and nothing
//! that it could fetch or ask with; what it is asked for is objects, so that no attribute, filter or
//! hook of the clone has a say.

use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use crate::pack::tree::Tree;

/// What git finds its own way by; nothing else of the environment reaches it.
const KEPT: [&str; 6] = ["HOME", "PATH", "SYSTEMROOT", "TMPDIR", "USERPROFILE", "XDG_CONFIG_HOME"];
/// The largest file that is read, in bytes: more than any rule file or template may have.
const LARGEST: u64 = 4 << 20;

/// A clone.
#[derive(Debug)]
pub(super) struct Clone {
    /// The folder that git is run in.
    folder: PathBuf,
    /// Its top folder.
    top: PathBuf,
}

/// One commit of a clone.
#[derive(Debug)]
pub(super) struct CommitPlace {
    clone: Clone,
    /// What people call it.
    name: String,
    commit: String,
}

/// What git answered.
struct GitAnswer {
    good: bool,
    out: Vec<u8>,
    err: String,
}

impl Clone {
    /// The clone that a folder is in, if it is in one.
    pub(super) fn find(folder: &Path) -> Result<Option<Clone>> {
        if !folder.ancestors().any(|folder| folder.join(".git").exists()) {
            return Ok(None);
        }
        let clone = Clone { folder: folder.to_owned(), top: PathBuf::new() };
        let answer = clone.git(&["rev-parse", "--show-toplevel"])?;
        if !answer.good {
            bail!("{} holds a .git that git does not take: {}", folder.display(), answer.err);
        }
        Ok(Some(Clone { top: PathBuf::from(answer.line()), ..clone }))
    }

    /// A folder as a path within the clone, with `/`; `None` where it lies outside.
    pub(super) fn inside(&self, folder: &Path) -> Option<String> {
        let top = self.top.canonicalize().ok()?;
        let absolute = self.folder.canonicalize().ok()?.join(folder);
        // The folder itself may be gone: what is above it is not.
        let there = absolute.ancestors().find(|folder| folder.exists())?;
        let real = there.canonicalize().ok()?.join(absolute.strip_prefix(there).ok()?);
        let inner = real.strip_prefix(&top).ok()?;
        let parts = inner.components().map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        });
        Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
    }

    /// The commit that a name stands for; a branch of the remote may be called without it.
    ///
    /// # Errors
    /// The clone does not hold it; the sentence says how to get it.
    pub(super) fn commit(&self, name: &str) -> Result<String> {
        let known = |name: &str| -> Result<Option<String>> {
            let answer = self.git(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")])?;
            Ok(answer.good.then(|| answer.line()).filter(|line| !line.is_empty()))
        };
        if name.is_empty() || name.starts_with('-') || name.chars().any(char::is_control) {
            bail!("`{}` is no name of a revision", name.escape_debug());
        }
        if let Some(commit) = known(name)? {
            return Ok(commit);
        }
        if let Some(commit) = known(&format!("refs/remotes/origin/{name}"))? {
            return Ok(commit);
        }
        let shallow = self.git(&["rev-parse", "--is-shallow-repository"])?.line() == "true";
        let hash = name.len() >= 7 && name.chars().all(|c| c.is_ascii_hexdigit());
        let branch = name.strip_prefix("origin/").unwrap_or(name);
        let what = if hash { branch.to_owned() } else { format!("{branch}:refs/remotes/origin/{branch}") };
        let depth = if shallow { "--depth=1 " } else { "" };
        let why = if shallow { "is shallow and does not hold" } else { "does not hold" };
        bail!(
            "there is no folder {name}, and this clone {why} such a revision; fetch it with `git fetch {depth}origin \
             {what}`, or name a folder that is there"
        )
    }

    /// The newest commit that both come from, where the clone holds it.
    pub(super) fn merge_base(&self, one: &str, other: &str) -> Result<Option<String>> {
        let answer = self.git(&["merge-base", one, other])?;
        Ok(answer.good.then(|| answer.line()).filter(|line| !line.is_empty()))
    }

    /// The files of a commit.
    pub(super) fn at(self, name: &str, commit: String) -> CommitPlace {
        CommitPlace { clone: self, name: name.to_owned(), commit }
    }

    fn git(&self, args: &[&str]) -> Result<GitAnswer> {
        let mut git = Command::new("git");
        git.args(["--no-replace-objects", "--no-pager"]).args(args).current_dir(&self.folder).stdin(Stdio::null());
        git.env_clear().envs(KEPT.into_iter().filter_map(|name| std::env::var_os(name).map(|value| (name, value))));
        git.envs([("LC_ALL", "C"), ("GIT_TERMINAL_PROMPT", "0"), ("GIT_NO_LAZY_FETCH", "1")]);
        git.envs([("GIT_OPTIONAL_LOCKS", "0"), ("GIT_ALLOW_PROTOCOL", "none")]);
        let output = git.output().context("starting git, to read a revision")?;
        let err = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Ok(GitAnswer { good: output.status.success(), out: output.stdout, err })
    }
}

impl GitAnswer {
    fn line(&self) -> String {
        String::from_utf8_lossy(&self.out).trim().to_owned()
    }
}

/// An entry of a tree.
struct TreeEntry {
    file: bool,
    name: String,
    bytes: u64,
}

impl CommitPlace {
    /// What lies in a folder; nothing where there is no such folder.
    fn entries(&self, folder: &str) -> Result<Vec<TreeEntry>> {
        let tree = format!("{}:{}", self.commit, folder.trim_matches('/'));
        if !self.clone.git(&["rev-parse", "--verify", "--quiet", &tree])?.good {
            return Ok(Vec::new());
        }
        let answer = self.clone.git(&["ls-tree", "-l", "-z", &tree])?;
        if !answer.good {
            return Err(anyhow!("{}", answer.err).context(format!("reading the folder {folder} of {}", self.name())));
        }
        // `100644 blob 4f2a9c1…   1234\tname`
        let entry = |line: &[u8]| {
            let line = std::str::from_utf8(line).ok()?;
            let (about, name) = line.split_once('\t')?;
            let fields: Vec<&str> = about.split_ascii_whitespace().collect();
            let file = matches!(fields.first(), Some(&("100644" | "100755")));
            Some(TreeEntry { file, name: name.to_owned(), bytes: fields.get(3)?.parse().unwrap_or(0) })
        };
        Ok(answer.out.split(|byte| *byte == 0).filter_map(entry).collect())
    }
}

impl Tree for CommitPlace {
    fn name(&self) -> String {
        format!("{}@{:.10}", self.name, self.commit)
    }

    fn folder(&self, path: &str) -> Result<Vec<String>> {
        // A link is no file: what it leads to may lie anywhere.
        Ok(self.entries(path)?.into_iter().filter(|entry| entry.file).map(|entry| entry.name).collect())
    }

    fn file(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let Some(entry) = self.entries(folder)?.into_iter().find(|entry| entry.file && entry.name == name) else {
            return Ok(None);
        };
        if entry.bytes > LARGEST {
            bail!("{path} of {} has {} bytes, {LARGEST} is the most", self.name(), entry.bytes);
        }
        let blob = format!("{}:{}", self.commit, path.trim_start_matches('/'));
        let answer = self.clone.git(&["show", "--no-textconv", &blob])?;
        if !answer.good {
            return Err(anyhow!("{}", answer.err).context(format!("reading {path} of {}", self.name())));
        }
        Ok(Some(answer.out))
    }
}
