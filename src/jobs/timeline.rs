//! What somebody last did on an item.
//!
//! Takes: an item on a forge. Gives: [`Timeline`], read when it is first asked for, and the last
//! activity in it that counts.

use std::cell::OnceCell;

use super::backlog::BacklogQuery;
use crate::engine::facts::Availability;
use crate::engine::rules::Policy;
use crate::forge::{Event, EventKind, LabelNames};
use crate::plan::memory::Us;

/// The timeline of one item, read when it is first asked for, and once however many policies judge the
/// item.
#[derive(Debug, Default)]
pub struct Timeline(OnceCell<Result<Option<Vec<Event>>, String>>);

impl Timeline {
    /// Whether it was asked for, and is recorded.
    #[must_use]
    pub fn was_read(&self) -> bool {
        matches!(self.0.get(), Some(Ok(Some(_))))
    }

    /// The last activity on the item that counts, as far as it is known without reading more.
    pub(super) fn activity_so_far(&self, asked: &BacklogQuery<'_>) -> Availability<Option<i64>> {
        match self.0.get() {
            None => Availability::NotRead,
            Some(Ok(Some(events))) => {
                Availability::Is(last_activity(asked.policy, &asked.us(), asked.forge.label_names(), events))
            }
            Some(_) => Availability::Unrecorded,
        }
    }

    /// Reads it, if it has not been read.
    ///
    /// # Errors
    /// It could not be read.
    pub(super) fn read(&self, asked: &BacklogQuery<'_>, repo: usize, number: u64) -> Result<(), String> {
        let read = || asked.forge.timeline(repo, number).map_err(|error| format!("{error:#}"));
        self.0.get_or_init(read).as_ref().map(drop).map_err(Clone::clone)
    }
}

/// The last activity on an item that counts, as its timeline tells: whatever others did, and of what we
/// did handing it over, by assigning it or by a label that an action puts on for an agent. Our comments and
/// other labels move nothing.
pub(super) fn last_activity(policy: &Policy, us: &Us<'_>, names: LabelNames, events: &[Event]) -> Option<i64> {
    let ours = |event: &Event| event.actor.as_ref().is_some_and(|actor| us.is(&actor.login));
    let for_agents = || policy.actions.iter().filter(|action| action.agent.is_some());
    let handed = |event: &Event| match &event.what {
        EventKind::Assigned(_) => true,
        EventKind::Labeled(name) => {
            for_agents().flat_map(|action| &action.add_labels).any(|label| names.same(label, name))
        }
        _ => false,
    };
    let counted = events.iter().filter(|event| !ours(event) || handed(event));
    counted.filter_map(|event| event.at).max().map(|at| at.timestamp_micros())
}
