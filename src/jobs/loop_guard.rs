//! `loop-guard`: is there work, and how long to wait where there is none?
//!
//! Reads: `queue.json`, or the open issues. Leaves: `guard.json`, the step outputs `ready` and
//! `wait_seconds`. Lacks: templates.
//!
//! The wait doubles with every idle run, but not within a wait that an earlier run has begun: of two
//! guards at once the second says what is left of it.

use serde_json::Value;

use crate::advise::{self, Param, ParamKind, Preset};
use crate::language::JobSpec;
use crate::loops::insights::instant_of;
use crate::loops::measure::{SECOND, span};

/// The name of the job.
pub const JOB: &str = "loop-guard";

/// What this job asks of its rule file.
pub const SPEC: JobSpec = JobSpec {
    job: JOB,
    declares: JOB,
    items: None,
    texts: &[],
    measure: &[
        Param {
            name: "base_s",
            kind: ParamKind::Whole(1),
            default: Preset::Int(60),
            about: "Seconds of the first wait; each one after it is twice as long.",
        },
        Param {
            name: "queue_hours",
            kind: ParamKind::Whole(1),
            default: Preset::Int(24),
            about: "Hours after which a queue no longer answers whether there is work.",
        },
        Param {
            name: "max_s",
            kind: ParamKind::Whole(1),
            default: Preset::Int(600),
            about: "Seconds of the longest wait.",
        },
        Param {
            name: "jitter",
            kind: ParamKind::Number(0.0),
            default: Preset::Float(0.0),
            about: "A part of each wait, at most this share of it, is left out by chance, so that loops spread.",
        },
    ],
    sections: &[],
    publishes: false,
    owns_issues: false,
};

/// Why a queue no longer answers whether there is work, at `now` in microseconds since 1970; `None` where it does.
/// One that is not there holds no work.
#[must_use]
pub fn too_old(queue: &Value, now: i64, most_hours: i64) -> Option<String> {
    if queue.is_null() {
        return None;
    }
    let Some(at) = instant_of(&queue["generated_at"]) else { return Some("it does not say of when it is".to_owned()) };
    let age = now.saturating_sub(at).max(0) / SECOND;
    (age > most_hours.saturating_mul(3_600)).then(|| format!("it is {} old", span(age as f64)))
}

/// How waits grow.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    base: u64,
    most: u64,
    jitter: f64,
}

/// What earlier runs left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GuardState {
    /// Runs in a row without work.
    pub idle_runs: u64,
    /// Seconds that the last of them said to wait.
    pub wait_s: u64,
    /// When it said so, in seconds since 1970.
    pub at: i64,
}

/// What a run says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardAnswer {
    /// Seconds to wait; 0 is go.
    pub wait_s: u64,
    /// What is left for later runs; none where it stays as it is.
    pub state: Option<GuardState>,
}

impl Backoff {
    /// From the rules.
    #[must_use]
    pub fn new(measure: &advise::JobParams) -> Backoff {
        let whole = |name: &str| u64::try_from(measure.whole(name)).unwrap_or(1);
        Backoff { base: whole("base_s"), most: whole("max_s"), jitter: measure.number("jitter").min(1.0) }
    }

    /// What to say at `now`, seconds since 1970. `chance` is from 0 to 1.
    #[must_use]
    pub fn say(&self, ready: bool, before: GuardState, now: i64, chance: f64) -> GuardAnswer {
        if ready {
            return GuardAnswer { wait_s: 0, state: Some(GuardState { at: now, ..GuardState::default() }) };
        }
        let until = before.at.saturating_add_unsigned(before.wait_s);
        // A clock that was set back must not make a wait for ever.
        if before.idle_runs > 0 && (before.at..until).contains(&now) {
            return GuardAnswer { wait_s: now.abs_diff(until), state: None };
        }
        let idle_runs = before.idle_runs.saturating_add(1);
        let doubled = u32::try_from(idle_runs - 1).ok().and_then(|times| 1_u64.checked_shl(times));
        let whole = doubled.map_or(self.most, |times| self.base.saturating_mul(times)).min(self.most);
        let left_out = (whole as f64 * self.jitter * chance) as u64;
        let wait_s = whole.saturating_sub(left_out).max(1);
        GuardAnswer { wait_s, state: Some(GuardState { idle_runs, wait_s, at: now }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: Backoff = Backoff { base: 60, most: 600, jitter: 0.0 };

    #[test]
    fn waits_double_up_to_a_limit_and_begin_anew_with_work() {
        let (mut state, mut now, mut waits) = (GuardState::default(), 1_000, Vec::new());
        for _ in 0..70 {
            let said = SHIPPED.say(false, state, now, 0.0);
            waits.push(said.wait_s);
            state = said.state.unwrap_or(state);
            now += i64::try_from(said.wait_s).unwrap_or(0);
        }
        assert_eq!(waits[..6], [60, 120, 240, 480, 600, 600]);
        assert_eq!((waits[69], state.idle_runs), (600, 70));
        let go = SHIPPED.say(true, state, now, 0.0);
        assert_eq!(go, GuardAnswer { wait_s: 0, state: Some(GuardState { idle_runs: 0, wait_s: 0, at: now }) });
        assert_eq!(SHIPPED.say(false, go.state.unwrap_or_default(), now, 0.0).wait_s, 60);
    }

    #[test]
    fn within_a_wait_another_guard_says_what_is_left_of_it() {
        let state = GuardState { idle_runs: 2, wait_s: 120, at: 1_000 };
        assert_eq!(SHIPPED.say(false, state, 1_000, 0.0), GuardAnswer { wait_s: 120, state: None });
        assert_eq!(SHIPPED.say(false, state, 1_090, 0.0), GuardAnswer { wait_s: 30, state: None });
        assert_eq!(SHIPPED.say(false, state, 1_120, 0.0).wait_s, 240);
        assert_eq!(SHIPPED.say(false, state, 500, 0.0).wait_s, 240, "a clock set back");
    }

    #[test]
    fn chance_makes_a_wait_shorter_and_never_none() {
        let spread = Backoff { jitter: 0.5, ..SHIPPED };
        assert_eq!(spread.say(false, GuardState::default(), 0, 1.0).wait_s, 30);
        assert_eq!(spread.say(false, GuardState::default(), 0, 0.0).wait_s, 60);
        assert_eq!(Backoff { base: 1, most: 1, jitter: 1.0 }.say(false, GuardState::default(), 0, 1.0).wait_s, 1);
    }
}
