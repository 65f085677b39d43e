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
pub struct KeySpec {
    /// Its name.
    pub name: &'static str,
    /// What stands behind it.
    pub holds: KeyShape,
    /// What it says, for people.
    pub says: &'static str,
    /// The map is nothing without it.
    pub needed: bool,
    /// It says who is believed, who gets work, and where texts go.
    pub trust: bool,
}

impl KeySpec {
    const fn of_trust(self) -> KeySpec {
        KeySpec { trust: true, ..self }
    }
}

/// What stands behind a key.
#[derive(Debug, Clone, Copy)]
pub enum KeyShape {
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
    List(&'static KeyShape),
    /// A map with these keys and no others.
    Map(&'static [KeySpec]),
    /// A map with exactly one of these two keys, beside the others.
    Either(&'static [KeySpec], [&'static str; 2]),
    /// A map with names of the author's own, written as the regular expression says.
    Named(&'static str, &'static KeyShape),
    /// What the job's own tables say.
    Anything,
    /// One of several.
    Any(&'static [KeyShape]),
}

/// Names that rules and templates can write, and those that may also hold `-`.
const NAME: &str = "^[A-Za-z][A-Za-z0-9_]*$";
const DASHED: &str = "^[A-Za-z0-9][A-Za-z0-9_-]*$";
const ID: &str = "^[A-Za-z0-9_-]+$";

pub(super) const fn may(name: &'static str, holds: KeyShape, says: &'static str) -> KeySpec {
    KeySpec { name, holds, says, needed: false, trust: false }
}

pub(super) const fn must(name: &'static str, holds: KeyShape, says: &'static str) -> KeySpec {
    KeySpec { name, holds, says, needed: true, trust: false }
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

const TEXTS: KeyShape = KeyShape::List(&KeyShape::Text);

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
pub const FILE: [KeySpec; 29] = [
    must("version", KeyShape::Version, "The version of this language: 1."),
    may("job", KeyShape::Text, "The job that the file is for."),
    may("extends", TEXTS, "Files of the same folder whose vocabulary is added."),
    may("bots", TEXTS, "Further logins that Kaizen's comments have carried.").of_trust(),
    may("skip", KeyShape::Map(&SKIP), "The comment that makes Kaizen leave an item alone.").of_trust(),
    may("scope", KeyShape::Map(&SCOPE), "Which items are judged."),
    may("timezone", KeyShape::Text, "Where a day begins, an IANA name."),
    may("tags", KeyShape::Map(&TAGS), "How tags are made of titles and labels."),
    may("ages", KeyShape::Map(&AGES), "What ages are where a date is unknown or in the future."),
    may(
        "keywords",
        KeyShape::Named(NAME, &KeyShape::Any(&[TEXTS, KeyShape::Map(&SET)])),
        "Sets of words that tags are compared with.",
    ),
    may(
        "patterns",
        KeyShape::Named(NAME, &KeyShape::Either(&PATTERN, ["words", "regex"])),
        "Words or regular expressions to look for in the text.",
    ),
    may("thresholds", KeyShape::Named(NAME, &KeyShape::Number), "Named numbers."),
    may("score", KeyShape::Named(NAME, &KeyShape::Map(&COMPONENT)), "Components; the score is their sum."),
    may("classify", KeyShape::Map(&CLASSIFY), "The types, and when an item is of one."),
    may("flags", KeyShape::Named(NAME, &KeyShape::Condition), "Named conditions, each seeing those before it."),
    may("order", KeyShape::List(&KeyShape::Either(&ORDER, ["asc", "desc"])), "Sort keys: what is acted on first."),
    may("agents", KeyShape::Named(NAME, &KeyShape::Map(&AGENT)), "Who work is handed to.").of_trust(),
    may("labels", KeyShape::Named("", &KeyShape::Map(&LABEL)), "The labels that actions may add."),
    may("actions", KeyShape::Named(DASHED, &KeyShape::Map(&ACTION)), "What can be done."),
    may("decide", KeyShape::List(&KeyShape::Map(&RULE)), "The rules: the first that holds decides."),
    may("limits", KeyShape::Map(&LIMITS), "Caps of a run."),
    may(
        "summary",
        KeyShape::Any(&[KeyShape::Map(&SUMMARY), KeyShape::Nothing]),
        "The daily summary; without it none is written.",
    ),
    may("publish", KeyShape::Map(&PUBLISH), "What is said of private repositories in public places.").of_trust(),
    may("measure", KeyShape::Anything, "Parameters of what the job counts."),
    may("detect", KeyShape::Map(&SECTION), "Rules that find patterns in what was counted."),
    may("suggest", KeyShape::Map(&SECTION), "Rules that suggest an improvement."),
    may("recommend", KeyShape::Map(&SECTION), "Rules that recommend what to do."),
    may("propose", KeyShape::Map(&SECTION), "Rules that propose an improvement with its return."),
    may("observe", KeyShape::Flag, "All rules decide and are shown, and write nothing."),
];

pub(super) const SKIP: [KeySpec; 1] = [may("command", KeyShape::Like("^/"), "The comment, alone on its line.")];

pub(super) const SCOPE: [KeySpec; 4] = [
    may("kinds", KeyShape::List(&KeyShape::Word(&KIND_WORDS)), "Issues, pull requests or both."),
    may("states", KeyShape::List(&KeyShape::Word(&STATE_WORDS)), "Open ones, closed ones or both."),
    may("min_age_minutes", KeyShape::Whole(0), "Younger items are left for the next run."),
    may("leave_out", KeyShape::Map(&LEAVE_OUT), "What is never judged."),
];

pub(super) const LEAVE_OUT: [KeySpec; 3] = [
    may("labels", TEXTS, "Items with any of these labels."),
    may("milestones", TEXTS, "Items of these milestones."),
    may("authors", TEXTS, "Items by these authors."),
];

pub(super) const TAGS: [KeySpec; 2] = [
    may("brackets", KeyShape::Word(&BRACKET_WORDS), "Words of a keyword set in [brackets] are tags, or any words."),
    may(
        "labels",
        KeyShape::List(&KeyShape::Word(&LABEL_TAG_WORDS)),
        "Labels are tags as a whole, by their last part (Kind/Bug), or both.",
    ),
];

pub(super) const AGES: [KeySpec; 2] = [
    may(
        "unknown",
        KeyShape::Any(&[KeyShape::Nothing, KeyShape::Whole(i64::MIN)]),
        "The age where a date cannot be read; null is unknown.",
    ),
    may(
        "future",
        KeyShape::Any(&[KeyShape::Word(&["keep"]), KeyShape::Whole(i64::MIN)]),
        "The age where a date lies ahead.",
    ),
];

pub(super) const SET: [KeySpec; 2] = [
    may("also", TEXTS, "Words that are added to the set of a file that is extended."),
    may("except", TEXTS, "Words that are taken out of it."),
];

pub(super) const PATTERN: [KeySpec; 3] = [
    may(
        "words",
        KeyShape::List(&KeyShape::Any(&[KeyShape::Text, TEXTS])),
        "Whole words; a list is one entry in several forms.",
    ),
    may(
        "regex",
        KeyShape::Any(&[KeyShape::Text, TEXTS]),
        "A regular expression, or several; any case, unless it says (?-i).",
    ),
    may("in", KeyShape::Word(&AREA_WORDS), "Where it looks; text if absent."),
];

pub(super) const COMPONENT: [KeySpec; 3] = [
    must("max", KeyShape::Number, "The most that it can add."),
    may("when", KeyShape::Condition, "Where this fails the component is 0."),
    may("points", KeyShape::List(&KeyShape::Map(&POINT)), "What adds up."),
];

pub(super) const POINT: [KeySpec; 3] = [
    must("add", KeyShape::Number, "How many points, negative to take off."),
    may("when", KeyShape::Condition, "When; without it always."),
    may("because", KeyShape::Text, "What that means, in words for a comment: names a file."),
];

pub(super) const CLASSIFY: [KeySpec; 3] = [
    may("pick", KeyShape::Word(&PICK_WORDS), "The first rule that holds, or the one with the highest score."),
    may("default", KeyShape::Text, "The type where no rule holds."),
    may("rules", KeyShape::List(&KeyShape::Map(&TYPE_RULE)), "One rule a type, or several."),
];

pub(super) const TYPE_RULE: [KeySpec; 3] = [
    must("type", KeyShape::Text, "The type it gives."),
    may("when", KeyShape::Condition, "When."),
    may("score", KeyShape::Any(&[KeyShape::Number, KeyShape::Expression]), "What it weighs under `pick: highest`."),
];

pub(super) const ORDER: [KeySpec; 2] =
    [may("asc", KeyShape::Expression, "The smallest first."), may("desc", KeyShape::Expression, "The largest first.")];

pub(super) const AGENT: [KeySpec; 3] = [
    must("login", KeyShape::Text, "The login on the forge."),
    may("holds", KeyShape::Condition, "When an open item is in this agent's hands."),
    may("at_once", KeyShape::Whole(1), "How many items this agent has in hand at most."),
];

pub(super) const LABEL: [KeySpec; 2] = [
    may("color", KeyShape::Like("^#*[0-9A-Fa-f]{6}$"), "Six hexadecimal digits in quotes."),
    may("description", KeyShape::Text, "What people read beside it."),
];

pub(super) const ACTION: [KeySpec; 12] = [
    may("agent", KeyShape::Text, "Whose work it becomes."),
    may("assign", TEXTS, "Who is assigned: names of agents, author, assignees."),
    may("unassign", TEXTS, "Who is taken off."),
    may("add_labels", TEXTS, "Labels put on; each stands in `labels`."),
    may("remove_labels", TEXTS, "Labels taken off."),
    may("set_milestone", KeyShape::Text, "The title of the milestone."),
    may(
        "close",
        KeyShape::Any(&[KeyShape::Flag, KeyShape::Word(&CLOSE_WORDS)]),
        "The item is closed, for this reason.",
    ),
    may("reopen", KeyShape::Flag, "The item is opened again."),
    may("edit_body", KeyShape::Text, "The template of a section in the item's text."),
    may("create_issue", KeyShape::Map(&NEW_ISSUE), "An issue that is created, once an item."),
    may("comment", KeyShape::Text, "The template of its comment."),
    may("mention", TEXTS, "Who is mentioned in the comment.").of_trust(),
];

pub(super) const NEW_ISSUE: [KeySpec; 4] = [
    must("title", KeyShape::Sentence, "Its title."),
    must("body", KeyShape::Text, "The template of its text."),
    may("labels", TEXTS, "Labels it carries; each stands in `labels`."),
    may("assign", TEXTS, "Who is assigned: names of agents, author, assignees."),
];

pub(super) const RULE: [KeySpec; 6] = [
    must("id", KeyShape::Like(ID), "What tests, traces and logs call it."),
    may("when", KeyShape::Condition, "When; without it always, as the last rule."),
    must("action", KeyShape::Text, "One of `actions`, or `skip`."),
    may("reason", KeyShape::Sentence, "Why, for people."),
    may("enabled", KeyShape::Flag, "false: as if it were not there."),
    may("observe", KeyShape::Flag, "It decides and is shown, and writes nothing."),
];

pub(super) const LIMITS: [KeySpec; 2] = [
    may("items_per_run", KeyShape::Whole(0), "Items that are written to in one run."),
    may("pause_ms", KeyShape::Whole(0), "Milliseconds between two writes to a server."),
];

pub(super) const SUMMARY: [KeySpec; 3] = [
    may(
        "repo",
        KeyShape::Any(&[KeyShape::Nothing, KeyShape::Like("^[^/]+/[^/]+$")]),
        "One summary for all, kept in this repository; null: one in each.",
    )
    .of_trust(),
    may("label", KeyShape::Text, "The label it carries."),
    may("days", KeyShape::Whole(1), "Days that are kept, folded."),
];

pub(super) const PUBLISH: [KeySpec; 2] = [
    may("private", KeyShape::Word(&PRIVATE_WORDS), "Name private items in public places, or only count them."),
    may("sinks", KeyShape::List(&KeyShape::Map(&SINK)), "Where a report goes."),
];

/// Whether what stands at a path of keys, or above it, touches trust. An entry of a list is a step of the path too.
#[must_use]
pub fn touches_trust(path: &[&str]) -> bool {
    in_members(&FILE, path)
}

fn in_members(members: &[KeySpec], path: &[&str]) -> bool {
    let Some((name, rest)) = path.split_first() else { return false };
    let member = members.iter().find(|member| member.name == *name);
    member.is_some_and(|member| member.trust || in_shape(&member.holds, rest))
}

fn in_shape(shape: &KeyShape, path: &[&str]) -> bool {
    match shape {
        KeyShape::Map(members) | KeyShape::Either(members, _) => in_members(members, path),
        KeyShape::List(inner) | KeyShape::Named(_, inner) => {
            path.split_first().is_some_and(|(_, rest)| in_shape(inner, rest))
        }
        KeyShape::Any(shapes) => shapes.iter().any(|shape| in_shape(shape, path)),
        _ => false,
    }
}

/// A key of a rule file, whichever section it opens.
pub(super) fn is_of_a_file(name: &str) -> bool {
    FILE.iter().any(|member| member.name == name)
}
