//! The keys of a rule file: which there are, what stands behind each, what it says.
//!
//! Takes: nothing, these are tables. Gives: [`FILE`] and the tables inside it. The reader refuses
//! every key that is not in them, and the schema for editors is made of them, so that the two
//! cannot disagree.

use super::advice_keys::SECTION;
use super::sink_keys::SINK;
use crate::engine::rules::Close;
use crate::engine::text::{AREAS, Area};

/// A key of a map.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// What stands behind it.
    pub holds: Shape,
    /// What it says, for people.
    pub says: &'static str,
    /// The map is nothing without it.
    pub needed: bool,
    /// It says who is believed, who gets work, and where texts go.
    pub trust: bool,
}

impl Member {
    const fn of_trust(self) -> Member {
        Member { trust: true, ..self }
    }
}

/// What stands behind a key.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Nothing at all.
    Nothing,
    /// `true` or `false`.
    Flag,
    /// A number.
    Number,
    /// A whole number, at least this.
    Whole(i64),
    /// The version of the language.
    Version,
    /// A text.
    Text,
    /// A text with expressions in `{{ }}`.
    Sentence,
    /// A text that this regular expression describes.
    Like(&'static str),
    /// One of a few words.
    Word(&'static [&'static str]),
    /// An expression.
    Expression,
    /// An expression that is yes or no, or a list of them.
    Condition,
    /// A list of such values.
    List(&'static Shape),
    /// A map with these keys and no others.
    Map(&'static [Member]),
    /// A map with exactly one of these two keys, beside the others.
    Either(&'static [Member], [&'static str; 2]),
    /// A map with names of the author's own, written as the regular expression says.
    Named(&'static str, &'static Shape),
    /// What the job's own tables say.
    Anything,
    /// One of several.
    Any(&'static [Shape]),
}

/// Names that rules and templates can write, and those that may also hold `-`.
const NAME: &str = "^[A-Za-z][A-Za-z0-9_]*$";
const DASHED: &str = "^[A-Za-z0-9][A-Za-z0-9_-]*$";
const ID: &str = "^[A-Za-z0-9_-]+$";

pub(super) const fn may(name: &'static str, holds: Shape, says: &'static str) -> Member {
    Member { name, holds, says, needed: false, trust: false }
}

pub(super) const fn must(name: &'static str, holds: Shape, says: &'static str) -> Member {
    Member { name, holds, says, needed: true, trust: false }
}

/// The words of a choice.
pub(super) const fn words<T: Copy, const N: usize>(choices: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut words = [""; N];
    let mut at = 0;
    while at < N {
        words[at] = choices[at].0;
        at += 1;
    }
    words
}

const TEXTS: Shape = Shape::List(&Shape::Text);

pub(super) const KINDS: [(&str, &str); 2] = [("issue", "issue"), ("pull", "pull")];
pub(super) const STATES: [(&str, bool); 2] = [("open", true), ("closed", false)];
pub(super) const BRACKETS: [(&str, bool); 2] = [("known", false), ("any", true)];
pub(super) const LABEL_TAGS: [(&str, bool); 2] = [("whole", true), ("last_part", false)];
pub(super) const PICKS: [(&str, bool); 2] = [("first", false), ("highest", true)];
pub(super) const CLOSES: [(&str, Close); 2] = [("completed", Close::Completed), ("not_planned", Close::NotPlanned)];
pub(super) const PRIVATE: [(&str, bool); 2] = [("full", true), ("counted", false)];
const KIND_WORDS: [&str; 2] = words(&KINDS);
const STATE_WORDS: [&str; 2] = words(&STATES);
const BRACKET_WORDS: [&str; 2] = words(&BRACKETS);
const LABEL_TAG_WORDS: [&str; 2] = words(&LABEL_TAGS);
const PICK_WORDS: [&str; 2] = words(&PICKS);
const CLOSE_WORDS: [&str; 2] = words(&CLOSES);
const PRIVATE_WORDS: [&str; 2] = words(&PRIVATE);
const AREA_WORDS: [&str; Area::COUNT] = words(&AREAS);

/// Keys of a file that is extended: vocabulary, nothing that decides.
pub(super) const VOCABULARY: [&str; 5] = ["keywords", "patterns", "thresholds", "agents", "labels"];

/// A rule file.
pub const FILE: [Member; 29] = [
    must("version", Shape::Version, "The version of this language: 1."),
    may("job", Shape::Text, "The job that the file is for."),
    may("extends", TEXTS, "Files of the same folder whose vocabulary is added."),
    may("bots", TEXTS, "Further logins that Kaizen's comments have carried.").of_trust(),
    may("skip", Shape::Map(&SKIP), "The comment that makes Kaizen leave an item alone.").of_trust(),
    may("scope", Shape::Map(&SCOPE), "Which items are judged."),
    may("timezone", Shape::Text, "Where a day begins, an IANA name."),
    may("tags", Shape::Map(&TAGS), "How tags are made of titles and labels."),
    may("ages", Shape::Map(&AGES), "What ages are where a date is unknown or in the future."),
    may(
        "keywords",
        Shape::Named(NAME, &Shape::Any(&[TEXTS, Shape::Map(&SET)])),
        "Sets of words that tags are compared with.",
    ),
    may(
        "patterns",
        Shape::Named(NAME, &Shape::Either(&PATTERN, ["words", "regex"])),
        "Words or regular expressions to look for in the text.",
    ),
    may("thresholds", Shape::Named(NAME, &Shape::Number), "Named numbers."),
    may("score", Shape::Named(NAME, &Shape::Map(&COMPONENT)), "Components; the score is their sum."),
    may("classify", Shape::Map(&CLASSIFY), "The types, and when an item is of one."),
    may("flags", Shape::Named(NAME, &Shape::Condition), "Named conditions, each seeing those before it."),
    may("order", Shape::List(&Shape::Either(&ORDER, ["asc", "desc"])), "Sort keys: what is acted on first."),
    may("agents", Shape::Named(NAME, &Shape::Map(&AGENT)), "Who work is handed to.").of_trust(),
    may("labels", Shape::Named("", &Shape::Map(&LABEL)), "The labels that actions may add."),
    may("actions", Shape::Named(DASHED, &Shape::Map(&ACTION)), "What can be done."),
    may("decide", Shape::List(&Shape::Map(&RULE)), "The rules: the first that holds decides."),
    may("limits", Shape::Map(&LIMITS), "Caps of a run."),
    may(
        "summary",
        Shape::Any(&[Shape::Map(&SUMMARY), Shape::Nothing]),
        "The daily summary; without it none is written.",
    ),
    may("publish", Shape::Map(&PUBLISH), "What is said of private repositories in public places.").of_trust(),
    may("measure", Shape::Anything, "Parameters of what the job counts."),
    may("detect", Shape::Map(&SECTION), "Rules that find patterns in what was counted."),
    may("suggest", Shape::Map(&SECTION), "Rules that suggest an improvement."),
    may("recommend", Shape::Map(&SECTION), "Rules that recommend what to do."),
    may("propose", Shape::Map(&SECTION), "Rules that propose an improvement with its return."),
    may("observe", Shape::Flag, "All rules decide and are shown, and write nothing."),
];

pub(super) const SKIP: [Member; 1] = [may("command", Shape::Like("^/"), "The comment, alone on its line.")];

pub(super) const SCOPE: [Member; 4] = [
    may("kinds", Shape::List(&Shape::Word(&KIND_WORDS)), "Issues, pull requests or both."),
    may("states", Shape::List(&Shape::Word(&STATE_WORDS)), "Open ones, closed ones or both."),
    may("min_age_minutes", Shape::Whole(0), "Younger items are left for the next run."),
    may("leave_out", Shape::Map(&LEAVE_OUT), "What is never judged."),
];

pub(super) const LEAVE_OUT: [Member; 3] = [
    may("labels", TEXTS, "Items with any of these labels."),
    may("milestones", TEXTS, "Items of these milestones."),
    may("authors", TEXTS, "Items by these authors."),
];

pub(super) const TAGS: [Member; 2] = [
    may("brackets", Shape::Word(&BRACKET_WORDS), "Words of a keyword set in [brackets] are tags, or any words."),
    may(
        "labels",
        Shape::List(&Shape::Word(&LABEL_TAG_WORDS)),
        "Labels are tags as a whole, by their last part (Kind/Bug), or both.",
    ),
];

pub(super) const AGES: [Member; 2] = [
    may(
        "unknown",
        Shape::Any(&[Shape::Nothing, Shape::Whole(i64::MIN)]),
        "The age where a date cannot be read; null is unknown.",
    ),
    may("future", Shape::Any(&[Shape::Word(&["keep"]), Shape::Whole(i64::MIN)]), "The age where a date lies ahead."),
];

pub(super) const SET: [Member; 2] = [
    may("also", TEXTS, "Words that are added to the set of a file that is extended."),
    may("except", TEXTS, "Words that are taken out of it."),
];

pub(super) const PATTERN: [Member; 3] = [
    may("words", Shape::List(&Shape::Any(&[Shape::Text, TEXTS])), "Whole words; a list is one entry in several forms."),
    may(
        "regex",
        Shape::Any(&[Shape::Text, TEXTS]),
        "A regular expression, or several; any case, unless it says (?-i).",
    ),
    may("in", Shape::Word(&AREA_WORDS), "Where it looks; text if absent."),
];

pub(super) const COMPONENT: [Member; 3] = [
    must("max", Shape::Number, "The most that it can add."),
    may("when", Shape::Condition, "Where this fails the component is 0."),
    may("points", Shape::List(&Shape::Map(&POINT)), "What adds up."),
];

pub(super) const POINT: [Member; 3] = [
    must("add", Shape::Number, "How many points, negative to take off."),
    may("when", Shape::Condition, "When; without it always."),
    may("because", Shape::Text, "What that means, in words for a comment: names a file."),
];

pub(super) const CLASSIFY: [Member; 3] = [
    may("pick", Shape::Word(&PICK_WORDS), "The first rule that holds, or the one with the highest score."),
    may("default", Shape::Text, "The type where no rule holds."),
    may("rules", Shape::List(&Shape::Map(&TYPE_RULE)), "One rule a type, or several."),
];

pub(super) const TYPE_RULE: [Member; 3] = [
    must("type", Shape::Text, "The type it gives."),
    may("when", Shape::Condition, "When."),
    may("score", Shape::Any(&[Shape::Number, Shape::Expression]), "What it weighs under `pick: highest`."),
];

pub(super) const ORDER: [Member; 2] =
    [may("asc", Shape::Expression, "The smallest first."), may("desc", Shape::Expression, "The largest first.")];

pub(super) const AGENT: [Member; 3] = [
    must("login", Shape::Text, "The login on the forge."),
    may("holds", Shape::Condition, "When an open item is in this agent's hands."),
    may("at_once", Shape::Whole(1), "How many items this agent has in hand at most."),
];

pub(super) const LABEL: [Member; 2] = [
    may("color", Shape::Like("^#*[0-9A-Fa-f]{6}$"), "Six hexadecimal digits in quotes."),
    may("description", Shape::Text, "What people read beside it."),
];

pub(super) const ACTION: [Member; 12] = [
    may("agent", Shape::Text, "Whose work it becomes."),
    may("assign", TEXTS, "Who is assigned: names of agents, author, assignees."),
    may("unassign", TEXTS, "Who is taken off."),
    may("add_labels", TEXTS, "Labels put on; each stands in `labels`."),
    may("remove_labels", TEXTS, "Labels taken off."),
    may("set_milestone", Shape::Text, "The title of the milestone."),
    may("close", Shape::Any(&[Shape::Flag, Shape::Word(&CLOSE_WORDS)]), "The item is closed, for this reason."),
    may("reopen", Shape::Flag, "The item is opened again."),
    may("edit_body", Shape::Text, "The template of a section in the item's text."),
    may("create_issue", Shape::Map(&NEW_ISSUE), "An issue that is created, once an item."),
    may("comment", Shape::Text, "The template of its comment."),
    may("mention", TEXTS, "Who is mentioned in the comment.").of_trust(),
];

pub(super) const NEW_ISSUE: [Member; 4] = [
    must("title", Shape::Sentence, "Its title."),
    must("body", Shape::Text, "The template of its text."),
    may("labels", TEXTS, "Labels it carries; each stands in `labels`."),
    may("assign", TEXTS, "Who is assigned: names of agents, author, assignees."),
];

pub(super) const RULE: [Member; 6] = [
    must("id", Shape::Like(ID), "What tests, traces and logs call it."),
    may("when", Shape::Condition, "When; without it always, as the last rule."),
    must("action", Shape::Text, "One of `actions`, or `skip`."),
    may("reason", Shape::Sentence, "Why, for people."),
    may("enabled", Shape::Flag, "false: as if it were not there."),
    may("observe", Shape::Flag, "It decides and is shown, and writes nothing."),
];

pub(super) const LIMITS: [Member; 2] = [
    may("items_per_run", Shape::Whole(0), "Items that are written to in one run."),
    may("pause_ms", Shape::Whole(0), "Milliseconds between two writes to a server."),
];

pub(super) const SUMMARY: [Member; 3] = [
    may(
        "repo",
        Shape::Any(&[Shape::Nothing, Shape::Like("^[^/]+/[^/]+$")]),
        "One summary for all, kept in this repository; null: one in each.",
    )
    .of_trust(),
    may("label", Shape::Text, "The label it carries."),
    may("days", Shape::Whole(1), "Days that are kept, folded."),
];

pub(super) const PUBLISH: [Member; 2] = [
    may("private", Shape::Word(&PRIVATE_WORDS), "Name private items in public places, or only count them."),
    may("sinks", Shape::List(&Shape::Map(&SINK)), "Where a report goes."),
];

/// Whether what stands at a path of keys, or above it, touches trust. An entry of a list is a step of the path too.
#[must_use]
pub fn touches_trust(path: &[&str]) -> bool {
    in_members(&FILE, path)
}

fn in_members(members: &[Member], path: &[&str]) -> bool {
    let Some((name, rest)) = path.split_first() else { return false };
    let member = members.iter().find(|member| member.name == *name);
    member.is_some_and(|member| member.trust || in_shape(&member.holds, rest))
}

fn in_shape(shape: &Shape, path: &[&str]) -> bool {
    match shape {
        Shape::Map(members) | Shape::Either(members, _) => in_members(members, path),
        Shape::List(inner) | Shape::Named(_, inner) => {
            path.split_first().is_some_and(|(_, rest)| in_shape(inner, rest))
        }
        Shape::Any(shapes) => shapes.iter().any(|shape| in_shape(shape, path)),
        _ => false,
    }
}

/// A key of a rule file, whichever section it opens.
pub(super) fn is_of_a_file(name: &str) -> bool {
    FILE.iter().any(|member| member.name == name)
}
