//! What the rules of the retrospective can name: parameters, facts, lists, fields of a suggestion.
//!
//! Takes: nothing, these are constant tables. Gives: [`SPEC`]. The values come from
//! [`facts`](super::facts), in just this order.

use crate::advise::{Ask, Collection, Fact, FactTy, Field, FieldKind, Kind, Param, Preset, Section};
use crate::language::{JobSpec, OfItems, Text};

/// Whether rules are told of every assignee of an issue, or of the first.
pub(super) const ASSIGNEES: [&str; 2] = ["all", "first"];

const MEASURE: [Param; 7] = [
    whole("window_hours", 1, 24, "hours looked back where no earlier report says when it ended"),
    whole("longest_gap_days", 0, 7, "an earlier report that ended before this many days no longer says where to begin"),
    whole("remember_days", 1, 14, "days for which it is told what became of a suggestion"),
    whole("quiet_days", 0, 7, "days for which a suggestion counts as made recently"),
    whole("least_sample", 1, 3, "closed and stuck issues together that it takes to tell whether a suggestion helped"),
    whole("listed", 1, 10, "issues that a list of the report names"),
    Param {
        name: "assignees",
        kind: Kind::Word(&ASSIGNEES),
        default: Preset::Word("all"),
        about: "an issue counts for all its assignees, or for the first alone",
    },
];

const fn whole(name: &'static str, least: i64, default: i64, about: &'static str) -> Param {
    Param { name, kind: Kind::Whole(least), default: Preset::Int(default), about }
}

const fn fact(name: &'static str, ty: FactTy, about: &'static str) -> Fact {
    Fact { name, ty, about }
}

const COUNTED: [Fact; 22] = [
    fact("closed", FactTy::Number, "issues closed in the window"),
    fact("merged", FactTy::Number, "pull requests merged in the window"),
    fact("closed_prs", FactTy::Number, "pull requests closed without a merge in the window"),
    fact("opened", FactTy::Number, "issues opened in the window"),
    fact("open", FactTy::Number, "issues that are open"),
    fact("attention", FactTy::Number, "open issues with the flag `attention`"),
    fact("top_type", FactTy::MaybeText, "the type that most of those have; of equals the first that was met"),
    fact("top_type_count", FactTy::Number, "how many of them have it"),
    fact("active_agents", FactTy::Number, "agents that the fleet file calls active"),
    fact("unseen_agents", FactTy::Texts, "of those, who neither closed nor holds a stuck issue; sorted"),
    fact("idle_agents", FactTy::Texts, "of those, who holds no open issue at all; sorted"),
    fact("window_hours", FactTy::Number, "hours of the window"),
    fact("response_median_hours", FactTy::MaybeNumber, "median time to a first response by somebody else"),
    fact("response_p90_hours", FactTy::MaybeNumber, "nine in ten first responses came within this time"),
    fact("close_median_hours", FactTy::MaybeNumber, "median time from opening to closing"),
    fact("close_p90_hours", FactTy::MaybeNumber, "nine in ten closed issues were open this long at most"),
    fact("closed_before", FactTy::Number, "issues closed in the window before this one"),
    fact("merged_before", FactTy::Number, "pull requests merged in the window before this one"),
    fact("opened_before", FactTy::Number, "issues opened in the window before this one"),
    fact("closed_week_ago", FactTy::Number, "issues closed in the same window a week ago"),
    fact("merged_week_ago", FactTy::Number, "pull requests merged in the same window a week ago"),
    fact("opened_week_ago", FactTy::Number, "issues opened in the same window a week ago"),
];

const AGENT: [Fact; 8] = [
    fact("name", FactTy::Text, "login, or `unassigned`"),
    fact("assigned", FactTy::Bool, "false for what nobody holds"),
    fact("successes", FactTy::Number, "issues closed with the flag `success`"),
    fact("failures", FactTy::Number, "open issues with the flag `failure`"),
    fact("closed", FactTy::Number, "issues closed in the window"),
    fact("total", FactTy::Number, "successes and failures"),
    fact("open", FactTy::Number, "open issues held"),
    fact("repos", FactTy::Texts, "where it closed or holds a failure; sorted"),
];

const PAIR: [Fact; 6] = [
    fact("agent", FactTy::Text, "login, or `unassigned`"),
    fact("repo", FactTy::Text, "full name of the repository"),
    fact("assigned", FactTy::Bool, "false for what nobody holds"),
    fact("successes", FactTy::Number, "issues closed there with the flag `success`"),
    fact("failures", FactTy::Number, "open issues there with the flag `failure`"),
    fact("total", FactTy::Number, "successes and failures"),
];

const REPO: [Fact; 9] = [
    fact("name", FactTy::Text, "full name"),
    fact("closed", FactTy::Number, "issues closed in the window"),
    fact("merged_prs", FactTy::Number, "pull requests merged in the window"),
    fact("closed_prs", FactTy::Number, "pull requests closed without a merge in the window"),
    fact("open", FactTy::Number, "issues that are open"),
    fact("attention", FactTy::Number, "of those, with the flag `attention`"),
    fact("successes", FactTy::Number, "issues closed with the flag `success`"),
    fact("failures", FactTy::Number, "open issues with the flag `failure`"),
    fact("total", FactTy::Number, "successes and failures"),
];

const TYPE: [Fact; 4] = [
    fact("name", FactTy::Text, "the type"),
    fact("successes", FactTy::Number, "issues closed with the flag `success`"),
    fact("failures", FactTy::Number, "open issues with the flag `failure`"),
    fact("total", FactTy::Number, "successes and failures"),
];

const COLLECTIONS: [Collection; 4] = [
    Collection {
        name: "agents",
        element: "agent",
        facts: &AGENT,
        about: "who closed or holds issues, in the order met",
    },
    Collection { name: "pairs", element: "pair", facts: &PAIR, about: "the same for each of their repositories" },
    Collection { name: "repos", element: "repo", facts: &REPO, about: "repositories, in the order asked for" },
    Collection { name: "types", element: "type", facts: &TYPE, about: "types of issues, in the order met" },
];

/// What a suggestion can aim at; a later report reads it again.
pub const METRICS: [&str; 13] = [
    "agent.rate",
    "agent.failures",
    "pair.rate",
    "pair.failures",
    "repo.rate",
    "repo.failures",
    "type.rate",
    "type.failures",
    "attention",
    "idle",
    "closed",
    "merged",
    "response_median_hours",
];

/// Whether a metric is better when it is higher or lower.
pub const BETTER: [&str; 2] = ["higher", "lower"];

/// Places of the fields of a suggestion, in the order of [`FIELDS`].
pub(super) const TEXT: usize = 0;
pub(super) const METRIC: usize = 1;
pub(super) const BETTER_FIELD: usize = 2;
pub(super) const REPO_FIELD: usize = 3;

const FIELDS: [Field; 4] = [
    Field { name: "text", kind: FieldKind::Sentence, needed: true, about: "what to do, for people" },
    Field { name: "metric", kind: FieldKind::Word(&METRICS), needed: true, about: "the figure that it aims at" },
    Field { name: "better", kind: FieldKind::Word(&BETTER), needed: true, about: "where the figure should go" },
    Field { name: "repo", kind: FieldKind::Text, needed: false, about: "the repository, for the figures of a pair" },
];

/// Yes where this rule was suggested about this subject in the last `quiet_days`.
pub(super) const RECENTLY: &str = "suggested_recently";

const SUGGEST: Section = Section {
    name: "suggest",
    facts: &COUNTED,
    collections: &COLLECTIONS,
    fields: &FIELDS,
    asks: &[Ask { name: RECENTLY, about: "this rule was suggested about this subject in the last `quiet_days`" }],
};

/// The flags that the report counts by.
pub const FLAGS: [&str; 3] = ["attention", "failure", "success"];

/// The template of the report.
pub const REPORT: &str = "report.md.j2";

/// What this job asks of its rule file.
pub const SPEC: JobSpec = JobSpec {
    job: "kaizen-retro",
    items: Some(OfItems { flags: &FLAGS, decides: false, window: true }),
    texts: &[Text { template: REPORT, names: &NAMES, summary: false }],
    measure: &MEASURE,
    sections: &[SUGGEST],
    publishes: true,
};

const NAMES: [&str; 86] = [
    "when",
    "day",
    "version",
    "since",
    "until",
    "window_hours",
    "repositories",
    "suggestion.rule",
    "suggestion.text",
    "suggestion.metric",
    "suggestion.better",
    "suggestion.value",
    "suggestion.line",
    "others[].rule",
    "others[].text",
    "outcomes[].when",
    "outcomes[].rule",
    "outcomes[].text",
    "outcomes[].metric",
    "outcomes[].then",
    "outcomes[].now",
    "outcomes[].verdict",
    "rates[].rule",
    "rates[].helped",
    "rates[].judged",
    "numbers[].name",
    "numbers[].value",
    "numbers[].before",
    "numbers[].week_ago",
    "agents[].name",
    "agents[].successes",
    "agents[].failures",
    "agents[].closed",
    "agents[].open",
    "agents[].total",
    "agents[].rate",
    "repos[].name",
    "repos[].closed",
    "repos[].successes",
    "repos[].failures",
    "repos[].open",
    "repos[].merged_prs",
    "repos[].closed_prs",
    "repos[].attention",
    "repos[].total",
    "repos[].rate",
    "types[].name",
    "types[].successes",
    "types[].failures",
    "types[].total",
    "types[].rate",
    "stuck[].link",
    "stuck[].title",
    "stuck[].type",
    "stuck[].assignees",
    "stuck[].reasons",
    "stuck_more",
    "merged[].link",
    "merged[].title",
    "merged[].author",
    "merged_more",
    "closed[].link",
    "closed[].title",
    "closed[].type",
    "closed_more",
    "days[].day",
    "days[].opened",
    "days[].closed",
    "day_chart",
    "failure_chart",
    "private.repositories",
    "private.closed",
    "private.merged",
    "private.open",
    "unread[].repo",
    "unread[].why",
    "totals.closed",
    "totals.merged",
    "totals.closed_prs",
    "totals.attention",
    "totals.open",
    "totals.opened",
    "totals.successes",
    "totals.failures",
    "totals.rate",
    "totals.most",
];
