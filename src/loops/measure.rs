//! How the log is counted: the parameters of `measure:`, and their span of time.
//!
//! Takes: numbers and words of the rules, the instant of the run. Gives: [`LoopMeasure`], and in which
//! window a cycle lies.

/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;

/// A length of time as people say it, in its two largest units.
#[must_use]
pub fn span(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    let both = |great: u64, unit: &str, small: u64, other: &str| match small {
        0 => format!("{great} {unit}"),
        small => format!("{great} {unit} {small} {other}"),
    };
    match whole {
        0..60 => format!("{whole} s"),
        60..3_600 => both(whole / 60, "min", whole % 60, "s"),
        3_600..86_400 => both(whole / 3_600, "h", whole % 3_600 / 60, "min"),
        86_400..172_800 => both(1, "day", whole % 86_400 / 3_600, "h"),
        _ => both(whole / 86_400, "days", whole % 86_400 / 3_600, "h"),
    }
}

/// Over which cycles something is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The whole log.
    All,
    /// The recent window.
    Window,
}

/// What makes a duration an outlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutlierBy {
    /// So many times the mean, which the outliers themselves raise.
    Mean,
    /// So many times the median.
    Median,
    /// So many median absolute deviations (as standard deviations, times 1.4826) above the median.
    Mad,
}

/// Which outliers are listed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// Those that stand first in the log.
    Oldest,
    /// The longest.
    Longest,
}

/// The parameters of the counting.
#[derive(Debug, Clone)]
pub struct LoopMeasure {
    /// The instant of the run, microseconds since 1970.
    pub now: i64,
    /// Length of a window, microseconds.
    pub window: i64,
    /// Cycles before this instant are not counted at all.
    pub since: Option<i64>,
    /// A cycle that stands in the log twice counts once.
    pub once: bool,
    /// Success is whatever is not empty, and what is not said has failed; else only yes and no count.
    pub truthy: bool,
    /// Cycles that lie after `now` count, as recent ones; else they are left out and said.
    pub keep_future: bool,
    /// What types are counted over.
    pub types: Over,
    /// What repeated failures are counted over.
    pub repeats: Over,
    /// Failures of an issue from which it is listed.
    pub repeats_from: u64,
    /// Issues that are listed.
    pub repeats_listed: usize,
    /// A success takes back the failures before it.
    pub forgive: bool,
    /// What outliers are counted over.
    pub outliers: Over,
    /// What an outlier is.
    pub outlier_by: OutlierBy,
    /// How many times.
    pub outlier_times: f64,
    /// Durations without which there are no outliers.
    pub outlier_least: u64,
    /// Outliers that are listed.
    pub outliers_listed: usize,
    /// Which.
    pub outliers_first: First,
    /// The characters of a deep triage's feedback that are kept.
    pub feedback_length: usize,
    /// The last so many feedbacks are kept; 0 for all.
    pub feedback_kept: usize,
}

/// Where a cycle lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CycleTime {
    /// It does not count.
    Out,
    /// After now, where that does not count.
    Future,
    /// It is not known, or longer ago than two windows.
    Elsewhere,
    /// In the last window.
    Recent,
    /// In the window before that.
    Previous,
}

impl LoopMeasure {
    /// Where an instant lies; `i64::MIN` is unknown.
    #[must_use]
    pub fn when(&self, at: i64) -> CycleTime {
        if self.since.is_some_and(|since| at < since) {
            CycleTime::Out
        } else if at == i64::MIN {
            CycleTime::Elsewhere
        } else if at > self.now && !self.keep_future {
            CycleTime::Future
        } else if at >= self.now.saturating_sub(self.window) {
            CycleTime::Recent
        } else if at >= self.now.saturating_sub(self.window.saturating_mul(2)) {
            CycleTime::Previous
        } else {
            CycleTime::Elsewhere
        }
    }

    /// Whether a cycle that lies there counts for something.
    #[must_use]
    pub fn counts(&self, over: Over, when: CycleTime) -> bool {
        when == CycleTime::Recent || over == Over::All && matches!(when, CycleTime::Elsewhere | CycleTime::Previous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_said_as_people_say_them() {
        let said = [0.4, 59.6, 61.0, 3_599.0, 3_600.0, 5_025.0, 86_400.0, 90_000.0, 22_000_000.0].map(span);
        let expected =
            ["0 s", "1 min", "1 min 1 s", "59 min 59 s", "1 h", "1 h 23 min", "1 day", "1 day 1 h", "254 days 15 h"];
        assert_eq!(said, expected);
        assert_eq!(span(-5.0), "0 s");
    }
}
