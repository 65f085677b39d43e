//! What the rules of `improvement-proposals` may name and what they write.
//!
//! Takes: nothing, these are tables. Gives: the parameters of the counting, the facts, and the fields of
//! patterns (`detect`) and proposals (`propose`).

use crate::advise::{Collection, FactSpec, FactTy, Field, FieldKind, Param, ParamKind, Preset, SectionSpec};

const fn fact(name: &'static str, ty: FactTy, about: &'static str) -> FactSpec {
    FactSpec { name, ty, about }
}

const fn field(name: &'static str, kind: FieldKind, needed: bool, about: &'static str) -> Field {
    Field { name, kind, needed, about }
}

const fn param(name: &'static str, kind: ParamKind, default: Preset, about: &'static str) -> Param {
    Param { name, kind, default, about }
}

/// Parameters of the counting.
pub(super) const MEASURE: [Param; 19] = [
    param("lower", ParamKind::Flag, Preset::Flag(true), "Errors are compared in lower case."),
    param(
        "replace",
        ParamKind::Replacements,
        Preset::Empty,
        "What of an error is replaced by what before errors are compared, in this order.",
    ),
    param("cut", ParamKind::Whole(0), Preset::Int(0), "Characters of an error that are compared; 0: all of them."),
    param(
        "tool_case",
        ParamKind::Word(&["lower", "as_written"]),
        Preset::Word("lower"),
        "How names of tools are compared.",
    ),
    param(
        "unnamed_tools",
        ParamKind::Word(&["one", "apart"]),
        Preset::Word("one"),
        "Calls without a tool and calls whose tool is null are one tool `unknown`, or told apart.",
    ),
    param(
        "slow_ms",
        ParamKind::Number(0.0),
        Preset::Float(5000.0),
        "A call that takes longer is slow by what is beyond.",
    ),
    param("waits", ParamKind::Texts, Preset::Empty, "Tools that wait for a person: their calls are never slow."),
    param("streak", ParamKind::Whole(2), Preset::Int(3), "Calls of one tool in a row that are a streak."),
    param("manual_calls", ParamKind::Whole(1), Preset::Int(11), "Calls that a manual session has at least."),
    param("manual_tools", ParamKind::Whole(1), Preset::Int(3), "Different tools that a manual session has at most."),
    param("error_minutes", ParamKind::Number(0.0), Preset::Float(5.0), "What one error costs in its session."),
    param(
        "retry_minutes",
        ParamKind::Number(0.0),
        Preset::Float(1.0),
        "What a failed try costs where its latency is not known.",
    ),
    param("idle_minutes", ParamKind::Number(0.0), Preset::Float(30.0), "A longer pause in a transcript is no work."),
    param(
        "kept",
        ParamKind::Whole(1),
        Preset::Int(50_000),
        "Different errors, tools and sequences that are kept of each.",
    ),
    param(
        "hourly_rate",
        ParamKind::Number(0.0),
        Preset::Float(50.0),
        "What an hour costs; --hourly-rate goes before it.",
    ),
    param(
        "issue_labels",
        ParamKind::Texts,
        Preset::Empty,
        "Labels of the issues that --issue keeps; the first finds them again.",
    ),
    param(
        "opt_out_labels",
        ParamKind::Texts,
        Preset::Empty,
        "Labels by which people have such an issue left alone; kaizen-ignore where none is named.",
    ),
    param(
        "threshold",
        ParamKind::Number(0.0),
        Preset::Float(2.0),
        "Hours a month from which a proposal is made; --threshold goes before it.",
    ),
    param("weeks_a_month", ParamKind::Number(1.0), Preset::Float(4.0), "Weeks of a month."),
];

const GLOBALS: [FactSpec; 8] = [
    fact("sessions", FactTy::Number, "Sessions that were read."),
    fact("calls", FactTy::Number, "Calls in them."),
    fact("errors_met", FactTy::Number, "Errors in them."),
    fact("weeks", FactTy::MaybeNumber, "Weeks from the first session to the last; unknown where none says when."),
    fact("manual_sessions", FactTy::Number, "Sessions with many calls of few tools."),
    fact("manual_hours", FactTy::Number, "Their hours, each rounded to tenths, added from the longest down."),
    fact("hourly_rate", FactTy::Number, "What an hour costs."),
    fact("threshold", FactTy::Number, "Hours a month from which a proposal is made."),
];

const ERRORS: Collection = Collection {
    name: "errors",
    element: "error",
    about: "Errors, alike after the replacements of `measure`, in the order they were met.",
    facts: &[
        fact("id", FactTy::Text, "A digest of the whole text."),
        fact("text", FactTy::Text, "Its text after the replacements, the first 300 characters."),
        fact("occurrences", FactTy::Number, "How often it was met."),
        fact("sessions", FactTy::Number, "Different sessions that had it: exact up to 16, then their records."),
        fact("hours", FactTy::Number, "Hours it is charged for; a session never more than it took."),
        fact("repos", FactTy::Texts, "Where: the first hundred repositories by name."),
        fact("first_times", FactTy::Texts, "Sessions of the first five times, a session as often as it had it."),
        fact("examples", FactTy::Texts, "The first five different sessions."),
    ],
};

const TOOLS: Collection = Collection {
    name: "tools",
    element: "tool",
    about: "Tools, in the order they were met.",
    facts: &[
        fact("name", FactTy::Text, "Its name."),
        fact("calls", FactTy::Number, "Its calls."),
        fact("timed", FactTy::Number, "Calls whose latency is known and above zero."),
        fact("latency_ms", FactTy::Number, "Their latencies together, in milliseconds."),
        fact("first_timed", FactTy::MaybeNumber, "Its place among tools by the first of those; unknown without any."),
        fact("slow_calls", FactTy::Number, "Calls over `slow_ms`."),
        fact("slow_hours", FactTy::Number, "Hours beyond `slow_ms`, without those charged to retries."),
        fact("slow_sessions", FactTy::Number, "Different sessions with a slow call."),
        fact("slow_repos", FactTy::Texts, "Their repositories."),
        fact("slow_examples", FactTy::Texts, "The first five of them."),
        fact("judged", FactTy::Number, "Calls whose result is known."),
        fact("failures", FactTy::Number, "Calls that failed."),
        fact("streaks", FactTy::Number, "Times it was called `streak` times in a row, whatever came of it."),
        fact("first_streak", FactTy::MaybeNumber, "Its place among tools by the first streak; unknown without any."),
        fact("failed_streaks", FactTy::Number, "Times it was tried so often because it had failed."),
        fact("retry_hours", FactTy::Number, "Hours of the tries that failed."),
        fact("retry_sessions", FactTy::Number, "Different sessions with a failed streak."),
        fact("retry_repos", FactTy::Texts, "Their repositories."),
        fact("retry_examples", FactTy::Texts, "The first five of them."),
    ],
};

const SEQUENCES: Collection = Collection {
    name: "sequences",
    element: "sequence",
    about: "What manual sessions consist of, in the order they were met.",
    facts: &[
        fact("name", FactTy::Text, "Its tools: what repeats, or all where nothing does."),
        fact("sessions", FactTy::Number, "Different sessions: exact up to 16, then their records."),
        fact("calls", FactTy::Number, "Calls in them."),
        fact("hours", FactTy::Number, "Hours of them, without those charged to errors, retries and slow calls."),
        fact("repos", FactTy::Texts, "Their repositories."),
        fact("examples", FactTy::Texts, "The first five of them."),
    ],
};

const MANUAL: Collection = Collection {
    name: "manual",
    element: "session",
    about: "Manual sessions one by one: the longest thousand, then by where they stand.",
    facts: &[
        fact("id", FactTy::Text, "Its name."),
        fact("repo", FactTy::Text, "Its repository."),
        fact("calls", FactTy::Number, "Its calls."),
        fact("tools", FactTy::Number, "Its different tools."),
        fact("minutes", FactTy::Number, "How long it took."),
        fact("sequence", FactTy::Text, "What it consists of."),
    ],
};

const PATTERNS: Collection = Collection {
    name: "patterns",
    element: "pattern",
    about: "What `detect` found, the most hours first.",
    facts: &[
        fact("type", FactTy::Text, "Its `pattern_type`."),
        fact("rule", FactTy::Text, "The rule that found it."),
        fact("subject", FactTy::Text, "What it is about: the same in every run."),
        fact("name", FactTy::Text, "What it is called, shortly."),
        fact("description", FactTy::Text, "Its description."),
        fact("occurrences", FactTy::Number, "How often it was met."),
        fact("sessions", FactTy::Number, "In how many sessions; 0 where its rule does not say."),
        fact("total_time_hours", FactTy::Number, "Hours that it cost."),
        fact("affected_repos", FactTy::Texts, "Where."),
        fact("example_sessions", FactTy::Texts, "Some of its sessions."),
    ],
};

/// What is found.
pub(super) const DETECT: SectionSpec = SectionSpec {
    name: "detect",
    facts: &GLOBALS,
    collections: &[ERRORS, TOOLS, SEQUENCES, MANUAL],
    fields: &[
        field("pattern_type", FieldKind::Literal, true, "What kind of pattern it is."),
        field("name", FieldKind::Sentence, false, "What it is called, shortly."),
        field("description", FieldKind::Sentence, true, "What it is."),
        field("occurrences", FieldKind::Number, true, "How often it was met."),
        field("sessions", FieldKind::Number, false, "In how many sessions."),
        field("total_time_hours", FieldKind::Number, true, "Hours that it cost."),
        field("affected_repos", FieldKind::Texts, false, "Where."),
        field("example_sessions", FieldKind::Texts, false, "Some of its sessions."),
    ],
    asks: &[],
};

/// What is proposed.
pub(super) const PROPOSE: SectionSpec = SectionSpec {
    name: "propose",
    facts: &GLOBALS,
    collections: &[PATTERNS, ERRORS, TOOLS, SEQUENCES, MANUAL],
    fields: &[
        field("title", FieldKind::Sentence, true, "What is proposed, in a line."),
        field("problem", FieldKind::Sentence, true, "What is wrong."),
        field("proposed_solution", FieldKind::Sentence, true, "What to do."),
        field("estimated_weekly_hours_saved", FieldKind::Number, true, "Hours it returns a week."),
        field("estimated_monthly_hours_saved", FieldKind::Number, true, "Hours it returns a month."),
        field("implementation_hours", FieldKind::Number, true, "Hours it takes."),
        field("roi_weeks", FieldKind::Number, true, "Weeks until it has paid for itself; may be infinite."),
        field("priority", FieldKind::Text, true, "critical, high, medium or low: an expression."),
        field("affected_area", FieldKind::Literal, true, "What it makes better."),
        field("monthly_saving", FieldKind::Number, false, "What it returns a month, in money."),
        field("supporting_evidence", FieldKind::Sentences, false, "What shows it."),
    ],
    asks: &[],
};
