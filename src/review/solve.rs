//! Whether conditions can hold together.
//!
//! Takes: [`Formula`]s over [`Terms`]. Gives: that they never hold at once, where that is certain.
//! It tries to make them all hold, one case after another; what takes too many steps is taken to be
//! possible, so that a claim is never false and a stranger's file never takes long.

use std::collections::BTreeMap;

use super::formula::{Formula, Says, Statement};
use super::logic::{TermInfo, Terms};
use super::range::Range;

/// Statements that are looked at for one question.
const STEPS: usize = 20_000;
/// Cases within cases.
const DEPTH: usize = 40;

/// Whether these never hold at once. `budget` is what all questions of a file may take together.
#[must_use]
pub fn never(formulas: &[&Formula], terms: &Terms<'_>, budget: &mut usize) -> bool {
    let mut case = Assumption { terms, known: BTreeMap::new() };
    let mut search = Solver { left: STEPS.min(*budget) };
    let before = search.left;
    let mut open = Vec::new();
    let held = formulas.iter().all(|formula| search.assume(&mut case, formula, &mut open));
    let possible = held && search.possible(case, open, 0);
    *budget = budget.saturating_sub(before - search.left);
    !possible
}

/// Whether these hold at once for some item, where that is certain: what takes too many steps is not.
#[must_use]
pub fn certain(formulas: &[&Formula], terms: &Terms<'_>, budget: &mut usize) -> bool {
    let before = *budget;
    let possible = !never(formulas, terms, budget);
    possible && before - *budget < STEPS.min(before)
}

struct Solver {
    left: usize,
}

/// What has been assumed of each term.
#[derive(Clone)]
struct Assumption<'t, 'p> {
    terms: &'t Terms<'p>,
    known: BTreeMap<usize, TermKnowledge>,
}

#[derive(Clone)]
struct TermKnowledge {
    yes: Option<bool>,
    unknown: Option<bool>,
    text: Option<String>,
    texts_not: Vec<String>,
    range: Range,
}

impl TermKnowledge {
    fn new(about: &TermInfo) -> Self {
        TermKnowledge { yes: None, unknown: None, text: None, texts_not: Vec::new(), range: about.range.clone() }
    }

    /// Adds a statement; false where it cannot hold too.
    fn take(&mut self, about: &TermInfo, says: &Says, truth: bool) -> bool {
        match says {
            Says::Yes => *self.yes.get_or_insert(truth) == truth,
            Says::Unknown => {
                let agrees = *self.unknown.get_or_insert(truth) == truth;
                if truth {
                    self.range.unknown();
                }
                agrees && !(truth && self.text.is_some()) && !self.range.is_empty()
            }
            Says::Text(text) if truth => {
                let fits = self.unknown != Some(true)
                    && !self.texts_not.contains(text)
                    && about.values.as_ref().is_none_or(|values| values.contains(text));
                fits && self.text.get_or_insert_with(|| text.clone()) == text
            }
            Says::Text(text) => {
                self.texts_not.push(text.clone());
                let left = |values: &Vec<String>| values.iter().any(|value| !self.texts_not.contains(value));
                self.text.as_ref() != Some(text) && about.values.as_ref().is_none_or(left)
            }
            Says::Number(op, with) => {
                self.range.narrow(*op, *with, truth);
                !self.range.is_empty()
            }
        }
    }
}

impl Assumption<'_, '_> {
    /// Adds a statement with what follows from it; false where it cannot hold too.
    fn take(&mut self, statement: &Statement) -> bool {
        let Statement { term, says, truth } = statement;
        if !self.add(*term, says, *truth) {
            return false;
        }
        if *says != Says::Yes {
            return true;
        }
        let terms = self.terms;
        match truth {
            true => terms.follows(*term).iter().all(|other| self.add(*other, says, true)),
            false => terms.needs(*term).iter().all(|other| self.add(*other, says, false)),
        }
    }

    fn add(&mut self, term: usize, says: &Says, truth: bool) -> bool {
        let about = self.terms.about(term);
        self.known.entry(term).or_insert_with(|| TermKnowledge::new(about)).take(about, says, truth)
    }

    /// The statement cannot hold beside what is assumed.
    fn refutes(&self, statement: &Statement) -> bool {
        let about = self.terms.about(statement.term);
        match self.known.get(&statement.term) {
            Some(known) => !known.clone().take(about, &statement.says, statement.truth),
            None => !TermKnowledge::new(about).take(about, &statement.says, statement.truth),
        }
    }
}

impl Solver {
    /// Counts a step; false once there were too many.
    fn step(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    /// Adds a formula: single statements at once, choices to `open`.
    fn assume<'f>(
        &mut self,
        case: &mut Assumption<'_, '_>,
        formula: &'f Formula,
        open: &mut Vec<&'f [Formula]>,
    ) -> bool {
        // What is not assumed can only make more possible.
        if !self.step() {
            return true;
        }
        match formula {
            Formula::Is(value) => *value,
            Formula::One(statement) => case.take(statement),
            Formula::All(parts) => parts.iter().all(|part| self.assume(case, part, open)),
            Formula::Any(parts) => {
                open.push(parts);
                true
            }
        }
    }

    /// Certain not to hold, as far as one look tells.
    fn refuted(&mut self, case: &Assumption<'_, '_>, formula: &Formula) -> bool {
        if !self.step() {
            return false;
        }
        match formula {
            Formula::Is(value) => !value,
            Formula::One(statement) => case.refutes(statement),
            Formula::All(parts) => parts.iter().any(|part| self.refuted(case, part)),
            Formula::Any(parts) => parts.iter().all(|part| self.refuted(case, part)),
        }
    }

    /// Whether one of each of the choices can hold beside what is assumed.
    fn possible(&mut self, mut case: Assumption<'_, '_>, mut open: Vec<&[Formula]>, depth: usize) -> bool {
        loop {
            let mut kept = Vec::new();
            let mut learned = false;
            for choice in std::mem::take(&mut open) {
                if self.left == 0 {
                    return true;
                }
                let settled = choice.iter().any(|part| match part {
                    Formula::Is(value) => *value,
                    Formula::One(statement) => case.refutes(&statement.not()),
                    _ => false,
                });
                if settled {
                    continue;
                }
                let mut alive = choice.iter().filter(|part| !self.refuted(&case, part));
                match (alive.next(), alive.next()) {
                    (None, _) => return false,
                    (Some(only), None) => {
                        learned = true;
                        if !self.assume(&mut case, only, &mut kept) {
                            return false;
                        }
                    }
                    _ => kept.push(choice),
                }
            }
            open = kept;
            if !learned {
                break;
            }
        }
        let Some(choice) = (0..open.len()).min_by_key(|index| open[*index].len()).map(|index| open.swap_remove(index))
        else {
            return true;
        };
        if depth >= DEPTH || self.left == 0 {
            // It is not known.
            self.left = 0;
            return true;
        }
        choice.iter().any(|part| {
            self.left = self.left.saturating_sub(case.known.len());
            let (mut inner, mut rest) = (case.clone(), open.clone());
            self.assume(&mut inner, part, &mut rest) && self.possible(inner, rest, depth + 1)
        })
    }
}
