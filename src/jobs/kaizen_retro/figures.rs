//! Figures of a window: how many, and how long it took.
//!
//! Takes: a [`Activity`], a window of it. Gives: [`RetroFigures`], the same for every window, so that they can be
//! compared; and what was opened and closed by day.

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;

use crate::forge::Repo;
use crate::jobs::window::{Activity, RepoWindow, Window};

/// Microseconds in an hour.
const HOUR: f64 = 3_600_000_000.0;
/// Days that a chart has at most.
const DAYS: usize = 62;

/// Figures of one window.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
pub struct RetroFigures {
    /// Issues opened.
    pub opened: usize,
    /// Issues closed.
    pub closed: usize,
    /// Pull requests merged.
    pub merged: usize,
    /// Pull requests closed without a merge.
    pub closed_prs: usize,
    /// Median hours to a first response.
    pub response_median_hours: Option<f64>,
    /// Nine in ten first responses came within so many hours.
    pub response_p90_hours: Option<f64>,
    /// Median hours from opening to closing.
    pub close_median_hours: Option<f64>,
    /// Nine in ten closed issues were open so many hours at most.
    pub close_p90_hours: Option<f64>,
}

impl RetroFigures {
    /// Of a window, over the repositories that `wanted` lets through.
    #[must_use]
    pub fn of(world: &Activity, window: Window, wanted: impl Fn(&Repo) -> bool) -> RetroFigures {
        let mut figures = RetroFigures::default();
        let (mut responses, mut closes) = (Vec::new(), Vec::new());
        for repo in world.repos.iter().filter(|repo| wanted(&repo.repo)) {
            figures.opened += repo.opened_in(window).count();
            figures.closed += repo.closed_in(window).count();
            let merged = repo.pulls_in(window).filter(|pull| pull.item.merged).count();
            figures.merged += merged;
            figures.closed_prs += repo.pulls_in(window).count() - merged;
            responses.extend(repo.first_responses(window));
            closes.extend(repo.times_to_close(window));
        }
        responses.sort_unstable();
        closes.sort_unstable();
        RetroFigures {
            response_median_hours: quantile(&responses, 0.5),
            response_p90_hours: quantile(&responses, 0.9),
            close_median_hours: quantile(&closes, 0.5),
            close_p90_hours: quantile(&closes, 0.9),
            ..figures
        }
    }
}

/// A quantile of sorted times in microseconds, in hours to a hundredth; between two values their weighted
/// mean (the definition of NumPy and of spreadsheets).
fn quantile(sorted: &[i64], part: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    // Lengths and times of a window are exact as floats.
    let at = last as f64 * part;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    let (a, b) = (*sorted.get(low)? as f64, *sorted.get(high)? as f64);
    Some(crate::engine::eval::round((a + (b - a) * (at - at.floor())) / HOUR, 2))
}

/// What was opened and closed on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Day {
    /// The day.
    #[serde(serialize_with = "write_day")]
    pub day: NaiveDate,
    /// Issues opened.
    pub opened: usize,
    /// Issues closed.
    pub closed: usize,
}

fn write_day<S: serde::Serializer>(day: &NaiveDate, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(day)
}

/// Every day of a window, the first first; at most the last two months of it.
#[must_use]
pub fn days(world: &Activity, window: Window, zone: Tz, wanted: impl Fn(&Repo) -> bool) -> Vec<Day> {
    let day = |at: i64| Some(DateTime::from_timestamp_micros(at)?.with_timezone(&zone).date_naive());
    let (Some(first), Some(last)) = (day(window.since), day(window.until.saturating_sub(1))) else { return Vec::new() };
    let mut days: Vec<Day> =
        first.iter_days().take_while(|day| *day <= last).map(|day| Day { day, opened: 0, closed: 0 }).collect();
    days.drain(..days.len().saturating_sub(DAYS));
    let Some(from) = days.first().map(|day| day.day) else { return days };
    let mut count = |at: Option<i64>, field: fn(&mut Day) -> &mut usize| {
        let place = at.and_then(day).and_then(|day| usize::try_from((day - from).num_days()).ok());
        if let Some(day) = place.and_then(|place| days.get_mut(place)) {
            *field(day) += 1;
        }
    };
    for repo in world.repos.iter().filter(|repo: &&RepoWindow| wanted(&repo.repo)) {
        repo.opened_in(window).for_each(|seen| count(seen.opened_at(), |day| &mut day.opened));
        repo.closed_in(window).for_each(|seen| count(seen.closed_at(), |day| &mut day.closed));
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_spreadsheets() {
        let hours = |list: &[i64]| list.iter().map(|hours| hours * 3_600_000_000).collect::<Vec<_>>();
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&hours(&[4]), 0.9), Some(4.0));
        assert_eq!(quantile(&hours(&[1, 2, 3, 10]), 0.5), Some(2.5));
        assert_eq!(quantile(&hours(&[1, 2, 3, 10]), 0.9), Some(7.9));
    }
}
