//! Addresses, and how they are shown.
//!
//! Takes: an address. Gives: the same without what could be a secret, for messages.

pub use reqwest::Url;

/// Parameters whose values are shown: what a list is asked for, and no more.
const PLAIN: [&str; 12] =
    ["after", "direction", "labels", "limit", "page", "per_page", "ref", "since", "sort", "state", "type", "before"];

/// An address for people: without user and password, with the values of parameters that are not
/// known to be harmless left out.
#[must_use]
pub fn display(url: &Url) -> String {
    let mut text = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
    if let Some(port) = url.port() {
        text.push_str(&format!(":{port}"));
    }
    text.push_str(url.path());
    let mut mark = '?';
    for pair in url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        text.push(mark);
        mark = '&';
        if PLAIN.contains(&name) {
            text.push_str(pair);
        } else {
            text.push_str(&format!("{name}=…"));
        }
    }
    text
}

/// What is sent there can be read on the way: it is http, and further than this machine.
#[must_use]
pub fn is_open(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    let here = address.map_or(host == "localhost" || host.ends_with(".localhost"), |address| address.is_loopback());
    url.scheme() != "https" && !here
}

/// Scheme, host and port, as an address: where a token for this address may go.
#[must_use]
pub fn origin(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

/// The number that `page=` of an address has.
#[must_use]
pub fn page_number(url: &Url) -> Option<u64> {
    url.query_pairs().find(|(name, _)| name == "page").and_then(|(_, number)| number.parse().ok())
}

/// Reads an address that an answer from `from` names, in a link or a redirect. This is the one check of all of
/// them: who answers does not say where a token goes.
///
/// # Errors
/// It leads to another scheme, host or port, names a user, or is no address.
pub fn named_by(from: &Url, text: &str) -> Result<Url, Elsewhere> {
    match from.join(text) {
        Ok(url) if same_origin(from, &url) && url.username().is_empty() && url.password().is_none() => Ok(url),
        Ok(url) => Err(Elsewhere(display(&url))),
        Err(_) => Err(Elsewhere("what is no address".to_owned())),
    }
}

/// An answer leads to an address that is not where it came from. It prints as that address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere(String);

impl std::fmt::Display for Elsewhere {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.0)
    }
}

impl std::error::Error for Elsewhere {}

/// Scheme, host and port are the same.
#[must_use]
pub fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_secret_is_not_shown() {
        let url = Url::parse("https://me:pw@h.example:8443/a%20b?page=2&token=abc&labels=x%2Cy&flag#frag").unwrap();
        assert_eq!(display(&url), "https://h.example:8443/a%20b?page=2&token=…&labels=x%2Cy&flag=…");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let url = |text: &str| Url::parse(text).unwrap();
        let one = url("https://h.example/x");
        assert!(same_origin(&one, &url("https://H.example:443/y")));
        for other in ["http://h.example/", "https://h.example:444/", "https://i.example/"] {
            assert!(!same_origin(&one, &url(other)));
        }
    }
}
