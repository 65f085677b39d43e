//! What the forge holds now of what a run wrote.
//!
//! Takes: a forge, a run. Gives: [`Holdings`]: its items, their comments and timelines where a verdict needs
//! them, who carries its labels; and the numbers of issues that the journal does not know.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Result;

use crate::forge::{Forge, Item, PageHandler, States, seek};
use crate::plan::Op;
use crate::plan::marker::Marker;
use crate::undo::undo_plan::{Holdings, at};
use crate::undo::{ItemOnForge, RunWrite, WriteCertainty};

fn index(forge: &dyn Forge, repo: &str) -> Option<usize> {
    forge.repos().iter().position(|known| known.name.eq_ignore_ascii_case(repo))
}

/// Numbers of issues that a run created and died before it was told: their hidden line names the run.
pub(super) fn numbers(forge: &dyn Forge, run: &str, history: &mut [RunWrite]) {
    let lost =
        |written: &&mut RunWrite| written.run == run && written.op == Op::CreateIssue && written.number.is_none();
    for written in history.iter_mut().filter(lost) {
        let wanted = written.args.body.as_deref().and_then(Marker::ending);
        let Some((repo, wanted)) = index(forge, &written.repo).zip(wanted) else { continue };
        // What cannot be asked is not known; nothing is done with it then.
        let Ok(found) = forge.opened_by(repo, forge.user()) else { continue };
        let same = |marker: Marker| {
            ["policy", "key", "of", "run"].into_iter().all(|name| marker.get(name) == wanted.get(name))
        };
        if let Some(item) = found.iter().find(|item| Marker::ending(&item.body).is_some_and(same)) {
            (written.number, written.done) = (Some(item.number), WriteCertainty::Yes);
            if !written.before_known {
                let assigned = Marker::ending(&item.body).and_then(|marker| marker.get("assign").map(str::to_owned));
                let assigned = assigned.iter().flat_map(|logins| logins.split(','));
                written.args.assignees = assigned.filter(|login| !login.is_empty()).map(str::to_owned).collect();
                written.args.body = Some(item.body.to_string());
            }
        }
    }
}

/// Reads it. An item that cannot be read is told and stops no other.
pub(super) fn gather(forge: &dyn Forge, run: &str, history: &mut [RunWrite]) -> Result<Holdings> {
    let mut holdings = Holdings::default();
    let mut wanted: BTreeMap<String, BTreeMap<u64, Vec<Op>>> = BTreeMap::new();
    let mut labels: BTreeSet<(String, String)> = BTreeSet::new();
    for written in history.iter().filter(|written| written.run == run) {
        if let Some(number) = written.number {
            let of_repo = wanted.entry(written.repo.clone()).or_default();
            of_repo.entry(number).or_default().push(written.op);
        } else if let (Op::CreateLabel, Some(label)) = (written.op, written.args.labels.first()) {
            labels.insert((written.repo.clone(), label.clone()));
        }
    }
    for (repo, items) in &wanted {
        let Some(place) = index(forge, repo) else {
            let why = || format!("{repo}: the forge has no such repository, or the token may not see it.");
            holdings.unread.extend(items.keys().map(|number| (at(repo, *number), why())));
            continue;
        };
        let listed = if forge.is_remote() { HashMap::new() } else { listed(forge, place, items)? };
        for (number, ops) in items {
            let item = || match forge.is_remote() {
                true => forge.find(place, *number),
                false => Ok(listed.get(number).cloned()),
            };
            match one(forge, place, *number, ops, item) {
                Ok(held) => _ = holdings.items.insert(at(repo, *number), held),
                Err(error) => _ = holdings.unread.insert(at(repo, *number), format!("{error:#}")),
            }
        }
    }
    for (repo, label) in labels {
        if let Some(place) = index(forge, &repo) {
            let numbers = forge.carriers(place, &label)?;
            holdings.carriers.insert((repo.to_lowercase(), label), numbers);
        }
    }
    // A comment does not tell whether its item is an issue.
    for written in history.iter_mut() {
        let held = written.number.and_then(|number| holdings.items.get(&at(&written.repo, number)));
        if let Some(item) = held.and_then(|held| held.item.as_ref()) {
            written.kind = item.kind;
        }
    }
    Ok(holdings)
}

/// The items of a file in one pass.
fn listed(forge: &dyn Forge, repo: usize, wanted: &BTreeMap<u64, Vec<Op>>) -> Result<HashMap<u64, Item<'static>>> {
    let all = |page: PageHandler<'_>| forge.items(repo, States::ALL, 1, page);
    let found = seek::those(all, |item| wanted.contains_key(&item.number))?;
    Ok(found.into_iter().map(|item| (item.number, item)).collect())
}

fn one(
    forge: &dyn Forge,
    repo: usize,
    number: u64,
    ops: &[Op],
    item: impl Fn() -> Result<Option<Item<'static>>>,
) -> Result<ItemOnForge> {
    let Some(item) = item()? else { return Ok(ItemOnForge::default()) };
    let of_comments = |op: &Op| matches!(op, Op::Comment | Op::EditComment | Op::DeleteComment);
    let of_texts = |op: &Op| of_comments(op) || matches!(op, Op::CreateIssue | Op::EditBody);
    let comments = if ops.iter().any(of_comments) { forge.comments(repo, number)? } else { Vec::new() };
    let timeline = if ops.iter().all(of_texts) { None } else { forge.timeline(repo, number)? };
    Ok(ItemOnForge { item: Some(item), comments, timeline })
}
