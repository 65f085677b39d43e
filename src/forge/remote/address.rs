//! Which forge, which repositories, which token.
//!
//! Takes: what was asked for on the command line, the environment as a function, the text of the
//! git remote. Gives: [`Address`], by rules that send no token to a forge that it is not meant for.
//! Pure: reads no environment and no file.

use anyhow::{Result, bail};

use super::connect::Tokens;
use super::dialect::{Told, told};
use crate::http::{Secret, Url, same_origin};

/// What was asked for.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    /// `--forge`, an address.
    pub forge: Option<&'a str>,
    /// `--repo`.
    pub repos: &'a [String],
    /// `--org`.
    pub org: Option<&'a str>,
    /// What `--token-file` holds; it goes to the forge that is asked for.
    pub token: Option<&'a Secret>,
    /// The address of the git remote, see [`origin`].
    pub remote: Option<&'a str>,
    /// The environment. A variable that is set and empty counts as absent (fact 93).
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

impl std::fmt::Debug for Wish<'_> {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "Wish({:?}, {:?}, {:?})", self.forge, self.repos, self.org)
    }
}

/// Where to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The forge.
    pub url: String,
    /// `owner/name`; empty where an organisation was asked for.
    pub repos: Vec<String>,
    /// Tokens for it.
    pub tokens: Tokens,
}

/// The CI that runs this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// Forgejo Actions.
    Forgejo,
    /// Gitea Actions.
    Gitea,
    /// GitHub Actions.
    GitHub,
}

impl Runner {
    /// Which one it is. Each sets the marks of those it is compatible with, so the order matters
    /// (fact 78).
    #[must_use]
    pub fn of(variable: &dyn Fn(&str) -> Option<String>) -> Option<Runner> {
        let marks = [
            ("FORGEJO_ACTIONS", Runner::Forgejo),
            ("GITEA_ACTIONS", Runner::Gitea),
            ("GITHUB_ACTIONS", Runner::GitHub),
        ];
        marks.into_iter().find(|(mark, _)| variable(mark).as_deref() == Some("true")).map(|(_, runner)| runner)
    }
}

/// A git remote: the forge that it is on, and the repository there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitRemote {
    /// The address of the forge, without user and password.
    pub url: String,
    /// `owner/name`.
    pub repo: String,
}

/// Decides.
///
/// # Errors
/// No forge or no repository is named anywhere; the sentence says how to name it.
pub fn choose(wish: &Wish<'_>) -> Result<Address> {
    let variable = |name: &str| (wish.variable)(name).filter(|value| !value.trim().is_empty());
    let remote = wish.remote.and_then(git_remote);
    let url = wish.forge.map(str::to_owned).or_else(|| variable("GITHUB_API_URL"));
    let Some(url) = url.or_else(|| remote.as_ref().map(|remote| remote.url.clone())) else {
        bail!("no forge is named: give --forge URL, or run this where a git remote or Actions names one");
    };
    let asked = base(&url)?;
    // Where Actions says nothing it is the public forge, whose token has this name.
    let actions = variable("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned());
    let in_actions = base(&actions).is_ok_and(|actions| same_origin(&actions, &asked));
    let mut repos = wish.repos.to_vec();
    if repos.is_empty() && wish.org.is_none() {
        let on_remote = remote.filter(|remote| base(&remote.url).is_ok_and(|url| url.host() == asked.host()));
        let named = variable("GITHUB_REPOSITORY").filter(|_| in_actions);
        match named.or(on_remote.map(|remote| remote.repo)) {
            Some(repo) => repos.push(repo),
            None => bail!("no repository is named: give --repo OWNER/NAME or --org NAME"),
        }
    }
    let token = |name: &str| variable(name).map(|value| Secret::new(&value));
    let any = wish.token.cloned().or_else(|| token("KAIZEN_TOKEN"));
    let any = any.or_else(|| token("GITHUB_TOKEN").filter(|_| in_actions));
    let tokens = Tokens { any, gitea: token("GITEA_TOKEN"), forgejo: token("FORGEJO_TOKEN") };
    Ok(Address { url, repos, tokens })
}

/// The address that a forge's own is compared by.
fn base(address: &str) -> Result<Url> {
    Ok(match told(address)? {
        Told::GitHub(url, _) | Told::Gitea(url) | Told::Instance(url) => url,
    })
}

/// Reads the address of a git remote: `git@host:o/r.git`, `ssh://git@host:22/o/r`,
/// `https://user:pw@host/o/r.git`. A port of ssh is not the web's; a folder before owner and name
/// belongs to the forge. `None` for a path or anything else.
#[must_use]
pub fn git_remote(text: &str) -> Option<GitRemote> {
    let text = text.trim();
    let (scheme, host, path) = match text.split_once("://") {
        Some((scheme @ ("http" | "https"), _)) => {
            let url = Url::parse(text).ok()?;
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            (scheme, format!("{}{port}", url.host_str()?), url.path().to_owned())
        }
        Some(("ssh" | "git" | "git+ssh", _)) => {
            let url = Url::parse(text).ok()?;
            ("https", url.host_str()?.to_owned(), url.path().to_owned())
        }
        Some(_) => return None,
        None => {
            let (host, path) = text.split_once(':')?;
            let host = host.rsplit('@').next()?;
            // A drive letter, or a path with a colon in it.
            if host.len() < 2 || host.contains('/') || path.starts_with('\\') {
                return None;
            }
            ("https", host.to_owned(), path.to_owned())
        }
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let mut parts = path.rsplitn(3, '/');
    let (name, owner, folder) = (parts.next()?, parts.next()?, parts.next());
    if name.is_empty() || owner.is_empty() || host.is_empty() || host.contains(char::is_whitespace) {
        return None;
    }
    let folder = folder.map_or_else(String::new, |folder| format!("/{folder}"));
    Some(GitRemote { url: format!("{scheme}://{host}{folder}"), repo: format!("{owner}/{name}") })
}

/// The address of the remote `origin`, else of the first, in the text of a `.git/config`.
#[must_use]
pub fn origin(config: &str) -> Option<String> {
    let (mut section, mut first) = (None, None);
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line.strip_prefix("[remote \"").and_then(|rest| rest.strip_suffix("\"]"));
        } else if let Some(name) = section
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("url")
        {
            if name == "origin" {
                return Some(value.trim().to_owned());
            }
            first = first.or(Some(value.trim().to_owned()));
        }
    }
    first
}
