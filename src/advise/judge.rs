//! One pass over the rules of a section.
//!
//! Takes: [`AdviceRules`] with the policy they stand in, [`FactValues`], what the job answers by rule and subject.
//! Gives: [`AdviceResult`]. Every rule is looked at whatever fired before it (`fired` tells them), so that what
//! was not picked can be shown beside what was.

use std::cmp::Ordering;

use crate::engine::eval::{NameValues, eval};
use crate::engine::expr::{Expr, NameRef};
use crate::engine::policy::Policy;
use crate::engine::sentence::Sentence;
use crate::engine::value::{Estimate, Value};

use super::{AdviceRule, AdviceRules, Each, FactValues, FieldSource, JobParams, Pick, RuleGroup, Slots};

/// A record that a rule made.
#[derive(Debug, Clone)]
pub struct Finding<'r> {
    /// The rule.
    pub rule: &'r AdviceRule,
    /// Which element of the list that it looked at, before sorting.
    pub element: Option<usize>,
    /// What it is about; none where the rule does not say.
    pub subject: Value<'static>,
    /// What it weighs, where the rule says.
    pub score: Option<Value<'static>>,
    /// Its fields, in the order of [`SectionSpec::fields`](super::SectionSpec::fields).
    pub fields: Vec<Option<Value<'static>>>,
}

impl Finding<'_> {
    /// A field by its index, as text; empty where the rule does not have it.
    #[must_use]
    pub fn text(&self, field: usize) -> String {
        self.fields.get(field).and_then(Option::as_ref).map(ToString::to_string).unwrap_or_default()
    }
}

/// How often a rule was looked at and held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleCounts {
    /// Elements, or once.
    pub looks: usize,
    /// Of those where it held.
    pub held: usize,
}

/// What the rules came to.
#[derive(Debug, Clone)]
pub struct AdviceResult<'r> {
    /// Every record, in order; those of rules with `observe` too.
    pub findings: Vec<Finding<'r>>,
    /// Which of them was picked, where one is.
    pub picked: Option<usize>,
    /// For each rule, in order.
    pub counts: Vec<RuleCounts>,
}

/// Answers a name by rule and subject.
pub type RuleAnswers<'a> = &'a dyn Fn(&str, &AdviceRule, &Value<'static>) -> bool;

struct SlotNames<'v> {
    policy: &'v Policy,
    slots: &'v [Value<'static>],
}

impl<'v> NameValues<'v> for SlotNames<'v> {
    fn value(&self, name: NameRef) -> Estimate<'v> {
        Estimate::Is(match name {
            NameRef::Slot(slot) => self.slots.get(slot).map_or(Value::None, borrowed),
            NameRef::Threshold(index) => self.policy.thresholds[index].value.clone(),
            NameRef::Login(index) => Value::Text(self.policy.agents[index].login.as_str().into()),
            // The checker lets no other name into such a rule.
            _ => Value::None,
        })
    }
}

fn borrowed<'v>(value: &'v Value<'static>) -> Value<'v> {
    match value {
        Value::Text(text) => Value::Text(std::borrow::Cow::Borrowed(text)),
        Value::List(items) => Value::List(items.iter().map(borrowed).collect()),
        other => other.clone(),
    }
}

/// Looks at every rule.
///
/// # Errors
/// The facts are not those of the section's tables.
pub fn judge<'r>(
    policy: &Policy,
    measure: &JobParams,
    rules: &'r AdviceRules,
    facts: &FactValues,
    answers: RuleAnswers<'_>,
) -> Result<AdviceResult<'r>, String> {
    facts.check(rules.section)?;
    let params: Vec<Value<'static>> = measure.values().collect();
    let at = rules.section.slots(params.len());
    let mut base = facts.globals.clone();
    base.push(Value::Int(0));
    base.extend(params);
    base.extend(rules.section.asks.iter().map(|_| Value::Bool(false)));
    let mut pass = Pass { policy, rules, at, answers, slots: base, fired: 0, findings: Vec::new(), counts: Vec::new() };
    for group in &rules.groups {
        pass.group(group, facts);
    }
    let picked = pass.pick();
    Ok(AdviceResult { findings: pass.findings, picked, counts: pass.counts })
}

struct Pass<'r, 'p> {
    policy: &'p Policy,
    rules: &'r AdviceRules,
    at: Slots,
    answers: RuleAnswers<'p>,
    slots: Vec<Value<'static>>,
    fired: usize,
    findings: Vec<Finding<'r>>,
    counts: Vec<RuleCounts>,
}

impl<'r> Pass<'r, '_> {
    fn value(&self, expr: &Expr) -> Value<'static> {
        match eval(expr, &SlotNames { policy: self.policy, slots: &self.slots }) {
            Estimate::Is(value) => value.into_owned(),
            // Nothing here is read later: what was counted is known.
            Estimate::Within(..) | Estimate::Lacks(_) => Value::None,
        }
    }

    fn sentence_text(&self, sentence: &Sentence) -> Value<'static> {
        let names = SlotNames { policy: self.policy, slots: &self.slots };
        Value::Text(sentence.say(&names, Some("unknown")).unwrap_or_default().into())
    }

    fn group(&mut self, group: &'r RuleGroup, facts: &FactValues) {
        let first = self.counts.len();
        self.counts.resize(first + group.rules.len(), RuleCounts::default());
        let Some(each) = &group.each else { return self.element(group, None, &[], first) };
        let elements = &facts.collections[each.collection];
        for index in self.order(each, elements) {
            self.element(group, Some(index), &elements[index], first);
        }
    }

    /// Which elements are looked at, in which order.
    fn order(&mut self, each: &Each, elements: &[Vec<Value<'static>>]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..elements.len()).collect();
        if !each.sort.is_empty() {
            let keys: Vec<Vec<Value<'static>>> = elements
                .iter()
                .map(|element| {
                    self.slots.truncate(self.at.element);
                    self.slots.extend_from_slice(element);
                    each.sort.iter().map(|(_, key)| self.value(key)).collect()
                })
                .collect();
            order.sort_by(|a, b| {
                let pairs = each.sort.iter().zip(keys[*a].iter().zip(&keys[*b]));
                let compared = pairs.map(|((descending, _), (a, b))| if *descending { b.order(a) } else { a.order(b) });
                compared.fold(Ordering::Equal, Ordering::then)
            });
        }
        self.slots.truncate(self.at.element);
        if let Some(limit) = &each.limit {
            let limit = self.value(limit).number().unwrap_or(0.0).max(0.0);
            // A cast of a float stays within bounds.
            order.truncate(limit as usize);
        }
        order
    }

    fn element(&mut self, group: &'r RuleGroup, index: Option<usize>, element: &[Value<'static>], first: usize) {
        self.slots.truncate(self.at.element);
        self.slots.extend_from_slice(element);
        self.lets(&group.lets);
        let own = self.slots.len();
        for (nth, rule) in group.rules.iter().enumerate() {
            self.slots.truncate(own);
            self.slots[self.at.fired] = Value::Int(i64::try_from(self.fired).unwrap_or(i64::MAX));
            self.lets(&rule.lets);
            let subject = rule.subject.as_ref().map_or(Value::None, |subject| self.value(subject));
            for (nth, ask) in self.rules.section.asks.iter().enumerate() {
                self.slots[self.at.asks + nth] = Value::Bool((self.answers)(ask.name, rule, &subject));
            }
            let held = rule.when.as_ref().is_none_or(|when| matches!(self.value(&when.expr), Value::Bool(true)));
            self.counts[first + nth].looks += 1;
            if held {
                self.counts[first + nth].held += 1;
                self.fired += usize::from(!rule.observe);
                let finding = self.finding(rule, index, subject);
                self.findings.push(finding);
            }
        }
    }

    fn lets(&mut self, lets: &[(String, Expr)]) {
        for (_, value) in lets {
            let value = self.value(value);
            self.slots.push(value);
        }
    }

    fn finding(&self, rule: &'r AdviceRule, element: Option<usize>, subject: Value<'static>) -> Finding<'r> {
        let made = |made: &FieldSource| match made {
            FieldSource::Is(value) => value.clone(),
            FieldSource::Of(expr) => self.value(expr),
            FieldSource::Said(sentence) => self.sentence_text(sentence),
            FieldSource::SaidAll(list) => {
                Value::List(list.iter().map(|sentence| self.sentence_text(sentence)).collect())
            }
        };
        let fields = rule.fields.iter().map(|field| field.as_ref().map(made)).collect();
        Finding { rule, element, subject, score: rule.score.as_ref().map(|score| self.value(score)), fields }
    }

    fn pick(&self) -> Option<usize> {
        let mut counted = self.findings.iter().enumerate().filter(|(_, finding)| !finding.rule.observe);
        match self.rules.pick {
            Pick::All => None,
            Pick::First => counted.next().map(|(index, _)| index),
            Pick::Highest => {
                let weight = |finding: &Finding<'_>| finding.score.as_ref().and_then(Value::number).unwrap_or(0.0);
                let better = |best: Option<(usize, f64)>, (index, finding): (usize, &Finding<'_>)| match best {
                    Some((_, most)) if most >= weight(finding) => best,
                    _ => Some((index, weight(finding))),
                };
                counted.fold(None, better).map(|(index, _)| index)
            }
        }
    }
}
