//! The item of a case, read from its forge.
//!
//! Takes: which item, the policy. Gives: [`CaseItem`], with the last activity of its timeline where the rules
//! ask for it; masked, where the rules then judge it as before.

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::super::super::forge::{ForgeRequest, OpenForge, repos};
use super::super::super::{EarlyEnd, usage};
use crate::cli::rules::Capture;
use crate::engine::evaluate::{Evaluation, evaluate};
use crate::engine::facts::Availability;
use crate::engine::rules::Policy;
use crate::forge::{Item, ItemKind, LabelNames, object};
use crate::jobs::facts;
use crate::plan::marker::Marker;
use crate::plan::memory::Us;
use crate::plan::section;
use crate::review::cases::judge::Judge;
use crate::review::cases::{CaseItem, CaseMember};
use crate::snapshot;

/// Reads the item, and its timeline where the rules ask for it.
pub(super) fn read_item(
    args: &Capture,
    policy: &Policy,
    (names, number): (&[String], u64),
    now: DateTime<Utc>,
) -> Result<CaseItem, EarlyEnd> {
    let wanted = ForgeRequest { target: &args.target, repos: names, org: None, live: false, now };
    let opened = OpenForge::new(&wanted)?;
    let forge = opened.read();
    let found = repos(forge, names, None)?;
    let [repo] = found[..] else {
        let known: Vec<&str> = forge.repos().iter().take(10).map(|repo| repo.name.as_str()).collect();
        let known = known.join(", ");
        return Err(usage(anyhow!("{} holds {known}: write OWNER/NAME#{number}", forge.name())));
    };
    let repository = forge.repos()[repo].clone();
    let Some(mut item) = forge.find(repo, number)? else {
        return Err(usage(anyhow!("{} has no item #{number}", repository.name)));
    };
    // A section of ours is no text of theirs.
    item.body = section::without(&item.body).into_owned().into();
    let us = Us { user: forge.user(), bots: &policy.bots };
    let ours = facts::is_ours(&us, &item);
    let own_report = ours && Marker::ending(&item.body).is_some();
    let last_activity = Availability::NotRead;
    let mut given = CaseItem { repo: repository, item, own_report, last_activity, recent_comments: 0, recent: false };
    let evaluation = evaluate(policy, &given.facts(policy), now.timestamp_micros());
    if let Evaluation::Lacks(_) = evaluation {
        given.last_activity = facts::last_activity(policy, forge, &us, repo, number)?;
    }
    // A case knows of no forge: names of labels are exact in it.
    given.repo.label_names = LabelNames::default();
    Ok(given)
}

/// A body with the line breaks of YAML, where the rules make the same of it: it can then be read.
pub(super) fn with_plain_breaks(judge: &Judge<'_>, given: CaseItem, now: DateTime<Utc>) -> CaseItem {
    if !given.item.body.contains("\r\n") {
        return given;
    }
    let mut plain = given.clone();
    plain.item.body = given.item.body.replace("\r\n", "\n").into();
    if differences(judge, &given, &plain, now).is_empty() { plain } else { given }
}

/// The item masked: judged as before, or an error that says what is not.
pub(super) fn masked(judge: &Judge<'_>, given: &CaseItem, now: DateTime<Utc>) -> Result<CaseItem> {
    let item = &given.item;
    let login = |login: &str| json!({ "login": login });
    let date = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    let author = item.author.as_ref().map(|author| {
        let mut account = login(&author.login);
        if author.bot {
            account["type"] = "Bot".into();
        }
        account
    });
    let object = json!({
        "number": item.number,
        "title": item.title,
        "body": item.body,
        "labels": item.labels.iter().map(|name| json!({ "name": name })).collect::<Value>(),
        "assignees": item.assignees.iter().map(|name| login(name)).collect::<Value>(),
        "user": author,
        "state": if item.open { "open" } else { "closed" },
        "locked": item.locked,
        "draft": item.draft,
        "milestone": item.milestone.as_ref().map(|title| json!({ "title": title })),
        "comments": item.comments,
        "created_at": date(item.created_at),
        "updated_at": date(item.updated_at),
        "pull_request": (item.kind == ItemKind::Pull).then(|| json!({ "draft": item.draft })),
    });
    let document = json!({ "version": 1, "repos": [{ "full_name": given.repo.name, "issues": [object] }] });
    let shown = snapshot::mask(&document, &[judge.policy]).document;
    let repo = shown.pointer("/repos/0/full_name").and_then(Value::as_str).unwrap_or("owner-1/repo-1");
    let list = shown.pointer("/repos/0/issues").map(Value::to_string).unwrap_or_default();
    let read: Option<Item<'static>> = object::items(list.as_bytes())
        .context("reading the masked item")?
        .into_iter()
        .next()
        .and_then(Result::ok)
        .map(Item::into_owned);
    let mut after = given.clone();
    after.item = read.context("reading the masked item")?;
    repo.clone_into(&mut after.repo.name);
    match differences(judge, given, &after, now).as_slice() {
        [] => Ok(after),
        found => bail!("masked, the rules make something else of it ({}); nothing was written", found.join(", ")),
    }
}

/// Everything of a judgement but its words.
fn members(policy: &Policy) -> Vec<CaseMember> {
    let of_score = (0..policy.components.len()).map(CaseMember::Component);
    let flags = (0..policy.flags.len()).map(CaseMember::Flag);
    let rest = [
        CaseMember::Type,
        CaseMember::Score,
        CaseMember::Held,
        CaseMember::Rule,
        CaseMember::Action,
        CaseMember::Agent,
    ];
    rest.into_iter().chain(of_score).chain(flags).collect()
}

fn differences(judge: &Judge<'_>, one: &CaseItem, other: &CaseItem, now: DateTime<Utc>) -> Vec<String> {
    let rows = (judge.row(one, now), judge.row(other, now));
    let (Some(one), Some(other)) = rows else { return vec!["what has to be read".to_owned()] };
    let differs = |member: &CaseMember| judge.value(*member, &one) != judge.value(*member, &other);
    members(judge.policy).into_iter().filter(differs).map(|member| member.name(judge.policy)).collect()
}
