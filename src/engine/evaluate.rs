//! One item and a policy to one judgement.
//!
//! Takes: a [`Policy`], an [`ItemFacts`] with what has been read of it, the instant of the run. Gives:
//! a [`Judgement`] (tags, scores, type, flags, decision, and which points made the score), or the
//! tiers of facts without which no rule decides. What nothing asks for is never computed: a
//! pattern is searched when a condition reaches it, Markdown is parsed when a pattern needs it.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use super::areas::Areas;
use super::eval::{self, NameValues, eval};
use super::expr::{Expr, NameRef};
use super::facts::{self, Availability, FactSet, FactSources, ItemFacts};
use super::rules::{Component, Condition, Point, Policy, Rule};
use super::sentence::Sentence;
use super::text::TitleTags;
use super::value::{Estimate, Tiers, Value};
use super::words::{Hits, TextHits};

/// What evaluating an item came to.
#[derive(Debug)]
pub enum Evaluation<'p> {
    /// A judgement; also where a tier was not recorded and the item turns on it.
    Judged(Box<Judgement<'p>>),
    /// Nothing cheaper decides: these tiers must be read first.
    Lacks(Tiers),
}

/// Everything that was found out about an item. Nothing of the item is borrowed.
#[derive(Debug, Clone)]
pub struct Judgement<'p> {
    /// All tags, sorted.
    pub tags: Vec<String>,
    /// The title without its tags.
    pub title: String,
    /// What it was classified as; `None` where that turns on what was not read.
    pub ty: Option<&'p str>,
    /// One value a component, in the order of the policy; unknown where not read.
    pub scores: Vec<Value<'static>>,
    /// Their sum.
    pub score: Value<'static>,
    /// One a flag, in the order of the policy; unknown where not read.
    pub flags: Vec<Option<bool>>,
    /// Whole days since it was opened.
    pub age_days: Value<'static>,
    /// One sort key an entry of `order`.
    pub keys: Vec<Value<'static>>,
    /// One an agent: whether the item is in this agent's hands. What was not read counts as held.
    pub held: Vec<bool>,
    /// The rule that decided, by index; `None` where none holds or it turns on what is unknown.
    pub rule: Option<usize>,
    /// The action, by index; `None` is skip.
    pub action: Option<usize>,
    /// The facts that the conditions asked for, up to the one that decided.
    pub turned_on: FactSet,
    /// Decided and shown, never written.
    pub observed: bool,
    /// Why, for people; untrusted, for it may name what others wrote.
    pub reason: Option<String>,
    /// The title of the issue that the action creates; untrusted too.
    pub issue_title: Option<String>,
    /// The points that held; kept where an action will write about the item.
    pub points: Vec<PointHit>,
    /// For each pattern its `count` and `distinct`, where it was searched; kept likewise.
    pub hits: Box<[Option<(u16, u16)>]>,
}

/// A point that held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointHit {
    /// Index of the component.
    pub component: u32,
    /// Index of the point in it.
    pub point: u32,
    /// The first text that a pattern of its condition matched.
    pub matched: Option<Box<str>>,
}

/// Judges one item. `now` is in microseconds since 1970 UTC.
#[must_use]
pub fn evaluate<'p>(policy: &'p Policy, item: &ItemFacts<'_>, now: i64) -> Evaluation<'p> {
    let found = TextHits::new(Areas::new(item.title, item.body, &item.labels), 0);
    let reading = StagedItem::new(policy, (item, Rc::new(found)), now);
    let points = reading.stages();
    reading.decide(points)
}

/// An item under evaluation: what has been computed of it so far.
pub(super) struct StagedItem<'p, 'a> {
    policy: &'p Policy,
    item: &'a ItemFacts<'a>,
    now: i64,
    tagged: TitleTags,
    in_tags: Vec<bool>,
    in_labels: Vec<bool>,
    found: Rc<TextHits<'a>>,
    hits: Vec<OnceCell<Hits>>,
    computed: RefCell<Stages<'p>>,
    /// The facts that were asked for since a stage began.
    turned_on: Cell<FactSet>,
}

/// Results of the stages, filled as they are reached.
#[derive(Default)]
struct Stages<'p> {
    components: Vec<Estimate<'static>>,
    score: Option<Estimate<'static>>,
    ty: Option<Result<&'p str, Tiers>>,
    flags: Vec<Estimate<'static>>,
    turned_on: TurnedOn,
}

/// For each result the facts that it turned on.
#[derive(Default)]
struct TurnedOn {
    components: Vec<FactSet>,
    ty: FactSet,
    flags: Vec<FactSet>,
}

/// Names bound to a reading, so that values can borrow from it.
struct EvaluationNames<'v, 'p, 'a>(&'v StagedItem<'p, 'a>);

impl<'v, 'p: 'v> NameValues<'v> for EvaluationNames<'v, 'p, '_> {
    fn value(&self, name: NameRef) -> Estimate<'v> {
        let reading = self.0;
        let count = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        reading.note(name);
        Estimate::Is(match name {
            NameRef::Fact(fact) => return facts::value(fact, reading.sources()),
            NameRef::Tagged(set) => Value::Bool(reading.in_tags[set]),
            NameRef::Labelled(set) => Value::Bool(reading.in_labels[set]),
            NameRef::Count(pattern) => count(reading.hits(pattern).count),
            NameRef::Distinct(pattern) => count(reading.hits(pattern).distinct),
            NameRef::LabelsWith(pattern) => {
                let pattern = &reading.policy.patterns[pattern];
                count(reading.item.labels.iter().filter(|label| pattern.matches(label)).count())
            }
            NameRef::Threshold(index) => reading.policy.thresholds[index].value.clone(),
            NameRef::Login(index) => Value::Text(Cow::Borrowed(&reading.policy.agents[index].login)),
            // A rule over items has no such name.
            NameRef::Slot(_) => Value::None,
            NameRef::Component(index) => return reading.computed.borrow().components[index].clone(),
            NameRef::Score => return reading.computed.borrow().score.clone().unwrap_or(Estimate::Is(Value::None)),
            NameRef::Flag(index) => return reading.computed.borrow().flags[index].clone(),
            NameRef::Type => match reading.computed.borrow().ty {
                Some(Ok(ty)) => Value::Text(Cow::Borrowed(ty)),
                Some(Err(tiers)) => return Estimate::Lacks(tiers),
                None => Value::None,
            },
        })
    }
}

impl<'p, 'a> StagedItem<'p, 'a> {
    pub(super) fn new(policy: &'p Policy, (item, found): (&'a ItemFacts<'a>, Rc<TextHits<'a>>), now: i64) -> Self {
        let tagged = TitleTags::read(item.title, &item.labels, policy.tags, |word| policy.keywords.knows(word));
        StagedItem {
            in_tags: policy.keywords.in_sets(&tagged.tags),
            in_labels: policy.keywords.in_sets(&tagged.from_labels),
            tagged,
            found,
            hits: vec![OnceCell::new(); policy.patterns.len()],
            computed: RefCell::default(),
            turned_on: Cell::default(),
            policy,
            item,
            now,
        }
    }

    /// Everything before the decision; gives the points that held.
    pub(super) fn stages(&self) -> Vec<PointHit> {
        let points = self.score();
        self.classify();
        self.flags();
        points
    }

    /// Minds on which facts a name turns.
    fn note(&self, name: NameRef) {
        let computed = self.computed.borrow();
        let of = &computed.turned_on;
        let facts = match name {
            NameRef::Fact(fact) => FactSet::default().with(fact),
            NameRef::Component(index) => of.components[index],
            NameRef::Score => of.components.iter().copied().fold(FactSet::default(), FactSet::and),
            NameRef::Flag(index) => of.flags[index],
            NameRef::Type => of.ty,
            _ => return,
        };
        self.turned_on.set(self.turned_on.get().and(facts));
    }

    fn sources(&self) -> FactSources<'_, '_> {
        FactSources {
            item: self.item,
            title: &self.tagged.title,
            tags: &self.tagged.tags,
            now: self.now,
            ages: self.policy.ages,
        }
    }

    pub(super) fn eval<'v>(&'v self, expr: &'v Expr) -> Estimate<'v> {
        eval(expr, &EvaluationNames(self))
    }

    /// Whether an optional condition holds; no condition always does.
    fn holds(&self, when: Option<&Condition>) -> Result<bool, Tiers> {
        when.map_or(Ok(true), |when| {
            let out = self.eval(&when.expr);
            out.truth().ok_or_else(|| out.lacks())
        })
    }

    fn hits(&self, pattern: usize) -> &Hits {
        self.hits[pattern].get_or_init(|| self.found.hits(&self.policy.patterns[pattern]))
    }

    /// The components and their sum; gives the points that held.
    fn score(&self) -> Vec<PointHit> {
        let mut held = Vec::new();
        let mut total = Estimate::Is(Value::Int(0));
        for (index, component) in self.policy.components.iter().enumerate() {
            let value = match self.component(index, &mut held) {
                Ok(sum) => Estimate::Is(eval::clamp(sum, &component.max)),
                Err(tiers) => Estimate::Lacks(tiers),
            };
            total = match (total, &value) {
                (Estimate::Is(a), Estimate::Is(b)) => Estimate::Is(eval::add(&a, b)),
                (a, b) => Estimate::Lacks(a.lacks().and(b.lacks())),
            };
            let mut computed = self.computed.borrow_mut();
            computed.components.push(value);
            computed.turned_on.components.push(self.turned_on.take());
        }
        self.computed.borrow_mut().score = Some(total);
        held
    }

    fn component(&self, index: usize, held: &mut Vec<PointHit>) -> Result<Value<'static>, Tiers> {
        let component = &self.policy.components[index];
        let mut sum = Value::Int(0);
        if !self.holds(component.when.as_ref())? {
            return Ok(sum);
        }
        let mut lacks = Tiers::default();
        for (point, rule) in component.points.iter().enumerate() {
            match self.holds(rule.when.as_ref()) {
                Ok(true) => {
                    sum = eval::add(&sum, &rule.add);
                    held.push(PointHit { component: short(index), point: short(point), matched: None });
                }
                Ok(false) => {}
                Err(tiers) => lacks = lacks.and(tiers),
            }
        }
        if lacks.is_empty() { Ok(sum) } else { Err(lacks) }
    }

    fn classify(&self) {
        let ty = self.pick_type();
        let mut computed = self.computed.borrow_mut();
        computed.ty = Some(ty);
        computed.turned_on.ty = self.turned_on.take();
    }

    fn pick_type(&self) -> Result<&'p str, Tiers> {
        let policy = self.policy;
        let mut best: Option<(f64, &'p str)> = None;
        for rule in &policy.classify.rules {
            if !self.holds(rule.when.as_ref())? {
                continue;
            }
            let Some(score) = rule.score.as_ref().filter(|_| policy.classify.highest) else { return Ok(&rule.ty) };
            let score = match self.eval(score) {
                Estimate::Is(value) => value.number().unwrap_or(0.0),
                other => return Err(other.lacks()),
            };
            if best.is_none_or(|(highest, _)| score > highest) {
                best = Some((score, &rule.ty));
            }
        }
        Ok(best.map_or(&policy.classify.default, |(_, ty)| ty))
    }

    fn flags(&self) {
        for flag in &self.policy.flags {
            let out = match self.eval(&flag.when.expr) {
                Estimate::Is(value) => Estimate::Is(value.into_owned()),
                other => Estimate::Lacks(other.lacks()),
            };
            let mut computed = self.computed.borrow_mut();
            computed.flags.push(out);
            computed.turned_on.flags.push(self.turned_on.take());
        }
    }

    pub(super) fn decide(&self, points: Vec<PointHit>) -> Evaluation<'p> {
        let mut lacks = Tiers::default();
        let mut decided = None;
        for (index, rule) in self.policy.decide.iter().enumerate() {
            match self.holds(rule.when.as_ref()) {
                Ok(true) => {
                    decided = Some((index, rule));
                    break;
                }
                Ok(false) => {}
                Err(tiers) => {
                    lacks = tiers;
                    break;
                }
            }
        }
        let turned_on = self.turned_on.get();
        let unrecorded = self.item.last_activity == Availability::Unrecorded;
        if !lacks.is_empty() && !unrecorded {
            return Evaluation::Lacks(lacks);
        }
        let say = |sentence: &Sentence| sentence.say(&EvaluationNames(self), unrecorded.then_some("unknown"));
        let issue = decided.and_then(|(_, rule)| self.policy.actions[rule.action?].create_issue.as_ref());
        let reason = decided.and_then(|(_, rule)| rule.reason.as_ref()).map(say).transpose();
        let (reason, title) = match (reason, issue.map(|issue| say(&issue.title)).transpose()) {
            (Ok(reason), Ok(title)) => (reason, title),
            (Err(tiers), _) | (_, Err(tiers)) => return Evaluation::Lacks(tiers),
        };
        let reason = match decided {
            Some(_) => reason,
            None if lacks.is_empty() => Some("No rule holds.".to_owned()),
            None => Some(format!("This turns on the {}, which was not recorded.", lacks.names().join(" and "))),
        };
        Evaluation::Judged(Box::new(Judgement { turned_on, ..self.judgement(decided, (reason, title), points) }))
    }

    fn judgement(
        &self,
        decided: Option<(usize, &'p Rule)>,
        (reason, issue_title): (Option<String>, Option<String>),
        mut points: Vec<PointHit>,
    ) -> Judgement<'p> {
        let policy = self.policy;
        let known = |out: Estimate<'_>| match out {
            Estimate::Is(value) => value.into_owned(),
            _ => Value::None,
        };
        let keys = policy.order.iter().map(|(_, key)| known(self.eval(key))).collect();
        let held = policy
            .agents
            .iter()
            .map(|agent| agent.holds.as_ref().is_some_and(|holds| self.eval(&holds.expr).truth() != Some(false)))
            .collect();
        let action = decided.and_then(|(_, rule)| rule.action);
        let mut hits = Box::default();
        if action.is_some() {
            points.iter_mut().for_each(|hit| hit.matched = self.matched(hit));
            hits = self.hits.iter().map(|hits| hits.get().map(Hits::counts)).collect();
        } else {
            points = Vec::new();
        }
        let age_days = known(facts::value(facts::Fact::AgeDays, self.sources()));
        let computed = self.computed.borrow();
        Judgement {
            tags: self.tagged.tags.clone(),
            title: self.tagged.title.clone(),
            ty: computed.ty.and_then(Result::ok),
            scores: computed.components.iter().cloned().map(known).collect(),
            score: computed.score.clone().map_or(Value::None, known),
            flags: computed.flags.iter().map(Estimate::truth).collect(),
            age_days,
            keys,
            held,
            rule: decided.map(|(index, _)| index),
            action,
            turned_on: FactSet::default(),
            observed: decided.is_some_and(|(_, rule)| rule.observe),
            reason,
            issue_title,
            points,
            hits,
        }
    }

    /// The first text that a pattern of the point's condition matched.
    pub(super) fn matched(&self, hit: &PointHit) -> Option<Box<str>> {
        let mut names = Vec::new();
        hit.of(self.policy).1.when.as_ref()?.expr.names(&mut names);
        names.iter().find_map(|name| match name {
            NameRef::Count(pattern) | NameRef::Distinct(pattern) => {
                let first = self.hits(*pattern).first.clone()?;
                self.found.areas.text(self.policy.patterns[*pattern].area).get(first).map(Box::from)
            }
            _ => None,
        })
    }
}

impl PointHit {
    /// The component and the point.
    #[must_use]
    pub fn of<'p>(&self, policy: &'p Policy) -> (&'p Component, &'p Point) {
        let component = &policy.components[self.component as usize];
        (component, &component.points[self.point as usize])
    }
}

/// A list in a rule file of a megabyte has no more entries than this holds.
fn short(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
