//! The calls of one session, by tool.
//!
//! Takes: a session, what is left of its time. Gives: what it did with each tool, added to that of all.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::super::measure::SessionMeasure;
use super::super::session::{Call, Session, SessionPlace, Tool};
use super::super::tools::{Sightings, ToolTally, Use};
use super::super::who::{Who, shorten};
use super::{Budget, Counter, MICROS_A_MINUTE, MICROS_A_MS};

impl Counter<'_> {
    /// Counts them; how many tools they name.
    pub(super) fn tools(
        &mut self,
        session: &Session<'_>,
        SessionPlace(input, at, _): SessionPlace,
        who: &Who<'_>,
        repo: &Arc<str>,
        budget: &mut Budget,
    ) -> usize {
        let mut used = ToolUse::default();
        let calls: Vec<usize> = session.calls.iter().map(|call| used.of(self.measure, &call.tool)).collect();
        let mut start = 0;
        for run in calls.chunk_by(|one, next| one == next) {
            let end = start + run.len();
            let last = SessionPlace(input, at, u32::try_from(end).unwrap_or(u32::MAX));
            let one = &mut used.all[run[0]].did;
            self.run(&session.calls[start..end], (SessionPlace(input, at, 0), start, last), one, budget);
            start = end;
        }
        // Slow calls are charged after the retries of the whole session.
        for (call, tool) in session.calls.iter().zip(&calls) {
            let ToolTries { waits, did, .. } = &mut used.all[*tool];
            if call.ms > self.measure.slow_ms && !*waits {
                did.slow += 1;
                if call.failed != Some(true) {
                    did.slow_micros += budget.charge((call.ms - self.measure.slow_ms) * MICROS_A_MS);
                }
            }
        }
        for ToolTries { name, did, .. } in &used.all {
            let key = self.name(name);
            let place = SessionPlace(input, at, 0);
            let new = || ToolTally {
                name: shorten(name).into(),
                first: place,
                all: Use::default(),
                slow: Sightings::default(),
                retried: Sightings::default(),
            };
            if let Some(tally) = self.counts.tools.of(key, did.calls, new) {
                tally.first = tally.first.min(place);
                tally.all.join(did);
                if did.slow > 0 {
                    tally.slow.add(place, who, repo);
                }
                if did.failed_streaks > 0 {
                    tally.retried.add(place, who, repo);
                }
            }
        }
        used.all.len()
    }

    /// Calls of one tool in a row.
    fn run(
        &self,
        calls: &[Call<'_>],
        (place, start, last): (SessionPlace, usize, SessionPlace),
        to: &mut Use,
        budget: &mut Budget,
    ) {
        to.calls += calls.len() as u64;
        let mut failures = 0_u64;
        for (index, call) in calls.iter().enumerate() {
            if call.ms > 0.0 {
                to.timed += 1;
                to.ms.add(call.ms);
                let at = SessionPlace(place.0, place.1, u32::try_from(start + index).unwrap_or(u32::MAX));
                to.first.get_or_insert(at);
            }
            to.judged += u64::from(call.failed.is_some());
            failures += u64::from(call.failed == Some(true));
        }
        to.failed += failures;
        if calls.len() >= self.measure.streak {
            to.streaks += 1;
            to.first_streak.get_or_insert(last);
        }
        // Failures in a row, and the call after them, which may have gone well: tries of one thing.
        if failures < 2 {
            return;
        }
        for tries in calls.split_inclusive(|call| call.failed != Some(true)) {
            let failed = tries.iter().filter(|call| call.failed == Some(true)).count();
            if failed > 1 && tries.len() >= self.measure.streak {
                to.failed_streaks += 1;
                for call in tries.iter().filter(|call| call.failed == Some(true)) {
                    let known = call.ms * MICROS_A_MS;
                    let estimate = self.measure.retry_minutes * MICROS_A_MINUTE;
                    to.retry_micros += budget.charge(if known > 0.0 { known } else { estimate });
                }
            }
        }
    }
}

/// The tools of a session, and what it did with each.
#[derive(Default)]
struct ToolUse<'s> {
    all: Vec<ToolTries<'s>>,
    /// Which of `all` a name is.
    by_name: HashMap<Cow<'s, str>, usize>,
    /// The tool of the last call, which is often that of the next one, and which of `all` it is.
    last: Option<(&'s Tool<'s>, usize)>,
}

/// What a session did with one tool.
struct ToolTries<'s> {
    name: Cow<'s, str>,
    /// It waits for a person.
    waits: bool,
    did: Use,
}

impl<'s> ToolUse<'s> {
    fn of(&mut self, measure: &SessionMeasure, tool: &'s Tool<'s>) -> usize {
        if let Some((_, index)) = self.last.filter(|(last, _)| *last == tool) {
            return index;
        }
        let name = tool_name(measure, tool);
        let index = self.by_name.get(&name).copied().unwrap_or_else(|| {
            let waits = measure.waits.iter().any(|waits| *waits == name);
            self.by_name.insert(name.clone(), self.all.len());
            self.all.push(ToolTries { name, waits, did: Use::default() });
            self.all.len() - 1
        });
        self.last = Some((tool, index));
        index
    }
}

/// The name that a tool is counted under.
pub(super) fn tool_name<'s>(measure: &SessionMeasure, tool: &'s Tool<'_>) -> Cow<'s, str> {
    match tool {
        Tool::Absent => Cow::Borrowed("unknown"),
        Tool::Null if measure.unnamed_apart => Cow::Borrowed("None"),
        Tool::Null => Cow::Borrowed("unknown"),
        Tool::Named(name) if measure.lower_tools => {
            let name = name.trim();
            if name.is_empty() {
                Cow::Borrowed("unknown")
            } else if name.chars().any(char::is_uppercase) {
                Cow::Owned(name.to_lowercase())
            } else {
                Cow::Borrowed(name)
            }
        }
        Tool::Named(name) => Cow::Borrowed(&**name),
    }
}
