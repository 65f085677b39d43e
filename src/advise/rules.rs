//! What a section of a rule file says, checked.
//!
//! Takes: nothing, these are the types that `language` fills and [`judge`](super::judge) reads. Gives:
//! [`Advice`]. Names in expressions are slots of the [`Slots`](super::Slots) of the section.

use crate::engine::expr::Expr;
use crate::engine::rules::Condition;
use crate::engine::sentence::Sentence;
use crate::engine::source::Location;
use crate::engine::value::Value;

use super::{Measure, Section};

/// What a rule file says beside its judgement of items.
#[derive(Debug, Clone, Default)]
pub struct Advice {
    /// The parameters of the counting.
    pub measure: Measure,
    /// The sections, in the order of the job's table.
    pub sections: Vec<Rules>,
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
pub struct Rules {
    /// What it is about.
    pub section: &'static Section,
    /// Which record counts.
    pub pick: Pick,
    /// Its rules, in groups that share what they look at.
    pub groups: Vec<Group>,
    /// Those with `enabled: false`, each a group by itself: what a review asks for, and no run.
    pub disabled: Vec<Group>,
}

/// Rules that are looked at together: for each element all of them, in order.
#[derive(Debug, Clone)]
pub struct Group {
    /// What they look at; nothing: the whole, once.
    pub each: Option<Each>,
    /// Named values, in order; their slots follow those of the element.
    pub lets: Vec<(String, Expr)>,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// A list that rules look at one by one.
#[derive(Debug, Clone)]
pub struct Each {
    /// Index in [`Section::collections`].
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
pub enum Made {
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
pub struct Rule {
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
    /// What it writes, in the order of [`Section::fields`].
    pub fields: Vec<Option<Made>>,
    /// Where it stands.
    pub at: Location,
}

impl Rules {
    /// Every rule, in order.
    pub fn all(&self) -> impl Iterator<Item = &Rule> {
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
                        Made::Is(_) => {}
                        Made::Of(expr) => all.push(expr),
                        Made::Said(sentence) => all.extend(sentence.expressions()),
                        Made::SaidAll(list) => all.extend(list.iter().flat_map(Sentence::expressions)),
                    }
                }
            }
        }
        all
    }
}
