//! The item of a case: a short form, or an object as a forge gives it.
//!
//! Takes: nodes of a case file. Gives: [`CaseItem`], in which later nodes are laid over earlier ones, or
//! problems with their place. What is not given is empty, and a date that is not given is unknown.

use std::borrow::Cow;

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use super::CaseItem;
use crate::engine::facts::Availability;
use crate::engine::policy::Policy;
use crate::engine::source::Span;
use crate::forge::{Account, Item, ItemKind, LabelNames, Repo, object, time};
use crate::language::reader::NodeReader;
use crate::language::yaml::{Node, NodeKind};
use crate::plan::marker::Marker;

/// A date that the forge did not give.
pub(super) const UNKNOWN: &str = "unknown";
/// The timeline was not read: its last activity is not known.
pub(super) const UNREAD: &str = "unread";
/// The timeline was not recorded.
pub(super) const UNRECORDED: &str = "unrecorded";
/// The timeline holds nothing that counts.
pub(super) const NEVER: &str = "never";

/// What an entry of `each` is put for.
const EACH: &str = "$each";
/// The longest text that `$each` is put into, in bytes.
const MAX_EACH: usize = 1 << 20;

/// Those that only a report over a window of time knows.
pub(super) const OF_WINDOW: [&str; 3] = ["closed_as", "recent_comments", "recent"];

pub(super) const MEMBERS: [&str; 19] = [
    "title",
    "body",
    "labels",
    "assignees",
    "author",
    "bot",
    "own_report",
    "kind",
    "state",
    "locked",
    "draft",
    "private",
    "repo",
    "number",
    "milestone",
    "comments",
    "created_at",
    "updated_at",
    "last_activity",
];

/// What the reading of a case's item needs to know.
pub(super) struct Context<'c> {
    pub(super) policy: &'c Policy,
    /// The job looks at a window of time.
    pub(super) window: bool,
    pub(super) now: DateTime<Utc>,
    /// Our own login.
    pub(super) user: &'c str,
    /// The entry of `each`.
    pub(super) each: Option<&'c str>,
}

/// An open issue of which nothing is known.
pub(super) fn empty() -> CaseItem {
    let item = Item {
        kind: ItemKind::Issue,
        number: 1,
        title: "".into(),
        body: "".into(),
        labels: Vec::new(),
        assignees: Vec::new(),
        author: None,
        open: true,
        locked: false,
        draft: false,
        milestone: None,
        comments: 0,
        created_at: None,
        updated_at: None,
        closed_at: None,
        merged: false,
        lines: None,
        state_reason: None,
    };
    let repo = Repo { name: "acme/app".to_owned(), private: false, label_names: LabelNames::default() };
    let last_activity = Availability::NotRead;
    CaseItem { repo, item, own_report: false, last_activity, recent_comments: 0, recent: false }
}

/// An object as a forge's API gives it.
pub(super) fn item(reader: &mut NodeReader<'_>, node: &Node, context: &Context<'_>, given: &mut CaseItem) {
    let NodeKind::Map(_) = node.kind else { return reader.wrong(node, "`item`", "a map, as a forge's API gives it") };
    let value = json(node);
    let full_name = value.pointer("/repository/full_name").and_then(Value::as_str);
    if let Some(name) = full_name {
        name.clone_into(&mut given.repo.name);
    }
    let text = Value::from(vec![value]).to_string();
    let first = object::items(text.as_bytes()).ok().and_then(|mut items| items.pop());
    match first {
        Some(Ok(read)) => {
            let ours = |login: &str| login == context.user || context.policy.bots.iter().any(|bot| bot == login);
            given.own_report =
                read.author.as_ref().is_some_and(|author| ours(&author.login)) && Marker::ending(&read.body).is_some();
            given.item = read.into_owned();
        }
        Some(Err(why)) => {
            let at =
                if let NodeKind::Map(members) = &node.kind { members.first().map(|(key, _)| key.span) } else { None };
            let help = "give the object whole, or use `given`".to_owned();
            reader.sink.error(at.unwrap_or(node.span), format!("this item {why}"), Some(help));
        }
        None => reader.sink.error(node.span, "this item cannot be read", None),
    }
}

/// A node as JSON; what JSON has no number for is null.
fn json(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(value) => (*value).into(),
        NodeKind::Int(value) => (*value).into(),
        NodeKind::Float(value) => (*value).into(),
        NodeKind::Text(text) => text.as_str().into(),
        NodeKind::List(items) => items.iter().map(json).collect(),
        NodeKind::Map(members) => members.iter().map(|(key, node)| (key.name.clone(), json(node))).collect(),
    }
}

/// Lays the members of `given`, or of an entry of `each`, over what is there.
pub(super) fn read(reader: &mut NodeReader<'_>, node: &Node, context: &Context<'_>, given: &mut CaseItem) {
    let of_window = OF_WINDOW.into_iter().filter(|_| context.window);
    let allowed: Vec<&str> = MEMBERS.into_iter().chain(of_window).collect();
    if reader.keyed(node, "`given`", &allowed).is_none() {
        return;
    }
    let NodeKind::Map(members) = &node.kind else { return };
    for (key, node) in members {
        // An unknown one has been reported.
        let _ = member(reader, &key.name, node, context, given);
    }
}

/// One member. `None` has been reported.
fn member(
    reader: &mut NodeReader<'_>,
    name: &str,
    node: &Node,
    context: &Context<'_>,
    given: &mut CaseItem,
) -> Option<()> {
    let what = format!("`{name}`");
    let item = &mut given.item;
    match name {
        "title" => item.title = text(reader, node, &what, context.each)?.into(),
        "body" => item.body = text(reader, node, &what, context.each)?.into(),
        "labels" => item.labels = texts(reader, node, &what, context.each)?.into_iter().map(Into::into).collect(),
        "assignees" => item.assignees = texts(reader, node, &what, context.each)?.into_iter().map(Into::into).collect(),
        "author" => {
            let login = text(reader, node, &what, context.each)?;
            let bot = item.author.as_ref().is_some_and(|author| author.bot);
            item.author = Some(Account { login, bot }).filter(|author| !author.login.is_empty());
        }
        "bot" => {
            let bot = reader.flag(node, &what)?;
            item.author.get_or_insert_with(|| Account { login: "bot".to_owned(), bot }).bot = bot;
        }
        "own_report" => given.own_report = reader.flag(node, &what)?,
        "kind" => item.kind = reader.one_of(node, &what, &[("issue", ItemKind::Issue), ("pull", ItemKind::Pull)])?,
        "state" => item.open = reader.one_of(node, &what, &[("open", true), ("closed", false)])?,
        "locked" => item.locked = reader.flag(node, &what)?,
        "draft" => item.draft = reader.flag(node, &what)?,
        "private" => given.repo.private = reader.flag(node, &what)?,
        "repo" => given.repo.name = text(reader, node, &what, context.each)?,
        "number" => item.number = reader.whole(node, &what, 1)?.unsigned_abs(),
        "milestone" => {
            let title = text(reader, node, &what, context.each)?;
            item.milestone = Some(title.into()).filter(|title: &Cow<'_, str>| !title.is_empty());
        }
        "comments" => item.comments = reader.whole(node, &what, 0)?.unsigned_abs(),
        "closed_as" => {
            let reason = text(reader, node, &what, context.each)?;
            item.state_reason = Some(reason.into()).filter(|reason: &Cow<'_, str>| !reason.is_empty());
        }
        "recent_comments" => given.recent_comments = reader.whole(node, &what, 0)?.unsigned_abs(),
        "recent" => given.recent = reader.flag(node, &what)?,
        "created_at" => item.created_at = date(reader, node, &what, context)?,
        "updated_at" => item.updated_at = date(reader, node, &what, context)?,
        "last_activity" => {
            given.last_activity = match &node.kind {
                NodeKind::Text(text) if text == NEVER => Availability::Is(None),
                NodeKind::Text(text) if text == UNREAD => Availability::NotRead,
                NodeKind::Text(text) if text == UNRECORDED => Availability::Unrecorded,
                _ => Availability::Is(Some(instant(reader, node, &what, Some(context))?.timestamp_micros())),
            }
        }
        _ => {}
    }
    Some(())
}

/// A text, which may be empty.
pub(super) fn text(reader: &mut NodeReader<'_>, node: &Node, what: &str, each: Option<&str>) -> Option<String> {
    let NodeKind::Text(text) = &node.kind else {
        let expected = if matches!(node.kind, NodeKind::Int(_) | NodeKind::Float(_)) { "a word" } else { "a text" };
        reader.wrong(node, what, expected);
        return None;
    };
    each.map_or_else(|| Some(text.clone()), |each| replaced(reader, text, each, node.span))
}

pub(super) fn texts(reader: &mut NodeReader<'_>, node: &Node, what: &str, each: Option<&str>) -> Option<Vec<String>> {
    let items = reader.list(node, what)?;
    let what = format!("an entry of {what}");
    items.iter().map(|item| text(reader, item, &what, each)).collect()
}

/// A date of an item, which may be unknown.
fn date(reader: &mut NodeReader<'_>, node: &Node, what: &str, context: &Context<'_>) -> Option<Option<DateTime<Utc>>> {
    match &node.kind {
        NodeKind::Text(text) if text == UNKNOWN => Some(None),
        _ => instant(reader, node, what, Some(context)).map(Some),
    }
}

/// An instant as RFC 3339 has it, or so long before the instant of the case: `20 days ago`.
pub(super) fn instant(
    reader: &mut NodeReader<'_>,
    node: &Node,
    what: &str,
    context: Option<&Context<'_>>,
) -> Option<DateTime<Utc>> {
    let NodeKind::Text(text) = &node.kind else {
        reader.wrong(node, what, "a text");
        return None;
    };
    let found = time::parse(text).or_else(|| ago(text, context?.now));
    if found.is_none() {
        let ago = if context.is_some() { ", or `20 days ago`" } else { "" };
        let help = format!("write an instant such as 2026-11-20T12:00:00Z{ago}");
        reader.sink.error(node.span, format!("{what} is no instant"), Some(help));
    }
    found
}

/// `1 day ago`, `36 hours ago`, `90 minutes ago`.
fn ago(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let (number, unit) = text.strip_suffix(" ago")?.split_once(' ')?;
    let number: i64 = number.parse().ok()?;
    let span = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => Duration::try_minutes(number),
        "hour" => Duration::try_hours(number),
        "day" => Duration::try_days(number),
        _ => None,
    };
    now.checked_sub_signed(span?)
}

/// The first text in a node that an entry of `each` would be put into.
pub(super) fn placeholder(node: &Node) -> Option<Span> {
    match &node.kind {
        NodeKind::Text(text) => text.contains(EACH).then_some(node.span),
        NodeKind::List(items) => items.iter().find_map(placeholder),
        NodeKind::Map(entries) => entries.iter().find_map(|(_, node)| placeholder(node)),
        _ => None,
    }
}

/// The text with the entry of `each` put in.
fn replaced(reader: &mut NodeReader<'_>, text: &str, each: &str, at: Span) -> Option<String> {
    let length = text.len().saturating_add(text.matches(EACH).count().saturating_mul(each.len()));
    if length > MAX_EACH {
        reader.sink.error(at, format!("with `{EACH}` this has more than {MAX_EACH} bytes"), None);
        return None;
    }
    Some(text.replace(EACH, each))
}

/// The same in the texts of what is expected.
pub(super) fn replace_in(reader: &mut NodeReader<'_>, value: &mut Value, each: &str, at: Span) {
    match value {
        Value::String(text) => {
            if let Some(with) = replaced(reader, text, each, at) {
                *text = with;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| replace_in(reader, value, each, at)),
        _ => {}
    }
}

/// Bytes of its texts.
pub(super) fn bytes(given: &CaseItem) -> usize {
    let item = &given.item;
    let lists = item.labels.iter().chain(&item.assignees).map(|text| text.len() + 32);
    given.repo.name.len() + item.title.len() + item.body.len() + lists.sum::<usize>() + 200
}
