//! What both versions say of issues and pull requests.
//!
//! Takes: the rules of both sides. Gives: [`DiffReading`]: the items read once and judged twice.

use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use chrono::{DateTime, Utc};

use super::super::super::forge::{ForgeRequest, OpenForge, repos};
use super::super::super::{EarlyEnd, Progress, VERSION, confined};
use super::DiffReading;
use super::versions::SideRules;
use crate::apply::journal::Journal;
use crate::cli::DiffOptions;
use crate::forge::Forge;
use crate::jobs::backlog::BacklogQuery;
use crate::review::diff::backlog::{BacklogDiff, compare};
use crate::review::diff::side::{PolicySide, share};

/// Opens the forge and reads.
pub(super) fn compare_items(
    args: &DiffOptions,
    (mut base, mut head): (Option<&mut SideRules>, Option<&mut SideRules>),
    now: DateTime<Utc>,
) -> Result<DiffReading, EarlyEnd> {
    let common = &args.common;
    if let (Some(base), Some(head)) = (&mut base, &mut head) {
        share(&mut base.rules.policy, &mut head.rules.policy);
    }
    let org = common.org.as_deref();
    let forge = OpenForge::new(&ForgeRequest { target: &common.target, repos: &common.repos, org, live: false, now })?;
    let asked_for = repos(forge.read(), &common.repos, org)?;
    let read = items(args, (base.as_deref(), head.as_deref()), (forge.read(), asked_for.clone()), now)?;
    let named = asked_for.iter().map(|repo| forge.read().repos()[*repo].name.clone());
    Ok(DiffReading { place: forge.read().name(), repos: named.collect(), read })
}

/// Seconds of the processor before the first page is judged, and how many items take one more.
const START: u64 = 6;
const JUDGED: u64 = 200;

/// Reads every item once, and judges it under both.
fn items(
    args: &DiffOptions,
    (base, head): (Option<&SideRules>, Option<&SideRules>),
    (forge, repos): (&dyn Forge, Vec<usize>),
    now: DateTime<Utc>,
) -> Result<BacklogDiff> {
    let (progress, journal) = (Progress::new(&args.common.screen), Journal::default());
    // Time of the processor comes with the work: what was read tells how much that is.
    let counted = AtomicU64::new(0);
    confined::begin("judging the items under both versions");
    confined::grant(START);
    let more = |items| {
        progress.more(items);
        let before = counted.fetch_add(items as u64, Ordering::Relaxed);
        confined::grant(START + (before + items as u64) / JUDGED);
    };
    let sides = [(base, "base"), (head, "head")].map(|(loaded, name)| {
        loaded.map(|loaded| {
            let asked = BacklogQuery {
                forge,
                repos: repos.clone(),
                policy: &loaded.rules.policy,
                now,
                threads: usize::from(args.common.concurrency),
                only: None,
                plans: false,
                journal: &journal,
                progress: &more,
            };
            (asked, loaded, name)
        })
    });
    let [from, to] = sides.each_ref().map(|side| {
        side.as_ref().map(|(asked, loaded, name)| {
            let texts = (&loaded.rules.templates, loaded.texts.as_str());
            PolicySide::new(asked, texts, (loaded.lines, name), VERSION)
        })
    });
    let read = compare(from.as_ref(), to.as_ref());
    progress.done();
    read
}
