//! The checked rules of a job, as a review looks at them.
//!
//! Takes: nothing, this holds together what loading gives. Gives: [`RuleBook`], which both kinds of rules are
//! read of (those over items, in the policy, and those over counted facts, in the sections of [`Advice`]),
//! and how the second kind is written ([`RuleBook::print`]), because their names stand for places.

use crate::advise::{Advice, AdviceRule, AdviceRules, RuleGroup};
use crate::engine::expr::{Expr, NameRef};
use crate::engine::policy::Policy;
use crate::language::{JobSpec, print};

/// The checked rules of a job.
#[derive(Debug, Clone, Copy)]
pub struct RuleBook<'b> {
    /// What the job asks of them.
    pub spec: &'b JobSpec,
    /// Rules over items, and the vocabulary of all.
    pub policy: &'b Policy,
    /// Rules over what was counted.
    pub advice: &'b Advice,
}

/// A rule over what was counted. Numbers are indices: of the section, of the group in it, of the rule there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seat {
    /// Of [`Advice::sections`].
    pub section: usize,
    /// Of [`AdviceRules::groups`].
    pub group: usize,
    /// Of [`RuleGroup::rules`].
    pub rule: usize,
}

impl Seat {
    /// The rule.
    ///
    /// # Panics
    /// The seat is one of other rules.
    #[must_use]
    pub fn of(self, advice: &Advice) -> &AdviceRule {
        &advice.sections[self.section].groups[self.group].rules[self.rule]
    }

    /// The same, to be changed.
    ///
    /// # Panics
    /// The seat is one of other rules.
    pub fn of_mut(self, advice: &mut Advice) -> &mut AdviceRule {
        &mut advice.sections[self.section].groups[self.group].rules[self.rule]
    }
}

/// A rule over what was counted, with what it stands in.
#[derive(Debug, Clone, Copy)]
pub struct RuleSeat<'b> {
    /// Where that is.
    pub seat: Seat,
    /// Its section.
    pub rules: &'b AdviceRules,
    /// Its group.
    pub group: &'b RuleGroup,
    /// The rule.
    pub rule: &'b AdviceRule,
}

impl RuleSeat<'_> {
    /// Its section and its id: `suggest.repo-friction`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{}", self.rules.section.name, self.rule.id)
    }
}

impl<'b> RuleBook<'b> {
    /// Every rule over what was counted, in order.
    pub fn seated(self) -> impl Iterator<Item = RuleSeat<'b>> {
        (self.advice.sections.iter().zip(0..)).flat_map(|(rules, section)| {
            rules.groups.iter().zip(0..).flat_map(move |(group, at)| {
                let seat = move |rule| Seat { section, group: at, rule };
                group.rules.iter().zip(0..).map(move |(rule, nth)| RuleSeat { seat: seat(nth), rules, group, rule })
            })
        })
    }

    /// An expression of a rule over what was counted, as a person writes it.
    #[must_use]
    pub fn print(self, of: RuleSeat<'_>, expr: &Expr) -> String {
        print::print(expr, &|name| match name {
            NameRef::Slot(slot) => self.slot(of, slot),
            known => print::name(self.policy, known),
        })
    }

    /// The name of a value by where it stands while this rule is looked at.
    fn slot(self, of: RuleSeat<'_>, slot: usize) -> String {
        let section = of.rules.section;
        let at = section.slots(self.spec.measure.len());
        let element = of.group.each.iter().flat_map(|each| {
            section.collections[each.collection].facts.iter().map(move |fact| format!("{}.{}", each.name, fact.name))
        });
        let lets = of.group.lets.iter().chain(&of.rule.lets).map(|(name, _)| name.clone());
        let name = match slot {
            _ if slot < at.fired => section.facts.get(slot).map(|fact| fact.name.to_owned()),
            _ if slot == at.fired => Some("fired".to_owned()),
            _ if slot < at.asks => {
                self.spec.measure.get(slot - at.measure).map(|param| format!("measure.{}", param.name))
            }
            _ if slot < at.element => section.asks.get(slot - at.asks).map(|ask| ask.name.to_owned()),
            _ => element.chain(lets).nth(slot - at.element),
        };
        name.unwrap_or_else(|| "?".to_owned())
    }
}
