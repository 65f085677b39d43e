//! The parameters of the counting, as rules give them.
//!
//! Takes: `measure:` of the rules, the instant of the run, a window from the command line. Gives:
//! [`LoopMeasure`].

use crate::advise::{self, Param, ParamKind, Preset};
use crate::loops::measure::{First, LoopMeasure, OutlierBy, Over, SECOND};

const OVER: ParamKind = ParamKind::Word(&["window", "all"]);

/// The table of the parameters.
pub const PARAMS: [Param; 17] = [
    whole("window_days", 1, 7, "Days of a window: the last one is compared with the one before it."),
    word("duplicates", &["once", "counted"], "A cycle that stands in the log twice counts once, or twice."),
    word(
        "success",
        &["boolean", "truthy"],
        "`boolean`: only true and false count, anything else is unknown. `truthy`: whatever is not empty is a success, what is missing a failure.",
    ),
    word("future", &["left_out", "counted"], "Cycles after now are left out and told, or counted as recent."),
    Param { name: "types_over", kind: OVER, default: Preset::Word("window"), about: "What types are judged by." },
    Param {
        name: "repeats_over",
        kind: OVER,
        default: Preset::Word("window"),
        about: "Over what failures of an issue are counted.",
    },
    whole("repeats_from", 1, 2, "Failures from which an issue is listed."),
    whole("repeats_listed", 0, 5, "Issues that are listed."),
    Param {
        name: "success_forgives",
        kind: ParamKind::Flag,
        default: Preset::Flag(true),
        about: "A success takes back the failures before it.",
    },
    Param { name: "outliers_over", kind: OVER, default: Preset::Word("window"), about: "What outliers are found in." },
    word(
        "outlier_by",
        &["mad", "median", "mean"],
        "An outlier is so many times longer than the mean or the median, or so many median absolute deviations above the median.",
    ),
    Param {
        name: "outlier_times",
        kind: ParamKind::Number(0.0),
        default: Preset::Float(3.5),
        about: "How many times.",
    },
    whole("outlier_least", 1, 5, "Durations without which there are no outliers."),
    whole("outliers_listed", 0, 5, "Outliers that are listed."),
    word("outliers_first", &["longest", "oldest"], "Which of them."),
    whole("feedback_length", 0, 200, "Characters of a feedback that are kept."),
    whole("feedback_kept", 0, 10, "Feedbacks that are kept, the last ones; 0 for all."),
];

const fn whole(name: &'static str, least: i64, default: i64, about: &'static str) -> Param {
    Param { name, kind: ParamKind::Whole(least), default: Preset::Int(default), about }
}

/// The first word is what holds where the file does not say.
const fn word(name: &'static str, words: &'static [&'static str], about: &'static str) -> Param {
    Param { name, kind: ParamKind::Word(words), default: Preset::Word(words[0]), about }
}

/// The parameters of a run. `now` and `since` are microseconds since 1970, `window` seconds, where the
/// command line names one.
#[must_use]
pub fn measure(given: &advise::JobParams, now: i64, window: Option<u64>, since: Option<i64>) -> LoopMeasure {
    let over = |name: &str| if given.word(name) == "all" { Over::All } else { Over::Window };
    let size = |name: &str| usize::try_from(given.whole(name)).unwrap_or(0);
    let seconds = window.map_or_else(|| given.whole("window_days").saturating_mul(86_400), u64::cast_signed);
    LoopMeasure {
        now,
        window: seconds.saturating_mul(SECOND),
        since,
        once: given.word("duplicates") == "once",
        truthy: given.word("success") == "truthy",
        keep_future: given.word("future") == "counted",
        types: over("types_over"),
        repeats: over("repeats_over"),
        repeats_from: u64::try_from(given.whole("repeats_from")).unwrap_or(1),
        repeats_listed: size("repeats_listed"),
        forgive: given.flag("success_forgives"),
        outliers: over("outliers_over"),
        outlier_by: match given.word("outlier_by") {
            "mean" => OutlierBy::Mean,
            "median" => OutlierBy::Median,
            _ => OutlierBy::Mad,
        },
        outlier_times: given.number("outlier_times"),
        outlier_least: u64::try_from(given.whole("outlier_least")).unwrap_or(1),
        outliers_listed: size("outliers_listed"),
        outliers_first: if given.word("outliers_first") == "oldest" { First::Oldest } else { First::Longest },
        feedback_length: size("feedback_length"),
        feedback_kept: size("feedback_kept"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_is_asked_for_stands_in_the_table() {
        let text = include_str!("params.rs");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let body = code.split("pub fn measure(").nth(1).unwrap_or_default();
        let mut asked = 0;
        for call in ["over(\"", "size(\"", "whole(\"", "word(\"", "number(\"", "flag(\""] {
            for rest in body.split(call).skip(1) {
                let name = rest.split('"').next().unwrap_or_default();
                assert!(PARAMS.iter().any(|param| param.name == name), "{name}");
                asked += 1;
            }
        }
        assert_eq!(asked, PARAMS.len(), "each is asked for");
    }
}
