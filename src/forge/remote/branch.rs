//! A branch that holds files of ours and nothing else: the memory of the loop.
//!
//! Takes: a repository's name, a branch. Gives: the commit that it stands at, the files that are wanted of it, the
//! branch replaced by one commit without a past if it stands where it is said to stand. Links, submodules and
//! names that nobody asked for are never read.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail};

use super::Remote;
use super::api::parts;
use super::failure::helped;
use super::node::{JsonNode, tree};
use super::pack;
use crate::http::{Method, Request, Url};

/// Files that a branch of ours holds at most.
const MOST: usize = 10_000;

/// A branch as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The repository, `owner/name`.
    pub repo: String,
    /// The name of the branch.
    pub name: String,
    /// The commit; `None` where there is no such branch yet.
    pub commit: Option<String>,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushResult {
    /// The branch stands at the new commit.
    Done,
    /// It stood there already with just these files.
    Unchanged,
    /// Somebody else has pushed since the branch was read.
    Overtaken,
    /// The forge does not take it; a clause of its own words.
    Refused(String),
}

impl Remote {
    /// Where a branch stands. `to_write` asks as one who is going to push.
    ///
    /// # Errors
    /// The repository cannot be read, or not be written to; the sentence says what to do.
    pub fn branch(&self, repo: &str, name: &str, to_write: bool) -> Result<Branch> {
        let told = || format!("asking {repo} where its branch {name} stands");
        let service = if to_write { "git-receive-pack" } else { "git-upload-pack" };
        let request = self.git(Method::Get, repo, &format!("info/refs?service={service}")).with_context(told)?;
        let answer = self.api.client.send(&request.bytes()).map_err(helped).with_context(told)?;
        let wanted = format!("refs/heads/{name}");
        let mut commit = None;
        for line in pack::lines(&answer.body).with_context(told)? {
            // What the server can do stands behind the first name.
            let (line, can) = line.split_once('\0').unwrap_or((&line, ""));
            if can.split(' ').any(|word| word == "object-format=sha256") {
                bail!("{}: its objects are named by SHA-256, and such a branch cannot be written", told());
            }
            if let Some((at, found)) = line.split_once(' ')
                && found == wanted
            {
                commit = Some(at.to_owned());
            }
        }
        Ok(Branch { repo: repo.to_owned(), name: name.to_owned(), commit })
    }

    /// The files of a branch that `wanted` names, by path, as they are in its commit.
    ///
    /// # Errors
    /// One of them cannot be read whole.
    pub fn branch_files(&self, branch: &Branch, wanted: &dyn Fn(&str) -> bool) -> Result<BTreeMap<String, Vec<u8>>> {
        let Some(commit) = &branch.commit else { return Ok(BTreeMap::new()) };
        let mut files = BTreeMap::new();
        for (path, name) in self.entries(branch)?.into_iter().filter(|(path, _)| wanted(path)) {
            let Some(name) = name else { continue };
            let told = || format!("reading {path} of the branch {}", branch.name);
            let content =
                self.file(&branch.repo, &path, commit)?.ok_or_else(|| anyhow!("it is gone")).with_context(told)?;
            // An answer of a proxy, or half of one, would be taken for the memory.
            if pack::blob_name(&content) != name {
                bail!("{}: {} bytes came that are not those of the commit", told(), content.len());
            }
            files.insert(path, content);
        }
        Ok(files)
    }

    /// What is on a branch, by path: the name of its content if it is a plain file, `None` for anything else.
    fn entries(&self, branch: &Branch) -> Result<BTreeMap<String, Option<String>>> {
        let Some(commit) = &branch.commit else { return Ok(BTreeMap::new()) };
        let told = || format!("listing the branch {} of {}", branch.name, branch.repo);
        let repo = path(&branch.repo)?;
        let answer = self.api.get(&format!("repos/{repo}/git/trees/{commit}?recursive=1")).with_context(told)?;
        let tree = tree(&answer.body);
        let list = &tree["tree"];
        if tree["truncated"].as_bool() == Some(true) || list.entries().len() > MOST {
            bail!("{}: it holds more files than the memory of a loop does; is it a branch of something else?", told());
        }
        let entries = list.entries().iter().filter(|entry| entry["type"].text() != "tree");
        let read = entries.map(|entry| {
            let plain = entry["type"].text() == "blob" && entry["mode"].text() == pack::FILE;
            (entry["path"].text().to_owned(), plain.then(|| entry["sha"].text().to_owned()))
        });
        Ok(read.collect())
    }

    /// Replaces a branch by one commit of these files, made at `at`, if it still stands where it was read.
    ///
    /// # Errors
    /// What became of it is not known, or nothing was sent.
    pub fn push(
        &self,
        branch: &Branch,
        files: &BTreeMap<String, Vec<u8>>,
        message: &str,
        at: i64,
    ) -> Result<PushResult> {
        let told = || format!("pushing to the branch {} of {}", branch.name, branch.repo);
        let names = files.iter().map(|(path, content)| (path.clone(), Some(pack::blob_name(content)))).collect();
        if branch.commit.is_some() && self.entries(branch)? == names {
            return Ok(PushResult::Unchanged);
        }
        let packed = pack::commit(files, message, at).with_context(told)?;
        let before = branch.commit.as_deref().unwrap_or(pack::NOTHING);
        let order = format!("{before} {} refs/heads/{}\0report-status agent=kaizen", packed.commit, branch.name);
        let body = [pack::line(&order), b"0000".to_vec(), packed.pack].concat();
        let request = self.git(Method::Post, &branch.repo, "git-receive-pack").with_context(told)?;
        let request = request.bytes().raw_body("application/x-git-receive-pack-request", body);
        let why = match self.api.client.send(&request) {
            Ok(answer) => {
                let report = pack::lines(&answer.body).with_context(told)?;
                if report.iter().any(|line| *line == format!("ok refs/heads/{}", branch.name)) {
                    return Ok(PushResult::Done);
                }
                let said = |line: &String| line.strip_prefix("ng ").or(line.strip_prefix("unpack ")).map(str::to_owned);
                report.iter().rev().find_map(said).unwrap_or_else(|| "it did not say why".to_owned())
            }
            // Whether a lost push has landed is seen where the branch stands now.
            Err(error) => helped(error).to_string(),
        };
        let now = self.branch(&branch.repo, &branch.name, true).with_context(told)?;
        Ok(match now.commit {
            Some(commit) if commit == packed.commit => PushResult::Done,
            now if now != branch.commit => PushResult::Overtaken,
            _ => PushResult::Refused(why),
        })
    }

    /// A request to the repository as git makes it: beside the API, with the token as a password.
    fn git(&self, method: Method, repo: &str, what: &str) -> Result<Request> {
        let web = web(&self.api.base);
        let url = web.join(&format!("{}.git/{what}", path(repo)?))?;
        // Some servers speak this protocol only with what calls itself so.
        let request =
            Request::new(method, url).header("user-agent", concat!("git/2.0 (kaizen ", env!("CARGO_PKG_VERSION"), ")"));
        Ok(match &self.api.token {
            Some(token) => request.authorized("Basic", &token.for_git(&web).map_err(|why| anyhow!(why))?),
            None => request,
        })
    }
}

fn path(repo: &str) -> Result<String> {
    let name = parts(repo).filter(|_| repo.matches('/').count() == 1);
    name.ok_or_else(|| anyhow!("`{repo}` is no name of a repository; write it as owner/name"))
}

/// Where the forge's repositories are, by the address of its API (fact 80).
fn web(api: &Url) -> Url {
    let mut web = api.clone();
    let host = api.host_str().unwrap_or_default().to_owned();
    let own = host.strip_prefix("api.").filter(|own| *own == "github.com" || own.ends_with(".ghe.com"));
    if let Some(own) = own {
        let _ = web.set_host(Some(own));
    }
    let path = api.path().trim_end_matches('/');
    let path = path.strip_suffix("/api/v1").or(path.strip_suffix("/api/v3")).unwrap_or(path).to_owned();
    web.set_path(&format!("{path}/"));
    web
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn repositories_lie_beside_the_api() {
        for (api, expected) in [
            ("https://git.example.org/api/v1/", "https://git.example.org/"),
            ("http://h:3000/sub/api/v1/", "http://h:3000/sub/"),
            ("https://h/api/v3/", "https://h/"),
            ("https://api.github.com/", "https://github.com/"),
            ("https://api.acme.ghe.com/", "https://acme.ghe.com/"),
            ("https://api.example.org/api/v1/", "https://api.example.org/"),
        ] {
            assert_eq!(web(&Url::parse(api).unwrap()).as_str(), expected);
        }
    }
}
