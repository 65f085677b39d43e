//! Words are whole, the longest form counts, a search ends where no rule could tell more.
//!
//! Takes: patterns and texts. Gives: how often they match.

use super::*;

fn words(forms: &[&[&str]]) -> Pattern {
    let entry = |forms: &&[&str]| PatternEntry {
        forms: forms.iter().map(|form| (*form).to_owned()).collect(),
        at: Location::default(),
    };
    Pattern::words("p", Area::Text, forms.iter().map(entry).collect()).unwrap()
}

/// As a title with an empty body.
fn hits(pattern: &Pattern, text: &str) -> Hits {
    pattern.search(&Areas::new(text, "", &[]))
}

fn counts(pattern: &Pattern, text: &str) -> (usize, usize) {
    let hits = hits(pattern, text);
    (hits.count, hits.distinct)
}

#[test]
fn words_are_whole_whatever_letters_stand_beside_them() {
    let pattern = words(&[&["must"], &["should"]]);
    assert_eq!(counts(&pattern, "It MUST, and should; mustard shoulder émust must_ must2"), (2, 2));
    assert_eq!(counts(&pattern, "must must must"), (3, 1));
    assert_eq!(counts(&pattern, ""), (0, 0));
}

#[test]
fn the_longest_form_counts_and_a_shorter_one_where_it_does_not_stand_alone() {
    let pattern = words(&[&["test"], &["test case", "test cases"]]);
    assert_eq!(counts(&pattern, "test case"), (1, 1));
    assert_eq!(counts(&pattern, "test casex"), (1, 1));
    assert_eq!(hits(&pattern, "a test casex").first, Some(2..6));
    assert_eq!(counts(&pattern, "test, test cases"), (2, 2));
}

#[test]
fn words_of_any_script_match_in_any_case() {
    let pattern = words(&[&["größe"], &["c++"]]);
    assert_eq!(counts(&pattern, "GRÖSSE Größe GRÖßE c++ C++x xc++"), (4, 2));
}

#[test]
fn a_search_ends_where_no_rule_could_tell_more() {
    let mut pattern = words(&[&["a"], &["b"]]);
    pattern.enough = Enough { count: 2, distinct: 0 };
    assert_eq!(counts(&pattern, "a a a b"), (2, 1));
    pattern.enough = Enough { count: 0, distinct: 2 };
    assert_eq!(counts(&pattern, "a a a b b"), (4, 2));
    let entry =
        |text: &str| (PatternEntry { forms: vec![text.to_owned()], at: Location::default() }, compile(text).unwrap());
    let mut pattern = Pattern::regexes("p", Area::Text, vec![entry("a"), entry("b")]);
    assert_eq!(counts(&pattern, "aaab"), (4, 2));
    pattern.enough = Enough { count: 0, distinct: 2 };
    assert_eq!(hits(&pattern, "aaab").distinct, 2);
    pattern.enough = Enough { count: 3, distinct: 0 };
    assert_eq!(hits(&pattern, "aaab").count, 3);
}
