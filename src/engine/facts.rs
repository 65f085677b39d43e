//! The facts of an item that rules can name, with their types and prices.
//!
//! Takes: [`ItemFacts`], one issue or pull request as it was read. Gives: [`FACTS`], the table behind
//! names in expressions and templates, and the value of each. A new fact is a line in the table
//! and a line in [`value`].

use std::borrow::Cow;

use super::value::{Base, Estimate, Tiers, Ty, Value};

/// Microseconds in a second, an hour and a day.
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// One issue or pull request, borrowed from where it was read. Times are microseconds since 1970 UTC,
/// `None` where the forge gave none that can be read.
#[derive(Debug, Clone)]
pub struct ItemFacts<'a> {
    /// `owner/name`.
    pub repo: &'a str,
    /// `issue` or `pull`.
    pub kind: &'static str,
    /// Number within the repository.
    pub number: u64,
    /// The title with its tags.
    pub title: &'a str,
    /// The text.
    pub body: &'a str,
    /// Exact names of the labels.
    pub labels: Vec<&'a str>,
    /// Logins.
    pub assignees: Vec<&'a str>,
    /// Login of who opened it.
    pub author: Option<&'a str>,
    /// Opened by an automation.
    pub bot: bool,
    /// A report that we wrote ourselves: opened by our account, with our marker.
    pub own_report: bool,
    /// Open, as opposed to closed.
    pub open: bool,
    /// Only writers may comment.
    pub locked: bool,
    /// A pull request that is not finished.
    pub draft: bool,
    /// Only some people may read its repository.
    pub private: bool,
    /// Title of the milestone.
    pub milestone: Option<&'a str>,
    /// Number of comments.
    pub comments: u64,
    /// Why it was closed, where the forge says: `completed`, `not_planned`, `duplicate`.
    pub closed_as: Option<&'a str>,
    /// Comments that people wrote on it in the window of a report.
    pub recent_comments: u64,
    /// Something on it changed in that window.
    pub recent: bool,
    /// When it was opened.
    pub created: Option<i64>,
    /// When anything on it last changed, our own writes included.
    pub updated: Option<i64>,
    /// The last activity that counts: others' of any kind, and our own hand-overs, as the timeline tells.
    pub last_activity: Availability<Option<i64>>,
}

/// Whether something that costs a request has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Availability<T> {
    /// Not asked for yet.
    #[default]
    NotRead,
    /// Asked for, and not recorded: it stays unknown.
    Unrecorded,
    /// Read.
    Is(T),
}

/// What ages are where a date cannot be read or lies ahead: `ages:` of a rule file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ages {
    /// The age, in the unit asked for, of an item without a readable date; `None` is unknown.
    pub unknown: Option<i64>,
    /// A date ahead gives a negative age, instead of this.
    pub future: Option<i64>,
}

/// A fact by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the table FACTS says what each is")]
pub enum Fact {
    Repo,
    Kind,
    Number,
    Title,
    Author,
    Bot,
    OwnReport,
    State,
    Locked,
    Draft,
    Private,
    Labels,
    Tags,
    Assignees,
    Milestone,
    Comments,
    ClosedAs,
    RecentComments,
    Recent,
    AgeDays,
    AgeHours,
    AgeSeconds,
    UpdatedDays,
    IdleDays,
}

/// Name, fact and what it says.
pub const FACTS: [(&str, Fact, &str); 24] = [
    ("repo", Fact::Repo, "full name of the repository"),
    ("kind", Fact::Kind, "issue or pull"),
    ("number", Fact::Number, "number within the repository"),
    ("title", Fact::Title, "title without its tags, ends trimmed"),
    ("author", Fact::Author, "login of who opened it"),
    ("bot", Fact::Bot, "opened by an automation"),
    ("own_report", Fact::OwnReport, "a report that Kaizen itself wrote"),
    ("state", Fact::State, "open or closed"),
    ("locked", Fact::Locked, "only writers may comment"),
    ("draft", Fact::Draft, "a pull request that is not finished"),
    ("private", Fact::Private, "only some people may read the repository"),
    ("labels", Fact::Labels, "exact names of its labels"),
    ("tags", Fact::Tags, "tags from its title and labels, as `tags:` makes them"),
    ("assignees", Fact::Assignees, "logins of its assignees"),
    ("milestone", Fact::Milestone, "title of its milestone"),
    ("comments", Fact::Comments, "number of comments"),
    ("closed_as", Fact::ClosedAs, "why it was closed, where the forge says: completed, not_planned, duplicate"),
    ("recent_comments", Fact::RecentComments, "comments that people wrote on it in the window of a report"),
    ("recent", Fact::Recent, "something on it changed in the window of a report"),
    ("age_days", Fact::AgeDays, "whole days since it was opened"),
    ("age_hours", Fact::AgeHours, "whole hours since it was opened"),
    ("age_seconds", Fact::AgeSeconds, "whole seconds since it was opened"),
    ("updated_days", Fact::UpdatedDays, "whole days since anything on it changed, our own writes included"),
    (
        "idle_days",
        Fact::IdleDays,
        "whole days since somebody else did anything on it, or we handed it to an agent (reads the timeline)",
    ),
];

impl Fact {
    /// The type of the fact under these `ages:`.
    #[must_use]
    pub fn ty(self, ages: Ages) -> Ty {
        match self {
            Fact::Repo | Fact::Title => Ty::of(Base::Text),
            Fact::Kind => Ty::of(Base::OneOf(vec!["issue".to_owned(), "pull".to_owned()])),
            Fact::State => Ty::of(Base::OneOf(vec!["open".to_owned(), "closed".to_owned()])),
            Fact::Number | Fact::Comments | Fact::RecentComments => Ty::of(Base::Number),
            Fact::Author | Fact::Milestone | Fact::ClosedAs => Ty::maybe(Base::Text),
            Fact::Bot | Fact::OwnReport | Fact::Locked | Fact::Draft | Fact::Private | Fact::Recent => {
                Ty::of(Base::Bool)
            }
            Fact::Labels | Fact::Tags | Fact::Assignees => Ty::of(Base::List(Box::new(Base::Text), false)),
            Fact::AgeDays | Fact::AgeHours | Fact::AgeSeconds | Fact::UpdatedDays | Fact::IdleDays => {
                Ty { base: Base::Number, maybe: ages.unknown.is_none() }
            }
        }
    }
}

impl Fact {
    /// Only a report over a window of time knows it.
    #[must_use]
    pub fn of_window(self) -> bool {
        matches!(self, Fact::ClosedAs | Fact::RecentComments | Fact::Recent)
    }

    /// What somebody says or does, or the mere passing of time, can make another by the time that a plan is
    /// carried out.
    #[must_use]
    pub fn moves(self) -> bool {
        match self {
            Fact::Comments | Fact::RecentComments | Fact::Recent | Fact::UpdatedDays | Fact::IdleDays => true,
            Fact::AgeDays | Fact::AgeHours | Fact::AgeSeconds => true,
            // A guard compares these, or they stay what they are.
            Fact::Repo | Fact::Kind | Fact::Number | Fact::Title | Fact::Author | Fact::Bot | Fact::OwnReport => false,
            Fact::State | Fact::Locked | Fact::Draft | Fact::Private | Fact::Labels | Fact::Tags => false,
            Fact::Assignees | Fact::Milestone | Fact::ClosedAs => false,
        }
    }

    /// What has to be read for each item to know it; nothing where the list gives it.
    #[must_use]
    pub fn tiers(self) -> Tiers {
        if self == Fact::IdleDays { Tiers::TIMELINE } else { Tiers::default() }
    }
}

/// Some of the facts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FactSet(u64);

impl FactSet {
    /// With one more.
    #[must_use]
    pub fn with(self, fact: Fact) -> Self {
        FactSet(self.0 | 1 << fact as u64)
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        FactSet(self.0 | other.0)
    }

    /// The names of those that [move](Fact::moves), in the order of the table.
    pub fn moving(self) -> impl Iterator<Item = &'static str> {
        let wanted = move |fact: &Fact| fact.moves() && self.0 & (1 << *fact as u64) != 0;
        FACTS.iter().filter(move |(_, fact, _)| wanted(fact)).map(|(name, _, _)| *name)
    }
}

/// Where a fact is worked out from an item: the item, its cleaned title and tags, the clock.
#[derive(Debug, Clone, Copy)]
pub struct FactSources<'s, 'a> {
    /// The item.
    pub item: &'s ItemFacts<'a>,
    /// Its title without tags.
    pub title: &'s str,
    /// Its tags.
    pub tags: &'s [String],
    /// The instant of the run, in microseconds.
    pub now: i64,
    /// What unknown and future ages are.
    pub ages: Ages,
}

/// The value of a fact.
#[must_use]
pub fn value<'s>(fact: Fact, seen: FactSources<'s, '_>) -> Estimate<'s> {
    let item = seen.item;
    let text = |text: &'s str| Value::Text(Cow::Borrowed(text));
    let number = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    Estimate::Is(match fact {
        Fact::Repo => text(item.repo),
        Fact::Kind => text(item.kind),
        Fact::Number => number(item.number),
        Fact::Title => text(seen.title),
        Fact::Author => item.author.map_or(Value::None, text),
        Fact::Bot => Value::Bool(item.bot),
        Fact::OwnReport => Value::Bool(item.own_report),
        Fact::State => text(if item.open { "open" } else { "closed" }),
        Fact::Locked => Value::Bool(item.locked),
        Fact::Draft => Value::Bool(item.draft),
        Fact::Private => Value::Bool(item.private),
        Fact::Labels => Value::Texts(&item.labels),
        Fact::Tags => Value::List(seen.tags.iter().map(|tag| text(tag)).collect()),
        Fact::Assignees => Value::Texts(&item.assignees),
        Fact::Milestone => item.milestone.map_or(Value::None, text),
        Fact::Comments => number(item.comments),
        Fact::ClosedAs => item.closed_as.map_or(Value::None, text),
        Fact::RecentComments => number(item.recent_comments),
        Fact::Recent => Value::Bool(item.recent),
        Fact::AgeDays => age(seen, item.created, DAY),
        Fact::AgeHours => age(seen, item.created, HOUR),
        Fact::AgeSeconds => age(seen, item.created, SECOND),
        Fact::UpdatedDays => age(seen, item.updated, DAY),
        Fact::IdleDays => return idle(seen),
    })
}

/// Whole units from an instant to now, rounded down (a second ahead is -1 where `future` keeps).
fn age<'s>(seen: FactSources<'_, '_>, since: Option<i64>, unit: i64) -> Value<'s> {
    let Some(since) = since else { return seen.ages.unknown.map_or(Value::None, Value::Int) };
    match (seen.ages.future, since > seen.now) {
        (Some(instead), true) => Value::Int(instead),
        _ => Value::Int(seen.now.saturating_sub(since).div_euclid(unit)),
    }
}

/// Without the timeline only bounds are known: our own writes move `updated_at`, so the last
/// activity of others is at least as long ago; and opening the item was one.
fn idle<'s>(seen: FactSources<'_, '_>) -> Estimate<'s> {
    let least = || age(seen, seen.item.updated, DAY).number().unwrap_or(0.0);
    match seen.item.last_activity {
        Availability::Is(last) => Estimate::Is(age(seen, last.or(seen.item.created), DAY)),
        Availability::NotRead | Availability::Unrecorded if seen.item.created.is_none() => {
            Estimate::Lacks(Tiers::TIMELINE)
        }
        Availability::NotRead | Availability::Unrecorded => {
            let most = age(seen, seen.item.created, DAY).number().unwrap_or(f64::INFINITY);
            Estimate::Within(least().min(most), most, Tiers::TIMELINE)
        }
    }
}
