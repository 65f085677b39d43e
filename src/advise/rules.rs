//! What a section of a rule file says, checked.
//!
//! Takes: nothing, these are the types that `language` fills and [`judge`](super::judge) reads. Gives:
//! [`Advice`]. Names in expressions are slots of the [`Slots`](super::Slots) of the section.

use crate::engine::expr::Expr;
use crate::engine::rules::Condition;
use crate::engine::sentence::Sentence;
use crate::engine::source::Location;
use crate::engine::value::Value;

use super::{JobParams, SectionSpec};

/// What a rule file says beside its judgement of items.
#[derive(Debug, Clone, Default)]
pub struct Advice {
    /// The parameters of the counting.
    pub measure: JobParams,
    /// The sections, in the order of the job's table.
    pub sections: Vec<AdviceRules>,
}

/// Which of the records counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    /// Each of them.
    All,
    /// The first.
    First,
    /// The one with the highest score; of equals the first.
    Highest,
}

/// The rules of a section.
#[derive(Debug, Clone)]
pub struct AdviceRules {
    /// What it is about.
    pub section: &'static SectionSpec,
    /// Which record counts.
    pub pick: Pick,
    /// Its rules, in groups that share what they look at.
    pub groups: Vec<RuleGroup>,
    /// Those with `enabled: false`, each a group by itself: what a review asks for, and no run.
    pub disabled: Vec<RuleGroup>,
}

/// Rules that are looked at together: for each element all of them, in order.
#[derive(Debug, Clone)]
pub struct RuleGroup {
    /// What they look at; nothing: the whole, once.
    pub each: Option<Each>,
    /// Named values, in order; their slots follow those of the element.
    pub lets: Vec<(String, Expr)>,
    /// The rules.
    pub rules: Vec<AdviceRule>,
}

/// A list that rules look at one by one.
#[derive(Debug, Clone)]
pub struct Each {
    /// Index in [`SectionSpec::collections`].
    pub collection: usize,
    /// What one of it is called.
    pub name: String,
    /// Sort keys, each descending or not; stable.
    pub sort: Vec<(bool, Expr)>,
    /// How many are looked at.
    pub limit: Option<Expr>,
}

/// What a rule writes into a field.
#[derive(Debug, Clone)]
pub enum FieldSource {
    /// As it stands.
    Is(Value<'static>),
    /// What an expression comes to.
    Of(Expr),
    /// A text.
    Said(Sentence),
    /// A list of texts.
    SaidAll(Vec<Sentence>),
}

/// A rule that makes a record.
#[derive(Debug, Clone)]
pub struct AdviceRule {
    /// What tests, traces and logs call it.
    pub id: String,
    /// Named values of its own, in order; their slots follow those of its group.
    pub lets: Vec<(String, Expr)>,
    /// When; without it always.
    pub when: Option<Condition>,
    /// What it is about.
    pub subject: Option<Expr>,
    /// What it weighs under `pick: highest`.
    pub score: Option<Expr>,
    /// It makes records that are shown and never count.
    pub observe: bool,
    /// What it writes, in the order of [`SectionSpec::fields`].
    pub fields: Vec<Option<FieldSource>>,
    /// Where it stands.
    pub at: Location,
}

impl AdviceRules {
    /// Every rule, in order.
    pub fn all(&self) -> impl Iterator<Item = &AdviceRule> {
        self.groups.iter().flat_map(|group| &group.rules)
    }

    /// Every expression of the section, of rules with `enabled: false` too.
    #[must_use]
    pub fn expressions(&self) -> Vec<&Expr> {
        let mut all = Vec::new();
        for group in self.groups.iter().chain(&self.disabled) {
            if let Some(each) = &group.each {
                all.extend(each.sort.iter().map(|(_, key)| key).chain(&each.limit));
            }
            all.extend(group.lets.iter().map(|(_, value)| value));
            for rule in &group.rules {
                all.extend(rule.lets.iter().map(|(_, value)| value));
                all.extend(rule.when.iter().map(|when| &when.expr).chain(&rule.subject).chain(&rule.score));
                for made in rule.fields.iter().flatten() {
                    match made {
                        FieldSource::Is(_) => {}
                        FieldSource::Of(expr) => all.push(expr),
                        FieldSource::Said(sentence) => all.extend(sentence.expressions()),
                        FieldSource::SaidAll(list) => all.extend(list.iter().flat_map(Sentence::expressions)),
                    }
                }
            }
        }
        all
    }
}
