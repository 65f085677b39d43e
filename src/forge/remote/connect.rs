//! The way to a forge.
//!
//! Takes: [`ConnectOptions`], an address, tokens, names of repositories. Gives: a [`Remote`] that knows which
//! forge it is, who we are there and what is to be read.

use std::sync::Mutex;

use anyhow::{Context, Result, anyhow, bail};

use super::api::Api;
use super::dialect::{self, Dialect};
use super::failure::helped;
use super::node::{JsonNode, tree};
use super::repos::{RepoSelection, by_name, by_org};
use super::{Remote, User};
use crate::http::{Client, Config, Credential, Method, Url};

/// Tokens for a forge, each bound to it, by the kind that it must be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Whatever it is.
    pub any: Option<Credential>,
    /// If it is a Gitea.
    pub gitea: Option<Credential>,
    /// If it is a Forgejo.
    pub forgejo: Option<Credential>,
}

impl From<Option<Credential>> for Tokens {
    fn from(any: Option<Credential>) -> Tokens {
        Tokens { any, ..Tokens::default() }
    }
}

/// What to connect to.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// The forge: its API's address, or its own.
    pub url: String,
    /// Tokens; none is sent where none is meant for this forge.
    pub tokens: Tokens,
    /// Repositories, `owner/name`.
    pub repos: Vec<String>,
    /// Every repository of this organisation that has a backlog of its own.
    pub org: Option<String>,
    /// A repository that cannot be read ends nothing: [`Forge::unread`](crate::forge::Forge::unread) names it.
    pub go_on: bool,
    /// How many repositories are asked for at once; 0 is one.
    pub threads: usize,
    /// How the client behaves.
    pub http: Config,
}

/// Connects: finds out which forge it is and who we are, and reads the repositories.
///
/// # Errors
/// Nobody or no forge is there, the token is refused, or a repository cannot be read; the sentence
/// says which and what to do.
pub fn connect(ask: ConnectOptions) -> Result<Remote> {
    let client = Client::new(ask.http).map_err(|error| anyhow!(error))?;
    let Tokens { any, gitea, forgejo } = ask.tokens;
    let (base, dialect) = dialect::find(&client, &ask.url, any.as_ref()).context("looking for the forge")?;
    // A token of a kind is sent to nobody before the kind is known.
    let token = any.or(match &dialect {
        Dialect::Gitea(Some(_)) => gitea,
        Dialect::Forgejo(_) => forgejo,
        Dialect::Gitea(None) | Dialect::GitHub { .. } => None,
    });
    let api = Api { client, base, dialect, token, came: Mutex::default() };
    let user = user(&api).context("asking who we are")?;
    let mut found = RepoSelection::default();
    by_name(&api, &ask.repos, ask.threads, ask.go_on, &mut found)?;
    if let Some(org) = &ask.org {
        by_org(&api, org, &mut found)?;
    }
    if found.repos.is_empty() && found.left_out.is_empty() && found.unread.is_empty() {
        bail!("no repository is named: give its owner/name, or an organisation that has some");
    }
    Ok(Remote::new(api, user, found))
}

/// Who the token's account is (fact 85).
fn user(api: &Api) -> Result<User> {
    if api.token.is_none() {
        let why = "there is no token for this forge: set KAIZEN_TOKEN".to_owned();
        return Ok(User { login: String::new(), robot: false, unknown: Some(why) });
    }
    match api.client.send(&api.request(Method::Get, "user")?) {
        Ok(answer) => {
            let user = tree(&answer.body);
            let login = user["login"].text().to_owned();
            if login.is_empty() {
                bail!("{} names no login; check the forge's address", display(&answer.url));
            }
            // The job's own account has an id below 0 (fact 30).
            let robot =
                user["id"].as_i64().is_some_and(i64::is_negative) || user["type"].text().eq_ignore_ascii_case("bot");
            Ok(User { login, robot, unknown: None })
        }
        // A job's token may not ask there, and its comments are by this account (fact 85).
        Err(error) if api.dialect.is_github() && error.status() == Some(403) => {
            Ok(User { login: "github-actions[bot]".to_owned(), robot: true, unknown: None })
        }
        Err(error) if matches!(error.status(), Some(403 | 404)) => {
            let why = format!("{error}; the token needs the scope read:user, to know its own comments");
            Ok(User { login: String::new(), robot: false, unknown: Some(why) })
        }
        Err(error) => Err(helped(error)),
    }
}

fn display(url: &Url) -> String {
    crate::http::display(url)
}
