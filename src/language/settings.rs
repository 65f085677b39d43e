//! Settings of a rule file: what is judged, how dates and tags are read, caps, summary.
//!
//! Takes: the main file. Gives: the plain values of the policy, with their defaults.

use chrono_tz::Tz;

use super::keys;
use super::reader::{Fields, NodeReader};
use super::yaml::NodeKind;
use crate::engine::facts::Ages;
use crate::engine::rules::{ItemScope, RunLimits, SummarySpec};
use crate::engine::text::TagRules;
use crate::engine::value::Value;

/// What tags are where the file does not say: known words in brackets, whole labels and last parts.
const TAGS: TagRules = TagRules { any_bracket: false, whole: true, last_part: true };

pub(super) fn scope(reader: &mut NodeReader<'_>, root: Fields<'_>) -> ItemScope {
    let mut scope = ItemScope {
        kinds: vec!["issue".to_owned()],
        open: true,
        closed: false,
        min_age_minutes: 0,
        leave_out_labels: Vec::new(),
        leave_out_milestones: Vec::new(),
        leave_out_authors: Vec::new(),
    };
    let Some(fields) = root.get("scope").and_then(|node| reader.map(node, "`scope`", &keys::SCOPE)) else {
        return scope;
    };
    if let Some(node) = fields.get("kinds") {
        let items = reader.list(node, "`kinds`").unwrap_or_default();
        scope.kinds =
            items.iter().filter_map(|item| reader.one_of(item, "a kind", &keys::KINDS)).map(str::to_owned).collect();
    }
    if let Some(node) = fields.get("states") {
        let items = reader.list(node, "`states`").unwrap_or_default();
        let open: Vec<bool> = items.iter().filter_map(|item| reader.one_of(item, "a state", &keys::STATES)).collect();
        scope.open = open.contains(&true);
        scope.closed = open.contains(&false);
    }
    if let Some(node) = fields.get("min_age_minutes") {
        scope.min_age_minutes = reader.whole(node, "`min_age_minutes`", 0).unwrap_or(0);
    }
    if let Some(fields) = fields.get("leave_out").and_then(|node| reader.map(node, "`leave_out`", &keys::LEAVE_OUT)) {
        let mut names =
            |key: &str| fields.get(key).map(|node| reader.texts(node, &format!("`{key}`"))).unwrap_or_default();
        scope.leave_out_labels = names("labels");
        scope.leave_out_milestones = names("milestones");
        scope.leave_out_authors =
            fields.get("authors").map(|node| reader.logins(node, "`authors`")).unwrap_or_default();
    }
    scope
}

pub(super) fn timezone(reader: &mut NodeReader<'_>, root: Fields<'_>) -> Tz {
    let Some(node) = root.get("timezone") else { return Tz::UTC };
    let Some(name) = reader.text(node, "`timezone`") else { return Tz::UTC };
    name.parse().unwrap_or_else(|_| {
        let help = reader.sink.nearest(name, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        let help = help.unwrap_or_else(|| "write an IANA name, such as `Europe/Berlin`".to_owned());
        reader.sink.error(node.span, format!("there is no time zone `{name}`"), Some(help));
        Tz::UTC
    })
}

pub(super) fn tags(reader: &mut NodeReader<'_>, root: Fields<'_>) -> TagRules {
    let mut tags = TAGS;
    let Some(fields) = root.get("tags").and_then(|node| reader.map(node, "`tags`", &keys::TAGS)) else {
        return tags;
    };
    if let Some(any) = fields.get("brackets").and_then(|node| reader.one_of(node, "`brackets`", &keys::BRACKETS)) {
        tags.any_bracket = any;
    }
    if let Some(node) = fields.get("labels") {
        let items = reader.list(node, "`labels`").unwrap_or_default();
        let whole: Vec<bool> =
            items.iter().filter_map(|item| reader.one_of(item, "an entry of `labels`", &keys::LABEL_TAGS)).collect();
        tags.whole = whole.contains(&true);
        tags.last_part = whole.contains(&false);
    }
    tags
}

pub(super) fn ages(reader: &mut NodeReader<'_>, root: Fields<'_>) -> Ages {
    let mut ages = Ages { unknown: None, future: Some(0) };
    let Some(fields) = root.get("ages").and_then(|node| reader.map(node, "`ages`", &keys::AGES)) else {
        return ages;
    };
    if let Some(node) = fields.get("unknown") {
        ages.unknown = match node.kind {
            NodeKind::Null => None,
            NodeKind::Int(value) => Some(value),
            _ => {
                reader.wrong(node, "`unknown`", "null or a whole number");
                None
            }
        };
    }
    if let Some(node) = fields.get("future") {
        ages.future = match &node.kind {
            NodeKind::Int(value) => Some(*value),
            NodeKind::Text(text) if text == "keep" => None,
            _ => {
                reader.wrong(node, "`future`", "`keep` or a whole number");
                Some(0)
            }
        };
    }
    ages
}

pub(super) fn limits(reader: &mut NodeReader<'_>, root: Fields<'_>) -> RunLimits {
    let mut limits = RunLimits { items_per_run: None, pause_ms: 500 };
    let Some(fields) = root.get("limits").and_then(|node| reader.map(node, "`limits`", &keys::LIMITS)) else {
        return limits;
    };
    if let Some(node) = fields.get("items_per_run") {
        limits.items_per_run = reader.whole(node, "`items_per_run`", 0).and_then(|number| usize::try_from(number).ok());
    }
    if let Some(number) = fields.get("pause_ms").and_then(|node| reader.whole(node, "`pause_ms`", 0)) {
        limits.pause_ms = u64::try_from(number).unwrap_or(0);
    }
    limits
}

pub(super) fn summary(reader: &mut NodeReader<'_>, root: Fields<'_>) -> Option<SummarySpec> {
    let node = root.get("summary").filter(|node| node.kind != NodeKind::Null)?;
    let fields = reader.map(node, "`summary`", &keys::SUMMARY)?;
    let repo = fields.get("repo").filter(|node| node.kind != NodeKind::Null).and_then(|node| {
        let name = reader.text(node, "`repo`")?;
        let good = name.split('/').count() == 2 && !name.starts_with('/') && !name.ends_with('/');
        if !good {
            reader.sink.error(node.span, format!("`{name}` is no repository"), Some("write `owner/name`".to_owned()));
        }
        good.then(|| name.to_owned())
    });
    let label =
        fields.get("label").and_then(|node| reader.text(node, "`label`")).unwrap_or("kaizen-summary").to_owned();
    let days = fields.get("days").and_then(|node| reader.whole(node, "`days`", 1)).unwrap_or(14);
    Some(SummarySpec { repo, label, days: usize::try_from(days).unwrap_or(14) })
}

pub(super) fn skip_command(reader: &mut NodeReader<'_>, root: Fields<'_>) -> Option<String> {
    let fields = root.get("skip").and_then(|node| reader.map(node, "`skip`", &keys::SKIP))?;
    let node = fields.get("command")?;
    let command = reader.text(node, "`command`")?;
    if !command.starts_with('/') {
        reader.sink.error(node.span, "a command begins with `/`", Some(format!("write `/{command}`")));
    }
    Some(command.to_owned())
}

pub(super) fn publish_private(reader: &mut NodeReader<'_>, root: Fields<'_>) -> bool {
    let fields = root.get("publish").and_then(|node| reader.map(node, "`publish`", &keys::PUBLISH));
    fields
        .and_then(|fields| fields.get("private"))
        .and_then(|node| reader.one_of(node, "`private`", &keys::PRIVATE))
        .unwrap_or(false)
}

/// A number that scores add up.
pub(super) fn zero() -> Value<'static> {
    Value::Int(0)
}
