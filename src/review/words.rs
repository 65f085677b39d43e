//! A word in two keyword sets, or twice in one.
//!
//! Takes: a [`Policy`]. Gives: a warning at the second place, which says which rule sees the word
//! first, where that can be told.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::check::Warnings;
use crate::engine::expr::{Expr, NameRef};
use crate::engine::keywords::Word;
use crate::engine::policy::Policy;
use crate::engine::rules::Condition;

/// Places of one word that are told.
const MOST_SETS: usize = 20;

/// Warns of the words of a policy.
pub fn in_two_sets(policy: &Policy, found: &mut Warnings<'_>) {
    let mut seen: BTreeMap<Cow<'_, str>, Vec<(usize, &Word)>> = BTreeMap::new();
    for (index, set) in policy.keywords.sets.iter().enumerate() {
        set.words.iter().for_each(|word| seen.entry(word.key()).or_default().push((index, word)));
    }
    for places in seen.into_values() {
        if found.full() {
            return;
        }
        for (at, (set, word)) in places.iter().enumerate().skip(1).take(MOST_SETS) {
            let (name, text) = (&policy.keywords.sets[*set].name, &word.text);
            let (earlier, first) = places[at - 1];
            let line = policy.line(first.at);
            if earlier == *set {
                let help = format!("it stands at {line} too: once is enough");
                found.warn(word.at, format!("`{text}` stands twice in the set `{name}`"), help);
                continue;
            }
            let other = &policy.keywords.sets[earlier].name;
            let wins = wins(policy, earlier, *set).unwrap_or_else(|| "what carries it counts for both".to_owned());
            let help = format!("{wins}; take it out of one of the two if that is not meant ({line})");
            found.warn(word.at, format!("`{text}` stands in two sets, `{other}` and `{name}`"), help);
        }
    }
}

/// Which of the rules that give a type sees a tag of both sets first; of `decide` where none does.
fn wins(policy: &Policy, one: usize, other: usize) -> Option<String> {
    let first = !policy.classify.highest;
    let types = policy.classify.rules.iter().filter(|_| first).map(|rule| {
        (rule.when.as_ref(), format!("the type is `{}`, by the first rule that asks for either", rule.ty), rule.at)
    });
    let rules = policy
        .decide
        .iter()
        .map(|rule| (rule.when.as_ref(), format!("the rule `{}` asks for it first", rule.id), rule.at));
    for (when, says, at) in types.chain(rules) {
        match when.map(|when| asks(policy, when, one, other)) {
            Some(Asks::Surely) => return Some(format!("{says} ({})", policy.line(at))),
            // It may be this one, or not.
            Some(Asks::Perhaps) => return None,
            Some(Asks::No) | None => {}
        }
    }
    None
}

enum Asks {
    Surely,
    Perhaps,
    No,
}

/// Whether a condition holds for what is in either of the sets.
fn asks(policy: &Policy, when: &Condition, one: usize, other: usize) -> Asks {
    let of_either = |name: NameRef| matches!(name, NameRef::Tagged(set) if set == one || set == other);
    let enough = |part: &Expr| matches!(part, Expr::Name(name) if of_either(*name));
    let surely = match &when.expr {
        Expr::Or(parts) => parts.iter().any(enough),
        expr => enough(expr),
    };
    if surely {
        return Asks::Surely;
    }
    let mut names = Vec::new();
    when.expr.names(&mut names);
    // What a flag says is not followed: it may ask for either.
    let labelled = |name: &NameRef| matches!(name, NameRef::Labelled(set) if *set == one || *set == other);
    let flag = |name: &NameRef| match name {
        NameRef::Flag(flag) => {
            let mut inner = Vec::new();
            policy.flags[*flag].when.expr.names(&mut inner);
            inner.iter().any(|name| of_either(*name) || labelled(name) || matches!(name, NameRef::Flag(_)))
        }
        _ => false,
    };
    let perhaps = names.iter().any(|name| of_either(*name) || labelled(name) || flag(name));
    if perhaps { Asks::Perhaps } else { Asks::No }
}
