//! Pages of a list, and the headers that say so.
//!
//! Takes: what was asked and how much there is. Gives: which part to serve, `Link`, `X-Total-Count`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::http::{Request, Response};
use super::world::World;

/// Which part of a list is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub number: usize,
    pub size: usize,
}

/// What is left alone in a query.
const QUERY: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn number(request: &Request, name: &str) -> usize {
    request.param(name).and_then(|text| text.parse::<i64>().ok()).map_or(0, |number| number.max(0) as usize)
}

impl Page {
    /// By `limit` (or `per_page` on GitHub): absent or below 1 is the default, too much is silently
    /// the most there is (facts 1 and 63).
    pub fn of(world: &World, request: &Request) -> Page {
        let size = match number(request, if world.dialect.is_github() { "per_page" } else { "limit" }) {
            0 => world.default_page,
            size => size.min(world.max_page),
        };
        Page { number: number(request, "page").max(1), size }
    }

    /// For lists where older Gitea and Forgejo look at `limit` only beside `page` (fact 3).
    pub fn of_short_list(world: &World, request: &Request) -> Page {
        if world.dialect.limit_needs_page() && number(request, "page") == 0 {
            return Page { number: 1, size: usize::MAX };
        }
        Page::of(world, request)
    }

    /// With the search's limit, which newer ones take as it is (fact 15).
    pub fn of_search(world: &World, request: &Request) -> Page {
        let page = Page::of(world, request);
        match number(request, "limit") {
            size if size > 0 && world.dialect.search_unlimited() => Page { size, ..page },
            _ => page,
        }
    }

    pub fn cut<T>(self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip((self.number - 1).saturating_mul(self.size)).take(self.size).collect()
    }

    /// Gitea's `Link`: built from ROOT_URL, whatever host was called; absent where there is one page
    /// (fact 6).
    pub fn gitea_link(self, world: &World, request: &Request, total: usize, response: Response) -> Response {
        let pages = total.div_ceil(self.size).max(1);
        let at = self.number.min(pages);
        let link = |page: usize, rel: &str| {
            let mut query: Vec<(String, String)> =
                request.query.iter().filter(|(name, _)| name != "page").cloned().collect();
            query.push(("page".to_owned(), page.to_string()));
            query.sort();
            let word = |text: &str| utf8_percent_encode(text, &QUERY).to_string().replace("%20", "+");
            let query: Vec<String> =
                query.iter().map(|(name, value)| format!("{}={}", word(name), word(value))).collect();
            format!("<{}{}?{}>; rel=\"{rel}\"", world.root, request.path, query.join("&"))
        };
        let mut links = Vec::new();
        if at < pages {
            links.extend([link(at + 1, "next"), link(pages, "last")]);
        }
        if at > 1 {
            links.extend([link(1, "first"), link(at - 1, "prev")]);
        }
        if links.is_empty() { response } else { response.with("Link", links.join(",")) }
    }

    /// GitHub's `Link`: on `/repositories/{id}`, `page` where it stood in the query; no totals
    /// (fact 63).
    pub fn github_link(self, path: &str, request: &Request, total: usize, response: Response) -> Response {
        let pages = total.div_ceil(self.size).max(1);
        let link = |page: usize, rel: &str| {
            let mut query: Vec<String> =
                request.raw_query.split('&').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            match query.iter_mut().find(|part| part.starts_with("page=")) {
                Some(part) => *part = format!("page={page}"),
                None => query.push(format!("page={page}")),
            }
            format!("<{path}?{}>; rel=\"{rel}\"", query.join("&"))
        };
        let mut links = Vec::new();
        if self.number > 1 {
            links.push(link((self.number - 1).min(pages), "prev"));
        }
        if self.number < pages {
            links.push(link(self.number + 1, "next"));
        }
        if self.number != pages {
            links.push(link(pages, "last"));
        }
        if self.number > 1 {
            links.push(link(1, "first"));
        }
        if links.is_empty() { response } else { response.with("Link", links.join(", ")) }
    }
}
