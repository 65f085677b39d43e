//! What of the rules matched nothing in a run.
//!
//! Takes: a [`TriageRun`]. Gives: [`UnmatchedNames`]: the rules that decided about no item, and the words of
//! keyword sets that no item carries. Counted from the rows, tag by tag, so that it costs a run of
//! a hundred thousand items next to nothing. Entries of patterns are not counted: a search ends as
//! soon as the rules could tell no more, and whether a later entry matched is never known.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::TriageRun;
use crate::engine::policy::Policy;
use crate::engine::text::tag_key;

/// What matched nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UnmatchedNames<'p> {
    /// Ids of rules, in their order.
    pub rules: Vec<&'p str>,
    /// Words by the name of their set; a set of which every word was met is not named.
    pub words: BTreeMap<&'p str, Vec<&'p str>>,
}

impl<'p> UnmatchedNames<'p> {
    /// Of a run; `None` where it looked at a part of the backlog only, or at nothing: then it tells
    /// nothing about the rules.
    #[must_use]
    pub fn of(run: &TriageRun<'p>) -> Option<Self> {
        if run.only || run.rows.is_empty() {
            return None;
        }
        let policy: &'p Policy = run.policy;
        let mut decided = vec![false; policy.decide.len()];
        let words = || policy.keywords.sets.iter().flat_map(|set| &set.words);
        let mut met: HashMap<Cow<'_, str>, bool> = words().map(|word| (word.key(), false)).collect();
        for row in &run.rows {
            if let Some(rule) = row.judgement.rule.and_then(|rule| decided.get_mut(rule)) {
                *rule = true;
            }
            for tag in &row.judgement.tags {
                if let Some(word) = met.get_mut(&tag_key(tag)) {
                    *word = true;
                }
            }
        }
        let rules = policy.decide.iter().zip(decided).filter(|(_, decided)| !decided);
        let mut words: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for set in &policy.keywords.sets {
            let unmet = set.words.iter().filter(|word| met.get(&word.key()) == Some(&false));
            unmet.for_each(|word| words.entry(&set.name).or_default().push(&word.text));
        }
        Some(UnmatchedNames { rules: rules.map(|(rule, _)| rule.id.as_str()).collect(), words })
    }

    /// `3 rules and 41 words matched nothing`; `None` where everything matched something.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        let counts = [(self.rules.len(), "rule"), (self.words.values().map(Vec::len).sum(), "word")];
        let told: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| many(*count, what)).collect();
        (!told.is_empty()).then(|| format!("{} matched nothing", told.join(" and ")))
    }
}
