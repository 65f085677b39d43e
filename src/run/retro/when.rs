//! The window of a retrospective, and what its report is called.
//!
//! Takes: the arguments, the parameters of the rules, what is remembered of earlier reports. Gives: [`RetroWindow`].

use anyhow::anyhow;
use chrono::{DateTime, Utc};

use super::super::rules::RulesInForce;
use super::super::{EarlyEnd, usage};
use crate::cli::RetroOptions;
use crate::forge::time::parse;
use crate::jobs::kaizen_retro::memory::RetroMemory;
use crate::jobs::window::Window;

/// Microseconds in an hour, a day and a week.
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// The window. Instants are microseconds since 1970 UTC.
#[derive(PartialEq, Eq)]
pub(super) struct RetroWindow {
    /// What is looked at: its last instant is in it.
    pub(super) window: Window,
    /// That instant.
    pub(super) until: i64,
    /// Where the window before it, and the same a week ago, begin.
    pub(super) before: [i64; 2],
    /// What the report is called, by the day in the time zone of the rules.
    pub(super) key: String,
}

impl RetroWindow {
    /// It begins where the last report ended, if that was not long ago; `--since` wins.
    pub(super) fn find(
        args: &RetroOptions,
        rules: &RulesInForce,
        memory: &RetroMemory,
        now: DateTime<Utc>,
    ) -> Result<RetroWindow, EarlyEnd> {
        let measure = &rules.advice.measure;
        let end = args.until.unwrap_or(now);
        let until = end.timestamp_micros();
        let day = end.with_timezone(&rules.policy.timezone).format("%Y-%m-%d");
        let key = format!("retro-{day}");
        let instant = |text: &str| parse(text).map(|at| at.timestamp_micros());
        let longest = measure.whole("longest_gap_days").saturating_mul(DAY);
        let last = memory.window_start(&key).or_else(|| memory.last_end(&key)).and_then(instant);
        let last = last.filter(|last| *last < until && until.saturating_sub(*last) < longest);
        let hours = measure.whole("window_hours").saturating_mul(HOUR);
        let asked = args.since.map(|since| since.timestamp_micros());
        let since = asked.or(last).unwrap_or_else(|| until.saturating_sub(hours));
        if since >= until {
            return Err(usage(anyhow!("the window is empty: --since is not before its end")));
        }
        let length = until - since;
        Ok(RetroWindow {
            window: Window { since, until: until.saturating_add(1) },
            until,
            before: [since.saturating_sub(length), since.saturating_sub(WEEK)],
            key,
        })
    }
}
