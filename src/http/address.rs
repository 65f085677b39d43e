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
pub fn shown(url: &Url) -> String {
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
        assert_eq!(shown(&url), "https://h.example:8443/a%20b?page=2&token=…&labels=x%2Cy&flag=…");
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
