//! What a server answered.
//!
//! Takes: status, headers and body of an answer read to its end. Gives: [`Answer`], with the few
//! headers that are understood here.

use reqwest::header::{HeaderMap, HeaderValue};

use super::address::{Elsewhere, Url, named_by, page_number};

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// 100 to 999.
    pub status: u16,
    /// The body, unpacked.
    pub body: Vec<u8>,
    /// Where the answer came from: another address than asked where a redirect was followed.
    pub url: Url,
    pub(super) headers: HeaderMap,
}

impl Answer {
    /// A header's text; `None` where it is missing or no text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header that is a whole number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// The address that `Link` gives for a relation (`next`, `last`), made absolute. A header may
    /// hold other relations only (facts 6, 64).
    ///
    /// # Errors
    /// It does not lead to where the answer came from, see [`named_by`].
    pub fn link(&self, relation: &str) -> Result<Option<Url>, Elsewhere> {
        self.links().find_map(|value| link(value, relation)).map(|target| named_by(&self.url, target)).transpose()
    }

    /// The number of the page that `Link` gives for a relation, and nothing else of its address: one forge makes
    /// that from its public name, which is not the one called (fact 6).
    #[must_use]
    pub fn page(&self, relation: &str) -> Option<u64> {
        let target = self.links().find_map(|value| link(value, relation))?;
        page_number(&self.url.join(target).ok()?)
    }

    fn links(&self) -> impl Iterator<Item = &str> {
        self.headers.get_all("link").iter().filter_map(|value| value.to_str().ok())
    }

    /// The same answer with other links; none for an empty text.
    #[must_use]
    pub fn linked(mut self, links: &str) -> Answer {
        self.headers.remove("link");
        if let Ok(value) = HeaderValue::from_str(links)
            && !links.is_empty()
        {
            self.headers.insert("link", value);
        }
        self
    }

    /// The body is a web page.
    #[must_use]
    pub fn is_page(&self) -> bool {
        let typed = self.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("text/html"));
        typed || self.body.trim_ascii_start().first() == Some(&b'<')
    }
}

/// The target of the first link with this relation: `<…>; rel="next",<…>; rel="last"`. Commas and
/// semicolons within `<…>` and quotes are part of them.
fn link<'a>(mut header: &'a str, relation: &str) -> Option<&'a str> {
    while let Some((_, rest)) = header.split_once('<') {
        let (target, rest) = rest.split_once('>')?;
        let mut quoted = false;
        let end = rest.find(|c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        });
        let (parameters, after) = rest.split_at(end.unwrap_or(rest.len()));
        let named = parameters.split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let mut words = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel") && words.any(|word| word.eq_ignore_ascii_case(relation))
        });
        if named {
            return Some(target);
        }
        header = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_found_where_they_stand_facts_6_and_64() {
        let header = "<http://h/?a=1,2&page=2>; rel=\"next\",<http://h/?page=9>; title=\"a, <b>\"; rel=\"last x\"";
        assert_eq!(link(header, "next"), Some("http://h/?a=1,2&page=2"));
        assert_eq!(link(header, "last"), Some("http://h/?page=9"));
        assert_eq!(link(header, "prev"), None);
        let deprecated = "<https://docs.example/x>; rel=\"deprecation\"; type=\"text/html\"";
        assert_eq!(link(deprecated, "next"), None);
        for odd in ["", "<", "<x", ">;rel=next", "<x>; rel", "x; rel=\"next\"", "<x>;rel=next"] {
            let expected = odd.ends_with(";rel=next").then_some("x").filter(|_| odd.starts_with('<'));
            assert_eq!(link(odd, "next"), expected, "{odd}");
        }
    }
}
