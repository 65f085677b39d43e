//! Vocabulary: keyword sets, thresholds, labels, and their names for expressions.
//!
//! Takes: the sections of all files of a policy. Gives: the lists of the policy, with the names
//! `tagged.…`, `labelled.…`, `thresholds.…` in scope.

use std::collections::{BTreeMap, BTreeSet};

use super::yaml::{Node, NodeKind};
use super::{RuleChecker, SectionEntry, keys};
use crate::engine::expr::{Expr, NameRef};
use crate::engine::facts::Fact;
use crate::engine::keywords::{Keywords, Set, Word};
use crate::engine::policy::Policy;
use crate::engine::rules::{LabelSpec, Threshold};
use crate::engine::source::Span;
use crate::engine::text::same_tag;
use crate::engine::value::{Base, Ty, Value};

/// Entries by name in the order of the files; a name in two files is an error, unless `nearer`
/// may replace it.
pub(super) fn distinct<'f>(
    check: &mut RuleChecker<'f>,
    section: &str,
    nearer: impl Fn(&Node) -> bool,
) -> Vec<SectionEntry<'f>> {
    let mut kept: Vec<SectionEntry<'f>> = Vec::new();
    for entry in check.files.entries(section) {
        let Some(earlier) = kept.iter_mut().find(|kept| kept.key.name == entry.key.name) else {
            kept.push(entry);
            continue;
        };
        if nearer(entry.node) {
            *earlier = entry;
            continue;
        }
        let other = check.files.sources[earlier.file].name.clone();
        let help = if section == "keywords" {
            "add to a set with `{also: […], except: […]}`"
        } else {
            "give one of the two another name"
        };
        check.reader(entry.file).sink.error(
            entry.key.span,
            format!("`{}` stands in {other} too", entry.key.name),
            Some(help.to_owned()),
        );
    }
    kept
}

/// A section must be a map; what is not has been said once here.
pub(super) fn sections_are_maps(check: &mut RuleChecker<'_>, sections: &[&str]) {
    for file in 0..check.files.roots.len() {
        for section in sections {
            let files = check.files;
            if let Some(node) = super::root_value(&files.roots[file], section) {
                check.reader(file).entries(node, &format!("`{section}`"));
            }
        }
    }
}

/// Keyword sets.
pub(super) fn keywords(check: &mut RuleChecker<'_>) -> Keywords {
    let mut sets: Vec<Set> = Vec::new();
    let mut by_name = BTreeMap::new();
    let change = |node: &Node| matches!(node.kind, NodeKind::Map(_));
    // A `{also, except}` does not replace the set: it is read beside it.
    for entry in check.files.entries("keywords") {
        if !check.reader(entry.file).name(entry.key, false) {
            continue;
        }
        let name = entry.key.name.clone();
        let what = format!("the set `{name}`");
        if change(entry.node) {
            let Some(index): Option<usize> = by_name.get(&name).copied() else {
                let help = "`also` and `except` change a set of a file that is extended; write a list";
                check.reader(entry.file).sink.error(
                    entry.key.span,
                    format!("there is no set `{name}` to change"),
                    Some(help.to_owned()),
                );
                continue;
            };
            alter(check, entry, &what, &mut sets[index].words);
            continue;
        }
        let words = word_list(check, entry.file, entry.node, &what);
        if by_name.contains_key(&name) {
            continue; // said by `distinct` below
        }
        by_name.insert(name.clone(), sets.len());
        let at = check.reader(entry.file).at(entry.key.span);
        sets.push(Set { name, at, words });
    }
    distinct(check, "keywords", change);
    for (index, set) in sets.iter().enumerate() {
        let name = &set.name;
        check.scope.add(format!("tagged.{name}"), NameRef::Tagged(index), Ty::of(Base::Bool));
        check.scope.add(format!("labelled.{name}"), NameRef::Labelled(index), Ty::of(Base::Bool));
    }
    Keywords::new(sets)
}

fn alter(check: &mut RuleChecker<'_>, entry: SectionEntry<'_>, what: &str, words: &mut Vec<Word>) {
    let Some(fields) = check.reader(entry.file).map(entry.node, what, &keys::SET) else { return };
    if let Some(node) = fields.get("except") {
        let gone = word_list(check, entry.file, node, what);
        for word in &gone {
            let word = &word.text;
            if !words.iter().any(|known| same_tag(&known.text, word)) {
                let mut reader = check.reader(entry.file);
                let help = reader.sink.nearest(word, words.iter().map(|word| word.text.as_str()));
                reader.sink.error(node.span, format!("{what} does not hold `{word}`"), help);
            }
        }
        words.retain(|word| !gone.iter().any(|gone| gone.key() == word.key()));
    }
    if let Some(node) = fields.get("also") {
        words.extend(word_list(check, entry.file, node, what));
    }
}

fn word_list(check: &mut RuleChecker<'_>, file: usize, node: &Node, what: &str) -> Vec<Word> {
    let mut reader = check.reader(file);
    let words = reader.placed_texts(node, what);
    let word = |(text, span): (String, Span)| Word { text: text.trim().to_lowercase(), at: reader.at(span) };
    words.into_iter().map(word).collect()
}

/// Thresholds: the nearer file wins.
pub(super) fn thresholds(check: &mut RuleChecker<'_>) -> Vec<Threshold> {
    let mut thresholds = Vec::new();
    for entry in distinct(check, "thresholds", |_| true) {
        if !check.reader(entry.file).name(entry.key, false) {
            continue;
        }
        let name = entry.key.name.clone();
        let value = check.reader(entry.file).number(entry.node, &format!("the threshold `{name}`"));
        check.scope.add(format!("thresholds.{name}"), NameRef::Threshold(thresholds.len()), Ty::of(Base::Number));
        let at = check.reader(entry.file).at(entry.node.span);
        thresholds.push(Threshold { name, value: value.unwrap_or(Value::Int(0)), at });
    }
    thresholds
}

/// Labels that actions may put on.
pub(super) fn labels(check: &mut RuleChecker<'_>) -> Vec<LabelSpec> {
    let mut labels = Vec::new();
    for entry in distinct(check, "labels", |_| false) {
        let name = entry.key.name.clone();
        let mut reader = check.reader(entry.file);
        let Some(fields) = reader.map(entry.node, &format!("the label `{name}`"), &keys::LABEL) else {
            continue;
        };
        let color = fields.get("color").and_then(|node| {
            let color = reader.text(node, "`color`")?.trim_start_matches('#').to_lowercase();
            let good = color.len() == 6 && color.chars().all(|c| c.is_ascii_hexdigit());
            if !good {
                reader.sink.error(
                    node.span,
                    format!("`{color}` is no colour"),
                    Some("six hexadecimal digits in quotes, such as \"006b75\"".to_owned()),
                );
            }
            good.then_some(color)
        });
        let description =
            fields.get("description").and_then(|node| reader.text(node, "`description`").map(str::to_owned));
        let at = reader.at(entry.key.span);
        labels.push(LabelSpec { name, color, description, at });
    }
    labels
}

/// An index by name, or an error with the nearest one.
pub(super) fn index_of(
    reader: &mut super::reader::NodeReader<'_>,
    span: Span,
    what: &str,
    name: &str,
    known: &[String],
) -> Option<usize> {
    let found = known.iter().position(|known| known == name);
    if found.is_none() {
        let help = reader.sink.nearest(name, known.iter().map(String::as_str));
        reader.sink.error(span, format!("there is no {what} `{name}`"), help);
    }
    found
}

/// Texts of comparisons that name this fact, each once.
#[must_use]
pub(crate) fn texts_beside(policy: &Policy, fact: Fact) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for expr in policy.expressions() {
        expr.walk(&mut |part| {
            let mut names = Vec::new();
            if let Expr::In(..) | Expr::Compare(..) = part {
                part.names(&mut names);
            }
            if names.contains(&NameRef::Fact(fact)) {
                part.walk(&mut |part| {
                    if let Expr::Literal(Value::Text(text)) = part {
                        found.insert(text.as_ref());
                    }
                });
            }
        });
    }
    found
}
