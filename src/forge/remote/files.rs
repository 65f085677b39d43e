//! Rules without a checkout.
//!
//! Takes: a repository's name, a path, a commit or branch. Gives: the bytes of a file, or the names
//! in a folder (facts 34, 106).

use anyhow::{Context, Result, anyhow};

use super::Remote;
use super::api::{part, parts};
use super::failure::helped;
use super::node::{JsonNode, tree};
use crate::http::Method;

impl Remote {
    /// The bytes of the file at `path` of the repository `repo` (`owner/name`) at `git_ref`; `None`
    /// where there is none, or the token may not see it (fact 52).
    ///
    /// # Errors
    /// What was being read, where, and what was found.
    pub fn file(&self, repo: &str, path: &str, git_ref: &str) -> Result<Option<Vec<u8>>> {
        let told = || format!("reading {path} of {repo} at {git_ref}");
        let folder = if self.api.dialect.is_github() { "contents" } else { "raw" };
        let mut request = self.api.request(Method::Get, &place(repo, folder, path, git_ref)?)?;
        if self.api.dialect.is_github() {
            // The file itself, of any size, instead of an object that holds it.
            request = request.header("accept", "application/vnd.github.raw+json");
        }
        match self.api.client.send(&request.bytes()) {
            // There a folder is a list all the same.
            Ok(answer) => {
                let list = answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
                Ok((!(self.api.dialect.is_github() && list)).then_some(answer.body))
            }
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(error) => Err(helped(error)).with_context(told),
        }
    }

    /// The names in the folder at `path`, those of folders with a slash at their end; none where
    /// there is no such folder. An empty path is the top.
    ///
    /// # Errors
    /// As [`Remote::file`].
    pub fn folder(&self, repo: &str, path: &str, git_ref: &str) -> Result<Vec<String>> {
        let told = || format!("reading the folder {path} of {repo} at {git_ref}");
        let Some(answer) = self.api.find(&place(repo, "contents", path, git_ref)?).with_context(told)? else {
            return Ok(Vec::new());
        };
        let list = tree(&answer.body);
        let names = list.entries().iter().map(|entry| {
            let slash = if entry["type"].text() == "dir" { "/" } else { "" };
            format!("{}{slash}", entry["name"].text())
        });
        Ok(names.collect())
    }
}

/// The path of a request.
fn place(repo: &str, kind: &str, path: &str, git_ref: &str) -> Result<String> {
    let name = parts(repo).filter(|_| repo.matches('/').count() == 1);
    let name = name.ok_or_else(|| anyhow!("`{repo}` is no name of a repository; write it as owner/name"))?;
    let path = match path.trim_matches('/') {
        "" => String::new(),
        path => format!("/{}", parts(path).ok_or_else(|| anyhow!("`{path}` is no path within a repository"))?),
    };
    Ok(format!("repos/{name}/{kind}{path}?ref={}", part(git_ref)))
}
