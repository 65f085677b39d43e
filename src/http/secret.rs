//! What must not be shown.
//!
//! Takes: a token, or an address that is as good as one. Gives: types that go where they are meant
//! to, and print as nothing or as a host.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::address::{Url, is_open, origin, same_origin};
use crate::secrets;

/// Characters of a word of an address that could be a secret.
const SHORT_SECRET: usize = 6;

/// Characters of a part of an address that is a secret in every text, and not only in what is said of it.
const LONG_SECRET: usize = 20;

/// A token or a password. It never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text; white space around it, the end of a file's line, is no part of it. From now on it is hidden
    /// wherever something is printed or kept.
    #[must_use]
    pub fn new(text: &str) -> Secret {
        secrets::learn(text);
        Secret(text.trim().to_owned())
    }

    /// The text itself, for a header and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("…")
    }
}

/// A token and the one place that it may go to: a scheme, host and port. A request takes a token only as this,
/// and is not sent where it leads elsewhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    token: Secret,
    home: Url,
}

impl Credential {
    /// Binds a token to the scheme, host and port of an address.
    #[must_use]
    pub fn new(token: Secret, home: &Url) -> Credential {
        let mut home = home.clone();
        home.set_path("");
        home.set_query(None);
        home.set_fragment(None);
        Credential { token, home }
    }

    /// The token, for a request to this address.
    ///
    /// # Errors
    /// It is for another place; a sentence.
    pub(super) fn token_for(&self, url: &Url) -> Result<&Secret, String> {
        if same_origin(&self.home, url) {
            return Ok(&self.token);
        }
        Err(format!("its token is for {}, and not for {}", origin(&self.home), origin(url)))
    }
}

impl Credential {
    /// The same token as git sends it, as the password of any name, for repositories at `web`: where it is for, or
    /// the host whose API at `api.` it is for.
    ///
    /// # Errors
    /// It is for another place; a sentence.
    pub fn for_git(&self, web: &Url) -> Result<Credential, String> {
        let parts = |url: &Url, host: String| (url.scheme().to_owned(), host, url.port_or_known_default());
        let host = |url: &Url| url.host_str().unwrap_or_default().to_owned();
        if parts(&self.home, host(&self.home)) != parts(web, format!("api.{}", host(web))) {
            self.token_for(web)?;
        }
        let pair = STANDARD.encode(format!("x-access-token:{}", self.token.reveal()));
        Ok(Credential::new(Secret::new(&pair), web))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Credential(for {})", origin(&self.home))
    }
}

/// An address whose path or query lets whoever knows it write there. It prints as its host.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(Url);

impl SecretUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// It is none, or its scheme is not `http` or `https`; the sentence does not repeat it.
    pub fn parse(text: &str) -> Result<SecretUrl, String> {
        let url = Url::parse(text.trim()).map_err(|error| format!("the secret address cannot be read: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err("the secret address is no http or https address".to_owned());
        }
        // The whole of it, and the part that is as good as a token. A host alone is no secret: every link
        // to it would be hidden.
        if url.path() != "/" || url.query().is_some() {
            secrets::learn(url.as_str());
        }
        let longest = url.path_segments().into_iter().flatten().max_by_key(|part| part.len());
        longest.filter(|part| part.len() >= LONG_SECRET).into_iter().for_each(secrets::learn);
        url.password().into_iter().for_each(secrets::learn);
        Ok(SecretUrl(url))
    }

    /// The address itself, for a request and nothing else.
    #[must_use]
    pub fn reveal(&self) -> &Url {
        &self.0
    }

    /// What is said in it goes over the network as it is, and further than this machine.
    #[must_use]
    pub fn is_open(&self) -> bool {
        is_open(&self.0)
    }

    /// The words that it is made of, behind the host, without the short ones.
    pub(super) fn words(&self) -> Vec<String> {
        let url = &self.0;
        let parts = [url.username(), url.password().unwrap_or_default(), url.path(), url.query().unwrap_or_default()];
        let decoded = parts.map(|part| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned());
        let mut words: Vec<String> = decoded
            .iter()
            .flat_map(|part| part.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-'))
            .filter(|word| word.chars().count() >= SHORT_SECRET)
            .map(str::to_owned)
            .collect();
        // The longer first: one may be a part of the other.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.0.host_str().unwrap_or("…"))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "SecretUrl({self})")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn secrets_never_print() {
        let secret = Secret::new(" s3cret\n");
        assert_eq!(secret.reveal(), "s3cret");
        let url = SecretUrl::parse("https://u:p@hooks.example.org:8443/T/s3cret?k=s3cret").unwrap();
        let shown = format!("{secret} {secret:?} {url} {url:?}");
        assert_eq!(shown, "… Secret(…) hooks.example.org SecretUrl(hooks.example.org)");
        for bad in ["s3cret", "file:///s3cret", "https://s3cret:port/"] {
            let error = SecretUrl::parse(bad).unwrap_err();
            assert!(!error.contains("s3cret"), "{error}");
        }
        let words = SecretUrl::parse("https://h.example/bot123456:AAE-x_yz/send?k=s3%63ret&a").unwrap().words();
        assert_eq!(words, ["bot123456", "AAE-x_yz", "s3cret"]);
    }

    #[test]
    fn a_token_is_for_one_scheme_host_and_port() {
        let url = |text: &str| Url::parse(text).unwrap();
        let credential = Credential::new(Secret::new("s3cret"), &url("https://h.example/api/v1/"));
        for same in
            ["https://h.example/", "https://H.EXAMPLE:443/x?y", "https://h.example/api/v1/user", "https:h.example"]
        {
            assert_eq!(credential.token_for(&url(same)).map(Secret::reveal), Ok("s3cret"), "{same}");
        }
        for other in [
            "http://h.example/",
            "https://h.example:8443/",
            "https://h.example./",
            "https://x.h.example/",
            "https://h.example.evil/",
            "https://h.example@evil.example/",
            "https://evil.example/h.example",
            "https://evil.example#@h.example",
            "https://evil.example\\@h.example/",
            "https://h\u{435}.example/",
            "https://[::1]/",
        ] {
            let error = credential.token_for(&url(other)).unwrap_err();
            assert!(error.contains("is for https://h.example") && !error.contains("s3cret"), "{other}: {error}");
        }
        assert_eq!(format!("{credential:?}"), "Credential(for https://h.example)");
        // For git it is another text, and leads nowhere else.
        for (home, web, fine) in [
            ("https://h.example/api/v1/", "https://h.example/", true),
            ("https://api.h.example/", "https://h.example/", true),
            ("https://api.h.example/", "http://h.example/", false),
            ("https://api.h.example/", "https://h.example:8443/", false),
            ("https://h.example/", "https://api.h.example/", false),
            ("https://api.h.example/", "https://evil.example/", false),
        ] {
            let for_git = Credential::new(Secret::new("s3cret"), &url(home)).for_git(&url(web));
            assert_eq!(for_git.is_ok(), fine, "{home} {web}");
            if let Ok(credential) = for_git {
                assert_eq!(credential.token_for(&url(web)).unwrap().reveal(), "eC1hY2Nlc3MtdG9rZW46czNjcmV0");
            }
        }
    }

    #[test]
    fn what_leaves_this_machine_unencrypted_is_open() {
        let open = |text: &str| SecretUrl::parse(text).unwrap().is_open();
        for closed in ["https://h.example/", "http://localhost:1/", "http://127.0.0.9/", "http://[::1]:8/"] {
            assert!(!open(closed), "{closed}");
        }
        for told in ["http://h.example/", "http://127.0.0.1.example/", "http://10.0.0.1/", "http://localhost.example/"]
        {
            assert!(open(told), "{told}");
        }
    }
}
