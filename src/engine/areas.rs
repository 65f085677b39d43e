//! The texts of an item that patterns look in, each made when it is first asked for.
//!
//! Takes: a title, a body, names of labels. Gives: [`Areas`]: the text of an [`Area`], as it is and in
//! ASCII lower case, each byte at the same place.

use std::cell::OnceCell;

use super::folding::ODD;
use super::markdown::Markdown;
use super::text::Area;

/// The texts of one item.
#[derive(Debug)]
pub struct Areas<'a> {
    title: &'a str,
    body: &'a str,
    labels: &'a [&'a str],
    markdown: OnceCell<Markdown>,
    texts: [OnceCell<String>; Area::COUNT],
    lower: [OnceCell<Option<String>>; Area::COUNT],
}

impl<'a> Areas<'a> {
    /// Nothing is made yet.
    #[must_use]
    pub fn new(title: &'a str, body: &'a str, labels: &'a [&'a str]) -> Self {
        Areas { title, body, labels, markdown: OnceCell::new(), texts: Default::default(), lower: Default::default() }
    }

    /// The text of an area.
    pub fn text(&self, area: Area) -> &str {
        self.texts[area as usize].get_or_init(|| self.make(area))
    }

    /// The same with its ASCII letters in lower case; `None` where it holds one of [`ODD`].
    pub fn lower(&self, area: Area) -> Option<&str> {
        let lower = self.lower[area as usize].get_or_init(|| lower(self.make(area)));
        lower.as_deref()
    }

    fn make(&self, area: Area) -> String {
        let markdown = || self.markdown.get_or_init(|| Markdown::read(self.body));
        match area {
            Area::Title => self.title.to_owned(),
            Area::Body => self.body.to_owned(),
            Area::Text => [self.title, "\n", self.body].concat(),
            Area::Prose => [self.title, "\n", &markdown().prose].concat(),
            Area::Code => markdown().code.clone(),
            Area::Headings => markdown().headings.clone(),
            Area::Labelled => [self.title, "\n", self.body, "\n", &self.labels.join("\n")].concat(),
        }
    }
}

/// A text with its ASCII letters in lower case; `None` where it holds one of [`ODD`].
#[must_use]
pub fn lower(mut text: String) -> Option<String> {
    // Few texts hold the bytes that these begin with.
    let [one, other] = ODD.map(|letter| letter.encode_utf8(&mut [0; 4]).as_bytes()[0]);
    let odd = memchr::memchr2_iter(one, other, text.as_bytes()).any(|at| text[at..].starts_with(ODD));
    text.make_ascii_lowercase();
    (!odd).then_some(text)
}
