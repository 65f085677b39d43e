//! Several policies over one reading: one plan, and what became of it handed back to each.
//!
//! Takes: [`TriageRun`]s of one reading. Gives: [`JointPlan`], in which what two policies do to one item is one entry,
//! and the outcomes of the plan as those of each run. Pure.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::apply::ItemOutcome;
use crate::engine::digest;
use crate::language::RUN;
use crate::plan::{Basis, Plan, PlannedItem};
use crate::report::TriageRun;

/// The entries of several runs as those of one plan.
#[derive(Debug)]
pub struct JointPlan {
    items: Vec<PlannedItem>,
    /// One a run: where each of its planned items stands.
    places: Vec<Vec<EffectPlace>>,
}

/// Where the effect of a planned item stands in the joint plan.
#[derive(Debug, Clone, Copy)]
struct EffectPlace {
    item: usize,
    effect: usize,
}

impl JointPlan {
    /// Puts the plans of runs together, in the order of the runs.
    #[must_use]
    pub fn of(runs: &[TriageRun<'_>]) -> Self {
        let mut items: Vec<PlannedItem> = Vec::new();
        let mut known: HashMap<(Arc<str>, u64), usize> = HashMap::new();
        let mut place = |planned: &PlannedItem| {
            let new = items.len();
            let there = match planned.number.map(|number| known.entry((planned.repo.clone(), number))) {
                Some(Entry::Occupied(there)) => Some(*there.get()),
                Some(Entry::Vacant(free)) => {
                    free.insert(new);
                    None
                }
                None => None,
            };
            let Some(item) = there else {
                items.push(planned.clone());
                return EffectPlace { item: new, effect: 0 };
            };
            let joint = &mut items[item];
            let effect = joint.effects.len();
            joint.effects.extend(planned.effects.iter().cloned());
            joint.seen = joint.seen.take().or_else(|| planned.seen.clone());
            joint.turned_on = both(joint.turned_on.take(), planned.turned_on.clone());
            EffectPlace { item, effect }
        };
        let places = runs.iter().map(|run| run.planned.iter().map(&mut place).collect()).collect();
        JointPlan { items, places }
    }

    /// The finished plan of these runs, as `--plan-out` saves it.
    ///
    /// # Panics
    /// There is no run.
    #[must_use]
    pub fn plan<'r>(&'r self, runs: &'r [TriageRun<'_>], version: &'r str) -> Plan<'r> {
        let mut joint = runs[0].plan(version);
        for run in &runs[1..] {
            joint.complete &= run.complete;
            joint.manners.join(run.plan(version).manners);
        }
        Plan { job: RUN.into(), rules_hash: rules_hash(runs).into(), items: self.items.as_slice().into(), ..joint }
    }

    /// What became of the planned items of a run, by its place.
    #[must_use]
    pub fn outcomes(&self, run: usize, outcomes: &[ItemOutcome]) -> Vec<ItemOutcome> {
        let places = self.places.get(run).into_iter().flatten();
        places.filter_map(|at| Some(outcomes.get(at.item)?.of_effect(at.effect))).collect()
    }
}

/// The digest of the rules of several policies.
#[must_use]
pub fn rules_hash(runs: &[TriageRun<'_>]) -> String {
    let hashes: Vec<&str> = runs.iter().map(|run| run.policy.hash.as_str()).collect();
    digest(&hashes.join("\n"))
}

/// What two decisions about one item turned on: what came later than either knew, that one does not know.
fn both(one: Option<Basis>, other: Option<Basis>) -> Option<Basis> {
    match (one, other) {
        (Some(mut one), Some(other)) => {
            one.facts.extend(other.facts);
            one.facts.sort();
            one.facts.dedup();
            one.since = one.since.min(other.since);
            Some(one)
        }
        (one, other) => one.or(other),
    }
}
