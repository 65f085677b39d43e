//! Conditions as formulas that can be reasoned about.
//!
//! Takes: conditions of a [`Policy`]. Gives: [`Formula`], with the values of thresholds put in, flags
//! replaced by what they say, and `not` pushed down to single statements; and [`Terms`], what is
//! known of each thing that is stated about. What is not understood becomes a statement of its own:
//! it may be so or not, and equal texts are equal statements. So a claim that is made holds, and
//! some that would hold are not made.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::formula::{Formula, Says, Statement};
use super::range::{self, Range};
use crate::engine::eval::{NameValues, eval};
use crate::engine::expr::{Compare, Expr, Filter, NameRef};
use crate::engine::facts::Fact;
use crate::engine::policy::Policy;
use crate::engine::value::{Base, Estimate, Tiers, Value};
use crate::language::print;

/// What is known of a term, whatever the item.
#[derive(Debug, Clone)]
pub struct TermInfo {
    /// As a person writes it.
    pub text: String,
    /// The name that it is, where it is one.
    pub name: Option<NameRef>,
    /// What it can be as a number.
    pub range: Range,
    /// What it can be as a text, where that is known.
    pub values: Option<Vec<String>>,
}

/// The terms of a policy's conditions.
#[derive(Debug)]
pub struct Terms<'p> {
    policy: &'p Policy,
    known: HashMap<String, usize>,
    about: Vec<TermInfo>,
    /// For each term the terms that are yes wherever it is, and those that are no wherever it is not.
    follows: Vec<(Vec<usize>, Vec<usize>)>,
    /// Parts of conditions that are still looked into: a file of a stranger may have too many.
    left: usize,
    /// The same for all conditions together.
    all: usize,
}

/// Parts of all conditions together.
const ALL: usize = 300_000;
/// Parts of one condition that are looked into, those of the flags it names too.
const PARTS: usize = 1_000;
/// The deepest that flags are followed.
const DEPTH: usize = 24;
/// The most terms of which it is asked whether one follows from another.
const RELATED: usize = 200;
/// Whole numbers up to here are exact in every comparison.
pub const EXACT: f64 = 9_007_199_254_740_992.0;

/// Names whose value is the same for every item.
struct FixedNames<'p>(&'p Policy);

impl<'v> NameValues<'v> for FixedNames<'v> {
    fn value(&self, name: NameRef) -> Estimate<'v> {
        match name {
            NameRef::Threshold(index) => Estimate::Is(self.0.thresholds[index].value.clone()),
            NameRef::Login(index) => Estimate::Is(Value::Text(self.0.agents[index].login.as_str().into())),
            _ => Estimate::Lacks(Tiers::TIMELINE),
        }
    }
}

impl<'p> Terms<'p> {
    /// The terms of this policy; none are known yet.
    #[must_use]
    pub fn new(policy: &'p Policy) -> Self {
        Terms { policy, known: HashMap::new(), about: Vec::new(), follows: Vec::new(), left: 0, all: ALL }
    }

    /// How many terms there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.about.len()
    }

    /// What is known of a term.
    #[must_use]
    pub fn about(&self, term: usize) -> &TermInfo {
        &self.about[term]
    }

    /// Terms that are yes wherever this one is.
    #[must_use]
    pub fn follows(&self, term: usize) -> &[usize] {
        self.follows.get(term).map_or(&[], |(yes, _)| yes)
    }

    /// Terms that are no wherever this one is.
    #[must_use]
    pub fn needs(&self, term: usize) -> &[usize] {
        self.follows.get(term).map_or(&[], |(_, no)| no)
    }

    /// The formula of a condition.
    pub fn formula(&mut self, expr: &'p Expr) -> Formula {
        self.left = PARTS.min(self.all);
        let before = self.left;
        let formula = self.of(expr, true, 0);
        self.all -= before - self.left;
        formula
    }

    /// Finds out which tags tell of which others; to be asked once all formulas are made.
    pub fn relate(&mut self) {
        let sets = |name: Option<NameRef>| match name {
            Some(NameRef::Tagged(set)) => Some((set, false)),
            Some(NameRef::Labelled(set)) => Some((set, true)),
            _ => None,
        };
        self.follows = vec![Default::default(); self.about.len()];
        let words: Vec<HashSet<Cow<'_, str>>> =
            (self.policy.keywords.sets.iter()).map(|set| set.words.iter().map(|word| word.key()).collect()).collect();
        let within = |set: usize, other: usize| set == other || words[set].is_subset(&words[other]);
        let of_sets: Vec<(usize, usize, bool)> = (0..self.about.len())
            .filter_map(|term| sets(self.about[term].name).map(|(set, label)| (term, set, label)))
            .take(RELATED)
            .collect();
        for (term, set, label) in &of_sets {
            for (other, other_set, other_label) in of_sets.iter().filter(|(other, ..)| other != term) {
                // A tag of a label is a tag; the other way round it may come from the title.
                if (*label || !other_label) && within(*set, *other_set) {
                    self.follows[*term].0.push(*other);
                    self.follows[*other].1.push(*term);
                }
            }
        }
    }

    /// The value of an expression that is the same for every item.
    #[must_use]
    pub fn constant(&self, expr: &'p Expr) -> Option<Value<'p>> {
        match eval(expr, &FixedNames(self.policy)) {
            Estimate::Is(value) => Some(value),
            _ => None,
        }
    }

    fn of(&mut self, expr: &'p Expr, truth: bool, depth: usize) -> Formula {
        if self.left == 0 {
            return self.strange(truth);
        }
        self.left -= 1;
        if let Some(Value::Bool(value)) = self.constant(expr) {
            return Formula::Is(value == truth);
        }
        match expr {
            Expr::Not(inner) => self.of(inner, !truth, depth),
            Expr::And(parts) | Expr::Or(parts) => {
                let both = matches!(expr, Expr::And(_)) == truth;
                let parts = parts.iter().map(|part| self.of(part, truth, depth)).collect();
                if both { Formula::All(parts) } else { Formula::Any(parts) }
            }
            Expr::If(test, yes, no) => Formula::Any(vec![
                Formula::All(vec![self.of(test, true, depth), self.of(yes, truth, depth)]),
                Formula::All(vec![self.of(test, false, depth), self.of(no, truth, depth)]),
            ]),
            Expr::Name(NameRef::Flag(flag)) if depth < DEPTH => {
                self.of(&self.policy.flags[*flag].when.expr, truth, depth + 1)
            }
            Expr::Name(NameRef::Tagged(set) | NameRef::Labelled(set))
                if self.policy.keywords.sets[*set].words.is_empty() =>
            {
                Formula::Is(!truth)
            }
            Expr::IsNone(inner) => match &**inner {
                Expr::Name(name) if !self.may_be_unknown(*name) => Formula::Is(!truth),
                inner => self.one(inner, Says::Unknown, truth),
            },
            Expr::Compare(op, a, b) => match (self.constant(a), self.constant(b)) {
                (None, Some(value)) => self.against(a, *op, &value, truth, depth),
                (Some(value), None) => self.against(b, op.mirrored(), &value, truth, depth),
                _ => self.pair(a, *op, b, truth),
            },
            Expr::In(needle, hay) => match self.constant(hay).and_then(|hay| hay.elements()) {
                Some(items) => {
                    let parts =
                        items.iter().map(|item| self.against(needle, Compare::Eq, item, truth, depth)).collect();
                    if truth { Formula::Any(parts) } else { Formula::All(parts) }
                }
                None => self.one(expr, Says::Yes, truth),
            },
            _ => self.one(expr, Says::Yes, truth),
        }
    }

    /// A term compared with a value.
    fn against(&mut self, expr: &'p Expr, op: Compare, value: &Value<'p>, truth: bool, depth: usize) -> Formula {
        let equal = matches!(op, Compare::Eq);
        match value {
            Value::Bool(value) if equal || op == Compare::Ne => {
                // What is yes or no equals yes where it is so.
                self.of(expr, truth == (*value == equal), depth)
            }
            Value::Text(text) if equal || op == Compare::Ne => {
                self.one(expr, Says::Text(text.clone().into_owned()), truth == equal)
            }
            Value::Int(_) | Value::Float(_) => match value.number() {
                Some(number) if number.abs() <= EXACT => self.one(expr, Says::Number(op, number), truth),
                _ => self.strange(truth),
            },
            _ => self.strange(truth),
        }
    }

    /// Two terms compared with each other: their difference compared with nothing.
    fn pair(&mut self, a: &'p Expr, op: Compare, b: &'p Expr, truth: bool) -> Formula {
        let (one, other) = (print::of_policy(self.policy, a), print::of_policy(self.policy, b));
        let (key, op) = if one <= other {
            (format!("{one} <=> {other}"), op)
        } else {
            (format!("{other} <=> {one}"), op.mirrored())
        };
        let term = self.term(key, |text| TermInfo { text, name: None, range: Range::ANY, values: None });
        Formula::One(Statement { term, says: Says::Number(op, 0.0), truth })
    }

    fn one(&mut self, expr: &'p Expr, says: Says, truth: bool) -> Formula {
        let policy = self.policy;
        let term = self.term(print::of_policy(policy, expr), |text| term_info(policy, expr, text));
        Formula::One(Statement { term, says, truth })
    }

    /// A statement like no other.
    fn strange(&mut self, truth: bool) -> Formula {
        let key = format!("\u{0}{}", self.about.len());
        let term = self.term(key, |text| TermInfo { text, name: None, range: Range::ANY, values: None });
        Formula::One(Statement { term, says: Says::Yes, truth })
    }

    fn term(&mut self, key: String, about: impl FnOnce(String) -> TermInfo) -> usize {
        if let Some(term) = self.known.get(&key) {
            return *term;
        }
        self.about.push(about(key.clone()));
        self.known.insert(key, self.about.len() - 1);
        self.about.len() - 1
    }

    fn may_be_unknown(&self, name: NameRef) -> bool {
        match name {
            NameRef::Fact(fact) => fact.ty(self.policy.ages).maybe,
            // What was counted says its type to the section alone.
            name => matches!(name, NameRef::Slot(_)),
        }
    }
}

fn term_info(policy: &Policy, expr: &Expr, text: String) -> TermInfo {
    let name = match expr {
        Expr::Name(name) => Some(*name),
        _ => None,
    };
    let values = match name {
        Some(NameRef::Type) => {
            let types = policy.classify.rules.iter().map(|rule| rule.ty.clone());
            Some(types.chain([policy.classify.default.clone()]).collect())
        }
        Some(NameRef::Fact(fact @ (Fact::Kind | Fact::State))) => match fact.ty(policy.ages).base {
            Base::OneOf(values) => Some(values),
            _ => None,
        },
        _ => None,
    };
    let range = match (name, expr) {
        (Some(name), _) => range::of_name(policy, name),
        (None, Expr::Filter(Filter::Length, ..)) => Range::COUNT,
        _ => Range::ANY,
    };
    TermInfo { text, name, range, values }
}
