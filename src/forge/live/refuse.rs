//! What a real forge refuses, refused here too, before anything is changed.
//!
//! Takes: a [`LiveRepo`] and the change that is wanted. Gives: nothing, or the [`ChangeFailure`] that the
//! forge's answer would have been made into.

use anyhow::anyhow;
use serde_json::{Map, Value};

use super::document::{LiveRepo, entries, holds, login, objects, text, whole};
use super::record::is_comment;
use crate::forge::change::{Change, ChangeFailure, Fresh};
use crate::forge::{ItemKind, time};

/// Characters of a text on GitHub (fact 100).
const TEXT: usize = 65_536;

/// Characters of a title on GitHub.
const TITLE: usize = 256;

/// Characters of a label's description on GitHub.
const DESCRIPTION: usize = 100;

/// The failure of something refused.
pub(super) fn refused(why: String) -> ChangeFailure {
    ChangeFailure::Refused(anyhow!(why))
}

/// The name of a repository.
pub(super) fn name(repo: &Map<String, Value>) -> &str {
    text(repo, "full_name").unwrap_or_default()
}

/// Why nothing at all can be written to a repository, as far as its object tells.
///
/// Gitea guards only texts and issues of an archived repository, and lets its labels change (fact
/// 54); nobody who archives one means that, so all is refused on every forge.
pub(super) fn closed_to_all(repo: &Map<String, Value>) -> Option<String> {
    if holds(repo, "archived") {
        return Some(format!("the repository {} is archived", name(repo)));
    }
    let may = repo.get("permissions").and_then(Value::as_object)?;
    let no = may.get("push") == Some(&Value::Bool(false)) && !holds(may, "triage");
    no.then(|| format!("the account may only read the repository {}", name(repo)))
}

/// Why no issue can be written.
pub(super) fn closed_to_issues(repo: &Map<String, Value>) -> Option<String> {
    let off = repo.get("has_issues") == Some(&Value::Bool(false));
    closed_to_all(repo).or_else(|| off.then(|| format!("issues are switched off in the repository {}", name(repo))))
}

/// Whether nobody may write to the repository: it is archived, or has its issues switched off.
pub(super) fn is_closed(repo: &Map<String, Value>) -> bool {
    repo.get("archived") == Some(&Value::Bool(true)) || repo.get("has_issues") == Some(&Value::Bool(false))
}

/// Whether we may write to the repository: we are listed, or nobody is, or it says so.
pub(super) fn is_writer(place: &LiveRepo<'_>) -> bool {
    may_be_assigned(place.repo, &place.people.me)
        || place.repo.get("permissions").and_then(Value::as_object).is_some_and(|may| holds(may, "push"))
}

/// Whether this login may be assigned: where the document does not say who may, anybody.
pub(super) fn may_be_assigned(repo: &Map<String, Value>, wanted: &str) -> bool {
    !repo.get("assignees").is_some_and(Value::is_array)
        || objects(repo, "assignees").filter_map(|one| text(one, "login")).any(|one| one.eq_ignore_ascii_case(wanted))
}

/// Whether all of these may be assigned. Gitea fails on the whole list; GitHub takes those whom it knows
/// (facts 40, 67).
pub(super) fn assignees(place: &LiveRepo<'_>, shown: &str, logins: &[String]) -> Result<(), ChangeFailure> {
    match logins.iter().find(|login| !place.github && !may_be_assigned(place.repo, login)) {
        Some(login) => Err(refused(format!("{login} cannot be assigned to {shown}: unknown there"))),
        None => Ok(()),
    }
}

/// Whether a text may be written.
pub(super) fn body(place: &LiveRepo<'_>, what: &str, body: &str, may_be_empty: bool) -> Result<(), ChangeFailure> {
    // GitHub looks at what is left without spaces.
    let empty = if place.github { body.trim().is_empty() } else { body.is_empty() };
    if empty && !may_be_empty {
        return Err(refused(format!("{what} would be empty")));
    }
    let length = body.chars().count();
    if place.github && length > TEXT {
        return Err(refused(format!("{what} has {length} characters, {TEXT} at most")));
    }
    Ok(())
}

/// Whether an issue may be created; the labels are another matter.
pub(super) fn issue(place: &LiveRepo<'_>, title: &str, text: &str) -> Result<(), ChangeFailure> {
    if let Some(why) = closed_to_issues(place.repo) {
        return Err(refused(why));
    }
    let length = title.chars().count();
    if title.trim().is_empty() {
        return Err(refused(format!("the title of an issue in {} would be empty", name(place.repo))));
    }
    if place.github && length > TITLE {
        return Err(refused(format!("the issue's title has {length} characters, {TITLE} at most")));
    }
    body(place, "the issue", text, true)
}

/// Whether a label may be made.
pub(super) fn label(place: &LiveRepo<'_>, label: &crate::forge::change::NewLabel) -> Result<(), ChangeFailure> {
    let shown = &label.name;
    if let Some(why) = closed_to_all(place.repo) {
        return Err(refused(why));
    }
    if label.name.trim().is_empty() {
        return Err(refused(format!("a label of {} would have no name", name(place.repo))));
    }
    let color = &label.color;
    if color.len() != 6 || !color.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(refused(format!("the color \"{color}\" of the label \"{shown}\" is not six hexadecimal digits")));
    }
    let length = label.description.chars().count();
    if place.github && length > DESCRIPTION {
        let what = format!("the description of the label \"{shown}\"");
        return Err(refused(format!("{what} has {length} characters, {DESCRIPTION} at most")));
    }
    Ok(())
}

/// Whether a change of an item may be made; which labels, milestones and comments there are is
/// looked at where they are used.
pub(super) fn change(place: &LiveRepo<'_>, fresh: &Fresh, change: &Change<'_>) -> Result<(), ChangeFailure> {
    let (number, kind) = (fresh.item.number, fresh.item.kind);
    let shown = format!("{}#{number}", name(place.repo));
    let closed = if kind == ItemKind::Issue { closed_to_issues(place.repo) } else { closed_to_all(place.repo) };
    if let Some(why) = closed {
        return Err(refused(why));
    }
    let Some(item) = place.first(number) else {
        return Err(refused(format!("{shown} is not there any more")));
    };
    match change {
        Change::Comment { body: wanted } => {
            let locked = holds(item, "locked") || holds(item, "is_locked");
            if locked && !is_writer(place) {
                let me = &place.people.me;
                return Err(refused(format!("{shown} is locked, and {me} may not write to the repository")));
            }
            body(place, &format!("the comment on {shown}"), wanted, false)
        }
        Change::EditComment { body: wanted, .. } => body(place, &format!("the comment on {shown}"), wanted, false),
        Change::Assign(logins) => assignees(place, &shown, logins),
        Change::Close { reason: Some(reason) } if place.github && !REASONS.contains(reason) => {
            Err(refused(format!("{shown} cannot be closed as \"{reason}\": {} are known", REASONS.join(", "))))
        }
        Change::Reopen if entries(place.repo, number).any(is_merged) => {
            Err(refused(format!("{shown} is merged and cannot be opened again")))
        }
        Change::EditBody { body: wanted } => {
            let now = whole(item, "content_version");
            if let (Some(seen), Some(now)) = (fresh.content_version, now)
                && seen != now
            {
                return Err(ChangeFailure::Stale(anyhow!(
                    "the text of {shown} was changed meanwhile: it was read as version {seen} and is at {now}"
                )));
            }
            body(place, &format!("the text of {shown}"), wanted, true)
        }
        _ => Ok(()),
    }
}

/// The reasons to close something on GitHub (fact 67).
const REASONS: [&str; 3] = ["completed", "not_planned", "duplicate"];

/// Whether a pull request is merged, in a list of pull requests or of issues.
fn is_merged(item: &Map<String, Value>) -> bool {
    let says = |of: &Map<String, Value>| {
        holds(of, "merged") || text(of, "merged_at").is_some_and(|at| time::parse(at).is_some())
    };
    says(item) || item.get("pull_request").and_then(Value::as_object).is_some_and(says)
}

/// Whether a comment of the repository is there and ours to change or take away.
pub(super) fn comment(place: &LiveRepo<'_>, id: u64) -> Result<u64, ChangeFailure> {
    let shown = format!("the comment {id} of {}", name(place.repo));
    let lists = |kind: &str| place.repo.get(kind).and_then(Value::as_object).into_iter().flatten();
    let mut found = lists("comments").flat_map(|(number, list)| {
        let comments = list.as_array().into_iter().flatten().filter_map(Value::as_object);
        comments.filter_map(|comment| Some((number.parse::<u64>().ok()?, comment)))
    });
    if let Some((number, comment)) = found.find(|(_, comment)| whole(comment, "id") == Some(id)) {
        let author = login(comment, "user").unwrap_or("nobody");
        if !author.eq_ignore_ascii_case(&place.people.me) {
            return Err(refused(format!("{shown} is by {author}, and not by {}", place.people.me)));
        }
        return Ok(number);
    }
    let mut events = lists("events").flat_map(|(_, list)| list.as_array().into_iter().flatten());
    let other =
        events.any(|entry| entry.as_object().is_some_and(|entry| whole(entry, "id") == Some(id) && !is_comment(entry)));
    if other && !place.github {
        return Err(ChangeFailure::Ignored(anyhow!(
            "{shown} is no comment but an entry of a timeline: nothing was done"
        )));
    }
    Err(refused(format!("{shown} is not there")))
}
