//! Patterns: what an item's texts are searched for.
//!
//! Takes: patterns of a rule file, and a text. Gives: [`Hits`], how often and
//! where a pattern matched. Time is linear in the text whatever a rule asks for, and a search
//! ends as soon as no condition of the rules could tell more matches from what was found.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Range;

use super::areas::Areas;
use super::folding::{CaseRegex, SearchText, compile};
use super::source::Location;
use super::text::Area;

/// A pattern: entries to look for in one area.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Its name in rules.
    pub name: String,
    /// Where it looks.
    pub area: Area,
    /// How much has to be counted: as far as the rules compare.
    pub enough: Enough,
    /// Where its name stands.
    pub at: Location,
    /// What it looks for, as the rules have it.
    pub entries: Vec<PatternEntry>,
    /// Its place among the patterns that two policies have in common.
    pub common: Option<usize>,
    pub(super) matcher: Matcher,
}

/// One thing that a pattern looks for.
#[derive(Debug, Clone)]
pub struct PatternEntry {
    /// The forms of a word, or one regular expression.
    pub forms: Vec<String>,
    /// Where it stands.
    pub at: Location,
}

/// The most matches of one pattern that are counted: each may look at the whole text again.
pub const MAX_MATCHES: usize = 1_000;

/// Counts from which on the rules no longer tell a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Enough {
    /// For `count`.
    pub count: usize,
    /// For `distinct`.
    pub distinct: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Matcher {
    /// Whole words and phrases in any case, the longest first; each form with its entry.
    Words(CaseRegex, HashMap<String, usize>),
    Regexes(Vec<CaseRegex>),
}

/// How often and where a pattern matched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hits {
    /// Matches, up to what is enough.
    pub count: usize,
    /// Entries with at least one match, up to what is enough.
    pub distinct: usize,
    /// Where the first match stands.
    pub first: Option<Range<usize>>,
}

impl Pattern {
    /// A pattern of whole words; an entry is one word in all its forms.
    ///
    /// # Errors
    /// The words together are too many to search for.
    pub fn words(name: &str, area: Area, words: Vec<PatternEntry>) -> Result<Self, regex::Error> {
        let mut entries = HashMap::new();
        for (index, entry) in words.iter().enumerate() {
            entries.extend(entry.forms.iter().map(|form| (form.to_lowercase(), index)));
        }
        let mut forms: Vec<&String> = entries.keys().collect();
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        let any: Vec<String> = forms.into_iter().map(|form| regex::escape(form)).collect();
        let regex = compile(&any.join("|"))?;
        Ok(Pattern::new(name, area, words, Matcher::Words(regex, entries)))
    }

    /// A pattern of regular expressions, each with what it was compiled to.
    #[must_use]
    pub fn regexes(name: &str, area: Area, regexes: Vec<(PatternEntry, CaseRegex)>) -> Self {
        let (entries, searches) = regexes.into_iter().unzip();
        Pattern::new(name, area, entries, Matcher::Regexes(searches))
    }

    fn new(name: &str, area: Area, entries: Vec<PatternEntry>, matcher: Matcher) -> Self {
        let enough = Enough { count: MAX_MATCHES, distinct: MAX_MATCHES };
        Pattern { name: name.to_owned(), area, enough, at: Location::default(), entries, common: None, matcher }
    }

    /// It looks for regular expressions, not for words.
    #[must_use]
    pub fn is_regex(&self) -> bool {
        matches!(self.matcher, Matcher::Regexes(_))
    }

    /// The same pattern without one of its entries.
    ///
    /// # Errors
    /// The words together are too many to search for.
    pub fn without(&self, entry: usize) -> Result<Self, regex::Error> {
        let mut entries = self.entries.clone();
        entries.remove(entry);
        let pattern = match &self.matcher {
            Matcher::Words(..) if entries.is_empty() => Pattern::regexes(&self.name, self.area, Vec::new()),
            Matcher::Words(..) => Pattern::words(&self.name, self.area, entries)?,
            Matcher::Regexes(searches) => {
                let mut searches = searches.clone();
                searches.remove(entry);
                Pattern::regexes(&self.name, self.area, entries.into_iter().zip(searches).collect())
            }
        };
        Ok(Pattern { at: self.at, enough: self.enough, ..pattern })
    }

    /// Searches its area of an item, as far as the rules compare.
    #[must_use]
    pub fn search(&self, areas: &Areas<'_>) -> Hits {
        self.search_in(&OfArea(areas, self.area), self.enough)
    }

    /// Whether it matches a text at all.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let areas = Areas::new(text, "", &[]);
        self.search_in(&OfArea(&areas, Area::Title), Enough { count: 1, distinct: 0 }).count > 0
    }

    fn search_in(&self, in_: &OfArea<'_, '_>, enough: Enough) -> Hits {
        let mut hits = Hits::default();
        match &self.matcher {
            Matcher::Words(search, entries) => {
                let Some((regex, text)) = search.begin(in_) else { return hits };
                let mut seen = Vec::new();
                let mut from = 0;
                while let Some(found) = regex.find_at(text, from).filter(|_| !hits.reach(enough)) {
                    let Some((end, entry)) = whole_word(text, found.start(), found.end(), entries) else {
                        from = found.start() + text[found.start()..].chars().next().map_or(1, char::len_utf8);
                        continue;
                    };
                    if seen.is_empty() {
                        seen.resize(entries.len(), false);
                    }
                    let new = !std::mem::replace(&mut seen[entry], true);
                    hits.take(found.start()..end, new);
                    from = end;
                }
            }
            Matcher::Regexes(searches) => {
                for search in searches {
                    let Some((regex, text)) = search.begin(in_) else { continue };
                    let mut new = true;
                    for found in regex.find_iter(text) {
                        hits.take(found.range(), std::mem::replace(&mut new, false));
                        // Further matches of this entry can only add to the count.
                        if hits.count >= enough.count.min(MAX_MATCHES) {
                            break;
                        }
                    }
                    if hits.reach(enough) {
                        break;
                    }
                }
            }
        }
        hits
    }
}

/// The texts of an item, with what the patterns found in them that several policies have in common.
#[derive(Debug)]
pub struct TextHits<'a> {
    /// The texts.
    pub areas: Areas<'a>,
    common: Vec<OnceCell<Hits>>,
}

impl<'a> TextHits<'a> {
    /// Nothing is searched yet; so many patterns are in common.
    #[must_use]
    pub fn new(areas: Areas<'a>, common: usize) -> Self {
        TextHits { areas, common: vec![OnceCell::new(); common] }
    }

    /// What a pattern finds; one in common is searched for once.
    pub fn hits(&self, pattern: &Pattern) -> Hits {
        let search = || pattern.search(&self.areas);
        let common = pattern.common.and_then(|common| self.common.get(common));
        common.map_or_else(search, |hits| hits.get_or_init(search).clone())
    }
}

/// A text of an item.
struct OfArea<'t, 'a>(&'t Areas<'a>, Area);

impl<'t> SearchText<'t> for OfArea<'t, '_> {
    fn text(&self) -> &'t str {
        self.0.text(self.1)
    }

    fn lower(&self) -> Option<&'t str> {
        self.0.lower(self.1)
    }
}

impl Hits {
    /// `count` and `distinct`; a search ends long before more than fit.
    pub(super) fn counts(&self) -> (u16, u16) {
        let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        (short(self.count), short(self.distinct))
    }

    fn take(&mut self, at: Range<usize>, new: bool) {
        self.count += 1;
        self.distinct += usize::from(new);
        self.first.get_or_insert(at);
    }

    fn reach(&self, enough: Enough) -> bool {
        self.count >= MAX_MATCHES || self.count >= enough.count && self.distinct >= enough.distinct
    }
}

/// The form that stands for itself where a match begins: the longest, or a shorter one that the
/// longest hides. Where a form begins or ends with a letter, digit or underscore, none stands
/// beside it; all letters count, not only ASCII ones.
pub(super) fn whole_word(
    text: &str,
    start: usize,
    end: usize,
    entries: &HashMap<String, usize>,
) -> Option<(usize, usize)> {
    let mut end = end;
    while end > start {
        if stands_alone(text, start, end)
            && let Some(entry) = entry(&text[start..end], entries)
        {
            return Some((end, entry));
        }
        end -= text[start..end].chars().next_back().map_or(1, char::len_utf8);
    }
    None
}

/// The entry that a form belongs to, in any case.
fn entry(form: &str, entries: &HashMap<String, usize>) -> Option<usize> {
    let plain = form.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if plain { entries.get(form).copied() } else { entries.get(&form.to_lowercase()).copied() }
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let (before, inner, after) = (&text[..start], &text[start..end], &text[end..]);
    let joins = |outer: Option<char>, edge: Option<char>| outer.is_some_and(word) && edge.is_some_and(word);
    !joins(before.chars().next_back(), inner.chars().next()) && !joins(after.chars().next(), inner.chars().next_back())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
