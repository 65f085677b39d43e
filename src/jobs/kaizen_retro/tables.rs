//! What the rules of the retrospective can name: parameters, facts, lists, fields of a suggestion.
//!
//! Takes: nothing, these are constant tables. Gives: [`SPEC`]. The values come from
//! [`facts`](super::facts), in just this order.

use crate::advise::{AskSpec, Collection, FactSpec, FactTy, Field, FieldKind, Param, ParamKind, Preset, SectionSpec};
use crate::language::{JobSpec, JobText, OfItems};

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
        kind: ParamKind::Word(&ASSIGNEES),
        default: Preset::Word("all"),
        about: "an issue counts for all its assignees, or for the first alone",
    },
];

const fn whole(name: &'static str, least: i64, default: i64, about: &'static str) -> Param {
    Param { name, kind: ParamKind::Whole(least), default: Preset::Int(default), about }
}

const fn fact(name: &'static str, ty: FactTy, about: &'static str) -> FactSpec {
    FactSpec { name, ty, about }
}

const COUNTED: [FactSpec; 22] = [
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

const AGENT: [FactSpec; 8] = [
    fact("name", FactTy::Text, "login, or `unassigned`"),
    fact("assigned", FactTy::Bool, "false for what nobody holds"),
    fact("successes", FactTy::Number, "issues closed with the flag `success`"),
    fact("failures", FactTy::Number, "open issues with the flag `failure`"),
    fact("closed", FactTy::Number, "issues closed in the window"),
    fact("total", FactTy::Number, "successes and failures"),
    fact("open", FactTy::Number, "open issues held"),
    fact("repos", FactTy::Texts, "where it closed or holds a failure; sorted"),
];

const PAIR: [FactSpec; 6] = [
    fact("agent", FactTy::Text, "login, or `unassigned`"),
    fact("repo", FactTy::Text, "full name of the repository"),
    fact("assigned", FactTy::Bool, "false for what nobody holds"),
    fact("successes", FactTy::Number, "issues closed there with the flag `success`"),
    fact("failures", FactTy::Number, "open issues there with the flag `failure`"),
    fact("total", FactTy::Number, "successes and failures"),
];

const REPO: [FactSpec; 9] = [
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

const TYPE: [FactSpec; 4] = [
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

const SUGGEST: SectionSpec = SectionSpec {
    name: "suggest",
    facts: &COUNTED,
    collections: &COLLECTIONS,
    fields: &FIELDS,
    asks: &[AskSpec { name: RECENTLY, about: "this rule was suggested about this subject in the last `quiet_days`" }],
};

/// The flags that the report counts by.
pub const FLAGS: [&str; 3] = ["attention", "failure", "success"];

/// The template of the report.
pub const REPORT: &str = "report.md.j2";

/// What this job asks of its rule file.
pub const SPEC: JobSpec = JobSpec {
    job: "kaizen-retro",
    declares: "kaizen-retro",
    items: Some(OfItems { flags: &FLAGS, decides: false, window: true }),
    texts: &[JobText { template: REPORT, names: &NAMES, summary: false }],
    measure: &MEASURE,
    sections: &[SUGGEST],
    publishes: true,
    owns_issues: false,
};

const NAMES: [(&str, FactTy); 86] = [
    ("when", FactTy::Text),
    ("day", FactTy::Text),
    ("version", FactTy::Text),
    ("since", FactTy::Text),
    ("until", FactTy::Text),
    ("window_hours", FactTy::Number),
    ("repositories", FactTy::Number),
    ("suggestion.rule", FactTy::Text),
    ("suggestion.text", FactTy::Text),
    ("suggestion.metric", FactTy::Text),
    ("suggestion.better", FactTy::Text),
    ("suggestion.value", FactTy::Text),
    ("suggestion.line", FactTy::Text),
    ("others[].rule", FactTy::Text),
    ("others[].text", FactTy::Text),
    ("outcomes[].when", FactTy::Text),
    ("outcomes[].rule", FactTy::Text),
    ("outcomes[].text", FactTy::Text),
    ("outcomes[].metric", FactTy::Text),
    ("outcomes[].then", FactTy::Text),
    ("outcomes[].now", FactTy::Text),
    ("outcomes[].verdict", FactTy::Text),
    ("rates[].rule", FactTy::Text),
    ("rates[].helped", FactTy::Number),
    ("rates[].judged", FactTy::Number),
    ("numbers[].name", FactTy::Text),
    ("numbers[].value", FactTy::Text),
    ("numbers[].before", FactTy::Text),
    ("numbers[].week_ago", FactTy::Text),
    ("agents[].name", FactTy::Text),
    ("agents[].successes", FactTy::Number),
    ("agents[].failures", FactTy::Number),
    ("agents[].closed", FactTy::Number),
    ("agents[].open", FactTy::Number),
    ("agents[].total", FactTy::Number),
    ("agents[].rate", FactTy::Text),
    ("repos[].name", FactTy::Text),
    ("repos[].closed", FactTy::Number),
    ("repos[].successes", FactTy::Number),
    ("repos[].failures", FactTy::Number),
    ("repos[].open", FactTy::Number),
    ("repos[].merged_prs", FactTy::Number),
    ("repos[].closed_prs", FactTy::Number),
    ("repos[].attention", FactTy::Number),
    ("repos[].total", FactTy::Number),
    ("repos[].rate", FactTy::Text),
    ("types[].name", FactTy::Text),
    ("types[].successes", FactTy::Number),
    ("types[].failures", FactTy::Number),
    ("types[].total", FactTy::Number),
    ("types[].rate", FactTy::Text),
    ("stuck[].link", FactTy::Text),
    ("stuck[].title", FactTy::Text),
    ("stuck[].type", FactTy::Text),
    ("stuck[].assignees", FactTy::Text),
    ("stuck[].reasons", FactTy::Text),
    ("stuck_more", FactTy::Number),
    ("merged[].link", FactTy::Text),
    ("merged[].title", FactTy::Text),
    ("merged[].author", FactTy::Text),
    ("merged_more", FactTy::Number),
    ("closed[].link", FactTy::Text),
    ("closed[].title", FactTy::Text),
    ("closed[].type", FactTy::Text),
    ("closed_more", FactTy::Number),
    ("days[].day", FactTy::Text),
    ("days[].opened", FactTy::Number),
    ("days[].closed", FactTy::Number),
    ("day_chart", FactTy::Text),
    ("failure_chart", FactTy::Text),
    ("private.repositories", FactTy::Number),
    ("private.closed", FactTy::Number),
    ("private.merged", FactTy::Number),
    ("private.open", FactTy::Number),
    ("unread[].repo", FactTy::Text),
    ("unread[].why", FactTy::Text),
    ("totals.closed", FactTy::Number),
    ("totals.merged", FactTy::Number),
    ("totals.closed_prs", FactTy::Number),
    ("totals.attention", FactTy::Number),
    ("totals.open", FactTy::Number),
    ("totals.opened", FactTy::Number),
    ("totals.successes", FactTy::Number),
    ("totals.failures", FactTy::Number),
    ("totals.rate", FactTy::Text),
    ("totals.most", FactTy::MaybeText),
];
