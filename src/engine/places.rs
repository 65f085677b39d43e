//! Every place where a pattern matches, for whoever has to keep it matching.
//!
//! Takes: a [`Pattern`] and texts. Gives: the entries that match with their places, and whether an
//! entry matches at one place of another text. A search for a judgement ends as soon as no rule could
//! tell more; this one does not.

use std::ops::Range;

use super::areas::Areas;
use super::words::{MAX_MATCHES, Matcher, Pattern, whole_word};

impl Pattern {
    /// The matches of its entries in its area, [`MAX_MATCHES`] of each at most.
    #[must_use]
    pub fn places(&self, areas: &Areas<'_>) -> Vec<(usize, Range<usize>)> {
        let text = areas.text(self.area);
        let mut found = Vec::new();
        match &self.matcher {
            Matcher::Words(search, entries) => {
                let mut from = 0;
                while let Some(at) = search.plain().find_at(text, from).filter(|_| found.len() < MAX_MATCHES) {
                    let whole = whole_word(text, at.start(), at.end(), entries);
                    found.extend(whole.map(|(end, entry)| (entry, at.start()..end)));
                    let next = || at.start() + text[at.start()..].chars().next().map_or(1, char::len_utf8);
                    from = whole.map_or_else(next, |(end, _)| end);
                }
            }
            Matcher::Regexes(searches) => {
                for (entry, search) in searches.iter().enumerate() {
                    let all = search.plain().find_iter(text).take(MAX_MATCHES);
                    found.extend(all.map(|at| (entry, at.range())));
                }
            }
        }
        found
    }

    /// Where the match of an entry ends that begins just here, if one does.
    #[must_use]
    pub fn end_at(&self, entry: usize, text: &str, start: usize) -> Option<usize> {
        match &self.matcher {
            Matcher::Words(search, entries) => {
                let at = search.plain().find_at(text, start).filter(|at| at.start() == start)?;
                whole_word(text, start, at.end(), entries).filter(|(_, found)| *found == entry).map(|(end, _)| end)
            }
            Matcher::Regexes(searches) => {
                let at = searches.get(entry)?.plain().find_at(text, start)?;
                (at.start() == start).then_some(at.end())
            }
        }
    }
}
