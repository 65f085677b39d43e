//! Which forge, which repositories, which token.
//!
//! Takes: what was asked for on the command line, the environment as a function, the text of the
//! git remote, a forge that a file names. Gives: [`Address`], by rules that send no token to a forge that it is
//! not meant for. Pure: reads no environment and no file.

use std::fmt;

use anyhow::{Result, bail};

use super::connect::Tokens;
use super::dialect::{AddressHint, hint};
use crate::http::{Credential, Secret, Url, display, is_open, same_origin};

/// A forge that is named by something else than the command line or a variable for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Its address, or `file:PATH`.
    pub url: String,
    /// What names it.
    pub giver: Giver,
}

/// What names a forge beside the command line. Prints as what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Giver {
    /// The job's own forge, by the variables of its runner.
    Actions,
    /// The plan at this path.
    Plan(String),
    /// The record of this run.
    Run(String),
    /// The git remote.
    GitRemote,
}

impl fmt::Display for Giver {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Giver::Actions => to.write_str("GITHUB_API_URL"),
            Giver::Plan(path) => write!(to, "the plan {path}"),
            Giver::Run(run) => write!(to, "the record of the run {run}"),
            Giver::GitRemote => to.write_str("the git remote"),
        }
    }
}

/// What was asked for.
#[derive(Clone, Copy)]
pub struct TargetOptions<'a> {
    /// `--forge`, else `KAIZEN_FORGE`, an address.
    pub forge: Option<&'a str>,
    /// A forge that something else names. That of [`Giver::Actions`] goes before `forge`, the others behind it.
    pub destination: Option<&'a Destination>,
    /// `--repo`.
    pub repos: &'a [String],
    /// `--org`.
    pub org: Option<&'a str>,
    /// What `--token-file` holds; it goes where `KAIZEN_TOKEN` would.
    pub token: Option<&'a Secret>,
    /// `--insecure`: a token may go over http.
    pub insecure: bool,
    /// The address of the git remote, see [`origin`].
    pub remote: Option<&'a str>,
    /// The environment. A variable that is set and empty counts as absent (fact 93).
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Asks a person whether a token goes to a forge that only a file names; false where nobody can be asked.
    pub agrees: &'a dyn Fn(&str) -> bool,
}

impl fmt::Debug for TargetOptions<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
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

/// The variables that a forge's token is looked for in.
pub const TOKENS: [&str; 4] = ["KAIZEN_TOKEN", "GITEA_TOKEN", "FORGEJO_TOKEN", "GITHUB_TOKEN"];

/// Other variables that hold a token of the forge, or of its jobs.
const OTHER_TOKENS: [&str; 4] = ["GH_TOKEN", "GITHUB_PAT", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];

/// Whether a variable holds a token of the forge, by its name.
#[must_use]
pub fn is_token(variable: &str) -> bool {
    TOKENS.iter().chain(&OTHER_TOKENS).any(|token| token.eq_ignore_ascii_case(variable))
}

/// Decides.
///
/// # Errors
/// No forge or no repository is named anywhere, or a token would go to a forge that nobody named for it; the
/// sentence says what to add.
pub fn choose(wish: &TargetOptions<'_>) -> Result<Address> {
    let variable = |name: &str| (wish.variable)(name).filter(|value| !value.trim().is_empty());
    let remote = wish.remote.and_then(git_remote);
    let api = variable("GITHUB_API_URL");
    let home = wish.forge.map(str::to_owned).or_else(|| api.clone());
    let own = wish.destination.filter(|destination| destination.giver == Giver::Actions);
    let (url, giver) = match (own, wish.forge, wish.destination, &api, &remote) {
        (Some(given), ..) | (None, None, Some(given), ..) => (given.url.clone(), Some(given.giver.clone())),
        (None, Some(forge), ..) => (forge.to_owned(), None),
        (.., Some(api), _) => (api.clone(), None),
        (.., Some(remote)) => (remote.url.clone(), Some(Giver::GitRemote)),
        _ => bail!(
            "no forge is named: give --forge URL, set KAIZEN_FORGE, or run this where a git remote or Actions names one"
        ),
    };
    let there = base(&url)?;
    // Where Actions says nothing it is the public forge, whose token has this name.
    let actions = api.unwrap_or_else(|| "https://api.github.com".to_owned());
    let in_actions = base(&actions).is_ok_and(|actions| same_origin(&actions, &there));
    let mut repos = wish.repos.to_vec();
    if repos.is_empty() && wish.org.is_none() {
        let on_remote = remote.filter(|remote| base(&remote.url).is_ok_and(|url| url.host() == there.host()));
        let named = variable("GITHUB_REPOSITORY").filter(|_| in_actions);
        match named.or(on_remote.map(|remote| remote.repo)) {
            Some(repo) => repos.push(repo),
            None => bail!("no repository is named: give --repo OWNER/NAME or --org NAME"),
        }
    }
    let home = home.map(|home| base(&home)).transpose()?;
    if let (Some(home), Some(given)) = (&home, wish.destination.filter(|given| given.giver != Giver::Actions))
        && let named = base(&given.url)?
        && !same_origin(home, &named)
    {
        bail!(
            "{} is for {}, and --forge, KAIZEN_FORGE or Actions name {}; nothing was sent: name its own with --forge \
             if that is right",
            given.giver,
            spelled(&named),
            spelled(home)
        );
    }
    let tokens = tokens(wish, &variable, (&there, in_actions), home.as_ref(), giver.as_ref())?;
    // What Actions names, its runner has sent the job's tokens to already.
    let runs_there = in_actions && variable("GITHUB_API_URL").is_some() && Runner::of(wish.variable).is_some();
    if tokens != Tokens::default() && is_open(&there) && !wish.insecure && !runs_there {
        bail!(
            "no token is sent to {}, because whoever is on the way could read it: give its https address, or add \
             --insecure if that way is yours",
            spelled(&there)
        );
    }
    Ok(Address { url, repos, tokens })
}

/// The tokens that go to this forge. Those of no host's own are for the one that the command line, `KAIZEN_FORGE`
/// or Actions names (`home`), and for no other that a file (`giver`) could name.
fn tokens(
    wish: &TargetOptions<'_>,
    variable: &dyn Fn(&str) -> Option<String>,
    (there, in_actions): (&Url, bool),
    home: Option<&Url>,
    giver: Option<&Giver>,
) -> Result<Tokens> {
    let bound = |secret: Secret| Credential::new(secret, there);
    let token = |name: &str| variable(name).map(|value| bound(Secret::new(&value)));
    // This one has a host of its own.
    let of_job = token("GITHUB_TOKEN").filter(|_| in_actions);
    let file = wish.token.cloned().map(bound);
    let (name, any) = match file {
        Some(token) => ("the token of --token-file", Some(token)),
        None => ("KAIZEN_TOKEN", token("KAIZEN_TOKEN")),
    };
    let github = matches!(hint(there.as_str()), Ok(AddressHint::GitHub(..)));
    let of_kind = |name| token(name).filter(|_| any.is_none() && of_job.is_none() && !github);
    let (gitea, forgejo) = (of_kind("GITEA_TOKEN"), of_kind("FORGEJO_TOKEN"));
    let name = match (&any, &gitea, &forgejo) {
        (Some(_), ..) => Some(name),
        (_, Some(_), _) => Some("GITEA_TOKEN"),
        (.., Some(_)) => Some("FORGEJO_TOKEN"),
        _ => None,
    };
    let all = Tokens { any: any.or_else(|| of_job.clone()), gitea, forgejo };
    match (home, giver, name) {
        // The job's own rules are read there while it works elsewhere: with the job's own token.
        (Some(home), ..) if !same_origin(home, there) => Ok(Tokens::from(of_job)),
        (None, Some(giver), Some(name)) => {
            let shown = spelled(there);
            if !(wish.agrees)(&format!("{giver} names {shown}. Send {name} there?")) {
                bail!(
                    "{name} is not sent to {shown}, which only {giver} names; nothing was sent: add --forge {shown} or \
                     set KAIZEN_FORGE={shown} if that is the forge it is for"
                );
            }
            Ok(all)
        }
        _ => Ok(all),
    }
}

/// An address as it can be written behind `--forge`: whoever named it may have thought of a shell.
fn spelled(url: &Url) -> String {
    let text = display(url);
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:~[]".contains(c));
    if plain {
        text.trim_end_matches('/').to_owned()
    } else {
        format!("the host {:?}", url.host_str().unwrap_or_default())
    }
}

/// The address that a forge's own is compared by.
fn base(address: &str) -> Result<Url> {
    Ok(match hint(address)? {
        AddressHint::GitHub(url, _) | AddressHint::Gitea(url) | AddressHint::Instance(url) => url,
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
