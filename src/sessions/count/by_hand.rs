//! Sessions that were worked by hand.
//!
//! Takes: a session of many calls, what is left of its time. Gives: it counted as manual, where it is.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::manual::{ManualSession, SequenceTally, sequence, tenths};
use super::super::session::{Session, SessionPlace, Tool};
use super::super::tools::Sightings;
use super::super::who::{Who, shorten};
use super::Counter;
use super::uses::tool_name;

impl Counter<'_> {
    pub(super) fn manual(
        &mut self,
        session: &Session<'_>,
        place: SessionPlace,
        who: &Who<'_>,
        repo: &Arc<str>,
        micros: u64,
    ) {
        let name = |tool| {
            if self.measure.unnamed_apart && matches!(tool, &Tool::Absent) {
                Cow::Borrowed("None")
            } else {
                tool_name(self.measure, tool)
            }
        };
        let mut different: Vec<Cow<'_, str>> = Vec::new();
        for call in &session.calls {
            let tool = name(&call.tool);
            if !different.contains(&tool) {
                different.push(tool);
                if different.len() > self.measure.manual_tools {
                    return;
                }
            }
        }
        let names: Vec<Cow<'_, str>> = session.calls.iter().map(|call| name(&call.tool)).collect();
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        let steps = sequence(&names);
        let calls = session.calls.len() as u64;
        let minutes = session.took_ms.unwrap_or(0.0) / 60_000.0;
        let (id, repo_name) = (Arc::clone(&who.id), Arc::clone(repo));
        let tools = different.len() as u64;
        let text: Box<str> = shorten(&steps).into();
        self.counts.manual.add(ManualSession {
            tenths: tenths(minutes),
            place,
            id,
            repo: repo_name,
            calls,
            tools,
            minutes,
            sequence: text.clone(),
        });
        let key = self.name(&steps);
        let new = || SequenceTally {
            name: text,
            first: place,
            times: 0,
            calls: 0,
            micros: 0,
            sightings: Sightings::default(),
        };
        if let Some(tally) = self.counts.manual.sequences.of(key, 1, new) {
            tally.first = tally.first.min(place);
            tally.times += 1;
            tally.calls += calls;
            tally.micros = tally.micros.saturating_add(micros);
            tally.sightings.add(place, who, repo);
        }
    }
}
