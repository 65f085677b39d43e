//! Which letters of an item's texts the rules need.
//!
//! Takes: an item's title and body, and the [`Vocabulary`]. Gives: for each character what has to stand
//! there. Of a match only those letters are kept without which it would be none: of `src/pay/refund.rs`
//! an expression for paths needs `src` and `rs`, and the rest may be any letters.

use std::collections::HashMap;
use std::ops::Range;

use super::vocabulary::Vocabulary;
use crate::engine::areas::Areas;
use crate::engine::facts::Fact;
use crate::engine::text::Area;
use crate::engine::words::Pattern;

/// What is put for a letter that nothing asks for.
pub(super) const ANY: char = 'x';

/// Letters of other classes, for expressions that tell them apart.
const OTHERS: [char; 8] = ['X', 'a', 'A', 'n', 'N', 'z', 'Z', 'é'];

/// Elements of HTML that CommonMark reads as blocks of their own.
const BLOCKS: &str = " address article aside base basefont blockquote body caption center col colgroup dd details \
    dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html \
    iframe legend li link main menu menuitem nav noframes ol optgroup option p param pre script search section style \
    summary table tbody td textarea tfoot th thead title tr track ul ";

/// For each letter of a match what has to stand there; `None` is any letter.
type LetterNeeds = Vec<Option<char>>;

/// A pattern, an entry of it, and a match with what stands on both sides.
type MatchContext = (usize, usize, String);

/// Works out what has to be kept; remembers what it found out about matches.
#[derive(Debug)]
pub(super) struct Keeper<'v, 'p> {
    vocabulary: &'v Vocabulary<'p>,
    known: HashMap<MatchContext, LetterNeeds>,
}

/// A title, a line break and a body, with what has to stand in them.
#[derive(Debug, Clone)]
pub(super) struct TextLetters {
    pub(super) chars: Vec<char>,
    /// For each character what has to stand there; `None` is any letter for a letter.
    pub(super) needed: LetterNeeds,
    /// Where the body begins.
    pub(super) body: usize,
}

impl TextLetters {
    pub(super) fn new(title: &str, body: &str) -> TextLetters {
        let chars: Vec<char> = title.chars().chain(['\n']).chain(body.chars()).collect();
        TextLetters { needed: vec![None; chars.len()], body: title.chars().count() + 1, chars }
    }

    /// Keeps characters as they are.
    pub(super) fn keep(&mut self, at: Range<usize>) {
        let at = at.start..at.end.min(self.chars.len());
        for (needed, own) in self.needed[at.clone()].iter_mut().zip(&self.chars[at]) {
            *needed = Some(*own);
        }
    }

    /// Keeps the names of elements of HTML, which make Markdown what it is.
    pub(super) fn keep_markup(&mut self) {
        for at in self.body..self.chars.len() {
            if self.chars[at] != '<' {
                continue;
            }
            let start = at + 1 + usize::from(self.chars.get(at + 1) == Some(&'/'));
            let end = start
                + self.chars[start.min(self.chars.len())..].iter().take_while(|c| c.is_ascii_alphanumeric()).count();
            let name: String = self.chars[start.min(end)..end].iter().collect::<String>().to_ascii_lowercase();
            if !name.is_empty() && BLOCKS.contains(&format!(" {name} ")) {
                self.keep(start..end);
            }
            // A letter beyond ASCII begins no element, and an x would.
            if let Some(needed) = self.needed.get_mut(start).filter(|_| self.chars[start].is_alphabetic())
                && !self.chars[start].is_ascii()
            {
                *needed = Some('ẋ');
            }
            if self.chars[at..].starts_with(&['<', '!', '[', 'C', 'D', 'A', 'T', 'A', '[']) {
                self.keep(at..at + 9);
            }
        }
    }

    /// Runs of letters with where they begin.
    fn words(&self) -> HashMap<&[char], Vec<usize>> {
        let mut words: HashMap<&[char], Vec<usize>> = HashMap::new();
        for at in runs(&self.chars) {
            words.entry(&self.chars[at.clone()]).or_default().push(at.start);
        }
        words
    }
}

/// Runs of letters.
pub(super) fn runs(chars: &[char]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in chars.iter().enumerate().filter(|(_, c)| c.is_alphabetic()) {
        match found.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => found.push(at..at + 1),
        }
    }
    found
}

impl<'v, 'p> Keeper<'v, 'p> {
    pub(super) fn new(vocabulary: &'v Vocabulary<'p>) -> Self {
        Keeper { vocabulary, known: HashMap::new() }
    }

    /// What the rules need of a title and a body. With `whole` all of each match is kept.
    pub(super) fn texts(&mut self, title: &str, body: &str, labels: &[&str], whole: bool) -> TextLetters {
        let mut texts = TextLetters::new(title, body);
        texts.keep_markup();
        self.keep_tags(&mut texts);
        self.keep_title(&mut texts);
        let areas = Areas::new(title, body, labels);
        for (index, pattern) in self.vocabulary.patterns.iter().enumerate() {
            let places = pattern.places(&areas);
            if places.is_empty() {
                continue;
            }
            let area: Vec<char> = areas.text(pattern.area).chars().collect();
            let at = Positions::new(areas.text(pattern.area));
            let direct = match pattern.area {
                Area::Title | Area::Text | Area::Labelled => Some(0),
                Area::Body => Some(texts.body),
                Area::Prose | Area::Code | Area::Headings => None,
            };
            let mut needed: LetterNeeds = vec![None; area.len()];
            for (entry, place) in places {
                let place = at.of(place.start)..at.of(place.end);
                let of_match = self.of_match(pattern, (index, entry), &area, place.clone(), whole);
                for (to, from) in needed[place].iter_mut().zip(of_match) {
                    *to = to.or(from);
                }
            }
            match direct {
                Some(start) => {
                    let to = texts.needed.iter_mut().skip(start);
                    to.zip(needed).for_each(|(to, from)| *to = to.or(from));
                }
                None => keep_words(&mut texts, &area, &needed),
            }
        }
        texts
    }

    /// Tags in brackets that the rules know.
    fn keep_tags(&self, texts: &mut TextLetters) {
        let title = texts.chars[..texts.body - 1].to_vec();
        for open in (0..title.len()).filter(|at| title[*at] == '[') {
            let Some(length) = title[open + 1..].iter().position(|c| *c == ']') else { break };
            let inner = open + 1..open + 1 + length;
            let tag: String = title[inner.clone()].iter().collect();
            if self.vocabulary.knows_tag(tag.to_lowercase().trim()) {
                texts.keep(inner);
            }
        }
    }

    /// Texts that a condition looks for in the title.
    fn keep_title(&self, texts: &mut TextLetters) {
        for text in self.vocabulary.within_title(Fact::Title) {
            for at in occurrences(&texts.chars[..texts.body - 1], text) {
                texts.keep(at);
            }
        }
    }

    /// What a match needs of its characters.
    fn of_match(
        &mut self,
        pattern: &Pattern,
        (index, entry): (usize, usize),
        area: &[char],
        at: Range<usize>,
        whole: bool,
    ) -> LetterNeeds {
        let own = &area[at.clone()];
        if whole || !pattern.is_regex() {
            return own.iter().copied().map(Some).collect();
        }
        // A look at its edges sees one character, and of a letter that it is one.
        let side = |c: Option<&char>| c.map(|c| if c.is_alphabetic() { ANY } else { *c });
        let before = at.start.checked_sub(1).and_then(|at| side(area.get(at)));
        let after = side(area.get(at.end));
        let window = before.iter().chain(own).chain(&after).collect();
        let key = (index, entry, window);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let holds = |tried: &[char]| {
            let inner: String = tried.iter().collect();
            let start = before.map_or(0, char::len_utf8);
            let text: String = before.into_iter().chain(inner.chars()).chain(after).collect();
            pattern.end_at(entry, &text, start) == Some(start + inner.len())
        };
        let needed = least(own, holds);
        self.known.insert(key, needed.clone());
        needed
    }
}

/// The fewest letters, more or less, that keep a match: words first, then letter by letter.
pub(super) fn least(own: &[char], holds: impl Fn(&[char]) -> bool) -> LetterNeeds {
    // An x of its own may be needed as such.
    let free = |(put, own): (&char, &char)| *put == ANY && !own.eq_ignore_ascii_case(&ANY);
    let keep = |tried: &[char]| tried.iter().zip(own).map(|pair| (!free(pair)).then_some(*pair.0)).collect();
    let mut all = own.to_vec();
    all.iter_mut().filter(|c| c.is_alphabetic()).for_each(|c| *c = ANY);
    if holds(&all) {
        return keep(&all);
    }
    let mut tried = own.to_vec();
    for run in runs(own) {
        tried[run.clone()].fill(ANY);
        if holds(&tried) {
            continue;
        }
        tried[run.clone()].copy_from_slice(&own[run.clone()]);
        for at in run {
            let found = [ANY].into_iter().chain(OTHERS).find(|other| {
                tried[at] = *other;
                holds(&tried)
            });
            tried[at] = found.unwrap_or(own[at]);
        }
    }
    keep(&tried)
}

/// Keeps, in a title and a body, what was needed of a text made of parts of them: its words are theirs.
fn keep_words(texts: &mut TextLetters, area: &[char], needed: &LetterNeeds) {
    let mut found: Vec<(usize, char)> = Vec::new();
    let words = texts.words();
    for run in runs(area) {
        if needed[run.clone()].iter().all(Option::is_none) {
            continue;
        }
        for start in words.get(&area[run.clone()]).into_iter().flatten() {
            let of_run = needed[run.clone()].iter().enumerate();
            found.extend(of_run.filter_map(|(offset, needed)| Some((start + offset, (*needed)?))));
        }
    }
    for (at, c) in found {
        texts.needed[at] = Some(c);
    }
}

/// Where a text stands among these characters, in any case.
pub(super) fn occurrences(chars: &[char], text: &str) -> Vec<Range<usize>> {
    let text: Vec<char> = text.chars().collect();
    let same = |a: &char, b: &char| a == b || a.to_lowercase().eq(b.to_lowercase());
    let all = |part: &[char]| part.iter().zip(&text).all(|(a, b)| same(a, b));
    let found = chars.windows(text.len().max(1)).enumerate().filter(|(_, part)| !text.is_empty() && all(part));
    found.map(|(at, _)| at..at + text.len()).collect()
}

/// Places of characters by the bytes before them.
struct Positions(Vec<usize>);

impl Positions {
    fn new(text: &str) -> Positions {
        Positions(text.char_indices().map(|(at, _)| at).collect())
    }

    fn of(&self, byte: usize) -> usize {
        self.0.partition_point(|at| *at < byte)
    }
}
