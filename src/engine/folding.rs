//! Regular expressions of the rules, made fast for texts in lower case.
//!
//! Takes: a regular expression. Gives: [`CaseRegex`], which looks for the same in a text whose ASCII
//! letters were put in lower case, at the same places. An expression that ignores case has up to
//! twelve spellings of three letters to look for; in lower case one remains, and it is searched for
//! several times as fast. What must stand in every match is looked for first.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{Extractor, Seq};
use regex_syntax::hir::{Capture, Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

/// Letters beyond ASCII that are small forms of ASCII ones: a long s and the sign for kelvin. A text
/// that holds one is searched as it is.
pub const ODD: [char; 2] = ['\u{17f}', '\u{212a}'];

/// A compiled regular expression.
#[derive(Debug, Clone)]
pub enum CaseRegex {
    /// It minds case, and is for texts as they are.
    AsIs(Regex),
    /// It does not.
    AnyCase(Box<AnyCase>),
}

/// An expression that ignores case.
#[derive(Debug, Clone)]
pub struct AnyCase {
    /// For texts in ASCII lower case.
    lower: Regex,
    /// Finds something in every such text that the expression matches in.
    needs: Option<Regex>,
    pattern: String,
    /// For texts as they are. Few need it, and it takes longer and more memory than all else that a rule
    /// file holds: it is built when the first does.
    plain: OnceLock<Regex>,
}

/// A text to search, made when it is asked for.
pub trait SearchText<'t> {
    /// As it is.
    fn text(&self) -> &'t str;
    /// With its ASCII letters in lower case; `None` where it holds one of [`ODD`].
    fn lower(&self) -> Option<&'t str>;
}

impl CaseRegex {
    /// What to search a text with as it is.
    pub(super) fn plain(&self) -> &Regex {
        match self {
            CaseRegex::AsIs(regex) => regex,
            CaseRegex::AnyCase(search) => search.plain.get_or_init(|| {
                // Checked in its smaller form, it is let grow; if it grew too far, that form is the nearest.
                build(&search.pattern, true, MOST << 3).unwrap_or_else(|_| search.lower.clone())
            }),
        }
    }

    /// What to search with, and in what; `None` where nothing can match.
    pub fn begin<'t>(&self, in_: &impl SearchText<'t>) -> Option<(&Regex, &'t str)> {
        if let CaseRegex::AnyCase(search) = self
            && let Some(text) = in_.lower()
        {
            let can = search.needs.as_ref().is_none_or(|needs| needs.is_match(text));
            return can.then_some((&search.lower, text));
        }
        Some((self.plain(), in_.text()))
    }
}

/// The compiled size of an expression, in bytes.
const MOST: usize = 1 << 20;

fn build(pattern: &str, any_case: bool, most: usize) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(any_case).size_limit(most).dfa_size_limit(1 << 23).build()
}

/// Compiles a regular expression of a rule: in any case unless it says `(?-i)`, and limited in
/// size, so that a rule cannot ask for gigabytes.
///
/// # Errors
/// It does not parse or is too large.
pub fn compile(pattern: &str) -> Result<CaseRegex, regex::Error> {
    let hir = ParserBuilder::new().case_insensitive(true).build().parse(pattern);
    let hir = hir.map_err(|error| regex::Error::Syntax(error.to_string()))?;
    let Some(hir) = fold(&hir) else { return Ok(CaseRegex::AsIs(build(pattern, true, MOST)?)) };
    let lower = build(&hir.to_string(), false, MOST)?;
    let needs = needs(&hir).and_then(|needs| build(&needs, false, MOST).ok());
    let (pattern, plain) = (pattern.to_owned(), OnceLock::new());
    Ok(CaseRegex::AnyCase(Box::new(AnyCase { lower, needs, pattern, plain })))
}

/// The expression without capital ASCII letters and [`ODD`] ones; `None` where it minds the case of one.
/// Where it does not, each of its classes holds a letter in both cases or in none, so that it matches
/// a text just where the result matches that text in lower case.
fn fold(hir: &Hir) -> Option<Hir> {
    Some(match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Look(look) => Hir::look(*look),
        HirKind::Literal(literal) if literal.0.iter().any(u8::is_ascii_alphabetic) => return None,
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(Class::Unicode(class)) => {
            let holds = |letter: u8| {
                let letter = char::from(letter);
                class.ranges().iter().any(|range| range.start() <= letter && letter <= range.end())
            };
            if (b'a'..=b'z').any(|letter| holds(letter) != holds(letter.to_ascii_uppercase())) {
                return None;
            }
            let mut class = class.clone();
            let odd = ODD.map(|letter| ClassUnicodeRange::new(letter, letter));
            class.difference(&ClassUnicode::new([ClassUnicodeRange::new('A', 'Z')].into_iter().chain(odd)));
            Hir::class(Class::Unicode(class))
        }
        HirKind::Class(Class::Bytes(_)) => return None,
        HirKind::Repetition(of) => Hir::repetition(Repetition { sub: Box::new(fold(&of.sub)?), ..of.clone() }),
        HirKind::Capture(of) => Hir::capture(Capture { sub: Box::new(fold(&of.sub)?), ..of.clone() }),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(fold).collect::<Option<_>>()?),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(fold).collect::<Option<_>>()?),
    })
}

/// An expression of literals, one of which stands in every match; `None` where there are none worth
/// looking for, or where the matches begin with such anyway, which the library looks for itself.
fn needs(hir: &Hir) -> Option<String> {
    let long = |seq: &Seq| seq.min_literal_len().is_some_and(|least| least >= 2);
    let begins = Extractor::new().extract(hir);
    if begins.is_finite() && long(&begins) {
        return None;
    }
    let found = required(hir);
    let literals: Vec<&[u8]> = found.literals().filter(|_| long(&found))?.iter().map(|one| one.as_bytes()).collect();
    let texts: Option<Vec<&str>> = literals.iter().map(|one| std::str::from_utf8(one).ok()).collect();
    Some(texts?.into_iter().map(regex::escape).collect::<Vec<_>>().join("|"))
}

/// Literals one of which stands in every match; infinite where none are known.
fn required(hir: &Hir) -> Seq {
    let own = Extractor::new().extract(hir);
    let better = |a: Seq, b: Seq| {
        let rank = |seq: &Seq| seq.is_finite().then(|| seq.min_literal_len()).flatten().unwrap_or(0).min(4);
        if rank(&b) > rank(&a) { b } else { a }
    };
    match hir.kind() {
        HirKind::Capture(of) => better(own, required(&of.sub)),
        HirKind::Repetition(of) if of.min > 0 => better(own, required(&of.sub)),
        // Any part of it must match, and what begins with a part does.
        HirKind::Concat(parts) => (0..parts.len()).fold(own, |best, at| {
            let from_here = Extractor::new().extract(&Hir::concat(parts[at..].to_vec()));
            better(better(best, from_here), required(&parts[at]))
        }),
        HirKind::Alternation(parts) => {
            let mut all = Seq::empty();
            parts.iter().for_each(|part| all.union(&mut required(part)));
            better(own, all)
        }
        _ => own,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::{prop_assert_eq, proptest};

    struct PlainText<'t>(&'t str, String);

    impl<'t> SearchText<'t> for &'t PlainText<'_> {
        fn text(&self) -> &'t str {
            self.0
        }
        fn lower(&self) -> Option<&'t str> {
            Some(self.1.as_str()).filter(|text| !text.contains(ODD))
        }
    }

    #[test]
    fn an_expression_that_minds_case_stays_as_it_is() {
        for (pattern, lower) in [
            ("a", true),
            ("(?-i)a", false),
            ("a(?-i:b)c", false),
            ("(?-i:1)x", true),
            (r"\d", true),
            ("(?-u:a)", false),
        ] {
            assert_eq!(matches!(compile(pattern).unwrap(), CaseRegex::AnyCase(_)), lower, "{pattern}");
        }
        assert!(compile("(").is_err() && compile(r"\w{9999}").is_err());
    }

    #[test]
    fn what_every_match_needs_is_known() {
        for (pattern, expected) in [
            (r"(?:[\w.-]+/)*[\w-][\w.-]*\.(?:py|rs)", Some(r"\.py|\.rs")),
            (r"(?:def |`\w+\(\)`)", Some(r"def |\(\)`")),
            (r"(?:^|\W)test_\w+", Some("test_")),
            (r"should|must", None),
            (r"\w+", None),
            (r"\w+(?:ab)?", None),
            (r"\w(?:ab|\d)", None),
        ] {
            let hir = regex_syntax::parse(pattern).unwrap();
            assert_eq!(needs(&hir).as_deref(), expected, "{pattern}");
        }
    }

    proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 8_000, ..Default::default() })]

        #[test]
        fn both_ways_find_the_same(
            pattern in proptest::sample::select(vec![
                "kiss", r"\bA\w+", "[A-M]+x", "[^s]k", "straße", "(?:^|\\W)t_\\w+", "ſ", "É+", r"a(?:b|C)*?d", "(?s).S$",
                r"\p{Lu}k", "i̇|ı|İ", "[[:upper:]]a", r"\w+(?:ab|CA)", r"(?:a|[bc]+)ks|x\wtt", r"\w+[^a]-", "(?:ka){2}|.eE",
            ]),
            text in "[a-eA-EkKsSxX ſK_éÉßẞiıİtT1\n-]{0,24}",
        ) {
            let (search, of) = (compile(pattern).unwrap(), PlainText(&text, text.to_ascii_lowercase()));
            let plain = RegexBuilder::new(pattern).case_insensitive(true).build().unwrap();
            let found = |regex: &Regex, text: &str| regex.find_iter(text).map(|found| found.range()).collect::<Vec<_>>();
            let quick = search.begin(&&of).map_or_else(Vec::new, |(regex, text)| found(regex, text));
            prop_assert_eq!(quick, found(&plain, &text));
        }
    }
}
