//! One look at each repository before the first write.
//!
//! Takes: a plan. Gives: for each of its repositories what writing needs to know of it, or why nothing
//! may be written there; and the first label that is missing is known before anything is posted.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use anyhow::Result;

use super::{ApplyResult, ItemFate, ItemOutcome, PlanRun};
use crate::forge::change::{GREY, NewLabel};
use crate::plan::Op;

/// A repository that may be written to.
pub(super) struct Repository {
    /// Its index in the forge.
    pub(super) index: usize,
    /// Labels that are missing and will be made before they are first put on; one that was made is gone from here.
    pub(super) missing: RefCell<Vec<NewLabel>>,
    /// Logins that cannot be assigned.
    pub(super) unassignable: Vec<String>,
}

fn failed(why: String) -> ItemOutcome {
    ItemOutcome::new(ItemFate::Failed, why)
}

impl PlanRun<'_, '_> {
    /// Looks at every repository of the plan. What fails is told before anything is written.
    pub(super) fn preflight(&self, applied: &mut ApplyResult) -> HashMap<&str, Result<Repository, ItemOutcome>> {
        let names: BTreeSet<&str> = self.plan.items.iter().map(|item| item.repo.as_ref()).collect();
        let mut found = HashMap::new();
        for name in names {
            let repository =
                self.repository(name).unwrap_or_else(|error| Err(failed(format!("Nothing was written: {error:#}"))));
            match &repository {
                Err(outcome) => {
                    applied.warnings.push(format!("{name}: {}", outcome.note.as_deref().unwrap_or_default()));
                }
                Ok(repository) => applied.warnings.extend(repository.unassignable.iter().map(|login| {
                    format!("{name}: {login} cannot be assigned here; mend the login in the rules, or give it access")
                })),
            }
            found.insert(name, repository);
        }
        found
    }

    fn repository(&self, name: &str) -> Result<Result<Repository, ItemOutcome>> {
        let forge = self.apply.forge;
        let Some(index) = forge.repos().iter().position(|repo| repo.name.eq_ignore_ascii_case(name)) else {
            return Ok(Err(failed("the forge has no such repository, or the token may not see it".to_owned())));
        };
        let of_repo = || self.plan.items.iter().filter(|item| item.repo.as_ref() == name);
        let writes = || of_repo().flat_map(|item| &item.effects).flat_map(|effect| &effect.writes);
        let milestones = writes().any(|write| write.op == Op::SetMilestone);
        let there = forge.preflight(index, milestones)?;
        if let Some(why) = there.refused {
            let fate = if there.closed { ItemFate::Dropped } else { ItemFate::Failed };
            return Ok(Err(ItemOutcome::new(fate, format!("Nothing was written: {why}"))));
        }
        let put_on = writes().filter(|write| matches!(write.op, Op::AddLabels | Op::CreateIssue | Op::CreateLabel));
        let labels: BTreeSet<&String> = put_on.flat_map(|write| &write.args.labels).collect();
        let known = |label: &&String| there.labels.iter().any(|name| forge.label_names().same(name, label));
        let missing: Vec<NewLabel> =
            labels.into_iter().filter(|label| !known(label)).map(|name| self.described(name)).collect();
        // One that is put back may be closed by now: that stops its item alone.
        let milestone = writes()
            .filter(|write| !write.is_undo())
            .filter_map(|write| write.args.milestone.as_ref())
            .find(|title| !there.milestones.contains(title));
        if let Some(title) = milestone {
            return Ok(Err(failed(format!("Nothing was written: there is no open milestone {title}; create it"))));
        }
        let assigned = writes().filter(|write| matches!(write.op, Op::Assign | Op::CreateIssue));
        let logins: BTreeSet<&String> = assigned.flat_map(|write| &write.args.assignees).collect();
        let mut unassignable = Vec::new();
        for login in logins {
            if !forge.assignable(index, login)? {
                unassignable.push(login.clone());
            }
        }
        Ok(Ok(Repository { index, missing: RefCell::new(missing), unassignable }))
    }

    /// A label as the rules describe it.
    fn described(&self, name: &str) -> NewLabel {
        let known = self.plan.manners.labels.iter().find(|label| label.name == name);
        known.cloned().unwrap_or_else(|| NewLabel {
            name: name.to_owned(),
            color: GREY.to_owned(),
            description: String::new(),
        })
    }
}
