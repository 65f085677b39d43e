//! Rules that undo each other: one puts on what the other takes off, and each makes the other hold.
//!
//! Takes: a [`Policy`]. Gives: a warning for each pair of which there is an item that both decide about in turn, run
//! after run, though nobody else does anything. Only what is certain is said: rules that go by what a
//! write changes in another way (days without activity, the number of comments) are passed over.

use std::collections::{BTreeMap, BTreeSet};

use super::check::Warnings;
use super::formula::{Formula, Says, Statement};
use super::logic::{TermInfo, Terms};
use super::solve::certain;
use crate::engine::expr::{Compare, Expr, NameRef};
use crate::engine::facts::Fact;
use crate::engine::policy::Policy;
use crate::engine::rules::{Action, Person};
use crate::engine::text::TitleTags;
use crate::engine::value::Value;
use crate::language::print;

/// Statements that are looked at for all pairs of a file.
const BUDGET: usize = 1_000_000;
/// The most rules of which pairs are made: a stranger's file may have ten thousand.
const RULES: usize = 300;

/// What an action leaves of one thing.
#[derive(Debug, Clone, PartialEq)]
enum Setting {
    On,
    Off,
    Text(String),
}

/// A thing that an action changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum ActionTarget {
    Label(String),
    /// An agent by its index is assigned.
    Agent(usize),
    Author,
    State,
    Milestone,
}

/// How things stand after actions, as far as they changed them.
type ActionOutcome = BTreeMap<ActionTarget, Setting>;

/// Warns of the pairs of a policy.
pub fn pairs(policy: &Policy, found: &mut Warnings<'_>) {
    let acting: Vec<(usize, &Action)> = (policy.decide.iter().enumerate())
        .filter(|(_, rule)| !rule.observe)
        .filter_map(|(index, rule)| Some((index, &policy.actions[rule.action?])))
        .take(RULES)
        .collect();
    let couples =
        acting.iter().enumerate().flat_map(|(nth, second)| acting[..nth].iter().map(move |first| (first, second)));
    let couples: Vec<_> = couples.filter_map(|(one, two)| Some((one, two, reversed(policy, one.1, two.1)?))).collect();
    if couples.is_empty() {
        return;
    }
    let mut terms = Terms::new(policy);
    let formulas: Vec<Formula> = (policy.decide.iter())
        .map(|rule| rule.when.as_ref().map_or(Formula::Is(true), |when| terms.formula(&when.expr)))
        .collect();
    terms.relate();
    let turns = RuleTurns { policy, terms: &terms, formulas: &formulas };
    let mut budget = BUDGET;
    for (first, second, what) in couples {
        if budget == 0 || found.full() {
            return;
        }
        if turns.go_on(*first, *second, &mut budget) {
            let (one, other) = (&policy.decide[first.0], &policy.decide[second.0]);
            let message = format!("the rules `{}` and `{}` undo each other for ever: {what}", one.id, other.id);
            let help = "each makes the other hold: let one of them ask for the opposite of the other";
            found.warn(other.at, message, format!("{help} ({})", policy.line(one.at)));
        }
    }
}

/// Warns where a policy puts on what another of its folder takes off, or the other way round, and both look at items
/// of one kind. Whether both ever hold of one item is not worked out: they are written by different hands.
pub fn between(one: &Policy, other: &Policy, found: &mut Warnings<'_>) {
    if !one.scope.kinds.iter().any(|kind| other.scope.kinds.contains(kind)) {
        return;
    }
    let acting = |policy: &Policy| -> Vec<(usize, usize)> {
        let rules = policy.decide.iter().enumerate().filter(|(_, rule)| !rule.observe);
        rules.filter_map(|(index, rule)| Some((index, rule.action?))).take(RULES).collect()
    };
    let outcome = |policy: &Policy, action: usize| {
        let mut state = ActionOutcome::new();
        changes(policy, &policy.actions[action], &mut state);
        let named = |(target, setting)| (target_name(policy, &target), setting);
        state.into_iter().map(named).collect::<BTreeMap<String, Setting>>()
    };
    let theirs: Vec<(usize, BTreeMap<String, Setting>)> =
        acting(one).into_iter().map(|(rule, action)| (rule, outcome(one, action))).collect();
    let mut told = BTreeSet::new();
    for (rule, action) in acting(other) {
        for (target, setting) in outcome(other, action) {
            let against = theirs.iter().find(|(_, left)| left.get(&target).is_some_and(|their| *their != setting));
            if let Some((their, _)) = against
                && told.insert(target.clone())
                && !found.full()
            {
                let (rule, their) = (&other.decide[rule], &one.decide[*their]);
                let message = format!(
                    "the policies `{}` and `{}` undo each other: `{}` changes {target} one way, `{}` the other",
                    one.name, other.name, their.id, rule.id
                );
                let help = "leave it to one of them, or have one leave out what the other decides about";
                found.warn(rule.at, message, format!("{help} ({})", one.line(their.at)));
            }
        }
    }
}

/// What is changed, by a name that two policies share.
fn target_name(policy: &Policy, target: &ActionTarget) -> String {
    match target {
        ActionTarget::Label(name) => format!("the label `{name}`"),
        ActionTarget::Agent(index) => format!("whether `{}` is assigned", policy.agents[*index].login.to_lowercase()),
        ActionTarget::Author => "whether its author is assigned".to_owned(),
        ActionTarget::State => "whether it is open".to_owned(),
        ActionTarget::Milestone => "the milestone".to_owned(),
    }
}

/// What an action changes, the later of two first.
fn changes(policy: &Policy, action: &Action, state: &mut ActionOutcome) {
    let people = |people: &[Person]| -> Vec<ActionTarget> {
        let thing = |person: &Person| match person {
            Person::Agent(index) => Some(ActionTarget::Agent(*index)),
            Person::Author => Some(ActionTarget::Author),
            Person::Assignees => None,
        };
        people.iter().filter_map(thing).collect()
    };
    if action.unassign.contains(&Person::Assignees) {
        let all = (0..policy.agents.len()).map(ActionTarget::Agent).chain([ActionTarget::Author]);
        state.extend(all.map(|thing| (thing, Setting::Off)));
    }
    state.extend(people(&action.unassign).into_iter().map(|thing| (thing, Setting::Off)));
    state.extend(people(&action.assign).into_iter().map(|thing| (thing, Setting::On)));
    state.extend(action.remove_labels.iter().map(|name| (ActionTarget::Label(name.clone()), Setting::Off)));
    state.extend(action.add_labels.iter().map(|name| (ActionTarget::Label(name.clone()), Setting::On)));
    state.extend(action.set_milestone.iter().map(|title| (ActionTarget::Milestone, Setting::Text(title.clone()))));
    state.extend(action.close.map(|_| (ActionTarget::State, Setting::Text("closed".to_owned()))));
    state.extend(action.reopen.then(|| (ActionTarget::State, Setting::Text("open".to_owned()))));
}

/// What the one does and the other undoes, in words.
fn reversed(policy: &Policy, one: &Action, other: &Action) -> Option<String> {
    let (mut first, mut second) = (ActionOutcome::new(), ActionOutcome::new());
    changes(policy, one, &mut first);
    changes(policy, other, &mut second);
    // A closed item is judged only where the scope says so, and an open one too.
    let both = policy.scope.open && policy.scope.closed;
    let differs = |(thing, left): &(&ActionTarget, &Setting)| {
        second.get(*thing).is_some_and(|other| other != *left) && (both || **thing != ActionTarget::State)
    };
    let (thing, left) = first.iter().find(differs)?;
    let (does, undoes) = (format!("`{}`", one.name), format!("`{}`", other.name));
    Some(match (thing, left) {
        (ActionTarget::Label(name), Setting::On) => format!("{does} puts on the label `{name}`, {undoes} takes it off"),
        (ActionTarget::Label(name), _) => format!("{does} takes off the label `{name}`, {undoes} puts it on"),
        (ActionTarget::State, Setting::Text(state)) if state == "closed" => format!("{does} closes, {undoes} reopens"),
        (ActionTarget::State, _) => format!("{does} reopens, {undoes} closes"),
        (ActionTarget::Milestone, _) => format!("{does} and {undoes} set different milestones"),
        (_, Setting::On) => format!("{does} assigns whom {undoes} takes off"),
        _ => format!("{does} takes off whom {undoes} assigns"),
    })
}

/// The rules of a policy, taken in turns.
struct RuleTurns<'t, 'p> {
    policy: &'p Policy,
    terms: &'t Terms<'p>,
    formulas: &'t [Formula],
}

impl RuleTurns<'_, '_> {
    /// There is an item that the two decide about in turn for ever.
    fn go_on(&self, first: (usize, &Action), second: (usize, &Action), budget: &mut usize) -> bool {
        let state = |actions: [&Action; 2]| {
            let mut state = ActionOutcome::new();
            actions.iter().for_each(|action| changes(self.policy, action, &mut state));
            state
        };
        let comments = first.1.comment.is_some() || second.1.comment.is_some();
        let mut all = Vec::new();
        for (rule, state) in [(first.0, state([first.1, second.1])), (second.0, state([second.1, first.1]))] {
            let values = self.values(&state);
            if self.unclear(rule, &values, comments) || self.judged_otherwise(&state) {
                return false;
            }
            *budget = budget.saturating_sub(rule + 1);
            all.push(put_in(&self.formulas[rule], &values));
            all.extend(self.formulas[..rule].iter().map(|before| put_in(before, &values).not()));
            // Where a set has no tag, none that it holds has one.
            let none = values
                .iter()
                .filter(|(_, value)| **value == TermValue::Yes(false))
                .flat_map(|(term, _)| self.terms.needs(*term));
            let none = none.filter(|term| !values.contains_key(term));
            all.extend(none.map(|term| Formula::One(Statement { term: *term, says: Says::Yes, truth: false })));
        }
        certain(&all.iter().collect::<Vec<_>>(), self.terms, budget)
    }

    /// What terms come to in a state.
    fn values(&self, state: &ActionOutcome) -> BTreeMap<usize, TermValue> {
        let mut printed = BTreeMap::new();
        let mut said = |needle: Expr, fact: Fact, on: bool| {
            let expr = Expr::In(Box::new(needle), Box::new(Expr::Name(NameRef::Fact(fact))));
            printed.insert(print::of_policy(self.policy, &expr), TermValue::Yes(on));
        };
        let text = |text: &str| Expr::Literal(Value::Text(text.to_owned().into()));
        let (mut sets, mut assigned) = (BTreeMap::new(), None);
        for (thing, left) in state {
            let on = *left == Setting::On;
            match thing {
                ActionTarget::Label(name) => {
                    said(text(name), Fact::Labels, on);
                    for set in self.sets_of(name) {
                        *sets.entry(set).or_insert(false) |= on;
                    }
                }
                ActionTarget::Agent(index) => {
                    said(Expr::Name(NameRef::Login(*index)), Fact::Assignees, on);
                    said(text(&self.policy.agents[*index].login), Fact::Assignees, on);
                    *assigned.get_or_insert(0.0) += f64::from(u8::from(on));
                }
                ActionTarget::Author => {
                    said(Expr::Name(NameRef::Fact(Fact::Author)), Fact::Assignees, on);
                    *assigned.get_or_insert(0.0) += f64::from(u8::from(on));
                }
                ActionTarget::State | ActionTarget::Milestone => {}
            }
        }
        let word = |thing: ActionTarget| match state.get(&thing) {
            Some(Setting::Text(text)) => Some(TermValue::Text(text.clone())),
            _ => None,
        };
        let value = |about: &TermInfo| match about.name {
            Some(NameRef::Tagged(set) | NameRef::Labelled(set)) => sets.get(&set).map(|on| TermValue::Yes(*on)),
            Some(NameRef::Fact(Fact::State)) => word(ActionTarget::State),
            Some(NameRef::Fact(Fact::Milestone)) => word(ActionTarget::Milestone),
            _ if about.text == "assignees | length" => assigned.map(TermValue::Number),
            _ => printed.get(&about.text).cloned(),
        };
        (0..self.terms.count()).filter_map(|term| Some((term, value(self.terms.about(term))?))).collect()
    }

    /// The keyword sets that a label is in.
    fn sets_of(&self, label: &str) -> BTreeSet<usize> {
        let keywords = &self.policy.keywords;
        let tags = TitleTags::read("", &[label], self.policy.tags, |word| keywords.knows(word)).from_labels;
        keywords.in_sets(&tags).iter().enumerate().filter(|(_, inside)| **inside).map(|(set, _)| set).collect()
    }

    /// A rule goes by what a write changes in a way that is not worked out.
    fn unclear(&self, rule: usize, values: &BTreeMap<usize, TermValue>, comments: bool) -> bool {
        let mut terms = BTreeSet::new();
        named(&self.formulas[rule], &mut terms);
        terms.iter().filter(|term| !values.contains_key(term)).any(|term| {
            let about = self.terms.about(*term);
            match about.name {
                Some(NameRef::Fact(Fact::Comments)) => comments,
                Some(NameRef::Fact(Fact::UpdatedDays | Fact::IdleDays) | NameRef::LabelsWith(_)) => true,
                Some(_) => false,
                // Something worked out of lists that the actions may change.
                None => {
                    let lists = ["labels", "tags", "assignees", "idle_days", "updated_days"];
                    let mut words = about.text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                    words.any(|word| lists.contains(&word)) && !about.text.starts_with('\'')
                }
            }
        })
    }

    /// Type and score may turn on what changes.
    fn judged_otherwise(&self, state: &ActionOutcome) -> bool {
        let sets: BTreeSet<usize> = (state.keys())
            .filter_map(|thing| match thing {
                ActionTarget::Label(name) => Some(self.sets_of(name)),
                _ => None,
            })
            .flatten()
            .collect();
        let scored = self.policy.components.iter();
        let scored = scored.flat_map(|one| one.when.iter().chain(one.points.iter().flat_map(|point| &point.when)));
        let judged = scored.chain(self.policy.classify.rules.iter().flat_map(|rule| &rule.when));
        let mut names = Vec::new();
        judged.for_each(|when| when.expr.names(&mut names));
        self.policy.classify.rules.iter().flat_map(|rule| &rule.score).for_each(|score| score.names(&mut names));
        names.iter().any(|name| match name {
            NameRef::Tagged(set) | NameRef::Labelled(set) => sets.contains(set),
            NameRef::LabelsWith(_) => true,
            NameRef::Fact(fact) => {
                matches!(fact, Fact::Labels | Fact::Tags | Fact::Assignees | Fact::State | Fact::Milestone)
            }
            _ => false,
        })
    }
}

/// What is known of a term.
#[derive(Debug, Clone, PartialEq)]
enum TermValue {
    Yes(bool),
    Text(String),
    Number(f64),
}

/// The terms of a formula.
fn named(formula: &Formula, into: &mut BTreeSet<usize>) {
    match formula {
        Formula::Is(_) => {}
        Formula::One(statement) => {
            into.insert(statement.term);
        }
        Formula::All(parts) | Formula::Any(parts) => parts.iter().for_each(|part| named(part, into)),
    }
}

/// A formula with what is known put in.
fn put_in(formula: &Formula, values: &BTreeMap<usize, TermValue>) -> Formula {
    let all = |parts: &[Formula]| parts.iter().map(|part| put_in(part, values)).collect();
    match formula {
        Formula::Is(value) => Formula::Is(*value),
        Formula::All(parts) => Formula::All(all(parts)),
        Formula::Any(parts) => Formula::Any(all(parts)),
        Formula::One(statement) => {
            let holds = match (&statement.says, values.get(&statement.term)) {
                (Says::Yes, Some(TermValue::Yes(yes))) => Some(*yes),
                (Says::Text(text), Some(TermValue::Text(known))) => Some(text == known),
                (Says::Unknown, Some(TermValue::Text(_))) => Some(false),
                (Says::Number(op, with), Some(TermValue::Number(number))) => Some(match op {
                    Compare::Eq => number == with,
                    Compare::Ne => number != with,
                    Compare::Lt => number < with,
                    Compare::Le => number <= with,
                    Compare::Gt => number > with,
                    Compare::Ge => number >= with,
                }),
                _ => None,
            };
            holds.map_or_else(|| formula.clone(), |holds| Formula::Is(holds == statement.truth))
        }
    }
}
