//! Sessions, counted in one pass.
//!
//! Takes: one session after another, whoever read it. Gives: [`Counts`]. Those of several parts of the
//! inputs, joined, are those of the whole, to the last bit. Each hour is charged once: what a session
//! wasted is charged first to its errors, then to retries, to slow calls, and what is left of a manual
//! session to its sequence; together never more than the session took.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bounded::{Kept, hash};
use super::errors::ErrorTally;
use super::manual::{Manual, ManualSession, SequenceTally, sequence, tenths};
use super::measure::Measure;
use super::problems::Problems;
use super::session::{Place, Session, Tool};
use super::tools::{Seen, ToolTally, Use};

/// Bytes of raw messages and names that are remembered, so that one met again costs nothing.
const REMEMBERED: usize = 2 << 20;
/// Characters of a name that are kept.
const NAME: usize = 200;
const MICROS_A_MS: f64 = 1_000.0;
const MICROS_A_MINUTE: f64 = 60_000_000.0;

/// What was counted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counts {
    /// Records of sessions.
    pub sessions: u64,
    /// Calls in them.
    pub calls: u64,
    /// Errors in them.
    pub errors_met: u64,
    /// When the first began and the last ended, in seconds since 1970; `None` where no session says.
    pub span: Option<(i64, i64)>,
    /// Errors.
    pub errors: Kept<ErrorTally>,
    /// Tools.
    pub tools: Kept<ToolTally>,
    /// Manual sessions.
    pub manual: Manual,
    /// What could not be read.
    pub problems: Problems,
}

impl Counts {
    /// Nothing yet.
    #[must_use]
    pub fn new(measure: &Measure) -> Self {
        Counts {
            sessions: 0,
            calls: 0,
            errors_met: 0,
            span: None,
            errors: Kept::new(measure.kept),
            tools: Kept::new(measure.kept),
            manual: Manual::new(measure.kept),
            problems: Problems::default(),
        }
    }

    /// Takes those of another part.
    pub fn join(&mut self, other: Counts) {
        self.sessions += other.sessions;
        self.calls += other.calls;
        self.errors_met += other.errors_met;
        self.widen(other.span);
        self.errors.join(other.errors);
        self.tools.join(other.tools);
        self.manual.join(other.manual);
        self.problems.add(other.problems);
    }

    /// Ends the counting: what is written is the same whoever counted.
    pub fn settle(&mut self) {
        self.errors.settle();
        self.tools.settle();
        self.manual.sequences.settle();
    }

    fn widen(&mut self, span: Option<(i64, i64)>) {
        self.span = match (self.span, span) {
            (Some((from, to)), Some((other_from, other_to))) => Some((from.min(other_from), to.max(other_to))),
            (one, other) => one.or(other),
        };
    }
}

/// Counts sessions; remembers what messages and names came to.
#[derive(Debug)]
pub struct Counter<'m> {
    measure: &'m Measure,
    /// What was counted.
    pub counts: Counts,
    /// Raw messages, and the key and the normal text of each; no key where nothing is left of it.
    messages: HashMap<Box<str>, Option<(u128, Box<str>)>>,
    message_bytes: usize,
    /// Names of tools and sequences, and their keys.
    names: HashMap<Box<str>, u128>,
    name_bytes: usize,
    repos: HashMap<Box<str>, Arc<str>>,
}

/// What is left of a session's time, in microseconds.
struct Budget(u64);

impl Budget {
    fn charge(&mut self, micros: f64) -> u64 {
        let charged = (micros.round().max(0.0) as u64).min(self.0);
        self.0 -= charged;
        charged
    }
}

impl<'m> Counter<'m> {
    /// Nothing yet.
    #[must_use]
    pub fn new(measure: &'m Measure) -> Self {
        Counter {
            measure,
            counts: Counts::new(measure),
            messages: HashMap::new(),
            message_bytes: 0,
            names: HashMap::new(),
            name_bytes: 0,
            repos: HashMap::new(),
        }
    }

    /// Milliseconds between two lines of a transcript after which nobody worked.
    #[must_use]
    pub fn idle_ms(&self) -> f64 {
        self.measure.idle_minutes * 60_000.0
    }

    /// Counts a session.
    pub fn add(&mut self, session: &Session<'_>, Place(input, at, _): Place) {
        let place = Place(input, at, 0);
        self.counts.sessions += 1;
        self.counts.calls += session.calls.len() as u64;
        self.counts.errors_met += session.errors.len() as u64;
        let times = session.began.into_iter().chain(session.ended);
        self.counts.widen(times.clone().min().zip(times.max()));
        let id: Arc<str> = shown(session.id.as_deref().unwrap_or("unknown")).into();
        // A session without a name is one of its own.
        let hash = session.id.as_deref().map_or_else(|| hash(&format!("{input} {at}")), hash) as u64;
        let who = (&id, hash);
        let repo = self.repo(session.repo.as_deref().unwrap_or("global"));
        // Where it is not known how long a session took, nothing bounds what is charged to it.
        let mut budget = Budget(match session.took_ms {
            Some(ms) if ms > 0.0 => (ms * MICROS_A_MS).round() as u64,
            _ => u64::MAX,
        });
        self.errors(session, place, who, &repo, &mut budget);
        self.tools(session, place, who, &repo, &mut budget);
        if budget.0 == u64::MAX {
            budget.0 = 0;
        }
        self.manual(session, place, who, &repo, budget.0);
    }

    fn errors(
        &mut self,
        session: &Session<'_>,
        Place(input, at, _): Place,
        who: (&Arc<str>, u64),
        repo: &Arc<str>,
        budget: &mut Budget,
    ) {
        // Once a session: the repeated ones of a session stand in it in their order.
        let mut met: Vec<u128> = Vec::new();
        for (index, message) in session.errors.iter().enumerate() {
            let Some(key) = self.message(message) else { continue };
            let place = Place(input, at, u32::try_from(index).unwrap_or(u32::MAX));
            let micros = budget.charge(self.measure.error_minutes * MICROS_A_MINUTE);
            let new = met.len() < 64 && !met.contains(&key);
            if new {
                met.push(key);
            }
            let text = || self.messages.get(&**message).and_then(Option::as_ref).map_or("", |(_, text)| text);
            if let Some(error) = self.counts.errors.of(key, 1, || ErrorTally::new(text(), place)) {
                error.add(place, who, repo, micros, new);
            }
        }
    }

    /// The key of an error's normal text.
    fn message(&mut self, raw: &str) -> Option<u128> {
        if let Some(known) = self.messages.get(raw) {
            return known.as_ref().map(|(key, _)| *key);
        }
        let normal = self.measure.normal(raw);
        let key = (!normal.is_empty()).then(|| hash(&normal));
        if self.message_bytes > REMEMBERED {
            self.messages.clear();
            self.message_bytes = 0;
        }
        self.message_bytes += raw.len() + 64;
        let text: String = normal.chars().take(super::errors::SHOWN).collect();
        self.messages.insert(raw.into(), key.map(|key| (key, text.into_boxed_str())));
        key
    }

    fn name(&mut self, name: &str) -> u128 {
        if let Some(key) = self.names.get(name) {
            return *key;
        }
        if self.name_bytes > REMEMBERED {
            self.names.clear();
            self.name_bytes = 0;
        }
        self.name_bytes += name.len() + 64;
        let key = hash(name);
        self.names.insert(name.into(), key);
        key
    }

    fn repo(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.repos.get(name) {
            return Arc::clone(known);
        }
        let repo: Arc<str> = shown(name).into();
        if self.repos.len() < 1_000 {
            self.repos.insert(name.into(), Arc::clone(&repo));
        }
        repo
    }

    fn tools(
        &mut self,
        session: &Session<'_>,
        Place(input, at, _): Place,
        who: (&Arc<str>, u64),
        repo: &Arc<str>,
        budget: &mut Budget,
    ) {
        let mut used = Used::default();
        let calls: Vec<usize> =
            session.calls.iter().map(|call| used.of(tool_name(self.measure, &call.tool))).collect();
        let mut start = 0;
        while start < calls.len() {
            let tool = calls[start];
            let end = calls[start..].iter().position(|other| *other != tool).map_or(calls.len(), |length| start + length);
            let last = Place(input, at, u32::try_from(end).unwrap_or(u32::MAX));
            self.run(&session.calls[start..end], (Place(input, at, 0), start, last), &mut used.uses[tool], budget);
            start = end;
        }
        // Slow calls are charged after the retries of the whole session.
        for (call, tool) in session.calls.iter().zip(&calls) {
            let one = &mut used.uses[*tool];
            let waits = || self.measure.waits.iter().any(|name| *name == used.names[*tool]);
            if call.ms > self.measure.slow_ms && !waits() {
                one.slow += 1;
                if call.failed != Some(true) {
                    one.slow_micros += budget.charge((call.ms - self.measure.slow_ms) * MICROS_A_MS);
                }
            }
        }
        for (name, one) in used.names.iter().zip(used.uses) {
            let key = self.name(name);
            let place = Place(input, at, 0);
            let new = || ToolTally {
                name: shown(name).into(),
                first: place,
                all: Use::default(),
                slow: Seen::default(),
                retried: Seen::default(),
            };
            if let Some(tally) = self.counts.tools.of(key, one.calls, new) {
                tally.first = tally.first.min(place);
                tally.all.join(&one);
                if one.slow > 0 {
                    tally.slow.add(place, who, repo);
                }
                if one.failed_streaks > 0 {
                    tally.retried.add(place, who, repo);
                }
            }
        }
    }

    /// Calls of one tool in a row.
    fn run(
        &self,
        calls: &[super::session::Call<'_>],
        (place, start, last): (Place, usize, Place),
        to: &mut Use,
        budget: &mut Budget,
    ) {
        to.calls += calls.len() as u64;
        for (index, call) in calls.iter().enumerate() {
            if call.ms > 0.0 {
                to.timed += 1;
                to.ms.add(call.ms);
                let at = Place(place.0, place.1, u32::try_from(start + index).unwrap_or(u32::MAX));
                to.first.get_or_insert(at);
            }
            to.judged += u64::from(call.failed.is_some());
            to.failed += u64::from(call.failed == Some(true));
        }
        if calls.len() >= self.measure.streak {
            to.streaks += 1;
            to.first_streak.get_or_insert(last);
        }
        // Failures in a row, and the call after them, which may have gone well: tries of one thing.
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

    fn manual(
        &mut self,
        session: &Session<'_>,
        place: Place,
        who: (&Arc<str>, u64),
        repo: &Arc<str>,
        micros: u64,
    ) {
        if session.calls.len() < self.measure.manual_calls {
            return;
        }
        let name = |tool| if self.measure.unnamed_apart && matches!(tool, &Tool::Absent) {
            Cow::Borrowed("None")
        } else {
            tool_name(self.measure, tool)
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
        let (id, repo_name) = (Arc::clone(who.0), Arc::clone(repo));
        let tools = different.len() as u64;
        let text: Box<str> = shown(&steps).into();
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
        let new = || SequenceTally { name: text, first: place, times: 0, calls: 0, micros: 0, seen: Seen::default() };
        if let Some(tally) = self.counts.manual.sequences.of(key, 1, new) {
            tally.first = tally.first.min(place);
            tally.times += 1;
            tally.calls += calls;
            tally.micros = tally.micros.saturating_add(micros);
            tally.seen.add(place, who, repo);
        }
    }
}

/// The tools of a session, and what it did with each.
#[derive(Default)]
struct Used<'s> {
    names: Vec<Cow<'s, str>>,
    uses: Vec<Use>,
    /// Where there are many.
    many: HashMap<Cow<'s, str>, usize>,
    last: usize,
}

impl<'s> Used<'s> {
    fn of(&mut self, name: Cow<'s, str>) -> usize {
        if self.names.get(self.last).is_some_and(|last| *last == name) {
            return self.last;
        }
        let found = match self.names.len() {
            ..=16 => self.names.iter().position(|there| *there == name),
            _ => self.many.get(&name).copied(),
        };
        self.last = found.unwrap_or_else(|| {
            self.names.push(name);
            self.uses.push(Use::default());
            if self.names.len() == 17 {
                self.many = self.names.iter().cloned().zip(0..).collect();
            } else if self.names.len() > 17 {
                self.many.insert(self.names[self.names.len() - 1].clone(), self.names.len() - 1);
            }
            self.names.len() - 1
        });
        self.last
    }
}

/// The name that a tool is counted under.
fn tool_name<'s>(measure: &Measure, tool: &'s Tool<'_>) -> Cow<'s, str> {
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

/// A name as far as it is kept.
fn shown(name: &str) -> &str {
    name.char_indices().nth(NAME).map_or(name, |(at, _)| &name[..at])
}
