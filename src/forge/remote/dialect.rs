//! Which of the three forges an address belongs to.
//!
//! Takes: the address that was asked for, what `/version` answers. Gives: the API's address and a
//! [`Dialect`].

use anyhow::{Result, bail};

use crate::http::{Answer, Client, Credential, Method, Request, Url, display};

use super::node::{JsonNode, tree};

/// A kind of forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialect {
    /// Gitea. Its version, where it tells it (fact 61).
    Gitea(Option<String>),
    /// Forgejo. Its version.
    Forgejo(Option<String>),
    /// GitHub; `cloud` is github.com itself, where its redirecting host exists (fact 105).
    GitHub {
        /// It is github.com.
        cloud: bool,
    },
}

impl Dialect {
    /// The name, as a forge file's `kind` has it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Dialect::Gitea(_) => "gitea",
            Dialect::Forgejo(_) => "forgejo",
            Dialect::GitHub { .. } => "github",
        }
    }

    /// Whether it is GitHub, whose API differs from the other two's.
    #[must_use]
    pub fn is_github(&self) -> bool {
        matches!(self, Dialect::GitHub { .. })
    }

    /// Whether people are assigned and taken off one by one (fact 40): GitHub does so, and Gitea from
    /// 1.27. Elsewhere a list replaces the one that is there.
    pub(super) fn assigns_singly(&self) -> bool {
        let mut parts = match self {
            Dialect::GitHub { .. } => return true,
            Dialect::Forgejo(_) | Dialect::Gitea(None) => return false,
            Dialect::Gitea(Some(version)) => version.split(['.', '+', '-']),
        };
        let mut part = || parts.next().and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
        (part(), part()) >= (1, 27)
    }

    /// The version that the server told.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        match self {
            Dialect::Gitea(version) | Dialect::Forgejo(version) => version.as_deref(),
            Dialect::GitHub { .. } => None,
        }
    }
}

/// What an address says by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AddressHint {
    /// GitHub, with the API's address.
    GitHub(Url, bool),
    /// Gitea or Forgejo, with the API's address.
    Gitea(Url),
    /// Nothing: the address of an instance.
    Instance(Url),
}

/// Reads an address as a person, a runner or a git remote gives it.
///
/// # Errors
/// It is no http or https address, or holds a user or a password.
pub(super) fn hint(address: &str) -> Result<AddressHint> {
    let url = match Url::parse(address.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => url,
        _ => bail!("the forge's address is no http or https address; write it as https://git.example.org"),
    };
    if !url.username().is_empty() || url.password().is_some() {
        bail!("the forge's address holds a user or a password; give the address alone, and a token as KAIZEN_TOKEN");
    }
    let mut url = url;
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/').to_owned();
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let with = |path: &str| {
        let mut url = url.clone();
        // The slash at the end is what relative paths are joined to.
        url.set_path(&format!("{path}/"));
        url
    };
    if matches!(host.as_str(), "github.com" | "www.github.com" | "api.github.com") {
        let mut api = with("");
        let moved = host == "api.github.com" || api.set_host(Some("api.github.com")).is_ok();
        return if moved { Ok(AddressHint::GitHub(api, true)) } else { bail!("the forge's address cannot be read") };
    }
    // Enterprise Cloud with data residency: TENANT.ghe.com, its API at api.TENANT.ghe.com.
    if host.ends_with(".ghe.com") && path.is_empty() {
        let mut api = with("");
        if !host.starts_with("api.") {
            let _ = api.set_host(Some(&format!("api.{host}")));
        }
        return Ok(AddressHint::GitHub(api, false));
    }
    if path.ends_with("/api/v3") {
        return Ok(AddressHint::GitHub(with(&path), false));
    }
    // The suffix tells the dialect (fact 80).
    if path.ends_with("/api/v1") {
        return Ok(AddressHint::Gitea(with(&path)));
    }
    Ok(AddressHint::Instance(with(&path)))
}

/// Which forge it is and where its API is. Asks `/version` with `token` where the address leaves a
/// doubt; `None` is sent to nobody.
///
/// # Errors
/// Nobody is there, or something that is none of the three.
pub(super) fn find(client: &Client, address: &str, token: Option<&Credential>) -> Result<(Url, Dialect)> {
    let (api, instance) = match hint(address)? {
        AddressHint::GitHub(api, cloud) => return Ok((api, Dialect::GitHub { cloud })),
        AddressHint::Gitea(api) => (api, None),
        AddressHint::Instance(instance) => (instance.join("api/v1/")?, Some(instance)),
    };
    let mut request = Request::new(Method::Get, api.join("version")?).header("accept", "application/json");
    if let Some(token) = token {
        request = request.authorized("token", token);
    }
    let answer = client.send(&request.any_status())?;
    let body = tree(&answer.body);
    let version = Some(body["version"].text()).filter(|version| !version.is_empty()).map(str::to_owned);
    match (version, instance) {
        (Some(version), _) => Ok((api, of_version(version))),
        // Where everything takes a sign-in, this does too (fact 61). A token that is refused here
        // is refused everywhere, and the next answer says so.
        (None, _) if matches!(answer.status, 401 | 403) && body.is_object() => Ok((api, Dialect::Gitea(None))),
        (None, None) => bail!(
            "{} answered {} and no version: there is no Gitea or Forgejo; check the address",
            display(&answer.url),
            answer.status
        ),
        (None, Some(instance)) => {
            let ask = |path: &str| {
                let request = Request::new(Method::Get, instance.join(path)?).header("accept", "application/json");
                anyhow::Ok(client.send(&request.any_status())?)
            };
            let marked = |answer: &Answer| {
                ["x-github-request-id", "x-github-media-type"].iter().any(|name| answer.header(name).is_some())
            };
            // At the root it is github.com behind another name: a proxy.
            let root = ask("versions")?;
            if marked(&root) && matches!(root.body.trim_ascii_start().first(), Some(b'[' | b'{')) {
                return Ok((instance, Dialect::GitHub { cloud: true }));
            }
            let there = ask("api/v3/versions")?;
            if marked(&there) {
                return Ok((instance.join("api/v3/")?, Dialect::GitHub { cloud: false }));
            }
            bail!(
                "{} is no Gitea, Forgejo or GitHub: /api/v1/version answered {} and /api/v3/versions {}; \
                 check the address",
                display(&instance),
                answer.status,
                there.status
            )
        }
    }
}

/// `1.26.4` is Gitea, `17.0.0-dev+gitea-1.22.0` Forgejo; its gitea number says nothing (fact 61).
fn of_version(version: String) -> Dialect {
    if version.contains("+gitea-") { Dialect::Forgejo(Some(version)) } else { Dialect::Gitea(Some(version)) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_what_it_can_fact_80() {
        let github = |url: &str, cloud| AddressHint::GitHub(Url::parse(url).unwrap(), cloud);
        let gitea = |url: &str| AddressHint::Gitea(Url::parse(url).unwrap());
        let instance = |url: &str| AddressHint::Instance(Url::parse(url).unwrap());
        for (address, expected) in [
            ("https://api.github.com", github("https://api.github.com/", true)),
            ("https://github.com/", github("https://api.github.com/", true)),
            ("https://acme.ghe.com", github("https://api.acme.ghe.com/", false)),
            ("https://api.acme.ghe.com", github("https://api.acme.ghe.com/", false)),
            ("https://ghe.example.org/api/v3", github("https://ghe.example.org/api/v3/", false)),
            ("http://gitea:3000/api/v1/", gitea("http://gitea:3000/api/v1/")),
            ("https://x.example/git/api/v1?token=x", gitea("https://x.example/git/api/v1/")),
            ("https://x.example/git", instance("https://x.example/git/")),
            (" https://codeberg.org\n", instance("https://codeberg.org/")),
        ] {
            assert_eq!(hint(address).unwrap(), expected, "{address}");
        }
        for bad in ["", "codeberg.org", "ftp://x", "file:///x", "https://u:s3cret@x.example", "https://u@x.example"] {
            let error = hint(bad).unwrap_err().to_string();
            assert!(!error.contains("s3cret") && error.contains("; "), "{error}");
        }
    }

    #[test]
    fn a_suffix_of_the_version_marks_the_other_fork_fact_61() {
        let version = "17.0.0-dev-609-a14eb80977+gitea-1.22.0";
        assert_eq!(of_version(version.into()), Dialect::Forgejo(Some(version.into())));
        for version in ["1.26.4", "1.26.0+dev-489-gc9a038bc4e"] {
            assert_eq!(of_version(version.into()), Dialect::Gitea(Some(version.into())));
        }
    }

    #[test]
    fn from_some_version_on_people_are_assigned_one_by_one_fact_40() {
        for (version, singly) in [
            ("1.26.4", false),
            ("1.27.3", true),
            ("1.28.0+dev-12-gabc", true),
            ("2.0.0", true),
            ("odd", false),
            ("17.0.0-dev+gitea-1.22.0", false),
        ] {
            assert_eq!(of_version(version.into()).assigns_singly(), singly, "{version}");
        }
        assert!(Dialect::GitHub { cloud: true }.assigns_singly() && !Dialect::Gitea(None).assigns_singly());
    }
}
