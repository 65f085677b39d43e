//! Which forge a run works with, and which of its repositories.
//!
//! Takes: the arguments, the environment, the git remote. Gives: [`OpenForge`]. A dry run of a file holds
//! a forge that cannot be written to at all.

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use chrono::{DateTime, Utc};

use super::output::variable;
use super::{EarlyEnd, say, usage};
use crate::cli::Target;
use crate::engine::untrusted;
use crate::files::{self, Patience};
use crate::forge::Forge;
use crate::forge::change::ForgeWriter;
use crate::forge::file::FileForge;
use crate::forge::live::LiveFile;
use crate::forge::remote::address::{self, Address, Destination, Giver, TargetOptions};
use crate::forge::remote::{ConnectOptions, Remote, connect};
use crate::http::{Config, RequestCounts, Secret};

/// An open forge.
pub(super) enum OpenForge {
    /// A file that is only read.
    File(Box<FileForge>),
    /// A file that is written to.
    Live(Box<LiveFile>),
    /// A server.
    Remote(Box<Remote>),
}

/// What is wanted of a forge.
pub(super) struct ForgeRequest<'a> {
    pub(super) target: &'a Target,
    pub(super) repos: &'a [String],
    pub(super) org: Option<&'a str>,
    /// It will be written to.
    pub(super) live: bool,
    pub(super) now: DateTime<Utc>,
}

/// Whether a forge is named that could be opened: asked before rules are read, because wrong usage goes
/// before bad rules.
pub(super) fn check(target: &Target, repos: &[String], org: Option<&str>) -> Result<(), EarlyEnd> {
    match forge_file(target) {
        Some(path) if path.exists() => Ok(()),
        Some(path) => Err(usage(anyhow!("--forge: there is no file {}", path.display()))),
        None => address(target, repos, org).map(drop),
    }
}

/// The forge that the command line names, else the variable for it.
pub(super) fn named(target: &Target) -> Option<String> {
    let given = target.forge.clone().filter(|forge| !forge.trim().is_empty());
    given.or_else(|| variable("KAIZEN_FORGE"))
}

/// The path of a forge in a file. One that a plan or a record names goes before the variable, because no token goes
/// to a file.
pub(super) fn forge_file(target: &Target) -> Option<PathBuf> {
    let path = |forge: &str| forge.strip_prefix("file:").map(PathBuf::from);
    let given = target.destination.as_ref().and_then(|given| path(&given.url));
    match (&target.forge, &target.destination) {
        (None, Some(_)) if given.is_some() => given,
        (None, Some(Destination { giver: Giver::Actions, .. })) => None,
        _ => path(&named(target)?),
    }
}

impl OpenForge {
    /// Opens the forge that was asked for.
    pub(super) fn new(wanted: &ForgeRequest<'_>) -> Result<OpenForge, EarlyEnd> {
        check(wanted.target, wanted.repos, wanted.org)?;
        if let Some(path) = forge_file(wanted.target) {
            if !wanted.live {
                return Ok(OpenForge::File(Box::new(FileForge::open(&path).context("opening the forge")?)));
            }
            let patience = Patience::minute(&say);
            return Ok(OpenForge::Live(Box::new(
                LiveFile::open(&path, wanted.now, &patience).context("opening the forge")?,
            )));
        }
        remote(wanted).map(|remote| OpenForge::Remote(Box::new(remote)))
    }

    /// Opens it to look at many repositories: looked up so many at once, and one that cannot be read keeps no
    /// other from being read ([`Forge::unread`]).
    pub(super) fn over_many(wanted: &ForgeRequest<'_>, threads: usize) -> Result<OpenForge, EarlyEnd> {
        match forge_file(wanted.target) {
            Some(_) => OpenForge::new(wanted),
            None => {
                check(wanted.target, wanted.repos, wanted.org)?;
                let many = ConnectOptions { go_on: true, threads, ..ConnectOptions::default() };
                connected(wanted, many).map(|remote| OpenForge::Remote(Box::new(remote)))
            }
        }
    }

    /// Opens the forge for questions that only what is written to answers, such as who can be
    /// assigned. Nothing is locked, and nothing will be written.
    pub(super) fn to_look(wanted: &ForgeRequest<'_>) -> Result<OpenForge, EarlyEnd> {
        check(wanted.target, wanted.repos, wanted.org)?;
        match forge_file(wanted.target) {
            Some(path) => {
                Ok(OpenForge::Live(Box::new(LiveFile::to_look(&path, wanted.now).context("opening the forge")?)))
            }
            None => OpenForge::new(wanted),
        }
    }

    pub(super) fn read(&self) -> &dyn Forge {
        match self {
            OpenForge::File(forge) => &**forge,
            OpenForge::Live(forge) => &**forge,
            OpenForge::Remote(forge) => &**forge,
        }
    }

    /// The forge to write to; a file that was opened for reading is none.
    pub(super) fn write(&self) -> Option<&dyn ForgeWriter> {
        match self {
            OpenForge::File(_) => None,
            OpenForge::Live(forge) => Some(&**forge),
            OpenForge::Remote(forge) => Some(&**forge),
        }
    }

    /// What a dry run cannot know where the token does not say whose it is; a live run is refused there.
    pub(super) fn unknown_user(&self) -> Option<String> {
        let OpenForge::Remote(forge) = self else { return None };
        let why = forge.user_known().err()?;
        Some(format!("whose comments are ours is not known, and what was done before is planned again: {why}"))
    }

    /// Requests sent so far, and how many of them again.
    pub(super) fn counts(&self) -> RequestCounts {
        match self {
            OpenForge::Remote(forge) => forge.counts(),
            OpenForge::File(_) | OpenForge::Live(_) => RequestCounts::default(),
        }
    }
}

/// Refuses the path of a file without the `file:` that makes it a forge.
///
/// # Errors
/// It is the name of a file that is there, or ends as one.
pub(super) fn no_bare_path(forge: &str) -> Result<(), EarlyEnd> {
    let json = Path::new(forge).extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    if forge.contains("://") || !json && !Path::new(forge).is_file() {
        return Ok(());
    }
    Err(usage(anyhow!("--forge: {forge} is the path of a file, not an address: write --forge file:{forge}")))
}

/// Which server, which repositories, which token.
fn address(target: &Target, repos: &[String], org: Option<&str>) -> Result<Address, EarlyEnd> {
    target.forge.as_deref().map_or(Ok(()), no_bare_path)?;
    let token = match &target.token_file {
        None => None,
        Some(path) => {
            let text = files::read(path, 64 << 10).map_err(anyhow::Error::from);
            let text = text.and_then(|text| String::from_utf8(text).map_err(|_| anyhow!("it holds no text")));
            let text = text.with_context(|| format!("reading the token from {}", path.display())).map_err(usage)?;
            Some(Secret::new(&text))
        }
    };
    let origin = git_config().as_deref().and_then(address::origin);
    let forge = named(target);
    let wish = TargetOptions {
        forge: forge.as_deref(),
        destination: target.destination.as_ref().filter(|given| !given.url.starts_with("file:")),
        repos,
        org,
        token: token.as_ref(),
        insecure: target.insecure,
        remote: origin.as_deref(),
        variable: &variable,
        agrees: &agrees,
    };
    address::choose(&wish).map_err(usage)
}

/// The same options for the forge that Actions runs this on, whichever the job works on.
pub(super) fn of_actions(target: &Target) -> Target {
    match variable("GITHUB_API_URL") {
        Some(url) => Target { destination: Some(Destination { url, giver: Giver::Actions }), ..target.clone() },
        None => Target { forge: None, ..target.clone() },
    }
}

/// Asks the person at the terminal, once for each question of this process; nobody else is asked.
fn agrees(question: &str) -> bool {
    static AGREED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut agreed = AGREED.lock().unwrap_or_else(PoisonError::into_inner);
    if agreed.contains(question) {
        return true;
    }
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return false;
    }
    let mut to = std::io::stderr().lock();
    let shown = write!(to, "{} [y/N] ", untrusted::terminal(question)).and_then(|()| to.flush());
    let mut line = String::new();
    let read = shown.and_then(|()| std::io::stdin().lock().read_line(&mut line));
    let yes = read.is_ok() && matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes");
    if yes {
        agreed.insert(question.to_owned());
    }
    yes
}

pub(super) fn remote(wanted: &ForgeRequest<'_>) -> Result<Remote, EarlyEnd> {
    connected(wanted, ConnectOptions::default())
}

/// `how` says how repositories are looked up.
fn connected(wanted: &ForgeRequest<'_>, how: ConnectOptions) -> Result<Remote, EarlyEnd> {
    let found = address(wanted.target, wanted.repos, wanted.org)?;
    let http = Config {
        base_wait: Duration::from_millis(wanted.target.retry_wait),
        secondary_wait: Duration::from_millis(wanted.target.retry_wait.saturating_mul(60)),
        say: Arc::new(|text: &str| say(text)),
        ..Config::default()
    };
    let ask = ConnectOptions {
        url: found.url,
        tokens: found.tokens,
        repos: found.repos,
        org: wanted.org.map(str::to_owned),
        http,
        ..how
    };
    let remote = connect(ask)?;
    remote.notes().iter().for_each(|note| say(note));
    for (name, why) in remote.left_out() {
        say(&format!("{name} is left out: {why}"));
    }
    if wanted.live {
        remote.user_known().map_err(|why| usage(anyhow!("{why}")))?;
    }
    Ok(remote)
}

/// The text of the git configuration of the folder that this runs in.
fn git_config() -> Option<String> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().find_map(|folder| {
        let git = folder.join(".git");
        let git = match std::fs::read_to_string(&git) {
            // A work tree: the file names its folder, whose own configuration is that of the repository.
            Ok(text) => {
                let inner = folder.join(text.strip_prefix("gitdir:")?.trim());
                let common = std::fs::read_to_string(inner.join("commondir"));
                common.map_or_else(|_| inner.clone(), |common| inner.join(common.trim()))
            }
            Err(_) => git,
        };
        std::fs::read_to_string(PathBuf::from(&git).join("config")).ok()
    })
}

/// Indices of the repositories that were asked for.
pub(super) fn repos(forge: &dyn Forge, names: &[String], org: Option<&str>) -> Result<Vec<usize>, EarlyEnd> {
    let there = forge.repos();
    if let Some(org) = org {
        let of_org = |name: &str| name.split_once('/').is_some_and(|(owner, _)| owner.eq_ignore_ascii_case(org));
        let found: Vec<usize> = (0..there.len()).filter(|index| of_org(&there[*index].name)).collect();
        // A server has named those that it leaves out: that nothing is left is no failure.
        return if found.is_empty() && !forge.is_remote() {
            Err(usage(anyhow!("{} holds no repository of {}", forge.name(), untrusted::terminal(org))))
        } else {
            Ok(found)
        };
    }
    // A server was asked for just these, and knows them by their newest names.
    if names.is_empty() || forge.is_remote() {
        return Ok((0..there.len()).collect());
    }
    let mut found = Vec::new();
    for name in names {
        // Forges do not tell names apart by case.
        let Some(index) = there.iter().position(|repo| repo.name.eq_ignore_ascii_case(name)) else {
            let known: Vec<&str> = there.iter().take(10).map(|repo| repo.name.as_str()).collect();
            return Err(usage(anyhow!(
                "--repo: {} has no repository {name}; it has {}",
                forge.name(),
                known.join(", ")
            )));
        };
        if !found.contains(&index) {
            found.push(index);
        }
    }
    Ok(found)
}
